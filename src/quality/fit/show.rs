//! The file of weights, with what it was made from and what it is worth; and the same in a few lines.

use std::fmt::Write as _;

use super::{Fit, Scores};
use crate::report::{escaped, wrapped};
use crate::rule::{FIELDS, Field, Weights};

/// Columns of a comment.
const WIDTH: usize = 110;

/// The weights as a YAML file, for people to review.
pub fn yaml(fit: &Fit) -> String {
    let mut text = String::new();
    comment(
        &mut text,
        "What evidence weighs, whatever the detector: natural logarithms of odds (nats), above 0 for and below 0 against. Priors and rates of checks stand in each rule's own file. Bounds that end at 0 keep a weight's sign.",
    );
    text.push_str("#\n");
    comment(&mut text, &made_from(fit));
    text.push_str("#\n");
    for line in table(fit).lines() {
        let _ = writeln!(text, "#     {line}");
    }
    text.push_str("#\n");
    comment(&mut text, &verdict(fit));
    text.push_str("#\n");
    // A line end in a name would end the comment.
    let files: Vec<_> = fit.files.iter().map(|name| escaped(name)).collect();
    comment(&mut text, &format!("The files: {}.", files.join(", ")));
    for field in FIELDS {
        text.push('\n');
        let _ = writeln!(text, "# {}", field.about);
        let (unit, low, high) = (field.unit.name(), field.low, field.high);
        let _ = writeln!(text, "# {unit}, {low} to {high}{}", moved(fit, field));
        let _ = writeln!(text, "{}: {}", field.name, (field.get)(fit.weights()));
    }
    text
}

/// What came of it, in a few lines.
pub fn summary(fit: &Fit) -> String {
    let mut text = format!("{}\n\n{}\n", made_from(fit), table(fit));
    for field in FIELDS {
        let moved = moved(fit, field);
        if !moved.is_empty() {
            let _ = writeln!(text, "{}{moved}", field.name);
        }
    }
    text + &verdict(fit) + "\n"
}

fn made_from(fit: &Fit) -> String {
    format!(
        "Written by `speur bench fit` on {} files with {} labelled cells, by {}-fold cross-validation: each file was held out once, and is judged with weights that were fitted without it.",
        fit.files.len(),
        fit.labels,
        fit.folds.len()
    )
}

fn table(fit: &Fit) -> String {
    let (before, after) = (fit.scores_before, fit.scores_held_out);
    let percent = |share: Option<f64>| {
        share.map_or_else(|| "–".to_owned(), |share| format!("{:.2}", share * 100.0))
    };
    let error = |scores: Scores| {
        let error = scores.score.calibration_error;
        error.map_or_else(|| "–".to_owned(), |error| format!("{error:.4}"))
    };
    let rows = [
        [String::new(), "before".to_owned(), "held out".to_owned()],
        [
            "log loss of a column, nats".to_owned(),
            format!("{:.4}", before.log_loss),
            format!("{:.4}", after.log_loss),
        ],
        [
            "calibration error of cells".to_owned(),
            error(before),
            error(after),
        ],
        [
            "F1 of cells, %".to_owned(),
            percent(before.score.f1),
            percent(after.score.f1),
        ],
    ];
    let line = |[what, before, after]: &[String; 3]| format!("{what:<28}{before:>9}{after:>10}\n");
    rows.iter().map(line).collect()
}

/// Whether the weights are new ones, and why.
fn verdict(fit: &Fit) -> String {
    let (before, after) = (fit.scores_before, fit.scores_held_out);
    if fit.is_better() {
        return format!(
            "Files that were held out are judged better, with a probability of {:.3} that this is chance. So the weights are those fitted on all files.",
            fit.chance
        );
    }
    let is_worse = |before: Option<f64>, after: Option<f64>| before > after;
    let why = if fit.folds.iter().all(|fold| fold.weights == fit.before) {
        "in no fold does a weight gain enough to move".to_owned()
    } else if is_worse(before.score.f1, after.score.f1) {
        "less is found, or more of it is wrong".to_owned()
    } else if is_worse(
        after.score.calibration_error,
        before.score.calibration_error,
    ) {
        "confidences are further from the share that is right".to_owned()
    } else {
        format!(
            "with a probability of {:.3} a gain like that is chance",
            fit.chance
        )
    };
    format!(
        "Fitted weights judge the files that were held out no better: {why}. So the weights are the ones there were."
    )
}

/// What the files ask of a weight, where they ask for a change.
fn moved(fit: &Fit, field: &Field) -> String {
    let at = |weights: &Weights| (field.get)(weights);
    let folds: Vec<f64> = fit.folds.iter().map(|fold| at(&fold.weights)).collect();
    let is_still = |value: f64| value.to_bits() == at(&fit.before).to_bits();
    if is_still(at(&fit.fitted)) && folds.iter().copied().all(is_still) {
        return String::new();
    }
    let low = folds.iter().copied().fold(f64::INFINITY, f64::min);
    let high = folds.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    format!(
        "; was {}, fitted {} (in the folds {low} to {high})",
        at(&fit.before),
        at(&fit.fitted)
    )
}

fn comment(text: &mut String, words: &str) {
    for line in wrapped(words, WIDTH) {
        let _ = writeln!(text, "# {line}");
    }
}
