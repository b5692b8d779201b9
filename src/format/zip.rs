//! zip archives: members one after the other, stored ones as slices of the memory map.

use std::io::{Cursor, Read, Seek};

use bytes::Bytes;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::{Format, Head, Likelihood, Member, Piece, ReadOptions, Reader, Unread};
use crate::error::Problem;
use crate::input::Body;
use crate::input::limits::{Bounded, Budget, Limits, Stored};

/// zip.
pub(super) struct Zip;

impl Format for Zip {
    fn name(&self) -> &'static str {
        "zip"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let is_zip = head.bytes.starts_with(b"PK\x03\x04")
            || head.bytes.starts_with(b"PK\x05\x06")
            || head.bytes.starts_with(b"PK\x07\x08PK");
        is_zip.then_some(Likelihood::Magic)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        let (limits, budget) = (options.limits, head.budget.clone());
        match body {
            Body::Blob(bytes) => members(Cursor::new(bytes.clone()), Some(bytes), limits, budget),
            Body::File(file) => members(file, None, limits, budget),
            stream @ Body::Stream(_) => {
                let whole = stream.into_blob("a zip archive", &limits, &budget)?;
                let bytes = whole.complete()?;
                members(Cursor::new(bytes.clone()), Some(bytes), limits, budget)
            }
        }
    }
}

fn members<'a, R: Read + Seek + Send + 'a>(
    source: R,
    blob: Option<Bytes>,
    limits: Limits,
    budget: Budget,
) -> Result<Box<dyn Reader + 'a>, Problem> {
    let archive = ZipArchive::new(source).map_err(|error| {
        Problem::failed(format!(
            "the archive's index can't be read: {error}; it may be cut off, or one of several parts"
        ))
    })?;
    Ok(Box::new(Members {
        archive,
        blob,
        next: 0,
        position: 0,
        limits,
        budget,
    }))
}

struct Members<R> {
    archive: ZipArchive<R>,
    /// All of it, where it is in memory.
    blob: Option<Bytes>,
    next: usize,
    position: u64,
    limits: Limits,
    budget: Budget,
}

/// What is known of a member before it is read.
struct Facts {
    name: String,
    is_file: bool,
    is_stored: bool,
    is_encrypted: bool,
    start: Option<u64>,
    stored: u64,
}

impl<R: Read + Seek> Members<R> {
    fn facts(&mut self, index: usize) -> Result<Facts, ZipError> {
        let file = self.archive.by_index_raw(index)?;
        let name = match file.name() {
            Ok(name) => name.into_owned(),
            Err(_) => String::from_utf8_lossy(file.name_raw()).into_owned(),
        };
        Ok(Facts {
            name,
            is_file: !file.is_dir() && !file.is_symlink(),
            is_stored: file.compression() == CompressionMethod::Stored,
            is_encrypted: file.encrypted(),
            start: file.data_start(),
            stored: file.compressed_size(),
        })
    }
}

impl<R: Read + Seek + Send> Reader for Members<R> {
    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Problem> {
        loop {
            let index = self.next;
            if index >= self.archive.len() {
                return Ok(None);
            }
            self.next += 1;
            let facts = match self.facts(index) {
                Ok(facts) => facts,
                Err(error) => {
                    let reason = format!("member {} can't be read: {error}", index + 1);
                    return Err(Problem::lost(reason));
                }
            };
            self.position += facts.stored;
            if !facts.is_file {
                continue;
            }
            let name = facts.name;
            if facts.is_encrypted {
                let problem = Problem::skipped("encrypted; unpack it with its password first");
                return Ok(Some(Piece::Unread(Unread {
                    name,
                    bytes: Some(facts.stored),
                    problem,
                })));
            }
            if let (true, Some(blob), Some(start)) = (facts.is_stored, &self.blob, facts.start) {
                let end = start.checked_add(facts.stored);
                if let Some(end) = end.filter(|&end| end <= blob.len() as u64) {
                    let body = Body::Blob(blob.slice(start as usize..end as usize));
                    return Ok(Some(Piece::Member(Member { name, body })));
                }
            }
            // Asked twice, since what is borrowed in one branch of a loop is borrowed in all of them.
            if let Err(error) = self.archive.by_index(index).map(drop) {
                let problem = Problem::skipped(format!("can't be unpacked: {error}"));
                return Ok(Some(Piece::Unread(Unread {
                    name,
                    bytes: Some(facts.stored),
                    problem,
                })));
            }
            let budget = self.budget.clone();
            let file = self
                .archive
                .by_index(index)
                .map_err(|error| Problem::lost(error.to_string()))?;
            let stream = Bounded::new(file, self.limits, budget, Stored::Bytes(facts.stored));
            let body = Body::Stream(Box::new(stream));
            return Ok(Some(Piece::Member(Member { name, body })));
        }
    }

    fn position(&self) -> u64 {
        self.position
    }
}
