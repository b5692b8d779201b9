//! JSON in a cell, and the way Python writes the same: single quotes, `None` and `True`.

use std::ops::Range;

use super::leaves::Leaves;
use crate::format::json::is_data;

/// Arrays and objects within each other.
const DEEPEST: usize = 64;

/// Reads a cell that is an object or an array as a whole; none where it isn't.
pub(super) fn read(cell: &[u8], leaves: &mut Leaves) -> Option<()> {
    let mut json = Json {
        text: cell,
        at: 0,
        leaves,
    };
    json.value(0)?;
    json.blank();
    (json.at == cell.len()).then_some(())
}

struct Json<'j> {
    text: &'j [u8],
    at: usize,
    leaves: &'j mut Leaves,
}

impl Json<'_> {
    fn blank(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace())
            .count();
    }

    fn next(&mut self) -> Option<u8> {
        self.blank();
        self.text.get(self.at).copied()
    }

    fn takes(&mut self, byte: u8) -> bool {
        let is_next = self.next() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn value(&mut self, depth: usize) -> Option<()> {
        match self.next()? {
            b'{' | b'[' if depth >= DEEPEST => None,
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' | b'\'' => {
                let (at, text) = self.string()?;
                match text {
                    None => self.leaves.stored(self.text, at),
                    Some(text) => self.leaves.made(&text, at),
                }
                Some(())
            }
            _ => self.word(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<()> {
        self.at += 1;
        if self.takes(b'}') {
            return Some(());
        }
        loop {
            if !matches!(self.next()?, b'"' | b'\'') {
                return None;
            }
            let (at, text) = self.string()?;
            let name = text.as_deref().unwrap_or(&self.text[at]);
            let before = self.leaves.down(if is_data(name) { b"*" } else { name });
            if !self.takes(b':') {
                return None;
            }
            self.value(depth + 1)?;
            self.leaves.up(before);
            if self.takes(b'}') {
                return Some(());
            }
            if !self.takes(b',') {
                return None;
            }
        }
    }

    fn array(&mut self, depth: usize) -> Option<()> {
        self.at += 1;
        if self.takes(b']') {
            return Some(());
        }
        let before = self.leaves.down(b"[]");
        loop {
            self.value(depth + 1)?;
            if self.takes(b']') {
                self.leaves.up(before);
                return Some(());
            }
            if !self.takes(b',') {
                return None;
            }
        }
    }

    /// A number or a literal. Only numbers are values that could be somebody's.
    fn word(&mut self) -> Option<()> {
        let rest = &self.text[self.at..];
        let is_word =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
        let len = rest.iter().take_while(|byte| is_word(byte)).count();
        let at = self.at..self.at + len;
        self.at += len;
        match &self.text[at.clone()] {
            b"true" | b"false" | b"null" | b"None" | b"True" | b"False" | b"NaN" | b"nan" => {}
            [b'0'..=b'9' | b'-', rest @ ..] if rest.iter().all(|&byte| is_numeric(byte)) => {
                self.leaves.stored(self.text, at);
            }
            _ => return None,
        }
        Some(())
    }

    /// A string: where its inside stands, and what it is where escapes make it something else.
    fn string(&mut self) -> Option<(Range<usize>, Option<Vec<u8>>)> {
        let quote = self.text[self.at];
        let start = self.at + 1;
        let mut at = start;
        let mut made: Option<Vec<u8>> = None;
        loop {
            let rest = self.text.get(at..)?;
            let stop = memchr::memchr2(quote, b'\\', rest)?;
            if let Some(made) = &mut made {
                made.extend_from_slice(&rest[..stop]);
            }
            at += stop;
            if self.text[at] == quote {
                self.at = at + 1;
                return Some((start..at, made));
            }
            let made = made.get_or_insert_with(|| self.text[start..at].to_vec());
            at += escape(&self.text[at..], made)?;
        }
    }
}

fn is_numeric(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E')
}

/// What an escape stands for, added to `made`; how long it is.
fn escape(text: &[u8], made: &mut Vec<u8>) -> Option<usize> {
    let plain = match text.get(1)? {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' | b'f' => b' ',
        b'u' => return unicode(text, made),
        &other if other.is_ascii_punctuation() => other,
        _ => return None,
    };
    made.push(plain);
    Some(2)
}

fn unicode(text: &[u8], made: &mut Vec<u8>) -> Option<usize> {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let first = unit(0)?;
    let pair = [first, unit(6).unwrap_or(0)];
    let (character, len) = match char::decode_utf16(pair).next()? {
        Ok(character) => (character, 6 * character.len_utf16()),
        Err(_) => (char::REPLACEMENT_CHARACTER, 6),
    };
    made.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    Some(len)
}
