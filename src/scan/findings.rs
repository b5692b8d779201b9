//! Findings, made of the hits that waited until their columns were judged.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use rayon::prelude::*;

use super::hits::{Hit, Kind, Packed, Waiting};
use super::ledger::{Base, ChunkResult};
use super::release::Released;
use crate::event::Finding;

/// Hits that are looked at for one batch of findings.
const BATCH: usize = 8 << 10;
/// Findings that a thread makes at a time, so that few are not shared out.
const SHARE: usize = 1 << 10;

/// The findings of an input, some at a time.
pub(super) struct Findings<'r> {
    released: &'r Released<'r>,
    /// For each accumulator, the way from its places to the columns.
    ways: &'r HashMap<usize, Vec<usize>>,
    chunks: VecDeque<(ChunkResult, Base)>,
    open: Option<Open>,
    done: Vec<ChunkResult>,
    broken: Option<io::Error>,
    known: Known,
}

/// A chunk, and how far its hits were taken.
struct Open {
    chunk: ChunkResult,
    base: Base,
    hits: Packed,
    at: usize,
}

/// How sure findings of a kind in a column are and why, shared by all alike; none where they are not given.
#[derive(Default)]
struct Known {
    numbers: HashMap<(usize, Kind), Option<u32>, FixedState>,
    sure: Vec<Sure>,
}

struct Sure {
    column: usize,
    confidence: f64,
    evidence: Arc<[String]>,
}

impl<'r> Findings<'r> {
    pub(super) fn new(
        released: &'r Released<'r>,
        ways: &'r HashMap<usize, Vec<usize>>,
        chunks: VecDeque<(ChunkResult, Base)>,
    ) -> Self {
        Self {
            released,
            ways,
            done: Vec::with_capacity(chunks.len()),
            chunks,
            open: None,
            broken: None,
            known: Known::default(),
        }
    }

    /// The next findings; none at the end.
    pub(super) fn take(&mut self) -> Vec<Option<Finding>> {
        loop {
            let Some(open) = &mut self.open else {
                match self.chunks.pop_front() {
                    Some((chunk, base)) => self.open(chunk, base),
                    None => return Vec::new(),
                }
                continue;
            };
            let way = self.ways.get(&open.chunk.source);
            let way = way.map_or(&[][..], Vec::as_slice);
            let findings = self.known.findings(self.released, open, way);
            if open.hits.is_end(open.at) {
                self.done.extend(self.open.take().map(|open| open.chunk));
            }
            if !findings.is_empty() {
                return findings;
            }
        }
    }

    fn open(&mut self, mut chunk: ChunkResult, base: Base) {
        let hits = chunk.hits.take().unwrap_or_default();
        match self.released.engine.spool.take(hits) {
            Ok(hits) => {
                self.open = Some(Open {
                    chunk,
                    base,
                    hits,
                    at: 0,
                });
            }
            Err(error) => self.broken = Some(error),
        }
    }

    /// Whether nothing is left to be taken.
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_none() && self.chunks.is_empty()
    }

    /// The chunks whose findings were taken, and why those of others are lost.
    pub(super) fn end(self) -> (Vec<ChunkResult>, Option<io::Error>) {
        (self.done, self.broken)
    }
}

impl Known {
    /// The findings of a chunk's next hits; none for a hit that can't be read back.
    fn findings(
        &mut self,
        released: &Released<'_>,
        open: &mut Open,
        way: &[usize],
    ) -> Vec<Option<Finding>> {
        let hits = open.hits.iter_from(&mut open.at).take(BATCH);
        let given: Vec<(Waiting<'_>, u32)> = hits
            .filter_map(|hit| {
                let column = way[open.chunk.columns[hit.kind.column as usize]];
                let number = self.number(released, column, hit.kind)?;
                Some((hit, number))
            })
            .collect();
        let make = |(waiting, number): &(Waiting<'_>, u32)| {
            let table = open.chunk.column_tables[waiting.kind.column as usize];
            let first_row = open.base.rows[table as usize];
            let sure = &self.sure[*number as usize];
            let hit = waiting.hit()?;
            Some(finding(released, &hit, sure, (first_row, open.base.line)))
        };
        if given.len() <= SHARE {
            return given.iter().map(make).collect();
        }
        given.par_iter().with_min_len(SHARE).map(make).collect()
    }

    fn number(&mut self, released: &Released<'_>, column: usize, kind: Kind) -> Option<u32> {
        *self.numbers.entry((column, kind)).or_insert_with(|| {
            let (confidence, evidence) = released.known(column, kind)?;
            self.sure.push(Sure {
                column,
                confidence,
                evidence,
            });
            u32::try_from(self.sure.len() - 1).ok()
        })
    }
}

fn finding(
    released: &Released<'_>,
    hit: &Hit<'_>,
    sure: &Sure,
    (first_row, first_line): (u64, u64),
) -> Finding {
    let detectors = &released.engine.matcher.detectors;
    let detector = released.detector_of(hit.kind.form);
    Finding {
        detector: detectors[usize::from(detector.0)].name.clone(),
        place: released.places[sure.column].clone(),
        row: Finding::counted(first_row + u64::from(hit.row)),
        line: hit
            .stored
            .map(|(line, _, _)| Finding::counted(first_line + u64::from(line))),
        start: hit.stored.map(|(_, start, _)| start),
        end: hit.stored.map(|(_, _, end)| end),
        masked: hit.masked.to_owned(),
        value: hit.value.map(str::to_owned),
        fingerprint: hit.fingerprint,
        confidence: sure.confidence,
        evidence: sure.evidence.clone(),
    }
}
