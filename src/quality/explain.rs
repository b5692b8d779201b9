//! How evidence for one value adds up, step by step, for people who want to know why.

use crate::rule::{Rule, Weights};
use crate::score::{logit, probability};

/// What is added, and what it weighs.
pub type Step = (String, f64);

/// The evidence of a value of a rule in the places where it may stand: each place with its steps. A scan adds what the
/// column's other values and its neighbours show.
pub fn steps(rule: &Rule, weights: &Weights) -> Vec<(&'static str, Vec<Step>)> {
    let prior = (
        format!(
            "prior {}: a cell of this shape, before anything else is known",
            rule.prior.0
        ),
        logit(rule.prior.0),
    );
    let text_prior = rule.prior_text.map_or(rule.prior.0 / 3.0, |prior| prior.0);
    let text = (
        format!("prior {text_prior:.4}: a match within a text"),
        logit(text_prior),
    );
    let pass = (rule.chance.0 < 1.0).then(|| {
        let what = format!(
            "it passes the check: ln({} / {:.4})",
            rule.valid.0, rule.chance.0
        );
        (what, (rule.valid.0 / rule.chance.0).ln())
    });
    let with = |mut list: Vec<Step>| {
        list.extend(pass.clone());
        list
    };
    let mut places = vec![(
        "one cell, in a column whose header says nothing",
        with(vec![prior.clone()]),
    )];
    if let Some(header) = rule.header.first() {
        let exactly = (
            format!("the header is \"{header}\""),
            weights.header_exactly,
        );
        places.push((
            "one cell, under a header of its own",
            with(vec![prior, exactly]),
        ));
    }
    if rule.scope != crate::rule::Scope::Cell {
        places.push(("in a text", with(vec![text.clone()])));
        if let Some(word) = rule.near.first() {
            let near = (format!("\"{word}\" stands near"), weights.near);
            places.push(("in a text, with a word nearby", with(vec![text, near])));
        }
    }
    places
}

/// The sum of steps, and the probability that it is.
pub fn sum(steps: &[Step], weights: &Weights) -> (f64, f64) {
    let total = steps.iter().map(|(_, weight)| weight).sum();
    (total, probability(weights.calibrated(total)))
}
