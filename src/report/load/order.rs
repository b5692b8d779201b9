//! The order of a scan: for each input its findings, its columns and its file record. Documents keep findings apart
//! from columns and files; here they come together again.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use hashbrown::HashMap;

use super::Emit;
use crate::event::{
    ColumnRecord, DecisionRecord, Event, FileRecord, Finding, PolicyRecord, PseudonymRecord,
    ScanRecord, Summary,
};

/// All records of a result that are no findings.
#[derive(Default)]
pub(in crate::report) struct Rest {
    pub(in crate::report) scan: Option<ScanRecord>,
    pub(in crate::report) columns: VecDeque<ColumnRecord>,
    pub(in crate::report) files: VecDeque<FileRecord>,
    pub(in crate::report) policies: Vec<PolicyRecord>,
    pub(in crate::report) decisions: Vec<DecisionRecord>,
    pub(in crate::report) pseudonyms: Vec<PseudonymRecord>,
    pub(in crate::report) summary: Option<Summary>,
}

/// An input: its file and the path within it.
type Key = (Arc<str>, Option<Arc<str>>);

/// Gives out the rest between findings.
pub(super) struct Merge {
    rest: Rest,
    /// How many inputs with this name are still to come.
    ahead: HashMap<Key, usize>,
}

impl Merge {
    pub(super) fn new(rest: Rest) -> Self {
        let mut ahead = HashMap::new();
        for file in &rest.files {
            *ahead
                .entry((Arc::clone(&file.file), file.member.clone()))
                .or_default() += 1;
        }
        Self { rest, ahead }
    }

    /// Gives out a finding, and before it all inputs that were done before its own.
    pub(super) fn finding(&mut self, finding: Finding, emit: &mut Emit<'_>) -> io::Result<()> {
        let is_own = |file: &FileRecord| {
            file.file == finding.place.file && file.member == finding.place.member
        };
        let current = self.rest.files.front().is_some_and(is_own);
        if !current {
            let key = (
                Arc::clone(&finding.place.file),
                finding.place.member.clone(),
            );
            if self.ahead.get(&key).is_some_and(|count| *count > 0) {
                while self.rest.files.front().is_some_and(|file| !is_own(file)) {
                    self.input(emit)?;
                }
            }
        }
        emit(&Event::Finding(finding))
    }

    /// Gives out the columns and the record of the next input.
    fn input(&mut self, emit: &mut Emit<'_>) -> io::Result<()> {
        let Some(file) = self.rest.files.pop_front() else {
            return Ok(());
        };
        let key = (Arc::clone(&file.file), file.member.clone());
        if let Some(count) = self.ahead.get_mut(&key) {
            *count -= 1;
        }
        while let Some(column) = self.rest.columns.pop_front_if(|column| {
            column.place.file == file.file && column.place.member == file.member
        }) {
            emit(&Event::Column(column))?;
        }
        emit(&Event::File(file))
    }

    /// Gives out what is left.
    pub(super) fn finish(mut self, emit: &mut Emit<'_>) -> io::Result<()> {
        while !self.rest.files.is_empty() {
            self.input(emit)?;
        }
        for column in self.rest.columns {
            emit(&Event::Column(column))?;
        }
        for pseudonym in self.rest.pseudonyms {
            emit(&Event::Pseudonym(pseudonym))?;
        }
        for decision in self.rest.decisions {
            emit(&Event::Decision(decision))?;
        }
        for policy in self.rest.policies {
            emit(&Event::Policy(policy))?;
        }
        match self.rest.summary {
            Some(summary) => emit(&Event::Summary(summary)),
            None => Ok(()),
        }
    }
}
