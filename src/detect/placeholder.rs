//! Test numbers and placeholders: well-known values that look genuine and belong to nobody.

use super::prefilter::ByteSet;
use crate::validate::words::{Hashes, hash};

/// The placeholders of a rule.
pub(crate) struct Placeholders {
    /// By their hashes.
    exact: Hashes,
    prefixes: Vec<Box<[u8]>>,
    suffixes: Vec<Box<[u8]>>,
    /// The first bytes of prefixes, and the last ones of suffixes: they rule most values out.
    firsts: ByteSet,
    lasts: ByteSet,
}

impl Placeholders {
    /// A `*` at the start or end of a placeholder stands for anything.
    pub(crate) fn new(list: &[String]) -> Self {
        let mut all = Self {
            exact: Hashes::default(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            firsts: ByteSet::default(),
            lasts: ByteSet::default(),
        };
        for text in list {
            if let Some(suffix) = text.strip_prefix('*') {
                all.suffixes.push(suffix.as_bytes().into());
            } else if let Some(prefix) = text.strip_suffix('*') {
                all.prefixes.push(prefix.as_bytes().into());
            } else {
                all.exact.insert(hash(text.as_bytes()));
            }
        }
        all.firsts = ByteSet::of(|byte| all.prefixes.iter().any(|it| it.first() == Some(&byte)));
        all.lasts = ByteSet::of(|byte| all.suffixes.iter().any(|it| it.last() == Some(&byte)));
        all
    }

    /// Whether the normalised value, whose hash this is, is one of them, or one digit repeated six times or more.
    #[inline]
    pub(crate) fn holds(&self, value: &[u8], hash: u64) -> bool {
        let (Some(&first), Some(&last)) = (value.first(), value.last()) else {
            return false;
        };
        is_one_digit(value)
            || (!self.exact.is_empty() && self.exact.contains(&hash))
            || self.firsts.contains(first)
                && self.prefixes.iter().any(|prefix| value.starts_with(prefix))
            || self.lasts.contains(last)
                && self.suffixes.iter().any(|suffix| value.ends_with(suffix))
    }
}

fn is_one_digit(value: &[u8]) -> bool {
    value.len() >= 6
        && value[0] == value[1]
        && value[0].is_ascii_digit()
        && value.iter().all(|&byte| byte == value[0])
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
