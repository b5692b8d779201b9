//! `speur completions` and `speur man`: what a shell and `man` want to know, made from the command line itself.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Outcome;

/// Print completions for a shell
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  speur completions bash > ~/.local/share/bash-completion/completions/speur
  speur completions fish > ~/.config/fish/completions/speur.fish")]
pub struct CompletionsArgs {
    /// For which shell
    #[arg(value_enum)]
    shell: Shell,
}

impl CompletionsArgs {
    /// Prints them.
    pub fn run(self) -> anyhow::Result<Outcome> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut super::Args::command(), "speur", &mut text);
        print(&text)
    }
}

/// Print the man page, or write one for each command
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  speur man | man -l -
  speur man --out ~/.local/share/man/man1")]
pub struct ManArgs {
    /// Write speur.1, speur-scan.1 and so on to this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl ManArgs {
    /// Prints or writes them.
    pub fn run(self) -> anyhow::Result<Outcome> {
        let command = super::Args::command();
        let Some(dir) = self.out else {
            let mut text = Vec::new();
            clap_mangen::Man::new(command).render(&mut text)?;
            return print(&text);
        };
        fs::create_dir_all(&dir)
            .and_then(|()| clap_mangen::generate_to(command, &dir))
            .with_context(|| format!("man pages in {}", dir.display()))?;
        Ok(Outcome::Done)
    }
}

fn print(text: &[u8]) -> anyhow::Result<Outcome> {
    let mut stdout = io::stdout();
    stdout.write_all(text)?;
    stdout.flush()?;
    Ok(Outcome::Done)
}
