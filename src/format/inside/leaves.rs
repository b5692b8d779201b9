//! What an opened cell holds: values with their paths, and where in the cell each came from.

use std::ops::Range;

/// Values of a cell; one with more is left as it is.
pub(super) const MOST: usize = 10_000;
/// Bytes of a path.
const LONGEST_PATH: usize = 300;

/// The values of one cell.
#[derive(Default)]
pub(super) struct Leaves {
    list: Vec<Leaf>,
    paths: String,
    text: Vec<u8>,
    /// The path of what is being read.
    path: String,
    /// Where the text that is being read lies in the cell.
    frames: Vec<Frame>,
    depth: usize,
    /// Whether there are more.
    is_cut: bool,
}

/// A value of a cell.
struct Leaf {
    path: Range<usize>,
    text: Range<usize>,
    at: Range<usize>,
    is_exact: bool,
}

/// A value as it is given out.
pub(super) struct Given<'l> {
    /// Its path below the cell's column; empty where it belongs to that column itself.
    pub(super) path: &'l str,
    pub(super) text: &'l [u8],
    /// Where in the cell it came from.
    pub(super) at: Range<usize>,
    /// Whether its bytes stand there as they are.
    pub(super) is_exact: bool,
}

/// Where a text that is being read came from.
enum Frame {
    /// It stands in the cell, from this place on.
    Exact(usize),
    /// It was made from this stretch of the cell.
    Made(Range<usize>),
}

/// How far leaves have come.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    leaves: usize,
    path: usize,
}

impl Leaves {
    pub(super) fn clear(&mut self) {
        self.list.clear();
        self.paths.clear();
        self.text.clear();
        self.path.clear();
        self.frames.clear();
        self.depth = 0;
        self.is_cut = false;
    }

    /// Begins a cell.
    pub(super) fn begin(&mut self) {
        self.frames.push(Frame::Exact(0));
    }

    /// Whether there are any, and these are all.
    pub(super) fn are_all(&self) -> bool {
        !self.list.is_empty() && !self.is_cut
    }

    /// Goes into a member of this name; [`Leaves::up`] goes back to where that was.
    pub(super) fn down(&mut self, name: &[u8]) -> usize {
        let before = self.path.len();
        if before + name.len() <= LONGEST_PATH {
            let name = String::from_utf8_lossy(name);
            if !(self.path.is_empty() || name.starts_with('[')) {
                self.path.push('.');
            }
            self.path.push_str(&name);
        }
        before
    }

    pub(super) fn up(&mut self, before: usize) {
        self.path.truncate(before);
    }

    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    pub(super) fn deeper(&mut self) {
        self.depth += 1;
    }

    pub(super) fn higher(&mut self) {
        self.depth -= 1;
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            leaves: self.list.len(),
            path: self.path.len(),
        }
    }

    pub(super) fn back_to(&mut self, mark: Mark) {
        self.list.truncate(mark.leaves);
        self.path.truncate(mark.path);
    }

    /// A value that stands in the text being read as it is. What is in it is opened, too.
    pub(super) fn stored(&mut self, text: &[u8], at: Range<usize>) {
        let place = self.place(&at);
        let is_exact = matches!(self.frames.last(), Some(Frame::Exact(_)));
        let frame = if is_exact {
            Frame::Exact(place.start)
        } else {
            Frame::Made(place.clone())
        };
        self.add(&text[at], place, is_exact, frame);
    }

    /// A value that was made from a stretch of the text being read.
    pub(super) fn made(&mut self, text: &[u8], at: Range<usize>) {
        let place = self.place(&at);
        self.add(text, place.clone(), false, Frame::Made(place));
    }

    /// Reads a text that was made from a stretch of the one being read.
    pub(super) fn within<T>(&mut self, at: &Range<usize>, read: impl FnOnce(&mut Self) -> T) -> T {
        let place = self.place(at);
        self.frames.push(Frame::Made(place));
        let result = read(self);
        self.frames.pop();
        result
    }

    fn place(&self, at: &Range<usize>) -> Range<usize> {
        match self.frames.last() {
            Some(Frame::Made(whole)) => whole.clone(),
            Some(Frame::Exact(start)) => start + at.start..start + at.end,
            None => at.clone(),
        }
    }

    fn add(&mut self, text: &[u8], at: Range<usize>, is_exact: bool, frame: Frame) {
        if self.list.len() >= MOST {
            self.is_cut = true;
        }
        if text.is_empty() || self.is_cut {
            return;
        }
        self.frames.push(frame);
        let opened = super::open_within(text, self);
        self.frames.pop();
        if opened {
            return;
        }
        let (path_at, text_at) = (self.paths.len(), self.text.len());
        self.paths.push_str(&self.path);
        self.text.extend_from_slice(text);
        self.list.push(Leaf {
            path: path_at..self.paths.len(),
            text: text_at..self.text.len(),
            at,
            is_exact,
        });
    }

    /// Moves all places to where they are in the cell, whose quotes are doubled; `plain` is what was read.
    pub(super) fn double(&mut self, plain: &[u8]) {
        let quotes: Vec<usize> = memchr::memchr_iter(b'"', plain).collect();
        let before = |at: usize| quotes.partition_point(|&quote| quote < at);
        for leaf in &mut self.list {
            let (start, end) = (before(leaf.at.start), before(leaf.at.end));
            leaf.is_exact &= start == end;
            leaf.at = leaf.at.start + start..leaf.at.end + end;
        }
    }

    /// The values, in the order of the cell.
    pub(super) fn iter(&self) -> impl Iterator<Item = Given<'_>> {
        self.list.iter().map(|leaf| Given {
            path: &self.paths[leaf.path.clone()],
            text: &self.text[leaf.text.clone()],
            at: leaf.at.clone(),
            is_exact: leaf.is_exact,
        })
    }
}
