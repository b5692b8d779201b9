//! `--sample`: which records are looked at, that their places stay true, and that nothing passes for a total.

mod common;

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use common::{of_type, records, scan_of, write};
use serde_json::Value;
use speur::event::{Event, Summary};
use speur::scan::{Progress, Sample};

const ROWS: usize = 20_000;

fn email(row: usize) -> String {
    format!("person{row}@mail-{}.nl", row % 7)
}

/// The same addresses in every format that can be sampled, with the name of the column.
fn inputs() -> Vec<(&'static str, Vec<u8>)> {
    let all = |start: &str, each: fn(usize) -> String, between: &str, end: &str| {
        let rows: Vec<String> = (0..ROWS).map(each).collect();
        format!("{start}{}{end}", rows.join(between)).into_bytes()
    };
    vec![
        (
            "a.csv",
            all(
                "n,email\n",
                |row| format!("{row},{}", email(row)),
                "\n",
                "\n",
            ),
        ),
        (
            "a.txt",
            all("", |row| format!("to {} sent", email(row)), "\n", "\n"),
        ),
        (
            "a.ndjson",
            all(
                "",
                |row| format!("{{\"email\":\"{}\",\"n\":\"\\u0041\"}}", email(row)),
                "\n",
                "\n",
            ),
        ),
        (
            "a.json",
            all(
                "[",
                |row| format!("{{\"email\":\"{}\"}}", email(row)),
                ",\n",
                "]",
            ),
        ),
        (
            "a.sql",
            all(
                "CREATE TABLE t (email text);\n",
                |row| format!("INSERT INTO t VALUES ('{}');", email(row)),
                "\n",
                "\n",
            ),
        ),
        ("a.parquet", parquet()),
    ]
}

fn parquet() -> Vec<u8> {
    let texts = StringArray::from_iter_values((0..ROWS).map(email));
    let batch =
        RecordBatch::try_from_iter([("email", Arc::new(texts) as ArrayRef)]).expect("one column");
    let mut bytes = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None)
        .expect("a plain type");
    writer.write(&batch).expect("memory takes all");
    writer.close().expect("memory takes all");
    bytes
}

fn sampled(path: &Path, sample: Sample) -> (Vec<Value>, Summary) {
    let mut scan = scan_of(&[path]);
    scan.reveal = true;
    scan.sample = Some(sample);
    let summary = scan.run(&Progress::default(), &mut |_: &Event| Ok(()));
    (records(&scan), summary.expect("the scan runs"))
}

#[test]
fn rows_and_offsets_are_those_of_the_whole_file() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in inputs() {
        let path = write(folder.path(), name, &bytes);
        let (records, summary) = sampled(&path, Sample::Share(0.05));
        let findings = of_type(&records, "finding");
        let emails: Vec<&Value> = findings
            .into_iter()
            .filter(|finding| finding["detector"] == "email")
            .collect();
        assert!(
            (850..1150).contains(&emails.len()),
            "{name}: {}",
            emails.len()
        );
        for finding in &emails {
            let row = finding["row"].as_u64().unwrap() as usize - 1;
            assert_eq!(finding["value"], email(row), "{name}");
            if let (Some(start), Some(end)) = (finding["start"].as_u64(), finding["end"].as_u64()) {
                assert_eq!(
                    &bytes[start as usize..end as usize],
                    email(row).as_bytes(),
                    "{name}"
                );
            }
        }
        let file = of_type(&records, "file")[0];
        assert_eq!(file["records"], ROWS, "{name}");
        assert_eq!(file["sampled"], emails.len(), "{name}");
        assert_eq!(file["status"], "partial", "{name}");
        let said = format!(
            "a sample: {} of {ROWS} records were looked at",
            emails.len()
        );
        assert_eq!(file["reason"], said, "{name}");
        let column = of_type(&records, "column")
            .into_iter()
            .find(|column| column["detectors"][0]["detector"] == "email");
        assert_eq!(
            column.unwrap()["rows"],
            emails.len(),
            "{name}: rows of a column are those looked at"
        );
        let sample = summary.sample.unwrap();
        assert_eq!(
            (sample.records, sample.sampled),
            (ROWS as u64, emails.len() as u64),
            "{name}"
        );
        assert_eq!(summary.unread, 0, "{name}: what was asked for is no gap");
    }
}

#[test]
fn about_so_many_records_are_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in inputs() {
        let path = write(folder.path(), name, &bytes);
        let (_, summary) = sampled(&path, Sample::Rows(1000));
        let looked_at = summary.sample.unwrap().sampled;
        assert!((850..1150).contains(&looked_at), "{name}: {looked_at}");
        let (records, _) = sampled(&path, Sample::Rows(1_000_000));
        let file = of_type(&records, "file")[0];
        assert_eq!(file["status"], "scanned", "{name}: the sample is all of it");
        assert_eq!(file["sampled"], ROWS, "{name}");
    }
}

#[test]
fn a_format_without_places_is_read_whole_and_says_so() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/corpus/sqlite-tables/in");
    let (records, _) = sampled(&case, Sample::Share(0.5));
    let file = of_type(&records, "file")[0];
    assert_eq!(file["sampled"], file["records"]);
    let reason = file["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("no sample can be taken of this format"),
        "{reason}"
    );
}
