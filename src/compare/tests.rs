//! Two small results, written as NDJSON, and what must be said of them.

use std::io::Write as _;
use std::sync::Arc;

use super::*;
use crate::event::{ColumnDetector, DetectorName, Event, Finding, ScanRecord, Summary};
use crate::report::{LANGUAGES, Lang};

/// A column: its file (`#` and its table), its name, and its values.
type Column<'c> = (&'c str, &'c str, &'c [u64]);

fn result(root: &str, key: Option<&str>, columns: &[Column<'_>]) -> tempfile::NamedTempFile {
    let mut events = vec![Event::Scan(ScanRecord {
        schema: 1,
        key: key.map(str::to_owned),
        roots: vec![root.to_owned()],
        ..ScanRecord::default()
    })];
    for (file, name, values) in columns {
        let (file, table) = match file.split_once('#') {
            Some((file, table)) => (file, Some(table.into())),
            None => (*file, None),
        };
        let place = Arc::new(Place {
            file: format!("{root}/{file}").into(),
            member: None,
            table,
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
            "new - new/b.csv:fresh lost 0 added 2 duplicated 0",
            "moved old/c.csv:contact new/d/e.csv:contact",
            "gone old/a.csv:empty -",
            "gone old/b.csv:lost - lost 2 added 0 duplicated 0",
        ]
    );
    let same = result("new", Some("k"), BEFORE);
    assert_eq!(said(&before, &same), Vec::<String>::new());
}

fn ids(range: std::ops::Range<u64>) -> Vec<u64> {
    range.collect()
}

#[test]
fn values_say_more_than_the_same_name() {
    let (a, b) = (ids(0..40), ids(100..140));
    let before = result(
        "x",
        Some("k"),
        &[("t.csv", "mail", &a), ("t.csv", "other", &b)],
    );
    // Swapped.
    let after = result(
        "x",
        Some("k"),
        &[("t.csv", "mail", &b), ("t.csv", "other", &a)],
    );
    assert_eq!(
        said(&before, &after),
        [
            "renamed x/t.csv:other x/t.csv:mail",
            "renamed x/t.csv:mail x/t.csv:other",
        ]
    );
    // Renamed, and a new one has its name.
    let fresh = ids(200..240);
    let columns: &[Column<'_>] = &[
        ("t.csv", "mail", &fresh),
        ("t.csv", "mail_old", &a),
        ("t.csv", "other", &b),
    ];
    assert_eq!(
        said(&before, &result("x", Some("k"), columns)),
        [
            "new - x/t.csv:mail lost 0 added 40 duplicated 0",
            "renamed x/t.csv:mail x/t.csv:mail_old",
        ]
    );
}

#[test]
fn tables_are_found_again_before_columns() {
    // Three tables with towns in common, under other names that sort the other way.
    let towns = ids(0..30);
    let keys = [ids(100..160), ids(200..260), ids(300..360)];
    let tables = |names: [&'static str; 3]| -> Vec<(&'static str, &'static str, Vec<u64>)> {
        names
            .iter()
            .zip(&keys)
            .flat_map(|(name, key)| {
                [
                    (*name, "town", towns.clone()),
                    (*name, "id", Vec::new()),
                    (*name, "mail", key.clone()),
                ]
            })
            .collect()
    };
    let made = |names| {
        let tables = tables(names);
        let columns: Vec<Column<'_>> = tables.iter().map(|(f, c, v)| (*f, *c, &v[..])).collect();
        result("x", Some("k"), &columns)
    };
    let before = made(["a.csv", "b.csv", "c.csv"]);
    let after = made(["z.csv", "y.csv", "d/x.parquet"]);
    let comparison = compare(before.path(), after.path()).unwrap();
    let pairs: BTreeSet<String> = comparison
        .changes
        .iter()
        .map(|change| {
            let place = |place: &Option<Place>| place.as_ref().unwrap().clone();
            let (a, b) = (place(&change.before), place(&change.after));
            assert_eq!((change.change, a.column), (Kind::Moved, b.column));
            assert!(change.detectors.is_empty());
            format!("{} {}", a.file, b.file)
        })
        .collect();
    let wanted = [
        "x/a.csv x/z.csv",
        "x/b.csv x/y.csv",
        "x/c.csv x/d/x.parquet",
    ];
    assert_eq!(pairs, BTreeSet::from(wanted.map(str::to_owned)));
    let kinds = comparison
        .tables
        .iter()
        .map(|table| (table.change, table.personal));
    let wanted = [(Kind::Moved, 2), (Kind::Renamed, 2), (Kind::Renamed, 2)];
    assert_eq!(kinds.collect::<Vec<_>>(), wanted);
    // What holds personal data is listed, though nothing of it differs.
    let mut text = Vec::new();
    write(&comparison, "table", Look::default(), &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert_eq!(text.matches("holds email").count(), 6, "{text}");
    assert!(text.contains("no value was lost"), "{text}");
}

#[test]
fn a_table_of_a_database_is_found_in_a_file_of_its_name() {
    let (towns, mails) = (ids(0..30), ids(100..160));
    let before: &[Column<'_>] = &[
        ("app.sqlite#klanten", "town", &towns),
        ("app.sqlite#klanten", "mail", &mails),
    ];
    let after: &[Column<'_>] = &[
        ("klanten.csv", "town", &towns),
        ("klanten.csv", "mail", &mails),
    ];
    for key in [Some("k"), None] {
        let said = said(&result("x", key, before), &result("x", key, after));
        let wanted = ["mail", "town"]
            .map(|column| format!("moved x/app.sqlite:{column} x/klanten.csv:{column}"));
        assert_eq!(said, wanted);
    }
}

#[test]
fn values_of_a_table_that_was_parted_are_not_lost() {
    let all = ids(0..200);
    let before = result("x", Some("k"), &[("t.csv", "mail", &all)]);
    let parts: &[Column<'_>] = &[
        ("t1.csv", "mail", &all[..120]),
        ("t2.csv", "mail", &all[120..]),
    ];
    let after = result("x", Some("k"), parts);
    let comparison = compare(before.path(), after.path()).unwrap();
    let total = &comparison.values.as_ref().unwrap()[0];
    assert_eq!(total.values, Values::default());
    assert_eq!((total.before, total.after), (200, 200));
    let values: Vec<Values> = comparison
        .changes
        .iter()
        .flat_map(|change| &change.detectors)
        .filter_map(|detector| detector.values)
        .collect();
    assert!(!values.is_empty());
    for values in values {
        assert_eq!(values.lost, values.lost_elsewhere);
        assert_eq!(values.added, values.added_elsewhere);
    }
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
