//! XML in a cell: the text of its elements and its attributes. HTML is left as it is: it is text with marks in it.

use std::ops::Range;

use super::leaves::Leaves;
use crate::format::markup::{Attributes, Token, Tokens, entities};

/// Elements within each other.
const DEEPEST: usize = 100;

/// First elements of HTML, whole or in part.
const HTML: &[&[u8]] = &[
    b"html",
    b"body",
    b"div",
    b"span",
    b"p",
    b"a",
    b"b",
    b"i",
    b"u",
    b"br",
    b"hr",
    b"ul",
    b"ol",
    b"li",
    b"table",
    b"tr",
    b"td",
    b"h1",
    b"h2",
    b"h3",
    b"h4",
    b"h5",
    b"h6",
    b"img",
    b"font",
    b"strong",
    b"em",
    b"pre",
    b"code",
    b"style",
    b"script",
    b"section",
    b"article",
    b"blockquote",
    b"center",
    b"head",
    b"form",
    b"input",
    b"label",
    b"dl",
    b"small",
    b"meta",
    b"link",
];

/// Reads a cell that is one element as a whole; none where it isn't.
pub(super) fn read(cell: &[u8], leaves: &mut Leaves) -> Option<()> {
    let mut open: Vec<(Range<usize>, usize)> = Vec::new();
    let mut is_done = false;
    for token in Tokens::new(cell, 0) {
        match token {
            Token::Start {
                name,
                attributes,
                empty,
            } => {
                if is_done
                    || open.len() >= DEEPEST
                    || open.is_empty() && is_html(&cell[name.clone()])
                {
                    return None;
                }
                let before = leaves.down(&cell[name.clone()]);
                read_attributes(cell, &attributes, leaves);
                if empty {
                    leaves.up(before);
                    is_done = open.is_empty();
                } else {
                    open.push((name, before));
                }
            }
            Token::End(name) => {
                let (opened, before) = open.pop()?;
                if cell[opened] != cell[name] {
                    return None;
                }
                leaves.up(before);
                is_done = open.is_empty();
            }
            Token::Text(at) => {
                let text = cell[at.clone()].trim_ascii();
                if text.is_empty() {
                    continue;
                }
                if open.is_empty() {
                    return None;
                }
                give(cell, &at, leaves);
            }
            Token::Cdata(at) if !open.is_empty() => leaves.stored(cell, at),
            Token::Comment(_) | Token::Instruction(_) | Token::Declaration(_) => {}
            Token::Unended(_) | Token::Cdata(_) => return None,
        }
    }
    is_done.then_some(())
}

fn is_html(name: &[u8]) -> bool {
    name.is_empty() || HTML.iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn read_attributes(cell: &[u8], at: &Range<usize>, leaves: &mut Leaves) {
    for (name, value) in Attributes::new(cell, at) {
        let name = [b"@", &cell[name]].concat();
        let before = leaves.down(&name);
        give(cell, &value, leaves);
        leaves.up(before);
    }
}

/// A text, with what its entities stand for.
fn give(cell: &[u8], at: &Range<usize>, leaves: &mut Leaves) {
    let text = &cell[at.clone()];
    let start = at.start + (text.len() - text.trim_ascii_start().len());
    let text = text.trim_ascii();
    let at = start..start + text.len();
    if memchr::memchr(b'&', text).is_some() {
        leaves.made(&entities::plain(text), at);
    } else {
        leaves.stored(cell, at);
    }
}
