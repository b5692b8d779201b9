//! Opens a member: finds its bytes, unpacks them, and checks what comes out.

use std::io::{self, BufRead, Read};

use super::index::{u16_at, u32_at};
use super::recover::HEADER;
use super::{Entry, Members, Place};
use crate::error::Problem;
use crate::input::limits::{Bounded, MOST_WINDOW, Stored};
use crate::input::{Body, Store};

/// The method that stands for "encrypted, and packed in another way".
pub(super) const ENCRYPTED: u16 = 99;

/// The longest stored member whose checksum is looked at, in bytes.
const MOST_CHECKED: u64 = 1 << 30;

type Packed = Box<dyn BufRead + Send>;

impl Members {
    /// A member's bytes.
    pub(super) fn unpack(&self, entry: &Entry) -> Result<Body<'static>, Problem> {
        let Place::Header(header) = entry.at else {
            return Err(Problem::skipped(
                "in another part of a split archive; join the parts first",
            ));
        };
        if entry.is_encrypted() {
            return Err(Problem::skipped(
                "encrypted; unpack it with its password first",
            ));
        }
        let data = self.data_of(header)?;
        let stored = self.store.slice(data, entry.packed);
        // What is there, and not what the entry says.
        let size = Stored::Bytes(stored.len());
        let is_cut_off = stored.len() < entry.packed;
        if entry.method == 0 && !is_cut_off && is_as_stated(entry, &stored) {
            return Ok(stored.body());
        }
        let packed: Packed = if is_cut_off {
            Box::new(stored.buffered().chain(CutOff))
        } else {
            stored.buffered()
        };
        let unpacked = decoder(entry, packed)?;
        let checked = Checked {
            inner: unpacked,
            crc: flate2::Crc::new(),
            stated: (entry.crc, entry.size),
        };
        let bounded = Bounded::new(checked, self.limits, self.budget.clone(), size);
        Ok(Body::Stream(Box::new(bounded)))
    }

    /// Where a member's bytes start: behind its own header, whose extra fields may differ from those in the index.
    fn data_of(&self, header: u64) -> Result<u64, Problem> {
        let fixed = self.store.read(header, HEADER);
        let fixed = fixed.map_err(|error| Problem::failed(format!("can't be read: {error}")))?;
        if fixed.len() < HEADER || !fixed.starts_with(b"PK\x03\x04") {
            let reason = "it is not where the archive's index says; the archive may be damaged";
            return Err(Problem::failed(reason));
        }
        let lengths = u64::from(u16_at(&fixed, 26)) + u64::from(u16_at(&fixed, 28));
        Ok(header + HEADER as u64 + lengths)
    }
}

/// Whether a member that is stored as it is has the checksum that the archive states, as far as that costs little: the same bytes
/// are read again.
fn is_as_stated(entry: &Entry, stored: &Store) -> bool {
    let Some(crc) = entry.crc.filter(|_| stored.len() <= MOST_CHECKED) else {
        return true;
    };
    let (mut source, mut sum) = (stored.buffered(), flate2::Crc::new());
    loop {
        let read = match source.fill_buf() {
            Ok([]) => return sum.sum() == crc,
            Ok(bytes) => {
                sum.update(bytes);
                bytes.len()
            }
            // Whoever reads it says so.
            Err(_) => return true,
        };
        source.consume(read);
    }
}

fn decoder(entry: &Entry, packed: Packed) -> Result<Box<dyn Read + Send>, Problem> {
    let unreadable = |error: io::Error| Problem::failed(format!("can't be unpacked: {error}"));
    Ok(match entry.method {
        0 => Box::new(packed),
        8 => Box::new(flate2::bufread::DeflateDecoder::new(packed)),
        9 => Box::new(deflate64::Deflate64Decoder::with_buffer(packed)),
        12 => Box::new(bzip2::bufread::BzDecoder::new(packed)),
        14 => lzma(entry, packed).map_err(unreadable)?,
        20 | 93 => {
            let mut reader =
                zstd::stream::read::Decoder::with_buffer(packed).map_err(unreadable)?;
            reader.window_log_max(28).map_err(unreadable)?;
            Box::new(reader)
        }
        95 => Box::new(lzma_rust2::XzReader::new_mem_limit(
            packed,
            true,
            MOST_WINDOW,
        )),
        method => {
            let name = match method {
                1 => "shrink".to_owned(),
                2..=5 => "reduce".to_owned(),
                6 => "implode".to_owned(),
                98 => "PPMd".to_owned(),
                other => format!("method {other}"),
            };
            return Err(Problem::skipped(format!(
                "packed with {name}, which nothing here reads; unpack it first"
            )));
        }
    })
}

/// LZMA has its properties in front: a version, their length, a byte of parameters and the size of the window.
fn lzma(entry: &Entry, mut packed: Packed) -> io::Result<Box<dyn Read + Send>> {
    let mut head = [0; 9];
    packed.read_exact(&mut head)?;
    if u16_at(&head, 2) != 5 {
        return Err(io::Error::other("its parameters are damaged"));
    }
    let window = u32_at(&head, 5);
    if window / 1024 > MOST_WINDOW {
        return Err(io::Error::other("it asks for too much memory"));
    }
    let ends_with_marker = entry.flags & 2 != 0;
    let size = entry.size.filter(|_| !ends_with_marker);
    let reader = lzma_rust2::LzmaReader::new_with_props(
        packed,
        size.unwrap_or(u64::MAX),
        head[4],
        window,
        None,
    )?;
    Ok(Box::new(reader))
}

/// The end of an archive within a member.
struct CutOff;

impl Read for CutOff {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(cut_off())
    }
}

impl BufRead for CutOff {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Err(cut_off())
    }

    fn consume(&mut self, _: usize) {}
}

fn cut_off() -> io::Error {
    let reason = "the archive is cut off here";
    io::Error::new(io::ErrorKind::UnexpectedEof, reason)
}

/// Compares what came out with what the archive says, at the end: whatever is wrong, what was unpacked is there to be read.
struct Checked {
    inner: Box<dyn Read + Send>,
    crc: flate2::Crc,
    /// Size and checksum, as far as the archive states them.
    stated: (Option<u32>, Option<u64>),
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.crc.update(&buffer[..read]);
        if read > 0 || buffer.is_empty() {
            return Ok(read);
        }
        let (crc, size) = std::mem::take(&mut self.stated);
        let wrong = if crc.is_some_and(|crc| crc != self.crc.sum()) {
            "its checksum is wrong, so bytes before this are damaged"
        } else if size.is_some_and(|size| size as u32 != self.crc.amount()) {
            "it has more or fewer bytes than the archive says"
        } else {
            return Ok(0);
        };
        Err(io::Error::new(io::ErrorKind::InvalidData, wrong))
    }
}
