//! RAR archives, of versions 1.5 to 5: which members there are. Nothing here unpacks them, but those that are stored as they
//! are can be read.

use super::{Format, Head, Likelihood, Member, Piece, ReadOptions, Reader, Unread};
use crate::error::Problem;
use crate::input::{Body, Store};

const OLD: &[u8] = b"Rar!\x1a\x07\x00";
const NEW: &[u8] = b"Rar!\x1a\x07\x01\x00";
/// Bytes of a block's header.
const LONGEST_HEADER: usize = 2 << 20;

/// RAR archives.
pub(super) struct Rar;

impl Format for Rar {
    fn name(&self) -> &'static str {
        "rar"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let is = head.bytes.starts_with(OLD) || head.bytes.starts_with(NEW);
        is.then_some(Likelihood::Magic)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        let (store, cut) = Store::of(body, "a RAR archive", &options.limits, &head.budget)?;
        let is_new = head.bytes.starts_with(NEW);
        Ok(Box::new(Blocks {
            at: if is_new { NEW.len() } else { OLD.len() } as u64,
            store,
            is_new,
            cut,
        }))
    }
}

struct Blocks {
    store: Store,
    is_new: bool,
    at: u64,
    cut: Option<Problem>,
}

/// What a block's header says.
struct Header {
    /// Bytes of the header, and of the data behind it.
    len: u64,
    data: u64,
    kind: Kind,
}

enum Kind {
    Member(Found),
    /// Headers behind this one can't be read.
    Encrypted,
    End,
    Other,
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "what the flags of a header say"
)]
struct Found {
    name: String,
    is_folder: bool,
    is_encrypted: bool,
    is_stored: bool,
    is_split: bool,
}

impl Reader for Blocks {
    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Problem> {
        loop {
            if self.at >= self.store.len() {
                return self.cut.take().map_or(Ok(None), Err);
            }
            let at = self.at;
            let broken = || Problem::failed("the archive is cut off or damaged").at(at);
            let bytes = self.store.read(at, LONGEST_HEADER).map_err(|_| broken())?;
            let read = if self.is_new {
                new(&bytes)
            } else {
                old(&bytes)
            };
            let header = read.ok_or_else(broken)?;
            let data = at.saturating_add(header.len);
            self.at = data.saturating_add(header.data);
            match header.kind {
                Kind::End => {
                    self.at = self.store.len();
                    return Ok(None);
                }
                Kind::Encrypted => {
                    self.at = self.store.len();
                    return Err(Problem::skipped(
                        "the names of its members are encrypted; unpack it with its password first",
                    ));
                }
                Kind::Member(found) if !found.is_folder => {
                    return Ok(Some(self.member(found, data, header.data)));
                }
                Kind::Member(_) | Kind::Other => {}
            }
        }
    }

    fn position(&self) -> u64 {
        self.at.min(self.store.len())
    }
}

impl Blocks {
    fn member(&self, found: Found, at: u64, len: u64) -> Piece<'static> {
        let name = found.name;
        if found.is_stored
            && !found.is_encrypted
            && !found.is_split
            && at.saturating_add(len) <= self.store.len()
        {
            let body = self.store.slice(at, len).body();
            let size = Some(len);
            return Piece::Apart(Member { name, size, body });
        }
        let reason = if found.is_encrypted {
            "encrypted; unpack it with its password first"
        } else {
            "packed by RAR, which is not read; unpack it first"
        };
        Piece::Unread(Unread {
            name,
            bytes: Some(len),
            problem: Problem::skipped(reason),
        })
    }
}

/// Reads numbers off the front of a header.
struct Fields<'f>(&'f [u8]);

impl<'f> Fields<'f> {
    fn take(&mut self, len: usize) -> Option<&'f [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn fixed(&mut self, len: usize) -> Option<u64> {
        let bytes = self.take(len)?.iter().rev();
        Some(bytes.fold(0, |value, &byte| value << 8 | u64::from(byte)))
    }

    /// Seven bits a byte, the lowest first.
    fn number(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..70).step_by(7) {
            let byte = self.fixed(1)?;
            value |= (byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
}

/// A block of version 5.
fn new(bytes: &[u8]) -> Option<Header> {
    let mut fields = Fields(bytes);
    fields.take(4)?; // the checksum
    let len = fields.number()?;
    let before = (bytes.len() - fields.0.len()) as u64;
    let mut fields = Fields(fields.take(usize::try_from(len).ok()?)?);
    let (kind, flags) = (fields.number()?, fields.number()?);
    let extra = if flags & 1 != 0 { fields.number()? } else { 0 };
    let data = if flags & 2 != 0 { fields.number()? } else { 0 };
    let kind = match kind {
        2 => Kind::Member(new_member(
            &mut fields,
            flags,
            usize::try_from(extra).ok()?,
        )?),
        4 => Kind::Encrypted,
        5 => Kind::End,
        _ => Kind::Other,
    };
    Some(Header {
        len: before + len,
        data,
        kind,
    })
}

fn new_member(fields: &mut Fields<'_>, flags: u64, extra: usize) -> Option<Found> {
    let own = fields.number()?;
    fields.number()?; // the size
    fields.number()?; // attributes
    fields.take(if own & 2 != 0 { 4 } else { 0 })?;
    fields.take(if own & 4 != 0 { 4 } else { 0 })?;
    let method = fields.number()? >> 7 & 7;
    fields.number()?; // the system
    let name_len = usize::try_from(fields.number()?).ok()?;
    let name = String::from_utf8_lossy(fields.take(name_len)?).into_owned();
    let mut is_encrypted = false;
    let mut extra = Fields(fields.take(extra.min(fields.0.len()))?);
    while let Some(len) = extra.number() {
        let mut record = Fields(extra.take(usize::try_from(len).ok()?)?);
        is_encrypted |= record.number() == Some(1);
    }
    Some(Found {
        name,
        is_folder: own & 1 != 0,
        is_encrypted,
        is_stored: method == 0,
        is_split: flags & 0x18 != 0,
    })
}

/// A block of older versions.
fn old(bytes: &[u8]) -> Option<Header> {
    let mut fields = Fields(bytes);
    fields.take(2)?; // the checksum
    let (kind, flags, len) = (fields.fixed(1)?, fields.fixed(2)?, fields.fixed(2)?);
    if len < 7 {
        return None;
    }
    let mut rest = Fields(bytes.get(7..usize::try_from(len).ok()?)?);
    let has_data = flags & 0x8000 != 0 || kind == 0x74;
    let mut data = if has_data { rest.fixed(4)? } else { 0 };
    let kind = match kind {
        0x73 if flags & 0x80 != 0 => Kind::Encrypted,
        0x74 => Kind::Member(old_member(&mut rest, flags, &mut data)?),
        0x7b => Kind::End,
        _ => Kind::Other,
    };
    Some(Header { len, data, kind })
}

fn old_member(fields: &mut Fields<'_>, flags: u64, data: &mut u64) -> Option<Found> {
    fields.take(4 + 1 + 4 + 4 + 1)?; // size, system, checksum, time, version
    let method = fields.fixed(1)?;
    let name_len = usize::try_from(fields.fixed(2)?).ok()?;
    fields.take(4)?; // attributes
    if flags & 0x100 != 0 {
        *data |= fields.fixed(4)? << 32;
        fields.take(4)?;
    }
    // Behind a zero the name follows once more, packed.
    let name = fields.take(name_len)?.split(|&byte| byte == 0).next()?;
    Some(Found {
        name: String::from_utf8_lossy(name).replace('\\', "/"),
        is_folder: flags & 0xe0 == 0xe0,
        is_encrypted: flags & 4 != 0,
        is_stored: method == 0x30,
        is_split: flags & 3 != 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_both_kinds_are_read() {
        let mut body = vec![2, 2, 3, 0, 3, 0, 0, 0, 5];
        body.extend_from_slice(b"a.txt");
        let mut block = vec![0, 0, 0, 0, body.len() as u8];
        block.extend(body);
        let header = new(&block).unwrap();
        let Kind::Member(found) = header.kind else {
            panic!("it is a member");
        };
        assert_eq!(
            (found.name.as_str(), found.is_stored, header.data),
            ("a.txt", true, 3)
        );

        let mut block = vec![0, 0, 0x74, 4, 0, 37, 0, 9, 0, 0, 0];
        block.extend_from_slice(&[0; 14]);
        block.extend_from_slice(&[0x33, 5, 0, 0, 0, 0, 0]);
        block.extend_from_slice(b"b.txt");
        let header = old(&block).unwrap();
        let Kind::Member(found) = header.kind else {
            panic!("it is a member");
        };
        assert_eq!(
            (found.name.as_str(), found.is_encrypted, header.data),
            ("b.txt", true, 9)
        );
    }

    #[test]
    fn damaged_headers_do_no_harm() {
        for byte in 0..=255 {
            for len in 0..40 {
                let bytes = vec![byte; len];
                let _ = (new(&bytes), old(&bytes));
            }
        }
    }
}
