//! JSON: one document with a list for each kind of record.
//!
//! Findings are written as they come. Columns and files come in between and stand behind them in the document, so they
//! wait: in memory as long as they are few, in an unnamed temporary file when they are many.

use std::io::{self, BufWriter, Seek, SeekFrom, Write};

use tempfile::SpooledTempFile;

use super::record::Encoder;
use super::{Detail, Report, ReportOptions, ReportWriter};
use crate::event::Event;

/// Bytes of waiting records that stay in memory, for each kind.
const IN_MEMORY: usize = 8 << 20;

/// The `json` report.
pub(super) struct Json;

impl Report for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["json"]
    }

    fn detail(&self) -> Detail {
        Detail::Findings
    }

    fn start<'w>(
        &self,
        out: Box<dyn Write + Send + 'w>,
        _options: &ReportOptions,
    ) -> io::Result<Box<dyn ReportWriter + 'w>> {
        Ok(Box::new(Writer {
            out: BufWriter::with_capacity(1 << 20, out),
            encoder: Encoder::default(),
            record: Vec::new(),
            findings: None,
            columns: Waiting::new(),
            files: Waiting::new(),
            policies: Waiting::new(),
            decisions: Waiting::new(),
            pseudonyms: Waiting::new(),
            summary: b"null".to_vec(),
        }))
    }
}

struct Writer<'w> {
    out: BufWriter<Box<dyn Write + Send + 'w>>,
    encoder: Encoder,
    record: Vec<u8>,
    /// How many findings were written; none while their list has not begun.
    findings: Option<u64>,
    columns: Waiting,
    files: Waiting,
    policies: Waiting,
    decisions: Waiting,
    pseudonyms: Waiting,
    summary: Vec<u8>,
}

impl Writer<'_> {
    /// Writes everything before the first finding.
    fn begin(&mut self, scan: &[u8]) -> io::Result<()> {
        self.out.write_all(b"{\"scan\":")?;
        self.out.write_all(scan)?;
        self.out.write_all(b",\n\"findings\":[")?;
        self.findings = Some(0);
        Ok(())
    }
}

impl ReportWriter for Writer<'_> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.record.clear();
        self.encoder.encode(event, &mut self.record);
        match event {
            Event::Scan(_) => {
                let scan = std::mem::take(&mut self.record);
                self.begin(&scan)
            }
            Event::Finding(_) => {
                if self.findings.is_none() {
                    self.begin(b"null")?;
                }
                let before = self.findings.unwrap_or_default();
                self.out.write_all(separator(before).as_bytes())?;
                self.findings = Some(before + 1);
                self.out.write_all(&self.record)
            }
            Event::Column(_) => self.columns.push(&self.record),
            Event::File(_) => self.files.push(&self.record),
            Event::Policy(_) => self.policies.push(&self.record),
            Event::Decision(_) => self.decisions.push(&self.record),
            Event::Pseudonym(_) => self.pseudonyms.push(&self.record),
            Event::Summary(_) => {
                std::mem::swap(&mut self.summary, &mut self.record);
                Ok(())
            }
        }
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        if self.findings.is_none() {
            self.begin(b"null")?;
        }
        for (name, waiting) in [
            ("columns", &mut self.columns),
            ("files", &mut self.files),
            ("policies", &mut self.policies),
            ("decisions", &mut self.decisions),
            ("pseudonyms", &mut self.pseudonyms),
        ] {
            if waiting.count == 0 && matches!(name, "policies" | "decisions" | "pseudonyms") {
                continue;
            }
            write!(self.out, "\n],\n\"{name}\":[")?;
            waiting.copy_to(&mut self.out)?;
        }
        self.out.write_all(b"\n],\n\"summary\":")?;
        self.out.write_all(&self.summary)?;
        self.out.write_all(b"}\n")?;
        self.out.flush()
    }
}

/// What stands before a list's next record; each has a line of its own.
fn separator(before: u64) -> &'static str {
    if before == 0 { "\n" } else { ",\n" }
}

/// Records that wait for their place in the document.
struct Waiting {
    file: BufWriter<SpooledTempFile>,
    count: u64,
}

impl Waiting {
    fn new() -> Self {
        Self {
            file: BufWriter::new(SpooledTempFile::new(IN_MEMORY)),
            count: 0,
        }
    }

    fn push(&mut self, record: &[u8]) -> io::Result<()> {
        self.file.write_all(separator(self.count).as_bytes())?;
        self.count += 1;
        self.file.write_all(record)
    }

    fn copy_to(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.file.flush()?;
        let file = self.file.get_mut();
        file.seek(SeekFrom::Start(0))?;
        io::copy(file, out).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::super::record::tests::{finding, place};
    use super::*;
    use crate::event::{FileRecord, ScanRecord, Status, Summary};

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

    fn document(events: &[Event]) -> serde_json::Value {
        let out = Shared::default();
        let mut writer = Json
            .start(Box::new(out.clone()), &ReportOptions::default())
            .unwrap();
        for event in events {
            writer.event(event).unwrap();
        }
        writer.finish().unwrap();
        let bytes = out.0.lock().unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    #[test]
    fn records_are_sorted_by_kind_and_stay_as_they_are() {
        let place = place("a.csv", Some("bsn"));
        let file = |n: u64| {
            Event::File(FileRecord {
                file: format!("{n}.csv").into(),
                member: None,
                format: None,
                bytes: n,
                records: 0,
                findings: 0,
                status: Status::Scanned,
                // Together more than is kept in memory.
                reason: Some("x".repeat(100_000)),
                sampled: None,
            })
        };
        let mut events = vec![
            Event::Scan(ScanRecord {
                schema: 1,
                version: "0".into(),
                ..ScanRecord::default()
            }),
            Event::Finding(finding(&place, 1)),
            file(0),
            Event::Finding(finding(&place, 2)),
        ];
        events.extend((1..100).map(file));
        events.push(Event::Summary(Summary::default()));
        let document = document(&events);
        let as_is = |event: &Event| serde_json::to_value(event).unwrap();
        assert_eq!(document["scan"], as_is(&events[0]));
        assert_eq!(document["findings"][0], as_is(&events[1]));
        assert_eq!(document["findings"][1], as_is(&events[3]));
        assert_eq!(document["findings"].as_array().unwrap().len(), 2);
        assert_eq!(document["columns"].as_array().unwrap().len(), 0);
        assert_eq!(document["files"].as_array().unwrap().len(), 100);
        assert_eq!(document["files"][99], as_is(&events[102]));
        assert_eq!(document["summary"], as_is(&events[103]));
    }

    #[test]
    fn a_document_without_events_is_still_json() {
        assert_eq!(document(&[])["scan"], serde_json::Value::Null);
    }
}
