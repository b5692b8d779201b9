//! How a CSV file is written: its delimiter, quotes and row ends, and where its table starts. Found from the first bytes.
//!
//! A delimiter is believed when it gives records of one width. That is what tells tables from prose, logs and source
//! code, in which commas are frequent, too.

use super::split::{State, Visit, split};

/// How a CSV file is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    /// One to three bytes.
    pub(super) delimiter: Vec<u8>,
    pub(super) quote: Option<u8>,
    /// A byte that takes the next one's meaning away inside quotes.
    pub(super) escape: Option<u8>,
    /// Whether a doubled quote inside quotes stands for one.
    pub(super) doubles: bool,
    pub(super) row_end: RowEnd,
}

/// What ends a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RowEnd {
    /// `\n`, `\r\n` or `\r`.
    Line,
    /// These bytes.
    Custom(Vec<u8>),
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            delimiter: vec![b','],
            quote: Some(b'"'),
            escape: None,
            doubles: true,
            row_end: RowEnd::Line,
        }
    }
}

/// A dialect, how well it fits, and where its table starts.
#[derive(Clone, Debug)]
pub(super) struct Fit {
    pub(super) dialect: Dialect,
    /// Cells of most records.
    pub(super) width: usize,
    /// Records seen, and the share of them that has that width.
    pub(super) records: usize,
    pub(super) share: f64,
    /// Bytes before the table: title lines, `sep=` lines.
    pub(super) skip: usize,
    /// Whether a `sep=` line said so.
    pub(super) declared: bool,
}

/// Records looked at.
const LOOKED_AT: usize = 400;
/// Lines before the header, at the most.
const TITLES: usize = 30;

/// Delimiters of one byte, in the order in which ties are settled.
const SINGLE: &[u8] = b",;\t|^\x01\x1f~";

/// The dialect that fits the text best; none when it is no table. `whole` says that the text doesn't end within a record.
pub(super) fn fit(text: &[u8], whole: bool, delimiter: Option<&[u8]>) -> Option<Fit> {
    if let Some((declared, skip)) = sep_line(text) {
        let delimiter = delimiter.unwrap_or(&declared);
        let fits = Dialect {
            delimiter: delimiter.to_vec(),
            ..Dialect::default()
        };
        let mut best = measure(&text[skip..], whole, quoting(&text[skip..], fits))?;
        best.skip += skip;
        best.declared = true;
        return Some(best);
    }
    if let Some(delimiter) = delimiter {
        return measure_all(text, whole, delimiter);
    }
    let mut best: Option<Fit> = None;
    for candidate in candidates(text) {
        if let Some(fit) = measure_all(text, whole, &candidate)
            && fit.width >= 2
            && best.as_ref().is_none_or(|best| fit.score() > best.score())
        {
            best = Some(fit);
        }
    }
    best
}

/// Measures a delimiter with ordinary row ends and, where there is one, with a row end of its own.
fn measure_all(text: &[u8], whole: bool, delimiter: &[u8]) -> Option<Fit> {
    let plain = Dialect {
        delimiter: delimiter.to_vec(),
        ..Dialect::default()
    };
    let ordinary = measure(text, whole, quoting(text, plain.clone()));
    let own = custom_row_end(text, delimiter).and_then(|end| {
        measure(
            text,
            whole,
            quoting(
                text,
                Dialect {
                    row_end: RowEnd::Custom(end),
                    ..plain
                },
            ),
        )
    });
    match (ordinary, own) {
        (Some(a), Some(b)) => {
            // What ends rows ends nearly all lines, unless lines alone make no table.
            let plausible = b.records * 10 >= a.records * 8 || a.share < 0.8;
            Some(if plausible && b.score() >= a.score() {
                b
            } else {
                a
            })
        }
        (a, b) => a.or(b),
    }
}

impl Fit {
    /// Higher is better. Width counts little: `;` beside `,` in decimals must win by consistency.
    fn score(&self) -> f64 {
        let width = (self.width as f64).ln_1p();
        let long = 1.0 + 0.5 * (self.dialect.delimiter.len() as f64 - 1.0);
        let few = if self.records < 3 { 0.5 } else { 1.0 };
        self.share.powi(4) * width * long * few
    }

    /// Whether it is a table by its content alone, whatever the file is called.
    pub(super) fn is_table(&self) -> bool {
        self.declared
            || self.width >= 3 && self.records >= 3 && self.share >= 0.9
            || self.width == 2 && self.records >= 3 && self.share >= 0.97
    }
}

impl Fit {
    /// Whether a space follows nearly every delimiter, as in sentences and in logs (`X11; Linux; rv:1`).
    pub(super) fn reads_like_prose(&self, text: &[u8]) -> bool {
        let delimiter = &self.dialect.delimiter[..];
        if self.declared || !matches!(delimiter, b"," | b";") {
            return false;
        }
        let head = &text[self.skip..text.len().min(self.skip + (16 << 10))];
        let (mut all, mut spaced) = (0, 0);
        for at in memchr::memchr_iter(delimiter[0], head) {
            all += 1;
            spaced += usize::from(head.get(at + 1) == Some(&b' '));
        }
        spaced * 10 > all * 8
    }
}

/// `sep=;` as spreadsheets write and read it: the delimiter, and the line's length.
pub(super) fn sep_line(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let end = memchr::memchr2(b'\n', b'\r', text)?;
    let line = &text[..end];
    let line = line
        .strip_prefix(b"\"")
        .and_then(|line| line.strip_suffix(b"\""))
        .unwrap_or(line);
    let (key, value) = line.split_at_checked(4)?;
    if !key.eq_ignore_ascii_case(b"sep=") || value.is_empty() || value.len() > 3 {
        return None;
    }
    let skip = end
        + if text[end..].starts_with(b"\r\n") {
            2
        } else {
            1
        };
    Some((value.to_vec(), skip))
}

/// Delimiters worth measuring: single bytes that occur, and short runs of punctuation that occur often.
fn candidates(text: &[u8]) -> Vec<Vec<u8>> {
    let head = &text[..text.len().min(16 << 10)];
    let mut all: Vec<Vec<u8>> = SINGLE
        .iter()
        .filter(|byte| head.contains(byte))
        .map(|&byte| vec![byte])
        .collect();
    let mut runs: std::collections::BTreeMap<&[u8], usize> = std::collections::BTreeMap::new();
    for len in [2, 3] {
        for window in head.windows(len) {
            if window.iter().all(|&byte| is_separator(byte))
                && window
                    .iter()
                    .any(|&byte| byte != window[0] || len == 2 || byte != b'-')
            {
                *runs.entry(window).or_default() += 1;
            }
        }
    }
    let lines = memchr::memchr_iter(b'\n', head).count().max(1);
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
    let alone = |at: &usize| {
        let before = at.checked_sub(1).map(|before| head[before]);
        before != Some(byte) && head.get(at + 1) != Some(&byte)
    };
    run.iter().all(|other| *other == byte)
        && memchr::memchr_iter(byte, head).filter(alone).count() * 10 > count
}

/// Bytes that delimiters of several bytes are made of.
fn is_separator(byte: u8) -> bool {
    matches!(byte, b'|' | b'~' | b'^' | b'@' | b'#' | b'$' | b':' | b';' | b',' | b'&' | b'%' | b'!' | b'+' | b'*' | b'\t' | 0x01..=0x08 | 0x1c..=0x1f)
}

/// A row end that isn't a line end: what stands before every line feed, or a separator where there are no line ends.
fn custom_row_end(text: &[u8], delimiter: &[u8]) -> Option<Vec<u8>> {
    let head = &text[..text.len().min(16 << 10)];
    let mut common: Option<&[u8]> = None;
    let mut lines = 0;
    for at in memchr::memchr_iter(b'\n', head) {
        let before = &head[at.saturating_sub(6)..at];
        let run = before
            .iter()
            .rev()
            .take_while(|&&byte| is_separator(byte))
            .count();
        if run == 0 {
            continue; // a line end inside a cell
        }
        let run = &before[before.len() - run..];
        common = Some(common.map_or(run, |known| shared_end(known, run)));
        lines += 1;
    }
    let end = common.filter(|end| !end.is_empty() && lines >= 2)?;
    // Empty last cells look like that, too: their delimiters say nothing of the row's end.
    let mut rest = end;
    while let Some(shorter) = rest.strip_prefix(delimiter) {
        rest = shorter;
    }
    if rest.is_empty() || delimiter.ends_with(rest) {
        return None;
    }
    // What begins with the delimiter's own bytes may be a cell's end and a row's: `|##|` behind `|~|` is the row's.
    let mut row_end = end.to_vec();
    row_end.push(b'\n');
    Some(row_end)
}

fn shared_end<'a>(a: &'a [u8], b: &[u8]) -> &'a [u8] {
    let len = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    &a[a.len() - len..]
}

/// How cells are quoted: by which byte, and how a quote inside is written.
fn quoting(text: &[u8], dialect: Dialect) -> Dialect {
    let head = &text[..text.len().min(64 << 10)];
    let opens = |quote: u8| {
        memchr::memchr_iter(quote, head)
            .filter(|&at| {
                let before = &head[..at];
                at == 0 || before.ends_with(&dialect.delimiter) || before.ends_with(b"\n")
            })
            .count()
    };
    let closes = |quote: u8| {
        memchr::memchr_iter(quote, head)
            .filter(|&at| {
                let behind = &head[at + 1..];
                behind.is_empty()
                    || behind.starts_with(&dialect.delimiter)
                    || matches!(behind[0], b'\n' | b'\r')
            })
            .count()
    };
    let (double, single) = (opens(b'"'), opens(b'\''));
    // Apostrophes open a cell now and then (`'s-Gravenhage`); quotes close as often as they open.
    let quote = if double == 0 && single >= 4 && closes(b'\'') * 10 >= single * 9 {
        b'\''
    } else {
        b'"'
    };
    let escaped = head
        .windows(2)
        .filter(|pair| pair[0] == b'\\' && pair[1] == quote)
        .count();
    let doubled = head
        .windows(2)
        .filter(|pair| pair[0] == quote && pair[1] == quote)
        .count();
    // `\"` closes a cell that ends in a backslash, unless something but a cell's end follows.
    let inside = head.windows(3).any(|three| {
        three[0] == b'\\'
            && three[1] == quote
            && !dialect.delimiter.starts_with(&three[2..])
            && !matches!(three[2], b'\n' | b'\r')
    });
    let escape = (escaped > 0 && inside && escaped * 4 >= doubled).then_some(b'\\');
    Dialect {
        quote: Some(quote),
        escape,
        ..dialect
    }
}

/// Widths of the records, and where they start.
struct Widths {
    list: Vec<(usize, usize)>,
    start: usize,
    empty_last: usize,
    last_len: usize,
}

impl Visit for Widths {
    fn cell(&mut self, start: usize, end: usize, _: u32, _: bool) {
        self.last_len = end - start;
    }

    fn record(&mut self, cells: u32, next: usize) {
        self.list.push((self.start, cells as usize));
        self.start = next;
        self.empty_last += usize::from(self.last_len == 0);
    }
}

fn measure(text: &[u8], whole: bool, dialect: Dialect) -> Option<Fit> {
    let mut widths = Widths {
        list: Vec::new(),
        start: 0,
        empty_last: 0,
        last_len: 0,
    };
    let state = split(text, &dialect, State::default(), &mut widths);
    if state != State::default() && (whole || widths.list.is_empty()) {
        widths.record(state.column + 1, text.len());
    }
    let list = &widths.list[..widths.list.len().min(LOOKED_AT)];
    let mut counts: std::collections::BTreeMap<usize, usize> = std::collections::BTreeMap::new();
    for &(_, width) in list {
        *counts.entry(width).or_default() += 1;
    }
    // Of equally frequent widths the larger one: short files of a title and two rows.
    let (&width, _) = counts
        .iter()
        .max_by_key(|(width, count)| (**count, **width))?;
    let first = titles(list, width);
    let table = &list[first..];
    let same = table.iter().filter(|(_, other)| *other == width).count();
    // A statement's semicolon at the end of each line makes no column.
    if width == 2 && widths.empty_last * 10 >= list.len() * 9 {
        return None;
    }
    let skip = first_line_of(text, table.first()?.0);
    let share = same as f64 / table.len() as f64;
    Some(Fit {
        dialect,
        width,
        records: table.len(),
        share,
        skip,
        declared: false,
    })
}

/// How many records before the table are titles: narrow ones before the first of full width.
fn titles(list: &[(usize, usize)], width: usize) -> usize {
    let first = list
        .iter()
        .position(|(_, other)| *other == width)
        .unwrap_or(0);
    let narrow = list[..first].iter().all(|(_, other)| *other * 2 <= width);
    if first <= TITLES && narrow { first } else { 0 }
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
        assert_eq!(delimiter_of(text), None, "two records say little");
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
