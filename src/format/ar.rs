//! ar archives: Debian packages and libraries. Names longer than their field stand in a table (GNU) or before the bytes (BSD).

use bytes::Bytes;

use super::tape::{Tape, shown};
use super::{Format, Head, Likelihood, Piece, ReadOptions, Reader};
use crate::error::Problem;
use crate::input::Body;

/// ar.
pub(super) struct Ar;

const MAGIC: &[u8] = b"!<arch>\n";
/// Bytes of a member's header.
const HEADER: usize = 60;
/// Longest table of names that is read, in bytes.
const LONGEST_TABLE: u64 = 16 << 20;
/// Longest name that is read, in bytes.
const LONGEST_NAME: u64 = 64 << 10;

impl Format for Ar {
    fn name(&self) -> &'static str {
        "ar"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        head.bytes.starts_with(MAGIC).then_some(Likelihood::Magic)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        _: &Head<'_>,
        _: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        Ok(Box::new(Members {
            tape: Tape::new(body),
            next: MAGIC.len() as u64,
            names: Bytes::new(),
            ended: false,
        }))
    }
}

struct Members<'a> {
    tape: Tape<'a>,
    next: u64,
    /// The table of long names.
    names: Bytes,
    ended: bool,
}

impl Members<'_> {
    fn stopped(&mut self, reason: &str) -> Problem {
        self.ended = true;
        Problem::lost(reason).at(self.tape.at())
    }

    /// The name and size of the next member; none at the end.
    fn next_member(&mut self) -> Result<Option<(String, u64)>, Problem> {
        loop {
            if !self.tape.skip_to(self.next)? {
                // The last member's padding may be left out.
                if self.tape.at() + 1 == self.next {
                    return Ok(None);
                }
                return Err(self.stopped("the archive is cut off"));
            }
            let header = self.tape.read(HEADER)?;
            if header.is_empty() {
                return Ok(None);
            }
            if header.len() < HEADER || header[58..] != *b"`\n" {
                return Err(self.stopped("here is no header; what follows is not read"));
            }
            let Some(size) = number(&header[48..58]) else {
                return Err(self.stopped("a member's size is no number"));
            };
            let start = self.tape.at();
            self.next = (start + size).next_multiple_of(2);
            let name = header[..16].trim_ascii_end();
            match name {
                // Tables of symbols.
                b"/" | b"/SYM64/" | b"__.SYMDEF" | b"__.SYMDEF SORTED" => {}
                b"//" => {
                    if size > LONGEST_TABLE {
                        return Err(self.stopped("its table of names is too long"));
                    }
                    self.names = self.tape.read(size as usize)?;
                }
                [b'#', b'1', b'/', digits @ ..] => {
                    let length = number(digits).filter(|&len| len <= LONGEST_NAME.min(size));
                    let Some(length) = length else {
                        return Err(self.stopped("a name's length is wrong"));
                    };
                    let name = self.tape.read(length as usize)?;
                    let end = name.iter().position(|&byte| byte == 0);
                    let name = shown(&name[..end.unwrap_or(name.len())]);
                    return Ok(Some((name, size - length)));
                }
                [b'/', digits @ ..] if number(digits).is_some() => {
                    return Ok(Some((self.long_name(digits), size)));
                }
                name => {
                    let name = name.strip_suffix(b"/").unwrap_or(name);
                    return Ok(Some((shown(name), size)));
                }
            }
        }
    }

    fn long_name(&self, digits: &[u8]) -> String {
        let start = number(digits).unwrap_or(u64::MAX);
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let rest = self.names.get(start..).unwrap_or_default();
        let end = rest.iter().position(|&byte| byte == b'\n');
        let name = &rest[..end.unwrap_or(rest.len()).min(LONGEST_NAME as usize)];
        shown(name.strip_suffix(b"/").unwrap_or(name))
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.trim().parse().ok()
}

impl Reader for Members<'_> {
    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Problem> {
        if self.ended {
            return Ok(None);
        }
        match self.next_member().inspect_err(|_| self.ended = true)? {
            Some((name, size)) => Ok(Some(self.tape.member(name, size))),
            None => Ok(None),
        }
    }

    fn position(&self) -> u64 {
        self.tape.at()
    }
}
