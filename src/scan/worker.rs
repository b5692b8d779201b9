//! One input: pieces out, chunks in parallel, members one level down.
//!
//! A chunk goes to the thread pool with a lease on the bytes in flight. When no lease is left, the reading thread scans
//! the chunk itself: memory is bounded, and nobody waits idle, however fast the reader is.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::hits::{Hit, Packed, Spool};
use super::ledger::{Accumulator, ChunkResult, ColumnKey, Ledger};
use super::members::{APART, Inside};
use super::release::settle;
use super::results::Results;
use super::{Progress, Scan};
use crate::detect::mask::{Fingerprints, mask};
use crate::detect::plan::ColumnPlan;
use crate::detect::{Candidate, DetectorId, Matcher, Scratch};
use crate::error::{Problem, Verdict};
use crate::format::{self, Batch, ColumnId, Extent, Opened, Part, Piece, Sink, Value};
use crate::input::Input;
use crate::raw::Raw;
use crate::score::{EvidenceSet, Example, Few};
use crate::validate::normalise;

/// Problems kept of one input or chunk; who has more has lost enough.
const MOST_PROBLEMS: usize = 1000;

/// What all workers share.
pub(crate) struct Engine<'s> {
    pub(crate) scan: &'s Scan,
    pub(crate) matcher: Matcher,
    pub(crate) fingerprints: Fingerprints,
    pub(crate) spool: Spool,
    pub(crate) progress: &'s Progress,
    pub(crate) leases: Leases,
    scratches: Mutex<Vec<Scratch>>,
}

impl<'s> Engine<'s> {
    pub(crate) fn new(
        scan: &'s Scan,
        matcher: Matcher,
        progress: &'s Progress,
        bounds: &super::Bounds,
    ) -> Self {
        Self {
            scan,
            matcher,
            fingerprints: Fingerprints::new(scan.key),
            spool: Spool::new(bounds.hits),
            progress,
            leases: Leases {
                free: AtomicUsize::new(bounds.in_flight),
            },
            scratches: Mutex::new(Vec::new()),
        }
    }

    /// A table's or column's name as it may be shown.
    pub(crate) fn shown_name(&self, name: &Arc<str>) -> Arc<str> {
        if self.scan.reveal {
            name.clone()
        } else {
            let mut scratch = self.scratch();
            let shown = self.matcher.veil(name, &mut scratch).into();
            lock(&self.scratches).push(scratch);
            shown
        }
    }

    /// The path of an input as it may be shown.
    pub(crate) fn shown_path(&self, path: &Arc<str>) -> Arc<str> {
        if self.scan.reveal {
            return path.clone();
        }
        let mut scratch = self.scratch();
        let shown = self.matcher.veil_path(path, &mut scratch).into();
        lock(&self.scratches).push(scratch);
        shown
    }

    /// Scratch space that no thread uses.
    fn scratch(&self) -> Scratch {
        let free = lock(&self.scratches).pop();
        let mut scratch = free.unwrap_or_else(|| self.matcher.scratch());
        Matcher::start_chunk(&mut scratch);
        scratch
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.progress.stop.load(Ordering::Relaxed)
    }
}

/// Bytes of chunks that may be in flight.
pub(crate) struct Leases {
    free: AtomicUsize,
}

impl Leases {
    pub(crate) fn take(&self, bytes: usize) -> bool {
        self.free
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| {
                free.checked_sub(bytes)
            })
            .is_ok()
    }

    pub(crate) fn give_back(&self, bytes: usize) {
        self.free.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Locks; a poisoned lock is one whose holder panicked, which `catch_unwind` has turned into a problem already.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An input while it is read.
struct Reading<'e> {
    engine: &'e Engine<'e>,
    accumulators: Mutex<Vec<Accumulator>>,
    chunks: Mutex<Vec<ChunkResult>>,
    plans: Mutex<HashMap<Arc<str>, Arc<ColumnPlan>>>,
}

/// Where an input lies.
#[derive(Clone)]
pub(crate) struct Origin {
    pub(crate) file: Arc<str>,
    /// Its path within the file's archives; none for the file itself.
    pub(crate) member: Option<Arc<str>>,
    /// Its size, where it is known before it is read.
    pub(crate) len: Option<u64>,
}

/// Reads an input to its end: adds the results of its members and, last, its own.
pub(crate) fn read_input<'e>(
    engine: &'e Engine<'e>,
    origin: &Origin,
    input: Input<'_>,
    results: &mut Results<'e>,
) {
    let (depth, budget) = (input.depth, input.budget.clone());
    let opened = catch_unwind(AssertUnwindSafe(|| format::open(input, &engine.scan.read)));
    let opened = opened.unwrap_or_else(|_| {
        let problem = Problem::failed("internal error while opening it; please report it");
        Opened {
            format: None,
            head: None,
            reader: Err(problem),
        }
    });
    let format = opened.format;
    let mut reader = match opened.reader {
        Ok(reader) => reader,
        Err(problem) => {
            results.push(settle(engine, Ledger::unread(origin, format, problem)));
            return;
        }
    };
    let reading = Reading {
        engine,
        accumulators: Mutex::default(),
        chunks: Mutex::default(),
        plans: Mutex::default(),
    };
    let inside = Inside {
        engine,
        origin,
        depth,
        budget: &budget,
    };
    let mut problems = Vec::new();
    rayon::in_place_scope(|scope| {
        for index in 0.. {
            let position = reader.position();
            if engine.is_stopped() {
                problems.push(Problem::lost("stopped before its end").at(position));
                break;
            }
            let asked = &mut reader;
            let next = move || {
                let reader = asked; // moved, so that the piece may borrow from it
                reader.next_piece()
            };
            match catch_unwind(AssertUnwindSafe(next)) {
                Ok(Ok(Some(Piece::Chunk(part)))) => reading.hand_out(scope, index, part),
                Ok(Ok(Some(Piece::Member(member)))) => inside.member(scope, member, results),
                Ok(Ok(Some(Piece::Apart(member)))) => {
                    inside.apart(scope, member, APART, results);
                }
                Ok(Ok(Some(Piece::Unread(unread)))) => inside.unread(unread, results),
                Ok(Ok(None)) => break,
                Ok(Err(problem)) => {
                    let goes_on =
                        problem.verdict <= Verdict::Lost && problems.len() < MOST_PROBLEMS;
                    problems.push(problem);
                    if !goes_on {
                        break;
                    }
                }
                Err(_) => {
                    let lost = "internal error while reading it; please report it";
                    problems.push(Problem::lost(lost).at(position));
                    break;
                }
            }
            if depth == 0 {
                let read = reader.position().saturating_sub(position);
                engine
                    .progress
                    .bytes_done
                    .fetch_add(read, Ordering::Relaxed);
            }
        }
    });
    let bytes = origin.len.unwrap_or_else(|| reader.position());
    drop(reader);
    let ledger = reading.into_ledger(origin, format, bytes, problems);
    results.push(settle(engine, ledger));
}

impl Reading<'_> {
    /// Gives a chunk to the pool or, when enough are in flight, scans it right here.
    fn hand_out<'s>(&'s self, scope: &rayon::Scope<'s>, index: u64, part: Part) {
        let bytes = part.bytes;
        let leases = &self.engine.leases;
        if self.engine.scan.threads > 1 && leases.take(bytes) {
            scope.spawn(move |_| {
                self.scan_chunk(index, &part);
                leases.give_back(bytes);
            });
        } else {
            self.scan_chunk(index, &part);
        }
    }

    fn scan_chunk(&self, index: u64, part: &Part) {
        let engine = self.engine;
        if engine.is_stopped() {
            let problems = vec![Problem::lost("stopped before its end")];
            lock(&self.chunks).push(ChunkResult::unread(index, part, problems));
            return;
        }
        let accumulator = lock(&self.accumulators).pop().unwrap_or_default();
        let scratch = engine.scratch();
        let mut sink = ChunkSink {
            reading: self,
            index,
            table: part.table.clone(),
            at_table: 0,
            tables: vec![(part.table.clone(), 0)],
            accumulator,
            scratch,
            columns: Vec::new(),
            known: HashMap::new(),
            plans: Vec::new(),
            filled: Vec::new(),
            found: Vec::new(),
            by_column: ByColumn::default(),
            hits: Packed::default(),
            order: 0,
            problems: Vec::new(),
            text: String::new(),
            normalised: Vec::new(),
        };
        let extent =
            catch_unwind(AssertUnwindSafe(|| part.chunk.read(&mut sink))).unwrap_or_else(|_| {
                sink.problems.push(Problem::lost(format!(
                    "internal error in chunk {}; please report it",
                    index + 1
                )));
                Extent::default()
            });
        sink.settle();
        let ChunkSink {
            accumulator,
            scratch,
            columns,
            tables,
            hits,
            problems,
            ..
        } = sink;
        let result = ChunkResult {
            index,
            first_row: part.first_row,
            extent,
            tables,
            columns: columns.iter().map(|column| column.at).collect(),
            column_tables: columns.iter().map(|column| column.table).collect(),
            source: 0,
            hits: Some(engine.spool.store(hits)),
            problems,
        };
        lock(&engine.scratches).push(scratch);
        let result = ChunkResult {
            source: accumulator.id(),
            ..result
        };
        lock(&self.chunks).push(result);
        lock(&self.accumulators).push(accumulator);
    }

    fn plan(&self, name: &Arc<str>) -> Arc<ColumnPlan> {
        if let Some(plan) = lock(&self.plans).get(name) {
            return plan.clone();
        }
        let plan = Arc::new(ColumnPlan::new(
            &self.engine.matcher,
            name,
            self.engine.scan.min_confidence,
        ));
        lock(&self.plans).insert(name.clone(), plan.clone());
        plan
    }

    fn into_ledger(
        self,
        origin: &Origin,
        format: Option<&'static str>,
        bytes: u64,
        problems: Vec<Problem>,
    ) -> Ledger {
        Ledger {
            file: origin.file.clone(),
            member: origin.member.clone(),
            format,
            bytes,
            problems,
            accumulators: self
                .accumulators
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner),
            chunks: self
                .chunks
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner),
            plans: self
                .plans
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner),
            was_read: true,
        }
    }
}

/// A column of the chunk.
struct ChunkColumn {
    /// Its place in the accumulator.
    at: usize,
    /// The chunk's number of its table.
    table: u32,
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

/// The values of a batch, column by column.
#[derive(Default)]
struct ByColumn {
    /// The values, by column.
    values: Vec<u32>,
    /// Where those of each column end.
    ends: Vec<u32>,
}

impl ByColumn {
    /// Sorts values by column; gives each column that has some, with their numbers.
    fn sort(&mut self, values: &[Value], columns: usize) -> impl Iterator<Item = (usize, &[u32])> {
        self.ends.clear();
        self.ends.resize(columns, 0);
        for value in values {
            self.ends[value.column.0 as usize] += 1;
        }
        let mut start = 0;
        for end in &mut self.ends {
            start += std::mem::replace(end, start);
        }
        self.values.clear();
        self.values.resize(values.len(), 0);
        for (index, value) in values.iter().enumerate() {
            let at = &mut self.ends[value.column.0 as usize];
            self.values[*at as usize] = index as u32;
            *at += 1;
        }
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let ranges = starts.zip(self.ends.iter().copied()).enumerate();
        ranges
            .filter(|(_, (start, end))| start < end)
            .map(|(column, (start, end))| (column, &self.values[start as usize..end as usize]))
    }
}

/// Takes a chunk's values: searches them, counts what is found, packs hits.
struct ChunkSink<'r> {
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
    /// From a place in the accumulator to the chunk's column.
    known: HashMap<usize, ColumnId>,
    plans: Vec<Arc<ColumnPlan>>,
    /// For each column, the rows that aren't empty.
    filled: Vec<u64>,
    found: Vec<Candidate>,
    by_column: ByColumn,
    hits: Packed,
    /// How many candidates came before: the order of examples.
    order: u64,
    problems: Vec<Problem>,
    text: String,
    normalised: Vec<u8>,
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
        if let Some(&known) = self.known.get(&at) {
            return known;
        }
        let id = ColumnId(self.columns.len() as u32);
        let plan = self.reading.plan(&name);
        self.known.insert(at, id);
        self.plans.push(plan);
        self.filled.push(0);
        self.columns.push(ChunkColumn {
            at,
            table: self.at_table as u32,
            rows: Few::default(),
        });
        id
    }

    fn batch(&mut self, batch: Batch<'_>) {
        let mut found = std::mem::take(&mut self.found);
        let matcher = &self.reading.engine.matcher;
        Matcher::start_batch(&mut self.scratch);
        let order = self.by_column.sort(batch.values, self.columns.len());
        for (column, values) in order {
            self.filled[column] += matcher.find(
                &batch,
                values,
                &self.plans[column],
                &mut self.scratch,
                &mut found,
            );
        }
        if self.reading.engine.scan.findings {
            // Findings are listed in the order of the text.
            found.sort_by_key(|candidate| candidate.value);
        }
        for candidate in found.drain(..) {
            self.count(&batch, &candidate);
        }
        self.found = found;
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
}

impl ChunkSink<'_> {
    /// Adds what was counted within the chunk to the accumulator.
    fn settle(&mut self) {
        for (column, filled) in self.columns.iter_mut().zip(&self.filled) {
            let tally = self.accumulator.tally(column.at);
            tally.nonempty += filled;
            for (detector, met) in column.rows.drain() {
                *tally.rows.of(detector) += met.rows;
            }
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
        counts.shapes[usize::from(!evidence.has(EvidenceSet::WHOLE))].add(candidate.hash);
        let bucket = counts.bucket(evidence);
        bucket.matches += rows.len() as u64;
        if evidence.has(EvidenceSet::FAILED) {
            return;
        }
        bucket.rows += column.met(form.detector, rows);
        counts.values.add(candidate.hash);
        let at = (self.index, self.order);
        self.order += 1;
        let keep = engine.scan.samples;
        let wants_example = counts.wants_example(at, candidate.hash, keep);
        let wants_hit = engine.scan.findings
            && (evidence.has(EvidenceSet::PASSED)
                || self.plans[value.column.0 as usize].speaks_for(form.detector));
        if !wants_example && !wants_hit {
            return;
        }
        let raw = Raw::new(&batch.text[candidate.span.start as usize..candidate.span.end as usize]);
        let rule = &engine.matcher.detectors[usize::from(form.detector.0)].rule;
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
            normalise(rule.normalise, rule.pad, raw.expose(), &mut self.normalised);
            let span = batch
                .offsets
                .stored(candidate.span.start, candidate.span.end);
            let mut hit = Hit {
                column: value.column.0,
                form: candidate.form,
                evidence,
                near: candidate.near,
                row: 0,
                stored: span.map(|(start, end)| {
                    let line = batch.line_of(&value, candidate.span.start);
                    (line, start, end)
                }),
                fingerprint: engine.fingerprints.of(&self.normalised),
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
