//! National numbers of Europe whose check is more than a weighted sum; the first ones built are in `national.rs`.

use super::Validator;
use super::date::{is_date, is_short_date, two};
use super::digits::{all_digits, luhn, mod_97_10, number, verhoeff, weighted_sum};

pub(super) static VALIDATORS: &[Validator] = &[
    Validator {
        name: "no-fnr",
        about: "birth date and two check digits mod 11",
        check: no_fnr,
    },
    Validator {
        name: "is-kt",
        about: "birth date and the check digit mod 11",
        check: is_kt,
    },
    Validator {
        name: "ie-ppsn",
        about: "the letter that belongs to the digits",
        check: ie_ppsn,
    },
    Validator {
        name: "cz-rc",
        about: "birth date and division by 11",
        check: cz_rc,
    },
    Validator {
        name: "hu-personal",
        about: "sex, birth date and the check digit mod 11",
        check: hu_personal,
    },
    Validator {
        name: "ro-cnp",
        about: "birth date, county and the check digit mod 11",
        check: ro_cnp,
    },
    Validator {
        name: "bg-egn",
        about: "birth date and the check digit mod 11",
        check: bg_egn,
    },
    Validator {
        name: "jmbg",
        about: "birth date and the check digit mod 11",
        check: jmbg,
    },
    Validator {
        name: "ee-ik",
        about: "century, birth date and the check digit mod 11 in two rounds",
        check: ee_ik,
    },
    Validator {
        name: "lv-pk",
        about: "birth date, century and the check digit mod 11",
        check: lv_pk,
    },
    Validator {
        name: "gr-amka",
        about: "birth date and the Luhn check digit",
        check: gr_amka,
    },
    Validator {
        name: "cy-tic",
        about: "the letter that belongs to the digits",
        check: cy_tic,
    },
    Validator {
        name: "lu-matricule",
        about: "birth date, a Luhn and a Verhoeff check digit",
        check: lu_matricule,
    },
    Validator {
        name: "de-rvnr",
        about: "area, birth date and the check digit",
        check: de_rvnr,
    },
    Validator {
        name: "de-kvnr",
        about: "the check digit",
        check: de_kvnr,
    },
    Validator {
        name: "fr-spi",
        about: "the key mod 511",
        check: fr_spi,
    },
    Validator {
        name: "es-nuss",
        about: "province and the key mod 97",
        check: es_nuss,
    },
    Validator {
        name: "pt-cc",
        about: "the check digit over letters and digits",
        check: pt_cc,
    },
    Validator {
        name: "pl-id-card",
        about: "the check digit mod 10",
        check: pl_id_card,
    },
    Validator {
        name: "nl-vat",
        about: "the elfproef of a number of before 2020, or mod 97-10",
        check: nl_vat,
    },
    Validator {
        name: "be-eid",
        about: "the key mod 97",
        check: be_eid,
    },
    Validator {
        name: "gb-licence",
        about: "a birth month and day inside",
        check: gb_licence,
    },
    Validator {
        name: "at-svnr",
        about: "birth date and the check digit mod 11",
        check: at_svnr,
    },
];

fn digit(value: &[u8], at: usize) -> u32 {
    u32::from(value[at] - b'0')
}

fn is_number(value: &[u8], len: usize) -> bool {
    value.len() == len && all_digits(value)
}

/// Fødselsnummer, Skatteetaten; D numbers add 4 to the first digit, H numbers 4 and synthetic ones 8 to the third.
pub fn no_fnr(value: &[u8]) -> bool {
    if !is_number(value, 11) {
        return false;
    }
    let first = (11 - weighted_sum(value, &[3, 7, 6, 1, 8, 9, 4, 5, 2]) % 11) % 11;
    let second = (11 - weighted_sum(value, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    let (day, month) = (two(value, 0) % 40, two(value, 2) % 40);
    is_short_date(two(value, 4), month, day)
        && first == digit(value, 9)
        && second == digit(value, 10)
}

/// Kennitala, Þjóðskrá: the last digit is the century; organisations add 40 to the day, and are none here.
pub fn is_kt(value: &[u8]) -> bool {
    is_number(value, 10)
        && matches!(value[9], b'8' | b'9' | b'0')
        && is_short_date(two(value, 4), two(value, 2), two(value, 0))
        && (11 - weighted_sum(value, &[3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11 == digit(value, 8)
}

/// Personal public service number: seven digits, the letter, and from 2013 on a second letter that counts nine times.
pub fn ie_ppsn(value: &[u8]) -> bool {
    if !matches!(value.len(), 8 | 9) || !all_digits(&value[..7]) {
        return false;
    }
    let second = match value.get(8) {
        // W, T and X: given to married women until 2000, and to trusts.
        None | Some(b'W' | b'T' | b'X') => 0,
        Some(letter @ b'A'..=b'I') => u32::from(letter - b'A') + 1,
        _ => return false,
    };
    let rest = (weighted_sum(value, &[8, 7, 6, 5, 4, 3, 2]) + 9 * second) % 23;
    b"WABCDEFGHIJKLMNOPQRSTUV"[rest as usize] == value[7]
}

/// Rodné číslo, act 133/2000: 50 is added to the month of women, 20 where the numbers of a day ran out; nine digits until 1953.
pub fn cz_rc(value: &[u8]) -> bool {
    if !matches!(value.len(), 9 | 10) || !all_digits(value) {
        return false;
    }
    let month = two(value, 2) % 50;
    let (year, day) = (two(value, 0), two(value, 4));
    if value.len() == 9 {
        return year < 54 && is_date(1900 + year, month, day) && &value[6..] != b"000";
    }
    let year = if year < 54 { 2000 + year } else { 1900 + year };
    let month = if year >= 2004 && month > 20 {
        month - 20
    } else {
        month
    };
    let body = number(&value[..9]) % 11;
    is_date(year, month, day) && body % 10 == number(&value[9..])
}

/// Személyi azonosító, act XX of 1996: sex and century, birth date, serial; born after 1996 the weights run backwards.
pub fn hu_personal(value: &[u8]) -> bool {
    if !is_number(value, 11) || !matches!(value[0], b'1'..=b'8') {
        return false;
    }
    let year = two(value, 1);
    let is_late = matches!(value[0], b'3' | b'4') || year > 96 && matches!(value[0], b'1' | b'2');
    let weights: Vec<u32> = if is_late {
        (1..=10).rev().collect()
    } else {
        (1..=10).collect()
    };
    is_short_date(year, two(value, 3), two(value, 5))
        && weighted_sum(value, &weights) % 11 == digit(value, 10)
}

/// Cod numeric personal, law 105/1996: sex and century, birth date, county (01 to 52, or 70 and 80 to 83), serial.
pub fn ro_cnp(value: &[u8]) -> bool {
    if !is_number(value, 13) || value[0] == b'0' {
        return false;
    }
    let county = two(value, 7);
    let check = weighted_sum(value, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
    is_short_date(two(value, 1), two(value, 3), two(value, 5))
        && matches!(county, 1..=52 | 70 | 80..=83)
        && (if check == 10 { 1 } else { check }) == digit(value, 12)
}

/// Единен граждански номер (EGN): 20 is added to the month for the 1800s, 40 for the 2000s.
pub fn bg_egn(value: &[u8]) -> bool {
    if !is_number(value, 10) {
        return false;
    }
    let (century, month) = match two(value, 2) {
        month @ 1..=12 => (1900, month),
        month @ 21..=32 => (1800, month - 20),
        month @ 41..=52 => (2000, month - 40),
        _ => return false,
    };
    let check = weighted_sum(value, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10;
    is_date(century + two(value, 0), month, two(value, 4)) && check == digit(value, 9)
}

/// JMBG or EMŠO of the states of former Yugoslavia: day, month, three digits of the year, region, serial.
pub fn jmbg(value: &[u8]) -> bool {
    if !is_number(value, 13) {
        return false;
    }
    let year = digit(value, 4) * 100 + two(value, 5);
    let year = if year >= 800 {
        1000 + year
    } else {
        2000 + year
    };
    let check = 11 - weighted_sum(value, &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    is_date(year, two(value, 2), two(value, 0))
        && year <= 2099
        && check % 11 % 10 == digit(value, 12)
}

/// Isikukood (Estonia, EVS 585) and asmens kodas (Lithuania): sex and century, birth date, serial; two rounds of weights.
pub fn ee_ik(value: &[u8]) -> bool {
    if !is_number(value, 11) || !matches!(value[0], b'1'..=b'8') {
        return false;
    }
    let century = 1800 + (digit(value, 0) - 1) / 2 * 100;
    let first = weighted_sum(value, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
    let second = weighted_sum(value, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11 % 10;
    is_date(century + two(value, 1), two(value, 3), two(value, 5))
        && (if first == 10 { second } else { first }) == digit(value, 10)
}

/// Personas kods with a birth date; those given out from July 2017 on start with 32 to 39 and have no check.
pub fn lv_pk(value: &[u8]) -> bool {
    if !is_number(value, 11) {
        return false;
    }
    let sum = weighted_sum(value, &[1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    is_short_date(two(value, 4), two(value, 2), two(value, 0))
        && matches!(value[6], b'0'..=b'2')
        && (1101 - sum) % 11 % 10 == digit(value, 10)
}

/// AMKA of the Greek social insurance: day, month, year, serial and Luhn.
pub fn gr_amka(value: &[u8]) -> bool {
    is_number(value, 11)
        && is_short_date(two(value, 4), two(value, 2), two(value, 0))
        && luhn(value)
}

/// Tax identification code of Cyprus: eight digits, those at odd places replaced, and a letter.
pub fn cy_tic(value: &[u8]) -> bool {
    const ODD: [u32; 10] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
    if value.len() != 9 || !all_digits(&value[..8]) || value.starts_with(b"12") {
        return false;
    }
    let sum: u32 = (0..8)
        .map(|at| match at % 2 {
            0 => ODD[digit(value, at) as usize],
            _ => digit(value, at),
        })
        .sum();
    u32::from(value[8].wrapping_sub(b'A')) == sum % 26
}

/// Matricule, law of 19 June 2013: birth date, serial, a Luhn digit over eleven and a Verhoeff digit over the same.
pub fn lu_matricule(value: &[u8]) -> bool {
    if !is_number(value, 13) {
        return false;
    }
    let year = two(value, 0) * 100 + two(value, 2);
    let mut with_verhoeff = [0; 12];
    with_verhoeff[..11].copy_from_slice(&value[..11]);
    with_verhoeff[11] = value[12];
    (1850..2100).contains(&year)
        && is_date(year, two(value, 4), two(value, 6))
        && luhn(&value[..12])
        && verhoeff(&with_verhoeff)
}

/// Versicherungsnummer of the pension insurance, section 2 VKVV: area, birth date, initial, serial.
pub fn de_rvnr(value: &[u8]) -> bool {
    if value.len() != 12
        || !all_digits(&value[..8])
        || !value[8].is_ascii_uppercase()
        || !all_digits(&value[9..])
    {
        return false;
    }
    let letter = u32::from(value[8] - b'A') + 1;
    let mut digits = [b'0'; 12];
    digits[..8].copy_from_slice(&value[..8]);
    digits[8] = b'0' + (letter / 10) as u8;
    digits[9] = b'0' + (letter % 10) as u8;
    digits[10..].copy_from_slice(&value[9..11]);
    let weights = [2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1];
    let sum: u32 = weights
        .iter()
        .enumerate()
        .map(|(at, weight)| {
            let product = weight * digit(&digits, at);
            product / 10 + product % 10
        })
        .sum();
    let (day, month) = (two(value, 2), two(value, 4));
    let is_day = matches!(day % 50, 0..=31) && day < 82;
    is_day && month <= 12 && sum % 10 == digit(value, 11)
}

/// Krankenversichertennummer, section 290 SGB V: the letter as two digits, then weights 1 and 2.
pub fn de_kvnr(value: &[u8]) -> bool {
    if value.len() != 10 || !value[0].is_ascii_uppercase() || !all_digits(&value[1..]) {
        return false;
    }
    let letter = u32::from(value[0] - b'A') + 1;
    let digits = [letter / 10, letter % 10]
        .into_iter()
        .chain((1..9).map(|at| digit(value, at)));
    let sum: u32 = digits
        .zip([1, 2].into_iter().cycle())
        .map(|(digit, weight)| digit * weight / 10 + digit * weight % 10)
        .sum();
    sum % 10 == digit(value, 9)
}

/// Numéro fiscal de référence (SPI): the last three digits are the first ten modulo 511.
pub fn fr_spi(value: &[u8]) -> bool {
    is_number(value, 13)
        && matches!(value[0], b'0'..=b'3')
        && number(&value[..10]) % 511 == number(&value[10..])
}

/// Número de afiliación a la Seguridad Social: province, serial and a key; a serial of less than 10 million counts without zeros.
pub fn es_nuss(value: &[u8]) -> bool {
    if !is_number(value, 12) {
        return false;
    }
    let (province, serial) = (number(&value[..2]), number(&value[2..10]));
    let body = if serial < 10_000_000 {
        serial + province * 10_000_000
    } else {
        number(&value[..10])
    };
    (1..=53).contains(&province) && body % 97 == number(&value[10..])
}

/// Número de documento of the cartão de cidadão: letters count 10 to 35, every second character twice, as in Luhn.
pub fn pt_cc(value: &[u8]) -> bool {
    if value.len() != 12 || !all_digits(&value[..9]) || !value[11].is_ascii_digit() {
        return false;
    }
    let sum: u32 = value
        .iter()
        .rev()
        .enumerate()
        .map(|(at, &byte)| {
            let rank = match byte {
                b'0'..=b'9' => u32::from(byte - b'0'),
                _ => u32::from(byte.wrapping_sub(b'A')) + 10,
            };
            match (at % 2, rank * 2) {
                (0, _) => rank,
                (_, double) if double > 9 => double - 9,
                (_, double) => double,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Dowód osobisty: three letters, the check digit, five digits; weights 7, 3, 1.
pub fn pl_id_card(value: &[u8]) -> bool {
    if value.len() != 9
        || !value[..3].iter().all(u8::is_ascii_uppercase)
        || !all_digits(&value[3..])
    {
        return false;
    }
    let letters: u32 = value[..3]
        .iter()
        .zip([7, 3, 1])
        .map(|(byte, weight)| (u32::from(byte - b'A') + 10) * weight)
        .sum();
    let digits = weighted_sum(&value[4..], &[7, 3, 1, 7, 3]);
    (letters + digits) % 10 == digit(value, 3)
}

/// Btw-identificatienummer: until 2019 the nine digits of a sole trader are their BSN; since 2020 mod 97-10 over all of it. Within
/// the country it is also written without NL.
pub fn nl_vat(value: &[u8]) -> bool {
    let number_part = value.strip_prefix(b"NL").unwrap_or(value);
    if number_part.len() != 12
        || number_part[9] != b'B'
        || !all_digits(&number_part[..9])
        || !all_digits(&number_part[10..])
        || number_part.ends_with(b"00")
    {
        return false;
    }
    let body = weighted_sum(number_part, &[9, 8, 7, 6, 5, 4, 3, 2]);
    let is_bsn = body % 11 == digit(number_part, 8) && number(&number_part[..9]) > 0;
    is_bsn || mod_97_10(&[b"NL", number_part].concat())
}

/// The number of a Belgian identity card: ten digits and the key.
pub fn be_eid(value: &[u8]) -> bool {
    if !is_number(value, 12) {
        return false;
    }
    let rest = number(&value[..10]) % 97;
    (if rest == 0 { 97 } else { rest }) == number(&value[10..])
}

/// Driver number of Great Britain, DVLA: five letters of the surname, decade, month (50 more for women), day, year, initials.
pub fn gb_licence(value: &[u8]) -> bool {
    if value.len() != 16 || !all_digits(&value[5..11]) {
        return false;
    }
    let name = value[..5]
        .iter()
        .position(|&byte| byte == b'9')
        .unwrap_or(5);
    let month = two(value, 6) % 50;
    let year = digit(value, 5) * 10 + digit(value, 10);
    name > 0
        && value[..name].iter().all(u8::is_ascii_uppercase)
        && value[name..5].iter().all(|&byte| byte == b'9')
        && is_short_date(year, month, two(value, 8))
}

/// Sozialversicherungsnummer, section 31 ASVG: serial, check digit, birth date; months 13 to 15 once a day's serials ran out.
pub fn at_svnr(value: &[u8]) -> bool {
    if !is_number(value, 10) || value[0] == b'0' {
        return false;
    }
    let (day, month, year) = (two(value, 4), two(value, 6), two(value, 8));
    let is_dated =
        is_short_date(year, month, day) || (13..=15).contains(&month) && (1..=31).contains(&day);
    is_dated && weighted_sum(value, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11 == digit(value, 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Check = fn(&[u8]) -> bool;

    /// Numbers of public documents pass; with another last digit they don't.
    #[test]
    fn published_examples() {
        let examples: &[(Check, &str)] = &[
            (ie_ppsn, "6433435F"),
            (ie_ppsn, "6433435FT"),
            (cz_rc, "7103192745"),
            (ro_cnp, "1630615123457"),
            (bg_egn, "7523169263"),
            (jmbg, "0101006500006"),
            (ee_ik, "36805280109"),
            (lv_pk, "16117519997"),
            (gr_amka, "01013099997"),
            (cy_tic, "00123123T"),
            (de_kvnr, "A123456780"),
            (fr_spi, "3023217600053"),
            (pt_cc, "000000000ZZ4"),
            (pl_id_card, "ABA300000"),
            (nl_vat, "NL004495445B01"),
            (nl_vat, "004495445B01"),
            (at_svnr, "1237010180"),
            (is_kt, "1201743399"),
            (no_fnr, "15108695088"),
        ];
        for (check, value) in examples {
            assert!(check(value.as_bytes()), "{value}");
            let mut wrong = value.as_bytes().to_vec();
            let at = wrong.iter().position(u8::is_ascii_digit).unwrap();
            wrong[at] = if wrong[at] == b'9' {
                b'0'
            } else {
                wrong[at] + 1
            };
            assert!(!check(&wrong), "{value} with another digit");
        }
    }
}
