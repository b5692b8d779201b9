//! Telephone numbers: which calling codes exist, and what their countries' numbers look like.
//!
//! A compact plan in place of a full one: lengths of all national numbers, and the first digits of those in Europe and North
//! America. Facts from ITU-T E.164 (list of country codes) and the national numbering plans notified to the ITU.

use super::Validator;
use super::date::{is_short_date, two};
use super::digits::all_digits;

pub(super) static VALIDATORS: &[Validator] = &[
    Validator {
        name: "phone-international",
        about: "a calling code, and a number its country could give out",
        check: international,
    },
    Validator {
        name: "phone-national",
        about: "a number with trunk prefix or of full length, of a European country or the US",
        check: national,
    },
    Validator {
        name: "phone-nanp",
        about: "ten digits of the North American plan",
        check: nanp,
    },
];

/// National numbers of a calling code.
struct Plan {
    code: &'static str,
    /// Shortest and longest national (significant) number.
    lengths: (usize, usize),
    /// First digits a national number may have, one bit each.
    starts: u16,
    /// The trunk prefix of numbers dialled within the country; empty: none is dialled.
    trunk: &'static str,
}

const fn plan(
    code: &'static str,
    lengths: (usize, usize),
    starts: &'static str,
    trunk: &'static str,
) -> Plan {
    Plan {
        code,
        lengths,
        starts: bits(starts),
        trunk,
    }
}

/// Digits, one bit each.
const fn bits(digits: &str) -> u16 {
    let (mut bits, mut at) = (0, 0);
    while at < digits.len() {
        bits |= 1 << (digits.as_bytes()[at] - b'0');
        at += 1;
    }
    bits
}

/// Countries whose plan is known in more detail.
const PLANS: &[Plan] = &[
    plan("1", (10, 10), "23456789", "1"),
    plan("7", (10, 10), "3456789", "8"),
    plan("30", (10, 10), "256789", ""),
    plan("31", (9, 9), "123456789", "0"),
    plan("32", (8, 9), "123456789", "0"),
    plan("33", (9, 9), "123456789", "0"),
    plan("34", (9, 9), "56789", ""),
    plan("351", (9, 9), "236789", ""),
    plan("352", (4, 11), "23456789", ""),
    plan("353", (7, 9), "12456789", "0"),
    plan("354", (7, 9), "3456789", ""),
    plan("356", (8, 8), "25679", ""),
    plan("357", (8, 8), "256789", ""),
    plan("358", (5, 12), "123456789", "0"),
    plan("359", (7, 9), "23456789", "0"),
    plan("36", (8, 9), "123456789", "06"),
    plan("370", (8, 8), "3456789", "8"),
    plan("371", (8, 8), "26789", ""),
    plan("372", (7, 8), "3456789", ""),
    plan("385", (8, 9), "123456789", "0"),
    plan("386", (5, 8), "123456789", "0"),
    plan("39", (6, 11), "0345678", ""),
    plan("40", (6, 9), "2346789", "0"),
    plan("41", (9, 9), "23456789", "0"),
    plan("420", (9, 9), "23456789", ""),
    plan("421", (9, 9), "2345689", "0"),
    plan("423", (7, 9), "236789", ""),
    plan("43", (6, 13), "123456789", "0"),
    plan("44", (9, 10), "1235789", "0"),
    plan("45", (8, 8), "23456789", ""),
    plan("46", (7, 10), "123456789", "0"),
    plan("47", (8, 8), "23456789", ""),
    plan("48", (9, 9), "123456789", ""),
    plan("49", (6, 13), "123456789", "0"),
    plan("61", (9, 9), "123478", "0"),
    plan("64", (5, 10), "23456789", "0"),
    plan("81", (9, 10), "123456789", "0"),
    plan("86", (9, 11), "123456789", "0"),
    plan("90", (10, 10), "23458", "0"),
    plan("91", (10, 10), "123456789", "0"),
    plan("380", (9, 9), "3456789", "0"),
    plan("212", (9, 9), "5678", "0"),
    plan("27", (5, 10), "123456789", "0"),
    plan("52", (10, 10), "123456789", ""),
    plan("55", (10, 11), "123456789", "0"),
];

/// All other calling codes that are assigned; their numbers have 5 to 12 digits.
const OTHER_CODES: &str = " 20 51 53 54 56 57 58 60 62 63 65 66 82 84 92 93 94 95 98 211 213 216 218 220 221 222 223 224 225 226 227 228 \
229 230 231 232 233 234 235 236 237 238 239 240 241 242 243 244 245 246 247 248 249 250 251 252 253 254 255 256 257 258 260 261 262 263 \
264 265 266 267 268 269 290 291 297 298 299 350 355 373 374 375 376 377 378 381 382 383 387 389 500 501 502 503 504 505 506 507 508 509 \
590 591 592 593 594 595 596 597 598 599 670 672 673 674 675 676 677 678 679 680 681 682 683 685 686 687 688 689 690 691 692 800 808 850 \
852 853 855 856 870 878 880 881 882 883 886 888 960 961 962 963 964 965 966 967 968 970 971 972 973 974 975 976 977 979 992 993 994 995 \
996 998 ";

/// By the first three digits of a number with its calling code: which of [`PLANS`] it is of, or how long its code is.
static CODES: [Code; 1000] = {
    let mut codes = [Code::None; 1000];
    let other = OTHER_CODES.as_bytes();
    let (mut start, mut at) = (0, 0);
    while at < other.len() {
        if other[at] == b' ' {
            enter(
                &mut codes,
                other,
                start,
                at,
                Code::Other((at - start) as u8),
            );
            start = at + 1;
        }
        at += 1;
    }
    let mut plan = 0;
    while plan < PLANS.len() {
        let code = PLANS[plan].code.as_bytes();
        enter(&mut codes, code, 0, code.len(), Code::Plan(plan as u8));
        plan += 1;
    }
    codes
};

/// What a number's first digits say.
#[derive(Clone, Copy)]
enum Code {
    None,
    /// It is of this plan.
    Plan(u8),
    /// Its code has so many digits, and nothing else is known.
    Other(u8),
}

/// Enters all that start with the digits `start..end` of a text.
const fn enter(codes: &mut [Code; 1000], text: &[u8], start: usize, end: usize, code: Code) {
    if start == end {
        return;
    }
    let (mut first, mut count, mut at) = (0, 1000, start);
    while at < end {
        count /= 10;
        first += (text[at] - b'0') as usize * count;
        at += 1;
    }
    let mut at = first;
    while at < first + count {
        codes[at] = code;
        at += 1;
    }
}

/// What is dialled before a national number in a European country.
const TRUNKS: [&str; 4] = ["", "0", "06", "8"];
/// Digits of the longest number there is room for.
const LONGEST: usize = 15;

/// For each of them and each length of a number, the first digits that it may have in one of those countries, one bit each.
static STARTS: [[u16; LONGEST + 1]; TRUNKS.len()] = {
    let mut starts = [[0; LONGEST + 1]; TRUNKS.len()];
    let (mut at, mut known) = (0, 0);
    while at < PLANS.len() {
        let Plan {
            code,
            lengths,
            starts: own,
            trunk,
        } = &PLANS[at];
        let trunk = match trunk.as_bytes() {
            [] => 0,
            b"0" => 1,
            b"06" => 2,
            b"8" => 3,
            _ => TRUNKS.len(),
        };
        let is_european = matches!(code.as_bytes()[0], b'3' | b'4');
        // Where none is dialled, numbers of a full length only.
        let counts = is_european && (trunk > 0 || lengths.0 == lengths.1);
        let mut len = lengths.0;
        while counts && len <= lengths.1 {
            starts[trunk][len] |= *own;
            known += 1;
            len += 1;
        }
        at += 1;
    }
    assert!(known > 0);
    starts
};

impl Plan {
    /// Whether the country could give out this national number.
    fn allows(&self, number: &[u8]) -> bool {
        (self.lengths.0..=self.lengths.1).contains(&number.len()) && may_start(number, self.starts)
    }
}

/// Whether a number starts with one of these digits, and isn't one digit throughout.
fn may_start(number: &[u8], digits: u16) -> bool {
    let first = number.first().map_or(0, |first| 1 << (first - b'0'));
    digits & first != 0 && !is_monotonous(number)
}

/// One digit throughout: no subscriber has it, and fields are filled with it.
fn is_monotonous(number: &[u8]) -> bool {
    number.iter().all(|byte| *byte == number[0])
}

/// A number with its calling code, digits only, `00` or nothing in place of `+`. ITU-T E.164: at most fifteen digits.
pub fn international(value: &[u8]) -> bool {
    let number = value.strip_prefix(b"00").unwrap_or(value);
    if !(7..=15).contains(&number.len()) || !all_digits(number) || is_time(number) {
        return false;
    }
    let code = number[..3]
        .iter()
        .fold(0, |code, byte| code * 10 + usize::from(byte - b'0'));
    match CODES[code] {
        Code::None => false,
        Code::Plan(plan) => {
            let plan = &PLANS[usize::from(plan)];
            let rest = &number[plan.code.len()..];
            // `+31 (0)6 …` as people write it.
            plan.allows(rest) || plan.trunk == "0" && rest[0] == b'0' && plan.allows(&rest[1..])
        }
        Code::Other(len) => {
            let rest = &number[usize::from(len)..];
            (5..=12).contains(&rest.len()) && !is_monotonous(rest)
        }
    }
}

/// Whether it is a date and a time in fourteen digits, as versions have them behind a plus: `14.0.6~++20220123085548`.
fn is_time(number: &[u8]) -> bool {
    number.len() == 14
        && matches!(two(number, 0), 19 | 20)
        && is_short_date(two(number, 2), two(number, 4), two(number, 6))
        && two(number, 8) < 24
        && two(number, 10) < 60
}

/// A number as dialled within a European country: with its trunk prefix, or at full length where none is dialled.
pub fn national(value: &[u8]) -> bool {
    if value.len() < 7 || !all_digits(value) {
        return false;
    }
    TRUNKS.iter().zip(&STARTS).any(|(trunk, starts)| {
        let (before, rest) = value.split_at(trunk.len());
        let has_trunk = before.iter().eq(trunk.as_bytes());
        has_trunk
            && starts
                .get(rest.len())
                .is_some_and(|&digits| may_start(rest, digits))
    })
}

/// North American Numbering Plan: area codes and exchanges start with 2 to 9, and neither is N11.
pub fn nanp(value: &[u8]) -> bool {
    let number = if value.len() == 11 {
        value.strip_prefix(b"1").unwrap_or(value)
    } else {
        value
    };
    number.len() == 10
        && number.iter().all(u8::is_ascii_digit)
        && [0, 3]
            .iter()
            .all(|&at| (b'2'..=b'9').contains(&number[at]) && &number[at + 1..at + 3] != b"11")
        && number[1] != b'9'
        && !is_monotonous(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rlibphonenumber::PHONE_NUMBER_UTIL;

    #[test]
    fn numbers_of_several_countries() {
        assert!(
            international(b"31612345678")
                && international(b"0031612345678")
                && international(b"310612345678")
        );
        assert!(
            international(b"491711234567")
                && international(b"3225551234")
                && international(b"15551234567")
        );
        assert!(
            !international(b"3161234567")
                && !international(b"20220202101403")
                && !international(b"99912345678")
                && !international(b"31000000000")
        );
        assert!(
            national(b"0612345678")
                && national(b"0301234567")
                && national(b"612345678")
                && !national(b"1234567890123")
        );
        assert!(
            nanp(b"2125551234")
                && nanp(b"12125551234")
                && !nanp(b"1125551234")
                && !nanp(b"2119551234")
        );
    }

    /// The same, plan by plan.
    fn national_by_plan(value: &[u8]) -> bool {
        let european = PLANS
            .iter()
            .filter(|plan| plan.code.starts_with(['3', '4']));
        let mut allows = european.map(|plan| match plan.trunk {
            "" => plan.lengths.0 == plan.lengths.1 && plan.allows(value),
            trunk => {
                let rest = value.strip_prefix(trunk.as_bytes());
                rest.is_some_and(|rest| plan.allows(rest))
            }
        });
        value.len() >= 7 && allows.any(|allows| allows)
    }

    #[test]
    fn tables_say_what_the_plans_say() {
        let mut state = 1_u64;
        for round in 0..50_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let digits = format!("{:017}", state % 100_000_000_000_000_000);
            let start = ["", "0", "06", "8", "00", "0031"][round % 6];
            let number = format!("{start}{}", &digits[..5 + round % 12]);
            let number = number.as_bytes();
            assert_eq!(national(number), national_by_plan(number), "{number:?}");
            let called = number.strip_prefix(b"00").unwrap_or(number);
            if !(7..=15).contains(&called.len()) {
                assert!(!international(number));
                continue;
            }
            let mut plans = PLANS.iter();
            let plan = plans.find(|plan| called.starts_with(plan.code.as_bytes()));
            let mut others = OTHER_CODES.split(' ').filter(|code| !code.is_empty());
            let other = others.find(|code| called.starts_with(code.as_bytes()));
            let may = match (plan, other) {
                (Some(plan), _) => {
                    let rest = &called[plan.code.len()..];
                    let without = rest.strip_prefix(b"0").filter(|_| plan.trunk == "0");
                    plan.allows(rest) || without.is_some_and(|rest| plan.allows(rest))
                }
                (None, Some(code)) => {
                    let rest = &called[code.len()..];
                    (5..=12).contains(&rest.len()) && !is_monotonous(rest)
                }
                (None, None) => false,
            };
            assert_eq!(international(number), may, "{number:?}");
        }
    }

    /// What the full plan of libphonenumber calls valid must pass here; the other way round, a loose plan is allowed.
    #[test]
    fn a_full_plan_agrees() {
        let util = &PHONE_NUMBER_UTIL;
        let (mut valid, mut missed, mut state) = (0, Vec::new(), 12345_u64);
        for round in 0..20_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let plan = &PLANS[round % PLANS.len()];
            let length =
                plan.lengths.0 + (state >> 60) as usize % (plan.lengths.1 - plan.lengths.0 + 1);
            let digits: String = (0..length)
                .map(|at| char::from(b'0' + (state >> (at * 4)) as u8 % 10))
                .collect();
            let number = format!("{}{digits}", plan.code);
            let full = util.parse(format!("+{number}"), None);
            if full.is_ok_and(|full| util.is_valid_number(&full)) {
                valid += 1;
                if !international(number.as_bytes()) {
                    missed.push(plan.code);
                }
            }
        }
        assert!(valid > 3000, "the oracle knows numbers: {valid}");
        assert!(
            missed.len() * 200 < valid,
            "{} of {valid} missed: {missed:?}",
            missed.len()
        );
    }
}
