//! One leaf column of one row group: decodes its pages and finds the row of each value.
//!
//! A dictionary lives for the whole chunk, so its values are searched once, however often they occur. What can't be
//! decoded is a problem of this chunk alone; its text never quotes what was read.

use std::cmp::Ordering;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int32Type};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::ChunkReader;

use super::count;
use super::schema::{LeafColumn, Meaning, Schema};
use super::source::Source;
use super::text::{Batches, each_text};
use super::walk::{NO_ROW, descend};
use crate::error::Problem;
use crate::format::{Chunk, Extent, Sink};

/// Rows that are decoded at once, at most.
const BATCH_ROWS: u64 = 8192;

/// Bytes that are decoded at once, to aim at.
const BATCH_BYTES: u64 = 8 << 20;

/// Elements of a dictionary column that are gathered before they are given.
const GATHERED: usize = 1 << 20;

/// One leaf column of one row group.
pub(super) struct Leaf {
    pub(super) source: Source,
    pub(super) schema: Arc<Schema>,
    /// The row group, from 0.
    pub(super) group: usize,
    /// The leaf, from 0.
    pub(super) index: usize,
    /// Rows of the row group, as the footer says.
    pub(super) rows: u64,
}

impl Chunk for Leaf {
    fn read(&self, sink: &mut dyn Sink) -> Extent {
        let column = &self.schema.leaves[self.index];
        let mut batches = Batches::new(sink, &column.path);
        let mut rows = 0;
        let outcome = self.decode(column, &mut batches, &mut rows);
        batches.flush();
        if let Err(reason) = outcome {
            let reason = if self.is_encrypted() {
                "it is encrypted; decrypt the file first".to_owned()
            } else {
                reason
            };
            batches.sink().problem(Problem::lost(format!(
                "column {}, row group {}: {reason}",
                column.path, self.group
            )));
        }
        Extent {
            records: self.rows.max(rows),
            lines: 0,
        }
    }
}

impl Leaf {
    /// Gives all values, and counts their rows; the error says, without any data, why they are not all, or more.
    fn decode(
        &self,
        column: &LeafColumn,
        batches: &mut Batches<'_>,
        row: &mut u64,
    ) -> Result<(), String> {
        let mut reader = guarded(|| self.open())?;
        let mut gathered = Gathered::default();
        let outcome = loop {
            match guarded(|| reader.next().transpose().map_err(ParquetError::from)) {
                Ok(None) => break Ok(()),
                Ok(Some(batch)) => {
                    if *row + batch.num_rows() as u64 >= u64::from(NO_ROW) {
                        break Err("rows beyond 4294967294 are not read".into());
                    }
                    if let Err(reason) =
                        give(&batch, *row as u32, column.meaning, batches, &mut gathered)
                    {
                        break Err(reason);
                    }
                    *row += batch.num_rows() as u64;
                }
                Err(reason) => break Err(format!("{reason} (from row {row} of it on)")),
            }
        };
        gathered.give(column.meaning, batches)?;
        outcome?;
        match (*row).cmp(&self.rows) {
            Ordering::Less => Err(format!("it ends after {row} of {} rows", self.rows)),
            Ordering::Equal => Ok(()),
            Ordering::Greater => Err(format!(
                "it has {row} rows, and its row group {}: what of others belongs to them isn't known",
                self.rows
            )),
        }
    }

    /// Whether the column's first page is encrypted, which a footer that isn't needn't say in words that the library knows.
    ///
    /// A plain header starts with its first two fields, `0x15 …  0x15`. An encrypted one starts with its length instead, in
    /// four bytes: that of a nonce (12), of the header, and of a tag (16).
    fn is_encrypted(&self) -> bool {
        let metadata = self.schema.metadata();
        let Some(chunk) = metadata.row_group(self.group).columns().get(self.index) else {
            return false;
        };
        let (start, len) = guarded(|| Ok(chunk.byte_range())).unwrap_or_default();
        let first = guarded(|| self.source.get_bytes(start, 4)).unwrap_or_default();
        let Ok(module) = <[u8; 4]>::try_from(&first[..]) else {
            return false;
        };
        let module = u64::from(u32::from_le_bytes(module));
        (32..=1 << 16).contains(&module) && module + 4 <= len
    }

    fn open(&self) -> Result<ParquetRecordBatchReader, ParquetError> {
        let metadata = self.schema.metadata();
        let chunk = metadata
            .row_group(self.group)
            .columns()
            .get(self.index)
            .ok_or_else(|| ParquetError::EOF("no such column".into()))?;
        if chunk.file_path().is_some() {
            return Err(ParquetError::NYI("its data is in another file".into()));
        }
        let decoding = self.schema.decoding(chunk).clone();
        let mask = ProjectionMask::leaves(decoding.parquet_schema(), [self.index]);
        ParquetRecordBatchReaderBuilder::new_with_metadata(self.source.clone(), decoding)
            .with_row_groups(vec![self.group])
            .with_projection(mask)
            .with_batch_size(batch_rows(chunk, self.rows))
            .build()
    }
}

/// Rows to decode at once: fewer where they are large.
fn batch_rows(chunk: &ColumnChunkMetaData, rows: u64) -> usize {
    let row_bytes = count(chunk.uncompressed_size()) / rows.max(1);
    (BATCH_BYTES / row_bytes.max(1)).clamp(1, BATCH_ROWS) as usize
}

/// Runs the library's code, whose panics on damaged data are errors to us.
fn guarded<T>(run: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(value)) => Ok(value),
        // Other texts may quote what was read.
        Ok(Err(ParquetError::NYI(text))) => Err(format!("can't be decoded: {text}")),
        Ok(Err(ParquetError::EOF(_))) => Err("its data ends too early".into()),
        Ok(Err(_)) | Err(_) => Err("its data is damaged".into()),
    }
}

/// Gives the values of a decoded batch whose first row is `first`.
fn give(
    batch: &RecordBatch,
    first: u32,
    meaning: Meaning,
    batches: &mut Batches<'_>,
    gathered: &mut Gathered,
) -> Result<(), String> {
    let Some(array) = batch.columns().first() else {
        return Ok(());
    };
    let rows = (first..first + array.len() as u32).collect();
    let (leaf, rows) = descend(Arc::clone(array), rows);
    if let DataType::Dictionary(..) = leaf.data_type() {
        return gathered.add(&leaf, &rows, meaning, batches);
    }
    each_text(&leaf, meaning, &mut |i, text| {
        if rows[i] != NO_ROW {
            batches.one(text, rows[i]);
        }
    })
    .map_err(|_| format!("can't be decoded: values of type {}", leaf.data_type()))
}

/// Elements that refer to one dictionary, gathered until there are many.
#[derive(Default)]
struct Gathered {
    dictionary: Option<ArrayRef>,
    /// The place in the dictionary and the row of each element, by row.
    elements: Vec<(u32, u32)>,
}

impl Gathered {
    fn add(
        &mut self,
        array: &ArrayRef,
        rows: &[u32],
        meaning: Meaning,
        batches: &mut Batches<'_>,
    ) -> Result<(), String> {
        let Some(array) = array.as_dictionary_opt::<Int32Type>() else {
            return Err(format!(
                "can't be decoded: values of type {}",
                array.data_type()
            ));
        };
        let values = array.values();
        let same = self
            .dictionary
            .as_ref()
            .is_some_and(|dictionary| is_same(dictionary, values));
        if !same || self.elements.len() >= GATHERED {
            self.give(meaning, batches)?;
            self.dictionary = Some(Arc::clone(values));
        }
        let keys = array.keys();
        for (i, row) in rows.iter().enumerate() {
            if *row != NO_ROW && keys.is_valid(i) {
                self.elements.push((keys.value(i).cast_unsigned(), *row));
            }
        }
        Ok(())
    }

    /// Gives each value that occurs once, with all its rows.
    fn give(&mut self, meaning: Meaning, batches: &mut Batches<'_>) -> Result<(), String> {
        let Some(dictionary) = self.dictionary.take() else {
            return Ok(());
        };
        // Sorted by counting: by value, and by row within a value.
        let mut ends = vec![0_usize; dictionary.len() + 1];
        self.elements
            .retain(|(key, _)| (*key as usize) < dictionary.len());
        for (key, _) in &self.elements {
            ends[*key as usize + 1] += 1;
        }
        for i in 1..ends.len() {
            ends[i] += ends[i - 1];
        }
        let mut next = ends.clone();
        let mut rows = vec![0; self.elements.len()];
        for (key, row) in self.elements.drain(..) {
            let place = &mut next[key as usize];
            rows[*place] = row;
            *place += 1;
        }
        each_text(&dictionary, meaning, &mut |i, text| {
            let rows = &rows[ends[i]..ends[i + 1]];
            if !rows.is_empty() {
                batches.many(text, rows);
            }
        })
        .map_err(|_| {
            format!(
                "can't be decoded: values of type {}",
                dictionary.data_type()
            )
        })
    }
}

/// Whether two dictionaries are one in memory.
fn is_same(one: &ArrayRef, other: &ArrayRef) -> bool {
    Arc::ptr_eq(one, other) || one.to_data().ptr_eq(&other.to_data())
}
