//! Where the data lie in an archive of the custom format, and what reads them.
//!
//! Data are a sequence of blocks, each with the number of its entry and its bytes in stretches, each behind its length. Where
//! the table of contents says at which byte each starts, they are found without a look at those before.

use std::io::{self, BufReader, Read};

use super::toc::{Fields, Toc};
use crate::error::Problem;
use crate::input::Store;

/// The kinds of blocks.
const TABLE: u8 = 1;
const OBJECTS: u8 = 3;

/// Goes through the data.
pub(super) struct Data {
    store: Store,
    number: usize,
    /// Where blocks start, last one first; none where each is behind the one before.
    places: Option<Vec<u64>>,
    at: u64,
    /// The entry whose large objects come next.
    objects: Option<u64>,
}

/// Data of a table, or a large object.
pub(super) struct Found {
    /// The entry's number.
    pub(super) id: u64,
    /// The large object's number.
    pub(super) object: Option<u64>,
    /// Where it starts in the archive.
    pub(super) at: u64,
    /// How long it is as it is stored, where that is known.
    pub(super) len: Option<u64>,
    pub(super) reader: Stretches,
}

impl Data {
    pub(super) fn new(store: Store, toc: &Toc) -> Self {
        let mut places: Vec<u64> = toc.entries.iter().filter_map(|entry| entry.at).collect();
        places.sort_unstable_by(|a, b| b.cmp(a));
        places.dedup();
        Self {
            store,
            number: toc.shape.number,
            places: (!places.is_empty()).then_some(places),
            at: toc.len,
            objects: None,
        }
    }

    fn fields(&self, at: u64) -> Fields<BufReader<impl Read + use<>>> {
        let rest = self.store.slice(at, u64::MAX).cursor();
        Fields {
            from: BufReader::with_capacity(64, rest),
            at,
            number: self.number,
        }
    }

    fn stretches(&self, at: u64) -> Stretches {
        Stretches {
            store: self.store.clone(),
            number: self.number,
            at,
            left: 0,
            is_done: false,
        }
    }

    /// The next data; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Found>, Problem> {
        loop {
            if let Some(id) = self.objects {
                if let Some(found) = self.object(id).map_err(|error| cut(&error, self.at))? {
                    return Ok(Some(found));
                }
                continue;
            }
            if let Some(places) = &mut self.places {
                match places.pop() {
                    Some(place) => self.at = place,
                    None => return Ok(None),
                }
            } else if self.at >= self.store.len() {
                return Ok(None);
            }
            let block = self.block().map_err(|error| cut(&error, self.at))?;
            if block.is_some() {
                return Ok(block);
            }
        }
    }

    fn block(&mut self) -> io::Result<Option<Found>> {
        let mut fields = self.fields(self.at);
        let (kind, id) = (fields.byte()?, fields.number()?.unwrap_or(0));
        let at = fields.at;
        match kind {
            TABLE => {
                let mut found = Found {
                    id,
                    object: None,
                    at,
                    len: None,
                    reader: self.stretches(at),
                };
                if self.places.is_none() {
                    self.at = found.reader.clone().end()?;
                    found.len = Some(self.at - at);
                }
                Ok(Some(found))
            }
            OBJECTS => {
                self.at = at;
                self.objects = Some(id);
                Ok(None)
            }
            _ => Err(super::toc::wrong("a block of it is of an unknown kind")),
        }
    }

    fn object(&mut self, id: u64) -> io::Result<Option<Found>> {
        let mut fields = self.fields(self.at);
        let object = fields.number()?.unwrap_or(0);
        let at = fields.at;
        if object == 0 {
            self.at = at;
            self.objects = None;
            return Ok(None);
        }
        let reader = self.stretches(at);
        self.at = reader.clone().end()?;
        Ok(Some(Found {
            id,
            object: Some(object),
            at,
            len: Some(self.at - at),
            reader,
        }))
    }
}

fn cut(error: &io::Error, at: u64) -> Problem {
    let reason = match error.kind() {
        io::ErrorKind::UnexpectedEof => "the archive is cut off".to_owned(),
        _ => format!("the data can't be read further: {error}"),
    };
    Problem::failed(reason).at(at)
}

/// Reads data: stretches of bytes, each behind its length, up to one of no length.
#[derive(Clone)]
pub(super) struct Stretches {
    store: Store,
    number: usize,
    at: u64,
    left: u64,
    is_done: bool,
}

impl Stretches {
    /// Begins the next stretch, where the one before is at its end.
    fn begin(&mut self) -> io::Result<()> {
        let head = self.store.read(self.at, self.number + 1)?;
        let mut fields = Fields {
            from: &head[..],
            at: self.at,
            number: self.number,
        };
        self.left = fields.number()?.unwrap_or(0);
        self.at = fields.at;
        self.is_done = self.left == 0;
        Ok(())
    }

    /// Behind the last stretch.
    fn end(mut self) -> io::Result<u64> {
        while !self.is_done {
            self.at = self.at.saturating_add(self.left);
            self.begin()?;
        }
        Ok(self.at)
    }
}

impl Read for Stretches {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !self.is_done {
            self.begin()?;
        }
        if self.is_done || buffer.is_empty() {
            return Ok(0);
        }
        let most = buffer
            .len()
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let bytes = self.store.read(self.at, most)?;
        if bytes.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        buffer[..bytes.len()].copy_from_slice(&bytes);
        self.at += bytes.len() as u64;
        self.left -= bytes.len() as u64;
        Ok(bytes.len())
    }
}
