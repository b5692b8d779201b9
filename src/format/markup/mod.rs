//! Tokens of XML and HTML: tags, text, comments, each with its place.
//!
//! Written here rather than taken from a library since offsets must lead back to the stored bytes, reading must go on
//! behind whatever is broken, and XML, HTML and the parts of office documents are to be read alike. Nothing is ever
//! expanded, so no document becomes larger than it is.

use std::ops::Range;

pub(super) mod declared;
pub(super) mod entities;

/// A stretch of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// Text with entities in it.
    Text(Range<usize>),
    /// Text as it is.
    Cdata(Range<usize>),
    /// What a comment says.
    Comment(Range<usize>),
    /// What stands between `<?` and `?>`.
    Instruction(Range<usize>),
    /// What stands between `<!` and `>`: a document type with its entities.
    Declaration(Range<usize>),
    /// `<name attributes>`.
    Start {
        name: Range<usize>,
        attributes: Range<usize>,
        /// Whether it ends at once: `<name/>`.
        empty: bool,
    },
    /// `</name>`.
    End(Range<usize>),
    /// Something that is open where the text ends.
    Unended(Range<usize>),
}

/// Splits a document into tokens.
pub(super) struct Tokens<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Tokens<'t> {
    /// From a place on.
    pub(super) fn new(text: &'t [u8], at: usize) -> Self {
        Self { text, at }
    }

    /// Behind the last token.
    pub(super) fn place(&self) -> usize {
        self.at
    }

    /// Goes on elsewhere.
    pub(super) fn go_to(&mut self, at: usize) {
        self.at = at;
    }

    /// A token that starts at `from`, holds `inside` and is followed by whatever stands behind `end`.
    fn until(&mut self, from: usize, inside: usize, end: &[u8]) -> Result<Range<usize>, Token> {
        match memchr::memmem::find(&self.text[inside.min(self.text.len())..], end) {
            Some(len) => {
                self.at = inside + len + end.len();
                Ok(inside..inside + len)
            }
            None => Err(self.unended(from)),
        }
    }

    fn unended(&mut self, from: usize) -> Token {
        self.at = self.text.len();
        Token::Unended(from..self.text.len())
    }

    fn markup(&mut self) -> Token {
        let (from, rest) = (self.at, &self.text[self.at..]);
        let token = if rest.starts_with(b"<!--") {
            self.until(from, from + 4, b"-->").map(Token::Comment)
        } else if rest.starts_with(b"<![CDATA[") {
            self.until(from, from + 9, b"]]>").map(Token::Cdata)
        } else if rest.starts_with(b"<!") {
            Ok(self.declaration(from))
        } else if rest.starts_with(b"<?") {
            self.until(from, from + 2, b"?>").map(Token::Instruction)
        } else if rest.starts_with(b"</") {
            self.until(from, from + 2, b">").map(|at| {
                let name = self.text[at.clone()].trim_ascii_end();
                Token::End(at.start..at.start + name.len())
            })
        } else {
            Ok(self.start(from))
        };
        token.unwrap_or_else(|unended| unended)
    }

    /// `<!DOCTYPE … [ … ]>`.
    fn declaration(&mut self, from: usize) -> Token {
        let (mut depth, mut quote) = (0_u32, None);
        for (index, &byte) in self.text[from + 2..].iter().enumerate() {
            match (quote, byte) {
                (Some(open), _) if open == byte => quote = None,
                (None, b'"' | b'\'') => quote = Some(byte),
                (None, b'[') => depth += 1,
                (None, b']') => depth = depth.saturating_sub(1),
                (None, b'>') if depth == 0 => {
                    self.at = from + 2 + index + 1;
                    return Token::Declaration(from + 2..from + 2 + index);
                }
                _ => {}
            }
        }
        self.unended(from)
    }

    fn start(&mut self, from: usize) -> Token {
        let text = self.text;
        let name_len = text[from + 1..]
            .iter()
            .position(|&byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>' | b'<'))
            .unwrap_or(text.len() - from - 1);
        let name = from + 1..from + 1 + name_len;
        let mut at = name.end;
        loop {
            let Some(found) = memchr::memchr3(b'>', b'"', b'\'', &text[at..]) else {
                return self.unended(from);
            };
            at += found;
            if text[at] == b'>' {
                break;
            }
            // A quote only opens a value behind an equals sign; others are stray.
            let opens = text[name.end..at].trim_ascii_end().ends_with(b"=");
            at = match memchr::memchr(text[at], &text[at + 1..]) {
                Some(close) if opens => at + close + 2,
                None if opens => return self.unended(from),
                _ => at + 1,
            };
        }
        self.at = at + 1;
        let empty = at > name.end && text[at - 1] == b'/' || text[name.clone()].ends_with(b"/");
        let attributes = name.end..at - usize::from(empty && at > name.end);
        Token::Start {
            name,
            attributes,
            empty,
        }
    }
}

/// Whether a byte may start a name.
fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':') || byte >= 0x80
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let (text, from) = (self.text, self.at);
        if from >= text.len() {
            return None;
        }
        let opens = |at: usize| match text.get(at + 1) {
            Some(b'!' | b'?') | None => true,
            Some(b'/') => text.get(at + 2).is_none_or(|&byte| is_name_start(byte)),
            Some(&byte) => is_name_start(byte),
        };
        if text[from] == b'<' && opens(from) {
            return Some(self.markup());
        }
        // A bracket that opens nothing is text.
        let mut end = from + 1;
        loop {
            match memchr::memchr(b'<', &text[end..]) {
                Some(len) if opens(end + len) => {
                    end += len;
                    break;
                }
                Some(len) => end += len + 1,
                None => {
                    end = text.len();
                    break;
                }
            }
        }
        self.at = end;
        Some(Token::Text(from..end))
    }
}

/// The attributes of a tag: the places of names and values; a value is empty where there is none.
pub(super) struct Attributes<'t> {
    text: &'t [u8],
    at: usize,
    end: usize,
}

impl<'t> Attributes<'t> {
    /// Those in a stretch.
    pub(super) fn new(text: &'t [u8], at: &Range<usize>) -> Self {
        Self {
            text,
            at: at.start,
            end: at.end,
        }
    }

    fn skip(&mut self, skips: impl Fn(u8) -> bool) {
        while self.at < self.end && skips(self.text[self.at]) {
            self.at += 1;
        }
    }
}

impl Iterator for Attributes<'_> {
    type Item = (Range<usize>, Range<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        self.skip(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'=' | b'"' | b'\''));
        let start = self.at;
        self.skip(|byte| !byte.is_ascii_whitespace() && byte != b'=');
        let name = start..self.at;
        if name.is_empty() {
            return None;
        }
        self.skip(|byte| byte.is_ascii_whitespace());
        if self.at >= self.end || self.text[self.at] != b'=' {
            return Some((name.clone(), name.end..name.end));
        }
        self.at += 1;
        self.skip(|byte| byte.is_ascii_whitespace());
        let start = self.at;
        let quote = self.text[..self.end].get(self.at).copied();
        let value = if let Some(quote @ (b'"' | b'\'')) = quote {
            let start = start + 1;
            let len = memchr::memchr(quote, &self.text[start..self.end]);
            let end = len.map_or(self.end, |len| start + len);
            self.at = (end + 1).min(self.end);
            start..end
        } else {
            self.skip(|byte| !byte.is_ascii_whitespace());
            start..self.at
        };
        Some((name, value))
    }
}

/// The part of a name behind its namespace prefix.
pub(super) fn local(name: &[u8]) -> &[u8] {
    let colon = memchr::memrchr(b':', name);
    colon.map_or(name, |at| &name[at + 1..])
}

/// The value of an attribute, by its name without prefix.
pub(super) fn attribute(
    text: &[u8],
    attributes: &Range<usize>,
    name: &[u8],
) -> Option<Range<usize>> {
    Attributes::new(text, attributes)
        .find(|(known, _)| local(&text[known.clone()]).eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<String> {
        let at = |range: Range<usize>| text[range].to_owned();
        Tokens::new(text.as_bytes(), 0)
            .map(|token| match token {
                Token::Text(range) => format!("T{}", at(range)),
                Token::Cdata(range) => format!("D{}", at(range)),
                Token::Comment(range) => format!("C{}", at(range)),
                Token::Instruction(range) => format!("?{}", at(range)),
                Token::Declaration(range) => format!("!{}", at(range)),
                Token::Start {
                    name,
                    attributes,
                    empty,
                } => {
                    let attributes: Vec<_> = Attributes::new(text.as_bytes(), &attributes)
                        .map(|(name, value)| format!("{}={}", at(name), at(value)))
                        .collect();
                    let end = if empty { "/" } else { "" };
                    format!("<{} {}{end}", at(name), attributes.join(","))
                }
                Token::End(range) => format!("/{}", at(range)),
                Token::Unended(range) => format!("U{}", at(range)),
            })
            .collect()
    }

    #[test]
    fn documents_are_split() {
        assert_eq!(
            tokens(
                "<?xml x?><!DOCTYPE a [<!ENTITY b \">\">]><a b='>' c=\"d\"  e>f &lt; 3 < 4<!-- <g> --><![CDATA[<h>]]></a ><i/>"
            ),
            [
                "?xml x",
                "!DOCTYPE a [<!ENTITY b \">\">]",
                "<a b=>,c=d,e=",
                "Tf &lt; 3 < 4",
                "C <g> ",
                "D<h>",
                "/a",
                "<i /"
            ]
        );
    }

    #[test]
    fn what_is_open_at_the_end_is_said() {
        assert_eq!(tokens("a<b c='"), ["Ta", "U<b c='"]);
        assert_eq!(tokens("<!-- a"), ["U<!-- a"]);
        assert_eq!(tokens("<"), ["U<"]);
        assert_eq!(tokens("</"), ["U</"]);
        assert_eq!(tokens("a <"), ["Ta ", "U<"]);
    }

    #[test]
    fn odd_tags_are_read() {
        assert_eq!(tokens("<a href=x/y it's>"), ["<a href=x/y,it's="]);
        assert_eq!(tokens("<br/>"), ["<br /"]);
        assert_eq!(tokens("<a/ >"), ["<a / "].map(|_| "<a ".to_owned()));
    }
}
