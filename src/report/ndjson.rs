//! NDJSON: one record a line, written as events come; as it is, or compressed with zstd.

use std::io::{self, Write};

use super::record::Encoder;
use super::{Detail, Report, ReportOptions, ReportWriter};
use crate::event::Event;

/// Bytes gathered before they are written.
const BUFFER: usize = 1 << 20;

/// The `ndjson` report.
pub(super) struct Ndjson;

impl Report for Ndjson {
    fn name(&self) -> &'static str {
        "ndjson"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["ndjson", "jsonl"]
    }

    fn detail(&self) -> Detail {
        Detail::Findings
    }

    fn start<'w>(
        &self,
        out: Box<dyn Write + Send + 'w>,
        _options: &ReportOptions,
    ) -> io::Result<Box<dyn ReportWriter + 'w>> {
        Ok(Box::new(Writer::new(Plain(out))))
    }
}

/// The `ndjson-zst` report.
#[cfg(feature = "archives")]
pub(super) struct Compressed;

#[cfg(feature = "archives")]
impl Report for Compressed {
    fn name(&self) -> &'static str {
        "ndjson-zst"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["ndjson.zst", "jsonl.zst"]
    }

    fn detail(&self) -> Detail {
        Detail::Findings
    }

    fn is_binary(&self) -> bool {
        true
    }

    fn start<'w>(
        &self,
        out: Box<dyn Write + Send + 'w>,
        _options: &ReportOptions,
    ) -> io::Result<Box<dyn ReportWriter + 'w>> {
        Ok(Box::new(Writer::new(zstd::Encoder::new(out, 3)?)))
    }
}

/// Where lines go.
trait Sink: Write + Send {
    /// Writes what is left.
    fn close(self) -> io::Result<()>;
}

struct Plain<'w>(Box<dyn Write + Send + 'w>);

impl Write for Plain<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Sink for Plain<'_> {
    fn close(mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(feature = "archives")]
impl Sink for zstd::Encoder<'static, Box<dyn Write + Send + '_>> {
    fn close(self) -> io::Result<()> {
        self.finish()?.flush()
    }
}

struct Writer<S> {
    out: S,
    buffer: Vec<u8>,
    encoder: Encoder,
}

impl<S: Sink> Writer<S> {
    fn new(out: S) -> Self {
        Self {
            out,
            buffer: Vec::with_capacity(BUFFER + BUFFER / 8),
            encoder: Encoder::default(),
        }
    }
}

impl<S: Sink> ReportWriter for Writer<S> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.encoder.encode(event, &mut self.buffer);
        self.buffer.push(b'\n');
        if self.buffer.len() >= BUFFER {
            self.out.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.out.write_all(&self.buffer)?;
        self.out.close()
    }
}
