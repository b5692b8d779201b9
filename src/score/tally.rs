//! Counts of one column. Any two can be merged, in any order, with the same result.

use super::{Distinct, EvidenceSet, Stratum};
use crate::detect::{DetectorId, FormId};

/// Different values counted exactly, of findings.
const EXACT: usize = 1024;
/// Different values counted exactly, of candidates: more do not make a column surer.
const ENOUGH: usize = 256;

/// Counts of one column.
#[derive(Clone, Debug, Default)]
pub(crate) struct ColumnTally {
    /// Values that are not empty.
    pub(crate) nonempty: u64,
    /// Per form and stratum.
    pub(crate) forms: Few<FormId, FormTally>,
    /// Per detector, the rows that hold at least one candidate that doesn't fail.
    pub(crate) rows: Few<DetectorId, u64>,
}

/// A map of a few entries, looked up by going through its keys. A column has a handful of forms, and each of its values
/// asks for one.
#[derive(Clone, Debug)]
pub(crate) struct Few<K, V> {
    keys: Vec<K>,
    values: Vec<V>,
}

impl<K, V> Default for Few<K, V> {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            values: Vec::new(),
        }
    }
}

impl<K: Copy + Ord, V> Few<K, V> {
    /// The value of a key; there is none yet where it is new.
    pub(crate) fn get(&self, key: K) -> Option<&V> {
        let at = self.keys.iter().position(|known| *known == key)?;
        Some(&self.values[at])
    }

    /// The value of a key, made where the key is new.
    #[inline]
    pub(crate) fn of(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        let known = self.keys.iter().position(|known| *known == key);
        let at = known.unwrap_or_else(|| {
            self.keys.push(key);
            self.values.push(V::default());
            self.keys.len() - 1
        });
        &mut self.values[at]
    }

    /// All entries; in the order of their keys once they are settled.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        self.keys.iter().copied().zip(&self.values)
    }

    fn into_entries(self) -> impl Iterator<Item = (K, V)> {
        self.keys.into_iter().zip(self.values)
    }

    /// Puts the entries in the order of their keys.
    fn settle(&mut self) {
        let mut entries: Vec<(K, V)> = std::mem::take(self).into_entries().collect();
        entries.sort_by_key(|(key, _)| *key);
        (self.keys, self.values) = entries.into_iter().unzip();
    }
}

/// Counts of one form in one column.
#[derive(Clone, Debug)]
pub(crate) struct FormTally {
    /// Per evidence set; few.
    pub(crate) buckets: Vec<(EvidenceSet, Bucket)>,
    /// Different candidates among whole cells and in texts, those that fail included.
    pub(crate) shapes: [Distinct; 2],
    /// Different candidates that don't fail.
    pub(crate) values: Distinct,
    /// The first different ones.
    pub(crate) examples: Vec<Example>,
}

/// Counts of one evidence set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bucket {
    /// Candidates.
    pub(crate) matches: u64,
    /// Rows in which such a candidate is the detector's first.
    pub(crate) rows: u64,
}

/// An example, masked unless `--reveal` asked for the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Example {
    /// Chunk, and place within it: what "first" means.
    pub(crate) at: (u64, u64),
    pub(crate) hash: u64,
    pub(crate) evidence: EvidenceSet,
    pub(crate) text: String,
}

impl Default for FormTally {
    fn default() -> Self {
        Self {
            buckets: Vec::new(),
            shapes: [Distinct::new(ENOUGH), Distinct::new(ENOUGH)],
            values: Distinct::new(EXACT),
            examples: Vec::new(),
        }
    }
}

impl FormTally {
    /// The counts of this evidence set.
    pub(crate) fn bucket(&mut self, evidence: EvidenceSet) -> &mut Bucket {
        let at = if let Some(at) = self
            .buckets
            .iter()
            .position(|(known, _)| *known == evidence)
        {
            at
        } else {
            self.buckets.push((evidence, Bucket::default()));
            self.buckets.len() - 1
        };
        &mut self.buckets[at].1
    }

    /// Candidates of a stratum: all of them, and those that pass.
    pub(crate) fn passes(&self, stratum: Stratum) -> (u64, u64) {
        let here = self
            .buckets
            .iter()
            .filter(|(evidence, _)| evidence.stratum() == stratum);
        here.fold((0, 0), |(all, passed), (evidence, bucket)| {
            let passes = evidence.has(EvidenceSet::PASSED);
            (
                all + bucket.matches,
                passed + if passes { bucket.matches } else { 0 },
            )
        })
    }

    /// Whether an example would be among the first `keep` different ones.
    pub(crate) fn wants_example(&self, at: (u64, u64), hash: u64, keep: usize) -> bool {
        let last = self.examples.last();
        if self.examples.len() >= keep && last.is_none_or(|last| at >= last.at) {
            return false;
        }
        let known = self.examples.iter().find(|known| known.hash == hash);
        known.is_none_or(|known| at < known.at)
    }

    /// Keeps the first `keep` different examples.
    pub(crate) fn add_example(&mut self, example: Example, keep: usize) {
        if let Some(known) = self
            .examples
            .iter_mut()
            .find(|known| known.hash == example.hash)
        {
            if example.at < known.at {
                *known = example;
            }
        } else {
            self.examples.push(example);
        }
        self.examples.sort_by_key(|example| example.at);
        self.examples.truncate(keep);
    }

    fn merge(&mut self, other: Self, keep: usize) {
        for (evidence, counts) in other.buckets {
            let bucket = self.bucket(evidence);
            bucket.matches += counts.matches;
            bucket.rows += counts.rows;
        }
        for (mine, theirs) in self.shapes.iter_mut().zip(&other.shapes) {
            mine.merge(theirs);
        }
        self.values.merge(&other.values);
        for example in other.examples {
            self.add_example(example, keep);
        }
    }
}

impl ColumnTally {
    /// Puts forms, detectors and evidence sets in their order, so that sums over them come out the same whoever met them first.
    pub(crate) fn settle(&mut self) {
        for tally in &mut self.forms.values {
            tally.buckets.sort_by_key(|(evidence, _)| *evidence);
        }
        self.forms.settle();
        self.rows.settle();
    }

    /// Adds another's counts; `keep` examples stay.
    pub(crate) fn merge(&mut self, other: Self, keep: usize) {
        self.nonempty += other.nonempty;
        for (form, tally) in other.forms.into_entries() {
            self.forms.of(form).merge(tally, keep);
        }
        for (detector, rows) in other.rows.into_entries() {
            *self.rows.of(detector) += rows;
        }
    }
}
