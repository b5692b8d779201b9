//! `speur rules check` and `speur rules test`: what is wrong with rules, and whether their examples hold.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;

use super::print;
use crate::cli::Outcome;
use crate::quality::examples;
use crate::quality::lint;
use crate::report::escaped;
use crate::rule::{RuleSet, Selection, Source};
use crate::scan::Scan;

/// Rules of the user's own, and whether the built-in ones take part.
#[derive(Debug, Args)]
struct Own {
    /// A rule file, or a folder of them
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// Leave out the built-in rules
    #[arg(long)]
    no_default_rules: bool,
}

impl Own {
    fn selection(&self, paths: Vec<PathBuf>) -> Selection {
        Selection {
            builtin: !self.no_default_rules,
            paths,
            only: Vec::new(),
            skip: Vec::new(),
            weights: None,
        }
    }
}

/// Say what is wrong with rules, and what could be better
///
/// Each remark names file, line and column, and the remedy. Errors are what keeps a rule from loading. Warnings are about
/// rules that work but find less, cost more, or claim more than they should: among them chance rates, which are
/// measured on random values of the rule's shape.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  speur rules check my-rules/
  speur rules check my-rules/loyalty-number.yaml --strict

Exit status: 0 without errors, 2 with some; --strict makes warnings errors.")]
pub(super) struct CheckArgs {
    #[command(flatten)]
    own: Own,
    /// Take warnings for errors
    #[arg(long)]
    strict: bool,
}

impl CheckArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let sources = Source::at(&self.own.path)?;
        let whole = sources.iter().all(|source| source.rule.is_ok());
        let paths = if whole {
            vec![self.own.path.clone()]
        } else {
            vec![]
        };
        let others = RuleSet::load(&self.own.selection(paths))?;
        let remarks = lint::check(&sources, &others);
        let errors = remarks.iter().filter(|remark| remark.is_error).count();
        let warnings = remarks.len() - errors;
        let mut text = String::new();
        for remark in &remarks {
            let level = if remark.is_error { "error" } else { "warning" };
            let _ = writeln!(
                text,
                "{}: {level}: {}",
                escaped(&remark.place),
                escaped(&remark.what)
            );
            if !remark.line.trim().is_empty() {
                let _ = writeln!(text, "  | {}", escaped(remark.line.trim_end()));
            }
            if !remark.remedy.is_empty() {
                let _ = writeln!(text, "  = {}", remark.remedy);
            }
            text.push('\n');
        }
        let _ = writeln!(
            text,
            "{} rules, {errors} errors, {warnings} warnings",
            sources.len()
        );
        print(&text)?;
        Ok(if errors > 0 || (self.strict && warnings > 0) {
            Outcome::NotDone
        } else {
            Outcome::Done
        })
    }
}

/// Run the examples of rules, and say what was found where they don't hold
///
/// Exit status: 0 when all hold, 1 when some don't.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  speur rules test my-rules/
  speur rules test my-rules/loyalty-number.yaml --no-default-rules")]
pub(super) struct TestArgs {
    #[command(flatten)]
    own: Own,
}

impl TestArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let own = RuleSet::load(&Selection {
            builtin: false,
            ..self.own.selection(vec![self.own.path.clone()])
        })?;
        let all = RuleSet::load(&self.own.selection(vec![self.own.path.clone()]))?;
        let (count, failures) = examples::run(&own.rules, &Scan::of(Vec::new(), all))?;
        let mut text = String::new();
        for failure in &failures {
            let verb = if failure.wanted { "misses" } else { "takes" };
            let _ = writeln!(text, "{} {verb} {}", failure.id, escaped(&failure.example));
            let found = if failure.found.is_empty() {
                "nothing".to_owned()
            } else {
                failure.found.join(", ")
            };
            let _ = writeln!(text, "  found there: {found}\n");
        }
        let hold = match failures.len() {
            0 => "all of them hold".to_owned(),
            failing => format!("{failing} of them don't hold"),
        };
        let _ = writeln!(text, "{} rules, {count} examples, {hold}", own.rules.len());
        print(&text)?;
        Ok(if failures.is_empty() {
            Outcome::Done
        } else {
            Outcome::Met
        })
    }
}
