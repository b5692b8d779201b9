//! Cuts a body of text into blocks that end between records.
//!
//! A [`Source`] shows a window of the text that is still to come; a format says where in it a record ends, and takes a
//! block up to there. Of a blob the window is all that is left and blocks are slices; a file or stream is read in steps. An
//! encoding that can't be cut as stored is decoded on the way.

use std::fs::File;
use std::io::{self, Read};

use bytes::Bytes;

use super::Body;
use super::charset::Charset;
use super::encoding::{Decoded, decode, decode_pieces, decodes_first};
use crate::error::Problem;
use crate::format::{OffsetMap, OffsetPiece};

/// Bytes read at a time.
const STEP: usize = 1 << 20;
/// A record longer than this is cut, in bytes: what bounds memory, whatever the input.
pub const LONGEST_RECORD: usize = 64 << 20;
/// How far such a cut goes back for a place between words.
const BETWEEN_WORDS: usize = 4096;

/// The text of an input that is still to come.
pub struct Source<'a> {
    feed: Feed<'a>,
    encoding: Charset,
    /// Where the window starts in the stored input.
    position: u64,
}

enum Feed<'a> {
    Blob(Bytes),
    Stream(Stream<'a>),
    Decoded {
        stream: Stream<'a>,
        text: Vec<u8>,
        pieces: Vec<OffsetPiece>,
        from: u64,
    },
}

/// Bytes read and not taken.
struct Stream<'a> {
    read: Box<dyn Read + Send + 'a>,
    buffer: Vec<u8>,
    ended: bool,
    /// Why it ended before its end.
    failed: Option<io::Error>,
}

/// A stretch of text taken from a source, and where it came from.
pub struct Block {
    text: Bytes,
    origin: Origin,
}

enum Origin {
    /// As stored, from this byte on.
    Stored(u64, Charset),
    Decoded(Vec<OffsetPiece>),
}

impl<'a> Source<'a> {
    /// The text of a body behind its byte-order mark of `mark` bytes.
    pub fn new(body: Body<'a>, encoding: impl Into<Charset>, mark: usize) -> Result<Self, Problem> {
        let encoding = encoding.into();
        let position = mark as u64;
        let stream = match body {
            Body::Blob(bytes) if !decodes_first(encoding) => {
                let feed = Feed::Blob(bytes.slice(mark.min(bytes.len())..));
                return Ok(Self {
                    feed,
                    encoding,
                    position,
                });
            }
            Body::Blob(bytes) => Stream::new(Box::new(io::Cursor::new(bytes)), mark),
            Body::File(file) => Stream::new(Box::new(Rewound::new(file)?), mark),
            Body::Stream(read) => Stream::new(read, mark),
        };
        let feed = if decodes_first(encoding) {
            Feed::Decoded {
                stream,
                text: Vec::new(),
                pieces: Vec::new(),
                from: position,
            }
        } else {
            Feed::Stream(stream)
        };
        Ok(Self {
            feed,
            encoding,
            position,
        })
    }

    /// Where the window starts in the stored input, in bytes.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// At least the next `least` bytes of text, or all that is left, and whether that is the end. Where reading fails, what was
    /// read comes first; once it is taken, the error does.
    pub fn window(&mut self, least: usize) -> Result<(&[u8], bool), Problem> {
        let position = self.position;
        match &mut self.feed {
            Feed::Blob(bytes) => Ok((bytes, true)),
            Feed::Stream(stream) => {
                while stream.buffer.len() < least && !stream.ended {
                    stream.step();
                }
                match stream.failed_at_end() {
                    Some(error) => Err(read_error(&error, position)),
                    None => Ok((&stream.buffer, stream.ended)),
                }
            }
            Feed::Decoded {
                stream,
                text,
                pieces,
                from,
            } => {
                while text.len() < least && !(stream.ended && stream.buffer.is_empty()) {
                    stream.step();
                    decode_more(self.encoding, stream, text, pieces, from);
                }
                if text.is_empty()
                    && let Some(error) = stream.failed_at_end()
                {
                    return Err(read_error(&error, *from));
                }
                Ok((text, stream.ended && stream.buffer.is_empty()))
            }
        }
    }

    /// Takes the first `len` bytes of the window.
    pub fn take(&mut self, len: usize) -> Block {
        match &mut self.feed {
            Feed::Blob(bytes) => {
                let origin = Origin::Stored(self.position, self.encoding);
                self.position += len as u64;
                Block {
                    text: bytes.split_to(len),
                    origin,
                }
            }
            Feed::Stream(stream) => {
                let origin = Origin::Stored(self.position, self.encoding);
                self.position += len as u64;
                Block {
                    text: stream.take(len),
                    origin,
                }
            }
            Feed::Decoded {
                text, pieces, from, ..
            } => {
                let rest = text.split_off(len);
                let taken = std::mem::replace(text, rest);
                let map = OffsetMap::Pieces(std::mem::take(pieces));
                let (head, tail) = split_pieces(&map, len as u32);
                self.position = tail.first().map_or(*from, |piece| piece.stored);
                *pieces = tail;
                Block {
                    text: taken.into(),
                    origin: Origin::Decoded(head),
                }
            }
        }
    }
}

fn read_error(error: &io::Error, at: u64) -> Problem {
    Problem::lost(format!("reading stopped: {error}")).at(at)
}

/// Decodes all whole characters that have been read.
fn decode_more(
    encoding: Charset,
    stream: &mut Stream<'_>,
    text: &mut Vec<u8>,
    pieces: &mut Vec<OffsetPiece>,
    from: &mut u64,
) {
    loop {
        let (more, new, used) = decode_pieces(encoding, &stream.buffer, *from);
        let shift = text.len() as u32;
        if !more.is_empty() {
            pieces.extend(new.into_iter().map(|piece| OffsetPiece {
                text: piece.text + shift,
                ..piece
            }));
            text.extend_from_slice(&more);
        }
        stream.buffer.drain(..used);
        *from += used as u64;
        // What waits for more is decoded as it is where nothing follows.
        if !stream.ended || used == 0 {
            break;
        }
    }
    if stream.ended {
        // Half a character at the very end: nothing can be made of it.
        *from += stream.buffer.len() as u64;
        stream.buffer.clear();
    }
}

/// The pieces of the first `len` bytes of text, and those of the rest, which starts at 0 again.
fn split_pieces(map: &OffsetMap, len: u32) -> (Vec<OffsetPiece>, Vec<OffsetPiece>) {
    let OffsetMap::Pieces(pieces) = map else {
        return (Vec::new(), Vec::new());
    };
    let index = pieces.partition_point(|piece| piece.text < len);
    let mut tail: Vec<OffsetPiece> = pieces[index..]
        .iter()
        .map(|piece| OffsetPiece {
            text: piece.text - len,
            ..*piece
        })
        .collect();
    if tail.first().is_none_or(|piece| piece.text > 0)
        && let (Some(last), Some((stored, _))) = (pieces[..index].last(), map.stored(len, len))
    {
        tail.insert(
            0,
            OffsetPiece {
                text: 0,
                stored,
                span: last.span,
            },
        );
    }
    (pieces[..index].to_vec(), tail)
}

impl<'a> Stream<'a> {
    fn new(read: Box<dyn Read + Send + 'a>, mark: usize) -> Self {
        let mut stream = Self {
            read,
            buffer: Vec::new(),
            ended: false,
            failed: None,
        };
        while stream.buffer.len() < mark && !stream.ended {
            stream.step();
        }
        let len = stream.buffer.len();
        stream.buffer.drain(..mark.min(len));
        stream
    }

    fn step(&mut self) {
        if self.ended {
            return;
        }
        let before = self.buffer.len();
        let read = self
            .read
            .by_ref()
            .take(STEP as u64)
            .read_to_end(&mut self.buffer);
        self.ended = read.is_err() || self.buffer.len() == before;
        self.failed = read.err();
    }

    /// Why it ended, once all that was read is taken.
    fn failed_at_end(&mut self) -> Option<io::Error> {
        self.failed.take_if(|_| self.buffer.is_empty())
    }

    fn take(&mut self, len: usize) -> Bytes {
        let rest = self.buffer[len..].to_vec();
        let mut taken = std::mem::replace(&mut self.buffer, rest);
        taken.truncate(len);
        taken.into()
    }
}

/// A file read from its start, wherever it was left.
pub struct Rewound(File);

impl Rewound {
    /// The file, from its first byte on.
    pub fn new(mut file: File) -> Result<Self, Problem> {
        io::Seek::rewind(&mut file).map_err(|error| read_error(&error, 0))?;
        Ok(Self(file))
    }
}

impl Read for Rewound {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Block {
    /// Bytes of text, before decoding.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The text before decoding.
    pub fn stored_text(&self) -> &[u8] {
        &self.text
    }

    /// The encoding of that; UTF-8 where it has been decoded already.
    pub fn encoding(&self) -> Charset {
        match &self.origin {
            Origin::Stored(_, encoding) => *encoding,
            Origin::Decoded(_) => encoding_rs::UTF_8.into(),
        }
    }

    /// The text as UTF-8, with the way back.
    pub fn decode(&self) -> Decoded<'_> {
        match &self.origin {
            Origin::Stored(base, encoding) => decode(*encoding, &self.text, *base),
            Origin::Decoded(pieces) => Decoded {
                text: (&self.text[..]).into(),
                offsets: OffsetMap::Pieces(pieces.clone()),
            },
        }
    }
}

/// Where to cut a record that is longer than [`LONGEST_RECORD`]: between words, where there is such a place.
pub fn forced_cut(text: &[u8]) -> usize {
    let end = text.len().min(LONGEST_RECORD);
    let tail = &text[end - BETWEEN_WORDS.min(end)..end];
    let between = tail
        .iter()
        .rposition(|byte| byte.is_ascii_whitespace() || matches!(byte, b',' | b';' | b'|'));
    match between {
        Some(at) => end - tail.len() + at + 1,
        // Not within a character.
        None => (end.saturating_sub(3)..=end)
            .rev()
            .find(|&at| at == text.len() || text[at] & 0xc0 != 0x80)
            .unwrap_or(end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{UTF_8, UTF_16LE};

    fn all_blocks(mut source: Source<'_>, size: usize) -> Vec<(String, u64)> {
        let mut blocks = Vec::new();
        loop {
            let (window, ended) = source.window(size).unwrap();
            if window.is_empty() {
                assert!(ended);
                return blocks;
            }
            let len = size.min(window.len());
            let block = source.take(len);
            let decoded = block.decode();
            let start = decoded.offsets.stored(0, 1).unwrap().0;
            blocks.push((String::from_utf8_lossy(&decoded.text).into_owned(), start));
        }
    }

    #[test]
    fn blobs_and_streams_give_the_same_blocks() {
        let text = b"\xef\xbb\xbfabcdefgh";
        let blob = Source::new(Body::Blob(Bytes::from_static(text)), UTF_8, 3).unwrap();
        let stream = Source::new(Body::Stream(Box::new(&text[..])), UTF_8, 3).unwrap();
        let expected = [
            ("abc".to_owned(), 3),
            ("def".to_owned(), 6),
            ("gh".to_owned(), 9),
        ];
        assert_eq!(all_blocks(blob, 3), expected);
        assert_eq!(all_blocks(stream, 3), expected);
    }

    #[test]
    fn decoded_blocks_know_where_they_came_from() {
        let stored: Vec<u8> = "\u{feff}abécd"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let source = Source::new(Body::Blob(stored.into()), UTF_16LE, 2).unwrap();
        assert_eq!(
            all_blocks(source, 2),
            [("ab".into(), 2), ("é".into(), 6), ("cd".into(), 8)]
        );
    }
}
