//! How sure: evidence adds up to a probability.
//!
//! A value speaks with an [`EvidenceSet`], a column with its [`ColumnFacts`](column::ColumnFacts). Confidence is a pure
//! function of both, so tallies of evidence sets are enough to know how many findings pass a threshold. The figures of
//! this table are log-odds; `column.rs` says how they combine with what a column's values show.

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

/// Log-odds that evidence weighs; natural logarithms, above 0 for and below 0 against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weights {
    /// The header is the detector's word.
    pub(crate) header_exactly: f64,
    /// The header holds the detector's word.
    pub(crate) header_partly: f64,
    /// The path above the column holds it.
    pub(crate) header_above: f64,
    /// The header is about the thing (`email_verified`).
    pub(crate) header_about: f64,
    /// The rule says that this header means something else.
    pub(crate) header_otherwise: f64,
    /// The header is the word of a rival, and not the detector's own.
    pub(crate) header_rival: f64,
    /// A word nearby speaks for it.
    pub(crate) near: f64,
    /// A word for it stands right before it, as a label does: `BSN: 123456782`.
    pub(crate) label: f64,
    /// A word nearby speaks for a rival.
    pub(crate) rival_near: f64,
    /// It is a placeholder.
    pub(crate) placeholder: f64,
    /// The same where the header is the detector's word, or most cells are its values: demonstration data have little else.
    pub(crate) placeholder_named: f64,
    /// Other columns of the table are certain to hold data of persons.
    pub(crate) neighbours: f64,
    /// Other columns of the table are certain to hold data of the detector's country.
    pub(crate) country: f64,
    /// Another detector is certain of most of the column's cells, and this one has few.
    pub(crate) guest: f64,
    /// Another form of the same detector is certain in the column.
    pub(crate) sibling: f64,
    /// No cell of the column but this one has the shape (scaled by the share of cells that do not).
    pub(crate) odd_one: f64,
    /// The same for what a list of names tells apart: a column of names has hardly anything else.
    pub(crate) odd_name: f64,
    /// The column holds no more than two different values in many rows.
    pub(crate) constant: f64,
    /// The most that a list of words adds where the header doesn't speak for it: lists know much by accident.
    pub(crate) list_most: f64,
    /// The same where the header is the word of something that is no name.
    pub(crate) list_most_named: f64,
}

/// The weights in force.
pub(crate) const WEIGHTS: Weights = Weights {
    header_exactly: 6.5,
    header_partly: 3.5,
    header_above: 1.5,
    header_about: -3.0,
    header_otherwise: -5.0,
    header_rival: -3.5,
    near: 4.0,
    label: 6.0,
    rival_near: -2.5,
    placeholder: -5.0,
    placeholder_named: -2.0,
    neighbours: 1.0,
    country: 1.5,
    guest: -3.0,
    sibling: 2.0,
    odd_one: -2.0,
    odd_name: -5.0,
    constant: -2.5,
    list_most: 6.0,
    list_most_named: 3.0,
};

/// `ln(p / (1 - p))`, within ±12 so that no evidence is beyond all doubt.
pub(crate) fn logit(p: f64) -> f64 {
    let p = p.clamp(6.2e-6, 1.0 - 6.2e-6);
    (p / (1.0 - p)).ln()
}

/// The probability of these log-odds.
pub(crate) fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}
