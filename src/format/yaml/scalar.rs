//! Where the text of a scalar stands: its stretches in the file, without quotes, indentation and line folding.

use std::ops::Range;

/// A part of a scalar's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stretch {
    /// As it is stored, at a place of the text.
    Stored(Range<usize>),
    /// White space that stands for a folded line end.
    Blank(&'static str),
}

/// The stretches of a scalar that stands in `raw`, which starts at `start`; none where escapes part the two.
pub(super) fn stretches(value: &str, raw: &str, start: usize) -> Option<Vec<Stretch>> {
    let (value, raw) = (value.as_bytes(), raw.as_bytes());
    // What comes before: a quote, or the sign of a block and its line.
    let first = value.iter().find(|byte| !byte.is_ascii_whitespace())?;
    let mut at = match raw.first()? {
        b'|' | b'>' => memchr::memchr(b'\n', raw)?,
        b'"' | b'\'' => 1,
        _ => 0,
    };
    at += memchr::memchr(*first, &raw[at..])?;
    let mut found: Vec<Stretch> = Vec::new();
    let mut i = value.iter().position(|byte| byte == first)?;
    while i < value.len() {
        if value[i].is_ascii_whitespace() {
            let (blanks, stored) = (blank_len(&value[i..]), blank_len(&raw[at..]));
            // What ends the value may be no part of what is stored there.
            if i + blanks == value.len() {
                break;
            }
            if stored == 0 {
                return None;
            }
            if value[i..i + blanks] == raw[at..at + stored] {
                extend(&mut found, start + at..start + at + stored);
            } else {
                let is_line = value[i..i + blanks].contains(&b'\n');
                found.push(Stretch::Blank(if is_line { "\n" } else { " " }));
            }
            i += blanks;
            at += stored;
        } else if raw.get(at) == Some(&value[i]) {
            extend(&mut found, start + at..start + at + 1);
            i += 1;
            at += 1;
        } else {
            return None;
        }
    }
    Some(found)
}

fn blank_len(text: &[u8]) -> usize {
    text.iter()
        .take_while(|byte| byte.is_ascii_whitespace())
        .count()
}

fn extend(found: &mut Vec<Stretch>, by: Range<usize>) {
    match found.last_mut() {
        Some(Stretch::Stored(last)) if last.end == by.start => last.end = by.end,
        _ => found.push(Stretch::Stored(by)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str, raw: &str) -> Option<String> {
        let found = stretches(value, raw, 0)?;
        Some(
            found
                .iter()
                .map(|part| match part {
                    Stretch::Stored(range) => raw[range.clone()].to_owned(),
                    Stretch::Blank(blank) => (*blank).to_owned(),
                })
                .collect(),
        )
    }

    #[test]
    fn scalars_stand_where_they_are_stored() {
        assert_eq!(text("a b", "a b"), Some("a b".into()));
        assert_eq!(text("a b", "\"a b\""), Some("a b".into()));
        assert_eq!(text("a b", "a\n   b"), Some("a b".into()));
        assert_eq!(text("a\nb c\n", "|\n  a\n  b c\n"), Some("a\nb c".into()));
        assert_eq!(text("a b\n", ">\n  a\n  b\n"), Some("a b".into()));
        assert_eq!(text("it's", "'it''s'"), None);
        assert_eq!(text("é", "\"\\u00e9\""), None);
    }
}
