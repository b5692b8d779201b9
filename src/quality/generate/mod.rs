//! `speur generate`: labelled synthetic exports.
//!
//! A row depends on the seed and its number alone. People, towns and streets are put together from syllables
//! (`names.rs`), numbers have the check digits of real ones (`numbers.rs`); what the rows of a kind hold is in `kinds.rs`.

use std::io::{self, Write};

use encoding_rs::Encoding;

mod catalogue;
mod kinds;
mod names;
mod numbers;
#[cfg(feature = "parquet")]
mod parquet;
mod rng;
mod row;
mod templates;
mod texts;
mod traps;
mod write;

pub(super) use rng::Rng;
pub(super) use templates::value_of;

use kinds::{Holds, columns, fill};
use row::Row;
use write::Csv;

/// What rows hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// Customers: about ten personal values in some 500 bytes a row, beside look-alikes.
    #[default]
    Crm,
    /// An event log as a table: an e-mail address in one row of 200.
    Sparse,
    /// Lines of a web server's log.
    Log,
    /// Sentences of customers in Dutch, English and German.
    Tickets,
    /// Letters in Dutch, German or English, by locale: names, addresses and numbers in running text.
    Letters,
    /// No personal data at all, only what looks like it.
    None,
    /// Articles and suppliers: no person, but names and numbers that look so.
    Catalogue,
    /// Measurements: no person.
    Science,
    /// Source code: no person.
    Code,
}

/// How rows are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Shape {
    /// Comma-separated values.
    #[default]
    Csv,
    /// One JSON object a line.
    Ndjson,
    /// One JSON document, `{"records": […]}`.
    Json,
    /// Parquet, with zstd.
    Parquet,
    /// Lines of text.
    Text,
    /// A dump in the way of `mysqldump`: `CREATE TABLE`, then rows of many an `INSERT`.
    Sql,
}

/// Whose numbers, streets and names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
#[expect(missing_docs, reason = "ISO 3166 codes")]
pub enum Locale {
    #[default]
    Nl,
    Be,
    De,
    Fr,
    Es,
    It,
    Pl,
    Se,
    Dk,
    Fi,
    Gb,
    Us,
}

impl Locale {
    /// All of them.
    pub const ALL: [Locale; 12] = [
        Locale::Nl,
        Locale::Be,
        Locale::De,
        Locale::Fr,
        Locale::Es,
        Locale::It,
        Locale::Pl,
        Locale::Se,
        Locale::Dk,
        Locale::Fi,
        Locale::Gb,
        Locale::Us,
    ];

    /// The detector of the country's national number.
    pub fn national(self) -> &'static str {
        match self {
            Locale::Nl => "nl-bsn",
            Locale::Be => "be-nn",
            Locale::De => "de-idnr",
            Locale::Fr => "fr-nir",
            Locale::Es => "es-dni",
            Locale::It => "it-cf",
            Locale::Pl => "pl-pesel",
            Locale::Se => "se-personnummer",
            Locale::Dk => "dk-cpr",
            Locale::Fi => "fi-hetu",
            Locale::Gb => "gb-nino",
            Locale::Us => "us-ssn",
        }
    }
}

/// When to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// After that many rows.
    Rows(u64),
    /// Behind the row that reaches that many bytes.
    Bytes(u64),
}

/// Which truth is told beside the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Truth {
    /// Columns, and every cell that holds personal data.
    Cells,
    /// Columns only.
    Columns,
    /// Nothing.
    None,
}

/// What to generate.
#[derive(Clone, Debug)]
pub struct Options {
    /// What rows hold.
    pub kind: Kind,
    /// How they are written.
    pub shape: Shape,
    /// How many.
    pub size: Size,
    /// Equal seeds give equal bytes.
    pub seed: u64,
    /// Each row has one of them.
    pub locales: Vec<Locale>,
    /// The delimiter of CSV.
    pub delimiter: Vec<u8>,
    /// Whether lines of CSV end in `\r\n`.
    pub crlf: bool,
    /// Whether text starts with a byte-order mark.
    pub mark: bool,
    /// The encoding of text.
    pub encoding: &'static Encoding,
    /// Which truth is told.
    pub truth: Truth,
}

/// Bytes written at a time.
const BLOCK: usize = 1 << 20;

/// Writes the data to `out` and the truth to `truth`, as NDJSON.
pub fn generate(
    options: &Options,
    out: &mut (dyn Write + Send),
    truth: &mut dyn Write,
) -> io::Result<()> {
    if options.truth != Truth::None {
        write_columns(options, truth)?;
    }
    #[cfg(feature = "parquet")]
    if options.shape == Shape::Parquet {
        return parquet::write(options, out, truth);
    }
    let columns = columns(options.kind);
    let csv = Csv {
        delimiter: options.delimiter.clone(),
        line_end: if options.crlf { b"\r\n" } else { b"\n" },
    };
    let mut block = Vec::with_capacity(BLOCK + 4096);
    if options.mark {
        block.extend_from_slice("\u{feff}".as_bytes());
    }
    match options.shape {
        Shape::Csv if columns.len() > 1 => csv.header(columns, &mut block),
        Shape::Json => block.extend_from_slice(b"{\"records\":[\n"),
        Shape::Sql => write::sql_table(columns, &mut block),
        _ => {}
    }
    let mut row = Row::default();
    let mut truths = Vec::new();
    let (mut written, mut number) = (0, 0);
    while wants_more(options.size, number, written + block.len() as u64) {
        fill(
            options.kind,
            number,
            options.seed,
            &options.locales,
            &mut row,
        );
        match options.shape {
            Shape::Csv => csv.row(&row, &mut block),
            Shape::Json if number > 0 => {
                block.extend_from_slice(b",\n");
                write::json(columns, &row, &mut block);
            }
            Shape::Json | Shape::Ndjson | Shape::Parquet => write::json(columns, &row, &mut block),
            Shape::Text => write::text(columns, &row, &mut block),
            Shape::Sql => write::sql_row(&row, number, &mut block),
        }
        if options.shape == Shape::Ndjson {
            block.push(b'\n');
        }
        if options.truth == Truth::Cells {
            note_cells(options, number, &row, &mut truths);
        }
        number += 1;
        if block.len() >= BLOCK {
            written += flush(&mut block, options.encoding, out)?;
            truth.write_all(&truths)?;
            truths.clear();
        }
    }
    if options.shape == Shape::Json {
        block.extend_from_slice(b"\n]}\n");
    }
    if options.shape == Shape::Sql && number > 0 {
        block.extend_from_slice(b";\n");
    }
    flush(&mut block, options.encoding, out)?;
    truth.write_all(&truths)
}

fn wants_more(size: Size, rows: u64, bytes: u64) -> bool {
    match size {
        Size::Rows(most) => rows < most,
        Size::Bytes(most) => bytes < most,
    }
}

fn flush(block: &mut Vec<u8>, encoding: &'static Encoding, out: &mut dyn Write) -> io::Result<u64> {
    let len = block.len() as u64;
    if encoding == encoding_rs::UTF_8 {
        out.write_all(block)?;
        block.clear();
    } else {
        out.write_all(&write::encode(std::mem::take(block), encoding))?;
    }
    Ok(len)
}

/// What a column is called in the result of a scan.
fn shown(shape: Shape, column: &kinds::Column) -> String {
    match shape {
        Shape::Csv | Shape::Parquet | Shape::Sql => column.name.to_owned(),
        Shape::Ndjson => column.path.join("."),
        Shape::Json => format!("records[].{}", column.path.join(".")),
        Shape::Text => String::new(),
    }
}

/// The first line of the truth: which columns hold what.
fn write_columns(options: &Options, truth: &mut dyn Write) -> io::Result<()> {
    let (mut labels, mut either, mut traps) = (Vec::new(), Vec::new(), Vec::new());
    for column in columns(options.kind) {
        let name = shown(options.shape, column);
        match column.holds {
            Holds::Detector(detector) => {
                labels.push(serde_json::json!({"column": name, "detector": local(detector, options.locales[0])}));
            }
            Holds::National => {
                labels.extend(options.locales.iter().map(
                    |locale| serde_json::json!({"column": name, "detector": locale.national()}),
                ));
            }
            Holds::Either(detector) => {
                either.push(serde_json::json!({"column": name, "detector": detector}));
            }
            Holds::Trap(why) => traps.push(serde_json::json!({"column": name, "why": why})),
            // Streets and sentences name towns, which people judge differently.
            Holds::Text if options.kind == Kind::Letters => {
                either.push(serde_json::json!({"column": name, "detector": "city"}));
            }
            Holds::Text | Holds::Plain => {}
        }
    }
    let detail = match options.truth {
        Truth::Cells => "cells",
        Truth::Columns | Truth::None => "columns",
    };
    writeln!(
        truth,
        "{}",
        serde_json::json!({"detail": detail, "columns": labels, "either": either, "traps": traps})
    )
}

/// Detectors that are a country's own.
fn local(detector: &'static str, locale: Locale) -> &'static str {
    match (detector, locale) {
        ("postal-code", Locale::Nl) => "nl-postal-code",
        _ => detector,
    }
}

fn note_cells(options: &Options, number: u64, row: &Row, out: &mut Vec<u8>) {
    let columns = columns(options.kind);
    let mut note = |cell: usize, detector: &str| {
        let name = match (options.kind, options.shape, detector) {
            // Read as the log it is, not as lines of text.
            (Kind::Log, Shape::Text, "ipv4") => "host".to_owned(),
            (Kind::Log, Shape::Text, _) => "agent".to_owned(),
            _ => shown(options.shape, &columns[cell]),
        };
        let column = serde_json::Value::from(name);
        // A part of a name is as good as all of it.
        let also = match detector {
            "person-name" => ",\"also\":[\"first-name\",\"last-name\"]",
            _ => "",
        };
        let _ = writeln!(
            out,
            "{{\"row\":{},\"column\":{column},\"detector\":\"{detector}\"{also}}}",
            number + 1
        );
    };
    for (cell, column) in columns.iter().enumerate() {
        match column.holds {
            Holds::Detector(detector) => note(cell, local(detector, row.locale)),
            Holds::National => note(cell, row.locale.national()),
            _ => {}
        }
    }
    for &(cell, detector) in &row.inside {
        note(cell, detector);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(kind: Kind, shape: Shape) -> Options {
        Options {
            kind,
            shape,
            size: Size::Rows(200),
            seed: 1,
            locales: vec![Locale::Nl, Locale::De],
            delimiter: vec![b','],
            crlf: false,
            mark: false,
            encoding: encoding_rs::UTF_8,
            truth: Truth::Cells,
        }
    }

    fn generated(options: &Options) -> (Vec<u8>, String) {
        let (mut out, mut truth) = (Vec::new(), Vec::new());
        generate(options, &mut out, &mut truth).unwrap();
        (out, String::from_utf8(truth).unwrap())
    }

    #[test]
    fn rows_are_of_the_promised_size() {
        let (out, truth) = generated(&options(Kind::Crm, Shape::Csv));
        let per_row = out.len() / 200;
        assert!((420..620).contains(&per_row), "{per_row} bytes a row");
        let per_row = truth.lines().count() as f64 / 200.0;
        assert!((10.0..14.0).contains(&per_row), "{per_row} values a row");
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        for shape in [
            Shape::Csv,
            Shape::Ndjson,
            Shape::Json,
            Shape::Text,
            Shape::Sql,
        ] {
            let one = options(Kind::Crm, shape);
            assert_eq!(generated(&one), generated(&one));
            assert_ne!(generated(&one).0, generated(&Options { seed: 2, ..one }).0);
        }
    }

    #[test]
    fn csv_reads_back() {
        for kind in [Kind::Crm, Kind::Sparse, Kind::None] {
            let (out, _) = generated(&options(kind, Shape::Csv));
            let mut reader = csv::Reader::from_reader(&out[..]);
            assert_eq!(reader.records().map(Result::unwrap).count(), 200);
        }
    }

    #[test]
    fn json_reads_back() {
        let (out, _) = generated(&options(Kind::Crm, Shape::Json));
        let document: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(document["records"].as_array().unwrap().len(), 200);
        assert!(document["records"][0]["contact"]["email"].is_string());
    }
}
