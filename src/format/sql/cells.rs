//! Gives the values of a walk to the sink, in batches.
//!
//! A value without escapes is a span of the dump's own text. Where one with escapes turns up, the rest of its batch is copied
//! into a text of its own, with the way back, so that values stay in order and batches stay large.

use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::super::text::count_line_ends;
use super::lex::{Escape, Text};
use super::unescape::{hex_text, unescape};
use super::walk::{State, Target, Visit, Walked, walk};
use crate::error::Problem;
use crate::format::{Batch, ColumnId, OffsetMap, OffsetPiece, Rows, Sink, Span, Value};

/// Values handed over at a time, and bytes of copied text.
const BATCH: usize = 8192;
const COPIED: usize = 256 << 10;
/// A line of text is cut into values of this many bytes.
const LONGEST_LINE: usize = 64 << 10;

/// What a unit gave.
struct Cell {
    start: usize,
    end: usize,
    escape: Escape,
    /// Its place in the row; none for text outside of rows.
    column: Option<u32>,
}

/// Rows of a table with some columns.
struct Open {
    target: Arc<Target>,
    /// Its place in `tables`.
    table: usize,
    columns: Vec<ColumnId>,
}

/// A table and how many of its records end in the chunk.
struct Counted {
    name: Arc<str>,
    records: u32,
}

/// A text of copied values.
#[derive(Default)]
struct Copied {
    text: Vec<u8>,
    pieces: Vec<OffsetPiece>,
    is_used: bool,
}

/// Takes what a walk meets and gives it to a sink.
pub(super) struct Cells<'c> {
    text: &'c [u8],
    offsets: &'c OffsetMap,
    sink: &'c mut dyn Sink,
    /// Line ends of the input before the text.
    first_line: u64,
    unit: Vec<Cell>,
    rows_of_unit: u32,
    /// Where the unit starts, and line ends before `counted`.
    unit_start: usize,
    line: u32,
    counted: usize,
    open: Vec<Open>,
    at_open: usize,
    by_target: HashMap<usize, usize, FixedState>,
    tables: Vec<Counted>,
    by_table: HashMap<Arc<str>, usize, FixedState>,
    text_column: Option<ColumnId>,
    texts: u32,
    values: Vec<Value>,
    rows: Vec<u32>,
    copied: Copied,
    wide: bool,
}

impl<'c> Cells<'c> {
    pub(super) fn new(
        text: &'c [u8],
        offsets: &'c OffsetMap,
        first_line: u64,
        sink: &'c mut dyn Sink,
    ) -> Self {
        Self {
            text,
            offsets,
            sink,
            first_line,
            unit: Vec::new(),
            rows_of_unit: 0,
            unit_start: 0,
            line: 0,
            counted: 0,
            open: Vec::new(),
            at_open: usize::MAX,
            by_target: HashMap::with_hasher(FixedState::with_seed(3)),
            tables: Vec::new(),
            by_table: HashMap::with_hasher(FixedState::with_seed(5)),
            text_column: None,
            texts: 0,
            values: Vec::with_capacity(BATCH),
            rows: Vec::with_capacity(BATCH),
            copied: Copied::default(),
            wide: false,
        }
    }

    /// Hands over what is left; gives how many pieces of text were outside of tables, and line ends.
    pub(super) fn finish(mut self) -> (u64, u64) {
        self.hand_over();
        for table in &self.tables {
            self.sink.table(Some(&table.name));
            self.sink.records(u64::from(table.records));
        }
        if self.wide {
            self.sink.problem(Problem::note(
                "some rows have more values than their table has columns: they are in column_N",
            ));
        }
        let rest = count_line_ends(&self.text[self.counted..]);
        (u64::from(self.texts), u64::from(self.line) + rest)
    }

    /// All units of the text.
    pub(super) fn give_units(&mut self, text: Text<'_>, state: &mut State) {
        if let Walked::To(end) = walk(text, state, usize::MAX, self)
            && end < self.text.len()
        {
            // The cutter cuts between units, of the text as stored; decoded it may be longer than a unit may be.
            self.text(end, self.text.len(), Escape::None);
            self.done(self.text.len());
        }
    }

    /// All of the text is a broken statement, read as text.
    pub(super) fn give_broken(&mut self) {
        let space = self
            .text
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace())
            .count();
        let line = self.first_line + count_line_ends(&self.text[..space]) + 1;
        let mut problem = Problem::lost(format!(
            "a statement is broken in line {line}; read as text up to the next one"
        ));
        let place = self.offsets.stored(space as u32, space as u32);
        problem.at = place.map(|(at, _)| at);
        self.sink.problem(problem);
        self.text(0, self.text.len(), Escape::None);
        self.done(self.text.len());
    }

    fn count_lines(&mut self, to: usize) {
        if to > self.counted {
            self.line += count_line_ends(&self.text[self.counted..to]) as u32;
            self.counted = to;
        }
    }

    /// The column of a place in the row.
    fn column(&mut self, place: u32) -> ColumnId {
        let open = &mut self.open[self.at_open];
        if let Some(&column) = open.columns.get(place as usize) {
            return column;
        }
        self.sink.table(Some(&open.target.table));
        self.wide |= !open.target.names.is_empty();
        while open.columns.len() <= place as usize {
            let name = format!("column_{}", open.columns.len() + 1);
            open.columns.push(self.sink.column(&name));
        }
        open.columns[place as usize]
    }

    fn give_cell(&mut self, cell: &Cell, place: u32) {
        let column = self.column(place);
        let row = self.tables[self.open[self.at_open].table].records;
        self.give(cell.start, cell.end, cell.escape, column, row);
    }

    fn give(&mut self, start: usize, end: usize, escape: Escape, column: ColumnId, row: u32) {
        let stored = &self.text[start..end];
        // Bytes of PostgreSQL: hexadecimal digits behind `\x`.
        let hex_from = match (escape, stored) {
            (Escape::Hex, _) => Some(start),
            (Escape::None | Escape::Lines, [b'\\', b'x', ..]) => Some(start + 2),
            (Escape::Copy | Escape::Extended | Escape::Backslash(_), [b'\\', b'\\', b'x', ..]) => {
                Some(start + 3)
            }
            _ => None,
        };
        let from = self.copied.text.len();
        let copy = match hex_from {
            Some(digits) if self.copy_hex(digits, end) => true,
            // Bytes that are no text hold nothing to read.
            Some(_) if escape == Escape::Hex => return,
            _ => {
                let copy = self.copied.is_used || escape != Escape::None;
                if copy {
                    self.start_copying();
                    self.copy(start, end, escape);
                }
                copy
            }
        };
        let (start, end) = match copy {
            true if start == end => (from, from),
            true => (from, self.copied.text.len()),
            false => (start, end),
        };
        self.values.push(Value {
            start: start as u32,
            end: end as u32,
            column,
            line: self.line,
        });
        self.rows.push(row);
    }

    /// From here on, the batch is of copied values.
    fn start_copying(&mut self) {
        if !self.copied.is_used {
            if !self.values.is_empty() {
                self.hand_over();
            }
            self.copied.is_used = true;
        }
    }

    fn copy(&mut self, start: usize, end: usize, escape: Escape) {
        let Copied { text, pieces, .. } = &mut self.copied;
        let offsets = self.offsets;
        if start == end {
            // A place of its own, so that it leads back to where it was.
            offsets.copy_pieces(start as u32, end as u32, text.len() as u32, pieces);
            text.push(b' ');
        }
        unescape(&self.text[start..end], escape, &mut |bytes, place| {
            let (first, last) = ((start + place.start) as u32, (start + place.end) as u32);
            let at = text.len() as u32;
            if bytes.len() == place.len() {
                offsets.copy_pieces(first, last, at, pieces);
            } else if let Some((stored, stored_end)) = offsets.stored(first, last) {
                let len = (stored_end - stored).min(u64::from(u16::MAX)) as u16;
                pieces.push(OffsetPiece {
                    text: at,
                    stored,
                    span: Span::Whole(len),
                });
            }
            text.extend_from_slice(bytes);
        });
    }

    /// Copies the text that hexadecimal digits stand for, if it is text.
    fn copy_hex(&mut self, digits: usize, end: usize) -> bool {
        let mut text = Vec::new();
        if !hex_text(&self.text[digits..end], &mut text) {
            return false;
        }
        self.start_copying();
        if let Some((stored, stored_end)) = self.offsets.stored(digits as u32, end as u32) {
            let each = (stored_end - stored) / text.len() as u64;
            self.copied.pieces.push(OffsetPiece {
                text: self.copied.text.len() as u32,
                stored,
                span: Span::Each(each as u8),
            });
        }
        self.copied.text.extend_from_slice(&text);
        true
    }

    /// Text outside of rows: a value for each line, or for the literal where it has escapes.
    fn give_text(&mut self, cell: &Cell) {
        let column = *self.text_column.get_or_insert_with(|| {
            self.sink.table(None);
            self.sink.column("")
        });
        if cell.escape != Escape::None {
            self.give(cell.start, cell.end, cell.escape, column, self.texts);
            self.texts += 1;
            return;
        }
        let mut start = cell.start;
        while start < cell.end {
            let rest = &self.text[start..cell.end];
            let len = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
            let mut line = &rest[..len];
            if !line.trim_ascii().is_empty() {
                self.count_lines(start);
                let mut from = start;
                while !line.is_empty() {
                    let at = between_words(line);
                    self.give(from, from + at, Escape::None, column, self.texts);
                    (from, line) = (from + at, &line[at..]);
                }
                self.texts += 1;
                if self.values.len() >= BATCH {
                    self.hand_over();
                }
            }
            start += len + 1;
        }
    }

    fn hand_over(&mut self) {
        let pieces = OffsetMap::Pieces(std::mem::take(&mut self.copied.pieces));
        let (text, offsets) = match &pieces {
            _ if !self.copied.is_used => (self.text, self.offsets),
            OffsetMap::Pieces(list) if list.is_empty() => (&self.copied.text[..], &OffsetMap::None),
            _ => (&self.copied.text[..], &pieces),
        };
        if !self.values.is_empty() {
            self.sink.batch(Batch {
                text,
                values: &self.values,
                rows: Rows::One(&self.rows),
                offsets,
            });
        }
        self.values.clear();
        self.rows.clear();
        self.copied.text.clear();
        if let OffsetMap::Pieces(mut list) = pieces {
            list.clear();
            self.copied.pieces = list;
        }
        self.copied.is_used = false;
    }
}

/// Where a long line is cut.
fn between_words(line: &[u8]) -> usize {
    if line.len() <= LONGEST_LINE {
        return line.len();
    }
    let tail = &line[LONGEST_LINE / 2..LONGEST_LINE];
    let space = tail.iter().rposition(u8::is_ascii_whitespace);
    space.map_or(LONGEST_LINE, |at| LONGEST_LINE / 2 + at + 1)
}

impl Visit for Cells<'_> {
    fn target(&mut self, target: &Arc<Target>) {
        if let Some(open) = self.open.get(self.at_open)
            && Arc::ptr_eq(&open.target, target)
        {
            return;
        }
        let key = Arc::as_ptr(target) as usize;
        if let Some(&known) = self.by_target.get(&key) {
            self.at_open = known;
            return;
        }
        let table = *self
            .by_table
            .entry(target.table.clone())
            .or_insert_with(|| {
                self.tables.push(Counted {
                    name: target.table.clone(),
                    records: 0,
                });
                self.tables.len() - 1
            });
        self.sink.table(Some(&target.table));
        let columns = target
            .names
            .iter()
            .map(|name| self.sink.column(name))
            .collect();
        self.at_open = self.open.len();
        self.by_target.insert(key, self.at_open);
        self.open.push(Open {
            target: target.clone(),
            table,
            columns,
        });
    }

    fn cell(&mut self, start: usize, end: usize, column: u32, escape: Escape) {
        self.unit.push(Cell {
            start,
            end,
            escape,
            column: Some(column),
        });
    }

    fn row(&mut self) {
        self.rows_of_unit += 1;
    }

    fn text(&mut self, start: usize, end: usize, escape: Escape) {
        // A list that turned out to be a query is read again.
        if self.unit.last().is_some_and(|last| start < last.end) {
            return;
        }
        self.unit.push(Cell {
            start,
            end,
            escape,
            column: None,
        });
    }

    fn done(&mut self, next: usize) {
        let has_lines = memchr::memchr2(b'\n', b'\r', &self.text[self.unit_start..next]).is_some();
        if !has_lines {
            self.counted = next;
        }
        let mut unit = std::mem::take(&mut self.unit);
        // The cells of an UPDATE come once their columns are known, behind its comments.
        if !unit.is_sorted_by_key(|cell| cell.start) {
            unit.sort_by_key(|cell| cell.start);
        }
        // A statement that turned out to be another is read again from where the unit ends, with its comments.
        for cell in unit.iter().filter(|cell| cell.start < next) {
            if has_lines {
                self.count_lines(cell.start);
            }
            match cell.column {
                Some(place) => self.give_cell(cell, place),
                None => self.give_text(cell),
            }
        }
        self.unit = unit;
        self.unit.clear();
        if self.rows_of_unit > 0 {
            let table = self.open[self.at_open].table;
            self.tables[table].records += std::mem::take(&mut self.rows_of_unit);
        }
        if self.values.len() >= BATCH || self.copied.text.len() >= COPIED {
            self.hand_over();
        }
        self.count_lines(next);
        self.unit_start = next;
    }

    fn undo(&mut self) {
        self.unit.clear();
        self.rows_of_unit = 0;
    }
}
