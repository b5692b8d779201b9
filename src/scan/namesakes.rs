//! Inputs whose masked names are the same: `b**@****.nl.csv` may be Bob's and Ben's. A number tells them apart, in the order in
//! which they are read.

use std::sync::Arc;

use hashbrown::HashMap;

use crate::event::{ColumnRecord, Event, FileRecord, Finding, Place};

/// What a name with masked characters holds.
const MASKED: char = '*';

/// The masked names given out so far.
#[derive(Default)]
pub(super) struct Namesakes {
    files: HashMap<Arc<str>, u32>,
    /// Which of its name the present input is; none before its first event.
    file: Option<u32>,
    /// How many members of the present input ended, by name.
    members: HashMap<Arc<str>, u32>,
    /// The last place, and what it became.
    last: Option<(Arc<Place>, Arc<Place>)>,
}

impl Namesakes {
    /// An input starts, with all that lies in it.
    pub(super) fn start(&mut self) {
        self.file = None;
        self.members.clear();
        self.last = None;
    }

    /// The event with its input's number; none where it stays as it is.
    pub(super) fn event(&mut self, event: &Event) -> Option<Event> {
        match event {
            Event::Finding(finding) => Some(Event::Finding(Finding {
                place: self.place(&finding.place)?,
                ..finding.clone()
            })),
            Event::Column(column) => Some(Event::Column(ColumnRecord {
                place: self.place(&column.place)?,
                ..column.clone()
            })),
            Event::File(file) => {
                let names = self.names(&file.file, file.member.as_ref());
                if let Some(member) = file.member.as_ref().filter(|name| name.contains(MASKED)) {
                    *self.members.entry(member.clone()).or_default() += 1;
                    self.last = None;
                }
                let (name, member) = names?;
                Some(Event::File(FileRecord {
                    file: name,
                    member,
                    ..file.clone()
                }))
            }
            _ => None,
        }
    }

    fn place(&mut self, place: &Arc<Place>) -> Option<Arc<Place>> {
        if let Some((last, numbered)) = &self.last
            && Arc::ptr_eq(last, place)
        {
            return (!Arc::ptr_eq(last, numbered)).then(|| numbered.clone());
        }
        let numbered = self
            .names(&place.file, place.member.as_ref())
            .map(|(file, member)| {
                Arc::new(Place {
                    file,
                    member,
                    ..(**place).clone()
                })
            });
        let known = numbered.clone().unwrap_or_else(|| place.clone());
        self.last = Some((place.clone(), known));
        numbered
    }

    /// The names of an input with their numbers, where one of them is not the first of its name.
    fn names(
        &mut self,
        file: &Arc<str>,
        member: Option<&Arc<str>>,
    ) -> Option<(Arc<str>, Option<Arc<str>>)> {
        if self.file.is_none() {
            let count = if file.contains(MASKED) {
                let count = self.files.entry(file.clone()).or_default();
                *count += 1;
                *count
            } else {
                1
            };
            self.file = Some(count);
        }
        let file_number = self.file.unwrap_or(1);
        let ended = member.and_then(|name| self.members.get(name));
        let member_number = ended.map_or(1, |count| count + 1);
        if file_number == 1 && member_number == 1 {
            return None;
        }
        let member = member.map(|name| numbered(name, member_number));
        Some((numbered(file, file_number), member))
    }
}

fn numbered(name: &Arc<str>, number: u32) -> Arc<str> {
    match number {
        1 => name.clone(),
        number => format!("{name} ({number})").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Status;

    fn ended(file: &str, member: Option<&str>) -> Event {
        Event::File(FileRecord {
            file: file.into(),
            member: member.map(Into::into),
            format: None,
            bytes: 0,
            records: 0,
            findings: 0,
            status: Status::Scanned,
            reason: None,
            sampled: None,
        })
    }

    fn name(event: &Event) -> (String, Option<String>) {
        match event {
            Event::File(file) => (
                file.file.to_string(),
                file.member.as_deref().map(str::to_owned),
            ),
            _ => unreachable!("all are of files"),
        }
    }

    #[test]
    fn only_masked_names_get_a_number() {
        let mut names = Namesakes::default();
        let inputs: &[&[(&str, Option<&str>)]] = &[
            &[("b**.csv", None)],
            &[("a.csv", None)],
            &[("a.csv", None)],
            &[("b**.csv", None)],
            &[
                ("b**.csv", Some("j**.eml")),
                ("b**.csv", Some("j**.eml")),
                ("b**.csv", Some("x.eml")),
                ("b**.csv", None),
            ],
        ];
        let mut shown = Vec::new();
        for input in inputs {
            names.start();
            for (file, member) in *input {
                let event = ended(file, *member);
                let (file, member) = name(&names.event(&event).unwrap_or(event));
                shown.push(member.map_or(file.clone(), |member| format!("{file} {member}")));
            }
        }
        assert_eq!(
            shown,
            [
                "b**.csv",
                "a.csv",
                "a.csv",
                "b**.csv (2)",
                "b**.csv (3) j**.eml",
                "b**.csv (3) j**.eml (2)",
                "b**.csv (3) x.eml",
                "b**.csv (3)",
            ]
        );
    }
}
