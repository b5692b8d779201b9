//! The HTML report in a browser: it filters, sorts and speaks Dutch, says nothing on the console, and asks for nothing.
//!
//! It runs where there is a Chromium (or what `CHROMIUM` names), and says so where there is none.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn chromium() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("CHROMIUM") {
        return Some(path.into());
    }
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|path| path.is_file())
}

/// The page as it is once its script has run.
fn page(chromium: &Path, folder: &Path, address: &str) -> String {
    page_with(chromium, folder, address, &[])
}

/// The same, with more switches of the browser.
fn page_with(chromium: &Path, folder: &Path, address: &str, switches: &[&str]) -> String {
    let log = folder.join("net.json");
    let profile = folder.join("profile");
    let output = Command::new(chromium)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        .args([
            "--enable-logging=stderr",
            "--log-level=0",
            "--virtual-time-budget=5000",
        ])
        .args(switches)
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--log-net-log={}", log.display()))
        .arg("--dump-dom")
        .arg(format!("file://{address}"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let complaint = said.lines().find(|line| line.contains("CONSOLE"));
    assert!(complaint.is_none(), "{complaint:?}");
    let log = fs::read_to_string(log).unwrap_or_default();
    let asked = log
        .lines()
        .find(|line| line.contains("\"initiator\":\"file") && line.contains("\"url\":\"http"));
    assert!(asked.is_none(), "{asked:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What a script says of the page, shown so wide: it finds the page's window in `at`.
///
/// The report's own policy lets no other script into it, so that a page around it has to look.
fn asked(chromium: &Path, folder: &Path, (address, width): (&str, u32), script: &str) -> String {
    let around = format!(
        "<!doctype html><iframe id=f width={width} height=800 style=border:0 src=\"{address}\"></iframe><p id=answer></p><script>\
         addEventListener(\"load\", () => {{ const at = document.getElementById(\"f\").contentWindow; \
         document.getElementById(\"answer\").textContent = (() => {{ {script} }})(); }});</script>"
    );
    let file = folder.join("around.html");
    fs::write(&file, around).unwrap();
    // Each file is an origin of its own, which no other may look into.
    let switches = ["--disable-web-security", "--allow-file-access-from-files"];
    let shown = page_with(chromium, folder, &file.display().to_string(), &switches);
    let answer = shown.split("<p id=\"answer\">").nth(1).unwrap();
    answer.split("</p>").next().unwrap().to_owned()
}

/// A result with many columns.
fn result(columns: u32) -> String {
    let mut text = String::from("{\"type\":\"scan\",\"schema\":1,\"version\":\"0\"}\n");
    for n in 0..columns {
        let (detector, category) = match n % 3 {
            0 => ("email", "contact"),
            1 => ("nl-bsn", "national-id"),
            _ => ("iban", "financial"),
        };
        let _ = writeln!(
            text,
            "{{\"type\":\"column\",\"file\":\"f{}.csv\",\"member\":null,\"table\":null,\"column\":\"c{n}\",\"rows\":9000,\"nonempty\":9000,\
             \"detectors\":[{{\"detector\":\"{detector}\",\"category\":\"{category}\",\"matches\":{n},\"rows\":{n},\"distinct\":{n},\
             \"confidence\":0.9,\"evidence\":[\"header:x\"],\"examples\":[\"***\"],\"weights\":[{{\"what\":\"the column's name\",\"weight\":2.5}}]}}]}}",
            n / 100
        );
    }
    text + "{\"type\":\"summary\",\"findings\":9}\n"
}

/// The names of the columns that the page shows; what its script says of them doesn't count.
fn rows(page: &str) -> Vec<&str> {
    let shown = page.split("<script").next().unwrap_or_default();
    shown
        .split("data-open=\"")
        .skip(1)
        .filter_map(|rest| rest.split('>').nth(1)?.split('<').next())
        .collect()
}

/// A browser, and reports of so many columns in both languages; none where there is no browser.
fn reports(columns: u32) -> Option<(PathBuf, tempfile::TempDir)> {
    let Some(chromium) = chromium() else {
        eprintln!("no Chromium here: the report is not tried in a browser");
        return None;
    };
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("r.ndjson"), result(columns)).unwrap();
    for (lang, name) in [("en", "en.html"), ("nl", "nl.html")] {
        assert_cmd::Command::cargo_bin("speur")
            .unwrap()
            .args(["report", "r.ndjson", "-o", name, "--lang", lang])
            .current_dir(folder.path())
            .assert()
            .success();
    }
    Some((chromium, folder))
}

#[test]
fn the_report_works_in_a_browser() {
    let Some((chromium, folder)) = reports(5000) else {
        return;
    };
    let open = |name: &str| {
        page(
            &chromium,
            folder.path(),
            &format!("{}/{name}", folder.path().display()),
        )
    };
    let all = open("en.html");
    assert_eq!(rows(&all).len(), 50, "a page of rows");
    assert!(all.contains("5,000 of 5,000") && all.contains("Page 1 of 100"));
    let sorted = open("en.html#sort=rows&down=");
    assert_eq!(rows(&sorted)[..3], ["c4999", "c4998", "c4997"]);
    assert!(sorted.contains("aria-sort=\"descending\""));
    let found = open("en.html#q=c4999&open=4999");
    assert_eq!(rows(&found), ["c4999"]);
    let category = open("nl.html#cat=national-id&sort=distinct&open=1");
    assert_eq!(rows(&category)[0], "c1");
    assert!(category.contains("lang=\"nl\"") && category.contains("1.667 van 5.000"));
    assert!(
        category.contains("De optelsom erachter"),
        "details are open"
    );
}

#[test]
fn paper_starts_at_the_first_row_and_says_where_it_ends() {
    let Some((chromium, folder)) = reports(1500) else {
        return;
    };
    let script = "at.dispatchEvent(new Event('beforeprint')); const names = at.document.querySelectorAll('[data-open]'); \
         const cut = at.document.getElementById('cut'); \
         return [names.length, names[0].textContent, cut.hidden ? 'all' : cut.textContent].join('|');";
    for (view, expected) in [
        (
            "en.html#sort=rows&page=2",
            "1000|c0|The first 1,000 of 1,500 rows",
        ),
        ("nl.html#cat=financial&sort=rows&page=2", "500|c2|all"),
    ] {
        let said = asked(&chromium, folder.path(), (view, 900), script);
        assert!(said.starts_with(expected), "{view}: {said}");
    }
    let script = "at.dispatchEvent(new Event('beforeprint')); at.dispatchEvent(new Event('afterprint')); \
         return at.document.querySelectorAll('[data-open]').length + at.document.getElementById('page').textContent;";
    let said = asked(&chromium, folder.path(), ("en.html#page=2", 900), script);
    assert_eq!(said, "50Page 2 of 30");
}

#[test]
fn a_phone_scrolls_one_way_and_sorts_with_a_list() {
    let Some((chromium, folder)) = reports(120) else {
        return;
    };
    let script = "const order = at.document.getElementById('order'); order.value = 'rows down'; \
         order.dispatchEvent(new Event('change')); \
         return [at.document.documentElement.scrollWidth <= at.innerWidth, at.getComputedStyle(order).display !== 'none' && order.offsetWidth > 0, \
         at.document.querySelector('[data-open]').textContent].join('|');";
    for (width, view) in [(320, "nl.html#open=3"), (375, "nl.html"), (320, "en.html")] {
        let said = asked(&chromium, folder.path(), (view, width), script);
        assert_eq!(said, "true|true|c119", "{view}");
    }
}
