//! Events as the JSON records of `docs/INTERFACE.md`.
//!
//! A scan can have twenty million findings, so their lines are put together by hand: everything up to the row is the
//! same for all findings of one detector in one column and is kept, escaped, under the addresses of the two; reasons
//! likewise. All other records go through serde. A test holds that both ways give the same bytes: whoever changes the
//! fields of [`Finding`] changes them here, too.

use std::sync::Arc;

use hashbrown::HashMap;
use serde::Serialize;

use super::escape::SafeJson;
use crate::event::{DetectorName, Event, Finding, Place, thousandths};

/// Entries kept before a cache starts anew: enough for the widest tables, and a bound on its memory.
const CACHED: usize = 4096;

/// Turns events into JSON.
#[derive(Default)]
pub(super) struct Encoder {
    /// Keyed by the addresses of place and detector. The entry owns both, so an address can't come to mean another.
    heads: HashMap<(usize, usize), Head>,
    reasons: HashMap<usize, Reasons>,
}

struct Head {
    json: Box<[u8]>,
    _place: Arc<Place>,
    _detector: Arc<DetectorName>,
}

struct Reasons {
    json: Box<[u8]>,
    _evidence: Arc<[String]>,
}

impl Encoder {
    /// Appends the event's record, without a line end.
    pub(super) fn encode(&mut self, event: &Event, out: &mut Vec<u8>) {
        match event {
            Event::Finding(finding) => self.finding(finding, out),
            other => value(other, out),
        }
    }

    fn finding(&mut self, finding: &Finding, out: &mut Vec<u8>) {
        self.head(finding, out);
        number(finding.row, out);
        out.extend_from_slice(b",\"line\":");
        optional(finding.line, out);
        out.extend_from_slice(b",\"start\":");
        optional(finding.start, out);
        out.extend_from_slice(b",\"end\":");
        optional(finding.end, out);
        out.extend_from_slice(b",\"masked\":");
        text(&finding.masked, out);
        if let Some(raw) = &finding.value {
            out.extend_from_slice(b",\"value\":");
            text(raw, out);
        }
        out.extend_from_slice(b",\"fingerprint\":\"");
        hex(finding.fingerprint, out);
        out.extend_from_slice(b"\",\"confidence\":");
        confidence(finding.confidence, out);
        out.extend_from_slice(b",\"evidence\":");
        self.evidence(&finding.evidence, out);
        out.push(b'}');
    }

    fn head(&mut self, finding: &Finding, out: &mut Vec<u8>) {
        let key = (
            Arc::as_ptr(&finding.place).addr(),
            Arc::as_ptr(&finding.detector).addr(),
        );
        if let Some(head) = self.heads.get(&key) {
            out.extend_from_slice(&head.json);
            return;
        }
        if self.heads.len() >= CACHED {
            self.heads.clear();
        }
        let json = head_json(&finding.detector, &finding.place);
        out.extend_from_slice(&json);
        self.heads.insert(
            key,
            Head {
                json: json.into(),
                _place: Arc::clone(&finding.place),
                _detector: Arc::clone(&finding.detector),
            },
        );
    }

    fn evidence(&mut self, evidence: &Arc<[String]>, out: &mut Vec<u8>) {
        let key = Arc::as_ptr(evidence).addr();
        if let Some(reasons) = self.reasons.get(&key) {
            out.extend_from_slice(&reasons.json);
            return;
        }
        if self.reasons.len() >= CACHED {
            self.reasons.clear();
        }
        let start = out.len();
        value(&**evidence, out);
        self.reasons.insert(
            key,
            Reasons {
                json: out[start..].into(),
                _evidence: Arc::clone(evidence),
            },
        );
    }
}

fn head_json(detector: &DetectorName, place: &Place) -> Vec<u8> {
    let mut json = Vec::with_capacity(256);
    json.extend_from_slice(b"{\"type\":\"finding\",\"detector\":");
    text(&detector.id, &mut json);
    json.extend_from_slice(b",\"category\":");
    text(&detector.category, &mut json);
    json.extend_from_slice(b",\"file\":");
    text(&place.file, &mut json);
    for (name, part) in [
        ("member", &place.member),
        ("table", &place.table),
        ("column", &place.column),
    ] {
        json.extend_from_slice(b",\"");
        json.extend_from_slice(name.as_bytes());
        json.extend_from_slice(b"\":");
        match part {
            Some(part) => text(part, &mut json),
            None => json.extend_from_slice(b"null"),
        }
    }
    json.extend_from_slice(b",\"row\":");
    json
}

/// Appends anything serde knows, as one line of JSON.
fn value<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    let mut serializer = serde_json::Serializer::with_formatter(out, SafeJson);
    value
        .serialize(&mut serializer)
        .expect("records have string keys, and memory can be written");
}

fn text(text: &str, out: &mut Vec<u8>) {
    let needs_escape = |byte| !matches!(byte, b' '..=b'~') || byte == b'"' || byte == b'\\';
    if text
        .bytes()
        .fold(false, |any, byte| any | needs_escape(byte))
    {
        return value(text, out);
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

fn number(number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn optional(value: Option<u64>, out: &mut Vec<u8>) {
    match value {
        Some(value) => number(value, out),
        None => out.extend_from_slice(b"null"),
    }
}

fn hex(value: u128, out: &mut Vec<u8>) {
    let digits = if value.trailing_zeros() >= 64 { 16 } else { 32 };
    out.extend_from_slice(&hex_digits(value)[..digits]);
}

/// A number in base 16.
pub(super) fn hex_digits(value: u128) -> [u8; 32] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 32];
    for (pair, byte) in text.chunks_exact_mut(2).zip(value.to_be_bytes()) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    text
}

/// As serde writes it: no zeros behind the last digit, but at least one digit behind the point.
fn confidence(probability: f64, out: &mut Vec<u8>) {
    let thousandths = thousandths(probability);
    let digits = [
        b'0' + (thousandths / 1000) as u8,
        b'.',
        b'0' + (thousandths / 100 % 10) as u8,
        b'0' + (thousandths / 10 % 10) as u8,
        b'0' + (thousandths % 10) as u8,
    ];
    let len = match thousandths {
        n if n % 100 == 0 => 3,
        n if n % 10 == 0 => 4,
        _ => 5,
    };
    out.extend_from_slice(&digits[..len]);
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn place(file: &str, column: Option<&str>) -> Arc<Place> {
        Arc::new(Place {
            file: file.into(),
            member: None,
            table: None,
            column: column.map(Into::into),
        })
    }

    pub(crate) fn finding(place: &Arc<Place>, row: u64) -> Finding {
        Finding {
            detector: Arc::new(DetectorName {
                id: "nl-bsn".into(),
                category: "national-id".into(),
            }),
            place: Arc::clone(place),
            row,
            line: Some(row.wrapping_add(1)),
            start: Some(row.wrapping_mul(10)),
            end: None,
            masked: "*******33".into(),
            value: None,
            fingerprint: 0x9f2c << 96,
            confidence: 0.98,
            evidence: vec!["check:elfproef 1/11".to_owned(), "header:bsn".to_owned()].into(),
        }
    }

    fn encoded(encoder: &mut Encoder, event: &Event) -> String {
        let mut out = Vec::new();
        encoder.encode(event, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_finding_is_what_serde_makes_of_it() {
        let mut encoder = Encoder::default();
        let odd = Place {
            member: Some("x!/\"y\".csv".into()),
            table: Some("naïve\n".into()),
            ..(*place("dir/a b.zip", None)).clone()
        };
        let places = [
            place("a.csv", Some("bsn")),
            place("b.csv", None),
            Arc::new(odd),
        ];
        for place in &places {
            for (row, confidence) in [0.0, 0.5, 0.07, 0.98, 0.9874, 0.9999, 1.0, f64::NAN]
                .into_iter()
                .enumerate()
            {
                let mut finding = finding(place, row as u64 * (u64::MAX / 7));
                finding.confidence = confidence;
                finding.value = (row % 2 == 0).then(|| "11\u{1}1\\".to_owned());
                finding.end = (row % 3 == 0).then_some(u64::MAX);
                let event = Event::Finding(finding);
                let expected = serde_json::to_string(&event).unwrap();
                // Twice: once when it is new, once from the cache.
                assert_eq!(encoded(&mut encoder, &event), expected);
                assert_eq!(encoded(&mut encoder, &event), expected);
            }
        }
    }

    #[test]
    fn more_columns_than_the_cache_holds_stay_apart() {
        let mut encoder = Encoder::default();
        for n in 0..=CACHED * 2 {
            let event = Event::Finding(finding(&place(&format!("{n}.csv"), None), 1));
            let line = encoded(&mut encoder, &event);
            assert!(line.contains(&format!("\"file\":\"{n}.csv\"")), "{line}");
        }
        assert!(encoder.heads.len() <= CACHED && encoder.reasons.len() <= CACHED);
    }

    #[test]
    fn names_that_act_on_a_terminal_are_escaped() {
        let event = Event::Finding(finding(&place("\u{202e}\u{9b}31m\x1b[0m", Some("\x07")), 1));
        let line = encoded(&mut Encoder::default(), &event);
        assert!(!line.contains(super::super::is_unsafe), "{line}");
        let back: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(back["file"], "\u{202e}\u{9b}31m\x1b[0m");
    }
}
