//! The search for forms that must be a whole cell.

use std::ops::Range;

use regex_automata::nfa::thompson::NFA;
use regex_syntax::hir::Hir;

use super::FormId;
use super::automaton::{Automaton, Ends, States};
use super::lengths::Lengths;
use super::prefilter::{ByteSet, heads, requires};
use super::search::{HEADS, Heads, having_heads, heads_of};
use crate::error::Error;

/// No whole cell longer than this is compared with the forms that need one.
const LONGEST_CELL: usize = 256;

/// Walk these forms of a group, one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Task {
    group: u32,
    mask: u64,
}

/// Forms that must be a whole cell.
pub(super) struct Cells {
    groups: Vec<CellGroup>,
    /// Their numbers.
    forms: Range<usize>,
}

/// Up to 64 forms that must be a whole cell, compiled together: those that need a digit by themselves, for they are long and
/// few cells have one.
struct CellGroup {
    automaton: Automaton,
    forms: Vec<u16>,
    /// For each byte at each of the first places of a cell, the forms that can have it there.
    heads: Heads<HEADS>,
    /// The forms that can be a cell of each length.
    lengths: Box<[u64]>,
}

/// For each group of cell forms the states of its automaton.
pub(super) struct CellsScratch(Vec<States>);

impl Cells {
    pub(super) fn new(forms: &[(&Hir, &NFA)], first: usize) -> Result<Self, Error> {
        let digit = ByteSet::of(|byte| byte.is_ascii_digit());
        let (with, without): (Vec<usize>, Vec<usize>) =
            (0..forms.len()).partition(|&form| requires(forms[form].1, digit));
        let groups = [with, without]
            .iter()
            .flat_map(|kind| kind.chunks(64))
            .map(|group| CellGroup::new(forms, first, group))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            groups,
            forms: first..first + forms.len(),
        })
    }

    pub(super) fn scratch(&self) -> CellsScratch {
        CellsScratch(
            self.groups
                .iter()
                .map(|group| group.automaton.states())
                .collect(),
        )
    }

    /// Whether it is one of them.
    pub(super) fn holds(&self, form: usize) -> bool {
        self.forms.contains(&form)
    }

    /// What to do to find some forms.
    pub(super) fn tasks(&self, forms: &[u64]) -> Vec<Task> {
        let has = |form: u16| forms[usize::from(form / 64)] >> (form % 64) & 1;
        let groups = self.groups.iter().enumerate();
        let tasks = groups.map(|(group, CellGroup { forms, .. })| Task {
            group: group as u32,
            mask: (0..)
                .zip(forms)
                .fold(0, |all, (bit, form)| all | has(*form) << bit),
        });
        tasks.filter(|task| task.mask != 0).collect()
    }

    /// The forms of a task's group.
    pub(super) fn forms_of(&self, task: &Task) -> &[u16] {
        &self.groups[task.group as usize].forms
    }

    /// The forms of a task that match each of some cells.
    pub(super) fn match_task(
        &self,
        task: &Task,
        cells: &[&[u8]],
        scratch: &mut CellsScratch,
        ends: &mut Vec<Ends>,
    ) {
        let group = &self.groups[task.group as usize];
        let masks = cells.iter().map(|cell| group.may_be(cell, task.mask));
        let first = ends.len();
        ends.extend(masks.map(|whole| Ends { whole, part: 0 }));
        let may = |place: &usize| ends[first + place].whole != 0;
        let places: Vec<usize> = (0..cells.len()).filter(may).collect();
        let texts: Vec<&[u8]> = places.iter().map(|&place| cells[place]).collect();
        let found = ends.len();
        let states = &mut scratch.0[task.group as usize];
        group.automaton.ends(&texts, usize::MAX, states, ends);
        for (place, found) in places.into_iter().zip(found..) {
            ends[first + place].whole &= ends[found].whole;
        }
        ends.truncate(found);
    }

    /// The forms that match the whole cell.
    pub(super) fn search(
        &self,
        bytes: &[u8],
        tasks: &[Task],
        scratch: &mut CellsScratch,
        matched: &mut Vec<FormId>,
    ) {
        for task in tasks {
            let group = &self.groups[task.group as usize];
            let mask = group.may_be(bytes, task.mask);
            if mask == 0 {
                continue;
            }
            let states = &mut scratch.0[task.group as usize];
            for &pattern in group.automaton.whole(bytes, states) {
                if mask >> pattern & 1 == 1 {
                    matched.push(FormId(group.forms[usize::from(pattern)]));
                }
            }
        }
    }
}

impl CellGroup {
    fn new(forms: &[(&Hir, &NFA)], first: usize, group: &[usize]) -> Result<Self, Error> {
        let patterns: Vec<&Hir> = group.iter().map(|&form| forms[form].0).collect();
        let lengths: Vec<Lengths> = patterns.iter().map(|hir| Lengths::of(hir)).collect();
        let having = |len: usize| {
            let forms = lengths.iter().enumerate();
            forms.fold(0, |all, (bit, lengths)| {
                all | u64::from(lengths.holds(len)) << bit
            })
        };
        Ok(Self {
            automaton: Automaton::new_whole(&patterns)?,
            forms: group.iter().map(|form| (first + form) as u16).collect(),
            heads: heads_of(group.iter().map(|&form| heads(forms[form].1))),
            lengths: (0..=LONGEST_CELL).map(having).collect(),
        })
    }

    /// Those of some forms, one bit each, that a cell may be, by its length and how it starts.
    #[inline]
    fn may_be(&self, cell: &[u8], forms: u64) -> u64 {
        let forms = self.lengths.get(cell.len()).map_or(0, |&may| may & forms);
        if forms == 0 {
            return 0;
        }
        forms & having_heads(&self.heads, cell)
    }
}
