//! Fixed-width text: columns that stand below each other, filled up with blanks, as mainframes, report writers and database
//! consoles write them.
//!
//! Where the columns are is seen from the first lines ([`Layout`]). A later line that has something in all places of a gap is
//! none of the table, and a value without a column, as are titles: nothing of the text is lost.

use std::ops::Range;
use std::sync::Arc;

use super::chunked::{Grammar, reader};
use super::records::Records;
use super::text::cut_at_line_feed;
use super::{Format, Head, Likelihood, ReadOptions, Reader};
use crate::error::Problem;
use crate::input::Body;
use crate::input::blocks::Source;

mod layout;

use layout::{Layout, cuts};

/// Text in columns of fixed width.
pub(super) struct Fixed;

impl Format for Fixed {
    fn name(&self) -> &'static str {
        "fixed-width"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let text = head.text.as_deref()?;
        Layout::of(text, head.whole).map(|_| Likelihood::Content)
    }

    fn reads_text(&self) -> bool {
        true
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        // The same look as before, so that it can't come to something else.
        let text = head.text.as_deref().unwrap_or_default();
        let Some(layout) = Layout::of(text, head.whole) else {
            return Err(Problem::failed("its columns could not be told apart"));
        };
        let source = Source::new(body, head.encoding, head.mark)?;
        let grammar = Lines {
            layout: Arc::new(layout),
            is_first: true,
        };
        Ok(reader(grammar, source, options))
    }
}

/// Cuts between lines.
struct Lines {
    layout: Arc<Layout>,
    is_first: bool,
}

/// What a block has to know.
struct Task {
    layout: Arc<Layout>,
    /// Whether it starts with what stands before the table.
    is_first: bool,
}

impl Lines {
    fn task(&mut self) -> Task {
        Task {
            layout: self.layout.clone(),
            is_first: std::mem::take(&mut self.is_first),
        }
    }
}

impl Grammar for Lines {
    type Task = Task;

    fn cut(&mut self, window: &[u8], target: usize, ended: bool) -> Option<(usize, Task)> {
        // What stands before the table is in the first block, however short that may be.
        let before = if self.is_first { self.layout.before } else { 0 };
        let mut ends = memchr::memchr_iter(b'\n', window);
        let least = match before.checked_sub(1) {
            Some(last) => ends.nth(last).map_or(window.len(), |at| at + 1),
            None => 0,
        };
        let len = cut_at_line_feed(window, target.max(least), ended)?;
        Some((len, self.task()))
    }

    fn forced(&mut self, _: &[u8]) -> Task {
        self.task()
    }

    fn read(task: &Task, text: &[u8], last: bool, records: &mut Records<'_>) {
        let layout = &*task.layout;
        let before = if task.is_first { layout.before } else { 0 };
        let mut places = Vec::new();
        let (mut at, mut number) = (0, 0);
        while at < text.len() {
            let end = memchr::memchr(b'\n', &text[at..]).map(|len| at + len);
            let stop = end.unwrap_or(text.len());
            let line = at..at + text[at..stop].trim_ascii_end().len();
            let is_header = before > 0 && layout.header.contains(&number);
            if number >= before {
                record(layout, text, line, records, &mut places);
            } else if !is_header {
                records.whole_line(line);
            }
            if (end.is_some() || last) && number >= before {
                records.next_row();
            }
            number += 1;
            at = stop + 1;
        }
    }
}

/// Gives the fields of a line; `places` is room for where its characters start.
fn record(
    layout: &Layout,
    text: &[u8],
    line: Range<usize>,
    records: &mut Records<'_>,
    places: &mut Vec<usize>,
) {
    let bytes = &text[line.clone()];
    places.clear();
    if !bytes.is_ascii() {
        // All bytes but those in the middle of a character start one.
        let starts = bytes
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte & 0xc0 != 0x80);
        places.extend(starts.map(|(at, _)| at));
    }
    let len = if places.is_empty() {
        bytes.len()
    } else {
        places.len()
    };
    let place = |at: usize| {
        places
            .get(at)
            .copied()
            .unwrap_or(if places.is_empty() { at } else { bytes.len() })
    };
    let Some(fields) = cuts(len, &layout.gaps, |at| bytes[place(at)] == b' ') else {
        return records.whole_line(line);
    };
    for (field, name) in fields.zip(&layout.names) {
        let (start, end) = (place(field.start), place(field.end));
        let value = bytes[start..end].trim_ascii();
        if !value.is_empty() {
            let blanks = bytes[start..end].len() - bytes[start..end].trim_ascii_start().len();
            let from = line.start + start + blanks;
            let column = records.column(name);
            records.value_at(column, from..from + value.len());
        }
    }
}
