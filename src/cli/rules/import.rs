//! `speur rules import`: rules of other tools, as far as they can be said here.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use super::print;
use crate::cli::Outcome;
use crate::quality::import::{Imported, gitleaks, patterns, pdscan, presidio};
use crate::report::escaped;

/// Turn another tool's rules into rules, as far as they can be said, and list what did not carry over
///
/// Rules go into a folder, one file each; without --output they are printed. What did not carry over is listed on
/// standard error.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  speur rules import presidio recognizers.yaml -o my-rules/
  speur rules import gitleaks gitleaks.toml -o my-rules/
  speur rules check my-rules/")]
pub(super) struct ImportArgs {
    /// Whose rules they are
    tool: Tool,
    /// The file with its rules
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A folder to write the rules to
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Tool {
    /// Recognizers of Microsoft Presidio, YAML
    Presidio,
    /// Rules of gitleaks, TOML
    Gitleaks,
    /// Rules of pdscan: its source (rules.go), or YAML with `name: pattern`
    Pdscan,
    /// Names and patterns of hawk-eye: YAML with `name: pattern`
    #[value(alias = "hawk-eye")]
    Patterns,
}

impl ImportArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let shown = self.file.display().to_string();
        let text = fs::read_to_string(&self.file).with_context(|| shown.clone())?;
        let Imported { rules, lost } = match self.tool {
            Tool::Presidio => presidio(&text),
            Tool::Gitleaks => gitleaks(&text),
            Tool::Pdscan => pdscan(&text),
            Tool::Patterns => patterns(&text),
        }
        .map_err(|what| anyhow::anyhow!("{shown}: {what}"))?;
        for line in &lost {
            complain(line);
        }
        if rules.is_empty() {
            bail!("{shown}: no rule could be carried over");
        }
        let Some(folder) = &self.output else {
            let texts: Vec<&str> = rules.iter().map(|(_, text)| text.as_str()).collect();
            print(&texts.join("---\n"))?;
            return Ok(Outcome::Done);
        };
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        for (id, text) in &rules {
            let path = folder.join(format!("{id}.yaml"));
            fs::write(&path, text).with_context(|| path.display().to_string())?;
        }
        print(&format!(
            "{} rules in {}, {} remarks; `speur rules check` says what they lack\n",
            rules.len(),
            folder.display(),
            lost.len()
        ))?;
        Ok(Outcome::Done)
    }
}

fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "not carried over: {}", escaped(line));
}
