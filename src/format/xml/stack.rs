//! Elements that are open at a place, as far as a path needs them: the same for whoever cuts and whoever reads.

use std::ops::Range;
use std::sync::Arc;

use super::super::markup::{Token, attribute, local};

/// Elements further down are counted, not kept: what an end tag may have to look through.
const DEEPEST: usize = 200;
/// A longer name of a field is none, in bytes.
const LONGEST_LABEL: usize = 64;
/// Elements whose attribute `name` says what they are: fields of database exports, of search engines, of settings.
const NAMED: &[&[u8]] = &[
    b"field",
    b"column",
    b"col",
    b"property",
    b"param",
    b"parameter",
    b"attribute",
    b"table",
    b"table_data",
    b"table_structure",
    b"database",
    b"custom_field",
    b"customfield",
    b"str",
    b"int",
    b"long",
    b"date",
    b"arr",
    b"data",
    b"item",
    b"setting",
    b"Data",
    b"SimpleData",
    b"entry",
];

/// A word of a document: in the text at hand, or kept from an earlier one.
#[derive(Clone, Debug)]
enum Word {
    Here(Range<usize>),
    Kept(Arc<[u8]>),
}

impl Word {
    fn bytes<'w>(&'w self, text: &'w [u8]) -> &'w [u8] {
        match self {
            Word::Here(at) => &text[at.clone()],
            Word::Kept(bytes) => bytes,
        }
    }

    fn keep(&self, text: &[u8]) -> Self {
        Word::Kept(self.bytes(text).into())
    }
}

/// An element that is open.
#[derive(Clone, Debug)]
pub(super) struct Element {
    name: Word,
    /// What it is called by an attribute or, in a property list, by the key before it.
    label: Option<Word>,
    /// The key before the next element within it.
    key: Option<Word>,
    last_text: Option<Range<usize>>,
    has_text: bool,
    has_children: bool,
}

impl Element {
    /// Decodes what was kept of it.
    pub(super) fn decode(&mut self, decode: &dyn Fn(&[u8]) -> Arc<[u8]>) {
        let words = [Some(&mut self.name), self.label.as_mut(), self.key.as_mut()];
        for word in words.into_iter().flatten() {
            if let Word::Kept(bytes) = word {
                *bytes = decode(bytes);
            }
        }
        // Decoded, a word may be too long to be a label.
        for word in [&mut self.label, &mut self.key] {
            if let Some(Word::Kept(bytes)) = word
                && !is_label(bytes.trim_ascii())
            {
                *word = None;
            }
        }
    }
}

/// An element that was open where a document was cut.
pub(super) type Kept = Element;

/// What an end tag did.
pub(super) enum Closed {
    /// It closed this many elements; more than one where some had no end of their own.
    Elements(usize),
    /// It closed an element too deep to be kept.
    Deep,
    /// Nothing of this name was open.
    Nothing,
}

/// All elements that are open.
pub(super) struct Stack {
    elements: Vec<Element>,
    /// Elements open below the deepest that is kept.
    deeper: u64,
    /// The outermost element whose text is mixed with elements.
    mixed: Option<usize>,
    is_plist: bool,
}

impl Stack {
    pub(super) fn new(is_plist: bool) -> Self {
        Self {
            elements: Vec::new(),
            deeper: 0,
            mixed: None,
            is_plist,
        }
    }

    /// The stack behind a cut.
    pub(super) fn enter(kept: &[Kept], is_plist: bool) -> Self {
        Self {
            elements: kept.to_vec(),
            ..Self::new(is_plist)
        }
    }

    /// What has to be known behind a cut.
    pub(super) fn kept(&self, text: &[u8]) -> Vec<Kept> {
        self.elements
            .iter()
            .map(|element| Element {
                name: element.name.keep(text),
                label: element.label.as_ref().map(|label| label.keep(text)),
                key: element.key.as_ref().map(|key| key.keep(text)),
                last_text: None,
                has_text: element.has_text,
                has_children: element.has_children,
            })
            .collect()
    }

    /// Whether a cut before the next element loses nothing: no text goes on there, no key waits for its value.
    pub(super) fn may_be_cut(&self) -> bool {
        let waits = |element: &Element| element.key.is_some() || element.has_text;
        self.mixed.is_none() && self.deeper == 0 && !self.elements.last().is_some_and(waits)
    }

    pub(super) fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether an open element has text of its own.
    pub(super) fn has_text(&self, at: usize) -> bool {
        self.elements[at].has_text
    }

    /// Whether elements deeper than are kept are open.
    pub(super) fn is_deep(&self) -> bool {
        self.deeper > 0
    }

    /// The outermost element whose text is mixed with elements, by its place.
    pub(super) fn mixed(&self) -> Option<usize> {
        self.mixed
    }

    /// The name of an open element, without its prefix, and its label.
    pub(super) fn named<'w>(&'w self, at: usize, text: &'w [u8]) -> (&'w [u8], Option<&'w [u8]>) {
        let element = &self.elements[at];
        let label = element.label.as_ref().map(|label| label.bytes(text));
        (local(element.name.bytes(text)), label)
    }

    /// Goes on by one token, when nothing else is wanted of it.
    pub(super) fn take(&mut self, text: &[u8], token: &Token) {
        match token {
            Token::Start {
                name,
                attributes,
                empty,
            } => {
                self.start(text, name, attributes);
                if *empty {
                    self.end_last(text);
                }
            }
            Token::End(name) => {
                self.end(text, name);
            }
            Token::Text(at) | Token::Cdata(at) => {
                self.text(text, at);
            }
            _ => {}
        }
    }

    pub(super) fn start(&mut self, text: &[u8], name: &Range<usize>, attributes: &Range<usize>) {
        let place = self.elements.len();
        let mut label = None;
        if let Some(around) = self.elements.last_mut() {
            if around.has_text && self.mixed.is_none() {
                self.mixed = Some(place - 1);
            }
            around.has_children = true;
            label = around.key.take();
        }
        if place >= DEEPEST {
            self.deeper += 1;
            return;
        }
        if label.is_none() && NAMED.contains(&local(&text[name.clone()])) {
            label = attribute(text, attributes, b"name")
                .or_else(|| attribute(text, attributes, b"key"))
                .filter(|at| is_label(&text[at.clone()]))
                .map(Word::Here);
        }
        self.elements.push(Element {
            name: Word::Here(name.clone()),
            label,
            key: None,
            last_text: None,
            has_text: false,
            has_children: false,
        });
    }

    /// Notes text; says whether there is any but blanks.
    pub(super) fn text(&mut self, text: &[u8], at: &Range<usize>) -> bool {
        if text[at.clone()].trim_ascii().is_empty() {
            return false;
        }
        let place = self.elements.len();
        if let Some(element) = self.elements.last_mut() {
            element.has_text = true;
            element.last_text = Some(at.clone());
            if element.has_children && self.mixed.is_none() && self.deeper == 0 {
                self.mixed = Some(place - 1);
            }
        }
        true
    }

    /// How many elements an end tag closes; `end_last` closes each.
    pub(super) fn closes(&self, text: &[u8], name: &Range<usize>) -> Closed {
        if self.deeper > 0 {
            return Closed::Deep;
        }
        let name = &text[name.clone()];
        let found = self
            .elements
            .iter()
            .rev()
            .position(|open| open.name.bytes(text) == name);
        found.map_or(Closed::Nothing, |up| Closed::Elements(up + 1))
    }

    fn end(&mut self, text: &[u8], name: &Range<usize>) {
        match self.closes(text, name) {
            Closed::Deep => self.deeper -= 1,
            Closed::Nothing => {}
            Closed::Elements(count) => (0..count).for_each(|_| self.end_last(text)),
        }
    }

    /// Closes the innermost element.
    pub(super) fn end_last(&mut self, text: &[u8]) {
        if self.deeper > 0 {
            self.deeper -= 1;
            return;
        }
        let Some(closed) = self.elements.pop() else {
            return;
        };
        if self.mixed == Some(self.elements.len()) {
            self.mixed = None;
        }
        if self.is_plist
            && closed.name.bytes(text) == b"key"
            && let (Some(around), Some(key)) = (self.elements.last_mut(), closed.last_text)
            && is_label(text[key.clone()].trim_ascii())
        {
            around.key = Some(Word::Here(key));
        }
    }

    /// Whether the innermost element is a key of a property list.
    pub(super) fn is_key(&self, text: &[u8]) -> bool {
        let key = |element: &Element| {
            element.name.bytes(text) == b"key"
                && element
                    .last_text
                    .as_ref()
                    .is_some_and(|at| is_label(&text[at.clone()]))
        };
        self.is_plist && self.elements.last().is_some_and(key)
    }
}

/// Whether a word may be part of a column's name: it is short, and no data.
fn is_label(word: &[u8]) -> bool {
    let digits = word.iter().filter(|byte| byte.is_ascii_digit()).count();
    (1..=LONGEST_LABEL).contains(&word.len())
        && digits < 5
        && !word.iter().any(|&byte| byte < 0x20 || byte == b'@')
}
