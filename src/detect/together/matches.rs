//! Which of the cells that were put by each form matches.

use super::super::bits::Bits;
use super::super::find::PutBy;
use super::super::program::{Programs, TogetherId};
use super::super::search::LONGEST_MATCH;
use super::super::{FormId, Matcher, Work};
use super::{NO_CLAIM, OFTEN, Together, Waiting};
use crate::format::Batch;

/// What it means for a cell that forms match which are walked over together.
struct Route {
    /// By the form's bit, its place among the claims.
    claims: [u8; 64],
    /// The forms that have one.
    claimed: u64,
    /// The forms that say so much that a match of less than the cell is to be looked at.
    strong: u64,
    /// Where the ends of its cells start.
    first: usize,
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
        let wanted = together.wanted();
        let (routes, walked) = self.routes(batch, together, cells, often, work);
        let mut matched = std::mem::take(&mut work.matched);
        let mut kept = 0;
        for index in 0..cells.len() {
            let cell = cells[index];
            matched.clear();
            if let (Some(wanted), true) = (wanted, !walked || cell.len as usize >= LONGEST_MATCH) {
                let mut tokens = self.tokens.search(cell.text(batch.text));
                tokens.match_here(wanted, &mut work.tokens, &mut matched);
            }
            let ends = || {
                routes
                    .iter()
                    .map(|route| (route, work.ends[route.first + index]))
            };
            let parts = matched.iter().filter(|(_, end)| *end != cell.len as usize);
            let claims = matched.iter().filter(|(_, end)| *end == cell.len as usize);
            let claims = claims.map(|(form, _)| together.places[usize::from(form.0)]);
            let claims = claims.filter(|claim| *claim != NO_CLAIM);
            // A part that says little gives way to a whole cell that settles it.
            let (mut is_odd, mut is_parted) = (false, false);
            let mut is_claimed = any_sure || claims.clone().next().is_some();
            for &(form, _) in parts {
                is_parted = true;
                is_odd |= self.is_strong(form);
            }
            for (route, ends) in ends() {
                is_parted |= ends.part != 0;
                is_odd |= ends.part & route.strong != 0;
                is_claimed |= ends.whole & route.claimed != 0;
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
            let (word, bit) = (kept / 64, 1 << (kept % 64));
            let of_ends = ends().flat_map(|(route, ends)| {
                let bits = Bits(ends.whole & route.claimed);
                bits.map(|bit| route.claims[bit])
            });
            for claim in claims.chain(of_ends) {
                waiting.matched[usize::from(claim) * words + word] |= bit;
            }
            waiting.parted[word] |= if is_parted { bit } else { 0 };
            cells[kept] = cell;
            kept += 1;
        }
        cells.truncate(kept);
        work.matched = matched;
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
