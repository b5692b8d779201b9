//! Chats as WhatsApp exports them: each message is a record with its time, its sender and its text.
//!
//! Phones write them in their own way: `[15-01-2024 10:30:12] Jor: …` or `1/15/24, 10:30 AM - Jor: …`. Lines that start with no
//! time go on with the message before; messages of the program itself have no sender.

use std::ops::Range;

use super::chunked::{Grammar, reader};
use super::lines::{cut_before, lines};
use super::records::Records;
use super::{Format, Head, Likelihood, ReadOptions, Reader};
use crate::error::Problem;
use crate::input::Body;
use crate::input::blocks::Source;

/// Chats.
pub(super) struct Chat;

/// Lines that are looked at, and messages that there must be among them.
const LOOKED_AT: usize = 60;
const FEW: usize = 3;
/// Bytes of a longer sender are none.
const LONGEST_SENDER: usize = 60;

impl Format for Chat {
    fn name(&self) -> &'static str {
        "chat"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let text = head.text.as_deref()?;
        let starts = |at: Range<usize>| Message::of(&text[at]);
        starts(lines(text).next()?)?;
        let found: Vec<Message> = lines(text).take(LOOKED_AT).filter_map(starts).collect();
        let senders = found
            .iter()
            .filter(|message| message.sender.is_some())
            .count();
        // Logs have a time in brackets, too, and then what kind of line it is.
        let is_log = found.iter().any(|message| message.is_log);
        (found.len() >= FEW && senders * 2 >= found.len() && !is_log).then_some(Likelihood::Content)
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
        Ok(reader(Messages, source, options))
    }
}

/// Cuts between messages.
struct Messages;

impl Grammar for Messages {
    type Task = ();

    fn cut(&mut self, window: &[u8], target: usize, ended: bool) -> Option<(usize, ())> {
        let starts = |line: &[u8]| Message::of(line).is_some();
        cut_before(window, target, ended, starts).map(|len| (len, ()))
    }

    fn forced(&mut self, _: &[u8]) {}

    fn read((): &(), text: &[u8], _: bool, records: &mut Records<'_>) {
        let mut open = false;
        for line in lines(text) {
            let at = |part: Range<usize>| line.start + part.start..line.start + part.end;
            let message = Message::of(&text[line.clone()]);
            if message.is_some() && open {
                records.next_row();
            }
            open = true;
            let rest = match message {
                Some(message) => {
                    let time = records.column("time");
                    records.value_at(time, at(message.time));
                    if let Some(sender) = message.sender {
                        // Who isn't among the contacts of a phone is a number there.
                        let is_number = text[line.start + sender.start] == b'+';
                        let name = if is_number { "sender.phone" } else { "sender" };
                        let column = records.column(name);
                        records.value_at(column, at(sender));
                    }
                    at(message.text)
                }
                None => line,
            };
            if !text[rest.clone()].trim_ascii().is_empty() {
                let column = records.column("text");
                records.value_at(column, rest);
            }
        }
        if open {
            records.next_row();
        }
    }
}

/// The first line of a message.
struct Message {
    time: Range<usize>,
    sender: Option<Range<usize>>,
    text: Range<usize>,
    /// Whether what should be a sender is what lines of logs are called.
    is_log: bool,
}

impl Message {
    fn of(line: &[u8]) -> Option<Self> {
        let start = line.len() - behind_marks(line).len();
        let bracket = line.get(start) == Some(&b'[');
        let from = start + usize::from(bracket);
        let len = time_len(&line[from..])?;
        let time = from..from + len;
        let close: &[u8] = if bracket { b"] " } else { b" - " };
        let rest = line[time.end..].strip_prefix(close)?;
        let rest = behind_marks(rest);
        let at = line.len() - rest.len();
        let colon = memchr::memmem::find(&rest[..rest.len().min(LONGEST_SENDER + 2)], b": ");
        let colon = colon
            .or_else(|| rest.strip_suffix(b":").map(<[u8]>::len))
            .filter(|len| (1..=LONGEST_SENDER).contains(len));
        let sender = colon.map(|len| at..at + len);
        let text = sender
            .as_ref()
            .map_or(at, |sender| (sender.end + 2).min(line.len()));
        let is_word = |name: &[u8]| {
            name.len() > 2 && name.iter().all(u8::is_ascii_uppercase)
                || name.iter().any(|byte| b"=/\\_{}<>[]".contains(byte))
        };
        Some(Self {
            is_log: sender.clone().is_some_and(|sender| is_word(&line[sender])),
            time,
            sender,
            text: text..line.len(),
        })
    }
}

/// The text behind marks of its direction.
fn behind_marks(mut text: &[u8]) -> &[u8] {
    while let Some(rest) = ["\u{200e}", "\u{200f}", "\u{202a}", "\u{202b}"]
        .iter()
        .find_map(|mark| text.strip_prefix(mark.as_bytes()))
    {
        text = rest;
    }
    text
}

/// How long a day and a time are that stand here.
fn time_len(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    let digits = |at: &mut usize, most: usize| {
        let len = text[*at..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        *at += len;
        (1..=most).contains(&len).then_some(())
    };
    digits(&mut at, 4)?;
    let between = *text.get(at).filter(|byte| b"-/.".contains(byte))?;
    at += 1;
    digits(&mut at, 2)?;
    (text.get(at) == Some(&between)).then_some(())?;
    at += 1;
    digits(&mut at, 4)?;
    at += usize::from(text.get(at) == Some(&b','));
    (text.get(at) == Some(&b' ')).then_some(())?;
    at += 1;
    digits(&mut at, 2)?;
    (text.get(at) == Some(&b':')).then_some(())?;
    at += 1;
    digits(&mut at, 2)?;
    if text.get(at) == Some(&b':') {
        at += 1;
        digits(&mut at, 2)?;
    }
    let rest = &text[at..];
    let halves = ["AM", "PM", "am", "pm", "a.m.", "p.m.", "a. m.", "p. m."];
    let half = ["\u{202f}", "\u{a0}", " "].iter().find_map(|blank| {
        let behind = rest.strip_prefix(blank.as_bytes())?;
        let half = halves
            .iter()
            .find(|half| behind.starts_with(half.as_bytes()))?;
        Some(blank.len() + half.len())
    });
    Some(at + half.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::super::taken::take;

    #[test]
    fn messages_of_all_phones_are_read() {
        let ios = "\u{200e}[15-01-2024 10:30:12] Jor Tol: \u{200e}safe\n[15-01-2024 10:31:00] +31 6 12345678: my address\nDorpsstraat 12\n[15-01-2024 10:31:05] Jor Tol: see: x\n";
        let taken = take("_chat.txt", ios.as_bytes());
        assert_eq!(taken.format, Some("chat"));
        assert_eq!(taken.column_texts("sender"), ["Jor Tol", "Jor Tol"]);
        assert_eq!(taken.column_texts("sender.phone"), ["+31 6 12345678"]);
        assert_eq!(
            taken.column_texts("text"),
            ["\u{200e}safe", "my address", "Dorpsstraat 12", "see: x"]
        );
        assert_eq!(taken.records[""], 3);
        let us = "1/15/24, 10:30\u{202f}AM - Messages are encrypted.\n1/15/24, 10:30\u{202f}AM - Jor: Hi\n1/15/24, 10:32 PM - Mir: bye\n";
        let taken = take("chat.txt", us.as_bytes());
        assert_eq!(taken.column_texts("sender"), ["Jor", "Mir"]);
        assert_eq!(taken.column_texts("text")[0], "Messages are encrypted.");
    }

    #[test]
    fn logs_are_no_chats() {
        let log = "[2024-01-15 10:30:12] ERROR: it failed\n[2024-01-15 10:30:13] INFO: it goes on\n[2024-01-15 10:30:14] INFO: x\n";
        assert_ne!(take("a.log", log.as_bytes()).format, Some("chat"));
        let notes =
            "15-01-2024 10:30 - Tea\n15-01-2024 10:31 - More tea\n15-01-2024 10:32 - No tea\n";
        assert_ne!(take("a.txt", notes.as_bytes()).format, Some("chat"));
    }
}
