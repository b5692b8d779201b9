//! Logs of web servers: the common and combined formats of Apache and nginx, and the extended format of W3C and IIS, with
//! their fields as columns.
//!
//! A line that has another form is a value without a column, so that nothing of it is lost.

use std::ops::Range;
use std::sync::Arc;

use super::chunked::{Grammar, reader};
use super::records::Records;
use super::text::cut_at_line_feed;
use super::{Format, Head, Likelihood, ReadOptions, Reader};
use crate::error::Problem;
use crate::input::Body;
use crate::input::blocks::Source;

/// Access logs of Apache and nginx.
pub(super) struct AccessLog;
/// Extended log files, which name their fields.
pub(super) struct ExtendedLog;

/// Lines looked at.
const LOOKED_AT: usize = 50;

impl Format for AccessLog {
    fn name(&self) -> &'static str {
        "access-log"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let text = head.text.as_deref()?;
        let lines = text.split(|&byte| byte == b'\n').take(LOOKED_AT);
        let (mut fit, mut all) = (0, 0);
        for line in lines.filter(|line| !line.trim_ascii().is_empty()) {
            all += 1;
            fit += usize::from(access_fields(line).is_some());
        }
        (fit > 0 && fit * 10 >= all * 8).then_some(Likelihood::Content)
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
        Ok(reader(Lines { fields: None }, source, options))
    }
}

impl Format for ExtendedLog {
    fn name(&self) -> &'static str {
        "extended-log"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let text = head.text.as_deref()?;
        let directives = text
            .split(|&byte| byte == b'\n')
            .take_while(|line| line.starts_with(b"#"));
        let mut found = directives.filter(|line| line.starts_with(FIELDS));
        found.next().map(|_| Likelihood::Magic)
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
        let fields = Some(Arc::from([]));
        Ok(reader(Lines { fields }, source, options))
    }
}

/// Names the fields of the lines that follow.
const FIELDS: &[u8] = b"#Fields:";

/// Fields that a log may name, at most.
const MOST_FIELDS: usize = 500;

fn fields_of(line: &[u8]) -> Arc<[String]> {
    line.get(FIELDS.len()..)
        .unwrap_or_default()
        .split(u8::is_ascii_whitespace)
        .filter(|name| !name.is_empty())
        .take(MOST_FIELDS)
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect()
}

/// Cuts between lines.
struct Lines {
    /// The line that named the fields last, as stored; none for access logs, whose fields are known.
    fields: Option<Arc<[u8]>>,
}

impl Lines {
    /// What the lines of a block start with; notes what those behind it do.
    fn task(&mut self, text: &[u8]) -> Option<Arc<[u8]>> {
        let before = self.fields.clone();
        if before.is_some() {
            let named = memchr::memmem::rfind_iter(text, FIELDS)
                .find(|&at| at == 0 || text[at - 1] == b'\n');
            if let Some(at) = named {
                let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |len| at + len);
                self.fields = Some(text[at..end].into());
            }
        }
        before
    }
}

impl Grammar for Lines {
    type Task = Option<Arc<[u8]>>;

    fn cut(&mut self, window: &[u8], target: usize, ended: bool) -> Option<(usize, Self::Task)> {
        let len = cut_at_line_feed(window, target, ended)?;
        Some((len, self.task(&window[..len])))
    }

    fn forced(&mut self, text: &[u8]) -> Self::Task {
        self.task(text)
    }

    fn decoded(task: Self::Task, decode: &dyn Fn(&[u8]) -> Arc<[u8]>) -> Self::Task {
        task.map(|line| decode(&line))
    }

    fn read(task: &Self::Task, text: &[u8], last: bool, records: &mut Records<'_>) {
        let mut fields = task.as_deref().map(fields_of);
        let mut at = 0;
        while at < text.len() {
            let end = memchr::memchr(b'\n', &text[at..]).map(|len| at + len);
            let stop = end.unwrap_or(text.len());
            let line = at..at + text[at..stop].trim_ascii_end().len();
            match &mut fields {
                Some(fields) => extended_line(text, line, fields, records),
                None => access_line(text, line, records),
            }
            if end.is_some() || last {
                records.next_row();
            }
            at = stop + 1;
        }
    }
}

fn extended_line(
    text: &[u8],
    line: Range<usize>,
    fields: &mut Arc<[String]>,
    records: &mut Records<'_>,
) {
    let bytes = &text[line.clone()];
    if bytes.starts_with(b"#") {
        if bytes.starts_with(FIELDS) {
            *fields = fields_of(bytes);
        }
        return records.whole_line(line);
    }
    if fields.is_empty() {
        return records.whole_line(line);
    }
    let mut names = fields.iter();
    let mut from = line.start;
    while from < line.end {
        let is_quoted = text[from] == b'"';
        let stop = if is_quoted {
            memchr::memchr(b'"', &text[from + 1..line.end]).map(|len| from + 1 + len)
        } else {
            let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
            text[from..line.end]
                .iter()
                .position(blank)
                .map(|len| from + len)
        };
        let value = from + usize::from(is_quoted)..stop.unwrap_or(line.end);
        if !value.is_empty() && text[value.clone()] != *b"-" {
            let column = records.column(names.next().map_or("", String::as_str));
            // Agents have `+` where blanks were; that hides nothing.
            records.value_at(column, value);
        } else {
            names.next();
        }
        from = stop.map_or(line.end, |stop| stop + 1 + usize::from(is_quoted));
    }
}

/// What the fields of access logs are called.
const ACCESS: &[&str] = &[
    "host", "ident", "user", "time", "request", "status", "bytes", "referrer", "agent",
];

/// The fields of a line in the common or combined format, and what follows them.
fn access_fields(line: &[u8]) -> Option<Vec<Range<usize>>> {
    let mut fields = Vec::with_capacity(ACCESS.len());
    let (mut at, mut timed) = (0, false);
    while at < line.len() && fields.len() < ACCESS.len() {
        let close = match line[at] {
            b'[' => Some(b']'),
            b'"' => Some(b'"'),
            _ => None,
        };
        let (value, next) = if let Some(close) = close {
            let end = closing(line, at + 1, close)?;
            (at + 1..end, end + 1)
        } else {
            let len = memchr::memchr(b' ', &line[at..]).unwrap_or(line.len() - at);
            (at..at + len, at + len)
        };
        let is_time = close == Some(b']') && !timed;
        match (is_time, fields.len()) {
            (true, 3) => {}
            // A virtual host stands before all else in some logs.
            (true, 4) => drop(fields.remove(0)),
            (true, _) => return None,
            (false, 4) if !timed => return None,
            (false, _) => {}
        }
        timed |= is_time;
        fields.push(value);
        at = next;
        while line.get(at) == Some(&b' ') {
            at += 1;
        }
    }
    let status = fields.get(5).map(|at| &line[at.clone()])?;
    let is_status = status.len() == 3 && status.iter().all(u8::is_ascii_digit);
    if !is_status {
        return None;
    }
    if at < line.len() {
        fields.push(at..line.len());
    }
    Some(fields)
}

fn closing(line: &[u8], from: usize, close: u8) -> Option<usize> {
    let mut at = from;
    loop {
        let found = at + memchr::memchr2(close, b'\\', line.get(at..)?)?;
        if line[found] == close {
            return Some(found);
        }
        at = found + 2;
    }
}

fn access_line(text: &[u8], line: Range<usize>, records: &mut Records<'_>) {
    let Some(fields) = access_fields(&text[line.clone()]) else {
        return records.whole_line(line);
    };
    for (index, field) in fields.into_iter().enumerate() {
        let value = line.start + field.start..line.start + field.end;
        if value.is_empty() || text[value.clone()] == *b"-" {
            continue;
        }
        let column = records.column(ACCESS.get(index).copied().unwrap_or(""));
        records.value_at(column, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(line: &str) -> Option<Vec<&str>> {
        let fields = access_fields(line.as_bytes())?;
        Some(fields.into_iter().map(|at| &line[at]).collect())
    }

    #[test]
    fn fields_of_access_logs() {
        assert_eq!(
            fields(r#"1.2.3.4 - jor [04/Mar/2024:10:00:00 +0100] "GET /\" HTTP/1.1" 200 12 "-" "curl" x y"#).unwrap(),
            ["1.2.3.4", "-", "jor", "04/Mar/2024:10:00:00 +0100", r#"GET /\" HTTP/1.1"#, "200", "12", "-", "curl", "x y"]
        );
        assert!(fields(r#"www:80 1.2.3.4 - - [t] "GET /" 200 12"#).is_some());
        assert!(fields("Dear all, this is no log").is_none());
        assert!(fields(r#"1.2.3.4 - - [t] "GET /"#).is_none());
    }
}
