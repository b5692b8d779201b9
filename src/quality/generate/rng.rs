//! Random numbers that are the same everywhere: `SplitMix64` (Steele, Lea, Flood, "Fast splittable pseudorandom number
//! generators", 2014). Each row has a generator of its own, so a row depends on the seed and its number alone.

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub(in crate::quality) struct Rng(u64);

impl Rng {
    /// The stream of a row.
    pub(in crate::quality) fn new(seed: u64, row: u64) -> Self {
        let mut rng = Self(seed ^ row.wrapping_mul(0xA24B_AED4_963E_E407));
        rng.next();
        Self(rng.next() ^ row)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    /// A number below `bound`.
    pub(in crate::quality) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// A number from `from` to `to`, both included.
    pub(in crate::quality) fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to - from + 1)
    }

    /// True once in `times`.
    pub(super) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub(super) fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }

    /// Appends that many random digits.
    pub(super) fn digits(&mut self, count: usize, out: &mut Vec<u8>) {
        for _ in 0..count {
            out.push(b'0' + self.below(10) as u8);
        }
    }
}
