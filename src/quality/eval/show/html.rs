//! An evaluation as a page that stands by itself: no script, nothing loaded from elsewhere.

use std::fmt::Write as _;

use super::{Document, FIGURES, column_figures, difference, figures, plot, with_interval};
use crate::quality::eval::versus::Versus;
use crate::quality::eval::{Evaluation, Example, Section};
use crate::report::escaped;

const STYLE: &str = "
:root{color-scheme:light dark;--line:#888;--a:#2563eb;--b:#d97706}
body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}
th,td{padding:.15rem .6rem;text-align:right;border-bottom:1px solid #8884}
th:first-child,td:first-child{text-align:left}
figure{display:inline-block;margin:0 1rem 1rem 0}
svg text{font-size:9px;fill:currentColor}
svg path{fill:none}
.grid{stroke:#8883}.even{stroke:var(--line);stroke-dasharray:4}
.line0{stroke:var(--a);stroke-width:2}.line1{stroke:var(--b);stroke-width:2}
circle{fill:var(--a);fill-opacity:.7}
details{display:inline-block;vertical-align:top}
";

pub(super) fn document(document: &Document) -> String {
    let names: Vec<String> = document
        .evaluations
        .iter()
        .map(|evaluation| html(&evaluation.name))
        .collect();
    let mut text = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"><title>Evaluation: {0}</title><style>{STYLE}</style><h1>Evaluation: {0}</h1>",
        names.join(" and ")
    );
    let curves: Vec<_> = document
        .evaluations
        .iter()
        .zip(&names)
        .map(|(evaluation, name)| (name.as_str(), &evaluation.overall.curve[..]))
        .collect();
    text += &plot::curves("Precision over recall, all cells", &curves);
    for (evaluation, name) in document.evaluations.iter().zip(&names) {
        let title = format!("Reliability: {name}");
        text += &plot::reliability(&title, &evaluation.overall.calibration);
    }
    if let Some(versus) = &document.versus {
        text += &side_by_side(versus);
    }
    for evaluation in &document.evaluations {
        text += &one(evaluation);
    }
    text + "</html>\n"
}

/// Text that can stand in HTML.
fn html(text: &str) -> String {
    escaped(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn one(evaluation: &Evaluation) -> String {
    let mut text = format!(
        "<h2>{}</h2><p>{} rules on {} files with {} labelled cells; findings of confidence {} and above count. {}.</p>",
        html(&evaluation.name),
        evaluation.rules,
        evaluation.files,
        evaluation.labels,
        evaluation.threshold,
        evaluation.speed.shown(evaluation.files)
    );
    let overall = &evaluation.overall;
    let scores = [("cells", &overall.cells), ("columns", &overall.columns)];
    let rows = scores.map(|(what, scores)| {
        vec![
            what.to_owned(),
            with_interval(scores.precision),
            with_interval(scores.recall),
            with_interval(scores.f1),
            with_interval(scores.f2),
        ]
    });
    text += &table(&["", "precision %", "recall %", "F1 %", "F2 %"], &rows);
    for (what, sections) in [
        ("detector", &evaluation.detectors),
        ("category", &evaluation.categories),
        ("file", &evaluation.each_file),
    ] {
        let mut header = vec![what];
        header.extend(FIGURES);
        header.extend(["columns: precision", "columns: recall"]);
        let _ = write!(text, "<h3>By {what}</h3>");
        text += &table(&header, &sections.iter().map(row).collect::<Vec<_>>());
    }
    text += "<h3>Curves</h3>";
    for section in &evaluation.detectors {
        let name = html(&section.name);
        let _ = write!(text, "<details><summary>{name}</summary>");
        text += &plot::curves(
            &format!("Precision over recall: {name}"),
            &[(&name, &section.curve)],
        );
        text += &plot::reliability(&format!("Reliability: {name}"), &section.calibration);
        text += "</details> ";
    }
    let rows = evaluation.confusions.iter();
    let rows: Vec<_> = rows
        .map(|confusion| {
            vec![
                html(&confusion.is),
                html(&confusion.taken_for),
                confusion.cells.to_string(),
            ]
        })
        .collect();
    text += "<h3>Taken for something else</h3>";
    text += &table(&["what it is", "taken for", "cells"], &rows);
    text += &examples("Missed", &evaluation.misses);
    text += &examples("False alarms", &evaluation.alarms);
    for (file, why) in &evaluation.unread {
        let _ = write!(
            text,
            "<p>Not read in full: {}: {}</p>",
            html(file),
            html(why)
        );
    }
    text
}

fn row(section: &Section) -> Vec<String> {
    std::iter::once(html(&section.name))
        .chain(figures(section))
        .chain(column_figures(section))
        .collect()
}

fn examples(what: &str, examples: &[Example]) -> String {
    let rows: Vec<_> = examples
        .iter()
        .map(|example| {
            vec![
                html(&example.detector),
                format!("{:.3}", example.confidence),
                html(example.masked.as_deref().unwrap_or_default()),
                html(&example.file),
                html(&example.column),
                example.row.to_string(),
            ]
        })
        .collect();
    let header = ["detector", "confidence", "value", "file", "column", "row"];
    format!("<h3>{what}</h3>{}", table(&header, &rows))
}

fn side_by_side(versus: &Versus) -> String {
    let mut text = format!("<h2>From {} to {}</h2>", html(&versus.a), html(&versus.b));
    text += "<p>Differences in points, with 95 % intervals of a paired bootstrap.</p>";
    let all = std::iter::once(&versus.overall).chain(&versus.detectors);
    let rows: Vec<_> = all
        .map(|change| {
            let counts = change.change;
            vec![
                html(&change.detector),
                counts.gained.to_string(),
                counts.lost.to_string(),
                counts.new_alarms.to_string(),
                counts.gone_alarms.to_string(),
                difference(change.f1),
            ]
        })
        .collect();
    let header = [
        "detector",
        "gained",
        "lost",
        "new false alarms",
        "gone false alarms",
        "F1",
    ];
    text += &table(&header, &rows);
    let rows: Vec<_> = versus
        .columns
        .iter()
        .map(|change| {
            let counts = change.change;
            let name = [&change.file, &change.column, &change.detector].map(|part| html(part));
            vec![
                name.join(" · "),
                counts.gained.to_string(),
                counts.lost.to_string(),
                counts.new_alarms.to_string(),
                counts.gone_alarms.to_string(),
            ]
        })
        .collect();
    let header = [
        "column",
        "gained",
        "lost",
        "new false alarms",
        "gone false alarms",
    ];
    text += &table(&header, &rows);
    text
}

fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut text = "<table><tr>".to_owned();
    for name in header {
        let _ = write!(text, "<th>{name}</th>");
    }
    for row in rows {
        text += "</tr><tr>";
        for cell in row {
            let _ = write!(text, "<td>{cell}</td>");
        }
    }
    text + "</tr></table>"
}
