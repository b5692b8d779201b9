//! Dates, by themselves and inside numbers.

use super::Validator;

pub(super) static VALIDATORS: &[Validator] = &[
    Validator {
        name: "birth-date",
        about: "a calendar date from 1900 to now, in any usual order",
        check: birth_date,
    },
    Validator {
        name: "dated",
        about: "digits that start with a date of 2000 to 2039: YYMMDD, DDMMYY or YYYYMMDD",
        check: dated_number,
    },
];

/// No one alive was born before, and nobody after: the years a birth date may have.
const YEARS: std::ops::RangeInclusive<u32> = 1900..=2035;

/// Days of a month of the Gregorian calendar.
fn days(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 31,
    }
}

/// Whether it is a day of the calendar.
pub(super) fn is_date(year: u32, month: u32, day: u32) -> bool {
    (1..=12).contains(&month) && day >= 1 && day <= days(year, month)
}

/// Two digits as a number.
pub(super) fn two(value: &[u8], at: usize) -> u32 {
    u32::from(value[at] - b'0') * 10 + u32::from(value[at + 1] - b'0')
}

/// Whether two digits of a year, a month and a day are a date in 1900 to 2099.
pub(super) fn is_short_date(year: u32, month: u32, day: u32) -> bool {
    is_date(1900 + year, month, day) || is_date(2000 + year, month, day)
}

/// A calendar date: `1980-05-12`, `12-05-1980`, `5/12/1980`, `12.5.80`, `12 May 1980`, `12-MAY-80`, `19800512`, `12051980`,
/// with or without a time.
pub fn birth_date(value: &[u8]) -> bool {
    if let Some([a, b, c]) = value.as_array().and_then(parts_of_ten) {
        return dated(a, b, c);
    }
    let mut parts = [(0u32, 0usize); 3];
    let mut count = 0;
    let mut at = 0;
    while at < value.len() && count < 3 {
        let digits = value[at..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if digits > 0 {
            let number = value[at..at + digits.min(9)]
                .iter()
                .fold(0, |sum, byte| sum * 10 + u32::from(byte - b'0'));
            parts[count] = (number, digits);
            count += 1;
            at += digits;
        } else if let Some((month, len)) = month_name(&value[at..]) {
            parts[count] = (month, 0);
            count += 1;
            at += len;
        } else {
            at += 1;
        }
    }
    match (parts, count) {
        ([(number, 8), ..], 1) => {
            plausible(number / 10000, number / 100 % 100, number % 100)
                || plausible(number % 10000, number / 10000 % 100, number / 1_000_000)
        }
        ([(a, la), (b, lb), (c, lc)], 3) => dated((a, la), (b, lb), (c, lc)),
        _ => false,
    }
}

/// The numbers of ten bytes that are `1980-05-12` or `12-05-1980`, whatever parts them, and how many digits each has: nearly
/// all dates.
fn parts_of_ten(value: &[u8; 10]) -> Option<[(u32, usize); 3]> {
    let digits = value.map(|byte| byte.wrapping_sub(b'0'));
    let bits = digits.iter().enumerate();
    let are_digits = bits.fold(0, |all, (at, digit)| all | u32::from(*digit < 10) << at);
    let number = |at: usize, len: usize| {
        let digits = digits[at..at + len].iter();
        (
            digits.fold(0, |sum, digit| sum * 10 + u32::from(*digit)),
            len,
        )
    };
    match are_digits {
        0b11_0110_1111 => Some([number(0, 4), number(5, 2), number(8, 2)]),
        0b11_1101_1011 => Some([number(0, 2), number(3, 2), number(6, 4)]),
        _ => None,
    }
}

/// A number of a thing that starts with the day it was given out.
pub fn dated_number(value: &[u8]) -> bool {
    if value.len() < 8 || !value.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let recent = |year, month, day| year < 40 && is_date(2000 + year, month, day);
    let [a, b, c, d] = [0, 2, 4, 6].map(|at| two(value, at));
    recent(a, b, c) || recent(c, b, a) || a == 20 && recent(b, c, d)
}

fn dated((a, a_len): (u32, usize), (b, b_len): (u32, usize), (c, c_len): (u32, usize)) -> bool {
    if a_len == 4 {
        return c_len <= 2 && plausible(a, b, c);
    }
    let short = |year: u32| c_len == 2 && (is_short_date(year, b, a) || is_short_date(year, a, b));
    // A month by name stands first or in the middle.
    let by_number = c_len == 4 && (plausible(c, b, a) || plausible(c, a, b));
    (a_len <= 2 && b_len <= 2) && (by_number || short(c))
}

fn plausible(year: u32, month: u32, day: u32) -> bool {
    YEARS.contains(&year) && is_date(year, month, day)
}

/// What the names of months start with, month by month.
const MONTHS: [&[&str]; 12] = [
    &[
        "jan", "ene", "gen", "sty", "ian", "led", "oca", "янв", "січ",
    ],
    &["feb", "fev", "fév", "lut", "úno", "şub", "фев", "лют"],
    &["mar", "maa", "mrt", "mär", "már", "bře", "мар", "бер"],
    &[
        "apr", "avr", "abr", "kwi", "ápr", "dub", "nis", "апр", "кві",
    ],
    &[
        "may", "mei", "mai", "mag", "maj", "máj", "kvě", "мая", "май", "тра",
    ],
    &[
        "jun", "jui", "giu", "cze", "iun", "jún", "června", "haz", "июн", "чер",
    ],
    &[
        "jul", "lug", "lip", "iul", "júl", "červen", "tem", "июл", "лип",
    ],
    &[
        "aug", "aou", "ago", "sie", "aoû", "srp", "ağu", "авг", "сер",
    ],
    &["sep", "set", "wrz", "sze", "zář", "eyl", "сен", "вер"],
    &[
        "oct", "okt", "ott", "paz", "out", "říj", "eki", "окт", "жов",
    ],
    &["nov", "lis", "kas", "ноя", "лис"],
    &[
        "dec", "dez", "dic", "gru", "déc", "pro", "ara", "дек", "гру",
    ],
];

/// The month that a word starts with, and the word's length: in English, Dutch, German, French, Spanish, Portuguese, Italian,
/// Polish, Romanian, Hungarian, Czech, Turkish, Russian and Ukrainian.
fn month_name(text: &[u8]) -> Option<(u32, usize)> {
    let len = text
        .iter()
        .take_while(|byte| byte.is_ascii_alphabetic() || **byte >= 0x80)
        .count();
    if len < 3 {
        return None;
    }
    let word = &text[..len];
    let starts = |start: &&str| {
        word.len() >= start.len() && word[..start.len()].eq_ignore_ascii_case(start.as_bytes())
    };
    let month = MONTHS.iter().position(|names| names.iter().any(starts))? as u32 + 1;
    // `juillet` is no June.
    let july = month == 6 && word.len() > 3 && word[..4].eq_ignore_ascii_case(b"juil");
    Some((if july { 7 } else { month }, len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_all_shapes() {
        for date in [
            "1980-05-12",
            "12-05-1980",
            "5/12/1980",
            "12.5.80",
            "12 mei 1980",
            "May 12, 1980",
            "19800512",
            "1980-05-12T00:00:00Z",
            "14 juillet 1989",
            "3 ao\u{fb}t 1971",
            "12-MAY-80",
            "12MAY1980",
            "12051980",
            "12 de outubro de 1980",
            "12 мая 1980",
            "31. července 1980",
        ] {
            assert!(birth_date(date.as_bytes()), "{date}");
        }
        for number in ["2405170031", "1705240001", "2024051712"] {
            assert!(dated_number(number.as_bytes()), "{number}");
        }
        assert!(!dated_number(b"0707614285") && !dated_number(b"240517"));
        for date in [
            "1980-13-12",
            "31-04-1980",
            "1234-05-12",
            "29-02-1981",
            "12-05",
            "99999999",
        ] {
            assert!(!birth_date(date.as_bytes()), "{date}");
        }
    }
}
