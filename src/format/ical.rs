//! iCalendar: each component is a record of the table of its kind (`VEVENT`, `VTODO`), each property a column, and the
//! name of a person beside an address has one of its own (`ATTENDEE`, `ATTENDEE.cn`).
//!
//! Alarms belong to the component around them, with their name before the column's; time zones hold nothing of people and
//! are read as records like all else. <https://www.rfc-editor.org/rfc/rfc5545>

use std::sync::Arc;

use super::chunked::{Embedded, Grammar, reader};
use super::records::Records;
use super::vcard::line::{Folding, Line, Property, unfold};
use super::vcard::{data_url, is_base64, scheme_len};
use super::{Format, Head, Likelihood, ReadOptions, Reader, base64};
use crate::error::Problem;
use crate::input::Body;
use crate::input::blocks::{LONGEST_RECORD, Source};

/// iCalendar.
pub(super) struct Ical;

impl Format for Ical {
    fn name(&self) -> &'static str {
        "icalendar"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let text = head.text.as_deref()?.trim_ascii_start();
        let (begin, rest) = text.split_at_checked(BEGIN.len())?;
        let line = rest.split(|byte| matches!(byte, b'\r' | b'\n')).next()?;
        let line = line.trim_ascii_end();
        // Components are kept by themselves, too.
        let is_known = |kind: &&str| line.eq_ignore_ascii_case(kind.as_bytes());
        let mut kinds = ["VCALENDAR", "VALARM"].iter().chain(KINDS);
        (begin.eq_ignore_ascii_case(BEGIN) && kinds.any(is_known)).then_some(Likelihood::Magic)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        let source = Source::new(body, head.encoding, head.mark)?;
        Ok(reader(Components { attached: 0 }, source, options))
    }
}

const BEGIN: &[u8] = b"BEGIN:";

/// Kinds of components that are tables.
const KINDS: &[&str] = &[
    "VEVENT",
    "VTODO",
    "VJOURNAL",
    "VFREEBUSY",
    "VTIMEZONE",
    "VAVAILABILITY",
];

/// A calendar is read as a whole, once for each kind of component.
struct Components {
    attached: u64,
}

impl Grammar for Components {
    /// The kind of component that is meant; empty for what stands outside of all.
    type Task = &'static str;

    fn cut(&mut self, window: &[u8], target: usize, ended: bool) -> Option<(usize, &'static str)> {
        // Calendars are small; what is open in one that is broken would depend on where it is cut.
        let _ = target;
        (ended && window.len() < LONGEST_RECORD).then_some((window.len(), ""))
    }

    fn forced(&mut self, _: &[u8]) -> &'static str {
        ""
    }

    fn tables(&mut self, _: &'static str, text: &[u8]) -> Vec<(Option<Arc<str>>, &'static str)> {
        let mut tables = vec![(Some("VCALENDAR".into()), "")];
        for kind in KINDS {
            let begin = format!("BEGIN:{kind}");
            let upper = memchr::memmem::find(text, begin.as_bytes()).is_some();
            if upper || memchr::memmem::find(text, begin.to_lowercase().as_bytes()).is_some() {
                tables.push((Some((*kind).into()), kind));
            }
        }
        tables
    }

    fn read(kind: &&'static str, text: &[u8], last: bool, records: &mut Records<'_>) {
        Reading {
            kind,
            open: Vec::new(),
            records,
        }
        .read(text, last);
    }

    fn embedded(&mut self, text: &[u8], found: &mut Vec<Embedded>) {
        for at in memchr::memmem::find_iter(text, "ATTACH") {
            if at > 0 && !matches!(text[at - 1], b'\n' | b'\r') {
                continue;
            }
            let (line, _) = unfold(text, at, Folding::Blank);
            let Some(property) = Property::of(&line).filter(|property| property.name == "ATTACH")
            else {
                continue;
            };
            let value = &line.text[property.value.clone()];
            let (kind, data) = if is_base64(&property, &line) {
                let kind = property.parameter(&line, "FMTTYPE");
                (kind.unwrap_or_default(), value)
            } else if let Some(pair) = data_url(value) {
                pair
            } else {
                continue;
            };
            self.attached += 1;
            let name = ["FILENAME", "X-FILENAME", "X-APPLE-FILENAME"]
                .iter()
                .find_map(|name| property.parameter(&line, name))
                .map_or_else(
                    || format!("attachment-{}{}", self.attached, base64::ending(kind)),
                    |name| {
                        format!(
                            "attachment-{}/{}",
                            self.attached,
                            String::from_utf8_lossy(name)
                        )
                    },
                );
            found.push(Embedded {
                name,
                bytes: base64::decode(data),
            });
        }
    }
}

/// A text while the components of one kind are read.
struct Reading<'r, 's> {
    kind: &'static str,
    /// Components that are open, the calendar itself apart.
    open: Vec<String>,
    records: &'r mut Records<'s>,
}

impl Reading<'_, '_> {
    fn read(&mut self, text: &[u8], last: bool) {
        // Whether a calendar is open, and whether something stands outside of all.
        let (mut at, mut within, mut beside) = (0, false, false);
        while at < text.len() {
            let (line, next) = unfold(text, at, Folding::Blank);
            at = next;
            if line.text.trim_ascii().is_empty() {
                continue;
            }
            let Some(property) = Property::of(&line) else {
                if self.is_meant() {
                    beside |= self.open.is_empty() && !within;
                    let column = self.records.column("");
                    self.records.begin(column);
                    line.give(0..line.text.len(), self.records);
                    self.records.end();
                }
                continue;
            };
            let value = String::from_utf8_lossy(&line.text[property.value.clone()]);
            let value = value.trim().to_ascii_uppercase();
            match (&property.name[..], &value[..]) {
                ("BEGIN", "VCALENDAR") => within = true,
                ("END", "VCALENDAR") => {
                    if self.kind.is_empty() {
                        self.records.next_row();
                    }
                    (within, beside) = (false, false);
                }
                ("BEGIN", _) => self.open.push(value),
                ("END", _) => self.close(&value),
                _ if self.is_meant() => {
                    beside |= self.open.is_empty() && !within;
                    self.give(&line, &property);
                }
                _ => {}
            }
        }
        let is_open = !self.open.is_empty() || self.kind.is_empty() && within;
        if last && self.is_meant() && is_open {
            let problem = Problem::lost("the text ends within a calendar: the file is cut off");
            self.records.problem(problem);
        }
        if last && self.is_meant() && (is_open || beside) {
            self.records.next_row();
        }
    }

    fn close(&mut self, name: &str) {
        let Some(index) = self.open.iter().rposition(|open| open == name) else {
            return;
        };
        if index == 0 && self.is_meant() {
            self.records.next_row();
        }
        self.open.truncate(index);
    }

    /// Whether what stands here belongs to the kind that is read.
    fn is_meant(&self) -> bool {
        match self.open.first() {
            None => self.kind.is_empty(),
            Some(open) => {
                open == self.kind || self.kind.is_empty() && !KINDS.contains(&open.as_str())
            }
        }
    }

    fn give(&mut self, line: &Line, property: &Property) {
        let mut path = self.open.iter().skip(1).fold(String::new(), |path, open| {
            if path.len() < 100 {
                path + open + "."
            } else {
                path
            }
        });
        path.push_str(&property.name);
        for (name, at) in &property.parameters {
            // Those of a known name; and addresses, whatever name they are under (`DELEGATED-TO`).
            let is_personal = line.text[at.clone()].contains(&b'@')
                || matches!(name.as_str(), "CN" | "EMAIL" | "SENT-BY" | "DIR" | "MEMBER");
            if is_personal && !at.is_empty() {
                let column = self
                    .records
                    .column(&format!("{path}.{}", name.to_lowercase()));
                let at = at.start + scheme_len(&line.text[at.clone()])..at.end;
                self.records.begin(column);
                line.give(at, self.records);
                self.records.end();
            }
        }
        let value = &line.text[property.value.clone()];
        if is_base64(property, line) || data_url(value).is_some() {
            return;
        }
        let column = self.records.column(&path);
        let at = property.value.start + scheme_len(value)..property.value.end;
        self.records.begin(column);
        line.give_unescaped(at, self.records);
        self.records.end();
    }
}

#[cfg(test)]
mod tests {
    use super::super::taken::take;

    #[test]
    fn addresses_in_parameters_are_read() {
        let text = b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nATTENDEE;DELEGATED-TO=\"mailto:jor@postluxterra.nl\":mailto:mir@postluxterra.nl\nEND:VEVENT\nEND:VCALENDAR\n";
        assert_eq!(
            take("a.ics", text).column_texts("ATTENDEE.delegated-to"),
            ["jor@postluxterra.nl"]
        );
    }

    #[test]
    fn what_follows_a_calendar_is_beside_it() {
        let text = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Tea\r\nEND:VEVENT\r\nEND:VCALENDAR\r\nX-NOTE:kept by Jor\r\n";
        let taken = take("a.ics", text);
        assert!(taken.problems.is_empty(), "{:?}", taken.problems);
        assert_eq!(taken.column_texts("X-NOTE"), ["kept by Jor"]);
        assert_eq!(
            (taken.records["VCALENDAR"], taken.records["VEVENT"]),
            (2, 1)
        );
        let cut = take("a.ics", &text[..text.len() - 40]);
        assert_eq!(cut.problems.len(), 1);
    }

    #[test]
    fn components_may_stand_by_themselves() {
        let event = b"BEGIN:VEVENT\nATTENDEE;CN=Jor:mailto:jor@postluxterra.nl\nEND:VEVENT\n";
        let taken = take("event.txt", event);
        assert_eq!(taken.format, Some("icalendar"));
        assert_eq!(taken.column_texts("ATTENDEE"), ["jor@postluxterra.nl"]);
        assert_eq!(
            (taken.records["VCALENDAR"], taken.records["VEVENT"]),
            (0, 1)
        );
        assert!(taken.problems.is_empty(), "{:?}", taken.problems);
        let alarm = take("alarm.txt", b"BEGIN:VALARM\nACTION:AUDIO\nEND:VALARM\n");
        assert_eq!(alarm.column_texts("ACTION"), ["AUDIO"]);
        assert_eq!(take("a.txt", b"BEGIN:VMYTHING\nA:b\n").format, Some("text"));
    }
}
