//! Settings: INI, Java properties, `.env` and TOML, line by line, with sections and keys as columns (`database.user`).
//!
//! Comments and lines of another form (the rest of a list or of a text over several lines) are values without a column.

use std::ops::Range;

use super::chunked::{Grammar, reader};
use super::records::Records;
use super::{Format, Head, Likelihood, ReadOptions, Reader};
use crate::error::Problem;
use crate::input::Body;
use crate::input::blocks::{LONGEST_RECORD, Source};

/// Settings.
pub(super) struct Settings;

/// Ends of names that say so.
const ENDINGS: &[&str] = &[
    "ini",
    "cfg",
    "conf",
    "properties",
    "env",
    "toml",
    "cnf",
    "desktop",
];
/// A longer key is none, in bytes.
const LONGEST_KEY: usize = 80;

impl Format for Settings {
    fn name(&self) -> &'static str {
        "settings"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let text = head.text.as_deref()?;
        let (mut fit, mut all, mut first) = (0, 0, None);
        for line in text.split(|&byte| byte == b'\n').take(100) {
            let line = line.trim_ascii();
            if line.is_empty() || matches!(line[0], b'#' | b';' | b'!') {
                continue;
            }
            let is_section = section(line).is_some();
            first.get_or_insert(is_section);
            all += 1;
            fit += usize::from(is_section || pair(line).is_some());
        }
        let name = head.name.rsplit(['/', '\\']).next().unwrap_or_default();
        let named = ENDINGS.contains(&head.extension().as_str()) || name.starts_with(".env");
        let fits = fit > 0 && fit * 10 >= all * if named { 5 } else { 9 };
        (fits && (named || first == Some(true) && all > 2)).then_some(Likelihood::Content)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        let source = Source::new(body, head.encoding, head.mark)?;
        Ok(reader(Sections, source, options))
    }
}

/// Settings are small and read as a whole.
struct Sections;

impl Grammar for Sections {
    type Task = ();

    fn cut(&mut self, window: &[u8], _: usize, ended: bool) -> Option<(usize, ())> {
        (ended && window.len() < LONGEST_RECORD).then_some((window.len(), ()))
    }

    fn forced(&mut self, _: &[u8]) {}

    fn read((): &(), text: &[u8], last: bool, records: &mut Records<'_>) {
        let (mut at, mut path) = (0, String::new());
        while at < text.len() {
            let len = memchr::memchr(b'\n', &text[at..]).unwrap_or(text.len() - at);
            let lead = len - text[at..at + len].trim_ascii_start().len();
            let line = text[at..at + len].trim_ascii();
            give(line, at + lead, &mut path, records);
            at += len + 1;
        }
        if last {
            records.next_row();
        }
    }
}

/// Gives a line that starts at a place of the text.
fn give(line: &[u8], at: usize, path: &mut String, records: &mut Records<'_>) {
    if line.is_empty() {
        return;
    }
    if let Some(name) = section(line) {
        *path = name;
        return;
    }
    let place = |range: Range<usize>| at + range.start..at + range.end;
    let comment = matches!(line[0], b'#' | b';' | b'!');
    if let Some((key, value)) = pair(line).filter(|_| !comment) {
        let key = String::from_utf8_lossy(&line[key]);
        let key = key.trim_matches(['"', '\'']);
        let name = if path.is_empty() {
            key.to_owned()
        } else {
            format!("{path}.{key}")
        };
        let column = records.column(&name);
        if !value.is_empty() {
            records.value_at(column, place(value));
        }
    } else {
        let column = records.column("");
        records.value_at(column, place(0..line.len()));
    }
}

/// The name of `[section]` or `[[list]]`.
fn section(line: &[u8]) -> Option<String> {
    let line = line.trim_ascii();
    let inside = line.strip_prefix(b"[")?.strip_suffix(b"]")?;
    let name = inside.strip_prefix(b"[").unwrap_or(inside);
    let name = name.strip_suffix(b"]").unwrap_or(name).trim_ascii();
    let is_name = (1..=LONGEST_KEY).contains(&name.len())
        && !name
            .iter()
            .any(|byte| matches!(byte, b'[' | b']' | b'{' | b'}' | b','));
    is_name.then(|| String::from_utf8_lossy(name).into_owned())
}

/// The key and the value of `key = value` or `key: value`, without quotes.
fn pair(line: &[u8]) -> Option<(Range<usize>, Range<usize>)> {
    let sign = line.iter().position(|byte| matches!(byte, b'=' | b':'))?;
    let key = line[..sign].trim_ascii();
    let key = key.strip_prefix(b"export ").unwrap_or(key);
    let is_key = (1..=LONGEST_KEY).contains(&key.len())
        && key.iter().all(|&byte| {
            byte.is_ascii_alphanumeric()
                || byte >= 0x80
                || matches!(byte, b'_' | b'-' | b'.' | b' ' | b'"' | b'\'' | b'/' | b'$')
        })
        && memchr::memchr_iter(b' ', key).count() < 4;
    if !is_key {
        return None;
    }
    let start = line[..sign].trim_ascii_end().len() - key.len();
    let value = line[sign + 1..].trim_ascii();
    let from = line.len() - line[sign + 1..].trim_ascii_start().len();
    let mut value = from..from + value.len();
    let quotes = (line.get(value.start), line.get(value.end.wrapping_sub(1)));
    if value.len() >= 2
        && matches!(
            quotes,
            (Some(b'"'), Some(b'"')) | (Some(b'\''), Some(b'\''))
        )
    {
        value = value.start + 1..value.end - 1;
    }
    Some((start..start + key.len(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values() {
        let parts = |line: &str| {
            let (key, value) = pair(line.as_bytes())?;
            Some((line[key].to_owned(), line[value].to_owned()))
        };
        let both = |key: &str, value: &str| Some((key.to_owned(), value.to_owned()));
        assert_eq!(parts("a = \"b\""), both("a", "b"));
        assert_eq!(
            parts("export MAIL=jor@postluxterra.nl"),
            both("MAIL", "jor@postluxterra.nl")
        );
        assert_eq!(parts("db.user: x y"), both("db.user", "x y"));
        assert_eq!(parts("a="), both("a", ""));
        assert_eq!(parts("this is, by the way: text"), None);
        assert_eq!(section(b"[[a.b]]").as_deref(), Some("a.b"));
        assert_eq!(section(b"[1, 2]"), None);
    }
}
