//! An evaluation as lines for a terminal.

use std::fmt::Write as _;

use super::{Document, FIGURES, column_figures, difference, figures, percent, with_interval};
use crate::quality::eval::versus::Versus;
use crate::quality::eval::{Evaluation, Example, Section};
use crate::report::{Cell, Grid, Track, counted, escaped};

/// Lines of a list that is only for a look.
const MOST: usize = 12;

pub(super) fn document(document: &Document) -> String {
    let mut text = String::new();
    for evaluation in &document.evaluations {
        text += &one(evaluation);
        text.push('\n');
    }
    if let Some(versus) = &document.versus {
        text += &side_by_side(versus);
    }
    text
}

fn one(evaluation: &Evaluation) -> String {
    let mut text = String::new();
    let overall = &evaluation.overall;
    let _ = writeln!(
        text,
        "{}: {} rules on {} files with {} labelled cells, findings of {} and above; {}\n",
        escaped(&evaluation.name),
        evaluation.rules,
        evaluation.files,
        counted(evaluation.labels as u64),
        evaluation.threshold,
        evaluation.speed.shown(evaluation.files)
    );
    for (what, scores) in [("cells", &overall.cells), ("columns", &overall.columns)] {
        let _ = writeln!(
            text,
            "{what:<8} precision {}   recall {}   F1 {}",
            with_interval(scores.precision),
            with_interval(scores.recall),
            with_interval(scores.f1)
        );
    }
    text.push('\n');
    text += &sections("detector", &evaluation.detectors, overall);
    text.push('\n');
    text += &sections("category", &evaluation.categories, overall);
    if evaluation.each_file.len() > 1 {
        text.push('\n');
        text += &sections("file", &evaluation.each_file, overall);
    }
    text += &costs(evaluation);
    text += &confusions(evaluation);
    text += &examples("missed", &evaluation.misses);
    text += &examples("false alarms", &evaluation.alarms);
    for (file, why) in &evaluation.unread {
        let _ = writeln!(
            text,
            "\nnot read in full: {}: {}",
            escaped(file),
            escaped(why)
        );
    }
    if evaluation.unlabelled > 0 {
        let _ = writeln!(
            text,
            "\n{} files have no truth beside them and were not measured on",
            evaluation.unlabelled
        );
    }
    text
}

fn sections(what: &str, sections: &[Section], overall: &Section) -> String {
    let mut header = vec![what];
    header.extend(FIGURES);
    header.extend(["columns: precision", "recall"]);
    let row = |name: &str, section: &Section| -> Vec<String> {
        std::iter::once(escaped(name).into_owned())
            .chain(figures(section))
            .chain(column_figures(section))
            .collect()
    };
    let mut rows: Vec<Vec<String>> = sections
        .iter()
        .map(|section| row(&section.name, section))
        .collect();
    rows.push(row("all", overall));
    grid(&header, &rows)
}

/// A table whose first column is text and whose others are figures.
pub(crate) fn grid(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut tracks = vec![Track::text(usize::MAX)];
    tracks.extend(header[1..].iter().map(|_| Track::number()));
    let mut grid = Grid::new(0, tracks);
    let header: Vec<Cell> = header.iter().map(|name| Cell::new(*name)).collect();
    let rows = rows.iter().map(|row| row.iter().map(Cell::new).collect());
    let lines: Vec<Vec<Cell>> = std::iter::once(header).chain(rows).collect();
    for line in &lines {
        grid.measure(line);
    }
    let lines = lines.iter().map(|line| grid.line(line, false) + "\n");
    lines.collect()
}

fn costs(evaluation: &Evaluation) -> String {
    if evaluation.speed.rules.is_empty() {
        return String::new();
    }
    let mut text = "\nwhat rules cost, each by itself on a sample\n".to_owned();
    for cost in evaluation.speed.rules.iter().take(MOST) {
        let _ = writeln!(
            text,
            "{:>7} %  {:.3} ns a byte  {}",
            percent(Some(cost.share)),
            cost.nanoseconds,
            cost.detector
        );
    }
    text
}

fn confusions(evaluation: &Evaluation) -> String {
    if evaluation.confusions.is_empty() {
        return String::new();
    }
    let mut text = "\ntaken for something else\n".to_owned();
    for confusion in evaluation.confusions.iter().take(MOST) {
        let _ = writeln!(
            text,
            "{:>8}  {} → {}",
            confusion.cells,
            escaped(&confusion.is),
            confusion.taken_for
        );
    }
    let more = evaluation.confusions.len().saturating_sub(MOST);
    if more > 0 {
        let _ = writeln!(text, "          and {more} more; -f json lists all");
    }
    text
}

fn examples(what: &str, examples: &[Example]) -> String {
    if examples.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{what}\n");
    for example in examples.iter().take(4 * MOST) {
        let _ = writeln!(
            text,
            "  {:<18} {:.3}  {}  {} row {}{}{}",
            example.detector,
            example.confidence,
            escaped(example.masked.as_deref().unwrap_or("")),
            escaped(&example.file),
            example.row,
            if example.column.is_empty() { "" } else { ", " },
            escaped(&example.column)
        );
    }
    text
}

fn side_by_side(versus: &Versus) -> String {
    let mut text = format!(
        "from {} to {}: differences in points, with 95 % intervals of a paired bootstrap\n\n",
        escaped(&versus.a),
        escaped(&versus.b)
    );
    let header = [
        "detector",
        "gained",
        "lost",
        "new false",
        "gone false",
        "F1",
        "precision",
        "recall",
    ];
    let all = std::iter::once(&versus.overall).chain(&versus.detectors);
    let rows: Vec<Vec<String>> = all
        .map(|change| {
            vec![
                change.detector.clone(),
                change.change.gained.to_string(),
                change.change.lost.to_string(),
                change.change.new_alarms.to_string(),
                change.change.gone_alarms.to_string(),
                difference(change.f1),
                difference(change.precision),
                difference(change.recall),
            ]
        })
        .collect();
    text += &grid(&header, &rows);
    if versus.columns.is_empty() {
        text += "\nno finding changes\n";
        return text;
    }
    text.push('\n');
    let header = ["column", "gained", "lost", "new false", "gone false"];
    let rows: Vec<Vec<String>> = versus
        .columns
        .iter()
        .map(|change| {
            let parts = [&change.file, &change.column, &change.detector];
            let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            let name: Vec<_> = parts.into_iter().map(|part| escaped(part)).collect();
            vec![
                name.join(" · "),
                change.change.gained.to_string(),
                change.change.lost.to_string(),
                change.change.new_alarms.to_string(),
                change.change.gone_alarms.to_string(),
            ]
        })
        .collect();
    text += &grid(&header, &rows);
    if versus.more_columns > 0 {
        let _ = writeln!(text, "and {} columns more", versus.more_columns);
    }
    text
}
