//! What a schema says of how long values are: enough to find where each record ends.
//!
//! The library trusts the count of a block and reads on for ever where it is too low, so that records are counted here
//! beforehand. Lengths and counts may be lies: no item that takes no bytes is walked over without paying for it.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::header::Bytes;

/// Values within each other, in a schema that refers to its own names.
const DEEPEST: usize = 256;
/// How often something may be walked over that takes no bytes, in a file without any.
const EMPTY: u64 = 1 << 20;

/// A schema.
pub(super) struct Schema {
    kinds: Vec<Kind>,
    root: usize,
    /// How often something may still be walked over that takes no bytes.
    left: u64,
}

/// A kind of value; others are named by their place in the schema.
enum Kind {
    Null,
    Boolean,
    Int,
    Long,
    Fixed(usize),
    Bytes,
    Text,
    Enum(usize),
    Array(usize),
    Map(usize),
    Union(Vec<usize>),
    Record(Vec<usize>),
}

/// What there is of whole records in a block.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Records {
    pub(super) count: u64,
    /// Bytes up to the end of the last one.
    pub(super) len: usize,
}

impl Schema {
    /// The schema that a header holds; none where it isn't one.
    pub(super) fn of(schema: &Value) -> Option<Self> {
        let mut parser = Parser::default();
        let root = parser.kind(schema, "")?;
        Some(Self {
            kinds: parser.kinds,
            root,
            left: EMPTY,
        })
    }

    /// The whole records that a block starts with.
    pub(super) fn records(&mut self, block: &[u8]) -> Records {
        self.left = self.left.saturating_add(block.len() as u64);
        let mut records = Records::default();
        let mut rest = Bytes(block);
        while !rest.0.is_empty() {
            let before = rest.0.len();
            // Records that take no bytes fill no block.
            if self.skip(self.root, &mut rest, 0).is_none() || rest.0.len() == before {
                break;
            }
            records.count += 1;
            records.len = block.len() - rest.0.len();
        }
        records
    }

    /// Whether records take no bytes, so that a block can hold any number of them.
    pub(super) fn is_empty(&mut self) -> bool {
        self.skip(self.root, &mut Bytes(&[]), 0).is_some()
    }

    /// Passes over a value; none where it is no such value, or not all there.
    fn skip(&mut self, kind: usize, rest: &mut Bytes<'_>, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        let before = rest.0.len();
        match self.kinds.get(kind)? {
            Kind::Null => {}
            Kind::Boolean => rest.skip(1)?,
            Kind::Int => {
                i32::try_from(rest.number()?).ok()?;
            }
            Kind::Long => {
                rest.number()?;
            }
            Kind::Fixed(len) => rest.skip(*len)?,
            Kind::Bytes => {
                rest.text()?;
            }
            Kind::Text => {
                std::str::from_utf8(rest.text()?).ok()?;
            }
            Kind::Enum(symbols) => {
                let symbol = usize::try_from(rest.number()?).ok()?;
                (symbol < *symbols).then_some(())?;
            }
            &Kind::Array(item) => {
                self.items(rest, |schema, rest| schema.skip(item, rest, depth + 1))?;
            }
            &Kind::Map(value) => self.items(rest, |schema, rest| {
                std::str::from_utf8(rest.text()?).ok()?;
                schema.skip(value, rest, depth + 1)
            })?,
            Kind::Union(branches) => {
                let branch = usize::try_from(rest.number()?).ok()?;
                let branch = *branches.get(branch)?;
                self.skip(branch, rest, depth + 1)?;
            }
            Kind::Record(fields) => {
                for at in 0..fields.len() {
                    let field = self.field(kind, at)?;
                    self.skip(field, rest, depth + 1)?;
                }
            }
        }
        if rest.0.len() == before {
            self.left = self.left.checked_sub(1)?;
        }
        Some(())
    }

    fn field(&self, record: usize, at: usize) -> Option<usize> {
        match self.kinds.get(record)? {
            Kind::Record(fields) => fields.get(at).copied(),
            _ => None,
        }
    }

    /// Passes over the items of an array or a map, which are in blocks with counts of their own.
    fn items(
        &mut self,
        rest: &mut Bytes<'_>,
        mut skip: impl FnMut(&mut Self, &mut Bytes<'_>) -> Option<()>,
    ) -> Option<()> {
        loop {
            let count = rest.number()?;
            if count == 0 {
                return Some(());
            }
            if count < 0 {
                // How many bytes they take.
                u64::try_from(rest.number()?).ok()?;
            }
            for _ in 0..count.unsigned_abs() {
                skip(self, rest)?;
            }
        }
    }
}

#[derive(Default)]
struct Parser {
    kinds: Vec<Kind>,
    names: HashMap<String, usize>,
}

impl Parser {
    /// Adds what a schema describes, within a namespace; gives its place.
    fn kind(&mut self, schema: &Value, namespace: &str) -> Option<usize> {
        match schema {
            Value::String(name) => self.named(name, namespace),
            Value::Array(branches) => {
                let branches = branches.iter();
                let branches: Option<_> = branches.map(|kind| self.kind(kind, namespace)).collect();
                Some(self.push(Kind::Union(branches?)))
            }
            Value::Object(object) => match object.get("type")? {
                Value::String(kind) => self.object(object, kind, namespace),
                inner => self.kind(inner, namespace),
            },
            _ => None,
        }
    }

    fn object(
        &mut self,
        object: &Map<String, Value>,
        kind: &str,
        namespace: &str,
    ) -> Option<usize> {
        match kind {
            "record" | "error" => {
                let (place, namespace) = self.define(object, namespace, Kind::Null)?;
                let fields = object.get("fields")?.as_array()?.iter();
                let fields: Option<_> = fields
                    .map(|field| self.kind(field.get("type")?, &namespace))
                    .collect();
                *self.kinds.get_mut(place)? = Kind::Record(fields?);
                Some(place)
            }
            "enum" => {
                let symbols = object.get("symbols")?.as_array()?.len();
                Some(self.define(object, namespace, Kind::Enum(symbols))?.0)
            }
            "fixed" => {
                let size = usize::try_from(object.get("size")?.as_u64()?).ok()?;
                Some(self.define(object, namespace, Kind::Fixed(size))?.0)
            }
            "array" => {
                let item = self.kind(object.get("items")?, namespace)?;
                Some(self.push(Kind::Array(item)))
            }
            "map" => {
                let value = self.kind(object.get("values")?, namespace)?;
                Some(self.push(Kind::Map(value)))
            }
            name => self.named(name, namespace),
        }
    }

    /// Adds a kind with a name; gives its place and the namespace within it.
    fn define(
        &mut self,
        object: &Map<String, Value>,
        around: &str,
        kind: Kind,
    ) -> Option<(usize, String)> {
        let name = object.get("name")?.as_str()?;
        let stated = object.get("namespace").and_then(Value::as_str);
        let full = if name.contains('.') {
            name.to_owned()
        } else {
            within(stated.unwrap_or(around), name)
        };
        let namespace = full.rsplit_once('.').map_or("", |(namespace, _)| namespace);
        let namespace = namespace.to_owned();
        let place = self.push(kind);
        self.names.insert(full, place);
        Some((place, namespace))
    }

    fn named(&mut self, name: &str, namespace: &str) -> Option<usize> {
        let kind = match name {
            "null" => Kind::Null,
            "boolean" => Kind::Boolean,
            "int" => Kind::Int,
            "long" => Kind::Long,
            "float" => Kind::Fixed(4),
            "double" => Kind::Fixed(8),
            "bytes" => Kind::Bytes,
            "string" => Kind::Text,
            _ => {
                let full = within(namespace, name);
                let known = self.names.get(&full).or_else(|| self.names.get(name));
                return known.copied();
            }
        };
        Some(self.push(kind))
    }

    fn push(&mut self, kind: Kind) -> usize {
        self.kinds.push(kind);
        self.kinds.len() - 1
    }
}

/// A name within a namespace.
fn within(namespace: &str, name: &str) -> String {
    if namespace.is_empty() || name.contains('.') {
        name.to_owned()
    } else {
        format!("{namespace}.{name}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn records(schema: &Value, block: &[u8]) -> (u64, usize) {
        let records = Schema::of(schema).unwrap().records(block);
        (records.count, records.len)
    }

    #[test]
    fn whole_records_are_counted() {
        let schema = json!({"type": "record", "name": "a.R", "fields": [
            {"name": "kind", "type": {"type": "enum", "name": "K", "symbols": ["X", "Y"]}},
            {"name": "again", "type": "K"},
            {"name": "text", "type": ["null", "string"]},
            {"name": "list", "type": {"type": "array", "items": "long"}},
            {"name": "map", "type": {"type": "map", "values": {"type": "fixed", "name": "F", "size": 2}}},
            {"name": "number", "type": "float"},
        ]});
        // The list has a block whose length stands before it.
        let record = b"\x02\x00\x02\x04ab\x03\x04\x02\x80\x01\x00\x02\x02k__\x00....";
        assert_eq!(records(&schema, &record.repeat(3)), (3, record.len() * 3));
        let cut = &record.repeat(3)[..record.len() * 3 - 1];
        assert_eq!(records(&schema, cut), (2, record.len() * 2));
        // A symbol that isn't one, and a text that is none.
        assert_eq!(records(&schema, &[record, &b"\x04\0"[..]].concat()).0, 1);
        let text = json!("string");
        assert_eq!(records(&text, b"\x02a\x02\xff\x02a"), (1, 2));
        assert_eq!(records(&text, b"\x02a\x01\x02a"), (1, 2));
    }

    #[test]
    fn counts_of_nothing_end() {
        let nulls = json!({"type": "array", "items": "null"});
        assert_eq!(records(&nulls, b"\x08\0"), (1, 2));
        let most = b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\0";
        assert_eq!(records(&nulls, most), (0, 0));
        // Each refers twice to the one before.
        let mut fields =
            vec![json!({"name": "f0", "type": {"type": "record", "name": "R0", "fields": []}})];
        for at in 1..60 {
            let before = format!("R{}", at - 1);
            let twice = [
                json!({"name": "a", "type": before}),
                json!({"name": "b", "type": before}),
            ];
            let record = json!({"type": "record", "name": format!("R{at}"), "fields": twice});
            fields.push(json!({"name": format!("f{at}"), "type": record}));
        }
        let schema = json!({"type": "record", "name": "R", "fields": fields});
        assert_eq!(records(&schema, b"1"), (0, 0));
        assert!(Schema::of(&json!("null")).unwrap().is_empty());
        assert!(Schema::of(&json!("unknown")).is_none());
    }
}
