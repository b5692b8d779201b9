//! SQLite database files, read page by page.
//!
//! The file format is small and fixed (<https://sqlite.org/fileformat2.html>), and reading it directly is what a scan needs: a
//! mapped file of any size without a copy, tables on all threads, no SQL of a stranger's run (views and triggers are never
//! evaluated; what they show lies in tables), nothing beside the file touched, and the rest of a damaged one read. `pages.rs`
//! walks the trees of pages, `record.rs` takes rows apart, `schema.rs` knows what columns are called. `anew.rs` writes a database
//! with other values in some cells, for tests of recall.

use std::sync::Arc;

use super::{Chunk, Extent, Format, Head, Likelihood, Part, Piece, ReadOptions, Reader, Sink};
use crate::error::Problem;
use crate::input::Body;

mod anew;
mod pages;
mod record;
mod schema;

pub(crate) use anew::{each_cell, written};
use pages::{File, Leaf, Walk};
use record::Values;
use schema::{Table, tables};

/// SQLite databases.
pub(super) struct Sqlite;

/// How a database file starts.
const MAGIC: &[u8] = b"SQLite format 3\0";

impl Format for Sqlite {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        head.bytes.starts_with(MAGIC).then_some(Likelihood::Magic)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        let whole = body.into_blob("a SQLite database", &options.limits, &head.budget)?;
        let file = Arc::new(File::new(whole.bytes)?);
        let mut problems: Vec<Problem> = whole.cut.into_iter().collect();
        if file.is_cut() {
            problems.push(Problem::lost(
                "the file is shorter than its header says: pages at its end are missing",
            ));
        }
        if file.logs_ahead() {
            problems.push(Problem::note(
                "in write-ahead mode: changes that are only in a file ending in -wal beside it are not in it",
            ));
        }
        let mut walk = Walk::new(&file);
        let (tables, virtual_ones) = tables(&file, &mut walk, &mut problems);
        if virtual_ones > 0 {
            problems.push(Problem::note(format!(
                "{virtual_ones} virtual tables are read as the tables that hold their content"
            )));
        }
        problems.reverse();
        Ok(Box::new(Database {
            file,
            walk,
            tables: tables.into_iter(),
            current: None,
            problems,
            block_size: options.block_size,
        }))
    }
}

struct Database {
    file: Arc<File>,
    walk: Walk,
    tables: std::vec::IntoIter<Table>,
    /// The table that is read.
    current: Option<Arc<Table>>,
    /// Problems to tell, the next one last.
    problems: Vec<Problem>,
    block_size: usize,
}

impl Reader for Database {
    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Problem> {
        loop {
            if let Some(problem) = self.problems.pop() {
                return Err(problem);
            }
            let Some(table) = self.current.clone() else {
                let Some(table) = self.tables.next() else {
                    return Ok(None);
                };
                self.walk.start(table.root);
                self.current = Some(Arc::new(table));
                continue;
            };
            let wanted = (self.block_size / self.file.page_size()).max(1);
            let leaves = self.walk.leaves(&self.file, wanted, &mut self.problems);
            if leaves.is_empty() {
                self.current = None;
                continue;
            }
            return Ok(Some(Piece::Chunk(Part {
                table: Some(table.name.clone()),
                first_row: None,
                bytes: leaves.len() * self.file.page_size(),
                chunk: Box::new(Leaves {
                    file: self.file.clone(),
                    table,
                    pages: leaves,
                }),
            })));
        }
    }

    fn position(&self) -> u64 {
        self.file.len()
    }
}

/// Pages of rows.
struct Leaves {
    file: Arc<File>,
    table: Arc<Table>,
    pages: Vec<Leaf>,
}

impl Chunk for Leaves {
    fn read(&self, sink: &mut dyn Sink) -> Extent {
        let mut values = Values::new(&self.table, self.file.encoding(), sink);
        let mut payload = Vec::new();
        for leaf in &self.pages {
            let mut lost = 0;
            for cell in self.file.cells(leaf.page) {
                let read = cell.and_then(|cell| {
                    let bytes = self.file.payload(&cell, leaf.may_overflow, &mut payload);
                    values.row(bytes, cell.rowid)
                });
                lost += u32::from(read.is_none());
            }
            if lost > 0 {
                let problem = format!("page {}: {lost} rows could not be read in full", leaf.page);
                values.problem(Problem::lost(problem).at(self.file.offset(leaf.page)));
            }
        }
        Extent {
            records: values.finish(),
            lines: 0,
        }
    }
}
