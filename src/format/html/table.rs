//! Tables with rows and columns; those that only lay out a page are left to its text.

use std::ops::Range;

use super::super::grid::Layout;
use super::super::markup::{Token, Tokens, attribute, entities};
use super::super::records::Records;
use super::text::{Joined, give_attributes, is_inline};
use crate::error::Problem;

/// Columns that a cell may span.
const WIDEST_SPAN: usize = 100;
/// Rows looked at to judge a table.
const LOOKED_AT: usize = 40;

/// What is known of a table while it is looked for.
#[derive(Default)]
struct Found {
    start: usize,
    rows: usize,
    cells: usize,
    /// Cells of the first row.
    width: usize,
    /// Rows as wide as the first.
    alike: usize,
    headers: usize,
    has_tables: bool,
}

impl Found {
    fn end_row(&mut self) {
        if self.cells == 0 {
            return;
        }
        self.rows += 1;
        if self.rows == 1 {
            self.width = self.cells;
        }
        self.alike += usize::from(self.cells == self.width);
        self.cells = 0;
    }

    fn is_data(&self) -> bool {
        let regular = self.rows >= 2 && self.width >= 2 && self.alike * 10 >= self.rows * 7;
        !self.has_tables && self.rows > 0 && (self.headers > 0 || regular)
    }
}

/// Where the tables with data are, without overlaps.
pub(super) fn find(text: &[u8]) -> Vec<Range<usize>> {
    let mut tables = Vec::new();
    let mut open: Vec<Found> = Vec::new();
    let mut tokens = Tokens::new(text, 0);
    loop {
        let at = tokens.place();
        let Some(token) = tokens.next() else { break };
        match token {
            Token::Start { name, .. } => match &text[name].to_ascii_lowercase()[..] {
                b"table" => {
                    if let Some(around) = open.last_mut() {
                        around.has_tables = true;
                    }
                    open.push(Found {
                        start: at,
                        ..Found::default()
                    });
                }
                b"tr" => open.iter_mut().last().into_iter().for_each(Found::end_row),
                cell @ (b"td" | b"th") => {
                    if let Some(table) = open.last_mut() {
                        table.cells += 1;
                        table.headers += usize::from(cell == b"th");
                    }
                }
                _ => {}
            },
            Token::End(name) if text[name.clone()].eq_ignore_ascii_case(b"table") => {
                if let Some(mut table) = open.pop() {
                    table.end_row();
                    if table.is_data() {
                        tables.push(table.start..tokens.place());
                    }
                }
            }
            _ => {}
        }
    }
    // A page that is cut off may end within a table.
    if let Some(mut table) = open.pop() {
        table.end_row();
        if table.is_data() {
            tables.push(table.start..text.len());
        }
    }
    tables.sort_by_key(|table| table.start);
    tables
}

/// A cell: its column, and where its content is.
struct Cell {
    column: usize,
    at: Range<usize>,
}

struct Row {
    cells: Vec<Cell>,
    /// Whether all cells are headers.
    is_header: bool,
}

/// Reads a table.
pub(super) fn read(text: &[u8], at: &Range<usize>, records: &mut Records<'_>) {
    let rows = rows(text, at.clone());
    let plain: Vec<Vec<String>> = rows
        .iter()
        .take(LOOKED_AT)
        .map(|row| plain(text, row))
        .collect();
    let marked = rows
        .iter()
        .position(|row| row.is_header && row.cells.len() > 1);
    let layout = Layout::of(&plain, marked);
    for (index, row) in rows.iter().enumerate() {
        let is_above = layout.header.is_some_and(|header| index < header);
        let is_header = layout.header == Some(index);
        for cell in &row.cells {
            // Titles and headers are text, too: they may name people.
            let column = if is_above || is_header {
                String::new()
            } else {
                layout.name(cell.column)
            };
            give_cell(text, &cell.at, &column, records);
        }
        if !is_above && !is_header {
            records.next_row();
        }
    }
}

fn give_cell(text: &[u8], at: &Range<usize>, column: &str, records: &mut Records<'_>) {
    let mut joined = Joined::new(column);
    for token in Tokens::new(&text[..at.end], at.start) {
        match token {
            Token::Text(at) | Token::Cdata(at) => joined.add(text, at),
            Token::Start {
                name, attributes, ..
            } => {
                if !is_inline(&text[name.clone()]) {
                    joined.give(text, records);
                }
                give_attributes(text, &name, &attributes, "", records);
            }
            Token::End(name) if !is_inline(&text[name.clone()]) => {
                joined.give(text, records);
            }
            Token::Unended(at) if at.end == text.len() => {
                let problem = Problem::lost("the text ends within a tag: the file is cut off");
                records.problem_at(problem, at.start);
            }
            _ => {}
        }
    }
    joined.give(text, records);
}

fn rows(text: &[u8], at: Range<usize>) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut row: Option<Row> = None;
    let (mut cell, mut column): (Option<(usize, usize)>, usize) = (None, 0);
    let mut tokens = Tokens::new(&text[..at.end], at.start);
    loop {
        let start = tokens.place();
        let Some(token) = tokens.next() else { break };
        let (name, attributes) = match token {
            Token::Start {
                name, attributes, ..
            } => (name, Some(attributes)),
            Token::End(name) => (name, None),
            _ => continue,
        };
        let name = text[name].to_ascii_lowercase();
        if !matches!(
            &name[..],
            b"tr" | b"td" | b"th" | b"table" | b"caption" | b"tbody" | b"thead" | b"tfoot"
        ) {
            continue;
        }
        if let (Some((column, from)), Some(row)) = (cell.take(), &mut row) {
            row.cells.push(Cell {
                column,
                at: from..start,
            });
        }
        match (&name[..], attributes) {
            (b"tr", Some(_)) => {
                rows.extend(row.take().filter(|row| !row.cells.is_empty()));
                column = 0;
                row = Some(Row {
                    cells: Vec::new(),
                    is_header: true,
                });
            }
            (b"td" | b"th" | b"caption", Some(attributes)) => {
                let row = row.get_or_insert_with(|| Row {
                    cells: Vec::new(),
                    is_header: true,
                });
                row.is_header &= name == b"th";
                cell = Some((column, tokens.place()));
                column += span(text, &attributes);
            }
            _ => {}
        }
    }
    if let (Some((column, from)), Some(row)) = (cell, &mut row) {
        row.cells.push(Cell {
            column,
            at: from..at.end,
        });
    }
    rows.extend(row.filter(|row| !row.cells.is_empty()));
    rows
}

/// How many columns a cell takes.
fn span(text: &[u8], attributes: &Range<usize>) -> usize {
    attribute(text, attributes, b"colspan")
        .and_then(|at| std::str::from_utf8(&text[at]).ok()?.trim().parse().ok())
        .map_or(1, |span: usize| span.clamp(1, WIDEST_SPAN))
}

/// The cells of a row as text, by column.
fn plain(text: &[u8], row: &Row) -> Vec<String> {
    let mut cells: Vec<String> = Vec::new();
    for cell in &row.cells {
        let mut content = Vec::new();
        for token in Tokens::new(&text[..cell.at.end], cell.at.start) {
            if let Token::Text(at) | Token::Cdata(at) = token {
                content.extend(entities::plain(&text[at]));
            }
        }
        cells.resize(cells.len().max(cell.column + 1), String::new());
        String::from_utf8_lossy(&content)
            .trim()
            .clone_into(&mut cells[cell.column]);
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_that_lay_out_a_page_are_none() {
        let count = |text: &str| find(text.as_bytes()).len();
        assert_eq!(count("<table><tr><th>a<td>b</table>"), 1);
        assert_eq!(count("<table><tr><td>a<td>b<tr><td>c<td>d</table>"), 1);
        assert_eq!(count("<table><tr><td>a</table>"), 0);
        assert_eq!(count("<table><tr><td><table><tr><th>a</table></table>"), 1);
        assert_eq!(count("<table><tr><th>a<tr><td>b"), 1);
    }

    #[test]
    fn cells_span_columns() {
        let text = b"<table><tr><td colspan=2>a<td>b</table>";
        let rows = rows(text, 0..text.len());
        assert_eq!(plain(text, &rows[0]), ["a", "", "b"]);
    }
}
