//! Where the header of a table is that people made: sheets and tables in documents, with titles above and blank columns.

use super::csv::header::{column_names, has_header};

/// Rows in which a header is looked for.
const LOOKED_AT: usize = 40;
/// A longer name of a column is cut, in bytes.
const LONGEST_NAME: usize = 100;

/// What is known of a table.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    /// The row that names the columns, where there is one. What stands above it are titles.
    pub(super) header: Option<usize>,
    /// What the columns are called.
    pub(super) names: Vec<String>,
}

impl Layout {
    /// Judges from the first rows of a table. A row that is marked as a header is one.
    pub(super) fn of<R: AsRef<[String]>>(rows: &[R], marked: Option<usize>) -> Self {
        let rows = &rows[..rows.len().min(LOOKED_AT)];
        let width = rows.iter().map(|row| row.as_ref().len()).max().unwrap_or(0);
        let header = marked.filter(|&at| at < rows.len()).or_else(|| find(rows));
        let mut names: Vec<String> = header.map_or_else(Vec::new, |at| {
            let cells = rows[at].as_ref().iter();
            cells.map(|cell| name(cell)).collect()
        });
        names.resize(width.max(names.len()), String::new());
        Self {
            header,
            names: column_names(&names),
        }
    }

    /// What a column is called, from 0, also one that turned up later.
    pub(super) fn name(&self, column: usize) -> String {
        self.names
            .get(column)
            .cloned()
            .unwrap_or_else(|| format!("column_{}", column + 1))
    }
}

fn name(cell: &str) -> String {
    let words: Vec<&str> = cell.split_whitespace().collect();
    let name = words.join(" ");
    name[..name.floor_char_boundary(LONGEST_NAME)].to_owned()
}

/// The first row that is about as wide as the table and reads like a header of what is below.
fn find<R: AsRef<[String]>>(rows: &[R]) -> Option<usize> {
    let filled = |row: &R| {
        row.as_ref()
            .iter()
            .filter(|cell| !cell.trim().is_empty())
            .count()
    };
    let mut widths: Vec<usize> = rows.iter().map(filled).filter(|&count| count > 0).collect();
    widths.sort_unstable();
    // The upper quartile: titles are narrow, and so are rows with gaps.
    let typical = *widths.get(widths.len() * 3 / 4)?;
    let wide_enough = |row: &R| filled(row) * 2 > typical;
    let first = rows.iter().position(wide_enough)?;
    let header: Vec<&[u8]> = rows[first].as_ref().iter().map(String::as_bytes).collect();
    let below: Vec<Vec<&[u8]>> = rows[first + 1..]
        .iter()
        .filter(|row| filled(row) > 0)
        .map(|row| row.as_ref().iter().map(String::as_bytes).collect())
        .collect();
    has_header(&header, &below).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(rows: &[&[&str]]) -> Layout {
        let rows: Vec<Vec<String>> = rows
            .iter()
            .map(|row| row.iter().map(|cell| (*cell).to_owned()).collect())
            .collect();
        Layout::of(&rows, None)
    }

    #[test]
    fn titles_stand_above_the_header() {
        let found = layout(&[
            &["Customers in March"],
            &[],
            &["id", "", "e-mail", "city"],
            &["1", "", "jor@postluxterra.nl", "Utrecht"],
            &["2", "", "mir@postluxterra.nl", "Breda"],
        ]);
        assert_eq!(found.header, Some(2));
        assert_eq!(found.names, ["id", "column_2", "e-mail", "city"]);
    }

    #[test]
    fn a_table_may_have_no_header() {
        let found = layout(&[
            &["1", "jor@postluxterra.nl", "Utrecht"],
            &["2", "mir@postluxterra.nl", "Breda"],
        ]);
        assert_eq!(found.header, None);
        assert_eq!(found.name(1), "column_2");
        assert_eq!(layout(&[]).header, None);
    }
}
