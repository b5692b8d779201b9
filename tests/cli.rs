//! The command line: each file in `tests/cli/` is a command, what it is given, and what must come of it.
//!
//! A case is TOML. `$DIR` in `args` is a folder made for the case, which is also the working folder.
//!
//! ```toml
//! args = ["scan", "a.csv"]          # what is typed after `speur`
//! stdin = "id;name\n"               # optional; empty where absent
//! env = { NO_COLOR = "1" }          # optional
//! status = 2                        # the exit status
//! unix = true                       # optional: only where file names may hold any byte
//! files = { "a.csv" = "x\n" }       # optional: files to make, by name (escapes of TOML are fine)
//! [stdout]                          # optional; likewise [stderr], and [output."NAME"] for files that were written
//! exact = "..."                     # all of it
//! has = ["..."]                     # each must be in it
//! lacks = ["..."]                   # none may be in it
//! empty = true                      # nothing at all
//! json = { "/summary/findings" = 0 }     # a JSON document with these values at these JSON pointers
//! records = ["scan", "summary"]     # NDJSON whose records have these types, in this order
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    args: Vec<String>,
    #[serde(default)]
    stdin: String,
    #[serde(default)]
    env: BTreeMap<String, String>,
    status: i32,
    #[serde(default)]
    unix: bool,
    #[serde(default)]
    files: BTreeMap<String, String>,
    #[serde(default)]
    stdout: Expected,
    #[serde(default)]
    stderr: Expected,
    #[serde(default)]
    output: BTreeMap<String, Expected>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    exact: Option<String>,
    #[serde(default)]
    has: Vec<String>,
    #[serde(default)]
    lacks: Vec<String>,
    #[serde(default)]
    empty: bool,
    #[serde(default)]
    json: BTreeMap<String, serde_json::Value>,
    records: Option<Vec<String>>,
}

impl Expected {
    /// What is wrong with a text; nothing when all is well.
    fn complaints(&self, name: &str, text: &str) -> Vec<String> {
        let mut complaints = Vec::new();
        if self.exact.as_ref().is_some_and(|exact| exact != text) {
            complaints.push(format!("{name} is not as expected"));
        }
        if self.empty && !text.is_empty() {
            complaints.push(format!("{name} is not empty"));
        }
        for part in self.has.iter().filter(|part| !text.contains(part.as_str())) {
            complaints.push(format!("{name} lacks {part:?}"));
        }
        for part in self
            .lacks
            .iter()
            .filter(|part| text.contains(part.as_str()))
        {
            complaints.push(format!("{name} has {part:?}"));
        }
        if !self.json.is_empty() {
            complaints.extend(self.json_complaints(name, text));
        }
        if let Some(expected) = &self.records {
            let types = text.lines().map(|line| match serde_json::from_str(line) {
                Ok(serde_json::Value::Object(record)) => record
                    .get("type")
                    .and_then(|t| t.as_str())
                    .unwrap_or("no type")
                    .to_owned(),
                _ => format!("no JSON object: {line}"),
            });
            let types: Vec<_> = types.collect();
            if types != *expected {
                complaints.push(format!("{name} has the records {types:?}"));
            }
        }
        complaints
    }

    fn json_complaints(&self, name: &str, text: &str) -> Vec<String> {
        let document: serde_json::Value = match serde_json::from_str(text) {
            Ok(document) => document,
            Err(error) => return vec![format!("{name} is not JSON: {error}")],
        };
        let wrong = self
            .json
            .iter()
            .filter(|(at, value)| document.pointer(at) != Some(value));
        wrong
            .map(|(at, value)| format!("{name}{at} is {:?}, not {value}", document.pointer(at)))
            .collect()
    }
}

/// Runs a case; says what went wrong.
fn run(case: &Case) -> Result<(), String> {
    let dir = tempfile::tempdir().expect("a folder can be made");
    let home = dir.path();
    for (name, text) in &case.files {
        let path = home.join(name);
        fs::create_dir_all(path.parent().expect("it is in `home`")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    }
    let args = case
        .args
        .iter()
        .map(|arg| arg.replace("$DIR", &home.to_string_lossy()));
    let output = assert_cmd::Command::cargo_bin("speur")
        .expect("it was built")
        .args(args)
        .current_dir(home)
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        // What is kept of one run must not be there in the next.
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("HOME", home)
        .env("LOCALAPPDATA", home.join("cache"))
        .envs(&case.env)
        .write_stdin(case.stdin.as_str())
        .output()
        .expect("it runs");
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let mut complaints = case.stdout.complaints("stdout", &stdout);
    complaints.extend(case.stderr.complaints("stderr", &stderr));
    if output.status.code() != Some(case.status) {
        complaints.push(format!(
            "the status is {:?}, not {}",
            output.status.code(),
            case.status
        ));
    }
    for (name, expected) in &case.output {
        match fs::read_to_string(home.join(name)) {
            Ok(text) => complaints.extend(expected.complaints(name, &text)),
            Err(error) => complaints.push(format!("{name}: {error}")),
        }
        if home.join(format!("{name}.part")).exists() {
            complaints.push(format!("{name}.part was left behind"));
        }
    }
    if complaints.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{}\n--- stdout\n{stdout}--- stderr\n{stderr}",
        complaints.join("\n")
    ))
}

#[test]
fn every_case_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(paths.len() > 10, "the cases are missing");
    let mut failed = Vec::new();
    for path in &paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let case: Case = match toml::from_str(&fs::read_to_string(path).unwrap()) {
            Ok(case) => case,
            Err(error) => panic!("{name}: {error}"),
        };
        if case.unix && !cfg!(unix) {
            continue;
        }
        if let Err(complaints) = run(&case) {
            failed.push(format!("== {name}\n{complaints}"));
        }
    }
    assert!(
        failed.is_empty(),
        "{} of {} cases failed\n{}",
        failed.len(),
        paths.len(),
        failed.join("\n")
    );
}

/// What a shell does at `speur … | head -1`: the reader takes a little and goes away.
#[cfg(unix)]
#[test]
fn closed_pipe_ends_quietly() {
    use std::process::{Command, Stdio};
    let speur = assert_cmd::cargo::cargo_bin("speur");
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a.csv"), "email\nann@example.com\n").unwrap();
    let cases: [&[&str]; 4] = [
        &["scan", "-f", "ndjson", "a.csv"],
        &["scan", "a.csv"],
        &["completions", "bash"],
        &["rules", "list"],
    ];
    for args in cases {
        let mut child = Command::new(&speur)
            .args(args)
            .current_dir(dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
    }
}

/// `speur scan --fail-on … | head` in a script must not pass because its reader went away.
#[cfg(unix)]
#[test]
fn closed_pipe_still_tells_what_fail_on_met() {
    use std::process::{Command, Stdio};
    let dir = tempfile::tempdir().unwrap();
    let lines = "ann@example.com\n".repeat(20_000);
    fs::write(dir.path().join("a.csv"), format!("email\n{lines}")).unwrap();
    for format in ["ndjson", "json", "table"] {
        let mut child = Command::new(assert_cmd::cargo::cargo_bin("speur"))
            .args(["scan", "-f", format, "--fail-on", "contact", "a.csv"])
            .current_dir(dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{format}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{format}");
    }
}

/// A closed standard output must not cost the file.
#[cfg(unix)]
#[test]
fn closed_pipe_leaves_files_whole() {
    use std::process::{Command, Stdio};
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a.csv"), "email\nann@example.com\n").unwrap();
    let mut child = Command::new(assert_cmd::cargo::cargo_bin("speur"))
        .args(["scan", "-f", "ndjson", "-o", "r.json", "a.csv"])
        .current_dir(dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    child.wait().unwrap();
    let text = fs::read_to_string(dir.path().join("r.json")).unwrap();
    serde_json::from_str::<serde_json::Value>(&text).unwrap();
}

#[test]
fn every_case_is_named_by_a_sentence() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let words = name
            .strip_suffix(".toml")
            .unwrap_or_default()
            .split('-')
            .count();
        assert!(words >= 3, "{name}");
    }
}
