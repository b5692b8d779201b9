//! How long a pattern's matches may be.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Lengths in bytes, one bit each; those from [`MOST`] on are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lengths(u128);

const MOST: usize = 127;

impl Lengths {
    const ZERO: Self = Self(1);

    /// Those that matches of a pattern may have: perhaps more than they do, never fewer.
    pub(super) fn of(pattern: &Hir) -> Self {
        match pattern.kind() {
            HirKind::Empty | HirKind::Look(_) => Self::ZERO,
            HirKind::Literal(literal) => Self::one(literal.0.len()),
            HirKind::Class(class) => {
                let (least, most) = match class {
                    Class::Unicode(_) => (class.minimum_len(), class.maximum_len()),
                    Class::Bytes(_) => (Some(1), Some(1)),
                };
                // A class of no characters matches nothing.
                let all = least.unwrap_or(1)..=most.unwrap_or(0);
                Self(all.fold(0, |all, len| all | Self::one(len).0))
            }
            HirKind::Capture(capture) => Self::of(&capture.sub),
            HirKind::Concat(parts) => parts
                .iter()
                .fold(Self::ZERO, |all, part| all.and(Self::of(part))),
            HirKind::Alternation(ways) => {
                Self(ways.iter().fold(0, |all, way| all | Self::of(way).0))
            }
            HirKind::Repetition(repeated) => {
                let once = Self::of(&repeated.sub);
                let fewest = (0..repeated.min)
                    .take(MOST)
                    .fold(Self::ZERO, |all, _| all.and(once));
                let more = repeated.max.map_or(u32::MAX, |max| max - repeated.min);
                let (mut all, mut longer) = (fewest.0, fewest);
                for _ in 0..more {
                    longer = longer.and(once);
                    if all | longer.0 == all {
                        break;
                    }
                    all |= longer.0;
                }
                Self(all)
            }
        }
    }

    /// Whether this length is one of them.
    pub(super) fn holds(self, len: usize) -> bool {
        self.0 >> len.min(MOST) & 1 == 1
    }

    fn one(len: usize) -> Self {
        Self(1 << len.min(MOST))
    }

    /// Those of one behind the other.
    fn and(self, other: Self) -> Self {
        let mut all = 0;
        for len in (0..=MOST).filter(|&len| other.holds(len)) {
            all |= self.0 << len;
            // What would be shifted beyond the last bit is as long at least.
            if self.0 >> (MOST - len) != 0 {
                all |= 1 << MOST;
            }
        }
        Self(all)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::string::bytes_regex;

    use super::*;

    fn of(pattern: &str) -> Vec<usize> {
        let hir = regex_syntax::Parser::new().parse(pattern).unwrap();
        let lengths = Lengths::of(&hir);
        (0..=MOST).filter(|&len| lengths.holds(len)).collect()
    }

    #[test]
    fn each_way_has_its_own_lengths() {
        assert_eq!(of("[0-9a-f]{32}|[0-9a-f]{40}"), [32, 40]);
        assert_eq!(of("[a-z]{22}==|(?:[a-z]{27}=)?"), [0, 24, 28]);
        assert_eq!(of("^(ab){2,3}$"), [4, 6]);
        assert_eq!(of("é?x"), [1, 3]);
    }

    #[test]
    fn long_ones_are_one() {
        assert_eq!(of("[0-9a-f]{128}"), [MOST]);
        assert_eq!(of("a{126,}"), [126, MOST]);
        assert_eq!(of("(?:a{64}){3}"), [MOST]);
        assert_eq!(of("a*").len(), MOST + 1);
    }

    const PATTERN: &str = r"[a-c]{2,5}(?:-\d{1,3}|[éà]{2}|(?:xy)+z?)(?:=|[A-F\d]{40,60})?";

    proptest! {
        #[test]
        fn no_match_has_another_length(text in bytes_regex(PATTERN).unwrap()) {
            let hir = regex_syntax::Parser::new().parse(PATTERN).unwrap();
            prop_assert!(Lengths::of(&hir).holds(text.len()));
        }
    }
}
