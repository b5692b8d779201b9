//! vCard 2.1 to 4: each card is a record, each property a column (`TEL`, `EMAIL`), and the parts of a name or an address
//! have columns of their own (`N.family-name`, `ADR.locality`), named as in hCard.
//!
//! Pictures, sounds and keys that are written as base64 become members. Lines that are no property are read as text
//! without a column, so that nothing is lost. <https://www.rfc-editor.org/rfc/rfc6350>

use std::ops::Range;

use super::chunked::{Embedded, Grammar, reader};
use super::records::Records;
use super::{Format, Head, Likelihood, ReadOptions, Reader, base64};
use crate::error::Problem;
use crate::input::Body;
use crate::input::blocks::{LONGEST_RECORD, Source};

pub(super) mod line;

use line::{Folding, Line, Property, find_word, unfold};

/// vCard.
pub(super) struct Vcard;

impl Format for Vcard {
    fn name(&self) -> &'static str {
        "vcard"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let text = head.text.as_deref()?.trim_ascii_start();
        text.get(..11)
            .is_some_and(|start| start.eq_ignore_ascii_case(b"BEGIN:VCARD"))
            .then_some(Likelihood::Magic)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        let source = Source::new(body, head.encoding, head.mark)?;
        Ok(reader(Cards { pictures: 0 }, source, options))
    }
}

/// Cuts behind cards.
struct Cards {
    /// Pictures and the like so far.
    pictures: u64,
}

impl Grammar for Cards {
    type Task = ();

    fn cut(&mut self, window: &[u8], target: usize, ended: bool) -> Option<(usize, ())> {
        end_of(window, target, ended, b"END:VCARD").map(|len| (len, ()))
    }

    fn forced(&mut self, _: &[u8]) {}

    fn read((): &(), text: &[u8], last: bool, records: &mut Records<'_>) {
        read(text, last, records);
    }

    fn embedded(&mut self, text: &[u8], found: &mut Vec<Embedded>) {
        for name in ["PHOTO", "LOGO", "SOUND", "KEY"] {
            self.embedded_as(name, text, found);
        }
    }
}

/// Behind the first line at or behind `target` that is `end`, in any case.
pub(super) fn end_of(window: &[u8], target: usize, ended: bool, end: &[u8]) -> Option<usize> {
    if window.len() <= target && ended {
        return Some(window.len());
    }
    let mut from = target.saturating_sub(end.len() + 2).min(window.len());
    let until = window.len().min(LONGEST_RECORD.max(from));
    while let Some(found) = memchr::memchr2(b'E', b'e', &window[from..until]) {
        let at = from + found;
        from = at + 1;
        let starts = at == 0 || matches!(window[at - 1], b'\n' | b'\r');
        let is_end = window
            .get(at..at + end.len())
            .is_some_and(|line| line.eq_ignore_ascii_case(end));
        if !starts || !is_end {
            continue;
        }
        let mut stop = at + end.len();
        while matches!(window.get(stop), Some(b' ' | b'\t')) {
            stop += 1;
        }
        let after = match (window.get(stop), window.get(stop + 1)) {
            (Some(b'\r') | None, None) if !ended => return None,
            (None, _) => return Some(window.len()),
            (Some(b'\r'), Some(b'\n')) => stop + 2,
            (Some(b'\n' | b'\r'), _) => stop + 1,
            _ => continue,
        };
        match window.get(after) {
            None if !ended => return None,
            // The line goes on.
            Some(b' ' | b'\t') => {}
            _ if after >= target => return Some(after),
            _ => {}
        }
    }
    (ended && until == window.len()).then_some(window.len())
}

impl Cards {
    /// Decodes the properties of this name that hold base64.
    fn embedded_as(&mut self, name: &str, text: &[u8], found: &mut Vec<Embedded>) {
        for at in memchr::memmem::find_iter(text, name) {
            let start = memchr::memrchr2(b'\n', b'\r', &text[..at]).map_or(0, |end| end + 1);
            if start != at && text[at - 1] != b'.' {
                continue;
            }
            let (line, _) = unfold(text, start, Folding::Directory);
            let Some(property) = Property::of(&line).filter(|property| property.name == name)
            else {
                continue;
            };
            let value = &line.text[property.value.clone()];
            let (kind, data) = if is_base64(&property, &line) {
                (kind_of(&property, &line), value)
            } else if let Some((kind, data)) = data_url(value) {
                (kind, data)
            } else {
                continue;
            };
            self.pictures += 1;
            found.push(Embedded {
                name: format!(
                    "{}-{}{}",
                    name.to_ascii_lowercase(),
                    self.pictures,
                    base64::ending(kind)
                ),
                bytes: base64::decode(data),
            });
        }
    }
}

/// The type of what a property holds: `TYPE=JPEG` or, in vCard 2.1, just `JPEG`.
fn kind_of<'l>(property: &Property, line: &'l Line) -> &'l [u8] {
    let values = property
        .parameters
        .iter()
        .map(|(_, at)| &line.text[at.clone()]);
    let mut known = values.filter(|value| !base64::ending(value).is_empty());
    known.next().unwrap_or_default()
}

/// Whether a property's value is written as base64.
pub(super) fn is_base64(property: &Property, line: &Line) -> bool {
    let encoding = property.parameter(line, "ENCODING");
    encoding
        .is_some_and(|name| name.eq_ignore_ascii_case(b"b") || name.eq_ignore_ascii_case(b"BASE64"))
        || property.parameters.iter().any(|(name, at)| {
            name.is_empty() && line.text[at.clone()].eq_ignore_ascii_case(b"BASE64")
        })
}

/// The media type and the base64 of `data:image/png;base64,…`.
pub(super) fn data_url(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = value
        .get(..5)
        .filter(|scheme| scheme.eq_ignore_ascii_case(b"data:"))
        .map(|_| &value[5..])?;
    let comma = memchr::memchr(b',', &rest[..rest.len().min(200)])?;
    let (head, data) = (&rest[..comma], &rest[comma + 1..]);
    let kind = head.split(|&byte| byte == b';').next().unwrap_or_default();
    find_word(head, b";base64").then_some((kind, data))
}

fn read(text: &[u8], last: bool, records: &mut Records<'_>) {
    let (mut at, mut open) = (0, false);
    while at < text.len() {
        let (line, next) = unfold(text, at, Folding::Directory);
        at = next;
        let bare = line.text.trim_ascii();
        if bare.is_empty() {
            continue;
        }
        if bare.eq_ignore_ascii_case(b"BEGIN:VCARD") {
            if open {
                let problem = Problem::lost("a card has no end; the next one starts within it");
                records.problem_at(problem, line.place(0));
                records.next_row();
            }
            open = true;
        } else if bare.eq_ignore_ascii_case(b"END:VCARD") {
            if open {
                records.next_row();
            }
            open = false;
        } else {
            open = true;
            give_line(&line, records);
        }
    }
    if open && last {
        records.problem(Problem::lost(
            "the text ends within a card: the file is cut off",
        ));
        records.next_row();
    }
}

fn give_line(line: &Line, records: &mut Records<'_>) {
    let Some(property) = Property::of(line) else {
        let column = records.column("");
        records.begin(column);
        line.give(0..line.text.len(), records);
        records.end();
        return;
    };
    for name in ["LABEL", "CN", "X-ADDRESS"] {
        for (_, at) in property
            .parameters
            .iter()
            .filter(|(known, _)| known == name)
        {
            let column = records.column(&format!("{}.{}", property.name, name.to_lowercase()));
            records.begin(column);
            line.give(at.clone(), records);
            records.end();
        }
    }
    let value = &line.text[property.value.clone()];
    if is_base64(&property, line) || data_url(value).is_some() {
        return;
    }
    let parts = parts_of(&property.name);
    if parts.is_empty() {
        let column = records.column(&property.name);
        let scheme = scheme_len(value);
        let at = property.value.start + scheme..property.value.end;
        give_value(line, &property, at, column, records);
        return;
    }
    for (index, at) in components(line, property.value.clone())
        .into_iter()
        .enumerate()
    {
        if at.is_empty() {
            continue;
        }
        let part = parts
            .get(index)
            .or(parts.last())
            .copied()
            .unwrap_or_default();
        let column = records.column(&format!("{}.{part}", property.name));
        give_value(line, &property, at, column, records);
    }
}

fn give_value(
    line: &Line,
    property: &Property,
    at: Range<usize>,
    column: super::ColumnId,
    records: &mut Records<'_>,
) {
    records.begin(column);
    let encoded = property.says(line, b"QUOTED-PRINTABLE");
    if encoded {
        line.give_quoted(at, property.parameter(line, "CHARSET"), records);
    } else {
        line.give_unescaped(at, records);
    }
    records.end();
}

/// Bytes of `tel:` or `mailto:` before a value.
pub(super) fn scheme_len(value: &[u8]) -> usize {
    let starts = |scheme: &[u8]| {
        value
            .get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    [&b"mailto:"[..], b"tel:", b"sms:", b"xmpp:"]
        .into_iter()
        .find(|scheme| starts(scheme))
        .map_or(0, <[u8]>::len)
}

/// What the parts of a structured value are; empty where a property has none.
fn parts_of(name: &str) -> &'static [&'static str] {
    match name {
        "N" => &[
            "family-name",
            "given-name",
            "additional-name",
            "honorific-prefix",
            "honorific-suffix",
        ],
        "ADR" => &[
            "post-office-box",
            "extended-address",
            "street-address",
            "locality",
            "region",
            "postal-code",
            "country-name",
        ],
        "ORG" => &["organization-name", "organization-unit"],
        _ => &[],
    }
}

/// The parts of a value, which semicolons separate.
fn components(line: &Line, value: Range<usize>) -> Vec<Range<usize>> {
    let (mut parts, mut start, mut escaped) = (Vec::new(), value.start, false);
    for at in value.clone() {
        match line.text[at] {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b';' => {
                parts.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(start..value.end);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_end_with_cards() {
        let text = b"BEGIN:VCARD\r\nFN:a\r\nEND:VCARD\r\nBEGIN:VCARD\r\nEND:VCARD\r\n";
        assert_eq!(end_of(text, 1, true, b"END:VCARD"), Some(30));
        assert_eq!(end_of(text, 30, true, b"END:VCARD"), Some(30));
        assert_eq!(end_of(text, 31, true, b"END:VCARD"), Some(text.len()));
        assert_eq!(end_of(&text[..29], 1, false, b"END:VCARD"), None);
        assert_eq!(end_of(b"END:VCARD\n x", 1, true, b"END:VCARD"), Some(12));
    }

    #[test]
    fn parts_may_hold_escaped_semicolons() {
        let (line, _) = unfold(b"N:a\\;b;c", 0, Folding::Directory);
        assert_eq!(components(&line, 2..8), [2..6, 7..8]);
    }

    #[test]
    fn pictures_are_members() {
        let mut cards = Cards { pictures: 0 };
        let mut found = Vec::new();
        let text = b"BEGIN:VCARD\nPHOTO;ENCODING=b;TYPE=JPEG:aG\n k=\nPHOTO:data:image/png;base64,aGk=\nPHOTO:http://x\nEND:VCARD\n";
        cards.embedded(text, &mut found);
        let found: Vec<_> = found.iter().map(|e| (&e.name[..], &e.bytes[..])).collect();
        assert_eq!(
            found,
            [("photo-1.jpg", &b"hi"[..]), ("photo-2.png", &b"hi"[..])]
        );
    }
}
