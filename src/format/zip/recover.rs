//! Members of an archive whose index is lost: each has a header of its own before its bytes.

use std::io;

use bytes::Bytes;
use memchr::memmem;

use super::index::{Wide, u16_at, u32_at};
use super::{Entry, Place, name};
use crate::input::Store;

/// Bytes of a member's own header, without its name and extra fields.
pub(super) const HEADER: usize = 30;
/// Bytes looked at in one go where the archive is no blob.
const WINDOW: usize = 64 << 20;
/// The flag that says that sizes follow the member.
const SIZES_FOLLOW: u16 = 1 << 3;

/// All members that have a header, in the order of the archive.
pub(super) fn entries(store: &Store) -> io::Result<Vec<Entry>> {
    // A file that isn't mapped is searched as far as one window: what is behind it stays unread, and the problem says that
    // the index is missing.
    let bytes = store.read(0, usize::try_from(store.len()).unwrap_or(WINDOW))?;
    let mut entries = Vec::new();
    let mut at = 0;
    while let Some(found) = memmem::find(&bytes[at..], b"PK\x03\x04") {
        let start = at + found;
        match entry(&bytes, start) {
            Some((entry, end)) => {
                entries.push(entry);
                at = end;
            }
            None => at = start + 4,
        }
    }
    Ok(entries)
}

/// The member whose header stands at a place, and where its bytes end.
fn entry(bytes: &Bytes, start: usize) -> Option<(Entry, usize)> {
    let fixed = bytes.get(start..start + HEADER)?;
    let [name_len, extra_len] = [26, 28].map(|field| usize::from(u16_at(fixed, field)));
    let data = start + HEADER + name_len + extra_len;
    let raw = bytes.get(start + HEADER..start + HEADER + name_len)?;
    let extra = bytes.get(start + HEADER + name_len..data)?;
    let flags = u16_at(fixed, 6);
    let mut wide = Wide::new(extra);
    let size = wide.or(u32_at(fixed, 22));
    let stated = wide.or(u32_at(fixed, 18));
    let sizes_follow = flags & SIZES_FOLLOW != 0 && stated == 0;
    let rest = (bytes.len() - data) as u64;
    let (packed, crc, size) = if sizes_follow {
        let (packed, crc) = sizes_behind(&bytes[data..]);
        (packed as u64, crc, None)
    } else {
        (stated, Some(u32_at(fixed, 14)), Some(size))
    };
    let entry = Entry {
        name: name::shown(raw, extra, flags),
        flags,
        method: u16_at(fixed, 8),
        crc,
        packed,
        size,
        at: Place::Header(start as u64),
        is_link: false,
    };
    Some((entry, data + packed.min(rest) as usize))
}

/// How long a member is whose sizes follow it, and its checksum: up to the record that states just that length, or the next
/// header.
fn sizes_behind(data: &[u8]) -> (usize, Option<u32>) {
    for at in memmem::find_iter(data, b"PK") {
        match data.get(at + 2..at + 4) {
            Some(b"\x07\x08") if u32_at(data, at + 8) as usize == at => {
                return (at, Some(u32_at(data, at + 4)));
            }
            Some(b"\x03\x04" | b"\x01\x02") => return (at, None),
            _ => {}
        }
    }
    (data.len(), None)
}
