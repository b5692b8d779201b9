//! Content lines, of which vCard and iCalendar are made: `group.NAME;PARAM=value:value`, folded over several lines.
//!
//! Everything is tolerant: a line is whatever stands between two line ends, and what isn't a property is left to the
//! caller. <https://www.rfc-editor.org/rfc/rfc6350#section-3>, <https://www.rfc-editor.org/rfc/rfc5545#section-3.1>

use std::ops::Range;

use super::super::records::Records;
use crate::input::charset::Charset;
use crate::input::encoding::decode;

/// A line with its continuations joined.
pub(in crate::format) struct Line {
    /// Without line ends and the blanks of folding.
    pub(in crate::format) text: Vec<u8>,
    /// Where stretches of `text` start: there, and in the stored text.
    segments: Vec<(usize, usize)>,
}

/// The end of the physical line that starts at `at`, and the start of the next one.
fn line_end(text: &[u8], at: usize) -> (usize, usize) {
    match memchr::memchr2(b'\n', b'\r', &text[at..]) {
        None => (text.len(), text.len()),
        Some(len) => {
            let end = at + len;
            let is_pair = text[end] == b'\r' && text.get(end + 1) == Some(&b'\n');
            (end, end + 1 + usize::from(is_pair))
        }
    }
}

/// How lines go on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::format) enum Folding {
    /// With a blank at the start of the next one; and quoted-printable also with `=` at the end.
    Directory,
    /// With a blank at the start of the next one.
    Blank,
}

/// The line that starts at `at`, and the start of the next one.
pub(in crate::format) fn unfold(text: &[u8], at: usize, folding: Folding) -> (Line, usize) {
    let mut line = Line {
        text: Vec::new(),
        segments: Vec::new(),
    };
    let (end, mut next) = line_end(text, at);
    line.add(text, at..end);
    if end == at {
        return (line, next);
    }
    let mut quoted = None;
    loop {
        if matches!(text.get(next), Some(b' ' | b'\t')) {
            let (end, after) = line_end(text, next);
            line.add(text, next + 1..end);
            next = after;
            continue;
        }
        if folding == Folding::Directory && line.text.ends_with(b"=") && next < text.len() {
            let quoted = *quoted.get_or_insert_with(|| is_quoted_printable(&line.text));
            // A value that goes on into the end of its card was broken off.
            if quoted && !is_border(&text[next..]) {
                line.text.pop();
                let (end, after) = line_end(text, next);
                line.add(text, next..end);
                next = after;
                continue;
            }
        }
        return (line, next);
    }
}

fn is_border(text: &[u8]) -> bool {
    let starts = |word: &[u8]| {
        text.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    starts(b"END:VCARD") || starts(b"BEGIN:VCARD")
}

fn is_quoted_printable(line: &[u8]) -> bool {
    let head = &line[..memchr::memchr(b':', line).unwrap_or(line.len())];
    find_word(head, b"QUOTED-PRINTABLE")
}

/// Whether a text holds a word, in any case.
pub(in crate::format) fn find_word(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len())
        .any(|window| window.eq_ignore_ascii_case(word))
}

impl Line {
    fn add(&mut self, text: &[u8], at: Range<usize>) {
        if !at.is_empty() {
            self.segments.push((self.text.len(), at.start));
            self.text.extend_from_slice(&text[at]);
        }
    }

    /// The place in the stored text of a place in the line.
    pub(in crate::format) fn place(&self, at: usize) -> usize {
        let index = self.segments.partition_point(|&(start, _)| start <= at);
        match self.segments.get(index.saturating_sub(1)) {
            Some(&(start, stored)) => stored + at.saturating_sub(start),
            None => 0,
        }
    }

    /// Adds a stretch of the line to the value that is being made.
    pub(in crate::format) fn give(&self, at: Range<usize>, records: &mut Records<'_>) {
        let mut index = self
            .segments
            .partition_point(|&(start, _)| start <= at.start)
            .saturating_sub(1);
        let mut from = at.start;
        while from < at.end {
            let Some(&(start, stored)) = self.segments.get(index) else {
                return;
            };
            index += 1;
            let next = self.segments.get(index).map_or(usize::MAX, |next| next.0);
            let end = at.end.min(next);
            records.stored(stored + (from - start)..stored + (end - start));
            from = end;
        }
    }

    /// The stored stretch that a stretch of the line came from.
    pub(in crate::format) fn stretch(&self, at: Range<usize>) -> Range<usize> {
        let start = self.place(at.start);
        if at.is_empty() {
            return start..start;
        }
        start..self.place(at.end - 1) + 1
    }

    /// Adds a stretch with backslash escapes (`\n`, `\,`, `\;`, `\\`) undone.
    pub(in crate::format) fn give_unescaped(&self, at: Range<usize>, records: &mut Records<'_>) {
        let mut from = at.start;
        while let Some(escape) = memchr::memchr(b'\\', &self.text[from..at.end]) {
            let escape = from + escape;
            self.give(from..escape, records);
            let Some(&byte) = self.text[..at.end].get(escape + 1) else {
                from = escape;
                break;
            };
            from = match byte {
                b'n' | b'N' => {
                    records.instead(b"\n", self.stretch(escape..escape + 2));
                    escape + 2
                }
                b',' | b';' | b':' | b'\\' => {
                    records.instead(&[byte], self.stretch(escape..escape + 2));
                    escape + 2
                }
                _ => {
                    self.give(escape..escape + 1, records);
                    escape + 1
                }
            };
        }
        self.give(from..at.end, records);
    }

    /// Adds a stretch of quoted-printable, written in a charset.
    pub(in crate::format) fn give_quoted(
        &self,
        at: Range<usize>,
        charset: Option<&[u8]>,
        records: &mut Records<'_>,
    ) {
        let (bytes, places) = quoted_printable(&self.text, at);
        let encoding = charset
            .and_then(Charset::for_label)
            .filter(|encoding| encoding.is_ascii_compatible())
            .unwrap_or_else(|| match std::str::from_utf8(&bytes) {
                Ok(_) => encoding_rs::UTF_8.into(),
                Err(_) => encoding_rs::WINDOWS_1252.into(),
            });
        let decoded = decode(encoding, &bytes, 0);
        let text = String::from_utf8_lossy(&decoded.text);
        let mut start = 0;
        for (index, c) in text.char_indices() {
            let end = index + c.len_utf8();
            let (from, to) = decoded
                .offsets
                .stored(start as u32, end as u32)
                .unwrap_or_default();
            start = end;
            let (from, to) = (from as usize, (to as usize).max(from as usize + 1));
            let Some(stretch) = places
                .get(from)
                .zip(places.get(to - 1))
                .map(|(first, last)| self.stretch(first.start..last.end))
            else {
                continue;
            };
            records.instead(&text.as_bytes()[index..end], stretch);
        }
    }
}

/// Decodes quoted-printable; gives the bytes, and where each came from.
fn quoted_printable(text: &[u8], at: Range<usize>) -> (Vec<u8>, Vec<Range<usize>>) {
    let (mut bytes, mut places) = (Vec::new(), Vec::new());
    let mut from = at.start;
    while from < at.end {
        let hex = |byte: Option<&u8>| byte.and_then(|byte| (*byte as char).to_digit(16));
        let pair = (
            hex(text[..at.end].get(from + 1)),
            hex(text[..at.end].get(from + 2)),
        );
        let len = match (text[from], pair) {
            (b'=', (Some(high), Some(low))) => {
                bytes.push((high * 16 + low) as u8);
                3
            }
            (byte, _) => {
                bytes.push(byte);
                1
            }
        };
        places.push(from..from + len);
        from += len;
    }
    (bytes, places)
}

/// A property: all places are in its line.
pub(in crate::format) struct Property {
    /// In upper case, without its group.
    pub(in crate::format) name: String,
    /// Names in upper case (empty for a bare value, as vCard 2.1 has them), and values without quotes.
    pub(in crate::format) parameters: Vec<(String, Range<usize>)>,
    /// The value.
    pub(in crate::format) value: Range<usize>,
}

impl Property {
    /// The property that a line is, if it is one.
    pub(in crate::format) fn of(line: &Line) -> Option<Self> {
        let text = &line.text;
        let stops = head_stops(text)?;
        let (&colon, semicolons) = stops.split_last()?;
        let name_end = semicolons.first().copied().unwrap_or(colon);
        let name = text[..name_end].trim_ascii();
        // The group stands before a dot: `item1.TEL`.
        let name = name.rsplit(|&byte| byte == b'.').next()?;
        let is_name = !name.is_empty()
            && name
                .iter()
                .all(|&byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if !is_name {
            return None;
        }
        let parameters = semicolons
            .iter()
            .zip(semicolons[1.min(semicolons.len())..].iter().chain([&colon]))
            .map(|(&start, &end)| parameter(text, start + 1..end))
            .collect();
        Some(Self {
            name: String::from_utf8_lossy(name).to_ascii_uppercase(),
            parameters,
            value: colon + 1..text.len(),
        })
    }

    /// The value of a parameter.
    pub(in crate::format) fn parameter<'l>(&self, line: &'l Line, name: &str) -> Option<&'l [u8]> {
        let found = self.parameters.iter().find(|(known, _)| known == name)?;
        line.text.get(found.1.clone())
    }

    /// Whether a parameter, or a bare one, has this value, in any case.
    pub(in crate::format) fn says(&self, line: &Line, value: &[u8]) -> bool {
        self.parameters
            .iter()
            .any(|(_, at)| line.text[at.clone()].eq_ignore_ascii_case(value))
    }
}

/// Where the semicolons outside quotes are and, last, the colon.
fn head_stops(text: &[u8]) -> Option<Vec<usize>> {
    let (mut stops, mut quoted) = (Vec::new(), false);
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b';' if !quoted => stops.push(at),
            b':' if !quoted => {
                stops.push(at);
                return Some(stops);
            }
            _ => {}
        }
    }
    None
}

fn parameter(text: &[u8], at: Range<usize>) -> (String, Range<usize>) {
    let part = &text[at.clone()];
    let (name, mut value) = match memchr::memchr(b'=', part) {
        Some(equals) => (&part[..equals], at.start + equals + 1..at.end),
        None => (&part[..0], at),
    };
    if value.len() >= 2 && text[value.start] == b'"' && text[value.end - 1] == b'"' {
        value = value.start + 1..value.end - 1;
    }
    let name = String::from_utf8_lossy(name.trim_ascii()).to_ascii_uppercase();
    (name, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_unfolded() {
        let text = b"NOTE:one\r\n  two\r\n\tthree\nTEL:1";
        let (line, next) = unfold(text, 0, Folding::Directory);
        assert_eq!(line.text, b"NOTE:one twothree");
        assert_eq!(&text[next..], b"TEL:1");
        assert_eq!(line.place(9), 13 - 1);
    }

    #[test]
    fn quoted_printable_goes_on_behind_an_equals_sign() {
        let (line, next) = unfold(
            b"N;ENCODING=QUOTED-PRINTABLE:Jo=\r\nr=C3=A9\r\nX:1",
            0,
            Folding::Directory,
        );
        assert_eq!(line.text, b"N;ENCODING=QUOTED-PRINTABLE:Jor=C3=A9");
        assert_eq!(next, 42);
    }

    #[test]
    fn properties_have_groups_and_parameters() {
        let (line, _) = unfold(
            b"item1.ADR;TYPE=\"home;x\";PREF:;;Main St",
            0,
            Folding::Directory,
        );
        let property = Property::of(&line).unwrap();
        assert_eq!(property.name, "ADR");
        assert_eq!(property.parameter(&line, "TYPE"), Some(&b"home;x"[..]));
        assert!(property.says(&line, b"pref"));
        assert_eq!(&line.text[property.value], b";;Main St");
        let (line, _) = unfold(b"no property here", 0, Folding::Directory);
        assert!(Property::of(&line).is_none());
    }
}
