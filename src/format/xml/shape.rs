//! Which elements of a document are its records, judged from its first 64 KiB: those that repeat and make up most of it.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::markup::{Token, Tokens, local};

/// Levels at which records are looked for; the root is level 1.
const DEEPEST: usize = 8;

/// Elements that hold records, however often they repeat.
const CONTAINERS: &[&[u8]] = &[
    b"table",
    b"table_data",
    b"table_structure",
    b"database",
    b"worksheet",
    b"Worksheet",
    b"sheet",
];

/// What is known of a document as a whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// The level of the elements that are records; 1 where the document is one.
    pub(super) level: usize,
    /// Elements of that level which are none.
    pub(super) singles: Vec<Box<[u8]>>,
    /// Whether it is a property list.
    pub(super) is_plist: bool,
}

/// Elements of one name within one other element.
#[derive(Default)]
struct Siblings {
    count: usize,
    bytes: usize,
    /// Whether they have attributes or elements of their own.
    structured: bool,
}

struct Open {
    name: Range<usize>,
    start: usize,
    structured: bool,
    id: usize,
}

/// Siblings by their level, the element around them, and their name.
type All<'t> = BTreeMap<(usize, usize, &'t [u8]), Siblings>;

impl Shape {
    /// Judges from the start of a document.
    pub(super) fn of(head: &[u8]) -> Self {
        let mut all = All::new();
        let mut open: Vec<Open> = Vec::new();
        let mut count = 0;
        let mut root = None;
        for (start, end, token) in with_places(head) {
            match token {
                Token::Start {
                    name,
                    attributes,
                    empty,
                } => {
                    root.get_or_insert_with(|| (name.clone(), start));
                    if let Some(around) = open.last_mut() {
                        around.structured = true;
                    }
                    count += 1;
                    open.push(Open {
                        name,
                        start,
                        structured: !head[attributes].trim_ascii().is_empty(),
                        id: count,
                    });
                    if empty {
                        close(head, &mut open, &mut all, end);
                    }
                }
                Token::End(_) => close(head, &mut open, &mut all, end),
                _ => {}
            }
        }
        while !open.is_empty() {
            close(head, &mut open, &mut all, head.len());
        }
        let Some((name, start)) = root else {
            return Self {
                level: 1,
                singles: Vec::new(),
                is_plist: false,
            };
        };
        let level = level(&all, head.len() - start);
        Self {
            level,
            singles: singles(&all, level),
            is_plist: local(&head[name]) == b"plist",
        }
    }

    /// Whether an element of this name at this level is a record.
    pub(super) fn is_record(&self, level: usize, name: &[u8]) -> bool {
        level == self.level && !self.singles.iter().any(|single| **single == *name)
    }
}

/// Tokens with their starts and ends.
fn with_places(head: &[u8]) -> impl Iterator<Item = (usize, usize, Token)> {
    let mut tokens = Tokens::new(head, 0);
    std::iter::from_fn(move || {
        let start = tokens.place();
        let token = tokens.next()?;
        Some((start, tokens.place(), token))
    })
}

fn close<'t>(head: &'t [u8], open: &mut Vec<Open>, all: &mut All<'t>, end: usize) {
    let level = open.len();
    let Some(closed) = open.pop() else { return };
    let Some(around) = open.last().filter(|_| level <= DEEPEST) else {
        return;
    };
    if CONTAINERS.contains(&local(&head[closed.name.clone()])) {
        return;
    }
    let siblings = all
        .entry((level, around.id, &head[closed.name]))
        .or_default();
    siblings.count += 1;
    siblings.bytes += end - closed.start;
    siblings.structured |= closed.structured;
}

/// The first level whose repeated elements make up half of the document, those with a structure first; else the one whose
/// make up most of it.
fn level(all: &All<'_>, len: usize) -> usize {
    let covered = |level: usize, structured: bool| {
        let here = all.iter().filter(|((at, ..), siblings)| {
            *at == level && siblings.count > 1 && (siblings.structured || !structured)
        });
        here.map(|(_, siblings)| siblings.bytes).sum::<usize>()
    };
    let first = |structured| (2..=DEEPEST).find(|&level| covered(level, structured) * 2 >= len);
    let most = (2..=DEEPEST)
        .filter(|&level| covered(level, true) > 0)
        .max_by_key(|&level| (covered(level, true), std::cmp::Reverse(level)));
    first(true).or_else(|| first(false)).or(most).unwrap_or(1)
}

/// Names of a level that occur once, and are plain values: a title above the entries.
fn singles(all: &All<'_>, level: usize) -> Vec<Box<[u8]>> {
    let mut counts: BTreeMap<&[u8], (usize, bool)> = BTreeMap::new();
    for ((at, _, name), siblings) in all {
        if *at == level && level > 1 {
            let count = counts.entry(local(name)).or_default();
            count.0 += siblings.count;
            count.1 |= siblings.structured;
        }
    }
    counts
        .into_iter()
        .filter(|(_, (count, structured))| *count == 1 && !structured)
        .map(|(name, _)| name.into())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_what_repeats() {
        let cases = [
            ("<a><b><c>1</c></b><b><c>2</c></b></a>", 2),
            ("<a><b><c d='1'/><c d='2'/></b></a>", 3),
            (
                "<a><t>x</t><b><c><d>1</d></c><c><d>2</d></c><c><d>2</d></c></b></a>",
                3,
            ),
            ("<a><b>1</b><b>2</b></a>", 2),
            ("<a><b>1</b><c>2</c></a>", 1),
            ("<a/>", 1),
            ("", 1),
        ];
        for (text, level) in cases {
            assert_eq!(Shape::of(text.as_bytes()).level, level, "{text}");
        }
        let shape = Shape::of(b"<r><t>x</t><i><d>1</d></i><i><d>2</d></i></r>");
        assert!(!shape.is_record(2, b"t") && shape.is_record(2, b"i") && shape.is_record(2, b"z"));
    }
}
