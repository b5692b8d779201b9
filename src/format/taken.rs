//! (tests) What comes out of an input: its values, its records, what could not be read, and the names of its members.

use std::collections::BTreeMap;

use super::{Batch, ColumnId, Member, Piece, ReadOptions, Sink, open};
use crate::error::{Problem, Verdict};
use crate::input::{Body, Budget, Bytes, Input};

/// All that comes out of an input.
#[derive(Default)]
pub(super) struct Taken {
    /// The format's name.
    pub(super) format: Option<&'static str>,
    /// Column, text and row of each value.
    pub(super) values: Vec<(String, String, u64)>,
    /// How many records each table has.
    pub(super) records: BTreeMap<String, u64>,
    /// Why something could not be read.
    pub(super) problems: Vec<String>,
    /// Members, those that can't be read with the reason behind their name.
    pub(super) members: Vec<String>,
    columns: Vec<String>,
    first: u64,
}

impl Sink for Taken {
    fn column(&mut self, name: &str) -> ColumnId {
        self.columns.push(name.to_owned());
        ColumnId(self.columns.len() as u32 - 1)
    }

    fn batch(&mut self, batch: Batch<'_>) {
        for (index, value) in batch.values.iter().enumerate() {
            let text = &batch.text[value.start as usize..value.end as usize];
            let column = &self.columns[value.column.0 as usize];
            for row in batch.rows.of(index) {
                self.values.push((
                    column.clone(),
                    String::from_utf8_lossy(text).into_owned(),
                    self.first + u64::from(*row),
                ));
            }
        }
    }

    fn problem(&mut self, problem: Problem) {
        self.problems.push(problem.reason);
    }
}

impl Taken {
    /// The texts of a column.
    pub(super) fn column_texts(&self, column: &str) -> Vec<&str> {
        let values = self.values.iter();
        values
            .filter(|(name, ..)| name == column)
            .map(|(_, text, _)| text.as_str())
            .collect()
    }
}

/// Opens an input and reads all of it.
pub(super) fn take(name: &str, bytes: &[u8]) -> Taken {
    let input = Input {
        name: name.into(),
        folder: None,
        depth: 0,
        body: Body::Blob(Bytes::copy_from_slice(bytes)),
        budget: Budget::default(),
    };
    let opened = open(input, &ReadOptions::default());
    let mut taken = Taken {
        format: opened.format,
        ..Taken::default()
    };
    let mut reader = match opened.reader {
        Ok(reader) => reader,
        Err(problem) => {
            taken.problem(problem);
            return taken;
        }
    };
    loop {
        match reader.next_piece() {
            Ok(None) => return taken,
            Ok(Some(Piece::Chunk(part))) => {
                let table = part.table.as_deref().unwrap_or_default().to_owned();
                let known = taken.records.get(&table).copied().unwrap_or(0);
                taken.first = part.first_row.unwrap_or(known);
                let extent = part.chunk.read(&mut taken);
                *taken.records.entry(table).or_default() += extent.records;
            }
            Ok(Some(Piece::Member(Member { name, .. }) | Piece::Apart(Member { name, .. }))) => {
                taken.members.push(name);
            }
            Ok(Some(Piece::Unread(unread))) => {
                let reason = unread.problem.reason;
                taken.members.push(format!("{}: {reason}", unread.name));
            }
            Err(problem) => {
                let goes_on = matches!(problem.verdict, Verdict::Lost | Verdict::Note);
                taken.problem(problem);
                if !goes_on {
                    return taken;
                }
            }
        }
    }
}
