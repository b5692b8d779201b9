//! The program: parses its arguments, runs one command, prints one error, returns an exit status.

use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use clap::Parser;
use speur::cli::{self, Args};

/// Many small files are many small allocations, made on one thread and freed on another.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Where the last panic was.
static PANICKED_AT: Mutex<Option<String>> = Mutex::new(None);

fn main() -> ExitCode {
    panic::set_hook(Box::new(note_panic));
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help goes to standard output, which may be a pipe that closes early: that is no error.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match panic::catch_unwind(AssertUnwindSafe(|| cli::run(args))) {
        Ok(Ok(outcome)) => outcome.into(),
        Ok(Err(error)) if cli::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            cli::complain(&error);
            cli::Outcome::NotDone.into()
        }
        Err(_) => {
            let place = PANICKED_AT.lock().unwrap_or_else(PoisonError::into_inner);
            let place = place.as_deref().unwrap_or("an unknown place");
            cli::complain(&anyhow::anyhow!(
                "internal error at {place}; please report it"
            ));
            cli::Outcome::NotDone.into()
        }
    }
}

/// Says nothing: a panic in a decoder becomes a problem of its input, and what it says may quote the data.
fn note_panic(info: &panic::PanicHookInfo<'_>) {
    let place = info
        .location()
        .map(|place| format!("{}:{}", place.file(), place.line()));
    *PANICKED_AT.lock().unwrap_or_else(PoisonError::into_inner) = place;
}
