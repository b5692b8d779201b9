//! Rich text (RTF): its paragraphs, and what its properties say of its authors.
//!
//! A document is a tree of groups; a control word at the start of a group says what the group is for. Text of groups that are
//! for fonts, pictures and the like is left out. Pictures themselves are not looked at.

use std::sync::Arc;

use super::made::{Made, Values};
use super::records::Records;
use super::{Format, Head, Likelihood, ReadOptions, Reader};
use crate::error::Problem;
use crate::input::charset::Charset;
use crate::input::{Body, Bytes};

/// Groups within each other.
const DEEPEST: usize = 1000;
/// Bytes of a paragraph; a longer one is given in parts.
const LONGEST: usize = 32 << 10;

/// Groups whose text is none of the document's.
const SKIPPED: &[&str] = &[
    "fonttbl",
    "colortbl",
    "stylesheet",
    "pict",
    "objdata",
    "themedata",
    "colorschememapping",
    "datastore",
    "latentstyles",
    "listtable",
    "listoverridetable",
    "rsidtbl",
    "generator",
    "xmlnstbl",
    "filetbl",
    "revtbl",
    "pntext",
    "fontemb",
    "fontfile",
    "mmathPr",
    "wgrffmtfilter",
    "blipuid",
    "panose",
    "falt",
    "passwordhash",
];
/// Groups of properties, each a column.
const PROPERTIES: &[&str] = &[
    "title",
    "subject",
    "author",
    "manager",
    "company",
    "operator",
    "category",
    "keywords",
    "comment",
    "doccomm",
    "hlinkbase",
    "atnauthor",
    "atnid",
];

/// Rich text.
pub(super) struct Rtf;

impl Format for Rtf {
    fn name(&self) -> &'static str {
        "rtf"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        head.bytes
            .starts_with(b"{\\rtf")
            .then_some(Likelihood::Magic)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        let whole = body.into_blob("a document", &options.limits, &head.budget)?;
        let mut made = Made::new(whole.bytes.len() as u64);
        whole
            .cut
            .into_iter()
            .for_each(|problem| made.problem(problem));
        made.table(None, Document(whole.bytes));
        Ok(Box::new(made))
    }
}

struct Document(Bytes);

impl Values for Document {
    fn read(&self, records: &mut Records<'_>) {
        let mut text = Text {
            records,
            encoding: encoding_rs::WINDOWS_1252.into(),
            groups: vec![Group::default()],
            bytes: Vec::new(),
            paragraph: String::new(),
            hidden: 0,
        };
        let mut at = 0;
        while let Some(&byte) = self.0.get(at) {
            at += match byte {
                b'\\' => text.control(&self.0[at..]),
                b'{' => text.open(),
                b'}' => text.close(),
                b'\r' | b'\n' => 1,
                _ => text.plain(&self.0[at..]),
            };
        }
        text.paragraph_ends();
        if text.groups.len() > 1 {
            text.records.problem(Problem::lost(
                "the text ends within a group: the file is cut off",
            ));
        }
    }
}

/// What holds within a group.
#[derive(Clone, Default)]
struct Group {
    skips: bool,
    /// Whether it may be left out by readers that don't know it.
    is_optional: bool,
    property: Option<Arc<str>>,
    /// Characters that stand for a `\u` for readers that don't know it.
    instead: Option<usize>,
}

struct Text<'t, 'r> {
    records: &'t mut Records<'r>,
    encoding: Charset,
    groups: Vec<Group>,
    /// Characters of the paragraph that are not decoded yet.
    bytes: Vec<u8>,
    paragraph: String,
    /// Characters that stand for one that was given already.
    hidden: usize,
}

impl Text<'_, '_> {
    fn group(&mut self) -> &mut Group {
        if self.groups.is_empty() {
            self.groups.push(Group::default());
        }
        self.groups
            .last_mut()
            .expect("one was just made where there was none")
    }

    fn open(&mut self) -> usize {
        let group = Group {
            is_optional: false,
            ..self.group().clone()
        };
        if self.groups.len() < DEEPEST {
            self.groups.push(group);
        }
        1
    }

    fn close(&mut self) -> usize {
        let property = self.group().property.clone();
        self.groups.pop();
        if property.is_some() && self.group().property != property {
            self.give(property.as_deref());
        }
        1
    }

    /// Text up to the next mark.
    fn plain(&mut self, rest: &[u8]) -> usize {
        let is_mark = |&byte: &u8| matches!(byte, b'\\' | b'{' | b'}' | b'\r' | b'\n');
        let len = rest.iter().position(is_mark).unwrap_or(rest.len());
        let hidden = self.hidden.min(len);
        self.hidden -= hidden;
        if !self.group().skips {
            self.bytes.extend_from_slice(&rest[hidden..len]);
            if self.bytes.len() + self.paragraph.len() > LONGEST {
                self.paragraph_ends();
            }
        }
        len
    }

    fn byte(&mut self, byte: u8) {
        if self.hidden > 0 {
            self.hidden -= 1;
        } else if !self.group().skips {
            self.bytes.push(byte);
        }
    }

    fn decode(&mut self) {
        if !self.bytes.is_empty() {
            let text = self.encoding.decode(&self.bytes);
            self.paragraph.push_str(&text);
            self.bytes.clear();
        }
    }

    fn character(&mut self, character: char) {
        if !self.group().skips {
            self.decode();
            self.paragraph.push(character);
        }
    }

    fn paragraph_ends(&mut self) {
        let property = self.group().property.clone();
        self.give(property.as_deref());
    }

    fn give(&mut self, property: Option<&str>) {
        self.decode();
        let text = self.paragraph.trim();
        if !text.is_empty() {
            let column = self.records.column(property.unwrap_or_default());
            self.records.value(column, text.as_bytes());
            self.records.next_row();
        }
        self.paragraph.clear();
    }

    /// What a backslash starts; how long it is.
    fn control(&mut self, rest: &[u8]) -> usize {
        let letters = rest[1..]
            .iter()
            .take(32)
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count();
        if letters == 0 {
            return self.symbol(rest);
        }
        let word = std::str::from_utf8(&rest[1..=letters]).unwrap_or_default();
        let mut end = 1 + letters;
        let start = end;
        end += usize::from(rest.get(end) == Some(&b'-'));
        end += rest[end..]
            .iter()
            .take(10)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let number = std::str::from_utf8(&rest[start..end])
            .ok()
            .and_then(|digits| digits.parse::<i64>().ok());
        end += usize::from(rest.get(end) == Some(&b' '));
        if word == "bin" {
            return end + usize::try_from(number.unwrap_or(0)).unwrap_or(0);
        }
        self.word(word, number);
        end
    }

    fn symbol(&mut self, rest: &[u8]) -> usize {
        match rest.get(1) {
            Some(b'\'') => {
                let digits = rest
                    .get(2..4)
                    .and_then(|digits| std::str::from_utf8(digits).ok());
                match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
                    Some(byte) => {
                        self.byte(byte);
                        4
                    }
                    None => 2,
                }
            }
            Some(b'*') => {
                self.group().is_optional = true;
                2
            }
            Some(&byte @ (b'\\' | b'{' | b'}')) => {
                self.byte(byte);
                2
            }
            Some(b'~') => {
                self.byte(b' ');
                2
            }
            Some(b'_') => {
                self.byte(b'-');
                2
            }
            Some(b'\r' | b'\n') => {
                self.paragraph_ends();
                2
            }
            _ => 2,
        }
    }

    fn word(&mut self, word: &str, number: Option<i64>) {
        match word {
            "par" | "line" | "sect" | "page" | "row" | "nestrow" => self.paragraph_ends(),
            "tab" | "cell" | "nestcell" => self.character('\t'),
            "emdash" | "endash" => self.character('-'),
            "lquote" | "rquote" => self.character('\''),
            "ldblquote" | "rdblquote" => self.character('"'),
            "u" => self.unicode(number.unwrap_or(0)),
            "uc" => self.group().instead = number.and_then(|count| usize::try_from(count).ok()),
            "ansicpg" => {
                let number = number.unwrap_or(1252);
                let page = u16::try_from(number).ok().and_then(Charset::of_page);
                let known =
                    page.or_else(|| Charset::for_label(format!("windows-{number}").as_bytes()));
                self.encoding = known.unwrap_or(self.encoding);
            }
            _ if SKIPPED.contains(&word) => self.group().skips = true,
            _ if PROPERTIES.contains(&word) => {
                self.paragraph_ends();
                self.group().property = Some(word.into());
            }
            // Links stand in the instructions of fields.
            _ if self.group().is_optional && word != "fldinst" && number.is_none() => {
                self.group().skips |= !matches!(
                    word,
                    "atnauthor" | "annotation" | "shptxt" | "shpinst" | "company"
                );
            }
            _ => {}
        }
    }

    fn unicode(&mut self, number: i64) {
        let unit = u32::try_from(number & 0xffff).unwrap_or(0);
        self.character(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
        self.hidden = self.group().instead.unwrap_or(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{Batch, Chunk, ColumnId, Piece, Sink};
    use crate::input::{Budget, Input};

    #[derive(Default)]
    struct Taken(Vec<String>, Vec<(String, String)>);

    impl Sink for Taken {
        fn column(&mut self, name: &str) -> ColumnId {
            self.0.push(name.to_owned());
            ColumnId(self.0.len() as u32 - 1)
        }

        fn batch(&mut self, batch: Batch<'_>) {
            for value in batch.values {
                let text = &batch.text[value.start as usize..value.end as usize];
                let text = String::from_utf8_lossy(text).into_owned();
                self.1.push((self.0[value.column.0 as usize].clone(), text));
            }
        }

        fn problem(&mut self, _: Problem) {}
    }

    fn read(rtf: &[u8]) -> Vec<(String, String)> {
        let input = Input {
            name: "a.rtf".into(),
            folder: None,
            depth: 0,
            body: Body::Blob(Bytes::copy_from_slice(rtf)),
            budget: Budget::default(),
        };
        let mut reader = crate::format::open(input, &ReadOptions::default())
            .reader
            .unwrap();
        let Ok(Some(Piece::Chunk(part))) = reader.next_piece() else {
            panic!("there is a chunk");
        };
        let mut taken = Taken::default();
        let chunk: &dyn Chunk = &*part.chunk;
        chunk.read(&mut taken);
        taken.1
    }

    #[test]
    fn paragraphs_and_properties_are_read() {
        let rtf =
            br"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\info{\author Jan Jansen}{\title A}}
\pard Caf\'e9 {\b in} Utrecht\par {\*\generator x;}\u8364?5\cell a@kpn.com\row
{\field{\*\fldinst HYPERLINK mailto:b@kpn.com}{\fldrslt mail}}{\pict\bin3 }}}}\{x\}}";
        let expected = [
            ("author", "Jan Jansen"),
            ("title", "A"),
            ("", "Caf\u{e9} in Utrecht"),
            ("", "\u{20ac}5\ta@kpn.com"),
            ("", "HYPERLINK mailto:b@kpn.commail{x}"),
        ];
        let given = read(rtf);
        let given: Vec<_> = given
            .iter()
            .map(|(a, b)| (a.as_str(), b.as_str()))
            .collect();
        assert_eq!(given, expected);
    }

    #[test]
    fn broken_documents_end() {
        for rtf in [
            &b"{\\rtf"[..],
            b"{\\rtf1}}}}}} text",
            b"{\\rtf1\\bin99999999999 x",
            b"{\\rtf1\\'",
            b"{\\rtf1\\u-99999 \\uc-5",
        ] {
            read(rtf);
        }
        read(&[b"{\\rtf1".as_slice(), &b"{".repeat(100_000)].concat());
    }
}
