//! Inputs that broke something once, and the fixtures, through the targets.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;

#[path = "../../tests/common/mutate.rs"]
mod mutate;

use mutate::{Random, mutate, number};

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Runs a target; none where it fails.
fn run_file(target: &str, path: &Path) -> Option<bool> {
    let bytes = fs::read(path).unwrap();
    let outcome = std::panic::catch_unwind(|| run(target, &bytes));
    if outcome.is_err() {
        eprintln!("{target} fails on {}", path.display());
    }
    outcome.ok()
}

#[test]
fn what_failed_once_fails_no_more() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/regressions");
    let (mut ran, mut failed) = (0, 0);
    for target in fs::read_dir(root).unwrap() {
        let target = target.unwrap();
        let name = target.file_name().into_string().unwrap();
        for path in files(&target.path()) {
            failed += usize::from(run_file(&name, &path).is_none());
            ran += 1;
        }
    }
    assert!(ran > 0);
    assert_eq!(failed, 0);
}

/// Fixtures and seeds that are no longer than what fuzzers make.
fn short() -> Vec<PathBuf> {
    const LONGEST: u64 = 64 << 10;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = files(&root.join("fixtures"));
    files.extend(self::files(&root.join("fuzz/seeds")));
    files.retain(|path| fs::metadata(path).unwrap().len() <= LONGEST);
    files
}

#[test]
fn each_target_reads_fixtures() {
    let files = short();
    let mut wrong = Vec::new();
    for target in TARGETS {
        let outcomes = files.iter().map(|path| run_file(target.name, path));
        let outcomes: Vec<_> = outcomes.collect();
        if outcomes.contains(&None) || !outcomes.contains(&Some(true)) {
            wrong.push(target.name);
        }
    }
    assert!(wrong.is_empty(), "{wrong:?} fail or read nothing");
}

/// What `tests/mutation.rs` does with whole scans, one target after the other and faster. For more: `MUTATIONS=100000
/// SEED=$RANDOM cargo test --release --lib mutated`; what fails is kept.
#[test]
fn mutated_fixtures_do_no_harm() {
    let files: Vec<Vec<u8>> = short().iter().map(|path| fs::read(path).unwrap()).collect();
    let mut random = Random::new();
    let mut failed = Vec::new();
    for target in TARGETS {
        let of_kind: Vec<_> = files
            .iter()
            .filter(|bytes| run(target.name, bytes))
            .collect();
        for _ in 0..number("MUTATIONS", 640) as usize / TARGETS.len() {
            let mut bytes = of_kind[random.below(of_kind.len())].clone();
            mutate(&mut bytes, &files[random.below(files.len())], &mut random);
            if std::panic::catch_unwind(|| run(target.name, &bytes)).is_err() {
                let kept = tempfile::NamedTempFile::new().unwrap();
                fs::write(kept.path(), &bytes).unwrap();
                failed.push((target.name, kept.into_temp_path().keep().unwrap()));
            }
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
}
