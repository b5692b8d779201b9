//! What is wrong with a rule beyond its YAML: its id, its patterns, its checks, its examples.

use regex_syntax::hir::{Hir, HirKind};

use super::{Find, Rule};
use crate::error::Error;
use crate::validate::Checks;
use crate::validate::words::Lists;

/// Where a rule came from: more is asked of those built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    BuiltIn,
    User,
}

/// Something wrong with a rule, and the field it is in.
pub(super) struct Wrong {
    field: &'static str,
    /// The part of the field it is about, to find its line.
    part: String,
    what: String,
}

impl Wrong {
    fn new(field: &'static str, part: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            field,
            part: part.into(),
            what: what.into(),
        }
    }

    /// The error, with the line and column of the part in question.
    pub(super) fn at(&self, path: &str, text: &str) -> Error {
        let (line, column) = place(text, self.field, &self.part);
        Error::rule(format!("{path}:{line}:{column}: {}", self.what))
    }
}

/// The line and column, from 1, of a part of a field; of the field where the part isn't found, and else the first.
pub(super) fn place(text: &str, field: &str, part: &str) -> (usize, usize) {
    let start = text
        .lines()
        .position(|line| line.starts_with(&format!("{field}:")))
        .unwrap_or(0);
    let place = text
        .lines()
        .enumerate()
        .skip(start)
        .find_map(|(line, text)| {
            let column = if part.is_empty() {
                Some(0)
            } else {
                text.find(part)
            };
            column.map(|column| (line + 1, column + 1))
        });
    place.unwrap_or((start + 1, 1))
}

/// A quantifier above this counts as unbounded.
const MOST_REPEATS: u32 = 1000;

/// The first thing wrong with a rule.
pub(super) fn rule(rule: &Rule, lists: &Lists, origin: Origin) -> Result<(), Wrong> {
    let kebab = rule.id.split('-').all(|part| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    });
    if !kebab || !rule.id.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Err(Wrong::new(
            "id",
            "",
            "an id is lower-case words joined by \"-\", such as nl-bsn",
        ));
    }
    if rule.find.is_empty() {
        return Err(Wrong::new("find", "", "a rule needs at least one pattern"));
    }
    for find in &rule.find {
        let (text, check) = match find {
            Find::Pattern(text) => (text, None),
            Find::Form(form) => (&form.pattern, form.check.as_ref()),
        };
        pattern(text)?;
        if let Some(check) = check {
            Checks::compile(check, lists)
                .map_err(|what| Wrong::new("find", quoted(&what), what))?;
        }
    }
    Checks::compile(&rule.check, lists).map_err(|what| Wrong::new("check", quoted(&what), what))?;
    if origin == Origin::BuiltIn
        && (rule.examples.matches.is_empty() || rule.examples.skip.is_empty())
    {
        return Err(Wrong::new(
            "examples",
            "",
            "a built-in rule has examples of both kinds, match and skip",
        ));
    }
    Ok(())
}

/// What a message quotes first.
fn quoted(message: &str) -> String {
    message.split('"').nth(1).unwrap_or_default().to_owned()
}

fn pattern(text: &str) -> Result<(), Wrong> {
    let wrong = |what: String| Wrong::new("find", text, what);
    let hir = regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .build()
        .parse(text)
        .map_err(|error| {
            wrong(format!(
                "the pattern doesn't compile: {}",
                first_line(&error)
            ))
        })?;
    if hir.properties().minimum_len() == Some(0) {
        return Err(wrong(
            "the pattern matches the empty text; ask for at least one character".into(),
        ));
    }
    if hir.properties().minimum_len().is_none() {
        return Err(wrong("the pattern can't match anything".into()));
    }
    if is_unbounded(&hir) {
        return Err(wrong(
            "the pattern repeats without bound, which makes hostile input slow; write {1,64} in place of +, {0,64} in place of *"
                .into(),
        ));
    }
    Ok(())
}

/// A regex error spans lines; the last one says what is wrong.
fn first_line(error: &regex_syntax::Error) -> String {
    let text = error.to_string();
    text.lines()
        .last()
        .unwrap_or_default()
        .trim_start_matches("error: ")
        .to_owned()
}

fn is_unbounded(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Repetition(repeat) => {
            repeat.max.is_none_or(|max| max > MOST_REPEATS) || is_unbounded(&repeat.sub)
        }
        HirKind::Capture(capture) => is_unbounded(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(is_unbounded),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => false,
    }
}
