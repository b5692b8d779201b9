//! `speur bench fit`: the weights of evidence, refitted on labelled data.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;

use super::sets::SetOptions;
use crate::cli::Outcome;
use crate::quality::eval::outcome::Labelled;
use crate::quality::fit::{fit, summary, yaml};
use crate::quality::truth::Corpus;

/// Refit the weights of evidence and the calibration on labelled data, with cross-validation
///
/// Weights are looked for near the present ones: each is pulled back to where it is, keeps its sign and its bounds, and moves
/// only where the data gain from it. Files are dealt to folds; each fold is judged with weights that were fitted without it. The
/// result is a YAML file with all weights and what was measured; where the files that were held out are judged no better, it
/// has the weights as they were, and says so.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  speur bench fit --corpus corpus/ -o weights.yaml
  speur bench eval --corpus other/ --weights default --weights weights.yaml
  speur scan exports/ --weights weights.yaml")]
pub(super) struct FitArgs {
    /// A folder of labelled data, or one data file; may repeat
    #[arg(long, value_name = "DIR", required = true)]
    corpus: Vec<PathBuf>,
    #[command(flatten)]
    sets: SetOptions,
    /// How many folds the files are dealt to
    #[arg(long, value_name = "N", default_value_t = 5)]
    folds: usize,
    /// Write the weights to this file, and to standard output what came of it; else they go there
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Say nothing of how far it is on standard error
    #[arg(short, long)]
    quiet: bool,
}

impl FitArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let mut sets = self.sets.sets()?;
        if sets.len() > 1 {
            bail!(
                "`bench fit` fits the weights of one rule set, starting from one file of weights"
            );
        }
        let (_, rules) = sets.remove(0);
        let labelled = Labelled::load(Corpus::open(&self.corpus)?)?;
        let scan_of = |rules| self.sets.scan(rules, Vec::new());
        let mut say = |what: &str| {
            if !self.quiet {
                // Nothing depends on whether anyone reads it.
                let _ = writeln!(io::stderr(), "fitting: {what}");
            }
        };
        let fitted = fit(&rules, labelled, self.folds, scan_of, &mut say)?;
        let text = match &self.output {
            Some(path) => {
                fs::write(path, yaml(&fitted)).with_context(|| path.display().to_string())?;
                summary(&fitted)
            }
            None => yaml(&fitted),
        };
        io::stdout().write_all(text.as_bytes())?;
        io::stdout().flush()?;
        Ok(Outcome::Done)
    }
}
