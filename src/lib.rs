//! Finds personal data in exports, archives and backups, and reports where it lives.

pub mod baseline;
pub mod cli;
pub mod compare;
pub mod decisions;
mod detect;
pub mod error;
pub mod event;
pub mod format;
#[cfg(any(fuzzing, test))]
pub mod fuzz;
pub mod input;
pub mod quality;
pub mod raw;
pub mod report;
pub mod rule;
pub mod scan;
mod score;
pub mod validate;

pub use error::Error;
