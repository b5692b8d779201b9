//! Identity and travel documents: ICAO Doc 9303.

use super::Validator;

pub(super) static VALIDATORS: &[Validator] = &[
    Validator {
        name: "icao-7-3-1",
        about: "the last character is the check digit of ICAO 9303",
        check: icao,
    },
    Validator {
        name: "mrz",
        about: "machine-readable zone with its check digits: TD1, TD2 or TD3",
        check: mrz,
    },
    Validator {
        name: "passport",
        about: "six to ten letters and digits, with both or digits alone",
        check: passport,
    },
];

/// What a character counts in ICAO Doc 9303 part 3, section 4.9.
fn weight(byte: u8) -> Option<u32> {
    match byte {
        b'0'..=b'9' => Some(u32::from(byte - b'0')),
        b'A'..=b'Z' => Some(u32::from(byte - b'A') + 10),
        b'<' => Some(0),
        _ => None,
    }
}

/// Whether the digit checks the field: weights 7, 3, 1, modulo 10. `<` stands for 0 where a field is empty.
fn checks(field: &[u8], digit: u8) -> bool {
    let sum = field
        .iter()
        .zip([7, 3, 1].into_iter().cycle())
        .map(|(&byte, times)| weight(byte).map(|w| w * times));
    let sum: Option<u32> = sum.sum();
    sum.is_some_and(|sum| weight(digit) == Some(sum % 10))
}

/// A field with its check digit behind it.
pub fn icao(value: &[u8]) -> bool {
    value.split_last().is_some_and(|(&digit, field)| {
        digit.is_ascii_digit() && field.len() >= 6 && checks(field, digit)
    })
}

/// The lines of a machine-readable zone joined (TD3 88, TD2 72, TD1 90 characters), or the line with the check digits alone
/// (TD3 44, TD2 36; of TD1, 30, either of the first two). Number, birth date and expiry must check, as far as they are there.
pub fn mrz(value: &[u8]) -> bool {
    let field = |line: &[u8], from: usize, to: usize| checks(&line[from..to], line[to]);
    let second = |line: &[u8]| field(line, 0, 9) && field(line, 13, 19) && field(line, 21, 27);
    if value.iter().any(|&byte| weight(byte).is_none()) {
        return false;
    }
    match value.len() {
        88 => second(&value[44..]),
        72 => second(&value[36..]),
        44 | 36 => second(value),
        30 if value[0].is_ascii_digit() => field(value, 0, 6) && field(value, 8, 14),
        30 => field(value, 5, 14),
        90 => field(value, 5, 14) && field(&value[30..], 0, 6) && field(&value[30..], 8, 14),
        _ => false,
    }
}

/// No check digit is printed, so this is shape only: at least four digits, and no more than three letters in a row.
pub fn passport(value: &[u8]) -> bool {
    (6..=10).contains(&value.len())
        && value.iter().all(u8::is_ascii_alphanumeric)
        && value.iter().filter(|byte| byte.is_ascii_digit()).count() >= 4
        && !value
            .windows(4)
            .any(|four| four.iter().all(u8::is_ascii_alphabetic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_doc_9303() {
        let td3 = b"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10";
        assert!(mrz(td3) && mrz(&td3[44..]));
        let mut wrong = *td3;
        wrong[44] = b'M';
        assert!(!mrz(&wrong));
        let td1 = b"I<UTOD231458907<<<<<<<<<<<<<<<7408122F1204159UTO<<<<<<<<<<<6ERIKSSON<<ANNA<MARIA<<<<<<<<<<";
        assert!(mrz(td1) && mrz(&td1[..30]) && mrz(&td1[30..60]));
        assert!(icao(b"L898902C36") && !icao(b"L898902C37"));
    }

    #[test]
    fn passports_have_digits() {
        assert!(
            passport(b"NXR4D2K18")
                && passport(b"533401372")
                && !passport(b"PASSPORT")
                && !passport(b"AB12")
        );
    }
}
