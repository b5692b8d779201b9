//! Counting different values: exact while they are few, estimated above.
//!
//! A sketch of the k smallest hashes (Bar-Yossef et al., "Counting distinct elements in a data stream", 2002). Its
//! content depends on the set of values alone, never on their order or on how they were split over threads, which
//! sketches with an order-dependent estimator do not promise. Adding a value costs one comparison once it is full.

use crate::validate::words::Hashes;

/// The k smallest different hashes seen.
#[derive(Clone, Debug)]
pub(crate) struct Distinct {
    k: usize,
    /// Up to twice `k` hashes.
    hashes: Hashes,
    /// No hash from it on can be among the k smallest.
    bound: u64,
}

impl Distinct {
    /// Exact up to `k` different values; above, the standard error is 1/√k.
    pub(crate) fn new(k: usize) -> Self {
        Self {
            k,
            hashes: Hashes::default(),
            bound: u64::MAX,
        }
    }

    /// Adds a value by its hash.
    #[inline]
    pub(crate) fn add(&mut self, hash: u64) {
        if hash < self.bound && self.hashes.insert(hash) && self.hashes.len() >= 2 * self.k {
            self.shrink();
        }
    }

    /// No hash from it on counts any more.
    #[inline]
    pub(crate) fn bound(&self) -> u64 {
        self.bound
    }

    /// Adds all values of another of the same `k`.
    pub(crate) fn merge(&mut self, other: &Self) {
        if other.bound < self.bound {
            self.bound = other.bound;
            self.hashes.retain(|&hash| hash < other.bound);
        }
        // In any order: the k smallest are the same.
        for &hash in &other.hashes {
            self.add(hash);
        }
    }

    #[cold]
    fn shrink(&mut self) {
        let bound = self.behind();
        self.hashes.retain(|&hash| hash < bound);
        self.bound = bound;
    }

    /// The smallest hash behind the k smallest; there are more than `k`.
    fn behind(&self) -> u64 {
        let mut hashes: Vec<u64> = self.hashes.iter().copied().collect();
        *hashes.select_nth_unstable(self.k).1
    }

    /// How many different values there were, about.
    pub(crate) fn count(&self) -> u64 {
        if self.hashes.len() <= self.k && self.bound == u64::MAX {
            return self.hashes.len() as u64;
        }
        let (count, bound) = if self.hashes.len() <= self.k {
            (self.hashes.len(), self.bound)
        } else {
            (self.k, self.behind())
        };
        // Hashes are even, so those below the bound are this share of all.
        let share = bound as f64 / u64::MAX as f64;
        #[expect(clippy::cast_sign_loss, reason = "a count over a share is above 0")]
        let count = (count as f64 / share).round() as u64;
        count
    }

    /// The share of its values that the other has, too, about.
    pub(crate) fn share_in(&self, other: &Self) -> f64 {
        let bound = self.bound.min(other.bound);
        let (mut all, mut shared) = (0u32, 0u32);
        for hash in self.hashes.iter().filter(|hash| **hash < bound) {
            all += 1;
            shared += u32::from(other.hashes.contains(hash));
        }
        f64::from(shared) / f64::from(all.max(1))
    }

    /// The `n` smallest hashes, ascending; `n` is at most the sketch's `k`.
    pub(crate) fn least(&self, n: usize) -> Vec<u64> {
        let mut hashes: Vec<u64> = self.hashes.iter().copied().collect();
        hashes.sort_unstable();
        hashes.truncate(n.min(self.k));
        hashes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(value: u64) -> u64 {
        let mixed = (value ^ value >> 31).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) ^ mixed >> 32
    }

    #[test]
    fn exact_below_k_and_close_above() {
        let mut few = Distinct::new(256);
        (0..200)
            .chain(0..200)
            .for_each(|value| few.add(hash(value)));
        assert_eq!(few.count(), 200);
        let mut many = Distinct::new(1024);
        (0..100_000).for_each(|value| many.add(hash(value)));
        let error = (many.count() as f64 / 100_000.0 - 1.0).abs();
        assert!(error < 0.1, "off by {error}");
    }

    #[test]
    fn the_share_in_another_is_known_above_k_too() {
        let (mut few, mut many) = (Distinct::new(256), Distinct::new(256));
        (0..100).for_each(|value| few.add(hash(value)));
        (50..100_000).for_each(|value| many.add(hash(value)));
        assert!((few.share_in(&few) - 1.0).abs() < 1e-9);
        assert!(many.share_in(&few) < 0.1, "few of the many are in the few");
        let mut most = Distinct::new(256);
        (0..80_000).for_each(|value| most.add(hash(value)));
        let share = many.share_in(&most);
        assert!((share - 0.8).abs() < 0.1, "{share}");
    }

    #[test]
    fn any_split_gives_the_same() {
        let mut whole = Distinct::new(64);
        (0..5000).for_each(|value| whole.add(hash(value)));
        let (mut a, mut b) = (Distinct::new(64), Distinct::new(64));
        (0..5000).rev().for_each(|value| {
            if value % 3 == 0 {
                a.add(hash(value));
            } else {
                b.add(hash(value));
            }
        });
        b.merge(&a);
        assert_eq!(whole.count(), b.count());
        let mut fresh = Distinct::new(64);
        fresh.merge(&b);
        assert_eq!(whole.count(), fresh.count());
    }
}
