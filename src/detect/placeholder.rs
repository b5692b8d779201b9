//! Test numbers and placeholders: well-known values that look genuine and belong to nobody.

use crate::validate::words::{Hashes, hash};

/// The placeholders of a rule.
pub(crate) struct Placeholders {
    /// By their hashes.
    exact: Hashes,
    prefixes: Vec<Box<[u8]>>,
    suffixes: Vec<Box<[u8]>>,
    /// The first bytes of prefixes, and the last ones of suffixes: they rule most values out.
    ends: Sieve,
    sieve: Sieve,
}

/// Bytes at an end of a value that are looked at first.
const END: usize = 4;

/// The last bits of some hashes: they rule nearly all values out.
pub(crate) struct Sieve([u64; SIEVE / 64]);

/// Different last bits of hashes.
const SIEVE: usize = 4096;

impl Default for Sieve {
    fn default() -> Self {
        Self([0; SIEVE / 64])
    }
}

impl Sieve {
    /// The placeholders of all these rules.
    pub(crate) fn of<'p>(all: impl Iterator<Item = &'p Placeholders>) -> Self {
        let mut union = Self::default();
        let words = all.flat_map(|one| one.sieve.0.iter().enumerate());
        words.for_each(|(place, word)| union.0[place] |= word);
        union
    }

    fn add(&mut self, hash: u64) {
        let bit = hash as usize % SIEVE;
        self.0[bit / 64] |= 1 << (bit % 64);
    }

    #[inline]
    fn may_have(&self, hash: u64) -> bool {
        let bit = hash as usize % SIEVE;
        self.0[bit / 64] >> (bit % 64) & 1 == 1
    }

    /// Whether the value may be a placeholder of one of these rules, but for those told by their start or end.
    #[inline]
    pub(crate) fn suspects(&self, value: &[u8], hash: u64) -> bool {
        self.may_have(hash) || is_one_digit(value)
    }
}

impl Placeholders {
    /// A `*` at the start or end of a placeholder stands for anything.
    pub(crate) fn new(list: &[String]) -> Self {
        let mut all = Self {
            exact: Hashes::default(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            ends: Sieve::default(),
            sieve: Sieve::default(),
        };
        for text in list {
            if let Some(suffix) = text.strip_prefix('*') {
                all.suffixes.push(suffix.as_bytes().into());
            } else if let Some(prefix) = text.strip_suffix('*') {
                all.prefixes.push(prefix.as_bytes().into());
            } else {
                let hash = hash(text.as_bytes());
                all.sieve.add(hash);
                all.exact.insert(hash);
            }
        }
        let firsts = all.prefixes.iter().map(|prefix| prefix.first_chunk());
        let lasts = all.suffixes.iter().map(|suffix| suffix.last_chunk());
        let ends: Vec<Option<[u8; END]>> = firsts.chain(lasts).map(Option::<&_>::copied).collect();
        for end in ends {
            match end {
                Some(end) => all.ends.add(of_end(end)),
                // It is shorter.
                None => all.ends = Sieve([u64::MAX; SIEVE / 64]),
            }
        }
        all
    }

    /// Whether some are told by their start or end.
    pub(crate) fn are_open(&self) -> bool {
        !self.prefixes.is_empty() || !self.suffixes.is_empty()
    }

    /// Whether the normalised value, whose hash this is, is one of them, or one digit repeated six times or more.
    #[inline]
    pub(crate) fn holds(&self, value: &[u8], hash: u64) -> bool {
        let starts_so = || self.prefixes.iter().any(|prefix| value.starts_with(prefix));
        let ends_so = || self.suffixes.iter().any(|suffix| value.ends_with(suffix));
        is_one_digit(value)
            || self.sieve.may_have(hash) && self.exact.contains(&hash)
            || self.may_hold(value) && (starts_so() || ends_so())
    }

    /// Whether the value may be one of those told by their start or end.
    #[inline]
    pub(crate) fn may_hold(&self, value: &[u8]) -> bool {
        let (Some(first), Some(last)) = (value.first_chunk(), value.last_chunk()) else {
            return self.are_open();
        };
        self.are_open() && self.ends.may_have(of_end(*first)) | self.ends.may_have(of_end(*last))
    }
}

/// Some bits of what a value starts or ends with.
#[inline]
fn of_end(end: [u8; END]) -> u64 {
    let mixed = u64::from(u32::from_le_bytes(end)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed >> 40
}

#[inline]
fn is_one_digit(value: &[u8]) -> bool {
    let [first, second, ..] = value else {
        return false;
    };
    first == second && is_digit_again(*first, value)
}

fn is_digit_again(digit: u8, value: &[u8]) -> bool {
    value.len() >= 6 && digit.is_ascii_digit() && value.iter().all(|&byte| byte == digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_exact_values_and_wildcards() {
        let all = Placeholders::new(&["123456789".into(), "*@example.com".into(), "4111*".into()]);
        let holds = |value: &str| all.holds(value.as_bytes(), hash(value.as_bytes()));
        assert!(holds("123456789") && holds("000000000"));
        assert!(holds("a@example.com") && holds("4111222233334444"));
        assert!(!holds("123456782") && !holds("00000"));
    }
}
