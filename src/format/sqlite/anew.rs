//! A database with other values in some of its cells: what `speur bench seed` plants values in.
//!
//! Only tables with such cells are written anew. Their rows go to new pages behind the last one, in the page size and encoding
//! of the file; just the root of their tree stays the page that the schema names. The pages they had before, and
//! indices, stay as they were: nothing here reads those.

use bytes::Bytes;
use hashbrown::HashMap;

use super::pages::{Encoding, File, Walk};
use super::record::{Stored, stored_values};
use super::schema::{Place, Table, tables};
use crate::error::Problem;

/// A cell that holds text or a whole number.
pub(crate) struct Cell<'c> {
    pub(crate) table: &'c str,
    pub(crate) column: &'c str,
    /// From 1.
    pub(crate) row: u64,
    /// The value as it is shown.
    pub(crate) text: &'c [u8],
    pub(crate) is_integer: bool,
}

/// Gives all cells of tables that have row numbers, in the order of the file.
pub(crate) fn each_cell(bytes: &Bytes, take: &mut dyn FnMut(Cell<'_>)) -> Result<(), Problem> {
    let file = File::new(bytes.clone())?;
    let mut walk = Walk::new(&file);
    for table in tables(&file, &mut walk, &mut Vec::new()).0 {
        each_row(&file, &mut walk, &table, &mut |row, _, record| {
            for (column, value) in cells(&table, record) {
                let text = shown(&file, value);
                if !text.is_empty() {
                    take(Cell {
                        table: &table.name,
                        column: &table.names[column],
                        row,
                        text: &text,
                        is_integer: matches!(value, Stored::Integer(_)),
                    });
                }
            }
        });
    }
    Ok(())
}

/// The file with other texts in some cells, by their number in the order of [`each_cell`].
pub(crate) fn written(bytes: &Bytes, texts: &HashMap<u64, Vec<u8>>) -> Result<Vec<u8>, Problem> {
    let file = File::new(bytes.clone())?;
    if file.is_cut() || !bytes.len().is_multiple_of(file.page_size()) {
        return Err(Problem::failed("the file is cut off"));
    }
    let mut out = Pages {
        bytes: bytes.to_vec(),
        page_size: file.page_size(),
        usable: file.usable(),
    };
    let mut number = 0;
    let mut walk = Walk::new(&file);
    for table in tables(&file, &mut walk, &mut Vec::new()).0 {
        let mut rows = Vec::new();
        let mut is_changed = false;
        each_row(&file, &mut walk, &table, &mut |_, rowid, record| {
            let mut new: Vec<(usize, Vec<u8>, bool)> = Vec::new();
            for (at, value) in stored_cells(&table, record) {
                if shown(&file, value).is_empty() {
                    continue;
                }
                if let Some(text) = texts.get(&number) {
                    new.push((at, text.clone(), matches!(value, Stored::Integer(_))));
                }
                number += 1;
            }
            is_changed |= !new.is_empty();
            rows.push((rowid, replaced(&file, record, &new)));
        });
        if is_changed {
            out.tree(table.root, &rows);
        }
    }
    let count = (out.bytes.len() / out.page_size) as u32;
    out.bytes[28..32].copy_from_slice(&count.to_be_bytes());
    // The count holds where the file was last changed by who wrote it.
    out.bytes.copy_within(24..28, 92);
    Ok(out.bytes)
}

/// Gives number, row id and record of each row of a table; none where rows have no ids.
fn each_row(file: &File, walk: &mut Walk, table: &Table, take: &mut dyn FnMut(u64, i64, &[u8])) {
    walk.start(table.root);
    let (mut row, mut payload, mut problems) = (0, Vec::new(), Vec::new());
    loop {
        let leaves = walk.leaves(file, 64, &mut problems);
        if leaves.is_empty() {
            return;
        }
        for leaf in leaves {
            for cell in file.cells(leaf.page).flatten() {
                row += 1;
                if let Some(rowid) = cell.rowid {
                    take(
                        row,
                        rowid,
                        file.payload(&cell, leaf.may_overflow, &mut payload),
                    );
                }
            }
        }
    }
}

/// Texts and whole numbers of a record, with their place in it.
fn stored_cells<'r>(table: &Table, record: &'r [u8]) -> impl Iterator<Item = (usize, Stored<'r>)> {
    let values = stored_values(record).map_while(|value| value).enumerate();
    values.filter(|(at, value)| {
        matches!(value, Stored::Text(_) | Stored::Integer(_))
            && matches!(table.places.get(*at), Some(Place::Column(_)))
    })
}

/// The same with their columns.
fn cells<'r>(table: &Table, record: &'r [u8]) -> impl Iterator<Item = (usize, Stored<'r>)> {
    stored_cells(table, record).filter_map(|(at, value)| match table.places.get(at) {
        Some(Place::Column(column)) => Some((*column, value)),
        _ => None,
    })
}

fn shown(file: &File, value: Stored<'_>) -> Vec<u8> {
    match (value, file.encoding()) {
        (Stored::Text(bytes), Encoding::Utf8) => bytes.to_vec(),
        (Stored::Text(bytes), Encoding::Utf16(encoding)) => {
            let text = encoding.decode_without_bom_handling(bytes).0;
            text.into_owned().into_bytes()
        }
        (Stored::Integer(number), _) => itoa::Buffer::new().format(number).as_bytes().to_vec(),
        _ => Vec::new(),
    }
}

/// A record with other values at some places.
fn replaced(file: &File, record: &[u8], new: &[(usize, Vec<u8>, bool)]) -> Vec<u8> {
    if new.is_empty() {
        return record.to_vec();
    }
    let (mut header, mut body) = (Vec::new(), Vec::new());
    for (at, value) in stored_values(record).map_while(|value| value).enumerate() {
        match new.iter().find(|(place, ..)| *place == at) {
            Some((_, text, true)) => {
                let number = std::str::from_utf8(text)
                    .ok()
                    .and_then(|text| text.parse().ok());
                put(
                    number.map_or(value, Stored::Integer),
                    &mut header,
                    &mut body,
                );
            }
            Some((_, text, false)) => {
                put(Stored::Text(&encoded(file, text)), &mut header, &mut body);
            }
            None => put(value, &mut header, &mut body),
        }
    }
    // The length of the header counts itself.
    let mut len = header.len() + 1;
    while varint(len as u64).len() + header.len() > len {
        len += 1;
    }
    [varint(len as u64), header, body].concat()
}

/// A text as the file stores it.
fn encoded(file: &File, text: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    match file.encoding() {
        Encoding::Utf8 => text.into_owned().into_bytes(),
        Encoding::Utf16(encoding) if encoding == encoding_rs::UTF_16BE => {
            text.encode_utf16().flat_map(u16::to_be_bytes).collect()
        }
        Encoding::Utf16(_) => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
    }
}

/// Appends a value's type and its bytes.
fn put(value: Stored<'_>, header: &mut Vec<u8>, body: &mut Vec<u8>) {
    let kind = match value {
        Stored::Null => 0,
        Stored::Integer(number) => {
            let (kind, bytes) = match number {
                -0x80..=0x7f => (1, 1),
                -0x8000..=0x7fff => (2, 2),
                -0x80_0000..=0x7f_ffff => (3, 3),
                -0x8000_0000..=0x7fff_ffff => (4, 4),
                -0x8000_0000_0000..=0x7fff_ffff_ffff => (5, 6),
                _ => (6, 8),
            };
            body.extend_from_slice(&number.to_be_bytes()[8 - bytes..]);
            kind
        }
        Stored::Real(number) => {
            body.extend_from_slice(&number.to_be_bytes());
            7
        }
        Stored::Text(bytes) => {
            body.extend_from_slice(bytes);
            13 + 2 * bytes.len() as u64
        }
        Stored::Blob(bytes) => {
            body.extend_from_slice(bytes);
            12 + 2 * bytes.len() as u64
        }
    };
    header.extend(varint(kind));
}

/// A number in as many bytes as it takes, seven bits in each; nine bytes hold all 64.
fn varint(number: u64) -> Vec<u8> {
    if number >> 56 != 0 {
        let mut bytes: Vec<u8> = (0..8)
            .map(|n| 0x80 | (number >> (8 + 7 * (7 - n))) as u8)
            .collect();
        bytes.push(number as u8);
        return bytes;
    }
    let len = (64 - (number | 1).leading_zeros()).div_ceil(7);
    let groups = (0..len)
        .rev()
        .map(|group| (number >> (7 * group)) as u8 & 0x7f);
    let mut bytes: Vec<u8> = groups.map(|group| group | 0x80).collect();
    if let Some(last) = bytes.last_mut() {
        *last &= 0x7f;
    }
    bytes
}

/// Pages that grow in number.
struct Pages {
    bytes: Vec<u8>,
    page_size: usize,
    usable: usize,
}

/// A page below another one, and the largest row id in it.
type Child = (u32, i64);

impl Pages {
    /// Adds a page.
    fn add(&mut self, page: &[u8]) -> u32 {
        self.bytes.extend_from_slice(page);
        (self.bytes.len() / self.page_size) as u32
    }

    /// Writes the tree of these rows; its root is an old page.
    fn tree(&mut self, root: u32, rows: &[(i64, Vec<u8>)]) {
        let mut pages = self.leaves(rows);
        while pages.len() > 1 {
            let children: Vec<Child> = pages
                .into_iter()
                .map(|(page, last)| (self.add(&page), last))
                .collect();
            pages = self.inner(&children);
        }
        if let Some((page, _)) = pages.pop() {
            let at = (root as usize - 1) * self.page_size;
            self.bytes[at..at + self.page_size].copy_from_slice(&page);
        }
    }

    fn leaves(&mut self, rows: &[(i64, Vec<u8>)]) -> Vec<(Vec<u8>, i64)> {
        let mut leaves = Vec::new();
        let (mut cells, mut taken, mut last) = (Vec::new(), 8, 0);
        for (rowid, record) in rows {
            let cell = self.cell(*rowid, record);
            if taken + cell.len() + 2 > self.usable {
                leaves.push((self.page(&cells, 13, None), last));
                cells.clear();
                taken = 8;
            }
            taken += cell.len() + 2;
            cells.push(cell);
            last = *rowid;
        }
        leaves.push((self.page(&cells, 13, None), last));
        leaves
    }

    /// A row: its length, its id, and of what it holds as much as a page may hold; the rest goes on in pages of its own.
    fn cell(&mut self, rowid: i64, record: &[u8]) -> Vec<u8> {
        let (longest, len) = (self.usable - 35, record.len());
        let local = if len <= longest {
            len
        } else {
            let least = (self.usable - 12) * 32 / 255 - 23;
            let fitting = least + (len - least) % (self.usable - 4);
            if fitting <= longest { fitting } else { least }
        };
        let mut cell = varint(len as u64);
        cell.extend(varint(rowid.cast_unsigned()));
        cell.extend_from_slice(&record[..local]);
        let parts: Vec<&[u8]> = record[local..].chunks(self.usable - 4).collect();
        // From the last one: each names the one behind it.
        let mut next = 0;
        for part in parts.iter().rev() {
            let mut page = vec![0; self.page_size];
            page[..4].copy_from_slice(&u32::to_be_bytes(next));
            page[4..4 + part.len()].copy_from_slice(part);
            next = self.add(&page);
        }
        if next > 0 {
            cell.extend(next.to_be_bytes());
        }
        cell
    }

    /// The pages above these.
    fn inner(&self, children: &[Child]) -> Vec<(Vec<u8>, i64)> {
        let most = (self.usable - 12) / 15;
        let groups = children.len().div_ceil(most);
        // Of equal size, so that no page has a single child.
        let pages = (0..groups).filter_map(|group| {
            let at = |group: usize| group * children.len() / groups;
            let ((right, last), others) = children[at(group)..at(group + 1)].split_last()?;
            let cells: Vec<Vec<u8>> = others
                .iter()
                .map(|(page, last)| {
                    [page.to_be_bytes().to_vec(), varint(last.cast_unsigned())].concat()
                })
                .collect();
            Some((self.page(&cells, 5, Some(*right)), *last))
        });
        pages.collect()
    }

    /// A page of cells; they lie at its end, the first one last.
    fn page(&self, cells: &[Vec<u8>], kind: u8, right: Option<u32>) -> Vec<u8> {
        let mut page = vec![0; self.page_size];
        page[0] = kind;
        page[3..5].copy_from_slice(&(cells.len() as u16).to_be_bytes());
        let list = match right {
            Some(right) => {
                page[8..12].copy_from_slice(&right.to_be_bytes());
                12
            }
            None => 8,
        };
        let mut at = self.usable;
        for (index, cell) in cells.iter().enumerate() {
            at -= cell.len();
            page[at..at + cell.len()].copy_from_slice(cell);
            let place = list + 2 * index;
            page[place..place + 2].copy_from_slice(&(at as u16).to_be_bytes());
        }
        // 65,536 is written as 0.
        page[5..7].copy_from_slice(&(at as u16).to_be_bytes());
        page
    }
}

#[cfg(test)]
mod tests {
    use super::super::record;
    use super::*;

    #[test]
    fn numbers_read_back() {
        for number in [
            0,
            1,
            127,
            128,
            16_383,
            16_384,
            u64::MAX >> 8,
            u64::MAX >> 7,
            u64::MAX,
        ] {
            let bytes = varint(number);
            let mut rest = &bytes[..];
            let read = record::varint(&mut rest).map(i64::cast_unsigned);
            assert_eq!((read, rest.len()), (Some(number), 0), "{number}");
        }
    }

    /// A database of one table of two columns, by the code under test.
    fn database(page_size: usize, encoding: u32, rows: &[(i64, Vec<u8>)]) -> Bytes {
        let mut first = vec![0; page_size];
        first[..16].copy_from_slice(super::super::MAGIC);
        first[16..18].copy_from_slice(&(page_size as u16).to_be_bytes());
        first[56..60].copy_from_slice(&encoding.to_be_bytes());
        let mut pages = Pages {
            bytes: vec![0; 2 * page_size],
            page_size,
            usable: page_size,
        };
        let text = |text: &str| match encoding {
            2 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            _ => text.as_bytes().to_vec(),
        };
        let (mut header, mut body) = (Vec::new(), Vec::new());
        for part in ["table", "people", "people"] {
            put(Stored::Text(&text(part)), &mut header, &mut body);
        }
        put(Stored::Integer(2), &mut header, &mut body);
        let sql = text("CREATE TABLE people (id INTEGER PRIMARY KEY, mail TEXT, number)");
        put(Stored::Text(&sql), &mut header, &mut body);
        let record = [vec![header.len() as u8 + 1], header, body].concat();
        let cell = pages.cell(1, &record);
        let schema = pages.page(&[cell], 13, None);
        first[100..108].copy_from_slice(&schema[..8]);
        first[108..110].copy_from_slice(&schema[8..10]);
        let start = usize::from(u16::from_be_bytes([schema[8], schema[9]]));
        first[start..].copy_from_slice(&schema[start..]);
        pages.bytes[..page_size].copy_from_slice(&first);
        pages.tree(2, rows);
        let count = (pages.bytes.len() / page_size) as u32;
        pages.bytes[28..32].copy_from_slice(&count.to_be_bytes());
        pages.bytes.into()
    }

    fn row(mail: &[u8], number: i64) -> Vec<u8> {
        let (mut header, mut body) = (Vec::new(), Vec::new());
        put(Stored::Null, &mut header, &mut body);
        put(Stored::Text(mail), &mut header, &mut body);
        put(Stored::Integer(number), &mut header, &mut body);
        [varint(header.len() as u64 + 1), header, body].concat()
    }

    fn cells_of(bytes: &Bytes) -> Vec<(String, u64, String)> {
        let mut list = Vec::new();
        each_cell(bytes, &mut |cell| {
            let text = String::from_utf8_lossy(cell.text).into_owned();
            list.push((format!("{}.{}", cell.table, cell.column), cell.row, text));
        })
        .unwrap();
        list
    }

    #[test]
    fn cells_are_replaced_and_all_others_stay() {
        for (page_size, encoding) in [(512, 1), (4096, 1), (1024, 2)] {
            let text = |text: String| match encoding {
                2 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
                _ => text.into_bytes(),
            };
            // Some rows are longer than a page, some ids far apart, and there are pages above the ones above leaves.
            let rows: Vec<(i64, Vec<u8>)> = (0..3000)
                .map(|n| {
                    let long = if n % 100 == 7 { 3000 } else { 5 };
                    (
                        n * n,
                        row(&text(format!("m{n}{}", "x".repeat(long))), n << (n % 40)),
                    )
                })
                .collect();
            let bytes = database(page_size, encoding, &rows);
            let before = cells_of(&bytes);
            assert_eq!(before.len(), 6000);
            assert_eq!(before[5].0, "people.number");
            let texts: HashMap<u64, Vec<u8>> = [
                (0, b"first@example.nl".to_vec()),
                (1, b"123456782".to_vec()),
                (14, "y".repeat(9000).into_bytes()),
                (5999, b"-1".to_vec()),
            ]
            .into();
            let after: Bytes = written(&bytes, &texts).unwrap().into();
            let mut expected = before;
            for (number, text) in texts {
                expected[number as usize].2 = String::from_utf8(text).unwrap();
            }
            assert!(cells_of(&after) == expected, "{page_size} {encoding}");
        }
    }
}
