//! A plain matcher to compare the fast one with: each pattern by itself, tried at each byte. For tests and fuzzers.

#![allow(clippy::unwrap_used, reason = "what can't go on here is to fail")]

use std::ops::Range;
use std::sync::Mutex;

use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::{Anchored, Input, MatchKind};

use super::*;
use crate::detect::compile::{Draft, Place, pattern_syntax};
use crate::detect::edges::{goes_on, is_bounded, trim};
use crate::detect::find::{Cell, PutBy};
use crate::detect::shape::{ELEMENTS, shape};
use crate::format::{Batch, ColumnId, OffsetMap, Rows, Value};
use crate::rule::{Scope, Selection};
use crate::validate::{Outcome, normalise};

/// A pattern by itself.
struct Plain {
    dfa: DFA,
    cache: Mutex<Cache>,
    scope: Scope,
}

impl Plain {
    fn new(pattern: &str, scope: Scope) -> Self {
        let dfa = DFA::builder()
            .configure(
                DFA::config()
                    .match_kind(MatchKind::All)
                    .skip_cache_capacity_check(true),
            )
            .thompson(pattern_nfa_config())
            .syntax(pattern_syntax())
            .build(pattern)
            .unwrap();
        Self {
            cache: Mutex::new(dfa.create_cache()),
            dfa,
            scope,
        }
    }

    /// The end of the longest match that starts at `start`.
    fn longest(&self, text: &[u8], start: usize) -> Option<usize> {
        let cache = &mut *self.cache.lock().unwrap();
        let input = Input::new(text).range(start..).anchored(Anchored::Yes);
        let mut state = self.dfa.start_state_forward(cache, &input).unwrap();
        let mut longest = None;
        for at in start..=text.len() {
            state = match text.get(at) {
                Some(&byte) => self.dfa.next_state(cache, state, byte),
                None => self.dfa.next_eoi_state(cache, state),
            }
            .unwrap();
            if state.is_match() {
                longest = Some(at);
            } else if state.is_dead() {
                break;
            }
        }
        longest.filter(|&end| end > start)
    }
}

/// A candidate as both matchers report it: form, span, and how it fared.
type Claim = (FormId, Range<u32>, EvidenceSet);

/// What the plain matcher finds in one value: every form at every byte, from left to right.
fn reference(matcher: &Matcher, plain: &[Plain], text: &[u8]) -> Vec<Claim> {
    let mut found = Vec::new();
    let mut free = vec![0; plain.len()];
    // Nothing is looked for inside a match that passes and speaks for itself.
    let mut sure = 0;
    for start in 0..text.len() {
        let from = sure;
        for (index, one) in plain.iter().enumerate() {
            let is_cell = one.scope == Scope::Cell;
            if start < free[index] || if is_cell { start > 0 } else { start < from } {
                continue;
            }
            let Some(end) = one.longest(text, start) else {
                continue;
            };
            if is_cell && end != text.len() || !is_bounded(text, &(start..end)) {
                continue;
            }
            let id = FormId(index as u16);
            let is_whole = (start, end) == (0, text.len());
            let alone = matcher.forms[index].stands_alone(end - start);
            if !is_whole && alone && goes_on(text, &(start..end)) {
                continue;
            }
            let Some(evidence) = outcome(matcher, id, &text[start..end]) else {
                continue;
            };
            found.push((id, start as u32..end as u32, evidence));
            if evidence != EvidenceSet::FAILED {
                free[index] = end;
            }
            if evidence == EvidenceSet::PASSED && !is_cell && matcher.is_strong(id) {
                sure = sure.max(end);
            }
        }
    }
    found.sort_by_key(|(form, span, _)| (span.start, span.end, *form));
    found
}

fn outcome(matcher: &Matcher, id: FormId, text: &[u8]) -> Option<EvidenceSet> {
    let form = &matcher.forms[usize::from(id.0)];
    let rule = &matcher.detectors[usize::from(form.detector.0)].rule;
    let mut normalised = Vec::new();
    normalise(rule.normalise, rule.pad, text, &mut normalised);
    match form
        .checks
        .run(&normalised, crate::validate::words::hash(&normalised))
    {
        Outcome::Pass => Some(EvidenceSet::PASSED),
        Outcome::Unlisted => Some(EvidenceSet::UNLISTED),
        Outcome::Fail => Some(EvidenceSet::FAILED),
        Outcome::Not => None,
    }
}

/// What the fast matcher finds in the same value: before overlaps are settled, behind that, and behind that by a program of
/// its shape.
fn fast(matcher: &Matcher, text: &[u8]) -> [Vec<Claim>; 3] {
    let mut scratch = scratch(matcher);
    Matcher::start_batch(&mut scratch);
    let plan = ColumnPlan::all(matcher);
    let cell = Cell {
        bytes: text,
        at: 0,
        index: 0,
        plan: &plan,
    };
    let mut searched = Vec::new();
    matcher.find_in(&cell, &mut scratch, &mut searched);
    let all = claims(searched.clone());
    overlap::settle(&mut searched, 0, &matcher.forms);
    let searched = claims(searched);
    let mut places = [0; ELEMENTS + 1];
    let Some(shape) = shape(text, 0, text.len(), &mut places) else {
        return [all, searched.clone(), searched];
    };
    let tokens = &mut scratch.work.tokens;
    let id = matcher.make_program(
        &plan,
        &shape,
        (text, &places),
        &mut scratch.programs,
        tokens,
    );
    let mut found = Found::default();
    Matcher::start_batch(&mut scratch);
    let len = text.len() as u32;
    // Where too many were unlike the others before, cells are searched one by one.
    let is_put_by = scratch.put_by(PutBy {
        index: 0,
        at: 0,
        len,
        program: id,
    });
    if is_put_by {
        let value = Value {
            start: 0,
            end: len,
            column: ColumnId(0),
            line: 0,
        };
        let batch = Batch {
            text,
            values: &[value],
            rows: Rows::One(&[0]),
            offsets: &OffsetMap::Shift(0),
        };
        let column = Column {
            values: &[Placed::new(0, &batch.values[0], 0)],
            plan: &plan,
            after: None,
        };
        matcher.check_put_by(&batch, (&column, 0), &mut scratch, &mut found);
        for alike in &found.alike {
            let wholes: Vec<_> = alike.values(&found).copied().collect();
            let each = wholes
                .into_iter()
                .map(|whole| whole.candidate(alike.form, alike.evidence));
            found.candidates.extend(each);
        }
    } else {
        let Scratch { programs, work, .. } = &mut scratch;
        let program = &programs.list[id.0 as usize];
        matcher.run(&cell, program, &places, work, &mut found.candidates);
    }
    overlap::settle(&mut found.candidates, 0, &matcher.forms);
    let made = claims(found.candidates);
    SCRATCH.lock().unwrap().push(scratch);
    [all, searched, made]
}

/// Scratch space is used again, so that little has to be learned for each text, and so that what was learned is tested.
static SCRATCH: Mutex<Vec<Scratch>> = Mutex::new(Vec::new());

fn scratch(matcher: &Matcher) -> Scratch {
    SCRATCH
        .lock()
        .unwrap()
        .pop()
        .unwrap_or_else(|| matcher.scratch())
}

fn claims(found: Vec<Candidate>) -> Vec<Claim> {
    let outcome = |evidence: EvidenceSet| EvidenceSet(evidence.0 & 7);
    let mut found: Vec<_> = found
        .into_iter()
        .map(|c| (c.form, c.span, outcome(c.evidence)))
        .collect();
    found.sort_by_key(|(form, span, _)| (span.start, span.end, *form));
    found
}

fn builtin() -> &'static (Matcher, Vec<Plain>) {
    static BUILTIN: std::sync::OnceLock<(Matcher, Vec<Plain>)> = std::sync::OnceLock::new();
    BUILTIN.get_or_init(|| {
        let selection = Selection {
            builtin: true,
            paths: vec![],
            only: vec![],
            skip: vec![],
            weights: None,
        };
        let rules = RuleSet::load(&selection).unwrap();
        let matcher = Matcher::new(&rules).unwrap();
        let mut drafts = Vec::new();
        for (index, rule) in rules.rules.iter().enumerate() {
            for find in &rule.find {
                drafts.push(Draft::new(DetectorId(index as u16), rule, find).unwrap());
            }
        }
        drafts.sort_by_key(|draft| draft.place);
        assert!(
            drafts.iter().all(|draft| draft.place != Place::Loose),
            "built-in patterns are all anchored"
        );
        let plain = drafts
            .iter()
            .map(|draft| {
                Plain::new(
                    &draft.form.pattern,
                    draft.form.scope.unwrap_or(draft.rule.scope),
                )
            })
            .collect();
        (matcher, plain)
    })
}

/// Asserts that both matchers find the same in a value, and that the fast one does by the value's shape, too.
pub(crate) fn agree(value: &[u8]) {
    let (matcher, plain) = builtin();
    let (start, end) = trim(value, 0, value.len() as u32);
    let value = &value[start..end];
    let wanted = reference(matcher, plain, value);
    let [found, settled, by_shape] = fast(matcher, value);
    assert!(found == wanted, "found {found:?}, not {wanted:?}");
    assert!(
        by_shape == settled,
        "by shape {by_shape:?}, not {settled:?}"
    );
}

#[cfg(test)]
mod tests;
