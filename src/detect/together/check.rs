//! The checks of cells that were put by.

use std::ops::Range;

use super::super::bits::Bits;
use super::super::find::{Cell, Column, PutBy};
use super::super::program::Programs;
use super::super::shape::{ELEMENTS, Shape, shape};
use super::super::{Candidate, ColumnPlan, FormId, Found, Matcher, Scratch, Work};
use super::matches::all_of;
use super::{Claim, KEPT, LED, Together, Waiting, Whole};
use crate::detect::placeholder::Sieve;
use crate::format::Batch;
use crate::rule::Normalise;
use crate::score::EvidenceSet;
use crate::validate::{Digits, Fared, add_normalised, words};

/// Cells normalised one way.
#[derive(Default)]
pub(super) struct Normalised {
    /// Which cells are asked for, one bit each; the others are left out.
    asked: Vec<u64>,
    /// Whether they are as they stand in the batch's text.
    as_stored: bool,
    bytes: Vec<u8>,
    /// Where in the bytes each starts and ends.
    spans: Vec<(u32, u32)>,
    /// Which of [`Found::wholes`] they are.
    wholes: Range<usize>,
    /// Those that may be placeholders, whatever rule it is, one bit each.
    suspects: Vec<u64>,
}

impl Normalised {
    /// A value and its hash.
    #[inline]
    fn of<'t>(&'t self, index: usize, texts: &[&'t [u8]], wholes: &[Whole]) -> (&'t [u8], u64) {
        let hash = wholes[self.wholes.start + index].hash;
        if self.as_stored {
            return (texts[index], hash);
        }
        let (start, end) = self.spans[index];
        (&self.bytes[start as usize..end as usize], hash)
    }

    /// Normalises the cells asked for, and finds out which of them may be placeholders.
    fn fill(
        &mut self,
        (kind, pad): (Normalise, Option<usize>),
        (cells, texts): (&[PutBy], &[&[u8]]),
        sieve: &Sieve,
        wholes: &mut Vec<Whole>,
    ) {
        let Self {
            asked,
            as_stored,
            bytes,
            spans,
            suspects,
            ..
        } = self;
        bytes.clear();
        spans.clear();
        suspects.clear();
        *as_stored = (kind, pad) == (Normalise::None, None);
        self.wholes = wholes.len()..wholes.len() + cells.len();
        // Room is made at once: a push for each would cost as much as the hash.
        wholes.resize(self.wholes.end, Whole::default());
        let room = &mut wholes[self.wholes.clone()];
        if !*as_stored {
            spans.resize(cells.len(), (0, 0));
        }
        let parts = cells.chunks(64).zip(texts.chunks(64));
        let parts = parts.zip(room.chunks_mut(64)).zip(asked.iter());
        for (place, (((cells, texts), room), &asked)) in parts.enumerate() {
            let mut may_be = 0;
            let each = cells.iter().zip(texts).zip(room).enumerate();
            if *as_stored {
                // Those that nobody asked for are so few that it isn't worth asking.
                for (bit, ((cell, &value), whole)) in each {
                    let hash = words::hash(value);
                    may_be |= u64::from(sieve.suspects(value, hash)) << bit;
                    *whole = cell.whole(hash);
                }
            } else {
                let spans = &mut spans[place * 64..];
                for ((bit, ((cell, &text), whole)), span) in each.zip(spans) {
                    let start = bytes.len();
                    if asked >> bit & 1 == 1 {
                        add_normalised(kind, pad, text, bytes);
                    }
                    let value = &bytes[start..];
                    let hash = words::hash(value);
                    may_be |= u64::from(sieve.suspects(value, hash)) << bit;
                    *span = (start as u32, bytes.len() as u32);
                    *whole = cell.whole(hash);
                }
            }
            suspects.push(may_be);
        }
    }
}

impl Matcher {
    /// Checks all cells of a column that were put by.
    pub(in crate::detect) fn check_put_by(
        &self,
        batch: &Batch<'_>,
        column: (&Column<'_>, usize),
        scratch: &mut Scratch,
        found: &mut Found,
    ) {
        let (column, number) = column;
        scratch.waiting.led.clear();
        while let Some(id) = scratch.waiting.filled.pop() {
            let mut cells = std::mem::take(&mut scratch.waiting.cells[id.0 as usize].0);
            let together = &scratch.programs.togethers[id.0 as usize];
            let (waiting, work) = (&mut scratch.waiting, &mut scratch.work);
            let all = cells.len();
            let texts: Vec<&[u8]> = cells.iter().map(|cell| cell.text(batch.text)).collect();
            let put_by = (&cells[..], &texts[..]);
            waiting.odd.clear();
            if together.is_searched() {
                let programs = &scratch.programs;
                self.match_all(batch, (id, programs), put_by, waiting, work);
            } else {
                waiting.all_match(together, all);
            }
            let programs = &scratch.programs;
            self.check_all(batch, (together, programs), put_by, (waiting, work), found);
            work.normalised_as = None;
            let odds = &mut waiting.cells[id.0 as usize].1;
            odds.all = odds.all.saturating_add(all as u32);
            odds.odd = odds.odd.saturating_add(waiting.odd.len() as u32);
            let odd = std::mem::take(&mut waiting.odd);
            self.find_in_odd(batch, column.plan, &odd, scratch, &mut found.candidates);
            scratch.waiting.odd = odd;
            // There may be many of these: what was long once isn't kept.
            if cells.capacity() <= KEPT {
                cells.clear();
                scratch.waiting.cells[id.0 as usize].0 = cells;
            }
        }
        self.learn_lead(column, number, scratch);
    }

    /// Notes which form is the whole of nearly all cells of a column, if one is.
    fn learn_lead(&self, column: &Column<'_>, number: usize, scratch: &mut Scratch) {
        let values = column.values.len() as u32;
        let most = scratch.waiting.led.iter().max_by_key(|(_, count)| *count);
        let Some(&(form, _)) = most.filter(|(_, count)| values >= LED && *count >= values / 10 * 9)
        else {
            return;
        };
        let never = column.plan.never_whole[usize::from(form.0 / 64)] >> (form.0 % 64) & 1 == 1;
        let key = column.plan.key;
        if !Programs::may_lead(number) || never || scratch.programs.is_lead(number, key, form) {
            return;
        }
        let together = Together::lead(self, form, &mut scratch.work.tokens);
        let companions = self.companions(form, column.plan, &mut scratch.work.tokens);
        scratch
            .programs
            .set_lead((number, key), form, (companions, together));
    }

    fn check_all(
        &self,
        batch: &Batch<'_>,
        (together, programs): (&Together, &Programs),
        (cells, texts): (&[PutBy], &[&[u8]]),
        (waiting, work): (&mut Waiting, &mut Work),
        found: &mut Found,
    ) {
        let words = cells.len().div_ceil(64);
        if waiting.matched.iter().all(|word| *word == 0) {
            return;
        }
        waiting.normalise(together, (cells, texts), &self.suspects, &mut found.wholes);
        let Waiting {
            normalised,
            digits,
            matched,
            parted,
            left_out,
            fared,
            odd,
            led,
            ..
        } = waiting;
        if fared.len() < together.claims.len() {
            fared.resize_with(together.claims.len(), Fared::default);
        }
        let open = |word: &u64| if together.rest { 0 } else { !word };
        let done = parted.iter().map(open).zip(&*left_out);
        let mut settled: Vec<u64> = done.map(|(open, left_out)| open | left_out).collect();
        let is_open = together.rest || parted.iter().any(|word| *word != 0);
        for (place, claim) in together.claims.iter().enumerate() {
            let form = &self.forms[usize::from(claim.form.0)];
            let values = &normalised[usize::from(claim.kind)];
            let digits = together.digits.map(|_| &digits[usize::from(claim.kind)]);
            let fared = &mut fared[place];
            fared.start(cells.len());
            fared
                .asked
                .copy_from_slice(&matched[place * words..][..words]);
            let value = |index: usize| values.of(index, texts, &found.wholes);
            form.checks.run_all(digits, value, fared);
            if claim.settles && is_open {
                for (all, passes) in settled.iter_mut().zip(&fared.pass) {
                    *all |= passes;
                }
                if !claim.sure && together.rest {
                    let count = fared.pass.iter().map(|word| word.count_ones()).sum();
                    match led.iter_mut().find(|(form, _)| *form == claim.form) {
                        Some((_, known)) => *known += count,
                        None => led.push((claim.form, count)),
                    }
                }
            }
        }
        if is_open {
            let parts = cells.chunks(64).zip(&mut settled).zip(&*parted);
            for ((cells, done), parted) in parts {
                for bit in Bits(!*done & u64::MAX >> (64 - cells.len())) {
                    let is_parted = parted >> bit & 1 == 1;
                    if !is_parted && self.is_clean(batch, together, &cells[bit], programs, work) {
                        *done |= 1 << bit;
                    } else {
                        odd.push(cells[bit]);
                    }
                }
            }
        }
        self.settle_claims(&together.claims, fared);
        for (claim, fared) in together.claims.iter().zip(fared.iter_mut()) {
            fared.restrict(&settled);
            let values = (&normalised[usize::from(claim.kind)], texts);
            self.take(claim.form, values, fared, found);
        }
    }

    /// Whether nothing matches behind the first element of a cell, as far as that can be told here.
    pub(super) fn is_clean(
        &self,
        batch: &Batch<'_>,
        together: &Together,
        cell: &PutBy,
        programs: &Programs,
        work: &mut Work,
    ) -> bool {
        let places = &programs.list[cell.program.0 as usize].places;
        let (Some(places), false) = (places, together.later.is_empty()) else {
            return false;
        };
        let bytes = cell.text(batch.text);
        let mut matched = std::mem::take(&mut work.matched);
        matched.clear();
        let mut tokens = self.tokens.search(bytes);
        for later in &together.later {
            let start = usize::from(places[usize::from(later.element)]);
            let wanted = later.wanted();
            if let Some(own) = self.tokens.own_groups(wanted, &mut work.tokens) {
                tokens.match_with(own, start, &mut work.tokens, &mut matched);
            } else {
                tokens.go_to(start);
                tokens.match_here(wanted, &mut work.tokens, &mut matched);
            }
            if !matched.is_empty() {
                break;
            }
        }
        let is_clean = matched.is_empty();
        work.matched = matched;
        is_clean
    }

    /// Of the forms of one detector that claim the same cell one stays, as in [`overlap::settle`]: one that passes, or the one
    /// that says more.
    fn settle_claims(&self, claims: &[Claim], fared: &mut [Fared]) {
        let form = |claim: &Claim| &self.forms[usize::from(claim.form.0)];
        for index in (0..claims.len()).filter(|&index| claims[index].shared) {
            let (before, behind) = fared.split_at_mut(index);
            let mine = form(&claims[index]);
            for (other, theirs) in claims[..index].iter().zip(before) {
                let other = form(other);
                if other.detector == mine.detector {
                    theirs.settle(&mut behind[0], other.strength >= mine.strength);
                }
            }
        }
    }

    /// Adds what came of a form's checks.
    fn take(
        &self,
        id: FormId,
        (values, texts): (&Normalised, &[&[u8]]),
        fared: &mut Fared,
        found: &mut Found,
    ) {
        let form = &self.forms[usize::from(id.0)];
        let placeholders = &self.detectors[usize::from(form.detector.0)].placeholders;
        let wholes = &values.wholes;
        found.alike(id, EvidenceSet::FAILED, wholes, &fared.fail);
        for (evidence, bits) in [
            (EvidenceSet::PASSED, &mut fared.pass),
            (EvidenceSet::UNLISTED, &mut fared.unlisted),
        ] {
            let evidence = evidence | EvidenceSet::WHOLE;
            for (place, word) in bits.iter_mut().enumerate() {
                let mut suspects = values.suspects[place];
                if placeholders.are_open() {
                    for bit in Bits(*word & !suspects) {
                        let (value, _) = values.of(place * 64 + bit, texts, &found.wholes);
                        suspects |= u64::from(placeholders.may_hold(value)) << bit;
                    }
                }
                for bit in Bits(if found.lists { *word } else { *word & suspects }) {
                    let index = place * 64 + bit;
                    let (value, hash) = values.of(index, texts, &found.wholes);
                    let mut evidence = evidence;
                    if suspects >> bit & 1 == 1 && placeholders.holds(value, hash) {
                        evidence = evidence | EvidenceSet::PLACEHOLDER;
                    } else if !found.lists {
                        continue;
                    }
                    *word &= !(1 << bit);
                    let whole = found.wholes[wholes.start + index];
                    found.candidates.push(whole.candidate(id, evidence));
                }
            }
            found.alike(id, evidence, wholes, bits);
        }
    }

    /// Searches cells that are not like the others of their program.
    fn find_in_odd(
        &self,
        batch: &Batch<'_>,
        plan: &ColumnPlan,
        cells: &[PutBy],
        scratch: &mut Scratch,
        found: &mut Vec<Candidate>,
    ) {
        let mut places = [0; ELEMENTS + 1];
        for &PutBy {
            index,
            at,
            len,
            program,
        } in cells
        {
            let (start, end) = (at as usize, (at + len) as usize);
            let cell = Cell {
                bytes: &batch.text[start..end],
                at,
                index,
                plan,
            };
            let programs = &scratch.programs;
            // A cell that is like those of a template may have another shape: `DE89` is one token of hexadecimal digits, `CR05` are
            // letters and digits. Then the places of its elements aren't those that the program speaks of.
            let is_of = |shape: Shape| programs.is_of(plan.key, &shape, program);
            let has_places = !programs.list[program.0 as usize].leads
                && shape(batch.text, start, end, &mut places).is_some_and(is_of);
            let program = has_places.then_some(program);
            self.find_by(&cell, program, &places, scratch, found);
        }
    }
}

impl Waiting {
    /// Notes that each claim matches all cells.
    fn all_match(&mut self, together: &Together, count: usize) {
        let words = count.div_ceil(64);
        for bits in [&mut self.parted, &mut self.left_out] {
            bits.clear();
            bits.resize(words, 0);
        }
        self.matched.clear();
        self.matched.resize(words * together.claims.len(), 0);
        for matched in self.matched.chunks_mut(words) {
            all_of(count, matched);
        }
    }

    fn normalise(
        &mut self,
        together: &Together,
        (cells, texts): (&[PutBy], &[&[u8]]),
        sieve: &Sieve,
        wholes: &mut Vec<Whole>,
    ) {
        if self.normalised.len() < together.kinds.len() {
            self.normalised
                .resize_with(together.kinds.len(), Normalised::default);
        }
        let words = cells.len().div_ceil(64);
        for (number, (&kind, all)) in together.kinds.iter().zip(&mut self.normalised).enumerate() {
            all.asked.clear();
            all.asked.resize(words, 0);
            let matched = together.claims.iter().zip(self.matched.chunks(words));
            for (_, matched) in matched.filter(|(claim, _)| usize::from(claim.kind) == number) {
                for (all, word) in all.asked.iter_mut().zip(matched) {
                    *all |= word;
                }
            }
            all.fill(kind, (cells, texts), sieve, wholes);
        }
        let Some(len) = together.digits else { return };
        self.digits
            .resize_with(together.kinds.len(), Digits::default);
        let Some((first, others)) = self.digits.split_first_mut() else {
            return;
        };
        first.fill(usize::from(len), texts.iter().copied());
        for (&(_, pad), digits) in together.kinds[1..].iter().zip(others) {
            digits.pad(pad.unwrap_or(0), first);
        }
        let (_, pad) = together.kinds[0];
        if let Some(pad) = pad {
            let plain = std::mem::take(first);
            first.pad(pad, &plain);
        }
    }
}
