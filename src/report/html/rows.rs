//! What the page's script reads: columns as compact lists, in JSON that can stand in a page.

use std::sync::Arc;

use hashbrown::HashMap;
use serde::Serialize;
use serde_json::{Value, json};

use super::super::escape::{SafeJson, escaped};
use super::super::gather::Gathered;
use super::super::layout::{by_rank, group, rank};
use super::super::overview::input_name;
use super::super::reasons::in_words;
use super::super::words::Words;
use crate::event::{ColumnDetector, ColumnRecord, thousandths};

/// Rows of the page at the most: it stays below ten megabytes.
pub(super) const ROWS: usize = 20_000;
/// Examples and reasons of a row.
const LISTED: usize = 8;

/// Inputs by number, in the order in which they are first seen.
#[derive(Default)]
pub(super) struct Inputs {
    pub(super) names: Vec<String>,
    index: HashMap<(Arc<str>, Option<Arc<str>>), usize>,
}

impl Inputs {
    pub(super) fn number(&mut self, column: &ColumnRecord) -> usize {
        let place = &column.place;
        let key = (Arc::clone(&place.file), place.member.clone());
        let names = &mut self.names;
        *self.index.entry(key).or_insert_with(|| {
            let name = input_name(&place.file, place.member.as_deref());
            names.push(escaped(&name).into_owned());
            names.len() - 1
        })
    }
}

/// The data of the page, and how many rows it leaves out.
pub(super) fn data(
    gathered: &Gathered,
    words: &Words,
    inputs: &mut Inputs,
) -> serde_json::Result<(String, u64)> {
    let mut detectors = Detectors::default();
    let mut rows = Vec::new();
    let mut left = gathered.more_columns;
    for column in &gathered.columns {
        if rows.len() >= ROWS {
            left += 1;
            continue;
        }
        let input = inputs.number(column);
        for found in by_rank(column) {
            let detector = detectors.number(gathered, words, found);
            let name_of = |id: &str| gathered.name_of(id, words).to_owned();
            rows.push(row((words, &name_of), column, found, input, detector));
        }
    }
    let words: serde_json::Map<String, Value> = words
        .all()
        .into_iter()
        .map(|(name, text)| (name.to_owned(), json!(text)))
        .collect();
    let data = json!({
        "files": inputs.names,
        "detectors": detectors.list,
        "rows": rows,
        "words": words,
    });
    let mut bytes = Vec::new();
    data.serialize(&mut serde_json::Serializer::with_formatter(
        &mut bytes, SafeJson,
    ))?;
    let text = String::from_utf8_lossy(&bytes);
    // Only texts hold these; as escapes they can neither end the element nor begin a comment in it.
    let text = text.replace('<', "\\u003c").replace('>', "\\u003e");
    Ok((text.replace('&', "\\u0026"), left))
}

#[derive(Default)]
struct Detectors {
    list: Vec<Value>,
    index: HashMap<(Arc<str>, Arc<str>), usize>,
}

impl Detectors {
    fn number(&mut self, gathered: &Gathered, words: &Words, found: &ColumnDetector) -> usize {
        let key = (Arc::clone(&found.detector), Arc::clone(&found.category));
        let list = &mut self.list;
        *self.index.entry(key).or_insert_with(|| {
            let name = gathered.name_of(&found.detector, words);
            list.push(json!({
                "id": escaped(&found.detector),
                "name": escaped(name),
                "category": escaped(&found.category),
                "label": words.category(&found.category),
                "rank": rank(&found.category),
                "tier": tier(&found.category),
            }));
            list.len() - 1
        })
    }
}

/// How sensitive a category is, 0 to 3: its colour.
pub(super) fn tier(category: &str) -> u8 {
    group(rank(category)).min(3)
}

fn row(
    (words, name_of): (&Words, &dyn Fn(&str) -> String),
    column: &ColumnRecord,
    found: &ColumnDetector,
    input: usize,
    detector: usize,
) -> Value {
    let text = |text: &Option<Arc<str>>| text.as_deref().map(|text| escaped(text).into_owned());
    let texts = |list: &[String]| -> Vec<String> {
        let shown = list.iter().take(LISTED);
        shown.map(|text| escaped(text).into_owned()).collect()
    };
    let spread: Vec<(u16, u64)> = found
        .confidences
        .iter()
        .map(|(confidence, count)| (thousandths(*confidence), *count))
        .collect();
    let said = |reason: &str| escaped(&in_words(words, name_of, reason)).into_owned();
    let weights: Vec<(String, f64)> = found
        .weights
        .iter()
        .map(|weight| (said(&weight.what), weight.weight))
        .collect();
    let evidence = found.evidence.iter().take(LISTED);
    json!([
        input,
        text(&column.place.table),
        text(&column.place.column),
        column.rows,
        detector,
        found.matches,
        found.rows,
        found.distinct,
        found.invalid,
        thousandths(found.confidence),
        evidence.map(|reason| said(reason)).collect::<Vec<_>>(),
        texts(&found.examples),
        spread,
        found
            .check
            .map(|check| (check.passed, check.of, check.chance)),
        weights,
        column
            .accepted
            .as_ref()
            .map(|accepted| escaped(&words.acceptance(accepted)).into_owned()),
    ])
}
