//! Which forms can start at a token: a table that is derived from the patterns, entry by entry as tokens turn up.
//!
//! Patterns of personal data have few literals; what they have is tokens of a certain length and kind (nine digits, two
//! capitals and two digits), with a certain byte behind them and a digit or capital behind that. So a token is described
//! by just that, and the first time such a token is met, all patterns are walked over what it stands for: where a pattern
//! dies, it can't start there. From then on such a token costs one look-up, and most tokens end there.

use std::collections::HashMap;

use regex_automata::nfa::thompson::{NFA, State};
use regex_automata::util::primitives::StateID;

use super::prefilter::{ByteSet, Walk, is_word};

/// Longest token the table tells apart; longer ones share its last row.
const LONGEST: usize = 40;
/// Bits of a token's bytes, or-ed together: what its kind is made from.
pub(crate) const DIGIT: u8 = 1;
/// A capital letter.
pub(crate) const UPPER: u8 = 2;
/// A small letter.
pub(crate) const LOWER: u8 = 4;
/// `_`, or a byte beyond ASCII.
pub(crate) const OTHER: u8 = 8;
/// Kinds of tokens: the class of the first byte, and the classes of all bytes.
const KINDS: usize = 4 * 16;
/// What may stand behind a token: a byte of `MARKS`, another byte that is no letter or digit, or the end.
const MARKS: &[u8] = b" .,-/:@+()<='\"%";
const NEXT_OTHER: usize = MARKS.len();
const NEXT_END: usize = MARKS.len() + 1;
const NEXTS: usize = MARKS.len() + 2;
/// What may stand behind that: a byte of one of the four classes, another one, or the end.
const AFTERS: usize = 5;
const AFTER_ELSE: usize = 4;
/// An entry that hasn't been looked up yet.
const UNKNOWN: u16 = u16::MAX;

/// The class of each byte: one of the bits above, or 0.
pub(crate) const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'0'..=b'9' => DIGIT,
            b'A'..=b'Z' => UPPER,
            b'a'..=b'z' => LOWER,
            b'_' | 0x80.. => OTHER,
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

const AFTER_OF: [u8; 256] = {
    let mut afters = [AFTER_ELSE as u8; 256];
    let mut byte = 0;
    while byte < 256 {
        if CLASSES[byte] != 0 {
            afters[byte] = CLASSES[byte].trailing_zeros() as u8;
        }
        byte += 1;
    }
    afters
};

/// A token as the table sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    first: u8,
    classes: u8,
    len: usize,
    next: usize,
    after: usize,
}

impl Token {
    /// The token with these or-ed classes, of which `first` is the first byte's, and what stands behind it.
    #[inline]
    pub(crate) fn new(classes: u8, first: u8, len: usize, behind: &[u8]) -> Self {
        let (next, after) = match behind {
            [] => (NEXT_END, AFTER_ELSE),
            [next] => (usize::from(NEXT_OF[usize::from(*next)]), AFTER_ELSE),
            [next, after, ..] => (
                usize::from(NEXT_OF[usize::from(*next)]),
                usize::from(AFTER_OF[usize::from(*after)]),
            ),
        };
        Self {
            first,
            classes,
            len: len.min(LONGEST),
            next,
            after,
        }
    }

    #[inline]
    fn index(self) -> usize {
        let kind = (self.first.trailing_zeros() as usize & 3) << 4 | usize::from(self.classes & 15);
        ((kind * (LONGEST + 1) + self.len) * NEXTS + self.next) * AFTERS + self.after
    }
}

/// The forms that start at tokens.
pub(crate) struct Table {
    /// Those whose patterns can start at a token.
    forms: Vec<(usize, NFA)>,
    words: usize,
}

/// What is known of tokens so far, one for each thread.
pub(crate) struct Known {
    /// For each token a place in `sets`.
    entries: Vec<u16>,
    /// Sets of forms, `words` words each; the first is empty.
    sets: Vec<u64>,
    words: usize,
    index: HashMap<Vec<u64>, u16>,
    walks: Walks,
}

/// A set of forms, numbered in the order in which they turned up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SetId(u16);

impl SetId {
    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl Known {
    /// The forms of a set, one bit each.
    #[inline]
    pub(crate) fn forms(&self, set: SetId) -> &[u64] {
        &self.sets[set.index() * self.words..][..self.words]
    }

    /// The set of these forms.
    pub(crate) fn set(&mut self, forms: &[u64]) -> SetId {
        if let Some(&known) = self.index.get(forms) {
            return SetId(known);
        }
        let next = self.index.len() as u16;
        self.index.insert(forms.to_vec(), next);
        self.sets.extend_from_slice(forms);
        SetId(next)
    }
}

impl Table {
    /// A table for that many forms, with no form in it.
    pub(crate) fn new(forms: usize) -> Self {
        Self {
            forms: Vec::new(),
            words: forms.div_ceil(64).max(1),
        }
    }

    /// Enters a form that can start at a token.
    pub(crate) fn enter(&mut self, form: usize, nfa: &NFA) {
        self.forms.push((form, nfa.clone()));
    }

    /// Nothing known yet.
    pub(crate) fn known(&self) -> Known {
        let empty = vec![0; self.words];
        Known {
            entries: vec![UNKNOWN; KINDS * (LONGEST + 1) * NEXTS * AFTERS],
            words: self.words,
            sets: empty.clone(),
            index: HashMap::from([(empty, 0)]),
            walks: Walks::default(),
        }
    }

    /// The forms that may start at this token; none when there are none.
    #[inline]
    pub(crate) fn forms(&self, token: Token, known: &mut Known) -> Option<SetId> {
        let mut set = known.entries[token.index()];
        if set == UNKNOWN {
            set = self.learn(token, known);
        }
        (set != 0).then_some(SetId(set))
    }

    #[cold]
    fn learn(&self, token: Token, known: &mut Known) -> u16 {
        let mut set = vec![0; self.words];
        let walks = &mut known.walks;
        let state = walks.behind(&self.forms, token.first, token.classes, token.len);
        let behind =
            (token.next != NEXT_END).then(|| walks.step(&self.forms, state, next_set(token.next)));
        let after = behind.map(|state| walks.step(&self.forms, state, AFTER_SETS + token.after));
        // A token that is cut at `LONGEST` may go on.
        let mut reached = Vec::new();
        if token.len == LONGEST {
            reached.extend(walks.alive(state));
        }
        reached.extend(walks.ending(&self.forms, state));
        if let Some(state) = behind {
            reached.extend(walks.ending(&self.forms, state));
        }
        if let Some(state) = after {
            reached.extend(walks.alive(state));
        }
        for place in reached {
            let form = self.forms[usize::from(place)].0;
            set[form / 64] |= 1 << (form % 64);
        }
        let at = known.set(&set).0;
        known.entries[token.index()] = at;
        at
    }
}

/// Sets of bytes that walks step over: the classes together (15 of them, by their bits), each mark, and each class by itself or none.
const NEXT_SETS: usize = 16;
const AFTER_SETS: usize = NEXT_SETS + NEXT_END;
const SETS: usize = AFTER_SETS + AFTERS;

fn next_set(next: usize) -> usize {
    NEXT_SETS + next
}

fn byte_set(set: usize) -> ByteSet {
    if let Some(class) = set.checked_sub(AFTER_SETS) {
        return ByteSet::of(|byte| usize::from(AFTER_OF[usize::from(byte)]) == class);
    }
    match set.checked_sub(NEXT_SETS) {
        None => ByteSet::of(|byte| usize::from(CLASSES[usize::from(byte)]) & set != 0),
        Some(NEXT_OTHER) => ByteSet::of(|byte| !is_word(byte) && !MARKS.contains(&byte)),
        Some(mark) => ByteSet::of(|byte| byte == MARKS[mark]),
    }
}

/// Walks of all forms at once. What a walk can reach is a *place*, made once and numbered.
#[derive(Default)]
struct Walks {
    /// For each place, the states of each form: the form's index and its state, ascending.
    places: Vec<Vec<(u16, StateID)>>,
    index: HashMap<Vec<(u16, StateID)>, u32>,
    /// For each place and set of bytes, the place behind.
    steps: HashMap<(u32, u8), u32>,
    sets: Vec<ByteSet>,
}

impl Walks {
    /// The place behind a token.
    fn behind(&mut self, forms: &[(usize, NFA)], first: u8, classes: u8, len: usize) -> u32 {
        if self.places.is_empty() {
            self.sets = (0..SETS).map(byte_set).collect();
            let start = forms
                .iter()
                .enumerate()
                .flat_map(|(form, (_, nfa))| {
                    let states = Walk::new(nfa).close(&[nfa.start_anchored()]);
                    states.into_iter().map(move |id| (form as u16, id))
                })
                .collect();
            self.place(start);
        }
        let mut state = self.step(forms, 0, usize::from(first));
        for _ in 1..len {
            state = self.step(forms, state, usize::from(classes));
        }
        state
    }

    fn place(&mut self, mut states: Vec<(u16, StateID)>) -> u32 {
        states.sort_unstable();
        let next = self.places.len() as u32;
        let place = *self.index.entry(states.clone()).or_insert(next);
        if place == next {
            self.places.push(states);
        }
        place
    }

    fn step(&mut self, forms: &[(usize, NFA)], from: u32, set: usize) -> u32 {
        if let Some(&known) = self.steps.get(&(from, set as u8)) {
            return known;
        }
        let mut states = Vec::new();
        let before = &self.places[from as usize];
        for group in before.chunk_by(|a, b| a.0 == b.0) {
            let form = group[0].0;
            let ids: Vec<StateID> = group.iter().map(|(_, id)| *id).collect();
            let next = Walk::new(&forms[usize::from(form)].1).step(&ids, self.sets[set]);
            states.extend(next.into_iter().map(|id| (form, id)));
        }
        let place = self.place(states);
        self.steps.insert((from, set as u8), place);
        place
    }

    /// The forms that go on from a place.
    fn alive(&self, place: u32) -> Vec<u16> {
        let states = &self.places[place as usize];
        states.iter().map(|(form, _)| *form).collect()
    }

    /// The forms that may end at a place.
    fn ending(&self, forms: &[(usize, NFA)], place: u32) -> Vec<u16> {
        let states = &self.places[place as usize];
        let ends = states.iter().filter(|(form, id)| {
            matches!(forms[usize::from(*form)].1.state(*id), State::Match { .. })
        });
        ends.map(|(form, _)| *form).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::pattern_nfa;
    use super::super::prefilter::Start;
    use super::*;

    fn starts_at(pattern: &str, token: &str, behind: &str) -> bool {
        let nfa = pattern_nfa(pattern).unwrap();
        assert!(Start::of(&nfa).is_some(), "{pattern} can be tabled");
        let mut table = Table::new(1);
        table.enter(0, &nfa);
        let bytes = token.as_bytes();
        let class = |byte: &u8| CLASSES[usize::from(*byte)];
        let classes = bytes.iter().fold(0, |all, byte| all | class(byte));
        let token = Token::new(classes, class(&bytes[0]), bytes.len(), behind.as_bytes());
        table.forms(token, &mut table.known()).is_some()
    }

    #[test]
    fn a_run_of_nine_digits_is_told_by_its_length() {
        let nine = |token, behind| starts_at(r"\b\d{9}\b", token, behind);
        assert!(nine("123456789", "") && nine("123456789", " ") && nine("123456789", ".x"));
        assert!(!nine("12345678", "") && !nine("a23456789", ""));
    }

    #[test]
    fn the_bytes_behind_a_token_tell_too() {
        let amount = |token, behind| starts_at(r"\b\d{4}\.\d{2}\b", token, behind);
        assert!(amount("1234", ".50") && !amount("1234", ".") && !amount("1234", ".x"));
        assert!(!amount("1234", ",50") && !amount("1234", ""));
        let mail = |behind| starts_at(r"\b[a-z0-9.]{1,64}@[a-z]{1,9}\b", "jan", behind);
        assert!(mail("@x") && mail(".j") && mail("..") && !mail(" x"));
    }

    #[test]
    fn words_are_told_by_their_case() {
        let name = |token, behind| starts_at(r"\b[A-Z][a-z]{1,9} [A-Z][a-z]{1,9}\b", token, behind);
        assert!(name("Jan", " Jansen") && !name("Jan", " jansen") && !name("jan", " Jansen"));
        assert!(name("Jan", " Étienne") == name("Jan", " étienne") && !name("JAN", " Jansen"));
    }

    #[test]
    fn a_long_token_may_go_on() {
        let long = "a".repeat(LONGEST + 5);
        assert!(starts_at(r"\b[a-z]{45}\b", &long, "") && !starts_at(r"\b[a-z]{9}\b", &long, ""));
    }
}
