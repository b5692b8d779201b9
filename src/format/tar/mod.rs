//! tar archives: V7, ustar, GNU and PAX; as streams, or as slices of a memory map.
//!
//! Folders and links hold nothing themselves and give no piece: what a link leads to is a member of its own. Devices and pipes
//! are never made.

mod pax;
mod sparse;

use bytes::Bytes;
use tar::{EntryType, Header};

use super::tape::{Part, Tape, shown};
use super::{Format, Head, Likelihood, Member, Piece, ReadOptions, Reader};
use crate::error::Problem;
use crate::input::limits::{Bounded, Stored};
use crate::input::{Body, Budget, Limits};
use pax::Extended;
use sparse::{Map, Sparse};

/// tar.
pub(super) struct Tar;

/// Bytes of a block; headers are one, and what is stored fills whole ones.
const BLOCK: usize = 512;
/// Longest name or extended header that is read, in bytes.
const LONGEST_NAME: u64 = 1 << 20;

impl Format for Tar {
    fn name(&self) -> &'static str {
        "tar"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let block = head.bytes.get(..BLOCK)?;
        if block.iter().all(|&byte| byte == 0) {
            return (head.extension() == "tar").then_some(Likelihood::Name);
        }
        header_of(block).map(|_| Likelihood::Magic)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        Ok(Box::new(Entries {
            tape: Tape::new(body),
            next: 0,
            ended: false,
            limits: options.limits,
            budget: head.budget.clone(),
        }))
    }
}

/// The header in a block, whose sum must be right, whatever its signature says.
fn header_of(block: &[u8]) -> Option<&Header> {
    let bytes: &[u8; BLOCK] = block.try_into().ok()?;
    let header = Header::from_byte_slice(bytes);
    let others = || bytes[..148].iter().chain(&bytes[156..]);
    let sum: u32 = others().map(|&byte| u32::from(byte)).sum::<u32>() + 8 * 32;
    // Old programs took bytes for signed numbers.
    let signed: i64 = others()
        .map(|&byte| i64::from(byte.cast_signed()))
        .sum::<i64>()
        + 8 * 32;
    let stated = header.cksum().ok()?;
    (stated == sum || i64::from(stated) == signed).then_some(header)
}

struct Entries<'a> {
    tape: Tape<'a>,
    /// Where the next header stands.
    next: u64,
    ended: bool,
    limits: Limits,
    budget: Budget,
}

/// A member's header and what was said before it.
struct Found {
    name: String,
    /// Bytes stored of it.
    size: u64,
    kind: EntryType,
    /// Where its stored bytes belong, if it has holes.
    map: Option<Map>,
}

impl Entries<'_> {
    fn stopped(&mut self, reason: impl Into<String>) -> Problem {
        self.ended = true;
        Problem::lost(reason).at(self.tape.at())
    }

    /// The next header that isn't empty; none at the end.
    fn next_header(&mut self) -> Result<Option<Header>, Problem> {
        loop {
            if !self.tape.skip_to(self.next)? {
                return Err(self.stopped("the archive is cut off"));
            }
            let block = self.tape.read(BLOCK)?;
            if block.is_empty() {
                return Ok(None);
            }
            if block.iter().all(|&byte| byte == 0) {
                // Blocks of zeros end an archive; archives put one behind the other go on.
                self.next = self.tape.at();
                continue;
            }
            if block.len() < BLOCK {
                return Err(self.stopped("the archive is cut off"));
            }
            return match header_of(&block) {
                Some(header) => Ok(Some(header.clone())),
                None => Err(self.stopped("here is no header; what follows is not read")),
            };
        }
    }

    /// The next member.
    fn next_member(&mut self) -> Result<Option<Found>, Problem> {
        let mut name = None;
        let mut extended = Extended::default();
        while let Some(header) = self.next_header()? {
            let Some(size) = extended.size.or(header.entry_size().ok()) else {
                return Err(self.stopped("a member's size is no number"));
            };
            let end = size
                .checked_next_multiple_of(BLOCK as u64)
                .and_then(|padded| padded.checked_add(self.tape.at()));
            let Some(end) = end else {
                return Err(self.stopped("a member's size is too large"));
            };
            self.next = end;
            match header.entry_type() {
                EntryType::GNULongName => name = Some(self.long_name(size)?),
                EntryType::XHeader => extended.read(&self.extension(size)?),
                EntryType::GNULongLink | EntryType::XGlobalHeader => {}
                kind => {
                    let map = self.map(&header, &mut extended, size)?;
                    let named = extended.name.take().or(name.take());
                    return Ok(Some(Found {
                        name: named.unwrap_or_else(|| shown(&header.path_bytes())),
                        size: self.next_stored(size, end),
                        kind,
                        map,
                    }));
                }
            }
        }
        self.ended = true;
        Ok(None)
    }

    /// What of a member's `size` bytes, the last of which stands before `end`, is still to come.
    fn next_stored(&self, size: u64, end: u64) -> u64 {
        let start = end - size.next_multiple_of(BLOCK as u64);
        // A map of holes may stand before the bytes and count as stored; blocks of GNU's old one don't.
        if self.next == end {
            size.saturating_sub(self.tape.at().saturating_sub(start))
        } else {
            size
        }
    }

    fn map(
        &mut self,
        header: &Header,
        extended: &mut Extended,
        size: u64,
    ) -> Result<Option<Map>, Problem> {
        if header.entry_type() == EntryType::GNUSparse {
            let mut map = Map::of_header(header);
            let mut goes_on = header.as_gnu().is_some_and(tar::GnuHeader::is_extended);
            while goes_on {
                let block = self.extension(BLOCK as u64)?;
                self.next = self.next.saturating_add(BLOCK as u64);
                goes_on = map.add_block(&block);
            }
            return Ok(Some(map));
        }
        if !extended.map_is_in_front {
            return Ok(extended.map.take());
        }
        let tape = &mut self.tape;
        let end = tape.at().saturating_add(size.min(LONGEST_NAME * 16));
        let real = extended.real_size;
        let map = sparse::read_map(real, || {
            if tape.at() < end {
                tape.read(BLOCK)
            } else {
                Ok(Bytes::new())
            }
        })?;
        match map {
            Some(map) => Ok(Some(map)),
            None => Err(self.stopped("the map of a sparse file is damaged")),
        }
    }

    fn extension(&mut self, len: u64) -> Result<Bytes, Problem> {
        if len > LONGEST_NAME {
            return Err(self.stopped("an extended header is too long"));
        }
        self.tape.read(len as usize)
    }

    fn long_name(&mut self, len: u64) -> Result<String, Problem> {
        let bytes = self.extension(len)?;
        let end = bytes.iter().position(|&byte| byte == 0);
        Ok(shown(&bytes[..end.unwrap_or(bytes.len())]))
    }
}

impl Reader for Entries<'_> {
    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Problem> {
        while !self.ended {
            let found = self.next_member().inspect_err(|_| self.ended = true)?;
            let Some(Found {
                name,
                size,
                kind,
                map,
            }) = found
            else {
                return Ok(None);
            };
            let is_file = kind.is_file() || kind.is_contiguous() || kind == EntryType::GNUSparse;
            // Before there were types, a slash at the end made a folder.
            if !is_file || name.ends_with('/') && size == 0 {
                continue;
            }
            let Some(map) = map else {
                return Ok(Some(self.tape.member(name, size)));
            };
            let (limits, budget) = (self.limits, self.budget.clone());
            let part = match self.tape.part(size) {
                Part::Own(body) => {
                    let body = Sparse::new(body, map);
                    let stream = Bounded::new(body, limits, budget, Stored::Bytes(size));
                    Piece::Apart(Member {
                        name,
                        size: None,
                        body: Body::Stream(Box::new(stream)),
                    })
                }
                Part::Lent(stream) => {
                    let body = Sparse::new(Body::Stream(stream), map);
                    let stream = Bounded::new(body, limits, budget, Stored::Bytes(size));
                    Piece::Member(Member {
                        name,
                        size: None,
                        body: Body::Stream(Box::new(stream)),
                    })
                }
            };
            return Ok(Some(part));
        }
        Ok(None)
    }

    fn position(&self) -> u64 {
        self.tape.at()
    }
}
