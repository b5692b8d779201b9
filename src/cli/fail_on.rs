//! `--fail-on`: what makes a scan end with status 1.

use anyhow::bail;
use serde::Deserialize;
use serde::de::IntoDeserializer;

use crate::event::{ColumnDetector, Event};
use crate::rule::{Category, Rule};

/// The word for inputs that could not be read in full.
const INCOMPLETE: &str = "incomplete";

/// Categories and detectors that must not be found.
#[derive(Clone, Debug, Default)]
pub struct FailOn {
    globs: Vec<String>,
    incomplete: bool,
    met: bool,
}

impl FailOn {
    /// From the terms that were typed. A term that can never be met is an error: it would pass in silence for ever.
    pub fn new(terms: &[String], rules: &[Rule]) -> anyhow::Result<Self> {
        let mut fail_on = Self::default();
        for term in terms
            .iter()
            .map(|term| term.trim())
            .filter(|term| !term.is_empty())
        {
            if term == INCOMPLETE {
                fail_on.incomplete = true;
                continue;
            }
            let in_use = rules
                .iter()
                .any(|rule| matches(term, &rule.id) || matches(term, rule.category.name()));
            if !in_use && !is_category(term) {
                bail!("--fail-on {term}: {}", unknown(term, rules));
            }
            fail_on.globs.push(term.to_owned());
        }
        Ok(fail_on)
    }

    /// Looks at an event.
    pub fn event(&mut self, event: &Event) {
        match event {
            Event::Column(column) => {
                self.met |= column.detectors.iter().any(|found| self.names(found));
            }
            Event::Summary(summary) => {
                self.met |= self.incomplete && (summary.unread > 0 || summary.interrupted);
            }
            _ => {}
        }
    }

    /// Whether nothing was named.
    pub fn is_empty(&self) -> bool {
        self.globs.is_empty() && !self.incomplete
    }

    /// Whether any of it was found.
    pub fn met(&self) -> bool {
        self.met
    }

    fn names(&self, found: &ColumnDetector) -> bool {
        found.matches > 0
            && self
                .globs
                .iter()
                .any(|glob| matches(glob, &found.detector) || matches(glob, &found.category))
    }
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

/// Whether a glob with `*` (any characters) and `?` (one) matches all of a name. Takes at most the product of their
/// lengths.
fn matches(glob: &str, name: &str) -> bool {
    let (glob, name) = (glob.as_bytes(), name.as_bytes());
    let (mut g, mut n) = (0, 0);
    // The last star, and how much of the name it stands for.
    let mut star = None;
    while n < name.len() {
        match glob.get(g) {
            Some(b'*') => {
                star = Some((g, n));
                g += 1;
            }
            Some(&byte) if byte == b'?' || byte == name[n] => {
                g += 1;
                n += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    g = at + 1;
                    n = taken + 1;
                }
                None => return false,
            },
        }
    }
    glob[g..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_whole_names() {
        for (glob, name, expected) in [
            ("nl-*", "nl-bsn", true),
            ("nl-*", "be-nn", false),
            ("*-id", "national-id", true),
            ("n?-b*n", "nl-bsn", true),
            ("email", "email-hash", false),
            ("*", "", true),
            ("", "x", false),
        ] {
            assert_eq!(matches(glob, name), expected, "{glob} {name}");
        }
    }

    #[test]
    fn terms_that_can_never_be_met_are_refused() {
        assert!(FailOn::new(&["special".into(), " incomplete".into()], &[]).is_ok());
        let error = FailOn::new(&["incomplet".into()], &[]).unwrap_err();
        assert!(error.to_string().contains("`incomplete`"), "{error}");
    }
}
