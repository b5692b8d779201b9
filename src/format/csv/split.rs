//! Splits text into cells and records, as the `csv` crate does with `flexible(true)`.
//!
//! A quote opens only at the start of a cell; what stands behind a closing quote is part of the cell; a line end inside
//! quotes is none. So the state at any place is known exactly when it is carried along from the start, and never has to be
//! guessed. [`find_cut`] carries it over quotes alone, which is fast; [`split`] does all of it.

use wide::i8x16;

use super::dialect::{Dialect, RowEnd};

/// Where in a record a text starts or ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// The cell it is in, from 0.
    pub(super) column: u32,
    /// What of that cell came before.
    pub(super) within: Within,
}

/// What of a cell came before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Within {
    /// Nothing: it starts here.
    #[default]
    Start,
    /// Part of an unquoted cell, or of what stands behind a closing quote.
    Bare,
    /// Part of a quoted cell.
    Quoted,
}

/// Takes what is split off.
pub(super) trait Visit {
    /// A cell without its quotes, at `start..end` of the text; and whether it had any.
    fn cell(&mut self, start: usize, end: usize, column: u32, quoted: bool);
    /// The same for a cell without quotes and line ends, where line ends part records: most of most files.
    fn bare(&mut self, start: usize, end: usize, column: u32) {
        self.cell(start, end, column, false);
    }
    /// The record ends; it had this many cells. `next` is where the next one starts.
    fn record(&mut self, cells: u32, next: usize);
}

/// Splits a text that starts in `state`; gives the state it ends in. A record that the text's end leaves open is not
/// reported, its last cell is.
pub(super) fn split(
    text: &[u8],
    dialect: &Dialect,
    mut state: State,
    visit: &mut impl Visit,
) -> State {
    let mut at = 0;
    let mut stops = Stops::new(text, dialect);
    let is_plain = dialect.is_plain();
    while at < text.len() {
        if is_plain && state.within == Within::Start {
            let quote = dialect.quote;
            (at, state.column) = split_bare(text, at, state.column, quote, &mut stops, visit);
            if at == text.len() {
                break;
            }
        }
        if state == State::default()
            && let Some(len) = empty_line(text, at, dialect)
        {
            at += len;
            continue;
        }
        let start = at;
        let opens = state.within == Within::Start
            && dialect.quote.is_some()
            && text.get(at).copied() == dialect.quote;
        let (cell, mut end) = if opens || state.within == Within::Quoted {
            let inner = start + usize::from(opens);
            if let Some(close) = closing_quote(text, inner, dialect) {
                (inner..close, close + 1)
            } else {
                visit.cell(inner.min(text.len()), text.len(), state.column, true);
                return State {
                    column: state.column,
                    within: Within::Quoted,
                };
            }
        } else {
            (start..start, start)
        };
        // What stands behind a closing quote, or an unquoted cell from its start.
        let quoted = end > start;
        let stop = cell_end(text, end, dialect, &mut stops);
        let cell = match stop.at == end && quoted {
            true => cell,
            // `"abc"def` is one cell: give it as stored, but for the first quote.
            false if quoted => cell.start..stop.at,
            false => start..stop.at,
        };
        end = stop.at;
        visit.cell(cell.start, cell.end, state.column, quoted);
        at = end + stop.len;
        state = match stop.kind {
            Stop::Delimiter => State {
                column: state.column + 1,
                within: Within::Start,
            },
            Stop::Row => {
                visit.record(state.column + 1, at);
                State::default()
            }
            Stop::Text => State {
                column: state.column,
                within: Within::Bare,
            },
        };
    }
    state
}

/// Splits cells without quotes off, where one byte parts cells and a line end parts records: most of most files. Goes on from
/// the start of a cell to one that needs a closer look; gives where that is, and its column.
// By itself, so that what it counts stays in registers.
#[inline(never)]
fn split_bare(
    text: &[u8],
    mut at: usize,
    mut column: u32,
    quote: Option<u8>,
    stops: &mut Stops<'_>,
    visit: &mut impl Visit,
) -> (usize, u32) {
    // The stops of a block, those before the cell taken out.
    let mut block = at / BLOCK;
    let mut mask = stops.of_block(block) & u64::MAX << (at % BLOCK);
    while let Some(&first) = text.get(at) {
        let is_empty_line = column == 0 && matches!(first, b'\n' | b'\r');
        if is_empty_line || Some(first) == quote {
            break;
        }
        while mask == 0 {
            block += 1;
            if block * BLOCK >= text.len() {
                return (at, column);
            }
            mask = stops.of_block(block);
        }
        let end = block * BLOCK + mask.trailing_zeros() as usize;
        mask &= mask - 1;
        visit.bare(at, end, column);
        at = end + 1;
        column += 1;
        match text[end] {
            b'\r' if text.get(at) == Some(&b'\n') => {
                at += 1;
                block = at / BLOCK;
                mask = stops.of_block(block) & u64::MAX << (at % BLOCK);
            }
            b'\r' | b'\n' => {}
            _ => continue,
        }
        visit.record(column, at);
        column = 0;
    }
    (at, column)
}

/// What ends a cell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    Delimiter,
    Row,
    Text,
}

struct CellEnd {
    at: usize,
    len: usize,
    kind: Stop,
}

/// Where the cell that goes on at `from` ends.
#[inline]
fn cell_end(text: &[u8], from: usize, dialect: &Dialect, stops: &mut Stops<'_>) -> CellEnd {
    let delimiter = &dialect.delimiter[..];
    let mut at = from;
    loop {
        let Some(found) = stops.next(at) else {
            return CellEnd {
                at: text.len(),
                len: 0,
                kind: Stop::Text,
            };
        };
        at = found;
        if let Some(len) = row_end_at(text, at, dialect) {
            return CellEnd {
                at,
                len,
                kind: Stop::Row,
            };
        }
        if delimiter.len() == 1 && text[at] == delimiter[0] || text[at..].starts_with(delimiter) {
            return CellEnd {
                at,
                len: delimiter.len(),
                kind: Stop::Delimiter,
            };
        }
        at += 1;
    }
}

/// The bytes that may end a cell, found 64 bytes at a time: cells are short, and a search for each would take longer than
/// what it passes over.
struct Stops<'t> {
    text: &'t [u8],
    bytes: [i8x16; 3],
    /// The block looked at last, and which of its bytes are stops.
    block: usize,
    mask: u64,
}

/// Bytes looked at together.
const BLOCK: usize = 64;

impl<'t> Stops<'t> {
    fn new(text: &'t [u8], dialect: &Dialect) -> Self {
        let delimiter = dialect.delimiter[0];
        let bytes = match &dialect.row_end {
            RowEnd::Line => [delimiter, b'\n', b'\r'],
            RowEnd::Custom(end) => [delimiter, end[0], end[0]],
        };
        Self {
            text,
            bytes: bytes.map(|byte| i8x16::splat(byte.cast_signed())),
            block: usize::MAX,
            mask: 0,
        }
    }

    /// Where the first one is from `from` on.
    #[inline]
    fn next(&mut self, from: usize) -> Option<usize> {
        let mut block = from / BLOCK;
        let mut mask = self.of_block(block) & u64::MAX << (from % BLOCK);
        while mask == 0 {
            block += 1;
            if block * BLOCK >= self.text.len() {
                return None;
            }
            mask = self.of_block(block);
        }
        Some(block * BLOCK + mask.trailing_zeros() as usize)
    }

    /// Which bytes of a block are stops.
    #[inline]
    fn of_block(&mut self, block: usize) -> u64 {
        if block != self.block {
            self.look_at(block);
        }
        self.mask
    }

    #[inline]
    fn look_at(&mut self, block: usize) {
        let rest = self.text.get(block * BLOCK..).unwrap_or_default();
        self.mask = if let Some(bytes) = rest.first_chunk::<BLOCK>() {
            self.stops_of(bytes)
        } else {
            let mut bytes = [0; BLOCK];
            bytes[..rest.len()].copy_from_slice(rest);
            let within = u64::MAX.checked_shr((BLOCK - rest.len()) as u32);
            self.stops_of(&bytes) & within.unwrap_or(0)
        };
        self.block = block;
    }

    fn stops_of(&self, bytes: &[u8; BLOCK]) -> u64 {
        let [a, b, c] = self.bytes;
        let parts = bytes.as_chunks::<16>().0.iter().enumerate();
        parts.fold(0, |mask, (part, bytes)| {
            let bytes = i8x16::new(bytes.map(u8::cast_signed));
            let stops = bytes.simd_eq(a) | bytes.simd_eq(b) | bytes.simd_eq(c);
            mask | u64::from(stops.to_bitmask()) << (part * 16)
        })
    }
}

/// The length of the row end that stands here, if one does.
fn row_end_at(text: &[u8], at: usize, dialect: &Dialect) -> Option<usize> {
    match &dialect.row_end {
        RowEnd::Line => match text[at] {
            b'\r' if text.get(at + 1) == Some(&b'\n') => Some(2),
            b'\n' | b'\r' => Some(1),
            _ => None,
        },
        RowEnd::Custom(end) => text[at..].starts_with(end).then_some(end.len()),
    }
}

/// The length of the line end of an empty line, which is no record.
fn empty_line(text: &[u8], at: usize, dialect: &Dialect) -> Option<usize> {
    match dialect.row_end {
        RowEnd::Line => row_end_at(text, at, dialect),
        RowEnd::Custom(_) => None,
    }
}

/// Where the quote stands that closes the cell which goes on at `from`.
fn closing_quote(text: &[u8], from: usize, dialect: &Dialect) -> Option<usize> {
    let quote = dialect.quote?;
    let mut at = from;
    loop {
        at += match dialect.escape {
            Some(escape) => memchr::memchr2(quote, escape, text.get(at..)?)?,
            None => memchr::memchr(quote, text.get(at..)?)?,
        };
        if text[at] != quote {
            at += 2; // the escape, and whatever it escapes
        } else if dialect.doubles && text.get(at + 1) == Some(&quote) {
            at += 2;
        } else {
            return Some(at);
        }
    }
}

/// Where the first record ends at or behind `target`, of a text that starts in `state`; none when the text ends before
/// that is known. Looks at quotes and the row end only.
pub(super) fn find_cut(
    text: &[u8],
    target: usize,
    dialect: &Dialect,
    state: State,
) -> Option<usize> {
    let Some(quote) = dialect.quote else {
        return next_row(text, 0, target, dialect);
    };
    let mut at = match state.within {
        Within::Quoted => closing_quote(text, 0, dialect)? + 1,
        Within::Start if text.first() == Some(&quote) => closing_quote(text, 1, dialect)? + 1,
        Within::Start | Within::Bare => 0,
    };
    let mut row = 0;
    loop {
        // Outside quotes here. A row end holds unless a quote opens before it.
        if row < at.max(1) {
            row = next_row(text, at, target.max(at), dialect)?;
        }
        let Some(open) = opening_quote(&text[..row], at, quote, dialect) else {
            return Some(row);
        };
        at = closing_quote(text, open + 1, dialect)? + 1;
    }
}

/// The next quote from `from` on that stands at the start of a cell.
fn opening_quote(text: &[u8], from: usize, quote: u8, dialect: &Dialect) -> Option<usize> {
    memchr::memchr_iter(quote, &text[from..])
        .map(|distance| from + distance)
        .find(|&at| {
            // Right behind a closing quote there is no cell start, whatever stands before.
            at > from && starts_cell(text, from, at, dialect)
        })
}

/// Whether a cell starts at `at`; `from` is a place before it, and no quotes open in between.
fn starts_cell(text: &[u8], from: usize, at: usize, dialect: &Dialect) -> bool {
    let before = &text[..at];
    let may_start = before.ends_with(&dialect.delimiter)
        || match &dialect.row_end {
            RowEnd::Line => matches!(before.last(), Some(b'\n' | b'\r')),
            RowEnd::Custom(end) => before.ends_with(end),
        };
    may_start && (dialect.is_plain() || ends_separator(before, from, dialect))
}

/// Whether what seems to be a delimiter or row end at the end of a text is one. In `a:::"b"`, where `::` delimits, the last
/// colon is part of the cell.
fn ends_separator(text: &[u8], from: usize, dialect: &Dialect) -> bool {
    let mut stops = Stops::new(text, dialect);
    let before = text.len().saturating_sub(dialect.longest_separator());
    let mut at = between_separators(text, from, before.max(from), dialect);
    while at < text.len() {
        let stop = cell_end(text, at, dialect, &mut stops);
        if stop.kind == Stop::Text {
            return false;
        }
        at = stop.at + stop.len;
    }
    true
}

/// Behind the first row end whose end isn't before `from`; none when the text ends before that is known. `floor` is a place
/// before it that is in no row end.
fn next_row(text: &[u8], floor: usize, from: usize, dialect: &Dialect) -> Option<usize> {
    if dialect.is_plain() {
        next_line(text, from)
    } else {
        next_own_row(text, floor, from, dialect)
    }
}

/// The same where a line end parts records.
fn next_line(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from.saturating_sub(2);
    loop {
        at += memchr::memchr2(b'\n', b'\r', text.get(at..)?)?;
        at += match (text[at], text.get(at + 1)) {
            (b'\r', Some(b'\n')) => 2,
            // There may be a line feed behind it.
            (b'\r', None) => return None,
            _ => 1,
        };
        if at >= from {
            return Some(at);
        }
    }
}

/// The same where delimiters and row ends are of several bytes. Which of the bytes of a run (`####`) are a row end depends on
/// where the run starts, and so does where a row end overlaps a delimiter.
fn next_own_row(text: &[u8], floor: usize, from: usize, dialect: &Dialect) -> Option<usize> {
    let longest = dialect.longest_separator();
    let start = from.min(text.len()).saturating_sub(longest).max(floor);
    let mut at = between_separators(text, floor, start, dialect);
    let mut stops = Stops::new(text, dialect);
    loop {
        let stop = cell_end(text, at, dialect, &mut stops);
        let unseen = at.max(text.len().saturating_sub(longest - 1))..=stop.at;
        let is_cut_off = |at| dialect.is_cut_off(&text[at..]);
        if stop.kind == Stop::Text || unseen.into_iter().any(is_cut_off) {
            return None;
        }
        at = stop.at + stop.len;
        if stop.kind == Stop::Row && at >= from {
            return Some(at);
        }
    }
}

/// The last place up to `at` that nothing which looks like a delimiter or row end reaches across, wherever the ones before it
/// start; or else `floor`, which is such a place.
fn between_separators(text: &[u8], floor: usize, mut at: usize, dialect: &Dialect) -> usize {
    let before = dialect.longest_separator() - 1;
    let reaches = |start: usize, at: usize| {
        text[start..].starts_with(&dialect.delimiter) && start + dialect.delimiter.len() > at
            || row_end_at(text, start, dialect).is_some_and(|len| start + len > at)
    };
    while let Some(start) =
        (at.saturating_sub(before).max(floor)..at).find(|&start| reaches(start, at))
    {
        at = start;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Collect<'t> {
        text: &'t [u8],
        records: Vec<Vec<String>>,
        open: Vec<String>,
    }

    impl Visit for Collect<'_> {
        fn cell(&mut self, start: usize, end: usize, column: u32, _: bool) {
            assert_eq!(column as usize, self.open.len());
            self.open
                .push(String::from_utf8_lossy(&self.text[start..end]).into_owned());
        }
        fn record(&mut self, cells: u32, _: usize) {
            assert_eq!(cells as usize, self.open.len());
            self.records.push(std::mem::take(&mut self.open));
        }
    }

    fn records(text: &str, dialect: &Dialect) -> Vec<Vec<String>> {
        let mut collect = Collect {
            text: text.as_bytes(),
            ..Collect::default()
        };
        let state = split(text.as_bytes(), dialect, State::default(), &mut collect);
        if state != State::default() {
            if state.within == Within::Start {
                collect.open.push(String::new());
            }
            let open = std::mem::take(&mut collect.open);
            collect.records.push(open);
        }
        collect.records
    }

    #[test]
    fn quotes_open_only_at_the_start_of_a_cell() {
        let dialect = Dialect::default();
        assert_eq!(
            records("a,\"b,c\"\n5\" pipe,\"x\"\"y\"\n", &dialect),
            [["a", "b,c"], ["5\" pipe", "x\"\"y"]]
        );
        assert_eq!(
            records("\"a\nb\",c\r\nd,e", &dialect),
            [["a\nb", "c"], ["d", "e"]]
        );
    }

    #[test]
    fn empty_lines_are_no_records() {
        assert_eq!(
            records("a\n\n\r\nb\r\rc\n", &Dialect::default()),
            [["a"], ["b"], ["c"]]
        );
    }

    #[test]
    fn delimiters_and_row_ends_of_several_bytes() {
        let dialect = Dialect {
            delimiter: b"|~|".to_vec(),
            row_end: RowEnd::Custom(b"|##|\n".to_vec()),
            ..Dialect::default()
        };
        assert_eq!(
            records("a|~|b\nc|##|\nd|~|e|##|\n", &dialect),
            [["a", "b\nc"], ["d", "e"]]
        );
    }

    proptest::proptest! {
        #[test]
        fn malformed_text_comes_apart_as_in_the_csv_crate(text in "[ab,\"\r\n ]{0,60}") {
            let reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .from_reader(text.as_bytes());
            // Quotes within a cell stay as they are stored: only where cells start and end is compared.
            let bare = |cells: Vec<String>| -> Vec<String> {
                cells.iter().map(|cell| cell.replace('"', "")).collect()
            };
            let theirs: Vec<Vec<String>> = reader
                .into_records()
                .map(|record| bare(record.unwrap().iter().map(str::to_owned).collect()))
                .collect();
            let ours: Vec<Vec<String>> = records(&text, &Dialect::default())
                .into_iter()
                .map(bare)
                .collect();
            proptest::prop_assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn cuts_come_after_records_only() {
        let dialect = Dialect::default();
        let text = b"a,\"x\ny\"\nb,c\n";
        assert_eq!(find_cut(text, 1, &dialect, State::default()), Some(8));
        assert_eq!(find_cut(text, 8, &dialect, State::default()), Some(8));
        assert_eq!(find_cut(text, 9, &dialect, State::default()), Some(12));
        assert_eq!(find_cut(b"a,\"x\ny", 1, &dialect, State::default()), None);
        assert_eq!(find_cut(b"a,b\r", 1, &dialect, State::default()), None);
    }

    /// Where records end.
    struct Ends(Vec<usize>);

    impl Visit for Ends {
        fn cell(&mut self, _: usize, _: usize, _: u32, _: bool) {}
        fn record(&mut self, _: u32, next: usize) {
            self.0.push(next);
        }
    }

    proptest::proptest! {
        #[test]
        fn cuts_are_where_records_end(
            text in "([ab#:|\"]{1,4}\n?){0,16}",
            delimiter in "[#:|]{1,3}",
            row_end in "[#:|]{0,3}",
            target in 1usize..40,
            seen in 0usize..40,
        ) {
            let row_end = match row_end.as_bytes() {
                [] => RowEnd::Line,
                end => RowEnd::Custom(end.to_vec()),
            };
            let dialect = Dialect {
                delimiter: delimiter.into_bytes(),
                row_end,
                ..Dialect::default()
            };
            let mut ends = Ends(Vec::new());
            split(text.as_bytes(), &dialect, State::default(), &mut ends);
            let expected = ends.0.into_iter().find(|&end| end >= target);
            // A part of the text says the same, or that more is needed.
            for part in [text.as_bytes(), &text.as_bytes()[..seen.min(text.len())]] {
                let cut = find_cut(part, target, &dialect, State::default());
                proptest::prop_assert!(cut == expected || cut.is_none());
            }
            let more = [text.as_bytes(), b"aaaaa"].concat();
            let cut = find_cut(&more, target, &dialect, State::default());
            proptest::prop_assert_eq!(cut, expected);
        }
    }
}
