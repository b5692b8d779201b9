//! Counting different values: exact while they are few, estimated above.
//!
//! A sketch of the k smallest hashes (Bar-Yossef et al., "Counting distinct elements in a data stream", 2002). Its
//! content depends on the set of values alone, never on their order or on how they were split over threads, which
//! sketches with an order-dependent estimator do not promise. Adding a value costs one comparison once it is full.

/// The k smallest different hashes seen.
#[derive(Clone, Debug)]
pub(crate) struct Distinct {
    k: usize,
    /// Up to twice `k` hashes, the first `sorted` of them sorted and different.
    hashes: Vec<u64>,
    /// No hash above it can be among the k smallest.
    bound: u64,
}

impl Distinct {
    /// Exact up to `k` different values; above, the standard error is 1/√k.
    pub(crate) fn new(k: usize) -> Self {
        Self {
            k,
            hashes: Vec::new(),
            bound: u64::MAX,
        }
    }

    /// Adds a value by its hash.
    pub(crate) fn add(&mut self, hash: u64) {
        if hash < self.bound {
            self.hashes.push(hash);
            if self.hashes.len() >= 2 * self.k {
                self.shrink();
            }
        }
    }

    /// Adds all values of another of the same `k`.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.bound = self.bound.min(other.bound);
        let bound = self.bound;
        self.hashes.retain(|&hash| hash < bound);
        for &hash in &other.hashes {
            self.add(hash);
        }
    }

    fn shrink(&mut self) {
        self.hashes.sort_unstable();
        self.hashes.dedup();
        if self.hashes.len() > self.k {
            self.bound = self.hashes[self.k];
            self.hashes.truncate(self.k);
        }
    }

    /// How many different values there were, about.
    pub(crate) fn count(&self) -> u64 {
        let mut all = self.clone();
        all.shrink();
        if all.bound == u64::MAX {
            return all.hashes.len() as u64;
        }
        // Hashes are even, so those below the bound are this share of all.
        let share = all.bound as f64 / u64::MAX as f64;
        #[expect(clippy::cast_sign_loss, reason = "a count over a share is above 0")]
        let count = (all.hashes.len() as f64 / share).round() as u64;
        count
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
