//! Reads a chunk of a document.

use std::ops::Range;

use super::super::markup::{Attributes, Token, Tokens, entities, local};
use super::super::records::Records;
use super::Task;
use super::paths::{PathId, Paths, Step};
use super::shape::Shape;
use super::stack::{Closed, Stack};
use crate::error::Problem;

/// Mixed text is given in parts of about this size, in bytes.
const LONGEST_MIXED: usize = 32 << 10;

/// A stretch of a value.
enum Stretch {
    /// With entities in it.
    Text(Range<usize>),
    /// As it is.
    Plain(Range<usize>),
}

impl Stretch {
    fn range_mut(&mut self) -> &mut Range<usize> {
        match self {
            Stretch::Text(at) | Stretch::Plain(at) => at,
        }
    }
}

/// A value that is being put together.
#[derive(Default)]
struct Draft(Vec<Stretch>);

struct Reading<'r, 's> {
    text: &'r [u8],
    records: &'r mut Records<'s>,
    shape: &'r Shape,
    stack: Stack,
    paths: Paths,
    /// The path of each open element, and its text.
    open: Vec<(PathId, Draft)>,
    /// The element that ended last, until it is clear that it stands by itself: its place, its path and its text.
    leaf: Option<(usize, PathId, Draft)>,
}

/// Reads a chunk.
pub(super) fn read(task: &Task, text: &[u8], last: bool, records: &mut Records<'_>) {
    let mut reading = Reading {
        text,
        records,
        shape: &task.shape,
        stack: Stack::enter(&task.open, task.shape.is_plist),
        paths: Paths::new(),
        open: Vec::new(),
        leaf: None,
    };
    for at in 0..reading.stack.len() {
        let path = reading.path_of(at);
        reading.open.push((path, Draft::default()));
    }
    for token in Tokens::new(text, 0) {
        reading.token(token, last);
    }
    reading.finish(last);
}

impl Reading<'_, '_> {
    /// The path of the element at a place of the stack, whose parent's is known.
    fn path_of(&mut self, at: usize) -> PathId {
        let parent = match at {
            0 => Paths::TOP,
            _ => self.open[at - 1].0,
        };
        let (name, label) = self.stack.named(at, self.text);
        match (label, self.shape.is_plist) {
            (Some(label), true) => self.paths.child(parent, Step::Element, label.trim_ascii()),
            (None, true) => parent,
            (Some(label), false) => {
                let element = self.paths.child(parent, Step::Element, name);
                self.paths.child(element, Step::Label, label)
            }
            (None, false) => self.paths.child(parent, Step::Element, name),
        }
    }

    fn here(&self) -> PathId {
        self.open.last().map_or(Paths::TOP, |(path, _)| *path)
    }

    fn token(&mut self, token: Token, last: bool) {
        match token {
            Token::Text(at) => self.add_text(&at, false),
            Token::Cdata(at) => self.add_text(&at, true),
            Token::Comment(at) => self.aside("comment()", at),
            Token::Instruction(at) if self.text[at.clone()].starts_with(b"xml ") => {}
            Token::Instruction(at) => self.aside("processing-instruction()", at),
            Token::Declaration(at) => self.aside("doctype()", at),
            Token::Start {
                name,
                attributes,
                empty,
            } => {
                self.start(&name, &attributes);
                if empty {
                    self.end_last();
                }
            }
            Token::End(name) => self.end(&name),
            Token::Unended(at) => {
                if last {
                    let problem = Problem::lost("the text ends within a tag: the file is cut off");
                    self.records.problem_at(problem, at.start);
                }
                self.aside("text()", at);
            }
        }
    }

    /// Gives what stands between elements and is no text of them.
    fn aside(&mut self, name: &str, at: Range<usize>) {
        let trimmed = trim(self.text, at);
        if trimmed.is_empty() {
            return;
        }
        let path = self.paths.child(self.here(), Step::Other, name.as_bytes());
        let column = self.paths.column(path, self.records);
        self.records.begin(column);
        entities::give(self.text, trimmed, self.records);
        self.records.end();
    }

    fn add_text(&mut self, at: &Range<usize>, plain: bool) {
        let is_any = self.stack.text(self.text, at);
        let mixed = self.stack.mixed();
        if !is_any && mixed.is_none() {
            return;
        }
        let place = mixed.unwrap_or(self.open.len().wrapping_sub(1));
        if mixed == Some(place)
            && let Some((around, _, draft)) = self.leaf.take_if(|(around, ..)| *around == place)
        {
            debug_assert_eq!(around, place, "a leaf is within what it is joined with");
            self.open[place].1.0.extend(draft.0);
        }
        let stretch = if plain {
            Stretch::Plain(at.clone())
        } else {
            Stretch::Text(at.clone())
        };
        match self.open.get_mut(place) {
            Some((_, draft)) => draft.0.push(stretch),
            None => self.aside("text()", at.clone()),
        }
    }

    fn start(&mut self, name: &Range<usize>, attributes: &Range<usize>) {
        self.give_leaf();
        self.stack.start(self.text, name, attributes);
        if self.stack.is_deep() {
            return self.give_attributes(self.here(), attributes);
        }
        let path = self.path_of(self.open.len());
        self.open.push((path, Draft::default()));
        self.give_attributes(path, attributes);
    }

    fn give_attributes(&mut self, path: PathId, attributes: &Range<usize>) {
        if attributes.is_empty() {
            return;
        }
        let label = self
            .stack
            .len()
            .checked_sub(1)
            .and_then(|at| self.stack.named(at, self.text).1);
        let label = label.map(<[u8]>::as_ptr);
        for (name, value) in Attributes::new(self.text, attributes) {
            let name = &self.text[name];
            let is_label = label == Some(self.text[value.clone()].as_ptr());
            if value.is_empty() || is_label || name.starts_with(b"xmlns") {
                continue;
            }
            let path = self.paths.child(path, Step::Attribute, local(name));
            let column = self.paths.column(path, self.records);
            self.records.begin(column);
            entities::give(self.text, value, self.records);
            self.records.end();
        }
    }

    fn end(&mut self, name: &Range<usize>) {
        match self.stack.closes(self.text, name) {
            Closed::Deep => self.stack.end_last(self.text),
            Closed::Elements(count) => {
                if count > 1 {
                    self.not_well_formed(name.start);
                }
                (0..count).for_each(|_| self.end_last());
            }
            Closed::Nothing => self.not_well_formed(name.start),
        }
    }

    fn not_well_formed(&mut self, at: usize) {
        let problem = Problem::note("tags don't match; all text was read all the same");
        self.records.problem_at(problem, at);
    }

    fn end_last(&mut self) {
        if self.stack.is_deep() {
            return self.stack.end_last(self.text);
        }
        self.give_leaf();
        let Some((path, draft)) = self.open.pop() else {
            return;
        };
        let level = self.open.len() + 1;
        let name = self.stack.named(level - 1, self.text).0;
        let is_record = self.shape.is_record(level, name);
        let is_key = self.stack.is_key(self.text);
        self.stack.end_last(self.text);
        if !draft.0.is_empty() && !is_key {
            // Text may follow that it is to be joined with.
            self.leaf = Some((level.wrapping_sub(2), path, draft));
        }
        if let Some(mixed) = self.stack.mixed()
            && let Some((path, draft)) = self.open.get_mut(mixed)
            && draft.len() > LONGEST_MIXED
        {
            let (path, draft) = (*path, std::mem::take(draft));
            self.give(path, draft);
        }
        if is_record {
            self.give_leaf();
            self.records.next_row();
        }
    }

    fn give_leaf(&mut self) {
        if let Some((_, path, draft)) = self.leaf.take() {
            self.give(path, draft);
        }
    }

    fn give(&mut self, path: PathId, mut draft: Draft) {
        // Blanks around a value are no part of it.
        if let Some(first) = draft.0.first_mut() {
            let range = first.range_mut();
            *range = trim_start(self.text, range.clone());
        }
        if let Some(last) = draft.0.last_mut() {
            let range = last.range_mut();
            *range = trim_end(self.text, range.clone());
        }
        let column = self.paths.column(path, self.records);
        self.records.begin(column);
        for stretch in draft.0 {
            match stretch {
                Stretch::Text(at) => entities::give(self.text, at, self.records),
                Stretch::Plain(at) => self.records.stored(at),
            }
        }
        self.records.end();
    }

    fn finish(mut self, last: bool) {
        self.give_leaf();
        let level = self.open.len();
        for (path, draft) in std::mem::take(&mut self.open) {
            if !draft.0.is_empty() {
                self.give(path, draft);
            }
        }
        if last && level > 0 {
            let problem = Problem::lost("the text ends within an element: the file is cut off");
            self.records.problem(problem);
            if level >= self.shape.level {
                self.records.next_row();
            }
        }
    }
}

impl Draft {
    fn len(&self) -> usize {
        let len = |stretch: &Stretch| match stretch {
            Stretch::Text(at) | Stretch::Plain(at) => at.len(),
        };
        self.0.iter().map(len).sum()
    }
}

fn trim_start(text: &[u8], at: Range<usize>) -> Range<usize> {
    at.end - text[at.clone()].trim_ascii_start().len()..at.end
}

fn trim_end(text: &[u8], at: Range<usize>) -> Range<usize> {
    at.start..at.start + text[at.clone()].trim_ascii_end().len()
}

fn trim(text: &[u8], at: Range<usize>) -> Range<usize> {
    trim_end(text, trim_start(text, at))
}
