//! Which records are looked at when only a sample is wanted.
//!
//! A record is chosen by a hash of its place: its first stored byte or, where the format numbers rows itself, its number.
//! So the choice depends on the data alone and not on threads or blocks, it is spread over the whole input, and the
//! columns of a row go together. Everything is still read and counted: rows, lines and offsets stay true.

use std::fmt;

use crate::error::Problem;
use crate::format::{Batch, ColumnId, Part, Rows, Sink, Value};

/// How much of each input is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sample {
    /// This share of its records, above 0 and below 1.
    Share(f64),
    /// About this many records.
    Rows(u64),
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Sample::Share(share) => write!(f, "{}%", (share * 1e8).round() / 1e6),
            Sample::Rows(rows) => write!(f, "{rows} rows"),
        }
    }
}

/// Which records of one input are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// All.
    All,
    /// Those whose hash is below this.
    Below(u64),
    /// All that start within the first `enough` behind `from`, and from there on ever fewer: where the size isn't known,
    /// each doubling of it adds the same number.
    Falling { from: u64, enough: u64 },
}

impl Choice {
    fn share(share: f64) -> Self {
        if share >= 1.0 {
            return Choice::All;
        }
        #[expect(
            clippy::cast_sign_loss,
            reason = "shares are above 0; a float that is too large saturates"
        )]
        let below = (share * u64::MAX as f64) as u64;
        Choice::Below(below)
    }

    /// Whether the record that starts at this place is looked at.
    pub(super) fn takes(self, place: u64) -> bool {
        match self {
            Choice::All => true,
            Choice::Below(bound) => hash(place) < bound,
            Choice::Falling { from, enough } => {
                let past = place.saturating_sub(from).max(1);
                u128::from(hash(place)) * u128::from(past) < u128::from(enough) << 64
            }
        }
    }

    /// How many of these rows are left out.
    pub(super) fn left_out(self, rows: std::ops::Range<u64>) -> u64 {
        if self == Choice::All {
            return 0;
        }
        // Rows that a damaged file only claims to have may be beyond counting; every so many stands for those around it.
        let step = ((rows.end.saturating_sub(rows.start) >> 27) + 1) as usize;
        let left = rows.step_by(step).filter(|&row| !self.takes(row)).count();
        (left as u64).saturating_mul(step as u64)
    }
}

/// Spreads places evenly: the finaliser of splitmix64.
fn hash(place: u64) -> u64 {
    let mut mixed = place.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Bytes in which records are counted, to know how long they are.
const PROBED: u64 = 64 << 10;

/// Sees where the first records start. Until it has seen enough, chunks wait.
#[derive(Debug, Default)]
pub(super) struct Probe {
    first: Option<u64>,
    last: u64,
    records: u64,
    row: Option<u32>,
    full: bool,
    numbered: bool,
}

impl Probe {
    /// Looks at the next chunk; whether that is enough.
    pub(super) fn look(&mut self, part: &Part) -> bool {
        self.numbered = part.first_row.is_some();
        if !self.numbered && !self.full {
            self.row = None;
            part.chunk.read(self);
        }
        self.numbered || self.full
    }

    /// Which records of an input of `len` bytes, or of `rows` rows, are looked at, as far as either is known.
    pub(super) fn choice(&self, sample: Sample, len: Option<u64>, rows: Option<u64>) -> Choice {
        let wanted = match sample {
            Sample::Share(share) => return Choice::share(share),
            Sample::Rows(wanted) => wanted,
        };
        let part_of = |all: u64| Choice::share(wanted as f64 / all.max(1) as f64);
        if self.numbered {
            let falling = Choice::Falling {
                from: 0,
                enough: wanted,
            };
            return rows.map_or(falling, part_of);
        }
        if !self.full {
            return part_of(self.records);
        }
        let from = self.first.unwrap_or(0);
        // Up to the last record seen, which is not counted itself.
        let (bytes, records) = (self.last - from, self.records - 1);
        let enough = u128::from(wanted) * u128::from(bytes) / u128::from(records.max(1));
        let enough = u64::try_from(enough).unwrap_or(u64::MAX);
        match len {
            Some(len) => Choice::share(enough as f64 / len.saturating_sub(from).max(1) as f64),
            None => Choice::Falling { from, enough },
        }
    }

    fn value(&mut self, row: u32, place: u64) {
        if self.full || self.row.replace(row) == Some(row) {
            return;
        }
        let first = *self.first.get_or_insert(place);
        self.records += 1;
        self.last = place.max(first);
        self.full = self.records > 1 && self.last - first >= PROBED;
    }
}

impl Sink for Probe {
    fn column(&mut self, _: &str) -> ColumnId {
        ColumnId(0)
    }

    fn batch(&mut self, batch: Batch<'_>) {
        for (index, value) in batch.values.iter().enumerate() {
            let place = batch.offsets.stored(value.start, value.start);
            if let (Some(&row), Some((place, _))) = (batch.rows.of(index).first(), place) {
                self.value(row, place);
            }
        }
    }

    fn problem(&mut self, _: Problem) {}
}

/// Leaves the values of other records out of a chunk's batches.
#[derive(Default)]
pub(super) struct Sieve {
    values: Vec<Value>,
    ends: Vec<u32>,
    rows: Vec<u32>,
    /// The table and row of the last value, and whether they are looked at.
    last: Option<(u32, u32, bool)>,
    /// For each of the chunk's tables, how many records were left out.
    pub(super) left_out: Vec<u64>,
    /// Whether there were values of which no place is known: they all stay.
    pub(super) unplaced: bool,
}

impl Sieve {
    /// The batch without values of other records. `table_of` gives the chunk's number of a column's table.
    pub(super) fn sift<'s>(
        &'s mut self,
        batch: &Batch<'s>,
        choice: Choice,
        first_row: Option<u64>,
        table_of: impl Fn(ColumnId) -> u32,
    ) -> Batch<'s> {
        if choice == Choice::All {
            return *batch;
        }
        self.values.clear();
        self.ends.clear();
        self.rows.clear();
        for (index, value) in batch.values.iter().enumerate() {
            let before = self.rows.len();
            for &row in batch.rows.of(index) {
                let taken = match first_row {
                    Some(first) => choice.takes(first + u64::from(row)),
                    None => self.takes(batch, value, row, table_of(value.column), choice),
                };
                if taken {
                    self.rows.push(row);
                }
            }
            if self.rows.len() > before {
                self.values.push(*value);
                self.ends.push(self.rows.len() as u32);
            }
        }
        let rows = match batch.rows {
            Rows::One(_) => Rows::One(&self.rows),
            Rows::Many { .. } => Rows::Many {
                ends: &self.ends,
                rows: &self.rows,
            },
        };
        Batch {
            values: &self.values,
            rows,
            ..*batch
        }
    }

    /// Whether a record is looked at: its first value decides.
    fn takes(
        &mut self,
        batch: &Batch<'_>,
        value: &Value,
        row: u32,
        table: u32,
        choice: Choice,
    ) -> bool {
        if let Some((last_table, last_row, taken)) = self.last
            && (last_table, last_row) == (table, row)
        {
            return taken;
        }
        let Some((place, _)) = batch.offsets.stored(value.start, value.start) else {
            self.unplaced = true;
            return true;
        };
        let taken = choice.takes(place);
        self.last = Some((table, row, taken));
        if !taken {
            let table = table as usize;
            if self.left_out.len() <= table {
                self.left_out.resize(table + 1, 0);
            }
            self.left_out[table] += 1;
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_spread_evenly() {
        let choice = Choice::share(0.1);
        for places in [0..10_000, 1_000_000..1_010_000] {
            let left = choice.left_out(places);
            assert!((8_800..9_200).contains(&left), "{left}");
        }
        assert_eq!(Choice::share(1.0), Choice::All);
    }

    #[test]
    fn each_doubling_adds_the_same() {
        let choice = Choice::Falling {
            from: 500,
            enough: 1000,
        };
        let taken = |from: u64, to: u64| to - from - choice.left_out(from..to);
        assert_eq!(taken(500, 1500), 1000);
        for doubling in [(1_500, 2_500), (2_500, 4_500), (100_500, 200_500)] {
            let taken = taken(doubling.0, doubling.1);
            assert!((600..800).contains(&taken), "{taken}");
        }
    }

    #[test]
    fn rows_wanted_become_a_share_of_the_size() {
        let mut probe = Probe::default();
        let rows = Sample::Rows(100);
        (0..10).for_each(|row| probe.value(row, 1000 + 20 * u64::from(row)));
        assert_eq!(probe.choice(rows, Some(1200), None), Choice::All);
        assert_eq!(
            probe.choice(Sample::Rows(5), None, None),
            Choice::share(0.5)
        );
        (10..5000).for_each(|row| probe.value(row, 1000 + 20 * u64::from(row)));
        assert!(probe.full);
        assert_eq!(probe.choice(rows, Some(201_000), None), Choice::share(0.01));
        let falling = Choice::Falling {
            from: 1000,
            enough: 2000,
        };
        assert_eq!(probe.choice(rows, None, None), falling);
    }
}
