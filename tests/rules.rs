//! The built-in rules: their examples hold, and each says what it must.

mod common;

use std::collections::BTreeSet;

use common::{of_type, records, scan_of, write};
use speur::rule::{Example, Rule, RuleSet, Selection};

fn builtin() -> Vec<Rule> {
    let selection = Selection {
        builtin: true,
        paths: Vec::new(),
        only: Vec::new(),
        skip: Vec::new(),
    };
    RuleSet::load(&selection)
        .expect("the built-in rules load")
        .rules
}

/// Rows that a column example is repeated to: a handful of values is less than any real column.
const ROWS: usize = 30;

/// An example as a file: a line of text, or a table of a number and the column.
fn as_file(example: &Example) -> (&'static str, String) {
    match example {
        Example::Text(text) => ("txt", format!("{text}\n")),
        Example::Column { header, values } => {
            let header = header.as_deref().unwrap_or("x");
            let head = format!("n,\"{header}\"\n");
            let values = values.iter().cycle().take(values.len().max(ROWS));
            let rows = values
                .enumerate()
                .map(|(row, value)| format!("{row},\"{}\"\n", value.replace('"', "\"\"")));
            let table = std::iter::once(head).chain(rows).collect();
            ("csv", table)
        }
    }
}

/// What is wrong with the examples, for people.
fn wrong(
    min_confidence: f64,
    rules: &[Rule],
    wanted: impl Fn(&Rule, &Example, bool) -> Option<bool>,
) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut expected = Vec::new();
    for rule in rules {
        let matches = rule.examples.matches.iter().map(|example| (example, true));
        let skips = rule.examples.skip.iter().map(|example| (example, false));
        for (example, is_match) in matches.chain(skips) {
            let Some(found) = wanted(rule, example, is_match) else {
                continue;
            };
            let (extension, content) = as_file(example);
            let path = write(
                folder.path(),
                &format!("{:04}.{extension}", expected.len()),
                content,
            );
            let path = path.to_string_lossy().into_owned();
            expected.push((path, rule.id.clone(), example, found));
        }
    }
    let mut scan = scan_of(&[folder.path()]);
    scan.min_confidence = min_confidence;
    scan.samples = 0;
    let records = records(&scan);
    let found: BTreeSet<(&str, &str)> = of_type(&records, "finding")
        .iter()
        .map(|finding| {
            (
                finding["file"].as_str().expect("a name"),
                finding["detector"].as_str().expect("a name"),
            )
        })
        .collect();
    expected
        .iter()
        .filter(|(path, id, _, wanted)| found.contains(&(path.as_str(), id.as_str())) != *wanted)
        .map(|(_, id, example, wanted)| {
            let verb = if *wanted { "misses" } else { "takes" };
            format!("{id} {verb} {example:?}")
        })
        .collect()
}

/// Text examples speak of pattern and check alone, so whatever is found there counts.
#[test]
fn text_that_must_match_does() {
    let rules = builtin();
    let wrong = wrong(0.0, &rules, |_, example, is_match| {
        (is_match && matches!(example, Example::Text(_))).then_some(true)
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn text_that_must_not_match_is_no_finding() {
    let rules = builtin();
    let wrong = wrong(0.5, &rules, |_, example, is_match| {
        (!is_match && matches!(example, Example::Text(_))).then_some(false)
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn columns_are_judged_as_the_examples_say() {
    let rules = builtin();
    let wrong = wrong(0.5, &rules, |_, example, is_match| {
        matches!(example, Example::Column { .. }).then_some(is_match)
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_says_what_it_must() {
    for rule in builtin() {
        let id = &rule.id;
        assert!(
            !rule.examples.matches.is_empty(),
            "{id} has no example that matches"
        );
        assert!(
            !rule.examples.skip.is_empty(),
            "{id} has no example that must not match"
        );
        assert!(
            rule.sources
                .iter()
                .all(|source| source.starts_with("https://")),
            "{id}: sources are addresses"
        );
        assert!(!rule.sources.is_empty(), "{id} has no source");
    }
}
