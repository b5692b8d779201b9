//! What the table remembers of a scan: columns that hold personal data, and what was not read.
//!
//! Findings are not kept. Inputs with the same status and reason are kept together, and named only as far as they will
//! be shown, so that a folder of a million pictures costs nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::event::{
    ColumnRecord, DecisionRecord, Event, FileRecord, Place, PolicyRecord, PseudonymRecord, Status,
    Summary,
};

/// Inputs named for each reason when not all of them are.
const NAMED: usize = 10;

/// What the table shows.
#[derive(Default)]
pub(super) struct Overview {
    /// Inputs with personal data.
    pub(super) inputs: Vec<InputFound>,
    /// How many inputs were read and hold nothing.
    pub(super) clean: Named,
    /// Inputs that have a reason: by how reading them ended, worst first, then by reason.
    pub(super) reasons: BTreeMap<(Ending, String), Named>,
    /// Policies that there are.
    pub(super) policies: Vec<PolicyRecord>,
    /// Decisions that need a look: expired or not used.
    pub(super) decisions: Vec<DecisionRecord>,
    pub(super) pseudonyms: Vec<PseudonymRecord>,
    /// Totals.
    pub(super) summary: Option<Summary>,
    /// Columns of the input whose file record is still to come.
    pending: Vec<TableFound>,
    pending_of: Option<(Arc<str>, Option<Arc<str>>)>,
    verbose: bool,
}

/// An input with personal data.
pub(super) struct InputFound {
    pub(super) file: Arc<str>,
    pub(super) member: Option<Arc<str>>,
    pub(super) format: Option<String>,
    /// How many records it has, where only a sample of them was looked at.
    pub(super) sampled_of: Option<u64>,
    pub(super) tables: Vec<TableFound>,
}

/// A table with personal data, in an input.
pub(super) struct TableFound {
    pub(super) table: Option<Arc<str>>,
    pub(super) rows: u64,
    /// Only those in which something was found.
    pub(super) columns: Vec<ColumnRecord>,
}

/// How reading ended, in the order in which it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ending {
    Failed,
    Partial,
    Skipped,
    Noted,
}

/// Inputs, of which some or all are named.
#[derive(Default)]
pub(super) struct Named {
    pub(super) count: u64,
    pub(super) names: Vec<String>,
}

impl Overview {
    pub(super) fn new(verbose: bool) -> Self {
        Self {
            verbose,
            ..Self::default()
        }
    }

    pub(super) fn take(&mut self, event: &Event) {
        match event {
            Event::Column(column) if !column.detectors.is_empty() => self.column(column),
            Event::File(file) => self.file(file),
            Event::Pseudonym(pseudonym) => self.pseudonym(pseudonym),
            Event::Policy(policy) => self.policies.push(policy.clone()),
            Event::Decision(decision) if decision.status != "used" => {
                self.decisions.push(decision.clone());
            }
            Event::Summary(summary) => {
                self.close(None);
                self.summary = Some(summary.clone());
            }
            _ => {}
        }
    }

    /// An input with hashes of personal data is no longer one in which nothing was found.
    fn pseudonym(&mut self, pseudonym: &PseudonymRecord) {
        let Place { file, member, .. } = &*pseudonym.place;
        let mut before = self.pseudonyms.iter().map(|known| &known.place);
        let is_known = before.any(|known| (&known.file, &known.member) == (file, member))
            || self
                .inputs
                .iter()
                .any(|input| (&input.file, &input.member) == (file, member));
        if !is_known {
            let name = input_name(file, member.as_deref());
            self.clean.count = self.clean.count.saturating_sub(1);
            self.clean.names.retain(|known| *known != name);
        }
        self.pseudonyms.push(pseudonym.clone());
    }

    fn column(&mut self, column: &ColumnRecord) {
        let Place {
            file,
            member,
            table,
            ..
        } = &*column.place;
        let of = (Arc::clone(file), member.clone());
        if self.pending_of.as_ref().is_some_and(|before| *before != of) {
            self.close(None);
        }
        self.pending_of = Some(of);
        match self.pending.last_mut() {
            Some(last) if last.table == *table => last.columns.push(column.clone()),
            _ => self.pending.push(TableFound {
                table: table.clone(),
                rows: column.rows,
                columns: vec![column.clone()],
            }),
        }
    }

    fn file(&mut self, file: &FileRecord) {
        let name = input_name(&file.file, file.member.as_deref());
        let of = (Arc::clone(&file.file), file.member.clone());
        let found = self.pending_of.as_ref() == Some(&of);
        if found {
            self.close(Some(file));
        } else if file.status == Status::Scanned && !self.holds_found_member(file) {
            self.clean.add(&name, self.verbose, NAMED);
        }
        let ending = match (file.status, &file.reason) {
            (Status::Failed, _) => Ending::Failed,
            (Status::Partial, _) => Ending::Partial,
            (Status::Skipped, _) => Ending::Skipped,
            (Status::Scanned, Some(_)) => Ending::Noted,
            (Status::Scanned, None) => return,
        };
        // How many records that is differs from input to input, and would keep them apart.
        let sample = file
            .is_sample()
            .then_some("a sample of the records was looked at");
        let parts: Vec<&str> = sample.into_iter().chain(file.reason_but_sample()).collect();
        let reason = match &*parts {
            [] => "no reason is known".into(),
            parts => parts.join("; "),
        };
        let named = self.reasons.entry((ending, reason)).or_default();
        named.add(&name, self.verbose, NAMED);
    }

    /// Whether the input is an archive with a member that was found to hold something, which came just before.
    fn holds_found_member(&self, file: &FileRecord) -> bool {
        self.inputs.last().is_some_and(|last| {
            let member = last.member.as_deref().unwrap_or_default();
            last.file == file.file
                && match &file.member {
                    None => !member.is_empty(),
                    Some(outer) => member
                        .strip_prefix(&**outer)
                        .is_some_and(|rest| rest.starts_with("!/")),
                }
        })
    }

    /// The pending columns become an input.
    fn close(&mut self, record: Option<&FileRecord>) {
        if let Some((file, member)) = self.pending_of.take() {
            self.inputs.push(InputFound {
                file,
                member,
                format: record.and_then(|record| record.format.clone()),
                sampled_of: record
                    .filter(|record| record.is_sample())
                    .map(|record| record.records),
                tables: std::mem::take(&mut self.pending),
            });
        }
    }
}

impl Named {
    fn add(&mut self, name: &str, all: bool, some: usize) {
        self.count += 1;
        if all || self.names.len() < some {
            self.names.push(name.to_owned());
        }
    }
}

/// What people call an input.
pub(crate) fn input_name(file: &str, member: Option<&str>) -> String {
    match member {
        Some(member) => format!("{file}!/{member}"),
        None => file.to_owned(),
    }
}
