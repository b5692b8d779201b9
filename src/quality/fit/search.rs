//! Looks for weights near those there are: the most probable ones, when the present ones are what is believed.
//!
//! What is made as small as it can be is the loss on the training files, and for each weight the square of how far it is
//! from the present one. The corpora are made up and the weights have been seen to work on real data, so that pull is strong,
//! and a weight only takes part when a step of it alone gains a whole nat. One weight is moved at a time, in the order of the
//! file, by coarse steps and then by fine ones; so values stay round, and a review sees which few moved.

use std::rc::Rc;

use crate::error::Error;
use crate::rule::{FIELDS, Field, Unit, Weights};

/// What the first move of a weight must gain.
const FIRST: f64 = 1.0;
/// What any other move must gain.
const FURTHER: f64 = 0.05;
/// How far from the present weight, in spreads.
const FARTHEST: f64 = 3.0;
/// Sizes of steps, from coarse to fine.
const ROUNDS: usize = 2;
/// No more sweeps over all weights than this in a round.
const MOST_SWEEPS: usize = 10;

/// Losses of each file under some weights.
pub(super) type Losses<'l> = dyn FnMut(&Weights) -> Result<Rc<[f64]>, Error> + 'l;

/// The weights that the training files ask for. The losses of other files are not looked at.
pub(super) fn fit(
    present: &Weights,
    train: &[usize],
    losses: &mut Losses<'_>,
) -> Result<Weights, Error> {
    let mut loss = |weights: &Weights| -> Result<f64, Error> {
        let losses = losses(weights)?;
        Ok(train.iter().map(|&file| losses[file]).sum())
    };
    let at_present = loss(present)?;
    let mut best = (*present, at_present);
    // A weight takes part where a step of it alone is worth it: each costs scans, and in what remains lies little.
    let mut fields: Vec<&Field> = Vec::new();
    for field in FIELDS {
        let mut gains = false;
        for weights in moves(field, present, present, 0) {
            gains |= loss(&weights)? + pull(present, &weights) + FIRST < at_present;
        }
        if gains {
            fields.push(field);
        }
    }
    for round in 0..ROUNDS {
        for _ in 0..MOST_SWEEPS {
            let before = best.1;
            for field in &fields {
                while let Some(next) = better(field, present, &best, round, &mut loss)? {
                    best = next;
                }
            }
            if best.1 >= before {
                break;
            }
        }
    }
    Ok(best.0)
}

/// The better one of a step up and a step down, if that gains enough.
fn better(
    field: &Field,
    present: &Weights,
    best: &(Weights, f64),
    round: usize,
    loss: &mut dyn FnMut(&Weights) -> Result<f64, Error>,
) -> Result<Option<(Weights, f64)>, Error> {
    let is_first = (field.get)(&best.0).to_bits() == (field.get)(present).to_bits();
    let least = if is_first { FIRST } else { FURTHER };
    let mut next: Option<(Weights, f64)> = None;
    for weights in moves(field, present, &best.0, round) {
        let sum = loss(&weights)? + pull(present, &weights);
        if sum + least < best.1 && next.as_ref().is_none_or(|(_, known)| sum < *known) {
            next = Some((weights, sum));
        }
    }
    Ok(next)
}

/// The weights with one of them a step up and a step down, as far as bounds let it.
fn moves(
    field: &Field,
    present: &Weights,
    from: &Weights,
    round: usize,
) -> impl Iterator<Item = Weights> + use<> {
    let (was, value) = ((field.get)(present), (field.get)(from));
    let step = steps(field.unit)[round];
    let moved = [step, -step].map(|step| {
        let to = rounded(
            field.unit,
            back(field.unit, along(field.unit, value) + step),
        );
        let to = to.clamp(field.low, field.high);
        let far = (along(field.unit, to) - along(field.unit, was)).abs();
        let is_near = far <= FARTHEST * spread(field.unit) + 1e-9;
        let mut weights = *from;
        (field.set)(&mut weights, to);
        (is_near && to.to_bits() != value.to_bits()).then_some(weights)
    });
    moved.into_iter().flatten()
}

/// How much weights are less probable for being elsewhere.
fn pull(present: &Weights, weights: &Weights) -> f64 {
    let each = FIELDS.iter().map(|field| {
        let at = |weights| along(field.unit, (field.get)(weights));
        let far = (at(weights) - at(present)) / spread(field.unit);
        far * far / 2.0
    });
    each.sum()
}

/// Where a value is on the scale on which it moves: what multiplies or counts moves by factors.
fn along(unit: Unit, value: f64) -> f64 {
    match unit {
        Unit::Nats => value,
        Unit::Values | Unit::Factor => value.ln(),
    }
}

/// The value there.
fn back(unit: Unit, place: f64) -> f64 {
    match unit {
        Unit::Nats => place,
        Unit::Values | Unit::Factor => place.exp(),
    }
}

/// How far a weight may well be from the present one, on its scale.
fn spread(unit: Unit) -> f64 {
    match unit {
        Unit::Nats => 0.5,
        Unit::Values => 0.4,
        Unit::Factor => 0.1,
    }
}

fn steps(unit: Unit) -> [f64; ROUNDS] {
    match unit {
        Unit::Nats | Unit::Values => [0.4, 0.1],
        Unit::Factor => [0.08, 0.02],
    }
}

fn rounded(unit: Unit, value: f64) -> f64 {
    let scale = match unit {
        Unit::Nats => 10.0,
        Unit::Values => 1.0,
        Unit::Factor => 100.0,
    };
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files whose losses are least where `near` is 4.8, as strongly as `factor` says.
    fn valley(factor: f64) -> impl FnMut(&Weights) -> Result<Rc<[f64]>, Error> {
        move |weights| {
            let loss = factor * (weights.near - 4.8).powi(2);
            Ok(vec![loss, 7.0, loss].into())
        }
    }

    #[test]
    fn a_weight_moves_as_far_as_the_data_pull_it() {
        let present = Weights::shipped();
        let fitted = |factor| fit(present, &[0, 1, 2], &mut valley(factor)).unwrap();
        assert!((fitted(200.0).near - 4.8).abs() < 1e-9);
        let near = fitted(2.0).near;
        assert!(present.near < near && near < 4.8, "{near}");
        assert_eq!(fitted(0.2), *present, "too little to move at all");
        let others = Weights {
            near: present.near,
            ..fitted(200.0)
        };
        assert_eq!(others, *present, "no other weight moves");
    }

    #[test]
    fn files_that_are_held_out_are_not_looked_at() {
        let present = Weights::shipped();
        let with = |held_out: fn(&Weights) -> f64| {
            let mut of_train = valley(50.0);
            fit(present, &[0, 2], &mut |weights| {
                let mut losses = of_train(weights)?.to_vec();
                losses[1] = held_out(weights);
                Ok(losses.into())
            })
            .unwrap()
        };
        let one = with(|_| 0.0);
        assert_eq!(one, with(|weights| 1e6 * (weights.near - 1.0).powi(2)));
        assert_ne!(one, *present);
    }

    #[test]
    fn bounds_and_signs_are_kept() {
        let present = Weights::shipped();
        let fitted = fit(present, &[0], &mut |weights| {
            Ok(vec![100.0 * (weights.neighbours + weights.calibration_scale)].into())
        })
        .unwrap();
        assert!(fitted.neighbours >= 0.0 && fitted.neighbours < present.neighbours);
        assert!(
            fitted.calibration_scale >= 0.7,
            "{}",
            fitted.calibration_scale
        );
    }
}
