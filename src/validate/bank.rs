//! Bank accounts, banks and payment cards, and addresses of wallets.

use sha2::{Digest, Sha256};

use super::Validator;
use super::digits::{luhn, remainder_97};

pub(super) static VALIDATORS: &[Validator] = &[
    Validator {
        name: "base58-address",
        about: "25 bytes in base 58, the last four of them from the double SHA-256 of the others",
        check: base58_address,
    },
    Validator {
        name: "iban",
        about: "the country's length and structure, and ISO 7064 mod 97-10",
        check: iban,
    },
    Validator {
        name: "sepa-creditor",
        about: "country and mod 97-10 without the business code",
        check: sepa_creditor,
    },
    Validator {
        name: "bic",
        about: "ISO 9362: eight or eleven characters with a country at the fifth",
        check: bic,
    },
    Validator {
        name: "card",
        about: "an issuer's range and length, and Luhn",
        check: card,
    },
    Validator {
        name: "cz-account",
        about: "number and prefix mod 11, and a bank's code",
        check: cz_account,
    },
];

/// Czech and Slovak account numbers, Czech National Bank decree 169/2011: weights 6, 3, 7, 9, 10, 5, 8, 4, 2, 1 over ten digits, the
/// prefix with the last six of them. A number has two digits that are not 0.
pub fn cz_account(value: &[u8]) -> bool {
    const WEIGHTS: [u32; 10] = [6, 3, 7, 9, 10, 5, 8, 4, 2, 1];
    let Some((account, code)) = value.split_last_chunk::<5>() else {
        return false;
    };
    let (prefix, number) = match memchr::memchr(b'-', account) {
        Some(at) => (&account[..at], &account[at + 1..]),
        None => (&[][..], account),
    };
    let passes = |digits: &[u8]| {
        let each = digits.iter().rev().zip(WEIGHTS.iter().rev());
        let sum: u32 = each
            .map(|(byte, weight)| weight * u32::from(byte - b'0'))
            .sum();
        sum.is_multiple_of(11)
    };
    let are_digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    let significant = number.iter().filter(|byte| **byte != b'0').count();
    code[0] == b'/'
        && are_digits(&code[1..])
        && code[1..] != *b"0000"
        && prefix.len() <= 6
        && (2..=10).contains(&number.len())
        && significant >= 2
        && are_digits(prefix)
        && are_digits(number)
        && passes(prefix)
        && passes(number)
}

/// Lengths of IBANs by country: SWIFT IBAN registry.
#[rustfmt::skip]
const LENGTHS: &[(&[u8; 2], u8)] = &[
    (b"AD", 24), (b"AE", 23), (b"AL", 28), (b"AT", 20), (b"AZ", 28), (b"BA", 20), (b"BE", 16), (b"BG", 22), (b"BH", 22),
    (b"BI", 27), (b"BR", 29), (b"BY", 28), (b"CH", 21), (b"CR", 22), (b"CY", 28), (b"CZ", 24), (b"DE", 22), (b"DJ", 27),
    (b"DK", 18), (b"DO", 28), (b"EE", 20), (b"EG", 29), (b"ES", 24), (b"FI", 18), (b"FK", 18), (b"FO", 18), (b"FR", 27),
    (b"GB", 22), (b"GE", 22), (b"GI", 23), (b"GL", 18), (b"GR", 27), (b"GT", 28), (b"HN", 28), (b"HR", 21), (b"HU", 28),
    (b"IE", 22), (b"IL", 23), (b"IQ", 23), (b"IS", 26), (b"IT", 27), (b"JO", 30), (b"KW", 30), (b"KZ", 20), (b"LB", 28),
    (b"LC", 32), (b"LI", 21), (b"LT", 20), (b"LU", 20), (b"LV", 21), (b"LY", 25), (b"MC", 27), (b"MD", 24), (b"ME", 22),
    (b"MK", 19), (b"MN", 20), (b"MR", 27), (b"MT", 31), (b"MU", 30), (b"NI", 28), (b"NL", 18), (b"NO", 15), (b"OM", 23),
    (b"PK", 24), (b"PL", 28), (b"PS", 29), (b"PT", 25), (b"QA", 29), (b"RO", 24), (b"RS", 22), (b"RU", 33), (b"SA", 24),
    (b"SC", 31), (b"SD", 18), (b"SE", 24), (b"SI", 19), (b"SK", 24), (b"SM", 27), (b"SO", 23), (b"ST", 25), (b"SV", 28),
    (b"TL", 23), (b"TN", 24), (b"TR", 26), (b"UA", 29), (b"VA", 22), (b"VG", 24), (b"XK", 20), (b"YE", 30),
];

/// Where a country stands in [`LENGTHS`] and [`STRUCTURES`], by its letters; [`NOWHERE`] where it doesn't.
static PLACES: [[u8; 26]; 26] = {
    assert!(LENGTHS.len() == STRUCTURES.len() && LENGTHS.len() < NOWHERE as usize);
    let mut places = [[NOWHERE; 26]; 26];
    let mut at = 0;
    while at < LENGTHS.len() {
        let [first, second] = *LENGTHS[at].0;
        let [other_first, other_second] = *STRUCTURES[at].0;
        assert!(first == other_first && second == other_second);
        places[(first - b'A') as usize][(second - b'A') as usize] = at as u8;
        at += 1;
    }
    places
};
const NOWHERE: u8 = u8::MAX;

fn place(country: &[u8]) -> Option<usize> {
    let &[first @ b'A'..=b'Z', second @ b'A'..=b'Z'] = country else {
        return None;
    };
    let place = PLACES[usize::from(first - b'A')][usize::from(second - b'A')];
    (place != NOWHERE).then_some(usize::from(place))
}

/// The length of an IBAN of this country.
pub(crate) fn iban_length(country: &[u8]) -> Option<usize> {
    place(country).map(|place| usize::from(LENGTHS[place].1))
}

/// What the part behind the check digits is made of, by country: so many digits (`n`), capitals (`a`) or either (`c`). SWIFT
/// IBAN registry. Check digits of single countries within it are left alone: they are wrong in many test data and in some real
/// ones, and the check digits of the whole say enough.
#[rustfmt::skip]
const STRUCTURES: &[(&[u8; 2], &str)] = &[
    (b"AD", "8n12c"), (b"AE", "19n"), (b"AL", "8n16c"), (b"AT", "16n"), (b"AZ", "4a20c"), (b"BA", "16n"),
    (b"BE", "12n"), (b"BG", "4a6n8c"), (b"BH", "4a14c"), (b"BI", "23n"), (b"BR", "8c15n2c"), (b"BY", "4c4n16c"),
    (b"CH", "5n12c"), (b"CR", "18n"), (b"CY", "8n16c"), (b"CZ", "20n"), (b"DE", "18n"), (b"DJ", "23n"), (b"DK", "14n"),
    (b"DO", "4c20n"), (b"EE", "16n"), (b"EG", "25n"), (b"ES", "20n"), (b"FI", "14n"), (b"FK", "2a12n"), (b"FO", "14n"),
    (b"FR", "10n11c2n"), (b"GB", "4a14n"), (b"GE", "2a16n"), (b"GI", "4a15c"), (b"GL", "14n"), (b"GR", "7n16c"),
    (b"GT", "24c"), (b"HN", "4a20n"), (b"HR", "17n"), (b"HU", "24n"), (b"IE", "4a14n"), (b"IL", "19n"),
    (b"IQ", "4a15n"), (b"IS", "22n"), (b"IT", "1a10n12c"), (b"JO", "4a4n18c"), (b"KW", "4a22c"), (b"KZ", "3n13c"),
    (b"LB", "4n20c"), (b"LC", "4a24c"), (b"LI", "5n12c"), (b"LT", "16n"), (b"LU", "3n13c"), (b"LV", "4a13c"),
    (b"LY", "21n"), (b"MC", "10n11c2n"), (b"MD", "20c"), (b"ME", "18n"), (b"MK", "3n10c2n"), (b"MN", "16n"),
    (b"MR", "23n"), (b"MT", "4a5n18c"), (b"MU", "4a19n3a"), (b"NI", "4a20n"), (b"NL", "4a10n"), (b"NO", "11n"),
    (b"OM", "3n16c"), (b"PK", "4a16c"), (b"PL", "24n"), (b"PS", "4a21c"), (b"PT", "21n"), (b"QA", "4a21c"),
    (b"RO", "4a16c"), (b"RS", "18n"), (b"RU", "14n15c"), (b"SA", "2n18c"), (b"SC", "4a20n3a"), (b"SD", "14n"),
    (b"SE", "20n"), (b"SI", "15n"), (b"SK", "20n"), (b"SM", "1a10n12c"), (b"SO", "19n"), (b"ST", "21n"),
    (b"SV", "4a20n"), (b"TL", "19n"), (b"TN", "20n"), (b"TR", "6n16c"), (b"UA", "6n19c"), (b"VA", "18n"),
    (b"VG", "4a16n"), (b"XK", "16n"), (b"YE", "4a4n18c"),
];

/// The same, part by part: what it is made of, and where it ends.
static PARTS: [[(u8, u8); MOST_PARTS]; STRUCTURES.len()] = {
    let mut all = [[(b'c', 0); MOST_PARTS]; STRUCTURES.len()];
    let mut place = 0;
    while place < STRUCTURES.len() {
        let structure = STRUCTURES[place].1.as_bytes();
        let (mut at, mut part, mut end, mut count) = (0, 0, 0, 0);
        while at < structure.len() {
            if structure[at].is_ascii_digit() {
                count = count * 10 + structure[at] - b'0';
            } else {
                end += count;
                all[place][part] = (structure[at], end);
                (part, count) = (part + 1, 0);
            }
            at += 1;
        }
        place += 1;
    }
    all
};
/// Parts of a structure, at the most.
const MOST_PARTS: usize = 4;

/// Whether the part behind the check digits is made of what its country says; of a country that isn't known, of anything.
fn is_structured(country: &[u8], rest: &[u8]) -> bool {
    let Some(place) = place(country) else {
        return true;
    };
    let mut start = 0;
    PARTS[place].iter().all(|&(kind, end)| {
        let part = rest
            .get(start..usize::from(end).max(start))
            .unwrap_or_default();
        start = start.max(usize::from(end));
        let first = if kind == b'n' { b'0' } else { b'A' };
        let count = if kind == b'n' { 10 } else { 26 };
        let is_kind = |byte: &u8| byte.wrapping_sub(first) < count;
        kind == b'c' || part.iter().fold(true, |all, byte| all & is_kind(byte))
    })
}

/// ISO 13616-1, with the lengths and structures of the SWIFT IBAN registry. Check digits are 02 to 98.
pub fn iban(value: &[u8]) -> bool {
    let Some(head) = value.get(..4) else {
        return false;
    };
    iban_length(&head[..2]) == Some(value.len())
        && head[2..].iter().all(u8::is_ascii_digit)
        && !matches!(&head[2..], b"00" | b"01" | b"99")
        && remainder_97([&value[4..], head]) == Some(1)
        && is_structured(&head[..2], &value[4..])
}

/// ISO 3166-1 alpha-2 codes in use, and XK, which banks use for Kosovo.
const COUNTRIES: &[u8] = b"ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCO\
CRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJM\
JOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPF\
PGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVE\
VGVIVNVUWFWSXKYEYTZAZMZW";

/// The same as a table: for each first letter, the second ones.
static IS_COUNTRY: [u32; 26] = {
    let mut table = [0; 26];
    let mut at = 0;
    while at < COUNTRIES.len() {
        table[(COUNTRIES[at] - b'A') as usize] |= 1 << (COUNTRIES[at + 1] - b'A');
        at += 2;
    }
    table
};

/// Whether these two capitals are a country's code.
pub(super) fn is_country(code: &[u8]) -> bool {
    let &[first @ b'A'..=b'Z', second @ b'A'..=b'Z'] = code else {
        return false;
    };
    IS_COUNTRY[usize::from(first - b'A')] >> (second - b'A') & 1 == 1
}

/// SEPA creditor identifier, European Payments Council 262-08: country, check digits, a business code that doesn't count, and the
/// national number.
pub fn sepa_creditor(value: &[u8]) -> bool {
    value.len() >= 8
        && is_country(&value[..2])
        && value[2..4].iter().all(u8::is_ascii_digit)
        && remainder_97([&value[7..], &value[..4]]) == Some(1)
}

/// ISO 9362: four letters of the institution, the country, two characters of the place, and three of the branch. A
/// second character of the place that is 0 marks a test code, 1 a passive one.
pub fn bic(value: &[u8]) -> bool {
    matches!(value.len(), 8 | 11)
        && value[..6].iter().all(u8::is_ascii_uppercase)
        && is_country(&value[4..6])
        && value[6..]
            .iter()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && !matches!(value[6], b'0' | b'1')
        && value[7] != b'O'
}

/// Ranges of issuers by their first digits, and the lengths of their numbers: ISO/IEC 7812 and what the schemes publish.
const ISSUERS: &[(u32, u32, u32, &[u8])] = &[
    // digits compared, from, to, lengths
    (1, 4, 4, &[13, 16, 19]),                           // Visa
    (2, 51, 55, &[16]),                                 // Mastercard
    (4, 2221, 2720, &[16]),                             // Mastercard
    (2, 34, 34, &[15]),                                 // American Express
    (2, 37, 37, &[15]),                                 // American Express
    (3, 300, 305, &[14, 16, 17, 18, 19]),               // Diners Club
    (2, 36, 36, &[14, 15, 16, 17, 18, 19]),             // Diners Club
    (2, 38, 39, &[14, 16, 17, 18, 19]),                 // Diners Club
    (4, 6011, 6011, &[16, 17, 18, 19]),                 // Discover
    (3, 644, 649, &[16, 17, 18, 19]),                   // Discover
    (2, 65, 65, &[16, 17, 18, 19]),                     // Discover, RuPay
    (4, 3528, 3589, &[16, 17, 18, 19]),                 // JCB
    (2, 62, 62, &[16, 17, 18, 19]),                     // UnionPay
    (2, 81, 82, &[16, 17, 18, 19]),                     // UnionPay, RuPay
    (4, 5018, 5018, &[12, 13, 14, 15, 16, 17, 18, 19]), // Maestro
    (4, 5020, 5020, &[12, 13, 14, 15, 16, 17, 18, 19]), // Maestro
    (4, 5038, 5038, &[12, 13, 14, 15, 16, 17, 18, 19]), // Maestro
    (4, 5893, 5893, &[12, 13, 14, 15, 16, 17, 18, 19]), // Maestro
    (4, 6304, 6304, &[12, 13, 14, 15, 16, 17, 18, 19]), // Maestro
    (4, 6759, 6763, &[12, 13, 14, 15, 16, 17, 18, 19]), // Maestro
    (4, 2200, 2204, &[16, 17, 18, 19]),                 // Mir
];

/// A payment card number: an issuer's range and length, and Luhn.
pub fn card(value: &[u8]) -> bool {
    if !(12..=19).contains(&value.len()) || !luhn(value) {
        return false;
    }
    ISSUERS.iter().any(|&(digits, from, to, lengths)| {
        let prefix = value[..digits as usize]
            .iter()
            .fold(0, |sum, byte| sum * 10 + u32::from(byte - b'0'));
        (from..=to).contains(&prefix) && lengths.contains(&(value.len() as u8))
    })
}

/// Addresses of Bitcoin and of what descends from it: <https://en.bitcoin.it/wiki/Base58Check_encoding>.
pub fn base58_address(value: &[u8]) -> bool {
    const DIGITS: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut bytes = [0u8; 25];
    for byte in value {
        let Some(mut carry) = DIGITS.iter().position(|digit| digit == byte) else {
            return false;
        };
        for place in bytes.iter_mut().rev() {
            carry += usize::from(*place) * 58;
            *place = carry as u8;
            carry >>= 8;
        }
        if carry > 0 {
            return false;
        }
    }
    let digest = Sha256::digest(Sha256::digest(&bytes[..21]));
    value.len() > 25 && digest[..4] == bytes[21..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn czech_accounts() {
        assert!(cz_account(b"34278-0727558021/0100") && cz_account(b"034278-727558021/0100"));
        assert!(!cz_account(b"4278-727558021/0100") && !cz_account(b"34278-727558022/0100"));
        assert!(!cz_account(b"727558021/0000") && !cz_account(b"00/2024") && !cz_account(b"1/2"));
    }

    #[test]
    fn addresses_of_wallets() {
        // One that nobody can spend from, and one of a script.
        assert!(base58_address(b"1BitcoinEaterAddressDontSendf59kuE"));
        assert!(base58_address(b"3P14159f73E4gFr7JterCCQh9QjiTjiZrG"));
        assert!(!base58_address(b"1BitcoinEaterAddressDontSendf59kuF"));
        assert!(!base58_address(b"") && !base58_address(&[b'z'; 40]));
    }

    #[test]
    fn ibans_of_the_registry() {
        // The examples of the SWIFT IBAN registry.
        for example in [
            "NL91ABNA0417164300",
            "DE89370400440532013000",
            "GB29NWBK60161331926819",
            "BE68539007547034",
        ] {
            assert!(iban(example.as_bytes()), "{example}");
        }
        // The check digits hold, but a bank in the Netherlands is four letters.
        assert!(!iban(b"NL75123404171643AB"));
        assert!(
            !iban(b"NL91ABNA0417164301")
                && !iban(b"NL91ABNA041716430")
                && !iban(b"ZZ91ABNA0417164300")
        );
    }

    #[test]
    fn banks_and_cards() {
        assert!(bic(b"ABNANL2A") && bic(b"DEUTDEFF500") && !bic(b"ABNAQQ2A") && !bic(b"PASSWORD"));
        assert!(card(b"4111111111111111") && card(b"5555555555554444") && card(b"378282246310005"));
        assert!(!card(b"4111111111111112") && !card(b"1234567812345670"));
    }

    #[test]
    fn countries_are_pairs() {
        assert_eq!(COUNTRIES.len() % 2, 0);
        assert!(is_country(b"NL") && is_country(b"ZW") && !is_country(b"LN"));
    }
}
