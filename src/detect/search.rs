//! The three ways a form is searched for: at tokens, as a whole cell, and anywhere.
//!
//! Advice to whoever changes the token search: it runs once for each token of all data, some 180 times for 1000 bytes of
//! a dense export. What it does before the table look-up decides the speed of the program; what it does behind it hardly
//! matters, since few tokens get there.

use std::ops::Range;

use regex_automata::nfa::thompson::NFA;

use super::automaton::{Automaton, States};
use super::prefilter::{ByteSet, CLASSES, Start, Table, Token, requires};
use super::{FormId, FormSet};
use crate::error::Error;

/// No match is longer than this: what keeps a search linear, whatever the patterns. Two MRZ lines are 89 bytes.
pub(crate) const LONGEST_MATCH: usize = 1024;
/// No whole cell longer than this is compared with the forms that need one.
const LONGEST_CELL: usize = 256;
/// Bytes rare enough in data that it pays to know which forms need one.
const RARE: [u8; 2] = [b'@', b':'];
/// The class of a byte that is no letter or digit, but with which some form starts.
const LEAD: u8 = 8;

/// Forms that start at a token or at a certain byte.
pub(super) struct Tokens {
    automaton: Automaton,
    table: Table,
    classes: [u8; 256],
    /// For each byte, the forms that start with it; `words` words each.
    leads: Vec<u64>,
    /// For each rare byte, the forms that need one.
    needing: [FormSet; RARE.len()],
    words: usize,
}

pub(super) struct TokensScratch {
    states: States,
    mask: Vec<u64>,
}

impl Tokens {
    pub(super) fn new(forms: &[(&str, &NFA)]) -> Result<Self, Error> {
        let words = forms.len().div_ceil(64).max(1);
        let mut table = Table::new(forms.len());
        let mut classes = CLASSES;
        let mut leads = vec![0; 256 * words];
        let mut needing = RARE.map(|_| vec![0; words].into_boxed_slice());
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
            for (set, &byte) in needing.iter_mut().zip(&RARE) {
                if requires(nfa, byte) {
                    set[form / 64] |= 1 << (form % 64);
                }
            }
        }
        let patterns: Vec<&str> = forms.iter().map(|(pattern, _)| *pattern).collect();
        Ok(Self {
            automaton: Automaton::new(&patterns)?,
            table,
            classes,
            leads,
            needing,
            words,
        })
    }

    pub(super) fn scratch(&self) -> TokensScratch {
        TokensScratch {
            states: self.automaton.states(),
            mask: vec![0; self.words],
        }
    }

    /// A search of one value.
    pub(super) fn search<'a>(&'a self, bytes: &'a [u8], plan: &'a FormSet) -> TokenSearch<'a> {
        TokenSearch {
            tokens: self,
            bytes,
            plan,
            at: 0,
            rare: [None; RARE.len()],
        }
    }

    /// The longest match of each form in `mask` that starts at `start`.
    fn walk(
        &self,
        bytes: &[u8],
        start: usize,
        scratch: &mut TokensScratch,
        matched: &mut Vec<(FormId, usize)>,
    ) {
        let end = bytes.len().min(start + LONGEST_MATCH);
        let TokensScratch { states, mask } = scratch;
        self.automaton
            .matches(bytes, start, end, states, |end, forms| {
                for &form in forms {
                    if mask[usize::from(form / 64)] >> (form % 64) & 1 == 1 {
                        match matched.iter_mut().find(|(known, _)| known.0 == form) {
                            Some(known) => known.1 = end,
                            None => matched.push((FormId(form), end)),
                        }
                    }
                }
            });
    }
}

/// A search of one value for forms that start at tokens.
pub(super) struct TokenSearch<'a> {
    tokens: &'a Tokens,
    bytes: &'a [u8],
    plan: &'a FormSet,
    at: usize,
    /// For each rare byte, where the next one is; none before anybody asked.
    rare: [Option<usize>; RARE.len()],
}

impl TokenSearch<'_> {
    /// The next place where forms match; they and the ends of their matches are in `matched` then.
    pub(super) fn next_match(
        &mut self,
        scratch: &mut TokensScratch,
        matched: &mut Vec<(FormId, usize)>,
    ) -> Option<usize> {
        matched.clear();
        let Tokens {
            table,
            classes,
            leads,
            words,
            ..
        } = self.tokens;
        while let Some(&byte) = self.bytes.get(self.at) {
            let first = classes[usize::from(byte)];
            let start = self.at;
            self.at += 1;
            let forms = match first {
                0 => continue,
                LEAD => &leads[usize::from(byte) * words..][..*words],
                _ => {
                    let mut all = first;
                    while let Some(&byte) = self.bytes.get(self.at) {
                        let class = classes[usize::from(byte)];
                        if class == 0 || class == LEAD {
                            break;
                        }
                        all |= class;
                        self.at += 1;
                    }
                    let next = self.bytes.get(self.at).copied();
                    table.forms(Token::new(all, first, self.at - start, next))
                }
            };
            if forms.iter().all(|&word| word == 0) || !self.applies(forms, start, &mut scratch.mask)
            {
                continue;
            }
            self.tokens.walk(self.bytes, start, scratch, matched);
            if !matched.is_empty() {
                return Some(start);
            }
        }
        None
    }

    /// Goes on at `at`, if that isn't behind already.
    pub(super) fn skip_to(&mut self, at: usize) {
        self.at = self.at.max(at);
    }

    /// Leaves in `mask` the forms that apply to the column and find the rare bytes they need; whether there are any.
    fn applies(&mut self, forms: &[u64], start: usize, mask: &mut [u64]) -> bool {
        let mut any = 0;
        for ((mask, form), plan) in mask.iter_mut().zip(forms).zip(self.plan.iter()) {
            *mask = form & plan;
            any |= *mask;
        }
        let all = self.tokens.needing.iter().zip(&RARE).zip(&mut self.rare);
        for ((needing, &byte), known) in all {
            if mask
                .iter()
                .zip(needing.iter())
                .all(|(mask, need)| mask & need == 0)
            {
                continue;
            }
            let next = match *known {
                Some(next) if next >= start => next,
                _ => memchr::memchr(byte, &self.bytes[start..])
                    .map_or(usize::MAX, |distance| start + distance),
            };
            *known = Some(next);
            if next.saturating_sub(start) > LONGEST_MATCH {
                any = 0;
                for (mask, need) in mask.iter_mut().zip(needing.iter()) {
                    *mask &= !need;
                    any |= *mask;
                }
            }
        }
        any != 0
    }
}

/// Forms that must be a whole cell.
pub(super) struct Cells {
    automaton: Option<Automaton>,
    /// The number of the first of them.
    first: usize,
}

pub(super) struct CellsScratch(Option<States>);

impl Cells {
    pub(super) fn new(forms: &[(&str, &NFA)], first: usize) -> Result<Self, Error> {
        let patterns: Vec<&str> = forms.iter().map(|(pattern, _)| *pattern).collect();
        let automaton = if patterns.is_empty() {
            None
        } else {
            Some(Automaton::new(&patterns)?)
        };
        Ok(Self { automaton, first })
    }

    pub(super) fn scratch(&self) -> CellsScratch {
        CellsScratch(self.automaton.as_ref().map(Automaton::states))
    }

    /// Whether the plan has any form that must be a whole cell.
    fn has_any(&self, plan: &FormSet) -> bool {
        let (first, last) = (self.first / 64, plan.len() - 1);
        first <= last
            && (plan[first] >> (self.first % 64) != 0
                || plan[first + 1..].iter().any(|&word| word != 0))
    }

    /// The forms of the plan that match the whole cell.
    pub(super) fn search(
        &self,
        bytes: &[u8],
        plan: &FormSet,
        scratch: &mut CellsScratch,
        matched: &mut Vec<(FormId, usize)>,
    ) {
        let (Some(automaton), Some(states)) = (&self.automaton, &mut scratch.0) else {
            return;
        };
        if bytes.len() > LONGEST_CELL || !self.has_any(plan) {
            return;
        }
        for &pattern in automaton.whole(bytes, states) {
            let form = self.first + usize::from(pattern);
            if plan[form / 64] >> (form % 64) & 1 == 1 {
                matched.push((FormId(form as u16), bytes.len()));
            }
        }
    }
}

/// Forms that can start anywhere: tried on every value, which is slow; `speur rules check` warns about them.
pub(super) struct Loose {
    any: regex::bytes::RegexSet,
    each: Vec<regex::bytes::Regex>,
    /// The number of the first of them.
    first: usize,
}

impl Loose {
    pub(super) fn new(forms: &[(&str, &NFA)], first: usize) -> Result<Self, Error> {
        let wrong = |error: regex::Error| Error::rule(error.to_string());
        let patterns: Vec<&str> = forms.iter().map(|(pattern, _)| *pattern).collect();
        let any = regex::bytes::RegexSetBuilder::new(&patterns)
            .unicode(false)
            .build()
            .map_err(wrong)?;
        let each = patterns
            .iter()
            .map(|pattern| {
                regex::bytes::RegexBuilder::new(pattern)
                    .unicode(false)
                    .build()
                    .map_err(wrong)
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { any, each, first })
    }

    /// Calls `found` with each match of the plan's forms.
    pub(super) fn search(
        &self,
        bytes: &[u8],
        plan: &FormSet,
        mut found: impl FnMut(FormId, Range<usize>),
    ) {
        if self.each.is_empty() {
            return;
        }
        for index in &self.any.matches(bytes) {
            let form = self.first + index;
            if plan[form / 64] >> (form % 64) & 1 == 0 {
                continue;
            }
            for matched in self.each[index]
                .find_iter(bytes)
                .filter(|matched| !matched.is_empty())
            {
                found(FormId(form as u16), matched.range());
            }
        }
    }
}
