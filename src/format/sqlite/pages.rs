//! Pages: the trees they make, the cells of rows on their leaves, and the chains of pages that long rows go on in.
//!
//! A page is part of one tree, and a chain belongs to one row; a file in which that doesn't hold is damaged or hostile. So each
//! page is walked to once, and long rows together may be no longer than the file.

use bytes::Bytes;

use super::record::varint;
use crate::error::Problem;

/// Kinds of pages.
const INDEX_INNER: u8 = 2;
const TABLE_INNER: u8 = 5;
const INDEX_LEAF: u8 = 10;
const TABLE_LEAF: u8 = 13;

/// A tree is never deeper than this.
const DEEPEST: usize = 64;

/// How text is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Utf16(&'static encoding_rs::Encoding),
}

/// A database file.
pub(super) struct File {
    bytes: Bytes,
    page_size: usize,
    /// Bytes of a page that hold data.
    usable: usize,
    /// Pages by the header.
    claimed: u32,
    encoding: Encoding,
}

/// A page of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    pub(super) page: u32,
    /// Whether its long rows may be followed.
    pub(super) may_overflow: bool,
}

/// A row as it lies on its page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell<'f> {
    /// The part of it on the page.
    local: &'f [u8],
    /// Its length.
    len: usize,
    /// The page that it goes on in.
    next: u32,
    pub(super) rowid: Option<i64>,
}

fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |n, &byte| n << 8 | usize::from(byte))
}

impl File {
    pub(super) fn new(bytes: Bytes) -> Result<Self, Problem> {
        let header = bytes
            .get(..100)
            .ok_or_else(|| Problem::failed("the file is cut off within its header"))?;
        let page_size = match number(&header[16..18]) {
            1 => 65_536,
            size => size,
        };
        let usable = page_size.saturating_sub(usize::from(header[20]));
        if !page_size.is_power_of_two() || page_size < 512 || usable < 480 {
            return Err(Problem::failed("its header claims an impossible page size"));
        }
        let encoding = match number(&header[56..60]) {
            2 => Encoding::Utf16(encoding_rs::UTF_16LE),
            3 => Encoding::Utf16(encoding_rs::UTF_16BE),
            _ => Encoding::Utf8,
        };
        let claimed = number(&header[28..32]) as u32;
        Ok(Self {
            page_size,
            usable,
            // The count holds only where it was written together with the last change.
            claimed: if header[24..28] == header[92..96] {
                claimed
            } else {
                0
            },
            encoding,
            bytes,
        })
    }

    pub(super) fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    pub(super) fn page_size(&self) -> usize {
        self.page_size
    }

    /// Bytes of a page that hold data.
    pub(super) fn usable(&self) -> usize {
        self.usable
    }

    pub(super) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Whether changes go to another file first.
    pub(super) fn logs_ahead(&self) -> bool {
        self.bytes[18] == 2 || self.bytes[19] == 2
    }

    /// Whether pages are missing that the header counts.
    pub(super) fn is_cut(&self) -> bool {
        (self.bytes.len() / self.page_size) < self.claimed as usize
    }

    /// Where a page starts in the file.
    pub(super) fn offset(&self, page: u32) -> u64 {
        u64::from(page.saturating_sub(1)) * self.page_size as u64
    }

    fn page(&self, page: u32) -> Option<&[u8]> {
        let start = (page as usize)
            .checked_sub(1)?
            .checked_mul(self.page_size)?;
        self.bytes.get(start..start.checked_add(self.page_size)?)
    }

    /// The kind of a page, where its header starts, and how many cells it has.
    fn header(&self, page: u32) -> Option<(&[u8], usize, u8, usize)> {
        let bytes = self.page(page)?;
        let at = if page == 1 { 100 } else { 0 };
        let cells = number(bytes.get(at + 3..at + 5)?);
        Some((bytes, at, bytes[at], cells))
    }

    /// Where the cells of a page start.
    fn cell_places(&self, page: u32) -> impl Iterator<Item = (&[u8], usize)> {
        let (bytes, at, kind, cells) = self.header(page).unwrap_or((&[], 0, 0, 0));
        let list = at
            + if matches!(kind, INDEX_INNER | TABLE_INNER) {
                12
            } else {
                8
            };
        let most = self.page_size / 4;
        (0..cells.min(most)).filter_map(move |index| {
            let place = bytes.get(list + 2 * index..list + 2 * index + 2)?;
            Some((bytes, number(place)))
        })
    }

    /// The rows on a leaf, or on an inner page of a table that is kept in its key; none for one that is damaged. Those of a page
    /// are together no longer than the page: all may be said to lie in the same place.
    pub(super) fn cells(&self, page: u32) -> impl Iterator<Item = Option<Cell<'_>>> {
        let kind = self.header(page).map_or(0, |header| header.2);
        let mut left = self.page_size;
        self.cell_places(page).map(move |(bytes, at)| {
            let cell = self.cell(bytes, at, kind)?;
            left = left.checked_sub(cell.local.len())?;
            Some(cell)
        })
    }

    fn cell<'f>(&self, bytes: &'f [u8], at: usize, kind: u8) -> Option<Cell<'f>> {
        let mut rest = bytes.get(at..)?;
        if kind == INDEX_INNER {
            rest = rest.get(4..)?;
        }
        let len = usize::try_from(varint(&mut rest)?).ok()?;
        let rowid = match kind {
            TABLE_LEAF => Some(varint(&mut rest)?),
            _ => None,
        };
        let longest = if kind == TABLE_LEAF {
            self.usable - 35
        } else {
            (self.usable - 12) * 64 / 255 - 23
        };
        if len <= longest {
            let local = rest.get(..len)?;
            return Some(Cell {
                local,
                len,
                next: 0,
                rowid,
            });
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let fitting = least + (len - least) % (self.usable - 4);
        let local = if fitting <= longest { fitting } else { least };
        Some(Cell {
            local: rest.get(..local)?,
            len,
            next: number(rest.get(local..local + 4)?) as u32,
            rowid,
        })
    }

    /// The bytes of a row; as many as there are, where its chain is broken.
    pub(super) fn payload<'p>(
        &'p self,
        cell: &Cell<'p>,
        may_overflow: bool,
        out: &'p mut Vec<u8>,
    ) -> &'p [u8] {
        if cell.len == cell.local.len() {
            return cell.local;
        }
        out.clear();
        out.extend_from_slice(cell.local);
        let mut next = cell.next;
        while out.len() < cell.len && may_overflow {
            let Some(page) = self.page(next) else { break };
            let take = (cell.len - out.len()).min(self.usable - 4);
            out.extend_from_slice(&page[4..4 + take]);
            next = number(&page[..4]) as u32;
        }
        out
    }
}

/// Walks from the root of a tree to its leaves.
pub(super) struct Walk {
    /// Pages to go to, the next one last, and how deep they lie.
    open: Vec<(u32, usize)>,
    /// A bit for each page that was walked to.
    seen: Vec<u64>,
    /// Bytes of long rows that lie on other pages.
    overflow: u64,
}

impl Walk {
    pub(super) fn new(file: &File) -> Self {
        let pages = file.bytes.len() / file.page_size + 1;
        Self {
            open: Vec::new(),
            seen: vec![0; pages / 64 + 1],
            overflow: 0,
        }
    }

    /// Starts at a root.
    pub(super) fn start(&mut self, root: u32) {
        self.open.clear();
        self.open.push((root, 0));
    }

    /// The next leaves, no more than that many; none at the end. Damaged pages are noted and left out.
    pub(super) fn leaves(
        &mut self,
        file: &File,
        most: usize,
        problems: &mut Vec<Problem>,
    ) -> Vec<Leaf> {
        let mut leaves = Vec::new();
        while leaves.len() < most {
            let Some((page, depth)) = self.open.pop() else {
                break;
            };
            let header = file.header(page);
            let is_new = header.is_some() && self.is_new(page);
            let Some((bytes, at, kind, _)) = header.filter(|_| is_new && depth < DEEPEST) else {
                problems.push(damaged(file, page));
                continue;
            };
            match kind {
                TABLE_INNER | INDEX_INNER => {
                    let right = number(&bytes[at + 8..at + 12]) as u32;
                    let children = self.open.len();
                    for (bytes, place) in file.cell_places(page) {
                        let child = bytes.get(place..place + 4).map_or(0, number);
                        self.open.push((child as u32, depth + 1));
                    }
                    self.open.push((right, depth + 1));
                    self.open[children..].reverse();
                    if kind == INDEX_INNER {
                        leaves.push(self.leaf(file, page));
                    }
                }
                TABLE_LEAF | INDEX_LEAF => leaves.push(self.leaf(file, page)),
                _ => problems.push(damaged(file, page)),
            }
        }
        leaves
    }

    /// Whether a page is walked to for the first time.
    fn is_new(&mut self, page: u32) -> bool {
        let (word, bit) = (page as usize / 64, 1 << (page % 64));
        let Some(seen) = self.seen.get_mut(word) else {
            return false;
        };
        let is_new = *seen & bit == 0;
        *seen |= bit;
        is_new
    }

    fn leaf(&mut self, file: &File, page: u32) -> Leaf {
        let long: u64 = file
            .cells(page)
            .flatten()
            .map(|cell| (cell.len - cell.local.len()) as u64)
            .fold(0, u64::saturating_add);
        let may_overflow = self.overflow.saturating_add(long) <= file.len();
        if may_overflow {
            self.overflow += long;
        }
        Leaf { page, may_overflow }
    }
}

fn damaged(file: &File, page: u32) -> Problem {
    Problem::lost(format!(
        "page {page} is damaged: rows below it are not read"
    ))
    .at(file.offset(page))
}
