//! Entities of XML and HTML: `&amp;`, `&#233;`, `&eacute;`. Others stay as they are written; none is looked up.

use std::ops::Range;

use super::super::records::Records;

/// A longer name is none, in bytes.
const LONGEST: usize = 12;

/// Names from 160 on, in order: the upper half of Latin-1.
const LATIN: &[&str] = &[
    "nbsp", "iexcl", "cent", "pound", "curren", "yen", "brvbar", "sect", "uml", "copy", "ordf",
    "laquo", "not", "shy", "reg", "macr", "deg", "plusmn", "sup2", "sup3", "acute", "micro",
    "para", "middot", "cedil", "sup1", "ordm", "raquo", "frac14", "frac12", "frac34", "iquest",
    "Agrave", "Aacute", "Acirc", "Atilde", "Auml", "Aring", "AElig", "Ccedil", "Egrave", "Eacute",
    "Ecirc", "Euml", "Igrave", "Iacute", "Icirc", "Iuml", "ETH", "Ntilde", "Ograve", "Oacute",
    "Ocirc", "Otilde", "Ouml", "times", "Oslash", "Ugrave", "Uacute", "Ucirc", "Uuml", "Yacute",
    "THORN", "szlig", "agrave", "aacute", "acirc", "atilde", "auml", "aring", "aelig", "ccedil",
    "egrave", "eacute", "ecirc", "euml", "igrave", "iacute", "icirc", "iuml", "eth", "ntilde",
    "ograve", "oacute", "ocirc", "otilde", "ouml", "divide", "oslash", "ugrave", "uacute", "ucirc",
    "uuml", "yacute", "thorn", "yuml",
];

/// Other names.
const OTHERS: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("commat", '@'),
    ("period", '.'),
    ("lowbar", '_'),
    ("hyphen", '‐'),
    ("plus", '+'),
    ("num", '#'),
    ("colon", ':'),
    ("sol", '/'),
    ("tab", '\t'),
    ("OElig", 'Œ'),
    ("oelig", 'œ'),
    ("Scaron", 'Š'),
    ("scaron", 'š'),
    ("Yuml", 'Ÿ'),
    ("euro", '€'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("hellip", '…'),
    ("bull", '•'),
    ("zwnj", '\u{200c}'),
    ("ensp", ' '),
    ("emsp", ' '),
    ("thinsp", ' '),
];

/// The entity that starts with an ampersand at the start of `text`: its character and its length.
pub(in crate::format) fn entity(text: &[u8]) -> Option<(char, usize)> {
    let end = memchr::memchr(b';', &text[..text.len().min(LONGEST)])?;
    let name = text.get(1..end)?;
    let c = match name {
        [b'#', b'x' | b'X', hex @ ..] => number(hex, 16)?,
        [b'#', digits @ ..] => number(digits, 10)?,
        _ => {
            let other = OTHERS.iter().find(|(known, _)| known.as_bytes() == name);
            if let Some((_, c)) = other {
                *c
            } else {
                let at = LATIN.iter().position(|known| known.as_bytes() == name)?;
                char::from_u32(160 + at as u32)?
            }
        }
    };
    // A blank that doesn't break is a blank to whoever reads.
    let c = if c == '\u{a0}' { ' ' } else { c };
    Some((c, end + 1))
}

fn number(digits: &[u8], radix: u32) -> Option<char> {
    let digits = std::str::from_utf8(digits).ok()?;
    if digits.is_empty() || digits.starts_with('+') {
        return None;
    }
    char::from_u32(u32::from_str_radix(digits, radix).ok()?)
}

/// Adds a stretch of a text to the value that is being made, with its entities undone.
pub(in crate::format) fn give(text: &[u8], at: Range<usize>, records: &mut Records<'_>) {
    let mut from = at.start;
    let mut search = from;
    while let Some(found) = memchr::memchr(b'&', &text[search..at.end]) {
        let start = search + found;
        let Some((c, len)) = entity(&text[start..at.end]) else {
            search = start + 1;
            continue;
        };
        records.stored(from..start);
        let mut buffer = [0; 4];
        records.instead(c.encode_utf8(&mut buffer).as_bytes(), start..start + len);
        from = start + len;
        search = from;
    }
    records.stored(from..at.end);
}

/// A text with its entities undone.
pub(in crate::format) fn plain(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut from = 0;
    while let Some(found) = memchr::memchr(b'&', &text[from..]) {
        let start = from + found;
        plain.extend_from_slice(&text[from..start]);
        from = if let Some((c, len)) = entity(&text[start..]) {
            let mut buffer = [0; 4];
            plain.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
            start + len
        } else {
            plain.push(b'&');
            start + 1
        };
    }
    plain.extend_from_slice(&text[from..]);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_known_by_name_and_number() {
        let cases = [
            ("&amp;", '&'),
            ("&eacute;", 'é'),
            ("&yuml;", 'ÿ'),
            ("&szlig;", 'ß'),
            ("&#64;", '@'),
            ("&#x40;", '@'),
            ("&nbsp;", ' '),
        ];
        for (text, c) in cases {
            assert_eq!(entity(text.as_bytes()), Some((c, text.len())), "{text}");
        }
        for text in ["&unknown;", "&#xd800;", "&#99999999;", "&", "&;", "& a;"] {
            assert_eq!(entity(text.as_bytes()), None, "{text}");
        }
        assert_eq!(plain(b"a &lt; b & c&#x2c;"), b"a < b & c,");
    }
}
