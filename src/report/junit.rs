//! `JUnit` XML, for CI systems: each policy and each input that was not read in full is a test case.
//!
//! A decision that expired or was not used fails nothing: it is told in the output of the suite of policies.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::gather::{Document, Gathered};
use super::overview::input_name;
use super::{Detail, Report, ReportOptions, ReportWriter, escaped};
use crate::event::{DecisionRecord, FileRecord, PolicyRecord, Status};

/// The `junit` report.
pub(super) struct Junit;

impl Report for Junit {
    fn name(&self) -> &'static str {
        "junit"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["junit.xml"]
    }

    fn detail(&self) -> Detail {
        Detail::Columns
    }

    fn start<'w>(
        &self,
        out: Box<dyn Write + Send + 'w>,
        options: &ReportOptions,
    ) -> io::Result<Box<dyn ReportWriter + 'w>> {
        Ok(Box::new(Document::new(out, *options, render)))
    }
}

fn render(gathered: &Gathered, _options: &ReportOptions, out: &mut dyn Write) -> io::Result<()> {
    let policies: Vec<String> = gathered.policies.iter().map(policy).collect();
    let met = gathered.policies.iter().filter(|policy| policy.met).count();
    let mut reading: Vec<String> = gathered
        .noted
        .iter()
        .filter(|file| file.status != Status::Scanned)
        .map(input)
        .collect();
    let lost = gathered
        .noted
        .iter()
        .filter(|file| matches!(file.status, Status::Partial | Status::Failed))
        .count();
    let left_out = gathered.summary.files.skipped;
    // So that a scan that read everything has a case that passes.
    reading.push(format!(
        "<testcase classname=\"reading\" name=\"{} inputs read in full\"/>\n",
        gathered.summary.files.scanned
    ));
    let time = gathered.summary.seconds;
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        out,
        "<testsuites name=\"speur\" tests=\"{}\" failures=\"{}\" errors=\"{lost}\" time=\"{time:.3}\">",
        policies.len() + reading.len(),
        met,
    )?;
    let told: String = gathered.decisions_in_order().filter_map(decision).collect();
    suite(out, "policies", (&policies, &told), [met, 0, 0])?;
    let skipped = usize::try_from(left_out).unwrap_or(usize::MAX);
    suite(out, "reading", (&reading, ""), [0, lost, skipped])?;
    writeln!(out, "</testsuites>")
}

fn suite(
    out: &mut dyn Write,
    name: &str,
    (cases, told): (&[String], &str),
    [failures, errors, skipped]: [usize; 3],
) -> io::Result<()> {
    writeln!(
        out,
        "<testsuite name=\"{name}\" tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\">",
        cases.len(),
    )?;
    for case in cases {
        out.write_all(case.as_bytes())?;
    }
    if !told.is_empty() {
        writeln!(out, "<system-out>{told}</system-out>")?;
    }
    writeln!(out, "</testsuite>")
}

/// A line about a decision that needs a look.
fn decision(decision: &DecisionRecord) -> Option<String> {
    let needs_look = decision.status != "used";
    needs_look.then(|| xml(&decision.sentence()) + "\n")
}

fn policy(policy: &PolicyRecord) -> String {
    let head = format!(
        "<testcase classname=\"{}\" name=\"{}\"",
        xml(&policy.source),
        xml(&policy.policy)
    );
    if !policy.met {
        return head + "/>\n";
    }
    let mut text = format!(
        "{head}><failure type=\"policy\" message=\"violated in {} places\">",
        policy.count
    );
    for place in &policy.places {
        let _ = writeln!(text, "{}", xml(place));
    }
    text + "</failure></testcase>\n"
}

fn input(file: &FileRecord) -> String {
    let name = xml(&input_name(&file.file, file.member.as_deref()));
    let reason = xml(file.reason.as_deref().unwrap_or("no reason is known"));
    let element = match file.status {
        Status::Skipped | Status::Scanned => format!("<skipped message=\"{reason}\"/>"),
        Status::Partial | Status::Failed => {
            format!(
                "<error type=\"{}\" message=\"{reason}\"/>",
                file.status.name()
            )
        }
    };
    format!("<testcase classname=\"reading\" name=\"{name}\">{element}</testcase>\n")
}

/// The text in an attribute or element.
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in escaped(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // Characters that XML 1.0 has no way to write.
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
