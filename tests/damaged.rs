//! Each file in `fixtures/damaged` ends with the status that `expected.toml` lists, and each listed file exists.

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::{of_type, records, scan_of};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Expected {
    /// `scanned`, `partial`, `skipped` or `failed`.
    status: String,
    /// A part of the reason.
    reason: Option<String>,
    /// The members, each with its status before its name.
    #[serde(default)]
    members: Vec<String>,
    /// Whether at least one finding survives the damage.
    #[serde(default)]
    finds: bool,
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Libraries panic over some of it, and what they say may quote the data.
#[test]
fn no_panic_reaches_the_user() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/damaged");
    let output = assert_cmd::Command::cargo_bin("speur")
        .expect("the program is built")
        .env("RUST_BACKTRACE", "1")
        .args(["scan", "-f", "none"])
        .arg(folder)
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("lying-offset.feather"), "{said}");
    assert!(
        !said.contains("panicked") && !said.contains("backtrace"),
        "{said}"
    );
}

#[test]
fn damage_is_reported_and_the_rest_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/damaged");
    let listed =
        std::fs::read_to_string(folder.join("expected.toml")).expect("expected.toml exists");
    let listed: BTreeMap<String, Expected> =
        toml::from_str(&listed).expect("expected.toml is TOML");
    let mut on_disk: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name != "expected.toml")
        .collect();
    on_disk.sort();
    assert_eq!(
        on_disk,
        listed.keys().cloned().collect::<Vec<_>>(),
        "files and expectations agree"
    );
    for (name, expected) in &listed {
        let records = records(&scan_of(&[&folder.join(name)]));
        let files = of_type(&records, "file");
        let (file, members) = files.split_last().expect("a file has a record");
        assert_eq!(
            file["member"],
            Value::Null,
            "{name}: its own record is the last"
        );
        assert_eq!(file["status"], expected.status.as_str(), "{name}: {file}");
        let members: Vec<String> = members
            .iter()
            .map(|member| format!("{} {}", text(&member["status"]), text(&member["member"])))
            .collect();
        assert_eq!(members, expected.members, "{name}: members");
        let reason = file["reason"].as_str().unwrap_or_default();
        assert!(
            reason.contains(expected.reason.as_deref().unwrap_or_default()),
            "{name}: {reason}"
        );
        let finds = !of_type(&records, "finding").is_empty();
        assert_eq!(finds, expected.finds, "{name}: findings");
    }
}
