//! LDIF: each entry is a record of its attributes, which are the columns; options (`;lang-nl`) are left out of their names.
//!
//! Values in base64 are decoded: text is read, pictures and certificates become members. Change records are read as
//! entries, with the kind of change in `changetype`. <https://www.rfc-editor.org/rfc/rfc2849>

use std::ops::Range;

use super::chunked::{Embedded, Grammar, reader};
use super::records::Records;
use super::vcard::line::{Folding, Line, unfold};
use super::{Format, Head, Likelihood, ReadOptions, Reader, base64};
use crate::error::Problem;
use crate::input::Body;
use crate::input::blocks::{LONGEST_RECORD, Source};

/// LDIF.
pub(super) struct Ldif;

impl Format for Ldif {
    fn name(&self) -> &'static str {
        "ldif"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let text = head.text.as_deref()?;
        let mut at = 0;
        while at < text.len() {
            let (line, next) = unfold(text, at, Folding::Blank);
            at = next;
            let bare = line.text.trim_ascii();
            if bare.is_empty() || bare.starts_with(b"#") {
                continue;
            }
            let starts = |word: &[u8]| {
                bare.get(..word.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(word))
            };
            if starts(b"version:") {
                continue;
            }
            let named = head.extension() == "ldif";
            let is_entry = starts(b"dn:")
                && (named || memchr::memchr(b'=', bare).is_some() || starts(b"dn::"));
            return is_entry.then_some(Likelihood::Content);
        }
        None
    }

    fn reads_text(&self) -> bool {
        true
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        let source = Source::new(body, head.encoding, head.mark)?;
        Ok(reader(Entries { binaries: 0 }, source, options))
    }
}

/// Cuts between entries, at blank lines.
struct Entries {
    binaries: u64,
}

impl Grammar for Entries {
    type Task = ();

    fn cut(&mut self, window: &[u8], target: usize, ended: bool) -> Option<(usize, ())> {
        blank_line(window, target, ended).map(|len| (len, ()))
    }

    fn forced(&mut self, _: &[u8]) {}

    fn read((): &(), text: &[u8], last: bool, records: &mut Records<'_>) {
        read(text, last, records);
    }

    fn embedded(&mut self, text: &[u8], found: &mut Vec<Embedded>) {
        for at in memchr::memmem::find_iter(text, "::") {
            let start = memchr::memrchr2(b'\n', b'\r', &text[..at]).map_or(0, |end| end + 1);
            let name = &text[start..at];
            if name.len() > 100 || !name.iter().all(|byte| is_name_byte(*byte)) {
                continue;
            }
            let (line, _) = unfold(text, start, Folding::Blank);
            let bytes = base64::decode(line.text.get(name.len() + 2..).unwrap_or_default());
            if is_text(&bytes) || bytes.is_empty() {
                continue;
            }
            self.binaries += 1;
            let name = String::from_utf8_lossy(attribute(name)).into_owned();
            let ending = if bytes.starts_with(b"\xff\xd8") {
                ".jpg"
            } else {
                ""
            };
            found.push(Embedded {
                name: format!("{name}-{}{ending}", self.binaries),
                bytes,
            });
        }
    }
}

/// Behind the first blank line at or behind `target`.
fn blank_line(window: &[u8], target: usize, ended: bool) -> Option<usize> {
    if window.len() <= target && ended {
        return Some(window.len());
    }
    let from = target.saturating_sub(4).min(window.len());
    let until = window.len().min(LONGEST_RECORD.max(from));
    for found in memchr::memchr_iter(b'\n', &window[from..until]) {
        let at = from + found;
        let end = match (window.get(at + 1), window.get(at + 2)) {
            (Some(b'\n'), _) => at + 2,
            (Some(b'\r'), Some(b'\n')) => at + 3,
            _ => continue,
        };
        if end >= target {
            return Some(end);
        }
    }
    (ended && until == window.len()).then_some(window.len())
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b';' | b'_')
}

/// An attribute's name without its options.
fn attribute(name: &[u8]) -> &[u8] {
    name.split(|&byte| byte == b';').next().unwrap_or_default()
}

fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        !text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    })
}

fn read(text: &[u8], last: bool, records: &mut Records<'_>) {
    let (mut at, mut open) = (0, false);
    while at < text.len() {
        let (line, next) = unfold(text, at, Folding::Blank);
        at = next;
        if line.text.is_empty() {
            if open {
                records.next_row();
            }
            open = false;
            continue;
        }
        if line.text == b"-" {
            continue;
        }
        let name_end = line.text.iter().position(|byte| !is_name_byte(*byte));
        let is_dn = |end: usize| line.text[..end].eq_ignore_ascii_case(b"dn");
        match name_end {
            Some(end) if end > 0 && line.text[end] == b':' => {
                if is_dn(end) && open {
                    // Entries without a blank line between them.
                    records.next_row();
                }
                open |= !line.text[..end].eq_ignore_ascii_case(b"version");
                give(&line, end, records);
            }
            _ => {
                // A comment, or no line of LDIF: text like any other.
                let is_comment = line.text[0] == b'#';
                open |= !is_comment;
                let column = records.column("");
                records.begin(column);
                line.give(usize::from(is_comment)..line.text.len(), records);
                records.end();
            }
        }
    }
    if open && last {
        records.next_row();
    }
}

/// Gives the value of a line whose name ends at `colon`.
fn give(line: &Line, colon: usize, records: &mut Records<'_>) {
    let name = String::from_utf8_lossy(attribute(&line.text[..colon])).into_owned();
    let kind = line.text.get(colon + 1).copied();
    let from = colon + 1 + usize::from(matches!(kind, Some(b':' | b'<')));
    let value = line.text[from..].trim_ascii_start();
    let at = line.text.len() - value.len()..line.text.len();
    if kind != Some(b':') {
        let column = records.column(&name);
        records.begin(column);
        line.give(at, records);
        records.end();
        return;
    }
    let bytes = base64::decode(&line.text[at.clone()]);
    if is_text(&bytes) {
        let column = records.column(&name);
        records.begin(column);
        give_decoded(line, &bytes, at, records);
        records.end();
    }
}

/// Gives what base64 stands for, three bytes for each four letters.
fn give_decoded(line: &Line, bytes: &[u8], at: Range<usize>, records: &mut Records<'_>) {
    let letters: Vec<usize> = at
        .filter(|&at| !line.text[at].is_ascii_whitespace() && line.text[at] != b'=')
        .collect();
    for (three, four) in bytes.chunks(3).zip(letters.chunks(4)) {
        let (Some(first), Some(last)) = (four.first(), four.last()) else {
            return;
        };
        records.instead(three, line.stretch(*first..last + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_end_with_blank_lines() {
        assert_eq!(blank_line(b"dn: a\n\ndn: b\n", 1, true), Some(7));
        assert_eq!(blank_line(b"dn: a\r\n\r\ndn: b\n", 1, true), Some(9));
        assert_eq!(blank_line(b"dn: a\n\ndn: b\n", 8, true), Some(13));
        assert_eq!(blank_line(b"dn: a\n", 1, false), None);
    }

    #[test]
    fn binary_attributes_are_members() {
        let mut entries = Entries { binaries: 0 };
        let mut found = Vec::new();
        entries.embedded(
            b"dn: a=b\njpegPhoto:: /9j/4A==\ncn:: SsO8cmdlbg==\n",
            &mut found,
        );
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].name, "jpegPhoto-1.jpg");
        assert_eq!(found[0].bytes, b"\xff\xd8\xff\xe0");
    }
}
