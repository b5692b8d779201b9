//! Numbers with the check digits that the real ones have, and the same with one digit off.

use super::Locale;
use super::rng::Rng;

/// A birth date.
#[derive(Clone, Copy)]
pub(super) struct Born {
    pub(super) year: u32,
    pub(super) month: u32,
    pub(super) day: u32,
}

impl Born {
    pub(super) fn new(rng: &mut Rng) -> Self {
        Self {
            year: rng.between(1935, 2006) as u32,
            month: rng.between(1, 12) as u32,
            day: rng.between(1, 28) as u32,
        }
    }
}

fn two(value: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(&[b'0' + (value / 10 % 10) as u8, b'0' + (value % 10) as u8]);
}

pub(super) fn two_digits(value: u32, out: &mut Vec<u8>) {
    two(value, out);
}

fn number(digits: &[u8]) -> u64 {
    digits
        .iter()
        .fold(0, |sum, byte| sum * 10 + u64::from(byte - b'0'))
}

/// The national number that people of a country go by.
pub(super) fn national(locale: Locale, born: Born, rng: &mut Rng, out: &mut Vec<u8>) {
    match locale {
        Locale::Nl => bsn(rng, out),
        Locale::Be => belgian(born, rng, out),
        Locale::De => german(rng, out),
        Locale::Fr => french(born, rng, out),
        Locale::Es => spanish(rng, out),
        Locale::It => italian(born, rng, out),
        Locale::Pl => polish(born, rng, out),
        Locale::Se => swedish(born, rng, out),
        Locale::Dk => danish(born, rng, out),
        Locale::Fi => finnish(born, rng, out),
        Locale::Gb => british(rng, out),
        Locale::Us => american(rng, out),
    }
}

fn bsn(rng: &mut Rng, out: &mut Vec<u8>) {
    loop {
        let start = out.len();
        out.push(b'0' + rng.between(1, 9) as u8);
        rng.digits(7, out);
        let sum: u32 = out[start..]
            .iter()
            .zip((2..=9).rev())
            .map(|(byte, weight)| u32::from(byte - b'0') * weight)
            .sum();
        if sum % 11 < 10 {
            out.push(b'0' + (sum % 11) as u8);
            return;
        }
        out.truncate(start);
    }
}

fn belgian(born: Born, rng: &mut Rng, out: &mut Vec<u8>) {
    let start = out.len();
    two(born.year % 100, out);
    two(born.month, out);
    two(born.day, out);
    let serial = rng.between(1, 997) as u32;
    out.push(b'0' + (serial / 100) as u8);
    two(serial % 100, out);
    let century = if born.year >= 2000 { 2_000_000_000 } else { 0 };
    two(97 - ((century + number(&out[start..])) % 97) as u32, out);
}

fn german(rng: &mut Rng, out: &mut Vec<u8>) {
    // Ten digits of which one occurs twice, never three times, and one is missing.
    let mut digits: Vec<u8> = (0..10).collect();
    for at in (1..10).rev() {
        digits.swap(at, rng.below(at as u64 + 1) as usize);
    }
    digits[9] = digits[rng.below(8) as usize];
    if digits[0] == 0 {
        digits.swap(0, 1);
    }
    if digits[0] == 0 {
        digits.swap(0, 2);
    }
    let mut product = 10;
    for &digit in &digits {
        let sum = (u32::from(digit) + product) % 10;
        product = 2 * if sum == 0 { 10 } else { sum } % 11;
    }
    out.extend(digits.iter().map(|digit| b'0' + digit));
    out.push(b'0' + ((11 - product) % 10) as u8);
}

fn french(born: Born, rng: &mut Rng, out: &mut Vec<u8>) {
    let start = out.len();
    out.push(b'1' + rng.below(2) as u8);
    two(born.year % 100, out);
    two(born.month, out);
    two(rng.between(1, 95) as u32, out);
    let (place, order) = (rng.between(1, 990), rng.between(1, 998));
    out.extend_from_slice(format!("{place:03}{order:03}").as_bytes());
    two(97 - (number(&out[start..]) % 97) as u32, out);
}

fn spanish(rng: &mut Rng, out: &mut Vec<u8>) {
    let start = out.len();
    rng.digits(8, out);
    let letter = b"TRWAGMYFPDXBNJZSQVHLCKE"[(number(&out[start..]) % 23) as usize];
    out.push(letter);
}

fn italian(born: Born, rng: &mut Rng, out: &mut Vec<u8>) {
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    let start = out.len();
    for _ in 0..6 {
        out.push(rng.pick(b"BCDFGLMNPRSTVZ"));
    }
    two(born.year % 100, out);
    out.push(b"ABCDEHLMPRST"[born.month as usize - 1]);
    two(born.day + if rng.once_in(2) { 40 } else { 0 }, out);
    out.push(rng.pick(b"ABCDEFGHIL"));
    rng.digits(3, out);
    let sum: u32 = out[start..]
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
    out.push(b'A' + (sum % 26) as u8);
}

fn polish(born: Born, rng: &mut Rng, out: &mut Vec<u8>) {
    let start = out.len();
    two(born.year % 100, out);
    two(born.month + if born.year >= 2000 { 20 } else { 0 }, out);
    two(born.day, out);
    rng.digits(4, out);
    let sum: u32 = out[start..]
        .iter()
        .zip([1, 3, 7, 9].into_iter().cycle())
        .map(|(b, w)| u32::from(b - b'0') * w)
        .sum();
    out.push(b'0' + ((10 - sum % 10) % 10) as u8);
}

/// The digit that makes the digits behind `start` pass Luhn.
fn luhn_digit(digits: &[u8]) -> u8 {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, byte)| {
            let twice = u32::from(byte - b'0') * if at % 2 == 0 { 2 } else { 1 };
            twice / 10 + twice % 10
        })
        .sum();
    b'0' + ((10 - sum % 10) % 10) as u8
}

fn swedish(born: Born, rng: &mut Rng, out: &mut Vec<u8>) {
    two(born.year / 100, out);
    let start = out.len();
    two(born.year % 100, out);
    two(born.month, out);
    two(born.day, out);
    rng.digits(3, out);
    let digit = luhn_digit(&out[start..]);
    out.push(digit);
    out.insert(out.len() - 4, b'-');
}

fn danish(born: Born, rng: &mut Rng, out: &mut Vec<u8>) {
    two(born.day, out);
    two(born.month, out);
    two(born.year % 100, out);
    out.push(b'-');
    // The seventh digit says the century: 0 to 3 for the 1900s, 4 for 2000 to 2036.
    out.push(if born.year >= 2000 {
        b'4'
    } else {
        b'0' + rng.below(4) as u8
    });
    rng.digits(2, out);
    out.push(b'0' + rng.between(1, 9) as u8);
}

fn finnish(born: Born, rng: &mut Rng, out: &mut Vec<u8>) {
    let serial = rng.between(2, 899) as u32;
    let date = born.day * 10_000 + born.month * 100 + born.year % 100;
    let letter = b"0123456789ABCDEFHJKLMNPRSTUVWXY"
        [((u64::from(date) * 1000 + u64::from(serial)) % 31) as usize];
    let sign = if born.year >= 2000 { 'A' } else { '-' };
    out.extend_from_slice(format!("{date:06}{sign}{serial:03}").as_bytes());
    out.push(letter);
}

fn british(rng: &mut Rng, out: &mut Vec<u8>) {
    out.push(rng.pick(b"ACEHJLMPRSTWY"));
    out.push(rng.pick(b"ACEHJLMPRSWXY"));
    rng.digits(6, out);
    out.push(rng.pick(b"ABCD"));
}

fn american(rng: &mut Rng, out: &mut Vec<u8>) {
    let (area, group, serial) = (
        rng.between(1, 665),
        rng.between(1, 99),
        rng.between(1, 9999),
    );
    out.extend_from_slice(format!("{area:03}-{group:02}-{serial:04}").as_bytes());
}

/// An IBAN, or for the United States an account number.
pub(super) fn iban(locale: Locale, rng: &mut Rng, out: &mut Vec<u8>) {
    let (country, bank, digits): (&[u8], &[u8], usize) = match locale {
        Locale::Nl | Locale::Us => (b"NL", rng.pick(&[b"ABNA", b"INGB", b"RABO", b"TRIO"]), 10),
        Locale::Be => (b"BE", b"", 12),
        Locale::De => (b"DE", b"", 18),
        Locale::Fr => (b"FR", b"", 23),
        Locale::Es => (b"ES", b"", 20),
        Locale::It => (b"IT", b"X", 22),
        Locale::Pl => (b"PL", b"", 24),
        Locale::Se => (b"SE", b"", 20),
        Locale::Dk => (b"DK", b"", 14),
        Locale::Fi => (b"FI", b"", 14),
        Locale::Gb => (b"GB", b"NWBK", 14),
    };
    out.extend_from_slice(country);
    let at = out.len();
    out.extend_from_slice(b"00");
    let start = out.len();
    out.extend_from_slice(bank);
    rng.digits(digits, out);
    let rest = remainder_97(out[start..].iter().chain(country).chain(b"00"));
    let check = 98 - rest;
    out[at] = b'0' + (check / 10) as u8;
    out[at + 1] = b'0' + (check % 10) as u8;
}

fn remainder_97<'a>(text: impl Iterator<Item = &'a u8>) -> u32 {
    text.fold(0, |rest, &byte| {
        if byte.is_ascii_digit() {
            (rest * 10 + u32::from(byte - b'0')) % 97
        } else {
            (rest * 100 + u32::from(byte - b'A') + 10) % 97
        }
    })
}

pub(super) fn card(rng: &mut Rng, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(rng.pick(&[&b"4539"[..], b"4716", b"5212", b"5431"]));
    rng.digits(11, out);
    let digit = luhn_digit(&out[start..]);
    out.push(digit);
}

pub(super) fn imei(rng: &mut Rng, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(b"35");
    rng.digits(12, out);
    let digit = luhn_digit(&out[start..]);
    out.push(digit);
}

/// A telephone number as it is written in the country: with its calling code, or as dialled at home.
pub(super) fn phone(locale: Locale, rng: &mut Rng, out: &mut Vec<u8>) {
    let (code, home, first, rest): (&str, &str, &[u8], usize) = match locale {
        Locale::Nl => ("+31 6 ", "06-", b"12345", 7),
        Locale::Be => ("+32 47", "047", b"0123456789", 6),
        Locale::De => ("+49 151 ", "0151 ", b"12345", 7),
        Locale::Fr => ("+33 6 ", "06 ", b"12345", 7),
        Locale::Es => ("+34 6", "6", b"012345", 7),
        Locale::It => ("+39 34", "34", b"0123456789", 7),
        Locale::Pl => ("+48 60", "60", b"0123456789", 6),
        Locale::Se => ("+46 70 ", "070-", b"23456", 6),
        Locale::Dk => ("+45 2", "2", b"012345678", 6),
        Locale::Fi => ("+358 40 ", "040 ", b"123456", 6),
        Locale::Gb => ("+44 7400 ", "07400 ", b"123456", 5),
        Locale::Us => ("+1 212 ", "(212) ", b"23456789", 2),
    };
    out.extend_from_slice(if rng.once_in(2) { code } else { home }.as_bytes());
    out.push(rng.pick(first));
    rng.digits(rest, out);
    if locale == Locale::Us {
        out.push(b'-');
        rng.digits(4, out);
    }
}

pub(super) fn postal_code(locale: Locale, rng: &mut Rng, out: &mut Vec<u8>) {
    let start = 1000 + rng.below(8999);
    let text = match locale {
        Locale::Nl => {
            const LETTERS: &[u8] = b"ABCDEGHJKLMNPRTUVWXZ";
            format!(
                "{start} {}{}",
                char::from(rng.pick(LETTERS)),
                char::from(rng.pick(LETTERS))
            )
        }
        Locale::Be | Locale::Dk => format!("{start}"),
        Locale::Pl => format!("{:02}-{:03}", start % 100, rng.below(1000)),
        Locale::Se => format!("{:03} {:02}", 100 + rng.below(880), rng.below(100)),
        Locale::Gb => format!(
            "{}{} {}{}{}",
            rng.pick(&["LS", "M", "BS", "EH"]),
            rng.between(1, 20),
            rng.below(10),
            "A",
            "B"
        ),
        _ => format!("{:05}", 10_000 + rng.below(80_000)),
    };
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::{bank, digits, national as check};

    #[test]
    fn every_number_passes_the_check_of_its_detector() {
        type Check = fn(&[u8]) -> bool;
        let checks: &[(Locale, Check)] = &[
            (Locale::Be, check::be_nn),
            (Locale::De, check::de_idnr),
            (Locale::Fr, check::fr_nir),
            (Locale::Es, check::es_dni),
            (Locale::It, check::it_cf),
            (Locale::Pl, check::pl_pesel),
            (Locale::Se, check::se_personnummer),
            (Locale::Dk, check::dk_cpr),
            (Locale::Gb, check::gb_nino),
            (Locale::Us, check::us_ssn),
        ];
        for row in 0..500 {
            let rng = &mut Rng::new(7, row);
            let born = Born::new(rng);
            for &(locale, check) in checks {
                let mut out = Vec::new();
                national(locale, born, rng, &mut out);
                out.retain(|byte| *byte != b'-');
                assert!(check(&out), "{locale:?} {}", String::from_utf8_lossy(&out));
            }
            let mut out = Vec::new();
            national(Locale::Fi, born, rng, &mut out);
            assert!(check::fi_hetu(&out));
            for locale in Locale::ALL {
                let mut out = Vec::new();
                iban(locale, rng, &mut out);
                assert!(bank::iban(&out), "{}", String::from_utf8_lossy(&out));
            }
            let (mut one, mut other) = (Vec::new(), Vec::new());
            card(rng, &mut one);
            imei(rng, &mut other);
            assert!(bank::card(&one) && digits::imei(&other));
        }
    }
}
