//! xlsx: a workbook with sheets for summary, columns, coverage, and pseudonyms and decisions where there are any.
//!
//! Texts are written as texts, so nothing from the data is ever a formula or a link. Single findings stay out: a sheet ends
//! at 1,048,576 rows.

use std::io::{self, Write};

use rust_xlsxwriter::{Format, FormatAlign, Workbook, Worksheet, XlsxError};

use super::gather::{Document, Gathered};
use super::layout::by_rank;
use super::reasons::{self, in_words};
use super::words::{Lang, Words};
use super::{Detail, Report, ReportOptions, ReportWriter, escaped};
use crate::event::{ColumnDetector, ColumnRecord, thousandths};

/// Characters of a cell at the most; Excel refuses 32,768.
const LONGEST: usize = 32_000;
/// Characters of a sheet's name at the most.
const LONGEST_NAME: usize = 31;
/// Rows of a sheet, below its header.
const ROWS: u32 = 1_000_000;

/// The `xlsx` report.
pub(super) struct Xlsx;

impl Report for Xlsx {
    fn name(&self) -> &'static str {
        "xlsx"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["xlsx"]
    }

    fn detail(&self) -> Detail {
        Detail::Columns
    }

    fn is_binary(&self) -> bool {
        true
    }

    fn start<'w>(
        &self,
        out: Box<dyn Write + Send + 'w>,
        options: &ReportOptions,
    ) -> io::Result<Box<dyn ReportWriter + 'w>> {
        Ok(Box::new(Document::new(out, *options, render)))
    }
}

fn render(gathered: &Gathered, options: &ReportOptions, out: &mut dyn Write) -> io::Result<()> {
    let bytes = workbook(gathered, options).map_err(io::Error::other)?;
    out.write_all(&bytes)
}

fn workbook(gathered: &Gathered, options: &ReportOptions) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let words = options.lang.words();
    summary(
        &mut Sheet::add(&mut book, words.summary, &[30.0, 16.0, 16.0])?,
        gathered,
        options,
    )?;
    columns(&mut book, gathered, words)?;
    if !gathered.pseudonyms.is_empty() {
        pseudonyms(&mut book, gathered, options)?;
    }
    coverage(&mut book, gathered, options.lang)?;
    if !gathered.decisions.is_empty() {
        decisions(&mut book, gathered, words)?;
    }
    book.save_to_buffer()
}

/// What goes into a cell.
enum Cell<'a> {
    Text(&'a str),
    Count(u64),
    /// Shown in percent.
    Share(f64),
}

struct Sheet<'b> {
    grid: &'b mut Worksheet,
    row: u32,
    percent: Format,
    count: Format,
    head: Format,
    wrap: Format,
}

impl<'b> Sheet<'b> {
    fn add(book: &'b mut Workbook, name: &str, widths: &[f64]) -> Result<Self, XlsxError> {
        let sheet = book.add_worksheet();
        // Excel refuses longer names.
        sheet.set_name(name.chars().take(LONGEST_NAME).collect::<String>())?;
        for (column, width) in (0..).zip(widths) {
            sheet.set_column_width(column, *width)?;
        }
        Ok(Self {
            grid: sheet,
            row: 0,
            percent: Format::new().set_num_format("0.0%"),
            count: Format::new().set_num_format("#,##0"),
            head: Format::new()
                .set_bold()
                .set_background_color(0x00E8_ECEF)
                .set_align(FormatAlign::Top),
            wrap: Format::new().set_align(FormatAlign::Top),
        })
    }

    fn header(&mut self, names: &[&str]) -> Result<(), XlsxError> {
        for (column, name) in (0..).zip(names) {
            self.grid
                .write_string_with_format(self.row, column, *name, &self.head)?;
        }
        self.row += 1;
        Ok(())
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), XlsxError> {
        if self.row > ROWS {
            return Ok(());
        }
        for (column, cell) in (0..).zip(cells) {
            match cell {
                Cell::Text(text) => {
                    let text: String = escaped(text).chars().take(LONGEST).collect();
                    if !text.is_empty() {
                        self.grid
                            .write_string_with_format(self.row, column, text, &self.wrap)?;
                    }
                }
                Cell::Count(count) => {
                    self.grid.write_number_with_format(
                        self.row,
                        column,
                        *count as f64,
                        &self.count,
                    )?;
                }
                Cell::Share(share) => {
                    self.grid
                        .write_number_with_format(self.row, column, *share, &self.percent)?;
                }
            }
        }
        self.row += 1;
        Ok(())
    }

    /// The header stays in sight, and each column can be filtered.
    fn finish(&mut self, columns: u16) -> Result<(), XlsxError> {
        self.grid.set_freeze_panes(1, 0)?;
        if self.row > 1 {
            self.grid.autofilter(0, 0, self.row - 1, columns - 1)?;
        }
        Ok(())
    }
}

fn summary(
    sheet: &mut Sheet<'_>,
    gathered: &Gathered,
    options: &ReportOptions,
) -> Result<(), XlsxError> {
    let words = options.lang.words();
    let summary = &gathered.summary;
    sheet.header(&[words.title, ""])?;
    let note = if options.reveal {
        words.revealed
    } else {
        words.confidential
    };
    sheet.row(&[Cell::Text(note)])?;
    if summary.interrupted {
        sheet.row(&[Cell::Text(words.interrupted)])?;
    }
    if let Some(text) = options.lang.sampled(summary) {
        sheet.row(&[Cell::Text(&text)])?;
    }
    sheet.row(&[])?;
    let found = gathered.columns.len() as u64 + gathered.more_columns;
    for (name, count) in [
        (words.people, summary.subjects_estimate),
        (words.columns, found),
        (words.tables, gathered.tables),
        (words.inputs, gathered.inputs),
        (words.findings, summary.findings),
        (words.scanned, summary.files.scanned),
        (words.partial, summary.files.partial),
        (words.skipped, summary.files.skipped),
        (words.failed, summary.files.failed),
    ] {
        sheet.row(&[Cell::Text(name), Cell::Count(count)])?;
    }
    sheet.row(&[])?;
    sheet.header(&[words.category_word, words.columns, words.findings])?;
    for category in gathered.categories() {
        let name = words.category(&category.name);
        sheet.row(&[
            Cell::Text(&name),
            Cell::Count(category.columns),
            Cell::Count(category.findings),
        ])?;
    }
    for policy in &gathered.policies {
        let verdict = if policy.met {
            words.policy_met
        } else {
            words.policy_holds
        };
        sheet.row(&[
            Cell::Text(&policy.policy),
            Cell::Text(verdict),
            Cell::Count(policy.count),
        ])?;
    }
    Ok(())
}

fn columns(book: &mut Workbook, gathered: &Gathered, words: &Words) -> Result<(), XlsxError> {
    let widths = [
        34.0, 26.0, 18.0, 24.0, 18.0, 16.0, 10.0, 10.0, 9.0, 10.0, 9.0, 40.0, 50.0, 20.0,
    ];
    let mut sheet = Sheet::add(book, words.all_columns, &widths)?;
    sheet.header(&[
        words.input,
        words.member,
        words.table,
        words.column,
        words.detector,
        words.category_word,
        words.findings,
        words.rows,
        words.share,
        words.distinct,
        words.sure,
        words.examples,
        words.evidence,
        words.accepted,
    ])?;
    for column in &gathered.columns {
        for found in by_rank(column) {
            column_row(&mut sheet, (gathered, words), column, found)?;
        }
    }
    sheet.finish(14)
}

fn column_row(
    sheet: &mut Sheet<'_>,
    (gathered, words): (&Gathered, &Words),
    column: &ColumnRecord,
    found: &ColumnDetector,
) -> Result<(), XlsxError> {
    let place = &column.place;
    let category = words.category(&found.category);
    let accepted = column.accepted.as_ref();
    let accepted = accepted.map_or(String::new(), |accepted| words.acceptance(accepted));
    let name_of = |id: &str| gathered.name_of(id, words).to_owned();
    let evidence = found.evidence.iter();
    let evidence: Vec<String> = evidence
        .map(|reason| in_words(words, name_of, reason))
        .collect();
    sheet.row(&[
        Cell::Text(&place.file),
        Cell::Text(place.member.as_deref().unwrap_or_default()),
        Cell::Text(place.table.as_deref().unwrap_or_default()),
        Cell::Text(place.column.as_deref().unwrap_or_default()),
        Cell::Text(&found.detector),
        Cell::Text(&category),
        Cell::Count(found.matches),
        Cell::Count(found.rows),
        Cell::Share(found.rows as f64 / column.rows.max(1) as f64),
        Cell::Count(found.distinct),
        Cell::Share(f64::from(thousandths(found.confidence)) / 1000.0),
        Cell::Text(&found.examples.join("; ")),
        Cell::Text(&evidence.join("; ")),
        Cell::Text(&accepted),
    ])
}

fn pseudonyms(
    book: &mut Workbook,
    gathered: &Gathered,
    options: &ReportOptions,
) -> Result<(), XlsxError> {
    let words = options.lang.words();
    let mut sheet = Sheet::add(
        book,
        words.pseudonyms,
        &[34.0, 26.0, 18.0, 24.0, 18.0, 90.0],
    )?;
    sheet.header(&[
        words.input,
        words.member,
        words.table,
        words.column,
        words.detector,
        words.evidence,
    ])?;
    for pseudonym in &gathered.pseudonyms {
        let place = &pseudonym.place;
        sheet.row(&[
            Cell::Text(&place.file),
            Cell::Text(place.member.as_deref().unwrap_or_default()),
            Cell::Text(place.table.as_deref().unwrap_or_default()),
            Cell::Text(place.column.as_deref().unwrap_or_default()),
            Cell::Text(&pseudonym.of),
            Cell::Text(&options.lang.pseudonym(pseudonym)),
        ])?;
    }
    sheet.finish(6)
}

fn coverage(book: &mut Workbook, gathered: &Gathered, lang: Lang) -> Result<(), XlsxError> {
    let words = lang.words();
    let mut sheet = Sheet::add(book, words.coverage, &[50.0, 30.0, 12.0, 14.0, 12.0, 80.0])?;
    sheet.header(&[
        words.input,
        words.member,
        words.format,
        words.status,
        words.bytes,
        words.reason,
    ])?;
    for file in &gathered.noted {
        sheet.row(&[
            Cell::Text(&file.file),
            Cell::Text(file.member.as_deref().unwrap_or_default()),
            Cell::Text(file.format.as_deref().unwrap_or_default()),
            Cell::Text(words.status_of(file.status)),
            Cell::Count(file.bytes),
            Cell::Text(&reasons::coverage(
                lang,
                file.reason.as_deref().unwrap_or_default(),
            )),
        ])?;
    }
    if gathered.more_noted > 0 {
        sheet.row(&[
            Cell::Text(words.coverage_more),
            Cell::Count(gathered.more_noted),
        ])?;
    }
    sheet.finish(6)
}

/// What became of each decision, those first that need a look.
fn decisions(book: &mut Workbook, gathered: &Gathered, words: &Words) -> Result<(), XlsxError> {
    let mut sheet = Sheet::add(book, words.decisions, &[12.0, 14.0, 50.0, 30.0, 60.0, 12.0])?;
    sheet.header(&[
        words.status,
        words.kind,
        words.decision,
        words.place,
        words.why,
        words.number,
    ])?;
    for decision in gathered.decisions_in_order() {
        sheet.row(&[
            Cell::Text(&words.decision_status(&decision.status)),
            Cell::Text(&words.decision_kind(&decision.decision)),
            Cell::Text(&decision.about),
            Cell::Text(&decision.source),
            Cell::Text(&words.decided(decision)),
            Cell::Count(decision.count),
        ])?;
    }
    sheet.finish(6)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::event::{Acceptance, DecisionRecord, Place, PseudonymRecord};

    #[test]
    fn a_workbook_with_pseudonyms_is_made_in_all_languages() {
        let pseudonym = PseudonymRecord {
            place: Arc::new(Place {
                file: "a.csv".into(),
                column: Some("hash".into()),
                member: None,
                table: None,
            }),
            algorithm: "MD5".into(),
            of: "email".into(),
            category: "contact".into(),
            text: "as it stands".into(),
            matched: 3,
            compared: 4,
            enumerated: false,
        };
        let mut gathered = Gathered::default();
        gathered.pseudonyms.push(pseudonym);
        for lang in [Lang::En, Lang::Nl] {
            let options = ReportOptions {
                lang,
                ..ReportOptions::default()
            };
            let book = workbook(&gathered, &options).unwrap();
            assert!(book.starts_with(b"PK"));
        }
    }

    #[cfg(feature = "archives")]
    #[test]
    fn decisions_are_a_sheet_in_the_language_of_the_report() {
        use std::io::Read as _;
        let mut gathered = Gathered::default();
        gathered.decisions.push(DecisionRecord {
            decision: "ignore".into(),
            about: "tmp/**".into(),
            source: "speur.yaml, ignore 1".into(),
            status: "unused".into(),
            acceptance: Some(Acceptance {
                who: "speur.yaml".into(),
                why: "scratch".into(),
                until: None,
            }),
            count: 0,
        });
        let options = ReportOptions {
            lang: Lang::Nl,
            ..ReportOptions::default()
        };
        let book = workbook(&gathered, &options).unwrap();
        let mut parts = zip::ZipArchive::new(io::Cursor::new(book)).unwrap();
        let mut texts = String::new();
        let mut strings = parts.by_name("xl/sharedStrings.xml").unwrap();
        strings.read_to_string(&mut texts).unwrap();
        for text in ["Onderdeel", "genegeerd", "ongebruikt", "Genegeerd: scratch"] {
            assert!(texts.contains(&format!(">{text}<")), "{text}: {texts}");
        }
    }
}
