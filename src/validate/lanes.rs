//! Weighted sums of sixteen numbers at a time, down to the bits that say which of them pass.

use wide::u16x8;

use super::weighted::{BLOCK, NO_DIGIT};
use crate::rule::Weighted;

/// Remainders whose check digit is another than the usual one, at the most.
const MOST_ODD: usize = 4;
/// Sums are below it.
const BELOW: i64 = 1 << 15;

/// A weighted sum whose remainder is worked out by multiplying.
pub(super) struct Lanes {
    weights: Vec<u16x8>,
    of_digits: bool,
    /// What sums start from, so that they are never below 0.
    first: u16x8,
    modulus: u16x8,
    /// 2^16 over the modulus, rounded up.
    inverse: u16x8,
    asks: Asks,
}

/// What is asked of a remainder.
enum Asks {
    /// To be this one.
    Rest(u16x8),
    /// To be the check digit, or what is missing of the modulus to be it; and the remainders with another check digit.
    Digit {
        complement: bool,
        odd: Vec<(u16x8, u16x8)>,
    },
}

impl Lanes {
    /// None where the multiplication isn't exact for a sum from `least` to `most`, or check digits are too irregular; `expected` is
    /// the check digit of each remainder, or [`NO_DIGIT`].
    pub(super) fn new(
        rule: &Weighted,
        (least, most): (i64, i64),
        expected: impl Fn(i64) -> u8,
    ) -> Option<Self> {
        let modulus = u16::try_from(rule.modulus).ok().filter(|&m| m >= 2)?;
        let m = i64::from(modulus);
        let first = least.rem_euclid(m) - least;
        let inverse = (1 << 16) / m + 1;
        let is_exact = |sum: i64| sum - ((sum * inverse) >> 16) * m == sum % m;
        if first + most >= BELOW || !(0..=first + most).all(is_exact) {
            return None;
        }
        // Negative numbers wrap around, and back.
        let splat = |number: i64| u16x8::splat((number as i16).cast_unsigned());
        let asks = if rule.digit.is_none() {
            Asks::Rest(splat(rule.remainder.rem_euclid(m)))
        } else {
            let usual = |rest: i64| if rule.complement { m - rest } else { rest };
            let digit = |number: i64| u8::try_from(number).ok().filter(|digit| *digit <= 9);
            let odd =
                (0..m).filter(|&rest| digit(usual(rest)).unwrap_or(NO_DIGIT) != expected(rest));
            let odd: Vec<_> = odd
                .map(|rest| (splat(rest), splat(i64::from(expected(rest)))))
                .collect();
            if odd.len() > MOST_ODD {
                return None;
            }
            Asks::Digit {
                complement: rule.complement,
                odd,
            }
        };
        // What no sum can leave is never asked for.
        if rule.digit.is_none() && rule.remainder != rule.remainder.rem_euclid(m) {
            return None;
        }
        Some(Self {
            weights: rule.weights.iter().map(|&weight| splat(weight)).collect(),
            of_digits: rule.digit_sums,
            first: splat(first),
            modulus: splat(m),
            inverse: splat(inverse),
            asks,
        })
    }

    /// Which of a block's numbers pass, one bit each; the check digit is at `place`.
    #[inline]
    pub(super) fn pass(&self, digits: &[[u8; BLOCK]], place: usize) -> u64 {
        (0..BLOCK / 16).fold(0, |word, part| {
            let of = |digits: &[u8; BLOCK]| {
                let bytes = wide::u8x16::new(digits.as_chunks::<16>().0[part]);
                [u16x8::from_u8x16_low(bytes), u16x8::from_u8x16_high(bytes)]
            };
            let mut sums = [self.first; 2];
            for (&weight, digits) in self.weights.iter().zip(digits) {
                for (sum, digits) in sums.iter_mut().zip(of(digits)) {
                    let product = digits * weight;
                    *sum += if self.of_digits {
                        // A tenth of what is below 179, rounded down.
                        let tens: u16x8 = (product * u16x8::splat(103)) >> 10;
                        product - tens * u16x8::splat(9)
                    } else {
                        product
                    };
                }
            }
            let stands = of(&digits[place]);
            let bits = |half: usize| u64::from(self.holds(sums[half], stands[half]).to_bitmask());
            word | (bits(0) | bits(1) << 8) << (part * 16)
        })
    }

    /// Whether what is asked of it holds, lane by lane.
    #[inline]
    fn holds(&self, sum: u16x8, stands: u16x8) -> u16x8 {
        let rest = sum - sum.mul_keep_high(self.inverse) * self.modulus;
        let (complement, odd) = match &self.asks {
            Asks::Rest(asked) => return rest.simd_eq(*asked),
            Asks::Digit { complement, odd } => (*complement, odd),
        };
        let usual = if complement {
            self.modulus - rest
        } else {
            rest
        };
        odd.iter()
            .fold(usual.simd_eq(stands), |holds, &(odd, digit)| {
                rest.simd_eq(odd).bitselect(digit.simd_eq(stands), holds)
            })
    }
}
