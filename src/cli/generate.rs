//! `speur generate`: labelled synthetic exports for tests and benchmarks.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;

use super::Outcome;
use crate::quality::generate::{Kind, Locale, Options, Shape, Size, Truth, generate};

/// Make labelled synthetic exports for tests and benchmarks
///
/// People are invented, numbers are random with valid check digits. The same seed gives the same bytes. Beside a file goes
/// its truth, FILE.truth.ndjson: which columns and cells hold what.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  speur generate --rows 1000 -o customers.csv
  speur generate --kind crm --format ndjson --bytes 1G --seed 7 --truth none -o dense.ndjson
  speur generate --kind tickets --format text --locale nl,de --rows 20
  speur generate --kind crm,catalogue,tickets --format sql --rows 500 -o shop.sql")]
pub struct GenerateArgs {
    /// What rows hold; several make a dump of as many tables
    #[arg(long, value_enum, value_delimiter = ',', default_value = "crm")]
    kind: Vec<Kind>,
    /// How rows are written
    #[arg(long = "format", value_enum, default_value_t)]
    shape: Shape,
    /// How many rows, of each kind; 1000 unless --bytes is given
    #[arg(long, value_name = "N", conflicts_with = "bytes")]
    rows: Option<u64>,
    /// How many bytes, of each kind: 500000, 200M, 1GiB
    #[arg(long, value_name = "SIZE", value_parser = size)]
    bytes: Option<u64>,
    /// Equal seeds give equal bytes
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Countries whose people to invent
    #[arg(long, value_enum, value_delimiter = ',', default_value = "nl")]
    locale: Vec<Locale>,
    /// The delimiter of CSV
    #[arg(long, value_name = "C", default_value = ",", value_parser = super::options::delimiter)]
    delimiter: std::vec::Vec<u8>,
    /// End lines of CSV in CR LF
    #[arg(long)]
    crlf: bool,
    /// Start text with a byte-order mark
    #[arg(long)]
    bom: bool,
    /// The encoding of text
    #[arg(long, value_name = "NAME", default_value = "utf-8", value_parser = super::options::encoding)]
    encoding: &'static encoding_rs::Encoding,
    /// Which truth to tell: cells up to a million rows, else columns; none on standard output
    #[arg(long, value_enum)]
    truth: Option<Truth>,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// A number of bytes, with a unit: of a thousand, or of 1,024 where it says so.
fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" => 1,
        "K" | "KB" => 1_000,
        "M" | "MB" => 1_000_000,
        "G" | "GB" => 1_000_000_000,
        "KIB" => 1 << 10,
        "MIB" => 1 << 20,
        "GIB" => 1 << 30,
        _ => return Err("a unit is K, M, G, KB, MB, GB, KiB, MiB or GiB".into()),
    };
    let number: u64 = digits
        .parse()
        .map_err(|_| "a size is a whole number with a unit behind it, such as 200M".to_owned())?;
    number
        .checked_mul(unit)
        .ok_or_else(|| "that is too much".into())
}

impl GenerateArgs {
    /// Generates.
    pub fn run(self) -> anyhow::Result<Outcome> {
        let size = self
            .bytes
            .map_or(Size::Rows(self.rows.unwrap_or(1000)), Size::Bytes);
        let many = !matches!(size, Size::Rows(rows) if rows <= 1_000_000);
        let truth = match (self.truth, &self.output) {
            (Some(truth), _) => truth,
            (None, None) => Truth::None,
            (None, Some(_)) if many => Truth::Columns,
            (None, Some(_)) => Truth::Cells,
        };
        if self.kind.len() > 1 && !self.shape.has_tables() {
            bail!("rows of several kinds need tables: --format sql or pg-dump");
        }
        let mut kinds = self.kind.iter().enumerate();
        if kinds.any(|(at, kind)| self.kind[..at].contains(kind)) {
            bail!("--kind names one twice; a dump has one table of each");
        }
        let options = Options {
            kinds: self.kind,
            shape: self.shape,
            size,
            seed: self.seed,
            locales: self.locale,
            delimiter: self.delimiter,
            crlf: self.crlf,
            mark: self.bom,
            encoding: self.encoding,
            truth,
        };
        let Some(path) = self.output else {
            let mut out = io::stdout();
            generate(&options, &mut out, &mut io::sink())?;
            out.flush()?;
            return Ok(Outcome::Done);
        };
        let create =
            |path: &PathBuf| File::create(path).with_context(|| path.display().to_string());
        let mut out = create(&path)?;
        let mut sidecar: Box<dyn Write> = if truth == Truth::None {
            Box::new(io::sink())
        } else {
            let mut name = path.clone().into_os_string();
            name.push(".truth.ndjson");
            Box::new(BufWriter::new(create(&name.into())?))
        };
        generate(&options, &mut out, &mut sidecar).with_context(|| path.display().to_string())?;
        sidecar
            .flush()
            .with_context(|| path.display().to_string())?;
        Ok(Outcome::Done)
    }
}
