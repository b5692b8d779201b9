//! What tables there are, what their columns are called, and where in a stored row each stands.

use std::sync::Arc;

use super::super::csv::column_names;
use super::super::sql::{Definition, definitions};
use super::pages::{Encoding, File, Walk};
use super::record::{Stored, stored_values};
use crate::error::Problem;

/// Tables that are read; nobody has more.
const MOST_TABLES: usize = 100_000;

/// Where a stored value belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Column(usize),
    /// The same; where nothing is stored, it is the row's number.
    Rowid(usize),
}

/// A table.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: Arc<str>,
    pub(super) root: u32,
    pub(super) names: Vec<String>,
    /// The columns of stored values, in their order.
    pub(super) places: Vec<Place>,
}

/// The tables that the schema on the first page lists, and how many virtual ones.
pub(super) fn tables(
    file: &File,
    walk: &mut Walk,
    problems: &mut Vec<Problem>,
) -> (Vec<Table>, u64) {
    let mut tables = Vec::new();
    let mut virtual_ones = 0;
    let mut payload = Vec::new();
    walk.start(1);
    loop {
        let leaves = walk.leaves(file, 16, problems);
        if leaves.is_empty() {
            return (tables, virtual_ones);
        }
        for leaf in leaves {
            for cell in file.cells(leaf.page).flatten() {
                let record = file.payload(&cell, leaf.may_overflow, &mut payload);
                let values: Vec<_> = stored_values(record).take(5).flatten().collect();
                let [kind, name, _, root, sql] = &values[..] else {
                    continue;
                };
                if text(file, *kind) != "table" {
                    continue;
                }
                let root = match root {
                    Stored::Integer(root) => u32::try_from(*root).ok(),
                    _ => None,
                };
                match root {
                    Some(root @ 1..) if tables.len() < MOST_TABLES => {
                        tables.push(table(text(file, *name), root, &text(file, *sql)));
                    }
                    _ => virtual_ones += 1,
                }
            }
        }
    }
}

fn text(file: &File, value: Stored<'_>) -> String {
    match (value, file.encoding()) {
        (Stored::Text(bytes), Encoding::Utf8) => String::from_utf8_lossy(bytes).into_owned(),
        (Stored::Text(bytes), Encoding::Utf16(encoding)) => {
            encoding.decode_without_bom_handling(bytes).0.into_owned()
        }
        _ => String::new(),
    }
}

/// A table from the statement that made it.
fn table(name: String, root: u32, sql: &str) -> Table {
    let definitions = definitions(sql.as_bytes());
    let columns: Vec<&Definition> = definitions.iter().filter(|d| d.name.is_some()).collect();
    let names: Vec<String> = columns.iter().filter_map(|d| d.name.clone()).collect();
    let key = primary_key(&definitions, &columns);
    let by_key = {
        let tail = sql
            .rfind(')')
            .map_or("", |at| &sql[at..])
            .to_ascii_uppercase();
        let words: Vec<&str> = tail.split(|c: char| !c.is_ascii_alphabetic()).collect();
        words.windows(2).any(|pair| pair == ["WITHOUT", "ROWID"])
    };
    let mut order: Vec<usize> = if by_key { key.clone() } else { Vec::new() };
    let others = (0..columns.len()).filter(|at| !order.contains(at) && !is_computed(columns[*at]));
    let others: Vec<usize> = others.collect();
    order.extend(others);
    let alias = match key[..] {
        [at] if !by_key && is_integer(columns[at]) => Some(at),
        _ => None,
    };
    let places = order.into_iter().map(|at| {
        if alias == Some(at) {
            Place::Rowid(at)
        } else {
            Place::Column(at)
        }
    });
    Table {
        name: name.into(),
        root,
        places: places.collect(),
        names: column_names(&names),
    }
}

/// The columns of the primary key, in its order.
fn primary_key(definitions: &[Definition], columns: &[&Definition]) -> Vec<usize> {
    let is_key = |words: &[String]| words.windows(2).any(|pair| pair == ["PRIMARY", "KEY"]);
    if let Some(own) = columns.iter().position(|column| is_key(&column.words)) {
        return vec![own];
    }
    let Some(constraint) = definitions
        .iter()
        .find(|d| d.name.is_none() && is_key(&d.words))
    else {
        return Vec::new();
    };
    let mut key = Vec::new();
    for name in &constraint.names {
        let same = |column: &&Definition| {
            column
                .name
                .as_ref()
                .is_some_and(|other| other.eq_ignore_ascii_case(name))
        };
        if let Some(at) = columns.iter().position(same)
            && !key.contains(&at)
        {
            key.push(at);
        }
    }
    key
}

/// Whether the type is exactly `INTEGER`: such a primary key is the row's number.
fn is_integer(column: &Definition) -> bool {
    column.words.first().is_some_and(|word| word == "INTEGER")
}

/// Whether a column is worked out when it is read, and not stored.
fn is_computed(column: &Definition) -> bool {
    let has = |word: &str| column.words.iter().any(|other| other == word);
    has("AS") && !has("STORED")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_values_find_their_columns() {
        let shape = |sql: &str| {
            let table = table("t".into(), 2, sql);
            (table.names.join(","), table.places)
        };
        let (names, places) = shape(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, \"a b\" TEXT DEFAULT (1), c AS (id + 1), d)",
        );
        assert_eq!(names, "id,a b,c,d");
        assert_eq!(
            places,
            [Place::Rowid(0), Place::Column(1), Place::Column(3)]
        );
        let (names, places) =
            shape("CREATE TABLE t(a, b TEXT, c INT, PRIMARY KEY (c, [a])) WITHOUT ROWID, STRICT");
        assert_eq!(names, "a,b,c");
        assert_eq!(
            places,
            [Place::Column(2), Place::Column(0), Place::Column(1)]
        );
        let (_, places) = shape("CREATE TABLE t(a INT PRIMARY KEY, b)");
        assert_eq!(places, [Place::Column(0), Place::Column(1)]);
    }
}
