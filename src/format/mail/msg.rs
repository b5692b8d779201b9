//! Outlook messages: a compound file whose streams are properties.
//!
//! Texts of the message and of its recipients are columns by their usual names, others by their number; attachments are
//! members. <https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxmsg>

use std::io::{Cursor, Read};

use bytes::Bytes;

use super::super::html::values_of;
use super::super::made::{Made, Values};
use super::super::records::Records;
use super::{Format, Head, Likelihood, ReadOptions, Reader};
use crate::error::Problem;
use crate::input::Body;

/// An Outlook message.
pub(in crate::format) struct Msg;

/// Texts and attachments longer than this are left out, in bytes.
const LONGEST: u64 = 256 << 20;
/// How deep messages may be attached to messages.
const DEEPEST: usize = 8;

impl Format for Msg {
    fn name(&self) -> &'static str {
        "msg"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        if !head.bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
            return None;
        }
        let name: Vec<u8> = "__properties_version1.0"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let is_message =
            head.extension() == "msg" || memchr::memmem::find(head.bytes, &name).is_some();
        is_message.then_some(Likelihood::Magic)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        let whole = body.into_blob("an Outlook message", &options.limits, &head.budget)?;
        let bytes = whole.complete()?;
        let len = bytes.len() as u64;
        let mut file = cfb::CompoundFile::open(Cursor::new(bytes))
            .map_err(|_| Problem::failed("the message's index can't be read: it may be cut off"))?;
        let mut found = Found {
            values: Texts::default(),
            made: Made::new(len),
        };
        found.message(&mut file, "/", "", 0);
        let Found { values, mut made } = found;
        made.table(None, values);
        Ok(Box::new(made))
    }
}

struct Found {
    values: Texts,
    made: Made,
}

/// Columns and values of one record.
#[derive(Default)]
struct Texts(Vec<(String, Vec<u8>)>);

impl Values for Texts {
    fn read(&self, records: &mut Records<'_>) {
        for (column, value) in &self.0 {
            let column = records.column(column);
            records.value(column, value);
        }
        records.next_row();
    }
}

/// Usual properties.
const NAMES: &[(&str, &str)] = &[
    ("0037", "Subject"),
    ("0042", "From.name"),
    ("0065", "From"),
    ("007D", "Headers"),
    ("0C1A", "Sender.name"),
    ("0C1F", "Sender"),
    ("5D01", "Sender.smtp"),
    ("5D02", "From.smtp"),
    ("0E02", "Bcc"),
    ("0E03", "Cc"),
    ("0E04", "To"),
    ("0E1D", "Subject.normalized"),
    ("1000", "body"),
    ("1035", "Message-ID"),
    ("3001", "name"),
    ("3003", "address"),
    ("39FE", "smtp"),
    ("3A08", "phone"),
    ("3A1C", "mobile phone"),
    ("3A06", "first name"),
    ("3A11", "last name"),
];

type File = cfb::CompoundFile<Cursor<Bytes>>;

impl Found {
    /// Reads the message in a storage.
    fn message(&mut self, file: &mut File, path: &str, prefix: &str, depth: usize) {
        if depth > DEEPEST {
            self.made.problem(Problem::lost(
                "messages attached to messages more than 8 deep are left out",
            ));
            return;
        }
        let Ok(entries) = file.read_storage(path) else {
            self.made
                .problem(Problem::lost("a part of the message can't be read"));
            return;
        };
        let names: Vec<(String, bool)> = entries
            .map(|entry| (entry.name().to_owned(), entry.is_storage()))
            .collect();
        for (name, is_storage) in names {
            let inner = format!("{}/{name}", path.trim_end_matches('/'));
            if name.starts_with("__recip_version1.0_") {
                self.message(file, &inner, &format!("{prefix}Recipient."), DEEPEST);
            } else if name.starts_with("__attach_version1.0_") {
                self.attachment(file, &inner, prefix, depth);
            } else if let (false, Some(property)) = (is_storage, name.strip_prefix("__substg1.0_"))
            {
                self.property(file, &inner, property, prefix);
            }
        }
    }

    fn property(&mut self, file: &mut File, path: &str, property: &str, prefix: &str) {
        let (Some(id), Some(kind)) = (property.get(..4), property.get(4..8)) else {
            return;
        };
        let is_html = id == "1013";
        if !matches!(kind, "001F" | "001E") && !is_html {
            return;
        }
        let Some(bytes) = self.stream(file, path) else {
            return;
        };
        let text = text(&bytes, kind == "001F");
        let known = NAMES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(id));
        let name = known.map_or_else(|| format!("property-{id}"), |(_, name)| (*name).to_owned());
        if is_html {
            let values = values_of(text.as_bytes(), &format!("{prefix}body.html"));
            self.values.0.extend(values);
            return;
        }
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            self.values
                .0
                .push((format!("{prefix}{name}"), line.trim().into()));
        }
    }

    fn attachment(&mut self, file: &mut File, path: &str, prefix: &str, depth: usize) {
        let embedded = format!("{path}/__substg1.0_3701000D");
        if file.is_storage(&embedded) {
            self.message(file, &embedded, &format!("{prefix}message."), depth + 1);
            return;
        }
        let name = ["3707", "3704", "3001"].iter().find_map(|id| {
            let wide = format!("{path}/__substg1.0_{id}001F");
            let narrow = format!("{path}/__substg1.0_{id}001E");
            let (path, is_wide) = if file.is_stream(&wide) {
                (wide, true)
            } else {
                (narrow, false)
            };
            file.is_stream(&path)
                .then(|| self.stream(file, &path))
                .flatten()
                .map(|bytes| text(&bytes, is_wide))
        });
        let data = format!("{path}/__substg1.0_37010102");
        if file.is_stream(&data)
            && let Some(bytes) = self.stream(file, &data)
        {
            let number = self.made.members() + 1;
            let name = name
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| format!("attachment-{number}"));
            self.made.member(name, bytes);
        }
    }

    fn stream(&mut self, file: &mut File, path: &str) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let read = file
            .open_stream(path)
            .and_then(|stream| stream.take(LONGEST).read_to_end(&mut bytes));
        if read.is_err() {
            self.made.problem(Problem::lost(
                "a part of the message can't be read: it may be cut off",
            ));
        }
        (!bytes.is_empty()).then_some(bytes)
    }
}

fn text(bytes: &[u8], is_wide: bool) -> String {
    let text = if is_wide {
        encoding_rs::UTF_16LE.decode_without_bom_handling(bytes).0
    } else if let Ok(text) = std::str::from_utf8(bytes) {
        text.into()
    } else {
        encoding_rs::WINDOWS_1252
            .decode_without_bom_handling(bytes)
            .0
    };
    text.trim_end_matches('\0').to_owned()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn texts_recipients_and_attachments_are_found() {
        let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
        let wide =
            |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
        file.create_storage("/__recip_version1.0_#00000000")
            .unwrap();
        file.create_storage("/__attach_version1.0_#00000000")
            .unwrap();
        let streams = [
            ("/__substg1.0_0037001F", wide("een")),
            (
                "/__substg1.0_1000001F",
                wide("bel jor@postluxterra.nl\r\n\r\nof mir"),
            ),
            (
                "/__recip_version1.0_#00000000/__substg1.0_39FE001E",
                b"mir@postluxterra.nl".to_vec(),
            ),
            (
                "/__attach_version1.0_#00000000/__substg1.0_3707001F",
                wide("a.txt"),
            ),
            (
                "/__attach_version1.0_#00000000/__substg1.0_37010102",
                b"hi".to_vec(),
            ),
        ];
        for (path, bytes) in streams {
            file.create_stream(path).unwrap().write_all(&bytes).unwrap();
        }
        let bytes = file.into_inner().into_inner();
        let mut file = cfb::CompoundFile::open(Cursor::new(Bytes::from(bytes))).unwrap();
        let mut found = Found {
            values: Texts::default(),
            made: Made::new(0),
        };
        found.message(&mut file, "/", "", 0);
        let mut values: Vec<_> = found
            .values
            .0
            .iter()
            .map(|(column, value)| (&column[..], &value[..]))
            .collect();
        values.sort_unstable();
        assert_eq!(
            values,
            [
                ("Recipient.smtp", &b"mir@postluxterra.nl"[..]),
                ("Subject", b"een"),
                ("body", b"bel jor@postluxterra.nl"),
                ("body", b"of mir"),
            ]
        );
        assert_eq!(found.made.members(), 1);
    }
}
