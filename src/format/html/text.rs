//! The text of a page: blocks, attributes, comments, scripts.

use std::ops::Range;

use super::super::markup::{Attributes, Token, Tokens, attribute, entities};
use super::super::records::Records;
use super::super::vcard::{data_url, scheme_len};
use crate::error::Problem;
#[cfg(feature = "mail")]
use crate::format::{Batch, ColumnId, OffsetMap, Sink};

/// Elements within a paragraph: their text goes on where the text before them ends.
const INLINE: &[&[u8]] = &[
    b"a", b"abbr", b"acronym", b"b", b"bdi", b"bdo", b"big", b"cite", b"code", b"data", b"del",
    b"dfn", b"em", b"font", b"i", b"ins", b"kbd", b"label", b"mark", b"o:p", b"q", b"s", b"samp",
    b"small", b"span", b"strike", b"strong", b"sub", b"sup", b"time", b"tt", b"u", b"var", b"wbr",
    b"img",
];

/// Attributes that say how something looks, or refer to parts of the page.
const SILENT: &[&[u8]] = &[
    b"class",
    b"style",
    b"width",
    b"height",
    b"align",
    b"valign",
    b"border",
    b"cellpadding",
    b"cellspacing",
    b"bgcolor",
    b"color",
    b"rel",
    b"type",
    b"lang",
    b"dir",
    b"colspan",
    b"rowspan",
    b"viewbox",
    b"d",
    b"fill",
    b"points",
    b"target",
    b"size",
    b"face",
    b"charset",
    b"http-equiv",
    b"id",
    b"name",
    b"for",
    b"role",
    b"method",
    b"tabindex",
    b"media",
];

/// Whether an element is part of the text around it.
pub(super) fn is_inline(name: &[u8]) -> bool {
    INLINE.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Elements whose content is no markup.
fn is_raw(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"script") || name.eq_ignore_ascii_case(b"style")
}

/// Text that is being joined into one value.
pub(super) struct Joined {
    /// The column of the values.
    column: String,
    /// Stretches of the text, each with whether blanks before it count.
    stretches: Vec<Range<usize>>,
    some: bool,
}

impl Joined {
    pub(super) fn new(column: &str) -> Self {
        Self {
            column: column.to_owned(),
            stretches: Vec::new(),
            some: false,
        }
    }

    pub(super) fn add(&mut self, text: &[u8], at: Range<usize>) {
        let is_blank = text[at.clone()].trim_ascii().is_empty();
        self.some |= !is_blank;
        if self.some {
            self.stretches.push(at);
        }
    }

    /// Gives the value, if there is one; says whether there was.
    pub(super) fn give(&mut self, text: &[u8], records: &mut Records<'_>) -> bool {
        let stretches = std::mem::take(&mut self.stretches);
        if !std::mem::take(&mut self.some) {
            return false;
        }
        let column = records.column(&self.column);
        records.begin(column);
        let last = stretches.len() - 1;
        for (index, mut at) in stretches.into_iter().enumerate() {
            if index == 0 {
                at.start = at.end - text[at.clone()].trim_ascii_start().len();
            }
            if index == last {
                at.end = at.start + text[at.clone()].trim_ascii_end().len();
            }
            entities::give(text, at, records);
        }
        records.end();
        true
    }
}

/// Reads a page but for some tables.
pub(super) fn read(text: &[u8], without: &[Range<usize>], records: &mut Records<'_>) {
    let mut reading = Reading {
        text,
        joined: Joined::new(""),
        prefix: String::new(),
        counts: true,
    };
    reading.read(without, records);
}

/// The values of HTML that is part of something else, each with its column: all blocks are of one column.
#[cfg(feature = "mail")]
pub(in crate::format) fn values_of(text: &[u8], column: &str) -> Vec<(String, Vec<u8>)> {
    let mut kept = Kept::default();
    let mut records = Records::over(&mut kept, text, &OffsetMap::None);
    let mut reading = Reading {
        text,
        joined: Joined::new(column),
        prefix: format!("{column}."),
        counts: false,
    };
    reading.read(&[], &mut records);
    records.finish();
    kept.values
}

/// Keeps values instead of searching them.
#[cfg(feature = "mail")]
#[derive(Default)]
struct Kept {
    columns: Vec<String>,
    values: Vec<(String, Vec<u8>)>,
}

#[cfg(feature = "mail")]
impl Sink for Kept {
    fn column(&mut self, name: &str) -> ColumnId {
        self.columns.push(name.to_owned());
        ColumnId(self.columns.len() as u32 - 1)
    }

    fn batch(&mut self, batch: Batch<'_>) {
        for value in batch.values {
            let name = self.columns[value.column.0 as usize].clone();
            let text = &batch.text[value.start as usize..value.end as usize];
            self.values.push((name, text.to_vec()));
        }
    }

    fn problem(&mut self, _: Problem) {}
}

struct Reading<'t> {
    text: &'t [u8],
    joined: Joined,
    /// What stands before the names of attributes.
    prefix: String,
    /// Whether each block is a record.
    counts: bool,
}

impl Reading<'_> {
    fn read(&mut self, without: &[Range<usize>], records: &mut Records<'_>) {
        let mut tokens = Tokens::new(self.text, 0);
        let mut without = without.iter().peekable();
        loop {
            let at = tokens.place();
            if let Some(table) = without.next_if(|table| table.start <= at) {
                self.block(records);
                tokens.go_to(table.end.max(at));
                continue;
            }
            let Some(token) = tokens.next() else { break };
            match token {
                Token::Text(at) | Token::Cdata(at) => self.joined.add(self.text, at),
                Token::Start {
                    name, attributes, ..
                } => self.start(&mut tokens, &name, &attributes, records),
                Token::End(name) => {
                    if !is_inline(&self.text[name]) {
                        self.block(records);
                    }
                }
                Token::Comment(at) => self.other("comment()", at, records),
                Token::Unended(at) => {
                    let problem = Problem::lost("the text ends within a tag: the file is cut off");
                    records.problem_at(problem, at.start);
                    self.other("comment()", at, records);
                }
                Token::Instruction(_) | Token::Declaration(_) => {}
            }
        }
        self.block(records);
    }

    /// Ends a block.
    fn block(&mut self, records: &mut Records<'_>) {
        if self.joined.give(self.text, records) && self.counts {
            records.next_row();
        }
    }

    fn other(&mut self, name: &str, at: Range<usize>, records: &mut Records<'_>) {
        if !self.text[at.clone()].trim_ascii().is_empty() {
            let column = records.column(&format!("{}{name}", self.prefix));
            records.value_at(column, at);
        }
    }

    fn start(
        &mut self,
        tokens: &mut Tokens<'_>,
        name: &Range<usize>,
        attributes: &Range<usize>,
        records: &mut Records<'_>,
    ) {
        let element = &self.text[name.clone()];
        if !is_inline(element) {
            self.block(records);
        }
        give_attributes(self.text, name, attributes, &self.prefix, records);
        if is_raw(element) {
            let from = tokens.place();
            let end = end_of_raw(self.text, from, element);
            tokens.go_to(end);
            if element.eq_ignore_ascii_case(b"script") {
                self.other("script()", from..end, records);
            }
        }
    }
}

/// Where `</script` or the like stands.
fn end_of_raw(text: &[u8], from: usize, element: &[u8]) -> usize {
    memchr::memmem::find_iter(&text[from..], "</")
        .map(|at| from + at)
        .find(|at| {
            text.get(at + 2..at + 2 + element.len())
                .is_some_and(|name| name.eq_ignore_ascii_case(element))
        })
        .unwrap_or(text.len())
}

/// Gives attributes that say something: where a link leads, what a field holds, what a picture shows.
pub(super) fn give_attributes(
    text: &[u8],
    name: &Range<usize>,
    attributes: &Range<usize>,
    prefix: &str,
    records: &mut Records<'_>,
) {
    if attributes.is_empty() {
        return;
    }
    let field = attribute(text, attributes, b"name")
        .filter(|at| {
            matches!(
                &text[name.clone()].to_ascii_lowercase()[..],
                b"input" | b"option" | b"meta"
            ) && at.len() < 64
        })
        .map(|at| String::from_utf8_lossy(&text[at]).into_owned());
    for (key, value) in Attributes::new(text, attributes) {
        let key = text[key].to_ascii_lowercase();
        if value.is_empty() || SILENT.contains(&&key[..]) || key.starts_with(b"on") {
            continue;
        }
        if key.starts_with(b"xmlns") || data_url(&text[value.clone()]).is_some() {
            continue;
        }
        let key = String::from_utf8_lossy(&key);
        let column = match &field {
            Some(field) if key == "value" || key == "content" => format!("{prefix}{field}"),
            _ => format!("{prefix}@{key}"),
        };
        let column = records.column(&column);
        let from = value.start + scheme_len(&text[value.clone()]);
        records.begin(column);
        entities::give(text, from..value.end, records);
        records.end();
    }
}
