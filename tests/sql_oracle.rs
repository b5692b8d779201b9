//! SQL dumps against what they were written from: rows of random values, written in each dialect, come back as the same
//! values of the same tables, columns and rows, however the text is cut, with offsets that lead to them.

#![expect(clippy::format_push_string, reason = "what is written is plain to see")]

use proptest::prelude::*;
use speur::format::{Batch, ColumnId, Piece, ReadOptions, Sink, open};
use speur::input::{Body, Input};
use std::collections::HashMap;
use std::sync::Arc;

/// A value: its table, its row, its column and its text.
type Cell = (String, u64, String, String);

#[derive(Default)]
struct Collect {
    columns: Vec<(String, String)>,
    table: String,
    /// The first row of this chunk, by table.
    first: HashMap<String, u64>,
    ended: HashMap<String, u64>,
    cells: Vec<Cell>,
    places: Vec<Option<(u64, u64)>>,
    lines: Vec<u64>,
    first_line: u64,
    problems: Vec<String>,
}

impl Sink for Collect {
    fn column(&mut self, name: &str) -> ColumnId {
        let key = (self.table.clone(), name.to_owned());
        let known = self.columns.iter().position(|known| *known == key);
        ColumnId(known.unwrap_or_else(|| {
            self.columns.push(key);
            self.columns.len() - 1
        }) as u32)
    }

    fn batch(&mut self, batch: Batch<'_>) {
        for (index, value) in batch.values.iter().enumerate() {
            let (table, name) = self.columns[value.column.0 as usize].clone();
            let first = self.first.get(&table).copied().unwrap_or(0);
            let row = first + u64::from(batch.rows.of(index)[0]);
            let text = &batch.text[value.start as usize..value.end as usize];
            let text = String::from_utf8_lossy(text).into_owned();
            self.cells.push((table, row, name, text));
            self.places
                .push(batch.offsets.stored(value.start, value.end));
            self.lines.push(self.first_line + u64::from(value.line));
        }
    }

    fn problem(&mut self, problem: speur::error::Problem) {
        self.problems.push(problem.to_string());
    }

    fn table(&mut self, table: Option<&Arc<str>>) {
        self.table = table.map(ToString::to_string).unwrap_or_default();
    }

    fn records(&mut self, count: u64) {
        *self.ended.entry(self.table.clone()).or_default() += count;
    }
}

/// All that a dump gives.
#[derive(Debug, PartialEq)]
struct Read {
    cells: Vec<Cell>,
    places: Vec<Option<(u64, u64)>>,
    lines: Vec<u64>,
    records: Vec<(String, u64)>,
    problems: Vec<String>,
    all_lines: u64,
}

fn read(text: &[u8], block_size: usize, stream: bool) -> Read {
    let body = if stream {
        Body::Stream(Box::new(std::io::Cursor::new(text.to_vec())))
    } else {
        Body::Blob(text.to_vec().into())
    };
    let input = Input {
        name: "dump.sql".into(),
        folder: None,
        depth: 0,
        body,
        budget: speur::input::Budget::default(),
    };
    let options = ReadOptions {
        block_size,
        ..ReadOptions::default()
    };
    let opened = open(input, &options);
    assert_eq!(opened.format, Some("sql"));
    let mut reader = opened.reader.expect("a dump can always be opened");
    let mut all = Collect::default();
    while let Some(piece) = reader.next_piece().expect("a dump can always be read") {
        let Piece::Chunk(part) = piece else {
            panic!("dumps have no members")
        };
        all.columns.clear();
        all.table.clear();
        all.first = all.ended.clone();
        let extent = part.chunk.read(&mut all);
        *all.ended.entry(String::new()).or_default() += extent.records;
        all.first_line += extent.lines;
    }
    let mut records: Vec<_> = all.ended.into_iter().filter(|(_, n)| *n > 0).collect();
    records.sort();
    let mut problems = all.problems;
    problems.sort();
    problems.dedup();
    Read {
        cells: all.cells,
        places: all.places,
        lines: all.lines,
        records,
        problems,
        all_lines: all.first_line,
    }
}

/// A cell of a table: absent, a number, or a text.
#[derive(Clone, Debug)]
enum Value {
    Null,
    Number(i64),
    Text(String),
}

fn value() -> impl Strategy<Value = Value> {
    let piece = prop_oneof![
        6 => "[a-zé0-9]{1,6}".boxed(),
        1 => prop::sample::select(&[
            "'", "''", "\\", "\\'", "\"", "`", ",", ";", "(", ")", "),(", "\n", "\r\n", "\t", " ", "--", "-- ",
            "/*", "*/", "#", "$$", "$a$", "[", "]", "\\N", "\\.", "@", "GO", "NULL", "x'", "\\n", "😀", "\u{1}",
        ][..]).prop_map(str::to_owned).boxed(),
    ];
    let text = proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat());
    prop_oneof![
        1 => Just(Value::Null),
        1 => any::<i64>().prop_map(Value::Number),
        5 => text.prop_map(Value::Text),
    ]
}

fn rows() -> impl Strategy<Value = Vec<Vec<Value>>> {
    (1..5_usize).prop_flat_map(|columns| {
        proptest::collection::vec(proptest::collection::vec(value(), columns), 1..20)
    })
}

const NAMES: [&str; 5] = ["id", "naam", "E-mail", "key", "x y"];

/// How a dialect writes rows of a table.
struct Writer {
    table: &'static str,
    write: fn(&[Vec<Value>], usize) -> String,
}

fn doubled(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn joined(row: &[Value], text: &dyn Fn(&str) -> String) -> String {
    let cells: Vec<String> = row
        .iter()
        .map(|value| match value {
            Value::Null => "NULL".to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Text(value) => text(value),
        })
        .collect();
    cells.join(",")
}

fn names(columns: usize, open: char, close: char) -> String {
    let quoted = NAMES[..columns]
        .iter()
        .map(|name| format!("{open}{name}{close}"));
    quoted.collect::<Vec<_>>().join(", ")
}

fn mysql(rows: &[Vec<Value>], columns: usize) -> String {
    let text = |value: &str| {
        let mut out = String::from("'");
        for c in value.chars() {
            match c {
                '\'' | '"' | '\\' => out.extend(['\\', c]),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                other => out.push(other),
            }
        }
        out + "'"
    };
    let definitions: Vec<String> = NAMES[..columns]
        .iter()
        .map(|name| format!("  `{name}` varchar(20) DEFAULT NULL COMMENT 'it\\'s; (a) note'"))
        .collect();
    let list: Vec<String> = rows
        .iter()
        .map(|row| format!("({})", joined(row, &text)))
        .collect();
    format!(
        "-- MySQL dump 10.13\n/*!40101 SET NAMES utf8mb4 */;\nDROP TABLE IF EXISTS `t`;\nCREATE TABLE `t` (\n{},\n  PRIMARY KEY (`id`),\n  KEY `k` (`id`)\n) ENGINE=InnoDB;\nLOCK TABLES `t` WRITE;\n/*!40000 ALTER TABLE `t` DISABLE KEYS */;\nINSERT INTO `t` VALUES {};\nUNLOCK TABLES;\n",
        definitions.join(",\n"),
        list.join(",")
    )
}

fn postgres_copy(rows: &[Vec<Value>], columns: usize) -> String {
    let text = |value: &str| {
        value
            .replace('\\', "\\\\")
            .replace('\t', "\\t")
            .replace('\n', "\\n")
            .replace('\r', "\\r")
    };
    let mut out = format!(
        "--\n-- PostgreSQL database dump\n--\n\nSET standard_conforming_strings = on;\n\nCREATE FUNCTION f() RETURNS int AS $_$ select 'it''s; ' $_$ LANGUAGE sql;\n\nCOPY public.t ({}) FROM stdin;\n",
        names(columns, '"', '"')
    );
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .map(|value| match value {
                Value::Null => "\\N".to_owned(),
                Value::Number(number) => number.to_string(),
                Value::Text(value) => text(value),
            })
            .collect();
        out += &(cells.join("\t") + "\n");
    }
    out + "\\.\n\n\nSELECT pg_catalog.setval('public.t_id_seq', 1, true);\n"
}

fn postgres_insert(rows: &[Vec<Value>], columns: usize) -> String {
    let mut out =
        "--\n-- PostgreSQL database dump\n--\nSET standard_conforming_strings = on;\n".to_owned();
    for (at, row) in rows.iter().enumerate() {
        let escaped = |value: &str| {
            let value = value.replace('\\', "\\\\").replace('\'', "''");
            format!("E'{value}'")
        };
        let text: &dyn Fn(&str) -> String = if at % 2 == 0 { &doubled } else { &escaped };
        out += &format!(
            "INSERT INTO public.t ({}) VALUES ({});\n",
            names(columns, '"', '"'),
            joined(row, text)
        );
    }
    out
}

fn sqlite(rows: &[Vec<Value>], columns: usize) -> String {
    let text = |value: &str| {
        // As its shell does: a line end becomes an escape that `replace` undoes, unless the text holds that itself.
        if value.contains('\n') && !value.contains('\\') {
            let inner = doubled(&value.replace('\n', "\\n"));
            format!("replace({inner},'\\n',char(10))")
        } else {
            doubled(value)
        }
    };
    let mut out = format!(
        "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE IF NOT EXISTS \"t\" ({});\nCREATE TRIGGER g AFTER INSERT ON t BEGIN\n  INSERT INTO log VALUES ('x', CASE WHEN 1 THEN 'a' ELSE 'b' END);\nEND;\n",
        NAMES[..columns]
            .iter()
            .map(|name| format!("\"{name}\" TEXT"))
            .collect::<Vec<_>>()
            .join(", ")
    );
    for row in rows {
        out += &format!("INSERT INTO t VALUES({});\n", joined(row, &text));
    }
    out + "COMMIT;\n"
}

fn sql_server(rows: &[Vec<Value>], columns: usize) -> String {
    let text = |value: &str| format!("N{}", doubled(value));
    let mut out = "USE [shop]\r\nGO\r\n/****** Object:  Table [dbo].[t] ******/\r\nSET ANSI_NULLS ON\r\nGO\r\nSET IDENTITY_INSERT [dbo].[t] ON \r\n\r\n".to_owned();
    for (at, row) in rows.iter().enumerate() {
        out += &format!(
            "INSERT [dbo].[t] ({}) VALUES ({})\r\n",
            names(columns, '[', ']'),
            joined(row, &text)
        );
        if at % 3 == 2 {
            out += "GO\r\n";
        }
    }
    out + "SET IDENTITY_INSERT [dbo].[t] OFF\r\nGO\r\n"
}

fn sql_server_union(rows: &[Vec<Value>], columns: usize) -> String {
    let text = |value: &str| format!("N{}", doubled(value));
    let list: Vec<String> = rows
        .iter()
        .map(|row| format!("SELECT {}", joined(row, &text)))
        .collect();
    format!(
        "USE [shop]\nGO\nINSERT INTO [dbo].[t] ({})\n{}\nGO\n",
        names(columns, '[', ']'),
        list.join(" UNION ALL\n")
    )
}

fn oracle(rows: &[Vec<Value>], columns: usize) -> String {
    let mut out = "REM INSERTING into t -- it's\nSET DEFINE OFF;\n".to_owned();
    for (at, row) in rows.iter().enumerate() {
        let custom = |value: &str| {
            if value.contains("]'") {
                doubled(value)
            } else {
                format!("q'[{value}]'")
            }
        };
        let dated = |value: &str| format!("to_date({},'YYYY-MM-DD HH24:MI:SS')", doubled(value));
        let text: &dyn Fn(&str) -> String = match at % 3 {
            0 => &doubled,
            1 => &custom,
            _ => &dated,
        };
        out += &format!(
            "Insert into \"S\".\"t\" ({}) values ({});\n",
            names(columns, '"', '"'),
            joined(row, text)
        );
    }
    out
}

const WRITERS: [Writer; 7] = [
    Writer {
        table: "t",
        write: mysql,
    },
    Writer {
        table: "public.t",
        write: postgres_copy,
    },
    Writer {
        table: "public.t",
        write: postgres_insert,
    },
    Writer {
        table: "t",
        write: sqlite,
    },
    Writer {
        table: "dbo.t",
        write: sql_server,
    },
    Writer {
        table: "dbo.t",
        write: sql_server_union,
    },
    Writer {
        table: "S.t",
        write: oracle,
    },
];

fn expected(rows: &[Vec<Value>], table: &str) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (row, values) in rows.iter().enumerate() {
        for (value, name) in values.iter().zip(NAMES) {
            let text = match value {
                Value::Null => continue,
                Value::Number(number) => number.to_string(),
                Value::Text(text) => text.clone(),
            };
            cells.push((table.to_owned(), row as u64, name.to_owned(), text));
        }
    }
    cells
}

/// Lines that end in a text.
fn ends(text: &str) -> u64 {
    let lone = text.replace("\r\n", "\n").replace('\r', "\n");
    lone.matches('\n').count() as u64
}

const CUTS: [(usize, bool); 4] = [(1, false), (1, true), (100, true), (4 << 20, false)];

proptest! {
    #[test]
    fn the_same_values(rows in rows()) {
        for (at, writer) in WRITERS.iter().enumerate() {
            let text = (writer.write)(&rows, rows[0].len());
            let expected = expected(&rows, writer.table);
            let whole = read(text.as_bytes(), 4 << 20, true);
            let found: Vec<&Cell> = whole.cells.iter().filter(|cell| cell.0 == writer.table).collect();
            prop_assert_eq!(found, expected.iter().collect::<Vec<_>>(), "writer {}: {}", at, text);
            let counted: Vec<_> = whole.records.iter().filter(|(table, _)| !table.is_empty()).cloned().collect();
            prop_assert_eq!(counted, vec![(writer.table.to_owned(), rows.len() as u64)]);
            prop_assert_eq!(&whole.problems, &Vec::<String>::new(), "writer {}: {}", at, text);
            prop_assert_eq!(whole.all_lines, ends(&text));
            for ((cell, place), line) in whole.cells.iter().zip(&whole.places).zip(&whole.lines) {
                let Some((start, end)) = place else { continue };
                let stored = &text[*start as usize..*end as usize];
                prop_assert_eq!(*line, ends(&text[..*start as usize]), "line of {:?}", cell);
                // What is stored differs from what is meant by escapes alone.
                let bare = |text: &str| text.replace(['\'', '\\', '\n', '\r', '\t', 'n', 'r', 't'], "");
                prop_assert_eq!(bare(stored), bare(&cell.3));
            }
            for (block_size, stream) in CUTS {
                prop_assert_eq!(&read(text.as_bytes(), block_size, stream), &whole, "blocks of {}", block_size);
            }
        }
    }

    #[test]
    fn broken_text_is_the_same_however_it_is_cut(
        pieces in proptest::collection::vec(prop::sample::select(&[
            "INSERT INTO t VALUES (", "INSERT INTO `u` (a, b) VALUES ", "'", "''", "\\'", "(", ")", ",", ";", "\n", "\nINSERT INTO t VALUES (1, 'a');\n",
            "COPY c (a, b) FROM stdin;\n", "\\.\n", "\t", "--", "/*", "*/", "/*!40101 ", "$$", "$a$", "GO\n", "a", "12", "SELECT ", " UNION ALL ",
            "UPDATE t SET a = ", " WHERE b = ", "CREATE TABLE t (a int, b text)", "CREATE TRIGGER x BEGIN ", "END", "DELIMITER ;;\n", ";;", "X'6162'", "0x61",
            "q'[", "]'", "E'", "N'", "SET standard_conforming_strings = off;\n", "\r\n", "-- MySQL dump\n", " ", "\"", "`", "[", "]", "é", "NULL", "# x\n",
        ][..]), 0..40),
    ) {
        let text = format!("INSERT INTO t VALUES (1);\n{}", pieces.concat());
        let whole = read(text.as_bytes(), 4 << 20, false);
        for (block_size, stream) in CUTS {
            prop_assert_eq!(&read(text.as_bytes(), block_size, stream), &whole, "blocks of {}: {:?}", block_size, text);
        }
    }
}

/// Values of a text, as `table.column[row]=value`, and problems.
fn listed(text: &str) -> Vec<String> {
    let read = read(text.as_bytes(), 1, true);
    let cells = read.cells.iter();
    let mut list: Vec<String> = cells
        .map(|(table, row, column, value)| format!("{table}.{column}[{row}]={value}"))
        .collect();
    list.extend(read.problems.iter().map(|problem| format!("! {problem}")));
    list
}

#[test]
fn every_way_to_write_it() {
    let cases: &[(&str, &[&str])] = &[
        (
            "INSERT INTO a.b (x) VALUES ('1'),('2') ON DUPLICATE KEY UPDATE x='3';",
            &["a.b.x[0]=1", "a.b.x[1]=2", ".[0]=3"],
        ),
        (
            "INSERT INTO t VALUES ('a', 1.5, -2, TRUE, NOW());",
            &[
                "t.column_1[0]=a",
                "t.column_2[0]=1.5",
                "t.column_3[0]=-2",
                "t.column_4[0]=TRUE",
            ],
        ),
        ("INSERT INTO t SET a='x', b = 5;", &["t.a[0]=x", "t.b[0]=5"]),
        (
            "INSERT INTO t (a) VALUES ('x');\nUPDATE t SET a='y' WHERE b LIKE '%z%' AND id = 7;",
            &["t.a[0]=x", "t.a[1]=y", "t.b[1]=%z%", "t.id[1]=7"],
        ),
        (
            "INSERT INTO t (a,b) VALUES (X'6A616E', 0x6a6f72),(x'00ff','\\x6a616e');",
            &["t.a[0]=jan", "t.b[0]=jor", "t.b[1]=jan"],
        ),
        (
            "/*!40101 SET NAMES utf8 */;\nINSERT INTO `t` (`a`) VALUES (_binary 'a\\'b'),(_utf8mb4'c');",
            &["t.a[0]=a'b", "t.a[1]=c"],
        ),
        (
            "INSERT ALL\nINTO t (a) VALUES ('1')\nINTO u (b) VALUES ('2')\nSELECT * FROM dual;",
            &["t.a[0]=1", "u.b[0]=2"],
        ),
        (
            "INSERT INTO t (a) SELECT 'x' FROM dual UNION ALL SELECT 'y' FROM dual;",
            &["t.a[0]=x", "t.a[1]=y"],
        ),
        (
            "BEGIN;\n-- call jan\n/* or\n piet */\nINSERT INTO t VALUES (1 /* an */);",
            &[
                ".[0]= call jan",
                ".[1]= or",
                ".[2]= piet ",
                "t.column_1[0]=1",
                ".[3]= an ",
            ],
        ),
        (
            "USE `x`;\nDELIMITER ;;\nCREATE TRIGGER g BEGIN INSERT INTO log VALUES ('a'); END ;;\nDELIMITER ;\nINSERT INTO t VALUES ('b');",
            &[".[0]=a", "t.column_1[0]=b"],
        ),
        (
            "COPY t (a, b) FROM stdin WITH DELIMITER '|' NULL '';\n1|\\|x\n|2\n\\.\nCOPY u (a) FROM stdin WITH (FORMAT csv);\n\"x\ny\"\n\\.\n",
            &["t.a[0]=1", "t.b[0]=|x", "t.b[1]=2", "u.a[0]=x\ny"],
        ),
        (
            "INSERT INTO t VALUES ('a', 'b);\nINSERT INTO t VALUES ('c', 'd');\n",
            &[
                ".[0]= ('a', 'b);",
                "t.column_1[0]=c",
                "t.column_2[0]=d",
                "! a statement is broken in line 1; read as text up to the next one (at byte 21)",
            ],
        ),
        (
            "INSERT INTO t VALUES (1,'a'),(2,\nINSERT INTO t VALUES (3,'c');\n",
            &[
                "t.column_1[0]=1",
                "t.column_2[0]=a",
                ".[0]=(2,",
                "t.column_1[1]=3",
                "t.column_2[1]=c",
                "! a statement is broken in line 1; read as text up to the next one (at byte 29)",
            ],
        ),
        (
            "-- MySQL dump\nINSERT INTO `t` VALUES ('\\'');\n-- PostgreSQL database dump\nINSERT INTO t VALUES ('\\');\n",
            &[
                ".[0]= MySQL dump",
                "t.column_1[0]='",
                ".[1]= PostgreSQL database dump",
                "t.column_1[1]=\\",
            ],
        ),
        (
            "CREATE TABLE s.t (a int, \"b c\" numeric(10,2) DEFAULT 'x', CONSTRAINT p PRIMARY KEY (a), key text, KEY k (a));\nINSERT INTO s.t VALUES (1,2,3);",
            &[".[0]=x", "s.t.a[0]=1", "s.t.b c[0]=2", "s.t.key[0]=3"],
        ),
        (
            "INSERT INTO t (a) VALUES (U&'j\\0061n'),(unistr('j\\u0061n')),('a' || 'b');",
            &["t.a[0]=jan", "t.a[1]=jan", "t.a[2]=a", "t.a[2]=b"],
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(&listed(text), expected, "{text}");
    }
}
