//! Values that are encoded: tokens (JWT), base64 as in mail and data URLs, and queries of web addresses.

use std::ops::Range;

use wide::u8x16;

use super::leaves::Leaves;
use crate::format::base64::decode;
use crate::format::json::is_data;

/// Bytes of base64 that are worth a look.
pub(super) const SHORTEST: usize = 32;
/// Bytes of it that are looked at first: they are twelve of the text.
const START: usize = 16;
/// Its lines, in mail and in keys.
const LINES: [usize; 2] = [64, 76];
/// Parameters of a query.
const MOST_PARAMETERS: usize = 500;

/// Whether a column's name says that it holds queries.
pub(super) fn names_query(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    [
        "query",
        "param",
        "formdata",
        "form_data",
        "post_data",
        "postdata",
    ]
    .iter()
    .any(|word| lower.contains(word))
        && !lower.contains("sql")
}

/// Whether a cell could be base64 of a text. Identifiers and hashes look alike: its first bytes decide.
pub(super) fn may_be_base64(cell: &[u8]) -> bool {
    let Some(start) = cell.first_chunk::<START>() else {
        return false;
    };
    // Text in base64 has other letters among its first than hashes, numbers and GUIDs; words and identifiers in parts have other
    // bytes. Nearly all cells end here.
    let (are_letters_first, are_of_number) = kinds_of(start);
    if !are_letters_first || are_of_number {
        return false;
    }
    let step = cell.len() / 8;
    let is_standard = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let is_whole =
        cell.len().is_multiple_of(4) && (0..8).all(|part| is_standard(cell[part * step]));
    (is_whole || has_lines(cell)) && starts_text(&decode(start)) && are_letters(cell)
}

/// Whether the first bytes of a cell are letters of base64, and whether they are digits of a number in base 16 or hyphens.
fn kinds_of(start: &[u8; START]) -> (bool, bool) {
    let all = u8x16::new(*start);
    let among = |bytes: u8x16, first: u8, count: u8| {
        let moved = bytes - u8x16::splat(first);
        moved.min(u8x16::splat(count - 1)).simd_eq(moved)
    };
    let is = |byte: u8| all.simd_eq(u8x16::splat(byte));
    let small = all | u8x16::splat(0x20);
    let (digits, hyphens) = (among(all, b'0', 10), is(b'-'));
    let letters = digits | hyphens | among(small, b'a', 26) | is(b'+') | is(b'/') | is(b'_');
    let of_number = digits | hyphens | among(small, b'a', 6);
    (letters.all(), of_number.all())
}

/// Whether a cell is made of letters of base64 and line ends.
fn are_letters(cell: &[u8]) -> bool {
    cell.iter()
        .all(|&byte| is_letter(byte) || matches!(byte, b'=' | b'\r' | b'\n'))
}

/// Base64 in lines of 64 or 76.
fn has_lines(cell: &[u8]) -> bool {
    cuts(cell).any(|line| cell[..line].iter().all(|&byte| is_letter(byte)))
}

/// Where a line ends as one of base64 does.
fn cuts(cell: &[u8]) -> impl Iterator<Item = usize> {
    let ends = |line: &usize| matches!(cell.get(*line), Some(b'\n' | b'\r'));
    LINES.into_iter().filter(ends)
}

fn starts_text(bytes: &[u8]) -> bool {
    let valid = match std::str::from_utf8(bytes) {
        Ok(_) => bytes.len(),
        Err(error) => error.valid_up_to(),
    };
    let is_text =
        |&byte: &u8| byte >= b' ' && byte != 0x7f || matches!(byte, b'\t' | b'\n' | b'\r');
    valid + 3 >= bytes.len() && bytes[..valid].iter().all(is_text)
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// Reads base64 of a text; none where what it stands for is no text.
pub(super) fn base64(cell: &[u8], leaves: &mut Leaves) -> Option<()> {
    let letters = cell.trim_ascii();
    let padded = letters
        .strip_suffix(b"=")
        .map_or(letters, |rest| rest.strip_suffix(b"=").unwrap_or(rest));
    let is_base64 = |&byte: &u8| is_letter(byte) || matches!(byte, b'\r' | b'\n');
    if letters.len() < SHORTEST || !padded.iter().all(is_base64) {
        return None;
    }
    text_of(&decode(letters), 0..cell.len(), leaves)
}

/// Gives what was decoded, where it is a text.
fn text_of(decoded: &[u8], at: Range<usize>, leaves: &mut Leaves) -> Option<()> {
    let text = std::str::from_utf8(decoded).ok()?;
    let is_text =
        |character: char| !character.is_control() || matches!(character, '\n' | '\r' | '\t');
    if text.trim().is_empty() || !text.chars().all(is_text) {
        return None;
    }
    let before = leaves.down(b"base64");
    leaves.made(decoded, at);
    leaves.up(before);
    Some(())
}

/// Reads a JWT: its claims.
pub(super) fn token(cell: &[u8], leaves: &mut Leaves) -> Option<()> {
    if !cell.starts_with(b"eyJ") {
        return None;
    }
    let mut parts = cell.split(|&byte| byte == b'.');
    let (header, claims, signature) = (parts.next()?, parts.next()?, parts.next()?);
    let is_token = [header, claims, signature]
        .iter()
        .all(|part| part.iter().all(|&byte| is_letter(byte)));
    if !is_token || parts.next().is_some() {
        return None;
    }
    let start = header.len() + 1;
    let claims_at = start..start + claims.len();
    let decoded = decode(claims);
    leaves.within(&claims_at, |leaves| super::json::read(&decoded, leaves))
}

/// Reads `data:text/plain;base64,…`; gives how much of it stays: its type.
pub(super) fn data_url(cell: &[u8], leaves: &mut Leaves) -> Option<usize> {
    const LONGEST_TYPE: usize = 100;
    let start = &cell[..cell.len().min(LONGEST_TYPE)];
    let comma = memchr::memchr(b',', start).filter(|_| cell.starts_with(b"data:"))?;
    let body = &cell[comma + 1..];
    let decoded = if cell[..comma].ends_with(b";base64") {
        decode(body)
    } else {
        percent(body)
    };
    text_of(&decoded, comma + 1..cell.len(), leaves)?;
    Some(comma)
}

/// Reads the query of a web address; gives how much of it stays: what stands before.
pub(super) fn address(cell: &[u8], leaves: &mut Leaves) -> Option<usize> {
    let is_address = cell.starts_with(b"http://") || cell.starts_with(b"https://");
    if !is_address || cell.iter().any(u8::is_ascii_whitespace) {
        return None;
    }
    let mark = memchr::memchr(b'?', cell)?;
    query(cell, mark + 1, leaves)?;
    Some(mark)
}

/// Reads `a=1&b=2`, from a place on to the end or a `#`; none where it is no query.
pub(super) fn query(cell: &[u8], from: usize, leaves: &mut Leaves) -> Option<()> {
    let rest = cell.get(from..)?;
    let end = memchr::memchr(b'#', rest).map_or(cell.len(), |len| from + len);
    if cell[from..end]
        .iter()
        .any(|byte| byte.is_ascii_whitespace() || matches!(byte, b'<' | b'{' | b'"'))
    {
        return None;
    }
    let mark = leaves.mark();
    let mut at = from;
    let mut is_query = false;
    for part in cell[from..end]
        .split(|&byte| byte == b'&')
        .take(MOST_PARAMETERS)
    {
        let start = at;
        at += part.len() + 1;
        let Some(equals) = memchr::memchr(b'=', part) else {
            continue;
        };
        let name = percent(&part[..equals]);
        if name.is_empty()
            || !name
                .iter()
                .all(|&byte| is_letter(byte) || b"[].:$*".contains(&byte))
        {
            leaves.back_to(mark);
            return None;
        }
        is_query = true;
        let before = leaves.down(if is_data(&name) { b"*" } else { &name });
        let value = start + equals + 1..start + part.len();
        if cell[value.clone()]
            .iter()
            .any(|byte| matches!(byte, b'%' | b'+'))
        {
            let made = percent(&cell[value.clone()]);
            leaves.made(&made, value);
        } else {
            leaves.stored(cell, value);
        }
        leaves.up(before);
    }
    is_query.then_some(())
}

/// What percent signs and plus signs of a query stand for.
fn percent(text: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| char::from(*byte?).to_digit(16);
    let mut made = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let pair = (digit(text.get(at + 1)), digit(text.get(at + 2)));
        match (byte, pair) {
            (b'%', (Some(high), Some(low))) => {
                made.push((high << 4 | low) as u8);
                at += 2;
            }
            (b'+', _) => made.push(b' '),
            _ => made.push(byte),
        }
        at += 1;
    }
    made
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn kinds_are_told_sixteen_bytes_at_a_time(start in prop::array::uniform16(any::<u8>()), text in "[-0-9A-Za-z+/_@`{]{16}") {
            let is_of_number = |byte: &u8| byte.is_ascii_hexdigit() || *byte == b'-';
            for start in [&start, text.as_bytes().first_chunk().unwrap()] {
                let plain = (
                    start.iter().all(|&byte| is_letter(byte)),
                    start.iter().all(is_of_number),
                );
                prop_assert_eq!(kinds_of(start), plain);
            }
        }
    }
}
