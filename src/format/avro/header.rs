//! The header of an Avro file: its schema, and how its blocks are packed.
//!
//! <https://avro.apache.org/docs/1.12.0/specification/#object-container-files>

use serde_json::{Value, json};

use crate::error::Problem;

const SIGNATURE: &[u8] = b"Obj\x01";
/// Bytes of the marker behind each block.
const MARKER: usize = 16;
/// How blocks may be packed.
const CODECS: &[&str] = &["null", "deflate", "snappy", "zstandard", "bzip2"];
/// Kinds of schemas within each other.
const DEEPEST: usize = 64;

/// What the header of a file says.
pub(super) struct Header {
    schema: Value,
    codec: String,
    marker: [u8; MARKER],
    /// Bytes that it takes.
    pub(super) len: usize,
}

impl Header {
    /// The header that a file starts with; none where it isn't all there, or no header.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let mut at = Bytes(bytes.strip_prefix(SIGNATURE)?);
        let (mut schema, mut codec) = (None, "null".to_owned());
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
                    b"avro.schema" => schema = serde_json::from_slice(value).ok(),
                    b"avro.codec" => codec = String::from_utf8_lossy(value).into_owned(),
                    _ => {}
                }
            }
        }
        let marker = at.0.first_chunk()?;
        Some(Self {
            schema: schema?,
            codec,
            marker: *marker,
            len: bytes.len() - at.0.len() + MARKER,
        })
    }

    /// Why nothing here reads the file, where that is so.
    pub(super) fn unreadable(&self) -> Option<Problem> {
        let is_known = self.codec.is_empty() || CODECS.contains(&self.codec.as_str());
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

    /// The header of a file of records with the same blocks, where this one's values are no records.
    pub(super) fn wrapped(&self) -> Option<Vec<u8>> {
        let kind = self.schema.get("type").and_then(Value::as_str);
        let schema = match kind {
            Some("record") => return None,
            Some("error") => {
                let mut record = self.schema.clone();
                record["type"] = "record".into();
                record
            }
            _ => json!({
                "type": "record",
                "name": "speur_value",
                "fields": [{ "name": "value", "type": self.schema }],
            }),
        };
        let codec = match self.codec.as_str() {
            "" => "null",
            codec => codec,
        };
        let mut header = SIGNATURE.to_vec();
        push_number(2, &mut header);
        for text in ["avro.schema", &schema.to_string(), "avro.codec", codec] {
            push_number(text.len(), &mut header);
            header.extend_from_slice(text.as_bytes());
        }
        push_number(0, &mut header);
        header.extend_from_slice(&self.marker);
        Some(header)
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

struct Bytes<'h>(&'h [u8]);

impl<'h> Bytes<'h> {
    /// A number in seven bits of each byte, with its sign in the lowest.
    fn number(&mut self) -> Option<i64> {
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

    fn text(&mut self) -> Option<&'h [u8]> {
        let len = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(text)
    }
}

fn push_number(number: usize, out: &mut Vec<u8>) {
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
            let wrapped = Header::of(&header.wrapped().unwrap()).unwrap();
            assert_eq!(wrapped.schema["fields"][0]["type"], header.schema);
            assert_eq!(
                (wrapped.codec.as_str(), wrapped.marker),
                ("deflate", [7; MARKER])
            );
            assert!(wrapped.wrapped().is_none() && wrapped.unreadable().is_none());
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
