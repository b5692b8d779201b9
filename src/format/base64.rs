//! Base64 as it is found in cards, mails and directories: with line ends and blanks in it, with or without padding.

/// Decodes; whatever is no letter of the alphabet is left out, and the padding ends it.
pub(super) fn decode(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for &letter in text {
        let six = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => break,
            _ => continue,
        };
        bits = bits << 6 | u32::from(six);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    bytes
}

/// Types, in lower case, and how names of such files end.
const KNOWN: &[(&str, &str)] = &[
    ("jpeg", ".jpg"),
    ("jpg", ".jpg"),
    ("png", ".png"),
    ("gif", ".gif"),
    ("bmp", ".bmp"),
    ("tiff", ".tif"),
    ("webp", ".webp"),
    ("svg+xml", ".svg"),
    ("pdf", ".pdf"),
    ("plain", ".txt"),
    ("html", ".html"),
    ("calendar", ".ics"),
    ("vcard", ".vcf"),
    ("rfc822", ".eml"),
    ("csv", ".csv"),
    ("json", ".json"),
    ("xml", ".xml"),
];

/// The ending of a file's name for a media type or a bare type: `image/jpeg`, `JPEG`.
pub(super) fn ending(kind: &[u8]) -> &'static str {
    let kind = kind.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    let known = KNOWN
        .iter()
        .find(|(name, _)| kind.eq_ignore_ascii_case(name.as_bytes()));
    known.map_or("", |(_, ending)| ending)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_with_and_without_padding() {
        assert_eq!(decode(b"aGk="), b"hi");
        assert_eq!(decode(b"aG\r\n k"), b"hi");
        assert_eq!(decode(b""), b"");
        assert_eq!(decode(b"a"), b"");
        assert_eq!(decode(b"aGVsbG8gd29ybGQ"), b"hello world");
    }
}
