//! What weights lose on labelled files: the log loss of confidences.
//!
//! Cells of one column are alike, so a column and a detector are one case, whose loss is the mean over its cells: else
//! the longest tables would decide everything. A false alarm in a column is a case, too: people act on columns.

use hashbrown::HashMap;

use crate::quality::eval::outcome::{FLOOR, FileOutcome};
use crate::quality::eval::{each_cell, each_column};
use crate::quality::truth::Truth;

/// What a label counts as that was not found: below [`FLOOR`] nothing is known of it.
const MISSED: f64 = FLOOR / 2.0;

/// The loss of each file: the sum over its columns and detectors.
pub(super) fn by_file(outcomes: &[FileOutcome], truths: &[Truth]) -> Vec<f64> {
    let files = outcomes.iter().zip(truths);
    files
        .map(|(outcome, truth)| of_file(outcome, truth))
        .collect()
}

fn of_file(outcome: &FileOutcome, truth: &Truth) -> f64 {
    if !truth.has_cells {
        let mut sum = 0.0;
        each_column(outcome, truth, |_, unit| {
            sum += loss(unit.confidence, unit.is_label);
        });
        return sum;
    }
    let mut cases: HashMap<(u32, u32), (f64, u64)> = HashMap::new();
    each_cell(outcome, truth, 0, |(_, column, _), detector, unit| {
        let case = cases.entry((column, detector)).or_default();
        case.0 += loss(unit.confidence, unit.is_label);
        case.1 += 1;
    });
    // In an order that no hash decides: sums must come out the same.
    let mut means: Vec<f64> = cases
        .into_values()
        .map(|(sum, count)| sum / count as f64)
        .collect();
    means.sort_unstable_by(f64::total_cmp);
    means.iter().sum()
}

/// How many columns hold what: what a loss is divided by to be that of one.
pub(super) fn labelled_columns(truths: &[Truth]) -> usize {
    truths.iter().map(|truth| truth.holds.len()).sum()
}

/// Of a confidence in thousandths.
fn loss(thousandths: u16, is_label: bool) -> f64 {
    let confidence = f64::from(thousandths) / 1000.0;
    if is_label {
        -confidence.max(MISSED).ln()
    } else {
        -(1.0 - confidence).max(1e-3).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quality::eval::outcome::Alarm;
    use crate::quality::truth::{Column, Label};

    #[test]
    fn a_column_is_one_case_however_long_it_is() {
        let label = |row| Label {
            column: 0,
            row,
            detector: 0,
            span: None,
            also: vec![],
        };
        let truth = |rows: u64| Truth {
            columns: vec![Column::default()],
            labels: (1..=rows).map(label).collect(),
            has_cells: true,
            ..Truth::default()
        };
        let outcome = |rows: usize, alarms: Vec<Alarm>| FileOutcome {
            columns: vec![Column::default(); 2],
            best: vec![800; rows],
            alarms,
            ..FileOutcome::default()
        };
        let alarm = Alarm {
            column: 1,
            row: 1,
            detector: 0,
            confidence: 900,
            instead_of: None,
            masked: "*".into(),
        };
        let losses = by_file(
            &[
                outcome(2, vec![]),
                outcome(200, vec![]),
                outcome(2, vec![alarm]),
            ],
            &[truth(2), truth(200), truth(2)],
        );
        let right = -0.8_f64.ln();
        assert!((losses[0] - right).abs() < 1e-9);
        assert!((losses[1] - right).abs() < 1e-9);
        assert!((losses[2] - right + 0.1_f64.ln()).abs() < 1e-9);
    }

    #[test]
    fn what_is_missed_costs_more_than_what_is_found_unsurely() {
        assert!(loss(0, true) > loss(200, true));
        assert!(loss(999, true) < loss(900, true));
        assert!(loss(999, false) > loss(500, false) && loss(0, false) == 0.0);
    }
}
