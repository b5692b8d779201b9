//! Avro object container files, block by block.
//!
//! The library reads records only. Where a file holds values of another kind, it is told that each is the only field of a
//! record: that is written in the same bytes.

mod header;

use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use arrow_avro::reader::ReaderBuilder;

use self::header::Header;
use super::columnar::part;
use super::{Format, Head, Likelihood, Piece, ReadOptions, Reader};
use crate::error::Problem;
use crate::input::limits::Counted;
use crate::input::{Body, Rewound};

/// Avro.
pub(super) struct Avro;

/// Rows decoded at a time.
const ROWS: usize = 8192;

impl Format for Avro {
    fn name(&self) -> &'static str {
        "avro"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        head.bytes
            .starts_with(b"Obj\x01")
            .then_some(Likelihood::Magic)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        _: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        // None where it is longer than what is known of the file.
        let header = Header::of(head.bytes);
        if let Some(problem) = header.as_ref().and_then(Header::unreadable) {
            return Err(problem);
        }
        let source: Box<dyn Read + Send + 'a> = match body {
            Body::Blob(bytes) => Box::new(Cursor::new(bytes)),
            Body::File(file) => Box::new(Rewound::new(file)?),
            Body::Stream(stream) => stream,
        };
        let (mut counted, count) = Counted::new(source);
        let wrapped = header.as_ref().and_then(Header::wrapped);
        if let (Some(header), Some(_)) = (&header, &wrapped) {
            let stored = &mut (&mut counted).take(header.len as u64);
            io::copy(stored, &mut io::sink())
                .map_err(|error| Problem::failed(format!("can't be read: {error}")))?;
        }
        let counted = Cursor::new(wrapped.unwrap_or_default()).chain(counted);
        let tail = Arc::new(Mutex::new(Vec::new()));
        let ending = Ending {
            inner: counted,
            tail: tail.clone(),
        };
        let reader = ReaderBuilder::new()
            .with_batch_size(ROWS)
            .build(BufReader::with_capacity(256 << 10, ending))
            .map_err(|_| match header {
                Some(header) if header.refers_to_itself() => Problem::skipped(
                    "its schema has a record that holds others of its kind, which nothing here reads; turn it into JSON first",
                ),
                _ => Problem::failed(
                    "its schema can't be read: it may be damaged, or use what is not known here",
                ),
            })?;
        Ok(Box::new(Blocks {
            reader,
            count,
            tail,
            rows: 0,
            ended: false,
        }))
    }
}

struct Blocks<R: BufRead> {
    reader: arrow_avro::reader::Reader<R>,
    count: Arc<AtomicU64>,
    /// The last bytes read.
    tail: Arc<Mutex<Vec<u8>>>,
    rows: u64,
    ended: bool,
}

impl<R: BufRead> Reader for Blocks<R>
where
    arrow_avro::reader::Reader<R>: Iterator<Item = Result<RecordBatch, ArrowError>>,
{
    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Problem> {
        if self.ended {
            return Ok(None);
        }
        match self.reader.next() {
            None => {
                self.ended = true;
                // The library takes a block that is cut off for the end.
                let tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
                if tail.ends_with(&self.reader.avro_header().sync()) {
                    return Ok(None);
                }
                Err(lost(self.rows))
            }
            Some(Ok(batch)) => {
                let first = self.rows;
                self.rows += batch.num_rows() as u64;
                Ok(Some(Piece::Chunk(part(batch, first))))
            }
            // What the library says may quote the data.
            Some(Err(_)) => {
                self.ended = true;
                Err(lost(self.rows))
            }
        }
    }

    fn position(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

fn lost(rows: u64) -> Problem {
    Problem::lost(format!("its data is damaged or cut off behind row {rows}"))
}

/// Remembers the last bytes that were read: each block ends with the marker that the header names.
struct Ending<R> {
    inner: R,
    tail: Arc<Mutex<Vec<u8>>>,
}

impl<R: Read> Read for Ending<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(buffer)?;
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        tail.extend_from_slice(&buffer[len.saturating_sub(16)..len]);
        let more = tail.len().saturating_sub(16);
        tail.drain(..more);
        Ok(len)
    }
}
