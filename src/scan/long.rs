//! Values that are too long to be searched at once: they are searched in parts, so that what is found in one of them waits
//! nowhere, however long it is.

use crate::format::{Batch, Rows, Value};

/// A value is searched in parts no longer than this, in bytes.
const LONGEST_VALUE: usize = 64 << 10;
/// Bytes of such parts that are searched together.
const TOGETHER: usize = 1 << 20;

/// The values of a batch, long ones in parts.
#[derive(Default)]
pub(super) struct Parts {
    values: Vec<Value>,
    rows: Vec<u32>,
    ends: Vec<u32>,
}

/// Whether a batch may have values that are searched in parts.
pub(super) fn has_long(batch: &Batch<'_>) -> bool {
    // All of them are looked at, some at a time: nearly always none is.
    const { assert!(LONGEST_VALUE.is_power_of_two()) };
    let bits = batch.values.iter().map(|value| value.end - value.start);
    bits.fold(0, |all, len| all | len) as usize >= LONGEST_VALUE
}

impl Parts {
    /// Calls `give` with batches of the same values, in which each is short. With each come the indices of values that only
    /// go on, so that none is counted twice.
    pub(super) fn each(&mut self, batch: &Batch<'_>, mut give: impl FnMut(&Batch<'_>, &[usize])) {
        let mut more = Vec::new();
        let mut bytes = 0;
        for (index, value) in batch.values.iter().enumerate() {
            let rows = batch.rows.of(index);
            let mut start = value.start as usize;
            let end = value.end as usize;
            let mut filled = false;
            let mut line = value.line;
            loop {
                let stop = part_end(batch.text, start, end);
                let part = Value {
                    start: start as u32,
                    end: stop as u32,
                    line,
                    ..*value
                };
                if !batch.text[start..stop].trim_ascii().is_empty()
                    && std::mem::replace(&mut filled, true)
                {
                    more.push(self.values.len());
                }
                self.values.push(part);
                self.rows.extend_from_slice(rows);
                self.ends.push(self.rows.len() as u32);
                bytes += stop - start;
                if bytes >= TOGETHER {
                    self.give(batch, &mut more, &mut give);
                    bytes = 0;
                }
                if stop == end {
                    break;
                }
                // Each part counts its own, or a value of many parts would be gone through once for each.
                line += batch.line_ends(start as u32, stop as u32);
                start = stop;
            }
        }
        self.give(batch, &mut more, &mut give);
    }

    fn give(
        &mut self,
        batch: &Batch<'_>,
        more: &mut Vec<usize>,
        give: &mut impl FnMut(&Batch<'_>, &[usize]),
    ) {
        let rows = match batch.rows {
            Rows::One(_) => Rows::One(&self.rows),
            Rows::Many { .. } => Rows::Many {
                ends: &self.ends,
                rows: &self.rows,
            },
        };
        let values = &self.values;
        give(
            &Batch {
                values,
                rows,
                ..*batch
            },
            more,
        );
        self.values.clear();
        self.rows.clear();
        self.ends.clear();
        more.clear();
    }
}

/// Where the part of a value that starts at `start` ends: between words, where there are any.
fn part_end(text: &[u8], start: usize, end: usize) -> usize {
    if end - start <= LONGEST_VALUE {
        return end;
    }
    let part = &text[start..start + LONGEST_VALUE];
    let half = LONGEST_VALUE / 2;
    let space = part[half..].iter().rposition(u8::is_ascii_whitespace);
    start + space.map_or(LONGEST_VALUE, |at| half + at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{ColumnId, OffsetMap};

    #[test]
    fn a_long_value_is_cut_between_words() {
        let text = [b"short".to_vec(), b"word ".repeat(40_000)].concat();
        let value = |start: usize, end: usize| Value {
            start: start as u32,
            end: end as u32,
            column: ColumnId(0),
            line: 0,
        };
        let batch = Batch {
            text: &text,
            values: &[value(0, 5), value(5, text.len())],
            rows: Rows::One(&[0, 1]),
            offsets: &OffsetMap::Shift(0),
        };
        assert!(has_long(&batch));
        let (mut parts, mut again) = (Vec::new(), 0);
        Parts::default().each(&batch, |batch, more| {
            assert!(!has_long(batch));
            let rows = (0..batch.values.len()).map(|index| batch.rows.of(index).to_vec());
            parts.extend(batch.values.iter().copied().zip(rows));
            again += more.len();
        });
        assert_eq!(
            parts.first().map(|(part, rows)| (part.end, &rows[..])),
            Some((5, &[0][..]))
        );
        assert_eq!(
            again,
            parts.len() - 2,
            "all but the first part of each value"
        );
        for pair in parts[1..].windows(2) {
            assert_eq!(pair[0].0.end, pair[1].0.start);
            assert!(text[..pair[0].0.end as usize].ends_with(b" "));
            assert_eq!(pair[1].1, [1]);
        }
        assert_eq!(
            parts.last().map(|(part, _)| part.end as usize),
            Some(text.len())
        );
    }
}
