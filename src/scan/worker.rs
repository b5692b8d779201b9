//! One input: pieces out, chunks in parallel, members one level down.
//!
//! A chunk goes to the thread pool with a lease on the bytes in flight. When no lease is left, the reading thread scans
//! the chunk itself: memory is bounded, and nobody waits idle, however fast the reader is.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use hashbrown::HashMap;

use super::count::ChunkSink;
use super::hits::Spool;
use super::ledger::{Accumulator, ChunkResult, Ledger};
use super::members::{APART, Inside};
use super::pseudonym::Pseudonyms;
use super::release::settle;
use super::results::Results;
use super::sample::{Choice, Probe};
use super::{Progress, Scan};
use crate::detect::mask::Fingerprints;
use crate::detect::plan::ColumnPlan;
use crate::detect::veil;
use crate::detect::{Matcher, Scratch};
use crate::error::{Problem, Verdict};
use crate::format::inside::Unfold;
use crate::format::{self, Extent, Opened, Part, Piece, Sink};
use crate::input::Input;
use crate::score::Weighed;

/// Problems kept of one input or chunk; who has more has lost enough.
pub(super) const MOST_PROBLEMS: usize = 1000;

/// What all workers share.
pub(crate) struct Engine<'s> {
    pub(crate) scan: &'s Scan,
    pub(crate) matcher: Matcher,
    pub(crate) fingerprints: Fingerprints,
    pub(crate) pseudonyms: Pseudonyms,
    pub(crate) spool: Spool,
    pub(crate) progress: &'s Progress,
    pub(crate) leases: Leases,
    scratches: Mutex<Vec<Scratch>>,
    /// What is known of columns by their names, which come again in every file of a kind.
    plans: Known<ColumnPlan>,
    shown: Known<str>,
    /// Folders as they may be shown.
    folders: Known<str>,
    /// What was weighed before, for each thread that judges.
    pub(super) weighed: Mutex<Vec<Weighed>>,
}

/// What was worked out for a name.
type Known<T> = Mutex<HashMap<Arc<str>, Arc<T>>>;

/// Names kept, and the longest one in bytes.
const MOST_KNOWN: usize = 4096;
const LONGEST_KNOWN: usize = 200;

/// What is known of a name, worked out where it is met for the first time.
fn known<T: ?Sized>(known: &Known<T>, name: &str, work: impl FnOnce() -> Arc<T>) -> Arc<T> {
    if let Some(found) = lock(known).get(name) {
        return found.clone();
    }
    let made = work();
    let mut known = lock(known);
    if known.len() < MOST_KNOWN && name.len() <= LONGEST_KNOWN {
        known.insert(name.into(), made.clone());
    }
    made
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
            pseudonyms: Pseudonyms::new(&matcher),
            matcher,
            fingerprints: Fingerprints::new(scan.key),
            spool: Spool::new(bounds.hits),
            progress,
            leases: Leases {
                free: AtomicUsize::new(bounds.in_flight),
            },
            scratches: Mutex::default(),
            plans: Mutex::default(),
            shown: Mutex::default(),
            folders: Mutex::default(),
            weighed: Mutex::default(),
        }
    }

    /// A table's or column's name as it may be shown.
    pub(crate) fn shown_name(&self, name: &Arc<str>) -> Arc<str> {
        if self.scan.reveal {
            return name.clone();
        }
        known(&self.shown, name, || {
            let mut scratch = self.scratch();
            let shown = self.matcher.veil(name, &mut scratch).into();
            lock(&self.scratches).push(scratch);
            shown
        })
    }

    /// The path of an input as it may be shown.
    pub(crate) fn shown_path(&self, path: &Arc<str>) -> Arc<str> {
        if self.scan.reveal {
            return path.clone();
        }
        let mut scratch = self.scratch();
        let (folder, name) = path.split_at(veil::folder_len(path));
        let folder = known(&self.folders, folder, || {
            self.matcher.veil_path(folder, &mut scratch).into()
        });
        let name = self.matcher.veil_path(name, &mut scratch);
        lock(&self.scratches).push(scratch);
        (String::from(&*folder) + &name).into()
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
pub(super) struct Reading<'e> {
    pub(super) engine: &'e Engine<'e>,
    accumulators: Mutex<Vec<Accumulator>>,
    chunks: Mutex<Vec<ChunkResult>>,
    plans: Mutex<HashMap<Arc<str>, Arc<ColumnPlan>>>,
    /// Which records are looked at; known before the first chunk is scanned.
    choice: OnceLock<Choice>,
}

/// Where an input lies.
#[derive(Clone)]
pub(crate) struct Origin {
    pub(crate) file: Arc<str>,
    /// Its path within the file's archives; none for the file itself.
    pub(crate) member: Option<Arc<str>>,
    /// Its size, where it is known before it is read.
    pub(crate) len: Option<u64>,
    /// The size that its archive states.
    pub(crate) stated: Option<u64>,
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
            len: None,
            is_packed: false,
            reader: Err(problem),
        }
    });
    let format = opened.format;
    let len = opened.len;
    let mut reader = match opened.reader {
        Ok(reader) => reader,
        Err(problem) => {
            let ledger = Ledger::unread(origin, format, problem);
            return close(engine, depth, ledger, results);
        }
    };
    let rows = reader.rows();
    let reading = Reading {
        engine,
        accumulators: Mutex::default(),
        chunks: Mutex::default(),
        plans: Mutex::default(),
        choice: OnceLock::new(),
    };
    let inside = Inside {
        engine,
        origin,
        depth,
        budget: &budget,
    };
    let mut problems = Vec::new();
    rayon::in_place_scope(|scope| {
        let mut waiting = Waiting::new(&reading, len, rows);
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
                Ok(Ok(Some(Piece::Chunk(part)))) => {
                    waiting.chunk(scope, index, part);
                }
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
        waiting.end(scope);
    });
    let known = origin.stated.or(origin.len);
    let bytes = known.unwrap_or_else(|| reader.position());
    drop(reader);
    let ledger = reading.into_ledger(origin, format, bytes, problems);
    close(engine, depth, ledger, results);
}

fn close<'e>(engine: &'e Engine<'e>, depth: usize, ledger: Ledger, results: &mut Results<'e>) {
    let settled = settle(engine, ledger);
    if depth == 0 {
        results.own(settled);
    } else {
        results.push(engine, settled);
    }
}

/// Chunks that wait until it is known which of their records are looked at; none does where all are.
struct Waiting<'w, 'e> {
    reading: &'w Reading<'e>,
    probe: Probe,
    /// The size of the input, where it is known.
    len: Option<u64>,
    /// How many rows it has, where that is known.
    rows: Option<u64>,
    chunks: Vec<(u64, Part)>,
}

impl<'w, 'e> Waiting<'w, 'e> {
    fn new(reading: &'w Reading<'e>, len: Option<u64>, rows: Option<u64>) -> Self {
        if reading.engine.scan.sample.is_none() {
            let _ = reading.choice.set(Choice::All);
        }
        Self {
            reading,
            probe: Probe::default(),
            len,
            rows,
            chunks: Vec::new(),
        }
    }

    /// Hands out a chunk, or keeps it until enough is known.
    fn chunk(&mut self, scope: &rayon::Scope<'w>, index: u64, part: Part) {
        if self.reading.choice.get().is_some() {
            return self.reading.hand_out(scope, index, part);
        }
        let looked = catch_unwind(AssertUnwindSafe(|| self.probe.look(&part)));
        self.chunks.push((index, part));
        if looked.unwrap_or(true) {
            self.end(scope);
        }
    }

    /// Hands out what waits: nothing more can become known.
    fn end(&mut self, scope: &rayon::Scope<'w>) {
        if let Some(sample) = self.reading.engine.scan.sample {
            let choice = self.probe.choice(sample, self.len, self.rows);
            let _ = self.reading.choice.set(choice);
        }
        for (index, part) in self.chunks.drain(..) {
            self.reading.hand_out(scope, index, part);
        }
    }
}

impl Reading<'_> {
    /// Which records are looked at.
    pub(super) fn choice(&self) -> Choice {
        self.choice.get().copied().unwrap_or(Choice::All)
    }

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
        let place = (part.table.clone(), part.first_row);
        let mut sink = ChunkSink::new(self, index, place, accumulator, scratch);
        let extent = catch_unwind(AssertUnwindSafe(|| {
            part.chunk.read(&mut Unfold::new(&mut sink))
        }))
        .unwrap_or_else(|_| {
            sink.problem(Problem::lost(format!(
                "internal error in chunk {}; please report it",
                index + 1
            )));
            Extent::default()
        });
        let counted = sink.settle();
        let result = ChunkResult {
            index,
            first_row: part.first_row,
            extent,
            tables: counted.tables,
            columns: counted.columns,
            column_tables: counted.column_tables,
            source: counted.accumulator.id(),
            hits: Some(engine.spool.store(counted.hits)),
            problems: counted.problems,
            left_out: counted.sieve.left_out,
            unplaced: counted.sieve.unplaced,
        };
        lock(&engine.scratches).push(counted.scratch);
        lock(&self.chunks).push(result);
        lock(&self.accumulators).push(counted.accumulator);
    }

    pub(super) fn plan(&self, name: &Arc<str>) -> Arc<ColumnPlan> {
        if let Some(plan) = lock(&self.plans).get(name) {
            return plan.clone();
        }
        let engine = self.engine;
        let plan = known(&engine.plans, name, || {
            let confidence = engine.scan.min_confidence;
            Arc::new(ColumnPlan::new(&engine.matcher, name, confidence))
        });
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
            choice: self.engine.scan.sample.and(self.choice.into_inner()),
        }
    }
}
