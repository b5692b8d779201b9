//! `CREATE`: a table's definition names the columns for statements that don't; a routine's body is no list of statements.

use std::sync::Arc;

use super::super::csv::column_names;
use super::dialect::Vendor;
use super::lex::{Step, is_word};
use super::walk::{Visit, Walk};

/// Tables whose columns are kept.
const MOST_TABLES: usize = 100_000;

impl<V: Visit> Walk<'_, '_, V> {
    /// `CREATE`: a table's columns are noted; of a routine, its body is no list of statements.
    pub(super) fn create(&mut self, end: usize) -> Step<usize> {
        let mut at = end;
        for _ in 0..12 {
            at = self.gap(at)?;
            let word = self.word_at(at)?;
            if word.is_empty() {
                // `DEFINER=`root`@`localhost``
                match self.text.at(at)? {
                    Some(b'=') => at += 1,
                    Some(b'`') => at = self.name_at(at)?.1,
                    _ => break,
                }
                continue;
            }
            let routines: [&[u8]; 7] = [
                b"TRIGGER",
                b"PROCEDURE",
                b"PROC",
                b"FUNCTION",
                b"EVENT",
                b"PACKAGE",
                b"BODY",
            ];
            if routines
                .iter()
                .any(|other| word.eq_ignore_ascii_case(other))
            {
                return Ok(self.enter_other(true, at + word.len()));
            }
            at += word.len();
            if word.eq_ignore_ascii_case(b"TABLE") {
                return self.create_table(end, at);
            }
        }
        Ok(self.enter_other(false, end))
    }

    fn create_table(&mut self, end: usize, from: usize) -> Step<usize> {
        let mut at = self.gap(from)?;
        if self.word_at(at)?.eq_ignore_ascii_case(b"IF") {
            for _ in 0..3 {
                at = self.gap(at + self.word_at(at)?.len())?;
            }
        }
        let Some((table, next)) = self.table_name(at)? else {
            return Ok(self.enter_other(false, end));
        };
        let next = self.gap(next)?;
        if self.text.at(next)? != Some(b'(') {
            return Ok(self.enter_other(false, next));
        }
        if self.text.bytes[at] == b'`' {
            self.state.dialect = self.state.dialect.shown(Vendor::MySql);
        }
        let mut names = Vec::new();
        let mut at = next + 1;
        loop {
            at = self.gap(at)?;
            names.extend(self.defined_column(at)?);
            let (next, is_last) = self.past_definition(at)?;
            at = next;
            if is_last {
                break;
            }
        }
        self.note_columns(&table, &names);
        Ok(self.enter_other(false, at))
    }

    fn note_columns(&mut self, table: &str, names: &[String]) {
        if names.is_empty() || self.state.catalog.len() >= MOST_TABLES {
            return;
        }
        let names: Arc<[String]> = column_names(names).into();
        let lower = table.to_lowercase();
        let catalog = Arc::make_mut(&mut self.state.catalog);
        if let Some((_, last)) = lower.rsplit_once('.') {
            catalog.insert(last.as_bytes().to_vec(), names.clone());
        }
        catalog.insert(lower.into_bytes(), names);
        // Heads without a list of columns may mean others now.
        self.state.heads.clear();
    }

    /// The name of the column that is defined here, unless it is a constraint.
    fn defined_column(&mut self, at: usize) -> Step<Option<String>> {
        let Some((name, next)) = self.table_name(at)? else {
            return Ok(None);
        };
        if !self.text.at(at)?.is_some_and(is_word) {
            return Ok(Some(name));
        }
        let always = [
            "primary",
            "unique",
            "constraint",
            "foreign",
            "check",
            "exclude",
            "fulltext",
            "spatial",
            "like",
            "period",
        ];
        let sometimes = ["key", "index"];
        let lower = name.to_ascii_lowercase();
        if always.contains(&&lower[..]) {
            return Ok(None);
        }
        if sometimes.contains(&&lower[..]) {
            // `KEY name (column)`, or a column of that name and its type.
            let next = self.gap(next)?;
            let Some((_, behind)) = self.table_name(next)? else {
                return Ok(None);
            };
            let behind = self.text.space(behind);
            let of = self.text.at(behind)?;
            let number = of == Some(b'(')
                && self
                    .text
                    .at(behind + 1)?
                    .is_some_and(|b| b.is_ascii_digit());
            return Ok((of != Some(b'(') || number).then_some(name));
        }
        Ok(Some(name))
    }

    /// Behind a definition and its comma, or behind the parenthesis that closes the list.
    fn past_definition(&mut self, from: usize) -> Step<(usize, bool)> {
        let mut at = from;
        loop {
            at = self.gap(at)?;
            let Some(byte) = self.text.at(at)? else {
                return Ok((at, true));
            };
            match byte {
                b',' => return Ok((at + 1, false)),
                b')' => return Ok((at + 1, true)),
                b';' => return Ok((at, true)),
                b'(' => at = self.past_parentheses(at)?,
                b'`' | b'"' | b'[' => at = self.name_at(at)?.1,
                _ => match self.literal(at)? {
                    Some(literal) => {
                        self.visit.text(literal.start, literal.end, literal.escape);
                        at = literal.next;
                    }
                    None if is_word(byte) => at = self.text.word_end(at)?,
                    None => at += 1,
                },
            }
        }
    }
}
