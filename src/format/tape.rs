//! Archives that are read front to back, like the tapes they were made for: tar, cpio and ar.
//!
//! Where the archive can be read at any place, members are parts of it; where it is a stream, a member is read before the tape
//! goes on.

use std::io::{self, Read};

use bytes::Bytes;

use super::{Member, Piece};
use crate::error::Problem;
use crate::input::{Body, Store};

/// An archive and how far it has been read.
pub(super) struct Tape<'a> {
    from: From<'a>,
    at: u64,
}

enum From<'a> {
    Store(Store),
    Stream(Box<dyn Read + Send + 'a>),
}

/// The bytes of a member.
pub(super) enum Part<'t> {
    /// It doesn't need the tape.
    Own(Body<'static>),
    /// It is read from the tape.
    Lent(Box<dyn Read + Send + 't>),
}

impl<'a> Tape<'a> {
    pub(super) fn new(body: Body<'a>) -> Self {
        let from = match Store::at_rest(body) {
            Ok(store) => From::Store(store),
            Err(stream) => From::Stream(stream),
        };
        Self { from, at: 0 }
    }

    /// Bytes read.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// The next bytes; fewer where the archive ends before.
    pub(super) fn read(&mut self, len: usize) -> Result<Bytes, Problem> {
        let read = match &mut self.from {
            From::Store(store) => store.read(self.at, len),
            From::Stream(stream) => {
                let mut bytes = Vec::new();
                let read = stream.take(len as u64).read_to_end(&mut bytes);
                read.map(|_| bytes.into())
            }
        };
        let bytes = read.map_err(|error| self.stopped(&error))?;
        self.at += bytes.len() as u64;
        Ok(bytes)
    }

    /// Goes on to a place; false where the archive ends before it.
    pub(super) fn skip_to(&mut self, place: u64) -> Result<bool, Problem> {
        let missing = place.saturating_sub(self.at);
        match &mut self.from {
            From::Store(store) => {
                let is_there = place <= store.len();
                self.at = place.min(store.len());
                Ok(is_there)
            }
            From::Stream(stream) => {
                let skipped = io::copy(&mut stream.take(missing), &mut io::sink());
                let skipped = skipped.map_err(|error| self.stopped(&error))?;
                self.at += skipped;
                Ok(skipped == missing)
            }
        }
    }

    fn stopped(&self, error: &io::Error) -> Problem {
        Problem::lost(format!("reading stopped: {error}")).at(self.at)
    }

    /// The next bytes as those of a member. Where the archive ends before, that is an error and no end.
    pub(super) fn part(&mut self, size: u64) -> Part<'_> {
        match &mut self.from {
            From::Store(store) => {
                let part = store.slice(self.at, size);
                if part.len() == size {
                    return Part::Own(part.body());
                }
                Part::Own(Body::Stream(Box::new(Exactly {
                    left: size,
                    at: None,
                    inner: part.buffered(),
                })))
            }
            From::Stream(stream) => Part::Lent(Box::new(Exactly {
                left: size,
                at: Some(&mut self.at),
                inner: stream,
            })),
        }
    }

    /// The same as a piece.
    pub(super) fn member(&mut self, name: String, size: u64) -> Piece<'_> {
        self.part(size).into_piece(name, Some(size))
    }
}

impl Tape<'_> {
    /// All that is left, as a member.
    pub(super) fn rest(&mut self, name: String) -> Piece<'_> {
        let body = match &mut self.from {
            From::Store(store) => {
                return Part::Own(store.slice(self.at, u64::MAX).body()).into_piece(name, None);
            }
            From::Stream(stream) => Body::Stream(Box::new(stream)),
        };
        let size = None;
        Piece::Member(Member { name, size, body })
    }
}

impl<'t> Part<'t> {
    pub(super) fn into_piece(self, name: String, size: Option<u64>) -> Piece<'t> {
        match self {
            Part::Own(body @ Body::Stream(_)) => Piece::Apart(Member { name, size, body }),
            Part::Own(body) => Piece::Member(Member { name, size, body }),
            Part::Lent(stream) => Piece::Member(Member {
                name,
                size,
                body: Body::Stream(stream),
            }),
        }
    }
}

/// Just as many bytes; fewer are an error.
struct Exactly<'t, R> {
    left: u64,
    /// Where the tape stands.
    at: Option<&'t mut u64>,
    inner: R,
}

impl<R: Read> Read for Exactly<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        let most = buffer.len().min(left);
        if most == 0 {
            return Ok(0);
        }
        let read = self.inner.read(&mut buffer[..most])?;
        if read == 0 {
            let reason = "the archive is cut off here";
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, reason));
        }
        self.left -= read as u64;
        if let Some(at) = &mut self.at {
            **at += read as u64;
        }
        Ok(read)
    }
}

/// A name as text.
pub(super) fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}
