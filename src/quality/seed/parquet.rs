//! Parquet files: cells of text and of whole numbers, whatever they are nested in, and the file written anew.
//!
//! A column chunk into which nothing is planted is copied as it is stored. Others are decoded to values and levels, which say
//! how rows and lists are nested, and encoded again with the same levels, compression and kind of encoding.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parquet::basic::{ConvertedType, Encoding, LogicalType, Type};
use parquet::column::reader::ColumnReaderImpl;
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::ColumnDescriptor;

use super::copy::{Copy, Kind, Slot, Texts, Value, whole_number};
use crate::input::Bytes;

/// The cells of a file.
pub(super) fn copy(bytes: &Bytes) -> std::result::Result<Copy, String> {
    let mut copy = Copy::new(Bytes::new(), Kind::Parquet(bytes.clone()));
    let mut text = Vec::new();
    guarded(|| read(bytes, &mut copy, &mut text))?;
    copy.bytes = text.into();
    if copy.values.is_empty() {
        return Err("its columns are neither text nor whole numbers".to_owned());
    }
    Ok(copy)
}

/// The file with some cells replaced.
pub(super) fn written(bytes: &Bytes, texts: &Texts) -> std::result::Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 8);
    guarded(|| write(bytes, texts, &mut out))?;
    Ok(out)
}

/// The library trusts what a footer says, up to a panic.
fn guarded(work: impl FnOnce() -> Result<()>) -> std::result::Result<(), String> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(ParquetError::General("its pages make no sense".to_owned())))
        .map_err(|error| match error {
            // What a message holds may come from the file.
            ParquetError::NYI(_) => "it needs what is not supported".to_owned(),
            _ => "it is damaged".to_owned(),
        })
}

fn read(bytes: &Bytes, copy: &mut Copy, text: &mut Vec<u8>) -> Result<()> {
    let file = SerializedFileReader::new(bytes.clone())?;
    let mut first_row = 0;
    for group in 0..file.num_row_groups() {
        let group = file.get_row_group(group)?;
        for column in 0..group.num_columns() {
            let meta = group.metadata().column(column).clone();
            let Some(slot) = slot(meta.column_descr()) else {
                continue;
            };
            let number = copy.column("", &meta.column_path().string());
            each_text(&*group, column, slot, |row, cell| {
                let start = text.len() as u64;
                text.extend_from_slice(cell);
                copy.values.push(Value {
                    column: number,
                    start,
                    end: text.len() as u64,
                    width: 1,
                    slot,
                    row: first_row + row + 1,
                });
            })?;
        }
        first_row += group.metadata().num_rows().max(0).cast_unsigned();
    }
    Ok(())
}

fn write(bytes: &Bytes, texts: &Texts, out: &mut Vec<u8>) -> Result<()> {
    let file = SerializedFileReader::new(bytes.clone())?;
    let mut writer = SerializedFileWriter::new(
        out,
        file.metadata()
            .file_metadata()
            .schema_descr()
            .root_schema_ptr(),
        Arc::new(properties(&file)),
    )?;
    let mut next = 0;
    for number in 0..file.num_row_groups() {
        let group = file.get_row_group(number)?;
        let rows = group.metadata().num_rows().max(0).cast_unsigned();
        let mut written = writer.next_row_group()?;
        for column in 0..group.num_columns() {
            let meta = group.metadata().column(column).clone();
            let Some(slot) = slot(meta.column_descr()) else {
                as_stored(bytes, &meta, rows, &mut written)?;
                continue;
            };
            let first = next;
            each_text(&*group, column, slot, |_, _| next += 1)?;
            if (first..next).any(|number| texts.contains_key(&number)) {
                anew(&*group, column, slot, &mut written, (first, texts))?;
            } else {
                as_stored(bytes, &meta, rows, &mut written)?;
            }
        }
        written.close()?;
    }
    writer.close()?;
    Ok(())
}

/// What cells of a leaf can hold; none where nothing is planted.
fn slot(leaf: &ColumnDescriptor) -> Option<Slot> {
    match leaf.physical_type() {
        Type::BYTE_ARRAY => {
            let is_text = matches!(
                leaf.converted_type(),
                ConvertedType::UTF8 | ConvertedType::NONE
            ) && matches!(leaf.logical_type_ref(), None | Some(LogicalType::String));
            is_text.then_some(Slot::Text)
        }
        Type::INT32 | Type::INT64 => {
            let is_plain = matches!(
                leaf.converted_type(),
                ConvertedType::NONE | ConvertedType::INT_32 | ConvertedType::INT_64
            ) && matches!(
                leaf.logical_type_ref(),
                None | Some(LogicalType::Integer(_))
            );
            let bytes = if leaf.physical_type() == Type::INT32 {
                4
            } else {
                8
            };
            is_plain.then_some(Slot::Integer(bytes))
        }
        _ => None,
    }
}

/// Compression as it is, column by column, and dictionaries where there are some.
fn properties(file: &SerializedFileReader<Bytes>) -> WriterProperties {
    let meta = file.metadata().file_metadata();
    let mut properties =
        WriterProperties::builder().set_key_value_metadata(meta.key_value_metadata().cloned());
    if let Some(group) = file.metadata().row_groups().first() {
        for column in group.columns() {
            let path = column.column_path().clone();
            let is_dictionary = column.encodings().any(|encoding| {
                matches!(
                    encoding,
                    Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY
                )
            });
            properties = properties
                .set_column_compression(path.clone(), column.compression())
                .set_column_dictionary_enabled(path, is_dictionary);
        }
    }
    properties.build()
}

/// Copies a column chunk of so many rows.
fn as_stored<W: std::io::Write + Send>(
    bytes: &Bytes,
    meta: &ColumnChunkMetaData,
    rows: u64,
    out: &mut SerializedRowGroupWriter<'_, W>,
) -> Result<()> {
    let close = ColumnCloseResult {
        bytes_written: meta.compressed_size().max(0).cast_unsigned(),
        rows_written: rows,
        metadata: meta.clone(),
        bloom_filter: None,
        column_index: None,
        offset_index: None,
    };
    out.append_column(bytes, close)
}

/// The values of a column chunk with their levels.
struct Decoded<T: DataType> {
    values: Vec<T::T>,
    definitions: Vec<i16>,
    repetitions: Vec<i16>,
}

impl<T: DataType> Decoded<T> {
    fn of(reader: &mut ColumnReaderImpl<T>, leaf: &ColumnDescriptor, rows: usize) -> Result<Self> {
        let (mut values, mut definitions, mut repetitions) = (Vec::new(), Vec::new(), Vec::new());
        let has_definitions = leaf.max_def_level() > 0;
        let has_repetitions = leaf.max_rep_level() > 0;
        reader.read_records(
            rows,
            has_definitions.then_some(&mut definitions),
            has_repetitions.then_some(&mut repetitions),
            &mut values,
        )?;
        Ok(Self {
            values,
            definitions,
            repetitions,
        })
    }

    /// The row of each value, from 0.
    fn rows(&self, leaf: &ColumnDescriptor) -> Vec<u64> {
        let levels = self.values.len().max(self.definitions.len());
        let mut rows = Vec::with_capacity(self.values.len());
        let mut row = 0;
        for level in 0..levels {
            // A list goes on in the same row.
            let goes_on = self.repetitions.get(level).is_some_and(|level| *level > 0);
            if level > 0 && !goes_on {
                row += 1;
            }
            let is_null = self
                .definitions
                .get(level)
                .is_some_and(|level| *level < leaf.max_def_level());
            if !is_null {
                rows.push(row);
            }
        }
        rows
    }
}

fn decoded<T: DataType>(group: &dyn RowGroupReader, column: usize) -> Result<Decoded<T>> {
    let meta = group.metadata();
    let leaf = meta.column(column).column_descr_ptr();
    let rows = usize::try_from(meta.num_rows()).unwrap_or(0);
    let mut reader =
        parquet::column::reader::get_typed_column_reader::<T>(group.get_column_reader(column)?);
    Decoded::of(&mut reader, &leaf, rows)
}

/// The texts of a column chunk's cells, with their rows from 0. Cells that hold no text are left out, here and always.
fn each_text(
    group: &dyn RowGroupReader,
    column: usize,
    slot: Slot,
    mut take: impl FnMut(u64, &[u8]),
) -> Result<()> {
    let leaf = group.metadata().column(column).column_descr_ptr();
    let mut number = |row: u64, value: i64| take(row, itoa::Buffer::new().format(value).as_bytes());
    match slot {
        Slot::Integer(4) => {
            let all = decoded::<Int32Type>(group, column)?;
            let rows = all.rows(&leaf);
            all.values
                .iter()
                .zip(rows)
                .for_each(|(value, row)| number(row, i64::from(*value)));
        }
        Slot::Integer(_) => {
            let all = decoded::<Int64Type>(group, column)?;
            let rows = all.rows(&leaf);
            all.values
                .iter()
                .zip(rows)
                .for_each(|(value, row)| number(row, *value));
        }
        Slot::Text => {
            let all = decoded::<ByteArrayType>(group, column)?;
            let rows = all.rows(&leaf);
            let texts = all
                .values
                .iter()
                .zip(rows)
                .filter(|(value, _)| is_text(value));
            texts.for_each(|(value, row)| take(row, value.data()));
        }
    }
    Ok(())
}

fn is_text(value: &ByteArray) -> bool {
    !value.is_empty() && std::str::from_utf8(value.data()).is_ok()
}

/// Encodes a column chunk anew, with other texts in some of its cells. `first` is the number of its first one.
fn anew<W: std::io::Write + Send>(
    group: &dyn RowGroupReader,
    column: usize,
    slot: Slot,
    out: &mut SerializedRowGroupWriter<'_, W>,
    (first, texts): (u64, &Texts),
) -> Result<()> {
    let at = |index: usize| texts.get(&(first + index as u64));
    match slot {
        Slot::Integer(4) => {
            let mut all = decoded::<Int32Type>(group, column)?;
            for (index, value) in all.values.iter_mut().enumerate() {
                let new = at(index).and_then(|text| i32::try_from(whole_number(text)?).ok());
                *value = new.unwrap_or(*value);
            }
            encode(&all, out)
        }
        Slot::Integer(_) => {
            let mut all = decoded::<Int64Type>(group, column)?;
            for (index, value) in all.values.iter_mut().enumerate() {
                *value = at(index)
                    .and_then(|text| whole_number(text))
                    .unwrap_or(*value);
            }
            encode(&all, out)
        }
        Slot::Text => {
            let mut all = decoded::<ByteArrayType>(group, column)?;
            let texts = all.values.iter_mut().filter(|value| is_text(value));
            for (index, value) in texts.enumerate() {
                if let Some(text) = at(index) {
                    *value = ByteArray::from(text.clone());
                }
            }
            encode(&all, out)
        }
    }
}

fn encode<T: DataType, W: std::io::Write + Send>(
    all: &Decoded<T>,
    out: &mut SerializedRowGroupWriter<'_, W>,
) -> Result<()> {
    let mut writer = out
        .next_column()?
        .ok_or_else(|| ParquetError::General("a column too many".to_owned()))?;
    let levels = |levels: &'_ Vec<i16>| (!levels.is_empty()).then(|| levels.clone());
    let (definitions, repetitions) = (levels(&all.definitions), levels(&all.repetitions));
    writer
        .typed::<T>()
        .write_batch(&all.values, definitions.as_deref(), repetitions.as_deref())?;
    writer.close()
}
