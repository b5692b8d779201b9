//! Where the columns of a fixed-width text are, as its lines show.
//!
//! Places are characters of a line, from 0. Columns are told apart by *gaps*: places that are blank in each line that was looked
//! at, with something on both sides. A ruler (`---- ------  ----`), as database consoles print it under their headers, says so
//! itself.

use std::collections::HashSet;
use std::ops::Range;

/// Lines looked at.
const LOOKED_AT: usize = 200;
/// Lines that show enough; fewer when a ruler says where the columns are.
const FEWEST: usize = 5;
/// Lines that may stand before the table: titles, blank lines.
const TITLES: usize = 4;
/// A longer line is no record of columns, in characters.
const LONGEST: usize = 8192;

/// The columns of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// The places between two columns.
    pub(super) gaps: Vec<Range<usize>>,
    /// The columns' names: one more than there are gaps.
    pub(super) names: Vec<String>,
    /// Lines before the first record, those that are blank included.
    pub(super) before: usize,
    /// Which of them are names and rulers, and not text.
    pub(super) header: Range<usize>,
}

impl Layout {
    /// The layout of a text; none where its lines show no columns. The last line of a text that goes on is left out.
    pub(super) fn of(text: &[u8], whole: bool) -> Option<Self> {
        let text = String::from_utf8_lossy(text);
        let mut lines: Vec<Vec<char>> = text
            .split('\n')
            .take(LOOKED_AT + 1)
            .map(|line| line.trim_end().chars().collect())
            .collect();
        if !whole || lines.len() > LOOKED_AT || lines.last().is_some_and(Vec::is_empty) {
            lines.pop();
        }
        if lines.iter().any(|line| line.len() > LONGEST) {
            return None;
        }
        by_ruler(&lines).or_else(|| by_gaps(&lines))
    }
}

/// What a ruler under the header says.
fn by_ruler(lines: &[Vec<char>]) -> Option<Layout> {
    let at = (1..lines.len().min(TITLES + 2)).find(|&at| is_ruler(&lines[at]))?;
    let gaps = runs(&lines[at], |c| c == ' ');
    let header = fields(&lines[at - 1], &gaps)?;
    let records = &lines[at + 1..];
    let fit = records.iter().filter(|line| fields(line, &gaps).is_some());
    (!records.is_empty() && fit.count() * 10 >= records.len() * 8).then(|| Layout {
        names: names(&header),
        gaps,
        before: at + 1,
        header: at - 1..at + 1,
    })
}

/// Whether a line is a ruler of at least two columns.
fn is_ruler(line: &[char]) -> bool {
    let is_dash = |c: &char| matches!(c, '-' | '=');
    line.first().is_some_and(is_dash)
        && line.iter().all(|c| is_dash(c) || *c == ' ')
        && runs(line, |c| c == ' ').iter().all(|gap| gap.len() <= 4)
        && line.contains(&' ')
}

/// What the gaps that all lines have in common say.
fn by_gaps(lines: &[Vec<char>]) -> Option<Layout> {
    (0..=TITLES).find_map(|before| {
        let is_start = before == 0 || lines.get(before - 1)?.is_empty() || before == 1;
        is_start.then(|| behind(lines, before)).flatten()
    })
}

/// The same, of the lines from one on.
fn behind(lines: &[Vec<char>], before: usize) -> Option<Layout> {
    let records: Vec<&[char]> = lines[before..]
        .iter()
        .filter(|line| !line.is_empty())
        .map(Vec::as_slice)
        .collect();
    if records.len() < FEWEST || !are_padded(&records) || are_code(&records) {
        return None;
    }
    let width = records.iter().map(|line| line.len()).max()?;
    let is_blank = |at: &usize| {
        records
            .iter()
            .all(|line| line.get(*at).is_none_or(|c| *c == ' '))
    };
    let blank: Vec<char> = (0..width)
        .map(|at| if is_blank(&at) { ' ' } else { 'x' })
        .collect();
    let gaps = runs(&blank, |c| c == ' ');
    // Few lines show a gap of one place by chance.
    let is_wide = gaps.iter().any(|gap| gap.len() > 1);
    if gaps.is_empty() || !is_wide && (gaps.len() < 2 || records.len() < 2 * FEWEST) {
        return None;
    }
    let all: Vec<Vec<&[char]>> = records
        .iter()
        .filter_map(|line| fields(line, &gaps))
        .collect();
    let filled = |column: usize| {
        all.iter()
            .filter(|fields| !fields[column].is_empty())
            .count()
    };
    let are_filled = (0..=gaps.len()).all(|column| filled(column) * 2 >= all.len());
    if !are_filled || filled(0) * 10 < all.len() * 8 {
        return None;
    }
    let has_header = is_header(&all);
    let names = if has_header {
        names(&all[0])
    } else {
        (1..=gaps.len() + 1)
            .map(|number| format!("column_{number}"))
            .collect()
    };
    let before = before
        + lines[before..]
            .iter()
            .take_while(|line| line.is_empty())
            .count();
    Some(Layout {
        gaps,
        names,
        header: before..before + usize::from(has_header),
        before: before + usize::from(has_header),
    })
}

/// Whether most lines have blanks beside each other, which fill columns up; prose has none.
fn are_padded(lines: &[&[char]]) -> bool {
    let is_padded = |line: &&&[char]| {
        let start = line.iter().take_while(|c| **c == ' ').count();
        line[start..].windows(2).any(|two| two == [' ', ' '])
    };
    lines.iter().filter(is_padded).count() * 10 >= lines.len() * 6
}

/// Whether lines end as those of programs do.
fn are_code(lines: &[&[char]]) -> bool {
    let is_code = |line: &&&[char]| matches!(line.last(), Some(';' | '{' | '}' | '(' | ',' | '\\'));
    lines.iter().filter(is_code).count() * 5 > lines.len()
}

/// Whether the first line names the columns: words, in columns that hold something else.
fn is_header(all: &[Vec<&[char]>]) -> bool {
    let Some((first, records)) = all.split_first() else {
        return false;
    };
    let has_sign = |field: &[char]| field.iter().any(|c| c.is_numeric() || *c == '@');
    let different: HashSet<&[char]> = first
        .iter()
        .copied()
        .filter(|name| !name.is_empty())
        .collect();
    let signs = |column: usize| {
        records
            .iter()
            .filter(|fields| has_sign(fields[column]))
            .count()
    };
    let is_other = |column: usize| signs(column) * 2 > records.len();
    different.len() * 10 >= first.len() * 8
        && !first.iter().any(|name| has_sign(name))
        && (0..first.len()).any(is_other)
}

fn names(header: &[&[char]]) -> Vec<String> {
    let name = |(number, name): (usize, &&[char])| match name.iter().collect::<String>() {
        empty if empty.is_empty() => format!("column_{}", number + 1),
        name => name,
    };
    header.iter().enumerate().map(name).collect()
}

/// Where runs of such characters are that have others on both sides.
fn runs(line: &[char], wanted: impl Fn(char) -> bool) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let mut at = line.iter().take_while(|c| wanted(**c)).count();
    while at < line.len() {
        let start = at + line[at..].iter().take_while(|c| !wanted(**c)).count();
        let end = start + line[start..].iter().take_while(|c| wanted(**c)).count();
        if end < line.len() && end > start {
            runs.push(start..end);
        }
        at = end.max(at + 1);
    }
    runs
}

/// The fields of a line, without the blanks around them; none where one of them fills a gap.
fn fields<'l>(line: &'l [char], gaps: &[Range<usize>]) -> Option<Vec<&'l [char]>> {
    let is_blank = |at: usize| line[at] == ' ';
    let cuts = cuts(line.len(), gaps, is_blank)?;
    let trimmed = |field: Range<usize>| {
        let field = &line[field];
        let start = field.iter().take_while(|c| **c == ' ').count();
        let end = field.iter().rev().take_while(|c| **c == ' ').count();
        &field[start..(field.len() - end).max(start)]
    };
    Some(cuts.map(trimmed).collect())
}

/// Where the fields of a line of so many places are, each up to a blank in the gap behind it; none where a gap has no blank.
pub(super) fn cuts(
    len: usize,
    gaps: &[Range<usize>],
    is_blank: impl Fn(usize) -> bool,
) -> Option<impl Iterator<Item = Range<usize>>> {
    let mut ends = Vec::with_capacity(gaps.len() + 1);
    for gap in gaps {
        let within = gap.start.min(len)..gap.end.min(len);
        let end = if within.is_empty() {
            len
        } else {
            within.clone().find(|&at| is_blank(at))?
        };
        ends.push(end);
    }
    ends.push(len);
    let mut start = 0;
    Some(
        ends.into_iter()
            .map(move |end| std::mem::replace(&mut start, end)..end),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<Layout> {
        Layout::of(text.as_bytes(), true)
    }

    #[test]
    fn a_ruler_says_where_columns_are() {
        let layout = of("Staff\n\nid   name        born\n---- ----------- ----------\n1    Ada         1990-01-02\n").unwrap();
        assert_eq!(layout.names, ["id", "name", "born"]);
        assert_eq!((layout.gaps, layout.before), (vec![4..5, 16..17], 4));
    }

    #[test]
    fn gaps_show_in_enough_lines() {
        let lines = [
            "NAME        CITY        NUMBER",
            "Ada Bakker  Utrecht      12345",
            "Bo Klein    Den Haag       678",
            "Cem Öz      Goes         90123",
            "Di van Ham  Ede             45",
            "Ed Mol      Oss          67890",
        ];
        let layout = of(&lines.join("\n")).unwrap();
        assert_eq!(layout.names, ["NAME", "CITY", "NUMBER"]);
        assert_eq!((layout.before, layout.header), (1, 0..1));
        let nameless = of(&lines[1..].join("\n")).unwrap();
        assert_eq!(nameless.names, ["column_1", "column_2", "column_3"]);
        assert_eq!(nameless.before, 0);
        assert!(of(&lines[..4].join("\n")).is_none(), "too few");
    }

    #[test]
    fn prose_and_programs_have_no_columns() {
        let prose = "Dear all, this is a letter\nthat goes on for some\nlines and has no table\nin it at all, as you\ncan see for yourself\nif you read it.\n";
        assert!(of(prose).is_none());
        let code = "int a  = 1;\nint b  = 2;\nint c  = 3;\nint d  = 4;\nint e  = 5;\nint f  = 6;\n";
        assert!(of(code).is_none());
        assert!(of("BSN: 1\nBSN: 2\nBSN: 3\nBSN: 4\nBSN: 5\nBSN: 6\n").is_none());
    }
}
