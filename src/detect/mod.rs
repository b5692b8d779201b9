//! Detection: which stretches of a value a detector claims, and what speaks for it in the value itself.
//!
//! All rules together are compiled into one [`Matcher`]. A pattern of a rule is a *form*; forms come in three groups,
//! and [`FormId`]s are numbered in this order: those that start at tokens (nearly all; one automaton and one table, see
//! `table.rs`), those that must be a whole cell (names, places; one automaton), and those that can start anywhere
//! (each by itself, slow). How sure a claim is gets decided in `score/`, when the column is complete.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};
use regex_automata::nfa::thompson::NFA;

use crate::error::Error;
use crate::event::DetectorName;
use crate::rule::{Normalise, Rule, RuleSet, Weights};
use crate::score::EvidenceSet;
use crate::validate::Checks;

mod automaton;
mod bits;
mod compile;
pub(crate) mod context;
mod edges;
mod find;
mod kinds;
mod lead;
mod lengths;
mod loose;
pub(crate) mod marks;
pub(crate) mod mask;
mod memo;
mod overlap;
mod placeholder;
pub(crate) mod plan;
mod prefilter;
mod program;
#[cfg(any(fuzzing, test))]
pub(crate) mod reference;
mod search;
mod shape;
mod table;
mod template;
mod together;
pub(crate) mod veil;
mod walk;
mod whole;

pub(crate) use find::{Column, Placed};
pub(crate) use together::{Alike, Whole};

use compile::{Draft, Place, pattern_nfa_config};
#[cfg(test)]
use compile::{pattern_hir, pattern_nfa};
use context::{Context, Near, NearWords};
use kinds::Kinds;
use lead::Leads;
use loose::Loose;
use memo::Memo;
pub(crate) use memo::Repeated;
use placeholder::Placeholders;
use plan::ColumnPlan;
use program::Programs;
use search::{Chosen, Tokens};
use together::Waiting;
use walk::Walks;
use whole::{Cells, Task};

/// A detector, numbered in the order of the rule set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct DetectorId(pub(crate) u16);

/// One pattern of a detector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FormId(pub(crate) u16);

/// A compiled rule.
pub(crate) struct Detector {
    pub(crate) name: Arc<DetectorName>,
    pub(crate) rule: Rule,
    placeholders: Placeholders,
}

/// A compiled pattern with its figures.
pub(crate) struct CompiledForm {
    pub(crate) detector: DetectorId,
    normalise: Normalise,
    pad: Option<usize>,
    pub(crate) checks: Checks,
    /// Share of random values of this shape that pass.
    pub(crate) chance: f64,
    /// Share of genuine values that pass.
    pub(crate) valid: f64,
    /// Probability that a whole cell of this shape is this.
    pub(crate) prior: f64,
    /// The same for a match within a text.
    pub(crate) prior_text: f64,
    /// The same for a whole cell of a column whose name says nothing.
    pub(crate) prior_nameless: f64,
    /// Whether being in a list of words only speaks for it, so that a value outside is still a candidate.
    pub(crate) soft: bool,
    /// How far a passing value speaks for itself, in log-odds: settles overlaps.
    pub(crate) strength: f64,
    /// Whether its parts mean nothing by themselves.
    opaque: bool,
}

/// Checks that so many random values pass find something in each row of numbers.
const WEAK: f64 = 0.02;
/// Of numbers that are longer, as those of cards are, hardly any two stand beside each other.
const SHORT: usize = 16;

impl CompiledForm {
    /// Probability that a whole cell of this shape is this, in a column whose name says nothing or in any other.
    pub(crate) fn whole_prior(&self, is_nameless: bool) -> f64 {
        if is_nameless {
            self.prior_nameless
        } else {
            self.prior
        }
    }

    /// Whether a match of so many bytes must not be part of a longer number: no check shows that it is one by itself.
    pub(crate) fn stands_alone(&self, len: usize) -> bool {
        self.chance >= 1.0 || self.chance >= WEAK && len <= SHORT
    }

    /// Whether nothing inside a match that passes counts.
    fn is_strong(&self) -> bool {
        self.opaque || self.strength >= 0.0
    }
}

/// Whether a pattern can only start where a run of letters and digits does, or at a certain byte: then a scan knows where to
/// look at all.
pub(crate) fn is_anchored(pattern: &str) -> bool {
    compile::pattern_nfa(pattern).is_ok_and(|nfa| prefilter::Start::of(&nfa).is_some())
}

/// A stretch of a value that a detector claims, with what speaks for it in the value itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Index of the value in the batch.
    pub(crate) value: u32,
    /// Where in the batch's text.
    pub(crate) span: Range<u32>,
    pub(crate) form: FormId,
    pub(crate) evidence: EvidenceSet,
    /// The word nearby that speaks for it.
    pub(crate) near: Near,
    /// Hash of the normalised value, the same in every scan: for counting different ones, never for a report.
    pub(crate) hash: u64,
    /// Whether its value is the only one of its record in the column, and this the detector's only candidate in it.
    pub(crate) alone: bool,
    /// Whether the same cell was counted in the same column of the chunk before: its hash is known then.
    pub(crate) again: bool,
}

/// What a search finds.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) candidates: Vec<Candidate>,
    /// Candidates that need but be counted.
    pub(crate) alike: Vec<Alike>,
    pub(crate) wholes: Vec<Whole>,
    bits: Vec<u64>,
    /// Candidates that came again, in records of their own.
    pub(crate) repeated: Vec<Repeated>,
    /// Whether all candidates that don't fail are wanted one by one.
    pub(crate) lists: bool,
}

/// Plans and kinds of bytes whose forms are kept at a time.
const POSSIBLE: usize = 1 << 10;

/// A set of forms, one bit each.
pub(crate) type FormSet = Box<[u64]>;

/// All rules, compiled. Immutable and shared by all threads; what changes during a search is in [`Scratch`].
pub(crate) struct Matcher {
    pub(crate) detectors: Vec<Detector>,
    pub(crate) forms: Vec<CompiledForm>,
    pub(crate) context: Context,
    /// What evidence weighs.
    pub(crate) weights: Weights,
    tokens: Tokens,
    cells: Cells,
    loose: Loose,
    kinds: Kinds,
    walks: Walks,
    leads: Leads,
    /// Placeholders of all detectors.
    suspects: placeholder::Sieve,
    /// What to look for in names, once it was needed.
    personal: OnceLock<ColumnPlan>,
}

/// What a search changes, one for each thread.
pub(crate) struct Scratch {
    memo: Memo,
    /// What to search for, by plan and shape.
    programs: Programs,
    /// The same for cells without a program, by plan and kinds of bytes.
    possible: Vec<Possible>,
    waiting: Waiting,
    work: Work,
}

/// What the search of one cell needs.
struct Work {
    tokens: search::TokensScratch,
    cells: whole::CellsScratch,
    normalised: Vec<u8>,
    /// What `normalised` was made from, in which value and span, and its hash: forms often share it.
    normalised_as: Option<(Normalise, Option<usize>, u32, usize, usize)>,
    hash: u64,
    /// For each form, the value it was last accepted in, and up to where.
    taken: Vec<(u32, u32)>,
    matched: Vec<(FormId, usize)>,
    whole: Vec<FormId>,
    /// How cells that are checked together match.
    ends: Vec<automaton::Ends>,
    /// The words around a match.
    near_words: NearWords,
}

impl Matcher {
    /// Compiles rules.
    pub(crate) fn new(rules: &RuleSet) -> Result<Self, Error> {
        let drafts = rules.rules.par_iter().enumerate().map(|(index, rule)| {
            let detector = DetectorId(index as u16);
            let finds = rule.find.iter();
            finds
                .map(|find| Draft::new(detector, rule, find))
                .collect::<Result<Vec<Draft<'_>>, Error>>()
        });
        let mut all = Vec::new();
        // The first one that doesn't hold is named, whoever meets it.
        for drafts in drafts.collect::<Vec<_>>() {
            all.append(&mut drafts?);
        }
        let mut drafts = all;
        drafts.sort_by_key(|draft| draft.place);
        let forms = drafts
            .iter()
            .map(|draft| draft.compile(rules))
            .collect::<Result<Vec<_>, _>>()?;
        let count = |place| drafts.iter().filter(|draft| draft.place == place).count();
        let (tokens, cells) = (count(Place::Token), count(Place::Cell));
        let of = |range: Range<usize>| {
            drafts[range]
                .iter()
                .map(|draft| (&draft.hir, &draft.nfa))
                .collect::<Vec<_>>()
        };
        let loose: Vec<&str> = drafts[tokens + cells..]
            .iter()
            .map(|draft| draft.form.pattern.as_str())
            .collect();
        let nfas: Vec<&NFA> = drafts.iter().map(|draft| &draft.nfa).collect();
        let detectors: Vec<Detector> = rules.rules.iter().map(Detector::new).collect();
        let ((context, tokens_of, walks), (cells_of, kinds)) = rayon::join(
            || {
                (
                    Context::new(&rules.rules, &rules.lists),
                    Tokens::new(&of(0..tokens)),
                    Walks::new(&nfas[..tokens + cells], tokens..tokens + cells),
                )
            },
            || {
                (
                    Cells::new(&of(tokens..tokens + cells), tokens),
                    Kinds::new(&nfas, tokens..tokens + cells),
                )
            },
        );
        Ok(Self {
            suspects: placeholder::Sieve::of(detectors.iter().map(|one| &one.placeholders)),
            personal: OnceLock::new(),
            detectors,
            weights: rules.weights,
            context,
            tokens: tokens_of,
            cells: cells_of?,
            kinds,
            walks,
            leads: Leads::new(tokens + cells),
            loose: Loose::new(&loose, tokens + cells)?,
            forms,
        })
    }

    /// Scratch space for one thread.
    pub(crate) fn scratch(&self) -> Scratch {
        Scratch {
            memo: Memo::new(),
            programs: Programs::new(),
            possible: vec![Possible::default(); POSSIBLE],
            waiting: Waiting::default(),
            work: Work {
                tokens: self.tokens.scratch(),
                cells: self.cells.scratch(),
                normalised: Vec::with_capacity(128),
                normalised_as: None,
                hash: 0,
                taken: vec![(u32::MAX, 0); self.forms.len()],
                matched: Vec::new(),
                whole: Vec::new(),
                ends: Vec::new(),
                near_words: NearWords::default(),
            },
        }
    }

    /// Whether a form must be a whole cell.
    fn is_cell_form(&self, form: usize) -> bool {
        self.cells.holds(form)
    }

    /// Gets scratch space ready for another chunk.
    pub(crate) fn start_chunk(scratch: &mut Scratch) {
        scratch.memo.start_chunk();
        scratch.programs.start_chunk();
        scratch.waiting.clear();
    }

    /// All forms.
    fn all(&self) -> FormSet {
        let mut set = vec![0; self.forms.len().div_ceil(64).max(1)].into_boxed_slice();
        for form in 0..self.forms.len() {
            set[form / 64] |= 1 << (form % 64);
        }
        set
    }

    /// Gets scratch space ready for another batch.
    pub(crate) fn start_batch(scratch: &mut Scratch) {
        scratch.work.taken.fill((u32::MAX, 0));
        scratch.work.normalised_as = None;
        scratch.work.near_words.of = None;
    }
}

/// What to search for in the cells of a column that have certain kinds of bytes.
#[derive(Clone, Default)]
struct Possible {
    /// The column's plan and the kinds; a cell has some, so no key is that of the default.
    key: (u64, u32),
    forms: Box<[u64]>,
    chosen: Chosen,
    /// The forms that must be a whole cell.
    whole: Box<[Task]>,
    /// Whether there are any others.
    part: bool,
}

impl Scratch {
    /// What to search for in a cell of a column.
    #[inline]
    fn possible(&mut self, matcher: &Matcher, plan: &ColumnPlan, kinds: u32) -> usize {
        let key = (plan.key, kinds);
        let slot =
            (plan.key as usize ^ (kinds as usize).wrapping_mul(0x9e37_79b1) >> 12) % POSSIBLE;
        if self.possible[slot].key != key {
            self.work_out(slot, matcher, plan, kinds);
        }
        slot
    }

    /// Forgets what was learned of sets of forms, when it has become much.
    #[cold]
    fn forget(&mut self) {
        self.work.tokens.forget();
        self.programs.clear();
        self.waiting.forget();
        self.possible.fill(Possible::default());
    }

    #[cold]
    fn work_out(&mut self, slot: usize, matcher: &Matcher, plan: &ColumnPlan, kinds: u32) {
        let forms = matcher.kinds.possible(plan, kinds);
        self.possible[slot] = Possible {
            key: (plan.key, kinds),
            chosen: self.work.tokens.chosen(&forms),
            whole: matcher.cells.tasks(&forms).into(),
            part: (0..matcher.forms.len())
                .any(|form| !matcher.cells.holds(form) && forms[form / 64] >> (form % 64) & 1 == 1),
            forms: forms.into(),
        };
    }
}
