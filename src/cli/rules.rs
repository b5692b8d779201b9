//! `speur rules`: the detectors that there are, and what one does.

use std::fmt::Write as _;
use std::io::{self, Write};

use anyhow::bail;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::fail_on::nearest;
use super::options::RuleOptions;
use super::{Outcome, list_formats, stdout_width};
use crate::report::{Cell, Grid, Track, escaped, wrapped};
use crate::rule::{Check, Example, Find, Rule, RuleSet};

/// Show the detectors: which there are, and what one looks for
#[derive(Debug, Args)]
pub struct RulesArgs {
    #[command(subcommand)]
    command: RulesCommand,
}

#[derive(Debug, Subcommand)]
enum RulesCommand {
    /// List detectors: id, category, country, name
    List {
        #[command(flatten)]
        rules: RuleOptions,
        /// How the list is printed
        #[arg(short, long, value_name = "FMT", default_value = "table", value_parser = list_formats())]
        format: String,
    },
    /// Show what a detector looks for, how it checks, and what it is based on
    Show {
        /// The detector's id, such as `email`
        #[arg(value_name = "ID")]
        id: String,
        #[command(flatten)]
        rules: RuleOptions,
    },
}

impl RulesArgs {
    /// Prints what was asked for.
    pub fn run(self) -> anyhow::Result<Outcome> {
        let text = match self.command {
            RulesCommand::List { rules, format } => {
                let rules = RuleSet::load(&rules.selection())?.rules;
                if format == "json" {
                    json(&rules)?
                } else {
                    table(&rules)
                }
            }
            RulesCommand::Show { id, rules } => {
                let rules = RuleSet::load(&rules.selection())?.rules;
                match rules.iter().find(|rule| rule.id == id) {
                    Some(rule) => facts(rule, stdout_width()),
                    None => match nearest(&id, rules.iter().map(|rule| rule.id.as_str())) {
                        Some(near) => bail!("unknown detector `{id}`; did you mean `{near}`?"),
                        None => bail!("unknown detector `{id}`; `speur rules list` shows all"),
                    },
                }
            }
        };
        io::stdout().write_all(text.as_bytes())?;
        io::stdout().flush()?;
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
}

impl<'a> Entry<'a> {
    fn of(rule: &'a Rule) -> Self {
        Self {
            id: &rule.id,
            category: rule.category.name(),
            country: country(&rule.id),
            name: &rule.name,
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

/// Everything about a detector that helps to judge what it finds.
fn facts(rule: &Rule, width: usize) -> String {
    let mut facts = Facts {
        text: String::new(),
        width: width.max(60),
    };
    let _ = writeln!(
        facts.text,
        "{} · {}",
        escaped(&rule.id),
        escaped(&rule.name)
    );
    facts.add("category", &[rule.category.name()]);
    facts.add("country", &[country(&rule.id).unwrap_or_default()]);
    facts.add("about", &[&rule.about]);
    facts.add(
        "looks like",
        &rule.find.iter().map(pattern).collect::<Vec<_>>(),
    );
    facts.add(
        "must pass",
        &rule.check.iter().map(check).collect::<Vec<_>>(),
    );
    if !rule.check.is_empty() {
        let share = format!(
            "{:.3}% of random values of this shape",
            rule.chance.0 * 100.0
        );
        facts.add("by chance", &[share]);
    }
    facts.add("headers", &[rule.header.join(", ")]);
    facts.add("not headers", &[rule.not_header.join(", ")]);
    facts.add("words nearby", &[rule.near.join(", ")]);
    facts.add("looks like it", &[rule.rivals.join(", ")]);
    facts.add(
        "found",
        &rule
            .examples
            .matches
            .iter()
            .map(example)
            .collect::<Vec<_>>(),
    );
    facts.add(
        "not found",
        &rule.examples.skip.iter().map(example).collect::<Vec<_>>(),
    );
    facts.add("sources", &rule.sources);
    facts.text
}

struct Facts {
    text: String,
    width: usize,
}

impl Facts {
    /// A name and its lines; nothing where all lines are empty.
    fn add<T: AsRef<str>>(&mut self, name: &str, lines: &[T]) {
        const NAME: usize = 15;
        let lines = lines.iter().map(|line| escaped(line.as_ref().trim()));
        let lines: Vec<_> = lines
            .filter(|line| !line.is_empty())
            .flat_map(|line| wrapped(&line, self.width - NAME))
            .collect();
        for (index, line) in lines.iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            let _ = writeln!(self.text, "{name:<NAME$}{line}");
        }
    }
}

fn pattern(find: &Find) -> &str {
    match find {
        Find::Pattern(pattern) => pattern,
        Find::Form(form) => &form.pattern,
    }
}

fn check(check: &Check) -> String {
    match check {
        Check::Named(name) => format!("the check `{name}`"),
        Check::Weighted { weighted } => {
            let weights: Vec<_> = weighted.weights.iter().map(ToString::to_string).collect();
            format!(
                "a sum with weights {} modulo {}",
                weights.join(" "),
                weighted.modulus
            )
        }
        Check::Words { words } if words.required => format!("a word of the list `{}`", words.list),
        Check::Words { words } => format!("not required: a word of the list `{}`", words.list),
    }
}

fn example(example: &Example) -> String {
    match example {
        Example::Text(text) => text.clone(),
        Example::Column { header, values } => {
            let header = header.as_deref().unwrap_or("without a header");
            format!("column {header}: {}", values.join(", "))
        }
    }
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
