//! The index at the end of a zip archive, its *central directory*.
//!
//! The specification is PKWARE's APPNOTE. Of what it says of places, only what can be checked is believed: an archive may stand
//! behind other data, so its index is looked for right before its end, and all other places move along.

use std::io;
use std::ops::Range;

use bytes::Bytes;

use super::{Entry, Place, name};
use crate::error::Problem;
use crate::input::Store;

/// Bytes of the record at the very end, without its comment.
const END: usize = 22;
/// Bytes of the record that says where the 64-bit one stands.
const LOCATOR: u64 = 20;
/// Bytes of a member's entry, without its name, extra fields and comment.
const ENTRY: usize = 46;
/// Bytes at the end among which the last record is looked for: its comment has up to 64 KiB.
const TAIL: usize = END + (64 << 10);

/// Whether an archive ends here: with its last record, right to the last byte of its comment.
pub(super) fn ends_with_index(tail: &[u8]) -> bool {
    candidates(tail).any(|at| {
        let comment = usize::from(u16_at(tail, at + 20));
        let entries = u16_at(tail, at + 10);
        entries > 0 && at + END + comment == tail.len()
    })
}

/// Where the last record may stand, from the end on.
fn candidates(tail: &[u8]) -> impl Iterator<Item = usize> {
    memchr::memmem::rfind_iter(tail, b"PK\x05\x06").filter(|at| at + END <= tail.len())
}

/// What the end of an archive says.
pub(super) struct Index {
    /// The members that are listed.
    pub(super) entries: Vec<Entry>,
    /// Where it stands itself, with all that belongs to it.
    pub(super) place: Range<u64>,
    /// What is said of the archive.
    pub(super) comment: Bytes,
    /// What is said of members, by their names.
    pub(super) comments: Vec<(String, Bytes)>,
}

/// Reads the index.
pub(super) fn read(store: &Store) -> Result<Index, Problem> {
    let start = store.len().saturating_sub(TAIL as u64);
    let tail = store.read(start, TAIL).map_err(|error| stopped(&error))?;
    let mut problem = None;
    for at in candidates(&tail) {
        let end =
            End::new(store, &tail[at..], start + at as u64).map_err(|error| stopped(&error))?;
        match end.entries(store) {
            Ok(mut index) => {
                let len = usize::from(u16_at(&tail, at + 20));
                let comment = at + END..(at + END + len).min(tail.len());
                index.place.end = start + comment.end as u64;
                index.comment = tail.slice(comment);
                return Ok(index);
            }
            Err(other) => problem = problem.or(Some(other)),
        }
    }
    Err(problem.unwrap_or_else(|| {
        Problem::failed(
            "the archive's index is missing; it may be cut off, or one of several parts",
        )
        .at(store.len())
    }))
}

fn stopped(error: &io::Error) -> Problem {
    Problem::failed(format!("the archive's index can't be read: {error}"))
}

/// What the last record says.
struct End {
    /// Where the index ends.
    at: u64,
    /// The number of this part of a split archive, from 0.
    disk: u32,
    entries: u64,
    size: u64,
    offset: u64,
}

impl End {
    fn new(store: &Store, record: &[u8], at: u64) -> io::Result<Self> {
        let end = Self {
            at,
            disk: u32::from(u16_at(record, 4)),
            entries: u64::from(u16_at(record, 10)),
            size: u64::from(u32_at(record, 12)),
            offset: u64::from(u32_at(record, 16)),
        };
        Ok(end.large(store)?.unwrap_or(end))
    }

    /// What the 64-bit record says, where there is one.
    fn large(&self, store: &Store) -> io::Result<Option<Self>> {
        let Some(place) = self.at.checked_sub(LOCATOR) else {
            return Ok(None);
        };
        let locator = store.read(place, LOCATOR as usize)?;
        if !locator.starts_with(b"PK\x06\x07") {
            return Ok(None);
        }
        // Behind other data it stands later than it says: then, right before its locator.
        for at in [u64_at(&locator, 8), place.saturating_sub(56)] {
            let record = store.read(at, 56)?;
            if record.len() == 56 && record.starts_with(b"PK\x06\x06") {
                return Ok(Some(Self {
                    at,
                    disk: u32_at(&record, 16),
                    entries: u64_at(&record, 32),
                    size: u64_at(&record, 40),
                    offset: u64_at(&record, 48),
                }));
            }
        }
        Ok(None)
    }

    fn entries(&self, store: &Store) -> Result<Index, Problem> {
        let wrong = |what: &str| Problem::failed(format!("the archive's index is damaged: {what}"));
        let start = self.at.checked_sub(self.size);
        let start = start.ok_or_else(|| wrong("it is larger than the file"))?;
        let length = usize::try_from(self.size).map_err(|_| wrong("it is too large"))?;
        let index = store.read(start, length).map_err(|error| stopped(&error))?;
        // Bytes before the archive; in a split one, places count from the start of each part.
        let before = if self.disk == 0 {
            start.saturating_sub(self.offset)
        } else {
            0
        };
        let (mut entries, mut comments) = (Vec::new(), Vec::new());
        let mut at = 0;
        while at < index.len() {
            let Some((entry, end)) = self.entry(&index, at, before) else {
                return Err(wrong("an entry is none").at(start + at as u64));
            };
            let len = usize::from(u16_at(&index, at + 32));
            if len > 0 {
                comments.push((entry.name.clone(), index.slice(end - len..end)));
            }
            entries.push(entry);
            at = end;
        }
        // Of more than 65,535 members some programs state only the last 16 bits.
        if entries.len() as u64 & 0xffff != self.entries & 0xffff {
            return Err(wrong("it lists more or fewer members than it says").at(start));
        }
        Ok(Index {
            entries,
            place: start..self.at,
            comment: Bytes::new(),
            comments,
        })
    }

    /// The entry at a place, and where it ends.
    fn entry(&self, index: &Bytes, at: usize, before: u64) -> Option<(Entry, usize)> {
        let fixed = index.get(at..at + ENTRY)?;
        if !fixed.starts_with(b"PK\x01\x02") {
            return None;
        }
        let lengths = [28, 30, 32].map(|field| usize::from(u16_at(fixed, field)));
        let name_end = at + ENTRY + lengths[0];
        let extra_end = name_end + lengths[1];
        let end = extra_end + lengths[2];
        index.get(..end)?;
        let raw = &index[at + ENTRY..name_end];
        let extra = &index[name_end..extra_end];
        let flags = u16_at(fixed, 8);
        let mut wide = Wide::new(extra);
        let size = wide.or(u32_at(fixed, 24));
        let packed = wide.or(u32_at(fixed, 20));
        let offset = wide.or(u32_at(fixed, 42));
        let disk = match u16_at(fixed, 34) {
            u16::MAX => wide.disk().unwrap_or(self.disk),
            disk => u32::from(disk),
        };
        let is_unix = fixed[5] == 3;
        let entry = Entry {
            name: name::shown(raw, extra, flags),
            flags,
            method: u16_at(fixed, 10),
            crc: Some(u32_at(fixed, 16)),
            packed,
            size: Some(size),
            at: if disk == self.disk {
                Place::Header(offset.saturating_add(before))
            } else {
                Place::Elsewhere
            },
            is_link: is_unix && u32_at(fixed, 38) >> 28 == 0o12,
        };
        Some((entry, end))
    }
}

/// The 64-bit values of an entry, in the order in which the 32-bit ones are full.
pub(super) struct Wide<'a>(&'a [u8]);

impl<'a> Wide<'a> {
    pub(super) fn new(extra: &'a [u8]) -> Self {
        Self(name::extra_field(extra, 1).unwrap_or_default())
    }

    /// The value itself, or the next 64-bit one where it is full.
    pub(super) fn or(&mut self, value: u32) -> u64 {
        match self.0.split_first_chunk() {
            Some((wide, rest)) if value == u32::MAX => {
                self.0 = rest;
                u64::from_le_bytes(*wide)
            }
            _ => u64::from(value),
        }
    }

    fn disk(&self) -> Option<u32> {
        self.0.first_chunk().map(|disk| u32::from_le_bytes(*disk))
    }
}

/// Numbers at a place; 0 beyond the end.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    let field = bytes.get(at..).and_then(<[u8]>::first_chunk);
    field.map_or(0, |field| u16::from_le_bytes(*field))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let field = bytes.get(at..).and_then(<[u8]>::first_chunk);
    field.map_or(0, |field| u32::from_le_bytes(*field))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let field = bytes.get(at..).and_then(<[u8]>::first_chunk);
    field.map_or(0, |field| u64::from_le_bytes(*field))
}
