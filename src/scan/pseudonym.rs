//! Columns of hashes, compared with the plain values found in the same scan: an unsalted hash of something that the scan
//! found in plain is a pseudonym in name only.
//!
//! Which columns hold hashes and which values are plain is known only at the end. So two samples are kept meanwhile, in
//! memory alone: of each detector's values the few with the smallest hash, and of each column of digests the smallest ones.
//! At the end, and only if there are such columns, the values are hashed in the usual ways. A digest that lies in the range
//! of a column's sample must stand there, if the column is made of such values. What a sample holds depends on the set of
//! values alone, so any number of threads gives the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use sha2::Digest as _;

use super::worker::lock;
use crate::detect::{DetectorId, Matcher};
use crate::event::{Place, PseudonymRecord};
use crate::rule::Category;
use crate::score::{DIGESTS, Distinct};
use crate::validate::{Outcome, words};

/// Plain values kept of each detector.
const PLAIN: usize = 256;
/// Longer values are not kept.
const LONGEST: usize = 256;
/// Columns of digests kept.
const COLUMNS: usize = 64;
/// Digits of the numbers that are tried one by one.
const TRIED: usize = 9;

/// What is kept of a value's digest: its first bytes.
type Head = fn(&[u8]) -> u64;

/// How a value is hashed, in the order in which records name it.
const ALGORITHMS: [(&str, Head); 4] = [
    ("MD5", |text| head(&md5::Md5::digest(text))),
    ("SHA-1", |text| head(&sha1::Sha1::digest(text))),
    ("SHA-256", |text| head(&sha2::Sha256::digest(text))),
    ("SHA-512", |text| head(&sha2::Sha512::digest(text))),
];

/// What is hashed of a value.
const VARIANTS: [&str; 3] = ["as it stands", "in lower case", "without punctuation"];

/// A plain value's digests: by variant, then by algorithm.
type Digests = [[u64; ALGORITHMS.len()]; VARIANTS.len()];

fn head(digest: &[u8]) -> u64 {
    let first = digest.first_chunk().copied().unwrap_or_default();
    u64::from_be_bytes(first)
}

/// The first 64 bits of a digest in hex or base64; none where the text is no digest.
pub(crate) fn digest(text: &[u8]) -> Option<u64> {
    match text.len() {
        // Which of them are none can't be foreseen, so all are looked at without a branch.
        32 | 40 | 64 | 128 if text.iter().fold(true, |all, &byte| all & is_hex(byte)) => {
            let first = text[..16].iter();
            Some(first.fold(0, |bits, &byte| bits << 4 | u64::from(nibble(byte))))
        }
        24 | 28 | 44 | 88 if text.ends_with(b"=") => {
            let bits = text[..11].iter().try_fold(0u128, |bits, &byte| {
                Some(bits << 6 | u128::from(base64(byte)?))
            })?;
            Some((bits >> 2) as u64)
        }
        _ => None,
    }
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_digit() | matches!(byte | 0x20, b'a'..=b'f')
}

/// What a hexadecimal digit stands for.
fn nibble(byte: u8) -> u8 {
    (byte & 15) + 9 * (byte >> 6)
}

fn base64(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// A plain value; never shown, so it can't be printed.
#[cfg_attr(test, derive(PartialEq, Eq))]
struct Plain {
    raw: Box<[u8]>,
    normalised: Box<[u8]>,
}

impl Plain {
    fn digests(&self) -> Digests {
        let raw = self.raw.trim_ascii();
        let lower = String::from_utf8_lossy(raw).to_lowercase();
        let variants = [raw, lower.as_bytes(), &self.normalised];
        variants.map(|text| ALGORITHMS.map(|(_, digest)| digest(text)))
    }
}

/// The samples of plain values that one thread keeps.
#[derive(Default)]
pub(crate) struct Samples {
    /// For each detector, no hash from it on is wanted.
    bounds: Vec<u64>,
    kept: BTreeMap<DetectorId, BTreeMap<u64, Plain>>,
}

impl Samples {
    /// Gets ready for values, where that hasn't been done.
    pub(super) fn start(&mut self, all: &Pseudonyms) {
        if self.bounds.is_empty() {
            let bounds = all.bounds.iter();
            self.bounds = bounds.map(|bound| bound.load(Ordering::Relaxed)).collect();
        }
    }

    /// No value of the detector with a hash from it on is wanted.
    #[inline]
    pub(super) fn bound(&self, detector: DetectorId) -> u64 {
        self.bounds
            .get(usize::from(detector.0))
            .copied()
            .unwrap_or(0)
    }

    /// Adds a value by its hash.
    #[cold]
    pub(super) fn add(&mut self, detector: DetectorId, hash: u64, raw: &[u8], normalised: &[u8]) {
        if raw.len() > LONGEST {
            return;
        }
        let kept = self.kept.entry(detector).or_default();
        let new = || Plain {
            raw: raw.into(),
            normalised: normalised.into(),
        };
        // Of spellings that are normalised alike the least stays, whichever comes first.
        let known = kept.entry(hash).or_insert_with(new);
        if *raw < *known.raw {
            *known = new();
        }
        if kept.len() > PLAIN {
            kept.pop_last();
            self.bounds[usize::from(detector.0)] =
                kept.last_key_value().map_or(0, |(&last, _)| last);
        }
    }
}

/// The samples of a whole scan.
pub(crate) struct Pseudonyms {
    bounds: Vec<AtomicU64>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    plain: BTreeMap<DetectorId, BTreeMap<u64, Plain>>,
    columns: BTreeMap<Arc<Place>, Distinct>,
}

impl Pseudonyms {
    /// Nothing yet. Of detectors whose values nobody hashes, nothing is kept.
    pub(super) fn new(matcher: &Matcher) -> Self {
        let bound = |detector: &crate::detect::Detector| {
            let rule = &detector.rule;
            let is_hashed = matches!(
                rule.category,
                Category::Contact
                    | Category::Identity
                    | Category::NationalId
                    | Category::Document
                    | Category::Financial
                    | Category::Device
            );
            AtomicU64::new(if is_hashed && !rule.decoy {
                u64::MAX
            } else {
                0
            })
        };
        Self {
            bounds: matcher.detectors.iter().map(bound).collect(),
            kept: Mutex::default(),
        }
    }

    /// Takes what an input's threads sampled of detectors that were found in it.
    pub(super) fn take_plain(
        &self,
        samples: impl Iterator<Item = Samples>,
        is_found: impl Fn(DetectorId) -> bool,
    ) {
        let samples = samples.flat_map(|samples| samples.kept);
        for (detector, values) in samples.filter(|(detector, _)| is_found(*detector)) {
            let mut kept = lock(&self.kept);
            let plain = kept.plain.entry(detector).or_default();
            for (hash, value) in values {
                match plain.get(&hash) {
                    Some(known) if known.raw <= value.raw => {}
                    _ => drop(plain.insert(hash, value)),
                }
            }
            while plain.len() > PLAIN {
                plain.pop_last();
            }
            if let Some((&last, _)) = plain.last_key_value().filter(|_| plain.len() == PLAIN) {
                self.bounds[usize::from(detector.0)].store(last, Ordering::Relaxed);
            }
        }
    }

    /// Takes a column's digests.
    pub(super) fn take_column(&self, place: &Arc<Place>, digests: &Distinct) {
        let columns = &mut lock(&self.kept).columns;
        match columns.get_mut(place) {
            Some(known) => known.merge(digests),
            None => {
                columns.insert(place.clone(), digests.clone());
            }
        }
        if columns.len() > COLUMNS {
            columns.pop_last();
        }
    }

    /// What the columns of digests are made of; `tried` are detectors whose whole space of numbers is gone through.
    pub(super) fn records(&self, matcher: &Matcher, tried: &[DetectorId]) -> Vec<PseudonymRecord> {
        let kept = std::mem::take(&mut *lock(&self.kept));
        let columns: Vec<(Arc<Place>, Known)> = kept
            .columns
            .iter()
            .map(|(place, digests)| (place.clone(), Known::of(digests)))
            .collect();
        if columns.is_empty() {
            return Vec::new();
        }
        let digests = |values: &BTreeMap<u64, Plain>| values.values().map(Plain::digests).collect();
        let plain: BTreeMap<DetectorId, Vec<Digests>> = kept
            .plain
            .iter()
            .map(|(&detector, values)| (detector, digests(values)))
            .collect();
        let spaces: Vec<_> = tried
            .iter()
            .map(|&detector| (detector, space(matcher, detector, &columns)))
            .collect();
        let mut records = Vec::new();
        for (index, (place, known)) in columns.iter().enumerate() {
            let sampled = plain
                .iter()
                .filter_map(|(&detector, values)| Some((best(known, values)?, detector, false)));
            let gone_through = spaces.iter().filter_map(|(detector, counts)| {
                let algorithm = (0..ALGORITHMS.len())
                    .rev()
                    .max_by_key(|&at| counts[index][at])?;
                let hits = counts[index][algorithm];
                let of = known.list.len() as u64;
                (hits > 0).then_some((
                    Match {
                        matched: hits,
                        of,
                        algorithm,
                        variant: 2,
                    },
                    *detector,
                    true,
                ))
            });
            // The surest explanation; of equally sure ones the first detector's.
            let found = sampled
                .chain(gone_through)
                .max_by(|a, b| a.0.share().total_cmp(&b.0.share()).then(b.1.cmp(&a.1)));
            if let Some((found, detector, enumerated)) = found {
                records.push(PseudonymRecord {
                    place: place.clone(),
                    algorithm: ALGORITHMS[found.algorithm].0.into(),
                    of: matcher.detectors[usize::from(detector.0)].name.id.clone(),
                    category: matcher.detectors[usize::from(detector.0)]
                        .name
                        .category
                        .clone(),
                    text: VARIANTS[found.variant].into(),
                    matched: found.matched,
                    compared: found.of,
                    enumerated,
                });
            }
        }
        records
    }
}

/// A column's smallest digests.
struct Known {
    /// Ascending.
    list: Vec<u64>,
    /// Only digests below it are known.
    bound: u64,
}

impl Known {
    fn of(digests: &Distinct) -> Self {
        let list = digests.least(DIGESTS);
        let bound = match list.last() {
            Some(&greatest) if list.len() == DIGESTS => greatest,
            _ => u64::MAX,
        };
        Self { list, bound }
    }

    fn holds(&self, digest: u64) -> bool {
        self.list.binary_search(&digest).is_ok()
    }
}

/// How many digests of plain values are in a column, of those that would be.
#[derive(Clone, Copy)]
struct Match {
    matched: u64,
    of: u64,
    algorithm: usize,
    variant: usize,
}

impl Match {
    fn share(&self) -> f64 {
        self.matched as f64 / self.of.max(1) as f64
    }
}

/// The way of hashing that explains most of the column; none where nothing of it is explained.
fn best(known: &Known, values: &[Digests]) -> Option<Match> {
    let ways = (0..VARIANTS.len())
        .flat_map(|variant| (0..ALGORITHMS.len()).map(move |algorithm| (variant, algorithm)));
    let matches = ways.map(|(variant, algorithm)| {
        let digests: BTreeSet<u64> = values.iter().map(|of| of[variant][algorithm]).collect();
        let near = digests.range(..=known.bound);
        let (matched, of) = near.fold((0, 0), |(matched, of), &digest| {
            (matched + u64::from(known.holds(digest)), of + 1)
        });
        Match {
            matched,
            of,
            algorithm,
            variant,
        }
    });
    let found = matches.filter(|found| found.matched > 0);
    found.reduce(|best, other| {
        if other.matched > best.matched {
            other
        } else {
            best
        }
    })
}

/// How many numbers of up to nine digits that pass a detector's check have their digest in each column, by algorithm.
fn space(
    matcher: &Matcher,
    detector: DetectorId,
    columns: &[(Arc<Place>, Known)],
) -> Vec<[u64; ALGORITHMS.len()]> {
    const PART: u64 = 1_000_000;
    let Some(form) = matcher
        .forms
        .iter()
        .find(|form| form.detector == detector && form.chance < 1.0)
    else {
        return vec![[0; ALGORITHMS.len()]; columns.len()];
    };
    let none = || vec![[0; ALGORITHMS.len()]; columns.len()];
    (0..10u64.pow(TRIED as u32) / PART)
        .into_par_iter()
        .fold(none, |mut counts, part| {
            let mut text = [b'0'; TRIED];
            for number in part * PART..(part + 1) * PART {
                let mut rest = number;
                for place in text.iter_mut().rev() {
                    *place = b'0' + (rest % 10) as u8;
                    rest /= 10;
                }
                if form.checks.run(&text, words::hash(&text)) != Outcome::Pass {
                    continue;
                }
                for (at, (_, digest)) in ALGORITHMS.iter().enumerate() {
                    let digest = digest(&text);
                    for (count, (_, known)) in counts.iter_mut().zip(columns) {
                        count[at] += u64::from(digest <= known.bound && known.holds(digest));
                    }
                }
            }
            counts
        })
        .reduce(none, |mut a, b| {
            for (a, b) in a.iter_mut().flatten().zip(b.iter().flatten()) {
                *a += b;
            }
            a
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_read_in_hex_and_base64() {
        // RFC 1321, appendix A.5: the digest of "abc".
        let hex = digest(b"900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(hex, Some(0x9001_5098_3cd2_4fb0));
        assert_eq!(digest(b"900150983CD24FB0D6963F7D28E17F72"), hex);
        assert_eq!(digest(b"kAFQmDzST7DWlj99KOF/cg=="), hex);
        assert_eq!(ALGORITHMS[0].1(b"abc"), 0x9001_5098_3cd2_4fb0);
        assert_eq!(digest(b"kAFQmDzST7DWlj99KOF/cg"), None);
        assert_eq!(digest(b"900150983cd24fb0d6963f7d28e17f7g"), None);
    }

    #[test]
    fn a_sample_is_a_matter_of_the_set_alone() {
        let sample = |order: &mut dyn Iterator<Item = u64>| {
            let mut samples = Samples {
                bounds: vec![u64::MAX],
                ..Samples::default()
            };
            for number in order {
                let text = number.to_string();
                let hash = words::hash(text.as_bytes());
                if hash < samples.bound(DetectorId(0)) {
                    samples.add(DetectorId(0), hash, text.as_bytes(), text.as_bytes());
                }
            }
            samples.kept
        };
        let spelt = |texts: [&str; 2]| {
            let mut samples = Samples {
                bounds: vec![u64::MAX],
                ..Samples::default()
            };
            for text in texts {
                samples.add(DetectorId(0), 1, text.as_bytes(), b"a@b.nl");
            }
            samples.kept
        };
        assert!(spelt(["A@b.nl", "a@b.nl"]) == spelt(["a@b.nl", "A@b.nl"]));
        let there = sample(&mut (0..2000));
        assert!(there == sample(&mut (0..2000).rev()));
        assert_eq!(there[&DetectorId(0)].len(), PLAIN);
    }

    #[test]
    fn a_column_is_known_by_its_values() {
        let mut column = Distinct::new(DIGESTS);
        let mut values = Vec::new();
        for number in 0..400u64 {
            let text = format!("p{number}@example.org");
            let digests = [ALGORITHMS.map(|(_, digest)| digest(text.as_bytes())); 3];
            column.add(digests[0][2]);
            values.push(digests);
        }
        let found = best(&Known::of(&column), &values).unwrap();
        assert_eq!(
            (found.matched, found.of, found.algorithm, found.variant),
            (400, 400, 2, 0)
        );
        assert!(best(&Known::of(&column), &[[[1; 4]; 3]]).is_none());
    }
}
