//! CSV: all findings, one a row, for spreadsheets and scripts.
//!
//! A cell that a spreadsheet would take for a formula starts with an apostrophe, as OWASP recommends; all texts are
//! quoted, so that no other delimiter cuts one in two.

use std::borrow::Cow;
use std::io::{self, Write};

use csv::QuoteStyle;

use super::escape::escaped;
use super::{Detail, Report, ReportOptions, ReportWriter};
use crate::event::{Event, Finding, fingerprint_text, thousandths};

/// The `csv` report.
pub(super) struct Csv;

impl Report for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["csv"]
    }

    fn detail(&self) -> Detail {
        Detail::Findings
    }

    fn start<'w>(
        &self,
        out: Box<dyn Write + Send + 'w>,
        options: &ReportOptions,
    ) -> io::Result<Box<dyn ReportWriter + 'w>> {
        let mut writer = csv::WriterBuilder::new()
            .quote_style(QuoteStyle::NonNumeric)
            .buffer_capacity(1 << 16)
            .from_writer(out);
        let header = HEADER
            .iter()
            .filter(|name| options.reveal || **name != "value");
        writer.write_record(header)?;
        Ok(Box::new(Writer {
            writer,
            reveal: options.reveal,
        }))
    }
}

const HEADER: [&str; 15] = [
    "detector",
    "category",
    "file",
    "member",
    "table",
    "column",
    "row",
    "line",
    "start",
    "end",
    "masked",
    "value",
    "fingerprint",
    "confidence",
    "evidence",
];

struct Writer<'w> {
    writer: csv::Writer<Box<dyn Write + Send + 'w>>,
    reveal: bool,
}

impl ReportWriter for Writer<'_> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Finding(finding) => self.finding(finding),
            _ => Ok(()),
        }
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Writer<'_> {
    fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        let out = &mut self.writer;
        let place = &finding.place;
        for text in [
            Some(&*finding.detector.id),
            Some(&*finding.detector.category),
            Some(&*place.file),
            place.member.as_deref(),
            place.table.as_deref(),
            place.column.as_deref(),
        ] {
            out.write_field(inert(text.unwrap_or_default()).as_bytes())?;
        }
        for number in [Some(finding.row), finding.line, finding.start, finding.end] {
            let text = number.map(|number| number.to_string());
            out.write_field(text.unwrap_or_default())?;
        }
        out.write_field(inert(&finding.masked).as_bytes())?;
        if self.reveal {
            out.write_field(inert(finding.value.as_deref().unwrap_or_default()).as_bytes())?;
        }
        out.write_field(fingerprint_text(finding.fingerprint))?;
        out.write_field(format!(
            "{}",
            f64::from(thousandths(finding.confidence)) / 1000.0
        ))?;
        out.write_field(inert(&finding.evidence.join("; ")).as_bytes())?;
        out.write_record(None::<&[u8]>)?;
        Ok(())
    }
}

/// The text as a cell that is nothing but text: unsafe characters spelled out, and no formula.
pub(super) fn inert(text: &str) -> Cow<'_, str> {
    let text = escaped(text);
    // Full-width forms count as the same in some spreadsheets; leading spaces are dropped by some.
    let first = text.trim_start().chars().next();
    match first {
        Some('=' | '+' | '-' | '@' | '|' | '%' | '＝' | '＋' | '－' | '＠') => {
            Cow::Owned(format!("'{text}"))
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_text() {
        for (text, cell) in [
            ("=cmd|'/c calc'!A1", "'=cmd|'/c calc'!A1"),
            ("+31 6", "'+31 6"),
            (" -1", "' -1"),
            ("\t=1", "\\t=1"),
            ("＠SUM", "'＠SUM"),
            ("a=1", "a=1"),
            ("", ""),
        ] {
            assert_eq!(inert(text), cell);
        }
    }
}
