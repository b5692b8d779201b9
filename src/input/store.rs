//! Bytes that can be read at any place, by any thread: in memory, mapped, or in a file.
//!
//! Clones and slices cost nothing, so that each member of an archive has one of its own.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;

use bytes::Bytes;

use super::{Body, Budget, Limits};
use crate::error::Problem;

/// Bytes read of a file at a time.
const STEP: usize = 256 << 10;

/// A stretch of bytes at rest.
#[derive(Clone, Debug)]
pub struct Store {
    from: From,
    start: u64,
    len: u64,
}

#[derive(Clone, Debug)]
enum From {
    Bytes(Bytes),
    File(Arc<File>),
}

impl Store {
    /// A body that can be read at any place; a stream is taken into memory, as [`Body::into_blob`] does. Also says why the
    /// bytes are not all, if so.
    pub fn of(
        body: Body<'_>,
        what: &str,
        limits: &Limits,
        budget: &Budget,
    ) -> Result<(Self, Option<Problem>), Problem> {
        match Self::at_rest(body) {
            Ok(store) => Ok((store, None)),
            Err(stream) => {
                let whole = Body::Stream(stream).into_blob(what, limits, budget)?;
                Ok((whole.bytes.into(), whole.cut))
            }
        }
    }

    /// A body that can be read at any place as it is; the stream where it can't.
    pub fn at_rest<'a>(body: Body<'a>) -> Result<Self, Box<dyn Read + Send + 'a>> {
        match body {
            Body::Blob(bytes) => Ok(bytes.into()),
            Body::File(file) => {
                let len = file.metadata().map_or(0, |metadata| metadata.len());
                let from = From::File(Arc::new(file));
                Ok(Self {
                    from,
                    start: 0,
                    len,
                })
            }
            Body::Stream(stream) => Err(stream),
        }
    }

    /// How many bytes there are.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A part of it, as far as there is one.
    #[must_use]
    pub fn slice(&self, start: u64, len: u64) -> Self {
        let start = start.min(self.len);
        Self {
            from: self.from.clone(),
            start: self.start + start,
            len: len.min(self.len - start),
        }
    }

    /// Up to `len` bytes from a place on; fewer at the end.
    pub fn read(&self, start: u64, len: usize) -> io::Result<Bytes> {
        let part = self.slice(start, len as u64);
        match &part.from {
            From::Bytes(bytes) => Ok(part.of_bytes(bytes)),
            From::File(_) => {
                let mut bytes = Vec::new();
                part.cursor().read_to_end(&mut bytes)?;
                Ok(bytes.into())
            }
        }
    }

    fn of_bytes(&self, bytes: &Bytes) -> Bytes {
        bytes.slice(self.start as usize..(self.start + self.len) as usize)
    }

    /// A reader of all of it, from the first byte on.
    pub fn cursor(&self) -> Cursor {
        Cursor {
            store: self.clone(),
            at: 0,
        }
    }

    /// The same with a buffer, where one is needed.
    pub fn buffered(&self) -> Box<dyn BufRead + Send> {
        match &self.from {
            From::Bytes(bytes) => Box::new(io::Cursor::new(self.of_bytes(bytes))),
            From::File(_) => Box::new(BufReader::with_capacity(STEP, self.cursor())),
        }
    }

    /// All of it as a body.
    pub fn body(&self) -> Body<'static> {
        match &self.from {
            From::Bytes(bytes) => Body::Blob(self.of_bytes(bytes)),
            From::File(_) => Body::Stream(Box::new(BufReader::with_capacity(STEP, self.cursor()))),
        }
    }
}

impl std::convert::From<Bytes> for Store {
    fn from(bytes: Bytes) -> Self {
        Self {
            start: 0,
            len: bytes.len() as u64,
            from: From::Bytes(bytes),
        }
    }
}

/// Reads a [`Store`] from a place on.
#[derive(Clone, Debug)]
pub struct Cursor {
    store: Store,
    at: u64,
}

impl Read for Cursor {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.store.len.saturating_sub(self.at);
        let most = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        if most == 0 {
            return Ok(0);
        }
        let place = self.store.start + self.at;
        let read = match &self.store.from {
            From::Bytes(bytes) => {
                buffer[..most].copy_from_slice(&bytes[place as usize..][..most]);
                most
            }
            From::File(file) => read_at(file, &mut buffer[..most], place)?,
        };
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Cursor {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(by) => self.store.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn memory_and_files_are_alike() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        let budget = Budget::default();
        let (of_file, _) = Store::of(Body::File(file), "", &Limits::default(), &budget).unwrap();
        for store in [of_file, Bytes::from_static(b"0123456789").into()] {
            let part = store.slice(2, 5);
            assert_eq!(&part.read(1, 3).unwrap()[..], b"345");
            assert_eq!(&part.slice(3, 100).read(0, 9).unwrap()[..], b"56");
            assert!(part.slice(100, 1).is_empty());
            let mut cursor = part.cursor();
            assert_eq!(cursor.seek(SeekFrom::End(-1)).unwrap(), 4);
            let mut rest = Vec::new();
            cursor.read_to_end(&mut rest).unwrap();
            assert_eq!(rest, b"6");
            assert!(cursor.seek(SeekFrom::Start(u64::MAX)).is_ok());
            assert_eq!(cursor.read(&mut [0]).unwrap(), 0);
        }
    }
}
