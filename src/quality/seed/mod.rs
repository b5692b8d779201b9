//! `speur bench seed`: recall measured on the user's own files.
//!
//! Values of invented persons take the place of values in copies in memory, in the same encoding, quoting and nesting, and the
//! copies are packed again as the files were. A scan of the copies then shows what share is found, by format, detector,
//! and where the value stands. Nothing is written to disk, and nothing of the files is shown.
//!
//! `copy.rs` reads a file and says where its values are, `plant.rs` chooses places and fills them; this file scans and counts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hashbrown::HashMap;
use serde::Serialize;

use super::eval::measure::{Estimate, wilson};
use super::generate::{Locale, Rng};
use crate::error::Error;
use crate::event::Event;
use crate::input::Bytes;
use crate::scan::{Progress, Scan};

mod copy;
mod plant;

use copy::Copy;
use plant::{Planted, Where, plant};

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
    /// Files in which none could be, and why.
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
    is_cut: bool,
}

fn seeded(
    scan: &Scan,
    path: &Path,
    name: &str,
    options: &Options,
    number: u64,
) -> Result<Seeded, String> {
    let copy = Copy::of(path, name, &scan.read)?;
    let held = held(scan, name, &copy.packed()?)?;
    let mut rng = Rng::new(options.seed, number);
    let (bytes, planted) = plant(&copy, &held, options, &mut rng);
    if planted.is_empty() {
        return Err("it has no value that could be replaced".to_owned());
    }
    let found = found(scan, name, copy.pack(&bytes)?, &planted, options.threshold)?;
    let format = copy.format();
    let mut counts: BTreeMap<Key, (u64, u64)> = BTreeMap::new();
    for (value, is_found) in planted.iter().zip(found) {
        let key = (
            format.clone(),
            value.detector.to_owned(),
            value.place.name(),
        );
        let count = counts.entry(key).or_default();
        count.0 += 1;
        count.1 += u64::from(is_found);
    }
    Ok(Seeded {
        counts,
        is_cut: copy.is_cut,
    })
}

/// Which detectors fill which columns of a file as it is: table, column, detector.
type Held = HashMap<(String, String), Vec<String>>;

fn held(scan: &Scan, name: &str, bytes: &Bytes) -> Result<Held, String> {
    let mut held = Held::new();
    let scan = like(scan, false);
    scan.run_in_memory(
        vec![(name.to_owned(), bytes.clone())],
        &Progress::default(),
        &mut |event| {
            if let Event::Column(column) = event {
                let text = |part: &Option<std::sync::Arc<str>>| {
                    part.as_deref().unwrap_or_default().to_owned()
                };
                let place = (text(&column.place.table), text(&column.place.column));
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
    Ok(held)
}

/// Whether each planted value is found.
fn found(
    scan: &Scan,
    name: &str,
    bytes: Bytes,
    planted: &[Planted],
    threshold: f64,
) -> Result<Vec<bool>, String> {
    let mut is_found = vec![false; planted.len()];
    let scan = like(scan, true);
    // Planted values are in the order of their places, and do not overlap.
    scan.run_in_memory(
        vec![(name.to_owned(), bytes)],
        &Progress::default(),
        &mut |event| {
            if let Event::Finding(finding) = event
                && finding.confidence >= threshold
                && let Some((start, end)) = finding.start.zip(finding.end)
            {
                let first = planted.partition_point(|value| value.end <= start);
                for (value, is_found) in planted.iter().zip(&mut is_found).skip(first) {
                    if value.start >= end {
                        break;
                    }
                    *is_found |= value.accepts(&finding.detector.id);
                }
            }
            Ok(())
        },
    )
    .map_err(|error| error.to_string())?;
    Ok(is_found)
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
mod tests {
    use super::*;
    use crate::rule::{RuleSet, Selection};

    fn rules() -> RuleSet {
        RuleSet::load(&Selection {
            builtin: true,
            paths: vec![],
            only: vec![],
            skip: vec![],
        })
        .unwrap()
    }

    fn options() -> Options {
        Options {
            values: 10,
            locales: vec![Locale::Nl],
            seed: 1,
            threshold: 0.5,
        }
    }

    #[test]
    fn values_are_planted_and_found_in_every_format() {
        let folder = tempfile::tempdir().unwrap();
        let note = "called about the delivery of last week";
        let rows = 0..60;
        let csv: String = std::iter::once("id;email;note\r\n".to_owned())
            .chain(
                rows.clone()
                    .map(|n| format!("{n};u{n}@post{n}.nl;\"{note}; {n}\"\r\n")),
            )
            .collect();
        let json: Vec<String> = rows
            .map(|n| {
                format!("{{\"id\":{n},\"mail\":\"u{n}@post{n}.nl\",\"text\":\"{note}\\n{n}\"}}")
            })
            .collect();
        std::fs::write(folder.path().join("a.csv"), &csv).unwrap();
        std::fs::write(
            folder.path().join("b.json"),
            format!("[{}]", json.join(",")),
        )
        .unwrap();
        std::fs::write(folder.path().join("c.ndjson"), json.join("\n")).unwrap();
        let utf16: Vec<u8> = std::iter::once(0xFEFF)
            .chain(csv.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        std::fs::write(folder.path().join("d.csv"), utf16).unwrap();
        let scan = Scan::of(vec![], rules());
        let outcome = seed(&scan, &[folder.path().to_owned()], &options()).unwrap();
        assert_eq!(outcome.files, 4, "{:?}", outcome.left_out);
        for format in ["csv", "json"] {
            let mails: Vec<_> = outcome
                .recalls
                .iter()
                .filter(|recall| recall.format == format && recall.detector == "email")
                .collect();
            assert!(
                mails.iter().any(|recall| recall.place == "its own column"),
                "{format}"
            );
            assert!(
                mails.iter().any(|recall| recall.place == "within a text"),
                "{format}"
            );
            for recall in mails {
                assert_eq!(recall.found, recall.planted, "{recall:?}");
            }
        }
    }

    #[test]
    fn a_file_without_offsets_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("x.bin"),
            [0, 159, 146, 150, 0, 1, 2, 3].repeat(50),
        )
        .unwrap();
        let scan = Scan::of(vec![], rules());
        let outcome = seed(&scan, &[folder.path().to_owned()], &options()).unwrap();
        assert_eq!((outcome.files, outcome.left_out.len()), (0, 1));
    }
}
