//! `speur bench import`: labelled texts of other tools as a corpus.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use crate::cli::Outcome;
use crate::quality::corpora::{conll, presidio};
use crate::quality::truth::truth_of;
use crate::report::escaped;

/// Turn another tool's labelled texts into a corpus: a text file and its truth
///
/// Only detectors that the texts are labelled for are judged. Labels without a detector are listed.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  speur bench import presidio synth_dataset.json -o corpus/synth.txt
  speur bench import conll eng.testb -o corpus/news.txt
  speur bench eval --corpus corpus")]
pub(super) struct ImportArgs {
    /// How the texts are labelled
    from: From,
    /// The labelled texts
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The text file to write; its truth goes beside it
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum From {
    /// JSON of Presidio's evaluation tools: `full_text` and `spans`
    Presidio,
    /// A token a line with its label last
    Conll,
}

impl ImportArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let shown = self.file.display().to_string();
        let text = fs::read_to_string(&self.file).with_context(|| shown.clone())?;
        let imported = match self.from {
            From::Presidio => presidio(&text),
            From::Conll => conll(&text),
        }
        .map_err(|what| anyhow::anyhow!("{shown}: {what}"))?;
        if imported.data.is_empty() {
            bail!("{shown}: there is no text in it");
        }
        let truth = truth_of(&self.output);
        fs::write(&self.output, &imported.data)
            .with_context(|| self.output.display().to_string())?;
        fs::write(&truth, &imported.truth).with_context(|| truth.display().to_string())?;
        let mut out = io::stdout();
        writeln!(out, "{} labels in {}", imported.labels, truth.display())?;
        for (entity, count) in &imported.lost {
            writeln!(
                out,
                "no detector for {}: {count} labels left out",
                escaped(entity)
            )?;
        }
        out.flush()?;
        Ok(Outcome::Done)
    }
}
