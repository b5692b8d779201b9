//! A comparison as a table, JSON, Markdown or HTML.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::{Change, Comparison, Count, DetectorChange, Kind};
use crate::event::{Place, thousandths};
use crate::report::{Lang, code_span, escaped, filled, input_name, page};

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
        "html" => out.write_all(html(comparison, look).as_bytes()),
        _ => out.write_all(table(comparison, look).as_bytes()),
    }
}

/// Changes that are listed, and how many are not.
fn listed(comparison: &Comparison, look: Look) -> (Vec<&Change>, usize) {
    let shown: Vec<&Change> = comparison
        .changes
        .iter()
        .filter(|change| look.all || !change.detectors.is_empty())
        .collect();
    let left = comparison.changes.len() - shown.len();
    (shown, left)
}

fn headline(comparison: &Comparison, lang: Lang) -> String {
    let words = lang.words();
    let mut counts = std::collections::BTreeMap::new();
    for change in &comparison.changes {
        *counts.entry(change.change).or_insert(0u64) += 1;
    }
    let same = lang.counted(comparison.same);
    if counts.is_empty() {
        return filled(words.diff_none, &[("same", &same)]);
    }
    let parts: Vec<String> = counts
        .iter()
        .map(|(kind, count)| format!("{} {}", lang.counted(*count), kind_name(*kind, lang)))
        .collect();
    let parts = [("parts", &*parts.join(", ")), ("same", &same)];
    filled(words.diff_columns, &parts)
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
fn places(change: &Change) -> Vec<String> {
    let before = change.before.as_ref().map(name);
    let after = change.after.as_ref().map(name);
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
    let Some(values) = change.values else {
        return String::new();
    };
    let words = lang.words();
    let parts: Vec<String> = [
        (values.lost, words.diff_lost),
        (values.added, words.diff_added),
        (values.duplicated, words.diff_more),
        (values.fewer, words.diff_fewer),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, text)| filled(text, &[("count", &*lang.counted(count))]))
    .collect();
    parts.join(", ")
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
    for change in shown {
        let _ = write!(
            text,
            "\n{:<8} {}",
            kind_name(change.change, lang),
            places(change).join("\n      → ")
        );
        if let Some(similarity) = similarity(change, lang) {
            let _ = write!(text, "  ({similarity})");
        }
        text.push('\n');
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
    if !shown.is_empty() {
        let _ = writeln!(text, "| {} |", headings(lang).join(" | "));
        text.push_str("| --- | --- | --- | ---: | ---: | --- |\n");
    }
    for change in shown {
        let places: Vec<String> = places(change)
            .iter()
            .map(|place| code_span(place))
            .collect();
        let mut place = places.join(" → ");
        if let Some(similarity) = similarity(change, lang) {
            let _ = write!(place, " ({similarity})");
        }
        let mut kind = kind_name(change.change, lang);
        if change.detectors.is_empty() {
            let _ = writeln!(text, "| {kind} | {place} | | | | |");
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

fn html(comparison: &Comparison, look: Look) -> String {
    let (lang, words) = (look.lang, look.lang.words());
    let (shown, left) = listed(comparison, look);
    let mut body = format!(
        "<p class=\"lead\">{}</p>",
        page::text(&headline(comparison, lang))
    );
    for line in asides(comparison, left, lang) {
        let _ = write!(body, "<p class=\"hint\">{}</p>", page::text(&line));
    }
    if !shown.is_empty() {
        let headings = headings(lang).map(|title| format!("<th scope=\"col\">{title}</th>"));
        let _ = write!(
            body,
            "<section><table class=\"plain stack\"><thead><tr>{}</tr></thead><tbody>",
            headings.concat()
        );
    }
    let any = !shown.is_empty();
    for change in shown {
        let mut places: Vec<String> = places(change)
            .iter()
            .map(|place| format!("<code>{}</code>", page::text(place)))
            .collect();
        if let (Some(last), Some(similarity)) = (places.last_mut(), similarity(change, lang)) {
            let _ = write!(last, "<br><span class=\"hint\">{similarity}</span>");
        }
        let class = match change.change {
            Kind::Gone => "bad",
            Kind::New => "good",
            _ => "mid",
        };
        let cell = |part: &dyn Fn(&DetectorChange) -> String| {
            let lines = change.detectors.iter().map(part);
            lines
                .map(|line| page::text(&line))
                .collect::<Vec<_>>()
                .join("<br>")
        };
        let _ = write!(
            body,
            "<tr><td><span class=\"verdict {class}\">{}</span></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            kind_name(change.change, lang),
            places.join("<br>→ "),
            cell(&|detector| escaped(&detector.detector).into_owned()),
            cell(&|detector| count(detector.before, lang)),
            cell(&|detector| count(detector.after, lang)),
            cell(&|detector| values(detector, lang)),
        );
    }
    if any {
        body.push_str("</tbody></table></section>");
    }
    page::whole(lang, words.diff_title, &body)
}
