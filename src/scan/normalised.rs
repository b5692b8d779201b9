//! The normalised form of the value counted last, and its fingerprint: several detectors claim the same value.

use crate::detect::mask::Fingerprints;
use crate::raw::Raw;
use crate::rule::Rule;
use crate::validate::normalise;

/// A normalised value; its fingerprint is made when it is asked for.
#[derive(Default)]
pub(super) struct Normalised {
    bytes: Vec<u8>,
    /// Where the next one is made.
    next: Vec<u8>,
    fingerprint: Option<u128>,
}

impl Normalised {
    /// Normalises a value as a rule says.
    pub(super) fn of(&mut self, rule: &Rule, value: Raw<'_>) -> &[u8] {
        normalise(rule.normalise, rule.pad, value.expose(), &mut self.next);
        if self.next != self.bytes {
            std::mem::swap(&mut self.next, &mut self.bytes);
            self.fingerprint = None;
        }
        &self.bytes
    }

    /// The fingerprint of the value normalised last.
    pub(super) fn fingerprint(&mut self, fingerprints: &Fingerprints) -> u128 {
        let bytes = &self.bytes;
        *self
            .fingerprint
            .get_or_insert_with(|| fingerprints.of(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_its_own_fingerprint() {
        let rule: Rule = serde_yaml::from_str(
            "id: x\nname: X\ncategory: identity\nabout: x\nprior: 0.5\nnormalise: digits\nfind: [x]\n",
        )
        .unwrap();
        let prints = Fingerprints::new(Some([7; 32]));
        let mut normalised = Normalised::default();
        for value in ["12-34", "1234", "", "12-35"] {
            let bytes = normalised.of(&rule, Raw::new(value.as_bytes())).to_vec();
            assert_eq!(bytes, value.replace('-', "").as_bytes());
            assert_eq!(normalised.fingerprint(&prints), prints.of(&bytes));
        }
    }
}
