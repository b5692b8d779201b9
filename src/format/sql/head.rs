//! Heads of `INSERT` and `REPLACE`: which table, which columns; and names as they stand in all heads.

use std::sync::Arc;

use super::super::csv::column_names;
use super::dialect::Vendor;
use super::lex::{Step, is_word};
use super::walk::{Mode, Target, Visit, Walk};

/// Heads that are remembered.
const HEADS: usize = 8;
/// Longer ones are read anew each time.
const LONGEST_HEAD: usize = 16 << 10;

impl<'t, V: Visit> Walk<'t, '_, V> {
    /// Behind space and comments; the latter are given as text.
    pub(super) fn gap(&mut self, mut at: usize) -> Step<usize> {
        loop {
            at = self.text.space(at);
            match self.comment_as_text(at)? {
                Some(next) => {
                    self.commented = true;
                    at = next;
                }
                None => return Ok(at),
            }
        }
    }

    /// The name that starts here, and what follows it.
    pub(super) fn name_at(&self, at: usize) -> Step<(&'t [u8], usize)> {
        let (name, _, next) = self.text.name(at)?;
        Ok((name, next))
    }

    /// The name of a table as written but for quotes, with its schema, and what follows it; none where there is no name.
    pub(super) fn table_name(&mut self, from: usize) -> Step<Option<(String, usize)>> {
        let mut at = from;
        let mut full = String::new();
        loop {
            match self.text.at(at)? {
                Some(b'"' | b'`' | b'[' | b'\'' | b'#') => {}
                // `db..table`
                Some(b'.') if !full.is_empty() => {}
                Some(byte) if is_word(byte) => {}
                _ => return Ok(None),
            }
            if self.text.at(at)? != Some(b'.') {
                let (name, close, next) = self.text.name(at)?;
                let name = self.state.name(name);
                if close == 0 {
                    full.push_str(&name);
                } else {
                    let doubled = [close, close].map(char::from).iter().collect::<String>();
                    full.push_str(&name.replace(&doubled, &doubled[..1]));
                }
                at = next;
            }
            if self.text.at(at)? != Some(b'.') {
                return Ok(Some((full, at)));
            }
            full.push('.');
            at += 1;
        }
    }

    /// Rows of a table whose head was read lately.
    pub(super) fn known_head(&mut self, at: usize) -> Option<usize> {
        let rest = &self.text.bytes[at..];
        let found = self.state.heads.iter().rev().find(|(head, _)| {
            // `VALUES` must end there.
            let behind = rest.get(head.len()).is_some_and(|&byte| !is_word(byte));
            !head.is_empty() && rest.starts_with(head) && behind
        });
        let (head, target) = found?;
        let next = at + head.len();
        self.state.mode = Mode::Rows(target.clone());
        // Where a text is decoded, heads of the text before it are read again.
        self.state.heads_met += 1;
        Some(next)
    }

    pub(super) fn remember(&mut self, head: Arc<[u8]>, target: &Arc<Target>) {
        if self.state.heads.len() >= HEADS {
            self.state.heads.remove(0);
        }
        self.state.heads.push((head, target.clone()));
    }

    /// `INSERT` or `REPLACE`, up to its rows.
    pub(super) fn insert_head(&mut self, at: usize, end: usize) -> Step<usize> {
        self.commented = false;
        let is_replace = self.text.is(at, b"REPLACE");
        let mut next = self.gap(end)?;
        let mut into = false;
        loop {
            let word = self.word_at(next)?;
            let skipped: [&[u8]; 11] = [
                b"INTO",
                b"IGNORE",
                b"LOW_PRIORITY",
                b"DELAYED",
                b"HIGH_PRIORITY",
                b"OVERWRITE",
                b"TABLE",
                b"OR",
                b"ALL",
                b"FIRST",
                b"ROLLBACK",
            ];
            if !skipped.iter().any(|other| word.eq_ignore_ascii_case(other)) {
                break;
            }
            into |= word.eq_ignore_ascii_case(b"INTO");
            let is_or = word.eq_ignore_ascii_case(b"OR");
            next = self.gap(next + word.len())?;
            if is_or {
                next = self.gap(self.text.word_end(next)?)?;
            }
        }
        let known = self.table_name(next)?;
        let Some((table, mut next)) = known.filter(|_| into || !is_replace) else {
            return Ok(self.enter_other(false, end.max(at + 1)));
        };
        if self.text.bytes[at..next].contains(&b'`') {
            self.state.dialect = self.state.dialect.shown(Vendor::MySql);
        }
        let mut names = None;
        loop {
            next = self.gap(next)?;
            match self.text.at(next)? {
                Some(b'(') if names.is_none() => match self.column_list(next + 1)? {
                    Some((list, behind)) => {
                        names = Some(list);
                        next = behind;
                    }
                    // `INSERT INTO t (SELECT …)`
                    None => next += 1,
                },
                Some(byte) if is_word(byte) => {
                    let word = self.word_at(next)?;
                    let behind = next + word.len();
                    if let Some(next) = self.rows_follow(at, next, word, &table, names.as_ref())? {
                        return Ok(next);
                    }
                    next = behind;
                }
                Some(b'"' | b'`' | b'[') => next = self.name_at(next)?.1,
                Some(b'(') => next = self.past_parentheses(next)?,
                _ => return Ok(self.enter_other(false, end.max(at + 1))),
            }
        }
    }

    /// What follows a head, when this word says that rows do.
    fn rows_follow(
        &mut self,
        at: usize,
        start: usize,
        word: &[u8],
        table: &str,
        names: Option<&Vec<String>>,
    ) -> Step<Option<usize>> {
        let next = start + word.len();
        let is = |other: &[u8]| word.eq_ignore_ascii_case(other);
        if is(b"SET") {
            return self.assignments(table, next).map(Some);
        }
        let values = is(b"VALUES") || is(b"VALUE");
        let selects = is(b"SELECT") || is(b"WITH");
        if !values && !selects {
            let ends = is(b"DEFAULT") || is(b"EXEC") || is(b"EXECUTE");
            return if ends {
                Ok(Some(self.enter_other(false, next)))
            } else {
                Ok(None)
            };
        }
        let names = match names {
            Some(names) => column_names(names).into(),
            None => self.created(table),
        };
        let target = self.target(table, names);
        if selects {
            self.state.mode = Mode::Selects(target);
            return Ok(Some(start));
        }
        let head = &self.text.bytes[at..next];
        if head.len() <= LONGEST_HEAD && !self.commented {
            self.remember(head.into(), &target);
        }
        self.state.mode = Mode::Rows(target);
        Ok(Some(next))
    }

    /// The columns of a table that was created.
    pub(super) fn created(&self, table: &str) -> Arc<[String]> {
        let lower = table.to_lowercase();
        let last = lower.rsplit('.').next().unwrap_or_default();
        let catalog = &self.state.catalog;
        let known = catalog
            .get(lower.as_bytes())
            .or_else(|| catalog.get(last.as_bytes()));
        known.cloned().unwrap_or_default()
    }

    /// The word that starts here; empty where none does.
    pub(super) fn word_at(&self, at: usize) -> Step<&'t [u8]> {
        Ok(&self.text.bytes[at..self.text.word_end(at)?])
    }

    /// Names up to a closing parenthesis, and what follows that; none when it is a query.
    pub(super) fn column_list(&mut self, from: usize) -> Step<Option<(Vec<String>, usize)>> {
        let mut names = Vec::new();
        let mut at = from;
        loop {
            at = self.gap(at)?;
            match self.text.at(at)? {
                Some(b')') => return Ok(Some((names, at + 1))),
                Some(b',') => at += 1,
                _ => {
                    let Some((name, next)) = self.table_name(at)? else {
                        return Ok(None);
                    };
                    if names.is_empty() && name.eq_ignore_ascii_case("select") {
                        return Ok(None);
                    }
                    names.push(name);
                    at = next;
                }
            }
        }
    }

    /// Behind the parenthesis that closes the one that stands here.
    pub(super) fn past_parentheses(&mut self, open: usize) -> Step<usize> {
        let mut depth = 0_u32;
        let mut at = open;
        loop {
            at = self.gap(at)?;
            let Some(byte) = self.text.at(at)? else {
                return Ok(at);
            };
            if let Some(literal) = self.literal(at)? {
                self.visit.text(literal.start, literal.end, literal.escape);
                at = literal.next;
                continue;
            }
            at = match byte {
                b'(' => {
                    depth += 1;
                    at + 1
                }
                b')' if depth <= 1 => return Ok(at + 1),
                b')' => {
                    depth -= 1;
                    at + 1
                }
                b'`' => self.name_at(at)?.1,
                byte if is_word(byte) => self.text.word_end(at)?,
                _ => at + 1,
            };
        }
    }
}
