//! The search for forms that can start anywhere, each by itself.

use std::ops::Range;

use super::FormId;
use crate::error::Error;

/// Forms that can start anywhere: tried on every value, which is slow; `speur rules check` warns about them.
pub(super) struct Loose {
    any: regex::bytes::RegexSet,
    each: Vec<regex::bytes::Regex>,
    /// The number of the first of them.
    first: usize,
}

impl Loose {
    pub(super) fn new(patterns: &[&str], first: usize) -> Result<Self, Error> {
        let wrong = |error: regex::Error| Error::rule(error.to_string());
        let any = regex::bytes::RegexSetBuilder::new(patterns)
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

    /// Whether one of these forms is such a form.
    pub(super) fn applies(&self, forms: &[u64]) -> bool {
        (self.first..self.first + self.each.len())
            .any(|form| forms[form / 64] >> (form % 64) & 1 == 1)
    }

    /// Whether one of all of them may match somewhere in a value.
    pub(super) fn may_match(&self, bytes: &[u8]) -> bool {
        self.any.is_match(bytes)
    }

    /// Calls `found` with each match of the plan's forms.
    pub(super) fn search(
        &self,
        bytes: &[u8],
        plan: &[u64],
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
