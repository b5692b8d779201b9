//! NDJSON: one record a line, written as events come.

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
        Ok(Box::new(Writer {
            out,
            buffer: Vec::with_capacity(BUFFER + BUFFER / 8),
            encoder: Encoder::default(),
        }))
    }
}

struct Writer<'w> {
    out: Box<dyn Write + Send + 'w>,
    buffer: Vec<u8>,
    encoder: Encoder,
}

impl ReportWriter for Writer<'_> {
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
        self.out.flush()
    }
}
