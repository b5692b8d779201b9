//! A plain matcher to compare the fast one with: each pattern by itself, tried at each byte.

use std::ops::Range;
use std::sync::Mutex;

use proptest::prelude::*;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::{Anchored, Input, MatchKind};

use super::*;
use crate::detect::compile::{Draft, Place};
use crate::detect::edges::is_bounded;
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
    let program = &scratch.programs.list[id.0 as usize];
    if program.together.is_some() {
        let len = text.len() as u32;
        scratch.put_by(PutBy {
            index: 0,
            at: 0,
            len,
            program: id,
        });
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

/// Text dense in what patterns are made of.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[0-9]{1,12}",
        "[0-9]{1,4}[-./ :][0-9]{1,4}[-./ :][0-9]{1,4}",
        "[A-Z]{2}[0-9]{2}[A-Z0-9 ]{4,24}",
        "[a-z.]{1,8}@[a-z]{1,8}\\.[a-z]{2,3}",
        "[0-9a-f]{2}(:[0-9a-f]{2}){1,7}",
        "[A-Z][a-zé]{1,8}( [a-z]{2,3})?( [A-Z][a-z]{1,8})?",
        "\\+?[0-9() -]{6,14}",
        "[ .,;:@+/()_-]{1,3}",
        "\\PC{0,4}",
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// One cell that is nothing but a number, a date, a key or a name: what most columns are made of.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{4,20}",
        "[0-9]{1,4}[-./ :][0-9]{1,4}[-./ :][0-9]{1,4}",
        "[A-Z]{1,3}[0-9]{1,10}[A-Z]{0,2}",
        "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}",
        // Those that start with what is a number or a date by itself.
        "[0-9]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}",
        "[1-3][0-9]\\.[01]?[0-9]\\.[0-9]{2}\\.[0-9]{1,3}",
        "(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]T[012][0-9]:[0-5][0-9]:00Z",
        "\\+[0-9]{2}[ -]?[0-9]{2,3}[ -]?[0-9]{6,8}",
        "[A-Z][a-zé]{1,9}([ '-][A-Z]?[a-z]{1,9}){0,2}( [0-9]{1,3}[a-z]?)?",
        "[a-z]{1,9}[._]?[a-z0-9]{1,9}@[a-z-]{1,12}(\\.[a-z]{2,8}){1,2}",
        "[A-Z]{2}[0-9]{2}([A-Z]{4}[0-9]{10}|[0-9]{14,18})",
    ]
}

proptest! {
    #[test]
    fn cells_of_one_shape_give_what_the_plain_one_finds(text in cell()) {
        let (matcher, plain) = builtin();
        let text = text.as_bytes();
        let wanted = reference(matcher, plain, text);
        let [found, settled, by_shape] = fast(matcher, text);
        prop_assert_eq!(&found, &wanted);
        prop_assert_eq!(&by_shape, &settled);
    }

    #[test]
    fn the_fast_matcher_finds_what_the_plain_one_finds(text in text()) {
        let (matcher, plain) = builtin();
        let text = text.trim().as_bytes();
        let wanted = reference(matcher, plain, text);
        let [found, settled, by_shape] = fast(matcher, text);
        prop_assert_eq!(&found, &wanted);
        prop_assert_eq!(&by_shape, &settled);
    }
}

#[test]
fn both_find_the_examples_of_all_rules() {
    let (matcher, plain) = builtin();
    let mut found = 0;
    for detector in &matcher.detectors {
        for example in &detector.rule.examples.matches {
            let texts = match example {
                crate::rule::Example::Text(text) => vec![text.clone()],
                crate::rule::Example::Column { values, .. } => values.clone(),
            };
            for text in texts {
                let [fast, settled, by_shape] = fast(matcher, text.trim().as_bytes());
                let wanted = reference(matcher, plain, text.trim().as_bytes());
                found += fast.len();
                assert_eq!(fast, wanted, "{}", detector.rule.id);
                assert_eq!(by_shape, settled, "{} by its shape", detector.rule.id);
            }
        }
    }
    assert!(found > 100);
}

#[test]
fn a_batch_gives_each_candidate_its_value() {
    let (matcher, _) = builtin();
    let text = b"jan@post.nl,nothing,piet@post.nl";
    let values: Vec<Value> = [(0, 11), (12, 19), (20, 32)]
        .iter()
        .map(|&(start, end)| Value {
            start,
            end,
            column: ColumnId(0),
            line: 0,
        })
        .collect();
    let batch = Batch {
        text,
        values: &values,
        rows: Rows::One(&[0, 0, 0]),
        offsets: &OffsetMap::Shift(0),
    };
    let mut found = Found::default();
    let plan = ColumnPlan::all(matcher);
    let column = Column {
        values: &[0, 1, 2].map(|index| Placed::new(index, &batch.values[index as usize], 0)),
        plan: &plan,
        after: None,
    };
    matcher.find(&batch, &column, &mut matcher.scratch(), &mut found);
    let mails: Vec<_> = found
        .candidates
        .iter()
        .filter(|c| {
            &*matcher.detectors[usize::from(matcher.forms[usize::from(c.form.0)].detector.0)]
                .name
                .id
                == "email"
        })
        .map(|c| (c.value, c.span.clone()))
        .collect();
    assert_eq!(mails, [(0, 0..11), (2, 20..32)]);
}
