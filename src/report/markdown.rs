//! Markdown that pastes into a pull request: what was found, what was not read, which policies were met.
//!
//! Everything from the data stands in code spans: there it is no HTML, no mention, no link and no emphasis. Long results
//! are cut to what a comment may hold, and say so.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::gather::Gathered;
use super::layout::{by_rank, share};
use super::overview::input_name;
use super::reasons::coverage;
use super::words::{Lang, Words, filled};
use super::{Detail, Report, ReportOptions, ReportWriter, escaped};
use crate::event::{ColumnDetector, ColumnRecord, FileRecord, Place, Status, thousandths};

/// Columns of hashes listed.
const PSEUDONYMS: usize = 20;
/// Decisions listed.
const DECISIONS: usize = 20;
/// Characters of a document at the most: GitHub takes 65,536 in a comment.
const LONGEST: usize = 60_000;
/// Of which those behind the table of columns may take up this many.
const RESERVED: usize = 15_000;

/// The `markdown` report.
pub(super) struct Markdown;

impl Report for Markdown {
    fn name(&self) -> &'static str {
        "markdown"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["md", "markdown"]
    }

    fn detail(&self) -> Detail {
        Detail::Columns
    }

    fn start<'w>(
        &self,
        out: Box<dyn Write + Send + 'w>,
        options: &ReportOptions,
    ) -> io::Result<Box<dyn ReportWriter + 'w>> {
        Ok(Box::new(super::gather::Document::new(out, *options, write)))
    }
}

fn write(gathered: &Gathered, options: &ReportOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page {
        text: String::new(),
        words: options.lang.words(),
        lang: options.lang,
    };
    page.head(gathered, options.reveal);
    page.policies(gathered);
    page.columns(gathered);
    page.pseudonyms(gathered);
    page.decisions(gathered);
    page.unread(gathered);
    page.foot(gathered);
    out.write_all(page.text.as_bytes())
}

struct Page {
    text: String,
    words: &'static Words,
    lang: Lang,
}

impl Page {
    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn head(&mut self, gathered: &Gathered, reveal: bool) {
        let words = self.words;
        let summary = &gathered.summary;
        self.line(&format!("## {}\n", words.title));
        if summary.interrupted {
            self.line(&format!("**{}**\n", words.interrupted));
        }
        if let Some(text) = self.lang.sampled(summary) {
            self.line(&format!("**{text}**\n"));
        }
        if reveal {
            self.line(&format!("**{}**\n", words.revealed));
        }
        if gathered.columns.is_empty() {
            let hashes = gathered.pseudonyms.len();
            self.line(&format!("{}\n", self.lang.only_hashes(hashes, summary)));
        } else {
            let found = [
                (
                    gathered.columns.len() as u64 + gathered.more_columns,
                    words.columns,
                ),
                (gathered.inputs, words.inputs),
                (summary.findings, words.findings),
            ];
            let mut parts: Vec<String> = found
                .iter()
                .map(|(count, name)| format!("**{}** {name}", self.lang.counted(*count)))
                .collect();
            if summary.subjects_estimate > 0 {
                parts.push(format!(
                    "{} **{}** {}",
                    words.about,
                    self.lang.counted(super::rounded(summary.subjects_estimate)),
                    words.people
                ));
            }
            self.line(&format!("{}\n", parts.join(" · ")));
            let categories: Vec<String> = gathered
                .categories()
                .iter()
                .map(|category| {
                    format!(
                        "{} ({})",
                        words.category(&category.name),
                        self.lang.counted(category.columns)
                    )
                })
                .collect();
            self.line(&format!("{}\n", categories.join(", ")));
        }
    }

    fn policies(&mut self, gathered: &Gathered) {
        if gathered.policies.is_empty() {
            return;
        }
        let words = self.words;
        self.line(&format!(
            "| {} | {} | {} |\n| --- | --- | --- |",
            words.policy, words.verdict, words.places
        ));
        for policy in gathered.policies.iter().take(100) {
            let verdict = if policy.met {
                words.policy_met
            } else {
                words.policy_holds
            };
            let places: Vec<String> = policy.places.iter().take(3).map(|p| code(p)).collect();
            let more = self.lang.more_places(policy, places.len());
            let mut places = places.join(", ");
            if !places.is_empty() && !more.is_empty() {
                places.push(' ');
            }
            places.push_str(&more);
            self.line(&format!(
                "| {} | {verdict} | {} |",
                code(&policy.policy),
                places
            ));
        }
        self.line("");
    }

    fn columns(&mut self, gathered: &Gathered) {
        if gathered.columns.is_empty() {
            return;
        }
        let words = self.words;
        self.line(&format!(
            "| {} | {} | {} | {} | {} | {} |",
            words.place, words.kind, words.rows, words.share, words.sure, words.examples
        ));
        self.line("| --- | --- | ---: | ---: | ---: | --- |");
        let mut shown = 0;
        for column in &gathered.columns {
            let rows = column_rows(words, column, self.lang);
            if self.text.len() + rows.len() > LONGEST - RESERVED {
                break;
            }
            self.text.push_str(&rows);
            shown += 1;
        }
        let left = gathered.columns.len() as u64 - shown + gathered.more_columns;
        self.line("");
        if left > 0 {
            self.line(&format!(
                "{} {}\n",
                self.lang.counted(left),
                words.columns_left_out
            ));
        }
    }

    fn pseudonyms(&mut self, gathered: &Gathered) {
        if gathered.pseudonyms.is_empty() {
            return;
        }
        let words = self.words;
        self.line(&format!(
            "### {}\n\n{}\n",
            words.pseudonyms, words.pseudonyms_hint
        ));
        for pseudonym in gathered.pseudonyms.iter().take(PSEUDONYMS) {
            let place = place(words, &pseudonym.place);
            self.line(&format!("- {place}: {}", self.lang.pseudonym(pseudonym)));
        }
        let left = gathered.pseudonyms.len().saturating_sub(PSEUDONYMS);
        if left > 0 {
            let left = self.lang.counted(left as u64);
            self.line(&format!("- {left} {}", words.columns_left_out));
        }
        self.line("");
    }

    /// What became of each decision, those first that need a look.
    fn decisions(&mut self, gathered: &Gathered) {
        if gathered.decisions.is_empty() {
            return;
        }
        let words = self.words;
        self.line(&format!("### {}\n", words.decisions));
        self.line(&format!(
            "| {} | {} | {} |\n| --- | --- | --- |",
            words.status, words.decision, words.why
        ));
        let mut shown = 0;
        for decision in gathered.decisions_in_order().take(DECISIONS) {
            let line = format!(
                "| {} | {} {} ({}) | {} |",
                name_only(&words.decision_status(&decision.status)),
                name_only(&words.decision_kind(&decision.decision)),
                code(&decision.about),
                code(&decision.source),
                code(&words.decided(decision)),
            );
            if self.text.len() + line.len() > LONGEST - 1000 {
                break;
            }
            self.line(&line);
            shown += 1;
        }
        let left = gathered.decisions.len() - shown;
        self.line("");
        if left > 0 {
            let left = self.lang.counted(left as u64);
            self.line(&format!("{left} {}\n", words.decisions_more));
        }
    }

    fn unread(&mut self, gathered: &Gathered) {
        let unread: Vec<&FileRecord> = gathered
            .noted
            .iter()
            .filter(|file| file.status != Status::Scanned)
            .collect();
        if unread.is_empty() {
            return;
        }
        let words = self.words;
        self.line(&format!("### {}\n", words.not_read));
        self.line(&format!(
            "| {} | {} | {} |\n| --- | --- | --- |",
            words.input, words.status, words.reason
        ));
        let mut shown = 0;
        for file in &unread {
            let name = input_name(&file.file, file.member.as_deref());
            let reason = coverage(self.lang, file.reason.as_deref().unwrap_or_default());
            let line = format!(
                "| {} | {} | {} |",
                code(&name),
                words.status_of(file.status),
                code(&reason)
            );
            if self.text.len() + line.len() > LONGEST - 1000 {
                break;
            }
            self.line(&line);
            shown += 1;
        }
        let left = unread.len() as u64 - shown + gathered.more_noted;
        self.line("");
        if left > 0 {
            self.line(&format!("+{} {}\n", self.lang.counted(left), words.inputs));
        }
    }

    fn foot(&mut self, gathered: &Gathered) {
        let summary = &gathered.summary;
        let files = &summary.files;
        let mut text = String::new();
        for (count, status) in [
            (files.scanned, Status::Scanned),
            (files.partial, Status::Partial),
            (files.skipped, Status::Skipped),
            (files.failed, Status::Failed),
        ] {
            if count > 0 {
                let _ = write!(
                    text,
                    "{} {} · ",
                    self.lang.counted(count),
                    self.words.status_of(status)
                );
            }
        }
        self.line(&format!(
            "<sub>{text}{} · {}</sub>",
            self.lang.size(summary.bytes),
            filled(
                self.words.version,
                &[
                    ("version", &name_only(&gathered.scan.version)),
                    ("schema", &gathered.scan.schema.to_string()),
                    ("digest", &name_only(&gathered.scan.rules.digest)),
                ]
            ),
        ));
    }
}

/// The rows of a column: one for each detector.
fn column_rows(words: &Words, column: &ColumnRecord, lang: Lang) -> String {
    let mut text = String::new();
    for (index, found) in by_rank(column).into_iter().enumerate() {
        let place = if index == 0 {
            place(words, &column.place)
        } else {
            String::new()
        };
        let _ = writeln!(text, "| {place} | {} |", cells(words, column, found, lang));
    }
    text
}

fn place(words: &Words, place: &Place) -> String {
    let mut text = code(&input_name(&place.file, place.member.as_deref()));
    if let Some(table) = &place.table {
        text = format!("{text} › {}", code(table));
    }
    match &place.column {
        Some(name) => format!("{text} › {}", code(name)),
        None => format!("{text} ({})", words.text),
    }
}

fn cells(words: &Words, column: &ColumnRecord, found: &ColumnDetector, lang: Lang) -> String {
    let accepted = if column.accepted.is_some() {
        format!(" ({})", words.accepted)
    } else {
        String::new()
    };
    let examples: Vec<String> = found
        .examples
        .iter()
        .take(2)
        .map(|text| code(text))
        .collect();
    format!(
        "{}{accepted} | {} | {} | {}% | {}",
        code(&found.detector),
        lang.counted(found.rows),
        share(found.rows, column.rows)
            .replace('<', "&lt;")
            .replace('>', "&gt;"),
        thousandths(found.confidence) / 10,
        examples.join(", ")
    )
}

/// The text as a code span in a cell of a table.
pub(crate) fn code(text: &str) -> String {
    let text = escaped(text);
    if text.is_empty() {
        return String::new();
    }
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    let text = text.replace('|', "\\|");
    // Spaces at both ends are taken off again, so a backtick or space of the text's own needs them.
    let own = |c: Option<char>| matches!(c, Some('`' | ' '));
    if own(text.chars().next()) || own(text.chars().last()) {
        format!("{fence} {text} {fence}")
    } else {
        format!("{fence}{text}{fence}")
    }
}

/// Letters, digits and dots only: for a version that a file claims to have.
fn name_only(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':'))
        .take(24)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out_of_a_code_span() {
        for (text, span) in [
            ("a|b", "`a\\|b`"),
            ("@octocat <b> #1", "`@octocat <b> #1`"),
            ("`x`", "`` `x` ``"),
            ("a``b", "```a``b```"),
            ("a\nb", "`a\\nb`"),
            (" ", "`   `"),
            ("", ""),
        ] {
            assert_eq!(code(text), span);
        }
    }
}
