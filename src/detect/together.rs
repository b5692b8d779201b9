//! Cells of one shape that are checked together, form by form.
//!
//! All their forms match the whole cell, so nothing is left but checks. Most numbers fail most of them (any nine digits are
//! tried as the number of some thirty countries), so what fails is only counted: by its hash, and without a candidate.

use std::ops::Range;

use super::find::PutBy;
use super::program::{ProgramId, Together};
use super::{Candidate, FormId, Found, Matcher, Near, Scratch};
use crate::format::Batch;
use crate::score::EvidenceSet;
use crate::validate::{Digits, Outcome, normalise, words};

/// Candidates of one form that fare alike, each the only value of its record in the column and all of it: they need but be
/// counted.
#[derive(Clone, Debug)]
pub(crate) struct Alike {
    pub(crate) form: FormId,
    pub(crate) evidence: EvidenceSet,
    /// Which ones, in [`Found::wholes`].
    pub(crate) wholes: Range<usize>,
}

/// A value that is a candidate as a whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whole {
    /// Hash of the normalised value.
    pub(crate) hash: u64,
    /// Index of the value in the batch.
    pub(crate) value: u32,
    /// Where it is in the batch's text.
    pub(crate) at: u32,
    pub(crate) len: u32,
}

/// Cells put by, by program, and what checking them needs.
#[derive(Default)]
pub(super) struct Waiting {
    /// For each program, its cells.
    cells: Vec<Vec<PutBy>>,
    /// The programs that have some.
    programs: Vec<ProgramId>,
    normalised: Vec<Normalised>,
    digits: Digits,
    outcomes: Vec<Outcome>,
    passed: Vec<Whole>,
    unlisted: Vec<Whole>,
}

/// Cells normalised one way.
#[derive(Default)]
struct Normalised {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    hashes: Vec<u64>,
}

impl Normalised {
    fn of(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start as usize..self.ends[index] as usize]
    }
}

impl Scratch {
    /// Puts a cell by, to be checked together with others of its program.
    #[inline]
    pub(super) fn put_by(&mut self, program: ProgramId, cell: PutBy) {
        let waiting = &mut self.waiting;
        let index = program.0 as usize;
        if index >= waiting.cells.len() {
            waiting.cells.resize(index + 1, Vec::new());
        }
        if waiting.cells[index].is_empty() {
            waiting.programs.push(program);
        }
        waiting.cells[index].push(cell);
    }
}

impl Matcher {
    /// Checks all cells that were put by.
    pub(super) fn check_put_by(&self, batch: &Batch<'_>, scratch: &mut Scratch, found: &mut Found) {
        while let Some(id) = scratch.waiting.programs.pop() {
            let mut cells = std::mem::take(&mut scratch.waiting.cells[id.0 as usize]);
            if let Some(together) = &scratch.programs.list[id.0 as usize].together {
                let buffer = &mut scratch.work.normalised;
                scratch.waiting.normalise(batch, together, &cells, buffer);
                scratch.work.normalised_as = None;
                for &(form, kind) in &together.forms {
                    self.check_all(form, usize::from(kind), &cells, &mut scratch.waiting, found);
                }
            }
            cells.clear();
            scratch.waiting.cells[id.0 as usize] = cells;
        }
    }

    fn check_all(
        &self,
        id: FormId,
        kind: usize,
        cells: &[PutBy],
        waiting: &mut Waiting,
        found: &mut Found,
    ) {
        let form = &self.forms[usize::from(id.0)];
        let detector = &self.detectors[usize::from(form.detector.0)];
        let Waiting {
            normalised,
            digits,
            outcomes,
            passed,
            unlisted,
            ..
        } = waiting;
        let values = &normalised[kind];
        outcomes.clear();
        // A padded number has more digits than the cell.
        let plain = form.pad.is_none();
        let value = |index: usize| (values.of(index), values.hashes[index]);
        if !(plain && form.checks.run_digits(digits, value, outcomes)) {
            let each = (0..cells.len()).map(value);
            outcomes.extend(each.map(|(value, hash)| form.checks.run(value, hash)));
        }
        passed.clear();
        unlisted.clear();
        let first = found.wholes.len();
        for ((index, outcome), cell) in outcomes.iter().enumerate().zip(cells) {
            let whole = Whole {
                hash: values.hashes[index],
                value: cell.index,
                at: cell.at,
                len: cell.len,
            };
            let evidence = match outcome {
                Outcome::Fail => {
                    found.wholes.push(whole);
                    continue;
                }
                Outcome::Not => continue,
                Outcome::Pass => EvidenceSet::PASSED,
                Outcome::Unlisted => EvidenceSet::UNLISTED,
            } | EvidenceSet::WHOLE;
            if detector.placeholders.holds(values.of(index), whole.hash) {
                let evidence = evidence | EvidenceSet::PLACEHOLDER;
                found.candidates.push(whole.candidate(id, evidence));
            } else if found.lists {
                found.candidates.push(whole.candidate(id, evidence));
            } else if *outcome == Outcome::Pass {
                passed.push(whole);
            } else {
                unlisted.push(whole);
            }
        }
        found.alike(id, EvidenceSet::FAILED, first);
        for (evidence, wholes) in [
            (EvidenceSet::PASSED, passed),
            (EvidenceSet::UNLISTED, unlisted),
        ] {
            let first = found.wholes.len();
            found.wholes.append(wholes);
            found.alike(id, evidence, first);
        }
    }
}

impl Found {
    /// The candidates from `first` on fare alike.
    fn alike(&mut self, form: FormId, evidence: EvidenceSet, first: usize) {
        if self.wholes.len() > first {
            self.alike.push(Alike {
                form,
                evidence: evidence | EvidenceSet::WHOLE,
                wholes: first..self.wholes.len(),
            });
        }
    }
}

impl Whole {
    pub(crate) fn candidate(self, form: FormId, evidence: EvidenceSet) -> Candidate {
        Candidate {
            value: self.value,
            span: self.at..self.at + self.len,
            form,
            evidence,
            near: Near::NONE,
            hash: self.hash,
            alone: true,
            again: false,
        }
    }
}

impl Waiting {
    /// Forgets what a search left behind that did not end.
    pub(super) fn clear(&mut self) {
        for program in self.programs.drain(..) {
            self.cells[program.0 as usize].clear();
        }
    }

    fn normalise(
        &mut self,
        batch: &Batch<'_>,
        together: &Together,
        cells: &[PutBy],
        buffer: &mut Vec<u8>,
    ) {
        let text = |cell: &PutBy| &batch.text[cell.at as usize..(cell.at + cell.len) as usize];
        if self.normalised.len() < together.kinds.len() {
            self.normalised
                .resize_with(together.kinds.len(), Normalised::default);
        }
        for (&(kind, pad), all) in together.kinds.iter().zip(&mut self.normalised) {
            all.bytes.clear();
            all.ends.clear();
            all.hashes.clear();
            for cell in cells {
                normalise(kind, pad, text(cell), buffer);
                all.bytes.extend_from_slice(buffer);
                all.ends.push(all.bytes.len() as u32);
                all.hashes.push(words::hash(buffer));
            }
        }
        self.digits.clear();
        if let Some(len) = together.digits {
            self.digits.fill(usize::from(len), cells.iter().map(text));
        }
    }
}
