//! Names that are values: a column called `jan@post.nl`, because a header row was missing or a key was one.
//!
//! Names of tables and columns appear in every report, so what is surely personal in them is masked like a value.

use super::{Column, ColumnPlan, Found, Matcher, Placed, Scratch, mask::mask};
use crate::format::{Batch, ColumnId, OffsetMap, Rows, Value};
use crate::raw::Raw;
use crate::rule::{Category, Mask};
use crate::score::EvidenceSet;

/// Extensions of a file name that may stand behind a value: `jan@post.nl.csv.gz`.
const EXTENSIONS: usize = 2;
const SEPARATORS: [char; 2] = ['/', '\\'];
/// Digits in a row that are masked in a name, whatever they are.
const LONG_NUMBER: usize = 6;

/// The length of a path without its last part, in bytes: what is in a folder shares it.
pub(crate) fn folder_len(path: &str) -> usize {
    path.rfind(SEPARATORS).map_or(0, |last| last + 1)
}

impl Matcher {
    /// The name as it may be shown.
    pub(crate) fn veil(&self, name: &str, scratch: &mut Scratch) -> String {
        let value = Value {
            start: 0,
            end: name.len() as u32,
            column: ColumnId(0),
            line: 0,
        };
        let batch = Batch {
            text: name.as_bytes(),
            values: &[value],
            rows: Rows::One(&[0]),
            offsets: &OffsetMap::Shift(0),
        };
        let veiled = self.veiled(name, &batch, scratch, false);
        mask_long_numbers(&veiled)
    }

    /// The path of an input as it may be shown. Dates and counters are what tells files apart, so long numbers stay, but
    /// those that pass the check of a national number.
    pub(crate) fn veil_path(&self, path: &str, scratch: &mut Scratch) -> String {
        let parts = path.split_inclusive(SEPARATORS);
        parts
            .map(|part| self.veil_part(part, scratch, EXTENSIONS))
            .collect()
    }

    /// A part of a path; where nothing is found in it, it is looked at again without its extension.
    fn veil_part(&self, part: &str, scratch: &mut Scratch, extensions: usize) -> String {
        let value = Value {
            start: 0,
            end: part.len() as u32,
            column: ColumnId(0),
            line: 0,
        };
        let batch = Batch {
            text: part.as_bytes(),
            values: &[value],
            rows: Rows::One(&[0]),
            offsets: &OffsetMap::Shift(0),
        };
        let veiled = self.veiled(part, &batch, scratch, true);
        match part.rsplit_once('.') {
            Some((stem, extension)) if veiled == part && extensions > 0 => {
                self.veil_part(stem, scratch, extensions - 1) + "." + extension
            }
            _ => veiled,
        }
    }

    fn veiled(
        &self,
        name: &str,
        batch: &Batch<'_>,
        scratch: &mut Scratch,
        numbers: bool,
    ) -> String {
        let mut found = Found {
            lists: true,
            ..Found::default()
        };
        let column = Column {
            values: &[Placed::new(0, &batch.values[0], 0)],
            plan: self.personal.get_or_init(|| ColumnPlan::personal(self)),
            after: None,
        };
        Self::start_batch(scratch);
        self.find(batch, &column, scratch, &mut found);
        let mut veiled = String::with_capacity(name.len());
        let mut at = 0;
        for candidate in found.candidates {
            let form = &self.forms[usize::from(candidate.form.0)];
            let category = self.detectors[usize::from(form.detector.0)].rule.category;
            let number = numbers && category == Category::NationalId && form.chance < 0.5;
            let sure = candidate.evidence.has(EvidenceSet::PASSED)
                && !form.soft
                && (form.strength >= 0.0 || number);
            let (start, end) = (candidate.span.start as usize, candidate.span.end as usize);
            let Some(before) = name.get(at..start).filter(|_| sure) else {
                continue;
            };
            veiled.push_str(before);
            let rule = &self.detectors[usize::from(form.detector.0)].rule;
            mask(
                rule.mask,
                Raw::new(&name.as_bytes()[start..end]),
                &mut veiled,
            );
            at = end;
        }
        veiled.push_str(name.get(at..).unwrap_or_default());
        veiled
    }
}

fn mask_long_numbers(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, digits) = rest.split_at(start);
        let len = digits.bytes().take_while(u8::is_ascii_digit).count();
        out.push_str(before);
        if len >= LONG_NUMBER {
            mask(
                Mask::default(),
                Raw::new(&digits.as_bytes()[..len]),
                &mut out,
            );
        } else {
            out.push_str(&digits[..len]);
        }
        rest = &digits[len..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_in_names_are_masked() {
        assert_eq!(
            mask_long_numbers("order_111222333_v2"),
            "order_*********_v2"
        );
        assert_eq!(mask_long_numbers("email_2"), "email_2");
    }
}
