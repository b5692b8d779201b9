//! `speur bench`: how well rule sets do, on labelled data and on the user's own.

use clap::{Args, Subcommand};

use super::Outcome;

mod compare;
mod eval;
mod fit;
mod import;
mod label;
mod seed;
mod sets;

/// Measure rule sets: precision, recall, calibration and speed, and how two of them differ
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  speur bench eval --corpus fixtures/labelled --rules default --rules my-rules/
  speur bench compare exports/ --rules my-rules/ --key-file key -f json > doubts.json
  speur bench label doubts.json --key-file key --labels labels.ndjson")]
pub struct BenchArgs {
    #[command(subcommand)]
    command: BenchCommand,
}

#[derive(Debug, Subcommand)]
enum BenchCommand {
    Eval(Box<eval::EvalArgs>),
    Fit(Box<fit::FitArgs>),
    Seed(Box<seed::SeedArgs>),
    Compare(Box<compare::CompareArgs>),
    Label(label::LabelArgs),
    Import(import::ImportArgs),
}

impl BenchArgs {
    /// Measures what was asked for.
    pub fn run(self) -> anyhow::Result<Outcome> {
        match self.command {
            BenchCommand::Eval(args) => args.run(),
            BenchCommand::Fit(args) => args.run(),
            BenchCommand::Seed(args) => args.run(),
            BenchCommand::Compare(args) => args.run(),
            BenchCommand::Label(args) => args.run(),
            BenchCommand::Import(args) => args.run(),
        }
    }
}
