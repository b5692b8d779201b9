//! One document: its values with their paths.

use super::Records;
use crate::format::json::is_data;

/// Documents within each other; MongoDB allows 100.
const DEEPEST: usize = 110;
/// Bytes of a document; MongoDB allows 16 MiB and a little.
const LONGEST: usize = 48 << 20;
/// Bytes of a path.
const LONGEST_PATH: usize = 300;

/// Takes values.
pub(super) trait Visit {
    fn value(&mut self, path: &str, text: &[u8]);

    /// A key that is data, of the document at a path.
    fn key(&mut self, path: &str, key: &[u8]) {
        let _ = (path, key);
    }
}

/// Gives values to the records of a chunk.
pub(super) struct Cells<'c, 'r>(&'c mut Records<'r>);

impl<'c, 'r> Cells<'c, 'r> {
    pub(super) fn new(records: &'c mut Records<'r>) -> Self {
        Self(records)
    }
}

impl Visit for Cells<'_, '_> {
    fn value(&mut self, path: &str, text: &[u8]) {
        let column = self.0.column(path);
        self.0.value(column, text);
    }

    fn key(&mut self, path: &str, key: &[u8]) {
        let dot = if path.is_empty() { "" } else { "." };
        self.value(&format!("{path}{dot}{{key}}"), key);
    }
}

/// The length of a document that starts here, as it says; none where it can't be one.
pub(super) fn length(bytes: &[u8]) -> Option<usize> {
    let len = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
    (5..=LONGEST).contains(&len).then_some(len)
}

/// Whether a document that starts here ends where it says; none where that can't be seen.
pub(super) fn is_closed(bytes: &[u8]) -> Option<bool> {
    let len = length(bytes)?;
    bytes.get(len - 1).map(|&last| last == 0)
}

/// The name of the first member.
pub(super) fn first_name(document: &[u8]) -> Option<&[u8]> {
    let behind = document.get(5..)?;
    let len = memchr::memchr(0, behind)?;
    (len > 0).then_some(&behind[..len])
}

/// Whether a whole document starts here that is as it should be.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    length(bytes)
        .and_then(|len| bytes.get(..len))
        .is_some_and(|document| Document::new(document).read(&mut Nobody).is_some())
}

/// Whether bytes start with documents: all that are there whole must hold.
pub(super) fn starts(bytes: &[u8], whole: bool) -> bool {
    const ENOUGH: usize = 20;
    const DEPTH: usize = 8;
    let mut at = 0;
    for number in 0..ENOUGH {
        let rest = &bytes[at..];
        if rest.is_empty() {
            return number > 0 && whole;
        }
        let Some(len) = length(rest) else {
            return number > 0 && rest.len() < 4 && !whole;
        };
        if len > rest.len() {
            // Only its start can be seen.
            return number > 0 || Document::new(rest).starts_with_names(DEPTH);
        }
        if number == 0 && len == 5 && bytes.len() > 5
            || Document::new(&rest[..len]).read(&mut Nobody).is_none()
        {
            return false;
        }
        at += len;
    }
    true
}

struct Nobody;

impl Visit for Nobody {
    fn value(&mut self, _: &str, _: &[u8]) {}
}

/// A document, with its length before it.
pub(super) struct Document<'d> {
    bytes: &'d [u8],
    at: usize,
    path: String,
}

impl<'d> Document<'d> {
    pub(super) fn new(bytes: &'d [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            path: String::new(),
        }
    }

    /// Gives all values; none where the document is broken, behind those that could be read.
    pub(super) fn read(&mut self, visit: &mut dyn Visit) -> Option<()> {
        self.document(visit, false, 0)?;
        (self.at == self.bytes.len()).then_some(())
    }

    /// What lies behind the place that was read to.
    pub(super) fn rest(&self) -> &'d [u8] {
        &self.bytes[self.at.min(self.bytes.len())..]
    }

    /// Whether the start of a longer document holds: several members, as far as they can be seen.
    fn starts_with_names(mut self, depth: usize) -> bool {
        self.at = 4;
        let mut members = 0;
        loop {
            let Some(kind) = self.take(1).map(|kind| kind[0]) else {
                return members > 0;
            };
            if !is_kind(kind) {
                return false;
            }
            match self.name() {
                Some(name)
                    if !name.is_empty()
                        && std::str::from_utf8(name)
                            .is_ok_and(|name| !name.contains(char::is_control)) => {}
                _ => return false,
            }
            let rest = &self.bytes[self.at..];
            if matches!(kind, 3 | 4) && length(rest).is_none_or(|len| len > rest.len()) {
                // What lies within goes on behind what can be seen, too, and is shorter than what is around it.
                let fits = length(rest).is_some_and(|len| Some(len) < length(self.bytes));
                return if rest.len() < 4 {
                    members > 0
                } else {
                    fits && (depth == 0 || Document::new(rest).starts_with_names(depth - 1))
                };
            }
            if self.value(kind, &mut Nobody, 0).is_none() {
                return members > 1;
            }
            members += 1;
        }
    }

    fn take(&mut self, len: usize) -> Option<&'d [u8]> {
        let bytes = self.bytes.get(self.at..self.at.checked_add(len)?)?;
        self.at += len;
        Some(bytes)
    }

    fn number(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    /// A text that ends with a zero.
    fn name(&mut self) -> Option<&'d [u8]> {
        let rest = self.bytes.get(self.at..)?;
        let len = memchr::memchr(0, rest)?;
        self.at += len + 1;
        Some(&rest[..len])
    }

    /// A text behind its length, with a zero behind it.
    fn text(&mut self) -> Option<&'d [u8]> {
        let len = self.number()? as usize;
        self.take(len)?.strip_suffix(b"\0")
    }

    fn document(&mut self, visit: &mut dyn Visit, is_array: bool, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        let start = self.at;
        let end = start.checked_add(self.number()? as usize)?;
        if end > self.bytes.len() {
            return None;
        }
        loop {
            let kind = self.take(1)?[0];
            if kind == 0 {
                return (self.at == end).then_some(());
            }
            let name = self.name()?;
            let before = self.path.len();
            if !is_array && is_data(name) {
                visit.key(&self.path, name);
            }
            self.down(if is_array { b"[]" } else { name });
            self.value(kind, visit, depth)?;
            self.path.truncate(before);
        }
    }

    fn down(&mut self, name: &[u8]) {
        if self.path.len() + name.len() > LONGEST_PATH {
            return;
        }
        let name = if is_data(name) { b"*" } else { name };
        if !self.path.is_empty() && name != b"[]" {
            self.path.push('.');
        }
        self.path.push_str(&String::from_utf8_lossy(name));
    }

    fn value(&mut self, kind: u8, visit: &mut dyn Visit, depth: usize) -> Option<()> {
        let made;
        let text: &[u8] = match kind {
            0x02 | 0x0d | 0x0e => self.text()?,
            0x03 | 0x04 => return self.document(visit, kind == 0x04, depth + 1),
            0x01 => {
                made = f64::from_le_bytes(self.take(8)?.try_into().ok()?).to_string();
                made.as_bytes()
            }
            0x05 => {
                let len = self.number()? as usize;
                let kind = self.take(1)?[0];
                made = binary(kind, self.take(len)?);
                made.as_bytes()
            }
            0x07 => {
                made = hex(self.take(12)?);
                made.as_bytes()
            }
            0x09 => {
                made = date(i64::from_le_bytes(self.take(8)?.try_into().ok()?));
                made.as_bytes()
            }
            0x0b => {
                let pattern = self.name()?;
                self.name()?;
                pattern
            }
            0x0c => {
                let text = self.text()?;
                self.take(12)?;
                text
            }
            0x0f => {
                self.number()?;
                let code = self.text()?;
                visit.value(&self.path, code);
                return self.document(visit, false, depth + 1);
            }
            0x10 => {
                made = i32::from_le_bytes(self.take(4)?.try_into().ok()?).to_string();
                made.as_bytes()
            }
            0x12 => {
                made = i64::from_le_bytes(self.take(8)?.try_into().ok()?).to_string();
                made.as_bytes()
            }
            0x13 => {
                made = decimal(u128::from_le_bytes(self.take(16)?.try_into().ok()?));
                made.as_bytes()
            }
            // Truth values, nothing, timestamps of the server, and ends of ranges.
            0x08 => return self.take(1).map(|_| ()),
            0x11 => return self.take(8).map(|_| ()),
            0x06 | 0x0a | 0x7f | 0xff => return Some(()),
            _ => return None,
        };
        visit.value(&self.path, text);
        Some(())
    }
}

fn is_kind(kind: u8) -> bool {
    matches!(kind, 1..=0x13 | 0x7f | 0xff)
}

/// What bytes are as a text: a UUID, or a text that was stored as bytes; empty where they are neither.
fn binary(kind: u8, bytes: &[u8]) -> String {
    if matches!(kind, 3 | 4) && bytes.len() == 16 {
        let digits = hex(bytes);
        let parts = [0..8, 8..12, 12..16, 16..20, 20..32];
        return parts.map(|part| &digits[part]).join("-");
    }
    // The old kind has its length once more in itself.
    let bytes = match bytes.split_first_chunk() {
        Some((&len, inside)) if kind == 2 && u32::from_le_bytes(len) as usize == inside.len() => {
            inside
        }
        _ => bytes,
    };
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let is_text = !text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
    if is_text {
        text.to_owned()
    } else {
        String::new()
    }
}

/// A decimal number as people write it; empty where it is none, or has an exponent that nobody's number has.
fn decimal(bits: u128) -> String {
    const BIAS: u128 = 6176;
    const DIGITS: usize = 34;
    let exponent = (bits >> 113) & 0x3fff;
    let is_special = (bits >> 125) & 3 == 3;
    let digits = (bits & ((1 << 113) - 1)).to_string();
    let places = BIAS.wrapping_sub(exponent) as usize;
    if is_special || exponent > BIAS || places > DIGITS {
        return String::new();
    }
    let sign = if bits >> 127 == 1 { "-" } else { "" };
    let digits = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let dot = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{whole}{dot}{fraction}")
}

/// Gives the stretches of bytes that are text, without a column.
pub(super) fn texts(bytes: &[u8], records: &mut Records<'_>) {
    const SHORTEST: usize = 4;
    for chunk in bytes.utf8_chunks() {
        for text in chunk.valid().split(char::is_control) {
            if text.len() >= SHORTEST {
                let column = records.column("");
                records.value(column, text.as_bytes());
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Milliseconds since 1970 as a date, with the time where there is one.
fn date(milliseconds: i64) -> String {
    let Ok(time) = jiff::Timestamp::from_millisecond(milliseconds) else {
        return String::new();
    };
    let format = if milliseconds % 86_400_000 == 0 {
        "%Y-%m-%d"
    } else {
        "%Y-%m-%dT%H:%M:%SZ"
    };
    time.strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_were_stored_in_other_ways() {
        assert_eq!(binary(2, b"\x03\0\0\0abc"), "abc");
        assert_eq!(binary(0, b"\x03abc"), "");
        let number = |digits: u128, exponent: u128| decimal(exponent << 113 | digits);
        assert_eq!(number(31_612_345_678, 6176), "31612345678");
        assert_eq!(number(5, 6174), "0.05");
        assert_eq!(decimal(1 << 127 | 6175 << 113 | 15), "-1.5");
        assert_eq!(number(1, 9000), "");
        assert_eq!(decimal(0x1f << 122), "");
    }
}
