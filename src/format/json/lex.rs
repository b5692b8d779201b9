//! Reads the values of a chunk. One pass, no recursion; as RFC 8259 wants it, and a little more (`lenient.rs`).

use std::ops::Range;
use std::sync::Arc;

use super::cut::{Context, cut, string_end};
use super::lenient::{self, Extras, Word};
use super::maps::Maps;
use super::mended;
use super::paths::{PathId, Paths};
use super::scalar::{is_scalar, scalar_end, unescape, unescape_as};
use super::wrapped;
use crate::error::Problem;
use crate::format::{Batch, ColumnId, OffsetMap, OffsetPiece, Rows, Sink, Span, Value};

/// Values handed over at a time.
const BATCH: usize = 8192;
/// Bytes of their text, where it had escapes.
const BATCH_TEXT: usize = 512 << 10;

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    /// A value.
    Value,
    /// A value, or the end of an array that has none.
    ValueOrEnd,
    /// A key, or the end of an object that has none.
    KeyOrEnd,
    Key,
    Colon,
    CommaOrEnd,
}

/// What kind of value ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    Scalar,
    Array,
    Object,
}

/// A container that is open.
#[derive(Clone, Copy)]
struct Open {
    is_array: bool,
    /// The path of its elements or, for an object, of itself.
    path: PathId,
    /// The last member of an object.
    last: Option<PathId>,
}

impl Open {
    fn new(is_array: bool, path: PathId) -> Self {
        Self {
            is_array,
            path,
            last: None,
        }
    }
}

/// How a chunk is read.
pub(super) struct Task<'t> {
    pub(super) text: &'t [u8],
    pub(super) offsets: &'t OffsetMap,
    pub(super) context: &'t Context,
    pub(super) maps: &'t Arc<Maps>,
    /// Whether each top-level value is a record, and a line that is wrong costs that line.
    pub(super) lines: bool,
    pub(super) last: bool,
}

/// Reads a chunk; gives its records and line ends.
pub(super) fn read(task: &Task<'_>, sink: &mut dyn Sink) -> (u64, u64) {
    let mut lexer = Lexer {
        task,
        at: 0,
        token: 0,
        line: 0,
        row: 0,
        extras: Extras::default(),
        no_column: None,
        began: None,
        open: Vec::new(),
        expect: Expect::Value,
        member: None,
        paths: Paths::new(task.maps.clone()),
        plain: Plain::default(),
        unescaped: Unescaped::default(),
        sink,
    };
    lexer.enter(task.context);
    lexer.run();
    lexer.finish()
}

/// Values that are as stored.
#[derive(Default)]
struct Plain {
    values: Vec<Value>,
    rows: Vec<u32>,
}

/// Values of which some had escapes, in a text of their own: batches that end at each escape would be short.
#[derive(Default)]
struct Unescaped {
    text: Vec<u8>,
    pieces: Vec<OffsetPiece>,
    values: Vec<Value>,
    rows: Vec<u32>,
}

struct Lexer<'l> {
    task: &'l Task<'l>,
    at: usize,
    /// Where what is read at present starts; on the same line.
    token: usize,
    line: u32,
    row: u32,
    extras: Extras,
    /// The column of what has none.
    no_column: Option<ColumnId>,
    /// The row at the start of the top-level value that is open, if it started in this chunk.
    began: Option<u32>,
    open: Vec<Open>,
    expect: Expect,
    /// The path of the value that follows a key.
    member: Option<PathId>,
    paths: Paths,
    plain: Plain,
    unescaped: Unescaped,
    sink: &'l mut dyn Sink,
}

type Fault = (usize, &'static str);

impl Lexer<'_> {
    /// Opens the containers that lie around a place.
    fn enter(&mut self, context: &Context) {
        let root = Paths::TOP;
        self.open.clear();
        self.member = None;
        self.expect = Expect::Value;
        match context {
            Context::Top => {}
            Context::RootArray => {
                let path = self.paths.elements(root);
                self.open.push(Open::new(true, path));
            }
            Context::RootMap => {
                self.open.push(Open::new(false, root));
                self.expect = Expect::Key;
            }
            Context::MemberArray(key) => {
                let member = self.enter_member(key);
                let path = self.paths.elements(member);
                self.open.push(Open::new(true, path));
            }
            Context::MemberMap(key) => {
                let member = self.enter_member(key);
                self.open.push(Open::new(false, member));
                self.expect = Expect::Key;
            }
        }
    }

    /// Opens a document that is an object; gives the path of its member.
    fn enter_member(&mut self, key: &[u8]) -> PathId {
        self.open.push(Open::new(false, Paths::TOP));
        let mut plain = Vec::new();
        let _ = unescape(key, |bytes, _| plain.extend_from_slice(bytes));
        self.paths.member(Paths::TOP, &plain)
    }

    /// Reads all values. Behind a fault it goes on where the text could have been cut, so that what is lost does not
    /// depend on where it was.
    fn run(&mut self) {
        let text = self.task.text;
        let (mut base, mut context) = (0, self.task.context.clone());
        while let Err((at, what)) = self.values() {
            let stored = self
                .task
                .offsets
                .stored(at as u32, at as u32)
                .map_or(0, |(start, _)| start);
            self.sink
                .problem(Problem::lost(format!("not valid JSON: {what}")).at(stored));
            let from = at.clamp(self.at.min(text.len()), text.len());
            let resume = if self.task.lines {
                memchr::memchr(b'\n', &text[from..]).map(|end| (from + end + 1, Context::Top))
            } else {
                cut(&text[base..], from + 1 - base, &context, self.task.maps)
                    .map(|(len, context)| (base + len, context))
            };
            let Some((to, next)) = resume else {
                self.texts(self.token, text.len());
                self.row += u32::from(self.is_uncounted());
                self.enter(&Context::Top);
                return;
            };
            self.texts(self.token, to);
            self.enter(&next);
            self.began = None;
            self.row += 1;
            (base, context) = (to, next);
        }
    }

    fn finish(mut self) -> (u64, u64) {
        self.hand_over();
        self.hand_over_unescaped();
        if self.task.last && (!self.open.is_empty() || self.member.is_some()) {
            self.sink.problem(Problem::lost(
                "the text ends within a value: the file is cut off",
            ));
            self.row += u32::from(self.is_uncounted());
        }
        for note in self.extras.notes() {
            self.sink.problem(Problem::note(note));
        }
        (u64::from(self.row), u64::from(self.line))
    }

    /// Whether the top-level value that is open is a record that nothing has counted: a line, or a document without any.
    fn is_uncounted(&self) -> bool {
        self.task.lines
            || self.began == Some(self.row) && self.open.first().is_some_and(|root| !root.is_array)
    }

    /// Gives the lines from a place on this line up to `to` as values without a column, and goes on there.
    fn texts(&mut self, from: usize, to: usize) {
        let column = *self.no_column.get_or_insert_with(|| self.sink.column(""));
        self.at = from;
        while self.at < to {
            let rest = &self.task.text[self.at..to];
            let end = memchr::memchr(b'\n', rest);
            let line = &rest[..end.unwrap_or(rest.len())];
            let start = self.at + line.len() - line.trim_ascii_start().len();
            let text = line.trim_ascii();
            if !text.is_empty() {
                self.give(start, start + text.len(), column);
            }
            self.at += line.len() + usize::from(end.is_some());
            self.line += u32::from(end.is_some());
        }
    }

    /// Reads a comment; says whether there was one.
    fn comment(&mut self) -> bool {
        let text = self.task.text;
        // The last line of a text needs no end.
        let is_line = self.task.last && text[self.at..].starts_with(b"//");
        let end = lenient::comment_end(text, self.at).or(is_line.then_some(text.len()));
        // Among lines each is a record, wherever the text is cut.
        let lines = self.task.lines;
        let end = end.filter(|&end| !lines || memchr::memchr(b'\n', &text[self.at..end]).is_none());
        if let Some(end) = end {
            self.extras.comments = true;
            self.texts(self.at, end);
            self.row += u32::from(lines && self.open.is_empty());
        }
        end.is_some()
    }

    fn values(&mut self) -> Result<(), Fault> {
        loop {
            let line = self.line;
            self.skip_space();
            if self.task.lines
                && self.line > line
                && (!self.open.is_empty() || self.member.is_some())
            {
                // Back to the line end: what follows it is a value of its own.
                let end = memchr::memrchr(b'\n', &self.task.text[..self.at]).unwrap_or(0);
                self.line -= 1;
                (self.at, self.token) = (end, end);
                return Err((end, "a line ends within a value"));
            }
            let Some(&byte) = self.task.text.get(self.at) else {
                return Ok(());
            };
            self.token = self.at;
            if byte == b'/' && self.comment() {
                continue;
            }
            if self.open.is_empty()
                && self.member.is_none()
                && let Some(end) = wrapped::end(self.task.text, self.at)
                && !(self.task.lines && wrapped::ends_line(self.task.text, end))
            {
                self.extras.script = true;
                self.at = end;
                continue;
            }
            match self.expect {
                Expect::ValueOrEnd if byte == b']' => self.close(true)?,
                Expect::Value if byte == b']' && self.is_behind_comma() => {
                    self.extras.commas = true;
                    self.close(true)?;
                }
                Expect::Value | Expect::ValueOrEnd => self.value(byte)?,
                Expect::Key if byte == b'}' => {
                    self.extras.commas = true;
                    self.close(false)?;
                }
                Expect::KeyOrEnd if byte == b'}' => self.close(false)?,
                Expect::Key | Expect::KeyOrEnd => self.key(byte)?,
                Expect::Colon if byte == b':' => {
                    self.at += 1;
                    self.expect = Expect::Value;
                }
                Expect::Colon => return Err((self.at, "a colon is missing behind a key")),
                Expect::CommaOrEnd => self.comma_or_end(byte)?,
            }
        }
    }

    fn skip_space(&mut self) {
        while let Some(byte @ (b' ' | b'\n' | b'\r' | b'\t')) = self.task.text.get(self.at) {
            self.line += u32::from(*byte == b'\n');
            self.at += 1;
        }
    }

    /// Whether a value may come because a comma did.
    fn is_behind_comma(&self) -> bool {
        self.member.is_none() && self.open.last().is_some_and(|open| open.is_array)
    }

    fn comma_or_end(&mut self, byte: u8) -> Result<(), Fault> {
        let is_array = self.open.last().is_some_and(|open| open.is_array);
        match byte {
            b',' => {
                self.at += 1;
                self.expect = if is_array { Expect::Value } else { Expect::Key };
                Ok(())
            }
            b']' => self.close(true),
            b'}' => self.close(false),
            _ => Err((self.at, "a comma or closing bracket is missing")),
        }
    }

    fn close(&mut self, array: bool) -> Result<(), Fault> {
        match self.open.last() {
            Some(open) if open.is_array == array => {
                self.open.pop();
                self.at += 1;
                self.value_ended(if array { Ended::Array } else { Ended::Object });
                Ok(())
            }
            _ => Err((self.at, "a closing bracket that nothing opened")),
        }
    }

    /// Notes where a top-level value starts.
    fn note_root(&mut self) {
        if self.open.is_empty() {
            self.began = Some(self.row);
        }
    }

    /// The path of the value that comes.
    fn path(&mut self) -> PathId {
        match (self.member.take(), self.open.last()) {
            (Some(member), _) => member,
            (None, Some(open)) => open.path,
            (None, None) => Paths::TOP,
        }
    }

    fn value(&mut self, byte: u8) -> Result<(), Fault> {
        match byte {
            b'{' => {
                let path = self.path();
                self.note_root();
                self.open.push(Open::new(false, path));
                self.at += 1;
                self.expect = Expect::KeyOrEnd;
            }
            b'[' => {
                let path = self.path();
                let path = self.paths.elements(path);
                self.note_root();
                self.open.push(Open::new(true, path));
                self.at += 1;
                self.expect = Expect::ValueOrEnd;
            }
            b'"' | b'\'' => {
                let string = self.string(byte)?;
                let path = self.path();
                let column = self.paths.column(path, self.sink);
                self.give_string(string, column)?;
                self.value_ended(Ended::Scalar);
            }
            _ => {
                let end = scalar_end(self.task.text, self.at);
                let scalar = &self.task.text[self.at..end];
                let is_value = if is_scalar(scalar) {
                    scalar != b"null"
                } else {
                    let word = lenient::word(scalar)
                        .ok_or((self.at, "this is no string, number, true, false or null"))?;
                    self.extras.words = true;
                    word == Word::Number
                };
                let path = self.path();
                if is_value {
                    let column = self.paths.column(path, self.sink);
                    self.give(self.at, end, column);
                }
                self.at = end;
                self.value_ended(Ended::Scalar);
            }
        }
        Ok(())
    }

    /// A value is complete: what may follow, and whether a record is.
    fn value_ended(&mut self, value: Ended) {
        self.expect = if self.open.is_empty() {
            Expect::Value
        } else {
            Expect::CommaOrEnd
        };
        let is_record = match (self.open.len(), self.task.lines) {
            (0, true) => true,
            // A document without records is one itself. Where its root began before a cut, it has some.
            (0, false) => match value {
                Ended::Scalar => true,
                Ended::Object => self.began == Some(self.row),
                Ended::Array => false,
            },
            (1, false) => {
                self.open[0].is_array
                    || value == Ended::Object && self.paths.is_map(self.open[0].path)
            }
            (2, false) => {
                let [root, member] = [self.open[0], self.open[1]];
                value == Ended::Object
                    && !root.is_array
                    && !self.paths.is_map(root.path)
                    && (member.is_array || self.paths.is_map(member.path))
            }
            _ => false,
        };
        self.row += u32::from(is_record);
        if self.open.is_empty() {
            self.began = None;
        }
    }

    fn key(&mut self, byte: u8) -> Result<(), Fault> {
        let (start, end, escaped) = match byte {
            b'"' | b'\'' => self.string(byte)?,
            _ => self.name()?,
        };
        let (object, last) = self
            .open
            .last()
            .map_or((Paths::TOP, None), |open| (open.path, open.last));
        let stored = &self.task.text[start..end];
        if let Some(known) = self.paths.guess(object, last, stored) {
            self.member_follows(known);
            return Ok(());
        }
        let mut plain = Vec::new();
        if escaped {
            unescape(stored, |bytes, _| plain.extend_from_slice(bytes))
                .map_err(|at| (start + at, "an escape that JSON doesn't know"))?;
        }
        let key = if escaped { &plain[..] } else { stored };
        let member = self.paths.member(object, key);
        if self.paths.is_value(object, key) {
            let column = self.paths.keys(object, self.sink);
            self.give_string((start, end, escaped), column)?;
        } else if !escaped {
            self.paths.came(object, last, member, key);
        }
        self.member_follows(member);
        Ok(())
    }

    /// A key without quotes.
    fn name(&mut self) -> Result<(usize, usize, bool), Fault> {
        let start = self.at;
        let end = lenient::name_end(self.task.text, start)
            .filter(|&end| {
                let behind = self.task.text[end..].trim_ascii_start();
                behind.starts_with(b":")
            })
            .ok_or((start, "a key in quotes is missing"))?;
        self.extras.words = true;
        self.at = end;
        Ok((start, end, false))
    }

    /// The value that comes next is that of a member.
    fn member_follows(&mut self, member: PathId) {
        if let Some(open) = self.open.last_mut() {
            open.last = Some(member);
        }
        self.member = Some(member);
        self.expect = Expect::Colon;
    }

    /// The string that starts here, without its quotes, and whether it has escapes; goes on behind it.
    fn string(&mut self, quote: u8) -> Result<(usize, usize, bool), Fault> {
        let start = self.at + 1;
        let found = if quote == b'"' {
            string_end(self.task.text, start)
        } else {
            self.extras.words = true;
            lenient::single_quoted_end(self.task.text, start)
        };
        let (end, escaped) = match found {
            Some((end, escaped)) => (Some(end), escaped),
            None => (None, false),
        };
        let inside = &self.task.text[start..end.unwrap_or(self.task.text.len())];
        // Without a branch for each byte: the least one tells.
        if inside.iter().fold(u8::MAX, |least, &byte| least.min(byte)) < 0x20 {
            let control = inside.iter().position(|&byte| byte < 0x20).unwrap_or(0);
            return Err((start + control, "a control character stands in a string"));
        }
        let end = end.ok_or((self.at, "a string has no end"))?;
        self.at = end + 1;
        Ok((start, end, escaped))
    }

    fn give(&mut self, start: usize, end: usize, column: ColumnId) {
        // Values are handed over in the order of the text, whichever of the two texts they are in.
        if !self.unescaped.values.is_empty() {
            let at = self.unescaped.text.len() as u32;
            self.unescaped.copy(self.task, start..end);
            return self.give_unescaped(at, column);
        }
        self.plain.values.push(Value {
            start: start as u32,
            end: end as u32,
            column,
            line: self.line,
        });
        self.plain.rows.push(self.row);
        if self.plain.values.len() >= BATCH {
            self.hand_over();
        }
    }

    fn give_string(
        &mut self,
        (start, end, escaped): (usize, usize, bool),
        column: ColumnId,
    ) -> Result<(), Fault> {
        let stored = &self.task.text[start..end];
        if !escaped {
            self.give(start, end, column);
            return Ok(());
        }
        if !self.plain.values.is_empty() {
            self.hand_over();
        }
        let (task, unescaped) = (self.task, &mut self.unescaped);
        let at = unescaped.text.len() as u32;
        let is_torn = mended::is_torn(stored);
        self.extras.torn |= is_torn;
        unescape_as(stored, is_torn, |bytes, place| {
            let place = start + place.start..start + place.end;
            if bytes.len() == place.len() {
                unescaped.copy(task, place);
            } else {
                unescaped.replace(task.offsets, place, bytes);
            }
        })
        .map_err(|at| (start + at, "an escape that JSON doesn't know"))?;
        self.give_unescaped(at, column);
        Ok(())
    }

    /// Gives what stands in the other text from `start` on.
    fn give_unescaped(&mut self, start: u32, column: ColumnId) {
        let Unescaped {
            text, values, rows, ..
        } = &mut self.unescaped;
        values.push(Value {
            start,
            end: text.len() as u32,
            column,
            line: self.line,
        });
        rows.push(self.row);
        if values.len() >= BATCH || text.len() > BATCH_TEXT {
            self.hand_over_unescaped();
        }
    }

    fn hand_over(&mut self) {
        let rows = Rows::One(&self.plain.rows);
        self.sink.batch(Batch {
            text: self.task.text,
            values: &self.plain.values,
            rows,
            offsets: self.task.offsets,
        });
        self.plain.values.clear();
        self.plain.rows.clear();
    }

    fn hand_over_unescaped(&mut self) {
        let given = &mut self.unescaped;
        if given.values.is_empty() {
            return;
        }
        let offsets = match std::mem::take(&mut given.pieces) {
            pieces if pieces.is_empty() => OffsetMap::None,
            pieces => OffsetMap::Pieces(pieces),
        };
        self.sink.batch(Batch {
            text: &given.text,
            values: &given.values,
            rows: Rows::One(&given.rows),
            offsets: &offsets,
        });
        given.text.clear();
        // One long value doesn't make all later ones cost its memory.
        given.text.shrink_to(2 * BATCH_TEXT);
        given.values.clear();
        given.rows.clear();
    }
}

impl Unescaped {
    /// Adds what is as stored.
    fn copy(&mut self, task: &Task<'_>, place: Range<usize>) {
        let (start, end) = (place.start as u32, place.end as u32);
        let at = self.text.len() as u32;
        task.offsets.copy_pieces(start, end, at, &mut self.pieces);
        self.text.extend_from_slice(&task.text[place]);
    }

    /// Adds what an escape stands for.
    fn replace(&mut self, offsets: &OffsetMap, place: Range<usize>, by: &[u8]) {
        let (stored, end) = offsets
            .stored(place.start as u32, place.end as u32)
            .unwrap_or_default();
        self.pieces.push(OffsetPiece {
            text: self.text.len() as u32,
            stored,
            span: Span::Whole((end - stored).min(u64::from(u16::MAX)) as u16),
        });
        self.text.extend_from_slice(by);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_told_apart_wherever_they_come() {
        #[derive(Default)]
        struct Names(Vec<String>, Vec<String>);
        impl Sink for Names {
            fn column(&mut self, name: &str) -> ColumnId {
                self.0.push(name.to_owned());
                ColumnId(self.0.len() as u32 - 1)
            }
            fn batch(&mut self, batch: Batch<'_>) {
                for value in batch.values {
                    let text = &batch.text[value.start as usize..value.end as usize];
                    let name = &self.0[value.column.0 as usize];
                    self.1
                        .push(format!("{name}={}", String::from_utf8_lossy(text)));
                }
            }
            fn problem(&mut self, _: Problem) {}
        }
        let text = br#"{"a":{"b":1},"b":2}{"a":{"b":3,"c":4},"b":5,"a":6}{"b":7,"a":{"a":8}}"#;
        let mut names = Names::default();
        let task = Task {
            text,
            offsets: &OffsetMap::Shift(0),
            context: &Context::Top,
            maps: &Arc::default(),
            lines: false,
            last: true,
        };
        read(&task, &mut names);
        assert_eq!(
            names.1,
            [
                "a.b=1", "b=2", "a.b=3", "a.c=4", "b=5", "a=6", "b=7", "a.a=8"
            ]
        );
    }
}
