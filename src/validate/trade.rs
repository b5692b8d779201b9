//! Numbers of things, companies and banks' products: decoys, which explain a column that a personal number would explain
//! worse; and numbers of companies that may be one person.

use super::Validator;
use super::digits::{all_digits, number, remainder_97, weighted_sum};

pub(super) static VALIDATORS: &[Validator] = &[
    Validator {
        name: "isbn-10",
        about: "the check character of an ISBN of ten: 10, 9, … 1 mod 11",
        check: isbn_10,
    },
    Validator {
        name: "gtin",
        about: "the check digit of a GTIN (EAN, UPC, ISBN-13): 3 and 1 by turns, mod 10",
        check: gtin,
    },
    Validator {
        name: "isin",
        about: "the Luhn check digit over letters as numbers",
        check: isin,
    },
    Validator {
        name: "lei",
        about: "ISO 7064 mod 97-10 over 20 characters",
        check: lei,
    },
    Validator {
        name: "pe-dni",
        about: "the check digit or letter of a Peruvian DNI",
        check: pe_dni,
    },
    Validator {
        name: "ve-rif",
        about: "the check digit mod 11 over nationality and number",
        check: ve_rif,
    },
    Validator {
        name: "us-dea",
        about: "the check digit from sums of every other digit",
        check: us_dea,
    },
];

/// ISO 2108.
pub fn isbn_10(value: &[u8]) -> bool {
    let Some((&last, body)) = value.split_last() else {
        return false;
    };
    let last = match last {
        b'X' => 10,
        b'0'..=b'9' => u32::from(last - b'0'),
        _ => return false,
    };
    value.len() == 10
        && all_digits(body)
        && (weighted_sum(body, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) + last).is_multiple_of(11)
}

/// GS1 General Specifications, section 7.9.
pub fn gtin(value: &[u8]) -> bool {
    let weighed = value.iter().rev().enumerate().map(|(at, byte)| {
        let digit = u32::from(byte.wrapping_sub(b'0'));
        digit * if at % 2 == 0 { 1 } else { 3 }
    });
    all_digits(value)
        && matches!(value.len(), 8 | 12 | 13 | 14)
        && weighed.sum::<u32>().is_multiple_of(10)
}

/// ISO 6166: letters count as 10 to 35, two digits each.
pub fn isin(value: &[u8]) -> bool {
    if value.len() != 12 || !value[11].is_ascii_digit() {
        return false;
    }
    let mut digits = [0u8; 24];
    let mut count = 0;
    for &byte in value {
        let Some(worth) = char::from(byte).to_digit(36) else {
            return false;
        };
        for digit in [worth / 10, worth % 10]
            .into_iter()
            .skip(usize::from(worth < 10))
        {
            digits[count] = b'0' + digit as u8;
            count += 1;
        }
    }
    super::digits::luhn(&digits[..count])
}

/// ISO 17442.
pub fn lei(value: &[u8]) -> bool {
    value.len() == 20 && remainder_97([value]) == Some(1)
}

/// Registro Nacional de Identificación y Estado Civil: a digit or a letter stands for the same sum.
pub fn pe_dni(value: &[u8]) -> bool {
    if value.len() != 9 || !all_digits(&value[..8]) {
        return false;
    }
    let rest = weighted_sum(&value[..8], &[3, 2, 7, 6, 5, 4, 3, 2]) as usize % 11;
    value[8] == b"65432110987"[rest] || value[8] == b"KJIHGFEDCBA"[rest]
}

/// SENIAT: V for citizens, E for foreigners; the letters of companies are no personal numbers.
pub fn ve_rif(value: &[u8]) -> bool {
    let kind = match value.first() {
        Some(b'V') => 4,
        Some(b'E') => 8,
        _ => return false,
    };
    if value.len() != 10 || !all_digits(&value[1..]) {
        return false;
    }
    let sum = kind + weighted_sum(&value[1..9], &[3, 2, 7, 6, 5, 4, 3, 2]);
    value[9] == b"00987654321"[sum as usize % 11]
}

/// Two letters and seven digits: the first, third and fifth, and twice the others, add up to a number that ends in the last.
pub fn us_dea(value: &[u8]) -> bool {
    value.len() == 9
        && all_digits(&value[2..])
        && weighted_sum(&value[2..8], &[1, 2, 1, 2, 1, 2]) % 10 == number(&value[8..]) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_examples_pass_and_their_neighbours_fail() {
        assert!(isbn_10(b"0306406152") && isbn_10(b"080442957X") && !isbn_10(b"0306406153"));
        assert!(gtin(b"9780306406157") && gtin(b"73513537") && !gtin(b"9780306406158"));
        assert!(isin(b"US0378331005") && !isin(b"US0378331006"));
        assert!(lei(b"213800KUD8LAJWSQ9D15") && !lei(b"213800KUD8LAJWSQ9D16"));
        assert!(pe_dni(b"101174102") && pe_dni(b"10117410G") && !pe_dni(b"101174103"));
        assert!(ve_rif(b"V114702834") && !ve_rif(b"V114702833"));
        assert!(us_dea(b"AB1234563") && !us_dea(b"AB1234564"));
    }
}
