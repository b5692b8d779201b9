//! The command line: the list of commands, option groups that several share, and exit statuses.
//!
//! Each command is a file with its arguments (what was typed) and `run`, which makes from them what the library needs.
//! Only here is `anyhow` used, to add the context that a user needs. To add a command: one file beside this one, its
//! `mod` line and its entry in `Command`.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, Styles, styling::AnsiColor};
use clap::{Parser, Subcommand, ValueEnum};

use crate::error::Error;
use crate::report::escaped_lines;

pub mod bench;
pub mod diff;
mod epoch;
mod explain;
pub mod fail_on;
pub mod generate;
pub mod options;
pub mod outputs;
pub mod progress;
pub mod report;
pub mod rules;
pub mod scan;
pub mod shell;

/// Finds personal data in exports, archives and backups, and reports where it lives.
#[derive(Debug, Parser)]
#[command(name = "speur", version, styles = STYLES, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "`speur COMMAND --help` explains a command and shows examples.")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default())
    .placeholder(AnsiColor::Cyan.on_default());

#[derive(Debug, Subcommand)]
enum Command {
    Scan(Box<scan::ScanArgs>),
    Report(report::ReportArgs),
    Diff(diff::DiffArgs),
    Rules(rules::RulesArgs),
    Bench(bench::BenchArgs),
    Generate(generate::GenerateArgs),
    Completions(shell::CompletionsArgs),
    Man(shell::ManArgs),
}

/// Runs what was asked for.
pub fn run(args: Args) -> anyhow::Result<Outcome> {
    match args.command {
        Command::Scan(args) => args.run(),
        Command::Report(args) => args.run(),
        Command::Diff(args) => args.run(),
        Command::Rules(args) => args.run(),
        Command::Bench(args) => args.run(),
        Command::Generate(args) => args.run(),
        Command::Completions(args) => args.run(),
        Command::Man(args) => args.run(),
    }
}

/// How a command ended; its number is the exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Outcome {
    /// All was read.
    Done = 0,
    /// All was read, and what `--fail-on` names was found.
    Met = 1,
    /// Wrong usage, bad rules, or nothing could be read.
    NotDone = 2,
    /// Some input could not be read in full.
    Incomplete = 3,
    /// Both: some input could not be read in full, and what `--fail-on` names was found.
    IncompleteAndMet = 4,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        ExitCode::from(outcome as u8)
    }
}

/// Whether an error only says that the reader of our output went away, as `| head` does.
pub fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<io::Error>();
        io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
            || cause
                .downcast_ref::<Error>()
                .is_some_and(Error::is_closed_pipe)
    })
}

/// Prints the error that ends the program.
pub fn complain(error: &anyhow::Error) {
    let message = escaped_lines(&format!("{error:#}"));
    let _ = writeln!(io::stderr(), "speur: {message}");
}

/// `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Even into a file or pipe.
    Always,
    /// No escape sequences at all.
    Never,
}

impl Color {
    /// Whether standard output gets colour.
    fn on_stdout(self) -> bool {
        match self {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let choice = anstream::AutoStream::choice(&io::stdout());
                choice != anstream::ColorChoice::Never
            }
        }
    }
}

/// How wide a line of standard output is: what `COLUMNS` says, else as wide as the terminal, and 100 where it is none.
fn stdout_width() -> usize {
    let asked = std::env::var("COLUMNS").ok();
    let asked = asked.and_then(|columns| columns.trim().parse().ok());
    if let Some(columns) = asked.filter(|columns| (20..=1000).contains(columns)) {
        return columns;
    }
    let stdout = io::stdout();
    let size = stdout
        .is_terminal()
        .then(|| terminal_size::terminal_size_of(&stdout));
    size.flatten()
        .map_or(100, |(width, _)| usize::from(width.0))
}

/// The two formats of commands that print a list.
fn list_formats() -> PossibleValuesParser {
    PossibleValuesParser::new(["table", "json"])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn every_command_shows_examples() {
        fn without(command: &clap::Command) -> Vec<String> {
            let help = command.get_after_long_help().map(ToString::to_string);
            let lacks = !help.is_some_and(|help| help.contains("Examples:"));
            let own = lacks.then(|| command.get_name().to_owned());
            let below = command.get_subcommands().flat_map(without);
            own.into_iter().chain(below).collect()
        }
        // The program itself sends the reader to its commands.
        assert_eq!(without(&Args::command()), ["speur"]);
    }

    /// Long options in a text, without their dashes.
    fn options_in(text: &str) -> BTreeSet<String> {
        let pattern = regex::Regex::new(r"[\s`(]--([a-z][a-z-]+)").unwrap();
        pattern
            .captures_iter(text)
            .map(|found| found[1].to_owned())
            .collect()
    }

    fn options_of(command: &clap::Command) -> BTreeSet<String> {
        let own = command
            .get_arguments()
            .filter_map(clap::Arg::get_long)
            .map(str::to_owned);
        own.chain(command.get_subcommands().flat_map(options_of))
            .collect()
    }

    #[test]
    fn options_are_those_of_the_interface() {
        let interface = include_str!("../../docs/INTERFACE.md");
        let start = interface.find("## `speur scan`").unwrap();
        let section = &interface[start..];
        let section = &section[..section.find("Exit status:").unwrap()];
        let offered = options_of(Args::command().find_subcommand("scan").unwrap());
        assert_eq!(offered, options_in(section));
    }

    #[test]
    fn the_readme_shows_options_that_are_there() {
        let readme = include_str!("../../README.md");
        let offered = options_of(&Args::command());
        let cargo = ["release", "path", "features"].map(str::to_owned);
        let shown = options_in(readme)
            .into_iter()
            .filter(|option| !cargo.contains(option));
        let unknown: Vec<_> = shown.filter(|option| !offered.contains(option)).collect();
        assert_eq!(unknown, ["help"]);
    }

    #[test]
    fn a_closed_pipe_is_seen_through_its_context() {
        let closed = || io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(is_closed_pipe(
            &anyhow::Error::new(Error::from(closed())).context("writing")
        ));
        assert!(is_closed_pipe(&anyhow::Error::new(closed())));
        assert!(!is_closed_pipe(&anyhow::anyhow!("broken pipe")));
    }
}
