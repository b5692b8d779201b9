//! Parquet: every leaf column of every row group is a chunk of its own.
//!
//! Opening reads the footer only; pages are decoded on the thread that reads the chunk. Numbers, dates and the like
//! are given as text, since an identifier is as often an integer as a string. What the footer claims (counts, sizes,
//! places) is never believed further than the bytes that are there.

mod leaf;
pub(super) mod schema;
mod source;
pub(super) mod text;
pub(super) mod walk;

use std::sync::Arc;

use super::{Format, Head, Likelihood, Part, Piece, ReadOptions, Reader};
use crate::error::Problem;
use crate::input::Body;

use leaf::Leaf;
use schema::Schema;
use source::Source;

/// The most that [`Part::bytes`] says: pages are decoded one after the other, never the whole chunk at once.
const MAX_PART_BYTES: u64 = 4 << 20;

/// Starts (and ends) a file.
const MAGIC: &[u8] = b"PAR1";

/// Starts (and ends) a file with an encrypted footer.
const MAGIC_ENCRYPTED: &[u8] = b"PARE";

/// Apache Parquet files.
pub(crate) struct Parquet;

impl Format for Parquet {
    fn name(&self) -> &'static str {
        "parquet"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let signed = head.bytes.starts_with(MAGIC) || head.bytes.starts_with(MAGIC_ENCRYPTED);
        signed.then_some(Likelihood::Magic)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        if head.bytes.starts_with(MAGIC_ENCRYPTED) {
            return Err(Problem::skipped(
                "parquet: the footer is encrypted; decrypt the file first",
            ));
        }
        let source = match body {
            Body::Blob(bytes) => Source::Bytes(bytes),
            Body::File(file) => Source::file(file)
                .map_err(|error| Problem::failed(format!("parquet: {}", error.kind())))?,
            stream @ Body::Stream(_) => {
                let limits = &options.limits;
                let whole = stream.into_blob("a Parquet file", limits, &head.budget)?;
                Source::Bytes(whole.complete()?)
            }
        };
        let schema = schema::load(&source)?;
        Ok(Box::new(RowGroups {
            leaves: schema.leaves.len(),
            schema: Arc::new(schema),
            source,
            group: 0,
            leaf: 0,
            first_row: 0,
            position: 0,
        }))
    }
}

/// Hands out the leaves of one row group after the other.
struct RowGroups {
    source: Source,
    schema: Arc<Schema>,
    leaves: usize,
    /// The row group of the next chunk.
    group: usize,
    /// The leaf of the next chunk.
    leaf: usize,
    /// The first row of that row group.
    first_row: u64,
    position: u64,
}

impl Reader for RowGroups {
    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Problem> {
        let metadata = self.schema.metadata();
        let Some(group) = metadata.row_groups().get(self.group) else {
            self.position = self.source.size();
            return Ok(None);
        };
        if self.leaves == 0 {
            self.group = metadata.num_row_groups();
            return Ok(None);
        }
        let rows = count(group.num_rows());
        let column = group.columns().get(self.leaf);
        let stored = column.map_or(0, |column| count(column.compressed_size()));
        let unpacked = column.map_or(0, |column| count(column.uncompressed_size()));
        let part = Part {
            table: None,
            first_row: Some(self.first_row),
            bytes: unpacked.min(MAX_PART_BYTES) as usize,
            chunk: Box::new(Leaf {
                source: self.source.clone(),
                schema: Arc::clone(&self.schema),
                group: self.group,
                index: self.leaf,
                rows,
            }),
        };
        self.position = self.position.saturating_add(stored).min(self.source.size());
        self.leaf += 1;
        if self.leaf == self.leaves {
            self.leaf = 0;
            self.group += 1;
            self.first_row = self.first_row.saturating_add(rows);
        }
        Ok(Some(Piece::Chunk(part)))
    }

    fn position(&self) -> u64 {
        self.position
    }

    fn rows(&self) -> Option<u64> {
        let groups = self.schema.metadata().row_groups().iter();
        let rows = groups.map(|group| count(group.num_rows()));
        Some(rows.fold(0, u64::saturating_add))
    }
}

/// A count in the footer; a negative one, which no sound file has, is none.
fn count(claimed: i64) -> u64 {
    u64::try_from(claimed).unwrap_or(0)
}
