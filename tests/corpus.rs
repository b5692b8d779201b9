//! Each folder in `fixtures/corpus` is scanned and compared with its `expected.ndjson`.
//!
//! A new case is a new folder: `in/` with the input, and the expected records, which `UPDATE=1 cargo test` writes and which
//! are reviewed like code. Findings are left out of the expectation where a case has more than `MOST` of them.

mod common;

use std::path::Path;

use common::{records, scan_of};
use serde_json::Value;

const MOST: usize = 200;

fn corpus() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/corpus")
}

/// The records of a case, with paths relative to it.
fn scanned(folder: &Path) -> Vec<String> {
    let input = folder.join("in");
    let mut found = records(&scan_of(&[&input]));
    let findings = found
        .iter()
        .filter(|record| record["type"] == "finding")
        .count();
    if findings > MOST {
        found.retain(|record| record["type"] != "finding");
    }
    let prefix = format!("{}/", input.to_string_lossy());
    for record in &mut found {
        drop_working(record);
        if let Some(file) = record["file"]
            .as_str()
            .and_then(|file| file.strip_prefix(&prefix))
        {
            record["file"] = Value::from(file);
        }
    }
    found.iter().map(ToString::to_string).collect()
}

/// How a confidence adds up changes with every figure of the model; what is expected is what it comes to.
fn drop_working(record: &mut Value) {
    let detectors = record.get_mut("detectors").and_then(Value::as_array_mut);
    for detector in detectors.into_iter().flatten() {
        for field in ["weights", "check", "confidences", "signature"] {
            detector
                .as_object_mut()
                .and_then(|fields| fields.remove(field));
        }
    }
}

#[test]
fn every_case_gives_the_expected_records() {
    let mut cases = 0;
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(corpus()).expect("fixtures/corpus exists") {
        let folder = entry.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        cases += 1;
        let expected_path = folder.join("expected.ndjson");
        let found = scanned(&folder).join("\n") + "\n";
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&expected_path, &found).unwrap();
            continue;
        }
        let expected = std::fs::read_to_string(&expected_path).unwrap_or_default();
        if expected != found {
            let line = expected
                .lines()
                .zip(found.lines())
                .position(|(a, b)| a != b);
            let at = line.unwrap_or_else(|| expected.lines().count().min(found.lines().count()));
            wrong.push(format!(
                "{}, record {}:\n  expected {}\n  found    {}",
                folder.display(),
                at + 1,
                expected.lines().nth(at).unwrap_or("nothing"),
                found.lines().nth(at).unwrap_or("nothing"),
            ));
        }
    }
    assert!(cases > 0, "there are cases");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
