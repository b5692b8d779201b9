//! Hits and tallies of an input until its columns are complete; then, findings.
//!
//! Chunks end in any order on any thread. A thread counts into an accumulator it has to itself; those are merged, and
//! rows and lines that were counted within chunks made absolute, once the last chunk is done.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hashbrown::HashMap;

use super::hits::Stored;
use super::pseudonym::Samples;
use super::sample::Choice;
use super::worker::Origin;
use crate::detect::plan::ColumnPlan;
use crate::error::{Problem, Verdict};
use crate::event::{FileRecord, SAMPLE, Status};
use crate::format::{Extent, Part};
use crate::score::ColumnTally;

/// Which column: its table and its name, empty for plain text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ColumnKey {
    pub(crate) table: Option<Arc<str>>,
    pub(crate) name: Arc<str>,
}

/// Counts of the chunks that one thread scanned. It holds values, so it can't be printed.
pub(crate) struct Accumulator {
    id: usize,
    index: HashMap<ColumnKey, usize>,
    columns: Vec<Counted>,
    /// Some of the plain values.
    pub(super) samples: Samples,
}

/// The first chunk that has a column, and its number there.
type First = (u64, u32);

/// A column and its counts.
#[derive(Debug)]
struct Counted {
    key: ColumnKey,
    /// The first chunk that has it, and its number there: the order of columns. None where it is only below another one.
    first: Option<First>,
    /// The column whose values hold it: it comes behind that one.
    outer: Option<ColumnKey>,
    tally: ColumnTally,
}

impl Default for Accumulator {
    fn default() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            index: HashMap::new(),
            columns: Vec::new(),
            samples: Samples::default(),
        }
    }
}

impl Accumulator {
    /// Tells accumulators apart.
    pub(crate) fn id(&self) -> usize {
        self.id
    }

    /// The place of a column, which is made where it isn't known.
    pub(crate) fn column(&mut self, key: ColumnKey, first: First) -> usize {
        let at = self.place(key);
        let known = &mut self.columns[at].first;
        *known = Some(known.map_or(first, |known| first.min(known)));
        at
    }

    /// The place of a column below another one: of what that one's values hold, at this path.
    pub(crate) fn inner(&mut self, outer: usize, path: &str) -> (ColumnKey, usize) {
        let outer = self.columns[outer].key.clone();
        let dot = if path.starts_with('[') { "" } else { "." };
        let key = ColumnKey {
            table: outer.table.clone(),
            name: format!("{}{dot}{path}", outer.name).into(),
        };
        let at = self.place(key.clone());
        self.columns[at].outer.get_or_insert(outer);
        (key, at)
    }

    fn place(&mut self, key: ColumnKey) -> usize {
        if let Some(&at) = self.index.get(&key) {
            return at;
        }
        self.index.insert(key.clone(), self.columns.len());
        self.columns.push(Counted {
            key,
            first: None,
            outer: None,
            tally: ColumnTally::default(),
        });
        self.columns.len() - 1
    }

    /// The counts of a column.
    pub(crate) fn tally(&mut self, at: usize) -> &mut ColumnTally {
        &mut self.columns[at].tally
    }
}

/// What a chunk left behind.
pub(crate) struct ChunkResult {
    /// Its number within the input.
    pub(crate) index: u64,
    /// The record it starts with, where the format knows.
    pub(crate) first_row: Option<u64>,
    pub(crate) extent: Extent,
    /// The part's table and others that the chunk names, and how many records of each end in it beside the extent's.
    pub(crate) tables: Vec<(Option<Arc<str>>, u64)>,
    /// For each of its columns, the place in the accumulator.
    pub(crate) columns: Vec<usize>,
    /// For each of its columns, which of the tables it is in.
    pub(crate) column_tables: Vec<u32>,
    /// Which accumulator.
    pub(crate) source: usize,
    pub(crate) hits: Option<Stored>,
    pub(crate) problems: Vec<Problem>,
    /// For each of the tables, how many records a sample left out, unless the format numbers rows.
    pub(crate) left_out: Vec<u64>,
    /// Whether a sample could leave out nothing of it.
    pub(crate) unplaced: bool,
}

/// Records of a table, or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Records {
    pub(crate) all: u64,
    /// Those that a sample left out.
    pub(crate) left_out: u64,
}

impl Records {
    pub(crate) fn looked_at(self) -> u64 {
        self.all.saturating_sub(self.left_out)
    }
}

impl ChunkResult {
    /// A chunk that was not read.
    pub(crate) fn unread(index: u64, part: &Part, problems: Vec<Problem>) -> Self {
        Self {
            index,
            first_row: part.first_row,
            extent: Extent::default(),
            tables: vec![(part.table.clone(), 0)],
            columns: Vec::new(),
            column_tables: Vec::new(),
            source: 0,
            hits: None,
            problems,
            left_out: Vec::new(),
            unplaced: false,
        }
    }
}

/// All that is known of an input that has been read.
pub(crate) struct Ledger {
    pub(crate) file: Arc<str>,
    pub(crate) member: Option<Arc<str>>,
    pub(crate) format: Option<&'static str>,
    pub(crate) bytes: u64,
    pub(crate) problems: Vec<Problem>,
    pub(crate) accumulators: Vec<Accumulator>,
    pub(crate) chunks: Vec<ChunkResult>,
    pub(crate) plans: HashMap<Arc<str>, Arc<ColumnPlan>>,
    /// Whether it was opened at all.
    pub(crate) was_read: bool,
    /// Which records were looked at; none where none was to be chosen.
    pub(crate) choice: Option<Choice>,
}

/// A column with all its counts.
pub(crate) struct Column {
    pub(crate) key: ColumnKey,
    pub(crate) tally: ColumnTally,
    pub(crate) plan: Arc<ColumnPlan>,
}

/// Where a chunk starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Base {
    /// The first record in each of the chunk's tables.
    pub(crate) rows: Vec<u64>,
    pub(crate) line: u64,
}

impl Ledger {
    /// An input that was not opened.
    pub(crate) fn unread(origin: &Origin, format: Option<&'static str>, problem: Problem) -> Self {
        Self {
            file: origin.file.clone(),
            member: origin.member.clone(),
            format,
            bytes: origin.stated.or(origin.len).unwrap_or(0),
            problems: vec![problem],
            accumulators: Vec::new(),
            chunks: Vec::new(),
            plans: HashMap::new(),
            was_read: false,
            choice: None,
        }
    }

    /// Merges all counts: the columns in the order of the data, and for each accumulator the way from its places to them.
    pub(crate) fn columns(&mut self, keep: usize) -> (Vec<Column>, HashMap<usize, Vec<usize>>) {
        let mut merged: BTreeMap<ColumnKey, Counted> = BTreeMap::new();
        let mut keys: Vec<(usize, Vec<ColumnKey>)> = Vec::new();
        for accumulator in std::mem::take(&mut self.accumulators) {
            keys.push((
                accumulator.id,
                accumulator
                    .columns
                    .iter()
                    .map(|column| column.key.clone())
                    .collect(),
            ));
            for column in accumulator.columns {
                match merged.get_mut(&column.key) {
                    Some(known) => {
                        known.first = [known.first, column.first].into_iter().flatten().min();
                        known.outer = known.outer.take().or(column.outer);
                        known.tally.merge(column.tally, keep);
                    }
                    None => {
                        merged.insert(column.key.clone(), column);
                    }
                }
            }
        }
        let columns = in_order(merged);
        let places: HashMap<ColumnKey, usize> = columns
            .iter()
            .enumerate()
            .map(|(at, column)| (column.key.clone(), at))
            .collect();
        let ways = keys
            .into_iter()
            .map(|(id, keys)| (id, keys.iter().map(|key| places[key]).collect()))
            .collect();
        let columns = columns
            .into_iter()
            .map(|mut column| {
                column.tally.settle();
                Column {
                    plan: self.plans[&column.key.name].clone(),
                    key: column.key,
                    tally: column.tally,
                }
            })
            .collect();
        (columns, ways)
    }

    /// Takes out the samples of all threads.
    pub(crate) fn samples(&mut self) -> Vec<Samples> {
        let accumulators = self.accumulators.iter_mut();
        accumulators
            .map(|accumulator| std::mem::take(&mut accumulator.samples))
            .collect()
    }

    /// Orders the chunks and says where each starts; and how many records each table has.
    pub(crate) fn bases(&mut self) -> (Vec<Base>, BTreeMap<Option<Arc<str>>, Records>) {
        self.chunks.sort_by_key(|chunk| chunk.index);
        let mut line = 0;
        let choice = self.choice.unwrap_or(Choice::All);
        let mut records: BTreeMap<Option<Arc<str>>, Records> = BTreeMap::new();
        let mut bases = Vec::with_capacity(self.chunks.len());
        for chunk in &self.chunks {
            let mut rows = Vec::with_capacity(chunk.tables.len());
            let mut own = (chunk.extent.records, chunk.first_row);
            for (number, (table, ended)) in chunk.tables.iter().enumerate() {
                let (more, first) = std::mem::take(&mut own);
                let counted = records.entry(table.clone()).or_default();
                let row = first.unwrap_or(counted.all);
                rows.push(row);
                let end = (row + ended + more).max(counted.all);
                // Where rows are numbered, the columns of a table are chunks of the same rows.
                counted.left_out += match first {
                    Some(_) => choice.left_out(row.max(counted.all)..end),
                    None => chunk.left_out.get(number).copied().unwrap_or(0),
                };
                counted.all = end;
            }
            bases.push(Base { rows, line });
            line += chunk.extent.lines;
        }
        (bases, records)
    }

    /// How reading ended, with all reasons in one line.
    pub(crate) fn outcome(&self) -> (Status, Option<String>) {
        let mut all: Vec<&Problem> = self
            .problems
            .iter()
            .chain(self.chunks.iter().flat_map(|chunk| &chunk.problems))
            .collect();
        // By what they mean, then by place, then by their words: never by the chunk that met them.
        all.sort_by(|a, b| {
            let place = |problem: &Problem| problem.at.unwrap_or(u64::MAX);
            b.verdict
                .cmp(&a.verdict)
                .then(place(a).cmp(&place(b)))
                .then(a.reason.cmp(&b.reason))
        });
        // What each chunk says of itself is said once, however many chunks there were.
        all.dedup();
        let worst = all.first().map_or(Verdict::Note, |problem| problem.verdict);
        let status = match worst {
            Verdict::Note => Status::Scanned,
            Verdict::Lost => Status::Partial,
            Verdict::Excluded | Verdict::Skipped => Status::Skipped,
            Verdict::Failed if self.was_read && !self.chunks.is_empty() => Status::Partial,
            Verdict::Failed => Status::Failed,
        };
        (status, reason(&all))
    }

    /// Whether speur could not read all of it, other than by the user's choice.
    pub(crate) fn is_unread(&self) -> bool {
        let problems = self
            .problems
            .iter()
            .chain(self.chunks.iter().flat_map(|chunk| &chunk.problems));
        problems
            .map(|problem| problem.verdict)
            .any(|verdict| !matches!(verdict, Verdict::Note | Verdict::Excluded))
    }

    /// The input's `file` record.
    pub(crate) fn record(&self, records: Records, findings: u64) -> FileRecord {
        let (mut status, mut reason) = self.outcome();
        if let Some(note) = self.sample_note(records) {
            if records.left_out > 0 && status == Status::Scanned {
                status = Status::Partial;
            }
            let others = reason.map_or_else(String::new, |reason| format!("; {reason}"));
            reason = Some(note + &others);
        }
        FileRecord {
            file: self.file.clone(),
            member: self.member.clone(),
            format: self.format.map(str::to_owned),
            bytes: self.bytes,
            records: records.all,
            findings,
            status,
            reason,
            sampled: self.choice.map(|_| records.looked_at()),
        }
    }

    /// What there is to say of a sample.
    fn sample_note(&self, records: Records) -> Option<String> {
        self.choice?;
        let unplaced = self.chunks.iter().any(|chunk| chunk.unplaced);
        if records.left_out > 0 {
            let (sampled, all) = (records.looked_at(), records.all);
            return Some(format!("{SAMPLE}{sampled} of {all} records were looked at"));
        }
        unplaced
            .then(|| "no sample can be taken of this format: all of it was looked at".to_owned())
    }
}

/// Columns in the order of the data; those below another one behind it, by name. That order does not depend on where chunks
/// start, which the first value of a column below another one does.
fn in_order(merged: BTreeMap<ColumnKey, Counted>) -> Vec<Counted> {
    let firsts: HashMap<ColumnKey, First> = merged
        .values()
        .filter_map(|column| Some((column.key.clone(), column.first?)))
        .collect();
    let mut columns: Vec<Counted> = merged.into_values().collect();
    columns.sort_by_cached_key(|column| {
        let outer = || firsts.get(column.outer.as_ref()?).copied();
        let first = column.first.or_else(outer);
        (first.unwrap_or((u64::MAX, 0)), column.first.is_none())
    });
    columns
}

/// Reasons in one line: the first few different ones, and how many more there are.
fn reason(problems: &[&Problem]) -> Option<String> {
    const SHOWN: usize = 3;
    let mut texts: Vec<String> = Vec::new();
    let mut more = 0;
    let is_placed = |problem: &Problem| {
        let mut others = problems.iter();
        others.any(|other| other.at.is_some() && other.reason == problem.reason)
    };
    for problem in problems {
        // Said with its place by another one.
        if problem.at.is_none() && is_placed(problem) {
            continue;
        }
        if texts.len() < SHOWN {
            let text = problem.to_string();
            if !texts.contains(&text) {
                texts.push(text);
            }
        } else {
            more += 1;
        }
    }
    if more > 0 {
        texts.push(format!("and {more} more"));
    }
    (!texts.is_empty()).then(|| texts.join("; "))
}
