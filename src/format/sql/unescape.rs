//! Undoes the escapes of a literal, stretch by stretch, each with the place it was stored at.

use std::ops::Range;

use super::lex::Escape;

/// Calls `give` with each stretch of the literal's text and where in `stored` it was.
pub(super) fn unescape(stored: &[u8], escape: Escape, give: &mut impl FnMut(&[u8], Range<usize>)) {
    let mut at = 0;
    while at < stored.len() {
        let rest = &stored[at..];
        let plain = match escape {
            Escape::None | Escape::Hex => rest.len(),
            Escape::Doubled(quote) => memchr::memchr(quote, rest).unwrap_or(rest.len()),
            Escape::Backslash(quote) | Escape::Loose(quote) => {
                memchr::memchr2(quote, b'\\', rest).unwrap_or(rest.len())
            }
            Escape::Extended | Escape::Unicode | Escape::Lines => {
                memchr::memchr2(b'\'', b'\\', rest).unwrap_or(rest.len())
            }
            Escape::Copy => memchr::memchr(b'\\', rest).unwrap_or(rest.len()),
        };
        if plain > 0 {
            give(&rest[..plain], at..at + plain);
            at += plain;
            continue;
        }
        let (bytes, len) = one(rest, escape);
        give(&bytes.0[..bytes.1], at..at + len);
        at += len;
    }
}

/// Up to four bytes.
type Few = ([u8; 4], usize);

fn byte(byte: u8) -> Few {
    ([byte, 0, 0, 0], 1)
}

/// The escape that stands at the start, and its length.
fn one(rest: &[u8], escape: Escape) -> (Few, usize) {
    let first = rest[0];
    let Some(&next) = rest.get(1) else {
        return (byte(first), 1);
    };
    if first != b'\\' {
        // A quote: doubled, unless it is a lone one.
        return (byte(first), if next == first { 2 } else { 1 });
    }
    match escape {
        Escape::Backslash(_) => (byte(mysql(next)), 2),
        Escape::Loose(quote) if next == quote => (byte(quote), 2),
        Escape::Lines if matches!(next, b'n' | b'r') => (byte(control(next)), 2),
        Escape::Unicode => {
            unicode(rest).unwrap_or((byte(first), if next == first { 2 } else { 1 }))
        }
        Escape::Extended | Escape::Copy => postgres(rest, escape),
        _ => (byte(first), 1),
    }
}

fn mysql(next: u8) -> u8 {
    match next {
        b'0' => 0,
        b'Z' => 0x1a,
        other => control(other),
    }
}

/// What `\n` and its like mean; other bytes stand for themselves.
fn control(next: u8) -> u8 {
    match next {
        b'b' => 8,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        other => other,
    }
}

fn postgres(rest: &[u8], escape: Escape) -> (Few, usize) {
    let digits = |from: usize, most: usize, octal: bool| {
        let digits = rest[from..].iter().take(most);
        let count = digits
            .take_while(|b| {
                if octal {
                    matches!(b, b'0'..=b'7')
                } else {
                    b.is_ascii_hexdigit()
                }
            })
            .count();
        let text = std::str::from_utf8(&rest[from..from + count]).unwrap_or_default();
        let value = u32::from_str_radix(text, if octal { 8 } else { 16 }).unwrap_or_default();
        (value, count)
    };
    match rest[1] {
        b'0'..=b'7' => {
            let (value, count) = digits(1, 3, true);
            (byte(value as u8), 1 + count)
        }
        b'x' => match digits(2, 2, false) {
            (_, 0) => (byte(b'x'), 2),
            (value, count) => (byte(value as u8), 2 + count),
        },
        b'v' if escape == Escape::Copy => (byte(0x0b), 2),
        b'u' if escape == Escape::Extended => character(digits(2, 4, false), 4),
        b'U' if escape == Escape::Extended => character(digits(2, 8, false), 8),
        other => (byte(control(other)), 2),
    }
}

/// The character of a number with exactly that many digits behind `\u`.
fn character((value, count): (u32, usize), wanted: usize) -> (Few, usize) {
    match char::from_u32(value).filter(|_| count == wanted) {
        Some(c) => (encoded(c), 2 + count),
        None => (encoded(char::REPLACEMENT_CHARACTER), 2 + count),
    }
}

fn encoded(c: char) -> Few {
    let mut bytes = [0; 4];
    let len = c.encode_utf8(&mut bytes).len();
    (bytes, len)
}

/// `\0061`, `\+000061`, `\u0061` or `\U00000061`.
fn unicode(rest: &[u8]) -> Option<(Few, usize)> {
    let (from, wanted) = match rest.get(1)? {
        b'+' => (2, 6),
        b'u' => (2, 4),
        b'U' => (2, 8),
        _ => (1, 4),
    };
    let text = std::str::from_utf8(rest.get(from..from + wanted)?).ok()?;
    if !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let c = char::from_u32(u32::from_str_radix(text, 16).ok()?);
    let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
    Some((encoded(c), from + wanted))
}

/// The bytes that pairs of hexadecimal digits stand for, where they are text; none where they are not.
pub(super) fn hex_text(digits: &[u8], out: &mut Vec<u8>) -> bool {
    let from = out.len();
    let nibble = |digit: u8| char::from(digit).to_digit(16);
    if digits.is_empty() || !digits.len().is_multiple_of(2) {
        return false;
    }
    for pair in digits.chunks_exact(2) {
        let (Some(high), Some(low)) = (nibble(pair[0]), nibble(pair[1])) else {
            out.truncate(from);
            return false;
        };
        out.push((high << 4 | low) as u8);
    }
    let is_text = super::super::text::is_text(&out[from..]);
    if !is_text {
        out.truncate(from);
    }
    is_text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(stored: &str, escape: Escape) -> String {
        let mut out = Vec::new();
        let mut last = 0;
        unescape(stored.as_bytes(), escape, &mut |bytes, place| {
            assert_eq!(place.start, last, "stretches follow each other");
            last = place.end;
            out.extend_from_slice(bytes);
        });
        assert_eq!(last, stored.len());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn escapes_of_every_dialect() {
        assert_eq!(plain("O''Brien", Escape::Doubled(b'\'')), "O'Brien");
        assert_eq!(
            plain(r"O\'B''r\n\Z\%", Escape::Backslash(b'\'')),
            "O'B'r\n\u{1a}%"
        );
        assert_eq!(plain(r"C:\new it\'s", Escape::Loose(b'\'')), r"C:\new it's");
        assert_eq!(
            plain(r"a\x41\101\u00e9\\''\q", Escape::Extended),
            "aAAé\\'q"
        );
        assert_eq!(plain(r"\0061\+01F600\\x", Escape::Unicode), "a😀\\x");
        assert_eq!(plain(r"a\nb\tc", Escape::Lines), "a\nb\\tc");
        assert_eq!(plain(r"a\tb\\\056\N", Escape::Copy), "a\tb\\.N");
    }

    #[test]
    fn hexadecimal_text() {
        let mut out = Vec::new();
        assert!(hex_text(b"6A616E40", &mut out) && out == b"jan@");
        assert!(!hex_text(b"00ff", &mut out) && !hex_text(b"abc", &mut out));
        assert_eq!(out, b"jan@");
    }
}
