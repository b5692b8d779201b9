//! National numbers from outside the European Union whose check is more than a weighted sum, and other identifiers of people
//! and vehicles.

use super::Validator;
use super::date::{is_date, is_short_date, two};
use super::digits::{all_digits, luhn, number, weighted_sum};

pub(super) static VALIDATORS: &[Validator] = &[
    Validator {
        name: "tr-tckn",
        about: "two check digits mod 10",
        check: tr_tckn,
    },
    Validator {
        name: "cn-ric",
        about: "birth date and ISO 7064 mod 11-2",
        check: cn_ric,
    },
    Validator {
        name: "br-cpf",
        about: "two check digits mod 11",
        check: br_cpf,
    },
    Validator {
        name: "cl-rut",
        about: "the check character mod 11",
        check: cl_rut,
    },
    Validator {
        name: "nz-ird",
        about: "the range and the check digit mod 11 in two rounds",
        check: nz_ird,
    },
    Validator {
        name: "za-id",
        about: "birth date and the Luhn check digit",
        check: za_id,
    },
    Validator {
        name: "tw-id",
        about: "the check digit mod 10",
        check: tw_id,
    },
    Validator {
        name: "hk-id",
        about: "the check character mod 11",
        check: hk_id,
    },
    Validator {
        name: "sg-nric",
        about: "the letter that belongs to the digits",
        check: sg_nric,
    },
    Validator {
        name: "mx-curp",
        about: "birth date, state and the check digit mod 10",
        check: mx_curp,
    },
    Validator {
        name: "ru-inn",
        about: "two check digits mod 11",
        check: ru_inn,
    },
    Validator {
        name: "ru-snils",
        about: "the key mod 101",
        check: ru_snils,
    },
    Validator {
        name: "us-npi",
        about: "Luhn with the prefix 80840",
        check: us_npi,
    },
    Validator {
        name: "id-nik",
        about: "a region and a birth date",
        check: id_nik,
    },
    Validator {
        name: "my-nric",
        about: "a birth date",
        check: my_nric,
    },
    Validator {
        name: "kr-rrn",
        about: "birth date and the check digit mod 11",
        check: kr_rrn,
    },
    Validator {
        name: "vin",
        about: "a year and a plant that fit, or the check character of North America",
        check: vin,
    },
    Validator {
        name: "unix-time",
        about: "a time from 2001 to 2040 at the end",
        check: unix_time,
    },
];

fn digit(value: &[u8], at: usize) -> u32 {
    u32::from(value[at] - b'0')
}

fn is_number(value: &[u8], len: usize) -> bool {
    value.len() == len && all_digits(value)
}

/// T.C. kimlik numarası, NVI: the tenth digit from odd and even places, the eleventh from all before.
pub fn tr_tckn(value: &[u8]) -> bool {
    if !is_number(value, 11) || value[0] == b'0' {
        return false;
    }
    let odd: u32 = (0..9).step_by(2).map(|at| digit(value, at)).sum();
    let even: u32 = (1..8).step_by(2).map(|at| digit(value, at)).sum();
    let all: u32 = (0..10).map(|at| digit(value, at)).sum();
    (odd * 7 + 100 - even) % 10 == digit(value, 9) && all % 10 == digit(value, 10)
}

/// Resident identity number, GB 11643-1999.
pub fn cn_ric(value: &[u8]) -> bool {
    if value.len() != 18 || !all_digits(&value[..17]) || value[0] == b'0' {
        return false;
    }
    let sum = weighted_sum(
        value,
        &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2],
    ) % 11;
    let year = two(value, 6) * 100 + two(value, 8);
    (1850..2100).contains(&year)
        && is_date(year, two(value, 10), two(value, 12))
        && b"10X98765432"[sum as usize] == value[17]
}

/// Cadastro de Pessoas Físicas, Receita Federal; eleven equal digits are none.
pub fn br_cpf(value: &[u8]) -> bool {
    if !is_number(value, 11) || value.iter().all(|&byte| byte == value[0]) {
        return false;
    }
    let first = weighted_sum(value, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10 % 11 % 10;
    let second = weighted_sum(value, &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10 % 11 % 10;
    first == digit(value, 9) && second == digit(value, 10)
}

/// Rol único tributario: weights 2 to 7 from the right, K for 10.
pub fn cl_rut(value: &[u8]) -> bool {
    let Some((&check, body)) = value.split_last() else {
        return false;
    };
    if !matches!(body.len(), 7 | 8) || !all_digits(body) {
        return false;
    }
    let weights: [u32; 8] = [3, 2, 7, 6, 5, 4, 3, 2];
    let sum = weighted_sum(body, &weights[8 - body.len()..]);
    b"0K987654321"[(sum % 11) as usize] == check
}

/// IRD number, Inland Revenue: eight or nine digits; a second set of weights where the first gives 10.
pub fn nz_ird(value: &[u8]) -> bool {
    // Most numbers are too large.
    if !matches!(value.len(), 8 | 9) || value.len() == 9 && value[0] > b'1' || !all_digits(value) {
        return false;
    }
    let whole = number(value);
    if !(10_000_000..150_000_000).contains(&whole) {
        return false;
    }
    let mut digits = [b'0'; 9];
    digits[9 - value.len()..].copy_from_slice(value);
    let by = |weights| (11 - weighted_sum(&digits, weights) % 11) % 11;
    let check = match by(&[3, 2, 7, 6, 5, 4, 3, 2]) {
        10 => by(&[7, 4, 3, 2, 5, 2, 7, 6]),
        first => first,
    };
    check == digit(&digits, 8)
}

/// Identity number of South Africa: birth date, serial, citizenship, Luhn.
pub fn za_id(value: &[u8]) -> bool {
    is_number(value, 13)
        && is_short_date(two(value, 0), two(value, 2), two(value, 4))
        && matches!(value[10], b'0' | b'1' | b'2')
        && luhn(value)
}

/// What the first letter of Taiwanese and similar numbers counts.
const TAIWAN: [u32; 26] = [
    10, 11, 12, 13, 14, 15, 16, 17, 34, 18, 19, 20, 21, 22, 35, 23, 24, 25, 26, 27, 28, 29, 32, 30,
    31, 33,
];

/// National identification card of Taiwan: a letter, the sex, digits.
pub fn tw_id(value: &[u8]) -> bool {
    if value.len() != 10
        || !value[0].is_ascii_uppercase()
        || !all_digits(&value[1..])
        || !matches!(value[1], b'1' | b'2' | b'8' | b'9')
    {
        return false;
    }
    let letter = TAIWAN[usize::from(value[0] - b'A')];
    let sum =
        letter / 10 + letter % 10 * 9 + weighted_sum(&value[1..], &[8, 7, 6, 5, 4, 3, 2, 1, 1]);
    sum.is_multiple_of(10)
}

/// Hong Kong identity card: one or two letters, six digits, a digit or A; weights 9 to 1, a space counts 36.
pub fn hk_id(value: &[u8]) -> bool {
    if !matches!(value.len(), 8 | 9) {
        return false;
    }
    let letters = value.len() - 7;
    let rank = |byte: u8| u32::from(byte.wrapping_sub(b'A')) + 10;
    let check = match value[value.len() - 1] {
        b'A' => 10,
        byte @ b'0'..=b'9' => u32::from(byte - b'0'),
        _ => return false,
    };
    if !value[..letters].iter().all(u8::is_ascii_uppercase)
        || !all_digits(&value[letters..letters + 6])
    {
        return false;
    }
    let head = match letters {
        1 => 36 * 9 + rank(value[0]) * 8,
        _ => rank(value[0]) * 9 + rank(value[1]) * 8,
    };
    let sum = head + weighted_sum(&value[letters..], &[7, 6, 5, 4, 3, 2]) + check;
    sum.is_multiple_of(11)
}

/// NRIC and FIN of Singapore: S and T for citizens, F, G and M for others.
pub fn sg_nric(value: &[u8]) -> bool {
    if value.len() != 9 || !all_digits(&value[1..8]) {
        return false;
    }
    let sum = weighted_sum(&value[1..], &[2, 7, 6, 5, 4, 3, 2]);
    let (letters, shift): (&[u8; 11], u32) = match value[0] {
        b'S' => (b"JZIHGFEDCBA", 0),
        b'T' => (b"JZIHGFEDCBA", 4),
        b'F' => (b"XWUTRQPNMLK", 0),
        b'G' => (b"XWUTRQPNMLK", 4),
        b'M' => (b"XWUTRQPNJLK", 3),
        _ => return false,
    };
    letters[((sum + shift) % 11) as usize] == value[8]
}

/// Clave única de registro de población: letters of the name, birth date, sex, state, consonants, and the check digit.
pub fn mx_curp(value: &[u8]) -> bool {
    const ALPHABET: &[u8; 37] = b"0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ";
    if value.len() != 18
        || !value[..4].iter().all(u8::is_ascii_uppercase)
        || !all_digits(&value[4..10])
        || !matches!(value[10], b'H' | b'M' | b'X')
        || !value[11..16].iter().all(u8::is_ascii_uppercase)
        || !value[17].is_ascii_digit()
    {
        return false;
    }
    let sum: u32 = (2..=18)
        .rev()
        .zip(value)
        .filter_map(|(weight, byte)| {
            let rank = ALPHABET.iter().position(|known| known == byte)? as u32;
            Some(weight * rank)
        })
        .sum();
    is_short_date(two(value, 4), two(value, 6), two(value, 8))
        && (10 - sum % 10) % 10 == digit(value, 17)
}

/// ИНН of a person, Federal Tax Service: twelve digits, two of them checks.
pub fn ru_inn(value: &[u8]) -> bool {
    is_number(value, 12)
        && weighted_sum(value, &[7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10 == digit(value, 10)
        && weighted_sum(value, &[3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10 == digit(value, 11)
}

/// СНИЛС of the Russian pension fund: weights 9 to 1, the key modulo 101.
pub fn ru_snils(value: &[u8]) -> bool {
    is_number(value, 11)
        && number(&value[..9]) > 1_001_998
        && u64::from(weighted_sum(value, &[9, 8, 7, 6, 5, 4, 3, 2, 1]) % 101 % 100)
            == number(&value[9..])
}

/// National provider identifier of the United States: Luhn with 80840 before it.
pub fn us_npi(value: &[u8]) -> bool {
    if !is_number(value, 10) || !matches!(value[0], b'1' | b'2') {
        return false;
    }
    let mut whole = *b"80840..........";
    whole[5..].copy_from_slice(value);
    luhn(&whole)
}

/// Nomor induk kependudukan of Indonesia: province, regency, district, birth date (day + 40 for women), serial.
pub fn id_nik(value: &[u8]) -> bool {
    is_number(value, 16)
        && (11..=96).contains(&two(value, 0))
        && two(value, 2) > 0
        && is_short_date(two(value, 10), two(value, 8), two(value, 6) % 40)
        && &value[12..] != b"0000"
}

/// `MyKad` of Malaysia: birth date, place (01 to 59, 60 to 99 abroad), serial.
pub fn my_nric(value: &[u8]) -> bool {
    is_number(value, 12)
        && is_short_date(two(value, 0), two(value, 2), two(value, 4))
        && !matches!(two(value, 6), 0 | 17..=20 | 69 | 70 | 73 | 80 | 81 | 94..=97)
}

/// Resident registration number of Korea, and that of foreigners: birth date, century and sex, and until 2020 a check digit.
pub fn kr_rrn(value: &[u8]) -> bool {
    if !is_number(value, 13) {
        return false;
    }
    let century = match value[6] {
        b'1' | b'2' | b'5' | b'6' => 1900,
        b'3' | b'4' | b'7' | b'8' => 2000,
        _ => 1800,
    };
    let check = (11 - weighted_sum(value, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11) % 10;
    is_date(century + two(value, 0), two(value, 2), two(value, 4)) && check == digit(value, 12)
}

/// ISO 3779: 17 characters without I, O and Q, the last three digits; where the ninth is 0 to 9 or X it is often the check
/// character of 49 CFR 565, which is binding for North America alone (first character 1 to 5).
pub fn vin(value: &[u8]) -> bool {
    const RANKS: &[u8; 26] = b"12345678.12345.7.923456789";
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let is_fit =
        |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_uppercase() && !b"IOQ".contains(byte);
    if value.len() != 17 || !value.iter().all(is_fit) || !all_digits(&value[13..]) {
        return false;
    }
    let letters = value
        .iter()
        .filter(|byte| byte.is_ascii_uppercase())
        .count();
    if letters < 2 {
        return false;
    }
    let sum: u32 = value
        .iter()
        .zip(WEIGHTS)
        .map(|(byte, weight)| match byte {
            b'A'..=b'Z' => u32::from(RANKS[usize::from(byte - b'A')] - b'0') * weight,
            _ => u32::from(byte - b'0') * weight,
        })
        .sum();
    let check = b"0123456789X"[(sum % 11) as usize];
    check == value[8] || !matches!(value[0], b'1'..=b'5') && !matches!(value[9], b'U' | b'Z')
}

/// Whether the last run of digits is a time in seconds or milliseconds.
pub fn unix_time(value: &[u8]) -> bool {
    let run = value
        .rsplit(|byte| !byte.is_ascii_digit())
        .find(|run| run.len() >= 10);
    run.is_some_and(|run| match run.len() {
        10 => (1_000_000_000..2_208_988_800).contains(&number(run)),
        13 => (1_000_000_000_000..2_208_988_800_000).contains(&number(run)),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    type Check = fn(&[u8]) -> bool;

    #[test]
    fn published_examples() {
        let examples: &[(Check, &str)] = &[
            (tr_tckn, "17291716060"),
            (cn_ric, "360426199101010071"),
            (br_cpf, "39053344705"),
            (cl_rut, "125319092"),
            (nz_ird, "49098576"),
            (za_id, "7503305044089"),
            (tw_id, "A123456789"),
            (hk_id, "G123456A"),
            (sg_nric, "S0000001I"),
            (mx_curp, "BOXW310820HNERXN09"),
            (ru_inn, "500100732259"),
            (ru_snils, "11223344595"),
            (us_npi, "1234567893"),
            (kr_rrn, "9710139019902"),
            (vin, "1M8GDM9AXKP042788"),
        ];
        for (check, value) in examples {
            assert!(check(value.as_bytes()), "{value}");
            let mut wrong = value.as_bytes().to_vec();
            let at = wrong.iter().rposition(u8::is_ascii_digit).unwrap();
            wrong[at] = if wrong[at] == b'9' {
                b'0'
            } else {
                wrong[at] + 1
            };
            assert!(!check(&wrong), "{value} with another digit");
        }
        assert!(id_nik(b"3171011708450001") && !id_nik(b"3171013213450001"));
        assert!(my_nric(b"770305021234") && !my_nric(b"771305021234"));
        assert!(unix_time(b"GA1.2.1033501218.1368477899") && !unix_time(b"GA1.2.3.99999"));
    }
}
