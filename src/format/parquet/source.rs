//! Where the bytes of a Parquet file come from: memory, or a file read at any place from any thread.
//!
//! The library's own reader of a `File` moves the one cursor that all duplicates of a handle share, so two threads
//! would read each other's bytes. Here every read names its place.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::sync::Arc;

use bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

/// The bytes of a file, cheap to clone.
#[derive(Clone)]
pub(super) enum Source {
    /// In memory, or mapped.
    Bytes(Bytes),
    /// On disk, and its size when it was opened.
    File(Arc<File>, u64),
}

impl Source {
    /// A file on disk.
    pub(super) fn file(file: File) -> io::Result<Self> {
        let size = file.metadata()?.len();
        Ok(Self::File(Arc::new(file), size))
    }

    /// Its size in bytes.
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(_, size) => *size,
        }
    }

    /// Checks that a stretch lies inside, before anything is allocated for it.
    fn check(&self, start: u64, length: u64) -> Result<()> {
        let end = start.checked_add(length);
        if end.is_some_and(|end| end <= self.size()) {
            return Ok(());
        }
        Err(ParquetError::EOF(format!(
            "{length} bytes at byte {start} are beyond the end of the file"
        )))
    }
}

impl Length for Source {
    fn len(&self) -> u64 {
        self.size()
    }
}

impl ChunkReader for Source {
    type T = BufReader<Cursor>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        self.check(start, 0)?;
        Ok(BufReader::new(Cursor {
            source: self.clone(),
            at: start,
        }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        self.check(start, length as u64)?;
        match self {
            Self::Bytes(bytes) => Ok(bytes.slice(start as usize..start as usize + length)),
            Self::File(..) => {
                let mut bytes = vec![0; length];
                let mut cursor = Cursor {
                    source: self.clone(),
                    at: start,
                };
                cursor.read_exact(&mut bytes)?;
                Ok(bytes.into())
            }
        }
    }
}

/// Reads a [`Source`] from a place on.
pub(super) struct Cursor {
    source: Source,
    at: u64,
}

impl Read for Cursor {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match &self.source {
            Source::Bytes(bytes) => {
                let rest = bytes.get(self.at as usize..).unwrap_or_default();
                let length = rest.len().min(buffer.len());
                buffer[..length].copy_from_slice(&rest[..length]);
                length
            }
            Source::File(file, _) => read_at(file, buffer, self.at)?,
        };
        self.at += read as u64;
        Ok(read)
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
