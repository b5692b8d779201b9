//! How sure: evidence adds up to a probability.
//!
//! A value speaks with an [`EvidenceSet`], a column with its [`ColumnFacts`](column::ColumnFacts). Confidence is a pure
//! function of both, so tallies of evidence sets are enough to know how many findings pass a threshold. What evidence weighs, in
//! log-odds, stands in `rule/weights.yaml`; `column.rs` says how it combines with what a column's values show.

mod column;
mod distinct;
mod prior;
mod rivals;
mod shared;
mod tally;
mod weigh;

pub(crate) use column::{ColumnFacts, ColumnVerdict, judge_table};
pub(crate) use distinct::Distinct;
pub(crate) use prior::reach;
pub(crate) use tally::{ColumnTally, DIGESTS, Example, Few, FormTally};
pub(crate) use weigh::Weighed;

/// What speaks for or against a candidate in the value itself and right beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct EvidenceSet(pub(crate) u8);

impl EvidenceSet {
    /// All checks are passed (or there are none).
    pub(crate) const PASSED: Self = Self(1);
    /// A list of words doesn't know it; all other checks are passed.
    pub(crate) const UNLISTED: Self = Self(2);
    /// A check fails: no finding, but it counts in the column's statistics.
    pub(crate) const FAILED: Self = Self(4);
    /// It is the whole cell.
    pub(crate) const WHOLE: Self = Self(8);
    /// A word nearby speaks for it.
    pub(crate) const NEAR: Self = Self(16);
    /// A word nearby speaks for something that looks the same.
    pub(crate) const RIVAL_NEAR: Self = Self(32);
    /// It is a test value or a placeholder.
    pub(crate) const PLACEHOLDER: Self = Self(64);
    /// A word for it stands right before it; it has [`NEAR`](Self::NEAR), too.
    pub(crate) const LABEL: Self = Self(128);

    /// Whether it has all of these.
    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Where it stands, which decides what it is compared with.
    pub(crate) fn stratum(self) -> Stratum {
        if self.has(Self::WHOLE) {
            Stratum::Whole
        } else if self.has(Self::LABEL) {
            Stratum::Label
        } else if self.has(Self::NEAR) {
            Stratum::Near
        } else {
            Stratum::Text
        }
    }
}

impl std::ops::BitOr for EvidenceSet {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Candidates are compared with others that stand alike: of whole cells, the share that passes says something of the
/// column; of numbers with their name beside them, it says nothing of those without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Stratum {
    /// Whole cells.
    Whole,
    /// In a text, right behind a word for it.
    Label,
    /// In a text, with a word nearby that speaks for it.
    Near,
    /// In a text, by itself.
    Text,
}

/// `ln(p / (1 - p))`, within ±12 so that no evidence is beyond all doubt.
pub(crate) fn logit(p: f64) -> f64 {
    let p = p.clamp(6.2e-6, 1.0 - 6.2e-6);
    (p / (1.0 - p)).ln()
}

/// The probability of these log-odds.
pub(crate) fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}
