//! The search of a column's values: from cells to candidates.
//!
//! A cell whose shape has a program (`program.rs`) does what that says; others are searched by the kinds of bytes in them.
//! Cells in which the whole cell is what matters are put by and checked together (`together.rs`).

use std::ops::Range;

use super::edges::{goes_on, is_bounded, trim};
use super::kinds::kinds;
use super::memo::{Place as CellPlace, Unknown};
use super::program::{Begin, Lead, Lookup, Program, ProgramId};
use super::search::Wanted;
use super::shape::{ELEMENTS, Places, shape, sign};
use super::together::Whole;
use super::{
    Candidate, ColumnPlan, FormId, Found, Matcher, Near, Possible, Scratch, Work, overlap,
};
use crate::format::{Batch, ColumnId, Rows, Value};
use crate::score::EvidenceSet;
use crate::validate::{Outcome, normalise, words};

/// The values of a batch that are in one column.
pub(crate) struct Column<'a> {
    /// Ascending.
    pub(crate) values: &'a [Placed],
    pub(crate) plan: &'a ColumnPlan,
    /// The record of the value before them, in the same chunk.
    pub(crate) after: Option<u32>,
}

/// A value of a batch with its place in it. Those of a column stand one behind the other, so that a search goes through memory
/// in one direction.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Placed {
    /// Its index in the batch.
    pub(crate) index: u32,
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// Its record, where each value has one.
    row: u32,
}

impl Placed {
    #[inline]
    pub(crate) fn new(index: u32, value: &Value, row: u32) -> Self {
        Self {
            index,
            start: value.start,
            end: value.end,
            row,
        }
    }
}

/// A column during a search.
struct Searched<'a> {
    batch: &'a Batch<'a>,
    plan: &'a ColumnPlan,
    number: usize,
    /// Whether each value is the only one of its record.
    alone: bool,
    /// Whether forms that can start anywhere are searched for: cells in which one matches have no use for programs.
    is_loose: bool,
    /// Whether many of its cells come again.
    repeats: bool,
    lead: Option<Lead>,
    /// Cells looked at for their lead, and those of them that may hold something else.
    tried: u32,
    others: u32,
    /// Where the elements of the cell's shape start, if it has a program.
    places: Places,
}

/// A value during a search, without the white space around it.
pub(super) struct Cell<'a> {
    pub(super) bytes: &'a [u8],
    /// Where it starts in the batch's text.
    pub(super) at: u32,
    /// Its index in the batch.
    pub(super) index: u32,
    pub(super) plan: &'a ColumnPlan,
}

/// A cell that is checked later, together with others.
#[derive(Clone, Copy)]
pub(super) struct PutBy {
    pub(super) index: u32,
    pub(super) at: u32,
    pub(super) len: u32,
    pub(super) program: ProgramId,
}

impl Searched<'_> {
    /// Whether what a cell's template says is all there is to do.
    fn is_usual(&self, scratch: &mut Scratch) -> bool {
        self.alone
            && !self.repeats
            && !self.is_loose
            && self.lead.is_none()
            && scratch.programs.pays(self.number, self.plan.key)
    }
}

impl Scratch {
    /// Puts values by, or leaves them alone if nothing can be in them, as long as each is like its column's last cell of that
    /// length; gives how many. For [usual](Searched::is_usual) columns.
    fn put_by_templates(&mut self, here: &Searched<'_>, values: &[Placed]) -> usize {
        let text = here.batch.text;
        let last_cells = self.programs.last_cells(here.number);
        let mut last = ProgramId::NOTHING;
        let mut cells = None;
        for (done, value) in values.iter().enumerate() {
            let (start, end) = (value.start as usize, value.end as usize);
            let Some(program) = last_cells.program(text, start, end) else {
                return done;
            };
            // Nearly all cells have the program of the one before.
            if program != last {
                last = program;
                cells = None;
                if program != ProgramId::NOTHING {
                    let together = self.programs.list[program.0 as usize].together;
                    cells = together.and_then(|id| self.waiting.room(id));
                    if cells.is_none() {
                        return done;
                    }
                }
            }
            if let Some(cells) = &mut cells {
                cells.push(PutBy {
                    index: value.index,
                    at: value.start,
                    len: value.end - value.start,
                    program,
                });
            }
        }
        values.len()
    }
}

impl PutBy {
    pub(super) fn text<'t>(&self, all: &'t [u8]) -> &'t [u8] {
        &all[self.at as usize..(self.at + self.len) as usize]
    }

    /// It as a candidate, with the hash of its normalised value.
    #[inline]
    pub(super) fn whole(&self, hash: u64) -> Whole {
        Whole {
            hash,
            value: self.index,
            at: self.at,
            len: self.len,
        }
    }
}

impl Column<'_> {
    /// Whether each value is the only one of its record.
    fn is_alone(&self) -> bool {
        let first = self.values.first().map(|value| value.row);
        let pairs = self
            .values
            .iter()
            .zip(self.values.get(1..).unwrap_or_default());
        // All of them are looked at: nearly always they ascend.
        pairs.filter(|(a, b)| a.row >= b.row).count() == 0
            && self.after.is_none_or(|after| first > Some(after))
    }
}

impl Matcher {
    /// Finds the candidates of some values of a batch, all of one column, those that fail their check too (they count in the
    /// column's statistics); gives how many rows of them aren't empty. Column by column, the tables of a search stay in the
    /// processor's cache.
    pub(crate) fn find(
        &self,
        batch: &Batch<'_>,
        column: &Column<'_>,
        scratch: &mut Scratch,
        found: &mut Found,
    ) -> u64 {
        if scratch.work.tokens.is_full() || scratch.programs.is_full() {
            scratch.forget();
        }
        let mut here = self.start(batch, column, scratch);
        here.repeats = scratch.memo.is_good(here.number, column.plan.key);
        let mut filled = 0;
        let mut is_usual = here.is_usual(scratch);
        let mut left = column.values;
        loop {
            if is_usual {
                let done = scratch.put_by_templates(&here, left);
                filled += done as u64;
                left = &left[done..];
            }
            let Some((value, rest)) = left.split_first() else {
                break;
            };
            left = rest;
            let (start, end) = trim(batch.text, value.start, value.end);
            if start == end {
                continue;
            }
            filled += match batch.rows {
                Rows::One(_) => 1,
                Rows::Many { .. } => batch.rows.of(value.index as usize).len() as u64,
            };
            let place = CellPlace {
                value: value.index,
                column: here.number as u32,
                at: start as u32,
            };
            // Where most cells come again, their shapes needn't be found out.
            let mut unknown = None;
            if here.repeats {
                let bytes = &batch.text[start..end];
                match scratch
                    .memo
                    .recall(bytes, column.plan.key, place, here.alone, found)
                {
                    Ok(()) => continue,
                    Err(is) => unknown = Some(is),
                }
            }
            self.find_cell(&mut here, (place, end - start), unknown, scratch, found);
            is_usual = is_usual && here.is_usual(scratch);
        }
        let number = here.number;
        scratch.memo.hand_over(batch, found);
        scratch.programs.count_led(number, here.tried, here.others);
        self.check_put_by(batch, (column, number), scratch, found);
        filled
    }

    fn start<'a>(
        &self,
        batch: &'a Batch<'a>,
        column: &Column<'a>,
        scratch: &Scratch,
    ) -> Searched<'a> {
        let first = column.values.first();
        let first = first.map(|value| batch.values[value.index as usize].column);
        let number = first.unwrap_or(ColumnId(0)).0 as usize;
        let alone = matches!(batch.rows, Rows::One(_)) && column.is_alone();
        let is_loose = self.loose.applies(&column.plan.forms);
        Searched {
            batch,
            plan: column.plan,
            number,
            alone,
            is_loose,
            repeats: false,
            lead: alone
                .then(|| scratch.programs.lead(number, column.plan.key))
                .flatten(),
            tried: 0,
            others: 0,
            places: [0; ELEMENTS + 1],
        }
    }

    /// Searches a cell, or puts it by; `unknown` is what the memo says, where it was asked.
    #[inline(never)]
    fn find_cell(
        &self,
        here: &mut Searched<'_>,
        (place, len): (CellPlace, usize),
        unknown: Option<Unknown>,
        scratch: &mut Scratch,
        found: &mut Found,
    ) {
        let cell = place.at as usize..place.at as usize + len;
        let bytes = &here.batch.text[cell.clone()];
        let plan = here.plan;
        let put_by = |program: ProgramId| PutBy {
            index: place.value,
            at: place.at,
            len: len as u32,
            program,
        };
        let has_loose = here.is_loose && self.loose.may_match(bytes);
        if !has_loose && let Some(lead) = &here.lead {
            let other = lead.companions.may_match(self, bytes, &mut scratch.work);
            here.tried += 1;
            here.others += u32::from(other);
            if !other && scratch.put_by(put_by(lead.program)) {
                return;
            }
        }
        let program = if has_loose {
            None
        } else {
            self.program(here, cell.clone(), scratch)
        };
        if program == Some(ProgramId::NOTHING)
            || program.is_some_and(|program| {
                here.alone && unknown.is_none() && scratch.put_by(put_by(program))
            })
        {
            return;
        }
        let unknown = match unknown {
            Some(unknown) => {
                if here.alone && program.is_some_and(|program| scratch.may_put_by(program)) {
                    scratch.memo.count_together(place.column);
                }
                unknown
            }
            None => match scratch
                .memo
                .recall(bytes, plan.key, place, here.alone, found)
            {
                Ok(()) => return,
                Err(unknown) => unknown,
            },
        };
        let cell = Cell {
            bytes,
            at: place.at,
            index: place.value,
            plan,
        };
        let before = found.candidates.len();
        self.find_by(&cell, program, &here.places, scratch, &mut found.candidates);
        scratch
            .memo
            .remember(unknown, place, before, here.batch, found);
    }

    /// Adds what is found in a cell, by its program if it has one, with overlaps settled.
    pub(super) fn find_by(
        &self,
        cell: &Cell<'_>,
        program: Option<ProgramId>,
        places: &Places,
        scratch: &mut Scratch,
        found: &mut Vec<Candidate>,
    ) {
        let before = found.len();
        match program {
            Some(id) => {
                let program = &scratch.programs.list[id.0 as usize];
                self.run(cell, program, places, &mut scratch.work, found);
            }
            None => self.find_in(cell, scratch, found),
        }
        if found.len() - before > 1 {
            overlap::settle(found, before, &self.forms);
        }
    }

    /// The program of a cell's shape, if it has one.
    #[inline(never)]
    fn program(
        &self,
        here: &mut Searched<'_>,
        cell: Range<usize>,
        scratch: &mut Scratch,
    ) -> Option<ProgramId> {
        let Searched {
            batch,
            plan,
            number: column,
            ref mut places,
            ..
        } = *here;
        let programs = &mut scratch.programs;
        if !programs.pays(column, plan.key) {
            return None;
        }
        let text = batch.text;
        if let Some(id) = programs.by_template(text, cell.clone(), column, places) {
            return Some(id);
        }
        let sign = sign(text, cell.start, cell.end, programs.seed ^ plan.key);
        if let Some(sign) = sign
            && let Some(id) = programs.by_sign(sign, cell.len(), column, places)
        {
            return Some(id);
        }
        let shape = shape(text, cell.start, cell.end, places)?;
        match programs.look_up(plan.key, &shape, cell.len(), column) {
            Lookup::Known(id) => {
                if let Some(sign) = sign {
                    programs.keep_sign(sign, (cell.len(), places), column, id);
                }
                Some(id)
            }
            Lookup::Worthwhile => {
                let tokens = &mut scratch.work.tokens;
                let example = (&text[cell], &*places);
                Some(self.make_program(plan, &shape, example, programs, tokens))
            }
            Lookup::None => None,
        }
    }

    /// Does what the program of a cell's shape says.
    pub(super) fn run(
        &self,
        cell: &Cell<'_>,
        program: &Program,
        places: &Places,
        work: &mut Work,
        found: &mut Vec<Candidate>,
    ) {
        for &form in &program.whole_sure {
            self.propose(cell, 0..cell.bytes.len(), form, work, found);
        }
        if !program.whole.is_empty() {
            self.find_whole(cell, &program.whole, work, found);
        }
        let mut tokens = self.tokens.search(cell.bytes);
        let mut matched = std::mem::take(&mut work.matched);
        let mut go_on = 0;
        for begin in &program.begins {
            let Begin {
                element,
                sure,
                unsure,
            } = begin;
            let start = usize::from(places[usize::from(*element)]);
            if start < go_on {
                continue;
            }
            matched.clear();
            if let Some((chosen, forms)) = unsure {
                tokens.go_to(start);
                let wanted = Wanted {
                    chosen: *chosen,
                    forms,
                };
                tokens.match_here(wanted, &mut work.tokens, &mut matched);
            }
            let end_of = |element: u8| usize::from(places[usize::from(element)]);
            matched.extend(sure.iter().map(|&(form, end)| (form, end_of(end))));
            for &(form, end) in &matched {
                if self.propose(cell, start..end, form, work, found) && self.is_strong(form) {
                    go_on = go_on.max(end);
                }
            }
        }
        matched.clear();
        work.matched = matched;
    }

    /// Searches a cell by the kinds of bytes in it.
    pub(super) fn find_in(
        &self,
        cell: &Cell<'_>,
        scratch: &mut Scratch,
        found: &mut Vec<Candidate>,
    ) {
        let slot = scratch.possible(self, cell.plan, kinds(cell.bytes));
        let Possible {
            whole,
            part,
            forms,
            chosen,
            ..
        } = &scratch.possible[slot];
        if !whole.is_empty() {
            self.find_whole(cell, whole, &mut scratch.work, found);
        }
        if *part {
            let wanted = Wanted {
                chosen: *chosen,
                forms,
            };
            self.find_parts(cell, wanted, &mut scratch.work, found);
        }
    }

    fn find_whole(
        &self,
        cell: &Cell<'_>,
        tasks: &[super::Task],
        work: &mut Work,
        found: &mut Vec<Candidate>,
    ) {
        let mut matched = std::mem::take(&mut work.whole);
        matched.clear();
        self.cells
            .search(cell.bytes, tasks, &mut work.cells, &mut matched);
        for &form in &matched {
            self.propose(cell, 0..cell.bytes.len(), form, work, found);
        }
        work.whole = matched;
    }

    fn find_parts(
        &self,
        cell: &Cell<'_>,
        wanted: Wanted<'_>,
        work: &mut Work,
        found: &mut Vec<Candidate>,
    ) {
        let mut matched = std::mem::take(&mut work.matched);
        let mut tokens = self.tokens.search(cell.bytes);
        while let Some(start) = tokens.next_match(wanted, &mut work.tokens, &mut matched) {
            let mut sure = start;
            for &(form, end) in &matched {
                if self.propose(cell, start..end, form, work, found) && self.is_strong(form) {
                    sure = sure.max(end);
                }
            }
            tokens.skip_to(sure);
        }
        matched.clear();
        work.matched = matched;
        self.loose.search(cell.bytes, wanted.forms, |form, span| {
            self.propose(cell, span, form, work, found);
        });
    }

    /// Whether nothing is looked for inside a match that passes: it speaks for itself, or its parts mean nothing.
    pub(super) fn is_strong(&self, form: FormId) -> bool {
        self.forms[usize::from(form.0)].is_strong()
    }

    /// Checks a match, and adds it to the candidates if it is one; whether it passes.
    fn propose(
        &self,
        cell: &Cell<'_>,
        span: Range<usize>,
        id: FormId,
        work: &mut Work,
        found: &mut Vec<Candidate>,
    ) -> bool {
        let whole = span == (0..cell.bytes.len());
        let (part, bit) = (usize::from(id.0 / 64), id.0 % 64);
        if whole && cell.plan.never_whole[part] >> bit & 1 == 1 {
            return false;
        }
        let taken = &mut work.taken[usize::from(id.0)];
        if taken.0 == cell.index && (span.start as u32) < taken.1 || !is_bounded(cell.bytes, &span)
        {
            return false;
        }
        let form = &self.forms[usize::from(id.0)];
        let detector = &self.detectors[usize::from(form.detector.0)];
        if !whole && form.stands_alone(span.len()) && goes_on(cell.bytes, &span) {
            return false;
        }
        let raw = &cell.bytes[span.clone()];
        let kind = (form.normalise, form.pad, cell.index, span.start, span.end);
        if work.normalised_as != Some(kind) {
            normalise(kind.0, kind.1, raw, &mut work.normalised);
            work.hash = words::hash(&work.normalised);
            work.normalised_as = Some(kind);
        }
        let mut evidence = match form.checks.run(&work.normalised, work.hash) {
            Outcome::Pass => EvidenceSet::PASSED,
            Outcome::Unlisted => EvidenceSet::UNLISTED,
            Outcome::Fail => EvidenceSet::FAILED,
            Outcome::Not => return false,
        };
        let mut near = Near::NONE;
        if whole {
            evidence = evidence | EvidenceSet::WHOLE;
        }
        if !evidence.has(EvidenceSet::FAILED) {
            *taken = (cell.index, span.end as u32);
            if !whole {
                let place = (cell.index, &span);
                let around =
                    self.context
                        .around(cell.bytes, place, form.detector, &mut work.near_words);
                evidence = evidence | around.0;
                near = around.1;
            }
            if detector.placeholders.holds(&work.normalised, work.hash) {
                evidence = evidence | EvidenceSet::PLACEHOLDER;
            }
        }
        let span = cell.at + span.start as u32..cell.at + span.end as u32;
        found.push(Candidate {
            value: cell.index,
            span,
            form: id,
            evidence,
            near,
            hash: work.hash,
            alone: false,
            again: false,
        });
        evidence.has(EvidenceSet::PASSED)
    }
}
