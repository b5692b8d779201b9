//! All patterns in one automaton, which finds every match of each from one place on.
//!
//! The states are those of `regex-automata`'s lazy DFA, made when they are first reached. They are copied into a table of
//! our own as they turn up: two bytes for each transition and one column for each class of bytes, a quarter of the
//! size, so that the states of ordinary data stay in the processor's first cache. The search spends its time here.

use std::collections::HashMap;

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::{Anchored, Input, MatchKind};

use super::{pattern_nfa_config, pattern_syntax};
use crate::error::Error;

/// Memory of the lazy DFA's states, for each thread, in bytes: enough never to be cleared on ordinary data.
const CACHE: usize = 32 << 20;
/// A transition that hasn't been taken yet.
const UNKNOWN: u16 = u16::MAX;
/// The state from which nothing can match.
const DEAD: u16 = 0;
/// The bit of a state that says that a match ends before the byte that led to it.
const MATCH: u16 = 0x8000;
/// States kept; more start afresh.
const MOST_STATES: usize = 0x7ffe;

/// Patterns, compiled together. Immutable; what a search changes is in [`States`].
pub(super) struct Automaton {
    dfa: DFA,
    /// The class of each byte.
    classes: [u8; 256],
    /// The class of the end of the text.
    end: usize,
    /// Classes, and so the length of a row of transitions.
    stride: usize,
}

/// The states seen so far, one set for each thread.
pub(super) struct States {
    cache: Cache,
    /// For each state a row of `stride` transitions.
    transitions: Vec<u16>,
    lazy: Vec<LazyStateID>,
    known: HashMap<LazyStateID, u16>,
    /// By the byte before the start; the last one is for none.
    starts: [u16; 257],
    /// For each state, the patterns that match there.
    matches: Vec<Box<[u16]>>,
}

impl Automaton {
    pub(super) fn new(patterns: &[&str]) -> Result<Self, Error> {
        let dfa = DFA::builder()
            .configure(
                DFA::config()
                    .match_kind(MatchKind::All)
                    .cache_capacity(CACHE)
                    .skip_cache_capacity_check(true),
            )
            .thompson(pattern_nfa_config())
            .syntax(pattern_syntax())
            .build_many(patterns)
            .map_err(|error| Error::rule(format!("the patterns together: {error}")))?;
        let map = dfa.byte_classes();
        let mut classes = [0; 256];
        for byte in 0..=255u8 {
            classes[usize::from(byte)] = map.get(byte);
        }
        Ok(Self {
            end: map.eoi().as_usize(),
            stride: map.alphabet_len(),
            classes,
            dfa,
        })
    }

    pub(super) fn states(&self) -> States {
        let mut states = States {
            cache: self.dfa.create_cache(),
            transitions: Vec::new(),
            lazy: Vec::new(),
            known: HashMap::new(),
            starts: [UNKNOWN; 257],
            matches: Vec::new(),
        };
        self.reset(&mut states);
        states
    }

    /// Forgets all states but the dead one.
    fn reset(&self, states: &mut States) {
        states.cache.reset(&self.dfa);
        states.transitions.clear();
        states.transitions.resize(self.stride, DEAD);
        states.lazy.clear();
        states.lazy.push(LazyStateID::default());
        states.known.clear();
        states.starts = [UNKNOWN; 257];
        states.matches.clear();
        states.matches.push(Box::default());
    }

    /// Calls `found` with each place where patterns that start at `start` match up to, shortest first, and those patterns.
    /// Looks at no byte from `end` on, which counts as the end of the text.
    pub(super) fn matches(
        &self,
        text: &[u8],
        start: usize,
        end: usize,
        states: &mut States,
        mut found: impl FnMut(usize, &[u16]),
    ) {
        let mut state = self.start(text, start, states);
        for (at, &byte) in text[..end].iter().enumerate().skip(start) {
            let class = usize::from(self.classes[usize::from(byte)]);
            state = self.next(state, class, states);
            if state & MATCH != 0 {
                found(at, &states.matches[usize::from(state & !MATCH)]);
            } else if state == DEAD {
                return;
            }
        }
        state = self.next(state, self.end, states);
        if state & MATCH != 0 {
            found(end, &states.matches[usize::from(state & !MATCH)]);
        }
    }

    /// The patterns that match the whole text.
    pub(super) fn whole<'s>(&self, text: &[u8], states: &'s mut States) -> &'s [u16] {
        let mut state = self.start(text, 0, states);
        for &byte in text {
            state = self.next(state, usize::from(self.classes[usize::from(byte)]), states);
            if state == DEAD {
                return &[];
            }
        }
        state = self.next(state, self.end, states);
        if state & MATCH != 0 {
            &states.matches[usize::from(state & !MATCH)]
        } else {
            &[]
        }
    }

    #[inline]
    fn next(&self, state: u16, class: usize, states: &mut States) -> u16 {
        let next = states.transitions[usize::from(state & !MATCH) * self.stride + class];
        if next == UNKNOWN {
            self.learn(state, class, states)
        } else {
            next
        }
    }

    #[inline]
    fn start(&self, text: &[u8], start: usize, states: &mut States) -> u16 {
        let before = start.checked_sub(1).map_or(256, |at| usize::from(text[at]));
        let known = states.starts[before];
        if known != UNKNOWN {
            return known;
        }
        let input = Input::new(text).range(start..).anchored(Anchored::Yes);
        let Ok(id) = self.dfa.start_state_forward(&mut states.cache, &input) else {
            return DEAD;
        };
        let state = self.adopt(id, states);
        states.starts[before] = state;
        state
    }

    /// Takes a transition for the first time.
    #[cold]
    fn learn(&self, state: u16, class: usize, states: &mut States) -> u16 {
        let from = states.lazy[usize::from(state & !MATCH)];
        let cleared = states.cache.clear_count();
        let next = if class == self.end {
            self.dfa.next_eoi_state(&mut states.cache, from)
        } else {
            let byte = self
                .classes
                .iter()
                .position(|&other| usize::from(other) == class)
                .unwrap_or(0);
            self.dfa.next_state(&mut states.cache, from, byte as u8)
        };
        let Ok(id) = next else { return DEAD };
        if states.cache.clear_count() != cleared || states.lazy.len() >= MOST_STATES {
            // The states known so far are no longer those of the lazy DFA, or too many: this one goes on, all else is
            // made again.
            let saved = id;
            let matches = self.patterns_of(saved, states);
            self.forget(states);
            return self.adopt_with(saved, matches, states);
        }
        let next = self.adopt(id, states);
        states.transitions[usize::from(state & !MATCH) * self.stride + class] = next;
        next
    }

    /// Forgets our copies of states, but leaves the lazy DFA's cache as it is.
    fn forget(&self, states: &mut States) {
        states.transitions.truncate(self.stride);
        states.lazy.truncate(1);
        states.known.clear();
        states.starts = [UNKNOWN; 257];
        states.matches.truncate(1);
    }

    fn patterns_of(&self, id: LazyStateID, states: &States) -> Box<[u16]> {
        if !id.is_match() {
            return Box::default();
        }
        (0..self.dfa.match_len(&states.cache, id))
            .map(|index| self.dfa.match_pattern(&states.cache, id, index).as_usize() as u16)
            .collect()
    }

    fn adopt(&self, id: LazyStateID, states: &mut States) -> u16 {
        if id.is_dead() || id.is_quit() {
            return DEAD;
        }
        if let Some(&known) = states.known.get(&id) {
            return known;
        }
        let matches = self.patterns_of(id, states);
        self.adopt_with(id, matches, states)
    }

    fn adopt_with(&self, id: LazyStateID, matches: Box<[u16]>, states: &mut States) -> u16 {
        let state = states.lazy.len() as u16 | if matches.is_empty() { 0 } else { MATCH };
        states.lazy.push(id);
        states.known.insert(id, state);
        states
            .transitions
            .resize(states.transitions.len() + self.stride, UNKNOWN);
        states.matches.push(matches);
        state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_all_matches_of_all_patterns() {
        let automaton = Automaton::new(&[r"\b\d{3}\b", r"\b\d{3}-\d\b", r"\b[a-z]+\b"]).unwrap();
        let mut states = automaton.states();
        for _ in 0..2 {
            let mut found = Vec::new();
            automaton.matches(b"x 123-4 y", 2, 9, &mut states, |end, patterns| {
                found.push((end, patterns.to_vec()));
            });
            assert_eq!(found, [(5, vec![0]), (7, vec![1])]);
            assert_eq!(automaton.whole(b"abc", &mut states), [2]);
            assert_eq!(automaton.whole(b"abc-", &mut states), [0u16; 0]);
        }
    }

    #[test]
    fn what_stands_before_the_start_counts() {
        let automaton = Automaton::new(&[r"\b\d{3}\b"]).unwrap();
        let mut states = automaton.states();
        let mut count = 0;
        automaton.matches(b"a123", 1, 4, &mut states, |_, _| count += 1);
        assert_eq!(count, 0);
        automaton.matches(b"-123", 1, 4, &mut states, |_, _| count += 1);
        assert_eq!(count, 1);
    }
}
