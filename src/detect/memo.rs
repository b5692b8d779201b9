//! Cells seen before: what was found in them, so that they need not be searched again.
//!
//! Columns of names, towns, states and codes hold the same cells over and over. What is found in a cell depends on its bytes
//! and its column's plan alone, so it can be remembered. Columns whose cells do not come again are left alone after a while.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;

use super::Candidate;

/// Cells remembered; a new one takes the place of the one in its slot.
const SLOTS: usize = 1 << 13;
/// Longer cells seldom come again.
const LONGEST: usize = 128;
/// Candidates remembered; when there are more, all is forgotten.
const MOST: usize = 1 << 15;
/// Cells of a column that are looked up in any case, and how many of all must be known from then on.
const TRIALS: u32 = 128;
const ONE_IN: u32 = 4;

/// What was found in cells. One for each thread.
pub(super) struct Memo {
    slots: Vec<Slot>,
    found: Vec<Candidate>,
    /// Seeded anew in each run, so that no input can be made whose cells are taken for each other.
    hasher: RandomState,
    columns: Vec<Column>,
    /// Chunks so far.
    chunk: u32,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    /// Hash of cell and plan; 0 for none.
    key: u64,
    start: u32,
    end: u32,
    /// The chunk and column in which its candidates were counted last.
    counted: (u32, u32),
}

#[derive(Clone, Copy, Default)]
struct Column {
    tried: u32,
    known: u32,
}

/// A cell that isn't known, for [`Memo::remember`].
#[derive(Clone, Copy)]
pub(super) struct Unknown(Option<u64>);

impl Memo {
    pub(super) fn new() -> Self {
        Self {
            slots: vec![Slot::default(); SLOTS],
            found: Vec::new(),
            hasher: RandomState::default(),
            columns: Vec::new(),
            chunk: 0,
        }
    }

    /// A new chunk starts, whose columns are others.
    pub(super) fn start_chunk(&mut self) {
        self.columns.clear();
        self.chunk = self.chunk.wrapping_add(1);
    }

    /// Whether cells of a column are looked up before anything else: while it isn't known whether they come again, and if
    /// most do.
    #[inline]
    pub(super) fn is_good(&self, column: usize) -> bool {
        let column = self.columns.get(column).copied().unwrap_or_default();
        column.tried < TRIALS || column.known * 2 > column.tried
    }

    /// Adds what was found in this cell before; or says that it isn't known.
    #[inline]
    pub(super) fn recall(
        &mut self,
        cell: &[u8],
        plan: u64,
        place: Place,
        found: &mut Vec<Candidate>,
    ) -> Result<(), Unknown> {
        if cell.len() > LONGEST {
            return Err(Unknown(None));
        }
        let index = place.column as usize;
        if index >= self.columns.len() {
            self.columns.resize(index + 1, Column::default());
        }
        let column = &mut self.columns[index];
        if column.tried >= TRIALS && column.known * ONE_IN < column.tried {
            return Err(Unknown(None));
        }
        column.tried += 1;
        let key = self.hasher.hash_one((plan, cell)) | 1;
        let slot = &mut self.slots[slot_of(key)];
        if slot.key != key {
            return Err(Unknown(Some(key)));
        }
        column.known += 1;
        let here = (self.chunk, place.column);
        let again = std::mem::replace(&mut slot.counted, here) == here;
        let known = &self.found[slot.start as usize..slot.end as usize];
        found.extend(known.iter().map(|candidate| Candidate {
            value: place.value,
            span: candidate.span.start + place.at..candidate.span.end + place.at,
            again,
            ..*candidate
        }));
        Ok(())
    }

    /// Remembers what was found in a cell.
    pub(super) fn remember(&mut self, unknown: Unknown, place: Place, found: &[Candidate]) {
        let Unknown(Some(key)) = unknown else { return };
        if self.found.len() + found.len() > MOST {
            self.found.clear();
            self.slots.fill(Slot::default());
            if found.len() > MOST {
                return;
            }
        }
        let start = self.found.len() as u32;
        self.found.extend(found.iter().map(|candidate| Candidate {
            span: candidate.span.start - place.at..candidate.span.end - place.at,
            ..*candidate
        }));
        self.slots[slot_of(key)] = Slot {
            key,
            start,
            end: self.found.len() as u32,
            counted: (self.chunk, place.column),
        };
    }
}

/// Where a cell stands in its batch.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) value: u32,
    pub(super) column: u32,
    pub(super) at: u32,
}

fn slot_of(key: u64) -> usize {
    (key >> 32) as usize % SLOTS
}

#[cfg(test)]
mod tests {
    use super::super::{EvidenceSet, FormId, Near};
    use super::*;

    fn place(value: u32, column: u32, at: u32) -> Place {
        Place { value, column, at }
    }

    #[test]
    fn a_cell_is_recalled_where_it_stands_now() {
        let mut memo = Memo::new();
        let mut found = Vec::new();
        let unknown = memo.recall(b"a@b.nl", 1, place(0, 0, 10), &mut found);
        let candidate = Candidate {
            value: 0,
            span: 10..16,
            form: FormId(3),
            evidence: EvidenceSet::PASSED,
            near: Near::NONE,
            hash: 5,
            alone: false,
            again: false,
        };
        memo.remember(unknown.err().unwrap(), place(0, 0, 10), &[candidate]);
        assert!(
            memo.recall(b"a@b.nl", 1, place(7, 0, 100), &mut found)
                .is_ok()
        );
        assert_eq!((found[0].value, found[0].span.clone()), (7, 100..106));
        assert!(
            memo.recall(b"a@b.nl", 2, place(7, 0, 100), &mut found)
                .is_err()
        );
    }

    #[test]
    fn columns_that_never_repeat_are_left_alone() {
        let mut memo = Memo::new();
        for value in 0..TRIALS {
            let cell = value.to_string();
            let unknown = memo.recall(cell.as_bytes(), 1, place(value, 0, 0), &mut Vec::new());
            assert!(matches!(unknown, Err(Unknown(Some(_)))));
        }
        let unknown = memo.recall(b"x", 1, place(0, 0, 0), &mut Vec::new());
        assert!(matches!(unknown, Err(Unknown(None))));
        memo.start_chunk();
        let unknown = memo.recall(b"x", 1, place(0, 0, 0), &mut Vec::new());
        assert!(matches!(unknown, Err(Unknown(Some(_)))));
    }
}
