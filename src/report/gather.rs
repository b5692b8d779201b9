//! What documents about a whole scan are made of: columns that hold personal data, inputs that were not read, totals.
//!
//! Findings are counted, not kept, and there are bounds on what is: a result of a million columns becomes a document
//! that says how many it leaves out.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use super::layout::{column_rank, rank};
use super::words::Words;
use super::{ReportOptions, ReportWriter};
use crate::event::{
    ColumnRecord, DecisionRecord, Event, FileRecord, Place, PolicyRecord, PseudonymRecord,
    ScanRecord, Status, Summary,
};

/// Columns kept.
const COLUMNS: usize = 50_000;
/// Inputs kept that have a reason.
const INPUTS: usize = 20_000;
/// Formats told apart.
const FORMATS: usize = 200;

/// A whole scan, without its findings.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) scan: ScanRecord,
    /// Columns in which something was found, most sensitive first once all are there.
    pub(super) columns: Vec<ColumnRecord>,
    /// Such columns that are counted and not kept.
    pub(super) more_columns: u64,
    /// Columns that were looked at.
    pub(super) columns_read: u64,
    /// Tables with personal data.
    pub(super) tables: u64,
    /// Inputs with personal data.
    pub(super) inputs: u64,
    /// Inputs that were not read in full, or of which something else should be known.
    pub(super) noted: Vec<FileRecord>,
    /// Such inputs that are counted and not kept.
    pub(super) more_noted: u64,
    /// Inputs and bytes by format.
    pub(super) formats: BTreeMap<String, (u64, u64)>,
    pub(super) policies: Vec<PolicyRecord>,
    pub(super) decisions: Vec<DecisionRecord>,
    /// Columns of hashes of plain values; the scan keeps no more than some dozens.
    pub(super) pseudonyms: Vec<PseudonymRecord>,
    pub(super) summary: Summary,
    /// Where the last column with personal data was.
    last: Option<Arc<Place>>,
}

impl Gathered {
    pub(super) fn take(&mut self, event: &Event) {
        match event {
            Event::Scan(scan) => self.scan = scan.clone(),
            Event::Finding(_) => {}
            Event::Pseudonym(pseudonym) => self.pseudonyms.push(pseudonym.clone()),
            Event::Column(column) => self.column(column),
            Event::File(file) => self.file(file),
            Event::Policy(policy) => self.policies.push(policy.clone()),
            Event::Decision(decision) => self.decisions.push(decision.clone()),
            Event::Summary(summary) => self.summary = summary.clone(),
        }
    }

    fn column(&mut self, column: &ColumnRecord) {
        self.columns_read += 1;
        if column.detectors.is_empty() {
            return;
        }
        let place = &column.place;
        let (mut new_input, mut new_table) = (true, true);
        if let Some(last) = &self.last {
            new_input = last.file != place.file || last.member != place.member;
            new_table = new_input || last.table != place.table;
        }
        self.inputs += u64::from(new_input);
        self.tables += u64::from(new_table);
        self.last = Some(Arc::clone(place));
        if self.columns.len() < COLUMNS {
            self.columns.push(column.clone());
        } else {
            self.more_columns += 1;
        }
    }

    fn file(&mut self, file: &FileRecord) {
        let format = file.format.as_deref().unwrap_or("?");
        if self.formats.len() < FORMATS || self.formats.contains_key(format) {
            let entry = self.formats.entry(format.to_owned()).or_default();
            entry.0 += 1;
            entry.1 += file.bytes;
        }
        if file.status == Status::Scanned && file.reason.is_none() {
            return;
        }
        if self.noted.len() < INPUTS {
            self.noted.push(file.clone());
        } else {
            self.more_noted += 1;
        }
    }

    /// Decisions, those first that need a look: expired, then not used.
    pub(super) fn decisions_in_order(&self) -> impl Iterator<Item = &DecisionRecord> {
        let states = ["expired", "unused", "used"];
        let of = |state: &'static str| {
            let all = self.decisions.iter();
            all.filter(move |decision| decision.status == state)
        };
        let known = move |decision: &&DecisionRecord| states.contains(&&*decision.status);
        let others = self
            .decisions
            .iter()
            .filter(move |decision| !known(decision));
        states.into_iter().flat_map(of).chain(others)
    }

    /// The name of a detector; its id where the result names no such rule.
    pub(super) fn name_of<'n>(&'n self, id: &'n str, words: &Words) -> &'n str {
        let rules = &self.scan.rules.detectors;
        let used = rules.iter().find(|rule| *rule.id == *id);
        used.map_or(id, |rule| rule.name_in(words.code))
    }

    /// Puts what matters most first.
    pub(super) fn sort(&mut self) {
        self.columns.sort_by_key(column_rank);
        self.noted
            .sort_by_key(|file| std::cmp::Reverse(file.status));
    }

    /// Categories with how many columns and findings each has, most sensitive first.
    pub(super) fn categories(&self) -> Vec<Category> {
        let mut counts: BTreeMap<(u8, &str), Category> = BTreeMap::new();
        for column in &self.columns {
            let mut before = Vec::new();
            for found in &column.detectors {
                let name = &*found.category;
                let category = counts
                    .entry((rank(name), name))
                    .or_insert_with(|| Category {
                        name: name.to_owned(),
                        columns: 0,
                        findings: 0,
                    });
                category.findings += found.matches;
                if !before.contains(&name) {
                    category.columns += 1;
                    before.push(name);
                }
            }
        }
        counts.into_values().collect()
    }
}

/// How much there is of a category.
pub(super) struct Category {
    pub(super) name: String,
    pub(super) columns: u64,
    pub(super) findings: u64,
}

/// Writes a document from what was gathered.
pub(super) type Render = fn(&Gathered, &ReportOptions, &mut dyn Write) -> io::Result<()>;

/// A report that is written once everything is known.
pub(super) struct Document<'w> {
    out: Box<dyn Write + Send + 'w>,
    options: ReportOptions,
    gathered: Gathered,
    render: Render,
}

impl<'w> Document<'w> {
    pub(super) fn new(
        out: Box<dyn Write + Send + 'w>,
        options: ReportOptions,
        render: Render,
    ) -> Self {
        Self {
            out,
            options,
            gathered: Gathered::default(),
            render,
        }
    }
}

impl ReportWriter for Document<'_> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.gathered.take(event);
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.gathered.sort();
        let mut out = BufWriter::new(&mut self.out);
        (self.render)(&self.gathered, &self.options, &mut out)?;
        out.flush()
    }
}
