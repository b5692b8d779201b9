//! zip archives: their members, and the archive put together again.

use std::io::{Cursor, Read, Write};

use ::zip::write::SimpleFileOptions;
use ::zip::{CompressionMethod, ZipArchive, ZipWriter};
use hashbrown::HashMap;

use super::tree::{LeftOut, Member, too_much};
use crate::input::Bytes;

/// The members that can be put back: files that are not encrypted and packed in a way that can be written. Others are left
/// out, each with the reason.
pub(super) fn members(
    bytes: &Bytes,
    mut most: u64,
    left_out: &mut LeftOut,
) -> Result<Vec<Member>, String> {
    let mut archive = opened(bytes)?;
    let mut members = Vec::new();
    for number in 0..archive.len() {
        let raw = archive.by_index_raw(number).map_err(damaged)?;
        let name = raw.name().map_err(damaged)?.into_owned();
        if !raw.is_file() {
            continue;
        }
        let is_encrypted = raw.encrypted();
        drop(raw);
        match content(&mut archive, number, most) {
            Ok(content) => {
                most -= content.len() as u64;
                members.push(Member {
                    key: number as u64,
                    name,
                    content: content.into(),
                });
            }
            Err(_) if is_encrypted => left_out.push((name, "it is encrypted".to_owned())),
            Err(why) => left_out.push((name, why)),
        }
    }
    Ok(members)
}

fn content(
    archive: &mut ZipArchive<Cursor<Bytes>>,
    number: usize,
    most: u64,
) -> Result<Vec<u8>, String> {
    let file = archive.by_index(number).map_err(damaged)?;
    let is_written = matches!(
        file.compression(),
        CompressionMethod::Stored
            | CompressionMethod::Deflated
            | CompressionMethod::Bzip2
            | CompressionMethod::Zstd
    );
    if !is_written {
        return Err("it is packed in a way that it can't be packed in again".to_owned());
    }
    let mut content = Vec::new();
    file.take(most + 1)
        .read_to_end(&mut content)
        .map_err(|_| "it is damaged".to_owned())?;
    if content.len() as u64 > most {
        return Err(too_much());
    }
    Ok(content)
}

/// The archive with other members in the place of some. All others are copied as they are stored.
pub(super) fn written(bytes: &Bytes, mut new: HashMap<u64, Vec<u8>>) -> Result<Vec<u8>, String> {
    let mut archive = opened(bytes)?;
    let mut out = ZipWriter::new(Cursor::new(Vec::with_capacity(bytes.len())));
    for number in 0..archive.len() {
        let file = archive.by_index_raw(number).map_err(damaged)?;
        let Some(content) = new.remove(&(number as u64)) else {
            out.raw_copy_file(file).map_err(damaged)?;
            continue;
        };
        let mut options = SimpleFileOptions::default()
            .compression_method(file.compression())
            .last_modified_time(file.last_modified().unwrap_or_default());
        if let Some(mode) = file.unix_mode() {
            options = options.unix_permissions(mode);
        }
        let name = file.name().map_err(damaged)?.into_owned();
        out.start_file(name, options).map_err(damaged)?;
        out.write_all(&content).map_err(|error| error.to_string())?;
    }
    Ok(out.finish().map_err(damaged)?.into_inner())
}

fn opened(bytes: &Bytes) -> Result<ZipArchive<Cursor<Bytes>>, String> {
    ZipArchive::new(Cursor::new(bytes.clone())).map_err(damaged)
}

/// What a message of the library holds may come from the file.
fn damaged(_: ::zip::result::ZipError) -> String {
    "the zip archive can't be put together again: it is damaged, or holds what is not supported"
        .to_owned()
}
