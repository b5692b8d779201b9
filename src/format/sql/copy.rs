//! COPY: its head, and its data, a line for each row, up to `\.`.

use std::sync::Arc;

use super::super::csv::column_names;
use super::dialect::{Backslash, Vendor};
use super::lex::{Escape, Step, Stop, is_word};
use super::recover::starts_statement;
use super::walk::{CopyFormat, Mode, Visit, Walk};

impl<V: Visit> Walk<'_, '_, V> {
    /// `COPY t (a, b) FROM stdin;` and what it says of the data.
    pub(super) fn copy_head(&mut self, end: usize) -> Step<usize> {
        let from = self.gap(end)?;
        let Some((table, next)) = self.table_name(from)? else {
            return Ok(self.enter_other(false, end));
        };
        let mut next = self.gap(next)?;
        let mut names = None;
        if self.text.at(next)? == Some(b'(')
            && let Some((list, behind)) = self.column_list(next + 1)?
        {
            names = Some(list);
            next = self.gap(behind)?;
        }
        if !self.word_at(next)?.eq_ignore_ascii_case(b"FROM") {
            return Ok(self.enter_other(false, end));
        }
        next = self.gap(next + 4)?;
        if !self.word_at(next)?.eq_ignore_ascii_case(b"stdin") {
            return Ok(self.enter_other(false, end));
        }
        let (format, behind) = self.copy_options(next + 5)?;
        let names = match names {
            Some(names) => column_names(&names).into(),
            None => self.created(&table),
        };
        let target = self.target(&table, names);
        self.state.dialect = self.state.dialect.shown(Vendor::Postgres);
        self.state.mode = Mode::Copy(target, Arc::new(format));
        self.text.line_end(behind)
    }

    /// `WITH (FORMAT csv, DELIMITER ';', NULL '')` in its newer and older ways, and what follows the semicolon.
    fn copy_options(&mut self, from: usize) -> Step<(CopyFormat, usize)> {
        let (mut csv, mut delimiter, mut null) = (false, None, None);
        let mut option: &[u8] = b"";
        let mut at = from;
        loop {
            at = self.gap(at)?;
            let Some(byte) = self.text.at(at)? else { break };
            if byte == b';' {
                at += 1;
                break;
            }
            if let Some(literal) = self.literal(at)? {
                let inside = &self.text.bytes[literal.start..literal.end];
                let tab = literal.escape == Escape::Extended && inside == b"\\t";
                if option.eq_ignore_ascii_case(b"DELIMITER")
                    || option.eq_ignore_ascii_case(b"DELIMITERS")
                {
                    delimiter = if tab {
                        Some(b'\t')
                    } else {
                        inside.first().copied()
                    };
                } else if option.eq_ignore_ascii_case(b"NULL") {
                    null = Some(inside.to_vec());
                }
                at = literal.next;
                continue;
            }
            if !is_word(byte) {
                at += 1;
                continue;
            }
            let word = self.word_at(at)?;
            csv |= word.eq_ignore_ascii_case(b"csv");
            if !word.eq_ignore_ascii_case(b"AS") {
                option = word;
            }
            at += word.len();
        }
        let format = CopyFormat {
            delimiter: delimiter.unwrap_or(if csv { b',' } else { b'\t' }),
            null: null.unwrap_or_else(|| if csv { Vec::new() } else { b"\\N".to_vec() }),
            csv,
        };
        Ok((format, at))
    }

    /// One row, or the end of the data.
    pub(super) fn copy_line(&mut self, at: usize) -> Step<usize> {
        let Mode::Copy(target, format) = &self.state.mode else {
            return Ok(at);
        };
        if self.text.is(at, b"\\.") && matches!(self.text.at(at + 2)?, None | Some(b'\n' | b'\r')) {
            self.state.mode = Mode::Statement;
            return self.text.line_end(at);
        }
        let (target, format) = (target.clone(), format.clone());
        self.visit.target(&target);
        let mut fields = 0;
        let next = if format.csv {
            self.csv_line(at, &format, &mut fields)?
        } else {
            self.copy_fields(at, &format, &mut fields)?
        };
        let expected = target.names.len() as u32;
        if expected > 1 && fields != expected && starts_statement(&self.text.bytes[at..]) {
            // The data has no end: it was cut off, and what follows is another dump.
            return Err(Stop::Broken(at));
        }
        self.visit.row();
        Ok(next)
    }

    fn copy_fields(&mut self, from: usize, format: &CopyFormat, fields: &mut u32) -> Step<usize> {
        let bytes = self.text.bytes;
        let mut start = from;
        let mut at = from;
        let mut escape = Escape::None;
        loop {
            let found = bytes
                .get(at..)
                .and_then(|rest| memchr::memchr3(format.delimiter, b'\n', b'\\', rest));
            let end = match found {
                Some(distance) => at + distance,
                None if self.text.ended => bytes.len(),
                None => return Err(Stop::Short),
            };
            match bytes.get(end) {
                Some(b'\\') => {
                    escape = Escape::Copy;
                    at = end + 2;
                }
                Some(&byte) if byte == format.delimiter => {
                    self.field(start, end, *fields, escape, format);
                    (start, at, escape) = (end + 1, end + 1, Escape::None);
                    *fields += 1;
                }
                line_end => {
                    let stop = if end > start && bytes[end - 1] == b'\r' {
                        end - 1
                    } else {
                        end
                    };
                    self.field(start, stop, *fields, escape, format);
                    *fields += 1;
                    return Ok(end + usize::from(line_end.is_some()));
                }
            }
        }
    }

    fn field(
        &mut self,
        start: usize,
        end: usize,
        column: u32,
        escape: Escape,
        format: &CopyFormat,
    ) {
        let stored = &self.text.bytes[start..end];
        if stored != &format.null[..] {
            self.visit.cell(start, end, column, escape);
        }
    }

    fn csv_line(&mut self, from: usize, format: &CopyFormat, fields: &mut u32) -> Step<usize> {
        let mut at = from;
        loop {
            if self.text.at(at)? == Some(b'"') {
                let literal = self.text.quoted(at + 1, b'"', Backslash::Plain)?;
                self.visit
                    .cell(literal.start, literal.end, *fields, literal.escape);
                at = literal.next;
            }
            let rest = &self.text.bytes[at..];
            let end = match memchr::memchr2(format.delimiter, b'\n', rest) {
                Some(distance) => at + distance,
                None if self.text.ended => self.text.bytes.len(),
                None => return Err(Stop::Short),
            };
            let stop = if end > at && self.text.bytes[end - 1] == b'\r' {
                end - 1
            } else {
                end
            };
            if stop > at {
                self.field(at, stop, *fields, Escape::None, format);
            }
            *fields += 1;
            match self.text.bytes.get(end) {
                Some(&byte) if byte == format.delimiter => at = end + 1,
                line_end => return Ok(end + usize::from(line_end.is_some())),
            }
        }
    }
}
