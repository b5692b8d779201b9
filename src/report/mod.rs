//! Reports: each turns the events of a scan into a document of one format.
//!
//! Nothing here reads data or knows a rule; a report sees [`Event`]s and nothing else, in the same order whatever the
//! format: `scan` first, then for each input its findings, its columns and its file record, `summary` last.
//! To add a format: one file beside this one, its `mod` line and its entry in [`REPORTS`].

use std::io::{self, Write};

use crate::event::Event;

mod csv;
mod escape;
mod gather;
mod grid;
mod html;
mod json;
mod junit;
mod layout;
pub mod load;
mod markdown;
mod ndjson;
mod overview;
pub(crate) mod page;
#[cfg(feature = "parquet")]
mod parquet;
mod reasons;
mod record;
mod sarif;
mod table;
mod words;
#[cfg(feature = "report-xlsx")]
mod xlsx;

pub use escape::{SafeJson, escaped, escaped_lines, is_unsafe};
pub(crate) use grid::{Cell, Grid, Track, counted, wrapped};
pub(crate) use markdown::code as code_span;
pub(crate) use overview::input_name;
use table::{rounded, size};
pub(crate) use words::filled;
pub use words::{LANGUAGES, Lang};

/// All report formats; the command line offers them in this order.
pub static REPORTS: &[&dyn Report] = &[
    &table::Table,
    &html::Html,
    &json::Json,
    &ndjson::Ndjson,
    #[cfg(feature = "archives")]
    &ndjson::Compressed,
    #[cfg(feature = "parquet")]
    &parquet::Parquet,
    &csv::Csv,
    #[cfg(feature = "report-xlsx")]
    &xlsx::Xlsx,
    &markdown::Markdown,
    &sarif::Sarif,
    &junit::Junit,
];

/// A format of reports.
pub trait Report: Sync {
    /// The name for `--format`: lower case, such as `ndjson`.
    fn name(&self) -> &'static str;

    /// The file extensions that mean it, lower case, without the first dot.
    fn extensions(&self) -> &'static [&'static str];

    /// Whether a terminal would make nothing of it.
    fn is_binary(&self) -> bool {
        false
    }

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
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line, and none depends on another"
)]
pub struct ReportOptions {
    /// Whether escape sequences for colour may be written.
    pub color: bool,
    /// Characters in a line, for formats made of lines; at least 40 are used.
    pub width: usize,
    /// Whether the events hold raw values, which a document for people says.
    pub reveal: bool,
    /// Whether inputs with nothing to say are named, too.
    pub verbose: bool,
    /// The language of documents for people.
    pub lang: Lang,
    /// Whether it is said what to do next.
    pub hints: bool,
}

impl Default for ReportOptions {
    fn default() -> Self {
        Self {
            color: false,
            width: 100,
            reveal: false,
            verbose: false,
            lang: Lang::En,
            hints: false,
        }
    }
}

/// The report format of this name.
pub fn by_name(name: &str) -> Option<&'static dyn Report> {
    REPORTS.iter().copied().find(|report| report.name() == name)
}

/// The report format of a file of this name: by the longest extension that one has, in any case.
pub fn by_file_name(name: &str) -> Option<&'static dyn Report> {
    let name = name.to_lowercase();
    let fits = |extension: &&str| {
        let stem = name.strip_suffix(*extension);
        stem.is_some_and(|stem| stem.is_empty() || stem.ends_with('.'))
    };
    REPORTS
        .iter()
        .copied()
        .flat_map(|report| report.extensions().iter().map(move |name| (report, *name)))
        .filter(|(_, extension)| fits(extension))
        .max_by_key(|(_, extension)| extension.len())
        .map(|(report, _)| report)
}

#[cfg(test)]
mod tests;
