//! The table of contents of a `pg_dump` archive: what is in it, how it is made, and where its data lie.
//!
//! The layout is that of `pg_backup_archiver.c`, versions 1.3 (PostgreSQL 7.2) to 1.16 (17): numbers are a sign and as many
//! bytes as the header says, texts a length and their bytes.

use std::io::{self, Read};

/// Bytes of one text.
const LONGEST: u64 = 256 << 20;

/// How an archive is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// All in one file.
    Custom,
    /// A file for each table, in a folder or a tar archive.
    Files,
}

/// How data are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    None,
    Zlib,
    Lz4,
    Zstd,
}

/// What a reader of an archive must know.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) version: (u8, u8),
    /// Bytes of a number, and of a place.
    pub(super) number: usize,
    place: usize,
    pub(super) kind: Kind,
}

/// What an archive holds.
pub(super) struct Toc {
    pub(super) shape: Shape,
    pub(super) packing: Packing,
    pub(super) entries: Vec<Entry>,
    /// Bytes up to the data.
    pub(super) len: u64,
}

/// One thing in the archive.
pub(super) struct Entry {
    pub(super) id: u64,
    /// Its schema and name.
    pub(super) name: String,
    /// The statement that makes it.
    pub(super) definition: String,
    /// The statement that its data follow.
    pub(super) copy: String,
    /// The file with its data.
    pub(super) file: String,
    /// Where its data lie in the archive, where that was noted.
    pub(super) at: Option<u64>,
}

/// Reads numbers and texts, and counts their bytes.
pub(super) struct Fields<R> {
    pub(super) from: R,
    pub(super) at: u64,
    pub(super) number: usize,
}

impl<R: Read> Fields<R> {
    pub(super) fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.from.read_exact(&mut byte)?;
        self.at += 1;
        Ok(byte[0])
    }

    /// A number; none where it is below 0.
    pub(super) fn number(&mut self) -> io::Result<Option<u64>> {
        let sign = self.byte()?;
        let value = self.digits(self.number)?;
        Ok((sign == 0).then_some(value))
    }

    fn digits(&mut self, len: usize) -> io::Result<u64> {
        let mut value = 0;
        for index in 0..len {
            let byte = u64::from(self.byte()?);
            value |= if index < 8 { byte << (8 * index) } else { 0 };
        }
        Ok(value)
    }

    /// A text; none where there is none.
    fn text(&mut self) -> io::Result<Option<String>> {
        let Some(len) = self.number()? else {
            return Ok(None);
        };
        if len > LONGEST {
            return Err(wrong("a text in it is too long"));
        }
        let mut bytes = Vec::new();
        let read = (&mut self.from).take(len).read_to_end(&mut bytes)?;
        self.at += read as u64;
        if (read as u64) < len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }
}

pub(super) fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

impl Toc {
    /// Reads the header and the table of contents. Also gives what came before an error: data without a name are still data.
    pub(super) fn read(from: impl Read) -> io::Result<(Self, Option<io::Error>)> {
        let mut fields = Fields {
            from,
            at: 0,
            number: 4,
        };
        let mut magic = [0; 5];
        fields.from.read_exact(&mut magic)?;
        fields.at = 5;
        let shape = shape(&mut fields)?;
        fields.number = shape.number;
        let packing = packing(&mut fields, shape)?;
        // When it was made: seven numbers.
        for _ in 0..7 {
            fields.number()?;
        }
        fields.text()?; // the database
        if shape.version >= (1, 10) {
            fields.text()?; // versions of the server and of pg_dump
            fields.text()?;
        }
        let count = fields.number()?.unwrap_or(0);
        let mut entries = Vec::new();
        let mut cut = None;
        for _ in 0..count {
            match entry(&mut fields, shape) {
                Ok(entry) => entries.push(entry),
                Err(error) => {
                    cut = Some(error);
                    break;
                }
            }
        }
        let toc = Self {
            shape,
            packing,
            entries,
            len: fields.at,
        };
        Ok((toc, cut))
    }
}

fn shape(fields: &mut Fields<impl Read>) -> io::Result<Shape> {
    let version = (fields.byte()?, fields.byte()?);
    fields.byte()?; // the revision
    let (number, place) = (usize::from(fields.byte()?), usize::from(fields.byte()?));
    let kind = match fields.byte()? {
        1 => Kind::Custom,
        3 | 5 => Kind::Files,
        _ => return Err(wrong("it is of a kind that is not known here")),
    };
    if version < (1, 3)
        || version.0 > 1
        || !(1..=32).contains(&number)
        || !(1..=32).contains(&place)
    {
        return Err(wrong("it is of a version that is not known here"));
    }
    Ok(Shape {
        version,
        number,
        place,
        kind,
    })
}

fn packing(fields: &mut Fields<impl Read>, shape: Shape) -> io::Result<Packing> {
    if shape.version >= (1, 15) {
        return match fields.byte()? {
            0 => Ok(Packing::None),
            1 => Ok(Packing::Zlib),
            2 => Ok(Packing::Lz4),
            3 => Ok(Packing::Zstd),
            _ => Err(wrong("it is compressed in a way that is not known here")),
        };
    }
    let level = if shape.version >= (1, 4) {
        fields.number()?
    } else {
        Some(u64::from(fields.byte()?))
    };
    // A level below 0 is zlib's own choice.
    Ok(if level == Some(0) {
        Packing::None
    } else {
        Packing::Zlib
    })
}

fn entry(fields: &mut Fields<impl Read>, shape: Shape) -> io::Result<Entry> {
    let since = |minor: u8| shape.version >= (1, minor);
    let id = fields.number()?.unwrap_or(0);
    fields.number()?; // whether it has data
    if since(8) {
        fields.text()?; // which catalogue, and its number there
    }
    fields.text()?;
    let tag = fields.text()?.unwrap_or_default();
    fields.text()?; // what it is
    if since(11) {
        fields.number()?; // the section
    }
    let definition = fields.text()?.unwrap_or_default();
    fields.text()?; // the statement that drops it
    let copy = fields.text()?.unwrap_or_default();
    let schema = if since(6) { fields.text()? } else { None };
    for has in [since(10), since(14)] {
        if has {
            fields.text()?; // the tablespace; the access method
        }
    }
    if since(16) {
        fields.number()?; // the kind of relation
    }
    fields.text()?; // the owner
    if since(9) {
        fields.text()?; // whether rows have numbers
    }
    if since(5) {
        while fields.text()?.is_some() {} // what it depends on
    }
    let (mut file, mut at) = (String::new(), None);
    match shape.kind {
        Kind::Files => file = fields.text()?.unwrap_or_default(),
        Kind::Custom => {
            let state = if since(7) { fields.byte()? } else { 2 };
            let place = fields.digits(if since(7) {
                shape.place
            } else {
                shape.number + 1
            })?;
            if !since(7) {
                fields.number()?; // the length of its data
            }
            at = (state == 2 && since(7)).then_some(place);
        }
    }
    let name = match schema.filter(|schema| !schema.is_empty()) {
        Some(schema) => format!("{schema}.{tag}"),
        None => tag,
    };
    Ok(Entry {
        id,
        name,
        definition,
        copy,
        file,
        at,
    })
}
