//! Frames one after the other: members of a gzip file, streams of bzip2, frames of zstd and LZ4.
//!
//! Each is decoded by itself, so that what stands between and behind them is seen: padding with zeros is none of the data,
//! frames that decoders are to skip are skipped, and anything else ends the data with an error that says so.

use std::io::{self, BufRead, Read};

use super::Input;

/// A kind of frame.
pub(super) struct Kind<'a, D> {
    /// Starts a frame.
    pub(super) start: fn(Input<'a>) -> io::Result<D>,
    /// Gives the input back at the end of a frame.
    pub(super) end: fn(D) -> Input<'a>,
    /// What a frame starts with; none where there is only one.
    pub(super) magic: Option<&'static [u8]>,
    /// Whether zstd's frames for other purposes may stand between.
    pub(super) skips: bool,
}

/// All frames of an input.
pub(super) struct Frames<'a, D> {
    kind: Kind<'a, D>,
    at: At<'a, D>,
    /// Whether a frame was met.
    any: bool,
}

enum At<'a, D> {
    Between(Input<'a>),
    Within(D),
    End,
}

impl<'a, D: Read> Frames<'a, D> {
    pub(super) fn new(input: Input<'a>, kind: Kind<'a, D>) -> Self {
        Self {
            kind,
            at: At::Between(input),
            any: false,
        }
    }

    /// Starts the next frame, if there is one.
    fn next(&self, mut input: Input<'a>) -> io::Result<At<'a, D>> {
        loop {
            if self.any {
                skip_zeros(&mut input)?;
            }
            if !self.kind.skips || !starts_with_skipped(input.fill_buf()?) {
                break;
            }
            skip_frame(&mut input)?;
        }
        let rest = input.fill_buf()?;
        if rest.is_empty() {
            return Ok(At::End);
        }
        let goes_on = self.kind.magic.is_some_and(|magic| {
            let len = magic.len().min(rest.len());
            rest[..len] == magic[..len]
        });
        if self.any && !goes_on {
            return Err(other_bytes());
        }
        (self.kind.start)(input).map(At::Within)
    }
}

impl<D: Read> Read for Frames<'_, D> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if let At::Within(decoder) = &mut self.at {
                let read = decoder.read(buffer)?;
                if read > 0 {
                    return Ok(read);
                }
            }
            // After an error nothing more comes.
            self.at = match std::mem::replace(&mut self.at, At::End) {
                At::Within(decoder) => At::Between((self.kind.end)(decoder)),
                At::Between(input) => {
                    let next = self.next(input)?;
                    self.any = true;
                    next
                }
                At::End => return Ok(0),
            };
        }
    }
}

/// What follows the data is none of it.
pub(super) fn other_bytes() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "the compressed data ends here, and bytes of another kind follow",
    )
}

/// Whether a frame follows that is to be skipped.
pub(super) fn starts_with_skipped(bytes: &[u8]) -> bool {
    matches!(bytes, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

fn skip_frame(input: &mut Input<'_>) -> io::Result<()> {
    let mut head = [0; 8];
    input.read_exact(&mut head)?;
    let len = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
    let skipped = io::copy(&mut input.take(len), &mut io::sink())?;
    if skipped < len {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

fn skip_zeros(input: &mut Input<'_>) -> io::Result<()> {
    loop {
        let rest = input.fill_buf()?;
        let zeros = rest.iter().take_while(|&&byte| byte == 0).count();
        if zeros == 0 {
            return Ok(());
        }
        input.consume(zeros);
    }
}
