//! Whole tables, as snapshots, and the numbers in them.

use std::sync::{Arc, Mutex};

use super::*;
use crate::event::{ColumnDetector, FileCounts, FileRecord, Place, Status};
use crate::report::grid::shown_width;

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

fn render(events: &[Event], options: ReportOptions) -> String {
    let out = Shared::default();
    let mut writer = Table.start(Box::new(out.clone()), &options).unwrap();
    for event in events {
        writer.event(event).unwrap();
    }
    writer.finish().unwrap();
    let bytes = out.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

fn column(
    (file, member, table, name): (&str, Option<&str>, Option<&str>, Option<&str>),
    rows: u64,
    found: &[(&str, &str, u64, f64, &[&str])],
) -> Event {
    let detectors =
        found.iter().map(
            |(detector, category, rows, confidence, examples)| ColumnDetector {
                detector: (*detector).into(),
                category: (*category).into(),
                matches: *rows,
                rows: *rows,
                distinct: *rows,
                invalid: if *rows == 996 { 3 } else { 0 },
                confidence: *confidence,
                evidence: vec!["header:x".into(), "check:y 1/11".into()],
                examples: examples.iter().map(|example| (*example).into()).collect(),
                ..ColumnDetector::default()
            },
        );
    Event::Column(ColumnRecord {
        place: Arc::new(Place {
            file: file.into(),
            member: member.map(Into::into),
            table: table.map(Into::into),
            column: name.map(Into::into),
        }),
        rows,
        nonempty: rows,
        detectors: detectors.collect(),
        considered: Vec::new(),
        accepted: None,
    })
}

fn file(file: &str, member: Option<&str>, status: Status, reason: Option<&str>) -> Event {
    Event::File(FileRecord {
        file: file.into(),
        member: member.map(Into::into),
        format: (status == Status::Scanned).then(|| "csv".into()),
        bytes: 100,
        records: 10,
        findings: 1,
        status,
        reason: reason.map(Into::into),
        sampled: None,
    })
}

fn example() -> Vec<Event> {
    let crm = ("exports/crm.csv", None, None);
    let dump = ("exports/backup.zip", Some("db/dump.sql"));
    let mut events = vec![
        column(
            (crm.0, crm.1, crm.2, Some("contact_email")),
            1000,
            &[(
                "email",
                "contact",
                1000,
                0.9999,
                &["a***@example.com", "b***@example.org"],
            )],
        ),
        column((crm.0, crm.1, crm.2, Some("created_at")), 1000, &[]),
        column(
            (crm.0, crm.1, crm.2, Some("citizen_number")),
            1000,
            &[(
                "nl-bsn",
                "national-id",
                996,
                0.994,
                &["*******33", "*******21", "*******05"],
            )],
        ),
        column(
            (
                crm.0,
                crm.1,
                crm.2,
                Some("remarks, as entered by the service desk"),
            ),
            1000,
            &[
                ("phone", "contact", 4, 0.61, &["+31 6 **** **12"]),
                ("iban", "financial", 1, 0.85, &["NL** **** **** **00"]),
            ],
        ),
        file(crm.0, None, Status::Scanned, None),
        file("exports/empty.csv", None, Status::Scanned, None),
        column(
            ("exports/letter.txt", None, None, None),
            12,
            &[("person-name", "identity", 2, 0.7, &["A** J*****"])],
        ),
        file(
            "exports/letter.txt",
            None,
            Status::Scanned,
            Some("read as windows-1252, which is a guess"),
        ),
        file(
            "exports/photo.jpg",
            None,
            Status::Skipped,
            Some("a picture: nothing here reads it"),
        ),
        column(
            (dump.0, dump.1, Some("patients"), Some("diagnosis")),
            250_000,
            &[("icd-10", "special", 249_998, 0.97, &["E**.*"])],
        ),
        column(
            (dump.0, dump.1, Some("patients"), Some("email")),
            250_000,
            &[("email", "contact", 125_000, 0.99, &["c***@example.net"])],
        ),
        column(
            (dump.0, dump.1, Some("staff"), Some("email")),
            80,
            &[("email", "contact", 80, 0.98, &["d***@example.net"])],
        ),
        file(
            dump.0,
            dump.1,
            Status::Partial,
            Some("cut off within a record (at byte 1234567)"),
        ),
        file(dump.0, None, Status::Scanned, None),
    ];
    events.push(Event::Summary(Summary {
        files: FileCounts {
            scanned: 4,
            partial: 1,
            skipped: 1,
            failed: 0,
        },
        bytes: 12_345_678,
        findings: 252_083,
        subjects_estimate: 249_512,
        seconds: 0.256,
        unread: 2,
        ..Summary::default()
    }));
    events
}

#[test]
fn a_table_fits_its_width_and_says_what_was_not_read() {
    for (name, width) in [("table-40", 40), ("table-80", 80), ("table-120", 120)] {
        let text = render(
            &example(),
            ReportOptions {
                width,
                ..ReportOptions::default()
            },
        );
        for line in text.lines() {
            assert!(shown_width(line) <= width, "{line}");
            assert_eq!(line, line.trim_end());
        }
        insta::assert_snapshot!(name, text);
    }
}

#[test]
fn nothing_is_wider_than_the_terminal_whatever_there_is_to_say() {
    let mut events = example();
    let name = "an/export/with/a/name/that/has/no/room/beside/anything.csv";
    let huge = 1_234_567_890_123;
    events.insert(
        0,
        column(
            (name, None, None, Some("column")),
            huge,
            &[("nl-bsn", "national-id", huge, 0.99, &["*******33"])],
        ),
    );
    events.insert(1, file(name, None, Status::Scanned, None));
    for width in (40..140).step_by(7) {
        let options = ReportOptions {
            width,
            hints: true,
            verbose: true,
            ..ReportOptions::default()
        };
        for line in render(&events, options).lines() {
            assert!(shown_width(line) <= width, "{width}: {line}");
        }
    }
}

#[test]
fn verbose_names_clean_files_and_reasons() {
    let text = render(
        &example(),
        ReportOptions {
            verbose: true,
            ..ReportOptions::default()
        },
    );
    assert!(text.contains("\n  exports/empty.csv\n"), "{text}");
    assert!(text.contains("why: header:x, check:y 1/11"), "{text}");
}

#[test]
fn colour_changes_nothing_but_colour() {
    let options = ReportOptions {
        color: true,
        ..ReportOptions::default()
    };
    let colored = render(&example(), options);
    assert!(colored.contains("\x1b["));
    let plain = anstream::adapter::strip_str(&colored).to_string();
    assert_eq!(plain, render(&example(), ReportOptions::default()));
}

#[test]
fn hostile_names_are_spelled_out() {
    let hostile = "\x1b[2J\u{202e}gpj.exe\r\n\u{9b}31m";
    let events = [
        column(
            (hostile, Some(hostile), Some(hostile), Some(hostile)),
            2,
            &[("email", "contact", 2, 0.9, &[hostile])],
        ),
        file(hostile, Some(hostile), Status::Partial, Some(hostile)),
        file("x", Some(hostile), Status::Failed, Some(hostile)),
        Event::Summary(Summary::default()),
    ];
    let text = render(
        &events,
        ReportOptions {
            verbose: true,
            ..ReportOptions::default()
        },
    );
    assert!(
        !text.replace('\n', "").contains(crate::report::is_unsafe),
        "{text}"
    );
    assert!(
        text.contains(r"\u{1b}[2J\u{202e}gpj.exe\r\n\u{9b}31m"),
        "{text}"
    );
}

#[test]
fn many_inputs_with_one_reason_are_counted() {
    let mut events: Vec<_> = (0..1234)
        .map(|n| {
            file(
                &format!("{n}.jpg"),
                None,
                Status::Skipped,
                Some("a picture"),
            )
        })
        .collect();
    events.push(Event::Summary(Summary {
        unread: 1234,
        ..Summary::default()
    }));
    let text = render(&events, ReportOptions::default());
    assert!(text.starts_with("Nothing could be read.\n"), "{text}");
    assert!(text.contains("and 1,224 more (-v names them)"), "{text}");
    let all = render(
        &events,
        ReportOptions {
            verbose: true,
            ..ReportOptions::default()
        },
    );
    assert!(all.contains("1233.jpg") && !all.contains("more"), "{all}");
}

#[test]
fn estimates_have_two_digits() {
    let cases = [0, 1, 9, 12, 99, 1_449, 1_450, 1_987, 249_512, u64::MAX].map(rounded);
    assert_eq!(cases[..9], [0, 1, 9, 12, 99, 1400, 1500, 2000, 250_000]);
    let sizes = [0.0, 999.0, 1000.0, 12_345_678.0, 2.5e13].map(size);
    assert_eq!(sizes, ["0 B", "999 B", "1.0 kB", "12.3 MB", "25.0 TB"]);
}
