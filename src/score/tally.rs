//! Counts of one column. Any two can be merged, in any order, with the same result.

use super::{Distinct, EvidenceSet, Stratum};
use crate::detect::{DetectorId, FormId};

/// Different values counted exactly, of findings.
const EXACT: usize = 1024;
/// Different values counted exactly, of candidates: more do not make a column surer.
const ENOUGH: usize = 256;

/// Digests kept of a column of hashes.
pub(crate) const DIGESTS: usize = 1 << 16;

/// Counts of one column.
#[derive(Clone, Debug, Default)]
pub(crate) struct ColumnTally {
    /// Values that are not empty.
    pub(crate) nonempty: u64,
    /// Per form and stratum.
    pub(crate) forms: Few<FormId, FormTally>,
    /// Per detector, the rows that hold at least one candidate that doesn't fail.
    pub(crate) rows: Few<DetectorId, u64>,
    /// The smallest of the digests it consists of; none where it holds no digests.
    pub(crate) digests: Option<Box<Distinct>>,
}

/// A key that is a small number.
pub(crate) trait Number: Copy + Ord {
    fn number(self) -> usize;
}

impl Number for FormId {
    fn number(self) -> usize {
        usize::from(self.0)
    }
}

impl Number for DetectorId {
    fn number(self) -> usize {
        usize::from(self.0)
    }
}

/// A map of a few entries, whose keys are small numbers. Each candidate asks for one, so it is found without a search.
#[derive(Clone, Debug)]
pub(crate) struct Few<K, V> {
    entries: Vec<(K, V)>,
    /// By a key's number, the place of its entry; [`NONE`] where there is none.
    places: Vec<u16>,
}

/// No entry.
const NONE: u16 = u16::MAX;

impl<K, V> Default for Few<K, V> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            places: Vec::new(),
        }
    }
}

impl<K: Number, V> Few<K, V> {
    /// The value of a key; there is none yet where it is new.
    pub(crate) fn get(&self, key: K) -> Option<&V> {
        let place = *self.places.get(key.number())?;
        self.entries.get(usize::from(place)).map(|(_, value)| value)
    }

    /// The value of a key, made where the key is new.
    #[inline]
    pub(crate) fn of(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        let place = match self.places.get(key.number()) {
            Some(&place) if place != NONE => usize::from(place),
            _ => self.add(key),
        };
        &mut self.entries[place].1
    }

    #[cold]
    fn add(&mut self, key: K) -> usize
    where
        V: Default,
    {
        self.entries.push((key, V::default()));
        self.find_places();
        self.entries.len() - 1
    }

    fn find_places(&mut self) {
        self.places.fill(NONE);
        for (place, (key, _)) in self.entries.iter().enumerate() {
            if key.number() >= self.places.len() {
                self.places.resize(key.number() + 1, NONE);
            }
            self.places[key.number()] = place as u16;
        }
    }

    /// All entries; in the order of their keys once they are settled.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        self.entries.iter().map(|(key, value)| (*key, value))
    }

    /// Takes all entries out.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = (K, V)> {
        self.places.clear();
        self.entries.drain(..)
    }

    /// Puts the entries in the order of their keys.
    fn settle(&mut self) {
        self.entries.sort_by_key(|(key, _)| *key);
        self.find_places();
    }
}

/// Counts of one form in one column.
#[derive(Clone, Debug)]
pub(crate) struct FormTally {
    /// Per evidence set; few.
    pub(crate) buckets: Vec<(EvidenceSet, Bucket)>,
    /// By an evidence set's bits, the place of its bucket and 1; 0 where there is none.
    places: [u8; 256],
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
            places: [0; 256],
            shapes: [Distinct::new(ENOUGH), Distinct::new(ENOUGH)],
            values: Distinct::new(EXACT),
            examples: Vec::new(),
        }
    }
}

impl FormTally {
    /// The counts of this evidence set.
    #[inline]
    pub(crate) fn bucket(&mut self, evidence: EvidenceSet) -> &mut Bucket {
        let place = &mut self.places[usize::from(evidence.0)];
        if *place == 0 {
            self.buckets.push((evidence, Bucket::default()));
            *place = self.buckets.len() as u8;
        }
        &mut self.buckets[usize::from(*place) - 1].1
    }

    /// Puts the evidence sets in their order.
    fn settle(&mut self) {
        self.buckets.sort_by_key(|(evidence, _)| *evidence);
        for (place, (evidence, _)) in (1..).zip(&self.buckets) {
            self.places[usize::from(evidence.0)] = place;
        }
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

    /// Whether there are `keep` examples, none of them behind `at`: then nothing from there on becomes one.
    pub(crate) fn has_examples_before(&self, at: (u64, u64), keep: usize) -> bool {
        self.examples.len() >= keep && self.examples.last().is_none_or(|last| last.at <= at)
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
        for (_, tally) in &mut self.forms.entries {
            tally.settle();
        }
        self.forms.settle();
        self.rows.settle();
    }

    /// Adds another's counts; `keep` examples stay.
    pub(crate) fn merge(&mut self, other: Self, keep: usize) {
        self.nonempty += other.nonempty;
        for (form, tally) in other.forms.entries {
            self.forms.of(form).merge(tally, keep);
        }
        for (detector, rows) in other.rows.entries {
            *self.rows.of(detector) += rows;
        }
        match (&mut self.digests, other.digests) {
            (Some(mine), Some(theirs)) => mine.merge(&theirs),
            (mine @ None, theirs) => *mine = theirs,
            (Some(_), None) => {}
        }
    }

    /// Adds a digest that is a whole cell.
    pub(crate) fn add_digest(&mut self, digest: u64) {
        let digests = self
            .digests
            .get_or_insert_with(|| Box::new(Distinct::new(DIGESTS)));
        digests.add(digest);
    }
}
