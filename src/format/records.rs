//! Values made one by one and gathered into batches: what most formats give their values through.
//!
//! A chunk makes a [`Records`] over its sink, then for each value calls [`Records::value`] or, where the value is put
//! together from stretches of the stored text, [`Records::begin`], any of [`Records::stored`], [`Records::instead`] and
//! [`Records::made`], and [`Records::end`]. [`Records::next_row`] ends a record; [`Records::finish`] gives the extent.
//!
//! With [`Records::over`] values know the bytes and lines they came from, however they are cut and joined; with
//! [`Records::new`] (binary formats) they have none. Long values are cut between words, and a chunk has a bounded number
//! of columns, whatever the data does: callers need not care.

use std::ops::Range;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::batch::lead;
use super::text::count_line_ends;
use super::{Batch, ColumnId, Extent, OffsetMap, OffsetPiece, Rows, Sink, Span, Value};
use crate::error::Problem;

/// Text of a batch to aim at, in bytes: it stays in the processor's cache.
const BATCH_TEXT: usize = 256 << 10;
/// Values of a batch at most.
const BATCH_VALUES: usize = 8192;
/// Columns of a chunk; values of further ones share one.
const MOST_COLUMNS: usize = 20_000;
/// A longer name of a column is cut, in bytes.
const LONGEST_NAME: usize = 400;

/// Gathers values and gives them to a sink in batches.
pub(super) struct Records<'s> {
    sink: &'s mut dyn Sink,
    origin: Option<Origin<'s>>,
    columns: HashMap<Box<str>, ColumnId, FixedState>,
    text: Vec<u8>,
    pieces: Vec<OffsetPiece>,
    /// Line ends before each piece.
    lines: Vec<u32>,
    values: Vec<Value>,
    rows: Vec<u32>,
    row: u32,
    /// Where the value that is being made starts in `text`.
    start: usize,
    column: ColumnId,
}

/// The text that values come from.
struct Origin<'t> {
    text: &'t [u8],
    offsets: &'t OffsetMap,
    /// A place in the text, and the line ends before it.
    counted: (usize, u32),
}

impl Origin<'_> {
    /// Line ends before a place. Places come in ascending order but for a few, so each byte is looked at about once.
    fn line(&mut self, at: usize) -> u32 {
        let (from, lines) = self.counted;
        let between = count_line_ends(&self.text[from.min(at)..from.max(at)]) as u32;
        let line = if at >= from {
            lines + between
        } else {
            lines.saturating_sub(between)
        };
        self.counted = (at, line);
        line
    }
}

impl<'s> Records<'s> {
    /// Records whose values have no place in the stored bytes.
    pub(super) fn new(sink: &'s mut dyn Sink) -> Self {
        Self {
            sink,
            origin: None,
            columns: HashMap::with_hasher(FixedState::with_seed(11)),
            text: Vec::new(),
            pieces: Vec::new(),
            lines: Vec::new(),
            values: Vec::new(),
            rows: Vec::new(),
            row: 0,
            start: 0,
            column: ColumnId(0),
        }
    }

    /// Records whose values come from a text, which came from the stored bytes as `offsets` says.
    pub(super) fn over(sink: &'s mut dyn Sink, text: &'s [u8], offsets: &'s OffsetMap) -> Self {
        let origin = Origin {
            text,
            offsets,
            counted: (0, 0),
        };
        Self {
            origin: Some(origin),
            ..Self::new(sink)
        }
    }

    /// The column of this name; the same name gives the same column.
    pub(super) fn column(&mut self, name: &str) -> ColumnId {
        if let Some(&known) = self.columns.get(name) {
            return known;
        }
        let shown = if self.columns.len() >= MOST_COLUMNS {
            "…"
        } else {
            let cut = name.floor_char_boundary(LONGEST_NAME);
            &name[..cut]
        };
        let column = self.sink.column(shown);
        if self.columns.len() < MOST_COLUMNS {
            self.columns.insert(name.into(), column);
        }
        column
    }

    /// Ends a record.
    pub(super) fn next_row(&mut self) {
        self.row = self.row.saturating_add(1);
    }

    /// Gives a whole value that has no place in the stored bytes.
    #[allow(dead_code, reason = "binary formats are behind features")]
    pub(super) fn value(&mut self, column: ColumnId, text: &[u8]) {
        self.begin(column);
        self.made(text);
        self.end();
    }

    /// Gives a whole value that is as it stands in the text.
    pub(super) fn value_at(&mut self, column: ColumnId, at: Range<usize>) {
        self.begin(column);
        self.stored(at);
        self.end();
    }

    /// Gives a line that has none of the fields that others have as a value without a column.
    pub(super) fn whole_line(&mut self, line: Range<usize>) {
        if !line.is_empty() {
            let column = self.column("");
            self.value_at(column, line);
        }
    }

    /// Starts a value; one that was not ended is dropped.
    pub(super) fn begin(&mut self, column: ColumnId) {
        if self.text.len() >= BATCH_TEXT || self.values.len() >= BATCH_VALUES {
            self.flush();
        }
        self.column = column;
        self.start = self.text.len();
    }

    /// Adds a stretch of the text to the value, as it is.
    pub(super) fn stored(&mut self, at: Range<usize>) {
        let Some(origin) = &mut self.origin else {
            return;
        };
        if at.is_empty() {
            return;
        }
        let line = origin.line(at.start);
        let start = self.text.len() as u32;
        self.text.extend_from_slice(&origin.text[at.clone()]);
        match origin.offsets {
            OffsetMap::None => {}
            OffsetMap::Shift(base) => {
                let stored = base + at.start as u64;
                self.pieces.push(OffsetPiece {
                    text: start,
                    stored,
                    span: Span::Each(1),
                });
                self.lines.push(line);
            }
            OffsetMap::Pieces(pieces) | OffsetMap::Lined { pieces, .. } => {
                let first = pieces.partition_point(|piece| piece.text <= at.start as u32);
                for piece in &pieces[first.saturating_sub(1)..] {
                    if piece.text as usize >= at.end {
                        break;
                    }
                    let from = (piece.text as usize).max(at.start);
                    let into = (from - piece.text as usize) as u64;
                    let stored = match piece.span {
                        Span::Each(n) => piece.stored + into * u64::from(n),
                        Span::Whole(_) => piece.stored,
                    };
                    self.pieces.push(OffsetPiece {
                        text: start + (from - at.start) as u32,
                        stored,
                        span: piece.span,
                    });
                    let line = origin.line(from);
                    self.lines.push(line);
                }
            }
        }
    }

    /// Adds bytes that stand for a stretch of the text: an escape, an encoded character.
    pub(super) fn instead(&mut self, bytes: &[u8], at: Range<usize>) {
        if let Some(origin) = &mut self.origin
            && let Some((start, end)) = origin.offsets.stored(at.start as u32, at.end as u32)
        {
            let line = origin.line(at.start);
            let len = u16::try_from(end - start).unwrap_or(u16::MAX);
            self.pieces.push(OffsetPiece {
                text: self.text.len() as u32,
                stored: start,
                span: Span::Whole(len),
            });
            self.lines.push(line);
        }
        self.text.extend_from_slice(bytes);
    }

    #[allow(dead_code, reason = "binary formats are behind features")]
    /// Adds bytes that stand nowhere in the text, such as a blank between two stretches.
    pub(super) fn made(&mut self, bytes: &[u8]) {
        if let Some(last) = self.pieces.last()
            && self.origin.is_some()
        {
            // Behind what came before, and not a part of it.
            let end = self.text.len() as u32;
            let stored = match last.span {
                Span::Each(n) => last.stored + u64::from(end - last.text) * u64::from(n),
                Span::Whole(len) => last.stored + u64::from(len),
            };
            let line = self.lines.last().copied().unwrap_or(0);
            self.pieces.push(OffsetPiece {
                text: end,
                stored,
                span: Span::Whole(0),
            });
            self.lines.push(line);
        }
        self.text.extend_from_slice(bytes);
    }

    /// Ends the value.
    pub(super) fn end(&mut self) {
        self.add(self.start, self.text.len());
        // Keeps a search of the whole text from running on into the next value.
        self.text.push(b'\n');
        self.start = self.text.len();
    }

    fn add(&mut self, start: usize, end: usize) {
        self.values.push(Value {
            start: start as u32,
            end: end as u32,
            column: self.column,
            line: 0,
        });
        self.rows.push(self.row);
    }

    /// Something that could not be read.
    pub(super) fn problem(&mut self, problem: Problem) {
        self.sink.problem(problem);
    }

    /// The same, at a place in the text.
    pub(super) fn problem_at(&mut self, problem: Problem, at: usize) {
        let stored = self
            .origin
            .as_ref()
            .and_then(|origin| origin.offsets.stored(at as u32, at as u32));
        self.sink.problem(match stored {
            Some((start, _)) => problem.at(start),
            None => problem,
        });
    }

    /// Gives away what is there.
    fn flush(&mut self) {
        if !self.values.is_empty() {
            let offsets = if self.pieces.is_empty() {
                OffsetMap::None
            } else {
                lead(&mut self.pieces, &mut self.lines);
                OffsetMap::Lined {
                    pieces: std::mem::take(&mut self.pieces),
                    lines: std::mem::take(&mut self.lines),
                }
            };
            self.sink.batch(Batch {
                text: &self.text,
                values: &self.values,
                rows: Rows::One(&self.rows),
                offsets: &offsets,
            });
            if let OffsetMap::Lined { pieces, lines } = offsets {
                (self.pieces, self.lines) = (pieces, lines);
            }
        }
        self.pieces.clear();
        self.lines.clear();
        self.text.clear();
        self.values.clear();
        self.rows.clear();
        self.start = 0;
    }

    /// Gives away the last values; says how many records were ended and how many lines the text has.
    pub(super) fn finish(mut self) -> Extent {
        self.text.truncate(self.start);
        self.flush();
        let lines = self.origin.map_or(0, |origin| count_line_ends(origin.text));
        Extent {
            records: u64::from(self.row),
            lines,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Given = (String, u32, Option<(u64, u64)>, u32);

    /// What was given: text, row, and where the values came from.
    #[derive(Default)]
    struct Taken(Vec<Given>);

    impl Sink for Taken {
        fn column(&mut self, _: &str) -> ColumnId {
            ColumnId(0)
        }

        fn batch(&mut self, batch: Batch<'_>) {
            for (index, value) in batch.values.iter().enumerate() {
                let text = &batch.text[value.start as usize..value.end as usize];
                self.0.push((
                    String::from_utf8_lossy(text).into_owned(),
                    batch.rows.of(index)[0],
                    batch.offsets.stored(value.start, value.end),
                    batch.line_of(value, value.end),
                ));
            }
        }

        fn problem(&mut self, _: Problem) {}
    }

    #[test]
    fn joined_values_lead_back_to_their_bytes_and_lines() {
        let mut taken = Taken::default();
        let text = b"ab\n cd&amp;e\n";
        let offsets = OffsetMap::Shift(100);
        let mut records = Records::over(&mut taken, text, &offsets);
        let column = records.column("a");
        records.begin(column);
        records.stored(0..2);
        records.stored(4..6);
        records.instead(b"&", 6..11);
        records.stored(11..12);
        records.end();
        records.next_row();
        records.value_at(column, 4..6);
        assert_eq!(
            records.finish(),
            Extent {
                records: 1,
                lines: 2
            }
        );
        assert_eq!(
            taken.0,
            [
                ("abcd&e".into(), 0, Some((100, 112)), 1),
                ("cd".into(), 1, Some((104, 106)), 1)
            ]
        );
    }
}
