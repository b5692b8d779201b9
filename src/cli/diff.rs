//! `speur diff`: what changed between two saved results.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use clap::builder::PossibleValuesParser;

use super::Outcome;
use super::options::LanguageOption;
use crate::compare::{self, FORMATS, Look};

/// What is new, gone, renamed, moved or changed between two saved results
///
/// Columns are matched by their place, and then by their content: for that, both scans must have had the same
/// --key-file. Then a renamed column is found again, and values that were lost or duplicated are counted.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  speur scan old/ -o before.parquet -f none --key-file key
  speur scan new/ -o after.parquet -f none --key-file key
  speur diff before.parquet after.parquet
      what the migration changed, on the screen
  speur diff before.parquet after.parquet -o diff.html -o diff.md --lang nl
      the same as documents, in Dutch

Exit status: 0 when nothing differs, 1 when something does, 2 when a result can't be read.")]
pub struct DiffArgs {
    /// The saved result before
    #[arg(value_name = "BEFORE")]
    before: PathBuf,

    /// The saved result after
    #[arg(value_name = "AFTER")]
    after: PathBuf,

    /// What goes to standard output; `table` where no file is written
    #[arg(short, long, value_name = "FMT", value_parser = PossibleValuesParser::new(FORMATS))]
    format: Option<String>,

    /// Write the comparison to a file, in the format of its extension: .txt .json .md .html; may repeat
    #[arg(short, long, value_name = "FILE")]
    output: Vec<PathBuf>,

    /// List changes of columns without personal data, too
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    language: LanguageOption,
}

impl DiffArgs {
    /// Compares.
    pub fn run(self) -> anyhow::Result<Outcome> {
        let formats = self
            .output
            .iter()
            .map(|path| {
                let extension = path.extension().unwrap_or_default().to_string_lossy();
                Ok(match &*extension.to_lowercase() {
                    "txt" => "table",
                    "json" => "json",
                    "md" | "markdown" => "markdown",
                    "html" | "htm" => "html",
                    _ => bail!(
                        "-o {}: a comparison is written as .txt .json .md or .html",
                        path.display()
                    ),
                })
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        super::outputs::spare_inputs(&self.output, &[self.before.clone(), self.after.clone()])?;
        let comparison = compare::compare(&self.before, &self.after)?;
        let look = Look {
            all: self.all,
            lang: self.language.lang(),
        };
        for (path, format) in self.output.iter().zip(formats) {
            let mut text = Vec::new();
            compare::write(&comparison, format, look, &mut text)?;
            fs::write(path, text).with_context(|| format!("-o {}", path.display()))?;
        }
        if self.output.is_empty() || self.format.is_some() {
            let mut stdout = io::BufWriter::new(io::stdout());
            let format = self.format.as_deref().unwrap_or("table");
            let written = compare::write(&comparison, format, look, &mut stdout)
                .and_then(|()| stdout.flush());
            match written {
                // Nobody reads any more, but somebody may wait for the exit status.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                result => result?,
            }
        }
        Ok(if comparison.changes.is_empty() {
            Outcome::Done
        } else {
            Outcome::Met
        })
    }
}
