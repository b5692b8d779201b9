//! Compressed inputs: gzip, bzip2, xz, lzma, zstd, LZ4, snappy, zlib and brotli.
//!
//! Compression is no level of its own: `people.csv.gz` is a CSV file that happens to be compressed. So these are no formats
//! but *wraps*: the input is opened as what is inside, and offsets are those of the decompressed bytes. Decoding runs on the
//! reading thread, while others scan what came out before.

use std::io::{self, BufRead, BufReader, Read};

use super::Head;

/// Bytes read of the compressed input at a time.
const STEP: usize = 256 << 10;
/// Memory that a decoder may use for its window, in KiB.
const MOST_WINDOW: u32 = 256 << 10;

/// A way of compressing.
pub(super) struct Wrap {
    /// What it is called in messages.
    pub(super) name: &'static str,
    /// Whether an input is wrapped so.
    is: fn(&Head<'_>) -> bool,
    /// Ends of names that say so, and what stands in their place inside.
    endings: &'static [(&'static str, &'static str)],
    decoder: for<'a> fn(Input<'a>) -> io::Result<Box<dyn Read + Send + 'a>>,
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
        decoder: |input| Ok(Box::new(flate2::bufread::MultiGzDecoder::new(input))),
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
        decoder: |input| Ok(Box::new(bzip2::bufread::MultiBzDecoder::new(input))),
    },
    Wrap {
        name: "xz",
        is: |head| head.bytes.starts_with(b"\xfd7zXZ\0"),
        endings: &[(".txz", ".tar"), (".xz", "")],
        decoder: |input| {
            let reader = lzma_rust2::XzReader::new_mem_limit(input, true, MOST_WINDOW);
            Ok(Box::new(reader))
        },
    },
    Wrap {
        name: "lzma",
        is: is_lzma,
        endings: &[(".tlz", ".tar"), (".lzma", "")],
        decoder: |input| {
            let reader = lzma_rust2::LzmaReader::new_mem_limit(input, MOST_WINDOW, None)?;
            Ok(Box::new(reader))
        },
    },
    Wrap {
        name: "zstd",
        is: |head| {
            head.bytes.starts_with(b"\x28\xb5\x2f\xfd")
                || matches!(head.bytes, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
        },
        endings: &[(".tzst", ".tar"), (".zst", ""), (".zstd", "")],
        decoder: |input| {
            let mut reader = zstd::stream::read::Decoder::with_buffer(input)?;
            reader.window_log_max(28)?;
            Ok(Box::new(reader))
        },
    },
    Wrap {
        name: "LZ4",
        is: |head| head.bytes.starts_with(b"\x04\x22\x4d\x18"),
        endings: &[(".lz4", "")],
        decoder: |input| Ok(Box::new(Frames(lz4_flex::frame::FrameDecoder::new(input)))),
    },
    Wrap {
        name: "snappy",
        is: |head| head.bytes.starts_with(b"\xff\x06\0\0sNaPpY"),
        endings: &[(".sz", ""), (".snappy", "")],
        decoder: |input| Ok(Box::new(snap::read::FrameDecoder::new(input))),
    },
    Wrap {
        name: "zlib",
        is: is_zlib,
        endings: &[(".zlib", ""), (".zz", "")],
        decoder: |input| Ok(Box::new(flate2::bufread::ZlibDecoder::new(input))),
    },
    Wrap {
        name: "brotli",
        is: |head| head.text.is_none() && head.extension() == "br",
        endings: &[(".br", "")],
        decoder: |input| Ok(Box::new(brotli::Decompressor::new(input, STEP))),
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

    /// What is inside.
    pub(super) fn decoder<'a>(
        &self,
        body: Box<dyn Read + Send + 'a>,
    ) -> io::Result<Box<dyn Read + Send + 'a>> {
        (self.decoder)(BufReader::with_capacity(STEP, body))
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
    let decoded = flate2::bufread::ZlibDecoder::new(head.bytes).read(&mut out);
    (0x78_00 + u32::from(flags)).is_multiple_of(31) && decoded.is_ok_and(|len| len > 0)
}

/// Frames one after the other.
struct Frames<R: BufRead>(lz4_flex::frame::FrameDecoder<R>);

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.0.read(buffer)?;
            if read > 0 || buffer.is_empty() || self.0.get_mut().fill_buf()?.is_empty() {
                return Ok(read);
            }
        }
    }
}
