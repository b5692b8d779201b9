//! SQLite databases: cells of text and of whole numbers, and the database written anew.

use super::copy::{Copy, Kind, Slot, Texts, Value};
use crate::format::sqlite::{each_cell, written as written_anew};
use crate::input::Bytes;

/// The cells of a database.
pub(super) fn copy(bytes: &Bytes) -> Result<Copy, String> {
    let mut copy = Copy::new(Bytes::new(), Kind::Sqlite(bytes.clone()));
    let mut text = Vec::new();
    each_cell(bytes, &mut |cell| {
        let start = text.len() as u64;
        text.extend_from_slice(cell.text);
        let column = copy.column(cell.table, cell.column);
        copy.values.push(Value {
            column,
            start,
            end: text.len() as u64,
            width: 1,
            slot: if cell.is_integer {
                Slot::Integer(8)
            } else {
                Slot::Text
            },
            row: cell.row,
        });
    })
    .map_err(|problem| problem.to_string())?;
    copy.bytes = text.into();
    if copy.values.is_empty() {
        return Err("it has no table with row numbers and text".to_owned());
    }
    Ok(copy)
}

/// The database with some cells replaced.
pub(super) fn written(bytes: &Bytes, texts: &Texts) -> Result<Vec<u8>, String> {
    written_anew(bytes, texts).map_err(|problem| problem.to_string())
}
