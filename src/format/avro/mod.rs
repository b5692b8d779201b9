//! Avro object container files, block by block.
//!
//! The library reads records only. Where a file holds values of another kind, it is told that each is the only field of a
//! record: that is written in the same bytes. It trusts each block, so that blocks are unpacked and counted before it sees
//! them (`blocks.rs`).

mod blocks;
mod header;
mod schema;
#[cfg(test)]
mod tests;
mod unpack;

use std::io::{BufRead, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use arrow_avro::reader::ReaderBuilder;

use self::blocks::{Blocks, Faults};
use self::header::Header;
use self::schema::Schema;
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
        let source: Box<dyn Read + Send + 'a> = match body {
            Body::Blob(bytes) => Box::new(Cursor::new(bytes)),
            Body::File(file) => Box::new(Rewound::new(file)?),
            Body::Stream(stream) => stream,
        };
        let (mut counted, count) = Counted::new(source);
        let read = Header::read(&mut counted)
            .map_err(|error| Problem::failed(format!("can't be read: {error}")))?;
        let (header, read) = read.ok_or_else(unreadable)?;
        if let Some(problem) = header.unreadable() {
            return Err(problem);
        }
        let schema = Schema::of(&header.schema);
        let (codec, schema) = header.codec().zip(schema).ok_or_else(unreadable)?;
        let blocks = Blocks::new(
            (read, counted),
            (codec, header.marker, schema),
            header.of_records(),
        );
        let faults = blocks.faults();
        let reader = ReaderBuilder::new()
            .with_batch_size(ROWS)
            .build(blocks)
            .map_err(|_| {
                if header.refers_to_itself() {
                    Problem::skipped(
                        "its schema has a record that holds others of its kind, which nothing here reads; turn it into JSON first",
                    )
                } else {
                    unreadable()
                }
            })?;
        Ok(Box::new(Batches {
            reader,
            count,
            faults,
            rows: 0,
            ended: false,
        }))
    }
}

fn unreadable() -> Problem {
    Problem::failed("its schema can't be read: it may be damaged, or use what is not known here")
}

struct Batches<R: BufRead> {
    reader: arrow_avro::reader::Reader<R>,
    count: Arc<AtomicU64>,
    faults: Faults,
    rows: u64,
    ended: bool,
}

impl<R: BufRead> Reader for Batches<R>
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
                self.faults.problem().map_or(Ok(None), Err)
            }
            Some(Ok(batch)) => {
                let first = self.rows;
                self.rows += batch.num_rows() as u64;
                Ok(Some(Piece::Chunk(part(batch, first))))
            }
            // What the library says may quote the data.
            Some(Err(_)) => {
                self.ended = true;
                let rows = self.rows;
                let lost = format!("its data is damaged or cut off behind row {rows}");
                Err(Problem::lost(lost))
            }
        }
    }

    fn position(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}
