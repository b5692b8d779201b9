//! `speur bench`: how well rule sets do, on labelled data and on the user's own.

use clap::{Args, Subcommand};

use super::Outcome;

mod eval;
mod sets;

/// Measure rule sets: precision, recall, calibration and speed, and how two of them differ
#[derive(Debug, Args)]
pub struct BenchArgs {
    #[command(subcommand)]
    command: BenchCommand,
}

#[derive(Debug, Subcommand)]
enum BenchCommand {
    Eval(Box<eval::EvalArgs>),
}

impl BenchArgs {
    /// Measures what was asked for.
    pub fn run(self) -> anyhow::Result<Outcome> {
        match self.command {
            BenchCommand::Eval(args) => args.run(),
        }
    }
}
