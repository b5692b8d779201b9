//! Runs the examples of rules: `speur rules test`.
//!
//! An example becomes a file, a line of text or a table, and is scanned like any other. Text examples speak of pattern and
//! check alone: what must be found counts at any confidence, what must not at the default one. Columns are judged at the
//! default confidence, and repeated to a few dozen rows, because a handful is less than any real column.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use hashbrown::HashMap;

use crate::error::Error;
use crate::event::Event;
use crate::rule::{Example, Rule, RuleSet};
use crate::scan::{Progress, Scan};

/// Rows that a column is repeated to.
const ROWS: usize = 30;
/// The default confidence.
const DEFAULT: f64 = 0.5;

/// An example that doesn't hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The rule.
    pub id: String,
    /// The example, as it is written.
    pub example: String,
    /// Whether it must be found.
    pub wanted: bool,
    /// What was found there instead: detector, confidence, and how often.
    pub found: Vec<String>,
}

/// An example's text, as it is shown.
pub fn shown(example: &Example) -> String {
    match example {
        Example::Text(text) => text.clone(),
        Example::Column { header, values } => {
            let header = header.as_deref().unwrap_or("without a header");
            format!("column {header}: {}", values.join(", "))
        }
    }
}

/// Runs the examples of `rules` with the rules of `scan`; gives how many there are, and those that don't hold.
pub fn run(rules: &[Rule], scan: &Scan) -> Result<(usize, Vec<Failure>), Error> {
    let folder = tempfile::tempdir()?;
    let mut examples = Vec::new();
    for rule in rules {
        let matches = rule.examples.matches.iter().map(|example| (example, true));
        let skips = rule.examples.skip.iter().map(|example| (example, false));
        examples.extend(
            matches
                .chain(skips)
                .map(|(example, wanted)| (rule, example, wanted)),
        );
    }
    let is_free = |example: &Example, wanted| wanted && matches!(example, Example::Text(_));
    let (free, judged): (Vec<_>, Vec<_>) = examples
        .iter()
        .partition(|(_, example, wanted)| is_free(example, *wanted));
    let mut failures = failing(&free, &folder.path().join("free"), 0.0, scan)?;
    failures.extend(failing(
        &judged,
        &folder.path().join("judged"),
        DEFAULT,
        scan,
    )?);
    failures.sort_by(|a, b| (&a.id, !a.wanted, &a.example).cmp(&(&b.id, !b.wanted, &b.example)));
    Ok((examples.len(), failures))
}

/// An example, the rule it belongs to, and whether it must be found.
type Case<'r> = (&'r Rule, &'r Example, bool);

fn failing(
    cases: &[&Case<'_>],
    folder: &Path,
    min_confidence: f64,
    scan: &Scan,
) -> Result<Vec<Failure>, Error> {
    fs::create_dir(folder)?;
    let mut files = Vec::new();
    for (number, (_, example, _)) in cases.iter().enumerate() {
        files.push(write(folder, number, example)?);
    }
    let found = found(files, min_confidence, scan)?;
    let failures = cases
        .iter()
        .zip(&found)
        .filter_map(|((rule, example, wanted), found)| {
            let is_found = found.contains_key(rule.id.as_str());
            (is_found != *wanted).then(|| {
                let mut found: Vec<String> = found
                    .iter()
                    .map(|(id, (confidence, count))| {
                        format!("{id} ({confidence:.3}, {count} times)")
                    })
                    .collect();
                found.sort_unstable();
                Failure {
                    id: rule.id.clone(),
                    example: shown(example),
                    wanted: *wanted,
                    found,
                }
            })
        });
    Ok(failures.collect())
}

fn write(folder: &Path, number: usize, example: &Example) -> Result<PathBuf, Error> {
    let (extension, content) = match example {
        Example::Text(text) => ("txt", format!("{text}\n")),
        Example::Column { header, values } => {
            let header = header.as_deref().unwrap_or("x");
            let values = values.iter().cycle().take(values.len().max(ROWS));
            let mut content = format!("n,\"{}\"\n", header.replace('"', "\"\""));
            for (row, value) in values.enumerate() {
                let _ = writeln!(content, "{row},\"{}\"", value.replace('"', "\"\""));
            }
            ("csv", content)
        }
    };
    let path = folder.join(format!("{number:06}.{extension}"));
    fs::write(&path, content)?;
    Ok(path)
}

/// Detectors found in each file, with the surest confidence and how often.
type Found = HashMap<String, (f64, u64)>;

fn found(files: Vec<PathBuf>, min_confidence: f64, scan: &Scan) -> Result<Vec<Found>, Error> {
    let numbers: HashMap<String, usize> = files
        .iter()
        .enumerate()
        .map(|(number, path)| (path.to_string_lossy().into_owned(), number))
        .collect();
    let mut all = vec![Found::new(); files.len()];
    if files.is_empty() {
        return Ok(all);
    }
    let scan = Scan {
        roots: files,
        walk: scan.walk.clone(),
        thresholds: scan.thresholds.clone(),
        enumerate: Vec::new(),
        read: scan.read.clone(),
        rules: scan.rules.clone(),
        min_confidence,
        findings: true,
        samples: 0,
        explain: true, // decoys are named too, as what was found
        reveal: true,  // names of files must come back as they are; no value is kept
        ..*scan
    };
    scan.run(&Progress::default(), &mut |event| {
        if let Event::Finding(finding) = event
            && let Some(&number) = numbers.get(&*finding.place.file)
        {
            let (surest, count) = all[number].entry_ref(&*finding.detector.id).or_default();
            *surest = surest.max(finding.confidence);
            *count += 1;
        }
        Ok(())
    })?;
    Ok(all)
}

/// The examples of a rule that must be found, each with how sure its surest finding is, and why.
pub fn explained(
    rule: &Rule,
    rules: &RuleSet,
    scan: &Scan,
) -> Result<Vec<(String, f64, Vec<String>)>, Error> {
    let folder = tempfile::tempdir()?;
    let mut list = Vec::new();
    for (number, example) in rule.examples.matches.iter().enumerate() {
        let scan = Scan {
            roots: vec![write(folder.path(), number, example)?],
            walk: scan.walk.clone(),
            thresholds: scan.thresholds.clone(),
            enumerate: Vec::new(),
            read: scan.read.clone(),
            rules: rules.clone(),
            min_confidence: 0.0,
            findings: true,
            ..*scan
        };
        let mut best: Option<(f64, Vec<String>)> = None;
        scan.run(&Progress::default(), &mut |event| {
            if let Event::Finding(finding) = event
                && *finding.detector.id == *rule.id
                && best
                    .as_ref()
                    .is_none_or(|(sure, _)| *sure < finding.confidence)
            {
                best = Some((finding.confidence, finding.evidence.to_vec()));
            }
            Ok(())
        })?;
        if let Some((confidence, evidence)) = best {
            list.push((shown(example), confidence, evidence));
        }
    }
    Ok(list)
}
