//! Plain text, line by line: what is read when nothing else knows an input. Each line is a record.

use super::{
    Batch, Chunk, Extent, Format, Head, Likelihood, Part, Piece, ReadOptions, Reader, Rows, Sink,
    Value,
};
use crate::error::Problem;
use crate::input::Body;
use crate::input::blocks::{Block, LONGEST_RECORD, Source, forced_cut};

/// Plain text.
pub(super) struct Text;

/// Values handed over at a time, and bytes of them.
const BATCH: usize = 4096;
const BATCH_TEXT: usize = 1 << 20;

impl Format for Text {
    fn name(&self) -> &'static str {
        "text"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        head.text.is_some().then_some(Likelihood::Fallback)
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
        Ok(Box::new(Lines {
            source,
            block_size: options.block_size,
        }))
    }
}

struct Lines<'a> {
    source: Source<'a>,
    block_size: usize,
}

impl Reader for Lines<'_> {
    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Problem> {
        let mut enough = self.block_size;
        let (len, is_last) = loop {
            let (window, ended) = self.source.window(enough)?;
            if window.is_empty() {
                return Ok(None);
            }
            if let Some(len) = cut(window, self.block_size, ended) {
                break (len, ended && len == window.len());
            }
            enough *= 2;
        };
        let block = self.source.take(len);
        let chunk = LineChunk {
            block,
            last: is_last,
        };
        let bytes = chunk.block.len();
        Ok(Some(Piece::Chunk(Part {
            table: None,
            first_row: None,
            bytes,
            chunk: Box::new(chunk),
        })))
    }

    fn position(&self) -> u64 {
        self.source.position()
    }
}

/// Where the first line ends at or behind `target`; none when more must be read to know.
pub(super) fn cut(window: &[u8], target: usize, ended: bool) -> Option<usize> {
    if window.len() <= target && ended {
        return Some(window.len());
    }
    let from = target.saturating_sub(1).min(window.len());
    let near = &window[from..window.len().min(LONGEST_RECORD.max(from))];
    if let Some(at) = memchr::memchr2_iter(b'\n', b'\r', near)
        .map(|at| from + at)
        .next()
    {
        match (window[at], window.get(at + 1)) {
            (b'\n', _) => return Some(at + 1),
            (_, Some(b'\n')) => return Some(at + 2),
            (_, Some(_)) => return Some(at + 1),
            (_, None) if ended => return Some(at + 1),
            (_, None) => return None,
        }
    }
    if window.len() < LONGEST_RECORD {
        return ended.then_some(window.len());
    }
    // One endless line: first what is before it, then the line itself in parts.
    let before = memchr::memrchr2(b'\n', b'\r', &window[..from]);
    Some(before.map_or_else(|| forced_cut(window), |at| at + 1))
}

/// Like [`cut`], for formats in which a carriage return by itself ends no line.
pub(super) fn cut_at_line_feed(window: &[u8], target: usize, ended: bool) -> Option<usize> {
    if window.len() <= target && ended {
        return Some(window.len());
    }
    let from = target.saturating_sub(1).min(window.len());
    let near = &window[from..window.len().min(LONGEST_RECORD.max(from))];
    if let Some(at) = memchr::memchr(b'\n', near) {
        return Some(from + at + 1);
    }
    if window.len() < LONGEST_RECORD {
        return ended.then_some(window.len());
    }
    let before = memchr::memrchr(b'\n', &window[..from]);
    Some(before.map_or_else(|| forced_cut(window), |at| at + 1))
}

/// How many lines end in the text: at `\n`, `\r\n`, or `\r`.
pub(super) fn count_line_ends(text: &[u8]) -> u64 {
    memchr::memchr2_iter(b'\n', b'\r', text)
        .filter(|&at| text[at] == b'\n' || text.get(at + 1) != Some(&b'\n'))
        .count() as u64
}

/// Whether bytes are text: UTF-8 without control characters that no text has.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    let is_control = |byte: &u8| matches!(byte, 0..=8 | 0x0b | 0x0e..=0x1f | 0x7f);
    !bytes.is_empty() && !bytes.iter().any(is_control) && std::str::from_utf8(bytes).is_ok()
}

struct LineChunk {
    block: Block,
    /// Whether the input ends with it.
    last: bool,
}

impl Chunk for LineChunk {
    fn read(&self, sink: &mut dyn Sink) -> Extent {
        let decoded = self.block.decode();
        let text = &decoded.text[..];
        let column = sink.column("");
        let mut values = Vec::with_capacity(BATCH);
        let mut rows = Vec::with_capacity(BATCH);
        let mut line = 0;
        let mut start = 0;
        let mut hand_over = |values: &mut Vec<Value>, rows: &mut Vec<u32>| {
            sink.batch(Batch {
                text,
                values,
                rows: Rows::One(rows),
                offsets: &decoded.offsets,
            });
            values.clear();
            rows.clear();
        };
        let mut ends = memchr::memchr2_iter(b'\n', b'\r', text)
            .filter(|&at| text[at] == b'\n' || text.get(at + 1) != Some(&b'\n'));
        while start < text.len() {
            let end = ends.next();
            let stop = end.map_or(text.len(), |at| {
                if text[at] == b'\n' && at > start && text[at - 1] == b'\r' {
                    at - 1
                } else {
                    at
                }
            });
            let stop = stop.max(start);
            values.push(Value {
                start: start as u32,
                end: stop as u32,
                column,
                line,
            });
            rows.push(line);
            let bytes = stop - values[0].start as usize;
            if values.len() >= BATCH || bytes >= BATCH_TEXT {
                hand_over(&mut values, &mut rows);
            }
            let Some(end) = end else { break };
            start = end + 1;
            line += 1;
        }
        if !values.is_empty() {
            hand_over(&mut values, &mut rows);
        }
        let unended =
            self.last && !text.is_empty() && !matches!(text[text.len() - 1], b'\n' | b'\r');
        Extent {
            records: u64::from(line) + u64::from(unended),
            lines: u64::from(line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_end_with_lines() {
        assert_eq!(cut(b"ab\ncd\nef", 1, true), Some(3));
        assert_eq!(cut(b"ab\ncd\nef", 3, true), Some(3));
        assert_eq!(cut(b"ab\ncd\nef", 4, true), Some(6));
        assert_eq!(cut(b"ab\r\ncd", 3, true), Some(4));
        assert_eq!(cut(b"ab\r", 1, false), None, "a line feed may follow");
        assert_eq!(cut(b"abcdef", 2, false), None);
        assert_eq!(cut(b"abcdef", 2, true), Some(6));
        assert_eq!(cut_at_line_feed(b"ab\rcd\nef", 1, true), Some(6));
        assert_eq!(cut_at_line_feed(b"ab\rcd", 1, false), None);
    }

    #[test]
    fn a_carriage_return_in_an_endless_line_is_no_end() {
        let mut window = vec![b'x'; LONGEST_RECORD + 8];
        window[3] = b'\r';
        let len = cut_at_line_feed(&window, 2, false);
        assert_eq!(len, Some(forced_cut(&window)), "no earlier line feed");
        window[1] = b'\n';
        assert_eq!(cut_at_line_feed(&window, 4, false), Some(2));
    }

    #[test]
    fn line_ends_of_all_kinds() {
        assert_eq!(count_line_ends(b"a\nb\r\nc\rd"), 3);
    }
}
