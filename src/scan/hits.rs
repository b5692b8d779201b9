//! Hits: candidates without their raw bytes, packed while they wait for their column to be complete.
//!
//! A worker packs the hits of a chunk into one buffer; what exceeds the memory bound of all waiting hits goes to an
//! unnamed temporary file, masked like everywhere else (with `--reveal`, raw values are what the user asked to be written).

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::detect::FormId;
use crate::detect::context::Near;
use crate::score::EvidenceSet;

/// A candidate without its raw bytes: masked text, fingerprint, place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hit<'a> {
    pub(crate) kind: Kind,
    /// Record within the chunk, from 0.
    pub(crate) row: u32,
    /// Line within the chunk, from 0, and stored bytes; none where the format has none.
    pub(crate) stored: Option<(u32, u64, u64)>,
    pub(crate) fingerprint: u128,
    pub(crate) masked: &'a str,
    /// Only with `--reveal`.
    pub(crate) value: Option<&'a str>,
}

/// What decides how sure a candidate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Kind {
    /// The chunk's number of the column.
    pub(crate) column: u32,
    pub(crate) form: FormId,
    pub(crate) evidence: EvidenceSet,
    pub(crate) near: Near,
}

/// A hit of which only the kind was unpacked: of many that is enough.
pub(crate) struct Waiting<'a> {
    pub(crate) kind: Kind,
    flags: u64,
    rest: &'a [u8],
}

impl<'a> Waiting<'a> {
    pub(crate) fn hit(&self) -> Option<Hit<'a>> {
        let mut rest = Unpack(self.rest);
        let row = rest.number()? as u32;
        let stored = if self.flags & 1 == 1 {
            let (line, start) = (rest.number()? as u32, rest.number()?);
            Some((line, start, start + rest.number()?))
        } else {
            None
        };
        let len = rest.number()? as usize;
        let fingerprint = u128::from_le_bytes(rest.bytes(16)?.try_into().ok()?);
        let masked = std::str::from_utf8(rest.bytes(len)?).ok()?;
        let value = match self.flags >> 1 & 1 {
            1 => Some(std::str::from_utf8(rest.0).ok()?),
            _ => None,
        };
        Some(Hit {
            kind: self.kind,
            row,
            stored,
            fingerprint,
            masked,
            value,
        })
    }
}

/// Hits of a chunk, packed one behind the other.
#[derive(Debug, Default)]
pub(crate) struct Packed(Vec<u8>);

impl Packed {
    /// Something else that is packed, to wait like hits.
    pub(super) fn of(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Reads what was packed.
    pub(super) fn unpack(&self) -> Unpack<'_> {
        Unpack(&self.0)
    }

    pub(crate) fn push(&mut self, hit: &Hit<'_>) {
        let mut rest = Numbers::default();
        rest.add(u64::from(hit.row));
        if let Some((line, start, end)) = hit.stored {
            rest.add(u64::from(line));
            rest.add(start);
            rest.add(end - start);
        }
        let fingerprint = hit.fingerprint.to_le_bytes();
        rest.add(hit.masked.len() as u64);
        let value = hit.value.unwrap_or_default();
        let len = rest.len + fingerprint.len() + hit.masked.len() + value.len();
        let flags = u64::from(hit.stored.is_some()) | u64::from(hit.value.is_some()) << 1;
        let mut kind = Numbers::default();
        kind.add(flags << 8 | u64::from(hit.kind.evidence.0));
        kind.add(u64::from(hit.kind.column));
        kind.add(u64::from(hit.kind.form.0));
        kind.add(u64::from(hit.kind.near.0));
        kind.add(len as u64);
        let parts = [
            kind.bytes(),
            rest.bytes(),
            &fingerprint,
            hit.masked.as_bytes(),
            value.as_bytes(),
        ];
        self.0.reserve(kind.len + len);
        for part in parts {
            self.0.extend_from_slice(part);
        }
    }

    /// The hits from a place on, in the order in which they were pushed; the place goes on with them.
    pub(crate) fn iter_from<'p>(&'p self, at: &mut usize) -> impl Iterator<Item = Waiting<'p>> {
        let mut rest = Unpack(&self.0[*at..]);
        std::iter::from_fn(move || {
            let hit = rest.waiting();
            *at = match hit {
                Some(_) => self.0.len() - rest.0.len(),
                None => self.0.len(),
            };
            hit
        })
    }

    /// Whether no hits are left from a place on.
    pub(crate) fn is_end(&self, at: usize) -> bool {
        at >= self.0.len()
    }
}

/// A few packed numbers.
#[derive(Default)]
struct Numbers {
    bytes: [[u8; LONGEST_NUMBER]; 5],
    len: usize,
}

/// Bytes of a packed number at the most.
const LONGEST_NUMBER: usize = 10;

impl Numbers {
    fn add(&mut self, mut value: u64) {
        let bytes = self.bytes.as_flattened_mut();
        while value >= 0x80 {
            bytes[self.len] = value as u8 | 0x80;
            self.len += 1;
            value >>= 7;
        }
        bytes[self.len] = value as u8;
        self.len += 1;
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes.as_flattened()[..self.len]
    }
}

pub(super) fn number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(super) fn text(out: &mut Vec<u8>, text: &str) {
    number(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Unpacks what was packed.
pub(crate) struct Unpack<'a>(&'a [u8]);

impl<'a> Unpack<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn waiting(&mut self) -> Option<Waiting<'a>> {
        let head = self.number()?;
        let kind = Kind {
            evidence: EvidenceSet(head as u8),
            column: self.number()? as u32,
            form: FormId(self.number()? as u16),
            near: Near(self.number()? as u16),
        };
        let len = self.number()? as usize;
        Some(Waiting {
            kind,
            flags: head >> 8,
            rest: self.bytes(len)?,
        })
    }

    #[inline]
    pub(super) fn number(&mut self) -> Option<u64> {
        if let [byte @ ..0x80, rest @ ..] = self.0 {
            self.0 = rest;
            return Some(u64::from(*byte));
        }
        self.long_number()
    }

    fn long_number(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    pub(super) fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(bytes)
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let len = self.number()? as usize;
        std::str::from_utf8(self.bytes(len)?).ok()
    }
}

/// Packed hits that wait: in memory, or in the temporary file.
#[derive(Debug)]
pub(crate) enum Stored {
    Memory(Packed),
    Spooled { at: u64, len: usize },
}

impl Default for Stored {
    fn default() -> Self {
        Self::Memory(Packed::default())
    }
}

impl Stored {
    /// Bytes that wait.
    pub(super) fn len(&self) -> usize {
        match self {
            Stored::Memory(packed) => packed.0.len(),
            Stored::Spooled { len, .. } => *len,
        }
    }
}

/// Where hits wait.
pub(crate) struct Spool {
    /// Bytes of hits that may wait in memory.
    bound: usize,
    waiting: AtomicUsize,
    file: Mutex<Option<File>>,
}

impl Spool {
    /// A spool that keeps up to `bound` bytes in memory.
    pub(crate) fn new(bound: usize) -> Self {
        Self {
            bound,
            waiting: AtomicUsize::new(0),
            file: Mutex::new(None),
        }
    }

    /// Puts hits aside. Where the temporary file can't be written, they stay in memory.
    pub(crate) fn store(&self, mut packed: Packed) -> Stored {
        let len = packed.0.len();
        if self.waiting.fetch_add(len, Ordering::Relaxed) + len > self.bound
            && let Ok(at) = self.append(&packed.0)
        {
            self.waiting.fetch_sub(len, Ordering::Relaxed);
            return Stored::Spooled { at, len };
        }
        packed.0.shrink_to_fit();
        Stored::Memory(packed)
    }

    /// Gets hits back.
    pub(crate) fn take(&self, stored: Stored) -> io::Result<Packed> {
        match stored {
            Stored::Memory(packed) => {
                self.waiting.fetch_sub(packed.0.len(), Ordering::Relaxed);
                Ok(packed)
            }
            Stored::Spooled { at, len } => {
                let mut guard = self
                    .file
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                let file = guard.as_mut().ok_or(io::ErrorKind::NotFound)?;
                let mut bytes = vec![0; len];
                file.seek(SeekFrom::Start(at))?;
                file.read_exact(&mut bytes)?;
                Ok(Packed(bytes))
            }
        }
    }

    fn append(&self, bytes: &[u8]) -> io::Result<u64> {
        let mut guard = self
            .file
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if guard.is_none() {
            *guard = Some(tempfile::tempfile()?);
        }
        let file = guard.as_mut().ok_or(io::ErrorKind::NotFound)?;
        let at = file.seek(SeekFrom::End(0))?;
        file.write_all(bytes)?;
        Ok(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(row: u32) -> Hit<'static> {
        Hit {
            kind: Kind {
                column: 3,
                form: FormId(200),
                evidence: EvidenceSet::PASSED | EvidenceSet::WHOLE,
                near: Near::NONE,
            },
            row,
            stored: Some((7, 5_000_000_000, 5_000_000_009)),
            fingerprint: 1 << 100 | 5,
            masked: "*******33",
            value: None,
        }
    }

    #[test]
    fn hits_come_back_as_they_were() {
        let mut packed = Packed::default();
        let revealed = Hit {
            stored: None,
            value: Some("é"),
            ..hit(9)
        };
        packed.push(&hit(0));
        packed.push(&revealed);
        let hits: Option<Vec<_>> = packed
            .iter_from(&mut 0)
            .map(|waiting| waiting.hit())
            .collect();
        assert_eq!(hits.unwrap(), [hit(0), revealed]);
    }

    #[test]
    fn what_exceeds_the_bound_comes_back_from_the_file() {
        let spool = Spool::new(60);
        let stored: Vec<Stored> = (0..5)
            .map(|row| {
                let mut packed = Packed::default();
                packed.push(&hit(row));
                spool.store(packed)
            })
            .collect();
        assert!(matches!(stored[4], Stored::Spooled { .. }));
        for (row, stored) in stored.into_iter().enumerate() {
            assert_eq!(
                spool
                    .take(stored)
                    .unwrap()
                    .iter_from(&mut 0)
                    .next()
                    .unwrap()
                    .hit(),
                Some(hit(row as u32))
            );
        }
    }
}
