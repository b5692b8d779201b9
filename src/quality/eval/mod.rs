//! `speur bench eval`: what a rule set makes of a labelled corpus, in figures.
//!
//! `outcome.rs` runs the scan and holds findings against the truth, `cache.rs` knows what came of it before, `parts.rs` counts, `measure.rs` has the figures, this
//! file puts them together as an [`Evaluation`], `versus.rs` compares two of them, and `show/` writes them down.

use hashbrown::HashMap;
use serde::Serialize;

use crate::error::Error;
use crate::event::thousandths;
use crate::rule::RuleSet;
use crate::scan::Scan;

pub mod cache;
mod cells;
mod examples;
pub mod measure;
pub mod outcome;
mod parts;
pub mod profile;
pub mod show;
pub mod versus;

use cache::Cache;
use examples::{alarms, confusions, misses};
use measure::{Calibration, Counts, Estimate, Point, bootstrap, wilson};
use outcome::{FileOutcome, Labelled, Ran};
use parts::Parts;
pub(in crate::quality) use parts::{each_cell, each_column};

/// Figures of cells, or of columns.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Scores {
    /// At the threshold.
    #[serde(flatten)]
    pub counts: Counts,
    /// The share of findings that are right.
    pub precision: Option<Estimate>,
    /// The share of labels that are found.
    pub recall: Option<Estimate>,
    /// Both, alike.
    pub f1: Option<Estimate>,
    /// Both, recall for twice as much.
    pub f2: Option<Estimate>,
}

impl Scores {
    /// Of columns, each of which is a witness of its own.
    fn of_columns(counts: Counts, clusters: &[Counts]) -> Self {
        Self {
            counts,
            precision: wilson(counts.found, counts.found + counts.false_alarms),
            recall: wilson(counts.found, counts.found + counts.missed),
            f1: bootstrap(clusters, |counts| counts.f(1.0), 1),
            f2: bootstrap(clusters, |counts| counts.f(2.0), 1),
        }
    }

    /// Of cells, which come in clusters that are alike.
    fn of_cells(counts: Counts, clusters: &[Counts]) -> Self {
        Self {
            counts,
            precision: bootstrap(clusters, Counts::precision, 1),
            recall: bootstrap(clusters, Counts::recall, 1),
            f1: bootstrap(clusters, |counts| counts.f(1.0), 1),
            f2: bootstrap(clusters, |counts| counts.f(2.0), 1),
        }
    }
}

/// A detector, a category, a file, or everything.
#[derive(Clone, Debug, Serialize)]
pub struct Section {
    /// Its name.
    pub name: String,
    /// The category of a detector.
    pub category: Option<String>,
    /// Figures of cells.
    pub cells: Scores,
    /// Figures of columns.
    pub columns: Scores,
    /// Average precision over cells.
    pub average_precision: Option<f64>,
    /// How well the confidence of cells says how often they are right.
    pub calibration: Calibration,
    /// Precision and recall of cells at every threshold.
    pub curve: Vec<Point>,
}

/// What was taken for what, in cells.
#[derive(Clone, Debug, Serialize)]
pub struct Confusion {
    /// What it is; a trap says why it looks so, and what is not labelled is `nothing`.
    pub is: String,
    /// What it was taken for.
    pub taken_for: String,
    /// In how many cells.
    pub cells: u64,
}

/// A miss or a false alarm.
#[derive(Clone, Debug, Serialize)]
pub struct Example {
    /// What it is, of a miss; what it was taken for, of a false alarm.
    pub detector: String,
    /// The file.
    pub file: String,
    /// Its column, as far as it has one.
    pub column: String,
    /// Its record.
    pub row: u64,
    /// The value, masked.
    pub masked: Option<String>,
    /// With which confidence it was found; 0 where it was not.
    pub confidence: f64,
}

/// How fast it went.
#[derive(Clone, Debug, Serialize)]
pub struct Speed {
    /// Bytes of the files that were scanned, as stored.
    pub bytes: u64,
    /// Files that were not, because what comes of them was known.
    pub known: usize,
    /// Seconds of the scan.
    pub seconds: f64,
    /// Millions of bytes in a second.
    pub megabytes_per_second: f64,
    /// What each rule costs by itself, the dearest first; empty unless it was asked for.
    pub rules: Vec<profile::Cost>,
}

impl Speed {
    /// In words; files whose outcome was known say nothing of it.
    pub(in crate::quality) fn shown(&self, files: usize) -> String {
        match files - self.known {
            0 => "all of it known, nothing scanned".to_owned(),
            scanned if self.known > 0 => format!(
                "{:.0} MB/s on {scanned} files, the others were known",
                self.megabytes_per_second
            ),
            _ => format!("{:.0} MB/s", self.megabytes_per_second),
        }
    }
}

/// What a rule set makes of a corpus.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluation {
    /// What the rule set is called.
    pub name: String,
    /// The digest of its rules.
    pub digest: String,
    /// How many rules it has.
    pub rules: usize,
    /// From which confidence on findings count.
    pub threshold: f64,
    /// Labelled files.
    pub files: usize,
    /// Files without labels, which were not measured on.
    pub unlabelled: usize,
    /// Labelled cells.
    pub labels: usize,
    /// All detectors together.
    pub overall: Section,
    /// Each category that is labelled or found.
    pub categories: Vec<Section>,
    /// Each detector that is labelled or found.
    pub detectors: Vec<Section>,
    /// Each file.
    pub each_file: Vec<Section>,
    /// What was taken for what, most frequent first.
    pub confusions: Vec<Confusion>,
    /// Some of what was missed.
    pub misses: Vec<Example>,
    /// Some of the false alarms, surest first.
    pub alarms: Vec<Example>,
    /// Files that could not be read in full, and why.
    pub unread: Vec<(String, String)>,
    /// How fast it went.
    pub speed: Speed,
    /// What the figures were made from.
    #[serde(skip)]
    pub outcomes: Vec<FileOutcome>,
}

/// Runs a scan's rules over a corpus and measures.
pub fn evaluate(
    name: &str,
    scan: Scan,
    labelled: &mut Labelled,
    threshold: f64,
    cache: Option<&Cache>,
) -> Result<Evaluation, Error> {
    let (rules, digest) = (scan.rules.rules.len(), scan.rules.digest.clone());
    let categories = categories(&scan.rules);
    let masks = scan.rules.rules.iter();
    let masks = masks.map(|rule| (rule.id.clone(), rule.mask)).collect();
    let Ran {
        outcomes,
        known,
        bytes,
        seconds,
    } = outcome::run(scan, labelled, cache)?;
    let parts = Parts::of(&outcomes, labelled, thousandths(threshold), &categories);
    let unread = outcomes.iter().zip(&labelled.entries);
    Ok(Evaluation {
        name: name.to_owned(),
        digest,
        rules,
        threshold,
        files: labelled.entries.len(),
        unlabelled: labelled.unlabelled.len(),
        labels: labelled.truths.iter().map(|truth| truth.labels.len()).sum(),
        unread: unread
            .filter_map(|(outcome, entry)| {
                let problem = outcome.problem.clone()?;
                Some((entry.data.display().to_string(), problem))
            })
            .collect(),
        speed: Speed {
            bytes,
            known,
            seconds,
            megabytes_per_second: bytes as f64 / 1e6 / seconds.max(1e-3),
            rules: Vec::new(),
        },
        confusions: confusions(&outcomes, labelled, thousandths(threshold)),
        misses: misses(&outcomes, labelled, thousandths(threshold), &masks),
        alarms: alarms(&outcomes, labelled, thousandths(threshold)),
        overall: parts.overall.section("all", None),
        categories: Parts::sections(&parts.categories, &HashMap::new()),
        detectors: Parts::sections(&parts.detectors, &categories),
        each_file: parts.in_order(labelled),
        outcomes,
    })
}

/// Two figures of all cells at the usual threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// Precision and recall, alike.
    pub f1: Option<f64>,
    /// How far confidences are from the share that is right.
    pub calibration_error: Option<f64>,
}

/// The figures of outcomes by themselves.
pub(in crate::quality) fn score(outcomes: &[FileOutcome], labelled: &Labelled) -> Score {
    let parts = Parts::of(outcomes, labelled, thousandths(0.5), &HashMap::new());
    let all = parts.overall.section("all", None);
    Score {
        f1: all.cells.f1.map(|f1| f1.value),
        calibration_error: all.calibration.error,
    }
}

/// The category of each detector.
fn categories(rules: &RuleSet) -> HashMap<String, String> {
    let rules = rules.rules.iter();
    rules
        .map(|rule| (rule.id.clone(), rule.category.name().to_owned()))
        .collect()
}
