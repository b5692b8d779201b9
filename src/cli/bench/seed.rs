//! `speur bench seed`: recall measured on the user's own files.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::bail;
use clap::Args;

use super::sets::SetOptions;
use crate::cli::options::probability;
use crate::cli::{Outcome, list_formats};
use crate::quality::eval::show::{grid, with_interval};
use crate::quality::generate::Locale;
use crate::quality::seed::{self, Options};
use crate::report::escaped;

/// Measure recall on your own files: values of invented persons are planted in copies in memory
///
/// They take the place of values in the copies, in the same encoding, quoting and nesting, and the copies are packed as the files
/// were. The result says what share of them is found, by format, detector and place. Nothing is written to disk. Of a
/// file above 16 MiB the start is copied.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  speur bench seed exports/
  speur bench seed exports/crm.csv.gz --locale nl,de --values 200 -f json")]
pub(super) struct SeedArgs {
    /// Files and folders
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    sets: SetOptions,
    /// Values of each kind in each column that can take them; never more than a twentieth of a column
    #[arg(long, value_name = "N", default_value_t = 50)]
    values: usize,
    /// Countries whose persons are planted
    #[arg(long, value_enum, value_delimiter = ',', default_value = "nl")]
    locale: Vec<Locale>,
    /// Equal seeds plant equal values
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// From which confidence on a value counts as found
    #[arg(long, value_name = "P", default_value = "0.5", value_parser = probability)]
    threshold: f64,
    /// How the result is printed
    #[arg(short, long, value_name = "FMT", default_value = "table", value_parser = list_formats())]
    format: String,
}

impl SeedArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let mut sets = self.sets.sets()?;
        if sets.len() > 1 {
            bail!("`bench seed` measures one rule set; `bench eval` compares two");
        }
        let (_, rules) = sets.remove(0);
        let mut scan = self.sets.scan(rules, Vec::new());
        scan.min_confidence = self.threshold;
        let options = Options {
            values: self.values,
            locales: self.locale,
            seed: self.seed,
            threshold: self.threshold,
        };
        let outcome = seed::seed(&scan, &self.paths, &options)?;
        let text = if self.format == "json" {
            serde_json::to_string_pretty(&outcome)? + "\n"
        } else {
            table(&outcome)
        };
        io::stdout().write_all(text.as_bytes())?;
        io::stdout().flush()?;
        if outcome.files == 0 {
            bail!("no file took a planted value");
        }
        Ok(Outcome::Done)
    }
}

fn table(outcome: &seed::Outcome) -> String {
    let header = [
        "format", "detector", "where", "planted", "found", "recall %",
    ];
    let rows: Vec<Vec<String>> = outcome
        .recalls
        .iter()
        .map(|recall| {
            vec![
                recall.format.clone(),
                recall.detector.clone(),
                recall.place.to_owned(),
                recall.planted.to_string(),
                recall.found.to_string(),
                with_interval(recall.recall),
            ]
        })
        .collect();
    let mut text = grid(&header, &rows);
    let _ = writeln!(text, "\nplanted in copies of {} files", outcome.files);
    for file in &outcome.cut {
        let _ = writeln!(text, "only the start was copied: {}", escaped(file));
    }
    for (file, why) in &outcome.left_out {
        let _ = writeln!(text, "left out: {}: {}", escaped(file), escaped(why));
    }
    text
}
