//! Outcomes of files that were scanned before, so that nothing is measured twice.
//!
//! Rules are judged against each other within a column, so an outcome hangs on all of them, on the weights, on the program, and
//! on nothing but the file and its truth beside. The key of an outcome is a hash of all that: one rule changed, and every
//! outcome is made anew. What is kept has no value in it and no name from the data: numbers, and masked text of false
//! alarms. An outcome that would need more, such as the name of a column that the truth doesn't name, is not kept, and
//! neither is one of a file that could not be read in full.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::outcome::{Alarm, FLOOR, FileOutcome};
use crate::quality::truth::{Entry, Names, Truth};

/// Bytes that are kept at the most; the oldest outcomes go first.
const MOST: u64 = 256 << 20;

/// A folder of outcomes.
#[derive(Debug)]
pub struct Cache {
    folder: PathBuf,
    /// A hash of the program.
    program: blake3::Hash,
}

/// The key of an outcome.
pub(super) struct Key(String);

/// An outcome as it is kept. Detectors are numbers into `detectors`.
#[derive(Serialize, Deserialize)]
struct Kept {
    detectors: Vec<String>,
    best: Vec<u16>,
    /// Column, row, detector, confidence, what it is instead, mask.
    alarms: Vec<(u32, u64, u32, u16, Option<u32>, String)>,
    columns_best: Vec<((u32, u32), u16)>,
    bytes: u64,
}

impl Cache {
    /// A cache in this folder, which is made when something is kept.
    pub fn at(folder: PathBuf) -> io::Result<Self> {
        Ok(Self {
            folder,
            program: hash_of(&std::env::current_exe()?)?,
        })
    }

    /// The folder of the platform, for caches of this program; none where it has none.
    pub fn usual_folder() -> Option<PathBuf> {
        let set = |name: &str| {
            let value = std::env::var_os(name).map(PathBuf::from);
            value.filter(|path| path.is_absolute())
        };
        let caches = if cfg!(windows) {
            set("LOCALAPPDATA")
        } else if cfg!(target_os = "macos") {
            set("HOME").map(|home| home.join("Library/Caches"))
        } else {
            // XDG Base Directory Specification.
            set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")))
        };
        caches.map(|caches| caches.join("speur").join("eval"))
    }

    /// The key of a file's outcome under rules of this digest; none where the file can't be read.
    pub(super) fn key(&self, entry: &Entry, digest: &str) -> Option<Key> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.program.as_bytes());
        hasher.update(digest.as_bytes());
        hasher.update(&FLOOR.to_le_bytes());
        // The name tells formats apart, and so does, of dumps in a folder, what stands beside.
        let name = entry.data.file_name()?.to_string_lossy();
        hasher.update(&(name.len() as u64).to_le_bytes());
        hasher.update(name.as_bytes());
        for path in [&entry.data, &entry.truth] {
            hasher.update(hash_of(path).ok()?.as_bytes());
        }
        if let Ok(contents) = hash_of(&entry.data.with_file_name("toc.dat")) {
            hasher.update(contents.as_bytes());
        }
        Some(Key(hasher.finalize().to_hex().to_string()))
    }

    /// The outcome that is kept under a key. One that can't be read is none.
    pub(super) fn get(&self, key: &Key, truth: &Truth, names: &mut Names) -> Option<FileOutcome> {
        let text = fs::read(self.path(key)).ok()?;
        let kept: Kept = serde_json::from_slice(&text).ok()?;
        let detectors: Vec<u32> = kept.detectors.iter().map(|id| names.number(id)).collect();
        let detector = |number: u32| detectors.get(number as usize).copied();
        let alarm = |(column, row, number, confidence, instead_of, masked): (
            _,
            _,
            _,
            _,
            Option<u32>,
            String,
        )| {
            Some(Alarm {
                column,
                row,
                detector: detector(number)?,
                confidence,
                instead_of: match instead_of {
                    Some(number) => Some(detector(number)?),
                    None => None,
                },
                masked: masked.into(),
            })
        };
        let of_column =
            |((column, number), best): ((u32, u32), u16)| Some(((column, detector(number)?), best));
        let is_whole = kept.best.len() == truth.labels.len();
        let mut outcome = FileOutcome {
            columns: truth.columns.clone(),
            best: kept.best,
            alarms: kept.alarms.into_iter().map(alarm).collect::<Option<_>>()?,
            columns_best: kept
                .columns_best
                .into_iter()
                .map(of_column)
                .collect::<Option<_>>()?,
            bytes: kept.bytes,
            problem: None,
        };
        let columns = outcome.columns.len() as u32;
        let places = outcome.alarms.iter().map(|alarm| alarm.column);
        let places = places.chain(outcome.columns_best.iter().map(|((column, _), _)| *column));
        let is_whole = is_whole && places.into_iter().all(|column| column < columns);
        // Detectors may have other numbers now, by which these lists are in order.
        outcome
            .alarms
            .sort_unstable_by_key(|alarm| (alarm.column, alarm.row, alarm.detector));
        outcome.columns_best.sort_unstable();
        is_whole.then_some(outcome)
    }

    /// Keeps an outcome, where that is possible. A cache that can't be written to is as good as none.
    pub(super) fn put(&self, key: &Key, outcome: &FileOutcome, truth: &Truth, names: &Names) {
        if outcome.problem.is_some() || outcome.columns.len() != truth.columns.len() {
            return;
        }
        let mut known = Names::default();
        let mut number = |detector: u32| known.number(names.name(detector));
        let kept = Kept {
            best: outcome.best.clone(),
            alarms: outcome
                .alarms
                .iter()
                .map(|alarm| {
                    (
                        alarm.column,
                        alarm.row,
                        number(alarm.detector),
                        alarm.confidence,
                        alarm.instead_of.map(&mut number),
                        alarm.masked.to_string(),
                    )
                })
                .collect(),
            columns_best: outcome
                .columns_best
                .iter()
                .map(|((column, detector), best)| ((*column, number(*detector)), *best))
                .collect(),
            bytes: outcome.bytes,
            detectors: known.all().to_vec(),
        };
        let _ = self.write(key, &kept);
    }

    /// Writes beside and renames, so that another run never reads half of it.
    fn write(&self, key: &Key, kept: &Kept) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let file = tempfile::NamedTempFile::new_in(&self.folder)?;
        serde_json::to_writer(io::BufWriter::new(&file), kept)?;
        file.persist(self.path(key))?;
        Ok(())
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.folder.join(format!("{}.json", key.0))
    }

    /// Removes the oldest outcomes beyond [`MOST`].
    pub(super) fn trim(&self) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let meta = entry.metadata()?;
            let is_ours = entry.path().extension().is_some_and(|end| end == "json");
            if meta.is_file() && is_ours {
                files.push((meta.modified()?, meta.len(), entry.path()));
            }
        }
        files.sort();
        let mut sum: u64 = files.iter().map(|(_, len, _)| len).sum();
        for (_, len, path) in files {
            if sum <= MOST {
                break;
            }
            fs::remove_file(path)?;
            sum -= len;
        }
        Ok(())
    }
}

fn hash_of(path: &Path) -> io::Result<blake3::Hash> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok(hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quality::eval::outcome::{Labelled, Ran, run};
    use crate::quality::truth::{Corpus, truth_of};
    use crate::rule::{RuleSet, Selection};
    use crate::scan::Scan;

    const DATA: &str = "mail,nr\nann@example.nl,111222333\nbob@post.nl,123456782\n";
    const TRUTH: &str = r#"{"columns":[{"column":"mail","detector":"email"}],"traps":[{"column":"nr","why":"orders"}]}
{"row":1,"column":"mail","detector":"email"}
"#;

    fn ran(folder: &Path, cache: &Cache, only: &str) -> Ran {
        let rules = RuleSet::load(&Selection {
            builtin: true,
            paths: vec![],
            only: vec![only.into()],
            skip: vec![],
            weights: None,
        })
        .unwrap();
        let corpus = Corpus::open(&[folder.to_owned()]).unwrap();
        let mut labelled = Labelled::load(corpus).unwrap();
        run(Scan::of(vec![], rules), &mut labelled, Some(cache)).unwrap()
    }

    #[test]
    fn what_is_known_is_not_scanned_and_comes_out_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let kept = tempfile::tempdir().unwrap();
        let data = folder.path().join("a.csv");
        fs::write(&data, DATA).unwrap();
        fs::write(truth_of(&data), TRUTH).unwrap();
        let cache = Cache::at(kept.path().join("deep")).unwrap();
        let first = ran(folder.path(), &cache, "email");
        let second = ran(folder.path(), &cache, "email");
        assert_eq!((first.known, second.known), (0, 1));
        assert_eq!(
            format!("{:?}", first.outcomes),
            format!("{:?}", second.outcomes)
        );
        assert_eq!(
            second.outcomes[0].alarms.len(),
            1,
            "the second address is not labelled"
        );
        for file in fs::read_dir(kept.path().join("deep")).unwrap() {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            assert!(
                !text.contains("bob@post.nl") && !text.contains("mail,"),
                "{text}"
            );
        }
        // Other rules, other data, another truth: each is another outcome.
        assert_eq!(ran(folder.path(), &cache, "nl-*").known, 0);
        fs::write(&data, DATA.replace("bob", "eve")).unwrap();
        assert_eq!(ran(folder.path(), &cache, "email").known, 0);
        fs::write(truth_of(&data), TRUTH.replace("orders", "others")).unwrap();
        assert_eq!(ran(folder.path(), &cache, "email").known, 0);
        assert_eq!(ran(folder.path(), &cache, "email").known, 1);
    }

    #[test]
    fn names_from_the_data_are_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let kept = tempfile::tempdir().unwrap();
        let data = folder.path().join("a.csv");
        fs::write(&data, DATA).unwrap();
        fs::write(truth_of(&data), "{}\n").unwrap();
        let cache = Cache::at(kept.path().to_owned()).unwrap();
        assert_eq!(ran(folder.path(), &cache, "email").known, 0);
        assert_eq!(ran(folder.path(), &cache, "email").known, 0);
        assert_eq!(fs::read_dir(kept.path()).unwrap().count(), 0);
    }

    #[test]
    fn an_outcome_that_is_damaged_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let kept = tempfile::tempdir().unwrap();
        let data = folder.path().join("a.csv");
        fs::write(&data, DATA).unwrap();
        fs::write(truth_of(&data), TRUTH).unwrap();
        let cache = Cache::at(kept.path().to_owned()).unwrap();
        let first = ran(folder.path(), &cache, "email");
        for file in fs::read_dir(kept.path()).unwrap() {
            fs::write(file.unwrap().path(), "{\"best\":[").unwrap();
        }
        let second = ran(folder.path(), &cache, "email");
        assert_eq!(second.known, 0);
        assert_eq!(
            format!("{:?}", first.outcomes),
            format!("{:?}", second.outcomes)
        );
    }
}
