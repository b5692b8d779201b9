//! A copy of a file in memory, unpacked, with the places of its values.

use std::io::Read;
use std::path::Path;

use crate::format::{Batch, ColumnId, Piece, ReadOptions, Sink, open};
use crate::input::{Body, Budget, Bytes, Input};

/// Bytes of a file that are copied; of a longer one, its start up to the end of a line.
const MOST: usize = 16 << 20;

/// A value and where it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    /// Its column, a number into [`Copy::columns`].
    pub(super) column: u32,
    /// First byte, in the unpacked bytes.
    pub(super) start: u64,
    /// Behind the last byte.
    pub(super) end: u64,
    /// Bytes that a letter or digit takes there.
    pub(super) width: u8,
}

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packed {
    Plain,
    #[cfg(feature = "archives")]
    Gzip,
    #[cfg(feature = "archives")]
    Zstd,
    #[cfg(feature = "archives")]
    Bzip2,
}

/// A copy of a file.
pub(super) struct Copy {
    /// The unpacked bytes.
    pub(super) bytes: Bytes,
    packed: Packed,
    format: &'static str,
    /// Table and name of each column.
    pub(super) columns: Vec<(String, String)>,
    /// Values with a known place, in its order.
    pub(super) values: Vec<Value>,
    /// Whether only the start was copied.
    pub(super) is_cut: bool,
}

impl Copy {
    pub(super) fn of(path: &Path, name: &str, options: &ReadOptions) -> Result<Self, String> {
        let mut file = std::fs::File::open(path).map_err(|error| error.to_string())?;
        let mut head = Vec::new();
        Read::by_ref(&mut file)
            .take(8)
            .read_to_end(&mut head)
            .map_err(|error| error.to_string())?;
        let (packed, inner) = packing(&head, name);
        let whole = head.as_slice().chain(file);
        let (bytes, is_cut) = unpacked(packed, whole).map_err(|error| error.to_string())?;
        let mut copy = Self {
            bytes: bytes.into(),
            packed,
            format: "",
            columns: Vec::new(),
            values: Vec::new(),
            is_cut,
        };
        copy.read(inner, options)?;
        Ok(copy)
    }

    /// The format, with what it is packed in.
    pub(super) fn format(&self) -> String {
        match self.packed {
            Packed::Plain => self.format.to_owned(),
            #[cfg(feature = "archives")]
            Packed::Gzip => format!("{} in gzip", self.format),
            #[cfg(feature = "archives")]
            Packed::Zstd => format!("{} in zstd", self.format),
            #[cfg(feature = "archives")]
            Packed::Bzip2 => format!("{} in bzip2", self.format),
        }
    }

    /// The copy as it is, packed.
    pub(super) fn packed(&self) -> Result<Bytes, String> {
        if self.packed == Packed::Plain {
            return Ok(self.bytes.clone());
        }
        self.pack(&self.bytes)
    }

    /// Packs bytes as the file was.
    pub(super) fn pack(&self, bytes: &[u8]) -> Result<Bytes, String> {
        let packed = match self.packed {
            Packed::Plain => Ok(bytes.to_vec()),
            #[cfg(feature = "archives")]
            Packed::Gzip => gzip(bytes),
            #[cfg(feature = "archives")]
            Packed::Zstd => zstd::bulk::compress(bytes, 1),
            #[cfg(feature = "archives")]
            Packed::Bzip2 => bzip2(bytes),
        };
        packed.map(Bytes::from).map_err(|error| error.to_string())
    }

    fn read(&mut self, name: &str, options: &ReadOptions) -> Result<(), String> {
        let input = Input {
            name: name.to_owned(),
            folder: None,
            depth: 0,
            body: Body::Blob(self.bytes.clone()),
            budget: Budget::default(),
        };
        let opened = open(input, options);
        self.format = opened.format.unwrap_or("unknown");
        let mut reader = opened.reader.map_err(|problem| problem.to_string())?;
        loop {
            match reader.next_piece() {
                Ok(None) => break,
                Ok(Some(Piece::Chunk(part))) => {
                    let mut places = Places {
                        copy: self,
                        table: part.table.as_deref().unwrap_or_default().to_owned(),
                        numbers: Vec::new(),
                    };
                    part.chunk.read(&mut places);
                }
                Ok(Some(_)) => {
                    return Err("it is an archive; unpack it to measure on its members".to_owned());
                }
                Err(problem) if problem.verdict > crate::error::Verdict::Lost => {
                    return Err(problem.to_string());
                }
                Err(_) => {}
            }
        }
        self.values.sort_by_key(|value| value.start);
        self.values.dedup_by_key(|value| value.start);
        if self.values.is_empty() {
            return Err(format!(
                "values of {} have no place in the stored bytes",
                self.format
            ));
        }
        Ok(())
    }
}

/// Notes where the values of a chunk are.
struct Places<'c> {
    copy: &'c mut Copy,
    table: String,
    numbers: Vec<u32>,
}

impl Places<'_> {
    /// Whether a stored value is in UTF-16: by the file's mark, or by the zeros between its letters.
    fn is_wide(&self, start: u64, end: u64, len: u64) -> bool {
        let bytes = &self.copy.bytes;
        let is_marked = bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]);
        let stored = bytes.get(start as usize..end as usize).unwrap_or_default();
        is_marked || (end - start == 2 * len && stored.iter().take(2).any(|byte| *byte == 0))
    }
}

impl Sink for Places<'_> {
    fn column(&mut self, name: &str) -> ColumnId {
        let key = (self.table.clone(), name.to_owned());
        let known = self.copy.columns.iter().position(|column| *column == key);
        let number = known.unwrap_or_else(|| {
            self.copy.columns.push(key);
            self.copy.columns.len() - 1
        });
        let place = self
            .numbers
            .iter()
            .position(|known| *known == number as u32);
        ColumnId(place.unwrap_or_else(|| {
            self.numbers.push(number as u32);
            self.numbers.len() - 1
        }) as u32)
    }

    fn batch(&mut self, batch: Batch<'_>) {
        for (index, value) in batch.values.iter().enumerate() {
            let len = u64::from(value.end - value.start);
            let rows = batch.rows.of(index);
            let (Some((start, end)), [_]) = (batch.offsets.stored(value.start, value.end), rows)
            else {
                continue;
            };
            if len == 0 {
                continue;
            }
            let width = if self.is_wide(start, end, len) { 2 } else { 1 };
            self.copy.values.push(Value {
                column: self.numbers[value.column.0 as usize],
                start,
                end,
                width,
            });
        }
    }

    fn problem(&mut self, _: crate::error::Problem) {}
}

/// How a file is packed, by its signature, and the name of what is inside.
fn packing<'n>(head: &[u8], name: &'n str) -> (Packed, &'n str) {
    #[cfg(feature = "archives")]
    {
        let stem = || name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        if head.starts_with(&[0x1F, 0x8B]) {
            return (Packed::Gzip, stem());
        }
        if head.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]) {
            return (Packed::Zstd, stem());
        }
        if head.starts_with(b"BZh") {
            return (Packed::Bzip2, stem());
        }
    }
    let _ = head;
    (Packed::Plain, name)
}

/// The unpacked bytes, and whether they are only the start.
fn unpacked<'r>(packed: Packed, stored: impl Read + 'r) -> std::io::Result<(Vec<u8>, bool)> {
    let reader: Box<dyn Read + 'r> = match packed {
        Packed::Plain => Box::new(stored),
        #[cfg(feature = "archives")]
        Packed::Gzip => Box::new(flate2::read::MultiGzDecoder::new(stored)),
        #[cfg(feature = "archives")]
        Packed::Zstd => Box::new(zstd::stream::read::Decoder::new(stored)?),
        #[cfg(feature = "archives")]
        Packed::Bzip2 => Box::new(bzip2::read::MultiBzDecoder::new(stored)),
    };
    let mut bytes = Vec::new();
    reader.take(MOST as u64 + 1).read_to_end(&mut bytes)?;
    let is_cut = bytes.len() > MOST;
    if is_cut {
        bytes.truncate(MOST);
        let end = memchr::memrchr(b'\n', &bytes).map_or(bytes.len(), |at| at + 1);
        bytes.truncate(end);
    }
    Ok((bytes, is_cut))
}

#[cfg(feature = "archives")]
fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

#[cfg(feature = "archives")]
fn bzip2(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    use std::io::Write as _;
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}
