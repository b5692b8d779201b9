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
use parquet::file::metadata::{
    ColumnChunkMetaData, PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader,
};
use parquet::schema::types::{BasicTypeInfo, ColumnDescriptor, SchemaDescriptor, Type, TypePtr};

use super::source::Source;
use crate::error::Problem;

/// What a leaf's bytes mean, as far as its decoded type doesn't say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::format) enum Meaning {
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
    let metadata = ParquetMetaDataReader::new()
        .with_page_index_policy(PageIndexPolicy::Skip)
        .parse_and_finish(source)?;
    let descriptor = metadata.file_metadata().schema_descr();
    let leaves = descriptor
        .columns()
        .iter()
        .map(|column| LeafColumn {
            path: column.path().string(),
            meaning: meaning(column),
        })
        .collect();
    let root = descriptor.root_schema_ptr();
    let simple =
        load_as(source, &root, Strip::Some).or_else(|_| load_as(source, &root, Strip::All))?;
    // The types that the writer noted know more: seconds, durations.
    let noted = ArrowReaderMetadata::try_new(Arc::new(metadata), options()).ok();
    let decoded = |texts| {
        noted
            .iter()
            .chain([&simple])
            .find_map(|types| with_types(&simple, types.schema(), texts).ok())
    };
    let plain = decoded(Texts::Plain).unwrap_or_else(|| simple.clone());
    let dictionary = decoded(Texts::Dictionary).unwrap_or_else(|| plain.clone());
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

/// Which annotations are taken from a schema before it is decoded by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Strip {
    /// Those of text and of maps: the library can't read one side of a map, but it can of a list of pairs.
    Some,
    /// All, where there is one that the library refuses: numbers remain numbers.
    All,
}

/// The footer again, with a schema that has fewer annotations.
fn load_as(source: &Source, root: &TypePtr, strip: Strip) -> Result<ArrowReaderMetadata> {
    let schema = Arc::new(SchemaDescriptor::new(stripped(root, strip)?));
    let options = options()
        .with_parquet_schema(schema)
        .with_skip_arrow_metadata(true);
    ArrowReaderMetadata::load(source, options)
}

fn stripped(node: &TypePtr, strip: Strip) -> Result<TypePtr> {
    let info = node.get_basic_info();
    let id = info.has_id().then(|| info.id());
    if node.is_primitive() {
        let kind = node.get_physical_type();
        if strip == Strip::Some && !(kind == PhysicalType::BYTE_ARRAY && is_text(info)) {
            return Ok(Arc::clone(node));
        }
        let mut leaf = Type::primitive_type_builder(node.name(), kind)
            .with_repetition(info.repetition())
            .with_id(id);
        if let Type::PrimitiveType { type_length, .. } = node.as_ref() {
            leaf = leaf.with_length(*type_length);
        }
        return Ok(Arc::new(leaf.build()?));
    }
    let fields = node
        .get_fields()
        .iter()
        .map(|field| stripped(field, strip))
        .collect::<Result<_>>()?;
    let mut group = Type::group_type_builder(node.name())
        .with_fields(fields)
        .with_id(id);
    if strip == Strip::Some && !is_map(node) {
        group = group
            .with_converted_type(info.converted_type())
            .with_logical_type(info.logical_type_ref().cloned());
    }
    if info.has_repetition() {
        group = group.with_repetition(info.repetition());
    }
    Ok(Arc::new(group.build()?))
}

fn is_map(node: &Type) -> bool {
    let info = node.get_basic_info();
    let annotated = info.logical_type_ref() == Some(&LogicalType::Map)
        || matches!(
            info.converted_type(),
            ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE
        );
    // Keys without values are a list to the library, which it can read.
    let pairs = |entries: &TypePtr| entries.is_primitive() || entries.get_fields().len() != 1;
    annotated && node.get_fields().iter().all(pairs)
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

/// The same file decoded into these types, with byte arrays as asked.
fn with_types(
    metadata: &ArrowReaderMetadata,
    types: &ArrowSchema,
    texts: Texts,
) -> Result<ArrowReaderMetadata> {
    let mut leaves = metadata.parquet_schema().columns().iter();
    let fields: Vec<FieldRef> = types
        .fields()
        .iter()
        .map(|field| {
            retype(field, &mut |kind| {
                leaf_type(kind, texts, leaves.next().map(|leaf| leaf.physical_type()))
            })
        })
        .collect();
    let schema: SchemaRef = Arc::new(ArrowSchema::new_with_metadata(
        fields,
        types.metadata().clone(),
    ));
    ArrowReaderMetadata::try_new(
        Arc::clone(metadata.metadata()),
        options().with_schema(schema),
    )
}

/// A field whose leaves have the types that `leaf` gives, which is asked in the order of the file.
fn retype(field: &FieldRef, leaf: &mut dyn FnMut(&DataType) -> DataType) -> FieldRef {
    let kind = match field.data_type() {
        DataType::List(child) => DataType::List(retype(child, leaf)),
        DataType::LargeList(child) => DataType::LargeList(retype(child, leaf)),
        DataType::ListView(child) => DataType::ListView(retype(child, leaf)),
        DataType::LargeListView(child) => DataType::LargeListView(retype(child, leaf)),
        DataType::FixedSizeList(child, size) => DataType::FixedSizeList(retype(child, leaf), *size),
        DataType::Map(child, _) => {
            let entries = retype(child, leaf);
            let list = DataType::List(Arc::clone(&entries));
            DataType::Struct([Arc::new(Field::new(entries.name(), list, false))].into())
        }
        DataType::Struct(children) => {
            DataType::Struct(children.iter().map(|child| retype(child, leaf)).collect())
        }
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
