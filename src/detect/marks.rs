//! Marks and spaces beyond ASCII, written in ASCII for a search.
//!
//! To a search all bytes beyond ASCII are parts of words, so that names keep their letters. Typographic quotes, dashes and
//! spaces that don't break are no letters, and would hide what touches them: each gets as many bytes of ASCII in its place, so
//! that offsets stay as they are. What joins letters, as an apostrophe in a name does, stays.

use std::iter::once;
use std::ops::Range;

use wide::u8x16;

/// A text without such marks in a part of it; the text itself where that has none, else made in `copy`.
pub(crate) fn plain<'t>(text: &'t [u8], part: Range<usize>, copy: &'t mut Vec<u8>) -> &'t [u8] {
    copy.clear();
    let first = part.start;
    for (block, bytes) in text[part].chunks(BLOCK).enumerate() {
        if bytes.as_array().is_some_and(|bytes| !may_hold(bytes)) {
            continue;
        }
        let places = (first + block * BLOCK..).zip(bytes);
        for (place, _) in places.filter(|(_, byte)| is_first(**byte)) {
            write_plain(text, place, copy);
        }
    }
    if copy.is_empty() { text } else { copy }
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
    let like = bytes.as_chunks::<16>().0.iter().map(|bytes| {
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
            let plain = plain(text.as_bytes(), 0..text.len(), &mut copy);
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
            let found = plain(text.as_bytes(), part, &mut copy);
            assert_eq!(found[before..before + 7], *b"   1   ", "{before}");
            let rest = before + 7..;
            assert_eq!(found[rest.clone()], text.as_bytes()[rest]);
            let mut copy = Vec::new();
            let behind = plain(text.as_bytes(), before + 7..text.len(), &mut copy);
            assert_eq!(behind, text.as_bytes());
        }
    }
}
