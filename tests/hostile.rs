//! Hostile names and values go through every report: none leaks a raw value, and nothing breaks out of a document.
//!
//! Values stand where they must not show: in cells, in headers, in JSON keys, in the names of files and of members of archives.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use speur::report::REPORTS;

/// Values that no output may hold.
const SECRETS: [&str; 4] = [
    "jan.de.vries@prive-post.nl",
    "NL91ABNA0417164300",
    "111222333",
    "+31612345678",
];
/// What acts on whoever shows it.
const HOSTILE: &str = "<script>alert(1)</script>\"'|`@octocat` =cmd|' /c calc'!A1 ]]>--></script> {{7*7}} \u{202e}\u{1b}[31m\u{9b}2J";

/// An export full of traps.
fn export(folder: &Path) {
    let write = |name: &str, text: String| fs::write(folder.join(name), text).unwrap();
    let [mail, iban, bsn, phone] = SECRETS;
    let hostile_cell = HOSTILE.replace('"', "\"\"");
    let mut rows = format!("email,iban,bsn,\"=phone{hostile_cell}\",{mail},<b>{bsn}</b>\n");
    for n in 0..20 {
        rows += &[mail, iban, bsn, phone].join(",");
        rows += &[
            ",x",
            &n.to_string(),
            ",\"",
            &hostile_cell,
            " ",
            mail,
            "\"\n",
        ]
        .concat();
    }
    write("=people.csv", rows.clone());
    write(&format!("{mail}.csv"), rows.clone());
    write(&format!("invoice {bsn}.csv"), rows.clone());
    if cfg!(unix) {
        let name: String = HOSTILE.replace('/', "_");
        write(&format!("{name}.csv"), rows.clone());
        write("line\nbreak.csv", rows.clone());
    }
    let key = serde_json::to_string(&format!("{HOSTILE} {mail}")).unwrap();
    let document = format!(
        "[{{{key}:\"{mail}\",\"{bsn}\":{{\"iban\":\"{iban}\"}},\"{mail}\":{{\"phone\":\"{phone}\"}}}}]"
    );
    write("keys.json", document);
    write(
        "letter.txt",
        format!("{HOSTILE}\nMail {mail}, BSN {bsn}, IBAN {iban}\n"),
    );
    write("cut.json", format!("[{{\"email\":\"{mail}\""));
    let mut zip = zip::ZipWriter::new(fs::File::create(folder.join("a.zip")).unwrap());
    let stored = zip::write::SimpleFileOptions::default();
    for name in [format!("{mail}.csv"), format!("{HOSTILE}.csv")] {
        zip.start_file(name, stored).unwrap();
        zip.write_all(rows.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
}

/// A command, its output, and that it neither failed nor said a secret.
fn speur(folder: &Path, args: &[&str]) -> String {
    let output = assert_cmd::Command::cargo_bin("speur")
        .unwrap()
        .args(args)
        .current_dir(folder)
        .env("LC_ALL", "C")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_ne!(output.status.code(), Some(2), "{args:?}: {stderr}");
    assert_clean("standard error", &stderr);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn assert_clean(name: &str, text: &str) {
    for (number, secret) in SECRETS.iter().enumerate() {
        assert!(!text.contains(secret), "{name} holds secret {number}");
    }
    let shown = text.replace("\r\n", "\n");
    let acts = shown
        .chars()
        .find(|c| *c != '\n' && speur::report::is_unsafe(*c));
    assert!(acts.is_none(), "{name} holds {acts:?}");
}

/// All text in a document, whatever it is packed in.
fn text_of(path: &Path) -> String {
    let bytes = fs::read(path).unwrap();
    let name = path.to_string_lossy();
    if name.ends_with(".xlsx") {
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let mut all = String::new();
        for at in 0..zip.len() {
            zip.by_index(at).unwrap().read_to_string(&mut all).unwrap();
        }
        return all;
    }
    if name.ends_with(".zst") {
        return String::from_utf8(zstd::decode_all(&bytes[..]).unwrap()).unwrap();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// One file of each format.
fn outputs() -> Vec<PathBuf> {
    let names = REPORTS.iter().map(|report| report.extensions()[0]);
    names
        .map(|extension| PathBuf::from(format!("r.{extension}")))
        .collect()
}

#[test]
fn no_format_leaks_a_value_or_lets_content_break_out() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    export(&data);
    let outputs = outputs();
    let mut args = vec!["scan", "data", "-f", "table"];
    for output in &outputs {
        args.extend(["-o", output.to_str().unwrap()]);
    }
    assert_clean("the table", &speur(folder.path(), &args));
    for output in &outputs {
        let path = folder.path().join(output);
        let name = output.to_string_lossy();
        let text = text_of(&path);
        if name.ends_with(".parquet") {
            // Packed: what it holds comes back as NDJSON.
            let again = speur(folder.path(), &["report", &name, "-f", "ndjson"]);
            assert!(again.contains("\"type\":\"finding\""));
            assert_clean(&name, &again);
            continue;
        }
        assert_clean(&name, &text.replace('\t', " "));
        check(&name, &text);
        let again = folder.path().join(format!("again.{name}"));
        speur(
            folder.path(),
            &[
                "report",
                "r.ndjson",
                "-o",
                again.to_str().unwrap(),
                "--output-format",
                report_named(&name),
            ],
        );
        assert_clean(&name, &text_of(&again).replace('\t', " "));
    }
}

fn report_named(name: &str) -> &'static str {
    speur::report::by_file_name(name).unwrap().name()
}

/// A line of Markdown without its code spans, which end with as many backticks as they start with.
fn outside_of_code(line: &str) -> String {
    let mut outside = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('`') {
        outside.push_str(&rest[..at]);
        let behind = rest[at..].trim_start_matches('`');
        let fence = rest.len() - at - behind.len();
        let ends = behind.match_indices('`').map(|(end, _)| end);
        let is_end = |&end: &usize| {
            let ticks = behind[end..].len() - behind[end..].trim_start_matches('`').len();
            ticks == fence && !behind[..end].ends_with('`')
        };
        if let Some(end) = ends.into_iter().find(is_end) {
            rest = &behind[end + fence..];
        } else {
            outside.push_str(&rest[at..at + fence]);
            rest = behind;
        }
    }
    outside + rest
}

/// What each format must not let through.
fn check(name: &str, text: &str) {
    match name {
        "r.html" => {
            assert_eq!(
                text.matches("<script").count(),
                2,
                "its data and its own script"
            );
            assert!(!text.contains("<b>") && !text.contains("onerror"));
        }
        "r.md" => {
            for line in text.lines() {
                let outside = outside_of_code(line);
                assert!(
                    !outside.contains("@octocat") && !outside.contains("<script"),
                    "{line}"
                );
            }
        }
        "r.csv" => {
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let mut rows = 0;
            for row in reader.records() {
                for cell in &row.unwrap() {
                    assert!(!cell.starts_with(['=', '+', '-', '@', '|']), "{cell}");
                }
                rows += 1;
            }
            assert!(rows > 100);
        }
        "r.json" | "r.sarif" => {
            serde_json::from_str::<serde_json::Value>(text).unwrap();
        }
        "r.xlsx" => assert!(
            !text.contains("<f>") && !text.contains("<hyperlink"),
            "formulas"
        ),
        "r.junit.xml" => assert!(!text.contains("<script"), "{text}"),
        _ => {}
    }
}
