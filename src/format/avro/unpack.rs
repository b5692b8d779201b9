//! Unpacks blocks, within bounds; of damaged ones, what comes out before the damage.

use std::borrow::Cow;
use std::io::Read;

use bzip2::read::BzDecoder;
use flate2::read::DeflateDecoder;

/// What a block may take in memory, in bytes.
pub(super) const LARGEST: usize = 256 << 20;
/// The largest window of zstd, as a power of two.
const WINDOW: u32 = 28;

/// How blocks are packed.
#[derive(Clone, Copy)]
pub(super) enum Codec {
    Null,
    Deflate,
    Snappy,
    Zstandard,
    Bzip2,
}

/// A block, unpacked.
pub(super) struct Unpacked<'b> {
    pub(super) bytes: Cow<'b, [u8]>,
    pub(super) state: State,
}

/// How much of a block there is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Whole,
    Damaged,
    TooLarge,
}

impl Codec {
    /// The codec of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "" | "null" => Codec::Null,
            "deflate" => Codec::Deflate,
            "snappy" => Codec::Snappy,
            "zstandard" => Codec::Zstandard,
            "bzip2" => Codec::Bzip2,
            _ => return None,
        })
    }

    pub(super) fn unpack(self, block: &[u8]) -> Unpacked<'_> {
        match self {
            Codec::Null => Unpacked {
                bytes: Cow::Borrowed(block),
                state: State::Whole,
            },
            Codec::Deflate => read(DeflateDecoder::new(block)),
            Codec::Bzip2 => read(BzDecoder::new(block)),
            Codec::Snappy => snappy(block),
            Codec::Zstandard => {
                let decoder = zstd::stream::read::Decoder::with_buffer(block);
                let decoder = decoder.and_then(|mut decoder| {
                    decoder.window_log_max(WINDOW)?;
                    Ok(decoder)
                });
                decoder.map_or_else(|_| nothing(State::Damaged), read)
            }
        }
    }
}

fn nothing<'b>(state: State) -> Unpacked<'b> {
    Unpacked {
        bytes: Cow::Owned(Vec::new()),
        state,
    }
}

fn read<'b>(decoder: impl Read) -> Unpacked<'b> {
    let mut bytes = Vec::new();
    let read = decoder.take(LARGEST as u64 + 1).read_to_end(&mut bytes);
    let state = if bytes.len() > LARGEST {
        State::TooLarge
    } else if read.is_err() {
        State::Damaged
    } else {
        State::Whole
    };
    Unpacked {
        bytes: Cow::Owned(bytes),
        state,
    }
}

/// Behind the data stands a sum of what they become.
fn snappy<'b>(block: &[u8]) -> Unpacked<'b> {
    let Some((packed, sum)) = block.split_last_chunk::<4>() else {
        return nothing(State::Damaged);
    };
    match snap::raw::decompress_len(packed) {
        Ok(len) if len > LARGEST => return nothing(State::TooLarge),
        Ok(_) => {}
        Err(_) => return nothing(State::Damaged),
    }
    let Ok(bytes) = snap::raw::Decoder::new().decompress_vec(packed) else {
        return nothing(State::Damaged);
    };
    let mut found = flate2::Crc::new();
    found.update(&bytes);
    let state = if found.sum() == u32::from_be_bytes(*sum) {
        State::Whole
    } else {
        State::Damaged
    };
    Unpacked {
        bytes: Cow::Owned(bytes),
        state,
    }
}
