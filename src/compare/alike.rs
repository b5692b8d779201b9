//! How alike two columns are, by the values in them.

use std::collections::BTreeSet;

use hashbrown::HashMap;

use super::side::{Side, common};
use crate::event::{ColumnDetector, ColumnRecord};

/// Share of all values that two columns must have in common to be the same.
const ALIKE: f64 = 0.5;
/// Share of the values of the smaller one that the other must have, where one of two columns grew, or was parted.
const WITHIN: f64 = 0.8;
/// Values in common from which on that says something.
const ENOUGH: f64 = 20.0;
/// Columns that may share a value of a signature before it says nothing any more.
const COMMON: usize = 64;

/// Two columns that hold the same values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alike {
    pub(super) before: usize,
    pub(super) after: usize,
    /// The share of all their values that both have, 0 to 1.
    pub(super) share: f64,
    /// How much that says that they are the same, 0 to 1.
    pub(super) weight: f64,
}

/// All columns of both results that hold the same values, in the order of the columns.
pub(super) fn columns(old: &Side, new: &Side) -> Vec<Alike> {
    let mut index: HashMap<&str, Vec<usize>> = HashMap::new();
    for (after, column) in new.columns.iter().enumerate() {
        for hash in signature(column) {
            index.entry(hash).or_default().push(after);
        }
    }
    let mut found = Vec::new();
    for (before, column) in old.columns.iter().enumerate() {
        let mut candidates = BTreeSet::new();
        for hash in signature(column) {
            let columns = index.get(hash).filter(|columns| columns.len() <= COMMON);
            candidates.extend(columns.into_iter().flatten().copied());
        }
        let alike = candidates
            .into_iter()
            .filter_map(|after| alike((old, before), (new, after)));
        found.extend(alike);
    }
    found
}

fn signature(column: &ColumnRecord) -> impl Iterator<Item = &str> {
    let detectors = column.detectors.iter();
    detectors.flat_map(|found| found.signature.iter().map(String::as_str))
}

/// By the detector that says most.
fn alike((old, before): (&Side, usize), (new, after): (&Side, usize)) -> Option<Alike> {
    let mut most: Option<Alike> = None;
    for x in &old.columns[before].detectors {
        let others = new.columns[after].detectors.iter();
        for y in others.filter(|y| y.detector == x.detector) {
            let values = (
                old.values(before, &x.detector),
                new.values(after, &y.detector),
            );
            let (share, within, both) = overlap((x, y), values);
            let weight = if share >= ALIKE {
                share
            } else if within >= WITHIN && both >= ENOUGH {
                within / 2.0
            } else {
                continue;
            };
            if most.is_none_or(|most| weight > most.weight) {
                most = Some(Alike {
                    before,
                    after,
                    share,
                    weight,
                });
            }
        }
    }
    most
}

/// The share of all values that both columns have, the share of the smaller one's, and how many that are; of single findings
/// if the results have some, else estimated.
fn overlap(
    (x, y): (&ColumnDetector, &ColumnDetector),
    (old, new): (&[u64], &[u64]),
) -> (f64, f64, f64) {
    let (share, a, b) = if old.is_empty() || new.is_empty() {
        let share = resemblance(&x.signature, &y.signature);
        (share, x.distinct as f64, y.distinct as f64)
    } else {
        let [a, b, both] = common(old, new).map(|count| count as f64);
        (both / (a + b - both), a, b)
    };
    let both = share * (a + b) / (1.0 + share);
    let least = a.min(b);
    (share, if least > 0.0 { both / least } else { 0.0 }, both)
}

/// The share of values that two columns have in common, from the least hashes of each (Broder, "On the resemblance and
/// containment of documents", 1997): of as many of the least ones of both as a sketch has, those that are in both.
fn resemblance(a: &[String], b: &[String]) -> f64 {
    let (a, b): (BTreeSet<&String>, BTreeSet<&String>) = (a.iter().collect(), b.iter().collect());
    let size = a.len().max(b.len());
    let least: Vec<_> = a.union(&b).take(size).collect();
    if least.is_empty() {
        return 0.0;
    }
    let both = least
        .iter()
        .filter(|hash| a.contains(**hash) && b.contains(**hash));
    both.count() as f64 / least.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resemblance_is_that_of_the_values() {
        // The least 64 of 2,000 values each, of which a share is the same: hashes by a multiplicative generator.
        let hash = |value: u64| {
            let mixed = value.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (value << 7);
            format!("{:016x}", mixed.wrapping_mul(0xbf58_476d_1ce4_e5b9))
        };
        let sketch = |values: std::ops::Range<u64>| {
            let all: BTreeSet<String> = values.map(hash).collect();
            all.into_iter().take(64).collect::<Vec<_>>()
        };
        for (kept, share) in [(2000, 1.0), (1600, 0.667), (1000, 0.333), (0, 0.0)] {
            let estimated = resemblance(&sketch(0..2000), &sketch(2000 - kept..4000 - kept));
            assert!((estimated - share).abs() < 0.16, "{kept} {estimated}");
        }
        // All values are known where there are few.
        assert!((resemblance(&sketch(0..10), &sketch(5..15)) - 1.0 / 3.0).abs() < 0.2);
    }
}
