//! `speur report`: a saved result again, in another format or language, without reading the data again.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Args;
use clap::builder::PossibleValuesParser;

use super::options::LanguageOption;
use super::outputs::{Outputs, detail, report_for, spare_inputs};
use super::scan::{names, output_help};
use super::{Color, Outcome, stdout_width};
use crate::report::load::{Findings, Saved};
use crate::report::{self, Detail, Report, ReportOptions};

/// Render a saved result again, in another format or language, without reading the data again
///
/// A result is what `speur scan -o` wrote as .json, .ndjson (also .ndjson.zst and .ndjson.gz) or .parquet; `-` is
/// standard input. One that is cut off or damaged is an error that names the line.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  speur report result.ndjson
      the table, on the screen
  speur report result.parquet -o result.html -o result.xlsx -f none --lang nl
      two documents in Dutch
  speur report result.ndjson.zst -f markdown
      for a pull request

Exit status: 0 when all was written, 2 when the result can't be read or a report can't be written.")]
pub struct ReportArgs {
    /// The saved result; `-` is standard input
    #[arg(value_name = "RESULT")]
    result: PathBuf,

    // Its help lists the extensions, so it is made, not written: see `output_help`.
    #[arg(short, long, value_name = "FILE", help = output_help())]
    output: Vec<PathBuf>,

    /// Write all -o files in this format, whatever they are called
    #[arg(long, value_name = "FMT", value_parser = PossibleValuesParser::new(names(&[])), requires = "output")]
    output_format: Option<String>,

    /// What goes to standard output; `table` where no file is written
    #[arg(short, long, value_name = "FMT", value_parser = PossibleValuesParser::new(names(&["none"])))]
    format: Option<String>,

    #[command(flatten)]
    language: LanguageOption,

    /// Show values as they are, where the result holds them
    #[arg(long)]
    reveal: bool,

    /// Whether the table has colours
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    color: Color,

    /// Say more: names of clean files, reasons
    #[arg(short, long)]
    verbose: bool,
}

impl ReportArgs {
    /// Renders.
    pub fn run(self) -> anyhow::Result<Outcome> {
        let saved = Saved::open(&self.result)?;
        let scan = saved.scan()?;
        if scan.revealed && !self.reveal {
            bail!(
                "{}: this result holds raw values; `--reveal` shows them, and a scan without it masks them",
                self.result.display()
            );
        }
        let (mut outputs, detail) = self.outputs(scan.revealed)?;
        let findings = match detail {
            Some(Detail::Findings) => Findings::Read,
            Some(Detail::Columns) | None => Findings::Skip,
        };
        saved.events(findings, &mut |event| outputs.event(event))?;
        outputs.finish()?;
        Ok(Outcome::Done)
    }

    fn outputs(&self, reveal: bool) -> anyhow::Result<(Outputs, Option<Detail>)> {
        let in_files = ReportOptions {
            reveal,
            verbose: self.verbose,
            lang: self.language.lang(),
            ..ReportOptions::default()
        };
        let options = ReportOptions {
            color: self.color.on_stdout(),
            width: stdout_width(),
            ..in_files
        };
        let format = self.output_format.as_deref();
        let files = self
            .output
            .iter()
            .map(|path| Ok((path, report_for(path, format)?)))
            .collect::<anyhow::Result<Vec<_>>>()?;
        spare_inputs(&self.output, std::slice::from_ref(&self.result))?;
        let mut outputs = Outputs::new();
        let mut reports: Vec<&dyn Report> = Vec::new();
        for (path, report) in files {
            outputs.add_file(Path::new(path), report, &in_files)?;
            reports.push(report);
        }
        let default = if reports.is_empty() { "table" } else { "none" };
        if let Some(report) = report::by_name(self.format.as_deref().unwrap_or(default)) {
            outputs.add_stdout(report, &options)?;
            reports.push(report);
        }
        Ok((outputs, detail(&reports)))
    }
}
