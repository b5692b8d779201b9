//! `speur rules show`: a detector explained for people, with its examples scored.

use std::fmt::Write as _;

use anyhow::bail;
use clap::Args;

use super::{country, nearest, print};
use crate::cli::options::RuleOptions;
use crate::cli::{Outcome, stdout_width};
use crate::quality::examples::{explained, shown};
use crate::quality::explain::{steps, sum};
use crate::report::{escaped, wrapped};
use crate::rule::{Check, Find, Rule, RuleSet, Scope, Weights};
use crate::scan::Scan;

/// Show what a detector looks for, how it checks, and how sure its examples are and why
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  speur rules show nl-bsn
  speur rules show loyalty-number --rules my-rules/")]
pub(super) struct ShowArgs {
    /// The detector's id, such as `email`
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    rules: RuleOptions,
}

impl ShowArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let rules = RuleSet::load(&self.rules.selection())?;
        let ids = rules.rules.iter().map(|rule| rule.id.as_str());
        let Some(rule) = rules.rules.iter().find(|rule| rule.id == self.id) else {
            match nearest(&self.id, ids) {
                Some(near) => bail!("unknown detector `{}`; did you mean `{near}`?", self.id),
                None => bail!(
                    "unknown detector `{}`; `speur rules list` shows all",
                    self.id
                ),
            }
        };
        let mut text = facts(rule, stdout_width());
        text += &scored(rule, &rules.weights);
        let scan = Scan::of(Vec::new(), rules.clone());
        text += "\nexamples, as a scan with these rules scores them\n";
        for (example, confidence, evidence) in explained(rule, &rules, &scan)? {
            let _ = writeln!(text, "  {confidence:.3}  {}", escaped(&example));
            if !evidence.is_empty() {
                let _ = writeln!(text, "         {}", escaped(&evidence.join("; ")));
            }
        }
        print(&text)?;
        Ok(Outcome::Done)
    }
}

/// How evidence adds up, step by step.
fn scored(rule: &Rule, weights: &Weights) -> String {
    let mut text = "\nstep by step, in log-odds\n".to_owned();
    for (title, list) in steps(rule, weights) {
        let _ = writeln!(text, "  {title}");
        for (what, weight) in &list {
            let _ = writeln!(text, "    {weight:+6.2}  {what}");
        }
        let (total, probability) = sum(&list, weights);
        let _ = writeln!(
            text,
            "    {total:+6.2}  together: a probability of {probability:.3}"
        );
    }
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
    facts.add("other names", &rule.names.values().collect::<Vec<_>>());
    facts.add("category", &[rule.category.name()]);
    facts.add("country", &[country(&rule.id).unwrap_or_default()]);
    facts.add("about", &[&rule.about]);
    facts.add(
        "looks like",
        &rule.find.iter().flat_map(pattern).collect::<Vec<_>>(),
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
        &rule.examples.matches.iter().map(shown).collect::<Vec<_>>(),
    );
    facts.add(
        "not found",
        &rule.examples.skip.iter().map(shown).collect::<Vec<_>>(),
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

/// A pattern, and below it what its own figures are.
fn pattern(find: &Find) -> Vec<String> {
    let form = match find {
        Find::Pattern(pattern) => return vec![pattern.clone()],
        Find::Form(form) => form,
    };
    let own: Vec<String> = [
        ("prior", form.prior),
        ("prior-text", form.prior_text),
        ("prior-nameless", form.prior_nameless),
        ("chance", form.chance),
    ]
    .iter()
    .filter_map(|(name, share)| Some(format!("{name} {}", share.as_ref()?.0)))
    .chain(form.scope.map(|scope| match scope {
        Scope::Anywhere => "anywhere in a text".to_owned(),
        Scope::Cell => "only a whole cell".to_owned(),
    }))
    .chain(
        form.check
            .iter()
            .flatten()
            .map(|own| format!("must pass {}", check(own))),
    )
    .collect();
    let mut lines = vec![form.pattern.clone()];
    if !own.is_empty() {
        lines.push(format!("\u{2514} its own: {}", own.join(", ")));
    }
    lines
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
