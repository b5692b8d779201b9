//! Checks over digits that several kinds of numbers share.

use super::Validator;

pub(super) static VALIDATORS: &[Validator] = &[
    Validator {
        name: "luhn",
        about: "mod 10 with every second digit doubled",
        check: luhn,
    },
    Validator {
        name: "luhn-36",
        about: "Luhn over digits and letters, mod 36",
        check: luhn_36,
    },
    Validator {
        name: "mod-97-10",
        about: "ISO 7064 mod 97-10 over letters and digits",
        check: mod_97_10,
    },
    Validator {
        name: "mod-11-10",
        about: "ISO 7064 mod 11,10",
        check: mod_11_10,
    },
    Validator {
        name: "verhoeff",
        about: "Verhoeff's check over the dihedral group",
        check: verhoeff,
    },
    Validator {
        name: "imei",
        about: "fifteen digits with Luhn, and a reporting body that exists",
        check: imei,
    },
    Validator {
        name: "iccid",
        about: "89, a calling code, and Luhn",
        check: iccid,
    },
];

pub(super) fn all_digits(value: &[u8]) -> bool {
    // Without a branch for each.
    !value.is_empty()
        && value
            .iter()
            .fold(true, |all, byte| all & byte.is_ascii_digit())
}

/// Digits as a number; wraps above 19 of them.
pub(super) fn number(value: &[u8]) -> u64 {
    value.iter().fold(0, |sum: u64, byte| {
        sum.wrapping_mul(10)
            .wrapping_add(u64::from(byte.wrapping_sub(b'0')))
    })
}

/// Sum of the leading digits, each times its weight.
pub(super) fn weighted_sum(value: &[u8], weights: &[u32]) -> u32 {
    weights
        .iter()
        .zip(value)
        .map(|(weight, byte)| weight * u32::from(byte.wrapping_sub(b'0')))
        .sum()
}

/// Luhn in base 36: digits and capital letters.
pub fn luhn_36(value: &[u8]) -> bool {
    let digits = value
        .iter()
        .rev()
        .map(|&byte| char::from(byte).to_digit(36));
    let sum = (1..)
        .zip(digits)
        .try_fold(0, |sum, (place, digit): (u32, _)| {
            let product = digit? * if place % 2 == 0 { 2 } else { 1 };
            Some(sum + product / 36 + product % 36)
        });
    sum.is_some_and(|sum: u32| sum > 0 && sum.is_multiple_of(36))
}

/// Luhn, ISO/IEC 7812-1 annex B.
pub fn luhn(value: &[u8]) -> bool {
    if value.len() < 2 || !all_digits(value) {
        return false;
    }
    let sum: u32 = value
        .iter()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0');
            match (place % 2, digit) {
                (0, digit) => digit,
                (_, digit) if digit > 4 => 2 * digit - 9,
                (_, digit) => 2 * digit,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// ISO/IEC 7064 mod 97-10: letters count as 10 to 35, and the whole leaves 1.
pub fn mod_97_10(value: &[u8]) -> bool {
    remainder_97([value]) == Some(1)
}

/// What a number of digits and capitals leaves modulo 97, given in parts; none when it has other characters.
pub(super) fn remainder_97<const N: usize>(parts: [&[u8]; N]) -> Option<u32> {
    let (mut rest, mut all) = (0, 0);
    for part in parts {
        // So many characters can't make it overflow; a division for each would cost more than all else.
        for few in part.chunks(8) {
            rest %= 97;
            for &byte in few {
                let (factor, worth) = WORTH[usize::from(byte)];
                all |= worth;
                rest = rest * u64::from(factor) + u64::from(worth);
            }
        }
    }
    (all < NO_WORTH).then_some((rest % 97) as u32)
}

/// What digits and capitals are worth in ISO/IEC 7064, behind what the number before them is multiplied with; other bytes have
/// a bit that no worth has.
static WORTH: [(u8, u8); 256] = {
    let mut all = [(10, NO_WORTH); 256];
    let mut byte = 0;
    while byte < 256 {
        match byte as u8 {
            digit @ b'0'..=b'9' => all[byte] = (10, digit - b'0'),
            letter @ b'A'..=b'Z' => all[byte] = (100, letter - b'A' + 10),
            _ => {}
        }
        byte += 1;
    }
    all
};
const NO_WORTH: u8 = 1 << 7;

/// ISO/IEC 7064 mod 11,10 (German `IdNr`, Croatian OIB).
pub fn mod_11_10(value: &[u8]) -> bool {
    if !all_digits(value) {
        return false;
    }
    let (last, body) = value
        .split_last()
        .map_or((b'0', &[][..]), |(last, body)| (*last, body));
    let mut product = 10;
    for byte in body {
        let sum = (u32::from(byte - b'0') + product) % 10;
        product = 2 * if sum == 0 { 10 } else { sum } % 11;
    }
    (11 - product) % 10 == u32::from(last - b'0')
}

/// J. Verhoeff, "Error detecting decimal codes", 1969.
pub fn verhoeff(value: &[u8]) -> bool {
    const TURN: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    // The product of the dihedral group of order 10.
    fn product(a: u8, b: u8) -> u8 {
        match (a < 5, b < 5) {
            (true, true) => (a + b) % 5,
            (true, false) => (a + b - 5) % 5 + 5,
            (false, true) => (a - 5 + 5 - b) % 5 + 5,
            (false, false) => (a + 5 - b) % 5,
        }
    }
    if !all_digits(value) {
        return false;
    }
    let mut check = 0;
    for (place, byte) in value.iter().rev().enumerate() {
        let mut digit = byte - b'0';
        for _ in 0..place % 8 {
            digit = TURN[usize::from(digit)];
        }
        check = product(check, digit);
    }
    check == 0
}

/// 3GPP TS 23.003 section 6 and GSMA TS.06: the first two digits are the reporting body.
pub fn imei(value: &[u8]) -> bool {
    const BODIES: &[&[u8; 2]] = &[
        b"01", b"10", b"30", b"33", b"35", b"44", b"45", b"49", b"50", b"51", b"52", b"53", b"54",
        b"86", b"91", b"98", b"99",
    ];
    value.len() == 15 && luhn(value) && BODIES.iter().any(|body| value.starts_with(*body))
}

/// ITU-T E.118: 89, a calling code, up to twenty digits with Luhn.
pub fn iccid(value: &[u8]) -> bool {
    (19..=20).contains(&value.len()) && value.starts_with(b"89") && value[2] != b'0' && luhn(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_examples_pass_and_their_neighbours_fail() {
        assert!(luhn(b"79927398713") && !luhn(b"79927398710"));
        assert!(luhn(b"4111111111111111"));
        assert!(mod_97_10(b"3214282912345698765432161182"));
        assert!(mod_11_10(b"86095742719") && !mod_11_10(b"86095742718"));
        assert!(mod_11_10(b"33392005961"));
        assert!(verhoeff(b"2363") && !verhoeff(b"2364"));
        assert!(imei(b"490154203237518") && !imei(b"490154203237517"));
        assert!(iccid(b"8944110068235270574") || !luhn(b"8944110068235270574"));
    }
}
