//! SARIF 2.1.0, for code-scanning viewers: one result for each column and detector.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>. A viewer shows some thousands of results, so findings
//! are not results of their own: a result says how often it occurs, and where first. What was not read becomes
//! a notification of the invocation, so that a run that missed something doesn't look clean.

use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use hashbrown::HashMap;
use serde_json::{Value, json};

use super::escape::SafeJson;
use super::layout::{group, rank};
use super::overview::input_name;
use super::{Detail, Report, ReportOptions, ReportWriter, escaped};
use crate::event::{
    ColumnDetector, ColumnRecord, DecisionRecord, Event, FileRecord, Finding, Place, PolicyRecord,
    ScanRecord, Status, Summary, fingerprint_text, thousandths,
};

/// Places told for each result.
const SPOTS: usize = 10;
/// Inputs named that were not read.
const NOTIFIED: usize = 10_000;

/// What to do about a result, behind what its rule is about.
const HELP: &str = "Decide whether this data may be where it was found. If it may, accept the column in speur.yaml, with who decided so, why and until when; if not, remove or mask it at its source. `speur scan --explain FILE:COLUMN` says why it was taken for personal data.";

/// Notifications by id, with what each is about.
const NOTIFICATIONS: &[(&str, &str)] = &[
    (
        "partial",
        "An input was read in part: what follows was not searched.",
    ),
    (
        "skipped",
        "An input is known and was not read: it was not searched.",
    ),
    ("failed", "An input could not be read: it was not searched."),
    (
        "unnamed",
        "More inputs were not read in full than are named.",
    ),
    (
        "policy",
        "A policy was violated: what it names was found where it must not be.",
    ),
    (
        "decision",
        "An entry of the file of decisions expired or was not used: change it or take it out.",
    ),
];

/// The `sarif` report.
pub(super) struct Sarif;

impl Report for Sarif {
    fn name(&self) -> &'static str {
        "sarif"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["sarif", "sarif.json"]
    }

    fn detail(&self) -> Detail {
        Detail::Findings
    }

    fn start<'w>(
        &self,
        out: Box<dyn Write + Send + 'w>,
        _options: &ReportOptions,
    ) -> io::Result<Box<dyn ReportWriter + 'w>> {
        let mut out = BufWriter::new(out);
        out.write_all(
            b"{\"$schema\":\"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json\",\
              \"version\":\"2.1.0\",\"runs\":[{\"results\":[",
        )?;
        Ok(Box::new(Writer {
            out,
            results: 0,
            scan: ScanRecord::default(),
            rules: Vec::new(),
            index: HashMap::new(),
            spots: HashMap::new(),
            notifications: Vec::new(),
            settings: Vec::new(),
            unnamed: 0,
            policies: Vec::new(),
            summary: None,
        }))
    }
}

/// One place of a finding.
struct Spot {
    row: u64,
    line: Option<u64>,
    bytes: Option<(u64, u64)>,
    fingerprint: u128,
}

/// The first places of a detector's findings in one column.
type Spots = HashMap<(Arc<Place>, Arc<str>), Vec<Spot>>;

struct Writer<'w> {
    out: BufWriter<Box<dyn Write + Send + 'w>>,
    results: u64,
    scan: ScanRecord,
    /// Ids of rules that have results, in the order of the document.
    rules: Vec<(Arc<str>, Arc<str>)>,
    index: HashMap<Arc<str>, usize>,
    spots: Spots,
    notifications: Vec<Value>,
    /// About the decisions that were written down: how the run was set up.
    settings: Vec<Value>,
    unnamed: u64,
    policies: Vec<PolicyRecord>,
    summary: Option<Summary>,
}

impl ReportWriter for Writer<'_> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Scan(scan) => self.scan = scan.clone(),
            Event::Finding(finding) => self.finding(finding),
            Event::Column(column) => self.column(column)?,
            Event::File(file) => {
                self.spots.clear();
                self.file(file);
            }
            Event::Policy(policy) => self.policies.push(policy.clone()),
            Event::Decision(decision) if decision.status != "used" => self.decision(decision),
            Event::Decision(_) | Event::Pseudonym(_) => {}
            Event::Summary(summary) => self.summary = Some(summary.clone()),
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.out.write_all(b"\n],\"tool\":")?;
        let tool = self.tool();
        write(&mut self.out, &tool)?;
        self.out.write_all(b",\"invocations\":[")?;
        let invocation = self.invocation();
        write(&mut self.out, &invocation)?;
        self.out
            .write_all(b"],\"columnKind\":\"unicodeCodePoints\"}]}\n")?;
        self.out.flush()
    }
}

impl Writer<'_> {
    fn finding(&mut self, finding: &Finding) {
        let key = (Arc::clone(&finding.place), Arc::clone(&finding.detector.id));
        let spots = self.spots.entry(key).or_default();
        if spots.len() < SPOTS {
            spots.push(Spot {
                row: finding.row,
                line: finding.line,
                bytes: finding.start.zip(finding.end),
                fingerprint: finding.fingerprint,
            });
        }
    }

    fn column(&mut self, column: &ColumnRecord) -> io::Result<()> {
        for found in &column.detectors {
            let key = (Arc::clone(&column.place), Arc::clone(&found.detector));
            let spots = self.spots.remove(&key).unwrap_or_default();
            let result = self.result(column, found, &spots);
            self.out
                .write_all(if self.results == 0 { b"\n" } else { b",\n" })?;
            self.results += 1;
            write(&mut self.out, &result)?;
        }
        Ok(())
    }

    fn result(&mut self, column: &ColumnRecord, found: &ColumnDetector, spots: &[Spot]) -> Value {
        let rule = self.rule(&found.detector, &found.category);
        let place = &column.place;
        let mut locations = spots.iter().map(|spot| location(place, Some(spot)));
        let first = locations.next().unwrap_or_else(|| location(place, None));
        let others: Vec<Value> = locations
            .enumerate()
            .map(|(id, mut location)| {
                location["id"] = json!(id + 1);
                location
            })
            .collect();
        let mut fingerprints =
            json!({ "speurColumn/v1": column_fingerprint(place, &found.detector) });
        // With a random key it would be another one each time.
        if let (Some(_), Some(spot)) = (&self.scan.key, spots.first()) {
            fingerprints["speurValue/v1"] = json!(fingerprint_text(spot.fingerprint));
        }
        let mut result = json!({
            "ruleId": escaped(&found.detector),
            "ruleIndex": rule,
            "level": level(&found.category),
            "rank": f64::from(thousandths(found.confidence)) / 10.0,
            "message": { "text": message(column, found) },
            "locations": [first],
            "occurrenceCount": found.matches.max(1),
            "partialFingerprints": fingerprints,
            "properties": {
                "category": escaped(&found.category),
                "confidence": f64::from(thousandths(found.confidence)) / 1000.0,
                "rows": found.rows,
                "rowsOfTable": column.rows,
                "distinct": found.distinct,
                "examples": found.examples.iter().map(|text| escaped(text)).collect::<Vec<_>>(),
                "evidence": found.evidence.iter().map(|text| escaped(text)).collect::<Vec<_>>(),
            },
        });
        if !others.is_empty() {
            result["relatedLocations"] = json!(others);
        }
        if let Some(accepted) = &column.accepted {
            let why = format!("{}: {}", escaped(&accepted.who), escaped(&accepted.why));
            result["suppressions"] =
                json!([{ "kind": "external", "status": "accepted", "justification": why }]);
        }
        result
    }

    fn rule(&mut self, id: &Arc<str>, category: &Arc<str>) -> usize {
        let rules = &mut self.rules;
        *self.index.entry(Arc::clone(id)).or_insert_with(|| {
            rules.push((Arc::clone(id), Arc::clone(category)));
            rules.len() - 1
        })
    }

    fn file(&mut self, file: &FileRecord) {
        if file.status == Status::Scanned {
            return;
        }
        if self.notifications.len() >= NOTIFIED {
            self.unnamed += 1;
            return;
        }
        let name = input_name(&file.file, file.member.as_deref());
        let reason = file.reason.as_deref().unwrap_or("no reason is known");
        let level = match file.status {
            Status::Failed => "error",
            Status::Partial => "warning",
            Status::Scanned | Status::Skipped => "note",
        };
        self.notifications.push(json!({
            "level": level,
            "descriptor": { "id": file.status.name() },
            "message": { "text": plain(&format!("{}: {}: {}", escaped(&name), file.status.name(), escaped(reason))) },
            "locations": [{ "physicalLocation": { "artifactLocation": { "uri": uri(&file.file) } } }],
        }));
    }

    /// An entry of the file of decisions that needs a look.
    fn decision(&mut self, decision: &DecisionRecord) {
        if self.settings.len() >= NOTIFIED {
            return;
        }
        let level = match &*decision.status {
            "expired" => "warning",
            _ => "note",
        };
        self.settings.push(json!({
            "level": level,
            "descriptor": { "id": "decision" },
            "message": { "text": plain(&escaped(&decision.sentence())) },
        }));
    }

    fn tool(&self) -> Value {
        let rules: Vec<Value> = self
            .rules
            .iter()
            .map(|(id, category)| {
                let used = self.scan.rules.detectors.iter().find(|rule| *rule.id == **id);
                let name = used.map_or(&**id, |rule| &*rule.name);
                let about = used.map_or(&**id, |rule| &*rule.about);
                json!({
                    "id": escaped(id),
                    "shortDescription": { "text": plain(&escaped(name)) },
                    "fullDescription": { "text": plain(&escaped(about)) },
                    "help": { "text": format!("{} {HELP}", plain(&escaped(about))) },
                    "defaultConfiguration": { "level": level(category) },
                    "properties": { "tags": ["privacy", escaped(category)], "security-severity": severity(category) },
                })
            })
            .collect();
        let notifications: Vec<Value> = NOTIFICATIONS
            .iter()
            .map(|(id, about)| {
                let about = json!({ "text": about });
                json!({ "id": id, "shortDescription": about, "fullDescription": about })
            })
            .collect();
        json!({ "driver": {
            "name": "speur",
            "semanticVersion": version(&self.scan.version),
            "rules": rules,
            "notifications": notifications,
        } })
    }

    fn invocation(&mut self) -> Value {
        let mut notifications = std::mem::take(&mut self.notifications);
        if self.unnamed > 0 {
            notifications.push(json!({
                "level": "warning",
                "descriptor": { "id": "unnamed" },
                "message": { "text": format!("{} more inputs were not read in full", self.unnamed) },
            }));
        }
        for policy in self.policies.iter().filter(|policy| policy.met) {
            let text = format!(
                "policy violated in {} places: {} ({})",
                policy.count,
                escaped(&policy.policy),
                escaped(&policy.source)
            );
            notifications.push(json!({
                "level": "error",
                "descriptor": { "id": "policy" },
                "message": { "text": plain(&text) },
            }));
        }
        let whole = self
            .summary
            .as_ref()
            .is_some_and(|summary| summary.unread == 0 && !summary.interrupted);
        let mut invocation = json!({
            "executionSuccessful": whole,
            "toolExecutionNotifications": notifications,
        });
        if !self.settings.is_empty() {
            invocation["toolConfigurationNotifications"] = json!(self.settings);
        }
        if self.scan.started.parse::<jiff::Timestamp>().is_ok() {
            invocation["startTimeUtc"] = json!(self.scan.started);
        }
        invocation
    }
}

fn location(place: &Place, spot: Option<&Spot>) -> Value {
    let mut physical = json!({ "artifactLocation": { "uri": uri(&place.file) } });
    // Offsets and lines of a member are those of the decompressed member, where no viewer can go.
    if let (None, Some(spot)) = (&place.member, spot) {
        let mut region = json!({});
        if let Some(line) = spot.line {
            region["startLine"] = json!(line);
        }
        if let Some((start, end)) = spot.bytes {
            region["byteOffset"] = json!(start);
            region["byteLength"] = json!(end.saturating_sub(start));
        }
        if region.as_object().is_some_and(|region| !region.is_empty()) {
            physical["region"] = region;
        }
    }
    let mut location = json!({ "physicalLocation": physical });
    let mut path = Vec::new();
    let mut logical = Vec::new();
    for (kind, name) in [
        ("module", &place.member),
        ("object", &place.table),
        ("member", &place.column),
    ] {
        if let Some(name) = name {
            path.push(escaped(name).into_owned());
            logical.push(json!({
                "name": escaped(name),
                "fullyQualifiedName": path.join("/"),
                "kind": kind,
            }));
        }
    }
    if !logical.is_empty() {
        // The innermost comes first: it is what the result is about.
        logical.reverse();
        location["logicalLocations"] = json!(logical);
    }
    if let Some(spot) = spot {
        location["properties"] = json!({ "row": spot.row });
    }
    location
}

fn message(column: &ColumnRecord, found: &ColumnDetector) -> String {
    let place = &column.place;
    let input = escaped(&input_name(&place.file, place.member.as_deref())).into_owned();
    let table = match &place.table {
        Some(table) => format!(" of table {}", escaped(table)),
        None => String::new(),
    };
    let what = match &place.column {
        Some(name) => format!("column {}{table} of {input}", escaped(name)),
        None => format!("the text of {input}"),
    };
    plain(&format!(
        "{} in {what}: {} of {} rows, {} % sure",
        escaped(&found.detector),
        found.rows,
        column.rows,
        thousandths(found.confidence) / 10,
    ))
}

/// Text in which nothing is a link or a placeholder (SARIF 3.11.5 and 3.11.6).
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '[' | ']' => out.extend(['\\', c]),
            '{' | '}' => out.extend([c, c]),
            c => out.push(c),
        }
    }
    out
}

fn level(category: &str) -> &'static str {
    match group(rank(category)) {
        0 | 1 => "error",
        2 => "warning",
        _ => "note",
    }
}

/// What GitHub sorts security alerts by.
fn severity(category: &str) -> &'static str {
    match group(rank(category)) {
        0 => "9.0",
        1 => "8.0",
        2 => "5.0",
        _ => "3.0",
    }
}

/// A version as the schema wants it, whatever a result claims.
fn version(text: &str) -> String {
    let clean: String = text
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+'))
        .take(40)
        .collect();
    if clean.is_empty() { "0".into() } else { clean }
}

/// Tells results apart from run to run; made of names that the document shows anyway, never of a value.
fn column_fingerprint(place: &Place, detector: &str) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("speur 2026 results of a column");
    for part in [
        Some(detector),
        Some(&*place.file),
        place.member.as_deref(),
        place.table.as_deref(),
        place.column.as_deref(),
    ] {
        let part = part.map_or(&b"\xff"[..], str::as_bytes);
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize().to_hex().as_str()[..32].to_owned()
}

/// The path as a URI reference: relative as it was given, `file:` where it is absolute.
fn uri(path: &str) -> String {
    use std::fmt::Write as _;
    let path = path.replace('\\', "/");
    let drive = path.as_bytes().get(1) == Some(&b':') && path.as_bytes().get(2) == Some(&b'/');
    let mut out = String::from(match (drive, path.starts_with('/')) {
        (true, _) => "file:///",
        (_, true) => "file://",
        _ => "",
    });
    for (at, byte) in path.bytes().enumerate() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            b':' if drive && at == 1 => out.push(':'),
            byte => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

fn write(out: &mut impl Write, value: &Value) -> io::Result<()> {
    use serde::Serialize;
    value
        .serialize(&mut serde_json::Serializer::with_formatter(out, SafeJson))
        .map_err(io::Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris() {
        for (path, expected) in [
            ("a b/é.csv", "a%20b/%C3%A9.csv"),
            ("/x/y", "file:///x/y"),
            ("C:\\x\\y", "file:///C:/x/y"),
            ("a:b", "a%3Ab"),
            ("<script>\u{202e}", "%3Cscript%3E%E2%80%AE"),
        ] {
            assert_eq!(uri(path), expected);
        }
    }

    #[test]
    fn messages_hold_no_links_or_placeholders() {
        assert_eq!(plain("[x](1) {0}"), "\\[x\\](1) {{0}}");
    }
}
