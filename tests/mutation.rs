//! Every fixture, damaged at random: bits flipped, bytes overwritten, cut off, spliced with another. Whatever comes of it, each
//! file has one record, nothing panics, and the scan ends.
//!
//! A run draws the same damage each time and takes some seconds. To look for new cases: `MUTATIONS=100000 SEED=$RANDOM cargo
//! test --release --test mutation`. Whatever is found becomes a file in `fixtures/damaged`.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod common;

use std::path::{Path, PathBuf};

use common::mutate::{Random, mutate, number};
use common::{of_type, records, scan_of};
use serde_json::Value;
use speur::input::Limits;

/// Mutated files of one scan.
const BATCH: usize = 64;
/// Seeds longer than this are cut: what is behind is like what is before.
const LONGEST: usize = 64 << 10;

fn seeds(folder: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            seeds(&path, found);
        } else if !path.ends_with("expected.ndjson") {
            let mut bytes = std::fs::read(&path).unwrap();
            bytes.truncate(LONGEST);
            found.push((path, bytes));
        }
    }
}

#[test]
fn damage_of_any_kind_does_no_harm() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut found = Vec::new();
    seeds(&root, &mut found);
    let mut random = Random::new();
    let mut left = number("MUTATIONS", 640) as usize;
    while left > 0 {
        let folder = tempfile::tempdir().unwrap();
        let count = left.min(BATCH);
        for index in 0..count {
            let (path, bytes) = &found[random.below(found.len())];
            let mut bytes = bytes.clone();
            let other = random.below(found.len());
            mutate(&mut bytes, &found[other].1, &mut random);
            let name = path.file_name().unwrap().to_string_lossy();
            std::fs::write(folder.path().join(format!("{index:02}-{name}")), bytes).unwrap();
        }
        let mut scan = scan_of(&[folder.path()]);
        scan.read.limits = Limits {
            expansion: 64 << 20,
            memory: 16 << 20,
            ..Limits::default()
        };
        let found = records(&scan);
        let files = of_type(&found, "file");
        let own = files.iter().filter(|file| file["member"].is_null()).count();
        let internal: Vec<&&Value> = files
            .iter()
            .filter(|file| {
                file["reason"]
                    .as_str()
                    .is_some_and(|why| why.contains("internal error"))
            })
            .collect();
        if own != count || !internal.is_empty() {
            let kept = folder.keep();
            panic!(
                "{own} records for {count} files in {}: {internal:?}",
                kept.display()
            );
        }
        left -= count;
    }
}
