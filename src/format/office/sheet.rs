//! Sheets as tables.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use calamine::{Data, Reader, SheetType, Sheets, open_workbook_auto_from_rs};

use super::super::grid::Layout;
use super::super::made::{Made, Values};
use super::super::records::Records;
use super::repair;
use crate::error::Problem;

/// Rows looked at to find the header.
const LOOKED_AT: usize = 40;

/// What the cells of a workbook may come to, in bytes: all may share one long text.
pub(super) const MOST_TEXT: usize = 1 << 30;

/// A filled cell: its row, its column, what it shows.
type Cell = (u32, u32, String);

/// Reads all sheets of a workbook; what its library can't read is a problem of that sheet. Says whether it makes out the
/// workbook at all.
pub(super) fn read(bytes: &Bytes, made: &mut Made) -> bool {
    let open = |bytes: Bytes| {
        let opened = catch_unwind(AssertUnwindSafe(|| {
            open_workbook_auto_from_rs(Cursor::new(bytes)).ok()
        }));
        opened.ok().flatten()
    };
    let opened = open(bytes.clone()).or_else(|| {
        let repair = || repair::without_lost_sheets(bytes);
        let (repaired, lost) = catch_unwind(AssertUnwindSafe(repair)).ok().flatten()?;
        let book = open(repaired)?;
        made.problem(Problem::lost(format!(
            "{lost} of its sheets can't be read: the workbook doesn't say where it lies, or its kind is not known here"
        )));
        Some(book)
    });
    let Some(mut book) = opened else {
        made.problem(Problem::lost(
            "the sheets can't be read as tables: the workbook may be damaged, or has sheets of a kind that is not known here",
        ));
        return false;
    };
    // A chart that fills a sheet and a module of macros need not have cells.
    let has_cells = |kind| !matches!(kind, SheetType::ChartSheet | SheetType::Vba);
    let sheets = book.sheets_metadata().iter();
    let sheets: Vec<(String, bool)> = sheets
        .map(|sheet| (sheet.name.clone(), has_cells(sheet.typ)))
        .collect();
    let mut left = Some(MOST_TEXT);
    for (index, (name, has_cells)) in sheets.iter().enumerate() {
        let mut cells = Vec::new();
        let collect = || collect(&mut book, name, &mut cells, &mut left);
        let read = catch_unwind(AssertUnwindSafe(collect));
        let is_read = matches!(read, Ok(Some(())));
        if !is_read && (*has_cells || !cells.is_empty() || left.is_none()) {
            let why = match left {
                Some(_) => "it may be damaged",
                None => "the workbook's cells come to more than can be held",
            };
            let problem = format!("sheet {} can't be read to its end: {why}", index + 1);
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
    true
}

/// Collects the filled cells of a sheet; none when they can't all be read. A sheet may claim to be as wide and long as it
/// likes: only what is filled is held. `left` is what all cells may still come to, or none where that was too little.
fn collect(
    book: &mut Sheets<Cursor<Bytes>>,
    name: &str,
    cells: &mut Vec<Cell>,
    left: &mut Option<usize>,
) -> Option<()> {
    let mut add = |(row, column): (u32, u32), value: &Data| {
        let text = shown(value);
        if !text.is_empty() {
            *left = left.and_then(|left| left.checked_sub(size_of::<Cell>() + text.len()));
            (*left)?;
            cells.push((row, column, text));
        }
        Some(())
    };
    match book {
        Sheets::Xlsx(book) => {
            let mut reader = book.worksheet_cells_reader(name).ok()?;
            while let Some(cell) = reader.next_cell().ok()? {
                add(cell.get_position(), &Data::from(cell.get_value().clone()))?;
            }
        }
        Sheets::Xlsb(book) => {
            let mut reader = book.worksheet_cells_reader(name).ok()?;
            while let Some(cell) = reader.next_cell().ok()? {
                add(cell.get_position(), &Data::from(cell.get_value().clone()))?;
            }
        }
        book => {
            let range = book.worksheet_range(name).ok()?;
            let (top, first) = range.start().unwrap_or_default();
            for (row, column, value) in range.used_cells() {
                add((top + row as u32, first + column as u32), value)?;
            }
        }
    }
    Some(())
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
            if (0.0..1.0).contains(&value.as_f64()) {
                // A time of no day.
                format!("{hour:02}:{minute:02}:{second:02}")
            } else if (hour, minute, second) == (0, 0, 0) {
                format!("{year:04}-{month:02}-{day:02}")
            } else {
                format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use calamine::{ExcelDateTime, ExcelDateTimeType};

    use super::*;

    #[test]
    fn cells_are_shown_as_people_see_them() {
        assert_eq!(shown(&Data::Float(691_400_507.0)), "691400507");
        assert_eq!(shown(&Data::Float(52.37)), "52.37");
        assert_eq!(shown(&Data::Float(1e15)), "1000000000000000");
        assert_eq!(shown(&Data::Bool(true)), "true");
        let moment = |days| {
            let kind = ExcelDateTimeType::DateTime;
            shown(&Data::DateTime(ExcelDateTime::new(days, kind, false)))
        };
        assert_eq!(moment(29252.0), "1980-02-01");
        assert_eq!(moment(29252.5), "1980-02-01 12:00:00");
        assert_eq!(moment(0.25), "06:00:00");
    }

    #[test]
    fn cells_come_to_no_more_than_may_be_held() {
        let workbook = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/fixtures/corpus/office-sheets/in/klanten.xlsx"
        );
        let bytes = Bytes::from(std::fs::read(workbook).unwrap());
        let read = |mut left: Option<usize>| {
            let mut book = open_workbook_auto_from_rs(Cursor::new(bytes.clone())).unwrap();
            let name = book.sheet_names()[0].clone();
            let mut cells = Vec::new();
            let done = collect(&mut book, &name, &mut cells, &mut left);
            (done, cells.len(), left)
        };
        let (done, all, left) = read(Some(MOST_TEXT));
        assert!(done.is_some() && all > 3 && left.is_some_and(|left| left < MOST_TEXT));
        let (done, some, left) = read(Some(2 * (size_of::<Cell>() + 40)));
        assert!(done.is_none() && some < all && left.is_none());
    }
}
