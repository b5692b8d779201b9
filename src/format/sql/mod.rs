//! SQL dumps: of PostgreSQL, MySQL and MariaDB, SQLite, SQL Server, Oracle, and whatever is written like them.
//!
//! A row of `INSERT … VALUES` or of COPY is a record of its table; columns are named by the statement or by the `CREATE
//! TABLE` before it. Comments, and literals of other statements, are text outside of any table. `walk.rs` goes through a
//! dump statement by statement (`statement.rs`, `head.rs`, `create.rs`) and row by row (`row.rs`, `literal.rs`, `copy.rs`, `update.rs`), made of the
//! parts that `lex.rs` knows, in the `dialect.rs` of whoever wrote it; `recover.rs` finds the way back behind a broken
//! statement. The walk is taken twice: by the reader, to cut between rows, and by each chunk, whose values `cells.rs` hands
//! over.

use std::borrow::Cow;
use std::sync::Arc;

use hashbrown::HashMap;

use super::text::count_line_ends;
use super::{Chunk, Extent, Format, Head, Likelihood, Part, Piece, ReadOptions, Reader, Sink};
use crate::error::Problem;
use crate::input::Body;
use crate::input::blocks::{Block, LONGEST_RECORD, Source};
use crate::input::encoding::decodes_first;

mod cells;
mod copy;
mod create;
mod definitions;
mod dialect;
mod head;
mod lex;
mod literal;
mod recover;
mod row;
mod sniff;
mod statement;
mod unescape;
mod update;
mod walk;

use cells::Cells;
pub(super) use definitions::{Definition, definitions};
use dialect::Dialect;
use lex::{Escape, Text};
use walk::{State, Target, Visit, Walked, walk};

/// Dumps of databases as SQL.
pub(super) struct Sql;

/// Kinds of rows in a chunk.
const MOST_TARGETS: usize = 500;

impl Format for Sql {
    fn name(&self) -> &'static str {
        "sql"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let named = matches!(head.extension().as_str(), "sql" | "ddl" | "psql" | "mysql");
        let text = head_text(head);
        if sniff::is_sql(&text) {
            return Some(Likelihood::Content);
        }
        (named && head.text.is_some()).then_some(Likelihood::Content)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        let text = head_text(head);
        // Bytes of pictures between the rows make other encodings likely; the dump knows better.
        let says_utf8 = options.encoding.is_none()
            && head.encoding.is_ascii_compatible()
            && sniff::says_utf8(&text);
        let encoding = if says_utf8 {
            encoding_rs::UTF_8.into()
        } else {
            head.encoding
        };
        let walked = if decodes_first(encoding) {
            encoding_rs::UTF_8.into()
        } else {
            encoding
        };
        Ok(Box::new(Dump {
            source: Source::new(body, encoding, head.mark)?,
            state: State::new(Dialect::sniff(&text), walked),
            block_size: options.block_size,
            line: 0,
        }))
    }
}

/// The first bytes as text, even where bytes of pictures between the rows make them look binary.
fn head_text<'h>(head: &'h Head<'_>) -> Cow<'h, [u8]> {
    match head.text.as_deref() {
        Some(text) => Cow::Borrowed(text),
        None => Cow::Borrowed(head.bytes),
    }
}

struct Dump<'a> {
    source: Source<'a>,
    state: State,
    block_size: usize,
    /// Line ends that were handed out.
    line: u64,
}

impl Reader for Dump<'_> {
    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Problem> {
        let target = self.block_size.max(1);
        let mut enough = target;
        let (len, mut end, broken) = loop {
            let (window, ended) = self.source.window(enough)?;
            if window.is_empty() {
                return Ok(None);
            }
            let mut state = self.state.clone();
            let text = Text {
                bytes: window,
                ended,
            };
            match walk(text, &mut state, target, &mut Skim::default()) {
                Walked::To(0) => {}
                Walked::To(len) => break (len, state, false),
                Walked::Broken(len) => break (len, state, true),
            }
            enough = enough
                .max(window.len())
                .saturating_mul(2)
                .min(2 * LONGEST_RECORD.max(target));
        };
        let block = self.source.take(len);
        let lines = count_line_ends(block.stored_text());
        let no_heads = std::mem::take(&mut end.no_heads);
        end.heads_met = 0;
        let mut start = std::mem::replace(&mut self.state, end);
        (start.no_heads, start.is_told) = (no_heads, true);
        let chunk = Statements {
            block,
            start,
            line: self.line,
            broken,
        };
        self.line += lines;
        Ok(Some(Piece::Chunk(Part {
            table: None,
            first_row: None,
            bytes: len,
            chunk: Box::new(chunk),
        })))
    }

    fn position(&self) -> u64 {
        self.source.position()
    }
}

/// Looks for places to cut.
#[derive(Default)]
struct Skim {
    targets: HashMap<usize, Arc<Target>>,
    last: usize,
}

impl Visit for Skim {
    fn target(&mut self, target: &Arc<Target>) {
        let key = Arc::as_ptr(target) as usize;
        if self.last != key {
            self.last = key;
            self.targets.entry(key).or_insert_with(|| target.clone());
        }
    }

    fn cell(&mut self, _: usize, _: usize, _: u32, _: Escape) {}
    fn row(&mut self) {}
    fn text(&mut self, _: usize, _: usize, _: Escape) {}
    fn done(&mut self, _: usize) {}
    fn undo(&mut self) {}

    fn is_enough(&self) -> bool {
        self.targets.len() > MOST_TARGETS
    }
}

/// Whole units of a dump.
struct Statements {
    block: Block,
    start: State,
    /// Line ends of the input before it.
    line: u64,
    /// Whether it is a statement that is broken, and nothing else.
    broken: bool,
}

impl Chunk for Statements {
    fn read(&self, sink: &mut dyn Sink) -> Extent {
        let decoded = self.block.decode();
        let text = Text {
            bytes: &decoded.text,
            ended: true,
        };
        let mut cells = Cells::new(text.bytes, &decoded.offsets, self.line, sink);
        if self.broken {
            cells.give_broken();
        } else {
            let mut state = self.start.clone();
            state.encoding = encoding_rs::UTF_8.into();
            cells.give_units(text, &mut state);
        }
        let (records, lines) = cells.finish();
        Extent { records, lines }
    }
}
