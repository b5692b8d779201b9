//! Members of an archive whose index is lost: each has a header of its own before its bytes.

use std::io;
use std::ops::Range;

use bytes::Bytes;
use memchr::memmem;

use super::index::{Wide, u16_at, u32_at};
use super::{Entry, Place, name};
use crate::input::Store;

/// Bytes of a member's own header, without its name and extra fields.
pub(super) const HEADER: usize = 30;
/// Bytes looked at in one go.
const WINDOW: usize = 4 << 20;
/// Bytes of a member's header, with the longest name and extra fields.
const LONGEST_HEADER: usize = HEADER + 2 * 0xffff;
/// Members that are found; an archive of more has an index, or is none.
const MOST: usize = 10_000_000;
/// The flag that says that sizes follow the member.
const SIZES_FOLLOW: u16 = 1 << 3;

/// All members that have a header, in the order of the archive.
pub(super) fn entries(store: &Store) -> io::Result<Vec<Entry>> {
    let entries = found(store, 0..store.len(), |_, _| true)?;
    Ok(entries.into_iter().map(|(entry, _)| entry).collect())
}

/// The members in a stretch of an archive whose index doesn't list them, each with where its bytes end. Any program may have bytes
/// in it that look like the start of a header.
pub(super) fn within(store: &Store, range: Range<u64>) -> io::Result<Vec<(Entry, u64)>> {
    let until = range.end;
    found(store, range, |entry, end| {
        let is_name = !entry.name.is_empty() && !entry.name.contains(char::is_control);
        is_name && end <= until && matches!(entry.method, 0..=20 | 93..=99)
    })
}

fn found(
    store: &Store,
    range: Range<u64>,
    is_one: impl Fn(&Entry, u64) -> bool,
) -> io::Result<Vec<(Entry, u64)>> {
    let mut search = Search {
        store,
        base: 0,
        window: Bytes::new(),
    };
    let mut entries = Vec::new();
    let mut at = range.start;
    while let Some(start) = search
        .find(at, b"PK\x03\x04")?
        .filter(|start| *start < range.end)
    {
        at = match entry(&mut search, start)? {
            Some((entry, end)) if entries.len() < MOST && is_one(&entry, end) => {
                entries.push((entry, end));
                end
            }
            _ => start + 4,
        };
    }
    Ok(entries)
}

/// Looks for bytes, a window at a time: an archive that isn't mapped may be larger than memory.
struct Search<'s> {
    store: &'s Store,
    /// Where the window starts.
    base: u64,
    window: Bytes,
}

impl Search<'_> {
    /// The next place of a pattern, from a place on.
    fn find(&mut self, mut at: u64, pattern: &[u8]) -> io::Result<Option<u64>> {
        loop {
            let rest = self.at(at, pattern.len())?;
            if rest.len() < pattern.len() {
                return Ok(None);
            }
            match memmem::find(&rest, pattern) {
                Some(found) => return Ok(Some(at + found as u64)),
                // The pattern may begin in this window and end in the next.
                None => at += (rest.len() - (pattern.len() - 1)) as u64,
            }
        }
    }

    /// What the window holds from a place on; at least `len` bytes, where there are as many.
    fn at(&mut self, at: u64, len: usize) -> io::Result<Bytes> {
        let end = self.base + self.window.len() as u64;
        let is_short = at + len as u64 > end && end < self.store.len();
        if at < self.base || at > end || is_short || self.window.is_empty() {
            self.window = self.store.read(at, WINDOW.max(len))?;
            self.base = at;
        }
        let from = (at - self.base) as usize;
        Ok(self.window.slice(from.min(self.window.len())..))
    }
}

/// The member whose header stands at a place, and where its bytes end.
fn entry(search: &mut Search<'_>, start: u64) -> io::Result<Option<(Entry, u64)>> {
    let bytes = search.at(start, LONGEST_HEADER)?;
    let Some(fixed) = bytes.get(..HEADER) else {
        return Ok(None);
    };
    let [name_len, extra_len] = [26, 28].map(|field| usize::from(u16_at(fixed, field)));
    let len = HEADER + name_len + extra_len;
    let parts = (
        bytes.get(HEADER..HEADER + name_len),
        bytes.get(HEADER + name_len..len),
    );
    let (Some(raw), Some(extra)) = parts else {
        return Ok(None);
    };
    let flags = u16_at(fixed, 6);
    let mut wide = Wide::new(extra);
    let size = wide.or(u32_at(fixed, 22));
    let stated = wide.or(u32_at(fixed, 18));
    let data = start + len as u64;
    let (packed, crc, size) = if flags & SIZES_FOLLOW != 0 && stated == 0 {
        let (packed, crc) = sizes_behind(search, data)?;
        (packed, crc, None)
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
        at: Place::Header(start),
        is_link: false,
    };
    let end = data.saturating_add(packed).min(search.store.len());
    Ok(Some((entry, end)))
}

/// How long a member is whose sizes follow it, and its checksum: up to the record that states just that length, or the next
/// header.
fn sizes_behind(search: &mut Search<'_>, data: u64) -> io::Result<(u64, Option<u32>)> {
    const RECORD: usize = 12;
    let mut from = data;
    while let Some(at) = search.find(from, b"PK")? {
        let record = search.at(at, RECORD)?;
        let len = at - data;
        match record.get(2..4) {
            Some(b"\x07\x08") if record.len() >= RECORD && u64::from(u32_at(&record, 8)) == len => {
                return Ok((len, Some(u32_at(&record, 4))));
            }
            Some(b"\x03\x04" | b"\x01\x02") => return Ok((len, None)),
            _ => from = at + 2,
        }
    }
    Ok((search.store.len().saturating_sub(data), None))
}
