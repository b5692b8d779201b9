//! Sheets as tables.

use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use calamine::{Data, Reader, Sheets, open_workbook_auto_from_rs};

use super::super::grid::Layout;
use super::super::made::{Made, Values};
use super::super::records::Records;
use crate::error::Problem;

/// Rows looked at to find the header.
const LOOKED_AT: usize = 40;
/// Cells, filled or not, that the sheets of an old workbook may span together: its library holds them all.
const MOST_CELLS: u64 = 20_000_000;

/// A filled cell: its row, its column, what it shows.
type Cell = (u32, u32, String);

/// Reads all sheets of a workbook; what its library can't read is a problem of that sheet.
pub(super) fn read(bytes: Bytes, made: &mut Made) {
    let opened = catch_unwind(AssertUnwindSafe(|| {
        open_workbook_auto_from_rs(Cursor::new(bytes)).ok()
    }));
    let Ok(Some(mut book)) = opened else {
        made.problem(Problem::lost(
            "the sheets can't be read: the workbook may be damaged or encrypted",
        ));
        return;
    };
    let sheets = book.sheets_metadata().iter();
    let names: Vec<String> = sheets.map(|sheet| sheet.name.clone()).collect();
    for (index, name) in names.iter().enumerate() {
        let mut cells = Vec::new();
        let read = catch_unwind(AssertUnwindSafe(|| collect(&mut book, name, &mut cells)));
        if !matches!(read, Ok(Some(()))) {
            let problem = format!(
                "sheet {} can't be read to its end: it may be damaged",
                index + 1
            );
            made.problem(Problem::lost(problem));
        }
        if !cells.is_empty() {
            made.table(Some(name), Sheet(cells));
        }
    }
    let defined = book.defined_names().to_vec();
    if !defined.is_empty() {
        made.table(Some("(names)"), Names(defined));
    }
}

/// Collects the filled cells of a sheet; none when they can't all be read. A sheet may claim to be as wide and long as it
/// likes: only what is filled is held.
fn collect(book: &mut Sheets<Cursor<Bytes>>, name: &str, cells: &mut Vec<Cell>) -> Option<()> {
    let mut add = |(row, column): (u32, u32), value: &Data| {
        let text = shown(value);
        if !text.is_empty() {
            cells.push((row, column, text));
        }
    };
    match book {
        Sheets::Xlsx(book) => {
            let mut reader = book.worksheet_cells_reader(name).ok()?;
            while let Some(cell) = reader.next_cell().ok()? {
                add(cell.get_position(), &Data::from(cell.get_value().clone()));
            }
        }
        Sheets::Xlsb(book) => {
            let mut reader = book.worksheet_cells_reader(name).ok()?;
            while let Some(cell) = reader.next_cell().ok()? {
                add(cell.get_position(), &Data::from(cell.get_value().clone()));
            }
        }
        book => {
            let range = book.worksheet_range(name).ok()?;
            let (top, left) = range.start().unwrap_or_default();
            for (row, column, value) in range.used_cells() {
                add((top + row as u32, left + column as u32), value);
            }
        }
    }
    Some(())
}

/// Whether the sheets of an old workbook span no more cells than may be held: any two cells can claim to be far apart.
pub(super) fn is_bounded(workbook: impl Read) -> bool {
    let mut stream = std::io::BufReader::new(workbook);
    let (mut all, mut rows, mut columns) = (0_u64, 0_u64, 0_u64);
    let mut head = [0; 4];
    while stream.read_exact(&mut head).is_ok() {
        let kind = u16::from_le_bytes([head[0], head[1]]);
        let mut body = vec![0; usize::from(u16::from_le_bytes([head[2], head[3]]))];
        if stream.read_exact(&mut body).is_err() {
            break;
        }
        // A sheet begins.
        if kind == 0x0809 {
            all += rows * columns;
            (rows, columns) = (0, 0);
        }
        let is_cell = matches!(
            kind,
            0x0006 | 0x00bd | 0x00be | 0x00d6 | 0x00fd | 0x0201..=0x0205 | 0x0207 | 0x027e | 0x0406
        );
        if let (true, Some(place)) = (is_cell, body.first_chunk::<4>()) {
            rows = rows.max(u64::from(u16::from_le_bytes([place[0], place[1]])) + 1);
            columns = columns.max(u64::from(u16::from_le_bytes([place[2], place[3]])) + 1);
            // Of several cells in one record the last one's column stands at its end.
            if let (0x00bd | 0x00be, Some(last)) = (kind, body.last_chunk::<2>()) {
                columns = columns.max(u64::from(u16::from_le_bytes(*last)) + 1);
            }
        }
    }
    all + rows * columns <= MOST_CELLS
}

/// Names that a workbook gives to ranges and values.
struct Names(Vec<(String, String)>);

impl Values for Names {
    fn read(&self, records: &mut Records<'_>) {
        let (name, value) = (records.column("name"), records.column("refers to"));
        for (defined, meaning) in &self.0 {
            records.value(name, defined.as_bytes());
            records.value(value, meaning.as_bytes());
            records.next_row();
        }
    }
}

/// The filled cells of a sheet, row by row.
struct Sheet(Vec<Cell>);

impl Values for Sheet {
    fn read(&self, records: &mut Records<'_>) {
        let rows: Vec<&[Cell]> = self.0.chunk_by(|a, b| a.0 == b.0).collect();
        let left = self.0.iter().map(|cell| cell.1).min().unwrap_or(0);
        let widest = 1000;
        let first: Vec<Vec<String>> = rows
            .iter()
            .take(LOOKED_AT)
            .map(|row| {
                let mut cells = Vec::new();
                for (_, column, text) in row.iter().filter(|cell| cell.1 - left < widest) {
                    let at = (column - left) as usize;
                    cells.resize(cells.len().max(at + 1), String::new());
                    cells[at].clone_from(text);
                }
                cells
            })
            .collect();
        let layout = Layout::of(&first, None);
        for (index, row) in rows.iter().enumerate() {
            let is_above = layout.header.is_some_and(|header| index <= header);
            for (_, column, text) in *row {
                // Titles and headers are text, too: they may name people.
                let name = if is_above {
                    String::new()
                } else {
                    layout.name((column - left) as usize)
                };
                let column = records.column(&name);
                records.value(column, text.as_bytes());
            }
            if !is_above {
                records.next_row();
            }
        }
    }
}

/// A cell as text: numbers without an exponent, dates as in ISO 8601.
fn shown(cell: &Data) -> String {
    match cell {
        Data::Empty | Data::Error(_) => String::new(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => {
            text.trim().to_owned()
        }
        Data::Bool(value) => value.to_string(),
        Data::Int(value) => value.to_string(),
        // `{}` writes whole numbers without a point, and never an exponent.
        Data::Float(value) => value.to_string(),
        Data::DateTime(value) if value.is_duration() => value.as_f64().to_string(),
        Data::DateTime(value) => {
            let (year, month, day, hour, minute, second, _) = value.to_ymd_hms_milli();
            if (hour, minute, second) == (0, 0, 0) {
                format!("{year:04}-{month:02}-{day:02}")
            } else {
                format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_far_apart_are_refused() {
        let cell = |row: u16, column: u16| {
            let mut record = vec![0x03, 0x02, 4, 0];
            record.extend(row.to_le_bytes());
            record.extend(column.to_le_bytes());
            record
        };
        assert!(is_bounded(&[cell(0, 0), cell(9, 9)].concat()[..]));
        assert!(!is_bounded(&[cell(0, 0), cell(65535, 65535)].concat()[..]));
    }

    #[test]
    fn cells_are_shown_as_people_see_them() {
        assert_eq!(shown(&Data::Float(691_400_507.0)), "691400507");
        assert_eq!(shown(&Data::Float(52.37)), "52.37");
        assert_eq!(shown(&Data::Float(1e15)), "1000000000000000");
        assert_eq!(shown(&Data::Bool(true)), "true");
    }
}
