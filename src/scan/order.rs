//! Values and candidates of a batch in another order. They are few for each place, so that counting sorts them.

use crate::detect::{Candidate, Placed};
use crate::format::{Batch, Rows, Value};

/// The values of a batch, column by column.
#[derive(Default)]
pub(super) struct ByColumn {
    /// The values, by column.
    values: Vec<Placed>,
    /// Where those of each column end.
    ends: Vec<u32>,
}

impl ByColumn {
    /// Sorts values by column; gives each column that has some, with their places.
    pub(super) fn sort(
        &mut self,
        batch: &Batch<'_>,
        columns: usize,
    ) -> impl Iterator<Item = (usize, &[Placed])> {
        count(
            &mut self.ends,
            columns,
            batch.values.iter().map(|value| value.column.0),
        );
        self.values.resize(batch.values.len(), Placed::default());
        let mut place = |value: &Value, placed: Placed| {
            let at = &mut self.ends[value.column.0 as usize];
            self.values[*at as usize] = placed;
            *at += 1;
        };
        let values = (0..).zip(batch.values);
        match batch.rows {
            Rows::One(rows) => values
                .zip(rows)
                .for_each(|((index, value), &row)| place(value, Placed::new(index, value, row))),
            Rows::Many { .. } => {
                values.for_each(|(index, value)| place(value, Placed::new(index, value, 0)));
            }
        }
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let ranges = starts.zip(self.ends.iter().copied()).enumerate();
        ranges
            .filter(|(_, (start, end))| start < end)
            .map(|(column, (start, end))| (column, &self.values[start as usize..end as usize]))
    }
}

/// The candidates of a batch in the order of its values, which is not that in which they were found.
#[derive(Default)]
pub(super) struct InOrder {
    places: Vec<u32>,
    /// Where those of each value end.
    ends: Vec<u32>,
}

impl InOrder {
    /// The places of the candidates; those of one value stay in their order.
    pub(super) fn sort(&mut self, candidates: &[Candidate], values: usize) -> &[u32] {
        self.places.clear();
        if candidates.is_empty() {
            return &self.places;
        }
        count(
            &mut self.ends,
            values,
            candidates.iter().map(|candidate| candidate.value),
        );
        self.places.resize(candidates.len(), 0);
        for (place, candidate) in (0..).zip(candidates) {
            let at = &mut self.ends[candidate.value as usize];
            self.places[*at as usize] = place;
            *at += 1;
        }
        &self.places
    }
}

/// Where those of each of some numbers start, which come as often as `all` says.
fn count(starts: &mut Vec<u32>, numbers: usize, all: impl Iterator<Item = u32>) {
    starts.clear();
    starts.resize(numbers, 0);
    all.for_each(|number| starts[number as usize] += 1);
    let mut start = 0;
    for here in starts {
        start += std::mem::replace(here, start);
    }
}
