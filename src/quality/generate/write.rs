//! Rows as CSV, JSON and text.

use encoding_rs::Encoding;

use super::kinds::Column;
use super::row::Row;

/// How CSV is written.
#[derive(Clone, Debug)]
pub(super) struct Csv {
    pub(super) delimiter: Vec<u8>,
    pub(super) line_end: &'static [u8],
}

impl Csv {
    pub(super) fn header(&self, columns: &[Column], out: &mut Vec<u8>) {
        for (at, column) in columns.iter().enumerate() {
            if at > 0 {
                out.extend_from_slice(&self.delimiter);
            }
            out.extend_from_slice(column.name.as_bytes());
        }
        out.extend_from_slice(self.line_end);
    }

    pub(super) fn row(&self, row: &Row, out: &mut Vec<u8>) {
        for (at, cell) in row.cells().enumerate() {
            if at > 0 {
                out.extend_from_slice(&self.delimiter);
            }
            let special = cell
                .iter()
                .any(|&byte| matches!(byte, b'"' | b'\n' | b'\r') || byte == self.delimiter[0]);
            if special {
                out.push(b'"');
                for &byte in cell {
                    if byte == b'"' {
                        out.push(b'"');
                    }
                    out.push(byte);
                }
                out.push(b'"');
            } else {
                out.extend_from_slice(cell);
            }
        }
        out.extend_from_slice(self.line_end);
    }
}

/// A row as a JSON object; columns that share the first part of their path share an object.
pub(super) fn json(columns: &[Column], row: &Row, out: &mut Vec<u8>) {
    out.push(b'{');
    let cells: Vec<&[u8]> = row.cells().collect();
    let mut done = 0_u64;
    for (at, column) in columns.iter().enumerate() {
        if done >> at & 1 == 1 {
            continue;
        }
        if at > 0 {
            out.push(b',');
        }
        if column.path.len() == 1 {
            member(column.path[0], cells[at], out);
            continue;
        }
        string(column.path[0].as_bytes(), out);
        out.extend_from_slice(b":{");
        let mut first = true;
        for (other, column_) in columns.iter().enumerate().skip(at) {
            if column_.path.len() == 2 && column_.path[0] == column.path[0] {
                if !std::mem::take(&mut first) {
                    out.push(b',');
                }
                member(column_.path[1], cells[other], out);
                done |= 1 << other;
            }
        }
        out.push(b'}');
    }
    out.push(b'}');
}

fn member(key: &str, cell: &[u8], out: &mut Vec<u8>) {
    string(key.as_bytes(), out);
    out.push(b':');
    // Short whole numbers and flags stand bare, as serialisers write them.
    let bare = matches!(cell, b"true" | b"false")
        || (!cell.is_empty()
            && cell.len() <= 9
            && cell[0] != b'0'
            && cell.iter().all(u8::is_ascii_digit));
    if bare {
        out.extend_from_slice(cell);
    } else {
        string(cell, out);
    }
}

fn string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// A row as a line of text: cells that have a name stand behind it.
pub(super) fn text(columns: &[Column], row: &Row, out: &mut Vec<u8>) {
    for (at, (column, cell)) in columns.iter().zip(row.cells()).enumerate() {
        if at > 0 {
            out.extend_from_slice(b"; ");
        }
        if columns.len() > 1 {
            out.extend_from_slice(column.name.as_bytes());
            out.extend_from_slice(b": ");
        }
        out.extend(
            cell.iter()
                .map(|&byte| if byte == b'\n' { b' ' } else { byte }),
        );
    }
    out.push(b'\n');
}

/// The text in another encoding.
pub(super) fn encode(text: Vec<u8>, encoding: &'static Encoding) -> Vec<u8> {
    let Ok(valid) = String::from_utf8(text) else {
        return Vec::new();
    };
    if encoding == encoding_rs::UTF_16LE {
        return valid.encode_utf16().flat_map(u16::to_le_bytes).collect();
    }
    encoding.encode(&valid).0.into_owned()
}
