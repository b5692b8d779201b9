//! Avro object container files, block by block.

use std::io::{BufRead, BufReader, Cursor};

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use arrow_avro::reader::ReaderBuilder;

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
        _: &Head<'_>,
        _: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        let source: Box<dyn std::io::Read + Send + 'a> = match body {
            Body::Blob(bytes) => Box::new(Cursor::new(bytes)),
            Body::File(file) => Box::new(Rewound::new(file)?),
            Body::Stream(stream) => stream,
        };
        let (counted, count) = Counted::new(source);
        let reader = ReaderBuilder::new()
            .with_batch_size(ROWS)
            .build(BufReader::with_capacity(256 << 10, counted))
            .map_err(|_| {
                Problem::failed(
                    "its schema can't be read: it may be damaged, or use what is not known here",
                )
            })?;
        Ok(Box::new(Blocks {
            reader,
            count,
            rows: 0,
            ended: false,
        }))
    }
}

struct Blocks<R: BufRead> {
    reader: arrow_avro::reader::Reader<R>,
    count: std::sync::Arc<std::sync::atomic::AtomicU64>,
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
            None => Ok(None),
            Some(Ok(batch)) => {
                self.rows += batch.num_rows() as u64;
                Ok(Some(Piece::Chunk(part(batch))))
            }
            // What the library says may quote the data.
            Some(Err(_)) => {
                self.ended = true;
                Err(Problem::lost(format!(
                    "its data is damaged or cut off behind row {}",
                    self.rows
                )))
            }
        }
    }

    fn position(&self) -> u64 {
        self.count.load(std::sync::atomic::Ordering::Relaxed)
    }
}
