//! Lines of texts whose records start with a line of a certain look: where they may be cut.

use std::ops::Range;

use crate::input::blocks::LONGEST_RECORD;

/// Bytes of a line that are looked at to see whether it starts a record.
const LOOKED_AT: usize = 256;

/// Where the first line that starts a record begins, at or behind `target`; none when more must be read to know.
pub(super) fn cut_before(
    window: &[u8],
    target: usize,
    ended: bool,
    starts: impl Fn(&[u8]) -> bool,
) -> Option<usize> {
    if window.len() <= target && ended {
        return Some(window.len());
    }
    let from = target.saturating_sub(1).min(window.len());
    let until = window.len().min(LONGEST_RECORD.max(from));
    for found in memchr::memchr2_iter(b'\n', b'\r', &window[from..until]) {
        let at = from + found + 1;
        let rest = &window[at..];
        if rest.len() < LOOKED_AT && !ended {
            return None;
        }
        let is_half = window[at - 1] == b'\r' && rest.first() == Some(&b'\n');
        if !is_half
            && at >= target
            && (rest.is_empty() || starts(&rest[..rest.len().min(LOOKED_AT)]))
        {
            return Some(at);
        }
    }
    (ended && window.len() < LONGEST_RECORD).then_some(window.len())
}

/// Where each line stands, without its end.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = Range<usize>> + use<'_> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at >= text.len() {
            return None;
        }
        let len = memchr::memchr2(b'\n', b'\r', &text[at..]).unwrap_or(text.len() - at);
        let line = at..at + len;
        at += len + 1;
        if text.get(at - 1) == Some(&b'\r') && text.get(at) == Some(&b'\n') {
            at += 1;
        }
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_stand_before_records() {
        let starts = |line: &[u8]| line.starts_with(b"0");
        let text = b"0 a\r\n1 b\r\n0 c\r\n1 d";
        assert_eq!(cut_before(text, 1, true, starts), Some(10));
        assert_eq!(cut_before(text, 10, true, starts), Some(10));
        assert_eq!(cut_before(text, 11, true, starts), Some(18));
        assert_eq!(cut_before(text, 1, false, starts), None);
        let found: Vec<_> = lines(text).map(|at| &text[at]).collect();
        assert_eq!(found, [b"0 a", b"1 b", b"0 c", b"1 d"]);
    }
}
