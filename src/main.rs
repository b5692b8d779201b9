//! The program: parses its arguments, runs one command, prints one error, returns an exit status.

use std::process::ExitCode;

use clap::Parser;
use speur::cli::{self, Args};

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help goes to standard output, which may be a pipe that closes early: that is no error.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match cli::run(args) {
        Ok(outcome) => outcome.into(),
        Err(error) if cli::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            cli::complain(&error);
            cli::Outcome::NotDone.into()
        }
    }
}
