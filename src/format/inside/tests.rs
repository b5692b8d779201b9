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
    (
        "name,email\nJan,jor@postluxterra.nl\nPiet,mir@postluxterra.nl\n",
        &[
            ("name", "Jan"),
            ("email", "jor@postluxterra.nl"),
            ("name", "Piet"),
            ("email", "mir@postluxterra.nl"),
        ],
    ),
    // Quotes, with a delimiter, a quote and a line end between them; an empty field.
    (
        "id;naam;\"geb. datum\"\r\n1;\"Jan; \"\"de\"\" Vries\";1980-01-02\r\n2;\"Piet\nBak\";",
        &[
            ("id", "1"),
            ("naam", "Jan; \"de\" Vries"),
            ("geb. datum", "1980-01-02"),
            ("id", "2"),
            ("naam", "Piet\nBak"),
        ],
    ),
    (
        "\u{feff}first_name\tcity\nJan\tEde\nPiet\tBreda",
        &[
            ("first_name", "Jan"),
            ("city", "Ede"),
            ("first_name", "Piet"),
            ("city", "Breda"),
        ],
    ),
    // In JSON, in a cell; and base64 of one.
    (
        r#"{"rows":"sku|prijs\n12-34|5.20\n56-78|6.10"}"#,
        &[
            ("rows.sku", "12-34"),
            ("rows.prijs", "5.20"),
            ("rows.sku", "56-78"),
            ("rows.prijs", "6.10"),
        ],
    ),
    (
        "aWQsZW1haWwsbmFtZQoxLGpvckBwb3N0bHV4dGVycmEubmwsSm9yCg==",
        &[
            ("base64.id", "1"),
            ("base64.email", "jor@postluxterra.nl"),
            ("base64.name", "Jor"),
        ],
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
    // Letters, addresses and lists over lines.
    "Beste Jan,\nBel mij op 0612345678,\ngroet, Piet",
    "Jan Jansen,Piet Bakker\nUtrecht,Ede",
    "Dear Jan, Piet and Klaas\nSee you on 5 May, 6 May and 7 May\n",
    "Dorpsstraat 12,Utrecht\n1234 AB,Nederland\n1235 AB,Nederland",
    "appels, peren, bananen\n12 stuks, 6 stuks, 3 stuks",
    "Naam;Jan\nTel;0612345678\nGeboren;1980-01-02",
    "Naam\tJan\nMail\tjor@postluxterra.nl\nTel\t0612345678",
    "rood,wit,blauw\ngroen,geel,zwart\n",
    "error in a.c, line 5\nerror in b.c, line 6",
    // No names, names twice, other widths, one record, a quote that has no end.
    "1,jor@postluxterra.nl,Ede\n2,mir@postluxterra.nl,Breda",
    "email,email\na@kpn.com,b@kpn.com\nc@kpn.com,d@kpn.com",
    "id,email,name\n1,jor@postluxterra.nl",
    "id,email,name\n\n1,jor@postluxterra.nl,Jan",
    "name,email\nJan,jor@postluxterra.nl",
    "id,email,name\n",
    "id,email,name\n1,\"jor@postluxterra.nl,Jan\n",
    "one line, and another",
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
fn tables_lead_back_to_their_bytes() {
    let places = |cell: &str| -> Vec<_> {
        let given = opened("p", cell).given;
        let each = given.into_iter().map(|given| (given.1, given.3.unwrap()));
        each.collect()
    };
    let cell = "id,email,note\n1,a@kpn.com,\"x, y\"\n";
    let value = |text: &str, from, to| (text.to_owned(), (from, to));
    assert_eq!(
        places(cell),
        [
            value("id", 100, 102),
            value("1", 114, 115),
            value("a@kpn.com", 116, 125),
            value("x, y", 127, 131),
        ]
    );
    // As CSV has it in a cell of its own.
    assert_eq!(
        places(&cell.replace('"', "\"\""))[2..],
        [value("a@kpn.com", 116, 125), value("x, y", 128, 132)]
    );
}

#[test]
fn only_cells_over_lines_are_looked_at() {
    // One record, three cells: the second one spans lines, so the third one starts on another.
    let text = b"some words here,id,email,n\n1,a@kpn.com,x\n,more words here";
    let value = |start, end, line| Value {
        start,
        end,
        column: ColumnId(0),
        line,
    };
    let values = [value(0, 15, 0), value(16, 42, 0), value(42, 57, 2)];
    let batch = Batch {
        text,
        values: &values,
        rows: Rows::One(&[0, 0, 0]),
        offsets: &OffsetMap::Shift(0),
    };
    let mut taken = Taken::default();
    let mut inside = Unfold::new(&mut taken);
    inside.column("p");
    assert!(inside.look(&batch));
    assert_eq!(inside.opened, [1]);
}

#[test]
fn tables_without_places_are_opened() {
    // As Parquet gives them: no value has a line.
    let text = b"id,email,n\n1,a@kpn.com,x\nmore words here";
    let mut taken = Taken::default();
    let mut inside = Unfold::new(&mut taken);
    let column = inside.column("p");
    let value = |start, end| Value {
        start,
        end,
        column,
        line: 0,
    };
    inside.batch(Batch {
        text,
        values: &[value(0, 24), value(25, 40)],
        rows: Rows::One(&[0, 1]),
        offsets: &OffsetMap::None,
    });
    let given: Vec<_> = taken
        .given
        .iter()
        .map(|given| (&*given.0, given.2))
        .collect();
    assert_eq!(
        given,
        [("p", 0), ("p.id", 0), ("p.email", 0), ("p.n", 0), ("p", 1)]
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
    let long = format!("id,email,n\n{}", "1,a@kpn.com,x\n".repeat(10_000));
    assert_eq!(opened("p", &long).given.len(), 1);
    let wide = format!("{}\n{}", "a,".repeat(100_000), "1,".repeat(100_000));
    assert_eq!(opened("p", &wide).given.len(), 1);
    let count = "a:99999999:{i:0;i:1;}";
    assert_eq!(opened("p", count).given.len(), 1);
}
