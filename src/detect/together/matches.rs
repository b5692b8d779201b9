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

impl Route {
    /// Marks which cells each claim matches, by the ends of their walks; each claim has `words` words of bits.
    fn mark(&self, ends: &[Ends], words: usize, matched: &mut [u64]) {
        for bit in Bits(self.claimed) {
            let words = &mut matched[usize::from(self.claims[bit]) * words..];
            for (word, ends) in words.iter_mut().zip(ends.chunks(64)) {
                let bits = ends.iter().enumerate();
                *word |= bits.fold(0, |all, (at, ends)| all | (ends.whole >> bit & 1) << at);
            }
        }
    }
}

impl Matcher {
    /// Finds out which cells each claim matches; those that no claim matches, or something that is less than the cell, are
    /// taken out.
    pub(super) fn match_all(
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
        waiting.parted.clear();
        waiting.parted.resize(words, 0);
        let any_sure = together.claims.iter().any(|claim| claim.sure);
        let often = waiting.cells[id.0 as usize].1.all >= OFTEN;
        let (routes, walked) = self.routes(batch, together, cells, often, work);
        let is_long = |cell: &PutBy| cell.len as usize >= LONGEST_MATCH;
        let all_walked = walked && !cells.iter().any(is_long);
        let by_itself = together.wanted().filter(|_| !all_walked);
        let mut claims: Vec<u8> = Vec::new();
        let mut kept = 0;
        for index in 0..cells.len() {
            let cell = cells[index];
            let by_itself = by_itself.filter(|_| !walked || is_long(&cell));
            claims.clear();
            let (mut is_odd, mut is_parted) = match by_itself {
                Some(wanted) => {
                    let cell = (cell.text(batch.text), wanted);
                    self.match_by_itself(together, cell, work, &mut claims)
                }
                None => (false, false),
            };
            let mut is_claimed = any_sure || !claims.is_empty();
            for route in &routes {
                let Ends { whole, part } = work.ends[route.first + index];
                is_odd |= part & route.strong != 0;
                is_parted |= part != 0;
                is_claimed |= whole & route.claimed != 0;
            }
            if is_odd {
                waiting.odd.push(cell);
                continue;
            }
            if !is_claimed {
                if is_parted
                    || together.rest && !self.is_clean(batch, together, &cell, programs, work)
                {
                    waiting.odd.push(cell);
                }
                continue;
            }
            let (place, bit) = (kept / 64, 1 << (kept % 64));
            for &claim in &claims {
                waiting.matched[usize::from(claim) * words + place] |= bit;
            }
            waiting.parted[place] |= if is_parted { bit } else { 0 };
            for route in &routes {
                work.ends[route.first + kept] = work.ends[route.first + index];
            }
            cells[kept] = cell;
            kept += 1;
        }
        for route in &routes {
            let ends = &work.ends[route.first..][..kept];
            route.mark(ends, words, &mut waiting.matched);
        }
        cells.truncate(kept);
        // Fewer cells need fewer words.
        let fewer = kept.div_ceil(64);
        waiting.parted.truncate(fewer);
        for (place, claim) in together.claims.iter().enumerate() {
            waiting
                .matched
                .copy_within(place * words..place * words + fewer, place * fewer);
            if claim.sure {
                all_of(kept, &mut waiting.matched[place * fewer..][..fewer]);
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
        batch: &Batch<'_>,
        together: &Together,
        cells: &[PutBy],
        often: bool,
        work: &mut Work,
    ) -> (Vec<Route>, bool) {
        let texts: Vec<&[u8]> = cells.iter().map(|cell| cell.text(batch.text)).collect();
        let mut routes = Vec::new();
        work.ends.clear();
        let wanted = together.wanted().filter(|_| often);
        let own = wanted.and_then(|wanted| self.tokens.own_groups(wanted, &mut work.tokens));
        for group in own.clone().into_iter().flatten() {
            let first = work.ends.len();
            work.tokens.match_group(group, &texts, &mut work.ends);
            let forms = work.tokens.forms_of(group);
            routes.push(self.route(together, forms, first));
        }
        for task in &together.whole {
            let first = work.ends.len();
            self.cells
                .match_task(task, &texts, &mut work.cells, &mut work.ends);
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
