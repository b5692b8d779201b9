//! What a sheet of Excel holds besides its cells, which the library that reads those leaves out: headers and footers of pages,
//! and the choices that cells offer. Both stand behind the cells, so the end of a part is enough.

use std::io::{self, Write};

use super::super::made::Values;
use super::super::markup::{Token, Tokens, entities, local};
use super::super::records::Records;

/// Bytes at the end of a part that are looked at.
const TAIL: usize = 64 << 10;
/// Texts of each kind at the most.
const MOST: usize = 100_000;

/// A text of a sheet that stands in no cell.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Around {
    /// A header or footer.
    Header(String),
    /// What cells offer to choose from.
    Choice(String),
}

/// Keeps the last bytes that are written.
#[derive(Default)]
pub(super) struct Tail(Vec<u8>);

impl Write for Tail {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .extend_from_slice(&bytes[bytes.len().saturating_sub(TAIL)..]);
        // Moved now and then only.
        if self.0.len() > 4 * TAIL {
            self.0.drain(..self.0.len() - TAIL);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Tail {
    /// What stands behind the cells.
    pub(super) fn around(&self) -> Vec<Around> {
        let xml = &self.0[self.0.len().saturating_sub(TAIL)..];
        let cells = memchr::memmem::rfind(xml, b"sheetData").unwrap_or(0);
        let start = memchr::memchr(b'<', &xml[cells..]).map_or(xml.len(), |at| cells + at);
        let (mut found, mut name) = (Vec::new(), &b""[..]);
        for token in Tokens::new(&xml[start..], 0) {
            match token {
                Token::Start { name: at, .. } => name = local(&xml[start..][at]),
                Token::End(_) => name = b"",
                Token::Text(at) => {
                    let text = entities::plain(&xml[start..][at]);
                    let text = String::from_utf8_lossy(&text);
                    found.extend(around(name, text.trim()));
                }
                _ => {}
            }
        }
        found
    }
}

/// The texts of an element.
fn around(name: &[u8], text: &str) -> Vec<Around> {
    match name {
        b"oddHeader" | b"evenHeader" | b"firstHeader" | b"oddFooter" | b"evenFooter"
        | b"firstFooter" => {
            let plain = without_codes(text);
            let lines = plain.lines().map(str::trim).filter(|line| !line.is_empty());
            lines.map(|line| Around::Header(line.to_owned())).collect()
        }
        b"formula1" | b"f" => {
            let list = text
                .strip_prefix('"')
                .and_then(|text| text.strip_suffix('"'));
            let choices = list.into_iter().flat_map(|list| list.split(','));
            let choices = choices.map(str::trim).filter(|choice| !choice.is_empty());
            choices
                .map(|choice| Around::Choice(choice.to_owned()))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// A header without its codes: fonts, sizes, colours, page numbers. Its left, middle and right part become lines.
fn without_codes(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, code)) = rest.split_once('&') {
        out.push_str(before);
        let mut characters = code.chars();
        rest = match characters.next() {
            Some('L' | 'C' | 'R') => {
                out.push('\n');
                characters.as_str()
            }
            Some('&') => {
                out.push('&');
                characters.as_str()
            }
            Some('"') => characters
                .as_str()
                .split_once('"')
                .map_or("", |(_, rest)| rest),
            // A colour of six digits.
            Some('K') => code.get(7..).unwrap_or_default(),
            Some('0'..='9') => code.trim_start_matches(|c: char| c.is_ascii_digit()),
            _ => characters.as_str(),
        };
    }
    out + rest
}

/// Texts that stand in no cell, as tables of one column.
pub(super) struct Texts {
    column: &'static str,
    texts: Vec<String>,
}

/// All that was found, and where links lead, as tables with their names.
pub(super) fn by_kind(around: Vec<Around>, links: Vec<String>) -> Vec<(&'static str, Texts)> {
    let (mut headers, mut choices) = (Vec::new(), Vec::new());
    for around in around {
        let (kind, text) = match around {
            Around::Header(text) => (&mut headers, text),
            Around::Choice(text) => (&mut choices, text),
        };
        if kind.len() < MOST {
            kind.push(text);
        }
    }
    let tables = [
        ("(headers)", "header", headers),
        ("(choices)", "choice", choices),
        ("(links)", "link", links),
    ];
    let tables = tables.into_iter().filter(|(.., texts)| !texts.is_empty());
    tables
        .map(|(name, column, texts)| (name, Texts { column, texts }))
        .collect()
}

impl Values for Texts {
    fn read(&self, records: &mut Records<'_>) {
        let column = records.column(self.column);
        for text in &self.texts {
            records.value(column, text.as_bytes());
            records.next_row();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_choices_stand_behind_the_cells() {
        let mut tail = Tail::default();
        let xml = b"<worksheet><sheetData><row><c><f>\"no, choice\"</f></c></row></sheetData><dataValidations><dataValidation>\
            <formula1>\"Breda,Delft\"</formula1></dataValidation></dataValidations><headerFooter><oddHeader>&amp;L&amp;\"Arial,Bold\"&amp;12\
            Jor Tol&amp;C&amp;K00AA11red&amp;RPage &amp;P A&amp;&amp;B</oddHeader></headerFooter></worksheet>";
        for bytes in xml.chunks(7) {
            tail.write_all(bytes).unwrap();
        }
        let texts = [
            Around::Choice("Breda".into()),
            Around::Choice("Delft".into()),
            Around::Header("Jor Tol".into()),
            Around::Header("red".into()),
            Around::Header("Page  A&B".into()),
        ];
        assert_eq!(tail.around(), texts);
    }

    #[test]
    fn only_the_end_is_kept() {
        let mut tail = Tail::default();
        tail.write_all(&vec![b' '; 10 * TAIL]).unwrap();
        tail.write_all(b"</sheetData><oddFooter>end</oddFooter>")
            .unwrap();
        assert!(tail.0.len() <= 4 * TAIL);
        assert_eq!(tail.around(), [Around::Header("end".into())]);
    }
}
