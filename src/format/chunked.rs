//! Texts whose records a small grammar finds: it says where a text may be cut, and reads what lies between two cuts.
//!
//! What formats such as vCard, LDIF, XML and logs share stands here once: taking blocks from a source, decoding them on
//! any thread, and members (pictures and other attachments) that are embedded in the text.

use std::collections::VecDeque;
use std::sync::Arc;

use super::records::Records;
use super::{Chunk, Extent, Member, Part, Piece, ReadOptions, Reader, Sink};
use crate::error::Problem;
use crate::input::blocks::{Block, LONGEST_RECORD, Source, forced_cut};
use crate::input::encoding::decode;
use crate::input::{Body, Bytes};

/// How a text is cut and read.
pub(super) trait Grammar: Sized + 'static {
    /// What a chunk has to know besides its text: what was open before it, or which of its records are meant.
    type Task: Send + Sync + 'static;

    /// A record longer than this is cut anywhere, in bytes.
    const LONGEST: usize = LONGEST_RECORD;

    /// Where the first record ends at or behind `target`, with what the text up to there has to know; none when more
    /// must be read to know. Must not look at much more than `target` bytes of the window where it can find one.
    fn cut(&mut self, window: &[u8], target: usize, ended: bool) -> Option<(usize, Self::Task)>;

    /// What a text that had to be cut anywhere has to know.
    fn forced(&mut self, text: &[u8]) -> Self::Task;

    /// The tables that the records of a text are in, each with what its chunk has to know.
    fn tables(&mut self, task: Self::Task, text: &[u8]) -> Vec<(Option<Arc<str>>, Self::Task)> {
        let _ = text;
        vec![(None, task)]
    }

    /// The same in UTF-8, where the text is stored in another encoding: names that were noted before a cut must be those
    /// that are read behind it.
    fn decoded(task: Self::Task, decode: &dyn Fn(&[u8]) -> Arc<[u8]>) -> Self::Task {
        let _ = decode;
        task
    }

    /// Reads a text.
    fn read(task: &Self::Task, text: &[u8], last: bool, records: &mut Records<'_>);

    /// Pictures and the like that are embedded in a text.
    fn embedded(&mut self, text: &[u8], found: &mut Vec<Embedded>) {
        let _ = (text, found);
    }
}

/// Bytes that were embedded in a text.
pub(super) struct Embedded {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// Reads a source with a grammar.
pub(super) fn reader<'a, G: Grammar + 'a>(
    grammar: G,
    source: Source<'a>,
    options: &ReadOptions,
) -> Box<dyn Reader + 'a> {
    Box::new(Chunks {
        grammar,
        source,
        block_size: options.block_size.max(1),
        parts: VecDeque::new(),
        members: VecDeque::new(),
    })
}

struct Chunks<'a, G: Grammar> {
    grammar: G,
    source: Source<'a>,
    block_size: usize,
    parts: VecDeque<Part>,
    members: VecDeque<Embedded>,
}

impl<G: Grammar> Reader for Chunks<'_, G> {
    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Problem> {
        while self.parts.is_empty() && self.members.is_empty() {
            if !self.block()? {
                return Ok(None);
            }
        }
        if let Some(part) = self.parts.pop_front() {
            return Ok(Some(Piece::Chunk(part)));
        }
        Ok(self.members.pop_front().map(|embedded| {
            Piece::Member(Member {
                name: embedded.name,
                size: None,
                body: Body::Blob(Bytes::from(embedded.bytes)),
            })
        }))
    }

    fn position(&self) -> u64 {
        self.source.position()
    }
}

impl<G: Grammar> Chunks<'_, G> {
    /// Takes the next block; says whether there was one.
    fn block(&mut self) -> Result<bool, Problem> {
        let mut enough = self.block_size;
        let (len, task, last) = loop {
            let (window, ended) = self.source.window(enough)?;
            if window.is_empty() {
                return Ok(false);
            }
            if let Some((len, task)) = self.grammar.cut(window, self.block_size, ended) {
                break (len, task, ended && len == window.len());
            }
            if window.len() >= G::LONGEST {
                let len = forced_cut(window);
                let task = self.grammar.forced(&window[..len]);
                break (len, task, ended && len == window.len());
            }
            if ended {
                let len = window.len();
                let task = self.grammar.forced(window);
                break (len, task, true);
            }
            enough *= 2;
        };
        let block = Arc::new(self.source.take(len));
        let mut embedded = Vec::new();
        self.grammar.embedded(block.stored_text(), &mut embedded);
        self.members.extend(embedded);
        let tables = self.grammar.tables(task, block.stored_text());
        let count = tables.len();
        let encoding = block.encoding();
        for (index, (table, task)) in tables.into_iter().enumerate() {
            let task = G::decoded(task, &|name| (*decode(encoding, name, 0).text).into());
            let chunk = TextChunk::<G> {
                block: block.clone(),
                task,
                last,
                // Tables of one block share its lines, which count once.
                counts_lines: index + 1 == count,
            };
            self.parts.push_back(Part {
                table,
                first_row: None,
                bytes: len / count.max(1),
                chunk: Box::new(chunk),
            });
        }
        Ok(true)
    }
}

struct TextChunk<G: Grammar> {
    block: Arc<Block>,
    task: G::Task,
    last: bool,
    counts_lines: bool,
}

impl<G: Grammar> Chunk for TextChunk<G> {
    fn read(&self, sink: &mut dyn Sink) -> Extent {
        let decoded = self.block.decode();
        let mut records = Records::over(sink, &decoded.text, &decoded.offsets);
        G::read(&self.task, &decoded.text, self.last, &mut records);
        let extent = records.finish();
        Extent {
            lines: if self.counts_lines { extent.lines } else { 0 },
            ..extent
        }
    }
}
