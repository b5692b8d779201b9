//! Detection: which stretches of a value a detector claims, and what speaks for it in the value itself.
//!
//! All rules together are compiled into one [`Matcher`]. A pattern of a rule is a *form*; forms come in three groups,
//! and [`FormId`]s are numbered in this order: those that start at tokens (nearly all; one automaton and one table, see
//! `table.rs`), those that must be a whole cell (names, places; one automaton), and those that can start anywhere
//! (each by itself, slow). How sure a claim is gets decided in `score/`, when the column is complete.

use std::ops::Range;
use std::sync::Arc;

use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};
use regex_automata::util::syntax;

use crate::error::Error;
use crate::event::DetectorName;
use crate::format::{Batch, Value};
use crate::rule::{Find, Form, Normalise, Rule, RuleSet, Scope};
use crate::score::EvidenceSet;
use crate::validate::{Checks, Outcome, normalise};

mod automaton;
pub(crate) mod context;
mod kinds;
pub(crate) mod mask;
mod memo;
mod overlap;
mod placeholder;
pub(crate) mod plan;
mod prefilter;
#[cfg(test)]
mod reference;
mod search;
mod table;
mod veil;

use context::{Context, Near};
use kinds::Kinds;
use memo::{Memo, Place as CellPlace};
use placeholder::Placeholders;
use plan::ColumnPlan;
use search::{Cells, Chosen, Loose, Task, Tokens};

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
    /// Whether being in a list of words only speaks for it, so that a value outside is still a candidate.
    pub(crate) soft: bool,
    /// How far a passing value speaks for itself, in log-odds: settles overlaps.
    pub(crate) strength: f64,
    /// Whether its parts mean nothing by themselves.
    opaque: bool,
}

impl CompiledForm {
    /// Whether nothing inside a match that passes counts.
    fn is_strong(&self) -> bool {
        self.opaque || self.strength >= 0.0
    }
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
    tokens: Tokens,
    cells: Cells,
    loose: Loose,
    kinds: Kinds,
}

/// What a search changes, one for each thread.
pub(crate) struct Scratch {
    tokens: search::TokensScratch,
    cells: search::CellsScratch,
    memo: Memo,
    /// What to search for, by plan and kinds of bytes.
    possible: Vec<Possible>,
    normalised: Vec<u8>,
    /// What `normalised` was made from, in which value and span, and its hash: forms often share it.
    normalised_as: Option<(Normalise, Option<usize>, u32, usize, usize)>,
    hash: u64,
    /// For each form, the value it was last accepted in, and up to where.
    taken: Vec<(u32, u32)>,
    matched: Vec<(FormId, usize)>,
    whole: Vec<FormId>,
    /// The text around a match, folded.
    window: Vec<u8>,
}

/// A form of a rule before it is compiled.
struct Draft<'r> {
    detector: DetectorId,
    rule: &'r Rule,
    form: Form,
    nfa: NFA,
    place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Token,
    Cell,
    Loose,
}

/// Compiles a rule's pattern: byte-wise, ASCII classes only.
pub(crate) fn pattern_nfa(pattern: &str) -> Result<NFA, String> {
    NFA::compiler()
        .syntax(pattern_syntax())
        .configure(pattern_nfa_config())
        .build(pattern)
        .map_err(|error| {
            std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string)
        })
}

fn pattern_syntax() -> syntax::Config {
    syntax::Config::new().unicode(false).utf8(false)
}

fn pattern_nfa_config() -> thompson::Config {
    thompson::Config::new()
        .utf8(false)
        .which_captures(WhichCaptures::None)
}

impl Matcher {
    /// Compiles rules.
    pub(crate) fn new(rules: &RuleSet) -> Result<Self, Error> {
        let mut drafts = Vec::new();
        for (index, rule) in rules.rules.iter().enumerate() {
            for find in &rule.find {
                drafts.push(Draft::new(DetectorId(index as u16), rule, find)?);
            }
        }
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
                .map(|draft| (draft.form.pattern.as_str(), &draft.nfa))
                .collect::<Vec<_>>()
        };
        Ok(Self {
            detectors: rules.rules.iter().map(Detector::new).collect(),
            context: Context::new(&rules.rules, &rules.lists),
            tokens: Tokens::new(&of(0..tokens)),
            cells: Cells::new(&of(tokens..tokens + cells), tokens)?,
            kinds: Kinds::new(
                &drafts.iter().map(|draft| &draft.nfa).collect::<Vec<_>>(),
                tokens..tokens + cells,
            ),
            loose: Loose::new(&of(tokens + cells..drafts.len()), tokens + cells)?,
            forms,
        })
    }

    /// Scratch space for one thread.
    pub(crate) fn scratch(&self) -> Scratch {
        Scratch {
            tokens: self.tokens.scratch(),
            cells: self.cells.scratch(),
            memo: Memo::new(),
            possible: vec![Possible::default(); POSSIBLE],
            normalised: Vec::with_capacity(128),
            normalised_as: None,
            hash: 0,
            taken: vec![(u32::MAX, 0); self.forms.len()],
            matched: Vec::new(),
            whole: Vec::new(),
            window: Vec::with_capacity(128),
        }
    }

    /// Whether a form must be a whole cell.
    fn is_cell_form(&self, form: usize) -> bool {
        self.cells.holds(form)
    }

    /// Gets scratch space ready for another chunk.
    pub(crate) fn start_chunk(scratch: &mut Scratch) {
        scratch.memo.start_chunk();
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
        scratch.taken.fill((u32::MAX, 0));
        scratch.normalised_as = None;
    }

    /// Finds the candidates of some values of a batch, all of one column, those that fail their check too (they count in the
    /// column's statistics); gives how many rows of them aren't empty. Column by column, the tables of a search stay in the
    /// processor's cache.
    pub(crate) fn find(
        &self,
        batch: &Batch<'_>,
        values: &[u32],
        plan: &ColumnPlan,
        scratch: &mut Scratch,
        found: &mut Vec<Candidate>,
    ) -> u64 {
        let mut filled = 0;
        for &index in values {
            let value = batch.values[index as usize];
            let (start, end) = trim(batch.text, value);
            if start == end {
                continue;
            }
            filled += batch.rows.of(index as usize).len() as u64;
            let place = CellPlace {
                value: index,
                column: value.column.0,
                at: start as u32,
            };
            let bytes = &batch.text[start..end];
            let Err(unknown) = scratch.memo.recall(bytes, plan.key, place, found) else {
                continue;
            };
            let cell = Cell {
                bytes,
                at: place.at,
                index,
                plan,
            };
            let before = found.len();
            self.find_in(&cell, scratch, found);
            if found.len() - before > 1 {
                overlap::settle(found, before, &self.forms);
            }
            scratch.memo.remember(unknown, place, &found[before..]);
        }
        filled
    }

    fn find_in(&self, cell: &Cell<'_>, scratch: &mut Scratch, found: &mut Vec<Candidate>) {
        let slot = scratch.possible(self, cell.plan, kinds::kinds(cell.bytes));
        let possible = &mut scratch.possible[slot];
        if possible.whole.is_empty() && !possible.part {
            return;
        }
        let (part, chosen) = (possible.part, possible.chosen);
        let forms = std::mem::take(&mut possible.forms);
        let whole = std::mem::take(&mut possible.whole);
        if !whole.is_empty() {
            self.find_whole(cell, &whole, scratch, found);
        }
        if part {
            self.find_parts(cell, &forms, chosen, scratch, found);
        }
        scratch.possible[slot].forms = forms;
        scratch.possible[slot].whole = whole;
    }

    fn find_whole(
        &self,
        cell: &Cell<'_>,
        tasks: &[Task],
        scratch: &mut Scratch,
        found: &mut Vec<Candidate>,
    ) {
        let mut matched = std::mem::take(&mut scratch.whole);
        matched.clear();
        self.cells
            .search(cell.bytes, tasks, &mut scratch.cells, &mut matched);
        for &form in &matched {
            self.propose(cell, 0..cell.bytes.len(), form, scratch, found);
        }
        scratch.whole = matched;
    }

    fn find_parts(
        &self,
        cell: &Cell<'_>,
        forms: &[u64],
        chosen: Chosen,
        scratch: &mut Scratch,
        found: &mut Vec<Candidate>,
    ) {
        let mut matched = std::mem::take(&mut scratch.matched);
        let mut tokens = self.tokens.search(cell.bytes, forms, chosen);
        while let Some(start) = tokens.next_match(&mut scratch.tokens, &mut matched) {
            let mut sure = start;
            for &(form, end) in &matched {
                if self.propose(cell, start..end, form, scratch, found) && self.is_strong(form) {
                    sure = sure.max(end);
                }
            }
            tokens.skip_to(sure);
        }
        matched.clear();
        scratch.matched = matched;
        self.loose.search(cell.bytes, forms, |form, span| {
            self.propose(cell, span, form, scratch, found);
        });
    }

    /// Whether nothing is looked for inside a match that passes: it speaks for itself, or its parts mean nothing.
    fn is_strong(&self, form: FormId) -> bool {
        self.forms[usize::from(form.0)].is_strong()
    }

    /// Checks a match, and adds it to the candidates if it is one; whether it passes.
    fn propose(
        &self,
        cell: &Cell<'_>,
        span: Range<usize>,
        id: FormId,
        scratch: &mut Scratch,
        found: &mut Vec<Candidate>,
    ) -> bool {
        let whole = span == (0..cell.bytes.len());
        let word = usize::from(id.0 / 64);
        if whole && cell.plan.never_whole[word] >> (id.0 % 64) & 1 == 1 {
            return false;
        }
        let taken = &mut scratch.taken[usize::from(id.0)];
        if taken.0 == cell.index && (span.start as u32) < taken.1 || !is_bounded(cell.bytes, &span)
        {
            return false;
        }
        let form = &self.forms[usize::from(id.0)];
        let detector = &self.detectors[usize::from(form.detector.0)];
        let raw = &cell.bytes[span.clone()];
        let kind = (form.normalise, form.pad, cell.index, span.start, span.end);
        if scratch.normalised_as != Some(kind) {
            normalise(kind.0, kind.1, raw, &mut scratch.normalised);
            scratch.hash = crate::validate::words::hash(&scratch.normalised);
            scratch.normalised_as = Some(kind);
        }
        let mut evidence = match form.checks.run(&scratch.normalised, scratch.hash) {
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
                let around =
                    self.context
                        .around(cell.bytes, &span, form.detector, &mut scratch.window);
                evidence = evidence | around.0;
                near = around.1;
            }
            if detector
                .placeholders
                .holds(&scratch.normalised, scratch.hash)
            {
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
            hash: scratch.hash,
        });
        evidence.has(EvidenceSet::PASSED)
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

    #[cold]
    fn work_out(&mut self, slot: usize, matcher: &Matcher, plan: &ColumnPlan, kinds: u32) {
        let forms = matcher.kinds.possible(plan, kinds);
        if self.tokens.forget_some() {
            self.possible.fill(Possible::default());
        }
        self.possible[slot] = Possible {
            key: (plan.key, kinds),
            chosen: self.tokens.chosen(&forms),
            whole: matcher.cells.tasks(&forms).into(),
            part: (0..matcher.forms.len())
                .any(|form| !matcher.cells.holds(form) && forms[form / 64] >> (form % 64) & 1 == 1),
            forms: forms.into(),
        };
    }
}

/// A value during a search, without the white space around it.
struct Cell<'a> {
    bytes: &'a [u8],
    /// Where it starts in the batch's text.
    at: u32,
    /// Its index in the batch.
    index: u32,
    plan: &'a ColumnPlan,
}

/// The value without white space around it, and a whole number without the `.0` that a spreadsheet or data frame
/// adds to a column with gaps.
fn trim(text: &[u8], value: Value) -> (usize, usize) {
    let (mut start, mut end) = (value.start as usize, value.end as usize);
    while start < end && text[start].is_ascii_whitespace() {
        start += 1;
    }
    while start < end && text[end - 1].is_ascii_whitespace() {
        end -= 1;
    }
    let bytes = &text[start..end];
    if let Some(whole) = bytes.strip_suffix(b".0")
        && (6..=20).contains(&whole.len())
        && whole.iter().all(u8::is_ascii_digit)
    {
        end -= 2;
    }
    (start, end)
}

/// Whether a match stands by itself: no letter or digit touches its own, and it is no part of a decimal number.
fn is_bounded(text: &[u8], span: &Range<usize>) -> bool {
    if !starts_by_itself(text, span.start) {
        return false;
    }
    let last = text[span.end - 1];
    match &text[span.end..] {
        [next, ..] if prefilter::is_word(*next) => !prefilter::is_word(last),
        [b'.', digit, ..] if digit.is_ascii_digit() => !last.is_ascii_digit(),
        [b',', rest @ ..] => !last.is_ascii_digit() || !(1..=3).contains(&digits(rest.iter())),
        _ => true,
    }
}

/// The part of [`is_bounded`] that looks at the start.
fn starts_by_itself(text: &[u8], start: usize) -> bool {
    match &text[..start] {
        [.., before] if prefilter::is_word(*before) => false,
        [.., digit, b'.'] if digit.is_ascii_digit() => !text[start].is_ascii_digit(),
        [rest @ .., b','] => {
            !text[start].is_ascii_digit() || !(1..=3).contains(&digits(rest.iter().rev()))
        }
        _ => true,
    }
}

/// How many digits follow, up to four. Behind or before a comma, one to three make a decimal number; more are a list.
fn digits<'a>(bytes: impl Iterator<Item = &'a u8>) -> usize {
    bytes
        .take(4)
        .take_while(|byte| byte.is_ascii_digit())
        .count()
}

impl<'r> Draft<'r> {
    fn new(detector: DetectorId, rule: &'r Rule, find: &Find) -> Result<Self, Error> {
        let form = match find {
            Find::Form(form) => form.clone(),
            Find::Pattern(pattern) => Form {
                pattern: pattern.clone(),
                ..Form::default()
            },
        };
        let nfa = pattern_nfa(&form.pattern).map_err(|reason| {
            Error::rule(format!(
                "rule {}: pattern {}: {reason}",
                rule.id, form.pattern
            ))
        })?;
        let place = match form.scope.unwrap_or(rule.scope) {
            Scope::Cell => Place::Cell,
            Scope::Anywhere if prefilter::Start::of(&nfa).is_some() => Place::Token,
            Scope::Anywhere => Place::Loose,
        };
        Ok(Self {
            detector,
            rule,
            form,
            nfa,
            place,
        })
    }

    fn compile(&self, rules: &RuleSet) -> Result<CompiledForm, Error> {
        let (rule, form) = (self.rule, &self.form);
        let checks = form.check.as_deref().unwrap_or(&rule.check);
        let compiled = Checks::compile(checks, &rules.lists)
            .map_err(|reason| Error::rule(format!("rule {}: {reason}", rule.id)))?;
        let chance = form.chance.unwrap_or(rule.chance).0;
        let prior = form.prior.unwrap_or(rule.prior).0;
        let prior_text = form
            .prior_text
            .or(rule.prior_text)
            .map_or(prior / 3.0, |share| share.0);
        Ok(CompiledForm {
            detector: self.detector,
            normalise: rule.normalise,
            pad: rule.pad,
            opaque: rule.opaque,
            soft: compiled.is_soft(),
            checks: compiled,
            chance,
            valid: rule.valid.0,
            prior,
            prior_text,
            strength: crate::score::logit(prior) - chance.ln(),
        })
    }
}

impl Detector {
    fn new(rule: &Rule) -> Self {
        Self {
            name: Arc::new(DetectorName {
                id: rule.id.as_str().into(),
                category: rule.category.name().into(),
            }),
            placeholders: Placeholders::new(&rule.placeholders),
            rule: rule.clone(),
        }
    }
}
