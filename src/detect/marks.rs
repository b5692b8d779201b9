//! Marks and spaces beyond ASCII, written in ASCII for a search.
//!
//! To a search all bytes beyond ASCII are parts of words, so that names keep their letters. Typographic quotes, dashes and
//! spaces that don't break are no letters, and would hide what touches them: each gets as many bytes of ASCII in its place, so
//! that offsets stay as they are. What joins letters, as an apostrophe in a name does, stays. Where a mark stands within a
//! number or a name, patterns want one byte for it; `scan/narrow.rs` makes such a text.

use std::iter::once;
use std::ops::Range;

use wide::{i8x16, u8x16};

/// A text as it is searched.
pub(crate) struct Plain<'t> {
    pub(crate) text: &'t [u8],
    /// Whether marks stand within numbers or names, which one space or hyphen in their place would leave in one piece.
    pub(crate) narrows: bool,
}

/// A text without such marks in a part of it; the text itself where that has none, else made in `copy`.
pub(crate) fn plain<'t>(text: &'t [u8], part: Range<usize>, copy: &'t mut Vec<u8>) -> Plain<'t> {
    copy.clear();
    let mut narrows = false;
    let first = part.start;
    for (block, bytes) in text[part].chunks(BLOCK).enumerate() {
        if bytes.as_array().is_some_and(|bytes| !may_hold(bytes)) {
            continue;
        }
        let places = (first + block * BLOCK..).zip(bytes);
        for (place, _) in places.filter(|(_, byte)| is_first(**byte)) {
            write_plain(text, place, copy);
            narrows = narrows || narrow(text, place).is_some();
        }
    }
    let text = if copy.is_empty() { text } else { copy };
    Plain { text, narrows }
}

/// The length of the mark at a place, and the one byte that people would type for it: a space between groups of digits or
/// words, a hyphen between digits.
pub(crate) fn narrow(text: &[u8], place: usize) -> Option<(usize, u8)> {
    let byte = match text[place..] {
        // No-break spaces, also the narrow one and that of the width of a digit, and thin spaces.
        [0xC2, 0xA0, ..] | [0xE2, 0x80, 0x80..=0x8A | 0xAF, ..] => b' ',
        [0xE2, 0x80, 0x90..=0x95, ..] | [0xE2, 0x88, 0x92, ..] => b'-',
        _ => return None,
    };
    let len = if text[place] == 0xC2 { 2 } else { 3 };
    let before = *text[..place].last()?;
    let after = *text.get(place + len)?;
    let joins = match byte {
        b' ' => {
            (before.is_ascii_alphanumeric() || before == b')')
                && (after.is_ascii_alphanumeric() || after == b'(')
        }
        _ => before.is_ascii_digit() && after.is_ascii_digit(),
    };
    joins.then_some((len, byte))
}

/// Bytes looked at together.
const BLOCK: usize = 64;

/// Whether a mark may start with this byte.
fn is_first(byte: u8) -> bool {
    matches!(byte, 0xC2 | 0xE2 | 0xE3 | 0xEF)
}

/// Whether one of some bytes may be the first of a mark: a few others are like it, but none of a letter of Latin.
#[inline]
fn may_hold(bytes: &[u8; BLOCK]) -> bool {
    let parts = bytes.as_chunks::<16>().0;
    let all = parts.iter().fold(i8x16::ZERO, |all, bytes| {
        all | i8x16::new(bytes.map(u8::cast_signed))
    });
    // Nearly all blocks are ASCII.
    all.to_bitmask() != 0 && may_hold_beyond(parts)
}

/// The same where there are bytes beyond ASCII.
#[inline(never)]
fn may_hold_beyond(parts: &[[u8; 16]]) -> bool {
    let like = parts.iter().map(|bytes| {
        let bytes = u8x16::new(*bytes);
        let is_like =
            |bits: u8, value: u8| (bytes & u8x16::splat(bits)).simd_eq(u8x16::splat(value));
        is_like(0xDF, 0xC2) | is_like(0xF3, 0xE3)
    });
    like.fold(u8x16::ZERO, |any, like| any | like).any()
}

/// Writes the mark at a place, if one stands there, in ASCII.
fn write_plain(text: &[u8], place: usize, copy: &mut Vec<u8>) {
    let Some(mark) = mark(&text[place..]) else {
        return;
    };
    let end = place + mark.len();
    if mark.joins() && joins_letters(text, place, end) {
        return;
    }
    if copy.is_empty() {
        copy.extend_from_slice(text);
    }
    copy[place..end].copy_from_slice(mark.plain());
}

/// A mark in UTF-8.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// Of two bytes: a space or a quote.
    Short,
    /// Of three bytes: a space, a quote, dots, a sign.
    Long,
    /// A dash, or a sign for minus.
    Dash,
    /// A hyphen or an apostrophe.
    Joint,
}

impl Mark {
    fn plain(self) -> &'static [u8] {
        match self {
            Mark::Short => b"  ",
            Mark::Long | Mark::Joint => b"   ",
            Mark::Dash => b" - ",
        }
    }

    fn len(self) -> usize {
        self.plain().len()
    }

    fn joins(self) -> bool {
        self == Mark::Joint
    }
}

/// The mark at the start of some bytes.
fn mark(bytes: &[u8]) -> Option<Mark> {
    match *bytes {
        // No-break space, middle dot, and the quotes of French.
        [0xC2, 0xA0 | 0xAB | 0xB7 | 0xBB, ..] => Some(Mark::Short),
        [0xE2, 0x80, 0x8C | 0x8D | 0x90 | 0x91 | 0x99, ..] => Some(Mark::Joint),
        [0xE2, 0x80, 0x92..=0x95, ..] | [0xE2, 0x88, 0x92, ..] => Some(Mark::Dash),
        // General punctuation, arrows, boxes and dingbats; brackets and stops of Chinese and Japanese; the mark of UTF-8.
        [0xE2, 0x80 | 0x86..=0x9E, 0x80..=0xBF, ..]
        | [0xE2, 0x81, 0x9F | 0xA0, ..]
        | [0xE3, 0x80, 0x80..=0x84 | 0x88..=0x9F, ..]
        | [0xEF, 0xBC, 0x81..=0x8F | 0x9A..=0xA0, ..]
        | [0xEF, 0xBD, 0x9B..=0xA5, ..]
        | [0xEF, 0xBB, 0xBF, ..] => Some(Mark::Long),
        _ => None,
    }
}

/// Whether letters are on both sides.
fn joins_letters(text: &[u8], start: usize, end: usize) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte >= 0x80;
    let before = start.checked_sub(1).map(|at| text[at]);
    once(before)
        .chain(once(text.get(end).copied()))
        .all(|byte| byte.is_some_and(is_letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_ascii_of_the_same_length() {
        for (text, expected) in [
            ("„123456782“", "   123456782   "),
            ("BSN:\u{a0}123456782…", "BSN:  123456782   "),
            ("«\u{a0}a@b.nl\u{a0}»", "    a@b.nl    "),
            ("06–12345678", "06 - 12345678"),
            ("号：123", "号   123"),
            ("‘Jan’", "   Jan   "),
            ("O’Brien, Jean‑Luc", "O’Brien, Jean‑Luc"),
            ("Müller €5 ½", "Müller €5 ½"),
        ] {
            let mut copy = Vec::new();
            let plain = plain(text.as_bytes(), 0..text.len(), &mut copy).text;
            assert_eq!(plain, expected.as_bytes(), "{text}");
            assert_eq!(plain.len(), text.len());
        }
    }

    #[test]
    fn marks_are_seen_wherever_they_stand() {
        for before in 0..150 {
            let text = format!("{}„1“é {}", "x".repeat(before), "ü".repeat(40));
            let mut copy = Vec::new();
            let part = before..text.len();
            let found = plain(text.as_bytes(), part, &mut copy).text;
            assert_eq!(found[before..before + 7], *b"   1   ", "{before}");
            let rest = before + 7..;
            assert_eq!(found[rest.clone()], text.as_bytes()[rest]);
            let mut copy = Vec::new();
            let behind = plain(text.as_bytes(), before + 7..text.len(), &mut copy).text;
            assert_eq!(behind, text.as_bytes());
        }
    }

    #[test]
    fn marks_within_numbers_and_names_are_one_byte() {
        for (text, expected) in [
            ("NL91\u{a0}ABNA", Some((2, b' '))),
            ("33\u{202f}1", Some((3, b' '))),
            ("(06)\u{2009}12", Some((3, b' '))),
            ("06–12", Some((3, b'-'))),
            ("06\u{2011}12", Some((3, b'-'))),
            ("Jan–Piet", None),
            ("20\u{a0}€", None),
            ("\u{a0}20", None),
            ("20\u{a0}", None),
            ("O’Brien", None),
        ] {
            let place = text.find(|c: char| !c.is_ascii()).unwrap();
            assert_eq!(narrow(text.as_bytes(), place), expected, "{text}");
            let plain = plain(text.as_bytes(), 0..text.len(), &mut Vec::new()).narrows;
            assert_eq!(plain, expected.is_some(), "{text}");
        }
    }
}
