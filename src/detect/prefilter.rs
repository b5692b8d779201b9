//! Which forms can start at a token: a table derived from the patterns themselves.
//!
//! Patterns of personal data have few literals; what they have is tokens of a certain length and kind (nine digits, two
//! capitals and two digits) with a certain byte behind them. So each pattern's automaton is walked once, at start-up,
//! over *classes* of bytes: "a run of n digits, then a dot". Where it dies, the pattern can't start at such a token.
//! During a search a token costs one look-up, and most tokens end there.
//!
//! The walk takes more paths than there are (look-arounds count as true), so the table never rules out a match. A
//! pattern that may start in the middle of a word can't be tabled; [`Start::of`] says so.

use regex_automata::nfa::thompson::{NFA, State};
use regex_automata::util::look::Look;
use regex_automata::util::primitives::StateID;

/// Longest token the table tells apart; longer ones share its last row.
const LONGEST: usize = 40;
/// Kinds of tokens: digits, capitals, other letters, mixed from a digit, mixed from a letter.
const KINDS: usize = 5;
/// What may stand behind a token: a byte of `MARKS`, another byte that is no letter or digit, or the end.
const MARKS: &[u8] = b" .,-/:@+()<='\"%";
const NEXTS: usize = MARKS.len() + 2;
const NEXT_OTHER: usize = MARKS.len();
const NEXT_END: usize = MARKS.len() + 1;

/// A set of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ByteSet([u64; 4]);

impl ByteSet {
    fn of(test: impl Fn(u8) -> bool) -> Self {
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

/// Whether every match holds this byte.
pub(crate) fn requires(nfa: &NFA, byte: u8) -> bool {
    let others = ByteSet::of(|other| other != byte);
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
struct Walk<'n> {
    nfa: &'n NFA,
    seen: Vec<u32>,
    round: u32,
}

impl<'n> Walk<'n> {
    fn new(nfa: &'n NFA) -> Self {
        Self {
            nfa,
            seen: vec![0; nfa.states().len()],
            round: 0,
        }
    }

    /// All states reachable without a byte that take a byte or match; every look-around counts as true.
    fn close(&mut self, from: &[StateID]) -> Vec<StateID> {
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
    fn step(&mut self, states: &[StateID], bytes: ByteSet) -> Vec<StateID> {
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

/// A token as the table sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    kind: usize,
    len: usize,
    next: usize,
}

/// Bits of a token's bytes, or-ed together: what its kind is made from.
pub(crate) const DIGIT: u8 = 1;
/// A capital letter.
pub(crate) const UPPER: u8 = 2;
/// Any other letter, `_`, or a byte beyond ASCII.
pub(crate) const LETTER: u8 = 4;

/// The class of each byte: one of the bits above, or 0.
pub(crate) const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'0'..=b'9' => DIGIT,
            b'A'..=b'Z' => UPPER,
            b'a'..=b'z' | b'_' | 0x80.. => LETTER,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

const NEXT_OF: [u8; 256] = {
    let mut nexts = [NEXT_OTHER as u8; 256];
    let mut mark = 0;
    while mark < MARKS.len() {
        nexts[MARKS[mark] as usize] = mark as u8;
        mark += 1;
    }
    nexts
};

impl Token {
    /// The token with these or-ed classes, of which `first` is the first byte's, and the byte behind it.
    pub(crate) fn new(classes: u8, first: u8, len: usize, next: Option<u8>) -> Self {
        let kind = match classes {
            DIGIT => 0,
            UPPER => 1,
            _ if classes & DIGIT == 0 => 2,
            _ if first == DIGIT => 3,
            _ => 4,
        };
        let next = next.map_or(NEXT_END, |byte| usize::from(NEXT_OF[usize::from(byte)]));
        Self {
            kind,
            len: len.min(LONGEST),
            next,
        }
    }

    fn index(self) -> usize {
        (self.kind * (LONGEST + 1) + self.len) * NEXTS + self.next
    }
}

/// For each kind of token, the forms that may start there.
pub(crate) struct Table {
    /// `words` words for each token.
    bits: Vec<u64>,
    words: usize,
}

impl Table {
    /// A table for that many forms, with no form in it.
    pub(crate) fn new(forms: usize) -> Self {
        let words = forms.div_ceil(64).max(1);
        Self {
            bits: vec![0; KINDS * (LONGEST + 1) * NEXTS * words],
            words,
        }
    }

    /// Enters a form that can start at a token.
    pub(crate) fn enter(&mut self, form: usize, nfa: &NFA) {
        let word = ByteSet::of(is_word);
        let digit = ByteSet::of(|byte| byte.is_ascii_digit());
        let upper = ByteSet::of(|byte| byte.is_ascii_uppercase());
        let letter = ByteSet::of(|byte| is_word(byte) && !byte.is_ascii_digit());
        let kinds = [
            (digit, digit),
            (upper, upper),
            (letter, letter),
            (digit, word),
            (letter, word),
        ];
        for (kind, (first, rest)) in kinds.into_iter().enumerate() {
            self.enter_kind(form, nfa, kind, first, rest);
        }
    }

    fn enter_kind(&mut self, form: usize, nfa: &NFA, kind: usize, first: ByteSet, rest: ByteSet) {
        let mut walk = Walk::new(nfa);
        let start = walk.close(&[nfa.start_anchored()]);
        let mut states = walk.step(&start, first);
        for len in 1..=LONGEST {
            if states.is_empty() {
                return;
            }
            let ends = states
                .iter()
                .any(|&id| matches!(nfa.state(id), State::Match { .. }));
            for next in 0..NEXTS {
                let goes_on = len == LONGEST
                    || ends
                    || next != NEXT_END && !walk.step(&states, next_bytes(next)).is_empty();
                if goes_on {
                    let at = Token { kind, len, next }.index() * self.words;
                    self.bits[at + form / 64] |= 1 << (form % 64);
                }
            }
            states = walk.step(&states, rest);
        }
    }

    /// The forms that may start at this token, one bit each.
    pub(crate) fn forms(&self, token: Token) -> &[u64] {
        let at = token.index() * self.words;
        &self.bits[at..at + self.words]
    }
}

fn next_bytes(next: usize) -> ByteSet {
    match MARKS.get(next) {
        Some(&mark) => ByteSet::of(|byte| byte == mark),
        None => ByteSet::of(|byte| !is_word(byte) && !MARKS.contains(&byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::pattern_nfa;

    fn starts_at(pattern: &str, token: &str, next: Option<u8>) -> bool {
        let nfa = pattern_nfa(pattern).unwrap();
        assert!(Start::of(&nfa).is_some(), "{pattern} can be tabled");
        let mut table = Table::new(1);
        table.enter(0, &nfa);
        let bytes = token.as_bytes();
        let classes = bytes
            .iter()
            .fold(0, |all, &byte| all | CLASSES[usize::from(byte)]);
        let token = Token::new(classes, CLASSES[usize::from(bytes[0])], bytes.len(), next);
        table.forms(token)[0] == 1
    }

    #[test]
    fn a_run_of_nine_digits_is_told_by_its_length() {
        assert!(starts_at(r"\b\d{9}\b", "123456789", None));
        assert!(starts_at(r"\b\d{9}\b", "123456789", Some(b' ')));
        assert!(!starts_at(r"\b\d{9}\b", "12345678", None));
        assert!(!starts_at(r"\b\d{9}\b", "a23456789", None));
    }

    #[test]
    fn the_byte_behind_a_token_tells_too() {
        assert!(starts_at(r"\b\d{4}\.\d{2}\b", "1234", Some(b'.')));
        assert!(!starts_at(r"\b\d{4}\.\d{2}\b", "1234", Some(b',')));
        assert!(!starts_at(r"\b\d{4}\.\d{2}\b", "1234", None));
        assert!(starts_at(
            r"\b[a-z0-9.]{1,64}@[a-z]{1,9}\b",
            "jan",
            Some(b'@')
        ));
        assert!(!starts_at(
            r"\b[a-z0-9.]{1,64}@[a-z]{1,9}\b",
            "jan",
            Some(b' ')
        ));
    }

    #[test]
    fn a_pattern_without_a_boundary_has_to_be_tried_everywhere() {
        assert!(Start::of(&pattern_nfa(r"\d{9}").unwrap()).is_none());
        let plus = Start::of(&pattern_nfa(r"\+\d{9}").unwrap()).unwrap();
        assert!(plus.lead.contains(b'+') && !plus.at_token);
    }

    #[test]
    fn a_byte_that_every_match_needs() {
        let nfa = pattern_nfa(r"\b[a-z.]{1,64}@[a-z]{1,9}\b").unwrap();
        assert!(requires(&nfa, b'@'));
        assert!(!requires(&nfa, b'.'));
    }
}
