//! Comments: what stands behind a `#` between values. The parser passes over them, and says only where values are.

use std::ops::Range;

use saphyr_parser::ScalarStyle;

/// The texts of the comments in a stretch of the text in which no value stands.
pub(super) fn comments(text: &str, at: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let bytes = text.as_bytes();
    let mut from = at.start;
    std::iter::from_fn(move || {
        loop {
            let sign = from + memchr::memchr(b'#', bytes.get(from..at.end)?)?;
            let before = sign.checked_sub(1).map_or(b'\n', |before| bytes[before]);
            if !before.is_ascii_whitespace() {
                // Part of a tag or of the name of an anchor.
                from = sign + 1;
                continue;
            }
            let line = memchr::memchr(b'\n', &bytes[sign..]);
            let end = line.map_or(bytes.len(), |len| sign + len);
            from = end.min(at.end);
            let inner = bytes[sign..end].trim_ascii_end();
            let signs = inner.iter().take_while(|byte| **byte == b'#').count();
            let lead = inner.len() - inner[signs..].trim_ascii_start().len();
            if lead < inner.len() {
                return Some(sign + lead..sign + inner.len());
            }
        }
    })
}

/// Where a value ends, of which the parser says where it stands: behind one in quotes that may be a comment further on.
pub(super) fn end(text: &str, at: Range<usize>, style: ScalarStyle) -> usize {
    let (bytes, mut before) = (&text.as_bytes()[at.clone()], b' ');
    // A tag and the name of an anchor may stand before the quotes.
    let open = bytes.iter().position(|&byte| {
        let starts = matches!(byte, b'"' | b'\'') && before.is_ascii_whitespace();
        before = byte;
        starts
    });
    let mut inside = bytes.iter().enumerate().skip(open.map_or(1, |at| at + 1));
    let end = match style {
        ScalarStyle::SingleQuoted => loop {
            match inside.next() {
                // A quote within is written twice.
                Some((quote, b'\'')) => match inside.next() {
                    Some((_, b'\'')) => {}
                    _ => break Some(quote),
                },
                Some(_) => {}
                None => break None,
            }
        },
        ScalarStyle::DoubleQuoted => loop {
            match inside.next() {
                Some((quote, b'"')) => break Some(quote),
                Some((_, b'\\')) => {
                    inside.next();
                }
                Some(_) => {}
                None => break None,
            }
        },
        _ => None,
    };
    end.map_or(at.end, |quote| at.start + quote + 1)
}

/// Where a line ends in which nothing follows but a comment; none where something else does.
pub(super) fn rest_of_line(text: &str, from: usize) -> Option<usize> {
    let (before, rest) = text.as_bytes().split_at(from);
    // Behind a block its last line has ended.
    if before.ends_with(b"\n") {
        return None;
    }
    let line = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
    let starts = line.trim_ascii_start().first();
    (starts == Some(&b'#')).then_some(from + line.len())
}
