//! Inputs whose parts are known once they are opened: tables of values without places, members, and what was lost.
//!
//! For formats that a library reads as a whole (Outlook messages, sheets, documents). Each part still decodes itself on
//! any thread.

use std::collections::VecDeque;
use std::sync::Arc;

use super::chunked::Embedded;
use super::records::Records;
use super::{Chunk, Extent, Member, Part, Piece, Reader, Sink};
use crate::error::Problem;
use crate::input::{Body, Bytes};

/// Values of one table.
pub(super) trait Values: Send {
    /// Gives all of them.
    fn read(&self, records: &mut Records<'_>);
}

/// A table's name, and its values.
type Table = (Option<Arc<str>>, Box<dyn Values>);

/// What an input consists of.
#[derive(Default)]
pub(super) struct Made {
    tables: VecDeque<Table>,
    members: VecDeque<Embedded>,
    problems: VecDeque<Problem>,
    bytes: u64,
}

impl Made {
    /// Nothing yet, out of an input of this many bytes.
    pub(super) fn new(bytes: u64) -> Self {
        Self {
            bytes,
            ..Self::default()
        }
    }

    /// Adds values.
    pub(super) fn table(&mut self, name: Option<&str>, values: impl Values + 'static) {
        self.tables
            .push_back((name.map(Arc::from), Box::new(values)));
    }

    /// Adds a member.
    pub(super) fn member(&mut self, name: String, bytes: Vec<u8>) {
        self.members.push_back(Embedded { name, bytes });
    }

    /// Adds something that could not be read.
    pub(super) fn problem(&mut self, problem: Problem) {
        if self.problems.len() < 100 {
            self.problems.push_back(problem);
        }
    }

    /// Whether all was handed out.
    pub(super) fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.members.is_empty() && self.problems.is_empty()
    }

    /// How many members there are so far.
    pub(super) fn members(&self) -> usize {
        self.members.len()
    }
}

impl Reader for Made {
    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Problem> {
        if let Some(problem) = self.problems.pop_front() {
            return Err(problem);
        }
        if let Some((table, values)) = self.tables.pop_front() {
            return Ok(Some(Piece::Chunk(Part {
                table,
                first_row: None,
                bytes: 1 << 20,
                chunk: Box::new(MadeChunk(values)),
            })));
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
        self.bytes
    }
}

struct MadeChunk(Box<dyn Values>);

impl Chunk for MadeChunk {
    fn read(&self, sink: &mut dyn Sink) -> Extent {
        let mut records = Records::new(sink);
        self.0.read(&mut records);
        records.finish()
    }
}
