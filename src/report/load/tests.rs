//! A result comes back as it was, in the order of the scan, and a damaged one names its line.

use std::io::Write as _;
use std::sync::{Arc, Mutex};

use super::super::{REPORTS, Report, ReportOptions};
use super::*;
use crate::event::{
    ColumnDetector, ColumnRecord, DetectorName, FileRecord, Finding, Place, PolicyRecord, Status,
    Summary,
};

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn events() -> Vec<Event> {
    let mut events = vec![Event::Scan(ScanRecord {
        schema: SCHEMA,
        version: "1".into(),
        ..ScanRecord::default()
    })];
    let detector = Arc::new(DetectorName {
        id: "nl-bsn".into(),
        category: "national-id".into(),
    });
    for (file, member, rows) in [
        ("a.csv", None, 3),
        ("empty.csv", None, 0),
        ("b.zip", Some("x.csv"), 2),
        ("b.zip", None, 0),
    ] {
        let file: Arc<str> = file.into();
        let member: Option<Arc<str>> = member.map(Into::into);
        let place = Arc::new(Place {
            file: file.clone(),
            member: member.clone(),
            table: None,
            column: Some("n\u{202e}\"".into()),
        });
        events.extend((1..=rows).map(|row| {
            Event::Finding(Finding {
                detector: detector.clone(),
                place: place.clone(),
                row,
                line: (row > 1).then_some(row + 1),
                start: Some(row * 10),
                end: Some(row * 10 + 9),
                masked: "*******33".into(),
                value: None,
                fingerprint: 77 << 64,
                confidence: 0.98,
                evidence: vec!["check:elfproef 1/11".to_owned()].into(),
            })
        }));
        if rows > 0 {
            events.push(Event::Column(ColumnRecord {
                place,
                rows,
                nonempty: rows,
                detectors: vec![ColumnDetector {
                    detector: "nl-bsn".into(),
                    category: "national-id".into(),
                    matches: rows,
                    confidences: vec![(0.98, rows)],
                    ..ColumnDetector::default()
                }],
                considered: Vec::new(),
                accepted: None,
            }));
        }
        events.push(Event::File(FileRecord {
            file,
            member,
            format: Some("csv".into()),
            bytes: 1,
            records: rows,
            findings: rows,
            status: Status::Scanned,
            reason: None,
            sampled: None,
        }));
    }
    events.push(Event::Policy(PolicyRecord {
        policy: "no nl-bsn".into(),
        ..PolicyRecord::default()
    }));
    events.push(Event::Summary(Summary::default()));
    events
}

fn saved(report: &dyn Report, events: &[Event]) -> Vec<u8> {
    let out = Shared::default();
    let mut writer = report
        .start(Box::new(out.clone()), &ReportOptions::default())
        .unwrap();
    for event in events {
        writer.event(event).unwrap();
    }
    writer.finish().unwrap();
    out.0.lock().unwrap().clone()
}

fn loaded(bytes: &[u8], findings: Findings) -> Result<Vec<String>, String> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let mut lines = Vec::new();
    let saved = Saved::open(file.path()).map_err(|error| error.to_string())?;
    saved
        .events(findings, &mut |event| {
            lines.push(serde_json::to_string(event).unwrap());
            Ok(())
        })
        .map_err(|error| {
            error
                .to_string()
                .replace(&*file.path().to_string_lossy(), "R")
        })?;
    Ok(lines)
}

#[test]
fn a_result_comes_back_as_it_was() {
    let events = events();
    let expected: Vec<_> = events
        .iter()
        .map(|event| serde_json::to_string(event).unwrap())
        .collect();
    let without: Vec<_> = expected
        .iter()
        .filter(|line| !line.contains("\"type\":\"finding\""))
        .cloned()
        .collect();
    let formats = ["json", "ndjson", "ndjson-zst", "parquet"];
    for report in REPORTS
        .iter()
        .filter(|report| formats.contains(&report.name()))
    {
        let bytes = saved(*report, &events);
        assert_eq!(
            loaded(&bytes, Findings::Read).unwrap(),
            expected,
            "{}",
            report.name()
        );
        assert_eq!(
            loaded(&bytes, Findings::Skip).unwrap(),
            without,
            "{}",
            report.name()
        );
    }
}

#[test]
fn what_is_damaged_names_its_line() {
    let whole = String::from_utf8(saved(&super::super::ndjson::Ndjson, &events())).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let cut = lines[..3].join("\n");
    let broken = whole.replacen("\"row\":2", "\"row\":\"secret\"", 1);
    for (text, message) in [
        (cut.as_str(), "R:3: the result ends without a summary"),
        (&whole[..whole.len() - 10], "the result is cut off here"),
        (&broken, "R:3:"),
        (&lines[1..].join("\n"), "begins with the record of the scan"),
        (&format!("{whole}{whole}"), "stands behind the summary"),
        (
            &whole.replacen("\"schema\":1", "\"schema\":999", 1),
            "schema version 999",
        ),
        ("id;name\n1;x\n", "no saved result"),
        ("", "no saved result"),
        (
            "{\"scan\":null,\"findings\":[\n],\"summary\":null}",
            "holds no scan",
        ),
    ] {
        let error = loaded(text.as_bytes(), Findings::Read).unwrap_err();
        assert!(error.contains(message), "{message}: {error}");
        assert!(!error.contains("secret"), "{error}");
    }
}

#[test]
fn no_cut_of_any_format_is_taken_for_a_whole_result() {
    for report in REPORTS.iter().filter(|report| report.name() != "table") {
        let bytes = saved(*report, &events());
        for len in (0..bytes.len().saturating_sub(2)).step_by(bytes.len() / 60 + 1) {
            assert!(
                loaded(&bytes[..len], Findings::Read).is_err(),
                "{} {len}",
                report.name()
            );
        }
    }
}
