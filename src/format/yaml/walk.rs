//! From the events of the parser to values: paths, records, and places.

use std::ops::Range;
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::super::json::is_data;
use super::super::records::Records;
use super::comments::{comments, end, rest_of_line};
use super::scalar::{Stretch, stretches};
use crate::error::Problem;

/// Deeper values share one path.
const DEEPEST: usize = 100;
/// So do those whose path is longer, in bytes.
const LONGEST_PATH: usize = 1000;

/// A list or map that is open.
struct Open {
    is_list: bool,
    /// The path of its elements or, for a map, of itself. Where it adds nothing, that of what it lies in, and no copy: there
    /// may be a list within a list for every two bytes.
    path: Rc<str>,
    /// The key of a map that a value is awaited for.
    key: Option<String>,
}

/// Reads one text.
pub(super) struct Walk<'w, 's> {
    text: &'w str,
    records: &'w mut Records<'s>,
    open: Vec<Open>,
    /// A place as the parser counts it, in characters, and the same in bytes.
    known: (usize, usize),
    /// Whether a value was given since the last record ended.
    pending: bool,
    /// Up to where comments were looked for.
    read: usize,
    /// Whether comments came behind the last record.
    is_commented: bool,
}

impl<'w, 's> Walk<'w, 's> {
    pub(super) fn new(text: &'w str, records: &'w mut Records<'s>) -> Self {
        Self {
            text,
            records,
            open: Vec::new(),
            known: (0, 0),
            pending: false,
            read: 0,
            is_commented: false,
        }
    }

    /// Gives all values; says where the text ends or a fault is. Behind the end of the input no record takes up the last comments,
    /// which are one of their own then.
    pub(super) fn run(mut self, is_last: bool) -> usize {
        for event in Parser::new_from_str(self.text) {
            match event {
                Ok((event, span)) => self.event(&event, span),
                Err(error) => {
                    let at = self.byte(error.marker().index());
                    let at = self.text[..at].rfind('\n').map_or(0, |end| end + 1);
                    self.records.problem_at(
                        Problem::lost("not valid YAML: from here on it is read line by line"),
                        at,
                    );
                    self.comments(at);
                    if self.pending || self.is_commented {
                        self.record();
                    }
                    return at;
                }
            }
        }
        self.comments(self.text.len());
        if is_last && self.is_commented {
            self.record();
        }
        self.text.len()
    }

    fn event(&mut self, event: &Event<'_>, span: Span) {
        match event {
            Event::DocumentEnd => {
                let end = self.byte(span.start.index());
                self.comments(end);
                if self.pending {
                    self.record();
                }
            }
            Event::SequenceStart(..) => self.open(true),
            Event::MappingStart(..) => self.open(false),
            Event::SequenceEnd | Event::MappingEnd => {
                let closed = self.open.pop();
                self.ended(closed.is_some_and(|open| !open.is_list));
            }
            Event::Alias(_) => self.ended(false),
            Event::Scalar(value, style, ..) => {
                // What isn't there may be said to stand anywhere.
                let is_there = span.start.index() < span.end.index();
                let place = if is_there { self.place(span) } else { 0..0 };
                if is_there {
                    self.comments(place.start);
                    self.read = self.read.max(end(self.text, place.clone(), *style));
                }
                if self.is_key() {
                    self.key(value, place);
                } else {
                    self.scalar(value, *style, place);
                    if is_there && let Some(end) = rest_of_line(self.text, self.read) {
                        self.comments(end);
                    }
                    self.ended(false);
                }
            }
            _ => {}
        }
    }

    fn open(&mut self, is_list: bool) {
        let mut path = self.path();
        if self.is_followed() {
            // A map or list that is a key has no name.
            let key = if self.is_key() { "{key}" } else { "" };
            let is_inner = is_list && !(self.open.is_empty() && path.is_empty());
            let list = if is_inner { "[]" } else { "" };
            path = format!("{path}{key}{list}").into();
        }
        self.open.push(Open {
            is_list,
            path,
            key: None,
        });
    }

    /// Whether the next value is the key of a map.
    fn is_key(&self) -> bool {
        self.open
            .last()
            .is_some_and(|open| !open.is_list && open.key.is_none())
    }

    /// Whether the path of the next value is longer than that of what it lies in.
    fn is_followed(&self) -> bool {
        let path = self.open.last().map_or(0, |open| open.path.len());
        self.open.len() < DEEPEST && path < LONGEST_PATH
    }

    /// The path of the next value.
    fn path(&self) -> Rc<str> {
        let Some(open) = self.open.last() else {
            return "".into();
        };
        match &open.key {
            Some(key) if self.is_followed() => joined(&open.path, key).into(),
            _ => open.path.clone(),
        }
    }

    /// A value is complete: whether it is a record.
    fn ended(&mut self, is_map: bool) {
        let was_key = self.is_key();
        if let Some(open) = self.open.last_mut() {
            // A key that is no scalar.
            open.key = was_key.then(|| "?".to_owned());
        }
        let is_record = match &self.open[..] {
            [root] => root.is_list,
            [root, list] => is_map && !root.is_list && list.is_list,
            _ => false,
        };
        if is_record {
            self.record();
        }
    }

    fn record(&mut self) {
        self.records.next_row();
        self.pending = false;
        self.is_commented = false;
    }

    fn key(&mut self, key: &str, place: Range<usize>) {
        let is_data = is_data(key.as_bytes());
        if is_data {
            let path = self.open.last().map_or("", |open| &*open.path);
            let name = joined(path, "{key}");
            self.give(&name, key, place);
        }
        if let Some(open) = self.open.last_mut() {
            let cut = key.floor_char_boundary(LONGEST_PATH);
            open.key = Some(if is_data { "*" } else { &key[..cut] }.to_owned());
        }
    }

    fn scalar(&mut self, value: &str, style: ScalarStyle, place: Range<usize>) {
        let is_null =
            style == ScalarStyle::Plain && matches!(value, "" | "~" | "null" | "Null" | "NULL");
        if is_null {
            return;
        }
        let path = self.path();
        let name = if path.is_empty() { "$" } else { &*path };
        self.give(name, value, place);
    }

    /// Gives a value with the place it came from.
    fn give(&mut self, name: &str, value: &str, place: Range<usize>) {
        let column = self.records.column(name);
        self.records.begin(column);
        match stretches(value, &self.text[place.clone()], place.start) {
            Some(found) => {
                for stretch in found {
                    match stretch {
                        Stretch::Stored(range) => self.records.stored(range),
                        Stretch::Blank(blank) => self.records.made(blank.as_bytes()),
                    }
                }
            }
            None => self.records.instead(value.as_bytes(), place),
        }
        self.records.end();
        self.pending = true;
    }

    /// Gives the comments up to a place, each as a value without a column.
    fn comments(&mut self, end: usize) {
        let from = self.read.min(end);
        for comment in comments(self.text, from..end) {
            let column = self.records.column("");
            self.records.value_at(column, comment);
            self.is_commented = true;
        }
        self.read = self.read.max(end);
    }

    /// The bytes between which something stands.
    fn place(&mut self, span: Span) -> Range<usize> {
        let start = self.byte(span.start.index());
        start..self.byte(span.end.index()).max(start)
    }

    /// The byte at which a character stands.
    fn byte(&mut self, index: usize) -> usize {
        if index < self.known.0 {
            self.known = (0, 0);
        }
        let (known, from) = self.known;
        let mut rest = self.text[from..].char_indices();
        let byte = match index - known {
            0 => from,
            more => rest
                .nth(more - 1)
                .map_or(self.text.len(), |(at, c)| from + at + c.len_utf8()),
        };
        self.known = (index, byte);
        byte
    }
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}
