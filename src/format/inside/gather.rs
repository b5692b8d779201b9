//! A batch made anew, with what opened cells hold in their places.

use std::ops::Range;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::Kept;
use super::leaves::Leaves;
use crate::format::batch::lead;
use crate::format::{Batch, ColumnId, OffsetMap, OffsetPiece, Rows, Sink, Span, Value};

/// Columns below those of a chunk.
const MOST_COLUMNS: usize = 10_000;

/// Values that are put together.
#[derive(Default)]
pub(super) struct Gathered {
    text: Vec<u8>,
    pieces: Vec<OffsetPiece>,
    lines: Vec<u32>,
    values: Vec<Value>,
    ends: Vec<u32>,
    rows: Vec<u32>,
    /// Whether values have places in the stored bytes.
    is_placed: bool,
    /// For each column, those below it.
    columns: HashMap<u32, HashMap<Box<str>, ColumnId, FixedState>, FixedState>,
    known: usize,
}

impl Gathered {
    /// A value as it is.
    pub(super) fn copy(&mut self, batch: &Batch<'_>, index: usize) {
        self.outer(batch, index, Kept::All);
    }

    /// What stays of a value in its own column.
    pub(super) fn outer(&mut self, batch: &Batch<'_>, index: usize, kept: Kept) {
        let value = &batch.values[index];
        let len = match kept {
            Kept::All => value.end - value.start,
            Kept::First(len) => (len as u32).min(value.end - value.start),
        };
        let start = self.text.len() as u32;
        let line = match batch.offsets {
            OffsetMap::Lined { .. } => batch.line_of(value, value.start),
            _ => value.line,
        };
        self.stored(batch, value, value.start..value.start + len, line);
        self.end(batch, index, start, value.column);
    }

    /// What stands in a value, each in its column.
    pub(super) fn leaves(
        &mut self,
        batch: &Batch<'_>,
        index: usize,
        leaves: &Leaves,
        sink: &mut dyn Sink,
    ) {
        let value = &batch.values[index];
        // Leaves come in the order of the cell, but for a few.
        let mut counted = (value.start, value.line);
        for leaf in leaves.iter() {
            let at = value.start + leaf.at.start as u32..value.start + leaf.at.end as u32;
            let line = match batch.offsets {
                OffsetMap::Lined { .. } => batch.line_of(value, at.start),
                _ if at.start >= counted.0 => {
                    counted = (at.start, counted.1 + batch.line_ends(counted.0, at.start));
                    counted.1
                }
                _ => batch.line_of(value, at.start),
            };
            let column = self.column(value.column, leaf.path, sink);
            let start = self.text.len() as u32;
            if leaf.is_exact {
                self.stored(batch, value, at, line);
            } else {
                self.made(batch, leaf.text, &at, line);
            }
            self.end(batch, index, start, column);
        }
    }

    fn column(&mut self, outer: ColumnId, path: &str, sink: &mut dyn Sink) -> ColumnId {
        if path.is_empty() {
            return outer;
        }
        let below = self.columns.entry(outer.0).or_default();
        if let Some(&known) = below.get(path) {
            return known;
        }
        if self.known >= MOST_COLUMNS {
            return sink.inner(outer, "…");
        }
        self.known += 1;
        let column = sink.inner(outer, path);
        below.insert(path.into(), column);
        column
    }

    /// A stretch of the batch's text as it is.
    fn stored(&mut self, batch: &Batch<'_>, value: &Value, at: Range<u32>, line: u32) {
        let start = self.text.len() as u32;
        self.text
            .extend_from_slice(&batch.text[at.start as usize..at.end as usize]);
        match batch.offsets {
            OffsetMap::None => {}
            OffsetMap::Shift(base) => {
                self.piece(start, base + u64::from(at.start), Span::Each(1), line);
            }
            OffsetMap::Pieces(pieces) | OffsetMap::Lined { pieces, .. } => {
                let first = pieces.partition_point(|piece| piece.text <= at.start);
                for piece in &pieces[first.saturating_sub(1)..] {
                    if piece.text >= at.end && piece.text > at.start {
                        break;
                    }
                    let from = piece.text.max(at.start);
                    let into = u64::from(from - piece.text);
                    let stored = match piece.span {
                        Span::Each(n) => piece.stored + into * u64::from(n),
                        Span::Whole(_) => piece.stored,
                    };
                    let line = if from == at.start {
                        line
                    } else {
                        batch.line_of(value, from)
                    };
                    self.piece(start + (from - at.start), stored, piece.span, line);
                }
            }
        }
    }

    /// A text that stands for a stretch of the batch's.
    fn made(&mut self, batch: &Batch<'_>, text: &[u8], at: &Range<u32>, line: u32) {
        let start = self.text.len() as u32;
        self.text.extend_from_slice(text);
        if let Some((from, to)) = batch.offsets.stored(at.start, at.end) {
            let len = u16::try_from(to - from).unwrap_or(u16::MAX);
            self.piece(start, from, Span::Whole(len), line);
        }
    }

    fn piece(&mut self, text: u32, stored: u64, span: Span, line: u32) {
        self.is_placed = true;
        self.pieces.push(OffsetPiece { text, stored, span });
        self.lines.push(line);
    }

    fn end(&mut self, batch: &Batch<'_>, index: usize, start: u32, column: ColumnId) {
        let line = self
            .lines
            .last()
            .copied()
            .unwrap_or(batch.values[index].line);
        self.values.push(Value {
            start,
            end: self.text.len() as u32,
            column,
            line,
        });
        self.rows.extend_from_slice(batch.rows.of(index));
        self.ends.push(self.rows.len() as u32);
        // Keeps a search of the whole text from running on into the next value.
        self.text.push(b'\n');
    }

    /// Gives all of it away.
    pub(super) fn give(&mut self, sink: &mut dyn Sink) {
        let offsets = if self.is_placed {
            lead(&mut self.pieces, &mut self.lines);
            OffsetMap::Lined {
                pieces: std::mem::take(&mut self.pieces),
                lines: std::mem::take(&mut self.lines),
            }
        } else {
            OffsetMap::None
        };
        sink.batch(Batch {
            text: &self.text,
            values: &self.values,
            rows: Rows::Many {
                ends: &self.ends,
                rows: &self.rows,
            },
            offsets: &offsets,
        });
        self.pieces.clear();
        self.lines.clear();
        self.text.clear();
        self.values.clear();
        self.ends.clear();
        self.rows.clear();
        self.is_placed = false;
    }
}
