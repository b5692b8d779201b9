//! What an old workbook (`.xls`) comes to, before its library holds all of that: the cells that its sheets span, filled or not,
//! and the texts that cells share, once for each cell.
//!
//! The records are described in [MS-XLS].

use std::io::Read;

use super::sheet::MOST_TEXT;

/// Cells, filled or not, that the sheets may span together.
const MOST_CELLS: u64 = 20_000_000;
/// A character in UTF-8, in bytes.
const LONGEST_CHARACTER: u64 = 3;

/// Whoever encrypts a workbook says so in one of its first records.
const FIRST_RECORDS: usize = 8;

/// Kinds of records.
const ENCRYPTED: u16 = 0x002f;
const SHEET: u16 = 0x0809;
const SHARED_TEXTS: u16 = 0x00fc;
const CONTINUED: u16 = 0x003c;
const SHARED_TEXT: u16 = 0x00fd;

/// Whether the records of an old workbook are encrypted, each but for its kind and length.
pub(super) fn is_encrypted(workbook: impl Read) -> bool {
    let mut stream = std::io::BufReader::new(workbook);
    let records = std::iter::from_fn(|| {
        let mut head = [0; 4];
        stream.read_exact(&mut head).ok()?;
        let len = u64::from(u16::from_le_bytes([head[2], head[3]]));
        std::io::copy(&mut stream.by_ref().take(len), &mut std::io::sink()).ok()?;
        Some(u16::from_le_bytes([head[0], head[1]]))
    });
    records.take(FIRST_RECORDS).any(|kind| kind == ENCRYPTED)
}

/// Whether the sheets of an old workbook span no more cells, and their texts are no longer, than may be held: any two cells can
/// claim to be far apart, and all can share one text.
pub(super) fn is_bounded(workbook: impl Read) -> bool {
    let mut stream = std::io::BufReader::new(workbook);
    let (mut all, mut rows, mut columns) = (0_u64, 0_u64, 0_u64);
    let (mut shared, mut lengths, mut text) = (Vec::new(), Vec::new(), 0_u64);
    let (mut head, mut before) = ([0; 4], 0);
    while stream.read_exact(&mut head).is_ok() {
        let kind = u16::from_le_bytes([head[0], head[1]]);
        let mut body = vec![0; usize::from(u16::from_le_bytes([head[2], head[3]]))];
        if stream.read_exact(&mut body).is_err() {
            break;
        }
        if kind == SHARED_TEXTS || kind == CONTINUED && before == SHARED_TEXTS {
            shared.push(body);
            before = SHARED_TEXTS;
            continue;
        }
        if !shared.is_empty() {
            lengths = Texts::lengths(&std::mem::take(&mut shared));
        }
        before = kind;
        // A sheet begins.
        if kind == SHEET {
            all += rows * columns;
            (rows, columns) = (0, 0);
        }
        let is_cell = matches!(
            kind,
            0x0006 | 0x00bd | 0x00be | 0x00d6 | SHARED_TEXT | 0x0201..=0x0205 | 0x027e | 0x0406
        );
        if let (true, Some(place)) = (is_cell, body.first_chunk::<4>()) {
            rows = rows.max(u64::from(u16::from_le_bytes([place[0], place[1]])) + 1);
            columns = columns.max(u64::from(u16::from_le_bytes([place[2], place[3]])) + 1);
            // Of several cells in one record the last one's column stands at its end.
            if let (0x00bd | 0x00be, Some(last)) = (kind, body.last_chunk::<2>()) {
                columns = columns.max(u64::from(u16::from_le_bytes(*last)) + 1);
            }
        }
        if let (SHARED_TEXT, Some(number)) = (kind, body.get(6..10)) {
            let number = number
                .iter()
                .rev()
                .fold(0, |n, &byte| n << 8 | usize::from(byte));
            text += lengths.get(number).map_or(0, |len| u64::from(*len)) * LONGEST_CHARACTER;
        }
    }
    all + rows * columns <= MOST_CELLS && text <= MOST_TEXT as u64
}

/// The texts that cells share, in the records that they are spread over.
struct Texts<'r> {
    records: std::slice::Iter<'r, Vec<u8>>,
    rest: &'r [u8],
}

impl Texts<'_> {
    /// How many characters each of them has.
    fn lengths(records: &[Vec<u8>]) -> Vec<u16> {
        let mut texts = Texts {
            records: records.iter(),
            rest: &[],
        };
        // Their counts come first.
        if texts.number(8).is_none() {
            return Vec::new();
        }
        std::iter::from_fn(|| texts.next_length()).collect()
    }

    fn byte(&mut self) -> Option<u8> {
        while self.rest.is_empty() {
            self.rest = self.records.next()?;
        }
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    fn number(&mut self, bytes: u32) -> Option<u64> {
        (0..bytes).try_fold(0, |number, place| {
            Some(number | u64::from(self.byte()?) << (8 * place))
        })
    }

    fn skip(&mut self, mut bytes: u64) -> Option<()> {
        while bytes > 0 {
            if self.rest.is_empty() {
                self.rest = self.records.next()?;
            }
            let skipped = bytes.min(self.rest.len() as u64);
            self.rest = &self.rest[skipped as usize..];
            bytes -= skipped;
        }
        Some(())
    }

    /// The length of the next one, which is skipped as far as there is more of it.
    fn next_length(&mut self) -> Option<u16> {
        let len = self.number(2)? as u16;
        let _ = self.skip_text(len);
        Some(len)
    }

    fn skip_text(&mut self, len: u16) -> Option<()> {
        let flags = self.byte()?;
        let runs = if flags & 8 == 0 { 0 } else { self.number(2)? };
        let extended = if flags & 4 == 0 { 0 } else { self.number(4)? };
        let (mut left, mut width) = (usize::from(len), usize::from(flags & 1) + 1);
        while left > 0 {
            if self.rest.len() < width {
                // Where it goes on, a byte says again how wide its characters are.
                self.rest = self.records.next()?;
                width = usize::from(self.byte()? & 1) + 1;
                continue;
            }
            let skipped = left.min(self.rest.len() / width);
            self.rest = &self.rest[skipped * width..];
            left -= skipped;
        }
        self.skip(runs * 4 + extended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u16, body: &[u8]) -> Vec<u8> {
        let len = body.len() as u16;
        [&kind.to_le_bytes()[..], &len.to_le_bytes(), body].concat()
    }

    #[test]
    fn an_encrypted_workbook_says_so() {
        let begin = record(SHEET, &[0; 16]);
        let sealed = [&begin[..], &record(ENCRYPTED, &[1; 54])].concat();
        assert!(is_encrypted(&sealed[..]));
        assert!(!is_encrypted(&begin.repeat(3)[..]));
        assert!(!is_encrypted(&sealed[..22]));
    }

    #[test]
    fn cells_far_apart_are_refused() {
        let cell = |row: u16, column: u16| {
            let mut record = vec![0x03, 0x02, 4, 0];
            record.extend(row.to_le_bytes());
            record.extend(column.to_le_bytes());
            record
        };
        assert!(is_bounded(&[cell(0, 0), cell(9, 9)].concat()[..]));
        assert!(!is_bounded(&[cell(0, 0), cell(65535, 65535)].concat()[..]));
    }

    #[test]
    fn the_text_that_a_formula_gave_has_no_place() {
        let texts = record(0x0207, b"\xff\xff\0abcde").repeat(2);
        assert!(is_bounded(&texts[..]));
        let far = record(0x0006, b"\xff\xff\0abcde").repeat(2);
        assert!(!is_bounded(&far[..]));
    }

    #[test]
    fn texts_are_measured_across_records() {
        let counts = [0; 8];
        let records = vec![
            // Three narrow characters; five, of which two are wide and the rest is in the next record; one with a run; two.
            [&counts[..], b"\x03\0\0abc", b"\x05\0\x01a\0b\0"].concat(),
            b"\0cde\x01\0\x08\x01\0aRUNS\x02\0\0ab".to_vec(),
        ];
        assert_eq!(Texts::lengths(&records), [3, 5, 1, 2]);
    }

    #[test]
    fn a_long_text_that_all_cells_share_is_refused() {
        let mut texts = vec![0; 8];
        texts.extend(b"\xff\x1f\0");
        texts.resize(texts.len() + 0x1fff, b'a');
        let mut book = record(SHARED_TEXTS, &texts);
        let cell = record(SHARED_TEXT, &[0; 10]);
        book.extend(cell.repeat(100));
        assert!(is_bounded(&book[..]));
        book.extend(cell.repeat(50_000));
        assert!(!is_bounded(&book[..]));
    }
}
