//! cpio archives, in all their headers: new ASCII (with or without sums), portable ASCII, and binary in either byte order.
//! And rpm packages, which are one such archive, compressed, behind two tables.

use super::tape::{Tape, shown};
use super::{Format, Head, Likelihood, Piece, ReadOptions, Reader};
use crate::error::Problem;
use crate::input::Body;

/// cpio.
pub(super) struct Cpio;

/// rpm.
pub(super) struct Rpm;

/// Longest name that is read, in bytes.
const LONGEST_NAME: u64 = 64 << 10;
/// The name behind the last member.
const TRAILER: &str = "TRAILER!!!";

impl Format for Cpio {
    fn name(&self) -> &'static str {
        "cpio"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let kind = Kind::of(head.bytes)?;
        let header = kind.header(head.bytes.get(..kind.len())?)?;
        let is_sound = (1..=LONGEST_NAME).contains(&header.name_len);
        is_sound.then_some(Likelihood::Magic)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        _: &Head<'_>,
        _: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        Ok(Box::new(Members {
            tape: Tape::new(body),
            next: 0,
            trailed: false,
            ended: false,
        }))
    }
}

/// A kind of header.
#[derive(Clone, Copy)]
enum Kind {
    New,
    Portable,
    Binary { big: bool },
}

/// What a header says.
struct Header {
    mode: u64,
    name_len: u64,
    size: u64,
}

impl Kind {
    fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [b'0', b'7', b'0', b'7', b'0', b'1' | b'2', ..] => Some(Self::New),
            [b'0', b'7', b'0', b'7', b'0', b'7', ..] => Some(Self::Portable),
            [0xc7, 0x71, ..] => Some(Self::Binary { big: false }),
            [0x71, 0xc7, ..] => Some(Self::Binary { big: true }),
            _ => None,
        }
    }

    fn len(self) -> usize {
        match self {
            Self::New => 110,
            Self::Portable => 76,
            Self::Binary { .. } => 26,
        }
    }

    /// To a multiple of this, name and bytes are filled up.
    fn align(self) -> u64 {
        match self {
            Self::New => 4,
            Self::Portable => 1,
            Self::Binary { .. } => 2,
        }
    }

    fn header(self, bytes: &[u8]) -> Option<Header> {
        let text = |start: usize, len: usize, radix| {
            let field = bytes.get(start..start + len)?;
            u64::from_str_radix(std::str::from_utf8(field).ok()?, radix).ok()
        };
        let word = |big: bool, at: usize| {
            let field = *bytes.get(2 * at..)?.first_chunk()?;
            let little = u16::from_le_bytes(field);
            Some(u64::from(if big { little.swap_bytes() } else { little }))
        };
        Some(match self {
            Self::New => Header {
                mode: text(14, 8, 16)?,
                name_len: text(94, 8, 16)?,
                size: text(54, 8, 16)?,
            },
            Self::Portable => Header {
                mode: text(18, 6, 8)?,
                name_len: text(59, 6, 8)?,
                size: text(65, 11, 8)?,
            },
            // The more significant half stands first, whatever the byte order.
            Self::Binary { big } => Header {
                mode: word(big, 3)?,
                name_len: word(big, 10)?,
                size: word(big, 11)? << 16 | word(big, 12)?,
            },
        })
    }
}

struct Members<'a> {
    tape: Tape<'a>,
    next: u64,
    /// Whether an archive has ended; another may follow.
    trailed: bool,
    ended: bool,
}

impl Members<'_> {
    fn stopped(&mut self, reason: &str) -> Problem {
        self.ended = true;
        Problem::lost(reason).at(self.tape.at())
    }

    /// The kind and the first bytes of the next header; none at the end.
    fn next_header(&mut self) -> Result<Option<(Kind, Header)>, Problem> {
        if !self.tape.skip_to(self.next)? {
            return Err(self.stopped("the archive is cut off"));
        }
        let mut start = self.tape.read(2)?;
        // Archives are filled up with zeros to whole blocks.
        while self.trailed && !start.is_empty() && start.iter().all(|&byte| byte == 0) {
            start = self.tape.read(2)?;
        }
        if start.is_empty() {
            return if self.trailed {
                Ok(None)
            } else {
                Err(self.stopped("the archive is cut off"))
            };
        }
        let mut bytes = start.to_vec();
        if bytes == b"07" {
            bytes.extend_from_slice(&self.tape.read(4)?);
        }
        let Some(kind) = Kind::of(&bytes) else {
            return Err(self.stopped("here is no header; what follows is not read"));
        };
        bytes.extend_from_slice(&self.tape.read(kind.len() - bytes.len())?);
        match kind.header(&bytes) {
            Some(header) => Ok(Some((kind, header))),
            None => Err(self.stopped("a header is damaged; what follows is not read")),
        }
    }

    /// The name and size of the next file; none at the end.
    fn next_member(&mut self) -> Result<Option<(String, u64)>, Problem> {
        loop {
            let start = self.next;
            let Some((kind, header)) = self.next_header()? else {
                return Ok(None);
            };
            let start = if self.trailed {
                self.tape.at() - kind.len() as u64
            } else {
                start
            };
            self.trailed = false;
            if header.name_len > LONGEST_NAME {
                return Err(self.stopped("a name is too long"));
            }
            let name = self.tape.read(header.name_len as usize)?;
            let name = shown(name.strip_suffix(b"\0").unwrap_or(&name));
            let padded = |end: u64| start + (end - start).next_multiple_of(kind.align());
            let data = padded(self.tape.at());
            if !self.tape.skip_to(data)? {
                return Err(self.stopped("the archive is cut off"));
            }
            self.next = padded(data + header.size);
            if name == TRAILER {
                self.trailed = true;
            } else if header.mode & 0o170_000 == 0o100_000 {
                return Ok(Some((name, header.size)));
            }
        }
    }
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

impl Format for Rpm {
    fn name(&self) -> &'static str {
        "rpm"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let is_rpm = head.bytes.starts_with(b"\xed\xab\xee\xdb");
        is_rpm.then_some(Likelihood::Magic)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        _: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        let mut tape = Tape::new(body);
        let payload = payload(&mut tape);
        let payload = payload.map_err(|problem| Problem::failed(problem.to_string()))?;
        Ok(Box::new(Package {
            size: head.len.map(|len| len.saturating_sub(payload)),
            tape,
            done: false,
        }))
    }
}

/// Where the payload starts: behind a lead, a table of signatures and one of facts.
fn payload(tape: &mut Tape<'_>) -> Result<u64, Problem> {
    let mut at = 96;
    for align in [8, 1] {
        tape.skip_to(at)?;
        let table = tape.read(16)?;
        if table.len() < 16 || !table.starts_with(b"\x8e\xad\xe8") {
            return Err(Problem::failed("its tables are damaged").at(at));
        }
        let number = |at: usize| {
            let bytes = table[at..].first_chunk().copied().unwrap_or_default();
            u64::from(u32::from_be_bytes(bytes))
        };
        at = (at + 16 + number(8) * 16 + number(12)).next_multiple_of(align);
    }
    if tape.skip_to(at)? {
        Ok(at)
    } else {
        Err(Problem::failed("the package is cut off").at(at))
    }
}

struct Package<'a> {
    tape: Tape<'a>,
    size: Option<u64>,
    done: bool,
}

impl Reader for Package<'_> {
    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Problem> {
        if std::mem::replace(&mut self.done, true) {
            return Ok(None);
        }
        let name = "payload".to_owned();
        Ok(Some(match self.size {
            Some(size) => self.tape.member(name, size),
            None => self.tape.rest(name),
        }))
    }

    fn position(&self) -> u64 {
        self.tape.at()
    }
}
