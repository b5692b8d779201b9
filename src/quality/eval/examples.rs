//! Examples for people to judge: what was taken for what, what was missed, and the surest false alarms. Values are masked.

use hashbrown::HashMap;

use super::cells::masked;
use super::outcome::{Alarm, FileOutcome, Labelled};
use super::{Confusion, Example};
use crate::quality::truth::Label;
use crate::rule::Mask;

/// Examples of each detector that are kept.
const EXAMPLES: usize = 3;

pub(super) fn confusions(
    outcomes: &[FileOutcome],
    labelled: &Labelled,
    threshold: u16,
) -> Vec<Confusion> {
    let mut counts: HashMap<(String, u32), u64> = HashMap::new();
    for (outcome, truth) in outcomes.iter().zip(&labelled.truths) {
        let traps: HashMap<u32, &String> = truth
            .traps
            .iter()
            .map(|(column, why)| (*column, why))
            .collect();
        for alarm in &outcome.alarms {
            if alarm.confidence < threshold {
                continue;
            }
            let is = match (alarm.instead_of, traps.get(&alarm.column)) {
                (Some(detector), _) => labelled.detectors.name(detector).to_owned(),
                (None, Some(why)) => format!("nothing: {why}"),
                (None, None) => "nothing".to_owned(),
            };
            *counts.entry((is, alarm.detector)).or_default() += 1;
        }
    }
    let mut list: Vec<Confusion> = counts
        .into_iter()
        .map(|((is, detector), cells)| Confusion {
            is,
            taken_for: labelled.detectors.name(detector).to_owned(),
            cells,
        })
        .collect();
    list.sort_by(|a, b| {
        b.cells
            .cmp(&a.cells)
            .then_with(|| (&a.is, &a.taken_for).cmp(&(&b.is, &b.taken_for)))
    });
    list
}

pub(super) fn misses(
    outcomes: &[FileOutcome],
    labelled: &Labelled,
    threshold: u16,
    masks: &HashMap<String, Mask>,
) -> Vec<Example> {
    let mut kept: HashMap<u32, usize> = HashMap::new();
    let mut list = Vec::new();
    for (number, (outcome, truth)) in outcomes.iter().zip(&labelled.truths).enumerate() {
        let mut missed = Vec::new();
        for (label, &best) in truth.labels.iter().zip(&outcome.best) {
            let kept = kept.entry(label.detector).or_default();
            if (best >= threshold && best > 0) || *kept == EXAMPLES {
                continue;
            }
            *kept += 1;
            missed.push((label, best));
        }
        let cell = |label: &Label| {
            let column = &truth.columns[label.column as usize];
            (
                column.table.clone(),
                column.column.clone(),
                label.row,
                label.span,
            )
        };
        let wanted = missed.iter().map(|(label, _)| {
            let name = labelled.detectors.name(label.detector);
            (cell(label), masks.get(name).copied().unwrap_or_default())
        });
        let values = if missed.is_empty() {
            HashMap::new()
        } else {
            masked(&labelled.entries[number].data, wanted.collect())
        };
        list.extend(missed.iter().map(|(label, best)| Example {
            detector: labelled.detectors.name(label.detector).to_owned(),
            file: labelled.entries[number].data.display().to_string(),
            column: truth.columns[label.column as usize].shown(),
            row: label.row,
            masked: values.get(&cell(label)).cloned(),
            confidence: f64::from(*best) / 1000.0,
        }));
    }
    list.sort_by(|a, b| a.detector.cmp(&b.detector));
    list
}

pub(super) fn alarms(
    outcomes: &[FileOutcome],
    labelled: &Labelled,
    threshold: u16,
) -> Vec<Example> {
    let mut by_detector: HashMap<u32, Vec<(u16, usize, &Alarm)>> = HashMap::new();
    for (number, outcome) in outcomes.iter().enumerate() {
        for alarm in outcome
            .alarms
            .iter()
            .filter(|alarm| alarm.confidence >= threshold)
        {
            let list = by_detector.entry(alarm.detector).or_default();
            if list.len() < EXAMPLES {
                list.push((alarm.confidence, number, alarm));
            } else if let Some(least) = list.iter_mut().min_by_key(|(confidence, ..)| *confidence)
                && least.0 < alarm.confidence
            {
                *least = (alarm.confidence, number, alarm);
            }
        }
    }
    let mut list: Vec<Example> = by_detector
        .into_values()
        .flatten()
        .map(|(confidence, number, alarm)| Example {
            detector: labelled.detectors.name(alarm.detector).to_owned(),
            file: labelled.entries[number].data.display().to_string(),
            column: outcomes[number].columns[alarm.column as usize].shown(),
            row: alarm.row,
            masked: Some(alarm.masked.to_string()),
            confidence: f64::from(confidence) / 1000.0,
        })
        .collect();
    list.sort_by(|a, b| {
        let place = |example: &Example| (example.file.clone(), example.row);
        (&a.detector, b.confidence)
            .partial_cmp(&(&b.detector, a.confidence))
            .unwrap_or(std::cmp::Ordering::Equal)
            .then_with(|| place(a).cmp(&place(b)))
    });
    list
}
