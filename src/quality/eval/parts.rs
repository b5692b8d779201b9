//! Counts labels and false alarms: for everything, and for each category, detector and file.

use hashbrown::HashMap;

use super::measure::{Counts, Histogram};
use super::outcome::{FileOutcome, Labelled};
use super::{Scores, Section};
use crate::quality::truth::Truth;

/// Rows of running text that are resampled together: neighbours in a log or a document are alike.
const ROWS_TOGETHER: u64 = 50;

/// What a section is made from.
#[derive(Default)]
pub(super) struct Part {
    cells: Histogram,
    columns: Histogram,
    /// Counts of cells, by cluster.
    clusters: HashMap<Cluster, Counts>,
    /// Counts of columns, by column.
    each: Vec<Counts>,
    threshold: u16,
}

/// File, column, and where there are no columns, a block of rows.
pub(in crate::quality) type Cluster = (u32, u32, u64);

impl Part {
    pub(super) fn section(&self, name: &str, category: Option<String>) -> Section {
        let mut clusters: Vec<_> = self.clusters.iter().collect();
        clusters.sort_unstable_by_key(|(cluster, _)| **cluster);
        let clusters: Vec<Counts> = clusters.into_iter().map(|(_, counts)| *counts).collect();
        Section {
            name: name.to_owned(),
            category,
            cells: Scores::of_cells(self.cells.at(self.threshold), &clusters),
            columns: Scores::of_columns(self.columns.at(self.threshold), &self.each),
            average_precision: self.cells.average_precision(),
            calibration: self.cells.calibration(),
            curve: self.cells.curve(),
        }
    }
}

/// The parts of all sections.
pub(super) struct Parts {
    pub(super) overall: Part,
    pub(super) categories: HashMap<String, Part>,
    pub(super) detectors: HashMap<String, Part>,
    files: HashMap<u32, Part>,
}

/// One unit that is counted.
#[derive(Clone, Copy)]
pub(in crate::quality) struct Unit {
    pub(in crate::quality) confidence: u16,
    pub(in crate::quality) is_label: bool,
}

impl Unit {
    pub(super) fn counts(self, threshold: u16) -> Counts {
        let is_found = self.confidence >= threshold && self.confidence > 0;
        Counts {
            found: u64::from(self.is_label && is_found),
            false_alarms: u64::from(!self.is_label && is_found),
            missed: u64::from(self.is_label && !is_found),
        }
    }

    fn count(self, histogram: &mut Histogram) {
        if self.is_label {
            histogram.label(self.confidence);
        } else {
            histogram.alarm(self.confidence);
        }
    }
}

impl Parts {
    pub(super) fn of(
        outcomes: &[FileOutcome],
        labelled: &Labelled,
        threshold: u16,
        categories: &HashMap<String, String>,
    ) -> Self {
        let new = || Part {
            threshold,
            ..Part::default()
        };
        let mut by_detector: HashMap<(u32, u32), Part> = HashMap::new();
        for (number, (outcome, truth)) in outcomes.iter().zip(&labelled.truths).enumerate() {
            let file = number as u32;
            each_cell(outcome, truth, file, |cluster, detector, unit| {
                let part = by_detector.entry((file, detector)).or_insert_with(new);
                unit.count(&mut part.cells);
                part.clusters
                    .entry(cluster)
                    .or_default()
                    .add(unit.counts(threshold));
            });
            each_column(outcome, truth, |detector, unit| {
                let part = by_detector.entry((file, detector)).or_insert_with(new);
                unit.count(&mut part.columns);
                part.each.push(unit.counts(threshold));
            });
        }
        let mut parts = Self {
            overall: new(),
            categories: HashMap::new(),
            detectors: HashMap::new(),
            files: HashMap::new(),
        };
        let mut by_detector: Vec<_> = by_detector.into_iter().collect();
        by_detector.sort_unstable_by_key(|(key, _)| *key);
        for ((file, detector), part) in by_detector {
            let name = labelled.detectors.name(detector);
            let category = categories.get(name).map_or("other", String::as_str);
            part.add_to(&mut parts.overall);
            part.add_to(parts.categories.entry_ref(category).or_insert_with(new));
            part.add_to(parts.detectors.entry_ref(name).or_insert_with(new));
            part.add_to(parts.files.entry(file).or_insert_with(new));
        }
        parts
    }

    pub(super) fn sections(
        parts: &HashMap<String, Part>,
        categories: &HashMap<String, String>,
    ) -> Vec<Section> {
        let mut names: Vec<&String> = parts.keys().collect();
        names.sort_unstable();
        names
            .into_iter()
            .map(|name| parts[name].section(name, categories.get(name).cloned()))
            .collect()
    }

    pub(super) fn in_order(&self, labelled: &Labelled) -> Vec<Section> {
        let empty = Part::default();
        let entries = labelled.entries.iter().zip(0..);
        entries
            .map(|(entry, file)| {
                let part = self.files.get(&file).unwrap_or(&empty);
                part.section(&entry.data.display().to_string(), None)
            })
            .collect()
    }
}

impl Part {
    fn add_to(&self, sum: &mut Part) {
        sum.cells.add(&self.cells);
        sum.columns.add(&self.columns);
        sum.each.extend(&self.each);
        for (cluster, counts) in &self.clusters {
            sum.clusters.entry(*cluster).or_default().add(*counts);
        }
    }
}

/// Every label and every false alarm of a file whose cells are labelled.
pub(in crate::quality) fn each_cell(
    outcome: &FileOutcome,
    truth: &Truth,
    file: u32,
    mut take: impl FnMut(Cluster, u32, Unit),
) {
    if !truth.has_cells {
        return;
    }
    let cluster = |column: u32, row: u64| {
        let named = !outcome.columns[column as usize].column.is_empty();
        (file, column, if named { 0 } else { row / ROWS_TOGETHER })
    };
    for (label, &confidence) in truth.labels.iter().zip(&outcome.best) {
        let unit = Unit {
            confidence,
            is_label: true,
        };
        take(cluster(label.column, label.row), label.detector, unit);
    }
    for alarm in &outcome.alarms {
        let unit = Unit {
            confidence: alarm.confidence,
            is_label: false,
        };
        take(cluster(alarm.column, alarm.row), alarm.detector, unit);
    }
}

/// Every column and what it holds, or was taken for.
pub(in crate::quality) fn each_column(
    outcome: &FileOutcome,
    truth: &Truth,
    mut take: impl FnMut(u32, Unit),
) {
    let best: HashMap<(u32, u32), u16> = outcome.columns_best.iter().copied().collect();
    for key in &truth.holds {
        let unit = Unit {
            confidence: best.get(key).copied().unwrap_or(0),
            is_label: true,
        };
        take(key.1, unit);
    }
    for (key, confidence) in &outcome.columns_best {
        if truth.holds.binary_search(key).is_err() {
            let unit = Unit {
                confidence: *confidence,
                is_label: false,
            };
            take(key.1, unit);
        }
    }
}
