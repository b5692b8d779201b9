//! A saved result as a baseline: only what is new since then is reported.
//!
//! A finding is known by its rule, its place and its fingerprint, which is a keyed hash: the baseline holds no value and
//! no plain hash of one. Fingerprints mean the same only under the same key file; without one, a detector that
//! the baseline has in a column is known there, and its findings are.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use crate::compare::relative;
use crate::error::Error;
use crate::event::{
    Baselined, ColumnDetector, ColumnRecord, Event, FileRecord, Finding, Place, Summary,
};
use crate::report::load::{Findings, Saved};
use crate::validate::words::hash_of;

/// What is known, and what is new so far.
pub struct Baseline {
    /// When the known scan began, and whether fingerprints can be compared.
    known: Baselined,
    /// The roots of both scans: places are compared as seen from them.
    known_roots: Vec<String>,
    roots: Vec<String>,
    /// The last place, with its key.
    last: Option<(Arc<Place>, u64)>,
    /// How often each finding is known; its key is a hash of rule, place and fingerprint.
    findings: HashMap<u64, u32>,
    /// Detectors and places that are known.
    columns: HashSet<u64>,
    fresh: HashMap<(Arc<Place>, Arc<str>), Fresh>,
    /// New findings of the current input.
    in_input: u64,
    totals: Summary,
}

/// What is new in a column.
#[derive(Default)]
struct Fresh {
    matches: u64,
    rows: u64,
    last_row: u64,
    distinct: HashSet<u64>,
    examples: Vec<String>,
    confidences: BTreeMap<u16, u64>,
}

/// Examples shown of what is new.
const EXAMPLES: usize = 5;

impl Baseline {
    /// Reads a saved result; `key` tells the key of the scan to come.
    pub fn load(saved: &Saved, key: Option<&str>) -> Result<Self, Error> {
        let mut baseline = Self {
            known: Baselined::default(),
            known_roots: Vec::new(),
            roots: Vec::new(),
            last: None,
            findings: HashMap::new(),
            columns: HashSet::new(),
            fresh: HashMap::new(),
            in_input: 0,
            totals: Summary::default(),
        };
        let scan = saved.scan()?;
        baseline.known.findings = key.is_some() && scan.key.as_deref() == key;
        baseline.known.started = scan.started;
        baseline.known_roots = scan.roots;
        let findings = if baseline.known.findings {
            Findings::Read
        } else {
            Findings::Skip
        };
        saved.events(findings, &mut |event| {
            match event {
                Event::Finding(finding) => {
                    let place = place_key(&finding.place, &baseline.known_roots);
                    let key = finding_key(finding, place);
                    *baseline.findings.entry(key).or_default() += 1;
                }
                Event::Column(column) => {
                    for found in &column.detectors {
                        let place = place_key(&column.place, &baseline.known_roots);
                        let key = column_key(place, &found.detector);
                        baseline.columns.insert(key);
                    }
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(baseline)
    }

    /// Whether single findings are compared, and not only columns.
    pub fn is_comparable(&self) -> bool {
        self.known.findings
    }

    /// The event with what is known left out; none where nothing of it is new.
    pub fn event(&mut self, event: &Event) -> Option<Event> {
        match event {
            Event::Scan(scan) => {
                self.roots.clone_from(&scan.roots);
                Some(event.clone())
            }
            Event::Finding(finding) => self.is_new(finding).then(|| event.clone()),
            Event::Column(column) => Some(Event::Column(self.column(column))),
            Event::File(file) => {
                self.fresh.clear();
                Some(Event::File(FileRecord {
                    findings: std::mem::take(&mut self.in_input),
                    ..file.clone()
                }))
            }
            Event::Summary(summary) => Some(Event::Summary(Summary {
                findings: self.totals.findings,
                categories: std::mem::take(&mut self.totals.categories),
                subjects_estimate: summary.subjects_estimate.min(self.totals.subjects_estimate),
                baseline: Some(self.known.clone()),
                ..summary.clone()
            })),
            other => Some(other.clone()),
        }
    }

    fn is_new(&mut self, finding: &Finding) -> bool {
        let place = self.place(&finding.place);
        if self.known.findings {
            if let Some(known) = self.findings.get_mut(&finding_key(finding, place))
                && *known > 0
            {
                *known -= 1;
                return false;
            }
        } else if self
            .columns
            .contains(&column_key(place, &finding.detector.id))
        {
            return false;
        }
        let key = (Arc::clone(&finding.place), Arc::clone(&finding.detector.id));
        let fresh = self.fresh.entry(key).or_default();
        fresh.matches += 1;
        fresh.rows += u64::from(finding.row != fresh.last_row);
        fresh.last_row = finding.row;
        if fresh.distinct.insert((finding.fingerprint >> 64) as u64)
            && fresh.examples.len() < EXAMPLES
        {
            let example = finding.value.as_ref().unwrap_or(&finding.masked);
            fresh.examples.push(example.clone());
        }
        let sure = crate::event::thousandths(finding.confidence);
        *fresh.confidences.entry(sure).or_default() += 1;
        true
    }

    /// The key of a place; most findings are where the one before is.
    fn place(&mut self, place: &Arc<Place>) -> u64 {
        match &self.last {
            Some((last, key)) if Arc::ptr_eq(last, place) => *key,
            _ => {
                let key = place_key(place, &self.roots);
                self.last = Some((Arc::clone(place), key));
                key
            }
        }
    }

    fn column(&mut self, column: &ColumnRecord) -> ColumnRecord {
        let mut detectors = Vec::new();
        for found in &column.detectors {
            let key = (Arc::clone(&column.place), Arc::clone(&found.detector));
            let Some(fresh) = self.fresh.remove(&key) else {
                continue;
            };
            self.in_input += fresh.matches;
            self.totals.findings += fresh.matches;
            self.totals.subjects_estimate = self
                .totals
                .subjects_estimate
                .max(fresh.distinct.len() as u64);
            *self
                .totals
                .categories
                .entry(found.category.to_string())
                .or_default() += fresh.matches;
            detectors.push(ColumnDetector {
                matches: fresh.matches,
                rows: fresh.rows.min(column.rows),
                distinct: fresh.distinct.len() as u64,
                examples: fresh.examples,
                confidences: fresh
                    .confidences
                    .into_iter()
                    .rev()
                    .map(|(sure, count)| (f64::from(sure) / 1000.0, count))
                    .collect(),
                ..found.clone()
            });
        }
        ColumnRecord {
            detectors,
            ..column.clone()
        }
    }
}

fn finding_key(finding: &Finding, place: u64) -> u64 {
    let half = (finding.fingerprint >> 64) as u64;
    hash_of(&(&*finding.detector.id, place, half))
}

fn column_key(place: u64, detector: &str) -> u64 {
    hash_of(&(detector, place))
}

/// A place as seen from the root of its scan; of several roots, each is a place of its own.
fn place_key(place: &Place, roots: &[String]) -> u64 {
    let file = match roots {
        [_] => relative(&place.file, roots),
        _ => &place.file,
    };
    hash_of(&(file, &place.member, &place.table, &place.column))
}
