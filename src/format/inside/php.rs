//! What PHP's `serialize` writes: `a:1:{s:5:"email";s:9:"a@kpn.com";}`.

use super::leaves::Leaves;
use crate::format::json::is_data;

/// Arrays and objects within each other.
const DEEPEST: usize = 64;

/// Reads a cell that is an array or an object as a whole; none where it isn't.
pub(super) fn read(cell: &[u8], leaves: &mut Leaves) -> Option<()> {
    let mut php = Php {
        text: cell,
        at: 0,
        leaves,
    };
    php.value(0)?;
    (php.text[php.at..].trim_ascii().is_empty()).then_some(())
}

struct Php<'p> {
    text: &'p [u8],
    at: usize,
    leaves: &'p mut Leaves,
}

impl Php<'_> {
    fn takes(&mut self, bytes: &[u8]) -> Option<()> {
        self.text[self.at..]
            .starts_with(bytes)
            .then(|| self.at += bytes.len())
    }

    /// What stands before a byte, which is passed over.
    fn until(&mut self, end: u8) -> Option<std::ops::Range<usize>> {
        let len = memchr::memchr(end, &self.text[self.at..])?;
        let at = self.at..self.at + len;
        self.at += len + 1;
        Some(at)
    }

    fn number(&mut self, end: u8) -> Option<usize> {
        let at = self.until(end)?;
        std::str::from_utf8(&self.text[at]).ok()?.parse().ok()
    }

    /// `:5:"email"`, in bytes. Where the length doesn't hold, since the text was transcoded, the quotes do.
    fn string(&mut self) -> Option<std::ops::Range<usize>> {
        self.takes(b":")?;
        let len = self.number(b':')?;
        self.takes(b"\"")?;
        let (start, rest) = (self.at, &self.text[self.at..]);
        let stated = rest.get(len) == Some(&b'"')
            && rest.get(len + 1).is_some_and(|b| matches!(b, b';' | b':'));
        let len = if stated {
            len
        } else {
            memchr::memmem::find(rest, b"\";")?
        };
        self.at = start + len + 1;
        Some(start..start + len)
    }

    fn value(&mut self, depth: usize) -> Option<()> {
        let kind = *self.text.get(self.at)?;
        self.at += 1;
        match kind {
            b's' => {
                let at = self.string()?;
                self.leaves.stored(self.text, at);
                self.takes(b";")
            }
            b'i' | b'd' => {
                self.takes(b":")?;
                let at = self.until(b';')?;
                if !self.text[at.clone()]
                    .iter()
                    .all(|byte| byte.is_ascii_digit() || b"+-.E".contains(byte))
                {
                    return None;
                }
                self.leaves.stored(self.text, at);
                Some(())
            }
            b'b' | b'r' | b'R' => self.takes(b":").and_then(|()| self.until(b';')).map(|_| ()),
            b'N' => self.takes(b";"),
            b'a' | b'O' if depth < DEEPEST => {
                if kind == b'O' {
                    self.string()?;
                }
                self.takes(b":")?;
                self.members(depth)
            }
            _ => None,
        }
    }

    fn members(&mut self, depth: usize) -> Option<()> {
        let count = self.number(b':')?;
        self.takes(b"{")?;
        for _ in 0..count {
            let before = self.key()?;
            self.value(depth + 1)?;
            self.leaves.up(before);
        }
        self.takes(b"}")
    }

    /// A name, or the number of an element.
    fn key(&mut self) -> Option<usize> {
        let kind = *self.text.get(self.at)?;
        self.at += 1;
        match kind {
            b's' => {
                let at = self.string()?;
                self.takes(b";")?;
                // Private and protected members have their class before their name, between zeros.
                let name = self.text[at]
                    .rsplit(|&byte| byte == 0)
                    .next()
                    .unwrap_or_default();
                Some(self.leaves.down(if is_data(name) { b"*" } else { name }))
            }
            b'i' => {
                self.takes(b":")?;
                self.until(b';')?;
                Some(self.leaves.down(b"[]"))
            }
            _ => None,
        }
    }
}
