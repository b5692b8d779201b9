//! Arrow's own files: IPC files (also called Feather) and IPC streams.

use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use arrow::ipc::reader::{FileReader, StreamReader};

use super::columnar::part;
use super::{Format, Head, Likelihood, Piece, ReadOptions, Reader};
use crate::error::Problem;
use crate::input::limits::Counted;
use crate::input::{Body, Rewound};

/// Arrow IPC.
pub(super) struct Feather;

/// Starts a file whose index is at its end.
const MAGIC: &[u8] = b"ARROW1";
/// Starts each message of a stream.
const MESSAGE: &[u8] = b"\xff\xff\xff\xff";

impl Format for Feather {
    fn name(&self) -> &'static str {
        "arrow"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let is_stream = || {
            head.bytes.starts_with(MESSAGE)
                && StreamReader::try_new(Cursor::new(head.bytes), None).is_ok()
        };
        (head.bytes.starts_with(MAGIC) || is_stream()).then_some(Likelihood::Magic)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        // What the library says may quote the data.
        let unreadable = |_| Problem::failed("its schema can't be read: it may be cut off");
        let count = Arc::new(AtomicU64::new(0));
        let (batches, count): (Box<dyn Batches + 'a>, _) = if head.bytes.starts_with(MAGIC) {
            let whole = body.into_blob("an Arrow file", &options.limits, &head.budget)?;
            let bytes = whole.complete()?;
            count.store(bytes.len() as u64, Ordering::Relaxed);
            let reader = FileReader::try_new(Cursor::new(bytes), None).map_err(unreadable)?;
            (Box::new(reader), count)
        } else {
            let source: Box<dyn Read + Send + 'a> = match body {
                Body::Blob(bytes) => Box::new(Cursor::new(bytes)),
                Body::File(file) => Box::new(Rewound::new(file)?),
                Body::Stream(stream) => stream,
            };
            let (counted, count) = Counted::new(source);
            let reader = StreamReader::try_new(counted, None).map_err(unreadable)?;
            (Box::new(reader), count)
        };
        Ok(Box::new(Messages {
            batches,
            count,
            rows: 0,
            faults: 0,
        }))
    }
}

trait Batches: Iterator<Item = Result<RecordBatch, ArrowError>> {}

impl<I: Iterator<Item = Result<RecordBatch, ArrowError>>> Batches for I {}

/// Batches in a row that can't be read before no more are tried.
const MOST_FAULTS: u32 = 16;

struct Messages<'a> {
    batches: Box<dyn Batches + 'a>,
    count: Arc<AtomicU64>,
    rows: u64,
    faults: u32,
}

impl Reader for Messages<'_> {
    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Problem> {
        if self.faults > MOST_FAULTS {
            return Ok(None);
        }
        // The library trusts lengths that a damaged file says, and panics; what it holds then isn't used again.
        let next = catch_unwind(AssertUnwindSafe(|| self.batches.next())).unwrap_or_else(|_| {
            self.batches = Box::new(std::iter::empty());
            Some(Err(ArrowError::ParseError("a length is wrong".to_owned())))
        });
        match next {
            None => Ok(None),
            Some(Ok(batch)) => {
                self.faults = 0;
                let first = self.rows;
                self.rows += batch.num_rows() as u64;
                Ok(Some(Piece::Chunk(part(batch, first))))
            }
            Some(Err(error)) => {
                self.faults += 1;
                if error.to_string().contains("IPC decompression requires") {
                    return Err(Problem::skipped(
                        "its batches are compressed; write it without compression",
                    ));
                }
                Err(Problem::lost(format!(
                    "its data is damaged or cut off behind row {}",
                    self.rows
                )))
            }
        }
    }

    fn position(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}
