//! Two saved results: what appeared, vanished, moved, was renamed or changed between them.
//!
//! Tables are matched first, by their place relative to the roots of each scan, by names and by content, and then the columns
//! within them: results made with the same `--key-file` have signatures, so that a renamed column is *renamed* and not *gone
//! and new*, and fingerprints, which tell lost and duplicated values, in a column and in the whole result. Without it only
//! names and counts can be compared.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;

use crate::error::Error;
use crate::event::{ColumnRecord, Place};
use crate::report::load::Saved;

mod alike;
mod matching;
mod show;
mod side;
mod tables;

pub use show::{FORMATS, Look, write};
use side::Side;
pub(crate) use side::relative;

/// A difference of confidence that is worth telling.
const SURER: f64 = 0.05;

/// What changed between two results.
#[derive(Debug, Serialize)]
pub struct Comparison {
    /// The version of this document.
    pub schema: u32,
    /// The result before.
    pub before: Source,
    /// The result after.
    pub after: Source,
    /// Whether both were made with the same key file, so that values and contents could be compared.
    pub comparable: bool,
    /// Tables that are elsewhere, gone or new, in the order of the places.
    pub tables: Vec<TableChange>,
    /// What changed, in the order of the places.
    pub changes: Vec<Change>,
    /// By detector, what became of its values wherever they are; only where fingerprints can be compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<DetectorValues>>,
    /// Columns that are the same in both.
    pub same: u64,
}

/// One of the two results.
#[derive(Debug, Serialize)]
pub struct Source {
    /// Where it was read from.
    pub result: String,
    /// When its scan began.
    pub started: String,
    /// Its findings.
    pub findings: u64,
    /// Inputs that were not read in full.
    pub unread: u64,
    /// What share of the records was looked at; absent where all of them were to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<crate::event::Sampled>,
}

/// What happened to a table as a whole.
#[derive(Debug, Serialize)]
pub struct TableChange {
    /// In a word; `renamed` within its folder or database.
    pub change: Kind,
    /// Where it was; without a column.
    pub before: Option<Place>,
    /// Where it is.
    pub after: Option<Place>,
    /// Its columns, as many as the larger of both has.
    pub columns: u64,
    /// Those of them that hold personal data.
    pub personal: u64,
}

/// What became of all values of a detector.
#[derive(Debug, Serialize)]
pub struct DetectorValues {
    /// The rule's id.
    pub detector: String,
    /// Different values before.
    pub before: u64,
    /// Different values after.
    pub after: u64,
    /// What became of them.
    pub values: Values,
}

/// What happened to a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It is only in the result before.
    Gone,
    /// It is only in the result after.
    New,
    /// Its content is in the same table under another name.
    Renamed,
    /// Its content is in another table or input.
    Moved,
    /// It is where it was, and holds something else.
    Changed,
}

impl Kind {
    /// Its name in documents.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Gone => "gone",
            Kind::New => "new",
            Kind::Renamed => "renamed",
            Kind::Moved => "moved",
            Kind::Changed => "changed",
        }
    }
}

/// What happened to one column.
#[derive(Debug, Serialize)]
pub struct Change {
    /// In a word.
    pub change: Kind,
    /// Where it was.
    pub before: Option<Place>,
    /// Where it is.
    pub after: Option<Place>,
    /// The share of its values that both have, estimated; only where it was matched by content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub similarity: Option<f64>,
    /// All personal data that the column holds or held, by the rules' ids.
    pub holds: Vec<String>,
    /// Detectors that differ; all of them where the column is gone or new.
    pub detectors: Vec<DetectorChange>,
}

/// How what a detector found in a column differs.
#[derive(Debug, Serialize)]
pub struct DetectorChange {
    /// The rule's id.
    pub detector: String,
    /// The rule's category.
    pub category: String,
    /// What it found before.
    pub before: Option<Count>,
    /// What it found after.
    pub after: Option<Count>,
    /// What became of single values; only where fingerprints can be compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Values>,
}

/// What a detector found in a column.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Count {
    /// Findings.
    pub matches: u64,
    /// Different values.
    pub distinct: u64,
    /// Mean confidence.
    pub confidence: f64,
}

/// What became of the values of a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Values {
    /// Different values that are gone.
    pub lost: u64,
    /// Those of them that are in another column after.
    pub lost_elsewhere: u64,
    /// Different values that were not there.
    pub added: u64,
    /// Those of them that were in another column before.
    pub added_elsewhere: u64,
    /// Different values that occur more often than before.
    pub duplicated: u64,
    /// Different values that occur less often, but still do.
    pub fewer: u64,
}

/// Compares two saved results.
pub fn compare(before: &Path, after: &Path) -> Result<Comparison, Error> {
    let (saved_before, saved_after) = (Saved::open(before)?, Saved::open(after)?);
    let key = saved_before.scan()?.key;
    let comparable = key.is_some() && key == saved_after.scan()?.key;
    let old = Side::load(&saved_before, comparable)?;
    let new = Side::load(&saved_after, comparable)?;
    let pairs = matching::pairs(&old, &new, comparable);
    let (changes, same) = changes((&old, &new), &pairs, comparable);
    Ok(Comparison {
        schema: 1,
        before: source(before, &old),
        after: source(after, &new),
        comparable,
        tables: table_changes((&old, &new), &pairs),
        changes,
        values: comparable.then(|| all_values(&old, &new)),
        same,
    })
}

fn source(path: &Path, side: &Side) -> Source {
    Source {
        result: path.display().to_string(),
        started: side.scan.started.clone(),
        findings: side.summary.findings,
        unread: side.summary.unread,
        sample: side.summary.sample,
    }
}

fn table_changes((old, new): (&Side, &Side), pairs: &matching::Pairs) -> Vec<TableChange> {
    let columns = |table: &Option<tables::Table>, side: &Side| {
        let all = table.iter().flat_map(|table| &table.columns);
        let personal = all
            .clone()
            .filter(|at| !side.columns[**at].detectors.is_empty());
        (all.clone().count() as u64, personal.count() as u64)
    };
    // As it is shown elsewhere: with its root.
    let place = |table: &Option<tables::Table>, side: &Side| {
        let first = *table.as_ref()?.columns.first()?;
        Some(Place {
            column: None,
            ..(*side.columns[first].place).clone()
        })
    };
    let each = pairs.tables.iter().map(|(before, after)| {
        let (a, b) = (columns(before, old), columns(after, new));
        TableChange {
            change: match (before, after) {
                (Some(before), Some(after)) => tables::kind(&before.place, &after.place),
                (Some(_), None) => Kind::Gone,
                (None, _) => Kind::New,
            },
            before: place(before, old),
            after: place(after, new),
            columns: a.0.max(b.0),
            personal: a.1.max(b.1),
        }
    });
    let mut all: Vec<TableChange> = each.collect();
    all.sort_by(|a, b| {
        let place = |change: &TableChange| change.after.clone().or_else(|| change.before.clone());
        (place(a), a.change).cmp(&(place(b), b.change))
    });
    all
}

/// By detector, what became of all its values.
fn all_values(old: &Side, new: &Side) -> Vec<DetectorValues> {
    let names: BTreeSet<_> = old.detectors().chain(new.detectors()).collect();
    let each = names.into_iter().map(|detector| {
        let all = (old.all(detector), new.all(detector));
        let [before, after, _] = side::common(all.0, all.1);
        DetectorValues {
            detector: detector.to_string(),
            before,
            after,
            values: side::values(all, all),
        }
    });
    each.collect()
}

/// All that two columns hold.
fn holds(columns: &[&ColumnRecord]) -> Vec<String> {
    let all = columns.iter().flat_map(|column| &column.detectors);
    let names: BTreeSet<String> = all.map(|found| found.detector.to_string()).collect();
    names.into_iter().collect()
}

fn changes(
    (old, new): (&Side, &Side),
    pairs: &matching::Pairs,
    comparable: bool,
) -> (Vec<Change>, u64) {
    let mut changes = Vec::new();
    let mut same = 0;
    for pair in &pairs.both {
        let (a, b) = (&old.columns[pair.before], &new.columns[pair.after]);
        let mut detectors = differences(a, b);
        if comparable {
            add_values(&mut detectors, (old, pair.before), (new, pair.after));
        }
        if pair.kind == Kind::Changed && detectors.is_empty() {
            same += 1;
            continue;
        }
        changes.push(Change {
            change: pair.kind,
            before: Some((*a.place).clone()),
            after: Some((*b.place).clone()),
            similarity: pair.similarity,
            holds: holds(&[a, b]),
            detectors,
        });
    }
    let alone = |at: usize, is_new: bool| {
        let side = if is_new { new } else { old };
        let column = &side.columns[at];
        let each = column.detectors.iter().map(|found| {
            let here = side.values(at, &found.detector);
            let both = if is_new {
                (&[][..], here)
            } else {
                (here, &[][..])
            };
            let all = (old.all(&found.detector), new.all(&found.detector));
            DetectorChange {
                detector: found.detector.to_string(),
                category: found.category.to_string(),
                before: (!is_new).then(|| count(found)),
                after: is_new.then(|| count(found)),
                values: (comparable && !here.is_empty()).then(|| side::values(both, all)),
            }
        });
        Change {
            change: if is_new { Kind::New } else { Kind::Gone },
            before: (!is_new).then(|| (*column.place).clone()),
            after: is_new.then(|| (*column.place).clone()),
            similarity: None,
            holds: holds(&[column]),
            detectors: each.collect(),
        }
    };
    changes.extend(pairs.gone.iter().map(|&at| alone(at, false)));
    changes.extend(pairs.new.iter().map(|&at| alone(at, true)));
    changes.sort_by(|a, b| {
        let place = |change: &Change| change.after.clone().or_else(|| change.before.clone());
        (place(a), a.change).cmp(&(place(b), b.change))
    });
    (changes, same)
}

fn count(found: &crate::event::ColumnDetector) -> Count {
    Count {
        matches: found.matches,
        distinct: found.distinct,
        confidence: found.confidence,
    }
}

/// Detectors that found something else.
fn differences(before: &ColumnRecord, after: &ColumnRecord) -> Vec<DetectorChange> {
    let mut all: BTreeMap<(String, String), (Option<Count>, Option<Count>)> = BTreeMap::new();
    let key = |found: &crate::event::ColumnDetector| {
        (found.detector.to_string(), found.category.to_string())
    };
    for found in &before.detectors {
        all.entry(key(found)).or_default().0 = Some(count(found));
    }
    for found in &after.detectors {
        all.entry(key(found)).or_default().1 = Some(count(found));
    }
    all.into_iter()
        .map(|((detector, category), (before, after))| DetectorChange {
            detector,
            category,
            before,
            after,
            values: None,
        })
        .filter(|change| match (change.before, change.after) {
            (Some(a), Some(b)) => {
                a.matches != b.matches
                    || a.distinct != b.distinct
                    || (a.confidence - b.confidence).abs() >= SURER
            }
            _ => true,
        })
        .collect()
}

/// Adds what became of single values, also of detectors whose counts are the same.
fn add_values(
    detectors: &mut Vec<DetectorChange>,
    (old, before): (&Side, usize),
    (new, after): (&Side, usize),
) {
    let found: Vec<(String, String, Count, Count)> = old.columns[before]
        .detectors
        .iter()
        .filter_map(|a| {
            let others = &new.columns[after].detectors;
            let b = others.iter().find(|b| b.detector == a.detector)?;
            Some((
                a.detector.to_string(),
                a.category.to_string(),
                count(a),
                count(b),
            ))
        })
        .collect();
    for (detector, category, a, b) in found {
        let here = (old.values(before, &detector), new.values(after, &detector));
        let values = side::values(here, (old.all(&detector), new.all(&detector)));
        if let Some(known) = detectors
            .iter_mut()
            .find(|known| known.detector == detector)
        {
            known.values = Some(values);
        } else if values != Values::default() {
            detectors.push(DetectorChange {
                detector,
                category,
                before: Some(a),
                after: Some(b),
                values: Some(values),
            });
        }
    }
}

#[cfg(test)]
mod tests;
