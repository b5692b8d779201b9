//! What a scan made of a labelled corpus: every finding is held against the truth as it comes, so that no list of
//! findings is ever kept. What stays is a confidence for each label, and the false alarms.

use std::path::PathBuf;
use std::sync::Arc;

use hashbrown::HashMap;

use super::cache::{Cache, Key as KnownBy};
use crate::error::Error;
use crate::event::{Event, FileRecord, Finding, Place, Status, thousandths};
use crate::quality::truth::{Column, Corpus, Entry, Names, Truth};
use crate::scan::{Progress, Scan};

/// Findings below this are not looked at. The engine searches for nothing that can't reach it, unless it is asked to; a
/// lower one would change which detectors compete, and so would measure something else than a scan does.
pub const FLOOR: f64 = 0.2;

/// A corpus with its truths in memory.
pub struct Labelled {
    /// Its files.
    pub entries: Vec<Entry>,
    /// What is known of each.
    pub truths: Vec<Truth>,
    /// The detectors that they name, and any that were found.
    pub detectors: Names,
    /// Files without a truth.
    pub unlabelled: Vec<PathBuf>,
}

impl Labelled {
    /// Reads all truths of a corpus.
    pub fn load(corpus: Corpus) -> Result<Self, Error> {
        let mut detectors = Names::default();
        let truths = corpus.entries.iter();
        let truths = truths.map(|entry| Truth::read(&entry.truth, &mut detectors));
        Ok(Self {
            truths: truths.collect::<Result<_, _>>()?,
            entries: corpus.entries,
            detectors,
            unlabelled: corpus.unlabelled,
        })
    }
}

/// A finding where nothing of its kind is labelled; the surest of its cell.
#[derive(Clone, Debug)]
pub struct Alarm {
    /// Its column, a number into [`FileOutcome::columns`].
    pub column: u32,
    /// Its record.
    pub row: u64,
    /// What it was taken for.
    pub detector: u32,
    /// Thousandths.
    pub confidence: u16,
    /// What it is, where that is labelled.
    pub instead_of: Option<u32>,
    /// The value, masked.
    pub masked: Box<str>,
}

/// What was made of one file.
#[derive(Clone, Debug, Default)]
pub struct FileOutcome {
    /// Columns: those of the truth, then others in which something was found.
    pub columns: Vec<Column>,
    /// With what confidence, in thousandths, each label of the truth was found; 0 where it was not.
    pub best: Vec<u16>,
    /// False alarms, by column, row and detector.
    pub alarms: Vec<Alarm>,
    /// The surest finding of each column and detector.
    pub columns_best: Vec<((u32, u32), u16)>,
    /// Bytes of the file as stored.
    pub bytes: u64,
    /// Why it could not be read in full.
    pub problem: Option<String>,
}

/// What came of a corpus.
pub struct Ran {
    /// Of each file.
    pub outcomes: Vec<FileOutcome>,
    /// How many of them were known before.
    pub known: usize,
    /// Bytes of the files that were scanned.
    pub bytes: u64,
    /// Seconds of the scan.
    pub seconds: f64,
}

/// Runs a scan over a corpus, as far as its outcomes aren't known. `scan` says with what rules; what it reads is set here.
pub fn run(mut scan: Scan, labelled: &mut Labelled, cache: Option<&Cache>) -> Result<Ran, Error> {
    let digest = scan.rules.digest.clone();
    let entries = labelled.entries.iter();
    let keys: Vec<Option<KnownBy>> = entries
        .map(|entry| cache.and_then(|cache| cache.key(entry, &digest)))
        .collect();
    let mut outcomes = vec![FileOutcome::default(); labelled.truths.len()];
    let mut missing = Vec::new();
    for (number, key) in keys.iter().enumerate() {
        let known = cache.zip(key.as_ref()).and_then(|(cache, key)| {
            cache.get(key, &labelled.truths[number], &mut labelled.detectors)
        });
        match known {
            Some(known) => outcomes[number] = known,
            None => missing.push(number),
        }
    }
    let mut ran = Ran {
        known: outcomes.len() - missing.len(),
        outcomes,
        bytes: 0,
        seconds: 0.0,
    };
    if missing.is_empty() {
        return Ok(ran);
    }
    let at = |number: &usize| labelled.entries[*number].data.clone();
    scan.roots = missing.iter().map(at).collect();
    scan.min_confidence = FLOOR;
    scan.findings = true;
    // Names must be those of the truth, which would be masked where they hold a value; of findings only masks are kept.
    scan.reveal = true;
    scan.samples = 0;
    let numbers = scan.roots.iter().zip(missing.iter().copied());
    let mut collector = Collector {
        truths: &labelled.truths,
        detectors: &mut labelled.detectors,
        files: numbers
            .map(|(path, number)| (path.to_string_lossy().into_owned(), number))
            .collect(),
        open: None,
        outcomes: ran.outcomes,
    };
    let summary = scan.run(&Progress::default(), &mut |event| {
        collector.event(event);
        Ok(())
    })?;
    ran.outcomes = collector.outcomes;
    ran.seconds = summary.seconds;
    for number in missing {
        let outcome = &ran.outcomes[number];
        ran.bytes += outcome.bytes;
        if let (Some(cache), Some(key)) = (cache, &keys[number]) {
            cache.put(key, outcome, &labelled.truths[number], &labelled.detectors);
        }
    }
    if let Some(cache) = cache {
        // What can't be removed takes room, and nothing else.
        let _ = cache.trim();
    }
    Ok(ran)
}

struct Collector<'c> {
    truths: &'c [Truth],
    detectors: &'c mut Names,
    files: HashMap<String, usize>,
    open: Option<(usize, Open<'c>)>,
    outcomes: Vec<FileOutcome>,
}

impl<'c> Collector<'c> {
    fn event(&mut self, event: &Event) {
        match event {
            Event::Finding(finding) => {
                let detector = self.detectors.number(&finding.detector.id);
                if let Some(open) = self.open(&finding.place.file) {
                    open.finding(finding, detector);
                }
            }
            Event::File(file) => self.file(file),
            _ => {}
        }
    }

    /// The file's findings so far; events come one file after the other.
    fn open(&mut self, name: &str) -> Option<&mut Open<'c>> {
        let number = *self.files.get(name)?;
        if self.open.as_ref().is_none_or(|(open, _)| *open != number) {
            self.open = Some((number, Open::new(&self.truths[number])));
        }
        self.open.as_mut().map(|(_, open)| open)
    }

    fn file(&mut self, file: &FileRecord) {
        let problem = (file.status != Status::Scanned).then(|| {
            let reason = file.reason.as_deref().unwrap_or("no reason is known");
            match &file.member {
                Some(member) => format!("{member}: {reason}"),
                None => reason.to_owned(),
            }
        });
        let Some(&number) = self.files.get(&*file.file) else {
            return;
        };
        let outcome = &mut self.outcomes[number];
        outcome.problem = outcome.problem.take().or(problem);
        if file.member.is_some() {
            return;
        }
        outcome.bytes = file.bytes;
        let open = match self.open.take() {
            Some((known, open)) if known == number => open,
            other => {
                self.open = other;
                Open::new(&self.truths[number])
            }
        };
        open.close(outcome);
    }
}

/// A cell and a detector.
type Key = (u32, u64, u32);

/// A file whose findings are coming in.
struct Open<'c> {
    truth: &'c Truth,
    /// Labels by cell, where no stretches are labelled.
    cells: HashMap<Key, u32>,
    /// Labels by their first byte, where stretches are.
    spans: Vec<(u64, u64, u32)>,
    /// The longest stretch.
    longest: u64,
    columns: Vec<Column>,
    numbers: HashMap<Column, u32>,
    /// Which detectors are labelled in each column.
    held: HashMap<u32, Vec<u32>>,
    /// Findings of one column share their place.
    last: Option<(Arc<Place>, u32)>,
    best: Vec<u16>,
    columns_best: HashMap<(u32, u32), u16>,
    alarms: HashMap<Key, Alarm>,
}

impl<'c> Open<'c> {
    fn new(truth: &'c Truth) -> Self {
        let mut cells = HashMap::new();
        let mut spans = Vec::new();
        for (number, label) in truth.labels.iter().enumerate() {
            let number = number as u32;
            match label.span {
                Some((start, end)) => spans.push((start, end, number)),
                None => {
                    cells.insert((label.column, label.row, label.detector), number);
                }
            }
        }
        spans.sort_unstable();
        let mut held: HashMap<u32, Vec<u32>> = HashMap::new();
        for &(column, detector) in &truth.holds {
            held.entry(column).or_default().push(detector);
        }
        let columns = truth.columns.clone();
        let numbered = columns.iter().cloned().zip(0..);
        Self {
            truth,
            cells,
            longest: spans
                .iter()
                .map(|(start, end, _)| end - start)
                .max()
                .unwrap_or(0),
            spans,
            numbers: numbered.collect(),
            columns,
            held,
            last: None,
            best: vec![0; truth.labels.len()],
            columns_best: HashMap::new(),
            alarms: HashMap::new(),
        }
    }

    fn finding(&mut self, finding: &Finding, detector: u32) {
        let column = self.column(&finding.place);
        let confidence = thousandths(finding.confidence);
        let mut instead_of = None;
        let mut counts_as = None;
        for number in self.labels_at(finding, column, detector) {
            let label = &self.truth.labels[number as usize];
            if label.detector == detector || label.also.contains(&detector) {
                let best = &mut self.best[number as usize];
                *best = confidence.max(*best);
                counts_as = Some(label.detector);
            } else {
                instead_of = Some(label.detector);
            }
        }
        let is_open = self.truth.either.contains(&(column, detector));
        if counts_as.is_none() && (is_open || !self.truth.judges(detector)) {
            return;
        }
        let key = (column, counts_as.unwrap_or(detector));
        let best = self.columns_best.entry(key).or_default();
        *best = confidence.max(*best);
        // Where only columns are labelled, a cell of a labelled column is as good as labelled.
        if counts_as.is_some() || !self.truth.has_cells {
            return;
        }
        let alarm = self
            .alarms
            .entry((column, finding.row, detector))
            .or_insert_with(|| Alarm {
                column,
                row: finding.row,
                detector,
                confidence,
                instead_of,
                masked: finding.masked.as_str().into(),
            });
        alarm.confidence = alarm.confidence.max(confidence);
    }

    /// Labels of the place of a finding: of its stretch or, where stretches aren't labelled, of its cell.
    fn labels_at(&self, finding: &Finding, column: u32, detector: u32) -> Vec<u32> {
        let mut labels = Vec::new();
        if let Some((start, end)) = finding.start.zip(finding.end) {
            let behind = self.spans.partition_point(|&(first, _, _)| first < end);
            let near = self.spans[..behind].iter().rev();
            let near = near.take_while(|&&(first, _, _)| first + self.longest > start);
            labels.extend(
                near.filter(|&&(_, last, _)| last > start)
                    .map(|span| span.2),
            );
        }
        if let Some(&label) = self.cells.get(&(column, finding.row, detector)) {
            labels.push(label);
        } else if let Some(held) = self.held.get(&column) {
            let others = held.iter().map(|&other| (column, finding.row, other));
            labels.extend(others.filter_map(|key| self.cells.get(&key).copied()));
        }
        labels
    }

    fn column(&mut self, place: &Arc<Place>) -> u32 {
        if let Some((last, number)) = &self.last
            && Arc::ptr_eq(last, place)
        {
            return *number;
        }
        let text = |part: &Option<Arc<str>>| part.as_deref().unwrap_or_default().to_owned();
        let mut column = Column {
            member: text(&place.member),
            table: text(&place.table),
            column: text(&place.column),
        };
        // What a cell holds in itself has a column below the one that is labelled.
        while !self.numbers.contains_key(&column) {
            let Some(end) = column.column.rfind(['.', '[']).filter(|&end| end > 0) else {
                column.column = text(&place.column);
                break;
            };
            column.column.truncate(end);
        }
        let number = *self.numbers.entry_ref(&column).or_insert_with(|| {
            self.columns.push(column.clone());
            self.columns.len() as u32 - 1
        });
        self.last = Some((place.clone(), number));
        number
    }

    fn close(self, outcome: &mut FileOutcome) {
        outcome.columns = self.columns;
        outcome.best = self.best;
        outcome.alarms = self.alarms.into_values().collect();
        outcome
            .alarms
            .sort_unstable_by_key(|alarm| (alarm.column, alarm.row, alarm.detector));
        outcome.columns_best = self.columns_best.into_iter().collect();
        outcome.columns_best.sort_unstable();
    }
}
