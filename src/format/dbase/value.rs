//! What a field of a record holds, as text.

use super::header::Field;

/// Days from the start of the count that FoxPro uses to 1 January 1970.
const EPOCH: i64 = 2_440_588;

/// What was stored of a value: a stretch of it that is text in the table's charset, or what its bytes stand for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stored<'b> {
    Text(&'b [u8]),
    Made(String),
}

/// The value of a field; none where it is empty, stands in the file of memos, or is of a kind that holds nothing.
pub(super) fn value<'b>(field: &Field, bytes: &'b [u8], is_visual: bool) -> Option<Stored<'b>> {
    let text = |bytes: &'b [u8]| {
        let is_blank = |byte: &u8| matches!(byte, b' ' | 0);
        let start = bytes.iter().position(|byte| !is_blank(byte))?;
        let end = bytes.iter().rposition(|byte| !is_blank(byte))? + 1;
        Some(Stored::Text(&bytes[start..end]))
    };
    match field.kind {
        b'C' | b'N' | b'F' | b'L' => text(bytes).filter(|value| *value != Stored::Text(b"?")),
        b'V' => text(varying(bytes)),
        b'D' => Some(day(bytes).map_or_else(|| text(bytes), |day| Some(Stored::Made(day)))?),
        b'I' if is_visual => number(bytes).map(|number: i32| made(&number)),
        b'T' if bytes.len() == 8 => moment(bytes),
        b'Y' if bytes.len() == 8 => currency(bytes),
        b'B' if is_visual && bytes.len() == 8 => {
            let number = f64::from_le_bytes(bytes.try_into().ok()?);
            number.is_finite().then(|| made(&number))
        }
        // Those of version 7 are compared as bytes, so their sign is turned around.
        b'I' | b'+' if bytes.len() == 4 => {
            let number = i32::from_be_bytes(bytes.try_into().ok()?) ^ i32::MIN;
            Some(made(&number))
        }
        _ => None,
    }
}

fn made(number: &impl ToString) -> Stored<'static> {
    Stored::Made(number.to_string())
}

fn number(bytes: &[u8]) -> Option<i32> {
    Some(i32::from_le_bytes(bytes.try_into().ok()?))
}

/// Of a text of varying length that doesn't fill its field, the last byte says how long it is.
fn varying(bytes: &[u8]) -> &[u8] {
    match bytes.split_last() {
        Some((&len, rest)) if usize::from(len) < bytes.len() && len < b' ' => {
            &rest[..usize::from(len)]
        }
        _ => bytes,
    }
}

/// `19800523` as others write it.
fn day(bytes: &[u8]) -> Option<String> {
    let digits = std::str::from_utf8(bytes).ok()?;
    let is_day = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_day.then(|| format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..]))
}

/// A day, counted from far in the past, and the milliseconds of it.
fn moment(bytes: &[u8]) -> Option<Stored<'static>> {
    let day = i64::from(number(&bytes[..4])?);
    let seconds = i64::from(number(&bytes[4..])?) / 1000;
    if day < 1 {
        return None;
    }
    let since = (day - EPOCH).checked_mul(86_400)?.checked_add(seconds)?;
    let moment = jiff::Timestamp::from_second(since).ok()?;
    Some(Stored::Made(
        moment.strftime("%Y-%m-%d %H:%M:%S").to_string(),
    ))
}

fn currency(bytes: &[u8]) -> Option<Stored<'static>> {
    let number = i64::from_le_bytes(bytes.try_into().ok()?);
    let (whole, part) = (
        number.unsigned_abs() / 10_000,
        number.unsigned_abs() % 10_000,
    );
    let sign = if number < 0 { "-" } else { "" };
    Some(Stored::Made(format!("{sign}{whole}.{part:04}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_as_people_see_them() {
        let value = |kind: u8, bytes: &[u8]| {
            let field = Field {
                name: b"A".to_vec(),
                kind,
                at: 1,
                len: bytes.len(),
            };
            value(&field, bytes, true).map(|stored| match stored {
                Stored::Text(text) => String::from_utf8_lossy(text).into_owned(),
                Stored::Made(text) => text,
            })
        };
        let is = |text: &str| Some(text.to_owned());
        assert_eq!(value(b'C', b"Jor   \0"), is("Jor"));
        assert_eq!(value(b'C', b"    "), None);
        assert_eq!(value(b'D', b"19800523"), is("1980-05-23"));
        assert_eq!(value(b'D', b"        "), None);
        assert_eq!(value(b'I', &7_i32.to_le_bytes()), is("7"));
        assert_eq!(value(b'Y', &(-12_345_i64).to_le_bytes()), is("-1.2345"));
        assert_eq!(value(b'B', &1.5_f64.to_le_bytes()), is("1.5"));
        assert_eq!(value(b'V', b"Jor\0\0\0\x03"), is("Jor"));
        let moment = [2_444_383_i32.to_le_bytes(), 36_000_000_i32.to_le_bytes()].concat();
        assert_eq!(value(b'T', &moment), is("1980-05-23 10:00:00"));
        assert_eq!(value(b'T', &[0xff; 8]), None);
        assert_eq!(value(b'M', b"        12"), None);
    }
}
