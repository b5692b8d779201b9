//! Reports: each turns the events of a scan into a document of one format.
//!
//! Nothing here reads data or knows a rule; a report sees [`Event`]s and nothing else, in the same order whatever the
//! format: `scan` first, then for each input its findings, its columns and its file record, `summary` last.
//! To add a format: one file beside this one, its `mod` line and its entry in [`REPORTS`].

use std::io::{self, Write};

use crate::event::Event;

mod escape;
mod grid;
mod json;
mod layout;
mod ndjson;
mod overview;
mod record;
mod table;

pub use escape::{SafeJson, escaped, escaped_lines, is_unsafe};
pub(crate) use grid::{Cell, Grid, Track, counted, wrapped};
pub(crate) use overview::input_name;

/// All report formats; the command line offers them in this order.
pub static REPORTS: &[&dyn Report] = &[&table::Table, &json::Json, &ndjson::Ndjson];

/// A format of reports.
pub trait Report: Sync {
    /// The name for `--format`: lower case, such as `ndjson`.
    fn name(&self) -> &'static str;

    /// The file extensions that mean it, lower case, without the dot.
    fn extensions(&self) -> &'static [&'static str];

    /// Whether single findings are wanted.
    fn detail(&self) -> Detail;

    /// Starts a document.
    fn start<'w>(
        &self,
        out: Box<dyn Write + Send + 'w>,
        options: &ReportOptions,
    ) -> io::Result<Box<dyn ReportWriter + 'w>>;
}

/// A document being written.
pub trait ReportWriter: Send {
    /// Takes the next event.
    fn event(&mut self, event: &Event) -> io::Result<()>;

    /// Writes what is left. A document dropped without it is incomplete.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// How deep a report looks. When no report wants findings, the engine keeps none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Columns, files and totals.
    Columns,
    /// Every single finding, too.
    Findings,
}

/// How a document is to look.
#[derive(Clone, Copy, Debug)]
pub struct ReportOptions {
    /// Whether escape sequences for colour may be written.
    pub color: bool,
    /// Characters in a line, for formats made of lines; at least 80 are used.
    pub width: usize,
    /// Whether the events hold raw values, which a document for people says.
    pub reveal: bool,
    /// Whether inputs with nothing to say are named, too.
    pub verbose: bool,
}

impl Default for ReportOptions {
    fn default() -> Self {
        Self {
            color: false,
            width: 100,
            reveal: false,
            verbose: false,
        }
    }
}

/// The report format of this name.
pub fn by_name(name: &str) -> Option<&'static dyn Report> {
    REPORTS.iter().copied().find(|report| report.name() == name)
}

/// The report format of this file extension, in any case.
pub fn by_extension(extension: &str) -> Option<&'static dyn Report> {
    let extension = extension.to_lowercase();
    REPORTS
        .iter()
        .copied()
        .find(|report| report.extensions().contains(&extension.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_extensions_are_unique() {
        let mut names: Vec<_> = REPORTS.iter().map(|report| report.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), REPORTS.len());
        let all: Vec<_> = REPORTS
            .iter()
            .flat_map(|report| report.extensions())
            .collect();
        let mut unique = all.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), all.len());
        assert_eq!(by_extension("NDJSON").map(Report::name), Some("ndjson"));
    }
}
