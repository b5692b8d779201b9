//! Which of the cells that were put by each form matches.

use super::super::automaton::Ends;
use super::super::bits::Bits;
use super::super::find::PutBy;
use super::super::program::{Programs, TogetherId};
use super::super::search::{LONGEST_MATCH, Wanted};
use super::super::{FormId, Matcher, Work};
use super::{NO_CLAIM, OFTEN, Together, Waiting};
use crate::format::Batch;

/// What it means for a cell that forms match which are walked over together.
struct Route {
    /// By the form's bit, its place among the claims.
    claims: [u8; 64],
    /// The forms that have one.
    claimed: u64,
    /// The forms that say so much that a match of less than the cell has to be looked at: one that says little gives way to a
    /// whole cell that settles it.
    strong: u64,
    /// Where the ends of its cells start.
    first: usize,
}

/// What 64 cells or fewer are, one bit each.
#[derive(Default)]
struct Marks {
    /// A claim matches all of it.
    claimed: u64,
    /// Something matches less than the cell.
    parted: u64,
    /// That says so much that it has to be looked at.
    odd: u64,
}

/// Which of some cells something is true of, one bit each.
#[inline]
fn bits_of(ends: &[Ends], is: impl Fn(&Ends) -> bool) -> u64 {
    let bits = ends.iter().enumerate();
    bits.fold(0, |all, (at, ends)| all | u64::from(is(ends)) << at)
}

impl Route {
    /// Marks which of 64 cells or fewer each claim matches, by the ends of their walks: in the words of `matched` at `place`,
    /// of which each claim has `words`.
    fn mark(&self, ends: &[Ends], place: usize, words: usize, matched: &mut [u64]) -> Marks {
        let (mut any, mut every) = (Ends::default(), u64::MAX);
        for ends in ends {
            any.whole |= ends.whole;
            any.part |= ends.part;
            every &= ends.whole;
        }
        let all = u64::MAX >> (64 - ends.len());
        // Most cells of a kind match alike.
        for bit in Bits(any.whole & self.claimed) {
            matched[usize::from(self.claims[bit]) * words + place] |= if every >> bit & 1 == 1 {
                all
            } else {
                bits_of(ends, |ends| ends.whole >> bit & 1 == 1)
            };
        }
        let mut marks = Marks::default();
        if every & self.claimed != 0 {
            marks.claimed = all;
        } else if any.whole & self.claimed != 0 {
            marks.claimed = bits_of(ends, |ends| ends.whole & self.claimed != 0);
        }
        if any.part != 0 {
            marks.parted = bits_of(ends, |ends| ends.part != 0);
            marks.odd = bits_of(ends, |ends| ends.part & self.strong != 0);
        }
        marks
    }
}

impl Matcher {
    /// Finds out which cells each claim matches; those that no claim matches, or something that is less than the cell, are
    /// left out.
    pub(super) fn match_all(
        &self,
        batch: &Batch<'_>,
        (id, programs): (TogetherId, &Programs),
        (cells, texts): (&[PutBy], &[&[u8]]),
        waiting: &mut Waiting,
        work: &mut Work,
    ) {
        let together = &programs.togethers[id.0 as usize];
        let words = cells.len().div_ceil(64);
        waiting.matched.clear();
        waiting.matched.resize(words * together.claims.len(), 0);
        waiting.parted.clear();
        waiting.left_out.clear();
        let any_sure = together.claims.iter().any(|claim| claim.sure);
        let often = waiting.cells[id.0 as usize].1.all >= OFTEN;
        let (routes, walked) = self.routes(together, texts, often, work);
        let is_long = |cell: &PutBy| cell.len as usize >= LONGEST_MATCH;
        let all_walked = walked && !cells.iter().any(is_long);
        let by_itself = together.wanted().filter(|_| !all_walked);
        let mut claims: Vec<u8> = Vec::new();
        for (place, cells) in cells.chunks(64).enumerate() {
            let all = u64::MAX >> (64 - cells.len());
            let mut marks = Marks {
                claimed: if any_sure { all } else { 0 },
                ..Marks::default()
            };
            for route in &routes {
                let ends = &work.ends[route.first + place * 64..][..cells.len()];
                let more = route.mark(ends, place, words, &mut waiting.matched);
                marks.claimed |= more.claimed;
                marks.parted |= more.parted;
                marks.odd |= more.odd;
            }
            if let Some(wanted) = by_itself {
                for (bit, cell) in cells.iter().enumerate() {
                    if walked && !is_long(cell) {
                        continue;
                    }
                    claims.clear();
                    let searched = (cell.text(batch.text), wanted);
                    let (is_odd, is_parted) =
                        self.match_by_itself(together, searched, work, &mut claims);
                    marks.odd |= u64::from(is_odd) << bit;
                    marks.parted |= u64::from(is_parted) << bit;
                    marks.claimed |= u64::from(!claims.is_empty()) << bit;
                    for &claim in &claims {
                        waiting.matched[usize::from(claim) * words + place] |= 1 << bit;
                    }
                }
            }
            let left_out = marks.odd | all & !marks.claimed;
            for bit in Bits(left_out) {
                let cell = &cells[bit];
                if (marks.odd | marks.parted) >> bit & 1 == 1
                    || together.rest && !self.is_clean(batch, together, cell, programs, work)
                {
                    waiting.odd.push(*cell);
                }
            }
            waiting.parted.push(marks.parted & !left_out);
            waiting.left_out.push(left_out);
        }
        for (claim, matched) in together
            .claims
            .iter()
            .zip(waiting.matched.chunks_mut(words))
        {
            if claim.sure {
                all_of(cells.len(), matched);
            }
            for (matched, left_out) in matched.iter_mut().zip(&waiting.left_out) {
                *matched &= !left_out;
            }
        }
    }

    /// Searches a cell by itself for these forms: adds the claims that match all of it, and says whether one that says much
    /// matches less of it, and whether any does.
    #[inline(never)]
    fn match_by_itself(
        &self,
        together: &Together,
        (cell, wanted): (&[u8], Wanted<'_>),
        work: &mut Work,
        claims: &mut Vec<u8>,
    ) -> (bool, bool) {
        let mut matched = std::mem::take(&mut work.matched);
        matched.clear();
        let mut tokens = self.tokens.search(cell);
        tokens.match_here(wanted, &mut work.tokens, &mut matched);
        let (mut is_odd, mut is_parted) = (false, false);
        for &(form, end) in &matched {
            let place = together.places[usize::from(form.0)];
            if end < cell.len() {
                is_parted = true;
                is_odd |= self.is_strong(form);
            } else if place != NO_CLAIM {
                claims.push(place);
            }
        }
        work.matched = matched;
        (is_odd, is_parted)
    }

    /// Walks over all cells at a time; says what the ends of these walks mean, and whether forms that start at a token are
    /// among them. They are where cells of this kind come `often`, but for cells that are longer than a match may be.
    fn routes(
        &self,
        together: &Together,
        texts: &[&[u8]],
        often: bool,
        work: &mut Work,
    ) -> (Vec<Route>, bool) {
        let mut routes = Vec::new();
        work.ends.clear();
        let wanted = together.wanted().filter(|_| often);
        let own = wanted.and_then(|wanted| self.tokens.own_groups(wanted, &mut work.tokens));
        for group in own.clone().into_iter().flatten() {
            let first = work.ends.len();
            work.tokens.match_group(group, texts, &mut work.ends);
            let forms = work.tokens.forms_of(group);
            routes.push(self.route(together, forms, first));
        }
        for task in &together.whole {
            let first = work.ends.len();
            self.cells
                .match_task(task, texts, &mut work.cells, &mut work.ends);
            routes.push(self.route(together, self.cells.forms_of(task), first));
        }
        (routes, own.is_some())
    }

    fn route(&self, together: &Together, forms: &[u16], first: usize) -> Route {
        let mut route = Route {
            claims: [NO_CLAIM; 64],
            claimed: 0,
            strong: 0,
            first,
        };
        for (bit, &form) in forms.iter().enumerate() {
            let place = together.places[usize::from(form)];
            route.claims[bit] = place;
            route.claimed |= u64::from(place != NO_CLAIM) << bit;
            route.strong |= u64::from(self.is_strong(FormId(form))) << bit;
        }
        route
    }
}

/// Sets the first `count` bits.
pub(super) fn all_of(count: usize, bits: &mut [u64]) {
    bits.fill(u64::MAX);
    if let Some(last) = bits.last_mut()
        && !count.is_multiple_of(64)
    {
        *last = u64::MAX >> (64 - count % 64);
    }
}
