//! A comparison as a table, JSON, Markdown or HTML.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::{Change, Comparison, Count, DetectorChange};
use crate::event::{Place, thousandths};
use crate::report::{code_span, escaped, input_name, page};

/// The formats of comparisons.
pub const FORMATS: [&str; 4] = ["table", "json", "markdown", "html"];

/// How a comparison is to look.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// Whether columns without personal data are listed, too.
    pub all: bool,
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

fn headline(comparison: &Comparison) -> String {
    let mut counts = std::collections::BTreeMap::new();
    for change in &comparison.changes {
        *counts.entry(change.change).or_insert(0u64) += 1;
    }
    if counts.is_empty() {
        return format!("No differences; {} columns are the same.", comparison.same);
    }
    let parts: Vec<String> = counts
        .iter()
        .map(|(kind, count)| format!("{count} {}", kind.name()))
        .collect();
    format!(
        "Columns: {}, {} the same.",
        parts.join(", "),
        comparison.same
    )
}

/// What can't be said without a common key.
const NO_KEY: &str = "The results were not made with the same --key-file: values can't be compared, and a renamed column is gone and new.";

fn asides(comparison: &Comparison, left: usize) -> Vec<String> {
    let mut lines = Vec::new();
    if !comparison.comparable {
        lines.push(NO_KEY.to_owned());
    }
    for (name, source) in [("before", &comparison.before), ("after", &comparison.after)] {
        if source.unread > 0 {
            lines.push(format!(
                "The scan {name} did not read {} inputs in full: what seems gone or new may be among them.",
                source.unread
            ));
        }
    }
    let samples = [comparison.before.sample, comparison.after.sample];
    if samples.iter().any(Option::is_some) {
        lines.push("Of one scan at least, only a sample was looked at: what seems gone, new or changed may be the sample's doing.".to_owned());
    }
    if left > 0 {
        lines.push(format!(
            "{left} more changes are of columns without personal data (--all lists them)."
        ));
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

fn count(count: Option<Count>) -> String {
    count.map_or("–".to_owned(), |count| {
        format!(
            "{} ({} different, {} %)",
            count.matches,
            count.distinct,
            thousandths(count.confidence) / 10
        )
    })
}

fn values(change: &DetectorChange) -> String {
    let Some(values) = change.values else {
        return String::new();
    };
    let parts: Vec<String> = [
        (values.lost, "lost"),
        (values.added, "added"),
        (values.duplicated, "more often"),
        (values.fewer, "less often"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, name)| format!("{count} {name}"))
    .collect();
    parts.join(", ")
}

fn table(comparison: &Comparison, look: Look) -> String {
    let mut text = headline(comparison) + "\n";
    let (shown, left) = listed(comparison, look);
    for change in shown {
        let _ = write!(
            text,
            "\n{:<8} {}",
            change.change.name(),
            places(change).join("\n      → ")
        );
        if let Some(similarity) = change.similarity {
            let _ = write!(text, "  (about {:.0} % of the values)", similarity * 100.0);
        }
        text.push('\n');
        for detector in &change.detectors {
            let _ = writeln!(
                text,
                "         {:<18} {} → {}",
                escaped(&detector.detector),
                count(detector.before),
                count(detector.after)
            );
            let values = values(detector);
            if !values.is_empty() {
                let _ = writeln!(text, "         {:<18} values: {values}", "");
            }
        }
    }
    for line in asides(comparison, left) {
        let _ = write!(text, "\n{line}\n");
    }
    text
}

fn markdown(comparison: &Comparison, look: Look) -> String {
    let mut text = format!("## What changed\n\n{}\n\n", headline(comparison));
    let (shown, left) = listed(comparison, look);
    if !shown.is_empty() {
        text.push_str("| change | column | detector | before | after | values |\n| --- | --- | --- | ---: | ---: | --- |\n");
    }
    for change in shown {
        let places: Vec<String> = places(change)
            .iter()
            .map(|place| code_span(place))
            .collect();
        let mut place = places.join(" → ");
        let mut kind = change.change.name();
        if change.detectors.is_empty() {
            let _ = writeln!(text, "| {kind} | {place} | | | | |");
        }
        for detector in &change.detectors {
            let _ = writeln!(
                text,
                "| {kind} | {place} | {} | {} | {} | {} |",
                code_span(&detector.detector),
                count(detector.before),
                count(detector.after),
                values(detector)
            );
            (kind, place) = ("", String::new());
        }
    }
    for line in asides(comparison, left) {
        let _ = write!(text, "\n{line}\n");
    }
    text
}

fn html(comparison: &Comparison, look: Look) -> String {
    let (shown, left) = listed(comparison, look);
    let mut body = format!(
        "<p class=\"lead\">{}</p>",
        page::text(&headline(comparison))
    );
    for line in asides(comparison, left) {
        let _ = write!(body, "<p class=\"hint\">{}</p>", page::text(&line));
    }
    if !shown.is_empty() {
        body.push_str("<section><table class=\"plain stack\"><thead><tr><th scope=\"col\">Change</th><th scope=\"col\">Column</th><th scope=\"col\">Detector</th><th scope=\"col\">Before</th><th scope=\"col\">After</th><th scope=\"col\">Values</th></tr></thead><tbody>");
    }
    let any = !shown.is_empty();
    for change in shown {
        let places: Vec<String> = places(change)
            .iter()
            .map(|place| format!("<code>{}</code>", page::text(place)))
            .collect();
        let class = match change.change {
            super::Kind::Gone => "bad",
            super::Kind::New => "good",
            _ => "mid",
        };
        let cell = |part: fn(&DetectorChange) -> String| {
            let lines = change.detectors.iter().map(part);
            lines
                .map(|line| page::text(&line))
                .collect::<Vec<_>>()
                .join("<br>")
        };
        let _ = write!(
            body,
            "<tr><td><span class=\"verdict {class}\">{}</span></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            change.change.name(),
            places.join("<br>→ "),
            cell(|detector| escaped(&detector.detector).into_owned()),
            cell(|detector| count(detector.before)),
            cell(|detector| count(detector.after)),
            cell(values),
        );
    }
    if any {
        body.push_str("</tbody></table></section>");
    }
    page::whole("What changed", &body)
}
