//! A sink that checks what readers promise: values in order, within their text and their input, in rows that the chunk
//! has; and bytes that are said to be stored as they are do stand there.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use crate::error::Problem;
use crate::format::{Batch, ColumnId, Extent, Part, Sink, Span, Value};
use crate::input::Bytes;

type Table = Option<Arc<str>>;

/// Takes the chunks of an input, one after the other.
#[derive(Default)]
pub(super) struct Look {
    /// The input's bytes, where values lie in them.
    pub(super) stored: Option<Bytes>,
    /// What was seen, where it is kept.
    pub(super) entries: Vec<Entry>,
    keeps: bool,
    /// Records and lines of the chunks before.
    records: BTreeMap<Table, u64>,
    lines: u64,
    /// The records of this chunk: those it numbers itself, those that ended, and those that values are in.
    first_row: Option<u64>,
    own: Table,
    table: Table,
    ended: BTreeMap<Table, u64>,
    reached: BTreeMap<Table, u64>,
    columns: Vec<(Table, Arc<str>)>,
    known: HashMap<(Table, Arc<str>), ColumnId>,
}

/// A value as it was seen, without its text.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    place: Option<(u64, u64)>,
    table: Table,
    column: Arc<str>,
    row: u64,
    line: Option<u64>,
    hash: u64,
}

impl Look {
    pub(super) fn new(keeps: bool) -> Self {
        Self {
            keeps,
            ..Self::default()
        }
    }

    /// Begins a chunk.
    pub(super) fn begin(&mut self, part: &Part) {
        self.first_row = part.first_row;
        self.own.clone_from(&part.table);
        self.table.clone_from(&part.table);
        self.columns.clear();
        self.known.clear();
        self.ended.clear();
        self.reached.clear();
    }

    /// Ends it.
    pub(super) fn end(&mut self, extent: Extent) {
        *self.ended.entry(self.own.clone()).or_default() += extent.records;
        for (table, row) in &self.reached {
            let ended = self.ended.get(table).copied().unwrap_or(0);
            // Titles, a text behind the last record and the rest of one that is cut off are in none that ends.
            assert!(*row <= ended, "a value in record {row} of {ended}");
        }
        for (table, ended) in &self.ended {
            let first = self.first_row.filter(|_| *table == self.own);
            let records = self.records.entry(table.clone()).or_default();
            *records = (first.unwrap_or(*records) + ended).max(*records);
        }
        self.lines += extent.lines;
    }

    fn value(&mut self, batch: &Batch<'_>, index: usize, value: &Value) {
        let text = &batch.text[value.start as usize..value.end as usize];
        let (table, column) = self.columns[value.column.0 as usize].clone();
        // Where nothing stands is of no interest.
        let place = batch.offsets.stored(value.start, value.end);
        let place = place.filter(|_| !text.is_empty());
        let line = place.map(|_| self.lines + u64::from(batch.line_of(value, value.start)));
        self.check_place(batch, value, place);
        let rows = batch.rows.of(index);
        assert!(rows.is_sorted(), "rows of a value are in order");
        if let Some(&last) = rows.last() {
            let reached = self.reached.entry(table.clone()).or_default();
            *reached = (*reached).max(u64::from(last));
        }
        if !self.keeps {
            return;
        }
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let before = self.records.get(&table).copied().unwrap_or(0);
        let first = self.first_row.filter(|_| table == self.own);
        for &row in rows {
            self.entries.push(Entry {
                place,
                table: table.clone(),
                column: column.clone(),
                row: first.unwrap_or(before) + u64::from(row),
                line,
                hash: hasher.finish(),
            });
        }
    }

    fn check_place(&self, batch: &Batch<'_>, value: &Value, place: Option<(u64, u64)>) {
        let (Some(stored), Some((from, to))) = (&self.stored, place) else {
            return;
        };
        let len = stored.len() as u64;
        assert!(from <= to && to <= len, "{from} to {to} of {len} bytes");
        let text = &batch.text[value.start as usize..value.end as usize];
        let mut pieces = Vec::new();
        batch
            .offsets
            .each_piece(value.start, value.end, |at, stored, span| {
                pieces.push((at as usize, stored as usize, span));
            });
        let ends = pieces.iter().skip(1).map(|piece| piece.0);
        for (&(at, place, span), end) in pieces.iter().zip(ends.chain([text.len()])) {
            if span == Span::Each(1) {
                let is_there = stored.get(place..place + (end - at)) == text.get(at..end);
                assert!(is_there, "other bytes stand at {place}");
            }
        }
    }
}

impl Sink for Look {
    fn column(&mut self, name: &str) -> ColumnId {
        let key = (self.table.clone(), Arc::<str>::from(name));
        *self.known.entry(key.clone()).or_insert_with(|| {
            self.columns.push(key);
            ColumnId(self.columns.len() as u32 - 1)
        })
    }

    fn inner(&mut self, outer: ColumnId, path: &str) -> ColumnId {
        let (table, column) = &self.columns[outer.0 as usize];
        let (table, name) = (table.clone(), format!("{column}.{path}"));
        let current = std::mem::replace(&mut self.table, table);
        let id = self.column(&name);
        self.table = current;
        id
    }

    fn batch(&mut self, batch: Batch<'_>) {
        let mut last = 0;
        for (index, value) in batch.values.iter().enumerate() {
            assert!(
                last <= value.start && value.start <= value.end,
                "values follow each other"
            );
            last = value.end;
            self.value(&batch, index, value);
        }
    }

    fn problem(&mut self, _: Problem) {}

    fn table(&mut self, table: Option<&Arc<str>>) {
        self.table = table.cloned();
    }

    fn records(&mut self, count: u64) {
        *self.ended.entry(self.table.clone()).or_default() += count;
    }
}

/// Asserts that the same values were seen.
pub(super) fn assert_same(plain: &[Entry], cut: &[Entry]) {
    let sorted = |entries: &[Entry]| {
        let mut order: Vec<usize> = (0..entries.len()).collect();
        order.sort_by_key(|&at| &entries[at]);
        order
    };
    let (left, right) = (sorted(plain), sorted(cut));
    for index in 0..left.len().max(right.len()) {
        let whole = left.get(index).map(|&at| &plain[at]);
        let part = right.get(index).map(|&at| &cut[at]);
        assert!(whole == part, "as a whole {whole:?}, in blocks {part:?}");
    }
}
