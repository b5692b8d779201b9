//! Cells, and what they hold.

use super::*;
use crate::format::{OffsetMap, Rows, Value};

/// A value's column, its text, its row, and where it came from.
type Given = (String, String, u32, Option<(u64, u64)>);

/// What was given: its column, its text, its row, and where it came from.
#[derive(Default)]
struct Taken {
    columns: Vec<String>,
    given: Vec<Given>,
}

impl Sink for Taken {
    fn column(&mut self, name: &str) -> ColumnId {
        let known = self.columns.iter().position(|known| known == name);
        ColumnId(known.unwrap_or_else(|| {
            self.columns.push(name.to_owned());
            self.columns.len() - 1
        }) as u32)
    }

    fn inner(&mut self, outer: ColumnId, path: &str) -> ColumnId {
        let name = format!("{}.{path}", self.columns[outer.0 as usize]);
        self.column(&name)
    }

    fn batch(&mut self, batch: Batch<'_>) {
        for (index, value) in batch.values.iter().enumerate() {
            let text = &batch.text[value.start as usize..value.end as usize];
            self.given.push((
                self.columns[value.column.0 as usize].clone(),
                String::from_utf8_lossy(text).into_owned(),
                batch.rows.of(index)[0],
                batch.offsets.stored(value.start, value.end),
            ));
        }
    }

    fn problem(&mut self, _: Problem) {}
}

/// Gives one cell of a column.
fn opened(column: &str, cell: &str) -> Taken {
    let mut taken = Taken::default();
    let mut inside = Unfold::new(&mut taken);
    let column = inside.column(column);
    let value = Value {
        start: 0,
        end: cell.len() as u32,
        column,
        line: 0,
    };
    inside.batch(Batch {
        text: cell.as_bytes(),
        values: &[value],
        rows: Rows::One(&[0]),
        offsets: &OffsetMap::Shift(100),
    });
    taken
}

/// A cell, and the values in it by column, without what stays of the cell.
const CASES: &[(&str, &[(&str, &str)])] = &[
    (
        r#"{"customer":{"email":"a@kpn.com","n":5}}"#,
        &[("customer.email", "a@kpn.com"), ("customer.n", "5")],
    ),
    (
        r#"[{"a":"x\u00e9\n"},{"a":"y"}]"#,
        &[("[].a", "xé\n"), ("[].a", "y")],
    ),
    (
        "{'a': 'x', 'b': None, 'c': [True, 2.5]}",
        &[("a", "x"), ("c[]", "2.5")],
    ),
    (r#"{"a@kpn.com":"x"}"#, &[("*", "x")]),
    (r#"{"in":"{\"deep\":\"x\"}"}"#, &[("in.deep", "x")]),
    (
        r#"<c id="7"><e>a&amp;b</e><![CDATA[x]]></c>"#,
        &[("c.@id", "7"), ("c.e", "a&b"), ("c", "x")],
    ),
    (
        r#"a:2:{s:5:"email";s:9:"a@kpn.com";i:0;O:3:"Foo":1:{s:1:"n";i:12;}}"#,
        &[("email", "a@kpn.com"), ("[].n", "12")],
    ),
    (
        "https://a.example/b?email=a%40kpn.com&n=5#x",
        &[("email", "a@kpn.com"), ("n", "5")],
    ),
    ("?name=Jan+Jansen", &[("name", "Jan Jansen")]),
    (
        "data:text/plain;base64,SmFuIEphbnNlbg==",
        &[("base64", "Jan Jansen")],
    ),
    ("data:,Jan%20Jansen", &[("base64", "Jan Jansen")]),
    (
        "eyJhbGciOiJIUzI1NiJ9.eyJlbWFpbCI6ImFAa3BuLmNvbSJ9.c2lnbmF0dXJl",
        &[("email", "a@kpn.com")],
    ),
    (
        "SmFuIEphbnNlbiB3b29udCBpbiBVdHJlY2h0IGVuIGhlZXQgSmFu",
        &[("base64", "Jan Jansen woont in Utrecht en heet Jan")],
    ),
];

/// What is left as it is.
const LEFT: &[&str] = &[
    "{name} is here}",
    "[see the list]",
    "{\"a\": 1",
    "{\"a\": 1} {\"b\": 2}",
    "<p>text</p>",
    "<a@kpn.com>",
    "<open><close>",
    "a:1:{no}",
    "https://a.example/what?",
    "https://a.example/what? He said a=b",
    "dddddddddddddddddddddddddddddddd",
    "eyJ.no.token",
    "data:image/png;base64,iVBORw0KGgo=",
];

#[test]
fn cells_are_opened() {
    for (cell, expected) in CASES {
        let taken = opened("p", cell);
        let given: Vec<(&str, &str)> = taken.given[1..]
            .iter()
            .map(|(column, text, ..)| (column.strip_prefix("p.").unwrap(), text.as_str()))
            .collect();
        assert_eq!(given, *expected, "{cell}");
        assert_eq!(taken.given[0].0, "p", "{cell}");
    }
}

#[test]
fn what_holds_nothing_stays() {
    for cell in LEFT {
        let taken = opened("p", cell);
        assert_eq!(taken.given.len(), 1, "{cell}: {:?}", taken.given);
        assert_eq!(taken.given[0].1, *cell);
    }
}

#[test]
fn only_columns_that_say_so_hold_bare_queries() {
    assert_eq!(opened("query_string", "a=1&b=x%40y").given.len(), 3);
    assert_eq!(opened("formula", "a=1&b=x%40y").given.len(), 1);
    assert_eq!(opened("", r#"{"a":"x"}"#).given.len(), 1);
}

#[test]
fn values_lead_back_to_their_bytes() {
    let taken = opened("p", r#"{"a":"xyz","b":"\u0041bc"}"#);
    let places: Vec<_> = taken.given.iter().map(|given| given.3).collect();
    assert_eq!(
        places,
        [Some((100, 101)), Some((106, 109)), Some((116, 124))]
    );
    // Quotes of CSV are doubled in its cells.
    let taken = opened("p", r#"{""a"":""xyz"",""b"":"""",""c"":""uvw""}"#);
    let given: Vec<_> = taken
        .given
        .iter()
        .map(|given| (&*given.1, given.3))
        .collect();
    assert_eq!(
        given,
        [
            ("{", Some((100, 101))),
            ("xyz", Some((109, 112))),
            ("uvw", Some((134, 137)))
        ]
    );
}

#[test]
fn hostile_cells_are_bounded() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(opened("p", &deep).given.len(), 1);
    let mut nested = r#"{"a":"x"}"#.to_owned();
    for _ in 0..8 {
        nested = format!("{{\"a\":{}}}", serde_json::to_string(&nested).unwrap());
    }
    assert!(opened("p", &nested).given.len() == 2);
    let many = format!("[{}[1]]", "[1],".repeat(100_000));
    assert_eq!(opened("p", &many).given.len(), 1);
    let count = "a:99999999:{i:0;i:1;}";
    assert_eq!(opened("p", count).given.len(), 1);
}
