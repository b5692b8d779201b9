//! Sparse members: only what lies between holes is stored; here the holes are filled with zeros again, so that offsets are
//! those of the file that was archived.

use std::io::{self, Read};

use bytes::Bytes;
use tar::Header;

use crate::error::Problem;
use crate::input::Body;

/// Stretches of a map, at the most; more are a lie.
const MOST: usize = 1 << 20;

/// Where stored bytes belong: stretches in the order in which they are stored, and how long the file is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Map {
    stretches: Vec<(u64, u64)>,
    size: u64,
}

impl Map {
    /// The map in a header of GNU's own kind.
    pub(super) fn of_header(header: &Header) -> Self {
        let mut map = Self::default();
        if let Some(gnu) = header.as_gnu() {
            for stretch in &gnu.sparse {
                if let (Ok(start), Ok(len)) = (stretch.offset(), stretch.length()) {
                    map.add(start, len);
                }
            }
            map.size = gnu.real_size().unwrap_or(0);
        }
        map
    }

    /// Adds what a further block of such a header says; whether there is one more.
    pub(super) fn add_block(&mut self, block: &[u8]) -> bool {
        let Ok(block) = <&[u8; 512]>::try_from(block) else {
            return false;
        };
        for field in block[..504].chunks_exact(24) {
            if let (Some(start), Some(len)) = (octal(&field[..12]), octal(&field[12..])) {
                self.add(start, len);
            }
        }
        block[504] != 0
    }

    /// A map as `offset,length,offset,length`.
    pub(super) fn of_list(list: &[u8]) -> Self {
        let mut map = Self::default();
        let mut numbers = list
            .split(|&byte| byte == b',')
            .map_while(|number| std::str::from_utf8(number).ok()?.parse().ok());
        while let (Some(start), Some(len)) = (numbers.next(), numbers.next()) {
            map.add(start, len);
        }
        map
    }

    pub(super) fn add(&mut self, start: u64, len: u64) {
        if self.stretches.len() < MOST && (len > 0 || start > 0) {
            self.stretches.push((start, len));
        }
    }

    pub(super) fn set_size(&mut self, size: u64) {
        self.size = size;
    }
}

fn octal(field: &[u8]) -> Option<u64> {
    // The highest bit says that the rest is one large number.
    if let [0x80, rest @ ..] = field {
        let (high, low) = rest.split_at(rest.len() - 8);
        let value = low.try_into().map(u64::from_be_bytes).ok();
        return value.filter(|_| high.iter().all(|&byte| byte == 0));
    }
    let text = std::str::from_utf8(field).ok()?;
    let text = text.trim_matches(['\0', ' ']);
    u64::from_str_radix(text, 8).ok()
}

/// The map in front of a member's bytes: numbers, one a line, in whole blocks. None where it is no such thing.
pub(super) fn read_map(
    size: u64,
    mut next_block: impl FnMut() -> Result<Bytes, Problem>,
) -> Result<Option<Map>, Problem> {
    let mut text = Vec::new();
    let mut from = 0;
    let mut numbers: Vec<u64> = Vec::new();
    loop {
        let wanted = numbers.first().map(|&count| count.saturating_mul(2));
        if wanted.is_some_and(|wanted| numbers.len() as u64 > wanted) {
            break;
        }
        let Some(end) = memchr::memchr(b'\n', &text[from..]) else {
            let block = next_block()?;
            if block.is_empty() || text.len() - from > 64 {
                return Ok(None);
            }
            text.extend_from_slice(&block);
            continue;
        };
        let number = std::str::from_utf8(&text[from..from + end]).ok();
        match number.and_then(|number| number.parse().ok()) {
            Some(number) if numbers.len() <= 2 * MOST => numbers.push(number),
            _ => return Ok(None),
        }
        from += end + 1;
    }
    let mut map = Map::default();
    for pair in numbers[1..].chunks_exact(2) {
        map.add(pair[0], pair[1]);
    }
    map.set_size(size);
    Ok(Some(map))
}

/// A sparse member with its holes.
pub(super) struct Sparse<'a> {
    stored: Box<dyn Read + Send + 'a>,
    stretches: std::vec::IntoIter<(u64, u64)>,
    /// What is left of the stretch at hand.
    current: Option<(u64, u64)>,
    at: u64,
    size: u64,
}

impl<'a> Sparse<'a> {
    pub(super) fn new(stored: Body<'a>, map: Map) -> Self {
        let stored: Box<dyn Read + Send + 'a> = match stored {
            Body::Blob(bytes) => Box::new(io::Cursor::new(bytes)),
            Body::File(file) => Box::new(file),
            Body::Stream(stream) => stream,
        };
        Self {
            stored,
            stretches: map.stretches.into_iter(),
            current: None,
            at: 0,
            size: map.size,
        }
    }
}

impl Read for Sparse<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let limit = |left: u64| {
            buffer
                .len()
                .min(usize::try_from(left).unwrap_or(usize::MAX))
        };
        let (start, len) = loop {
            match self.current {
                Some((_, 0)) | None => match self.stretches.next() {
                    Some(next) => self.current = Some(next),
                    None => break (self.size, 0),
                },
                Some(stretch) => break stretch,
            }
        };
        if start > self.at {
            let most = limit(start - self.at);
            buffer[..most].fill(0);
            self.at += most as u64;
            return Ok(most);
        }
        if len == 0 {
            return Ok(0);
        }
        let most = limit(len);
        let read = self.stored.read(&mut buffer[..most])?;
        self.at += read as u64;
        // A stretch that starts before the one in front of it ends (which is damage) is put behind that.
        self.current = (read > 0).then_some((start + read as u64, len - read as u64));
        if read == 0 && most > 0 {
            self.stretches = Vec::new().into_iter();
            self.size = self.at;
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(map: Map, stored: &'static [u8]) -> Vec<u8> {
        let body = Body::Blob(Bytes::from_static(stored));
        let mut out = Vec::new();
        Sparse::new(body, map).read_to_end(&mut out).unwrap();
        out
    }

    #[test]
    fn holes_are_zeros() {
        let mut map = Map::of_list(b"2,3,7,1");
        map.set_size(10);
        assert_eq!(filled(map, b"abcd"), b"\0\0abc\0\0d\0\0");
        let mut lying = Map::of_list(b"18446744073709551615,9,0,5");
        lying.set_size(3);
        assert!(lying.stretches.len() == 2);
        assert_eq!(filled(Map::of_list(b"0,9"), b"abc"), b"abc");
    }

    #[test]
    fn a_map_in_front_is_read_block_by_block() {
        let mut blocks = vec![
            Bytes::from_static(b"5\n9\n1\n"),
            Bytes::from_static(b"2\n1\n1"),
        ];
        let map = read_map(30, || Ok(blocks.pop().unwrap_or_default()))
            .unwrap()
            .unwrap();
        assert_eq!(map.stretches, [(1, 15), (9, 1)]);
        assert_eq!(
            read_map(1, || Ok(Bytes::from_static(b"x\n"))).unwrap(),
            None
        );
        assert_eq!(read_map(1, || Ok(Bytes::new())).unwrap(), None);
    }
}
