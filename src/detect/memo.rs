//! Cells seen before: what was found in them, so that they need not be searched again.
//!
//! Columns of names, towns, states and codes hold the same cells over and over. What is found in a cell depends on its bytes
//! and its column's plan alone, so it can be remembered. Columns whose cells do not come again are left alone after a while.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;

use super::edges::trim;
use super::{Candidate, Found};
use crate::format::Batch;

/// Cells remembered; a new one takes the place of the one in its slot.
const SLOTS: usize = 1 << 14;
/// Longer cells seldom come again.
const LONGEST: usize = 128;
/// Candidates remembered; when there are more, all is forgotten.
const MOST: usize = 1 << 18;
/// Cells of a column that are looked up in any case. From then on so many of the last ones must be known: few as long as
/// [`EARLY`] cells haven't been met, for names come again late.
const TRIALS: u32 = 1024;
const EARLY: u32 = 16;
const ONE_IN_EARLY: u32 = 24;
const ONE_IN: u32 = 3;
/// Where the others could be checked together, which costs less than a search of each, so many in four must be known.
const IN_FOUR: u32 = 3;

/// What was found in cells. One for each thread.
pub(super) struct Memo {
    slots: Vec<Slot>,
    found: Vec<Candidate>,
    /// Seeded anew in each run, so that no input can be made whose cells are taken for each other.
    hasher: RandomState,
    columns: Vec<Column>,
    /// Chunks so far.
    chunk: u32,
    /// Slots whose cells came again.
    repeated: Vec<u32>,
}

/// None lies on two lines of the processor's cache.
#[derive(Clone, Copy, Default)]
#[repr(align(32))]
struct Slot {
    /// Hash of cell and plan; 0 for none.
    key: u64,
    start: u32,
    end: u32,
    /// The chunk and column in which its candidates were counted last.
    counted: (u32, u32),
    /// How often it came again since the last [`Memo::hand_over`], and in which value last.
    times: u32,
    last: u32,
}

/// A candidate that came again in so many records of a column.
#[derive(Debug)]
pub(crate) struct Repeated {
    /// It stands in the last of them.
    pub(crate) candidate: Candidate,
    pub(crate) times: u32,
}

/// How many of a column's last cells were known.
#[derive(Clone, Copy, Default)]
struct Column {
    plan: u64,
    tried: u32,
    known: u32,
    /// Those not known that could have been checked together with others.
    together: u32,
    /// How often these counts were halved.
    age: u32,
}

impl Column {
    /// Whether cells are looked up before anything else.
    #[inline]
    fn is_good(&self) -> bool {
        match self.age {
            0 => true,
            1..EARLY => self.known * ONE_IN_EARLY > self.tried,
            _ if self.together > (self.tried - self.known) / 2 => {
                self.known * 4 > self.tried * IN_FOUR
            }
            _ => self.known * ONE_IN > self.tried,
        }
    }

    fn count(&mut self, known: bool) {
        self.tried += 1;
        self.known += u32::from(known);
        if self.tried >= TRIALS {
            self.tried /= 2;
            self.known /= 2;
            self.together /= 2;
            self.age = self.age.saturating_add(1);
        }
    }
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
            repeated: Vec::new(),
        }
    }

    /// A new chunk starts, whose columns are others.
    pub(super) fn start_chunk(&mut self) {
        self.chunk = self.chunk.wrapping_add(1);
        for slot in self.repeated.drain(..) {
            self.slots[slot as usize].times = 0;
        }
    }

    /// Whether cells of a column are looked up before anything else: while it isn't known whether they come again, and if
    /// many do. The cells of a column that has another plan than before are others.
    pub(super) fn is_good(&mut self, column: usize, plan: u64) -> bool {
        if column >= self.columns.len() {
            self.columns.resize(column + 1, Column::default());
        }
        let known = &mut self.columns[column];
        if known.plan != plan {
            *known = Column {
                plan,
                ..Column::default()
            };
        }
        known.is_good()
    }

    /// A cell of this column that isn't known could have been checked together with others.
    pub(super) fn count_together(&mut self, column: u32) {
        self.columns[column as usize].together += 1;
    }

    /// Adds what was found in this cell before; or says that it isn't known. What came before in the same column is only
    /// counted until [`Memo::hand_over`], where the cell is `alone` in its record and nobody wants a list.
    #[inline(never)]
    pub(super) fn recall(
        &mut self,
        cell: &[u8],
        plan: u64,
        place: Place,
        alone: bool,
        found: &mut Found,
    ) -> Result<(), Unknown> {
        if cell.len() > LONGEST {
            return Err(Unknown(None));
        }
        let column = &mut self.columns[place.column as usize];
        if !column.is_good() {
            return Err(Unknown(None));
        }
        let mut hasher = self.hasher.build_hasher();
        hasher.write(cell);
        let key = (hasher.finish() ^ plan) | 1;
        let number = slot_of(key);
        let slot = &mut self.slots[number];
        column.count(slot.key == key);
        if slot.key != key {
            return Err(Unknown(Some(key)));
        }
        let here = (self.chunk, place.column);
        let again = std::mem::replace(&mut slot.counted, here) == here;
        if slot.start == slot.end {
            return Ok(());
        }
        if again && alone && !found.lists {
            if slot.times == 0 {
                self.repeated.push(number as u32);
            }
            slot.times += 1;
            slot.last = place.value;
            return Ok(());
        }
        let known = &self.found[slot.start as usize..slot.end as usize];
        let here = known.iter().map(|candidate| Candidate {
            again,
            ..at_place(candidate, place)
        });
        found.candidates.extend(here);
        Ok(())
    }

    /// Hands over what came again in the values of a batch, all of one column.
    pub(super) fn hand_over(&mut self, batch: &Batch<'_>, found: &mut Found) {
        for index in 0..self.repeated.len() {
            self.hand_over_slot(self.repeated[index] as usize, batch, found);
        }
        self.repeated.clear();
    }

    fn hand_over_slot(&mut self, number: usize, batch: &Batch<'_>, found: &mut Found) {
        let slot = &mut self.slots[number];
        let times = std::mem::take(&mut slot.times);
        if times == 0 {
            return;
        }
        let value = batch.values[slot.last as usize];
        let place = Place {
            value: slot.last,
            column: value.column.0,
            at: trim(batch.text, value.start, value.end).0 as u32,
        };
        let known = &self.found[slot.start as usize..slot.end as usize];
        found
            .repeated
            .extend(known.iter().map(|candidate| Repeated {
                candidate: Candidate {
                    again: true,
                    ..at_place(candidate, place)
                },
                times,
            }));
    }

    /// Remembers what was found in a cell: the candidates from `from` on.
    pub(super) fn remember(
        &mut self,
        unknown: Unknown,
        place: Place,
        from: usize,
        batch: &Batch<'_>,
        found: &mut Found,
    ) {
        let Unknown(Some(key)) = unknown else { return };
        let number = slot_of(key);
        self.hand_over_slot(number, batch, found);
        let new = &found.candidates[from..];
        if self.found.len() + new.len() > MOST {
            let too_many = new.len() > MOST;
            self.hand_over(batch, found);
            self.found.clear();
            self.slots.fill(Slot::default());
            if too_many {
                return;
            }
        }
        let new = &found.candidates[from..];
        let start = self.found.len() as u32;
        self.found.extend(new.iter().map(|candidate| Candidate {
            span: candidate.span.start - place.at..candidate.span.end - place.at,
            ..*candidate
        }));
        self.slots[number] = Slot {
            key,
            start,
            end: self.found.len() as u32,
            counted: (self.chunk, place.column),
            times: 0,
            last: 0,
        };
    }
}

/// A remembered candidate where it stands now.
fn at_place(candidate: &Candidate, place: Place) -> Candidate {
    Candidate {
        value: place.value,
        span: candidate.span.start + place.at..candidate.span.end + place.at,
        ..*candidate
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
    use crate::format::{ColumnId, OffsetMap, Rows, Value};

    fn place(value: u32, column: u32, at: u32) -> Place {
        Place { value, column, at }
    }

    const TEXT: &[u8] = b"a@b.nl,a@b.nl,a@b.nl";

    fn in_batch(test: impl FnOnce(&Batch<'_>)) {
        let value = |start: u32| Value {
            start,
            end: start + 6,
            column: ColumnId(0),
            line: 0,
        };
        test(&Batch {
            text: TEXT,
            values: &[value(0), value(7), value(14)],
            rows: Rows::One(&[0, 1, 2]),
            offsets: &OffsetMap::None,
        });
    }

    fn candidate() -> Candidate {
        Candidate {
            value: 0,
            span: 0..6,
            form: FormId(3),
            evidence: EvidenceSet::PASSED,
            near: Near::NONE,
            hash: 5,
            alone: false,
            again: false,
        }
    }

    #[test]
    fn a_cell_is_recalled_where_it_stands_now() {
        in_batch(|batch| {
            let mut memo = Memo::new();
            assert!(memo.is_good(0, 1));
            let mut found = Found {
                lists: true,
                ..Found::default()
            };
            let cell = &TEXT[..6];
            let unknown = memo.recall(cell, 1, place(0, 0, 0), true, &mut found);
            found.candidates.push(candidate());
            memo.remember(unknown.err().unwrap(), place(0, 0, 0), 0, batch, &mut found);
            assert!(
                memo.recall(cell, 1, place(1, 0, 7), true, &mut found)
                    .is_ok()
            );
            let again = &found.candidates[1];
            assert_eq!((again.value, again.span.clone()), (1, 7..13));
            assert!(
                memo.recall(cell, 2, place(1, 0, 7), true, &mut found)
                    .is_err()
            );
        });
    }

    #[test]
    fn what_comes_again_is_only_counted() {
        in_batch(|batch| {
            let mut memo = Memo::new();
            assert!(memo.is_good(0, 1));
            let mut found = Found::default();
            let cell = &TEXT[..6];
            let unknown = memo.recall(cell, 1, place(0, 0, 0), true, &mut found);
            found.candidates.push(candidate());
            memo.remember(unknown.err().unwrap(), place(0, 0, 0), 0, batch, &mut found);
            for (value, at) in [(1, 7), (2, 14)] {
                let known = memo.recall(cell, 1, place(value, 0, at), true, &mut found);
                assert!(known.is_ok());
            }
            assert_eq!((found.candidates.len(), found.repeated.len()), (1, 0));
            memo.hand_over(batch, &mut found);
            let Repeated { candidate, times } = &found.repeated[0];
            assert_eq!((candidate.value, candidate.span.clone()), (2, 14..20));
            assert_eq!((*times, found.repeated.len()), (2, 1));
            memo.hand_over(batch, &mut found);
            assert_eq!(found.repeated.len(), 1);
        });
    }

    #[test]
    fn columns_that_never_repeat_are_left_alone() {
        let mut memo = Memo::new();
        let mut found = Found::default();
        for value in 0..TRIALS {
            assert!(memo.is_good(0, 1));
            let cell = value.to_string();
            let unknown = memo.recall(cell.as_bytes(), 1, place(value, 0, 0), true, &mut found);
            assert!(matches!(unknown, Err(Unknown(Some(_)))));
        }
        assert!(!memo.is_good(0, 1));
        let unknown = memo.recall(b"x", 1, place(0, 0, 0), true, &mut found);
        assert!(matches!(unknown, Err(Unknown(None))));
        memo.start_chunk();
        assert!(!memo.is_good(0, 1), "the column goes on in the next chunk");
        assert!(memo.is_good(0, 2), "another plan, another column");
        let unknown = memo.recall(b"x", 2, place(0, 0, 0), true, &mut found);
        assert!(matches!(unknown, Err(Unknown(Some(_)))));
    }
}
