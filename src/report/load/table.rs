//! Parquet: findings are its rows, everything else stands in its metadata.

use std::borrow::Cow;
use std::io::Read;
use std::panic::AssertUnwindSafe;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::super::parquet::RECORDS;
use super::order::Merge;
use super::wire::{Sharer, Wire};
use super::{Emit, Findings, Saved, lines};
use crate::error::Error;
use crate::event::Event;

/// Bytes that the records of the metadata may expand to.
const EXPANDED: u64 = 4 << 30;

pub(super) fn read(saved: &Saved, findings: Findings, emit: &mut Emit<'_>) -> Result<(), Error> {
    // The reader of a damaged file may panic; nothing of it is used afterwards.
    let result = std::panic::catch_unwind(AssertUnwindSafe(|| rows(saved, findings, emit)));
    result.unwrap_or_else(|_| Err(saved.wrong("this Parquet file is damaged")))
}

fn rows(saved: &Saved, findings: Findings, emit: &mut Emit<'_>) -> Result<(), Error> {
    let damaged = |error: &dyn std::fmt::Display| {
        saved.wrong(format_args!("this Parquet file is damaged: {error}"))
    };
    let builder = ParquetRecordBatchReaderBuilder::try_new(saved.start()?)
        .map_err(|error| damaged(&error))?;
    let metadata = builder.metadata().file_metadata().key_value_metadata();
    let records = metadata
        .into_iter()
        .flatten()
        .find(|entry| entry.key == RECORDS)
        .and_then(|entry| entry.value.as_deref());
    let Some(records) = records else {
        return Err(
            saved.wrong("this Parquet file is no saved result: its metadata lacks `speur.records`")
        );
    };
    let mut rest = lines::rest(saved, &expanded(records).map_err(|error| damaged(&error))?)?;
    if let Some(scan) = rest.scan.take() {
        emit(&Event::Scan(scan))?;
    }
    let mut merge = Merge::new(rest);
    if findings == Findings::Read {
        let mut sharer = Sharer::default();
        let reader = builder.build().map_err(|error| damaged(&error))?;
        let mut before = 0;
        for batch in reader {
            let batch = batch.map_err(|error| damaged(&error))?;
            let fields = Fields::of(&batch)
                .ok_or_else(|| saved.wrong("a column of findings is missing or not of its kind"))?;
            for row in 0..batch.num_rows() {
                let finding = fields.wire(row).and_then(|wire| sharer.finding(wire));
                let Some(finding) = finding else {
                    return Err(saved.wrong(format_args!(
                        "row {} is no finding of a scan",
                        before + row + 1
                    )));
                };
                merge.finding(finding, emit)?;
            }
            before += batch.num_rows();
        }
    }
    merge.finish(emit)?;
    Ok(())
}

fn expanded(records: &str) -> std::io::Result<Vec<u8>> {
    let packed = STANDARD
        .decode(records)
        .map_err(|_| std::io::Error::other("its records are no base64"))?;
    let mut text = Vec::new();
    zstd::Decoder::new(packed.as_slice())?
        .take(EXPANDED)
        .read_to_end(&mut text)?;
    Ok(text)
}

/// The columns of a batch.
struct Fields<'b> {
    batch: &'b RecordBatch,
}

impl<'b> Fields<'b> {
    fn of(batch: &'b RecordBatch) -> Option<Self> {
        use arrow::datatypes::DataType::{Float64, Int64, List, Utf8};
        let kinds = [
            ("detector", Utf8),
            ("category", Utf8),
            ("file", Utf8),
            ("member", Utf8),
            ("table", Utf8),
            ("column", Utf8),
            ("row", Int64),
            ("line", Int64),
            ("start", Int64),
            ("end", Int64),
            ("masked", Utf8),
            ("fingerprint", Utf8),
            ("confidence", Float64),
        ];
        let fit = kinds.iter().all(|(name, kind)| {
            batch
                .column_by_name(name)
                .is_some_and(|column| column.data_type() == kind)
        });
        let evidence = batch.column_by_name("evidence")?.data_type();
        let texts = matches!(evidence, List(field) if *field.data_type() == Utf8);
        let value = batch.column_by_name("value");
        let value = value.is_none_or(|column| *column.data_type() == Utf8);
        (fit && texts && value).then_some(Self { batch })
    }

    fn text(&self, name: &str, row: usize) -> Option<&'b str> {
        let array = self.batch.column_by_name(name)?.as_string_opt::<i32>()?;
        (!array.is_null(row)).then(|| array.value(row))
    }

    fn number(&self, name: &str, row: usize) -> Option<u64> {
        let array = self
            .batch
            .column_by_name(name)?
            .as_primitive_opt::<Int64Type>()?;
        (!array.is_null(row)).then(|| array.value(row).cast_unsigned())
    }

    fn wire(&self, row: usize) -> Option<Wire<'b>> {
        let text = |name| self.text(name, row).map(Cow::Borrowed);
        let confidence = self
            .batch
            .column_by_name("confidence")?
            .as_primitive_opt::<Float64Type>()?;
        let reasons = self
            .batch
            .column_by_name("evidence")?
            .as_list_opt::<i32>()?
            .value(row);
        let reasons = reasons.as_string_opt::<i32>()?;
        Some(Wire {
            detector: text("detector")?,
            category: text("category")?,
            file: text("file")?,
            member: text("member"),
            table: text("table"),
            column: text("column"),
            row: self.number("row", row)?,
            line: self.number("line", row),
            start: self.number("start", row),
            end: self.number("end", row),
            masked: self.text("masked", row)?.to_owned(),
            value: self.text("value", row).map(str::to_owned),
            fingerprint: text("fingerprint")?,
            confidence: confidence.value(row),
            evidence: reasons.iter().flatten().map(str::to_owned).collect(),
        })
    }
}
