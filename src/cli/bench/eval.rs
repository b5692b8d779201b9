//! `speur bench eval`: precision, recall, calibration and speed on labelled data.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use clap::builder::PossibleValuesParser;

use super::sets::SetOptions;
use crate::cli::Outcome;
use crate::cli::options::probability;
use crate::quality::eval::cache::Cache;
use crate::quality::eval::evaluate;
use crate::quality::eval::outcome::Labelled;
use crate::quality::eval::profile::profile;
use crate::quality::eval::show::{Document, Style};
use crate::quality::eval::versus::versus;
use crate::quality::truth::Corpus;

/// Measure one rule set, or two side by side, on labelled data
///
/// A corpus is a folder of data files, each with its truth beside it; docs/CORPUS.md describes the format, and
/// `speur generate` makes both. Figures are those of cells, and of columns: a column counts as found when at least one
/// finding in it reaches the threshold.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  speur bench eval --corpus fixtures/labelled
  speur bench eval --corpus corpus/ --rules default --rules my-rules/
  speur bench eval --corpus corpus/ -f json -o result.html")]
pub(super) struct EvalArgs {
    /// A folder of labelled data, or one data file; may repeat
    #[arg(long, value_name = "DIR", required = true)]
    corpus: Vec<PathBuf>,
    #[command(flatten)]
    sets: SetOptions,
    /// Findings of at least this confidence count
    #[arg(long, value_name = "P", default_value = "0.5", value_parser = probability)]
    threshold: f64,
    /// Say what each rule costs, measured on a sample of the corpus
    #[arg(long)]
    profile: bool,
    /// Keep what came of each file here, and take what is known from there [default: in the cache folder of the platform]
    ///
    /// What is kept are numbers and masked examples, under a hash of the file, its truth, the rules, the weights and the program.
    #[arg(long, value_name = "DIR", conflicts_with = "no_cache")]
    cache: Option<PathBuf>,
    /// Scan everything, and keep nothing
    #[arg(long)]
    no_cache: bool,
    /// How the result is printed
    #[arg(short, long, value_name = "FMT", default_value = "table",
        value_parser = PossibleValuesParser::new(["table", "json", "md", "html", "none"]))]
    format: String,
    /// Write it to a file, too, in the format of its extension: txt json md html; may repeat
    #[arg(short, long, value_name = "FILE")]
    output: Vec<PathBuf>,
}

impl EvalArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let outputs = self.outputs()?;
        if self.sets.is_too_many() {
            bail!("two rule sets can be compared, not more");
        }
        let cache = self.cache();
        let mut labelled = Labelled::load(Corpus::open(&self.corpus)?)?;
        let mut evaluations = Vec::new();
        for (name, rules) in self.sets.sets()? {
            let scan = self.sets.scan(rules.clone(), Vec::new());
            let mut evaluation =
                evaluate(&name, scan, &mut labelled, self.threshold, cache.as_ref())?;
            if self.profile {
                evaluation.speed.rules = profile(&rules, &labelled)?;
            }
            evaluations.push(evaluation);
        }
        let is_incomplete = evaluations.iter().any(|one| !one.unread.is_empty());
        let versus = match &evaluations[..] {
            [a, b] => Some(versus(a, b, &labelled)),
            _ => None,
        };
        let document = Document {
            evaluations,
            versus,
        };
        for (path, style) in outputs {
            fs::write(&path, document.written(style))
                .with_context(|| path.display().to_string())?;
        }
        let style = match self.format.as_str() {
            "none" => None,
            "table" => Some(Style::Table),
            extension => Style::of_extension(extension),
        };
        if let Some(style) = style {
            io::stdout().write_all(document.written(style).as_bytes())?;
            io::stdout().flush()?;
        }
        Ok(if is_incomplete {
            Outcome::Incomplete
        } else {
            Outcome::Done
        })
    }

    /// What is known already; nothing where there is no place for it.
    fn cache(&self) -> Option<Cache> {
        if self.no_cache {
            return None;
        }
        let folder = self.cache.clone().or_else(Cache::usual_folder)?;
        Cache::at(folder).ok()
    }

    fn outputs(&self) -> anyhow::Result<Vec<(PathBuf, Style)>> {
        self.output
            .iter()
            .map(|path| {
                let extension = path.extension().unwrap_or_default().to_string_lossy();
                let style = Style::of_extension(&extension).with_context(|| {
                    format!(
                        "{}: known extensions are txt, json, md and html",
                        path.display()
                    )
                })?;
                Ok((path.clone(), style))
            })
            .collect()
    }
}
