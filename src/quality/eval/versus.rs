//! Two rule sets on the same corpus: what one gains and loses, and whether that is more than chance.

use hashbrown::HashMap;
use serde::Serialize;

use super::Evaluation;
use super::measure::{Counts, Difference, paired};
use super::outcome::{FileOutcome, Labelled};
use super::parts::{Cluster, each_cell};
use crate::event::thousandths;
use crate::quality::truth::{Column, Truth};

/// Columns that are listed; the rest is counted.
const MOST_COLUMNS: usize = 100;

/// What changes from one rule set to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Labels that only the second finds.
    pub gained: u64,
    /// Labels that only the first finds.
    pub lost: u64,
    /// False alarms of the second alone.
    pub new_alarms: u64,
    /// False alarms of the first alone.
    pub gone_alarms: u64,
}

impl Change {
    fn add(&mut self, other: Change) {
        self.gained += other.gained;
        self.lost += other.lost;
        self.new_alarms += other.new_alarms;
        self.gone_alarms += other.gone_alarms;
    }

    fn size(self) -> u64 {
        self.gained + self.lost + self.new_alarms + self.gone_alarms
    }
}

/// What changes for a detector.
#[derive(Clone, Debug, Serialize)]
pub struct DetectorChange {
    /// Its id, or `all`.
    pub detector: String,
    /// What changes.
    #[serde(flatten)]
    pub change: Change,
    /// Precision of the second less that of the first.
    pub precision: Option<Difference>,
    /// The same of recall.
    pub recall: Option<Difference>,
    /// The same of F1.
    pub f1: Option<Difference>,
}

/// What changes for a detector in a column.
#[derive(Clone, Debug, Serialize)]
pub struct ColumnChange {
    /// The file.
    pub file: String,
    /// Its column.
    pub column: String,
    /// The detector.
    pub detector: String,
    /// What changes.
    #[serde(flatten)]
    pub change: Change,
}

/// Two rule sets side by side.
#[derive(Clone, Debug, Serialize)]
pub struct Versus {
    /// The first.
    pub a: String,
    /// The second.
    pub b: String,
    /// All detectors together.
    pub overall: DetectorChange,
    /// Each detector for which something changes.
    pub detectors: Vec<DetectorChange>,
    /// Each column in which something changes, the most first.
    pub columns: Vec<ColumnChange>,
    /// Columns that are left off the list.
    pub more_columns: usize,
}

/// Compares two evaluations of the same corpus.
pub fn versus(a: &Evaluation, b: &Evaluation, labelled: &Labelled) -> Versus {
    let threshold = thousandths(a.threshold);
    let mut clusters: HashMap<(u32, Cluster), (Counts, Counts)> = HashMap::new();
    let mut columns: HashMap<(u32, u32, u32), Change> = HashMap::new();
    let mut names = Vec::new();
    for (file, truth) in labelled.truths.iter().enumerate() {
        let (before, mut after) = (&a.outcomes[file], b.outcomes[file].clone());
        align(before, &mut after);
        let number = file as u32;
        for (is_after, outcome) in [(false, before), (true, &after)] {
            each_cell(outcome, truth, number, |cluster, detector, unit| {
                let pair = clusters.entry((detector, cluster)).or_default();
                let side = if is_after { &mut pair.1 } else { &mut pair.0 };
                side.add(unit.counts(threshold));
            });
        }
        if truth.has_cells {
            changes(
                before,
                &after,
                truth,
                threshold,
                |column, detector, change| {
                    columns
                        .entry((number, column, detector))
                        .or_default()
                        .add(change);
                },
            );
        }
        names.push(after.columns);
    }
    let mut by_detector: HashMap<u32, Change> = HashMap::new();
    let mut overall = Change::default();
    for ((_, _, detector), change) in &columns {
        by_detector.entry(*detector).or_default().add(*change);
        overall.add(*change);
    }
    let of = |detector: Option<u32>, change| {
        let name = detector.map_or("all", |number| labelled.detectors.name(number));
        of_detector(name, change, &together(&clusters, detector))
    };
    let mut detectors: Vec<_> = by_detector.into_iter().collect();
    detectors.sort_by_key(|(number, _)| labelled.detectors.name(*number));
    let detectors = detectors
        .into_iter()
        .map(|(number, change)| of(Some(number), change))
        .collect();
    let (columns, more_columns) = listed(columns, &names, labelled);
    Versus {
        a: a.name.clone(),
        b: b.name.clone(),
        overall: of(None, overall),
        detectors,
        columns,
        more_columns,
    }
}

/// Gives columns that only findings name the same numbers on both sides.
fn align(before: &FileOutcome, after: &mut FileOutcome) {
    let known: HashMap<_, u32> = before.columns.iter().zip(0..).collect();
    let mut columns = before.columns.clone();
    let numbers: Vec<u32> = after
        .columns
        .iter()
        .map(|column| {
            known.get(column).copied().unwrap_or_else(|| {
                columns.push(column.clone());
                columns.len() as u32 - 1
            })
        })
        .collect();
    for alarm in &mut after.alarms {
        alarm.column = numbers[alarm.column as usize];
    }
    after.columns = columns;
}

/// Gives every label and alarm that changes sides.
fn changes(
    before: &FileOutcome,
    after: &FileOutcome,
    truth: &Truth,
    threshold: u16,
    mut take: impl FnMut(u32, u32, Change),
) {
    let is_found = |confidence: u16| confidence >= threshold && confidence > 0;
    for (label, (&a, &b)) in truth.labels.iter().zip(before.best.iter().zip(&after.best)) {
        let change = Change {
            gained: u64::from(!is_found(a) && is_found(b)),
            lost: u64::from(is_found(a) && !is_found(b)),
            ..Change::default()
        };
        if change.size() > 0 {
            take(label.column, label.detector, change);
        }
    }
    let sure = |outcome: &FileOutcome| -> hashbrown::HashSet<(u32, u64, u32)> {
        let alarms = outcome.alarms.iter();
        alarms
            .filter(|alarm| is_found(alarm.confidence))
            .map(|alarm| (alarm.column, alarm.row, alarm.detector))
            .collect()
    };
    let (a, b) = (sure(before), sure(after));
    a.difference(&b).for_each(|&(column, _, detector)| {
        let change = Change {
            gone_alarms: 1,
            ..Change::default()
        };
        take(column, detector, change);
    });
    b.difference(&a).for_each(|&(column, _, detector)| {
        let change = Change {
            new_alarms: 1,
            ..Change::default()
        };
        take(column, detector, change);
    });
}

/// The pairs of counts of each cluster, of one detector or of all.
fn together(
    clusters: &HashMap<(u32, Cluster), (Counts, Counts)>,
    only: Option<u32>,
) -> Vec<(Counts, Counts)> {
    let mut sums: std::collections::BTreeMap<Cluster, (Counts, Counts)> =
        std::collections::BTreeMap::new();
    for ((detector, cluster), (a, b)) in clusters {
        if only.is_none_or(|only| only == *detector) {
            let sum = sums.entry(*cluster).or_default();
            sum.0.add(*a);
            sum.1.add(*b);
        }
    }
    sums.into_values().collect()
}

fn of_detector(name: &str, change: Change, clusters: &[(Counts, Counts)]) -> DetectorChange {
    DetectorChange {
        detector: name.to_owned(),
        change,
        precision: paired(clusters, Counts::precision, 1),
        recall: paired(clusters, Counts::recall, 1),
        f1: paired(clusters, |counts| counts.f(1.0), 1),
    }
}

fn listed(
    columns: HashMap<(u32, u32, u32), Change>,
    names: &[Vec<Column>],
    labelled: &Labelled,
) -> (Vec<ColumnChange>, usize) {
    let mut list: Vec<ColumnChange> = columns
        .into_iter()
        .map(|((file, column, detector), change)| ColumnChange {
            file: labelled.entries[file as usize].data.display().to_string(),
            column: names[file as usize][column as usize].shown(),
            detector: labelled.detectors.name(detector).to_owned(),
            change,
        })
        .collect();
    let place = |change: &ColumnChange| {
        (
            change.file.clone(),
            change.column.clone(),
            change.detector.clone(),
        )
    };
    list.sort_by(|x, y| {
        y.change
            .size()
            .cmp(&x.change.size())
            .then_with(|| place(x).cmp(&place(y)))
    });
    let more = list.len().saturating_sub(MOST_COLUMNS);
    list.truncate(MOST_COLUMNS);
    (list, more)
}
