//! `speur bench label`: a person's judgements of findings, one after the other.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, BufRead, Write};
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::Value;

use crate::cli::Outcome;
use crate::cli::options::key;
use crate::quality::labels::Labels;
use crate::report::escaped;

/// Judge findings one after the other, and keep the judgements
///
/// Reads the JSON of `speur bench compare`, or a scan's NDJSON, made with the same key; asks for each value and detector
/// that has no judgement yet: y for right, n for wrong, s to skip, q to stop. What is kept are keyed fingerprints, never values.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  speur bench compare exports/ --rules my-rules/ --key-file key -f json > doubts.json
  speur bench label doubts.json --key-file key --labels labels.ndjson
  speur scan exports/ --key-file key -o result.ndjson -f none
  speur bench label result.ndjson --key-file key --labels labels.ndjson")]
pub(super) struct LabelArgs {
    /// The result whose findings to judge
    #[arg(value_name = "RESULT")]
    result: PathBuf,
    /// The key with which it was made
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    /// Where judgements are kept; it grows
    #[arg(long, value_name = "FILE")]
    labels: PathBuf,
}

/// What is asked about.
struct Question {
    fingerprint: String,
    detector: String,
    shown: String,
}

impl LabelArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let key = key(&self.key_file)?;
        let mut labels = Labels::load(&self.labels, &key)?;
        let shown = self.result.display().to_string();
        let text = fs::read_to_string(&self.result).with_context(|| shown.clone())?;
        let questions = questions(&text).with_context(|| shown.clone())?;
        if questions.is_empty() {
            bail!("{shown}: no finding with a fingerprint; make the result with --key-file");
        }
        let mut seen = BTreeSet::new();
        let mut answers = io::stdin().lock().lines();
        let mut out = io::stdout();
        for question in questions {
            let Question {
                fingerprint,
                detector,
                shown,
            } = question;
            let is_new = seen.insert((fingerprint.clone(), detector.clone()));
            if !is_new || labels.judged(&fingerprint, &detector).is_some() {
                continue;
            }
            write!(out, "{}\n{detector}? [y/n/s/q] ", escaped(&shown))?;
            out.flush()?;
            match answers.next().transpose()?.as_deref().map(str::trim) {
                Some("y") => labels.judge(&fingerprint, &detector, true),
                Some("n") => labels.judge(&fingerprint, &detector, false),
                None | Some("q") => break,
                Some(_) => continue,
            }
            // Kept at once: an evening's work must not hang on how the program ends.
            labels.save(&self.labels)?;
        }
        writeln!(
            out,
            "\n{} judgements in {}",
            labels.len(),
            self.labels.display()
        )?;
        Ok(Outcome::Done)
    }
}

/// The findings of a comparison or of a scan's NDJSON.
fn questions(text: &str) -> anyhow::Result<Vec<Question>> {
    if let Ok(document) = serde_json::from_str::<Value>(text)
        && let Some(columns) = document["columns"].as_array()
    {
        let examples = columns.iter().flat_map(|only| {
            let examples = only["examples"].as_array().into_iter().flatten();
            examples.filter_map(move |example| question(example, only))
        });
        return Ok(examples.collect());
    }
    let mut list = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let record: Value = serde_json::from_str(line).context("neither JSON nor NDJSON")?;
        if record["type"] == "finding" {
            list.extend(question(&record, &record));
        }
    }
    Ok(list)
}

/// A finding as a question; `place` says where it is.
fn question(finding: &Value, place: &Value) -> Option<Question> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let fingerprint = text(&finding["fingerprint"]);
    let evidence = finding["evidence"].as_array().into_iter().flatten();
    let evidence: Vec<String> = evidence.map(text).collect();
    let place_names = ["file", "table", "column"].map(|name| text(&place[name]));
    let names: Vec<&str> = place_names
        .iter()
        .map(String::as_str)
        .filter(|name| !name.is_empty())
        .collect();
    (!fingerprint.is_empty()).then(|| Question {
        fingerprint,
        detector: text(&place["detector"]),
        shown: format!(
            "{}  {}  ({})",
            text(&finding["masked"]),
            names.join(" · "),
            evidence.join("; ")
        ),
    })
}
