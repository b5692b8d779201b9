//! Rows: what their bytes mean, and their values as text for the sink.

use std::fmt::Write as _;

use super::super::text::is_text;
use super::pages::Encoding;
use super::schema::{Place, Table};
use crate::error::Problem;
use crate::format::{Batch, ColumnId, OffsetMap, Rows, Sink, Value};

/// Values handed over at a time, and bytes of their text.
const BATCH: usize = 8192;
const TEXT: usize = 256 << 10;
/// No table has more columns.
const MOST_COLUMNS: usize = 32_767;

/// A number of one to nine bytes; goes on behind it.
pub(super) fn varint(bytes: &mut &[u8]) -> Option<i64> {
    let mut value = 0_u64;
    for index in 0..9 {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        if index == 8 {
            return Some((value << 8 | u64::from(byte)).cast_signed());
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte < 0x80 {
            return Some(value.cast_signed());
        }
    }
    None
}

/// A stored value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stored<'r> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'r [u8]),
    Blob(&'r [u8]),
}

/// The values of a row; a last one of none where the row is cut off or malformed.
pub(super) fn stored_values(record: &[u8]) -> impl Iterator<Item = Option<Stored<'_>>> {
    let mut rest = record;
    let header_len = varint(&mut rest).and_then(|len| usize::try_from(len).ok());
    let header_start = record.len() - rest.len();
    let header = header_len.and_then(|len| record.get(header_start..len));
    let mut body = header_len
        .and_then(|len| record.get(len..))
        .unwrap_or_default();
    let mut header = header.ok_or(());
    std::iter::from_fn(move || {
        let Ok(types) = &mut header else {
            // Told once.
            return std::mem::replace(&mut header, Ok(&[]))
                .is_err()
                .then_some(None);
        };
        if types.is_empty() {
            return None;
        }
        let value = varint(types).and_then(|kind| stored_value(kind, &mut body));
        if value.is_none() {
            header = Ok(&[]);
        }
        Some(value)
    })
}

fn stored_value<'r>(kind: i64, body: &mut &'r [u8]) -> Option<Stored<'r>> {
    let len = match kind {
        0 | 8 | 9 => 0,
        1..=4 => usize::try_from(kind).ok()?,
        5 => 6,
        6 | 7 => 8,
        12.. => usize::try_from((kind - 12) / 2).ok()?,
        _ => return None,
    };
    let (bytes, rest) = body.split_at_checked(len)?;
    *body = rest;
    let integer = || {
        let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
        bytes
            .iter()
            .fold(if negative { -1 } else { 0 }, |n: i64, &byte| {
                n << 8 | i64::from(byte)
            })
    };
    Some(match kind {
        0 => Stored::Null,
        8 | 9 => Stored::Integer(kind - 8),
        1..=6 => Stored::Integer(integer()),
        7 => Stored::Real(f64::from_bits(integer().cast_unsigned())),
        kind if kind % 2 == 0 => Stored::Blob(bytes),
        _ => Stored::Text(bytes),
    })
}

/// Gives the values of rows to the sink.
#[expect(
    clippy::struct_field_names,
    reason = "a batch of values is made of values, too"
)]
pub(super) struct Values<'s> {
    table: &'s Table,
    encoding: Encoding,
    sink: &'s mut dyn Sink,
    columns: Vec<ColumnId>,
    text: Vec<u8>,
    values: Vec<Value>,
    rows: Vec<u32>,
    row: u32,
}

impl<'s> Values<'s> {
    pub(super) fn new(table: &'s Table, encoding: Encoding, sink: &'s mut dyn Sink) -> Self {
        let columns = table.names.iter().map(|name| sink.column(name)).collect();
        Self {
            table,
            encoding,
            sink,
            columns,
            text: Vec::new(),
            values: Vec::new(),
            rows: Vec::new(),
            row: 0,
        }
    }

    pub(super) fn problem(&mut self, problem: Problem) {
        self.sink.problem(problem);
    }

    /// One row; none where some of it could not be read.
    pub(super) fn row(&mut self, record: &[u8], rowid: Option<i64>) -> Option<()> {
        let mut is_whole = true;
        for (at, value) in stored_values(record).enumerate() {
            let Some(value) = value else {
                is_whole = false;
                break;
            };
            match (self.table.places.get(at), value, rowid) {
                (Some(Place::Rowid(column)), Stored::Null, Some(rowid)) => {
                    self.give(*column, Stored::Integer(rowid));
                }
                (Some(Place::Rowid(column) | Place::Column(column)), value, _) => {
                    self.give(*column, value);
                }
                (None, value, _) if at < MOST_COLUMNS => self.give(at, value),
                _ => {}
            }
        }
        self.row += 1;
        if self.values.len() >= BATCH || self.text.len() >= TEXT {
            self.hand_over();
        }
        is_whole.then_some(())
    }

    fn give(&mut self, column: usize, value: Stored<'_>) {
        let start = self.text.len();
        match value {
            Stored::Integer(number) => {
                self.text
                    .extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
            }
            Stored::Real(number) => {
                let mut text = String::new();
                let _ = write!(text, "{number}");
                self.text.extend_from_slice(text.as_bytes());
            }
            Stored::Text(bytes) => match self.encoding {
                Encoding::Utf8 => self.text.extend_from_slice(bytes),
                Encoding::Utf16(encoding) => {
                    let decoded = encoding.decode_without_bom_handling(bytes).0;
                    self.text.extend_from_slice(decoded.as_bytes());
                }
            },
            Stored::Blob(bytes) if is_text(bytes) => self.text.extend_from_slice(bytes),
            Stored::Null | Stored::Blob(_) => return,
        }
        while self.columns.len() <= column {
            let name = format!("column_{}", self.columns.len() + 1);
            self.columns.push(self.sink.column(&name));
        }
        self.values.push(Value {
            start: start as u32,
            end: self.text.len() as u32,
            column: self.columns[column],
            line: 0,
        });
        self.rows.push(self.row);
        if self.text.len() >= 1 << 30 {
            // Places in a text are 32 bits wide.
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        if !self.values.is_empty() {
            self.sink.batch(Batch {
                text: &self.text,
                values: &self.values,
                rows: Rows::One(&self.rows),
                offsets: &OffsetMap::None,
            });
        }
        self.text.clear();
        self.values.clear();
        self.rows.clear();
    }

    /// Hands over what is left; gives how many rows there were.
    pub(super) fn finish(mut self) -> u64 {
        self.hand_over();
        u64::from(self.row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_length() {
        let of = |mut bytes: &[u8]| varint(&mut bytes);
        assert_eq!(of(&[0x7f]), Some(127));
        assert_eq!(of(&[0x81, 0x00]), Some(128));
        assert_eq!(of(&[0xff; 9]), Some(-1));
        assert_eq!(of(&[0x81]), None);
    }

    #[test]
    fn a_row_comes_apart() {
        let record = [6, 1, 2, 15, 0, 9, 0xff, 0x01, 0x00, b'a'];
        let values: Vec<_> = stored_values(&record).collect();
        let expected = [
            Some(Stored::Integer(-1)),
            Some(Stored::Integer(256)),
            Some(Stored::Text(b"a")),
            Some(Stored::Null),
            Some(Stored::Integer(1)),
        ];
        assert_eq!(values, expected);
        let cut: Vec<_> = stored_values(&record[..8]).collect();
        assert_eq!(cut, [Some(Stored::Integer(-1)), None]);
        assert_eq!(stored_values(&[9, 1]).collect::<Vec<_>>(), [None]);
    }
}
