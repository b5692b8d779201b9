//! Workbooks that list sheets which lie nowhere (`<sheet name="Module" r:id=""/>`): the library reads none of their sheets then,
//! so that it is given the same workbook without those.

use std::collections::HashMap;
use std::io::{Cursor, Read, Seek, Write};
use std::ops::Range;

use bytes::Bytes;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::super::markup::{Token, Tokens, attribute, local};

const WORKBOOK: &str = "xl/workbook.xml";
const PLACES: &str = "xl/_rels/workbook.xml.rels";
/// A longer list of sheets is none, in bytes.
const LONGEST: u64 = 16 << 20;

/// A workbook without the sheets that lie nowhere, and how many those are; none where there is none of them.
pub(super) fn without_lost_sheets(bytes: &Bytes) -> Option<(Bytes, usize)> {
    let mut archive = ZipArchive::new(Cursor::new(bytes.clone())).ok()?;
    let book = part(&mut archive, WORKBOOK)?;
    let places = part(&mut archive, PLACES)?;
    let lost = lost(&book, &places);
    if lost.is_empty() {
        return None;
    }
    let mut kept = book.clone();
    // Blanks, so that all else stays at its place.
    for range in &lost {
        kept[range.clone()].fill(b' ');
    }
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let file = archive.by_index_raw(index).ok()?;
        if file.name().is_ok_and(|name| name == WORKBOOK) {
            drop(file);
            let options =
                SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
            out.start_file(WORKBOOK, options).ok()?;
            out.write_all(&kept).ok()?;
        } else {
            out.raw_copy_file(file).ok()?;
        }
    }
    let repaired = out.finish().ok()?.into_inner();
    Some((repaired.into(), lost.len()))
}

fn part(archive: &mut ZipArchive<impl Read + Seek>, name: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = archive.by_name(name).ok()?;
    file.take(LONGEST + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= LONGEST).then_some(bytes)
}

/// The elements of the sheets whose place is not known, or is that of something else.
fn lost(book: &[u8], places: &[u8]) -> Vec<Range<usize>> {
    let mut kinds: HashMap<&[u8], &[u8]> = HashMap::new();
    for token in Tokens::new(places, 0) {
        if let Token::Start { attributes, .. } = token {
            let value = |name| attribute(places, &attributes, name).map(|at| &places[at]);
            if let (Some(id), Some(kind)) = (value(b"Id"), value(b"Type")) {
                kinds.insert(id, kind);
            }
        }
    }
    let is_sheet = |kind: &&[u8]| {
        let last = kind.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        matches!(last, b"worksheet" | b"chartsheet" | b"dialogsheet")
    };
    let mut lost: Vec<Range<usize>> = Vec::new();
    let mut tokens = Tokens::new(book, 0);
    let mut is_open = false;
    loop {
        let start = tokens.place();
        let Some(token) = tokens.next() else {
            return lost;
        };
        match token {
            Token::Start {
                name,
                attributes,
                empty,
            } if local(&book[name.clone()]) == b"sheet" => {
                let id = attribute(book, &attributes, b"id").map(|at| &book[at]);
                let kind = id.and_then(|id| kinds.get(id));
                if !kind.is_some_and(is_sheet) {
                    lost.push(start..tokens.place());
                    is_open = !empty;
                }
            }
            Token::End(_) if is_open => {
                is_open = false;
                if let Some(last) = lost.last_mut() {
                    last.end = tokens.place();
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheets_that_lie_nowhere_are_found() {
        let places = br#"<Relationships><Relationship Id="rId1" Type="http://x/worksheet" Target="worksheets/sheet1.xml"/>
            <Relationship Id="rId2" Type="http://x/xlMacrosheet" Target="macrosheets/sheet1.xml"/></Relationships>"#;
        let book = br#"<workbook><sheets><sheet name="a" sheetId="1" r:id="rId1"/><sheet name="b" sheetId="2" r:id=""/><sheet name="c" r:id="rId2"></sheet></sheets></workbook>"#;
        let found: Vec<_> = lost(book, places)
            .into_iter()
            .map(|range| String::from_utf8_lossy(&book[range]).into_owned())
            .collect();
        let expected = [
            r#"<sheet name="b" sheetId="2" r:id=""/>"#,
            r#"<sheet name="c" r:id="rId2"></sheet>"#,
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn all_other_sheets_are_read() {
        let workbook = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/fixtures/corpus/office-sheets/in/klanten.xlsx"
        );
        let whole = Bytes::from(std::fs::read(workbook).unwrap());
        assert!(without_lost_sheets(&whole).is_none());
        // The same with one sheet more, which lies nowhere.
        let mut archive = ZipArchive::new(Cursor::new(whole.clone())).unwrap();
        let book = String::from_utf8(part(&mut archive, WORKBOOK).unwrap()).unwrap();
        let module = r#"<sheet name="Module" sheetId="99" r:id=""/></sheets>"#;
        let book = book.replace("</sheets>", module);
        let mut out = ZipWriter::new(Cursor::new(Vec::new()));
        for index in 0..archive.len() {
            let file = archive.by_index_raw(index).unwrap();
            if file.name().unwrap() != WORKBOOK {
                out.raw_copy_file(file).unwrap();
            }
        }
        out.start_file(WORKBOOK, SimpleFileOptions::default())
            .unwrap();
        out.write_all(book.as_bytes()).unwrap();
        let damaged = out.finish().unwrap().into_inner();
        let read = |bytes: &[u8]| super::super::super::taken::take("a.xlsx", bytes);
        let (before, after) = (read(&whole), read(&damaged));
        assert!(before.values.len() > 3 && before.problems.is_empty());
        assert_eq!(before.values, after.values);
        assert_eq!(
            after.problems,
            [
                "1 of its sheets can't be read: the workbook doesn't say where it lies, or its kind is not known here"
            ]
        );
    }
}
