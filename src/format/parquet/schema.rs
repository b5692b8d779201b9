//! The footer: which leaves there are, and as what each is decoded.
//!
//! Text is decoded as bytes, so that one value that isn't UTF-8 doesn't cost the rest of its column, and with its
//! dictionary where it has one. Both are asked of the library by a schema; where it refuses one, a plainer one is taken.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema as ArrowSchema, SchemaRef, TimeUnit};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::basic::{ConvertedType, Encoding, LogicalType, Type as PhysicalType};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, PageIndexPolicy, ParquetMetaData};
use parquet::schema::types::{BasicTypeInfo, ColumnDescriptor, SchemaDescriptor, Type, TypePtr};

use super::source::Source;
use crate::error::Problem;

/// What a leaf's bytes mean, as far as its decoded type doesn't say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Text: what isn't UTF-8 is passed through.
    Text,
    /// Bytes: text only where they happen to be UTF-8.
    Bytes,
    /// A UUID, in 16 bytes.
    Uuid,
}

/// A leaf column.
pub(super) struct LeafColumn {
    /// Its path, with dots.
    pub(super) path: String,
    /// What its bytes mean.
    pub(super) meaning: Meaning,
}

/// A file's footer, made ready for decoding.
pub(super) struct Schema {
    /// All leaves, in the order of the file.
    pub(super) leaves: Vec<LeafColumn>,
    plain: ArrowReaderMetadata,
    dictionary: ArrowReaderMetadata,
}

impl Schema {
    /// What the footer says.
    pub(super) fn metadata(&self) -> &Arc<ParquetMetaData> {
        self.plain.metadata()
    }

    /// How to decode a column chunk: with its dictionary or without.
    pub(super) fn decoding(&self, column: &ColumnChunkMetaData) -> &ArrowReaderMetadata {
        if is_dictionary(column) {
            &self.dictionary
        } else {
            &self.plain
        }
    }
}

/// Reads the footer.
pub(super) fn load(source: &Source) -> std::result::Result<Schema, Problem> {
    catch_unwind(AssertUnwindSafe(|| read(source)))
        .unwrap_or_else(|_| Err(ParquetError::General("the footer makes no sense".into())))
        .map_err(|error| Problem::failed(format!("parquet: {}", describe(&error))))
}

fn describe(error: &ParquetError) -> String {
    match error {
        ParquetError::General(text)
        | ParquetError::NYI(text)
        | ParquetError::EOF(text)
        | ParquetError::ArrowError(text) => {
            format!("the footer can't be read, the file may be cut off: {text}")
        }
        _ => "the footer can't be read, the file may be cut off".into(),
    }
}

fn read(source: &Source) -> Result<Schema> {
    let first = ArrowReaderMetadata::load(source, options())
        .or_else(|_| ArrowReaderMetadata::load(source, options().with_skip_arrow_metadata(true)))?;
    let descriptor = first.metadata().file_metadata().schema_descr();
    let leaves = descriptor
        .columns()
        .iter()
        .map(|column| LeafColumn {
            path: column.path().string(),
            meaning: meaning(column),
        })
        .collect();
    let bytes = text_as_bytes(source, descriptor).unwrap_or_else(|_| first.clone());
    let plain = with_types(&bytes, Texts::Plain).unwrap_or_else(|_| bytes.clone());
    let dictionary = with_types(&bytes, Texts::Dictionary).unwrap_or_else(|_| plain.clone());
    Ok(Schema {
        leaves,
        plain,
        dictionary,
    })
}

fn options() -> ArrowReaderOptions {
    ArrowReaderOptions::new()
        .with_page_index_policy(PageIndexPolicy::Skip)
        .with_encoding_stats_as_mask(true)
}

/// The same file with text leaves declared as plain byte arrays.
fn text_as_bytes(source: &Source, descriptor: &SchemaDescriptor) -> Result<ArrowReaderMetadata> {
    let root = untyped(&descriptor.root_schema_ptr())?;
    let schema = Arc::new(SchemaDescriptor::new(root));
    ArrowReaderMetadata::load(source, options().with_parquet_schema(Arc::clone(&schema))).or_else(
        |_| {
            ArrowReaderMetadata::load(
                source,
                options()
                    .with_parquet_schema(schema)
                    .with_skip_arrow_metadata(true),
            )
        },
    )
}

/// A type whose text leaves have lost their annotation.
fn untyped(node: &TypePtr) -> Result<TypePtr> {
    let info = node.get_basic_info();
    if node.is_primitive() {
        if node.get_physical_type() != PhysicalType::BYTE_ARRAY || !is_text(info) {
            return Ok(Arc::clone(node));
        }
        let leaf = Type::primitive_type_builder(node.name(), PhysicalType::BYTE_ARRAY)
            .with_repetition(info.repetition())
            .with_id(info.has_id().then(|| info.id()))
            .build()?;
        return Ok(Arc::new(leaf));
    }
    let fields = node
        .get_fields()
        .iter()
        .map(untyped)
        .collect::<Result<_>>()?;
    let mut group = Type::group_type_builder(node.name())
        .with_fields(fields)
        .with_converted_type(info.converted_type())
        .with_logical_type(info.logical_type_ref().cloned())
        .with_id(info.has_id().then(|| info.id()));
    if info.has_repetition() {
        group = group.with_repetition(info.repetition());
    }
    Ok(Arc::new(group.build()?))
}

fn is_text(info: &BasicTypeInfo) -> bool {
    matches!(
        info.logical_type_ref(),
        Some(LogicalType::String | LogicalType::Enum | LogicalType::Json)
    ) || matches!(
        info.converted_type(),
        ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON
    )
}

fn meaning(column: &ColumnDescriptor) -> Meaning {
    if is_text(column.get_basic_info()) {
        return Meaning::Text;
    }
    match column.logical_type_ref() {
        Some(LogicalType::Uuid) => Meaning::Uuid,
        _ => Meaning::Bytes,
    }
}

/// How byte arrays are decoded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Texts {
    Plain,
    Dictionary,
}

fn with_types(metadata: &ArrowReaderMetadata, texts: Texts) -> Result<ArrowReaderMetadata> {
    let mut leaves = metadata.parquet_schema().columns().iter();
    let fields: Vec<FieldRef> = metadata
        .schema()
        .fields()
        .iter()
        .map(|field| {
            retype(field, texts, &mut |kind| {
                leaf_type(kind, texts, leaves.next().map(|leaf| leaf.physical_type()))
            })
        })
        .collect();
    let schema: SchemaRef = Arc::new(ArrowSchema::new_with_metadata(
        fields,
        metadata.schema().metadata().clone(),
    ));
    ArrowReaderMetadata::try_new(
        Arc::clone(metadata.metadata()),
        options().with_schema(schema),
    )
}

/// A field whose leaves have the types that `leaf` gives, which is asked in the order of the file.
fn retype(field: &FieldRef, texts: Texts, leaf: &mut dyn FnMut(&DataType) -> DataType) -> FieldRef {
    let kind = match field.data_type() {
        DataType::List(child) => DataType::List(retype(child, texts, leaf)),
        DataType::LargeList(child) => DataType::LargeList(retype(child, texts, leaf)),
        DataType::ListView(child) => DataType::ListView(retype(child, texts, leaf)),
        DataType::LargeListView(child) => DataType::LargeListView(retype(child, texts, leaf)),
        DataType::FixedSizeList(child, size) => {
            DataType::FixedSizeList(retype(child, texts, leaf), *size)
        }
        DataType::Map(child, sorted) => DataType::Map(retype(child, texts, leaf), *sorted),
        DataType::Struct(children) => DataType::Struct(
            children
                .iter()
                .map(|child| retype(child, texts, leaf))
                .collect(),
        ),
        kind => leaf(kind),
    };
    Arc::new(Field::clone(field).with_data_type(kind))
}

fn leaf_type(kind: &DataType, texts: Texts, physical: Option<PhysicalType>) -> DataType {
    let kind = match kind {
        DataType::Dictionary(_, value) => value,
        kind => kind,
    };
    match kind {
        DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView => match texts {
            Texts::Plain => DataType::LargeBinary,
            Texts::Dictionary => {
                DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::LargeBinary))
            }
        },
        // Nanoseconds end in the year 2262, and INT96 is where 9999-12-31 stands for "no end".
        DataType::Timestamp(_, zone) if physical == Some(PhysicalType::INT96) => {
            DataType::Timestamp(TimeUnit::Microsecond, zone.clone())
        }
        kind => kind.clone(),
    }
}

/// Whether all data pages of a column chunk refer to its dictionary, as far as the footer knows.
fn is_dictionary(column: &ColumnChunkMetaData) -> bool {
    let mut encodings = column.encodings();
    let has_page = column.dictionary_page_offset().is_some() || encodings.any(is_reference);
    let all_pages = column
        .page_encoding_stats_mask()
        .is_none_or(|mask| mask.encodings().all(is_reference));
    has_page && all_pages
}

fn is_reference(encoding: Encoding) -> bool {
    matches!(
        encoding,
        Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY
    )
}
