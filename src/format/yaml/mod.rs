//! YAML: paths of keys are columns, as in JSON; elements of a list at the top, of a list right below it, or whole
//! documents are records. Aliases stand for what is read where it was named, so no file can unfold into a large one.
//! Comments are values without a column.
//!
//! A list at the top is cut between its elements, and a stream between its documents. From a fault on the rest of a text is
//! read line by line. <https://yaml.org/spec/1.2.2/>

use saphyr_parser::{Event, Parser};

use super::chunked::{Grammar, reader};
use super::records::Records;
use super::{Format, Head, Likelihood, ReadOptions, Reader};
use crate::error::Problem;
use crate::input::Body;
use crate::input::blocks::{LONGEST_RECORD, Source};

mod comments;
mod scalar;
mod walk;

use walk::Walk;

/// YAML.
pub(super) struct Yaml;

/// A longer key of a line is none, in bytes.
const LONGEST_KEY: usize = 80;
/// Lines looked at to tell what it is.
const LINES: usize = 200;

impl Format for Yaml {
    fn name(&self) -> &'static str {
        "yaml"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let text = head.text.as_deref()?;
        let is_named = matches!(head.extension().as_str(), "yaml" | "yml");
        let has_lists = || parses(text, head.whole).is_some_and(|lists| lists > 0);
        let is_yaml = looks_like_yaml(text, is_named) || is_named && has_lists();
        // JSON is YAML, too, and is read as what it is.
        (is_yaml && !is_json(text, head.whole)).then_some(Likelihood::Content)
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
        Ok(reader(Documents { is_list: None }, source, options))
    }
}

/// Whether lines are keys and elements that lie within each other. Where the name doesn't say so, nearly all of them must be,
/// and the parser has to agree: letters and notes have lines that look so, too.
fn looks_like_yaml(text: &[u8], is_named: bool) -> bool {
    let (mut fit, mut all, mut nested, mut keys) = (0, 0, 0, 0);
    let mut outer: Option<usize> = None;
    for line in text.split(|&byte| byte == b'\n').take(LINES) {
        let inner = line.trim_ascii();
        if inner.is_empty() || inner[0] == b'#' || inner.starts_with(b"%YAML") {
            continue;
        }
        all += 1;
        let indent = line.len() - line.trim_ascii_start().len();
        let element = inner.strip_prefix(b"- ");
        let key = key_len(element.unwrap_or(inner));
        fit += usize::from(element.is_some() || key.is_some() || matches!(inner, b"-" | b"---"));
        keys += usize::from(key.is_some());
        nested += usize::from(element.is_some() && key.is_some());
        nested += usize::from(outer.is_some_and(|outer| indent > outer && fit > 0));
        let opens = element.is_none() && key == Some(inner.len());
        outer = opens.then_some(indent);
    }
    if is_named {
        return fit > 0 && fit * 2 >= all;
    }
    let is_likely = nested > 0 && keys > 2 && fit * 10 >= all * 9;
    is_likely && parses(text, false).is_some_and(|lists| lists > 0)
}

/// Whether a text that starts like JSON is that, as far as it is there.
fn is_json(text: &[u8], whole: bool) -> bool {
    matches!(text.trim_ascii_start().first(), Some(b'{' | b'['))
        && serde_json::Deserializer::from_slice(text)
            .into_iter::<serde::de::IgnoredAny>()
            .all(|value| value.map_or_else(|error| error.is_eof() && !whole, |_| true))
}

/// The length of `key:` at the start of a line, the colon included.
fn key_len(line: &[u8]) -> Option<usize> {
    let colon = memchr::memchr_iter(b':', line)
        .find(|&at| line.get(at + 1).is_none_or(|next| *next == b' '))?;
    let key = &line[..colon];
    let is_key = (1..=LONGEST_KEY).contains(&key.len())
        && key.iter().all(|&byte| {
            byte.is_ascii_alphanumeric() || byte >= 0x80 || b"_-./ @$\"'".contains(&byte)
        })
        && memchr::memchr_iter(b' ', key).count() < 4;
    is_key.then_some(colon + 1)
}

/// How many mappings and lists the parser finds, where it takes all (but the last lines, which may be cut off).
fn parses(text: &[u8], whole: bool) -> Option<usize> {
    let text = std::str::from_utf8(text).ok()?;
    let end = match text.rfind('\n') {
        _ if whole => text.len(),
        last => last.map_or(0, |at| at + 1),
    };
    let mut lists = 0;
    for event in Parser::new_from_str(&text[..end]) {
        let is_list = matches!(
            event.ok()?.0,
            Event::MappingStart(..) | Event::SequenceStart(..)
        );
        lists += usize::from(is_list);
    }
    Some(lists)
}

/// Cuts between documents, and between the elements of a list at the top: up to the first anchor, for behind it an alias may
/// stand for what was named before the cut.
struct Documents {
    /// Whether the document that goes on has a list at the top; none where one starts.
    is_list: Option<bool>,
}

/// How a text is read.
enum Task {
    Yaml,
    /// Nobody knows what is open where it starts.
    Lines,
}

impl Grammar for Documents {
    type Task = Task;

    fn cut(&mut self, window: &[u8], target: usize, ended: bool) -> Option<(usize, Task)> {
        if window.len() > target
            && let Some((at, is_list)) = border(window, target, self.is_list)
        {
            self.is_list = is_list;
            return Some((at, Task::Yaml));
        }
        (ended && window.len() < LONGEST_RECORD).then_some((window.len(), Task::Yaml))
    }

    fn forced(&mut self, _: &[u8]) -> Task {
        Task::Lines
    }

    fn read(task: &Task, text: &[u8], last: bool, records: &mut Records<'_>) {
        let from = match task {
            Task::Lines => 0,
            Task::Yaml => Walk::new(valid(text), records).run(last),
        };
        lines(text, from, records);
    }
}

/// The text up to what is no UTF-8.
fn valid(text: &[u8]) -> &str {
    text.utf8_chunks().next().map_or("", |chunk| chunk.valid())
}

/// Whether the first line that says something is an element of a list.
fn starts_list(text: &[u8]) -> bool {
    let mut lines = text.split(|&byte| byte == b'\n');
    let first = lines.find(|line| {
        let inner = line.trim_ascii();
        !inner.is_empty() && !matches!(inner[0], b'#' | b'%') && inner != b"---"
    });
    first.is_some_and(|line| line.starts_with(b"- ") || line.trim_ascii_end() == b"-")
}

/// The start of a document or, in a list, of an element at or behind a place; and what is known of the document there.
fn border(text: &[u8], target: usize, is_list: Option<bool>) -> Option<(usize, Option<bool>)> {
    let mut can_cut = is_list.unwrap_or_else(|| starts_list(text));
    let mut at = 0;
    loop {
        let end = at + memchr::memchr(b'\n', &text[at..])? + 1;
        let line = &text[at..end];
        // A tag may have been declared before, too.
        can_cut &= !has_anchor(line) && !line.starts_with(b"%TAG");
        at = end;
        let next = &text[at..];
        if next.starts_with(b"---") {
            if at >= target {
                return Some((at, None));
            }
            can_cut = starts_list(next);
        } else if can_cut && at >= target && (next.starts_with(b"- ") || next.starts_with(b"-\n")) {
            return Some((at, Some(true)));
        }
    }
}

/// Whether a line may name something for an alias.
fn has_anchor(line: &[u8]) -> bool {
    memchr::memchr_iter(b'&', line).any(|at| {
        let before = at.checked_sub(1).map_or(b' ', |before| line[before]);
        let next = line.get(at + 1).copied().unwrap_or(b' ');
        (before.is_ascii_whitespace() || matches!(before, b'[' | b'{' | b','))
            && !next.is_ascii_whitespace()
    })
}

/// Gives the lines from a place on, each as a record without a column.
fn lines(text: &[u8], from: usize, records: &mut Records<'_>) {
    let mut at = from;
    while at < text.len() {
        let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |len| at + len);
        if !text[at..end].trim_ascii().is_empty() {
            let column = records.column("");
            records.value_at(column, at..end);
            records.next_row();
        }
        at = end + 1;
    }
}

#[cfg(test)]
mod tests;
