//! A copy of a document in memory, with its values and their places.
//!
//! Of a text, places are bytes of the document, and what takes a value's place is spliced in. Of a Parquet file or a SQLite
//! database, a place is a cell, and the document is written anew (`parquet.rs`, `sqlite.rs`); the text of such cells is
//! kept here one behind the other, so that both kinds look alike to whoever chooses places.

use crate::error::Verdict;
use crate::format::{Batch, ColumnId, Piece, Reader, Sink};
use crate::input::Bytes;

/// A value and where it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    /// Its column, a number into [`Copy::columns`].
    pub(super) column: u32,
    /// First byte, in [`Copy::bytes`].
    pub(super) start: u64,
    /// Behind the last byte.
    pub(super) end: u64,
    /// Bytes that a letter or digit takes there.
    pub(super) width: u8,
    /// What may take its place.
    pub(super) slot: Slot,
    /// Its record, from 1; only of cells.
    pub(super) row: u64,
}

/// What a place can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// Any text.
    Text,
    /// A whole number, and how many bytes it may take.
    Integer(u8),
}

impl Slot {
    /// Whether a text can stand there, and reads back as it is.
    pub(super) fn takes(self, text: &[u8]) -> bool {
        match self {
            Slot::Text => true,
            Slot::Integer(bytes) => whole_number(text).is_some_and(|number| {
                let bits = u32::from(bytes) * 8;
                bits >= 64 || number.unsigned_abs() < 1 << (bits - 1)
            }),
        }
    }
}

/// The number that a text writes out; none where it would be written otherwise.
pub(super) fn whole_number(text: &[u8]) -> Option<i64> {
    let number: i64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (itoa::Buffer::new().format(number).as_bytes() == text).then_some(number)
}

/// How a document is written anew.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// Values are spliced into its text.
    Text,
    /// Cells of this Parquet file.
    #[cfg(feature = "parquet")]
    Parquet(Bytes),
    /// Cells of this SQLite database.
    Sqlite(Bytes),
}

/// New texts of cells, by their number in [`Copy::values`].
pub(super) type Texts = hashbrown::HashMap<u64, Vec<u8>>;

/// A copy of a document.
#[derive(Debug)]
pub(super) struct Copy {
    /// The bytes in which values have their places: those of the text, or all cells one behind the other.
    pub(super) bytes: Bytes,
    /// How it is written anew.
    pub(super) kind: Kind,
    /// Table and name of each column.
    pub(super) columns: Vec<(String, String)>,
    /// Values with a known place, in its order.
    pub(super) values: Vec<Value>,
}

impl Copy {
    /// An empty one.
    pub(super) fn new(bytes: Bytes, kind: Kind) -> Self {
        Self {
            bytes,
            kind,
            columns: Vec::new(),
            values: Vec::new(),
        }
    }

    /// The bytes of a value.
    pub(super) fn text(&self, value: &Value) -> &[u8] {
        &self.bytes[value.start as usize..value.end as usize]
    }

    /// The number of a column, which is new if it has to be.
    pub(super) fn column(&mut self, table: &str, name: &str) -> u32 {
        let known = self
            .columns
            .iter()
            .position(|(t, n)| t == table && n == name);
        known.unwrap_or_else(|| {
            self.columns.push((table.to_owned(), name.to_owned()));
            self.columns.len() - 1
        }) as u32
    }

    /// Reads the values of a text.
    pub(super) fn of_text(
        bytes: Bytes,
        format: &str,
        mut reader: Box<dyn Reader + '_>,
    ) -> Result<Self, String> {
        let mut copy = Self::new(bytes, Kind::Text);
        loop {
            match reader.next_piece() {
                Ok(None) => break,
                Ok(Some(Piece::Chunk(part))) => {
                    let mut places = Places {
                        copy: &mut copy,
                        table: part.table.as_deref().unwrap_or_default().to_owned(),
                        numbers: Vec::new(),
                    };
                    part.chunk.read(&mut places);
                }
                Ok(Some(_)) => {
                    return Err(format!("members of {format} are not put together again"));
                }
                Err(problem) if problem.verdict > Verdict::Lost => return Err(problem.to_string()),
                Err(_) => {}
            }
        }
        copy.values.sort_by_key(|value| value.start);
        copy.values.dedup_by_key(|value| value.start);
        if copy.values.is_empty() {
            return Err(format!(
                "values of {format} have no place in the stored bytes"
            ));
        }
        Ok(copy)
    }
}

/// Notes where the values of a chunk are.
struct Places<'c> {
    copy: &'c mut Copy,
    table: String,
    numbers: Vec<u32>,
}

impl Places<'_> {
    /// Whether a stored value is in UTF-16: by the file's mark, or by the zeros between its letters.
    fn is_wide(&self, start: u64, end: u64, len: u64) -> bool {
        let bytes = &self.copy.bytes;
        let is_marked = bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]);
        let stored = bytes.get(start as usize..end as usize).unwrap_or_default();
        is_marked || (end - start == 2 * len && stored.iter().take(2).any(|byte| *byte == 0))
    }
}

impl Sink for Places<'_> {
    fn column(&mut self, name: &str) -> ColumnId {
        let number = self.copy.column(&self.table, name);
        let place = self.numbers.iter().position(|known| *known == number);
        ColumnId(place.unwrap_or_else(|| {
            self.numbers.push(number);
            self.numbers.len() - 1
        }) as u32)
    }

    fn table(&mut self, table: Option<&std::sync::Arc<str>>) {
        self.table = table.map_or_else(String::new, ToString::to_string);
    }

    fn batch(&mut self, batch: Batch<'_>) {
        for (index, value) in batch.values.iter().enumerate() {
            let len = u64::from(value.end - value.start);
            let rows = batch.rows.of(index);
            let (Some((start, end)), [_]) = (batch.offsets.stored(value.start, value.end), rows)
            else {
                continue;
            };
            if len == 0 {
                continue;
            }
            let width = if self.is_wide(start, end, len) { 2 } else { 1 };
            self.copy.values.push(Value {
                column: self.numbers[value.column.0 as usize],
                start,
                end,
                width,
                slot: Slot::Text,
                row: 0,
            });
        }
    }

    fn problem(&mut self, _: crate::error::Problem) {}
}
