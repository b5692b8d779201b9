//! Numbers of taxpayers and residents whose check digit is made in a way of its own.

use super::Validator;
use super::date::{is_short_date, two};
use super::digits::{all_digits, weighted_sum};

pub(super) static VALIDATORS: &[Validator] = &[
    Validator {
        name: "by-unp",
        about: "a region, and the check digit mod 11, the letters of persons counted as numbers",
        check: by_unp,
    },
    Validator {
        name: "gt-nit",
        about: "the check character mod 11, K for 10",
        check: gt_nit,
    },
    Validator {
        name: "kz-iin",
        about: "a date, and the check digit mod 11 in two rounds",
        check: kz_iin,
    },
    Validator {
        name: "mu-nid",
        about: "a date, and the check character mod 17",
        check: mu_nid,
    },
    Validator {
        name: "tr-vkn",
        about: "the check digit of products mod 9",
        check: tr_vkn,
    },
];

fn digit(byte: u8) -> u32 {
    u32::from(byte.wrapping_sub(b'0'))
}

/// A digit, or a letter as a number from 10 on.
fn base_36(byte: u8) -> Option<u32> {
    char::from(byte).to_digit(36)
}

/// Учетный номер плательщика, Ministry of Taxes of Belarus: a letter of a person's number counts by its place in the alphabet,
/// the second one by its place among those in use.
pub fn by_unp(value: &[u8]) -> bool {
    const LETTERS: &[u8; 10] = b"ABCEHKMOPT";
    let [first, second, rest @ ..] = value else {
        return false;
    };
    if rest.len() != 7 || !all_digits(rest) {
        return false;
    }
    // Which digits the first one may be is said by the rule.
    let (region, next) = if first.is_ascii_digit() && second.is_ascii_digit() {
        (digit(*first), digit(*second))
    } else {
        let place = LETTERS.iter().position(|known| known == second);
        let (Some(region), Some(place)) = (base_36(*first), place) else {
            return false;
        };
        (region, place as u32)
    };
    let sum = 29 * region + 23 * next + weighted_sum(&rest[..6], &[19, 17, 13, 7, 5, 3]);
    sum % 11 == digit(rest[6])
}

/// Número de identificación tributaria, Superintendencia de Administración Tributaria of Guatemala: weights from 2 on, from the
/// right.
pub fn gt_nit(value: &[u8]) -> bool {
    let Some((check, body)) = value.split_last() else {
        return false;
    };
    if !(1..=11).contains(&body.len()) || !all_digits(body) {
        return false;
    }
    let sum: u32 = (2..)
        .zip(body.iter().rev())
        .map(|(weight, byte)| weight * digit(*byte))
        .sum();
    b"0123456789K"[((11 - sum % 11) % 11) as usize] == *check
}

/// Жеке сәйкестендіру нөмірі, law of Kazakhstan on national registers of identification numbers: weights 1 to 11; where that gives
/// 10, the same two places on, and a number that gives 10 again is not given out. The seventh digit is the century and the sex.
pub fn kz_iin(value: &[u8]) -> bool {
    if value.len() != 12 || !all_digits(value) || !(b'0'..=b'6').contains(&value[6]) {
        return false;
    }
    let first = weighted_sum(value, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) % 11;
    let check = if first == 10 {
        weighted_sum(value, &[3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]) % 11
    } else {
        first
    };
    check == digit(value[11]) && is_short_date(two(value, 0), two(value, 2), two(value, 4))
}

/// National identity number of Mauritius: the initial of the surname, the date of birth, a serial, and a character that makes the
/// sum of weights 14 to 1 a multiple of 17.
pub fn mu_nid(value: &[u8]) -> bool {
    let [initial, body @ .., _] = value else {
        return false;
    };
    if value.len() != 14 || !initial.is_ascii_uppercase() || !all_digits(body) {
        return false;
    }
    let sum: Option<u32> = (1..=14)
        .rev()
        .zip(value)
        .map(|(weight, byte)| Some(weight * base_36(*byte)?))
        .sum();
    sum.is_some_and(|sum| sum.is_multiple_of(17))
        && base_36(value[13]).is_some_and(|check| check < 17)
        && is_short_date(two(value, 5), two(value, 3), two(value, 1))
}

/// Vergi kimlik numarası, Gelir İdaresi Başkanlığı: each digit and its place from the right, mod 10, times two to the power of that
/// place, mod 9, where a multiple of nine counts nine.
pub fn tr_vkn(value: &[u8]) -> bool {
    if value.len() != 10 || !all_digits(value) || value.starts_with(b"00") {
        return false;
    }
    let sum: u32 = (1..=9)
        .rev()
        .zip(value)
        .map(|(place, byte)| match (digit(*byte) + place) % 10 {
            0 => 0,
            shifted => (shifted * (1 << place) - 1) % 9 + 1,
        })
        .sum();
    (10 - sum % 10) % 10 == digit(value[9])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_pass_and_their_neighbours_fail() {
        assert!(by_unp(b"200988541") && !by_unp(b"200988542"));
        assert!(by_unp(b"MA1953684") && !by_unp(b"MA1953683"));
        assert!(gt_nit(b"576937K") && gt_nit(b"71080") && !gt_nit(b"576938K"));
        assert!(tr_vkn(b"4540536920") && !tr_vkn(b"4540536921"));
        assert!(!kz_iin(b"801332401234") && !mu_nid(b"A3113"));
    }
}
