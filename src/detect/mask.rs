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
    let value = value.expose();
    if value.is_ascii() && mask.keep_from.is_none_or(|mark| mark.is_ascii()) {
        let mut shown = [0; LONGEST];
        out.push_str(mask_ascii(mask, value, &mut shown));
        if value.len() > LONGEST {
            out.push('…');
        }
        return;
    }
    let text = String::from_utf8_lossy(value);
    let tail = mask
        .keep_from
        .and_then(|mark| text.rfind(mark))
        .unwrap_or(text.len());
    let count = text.chars().count();
    let body = text[..tail].chars().count();
    let (first, last) = kept(mask, body);
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

/// The same of what nearly all values are made of, up to the longest that is shown.
fn mask_ascii<'s>(mask: Mask, value: &[u8], shown: &'s mut [u8; LONGEST]) -> &'s str {
    let body = mask
        .keep_from
        .and_then(|from| memchr::memrchr(from as u8, value))
        .unwrap_or(value.len());
    let (first, last) = kept(mask, body);
    let shown = &mut shown[..value.len().min(LONGEST)];
    for (out, &byte) in shown.iter_mut().zip(value) {
        *out = match byte {
            byte if byte.is_ascii_control() => b' ',
            byte if byte.is_ascii_alphanumeric() => b'*',
            byte => byte,
        };
    }
    // What stays is alike in both, but for control characters.
    let starts = 0..first.min(shown.len());
    let ends = (body - last).min(shown.len())..shown.len();
    for at in starts.chain(ends) {
        if !value[at].is_ascii_control() {
            shown[at] = value[at];
        }
    }
    std::str::from_utf8(shown).unwrap_or_default()
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
    fn long_values_are_cut() {
        let tail = Mask {
            keep_first: 2,
            keep_last: 2,
            keep_from: None,
        };
        assert_eq!(
            masked(tail, &"ab".repeat(30)),
            format!("ab{}…", "*".repeat(38))
        );
        assert_eq!(
            masked(tail, &"éb".repeat(30)),
            format!("éb{}…", "*".repeat(38))
        );
        assert_eq!(masked(tail, &"ab".repeat(20)).len(), 40);
    }

    proptest::proptest! {
        #[test]
        fn plain_values_are_masked_like_others(
            value in "[ -~\\t]{0,60}", first in 0u8..4, last in 0u8..4, from in proptest::option::of("[@-]")
        ) {
            let rule = Mask {
                keep_first: first,
                keep_last: last,
                keep_from: from.and_then(|text: String| text.chars().next()),
            };
            // A letter beyond ASCII behind the mark stays, as all there does; in the body it is masked.
            let other = format!("é{value}");
            let body = rule.keep_from.and_then(|mark| value.rfind(mark)).unwrap_or(value.len());
            let plain = Mask { keep_first: 0, ..rule };
            let room = |len: usize| usize::from(last).min(len / 3);
            if room(body) == room(body + 1) && value.len() < LONGEST {
                proptest::prop_assert_eq!(format!("*{}", masked(plain, &value)), masked(plain, &other));
            }
            proptest::prop_assert_eq!(masked(rule, &value).chars().count(), value.len().min(LONGEST + 1));
        }
    }

    #[test]
    fn control_characters_do_not_pass() {
        assert_eq!(masked(Mask::default(), "a\u{1b}[2Jb"), "* [***");
    }
}
