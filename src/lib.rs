//! Finds personal data in exports, archives and backups, and reports where it lives.

pub mod error;
pub mod event;
pub mod format;
pub mod input;
pub mod raw;
pub mod rule;
pub mod scan;

pub use error::Error;
