//! Cells of one shape that are checked together, form by form.
//!
//! What matters in most cells are matches of the whole cell: any nine digits are tried as the number of some thirty countries,
//! and where an e-mail address is the whole cell nothing inside it counts. So cells of one program are gathered, and each
//! form is checked on all of them: sums over columns of digits, and bits instead of candidates. The few cells in which
//! something else may match are searched by themselves.

use std::ops::Range;

use super::find::{Cell, Column, PutBy};
use super::program::{Begin, Programs, TogetherId};
use super::search::{Chosen, TokensScratch, Wanted};
use super::shape::{ELEMENTS, Element, shape};
use super::whole::Task;
use super::{
    Candidate, ColumnPlan, FormId, Found, Matcher, Near, Scratch, Work, overlap,
};
use crate::format::Batch;
use crate::rule::Normalise;
use crate::score::EvidenceSet;
use crate::validate::{Digits, Fared, add_normalised, words};

/// Candidates of one form that fare alike, each the only value of its record in the column and all of it: they need but be
/// counted.
#[derive(Clone, Debug)]
pub(crate) struct Alike {
    pub(crate) form: FormId,
    pub(crate) evidence: EvidenceSet,
    /// Values that were checked together, in [`Found::wholes`].
    pub(crate) wholes: Range<usize>,
    /// Which of them it is about, one bit each, in [`Found::bits`].
    bits: Range<usize>,
}

/// A value that may be a candidate as a whole.
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

/// Forms that match the whole cell or, at its start, nothing.
#[derive(PartialEq, Eq)]
pub(super) struct Together {
    /// The ways in which they normalise the cell.
    kinds: Box<[(Normalise, Option<usize>)]>,
    claims: Box<[Claim]>,
    /// Those that have to be searched for at the start of the cell.
    unsure: Option<(Chosen, Box<[u64]>)>,
    /// Those that must be the whole cell, and may be.
    whole: Box<[Task]>,
    /// How many digits the cell is made of, if it is.
    digits: Option<u8>,
    /// Whether something else can match in the cell, unless a strong form is all of it.
    rest: bool,
    /// What that may be, by element, where it can be searched for: a cell in which none matches is done.
    later: Box<[Later]>,
}

/// Forms that may match from an element behind the first one.
#[derive(PartialEq, Eq)]
struct Later {
    element: u8,
    chosen: Chosen,
    forms: Box<[u64]>,
}

/// A form of [`Together`].
#[derive(Clone, Copy, PartialEq, Eq)]
struct Claim {
    form: FormId,
    /// Its place in the kinds.
    kind: u8,
    /// Whether it matches each cell.
    sure: bool,
    /// Whether nothing else counts in a cell that passes.
    settles: bool,
    /// Whether an earlier form is of the same detector.
    shared: bool,
}

/// How often cells of a program had to be searched by themselves after all.
#[derive(Clone, Copy, Default)]
struct Odds {
    all: u32,
    odd: u32,
}

/// Cells after which it is known whether checking them together pays.
const TRIALS: u32 = 64;

/// Cells from which on a program's forms are worth an automaton of their own.
const OFTEN: u32 = 1024;

/// Cells of a batch from which on a column may have a lead.
const LED: u32 = 256;

/// Cells put by, and what checking them needs.
#[derive(Default)]
pub(super) struct Waiting {
    /// By what they are checked for.
    cells: Vec<Vec<PutBy>>,
    odds: Vec<Odds>,
    /// Of which there are some.
    filled: Vec<TogetherId>,
    /// The cells that are searched by themselves.
    odd: Vec<PutBy>,
    normalised: Vec<Normalised>,
    digits: Digits,
    /// For each claim, the cells that it matches; as many words as the cells need.
    matched: Vec<u64>,
    /// For each claim, how they fare.
    fared: Vec<Fared>,
    /// How many cells are nothing but a match of some form that had to be searched for.
    led: Vec<(FormId, u32)>,
}

/// Cells normalised one way.
#[derive(Default)]
struct Normalised {
    /// Which cells are asked for, one bit each; the others are left out.
    asked: Vec<u64>,
    bytes: Vec<u8>,
    ends: Vec<u32>,
    hashes: Vec<u64>,
}

impl Normalised {
    fn of(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start as usize..self.ends[index] as usize]
    }

    fn fill<'t>(
        &mut self,
        (kind, pad): (Normalise, Option<usize>),
        cells: impl Iterator<Item = &'t [u8]>,
    ) {
        self.bytes.clear();
        self.ends.clear();
        self.hashes.clear();
        for (index, cell) in cells.enumerate() {
            if self.asked[index / 64] >> (index % 64) & 1 == 0 {
                self.ends.push(self.bytes.len() as u32);
                self.hashes.push(0);
                continue;
            }
            let start = self.bytes.len();
            add_normalised(kind, pad, cell, &mut self.bytes);
            self.ends.push(self.bytes.len() as u32);
            self.hashes.push(words::hash(&self.bytes[start..]));
        }
    }
}

impl Scratch {
    /// Puts a cell by, to be checked together with others; or says that this can't be done or doesn't pay.
    #[inline]
    pub(super) fn put_by(&mut self, cell: PutBy) -> bool {
        let Some(id) = self.programs.list[cell.program.0 as usize].together else {
            return false;
        };
        let waiting = &mut self.waiting;
        let index = id.0 as usize;
        if index >= waiting.cells.len() {
            waiting.cells.resize(index + 1, Vec::new());
            waiting.odds.resize(index + 1, Odds::default());
        }
        let Odds { all, odd } = waiting.odds[index];
        if all > TRIALS && odd > all / 2 {
            return false;
        }
        if waiting.cells[index].is_empty() {
            waiting.filled.push(id);
        }
        waiting.cells[index].push(cell);
        true
    }
}

impl Waiting {
    /// Forgets what a search left behind that did not end.
    pub(super) fn clear(&mut self) {
        for id in self.filled.drain(..) {
            self.cells[id.0 as usize].clear();
        }
    }

    /// Forgets all programs.
    pub(super) fn forget(&mut self) {
        self.clear();
        self.cells.clear();
        self.odds.clear();
    }
}

impl Together {
    /// Of a program's forms, if cells can be checked together.
    pub(super) fn new(
        matcher: &Matcher,
        elements: &[Element],
        begins: &[Begin],
        whole_sure: &[FormId],
        (whole_forms, whole): (&[u64], &[Task]),
        never_whole: &[u64],
    ) -> Option<Self> {
        let count = elements.len();
        let digits = match elements {
            [only] if only.is_digits() => Some(*only.lengths().start() as u8),
            _ => None,
        };
        let is_exact = elements.iter().all(|element| {
            let (least, most) = element.lengths().into_inner();
            least == most
        });
        let (first, rest) = match begins {
            [first, rest @ ..] if first.element == 0 => (Some(first), rest),
            rest => (None, rest),
        };
        let sure = first.map_or(&[][..], |first| &first.sure);
        if sure.iter().any(|&(_, end)| usize::from(end) != count) {
            return None;
        }
        let unsure = first.and_then(|first| first.unsure.clone());
        let of_set = |set: &[u64]| {
            let has = |form: &u16| set[usize::from(form / 64)] >> (form % 64) & 1 == 1;
            let forms = 0..matcher.forms.len() as u16;
            forms.filter(has).map(FormId).collect::<Vec<_>>()
        };
        let may = unsure.as_ref().map_or_else(Vec::new, |(_, set)| of_set(set));
        let may = may
            .into_iter()
            .filter(|form| never_whole[usize::from(form.0 / 64)] >> (form.0 % 64) & 1 == 0);
        let mut kinds = Vec::new();
        let mut claims: Vec<Claim> = Vec::new();
        let mut claim = |form: FormId, sure: bool, at_start: bool| {
            let compiled = &matcher.forms[usize::from(form.0)];
            // Nothing is to be normalised in a number.
            let normalise = if digits.is_some() {
                Normalise::None
            } else {
                compiled.normalise
            };
            let kind = (normalise, compiled.pad);
            let known = kinds.iter().position(|known| *known == kind);
            let kind = known.unwrap_or_else(|| {
                kinds.push(kind);
                kinds.len() - 1
            });
            claims.push(Claim {
                form,
                kind: kind as u8,
                sure,
                settles: at_start && compiled.is_strong(),
                shared: false,
            });
        };
        whole_sure.iter().for_each(|&form| claim(form, true, false));
        of_set(whole_forms)
            .into_iter()
            .for_each(|form| claim(form, false, false));
        sure.iter().for_each(|&(form, _)| claim(form, true, true));
        may.for_each(|form| claim(form, false, true));
        let detector = |claim: &Claim| matcher.forms[usize::from(claim.form.0)].detector;
        claims.sort_by_key(|claim| claim.form);
        for index in 0..claims.len() {
            let like = |other: &Claim| detector(other) == detector(&claims[index]);
            claims[index].shared = claims[..index].iter().any(like);
        }
        let settles = claims.iter().any(|claim| claim.settles);
        let may_be_clean = is_exact && rest.iter().all(|begin| begin.sure.is_empty());
        if claims.is_empty()
            || claims.len() > usize::from(u8::MAX)
            || !rest.is_empty() && !settles && !may_be_clean
        {
            return None;
        }
        let later = rest.iter().filter(|_| may_be_clean).filter_map(|begin| {
            let (chosen, forms) = begin.unsure.clone()?;
            Some(Later {
                element: begin.element,
                chosen,
                forms,
            })
        });
        Some(Self {
            kinds: kinds.into(),
            claims: claims.into(),
            unsure,
            whole: whole.into(),
            digits,
            later: later.collect(),
            rest: !rest.is_empty(),
        })
    }

    /// That of a form which is the whole of most cells.
    fn lead(matcher: &Matcher, form: FormId, tokens: &mut TokensScratch) -> Self {
        let compiled = &matcher.forms[usize::from(form.0)];
        let mut forms = vec![0; matcher.forms.len().div_ceil(64)].into_boxed_slice();
        forms[usize::from(form.0 / 64)] |= 1 << (form.0 % 64);
        Self {
            kinds: [(compiled.normalise, compiled.pad)].into(),
            claims: [Claim {
                form,
                kind: 0,
                sure: false,
                settles: true,
                shared: false,
            }]
            .into(),
            unsure: Some((tokens.chosen(&forms), forms)),
            whole: Box::default(),
            digits: None,
            rest: true,
            later: Box::default(),
        }
    }

    /// Whether some forms have to be searched for.
    fn is_searched(&self) -> bool {
        self.unsure.is_some() || !self.whole.is_empty()
    }
}

impl Matcher {
    /// Checks all cells of a column that were put by.
    pub(super) fn check_put_by(
        &self,
        batch: &Batch<'_>,
        column: (&Column<'_>, usize),
        scratch: &mut Scratch,
        found: &mut Found,
    ) {
        let (column, number) = column;
        scratch.waiting.led.clear();
        while let Some(id) = scratch.waiting.filled.pop() {
            let mut cells = std::mem::take(&mut scratch.waiting.cells[id.0 as usize]);
            let together = &scratch.programs.togethers[id.0 as usize];
            let (waiting, work) = (&mut scratch.waiting, &mut scratch.work);
            let all = cells.len();
            waiting.odd.clear();
            if together.is_searched() {
                let programs = &scratch.programs;
                self.match_all(batch, (id, programs), &mut cells, waiting, work);
            }
            let programs = &scratch.programs;
            self.check_all(batch, (together, programs), &cells, (waiting, work), found);
            work.normalised_as = None;
            let odds = &mut waiting.odds[id.0 as usize];
            odds.all = odds.all.saturating_add(all as u32);
            odds.odd = odds.odd.saturating_add(waiting.odd.len() as u32);
            let odd = std::mem::take(&mut waiting.odd);
            self.find_in_odd(batch, column.plan, &odd, scratch, &mut found.candidates);
            scratch.waiting.odd = odd;
            cells.clear();
            scratch.waiting.cells[id.0 as usize] = cells;
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
        if never
            || self.loose.applies(&column.plan.forms)
            || scratch.programs.is_lead(number, key, form)
        {
            return;
        }
        let together = Together::lead(self, form, &mut scratch.work.tokens);
        let companions = self.companions(form, column.plan);
        scratch
            .programs
            .set_lead((number, key), form, (companions, together));
    }

    /// Finds out which cells each claim matches; those that no claim matches, or something that is less than the cell, are
    /// taken out.
    fn match_all(
        &self,
        batch: &Batch<'_>,
        (id, programs): (TogetherId, &Programs),
        cells: &mut Vec<PutBy>,
        waiting: &mut Waiting,
        work: &mut Work,
    ) {
        let together = &programs.togethers[id.0 as usize];
        let words = cells.len().div_ceil(64);
        waiting.matched.clear();
        waiting.matched.resize(words * together.claims.len(), 0);
        let any_sure = together.claims.iter().any(|claim| claim.sure);
        let mut kept = 0;
        let mut matched = std::mem::take(&mut work.matched);
        let mut whole = std::mem::take(&mut work.whole);
        let mut mine: Vec<u8> = Vec::with_capacity(together.claims.len());
        let often = waiting.odds[id.0 as usize].all >= OFTEN;
        let wanted = together.unsure.as_ref().map(|(chosen, forms)| Wanted {
            chosen: *chosen,
            forms,
        });
        let own = wanted
            .filter(|_| often)
            .and_then(|wanted| self.tokens.own_groups(wanted, &mut work.tokens));
        for index in 0..cells.len() {
            let cell = cells[index];
            let bytes = &batch.text[cell.at as usize..][..cell.len as usize];
            matched.clear();
            whole.clear();
            mine.clear();
            let mut tokens = self.tokens.search(bytes);
            match (&own, wanted) {
                (Some(own), _) => {
                    tokens.match_with(own.clone(), 0, &mut work.tokens, &mut matched);
                }
                (_, Some(wanted)) => tokens.match_here(wanted, &mut work.tokens, &mut matched),
                _ => {}
            }
            if !together.whole.is_empty() {
                self.cells
                    .search(bytes, &together.whole, &mut work.cells, &mut whole);
            }
            let is_odd = matched.iter().any(|&(_, end)| end != bytes.len());
            let all = matched.iter().map(|(form, _)| form).chain(&whole);
            let claims = &together.claims;
            mine.extend(all.filter_map(|form| {
                let place = claims.iter().position(|claim| claim.form == *form);
                place.map(|place| place as u8)
            }));
            if is_odd {
                waiting.odd.push(cell);
                continue;
            }
            if !any_sure && mine.is_empty() {
                if together.rest && !self.is_clean(batch, together, &cell, programs, work) {
                    waiting.odd.push(cell);
                }
                continue;
            }
            for &claim in &mine {
                waiting.matched[usize::from(claim) * words + kept / 64] |= 1 << (kept % 64);
            }
            cells[kept] = cell;
            kept += 1;
        }
        cells.truncate(kept);
        work.matched = matched;
        work.whole = whole;
        // Fewer cells need fewer words.
        let fewer = kept.div_ceil(64);
        for (place, claim) in together.claims.iter().enumerate() {
            waiting
                .matched
                .copy_within(place * words..place * words + fewer, place * fewer);
            if claim.sure {
                all_of(kept, &mut waiting.matched[place * fewer..][..fewer]);
            }
        }
    }

    fn check_all(
        &self,
        batch: &Batch<'_>,
        (together, programs): (&Together, &Programs),
        cells: &[PutBy],
        (waiting, work): (&mut Waiting, &mut Work),
        found: &mut Found,
    ) {
        if cells.is_empty() {
            return;
        }
        let words = cells.len().div_ceil(64);
        if !together.is_searched() {
            waiting.matched.clear();
            waiting.matched.resize(words * together.claims.len(), 0);
            for matched in waiting.matched.chunks_mut(words) {
                all_of(cells.len(), matched);
            }
        }
        waiting.normalise(batch, together, cells);
        let Waiting {
            normalised,
            digits,
            matched,
            fared,
            odd,
            led,
            ..
        } = waiting;
        if fared.len() < together.claims.len() {
            fared.resize_with(together.claims.len(), Fared::default);
        }
        let mut settled = vec![if together.rest { 0 } else { u64::MAX }; words];
        for (place, claim) in together.claims.iter().enumerate() {
            let form = &self.forms[usize::from(claim.form.0)];
            let values = &normalised[usize::from(claim.kind)];
            // A padded number has more digits than the cell.
            let digits = form.pad.is_none().then_some(&*digits);
            let fared = &mut fared[place];
            fared.start(cells.len());
            fared
                .asked
                .copy_from_slice(&matched[place * words..][..words]);
            let value = |index: usize| (values.of(index), values.hashes[index]);
            form.checks.run_all(digits, value, fared);
            if claim.settles && together.rest {
                for (all, passes) in settled.iter_mut().zip(&fared.pass) {
                    *all |= passes;
                }
                if !claim.sure {
                    let count = fared.pass.iter().map(|word| word.count_ones()).sum();
                    match led.iter_mut().find(|(form, _)| *form == claim.form) {
                        Some((_, known)) => *known += count,
                        None => led.push((claim.form, count)),
                    }
                }
            }
        }
        if together.rest {
            for (index, cell) in cells.iter().enumerate() {
                let (word, bit) = (&mut settled[index / 64], 1 << (index % 64));
                if *word & bit != 0 {
                    continue;
                }
                if self.is_clean(batch, together, cell, programs, work) {
                    *word |= bit;
                } else {
                    odd.push(*cell);
                }
            }
        }
        self.settle_claims(&together.claims, fared);
        let first = found.wholes.len();
        for values in &normalised[..together.kinds.len()] {
            let each = cells.iter().zip(&values.hashes);
            found.wholes.extend(each.map(|(cell, &hash)| Whole {
                hash,
                value: cell.index,
                at: cell.at,
                len: cell.len,
            }));
        }
        for (claim, fared) in together.claims.iter().zip(fared.iter_mut()) {
            let kind = usize::from(claim.kind);
            let start = first + kind * cells.len();
            fared.restrict(&settled);
            self.take(claim.form, &normalised[kind], fared, start, found);
        }
    }

    /// Whether nothing matches behind the first element of a cell, as far as that can be told here.
    fn is_clean(
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
        let bytes = &batch.text[cell.at as usize..][..cell.len as usize];
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
        values: &Normalised,
        fared: &mut Fared,
        start: usize,
        found: &mut Found,
    ) {
        let form = &self.forms[usize::from(id.0)];
        let placeholders = &self.detectors[usize::from(form.detector.0)].placeholders;
        let wholes = start..start + values.hashes.len();
        found.alike(id, EvidenceSet::FAILED, &wholes, &fared.fail);
        for (evidence, bits) in [
            (EvidenceSet::PASSED, &mut fared.pass),
            (EvidenceSet::UNLISTED, &mut fared.unlisted),
        ] {
            let evidence = evidence | EvidenceSet::WHOLE;
            for (place, word) in bits.iter_mut().enumerate() {
                let mut left = *word;
                while left != 0 {
                    let bit = left.trailing_zeros();
                    left &= left - 1;
                    let index = place * 64 + bit as usize;
                    let (value, hash) = (values.of(index), values.hashes[index]);
                    let mut evidence = evidence;
                    if placeholders.holds(value, hash) {
                        evidence = evidence | EvidenceSet::PLACEHOLDER;
                    } else if !found.lists {
                        continue;
                    }
                    *word &= !(1 << bit);
                    let whole = found.wholes[start + index];
                    found.candidates.push(whole.candidate(id, evidence));
                }
            }
            found.alike(id, evidence, &wholes, bits);
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
            let before = found.len();
            let Scratch { programs, work, .. } = scratch;
            let program = &programs.list[program.0 as usize];
            if program.leads {
                self.find_in(&cell, scratch, found);
            } else {
                let _ = shape(batch.text, start, end, &mut places);
                self.run(&cell, program, &places, work, found);
            }
            if found.len() - before > 1 {
                overlap::settle(found, before, &self.forms);
            }
        }
    }
}

/// Sets the first `count` bits.
fn all_of(count: usize, bits: &mut [u64]) {
    bits.fill(u64::MAX);
    if let Some(last) = bits.last_mut()
        && count % 64 != 0
    {
        *last = u64::MAX >> (64 - count % 64);
    }
}

impl Later {
    fn wanted(&self) -> Wanted<'_> {
        Wanted {
            chosen: self.chosen,
            forms: &self.forms,
        }
    }
}

impl Found {
    /// Those of `wholes` whose bits are set fare alike.
    fn alike(&mut self, form: FormId, evidence: EvidenceSet, wholes: &Range<usize>, bits: &[u64]) {
        if bits.iter().all(|word| *word == 0) {
            return;
        }
        let first = self.bits.len();
        self.bits.extend_from_slice(bits);
        self.alike.push(Alike {
            form,
            evidence: evidence | EvidenceSet::WHOLE,
            wholes: wholes.clone(),
            bits: first..self.bits.len(),
        });
    }

    /// Forgets the candidates that need but be counted.
    pub(crate) fn clear_alike(&mut self) {
        self.alike.clear();
        self.wholes.clear();
        self.bits.clear();
    }
}

impl Alike {
    /// Which values of [`Found::wholes`] it is about, one bit each.
    pub(crate) fn bits<'f>(&self, found: &'f Found) -> &'f [u64] {
        &found.bits[self.bits.clone()]
    }

    /// The last of the values.
    pub(crate) fn last<'f>(&self, found: &'f Found) -> Option<&'f Whole> {
        let bits = self.bits(found);
        let place = bits.iter().rposition(|word| *word != 0)?;
        let last = place * 64 + bits[place].ilog2() as usize;
        found.wholes.get(self.wholes.start + last)
    }

    /// The values.
    pub(crate) fn values<'f>(&self, found: &'f Found) -> impl Iterator<Item = &'f Whole> {
        let wholes = &found.wholes[self.wholes.clone()];
        let words = self.bits(found).iter().enumerate();
        words.flat_map(move |(place, &word)| Bits(word).map(move |bit| &wholes[place * 64 + bit]))
    }
}

/// The places of the bits that are set.
struct Bits(u64);

impl Iterator for Bits {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let bit = self.0.trailing_zeros();
        (self.0 != 0).then(|| {
            self.0 &= self.0 - 1;
            bit as usize
        })
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
    fn normalise(
        &mut self,
        batch: &Batch<'_>,
        together: &Together,
        cells: &[PutBy],
    ) {
        let text = |cell: &PutBy| &batch.text[cell.at as usize..(cell.at + cell.len) as usize];
        if self.normalised.len() < together.kinds.len() {
            self.normalised
                .resize_with(together.kinds.len(), Normalised::default);
        }
        let words = cells.len().div_ceil(64);
        for (number, (&kind, all)) in together
            .kinds
            .iter()
            .zip(&mut self.normalised)
            .enumerate()
        {
            all.asked.clear();
            all.asked.resize(words, 0);
            let matched = together.claims.iter().zip(self.matched.chunks(words));
            for (_, matched) in matched.filter(|(claim, _)| usize::from(claim.kind) == number) {
                for (all, word) in all.asked.iter_mut().zip(matched) {
                    *all |= word;
                }
            }
            all.fill(kind, cells.iter().map(text));
        }
        self.digits.clear();
        if let Some(len) = together.digits {
            self.digits.fill(usize::from(len), cells.iter().map(text));
        }
    }
}
