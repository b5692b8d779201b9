//! Texts in UTF-8 of which each byte was written as a character of its own: `Zo\u00c3\u00ab` for `Zoë`, as exports of Facebook
//! and Instagram have them. They are read as they are meant.

/// Bytes of an escape.
const ESCAPE: usize = 6;

/// Whether the escapes in a string stand for bytes of UTF-8, all of them.
pub(super) fn is_torn(stored: &[u8]) -> bool {
    let (mut at, mut latin, mut others) = (0, 0_usize, 0_usize);
    while let Some(len) = memchr::memchr(b'\\', &stored[at..]) {
        at += len;
        match byte_of(&stored[at..]) {
            Some(0x80..) => {
                let Some((c, len)) = character(&stored[at..]) else {
                    return false;
                };
                // Scripts of which a text has more than one letter; a German word before a closing quote is none of them.
                let is_other = matches!(c, '\u{180}'..='\u{1fff}');
                others += usize::from(is_other);
                latin += usize::from(!is_other);
                at += len;
            }
            Some(_) => at += ESCAPE,
            // Characters beyond a byte are none of such texts; other escapes stand for one of ASCII.
            None if stored[at..].starts_with(b"\\u") => return false,
            None => at = (at + 2).min(stored.len()),
        }
    }
    latin > 0 || others > 1
}

/// The character whose bytes are written in the escapes that start here, and the length of those.
pub(super) fn character(stored: &[u8]) -> Option<(char, usize)> {
    let first = byte_of(stored)?;
    let count = match first {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let mut bytes = [0; 4];
    for (index, byte) in bytes.iter_mut().enumerate().take(count) {
        *byte = byte_of(stored.get(index * ESCAPE..)?)?;
    }
    let text = std::str::from_utf8(&bytes[..count]).ok()?;
    Some((text.chars().next()?, count * ESCAPE))
}

/// The byte that an escape stands for.
fn byte_of(stored: &[u8]) -> Option<u8> {
    let hex = stored.get(..ESCAPE)?.strip_prefix(b"\\u00")?;
    let is_hex = hex.iter().all(u8::is_ascii_hexdigit);
    let hex = std::str::from_utf8(hex).ok().filter(|_| is_hex)?;
    u8::from_str_radix(hex, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::super::super::taken::take;
    use super::*;

    #[test]
    fn torn_texts_are_told_from_others() {
        for torn in [
            r"Zo\u00c3\u00ab",
            r"Jos\u00C3\u00A9\n\u00f0\u009f\u0098\u0080",
            r"\u00d0\u0098\u00d0\u00b2",
        ] {
            assert!(is_torn(torn.as_bytes()), "{torn}");
        }
        for whole in [
            "Zoë",
            r"Zo\u00eb",
            r"\u00abSpa\u00df\u00bb",
            r"Spa\u00df\u00bb",
            r"\u00c3\u00ab \u20ac",
            r"a\nb",
            r"\u00c3",
            r"\u00c3\u00",
            r"\",
        ] {
            assert!(!is_torn(whole.as_bytes()), "{whole}");
        }
    }

    #[test]
    fn torn_texts_are_read_as_meant() {
        let text = br#"{"name": "Zo\u00c3\u00ab \"M\"", "other": "Zo\u00eb"}"#;
        let taken = take("message_1.json", text);
        assert_eq!(taken.column_texts("name"), ["Zoë \"M\""]);
        assert_eq!(taken.column_texts("other"), ["Zoë"]);
        assert_eq!(taken.problems.len(), 1);
    }
}
