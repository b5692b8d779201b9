//! The blocks of a file, made sure of before the library sees them: unpacked, and with as many records as they say.
//!
//! Where a block is damaged, its first whole records are handed on, and the marker behind it is looked for, so that those
//! behind it are read, too.

use std::io::{self, BufRead, Read};
use std::sync::{Arc, Mutex, PoisonError};

use super::header::{Bytes, MARKER, push_number};
use super::schema::Schema;
use super::unpack::{Codec, LARGEST, State};
use crate::error::Problem;

/// Bytes that the count and the size of a block take at the most.
const LONGEST_HEAD: usize = 20;
/// Bytes read at a time.
const STEP: usize = 64 << 10;

/// What is wrong with the blocks of a file.
#[derive(Clone, Default)]
pub(super) struct Faults(Arc<Mutex<Found>>);

#[derive(Default)]
struct Found {
    first: Option<Fault>,
    more: u64,
}

#[derive(Clone, Copy)]
struct Fault {
    /// Rows before it.
    row: u64,
    is_too_large: bool,
}

impl Faults {
    fn add(&self, row: u64, is_too_large: bool) {
        let mut found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match found.first {
            None => found.first = Some(Fault { row, is_too_large }),
            Some(_) => found.more += 1,
        }
    }

    /// The first of them, and how many more there are.
    pub(super) fn problem(&self) -> Option<Problem> {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Fault { row, is_too_large } = found.first?;
        let more = match found.more {
            0 => String::new(),
            1 => "; so is one more place".to_owned(),
            more => format!("; so are {more} more places"),
        };
        Some(Problem::lost(if is_too_large {
            let most = LARGEST >> 20;
            format!(
                "a block behind row {row} is not read, for it takes more than {most} MiB: write the file in smaller blocks{more}"
            )
        } else {
            format!("its data is damaged or cut off behind row {row}{more}")
        }))
    }
}

/// A container whose blocks are as they should be, made of one whose blocks may be anything.
pub(super) struct Blocks<R> {
    stored: Stored<R>,
    codec: Codec,
    marker: [u8; MARKER],
    schema: Schema,
    rows: u64,
    faults: Faults,
    /// What the library is given next, and how much of it it had.
    made: Vec<u8>,
    at: usize,
}

impl<R: Read> Blocks<R> {
    /// Blocks that follow a header, of which some bytes have been read already.
    pub(super) fn new(
        (read, source): (Vec<u8>, R),
        (codec, marker, schema): (Codec, [u8; MARKER], Schema),
        header: Vec<u8>,
    ) -> Self {
        let stored = Stored {
            source,
            bytes: read,
            at: 0,
            has_failed: false,
        };
        Self {
            stored,
            codec,
            marker,
            schema,
            rows: 0,
            faults: Faults::default(),
            made: header,
            at: 0,
        }
    }

    pub(super) fn faults(&self) -> Faults {
        self.faults.clone()
    }

    /// Makes the next block; whether there is more.
    fn block(&mut self) -> bool {
        self.stored.fill(LONGEST_HEAD);
        let mut rest = Bytes(self.stored.rest());
        if rest.0.is_empty() {
            // Elsewhere, the block that is cut off says so.
            if std::mem::take(&mut self.stored.has_failed) {
                self.faults.add(self.rows, false);
            }
            return false;
        }
        let before = rest.0.len();
        let (count, size) = (rest.number(), rest.number());
        let head = before - rest.0.len();
        let unsigned = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
        let (Some(count), Some(size)) = (unsigned(count), unsigned(size)) else {
            self.faults.add(self.rows, false);
            return self.next_marker();
        };
        self.stored.consume(head);
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        if size > LARGEST {
            self.faults.add(self.rows, true);
            return self.next_marker();
        }
        self.stored.fill(size + MARKER);
        let bytes = self.stored.rest();
        let is_marked = bytes.get(size..size + MARKER) == Some(&self.marker);
        let end = if is_marked {
            size
        } else {
            self.find(bytes).unwrap_or(bytes.len()).min(size)
        };
        let unpacked = self.codec.unpack(&bytes[..end]);
        let records = self.schema.records(&unpacked.bytes);
        let is_counted =
            records.count == count || unpacked.bytes.is_empty() && self.schema.is_empty();
        let is_whole = unpacked.state == State::Whole
            && is_counted
            && records.len == unpacked.bytes.len()
            && end == size;
        let is_all_there = bytes.len() >= size + MARKER;
        if records.count > 0 {
            self.made.clear();
            self.at = 0;
            let len = usize::try_from(records.count).unwrap_or(usize::MAX);
            push_number(len, &mut self.made);
            push_number(records.len, &mut self.made);
            self.made.extend_from_slice(&unpacked.bytes[..records.len]);
            self.made.extend_from_slice(&self.marker);
            self.rows += records.count;
        }
        if !is_whole || !is_marked {
            let is_too_large = unpacked.state == State::TooLarge;
            self.faults.add(self.rows, is_too_large);
        }
        // Where all else is right, it is the marker that is damaged.
        if is_marked || is_whole && is_all_there {
            self.stored.consume(size + MARKER);
            return true;
        }
        self.next_marker()
    }

    /// Goes on behind the next marker; whether there is one.
    fn next_marker(&mut self) -> bool {
        loop {
            if let Some(found) = self.find(self.stored.rest()) {
                self.stored.consume(found + MARKER);
                return true;
            }
            let len = self.stored.rest().len();
            self.stored.consume(len.saturating_sub(MARKER - 1));
            if !self.stored.fill(STEP) && self.stored.rest().len() < MARKER {
                self.stored.consume(MARKER);
                return false;
            }
        }
    }

    fn find(&self, bytes: &[u8]) -> Option<usize> {
        memchr::memmem::find(bytes, &self.marker)
    }
}

impl<R: Read> BufRead for Blocks<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.at == self.made.len() && self.block() {}
        Ok(&self.made[self.at..])
    }

    fn consume(&mut self, len: usize) {
        self.at = self.made.len().min(self.at + len);
    }
}

impl<R: Read> Read for Blocks<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.fill_buf()?.read(buffer)?;
        self.consume(len);
        Ok(len)
    }
}

/// The stored bytes, of which any number can be looked at before they are used up.
struct Stored<R> {
    source: R,
    bytes: Vec<u8>,
    at: usize,
    /// Whether it could not be read to its end.
    has_failed: bool,
}

impl<R: Read> Stored<R> {
    fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    /// Reads on until so many bytes can be looked at; whether they are there.
    fn fill(&mut self, len: usize) -> bool {
        let there = self.bytes.len() - self.at;
        if there >= len {
            return true;
        }
        self.bytes.drain(..self.at);
        self.at = 0;
        let more = (len - there).max(STEP) as u64;
        let mut source = self.source.by_ref().take(more);
        self.has_failed |= source.read_to_end(&mut self.bytes).is_err();
        self.bytes.len() >= len
    }

    fn consume(&mut self, len: usize) {
        self.at = self.bytes.len().min(self.at + len);
    }
}
