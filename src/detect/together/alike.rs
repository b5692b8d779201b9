//! What comes of cells that were checked together: bits instead of candidates.

use std::ops::Range;

use super::super::bits::Bits;
use super::super::{Candidate, FormId, Found, Near};
use crate::score::EvidenceSet;

/// Candidates of one form that fare alike, each the only value of its record in the column and all of it: they need but be
/// counted.
#[derive(Clone, Debug)]
pub(crate) struct Alike {
    pub(crate) form: FormId,
    pub(crate) evidence: EvidenceSet,
    /// Values that were checked together, in [`Found::wholes`].
    pub(crate) wholes: Range<usize>,
    /// Which of them it is about, one bit each, in [`Found::bits`].
    bits: Range<usize>,
}

/// A value that may be a candidate as a whole.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Whole {
    /// Hash of the normalised value.
    pub(crate) hash: u64,
    /// Index of the value in the batch.
    pub(crate) value: u32,
    /// Where it is in the batch's text.
    pub(crate) at: u32,
    pub(crate) len: u32,
}

impl Found {
    /// Those of `wholes` whose bits are set fare alike.
    pub(super) fn alike(
        &mut self,
        form: FormId,
        evidence: EvidenceSet,
        wholes: &Range<usize>,
        bits: &[u64],
    ) {
        if bits.iter().all(|word| *word == 0) {
            return;
        }
        let first = self.bits.len();
        self.bits.extend_from_slice(bits);
        self.alike.push(Alike {
            form,
            evidence: evidence | EvidenceSet::WHOLE,
            wholes: wholes.clone(),
            bits: first..self.bits.len(),
        });
    }

    /// Forgets the candidates that need but be counted.
    pub(crate) fn clear_alike(&mut self) {
        self.alike.clear();
        self.wholes.clear();
        self.bits.clear();
    }
}

impl Alike {
    /// Which values of [`Found::wholes`] it is about, one bit each.
    pub(crate) fn bits<'f>(&self, found: &'f Found) -> &'f [u64] {
        &found.bits[self.bits.clone()]
    }

    /// How many values it is about.
    pub(crate) fn count(&self, found: &Found) -> usize {
        let words = self.bits(found).iter();
        words.map(|word| word.count_ones() as usize).sum()
    }

    /// The last of the values.
    pub(crate) fn last<'f>(&self, found: &'f Found) -> Option<&'f Whole> {
        let bits = self.bits(found);
        let place = bits.iter().rposition(|word| *word != 0)?;
        let last = place * 64 + bits[place].ilog2() as usize;
        found.wholes.get(self.wholes.start + last)
    }

    /// The values.
    pub(crate) fn values<'f>(&self, found: &'f Found) -> impl Iterator<Item = &'f Whole> {
        let wholes = &found.wholes[self.wholes.clone()];
        let words = self.bits(found).iter().enumerate();
        words.flat_map(move |(place, &word)| Bits(word).map(move |bit| &wholes[place * 64 + bit]))
    }
}

impl Whole {
    pub(crate) fn candidate(self, form: FormId, evidence: EvidenceSet) -> Candidate {
        Candidate {
            value: self.value,
            span: self.at..self.at + self.len,
            form,
            evidence,
            near: Near::NONE,
            hash: self.hash,
            alone: true,
            again: false,
        }
    }
}
