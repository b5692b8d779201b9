//! Numbers, literals and escapes of JSON: RFC 8259 sections 3, 6 and 7.

use super::mended;

/// Where a number or literal ends.
pub(super) fn scalar_end(text: &[u8], from: usize) -> usize {
    let rest = &text[from..];
    from + rest
        .iter()
        .position(|byte| {
            matches!(
                byte,
                b',' | b']'
                    | b'}'
                    | b' '
                    | b'\n'
                    | b'\r'
                    | b'\t'
                    | b'"'
                    | b':'
                    | b'['
                    | b'{'
                    | b'/'
            )
        })
        .unwrap_or(rest.len())
}

/// RFC 8259 sections 3 and 6.
pub(super) fn is_scalar(text: &[u8]) -> bool {
    if matches!(text, b"true" | b"false" | b"null") {
        return true;
    }
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(rest);
    if whole == 0 || whole > 1 && rest[0] == b'0' {
        return false;
    }
    let mut rest = &rest[whole..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let count = digits(fraction);
        if count == 0 {
            return false;
        }
        rest = &fraction[count..];
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = exponent
            .strip_prefix(b"+")
            .or_else(|| exponent.strip_prefix(b"-"))
            .unwrap_or(exponent);
        let count = digits(exponent);
        if count == 0 {
            return false;
        }
        rest = &exponent[count..];
    }
    rest.is_empty()
}

/// Calls `give` with each stretch of the string's text and where it was stored; the error is the place of an escape that
/// isn't one. A lone surrogate becomes the replacement character.
pub(super) fn unescape(
    stored: &[u8],
    give: impl FnMut(&[u8], std::ops::Range<usize>),
) -> Result<(), usize> {
    unescape_as(stored, false, give)
}

/// The same, where escapes may stand for bytes of characters and not for characters.
pub(super) fn unescape_as(
    stored: &[u8],
    is_torn: bool,
    mut give: impl FnMut(&[u8], std::ops::Range<usize>),
) -> Result<(), usize> {
    let mut at = 0;
    while at < stored.len() {
        let plain = memchr::memchr(b'\\', &stored[at..]).unwrap_or(stored.len() - at);
        if plain > 0 {
            give(&stored[at..at + plain], at..at + plain);
            at += plain;
            continue;
        }
        let single = match stored.get(at + 1) {
            Some(b'n') => b'\n',
            Some(b't') => b'\t',
            Some(b'r') => b'\r',
            Some(b'b') => 8,
            Some(b'f') => 12,
            // The last one is none of JSON, and means nothing else wherever it is written.
            Some(&byte @ (b'"' | b'\\' | b'/' | b'\'')) => byte,
            Some(b'u') => {
                let rest = &stored[at..];
                let whole = is_torn.then(|| mended::character(rest)).flatten();
                let (c, len) = whole.or_else(|| unicode(rest)).ok_or(at)?;
                give(c.encode_utf8(&mut [0; 4]).as_bytes(), at..at + len);
                at += len;
                continue;
            }
            _ => return Err(at),
        };
        give(&[single], at..at + 2);
        at += 2;
    }
    Ok(())
}

/// The character of `\uXXXX`, or of two of them that are a surrogate pair; and the length.
fn unicode(escape: &[u8]) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let hex = escape.get(at..at + 6)?.strip_prefix(b"\\u")?;
        hex.iter()
            .all(u8::is_ascii_hexdigit)
            .then(|| u16::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok())?
    };
    let first = unit(0)?;
    if (0xd800..0xdc00).contains(&first)
        && let Some(second) = unit(6)
        && let Some(Ok(c)) = char::decode_utf16([first, second]).next()
    {
        return Some((c, 12));
    }
    Some((
        char::from_u32(u32::from(first)).unwrap_or(char::REPLACEMENT_CHARACTER),
        6,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_the_standard_wants_them() {
        for number in ["0", "-0", "12", "1.5", "1e9", "1.5E-9", "true", "null"] {
            assert!(is_scalar(number.as_bytes()), "{number}");
        }
        for other in ["01", "+1", ".5", "1.", "1e", "0x1", "NaN", "-", "tru", ""] {
            assert!(!is_scalar(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn escapes_lead_back() {
        let mut text = Vec::new();
        let mut places = Vec::new();
        unescape(br"a\u0040b\n\ud83d\ude00", |bytes, place| {
            text.extend_from_slice(bytes);
            places.push(place);
        })
        .unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), "a@b\n😀");
        assert_eq!(places, [0..1, 1..7, 7..8, 8..10, 10..22]);
        assert!(unescape(br"\x", |_, _| {}).is_err() && unescape(br"\u12", |_, _| {}).is_err());
    }
}
