//! A saved result back to events, so that any report can be made of it without the data.
//!
//! JSON, NDJSON (as it is or compressed) and Parquet hold the same records; what a file holds shows in its first bytes, not in
//! its name. Events come in the order in which a scan gives them out, whatever order the file keeps them in. A result
//! that is damaged or cut off is an error that names the line: half a report must not look like a whole one.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use crate::error::Error;
use crate::event::{Event, SCHEMA, ScanRecord};

mod document;
mod lines;
mod order;
#[cfg(feature = "parquet")]
mod table;
mod wire;

/// Who takes the events.
pub type Emit<'e> = dyn FnMut(&Event) -> io::Result<()> + 'e;

/// A saved result.
pub struct Saved {
    name: String,
    file: File,
    kind: Kind,
}

/// How a result is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Lines,
    Document,
    #[cfg(feature = "archives")]
    Gzip,
    #[cfg(feature = "archives")]
    Zstd,
    #[cfg(feature = "parquet")]
    Parquet,
}

/// Bytes looked at to tell what a file holds.
const HEAD: u64 = 4096;

impl Saved {
    /// Opens a result; `-` is standard input, which is put aside in an unnamed temporary file.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let unreadable = |error| Error::file(path, error);
        let mut file = if path.as_os_str() == "-" {
            let mut file = tempfile::tempfile().map_err(unreadable)?;
            io::copy(&mut io::stdin(), &mut file).map_err(unreadable)?;
            file
        } else {
            let file = File::open(path).map_err(unreadable)?;
            if file.metadata().map_err(unreadable)?.is_dir() {
                return Err(unreadable(io::Error::other(
                    "this is a folder; a saved result is a file",
                )));
            }
            file
        };
        let mut head = Vec::new();
        file.seek(SeekFrom::Start(0))
            .and_then(|_| (&mut file).take(HEAD).read_to_end(&mut head))
            .map_err(unreadable)?;
        let name = path.display().to_string();
        let kind = kind(&head).ok_or_else(|| {
            Error::usage(format!(
                "{name}: this is no saved result; those are made with `speur scan PATH -o result.ndjson`, \
                 also .json, .ndjson.zst and .parquet"
            ))
        })?;
        Ok(Self { name, file, kind })
    }

    /// How the scan was run.
    pub fn scan(&self) -> Result<ScanRecord, Error> {
        let mut scan = None;
        let stop = || io::Error::other("enough was read");
        let result = self.events(Findings::Skip, &mut |event| {
            if let Event::Scan(record) = event {
                scan = Some(record.clone());
            }
            Err(stop())
        });
        match (scan, result) {
            (Some(scan), _) => Ok(scan),
            (None, Err(error)) => Err(error),
            (None, Ok(())) => Err(self.wrong("it holds no scan")),
        }
    }

    /// Gives out its events, in the order in which a scan gives them.
    pub fn events(&self, findings: Findings, emit: &mut Emit<'_>) -> Result<(), Error> {
        match self.kind {
            Kind::Lines => lines::read(self, &mut self.reader()?, findings, emit),
            Kind::Document => document::read(self, findings, emit),
            #[cfg(feature = "archives")]
            Kind::Gzip => {
                let reader = flate2::read::MultiGzDecoder::new(self.reader()?);
                lines::read(
                    self,
                    &mut BufReader::with_capacity(1 << 18, reader),
                    findings,
                    emit,
                )
            }
            #[cfg(feature = "archives")]
            Kind::Zstd => {
                let reader = zstd::stream::read::Decoder::with_buffer(self.reader()?)
                    .map_err(|error| self.wrong(error))?;
                lines::read(
                    self,
                    &mut BufReader::with_capacity(1 << 18, reader),
                    findings,
                    emit,
                )
            }
            #[cfg(feature = "parquet")]
            Kind::Parquet => table::read(self, findings, emit),
        }
    }

    fn reader(&self) -> Result<BufReader<File>, Error> {
        Ok(BufReader::with_capacity(1 << 18, self.start()?))
    }

    fn start(&self) -> Result<File, Error> {
        let mut file = self.file.try_clone().map_err(|error| self.wrong(error))?;
        file.seek(SeekFrom::Start(0))
            .map_err(|error| self.wrong(error))?;
        Ok(file)
    }

    fn wrong(&self, what: impl std::fmt::Display) -> Error {
        Error::usage(format!("{}: {what}", self.name))
    }

    /// What is wrong with JSON, without what it holds: serde's own words may quote values.
    fn wrong_json(&self, error: &serde_json::Error, first_line: usize) -> Error {
        use serde_json::error::Category;
        let line = first_line + error.line().saturating_sub(1);
        let text = error.to_string();
        let what = match error.classify() {
            Category::Eof => "the result is cut off here".to_owned(),
            Category::Data if text.starts_with("missing field") => {
                let end = text.rfind(" at line").unwrap_or(text.len());
                format!("this is no record of a scan: {}", &text[..end])
            }
            Category::Data => "this is no record of a scan: a field is not of its kind".to_owned(),
            Category::Syntax => "this is not JSON".to_owned(),
            Category::Io => format!("it can't be read: {text}"),
        };
        Error::usage(format!("{}:{line}:{}: {what}", self.name, error.column()))
    }

    /// Whether this program understands the result.
    fn check(&self, scan: &ScanRecord) -> Result<(), Error> {
        match scan.schema {
            0 => Err(self.wrong("its scan record says no schema version")),
            newer if newer > SCHEMA => Err(self.wrong(format_args!(
                "it has schema version {newer}, and this speur reads up to {SCHEMA}; a newer speur does"
            ))),
            _ => Ok(()),
        }
    }
}

/// Whether single findings are wanted; a result is read faster without them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Findings {
    /// All events.
    Read,
    /// All but findings.
    Skip,
}

fn kind(head: &[u8]) -> Option<Kind> {
    #[cfg(feature = "parquet")]
    if head.starts_with(b"PAR1") {
        return Some(Kind::Parquet);
    }
    #[cfg(feature = "archives")]
    if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        return Some(Kind::Zstd);
    }
    #[cfg(feature = "archives")]
    if head.starts_with(&[0x1f, 0x8b]) {
        return Some(Kind::Gzip);
    }
    let text: Vec<u8> = head
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    let starts = |start: &str| text.starts_with(start.as_bytes());
    if starts("{\"scan\":") {
        Some(Kind::Document)
    } else if starts("{") {
        // The first line says for itself whether it is a record.
        Some(Kind::Lines)
    } else {
        None
    }
}

/// Reads a line with its end, which may be missing at the end of the file; at most `most` bytes.
fn read_line(reader: &mut dyn BufRead, line: &mut Vec<u8>, most: usize) -> io::Result<()> {
    line.clear();
    reader.take(most as u64).read_until(b'\n', line)?;
    if line.len() == most && !line.ends_with(b"\n") {
        return Err(io::Error::other("this line is too long to be a record"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
