//! An evaluation as Markdown. It names no speed and no folder, so that the same rules and corpus give the same text
//! anywhere, and a copy kept in a repository can be compared.

use std::fmt::Write as _;
use std::path::Path;

use super::{Document, FIGURES, column_figures, difference, figures, with_interval};
use crate::quality::eval::measure::Counts;
use crate::quality::eval::versus::Versus;
use crate::quality::eval::{Evaluation, Section};
use crate::report::escaped;

/// F1 below which a detector is named as weak.
const WEAK: f64 = 0.9;
/// Confusions that are listed.
const MOST: usize = 20;

pub(super) fn document(document: &Document) -> String {
    let mut text = "# What the rules find, and how often they are right\n\nWritten by `speur bench eval`; CORPUS.md says what is measured, and on what.\n\n".to_owned();
    for evaluation in &document.evaluations {
        text += &one(evaluation);
    }
    if let Some(versus) = &document.versus {
        text += &side_by_side(versus);
    }
    text
}

fn one(evaluation: &Evaluation) -> String {
    let overall = &evaluation.overall;
    let mut text = format!(
        "## {}\n\n{} rules on {} files with {} labelled cells; findings of confidence {} and above count.\n\n",
        plain(&evaluation.name),
        evaluation.rules,
        evaluation.files,
        evaluation.labels,
        evaluation.threshold,
    );
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
    let error = overall.calibration.error.unwrap_or_default();
    let _ = writeln!(text, "\nExpected calibration error of cells: {error:.3}.\n");
    for (what, sections) in [
        ("detector", &evaluation.detectors),
        ("category", &evaluation.categories),
        ("file", &evaluation.each_file),
    ] {
        let _ = writeln!(text, "### By {what}\n");
        text += &by(what, sections);
        text.push('\n');
    }
    text += "### Calibration\n\n";
    let bars: Vec<_> = overall.calibration.bars.iter().collect();
    let rows: Vec<_> = bars
        .into_iter()
        .map(|bar| {
            vec![
                format!("{:.3}", bar.confidence),
                format!("{:.3}", bar.right),
                bar.findings.to_string(),
            ]
        })
        .collect();
    text += &table(&["mean confidence", "share right", "findings"], &rows);
    text += &confusions(evaluation);
    text += &weak(evaluation);
    text
}

fn by(what: &str, sections: &[Section]) -> String {
    let mut header = vec![what];
    header.extend(FIGURES);
    header.extend(["columns: precision", "columns: recall"]);
    let rows: Vec<Vec<String>> = sections
        .iter()
        .map(|section| {
            let name = if what == "file" {
                let path = Path::new(&section.name);
                let name = path.file_name().unwrap_or_default();
                name.to_string_lossy().into_owned()
            } else {
                section.name.clone()
            };
            std::iter::once(plain(&name))
                .chain(figures(section))
                .chain(column_figures(section))
                .collect()
        })
        .collect();
    table(&header, &rows)
}

fn confusions(evaluation: &Evaluation) -> String {
    let mut text = "\n### Taken for something else\n\n".to_owned();
    if evaluation.confusions.is_empty() {
        return text + "Nothing was.\n";
    }
    let rows: Vec<_> = evaluation
        .confusions
        .iter()
        .take(MOST)
        .map(|confusion| {
            vec![
                plain(&confusion.is),
                confusion.taken_for.clone(),
                confusion.cells.to_string(),
            ]
        })
        .collect();
    text += &table(&["what it is", "taken for", "cells"], &rows);
    text
}

/// The honest list: detectors whose F1 or calibration is weak, the weakest first.
fn weak(evaluation: &Evaluation) -> String {
    let mut text = "\n### What is weak\n\n".to_owned();
    let f1 = |section: &Section| section.cells.f1.map_or(0.0, |f1| f1.value);
    let mut list: Vec<&Section> = evaluation.detectors.iter().collect();
    let counts = |section: &Section| section.cells.counts;
    list.retain(|section| f1(section) < WEAK && counts(section) != Counts::default());
    list.sort_by(|a, b| f1(a).total_cmp(&f1(b)).then_with(|| a.name.cmp(&b.name)));
    if list.is_empty() {
        let _ = writeln!(
            text,
            "No detector has an F1 below {:.0} % here.",
            WEAK * 100.0
        );
    }
    for section in list {
        let counts = section.cells.counts;
        let labels = counts.found + counts.missed;
        let _ = match labels {
            0 => writeln!(
                text,
                "- `{}` is labelled nowhere and gave {} false alarms.",
                section.name, counts.false_alarms
            ),
            _ => writeln!(
                text,
                "- `{}` misses {} of {labels} and gave {} false alarms.",
                section.name, counts.missed, counts.false_alarms
            ),
        };
    }
    text
}

fn side_by_side(versus: &Versus) -> String {
    let mut text = format!(
        "\n## From {} to {}\n\nDifferences in points, with 95 % intervals of a paired bootstrap.\n\n",
        plain(&versus.a),
        plain(&versus.b)
    );
    let all = std::iter::once(&versus.overall).chain(&versus.detectors);
    let rows: Vec<_> = all
        .map(|change| {
            vec![
                change.detector.clone(),
                change.change.gained.to_string(),
                change.change.lost.to_string(),
                change.change.new_alarms.to_string(),
                change.change.gone_alarms.to_string(),
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
    text
}

/// A name that can stand in a cell of a table.
fn plain(name: &str) -> String {
    escaped(name).replace('|', "\\|")
}

fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut text = format!(
        "| {} |\n|{}\n",
        header.join(" | "),
        " --- |".repeat(header.len())
    );
    for row in rows {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}
