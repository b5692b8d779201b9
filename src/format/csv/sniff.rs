//! Finds the dialect of a CSV file from its first bytes, and where its table starts.
//!
//! A delimiter is believed when it gives records of one width whose cells are in one piece. That is what tells tables from
//! prose, logs and source code, in which commas are frequent, too, and a semicolon from the commas of decimals.

use std::collections::BTreeMap;

use super::dialect::{Dialect, RowEnd, quoting, sep_line};
use super::row_end::row_ends;
use super::split::{State, Visit, split};

/// A dialect, how well it fits, and where its table starts.
#[derive(Clone, Debug)]
pub(super) struct Fit {
    pub(super) dialect: Dialect,
    /// Cells of most records.
    pub(super) width: usize,
    /// Records seen, and the share of them that has that width.
    pub(super) records: usize,
    pub(super) share: f64,
    /// The share of cells that are in one piece.
    pub(super) clean: f64,
    /// Bytes before the table: title lines, `sep=` lines.
    pub(super) skip: usize,
    /// Whether a `sep=` line said so.
    pub(super) declared: bool,
}

/// Records looked at.
const LOOKED_AT: usize = 400;
/// Bytes in which delimiters and row ends are looked for.
pub(super) const HEAD: usize = 16 << 10;
/// Lines before the header, at the most.
const TITLES: usize = 30;

/// Delimiters of one byte, in the order in which ties are settled.
const SINGLE: &[u8] = b",;\t|^\x01\x1f~";
/// Bytes that quote cells.
const QUOTES: &[u8] = b"\"'";

/// What delimits no cells, since it ends records.
const NO_DELIMITER: &[u8] = b"\n";

/// The dialect that fits the text best; none when it is no table. `whole` says that the text doesn't end within a record.
pub(super) fn fit(text: &[u8], whole: bool, delimiter: Option<&[u8]>) -> Option<Fit> {
    if let Some((declared, skip)) = sep_line(text) {
        let delimiter = delimiter.unwrap_or(&declared);
        let fits = Dialect {
            delimiter: delimiter.to_vec(),
            ..Dialect::default()
        };
        let table = &text[skip..];
        let mut best = measure(table, whole, quoting(table, fits), &[])?;
        best.skip += skip;
        best.declared = true;
        return Some(best);
    }
    if let Some(delimiter) = delimiter {
        return measure_all(text, whole, delimiter, &[]);
    }
    let candidates = candidates(text);
    let mut best: Option<Fit> = None;
    for candidate in &candidates {
        if let Some(fit) = measure_all(text, whole, candidate, &candidates)
            && fit.width >= 2
            && best.as_ref().is_none_or(|best| fit.score() > best.score())
        {
            best = Some(fit);
        }
    }
    best.or_else(|| one_column(text, whole))
}

/// A table of one column. What delimits in some of its lines delimits, unless a space follows, as in sentences.
fn one_column(text: &[u8], whole: bool) -> Option<Fit> {
    let comma = measure(text, whole, quoting(text, Dialect::default()), &[])?;
    if memchr::memchr(b',', text).is_some() && !comma.reads_like_prose(text) {
        return Some(comma);
    }
    measure_all(text, whole, NO_DELIMITER, &[])
}

/// Measures a delimiter with ordinary row ends and, where there may be some, with row ends of its own.
fn measure_all(text: &[u8], whole: bool, delimiter: &[u8], rivals: &[Vec<u8>]) -> Option<Fit> {
    let plain = Dialect {
        delimiter: delimiter.to_vec(),
        ..Dialect::default()
    };
    let mut best = measure(text, whole, quoting(text, plain.clone()), rivals);
    for end in row_ends(text, delimiter) {
        let dialect = Dialect {
            row_end: RowEnd::Custom(end),
            ..plain.clone()
        };
        let own = measure(text, whole, quoting(text, dialect), rivals);
        best = match (best, own) {
            (Some(best), Some(own)) => {
                // What ends rows ends nearly all lines, unless lines alone make no table.
                let plausible = own.records * 10 >= best.records * 8 || best.share < 0.8;
                Some(if plausible && own.score() >= best.score() {
                    own
                } else {
                    best
                })
            }
            (best, own) => best.or(own),
        };
    }
    best
}

impl Fit {
    /// Higher is better. Width counts little: `;` beside `,` in decimals must win by consistency.
    fn score(&self) -> f64 {
        let width = (self.width as f64).ln_1p();
        let few = if self.records < 3 { 0.5 } else { 1.0 };
        let titles = if self.skip > 0 { 0.85 } else { 1.0 };
        self.share.powi(4) * width * few * titles * (0.1 + 0.9 * self.clean)
    }

    /// Whether it is a table by its content alone, whatever the file is called.
    pub(super) fn is_table(&self) -> bool {
        self.declared
            || self.width >= 4 && self.records >= 2 && self.share >= 1.0 && self.clean >= 0.9
            || self.width >= 4 && self.records >= 10 && self.share >= 0.8
            || self.width >= 3 && self.records >= 3 && self.share >= 0.9
            || self.width == 2 && self.records >= 3 && self.share >= 0.97
    }

    /// Whether a space follows nearly every delimiter, as in sentences and in logs (`X11; Linux; rv:1`).
    pub(super) fn reads_like_prose(&self, text: &[u8]) -> bool {
        let delimiter = &self.dialect.delimiter[..];
        if self.declared || !matches!(delimiter, b"," | b";") {
            return false;
        }
        let head = &text[self.skip..text.len().min(self.skip + HEAD)];
        let (mut all, mut spaced) = (0, 0);
        for at in memchr::memchr_iter(delimiter[0], head) {
            all += 1;
            spaced += usize::from(head.get(at + 1) == Some(&b' '));
        }
        spaced * 10 > all * 8
    }
}

/// Delimiters worth measuring: single bytes that occur, and short runs of punctuation that occur often.
fn candidates(text: &[u8]) -> Vec<Vec<u8>> {
    let head = &text[..text.len().min(HEAD)];
    let mut all: Vec<Vec<u8>> = SINGLE
        .iter()
        .filter(|byte| head.contains(byte))
        .map(|&byte| vec![byte])
        .collect();
    // A space before a quote is part of the delimiter: `a, "b, c"`.
    let spaced = all.iter().map(|single| [single, &b" "[..]].concat());
    let spaced: Vec<_> = spaced
        .filter(|delimiter| {
            QUOTES.iter().any(|quote| {
                memchr::memmem::find(head, &[delimiter, &[*quote][..]].concat()).is_some()
            })
        })
        .collect();
    all.extend(spaced);
    let mut runs: BTreeMap<&[u8], usize> = BTreeMap::new();
    let mut run = 0;
    for (end, &byte) in (1..).zip(head) {
        run = if is_separator(byte) { run + 1 } else { 0 };
        for len in 2..=run.min(3) {
            let window = &head[end - len..end];
            // Commas and tabs side by side are empty cells.
            if !matches!(window, b",," | b",,," | b"\t\t" | b"\t\t\t") {
                *runs.entry(window).or_default() += 1;
            }
        }
    }
    let lines = memchr::memchr2_iter(b'\n', b'\r', head).count().max(1);
    let mut runs: Vec<_> = runs
        .into_iter()
        .filter(|(run, count)| *count * 2 >= lines && !is_single_repeated(head, run, *count))
        .collect();
    runs.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    all.extend(runs.into_iter().take(12).map(|(run, _)| run.to_vec()));
    all
}

/// Whether a run is one delimiter several times, with nothing between: empty cells. Where `||` delimits, no `|` stands alone.
fn is_single_repeated(head: &[u8], run: &[u8], count: usize) -> bool {
    let byte = run[0];
    // Part of another run is not alone: the row end of `a||b|##|`.
    let alone = |at: &usize| {
        let before = at.checked_sub(1).map(|before| head[before]);
        !before.is_some_and(is_separator) && !head.get(at + 1).copied().is_some_and(is_separator)
    };
    SINGLE.contains(&byte)
        && run.iter().all(|other| *other == byte)
        && memchr::memchr_iter(byte, head).filter(alone).count() * 10 > count
}

/// Bytes that delimiters and row ends of several bytes are made of.
pub(super) fn is_separator(byte: u8) -> bool {
    SEPARATORS[usize::from(byte)]
}

const SEPARATORS: [bool; 256] = {
    let mut separates = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        separates[byte] = matches!(
            byte as u8,
            b'|' | b'~' | b'^' | b'@' | b'#' | b'$' | b':' | b';' | b',' | b'&' | b'%' | b'!' | b'+' | b'*' | b'\t' | 0x01..=0x08 | 0x1c..=0x1f
        );
        byte += 1;
    }
    separates
};

/// A record of the text.
#[derive(Clone, Copy)]
struct Record {
    start: usize,
    /// Its cells, and those of them that aren't empty.
    width: usize,
    filled: usize,
}

/// Widths of the records and where they start, and how many of their cells are in one piece.
struct Widths<'t> {
    text: &'t [u8],
    rivals: &'t [Vec<u8>],
    list: Vec<Record>,
    start: usize,
    /// Cells of the record that aren't empty, so far.
    filled: usize,
    /// Records whose last cell is empty.
    empty_last: usize,
    last_len: usize,
    cells: usize,
    clean: usize,
    /// For each column, whether it has been empty so far.
    empty: Vec<bool>,
}

impl Visit for Widths<'_> {
    fn cell(&mut self, start: usize, end: usize, column: u32, quoted: bool) {
        self.last_len = end - start;
        self.filled += usize::from(end > start);
        let column = column as usize;
        if self.list.len() > LOOKED_AT || column > LOOKED_AT {
            return;
        }
        let cell = &self.text[start..end];
        self.cells += 1;
        self.clean += usize::from(quoted || self.is_in_one_piece(cell));
        if self.empty.len() <= column {
            self.empty.resize(column + 1, true);
        }
        self.empty[column] &= cell.is_empty();
    }

    fn record(&mut self, cells: u32, next: usize) {
        self.list.push(Record {
            start: self.start,
            width: cells as usize,
            filled: std::mem::take(&mut self.filled),
        });
        self.start = next;
        self.empty_last += usize::from(self.last_len == 0);
    }
}

impl Widths<'_> {
    /// Whether a cell is a number, or holds nothing that might delimit cells.
    fn is_in_one_piece(&self, cell: &[u8]) -> bool {
        if cell.is_empty() {
            return true;
        }
        if cell.iter().all(|&byte| is_separator(byte)) {
            return false;
        }
        let is_number = cell.iter().all(|byte| {
            byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b'-' | b'+' | b' ' | b'%')
        });
        is_number
            || !self.rivals.iter().any(|rival| match rival[..] {
                [byte] => cell.contains(&byte),
                // In text, a space follows many a comma; before a quote it is part of the delimiter.
                [_, b' '] => cell.starts_with(b" \""),
                _ => memchr::memmem::find(cell, rival).is_some(),
            })
    }

    /// The share of cells in one piece; those of a column that is empty throughout are none.
    fn clean(&self) -> f64 {
        let empty = self.empty.iter().filter(|empty| **empty).count();
        let filled = 1.0 - empty as f64 / self.empty.len().max(1) as f64;
        filled * self.clean as f64 / self.cells.max(1) as f64
    }
}

fn measure(text: &[u8], whole: bool, dialect: Dialect, rivals: &[Vec<u8>]) -> Option<Fit> {
    let mut widths = Widths {
        text,
        rivals,
        list: Vec::new(),
        start: 0,
        filled: 0,
        empty_last: 0,
        last_len: 0,
        cells: 0,
        clean: 0,
        empty: Vec::new(),
    };
    let state = split(text, &dialect, State::default(), &mut widths);
    if state != State::default() && (whole || widths.list.is_empty()) {
        widths.record(state.column + 1, text.len());
    }
    let list = &widths.list[..widths.list.len().min(LOOKED_AT)];
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for &Record { width, .. } in list {
        *counts.entry(width).or_default() += 1;
    }
    // Of equally frequent widths the larger one: short files of a title and two rows.
    let (&width, _) = counts
        .iter()
        .max_by_key(|(width, count)| (**count, **width))?;
    let first = titles(list, width);
    let table = &list[first..];
    let same = table.iter().filter(|other| other.width == width).count();
    // A statement's semicolon at the end of each line makes no column.
    if width == 2 && widths.empty_last * 10 >= list.len() * 9 {
        return None;
    }
    let start = first_line_of(text, table.first()?.start);
    // A title with part of the delimiter is no title: it is a header, and the delimiter is shorter (`a,b` above `1,+2`).
    let part = |byte: &u8| dialect.delimiter.contains(byte);
    let mut titles = list
        .windows(2)
        .take(first)
        .map(|pair| &text[pair[0].start..pair[1].start]);
    if dialect.delimiter.len() > 1
        && titles.any(|title| without_row_end(title, &dialect).iter().any(part))
    {
        return None;
    }
    let share = same as f64 / table.len() as f64;
    let clean = widths.clean();
    Some(Fit {
        width,
        records: table.len(),
        share,
        clean,
        skip: start,
        declared: false,
        dialect,
    })
}

fn without_row_end<'t>(record: &'t [u8], dialect: &Dialect) -> &'t [u8] {
    match &dialect.row_end {
        RowEnd::Line => record.trim_ascii_end(),
        RowEnd::Custom(end) => record.strip_suffix(&end[..]).unwrap_or(record),
    }
}

/// How many records before the table are titles: narrow ones before the first of full width, and then those of full
/// width with one cell at the most, as spreadsheets write them, before one that is nearly full.
fn titles(list: &[Record], width: usize) -> usize {
    let first = list.iter().position(|other| other.width == width);
    let first = first.unwrap_or(0);
    let narrow = list[..first].iter().all(|other| other.width * 2 <= width);
    let first = if first <= TITLES && narrow { first } else { 0 };
    let padded = list[first..].iter().take_while(|record| record.filled <= 1);
    let padded = padded.count();
    let full = list
        .get(first + padded)
        .is_some_and(|record| record.width == width && record.filled * 4 >= width * 3);
    if width >= 4 && full && first + padded <= TITLES {
        first + padded
    } else {
        first
    }
}

/// Where the record at `start` begins, behind empty lines.
fn first_line_of(text: &[u8], start: usize) -> usize {
    start
        + text[start..]
            .iter()
            .take_while(|byte| matches!(byte, b'\n' | b'\r'))
            .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delimiter_of(text: &str) -> Option<String> {
        let fit = fit(text.as_bytes(), true, None).filter(Fit::is_table)?;
        Some(String::from_utf8(fit.dialect.delimiter).unwrap())
    }

    #[test]
    fn empty_cells_are_no_delimiter() {
        let text = "id,name,town,mail,phone,note\n,,,,x@post.nl,\n";
        let fit = fit(text.as_bytes(), true, None).unwrap();
        assert_eq!((fit.dialect.delimiter, fit.width), (b",".to_vec(), 6));
        assert_eq!(
            delimiter_of("a||b||c\n1||||3\n4||5||6\n").as_deref(),
            Some("||")
        );
    }

    #[test]
    fn delimiters_are_found() {
        assert_eq!(delimiter_of("a,b,c\n1,2,3\n4,5,6\n").as_deref(), Some(","));
        assert_eq!(
            delimiter_of("naam;bedrag;plaats\nJan;1,50;Breda\nPiet;2,75;Ede\n").as_deref(),
            Some(";")
        );
        assert_eq!(
            delimiter_of("a\tb\tc\n1\t2\t3\n4\t5\t6\n").as_deref(),
            Some("\t")
        );
        assert_eq!(
            delimiter_of("a||b||c\n1||2||3\n4||5||6\n").as_deref(),
            Some("||")
        );
        assert_eq!(
            delimiter_of("a|~|b|~|c\n1|~|2|~|3\n4|~|5|~|6\n").as_deref(),
            Some("|~|")
        );
        assert_eq!(
            delimiter_of("a\x01b\x01c\n1\x012\x013\n4\x015\x016\n").as_deref(),
            Some("\x01")
        );
        assert_eq!(delimiter_of("sep=;\na;b\n").as_deref(), Some(";"));
    }

    #[test]
    fn a_row_end_of_its_own() {
        let fit = fit(b"a|~|b|##|\nc\nc|~|d|##|\ne|~|f|##|\n", true, None).unwrap();
        assert_eq!(fit.dialect.row_end, RowEnd::Custom(b"|##|\n".to_vec()));
        assert_eq!(fit.dialect.delimiter, b"|~|");
        assert_eq!(
            delimiter_of("a,b,\n1,2,\n3,4,\n").as_deref(),
            Some(","),
            "empty last cells are no row end"
        );
    }

    #[test]
    fn prose_and_code_are_no_tables() {
        assert_eq!(
            delimiter_of("Dear all, we met.\nIt was nice, warm, and long.\nBye\nJan\n"),
            None
        );
        assert_eq!(
            delimiter_of("int a;\nint b;\nreturn a;\nfoo();\nbar();\nx = 1;\n"),
            None
        );
    }

    #[test]
    fn titles_are_skipped() {
        let text = b"Export of customers\nmade on 1 May\n\nid,name,city\n1,a,b\n2,c,d\n3,e,f\n";
        let fit = fit(text, true, None).unwrap();
        assert!(text[fit.skip..].starts_with(b"id,name"));
    }

    #[test]
    fn backslashes_escape_where_the_data_says_so() {
        let escaped = fit(b"a,\"b \\\"c\\\" d\",e\na,\"b\",c\na,\"x\",y\n", true, None).unwrap();
        assert_eq!(escaped.dialect.escape, Some(b'\\'));
        let paths = fit(b"a,\"C:\\dir\\\",e\na,\"D:\\\",c\na,\"x\",y\n", true, None).unwrap();
        assert_eq!(paths.dialect.escape, None);
    }
}
