//! The values of one chunk: searched, counted, and their hits packed.

use std::sync::Arc;

use super::hits::{Hit, Kind, Packed};
use super::ledger::{Accumulator, ColumnKey};
use super::long;
use super::narrow::Narrowed;
use super::normalised::Normalised;
use super::order::{ByColumn, InOrder};
use super::pseudonym::digest;
use super::sample::Sieve;
use super::small::SmallHashes;
use super::worker::{Engine, MOST_PROBLEMS, Reading};
use crate::detect::marks;
use crate::detect::mask::mask;
use crate::detect::plan::ColumnPlan;
use crate::detect::{
    Alike, Candidate, Column, DetectorId, Found, Matcher, Repeated, Scratch, Whole,
};
use crate::error::Problem;
use crate::format::{Batch, ColumnId, Sink};
use crate::raw::Raw;
use crate::score::{EvidenceSet, Example, Few};
use crate::validate::normalise;

/// What came of a chunk.
pub(super) struct Counted {
    /// The tables met, the part's own first, and their records.
    pub(super) tables: Vec<(Option<Arc<str>>, u64)>,
    /// For each column, its place in the accumulator and which of the tables it is in.
    pub(super) columns: Vec<usize>,
    pub(super) column_tables: Vec<u32>,
    pub(super) accumulator: Accumulator,
    pub(super) scratch: Scratch,
    pub(super) hits: Packed,
    pub(super) problems: Vec<Problem>,
    /// What a sample leaves out.
    pub(super) sieve: Sieve,
}

/// A column of the chunk.
struct ChunkColumn {
    /// Its place in the accumulator.
    at: usize,
    /// The chunk's number of its table.
    table: u32,
    /// The record of its last value.
    last: Option<u32>,
    /// For each detector, the rows in which it was found; few detectors.
    rows: Few<DetectorId, Met>,
}

/// The rows in which a detector was found.
struct Met {
    last: u32,
    rows: u64,
}

impl Default for Met {
    fn default() -> Self {
        Self {
            last: u32::MAX,
            rows: 0,
        }
    }
}

/// Takes a chunk's values: searches them, counts what is found, packs hits.
pub(super) struct ChunkSink<'r> {
    reading: &'r Reading<'r>,
    index: u64,
    /// The table that columns are asked for, and the chunk's number of it; 0 is the part's own.
    table: Option<Arc<str>>,
    at_table: usize,
    /// All tables met, the part's own first, and their records.
    tables: Vec<(Option<Arc<str>>, u64)>,
    accumulator: Accumulator,
    scratch: Scratch,
    columns: Vec<ChunkColumn>,
    /// By the place in the accumulator, the chunk's column.
    known: Vec<Option<ColumnId>>,
    plans: Vec<Arc<ColumnPlan>>,
    /// For each column, the rows that aren't empty.
    filled: Vec<u64>,
    found: Found,
    /// The text that is searched, where marks in it hide values.
    plain: Vec<u8>,
    /// For all candidates, and for those that don't fail.
    small: [SmallHashes; 2],
    by_column: ByColumn,
    /// The record it starts with, where the format knows.
    first_row: Option<u64>,
    sieve: Sieve,
    hits: Packed,
    /// Values in the batches before.
    counted: u64,
    problems: Vec<Problem>,
    text: String,
    in_order: InOrder,
    normalised: Normalised,
}

impl Sink for ChunkSink<'_> {
    fn column(&mut self, name: &str) -> ColumnId {
        let key = ColumnKey {
            table: self.table.clone(),
            name: name.into(),
        };
        let first = (self.index, self.columns.len() as u32);
        let name = key.name.clone();
        let at = self.accumulator.column(key, first);
        self.numbered(at, &name, self.at_table as u32)
    }

    fn inner(&mut self, outer: ColumnId, path: &str) -> ColumnId {
        let ChunkColumn { at, table, .. } = self.columns[outer.0 as usize];
        let (key, at) = self.accumulator.inner(at, path);
        self.numbered(at, &key.name, table)
    }

    fn batch(&mut self, batch: Batch<'_>) {
        let mut sieve = std::mem::take(&mut self.sieve);
        let table_of = |column: ColumnId| self.columns[column.0 as usize].table;
        let batch = sieve.sift(&batch, self.reading.choice(), self.first_row, table_of);
        if long::has_long(&batch) {
            long::Parts::default().each(&batch, |batch, more| {
                self.search(batch);
                for &index in more {
                    let column = batch.values[index].column.0 as usize;
                    self.filled[column] -= batch.rows.of(index).len() as u64;
                }
            });
        } else {
            self.search(&batch);
        }
        self.sieve = sieve;
    }

    fn problem(&mut self, problem: Problem) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(problem);
        }
    }

    fn table(&mut self, table: Option<&Arc<str>>) {
        if self.table.as_ref() == table {
            return;
        }
        let known = self
            .tables
            .iter()
            .position(|(known, _)| known.as_ref() == table);
        self.at_table = known.unwrap_or_else(|| {
            self.tables.push((table.cloned(), 0));
            self.tables.len() - 1
        });
        self.table = table.cloned();
    }

    fn records(&mut self, count: u64) {
        self.tables[self.at_table].1 += count;
    }
}

impl ChunkColumn {
    /// Notes the rows in which a detector was found; gives how many of them are new.
    fn met(&mut self, detector: DetectorId, rows: &[u32]) -> u64 {
        let met = self.rows.of(detector);
        let mut new = 0;
        for &row in rows {
            new += u64::from(std::mem::replace(&mut met.last, row) != row);
        }
        met.rows += new;
        new
    }

    /// The same for a value that is the only one of its record, in which the detector has one candidate only. Such values
    /// come in any order.
    fn met_alone(&mut self, detector: DetectorId, rows: &[u32]) -> u64 {
        self.met_once(detector, rows, rows.len() as u64)
    }

    /// The same for a value that comes again, alone in so many records, of which this is the last.
    fn met_again(&mut self, detector: DetectorId, rows: &[u32], times: u64) -> u64 {
        if self.met(detector, rows) == 0 {
            return 0;
        }
        self.rows.of(detector).rows += times - 1;
        times
    }

    /// The same for values of so many records, of which these are the last.
    fn met_once(&mut self, detector: DetectorId, rows: &[u32], new: u64) -> u64 {
        let met = self.rows.of(detector);
        met.rows += new;
        let before = (met.last != u32::MAX).then_some(met.last);
        met.last = rows.iter().copied().chain(before).max().unwrap_or(u32::MAX);
        new
    }
}

impl<'r> ChunkSink<'r> {
    pub(super) fn new(
        reading: &'r Reading<'r>,
        index: u64,
        (table, first_row): (Option<Arc<str>>, Option<u64>),
        mut accumulator: Accumulator,
        scratch: Scratch,
    ) -> Self {
        accumulator.samples.start(&reading.engine.pseudonyms);
        Self {
            reading,
            index,
            at_table: 0,
            tables: vec![(table.clone(), 0)],
            table,
            accumulator,
            scratch,
            columns: Vec::new(),
            known: Vec::new(),
            plans: Vec::new(),
            filled: Vec::new(),
            found: Found::default(),
            plain: Vec::new(),
            small: Default::default(),
            by_column: ByColumn::default(),
            first_row,
            sieve: Sieve::default(),
            hits: Packed::default(),
            counted: 0,
            problems: Vec::new(),
            text: String::new(),
            in_order: InOrder::default(),
            normalised: Normalised::default(),
        }
    }

    /// Adds what was counted within the chunk to the accumulator, and gives out what came of it.
    pub(super) fn settle(mut self) -> Counted {
        for (column, filled) in self.columns.iter_mut().zip(&self.filled) {
            let tally = self.accumulator.tally(column.at);
            tally.nonempty += filled;
            for (detector, met) in column.rows.drain() {
                *tally.rows.of(detector) += met.rows;
            }
        }
        Counted {
            tables: self.tables,
            columns: self.columns.iter().map(|column| column.at).collect(),
            column_tables: self.columns.iter().map(|column| column.table).collect(),
            accumulator: self.accumulator,
            scratch: self.scratch,
            hits: self.hits,
            problems: self.problems,
            sieve: self.sieve,
        }
    }

    /// The chunk's number of a column at a place in the accumulator.
    fn numbered(&mut self, at: usize, name: &Arc<str>, table: u32) -> ColumnId {
        if let Some(&Some(known)) = self.known.get(at) {
            return known;
        }
        let id = ColumnId(self.columns.len() as u32);
        let plan = self.reading.plan(name);
        self.known.resize(self.known.len().max(at + 1), None);
        self.known[at] = Some(id);
        self.plans.push(plan);
        self.filled.push(0);
        self.columns.push(ChunkColumn {
            at,
            table,
            last: None,
            rows: Few::default(),
        });
        id
    }

    /// Searches the values of a batch, and counts what is found.
    fn search(&mut self, batch: &Batch<'_>) {
        let mut plain = std::mem::take(&mut self.plain);
        // A batch may be a small part of its text.
        let start = batch.values.first().map_or(0, |value| value.start as usize);
        let end = batch
            .values
            .last()
            .map_or(start, |value| value.end as usize);
        let searched = marks::plain(batch.text, start..end, &mut plain);
        let narrowed = searched.narrows.then(|| Narrowed::of(batch, start..end));
        if let Some(narrowed) = narrowed.flatten() {
            let batch = narrowed.batch(batch);
            let searched = marks::plain(batch.text, 0..batch.text.len(), &mut plain);
            self.search_plain(&batch, searched.text);
        } else {
            self.search_plain(batch, searched.text);
        }
        self.plain = plain;
    }

    /// The same; `text` is that of the batch as it is searched.
    fn search_plain(&mut self, batch: &Batch<'_>, text: &[u8]) {
        let mut found = std::mem::take(&mut self.found);
        let mut by_column = std::mem::take(&mut self.by_column);
        let searched = Batch { text, ..*batch };
        let matcher = &self.reading.engine.matcher;
        found.lists = self.reading.engine.scan.findings;
        Matcher::start_batch(&mut self.scratch);
        for (number, values) in by_column.sort(batch, self.columns.len()) {
            let column = Column {
                values,
                plan: &self.plans[number],
                after: self.columns[number].last,
            };
            self.filled[number] += matcher.find(&searched, &column, &mut self.scratch, &mut found);
            let last = values
                .last()
                .map(|value| batch.rows.of(value.index as usize));
            self.columns[number].last = last.and_then(|rows| rows.last().copied());
            self.count_alike(batch, number, &found);
            for Repeated { candidate, times } in found.repeated.drain(..) {
                self.count_again(batch, &candidate, times);
            }
            found.clear_alike();
            if !found.lists {
                for candidate in found.candidates.drain(..) {
                    self.count(batch, &candidate);
                }
            }
        }
        // Findings are listed in the order of the text.
        let mut in_order = std::mem::take(&mut self.in_order);
        for &place in in_order.sort(&found.candidates, batch.values.len()) {
            self.count(batch, &found.candidates[place as usize]);
        }
        found.candidates.clear();
        self.in_order = in_order;
        self.counted += batch.values.len() as u64;
        self.by_column = by_column;
        self.found = found;
    }

    /// Counts candidates of a column that fare alike.
    fn count_alike(&mut self, batch: &Batch<'_>, number: usize, found: &Found) {
        let Engine { scan, matcher, .. } = self.reading.engine;
        let keep = scan.samples;
        let column = &mut self.columns[number];
        for alike in &found.alike {
            let Alike { form, evidence, .. } = *alike;
            let count = alike.count(found) as u64;
            if !evidence.has(EvidenceSet::FAILED) {
                let small = &mut self.small[1];
                let accumulator = &mut self.accumulator;
                compare_alike(
                    accumulator,
                    matcher,
                    batch,
                    column.at,
                    (alike, found, small),
                );
            }
            let tally = self.accumulator.tally(column.at);
            let counts = tally.forms.of(form);
            self.small[0].each(alike, found, counts.shapes[0].bound(), |whole| {
                counts.shapes[0].add(whole.hash);
            });
            let failed = evidence.has(EvidenceSet::FAILED);
            let bucket = counts.bucket(evidence);
            bucket.matches += count;
            if failed {
                continue;
            }
            bucket.rows += count;
            self.small[1].each(alike, found, counts.values.bound(), |whole| {
                counts.values.add(whole.hash);
            });
            let detector = matcher.forms[usize::from(form.0)].detector;
            // Their records ascend.
            if let Some(last) = alike.last(found) {
                column.met_once(detector, batch.rows.of(last.value as usize), count);
            }
            let at = |whole: &Whole| (self.index, self.counted + u64::from(whole.value));
            let mut values = alike.values(found).peekable();
            if values
                .peek()
                .is_none_or(|first| counts.has_examples_before(at(first), keep))
            {
                continue;
            }
            for whole in values {
                if !counts.wants_example(at(whole), whole.hash, keep) {
                    continue;
                }
                let span = whole.at as usize..(whole.at + whole.len) as usize;
                let rule = &matcher.detectors[usize::from(detector.0)].rule;
                let raw = Raw::new(&batch.text[span]);
                let text = if scan.reveal {
                    String::from_utf8_lossy(raw.expose()).into_owned()
                } else {
                    let mut text = String::new();
                    mask(rule.mask, raw, &mut text);
                    text
                };
                let example = Example {
                    at: at(whole),
                    hash: whole.hash,
                    evidence,
                    text,
                };
                counts.add_example(example, keep);
            }
        }
        self.small.iter_mut().for_each(SmallHashes::forget);
    }

    /// Counts a candidate that came again, as often as it did: the value is known.
    fn count_again(&mut self, batch: &Batch<'_>, candidate: &Candidate, times: u32) {
        let value = batch.values[candidate.value as usize];
        let column = &mut self.columns[value.column.0 as usize];
        let matcher = &self.reading.engine.matcher;
        let detector = matcher.forms[usize::from(candidate.form.0)].detector;
        let tally = self.accumulator.tally(column.at);
        let bucket = tally.forms.of(candidate.form).bucket(candidate.evidence);
        bucket.matches += u64::from(times);
        if !candidate.evidence.has(EvidenceSet::FAILED) {
            let rows = batch.rows.of(candidate.value as usize);
            bucket.rows += column.met_again(detector, rows, u64::from(times));
        }
    }

    fn count(&mut self, batch: &Batch<'_>, candidate: &Candidate) {
        let engine = self.reading.engine;
        let value = batch.values[candidate.value as usize];
        let rows = batch.rows.of(candidate.value as usize);
        let column = &mut self.columns[value.column.0 as usize];
        let form = &engine.matcher.forms[usize::from(candidate.form.0)];
        let tally = self.accumulator.tally(column.at);
        let counts = tally.forms.of(candidate.form);
        let evidence = candidate.evidence;
        if !candidate.again {
            counts.shapes[usize::from(!evidence.has(EvidenceSet::WHOLE))].add(candidate.hash);
        }
        let bucket = counts.bucket(evidence);
        bucket.matches += rows.len() as u64;
        if evidence.has(EvidenceSet::FAILED) {
            return;
        }
        bucket.rows += if candidate.alone {
            column.met_alone(form.detector, rows)
        } else {
            column.met(form.detector, rows)
        };
        if candidate.again && !engine.scan.findings {
            return;
        }
        counts.values.add(candidate.hash);
        let raw = Raw::new(&batch.text[candidate.span.start as usize..candidate.span.end as usize]);
        let rule = &engine.matcher.detectors[usize::from(form.detector.0)].rule;
        if rule.digest
            && evidence.has(EvidenceSet::WHOLE)
            && let Some(digest) = digest(raw.expose())
        {
            tally.add_digest(digest);
        }
        if candidate.hash < self.accumulator.samples.bound(form.detector) {
            let normalised = self.normalised.of(rule, raw);
            let samples = &mut self.accumulator.samples;
            samples.add(form.detector, candidate.hash, raw.expose(), normalised);
        }
        let tally = self.accumulator.tally(column.at);
        let counts = tally.forms.of(candidate.form);
        let at = (self.index, self.counted + u64::from(candidate.value));
        let keep = engine.scan.samples;
        let wants_example = counts.wants_example(at, candidate.hash, keep);
        let wants_hit = engine.scan.findings
            && (evidence.has(EvidenceSet::PASSED)
                || self.plans[value.column.0 as usize].speaks_for(form.detector));
        if !wants_example && !wants_hit {
            return;
        }
        self.text.clear();
        mask(rule.mask, raw, &mut self.text);
        let value_text = engine
            .scan
            .reveal
            .then(|| String::from_utf8_lossy(raw.expose()));
        if wants_example {
            let text = value_text.as_deref().unwrap_or(&self.text).to_owned();
            counts.add_example(
                Example {
                    at,
                    hash: candidate.hash,
                    evidence,
                    text,
                },
                keep,
            );
        }
        if wants_hit {
            self.normalised.of(rule, raw);
            let span = batch
                .offsets
                .stored(candidate.span.start, candidate.span.end);
            let mut hit = Hit {
                kind: Kind {
                    column: value.column.0,
                    form: candidate.form,
                    evidence,
                    near: candidate.near,
                },
                row: 0,
                stored: span.map(|(start, end)| {
                    let line = batch.line_of(&value, candidate.span.start);
                    (line, start, end)
                }),
                fingerprint: self.normalised.fingerprint(&engine.fingerprints),
                masked: &self.text,
                value: value_text.as_deref(),
            };
            for &row in rows {
                hit.row = row;
                self.hits.push(&hit);
            }
        }
    }
}

/// Keeps what is needed to compare hashes with plain values: of digests, and of values that a sample wants.
fn compare_alike(
    accumulator: &mut Accumulator,
    matcher: &Matcher,
    batch: &Batch<'_>,
    column: usize,
    (alike, found, small): (&Alike, &Found, &mut SmallHashes),
) {
    let detector = matcher.forms[usize::from(alike.form.0)].detector;
    let rule = &matcher.detectors[usize::from(detector.0)].rule;
    let raw =
        |whole: &Whole| Raw::new(&batch.text[whole.at as usize..(whole.at + whole.len) as usize]);
    if rule.digest {
        let tally = accumulator.tally(column);
        for whole in alike.values(found) {
            if let Some(digest) = digest(raw(whole).expose()) {
                tally.add_digest(digest);
            }
        }
    }
    let bound = accumulator.samples.bound(detector);
    if bound == 0 {
        return;
    }
    // The values that count as different ones are asked for next.
    let counts = accumulator.tally(column).forms.of(alike.form);
    let both = bound.max(counts.values.bound());
    let samples = &mut accumulator.samples;
    let mut normalised = Vec::new();
    small.each(alike, found, both, |whole| {
        if whole.hash < samples.bound(detector) {
            let raw = raw(whole).expose();
            normalise(rule.normalise, rule.pad, raw, &mut normalised);
            samples.add(detector, whole.hash, raw, &normalised);
        }
    });
}
