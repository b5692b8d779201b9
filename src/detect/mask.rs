//! What leaves a worker instead of a value: its mask and its fingerprint.
//!
//! Masking denies by default: every letter and digit becomes `*` but those that the rule says to keep, and of those never
//! more than a third. Punctuation stays, so that the shape can be seen.

use crate::raw::Raw;
use crate::rule::Mask;

/// Characters shown of a masked value at the most.
const LONGEST: usize = 40;

/// Appends the masked value to `out`.
pub(crate) fn mask(mask: Mask, value: Raw<'_>, out: &mut String) {
    let text = String::from_utf8_lossy(value.expose());
    let tail = mask
        .keep_from
        .and_then(|mark| text.rfind(mark))
        .unwrap_or(text.len());
    let count = text.chars().count();
    let (first, last) = kept(mask, text[..tail].chars().count());
    let body = text[..tail].chars().count();
    for (index, c) in text.chars().enumerate().take(LONGEST) {
        let shown = index < first || index + last >= body;
        out.push(match c {
            c if c.is_control() => ' ',
            c if shown || !c.is_alphanumeric() => c,
            _ => '*',
        });
    }
    if count > LONGEST {
        out.push('…');
    }
}

/// How many characters stay at either end: together at most a third, the end first.
fn kept(mask: Mask, len: usize) -> (usize, usize) {
    let room = len / 3;
    let last = usize::from(mask.keep_last).min(room);
    (usize::from(mask.keep_first).min(room - last), last)
}

/// Makes fingerprints: BLAKE3 keyed hashes of normalised values, cut to 128 bits.
#[derive(Clone)]
pub(crate) struct Fingerprints {
    key: [u8; 32],
}

impl Fingerprints {
    /// With the user's key, so that results of several scans can be joined, or a random one.
    pub(crate) fn new(key: Option<[u8; 32]>) -> Self {
        Self {
            key: key.unwrap_or_else(random_key),
        }
    }

    /// The fingerprint of a normalised value.
    pub(crate) fn of(&self, normalised: &[u8]) -> u128 {
        let hash = blake3::keyed_hash(&self.key, normalised);
        let mut half = [0; 16];
        half.copy_from_slice(&hash.as_bytes()[..16]);
        u128::from_be_bytes(half)
    }
}

/// A key from the operating system's random numbers, through the seeds of the standard library's hash maps.
fn random_key() -> [u8; 32] {
    use std::hash::{BuildHasher, RandomState};
    let mut key = [0; 32];
    for (index, part) in key.chunks_mut(8).enumerate() {
        part.copy_from_slice(&RandomState::new().hash_one(index).to_le_bytes());
    }
    *blake3::hash(&key).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(rule: Mask, value: &str) -> String {
        let mut out = String::new();
        mask(rule, Raw::new(value.as_bytes()), &mut out);
        out
    }

    #[test]
    fn keeps_what_the_rule_says_and_no_more() {
        let tail = Mask {
            keep_first: 0,
            keep_last: 2,
            keep_from: None,
        };
        assert_eq!(masked(tail, "111222333"), "*******33");
        assert_eq!(masked(tail, "1112.22.333"), "****.**.*33");
        assert_eq!(masked(tail, "abc"), "**c");
        let mail = Mask {
            keep_first: 1,
            keep_last: 0,
            keep_from: Some('@'),
        };
        assert_eq!(masked(mail, "jansen@post.nl"), "j*****@post.nl");
    }

    #[test]
    fn control_characters_do_not_pass() {
        assert_eq!(masked(Mask::default(), "a\u{1b}[2Jb"), "* [***");
    }
}
