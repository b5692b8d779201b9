//! Mail: single messages (`.eml`, the files of a Maildir), mailboxes (mbox), and Outlook messages (`.msg`).
//!
//! Each message is a record. Its headers are columns (`From`, `From.name`, `Subject`, `Received`), its text is the column
//! `body` and its HTML `body.html`; attachments are members and are read like files. MIME itself is `mail-parser`'s
//! business. Values that are written in an encoding lead back to the stretch of the message that holds them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use mail_parser::{Message, MessageParser, MimeHeaders, PartType};

use super::chunked::{Embedded, Grammar, reader};
use super::records::Records;
use super::{Format, Head, Likelihood, ReadOptions, Reader, base64};
use crate::error::Problem;
use crate::input::Body;
use crate::input::blocks::Source;

mod headers;
mod msg;
mod read;

pub(super) use msg::Msg;

/// A single message.
pub(super) struct Mail;
/// A mailbox: messages one after the other, each behind a line that starts with `From `.
pub(super) struct Mbox;

/// Headers of which a message has several, in lower case.
const USUAL: &[&str] = &[
    "from",
    "to",
    "cc",
    "bcc",
    "subject",
    "date",
    "received",
    "message-id",
    "return-path",
    "delivered-to",
    "mime-version",
    "content-type",
    "reply-to",
    "sender",
    "x-mailer",
    "content-transfer-encoding",
    "dkim-signature",
    "references",
    "in-reply-to",
    "envelope-to",
    "x-original-to",
    "user-agent",
    "importance",
];

impl Format for Mail {
    fn name(&self) -> &'static str {
        "mail"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let named = head.extension() == "eml";
        let usual = usual_headers(head.bytes)?;
        match usual {
            0 => None,
            1 => named.then_some(Likelihood::Content),
            _ => Some(Likelihood::Content),
        }
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        _: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        open(body, false, options)
    }
}

impl Format for Mbox {
    fn name(&self) -> &'static str {
        "mbox"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let rest = head.bytes.strip_prefix(b"From ")?;
        let line = memchr::memchr(b'\n', rest)?;
        let usual = usual_headers(&rest[line + 1..])?;
        (usual > 0).then_some(Likelihood::Magic)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        _: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        open(body, true, options)
    }
}

fn open<'a>(
    body: Body<'a>,
    is_mbox: bool,
    options: &ReadOptions,
) -> Result<Box<dyn Reader + 'a>, Problem> {
    // The bytes as they are: each part says how it is written.
    let source = Source::new(body, encoding_rs::UTF_8, 0)?;
    let messages = Messages { is_mbox, count: 0 };
    Ok(reader(messages, source, options))
}

/// How many usual headers a text starts with; none when it doesn't start with headers.
fn usual_headers(text: &[u8]) -> Option<usize> {
    let mut usual = 0;
    for (index, line) in text.split(|&byte| byte == b'\n').take(100).enumerate() {
        let line = line.trim_ascii_end();
        if line.is_empty() {
            return (index > 0).then_some(usual);
        }
        if matches!(line[0], b' ' | b'\t') && index > 0 {
            continue;
        }
        let colon = memchr::memchr(b':', line)?;
        let name = &line[..colon];
        if name.is_empty() || !name.iter().all(|&byte| (0x21..0x7f).contains(&byte)) {
            return None;
        }
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        usual += usize::from(USUAL.contains(&name.as_str()));
    }
    Some(usual)
}

/// Cuts between messages.
struct Messages {
    is_mbox: bool,
    /// Messages so far.
    count: u64,
}

impl Grammar for Messages {
    /// Whether it is a mailbox.
    type Task = bool;

    // Attachments are long.
    const LONGEST: usize = 256 << 20;

    fn cut(&mut self, window: &[u8], target: usize, ended: bool) -> Option<(usize, bool)> {
        let next = self.is_mbox.then(|| next_message(window, target)).flatten();
        let len = next.or_else(|| ended.then_some(window.len()))?;
        Some((len, self.is_mbox))
    }

    fn forced(&mut self, _: &[u8]) -> bool {
        self.is_mbox
    }

    fn read(is_mbox: &bool, text: &[u8], _: bool, records: &mut Records<'_>) {
        for at in messages(text, *is_mbox) {
            read::message(text, at, records);
            records.next_row();
        }
    }

    fn embedded(&mut self, text: &[u8], found: &mut Vec<Embedded>) {
        for at in messages(text, self.is_mbox) {
            self.count += 1;
            let prefix = if self.is_mbox {
                format!("message-{}/", self.count)
            } else {
                String::new()
            };
            let Some(message) = parse(&text[at]) else {
                continue;
            };
            attachments(&message, &prefix, found);
        }
    }
}

/// Where the first message starts at or behind `target`: a line that starts with `From ` behind an empty one.
fn next_message(window: &[u8], target: usize) -> Option<usize> {
    let from = target.max(1).saturating_sub(2);
    let start = from.min(window.len());
    memchr::memmem::find_iter(&window[start..], b"\nFrom ")
        .map(|at| start + at + 1)
        .find(|&at| at >= target.max(1) && is_border(window, at))
}

fn is_border(text: &[u8], at: usize) -> bool {
    text[..at].ends_with(b"\n\n") || text[..at].ends_with(b"\n\r\n")
}

/// The messages of a text, without the lines between them.
fn messages(text: &[u8], is_mbox: bool) -> Vec<std::ops::Range<usize>> {
    if !is_mbox {
        return std::iter::once(0..text.len()).collect();
    }
    let mut starts = vec![0];
    while let Some(next) = starts.last().and_then(|&at| next_message(text, at + 1)) {
        starts.push(next);
    }
    let ends = starts[1..].iter().copied().chain([text.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(&start, end)| {
            let line = memchr::memchr(b'\n', &text[start..end]).map_or(0, |at| at + 1);
            let skipped = if text[start..end].starts_with(b"From ") {
                line
            } else {
                0
            };
            start + skipped..end
        })
        .collect()
}

/// A message; none where the library gives up on it.
fn parse(raw: &[u8]) -> Option<Message<'_>> {
    catch_unwind(AssertUnwindSafe(|| MessageParser::default().parse(raw))).ok()?
}

/// The attachments of a message as members.
fn attachments(message: &Message<'_>, prefix: &str, found: &mut Vec<Embedded>) {
    for (index, id) in message.attachments.iter().enumerate() {
        let Some(part) = message.parts.get(*id as usize) else {
            continue;
        };
        let kind = part.content_type().map_or_else(String::new, |kind| {
            format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default())
        });
        let name = part.attachment_name().map_or_else(
            || {
                format!(
                    "attachment-{}{}",
                    index + 1,
                    base64::ending(kind.as_bytes())
                )
            },
            str::to_owned,
        );
        let bytes = match &part.body {
            PartType::Message(inner) => inner.raw_message().to_vec(),
            _ => part.contents().to_vec(),
        };
        found.push(Embedded {
            name: format!("{prefix}{name}"),
            bytes,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_tell_a_message() {
        assert_eq!(usual_headers(b"From: a\nTo: b\n\nx"), Some(2));
        assert_eq!(usual_headers(b"Subject: a\n folded\nX-A: b\n\nx"), Some(1));
        assert_eq!(usual_headers(b"Dear all,\nhello"), None);
        assert_eq!(usual_headers(b"\nFrom: a\n"), None);
    }

    #[test]
    fn what_lies_beside_the_parts_is_read() {
        let text = b"From: jor@postluxterra.nl\nTo: mir@postluxterra.nl\nSubject: Tea\n\
            Content-Type: multipart/mixed; boundary=outer\n\nbefore all parts\n--outer\nContent-Type: text/plain\n\n\
            the text\n--outer\nContent-Type: message/rfc822\n\nFrom: bob@postluxterra.nl\nTo: jor@postluxterra.nl\n\
            Subject: another\n\nhello\n--outer--\nbehind all parts\n";
        let taken = super::super::taken::take("a.eml", text);
        assert_eq!(
            taken.column_texts("body"),
            ["the text", "before all parts", "behind all parts"]
        );
        assert_eq!(taken.members, ["attachment-1.eml"]);
    }

    #[test]
    fn messages_of_a_mailbox() {
        let text = b"From a\nX: 1\n\nFrom here\n\nFrom b\nX: 2\n\nbody\nFrom c\n";
        let found = messages(text, true);
        assert_eq!(found.len(), 3);
        assert_eq!(&text[found[0].clone()], b"X: 1\n\n");
        assert_eq!(next_message(text, 1), Some(13));
    }
}
