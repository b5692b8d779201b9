//! Parquet: all findings as a table that DuckDB, pandas and Polars open, and a saved result that takes little room.
//!
//! One row is one finding. All other records stand in the file's metadata, so that one file is the whole result:
//! `speur.records` holds them as NDJSON, compressed with zstd, in base64; `speur.schema` says their version. A fingerprint
//! keeps its first 16 digits, which tell 100 million values apart and are half of what a finding takes up.

use std::io::{self, Write};
use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayBuilder, ArrayRef, Float64Builder, Int64Builder, ListBuilder, StringBuilder,
};
use arrow::datatypes::{DataType, Field, Schema};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;
use rayon::prelude::*;

use super::record::{Encoder, hex_digits};
use super::{Detail, Report, ReportOptions, ReportWriter};
use crate::event::{Event, Finding, SCHEMA, thousandths};

/// Metadata: all records but findings.
pub(super) const RECORDS: &str = "speur.records";
/// Metadata: the version of the records.
const SCHEMA_KEY: &str = "speur.schema";
/// Findings gathered before they are written.
const BATCH: usize = 16 << 10;
/// Findings of a row group, which are kept, compressed, until it is complete.
const GROUP: usize = 1 << 18;
/// Columns in which nobody looks for a range: the least and greatest of their values are not worth a comparison of each.
const UNRANGED: [&[&str]; 4] = [
    &["masked"],
    &["value"],
    &["fingerprint"],
    &["evidence", "list", "item"],
];
/// Of the numbers that grow from row to row.
const GROWING: [&str; 4] = ["row", "line", "start", "end"];

/// The `parquet` report.
pub(super) struct Parquet;

impl Report for Parquet {
    fn name(&self) -> &'static str {
        "parquet"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["parquet"]
    }

    fn detail(&self) -> Detail {
        Detail::Findings
    }

    fn is_binary(&self) -> bool {
        true
    }

    fn start<'w>(
        &self,
        out: Box<dyn Write + Send + 'w>,
        options: &ReportOptions,
    ) -> io::Result<Box<dyn ReportWriter + 'w>> {
        let schema = Arc::new(schema(options.reveal));
        let table = ArrowWriter::try_new(out, Arc::clone(&schema), Some(properties()))
            .and_then(ArrowWriter::into_serialized_writer)
            .map_err(io::Error::other)?;
        let (file, groups) = table;
        Ok(Box::new(Writer {
            table: Table {
                file,
                groups,
                open: Vec::new(),
                rows: 0,
                schema,
            },
            rows: Rows::new(options.reveal),
            encoder: Encoder::default(),
            rest: zstd::Encoder::new(Vec::new(), 3)?,
            record: Vec::new(),
        }))
    }
}

fn schema(reveal: bool) -> Schema {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    let number = |name: &str, nullable| Field::new(name, DataType::Int64, nullable);
    let mut fields = vec![
        text("detector", false),
        text("category", false),
        text("file", false),
        text("member", true),
        text("table", true),
        text("column", true),
        number("row", false),
        number("line", true),
        number("start", true),
        number("end", true),
        text("masked", false),
    ];
    if reveal {
        fields.push(text("value", true));
    }
    fields.extend([
        text("fingerprint", false),
        Field::new("confidence", DataType::Float64, false),
        Field::new(
            "evidence",
            DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true))),
            false,
        ),
    ]);
    Schema::new(fields)
}

fn properties() -> WriterProperties {
    let level = ZstdLevel::try_new(3).unwrap_or_default();
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_created_by(concat!("speur ", env!("CARGO_PKG_VERSION")).to_owned());
    for name in GROWING {
        let path = ColumnPath::from(name);
        properties = properties
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
    }
    for path in UNRANGED {
        let parts = path.iter().map(|part| (*part).to_owned()).collect();
        let path = ColumnPath::new(parts);
        properties = properties.set_column_statistics_enabled(path, EnabledStatistics::None);
    }
    // Nearly all fingerprints differ: a dictionary of them is given up after a page, and costs more than it saves.
    properties
        .set_column_dictionary_enabled(ColumnPath::from("fingerprint"), false)
        .build()
}

struct Writer<'w> {
    table: Table<'w>,
    rows: Rows,
    encoder: Encoder,
    /// Records that are no findings, on their way into the metadata.
    rest: zstd::Encoder<'static, Vec<u8>>,
    record: Vec<u8>,
}

impl Writer<'_> {
    fn flush(&mut self) -> io::Result<()> {
        if self.rows.count > 0 {
            let rows = self.rows.count;
            let columns = self.rows.take();
            self.table.write(&columns, rows).map_err(as_io)?;
        }
        Ok(())
    }
}

/// The file, whose columns are encoded and compressed on all threads.
struct Table<'w> {
    file: SerializedFileWriter<Box<dyn Write + Send + 'w>>,
    groups: ArrowRowGroupWriterFactory,
    /// The columns of the row group that is being written; none between two.
    open: Vec<ArrowColumnWriter>,
    /// How many rows these have.
    rows: usize,
    schema: Arc<Schema>,
}

impl Table<'_> {
    fn write(&mut self, columns: &[ArrayRef], rows: usize) -> Result<(), ParquetError> {
        if self.open.is_empty() {
            let number = self.file.flushed_row_groups().len();
            self.open = self.groups.create_column_writers(number)?;
        }
        let fields = self.schema.fields().par_iter();
        // Each has one leaf.
        (&mut self.open, fields, columns)
            .into_par_iter()
            .try_for_each(|(writer, field, column)| {
                let leaves = compute_leaves(field, column)?;
                leaves.iter().try_for_each(|leaf| writer.write(leaf))
            })?;
        self.rows += rows;
        if self.rows >= GROUP {
            self.end_group()?;
        }
        Ok(())
    }

    fn end_group(&mut self) -> Result<(), ParquetError> {
        if self.open.is_empty() {
            return Ok(());
        }
        self.rows = 0;
        let columns: Vec<ArrowColumnChunk> = std::mem::take(&mut self.open)
            .into_par_iter()
            .map(ArrowColumnWriter::close)
            .collect::<Result<_, _>>()?;
        let mut group = self.file.next_row_group()?;
        for column in columns {
            column.append_to_row_group(&mut group)?;
        }
        group.close().map(drop)
    }
}

impl ReportWriter for Writer<'_> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        if let Event::Finding(finding) = event {
            self.rows.push(finding);
            if self.rows.count >= BATCH {
                self.flush()?;
            }
            return Ok(());
        }
        self.record.clear();
        self.encoder.encode(event, &mut self.record);
        self.record.push(b'\n');
        self.rest.write_all(&self.record)
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.flush()?;
        let records = STANDARD.encode(self.rest.finish()?);
        self.table.end_group().map_err(as_io)?;
        let mut file = self.table.file;
        for (key, value) in [(SCHEMA_KEY, SCHEMA.to_string()), (RECORDS, records)] {
            file.append_key_value_metadata(KeyValue::new(key.to_owned(), value));
        }
        let mut out = file.into_inner().map_err(as_io)?;
        out.flush()
    }
}

/// The kind of an error stays, which tells a closed pipe.
fn as_io(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(error) => io::Error::other(error),
        },
        error => io::Error::other(error),
    }
}

/// Findings on their way into a batch.
struct Rows {
    count: usize,
    /// Detector, category, file, member, table, column.
    names: [StringBuilder; 6],
    /// Row, line, start, end.
    numbers: [Int64Builder; 4],
    masked: StringBuilder,
    value: Option<StringBuilder>,
    fingerprint: StringBuilder,
    confidence: Float64Builder,
    evidence: ListBuilder<StringBuilder>,
}

impl Rows {
    fn new(reveal: bool) -> Self {
        Self {
            count: 0,
            names: Default::default(),
            numbers: Default::default(),
            masked: StringBuilder::new(),
            value: reveal.then(StringBuilder::new),
            fingerprint: StringBuilder::new(),
            confidence: Float64Builder::new(),
            evidence: ListBuilder::new(StringBuilder::new()),
        }
    }

    fn push(&mut self, finding: &Finding) {
        let place = &finding.place;
        let names = [
            Some(&*finding.detector.id),
            Some(&*finding.detector.category),
            Some(&*place.file),
            place.member.as_deref(),
            place.table.as_deref(),
            place.column.as_deref(),
        ];
        for (builder, name) in self.names.iter_mut().zip(names) {
            builder.append_option(name);
        }
        let numbers = [Some(finding.row), finding.line, finding.start, finding.end];
        for (builder, number) in self.numbers.iter_mut().zip(numbers) {
            builder.append_option(number.map(|number| i64::try_from(number).unwrap_or(i64::MAX)));
        }
        self.masked.append_value(&finding.masked);
        if let Some(values) = &mut self.value {
            values.append_option(finding.value.as_deref());
        }
        let digits = &hex_digits(finding.fingerprint)[..16];
        self.fingerprint
            .append_value(std::str::from_utf8(digits).unwrap_or_default());
        self.confidence
            .append_value(f64::from(thousandths(finding.confidence)) / 1000.0);
        for reason in finding.evidence.iter() {
            self.evidence.values().append_value(reason);
        }
        self.evidence.append(true);
        self.count += 1;
    }

    fn take(&mut self) -> Vec<ArrayRef> {
        self.count = 0;
        let mut arrays: Vec<ArrayRef> = Vec::new();
        for names in &mut self.names {
            arrays.push(finish(names));
        }
        for numbers in &mut self.numbers {
            arrays.push(Arc::new(numbers.finish()));
            *numbers = Int64Builder::with_capacity(BATCH);
        }
        arrays.push(finish(&mut self.masked));
        arrays.extend(self.value.as_mut().map(finish));
        arrays.push(finish(&mut self.fingerprint));
        arrays.push(Arc::new(self.confidence.finish()));
        self.confidence = Float64Builder::with_capacity(BATCH);
        let evidence = Arc::new(self.evidence.finish());
        let (texts, bytes) = (
            evidence.values().len(),
            evidence.values().get_buffer_memory_size(),
        );
        self.evidence =
            ListBuilder::with_capacity(StringBuilder::with_capacity(texts, bytes), BATCH);
        arrays.push(evidence);
        arrays
    }
}

/// The texts; what comes next starts with as much room.
fn finish(texts: &mut StringBuilder) -> ArrayRef {
    let (count, bytes) = (ArrayBuilder::len(texts), texts.values_slice().len());
    let array = texts.finish();
    *texts = StringBuilder::with_capacity(count, bytes);
    Arc::new(array)
}
