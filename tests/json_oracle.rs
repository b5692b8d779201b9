//! JSON against `serde_json`: the same scalars at the same paths, however the text is cut, with offsets that lead to them.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;
use speur::error::Problem;
use speur::format::{Batch, ColumnId, Piece, ReadOptions, Sink, open};
use speur::input::{Body, Input};

#[derive(Default)]
struct Collect {
    names: Vec<String>,
    values: Vec<(String, String)>,
    problems: Vec<String>,
    stored: Vec<u8>,
}

impl Sink for Collect {
    fn column(&mut self, name: &str) -> ColumnId {
        if let Some(known) = self.names.iter().position(|known| known == name) {
            return ColumnId(known as u32);
        }
        self.names.push(name.to_owned());
        ColumnId(self.names.len() as u32 - 1)
    }

    fn batch(&mut self, batch: Batch<'_>) {
        for value in batch.values {
            let text = &batch.text[value.start as usize..value.end as usize];
            if value.start < value.end {
                let (start, end) = batch
                    .offsets
                    .stored(value.start, value.end)
                    .expect("the test's own JSON");
                let stored = &self.stored[start as usize..end as usize];
                let quoted = [b"\"", stored, b"\""].concat();
                let same = stored == text
                    || serde_json::from_slice::<String>(&quoted)
                        .expect("the test's own JSON")
                        .as_bytes()
                        == text;
                assert!(same, "bytes {start} to {end} hold something else");
            }
            let text = String::from_utf8_lossy(text).into_owned();
            self.values
                .push((self.names[value.column.0 as usize].clone(), text));
        }
    }

    fn problem(&mut self, problem: Problem) {
        self.problems.push(problem.to_string());
    }
}

/// All values by column (sorted: those with escapes come apart), the records, and the problems.
fn read(
    name: &str,
    text: &[u8],
    block_size: usize,
    stream: bool,
) -> (Vec<(String, String)>, u64, Vec<String>) {
    let body = if stream {
        Body::Stream(Box::new(std::io::Cursor::new(text.to_vec())))
    } else {
        Body::Blob(text.to_vec().into())
    };
    let options = ReadOptions {
        block_size,
        ..ReadOptions::default()
    };
    let opened = open(
        Input {
            name: name.into(),
            folder: None,
            depth: 0,
            body,
            budget: speur::input::Budget::default(),
        },
        &options,
    );
    assert_eq!(opened.format, Some("json"));
    let mut reader = opened.reader.expect("the test's own JSON");
    let mut all = Collect::default();
    let mut records = 0;
    while let Some(piece) = reader.next_piece().expect("the test's own JSON") {
        let Piece::Chunk(part) = piece else {
            panic!("JSON has no members")
        };
        let mut sink = Collect {
            stored: text.to_vec(),
            ..Collect::default()
        };
        records += part.chunk.read(&mut sink).records;
        all.values.extend(sink.values);
        all.problems.extend(sink.problems);
    }
    all.values.sort();
    (all.values, records, all.problems)
}

fn expected(value: &Value, path: &str, top: &str, out: &mut Vec<(String, String)>) {
    let column = if path.is_empty() {
        top.to_owned()
    } else {
        path.to_owned()
    };
    match value {
        Value::Null => {}
        Value::Bool(value) => out.push((column, value.to_string())),
        Value::Number(value) => out.push((column, value.to_string())),
        Value::String(value) => out.push((column, value.clone())),
        Value::Array(list) => list
            .iter()
            .for_each(|value| expected(value, &format!("{path}[]"), "[]", out)),
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            let path = if path.is_empty() {
                key.clone()
            } else {
                format!("{path}.{key}")
            };
            expected(value, &path, "", out);
        }),
    }
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-zé\"\\\\\n😀 ,{}\\[\\]]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map("[a-z]{1,3}", inner, 0..5)
                .prop_map(|map: BTreeMap<_, _>| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn the_same_scalars_at_the_same_paths(list in proptest::collection::vec(json(), 1..6), style in 0..4) {
        let mut values = Vec::new();
        let (name, text) = match style {
            0 | 1 => {
                // The elements of a top-level array have paths of their own.
                for value in &list {
                    expected(value, "", "[]", &mut values);
                }
                let text = if style == 0 { serde_json::to_vec(&list) } else { serde_json::to_vec_pretty(&list) };
                ("a.json", text.expect("the test's own JSON"))
            }
            2 => {
                let document = serde_json::json!({"n": 1, "rows": list});
                expected(&document, "", "$", &mut values);
                ("a.json", serde_json::to_vec_pretty(&document).expect("the test's own JSON"))
            }
            _ => {
                for value in &list {
                    let line = serde_json::json!({"v": value});
                    expected(&line, "", "$", &mut values);
                }
                let lines: Vec<String> = list.iter().map(|value| serde_json::json!({"v": value}).to_string()).collect();
                ("a.ndjson", (lines.join("\n") + "\n").into_bytes())
            }
        };
        values.sort();
        let plain = read(name, &text, 4 << 20, false);
        prop_assert_eq!(&plain.0, &values);
        prop_assert!(plain.2.is_empty(), "{:?}", plain.2);
        for (block, stream) in [(1, false), (7, false), (64, true), (1, true)] {
            let other = read(name, &text, block, stream);
            prop_assert_eq!(&other.0, &values);
            prop_assert_eq!(other.1, plain.1);
            prop_assert!(other.2.is_empty(), "{:?}", other.2);
        }
    }
}

#[test]
fn records_are_lines_elements_or_members() {
    let records = |name: &str, text: &str| read(name, text.as_bytes(), 4 << 20, false).1;
    assert_eq!(records("a.json", "[{\"a\":1},{\"a\":2}]"), 2);
    assert_eq!(
        records("a.json", "{\"records\":[{\"a\":1},{\"a\":2},{\"a\":3}]}"),
        3
    );
    assert_eq!(records("a.json", "{\"a\":1,\"tags\":[\"x\",\"y\"]}"), 1);
    assert_eq!(records("a.ndjson", "{\"a\":[{}]}\n{\"a\":[{},{}]}\n"), 2);
    assert_eq!(records("a", "{\"a\":1}\n{\"a\":2}\n"), 2);
}

#[test]
fn keys_that_are_data_are_values() {
    let (values, ..) = read(
        "a.json",
        br#"{"c":{"jan@post.nl":{"phone":"1"},"x":2}}"#,
        4 << 20,
        false,
    );
    let expected = [("c.*.phone", "1"), ("c.x", "2"), ("c.{key}", "jan@post.nl")];
    assert_eq!(
        values,
        expected.map(|(column, value)| (column.to_owned(), value.to_owned()))
    );
}

#[test]
fn a_hundred_thousand_levels() {
    let text = "[".repeat(100_000) + "1" + &"]".repeat(100_000);
    let (values, _, problems) = read("a.json", text.as_bytes(), 4 << 20, false);
    assert_eq!((values.len(), problems.len()), (1, 0));
    let (_, _, problems) = read("a.json", &text.as_bytes()[..150_000], 4 << 20, false);
    assert_eq!(problems.len(), 1);
}

#[test]
fn what_is_no_json_is_said_and_the_rest_is_read() {
    for text in [
        "[1,]",
        "{\"a\" 1}",
        "[01]",
        "[\"\\x\"]",
        "[\"a\u{1}\"]",
        "{\"a\":1,}",
        "[1 2]",
        "[tru]",
        "[1",
        "{\"a\":",
        "[\"a",
        "{\"a\"}",
    ] {
        let (_, _, problems) = read("a.json", text.as_bytes(), 4 << 20, false);
        assert_eq!(problems.len(), 1, "{text}: {problems:?}");
    }
    let (values, _, problems) = read(
        "a.ndjson",
        b"{\"a\":1}\n{\"a\":oops}\n{\"a\":3}\n",
        4 << 20,
        false,
    );
    assert_eq!(problems.len(), 1, "{problems:?}");
    // What is left of the line that is no JSON is read as text.
    let texts: Vec<&str> = values.iter().map(|(_, value)| value.as_str()).collect();
    assert!(texts.contains(&"1") && texts.contains(&"3"), "{texts:?}");
    assert!(texts.iter().any(|text| text.contains("oops")), "{texts:?}");
    assert_eq!(values.len(), 3);
}
