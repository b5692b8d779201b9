//! `UPDATE t SET a = 'b' WHERE c = 'd'`, and `INSERT INTO t SET a = 'b'`: each is one record of its table, and the name before
//! a value is its column.

use std::sync::Arc;

use super::dialect::Vendor;
use super::lex::{Escape, Step, is_word};
use super::recover::starts_statement;
use super::walk::{Mode, Target, Visit, Walk};

/// Names of a statement; values behind further ones are text.
const MOST_NAMES: usize = 1000;

/// Values and the names before them.
#[derive(Default)]
struct Pairs<'t> {
    names: Vec<&'t [u8]>,
    cells: Vec<(usize, usize, u32, Escape)>,
    /// The name that came last.
    name: Option<&'t [u8]>,
    /// The column of the values that come.
    column: Option<u32>,
}

impl Pairs<'_> {
    /// What comes are values of the name that came last.
    fn assign(&mut self) {
        self.column = self.name.and_then(|name| {
            let known = self.names.iter().position(|known| *known == name);
            let at = known.or_else(|| {
                (self.names.len() < MOST_NAMES).then(|| {
                    self.names.push(name);
                    self.names.len() - 1
                })
            });
            at.map(|at| at as u32)
        });
    }
}

impl<'t, V: Visit> Walk<'t, '_, V> {
    /// `UPDATE`, from behind that word on.
    pub(super) fn update(&mut self, end: usize) -> Step<usize> {
        let mut next = self.gap(end)?;
        for word in [&b"ONLY "[..], b"IGNORE ", b"LOW_PRIORITY "] {
            if self.text.is(next, word) {
                next = self.gap(next + word.len())?;
            }
        }
        let Some((table, behind)) = self.table_name(next)? else {
            return Ok(self.enter_other(false, end));
        };
        let set = self.gap(behind)?;
        let word = self.text.word_end(set)?;
        if !self.text.bytes[set..word].eq_ignore_ascii_case(b"SET") {
            return Ok(self.enter_other(false, end));
        }
        self.assignments(&table, word)
    }

    /// Names, equals signs and values up to the end of the statement.
    pub(super) fn assignments(&mut self, table: &str, from: usize) -> Step<usize> {
        let mut pairs = Pairs::default();
        let mut at = from;
        loop {
            at = self.gap(at)?;
            let Some(byte) = self.text.at(at)? else { break };
            if let Some((next, _)) = self.separator(at) {
                at = next;
                break;
            }
            if self.is_line_start(at) && starts_statement(&self.text.bytes[at..]) {
                break;
            }
            at = self.assignment(at, byte, &mut pairs)?;
        }
        let names = pairs
            .names
            .iter()
            .map(|name| self.state.name(name).into_owned());
        let target = self.target(table, names.collect());
        self.visit.target(&target);
        for (start, end, column, escape) in pairs.cells {
            self.visit.cell(start, end, column, escape);
        }
        self.visit.row();
        self.state.mode = Mode::Statement;
        Ok(at)
    }

    /// One name, sign or value.
    fn assignment(&mut self, at: usize, byte: u8, pairs: &mut Pairs<'t>) -> Step<usize> {
        let quotes_names = !matches!(self.state.dialect.vendor, Vendor::MySql | Vendor::Unknown);
        let is_name = matches!(byte, b'`' | b'[') || byte == b'"' && quotes_names;
        if !is_name && let Some(literal) = self.literal(at)? {
            match pairs.column {
                Some(column) => {
                    let cell = (literal.start, literal.end, column, literal.escape);
                    pairs.cells.push(cell);
                }
                None => self.visit.text(literal.start, literal.end, literal.escape),
            }
            return Ok(literal.next);
        }
        if byte.is_ascii_digit() {
            let mut end = self.text.word_end(at)?;
            if self.text.at(end)? == Some(b'.') {
                end = self.text.word_end(end + 1)?;
            }
            let column = pairs.column;
            pairs
                .cells
                .extend(column.map(|column| (at, end, column, Escape::None)));
            return Ok(end);
        }
        if is_name || is_word(byte) {
            let (word, end) = self.name_at(at)?;
            let compares: [&[u8]; 3] = [b"IN", b"LIKE", b"BETWEEN"];
            if compares
                .iter()
                .any(|other| word.eq_ignore_ascii_case(other))
            {
                pairs.assign();
            } else if self.text.at(end)? != Some(b'(') && !word.eq_ignore_ascii_case(b"NOT") {
                pairs.name = Some(word);
                pairs.column = None;
            }
            return Ok(end);
        }
        if matches!(byte, b'=' | b'<' | b'>') {
            pairs.assign();
        }
        Ok(at + 1)
    }

    /// Rows of this table with these columns: the same as lately, where they are.
    pub(super) fn target(&mut self, table: &str, names: Arc<[String]>) -> Arc<Target> {
        let known = self.state.heads.iter().rev().map(|(_, target)| target);
        for target in known {
            if &*target.table == table && target.names == names {
                return target.clone();
            }
        }
        let target = Arc::new(Target {
            table: table.into(),
            names,
        });
        self.remember(Arc::default(), &target);
        target
    }
}
