//! Evaluations as documents: a table for the terminal, JSON, Markdown, and a page with plots.

use serde::Serialize;

use super::measure::Estimate;
use super::versus::Versus;
use super::{Evaluation, Section};

mod html;
mod lines;
mod markdown;
mod plot;

pub(crate) use lines::grid;

/// One rule set's evaluation or two, and how they compare.
#[derive(Serialize)]
pub struct Document {
    /// The evaluations, in the order asked for.
    pub evaluations: Vec<Evaluation>,
    /// How the second compares with the first.
    pub versus: Option<Versus>,
}

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Lines for a terminal.
    Table,
    /// One JSON document.
    Json,
    /// Markdown.
    Markdown,
    /// A page that stands by itself.
    Html,
}

impl Style {
    /// The style of a file's extension.
    pub fn of_extension(extension: &str) -> Option<Self> {
        match extension.to_lowercase().as_str() {
            "json" => Some(Style::Json),
            "md" => Some(Style::Markdown),
            "html" | "htm" => Some(Style::Html),
            "txt" => Some(Style::Table),
            _ => None,
        }
    }
}

impl Document {
    /// The document as text.
    pub fn written(&self, style: Style) -> String {
        match style {
            Style::Table => lines::document(self),
            Style::Json => {
                let text = serde_json::to_string_pretty(self);
                text.expect("figures and names are JSON") + "\n"
            }
            Style::Markdown => markdown::document(self),
            Style::Html => html::document(self),
        }
    }
}

/// A share as a percentage with one decimal; a dash where there is none. Only what is whole is written as 100.
fn percent(share: Option<f64>) -> String {
    match share {
        None => "–".to_owned(),
        Some(share) if (0.9995..1.0).contains(&share) => "99.9".to_owned(),
        Some(share) => format!("{:.1}", share * 100.0),
    }
}

fn value(estimate: Option<Estimate>) -> Option<f64> {
    estimate.map(|estimate| estimate.value)
}

/// A percentage and its interval: `98.2 (97.0–99.1)`.
pub(crate) fn with_interval(estimate: Option<Estimate>) -> String {
    match estimate {
        None => "–".to_owned(),
        Some(Estimate { value, low, high }) => format!(
            "{} ({}–{})",
            percent(Some(value)),
            percent(Some(low)),
            percent(Some(high))
        ),
    }
}

/// What the columns of [`figures`] are called.
const FIGURES: [&str; 9] = [
    "labels",
    "false",
    "missed",
    "precision",
    "recall",
    "F1",
    "F2",
    "AP",
    "ECE",
];

/// The figures of a section's cells, as texts.
fn figures(section: &Section) -> [String; 9] {
    let cells = &section.cells;
    let counts = cells.counts;
    let decimals = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |v| format!("{v:.3}"));
    [
        (counts.found + counts.missed).to_string(),
        counts.false_alarms.to_string(),
        counts.missed.to_string(),
        percent(value(cells.precision)),
        percent(value(cells.recall)),
        percent(value(cells.f1)),
        percent(value(cells.f2)),
        decimals(section.average_precision),
        decimals(section.calibration.error),
    ]
}

/// The two figures of a section's columns, with what is behind them: `96.0` of columns found.
fn column_figures(section: &Section) -> [String; 2] {
    [
        percent(value(section.columns.precision)),
        percent(value(section.columns.recall)),
    ]
}

/// A difference in points of a percent, and the probability that chance alone makes one like it.
fn difference(difference: Option<super::measure::Difference>) -> String {
    match difference {
        None => "–".to_owned(),
        Some(difference) => format!(
            "{:+.2} ({:+.2} to {:+.2}), p {:.3}",
            difference.by.value * 100.0,
            difference.by.low * 100.0,
            difference.by.high * 100.0,
            difference.chance
        ),
    }
}
