//! The smallest parts of SQL: space, words, names, and literals in all their quotes.
//!
//! Everything here looks at a stretch of text whose end may not be the end of the input. Where what comes next would decide,
//! the answer is [`Stop::Short`], and the caller tries again with more text. So what a literal is never depends on where
//! the text was cut.

use memchr::{memchr, memchr2, memmem};

use super::dialect::{Backslash, Dialect};

/// Why a part could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The text ends first.
    Short,
    /// What stands here doesn't belong here.
    Broken(usize),
}

/// What a part is, or why it could not be read.
pub(super) type Step<T> = Result<T, Stop>;

/// A stretch of text.
#[derive(Clone, Copy)]
pub(super) struct Text<'t> {
    pub(super) bytes: &'t [u8],
    /// Whether nothing follows it.
    pub(super) ended: bool,
}

/// How the inside of a literal is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escape {
    /// As it is meant.
    None,
    /// This quote is doubled.
    Doubled(u8),
    /// Escapes of MySQL, with this quote doubled or escaped.
    Backslash(u8),
    /// Quotes are doubled or stand behind a backslash, which means nothing otherwise.
    Loose(u8),
    /// `E'…'` of PostgreSQL.
    Extended,
    /// `U&'…'`, and `unistr('…')` of SQLite.
    Unicode,
    /// `\n` and `\r` within `replace('…', '\n', char(10))` of SQLite.
    Lines,
    /// A field of COPY.
    Copy,
    /// Pairs of hexadecimal digits.
    Hex,
}

/// A literal: its inside, and what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Literal {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) next: usize,
    pub(super) escape: Escape,
}

/// Whether a byte can stand in a word.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || matches!(byte, b'_' | b'$' | b'@')
}

impl<'t> Text<'t> {
    /// The byte at a place; none at the end of the input.
    pub(super) fn at(&self, at: usize) -> Step<Option<u8>> {
        match self.bytes.get(at) {
            Some(&byte) => Ok(Some(byte)),
            None if self.ended => Ok(None),
            None => Err(Stop::Short),
        }
    }

    /// The end of the text, where a search met it.
    fn end(&self) -> Step<usize> {
        if self.ended {
            Ok(self.bytes.len())
        } else {
            Err(Stop::Short)
        }
    }

    /// Whether this stands here, in capitals or not.
    pub(super) fn is(&self, at: usize, word: &[u8]) -> bool {
        self.bytes
            .get(at..at + word.len())
            .is_some_and(|text| text.eq_ignore_ascii_case(word))
    }

    /// Behind white space.
    pub(super) fn space(&self, mut at: usize) -> usize {
        while let Some(b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c) = self.bytes.get(at) {
            at += 1;
        }
        at
    }

    /// Behind the word that starts here.
    pub(super) fn word_end(&self, at: usize) -> Step<usize> {
        let mut end = at;
        while let Some(byte) = self.at(end)? {
            if !is_word(byte) {
                break;
            }
            end += 1;
        }
        Ok(end)
    }

    /// Behind the line end.
    pub(super) fn line_end(&self, at: usize) -> Step<usize> {
        match memchr(b'\n', &self.bytes[at..]) {
            Some(distance) => Ok(at + distance + 1),
            None => self.end(),
        }
    }

    /// Behind the comment that starts here, if one does. The marks around conditional code of MySQL are comments, too.
    pub(super) fn comment(&self, at: usize, dialect: Dialect) -> Step<Option<usize>> {
        let Some(first) = self.at(at)? else {
            return Ok(None);
        };
        match first {
            b'-' if self.at(at + 1)? == Some(b'-') => self.line_end(at).map(Some),
            b'#' if dialect.hash_comments() => self.line_end(at).map(Some),
            b'/' if self.at(at + 1)? == Some(b'*') => {
                let conditional = match self.at(at + 2)? {
                    Some(b'!') => Some(at + 3),
                    Some(b'M') if self.at(at + 3)? == Some(b'!') => Some(at + 4),
                    _ => None,
                };
                match conditional {
                    Some(mut from) => {
                        while self.at(from)?.is_some_and(|byte| byte.is_ascii_digit()) {
                            from += 1;
                        }
                        Ok(Some(from))
                    }
                    None => self.block_comment(at + 2, dialect).map(Some),
                }
            }
            b'*' if self.at(at + 1)? == Some(b'/') => Ok(Some(at + 2)),
            _ => Ok(None),
        }
    }

    /// Behind the end of a comment from its inside on; nested where that closes it, else the first end.
    fn block_comment(&self, from: usize, dialect: Dialect) -> Step<usize> {
        let mut first = None;
        let mut depth = 1;
        let mut at = from;
        while let Some(distance) = memchr2(b'*', b'/', &self.bytes[at..]) {
            at += distance;
            match (self.bytes[at], self.bytes.get(at + 1)) {
                (b'*', Some(b'/')) => {
                    depth -= 1;
                    at += 2;
                    first = first.or(Some(at));
                    if depth == 0 || !dialect.nested_comments() {
                        return Ok(at);
                    }
                }
                (b'/', Some(b'*')) => {
                    depth += 1;
                    at += 2;
                }
                _ => at += 1,
            }
        }
        first.filter(|_| self.ended).ok_or(Stop::Short)
    }

    /// The literal whose inside starts here.
    pub(super) fn quoted(&self, start: usize, quote: u8, backslash: Backslash) -> Step<Literal> {
        match backslash {
            Backslash::Escapes => self.backslashed(start, quote, Escape::Backslash(quote)),
            Backslash::Plain => self.doubled(start, quote),
            Backslash::Unknown => self.loose(start, quote),
        }
    }

    fn doubled(&self, start: usize, quote: u8) -> Step<Literal> {
        let mut at = start;
        let mut escape = Escape::None;
        loop {
            at += memchr(quote, &self.bytes[at..]).ok_or(Stop::Short)?;
            if self.at(at + 1)? != Some(quote) {
                return Ok(Literal {
                    start,
                    end: at,
                    next: at + 1,
                    escape,
                });
            }
            escape = Escape::Doubled(quote);
            at += 2;
        }
    }

    /// A literal in which a backslash escapes the next byte.
    pub(super) fn backslashed(&self, start: usize, quote: u8, kind: Escape) -> Step<Literal> {
        let mut at = start;
        let mut escape = Escape::None;
        loop {
            let rest = self.bytes.get(at..).ok_or(Stop::Short)?;
            at += memchr2(quote, b'\\', rest).ok_or(Stop::Short)?;
            if self.bytes[at] == quote && self.at(at + 1)? != Some(quote) {
                return Ok(Literal {
                    start,
                    end: at,
                    next: at + 1,
                    escape,
                });
            }
            escape = kind;
            at += 2;
        }
    }

    /// A literal of which nobody knows whether a backslash escapes: a quote behind one closes it where what follows
    /// looks so.
    fn loose(&self, start: usize, quote: u8) -> Step<Literal> {
        let mut at = start;
        let mut escape = Escape::None;
        loop {
            at += memchr(quote, &self.bytes[at..]).ok_or(Stop::Short)?;
            let before = &self.bytes[start..at];
            let odd = before.iter().rev().take_while(|&&b| b == b'\\').count() % 2 == 1;
            if odd && !self.looks_closed(at + 1)? {
                escape = Escape::Loose(quote);
                at += 1;
            } else if self.at(at + 1)? == Some(quote) {
                escape = match escape {
                    Escape::None => Escape::Doubled(quote),
                    other => other,
                };
                at += 2;
            } else {
                return Ok(Literal {
                    start,
                    end: at,
                    next: at + 1,
                    escape,
                });
            }
        }
    }

    /// Whether a literal can have ended before this place.
    fn looks_closed(&self, at: usize) -> Step<bool> {
        let next = self.space(at);
        Ok(match self.at(next)? {
            Some(byte) => matches!(byte, b',' | b')' | b';' | b'|' | b':'),
            None => true,
        })
    }

    /// The literal `$tag$ … $tag$` that starts here, if one does.
    pub(super) fn dollar(&self, at: usize) -> Step<Option<Literal>> {
        let mut end = at + 1;
        loop {
            match self.at(end)? {
                Some(b'$') => break,
                Some(byte) if is_word(byte) && !(end == at + 1 && byte.is_ascii_digit()) => {
                    end += 1;
                }
                _ => return Ok(None),
            }
        }
        let tag = &self.bytes[at..=end];
        let start = end + 1;
        let close = memmem::find(&self.bytes[start..], tag).ok_or(Stop::Short)?;
        Ok(Some(Literal {
            start,
            end: start + close,
            next: start + close + tag.len(),
            escape: Escape::None,
        }))
    }

    /// The literal `q'[ … ]'`, from the byte behind its first quote on.
    pub(super) fn custom_quote(&self, at: usize) -> Step<Literal> {
        let open = self.at(at)?.ok_or(Stop::Broken(at))?;
        let close = match open {
            b'[' => b']',
            b'(' => b')',
            b'{' => b'}',
            b'<' => b'>',
            other => other,
        };
        let start = at + 1;
        let end = memmem::find(&self.bytes[start..], &[close, b'\'']).ok_or(Stop::Short)?;
        Ok(Literal {
            start,
            end: start + end,
            next: start + end + 2,
            escape: Escape::None,
        })
    }

    /// A name: a word, or anything in quotes or brackets. Gives its inside and what follows it.
    pub(super) fn name(&self, at: usize) -> Step<(&'t [u8], u8, usize)> {
        let close = match self.at(at)? {
            Some(quote @ (b'"' | b'`' | b'\'')) => quote,
            Some(b'[') => b']',
            Some(byte) if is_word(byte) || byte == b'#' => {
                let end = self.word_end(at + 1)?;
                return Ok((&self.bytes[at..end], 0, end));
            }
            _ => return Err(Stop::Broken(at)),
        };
        let literal = self.doubled(at + 1, close)?;
        Ok((&self.bytes[literal.start..literal.end], close, literal.next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inside(text: &str, backslash: Backslash) -> Step<(&str, Escape)> {
        let whole = Text {
            bytes: text.as_bytes(),
            ended: true,
        };
        let literal = whole.quoted(1, b'\'', backslash)?;
        Ok((&text[literal.start..literal.end], literal.escape))
    }

    #[test]
    fn literals_end_where_their_dialect_says() {
        let doubled = Escape::Doubled(b'\'');
        assert_eq!(inside("'a''b' ", Backslash::Plain), Ok(("a''b", doubled)));
        assert_eq!(
            inside(r"'C:\', 'b'", Backslash::Plain),
            Ok((r"C:\", Escape::None))
        );
        assert_eq!(
            inside(r"'it\'s', 'b'", Backslash::Escapes),
            Ok((r"it\'s", Escape::Backslash(b'\'')))
        );
        assert_eq!(
            inside(r"'C:\', 'b'", Backslash::Unknown),
            Ok((r"C:\", Escape::None))
        );
        assert_eq!(
            inside(r"'it\'s', 'b'", Backslash::Unknown),
            Ok((r"it\'s", Escape::Loose(b'\'')))
        );
        assert_eq!(inside("'open", Backslash::Plain), Err(Stop::Short));
    }

    #[test]
    fn a_text_that_goes_on_is_not_judged_by_its_end() {
        let cut = Text {
            bytes: b"'a'",
            ended: false,
        };
        assert_eq!(cut.quoted(1, b'\'', Backslash::Plain), Err(Stop::Short));
        assert_eq!(cut.word_end(1).err(), None);
        let word = Text {
            bytes: b"NUL",
            ended: false,
        };
        assert_eq!(word.word_end(0), Err(Stop::Short));
    }

    #[test]
    fn other_quotes() {
        let text = Text {
            bytes: b"$a$it's$a$ [it's]' \"a\"\"b\".c",
            ended: true,
        };
        let literal = text.dollar(0).unwrap().unwrap();
        assert_eq!(&text.bytes[literal.start..literal.end], b"it's");
        let literal = text.custom_quote(11).unwrap();
        assert_eq!(&text.bytes[literal.start..literal.end], b"it's");
        assert_eq!(text.name(19).unwrap(), (&b"a\"\"b"[..], b'"', 25));
        assert_eq!(text.name(26).unwrap(), (&b"c"[..], 0, 27));
    }
}
