//! Paragraphs and tables of documents, out of their XML.
//!
//! Text that is split into runs (for a style, a spelling mark, a tracked change) is joined before it is searched. Deleted
//! text that is still in the file counts.

use std::borrow::Cow;
use std::ops::Range;

use super::super::grid::Layout;
use super::super::made::{Made, Values};
use super::super::markup::{Token, Tokens, attribute, entities, local};
use super::super::records::Records;

/// Cells that repeat are taken this often at most, and only where they are short.
const MOST_REPEATS: usize = 50;
const LONGEST_REPEATED: usize = 64;

/// Links at the most.
const MOST_LINKS: usize = 100_000;

type Row = Vec<String>;

/// A part as UTF-8, which nearly all are written in.
pub(super) fn decoded(part: &[u8]) -> Cow<'_, [u8]> {
    match encoding_rs::Encoding::for_bom(part) {
        Some((encoding, mark)) => match encoding.decode_without_bom_handling(&part[mark..]).0 {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        },
        None => Cow::Borrowed(part),
    }
}

/// Adds where the relationships of a part lead, out of the document.
pub(super) fn links(xml: &[u8], links: &mut Vec<String>) {
    for token in Tokens::new(xml, 0) {
        if let Token::Start {
            name, attributes, ..
        } = token
            && local(&xml[name.clone()]) == b"Relationship"
            && attribute(xml, &attributes, b"TargetMode").is_some_and(|at| &xml[at] == b"External")
            && let Some(target) = attribute(xml, &attributes, b"Target")
        {
            add_link(&xml[target], links);
        }
    }
}

fn add_link(target: &[u8], links: &mut Vec<String>) {
    let plain = entities::plain(target);
    let link = String::from_utf8_lossy(&plain).trim().to_owned();
    // The same one often stands several times in a row.
    if !link.is_empty() && links.len() < MOST_LINKS && links.last() != Some(&link) {
        links.push(link);
    }
}

/// What was found in all parts of a document.
#[derive(Default)]
pub(super) struct Found {
    paragraphs: Vec<String>,
    authors: Vec<String>,
    links: Vec<String>,
    tables: Vec<(Option<String>, Vec<Row>)>,
}

/// A table that is open.
#[derive(Default)]
struct Open {
    rows: Vec<Row>,
    /// The cell that is open, and how often it repeats.
    cell: String,
    repeats: usize,
    /// What a cell of a sheet holds, where it is shown in another way: a number, a date.
    value: Option<String>,
    name: Option<String>,
}

impl Found {
    /// Adds the text of a part.
    pub(super) fn part(&mut self, xml: &[u8]) {
        Reading {
            xml,
            found: self,
            paragraph: String::new(),
            open: Vec::new(),
            paragraphs: 0,
            is_text: 0,
        }
        .read();
    }

    /// Adds where links lead.
    pub(super) fn links(&mut self, links: Vec<String>) {
        self.links.extend(links);
    }

    /// Hands all over, as tables.
    pub(super) fn hand_over(self, made: &mut Made) {
        let text = Text {
            paragraphs: self.paragraphs,
            authors: self.authors,
            links: self.links,
        };
        made.table(None, text);
        for (index, (name, mut rows)) in self.tables.into_iter().enumerate() {
            rows.retain(|row| row.iter().any(|cell| !cell.is_empty()));
            let name = name.unwrap_or_else(|| format!("table {}", index + 1));
            if !rows.is_empty() {
                made.table(Some(&name), Table(rows));
            }
        }
    }
}

struct Reading<'r> {
    xml: &'r [u8],
    found: &'r mut Found,
    paragraph: String,
    open: Vec<Open>,
    /// Paragraphs of `OpenDocument` that are open: all text within is theirs.
    paragraphs: usize,
    /// Elements of text that are open.
    is_text: usize,
}

impl Reading<'_> {
    fn read(&mut self) {
        for token in Tokens::new(self.xml, 0) {
            match token {
                Token::Text(at) if self.is_text + self.paragraphs > 0 => {
                    let plain = entities::plain(&self.xml[at]);
                    self.paragraph.push_str(&String::from_utf8_lossy(&plain));
                }
                Token::Cdata(at) => self
                    .paragraph
                    .push_str(&String::from_utf8_lossy(&self.xml[at])),
                Token::Start {
                    name,
                    attributes,
                    empty,
                } => {
                    self.start(&name, &attributes);
                    if empty {
                        self.end(&name);
                    }
                }
                Token::End(name) => self.end(&name),
                _ => {}
            }
        }
        self.end_paragraph();
        while let Some(table) = self.open.pop() {
            self.found.tables.push((table.name, table.rows));
        }
    }

    fn start(&mut self, name: &Range<usize>, attributes: &Range<usize>) {
        let full = &self.xml[name.clone()];
        match local(full) {
            b"p" | b"h" => self.paragraphs += usize::from(full.starts_with(b"text:")),
            b"t" | b"delText" | b"instrText" | b"v" => self.is_text += 1,
            b"creator" | b"date" if self.paragraphs == 0 => self.is_text += 1,
            b"tab" | b"s" => self.paragraph.push(' '),
            b"br" | b"cr" | b"line-break" => self.paragraph.push('\n'),
            b"a" => {
                if let Some(at) = attribute(self.xml, attributes, b"href") {
                    add_link(&self.xml[at], &mut self.found.links);
                }
            }
            b"tbl" | b"table" => {
                self.end_paragraph();
                let name = attribute(self.xml, attributes, b"name").map(|at| {
                    String::from_utf8_lossy(&entities::plain(&self.xml[at])).into_owned()
                });
                self.open.push(Open {
                    name,
                    ..Open::default()
                });
            }
            b"tr" | b"table-row" => {
                if let Some(table) = self.open.last_mut() {
                    table.rows.push(Row::new());
                }
            }
            b"tc" | b"table-cell" => {
                let repeats = attribute(self.xml, attributes, b"number-columns-repeated")
                    .and_then(|at| std::str::from_utf8(&self.xml[at]).ok()?.parse().ok())
                    .unwrap_or(1);
                if let Some(table) = self.open.last_mut() {
                    table.cell.clear();
                    table.repeats = usize::clamp(repeats, 1, MOST_REPEATS);
                    table.value = [&b"date-value"[..], b"value"]
                        .iter()
                        .find_map(|key| attribute(self.xml, attributes, key))
                        .filter(|at| !at.is_empty())
                        .map(|at| String::from_utf8_lossy(&self.xml[at]).into_owned());
                }
            }
            _ => {}
        }
        for key in [&b"author"[..], b"initials", b"name"] {
            // Slides name their authors in an element of their own.
            if key == b"name" && local(full) != b"cmAuthor" {
                continue;
            }
            if let Some(at) = attribute(self.xml, attributes, key) {
                let author = entities::plain(&self.xml[at]);
                let author = String::from_utf8_lossy(&author).into_owned();
                if !author.is_empty()
                    && !self.found.authors.contains(&author)
                    && self.found.authors.len() < 1000
                {
                    self.found.authors.push(author);
                }
            }
        }
    }

    fn end(&mut self, name: &Range<usize>) {
        let full = &self.xml[name.clone()];
        match local(full) {
            b"p" | b"h" => {
                self.end_paragraph();
                self.paragraphs -= usize::from(full.starts_with(b"text:")).min(self.paragraphs);
            }
            b"t" | b"delText" | b"instrText" | b"v" => {
                self.is_text = self.is_text.saturating_sub(1);
            }
            b"creator" | b"date" if self.paragraphs == 0 => {
                self.is_text = self.is_text.saturating_sub(1);
                self.end_paragraph();
            }
            b"tc" | b"table-cell" => {
                self.end_paragraph();
                if let Some(table) = self.open.last_mut() {
                    let cell = std::mem::take(&mut table.cell);
                    let cell = match table.value.take() {
                        Some(value) => value,
                        None => cell,
                    };
                    let is_short = cell.len() <= LONGEST_REPEATED;
                    let repeats = if is_short { table.repeats } else { 1 };
                    if let Some(row) = table.rows.last_mut() {
                        row.extend(std::iter::repeat_n(cell, repeats.max(1)));
                    }
                }
            }
            b"tbl" | b"table" => {
                self.end_paragraph();
                if let Some(table) = self.open.pop() {
                    self.found.tables.push((table.name, table.rows));
                }
            }
            _ => {}
        }
    }

    fn end_paragraph(&mut self) {
        let paragraph = std::mem::take(&mut self.paragraph);
        let text = paragraph.trim();
        if text.is_empty() {
            return;
        }
        match self.open.last_mut() {
            Some(table) => {
                if !table.cell.is_empty() {
                    table.cell.push('\n');
                }
                table.cell.push_str(text);
            }
            None => self.found.paragraphs.push(text.to_owned()),
        }
    }
}

/// Paragraphs, who wrote or changed some, and where their links lead.
struct Text {
    paragraphs: Vec<String>,
    authors: Vec<String>,
    links: Vec<String>,
}

impl Values for Text {
    fn read(&self, records: &mut Records<'_>) {
        let column = records.column("");
        for paragraph in &self.paragraphs {
            records.value(column, paragraph.as_bytes());
            records.next_row();
        }
        for (name, values) in [("@author", &self.authors), ("@link", &self.links)] {
            for value in values {
                let column = records.column(name);
                records.value(column, value.as_bytes());
            }
        }
    }
}

struct Table(Vec<Row>);

impl Values for Table {
    fn read(&self, records: &mut Records<'_>) {
        let layout = Layout::of(&self.0, None);
        for (index, row) in self.0.iter().enumerate() {
            let is_above = layout.header.is_some_and(|header| index <= header);
            for (at, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                let name = if is_above {
                    String::new()
                } else {
                    layout.name(at)
                };
                let column = records.column(&name);
                records.value(column, cell.as_bytes());
            }
            if !is_above {
                records.next_row();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_joined_and_tables_told_apart() {
        let mut found = Found::default();
        found.part(
            b"<w:document><w:p><w:r><w:t>jor@post</w:t></w:r><w:r><w:t xml:space='preserve'>luxterra.nl </w:t></w:r></w:p>\
              <w:tbl><w:tr><w:tc><w:p><w:t>naam</w:t></w:p></w:tc><w:tc><w:p><w:t>a&amp;b</w:t></w:p></w:tc></w:tr></w:tbl>\
              <w:ins w:author='Mir'><w:p><w:delText>weg</w:delText></w:p></w:ins></w:document>",
        );
        assert_eq!(found.paragraphs, ["jor@postluxterra.nl", "weg"]);
        assert_eq!(found.authors, ["Mir"]);
        assert_eq!(found.tables[0].1, [["naam", "a&b"]]);
    }

    #[test]
    fn links_lead_somewhere() {
        let mut targets = Vec::new();
        links(
            b"<Relationships><Relationship Id='1' Type='x/styles' Target='styles.xml'/>\
              <Relationship Id='2' Type='x/hyperlink' Target='mailto:jor@postluxterra.nl?a=b&amp;c=d' TargetMode='External'/>\
              </Relationships>",
            &mut targets,
        );
        assert_eq!(targets, ["mailto:jor@postluxterra.nl?a=b&c=d"]);
        let mut found = Found::default();
        found.part(
            b"<text:p>Mail <text:a xlink:href='mailto:mir@postluxterra.nl'>us</text:a></text:p>",
        );
        assert_eq!(found.paragraphs, ["Mail us"]);
        assert_eq!(found.links, ["mailto:mir@postluxterra.nl"]);
    }

    #[test]
    fn parts_may_be_written_in_utf_16() {
        let wide: Vec<u8> = "\u{feff}<a/>"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(&decoded(&wide)[..], b"<a/>");
        assert_eq!(&decoded(b"\xef\xbb\xbf<a/>")[..], b"<a/>");
        assert_eq!(&decoded(b"<a/>")[..], b"<a/>");
    }

    #[test]
    fn open_documents_are_read_alike() {
        let mut found = Found::default();
        found.part(
            b"<office:text><text:p>Bel <text:span>06</text:span><text:s/>12</text:p><table:table><table:table-row>\
              <table:table-cell table:number-columns-repeated='2'><text:p>x</text:p></table:table-cell></table:table-row>\
              </table:table></office:text>",
        );
        assert_eq!(found.paragraphs, ["Bel 06 12"]);
        assert_eq!(found.tables[0].1, [["x", "x"]]);
    }
}
