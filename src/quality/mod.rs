//! How well detectors do: labelled data, and what rule sets make of it.
//!
//! `generate/` makes labelled exports, `truth.rs` reads what beside them says which cells hold what, `eval/` runs the
//! engine over a corpus and measures. Nothing here detects anything: findings come from [`Scan`](crate::scan::Scan), as
//! everywhere else.

pub mod eval;
pub mod generate;
pub mod truth;
