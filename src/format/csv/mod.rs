//! CSV as exports really are.
//!
//! `sniff.rs` finds out how a file is written (`dialect.rs`), `header.rs` what its columns are called, `split.rs` splits it. This module
//! cuts it into chunks with the quote state carried along, so that a chunk always starts where a record does: malformed
//! quoting makes a chunk longer, never wrong. Only a record longer than 64 MiB is cut inside, at a place between words,
//! and the next chunk goes on in the state it ended in.
//!
//! A value is the cell without its outer quotes. Doubled or escaped quotes inside stay as they are stored: no detector
//! cares, and offsets need no way back.

use std::sync::Arc;

use super::text::count_line_ends;
use super::{
    Batch, Chunk, ColumnId, Extent, Format, Head, Likelihood, Part, Piece, ReadOptions, Reader,
    Rows, Sink, Value,
};
use crate::error::Problem;
use crate::input::Body;
use crate::input::blocks::{Block, LONGEST_RECORD, Source, forced_cut};
use crate::input::charset::Charset;
use crate::input::encoding::decode;

mod dialect;
pub(super) mod header;
mod row_end;
mod sniff;
mod split;

use dialect::{Dialect, RowEnd, sep_line};
pub(super) use header::column_names;
use header::has_header;
use sniff::fit;
use split::{State, Visit, Within, find_cut, split};

/// Comma-separated values, whatever separates them.
pub(super) struct Csv;

/// Bytes looked at to find the dialect.
const LOOKED_AT: usize = 64 << 10;
/// Columns of a header. Each takes some kilobytes, and a cell of a hostile file a single byte.
const MOST_COLUMNS: usize = 100_000;
/// Columns beyond those of the header. A record without an end in sight must not make millions of them.
const MOST_EXTRA: usize = 1024;
/// Values handed over at a time.
const BATCH: usize = 16_384;

/// Names that say CSV.
const EXTENSIONS: &[&str] = &["csv", "tsv", "tab", "psv", "bcp", "dsv", "ssv"];
/// Names of text that may look like a table and isn't one.
const OTHER_TEXT: &[&str] = &[
    "sql", "xml", "html", "htm", "xhtml", "svg", "md", "rst", "tex", "eml", "mbox", "vcf", "ldif",
    "ics", "rs", "py", "js", "ts", "c", "h", "cpp", "java", "go", "rb", "php", "sh", "css", "scss",
    "yaml", "yml", "toml", "ini", "lock", "json", "ndjson", "jsonl", "srt", "po",
];

impl Format for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let text = head.text.as_deref()?;
        let extension = head.extension();
        if EXTENSIONS.contains(&extension.as_str()) {
            return Some(Likelihood::Content);
        }
        if OTHER_TEXT.contains(&extension.as_str())
            || text.trim_ascii_start().first() == Some(&b'<')
        {
            return None;
        }
        let fit = fit(text, head.whole, None)?;
        (fit.is_table() && !fit.reads_like_prose(text)).then_some(Likelihood::Content)
    }

    fn reads_text(&self) -> bool {
        true
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        let mut source = Source::new(body, head.encoding, head.mark)?;
        let (window, ended) = source.window(LOOKED_AT)?;
        let looked_at = &window[..window.len().min(LOOKED_AT)];
        let whole = ended && looked_at.len() == window.len();
        let fit = fit(looked_at, whole, options.delimiter.as_deref());
        let skip = fit.as_ref().map_or(0, |fit| fit.skip);
        let dialect = fit.map_or_else(
            // One column needs no delimiter.
            || Dialect {
                delimiter: options.delimiter.clone().unwrap_or_else(|| vec![b',']),
                ..Dialect::default()
            },
            |fit| fit.dialect,
        );
        let (names, header_end) =
            header(&mut source, skip, &dialect, head.encoding, options.header)?;
        Ok(Box::new(Table {
            preamble: Some(Preamble {
                title: skip,
                len: header_end,
            }),
            source,
            dialect: Arc::new(dialect),
            names: names.into(),
            block_size: options.block_size,
            state: State::default(),
        }))
    }
}

/// The names of the columns, and where the header ends. `known` overrules the content.
fn header(
    source: &mut Source<'_>,
    skip: usize,
    dialect: &Dialect,
    encoding: Charset,
    known: Option<bool>,
) -> Result<(Vec<String>, usize), Problem> {
    // A header of 100,000 columns is longer than what was looked at.
    let mut least = LOOKED_AT;
    let first_end = loop {
        let (window, ended) = source.window(least)?;
        let table = window.get(skip..).unwrap_or_default();
        match find_cut(
            &table[..table.len().min(LONGEST_RECORD)],
            1,
            dialect,
            State::default(),
        ) {
            Some(end) => break skip + end,
            None if ended || window.len() > LONGEST_RECORD => {
                break window.len().min(LONGEST_RECORD);
            }
            None => least *= 2,
        }
    };
    let (window, _) = source.window(least)?;
    let rest = &window[first_end..window.len().min(first_end + LOOKED_AT)];
    let mut records = Records {
        text: &window[skip..first_end],
        list: Vec::new(),
        open: Vec::new(),
    };
    split(records.text, dialect, State::default(), &mut records);
    let first = records.first();
    let mut below = Records {
        text: rest,
        list: Vec::new(),
        open: Vec::new(),
    };
    split(rest, dialect, State::default(), &mut below);
    if below.list.is_empty() && !below.open.is_empty() {
        let open = std::mem::take(&mut below.open);
        below.list.push(open);
    }
    if known.unwrap_or_else(|| has_header(&first, &below.list)) {
        let quote = dialect.quote.map(|quote| [quote, quote]);
        let names: Vec<String> = first
            .iter()
            .take(MOST_COLUMNS)
            .map(|name| {
                let name = String::from_utf8_lossy(&decode(text_encoding(encoding), name, 0).text)
                    .into_owned();
                match quote.and_then(|two| String::from_utf8(two.to_vec()).ok()) {
                    Some(two) => name.replace(&two, &two[..1]),
                    None => name,
                }
            })
            .collect();
        return Ok((column_names(&names), first_end));
    }
    let columns = first.len().min(MOST_COLUMNS);
    Ok((column_names(&vec![String::new(); columns]), skip))
}

/// The encoding of a source's window: what has been decoded already is UTF-8.
fn text_encoding(encoding: Charset) -> Charset {
    if crate::input::encoding::decodes_first(encoding) {
        encoding_rs::UTF_8.into()
    } else {
        encoding
    }
}

/// The cells of the first records.
struct Records<'t> {
    text: &'t [u8],
    list: Vec<Vec<&'t [u8]>>,
    open: Vec<&'t [u8]>,
}

impl<'t> Records<'t> {
    fn first(&mut self) -> Vec<&'t [u8]> {
        if self.list.is_empty() {
            std::mem::take(&mut self.open)
        } else {
            self.list.swap_remove(0)
        }
    }
}

impl Visit for Records<'_> {
    fn cell(&mut self, start: usize, end: usize, _: u32, _: bool) {
        self.open.push(&self.text[start..end]);
    }

    fn record(&mut self, _: u32, _: usize) {
        let open = std::mem::take(&mut self.open);
        self.list.push(open);
    }
}

/// What stands before the first record: titles, then the header.
struct Preamble {
    /// Bytes of the titles.
    title: usize,
    /// Bytes of titles and header.
    len: usize,
}

struct Table<'a> {
    source: Source<'a>,
    preamble: Option<Preamble>,
    dialect: Arc<Dialect>,
    names: Arc<[String]>,
    block_size: usize,
    /// Where in a record the next chunk starts.
    state: State,
}

impl Reader for Table<'_> {
    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Problem> {
        if let Some(Preamble { title, len }) = self.preamble.take()
            && len > 0
        {
            let chunk = Titles {
                block: self.source.take(len),
                title,
                names: self.names.clone(),
            };
            return Ok(Some(part(len, Box::new(chunk))));
        }
        let mut enough = self.block_size.max(1);
        let (len, end, is_last) = loop {
            let (window, ended) = self.source.window(enough)?;
            if window.is_empty() {
                return Ok(None);
            }
            if let Some((len, end)) = cut(window, self.block_size, ended, &self.dialect, self.state)
            {
                break (len, end, ended && len == window.len());
            }
            enough *= 2;
        };
        let chunk = RecordChunk {
            block: self.source.take(len),
            dialect: self.dialect.clone(),
            names: self.names.clone(),
            start: self.state,
            last: is_last,
        };
        self.state = end;
        Ok(Some(part(len, Box::new(chunk))))
    }

    fn position(&self) -> u64 {
        self.source.position()
    }
}

fn part<'a>(bytes: usize, chunk: Box<dyn Chunk>) -> Piece<'a> {
    Piece::Chunk(Part {
        table: None,
        first_row: None,
        bytes,
        chunk,
    })
}

/// How long the next chunk is and in which state it ends; none when more must be read to know.
fn cut(
    window: &[u8],
    target: usize,
    ended: bool,
    dialect: &Dialect,
    state: State,
) -> Option<(usize, State)> {
    let near = &window[..window.len().min(LONGEST_RECORD.max(target) + target)];
    if let Some(end) =
        find_cut(near, target, dialect, state).filter(|&end| end <= LONGEST_RECORD.max(target))
    {
        return Some((end, State::default()));
    }
    if near.len() == window.len() && ended && window.len() <= LONGEST_RECORD {
        return Some((window.len(), State::default()));
    }
    if window.len() < LONGEST_RECORD {
        return None;
    }
    // A record without an end in sight: first what is before it, then the record itself in parts.
    let text = &window[..LONGEST_RECORD];
    let mut ends = LastRecord(None);
    split(text, dialect, state, &mut ends);
    if let Some(end) = ends.0 {
        return Some((end, State::default()));
    }
    let len = forced_cut(window);
    Some((
        len,
        split(&window[..len], dialect, state, &mut LastRecord(None)),
    ))
}

/// Where the last record ends.
struct LastRecord(Option<usize>);

impl Visit for LastRecord {
    fn cell(&mut self, _: usize, _: usize, _: u32, _: bool) {}

    #[inline]
    fn record(&mut self, _: u32, next: usize) {
        self.0 = Some(next);
    }
}

/// Titles and header. The titles are text, outside any column; the header's cells are the columns' names.
struct Titles {
    block: Block,
    title: usize,
    names: Arc<[String]>,
}

impl Chunk for Titles {
    fn read(&self, sink: &mut dyn Sink) -> Extent {
        for name in self.names.iter() {
            sink.column(name);
        }
        let decoded = self.block.decode();
        let stored = self.block.stored_text();
        let text_of = |len: usize| decode(self.block.encoding(), &stored[..len], 0).text;
        let title = text_of(self.title);
        // A `sep=` line is no title: it says nothing of what the table is about.
        let start = sep_line(&title).map_or(0, |(_, len)| len);
        if !title[start..].trim_ascii().is_empty() {
            let column = sink.column("");
            let value = Value {
                start: start as u32,
                end: title.len() as u32,
                column,
                line: count_line_ends(&title[..start]) as u32,
            };
            sink.batch(Batch {
                text: &decoded.text,
                values: &[value],
                rows: Rows::One(&[0]),
                offsets: &decoded.offsets,
            });
        }
        Extent {
            records: 0,
            lines: count_line_ends(&decoded.text),
        }
    }
}

/// Records.
struct RecordChunk {
    block: Block,
    dialect: Arc<Dialect>,
    names: Arc<[String]>,
    start: State,
    /// Whether the input ends with it.
    last: bool,
}

impl Chunk for RecordChunk {
    fn read(&self, sink: &mut dyn Sink) -> Extent {
        let decoded = self.block.decode();
        let text = &decoded.text[..];
        let columns = self.names.iter().map(|name| sink.column(name)).collect();
        let mut cells = Cells {
            text,
            offsets: &decoded.offsets,
            sink,
            columns,
            values: Vec::with_capacity(BATCH),
            rows: Vec::with_capacity(BATCH),
            row: 0,
            line: 0,
            counted: 0,
            lines_are_rows: self.dialect.row_end == RowEnd::Line,
            most: self.names.len() + MOST_EXTRA,
            wide: false,
        };
        let end = split(text, &self.dialect, self.start, &mut cells);
        let open = end != State::default();
        let mut records = u64::from(cells.row);
        if self.last && open {
            records += 1;
            if end.within == Within::Quoted {
                cells.sink.problem(Problem::note(
                    "the last cell's quotes are not closed: the file may be cut off",
                ));
            }
        }
        cells.hand_over();
        if cells.wide {
            let names = self.names.len();
            cells.sink.problem(Problem::note(format!(
                "some rows have more cells than the header: they are in column_{} and on",
                names + 1
            )));
        }
        let lines = u64::from(cells.line) + count_line_ends(&text[cells.counted..]);
        Extent { records, lines }
    }
}

/// Hands cells to the sink.
struct Cells<'c> {
    text: &'c [u8],
    offsets: &'c super::OffsetMap,
    sink: &'c mut dyn Sink,
    columns: Vec<ColumnId>,
    values: Vec<Value>,
    rows: Vec<u32>,
    row: u32,
    /// Line ends before `counted`.
    line: u32,
    counted: usize,
    lines_are_rows: bool,
    /// The last column that there can be; what has more cells puts them there.
    most: usize,
    /// Whether a record has more cells than the header.
    wide: bool,
}

impl Cells<'_> {
    #[cold]
    fn hand_over(&mut self) {
        self.rows.resize(self.values.len(), self.row);
        let rows = Rows::One(&self.rows);
        self.sink.batch(Batch {
            text: self.text,
            values: &self.values,
            rows,
            offsets: self.offsets,
        });
        self.values.clear();
        self.rows.clear();
    }

    #[inline]
    fn add(&mut self, start: usize, end: usize, column: ColumnId) {
        self.values.push(Value {
            start: start as u32,
            end: end as u32,
            column,
            line: self.line,
        });
    }

    /// A record has more cells than the header.
    #[cold]
    fn add_columns(&mut self, last: usize) {
        self.wide = true;
        while self.columns.len() <= last {
            let name = format!("column_{}", self.columns.len() + 1);
            let id = self.sink.column(&name);
            self.columns.push(id);
        }
    }

    /// Counts line ends up to `at`: before a record, and in cells that may hold some.
    fn count_lines(&mut self, at: usize) {
        if at > self.counted {
            self.line += count_line_ends(&self.text[self.counted..at]) as u32;
            self.counted = at;
        }
    }
}

impl Visit for Cells<'_> {
    #[inline]
    fn cell(&mut self, start: usize, end: usize, column: u32, quoted: bool) {
        let column = (column as usize).min(self.most);
        if self.columns.len() <= column {
            self.add_columns(column);
        }
        if column == 0 || !self.lines_are_rows {
            self.count_lines(start);
        }
        self.add(start, end, self.columns[column]);
        if quoted {
            self.count_lines(end);
        }
        if self.values.len() >= BATCH {
            self.hand_over();
        }
    }

    #[inline]
    fn bare(&mut self, start: usize, end: usize, column: u32) {
        // Such a cell has no line ends; those before it were counted with its record.
        match self.columns.get(column as usize) {
            Some(&id) if column > 0 || start <= self.counted => self.add(start, end, id),
            _ => self.cell(start, end, column, false),
        }
    }

    fn record(&mut self, _: u32, next: usize) {
        self.rows.resize(self.values.len(), self.row);
        if self.values.len() >= BATCH {
            self.hand_over();
        }
        if self.lines_are_rows {
            // What wasn't counted holds this record's own line end and no other.
            self.line += 1;
            self.counted = next;
        } else {
            self.count_lines(next);
        }
        self.row += 1;
    }
}
