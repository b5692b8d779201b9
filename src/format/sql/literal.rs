//! Literals, with whatever stands before their quotes, and those of them that a row takes as its values.

use super::dialect::{Backslash, Vendor};
use super::lex::{Escape, Literal, Step, Stop, Text, is_word};
use super::recover::next_statement;
use super::row::Row;
use super::walk::{Visit, Walk};

impl<V: Visit> Walk<'_, '_, V> {
    /// Gives a literal to the row; an error where it seems to have been closed by the quote of another one.
    pub(super) fn give(&mut self, literal: Literal, row: &mut Row) -> Step<usize> {
        let Literal {
            start,
            end,
            next,
            mut escape,
        } = literal;
        if let Some(&byte) = self.text.bytes.get(next)
            && (is_word(byte) || byte == b'\\')
            && self.swallows_a_statement(next)
        {
            return Err(Stop::Broken(next));
        }
        if row.muted == 0 {
            if row.replacing != 0 && matches!(escape, Escape::None | Escape::Doubled(_)) {
                escape = Escape::Lines;
            }
            row.given = true;
            self.visit.cell(start, end, row.column, escape);
        }
        Ok(next)
    }

    /// Whether another statement seems to start within this unit: a literal that was never closed.
    fn swallows_a_statement(&mut self, before: usize) -> bool {
        let bytes = &self.text.bytes[..before];
        let text = Text { bytes, ..self.text };
        let from = self.searched.max(self.unit + 1);
        self.searched = before;
        next_statement(text, from).is_some()
    }

    /// The argument of SQLite's `unistr`, in which characters are escaped by their numbers.
    pub(super) fn unistr(&mut self, at: usize, row: &mut Row) -> Step<usize> {
        if self.text.at(at)? != Some(b'\'') {
            return Ok(at);
        }
        let literal = self.text.quoted(at + 1, b'\'', Backslash::Plain)?;
        let escape = Escape::Unicode;
        self.give(Literal { escape, ..literal }, row)
    }

    /// The literal that starts here, if one does, with whatever stands before its quote.
    pub(super) fn literal(&self, at: usize) -> Step<Option<Literal>> {
        let dialect = self.state.dialect;
        let Some(byte) = self.text.at(at)? else {
            return Ok(None);
        };
        let next = |ahead: usize| self.text.at(at + ahead);
        let quoted = |from: usize, backslash| self.text.quoted(from, b'\'', backslash).map(Some);
        match byte {
            b'\'' => quoted(at + 1, dialect.backslash),
            b'"' => self.text.quoted(at + 1, b'"', dialect.backslash).map(Some),
            b'$' if dialect.dollar_quotes() => self.text.dollar(at),
            b'N' | b'n' if next(1)? == Some(b'\'') => quoted(at + 2, dialect.backslash),
            b'E' | b'e' if next(1)? == Some(b'\'') => self
                .text
                .backslashed(at + 2, b'\'', Escape::Extended)
                .map(Some),
            b'X' | b'x' if next(1)? == Some(b'\'') => {
                let literal = self.text.quoted(at + 2, b'\'', Backslash::Plain)?;
                let escape = Escape::Hex;
                Ok(Some(Literal { escape, ..literal }))
            }
            b'Q' | b'q' if next(1)? == Some(b'\'') && dialect.vendor != Vendor::MySql => {
                self.text.custom_quote(at + 2).map(Some)
            }
            b'N' | b'n' if matches!(next(1)?, Some(b'q' | b'Q')) && next(2)? == Some(b'\'') => {
                self.text.custom_quote(at + 3).map(Some)
            }
            b'U' | b'u' if next(1)? == Some(b'&') && next(2)? == Some(b'\'') => {
                let literal = self.text.quoted(at + 3, b'\'', Backslash::Plain)?;
                let escape = Escape::Unicode;
                Ok(Some(Literal { escape, ..literal }))
            }
            _ => Ok(None),
        }
    }
}
