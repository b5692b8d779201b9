//! What is wrong with a rule, and what could be better: `speur rules check`.
//!
//! What doesn't load is an error. The rest are warnings: the rule works, but finds less, costs more, or claims more than it
//! says.

use std::time::Instant;

use hashbrown::HashMap;

use super::generate::Rng;
use super::shape::{parsed, unreachable, value};
use crate::rule::{Check, Find, Form, Rule, RuleSet, Scope, Source};
use crate::validate::{Checks, Outcome, normalise, words};

/// Rules that a remark names.
const NAMED: usize = 3;
/// Random values that are tried.
const TRIALS: u32 = 5000;

/// Something to say about a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// `file:line:column`.
    pub place: String,
    /// Whether the rule doesn't hold at all.
    pub is_error: bool,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
    /// The line in question.
    pub line: String,
}

/// Checks rules against each other and against all that take part with them.
pub fn check(sources: &[Source], others: &RuleSet) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let mut headers: HashMap<&str, Vec<&str>> = HashMap::new();
    // Where a check tells values apart, the same header does no harm.
    for rule in others.rules.iter().filter(|rule| rule.chance.0 >= 1.0) {
        for header in &rule.header {
            headers.entry(header).or_default().push(&rule.id);
        }
    }
    for source in sources {
        let mut linter = Linter {
            source,
            remarks: &mut remarks,
        };
        match &source.rule {
            Err(error) => linter.error(&error.to_string()),
            Ok(rule) => {
                linter.patterns(rule, others);
                linter.words(rule, &headers, others);
                linter.examples(rule);
            }
        }
    }
    remarks
}

struct Linter<'l> {
    source: &'l Source,
    remarks: &'l mut Vec<Remark>,
}

impl Linter<'_> {
    fn error(&mut self, message: &str) {
        let place_end = message
            .match_indices(": ")
            .next()
            .map_or(message.len(), |(at, _)| at);
        let (place, what) = message.split_at(place_end);
        let number = place
            .rsplit(':')
            .nth(1)
            .and_then(|line| line.parse::<usize>().ok());
        let line = number.and_then(|number| self.source.text.lines().nth(number.saturating_sub(1)));
        self.remarks.push(Remark {
            place: place.to_owned(),
            is_error: true,
            what: what.trim_start_matches(": ").to_owned(),
            remedy: String::new(),
            line: line.unwrap_or_default().to_owned(),
        });
    }

    fn warn(&mut self, field: &str, part: &str, what: String, remedy: &str) {
        let (line, column) = self.source.place(field, part);
        self.remarks.push(Remark {
            place: format!("{}:{line}:{column}", self.source.path),
            is_error: false,
            what,
            remedy: remedy.to_owned(),
            line: self
                .source
                .text
                .lines()
                .nth(line - 1)
                .unwrap_or_default()
                .to_owned(),
        });
    }

    fn patterns(&mut self, rule: &Rule, others: &RuleSet) {
        for find in &rule.find {
            let plain = Form::default();
            let (pattern, own) = match find {
                Find::Pattern(pattern) => (pattern, &plain),
                Find::Form(form) => (&form.pattern, form),
            };
            let Some(hir) = parsed(pattern) else {
                continue;
            };
            for (alternative, other) in unreachable(&hir) {
                self.warn(
                    "find",
                    pattern,
                    format!(
                        "the alternative `{alternative}` matches nothing that `{other}` doesn't"
                    ),
                    "leave it out",
                );
            }
            let is_cell = own.scope.unwrap_or(rule.scope) == Scope::Cell;
            if !is_cell && !crate::detect::is_anchored(pattern) {
                let what = match alone(pattern) {
                    Some(rate) => format!(
                        "the pattern could start inside a word or number, so it is tried at every byte; alone it reads {rate:.0} MB/s"
                    ),
                    None => "the pattern could start inside a word or number, so it is tried at every byte".to_owned(),
                };
                self.warn("find", pattern, what, "start it with `\\b`");
            }
            let checks = own.check.as_ref().unwrap_or(&rule.check);
            let says = own.chance.unwrap_or(rule.chance).0;
            if let Some(rate) = chance(rule, checks, &hir, others) {
                self.chance(pattern, says, rate);
            }
        }
    }

    /// Compares a chance rate with the one measured.
    fn chance(&mut self, pattern: &str, says: f64, rate: f64) {
        let noise = 4.0 * (says / f64::from(TRIALS)).sqrt();
        if rate > says * 1.15 + noise {
            self.warn(
                "chance",
                "",
                format!("the rule says that {says:.4} of random values pass, but {rate:.4} do, of the shape {pattern}"),
                "write the share that was measured, or check more: scores rest on it",
            );
        } else if (says - 1.0).abs() < 1e-9 && rate < 0.05 {
            self.warn(
                "check",
                "",
                format!("the check lets only {rate:.4} of random values pass, but `chance` says 1, so passing proves nothing"),
                "state `chance`, unless other things of this shape pass alike, as any date is a date",
            );
        }
    }

    fn words(&mut self, rule: &Rule, headers: &HashMap<&str, Vec<&str>>, others: &RuleSet) {
        for header in rule.header.iter().chain(&rule.not_header).chain(&rule.near) {
            let plain = header
                .chars()
                .all(|c| c.is_ascii() && !c.is_ascii_uppercase());
            if !plain && header.is_ascii() {
                self.warn(
                    "header",
                    header,
                    format!("\"{header}\" has capitals, and words are compared in lower case"),
                    "write it in lower case",
                );
            }
        }
        for header in &rule.header {
            let same = headers.get(header.as_str()).into_iter().flatten();
            let is_other =
                |id: &&str| *id != rule.id && !rule.rivals.iter().any(|rival| rival == id);
            let mut same: Vec<&str> = same.copied().filter(is_other).collect();
            let more = same.len().saturating_sub(NAMED);
            same.truncate(NAMED);
            let last = format!("{more} more");
            if more > 0 {
                same.push(&last);
            }
            if !same.is_empty() && rule.chance.0 >= 1.0 {
                self.warn(
                    "header",
                    header,
                    format!("\"{header}\" is a header of {}, too", same.join(", ")),
                    "neither has a check that tells their values apart: choose other words, or name it in `rivals`",
                );
            }
        }
        for rival in &rule.rivals {
            if !others.rules.iter().any(|other| other.id == *rival) {
                self.warn(
                    "rivals",
                    rival,
                    format!("there is no detector \"{rival}\""),
                    "`speur rules list` shows all",
                );
            }
        }
    }

    fn examples(&mut self, rule: &Rule) {
        let missing = match (
            rule.examples.matches.is_empty(),
            rule.examples.skip.is_empty(),
        ) {
            (false, false) => return,
            (true, true) => "has no examples",
            (true, false) => "has no example that must be found",
            (false, true) => "has no example that must not be found",
        };
        self.warn(
            "examples",
            "",
            format!("the rule {missing}"),
            "give both kinds, `match` and `skip`; `speur rules test` runs them",
        );
    }
}

/// The share of random values of a shape that pass; none where there is nothing to measure: no check, or a list of
/// words, which random letters are never in.
fn chance(
    rule: &Rule,
    checks: &[Check],
    hir: &regex_syntax::hir::Hir,
    others: &RuleSet,
) -> Option<f64> {
    let is_list = |check: &Check| matches!(check, Check::Words { .. });
    if checks.is_empty() || checks.iter().any(is_list) {
        return None;
    }
    let checks = Checks::compile(checks, &others.lists).ok()?;
    let mut rng = Rng::new(1, 0);
    let (mut shape, mut normalised) = (Vec::new(), Vec::new());
    let passed = (0..TRIALS)
        .filter(|_| {
            shape.clear();
            value(hir, &mut rng, &mut shape);
            normalise(rule.normalise, rule.pad, &shape, &mut normalised);
            checks.run(&normalised, words::hash(&normalised)) == Outcome::Pass
        })
        .count();
    Some(passed as f64 / f64::from(TRIALS))
}

/// How many MB/s a pattern reads when it is searched for by itself, in text without a match.
fn alone(pattern: &str) -> Option<f64> {
    const SIZE: usize = 1 << 20;
    let regex = regex::bytes::RegexBuilder::new(pattern)
        .unicode(false)
        .build()
        .ok()?;
    let mut rng = Rng::new(1, 2);
    let text: Vec<u8> = (0..SIZE)
        .map(|_| b"etaoin shrdlu 0123456789,.;-@"[rng.below(29) as usize])
        .collect();
    let started = Instant::now();
    let found = regex.find_iter(&text).count();
    let seconds = started.elapsed().as_secs_f64();
    // The count keeps the search from being left out.
    (found <= SIZE).then(|| SIZE as f64 / 1e6 / seconds.max(1e-6))
}
