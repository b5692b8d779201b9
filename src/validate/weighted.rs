//! Weighted sums: enough for most national numbers, with the weights in YAML.

use crate::rule::Weighted;

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
}
