//! Frames of LZ4. The library takes the end of the input for that of a frame, wherever a block could follow.

use std::io::{self, BufRead, Read};

use lz4_flex::frame::FrameDecoder;

use super::Input;

/// Starts a frame of the old format, which has no mark at its end.
const OLD: &[u8] = b"\x02\x21\x4c\x18";

/// A frame, which is cut off where its end mark is missing.
pub(super) struct Frame<'a> {
    decoder: FrameDecoder<Watched<'a>>,
    /// Whether it ends with the input.
    may_end: bool,
}

/// An input that knows whether its end was met.
struct Watched<'a> {
    input: Input<'a>,
    has_ended: bool,
}

impl<'a> Frame<'a> {
    pub(super) fn new(mut input: Input<'a>) -> io::Result<Self> {
        let may_end = input.fill_buf()?.starts_with(OLD);
        let watched = Watched {
            input,
            has_ended: false,
        };
        Ok(Self {
            decoder: FrameDecoder::new(watched),
            may_end,
        })
    }

    pub(super) fn into_input(self) -> Input<'a> {
        self.decoder.into_inner().input
    }
}

impl Read for Frame<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.decoder.read(buffer)?;
        let is_cut_off = read == 0 && !self.may_end && self.decoder.get_ref().has_ended;
        if is_cut_off && !buffer.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(read)
    }
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.has_ended |= read == 0 && !buffer.is_empty();
        Ok(read)
    }
}
