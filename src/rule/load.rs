//! Finds and parses rules: those built in, and the user's.
//!
//! The only place that knows the YAML library.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use ignore::overrides::OverrideBuilder;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use serde::de::DeserializeOwned;

use super::check::{self, Origin};
use super::{Rule, RuleSet, Selection, Weights};
use crate::error::Error;
use crate::validate::words::Lists;

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/rules.rs"));
}

/// No rule file is larger, in bytes.
const LARGEST: u64 = 1 << 20;

/// A rule's text, and where it came from.
struct Text {
    path: String,
    content: String,
    origin: Origin,
}

impl RuleSet {
    /// The rules that a selection asks for. Any rule that doesn't hold is an error, with the place and the remedy.
    pub fn load(selection: &Selection) -> Result<Self, Error> {
        let mut lists = Lists::default();
        let mut texts = Vec::new();
        for (name, text) in embedded::WORDS {
            lists.insert_folded(name, text);
        }
        if selection.builtin {
            texts.extend(embedded::RULES.iter().map(|(path, text)| Text {
                path: (*path).to_owned(),
                content: (*text).to_owned(),
                origin: Origin::BuiltIn,
            }));
        }
        for path in &selection.paths {
            read_path(path, &mut texts, &mut lists)?;
        }
        let mut rules: BTreeMap<String, (Rule, String)> = BTreeMap::new();
        // A fifth of what starting takes.
        let parsed: Vec<_> = texts.par_iter().map(parse).collect();
        for (text, rule) in texts.into_iter().zip(parsed) {
            let rule = rule?;
            // Those built in were checked by a test.
            if text.origin == Origin::User {
                check::rule(&rule, &lists, text.origin)
                    .map_err(|wrong| wrong.at(&text.path, &text.content))?;
            }
            rules.insert(rule.id.clone(), (rule, text.content));
        }
        let only = globs(&selection.only)?;
        let skip = globs(&selection.skip)?;
        rules.retain(|_, (rule, _)| {
            let is_in = |globs: &Globs| globs.holds(&rule.id) || globs.holds(rule.category.name());
            (selection.only.is_empty() || is_in(&only)) && !is_in(&skip)
        });
        let weights = match &selection.weights {
            Some(path) => Weights::load(path)?,
            None => *Weights::shipped(),
        };
        Ok(Self {
            digest: digest(&rules, &lists, &weights),
            weights,
            rules: rules.into_values().map(|(rule, _)| rule).collect(),
            lists,
        })
    }
}

/// A rule file by itself: its text, and the rule it makes.
#[derive(Debug)]
pub struct Source {
    /// The file.
    pub path: String,
    /// Its text.
    pub text: String,
    /// The rule, or what is wrong with it.
    pub rule: Result<Rule, Error>,
}

impl Source {
    /// The rule files at a path, each by itself, so that all that is wrong can be said at once.
    pub fn at(path: &Path) -> Result<Vec<Self>, Error> {
        let mut lists = Lists::default();
        for (name, text) in embedded::WORDS {
            lists.insert_folded(name, text);
        }
        let mut texts = Vec::new();
        read_path(path, &mut texts, &mut lists)?;
        Ok(texts
            .into_iter()
            .map(|text| Self::of(text, &lists))
            .collect())
    }

    fn of(text: Text, lists: &Lists) -> Self {
        let rule = parse(&text).and_then(|rule| {
            check::rule(&rule, lists, text.origin)
                .map_err(|wrong| wrong.at(&text.path, &text.content))?;
            Ok(rule)
        });
        Self {
            path: text.path,
            text: text.content,
            rule,
        }
    }

    /// The line and column, from 1, of a part of a field.
    pub fn place(&self, field: &str, part: &str) -> (usize, usize) {
        check::place(&self.text, field, part)
    }
}

/// Reads a rule file, or all of a folder and the lists of words in its `words` folder.
fn read_path(path: &Path, texts: &mut Vec<Text>, lists: &mut Lists) -> Result<(), Error> {
    let unreadable = |error| Error::file(path, error);
    if !fs::metadata(path).map_err(unreadable)?.is_dir() {
        texts.push(read_rule(path)?);
        return Ok(());
    }
    let mut entries: Vec<PathBuf> = fs::read_dir(path)
        .and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect()
        })
        .map_err(unreadable)?;
    entries.sort();
    for entry in entries {
        let extension = entry.extension().unwrap_or_default();
        if entry.is_dir() {
            read_path(&entry, texts, lists)?;
        } else if extension == "yaml" || extension == "yml" {
            texts.push(read_rule(&entry)?);
        } else if extension == "txt" && path.file_name().is_some_and(|name| name == "words") {
            let text = fs::read_to_string(&entry).map_err(|error| Error::file(&entry, error))?;
            lists.insert(
                entry.file_stem().unwrap_or_default().to_string_lossy(),
                text,
            );
        }
    }
    Ok(())
}

fn read_rule(path: &Path) -> Result<Text, Error> {
    let unreadable = |error| Error::file(path, error);
    if fs::metadata(path).map_err(unreadable)?.len() > LARGEST {
        return Err(Error::rule(format!(
            "{}: larger than 1 MiB; a rule file holds one rule",
            path.display()
        )));
    }
    let text = fs::read_to_string(path).map_err(unreadable)?;
    Ok(Text {
        path: path.display().to_string(),
        content: text,
        origin: Origin::User,
    })
}

fn parse(text: &Text) -> Result<Rule, Error> {
    yaml(&text.path, &text.content, "docs/RULES.md lists the fields")
}

/// A YAML document; what is wrong with it is said with its place, and where to look for `help`.
pub(super) fn yaml<T: DeserializeOwned>(path: &str, text: &str, help: &str) -> Result<T, Error> {
    serde_yaml::from_str(text).map_err(|error| {
        let place = error
            .location()
            .map_or_else(String::new, |at| format!(":{}:{}", at.line(), at.column()));
        // The place stands in front; the library says it again at the end.
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or(&message);
        Error::rule(format!("{path}{place}: {message}; {help}"))
    })
}

/// `blake3:` and the hex digest of all rules' texts, in the order of their ids, of the lists, and of weights other than the
/// built-in ones, which the version names.
fn digest(rules: &BTreeMap<String, (Rule, String)>, lists: &Lists, weights: &Weights) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut add = |name: &str, text: &str| {
        hasher.update(&(name.len() as u64).to_le_bytes());
        hasher.update(name.as_bytes());
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    for (id, (_, text)) in rules {
        add(id, text);
    }
    for (name, text) in lists.texts() {
        add(name, text);
    }
    if weights != Weights::shipped() {
        for value in weights.values() {
            hasher.update(&value.to_le_bytes());
        }
    }
    format!("blake3:{}", hasher.finalize().to_hex())
}

/// Globs over ids and categories.
struct Globs(Option<ignore::overrides::Override>);

impl Globs {
    fn holds(&self, name: &str) -> bool {
        self.0
            .as_ref()
            .is_some_and(|globs| globs.matched(name, false).is_whitelist())
    }
}

fn globs(list: &[String]) -> Result<Globs, Error> {
    if list.is_empty() {
        return Ok(Globs(None));
    }
    let mut builder = OverrideBuilder::new("");
    for glob in list {
        builder
            .add(glob)
            .map_err(|error| Error::usage(format!("detectors \"{glob}\": {error}")))?;
    }
    builder
        .build()
        .map(|built| Globs(Some(built)))
        .map_err(|error| Error::usage(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection() -> Selection {
        Selection {
            builtin: true,
            paths: vec![],
            only: vec![],
            skip: vec![],
            weights: None,
        }
    }

    fn load_text(text: &str) -> Result<RuleSet, String> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("rule.yaml"), text).unwrap();
        let selection = Selection {
            builtin: false,
            paths: vec![folder.path().to_owned()],
            ..selection()
        };
        RuleSet::load(&selection).map_err(|error| error.to_string())
    }

    const RULE: &str = "id: own-number\nname: Own\ncategory: identity\nabout: x\nprior: 0.5\nfind: ['\\b\\d{9}\\b']\n";

    #[test]
    fn the_built_in_rules_hold() {
        let rules = RuleSet::load(&selection()).unwrap();
        assert!(rules.rules.len() > 40, "{}", rules.rules.len());
        assert!(rules.rules.is_sorted_by(|a, b| a.id < b.id));
    }

    #[test]
    fn globs_choose_by_id_and_category() {
        let chosen = Selection {
            only: vec!["nl-*".into(), "financial".into()],
            skip: vec!["iban".into()],
            ..selection()
        };
        let rules = RuleSet::load(&chosen).unwrap();
        let ids: Vec<&str> = rules.rules.iter().map(|rule| rule.id.as_str()).collect();
        assert!(ids.contains(&"nl-bsn") && ids.contains(&"credit-card"));
        assert!(!ids.contains(&"iban") && !ids.contains(&"email"));
    }

    #[test]
    fn a_rule_of_ones_own_replaces_the_built_in_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.yaml");
        fs::write(&path, RULE.replace("own-number", "email")).unwrap();
        let rules = RuleSet::load(&Selection {
            paths: vec![path],
            ..selection()
        })
        .unwrap();
        let email = rules.rules.iter().find(|rule| rule.id == "email").unwrap();
        assert_eq!(email.name, "Own");
        assert_ne!(rules.digest, RuleSet::load(&selection()).unwrap().digest);
    }

    #[test]
    fn built_in_rules_hold() {
        let mut lists = Lists::default();
        for (name, text) in embedded::WORDS {
            lists.insert_folded(name, text);
        }
        for (path, content) in embedded::RULES {
            let text = Text {
                path: (*path).to_owned(),
                content: (*content).to_owned(),
                origin: Origin::BuiltIn,
            };
            let rule = parse(&text).unwrap();
            let wrong = check::rule(&rule, &lists, text.origin).err();
            assert!(
                wrong.is_none(),
                "{:?}",
                wrong.map(|it| it.at(path, content))
            );
        }
    }

    #[test]
    fn mistakes_come_with_place_and_remedy() {
        let wrong = load_text(&RULE.replace("name: Own", "nam: Own")).unwrap_err();
        assert!(
            wrong.contains("rule.yaml:2:1: ") && wrong.contains("nam"),
            "{wrong}"
        );
        let wrong = load_text(&format!("{RULE}check: lunh\n")).unwrap_err();
        assert!(
            wrong.contains("rule.yaml:7:") && wrong.contains("did you mean \"luhn\"?"),
            "{wrong}"
        );
        let wrong = load_text(&RULE.replace("{9}", "+")).unwrap_err();
        assert!(
            wrong.contains("rule.yaml:6:") && wrong.contains("bound"),
            "{wrong}"
        );
        assert!(load_text(RULE).is_ok());
    }
}
