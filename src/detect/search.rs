//! The search at tokens, in which most forms are found.
//!
//! Advice to whoever changes the token search: it runs once for each token of all data, some 180 times for 1000 bytes of
//! a dense export. What it does before the table look-up decides the speed of the program; what it does behind it hardly
//! matters, since few tokens get there.

use std::collections::HashMap;
use std::ops::Range;

use regex_automata::nfa::thompson::NFA;
use regex_syntax::hir::Hir;

use super::FormId;
use super::automaton::{Automaton, Ends, States};
use super::edges::starts_by_itself;
use super::prefilter::{ByteSet, Start, heads, requires};
use super::table::{CLASSES, Known, SetId, Table, Token};

/// No match is longer than this: what keeps a search linear, whatever the patterns. Two MRZ lines are 89 bytes.
pub(crate) const LONGEST_MATCH: usize = 1024;
/// Bytes rare enough in data that it pays to know which forms need one.
const RARE: [u8; 2] = [b'@', b':'];
/// The class of a byte that is no letter or digit, but with which some form starts.
const LEAD: u8 = 16;
/// Bytes of a token that are compared with those that a form can start with.
pub(super) const HEADS: usize = 4;
/// Sets of forms whose masks are kept.
const MOST_CHOSEN: usize = 4096;
/// Such sets that have groups of their own.
const MOST_OWN: usize = 64;

/// Forms that start at a token or at a certain byte.
pub(super) struct Tokens {
    forms: Vec<TokenForm>,
    table: Table,
    classes: [u8; 256],
    /// For each byte, the forms that start with it; `words` words each.
    leads: Vec<u64>,
    words: usize,
}

struct TokenForm {
    pattern: Hir,
    /// Which bytes its matches can start with.
    heads: [ByteSet; HEADS],
    /// Which rare bytes each match holds.
    needs: [bool; RARE.len()],
}

/// What a search learns as it meets tokens and plans, one for each thread.
pub(super) struct TokensScratch {
    known: Known,
    /// For each byte that some form starts with, those forms, once they were asked for.
    lead_sets: [Option<SetId>; 256],
    /// For each set of forms that the table knows, its groups; empty before the set is asked for.
    groups_of: Vec<Range<u32>>,
    groups: Vec<Group>,
    /// For each set of forms that was searched for, those of each group; [`UNKNOWN`] before anybody asked.
    masks: Vec<Vec<u64>>,
    chosen: HashMap<Box<[u64]>, u32>,
    /// For sets that were searched for often, groups of just their forms; and how many such sets there are.
    own: Vec<Option<Range<u32>>>,
    owners: usize,
}

/// No mask yet: all 64 forms of a group at once, so groups have 63.
const UNKNOWN: u64 = u64::MAX;
const GROUP: usize = 63;

/// Up to 63 forms that can start at some kind of token, compiled together. Alone they have few states, which stay in the
/// processor's first cache; all forms together would not. A mask says which of them count, one bit each.
struct Group {
    automaton: Automaton,
    states: States,
    forms: Vec<u16>,
    /// For each byte at each of the first places, the forms that can have it there.
    heads: Heads<HEADS>,
    /// For each rare byte, the forms that need one.
    needing: [u64; RARE.len()],
}

/// Forms to search for.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'f> {
    pub(super) chosen: Chosen,
    /// One bit each.
    pub(super) forms: &'f [u64],
}

/// A set of forms that this thread has searched for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Chosen(u32);

impl Tokens {
    pub(super) fn new(forms: &[(&Hir, &NFA)]) -> Self {
        let words = forms.len().div_ceil(64).max(1);
        let mut table = Table::new(forms.len());
        let mut classes = CLASSES;
        let mut leads = vec![0; 256 * words];
        for (form, (_, nfa)) in forms.iter().enumerate() {
            let start = Start::of(nfa).unwrap_or(Start {
                lead: ByteSet::default(),
                at_token: false,
            });
            if start.at_token {
                table.enter(form, nfa);
            }
            for byte in (0..=255u8).filter(|&byte| start.lead.contains(byte)) {
                classes[usize::from(byte)] = LEAD;
                leads[usize::from(byte) * words + form / 64] |= 1 << (form % 64);
            }
        }
        let forms = forms.iter().map(|(pattern, nfa)| TokenForm {
            pattern: (*pattern).clone(),
            heads: heads(nfa),
            needs: RARE.map(|rare| requires(nfa, ByteSet::of(|byte| byte == rare))),
        });
        Self {
            forms: forms.collect(),
            table,
            classes,
            leads,
            words,
        }
    }

    pub(super) fn scratch(&self) -> TokensScratch {
        TokensScratch {
            known: self.table.known(),
            lead_sets: [None; 256],
            groups_of: Vec::new(),
            groups: Vec::new(),
            masks: Vec::new(),
            chosen: HashMap::new(),
            own: Vec::new(),
            owners: 0,
        }
    }

    /// Groups of just these forms, for [`TokenSearch::match_with`]; none where there are many such groups already.
    pub(super) fn own_groups(
        &self,
        wanted: Wanted<'_>,
        scratch: &mut TokensScratch,
    ) -> Option<Range<u32>> {
        let number = wanted.chosen.0 as usize;
        if let Some(Some(known)) = scratch.own.get(number) {
            return Some(known.clone());
        }
        if scratch.owners >= MOST_OWN {
            return None;
        }
        let groups = self.groups_of(wanted.forms, scratch);
        if number >= scratch.own.len() {
            scratch.own.resize(number + 1, None);
        }
        scratch.own[number] = Some(groups.clone());
        scratch.owners += 1;
        Some(groups)
    }

    fn groups_of(&self, words: &[u64], scratch: &mut TokensScratch) -> Range<u32> {
        let forms: Vec<u16> = (0..self.forms.len() as u16)
            .filter(|form| words[usize::from(form / 64)] >> (form % 64) & 1 == 1)
            .collect();
        let first = scratch.groups.len() as u32;
        let groups = forms.chunks(GROUP).map(|forms| self.group(forms));
        scratch.groups.extend(groups);
        first..scratch.groups.len() as u32
    }

    /// A search of one value.
    pub(super) fn search<'a>(&'a self, bytes: &'a [u8]) -> TokenSearch<'a> {
        TokenSearch {
            tokens: self,
            bytes,
            at: 0,
            rare: [None; RARE.len()],
        }
    }

    /// Whether some form starts with this byte, which is no letter or digit.
    pub(super) fn is_lead(&self, byte: u8) -> bool {
        self.classes[usize::from(byte)] == LEAD
    }

    /// The forms that start with this byte.
    #[inline]
    fn lead_set(&self, byte: u8, scratch: &mut TokensScratch) -> Option<SetId> {
        let known = &mut scratch.lead_sets[usize::from(byte)];
        if known.is_none() {
            let forms = &self.leads[usize::from(byte) * self.words..][..self.words];
            *known = Some(scratch.known.set(forms));
        }
        *known
    }

    /// The groups of a set.
    #[inline]
    fn groups(&self, set: SetId, scratch: &mut TokensScratch) -> Range<u32> {
        match scratch.groups_of.get(set.index()) {
            Some(groups) if !groups.is_empty() => groups.clone(),
            _ => self.learn_groups(set, scratch),
        }
    }

    #[cold]
    fn learn_groups(&self, set: SetId, scratch: &mut TokensScratch) -> Range<u32> {
        let words = scratch.known.forms(set).to_vec();
        let range = self.groups_of(&words, scratch);
        if scratch.groups_of.len() <= set.index() {
            scratch.groups_of.resize(set.index() + 1, 0..0);
        }
        scratch.groups_of[set.index()] = range.clone();
        range
    }

    fn group(&self, ids: &[u16]) -> Group {
        let forms = || ids.iter().map(|form| &self.forms[usize::from(*form)]);
        let patterns: Vec<&Hir> = forms().map(|form| &form.pattern).collect();
        let automaton = Automaton::new(&patterns).expect("each was compiled before, by itself");
        let needing = std::array::from_fn(|rare| {
            let bits = forms().enumerate().filter(|(_, form)| form.needs[rare]);
            bits.fold(0, |all, (bit, _)| all | 1 << bit)
        });
        Group {
            states: automaton.states(),
            heads: heads_of(forms().map(|form| form.heads)),
            forms: ids.to_vec(),
            needing,
            automaton,
        }
    }
}

impl TokensScratch {
    /// Makes a set of forms known.
    pub(super) fn chosen(&mut self, forms: &[u64]) -> Chosen {
        if let Some(&known) = self.chosen.get(forms) {
            return Chosen(known);
        }
        self.masks.push(Vec::new());
        let known = self.masks.len() as u32 - 1;
        self.chosen.insert(forms.into(), known);
        Chosen(known)
    }

    /// Whether there are so many sets of forms that they had better be forgotten.
    pub(super) fn is_full(&self) -> bool {
        self.masks.len() >= MOST_CHOSEN
    }

    /// Forgets all sets of forms.
    pub(super) fn forget(&mut self) {
        self.masks.clear();
        self.chosen.clear();
        self.own.clear();
        self.owners = 0;
        self.groups.clear();
        self.groups_of.clear();
    }

    /// The forms of a group that are searched for.
    #[inline]
    fn mask(&mut self, group: u32, wanted: Wanted<'_>) -> u64 {
        let all = wanted.forms;
        let masks = &mut self.masks[wanted.chosen.0 as usize];
        match masks.get(group as usize) {
            Some(&mask) if mask != UNKNOWN => mask,
            _ => {
                let forms = &self.groups[group as usize].forms;
                let has = |form: u16| all[usize::from(form / 64)] >> (form % 64) & 1;
                let bits = forms.iter().enumerate();
                let mask = bits.fold(0, |all, (bit, form)| all | has(*form) << bit);
                if masks.len() <= group as usize {
                    masks.resize(group as usize + 1, UNKNOWN);
                }
                masks[group as usize] = mask;
                mask
            }
        }
    }
}

/// A search of one value for forms that start at tokens.
pub(super) struct TokenSearch<'a> {
    tokens: &'a Tokens,
    bytes: &'a [u8],
    at: usize,
    /// For each rare byte, where the next one is; none before anybody asked.
    rare: [Option<usize>; RARE.len()],
}

impl TokenSearch<'_> {
    /// The next place where forms match; they and the ends of their matches are in `matched` then.
    pub(super) fn next_match(
        &mut self,
        forms: Wanted<'_>,
        scratch: &mut TokensScratch,
        matched: &mut Vec<(FormId, usize)>,
    ) -> Option<usize> {
        matched.clear();
        while self.at < self.bytes.len() {
            let start = self.at;
            self.match_here(forms, scratch, matched);
            if !matched.is_empty() {
                return Some(start);
            }
        }
        None
    }

    /// Adds the forms that match from here on, and the ends of their matches; and goes on behind the token that starts here.
    #[inline]
    pub(super) fn match_here(
        &mut self,
        forms: Wanted<'_>,
        scratch: &mut TokensScratch,
        matched: &mut Vec<(FormId, usize)>,
    ) {
        let Tokens { table, classes, .. } = self.tokens;
        let bytes = self.bytes;
        let start = self.at;
        let Some(&byte) = bytes.get(start) else {
            return;
        };
        let first = classes[usize::from(byte)];
        let mut at = start + 1;
        let set = match first {
            0 => None,
            LEAD => self.tokens.lead_set(byte, scratch),
            _ => {
                let mut all = first;
                while let Some(&byte) = bytes.get(at) {
                    let class = classes[usize::from(byte)];
                    if class == 0 || class == LEAD {
                        break;
                    }
                    all |= class;
                    at += 1;
                }
                let token = Token::new(all, first, at - start, &bytes[at..]);
                table.forms(token, &mut scratch.known)
            }
        };
        self.at = at;
        let Some(set) = set else { return };
        // What starts within a number is no match, whatever it is.
        if !starts_by_itself(self.bytes, start) {
            return;
        }
        for group in self.tokens.groups(set, scratch) {
            let mask = scratch.mask(group, forms);
            if mask != 0 {
                self.walk(start, mask, &mut scratch.groups[group as usize], matched);
            }
        }
    }

    /// Adds the forms of [`Tokens::own_groups`] that match from `start` on, and the ends of their matches.
    #[inline]
    pub(super) fn match_with(
        &mut self,
        groups: Range<u32>,
        start: usize,
        scratch: &mut TokensScratch,
        matched: &mut Vec<(FormId, usize)>,
    ) {
        for group in groups {
            let group = &mut scratch.groups[group as usize];
            let mask = u64::MAX >> (64 - group.forms.len());
            self.walk(start, mask, group, matched);
        }
    }

    /// Goes to `at`, a place behind all that were searched.
    pub(super) fn go_to(&mut self, at: usize) {
        self.at = at;
    }

    /// Goes on at `at`, if that isn't behind already.
    pub(super) fn skip_to(&mut self, at: usize) {
        self.at = self.at.max(at);
    }

    /// The longest match of each form of a group that starts at `start`, of those in `mask`.
    #[inline]
    fn walk(
        &mut self,
        start: usize,
        mut mask: u64,
        group: &mut Group,
        matched: &mut Vec<(FormId, usize)>,
    ) {
        let bytes = self.bytes;
        let end = bytes.len().min(start + LONGEST_MATCH);
        // One form is seen to fail soon enough.
        if group.forms.len() > 1 {
            mask &= having_heads(&group.heads, &bytes[start..]);
        }
        if mask == 0 {
            return;
        }
        for (rare, &needing) in group.needing.iter().enumerate() {
            if mask & needing != 0 && self.next_rare(rare, start) > end {
                mask &= !needing;
            }
        }
        if mask == 0 {
            return;
        }
        let Group {
            automaton,
            states,
            forms,
            ..
        } = group;
        // A form is in one group, so that only shorter matches of this walk can be of the same.
        let first = matched.len();
        automaton.matches(bytes, start, end, states, |end, patterns, _| {
            let shorter = first..matched.len();
            for &pattern in patterns {
                if mask >> pattern & 1 == 0 {
                    continue;
                }
                let form = FormId(forms[usize::from(pattern)]);
                let mut known = matched[shorter.clone()].iter_mut();
                match known.find(|(known, _)| *known == form) {
                    Some(known) => known.1 = end,
                    None => matched.push((form, end)),
                }
            }
        });
    }

    /// Where the next of these rare bytes is, from `start` on.
    #[inline]
    fn next_rare(&mut self, rare: usize, start: usize) -> usize {
        match self.rare[rare] {
            Some(next) if next >= start => next,
            _ => {
                let next = memchr::memchr(RARE[rare], &self.bytes[start..])
                    .map_or(usize::MAX, |distance| start + distance);
                self.rare[rare] = Some(next);
                next
            }
        }
    }
}

impl TokensScratch {
    /// How the forms of a group match at the start of each of some texts; says nothing of texts of [`LONGEST_MATCH`] or more.
    pub(super) fn match_group(&mut self, group: u32, texts: &[&[u8]], ends: &mut Vec<Ends>) {
        let Group {
            automaton, states, ..
        } = &mut self.groups[group as usize];
        automaton.ends(texts, LONGEST_MATCH, states, ends);
    }

    /// The forms of a group.
    pub(super) fn forms_of(&self, group: u32) -> &[u16] {
        &self.groups[group as usize].forms
    }
}

/// For each byte at each of the first places of a match, the forms that can have it there, one bit each.
pub(super) type Heads<const N: usize> = Box<[[u64; N]]>;

/// Those of up to 64 forms.
pub(super) fn heads_of<const N: usize>(forms: impl Iterator<Item = [ByteSet; N]>) -> Heads<N> {
    let mut all = vec![[0; N]; 256].into_boxed_slice();
    for (bit, form) in forms.enumerate() {
        for (place, head) in form.iter().enumerate() {
            for byte in (0..=255u8).filter(|&byte| head.contains(byte)) {
                all[usize::from(byte)][place] |= 1 << bit;
            }
        }
    }
    all
}

/// The forms that can start like this text.
#[inline]
pub(super) fn having_heads<const N: usize>(heads: &[[u64; N]], text: &[u8]) -> u64 {
    let at = |place: usize, byte: u8| heads[usize::from(byte)][place];
    if let Some(first) = text.first_chunk::<N>() {
        (0..N).fold(u64::MAX, |mask, place| mask & at(place, first[place]))
    } else {
        let places = text.iter().enumerate();
        places.fold(u64::MAX, |mask, (place, &byte)| mask & at(place, byte))
    }
}
