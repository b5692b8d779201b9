//! tar archives: their members, and the archive put together again.
//!
//! All that is not a planted member is copied byte by byte: headers with long names, links, holes.

use std::io::Read;

use ::tar::{Archive, EntryType, Header};
use hashbrown::HashMap;

use super::tree::{LeftOut, Member, too_much};
use crate::input::Bytes;

/// Bytes of a block.
const BLOCK: usize = 512;

/// The members that are files without holes. Other files are left out, each with the reason.
pub(super) fn members(
    bytes: &Bytes,
    most: u64,
    left_out: &mut LeftOut,
) -> Result<Vec<Member>, String> {
    let mut archive = Archive::new(&bytes[..]);
    let mut members = Vec::new();
    for entry in archive.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let is_file = matches!(
            entry.header().entry_type(),
            EntryType::Regular | EntryType::Continuous
        );
        let key = entry.raw_header_position();
        let start = entry.raw_file_position() as usize;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if entry.header().entry_type() == EntryType::GNUSparse {
            left_out.push((name, "it has holes".to_owned()));
            continue;
        }
        if !is_file {
            continue;
        }
        if entry.size() > most {
            left_out.push((name, too_much()));
            continue;
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(damaged)?;
        // What extended headers overrule is not what the header says.
        let is_plain = entry.header().entry_size().ok() == Some(content.len() as u64)
            && bytes.get(start..start + content.len()) == Some(&content[..]);
        if !is_plain {
            left_out.push((
                name,
                "its header says otherwise than what stands before it".to_owned(),
            ));
            continue;
        }
        members.push(Member {
            key,
            name,
            content: content.into(),
        });
    }
    Ok(members)
}

/// The archive with other members in the place of some, which are known by where their header stands.
pub(super) fn written(bytes: &Bytes, new: HashMap<u64, Vec<u8>>) -> Result<Vec<u8>, String> {
    let mut new: Vec<(u64, Vec<u8>)> = new.into_iter().collect();
    new.sort_unstable_by_key(|(place, _)| *place);
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    for (place, content) in new {
        let place = place as usize;
        let stored = bytes.get(place..place + BLOCK);
        let stored = stored.and_then(|block| <&[u8; BLOCK]>::try_from(block).ok());
        let mut header =
            Header::from_byte_slice(stored.ok_or("the tar archive is cut off")?).clone();
        let len = header.entry_size().map_err(damaged)? as usize;
        header.set_size(content.len() as u64);
        header.set_cksum();
        out.extend_from_slice(&bytes[at..place]);
        out.extend_from_slice(header.as_bytes());
        out.extend_from_slice(&content);
        out.resize(out.len().next_multiple_of(BLOCK), 0);
        at = (place + BLOCK + len.next_multiple_of(BLOCK)).min(bytes.len());
    }
    out.extend_from_slice(&bytes[at..]);
    Ok(out)
}

/// What a message of the library holds may come from the file.
fn damaged(_: std::io::Error) -> String {
    "the tar archive is damaged".to_owned()
}
