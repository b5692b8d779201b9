//! The least hashes of values that were checked together: all that a full sketch of different values can want.

use crate::detect::{Alike, Found, Whole};

/// Of values that were checked together, no more than one in so many is few.
const FEW: usize = 8;

/// The least hashes of values that were checked together: all that a full sketch can want, and few of them.
#[derive(Default)]
pub(super) struct SmallHashes {
    /// Of which values, and below which hash.
    of: Option<(usize, u64)>,
    /// Their places.
    places: Vec<u32>,
}

impl SmallHashes {
    /// Calls `take` with the values whose hash is below `bound`, at least.
    #[inline]
    pub(super) fn each(
        &mut self,
        alike: &Alike,
        found: &Found,
        bound: u64,
        mut take: impl FnMut(&Whole),
    ) {
        let wholes = &found.wholes[alike.wholes.clone()];
        // Of the few that pass by chance, all are looked at soonest.
        if bound == u64::MAX || alike.count(found) * FEW < wholes.len() {
            alike.values(found).for_each(take);
            return;
        }
        if !self
            .of
            .is_some_and(|(first, below)| first == alike.wholes.start && below >= bound)
        {
            // The bounds of other forms are alike: somewhat more is enough for most.
            let below = bound.saturating_mul(2);
            self.of = Some((alike.wholes.start, below));
            self.places.clear();
            let places = (0..).zip(wholes);
            self.places.extend(
                places
                    .filter(|(_, whole)| whole.hash < below)
                    .map(|(place, _)| place),
            );
        }
        let bits = alike.bits(found);
        for &place in &self.places {
            if bits[place as usize / 64] >> (place % 64) & 1 == 1 {
                take(&wholes[place as usize]);
            }
        }
    }

    pub(super) fn forget(&mut self) {
        self.of = None;
    }
}
