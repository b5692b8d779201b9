//! NDJSON: one record a line, in the order of the scan already.

use std::borrow::Cow;
use std::io::BufRead;

use serde::Deserialize;

use super::order::Rest;
use super::wire::{Sharer, Wire};
use super::{Emit, Findings, Saved, read_line};
use crate::error::Error;
use crate::event::Event;

/// Bytes of a line at the most: a column's record has a few thousand.
const LONGEST: usize = 64 << 20;

#[derive(Deserialize)]
struct Typed<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
}

pub(super) fn read(
    saved: &Saved,
    reader: &mut dyn BufRead,
    findings: Findings,
    emit: &mut Emit<'_>,
) -> Result<(), Error> {
    let mut sharer = Sharer::default();
    let mut line = Vec::new();
    let (mut number, mut begun, mut ended) = (0, false, false);
    loop {
        number += 1;
        let at =
            |what: &dyn std::fmt::Display| Error::usage(format!("{}:{number}: {what}", saved.name));
        read_line(reader, &mut line, LONGEST).map_err(|error| at(&error))?;
        if line.is_empty() {
            break;
        }
        let text = line.trim_ascii();
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        if text.is_empty() {
            continue;
        }
        if ended {
            return Err(at(
                &"a record stands behind the summary, which is to be the last",
            ));
        }
        // Written so by every speur, and most lines of a large result.
        let is_finding = text.starts_with(b"{\"type\":\"finding\"");
        if is_finding && findings == Findings::Skip && begun {
            continue;
        }
        let event = if is_finding {
            let wire: Wire<'_> =
                serde_json::from_slice(text).map_err(|error| saved.wrong_json(&error, number))?;
            let finding = sharer.finding(wire);
            Some(Event::Finding(finding.ok_or_else(|| {
                at(&"the fingerprint is not 16 or 32 hexadecimal digits")
            })?))
        } else {
            other(saved, text, number, &mut sharer)?
        };
        match &event {
            Some(Event::Scan(scan)) if !begun => {
                saved.check(scan)?;
                begun = true;
            }
            Some(Event::Scan(_)) => {
                return Err(at(
                    &"a second scan begins here; a result is of one scan, so split the file",
                ));
            }
            _ if !begun => {
                return Err(at(&"a result begins with the record of the scan"));
            }
            Some(Event::Summary(_)) => ended = true,
            _ => {}
        }
        match event {
            Some(Event::Finding(_)) if findings == Findings::Skip => {}
            Some(event) => emit(&event)?,
            None => {}
        }
    }
    if !ended {
        return Err(Error::usage(format!(
            "{}:{}: the result ends without a summary, so it is cut off; scan again",
            saved.name,
            number - 1
        )));
    }
    Ok(())
}

/// Any record; none of a type that this version doesn't know.
fn other(
    saved: &Saved,
    text: &[u8],
    line: usize,
    sharer: &mut Sharer,
) -> Result<Option<Event>, Error> {
    let wrong = |error| saved.wrong_json(&error, line);
    let kind: Typed<'_> = serde_json::from_slice(text).map_err(wrong)?;
    Ok(Some(match &*kind.kind {
        "scan" => Event::Scan(serde_json::from_slice(text).map_err(wrong)?),
        "finding" => {
            let wire = serde_json::from_slice(text).map_err(wrong)?;
            return Ok(sharer.finding(wire).map(Event::Finding));
        }
        "column" => Event::Column(serde_json::from_slice(text).map_err(wrong)?),
        "file" => Event::File(serde_json::from_slice(text).map_err(wrong)?),
        "policy" => Event::Policy(serde_json::from_slice(text).map_err(wrong)?),
        "decision" => Event::Decision(serde_json::from_slice(text).map_err(wrong)?),
        "pseudonym" => Event::Pseudonym(serde_json::from_slice(text).map_err(wrong)?),
        "summary" => Event::Summary(serde_json::from_slice(text).map_err(wrong)?),
        _ => return Ok(None),
    }))
}

/// Records that stand apart from findings, as lines.
#[cfg(feature = "parquet")]
pub(super) fn rest(saved: &Saved, text: &[u8]) -> Result<Rest, Error> {
    let mut rest = Rest::default();
    let mut reader = text;
    read(saved, &mut reader, Findings::Skip, &mut |event| {
        match event.clone() {
            Event::Scan(record) => rest.scan = Some(record),
            Event::Finding(_) => {}
            Event::Column(record) => rest.columns.push_back(record),
            Event::File(record) => rest.files.push_back(record),
            Event::Policy(record) => rest.policies.push(record),
            Event::Decision(record) => rest.decisions.push(record),
            Event::Pseudonym(record) => rest.pseudonyms.push(record),
            Event::Summary(record) => rest.summary = Some(record),
        }
        Ok(())
    })?;
    Ok(rest)
}
