//! Rows: what stands between the parentheses of `VALUES`, in the list of a `SELECT`, or behind the equals signs of `SET`.

use super::lex::{Escape, Step, Stop, is_word};
use super::recover::starts_statement;
use super::walk::{Mode, Visit, Walk};

/// No table has more columns.
const MOST_COLUMNS: u32 = 100_000;

/// Functions whose first argument is the value, and whose others say how it is written.
const FORMATTING: &[&[u8]] = &[
    b"to_date",
    b"to_timestamp",
    b"to_timestamp_tz",
    b"to_char",
    b"to_number",
    b"str_to_date",
    b"date_format",
    b"replace",
    b"decode",
    b"convert",
    b"strptime",
];

/// Types that have a length, as SQL Server's `CONVERT(nvarchar(50), 'text')` has one before its value.
const SIZED: &[&[u8]] = &[
    b"nvarchar",
    b"varchar",
    b"nchar",
    b"char",
    b"varbinary",
    b"binary",
    b"decimal",
    b"numeric",
    b"float",
    b"datetime2",
    b"datetimeoffset",
    b"time",
];

/// Where in a row the walk is.
pub(super) struct Row {
    /// Parentheses that are open around its cells.
    base: u32,
    depth: u32,
    pub(super) column: u32,
    /// Whether the cell has a value.
    pub(super) given: bool,
    /// Depths at which a formatting function's arguments stand, and those of them whose first one is over; and those of
    /// `replace` and `convert`. Deeper than 63 nobody looks.
    formatting: u64,
    pub(super) muted: u64,
    pub(super) replacing: u64,
    converting: u64,
}

impl Row {
    fn new(base: u32) -> Self {
        Self {
            base,
            depth: base,
            column: 0,
            given: false,
            formatting: 0,
            muted: 0,
            replacing: 0,
            converting: 0,
        }
    }

    fn bit(&self) -> u64 {
        1_u64.checked_shl(self.depth).unwrap_or(0)
    }

    fn open(&mut self, function: &[u8]) {
        let is_one_of = |known: &[&[u8]]| {
            let mut known = known.iter();
            known.any(|known| function.eq_ignore_ascii_case(known))
        };
        let is_converted = self.converting & self.bit() != 0 && !self.given;
        self.depth += 1;
        let bit = self.bit();
        if is_converted && is_one_of(SIZED) {
            self.muted |= bit;
        }
        if is_one_of(FORMATTING) {
            self.formatting |= bit;
            if function.eq_ignore_ascii_case(b"replace") {
                self.replacing |= bit;
            }
            if function.eq_ignore_ascii_case(b"convert") {
                self.converting |= bit;
            }
        }
    }

    fn close(&mut self) {
        let others = !self.bit();
        self.formatting &= others;
        self.muted &= others;
        self.replacing &= others;
        self.converting &= others;
        self.depth -= 1;
    }

    fn comma(&mut self) {
        if self.depth == self.base {
            self.column += 1;
            self.given = false;
        } else {
            // Where nothing was given yet, what stands before it was a type.
            let waits = if self.given { 0 } else { self.converting };
            self.muted |= self.formatting & self.bit() & !waits;
        }
    }
}

impl<V: Visit> Walk<'_, '_, V> {
    /// Behind `VALUES` or behind a row: the next row, or the end of the statement.
    pub(super) fn rows(&mut self, from: usize) -> Step<usize> {
        let at = self.text.space(from);
        let Some(byte) = self.text.at(at)? else {
            return Ok(at);
        };
        match byte {
            b'(' => {
                if let Mode::Rows(target) = &self.state.mode {
                    self.visit.target(target);
                }
                let next = self.cells(at + 1, &mut Row::new(1))?;
                self.visit.row();
                // What separates rows belongs to the one before, where it is in sight.
                Ok(match self.text.bytes.get(next) {
                    Some(b',') => next + 1,
                    Some(b';') if self.state.delimiter.is_none() => {
                        self.state.mode = Mode::Statement;
                        next + 1
                    }
                    _ => next,
                })
            }
            b',' => Ok(at + 1),
            _ => {
                if let Some((next, _)) = self.separator(at) {
                    self.state.mode = Mode::Statement;
                    return Ok(next);
                }
                if let Some(next) = self.comment_as_text(at)? {
                    return Ok(next);
                }
                if !is_word(byte) {
                    return Err(Stop::Broken(at));
                }
                let end = self.text.word_end(at)?;
                if self.text.bytes[at..end].eq_ignore_ascii_case(b"ROW") {
                    return Ok(end);
                }
                self.behind_rows(at, end)
            }
        }
    }

    /// A word behind the rows: another statement that nothing separates from this one, or the rest of this one.
    fn behind_rows(&mut self, at: usize, end: usize) -> Step<usize> {
        let word = &self.text.bytes[at..end];
        let others: [&[u8]; 7] = [
            b"INSERT", b"REPLACE", b"CREATE", b"SET", b"GO", b"UPDATE", b"INTO",
        ];
        if others.iter().any(|other| word.eq_ignore_ascii_case(other)) {
            if word.eq_ignore_ascii_case(b"INTO") {
                // `INSERT ALL INTO … VALUES (…) INTO …`
                return self.head(at + 1, |walk| walk.insert_head(at, at));
            }
            self.state.mode = Mode::Statement;
            return Ok(at);
        }
        Ok(self.enter_other(false, end))
    }

    /// The lists of `SELECT`s whose rows are inserted.
    pub(super) fn selects(&mut self, from: usize) -> Step<usize> {
        let at = self.text.space(from);
        let Some(byte) = self.text.at(at)? else {
            return Ok(at);
        };
        if matches!(byte, b'(' | b')' | b',') {
            return Ok(at + 1);
        }
        if let Some((next, _)) = self.separator(at) {
            self.state.mode = Mode::Statement;
            return Ok(next);
        }
        if let Some(next) = self.comment_as_text(at)? {
            return Ok(next);
        }
        if self.is_line_start(at) && starts_statement(&self.text.bytes[at..]) {
            self.state.mode = Mode::Statement;
            return Ok(at);
        }
        if !is_word(byte) {
            return Ok(self.enter_other(false, at + 1));
        }
        let end = self.text.word_end(at)?;
        match &self.text.bytes[at..end].to_ascii_uppercase()[..] {
            b"UNION" | b"ALL" | b"DISTINCT" => Ok(end),
            b"FROM" => {
                let name = self.gap(end)?;
                match self.text.at(name)? {
                    Some(byte) if is_word(byte) => self.text.word_end(name),
                    _ => Ok(self.enter_other(false, name)),
                }
            }
            b"SELECT" => {
                if let Mode::Selects(target) = &self.state.mode {
                    self.visit.target(target);
                }
                let mut row = Row::new(0);
                let next = self.cells(end, &mut row)?;
                if row.column > 0 || row.given {
                    self.visit.row();
                }
                Ok(next)
            }
            _ => Ok(self.enter_other(false, end)),
        }
    }

    /// The cells of a row, up to its end: behind the parenthesis that closes it, or before what ends a list.
    fn cells(&mut self, from: usize, row: &mut Row) -> Step<usize> {
        let mut at = from;
        loop {
            let Some(byte) = self.text.at(at)? else {
                return if row.base == 0 {
                    Ok(at)
                } else {
                    Err(Stop::Short)
                };
            };
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => at += 1,
                b',' => {
                    row.comma();
                    if row.column > MOST_COLUMNS {
                        return Err(Stop::Broken(at));
                    }
                    at += 1;
                }
                b'\'' => at = self.cell_literal(at, row)?,
                b'0'..=b'9' => at = self.number(at, at, row)?,
                b'(' => {
                    row.open(b"");
                    at += 1;
                }
                b')' if row.depth == 0 => return Ok(at),
                b')' => {
                    row.close();
                    at += 1;
                    if row.base > 0 && row.depth == 0 {
                        return Ok(at);
                    }
                }
                b';' if row.base == 0 => return Ok(at),
                b';' => return Err(Stop::Broken(at)),
                b'"' | b'$' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | 0x80.. => {
                    match self.cell_word(at, byte, row)? {
                        Some(next) => at = next,
                        None => return Ok(at),
                    }
                }
                _ => at = self.cell_sign(at, byte, row)?,
            }
        }
    }

    /// A sign: of a number, of a comment, or of an operator.
    fn cell_sign(&mut self, at: usize, byte: u8, row: &mut Row) -> Step<usize> {
        match byte {
            b'-' | b'+' | b'.' => {
                if let Some(next) = self.comment_as_text(at)? {
                    return Ok(next);
                }
                match self.text.at(at + 1)? {
                    Some(b'0'..=b'9' | b'.') => self.number(at, at + 1, row),
                    _ => Ok(at + 1),
                }
            }
            b'/' | b'*' | b'#' => Ok(self.comment_as_text(at)?.unwrap_or(at + 1)),
            b'`' => Ok(self.text.name(at)?.2),
            _ => Ok(at + 1),
        }
    }

    fn cell_literal(&mut self, at: usize, row: &mut Row) -> Step<usize> {
        let literal = self.literal(at)?.ok_or(Stop::Broken(at))?;
        self.give(literal, row)
    }

    /// A number, with or without its sign; as hexadecimal digits it is a string of bytes.
    fn number(&mut self, start: usize, digits: usize, row: &mut Row) -> Step<usize> {
        let mut end = digits;
        while let Some(byte) = self.text.at(end)? {
            let exponent = matches!(byte, b'+' | b'-')
                && matches!(self.text.bytes[end - 1], b'e' | b'E')
                && !self.text.is(digits, b"0x");
            if !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_') || exponent) {
                break;
            }
            end += 1;
        }
        if !row.given && row.muted == 0 {
            row.given = true;
            if self.text.is(start, b"0x") {
                self.visit.cell(start + 2, end, row.column, Escape::Hex);
            } else {
                self.visit.cell(start, end, row.column, Escape::None);
            }
        }
        Ok(end)
    }

    /// A word in a row: a literal with something before its quote, a function, a constant. None where it ends a list.
    fn cell_word(&mut self, at: usize, byte: u8, row: &mut Row) -> Step<Option<usize>> {
        if let Some(literal) = self.literal(at)? {
            return self.give(literal, row).map(Some);
        }
        if !is_word(byte) {
            return Ok(Some(at + 1));
        }
        if self.is_line_start(at) && starts_statement(&self.text.bytes[at..]) {
            return if row.base == 0 {
                Ok(None)
            } else {
                Err(Stop::Broken(at))
            };
        }
        let end = self.text.word_end(at)?;
        let word = &self.text.bytes[at..end];
        if row.base == 0 && row.depth == 0 {
            let ends: [&[u8]; 5] = [b"UNION", b"FROM", b"WHERE", b"GO", b"ORDER"];
            if ends.iter().any(|other| word.eq_ignore_ascii_case(other)) {
                return Ok(None);
            }
            row.given |= word.eq_ignore_ascii_case(b"NULL");
        }
        let next = self.text.space(end);
        match self.text.at(next)? {
            Some(b'(') => {
                row.open(word);
                if word.eq_ignore_ascii_case(b"unistr") {
                    return self.unistr(next + 1, row).map(Some);
                }
                return Ok(Some(next + 1));
            }
            Some(b',' | b')') if !row.given && row.base == 1 && row.depth == 1 => {
                let is_absent =
                    word.eq_ignore_ascii_case(b"NULL") || word.eq_ignore_ascii_case(b"DEFAULT");
                row.given = true;
                if !is_absent {
                    self.visit.cell(at, end, row.column, Escape::None);
                }
            }
            _ => {}
        }
        Ok(Some(end))
    }
}
