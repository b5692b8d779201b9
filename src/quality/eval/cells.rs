//! The masked values of cells, read once more: of what was missed there is no finding to show.

use std::path::Path;

use hashbrown::HashMap;

use crate::detect::mask;
use crate::error::Problem;
use crate::format::{Batch, ColumnId, Piece, ReadOptions, Sink, Value, open};
use crate::input::{Budget, Input};
use crate::raw::Raw;
use crate::rule::Mask;

/// A cell: table, column, row from 1; and the stretch of it that is meant, where it is known.
pub(super) type Cell = (String, String, u64, Option<(u64, u64)>);

/// Cells by their row, with the mask of each.
type Wanted = HashMap<u64, Vec<(Cell, Mask)>>;

/// The masked values of some cells of a file. Members of archives and what can't be read are left out.
pub(super) fn masked(path: &Path, cells: Vec<(Cell, Mask)>) -> HashMap<Cell, String> {
    let mut found = HashMap::new();
    let mut wanted: Wanted = HashMap::new();
    for (cell, rule) in cells {
        wanted.entry(cell.2).or_default().push((cell, rule));
    }
    let Ok(crate::input::OpenFile { body, .. }) = crate::input::open(path, true) else {
        return found;
    };
    let input = Input {
        name: path.to_string_lossy().into_owned(),
        folder: None,
        depth: 0,
        body,
        budget: Budget::default(),
    };
    let options = ReadOptions::default();
    let Ok(mut reader) = open(input, &options).reader else {
        return found;
    };
    let mut rows: HashMap<String, u64> = HashMap::new();
    while let Ok(Some(Piece::Chunk(part))) = reader.next_piece() {
        let own = part.table.as_deref().unwrap_or_default().to_owned();
        if let Some(first) = part.first_row {
            rows.insert(own.clone(), first);
        }
        let mut cells = Cells {
            wanted: &wanted,
            found: &mut found,
            rows: &rows,
            table: own.clone(),
            columns: Vec::new(),
            ended: HashMap::new(),
        };
        let extent = part.chunk.read(&mut cells);
        let mut ended = cells.ended;
        *ended.entry(own).or_default() += extent.records;
        for (table, count) in ended {
            *rows.entry(table).or_default() += count;
        }
    }
    found
}

struct Cells<'c> {
    wanted: &'c Wanted,
    found: &'c mut HashMap<Cell, String>,
    /// How many rows each table had before the chunk.
    rows: &'c HashMap<String, u64>,
    /// The table of the columns that are asked for now.
    table: String,
    /// Table and name of each column.
    columns: Vec<(String, String)>,
    /// Rows of other tables than the chunk's own that end in it.
    ended: HashMap<String, u64>,
}

impl Sink for Cells<'_> {
    fn column(&mut self, name: &str) -> ColumnId {
        let mut known = self.columns.iter();
        let known = known.position(|(table, column)| *table == self.table && column == name);
        ColumnId(known.unwrap_or_else(|| {
            self.columns.push((self.table.clone(), name.to_owned()));
            self.columns.len() - 1
        }) as u32)
    }

    fn table(&mut self, table: Option<&std::sync::Arc<str>>) {
        self.table = table.map_or_else(String::new, ToString::to_string);
    }

    fn records(&mut self, count: u64) {
        *self.ended.entry_ref(&self.table).or_default() += count;
    }

    fn batch(&mut self, batch: Batch<'_>) {
        for (index, value) in batch.values.iter().enumerate() {
            // A batch may hold rows of several tables, each counted by itself.
            let (table, column) = &self.columns[value.column.0 as usize];
            let first = self.rows.get(table).copied().unwrap_or(0);
            for row in batch.rows.of(index) {
                let row = first + u64::from(*row) + 1;
                let wanted = self.wanted.get(&row).into_iter().flatten();
                for (cell, rule) in wanted {
                    if cell.0 == *table && cell.1 == *column {
                        self.found
                            .insert(cell.clone(), shown(&batch, *value, cell.3, *rule));
                    }
                }
            }
        }
    }

    fn problem(&mut self, _: Problem) {}
}

/// The masked value, or the stretch of it that is meant.
fn shown(batch: &Batch<'_>, value: Value, span: Option<(u64, u64)>, rule: Mask) -> String {
    let bytes = &batch.text[value.start as usize..value.end as usize];
    let stored = batch.offsets.stored(value.start, value.end);
    let part = span.zip(stored).and_then(|((start, end), (first, _))| {
        let (from, to) = (
            start.checked_sub(first)? as usize,
            end.checked_sub(first)? as usize,
        );
        bytes.get(from..to)
    });
    let mut text = String::new();
    mask::mask(rule, Raw::new(part.unwrap_or(bytes)), &mut text);
    text
}
