//! How a line about a column looks: which cells it has, how wide they are, how they are coloured and sorted.

use std::cmp::Reverse;

use anstyle::{AnsiColor, Style};

use super::escaped;
use super::grid::{Cell, Grid, Track, counted};
use super::overview::{InputFound, TableFound};
use crate::event::{ColumnDetector, ColumnRecord, thousandths};

/// Which cells a line about a column has, and how wide they are: the same in all tables, so that eyes can run down.
pub(super) struct Layout {
    pub(super) grid: Grid,
    shows: Shows,
}

/// What there is room for, beside names and counts.
#[derive(Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a cell that a line has or not"
)]
struct Shows {
    category: bool,
    /// In how many of the rows, as a share and as a bar.
    share: bool,
    bar: bool,
    /// How sure, as a bar and in a word.
    sure_bar: bool,
    word: bool,
    examples: bool,
}

/// What there may be room for, the most first; the last is for what has no room at all.
const CHOICES: [Shows; 7] = {
    let all = Shows {
        category: true,
        share: true,
        bar: true,
        sure_bar: true,
        word: true,
        examples: true,
    };
    let one_bar = Shows {
        sure_bar: false,
        ..all
    };
    let no_category = Shows {
        category: false,
        ..all
    };
    let no_bar = Shows {
        bar: false,
        sure_bar: false,
        ..no_category
    };
    let no_word = Shows {
        word: false,
        ..no_bar
    };
    let least = Shows {
        share: false,
        examples: false,
        ..no_word
    };
    let one_bar_and_no_category = Shows {
        sure_bar: false,
        ..no_category
    };
    [
        all,
        one_bar,
        no_category,
        one_bar_and_no_category,
        no_bar,
        no_word,
        least,
    ]
};

impl Layout {
    /// The richest layout that leaves names and examples room.
    pub(super) fn of(inputs: &[InputFound], width: usize) -> Self {
        let [choices @ .., least] = CHOICES;
        for shows in choices {
            let (layout, fits) = Self::measured(inputs, width, shows);
            if fits {
                return layout;
            }
        }
        Self::measured(inputs, width, least).0
    }

    fn measured(inputs: &[InputFound], width: usize, shows: Shows) -> (Self, bool) {
        let (name, detector) = match (shows.word, shows.examples) {
            (true, _) => (24, 15),
            (_, true) => (14, 10),
            _ => (4, 4),
        };
        let mut tracks = vec![Track::path(name), Track::text(detector)];
        if shows.category {
            tracks.push(Track::text(11));
        }
        tracks.push(Track::number());
        if shows.share {
            tracks.push(Track::number());
        }
        if shows.bar {
            tracks.push(Track::text(BAR));
        }
        tracks.push(Track::number());
        if shows.sure_bar {
            tracks.push(Track::text(BAR));
        }
        if shows.word {
            tracks.push(Track::text(8));
        }
        if shows.examples {
            tracks.push(Track::text(if shows.bar { 20 } else { 14 }));
        }
        let mut layout = Self {
            grid: Grid::new(2, tracks),
            shows,
        };
        let header = layout.header();
        layout.grid.measure(&header);
        for column in inputs
            .iter()
            .flat_map(|input| &input.tables)
            .flat_map(|table| &table.columns)
        {
            for detector in &column.detectors {
                let cells = layout.cells(column, detector);
                layout.grid.measure(&cells);
            }
        }
        let fits = layout.grid.settle(width);
        (layout, fits)
    }

    pub(super) fn header(&self) -> Vec<Cell> {
        let mut texts = vec!["column", "detector"];
        if self.shows.category {
            texts.push("category");
        }
        texts.push("rows");
        if self.shows.share {
            texts.push("share");
        }
        if self.shows.bar {
            texts.push("");
        }
        texts.push("sure");
        if self.shows.sure_bar {
            texts.push("");
        }
        if self.shows.word {
            texts.push("");
        }
        if self.shows.examples {
            texts.push("examples");
        }
        texts
            .into_iter()
            .map(|text| Cell::styled(text, dimmed()))
            .collect()
    }

    pub(super) fn cells(&self, column: &ColumnRecord, detector: &ColumnDetector) -> Vec<Cell> {
        let style = category_style(&detector.category);
        let name = column
            .place
            .column
            .as_deref()
            .map_or("(text)".into(), escaped);
        let sure = thousandths(detector.confidence);
        let mut cells = vec![
            Cell::styled(name, bold()),
            Cell::styled(escaped(&detector.detector), style),
        ];
        if self.shows.category {
            cells.push(Cell::styled(escaped(&detector.category), style));
        }
        cells.push(Cell::new(counted(detector.rows)));
        if self.shows.share {
            cells.push(Cell::new(share(detector.rows, column.rows)));
        }
        if self.shows.bar {
            cells.push(Cell::styled(bar(detector.rows, column.rows), style));
        }
        cells.push(Cell::new(format!("{}%", sure / 10)));
        if self.shows.sure_bar {
            cells.push(Cell::styled(bar(sure.into(), 1000), style));
        }
        if self.shows.word {
            cells.push(Cell::new(sureness(sure)));
        }
        if self.shows.examples {
            let examples = detector.examples.iter().take(3);
            let examples: Vec<_> = examples.map(|example| escaped(example)).collect();
            cells.push(Cell::styled(examples.join(", "), dimmed()));
        }
        cells
    }
}

/// What was found in a column, most sensitive first.
pub(super) fn by_rank(column: &ColumnRecord) -> Vec<&ColumnDetector> {
    let mut detectors: Vec<_> = column.detectors.iter().collect();
    detectors.sort_by_key(|detector| (rank(&detector.category), Reverse(detector.rows)));
    detectors
}

/// The rank of the most sensitive thing in a column.
pub(super) fn column_rank(column: &ColumnRecord) -> u8 {
    column
        .detectors
        .iter()
        .map(|detector| rank(&detector.category))
        .min()
        .unwrap_or(u8::MAX)
}

/// The rank of the most sensitive thing in a table.
pub(super) fn table_rank(table: &TableFound) -> u8 {
    table
        .columns
        .iter()
        .map(column_rank)
        .min()
        .unwrap_or(u8::MAX)
}

/// Categories, most sensitive first: those of GDPR articles 9 and 10, what enables fraud, what names or reaches a
/// person, what describes one.
const RANKS: [&[&str]; 4] = [
    &["special", "criminal"],
    &["national-id", "document", "credential", "financial"],
    &[
        "identity",
        "contact",
        "location",
        "demographic",
        "employment",
    ],
    &["online", "device", "consent"],
];

/// Where a category stands in [`RANKS`]: the group in tens, the place in it in ones.
pub(super) fn rank(category: &str) -> u8 {
    let found = RANKS.iter().enumerate().find_map(|(group, names)| {
        let place = names.iter().position(|name| *name == category)?;
        Some(group * 10 + place)
    });
    found.map_or(u8::MAX, |rank| rank as u8)
}

/// The group of a rank.
pub(super) fn group(rank: u8) -> u8 {
    rank / 10
}

fn category_style(category: &str) -> Style {
    let color = match group(rank(category)) {
        0 => return bold().fg_color(Some(AnsiColor::Red.into())),
        1 => return bold().fg_color(Some(AnsiColor::Magenta.into())),
        2 => AnsiColor::Cyan,
        _ => AnsiColor::Green,
    };
    Style::new().fg_color(Some(color.into()))
}

pub(super) fn bold() -> Style {
    Style::new().bold()
}

pub(super) fn dimmed() -> Style {
    Style::new().dimmed()
}

/// What a probability, in thousandths, means in a word.
pub(super) fn sureness(thousandths: u16) -> &'static str {
    match thousandths {
        990.. => "certain",
        800.. => "likely",
        500.. => "possible",
        _ => "doubtful",
    }
}

/// `part` of `all` in percent; all and none only where it is exactly that.
pub(super) fn share(part: u64, all: u64) -> String {
    if all == 0 {
        return "–".into();
    }
    let percent = part as f64 / all as f64 * 100.0;
    match percent {
        _ if part == 0 => "0%".into(),
        _ if part >= all => "100%".into(),
        low if low < 1.0 => "<1%".into(),
        high if high > 99.0 => ">99%".into(),
        other => format!("{other:.0}%"),
    }
}

/// Characters of a full bar.
const BAR: usize = 5;

/// `part` of `all` as a bar; it is empty only when `part` is 0, and full only when it is all.
fn bar(part: u64, all: u64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    if all == 0 || part == 0 {
        return String::new();
    }
    let full = BAR * 8;
    #[expect(clippy::cast_sign_loss, reason = "a share is never negative")]
    let eighths = (part as f64 / all as f64 * full as f64).round() as usize;
    let eighths = if part >= all {
        full
    } else {
        eighths.clamp(1, full - 1)
    };
    "█".repeat(eighths / 8) + EIGHTHS[eighths % 8]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_never_rounded_to_all_or_none() {
        let shares =
            [(0, 9), (1, 1000), (1, 2), (996, 998), (998, 998), (1, 0)].map(|(a, b)| share(a, b));
        assert_eq!(shares, ["0%", "<1%", "50%", ">99%", "100%", "–"]);
        let bars =
            [(0, 9), (1, 1000), (1, 2), (996, 998), (998, 998), (1, 0)].map(|(a, b)| bar(a, b));
        assert_eq!(bars, ["", "▏", "██▌", "████▉", "█████", ""]);
    }

    #[test]
    fn sensitive_categories_come_first() {
        let mut names = [
            "consent",
            "contact",
            "unknown",
            "national-id",
            "criminal",
            "special",
        ];
        names.sort_by_key(|name| rank(name));
        assert_eq!(
            names,
            [
                "special",
                "criminal",
                "national-id",
                "contact",
                "consent",
                "unknown"
            ]
        );
    }
}
