//! Terms of `--fail-on` and of policies: a term that can never be met is an error, for it would pass in silence for ever.

use anyhow::bail;
use serde::Deserialize;
use serde::de::IntoDeserializer;

use crate::decisions::{Decisions, matches};
use crate::rule::{Category, Rule};

/// The word for inputs that could not be read in full.
const INCOMPLETE: &str = "incomplete";

/// Adds the terms that were typed to the policies. An empty one is refused: a variable of a CI system that isn't set becomes
/// one, and would let everything pass.
pub(super) fn add(terms: &[String], decisions: &mut Decisions) -> anyhow::Result<()> {
    for term in terms.iter().map(|term| term.trim()) {
        if term.is_empty() {
            bail!(
                "--fail-on: an empty value is never met; name categories or detectors, such as \
                 `special,nl-*,incomplete`, or leave the option out"
            );
        }
        decisions.fail_on(term);
    }
    Ok(())
}

/// Refuses names that no rule in use and no category has.
pub(super) fn check(decisions: &Decisions, rules: &[Rule]) -> anyhow::Result<()> {
    for (source, term) in decisions.terms() {
        let in_use = rules
            .iter()
            .any(|rule| matches(term, &rule.id) || matches(term, rule.category.name()));
        if !in_use && !is_category(term) {
            let source = match source.strip_prefix("--fail-on ") {
                Some(_) => format!("--fail-on {term}"),
                None => source,
            };
            bail!("{source}: {}", unknown(term, rules));
        }
    }
    Ok(())
}

fn is_category(name: &str) -> bool {
    let name: serde::de::value::StrDeserializer<'_, serde::de::value::Error> =
        name.into_deserializer();
    Category::deserialize(name).is_ok()
}

fn unknown(term: &str, rules: &[Rule]) -> String {
    let names = rules
        .iter()
        .flat_map(|rule| [rule.id.as_str(), rule.category.name()]);
    match nearest(term, names.chain([INCOMPLETE])) {
        Some(name) => {
            format!("no category or detector in use has this name; did you mean `{name}`?")
        }
        None => "no category or detector in use has this name; `speur rules list` shows all".into(),
    }
}

/// The name that was probably meant.
pub(super) fn nearest<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let scored = names.map(|name| (strsim::jaro_winkler(typed, name), name));
    let best = scored.max_by(|(a, _), (b, _)| a.total_cmp(b));
    best.filter(|(score, _)| *score > 0.8).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_that_can_never_be_met_are_refused() {
        let checked = |term: &str| {
            let mut decisions = Decisions::default();
            add(&[term.to_owned()], &mut decisions)?;
            check(&decisions, &[])
        };
        assert!(checked("special").is_ok() && checked(" incomplete").is_ok());
        let error = checked("incomplet").unwrap_err();
        assert!(error.to_string().contains("`incomplete`"), "{error}");
        assert!(checked("").is_err() && checked(" ").is_err());
    }
}
