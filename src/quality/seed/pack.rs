//! What a file is compressed with, and the same way back.

use std::io::{self, Read};

/// How bytes are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packed {
    Plain,
    #[cfg(feature = "archives")]
    Gzip,
    #[cfg(feature = "archives")]
    Zstd,
    #[cfg(feature = "archives")]
    Bzip2,
    #[cfg(feature = "archives")]
    Xz,
    #[cfg(feature = "archives")]
    Lz4,
}

impl Packed {
    /// How a file is packed, by its signature, and the name of what is inside.
    pub(super) fn of<'n>(head: &[u8], name: &'n str) -> (Self, &'n str) {
        #[cfg(feature = "archives")]
        {
            let stem = || match name.rsplit_once('.') {
                Some((stem, "tgz" | "tbz2" | "tzst" | "txz" | "tlz4")) => &name[..stem.len()],
                Some((stem, _)) => stem,
                None => name,
            };
            if head.starts_with(&[0x1F, 0x8B]) {
                return (Packed::Gzip, stem());
            }
            if head.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]) {
                return (Packed::Zstd, stem());
            }
            if head.starts_with(b"BZh") {
                return (Packed::Bzip2, stem());
            }
            if head.starts_with(b"\xFD7zXZ\0") {
                return (Packed::Xz, stem());
            }
            if head.starts_with(&[0x04, 0x22, 0x4D, 0x18]) {
                return (Packed::Lz4, stem());
            }
        }
        let _ = head;
        (Packed::Plain, name)
    }

    /// What it is called.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Packed::Plain => None,
            #[cfg(feature = "archives")]
            Packed::Gzip => Some("gzip"),
            #[cfg(feature = "archives")]
            Packed::Zstd => Some("zstd"),
            #[cfg(feature = "archives")]
            Packed::Bzip2 => Some("bzip2"),
            #[cfg(feature = "archives")]
            Packed::Xz => Some("xz"),
            #[cfg(feature = "archives")]
            Packed::Lz4 => Some("lz4"),
        }
    }

    /// The unpacked bytes; of those no more than `most` and one more, which tells that there are more.
    pub(super) fn unpacked<'r>(self, stored: impl Read + 'r, most: u64) -> io::Result<Vec<u8>> {
        let reader: Box<dyn Read + 'r> = match self {
            Packed::Plain => Box::new(stored),
            #[cfg(feature = "archives")]
            Packed::Gzip => Box::new(flate2::read::MultiGzDecoder::new(stored)),
            #[cfg(feature = "archives")]
            Packed::Zstd => Box::new(zstd::stream::read::Decoder::new(stored)?),
            #[cfg(feature = "archives")]
            Packed::Bzip2 => Box::new(bzip2::read::MultiBzDecoder::new(stored)),
            #[cfg(feature = "archives")]
            Packed::Xz => {
                let most = crate::input::limits::MOST_WINDOW;
                Box::new(lzma_rust2::XzReader::new_mem_limit(stored, true, most))
            }
            #[cfg(feature = "archives")]
            Packed::Lz4 => Box::new(lz4_flex::frame::FrameDecoder::new(stored)),
        };
        let mut bytes = Vec::new();
        reader.take(most + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Packs bytes.
    pub(super) fn pack(self, bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        match self {
            Packed::Plain => Ok(bytes),
            #[cfg(feature = "archives")]
            Packed::Gzip => {
                let level = flate2::Compression::fast();
                written(flate2::write::GzEncoder::new(Vec::new(), level), &bytes)?.finish()
            }
            #[cfg(feature = "archives")]
            Packed::Zstd => zstd::bulk::compress(&bytes, 1),
            #[cfg(feature = "archives")]
            Packed::Bzip2 => {
                let level = bzip2::Compression::fast();
                written(bzip2::write::BzEncoder::new(Vec::new(), level), &bytes)?.finish()
            }
            #[cfg(feature = "archives")]
            Packed::Xz => {
                let options = lzma_rust2::XzOptions::with_preset(0);
                let encoder = lzma_rust2::XzWriter::new(Vec::new(), options)?;
                written(encoder, &bytes)?.finish()
            }
            #[cfg(feature = "archives")]
            Packed::Lz4 => {
                let encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
                written(encoder, &bytes)?.finish().map_err(io::Error::other)
            }
        }
    }
}

#[cfg(feature = "archives")]
fn written<W: io::Write>(mut encoder: W, bytes: &[u8]) -> io::Result<W> {
    encoder.write_all(bytes)?;
    Ok(encoder)
}
