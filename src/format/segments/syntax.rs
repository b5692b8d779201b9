//! Which characters stand between segments, fields and components, and which stand for those themselves.

use std::ops::Range;

use super::super::records::Records;

/// How messages are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Syntax {
    /// The format's name.
    pub(super) name: &'static str,
    /// What ends a segment; line ends where it is none.
    pub(super) end: Option<u8>,
    pub(super) field: u8,
    pub(super) component: u8,
    pub(super) repeat: Option<u8>,
    /// What stands between parts of a component.
    pub(super) sub: Option<u8>,
    escape: Option<u8>,
}

impl Syntax {
    /// That of a text that starts with a message of HL7, or a batch or file of them.
    pub(super) fn hl7(text: &[u8]) -> Option<Self> {
        let text = &text[text.iter().position(|byte| !is_frame(*byte))?..];
        let (tag, rest) = text.split_at_checked(3)?;
        let marks = rest.first_chunk::<5>()?;
        let is_mark = |mark: &u8| mark.is_ascii_punctuation();
        let is_start = matches!(tag, b"MSH" | b"FHS" | b"BHS") && marks[..4].iter().all(is_mark);
        let [field, component, repeat, escape, sub] = *marks;
        // The last may be left out.
        let sub = (sub != field && is_mark(&sub)).then_some(sub);
        let differ = field != component && component != repeat && field != repeat;
        (is_start && differ).then_some(Self {
            name: "hl7",
            end: None,
            field,
            component,
            repeat: Some(repeat),
            sub,
            escape: Some(escape),
        })
    }

    /// That of a text that starts with an interchange of EDIFACT.
    pub(super) fn edifact(text: &[u8]) -> Option<Self> {
        let text = text.trim_ascii_start();
        let usual = Self {
            name: "edifact",
            end: Some(b'\''),
            field: b'+',
            component: b':',
            repeat: None,
            sub: None,
            escape: Some(b'?'),
        };
        if let Some(marks) = text.strip_prefix(b"UNA") {
            let [component, field, decimal, escape, _, end] = *marks.first_chunk()?;
            let is_mark = |mark: u8| !mark.is_ascii_alphanumeric();
            let behind = marks[6..].trim_ascii_start();
            let is_start = [component, field, decimal, end].into_iter().all(is_mark)
                && (behind.starts_with(b"UNB") || behind.starts_with(b"UNG"));
            return is_start.then_some(Self {
                end: Some(end),
                field,
                component,
                escape: (escape != b' ').then_some(escape),
                ..usual
            });
        }
        let has_level = matches!(
            text,
            [
                b'U',
                b'N',
                b'B',
                b'+',
                b'U' | b'I' | b'K',
                _,
                _,
                b'A'..=b'Z' | b'0'..=b'9',
                b':',
                ..,
            ]
        );
        has_level.then_some(usual)
    }

    /// That of a text that starts with an interchange of X12, whose first segment has a fixed length.
    pub(super) fn x12(text: &[u8]) -> Option<Self> {
        const LEN: usize = 106;
        let text = text.trim_ascii_start();
        let start = text.get(..LEN).filter(|start| start.starts_with(b"ISA"))?;
        let (field, component, end) = (start[3], start[LEN - 2], start[LEN - 1]);
        let fields = memchr::memchr_iter(field, start).count();
        let repeat = Some(start[82]).filter(u8::is_ascii_punctuation);
        (fields == 16 && !field.is_ascii_alphanumeric()).then_some(Self {
            name: "x12",
            end: Some(end),
            field,
            component,
            repeat,
            sub: None,
            escape: None,
        })
    }

    /// Whether a character is itself because of the one before it.
    pub(super) fn is_escaped(&self, text: &[u8], at: usize) -> bool {
        let Some(escape) = self.escape.filter(|_| self.end.is_some()) else {
            return false;
        };
        let before = text[..at].iter().rev().take_while(|byte| **byte == escape);
        before.count() % 2 == 1
    }

    /// Where each segment stands, without what ends it.
    pub(super) fn segments<'t>(
        &self,
        text: &'t [u8],
    ) -> impl Iterator<Item = Range<usize>> + use<'t> {
        let (syntax, mut at) = (*self, 0);
        let is_blank = |byte: &u8| byte.is_ascii_whitespace() || is_frame(*byte);
        std::iter::from_fn(move || {
            let lead = text[at..].iter().position(|byte| !is_blank(byte))?;
            let start = at + lead;
            let end = match syntax.end {
                None => memchr::memchr2(b'\n', b'\r', &text[start..]).map(|len| start + len),
                Some(end) => memchr::memchr_iter(end, &text[start..])
                    .map(|len| start + len)
                    .find(|&at| !syntax.is_escaped(text, at)),
            };
            let end = end.unwrap_or(text.len());
            at = (end + 1).min(text.len());
            Some(start..end)
        })
    }

    /// The tag of a segment.
    pub(super) fn tag<'t>(&self, segment: &'t [u8]) -> Option<&'t str> {
        let len = segment
            .iter()
            .position(|byte| !byte.is_ascii_alphanumeric());
        let tag = &segment[..len.unwrap_or(segment.len())];
        let behind = segment.get(tag.len()).copied();
        let ends = behind == Some(self.field)
            || behind == Some(self.component)
            || behind.is_none() && self.end.is_some();
        let is_tag = (2..=3).contains(&tag.len())
            && tag[0].is_ascii_uppercase()
            && !tag.iter().any(u8::is_ascii_lowercase);
        std::str::from_utf8(tag).ok().filter(|_| ends && is_tag)
    }

    /// The parts of a stretch.
    pub(super) fn split(&self, text: &[u8], at: Range<usize>, between: u8) -> Vec<Range<usize>> {
        let mut parts = Vec::new();
        let mut start = at.start;
        for found in memchr::memchr_iter(between, &text[at.clone()]) {
            let end = at.start + found;
            if !self.is_escaped(text, end) {
                parts.push(start..end);
                start = end + 1;
            }
        }
        parts.push(start..at.end);
        parts
    }

    /// Gives a value, with what stands for characters of the syntax replaced by those.
    pub(super) fn give(&self, text: &[u8], at: Range<usize>, records: &mut Records<'_>) {
        let Some(escape) = self.escape else {
            return records.stored(at);
        };
        let mut from = at.start;
        while let Some(len) = memchr::memchr(escape, &text[from..at.end]) {
            let start = from + len;
            let (end, meant) = match self.end {
                // What follows is itself.
                Some(_) => (start + 1, &b""[..]),
                None => match self.sequence(text, start..at.end) {
                    Some(found) => found,
                    None => (start + 1, &text[start..=start]),
                },
            };
            records.stored(from..start);
            if !meant.is_empty() {
                records.instead(meant, start..end);
            }
            // The character behind is no escape, whatever it is.
            let passed = usize::from(self.end.is_some());
            let next = (end + passed).min(at.end);
            records.stored(end.min(at.end)..next);
            from = next;
        }
        records.stored(from..at.end);
    }

    /// What a sequence such as `\T\` stands for, and where it ends.
    fn sequence<'t>(&'t self, text: &'t [u8], at: Range<usize>) -> Option<(usize, &'t [u8])> {
        const LONGEST: usize = 12;
        let rest = &text[at.start + 1..at.end.min(at.start + LONGEST)];
        let len = rest.iter().position(|byte| Some(*byte) == self.escape)?;
        let end = at.start + len + 2;
        let of = |mark: &'t Option<u8>| mark.as_ref().map_or(&b""[..], std::slice::from_ref);
        let meant = match &rest[..len] {
            b"F" => std::slice::from_ref(&self.field),
            b"S" => std::slice::from_ref(&self.component),
            b"T" => of(&self.sub),
            b"R" => of(&self.repeat),
            b"E" => of(&self.escape),
            b".br" | b".sp" | b"X0A" | b"X0D" | b"X0D0A" => b"\n",
            [b'H' | b'N'] | [b'.' | b'X' | b'C' | b'M' | b'Z', ..] => b" ",
            _ => return None,
        };
        Some((end, meant))
    }
}

/// What stands around a message that was sent.
fn is_frame(byte: u8) -> bool {
    matches!(byte, 0x0b | 0x1c)
}
