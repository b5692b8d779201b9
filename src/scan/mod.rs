//! A scan: what to read and how, and [`Scan::run`], which turns paths into events.
//!
//! The calling thread walks the paths and stays outside the pool; inputs are read on the pool, one a thread at a time, and
//! only so many of them wait to be read or given out. `worker.rs` reads one input, `ledger.rs` keeps what it found,
//! `release.rs` turns that into events, and `outbox.rs` gives them out in the order of the inputs.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::detect::{DetectorId, Matcher};
use crate::error::{Error, Problem};
use crate::event::{Event, RuleUsed, RulesUsed, SCHEMA, ScanRecord, Summary};
use crate::format::ReadOptions;
use crate::input::walk::{Found, walk};
use crate::input::{self, Input, WalkOptions};
use crate::rule::RuleSet;

mod count;
mod findings;
mod hits;
mod ledger;
pub(crate) mod long;
mod members;
mod namesakes;
mod narrow;
mod normalised;
mod order;
mod outbox;
mod packed;
mod pseudonym;
mod release;
mod results;
mod sample;
mod small;
mod worker;

use ledger::Ledger;
use namesakes::Namesakes;
use outbox::Outbox;
use release::{Totals, settle};
use results::Results;
pub use sample::Sample;
use worker::{Engine, Origin, lock, read_input};

/// Inputs that wait to be read or given out, for each thread.
const OPEN: usize = 16;

/// What to read and how. Made from command-line options in one place, `cli/scan.rs`.
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches that have nothing to do with each other"
)]
pub struct Scan {
    /// Files and folders; `-` is standard input.
    pub roots: Vec<PathBuf>,
    /// What of a folder is read.
    pub walk: WalkOptions,
    /// How inputs are read.
    pub read: ReadOptions,
    /// The detectors.
    pub rules: RuleSet,
    /// Whether regular files are memory-mapped.
    pub mmap: bool,
    /// Worker threads; at least 1.
    pub threads: usize,
    /// Findings below this confidence are not reported.
    pub min_confidence: f64,
    /// The same for single detectors, by id, where it is to be higher.
    pub thresholds: std::collections::BTreeMap<String, f64>,
    /// Whether columns say what else was considered.
    pub explain: bool,
    /// Whether raw values are shown.
    pub reveal: bool,
    /// Whether single findings are wanted at all; columns, files and totals always are.
    pub findings: bool,
    /// Examples kept for each column and detector.
    pub samples: usize,
    /// How much of each input is looked at; all of it where absent.
    pub sample: Option<Sample>,
    /// The key of the fingerprints; random where absent.
    pub key: Option<[u8; 32]>,
    /// Detectors, by id, all of whose numbers are hashed and compared with columns of hashes.
    pub enumerate: Vec<String>,
    /// Bounds on memory.
    pub bounds: Bounds,
}

/// Bounds on memory, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Chunks in flight, for all threads together.
    pub in_flight: usize,
    /// Hits that wait in memory for their column to be complete; more wait in a temporary file.
    pub hits: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            in_flight: 64 << 20,
            hits: 40 << 20,
        }
    }
}

/// How far a scan is, and how to stop it; shared with whoever shows progress.
#[derive(Debug, Default)]
pub struct Progress {
    /// Bytes of all inputs known so far; grows while folders are walked.
    pub bytes_known: AtomicU64,
    /// Bytes read.
    pub bytes_done: AtomicU64,
    /// Inputs known so far.
    pub files_known: AtomicU64,
    /// Inputs done.
    pub files_done: AtomicU64,
    /// Whether all paths have been walked, so that the totals are final.
    pub walked: AtomicBool,
    /// Set it to stop: what was found so far is still reported, marked as partial.
    pub stop: AtomicBool,
}

/// Who takes the events.
type Emit<'e> = dyn FnMut(&Event) -> std::io::Result<()> + Send + 'e;

impl Scan {
    /// A scan of these paths with these rules, and otherwise as `speur scan` does it unless told otherwise.
    pub fn of(roots: Vec<PathBuf>, rules: RuleSet) -> Self {
        let threads = std::thread::available_parallelism();
        Self {
            roots,
            walk: WalkOptions::default(),
            read: ReadOptions::default(),
            rules,
            mmap: true,
            threads: threads.map_or(1, std::num::NonZeroUsize::get),
            min_confidence: 0.5,
            thresholds: std::collections::BTreeMap::new(),
            explain: false,
            reveal: false,
            findings: true,
            samples: 0,
            sample: None,
            key: None,
            enumerate: Vec::new(),
            bounds: Bounds::default(),
        }
    }

    /// Runs the scan; events come in an order that depends on the data alone. An error of `emit` ends it.
    pub fn run(&self, progress: &Progress, emit: &mut Emit<'_>) -> Result<Summary, Error> {
        let found = walk(&self.roots, &self.walk)?;
        self.run_over(found.map(Source::Walked), progress, emit)
    }

    /// The same over inputs in memory, each with a name, instead of paths.
    pub fn run_in_memory(
        &self,
        inputs: Vec<(String, input::Bytes)>,
        progress: &Progress,
        emit: &mut Emit<'_>,
    ) -> Result<Summary, Error> {
        let inputs = inputs.into_iter();
        let sources = inputs.map(|(name, bytes)| Source::Memory(name, bytes));
        self.run_over(sources, progress, emit)
    }

    fn run_over(
        &self,
        sources: impl Iterator<Item = Source>,
        progress: &Progress,
        emit: &mut Emit<'_>,
    ) -> Result<Summary, Error> {
        let started = std::time::Instant::now();
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.threads.max(1))
            // A thread that waits for chunks takes on other members meanwhile, one upon the other.
            .stack_size(64 << 20)
            .build()
            .map_err(|error| Error::usage(format!("--threads {}: {error}", self.threads)))?;
        let matcher = pool.install(|| Matcher::new(&self.rules))?;
        let engine = Engine::new(self, matcher, progress, &self.bounds);
        let mut record = self.record();
        for root in &mut record.roots {
            *root = engine.shown_path(&root.as_str().into()).to_string();
        }
        emit(&Event::Scan(record))?;
        let giver = Mutex::new(Giver {
            emit,
            totals: Totals::default(),
            names: Namesakes::default(),
            failed: None,
        });
        let outbox: Outbox<Results<'_>> = Outbox::default();
        pool.in_place_scope(|scope| {
            for (number, source) in sources.enumerate() {
                outbox.open(OPEN * self.threads.max(1));
                progress
                    .bytes_known
                    .fetch_add(source.len(), Ordering::Relaxed);
                progress.files_known.fetch_add(1, Ordering::Relaxed);
                let (engine, outbox, giver) = (&engine, &outbox, &giver);
                scope.spawn(move |_| {
                    let settled = engine.read(source);
                    progress.files_done.fetch_add(1, Ordering::Relaxed);
                    outbox.put(number as u64, settled, |settled| {
                        lock(giver).give(engine, settled);
                    });
                });
            }
            progress.walked.store(true, Ordering::Relaxed);
        });
        let Giver {
            emit,
            totals,
            failed,
            ..
        } = giver
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(error) = failed {
            return Err(error.into());
        }
        for record in pool.install(|| engine.compared()) {
            emit(&Event::Pseudonym(record))?;
        }
        let summary = totals.summary(started.elapsed(), engine.is_stopped());
        emit(&Event::Summary(summary.clone()))?;
        Ok(summary)
    }

    fn record(&self) -> ScanRecord {
        ScanRecord {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            rules: RulesUsed {
                count: self.rules.rules.len(),
                digest: self.rules.digest.clone(),
                detectors: self.rules.rules.iter().map(rule_used).collect(),
            },
            roots: self
                .roots
                .iter()
                .map(|root| root.to_string_lossy().into_owned())
                .collect(),
            started: jiff::Timestamp::now()
                .strftime("%Y-%m-%dT%H:%M:%SZ")
                .to_string(),
            key: self.key.as_ref().map(key_name),
            revealed: self.reveal,
            min_confidence: self.min_confidence,
            sample: self.sample.map(|sample| sample.to_string()),
        }
    }
}

fn rule_used(rule: &crate::rule::Rule) -> RuleUsed {
    RuleUsed {
        id: rule.id.clone(),
        name: rule.name.clone(),
        names: rule.names.clone(),
        category: rule.category.name().to_owned(),
        about: rule.about.clone(),
    }
}

/// Tells keys apart: a keyed hash of nothing but a constant, which says nothing of the key.
pub(crate) fn key_name(key: &[u8; 32]) -> String {
    let hash = blake3::keyed_hash(key, b"speur: which key made these fingerprints");
    hash.to_hex().as_str()[..16].to_owned()
}

/// Where an input comes from.
enum Source {
    /// A walk.
    Walked(Found),
    /// The caller, with its name.
    Memory(String, input::Bytes),
}

impl Source {
    /// Its size in bytes, as far as it is known.
    fn len(&self) -> u64 {
        match self {
            Source::Walked(found) => found.len,
            Source::Memory(_, bytes) => bytes.len() as u64,
        }
    }
}

/// Gives out results, one input at a time.
struct Giver<'e, 'f> {
    emit: &'e mut Emit<'f>,
    totals: Totals,
    names: Namesakes,
    failed: Option<std::io::Error>,
}

impl Giver<'_, '_> {
    fn give<'e>(&mut self, engine: &'e Engine<'e>, results: Results<'e>) {
        if self.failed.is_some() {
            return;
        }
        let Self { emit, names, .. } = self;
        names.start();
        let mut emit = |event: &Event| match names.event(event) {
            Some(numbered) => emit(&numbered),
            None => emit(event),
        };
        if let Err(error) = results.emit(engine, &mut self.totals, &mut emit) {
            engine.progress.stop.store(true, Ordering::Relaxed);
            self.failed = Some(error);
        }
    }
}

impl<'e> Engine<'e> {
    /// What the columns of hashes are made of.
    fn compared(&self) -> Vec<crate::event::PseudonymRecord> {
        let detectors = (0u16..).zip(&self.matcher.detectors);
        let tried: Vec<DetectorId> = detectors
            .filter(|(_, detector)| self.scan.enumerate.contains(&detector.rule.id))
            .map(|(number, _)| DetectorId(number))
            .collect();
        self.pseudonyms.records(&self.matcher, &tried)
    }

    /// Reads an input: the results of its members, and then its own.
    fn read(&'e self, source: Source) -> Results<'e> {
        match source {
            Source::Walked(found) => self.read_found(found),
            Source::Memory(name, bytes) => {
                let len = Some(bytes.len() as u64);
                self.read_body(name, None, input::Body::Blob(bytes), len)
            }
        }
    }

    fn read_found(&'e self, found: Found) -> Results<'e> {
        let origin = Origin {
            file: found.name.as_str().into(),
            member: None,
            len: Some(found.len),
            stated: None,
        };
        let unread = |problem| {
            let mut results = Results::default();
            results.own(settle(self, Ledger::unread(&origin, None, problem)));
            results
        };
        if let Some(problem) = found.problem {
            return unread(problem);
        }
        if self.is_stopped() {
            return unread(Problem::skipped("the scan was stopped before it was read"));
        }
        let (body, len, watch) = match &found.path {
            None => (input::Body::Stream(Box::new(std::io::stdin())), None, None),
            Some(path) => match input::open(path, self.scan.mmap) {
                Ok(opened) => (opened.body, Some(opened.len), opened.watch),
                Err(problem) => return unread(problem),
            },
        };
        let folder = found.path.as_deref().and_then(std::path::Path::parent);
        let mut results = self.read_body(found.name, folder.map(PathBuf::from), body, len);
        if let Some(watch) = watch {
            results.add(watch.changed());
        }
        results
    }

    fn read_body(
        &'e self,
        name: String,
        folder: Option<PathBuf>,
        body: input::Body<'_>,
        len: Option<u64>,
    ) -> Results<'e> {
        let origin = Origin {
            file: name.as_str().into(),
            member: None,
            len,
            stated: None,
        };
        let input = Input {
            name,
            folder,
            depth: 0,
            body,
            budget: input::Budget::of_file(len),
        };
        let mut results = Results::default();
        read_input(self, &origin, input, &mut results);
        results
    }
}
