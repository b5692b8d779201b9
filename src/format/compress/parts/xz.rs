//! Blocks of xz that say how long they are, as those do that were packed on many threads (The .xz File Format 1.2.1,
//! section 3). Each becomes a stream of its own, with an index of one block.

use std::io;

use super::super::ahead::{Part, Parts};
use super::super::frames::other_bytes;
use super::damaged;
use crate::input::Bytes;

/// Parts streams into blocks.
#[derive(Default)]
pub(in super::super) struct Blocks {
    at: usize,
    stream: Option<Stream>,
}

struct Stream {
    start: usize,
    header: [u8; HEADER],
    blocks: Vec<Block>,
}

/// What the index says of a block, in bytes.
#[derive(Clone, Copy)]
struct Block {
    /// What it takes, without padding.
    unpadded: u64,
    /// What it becomes.
    size: u64,
}

const MAGIC: &[u8] = b"\xfd7zXZ\0";
const HEADER: usize = 12;
/// What blocks, indexes and padding are multiples of.
const ALIGNED: usize = 4;
/// Bytes of a check, by its kind.
const CHECKS: [u8; 16] = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];

impl Parts for Blocks {
    fn next(&mut self, all: &[u8]) -> io::Result<Option<Part>> {
        loop {
            let Some(stream) = &mut self.stream else {
                if !self.open(all)? {
                    return Ok(None);
                }
                continue;
            };
            let bytes = &all[self.at..];
            if bytes.first() == Some(&0) {
                let ends = stream.end();
                if !bytes.starts_with(&ends) {
                    self.at = all.len();
                    return Err(if ends.starts_with(bytes) {
                        io::ErrorKind::UnexpectedEof.into()
                    } else {
                        damaged("the index of the compressed data is damaged")
                    });
                }
                self.at += ends.len();
                self.stream = None;
                continue;
            }
            let start = self.at;
            let Some((block, len)) = block(bytes, stream.header[7]) else {
                // It doesn't say how long it is, or is cut off: its stream is read in one, from its start, for its index
                // tells of all blocks.
                self.at = all.len();
                let known = stream.blocks.iter().map(|block| block.size).sum();
                let rest = Part::rest(stream.start, all.len());
                self.stream = None;
                return Ok(Some(rest.behind(known)));
            };
            stream.blocks.push(block);
            self.at += len;
            let (header, place) = (stream.header, start..self.at);
            let alone = move |all: &Bytes| {
                let blocks = vec![block];
                let stream = Stream {
                    start: 0,
                    header,
                    blocks,
                };
                [&header, &all[place], &stream.end()[..]].concat().into()
            };
            return Ok(Some(Part::made(Box::new(alone), self.at, Some(block.size))));
        }
    }
}

impl Blocks {
    /// Starts the next stream, if there is one.
    fn open(&mut self, all: &[u8]) -> io::Result<bool> {
        let zeros = all[self.at..].iter().take_while(|byte| **byte == 0).count();
        let start = self.at + zeros;
        self.at = all.len();
        if start == all.len() && zeros.is_multiple_of(ALIGNED) {
            return Ok(false);
        }
        let header = all[start..].first_chunk::<HEADER>();
        let header = header.filter(|header| header.starts_with(MAGIC));
        let (Some(header), true) = (header, zeros.is_multiple_of(ALIGNED)) else {
            return Err(other_bytes());
        };
        self.at = start + HEADER;
        self.stream = Some(Stream {
            start,
            header: *header,
            blocks: Vec::new(),
        });
        Ok(true)
    }
}

impl Stream {
    /// The index and the footer.
    fn end(&self) -> Vec<u8> {
        let mut end = vec![0];
        number(&mut end, self.blocks.len() as u64);
        for block in &self.blocks {
            number(&mut end, block.unpadded);
            number(&mut end, block.size);
        }
        end.resize(end.len().next_multiple_of(ALIGNED), 0);
        end.extend_from_slice(&sum(&end));
        let quarters = u32::try_from(end.len() / ALIGNED - 1).unwrap_or(u32::MAX);
        let mut fields = quarters.to_le_bytes().to_vec();
        fields.extend_from_slice(&self.header[6..8]);
        end.extend_from_slice(&sum(&fields));
        end.extend_from_slice(&fields);
        end.extend_from_slice(b"YZ");
        end
    }
}

fn sum(bytes: &[u8]) -> [u8; 4] {
    let mut sum = flate2::Crc::new();
    sum.update(bytes);
    sum.sum().to_le_bytes()
}

fn number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A block that says how long it is, with its length, padding included.
fn block(bytes: &[u8], check: u8) -> Option<(Block, usize)> {
    let header = (usize::from(*bytes.first()?) + 1) * ALIGNED;
    // Both sizes are there.
    if bytes.get(1)? & 0xc0 != 0xc0 {
        return None;
    }
    let mut fields = bytes.get(2..header)?;
    let packed = take_number(&mut fields)?;
    let size = take_number(&mut fields)?;
    let check = u64::from(CHECKS[usize::from(check & 15)]);
    let unpadded = (header as u64).checked_add(packed)?.checked_add(check)?;
    let len = unpadded.checked_next_multiple_of(ALIGNED as u64)?;
    let len = usize::try_from(len)
        .ok()
        .filter(|len| *len <= bytes.len())?;
    Some((Block { unpadded, size }, len))
}

fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..63).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Some(value);
        }
    }
    None
}
