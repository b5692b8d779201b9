//! How patterns start, told from the patterns themselves: at a token, at a certain byte, or anywhere.
//!
//! A pattern's automaton is walked over *sets* of bytes: "a digit, then eight digits, then none". The walk takes more
//! paths than there are (look-arounds count as true), so it never rules out a match. A pattern that may start in the middle
//! of a word has to be tried everywhere; [`Start::of`] says so. `table.rs` walks on to tell tokens apart.

use regex_automata::nfa::thompson::{NFA, State};
use regex_automata::util::look::Look;
use regex_automata::util::primitives::StateID;

/// A set of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ByteSet([u64; 4]);

impl ByteSet {
    pub(crate) fn of(test: impl Fn(u8) -> bool) -> Self {
        let mut set = Self::default();
        for byte in (0..=255u8).filter(|&byte| test(byte)) {
            set.insert(byte);
        }
        set
    }

    fn insert(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    pub(crate) fn contains(self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }

    fn insert_all(&mut self, first: u8, last: u8) {
        (first..=last).for_each(|byte| self.insert(byte));
    }

    /// Whether the two have a byte in common.
    pub(crate) fn meets_any(self, other: Self) -> bool {
        self.0.iter().zip(other.0).any(|(a, b)| a & b != 0)
    }

    fn meets(self, start: u8, end: u8) -> bool {
        (start..=end).any(|byte| self.contains(byte))
    }
}

/// Letters, digits, `_`, and all bytes of characters beyond ASCII: what a token is made of.
pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// How a pattern can start.
pub(crate) struct Start {
    /// Bytes other than letters and digits that it can start with, wherever they stand.
    pub(crate) lead: ByteSet,
    /// Whether it can start at a token's first byte.
    pub(crate) at_token: bool,
}

impl Start {
    /// How the pattern can start; none when it could start inside a token, so that it has to be tried everywhere.
    pub(crate) fn of(nfa: &NFA) -> Option<Self> {
        let mut free = Vec::new();
        let mut bound = Vec::new();
        start_states(nfa, &mut free, &mut bound);
        let lead = first_bytes(nfa, &free)?;
        let token = first_bytes(nfa, &bound)?;
        let anywhere = (0..=255u8).any(|byte| is_word(byte) && lead.contains(byte));
        // A word boundary before other bytes means a letter or digit before the match, and no match stands by itself there.
        let at_token = (0..=255u8).any(|byte| is_word(byte) && token.contains(byte));
        (!anywhere).then_some(Self { lead, at_token })
    }
}

/// States reachable without a byte: those that no word boundary guards, and those that one does.
fn start_states(nfa: &NFA, free: &mut Vec<StateID>, bound: &mut Vec<StateID>) {
    let mut seen = vec![[false; 2]; nfa.states().len()];
    let mut todo = vec![(nfa.start_anchored(), false)];
    while let Some((id, guarded)) = todo.pop() {
        if std::mem::replace(&mut seen[id.as_usize()][usize::from(guarded)], true) {
            continue;
        }
        match nfa.state(id) {
            State::Look { look, next } => {
                let word = matches!(look, Look::WordAscii | Look::WordStartAscii);
                todo.push((*next, guarded || word));
            }
            State::Union { alternates } => todo.extend(alternates.iter().map(|&id| (id, guarded))),
            State::BinaryUnion { alt1, alt2 } => todo.extend([(*alt1, guarded), (*alt2, guarded)]),
            State::Capture { next, .. } => todo.push((*next, guarded)),
            _ => {
                if guarded {
                    bound.push(id);
                } else {
                    free.push(id);
                }
            }
        }
    }
}

/// The bytes that lead on from these states; none when one of them is a match, that is, of the empty text.
fn first_bytes(nfa: &NFA, states: &[StateID]) -> Option<ByteSet> {
    let mut set = ByteSet::default();
    for &id in states {
        match nfa.state(id) {
            State::ByteRange { trans } => {
                (trans.start..=trans.end).for_each(|byte| set.insert(byte));
            }
            State::Sparse(sparse) => sparse
                .transitions
                .iter()
                .for_each(|trans| (trans.start..=trans.end).for_each(|byte| set.insert(byte))),
            State::Dense(dense) => {
                let bytes = (0..=255u8).filter(|&byte| dense.matches_byte(byte).is_some());
                bytes.for_each(|byte| set.insert(byte));
            }
            State::Match { .. } => return None,
            _ => {}
        }
    }
    Some(set)
}

/// For each of the first `N` bytes of a match, the bytes that can stand there, where every match is longer than that.
pub(crate) fn heads<const N: usize>(nfa: &NFA) -> [ByteSet; N] {
    let mut heads = [ByteSet::of(|_| true); N];
    let mut walk = Walk::new(nfa);
    let mut states = walk.close(&[nfa.start_anchored()]);
    for head in &mut heads {
        // A match that ends here says nothing of what follows it.
        let Some(bytes) = first_bytes(nfa, &states) else {
            break;
        };
        *head = bytes;
        states = walk.step(&states, bytes);
    }
    heads
}

/// All bytes that a match can hold.
pub(crate) fn alphabet(nfa: &NFA) -> ByteSet {
    let mut set = ByteSet::default();
    let mut seen = vec![false; nfa.states().len()];
    let mut todo = vec![nfa.start_anchored()];
    while let Some(id) = todo.pop() {
        if std::mem::replace(&mut seen[id.as_usize()], true) {
            continue;
        }
        match nfa.state(id) {
            State::ByteRange { trans } => {
                set.insert_all(trans.start, trans.end);
                todo.push(trans.next);
            }
            State::Sparse(sparse) => {
                for trans in &*sparse.transitions {
                    set.insert_all(trans.start, trans.end);
                    todo.push(trans.next);
                }
            }
            State::Dense(dense) => {
                for byte in 0..=255u8 {
                    if let Some(next) = dense.matches_byte(byte) {
                        set.insert(byte);
                        todo.push(next);
                    }
                }
            }
            State::Look { next, .. } | State::Capture { next, .. } => todo.push(*next),
            State::Union { alternates } => todo.extend(alternates.iter().copied()),
            State::BinaryUnion { alt1, alt2 } => todo.extend([*alt1, *alt2]),
            State::Match { .. } | State::Fail => {}
        }
    }
    set
}

/// Whether every match holds one of these bytes.
pub(crate) fn requires(nfa: &NFA, bytes: ByteSet) -> bool {
    let others = ByteSet(bytes.0.map(|word| !word));
    let mut walk = Walk::new(nfa);
    let mut all = vec![false; nfa.states().len()];
    let mut states = walk.close(&[nfa.start_anchored()]);
    loop {
        if states
            .iter()
            .any(|&id| matches!(nfa.state(id), State::Match { .. }))
        {
            return false;
        }
        states.retain(|id| !std::mem::replace(&mut all[id.as_usize()], true));
        if states.is_empty() {
            return true;
        }
        states = walk.step(&states, others);
    }
}

/// A walk over a pattern's automaton, many states at a time.
pub(crate) struct Walk<'n> {
    nfa: &'n NFA,
    seen: Vec<u32>,
    round: u32,
}

impl<'n> Walk<'n> {
    pub(crate) fn new(nfa: &'n NFA) -> Self {
        Self {
            nfa,
            seen: vec![0; nfa.states().len()],
            round: 0,
        }
    }

    /// All states reachable without a byte that take a byte or match; every look-around counts as true.
    pub(crate) fn close(&mut self, from: &[StateID]) -> Vec<StateID> {
        self.round += 1;
        let mut todo = from.to_vec();
        let mut closed = Vec::new();
        while let Some(id) = todo.pop() {
            if std::mem::replace(&mut self.seen[id.as_usize()], self.round) == self.round {
                continue;
            }
            match self.nfa.state(id) {
                State::Look { next, .. } | State::Capture { next, .. } => todo.push(*next),
                State::Union { alternates } => todo.extend(alternates.iter().copied()),
                State::BinaryUnion { alt1, alt2 } => todo.extend([*alt1, *alt2]),
                State::Fail => {}
                _ => closed.push(id),
            }
        }
        closed
    }

    /// The states after one byte out of `bytes`.
    pub(crate) fn step(&mut self, states: &[StateID], bytes: ByteSet) -> Vec<StateID> {
        let mut next = Vec::new();
        for &id in states {
            match self.nfa.state(id) {
                State::ByteRange { trans } if bytes.meets(trans.start, trans.end) => {
                    next.push(trans.next);
                }
                State::Sparse(sparse) => next.extend(
                    sparse
                        .transitions
                        .iter()
                        .filter(|trans| bytes.meets(trans.start, trans.end))
                        .map(|trans| trans.next),
                ),
                State::Dense(dense) => next.extend(
                    (0..=255u8)
                        .filter(|&byte| bytes.contains(byte))
                        .filter_map(|byte| dense.matches_byte(byte)),
                ),
                _ => {}
            }
        }
        self.close(&next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::pattern_nfa;

    #[test]
    fn a_pattern_without_a_boundary_has_to_be_tried_everywhere() {
        assert!(Start::of(&pattern_nfa(r"\d{9}").unwrap()).is_none());
        let plus = Start::of(&pattern_nfa(r"\+\d{9}").unwrap()).unwrap();
        assert!(plus.lead.contains(b'+') && !plus.at_token);
    }

    #[test]
    fn a_byte_that_every_match_needs() {
        let nfa = pattern_nfa(r"\b[a-z.]{1,64}@[a-z]{1,9}\b").unwrap();
        let one = |byte| ByteSet::of(|other| other == byte);
        assert!(requires(&nfa, one(b'@')));
        assert!(!requires(&nfa, one(b'.')));
    }
}
