//! Folding: one spelling for words that are written in many ways, before they are looked up in a list.
//!
//! Lower case, Latin letters without their marks, no apostrophes, and one space for every other run of punctuation, so
//! that `D'Ávila-Núñez` is `davila nunez`. Lists of words and headers in rules are folded the same way.

use unicode_normalization::char::decompose_canonical;

/// Puts the folded text into `out`, which is emptied first. Bytes that aren't UTF-8 stay as they are.
pub fn fold(text: &[u8], out: &mut Vec<u8>) {
    out.clear();
    add_folded(text, out);
}

/// Adds the folded text to `out`.
pub(super) fn add_folded(text: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    if text.is_ascii() {
        add_ascii(text, start, out);
    } else {
        for chunk in text.utf8_chunks() {
            add_text(chunk.valid(), start, out);
            out.extend_from_slice(chunk.invalid());
        }
    }
    if out.len() > start && out.last() == Some(&b' ') {
        out.pop();
    }
}

/// The same for a text of which not all is ASCII.
fn add_text(text: &str, start: usize, out: &mut Vec<u8>) {
    let is_ascii = |byte: &u8| byte.is_ascii();
    for part in text.as_bytes().chunk_by(|a, b| is_ascii(a) == is_ascii(b)) {
        match std::str::from_utf8(part) {
            Ok(text) if !part.is_ascii() => {
                text.chars().for_each(|c| push_char(c, start, out));
            }
            _ => add_ascii(part, start, out),
        }
    }
}

/// What becomes of each ASCII byte: a space for what parts words, 0 for what is dropped.
const FOLDED: [u8; 128] = {
    let mut folded = [b' '; 128];
    let mut byte = 0;
    while byte < 128 {
        match byte as u8 {
            b'a'..=b'z' | b'0'..=b'9' => folded[byte] = byte as u8,
            b'A'..=b'Z' => folded[byte] = byte as u8 | 0x20,
            b'\'' | b'`' => folded[byte] = 0,
            _ => {}
        }
        byte += 1;
    }
    folded
};

/// Bytes folded at a time.
const BLOCK: usize = 16;

/// Adds ASCII to what is folded from `start` on, without growing for each byte.
fn add_ascii(text: &[u8], start: usize, out: &mut Vec<u8>) {
    let mut last = out[start..].last().copied().unwrap_or(b' ');
    let before = out.len();
    out.resize(before + text.len(), 0);
    let new = &mut out[before..];
    let mut kept = 0;
    for part in text.chunks(BLOCK) {
        if let Some(folded) = plain(part, last) {
            let folded = &folded[..part.len()];
            new[kept..kept + part.len()].copy_from_slice(folded);
            kept += part.len();
            last = folded.last().copied().unwrap_or(last);
            continue;
        }
        // Without a branch for each byte.
        for &byte in part {
            let folded = FOLDED[usize::from(byte & 127)];
            new[kept] = folded;
            let counts = folded != 0 && (folded != b' ' || last != b' ');
            kept += usize::from(counts);
            last = if counts { folded } else { last };
        }
    }
    out.truncate(before + kept);
}

/// Up to sixteen bytes of letters, digits and single spaces, folded; none of other bytes. The rest of the sixteen means nothing.
#[inline]
fn plain(text: &[u8], last: u8) -> Option<[u8; BLOCK]> {
    let mut bytes = [b'x'; BLOCK];
    match text.as_array() {
        Some(all) => bytes = *all,
        None => bytes[..text.len()].copy_from_slice(text),
    }
    let mut before = [last; BLOCK];
    before[1..].copy_from_slice(&bytes[..BLOCK - 1]);
    // Byte by byte, without a branch: compiled to what takes sixteen at a time.
    let small = bytes.map(|byte| byte | u8::from(byte.is_ascii_uppercase()) << 5);
    let is_other: [u8; BLOCK] = std::array::from_fn(|at| {
        let is_part = bytes[at] == b' ' && before[at] != b' ';
        u8::from(!(small[at].is_ascii_lowercase() | small[at].is_ascii_digit() | is_part))
    });
    (is_other == [0; BLOCK]).then_some(small)
}

fn push_ascii(byte: u8, start: usize, out: &mut Vec<u8>) {
    match FOLDED[usize::from(byte & 127)] {
        0 => {}
        b' ' => push_space(start, out),
        folded => out.push(folded),
    }
}

/// One space between words, none at the start.
fn push_space(start: usize, out: &mut Vec<u8>) {
    if out[start..].last().is_some_and(|&last| last != b' ') {
        out.push(b' ');
    }
}

fn push_char(c: char, start: usize, out: &mut Vec<u8>) {
    if c.is_ascii() {
        return push_ascii(c as u8, start, out);
    }
    if let Some(latin) = special(c) {
        out.extend_from_slice(latin.as_bytes());
    } else if is_apostrophe(c) || is_mark(c) {
        // Dropped.
    } else if c.is_alphanumeric() {
        decompose_canonical(c, |part| {
            if part.is_ascii() {
                push_ascii(part as u8, start, out);
            } else if let Some(latin) = special(part) {
                out.extend_from_slice(latin.as_bytes());
            } else if !is_mark(part) {
                for lower in part.to_lowercase() {
                    let mut buffer = [0; 4];
                    out.extend_from_slice(lower.encode_utf8(&mut buffer).as_bytes());
                }
            }
        });
    } else {
        push_space(start, out);
    }
}

fn is_apostrophe(c: char) -> bool {
    matches!(
        c,
        '\u{2018}'
            | '\u{2019}'
            | '\u{201b}'
            | '\u{2032}'
            | '\u{b4}'
            | '\u{2bc}'
            | '\u{2bb}'
            | '\u{ff07}'
    )
}

/// Combining marks of Latin, Greek and Cyrillic letters, and invisible characters.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{200b}'..='\u{200d}' | '\u{ad}')
}

/// Latin letters that do not decompose.
fn special(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' | 'ẞ' => "ss",
        'ø' | 'Ø' => "o",
        'æ' | 'Æ' => "ae",
        'œ' | 'Œ' => "oe",
        'ł' | 'Ł' => "l",
        'đ' | 'Đ' | 'ð' | 'Ð' | 'ɖ' => "d",
        'þ' | 'Þ' => "th",
        'ı' => "i",
        'ħ' | 'Ħ' => "h",
        'ŧ' | 'Ŧ' => "t",
        'ŋ' | 'Ŋ' => "n",
        'ĸ' => "k",
        'ĳ' | 'Ĳ' => "ij",
        'ſ' => "s",
        'ə' | 'Ə' => "e",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        let mut out = Vec::new();
        fold(text.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn names_of_all_spellings_are_alike() {
        assert_eq!(folded("D'Ávila-Núñez"), "davila nunez");
        assert_eq!(folded("  O’Brien,  J. "), "obrien j");
        assert_eq!(
            folded("STRAßE Łódź Søren İstanbul"),
            "strasse lodz soren istanbul"
        );
        assert_eq!(folded("e\u{301}te\u{301}"), "ete");
        assert_eq!(folded("Ιωάννης"), "ιωαννης");
    }

    proptest::proptest! {
        #[test]
        fn many_at_a_time_are_folded_as_each_by_itself(text in "[ A-Da-d0-2'.,éß-]{0,60}") {
            let mut each = Vec::new();
            text.chars().for_each(|c| push_char(c, 0, &mut each));
            if each.last() == Some(&b' ') {
                each.pop();
            }
            proptest::prop_assert_eq!(folded(&text).into_bytes(), each);
        }
    }
}
