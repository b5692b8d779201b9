//! Telephone numbers: which calling codes exist, and what their countries' numbers look like.
//!
//! A compact plan in place of a full one: lengths of all national numbers, and the first digits of those in Europe and North
//! America. Facts from ITU-T E.164 (list of country codes) and the national numbering plans notified to the ITU.

use super::Validator;

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
    /// First digits a national number may have; empty: any but 0.
    starts: &'static str,
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
        starts,
        trunk,
    }
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

impl Plan {
    /// Whether the country could give out this national number.
    fn allows(&self, number: &[u8]) -> bool {
        (self.lengths.0..=self.lengths.1).contains(&number.len())
            && number
                .first()
                .is_some_and(|first| self.starts.as_bytes().contains(first))
            && !is_monotonous(number)
    }
}

/// One digit throughout: no subscriber has it, and fields are filled with it.
fn is_monotonous(number: &[u8]) -> bool {
    number.iter().all(|byte| *byte == number[0])
}

/// A number with its calling code, digits only, `00` or nothing in place of `+`. ITU-T E.164: at most fifteen digits.
pub fn international(value: &[u8]) -> bool {
    let number = value.strip_prefix(b"00").unwrap_or(value);
    if !(7..=15).contains(&number.len()) || !number.iter().all(u8::is_ascii_digit) {
        return false;
    }
    for plan in PLANS {
        if let Some(rest) = number.strip_prefix(plan.code.as_bytes()) {
            // `+31 (0)6 …` as people write it.
            return plan.allows(rest)
                || plan.trunk == "0"
                    && rest
                        .strip_prefix(b"0")
                        .is_some_and(|rest| plan.allows(rest));
        }
    }
    [2, 3].iter().any(|&len| {
        let code = &number[..len];
        let listed = OTHER_CODES
            .as_bytes()
            .windows(len + 2)
            .any(|known| known[0] == b' ' && known[len + 1] == b' ' && known[1..=len] == *code);
        listed && (5..=12).contains(&(number.len() - len)) && !is_monotonous(&number[len..])
    })
}

/// A number as dialled within a European country: with its trunk prefix, or at full length where none is dialled.
pub fn national(value: &[u8]) -> bool {
    if !value.iter().all(u8::is_ascii_digit) || value.len() < 7 {
        return false;
    }
    PLANS
        .iter()
        .filter(|plan| plan.code.starts_with(['3', '4']))
        .any(|plan| match plan.trunk {
            "" => plan.lengths.0 == plan.lengths.1 && plan.allows(value),
            trunk => value
                .strip_prefix(trunk.as_bytes())
                .is_some_and(|rest| plan.allows(rest)),
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
