//! `speur bench seed`: recall measured on the user's own files.
//!
//! Values of invented persons take the place of values in copies in memory, in the same encoding, quoting and nesting, and the
//! copies are packed again as the files were. A scan of the copies then shows what share is found, by format, detector,
//! and where the value stands. Nothing is written to disk, and nothing of the files is shown.
//!
//! `tree.rs` takes a file apart down to its documents (`pack.rs`, `zip.rs`, `tar.rs`), `copy.rs` says where the values of one are,
//! `plant.rs` chooses places and fills them (`parquet.rs`, `sqlite.rs`); this file scans and counts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hashbrown::{HashMap, HashSet};
use serde::Serialize;

use super::eval::measure::{Estimate, wilson};
use super::generate::{Locale, Rng};
use crate::error::Error;
use crate::event::{Event, Finding};
use crate::input::Bytes;
use crate::scan::{Progress, Scan};

mod copy;
mod pack;
#[cfg(feature = "parquet")]
mod parquet;
mod plant;
mod sqlite;
#[cfg(feature = "archives")]
mod tar;
mod tree;
#[cfg(feature = "archives")]
mod zip;

use plant::{Place, Planted, Where, plant, without_places};
use tree::Apart;

/// How values are planted.
#[derive(Clone, Debug)]
pub struct Options {
    /// Values of each kind, in each file.
    pub values: usize,
    /// Countries whose numbers are planted.
    pub locales: Vec<Locale>,
    /// Equal seeds plant equal values in equal places.
    pub seed: u64,
    /// From which confidence on a value counts as found.
    pub threshold: f64,
}

/// What share was found of one detector's values in one kind of place of one format.
#[derive(Clone, Debug, Serialize)]
pub struct Recall {
    /// The format, with what it is packed in.
    pub format: String,
    /// The detector.
    pub detector: String,
    /// Where the values stand.
    pub place: &'static str,
    /// How many were planted.
    pub planted: u64,
    /// How many were found.
    pub found: u64,
    /// The share, with an interval of 95 %.
    pub recall: Option<Estimate>,
}

/// What came of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Outcome {
    /// By format, detector and place.
    pub recalls: Vec<Recall>,
    /// Files in which values were planted.
    pub files: usize,
    /// Files, and members of archives, in which none could be, and why.
    pub left_out: Vec<(String, String)>,
    /// Files of which only the start was copied.
    pub cut: Vec<String>,
}

/// Key of a count.
type Key = (String, String, &'static str);

/// Plants values in copies of the files below these paths, and scans the copies with the rules of `scan`.
pub fn seed(scan: &Scan, paths: &[PathBuf], options: &Options) -> Result<Outcome, Error> {
    let mut outcome = Outcome::default();
    let mut counts: BTreeMap<Key, (u64, u64)> = BTreeMap::new();
    for (number, found) in crate::input::walk::walk(paths, &scan.walk)?.enumerate() {
        let Some(path) = &found.path else {
            continue;
        };
        if let Some(problem) = found.problem {
            outcome.left_out.push((found.name, problem.to_string()));
            continue;
        }
        match seeded(scan, path, &found.name, options, number as u64) {
            Ok(file) => {
                outcome.files += 1;
                for (member, why) in file.left_out {
                    let name = crate::report::input_name(&found.name, Some(&member));
                    outcome.left_out.push((name, why));
                }
                if file.is_cut {
                    outcome.cut.push(found.name);
                }
                for (key, (planted, found)) in file.counts {
                    let sum = counts.entry(key).or_default();
                    sum.0 += planted;
                    sum.1 += found;
                }
            }
            Err(why) => outcome.left_out.push((found.name, why)),
        }
    }
    outcome.recalls = counts
        .into_iter()
        .map(|((format, detector, place), (planted, found))| Recall {
            format,
            detector,
            place,
            planted,
            found,
            recall: wilson(found, planted),
        })
        .collect();
    Ok(outcome)
}

/// One file's counts.
struct Seeded {
    counts: BTreeMap<Key, (u64, u64)>,
    left_out: Vec<(String, String)>,
    is_cut: bool,
}

/// What was planted in a document.
struct Sown {
    format: String,
    planted: Vec<Planted>,
}

fn seeded(
    scan: &Scan,
    path: &Path,
    name: &str,
    options: &Options,
    number: u64,
) -> Result<Seeded, String> {
    let mut apart = Apart::new(&scan.read);
    let tree = apart.file(path, name)?;
    let mut left_out = apart.left_out;
    let (held, members) = held(scan, name, &tree.stored()?)?;
    let mut rng = Rng::new(options.seed, number);
    let mut sown: BTreeMap<String, Sown> = BTreeMap::new();
    let bytes = tree.changed(&mut |member, document| {
        // Else nothing planted there could be told from what is missed.
        if !members.contains(member) {
            let why = "a scan calls it otherwise, or doesn't read it".to_owned();
            left_out.push((member.to_owned(), why));
            return Ok(None);
        }
        let (bytes, planted) = match plant(&document.copy, member, &held, options, &mut rng) {
            Ok(planted) => planted,
            Err(why) if !member.is_empty() => {
                left_out.push((member.to_owned(), why));
                return Ok(None);
            }
            Err(why) => return Err(why),
        };
        if planted.is_empty() {
            return Ok(None);
        }
        let planted = if document.has_places {
            planted
        } else {
            without_places(&bytes, planted)
        };
        let sown = sown.entry(member.to_owned()).or_insert_with(|| Sown {
            format: document.format.clone(),
            planted: Vec::new(),
        });
        sown.planted.extend(planted);
        Ok(Some(bytes))
    })?;
    let Some(bytes) = bytes else {
        return Err("it has no value that could be replaced".to_owned());
    };
    let found = found(scan, name, bytes.into(), &sown, options.threshold)?;
    let mut counts: BTreeMap<Key, (u64, u64)> = BTreeMap::new();
    for (member, document) in &sown {
        for (value, is_found) in document.planted.iter().zip(&found[member]) {
            let key = (
                document.format.clone(),
                value.detector.to_owned(),
                value.place.name(),
            );
            let count = counts.entry(key).or_default();
            count.0 += 1;
            count.1 += u64::from(*is_found);
        }
    }
    Ok(Seeded {
        counts,
        left_out,
        is_cut: apart.is_cut,
    })
}

/// Which detectors fill which columns of a file as it is: member, table, column, detector.
type Held = HashMap<(String, String, String), Vec<String>>;

/// What the columns of a file hold; and the members that were read, with the file itself as one without a name.
fn held(scan: &Scan, name: &str, bytes: &Bytes) -> Result<(Held, HashSet<String>), String> {
    let (mut held, mut members) = (Held::new(), HashSet::new());
    let scan = like(scan, false);
    scan.run_in_memory(
        vec![(name.to_owned(), bytes.clone())],
        &Progress::default(),
        &mut |event| {
            let text =
                |part: &Option<std::sync::Arc<str>>| part.as_deref().unwrap_or_default().to_owned();
            if let Event::File(file) = event {
                members.insert(text(&file.member));
            }
            if let Event::Column(column) = event {
                let place = &column.place;
                let place = (text(&place.member), text(&place.table), text(&place.column));
                let full = column
                    .detectors
                    .iter()
                    .filter(|detector| detector.rows * 2 >= column.nonempty);
                let ids = full.map(|detector| detector.detector.to_string());
                held.entry(place).or_default().extend(ids);
            }
            Ok(())
        },
    )
    .map_err(|error| error.to_string())?;
    Ok((held, members))
}

/// Whether each planted value is found, by member.
fn found<'s>(
    scan: &Scan,
    name: &str,
    bytes: Bytes,
    sown: &'s BTreeMap<String, Sown>,
    threshold: f64,
) -> Result<HashMap<&'s String, Vec<bool>>, String> {
    let none = |document: &Sown| vec![false; document.planted.len()];
    let mut is_found: HashMap<&String, Vec<bool>> = sown
        .iter()
        .map(|(member, document)| (member, none(document)))
        .collect();
    let cells = by_cell(sown);
    let scan = like(scan, true);
    scan.run_in_memory(
        vec![(name.to_owned(), bytes)],
        &Progress::default(),
        &mut |event| {
            if let Event::Finding(finding) = event
                && finding.confidence >= threshold
                && let member = finding.place.member.as_deref().unwrap_or_default()
                && let Some((member, document)) = sown.get_key_value(member)
                && let Some(is_found) = is_found.get_mut(member)
            {
                note(finding, member, &document.planted, &cells, is_found);
            }
            Ok(())
        },
    )
    .map_err(|error| error.to_string())?;
    Ok(is_found)
}

/// Member, table, column and row of cells, and which planted values stand there.
type Cells<'s> = HashMap<(&'s str, &'s str, &'s str, u64), Vec<usize>>;

fn by_cell(sown: &BTreeMap<String, Sown>) -> Cells<'_> {
    let mut cells = Cells::new();
    for (member, document) in sown {
        for (number, value) in document.planted.iter().enumerate() {
            if let Place::Cell((table, column), row, _) = &value.at {
                let key = (member.as_str(), table.as_str(), column.as_str(), *row);
                cells.entry(key).or_default().push(number);
            }
        }
    }
    cells
}

/// Notes the planted values that a finding is.
fn note(
    finding: &Finding,
    member: &str,
    planted: &[Planted],
    cells: &Cells<'_>,
    is_found: &mut [bool],
) {
    // Planted values are in the order of their places, and do not overlap.
    if let Some((start, end)) = finding.start.zip(finding.end) {
        let first = planted
            .partition_point(|value| matches!(value.at, Place::Bytes(_, last) if last <= start));
        for (value, is_found) in planted.iter().zip(is_found.iter_mut()).skip(first) {
            if !matches!(value.at, Place::Bytes(first, _) if first < end) {
                break;
            }
            *is_found |= value.accepts(&finding.detector.id);
        }
    }
    let found = finding.value.as_deref().unwrap_or_default();
    let is_it = |text: &str| !found.is_empty() && (text.contains(found) || found.contains(text));
    for (value, is_found) in planted.iter().zip(is_found.iter_mut()) {
        let Place::Somewhere(text) = &value.at else {
            break;
        };
        // A short part of it may as well stand elsewhere.
        let is_most = found.len() * 2 >= text.len();
        *is_found |= is_it(text) && is_most && value.accepts(&finding.detector.id);
    }
    let part = |part: &'_ Option<std::sync::Arc<str>>| part.clone().unwrap_or_default();
    let (table, column) = (part(&finding.place.table), part(&finding.place.column));
    for &number in cells
        .get(&(member, &*table, &*column, finding.row))
        .into_iter()
        .flatten()
    {
        if let Place::Cell(_, _, text) = &planted[number].at {
            is_found[number] |= is_it(text) && planted[number].accepts(&finding.detector.id);
        }
    }
}

/// The same scan, over other inputs.
fn like(scan: &Scan, findings: bool) -> Scan {
    Scan {
        roots: Vec::new(),
        walk: scan.walk.clone(),
        thresholds: scan.thresholds.clone(),
        enumerate: Vec::new(),
        read: scan.read.clone(),
        rules: scan.rules.clone(),
        findings,
        samples: 0,
        reveal: true, // names of columns must come back as they are; no value is kept
        ..*scan
    }
}

impl Where {
    fn name(self) -> &'static str {
        match self {
            Where::Own => "its own column",
            Where::Text => "within a text",
            Where::Stray => "a stray cell",
        }
    }
}

#[cfg(test)]
mod tests;
