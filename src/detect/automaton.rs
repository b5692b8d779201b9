//! All patterns in one automaton, which finds every match of each from one place on.
//!
//! The states are those of `regex-automata`'s lazy DFA, made when they are first reached. They are copied into a table of
//! our own as they turn up, in which a state is the place of its row, and whatever is out of the ordinary (a match, the
//! end, an unknown transition) is a number from [`SPECIAL`] on: one comparison for each byte. The search spends its time
//! here.

use std::collections::HashMap;

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson::NFA;
use regex_automata::{Anchored, Input, MatchKind};
use regex_syntax::hir::Hir;

use super::pattern_nfa_config;
use crate::error::Error;

/// Memory of the lazy DFA's states, for each thread, in bytes: enough never to be cleared on ordinary data. Tests have so
/// little that it is cleared time and again.
const CACHE: usize = if cfg!(any(test, fuzzing)) {
    20 << 10
} else {
    32 << 20
};
/// Transitions kept, four bytes each; when there are more, all are made afresh.
const MOST_TRANSITIONS: usize = 4 << 20;
/// From here on a state isn't an ordinary one.
const SPECIAL: u32 = 1 << 31;
/// A transition that hasn't been taken yet.
const UNKNOWN: u32 = u32::MAX;
/// The state from which nothing can match.
const DEAD: u32 = u32::MAX - 1;

/// Patterns, compiled together. Immutable; what a search changes is in [`States`].
pub(super) struct Automaton {
    dfa: DFA,
    /// The class of each byte.
    classes: [u8; 256],
    /// The class of the end of the text.
    end: usize,
    /// The length of a row of transitions: the classes, and room for the [mask](States::mask).
    stride: usize,
    /// Whether matches count at the text's end alone.
    only_whole: bool,
}

/// The states seen so far, one set for each thread.
pub(super) struct States {
    cache: Cache,
    /// For each state a row of `stride` transitions. A state is where its row starts, with [`SPECIAL`] added when a match
    /// ends before the byte that led to it.
    transitions: Vec<u32>,
    lazy: Vec<LazyStateID>,
    known: HashMap<LazyStateID, u32>,
    /// By the byte before the start; the last one is for none.
    starts: [u32; 257],
    /// For each state, the patterns that match there.
    matches: Vec<Box<[u16]>>,
    /// How often all was forgotten.
    forgotten: u64,
}

/// Patterns that match at the start of a text, one bit each.
#[derive(Clone, Copy, Default)]
pub(super) struct Ends {
    /// Those that match all of it.
    pub(super) whole: u64,
    /// Those that match less of it only.
    pub(super) part: u64,
}

/// Texts walked over at a time: what a step waits for is there sooner than the next text's turn ends.
const ABREAST: usize = 4;

/// Room for a mask in a row of transitions.
const MASK: usize = 2;

impl States {
    /// The first 64 patterns that match in a state, one bit each; they stand behind its transitions, of which that at the
    /// text's `end` is the last.
    #[inline]
    fn mask(&self, state: u32, end: usize) -> u64 {
        let row = &self.transitions[state as usize + end + 1..][..MASK];
        u64::from(row[0]) | u64::from(row[1]) << 32
    }
}

impl Automaton {
    /// To find where patterns match: [`Automaton::matches`].
    pub(super) fn new(patterns: &[&Hir]) -> Result<Self, Error> {
        Self::compile(patterns, false)
    }

    /// To find the patterns that match a whole text: [`Automaton::whole`].
    pub(super) fn new_whole(patterns: &[&Hir]) -> Result<Self, Error> {
        Self::compile(patterns, true)
    }

    fn compile(patterns: &[&Hir], only_whole: bool) -> Result<Self, Error> {
        let together =
            |error: &dyn std::fmt::Display| Error::rule(format!("the patterns together: {error}"));
        let nfa = NFA::compiler()
            .configure(pattern_nfa_config())
            .build_many_from_hir(patterns)
            .map_err(|error| together(&error))?;
        let dfa = DFA::builder()
            .configure(
                DFA::config()
                    .match_kind(MatchKind::All)
                    .cache_capacity(CACHE)
                    .skip_cache_capacity_check(true),
            )
            .build_from_nfa(nfa)
            .map_err(|error| together(&error))?;
        let map = dfa.byte_classes();
        let mut classes = [0; 256];
        for byte in 0..=255u8 {
            classes[usize::from(byte)] = map.get(byte);
        }
        Ok(Self {
            end: map.eoi().as_usize(),
            stride: map.alphabet_len() + MASK,
            classes,
            only_whole,
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
            forgotten: 0,
        };
        self.reset(&mut states);
        states
    }

    /// Forgets all states.
    fn reset(&self, states: &mut States) {
        states.cache.reset(&self.dfa);
        Self::forget(states);
    }

    /// Calls `found` with each place where patterns that start at `start` match up to, shortest first, and those patterns:
    /// all of them, and the first 64 as bits. Looks at no byte from `end` on, which counts as the end of the text.
    pub(super) fn matches(
        &self,
        text: &[u8],
        start: usize,
        end: usize,
        states: &mut States,
        found: impl FnMut(usize, &[u16], u64),
    ) {
        let state = self.start(text, start, states);
        self.go_on(&text[..end], (start, state), states, found);
    }

    /// How the first 64 patterns match at the start of each of some texts; says nothing of those of `longest` bytes or more.
    pub(super) fn ends(
        &self,
        texts: &[&[u8]],
        longest: usize,
        states: &mut States,
        ends: &mut Vec<Ends>,
    ) {
        let (abreast, others) = texts.as_chunks::<ABREAST>();
        for texts in abreast {
            let forgotten = states.forgotten;
            let (at, after) = self.abreast(texts, states);
            for (text, state) in texts.iter().zip(after) {
                // Its state is no longer known: from the start again.
                let from = if states.forgotten == forgotten {
                    (at, state)
                } else {
                    (0, self.start(text, 0, states))
                };
                ends.push(self.ends_from(text, longest, from, states));
            }
        }
        for text in others {
            let from = (0, self.start(text, 0, states));
            ends.push(self.ends_from(text, longest, from, states));
        }
    }

    #[inline]
    fn ends_from(
        &self,
        text: &[u8],
        longest: usize,
        from: (usize, u32),
        states: &mut States,
    ) -> Ends {
        let mut all = Ends::default();
        if text.len() >= longest || from.1 == DEAD {
            return all;
        }
        if from.0 == text.len() {
            let next = states.transitions[from.1 as usize + self.end];
            if next == DEAD {
                return all;
            }
            if next != UNKNOWN {
                all.whole = states.mask(next & !SPECIAL, self.end);
                return all;
            }
        }
        self.ends_behind(text, from, states)
    }

    /// The same where there are bytes left, or transitions to learn.
    #[inline(never)]
    fn ends_behind(&self, text: &[u8], from: (usize, u32), states: &mut States) -> Ends {
        let mut all = Ends::default();
        self.go_on(text, from, states, |end, _, mask| {
            if end == text.len() {
                all.whole = mask;
            } else {
                all.part |= mask;
            }
        });
        all.part &= !all.whole;
        all
    }

    /// Goes over texts up to where one of them ends or has something out of the ordinary; gives that place, and the states.
    #[inline]
    fn abreast(&self, texts: &[&[u8]; ABREAST], states: &mut States) -> (usize, [u32; ABREAST]) {
        let mut now = [self.start(texts[0], 0, states); ABREAST];
        let len = texts.iter().map(|text| text.len()).min().unwrap_or(0);
        if now[0] == DEAD {
            return (0, now);
        }
        let texts = texts.map(|text| &text[..len]);
        let transitions = &states.transitions[..];
        let mut at = 0;
        while at < len {
            let next = std::array::from_fn(|lane| {
                let class = usize::from(self.classes[usize::from(texts[lane][at])]);
                transitions[now[lane] as usize + class]
            });
            if next.iter().fold(0, |all, state: &u32| all | state) >= SPECIAL {
                break;
            }
            now = next;
            at += 1;
        }
        (at, now)
    }

    /// Goes on with a walk from a place and the state there, as [`Automaton::matches`].
    #[inline]
    fn go_on(
        &self,
        text: &[u8],
        (mut at, mut state): (usize, u32),
        states: &mut States,
        mut found: impl FnMut(usize, &[u16], u64),
    ) {
        let end = text.len();
        while state != DEAD {
            let mut next = state;
            let transitions = &states.transitions[..];
            while at < text.len() {
                let class = usize::from(self.classes[usize::from(text[at])]);
                next = transitions[state as usize + class];
                if next >= SPECIAL {
                    break;
                }
                state = next;
                at += 1;
            }
            let class = if let Some(&byte) = text.get(at) {
                usize::from(self.classes[usize::from(byte)])
            } else {
                next = states.transitions[state as usize + self.end];
                self.end
            };
            if next == UNKNOWN {
                next = self.learn(state, class, states);
            }
            if next >= SPECIAL && next != DEAD {
                next -= SPECIAL;
                let matches = &states.matches[next as usize / self.stride];
                found(at, matches, states.mask(next, self.end));
            }
            if at == end {
                // Such a match is nothing out of the ordinary.
                if self.only_whole && next < SPECIAL {
                    let matches = &states.matches[next as usize / self.stride];
                    found(at, matches, states.mask(next, self.end));
                }
                return;
            }
            state = next;
            at += 1;
        }
    }

    /// The patterns that match the whole text, of an automaton made for that.
    #[inline]
    pub(super) fn whole<'s>(&self, text: &[u8], states: &'s mut States) -> &'s [u16] {
        let mut state = self.start(text, 0, states);
        if state == DEAD {
            return &[];
        }
        for &byte in text {
            let class = usize::from(self.classes[usize::from(byte)]);
            let mut next = states.transitions[state as usize + class];
            if next >= SPECIAL {
                if next == UNKNOWN {
                    next = self.learn(state, class, states);
                }
                if next == DEAD {
                    return &[];
                }
            }
            state = next;
        }
        let mut last = states.transitions[state as usize + self.end];
        if last == UNKNOWN {
            last = self.learn(state, self.end, states);
        }
        if last == DEAD {
            return &[];
        }
        &states.matches[(last & !SPECIAL) as usize / self.stride]
    }

    /// The state at `start`; never one that matches, for no pattern matches the empty text.
    #[inline]
    fn start(&self, text: &[u8], start: usize, states: &mut States) -> u32 {
        let before = start.checked_sub(1).map_or(256, |at| usize::from(text[at]));
        let known = states.starts[before];
        if known != UNKNOWN {
            return known;
        }
        self.learn_start(text, start, before, states)
    }

    #[cold]
    fn learn_start(&self, text: &[u8], start: usize, before: usize, states: &mut States) -> u32 {
        let input = Input::new(text).range(start..).anchored(Anchored::Yes);
        let cleared = states.cache.clear_count();
        let Ok(id) = self.dfa.start_state_forward(&mut states.cache, &input) else {
            return DEAD;
        };
        if states.cache.clear_count() != cleared {
            Self::forget(states);
        }
        let state = self.adopt(id, states);
        let state = if state == DEAD {
            DEAD
        } else {
            state & !SPECIAL
        };
        states.starts[before] = state;
        state
    }

    /// Takes a transition for the first time.
    #[cold]
    fn learn(&self, state: u32, class: usize, states: &mut States) -> u32 {
        let from = states.lazy[state as usize / self.stride];
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
        if states.cache.clear_count() != cleared || states.transitions.len() >= MOST_TRANSITIONS {
            // The states known so far are no longer those of the lazy DFA, or too many: this one goes on, all else is
            // made again.
            Self::forget(states);
            return self.adopt(id, states);
        }
        let next = self.adopt(id, states);
        states.transitions[state as usize + class] = next;
        next
    }

    /// Forgets our copies of states, but leaves the lazy DFA's cache as it is.
    fn forget(states: &mut States) {
        states.transitions.clear();
        states.lazy.clear();
        states.known.clear();
        states.starts = [UNKNOWN; 257];
        states.matches.clear();
        states.forgotten += 1;
    }

    fn patterns_of(&self, id: LazyStateID, states: &States) -> Box<[u16]> {
        if !id.is_match() {
            return Box::default();
        }
        (0..self.dfa.match_len(&states.cache, id))
            .map(|index| self.dfa.match_pattern(&states.cache, id, index).as_usize() as u16)
            .collect()
    }

    fn adopt(&self, id: LazyStateID, states: &mut States) -> u32 {
        if id.is_dead() || id.is_quit() {
            return DEAD;
        }
        if let Some(&known) = states.known.get(&id) {
            return known;
        }
        let matches = self.patterns_of(id, states);
        let row = states.transitions.len() as u32;
        let state = if matches.is_empty() || self.only_whole {
            row
        } else {
            row | SPECIAL
        };
        let bits = matches.iter().filter(|pattern| **pattern < 64);
        let mask = bits.fold(0u64, |mask, pattern| mask | 1 << pattern);
        states.lazy.push(id);
        states.known.insert(id, state);
        states
            .transitions
            .resize(states.transitions.len() + self.stride - MASK, UNKNOWN);
        states
            .transitions
            .extend([mask as u32, (mask >> 32) as u32]);
        states.matches.push(matches);
        state
    }
}

#[cfg(test)]
mod tests {
    use super::super::pattern_hir;
    use super::*;

    #[test]
    fn finds_all_matches_of_all_patterns() {
        let patterns = [r"\b\d{3}\b", r"\b\d{3}-\d\b", r"\b[a-z]+\b"];
        let patterns = patterns.map(|pattern| pattern_hir(pattern).unwrap());
        let patterns: Vec<&Hir> = patterns.iter().collect();
        let automaton = Automaton::new(&patterns).unwrap();
        let mut states = automaton.states();
        for _ in 0..2 {
            let mut found = Vec::new();
            automaton.matches(b"x 123-4 y", 2, 9, &mut states, |end, patterns, _| {
                found.push((end, patterns.to_vec()));
            });
            assert_eq!(found, [(5, vec![0]), (7, vec![1])]);
        }
        let automaton = Automaton::new_whole(&patterns).unwrap();
        let mut states = automaton.states();
        for _ in 0..2 {
            assert_eq!(automaton.whole(b"abc", &mut states), [2]);
            assert_eq!(automaton.whole(b"abc-", &mut states), [0u16; 0]);
            assert_eq!(automaton.whole(b"123-4", &mut states), [1]);
        }
    }

    #[test]
    fn what_stands_before_the_start_counts() {
        let automaton = Automaton::new(&[&pattern_hir(r"\b\d{3}\b").unwrap()]).unwrap();
        let mut states = automaton.states();
        let mut count = 0;
        automaton.matches(b"a123", 1, 4, &mut states, |_, _, _| count += 1);
        assert_eq!(count, 0);
        automaton.matches(b"-123", 1, 4, &mut states, |_, _, _| count += 1);
        assert_eq!(count, 1);
    }

    #[test]
    fn texts_abreast_match_as_each_by_itself() {
        let patterns = [
            r"\b\d{3}\b",
            r"\b\d{3}-\d\b",
            r"\b[a-z]+\b",
            r"\b[a-z]+@[a-z]+\b",
        ];
        let patterns = patterns.map(|pattern| pattern_hir(pattern).unwrap());
        let patterns: Vec<&Hir> = patterns.iter().collect();
        let texts = [
            "123",
            "123-4",
            "",
            "ab@cd",
            "abcdefghijk",
            "123 x",
            "-",
            "x@y",
            "999",
            "12",
            "ab cd",
        ];
        for shift in 0..texts.len() {
            let mut texts: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
            texts.rotate_left(shift);
            let automaton = Automaton::new(&patterns).unwrap();
            let whole = Automaton::new_whole(&patterns).unwrap();
            let (mut states, mut whole_states) = (automaton.states(), whole.states());
            let (mut ends, mut whole_ends) = (Vec::new(), Vec::new());
            automaton.ends(&texts, 10, &mut states, &mut ends);
            whole.ends(&texts, usize::MAX, &mut whole_states, &mut whole_ends);
            for ((text, ends), whole_ends) in texts.iter().zip(ends).zip(whole_ends) {
                let (mut all, mut part) = (0, 0);
                automaton.matches(text, 0, text.len(), &mut states, |end, patterns, _| {
                    let set = if end == text.len() {
                        &mut all
                    } else {
                        &mut part
                    };
                    *set |= patterns.iter().fold(0, |set, pattern| set | 1 << pattern);
                });
                assert_eq!((whole_ends.whole, whole_ends.part), (all, 0), "{text:?}");
                let known = if text.len() < 10 {
                    (all, part & !all)
                } else {
                    (0, 0)
                };
                assert_eq!((ends.whole, ends.part), known, "{text:?}");
            }
        }
    }
}
