//! Weighted sums: enough for most national numbers, with the weights in YAML.

use crate::rule::Weighted;

/// Sums tabled at the most.
const MOST_SUMS: i64 = 1 << 13;
/// What no digit is equal to.
const NO_DIGIT: u8 = u8::MAX;

/// Whether the value passes. Letters and other characters fail.
pub(super) fn passes(rule: &Weighted, value: &[u8]) -> bool {
    if rule.modulus <= 0
        || value.len() < rule.weights.len()
        || !value
            .iter()
            .fold(true, |all, byte| all & byte.is_ascii_digit())
    {
        return false;
    }
    let digit = |at: usize| i64::from(value[at] - b'0');
    let sum: i64 = rule
        .weights
        .iter()
        .zip(value)
        .map(|(weight, byte)| {
            let product = weight * i64::from(byte - b'0');
            if rule.digit_sums {
                product / 10 + product % 10
            } else {
                product
            }
        })
        .sum();
    let rest = sum.rem_euclid(rule.modulus);
    let Some(place) = rule.digit else {
        return value.len() == rule.weights.len() && rest == rule.remainder;
    };
    let at = if place < 0 {
        i64::try_from(value.len()).unwrap_or(0) + place
    } else {
        place - 1
    };
    let Some(stands) = usize::try_from(at)
        .ok()
        .filter(|&at| at < value.len())
        .map(digit)
    else {
        return false;
    };
    let computed = if rule.complement {
        rule.modulus - rest
    } else {
        rest
    };
    let computed = rule.map.get(&computed).copied().unwrap_or(computed);
    (0..=9).contains(&computed) && computed == stands
}

/// Numbers of equally many digits, digit by digit: the first digits of all, then the second ones, and so on.
#[derive(Default)]
pub(crate) struct Digits {
    len: usize,
    count: usize,
    all: Vec<u8>,
    sums: Vec<i16>,
}

impl Digits {
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn clear(&mut self) {
        self.count = 0;
    }

    /// Takes numbers of `len` digits.
    pub(crate) fn fill<'n>(
        &mut self,
        len: usize,
        numbers: impl ExactSizeIterator<Item = &'n [u8]>,
    ) {
        self.len = len;
        self.count = numbers.len();
        self.all.clear();
        self.all.resize(len * self.count, 0);
        for (index, number) in numbers.enumerate() {
            for (place, byte) in number.iter().enumerate() {
                self.all[place * self.count + index] = byte.wrapping_sub(b'0');
            }
        }
    }

    fn at(&self, place: usize) -> &[u8] {
        &self.all[place * self.count..][..self.count]
    }
}

/// A weighted sum made ready for many numbers at a time.
pub(super) struct Sums {
    weights: Vec<i16>,
    of_digits: bool,
    /// The place of the check digit, as the rule has it.
    digit: Option<i64>,
    least: i16,
    /// For each sum from the least on: the check digit, or 0 where none is asked for; [`NO_DIGIT`] for what fails.
    expected: Vec<u8>,
}

impl Sums {
    /// None where sums may be large.
    pub(super) fn compile(rule: &Weighted) -> Option<Self> {
        let small =
            |weight: &i64| weight.abs() <= 1000 && (!rule.digit_sums || (0..=9).contains(weight));
        if rule.modulus <= 0 || !rule.weights.iter().all(small) {
            return None;
        }
        let least: i64 = rule.weights.iter().map(|weight| weight.min(&0) * 9).sum();
        let most: i64 = rule.weights.iter().map(|weight| weight.max(&0) * 9).sum();
        if most - least >= MOST_SUMS {
            return None;
        }
        let expected = |sum: i64| {
            let rest = sum.rem_euclid(rule.modulus);
            if rule.digit.is_none() {
                return if rest == rule.remainder { 0 } else { NO_DIGIT };
            }
            let computed = if rule.complement {
                rule.modulus - rest
            } else {
                rest
            };
            let computed = rule.map.get(&computed).copied().unwrap_or(computed);
            u8::try_from(computed)
                .ok()
                .filter(|digit| *digit <= 9)
                .unwrap_or(NO_DIGIT)
        };
        Some(Self {
            weights: rule.weights.iter().map(|weight| *weight as i16).collect(),
            of_digits: rule.digit_sums,
            digit: rule.digit,
            least: least as i16,
            expected: (least..=most).map(expected).collect(),
        })
    }

    /// Which numbers pass, one bit each.
    pub(super) fn pass(&self, digits: &mut Digits, bits: &mut [u64]) {
        let enough = digits.len >= self.weights.len();
        let place = match self.digit {
            None => None,
            Some(place) => {
                let back = usize::try_from(place.unsigned_abs()).unwrap_or(usize::MAX);
                let at = if place < 0 {
                    digits.len.checked_sub(back)
                } else {
                    back.checked_sub(1)
                };
                Some(at.filter(|at| enough && *at < digits.len))
            }
        };
        let place = match place {
            None if digits.len == self.weights.len() => None,
            Some(Some(at)) => Some(at),
            _ => {
                bits.fill(0);
                return;
            }
        };
        let mut sums = std::mem::take(&mut digits.sums);
        sums.clear();
        sums.resize(digits.count, -self.least);
        for (at, &weight) in self
            .weights
            .iter()
            .enumerate()
            .filter(|(_, weight)| **weight != 0)
        {
            let here = sums.iter_mut().zip(digits.at(at));
            if self.of_digits {
                here.for_each(|(sum, &digit)| {
                    let product = weight * i16::from(digit);
                    // A tenth of what is below 179, rounded down.
                    *sum += product - 9 * ((product * 103) >> 10);
                });
            } else {
                here.for_each(|(sum, &digit)| *sum += weight * i16::from(digit));
            }
        }
        let passes = |sum: i16, digit: u8| {
            let expected = usize::try_from(sum)
                .ok()
                .and_then(|sum| self.expected.get(sum));
            u64::from(expected == Some(&digit))
        };
        let bits = bits.iter_mut();
        match place {
            None => {
                for (word, sums) in bits.zip(sums.chunks(64)) {
                    let each = sums.iter().enumerate();
                    *word = each.fold(0, |all, (bit, &sum)| all | passes(sum, 0) << bit);
                }
            }
            Some(place) => {
                let digits = digits.at(place).chunks(64);
                for ((word, sums), digits) in bits.zip(sums.chunks(64)).zip(digits) {
                    let each = sums.iter().zip(digits).enumerate();
                    *word = each.fold(0, |all, (bit, (&sum, &digit))| {
                        all | passes(sum, digit) << bit
                    });
                }
            }
        }
        digits.sums = sums;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(yaml: &str) -> Weighted {
        serde_yaml::from_str(yaml).unwrap()
    }

    #[test]
    fn a_sum_that_leaves_nothing() {
        // Logisch Ontwerp BSN, Rijksdienst voor Identiteitsgegevens: 111222333 is the usual example.
        let bsn = rule("{weights: [9, 8, 7, 6, 5, 4, 3, 2, -1], modulus: 11}");
        assert!(passes(&bsn, b"111222333") && passes(&bsn, b"123456782"));
        assert!(
            !passes(&bsn, b"111222334")
                && !passes(&bsn, b"11122233")
                && !passes(&bsn, b"11122233a")
        );
    }

    #[test]
    fn a_check_digit_at_its_place() {
        // PESEL: 1, 3, 7, 9 … and the complement to ten.
        let pesel = rule(
            "{weights: [1, 3, 7, 9, 1, 3, 7, 9, 1, 3], modulus: 10, digit: -1, complement: true, map: {10: 0}}",
        );
        assert!(passes(&pesel, b"44051401359") && !passes(&pesel, b"44051401358"));
        // Luhn over nine digits.
        let luhn = rule(
            "{weights: [2, 1, 2, 1, 2, 1, 2, 1, 2], modulus: 10, digit: 10, complement: true, map: {10: 0}, digit-sums: true}",
        );
        assert!(passes(&luhn, b"8112189876"));
    }

    #[test]
    fn many_at_a_time_fare_as_each_by_itself() {
        let rules = [
            "{weights: [9, 8, 7, 6, 5, 4, 3, 2, -1], modulus: 11}",
            "{weights: [1, 3, 7, 9, 1, 3, 7, 9], modulus: 10, digit: -1, complement: true, map: {10: 0}}",
            "{weights: [2, 1, 2, 1, 2, 1, 2, 1], modulus: 10, digit: 9, complement: true, map: {10: 0}, digit-sums: true}",
            "{weights: [-3, 0, 40, 7], modulus: 97, digit: 5}",
            "{weights: [3, 1, 3, 1, 3, 1, 3, 1, 3, 1], modulus: 7, remainder: 3}",
            "{weights: [1, 2], modulus: 11, digit: 20}",
        ];
        let numbers: Vec<String> = (0..2000u64)
            .map(|n| {
                format!(
                    "{:09}",
                    n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 1_000_000_000
                )
            })
            .collect();
        let mut digits = Digits::default();
        digits.fill(9, numbers.iter().map(String::as_bytes));
        for text in rules {
            let rule = rule(text);
            let mut bits = vec![0; numbers.len().div_ceil(64)];
            Sums::compile(&rule)
                .unwrap()
                .pass(&mut digits, &mut bits);
            let each = numbers
                .iter()
                .map(|number| passes(&rule, number.as_bytes()));
            let together = (0..numbers.len()).map(|at| bits[at / 64] >> (at % 64) & 1 == 1);
            assert!(each.eq(together), "{text}");
        }
    }
}
