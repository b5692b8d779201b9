//! XML: element paths and attributes are columns (`contacts.contact.email`, `contacts.contact.@id`), and the elements that
//! repeat below the root are records.
//!
//! A field that is named by an attribute has that name (`row.field[email]`), and in property lists the keys are the path.
//! Text around other elements is joined with theirs, comments and declarations are read, too. Nothing is expanded but the
//! entities every document has. Giant documents are cut between elements: `stack.rs` knows what is open there, `shape.rs`
//! which elements are records, and `read.rs` reads a chunk.

use std::ops::Range;
use std::sync::Arc;

use super::chunked::{Grammar, reader};
use super::markup::declared::{declared, noted};
use super::markup::{Token, Tokens, attribute, local};
use super::records::Records;
use super::{Format, Head, Likelihood, ReadOptions, Reader};
use crate::error::Problem;
use crate::input::Body;
use crate::input::blocks::{LONGEST_RECORD, Source};

mod paths;
mod read;
mod shape;
mod stack;

use shape::Shape;
use stack::{Closed, Kept, Stack};

/// XML.
pub(super) struct Xml;

impl Format for Xml {
    fn name(&self) -> &'static str {
        "xml"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let text = head.text.as_deref()?.trim_ascii_start();
        if text.starts_with(b"<?xml") {
            return Some(Likelihood::Magic);
        }
        let named = matches!(
            head.extension().as_str(),
            "xml"
                | "kml"
                | "gpx"
                | "rss"
                | "atom"
                | "plist"
                | "xsd"
                | "xsl"
                | "wsdl"
                | "svg"
                | "rdf"
                | "resx"
                | "tcx"
        );
        // Markup within the cells of a table or the lines of a letter makes no document of it.
        if !named && !text.starts_with(b"<") {
            return None;
        }
        let first =
            Tokens::new(text, 0).find(|token| !matches!(token, Token::Comment(_) | Token::Text(_)));
        match first? {
            Token::Declaration(_) if named || text.ends_with(b">") => Some(Likelihood::Content),
            Token::Start { .. } if named => Some(Likelihood::Content),
            Token::Start { .. } => is_closed(text).then_some(Likelihood::Content),
            _ => named.then_some(Likelihood::Name),
        }
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        let label = label(head).filter(|_| options.encoding.is_none() && head.mark == 0);
        let (encoding, note) = declared(label, head.encoding);
        let source = Source::new(body, encoding, head.mark)?;
        let shape = Shape::of(head.text.as_deref().unwrap_or_default());
        let grammar = Document {
            stack: Stack::new(shape.is_plist),
            shape: Arc::new(shape),
        };
        Ok(noted(reader(grammar, source, options), note))
    }
}

/// Whether a text that starts with a tag looks like XML all the same: the first element that is closed is the one that was
/// opened last.
fn is_closed(text: &[u8]) -> bool {
    let mut last: &[u8] = &[];
    for token in Tokens::new(text, 0).take(200) {
        match token {
            Token::Start { name, .. } if !is_name(&text[name.clone()]) => return false,
            Token::Start { empty: true, .. } => return true,
            Token::Start { name, .. } => last = &text[name],
            Token::End(name) => return text[name] == *last,
            _ => {}
        }
    }
    false
}

fn is_name(name: &[u8]) -> bool {
    let is_part = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b':' | b'.') || byte >= 0x80
    };
    name.first()
        .is_some_and(|&first| is_part(first) && !first.is_ascii_digit())
        && name.iter().all(|&byte| is_part(byte))
}

/// The encoding that the document says it has: what says it is in ASCII.
fn label<'h>(head: &'h Head<'_>) -> Option<&'h [u8]> {
    let text = head.bytes.trim_ascii_start();
    let declaration = text
        .starts_with(b"<?xml")
        .then(|| &text[..memchr::memchr(b'>', text).unwrap_or(0)])?;
    let label = attribute(declaration, &(5..declaration.len()), b"encoding")?;
    declaration.get(label)
}

/// Cuts a document between elements.
struct Document {
    stack: Stack,
    shape: Arc<Shape>,
}

/// What a chunk has to know.
struct Task {
    open: Vec<Kept>,
    shape: Arc<Shape>,
}

impl Document {
    /// Whether nothing was given since a record ended, behind an end tag: an element gives its text when it ends.
    fn behind(&self, before: bool, stack: &Stack, text: &[u8], name: &Range<usize>) -> bool {
        let Closed::Elements(count) = stack.closes(text, name) else {
            return before;
        };
        let len = stack.len();
        (len - count..len).rev().fold(before, |behind, at| {
            let is_record = self.shape.is_record(at + 1, stack.named(at, text).0);
            is_record || behind && !stack.has_text(at)
        })
    }
}

impl Grammar for Document {
    type Task = Task;

    fn cut(&mut self, window: &[u8], target: usize, ended: bool) -> Option<(usize, Task)> {
        if window.len() <= target && ended {
            return Some((window.len(), self.forced(window)));
        }
        let open = self.stack.kept(&[]);
        let mut stack = Stack::enter(&open, self.shape.is_plist);
        let mut tokens = Tokens::new(window, 0);
        // Whether nothing was given since a record ended: rows of two chunks are counted by themselves.
        let mut behind_record = false;
        loop {
            let at = tokens.place();
            if at >= LONGEST_RECORD {
                return None;
            }
            match tokens.next() {
                None => break,
                Some(Token::Unended(_)) if !ended => return None,
                Some(token) => {
                    let is_start = matches!(token, Token::Start { .. });
                    let between = stack.len() < self.shape.level;
                    if is_start && behind_record && between && at >= target && stack.may_be_cut() {
                        self.stack = Stack::enter(&stack.kept(window), self.shape.is_plist);
                        let shape = self.shape.clone();
                        return Some((at, Task { open, shape }));
                    }
                    match &token {
                        Token::End(name) => {
                            behind_record = self.behind(behind_record, &stack, window, name);
                        }
                        Token::Start {
                            name, empty: true, ..
                        } => {
                            let name = local(&window[name.clone()]);
                            behind_record = self.shape.is_record(stack.len() + 1, name);
                        }
                        Token::Text(range) if window[range.clone()].trim_ascii().is_empty() => {}
                        _ => behind_record = false,
                    }
                    stack.take(window, &token);
                }
            }
        }
        ended.then(|| {
            let shape = self.shape.clone();
            (window.len(), Task { open, shape })
        })
    }

    fn forced(&mut self, text: &[u8]) -> Task {
        let open = self.stack.kept(&[]);
        let mut stack = Stack::enter(&open, self.shape.is_plist);
        for token in Tokens::new(text, 0) {
            stack.take(text, &token);
        }
        self.stack = Stack::enter(&stack.kept(text), self.shape.is_plist);
        Task {
            open,
            shape: self.shape.clone(),
        }
    }

    fn decoded(mut task: Task, decode: &dyn Fn(&[u8]) -> Arc<[u8]>) -> Task {
        for element in &mut task.open {
            element.decode(decode);
        }
        task
    }

    fn read(task: &Task, text: &[u8], last: bool, records: &mut Records<'_>) {
        read::read(task, text, last, records);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_tag_is_none_without_an_end() {
        assert!(is_closed(b"<a>\n<b>x</b></a>") && is_closed(b"<a><b/></a>"));
        // A table of characters, a letter, and a list of addresses.
        assert!(!is_closed(
            b"<code_set_name> X\nCHARMAP\n<A!> /x41\n<D//> /x44\n"
        ));
        assert!(!is_closed(b"<name> and </family>"));
        assert!(!is_closed(b"<jor@postluxterra.nl>, <mir@postluxterra.nl>"));
    }
}
