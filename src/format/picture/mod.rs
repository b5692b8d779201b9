//! Pictures: their size, and what cameras and programs wrote into them. What a picture shows is not looked at, and its record
//! says so: a copy of an identity document is told by its name alone.
//!
//! A picture is one record. Its columns are the file's name and the facts in its EXIF, XMP and text fields.

mod exif;
mod fields;

use std::io::{self, Read};

use bytes::Bytes;

use super::records::Records;
use super::{Chunk, Extent, Format, Head, Likelihood, Part, Piece, ReadOptions, Reader, Sink};
use crate::error::Problem;
use crate::input::{Body, Store};

/// Bytes at the start of a picture in which its facts are looked for.
const LOOKED_AT: usize = 4 << 20;
/// The column of the picture's name.
const NAME: &str = "file name";

/// A kind of picture.
pub(super) struct Picture {
    name: &'static str,
    is: fn(&[u8]) -> bool,
    read: fn(&Bytes) -> Facts,
}

/// What is known of a picture.
#[derive(Debug, Default, PartialEq, Eq)]
struct Facts {
    /// Width and height in pixels.
    size: Option<(u32, u32)>,
    /// Names of fields and what they hold.
    fields: Vec<(&'static str, String)>,
}

pub(super) static PNG: Picture = Picture {
    name: "png",
    is: |bytes| bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
    read: fields::png,
};

pub(super) static JPEG: Picture = Picture {
    name: "jpeg",
    is: |bytes| bytes.starts_with(b"\xff\xd8\xff"),
    read: fields::jpeg,
};

pub(super) static GIF: Picture = Picture {
    name: "gif",
    is: |bytes| bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a"),
    read: fields::gif,
};

pub(super) static TIFF: Picture = Picture {
    name: "tiff",
    is: |bytes| bytes.starts_with(b"II*\0") || bytes.starts_with(b"MM\0*"),
    read: |bytes| exif::read(bytes),
};

pub(super) static WEBP: Picture = Picture {
    name: "webp",
    is: |bytes| bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"),
    read: fields::webp,
};

pub(super) static BMP: Picture = Picture {
    name: "bmp",
    // The signature is two letters, so the header's own size must be one of those there are.
    is: |bytes| {
        bytes.starts_with(b"BM")
            && matches!(
                bytes.get(14..18),
                Some([12 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0])
            )
    },
    read: fields::bmp,
};

pub(super) static HEIC: Picture = Picture {
    name: "heic",
    is: |bytes| {
        let brands: [&[u8]; 7] = [
            b"heic", b"heix", b"hevc", b"heim", b"mif1", b"msf1", b"avif",
        ];
        bytes.get(4..8) == Some(b"ftyp")
            && bytes
                .get(8..12)
                .is_some_and(|brand| brands.contains(&brand))
    },
    read: fields::heic,
};

impl Format for Picture {
    fn name(&self) -> &'static str {
        self.name
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        (self.is)(head.bytes).then_some(Likelihood::Magic)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        _: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        let stopped = |error: io::Error| Problem::failed(format!("reading stopped: {error}"));
        let (bytes, len) = match Store::at_rest(body) {
            Ok(store) => (store.read(0, LOOKED_AT).map_err(stopped)?, store.len()),
            Err(mut stream) => {
                let mut bytes = Vec::new();
                let first = (&mut stream).take(LOOKED_AT as u64);
                { first }.read_to_end(&mut bytes).map_err(stopped)?;
                let rest = io::copy(&mut stream, &mut io::sink()).map_err(stopped)?;
                let len = bytes.len() as u64 + rest;
                (bytes.into(), len)
            }
        };
        Ok(Box::new(One {
            facts: Some((self.read)(&bytes)),
            problem: None,
            described: Described::new(head.name),
            len,
        }))
    }
}

/// Hands out what is known of a picture.
struct One {
    facts: Option<Facts>,
    problem: Option<Problem>,
    described: Described,
    len: u64,
}

impl Reader for One {
    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Problem> {
        let Some(facts) = self.facts.take() else {
            return self.problem.take().map_or(Ok(None), Err);
        };
        let size = match facts.size {
            Some((width, height)) => format!("{width} × {height} pixels"),
            None => "of unknown size".to_owned(),
        };
        let reason = format!("{size}; what it shows was not looked at");
        self.problem = Some(Problem::note(reason));
        let name = std::mem::take(&mut self.described.name);
        Ok(Some(Piece::Chunk(Part {
            table: None,
            first_row: None,
            bytes: name.len(),
            chunk: Box::new(Described {
                name,
                fields: facts.fields,
            }),
        })))
    }

    fn position(&self) -> u64 {
        self.len
    }
}

/// What is known of a file whose content says nothing by itself: a record of its name, and of fields.
#[derive(Default)]
pub(super) struct Described {
    name: String,
    fields: Vec<(&'static str, String)>,
}

impl Described {
    /// Only the name of a file, without its folders.
    pub(super) fn new(path: &str) -> Self {
        let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
        Self {
            name: name.to_owned(),
            fields: Vec::new(),
        }
    }
}

impl Chunk for Described {
    fn read(&self, sink: &mut dyn Sink) -> Extent {
        let mut records = Records::new(sink);
        let column = records.column(NAME);
        records.value(column, self.name.as_bytes());
        for (field, text) in &self.fields {
            let column = records.column(field);
            records.value(column, text.as_bytes());
        }
        records.next_row();
        records.finish()
    }
}
