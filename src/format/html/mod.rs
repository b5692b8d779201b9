//! HTML: paragraphs, list items and other blocks are values without a column; tables with rows and columns are tables of
//! their own (`table 1`), with the cells of their header as columns. Attributes that say something are read, too.
//!
//! `text.rs` reads what is outside of such tables, `table.rs` finds and reads them.

use std::ops::Range;
use std::sync::Arc;

use super::chunked::{Embedded, Grammar, reader};
use super::markup::declared::{declared, noted};
use super::markup::{Attributes, Token, Tokens};
use super::records::Records;
use super::vcard::data_url;
use super::{Format, Head, Likelihood, ReadOptions, Reader, base64};
use crate::error::Problem;
use crate::input::Body;
use crate::input::blocks::Source;

mod table;
mod text;

#[cfg(feature = "mail")]
pub(super) use text::values_of;

/// HTML.
pub(super) struct Html;

impl Format for Html {
    fn name(&self) -> &'static str {
        "html"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let text = head.text.as_deref()?;
        let first = Tokens::new(text, 0).find_map(|token| match token {
            Token::Start { name, .. } => Some(name),
            Token::Declaration(at) => Some(at),
            _ => None,
        })?;
        let before = text[..first.start.saturating_sub(2)].trim_ascii();
        let named = matches!(
            head.extension().as_str(),
            "html" | "htm" | "xhtml" | "shtml"
        );
        let starts =
            before.is_empty() || before.starts_with(b"<?xml") || before.starts_with(b"<!--");
        let word = text[first].to_ascii_lowercase();
        let is_html = word == b"html" || word.starts_with(b"doctype html");
        match (is_html && starts, named) {
            (true, _) => Some(Likelihood::Magic),
            (false, true) => Some(Likelihood::Content),
            (false, false) => {
                let known = [
                    &b"head"[..],
                    b"body",
                    b"table",
                    b"div",
                    b"p",
                    b"meta",
                    b"ul",
                ];
                (starts && known.contains(&&word[..])).then_some(Likelihood::Content)
            }
        }
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        let label = label(head).filter(|_| options.encoding.is_none() && head.mark == 0);
        let (encoding, note) = declared(label.map(|(label, _)| label), head.encoding);
        let note = note.filter(|_| label.is_some_and(|(_, is_sure)| is_sure));
        let source = Source::new(body, encoding, head.mark)?;
        let grammar = Page {
            tables: 0,
            pictures: 0,
        };
        Ok(noted(reader(grammar, source, options), note))
    }
}

/// The encoding that a page says it has, and whether it is that of the page itself and not of something that it loads.
fn label<'h>(head: &'h Head<'_>) -> Option<(&'h [u8], bool)> {
    let start = &head.bytes[..head.bytes.len().min(4096)];
    let at = memchr::memmem::find(start, b"charset=")? + 8;
    let is_around = |byte: &u8| matches!(byte, b'"' | b'\'' | b' ');
    let from = at
        + start[at..]
            .iter()
            .take_while(|byte| is_around(byte))
            .count();
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_:.".contains(byte);
    let len = start[from..]
        .iter()
        .take_while(|byte| is_part(byte))
        .count();
    let tag = memchr::memrchr(b'<', &start[..at]).map_or(0, |tag| tag + 1);
    let is_sure = start[tag..]
        .get(..4)
        .is_some_and(|name| name.eq_ignore_ascii_case(b"meta"));
    Some((&start[from..from + len], is_sure))
}

/// A page is one chunk for its text, and one for each table.
struct Page {
    tables: u64,
    pictures: u64,
}

/// What of a page is meant.
enum Task {
    /// All but these.
    Text(Vec<Range<usize>>),
    Table(Range<usize>),
    /// What isn't known yet.
    Page,
}

impl Grammar for Page {
    type Task = Task;

    fn cut(&mut self, window: &[u8], _: usize, ended: bool) -> Option<(usize, Task)> {
        let is_short = window.len() < crate::input::blocks::LONGEST_RECORD;
        (ended && is_short).then_some((window.len(), Task::Page))
    }

    fn forced(&mut self, _: &[u8]) -> Task {
        Task::Page
    }

    fn tables(&mut self, _: Task, text: &[u8]) -> Vec<(Option<Arc<str>>, Task)> {
        let tables = table::find(text);
        let mut tasks = vec![(None, Task::Text(tables.clone()))];
        for at in tables {
            self.tables += 1;
            let name = format!("table {}", self.tables);
            tasks.push((Some(name.into()), Task::Table(at)));
        }
        tasks
    }

    fn read(task: &Task, text: &[u8], _: bool, records: &mut Records<'_>) {
        match task {
            Task::Text(tables) => text::read(text, tables, records),
            Task::Table(at) => table::read(text, at, records),
            Task::Page => text::read(text, &[], records),
        }
    }

    fn embedded(&mut self, text: &[u8], found: &mut Vec<Embedded>) {
        for at in memchr::memmem::find_iter(text, "data:image/") {
            // Back to the tag it is in.
            let Some(open) = memchr::memrchr(b'<', &text[at.saturating_sub(4096)..at]) else {
                continue;
            };
            let open = at.saturating_sub(4096) + open;
            let Some(Token::Start { attributes, .. }) = Tokens::new(text, open).next() else {
                continue;
            };
            let values = Attributes::new(text, &attributes).map(|(_, value)| value);
            for value in values.filter(|value| value.start == at) {
                if let Some((kind, data)) = data_url(&text[value]) {
                    self.pictures += 1;
                    found.push(Embedded {
                        name: format!("image-{}{}", self.pictures, base64::ending(kind)),
                        bytes: base64::decode(data),
                    });
                }
            }
        }
    }
}
