//! Delimited text in a cell: `name,email`, a line end, `Jor,jor@postluxterra.nl`, as exports carry attachments along.
//!
//! Commas and line ends are in addresses, lists and letters, too. So all must fit: lines of one width, a first one that
//! names columns as programs and sheets do, and below it what no column is called. What is left out is searched as text.

use std::collections::HashSet;
use std::ops::Range;

use super::leaves::{self, Leaves};
use crate::format::csv::header::has_header;
use crate::format::json::is_data;

/// Bytes of a cell that may be a table.
pub(super) const SHORTEST: usize = 16;
/// Bytes of its first line, and of a name in it.
const LONGEST_HEADER: usize = 2000;
const LONGEST_NAME: usize = 40;
const DELIMITERS: &[u8] = b"\t;|,";
/// Records that are compared with the first one.
const COMPARED: usize = 200;

/// Whether a cell with a line end in it may be a table: its first line decides.
pub(super) fn may_be(cell: &[u8]) -> bool {
    if cell.len() < SHORTEST {
        return false;
    }
    let start = start_of(cell);
    let head = &cell[start..cell.len().min(start + LONGEST_HEADER)];
    let starts = head
        .first()
        .is_some_and(|&byte| byte == b'"' || starts_name(byte));
    if !starts {
        return false;
    }
    let Some(end) = memchr::memchr(b'\n', head) else {
        return false;
    };
    let line = head[..end].trim_ascii_end();
    DELIMITERS
        .iter()
        .any(|&delimiter| names_columns(line, delimiter))
}

/// Whether a line has two parts or more, each of which may name a column.
fn names_columns(line: &[u8], delimiter: u8) -> bool {
    let mut names = line.split(|&byte| byte == delimiter);
    let is_quoted = line.contains(&b'"');
    memchr::memchr(delimiter, line).is_some()
        && names.all(|name| {
            if is_quoted {
                // Quotes of CSV in CSV are doubled here still.
                let plain = name.iter().copied().filter(|&byte| byte != b'"');
                is_name(&plain.collect::<Vec<u8>>())
            } else {
                is_name(name)
            }
        })
}

/// Reads a cell that is a table as a whole; gives how much of it stays, its first name; none where it isn't.
pub(super) fn read(cell: &[u8], leaves: &mut Leaves) -> Option<usize> {
    if cell.len() < SHORTEST || memchr::memchr(b'\n', cell).is_none() {
        return None;
    }
    let table = DELIMITERS
        .iter()
        .find_map(|&delimiter| Table::of(cell, delimiter))?;
    if !table.is_meant() {
        return None;
    }
    let (names, values) = table.fields.split_at(table.width);
    for row in values.chunks(table.width) {
        for (name, value) in names.iter().zip(row) {
            let before = leaves.down(&name.text(cell));
            if value.is_doubled {
                leaves.made(&value.text(cell), value.at.clone());
            } else {
                leaves.stored(cell, value.at.clone());
            }
            leaves.up(before);
        }
    }
    Some(names[0].at.end)
}

/// Where the first name starts: behind line ends and a byte-order mark.
fn start_of(cell: &[u8]) -> usize {
    let is_end = |byte: &&u8| matches!(byte, b'\n' | b'\r');
    let blank = cell.iter().take_while(is_end).count();
    blank + 3 * usize::from(cell[blank..].starts_with(b"\xef\xbb\xbf"))
}

/// Delimited text.
struct Table<'c> {
    cell: &'c [u8],
    delimiter: u8,
    /// Fields of each record.
    width: usize,
    /// The names, and behind them the fields of all other records.
    fields: Vec<Field>,
}

/// One field.
struct Field {
    /// Where it stands, without its quotes.
    at: Range<usize>,
    /// Whether quotes in it are doubled.
    is_doubled: bool,
}

impl Field {
    fn text<'c>(&self, cell: &'c [u8]) -> std::borrow::Cow<'c, [u8]> {
        let text = &cell[self.at.clone()];
        if !self.is_doubled {
            return text.into();
        }
        let mut made = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some((&byte, behind)) = rest.split_first() {
            made.push(byte);
            let skipped = usize::from(byte == b'"').min(behind.len());
            rest = &behind[skipped..];
        }
        made.into()
    }
}

/// What stands behind a field.
#[derive(PartialEq, Eq)]
enum Behind {
    Field,
    Record,
    End,
}

impl<'c> Table<'c> {
    /// Cuts a cell into records of one width, the first of which are names; none where it can't be.
    fn of(cell: &'c [u8], delimiter: u8) -> Option<Self> {
        let end = cell.len()
            - cell
                .iter()
                .rev()
                .take_while(|byte| matches!(byte, b'\n' | b'\r'))
                .count();
        let mut table = Self {
            cell: &cell[..end],
            delimiter,
            width: 0,
            fields: Vec::new(),
        };
        let mut at = start_of(cell);
        loop {
            let record = table.fields.len();
            while table.field(&mut at)? == Behind::Field {}
            let width = table.fields.len() - record;
            if record == 0 {
                table.width = width;
                if width < 2 || !table.has_names() {
                    return None;
                }
            }
            if width != table.width || table.fields.len() > leaves::MOST + table.width {
                return None;
            }
            if at >= end {
                return (record > 0).then_some(table);
            }
        }
    }

    /// Adds the field that starts at a place, and goes behind what ends it.
    fn field(&mut self, place: &mut usize) -> Option<Behind> {
        let (from, end) = (*place, self.cell.len());
        let is_quoted = self.cell.get(from) == Some(&b'"');
        let mut is_doubled = false;
        let mut at = from + usize::from(is_quoted);
        let start = at;
        let stop = if is_quoted {
            loop {
                at += memchr::memchr(b'"', self.cell.get(at..)?)?;
                if self.cell.get(at + 1) != Some(&b'"') {
                    break;
                }
                is_doubled = true;
                at += 2;
            }
            at + 1
        } else {
            let rest = self.cell.get(from..)?;
            from + memchr::memchr2(self.delimiter, b'\n', rest).unwrap_or(rest.len())
        };
        let (behind, len) = match &self.cell[stop..] {
            [] => (Behind::End, 0),
            [b'\n', ..] => (Behind::Record, 1),
            [b'\r', b'\n', ..] => (Behind::Record, 2),
            [byte, ..] if *byte == self.delimiter => (Behind::Field, 1),
            _ => return None,
        };
        let text = if is_quoted { start..at } else { start..stop };
        // A carriage return before the end of a line, where no quotes are, is part of that.
        let is_return =
            !is_quoted && behind != Behind::Field && self.cell[text.clone()].ends_with(b"\r");
        let text = text.start..text.end - usize::from(is_return);
        self.fields.push(Field {
            at: text,
            is_doubled,
        });
        *place = if behind == Behind::End {
            end
        } else {
            stop + len
        };
        Some(behind)
    }

    /// Whether the first record names columns, each by a name of its own.
    fn has_names(&self) -> bool {
        let mut known = HashSet::new();
        self.fields.iter().all(|field| {
            let name = field.text(self.cell);
            is_name(&name) && known.insert(name.to_ascii_lowercase())
        })
    }

    /// Whether the records below differ from the names as data do. Two fields in each of two lines can be anything.
    fn is_meant(&self) -> bool {
        let rows = self.fields.len() / self.width - 1;
        if rows < 2 && self.width < 3 || self.reads_like_prose() {
            return false;
        }
        let texts: Vec<Vec<&[u8]>> = self
            .fields
            .chunks(self.width)
            .take(COMPARED)
            .map(|record| {
                let texts = record.iter().map(|field| &self.cell[field.at.clone()]);
                texts.collect()
            })
            .collect();
        let (names, rows) = (&texts[0], &texts[1..]);
        let is_told = (0..self.width).any(|column| self.is_told(column, names[column], rows));
        (is_told || names.iter().any(|name| is_coded(name))) && has_header(names, rows)
    }

    /// Whether a column holds data throughout, and its name is none. In two columns the data must be of one kind: names beside
    /// values, one a line, are no table.
    fn is_told(&self, column: usize, name: &[u8], rows: &[Vec<&[u8]>]) -> bool {
        let values = rows.iter().map(|row| row[column]);
        let mut values = values.filter(|value| !value.is_empty());
        let Some(first) = values.next() else {
            return false;
        };
        let kind = kind_of(first);
        !is_value(name)
            && is_value(first)
            && values.all(|value| is_value(value) && (self.width > 2 || kind_of(value) == kind))
    }

    /// Whether spaces follow commas or semicolons as they do in sentences.
    fn reads_like_prose(&self) -> bool {
        let is_spaced = |field: &&Field| self.cell[field.at.clone()].starts_with(b" ");
        let spaced = self.fields.iter().filter(is_spaced).count();
        matches!(self.delimiter, b',' | b';') && spaced * 4 > self.fields.len()
    }
}

/// Whether it names a column as programs and sheets do: a few words, letters first.
fn is_name(name: &[u8]) -> bool {
    let is_part =
        |byte: &u8| byte.is_ascii_alphanumeric() || *byte >= 0x80 || b" _-./()#".contains(byte);
    name.first().is_some_and(|&byte| starts_name(byte))
        && name.len() <= LONGEST_NAME
        && name.last() != Some(&b' ')
        && name.iter().all(is_part)
        && name.split(|&byte| byte == b' ').count() <= 3
        && !is_data(name)
}

fn starts_name(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte >= 0x80 || byte == b'_'
}

/// Whether only programs call something so: `first_name`, `firstName`.
fn is_coded(name: &[u8]) -> bool {
    let is_camel = |pair: &[u8]| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase();
    name.contains(&b'_') || name.windows(2).any(is_camel)
}

/// Whether it is a number, a date, an address or a key.
fn is_value(text: &[u8]) -> bool {
    text.iter()
        .any(|&byte| byte.is_ascii_digit() || byte == b'@')
}

/// What values of one kind have in common: `9-9-9` for dates.
fn kind_of(value: &[u8]) -> Vec<u8> {
    if value.contains(&b'@') {
        return b"@".to_vec();
    }
    let mut kind: Vec<u8> = value
        .iter()
        .map(|&byte| match byte {
            b'0'..=b'9' => b'9',
            _ if starts_name(byte) => b'a',
            _ => byte,
        })
        .collect();
    kind.dedup();
    kind
}
