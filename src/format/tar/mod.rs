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
/// Blocks of zeros that end an archive.
const AT_END: u32 = 2;
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
            behind_link: None,
            zeros: 0,
            ended: false,
            limits: options.limits,
            budget: head.budget.clone(),
        }))
    }
}

/// Whether what a header stands for holds no bytes itself, whatever it says: links, devices, pipes, folders, the names of tapes.
fn holds_nothing(kind: EntryType) -> bool {
    matches!(kind.as_byte(), b'1'..=b'6' | b'V')
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
    /// Where it stands if the link before has bytes of its own, as only some programs write it.
    behind_link: Option<u64>,
    /// Blocks of zeros since the last header.
    zeros: u32,
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
                self.zeros = self.zeros.saturating_add(1);
                continue;
            }
            if let Some(header) = header_of(&block) {
                self.behind_link = None;
                self.zeros = 0;
                return Ok(Some(header.clone()));
            }
            if let Some(next) = self.behind_link.take()
                && next >= self.tape.at()
            {
                self.next = next;
                self.zeros = 0;
                continue;
            }
            let at = self.tape.at() - block.len() as u64;
            let is_end = self.zeros >= AT_END
                || self.zeros > 0 && (block.len() < BLOCK || self.tape.read(1)?.is_empty());
            if is_end {
                self.ended = true;
                let reason = "what stands behind the end of the archive is not read";
                return Err(Problem::note(reason).at(at));
            }
            let reason = if block.len() < BLOCK {
                "the archive is cut off"
            } else {
                "here is no header; what follows is not read"
            };
            return Err(self.stopped(reason));
        }
    }

    /// The next member.
    fn next_member(&mut self) -> Result<Option<Found>, Problem> {
        let mut name = None;
        let mut extended = Extended::default();
        while let Some(header) = self.next_header()? {
            let holds_nothing = holds_nothing(header.entry_type());
            let stated = header.entry_size().ok();
            let stated = stated.or(holds_nothing.then_some(0));
            let Some(size) = extended.size.or(stated) else {
                return Err(self.stopped("a member's size is no number"));
            };
            let end = size
                .checked_next_multiple_of(BLOCK as u64)
                .and_then(|padded| padded.checked_add(self.tape.at()));
            let Some(end) = end else {
                return Err(self.stopped("a member's size is too large"));
            };
            self.next = end;
            // Old programs state the size of what a link leads to; only what extended headers say is sure.
            if holds_nothing && extended.size.is_none() && size > 0 {
                self.behind_link = Some(end);
                self.next = self.tape.at();
            }
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

#[cfg(test)]
mod tests {
    use super::super::taken::take;
    use super::*;

    fn header(kind: u8, name: &str, size: &str) -> Vec<u8> {
        let mut block = vec![0; BLOCK];
        block[..name.len()].copy_from_slice(name.as_bytes());
        block[124..124 + size.len()].copy_from_slice(size.as_bytes());
        block[156] = kind;
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        block
    }

    fn block(text: &[u8]) -> Vec<u8> {
        let mut block = text.to_vec();
        block.resize(BLOCK, 0);
        block
    }

    /// The names of members, and why not all is read.
    fn read(parts: &[&[u8]]) -> (Vec<String>, Vec<String>) {
        let taken = take("a.tar", &parts.concat());
        assert_eq!(taken.format, Some("tar"));
        (taken.members, taken.problems)
    }

    #[test]
    fn names_of_tapes_and_links_hold_nothing() {
        let (file, data) = (header(b'0', "a", "3"), block(b"abc"));
        let end = vec![0; 2 * BLOCK];
        let label = header(b'V', "label", "");
        let expected = (vec!["a".to_owned()], Vec::new());
        assert_eq!(read(&[&label, &file, &data, &end]), expected);
        for kind in [b'1', b'2'] {
            let link = header(kind, "link", "2000");
            assert_eq!(read(&[&link, &file, &data, &end]), expected);
            assert_eq!(read(&[&file, &data, &link]), expected);
            assert_eq!(read(&[&file, &data, &link, &end]), expected);
            // Some programs store the bytes with it.
            let stored = data.repeat(2);
            assert_eq!(read(&[&link, &stored, &file, &data, &end]), expected);
        }
    }

    #[test]
    fn what_stands_behind_the_end_is_named() {
        let (file, data) = (header(b'0', "a", "3"), block(b"abc"));
        let zeros = vec![0; BLOCK];
        let behind = "what stands behind the end of the archive is not read";
        for parts in [
            &[&zeros[..], &zeros, b"more"][..],
            &[&zeros, &zeros, &data, &data],
            &[&zeros, &data],
        ] {
            let all = [&[&file[..], &data], parts].concat();
            assert_eq!(read(&all).1, [behind], "{}", parts.len());
        }
        let lone = read(&[&file, &data, &zeros, &data, &data]).1;
        assert_eq!(lone, ["here is no header; what follows is not read"]);
        let cut = read(&[&file, &data, &file[..100]]).1;
        assert_eq!(cut, ["the archive is cut off"]);
    }
}
