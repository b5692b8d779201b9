//! Parquet files of every codec, encoding, page version and type, written here and read back value by value.
#![cfg(feature = "parquet")]
#![expect(
    clippy::unwrap_used,
    clippy::from_iter_instead_of_collect,
    clippy::too_many_lines,
    reason = "tables of test data, and helpers of tests"
)]

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;

use arrow::array::*;
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::*;
use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::basic::{BrotliLevel, Compression, Encoding, GzipLevel, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};

use speur::error::{Problem, Verdict};
use speur::format::{Batch, ColumnId, FORMATS, Format, Head, Likelihood, Piece, ReadOptions, Sink};
use speur::input::Body;

/// All that a file gives: the values of each column as (row, text), sorted, and the problems.
#[derive(Default)]
struct Collected {
    names: Vec<String>,
    first_row: u64,
    columns: BTreeMap<String, Vec<(u64, String)>>,
    batches: usize,
    /// Values given, each once however many rows it has.
    given: usize,
    rows: u64,
    problems: Vec<Problem>,
}

impl Sink for Collected {
    fn column(&mut self, name: &str) -> ColumnId {
        let known = self.names.iter().position(|known| known == name);
        ColumnId(known.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        }) as u32)
    }

    fn batch(&mut self, batch: Batch<'_>) {
        self.batches += 1;
        self.given += batch.values.len();
        let mut last = 0;
        for (i, value) in batch.values.iter().enumerate() {
            assert!(value.start >= last && value.end >= value.start);
            last = value.end;
            let bytes = &batch.text[value.start as usize..value.end as usize];
            let text = String::from_utf8_lossy(bytes).into_owned();
            let rows = batch.rows.of(i);
            assert!(rows.is_sorted() && !rows.is_empty());
            let column = self.names[value.column.0 as usize].clone();
            let column = self.columns.entry(column).or_default();
            column.extend(
                rows.iter()
                    .map(|row| (self.first_row + u64::from(*row), text.clone())),
            );
        }
    }

    fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }
}

fn format() -> &'static dyn Format {
    *FORMATS
        .iter()
        .find(|format| format.name() == "parquet")
        .unwrap()
}

fn head(bytes: &[u8]) -> Head<'_> {
    Head {
        name: "x.parquet",
        folder: None,
        bytes,
        text: None,
        encoding: encoding_rs::UTF_8.into(),
        certainty: speur::input::encoding::Certainty::Sure,
        mark: 0,
        tail: None,
        whole: true,
        len: Some(bytes.len() as u64),
        budget: speur::input::Budget::default(),
    }
}

fn read_body(body: Body<'_>, bytes: &[u8]) -> Result<Collected, Problem> {
    let head = head(bytes);
    let mut reader = format().open(body, &head, &ReadOptions::default())?;
    let mut collected = Collected::default();
    while let Some(Piece::Chunk(part)) = reader.next_piece()? {
        collected.names.clear();
        collected.first_row = part.first_row.unwrap();
        let extent = part.chunk.read(&mut collected);
        collected.rows = collected
            .rows
            .max(collected.first_row.saturating_add(extent.records));
    }
    for values in collected.columns.values_mut() {
        values.sort();
    }
    assert_eq!(reader.position(), bytes.len() as u64);
    Ok(collected)
}

fn read(bytes: &[u8]) -> Result<Collected, Problem> {
    read_body(Body::Blob(Bytes::copy_from_slice(bytes)), bytes)
}

fn write(batch: &RecordBatch, properties: WriterProperties) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn columns(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true)))
        .unwrap()
}

fn plain() -> WriterProperties {
    WriterProperties::builder().build()
}

fn texts(collected: &Collected, column: &str) -> Vec<String> {
    let values = collected.columns.get(column).cloned().unwrap_or_default();
    values.into_iter().map(|(_, text)| text).collect()
}

fn pairs(values: &[(u64, &str)]) -> Vec<(u64, String)> {
    values
        .iter()
        .map(|(row, text)| (*row, (*text).to_owned()))
        .collect()
}

const ROWS: u64 = 20_000;

/// Strings, integers and floats with every seventh missing, and what they should be read as.
fn people() -> (RecordBatch, BTreeMap<String, Vec<(u64, String)>>) {
    let there = |i: &u64| i % 7 != 3;
    let name = |i: u64| format!("person {} é", i % 500);
    let number = |i: u64| 100_000_000 + i.cast_signed();
    let float = |i: u64| number(i) as f64;
    let rows = || 0..ROWS;
    let batch = columns(vec![
        (
            "name",
            Arc::new(StringArray::from_iter(
                rows().map(|i| there(&i).then(|| name(i))),
            )),
        ),
        (
            "number",
            Arc::new(Int64Array::from_iter(
                rows().map(|i| there(&i).then(|| number(i))),
            )),
        ),
        (
            "float",
            Arc::new(Float64Array::from_iter(
                rows().map(|i| there(&i).then(|| float(i))),
            )),
        ),
    ]);
    let column = |text: &dyn Fn(u64) -> String| -> Vec<(u64, String)> {
        rows().filter(there).map(|i| (i, text(i))).collect()
    };
    let expected = BTreeMap::from([
        ("name".to_owned(), column(&name)),
        ("number".to_owned(), column(&|i| number(i).to_string())),
        ("float".to_owned(), column(&|i| number(i).to_string())),
    ]);
    (batch, expected)
}

#[test]
fn every_codec_page_version_and_body() {
    let (batch, expected) = people();
    let codecs = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::BROTLI(BrotliLevel::default()),
        Compression::ZSTD(ZstdLevel::default()),
        Compression::LZ4_RAW,
    ];
    for codec in codecs {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            let properties = WriterProperties::builder()
                .set_compression(codec)
                .set_writer_version(version)
                .set_max_row_group_row_count(Some(7000))
                .build();
            let bytes = write(&batch, properties);
            let path = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(path.path(), &bytes).unwrap();
            let bodies = [
                Body::Blob(Bytes::copy_from_slice(&bytes)),
                Body::File(File::open(path.path()).unwrap()),
                Body::Stream(Box::new(&bytes[..])),
            ];
            for body in bodies {
                let collected = read_body(body, &bytes).unwrap();
                assert_eq!(collected.problems, [], "{codec:?} {version:?}");
                assert_eq!(collected.columns, expected, "{codec:?} {version:?}");
                assert_eq!(collected.rows, ROWS);
            }
        }
    }
}

#[test]
fn every_encoding() {
    let (batch, expected) = people();
    let cases = [
        ("name", Encoding::PLAIN),
        ("name", Encoding::DELTA_LENGTH_BYTE_ARRAY),
        ("name", Encoding::DELTA_BYTE_ARRAY),
        ("number", Encoding::PLAIN),
        ("number", Encoding::DELTA_BINARY_PACKED),
        ("number", Encoding::BYTE_STREAM_SPLIT),
        ("float", Encoding::PLAIN),
        ("float", Encoding::BYTE_STREAM_SPLIT),
    ];
    for (column, encoding) in cases {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            let properties = WriterProperties::builder()
                .set_dictionary_enabled(false)
                .set_writer_version(version)
                .set_column_encoding(column.into(), encoding)
                .build();
            let collected = read(&write(&batch, properties)).unwrap();
            assert_eq!(collected.problems, [], "{encoding}");
            assert_eq!(collected.columns, expected, "{encoding}");
        }
    }
}

#[test]
fn values_of_a_dictionary_are_given_once() {
    let (batch, expected) = people();
    let collected = read(&write(&batch.project(&[0]).unwrap(), plain())).unwrap();
    assert_eq!(collected.columns["name"], expected["name"]);
    assert_eq!(collected.given, 500);
}

#[test]
fn a_dictionary_that_gave_up_is_read_all_the_same() {
    let (batch, expected) = people();
    let properties = WriterProperties::builder()
        .set_dictionary_page_size_limit(1000)
        .set_data_page_row_count_limit(600)
        .set_write_batch_size(100)
        .build();
    let collected = read(&write(&batch, properties)).unwrap();
    assert_eq!(collected.problems, []);
    assert_eq!(collected.columns, expected);
}

/// A column of each type with one value and a null, and the value's text.
fn typed() -> Vec<(&'static str, ArrayRef, Vec<&'static str>)> {
    let day = 86_400_i64;
    vec![
        ("null", Arc::new(NullArray::new(2)), vec![]),
        (
            "bool",
            Arc::new(BooleanArray::from(vec![Some(true), None])),
            vec!["true"],
        ),
        (
            "i8",
            Arc::new(Int8Array::from(vec![Some(-8), None])),
            vec!["-8"],
        ),
        (
            "i16",
            Arc::new(Int16Array::from(vec![Some(-16), None])),
            vec!["-16"],
        ),
        (
            "i32",
            Arc::new(Int32Array::from(vec![Some(123_456_782), None])),
            vec!["123456782"],
        ),
        (
            "u8",
            Arc::new(UInt8Array::from(vec![Some(255), None])),
            vec!["255"],
        ),
        (
            "u16",
            Arc::new(UInt16Array::from(vec![Some(65_535), None])),
            vec!["65535"],
        ),
        (
            "u32",
            Arc::new(UInt32Array::from(vec![Some(u32::MAX), None])),
            vec!["4294967295"],
        ),
        (
            "u64",
            Arc::new(UInt64Array::from(vec![Some(u64::MAX), None])),
            vec!["18446744073709551615"],
        ),
        (
            "f32",
            Arc::new(Float32Array::from(vec![Some(0.1), None])),
            vec!["0.1"],
        ),
        (
            "f64",
            Arc::new(Float64Array::from(vec![Some(123_456_782.0), None])),
            vec!["123456782"],
        ),
        (
            "decimal",
            Arc::new(
                Decimal128Array::from(vec![Some(12_345), Some(12_300)])
                    .with_precision_and_scale(9, 2)
                    .unwrap(),
            ),
            vec!["123.45", "123"],
        ),
        (
            "wide",
            Arc::new(
                Decimal256Array::from(vec![Some(i256::from(987_654)), None])
                    .with_precision_and_scale(60, 0)
                    .unwrap(),
            ),
            vec!["987654"],
        ),
        (
            "date",
            Arc::new(Date32Array::from(vec![Some(-1), None])),
            vec!["1969-12-31"],
        ),
        (
            "no_date",
            Arc::new(Date32Array::from(vec![Some(i32::MAX), None])),
            vec!["2147483647"],
        ),
        (
            "date64",
            Arc::new(Date64Array::from(vec![Some(day * 1000), None])),
            vec!["1970-01-02T00:00:00"],
        ),
        (
            "time_s",
            Arc::new(Time32SecondArray::from(vec![Some(3661), None])),
            vec!["01:01:01"],
        ),
        (
            "time_us",
            Arc::new(Time64MicrosecondArray::from(vec![
                Some(3_661_500_000),
                None,
            ])),
            vec!["01:01:01.500"],
        ),
        (
            "ts_s",
            Arc::new(TimestampSecondArray::from(vec![Some(day), None])),
            vec!["1970-01-02T00:00:00"],
        ),
        (
            "ts_ms",
            Arc::new(TimestampMillisecondArray::from(vec![
                Some(day * 1000 + 5),
                None,
            ])),
            vec!["1970-01-02T00:00:00.005"],
        ),
        (
            "ts_utc",
            Arc::new(
                TimestampMicrosecondArray::from(vec![Some(day * 1_000_000), None])
                    .with_timezone("UTC"),
            ),
            vec!["1970-01-02T00:00:00Z"],
        ),
        (
            "ts_zone",
            Arc::new(
                TimestampNanosecondArray::from(vec![Some(day * 1_000_000_000), None])
                    .with_timezone("Europe/Amsterdam"),
            ),
            vec!["1970-01-02T00:00:00Z"],
        ),
        (
            "no_ts",
            Arc::new(TimestampMillisecondArray::from(vec![Some(i64::MAX), None])),
            vec!["9223372036854775807"],
        ),
        (
            "text",
            Arc::new(StringArray::from(vec![Some("a@b.example"), None])),
            vec!["a@b.example"],
        ),
        (
            "empty",
            Arc::new(StringArray::from(vec![Some(""), None])),
            vec![""],
        ),
        (
            "large",
            Arc::new(LargeStringArray::from(vec![Some("groß"), None])),
            vec!["groß"],
        ),
        (
            "view",
            Arc::new(StringViewArray::from(vec![Some("seen from afar"), None])),
            vec!["seen from afar"],
        ),
        (
            "bytes",
            Arc::new(BinaryArray::from(vec![Some(&b"ok"[..]), Some(b"\xff\xfe")])),
            vec!["ok"],
        ),
        (
            "fixed",
            Arc::new(
                FixedSizeBinaryArray::try_from_iter([b"abc", b"\xff\xff\xff"].into_iter()).unwrap(),
            ),
            vec!["abc"],
        ),
        (
            "dict",
            Arc::new(DictionaryArray::<Int8Type>::from_iter([Some("d"), None])),
            vec!["d"],
        ),
        (
            "dict_int",
            Arc::new(DictionaryArray::<Int8Type>::new(
                Int8Array::from(vec![Some(0), None]),
                Arc::new(Int64Array::from(vec![77])),
            )),
            vec!["77"],
        ),
    ]
}

#[test]
fn every_type() {
    let batch = columns(
        typed()
            .into_iter()
            .map(|(name, array, _)| (name, array))
            .collect(),
    );
    for dictionary in [true, false] {
        let properties = WriterProperties::builder()
            .set_dictionary_enabled(dictionary)
            .build();
        let collected = read(&write(&batch, properties)).unwrap();
        assert_eq!(collected.problems, []);
        for (name, _, expected) in typed() {
            assert_eq!(texts(&collected, name), expected, "{name}");
        }
    }
}

/// Writes one required column by hand, of a type that Arrow's writer doesn't make.
fn by_hand<T: parquet::data_type::DataType>(schema: &str, values: &[T::T]) -> Vec<u8> {
    use parquet::file::writer::SerializedFileWriter;
    let schema = Arc::new(parquet::schema::parser::parse_message_type(schema).unwrap());
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::new(plain())).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<T>().write_batch(values, None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn types_that_arrow_does_not_write() {
    use parquet::data_type::{
        ByteArray, ByteArrayType, FixedLenByteArray, FixedLenByteArrayType, Int96, Int96Type,
    };
    let id: Vec<u8> = (0..16).collect();
    let bytes = by_hand::<FixedLenByteArrayType>(
        "message m { required fixed_len_byte_array(16) x (UUID); }",
        &[FixedLenByteArray::from(ByteArray::from(id))],
    );
    assert_eq!(
        texts(&read(&bytes).unwrap(), "x"),
        ["00010203-0405-0607-0809-0a0b0c0d0e0f"]
    );

    // Julian day 5 373 484 is 9999-12-31, beyond what 64 bits of nanoseconds hold.
    let mut instant = Int96::new();
    instant.set_data(0, 0, 5_373_484);
    let bytes = by_hand::<Int96Type>("message m { required int96 x; }", &[instant]);
    assert_eq!(texts(&read(&bytes).unwrap(), "x"), ["9999-12-31T00:00:00"]);

    for kind in ["ENUM", "JSON", "UTF8"] {
        let bytes = by_hand::<ByteArrayType>(
            &format!("message m {{ required binary x ({kind}); }}"),
            &[
                ByteArray::from("a"),
                ByteArray::from(b"caf\xe9".to_vec()),
                ByteArray::from("b"),
            ],
        );
        let collected = read(&bytes).unwrap();
        assert_eq!(collected.problems, []);
        assert_eq!(texts(&collected, "x"), ["a", "caf\u{fffd}", "b"], "{kind}");
    }
}

/// `contacts: list<struct<email: string, phones: list<int>>>` with every kind of absence.
#[test]
fn nested_values_keep_their_row() {
    let phones = ListArray::from_iter_primitive::<Int64Type, _, _>([
        Some(vec![Some(1), None, Some(2)]),
        None,
        Some(vec![]),
        Some(vec![Some(3)]),
    ]);
    let emails = StringArray::from(vec![Some("a"), None, Some("b"), Some("a")]);
    let fields = Fields::from(vec![
        Field::new("email", DataType::Utf8, true),
        Field::new("phones", phones.data_type().clone(), true),
    ]);
    let people = StructArray::new(fields, vec![Arc::new(emails), Arc::new(phones)], None);
    let item = Arc::new(Field::new("item", people.data_type().clone(), true));
    // Rows: two contacts; null; empty; two contacts.
    let contacts = ListArray::new(
        item,
        OffsetBuffer::new(vec![0, 2, 2, 2, 4].into()),
        Arc::new(people),
        Some(NullBuffer::from(vec![true, false, true, true])),
    );
    let batch = columns(vec![("contacts", Arc::new(contacts))]);
    for dictionary in [true, false] {
        let properties = WriterProperties::builder()
            .set_dictionary_enabled(dictionary)
            .build();
        let collected = read(&write(&batch, properties)).unwrap();
        assert_eq!(collected.problems, []);
        assert_eq!(collected.rows, 4);
        let expected = BTreeMap::from([
            (
                "contacts.list.item.email".to_owned(),
                pairs(&[(0, "a"), (3, "a"), (3, "b")]),
            ),
            (
                "contacts.list.item.phones.list.item".to_owned(),
                pairs(&[(0, "1"), (0, "2"), (3, "3")]),
            ),
        ]);
        assert_eq!(collected.columns, expected);
    }
}

#[test]
fn maps_and_other_lists_keep_their_row() {
    let mut map = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    map.keys().append_value("x");
    map.values().append_value(1);
    map.keys().append_value("y");
    map.values().append_null();
    map.append(true).unwrap();
    map.append(false).unwrap();
    map.keys().append_value("z");
    map.values().append_value(3);
    map.append(true).unwrap();
    let fixed = FixedSizeListArray::from_iter_primitive::<Int32Type, _, _>(
        [
            Some(vec![Some(1), Some(2)]),
            None,
            Some(vec![None, Some(4)]),
        ],
        2,
    );
    let mut large = LargeListBuilder::new(StringBuilder::new());
    large.append_value([Some("p"), Some("q")]);
    large.append_value([Some("p")]);
    large.append_null();
    let inner = StructArray::new(
        Fields::from(vec![Field::new("deep", DataType::Int32, true)]),
        vec![Arc::new(Int32Array::from(vec![7, 8, 9]))],
        Some(NullBuffer::from(vec![true, false, true])),
    );
    let batch = columns(vec![
        ("map", Arc::new(map.finish())),
        ("fixed", Arc::new(fixed)),
        ("large", Arc::new(large.finish())),
        ("inner", Arc::new(inner)),
        // Seconds are known from the types that the writer noted only, maps or not.
        (
            "since",
            Arc::new(TimestampSecondArray::from(vec![Some(60), None, None])),
        ),
    ]);
    let collected = read(&write(&batch, plain())).unwrap();
    assert_eq!(collected.problems, []);
    let found: Vec<_> = collected.columns.into_iter().collect();
    let expected = [
        ("fixed.list.item", pairs(&[(0, "1"), (0, "2"), (2, "4")])),
        ("inner.deep", pairs(&[(0, "7"), (2, "9")])),
        ("large.list.item", pairs(&[(0, "p"), (0, "q"), (1, "p")])),
        ("map.entries.key", pairs(&[(0, "x"), (0, "y"), (2, "z")])),
        ("map.entries.value", pairs(&[(0, "1"), (2, "3")])),
        ("since", pairs(&[(0, "1970-01-01T00:01:00")])),
    ]
    .map(|(name, values)| (name.to_owned(), values));
    assert_eq!(found, expected);
}

#[test]
fn large_values_are_cut_into_batches_and_not_into_pieces() {
    let long = "x".repeat(700_000);
    let values = (0..20).map(|i| format!("{i:02}{long}")).collect::<Vec<_>>();
    let batch = columns(vec![("x", Arc::new(StringArray::from(values.clone())))]);
    let collected = read(&write(&batch, plain())).unwrap();
    assert!(collected.batches >= 20);
    assert!(texts(&collected, "x") == values);
}

#[test]
fn a_file_without_rows_is_read() {
    let batch = RecordBatch::new_empty(people().0.schema());
    let collected = read(&write(&batch, plain())).unwrap();
    assert_eq!((collected.rows, collected.given), (0, 0));
    assert_eq!(collected.problems, []);
}

#[test]
fn magic_is_recognised() {
    let magic = |bytes: &[u8]| format().sniff(&head(bytes));
    assert_eq!(magic(b"PAR1rest"), Some(Likelihood::Magic));
    assert_eq!(magic(b"PARErest"), Some(Likelihood::Magic));
    assert_eq!(magic(b"PAR"), None);
    let problem = read(b"PARE....PARE").err().unwrap();
    assert_eq!(problem.verdict, Verdict::Skipped);
    assert!(problem.reason.contains("encrypted"));
}

#[test]
fn a_truncated_file_fails_wherever_it_ends() {
    let (batch, _) = people();
    let bytes = write(&batch.slice(0, 50), plain());
    for end in 0..bytes.len() {
        let problem = read(&bytes[..end]).err().unwrap();
        assert_eq!(problem.verdict, Verdict::Failed, "cut at {end}");
    }
}

/// Damage in one column chunk costs that chunk only, and says so.
#[test]
fn a_damaged_page_costs_its_column_only() {
    let (batch, expected) = people();
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(7000))
        .build();
    let mut bytes = write(&batch, properties);
    let metadata = parquet::file::metadata::ParquetMetaDataReader::new()
        .parse_and_finish(&Bytes::copy_from_slice(&bytes))
        .unwrap();
    let (start, length) = metadata.row_group(1).column(1).byte_range();
    bytes[start as usize..(start + length) as usize].fill(0xA5);
    let collected = read(&bytes).unwrap();
    assert_eq!(collected.rows, ROWS);
    assert_eq!(collected.columns["name"], expected["name"]);
    assert_eq!(collected.columns["float"], expected["float"]);
    let rest: Vec<_> = expected["number"]
        .iter()
        .filter(|(row, _)| !(7000..14_000).contains(row))
        .cloned()
        .collect();
    assert_eq!(collected.columns["number"], rest);
    assert_eq!(collected.problems.len(), 1);
    assert_eq!(collected.problems[0].verdict, Verdict::Lost);
    assert!(
        collected.problems[0]
            .reason
            .starts_with("column number, row group 1: ")
    );
}

/// Every byte of a small file is flipped in turn: nothing panics, and no message quotes the data.
#[test]
fn flipped_bytes_never_panic() {
    let secret = "geheim.persoon@voorbeeld.example";
    let batch = columns(vec![
        (
            "text",
            Arc::new(StringArray::from(vec![
                Some(secret),
                None,
                Some(secret),
                Some("x"),
            ])),
        ),
        (
            "list",
            Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>([
                Some(vec![Some(123_456_782)]),
                None,
                Some(vec![]),
                Some(vec![Some(1), None]),
            ])),
        ),
    ]);
    std::panic::set_hook(Box::new(|_| {}));
    for codec in [Compression::UNCOMPRESSED, Compression::SNAPPY] {
        let properties = WriterProperties::builder().set_compression(codec).build();
        let bytes = write(&batch, properties);
        for place in 4..bytes.len() {
            for flip in [0x01, 0x80, 0xFF] {
                let mut damaged = bytes.clone();
                damaged[place] ^= flip;
                let problems = match read(&damaged) {
                    Ok(collected) => collected.problems,
                    Err(problem) => vec![problem],
                };
                for problem in problems {
                    assert!(
                        !problem.reason.contains("geheim") && !problem.reason.contains("123456782")
                    );
                }
            }
        }
    }
    let _ = std::panic::take_hook();
}
