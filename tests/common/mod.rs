//! What several test programs share: scanning a path with the library and looking at the records.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::path::{Path, PathBuf};

use serde_json::Value;
use speur::event::Event;
use speur::format::ReadOptions;
use speur::input::WalkOptions;
use speur::rule::{RuleSet, Selection};
use speur::scan::{Bounds, Progress, Scan};

pub(crate) mod mutate;

/// A scan of these paths with all built-in rules, single findings, and a fixed key.
pub(crate) fn scan_of(paths: &[&Path]) -> Scan {
    let selection = Selection {
        builtin: true,
        paths: Vec::new(),
        only: Vec::new(),
        skip: Vec::new(),
        weights: None,
    };
    Scan {
        roots: paths.iter().map(PathBuf::from).collect(),
        walk: WalkOptions::default(),
        read: ReadOptions::default(),
        rules: RuleSet::load(&selection).expect("the built-in rules load"),
        mmap: true,
        threads: 2,
        min_confidence: 0.5,
        thresholds: std::collections::BTreeMap::new(),
        explain: false,
        reveal: false,
        findings: true,
        samples: 5,
        sample: None,
        enumerate: Vec::new(),
        key: Some([7; 32]),
        bounds: Bounds::default(),
    }
}

/// Runs a scan; its records, without the first and the last one, which hold times.
pub(crate) fn records(scan: &Scan) -> Vec<Value> {
    let mut records = Vec::new();
    scan.run(&Progress::default(), &mut |event| {
        if !matches!(event, Event::Scan(_) | Event::Summary(_)) {
            records.push(serde_json::to_value(event).expect("an event is JSON"));
        }
        Ok(())
    })
    .expect("the scan runs");
    records
}

/// The records of one type.
pub(crate) fn of_type<'r>(records: &'r [Value], kind: &str) -> Vec<&'r Value> {
    records
        .iter()
        .filter(|record| record["type"] == kind)
        .collect()
}

/// Writes a file into a folder.
pub(crate) fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).expect("the folder can be made");
    }
    std::fs::write(&path, content).expect("the file can be written");
    path
}

/// The shipped sample export.
pub(crate) fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sample")
}
