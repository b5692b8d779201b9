//! Values broken by spaces and hyphens of several bytes, with one byte for each of them.
//!
//! `+33\u{202f}6\u{202f}12…`, as it is typeset in French, and an IBAN copied from a web page: patterns allow for one space
//! between groups. Few texts have such marks, so a batch that does is made anew, with the way back to the stored bytes.

use std::ops::Range;

use crate::detect::marks::narrow;
use crate::format::{Batch, OffsetMap, OffsetPiece, Span, Value};

/// A batch made anew.
pub(super) struct Narrowed {
    text: Vec<u8>,
    values: Vec<Value>,
    offsets: OffsetMap,
}

impl Narrowed {
    /// The values of a batch, which lie in `part` of its text, made anew; none where lines are counted piece by piece.
    pub(super) fn of(batch: &Batch<'_>, part: Range<usize>) -> Option<Self> {
        if matches!(batch.offsets, OffsetMap::Lined { .. }) {
            return None;
        }
        let mut pieces = Vec::new();
        let mut text = Vec::with_capacity(part.len());
        // The marks: where each ends in the batch's text, and how much shorter the new text is up to there.
        let mut shorter: Vec<(usize, usize)> = Vec::new();
        let mut from = part.start;
        let copy = |range: Range<usize>, text: &mut Vec<u8>, pieces: &mut Vec<OffsetPiece>| {
            let at = text.len() as u32;
            let (start, end) = (range.start as u32, range.end as u32);
            batch.offsets.copy_pieces(start, end, at, pieces);
            text.extend_from_slice(&batch.text[range]);
        };
        let mut at = part.start;
        while let Some(next) = memchr::memchr2(0xC2, 0xE2, &batch.text[at..part.end]) {
            let place = at + next;
            at = place + 1;
            let Some((len, byte)) = narrow(batch.text, place) else {
                continue;
            };
            copy(from..place, &mut text, &mut pieces);
            let end = place + len;
            if let Some((stored, behind)) = batch.offsets.stored(place as u32, end as u32) {
                pieces.push(OffsetPiece {
                    text: text.len() as u32,
                    stored,
                    span: Span::Whole(u16::try_from(behind - stored).unwrap_or(u16::MAX)),
                });
            }
            text.push(byte);
            shorter.push((end, end - part.start - text.len()));
            (from, at) = (end, end);
        }
        copy(from..part.end, &mut text, &mut pieces);
        // Values ascend, and no end of one lies within a mark: letters or digits stand on both sides of it.
        let mut marks = shorter.iter().peekable();
        let mut less = 0;
        let mut moved = |place: u32| {
            while let Some(&(_, by)) = marks.next_if(|(end, _)| *end <= place as usize) {
                less = by;
            }
            place - part.start as u32 - less as u32
        };
        let values = batch.values.iter().map(|value| Value {
            start: moved(value.start),
            end: moved(value.end),
            ..*value
        });
        Some(Self {
            values: values.collect(),
            text,
            offsets: match batch.offsets {
                OffsetMap::None => OffsetMap::None,
                _ => OffsetMap::Pieces(pieces),
            },
        })
    }

    /// The batch; its values occur in the same records.
    pub(super) fn batch<'n>(&'n self, of: &Batch<'n>) -> Batch<'n> {
        Batch {
            text: &self.text,
            values: &self.values,
            offsets: &self.offsets,
            ..*of
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{ColumnId, Rows};

    #[test]
    fn marks_take_one_byte_and_places_lead_back() {
        let text = "x;é 06–12\u{a0}34;20\u{a0}€;AB\u{202f}1";
        let ends: Vec<u32> = (0..)
            .zip(text.bytes())
            .filter(|(_, byte)| *byte == b';')
            .map(|(at, _)| at)
            .collect();
        let starts = std::iter::once(0).chain(ends.iter().map(|end| end + 1));
        let values: Vec<Value> = starts
            .zip(ends.iter().copied().chain([text.len() as u32]))
            .map(|(start, end)| Value {
                start,
                end,
                column: ColumnId(0),
                line: 0,
            })
            .collect();
        let batch = Batch {
            text: text.as_bytes(),
            values: &values,
            rows: Rows::One(&[0, 1, 2, 3]),
            offsets: &OffsetMap::Shift(100),
        };
        // The first value lies before the part.
        let inner = Batch {
            values: &values[1..],
            rows: Rows::One(&[1, 2, 3]),
            ..batch
        };
        let narrowed = Narrowed::of(&inner, 2..text.len()).unwrap();
        let made = narrowed.batch(&inner);
        let texts: Vec<&str> = made
            .values
            .iter()
            .map(|value| {
                std::str::from_utf8(&made.text[value.start as usize..value.end as usize]).unwrap()
            })
            .collect();
        assert_eq!(texts, ["é 06-12 34", "20\u{a0}€", "AB 1"]);
        for (value, old) in made.values.iter().zip(inner.values) {
            let stored = (100 + u64::from(old.start), 100 + u64::from(old.end));
            assert_eq!(made.offsets.stored(value.start, value.end), Some(stored));
        }
        let digits = made.values[0].end - 2;
        let there = 100 + text.find("34").unwrap() as u64;
        assert_eq!(
            made.offsets.stored(digits, digits + 2),
            Some((there, there + 2))
        );
    }
}
