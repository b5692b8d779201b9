//! What fuzzers do with bytes: the entry points of `fuzz/`, built for it and for tests alone.
//!
//! A target reads its input as the format it is named for, in memory and on one thread, members of archives included. What
//! must not happen is a panic, a hang or much memory; and what every reader promises is checked ([`look`]). Inputs that
//! broke something once are kept in `fuzz/regressions`, and the tests here run them again.

use std::io::Cursor;

use crate::detect::reference;
use crate::error::Verdict;
use crate::format::{
    self, Batch, FORMATS, Format, HEAD, OffsetMap, Piece, ReadOptions, Reader, Rows, Sink, Value,
    inside::Unfold,
};
use crate::input::encoding::{decodes_first, detect};
use crate::input::{Body, Budget, Bytes, Input, Limits};

mod look;
#[cfg(test)]
mod tests;

use look::{Entry, Look};

/// A fuzz target; there is a binary of that name in `fuzz/`.
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// The formats of which the likeliest reads the input; all of them where there is none.
    formats: &'static [&'static str],
    /// The input's name.
    file: &'static str,
    /// Whether the result may not depend on how the input is cut into blocks.
    is_cut: bool,
}

/// A format that hands out records in blocks.
const fn cut(name: &'static str, formats: &'static [&'static str], file: &'static str) -> Target {
    Target {
        is_cut: true,
        ..whole(name, formats, file)
    }
}

/// Any other format.
const fn whole(name: &'static str, formats: &'static [&'static str], file: &'static str) -> Target {
    Target {
        name,
        formats,
        file,
        is_cut: false,
    }
}

/// The targets that read formats.
#[rustfmt::skip]
pub static TARGETS: &[Target] = &[
    cut("csv", &["csv"], "a.csv"),
    cut("fixed-width", &["fixed-width"], "a.prn"),
    cut("text", &["text"], "a.txt"),
    cut("json", &["json"], "a.json"),
    // What is behind a fault is read as text up to the next cut.
    whole("yaml", &["yaml"], "a.yaml"),
    cut("xml", &["xml"], "a.xml"),
    cut("html", &["html"], "a.html"),
    cut("sql", &["sql"], "a.sql"),
    cut("log", &["access-log", "extended-log"], "a.log"),
    cut("settings", &["settings"], "a.ini"),
    cut("segments", &["hl7", "edifact", "x12"], "a.hl7"),
    cut("chat", &["chat"], "_chat.txt"),
    cut("gedcom", &["gedcom"], "a.ged"),
    cut("mt940", &["mt940"], "a.sta"),
    cut("vcard", &["vcard"], "a.vcf"),
    cut("icalendar", &["icalendar"], "a.ics"),
    cut("ldif", &["ldif"], "a.ldif"),
    whole("mail", &["mbox", "mail"], "a.eml"),
    whole("msg", &["msg"], "a.msg"),
    whole("office", &["office"], "a.docx"),
    whole("xls", &["xls"], "a.xls"),
    whole("rtf", &["rtf"], "a.rtf"),
    whole("parquet", &["parquet"], "a.parquet"),
    whole("arrow", &["arrow"], "a.arrow"),
    whole("avro", &["avro"], "a.avro"),
    whole("sqlite", &["sqlite"], "a.db"),
    whole("pg-dump", &["pg_dump", "pg_dump data"], "a.dump"),
    cut("dbase", &["dbase"], "a.dbf"),
    whole("memos", &["dbase-memo"], "a.fpt"),
    whole("bson", &["bson"], "a.bson"),
    whole("plist", &["plist"], "a.plist"),
    whole("pdf", &["pdf"], "a.pdf"),
    whole("zip", &["zip"], "a.zip"),
    whole("sevenz", &["7z"], "a.7z"),
    whole("tar", &["tar"], "a.tar"),
    whole("tape", &["cpio", "rpm", "ar"], "a.cpio"),
    whole("listed", &["rar", "cab"], "a.rar"),
    whole("picture", &["png", "jpeg", "gif", "tiff", "webp", "bmp", "heic"], "a.png"),
    // Compressed inputs are told by their first bytes, but for brotli.
    whole("compressed", &[], "a.br"),
    whole("any", &[], "a"),
];

/// Bounds that keep a run short.
const LIMITS: Limits = Limits {
    depth: 3,
    expansion: 4 << 20,
    ratio: 2000,
    memory: 8 << 20,
};

/// Runs a target; whether the input was of its kind at all.
///
/// # Panics
///
/// Where something is wrong, and where there is no such target.
pub fn run(target: &str, bytes: &[u8]) -> bool {
    match target {
        "matcher" => {
            // As readers give values: without blanks around.
            reference::agree(bytes.trim_ascii());
            true
        }
        "inside" => inside(bytes),
        name => {
            let target = TARGETS.iter().find(|target| target.name == name);
            read(target.expect("a target of this name"), bytes)
        }
    }
}

/// Reads an input as a target's format.
fn read(target: &Target, bytes: &[u8]) -> bool {
    let bytes = Bytes::copy_from_slice(bytes);
    let Some(plain) = read_in(target, Body::Blob(bytes.clone()), &bytes, 4 << 20) else {
        return false;
    };
    if target.is_cut && is_cut_as_read(&bytes) {
        // As a stream, in blocks that records are longer than.
        let stream = Body::Stream(Box::new(Cursor::new(bytes.clone())));
        let cut = read_in(target, stream, &bytes, 61);
        look::assert_same(&plain, &cut.unwrap_or_default());
    }
    true
}

/// Whether a text is cut where it would be when it was decoded. In the encodings of East Asia a bracket, a bar or a backslash
/// may be the second byte of a character.
fn is_cut_as_read(bytes: &[u8]) -> bool {
    detect(&bytes[..bytes.len().min(HEAD)], None).is_none_or(|detected| {
        let encoding = detected.encoding;
        encoding == encoding_rs::UTF_8 || encoding.is_single_byte() || decodes_first(encoding)
    })
}

fn read_in(
    target: &Target,
    body: Body<'_>,
    stored: &Bytes,
    block_size: usize,
) -> Option<Vec<Entry>> {
    let options = ReadOptions {
        block_size,
        limits: LIMITS,
        ..ReadOptions::default()
    };
    let budget = Budget::default();
    let mut look = Look::new(target.is_cut);
    if target.formats.is_empty() {
        let input = Input {
            name: target.file.to_owned(),
            folder: None,
            depth: 0,
            body,
            budget,
        };
        open(input, &options, &mut look);
        return Some(look.entries);
    }
    let head = stored.slice(..stored.len().min(HEAD));
    let head = format::look((target.file, None), &head, &body, &budget, &options);
    let asked = FORMATS.iter().rev();
    let likely = asked.filter(|format| target.formats.contains(&format.name()));
    let format: &dyn Format = *likely
        .filter(|format| format.sniff(&head).is_some())
        .max_by_key(|format| format.sniff(&head))?;
    look.stored = Some(stored.clone());
    if let Ok(reader) = format.open(body, &head, &options) {
        drain(reader, 0, &budget, &options, &mut look);
    }
    Some(look.entries)
}

/// Reads a member as whatever it is.
fn open(input: Input<'_>, options: &ReadOptions, look: &mut Look) {
    let (depth, budget) = (input.depth, input.budget.clone());
    if let Ok(reader) = format::open(input, options).reader {
        drain(reader, depth, &budget, options, look);
    }
}

/// Reads to the end, as a scan does.
fn drain(
    mut reader: Box<dyn Reader + '_>,
    depth: usize,
    budget: &Budget,
    options: &ReadOptions,
    look: &mut Look,
) {
    const MOST_PROBLEMS: usize = 1000;
    let mut problems = 0;
    let _ = reader.rows();
    while problems < MOST_PROBLEMS {
        let member = match reader.next_piece() {
            Ok(Some(Piece::Chunk(part))) => {
                look.begin(&part);
                let extent = part.chunk.read(&mut Unfold::new(look));
                look.end(extent);
                continue;
            }
            Ok(Some(Piece::Member(member) | Piece::Apart(member))) => member,
            Ok(Some(Piece::Unread(_))) => continue,
            Err(problem) if problem.verdict <= Verdict::Lost => {
                problems += 1;
                continue;
            }
            Ok(None) | Err(_) => return,
        };
        if depth < options.limits.depth {
            let input = Input {
                name: member.name,
                folder: None,
                depth: depth + 1,
                body: member.body,
                budget: budget.inside(),
            };
            open(input, options, &mut Look::new(false));
        }
    }
}

/// Opens a cell.
fn inside(cell: &[u8]) -> bool {
    for name in ["column", "query"] {
        let mut look = Look::new(false);
        look.stored = Some(Bytes::copy_from_slice(cell));
        let mut unfold = Unfold::new(&mut look);
        let column = unfold.column(name);
        let value = Value {
            start: 0,
            end: cell.len() as u32,
            column,
            line: 0,
        };
        unfold.batch(Batch {
            text: cell,
            values: &[value],
            rows: Rows::One(&[0]),
            offsets: &OffsetMap::Shift(0),
        });
    }
    true
}
