//! Values as text: what a number, a date or some bytes look like to a detector, and the batches they go into.

use std::fmt::Write;

use arrow::array::{Array, ArrayRef, AsArray, make_array};
use arrow::datatypes::{DataType, Float16Type, Float32Type, Float64Type};
use arrow::datatypes::{Int8Type, Int16Type, Int32Type, Int64Type};
use arrow::datatypes::{UInt8Type, UInt16Type, UInt32Type, UInt64Type};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::schema::Meaning;
use crate::format::{Batch, ColumnId, OffsetMap, Rows, Sink, Value};

/// Text of a batch to aim at, in bytes: it stays in the processor's cache.
const BATCH_TEXT: usize = 256 << 10;

/// Rows of a batch at most, for values that occur again and again.
const BATCH_ROWS: usize = 1 << 20;

/// Collects the values of one column and gives them to the sink in batches.
pub(in crate::format) struct Batches<'s> {
    sink: &'s mut dyn Sink,
    column: ColumnId,
    text: Vec<u8>,
    values: Vec<Value>,
    rows: Vec<u32>,
    /// Where the rows of each value end; empty where each value has one.
    ends: Vec<u32>,
}

impl<'s> Batches<'s> {
    /// Batches of the column of this name.
    pub(in crate::format) fn new(sink: &'s mut dyn Sink, name: &str) -> Self {
        let column = sink.column(name);
        Self {
            sink,
            column,
            text: Vec::new(),
            values: Vec::new(),
            rows: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// Adds a value of one row. Not to be mixed with [`Self::many`] without a [`Self::flush`] in between.
    pub(in crate::format) fn one(&mut self, value: &[u8], row: u32) {
        self.append(value);
        self.rows.push(row);
    }

    /// Adds a value of several rows, ascending.
    pub(super) fn many(&mut self, value: &[u8], rows: &[u32]) {
        self.append(value);
        self.rows.extend_from_slice(rows);
        self.ends.push(self.rows.len() as u32);
    }

    fn append(&mut self, value: &[u8]) {
        if self.text.len() + value.len() >= BATCH_TEXT || self.rows.len() >= BATCH_ROWS {
            self.flush();
        }
        let start = self.text.len() as u32;
        self.text.extend_from_slice(value);
        self.values.push(Value {
            start,
            end: self.text.len() as u32,
            column: self.column,
            line: 0,
        });
        // Keeps a search of the whole text from running on into the next value.
        self.text.push(b'\n');
    }

    /// Gives away what is there.
    pub(in crate::format) fn flush(&mut self) {
        if !self.values.is_empty() {
            let rows = if self.ends.is_empty() {
                Rows::One(&self.rows)
            } else {
                Rows::Many {
                    ends: &self.ends,
                    rows: &self.rows,
                }
            };
            self.sink.batch(Batch {
                text: &self.text,
                values: &self.values,
                rows,
                offsets: &OffsetMap::None,
            });
        }
        self.text.clear();
        self.values.clear();
        self.rows.clear();
        self.ends.clear();
    }

    /// The sink, for a problem.
    pub(super) fn sink(&mut self) -> &mut dyn Sink {
        self.sink
    }
}

/// Gives each value of a leaf array that isn't null, with its index, as text.
pub(in crate::format) fn each_text(
    array: &ArrayRef,
    meaning: Meaning,
    give: &mut dyn FnMut(usize, &[u8]),
) -> Result<(), ArrowError> {
    macro_rules! integers {
        ($kind:ty) => {{
            let mut digits = itoa::Buffer::new();
            let array = array.as_primitive::<$kind>();
            valid(array).for_each(|i| give(i, digits.format(array.value(i)).as_bytes()));
        }};
    }
    macro_rules! floats {
        ($kind:ty, $wide:expr) => {{
            let mut text = String::new();
            let array = array.as_primitive::<$kind>();
            for i in valid(array) {
                write_float(&mut text, array.value(i), $wide(array.value(i)));
                give(i, text.as_bytes());
            }
        }};
    }
    match array.data_type() {
        DataType::Null => {}
        DataType::Boolean => {
            let array = array.as_boolean();
            valid(array).for_each(|i| {
                give(i, if array.value(i) { b"true" } else { b"false" });
            });
        }
        DataType::Int8 => integers!(Int8Type),
        DataType::Int16 => integers!(Int16Type),
        DataType::Int32 => integers!(Int32Type),
        DataType::Int64 => integers!(Int64Type),
        DataType::UInt8 => integers!(UInt8Type),
        DataType::UInt16 => integers!(UInt16Type),
        DataType::UInt32 => integers!(UInt32Type),
        DataType::UInt64 => integers!(UInt64Type),
        DataType::Float16 => floats!(Float16Type, f64::from),
        DataType::Float32 => floats!(Float32Type, f64::from),
        DataType::Float64 => floats!(Float64Type, f64::from),
        DataType::LargeBinary => {
            let array = array.as_binary::<i64>();
            give_bytes(array, meaning, give, |i| array.value(i));
        }
        DataType::Binary => {
            let array = array.as_binary::<i32>();
            give_bytes(array, meaning, give, |i| array.value(i));
        }
        DataType::Utf8 => {
            let array = array.as_string::<i32>();
            give_bytes(array, meaning, give, |i| array.value(i).as_bytes());
        }
        DataType::LargeUtf8 => {
            let array = array.as_string::<i64>();
            give_bytes(array, meaning, give, |i| array.value(i).as_bytes());
        }
        DataType::Utf8View => {
            let array = array.as_string_view();
            give_bytes(array, meaning, give, |i| array.value(i).as_bytes());
        }
        DataType::BinaryView => {
            let array = array.as_binary_view();
            give_bytes(array, meaning, give, |i| array.value(i));
        }
        DataType::FixedSizeBinary(_) => {
            let array = array.as_fixed_size_binary();
            give_bytes(array, meaning, give, |i| array.value(i));
        }
        _ => formatted(array, give)?,
    }
    Ok(())
}

fn valid(array: &dyn Array) -> impl Iterator<Item = usize> {
    (0..array.len()).filter(|&i| array.is_valid(i))
}

fn give_bytes<'v>(
    array: &dyn Array,
    meaning: Meaning,
    give: &mut dyn FnMut(usize, &[u8]),
    value: impl Fn(usize) -> &'v [u8],
) {
    for i in valid(array) {
        let value = value(i);
        match meaning {
            Meaning::Text => give(i, value),
            Meaning::Uuid if value.len() == 16 => give(i, uuid(value).as_bytes()),
            _ if std::str::from_utf8(value).is_ok() => give(i, value),
            _ => {}
        }
    }
}

fn uuid(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (i, byte) in bytes.iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Writes a float as its shortest text that reads back the same; a whole number without a fraction, and neither very
/// large nor very small ones with hundreds of zeros.
fn write_float(text: &mut String, value: impl std::fmt::Display + std::fmt::LowerExp, wide: f64) {
    text.clear();
    let size = wide.abs();
    // Writing to a string can't fail.
    let _ = if size == 0.0 || (1e-7..1e18).contains(&size) || !wide.is_finite() {
        write!(text, "{value}")
    } else {
        write!(text, "{value:e}")
    };
}

/// Dates, times, timestamps, decimals and intervals.
fn formatted(array: &ArrayRef, give: &mut dyn FnMut(usize, &[u8])) -> Result<(), ArrowError> {
    let (array, suffix) = match array.data_type() {
        // What is stored is UTC, whatever zone it is meant to be shown in.
        DataType::Timestamp(unit, Some(_)) => {
            (retyped(array, DataType::Timestamp(*unit, None))?, "Z")
        }
        _ => (array.clone(), ""),
    };
    let whole = matches!(
        array.data_type(),
        DataType::Decimal32(..)
            | DataType::Decimal64(..)
            | DataType::Decimal128(..)
            | DataType::Decimal256(..)
    );
    let options = FormatOptions::new().with_display_error(false);
    let formatter = ArrayFormatter::try_new(array.as_ref(), &options)?;
    let mut raw = None;
    let mut text = String::new();
    for i in valid(array.as_ref()) {
        text.clear();
        if formatter.value(i).write(&mut text).is_ok() {
            text.push_str(suffix);
            give(i, without_zeros(&text, whole).as_bytes());
            continue;
        }
        // A date no calendar has: the number itself, since that is what was put there.
        if raw.is_none() {
            raw = Some(raw_numbers(&array)?);
        }
        if let Some(numbers) = &raw {
            text.clear();
            let _ = write!(text, "{}", numbers.value(i));
            give(i, text.as_bytes());
        }
    }
    Ok(())
}

/// A decimal that is a whole number, without its fraction: databases export identifiers as `NUMBER(38, 10)`.
fn without_zeros(text: &str, decimal: bool) -> &str {
    match text.split_once('.') {
        Some((whole, zeros)) if decimal && zeros.bytes().all(|byte| byte == b'0') => whole,
        _ => text,
    }
}

fn retyped(array: &ArrayRef, kind: DataType) -> Result<ArrayRef, ArrowError> {
    Ok(make_array(
        array.to_data().into_builder().data_type(kind).build()?,
    ))
}

fn raw_numbers(array: &ArrayRef) -> Result<arrow::array::Int64Array, ArrowError> {
    let kind = array.data_type();
    let width = kind.primitive_width();
    if width == Some(8) {
        return Ok(retyped(array, DataType::Int64)?
            .as_primitive::<Int64Type>()
            .clone());
    }
    if width == Some(4) {
        let narrow = retyped(array, DataType::Int32)?;
        return Ok(narrow.as_primitive::<Int32Type>().unary(i64::from));
    }
    Err(ArrowError::NotYetImplemented(format!(
        "values of type {kind}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_short() {
        let cases = [
            (123_456_782.0, "123456782"),
            (0.1, "0.1"),
            (-12.50, "-12.5"),
            (1e300, "1e300"),
            (1e-300, "1e-300"),
            (0.0, "0"),
            (f64::NAN, "NaN"),
        ];
        let mut text = String::new();
        for (value, expected) in cases {
            write_float(&mut text, value, value);
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn whole_decimals_lose_their_fraction() {
        assert_eq!(without_zeros("123.000", true), "123");
        assert_eq!(without_zeros("123.450", true), "123.450");
        assert_eq!(
            without_zeros("2024-01-01T00:00:00.000", false),
            "2024-01-01T00:00:00.000"
        );
    }
}
