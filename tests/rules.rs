//! The built-in rules: their examples hold, and each says what it must.

mod common;

use std::collections::BTreeSet;

use common::{of_type, records, scan_of, write};
use speur::quality::examples;
use speur::rule::{Example, Rule, RuleSet, Selection};

fn builtin() -> Vec<Rule> {
    let selection = Selection {
        builtin: true,
        paths: Vec::new(),
        only: Vec::new(),
        skip: Vec::new(),
        weights: None,
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

/// What is wrong with the examples of built-in rules, for people.
fn wrong(
    min_confidence: f64,
    rules: &[Rule],
    wanted: impl Fn(&Rule, &Example, bool) -> Option<bool>,
) -> Vec<String> {
    let all = scan_of(&[]).rules;
    wrong_with(min_confidence, rules, all, wanted)
}

/// The same, with all of these rules taking part.
fn wrong_with(
    min_confidence: f64,
    rules: &[Rule],
    all: RuleSet,
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
    scan.rules = all;
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

/// Text examples speak of pattern and check alone, so whatever is found there counts. Decoys are never found.
#[test]
fn text_that_must_match_does() {
    let rules = builtin();
    let wrong = wrong(0.0, &rules, |rule, example, is_match| {
        (is_match && !rule.decoy && matches!(example, Example::Text(_))).then_some(true)
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// As `speur rules test` runs them: it says what decoys explain, too.
#[test]
fn examples_of_all_rules_hold() {
    let scan = scan_of(&[]);
    let (count, failures) = examples::run(&builtin(), &scan).expect("the examples are scanned");
    assert!(count > 900 && failures.is_empty(), "{failures:#?}");
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
        for (code, _) in speur::report::LANGUAGES.iter().skip(1) {
            assert!(rule.names.contains_key(*code), "{id} has no name in {code}");
        }
    }
}

fn rules_page() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/RULES.md")
}

/// The code blocks of a page: what stands behind the backticks, and the text.
fn blocks(page: &str) -> Vec<(&str, String)> {
    let mut all: Vec<(&str, String)> = Vec::new();
    let mut open = false;
    for line in page.lines() {
        match (line.strip_prefix("```"), open) {
            (Some(info), false) => {
                all.push((info, String::new()));
                open = true;
            }
            (Some(_), true) => open = false,
            (None, true) => {
                if let Some((_, text)) = all.last_mut() {
                    *text += line;
                    *text += "\n";
                }
            }
            (None, false) => {}
        }
    }
    all
}

#[test]
fn the_rules_that_the_page_teaches_hold() {
    let page = std::fs::read_to_string(rules_page()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (number, (info, text)) in blocks(&page).iter().enumerate() {
        if let Some(name) = info.strip_prefix("text ") {
            write(folder.path(), name, text);
        } else if text.starts_with("id:") {
            write(folder.path(), &format!("{number}.yaml"), text);
        }
    }
    let selection = Selection {
        builtin: false,
        paths: vec![folder.path().to_owned()],
        only: Vec::new(),
        skip: Vec::new(),
        weights: None,
    };
    let rules = RuleSet::load(&selection).unwrap();
    assert_eq!(rules.rules.len(), 3);
    let wanted = |_: &Rule, _: &Example, is_match: bool| Some(is_match);
    let wrong = wrong_with(0.5, &rules.rules, rules.clone(), wanted);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `UPDATE=1 cargo test --test rules` writes the table anew.
#[test]
fn the_table_of_detectors_is_not_stale() {
    let page = std::fs::read_to_string(rules_page()).unwrap();
    let (start, end) = ("<!-- detectors -->\n", "<!-- end of detectors -->");
    let from = page.find(start).unwrap() + start.len();
    let to = page.find(end).unwrap();
    let lines = builtin().into_iter().map(|rule| {
        let country = rule.id.split_once('-').map(|(country, _)| country);
        let country = country.filter(|country| country.len() == 2);
        let chance = (rule.chance.0 * 1000.0).round() / 1000.0;
        format!(
            "| `{}` | {} | {} | {} | {chance} |\n",
            rule.id,
            rule.name,
            rule.category.name(),
            country.map_or_else(String::new, str::to_uppercase),
        )
    });
    let table: String = std::iter::once(
        "| id | name | category | country | chance |\n| --- | --- | --- | --- | --- |\n".to_owned(),
    )
    .chain(lines)
    .collect();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(rules_page(), [&page[..from], &table, &page[to..]].concat()).unwrap();
        return;
    }
    assert!(
        page[from..to] == table,
        "docs/RULES.md is stale: UPDATE=1 cargo test --test rules"
    );
}

/// Of random values of a pattern's shape no more pass the check than the rule says. Fewer may: where a date is part of the
/// check, it rules random values out, but says nothing of numbers that begin with a date for other reasons.
#[test]
fn chance_is_what_random_values_have() {
    use proptest::strategy::{Strategy, ValueTree};
    use proptest::test_runner::TestRunner;
    use speur::rule::{Check, Find};
    use speur::validate::{Checks, Outcome, normalise, words};

    const TRIALS: u32 = 5000;
    let lists = scan_of(&[]).rules.lists;
    let mut wrong = Vec::new();
    let mut runner = TestRunner::deterministic();
    for rule in builtin() {
        for find in &rule.find {
            let (pattern, own_check, own_chance) = match find {
                Find::Pattern(pattern) => (pattern, None, None),
                Find::Form(form) => (&form.pattern, form.check.as_ref(), form.chance),
            };
            let checks = own_check.unwrap_or(&rule.check);
            let chance = own_chance.unwrap_or(rule.chance).0;
            let is_list = |check: &Check| matches!(check, Check::Words { .. });
            if checks.is_empty() || checks.iter().any(is_list) || chance >= 1.0 {
                continue;
            }
            let shape = format!("(?-u){}", pattern.replace("\\b", ""));
            let Ok(values) = proptest::string::bytes_regex(&shape) else {
                continue;
            };
            let checks = Checks::compile(checks, &lists).unwrap();
            let mut normalised = Vec::new();
            let passed = (0..TRIALS)
                .filter(|_| {
                    let value = values.new_tree(&mut runner).unwrap().current();
                    normalise(rule.normalise, rule.pad, &value, &mut normalised);
                    checks.run(&normalised, words::hash(&normalised)) == Outcome::Pass
                })
                .count();
            let rate = passed as f64 / f64::from(TRIALS);
            let noise = 4.0 * (chance / f64::from(TRIALS)).sqrt();
            if rate > chance * 1.15 + noise {
                wrong.push(format!(
                    "{} says {chance:.5}, but {rate:.5} pass: {pattern}",
                    rule.id
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `UPDATE=1 cargo test --test rules` writes the schema anew.
#[test]
fn the_schema_is_not_stale_and_describes_the_built_in_rules() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rule.schema.json");
    let schema = speur::rule::schema();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &schema).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap();
    assert!(
        kept == schema,
        "docs/rule.schema.json is stale: UPDATE=1 cargo test --test rules"
    );
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    let properties = schema["properties"].as_object().unwrap();
    for field in ["id", "find", "check", "chance", "near", "examples"] {
        assert!(properties.contains_key(field), "{field}");
    }
    assert_eq!(schema["additionalProperties"], false);
}
