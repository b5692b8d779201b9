//! Leads: forms that are the whole of nearly all cells of a column.
//!
//! E-mail addresses have as many shapes as there are names, so their shapes say little. But what else can match at the start
//! of a cell that is an e-mail address follows from the patterns: its *companions*. Where the first bytes of a cell rule
//! these out, only the lead itself has to be searched for; and where it passes, nothing else in the cell counts.

use std::ops::RangeInclusive;
use std::rc::Rc;
use std::sync::OnceLock;

use foldhash::fast::FixedState;
use hashbrown::HashSet;
use regex_automata::nfa::thompson::{NFA, State};
use regex_automata::util::primitives::StateID;

use super::prefilter::{ByteSet, Walk, heads, is_word};
use super::search::{Chosen, TokensScratch, Wanted};
use super::whole::Task;
use super::{ColumnPlan, FormId, Matcher, Work};

/// Pairs of states looked at for two forms; where there are more, they count as companions.
const MOST_PAIRS: usize = 1 << 14;

/// Bytes of a cell that are compared with those that companions can start with.
const FIRST: usize = 8;

/// What can match at the start of cells that are wholly a match of some form.
pub(super) struct Companions {
    /// What they can start with.
    heads: Vec<Starts>,
    /// The forms, for a search where the first bytes don't rule them out: those that start at a token, and whole cells.
    chosen: Chosen,
    forms: Box<[u64]>,
    whole: Box<[Task]>,
}

/// Forms looked at together.
const MOST: usize = 256;

/// What up to [`MOST`] forms can start with: for each of the first places and each byte there, the forms that can have it, one
/// bit each. Side by side, so that all of them are told by one look for each place.
struct Starts(Box<[[u64; MOST / 64]]>);

impl Starts {
    fn new(forms: &[[ByteSet; FIRST]]) -> Self {
        let mut all = vec![[0; MOST / 64]; FIRST << 8].into_boxed_slice();
        for (form, heads) in forms.iter().enumerate() {
            for (place, head) in heads.iter().enumerate() {
                for byte in (0..=255u8).filter(|&byte| head.contains(byte)) {
                    all[place << 8 | usize::from(byte)][form / 64] |= 1 << (form % 64);
                }
            }
        }
        Self(all)
    }

    /// Whether one of them can start like this cell.
    #[inline]
    fn may_start(&self, cell: &[u8]) -> bool {
        let mut may = [u64::MAX; MOST / 64];
        for (place, &byte) in cell.iter().take(FIRST).enumerate() {
            let here = &self.0[place << 8 | usize::from(byte)];
            may.iter_mut()
                .zip(here)
                .for_each(|(may, here)| *may &= here);
        }
        may.iter().any(|forms| *forms != 0)
    }
}

/// For each form, which forms are its companions; worked out when it is first asked for.
pub(super) struct Leads(Vec<OnceLock<Box<[OnceLock<bool>]>>>);

impl Leads {
    /// Of so many forms.
    pub(super) fn new(forms: usize) -> Self {
        Self((0..forms).map(|_| OnceLock::new()).collect())
    }
}

impl Companions {
    /// Whether something else than the lead may match at the start of a cell.
    #[inline(never)]
    pub(super) fn may_match(&self, matcher: &Matcher, cell: &[u8], work: &mut Work) -> bool {
        let mut heads = self.heads.iter();
        heads.any(|heads| heads.may_start(cell)) && self.matches(matcher, cell, work)
    }

    /// Whether one of them does, as far as automata can tell.
    fn matches(&self, of: &Matcher, cell: &[u8], work: &mut Work) -> bool {
        let wanted = Wanted {
            chosen: self.chosen,
            forms: &self.forms,
        };
        let Some(own) = of.tokens.own_groups(wanted, &mut work.tokens) else {
            return true;
        };
        let mut matched = std::mem::take(&mut work.matched);
        let mut whole = std::mem::take(&mut work.whole);
        matched.clear();
        whole.clear();
        let mut search = of.tokens.search(cell);
        search.match_with(own, 0, &mut work.tokens, &mut matched);
        let cells = &mut work.cells;
        of.cells.search(cell, &self.whole, cells, &mut whole);
        let any = !matched.is_empty() || !whole.is_empty();
        work.matched = matched;
        work.whole = whole;
        any
    }
}

impl Matcher {
    /// What else of a plan can match at the start of a cell that is a match of this form.
    pub(super) fn companions(
        &self,
        lead: FormId,
        plan: &ColumnPlan,
        tokens: &mut TokensScratch,
    ) -> Companions {
        let nfas = self.walks.nfas();
        let lead = usize::from(lead.0);
        let known =
            self.leads.0[lead].get_or_init(|| nfas.iter().map(|_| OnceLock::new()).collect());
        let mut pairs = Pairs::new(&nfas[lead]);
        let first: [ByteSet; FIRST] = heads(&nfas[lead]);
        let mut companions = Vec::new();
        let none = || vec![0u64; plan.forms.len()];
        let (mut at_token, mut whole) = (none(), none());
        for (form, nfa) in nfas.iter().enumerate() {
            let wanted = plan.forms[form / 64] >> (form % 64) & 1 == 1;
            if !wanted || form == lead || known[form].get() == Some(&false) {
                continue;
            }
            let theirs: [ByteSet; FIRST] = heads(nfa);
            let is_one = known[form].get_or_init(|| {
                let may = first.iter().zip(theirs).all(|(a, b)| a.meets_any(b));
                may && pairs.meet(nfa, self.is_cell_form(form))
            });
            if *is_one {
                companions.push(theirs);
                let set = if self.is_cell_form(form) {
                    &mut whole
                } else {
                    &mut at_token
                };
                set[form / 64] |= 1 << (form % 64);
            }
        }
        Companions {
            heads: companions.chunks(MOST).map(Starts::new).collect(),
            chosen: tokens.chosen(&at_token),
            forms: at_token.into(),
            whole: self.cells.tasks(&whole).into(),
        }
    }
}

/// A walk over two patterns at once: the lead's, and another one's.
struct Pairs<'n> {
    lead: Closed<'n>,
    seen: HashSet<(StateID, StateID), FixedState>,
    todo: Vec<(StateID, StateID)>,
}

impl<'n> Pairs<'n> {
    fn new(lead: &'n NFA) -> Self {
        Self {
            lead: Closed::new(lead),
            seen: HashSet::with_hasher(FixedState::default()),
            todo: Vec::new(),
        }
    }

    /// Whether the other pattern can match the start of something that the lead matches, or all of it where it must be
    /// a `whole` cell. Look-arounds count as true, so this may be said too often, never too seldom.
    fn meet(&mut self, other: &NFA, whole: bool) -> bool {
        let mut other = Closed::new(other);
        self.seen.clear();
        self.todo.clear();
        let starts = (self.lead.start(), other.start());
        self.add(&starts.0, &starts.1);
        while let Some((lead, with)) = self.todo.pop() {
            if self.seen.len() > MOST_PAIRS {
                return true;
            }
            let others = other.moves(with);
            for &(first, last, next) in &*self.lead.moves(lead) {
                for &(other_first, other_last, other_next) in &*others {
                    let (first, last) = (first.max(other_first), last.min(other_last));
                    if first > last {
                        continue;
                    }
                    let behind = self.lead.behind(next);
                    let other_behind = other.behind(other_next);
                    if other_behind.matches && may_end(&behind, first..=last, whole) {
                        return true;
                    }
                    self.add(&behind, &other_behind);
                }
            }
        }
        false
    }

    fn add(&mut self, lead: &Behind, other: &Behind) {
        for &lead in &lead.states {
            for &other in &other.states {
                if self.seen.insert((lead, other)) {
                    self.todo.push((lead, other));
                }
            }
        }
    }
}

/// Whether a match of the other pattern can stand by itself here, the last byte being one of these.
fn may_end(behind: &Behind, mut last: RangeInclusive<u8>, whole: bool) -> bool {
    behind.matches || !whole && (behind.ends_token || last.any(|byte| !is_word(byte)))
}

/// A pattern's automaton, with what was worked out of its states.
struct Closed<'n> {
    nfa: &'n NFA,
    walk: Walk<'n>,
    behind: Vec<Option<Rc<Behind>>>,
    moves: Vec<Option<Rc<[Move]>>>,
}

/// Where a state goes with which bytes, first and last.
type Move = (u8, u8, StateID);

/// What is behind a state without another byte.
struct Behind {
    /// The states that take a byte.
    states: Vec<StateID>,
    matches: bool,
    /// Whether the next byte may be none of a token.
    ends_token: bool,
}

impl<'n> Closed<'n> {
    fn new(nfa: &'n NFA) -> Self {
        let states = nfa.states().len();
        Self {
            nfa,
            walk: Walk::new(nfa),
            behind: vec![None; states],
            moves: vec![None; states],
        }
    }

    fn start(&mut self) -> Rc<Behind> {
        self.behind(self.nfa.start_anchored())
    }

    fn behind(&mut self, state: StateID) -> Rc<Behind> {
        if let Some(known) = &self.behind[state.as_usize()] {
            return known.clone();
        }
        let mut states = self.walk.close(&[state]);
        let all = states.len();
        states.retain(|&id| !matches!(self.nfa.state(id), State::Match { .. }));
        let no_word = |&(first, last, _): &Move| (first..=last).any(|byte| !is_word(byte));
        let behind = Rc::new(Behind {
            matches: states.len() < all,
            ends_token: states
                .iter()
                .any(|&state| self.moves(state).iter().any(no_word)),
            states,
        });
        self.behind[state.as_usize()] = Some(behind.clone());
        behind
    }

    fn moves(&mut self, state: StateID) -> Rc<[Move]> {
        let known = &mut self.moves[state.as_usize()];
        known
            .get_or_insert_with(|| match self.nfa.state(state) {
                State::ByteRange { trans } => [(trans.start, trans.end, trans.next)].into(),
                State::Sparse(sparse) => {
                    let each = sparse.transitions.iter();
                    each.map(|trans| (trans.start, trans.end, trans.next))
                        .collect()
                }
                State::Dense(dense) => (0..=255u8)
                    .filter_map(|byte| Some((byte, byte, dense.matches_byte(byte)?)))
                    .collect(),
                _ => [].into(),
            })
            .clone()
    }
}

#[cfg(test)]
mod tests {
    use super::super::pattern_nfa;
    use super::*;

    fn meet(lead: &str, other: &str, whole: bool) -> bool {
        let lead = pattern_nfa(lead).unwrap();
        Pairs::new(&lead).meet(&pattern_nfa(other).unwrap(), whole)
    }

    #[test]
    fn what_starts_alike_is_a_companion() {
        let mail = r"\b[a-z0-9][a-z0-9.]{0,63}@[a-z]{1,9}\.[a-z]{2,4}\b";
        assert!(meet(mail, r"\b[0-9]{9}\b", false));
        assert!(!meet(mail, r"\b[0-9]{9}\b", true));
        assert!(!meet(mail, r"\b[0-9]{3}-[0-9]{3}\b", false));
        assert!(meet(mail, r"[a-z]+@[a-z.]+", true));
        assert!(!meet(
            r"\b[0-9a-f]{8}-[0-9a-f]{4}\b",
            r"\b[0-9]{6}\b",
            false
        ));
        assert!(meet(r"\b[0-9a-f]{8}-[0-9a-f]{4}\b", r"\b[0-9]{8}\b", false));
    }
}
