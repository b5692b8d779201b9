//! Labelled texts of other tools as corpora: `speur bench import`.
//!
//! Each text becomes a line of a text file, and each labelled stretch a label with its bytes. Only detectors that the other
//! tool labels are judged: what it doesn't label is not wrong when it is found.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What another tool calls it, the detector, and other detectors whose finding is as good.
const ENTITIES: &[(&str, &str, &[&str])] = &[
    ("PERSON", "person-name", &["first-name", "last-name"]),
    ("PER", "person-name", &["first-name", "last-name"]),
    ("EMAIL_ADDRESS", "email", &[]),
    ("EMAIL", "email", &[]),
    ("PHONE_NUMBER", "phone", &[]),
    ("PHONE", "phone", &[]),
    ("CREDIT_CARD", "credit-card", &[]),
    ("IBAN_CODE", "iban", &[]),
    ("IBAN", "iban", &[]),
    ("US_SSN", "us-ssn", &[]),
    ("IP_ADDRESS", "ipv4", &["ipv6"]),
    (
        "STREET_ADDRESS",
        "street-address",
        &["city", "postal-code", "nl-postal-code"],
    ),
    (
        "ADDRESS",
        "street-address",
        &["city", "postal-code", "nl-postal-code"],
    ),
    ("ZIP_CODE", "postal-code", &["nl-postal-code"]),
    (
        "LOCATION",
        "city",
        &["street-address", "postal-code", "nl-postal-code"],
    ),
    (
        "LOC",
        "city",
        &["street-address", "postal-code", "nl-postal-code"],
    ),
    ("GPE", "city", &[]),
    ("UK_NHS", "gb-nhs", &[]),
    ("ES_NIF", "es-dni", &["es-nie"]),
    ("IT_FISCAL_CODE", "it-cf", &[]),
    ("PL_PESEL", "pl-pesel", &[]),
    ("AGE", "age", &[]),
    ("NRP", "nationality", &[]),
    ("TITLE", "job-title", &[]),
    ("CRYPTO", "crypto-address", &[]),
];

/// A corpus of one text file.
#[derive(Debug, Default)]
pub struct Imported {
    /// The texts, one a line.
    pub data: Vec<u8>,
    /// Their truth, as NDJSON.
    pub truth: String,
    /// How many stretches are labelled.
    pub labels: usize,
    /// Names of labels that have no detector, and how often they occur.
    pub lost: BTreeMap<String, usize>,
}

/// A labelled stretch of a text, in bytes.
struct Stretch {
    entity: String,
    start: usize,
    end: usize,
}

#[derive(Deserialize)]
struct Sample {
    full_text: String,
    #[serde(default)]
    spans: Vec<Span>,
}

#[derive(Deserialize)]
struct Span {
    entity_type: String,
    start_position: usize,
    end_position: usize,
}

/// The JSON of Presidio's evaluation tools: a list of samples with `full_text` and `spans`, whose places count characters.
pub fn presidio(text: &str) -> Result<Imported, String> {
    let samples: Vec<Sample> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let texts = samples.into_iter().map(|sample| {
        let mut places: Vec<usize> = sample.full_text.char_indices().map(|(at, _)| at).collect();
        places.push(sample.full_text.len());
        let byte = |character: usize| places.get(character).copied();
        let stretches = sample.spans.iter().filter_map(|span| {
            Some(Stretch {
                entity: span.entity_type.clone(),
                start: byte(span.start_position)?,
                end: byte(span.end_position)?,
            })
        });
        let stretches = stretches.collect();
        (sample.full_text, stretches)
    });
    Ok(corpus(texts))
}

/// `CoNLL`: a token a line with its label last (`B-PER`, `I-PER`, `O`), and an empty line between sentences.
pub fn conll(text: &str) -> Result<Imported, String> {
    let mut texts = Vec::new();
    let (mut sentence, mut stretches) = (String::new(), Vec::<Stretch>::new());
    for (number, line) in text.lines().chain(std::iter::once("")).enumerate() {
        let mut fields = line.split_whitespace();
        let (Some(token), label) = (fields.next(), fields.next_back()) else {
            if !sentence.is_empty() {
                texts.push((
                    std::mem::take(&mut sentence),
                    std::mem::take(&mut stretches),
                ));
            }
            continue;
        };
        if token.starts_with("-DOCSTART-") || token == "#" {
            continue;
        }
        let label = label.ok_or_else(|| format!("line {}: a token without a label", number + 1))?;
        if !sentence.is_empty() {
            sentence.push(' ');
        }
        let start = sentence.len();
        sentence.push_str(token);
        match label.split_once('-') {
            Some(("I" | "E", entity))
                if stretches
                    .last()
                    .is_some_and(|last| last.entity == entity && last.end + 1 == start) =>
            {
                if let Some(last) = stretches.last_mut() {
                    last.end = sentence.len();
                }
            }
            Some((_, entity)) => stretches.push(Stretch {
                entity: entity.to_owned(),
                start,
                end: sentence.len(),
            }),
            None => {}
        }
    }
    Ok(corpus(texts.into_iter()))
}

fn corpus(texts: impl Iterator<Item = (String, Vec<Stretch>)>) -> Imported {
    let mut imported = Imported::default();
    let mut judged: Vec<&str> = Vec::new();
    let mut labels = String::new();
    for (row, (text, stretches)) in (1_u64..).zip(texts) {
        let base = imported.data.len();
        // Line ends within a text would make several rows of it.
        let line = text.bytes().map(|byte| {
            if matches!(byte, b'\n' | b'\r') {
                b' '
            } else {
                byte
            }
        });
        imported.data.extend(line);
        imported.data.push(b'\n');
        for stretch in stretches {
            let known = ENTITIES
                .iter()
                .find(|(entity, ..)| *entity == stretch.entity);
            let Some((_, detector, also)) = known else {
                *imported.lost.entry(stretch.entity).or_default() += 1;
                continue;
            };
            judged.push(detector);
            judged.extend(*also);
            imported.labels += 1;
            let label = serde_json::json!({
                "row": row,
                "detector": detector,
                "start": base + stretch.start,
                "end": base + stretch.end,
                "also": also,
            });
            labels += &label.to_string();
            labels.push('\n');
        }
    }
    judged.sort_unstable();
    judged.dedup();
    let head = serde_json::json!({"detail": "cells", "columns": [], "judged": judged});
    imported.truth = format!("{head}\n{labels}");
    imported
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_of_presidio_become_lines() {
        let text = r#"[{"full_text":"Zoë lives\nhere","spans":[{"entity_type":"PERSON","start_position":0,"end_position":3},{"entity_type":"ORGANIZATION","start_position":4,"end_position":9}]},
            {"full_text":"mail a@b.nl","spans":[{"entity_type":"EMAIL_ADDRESS","start_position":5,"end_position":11}]}]"#;
        let imported = presidio(text).unwrap();
        assert_eq!(imported.data, "Zoë lives here\nmail a@b.nl\n".as_bytes());
        assert_eq!((imported.labels, imported.lost["ORGANIZATION"]), (2, 1));
        let second = imported.truth.lines().nth(2).unwrap();
        assert!(
            second.contains("\"start\":21") && second.contains("\"end\":27"),
            "{second}"
        );
    }

    #[test]
    fn sentences_of_conll_become_lines() {
        let text = "-DOCSTART- -X- O O\n\nJan NNP I-NP B-PER\nde NNP I-NP I-PER\nVries NNP I-NP I-PER\nwoont VB O O\n\nParis NNP O B-LOC\n";
        let imported = conll(text).unwrap();
        assert_eq!(imported.data, b"Jan de Vries woont\nParis\n");
        assert!(
            imported.truth.contains("\"end\":12") && imported.truth.contains("\"start\":19"),
            "{}",
            imported.truth
        );
        assert!(conll("word\n").is_err());
    }
}
