//! Settings: INI, Java properties, `.env` and TOML, line by line, with sections and keys as columns (`database.user`).
//!
//! Comments and lines of another form (the rest of a list or of a text over several lines) are values without a column. Names
//! of sections and keys that are data are values, as in JSON.

use std::ops::Range;

use super::chunked::{Grammar, reader};
use super::json::is_data;
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
/// Tables and lists within each other, on one line.
const DEEPEST: usize = 8;
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
    let place = |range: Range<usize>| at + range.start..at + range.end;
    if let Some(name) = section(line) {
        let comment = section_comment(line).unwrap_or(line.len());
        if is_data(name.as_bytes())
            && let Some(start) = memchr::memmem::find(line, name.as_bytes())
        {
            let column = records.column("{key}");
            records.value_at(column, place(start..start + name.len()));
            "*".clone_into(path);
        } else {
            *path = name;
        }
        return records.whole_line(place(comment..line.len()));
    }
    let comment = matches!(line[0], b'#' | b';' | b'!');
    if let Some((key, value)) = pair(line).filter(|_| !comment) {
        let dot = if path.is_empty() { "" } else { "." };
        let name = if is_data(&line[key.clone()]) {
            let column = records.column(&format!("{path}{dot}{{key}}"));
            records.value_at(column, place(key));
            format!("{path}{dot}*")
        } else {
            let key = String::from_utf8_lossy(&line[key]);
            format!("{path}{dot}{}", key.trim_matches(['"', '\'']))
        };
        let behind = behind_quotes(line, &value);
        each_value(line, value, &name, 0, &mut |name, value| {
            let column = records.column(name);
            if !value.is_empty() {
                records.value_at(column, place(value));
            }
        });
        records.whole_line(place(behind));
    } else {
        let column = records.column("");
        records.value_at(column, place(0..line.len()));
    }
}

/// Gives a value or, of a table or a list on one line (`{ mail = "…", phone = "…" }`, `["…", "…"]`), what is in it.
fn each_value(
    line: &[u8],
    at: Range<usize>,
    name: &str,
    depth: usize,
    give: &mut impl FnMut(&str, Range<usize>),
) {
    let inside = at.start + 1..at.end.saturating_sub(1);
    let within = |range: &Range<usize>, from: usize| from + range.start..from + range.end;
    match line[at.clone()] {
        [b'{', .., b'}'] if depth < DEEPEST => {
            let pairs = items(line, inside).map(|item| Some((item.start, pair(&line[item])?)));
            if let Some(pairs) = pairs.collect::<Option<Vec<_>>>() {
                for (from, (key, value)) in pairs {
                    let key = String::from_utf8_lossy(&line[within(&key, from)]);
                    let name = format!("{name}.{}", key.trim_matches(['"', '\'']));
                    each_value(line, within(&value, from), &name, depth + 1, give);
                }
                return;
            }
        }
        [b'[', .., b']'] if depth < DEEPEST => {
            let all: Vec<_> = items(line, inside).collect();
            let is_closed = |item: &Range<usize>| {
                unquoted(line, item.clone()).is_some() || matches!(line[item.start], b'{' | b'[')
            };
            if !all.is_empty() && all.iter().all(is_closed) {
                for item in all {
                    let value = unquoted(line, item.clone()).unwrap_or(item);
                    each_value(line, value, name, depth + 1, give);
                }
                return;
            }
        }
        _ => {}
    }
    give(name, at);
}

/// What stands between the commas of a table or a list, without blanks around it.
fn items(line: &[u8], at: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let (mut depth, mut quote, mut from) = (0_usize, None, at.start);
    let mut items = Vec::new();
    for place in at.clone() {
        match (quote, line[place]) {
            (Some(open), byte) if byte == open => quote = None,
            (None, byte @ (b'"' | b'\'')) => quote = Some(byte),
            (None, b'[' | b'{') => depth += 1,
            (None, b']' | b'}') => depth = depth.saturating_sub(1),
            (None, b',') if depth == 0 => {
                items.push(std::mem::replace(&mut from, place + 1)..place);
            }
            _ => {}
        }
    }
    items.push(from..at.end);
    items.into_iter().filter_map(|item| {
        let text = &line[item.clone()];
        let start = item.start + text.len() - text.trim_ascii_start().len();
        let end = start + text.trim_ascii().len();
        (start < end).then_some(start..end)
    })
}

/// The inside of a value in quotes, behind which nothing stands but a comment.
fn unquoted(line: &[u8], at: Range<usize>) -> Option<Range<usize>> {
    let (quote, rest) = line[at.clone()].split_first()?;
    if !matches!(quote, b'"' | b'\'') {
        return None;
    }
    let mut is_escaped = false;
    let end = rest.iter().position(|byte| {
        let ends = byte == quote && !is_escaped;
        is_escaped = *byte == b'\\' && *quote == b'"' && !is_escaped;
        ends
    })?;
    let behind = rest[end + 1..].trim_ascii_start();
    let is_all = matches!(behind.first(), None | Some(b'#' | b';'));
    is_all.then_some(at.start + 1..at.start + 1 + end)
}

/// What stands behind a value in quotes: a comment, if anything.
fn behind_quotes(line: &[u8], value: &Range<usize>) -> Range<usize> {
    let before = value.start.checked_sub(1).map(|at| line[at]);
    let is_quoted = before.is_some_and(|byte| matches!(byte, b'"' | b'\''));
    let end = line.len();
    let from = if is_quoted {
        (value.end + 1).min(end)
    } else {
        end
    };
    let comment = line[from..].trim_ascii_start();
    end - comment.len()..end
}

/// The comment behind `[section]`.
fn section_comment(line: &[u8]) -> Option<usize> {
    memchr::memchr2_iter(b'#', b';', line).find(|&at| line[..at].trim_ascii_end().ends_with(b"]"))
}

/// The name of `[section]` or `[[list]]`, behind which a comment may stand.
fn section(line: &[u8]) -> Option<String> {
    let line = line.trim_ascii();
    let line = line[..section_comment(line).unwrap_or(line.len())].trim_ascii_end();
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
    let value = from..from + value.len();
    let value = unquoted(line, value.clone()).unwrap_or(value);
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
        assert_eq!(parts("a = \"b # c\" # d"), both("a", "b # c"));
        assert_eq!(parts(r#"a = "b \" c""#), both("a", r#"b \" c"#));
        assert_eq!(parts("a = \"b\" or \"c\""), both("a", "\"b\" or \"c\""));
        assert_eq!(parts("this is, by the way: text"), None);
        assert_eq!(section(b"[[a.b]]").as_deref(), Some("a.b"));
        assert_eq!(section(b"[a b] # [c]").as_deref(), Some("a b"));
        assert_eq!(section(b"[a#1]").as_deref(), Some("a#1"));
        assert_eq!(section(b"[1, 2]"), None);
    }

    #[test]
    fn comments_behind_values_are_read() {
        let behind = |line: &str| {
            let (_, value) = pair(line.as_bytes()).unwrap();
            line[behind_quotes(line.as_bytes(), &value)].to_owned()
        };
        assert_eq!(behind("a = \"b\" # c"), "# c");
        assert_eq!(behind("a = \"b\""), "");
        assert_eq!(behind("a = b # c"), "");
        assert_eq!(behind("a = "), "");
        assert_eq!(section_comment(b"[a] ; b"), Some(4));
    }

    #[test]
    fn tables_and_lists_on_a_line_are_opened() {
        let given = |line: &str| {
            let (key, value) = pair(line.as_bytes()).unwrap();
            let mut given = Vec::new();
            each_value(line.as_bytes(), value, &line[key], 0, &mut |name, value| {
                given.push(format!("{name}={}", &line[value]));
            });
            given
        };
        assert_eq!(
            given("a = { name = \"Tol, Jor\", tel = { home = '06 1' }, n = 1 }"),
            ["a.name=Tol, Jor", "a.tel.home=06 1", "a.n=1"]
        );
        assert_eq!(given("a = [\"b\", 'c', ]"), ["a=b", "a=c"]);
        assert_eq!(
            given("a = [{ b = \"c\" }, { b = \"d\" }]"),
            ["a.b=c", "a.b=d"]
        );
        assert_eq!(given("a = [1, 2]"), ["a=[1, 2]"]);
        assert_eq!(given("a = {b} and {c}"), ["a={b} and {c}"]);
        assert_eq!(given("a = {}"), Vec::<String>::new());
        let deep = format!("a = {}1{}", "[[".repeat(50), "]]".repeat(50));
        assert_eq!(given(&deep).len(), 1);
    }
}
