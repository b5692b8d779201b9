//! Labelled corpora: data files, and beside each its truth, `NAME.truth.ndjson`, which says what its cells hold.
//!
//! `docs/CORPUS.md` describes the format for people. Names of columns and detectors are kept once, and a label is a few
//! numbers, so that millions of labelled cells fit in memory.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use hashbrown::HashMap;
use serde::Deserialize;

use crate::error::Error;

/// What the name of a truth ends in.
pub const SUFFIX: &str = ".truth.ndjson";

/// No line of a truth is longer, in bytes.
const LONGEST_LINE: usize = 1 << 20;

/// Numbers for names, in the order in which they turn up.
#[derive(Clone, Debug, Default)]
pub struct Names {
    list: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Names {
    /// The number of a name, which is new if it has to be.
    pub fn number(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = self.list.len() as u32;
        self.list.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        number
    }

    /// The number of a name that is known.
    pub fn get(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    /// The name of a number that this list gave.
    pub fn name(&self, number: u32) -> &str {
        &self.list[number as usize]
    }

    /// All names, by number.
    pub fn all(&self) -> &[String] {
        &self.list
    }
}

/// A column of a file: its member, table and name, as findings name them; empty where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Column {
    /// The member of an archive.
    pub member: String,
    /// The table or sheet.
    pub table: String,
    /// The column's name or path.
    pub column: String,
}

impl Column {
    /// For people: the parts that there are, one below the other.
    pub fn shown(&self) -> String {
        let parts = [&self.member, &self.table, &self.column];
        let parts: Vec<&str> = parts
            .into_iter()
            .map(String::as_str)
            .filter(|part| !part.is_empty())
            .collect();
        parts.join(" › ")
    }
}

/// A cell, or a stretch of one, that holds personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Its column, a number into [`Truth::columns`].
    pub column: u32,
    /// Its record, from 1.
    pub row: u64,
    /// What it holds, a number into the corpus' detectors.
    pub detector: u32,
    /// First byte and the one behind the last, in the stored input, where they are labelled.
    pub span: Option<(u64, u64)>,
    /// Detectors whose finding there is as good.
    pub also: Vec<u32>,
}

/// What is known of one data file.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    /// Its columns that are labelled.
    pub columns: Vec<Column>,
    /// Which columns hold what.
    pub holds: Vec<(u32, u32)>,
    /// Which columns may count as holding what, or not: neither is a mistake.
    pub either: Vec<(u32, u32)>,
    /// Columns that only look personal, and why.
    pub traps: Vec<(u32, String)>,
    /// Whether single cells are labelled, too.
    pub has_cells: bool,
    /// The detectors that are labelled; all of them where absent.
    pub judged: Option<Vec<u32>>,
    /// Labelled cells; no cell twice for one detector.
    pub labels: Vec<Label>,
}

/// The first line.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    columns: Vec<Holds>,
    #[serde(default)]
    either: Vec<Holds>,
    #[serde(default)]
    traps: Vec<Trap>,
    /// `cells` or `columns`.
    #[serde(default)]
    detail: Option<String>,
    #[serde(default)]
    judged: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Holds {
    #[serde(flatten)]
    place: Place,
    detector: String,
}

#[derive(Deserialize)]
struct Trap {
    #[serde(flatten)]
    place: Place,
    why: String,
}

#[derive(Deserialize)]
struct Place {
    #[serde(default)]
    member: Option<String>,
    #[serde(default)]
    table: Option<String>,
    #[serde(default)]
    column: Option<String>,
}

impl From<Place> for Column {
    fn from(place: Place) -> Self {
        Column {
            member: place.member.unwrap_or_default(),
            table: place.table.unwrap_or_default(),
            column: place.column.unwrap_or_default(),
        }
    }
}

/// Any other line.
#[derive(Deserialize)]
struct Cell {
    row: u64,
    #[serde(default)]
    member: Option<String>,
    #[serde(default)]
    table: Option<String>,
    #[serde(default)]
    column: Option<String>,
    detector: String,
    #[serde(default)]
    start: Option<u64>,
    #[serde(default)]
    end: Option<u64>,
    #[serde(default)]
    also: Vec<String>,
}

impl Truth {
    /// Reads a truth; `detectors` numbers the names of detectors.
    pub fn read(path: &Path, detectors: &mut Names) -> Result<Self, Error> {
        let file = fs::File::open(path).map_err(|error| Error::file(path, error))?;
        Self::parse(BufReader::with_capacity(1 << 18, file), detectors)
            .map_err(|(line, what)| Error::usage(format!("{}:{line}: {what}", path.display())))
    }

    fn parse(mut text: impl BufRead, detectors: &mut Names) -> Result<Self, (u64, String)> {
        let mut truth = Self::default();
        let mut numbers: HashMap<Column, u32> = HashMap::new();
        let mut seen = hashbrown::HashSet::new();
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let read = std::io::Read::take(&mut text, LONGEST_LINE as u64)
                .read_until(b'\n', &mut line)
                .map_err(|error| (number, error.to_string()))?;
            if read == 0 {
                break;
            }
            let wrong = |error: serde_json::Error| {
                (
                    number,
                    format!("{error}; docs/CORPUS.md describes the format"),
                )
            };
            if line.trim_ascii().is_empty() {
                continue;
            }
            if number == 1 {
                let head: Head = serde_json::from_slice(&line).map_err(wrong)?;
                truth.head(head, &mut numbers, detectors);
                continue;
            }
            let cell: Cell = serde_json::from_slice(&line).map_err(wrong)?;
            let label = truth.label(cell, &mut numbers, detectors);
            let start = label.span.map(|(start, _)| start);
            if seen.insert((label.column, label.row, label.detector, start)) {
                truth.labels.push(label);
            }
        }
        let cells = truth
            .labels
            .iter()
            .map(|label| (label.column, label.detector));
        let known: hashbrown::HashSet<(u32, u32)> = cells.collect();
        truth.holds.extend(known);
        truth.holds.sort_unstable();
        truth.holds.dedup();
        Ok(truth)
    }

    fn head(&mut self, head: Head, numbers: &mut HashMap<Column, u32>, detectors: &mut Names) {
        for holds in head.columns {
            let column = self.column(&holds.place.into(), numbers);
            self.holds.push((column, detectors.number(&holds.detector)));
        }
        for holds in head.either {
            let column = self.column(&holds.place.into(), numbers);
            self.either
                .push((column, detectors.number(&holds.detector)));
        }
        for trap in head.traps {
            let column = self.column(&trap.place.into(), numbers);
            self.traps.push((column, trap.why));
        }
        self.has_cells = head.detail.as_deref() != Some("columns");
        self.judged = head
            .judged
            .map(|names| names.iter().map(|name| detectors.number(name)).collect());
    }

    fn label(
        &mut self,
        cell: Cell,
        numbers: &mut HashMap<Column, u32>,
        detectors: &mut Names,
    ) -> Label {
        let place = Place {
            member: cell.member,
            table: cell.table,
            column: cell.column,
        };
        Label {
            column: self.column(&place.into(), numbers),
            row: cell.row,
            detector: detectors.number(&cell.detector),
            span: cell.start.zip(cell.end),
            also: cell
                .also
                .iter()
                .map(|name| detectors.number(name))
                .collect(),
        }
    }

    fn column(&mut self, column: &Column, numbers: &mut HashMap<Column, u32>) -> u32 {
        *numbers.entry_ref(column).or_insert_with(|| {
            self.columns.push(column.clone());
            self.columns.len() as u32 - 1
        })
    }

    /// Whether findings of this detector count.
    pub fn judges(&self, detector: u32) -> bool {
        self.judged
            .as_ref()
            .is_none_or(|judged| judged.contains(&detector))
    }
}

/// A data file of a corpus, and where its truth is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The data.
    pub data: PathBuf,
    /// What is known of it.
    pub truth: PathBuf,
}

/// A labelled corpus: what a folder holds.
#[derive(Clone, Debug, Default)]
pub struct Corpus {
    /// Data files that have a truth, in a stable order.
    pub entries: Vec<Entry>,
    /// Files without one: not measured on.
    pub unlabelled: Vec<PathBuf>,
}

impl Corpus {
    /// What these folders, or single data files, hold.
    pub fn open(paths: &[PathBuf]) -> Result<Self, Error> {
        let mut corpus = Self::default();
        for path in paths {
            corpus.add(path)?;
        }
        corpus.entries.sort();
        corpus.entries.dedup();
        if corpus.entries.is_empty() {
            return Err(Error::usage(
                "no labelled data there: a data file NAME has its truth beside it, in NAME.truth.ndjson; `speur generate -o NAME` makes both",
            ));
        }
        Ok(corpus)
    }

    fn add(&mut self, path: &Path) -> Result<(), Error> {
        let unreadable = |error| Error::file(path, error);
        if fs::metadata(path).map_err(unreadable)?.is_dir() {
            let mut below: Vec<PathBuf> = fs::read_dir(path)
                .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
                .map_err(unreadable)?;
            below.sort();
            return below.iter().try_for_each(|path| self.add(path));
        }
        if path.to_string_lossy().ends_with(SUFFIX) {
            return Ok(());
        }
        let truth = truth_of(path);
        if truth.is_file() {
            self.entries.push(Entry {
                data: path.to_owned(),
                truth,
            });
        } else {
            self.unlabelled.push(path.to_owned());
        }
        Ok(())
    }
}

/// Where the truth of a data file is.
pub fn truth_of(data: &Path) -> PathBuf {
    let mut name = data.as_os_str().to_owned();
    name.push(SUFFIX);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_truth_is_read() {
        let text = r#"{"columns":[{"column":"email","detector":"email"}],"traps":[{"column":"order","why":"orders"}]}
{"row":1,"column":"email","detector":"email"}
{"row":1,"column":"email","detector":"email"}
{"row":2,"detector":"person-name","start":4,"end":9,"also":["first-name"]}
"#;
        let mut names = Names::default();
        let truth = Truth::parse(text.as_bytes(), &mut names).unwrap();
        assert_eq!(truth.labels.len(), 2);
        assert_eq!(truth.labels[1].span, Some((4, 9)));
        assert_eq!(truth.columns.len(), 3);
        assert_eq!(truth.holds.len(), 2);
        assert!(truth.has_cells && truth.judges(7));
        assert_eq!(names.all(), ["email", "person-name", "first-name"]);
    }

    #[test]
    fn a_bad_line_is_named() {
        let text = "{}\n{\"row\":\"x\"}\n";
        let (line, what) = Truth::parse(text.as_bytes(), &mut Names::default()).unwrap_err();
        assert_eq!(line, 2);
        assert!(what.contains("CORPUS.md"), "{what}");
    }
}
