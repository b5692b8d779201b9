//! Walks through a dump in units: a comment, the head of a statement, one row, one line of COPY.
//!
//! Both the cutter, which runs ahead, and the chunks, which read values, take the same walk; what one of them sees the other
//! sees. A unit is read whole or not at all, and what it is depends on its own text and on the [`State`] before it alone.
//! So a dump may be cut between any two units. A statement that is broken is read as text up to the next one.

use std::borrow::Cow;
use std::sync::Arc;

use hashbrown::HashMap;

use super::dialect::Dialect;
use super::lex::{Escape, Step, Stop, Text};
use super::recover::{next_statement, whole_lines};
use crate::input::blocks::LONGEST_RECORD;
use crate::input::charset::Charset;

/// Where rows go.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) table: Arc<str>,
    /// Its columns; those that aren't known are `column_1` and so on.
    pub(super) names: Arc<[String]>,
}

/// What a walk meets.
pub(super) trait Visit {
    /// The rows that follow go there.
    fn target(&mut self, target: &Arc<Target>);
    /// A value of the row.
    fn cell(&mut self, start: usize, end: usize, column: u32, escape: Escape);
    /// The row is complete.
    fn row(&mut self);
    /// A comment, or a literal that is in no row.
    fn text(&mut self, start: usize, end: usize, escape: Escape);
    /// A unit is complete; the next one starts here.
    fn done(&mut self, next: usize);
    /// What was met since the last complete unit doesn't hold.
    fn undo(&mut self);
    /// Whether to stop after this unit.
    fn is_enough(&self) -> bool {
        false
    }
}

/// How COPY writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CopyFormat {
    pub(super) delimiter: u8,
    pub(super) null: Vec<u8>,
    pub(super) csv: bool,
}

/// What the walk is in.
#[derive(Clone, Debug)]
pub(super) enum Mode {
    /// Between statements.
    Statement,
    /// Behind `VALUES`.
    Rows(Arc<Target>),
    /// Behind `INSERT INTO … `, before or between `SELECT`s.
    Selects(Arc<Target>),
    /// In the data of COPY.
    Copy(Arc<Target>, Arc<CopyFormat>),
    /// In another statement; `nest` counts the blocks of a routine that are open.
    Other { routine: bool, nest: u32 },
    /// Behind a broken statement.
    Lost,
    /// Too much is broken.
    GivenUp,
}

/// What is known at a place between two units.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// What the text that is walked through is written in: that of a dump before it is decoded, or UTF-8.
    pub(super) encoding: Charset,
    pub(super) mode: Mode,
    pub(super) dialect: Dialect,
    /// The columns of tables that were created, by name in lower case.
    pub(super) catalog: Arc<HashMap<Vec<u8>, Arc<[String]>>>,
    /// Heads of the last INSERT statements, as stored, and what they mean.
    pub(super) heads: Vec<(Arc<[u8]>, Arc<Target>)>,
    /// What `DELIMITER` said ends a statement.
    pub(super) delimiter: Option<Arc<[u8]>>,
    /// Whether a line starts here.
    pub(super) line_start: bool,
    /// Words met since the cut before that may start a head, and those of them that start none. That may depend on text far
    /// behind: a chunk, which may end sooner, is told.
    pub(super) heads_met: u32,
    pub(super) no_heads: Vec<u32>,
    pub(super) is_told: bool,
    /// Bytes looked at in vain, and bytes walked through.
    wasted: u64,
    walked: u64,
    /// Statements that were broken.
    broken: u32,
}

impl State {
    pub(super) fn new(dialect: Dialect, encoding: Charset) -> Self {
        Self {
            encoding,
            mode: Mode::Statement,
            dialect,
            catalog: Arc::default(),
            heads: Vec::new(),
            delimiter: None,
            line_start: true,
            heads_met: 0,
            no_heads: Vec::new(),
            is_told: false,
            wasted: 0,
            walked: 0,
            broken: 0,
        }
    }
}

/// Statements that may be broken.
const MAY_BREAK: u32 = 10_000;
/// Bytes that may be looked at in vain whatever the size; beyond, no more than eight for each byte of the dump.
const MAY_WASTE: u64 = 128 << 20;

/// A walk through a stretch of text.
pub(super) struct Walk<'t, 'v, V> {
    pub(super) text: Text<'t>,
    pub(super) state: &'v mut State,
    pub(super) visit: &'v mut V,
    /// Where the unit starts.
    pub(super) unit: usize,
    /// Up to where the unit has been searched for another statement within it.
    pub(super) searched: usize,
    /// Whether the head that is read has comments.
    pub(super) commented: bool,
}

/// How far a walk came.
pub(super) enum Walked {
    /// To a place between units; 0 when the text ends within its first one.
    To(usize),
    /// Nowhere: this many bytes are a statement that is broken.
    Broken(usize),
}

/// Walks from the start of a text to the first place between units at or behind `target`, or before a broken statement.
pub(super) fn walk<V: Visit>(
    text: Text<'_>,
    state: &mut State,
    target: usize,
    visit: &mut V,
) -> Walked {
    let mut at = 0;
    while at < target && at < text.bytes.len() && !visit.is_enough() {
        let limit = text.bytes.len().min(at + LONGEST_RECORD);
        let mut walk = Walk {
            text: Text {
                bytes: &text.bytes[..limit],
                ended: text.ended && limit == text.bytes.len(),
            },
            state,
            visit,
            unit: at,
            searched: at,
            commented: false,
        };
        let next = match walk.unit() {
            Ok(next) => next,
            Err(stop) => {
                walk.visit.undo();
                let is_all = text.ended || limit - at >= LONGEST_RECORD;
                if at > 0 || stop == Stop::Short && !is_all {
                    return Walked::To(at);
                }
                let Some(next) = walk.recover(stop) else {
                    return Walked::To(0);
                };
                state.go(text, at, next);
                return Walked::Broken(next);
            }
        };
        visit.done(next);
        state.go(text, at, next);
        at = next;
    }
    Walked::To(at)
}

impl State {
    /// A name as it is meant: the same before a text is decoded and after.
    pub(super) fn name<'n>(&self, bytes: &'n [u8]) -> Cow<'n, str> {
        self.encoding.decode(bytes)
    }

    /// Goes on from one place to another.
    fn go(&mut self, text: Text<'_>, from: usize, to: usize) {
        if to > from {
            self.line_start = text.bytes[to - 1] == b'\n';
        }
        self.walked += (to - from) as u64;
    }
}

impl<V: Visit> Walk<'_, '_, V> {
    /// Reads one unit; gives the place behind it.
    fn unit(&mut self) -> Step<usize> {
        let at = self.unit;
        match &self.state.mode {
            Mode::Statement => self.statement(at),
            Mode::Rows(_) => self.rows(at),
            Mode::Selects(_) => self.selects(at),
            Mode::Copy(..) => self.copy_line(at),
            Mode::Other { .. } => self.other(at),
            Mode::Lost | Mode::GivenUp => self.lost_lines(at),
        }
    }

    /// Whether a line starts at this place.
    pub(super) fn is_line_start(&self, at: usize) -> bool {
        match at.checked_sub(1) {
            Some(before) => self.text.bytes[before] == b'\n',
            None => self.state.line_start,
        }
    }

    /// Where the next statement starts, behind one that is broken. None when that can't be told before more is read.
    fn recover(&mut self, stop: Stop) -> Option<usize> {
        let seen = match stop {
            Stop::Broken(place) => place,
            Stop::Short => self.text.bytes.len(),
        };
        let found = next_statement(self.text, self.unit + 1);
        let next = match found {
            Some(next) => next,
            None => whole_lines(self.text, self.unit)?,
        };
        self.state.broken += 1;
        self.state.wasted += seen.saturating_sub(next) as u64;
        let may_waste = MAY_WASTE.max(self.state.walked.saturating_mul(8));
        self.state.mode = match found {
            _ if self.state.wasted > may_waste || self.state.broken > MAY_BREAK => Mode::GivenUp,
            Some(_) => Mode::Statement,
            None => Mode::Lost,
        };
        Some(next)
    }

    /// Text behind a broken statement, up to the next one.
    fn lost_lines(&mut self, at: usize) -> Step<usize> {
        let found = match self.state.mode {
            Mode::Lost => next_statement(self.text, at),
            _ => None,
        };
        let next = match found {
            Some(next) => next,
            None => whole_lines(self.text, at).ok_or(Stop::Short)?,
        };
        if next > at {
            self.visit.text(at, next, Escape::None);
        }
        if found.is_some() {
            self.state.mode = Mode::Statement;
        }
        Ok(next)
    }
}
