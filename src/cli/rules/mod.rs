//! `speur rules`: the detectors that there are, what one does, and help with writing one.

use std::fmt::Write as _;
use std::io::{self, Write};

use anyhow::bail;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::fail_on::nearest;
use super::options::RuleOptions;
use super::{Outcome, list_formats};
use crate::report::{Cell, Grid, Track, escaped};
use crate::rule::{Rule, RuleSet};

mod check;
mod import;
mod new;
mod show;

/// Look at detectors, and write your own: list, show, check, test, new, schema, import
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  speur rules list --category national-id --country nl,be
  speur rules show nl-bsn
  speur rules new loyalty-number > my-rules/loyalty-number.yaml
  speur rules check my-rules/ && speur rules test my-rules/")]
pub struct RulesArgs {
    #[command(subcommand)]
    command: RulesCommand,
}

#[derive(Debug, Subcommand)]
enum RulesCommand {
    List(ListArgs),
    Show(show::ShowArgs),
    Check(check::CheckArgs),
    Test(check::TestArgs),
    New(new::NewArgs),
    Schema(new::SchemaArgs),
    Import(import::ImportArgs),
}

impl RulesArgs {
    /// Does what was asked for.
    pub fn run(self) -> anyhow::Result<Outcome> {
        match self.command {
            RulesCommand::List(args) => args.run(),
            RulesCommand::Show(args) => args.run(),
            RulesCommand::Check(args) => args.run(),
            RulesCommand::Test(args) => args.run(),
            RulesCommand::New(args) => args.run(),
            RulesCommand::Schema(_) => new::SchemaArgs::run(),
            RulesCommand::Import(args) => args.run(),
        }
    }
}

/// Prints to standard output.
fn print(text: &str) -> anyhow::Result<()> {
    io::stdout().write_all(text.as_bytes())?;
    io::stdout().flush()?;
    Ok(())
}

/// List detectors: id, category, country, name
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  speur rules list
  speur rules list --category national-id,special --country nl,none
  speur rules list -f json | jq -r '.[].id'
  speur rules list --rules my-rules/ --no-default-rules")]
struct ListArgs {
    /// Only detectors of these categories
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    category: Vec<String>,
    /// Only detectors of these countries, by ISO 3166 code; `none` for those of no country
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    country: Vec<String>,
    #[command(flatten)]
    rules: RuleOptions,
    /// How the list is printed
    #[arg(short, long, value_name = "FMT", default_value = "table", value_parser = list_formats())]
    format: String,
}

impl ListArgs {
    fn run(self) -> anyhow::Result<Outcome> {
        let mut rules = RuleSet::load(&self.rules.selection())?.rules;
        let known = |name: &String| rules.iter().any(|rule| rule.category.name() == name);
        if let Some(name) = self.category.iter().find(|name| !known(name)) {
            let names = rules.iter().map(|rule| rule.category.name());
            match nearest(name, names) {
                Some(near) => bail!("no detector of category `{name}`; did you mean `{near}`?"),
                None => bail!("no detector of category `{name}`"),
            }
        }
        let codes: Vec<String> = self
            .country
            .iter()
            .map(|code| code.to_uppercase())
            .collect();
        rules.retain(|rule| {
            let code = country(&rule.id).unwrap_or_else(|| "NONE".to_owned());
            (self.category.is_empty()
                || self
                    .category
                    .iter()
                    .any(|name| name == rule.category.name()))
                && (codes.is_empty() || codes.contains(&code))
        });
        print(&if self.format == "json" {
            json(&rules)?
        } else {
            table(&rules)
        })?;
        Ok(Outcome::Done)
    }
}

/// A detector in the list.
#[derive(Serialize)]
struct Entry<'a> {
    id: &'a str,
    category: &'a str,
    country: Option<String>,
    name: &'a str,
    about: &'a str,
    chance: f64,
    headers: &'a [String],
}

impl<'a> Entry<'a> {
    fn of(rule: &'a Rule) -> Self {
        Self {
            id: &rule.id,
            category: rule.category.name(),
            country: country(&rule.id),
            name: &rule.name,
            about: &rule.about,
            chance: rule.chance.0,
            headers: &rule.header,
        }
    }
}

/// The ISO 3166 code with which ids of country-specific detectors start, in upper case.
fn country(id: &str) -> Option<String> {
    let (code, _) = id.split_once('-')?;
    let is_code = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_lowercase());
    is_code.then(|| code.to_uppercase())
}

fn json(rules: &[Rule]) -> anyhow::Result<String> {
    let entries: Vec<_> = rules.iter().map(Entry::of).collect();
    Ok(serde_json::to_string_pretty(&entries)? + "\n")
}

fn table(rules: &[Rule]) -> String {
    let header = ["id", "category", "country", "name"]
        .map(Cell::new)
        .to_vec();
    let lines = rules.iter().map(Entry::of).map(|entry| {
        vec![
            Cell::new(escaped(entry.id)),
            Cell::new(entry.category),
            Cell::new(entry.country.unwrap_or_default()),
            Cell::new(escaped(entry.name)),
        ]
    });
    let lines: Vec<_> = std::iter::once(header).chain(lines).collect();
    let whole = || Track::text(usize::MAX);
    let mut grid = Grid::new(0, vec![whole(), whole(), whole(), whole()]);
    for line in &lines {
        grid.measure(line);
    }
    let mut text = String::new();
    for line in &lines {
        text += &grid.line(line, false);
        text.push('\n');
    }
    let _ = writeln!(text, "\n{} detectors", rules.len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_in_ids() {
        let countries = ["nl-bsn", "email", "mac-address", "ip4-x"].map(country);
        assert_eq!(countries, [Some("NL".to_owned()), None, None, None]);
    }
}
