//! JSON: a document, NDJSON, or values one behind the other.
//!
//! Every string, number and boolean is a value; its column is its path with array indices left out: `contacts[].email`.
//! Keys make the path, but for keys that are data (an address, a long number, whatever is a key of a map): those are `*` in
//! the path and values of the column `….{key}`. Records are the lines of NDJSON, the elements of a top-level array, or, in a
//! document that is an object, the objects in arrays and maps directly below it (`{"records": […]}`), or its own where it is
//! a map; a document without any is one record.
//!
//! JSON in a script (`wrapped.rs`) is read without what stands around it, and text whose bytes were torn apart (`mended.rs`)
//! as it is meant, each with a note. Comments, commas before closing brackets and what else JSON doesn't have (`lenient.rs`) are read, with a note. Of what is
//! no JSON for all that, the lines are read up to where a record can start again, as values without a column.
//!
//! A giant document is cut between the elements of such an array or map (`cut.rs`), and each chunk read by itself (`lex.rs`).
//! Which objects are maps is judged from its start (`maps.rs`).

use std::sync::Arc;

use super::{Chunk, Extent, Format, Head, Likelihood, Part, Piece, ReadOptions, Reader, Sink};
use crate::error::Problem;
use crate::input::Body;
use crate::input::blocks::{Block, Source};

mod cut;
mod lenient;
mod lex;
mod maps;
mod mended;
mod paths;
mod scalar;
mod wrapped;
pub(super) use paths::is_data;

use cut::{Context, cut, string_end};
use maps::Maps;

/// JSON and NDJSON.
pub(super) struct Json;

/// Bytes of one element that are held in memory, when it comes from a stream.
const LONGEST_ELEMENT: usize = 256 << 20;

impl Format for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let text = lenient::behind_comments(head.text.as_deref()?);
        let named = matches!(
            head.extension().as_str(),
            "json" | "ndjson" | "jsonl" | "geojson" | "ipynb" | "jsonc" | "json5"
        );
        match text {
            [b'{', rest @ ..] => {
                let next = lenient::behind_comments(rest).first();
                (named || matches!(next, Some(b'"' | b'}'))).then_some(Likelihood::Content)
            }
            // A log line may start with a bracket, too.
            [b'[', rest @ ..] => {
                let rest = lenient::behind_comments(rest);
                let plausible = matches!(
                    rest.first(),
                    Some(b'{' | b'[' | b'"' | b']' | b'-' | b'0'..=b'9')
                );
                (named || plausible && !is_log_line(rest)).then_some(Likelihood::Content)
            }
            text if wrapped::is_script(text, head.whole) => Some(Likelihood::Content),
            _ => (named && !text.is_empty()).then_some(Likelihood::Name),
        }
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
        let text = head.text.as_deref().unwrap_or_default();
        let named = matches!(head.extension().as_str(), "ndjson" | "jsonl");
        let start = wrapped::start(text);
        let lines = lines_are_values(text).unwrap_or(named) && (named || start == 0);
        Ok(Box::new(Values {
            source: Source::new(body, head.encoding, head.mark)?,
            block_size: options.block_size,
            context: Context::Top,
            maps: Maps::of(&text[start..]),
            lines,
        }))
    }
}

/// `[2024-01-01 12:00:00] …` or `[12] …`: something follows the closing bracket on the same line.
fn is_log_line(behind_bracket: &[u8]) -> bool {
    let line = behind_bracket
        .split(|&byte| byte == b'\n')
        .next()
        .unwrap_or_default();
    let close = line.iter().position(|&byte| byte == b']');
    close.is_some_and(|at| {
        let (inside, rest) = (&line[..at], line[at + 1..].trim_ascii());
        !inside.contains(&b'"')
            && !inside.contains(&b'{')
            && !rest.is_empty()
            && !matches!(rest[0], b',' | b']' | b'}')
    })
}

/// Whether most lines are values of their own; none when there is no line with another one behind it. Where a good part is
/// not, bad lines are told from values over many lines by whether all lines together are values.
fn lines_are_values(text: &[u8]) -> Option<bool> {
    let mut lines = text
        .split(|&byte| byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty() && !lenient::is_comment(line))
        .peekable();
    let (mut whole, mut all) = (0, 0);
    while let Some(line) = lines.next() {
        // The last one may be cut off.
        if lines.peek().is_some() {
            whole += usize::from(is_whole(line));
            all += 1;
        }
    }
    let most = whole * 10 >= all * 9 || whole * 2 >= all && !is_whole(text);
    (all > 0).then_some(most)
}

/// Whether a line, or all lines together, are values by their brackets and quotes.
fn is_whole(line: &[u8]) -> bool {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(&byte) = line.get(at) {
        match byte {
            b'"' => match string_end(line, at + 1) {
                Some((end, _)) => at = end,
                None => return false,
            },
            b'/' if passes_comment(line, &mut at) => continue,
            b'{' | b'[' => depth += 1,
            // The end, a member or an element of something that other lines began.
            b'}' | b']' | b',' | b':' if depth == 0 => return false,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    depth == 0
}

/// Goes on behind a comment, where one starts here.
fn passes_comment(text: &[u8], at: &mut usize) -> bool {
    let end = lenient::comment_end(text, *at);
    *at = end.unwrap_or(*at);
    end.is_some()
}

/// Behind the first line end at or behind `target`.
fn line_end(text: &[u8], target: usize) -> Option<usize> {
    let from = target.saturating_sub(1).min(text.len());
    memchr::memchr(b'\n', &text[from..]).map(|end| from + end + 1)
}

struct Values<'a> {
    source: Source<'a>,
    block_size: usize,
    context: Context,
    maps: Arc<Maps>,
    lines: bool,
}

impl Reader for Values<'_> {
    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Problem> {
        let mut enough = self.block_size.max(1);
        let (len, context, is_last) = loop {
            let (window, ended) = self.source.window(enough)?;
            if window.is_empty() {
                return Ok(None);
            }
            let found = if self.lines {
                line_end(window, self.block_size).map(|len| (len, Context::Top))
            } else {
                cut(window, self.block_size, &self.context, &self.maps)
            };
            if let Some((len, context)) = found {
                break (len, context, ended && len == window.len());
            }
            if ended {
                break (window.len(), Context::Top, true);
            }
            if window.len() > LONGEST_ELEMENT {
                let at = self.source.position();
                self.block_size = usize::MAX;
                return Err(Problem::failed(
                    "an element is longer than 256 MiB; save the stream to a file and scan that",
                )
                .at(at));
            }
            enough *= 2;
        };
        let block = self.source.take(len);
        let context = std::mem::replace(&mut self.context, context);
        let chunk = ValueChunk {
            context: context.decoded(block.encoding()),
            block,
            maps: self.maps.clone(),
            lines: self.lines,
            last: is_last,
        };
        Ok(Some(Piece::Chunk(Part {
            table: None,
            first_row: None,
            bytes: len,
            chunk: Box::new(chunk),
        })))
    }

    fn position(&self) -> u64 {
        self.source.position()
    }
}

struct ValueChunk {
    block: Block,
    context: Context,
    maps: Arc<Maps>,
    lines: bool,
    last: bool,
}

impl Chunk for ValueChunk {
    fn read(&self, sink: &mut dyn Sink) -> Extent {
        let decoded = self.block.decode();
        let task = lex::Task {
            text: &decoded.text,
            offsets: &decoded.offsets,
            context: &self.context,
            maps: &self.maps,
            lines: self.lines,
            last: self.last,
        };
        let (records, lines) = lex::read(&task, sink);
        Extent { records, lines }
    }
}
