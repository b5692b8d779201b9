//! The weights of evidence: one YAML file, `weights.yaml`, which `speur bench fit` writes and people review.
//!
//! Priors and rates of checks are a rule's own and stand in its file. Here is what evidence of any detector weighs, in
//! nats: natural logarithms of odds. `score/` says how they add up.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::error::Error;

/// The file in force unless `--weights` names another.
const SHIPPED: &str = include_str!("weights.yaml");

/// No file of weights is larger, in bytes.
const LARGEST: u64 = 1 << 16;

/// What a weight counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Natural logarithms of odds: above 0 for, below 0 against.
    Nats,
    /// Values of a column.
    Values,
    /// A number that something is multiplied with.
    Factor,
}

impl Unit {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Nats => "nats",
            Unit::Values => "values",
            Unit::Factor => "factor",
        }
    }
}

/// A weight: its name, what it is, and within which bounds it makes sense. Bounds that end at 0 keep its sign.
#[derive(Debug)]
pub struct Field {
    /// As it is called in the file.
    pub name: &'static str,
    /// One sentence or two.
    pub about: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// The least.
    pub low: f64,
    /// The most.
    pub high: f64,
    /// Its value.
    pub get: fn(&Weights) -> f64,
    /// Sets it.
    pub set: fn(&mut Weights, f64),
}

/// Declares the weights once: the fields, and the list of what is known of each.
macro_rules! weights {
    ($($field:ident, $name:literal, $unit:ident, $low:literal to $high:literal: $about:literal;)*) => {
        /// What evidence weighs.
        #[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Weights {
            $(#[doc = $about] #[serde(rename = $name)] pub $field: f64,)*
        }

        /// All weights, in the order of the file.
        pub static FIELDS: &[Field] = &[
            $(Field {
                name: $name,
                about: $about,
                unit: Unit::$unit,
                low: $low,
                high: $high,
                get: |weights| weights.$field,
                set: |weights, value| weights.$field = value,
            },)*
        ];
    };
}

weights! {
    header_exactly, "header-exactly", Nats, 0.0 to 10.0: "The header is the detector's word.";
    header_partly, "header-partly", Nats, 0.0 to 8.0: "The header holds the detector's word.";
    header_above, "header-above", Nats, 0.0 to 6.0: "The path above the column holds it.";
    header_about, "header-about", Nats, -8.0 to 0.0: "The header is about the thing (`email_verified`).";
    header_otherwise, "header-otherwise", Nats, -10.0 to 0.0: "The rule says that this header means something else.";
    header_rival, "header-rival", Nats, -8.0 to 0.0: "The header is the word of a rival, and not the detector's own; half of it where it only holds that word, and where the other is no rival.";
    near, "near", Nats, 0.0 to 8.0: "A word nearby speaks for it.";
    label, "label", Nats, 0.0 to 10.0: "A word for it stands right before it, as a label does: `BSN: 123456782`.";
    rival_near, "rival-near", Nats, -8.0 to 0.0: "A word nearby speaks for a rival.";
    placeholder, "placeholder", Nats, -10.0 to 0.0: "It is a placeholder.";
    placeholder_named, "placeholder-named", Nats, -10.0 to 0.0: "The same where the header is the detector's word, or most cells are its values: demonstration data have little else.";
    neighbours, "neighbours", Nats, 0.0 to 4.0: "Other columns of the table are certain to hold data of persons.";
    country, "country", Nats, 0.0 to 4.0: "Other columns of the table are certain to hold data of the detector's country.";
    guest, "guest", Nats, -8.0 to 0.0: "Another detector is certain of most of the column's cells, and this one has few.";
    sibling, "sibling", Nats, 0.0 to 6.0: "Another form of the same detector is certain in the column; as much against it where one claims far more cells and is none.";
    odd_one, "odd-one", Nats, -8.0 to 0.0: "No cell of the column but this one has the shape (scaled by the share of cells that do not).";
    odd_name, "odd-name", Nats, -10.0 to 0.0: "The same for what a list of names tells apart: a column of names has hardly anything else.";
    constant, "constant", Nats, -8.0 to 0.0: "The column holds no more than two different values in many rows.";
    list_most, "list-most", Nats, 0.0 to 12.0: "The most that a list of words adds where the header doesn't speak for it: lists know much by accident.";
    list_most_named, "list-most-named", Nats, 0.0 to 12.0: "The same where the header is the word of something that is no name.";
    enough_checked, "enough-checked", Values, 20.0 to 2000.0: "Values whose checks count as independent evidence, at the most: columns are never quite as random as the model.";
    enough_listed, "enough-listed", Values, 10.0 to 500.0: "The same for lists of words, whose chance rate depends on what else the column could hold.";
    calibration_scale, "calibration-scale", Factor, 0.5 to 2.0: "What the sum of all evidence is multiplied with before it becomes a confidence; 1 takes it as it is.";
    calibration_shift, "calibration-shift", Nats, -2.0 to 2.0: "What is added to it then; 0 for nothing.";
}

impl Weights {
    /// The built-in ones.
    pub fn shipped() -> &'static Self {
        static WEIGHTS: LazyLock<Weights> = LazyLock::new(|| {
            Weights::parse("src/rule/weights.yaml", SHIPPED).expect("a test reads it")
        });
        &WEIGHTS
    }

    /// Those of a file. What doesn't hold is an error with the place.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let unreadable = |error| Error::file(path, error);
        let shown = path.display().to_string();
        if fs::metadata(path).map_err(unreadable)?.len() > LARGEST {
            return Err(Error::rule(format!(
                "{shown}: larger than 64 KiB; a file of weights holds {} numbers",
                FIELDS.len()
            )));
        }
        Self::parse(&shown, &fs::read_to_string(path).map_err(unreadable)?)
    }

    fn parse(path: &str, text: &str) -> Result<Self, Error> {
        let weights: Self = super::load::yaml(path, text, "`speur bench fit` writes all weights")?;
        for field in FIELDS {
            let value = (field.get)(&weights);
            if !(field.low..=field.high).contains(&value) {
                let start = format!("{}:", field.name);
                let line = text.lines().position(|line| line.starts_with(&start));
                return Err(Error::rule(format!(
                    "{path}:{}: {} is {value}, and must lie between {} and {}",
                    line.unwrap_or(0) + 1,
                    field.name,
                    field.low,
                    field.high
                )));
            }
        }
        Ok(weights)
    }

    /// A sum of evidence as the log-odds that are shown.
    pub(crate) fn calibrated(&self, log_odds: f64) -> f64 {
        self.calibration_scale * log_odds + self.calibration_shift
    }

    /// All values, in the order of the file.
    pub(crate) fn values(&self) -> impl Iterator<Item = f64> {
        FIELDS.iter().map(|field| (field.get)(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_weights_hold() {
        Weights::parse("weights.yaml", SHIPPED).unwrap();
        for field in FIELDS {
            assert!(field.low < field.high && !field.about.is_empty());
            assert!(
                SHIPPED.contains(field.about),
                "{} is not explained as it is here",
                field.name
            );
        }
    }

    #[test]
    fn what_does_not_hold_is_named_with_its_line() {
        let wrong = |text: &str| Weights::parse("w.yaml", text).unwrap_err().to_string();
        let near = format!("near: {}\n", Weights::shipped().near);
        assert!(SHIPPED.contains(&near));
        let line = SHIPPED.lines().position(|line| line.starts_with("near:"));
        let place = format!("w.yaml:{}: near is -4", line.unwrap() + 1);
        let text = wrong(&SHIPPED.replace(&near, "near: -4\n"));
        assert!(text.starts_with(&place), "{text}");
        assert!(wrong(&SHIPPED.replace(&near, "near: .nan\n")).contains("near is NaN"));
        let text = wrong(&SHIPPED.replace(&near, "nearby: 4\n"));
        assert!(
            text.starts_with("w.yaml:") && text.contains("nearby"),
            "{text}"
        );
        assert!(wrong(&SHIPPED.replace(&near, "")).contains("`near`"));
    }
}
