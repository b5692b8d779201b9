//! What patterns can do with a shape, worked out by walking them over its elements.
//!
//! A walk keeps two sets of states: those that *some* cell of the shape can reach, and those that *every* one does. Where both
//! say the same of a pattern's longest match, the match is sure, and no cell need be searched for it; where none can
//! match, none is. Look-arounds are decided by the elements on either side, as far as these tell. What one element does to
//! a set of states is worked out once and kept.

use std::collections::HashMap;
use std::ops::Range;

use foldhash::fast::FixedState;
use regex_automata::nfa::thompson::{NFA, State, Transition};
use regex_automata::util::look::Look;
use regex_automata::util::primitives::StateID;

use super::shape::Element;

/// Places kept; when there are more, all are worked out afresh.
const MOST_PLACES: usize = 1 << 13;

/// The patterns of all forms.
pub(super) struct Walks {
    forms: Vec<NFA>,
    /// The forms that must be a whole cell.
    cells: Range<usize>,
}

/// What is known of walks, one for each thread.
#[derive(Default)]
pub(super) struct WalksScratch {
    places: Vec<Place>,
    index: HashMap<Place, u32, FixedState>,
    /// The places where walks start, by what stands before.
    starts: [Option<u32>; 4],
    /// By place and element, the number of what it does in `steps`.
    known: HashMap<(u32, Element), u32, FixedState>,
    steps: Vec<Step>,
    seen: Vec<u32>,
    round: u32,
}

/// Between two elements: where the patterns can be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Place {
    /// States that some cell reaches, by form, not yet closed over what takes no byte.
    some: Vec<(u16, StateID)>,
    /// States that every cell reaches.
    every: Vec<(u16, StateID)>,
    /// Whether the byte before is one that `\w` means, as far as the shape tells.
    before: Option<bool>,
    /// Whether it is the start of the text.
    first: bool,
}

/// What an element does to a place.
#[derive(Clone, Debug)]
struct Step {
    next: u32,
    /// Forms that may match up to the element's start; and whether they surely do.
    ends: Box<[(u16, bool)]>,
    /// Forms that may match up to somewhere within the element.
    inner: Box<[u16]>,
}

/// How far a form's longest match goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reach {
    pub(super) form: u16,
    pub(super) end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Up to the start of this element, or the end of the cell, in each cell of the shape.
    Sure(usize),
    /// That depends on the cell.
    Unsure,
}

/// What is known of the longest match while a walk goes on. A place before element `i` is `2 * i`, one within it is one more.
struct Longest {
    form: u16,
    some: usize,
    every: Option<usize>,
}

impl Walks {
    pub(super) fn new(forms: &[&NFA], cells: Range<usize>) -> Self {
        Self {
            forms: forms.iter().map(|nfa| (*nfa).clone()).collect(),
            cells,
        }
    }

    /// The patterns, by form.
    pub(super) fn nfas(&self) -> &[NFA] {
        &self.forms
    }

    /// The forms that may match from element `start` of a shape on, and how far. From the start of the cell those that must be
    /// a whole cell are among them; these match up to its end or not at all.
    pub(super) fn from(
        &self,
        elements: &[Element],
        start: usize,
        scratch: &mut WalksScratch,
    ) -> Vec<Reach> {
        if scratch.places.len() > MOST_PLACES || scratch.steps.len() > 8 * MOST_PLACES {
            *scratch = WalksScratch::default();
        }
        let mut place = self.start(elements, start, scratch);
        let mut found: Vec<Longest> = Vec::new();
        for at in start..=elements.len() {
            let element = elements.get(at).copied().unwrap_or(Element::END);
            let step = self.step(place, element, scratch);
            for &(form, surely) in &step.ends {
                note(&mut found, form, 2 * at, surely);
            }
            for &form in &step.inner {
                note(&mut found, form, 2 * at + 1, false);
            }
            place = step.next;
            if place == NOWHERE {
                break;
            }
        }
        found
            .iter()
            .filter_map(|longest| self.reach(longest, elements))
            .collect()
    }

    fn reach(&self, longest: &Longest, elements: &[Element]) -> Option<Reach> {
        let form = longest.form;
        let sure = longest.every == Some(longest.some);
        let at = longest.some / 2;
        if self.cells.contains(&usize::from(form)) && longest.some != 2 * elements.len() {
            return None;
        }
        // No match ends within a token.
        let within = longest.some % 2 == 1
            || at > 0
                && elements
                    .get(at)
                    .is_some_and(|next| next.is_run() && elements[at - 1].is_run());
        let end = if sure && !within {
            End::Sure(at)
        } else {
            End::Unsure
        };
        Some(Reach { form, end })
    }

    fn start(&self, elements: &[Element], start: usize, scratch: &mut WalksScratch) -> u32 {
        let first = start == 0;
        let before = if first {
            Some(false)
        } else {
            elements[start - 1].is_word()
        };
        let number = match before {
            Some(false) if first => 0,
            Some(false) => 1,
            Some(true) => 2,
            None => 3,
        };
        if let Some(known) = scratch.starts[number] {
            return known;
        }
        if scratch.places.is_empty() {
            let most = self.forms.iter().map(|nfa| nfa.states().len()).max();
            scratch.seen = vec![0; most.unwrap_or(0)];
            let nowhere = Place {
                some: Vec::new(),
                every: Vec::new(),
                before: None,
                first: false,
            };
            scratch.place(nowhere);
        }
        let states: Vec<(u16, StateID)> = (0..self.forms.len())
            .filter(|form| first || !self.cells.contains(form))
            .map(|form| (form as u16, self.forms[form].start_anchored()))
            .collect();
        let place = scratch.place(Place {
            every: states.clone(),
            some: states,
            before,
            first,
        });
        scratch.starts[number] = Some(place);
        place
    }

    fn step<'s>(&self, place: u32, element: Element, scratch: &'s mut WalksScratch) -> &'s Step {
        let number = if let Some(&known) = scratch.known.get(&(place, element)) {
            known
        } else {
            let step = self.learn(place, element, scratch);
            scratch.steps.push(step);
            let number = scratch.steps.len() as u32 - 1;
            scratch.known.insert((place, element), number);
            number
        };
        &scratch.steps[number as usize]
    }

    fn learn(&self, place: u32, element: Element, scratch: &mut WalksScratch) -> Step {
        let Place {
            some,
            every,
            before,
            first,
        } = scratch.places[place as usize].clone();
        let last = element == Element::END;
        let around = Around {
            before,
            after: if last { Some(false) } else { element.is_word() },
            first,
            last,
        };
        let mut some = self.close(&some, |look| around.holds(look) != Some(false), scratch);
        let mut every = self.close(&every, |look| around.holds(look) == Some(true), scratch);
        let surely = self.matching(&every);
        let ends = self.matching(&some);
        let ends = ends
            .into_iter()
            .map(|form| (form, surely.contains(&form)))
            .collect();
        if last {
            let inner = Box::default();
            return Step {
                next: NOWHERE,
                ends,
                inner,
            };
        }
        let word = element.is_word();
        let within = Around {
            before: word,
            after: word,
            first: false,
            last: false,
        };
        let bytes = element.bytes();
        let (shortest, longest) = element.lengths().into_inner();
        let mut inner = Vec::new();
        let mut all = Vec::new();
        for count in 1..=longest {
            some = self.advance(&some, &bytes, Takes::Some);
            every = self.advance(&every, &bytes, Takes::Every);
            if count >= shortest {
                all.extend_from_slice(&some);
            }
            if some.is_empty() || count == longest {
                break;
            }
            let here = |look| within.holds(look);
            some = self.close(&some, |look| here(look) != Some(false), scratch);
            every = self.close(&every, |look| here(look) == Some(true), scratch);
            inner.extend(self.matching(&some));
        }
        inner.sort_unstable();
        inner.dedup();
        all.sort_unstable();
        all.dedup();
        if shortest < longest {
            every.clear();
        }
        let next = if all.is_empty() {
            NOWHERE
        } else {
            scratch.place(Place {
                some: all,
                every,
                before: word,
                first: false,
            })
        };
        Step {
            next,
            ends,
            inner: inner.into(),
        }
    }

    /// The states that are reached without a byte, where `holds` says which look-arounds let pass.
    fn close(
        &self,
        states: &[(u16, StateID)],
        holds: impl Fn(Look) -> bool,
        scratch: &mut WalksScratch,
    ) -> Vec<(u16, StateID)> {
        let mut closed = Vec::with_capacity(states.len() * 2);
        let mut todo: Vec<StateID> = Vec::new();
        for group in states.chunk_by(|a, b| a.0 == b.0) {
            let form = group[0].0;
            let nfa = &self.forms[usize::from(form)];
            scratch.round += 1;
            todo.extend(group.iter().map(|(_, id)| *id));
            while let Some(id) = todo.pop() {
                let seen = &mut scratch.seen[id.as_usize()];
                if std::mem::replace(seen, scratch.round) == scratch.round {
                    continue;
                }
                match nfa.state(id) {
                    State::Look { look, next } if holds(*look) => todo.push(*next),
                    State::Look { .. } | State::Fail => {}
                    State::Capture { next, .. } => todo.push(*next),
                    State::Union { alternates } => todo.extend(alternates.iter().copied()),
                    State::BinaryUnion { alt1, alt2 } => todo.extend([*alt1, *alt2]),
                    _ => closed.push((form, id)),
                }
            }
        }
        closed
    }

    /// The forms that match in these states.
    fn matching(&self, states: &[(u16, StateID)]) -> Vec<u16> {
        let matching = states.iter().filter(|(form, id)| {
            matches!(
                self.forms[usize::from(*form)].state(*id),
                State::Match { .. }
            )
        });
        let mut forms: Vec<u16> = matching.map(|(form, _)| *form).collect();
        forms.dedup();
        forms
    }

    /// The states behind one byte of these ranges: those that some of them lead to, or all of them.
    fn advance(
        &self,
        states: &[(u16, StateID)],
        bytes: &[(u8, u8)],
        takes: Takes,
    ) -> Vec<(u16, StateID)> {
        let mut next: Vec<(u16, StateID)> = Vec::with_capacity(states.len());
        for &(form, id) in states {
            let transitions = match self.forms[usize::from(form)].state(id) {
                State::ByteRange { trans } => std::slice::from_ref(trans),
                State::Sparse(sparse) => &sparse.transitions,
                State::Dense(dense) => {
                    let all = (0..=255u8).filter_map(|byte| {
                        let next = dense.matches_byte(byte)?;
                        Some(Transition {
                            start: byte,
                            end: byte,
                            next,
                        })
                    });
                    takes.add(&all.collect::<Vec<_>>(), bytes, form, &mut next);
                    continue;
                }
                _ => continue,
            };
            takes.add(transitions, bytes, form, &mut next);
        }
        next.sort_unstable();
        next.dedup();
        next
    }
}

/// The place from which no form goes on.
const NOWHERE: u32 = 0;

impl WalksScratch {
    fn place(&mut self, place: Place) -> u32 {
        if let Some(&known) = self.index.get(&place) {
            return known;
        }
        let next = self.places.len() as u32;
        self.places.push(place.clone());
        self.index.insert(place, next);
        next
    }
}

/// Which transitions are taken for ranges of bytes; what they lead to is sorted afterwards, and may be there twice.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// Those for at least one of the bytes.
    Some,
    /// Those that together are surely for each of them.
    Every,
}

impl Takes {
    /// Adds where a state's transitions lead.
    fn add(
        self,
        transitions: &[Transition],
        bytes: &[(u8, u8)],
        form: u16,
        next: &mut Vec<(u16, StateID)>,
    ) {
        for (index, transition) in transitions.iter().enumerate() {
            let to = transition.next;
            if self == Takes::Some {
                let meets = |b: &(u8, u8)| b.0 <= transition.end && transition.start <= b.1;
                if next.last() != Some(&(form, to)) && bytes.iter().any(meets) {
                    next.push((form, to));
                }
                continue;
            }
            // Those that lead to the same state are looked at together, with the first of them.
            if transitions[..index].iter().any(|other| other.next == to) {
                continue;
            }
            let covers = |b: &(u8, u8)| {
                let mut together = transitions[index..].iter().filter(|other| other.next == to);
                together.any(|other| other.start <= b.0 && b.1 <= other.end)
            };
            if bytes.iter().all(covers) {
                next.push((form, to));
            }
        }
    }
}

/// Notes that a form may match up to a place, the further the later.
fn note(found: &mut Vec<Longest>, form: u16, at: usize, surely: bool) {
    let every = surely.then_some(at);
    match found.iter_mut().find(|longest| longest.form == form) {
        Some(longest) => {
            longest.some = at;
            longest.every = every.or(longest.every);
        }
        None => found.push(Longest {
            form,
            some: at,
            every,
        }),
    }
}

/// What stands on either side of a place.
#[derive(Clone, Copy)]
struct Around {
    before: Option<bool>,
    after: Option<bool>,
    first: bool,
    last: bool,
}

impl Around {
    /// Whether a look-around holds here; none where the shape doesn't tell.
    fn holds(self, look: Look) -> Option<bool> {
        let both = |test: fn(bool, bool) -> bool| Some(test(self.before?, self.after?));
        match look {
            Look::Start => Some(self.first),
            Look::End => Some(self.last),
            Look::WordAscii => both(|before, after| before != after),
            Look::WordAsciiNegate => both(|before, after| before == after),
            Look::WordStartAscii => both(|before, after| !before && after),
            Look::WordEndAscii => both(|before, after| before && !after),
            Look::WordStartHalfAscii => self.before.map(|before| !before),
            Look::WordEndHalfAscii => self.after.map(|after| !after),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::pattern_nfa;
    use super::super::shape::{ELEMENTS, shape};
    use super::*;

    fn reach(pattern: &str, cell: &str, start: usize) -> Option<End> {
        let nfa = pattern_nfa(pattern).unwrap();
        let walks = Walks::new(&[&nfa], 1..1);
        let shape = shape(cell.as_bytes(), 0, cell.len(), &mut [0; ELEMENTS + 1]).unwrap();
        let found = walks.from(shape.elements(), start, &mut WalksScratch::default());
        found.first().map(|reach| reach.end)
    }

    #[test]
    fn what_classes_decide_is_sure() {
        assert_eq!(reach(r"\b[0-9]{9}\b", "123456789", 0), Some(End::Sure(1)));
        assert_eq!(reach(r"\b[0-9]{9}\b", "12345678", 0), None);
        assert_eq!(
            reach(r"\b[0-9]{9}\b", "x 123456789 y", 2),
            Some(End::Sure(3))
        );
        assert_eq!(
            reach(r"\b[0-9]{4}(?:-[0-9]{2}){1,2}\b", "2019-01-16", 0),
            Some(End::Sure(5))
        );
        assert_eq!(
            reach(r"\b[0-9a-f]{8}-[0-9a-fA-F]{4}\b", "3ceede20-a1b2", 0),
            Some(End::Sure(3))
        );
        assert_eq!(reach(r"[A-Z][a-z]{1,30}", "Jan", 0), Some(End::Sure(2)));
    }

    #[test]
    fn what_they_leave_open_is_not() {
        assert_eq!(
            reach(r"\b[1-9][0-9]{8}\b", "123456789", 0),
            Some(End::Unsure)
        );
        assert_eq!(
            reach(r"\b[0-9]{4}(?:-0[0-9])?\b", "2019-01", 0),
            Some(End::Unsure)
        );
        // The longest match ends within the token, where none may; a shorter one doesn't count.
        assert_eq!(reach(r"[0-9]{1,4}", "12345", 0), Some(End::Unsure));
        assert_eq!(
            reach(r"\b[a-z]{5}\b", "a@b.c janneke", 6),
            Some(End::Unsure)
        );
    }

    #[test]
    fn boundaries_are_those_of_ascii() {
        assert_eq!(reach(r"\b[a-z]{3}\b", "caf\u{e9}", 0), Some(End::Unsure));
        assert_eq!(reach(r"\b[a-z]{3}\b", "caf_", 0), None);
    }
}
