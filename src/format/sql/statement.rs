//! Between statements, and through statements that hold no rows: definitions, routines, settings, queries.
//!
//! Of those, literals and comments are given as text; what they do is of no interest, but for where they end.

use std::sync::Arc;

use super::dialect::Vendor;
use super::lex::{Escape, Step, Stop, is_word};
use super::recover::starts_statement;
use super::walk::{Mode, Visit, Walk};

/// A name in quotes or brackets is no longer than this, in characters.
const LONGEST_NAME: usize = 128;
/// The same in bytes, with what closes it; a character of UTF-8 has four at the most.
const LONGEST_IN_BYTES: usize = 4 * LONGEST_NAME + 1;

/// A unit of another statement is no longer than this, in bytes.
const LONGEST_UNIT: usize = 64 << 10;

impl<V: Visit> Walk<'_, '_, V> {
    /// Between statements: what comes next.
    pub(super) fn statement(&mut self, at: usize) -> Step<usize> {
        let start = self.text.space(at);
        if start > at {
            return Ok(start);
        }
        if let Some(next) = self.known_head(at) {
            return Ok(next);
        }
        if let Some((next, _)) = self.separator(at) {
            return Ok(next);
        }
        if let Some(next) = self.batch_end(at)? {
            return Ok(next);
        }
        if let Some(next) = self.comment_as_text(at)? {
            return Ok(next);
        }
        let byte = self.text.at(at)?.ok_or(Stop::Short)?;
        if matches!(byte, b'#' | b'\\') && self.is_line_start(at) {
            let end = self.text.line_end(at)?;
            self.visit.text(at + 1, end, Escape::None);
            return Ok(end);
        }
        if !is_word(byte) {
            // A parenthesis, a slash that runs what stands before: nothing that starts a statement.
            self.state.mode = Mode::Other {
                routine: false,
                nest: 0,
            };
            return if byte == b'\'' || byte == b'"' || byte == b'$' {
                self.other(at)
            } else {
                Ok(at + 1)
            };
        }
        let end = self.text.word_end(at)?;
        self.first_word(at, end)
    }

    fn first_word(&mut self, at: usize, end: usize) -> Step<usize> {
        let word = self.text.bytes[at..end].to_ascii_uppercase();
        match &word[..] {
            b"INSERT" | b"REPLACE" => self.head(end, |walk| walk.insert_head(at, end)),
            b"COPY" => self.head(end, |walk| walk.copy_head(end)),
            b"CREATE" => self.head(end, |walk| walk.create(end)),
            b"UPDATE" => self.head(end, |walk| walk.update(end)),
            b"REM" | b"REMARK" | b"PROMPT" => {
                let next = self.text.line_end(end)?;
                self.state.dialect = self.state.dialect.shown(Vendor::Oracle);
                self.visit.text(end, next, Escape::None);
                Ok(next)
            }
            b"DELIMITER" => {
                let next = self.text.line_end(end)?;
                let new = self.text.bytes[end..next].trim_ascii();
                self.state.dialect = self.state.dialect.shown(Vendor::MySql);
                let is_plain = new.is_empty() || new == b";";
                self.state.delimiter = (!is_plain).then(|| Arc::from(new));
                Ok(next)
            }
            b"SET" => {
                let next = self.text.line_end(end)?;
                self.state.dialect = self.state.dialect.told(&self.text.bytes[at..next]);
                Ok(self.enter_other(false, end))
            }
            b"PRAGMA" => {
                self.state.dialect = self.state.dialect.shown(Vendor::Sqlite);
                Ok(self.enter_other(false, end))
            }
            _ => Ok(self.enter_other(false, end)),
        }
    }

    /// Reads a head, or enters another statement that goes on at `end`: what is told only from what follows.
    pub(super) fn head(
        &mut self,
        end: usize,
        read: impl FnOnce(&mut Self) -> Step<usize>,
    ) -> Step<usize> {
        let number = self.state.heads_met;
        self.state.heads_met += 1;
        if self.state.no_heads.binary_search(&number).is_ok() {
            return Ok(self.enter_other(false, end));
        }
        let dialect = self.state.dialect;
        let next = read(self)?;
        if next == end && matches!(self.state.mode, Mode::Other { routine: false, .. }) {
            if self.state.is_told {
                // It is one: the word behind it that tells is in the next chunk.
                return Ok(self.text.bytes.len());
            }
            // What comes is read again.
            self.state.dialect = dialect;
            self.state.no_heads.push(number);
        }
        Ok(next)
    }

    pub(super) fn enter_other(&mut self, routine: bool, next: usize) -> usize {
        self.state.mode = Mode::Other { routine, nest: 0 };
        next
    }

    /// Behind a semicolon, or behind what `DELIMITER` said; and whether that ends a statement even where it holds others.
    pub(super) fn separator(&self, at: usize) -> Option<(usize, bool)> {
        let rest = &self.text.bytes[at..];
        match &self.state.delimiter {
            Some(delimiter) if rest.starts_with(delimiter) => Some((at + delimiter.len(), true)),
            delimiter => (rest.first() == Some(&b';')).then_some((at + 1, delimiter.is_none())),
        }
    }

    /// Behind a line that says `GO`, of SQL Server's tools, or `/`, of Oracle's.
    fn batch_end(&self, at: usize) -> Step<Option<usize>> {
        let word = match self.text.at(at)? {
            Some(b'G' | b'g') if self.text.is(at, b"GO") => at + 2,
            Some(b'/') => at + 1,
            _ => return Ok(None),
        };
        if !self.is_line_start(at) {
            return Ok(None);
        }
        let end = self.text.line_end(at)?;
        let rest = self.text.bytes[word..end].trim_ascii();
        let counts = self.text.bytes[at] != b'/' && rest.iter().all(u8::is_ascii_digit);
        Ok((rest.is_empty() || counts).then_some(end))
    }

    /// Gives the comment that starts here, if one does; what is in a conditional comment is code, and its marks are skipped.
    pub(super) fn comment_as_text(&mut self, at: usize) -> Step<Option<usize>> {
        let Some(next) = self.text.comment(at, self.state.dialect)? else {
            return Ok(None);
        };
        let bytes = self.text.bytes;
        let comment = &bytes[at..next];
        let inside = match comment {
            [b'*', b'/'] => return Ok(Some(next)),
            [b'/', b'*', b'!', ..] | [b'/', b'*', b'M', b'!', ..] if !comment.ends_with(b"*/") => {
                self.state.dialect = self.state.dialect.shown(Vendor::MySql);
                return Ok(Some(next));
            }
            [b'/', ..] => (at + 2, next - 2),
            [b'#', ..] => (at + 1, next),
            _ => (at + 2, next),
        };
        self.visit
            .text(inside.0, inside.1.max(inside.0), Escape::None);
        self.state.dialect = self.state.dialect.told(comment);
        Ok(Some(next))
    }

    /// In a statement without rows: to its end, or behind its next literal or comment.
    pub(super) fn other(&mut self, from: usize) -> Step<usize> {
        let Mode::Other { routine, mut nest } = self.state.mode else {
            return Ok(from);
        };
        let mut at = from;
        while at - from < LONGEST_UNIT {
            at = self.text.space(at);
            let Some(byte) = self.text.at(at)? else {
                break;
            };
            if let Some(next) = self.batch_end(at)? {
                self.state.mode = Mode::Statement;
                return Ok(next);
            }
            if let Some((next, ends)) = self.separator(at) {
                if ends && nest == 0 {
                    self.state.mode = Mode::Statement;
                    return Ok(next);
                }
                at = next;
                continue;
            }
            let literal = self.comment_or_literal(at)?;
            if let Some(next) = literal {
                self.state.mode = Mode::Other { routine, nest };
                return Ok(next);
            }
            if !is_word(byte) {
                at = self.past_other_byte(at, byte)?;
                continue;
            }
            let is_new = !routine
                && self.state.delimiter.is_none()
                && self.is_line_start(at)
                && starts_statement(&self.text.bytes[at..]);
            if is_new {
                self.state.mode = Mode::Statement;
                return Ok(at);
            }
            let end = self.text.word_end(at)?;
            if routine {
                nest = self.nesting(at, end, nest)?;
            }
            at = end;
        }
        self.state.mode = Mode::Other { routine, nest };
        Ok(at)
    }

    /// Behind a name in quotes or brackets, or a byte that means nothing here.
    fn past_other_byte(&self, at: usize, byte: u8) -> Step<usize> {
        let close = match byte {
            b'`' => b'`',
            b'[' => b']',
            _ => return Ok(at + 1),
        };
        // In characters, so that a text is read alike before it is decoded and after.
        let is_utf8 = self.state.encoding == encoding_rs::UTF_8;
        let mut characters = 0;
        let rest = &self.text.bytes[at + 1..];
        for (len, &byte) in rest.iter().enumerate().take(LONGEST_IN_BYTES) {
            if byte == close && rest.first() != Some(&b'\'') {
                return Ok(at + len + 2);
            }
            characters += usize::from(!is_utf8 || byte & 0xc0 != 0x80);
            if byte == close || byte == b'\n' || characters > LONGEST_NAME {
                return Ok(at + 1);
            }
        }
        if self.text.ended || rest.len() >= LONGEST_IN_BYTES {
            Ok(at + 1)
        } else {
            Err(Stop::Short)
        }
    }

    /// Gives the comment or literal that starts here, if one does.
    fn comment_or_literal(&mut self, at: usize) -> Step<Option<usize>> {
        if let Some(next) = self.comment_as_text(at)? {
            return Ok(Some(next));
        }
        match self.literal(at)? {
            Some(literal) => {
                self.visit.text(literal.start, literal.end, literal.escape);
                Ok(Some(literal.next))
            }
            None => Ok(None),
        }
    }

    /// How many blocks of a routine are open behind a word.
    fn nesting(&self, at: usize, end: usize, nest: u32) -> Step<u32> {
        let word = &self.text.bytes[at..end];
        if word.eq_ignore_ascii_case(b"BEGIN") || word.eq_ignore_ascii_case(b"CASE") {
            // `END CASE` closes what `CASE` opened.
            let before = self.text.bytes[self.unit..at].trim_ascii_end();
            let closes =
                before.len() >= 3 && before[before.len() - 3..].eq_ignore_ascii_case(b"END");
            return Ok(if closes { nest } else { nest.saturating_add(1) });
        }
        if !word.eq_ignore_ascii_case(b"END") {
            return Ok(nest);
        }
        let of = self.word_at(self.text.space(end))?;
        let others: [&[u8]; 5] = [b"IF", b"LOOP", b"WHILE", b"REPEAT", b"FOR"];
        let is_other = others.iter().any(|other| of.eq_ignore_ascii_case(other));
        Ok(if is_other {
            nest
        } else {
            nest.saturating_sub(1)
        })
    }
}
