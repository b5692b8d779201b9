//! Numbers of registers and accounts whose check is more than one weighted sum.

use super::Validator;
use super::date::{is_short_date, two};
use super::digits::{all_digits, weighted_sum};

pub(super) static VALIDATORS: &[Validator] = &[
    Validator {
        name: "nl-a-nummer",
        about: "no digit twice in a row, the sum of digits and of digits times powers of two mod 11",
        check: nl_a_nummer,
    },
    Validator {
        name: "gb-chi",
        about: "birth date and the check digit mod 11",
        check: gb_chi,
    },
    Validator {
        name: "nz-nhi",
        about: "the check digit mod 11 over letters and digits",
        check: nz_nhi,
    },
    Validator {
        name: "es-ccc",
        about: "two check digits mod 11, of the branch and of the account",
        check: es_ccc,
    },
];

/// Logisch Ontwerp BRP, element 01.10.
pub fn nl_a_nummer(value: &[u8]) -> bool {
    if value.len() != 10 || !all_digits(value) || value[0] == b'0' {
        return false;
    }
    let sum = weighted_sum(value, &[1; 10]);
    let powers = weighted_sum(value, &[1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
    !value.windows(2).any(|pair| pair[0] == pair[1])
        && matches!(sum % 11, 0 | 5)
        && powers.is_multiple_of(11)
}

/// Community Health Index, NHS Scotland: a date, three digits, and the check digit of the NHS number.
pub fn gb_chi(value: &[u8]) -> bool {
    value.len() == 10
        && all_digits(value)
        && is_short_date(two(value, 4), two(value, 2), two(value, 0))
        && weighted_sum(value, &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
}

/// National Health Index, HISO 10046: three letters without I and O, counted from 1, and four digits.
pub fn nz_nhi(value: &[u8]) -> bool {
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
    if value.len() != 7 || !all_digits(&value[3..]) {
        return false;
    }
    let letters = value[..3].iter().zip([7, 6, 5]).map(|(byte, weight)| {
        let place = LETTERS.iter().position(|letter| letter == byte)?;
        Some((place as u32 + 1) * weight)
    });
    let Some(letters) = letters.sum::<Option<u32>>() else {
        return false;
    };
    let rest = (letters + weighted_sum(&value[3..], &[4, 3, 2])) % 11;
    rest != 0 && (11 - rest) % 10 == u32::from(value[6] - b'0')
}

/// Código cuenta cliente: bank and branch, two check digits, the account.
pub fn es_ccc(value: &[u8]) -> bool {
    const WEIGHTS: [u32; 10] = [1, 2, 4, 8, 5, 10, 9, 7, 3, 6];
    if value.len() != 20 || !all_digits(value) {
        return false;
    }
    let digit = |sum: u32| match 11 - sum % 11 {
        10 => 1,
        11 => 0,
        other => other,
    };
    let branch = digit(weighted_sum(&value[..8], &WEIGHTS[2..]));
    let account = digit(weighted_sum(&value[10..], &WEIGHTS));
    branch * 10 + account == two(value, 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_examples() {
        assert!(nz_nhi(b"ZZZ0016") && nz_nhi(b"ZZZ0024") && !nz_nhi(b"ZZZ0017"));
        assert!(es_ccc(b"20770024003102575766") && !es_ccc(b"20770024013102575766"));
        assert!(gb_chi(b"0101336489") && !gb_chi(b"0101336488") && !gb_chi(b"3213336489"));
    }

    #[test]
    fn an_administration_number_has_two_sums() {
        let passing = (1_010_101_010u64..1_010_201_010)
            .filter(|number| nl_a_nummer(number.to_string().as_bytes()))
            .count();
        // One in eleven times two in eleven, of those without a digit twice in a row.
        assert!((300..1200).contains(&passing), "{passing}");
        assert!(!nl_a_nummer(b"0123456789") && !nl_a_nummer(b"101010101"));
    }
}
