//! Plots as SVG: a curve of precision over recall, and a reliability diagram.

use std::fmt::Write as _;

use crate::quality::eval::measure::{Calibration, Point};

/// Width and height of the field in which shares are drawn.
const SIDE: f64 = 220.0;
/// Room for the axes.
const EDGE: f64 = 34.0;
/// Points of a curve that are drawn.
const MOST: usize = 200;

fn x(share: f64) -> f64 {
    EDGE + share * SIDE
}

fn y(share: f64) -> f64 {
    EDGE / 2.0 + (1.0 - share) * SIDE
}

/// A square from 0 to 1 either way, with `inside` drawn in it.
fn field(title: &str, across: &str, up: &str, inside: &str) -> String {
    let (width, height) = (SIDE + 1.5 * EDGE, SIDE + 1.5 * EDGE);
    let mut text = format!(
        "<figure><figcaption>{title}</figcaption><svg viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{title}\">"
    );
    for step in 0..=4 {
        let share = f64::from(step) / 4.0;
        let _ = write!(
            text,
            "<path class=\"grid\" d=\"M{:.1} {:.1}H{:.1}M{:.1} {:.1}V{:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{share}</text><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{share}</text>",
            x(0.0),
            y(share),
            x(1.0),
            x(share),
            y(0.0),
            y(1.0),
            x(share),
            y(0.0) + 12.0,
            x(0.0) - 4.0,
            y(share) + 3.0,
        );
    }
    let _ = write!(
        text,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{across}</text><text transform=\"translate(9 {:.1}) rotate(-90)\" text-anchor=\"middle\">{up}</text>{inside}</svg></figure>",
        x(0.5),
        y(0.0) + 25.0,
        y(0.5)
    );
    text
}

/// Precision over recall, one line for each named curve.
pub(super) fn curves(title: &str, curves: &[(&str, &[Point])]) -> String {
    let mut inside = String::new();
    for (number, (name, points)) in curves.iter().enumerate() {
        let every = points.len().div_ceil(MOST).max(1);
        let last = points.len().saturating_sub(1);
        let mut path = String::new();
        for (at, point) in points.iter().enumerate() {
            let (Some(precision), Some(recall)) = (point.precision, point.recall) else {
                continue;
            };
            if at % every == 0 || at == last {
                let letter = if path.is_empty() { 'M' } else { 'L' };
                let _ = write!(path, "{letter}{:.1} {:.1}", x(recall), y(precision));
            }
        }
        let _ = write!(
            inside,
            "<path class=\"line{number}\" d=\"{path}\"><title>{name}</title></path>"
        );
    }
    field(title, "recall", "precision", &inside)
}

/// The share that is right, over the confidence; a dot's size says how many findings it stands for.
pub(super) fn reliability(title: &str, calibration: &Calibration) -> String {
    let most = calibration.bars.iter().map(|bar| bar.findings).max();
    let most = most.unwrap_or(1) as f64;
    let mut inside = format!(
        "<path class=\"even\" d=\"M{:.1} {:.1}L{:.1} {:.1}\"/>",
        x(0.0),
        y(0.0),
        x(1.0),
        y(1.0)
    );
    for bar in &calibration.bars {
        let size = 3.0 + 6.0 * (bar.findings as f64 / most).sqrt();
        let _ = write!(
            inside,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{size:.1}\"><title>{} findings of confidence {:.3}, {:.3} right</title></circle>",
            x(bar.confidence),
            y(bar.right),
            bar.findings,
            bar.confidence,
            bar.right
        );
    }
    field(title, "confidence", "share right", &inside)
}
