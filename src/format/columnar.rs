//! Record batches of Arrow as values: what Avro and Arrow files are decoded to.
//!
//! Nested columns are taken apart as in Parquet; a path reads like one of JSON (`contacts[].email`).

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;

use super::parquet::schema::Meaning;
use super::parquet::text::{Batches, each_text};
use super::parquet::walk::{NO_ROW, children};
use super::{Chunk, Extent, Part, Sink};
use crate::error::Problem;

/// Deeper values are left out.
const DEEPEST: usize = 64;

/// A batch that starts with this row as a piece to hand out.
pub(super) fn part(batch: RecordBatch, first_row: u64) -> Part {
    Part {
        table: None,
        first_row: Some(first_row),
        bytes: batch.get_array_memory_size(),
        chunk: Box::new(Rows(batch)),
    }
}

struct Rows(RecordBatch);

impl Chunk for Rows {
    fn read(&self, sink: &mut dyn Sink) -> Extent {
        let rows: Arc<[u32]> = (0..self.0.num_rows() as u32).collect();
        let schema = self.0.schema();
        for (field, array) in schema.fields().iter().zip(self.0.columns()) {
            give(field.name(), array, &rows, 0, sink);
        }
        Extent {
            records: self.0.num_rows() as u64,
            lines: 0,
        }
    }
}

/// Gives a column, or the columns within it.
fn give(name: &str, array: &ArrayRef, rows: &[u32], depth: usize, sink: &mut dyn Sink) {
    if depth > DEEPEST {
        sink.problem(Problem::lost(
            "columns nested more than 64 deep are left out",
        ));
        return;
    }
    let inner = children(array, rows);
    if !inner.is_empty() {
        for (step, child, rows) in inner {
            let path = match step {
                Some(field) => format!("{name}.{field}"),
                None => format!("{name}[]"),
            };
            give(&path, &child, &rows, depth + 1, sink);
        }
        return;
    }
    if let DataType::Union(fields, _) = array.data_type() {
        let union = array.as_union();
        for (id, _) in fields.iter() {
            let child = union.child(id);
            let mut places = vec![NO_ROW; child.len()];
            for (at, row) in rows.iter().enumerate() {
                if union.type_id(at) == id
                    && let Some(place) = places.get_mut(union.value_offset(at))
                {
                    *place = *row;
                }
            }
            give(name, child, &places, depth + 1, sink);
        }
        return;
    }
    let plain = match array.data_type() {
        DataType::Dictionary(_, values) => cast(array, values).unwrap_or_else(|_| array.clone()),
        _ => array.clone(),
    };
    let meaning = match plain.data_type() {
        DataType::FixedSizeBinary(16) => Meaning::Uuid,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => Meaning::Bytes,
        _ => Meaning::Text,
    };
    let mut batches = Batches::new(sink, name);
    let outcome = each_text(&plain, meaning, &mut |at, text| {
        if let Some(&row) = rows.get(at).filter(|&&row| row != NO_ROW) {
            batches.one(text, row);
        }
    });
    batches.flush();
    if outcome.is_err() {
        let kind = plain.data_type();
        sink.problem(Problem::lost(format!(
            "can't be decoded: values of type {kind}"
        )));
    }
}
