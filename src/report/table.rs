//! The table: what a scan found, for people at a terminal.
//!
//! It answers in this order: is there personal data and how much; in which columns of which files, what kind, in how
//! many rows, how sure; what was not read and why; totals. Nothing is left out without saying how much.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufWriter, Write};

use anstyle::{AnsiColor, Style};

use super::grid::{Cell, counted, paint, shown_width, wrapped};
use super::layout::{Layout, bold, by_rank, column_rank, dimmed, group, rank, table_rank};
use super::overview::{Ending, InputFound, Named, Overview, TableFound, input_name};
use super::{Detail, Lang, Report, ReportOptions, ReportWriter, escaped};
use crate::event::{ColumnRecord, Event, Summary};

/// Characters of a line below which the table doesn't go.
const LEAST_WIDTH: usize = 40;

/// The `table` report.
pub(super) struct Table;

impl Report for Table {
    fn name(&self) -> &'static str {
        "table"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["txt"]
    }

    fn detail(&self) -> Detail {
        Detail::Columns
    }

    fn start<'w>(
        &self,
        out: Box<dyn Write + Send + 'w>,
        options: &ReportOptions,
    ) -> io::Result<Box<dyn ReportWriter + 'w>> {
        Ok(Box::new(Writer {
            out: BufWriter::new(out),
            options: ReportOptions {
                width: options.width.max(LEAST_WIDTH),
                ..*options
            },
            overview: Overview::new(options.verbose),
        }))
    }
}

struct Writer<'w> {
    out: BufWriter<Box<dyn Write + Send + 'w>>,
    options: ReportOptions,
    overview: Overview,
}

impl ReportWriter for Writer<'_> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.overview.take(event);
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        let summary = self.overview.summary.take().unwrap_or_default();
        self.headline(&summary)?;
        self.found()?;
        self.clean()?;
        self.asides()?;
        self.pseudonyms()?;
        self.policies()?;
        self.totals(&summary)?;
        self.out.flush()
    }
}

impl Writer<'_> {
    /// The answer, in a line or two.
    fn headline(&mut self, summary: &Summary) -> io::Result<()> {
        if summary.interrupted {
            let text = "Stopped before the end: this is what was found until then.";
            self.line(text, bold().fg_color(Some(AnsiColor::Red.into())))?;
        }
        if let Some(text) = Lang::En.sampled(summary) {
            self.line(&text, bold().fg_color(Some(AnsiColor::Yellow.into())))?;
        }
        let read = summary.files.scanned + summary.files.partial;
        let mut parts = Vec::new();
        let hashed = self.overview.pseudonyms.len() as u64;
        let of_hashes = plural(hashed, "column", "columns") + " of hashes that are personal data";
        if self.overview.inputs.is_empty() && hashed > 0 {
            parts.push(of_hashes);
        } else if self.overview.inputs.is_empty() {
            let what = match summary.baseline {
                Some(_) => "Nothing new",
                None => "No personal data",
            };
            parts.push(match (read, summary.unread) {
                (0, 0) => "Nothing to read.".to_owned(),
                (0, _) => "Nothing could be read.".to_owned(),
                (_, 0) => format!("{what} found in {}.", plural(read, "file", "files")),
                (..) => format!(
                    "{what} found in what could be read of {}.",
                    plural(read, "file", "files")
                ),
            });
        } else {
            parts.push(format!(
                "{} in {} of {} {}",
                self.columns_found(),
                counted(self.overview.inputs.len() as u64),
                plural(read.max(self.overview.inputs.len() as u64), "file", "files"),
                if self.single_place() {
                    "holds personal data"
                } else {
                    "hold personal data"
                },
            ));
            if summary.subjects_estimate > 0 {
                let people = rounded(summary.subjects_estimate);
                parts.push(format!("about {}", plural(people, "person", "people")));
            }
            parts.push(self.categories_found());
            if hashed > 0 {
                parts.push(of_hashes);
            }
        }
        if summary.unread > 0 && read > 0 {
            parts.push(format!("{} not read in full", counted(summary.unread)));
        }
        let text = parts.join(" · ");
        self.line(&text, bold())
    }

    fn columns(&self) -> impl Iterator<Item = &ColumnRecord> {
        let tables = self.overview.inputs.iter().flat_map(|input| &input.tables);
        tables.flat_map(|table| &table.columns)
    }

    fn single_place(&self) -> bool {
        self.columns().count() == 1
    }

    /// `12 columns and 2 texts`: plain text has no columns.
    fn columns_found(&self) -> String {
        let texts = self
            .columns()
            .filter(|column| column.place.column.is_none())
            .count() as u64;
        let columns = self.columns().count() as u64 - texts;
        match (columns, texts) {
            (0, texts) => plural(texts, "text", "texts"),
            (columns, 0) => plural(columns, "column", "columns"),
            (columns, texts) => format!(
                "{} and {}",
                plural(columns, "column", "columns"),
                plural(texts, "text", "texts")
            ),
        }
    }

    /// In how many columns each category is, most sensitive first.
    fn categories_found(&self) -> String {
        let mut counts = BTreeMap::new();
        for column in self.columns() {
            let of_column: BTreeSet<&str> = column
                .detectors
                .iter()
                .map(|detector| &*detector.category)
                .collect();
            for category in of_column {
                *counts.entry((rank(category), category)).or_insert(0u64) += 1;
            }
        }
        let texts: Vec<_> = counts
            .iter()
            .map(|((_, category), count)| format!("{} {}", counted(*count), escaped(category)))
            .collect();
        texts.join(", ")
    }

    /// Every column with personal data, grouped by input and table.
    fn found(&mut self) -> io::Result<()> {
        let mut inputs = std::mem::take(&mut self.overview.inputs);
        inputs.sort_by_key(|input| {
            group(input.tables.iter().map(table_rank).min().unwrap_or(u8::MAX))
        });
        for table in inputs.iter_mut().flat_map(|input| &mut input.tables) {
            table.columns.sort_by_key(column_rank);
        }
        let layout = Layout::of(&inputs, self.options.width);
        for input in &inputs {
            self.blank()?;
            self.input_heading(input)?;
            for table in &input.tables {
                self.table_heading(input, table)?;
                let header = layout.grid.line(&layout.header(), self.options.color);
                writeln!(self.out, "{header}")?;
                for column in &table.columns {
                    self.column(&layout, column)?;
                }
            }
        }
        Ok(())
    }

    fn input_heading(&mut self, input: &InputFound) -> io::Result<()> {
        let name = input_name(&input.file, input.member.as_deref());
        let mut facts = String::new();
        if let Some(format) = &input.format {
            facts = format!(" · {}", escaped(format));
        }
        if let [only] = &*input.tables
            && only.table.is_none()
        {
            let rows = plural(only.rows, "row", "rows");
            facts = match input.sampled_of {
                None => format!("{facts} · {rows}"),
                Some(all) => format!(
                    "{facts} · {} of {}",
                    counted(only.rows),
                    plural(all, "row", "rows")
                ),
            };
        }
        let lines = wrapped(&escaped(&name), self.options.width);
        let last = lines.len() - 1;
        for (index, text) in lines.iter().enumerate() {
            let mut line = String::new();
            paint(&mut line, text, bold().underline(), self.options.color);
            let fits = shown_width(text) + shown_width(&facts) <= self.options.width;
            if index == last && fits {
                paint(&mut line, &facts, dimmed(), self.options.color);
                facts.clear();
            }
            writeln!(self.out, "{line}")?;
        }
        // Beside a long name there is no room for more.
        match facts.strip_prefix(" · ") {
            Some(facts) => self.hanging(2, facts, dimmed()),
            None => Ok(()),
        }
    }

    fn table_heading(&mut self, input: &InputFound, table: &TableFound) -> io::Result<()> {
        let name = match &table.table {
            Some(name) => escaped(name),
            None if input.tables.len() > 1 => "(no table)".into(),
            None => return Ok(()),
        };
        let text = format!("{name} · {}", plural(table.rows, "row", "rows"));
        for line in wrapped(&text, self.options.width - 2) {
            writeln!(self.out, "  {line}")?;
        }
        Ok(())
    }

    fn column(&mut self, layout: &Layout, column: &ColumnRecord) -> io::Result<()> {
        for (index, detector) in by_rank(column).into_iter().enumerate() {
            let mut cells = layout.cells(column, detector);
            if index > 0 {
                cells[0] = Cell::default();
            }
            let line = layout.grid.line(&cells, self.options.color);
            writeln!(self.out, "{line}")?;
            if let Some(accepted) = column.accepted.as_ref().filter(|_| index == 0) {
                let text = format!(
                    "accepted by {}: {}",
                    escaped(&accepted.who),
                    escaped(&accepted.why)
                );
                self.hanging(6, &text, dimmed())?;
            }
            if detector.invalid > 0 {
                let text = format!(
                    "{} in this column fail the check: probably damaged",
                    plural(detector.invalid, "value", "values")
                );
                self.hanging(6, &text, dimmed())?;
            }
            if self.options.verbose && !detector.evidence.is_empty() {
                let text = format!("why: {}", escaped(&detector.evidence.join(", ")));
                self.hanging(6, &text, dimmed())?;
            }
        }
        Ok(())
    }

    /// Inputs with nothing found.
    fn clean(&mut self) -> io::Result<()> {
        let clean = std::mem::take(&mut self.overview.clean);
        if clean.count == 0 {
            return Ok(());
        }
        self.blank()?;
        let hint = if self.options.verbose {
            ""
        } else {
            " (-v names them)"
        };
        let text = format!(
            "Nothing found in {}{hint}",
            plural(clean.count, "file", "files")
        );
        self.line(&text, Style::new())?;
        if self.options.verbose {
            for name in &clean.names {
                self.hanging(2, &escaped(name), Style::new())?;
            }
        }
        Ok(())
    }

    /// What was not read in full, and what else should be known.
    fn asides(&mut self) -> io::Result<()> {
        let reasons = std::mem::take(&mut self.overview.reasons);
        let mut before = None;
        for ((ending, reason), named) in &reasons {
            let noted = *ending == Ending::Noted;
            if before != Some(noted) {
                self.blank()?;
                let heading = if noted {
                    "Good to know"
                } else {
                    "Not read in full"
                };
                self.line(heading, bold())?;
                before = Some(noted);
            }
            self.aside(*ending, reason, named)?;
        }
        Ok(())
    }

    /// Columns of hashes whose plain values are known.
    fn pseudonyms(&mut self) -> io::Result<()> {
        let pseudonyms = std::mem::take(&mut self.overview.pseudonyms);
        if !pseudonyms.is_empty() {
            self.blank()?;
            self.line("Pseudonyms", bold())?;
        }
        for pseudonym in &pseudonyms {
            let place = &pseudonym.place;
            let input = input_name(&place.file, place.member.as_deref());
            let names = place.table.iter().chain(&place.column);
            let names: Vec<&str> = names.map(|name| &**name).collect();
            let text = format!(
                "{} › {} is {}",
                escaped(&input),
                escaped(&names.join(" › ")),
                escaped(&pseudonym.sentence())
            );
            self.hanging(2, &text, Style::new())?;
        }
        Ok(())
    }

    /// Policies, and decisions that need a look.
    fn policies(&mut self) -> io::Result<()> {
        let policies = std::mem::take(&mut self.overview.policies);
        let decisions = std::mem::take(&mut self.overview.decisions);
        if policies.iter().any(|policy| policy.met) {
            self.blank()?;
            self.line("Policies", bold())?;
        }
        for policy in policies.iter().filter(|policy| policy.met) {
            let text = format!(
                "violated {} ({}), {}",
                escaped(&policy.policy),
                escaped(&policy.source),
                plural(policy.count, "place", "places")
            );
            self.hanging(2, &text, Style::new().fg_color(Some(AnsiColor::Red.into())))?;
            for place in policy.places.iter().take(5) {
                self.hanging(4, &escaped(place), Style::new())?;
            }
        }
        if !decisions.is_empty() {
            self.blank()?;
            self.line("Decisions to look at", bold())?;
        }
        for decision in &decisions {
            let text = format!(
                "{:<7} {} {} ({})",
                escaped(&decision.status),
                escaped(&decision.decision),
                escaped(&decision.about),
                escaped(&decision.source)
            );
            self.hanging(2, &text, Style::new())?;
        }
        Ok(())
    }

    fn aside(&mut self, ending: Ending, reason: &str, named: &Named) -> io::Result<()> {
        let (word, color) = match ending {
            Ending::Failed => ("failed", AnsiColor::Red),
            Ending::Partial => ("partial", AnsiColor::Yellow),
            Ending::Skipped => ("skipped", AnsiColor::Cyan),
            Ending::Noted => ("note", AnsiColor::Cyan),
        };
        let style = Style::new().fg_color(Some(color.into()));
        for (index, line) in wrapped(&escaped(reason), self.options.width - 11)
            .iter()
            .enumerate()
        {
            let mut text = String::from("  ");
            let word = if index == 0 { word } else { "" };
            paint(&mut text, &format!("{word:<7}"), style, self.options.color);
            writeln!(self.out, "{text}  {line}")?;
        }
        for name in &named.names {
            self.hanging(13, &escaped(name), Style::new())?;
        }
        let unnamed = named.count - named.names.len() as u64;
        if unnamed > 0 {
            let text = format!("and {} more (-v names them)", counted(unnamed));
            self.hanging(13, &text, dimmed())?;
        }
        Ok(())
    }

    fn totals(&mut self, summary: &Summary) -> io::Result<()> {
        self.blank()?;
        let (files, sizes) = (&summary.files, &summary.sizes);
        let mut parts = vec![format!(
            "{} scanned",
            plural(files.scanned, "file", "files")
        )];
        for (count, bytes, word) in [
            (files.partial, sizes.partial, "partial"),
            (files.skipped, sizes.skipped, "skipped"),
            (files.failed, sizes.failed, "failed"),
        ] {
            match bytes {
                _ if count == 0 => {}
                0 => parts.push(format!("{} {word}", counted(count))),
                _ => parts.push(format!(
                    "{} {word} ({})",
                    counted(count),
                    size(bytes as f64)
                )),
            }
        }
        let mut parts = vec![
            parts.join(", "),
            size(summary.bytes as f64),
            plural(summary.findings, "finding", "findings"),
            format!("{:.2} s", summary.seconds),
        ];
        if summary.seconds > 0.0 {
            let speed = size(summary.bytes as f64 / summary.seconds);
            parts.push(format!("{speed}/s"));
        }
        self.line(&parts.join(" · "), dimmed())?;
        if self.options.hints && summary.findings > 0 {
            let text = "Next: `-o report.html` makes a document for people, `-o result.parquet` a result for `speur report` and `speur diff`; `--explain FILE:COLUMN` says why.";
            self.line(text, dimmed())?;
        }
        if self.options.reveal {
            self.line(
                "Values are shown as they are (--reveal): this is personal data itself.",
                bold(),
            )?;
        }
        Ok(())
    }

    fn blank(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    fn line(&mut self, text: &str, style: Style) -> io::Result<()> {
        self.hanging(0, text, style)
    }

    /// Text in as many lines as it needs, all with the same indent.
    fn hanging(&mut self, indent: usize, text: &str, style: Style) -> io::Result<()> {
        for part in wrapped(text, self.options.width - indent) {
            let mut line = " ".repeat(indent);
            paint(&mut line, &part, style, self.options.color);
            writeln!(self.out, "{line}")?;
        }
        Ok(())
    }
}

/// The count with its noun.
fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", counted(count), if count == 1 { one } else { many })
}

/// An estimate to two digits.
pub(super) fn rounded(estimate: u64) -> u64 {
    let unit = 10_u64.saturating_pow(estimate.checked_ilog10().unwrap_or(0).saturating_sub(1));
    (estimate / unit + u64::from(estimate % unit >= unit.div_ceil(2) && unit > 1))
        .saturating_mul(unit)
}

/// Bytes in decimal units.
pub(super) fn size(bytes: f64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"];
    let mut value = bytes;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 || value >= 99.5 {
        format!("{value:.0} {}", units[unit])
    } else {
        format!("{value:.1} {}", units[unit])
    }
}

#[cfg(test)]
mod tests;
