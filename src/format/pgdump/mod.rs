//! Archives of `pg_dump`: the custom format, the table of contents of the directory and tar formats, and the files beside it.
//!
//! Data of a table are a member, which starts with the statement that the archive has for them: so they are read as SQL, with
//! their table and columns. Rows have no place in the stored bytes that is worth telling. Large objects are members as well;
//! statements that make tables and functions are one.

use std::collections::HashMap;
use std::io::{self, Read};

use super::sql::Sql;
use super::unplaced::Unplaced;
use super::{Format, Head, Likelihood, Member, Piece, ReadOptions, Reader, Unread};
use crate::error::Problem;
use crate::input::limits::{Bounded, Stored};
use crate::input::{Body, Budget, Bytes, Limits, Store};

mod data;
mod toc;

use data::{Data, Found};
use toc::{Kind, Packing, Toc};

/// The name of the file with the table of contents.
const TOC: &str = "toc.dat";
/// Bytes of such a file.
const LONGEST_TOC: u64 = 256 << 20;

/// An archive, or the table of contents of one.
pub(super) struct PgDump;

impl Format for PgDump {
    fn name(&self) -> &'static str {
        "pg_dump"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        head.bytes
            .starts_with(b"PGDMP")
            .then_some(Likelihood::Magic)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        let (limits, budget) = (options.limits, head.budget.clone());
        let (store, cut) = Store::of(body, "a dump of PostgreSQL", &limits, &budget)?;
        let read = Toc::read(store.buffered());
        let (toc, broken) = read.map_err(|error| Problem::failed(unreadable(&error)))?;
        let broken = broken.map(|error| Problem::lost(unreadable(&error)).at(toc.len));
        let problems = cut.into_iter().chain(broken).collect();
        Ok(Box::new(Archive::new(store, toc, problems, limits, budget)))
    }
}

fn unreadable(error: &io::Error) -> String {
    format!("the table of contents can't be read: {error}")
}

struct Archive {
    store: Store,
    packing: Packing,
    /// The statements that make what is in it.
    definitions: Option<Bytes>,
    /// By number, the name of what has data, and the statement before them.
    names: HashMap<u64, (String, String)>,
    data: Option<Data>,
    problems: Vec<Problem>,
    position: u64,
    limits: Limits,
    budget: Budget,
}

impl Archive {
    fn new(store: Store, toc: Toc, problems: Vec<Problem>, limits: Limits, budget: Budget) -> Self {
        let mut definitions = String::new();
        for entry in &toc.entries {
            definitions.push_str(&entry.definition);
        }
        let is_whole = problems.is_empty();
        let has_data = toc.shape.kind == Kind::Custom && is_whole;
        let data = has_data.then(|| Data::new(store.clone(), &toc));
        Self {
            store,
            packing: toc.packing,
            definitions: (!definitions.is_empty()).then(|| definitions.into_bytes().into()),
            names: (toc.entries.into_iter())
                .map(|entry| (entry.id, (entry.name, entry.copy)))
                .collect(),
            data,
            problems,
            position: toc.len,
            limits,
            budget,
        }
    }

    fn member(&self, found: &Found) -> Piece<'static> {
        let (name, copy) = match (found.object, self.names.get(&found.id)) {
            (Some(object), _) => (format!("large object {object}"), String::new()),
            (None, Some((name, copy))) => (name.clone(), copy.clone()),
            (None, None) => (format!("data {}", found.id), String::new()),
        };
        let size = Stored::Bytes(found.len.unwrap_or(self.store.len()));
        match unpacked(self.packing, Box::new(found.reader.clone())) {
            Ok(decoder) => {
                let bounded = Bounded::new(decoder, self.limits, self.budget.clone(), size);
                let statement = io::Cursor::new(copy.into_bytes());
                let body = Body::Stream(Box::new(statement.chain(bounded)));
                let size = None;
                Piece::Apart(Member { name, size, body })
            }
            Err(problem) => {
                let bytes = found.len;
                Piece::Unread(Unread {
                    name,
                    bytes,
                    problem,
                })
            }
        }
    }
}

/// What packed data unpack to.
fn unpacked(packing: Packing, data: Box<dyn Read + Send>) -> Result<Box<dyn Read + Send>, Problem> {
    #[cfg(feature = "archives")]
    return Ok(match packing {
        Packing::None => data,
        Packing::Zlib => Box::new(flate2::read::ZlibDecoder::new(data)),
        Packing::Lz4 => Box::new(lz4_flex::frame::FrameDecoder::new(data)),
        Packing::Zstd => {
            let decoder = zstd::stream::read::Decoder::new(data);
            Box::new(
                decoder.map_err(|error| Problem::failed(format!("can't be unpacked: {error}")))?,
            )
        }
    });
    #[cfg(not(feature = "archives"))]
    match packing {
        Packing::None => Ok(data),
        _ => Err(Problem::skipped(
            "compressed, which this build doesn't read",
        )),
    }
}

impl Reader for Archive {
    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Problem> {
        if let Some(problem) = self.problems.pop() {
            return Err(problem);
        }
        if let Some(definitions) = self.definitions.take() {
            return Ok(Some(Piece::Apart(Member {
                name: "definitions.sql".to_owned(),
                size: None,
                body: Body::Blob(definitions),
            })));
        }
        let Some(data) = &mut self.data else {
            self.position = self.store.len();
            return Ok(None);
        };
        match data.next() {
            Ok(Some(found)) => {
                self.position = found.at;
                Ok(Some(self.member(&found)))
            }
            Ok(None) => {
                self.position = self.store.len();
                Ok(None)
            }
            Err(problem) => {
                self.data = None;
                Err(problem)
            }
        }
    }

    fn position(&self) -> u64 {
        self.position.min(self.store.len())
    }
}

/// A file with the data of one table, in the folder of a directory dump.
pub(super) struct PgData;

impl PgData {
    /// The statement that the table of contents beside the file has for its data.
    fn statement(head: &Head<'_>) -> Option<String> {
        let folder = head.folder?;
        let name = head.name.rsplit(['/', '\\']).next()?;
        let number = name.strip_suffix(".dat")?;
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let file = std::fs::File::open(folder.join(TOC)).ok()?;
        let (toc, _) = Toc::read(io::BufReader::new(file.take(LONGEST_TOC))).ok()?;
        // Their names are those of the files before they are compressed.
        let entry = toc.entries.into_iter().find(|entry| entry.file == name)?;
        (!entry.copy.is_empty()).then_some(entry.copy)
    }
}

impl Format for PgData {
    fn name(&self) -> &'static str {
        "pg_dump data"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        Self::statement(head).map(|_| Likelihood::Magic)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        let statement = Self::statement(head).unwrap_or_default();
        let bytes = [statement.as_bytes(), head.bytes].concat();
        let started = Head {
            name: "data.sql",
            text: Some(bytes.clone().into()),
            bytes: &bytes,
            tail: None,
            budget: head.budget.clone(),
            ..*head
        };
        let body: Box<dyn Read + Send + 'a> = match body {
            Body::Blob(bytes) => Box::new(io::Cursor::new(bytes)),
            Body::File(file) => Box::new(file),
            Body::Stream(stream) => stream,
        };
        let statement = io::Cursor::new(statement.into_bytes());
        let body = Body::Stream(Box::new(statement.chain(body)));
        let inner = Sql.open(body, &started, options)?;
        Ok(Box::new(Unplaced(inner)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_behind_the_signature_are_refused_or_read() {
        for len in 0..64 {
            for byte in [0, 1, 4, 255] {
                let mut bytes = b"PGDMP\x01\x0e\x00\x04\x08\x01".to_vec();
                bytes.extend(std::iter::repeat_n(byte, len));
                let _ = Toc::read(&bytes[..]);
            }
        }
    }
}
