//! National numbers of Central America and Africa, accounts in New Zealand, and the number of English pupils.

use super::Validator;
use super::date::{is_short_date, two};
use super::digits::{all_digits, number, weighted_sum};

pub(super) static VALIDATORS: &[Validator] = &[
    Validator {
        name: "gb-upn",
        about: "the check letter mod 23",
        check: gb_upn,
    },
    Validator {
        name: "gh-tin",
        about: "the check character mod 11",
        check: gh_tin,
    },
    Validator {
        name: "nz-account",
        about: "a bank that exists, and the sum of most of them, mod 11 or 10",
        check: nz_account,
    },
    Validator {
        name: "sv-nit",
        about: "a date, and the check digit mod 11",
        check: sv_nit,
    },
];

fn digit(byte: u8) -> u32 {
    u32::from(byte.wrapping_sub(b'0'))
}

/// Letters of pupil numbers: those that can't be taken for a digit or another letter.
const UPN_LETTERS: &[u8; 23] = b"ABCDEFGHJKLMNPQRTUVWXYZ";

/// Unique pupil number, Department for Education: weights 2 to 13 behind the check letter; a temporary number ends in a letter,
/// which counts by its place.
pub fn gb_upn(value: &[u8]) -> bool {
    let [check, body @ .., last] = value else {
        return false;
    };
    if body.len() != 11 || !all_digits(body) {
        return false;
    }
    let of_letter = |letter: u8| UPN_LETTERS.iter().position(|known| *known == letter);
    let last = match last {
        b'0'..=b'9' => digit(*last),
        letter => match of_letter(*letter) {
            Some(place) => place as u32,
            None => return false,
        },
    };
    let sum: u32 = (2..)
        .zip(body)
        .map(|(weight, byte)| weight * digit(*byte))
        .sum();
    UPN_LETTERS[(sum + 13 * last) as usize % 23] == *check
}

/// Taxpayer identification number, Ghana Revenue Authority: weights 1 to 9, X for 10.
pub fn gh_tin(value: &[u8]) -> bool {
    let [b'P' | b'C' | b'G' | b'Q' | b'V', body @ .., check] = value else {
        return false;
    };
    if body.len() != 9 || !body.starts_with(b"00") || !all_digits(body) {
        return false;
    }
    let sum: u32 = (1..)
        .zip(body)
        .map(|(weight, byte)| weight * digit(*byte))
        .sum();
    b"0123456789X"[sum as usize % 11] == *check
}

/// Número de identificación tributaria, Ministerio de Hacienda of El Salvador: serials up to 100 have older weights.
pub fn sv_nit(value: &[u8]) -> bool {
    if value.len() != 14 || !all_digits(value) {
        return false;
    }
    let sum = |weights: [u32; 13]| -> u32 {
        let each = weights.iter().zip(value);
        each.map(|(weight, byte)| weight * digit(*byte)).sum()
    };
    let check = if &value[10..13] <= b"100".as_slice() {
        sum([14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11 % 10
    } else {
        (11 - sum([2, 7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11 % 10
    };
    check == digit(value[13]) && is_short_date(two(value, 8), two(value, 6), two(value, 4))
}

/// Bank, branch, account and suffix. The Inland Revenue's specification for payers of interest gives each bank its weights;
/// accounts from 990000 on leave the branch out. Of one bank the sum is not looked at. Where a suffix counts, it has three digits,
/// and the digits of each product are added up.
pub fn nz_account(value: &[u8]) -> bool {
    if !(15..=16).contains(&value.len()) || !all_digits(value) {
        return false;
    }
    let holds =
        |weights: &[u32], modulus: u32| weighted_sum(&value[2..], weights).is_multiple_of(modulus);
    match two(value, 0) {
        1..=3 | 6 | 11..=24 | 27 | 30 | 35 | 38 if number(&value[6..13]) < 990_000 => {
            holds(&[6, 3, 7, 9, 0, 10, 5, 8, 4, 2, 1], 11)
        }
        1..=3 | 6 | 11..=24 | 27 | 30 | 35 | 38 => holds(&[0, 0, 0, 0, 0, 10, 5, 8, 4, 2, 1], 11),
        8 => holds(&[0, 0, 0, 0, 7, 6, 5, 4, 3, 2, 1], 11),
        25 | 33 => holds(&[0, 0, 0, 0, 1, 7, 3, 1, 7, 3, 1], 10),
        9 => {
            counted_in_digits(value, [0, 0, 0, 0, 0, 0, 0, 5, 4, 3, 2, 0, 0, 1]).is_multiple_of(11)
        }
        26 | 28 | 29 => {
            counted_in_digits(value, [0, 0, 0, 0, 1, 3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10)
        }
        31 => true,
        _ => false,
    }
}

/// The sum of products behind the bank, a product above nine counted as the sum of its digits, with a suffix of two digits as one
/// of three.
fn counted_in_digits(value: &[u8], weights: [u32; 14]) -> u32 {
    let (account, suffix) = value[2..].split_at(11);
    let zero: &[u8] = if suffix.len() == 2 { b"0" } else { b"" };
    let digits = account.iter().chain(zero).chain(suffix);
    let products = weights.iter().zip(digits).map(|(w, b)| w * digit(*b));
    products
        .map(|product| match product {
            0 => 0,
            product => (product - 1) % 9 + 1,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_examples_pass_and_their_neighbours_fail() {
        assert!(gb_upn(b"B801200005001") && !gb_upn(b"A801200005001") && !gb_upn(b"B801200005002"));
        assert!(gh_tin(b"C0000803561") && !gh_tin(b"C0000803562") && !gh_tin(b"A0000803561"));
        assert!(nz_account(b"0109020068389000") && !nz_account(b"0109020068388000"));
        // A bank whose suffix counts.
        assert!(nz_account(b"2626000320871032") && !nz_account(b"2626000320871031"));
        assert!(sv_nit(b"06140507071048") && !sv_nit(b"06140507071049"));
    }
}
