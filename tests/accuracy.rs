//! docs/ACCURACY.md is written by fixtures/labelled/accuracy.sh. Its figures change with every rule, so what is tested is that it has
//! all its parts, and speaks of detectors that there are.

use std::collections::BTreeSet;

use speur::rule::{RuleSet, Selection};

#[test]
fn the_accuracy_page_is_whole_and_names_detectors_that_there_are() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ACCURACY.md");
    let page = std::fs::read_to_string(path).unwrap();
    let parts = [
        "## default rules",
        "Expected calibration error of cells: ",
        "### By detector",
        "### By category",
        "### By file",
        "### Calibration",
        "### Taken for something else",
        "### What is weak",
    ];
    for part in parts {
        assert!(page.contains(part), "docs/ACCURACY.md lacks {part:?}");
    }
    let rules = RuleSet::load(&Selection {
        builtin: true,
        paths: Vec::new(),
        only: Vec::new(),
        skip: Vec::new(),
        weights: None,
    })
    .unwrap();
    let known: BTreeSet<&str> = rules.rules.iter().map(|rule| rule.id.as_str()).collect();
    let from = page.find("### By detector").unwrap();
    let table = &page[from..page.find("### By category").unwrap()];
    let named = table
        .lines()
        .filter(|line| line.starts_with("| ") && !line.contains("---"))
        .filter_map(|line| line.split(" | ").next()?.strip_prefix("| "))
        .filter(|name| *name != "detector");
    let named: Vec<&str> = named.collect();
    assert!(named.len() > 20, "{}", named.len());
    let unknown: Vec<_> = named.iter().filter(|name| !known.contains(*name)).collect();
    assert!(
        unknown.is_empty(),
        "{unknown:?}: run fixtures/labelled/accuracy.sh"
    );
}
