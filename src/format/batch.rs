//! What a chunk gives to the engine: batches of values over one text.
//!
//! All values of a batch share one text, so that the matcher can search it as a whole or value by value. A text that
//! is not as stored (unescaped, transcoded) brings its way back along, an [`OffsetMap`]. Readers should keep a batch to
//! a few hundred KiB of text, so that it stays in the processor's cache.

use std::sync::Arc;

use crate::error::Problem;

/// A column, numbered within one chunk in the order in which the chunk asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ColumnId(pub u32);

/// One value: a span of the batch's text. Empty values are given too (they count as rows, not as values).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// First byte in the batch's text.
    pub start: u32,
    /// Behind the last byte.
    pub end: u32,
    /// Its column.
    pub column: ColumnId,
    /// Line ends in the chunk before the value's first byte.
    pub line: u32,
}

/// In which records of the chunk each value occurs, counted from the chunk's first record.
#[derive(Clone, Copy, Debug)]
pub enum Rows<'a> {
    /// The record of each value.
    One(&'a [u32]),
    /// The records of each value, ascending: those of value `i` end at `ends[i]` in `rows` and start where those of
    /// the value before end. For a dictionary: searched once, counted as often as it occurs.
    Many {
        /// Where the rows of each value end.
        ends: &'a [u32],
        /// The rows of all values.
        rows: &'a [u32],
    },
}

impl<'a> Rows<'a> {
    /// The records in which value `index` occurs.
    pub fn of(&self, index: usize) -> &'a [u32] {
        match *self {
            Rows::One(rows) => &rows[index..=index],
            Rows::Many { ends, rows } => {
                let start = if index == 0 {
                    0
                } else {
                    ends[index - 1] as usize
                };
                &rows[start..ends[index] as usize]
            }
        }
    }
}

/// Values out of a chunk, each with its column, its rows and its place in the stored bytes.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// UTF-8 as a rule; bytes that are not are passed through.
    pub text: &'a [u8],
    /// Ascending by start, and not overlapping.
    pub values: &'a [Value],
    /// Their records.
    pub rows: Rows<'a>,
    /// From a place in `text` to one in the stored input.
    pub offsets: &'a OffsetMap,
}

impl Batch<'_> {
    /// Line ends in the chunk before a place within a value.
    pub(crate) fn line_of(&self, value: &Value, at: u32) -> u32 {
        match self.offsets {
            OffsetMap::Lined { pieces, lines } => {
                let index = piece_index(pieces, at);
                let from = pieces.get(index).map_or(at, |piece| piece.text);
                lines.get(index).copied().unwrap_or(value.line) + self.line_ends(from, at)
            }
            _ => value.line + self.line_ends(value.start, at),
        }
    }

    /// Line ends between two places of the text, but those that came from an escape.
    pub(crate) fn line_ends(&self, from: u32, to: u32) -> u32 {
        let text = &self.text[from as usize..to as usize];
        let ends = memchr::memchr2_iter(b'\n', b'\r', text)
            .map(|at| from as usize + at)
            .filter(|&at| {
                let is_end = self.text[at] == b'\n' || self.text.get(at + 1) != Some(&b'\n');
                is_end && self.offsets.is_as_stored(at as u32)
            });
        ends.count() as u32
    }
}

/// From a place in a batch's text to one in the stored input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OffsetMap {
    /// The format has no such offsets (Parquet, SQLite, xlsx); lines are not meant either.
    None,
    /// The text is as stored, this many bytes into the input.
    Shift(u64),
    /// The text is made of pieces, ascending by their place in the text, the first at 0.
    Pieces(Vec<OffsetPiece>),
    /// The same where values are put together from pieces with line ends between them: for each piece, also how many line
    /// ends of the chunk lie before it.
    Lined {
        /// The pieces.
        pieces: Vec<OffsetPiece>,
        /// Line ends before each.
        lines: Vec<u32>,
    },
}

/// A stretch of a text that came from one stretch of the stored input; it ends where the next one starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OffsetPiece {
    /// Where it starts in the text.
    pub text: u32,
    /// Where it starts in the stored input.
    pub stored: u64,
    /// How the two relate.
    pub span: Span,
}

/// How bytes of a text relate to stored bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// Each byte of text came from this many stored bytes (1: as stored; 2: ASCII in UTF-16).
    Each(u8),
    /// All of it came from one stored stretch of this many bytes: an escape, a transcoded character.
    Whole(u16),
}

impl OffsetMap {
    /// Whether the byte at a place stands for a character that is stored as such, and not for an escape.
    fn is_as_stored(&self, at: u32) -> bool {
        match self {
            OffsetMap::None => false,
            OffsetMap::Shift(_) => true,
            OffsetMap::Pieces(pieces) | OffsetMap::Lined { pieces, .. } => pieces
                .get(piece_index(pieces, at))
                .is_some_and(|piece| matches!(piece.span, Span::Each(_))),
        }
    }

    /// Tells `give` where each stretch of `start..end` of the text came from: the stretch's first byte in the text, counted
    /// from `start`, its first stored byte, and how the two relate.
    pub(crate) fn each_piece(&self, start: u32, end: u32, mut give: impl FnMut(u32, u64, Span)) {
        match self {
            OffsetMap::None => {}
            OffsetMap::Shift(base) => give(0, base + u64::from(start), Span::Each(1)),
            OffsetMap::Pieces(pieces) | OffsetMap::Lined { pieces, .. } => {
                let first = piece_index(pieces, start);
                let within = pieces[first..].iter().take_while(|piece| piece.text < end);
                for piece in within {
                    let skipped = start.saturating_sub(piece.text);
                    let stored = match piece.span {
                        Span::Each(n) => piece.stored + u64::from(skipped) * u64::from(n),
                        Span::Whole(_) => piece.stored,
                    };
                    give(piece.text.max(start) - start, stored, piece.span);
                }
            }
        }
    }

    /// Adds the pieces of `start..end` of the text to those of another text, in which that stretch starts at `at`.
    pub(crate) fn copy_pieces(&self, start: u32, end: u32, at: u32, out: &mut Vec<OffsetPiece>) {
        self.each_piece(start, end, |text, stored, span| {
            out.push(OffsetPiece {
                text: at + text,
                stored,
                span,
            });
        });
    }

    /// The stored bytes from which `start..end` of the text came.
    pub fn stored(&self, start: u32, end: u32) -> Option<(u64, u64)> {
        match self {
            OffsetMap::None => None,
            OffsetMap::Shift(base) => Some((base + u64::from(start), base + u64::from(end))),
            OffsetMap::Pieces(pieces) | OffsetMap::Lined { pieces, .. } => {
                let first = piece_of(pieces, start);
                let stored_start = match first.span {
                    Span::Each(n) => first.stored + u64::from(start - first.text) * u64::from(n),
                    Span::Whole(_) => first.stored,
                };
                if end <= start {
                    return Some((stored_start, stored_start));
                }
                let last = piece_of(pieces, end - 1);
                let stored_end = match last.span {
                    Span::Each(n) => last.stored + u64::from(end - last.text) * u64::from(n),
                    Span::Whole(len) => last.stored + u64::from(len),
                };
                Some((stored_start, stored_end))
            }
        }
    }
}

/// Has what stands before the first piece (empty values) lead to where that starts, and all else stay where it is.
pub(crate) fn lead(pieces: &mut Vec<OffsetPiece>, lines: &mut Vec<u32>) {
    if let (Some(&first), Some(&line)) = (pieces.first(), lines.first())
        && first.text > 0
    {
        let lead = OffsetPiece {
            text: 0,
            span: Span::Whole(0),
            ..first
        };
        pieces.insert(0, lead);
        lines.insert(0, line);
    }
}

fn piece_of(pieces: &[OffsetPiece], at: u32) -> OffsetPiece {
    pieces[piece_index(pieces, at)]
}

fn piece_index(pieces: &[OffsetPiece], at: u32) -> usize {
    let index = pieces.partition_point(|piece| piece.text <= at);
    index.saturating_sub(1)
}

/// Takes what a chunk reads.
pub trait Sink {
    /// The column of this name (or path) in the chunk's table; the same name gives the same column. An empty name is
    /// for values without one (plain text). Ask in the order in which columns appear in the data.
    fn column(&mut self, name: &str) -> ColumnId;

    /// The column of what values of another column hold in themselves, at this path.
    fn inner(&mut self, outer: ColumnId, path: &str) -> ColumnId {
        let _ = outer;
        self.column(path)
    }

    /// Values to search. The sink is done with them when it returns.
    fn batch(&mut self, batch: Batch<'_>);

    /// Something that could not be read, or should be known.
    fn problem(&mut self, problem: Problem);

    /// The table of the columns asked for from now on; until then, it is the part's. For chunks of several tables (the rows
    /// of their values are counted table by table), which say with [`Sink::records`] how many records each has.
    fn table(&mut self, _table: Option<&Arc<str>>) {}

    /// This many records of that table end in the chunk, beside those of [`Extent`](super::Extent), which are the part's.
    fn records(&mut self, _count: u64) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_lead_back_through_escapes() {
        // Stored: `a\u0040b`, 8 bytes from offset 10; the text is `a@b`.
        let map = OffsetMap::Pieces(vec![
            OffsetPiece {
                text: 0,
                stored: 10,
                span: Span::Each(1),
            },
            OffsetPiece {
                text: 1,
                stored: 11,
                span: Span::Whole(6),
            },
            OffsetPiece {
                text: 2,
                stored: 17,
                span: Span::Each(1),
            },
        ]);
        assert_eq!(map.stored(0, 3), Some((10, 18)));
        assert_eq!(map.stored(1, 2), Some((11, 17)));
        assert_eq!(map.stored(0, 1), Some((10, 11)));
    }

    #[test]
    fn what_stands_before_the_first_piece_moves_no_other() {
        let mut pieces = vec![OffsetPiece {
            text: 3,
            stored: 10,
            span: Span::Each(1),
        }];
        let mut lines = vec![2];
        lead(&mut pieces, &mut lines);
        let map = OffsetMap::Lined { pieces, lines };
        assert_eq!(map.stored(0, 0), Some((10, 10)));
        assert_eq!(map.stored(3, 5), Some((10, 12)));
    }

    #[test]
    fn rows_of_a_dictionary() {
        let rows = Rows::Many {
            ends: &[2, 3],
            rows: &[0, 4, 1],
        };
        assert_eq!(rows.of(0), [0, 4]);
        assert_eq!(rows.of(1), [1]);
    }
}
