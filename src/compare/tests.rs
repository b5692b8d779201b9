//! Two small results, written as NDJSON, and what must be said of them.

use std::io::Write as _;
use std::sync::Arc;

use super::*;
use crate::event::{ColumnDetector, DetectorName, Event, Finding, ScanRecord, Summary};
use crate::report::{LANGUAGES, Lang};

/// A column: its file and name, and its values.
type Column<'c> = (&'c str, &'c str, &'c [u64]);

fn result(root: &str, key: Option<&str>, columns: &[Column<'_>]) -> tempfile::NamedTempFile {
    let mut events = vec![Event::Scan(ScanRecord {
        schema: 1,
        key: key.map(str::to_owned),
        roots: vec![root.to_owned()],
        ..ScanRecord::default()
    })];
    for (file, name, values) in columns {
        let place = Arc::new(Place {
            file: format!("{root}/{file}").into(),
            member: None,
            table: None,
            column: Some((*name).into()),
        });
        let detector = Arc::new(DetectorName {
            id: "email".into(),
            category: "contact".into(),
        });
        events.extend(values.iter().zip(1..).map(|(value, row)| {
            Event::Finding(Finding {
                detector: detector.clone(),
                place: place.clone(),
                row,
                line: None,
                start: None,
                end: None,
                masked: "*".into(),
                value: None,
                fingerprint: u128::from(*value) << 64,
                confidence: 0.9,
                evidence: Vec::new().into(),
            })
        }));
        let mut distinct = values.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        events.push(Event::Column(ColumnRecord {
            place,
            rows: 9,
            nonempty: 9,
            detectors: (!values.is_empty())
                .then(|| ColumnDetector {
                    detector: "email".into(),
                    category: "contact".into(),
                    matches: values.len() as u64,
                    distinct: distinct.len() as u64,
                    confidence: 0.9,
                    signature: distinct
                        .iter()
                        .map(|value| format!("{value:016x}"))
                        .collect(),
                    ..ColumnDetector::default()
                })
                .into_iter()
                .collect(),
            considered: Vec::new(),
            accepted: None,
        }));
    }
    events.push(Event::Summary(Summary::default()));
    let mut file = tempfile::NamedTempFile::new().unwrap();
    for event in events {
        writeln!(file, "{}", serde_json::to_string(&event).unwrap()).unwrap();
    }
    file
}

/// Changes as lines: what happened, to which column, and to how many values.
fn said(before: &tempfile::NamedTempFile, after: &tempfile::NamedTempFile) -> Vec<String> {
    let comparison = compare(before.path(), after.path()).unwrap();
    let column = |place: &Option<Place>| {
        place.as_ref().map_or("-".to_owned(), |place| {
            format!(
                "{}:{}",
                place.file,
                place.column.as_deref().unwrap_or_default()
            )
        })
    };
    comparison
        .changes
        .iter()
        .map(|change| {
            let values: Vec<String> = change
                .detectors
                .iter()
                .filter_map(|detector| detector.values)
                .map(|v| {
                    format!(
                        " lost {} added {} duplicated {}",
                        v.lost, v.added, v.duplicated
                    )
                })
                .collect();
            format!(
                "{} {} {}{}",
                change.change.name(),
                column(&change.before),
                column(&change.after),
                values.concat()
            )
        })
        .collect()
}

const BEFORE: &[Column<'_>] = &[
    ("a.csv", "mail", &[1, 2, 3, 4]),
    ("a.csv", "same", &[7, 8]),
    ("a.csv", "empty", &[]),
    ("b.csv", "lost", &[20, 21]),
    ("c.csv", "contact", &[30, 31, 32, 33]),
];
const AFTER: &[Column<'_>] = &[
    ("a.csv", "e_mail", &[1, 2, 3, 3]),
    ("a.csv", "same", &[7, 8]),
    ("d/e.csv", "contact", &[30, 31, 32, 33]),
    ("b.csv", "fresh", &[90, 91]),
];

#[test]
fn with_a_key_columns_are_found_again_by_content() {
    let before = result("old", Some("k"), BEFORE);
    let after = result("new", Some("k"), AFTER);
    assert_eq!(
        said(&before, &after),
        [
            "renamed old/a.csv:mail new/a.csv:e_mail lost 1 added 0 duplicated 1",
            "new - new/b.csv:fresh",
            "moved old/c.csv:contact new/d/e.csv:contact",
            "gone old/a.csv:empty -",
            "gone old/b.csv:lost -",
        ]
    );
    let same = result("new", Some("k"), BEFORE);
    assert_eq!(said(&before, &same), Vec::<String>::new());
}

#[test]
fn without_a_common_key_only_names_count() {
    let before = result("old", Some("k"), BEFORE);
    let after = result("new", None, AFTER);
    let said = said(&before, &after);
    assert!(
        said.contains(&"gone old/a.csv:mail -".to_owned()),
        "{said:?}"
    );
    assert!(
        said.contains(&"new - new/a.csv:e_mail".to_owned()),
        "{said:?}"
    );
}

#[test]
fn every_format_says_it_and_nothing_breaks_out() {
    let hostile: &[Column<'_>] = &[("a.csv", "<script>|`@x`\u{202e}\n", &[1])];
    let before = result("old", Some("k"), BEFORE);
    let after = result("new", Some("k"), hostile);
    let comparison = compare(before.path(), after.path()).unwrap();
    for (format, (_, lang)) in FORMATS
        .iter()
        .flat_map(|format| LANGUAGES.map(|lang| (*format, lang)))
    {
        let mut out = Vec::new();
        write(&comparison, format, Look { all: true, lang }, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("script"), "{format}");
        let unsafe_characters = text.chars().filter(|c| *c != '\n');
        assert!(
            !unsafe_characters.clone().any(crate::report::is_unsafe),
            "{format}"
        );
        if format == "html" {
            assert!(!text.contains("<script>"), "{text}");
        }
        let is_dutch = lang == Lang::Nl && matches!(format, "html" | "markdown");
        assert_eq!(text.contains("nieuw"), is_dutch, "{format}: {text}");
    }
}
