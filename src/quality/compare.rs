//! `speur bench compare`: two rule sets on unlabelled data, and what only one of them finds, so that a person can judge
//! those alone. `labels.rs` keeps the judgements.
//!
//! Of the first scan's findings a hash of each is kept and nothing else; of the second's, those that the first lacks. Then
//! the same the other way round.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hash};
use std::path::PathBuf;

use hashbrown::HashMap;
use serde::Serialize;

use super::labels::Labels;
use crate::error::Error;
use crate::event::{Event, Finding};
use crate::rule::RuleSet;
use crate::scan::{Progress, Scan};

/// Examples of each column and detector.
const EXAMPLES: usize = 3;
/// Seeds the hashes of findings; any number does, as they stay in memory.
const SEED: u64 = 0x5eed;

/// A finding for a person to judge.
#[derive(Clone, Debug, Serialize)]
pub struct Doubt {
    /// Its record.
    pub row: u64,
    /// The value, masked.
    pub masked: String,
    /// How sure it is.
    pub confidence: f64,
    /// Why.
    pub evidence: Vec<String>,
    /// The keyed hash of the value, under which a judgement is kept.
    pub fingerprint: String,
    /// What was judged of this value and detector before.
    pub judged: Option<bool>,
}

/// What only one rule set finds in a column.
#[derive(Clone, Debug, Serialize)]
pub struct Only {
    /// The rule set that finds it.
    pub set: String,
    /// The file, with the member of an archive.
    pub file: String,
    /// The table, where there is one.
    pub table: Option<String>,
    /// The column.
    pub column: Option<String>,
    /// The detector.
    pub detector: String,
    /// Findings that the other rule set lacks.
    pub findings: u64,
    /// Whether the other finds nothing of the detector in the column.
    pub is_new_column: bool,
    /// Of those that were judged before, how many are right.
    pub right: u64,
    /// And how many are wrong.
    pub wrong: u64,
    /// Some of them.
    pub examples: Vec<Doubt>,
}

/// The difference between two rule sets.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The first rule set.
    pub a: String,
    /// The second.
    pub b: String,
    /// Findings of both.
    pub common: u64,
    /// Findings of the first alone.
    pub only_a: u64,
    /// Findings of the second alone.
    pub only_b: u64,
    /// Column by column, the most first.
    pub columns: Vec<Only>,
    /// Inputs that could not be read in full, and why.
    pub unread: Vec<(String, String)>,
}

/// A column and a detector.
type Key = (String, Option<String>, Option<String>, String);

/// What one scan found: a hash of each finding, and how many each column has.
#[derive(Default)]
struct Seen {
    hashes: hashbrown::HashSet<u64>,
    columns: HashMap<Key, u64>,
}

/// Compares two rule sets, each with its name, over the same paths. `scan` makes a scan with the rules it is given, always
/// with the same key.
pub fn compare(
    sets: [(String, RuleSet); 2],
    paths: &[PathBuf],
    labels: &Labels,
    scan: impl Fn(RuleSet, Vec<PathBuf>) -> Scan,
) -> Result<Comparison, Error> {
    let [(name_a, rules_a), (name_b, rules_b)] = sets;
    let mut unread = Vec::new();
    let (mut a, mut b) = (Seen::default(), Seen::default());
    let first = scan(rules_a, paths.to_vec());
    let second = scan(rules_b, paths.to_vec());
    a.look(&first, None)?;
    let mut only_b = Onlies::new(&name_b, labels);
    b.look(&second, Some((&a, &mut only_b)))?;
    // Once more over the first, now that the second is known.
    let mut only_a = Onlies::new(&name_a, labels);
    Seen::default().look(&first, Some((&b, &mut only_a)))?;
    unread.append(&mut only_b.unread);
    let mut columns: Vec<Only> = only_a.columns.into_values().collect();
    columns.extend(only_b.columns.into_values());
    columns.sort_by(|x, y| {
        let place = |only: &Only| {
            (
                only.file.clone(),
                only.column.clone(),
                only.detector.clone(),
            )
        };
        (y.is_new_column, y.findings)
            .cmp(&(x.is_new_column, x.findings))
            .then_with(|| place(x).cmp(&place(y)))
    });
    Ok(Comparison {
        a: name_a,
        b: name_b,
        common: b.hashes.intersection(&a.hashes).count() as u64,
        only_a: a.hashes.difference(&b.hashes).count() as u64,
        only_b: b.hashes.difference(&a.hashes).count() as u64,
        columns,
        unread,
    })
}

/// Findings that the other rule set lacks.
struct Onlies<'l> {
    set: &'l str,
    labels: &'l Labels,
    columns: BTreeMap<Key, Only>,
    unread: Vec<(String, String)>,
}

impl<'l> Onlies<'l> {
    fn new(set: &'l str, labels: &'l Labels) -> Self {
        Self {
            set,
            labels,
            columns: BTreeMap::new(),
            unread: Vec::new(),
        }
    }

    fn add(&mut self, finding: &Finding, key: Key, is_new_column: bool) {
        let fingerprint = format!("{:032x}", finding.fingerprint);
        let judged = self.labels.judged(&fingerprint, &finding.detector.id);
        let only = self.columns.entry(key).or_insert_with_key(|key| Only {
            set: self.set.to_owned(),
            file: key.0.clone(),
            table: key.1.clone(),
            column: key.2.clone(),
            detector: key.3.clone(),
            findings: 0,
            is_new_column,
            right: 0,
            wrong: 0,
            examples: Vec::new(),
        });
        only.findings += 1;
        only.right += u64::from(judged == Some(true));
        only.wrong += u64::from(judged == Some(false));
        let is_known = only
            .examples
            .iter()
            .any(|example| example.fingerprint == fingerprint);
        if only.examples.len() < EXAMPLES && !is_known {
            only.examples.push(Doubt {
                row: finding.row,
                masked: finding.masked.clone(),
                confidence: finding.confidence,
                evidence: finding.evidence.to_vec(),
                fingerprint,
                judged,
            });
        }
    }
}

impl Seen {
    fn look(
        &mut self,
        scan: &Scan,
        mut other: Option<(&Seen, &mut Onlies<'_>)>,
    ) -> Result<(), Error> {
        let hasher = foldhash::quality::FixedState::with_seed(SEED);
        scan.run(&Progress::default(), &mut |event| {
            match event {
                Event::Finding(finding) => {
                    let place = &finding.place;
                    let text =
                        |part: &Option<std::sync::Arc<str>>| part.as_deref().map(str::to_owned);
                    let file = crate::report::input_name(&place.file, place.member.as_deref());
                    let detector = finding.detector.id.to_string();
                    let key = (
                        file.clone(),
                        text(&place.table),
                        text(&place.column),
                        detector,
                    );
                    let hash = hasher.hash_one(Spot(&key, finding));
                    self.hashes.insert(hash);
                    *self.columns.entry_ref(&key).or_default() += 1;
                    if let Some((seen, onlies)) = &mut other
                        && !seen.hashes.contains(&hash)
                    {
                        let is_new = !seen.columns.contains_key(&key);
                        onlies.add(finding, key, is_new);
                    }
                }
                Event::File(file) => {
                    if let (Some((_, onlies)), Some(reason)) = (&mut other, &file.reason)
                        && file.status != crate::event::Status::Scanned
                    {
                        let name = crate::report::input_name(&file.file, file.member.as_deref());
                        onlies.unread.push((name, reason.clone()));
                    }
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// Where a finding is, for its hash.
struct Spot<'f>(&'f Key, &'f Finding);

impl Hash for Spot<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
        (self.1.row, self.1.start, self.1.fingerprint).hash(state);
    }
}
