//! National numbers whose check YAML weights can't express: dates inside, letters, or several digits.

use super::Validator;
use super::date::{is_date, is_short_date, two};
use super::digits::{all_digits, luhn, mod_11_10, number};

pub(super) static VALIDATORS: &[Validator] = &[
    Validator {
        name: "be-nn",
        about: "97 less the number modulo 97, and a birth date",
        check: be_nn,
    },
    Validator {
        name: "de-idnr",
        about: "ISO 7064 mod 11,10, and one digit that occurs twice or three times",
        check: de_idnr,
    },
    Validator {
        name: "fr-nir",
        about: "key of two digits, month and department",
        check: fr_nir,
    },
    Validator {
        name: "es-dni",
        about: "letter number 23 of the remainder",
        check: es_dni,
    },
    Validator {
        name: "es-nie",
        about: "the same with X, Y, Z for 0, 1, 2",
        check: es_nie,
    },
    Validator {
        name: "it-cf",
        about: "check letter, and a birth date",
        check: it_cf,
    },
    Validator {
        name: "pl-pesel",
        about: "weights 1, 3, 7, 9, and a birth date with its century",
        check: pl_pesel,
    },
    Validator {
        name: "se-personnummer",
        about: "Luhn over the last ten digits, and a birth date",
        check: se_personnummer,
    },
    Validator {
        name: "se-vat-person",
        about: "a personnummer with 01 behind it",
        check: se_vat_person,
    },
    Validator {
        name: "es-vat-person",
        about: "ES and a DNI or NIE",
        check: es_vat_person,
    },
    Validator {
        name: "dk-cpr",
        about: "a birth date; the modulus-11 check was given up in 2007",
        check: dk_cpr,
    },
    Validator {
        name: "fi-hetu",
        about: "letter number 31 of the remainder, and a birth date",
        check: fi_hetu,
    },
    Validator {
        name: "us-ssn",
        about: "area, group and serial that can be given out",
        check: us_ssn,
    },
    Validator {
        name: "gb-nino",
        about: "letters that HMRC gives out",
        check: gb_nino,
    },
];

/// Rijksregisternummer and BIS-nummer: royal decree of 3 April 1984. Born from 2000 on, a 2 is put before the number; in a BIS
/// number the month is 20 or 40 higher. An unknown date is written with zeros.
pub fn be_nn(value: &[u8]) -> bool {
    if value.len() != 11 || !all_digits(value) {
        return false;
    }
    let (body, key) = (number(&value[..9]), number(&value[9..]));
    let (month, day) = (two(value, 2) % 20, two(value, 4));
    let month = if two(value, 2) >= 60 { 99 } else { month };
    let dated = |century: u32| {
        is_date(century + two(value, 0), month, day) || month == 0 || day == 0 && month <= 12
    };
    let serial = number(&value[6..9]);
    (1..=998).contains(&serial)
        && (97 - body % 97 == key && dated(1900)
            || 97 - (2_000_000_000 + body) % 97 == key && dated(2000))
}

/// Steuerliche Identifikationsnummer, section 139b AO: of the first ten digits exactly one occurs twice or three times, and
/// at least one not at all. (None is given out with three in a row, which other systems' test numbers have.)
pub fn de_idnr(value: &[u8]) -> bool {
    if value.len() != 11 || !mod_11_10(value) || value[0] == b'0' {
        return false;
    }
    let mut counts = [0; 10];
    value[..10]
        .iter()
        .for_each(|byte| counts[usize::from(byte - b'0')] += 1);
    let repeated = counts.iter().filter(|count| **count > 1).count();
    repeated == 1 && counts.iter().all(|count| *count <= 3)
}

/// Numéro d'inscription au répertoire, INSEE: sex, year, month, department (2A and 2B count as 19 and 18), and the key.
pub fn fr_nir(value: &[u8]) -> bool {
    if value.len() != 15 {
        return false;
    }
    let mut digits = [0; 15];
    digits.copy_from_slice(value);
    match &value[5..7] {
        b"2A" => digits[5..7].copy_from_slice(b"19"),
        b"2B" => digits[5..7].copy_from_slice(b"18"),
        _ => {}
    }
    if !all_digits(&digits) || !matches!(digits[0], b'1'..=b'4' | b'7' | b'8') {
        return false;
    }
    let month = two(&digits, 3);
    let department = two(&digits, 5);
    (matches!(month, 1..=12 | 20 | 30..=42 | 50..=99))
        && (1..=99).contains(&department)
        && 97 - number(&digits[..13]) % 97 == number(&digits[13..])
}

/// The letter of a Spanish number: Real Decreto 1553/2005.
const SPANISH: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

/// Documento nacional de identidad: eight digits and a letter.
pub fn es_dni(value: &[u8]) -> bool {
    value.len() == 9
        && all_digits(&value[..8])
        && value[8] == SPANISH[(number(&value[..8]) % 23) as usize]
}

/// Número de identidad de extranjero: X, Y or Z, seven digits and a letter.
pub fn es_nie(value: &[u8]) -> bool {
    let first = match value.first() {
        Some(b'X') => 0,
        Some(b'Y') => 1,
        Some(b'Z') => 2,
        _ => return false,
    };
    value.len() == 9
        && all_digits(&value[1..8])
        && value[8] == SPANISH[((first * 10_000_000 + number(&value[1..8])) % 23) as usize]
}

/// Codice fiscale: decreto ministeriale 23 December 1976. Digits may be replaced by letters where two people would share one
/// (omocodia); the day is 40 higher for women.
pub fn it_cf(value: &[u8]) -> bool {
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    const DIGITS: &[u8; 10] = b"LMNPQRSTUV";
    const NUMERIC: [usize; 7] = [6, 7, 9, 10, 12, 13, 14];
    if value.len() != 16
        || !value
            .iter()
            .all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
    {
        return false;
    }
    let mut plain = [0; 16];
    plain.copy_from_slice(value);
    for at in NUMERIC {
        if let Some(digit) = DIGITS.iter().position(|&letter| letter == plain[at]) {
            plain[at] = b'0' + digit as u8;
        }
    }
    let month = b"ABCDEHLMPRST"
        .iter()
        .position(|&letter| letter == plain[8]);
    let shaped = (0..16).all(|at| plain[at].is_ascii_digit() == NUMERIC.contains(&at));
    let Some(month) = month.filter(|_| shaped) else {
        return false;
    };
    let sum: u32 = value[..15]
        .iter()
        .enumerate()
        .map(|(at, &byte)| {
            let rank = if byte.is_ascii_digit() {
                byte - b'0'
            } else {
                byte - b'A'
            };
            if at % 2 == 0 {
                ODD[usize::from(rank)]
            } else {
                u32::from(rank)
            }
        })
        .sum();
    is_short_date(two(&plain, 6), month as u32 + 1, two(&plain, 9) % 40)
        && u32::from(value[15] - b'A') == sum % 26
}

/// PESEL, Polish population register act: the month carries the century (+80 1800s, +20 2000s, +40 2100s, +60 2200s).
pub fn pl_pesel(value: &[u8]) -> bool {
    if value.len() != 11 || !all_digits(value) {
        return false;
    }
    let sum: u32 = value[..10]
        .iter()
        .zip([1, 3, 7, 9].into_iter().cycle())
        .map(|(b, w)| u32::from(b - b'0') * w)
        .sum();
    let century = [1900, 2000, 2100, 2200, 1800][(two(value, 2) / 20) as usize];
    is_date(century + two(value, 0), two(value, 2) % 20, two(value, 4))
        && (10 - sum % 10) % 10 == u32::from(value[10] - b'0')
}

/// Personnummer and samordningsnummer (day + 60), folkbokföringslagen 1991:481: ten or twelve digits.
pub fn se_personnummer(value: &[u8]) -> bool {
    if !all_digits(value) || !matches!(value.len(), 10 | 12) {
        return false;
    }
    if value.len() == 12 && !(18..=20).contains(&two(value, 0)) {
        return false;
    }
    let last = &value[value.len() - 10..];
    is_short_date(two(last, 0), two(last, 2), two(last, 4) % 60) && luhn(last)
}

/// Momsregistreringsnummer of a sole trader, mervärdesskattelagen 2023:200: the ten digits of the personnummer and `01`.
pub fn se_vat_person(value: &[u8]) -> bool {
    matches!(value, [number @ .., b'0', b'1'] if number.len() == 10 && se_personnummer(number))
}

/// Número de IVA of a person, real decreto 1065/2007: `ES` and the DNI or NIE.
pub fn es_vat_person(value: &[u8]) -> bool {
    matches!(value, [b'E', b'S', number @ ..] if es_dni(number) || es_nie(number))
}

/// CPR-nummer: the seventh digit and the year give the century.
pub fn dk_cpr(value: &[u8]) -> bool {
    if value.len() != 10 || !all_digits(value) {
        return false;
    }
    let year = two(value, 4);
    let century = match (value[6], year) {
        (b'0'..=b'3', _) | (b'4' | b'9', 37..) => 1900,
        (b'4' | b'9', _) | (b'5'..=b'8', 0..=57) => 2000,
        _ => 1800,
    };
    is_date(century + year, two(value, 2), two(value, 0)) && &value[6..] != b"0000"
}

/// Henkilötunnus, act 661/2009 and decree 128/2010 with the signs added in 2023. Normalised without its sign; with it, the
/// seventh character is the sign.
pub fn fi_hetu(value: &[u8]) -> bool {
    const LETTERS: &[u8; 31] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";
    let (date, rest) = match value.len() {
        11 if matches!(value[6], b'+' | b'-' | b'U'..=b'Y' | b'A'..=b'F') => {
            (&value[..6], &value[7..])
        }
        10 => (&value[..6], &value[6..]),
        _ => return false,
    };
    if !all_digits(date) || !all_digits(&rest[..3]) || number(&rest[..3]) < 2 {
        return false;
    }
    let whole = number(date) * 1000 + number(&rest[..3]);
    is_short_date(two(date, 4), two(date, 2), two(date, 0))
        && rest[3] == LETTERS[(whole % 31) as usize]
}

/// Social Security number, SSA: no area 000, 666 or 900 and up, no group 00, no serial 0000; and none used in advertisements.
pub fn us_ssn(value: &[u8]) -> bool {
    if value.len() != 9 || !all_digits(value) {
        return false;
    }
    let area = number(&value[..3]);
    area != 0
        && area != 666
        && area < 900
        && &value[3..5] != b"00"
        && &value[5..] != b"0000"
        && !matches!(value, b"078051120" | b"219099999" | b"123456789")
}

/// National Insurance number, HMRC NIM39110: D, F, I, Q, U, V never lead, O is never second, and some prefixes are kept back.
pub fn gb_nino(value: &[u8]) -> bool {
    if value.len() != 9 || !all_digits(&value[2..8]) {
        return false;
    }
    let (first, second) = (value[0], value[1]);
    first.is_ascii_uppercase()
        && second.is_ascii_uppercase()
        && !b"DFIQUV".contains(&first)
        && !b"DFIOQUV".contains(&second)
        && ![b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"].contains(&&[first, second])
        && (b'A'..=b'D').contains(&value[8])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that public documents give as examples pass; with another last character they don't.
    fn example(check: fn(&[u8]) -> bool, value: &str) {
        assert!(check(value.as_bytes()), "{value}");
        let mut wrong = value.as_bytes().to_vec();
        let last = wrong.last_mut().unwrap();
        *last = match *last {
            b'9' => b'0',
            b'Z' => b'A',
            other => other + 1,
        };
        assert!(!check(&wrong), "{value} with another end");
    }

    #[test]
    fn published_examples() {
        example(be_nn, "85073003328");
        example(de_idnr, "86095742719");
        example(fr_nir, "295109912611193");
        example(es_dni, "12345678Z");
        example(es_vat_person, "ES12345678Z");
        example(se_vat_person, "811218987601");
        example(es_nie, "X1234567L");
        example(it_cf, "RSSMRA85T10A562S");
        example(pl_pesel, "44051401359");
        example(se_personnummer, "8112189876");
        example(se_personnummer, "198112189876");
        example(fi_hetu, "131052-308T");
        example(fi_hetu, "131052308T");
    }

    #[test]
    fn numbers_without_a_check_digit() {
        assert!(dk_cpr(b"0707614285") && !dk_cpr(b"3207614285") && !dk_cpr(b"0713614285"));
        assert!(
            us_ssn(b"536904399")
                && !us_ssn(b"000904399")
                && !us_ssn(b"666904399")
                && !us_ssn(b"900904399")
        );
        assert!(
            gb_nino(b"AB123456C")
                && !gb_nino(b"QQ123456C")
                && !gb_nino(b"BG123456A")
                && !gb_nino(b"AB123456E")
        );
    }
}
