//! The header of an Avro file: its schema, and how its blocks are packed.
//!
//! <https://avro.apache.org/docs/1.12.0/specification/#object-container-files>

use std::io::{self, Read};

use serde_json::{Value, json};

use super::unpack::Codec;
use crate::error::Problem;

const SIGNATURE: &[u8] = b"Obj\x01";
/// Bytes of the marker behind each block.
pub(super) const MARKER: usize = 16;
/// A longer header is none, in bytes.
const LONGEST: usize = 16 << 20;
/// Bytes read of it at first.
const FIRST: usize = 64 << 10;
/// Kinds of schemas within each other.
const DEEPEST: usize = 64;

/// What the header of a file says.
pub(super) struct Header {
    pub(super) schema: Value,
    /// The schema as it stands there.
    text: String,
    codec: String,
    pub(super) marker: [u8; MARKER],
    /// Bytes that it takes.
    pub(super) len: usize,
}

impl Header {
    /// The header that a file starts with; none where it isn't all there, or no header.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let mut at = Bytes(bytes.strip_prefix(SIGNATURE)?);
        let (mut schema, mut codec) = (&b""[..], "null".to_owned());
        loop {
            let count = at.number()?;
            if count == 0 {
                break;
            }
            if count < 0 {
                // How many bytes they take.
                at.number()?;
            }
            for _ in 0..count.unsigned_abs() {
                let (name, value) = (at.text()?, at.text()?);
                match name {
                    b"avro.schema" => schema = value,
                    b"avro.codec" => codec = String::from_utf8_lossy(value).into_owned(),
                    _ => {}
                }
            }
        }
        let marker = at.0.first_chunk()?;
        Some(Self {
            schema: serde_json::from_slice(schema).ok()?,
            text: String::from_utf8_lossy(schema).into_owned(),
            codec,
            marker: *marker,
            len: bytes.len() - at.0.len() + MARKER,
        })
    }

    /// Reads the header of a file, with some of the bytes behind it; none where it has none.
    pub(super) fn read(source: &mut impl Read) -> io::Result<Option<(Self, Vec<u8>)>> {
        let (mut bytes, mut next) = (Vec::new(), FIRST);
        loop {
            let more = (next - bytes.len()) as u64;
            let read = source.by_ref().take(more).read_to_end(&mut bytes)? as u64;
            if let Some(header) = Self::of(&bytes) {
                bytes.drain(..header.len);
                return Ok(Some((header, bytes)));
            }
            if read < more || next >= LONGEST {
                return Ok(None);
            }
            next *= 4;
        }
    }

    /// How blocks are packed.
    pub(super) fn codec(&self) -> Option<Codec> {
        Codec::named(&self.codec)
    }

    /// Why nothing here reads the file, where that is so.
    pub(super) fn unreadable(&self) -> Option<Problem> {
        let is_known = self.codec().is_some();
        let is_name = |name: &str| {
            name.len() < 20
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        (!is_known).then(|| {
            let codec = if is_name(&self.codec) {
                &self.codec
            } else {
                "an unknown codec"
            };
            Problem::skipped(format!(
                "packed with {codec}, which nothing here reads; write it again with deflate"
            ))
        })
    }

    /// The header of a file of records whose blocks hold the same, and are not packed.
    pub(super) fn of_records(&self) -> Vec<u8> {
        let kind = self.schema.get("type").and_then(Value::as_str);
        let schema = match kind {
            Some("record") => self.text.clone(),
            Some("error") => {
                let mut record = self.schema.clone();
                record["type"] = "record".into();
                record.to_string()
            }
            _ => json!({
                "type": "record",
                "name": "speur_value",
                "fields": [{ "name": "value", "type": self.schema }],
            })
            .to_string(),
        };
        let mut header = SIGNATURE.to_vec();
        push_number(2, &mut header);
        for text in ["avro.schema", &schema, "avro.codec", "null"] {
            push_number(text.len(), &mut header);
            header.extend_from_slice(text.as_bytes());
        }
        push_number(0, &mut header);
        header.extend_from_slice(&self.marker);
        header
    }

    /// Whether a record holds others of its kind, however deep.
    pub(super) fn refers_to_itself(&self) -> bool {
        refers(&self.schema, &mut Vec::new())
    }
}

/// Whether a schema names a record that it lies in.
fn refers<'s>(schema: &'s Value, around: &mut Vec<&'s str>) -> bool {
    let is_within = |name: &str| {
        let name = last(name);
        around.iter().any(|known| last(known) == name)
    };
    if around.len() > DEEPEST {
        return false;
    }
    match schema {
        Value::String(name) => is_within(name),
        Value::Array(kinds) => kinds.iter().any(|kind| refers(kind, around)),
        Value::Object(object) => {
            let named = object.get("fields").and(object.get("name"));
            let named = named.and_then(Value::as_str);
            around.extend(named);
            let fields = object.get("fields").and_then(Value::as_array);
            let fields = fields
                .into_iter()
                .flatten()
                .filter_map(|field| field.get("type"));
            let inner = ["type", "items", "values"]
                .into_iter()
                .filter_map(|key| object.get(key));
            let found = fields.chain(inner).any(|kind| refers(kind, around));
            if named.is_some() {
                around.pop();
            }
            found
        }
        _ => false,
    }
}

/// A name without its namespace.
fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// Bytes that are read from front to back.
pub(super) struct Bytes<'h>(pub(super) &'h [u8]);

impl<'h> Bytes<'h> {
    /// A number in seven bits of each byte, with its sign in the lowest.
    pub(super) fn number(&mut self) -> Option<i64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed());
            }
        }
        None
    }

    /// Bytes with their length before them.
    pub(super) fn text(&mut self) -> Option<&'h [u8]> {
        let len = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(text)
    }

    pub(super) fn skip(&mut self, len: usize) -> Option<()> {
        self.0 = self.0.get(len..)?;
        Some(())
    }
}

pub(super) fn push_number(number: usize, out: &mut Vec<u8>) {
    let mut left = (number as u64) << 1;
    while left >= 0x80 {
        out.push(left as u8 | 0x80);
        left >>= 7;
    }
    out.push(left as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(schema: &str, codec: &str) -> Vec<u8> {
        let mut file = SIGNATURE.to_vec();
        push_number(2, &mut file);
        for text in ["avro.codec", codec, "avro.schema", schema] {
            push_number(text.len(), &mut file);
            file.extend_from_slice(text.as_bytes());
        }
        push_number(0, &mut file);
        file.extend_from_slice(&[7; MARKER]);
        file
    }

    #[test]
    fn values_that_are_no_records_become_fields_of_some() {
        for schema in [
            r#""string""#,
            r#"["null","string"]"#,
            r#"{"type":"map","values":"string"}"#,
        ] {
            let mut bytes = file(schema, "deflate");
            let len = bytes.len();
            bytes.extend_from_slice(b"blocks");
            let header = Header::of(&bytes).unwrap();
            assert_eq!(header.len, len);
            let wrapped = Header::of(&header.of_records()).unwrap();
            assert_eq!(wrapped.schema["fields"][0]["type"], header.schema);
            assert_eq!(
                (wrapped.codec.as_str(), wrapped.marker),
                ("null", [7; MARKER])
            );
            assert!(wrapped.unreadable().is_none());
            assert_eq!(wrapped.of_records(), header.of_records());
        }
        assert!(Header::of(&file(r#""string""#, "null")[..40]).is_none());
    }

    #[test]
    fn what_is_not_read_says_why() {
        let reason = |codec: &str| {
            let header = Header::of(&file(r#""int""#, codec)).unwrap();
            header.unreadable().map(|problem| problem.reason)
        };
        assert!(reason("xz").unwrap().starts_with("packed with xz,"));
        assert!(
            reason("jor@postluxterra.nl")
                .unwrap()
                .starts_with("packed with an unknown codec,")
        );
        assert_eq!(reason("null"), None);
    }

    #[test]
    fn records_within_their_like() {
        let refers = |schema: &str| {
            Header::of(&file(schema, "null"))
                .unwrap()
                .refers_to_itself()
        };
        assert!(refers(
            r#"{"type":"record","name":"a.Node","fields":[{"name":"next","type":["null","Node"]}]}"#
        ));
        assert!(!refers(
            r#"{"type":"record","name":"a.Node","fields":[{"name":"next","type":["null","string"]}]}"#
        ));
    }
}
