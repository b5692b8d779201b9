//! Rows as Parquet: strings with dictionaries, zstd, whole numbers and dates in their own types.

use std::io::{self, Write};
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::kinds::{Column, columns, fill};
use super::row::Row;
use super::{Options, Size, Truth, note_cells};

/// Rows of a row group.
const GROUP: u64 = 100_000;

/// Writes all rows; `Size::Bytes` counts bytes of values before compression.
pub(super) fn write(
    options: &Options,
    out: &mut (dyn Write + Send),
    truth: &mut dyn Write,
) -> io::Result<()> {
    let kind = options.kinds[0];
    let columns = columns(kind);
    let fields: Vec<Field> = columns
        .iter()
        .map(|column| Field::new(column.name, kind_of(column), true))
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(GROUP as usize))
        .build();
    let mut writer =
        ArrowWriter::try_new(out, schema.clone(), Some(properties)).map_err(io::Error::other)?;
    let (mut number, mut bytes) = (0, 0);
    let mut row = Row::default();
    let mut truths = Vec::new();
    while super::wants_more(options.size, number, bytes) {
        let mut cells: Vec<Vec<String>> = columns.iter().map(|_| Vec::new()).collect();
        let most = match options.size {
            Size::Rows(rows) => GROUP.min(rows - number),
            Size::Bytes(_) => 10_000,
        };
        for _ in 0..most {
            fill(kind, number, options.seed, &options.locales, &mut row);
            bytes += row.bytes.len() as u64;
            for (list, cell) in cells.iter_mut().zip(row.cells()) {
                list.push(String::from_utf8_lossy(cell).into_owned());
            }
            if options.truth == Truth::Cells {
                note_cells(options, kind, number, &row, &mut truths);
            }
            number += 1;
        }
        let arrays: Vec<ArrayRef> = columns
            .iter()
            .zip(cells)
            .map(|(column, cells)| array(column, &cells))
            .collect();
        let batch = RecordBatch::try_new(schema.clone(), arrays).map_err(io::Error::other)?;
        writer.write(&batch).map_err(io::Error::other)?;
        truth.write_all(&truths)?;
        truths.clear();
    }
    writer.close().map_err(io::Error::other)?;
    Ok(())
}

fn kind_of(column: &Column) -> DataType {
    match column.name {
        "id" | "order_no" | "bytes" | "millis" | "epoch_ms" => DataType::Int64,
        "birth_date" => DataType::Date32,
        _ => DataType::Utf8,
    }
}

fn array(column: &Column, cells: &[String]) -> ArrayRef {
    match kind_of(column) {
        DataType::Int64 => Arc::new(
            cells
                .iter()
                .map(|cell| cell.parse::<i64>().ok())
                .collect::<Int64Array>(),
        ),
        DataType::Date32 => Arc::new(cells.iter().map(|cell| days(cell)).collect::<Date32Array>()),
        _ => Arc::new(StringArray::from_iter_values(cells)),
    }
}

/// Days since 1970 of an ISO date.
fn days(date: &str) -> Option<i32> {
    let date: jiff::civil::Date = date.parse().ok()?;
    let start = jiff::civil::date(1970, 1, 1);
    Some((date - start).get_days())
}
