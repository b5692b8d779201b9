//! What documents say about one small result, whatever their format and language.

use std::sync::{Arc, Mutex};

use super::*;
use crate::event::{
    Acceptance, ColumnDetector, ColumnRecord, DecisionRecord, FileCounts, FileRecord, Place,
    PolicyRecord, RuleUsed, ScanRecord, Status, Summary, Weight,
};

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn rendered(format: &str, lang: Lang, events: &[Event]) -> String {
    let out = Shared::default();
    let options = ReportOptions {
        lang,
        ..ReportOptions::default()
    };
    let report = by_name(format).unwrap();
    let mut writer = report.start(Box::new(out.clone()), &options).unwrap();
    for event in events {
        writer.event(event).unwrap();
    }
    writer.finish().unwrap();
    let bytes = out.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

/// Each text stands in the document.
fn says(document: &str, texts: &[&str]) {
    for text in texts {
        assert!(document.contains(text), "{text}\n\n{document}");
    }
}

fn column(file: &str, name: &str, detectors: &[(&str, &str)]) -> Event {
    let found = |(detector, category): &(&str, &str)| ColumnDetector {
        detector: (*detector).into(),
        category: (*category).into(),
        matches: 1612,
        rows: 1612,
        distinct: 1600,
        confidence: 0.95,
        evidence: vec![format!("header:{name} +4.6")],
        weights: vec![Weight {
            what: format!("header:{name}"),
            weight: 4.6,
        }],
        ..ColumnDetector::default()
    };
    Event::Column(ColumnRecord {
        place: Arc::new(Place {
            file: file.into(),
            member: None,
            table: None,
            column: Some(name.into()),
        }),
        rows: 2000,
        nonempty: 2000,
        detectors: detectors.iter().map(found).collect(),
        considered: Vec::new(),
        accepted: None,
    })
}

fn file(name: &str, status: Status, reason: Option<&str>) -> Event {
    Event::File(FileRecord {
        file: name.into(),
        member: None,
        format: Some("csv".into()),
        bytes: 1_300_000,
        records: 2000,
        findings: 1612,
        status,
        reason: reason.map(Into::into),
        sampled: None,
    })
}

fn decision(decision: &str, about: &str, status: &str, accepted: Option<[&str; 2]>) -> Event {
    Event::Decision(DecisionRecord {
        decision: decision.into(),
        about: about.into(),
        source: format!("speur.yaml, {decision} 1"),
        status: status.into(),
        acceptance: accepted.map(|[who, why]| Acceptance {
            who: who.into(),
            why: why.into(),
            until: (status == "expired").then(|| "2025-01-31".into()),
        }),
        count: u64::from(status != "unused"),
    })
}

/// Two files in which the same people are, in a column that holds names, too, and one that was not read.
fn example() -> Vec<Event> {
    let both = [("email", "contact"), ("person-name", "identity")];
    let mut scan = ScanRecord::default();
    scan.rules.detectors = vec![RuleUsed {
        id: "email".into(),
        name: "E-mail address".into(),
        category: "contact".into(),
        about: "Where mail <goes>.".into(),
        ..RuleUsed::default()
    }];
    vec![
        Event::Scan(scan),
        column("a.csv", "mail", &both),
        file("a.csv", Status::Scanned, None),
        column("b.csv", "mail", &both[..1]),
        file("b.csv", Status::Scanned, None),
        file(
            "c.zip",
            Status::Skipped,
            Some("encrypted; unpack it with its password first"),
        ),
        decision(
            "accept",
            "b.csv:mail",
            "expired",
            Some(["Jo|<b>", "needed"]),
        ),
        decision("ignore", "tmp/**", "used", Some(["speur.yaml", "scratch"])),
        decision("source", "hr/: HR", "unused", None),
        Event::Summary(Summary {
            files: FileCounts {
                scanned: 2,
                partial: 0,
                skipped: 1,
                failed: 0,
            },
            bytes: 2_600_000,
            findings: 4836,
            subjects_estimate: 1600,
            seconds: 1.6,
            unread: 1,
            ..Summary::default()
        }),
    ]
}

#[test]
fn different_values_are_said_to_be_a_sum() {
    let sum = "different values, added up over columns</dt><dd>4,800</dd>";
    says(&rendered("html", Lang::En, &example()), &[sum]);
}

#[test]
fn columns_and_rows_of_the_list_are_told_apart_without_a_script() {
    let page = rendered("html", Lang::En, &example());
    let noscript = "off: 3 of 3 rows are listed here";
    let texts = [
        "columns with personal data</dt><dd>2<",
        "{all} rows",
        noscript,
    ];
    says(&page, &texts);
    assert_eq!(page.matches("<strong>mail</strong>").count(), 3);
    says(&page, &["<span>1.6k</span>"]);
    let page = rendered("html", Lang::Nl, &example());
    says(&page, &["<span>1,6k</span>"]);
}

#[test]
fn dutch_is_dutch() {
    let page = rendered("html", Lang::Nl, &example());
    let texts = [
        "<dd>2,6 MB</dd>",
        "1,6 s",
        "versleuteld; pak het eerst uit met het wachtwoord",
        "genegeerd <code>tmp/**</code>",
        "Genegeerd: scratch",
        "geaccepteerd <code>b.csv:mail</code>",
        "(tot en met 2025-01-31)",
        "Omschrijvingen zijn in het Engels.",
    ];
    says(&page, &texts);
    assert!(!page.contains("Geaccepteerd door speur.yaml"));
    let text = rendered("markdown", Lang::Nl, &example());
    says(&text, &["2,6 MB", "`versleuteld; pak het eerst uit met"]);
}

#[test]
fn decisions_that_need_a_look_are_told() {
    let text = rendered("markdown", Lang::En, &example());
    let texts = [
        "### Decisions",
        "| expired | accept `b.csv:mail` (`speur.yaml, accept 1`) | `Accepted by Jo\\|<b>: needed (until 2025-01-31)` |",
        "| unused | source `hr/: HR`",
        "| used | ignore `tmp/**` (`speur.yaml, ignore 1`) | `Ignored: scratch` |",
    ];
    says(&text, &texts);
    let text = rendered("junit", Lang::En, &example());
    let told = "<system-out>decision expired: accept b.csv:mail (speur.yaml, accept 1)\n\
                decision unused: source hr/: HR (speur.yaml, source 1)\n</system-out>\n</testsuite>";
    says(&text, &[told]);
    let text = rendered("sarif", Lang::En, &example());
    let sarif: serde_json::Value = serde_json::from_str(&text).unwrap();
    let run = &sarif["runs"][0];
    let told = &run["invocations"][0]["toolConfigurationNotifications"];
    let about: Vec<&str> = told
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["level"].as_str())
        .collect();
    assert_eq!(about, ["warning", "note"]);
    let text = told[0]["message"]["text"].as_str();
    let expected = "decision expired: accept b.csv:mail (speur.yaml, accept 1)";
    assert_eq!(text, Some(expected));
}

#[test]
fn rules_of_sarif_help_and_notifications_are_described() {
    let text = rendered("sarif", Lang::En, &example());
    let sarif: serde_json::Value = serde_json::from_str(&text).unwrap();
    let driver = &sarif["runs"][0]["tool"]["driver"];
    let rules = driver["rules"].as_array().unwrap();
    assert_eq!(rules.len(), 2);
    for rule in rules {
        let help = rule["help"]["text"].as_str().unwrap();
        let about = rule["fullDescription"]["text"].as_str().unwrap();
        assert!(help.starts_with(about) && help.contains("speur.yaml"));
    }
    let described = driver["notifications"].as_array().unwrap();
    let invocation = &sarif["runs"][0]["invocations"][0];
    for list in [
        "toolExecutionNotifications",
        "toolConfigurationNotifications",
    ] {
        for told in invocation[list].as_array().unwrap() {
            let id = &told["descriptor"]["id"];
            let known = described.iter().find(|one| one["id"] == *id).unwrap();
            assert!(known["fullDescription"]["text"].is_string());
        }
    }
}

#[test]
fn a_policy_without_places_counts_inputs() {
    let policy = |policy: &str, count, places: &[&str]| {
        Event::Policy(PolicyRecord {
            policy: policy.into(),
            source: "speur.yaml, policy 1".into(),
            met: count > 0,
            count,
            places: places.iter().map(|place| (*place).into()).collect(),
        })
    };
    let events = [
        policy("fail on incomplete", 1, &[]),
        policy("no email", 5, &["a.csv:mail (email)"]),
        policy("no iban", 0, &[]),
        Event::Summary(Summary::default()),
    ];
    let text = rendered("markdown", Lang::En, &events);
    let lines = [
        "| `fail on incomplete` | violated | 1 file |",
        "| `no email` | violated | `a.csv:mail (email)` +4 |",
        "| `no iban` | holds |  |",
    ];
    says(&text, &lines);
    let page = rendered("html", Lang::Nl, &events);
    says(&page, &["<small>1 bestand</small>", "<small>+4</small>"]);
}

#[test]
fn names_and_extensions_are_unique() {
    let mut names: Vec<_> = REPORTS.iter().map(|report| report.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), REPORTS.len());
    let all: Vec<_> = REPORTS
        .iter()
        .flat_map(|report| report.extensions())
        .collect();
    let mut unique = all.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), all.len());
    for (name, report) in [
        ("a.NDJSON", Some("ndjson")),
        ("a.json", Some("json")),
        ("junit.xml", Some("junit")),
        ("a.b.sarif.json", Some("sarif")),
        ("ajson", None),
        ("a.xml", None),
    ] {
        assert_eq!(by_file_name(name).map(Report::name), report, "{name}");
    }
}
