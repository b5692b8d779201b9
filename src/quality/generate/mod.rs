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
mod sql;
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

impl Kind {
    /// What a table of such rows is called among others.
    fn table(self) -> &'static str {
        match self {
            Kind::Crm => "customers",
            Kind::Sparse => "events",
            Kind::Log => "requests",
            Kind::Tickets => "tickets",
            Kind::Letters => "letters",
            Kind::None => "stock",
            Kind::Catalogue => "articles",
            Kind::Science => "measurements",
            Kind::Code => "snippets",
        }
    }
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
    /// A dump in the way of `pg_dump`: `CREATE TABLE`, then rows of COPY.
    PgDump,
}

impl Shape {
    /// Whether it takes rows of several kinds, each in a table of its own.
    pub fn has_tables(self) -> bool {
        matches!(self, Shape::Sql | Shape::PgDump)
    }
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
    /// What rows hold. Several make a table each, where the shape has tables; else the first is written.
    pub kinds: Vec<Kind>,
    /// How they are written.
    pub shape: Shape,
    /// How many; of each kind.
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
    let mut writer = Writer {
        options,
        csv: Csv {
            delimiter: options.delimiter.clone(),
            line_end: if options.crlf { b"\r\n" } else { b"\n" },
        },
        block: Vec::with_capacity(BLOCK + 4096),
        truths: Vec::new(),
        written: 0,
        out,
        truth,
    };
    if options.mark {
        writer.block.extend_from_slice("\u{feff}".as_bytes());
    }
    if !options.shape.has_tables() {
        writer.rows(options.kinds[0])?;
        return writer.flush();
    }
    sql::start(options.shape, &options.kinds, &mut writer.block);
    for &kind in &options.kinds {
        writer.rows(kind)?;
    }
    sql::end(options.shape, &options.kinds, &mut writer.block);
    writer.flush()
}

/// Writes rows and their truth, a block at a time.
struct Writer<'w> {
    options: &'w Options,
    csv: Csv,
    block: Vec<u8>,
    truths: Vec<u8>,
    /// Bytes of the blocks before.
    written: u64,
    out: &'w mut (dyn Write + Send),
    truth: &'w mut dyn Write,
}

impl Writer<'_> {
    /// All rows of a kind, with what stands around them.
    fn rows(&mut self, kind: Kind) -> io::Result<()> {
        let options = self.options;
        let columns = columns(kind);
        let table = sql::table(options.shape, &options.kinds, kind);
        let is_only = options.kinds.len() == 1;
        match options.shape {
            Shape::Csv if columns.len() > 1 => self.csv.header(columns, &mut self.block),
            Shape::Json => self.block.extend_from_slice(b"{\"records\":[\n"),
            Shape::Sql | Shape::PgDump => {
                sql::open(options.shape, &table, is_only, columns, &mut self.block);
            }
            _ => {}
        }
        let mut row = Row::default();
        let (mut number, start) = (0, self.bytes());
        while wants_more(options.size, number, self.bytes() - start) {
            fill(kind, number, options.seed, &options.locales, &mut row);
            self.row(columns, &table, &row, number);
            if options.truth == Truth::Cells {
                note_cells(options, kind, number, &row, &mut self.truths);
            }
            number += 1;
            if self.block.len() >= BLOCK {
                self.flush()?;
            }
        }
        match options.shape {
            Shape::Json => self.block.extend_from_slice(b"\n]}\n"),
            Shape::Sql | Shape::PgDump => sql::close(options.shape, number, &mut self.block),
            _ => {}
        }
        Ok(())
    }

    fn row(&mut self, columns: &[kinds::Column], table: &str, row: &Row, number: u64) {
        let block = &mut self.block;
        match self.options.shape {
            Shape::Csv => self.csv.row(row, block),
            Shape::Json if number > 0 => {
                block.extend_from_slice(b",\n");
                write::json(columns, row, block);
            }
            Shape::Json | Shape::Parquet => write::json(columns, row, block),
            Shape::Ndjson => {
                write::json(columns, row, block);
                block.push(b'\n');
            }
            Shape::Text => write::text(columns, row, block),
            Shape::Sql | Shape::PgDump => sql::row(self.options.shape, table, row, number, block),
        }
    }

    /// Bytes so far.
    fn bytes(&self) -> u64 {
        self.written + self.block.len() as u64
    }

    fn flush(&mut self) -> io::Result<()> {
        self.written += flush(&mut self.block, self.options.encoding, self.out)?;
        self.truth.write_all(&self.truths)?;
        self.truths.clear();
        Ok(())
    }
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
        Shape::Csv | Shape::Parquet | Shape::Sql | Shape::PgDump => column.name.to_owned(),
        Shape::Ndjson => column.path.join("."),
        Shape::Json => format!("records[].{}", column.path.join(".")),
        Shape::Text => String::new(),
    }
}

/// Where a column is, as the truth says it: its name, and its table where there are tables.
fn place(options: &Options, kind: Kind, column: &str) -> serde_json::Value {
    let mut place = serde_json::json!({"column": column});
    if options.shape.has_tables() {
        place["table"] = sql::table(options.shape, &options.kinds, kind).into();
    }
    place
}

/// The first line of the truth: which columns hold what.
fn write_columns(options: &Options, truth: &mut dyn Write) -> io::Result<()> {
    let (mut labels, mut either, mut traps) = (Vec::new(), Vec::new(), Vec::new());
    for &kind in &options.kinds {
        for column in columns(kind) {
            let mut place = place(options, kind, &shown(options.shape, column));
            let mut with = |key: &str, value: &str| {
                place[key] = value.into();
                place.clone()
            };
            match column.holds {
                Holds::Detector(detector) => {
                    labels.push(with("detector", local(detector, options.locales[0])));
                }
                Holds::National => {
                    let locales = options.locales.iter();
                    labels.extend(locales.map(|locale| with("detector", locale.national())));
                }
                Holds::Either(detector) => either.push(with("detector", detector)),
                Holds::Trap(why) => traps.push(with("why", why)),
                // Streets and sentences name towns, which people judge differently.
                Holds::Text if kind == Kind::Letters => either.push(with("detector", "city")),
                Holds::Text | Holds::Plain => {}
            }
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

fn note_cells(options: &Options, kind: Kind, number: u64, row: &Row, out: &mut Vec<u8>) {
    let columns = columns(kind);
    let table = if options.shape.has_tables() {
        let table = sql::table(options.shape, &options.kinds, kind);
        format!(",\"table\":\"{table}\"")
    } else {
        String::new()
    };
    let mut note = |cell: usize, detector: &str| {
        let name = match (kind, options.shape, detector) {
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
            "{{\"row\":{}{table},\"column\":{column},\"detector\":\"{detector}\"{also}}}",
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
            kinds: vec![kind],
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
            Shape::PgDump,
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

    #[test]
    fn dumps_are_found_table_by_table() {
        use crate::quality::eval::outcome::{Labelled, run};
        use crate::quality::truth::{Corpus, truth_of};
        use crate::rule::{RuleSet, Selection};

        let rules = RuleSet::load(&Selection {
            builtin: true,
            paths: vec![],
            only: vec![],
            skip: vec![],
            weights: None,
        })
        .unwrap();
        for (shape, table) in [
            (Shape::Sql, "customers"),
            (Shape::PgDump, "public.customers"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("dump.sql");
            let dump = Options {
                kinds: vec![Kind::Science, Kind::Crm, Kind::Tickets],
                locales: vec![Locale::Nl],
                ..options(Kind::Crm, shape)
            };
            let (data, truth) = generated(&dump);
            std::fs::write(&path, data).unwrap();
            std::fs::write(truth_of(&path), &truth).unwrap();
            assert!(
                truth.contains(&format!("\"table\":\"{table}\"")),
                "{truth:.300}"
            );
            let mut labelled =
                Labelled::load(Corpus::open(&[folder.path().to_owned()]).unwrap()).unwrap();
            let scan = crate::scan::Scan::of(vec![], rules.clone());
            let ran = run(scan, &mut labelled, None).unwrap();
            let best = &ran.outcomes[0].best;
            let found = best.iter().filter(|confidence| **confidence >= 500).count();
            assert!(best.len() > 2000, "{}", best.len());
            assert!(found * 100 >= best.len() * 95, "{found} of {}", best.len());
        }
    }

    #[test]
    fn a_dump_ends_as_its_tables_do() {
        let (out, _) = generated(&Options {
            kinds: vec![Kind::Catalogue, Kind::None],
            size: Size::Rows(3),
            ..options(Kind::Crm, Shape::PgDump)
        });
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.matches("FROM stdin;\n").count(), 2);
        assert_eq!(text.matches("\n\\.\n").count(), 2);
        let rows = text.split("FROM stdin;\n").nth(1).unwrap();
        let rows = rows.split("\\.\n").next().unwrap();
        let fields = columns(Kind::Catalogue).len();
        assert!(
            rows.lines().all(|row| row.split('\t').count() == fields),
            "{rows}"
        );
    }
}
