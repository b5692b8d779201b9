//! How inputs are parted: into frames of zstd, members of BGZF, blocks of xz and of bzip2.

mod bzip2;
mod xz;

use std::io;

pub(super) use bzip2::Blocks as Bzip2Blocks;
pub(super) use xz::Blocks as XzBlocks;

use super::ahead::{Part, Parts};
use super::frames::{other_bytes, starts_with_skipped};

/// The longest frame that is looked for, in bytes: to find its end, each of its blocks has to be found.
const LONGEST_FRAME: usize = 16 << 20;
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";
const GZIP: &[u8] = b"\x1f\x8b\x08";
/// Bytes of short members that are decoded at a time.
const MEMBERS: usize = 1 << 20;

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// The rest of an input in one, from a place on. Behind the first part it may be padding with zeros.
fn rest(all: &[u8], at: usize, starts: impl Fn(&[u8]) -> bool) -> io::Result<Option<Part>> {
    let zeros = all[at..].iter().take_while(|byte| **byte == 0).count();
    let start = if at == 0 { 0 } else { at + zeros };
    if start == all.len() {
        return Ok(None);
    }
    if at > 0 && !starts(&all[start..]) {
        return Err(other_bytes());
    }
    Ok(Some(Part::rest(start, all.len())))
}

/// Frames of zstd (RFC 8878).
#[derive(Default)]
pub(super) struct ZstdFrames(usize);

impl Parts for ZstdFrames {
    fn next(&mut self, all: &[u8]) -> io::Result<Option<Part>> {
        loop {
            let start = self.0;
            let near = &all[start..all.len().min(start + LONGEST_FRAME)];
            let is_skipped = starts_with_skipped(near);
            let is_frame = is_skipped || near.starts_with(ZSTD);
            let len = zstd::zstd_safe::find_frame_compressed_size(near);
            let Some(len) = len.ok().filter(|len| is_frame && *len > 0) else {
                self.0 = all.len();
                return rest(all, start, |bytes| {
                    bytes.starts_with(ZSTD) || starts_with_skipped(bytes)
                });
            };
            self.0 += len;
            if !is_skipped {
                let size = zstd::zstd_safe::get_frame_content_size(near);
                let size = size.ok().flatten();
                return Ok(Some(Part::slice(start, self.0, size)));
            }
        }
    }
}

/// Members of a gzip file that say how long they are, as `bgzip` writes them (SAM/BAM specification, section 4.1). They
/// are short, so that a part is many of them.
#[derive(Default)]
pub(super) struct GzipMembers(usize);

impl Parts for GzipMembers {
    fn next(&mut self, all: &[u8]) -> io::Result<Option<Part>> {
        let start = self.0;
        while self.0 - start < MEMBERS
            && let Some(len) = member_len(&all[self.0..])
        {
            self.0 += len;
        }
        if self.0 == start {
            self.0 = all.len();
            return rest(all, start, |bytes| bytes.starts_with(GZIP));
        }
        Ok(Some(Part::slice(start, self.0, None)))
    }
}

fn member_len(bytes: &[u8]) -> Option<usize> {
    let (head, rest) = bytes.split_first_chunk::<18>()?;
    let says = head.starts_with(b"\x1f\x8b\x08\x04") && head[10..16] == *b"\x06\0BC\x02\0";
    let len = usize::from(u16::from_le_bytes([head[16], head[17]])) + 1;
    (says && len > head.len() && len <= head.len() + rest.len()).then_some(len)
}
