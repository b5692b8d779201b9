//! From a complete ledger to events: findings, then columns, then the `file` record.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashMap;

use super::Emit;
use super::findings::Findings;
use super::hits::Kind;
use super::ledger::{Base, Column, Ledger, Records};
use super::packed::Packer;
use super::pseudonym::Samples;
use super::worker::{Engine, lock};
use crate::detect::context::{Near, Says};
use crate::detect::{DetectorId, FormId};
use crate::event::{
    ByteCounts, CheckCount, ColumnDetector, ColumnRecord, Event, FileCounts, Place, Sampled,
    Summary, Weight,
};
use crate::rule::Category;
use crate::score::{ColumnFacts, ColumnTally, ColumnVerdict, Distinct, EvidenceSet, judge_table};

/// Values that make up a signature.
const SIGNED: usize = 64;

/// Totals over all inputs.
#[derive(Default)]
pub(crate) struct Totals {
    files: FileCounts,
    unread: u64,
    sizes: ByteCounts,
    findings: u64,
    categories: BTreeMap<String, u64>,
    subjects: u64,
    sample: Option<Sampled>,
}

impl Totals {
    /// Counts what an event says; and whether the input that it is about could not be read in full.
    pub(crate) fn add(&mut self, engine: &Engine<'_>, event: &Event, is_unread: bool) {
        match event {
            Event::Column(column) => self.column(engine, column),
            Event::File(file) => {
                self.files.add(file.status);
                self.unread += u64::from(is_unread);
                self.findings += file.findings;
                if let Some(sampled) = file.sampled {
                    let sum = self.sample.get_or_insert_default();
                    sum.records = sum.records.saturating_add(file.records);
                    sum.sampled = sum.sampled.saturating_add(sampled);
                }
                if file.member.is_none() {
                    self.sizes.add(file.status, file.bytes);
                }
            }
            _ => {}
        }
    }

    fn column(&mut self, engine: &Engine<'_>, column: &ColumnRecord) {
        for found in &column.detectors {
            *self
                .categories
                .entry(found.category.to_string())
                .or_default() += found.matches;
            if engine.is_identifying(&found.detector) {
                self.subjects = self.subjects.max(found.distinct);
            }
        }
    }

    pub(crate) fn summary(self, elapsed: Duration, interrupted: bool) -> Summary {
        Summary {
            files: self.files,
            unread: self.unread,
            bytes: self.sizes.scanned + self.sizes.partial,
            sizes: self.sizes,
            findings: self.findings,
            categories: self.categories,
            subjects_estimate: self.subjects,
            seconds: (elapsed.as_secs_f64() * 1000.0).round() / 1000.0,
            interrupted,
            sample: self.sample,
            baseline: None,
        }
    }
}

/// An input whose columns have been judged.
pub(crate) struct Settled<'e> {
    ledger: Ledger,
    released: Released<'e>,
    /// The records of its columns.
    columns: Vec<ColumnRecord>,
    /// For each accumulator, the way from its places to the columns.
    ways: HashMap<usize, Vec<usize>>,
    bases: Vec<Base>,
    records: Records,
}

/// Judges the columns of an input that has been read to its end.
pub(crate) fn settle<'e>(engine: &'e Engine<'e>, mut ledger: Ledger) -> Settled<'e> {
    ledger.file = engine.shown_path(&ledger.file);
    ledger.member = ledger.member.map(|member| engine.shown_path(&member));
    let samples = ledger.samples();
    let (columns, ways) = ledger.columns(engine.scan.samples);
    let (bases, records) = ledger.bases();
    let mut released = Released {
        engine,
        places: columns
            .iter()
            .map(|column| Arc::new(place(engine, &ledger, column)))
            .collect(),
        verdicts: judge(engine, &columns),
        columns,
    };
    let columns: Vec<ColumnRecord> = (0..released.columns.len())
        .map(|index| {
            let table = &released.columns[index].key.table;
            let rows = records.get(table).map_or(0, |records| records.looked_at());
            released.column(index, rows)
        })
        .collect();
    released.compare(samples, &columns);
    for column in &mut released.columns {
        column.tally = ColumnTally::default();
    }
    Settled {
        ledger,
        released,
        columns,
        ways,
        bases,
        records: records
            .values()
            .fold(Records::default(), |sum, of| Records {
                all: sum.all.saturating_add(of.all),
                left_out: sum.left_out.saturating_add(of.left_out),
            }),
    }
}

impl Settled<'_> {
    /// Adds what became known of the input after it was read.
    pub(crate) fn add(&mut self, problem: Option<crate::error::Problem>) {
        self.ledger.problems.extend(problem);
    }

    /// Bytes of hits that wait.
    pub(crate) fn stored(&self) -> usize {
        let hits = self
            .ledger
            .chunks
            .iter()
            .filter_map(|chunk| chunk.hits.as_ref());
        hits.map(super::hits::Stored::len).sum()
    }

    /// Emits all events of the input.
    pub(crate) fn emit(self, totals: &mut Totals, emit: &mut Emit<'_>) -> io::Result<()> {
        let engine = self.released.engine;
        self.events(&mut |event, is_unread| {
            totals.add(engine, event, is_unread);
            emit(event)
        })
    }

    /// Packs all events of a member.
    pub(crate) fn pack(self, packer: &mut Packer) {
        self.events(&mut |event, is_unread| packer.event(event, is_unread))
            .expect("memory takes all that is written to it");
    }

    /// Gives all events of the input; with each whether the input could not be read in full.
    fn events(
        self,
        emit: &mut (dyn FnMut(&Event, bool) -> io::Result<()> + Send),
    ) -> io::Result<()> {
        let Self {
            mut ledger,
            released,
            columns,
            ways,
            bases,
            records,
        } = self;
        let chunks = std::mem::take(&mut ledger.chunks);
        let chunks = chunks.into_iter().zip(bases).collect();
        let mut waiting = Findings::new(&released, &ways, chunks);
        let mut ready = waiting.take();
        loop {
            let mut give = ready.into_iter().flatten().map(Event::Finding);
            let mut give = || give.try_for_each(|finding| emit(&finding, false));
            if waiting.is_empty() {
                give()?;
                break;
            }
            // The next ones are made while these are given out.
            let (given, next) = rayon::join(give, || waiting.take());
            given?;
            ready = next;
        }
        let (chunks, broken) = waiting.end();
        ledger.chunks = chunks;
        if let Some(error) = broken {
            let lost =
                format!("findings that waited in a temporary file could not be read back: {error}");
            ledger.problems.push(crate::error::Problem::lost(lost));
        }
        let mut findings = 0;
        for record in columns {
            findings += record
                .detectors
                .iter()
                .map(|found| found.matches)
                .sum::<u64>();
            emit(&Event::Column(record), false)?;
        }
        let record = ledger.record(records, findings);
        emit(&Event::File(record), ledger.is_unread())
    }
}

/// Judges the columns, table by table.
fn judge(engine: &Engine<'_>, columns: &[Column]) -> Vec<ColumnVerdict> {
    let mut tables: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
    for (index, column) in columns.iter().enumerate() {
        tables
            .entry(column.key.table.as_deref())
            .or_default()
            .push(index);
    }
    let mut verdicts: Vec<ColumnVerdict> =
        columns.iter().map(|_| ColumnVerdict::default()).collect();
    let weighed = lock(&engine.weighed).pop().unwrap_or_default();
    let least = if engine.scan.explain {
        0.0
    } else {
        engine.scan.min_confidence
    };
    for members in tables.into_values() {
        let facts: Vec<ColumnFacts<'_>> = members
            .iter()
            .map(|&index| ColumnFacts {
                header: &columns[index].plan.header,
                is_named: !columns[index].key.name.is_empty(),
                is_nameless: columns[index].plan.is_nameless,
                tally: &columns[index].tally,
            })
            .collect();
        let judged = judge_table(&engine.matcher, &facts, least, &weighed);
        for (index, verdict) in members.iter().zip(judged) {
            verdicts[*index] = verdict;
        }
    }
    lock(&engine.weighed).push(weighed);
    verdicts
}

fn place(engine: &Engine<'_>, ledger: &Ledger, column: &Column) -> Place {
    let shown = |name: &Arc<str>| engine.shown_name(name);
    Place {
        file: ledger.file.clone(),
        member: ledger.member.clone(),
        table: column.key.table.as_ref().map(shown),
        column: (!column.key.name.is_empty()).then(|| shown(&column.key.name)),
    }
}

/// An input whose columns have been judged.
pub(super) struct Released<'e> {
    pub(super) engine: &'e Engine<'e>,
    columns: Vec<Column>,
    pub(super) places: Vec<Arc<Place>>,
    verdicts: Vec<ColumnVerdict>,
}

impl Released<'_> {
    /// How sure findings of a kind are and why; none where that is too little to give them.
    pub(super) fn known(&self, column: usize, kind: Kind) -> Option<(f64, Arc<[String]>)> {
        let confidence = self.confidence(column, kind.form, kind.evidence);
        let is_given = confidence >= self.threshold(self.detector_of(kind.form));
        let reasons = || self.reasons(column, kind.form, kind.evidence, kind.near);
        is_given.then(|| (confidence, reasons()))
    }

    /// Keeps for the end of the scan what hashes are compared with: samples of what was found, and digests.
    fn compare(&self, samples: Vec<Samples>, records: &[ColumnRecord]) {
        let pseudonyms = &self.engine.pseudonyms;
        let found: std::collections::BTreeSet<&str> = records
            .iter()
            .flat_map(|record| &record.detectors)
            .map(|found| &*found.detector)
            .collect();
        let id = |detector: DetectorId| {
            &*self.engine.matcher.detectors[usize::from(detector.0)]
                .name
                .id
        };
        pseudonyms.take_plain(samples.into_iter(), |detector| found.contains(id(detector)));
        for (column, place) in self.columns.iter().zip(&self.places) {
            if let Some(digests) = &column.tally.digests {
                pseudonyms.take_column(place, digests);
            }
        }
    }

    /// How sure findings of a detector must be.
    fn threshold(&self, detector: DetectorId) -> f64 {
        let scan = self.engine.scan;
        let id = &*self.engine.matcher.detectors[usize::from(detector.0)]
            .name
            .id;
        let own = scan.thresholds.get(id).copied().unwrap_or(0.0);
        let decoy = self.engine.matcher.detectors[usize::from(detector.0)]
            .rule
            .decoy;
        // A decoy is no personal data, whatever confidence is asked for.
        if decoy && !scan.explain {
            return f64::INFINITY;
        }
        own.max(scan.min_confidence)
    }

    pub(super) fn detector_of(&self, form: FormId) -> DetectorId {
        self.engine.matcher.forms[usize::from(form.0)].detector
    }

    /// How sure such a candidate is; 0 where it is none: a value no list knows counts only where the header speaks.
    fn confidence(&self, column: usize, form: FormId, evidence: EvidenceSet) -> f64 {
        if !evidence.has(EvidenceSet::PASSED)
            && !self.columns[column].plan.speaks_for(self.detector_of(form))
        {
            return 0.0;
        }
        self.verdicts[column]
            .confidence
            .get(&(form, evidence))
            .copied()
            .unwrap_or(0.0)
    }

    fn reasons(
        &self,
        column: usize,
        form: FormId,
        evidence: EvidenceSet,
        near: Near,
    ) -> Arc<[String]> {
        let compiled = &self.engine.matcher.forms[usize::from(form.0)];
        let weights = &self.engine.matcher.weights;
        let mut list = Vec::new();
        let check = compiled.checks.describe();
        if evidence.has(EvidenceSet::UNLISTED) {
            list.push(format!("not in list:{check}"));
        } else if !check.is_empty() {
            list.push(match compiled.chance {
                chance if chance < 1.0 => format!("check:{check} {}", share(chance)),
                _ => format!("check:{check}"),
            });
        } else {
            list.push("shape".to_owned());
        }
        let rule = &self.engine.matcher.detectors[usize::from(compiled.detector.0)].rule;
        if !rule.reveals.is_empty() {
            list.push(format!("reveals:{}", rule.reveals.join(", ")));
        }
        if let Some(party) = &rule.party {
            list.push(format!("third party:{party}"));
        }
        if let Some(word) = self.engine.matcher.context.near_word(near) {
            let (place, weight) = if evidence.has(EvidenceSet::LABEL) {
                ("label", weights.label)
            } else {
                ("near", weights.near)
            };
            list.push(format!("{place}:{word} {weight:+.1}"));
        }
        if evidence.has(EvidenceSet::RIVAL_NEAR) {
            let text = "near a word of something that looks the same";
            list.push(format!("{text} {:+.1}", weights.rival_near));
        }
        if evidence.has(EvidenceSet::PLACEHOLDER) {
            let text = "placeholder or test value";
            let detector = self.detector_of(form);
            let header = self.columns[column].plan.header.iter();
            let named = header
                .filter(|fact| fact.detector == detector)
                .any(|fact| fact.says == Says::Exactly);
            let weight = if named {
                weights.placeholder_named
            } else {
                weights.placeholder
            };
            list.push(format!("{text} {weight:+.1}"));
        }
        if let Some(reasons) = self.verdicts[column]
            .reasons
            .get(&(form, evidence.stratum()))
        {
            list.extend(reasons.list.iter().cloned());
        }
        list.into()
    }

    /// The record of a column.
    fn column(&self, index: usize, rows: u64) -> ColumnRecord {
        let column = &self.columns[index];
        let mut by_detector: BTreeMap<DetectorId, Vec<FormId>> = BTreeMap::new();
        for (form, _) in column.tally.forms.iter() {
            by_detector
                .entry(self.detector_of(form))
                .or_default()
                .push(form);
        }
        let mut detectors: Vec<ColumnDetector> = by_detector
            .iter()
            .filter_map(|(&detector, forms)| {
                self.column_detector(index, detector, forms, self.threshold(detector))
            })
            .collect();
        let considered = if self.engine.scan.explain {
            self.considered(index, &by_detector, &detectors)
        } else {
            Vec::new()
        };
        detectors.sort_by(|a, b| {
            (b.confidence * b.rows as f64)
                .total_cmp(&(a.confidence * a.rows as f64))
                .then_with(|| a.detector.cmp(&b.detector))
        });
        ColumnRecord {
            place: self.places[index].clone(),
            rows,
            nonempty: column.tally.nonempty,
            detectors,
            considered,
            accepted: None,
        }
    }

    /// What candidates there are of detectors of which nothing is found.
    fn considered(
        &self,
        index: usize,
        by_detector: &BTreeMap<DetectorId, Vec<FormId>>,
        found: &[ColumnDetector],
    ) -> Vec<ColumnDetector> {
        let mut considered: Vec<ColumnDetector> = by_detector
            .iter()
            .filter_map(|(&detector, forms)| self.column_detector(index, detector, forms, -1.0))
            .filter(|other| found.iter().all(|found| found.detector != other.detector))
            .collect();
        considered.sort_by(|a, b| {
            (b.confidence.total_cmp(&a.confidence)).then_with(|| a.detector.cmp(&b.detector))
        });
        considered
    }

    /// What one detector found in a column; none where nothing of it is sure enough.
    fn column_detector(
        &self,
        index: usize,
        detector: DetectorId,
        forms: &[FormId],
        threshold: f64,
    ) -> Option<ColumnDetector> {
        let tally = &self.columns[index].tally;
        let found = self.gathered(index, forms, threshold);
        let (_, form, evidence) = found.best?;
        let name = &self.engine.matcher.detectors[usize::from(detector.0)].name;
        let whole = self.verdicts[index]
            .detectors
            .iter()
            .find(|verdict| verdict.detector == detector);
        Some(ColumnDetector {
            detector: name.id.clone(),
            category: name.category.clone(),
            matches: found.matches,
            // A row counts where its first candidate is: where all of those are too unsure, there is still one.
            rows: found
                .rows
                .min(tally.rows.get(detector).copied().unwrap_or(found.rows))
                .max(1),
            distinct: found.distinct.count().min(found.matches),
            invalid: whole.map_or(0, |verdict| verdict.invalid),
            confidence: (found.sum / found.matches as f64 * 1000.0).round() / 1000.0,
            evidence: self.reasons(index, form, evidence, Near::NONE).to_vec(),
            examples: found.examples,
            confidences: found
                .confidences
                .into_iter()
                .rev()
                .map(|(thousandths, matches)| (f64::from(thousandths) / 1000.0, matches))
                .collect(),
            check: self.check(index, form, evidence),
            weights: self.weights(index, form, evidence),
            signature: self.engine.signature(&found.distinct),
        })
    }

    /// The sums over a detector's candidates that are sure enough.
    fn gathered(&self, index: usize, forms: &[FormId], threshold: f64) -> Gathered {
        let tally = &self.columns[index].tally;
        let mut all = Gathered::default();
        let mut examples = Vec::new();
        for &form in forms {
            let Some(counts) = tally.forms.get(form) else {
                continue;
            };
            let wanted = |evidence: EvidenceSet| {
                let confidence = self.confidence(index, form, evidence);
                let counts =
                    confidence > 0.0 || (threshold < 0.0 && !evidence.has(EvidenceSet::FAILED));
                (counts && confidence >= threshold).then_some(confidence)
            };
            let mut any = false;
            for &(evidence, bucket) in &counts.buckets {
                let Some(confidence) = wanted(evidence) else {
                    continue;
                };
                any = true;
                all.matches += bucket.matches;
                all.rows += bucket.rows;
                all.sum += confidence * bucket.matches as f64;
                *all.confidences
                    .entry(crate::event::thousandths(confidence))
                    .or_default() += bucket.matches;
                if all.best.is_none_or(|(most, ..)| bucket.matches > most) {
                    all.best = Some((bucket.matches, form, evidence));
                }
            }
            if any {
                all.distinct.merge(&counts.values);
                let sure = counts
                    .examples
                    .iter()
                    .filter(|example| wanted(example.evidence).is_some());
                examples.extend(sure);
            }
        }
        examples.sort_by_key(|example| example.at);
        examples.truncate(self.engine.scan.samples);
        all.examples = examples
            .into_iter()
            .map(|example| example.text.clone())
            .collect();
        all
    }

    /// How many values like these pass their check.
    fn check(&self, index: usize, form: FormId, evidence: EvidenceSet) -> Option<CheckCount> {
        let chance = self.engine.matcher.forms[usize::from(form.0)].chance;
        let (of, passed) = self.columns[index]
            .tally
            .forms
            .get(form)?
            .passes(evidence.stratum());
        (chance < 1.0).then_some(CheckCount {
            passed,
            of,
            chance: (chance * 1e6).round() / 1e6,
        })
    }

    /// The sum behind the confidence of candidates like this.
    fn weights(&self, index: usize, form: FormId, evidence: EvidenceSet) -> Vec<Weight> {
        let key = (form, evidence.stratum());
        let Some(reasons) = self.verdicts[index].reasons.get(&key) else {
            return Vec::new();
        };
        reasons
            .weights
            .iter()
            .map(|(what, weight)| Weight {
                what: what.clone(),
                weight: (weight * 100.0).round() / 100.0,
            })
            .collect()
    }
}

/// Sums over the candidates of one detector in a column.
struct Gathered {
    matches: u64,
    rows: u64,
    /// Of their confidences.
    sum: f64,
    /// Findings by confidence, in thousandths.
    confidences: BTreeMap<u16, u64>,
    distinct: Distinct,
    examples: Vec<String>,
    /// The most frequent kind.
    best: Option<(u64, FormId, EvidenceSet)>,
}

impl Default for Gathered {
    fn default() -> Self {
        Self {
            matches: 0,
            rows: 0,
            sum: 0.0,
            confidences: BTreeMap::new(),
            distinct: Distinct::new(1024),
            examples: Vec::new(),
            best: None,
        }
    }
}

impl Engine<'_> {
    /// Whether different values mean different people.
    fn is_identifying(&self, id: &str) -> bool {
        let mut rules = (self.matcher.detectors.iter()).map(|detector| &detector.rule);
        rules.find(|rule| rule.id == id).is_some_and(|rule| {
            matches!(
                rule.category,
                Category::NationalId | Category::Contact | Category::Identity
            )
        })
    }

    /// What tells equal columns of two scans with the same key: keyed hashes of some of their values.
    fn signature(&self, distinct: &Distinct) -> Vec<String> {
        let Some(key) = &self.scan.key else {
            return Vec::new();
        };
        let signed = |hash: u64| {
            let keyed = blake3::keyed_hash(key, &hash.to_le_bytes());
            keyed.to_hex().as_str()[..16].to_owned()
        };
        distinct.least(SIGNED).into_iter().map(signed).collect()
    }
}

/// A chance rate as people write it: `1/11` or `0.037`.
fn share(chance: f64) -> String {
    let inverse = 1.0 / chance;
    if chance < 1.0 && (inverse - inverse.round()).abs() < 1e-6 * inverse {
        format!("1/{}", inverse.round())
    } else {
        format!("{}", (chance * 1000.0).round() / 1000.0)
    }
}
