//! Values inside values: cells that hold JSON, XML, CSV, serialised data, a token, a query or something encoded.
//!
//! [`Unfold`] stands between a chunk and its sink. A cell that is such a value as a whole is replaced by what it holds, each
//! in a column of its own (`payload.customer.email`); all else is passed on as it is. Whether a cell is opened depends on that
//! cell alone, never on others, so that results don't depend on how data are cut into chunks.
//!
//! A batch without such cells costs a look at the ends of each cell, and one for a line end in some.

use super::{Batch, ColumnId, OffsetMap, Sink, Value};
use crate::error::Problem;
use std::sync::Arc;

mod encoded;
mod gather;
mod json;
mod leaves;
mod markup;
mod php;
mod table;

use gather::Gathered;
use leaves::Leaves;

/// Bytes of cells that are opened.
const SHORTEST: usize = 7;
const LONGEST: usize = 1 << 20;
/// Values one within the other.
const DEEPEST: usize = 4;

/// A sink that opens cells before it passes them on.
pub(crate) struct Unfold<'s> {
    sink: &'s mut dyn Sink,
    /// For each column, what its name says.
    columns: Vec<Named>,
    gathered: Gathered,
    leaves: Leaves,
    /// The cells of a batch that are opened.
    opened: Vec<u32>,
}

/// What a column's name says of its cells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    /// No column at all: lines of a text are not opened.
    Text,
    Column,
    /// It holds what is sent to a server: `a=1&b=2`.
    Query,
}

impl<'s> Unfold<'s> {
    /// Opens cells on their way to this sink.
    pub(crate) fn new(sink: &'s mut dyn Sink) -> Self {
        Self {
            sink,
            columns: Vec::new(),
            gathered: Gathered::default(),
            leaves: Leaves::default(),
            opened: Vec::new(),
        }
    }

    /// Whether any cell of a batch may hold others; notes which.
    fn look(&mut self, batch: &Batch<'_>) -> bool {
        self.opened.clear();
        let has_query = self.columns.contains(&Named::Query);
        let least = if has_query { &SHORTEST_OF_ALL } else { &LEAST };
        let (text, values) = (batch.text, batch.values);
        for (index, value) in values.iter().enumerate() {
            let len = value.end - value.start;
            // Most cells are short, and start like none.
            let Some(&first) = text.get(value.start as usize) else {
                continue;
            };
            let least = least[usize::from(first)];
            if len < u32::from(least) {
                continue;
            }
            let is_plain = len < encoded::SHORTEST as u32 && usize::from(least) != SHORTEST;
            if is_plain && !may_have_lines(batch, index) {
                continue;
            }
            if self.may_be_opened(batch, index, has_query) {
                self.opened.push(index as u32);
            }
        }
        !self.opened.is_empty()
    }

    /// Whether a cell that isn't too short may hold others.
    #[inline(never)]
    fn may_be_opened(&self, batch: &Batch<'_>, index: usize, has_query: bool) -> bool {
        let value = &batch.values[index];
        let cell = &batch.text[value.start as usize..value.end as usize];
        let shape = cell
            .first()
            .map_or(Shape::None, |&first| SHAPES[usize::from(first)]);
        let is_line = cell.len() >= table::SHORTEST && may_have_lines(batch, index);
        let is_short = cell.len() < encoded::SHORTEST && !is_line && !has_query;
        (!is_short || shape.starts(cell)) && self.may_hold(batch, value, shape, is_line)
    }

    /// The same of one that looks so at its start; `is_line` where it may have a line end in it.
    fn may_hold(&self, batch: &Batch<'_>, value: &Value, shape: Shape, is_line: bool) -> bool {
        let cell = &batch.text[value.start as usize..value.end as usize];
        let named = self.columns.get(value.column.0 as usize);
        if cell.len() > LONGEST || named == Some(&Named::Text) {
            return false;
        }
        let may = match shape {
            Shape::None if cell.len() >= encoded::SHORTEST => encoded::may_be_base64(cell),
            Shape::None => false,
            shape => shape.may_be(cell),
        };
        may || named == Some(&Named::Query) || is_line && table::may_be(cell)
    }

    fn gather(&mut self, batch: &Batch<'_>) {
        let mut next = 0;
        for (index, value) in batch.values.iter().enumerate() {
            if self.opened.get(next) != Some(&(index as u32)) {
                self.gathered.copy(batch, index);
                continue;
            }
            next += 1;
            let at = value.start as usize..value.end as usize;
            let is_query = self.columns[value.column.0 as usize] == Named::Query;
            self.leaves.clear();
            match open(&batch.text[at], is_query, &mut self.leaves) {
                Some(kept) => {
                    self.gathered.outer(batch, index, kept);
                    self.gathered
                        .leaves(batch, index, &self.leaves, &mut *self.sink);
                }
                None => self.gathered.copy(batch, index),
            }
        }
    }
}

/// Whether a cell may have a line end in it. Of cells that stand as they are stored, those have none behind which another
/// stands on the same line: nearly all.
#[inline]
fn may_have_lines(batch: &Batch<'_>, index: usize) -> bool {
    let is_stored = matches!(batch.offsets, OffsetMap::Shift(_));
    let Some(next) = batch.values.get(index + 1).filter(|_| is_stored) else {
        return true;
    };
    let value = &batch.values[index];
    let between = next.line.wrapping_sub(value.line);
    // One line end between the two may stand right behind the first.
    let ends_line = || matches!(batch.text.get(value.end as usize), Some(b'\r' | b'\n'));
    between > 1 || between == 1 && !ends_line()
}

impl Sink for Unfold<'_> {
    fn column(&mut self, name: &str) -> ColumnId {
        let id = self.sink.column(name);
        let at = id.0 as usize;
        if at >= self.columns.len() {
            self.columns.resize(at + 1, Named::Column);
        }
        self.columns[at] = if name.is_empty() {
            Named::Text
        } else if encoded::names_query(name) {
            Named::Query
        } else {
            Named::Column
        };
        id
    }

    fn inner(&mut self, outer: ColumnId, path: &str) -> ColumnId {
        self.sink.inner(outer, path)
    }

    fn batch(&mut self, batch: Batch<'_>) {
        if !self.look(&batch) {
            return self.sink.batch(batch);
        }
        self.gather(&batch);
        self.gathered.give(&mut *self.sink);
    }

    fn problem(&mut self, problem: Problem) {
        self.sink.problem(problem);
    }

    fn table(&mut self, table: Option<&Arc<str>>) {
        self.sink.table(table);
    }

    fn records(&mut self, count: u64) {
        self.sink.records(count);
    }
}

/// How much of a cell that was opened stays in its own column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    /// Its first bytes: all that matters is inside.
    First(usize),
    /// All of it: it is something in itself, as a token is.
    All,
}

/// Opens a cell: gives what it holds, and says what stays of it; none where it holds nothing.
fn open(cell: &[u8], is_query: bool, leaves: &mut Leaves) -> Option<Kept> {
    leaves.begin();
    let shape = SHAPES[usize::from(*cell.first()?)];
    if let Some(plain) = undoubled(cell)
        && let Some(kept) = open_as(&plain, shape, is_query, leaves)
    {
        leaves.double(&plain);
        return leaves.are_all().then_some(kept);
    }
    let kept = open_as(cell, shape, is_query, leaves)?;
    leaves.are_all().then_some(kept)
}

/// A cell of CSV, whose quotes are doubled, as it is meant; none where they aren't.
fn undoubled(cell: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    let mut from = 0;
    while let Some(len) = memchr::memchr(b'"', &cell[from..]) {
        let quote = from + len;
        if cell.get(quote + 1) != Some(&b'"') {
            return None;
        }
        plain.extend_from_slice(&cell[from..=quote]);
        from = quote + 2;
    }
    plain.extend_from_slice(&cell[from..]);
    (from > 0).then_some(plain)
}

fn open_as(cell: &[u8], shape: Shape, is_query: bool, leaves: &mut Leaves) -> Option<Kept> {
    let mut ways: Vec<Way> = match shape {
        Shape::Json => vec![|cell, leaves| json::read(cell, leaves).map(|()| Kept::First(1))],
        Shape::Markup => vec![|cell, leaves| markup::read(cell, leaves).map(|()| Kept::First(1))],
        Shape::Word => vec![
            |cell, leaves| encoded::token(cell, leaves).map(|()| Kept::All),
            |cell, leaves| encoded::data_url(cell, leaves).map(Kept::First),
            |cell, leaves| php::read(cell, leaves).map(|()| Kept::First(1)),
            |cell, leaves| encoded::address(cell, leaves).map(Kept::First),
        ],
        Shape::Query => {
            vec![|cell, leaves| encoded::query(cell, 1, leaves).map(|()| Kept::First(1))]
        }
        Shape::None => Vec::new(),
    };
    if is_query && shape != Shape::Query {
        ways.push(|cell, leaves| encoded::query(cell, 0, leaves).map(|()| Kept::First(1)));
    }
    ways.push(|cell, leaves| encoded::base64(cell, leaves).map(|()| Kept::All));
    ways.push(|cell, leaves| table::read(cell, leaves).map(Kept::First));
    ways.into_iter().find_map(|way| {
        let before = leaves.mark();
        let kept = way(cell, leaves);
        if kept.is_none() {
            leaves.back_to(before);
        }
        kept
    })
}

/// A way of opening a cell.
type Way = fn(&[u8], &mut Leaves) -> Option<Kept>;

/// Opens what stands within an opened cell, one level deeper; whether it was.
fn open_within(text: &[u8], leaves: &mut Leaves) -> bool {
    if text.len() < SHORTEST || leaves.depth() >= DEEPEST {
        return false;
    }
    let shape = SHAPES[usize::from(text[0])];
    if !shape.may_be(text) && !table::may_be(text) {
        return false;
    }
    let before = leaves.mark();
    leaves.deeper();
    let opened = open_as(text, shape, false, leaves);
    leaves.higher();
    match opened {
        Some(Kept::First(_)) => true,
        // What is something in itself stays a value as well.
        Some(Kept::All) => false,
        None => {
            leaves.back_to(before);
            false
        }
    }
}

/// What a cell may hold, by its first byte.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    None,
    Json,
    Markup,
    Query,
    /// A word that starts like a token, serialised data or an address.
    Word,
}

impl Shape {
    /// Whether the first two bytes of such a cell look so.
    #[inline]
    fn starts(self, cell: &[u8]) -> bool {
        match self {
            Shape::None => false,
            Shape::Json | Shape::Markup | Shape::Query => true,
            Shape::Word => matches!(cell, [_, b'y' | b'a' | b't' | b':', ..]),
        }
    }

    /// Whether the rest of the cell looks so, too: a few bytes decide.
    fn may_be(self, cell: &[u8]) -> bool {
        let last = cell.trim_ascii_end().last();
        match self {
            Shape::None => false,
            // Neither templates (`{name}`) nor rows of numbers.
            Shape::Json => {
                let next = cell[1..].iter().find(|byte| !byte.is_ascii_whitespace());
                match (cell[0], last) {
                    (b'{', Some(b'}')) => matches!(next, Some(b'"' | b'\'')),
                    (b'[', Some(b']')) => matches!(next, Some(b'"' | b'\'' | b'{' | b'[')),
                    _ => false,
                }
            }
            Shape::Markup => last == Some(&b'>'),
            Shape::Query => memchr::memchr(b'=', cell).is_some(),
            Shape::Word => match cell {
                [b'e', b'y', b'J', ..] | [b'd', b'a', b't', b'a', b':', ..] => true,
                [b'h', b't', b't', b'p', ..] => memchr::memchr(b'?', cell).is_some(),
                [b'a' | b'O', b':', digit, ..] => digit.is_ascii_digit() && last == Some(&b'}'),
                _ => cell.len() >= encoded::SHORTEST && encoded::may_be_base64(cell),
            },
        }
    }
}

/// The bytes that a cell must have at least to hold others, by its first byte.
static LEAST: [u8; 256] = {
    let mut least = [table::SHORTEST as u8; 256];
    let mut byte = 0;
    while byte < least.len() {
        if !matches!(SHAPES[byte], Shape::None) {
            least[byte] = SHORTEST as u8;
        }
        byte += 1;
    }
    least
};

static SHORTEST_OF_ALL: [u8; 256] = [SHORTEST as u8; 256];

static SHAPES: [Shape; 256] = {
    let mut shapes = [Shape::None; 256];
    shapes[b'{' as usize] = Shape::Json;
    shapes[b'[' as usize] = Shape::Json;
    shapes[b'<' as usize] = Shape::Markup;
    shapes[b'?' as usize] = Shape::Query;
    shapes[b'e' as usize] = Shape::Word;
    shapes[b'd' as usize] = Shape::Word;
    shapes[b'h' as usize] = Shape::Word;
    shapes[b'a' as usize] = Shape::Word;
    shapes[b'O' as usize] = Shape::Word;
    shapes
};

#[cfg(test)]
mod tests;
