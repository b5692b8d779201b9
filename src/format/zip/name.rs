//! Names of members: UTF-8, or, where they don't say so, the characters of the first PC.

use crate::input::charset::PAGE_437;

/// The flag that says that a name is UTF-8.
const UTF8: u16 = 1 << 11;
/// The extra field with the name in UTF-8.
const UNICODE_PATH: u16 = 0x7075;

/// A member's name as text.
pub(super) fn shown(raw: &[u8], extra: &[u8], flags: u16) -> String {
    if let Some(name) = unicode_path(raw, extra) {
        return name.to_owned();
    }
    if flags & UTF8 != 0 {
        return String::from_utf8_lossy(raw).into_owned();
    }
    // Many programs write UTF-8 and don't say so; other text is hardly ever valid UTF-8 by chance.
    match std::str::from_utf8(raw) {
        Ok(name) => name.to_owned(),
        // Code page 437 is what names are in that don't say otherwise.
        Err(_) => raw.iter().map(|&byte| PAGE_437.character(byte)).collect(),
    }
}

/// The name in its extra field, unless the plain name was changed since.
fn unicode_path<'a>(raw: &[u8], extra: &'a [u8]) -> Option<&'a str> {
    let (version, rest) = extra_field(extra, UNICODE_PATH)?.split_first()?;
    let (stated, name) = rest.split_first_chunk()?;
    let mut crc = flate2::Crc::new();
    crc.update(raw);
    let is_current = *version == 1 && u32::from_le_bytes(*stated) == crc.sum();
    std::str::from_utf8(name).ok().filter(|_| is_current)
}

/// The content of an extra field.
pub(super) fn extra_field(mut extra: &[u8], wanted: u16) -> Option<&[u8]> {
    while let Some((head, rest)) = extra.split_first_chunk::<4>() {
        let [id, len] = [[head[0], head[1]], [head[2], head[3]]].map(u16::from_le_bytes);
        let (field, rest) = rest.split_at_checked(usize::from(len))?;
        if id == wanted {
            return Some(field);
        }
        extra = rest;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_their_encoding() {
        assert_eq!(shown(b"caf\x82.csv", b"", 0), "café.csv");
        assert_eq!(shown("café.csv".as_bytes(), b"", 0), "café.csv");
        assert_eq!(shown(b"caf\x82.csv", b"", UTF8), "caf\u{fffd}.csv");
    }

    #[test]
    fn a_unicode_path_counts_while_it_is_current() {
        let mut crc = flate2::Crc::new();
        crc.update(b"caf?.csv");
        let mut extra = vec![0x75, 0x70, 14, 0, 1];
        extra.extend_from_slice(&crc.sum().to_le_bytes());
        extra.extend_from_slice("café.csv".as_bytes());
        assert_eq!(shown(b"caf?.csv", &extra, 0), "café.csv");
        assert_eq!(shown(b"renamed.csv", &extra, 0), "renamed.csv");
    }
}
