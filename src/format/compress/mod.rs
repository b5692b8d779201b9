//! Compressed inputs: gzip, bzip2, xz, lzma, lzip, zstd, LZ4, snappy, zlib and brotli.
//!
//! Compression is no level of its own: `people.csv.gz` is a CSV file that happens to be compressed. So these are no formats
//! but *wraps*: the input is opened as what is inside, and offsets are those of the decompressed bytes. Decoding runs on the
//! reading thread, while others scan what came out before; of an input in memory, parts are decoded on all threads (`ahead.rs`).

use std::io::{self, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

mod ahead;
mod frames;
mod lz4;
mod parts;
mod told;

use ahead::{Ahead, Parts};
pub(super) use told::Told;

use flate2::bufread::{GzDecoder, ZlibDecoder};
use frames::{Frames, Kind, starts_with_skipped};

use super::Head;
use crate::input::Body;
use crate::input::limits::{Counted, MOST_WINDOW};

/// Bytes read of the compressed input at a time.
const STEP: usize = 256 << 10;

/// A way of compressing.
pub(super) struct Wrap {
    /// What it is called in messages.
    pub(super) name: &'static str,
    /// Whether an input is wrapped so.
    is: fn(&Head<'_>) -> bool,
    /// Ends of names that say so, and what stands in their place inside.
    endings: &'static [(&'static str, &'static str)],
    decoder: for<'a> fn(Input<'a>) -> io::Result<Box<dyn Read + Send + 'a>>,
    /// What parts it, where there are parts.
    parts: Option<fn() -> Box<dyn Parts>>,
}

type Input<'a> = BufReader<Box<dyn Read + Send + 'a>>;

/// All of them.
static WRAPS: &[Wrap] = &[
    Wrap {
        name: "gzip",
        is: |head| head.bytes.starts_with(b"\x1f\x8b\x08"),
        endings: &[
            (".tgz", ".tar"),
            (".gz", ""),
            (".gzip", ""),
            (".svgz", ".svg"),
        ],
        decoder: |input| {
            Ok(Box::new(Frames::new(
                input,
                Kind {
                    start: |input| Ok(GzDecoder::new(input)),
                    end: GzDecoder::into_inner,
                    magic: Some(b"\x1f\x8b\x08"),
                    skips: false,
                },
            )))
        },
        parts: Some(|| Box::new(parts::GzipMembers::default())),
    },
    Wrap {
        name: "bzip2",
        is: |head| {
            matches!(head.bytes, [b'B', b'Z', b'h', b'1'..=b'9', rest @ ..]
                if rest.starts_with(b"1AY&SY") || rest.starts_with(b"\x17\x72\x45\x38\x50\x90"))
        },
        endings: &[
            (".tbz2", ".tar"),
            (".tbz", ".tar"),
            (".bz2", ""),
            (".bz", ""),
        ],
        decoder: |input| {
            Ok(Box::new(Frames::new(
                input,
                Kind {
                    start: |input| Ok(bzip2::bufread::BzDecoder::new(input)),
                    end: bzip2::bufread::BzDecoder::into_inner,
                    magic: Some(b"BZh"),
                    skips: false,
                },
            )))
        },
        parts: Some(|| Box::new(parts::Bzip2Blocks::default())),
    },
    Wrap {
        name: "xz",
        is: |head| head.bytes.starts_with(b"\xfd7zXZ\0"),
        endings: &[(".txz", ".tar"), (".xz", "")],
        decoder: |input| {
            let reader = lzma_rust2::XzReader::new_mem_limit(input, true, MOST_WINDOW);
            Ok(Box::new(reader))
        },
        parts: Some(|| Box::new(parts::XzBlocks::default())),
    },
    Wrap {
        name: "lzma",
        is: is_lzma,
        endings: &[(".tlz", ".tar"), (".lzma", "")],
        decoder: |input| {
            Ok(Box::new(Frames::new(
                input,
                Kind {
                    start: |input| lzma_rust2::LzmaReader::new_mem_limit(input, MOST_WINDOW, None),
                    end: lzma_rust2::LzmaReader::into_inner,
                    magic: None,
                    skips: false,
                },
            )))
        },
        parts: None,
    },
    Wrap {
        name: "lzip",
        is: |head| head.bytes.starts_with(b"LZIP\x01"),
        endings: &[(".lz", "")],
        decoder: |input| Ok(Box::new(lzma_rust2::LzipReader::new(input))),
        parts: None,
    },
    Wrap {
        name: "zstd",
        is: |head| head.bytes.starts_with(b"\x28\xb5\x2f\xfd") || starts_with_skipped(head.bytes),
        endings: &[(".tzst", ".tar"), (".zst", ""), (".zstd", "")],
        decoder: |input| {
            Ok(Box::new(Frames::new(
                input,
                Kind {
                    start: |input| {
                        let reader = zstd::stream::read::Decoder::with_buffer(input)?;
                        let mut reader = reader.single_frame();
                        reader.window_log_max(28)?;
                        Ok(reader)
                    },
                    end: zstd::stream::read::Decoder::finish,
                    magic: Some(b"\x28\xb5\x2f\xfd"),
                    skips: true,
                },
            )))
        },
        parts: Some(|| Box::new(parts::ZstdFrames::default())),
    },
    Wrap {
        name: "LZ4",
        is: |head| {
            head.bytes.starts_with(b"\x04\x22\x4d\x18")
                || head.bytes.starts_with(b"\x02\x21\x4c\x18")
        },
        endings: &[(".lz4", "")],
        decoder: |input| {
            Ok(Box::new(Frames::new(
                input,
                Kind {
                    start: lz4::Frame::new,
                    end: lz4::Frame::into_input,
                    magic: Some(b"\x04\x22\x4d\x18"),
                    skips: true,
                },
            )))
        },
        parts: None,
    },
    Wrap {
        name: "snappy",
        is: |head| head.bytes.starts_with(b"\xff\x06\0\0sNaPpY"),
        endings: &[(".sz", ""), (".snappy", "")],
        decoder: |input| Ok(Box::new(snap::read::FrameDecoder::new(input))),
        parts: None,
    },
    Wrap {
        name: "zlib",
        is: is_zlib,
        endings: &[(".zlib", ""), (".zz", "")],
        decoder: |input| {
            Ok(Box::new(Frames::new(
                input,
                Kind {
                    start: |input| Ok(ZlibDecoder::new(input)),
                    end: ZlibDecoder::into_inner,
                    magic: None,
                    skips: false,
                },
            )))
        },
        parts: None,
    },
    Wrap {
        name: "brotli",
        is: |head| head.text.is_none() && head.extension() == "br",
        endings: &[(".br", "")],
        decoder: |input| Ok(Box::new(brotli::Decompressor::new(input, STEP))),
        parts: None,
    },
];

/// What an input is wrapped in, if it is.
pub(super) fn wrap_of(head: &Head<'_>) -> Option<&'static Wrap> {
    WRAPS.iter().find(|wrap| (wrap.is)(head))
}

impl Wrap {
    /// The name without the ending that says that it is compressed.
    pub(super) fn name_inside(&self, name: &str) -> String {
        let lower = name.to_ascii_lowercase();
        for (ending, inside) in self.endings {
            if lower.ends_with(ending) && lower.len() > ending.len() {
                return format!("{}{inside}", &name[..name.len() - ending.len()]);
            }
        }
        name.to_owned()
    }

    /// What is inside, and how many compressed bytes were read for it so far.
    pub(super) fn decoder<'a>(
        &self,
        body: Body<'a>,
    ) -> io::Result<(Box<dyn Read + Send + 'a>, Arc<AtomicU64>)> {
        let body: Box<dyn Read + Send + 'a> = match body {
            Body::Blob(bytes) => {
                let ahead = self
                    .parts
                    .and_then(|parts| Ahead::new(&bytes, parts, self.decoder));
                if let Some((ahead, count)) = ahead {
                    return Ok((Box::new(ahead), count));
                }
                Box::new(io::Cursor::new(bytes))
            }
            Body::File(file) => Box::new(file),
            Body::Stream(stream) => stream,
        };
        let (stored, count) = Counted::new(body);
        let stored: Box<dyn Read + Send + 'a> = Box::new(stored);
        let decoder = (self.decoder)(BufReader::with_capacity(STEP, stored))?;
        Ok((decoder, count))
    }
}

/// The old format of `lzma` has no signature: a byte of properties, a window that is a power of two (or one and a half), a length
/// that is unknown or plausible.
fn is_lzma(head: &Head<'_>) -> bool {
    let [0x5d, rest @ ..] = head.bytes else {
        return false;
    };
    let (Some(window), Some(len)) = (rest.first_chunk::<4>(), rest.get(4..12)) else {
        return false;
    };
    let window = u32::from_le_bytes(*window);
    let len = u64::from_le_bytes(len.try_into().unwrap_or_default());
    head.text.is_none()
        && window >= 4096
        && (window.is_power_of_two() || (window / 3 * 2).is_power_of_two())
        && (len == u64::MAX || len < 1 << 40)
}

/// The two bytes of a zlib header say little, so some bytes must come out, too.
fn is_zlib(head: &Head<'_>) -> bool {
    let [0x78, flags @ (0x01 | 0x5e | 0x9c | 0xda), ..] = *head.bytes else {
        return false;
    };
    let mut out = [0; 64];
    let decoded = ZlibDecoder::new(head.bytes).read(&mut out);
    (0x78_00 + u32::from(flags)).is_multiple_of(31) && decoded.is_ok_and(|len| len > 0)
}

#[cfg(test)]
mod tests;
