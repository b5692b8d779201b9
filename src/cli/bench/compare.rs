//! `speur bench compare`: two rule sets on the user's own, unlabelled data.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::bail;
use clap::Args;

use super::sets::SetOptions;
use crate::cli::options::{key, probability};
use crate::cli::{Outcome, list_formats};
use crate::quality::compare::{Comparison, compare};
use crate::quality::labels::Labels;
use crate::report::{counted, escaped};

/// Compare two rule sets on your own data: what one finds and the other lacks
///
/// Findings that both have need no judgement; those of one alone are listed by column, with masked examples. With --labels,
/// what `speur bench label` was told before is counted.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  speur bench compare exports/ --rules default --rules my-rules/
  speur bench compare exports/ --rules my-rules/ --key-file key -f json > doubts.json
  speur bench label doubts.json --key-file key --labels labels.ndjson
  speur bench compare exports/ --rules my-rules/ --key-file key --labels labels.ndjson")]
pub(super) struct CompareArgs {
    /// Files and folders
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    sets: SetOptions,
    /// Findings of at least this confidence count
    #[arg(long, value_name = "P", default_value = "0.5", value_parser = probability)]
    threshold: f64,
    /// The key (32 bytes or more) of the fingerprints under which judgements are kept
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Judgements made with `speur bench label`
    #[arg(long, value_name = "FILE", requires = "key_file")]
    labels: Option<PathBuf>,
    /// How the result is printed
    #[arg(short, long, value_name = "FMT", default_value = "table", value_parser = list_formats())]
    format: String,
}

impl CompareArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let mut sets = self.sets.sets()?;
        if let [(name, _)] = &sets[..] {
            if name == "default rules" {
                bail!("compare the built-in rules with what? give --rules PATH");
            }
            sets.insert(0, self.sets.default()?);
        }
        let Ok(sets) = <[_; 2]>::try_from(sets) else {
            bail!("two rule sets can be compared; give --rules once or twice");
        };
        let key = self.key_file.as_deref().map(key).transpose()?;
        let labels = match (&self.labels, &key) {
            (Some(path), Some(key)) => Labels::load(path, key)?,
            _ => Labels::default(),
        };
        // Without a key of the user's, fingerprints only have to agree between the scans of this run.
        let key = key.unwrap_or([0; 32]);
        let comparison = compare(sets, &self.paths, &labels, |rules, paths| {
            let mut scan = self.sets.scan(rules, paths);
            scan.min_confidence = self.threshold;
            scan.key = Some(key);
            scan
        })?;
        let text = if self.format == "json" {
            serde_json::to_string_pretty(&self.shown(comparison.clone()))? + "\n"
        } else {
            table(&comparison)
        };
        io::stdout().write_all(text.as_bytes())?;
        io::stdout().flush()?;
        Ok(if comparison.unread.is_empty() {
            Outcome::Done
        } else {
            Outcome::Incomplete
        })
    }

    /// Fingerprints under no key of the user's could be looked up by anyone, so they are not shown.
    fn shown(&self, mut comparison: Comparison) -> Comparison {
        if self.key_file.is_none() {
            let columns = comparison.columns.iter_mut();
            for example in columns.flat_map(|only| &mut only.examples) {
                example.fingerprint.clear();
            }
        }
        comparison
    }
}

fn table(comparison: &Comparison) -> String {
    let mut text = format!(
        "{} findings of both; {} of {} alone, {} of {} alone\n",
        counted(comparison.common),
        counted(comparison.only_a),
        escaped(&comparison.a),
        counted(comparison.only_b),
        escaped(&comparison.b)
    );
    for only in &comparison.columns {
        let parts = [
            Some(only.file.as_str()),
            only.table.as_deref(),
            only.column.as_deref(),
        ];
        let place: Vec<_> = parts.into_iter().flatten().map(escaped).collect();
        let _ = writeln!(
            text,
            "\n{} · {}\n  {} alone: {} findings{}",
            place.join(" · "),
            only.detector,
            escaped(&only.set),
            counted(only.findings),
            if only.is_new_column {
                ", the other finds none here"
            } else {
                ""
            }
        );
        if only.right + only.wrong > 0 {
            let _ = writeln!(
                text,
                "  judged before: {} right, {} wrong",
                only.right, only.wrong
            );
        }
        for example in &only.examples {
            let _ = writeln!(
                text,
                "    {:.3}  {}  row {}  {}",
                example.confidence,
                escaped(&example.masked),
                example.row,
                escaped(&example.evidence.join("; "))
            );
        }
    }
    for (file, why) in &comparison.unread {
        let _ = writeln!(
            text,
            "\nnot read in full: {}: {}",
            escaped(file),
            escaped(why)
        );
    }
    text
}
