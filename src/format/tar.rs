//! tar archives: ustar, GNU and PAX; as streams, or as slices of a memory map.

use std::io::{self, Read};

use bytes::Bytes;
use tar::{EntryType, Header, PaxExtensions};

use super::{Format, Head, Likelihood, Member, Piece, ReadOptions, Reader};
use crate::error::Problem;
use crate::input::{Body, Rewound};

/// tar.
pub(super) struct Tar;

/// Bytes of a block; headers are one, and what is stored fills whole ones.
const BLOCK: u64 = 512;
/// Longest name or extended header that is read, in bytes.
const LONGEST_NAME: u64 = 1 << 20;

impl Format for Tar {
    fn name(&self) -> &'static str {
        "tar"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let block = head.bytes.get(..BLOCK as usize)?;
        if block.iter().all(|&byte| byte == 0) {
            return (head.extension() == "tar").then_some(Likelihood::Name);
        }
        is_header(block).then_some(Likelihood::Magic)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        _: &Head<'_>,
        _: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        let from = match body {
            Body::Blob(bytes) => From::Blob(bytes),
            Body::File(file) => From::Stream(Box::new(Rewound::new(file)?)),
            Body::Stream(stream) => From::Stream(stream),
        };
        Ok(Box::new(Entries {
            from,
            at: 0,
            next: 0,
            ended: false,
        }))
    }
}

/// Whether a block is a header: its sum is right, whatever its signature says.
fn is_header(block: &[u8]) -> bool {
    let Ok(bytes) = <&[u8; BLOCK as usize]>::try_from(block) else {
        return false;
    };
    let header = Header::from_byte_slice(bytes);
    let sum: u32 = bytes[..148]
        .iter()
        .chain(&bytes[156..])
        .map(|&byte| u32::from(byte))
        .sum();
    header.cksum().is_ok_and(|stated| stated == sum + 8 * 32)
}

/// Where the archive comes from.
enum From<'a> {
    Blob(Bytes),
    Stream(Box<dyn Read + Send + 'a>),
}

struct Entries<'a> {
    from: From<'a>,
    /// Bytes read.
    at: u64,
    /// Where the next header stands.
    next: u64,
    ended: bool,
}

impl Entries<'_> {
    /// Reads bytes; fewer where the archive ends before.
    fn read(&mut self, len: u64) -> io::Result<Bytes> {
        let bytes = match &mut self.from {
            From::Blob(all) => {
                let start = self.at.min(all.len() as u64) as usize;
                let end = (self.at + len).min(all.len() as u64) as usize;
                all.slice(start..end)
            }
            From::Stream(stream) => {
                let mut bytes = Vec::new();
                stream.take(len).read_to_end(&mut bytes)?;
                bytes.into()
            }
        };
        self.at += bytes.len() as u64;
        Ok(bytes)
    }

    /// Goes on to the next header; false where the archive ends before it.
    fn skip(&mut self) -> io::Result<bool> {
        let missing = self.next.saturating_sub(self.at);
        match &mut self.from {
            From::Blob(all) => {
                self.at = self.next;
                Ok(self.next <= all.len() as u64)
            }
            From::Stream(stream) => {
                let skipped = io::copy(&mut stream.take(missing), &mut io::sink())?;
                self.at += skipped;
                Ok(skipped == missing)
            }
        }
    }

    fn stopped(&mut self, reason: impl Into<String>) -> Problem {
        self.ended = true;
        Problem::lost(reason).at(self.at)
    }

    /// The next header of a member, its name and its size.
    fn next_member(&mut self) -> Result<Option<(Header, String, u64)>, Problem> {
        let (mut name, mut size) = (None, None);
        loop {
            let cut_off = "the archive is cut off";
            match self.skip() {
                Ok(true) => {}
                Ok(false) => return Err(self.stopped(cut_off)),
                Err(error) => return Err(self.stopped(format!("reading stopped: {error}"))),
            }
            let block = self
                .read(BLOCK)
                .map_err(|error| self.stopped(format!("reading stopped: {error}")))?;
            if block.is_empty() {
                self.ended = true;
                return Ok(None);
            }
            if block.len() < BLOCK as usize {
                return Err(self.stopped(cut_off));
            }
            if block.iter().all(|&byte| byte == 0) {
                // One block of zeros ends an archive; archives put one behind the other go on.
                self.next = self.at;
                continue;
            }
            if !is_header(&block) {
                return Err(self.stopped("here is no header; what follows is not read"));
            }
            let header = Header::from_byte_slice(
                <&[u8; BLOCK as usize]>::try_from(&block[..]).unwrap_or(&[0; BLOCK as usize]),
            )
            .clone();
            let stored = match size.take() {
                Some(size) => size,
                None => match header.entry_size() {
                    Ok(size) => size,
                    Err(_) => return Err(self.stopped("a member's size is no number")),
                },
            };
            let padded = stored.div_ceil(BLOCK).checked_mul(BLOCK);
            let Some(next) = padded.and_then(|padded| padded.checked_add(self.at)) else {
                return Err(self.stopped("a member's size is too large"));
            };
            self.next = next;
            match header.entry_type() {
                EntryType::GNULongName => name = Some(self.long_name(stored)?),
                EntryType::XHeader => {
                    let pax = self.extension(stored)?;
                    for extension in PaxExtensions::new(&pax).flatten() {
                        match extension.key_bytes() {
                            b"path" | b"GNU.sparse.name" => {
                                name = Some(shown(extension.value_bytes()));
                            }
                            b"size" => size = extension.value().ok().and_then(|v| v.parse().ok()),
                            _ => {}
                        }
                    }
                }
                EntryType::GNULongLink | EntryType::XGlobalHeader => {}
                EntryType::GNUSparse => {
                    self.skip_map(&header)?;
                    let name = name.take().unwrap_or_else(|| shown(&header.path_bytes()));
                    return Ok(Some((header, name, stored)));
                }
                _ => {
                    let name = name.take().unwrap_or_else(|| shown(&header.path_bytes()));
                    return Ok(Some((header, name, stored)));
                }
            }
        }
    }

    fn extension(&mut self, len: u64) -> Result<Bytes, Problem> {
        if len > LONGEST_NAME {
            return Err(self.stopped("an extended header is too long"));
        }
        self.read(len)
            .map_err(|error| self.stopped(format!("reading stopped: {error}")))
    }

    fn long_name(&mut self, len: u64) -> Result<String, Problem> {
        let bytes = self.extension(len)?;
        let end = bytes.iter().position(|&byte| byte == 0);
        Ok(shown(&bytes[..end.unwrap_or(bytes.len())]))
    }

    /// Skips the blocks that say where the holes of a sparse file are: what is stored is scanned, and holes hold nothing.
    fn skip_map(&mut self, header: &Header) -> Result<(), Problem> {
        let mut goes_on = header.as_gnu().is_some_and(tar::GnuHeader::is_extended);
        while goes_on {
            let block = self.extension(BLOCK)?;
            self.next += BLOCK;
            goes_on = block.get(504).is_some_and(|&flag| flag == 1);
        }
        Ok(())
    }
}

fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

impl Reader for Entries<'_> {
    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Problem> {
        while !self.ended {
            let Some((header, name, size)) = self.next_member()? else {
                return Ok(None);
            };
            let kind = header.entry_type();
            // Folders and links hold nothing themselves; devices and pipes are never opened.
            let is_file = kind.is_file() || kind.is_contiguous() || kind == EntryType::GNUSparse;
            if !is_file || name.ends_with('/') && size == 0 {
                continue;
            }
            let body = match &mut self.from {
                From::Blob(all) if self.at + size <= all.len() as u64 => {
                    let start = self.at as usize;
                    Body::Blob(all.slice(start..start + size as usize))
                }
                From::Blob(all) => {
                    let rest = all.slice(self.at.min(all.len() as u64) as usize..);
                    Body::Stream(Box::new(Stored {
                        left: size,
                        at: None,
                        inner: io::Cursor::new(rest),
                    }))
                }
                From::Stream(stream) => Body::Stream(Box::new(Stored {
                    left: size,
                    at: Some(&mut self.at),
                    inner: stream,
                })),
            };
            return Ok(Some(Piece::Member(Member { name, body })));
        }
        Ok(None)
    }

    fn position(&self) -> u64 {
        self.at
    }
}

/// What is stored of a member; where the archive ends before, that is an error and no end.
struct Stored<'r, R> {
    left: u64,
    /// Where the archive's reader stands.
    at: Option<&'r mut u64>,
    inner: R,
}

impl<R: Read> Read for Stored<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer
            .len()
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if most == 0 {
            return Ok(0);
        }
        let read = self.inner.read(&mut buffer[..most])?;
        if read == 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the archive is cut off here",
            ));
        }
        self.left -= read as u64;
        if let Some(at) = &mut self.at {
            **at += read as u64;
        }
        Ok(read)
    }
}
