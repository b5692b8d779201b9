//! How well detectors do: labelled data, and what rule sets make of it.
//!
//! `generate/` makes labelled exports, `truth.rs` reads what beside them says which cells hold what, `eval/` runs the
//! engine over a corpus and measures, `fit/` looks for weights that do better there. `lint.rs` and `examples.rs` look at rules by themselves. Nothing here detects anything: findings come from [`Scan`](crate::scan::Scan), as
//! everywhere else.

pub mod compare;
pub mod corpora;
pub mod eval;
pub mod examples;
pub mod explain;
pub mod fit;
pub mod generate;
pub mod import;
pub mod labels;
pub mod lint;
pub mod seed;
pub mod shape;
pub mod truth;
