//! A comparison as a table, JSON, Markdown or HTML.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::{Change, Comparison, Count, DetectorChange, Kind, TableChange, Values};
use crate::event::{Place, thousandths};
use crate::report::{Lang, code_span, escaped, filled, input_name};

mod html;

/// The formats of comparisons.
pub const FORMATS: [&str; 4] = ["table", "json", "markdown", "html"];

/// How a comparison is to look.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// Whether columns without personal data are listed, too.
    pub all: bool,
    /// The language of documents for people: Markdown and HTML.
    pub lang: Lang,
}

/// Writes a comparison in one of the formats.
pub fn write(
    comparison: &Comparison,
    format: &str,
    look: Look,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        "json" => {
            let mut text = serde_json::to_string_pretty(comparison)?;
            text = text.replace(
                |c: char| c != '\n' && crate::report::is_unsafe(c),
                "\u{fffd}",
            );
            writeln!(out, "{text}")
        }
        "markdown" => out.write_all(markdown(comparison, look).as_bytes()),
        "html" => out.write_all(html::html(comparison, look).as_bytes()),
        _ => out.write_all(table(comparison, look).as_bytes()),
    }
}

/// Changes that are listed, and how many are not.
fn listed(comparison: &Comparison, look: Look) -> (Vec<&Change>, usize) {
    let shown: Vec<&Change> = comparison
        .changes
        .iter()
        .filter(|change| look.all || !change.holds.is_empty())
        .collect();
    let left = comparison.changes.len() - shown.len();
    (shown, left)
}

/// Tables that are listed: those that are elsewhere; those gone or new are so with their columns.
fn listed_tables(comparison: &Comparison, look: Look) -> Vec<&TableChange> {
    let all = comparison.tables.iter();
    all.filter(|table| matches!(table.change, Kind::Moved | Kind::Renamed))
        .filter(|table| look.all || table.personal > 0)
        .collect()
}

fn headline(comparison: &Comparison, lang: Lang) -> String {
    let words = lang.words();
    let changes = comparison.changes.iter().map(|change| change.change);
    let columns = counted_kinds(changes, lang);
    let same = lang.counted(comparison.same);
    if columns.is_empty() {
        return filled(words.diff_none, &[("same", &same)]);
    }
    let mut text = filled(words.diff_columns, &[("parts", &columns), ("same", &same)]);
    let tables = counted_kinds(comparison.tables.iter().map(|table| table.change), lang);
    if !tables.is_empty() {
        text = filled(words.diff_tables, &[("parts", &tables)]) + " " + &text;
    }
    text
}

/// `2 gone, 1 new`.
fn counted_kinds(kinds: impl Iterator<Item = Kind>, lang: Lang) -> String {
    let mut counts = std::collections::BTreeMap::new();
    for kind in kinds {
        *counts.entry(kind).or_insert(0u64) += 1;
    }
    let parts: Vec<String> = counts
        .iter()
        .map(|(kind, count)| format!("{} {}", lang.counted(*count), kind_name(*kind, lang)))
        .collect();
    parts.join(", ")
}

/// What became of the values wherever they are, by detector; none where they can't be compared.
fn everywhere(comparison: &Comparison, lang: Lang) -> Vec<String> {
    let Some(all) = &comparison.values else {
        return Vec::new();
    };
    let words = lang.words();
    let each = all.iter().filter_map(|found| {
        let said = said(found.values, lang);
        (!said.is_empty()).then(|| format!("{}: {said}", escaped(&found.detector)))
    });
    let mut lines: Vec<String> = each.collect();
    if lines.is_empty() {
        if !all.is_empty() {
            lines.push(words.diff_everywhere_same.to_owned());
        }
    } else {
        lines.insert(0, words.diff_everywhere.to_owned());
    }
    lines
}

/// What a kind of change is called.
fn kind_name(kind: Kind, lang: Lang) -> &'static str {
    let words = lang.words();
    match kind {
        Kind::Gone => words.diff_gone,
        Kind::New => words.diff_new,
        Kind::Renamed => words.diff_renamed,
        Kind::Moved => words.diff_moved,
        Kind::Changed => words.diff_changed,
    }
}

fn asides(comparison: &Comparison, left: usize, lang: Lang) -> Vec<String> {
    let words = lang.words();
    let mut lines = Vec::new();
    let counted = |text: &str, count: u64| filled(text, &[("count", &*lang.counted(count))]);
    // What can't be said without a common key.
    if !comparison.comparable {
        lines.push(words.diff_no_key.to_owned());
    }
    for (text, source) in [
        (words.diff_unread_before, &comparison.before),
        (words.diff_unread_after, &comparison.after),
    ] {
        if source.unread > 0 {
            lines.push(counted(text, source.unread));
        }
    }
    let samples = [comparison.before.sample, comparison.after.sample];
    if samples.iter().any(Option::is_some) {
        lines.push(words.diff_sampled.to_owned());
    }
    if left > 0 {
        lines.push(counted(words.diff_left, left as u64));
    }
    lines
}

fn name(place: &Place) -> String {
    let mut text = input_name(&place.file, place.member.as_deref());
    for part in [&place.table, &place.column].into_iter().flatten() {
        text.push_str(" › ");
        text.push_str(part);
    }
    escaped(&text).into_owned()
}

/// Where a column was and is.
fn places(before: Option<&Place>, after: Option<&Place>) -> Vec<String> {
    let before = before.map(name);
    let after = after.map(name);
    let mut places: Vec<String> = before.into_iter().collect();
    places.extend(after.filter(|after| places.first() != Some(after)));
    places
}

fn count(count: Option<Count>, lang: Lang) -> String {
    count.map_or("–".to_owned(), |count| {
        let parts = [
            ("matches", &*lang.counted(count.matches)),
            ("distinct", &lang.counted(count.distinct)),
            ("percent", &(thousandths(count.confidence) / 10).to_string()),
        ];
        filled(lang.words().diff_count, &parts)
    })
}

fn values(change: &DetectorChange, lang: Lang) -> String {
    change
        .values
        .map_or(String::new(), |values| said(values, lang))
}

fn said(values: Values, lang: Lang) -> String {
    let words = lang.words();
    let text = |count: u64, elsewhere: u64, text: &str, with: &str| {
        let text = if elsewhere > 0 { with } else { text };
        let count = lang.counted(count);
        let elsewhere = lang.counted(elsewhere);
        filled(text, &[("count", &*count), ("elsewhere", &elsewhere)])
    };
    let Values {
        lost,
        lost_elsewhere,
        added,
        added_elsewhere,
        duplicated,
        fewer,
    } = values;
    let parts: Vec<String> = [
        (
            lost,
            lost_elsewhere,
            words.diff_lost,
            words.diff_lost_elsewhere,
        ),
        (
            added,
            added_elsewhere,
            words.diff_added,
            words.diff_added_elsewhere,
        ),
        (duplicated, 0, words.diff_more, ""),
        (fewer, 0, words.diff_fewer, ""),
    ]
    .into_iter()
    .filter(|(count, ..)| *count > 0)
    .map(|(count, elsewhere, plain, with)| text(count, elsewhere, plain, with))
    .collect();
    parts.join(", ")
}

/// What a column holds, where nothing of it differs.
fn holds(change: &Change, lang: Lang) -> Option<String> {
    if !change.detectors.is_empty() || change.holds.is_empty() {
        return None;
    }
    let detectors: Vec<_> = change.holds.iter().map(|id| escaped(id)).collect();
    Some(filled(
        lang.words().diff_holds,
        &[("detectors", &*detectors.join(", "))],
    ))
}

fn table_columns(table: &TableChange, lang: Lang) -> String {
    let (columns, personal) = (lang.counted(table.columns), lang.counted(table.personal));
    filled(
        lang.words().diff_table_columns,
        &[("columns", &*columns), ("personal", &personal)],
    )
}

/// How much of its values a column that was found again shares with the one before.
fn similarity(change: &Change, lang: Lang) -> Option<String> {
    let percent = format!("{:.0}", change.similarity? * 100.0);
    Some(filled(lang.words().diff_similar, &[("percent", &*percent)]))
}

fn table(comparison: &Comparison, look: Look) -> String {
    // As the table of a scan is.
    let lang = Lang::En;
    let mut text = headline(comparison, lang) + "\n";
    let (shown, left) = listed(comparison, look);
    for (at, line) in everywhere(comparison, lang).iter().enumerate() {
        let indent = if at > 0 { "  " } else { "\n" };
        let _ = writeln!(text, "{indent}{line}");
    }
    for table in listed_tables(comparison, look) {
        let _ = writeln!(
            text,
            "\n{:<8} {} {}  ({})",
            kind_name(table.change, lang),
            lang.words().diff_table,
            places(table.before.as_ref(), table.after.as_ref()).join("\n            → "),
            table_columns(table, lang)
        );
    }
    for change in shown {
        let _ = write!(
            text,
            "\n{:<8} {}",
            kind_name(change.change, lang),
            places(change.before.as_ref(), change.after.as_ref()).join("\n      → ")
        );
        if let Some(similarity) = similarity(change, lang) {
            let _ = write!(text, "  ({similarity})");
        }
        text.push('\n');
        if let Some(holds) = holds(change, lang) {
            let _ = writeln!(text, "         {holds}");
        }
        for detector in &change.detectors {
            let _ = writeln!(
                text,
                "         {:<18} {} → {}",
                escaped(&detector.detector),
                count(detector.before, lang),
                count(detector.after, lang)
            );
            let values = values(detector, lang);
            if !values.is_empty() {
                let _ = writeln!(text, "         {:<18} values: {values}", "");
            }
        }
    }
    for line in asides(comparison, left, lang) {
        let _ = write!(text, "\n{line}\n");
    }
    text
}

fn markdown(comparison: &Comparison, look: Look) -> String {
    let (lang, words) = (look.lang, look.lang.words());
    let mut text = format!(
        "## {}\n\n{}\n\n",
        words.diff_title,
        headline(comparison, lang)
    );
    let (shown, left) = listed(comparison, look);
    for (at, line) in everywhere(comparison, lang).iter().enumerate() {
        let _ = writeln!(text, "{}{line}", if at > 0 { "- " } else { "" });
        if at == 0 {
            text.push('\n');
        }
    }
    for table in listed_tables(comparison, look) {
        let places = places(table.before.as_ref(), table.after.as_ref());
        let places: Vec<String> = places.iter().map(|place| code_span(place)).collect();
        let _ = writeln!(
            text,
            "- {}: {} {} ({})",
            kind_name(table.change, lang),
            words.diff_table,
            places.join(" → "),
            table_columns(table, lang)
        );
    }
    if !shown.is_empty() {
        let _ = writeln!(text, "\n| {} |", headings(lang).join(" | "));
        text.push_str("| --- | --- | --- | ---: | ---: | --- |\n");
    }
    for change in shown {
        let places: Vec<String> = places(change.before.as_ref(), change.after.as_ref())
            .iter()
            .map(|place| code_span(place))
            .collect();
        let mut place = places.join(" → ");
        if let Some(similarity) = similarity(change, lang) {
            let _ = write!(place, " ({similarity})");
        }
        let mut kind = kind_name(change.change, lang);
        if change.detectors.is_empty() {
            let holds: Vec<String> = change.holds.iter().map(|id| code_span(id)).collect();
            let _ = writeln!(text, "| {kind} | {place} | {} | | | |", holds.join(", "));
        }
        for detector in &change.detectors {
            let _ = writeln!(
                text,
                "| {kind} | {place} | {} | {} | {} | {} |",
                code_span(&detector.detector),
                count(detector.before, lang),
                count(detector.after, lang),
                values(detector, lang)
            );
            (kind, place) = ("", String::new());
        }
    }
    for line in asides(comparison, left, lang) {
        let _ = write!(text, "\n{line}\n");
    }
    text
}

/// The columns of a comparison's table.
fn headings(lang: Lang) -> [&'static str; 6] {
    let words = lang.words();
    [
        words.diff_change,
        words.column,
        words.detector,
        words.before,
        words.after,
        words.diff_values,
    ]
}
