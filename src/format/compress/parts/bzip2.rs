//! Blocks of bzip2. Nothing says where they are: each starts with 48 bits, at any bit, that come by chance once in 2^48. Each
//! becomes a stream of its own, whose sum is that of the block.

use std::io;
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::super::ahead::{Part, Parts};
use super::super::frames::other_bytes;
use super::damaged;
use crate::input::Bytes;

/// What a block starts with, and what follows the last one of a stream.
const BLOCK: u64 = 0x3141_5926_5359;
const END: u64 = 0x1772_4538_5090;
/// Bits of these, and of a sum.
const MAGIC: u64 = 48;
const SUM: u64 = 32;
/// Bytes after which a block must have ended: they hold 900 kB, which hardly grow.
const LONGEST: usize = 4 << 20;

/// Five bytes of each of the two, by how far they are shifted: those that lie within them wherever they start.
static MARKS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let shifted = |magic: u64| {
        (0..8).map(move |shift| {
            let bytes = (magic << (16 - shift)).to_be_bytes();
            [bytes[1], bytes[2], bytes[3], bytes[4], bytes[5]]
        })
    };
    AhoCorasick::new(shifted(BLOCK).chain(shifted(END))).expect("sixteen short patterns")
});

/// Parts streams into blocks.
#[derive(Default)]
pub(in super::super) struct Blocks {
    /// The next bit.
    at: u64,
    stream: Option<Stream>,
}

#[derive(Clone, Copy)]
struct Stream {
    /// Its largest block, in hundreds of thousands of bytes, as a digit.
    level: u8,
    /// The sum of the blocks so far.
    sum: u32,
}

impl Parts for Blocks {
    fn next(&mut self, all: &[u8]) -> io::Result<Option<Part>> {
        loop {
            let Some(stream) = &mut self.stream else {
                if !self.open(all)? {
                    return Ok(None);
                }
                continue;
            };
            let len = all.len() as u64 * 8;
            let sum = bits(all, self.at + MAGIC, SUM);
            let mark = bits(all, self.at, MAGIC);
            if let (Some(END), Some(sum)) = (mark, sum) {
                let is_right = sum == u64::from(stream.sum);
                self.stream = None;
                self.at = (self.at + MAGIC + SUM).next_multiple_of(8);
                if !is_right {
                    self.at = len;
                    return Err(damaged("the compressed data is damaged: its sum is wrong"));
                }
                continue;
            }
            let sum = sum.filter(|_| mark == Some(BLOCK));
            let block = sum.and_then(|sum| Some((sum, next_mark(all, self.at, *stream)?)));
            let level = stream.level;
            let start = self.at;
            // What is cut off or damaged goes up to the end: decoders say so.
            let (mut end, mut sum) = (len, None);
            if let Some(block) = block {
                stream.sum = stream.sum.rotate_left(1) ^ block.0 as u32;
                (sum, end) = (Some(block.0), block.1);
            } else {
                self.stream = None;
            }
            self.at = end;
            let alone = move |all: &Bytes| alone(all, level, start..end, sum);
            let end = usize::try_from(end.div_ceil(8)).unwrap_or(all.len());
            return Ok(Some(Part::made(Box::new(alone), end, None)));
        }
    }
}

impl Blocks {
    /// Starts the next stream, if there is one.
    fn open(&mut self, all: &[u8]) -> io::Result<bool> {
        let start = usize::try_from(self.at / 8).unwrap_or(all.len());
        let zeros = all[start..].iter().take_while(|byte| **byte == 0).count();
        self.at = all.len() as u64 * 8;
        match all[start + zeros..] {
            [] => Ok(false),
            [b'B', b'Z', b'h', level @ b'1'..=b'9', ..] => {
                self.at = (start + zeros + 4) as u64 * 8;
                self.stream = Some(Stream { level, sum: 0 });
                Ok(true)
            }
            _ => Err(other_bytes()),
        }
    }
}

/// Where the next block starts, or the stream ends, behind the start of a block.
fn next_mark(all: &[u8], block: u64, stream: Stream) -> Option<u64> {
    let from = usize::try_from((block + MAGIC) / 8).ok()?;
    let to = all.len().min(from + LONGEST);
    let mut start = from;
    while let Some(found) = MARKS.find(&all[start..to]) {
        let at = start + found.start();
        start = at + 1;
        let shift = u64::from(found.pattern().as_u32() % 8);
        let mark = (at as u64 * 8 + shift).checked_sub(8)?;
        let holds = match bits(all, mark, MAGIC) {
            // Its first row is one of those that it may have.
            Some(BLOCK) => {
                let row = bits(all, mark + MAGIC + SUM + 1, 24);
                row.is_some_and(|row| row <= u64::from(stream.level - b'0') * 100_000 + 10)
            }
            Some(END) => true,
            _ => false,
        };
        if holds && mark >= block + MAGIC {
            return Some(mark);
        }
    }
    None
}

/// So many bits, 57 at the most.
fn bits(all: &[u8], at: u64, count: u64) -> Option<u64> {
    let first = usize::try_from(at / 8).ok()?;
    let last = usize::try_from((at + count).div_ceil(8)).ok()?;
    let bytes = all.get(first..last)?;
    let value = bytes
        .iter()
        .fold(0, |value, byte| value << 8 | u64::from(*byte));
    let behind = last as u64 * 8 - (at + count);
    Some(value >> behind & ((1 << count) - 1))
}

/// Bits as a stream of their own, which ends with the sum of its block, if that is all of it.
fn alone(all: &[u8], level: u8, place: Range<u64>, sum: Option<u64>) -> Bytes {
    let shift = place.start % 8;
    let first = usize::try_from(place.start / 8).unwrap_or(all.len());
    let whole = usize::try_from((place.end - place.start) / 8).unwrap_or(0);
    let mut stream = Vec::with_capacity(whole + 16);
    stream.extend_from_slice(&[b'B', b'Z', b'h', level]);
    let bytes = &all[first..first + whole];
    if shift == 0 {
        stream.extend_from_slice(bytes);
    } else {
        let next = all[first + 1..].iter().chain(&[0]);
        let shifted = bytes.iter().zip(next);
        stream.extend(shifted.map(|(byte, next)| byte << shift | next >> (8 - shift)));
    }
    // What is less than a byte, and the end.
    let mut left = (place.end - place.start) % 8;
    let mut last = bits(all, place.end - left, left).unwrap_or(0);
    let mut push = |value: u64, count: u64| {
        for bit in (0..count).rev() {
            last = last << 1 | value >> bit & 1;
            left += 1;
            if left == 8 {
                stream.push(last as u8);
                (last, left) = (0, 0);
            }
        }
    };
    if let Some(sum) = sum {
        push(END, MAGIC);
        push(sum, SUM);
    }
    push(0, 7);
    stream.into()
}
