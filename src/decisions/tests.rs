//! Entries are used, unused or expired; policies are met where they say.

use std::sync::Arc;

use super::*;
use crate::event::{ColumnDetector, Place, Summary};

fn column(file: &str, name: &str, found: &[(&str, &str)]) -> Event {
    let detectors = found.iter().map(|(detector, category)| ColumnDetector {
        detector: (*detector).into(),
        category: (*category).into(),
        matches: 1,
        confidence: 0.9,
        ..ColumnDetector::default()
    });
    Event::Column(ColumnRecord {
        place: Arc::new(Place {
            file: file.into(),
            member: None,
            table: None,
            column: Some(name.into()),
        }),
        rows: 1,
        nonempty: 1,
        detectors: detectors.collect(),
        considered: Vec::new(),
        accepted: None,
    })
}

fn decided(text: &str) -> Result<Decisions, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE_NAME);
    std::fs::write(&path, text).unwrap();
    Decisions::read(&path, &["exports".into()], "2026-06-01").map_err(|error| error.to_string())
}

#[test]
fn accepted_columns_are_marked_and_meet_no_policy() {
    let mut decisions = decided(
        "accept:
- {column: 'crm/*.csv:email', who: Ann, why: newsletter, until: 2026-12-31}
- {column: 'crm/a.csv:bsn', who: Ann, why: old, until: 2026-05-31}
- {column: 'nowhere.csv', who: Ann, why: never}
policies:
- no contact in crm/
- no national-id outside hr/
- max confidence 0.8 of iban
",
    )
    .unwrap();
    let email = column("exports/crm/a.csv", "email", &[("email", "contact")]);
    let marked = decisions.event(&email);
    assert!(
        matches!(&marked, Some(Event::Column(column)) if column.accepted.is_some()),
        "{marked:?}"
    );
    assert!(!decisions.met());
    // Expired: it counts again.
    let bsn = column("exports/crm/a.csv", "bsn", &[("nl-bsn", "national-id")]);
    assert!(decisions.event(&bsn).is_none());
    let hr = column("exports/hr/x.csv", "bsn", &[("nl-bsn", "national-id")]);
    decisions.event(&hr);
    decisions.event(&Event::Summary(Summary::default()));
    let said: Vec<String> = decisions
        .records()
        .iter()
        .map(|event| match event {
            Event::Decision(record) => format!("{} {}", record.about, record.status),
            Event::Policy(record) => format!("{} {}", record.policy, record.count),
            _ => String::new(),
        })
        .collect();
    assert_eq!(
        said,
        [
            "crm/*.csv:email used",
            "crm/a.csv:bsn expired",
            "nowhere.csv unused",
            "no contact in crm/ 0",
            "no national-id outside hr/ 1",
            "max confidence 0.8 of iban 0",
        ]
    );
}

#[test]
fn hashes_of_personal_data_are_where_that_must_not_be() {
    let mut decisions =
        decided("policies: ['no contact outside crm/', no financial outside hr/]\n").unwrap();
    let Event::Column(column) = column("exports/web/a.csv", "hash", &[]) else {
        unreachable!()
    };
    let event = Event::Pseudonym(PseudonymRecord {
        place: column.place,
        algorithm: "MD5".into(),
        of: "email".into(),
        category: "contact".into(),
        text: "as it stands".into(),
        matched: 40,
        compared: 41,
        enumerated: false,
    });
    assert!(!decisions.met());
    decisions.event(&event);
    assert!(decisions.met());
    let counts = decisions.records().into_iter().map(|event| match event {
        Event::Policy(record) => (record.count, record.places),
        _ => (0, Vec::new()),
    });
    let expected = vec!["exports/web/a.csv:hash (email)".to_owned()];
    assert!(counts.eq([(1, expected), (0, Vec::new())]));
}

#[test]
fn colons_may_be_part_of_names() {
    for (accepted, file, table, name) in [
        ("c.csv:my:email", "c.csv", None, "my:email"),
        ("we:ird.csv", "we:ird.csv", None, "email"),
        ("we:ird.csv:email", "we:ird.csv", None, "email"),
        (
            "q.sqlite:customers:email",
            "q.sqlite",
            Some("customers"),
            "email",
        ),
        (
            "q.sqlite:customers.email",
            "q.sqlite",
            Some("customers"),
            "email",
        ),
    ] {
        let text = format!("accept: [{{column: '{accepted}', who: Ann, why: known}}]\n");
        let mut decisions = decided(&text).unwrap();
        let Event::Column(mut column) = column(file, name, &[("email", "contact")]) else {
            unreachable!()
        };
        let place = Arc::make_mut(&mut column.place);
        place.table = table.map(Into::into);
        assert!(
            decisions.event(&Event::Column(column)).is_some(),
            "{accepted}"
        );
    }
}

#[test]
fn thresholds_may_name_a_category() {
    let decisions = decided("thresholds: {contact: 0.8, phone: 0.9, 'nl-*': 0.7}\n").unwrap();
    let detectors = [
        ("email", "contact"),
        ("phone", "contact"),
        ("nl-bsn", "national-id"),
        ("iban", "financial"),
    ];
    let wanted = [("email", 0.8), ("nl-bsn", 0.7), ("phone", 0.9)];
    let found = decisions.thresholds(detectors.into_iter());
    assert!(
        found
            .iter()
            .map(|(id, least)| (id.as_str(), *least))
            .eq(wanted)
    );
}

#[test]
fn a_policy_is_met_where_a_masked_name_may_be_meant() {
    let mut decisions = decided("policies: ['no contact in jan@post.nl.csv']\n").unwrap();
    decisions.event(&column(
        "exports/p**@****.nl.csv",
        "mail",
        &[("email", "contact")],
    ));
    assert!(!decisions.met());
    decisions.event(&column(
        "exports/j**@****.nl.csv",
        "mail",
        &[("email", "contact")],
    ));
    assert!(decisions.met());
}

#[test]
fn what_is_wrong_says_where() {
    for (text, message) in [
        ("accept:\n- {column: a, why: x}\n", "who"),
        (
            "accept:\n- {column: a, who: x, why: ' '}\n",
            "must say something",
        ),
        (
            "accept:\n- {column: a, who: x, why: y, until: soon}\n",
            "until",
        ),
        ("policies: ['no bsn near x y']\n", "is not understood"),
        ("policies: ['max confidence 7']\n", "from 0 to 1"),
        ("thresholds: {phone: 8}\n", "from 0 to 1"),
        ("policies: ['no contact in !hr/']\n", "names no path"),
        ("ignore: [{path: '#x', why: y}]\n", "ignore 1"),
        ("polices: []\n", "polices"),
    ] {
        let error = decided(text).err().unwrap_or_default();
        assert!(error.contains(message), "{message}: {error}");
    }
    assert!(!decided("# nothing yet\n").unwrap().has_policies());
}

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
        assert_eq!(policy::matches(glob, name), expected, "{glob} {name}");
    }
}
