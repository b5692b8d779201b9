//! Reads one message.

use std::ops::Range;

use mail_parser::{Encoding, Message, MessagePart, PartType};

use super::super::html::values_of;
use super::super::records::Records;
use super::headers::{self, Place};
use super::parse;
use crate::error::Problem;

/// Gives the headers and texts of a message that lies at a place of a text.
pub(super) fn message(text: &[u8], at: Range<usize>, records: &mut Records<'_>) {
    let place = Place {
        text,
        base: at.start,
    };
    let Some(message) = parse(&text[at.clone()]) else {
        let problem = Problem::note("a message is not as mail should be; it was read as text");
        records.problem_at(problem, at.start);
        return lines("", text, at, records);
    };
    headers::give(&message, place, records);
    for (index, part) in message.parts.iter().enumerate() {
        if !message.attachments.contains(&(index as u32)) {
            body(&message, part, place, records);
        }
    }
    for gap in gaps(&message, at.len()) {
        beside(place, at.start + gap.start..at.start + gap.end, records);
    }
}

/// What of a message lies in none of its parts, as the library sees it: what stands before the first and behind the last
/// one, and what it loses where a part is not as it should be.
fn gaps(message: &Message<'_>, len: usize) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    for part in &message.parts {
        let (header, body, end) = (part.offset_header, part.offset_body, part.offset_end);
        parts.push(header..body);
        match &part.body {
            PartType::Multipart(_) => {}
            // Not all that is between two parts goes to the message that is handed over.
            PartType::Message(inner) if part.encoding == Encoding::None => {
                let all = inner.parts.first();
                parts.extend(all.map(|all| all.offset_header..all.offset_end));
            }
            _ => parts.push(body..end),
        }
    }
    parts.sort_unstable_by_key(|part| part.start);
    let mut gaps = Vec::new();
    let mut from = 0;
    for part in parts {
        let (start, end) = (part.start as usize, part.end as usize);
        if start > from {
            gaps.push(from..start.min(len));
        }
        from = from.max(end);
    }
    gaps.push(from.min(len)..len);
    gaps
}

/// Gives the lines of a stretch that lies in no part, but for the borders of parts.
fn beside(place: Place<'_>, at: Range<usize>, records: &mut Records<'_>) {
    let mut from = at.start;
    while from < at.end {
        let rest = &place.text[from..at.end];
        let end = memchr::memchr(b'\n', rest).map_or(at.end, |len| from + len);
        if !place.text[from..end].starts_with(b"--") {
            lines("body", place.text, from..end, records);
        }
        from = end + 1;
    }
}

fn body(
    message: &Message<'_>,
    part: &MessagePart<'_>,
    place: Place<'_>,
    records: &mut Records<'_>,
) {
    let start = place.base + part.offset_body as usize;
    let end = (place.base + part.offset_end as usize).min(place.text.len());
    let at = start.min(end)..end;
    match &part.body {
        PartType::Text(text) => {
            let is_stored = part.encoding == Encoding::None
                && place.text[at.clone()].starts_with(text.as_bytes());
            if is_stored {
                lines("body", place.text, at.start..at.start + text.len(), records);
            } else {
                decoded(text, "body", place, &at, records);
            }
        }
        PartType::Html(text) => {
            for (column, value) in values_of(text.as_bytes(), "body.html") {
                place.give(&column, &value, at.clone(), records);
            }
        }
        PartType::Multipart(_) | PartType::Message(_) => {}
        // A body that is no text and no attachment: what it is, its name says.
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
            let is_alone = message.parts.len() == 1;
            if let (true, Ok(text)) = (is_alone, std::str::from_utf8(bytes)) {
                decoded(text, "body", place, &at, records);
            }
        }
    }
}

/// Gives the lines of a text as they stand.
fn lines(column: &str, text: &[u8], at: Range<usize>, records: &mut Records<'_>) {
    let column = records.column(column);
    let mut from = at.start;
    let ends = memchr::memchr_iter(b'\n', &text[at.clone()]).map(|end| at.start + end);
    for end in ends.chain([at.end]) {
        let line = text[from..end].trim_ascii_end();
        if !line.trim_ascii_start().is_empty() {
            records.value_at(column, from..from + line.len());
        }
        from = end + 1;
    }
}

/// Gives the lines of a text that was written in an encoding. Each is looked for where it can be, behind the one before.
fn decoded(
    text: &str,
    column: &str,
    place: Place<'_>,
    at: &Range<usize>,
    records: &mut Records<'_>,
) {
    let mut at = at.clone();
    for line in text.lines().map(str::trim_end) {
        if line.trim_start().is_empty() {
            continue;
        }
        // Lines of quoted-printable are mostly as they are.
        let near = &place.text[at.start..at.end.min(at.start + 16384)];
        if let Some(found) = memchr::memmem::find(near, line.as_bytes()) {
            let start = at.start + found;
            let column = records.column(column);
            records.value_at(column, start..start + line.len());
            at.start = start + line.len();
        } else {
            place.give(column, line.as_bytes(), at.clone(), records);
        }
    }
}
