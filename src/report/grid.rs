//! Lines of cells that stand below each other and fit a width: what reports for people and `rules list` are made of.
//!
//! Cells are cut, never wrapped, so that one thing is one line. All text must have gone through
//! [`escaped`](super::escaped): a cell's width is counted, and what is counted must be what is shown.

use anstyle::Style;
use unicode_width::UnicodeWidthChar;

/// Between two cells.
const GAP: usize = 2;

/// A cell: its text, without escape sequences, and how it looks where colour is on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            style: Style::new(),
        }
    }

    pub(crate) fn styled(text: impl Into<String>, style: Style) -> Self {
        Self {
            text: text.into(),
            style,
        }
    }
}

/// What the cells of one column of a grid have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Track {
    least: usize,
    right: bool,
    middle: bool,
}

impl Track {
    /// Text, cut at its end but not below `least` characters.
    pub(crate) fn text(least: usize) -> Self {
        Self {
            least,
            right: false,
            middle: false,
        }
    }

    /// A path, cut in its middle: both ends tell more.
    pub(crate) fn path(least: usize) -> Self {
        Self {
            middle: true,
            ..Self::text(least)
        }
    }

    /// A number: aligned to the right, and never cut.
    pub(crate) fn number() -> Self {
        Self {
            least: usize::MAX,
            right: true,
            middle: false,
        }
    }
}

/// Widths for lines of cells. First every line is measured, then `settle` decides, then lines can be made.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    tracks: Vec<Track>,
    widths: Vec<usize>,
    indent: usize,
}

impl Grid {
    /// A grid whose lines start with `indent` spaces.
    pub(crate) fn new(indent: usize, tracks: Vec<Track>) -> Self {
        Self {
            widths: vec![0; tracks.len()],
            tracks,
            indent,
        }
    }

    /// Makes room for a line.
    pub(crate) fn measure(&mut self, cells: &[Cell]) {
        for (width, cell) in self.widths.iter_mut().zip(cells) {
            *width = (*width).max(shown_width(&cell.text));
        }
    }

    /// How wide lines are.
    pub(crate) fn width(&self) -> usize {
        let cells: usize = self.widths.iter().sum();
        self.indent + cells + GAP * self.widths.len().saturating_sub(1)
    }

    /// Takes from the widest cells until lines fit; returns whether they do.
    pub(crate) fn settle(&mut self, width: usize) -> bool {
        for (cell, track) in self.widths.iter_mut().zip(&self.tracks) {
            // The loop below takes one at a time: don't let a name of a million characters keep it busy.
            *cell = (*cell).min(width.max(track.least));
        }
        while self.width() > width {
            let can_give = self.widths.iter_mut().zip(&self.tracks);
            let widest = can_give
                .filter(|(width, track)| **width > track.least)
                .max_by_key(|(width, _)| **width);
            match widest {
                Some((cell, _)) => *cell -= 1,
                None => return false,
            }
        }
        true
    }

    /// A line, without spaces or a line break at its end.
    pub(crate) fn line(&self, cells: &[Cell], color: bool) -> String {
        let mut line = " ".repeat(self.indent);
        let mut owed = 0;
        for ((cell, track), &width) in cells.iter().zip(&self.tracks).zip(&self.widths) {
            let text = if track.middle {
                fit_middle(&cell.text, width)
            } else {
                fit(&cell.text, width)
            };
            let padding = width.saturating_sub(shown_width(&text));
            let (before, after) = if track.right {
                (padding, 0)
            } else {
                (0, padding)
            };
            // Space is owed until something follows: no line ends in it.
            if text.is_empty() {
                owed += padding + GAP;
                continue;
            }
            line.extend(std::iter::repeat_n(' ', owed + before));
            paint(&mut line, &text, cell.style, color);
            owed = after + GAP;
        }
        line
    }
}

/// Appends text in a style, where colour is on.
pub(crate) fn paint(line: &mut String, text: &str, style: Style, color: bool) {
    use std::fmt::Write as _;
    if color && style != Style::new() {
        let _ = write!(line, "{style}{text}{style:#}");
    } else {
        line.push_str(text);
    }
}

/// How many cells of a terminal the text takes.
pub(crate) fn shown_width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// The text, cut at its end to a width.
pub(crate) fn fit(text: &str, width: usize) -> String {
    if shown_width(text) <= width {
        return text.to_owned();
    }
    let mut out = String::from(head(text, width.saturating_sub(1)));
    if width > 0 {
        out.push('…');
    }
    out
}

/// The text, cut in its middle to a width.
pub(crate) fn fit_middle(text: &str, width: usize) -> String {
    if shown_width(text) <= width {
        return text.to_owned();
    }
    if width < 5 {
        return fit(text, width);
    }
    let front = (width - 1) / 3;
    let mut room = width - 1 - front;
    let tail = text.char_indices().rev().take_while(|(_, c)| {
        let fits = c.width().unwrap_or(0) <= room;
        room = room.saturating_sub(c.width().unwrap_or(0));
        fits
    });
    let tail = tail.last().map_or("", |(at, _)| &text[at..]);
    format!("{}…{tail}", head(text, front))
}

/// As much of the start of a text as fits a width.
fn head(text: &str, width: usize) -> &str {
    let mut room = width;
    for (at, c) in text.char_indices() {
        let wide = c.width().unwrap_or(0);
        if wide > room {
            return &text[..at];
        }
        room -= wide;
    }
    text
}

/// The text in lines of at most `width`, broken at spaces where there are any, else anywhere. Nothing is lost.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let width = width.max(2);
    let mut lines = Vec::new();
    let mut rest = text;
    while shown_width(rest) > width {
        let fits = head(rest, width);
        let at = match fits.rfind(' ') {
            _ if rest[fits.len()..].starts_with(' ') => fits.len(),
            // A break far to the left is worse than a broken word.
            Some(space) if shown_width(&fits[..space]) * 2 > width => space,
            _ => fits.len(),
        };
        let (line, tail) = rest.split_at(at);
        lines.push(line.to_owned());
        rest = tail.strip_prefix(' ').unwrap_or(tail);
    }
    lines.push(rest.to_owned());
    lines
}

/// The number with a comma between thousands.
pub(crate) fn counted(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_commas() {
        let numbers = [0, 999, 1000, 1_234_567].map(counted);
        assert_eq!(numbers, ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn cutting_counts_what_a_terminal_shows() {
        assert_eq!(fit("abcdef", 4), "abc…");
        assert_eq!(fit("数据数据", 5), "数据…");
        assert_eq!(fit("数据数据", 4), "数…");
        assert_eq!(
            fit_middle("contacts[].addresses[].email", 13),
            "cont…[].email"
        );
        assert_eq!(fit("abc", 0), "");
    }

    #[test]
    fn wrapping_loses_nothing() {
        assert_eq!(
            wrapped("the file is cut off", 10),
            ["the file", "is cut off"]
        );
        assert_eq!(wrapped("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrapped("数据数据", 3), ["数", "据", "数", "据"]);
    }

    #[test]
    fn lines_fit_and_numbers_are_whole() {
        let cells = [
            Cell::new("a long name that must give way"),
            Cell::new("1,234,567"),
            Cell::new("another long text, longer than the first"),
        ];
        let mut grid = Grid::new(2, vec![Track::text(4), Track::number(), Track::text(4)]);
        grid.measure(&cells);
        assert!(grid.settle(40));
        let line = grid.line(&cells, false);
        assert_eq!(shown_width(&line), 40);
        assert!(line.contains("1,234,567"), "{line}");
        assert!(!grid.settle(20));
    }
}
