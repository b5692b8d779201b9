//! Values without places: for texts that were put together from what an input stores in another way.

use super::{Batch, Chunk, ColumnId, Extent, OffsetMap, Part, Piece, Reader, Sink};
use crate::error::Problem;
use std::sync::Arc;

/// A reader whose values have no place in the stored bytes.
pub(super) struct Unplaced<'a>(pub(super) Box<dyn Reader + 'a>);

impl Reader for Unplaced<'_> {
    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Problem> {
        Ok(self.0.next_piece()?.map(|piece| match piece {
            Piece::Chunk(part) => Piece::Chunk(Part {
                chunk: Box::new(UnplacedChunk(part.chunk)),
                ..part
            }),
            other => other,
        }))
    }

    fn position(&self) -> u64 {
        self.0.position()
    }
}

struct UnplacedChunk(Box<dyn Chunk>);

impl Chunk for UnplacedChunk {
    fn read(&self, sink: &mut dyn Sink) -> Extent {
        let extent = self.0.read(&mut UnplacedSink(sink));
        Extent { lines: 0, ..extent }
    }
}

struct UnplacedSink<'s>(&'s mut dyn Sink);

impl Sink for UnplacedSink<'_> {
    fn column(&mut self, name: &str) -> ColumnId {
        self.0.column(name)
    }

    fn batch(&mut self, batch: Batch<'_>) {
        let offsets = &OffsetMap::None;
        self.0.batch(Batch { offsets, ..batch });
    }

    fn problem(&mut self, problem: Problem) {
        self.0.problem(Problem {
            at: None,
            ..problem
        });
    }

    fn table(&mut self, table: Option<&Arc<str>>) {
        self.0.table(table);
    }

    fn records(&mut self, count: u64) {
        self.0.records(count);
    }
}
