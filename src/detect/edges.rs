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
        && *first.min(last) > b'\''
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
    let bytes = &text[start..end];
    let (before, behind) = marks_of_text(bytes);
    (start + before, end - behind)
}

/// How many bytes before and behind a cell say that it is text, so that spreadsheets leave its zeros alone: `'0123`, `="0123"`,
/// and with its quotes doubled.
fn marks_of_text(cell: &[u8]) -> (usize, usize) {
    match cell {
        [b'=', b'"', b'"', .., b'"', b'"'] if cell.len() > 5 => (3, 2),
        [b'=', b'"', .., b'"'] if cell.len() > 3 => (2, 1),
        [b'\'', _, .., b'\''] => (1, 1),
        // `'s-Hertogenbosch` has its own.
        [b'\'', b'0'..=b'9' | b'+', ..] => (1, 0),
        _ => (0, 0),
    }
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

/// Whether a match in parts is part of something longer in such parts: `05980-5224133` in `05980-5224133-9`, `0430 2148` in
/// `GR56 0430 2148 7861`, six bytes of a fingerprint in `74:8D:…`. Behind or before a space, fewer than three letters and digits
/// are something else, and so is what isn't two digits long beside a colon.
pub(super) fn goes_on(text: &[u8], span: &Range<usize>) -> bool {
    let matched = &text[span.clone()];
    let is_separator = |byte: u8| matches!(byte, b' ' | b'-' | b'/' | b'.' | b':');
    let joins = |separator: Option<&u8>, part: usize, outer: Option<&u8>| {
        let long_enough = match separator {
            Some(b' ') => part >= 3,
            Some(b':') => part == 2,
            _ => part >= 1,
        };
        let is_in_parts = |byte: &u8| byte.is_ascii_hexdigit();
        long_enough
            && outer.is_some_and(|byte| match separator {
                Some(b':') => is_in_parts(byte),
                _ => byte.is_ascii_digit(),
            })
            && separator.is_some_and(|byte| is_separator(*byte) && matched.contains(byte))
    };
    // Of the part beside, only so much is looked at as matters.
    let length = |bytes: &mut dyn Iterator<Item = &u8>| {
        let part = bytes
            .take(3)
            .take_while(|byte| byte.is_ascii_alphanumeric());
        part.count()
    };
    let (before, behind) = (&text[..span.start], &text[span.end..]);
    let mut backwards = before.iter().rev();
    let separator = backwards.next();
    let outer = backwards.clone().next();
    let starts_before = joins(separator, length(&mut backwards), outer);
    let mut forwards = behind.iter();
    let separator = forwards.next();
    let outer = forwards.clone().next();
    let goes_on = starts_before || joins(separator, length(&mut forwards), outer);
    let in_parts = |byte: &u8| byte.is_ascii_hexdigit() || is_separator(*byte);
    goes_on && matched.iter().all(in_parts)
}

/// The part of [`is_bounded`] that looks at the start.
#[inline]
pub(super) fn starts_by_itself(text: &[u8], start: usize) -> bool {
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
    fn marks_around_a_cell_are_left_out() {
        let trimmed = |cell: &str| {
            let (start, end) = trim(cell.as_bytes(), 0, cell.len() as u32);
            cell[start..end].to_owned()
        };
        let cells = [
            (" 0123\t", "0123"),
            ("123456.0", "123456"),
            ("'0123", "0123"),
            ("'+31 6", "+31 6"),
            ("'jan@post.nl'", "jan@post.nl"),
            ("=\"0123\"", "0123"),
            ("=\"\"0123\"\"", "0123"),
            ("'s-Gravenhage", "'s-Gravenhage"),
            ("52'", "52'"),
            ("''", "''"),
            ("=\"\"", "=\"\""),
        ];
        for (cell, wanted) in cells {
            assert_eq!(trimmed(cell), wanted);
        }
    }

    #[test]
    fn parts_of_longer_numbers_are_told() {
        let goes_on = |text: &str, matched: &str| {
            let start = text.find(matched).unwrap();
            super::goes_on(text.as_bytes(), &(start..start + matched.len()))
        };
        assert!(goes_on("05980-5224133-9", "05980-5224133"));
        assert!(goes_on("073-7134225-3", "7134225-3"));
        assert!(goes_on("GR56 0430 2148 7861 1041", "0430 2148 7861"));
        assert!(goes_on("GR56 0430 2148 786", "0430 2148 786"));
        assert!(goes_on("74:8D:4C:59:00:F4:51", "74:8D:4C:59:00:F4"));
        assert!(goes_on("74:8D:4C:59:00:F4:51", "8D:4C:59:00:F4:51"));
        // Another number, a date with its time, one piece, a range.
        assert!(!goes_on("MAC:74:8D:4C:59:00:F4", "74:8D:4C:59:00:F4"));
        assert!(!goes_on("020-1234567 06-12345678", "020-1234567"));
        assert!(!goes_on("12 05 1990 10:30", "12 05 1990"));
        assert!(!goes_on("0201234567-1", "0201234567"));
        assert!(!goes_on("01.01.2020-31.12.2020", "01.01.2020"));
        assert!(!goes_on("020 123 4567 2 x", "020 123 4567"));
    }

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
