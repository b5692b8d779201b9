//! Where a cell and a match in it start and end.

use std::ops::Range;

use super::prefilter;

/// The value without white space around it, and a whole number without the `.0` that a spreadsheet or data frame
/// adds to a column with gaps.
#[expect(
    clippy::inline_always,
    reason = "once for each cell, and a call costs more than it does"
)]
#[inline(always)]
pub(super) fn trim(text: &[u8], start: u32, end: u32) -> (usize, usize) {
    let (start, end) = (start as usize, end as usize);
    // Most cells have neither.
    if let [first, .., before, last] = &text[start..end]
        && *first.min(last) > b' '
        && [*before, *last] != *b".0"
    {
        return (start, end);
    }
    trim_ends(text, start, end)
}

fn trim_ends(text: &[u8], mut start: usize, mut end: usize) -> (usize, usize) {
    while start < end && text[start].is_ascii_whitespace() {
        start += 1;
    }
    while start < end && text[end - 1].is_ascii_whitespace() {
        end -= 1;
    }
    let bytes = &text[start..end];
    if bytes.last() == Some(&b'0')
        && let Some(whole) = bytes.strip_suffix(b".0")
        && (6..=20).contains(&whole.len())
        && whole.iter().all(u8::is_ascii_digit)
    {
        end -= 2;
    }
    (start, end)
}

/// Whether a match stands by itself: no letter or digit touches its own, and it is no part of a decimal number or of a path.
#[inline]
pub(super) fn is_bounded(text: &[u8], span: &Range<usize>) -> bool {
    if !starts_by_itself(text, span.start) {
        return false;
    }
    let before = span.start.checked_sub(1).map(|at| text[at]);
    if before == Some(b'/') || text.get(span.end) == Some(&b'/') {
        // Numbers with slashes in between, and another one beside: `/050622/195/`.
        let is_of_path = |byte: &u8| byte.is_ascii_digit() || *byte == b'/';
        let matched = &text[span.clone()];
        if matched.contains(&b'/') && matched.iter().all(is_of_path) {
            return false;
        }
    }
    let last = text[span.end - 1];
    match &text[span.end..] {
        [next, ..] if prefilter::is_word(*next) => !prefilter::is_word(last),
        [b'.', digit, ..] if digit.is_ascii_digit() => !last.is_ascii_digit(),
        [b',', rest @ ..] => !last.is_ascii_digit() || !(1..=3).contains(&digits(rest.iter())),
        _ => true,
    }
}

/// The part of [`is_bounded`] that looks at the start.
fn starts_by_itself(text: &[u8], start: usize) -> bool {
    match &text[..start] {
        [.., before] if prefilter::is_word(*before) => false,
        [.., digit, b'.'] if digit.is_ascii_digit() => !text[start].is_ascii_digit(),
        [rest @ .., b','] => {
            !text[start].is_ascii_digit() || !(1..=3).contains(&digits(rest.iter().rev()))
        }
        _ => true,
    }
}

/// How many digits follow, up to four. Behind or before a comma, one to three make a decimal number; more are a list.
fn digits<'a>(bytes: impl Iterator<Item = &'a u8>) -> usize {
    bytes
        .take(4)
        .take_while(|byte| byte.is_ascii_digit())
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_path_do_not_stand_by_themselves() {
        let bounded = |text: &str, matched: &str| {
            let start = text.find(matched).unwrap();
            is_bounded(text.as_bytes(), &(start..start + matched.len()))
        };
        assert!(!bounded("/050622/195/", "050622/195"));
        assert!(!bounded("news/2024/05/12/x", "2024/05/12"));
        assert!(bounded("born 050622/195, in", "050622/195"));
        assert!(bounded("12/05/1990 / 13/05/1990", "12/05/1990"));
        // A single number, and an address.
        assert!(bounded("/982272790/", "982272790"));
        assert!(bounded("https://a.nl/in/jor/", "https://a.nl/in/jor"));
    }
}
