//! Weighted sums: enough for most national numbers, with the weights in YAML.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::lanes::Lanes;
use crate::rule::Weighted;

/// Sums tabled at the most.
const MOST_SUMS: i64 = 1 << 13;
/// Longest number whose check by name is made of many at a time.
const LONGEST_SUM: usize = 32;
/// What no digit is equal to.
pub(super) const NO_DIGIT: u8 = u8::MAX;

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

/// Numbers that are summed at a time: the bits of a word.
pub(super) const BLOCK: usize = 64;

/// Numbers of equally many digits, block by block of 64 numbers; in a block the first digits of all, then the second ones, and
/// so on. Blocks are short so that filling and summing stay in the processor's first cache.
#[derive(Default)]
pub(crate) struct Digits {
    len: usize,
    count: usize,
    all: Vec<[u8; BLOCK]>,
}

impl Digits {
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many digits each has.
    pub(super) fn len(&self) -> usize {
        self.len
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
        self.all
            .resize(len * self.count.div_ceil(BLOCK), [0; BLOCK]);
        for (index, number) in numbers.enumerate() {
            let block = &mut self.all[index / BLOCK * len..][..len];
            for (digits, byte) in block.iter_mut().zip(number) {
                digits[index % BLOCK] = byte.wrapping_sub(b'0');
            }
        }
    }

    /// Takes other numbers, with zeros before them to make them `len` digits.
    pub(crate) fn pad(&mut self, len: usize, others: &Self) {
        let more = len.saturating_sub(others.len);
        (self.len, self.count) = (others.len + more, others.count);
        self.all.clear();
        for block in others.blocks() {
            self.all.extend(std::iter::repeat_n([0; BLOCK], more));
            self.all.extend_from_slice(block);
        }
    }

    /// The digits of each block, by place.
    fn blocks(&self) -> impl Iterator<Item = &[[u8; BLOCK]]> {
        self.all.chunks_exact(self.len.max(1))
    }
}

/// A weighted sum made ready for many numbers at a time.
pub(super) struct Sums {
    weights: Vec<i16>,
    of_digits: bool,
    /// The place of the check digit, as the rule has it.
    digit: Option<i64>,
    least: i16,
    /// For each sum from the least on: the check digit, or 0 where none is asked for; [`NO_DIGIT`] for what fails. Empty where
    /// `lanes` do without.
    expected: Vec<u8>,
    lanes: Option<Box<Lanes>>,
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
        let of_rest = |rest: i64| {
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
        let lanes = Lanes::new(rule, (least, most), of_rest).map(Box::new);
        let expected = |sum: i64| of_rest(sum.rem_euclid(rule.modulus));
        Some(Self {
            weights: rule.weights.iter().map(|weight| *weight as i16).collect(),
            of_digits: rule.digit_sums,
            digit: rule.digit,
            least: least as i16,
            expected: match &lanes {
                Some(_) => Vec::new(),
                None => (least..=most).map(expected).collect(),
            },
            lanes,
        })
    }

    /// That of Luhn's check (ISO/IEC 7812-1 annex B) over so many digits.
    pub(super) fn luhn(len: usize) -> Option<&'static Self> {
        static ALL: [OnceLock<Option<Sums>>; LONGEST_SUM + 1] =
            [const { OnceLock::new() }; LONGEST_SUM + 1];
        let known = ALL.get(len).filter(|_| len >= 2)?;
        let weight = |place: usize| if place.is_multiple_of(2) { 1 } else { 2 };
        let made = known.get_or_init(|| Self::from_right(len, (10, 0), true, weight));
        made.as_ref()
    }

    /// That of the check of GS1's numbers over so many digits: weights 1 and 3 from the right.
    pub(super) fn gtin(len: usize) -> Option<&'static Self> {
        static ALL: [OnceLock<Option<Sums>>; LONGEST_SUM + 1] =
            [const { OnceLock::new() }; LONGEST_SUM + 1];
        let known = ALL.get(len).filter(|_| matches!(len, 8 | 12..=14))?;
        let weight = |place: usize| if place.is_multiple_of(2) { 1 } else { 3 };
        let made = known.get_or_init(|| Self::from_right(len, (10, 0), false, weight));
        made.as_ref()
    }

    /// That of the check of a Chilean number of so many digits, the last one included: weights 2 to 7 from the right, and
    /// what they leave modulo 11 is filled up by the check digit.
    pub(super) fn cl_rut(len: usize) -> Option<&'static Self> {
        static ALL: [OnceLock<Option<Sums>>; LONGEST_SUM + 1] =
            [const { OnceLock::new() }; LONGEST_SUM + 1];
        let known = ALL.get(len).filter(|_| matches!(len, 8 | 9))?;
        let weight = |place: usize| match place {
            0 => 1,
            place => [2, 3, 4, 5, 6, 7][(place - 1) % 6],
        };
        let made = known.get_or_init(|| Self::from_right(len, (11, 0), false, weight));
        made.as_ref()
    }

    /// That of the check of a Guatemalan tax number of so many digits, the last one included: weights from 2 on from the right, as
    /// above.
    pub(super) fn gt_nit(len: usize) -> Option<&'static Self> {
        static ALL: [OnceLock<Option<Sums>>; LONGEST_SUM + 1] =
            [const { OnceLock::new() }; LONGEST_SUM + 1];
        let known = ALL.get(len).filter(|_| matches!(len, 2..=12))?;
        let weight = |place: usize| i64::try_from(place + 1).unwrap_or(0);
        let made = known.get_or_init(|| Self::from_right(len, (11, 0), false, weight));
        made.as_ref()
    }

    /// That of the check of a Belarusian tax number of nothing but digits: what the weights leave modulo 11 is the last one.
    pub(super) fn by_unp(len: usize) -> Option<&'static Self> {
        static ONLY: OnceLock<Option<Sums>> = OnceLock::new();
        let weight = |place: usize| [-1, 3, 5, 7, 13, 17, 19, 23, 29][place];
        let made = ONLY.get_or_init(|| Self::from_right(9, (11, 0), false, weight));
        made.as_ref().filter(|_| len == 9)
    }

    /// Those of which a number of New Zealand passes one: its first weights with the check digit, or what calls for the second
    /// weights without it.
    pub(super) fn nz_ird(len: usize) -> Option<&'static [Self; 2]> {
        static ALL: [OnceLock<Option<[Sums; 2]>>; 2] = [const { OnceLock::new() }; 2];
        let known = ALL.get(len.checked_sub(8)?)?;
        let weight = |place: usize| [1, 2, 3, 4, 5, 6, 7, 2, 3].get(place).copied().unwrap_or(0);
        let made = known.get_or_init(|| {
            let first = Self::from_right(len, (11, 0), false, weight)?;
            let without_digit = |place| if place == 0 { 0 } else { weight(place) };
            let second = Self::from_right(len, (11, 1), false, without_digit)?;
            Some([first, second])
        });
        made.as_ref()
    }

    /// A sum that must leave a remainder, its weights by place from the right.
    fn from_right(
        len: usize,
        (modulus, remainder): (i64, i64),
        digit_sums: bool,
        weight: impl Fn(usize) -> i64,
    ) -> Option<Self> {
        Self::compile(&Weighted {
            weights: (0..len).rev().map(weight).collect(),
            modulus,
            remainder,
            digit: None,
            complement: false,
            map: BTreeMap::new(),
            digit_sums,
        })
    }

    /// Which numbers pass, one bit each.
    pub(super) fn pass(&self, digits: &Digits, bits: &mut [u64]) {
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
        if let Some(lanes) = &self.lanes {
            for (word, digits) in bits.iter_mut().zip(digits.blocks()) {
                *word = lanes.pass(digits, place.unwrap_or(0));
            }
            return;
        }
        for (word, digits) in bits.iter_mut().zip(digits.blocks()) {
            let sums = self.sums(digits);
            let none = [0; BLOCK];
            let stands = place.map_or(&none, |place| &digits[place]);
            let each = sums.iter().zip(stands).enumerate();
            *word = each.fold(0, |all, (bit, (&sum, &digit))| {
                let expected = self.expected.get(usize::from(sum.cast_unsigned()));
                all | u64::from(expected == Some(&digit)) << bit
            });
        }
    }

    /// The sums of a block's numbers, above the least one.
    #[inline]
    fn sums(&self, digits: &[[u8; BLOCK]]) -> [i16; BLOCK] {
        let mut sums = [-self.least; BLOCK];
        let weights = self.weights.iter().zip(digits);
        for (&weight, digits) in weights.filter(|(weight, _)| **weight != 0) {
            let here = sums.iter_mut().zip(digits);
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
        sums
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
    fn some_checks_by_name_are_sums() {
        use super::super::taxpayers::{by_unp, gt_nit};
        use super::super::{digits::luhn, trade::gtin, world::cl_rut};
        type Of = fn(usize) -> Option<&'static Sums>;
        type Check = fn(&[u8]) -> bool;
        let mut digits = Digits::default();
        let luhns = [2, 9, 14, 15, 16, 19].map(|len| (len, Sums::luhn as Of, luhn as Check));
        let gtins = [8, 12, 13, 14].map(|len| (len, Sums::gtin as Of, gtin as Check));
        let ruts = [8, 9].map(|len| (len, Sums::cl_rut as Of, cl_rut as Check));
        let nits = [5, 8, 9, 12].map(|len| (len, Sums::gt_nit as Of, gt_nit as Check));
        let unps = [(9, Sums::by_unp as Of, by_unp as Check)];
        let all = luhns.into_iter().chain(gtins).chain(ruts).chain(nits);
        for (len, sums, check) in all.chain(unps) {
            let numbers: Vec<String> = (0..500u64)
                .map(|n| {
                    format!(
                        "{:0len$}",
                        n.wrapping_mul(7919) % 10u64.pow(len.min(18) as u32)
                    )
                })
                .collect();
            digits.fill(len, numbers.iter().map(String::as_bytes));
            let mut bits = vec![0; numbers.len().div_ceil(64)];
            sums(len).unwrap().pass(&digits, &mut bits);
            let each = numbers.iter().map(|n| check(n.as_bytes()));
            let together = (0..numbers.len()).map(|at| bits[at / 64] >> (at % 64) & 1 == 1);
            assert!(each.eq(together), "{len} digits");
        }
    }

    #[test]
    fn what_passes_passes_one_of_the_sums_needed() {
        let mut passed = 0;
        let mut digits = Digits::default();
        for len in [8, 9] {
            let number = |n: u64| {
                format!(
                    "{:0len$}",
                    n.wrapping_mul(0x9e37_79b9) % 140_000_000 % 10u64.pow(len as u32)
                )
            };
            let numbers: Vec<String> = (0..5000).map(number).collect();
            digits.fill(len, numbers.iter().map(String::as_bytes));
            let mut may = vec![0; numbers.len().div_ceil(64)];
            for sums in Sums::nz_ird(len).unwrap() {
                let mut bits = may.clone();
                sums.pass(&digits, &mut bits);
                may.iter_mut()
                    .zip(bits)
                    .for_each(|(may, bits)| *may |= bits);
            }
            for (at, number) in numbers.iter().enumerate() {
                let is_one = super::super::world::nz_ird(number.as_bytes());
                passed += u32::from(is_one);
                assert!(!is_one || may[at / 64] >> (at % 64) & 1 == 1, "{number}");
            }
            let rest: u32 = may.iter().map(|word| word.count_ones()).sum();
            assert!(rest < 1500, "{rest} of 5000 left");
        }
        assert!(passed > 500, "{passed}");
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
            Sums::compile(&rule).unwrap().pass(&digits, &mut bits);
            let each = numbers
                .iter()
                .map(|number| passes(&rule, number.as_bytes()));
            let together = (0..numbers.len()).map(|at| bits[at / 64] >> (at % 64) & 1 == 1);
            assert!(each.eq(together), "{text}");
        }
    }
}
