//! Tables of dBASE, FoxPro, Clipper and their kin (`.dbf`), and the files with their memos (`.dbt`, `.fpt`).
//!
//! A table is a header, which names the fields, and records that are all of one length. A record that was deleted is only
//! marked so; it is read like any other, with a note, and so is what stands behind the last one. Texts are in the code page that
//! the header names, or the `.cpg` file beside it; where neither does, their letters tell. Memos stand in a file of their own,
//! which is an input of its own: each of its memos is a record. <https://www.clicketyclick.dk/databases/xbase/format/>

use std::io::Read;
use std::sync::Arc;

use super::chunked::{Grammar, reader};
use super::csv::column_names;
use super::records::Records;
use super::text::is_text;
use super::{Format, Head, Likelihood, Piece, ReadOptions, Reader};
use crate::error::Problem;
use crate::input::Body;
use crate::input::blocks::Source;
use crate::input::charset::Charset;
use crate::input::encoding::{decode, detect};

mod header;
mod memo;
mod value;

pub(super) use memo::Memos;

use header::Header;
use value::{Stored, value};

/// Tables.
pub(super) struct Dbase;

impl Format for Dbase {
    fn name(&self) -> &'static str {
        "dbase"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        Header::of(head.bytes).map(|_| Likelihood::Magic)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        let header =
            Header::of(head.bytes).ok_or_else(|| Problem::failed("its header can't be read"))?;
        if header.is_encrypted {
            return Err(Problem::skipped("encrypted; save it without a password"));
        }
        let charset = options.encoding.unwrap_or_else(|| charset(&header, head));
        let names: Vec<String> = header
            .fields
            .iter()
            .map(|field| {
                String::from_utf8_lossy(&decode(charset, &field.name, 0).text).into_owned()
            })
            .collect();
        let memos = "its memos are not in it, but in the .dbt or .fpt file beside it, which is read by itself";
        let note = header.has_memos().then(|| Problem::note(memos));
        let ends = header.len as u64 + header.records * header.record as u64;
        // Bytes that are not UTF-8 stay what they are: fields are decoded one by one.
        let source = Source::new(body, encoding_rs::UTF_8, header.len)?;
        let grammar = Rows {
            left: header.records,
            table: Arc::new(Table {
                names: column_names(&names),
                header,
                charset,
            }),
        };
        Ok(Box::new(Counted {
            inner: reader(grammar, source, options),
            note,
            ends,
        }))
    }
}

/// What the texts are in: UTF-8 where they are, else what the header says, else what their letters do.
fn charset(header: &Header, head: &Head<'_>) -> Charset {
    let mut texts = Vec::new();
    let rows = head.bytes.get(header.len..).unwrap_or_default();
    for row in rows.chunks_exact(header.record) {
        for field in header.fields.iter().filter(|field| field.kind == b'C') {
            let bytes = &row[field.at..field.at + field.len];
            texts.extend_from_slice(bytes.trim_ascii());
            texts.push(b'\n');
        }
    }
    let utf8 = Charset::from(encoding_rs::UTF_8);
    if !texts.is_ascii() && std::str::from_utf8(&texts).is_ok() {
        return utf8;
    }
    let letters = || detect(&texts, None).map(|detected| detected.encoding);
    let said = declared_beside(head).or_else(|| header.charset());
    said.or_else(letters)
        .filter(|charset| charset.is_ascii_compatible())
        .unwrap_or(utf8)
}

/// What the `.cpg` file beside a table says.
fn declared_beside(head: &Head<'_>) -> Option<Charset> {
    const LONGEST: u64 = 40;
    let name = head.name.rsplit(['/', '\\']).next()?;
    let (stem, _) = name.rsplit_once('.')?;
    let beside = ["cpg", "CPG"].iter().find_map(|ending| {
        let path = head.folder?.join(format!("{stem}.{ending}"));
        let is_file = std::fs::symlink_metadata(&path).is_ok_and(|found| found.is_file());
        is_file.then(|| std::fs::File::open(path).ok()).flatten()
    })?;
    let mut label = String::new();
    beside.take(LONGEST).read_to_string(&mut label).ok()?;
    let label = label.trim();
    // `88591` and `ANSI 1252` are how maps say it.
    let label = match label.strip_prefix("88") {
        Some(part) if part.starts_with("59") => format!("iso-8859-{}", part[2..].trim_matches('-')),
        _ => label.replace("ANSI ", "windows-"),
    };
    Charset::for_label(label.as_bytes())
}

struct Table {
    header: Header,
    names: Vec<String>,
    charset: Charset,
}

/// Cuts between records.
struct Rows {
    table: Arc<Table>,
    /// Records that are still to come, as far as the header counts them.
    left: u64,
}

/// What a chunk has to know.
struct Task {
    table: Arc<Table>,
    /// Whether it stands behind all records that the header counts.
    is_behind: bool,
}

impl Rows {
    fn task(&self, is_behind: bool) -> Task {
        Task {
            table: self.table.clone(),
            is_behind,
        }
    }
}

impl Grammar for Rows {
    type Task = Task;

    fn cut(&mut self, window: &[u8], target: usize, ended: bool) -> Option<(usize, Task)> {
        let record = self.table.header.record;
        let is_behind = self.left == 0;
        let counted = usize::try_from(self.left).unwrap_or(usize::MAX);
        let most = if is_behind { usize::MAX } else { counted };
        let rows = (target / record).max(1).min(most);
        // The records of a file are all there, or what there is of them is all.
        let len = match rows * record {
            len if len <= window.len() => len,
            _ if ended => window.len(),
            _ => return None,
        };
        self.left = self.left.saturating_sub(rows as u64);
        Some((len, self.task(is_behind)))
    }

    fn forced(&mut self, _: &[u8]) -> Task {
        self.task(self.left == 0)
    }

    fn read(task: &Task, bytes: &[u8], _: bool, records: &mut Records<'_>) {
        for row in bytes.chunks(task.table.header.record) {
            task.table.read(row, task.is_behind, records);
        }
    }
}

const DELETED: &str = "has records that are marked as deleted; they were read, too";
const BEHIND: &str = "has records behind its end, left from before; they were read, too";
const BROKEN: &str = "has records that are none; only their texts were read, without a column";

impl Table {
    fn read(&self, row: &[u8], is_behind: bool, records: &mut Records<'_>) {
        let is_empty = |byte: &u8| matches!(byte, 0 | b' ' | 0x1a);
        let Some((mark, rest)) = row.split_first() else {
            return;
        };
        if is_behind && (rest.iter().all(is_empty) && is_empty(mark) || rest.len() < 2) {
            return;
        }
        match mark {
            // What ends a table stands in place of the mark of a record that was there before.
            b' ' | b'*' | 0x1a if is_behind && row.len() == self.header.record => {
                records.problem(Problem::note(BEHIND));
            }
            b'*' => records.problem(Problem::note(DELETED)),
            b' ' if !is_behind => {}
            0x1a if !is_behind && rest.iter().all(is_empty) => return,
            _ => {
                records.problem(Problem::lost(BROKEN));
                give_texts(row, self.charset, records);
                return records.next_row();
            }
        }
        for (field, name) in self.header.fields.iter().zip(&self.names) {
            // The last record may be cut off.
            let end = (field.at + field.len).min(row.len());
            let Some(bytes) = row.get(field.at..end) else {
                break;
            };
            if let Some(stored) = value(field, bytes, self.header.is_visual()) {
                let column = records.column(name);
                match stored {
                    Stored::Text(text) => {
                        records.value(column, &decode(self.charset, text, 0).text);
                    }
                    Stored::Made(text) => records.value(column, text.as_bytes()),
                }
            }
        }
        records.next_row();
    }
}

/// Gives the texts in bytes that are none of a table.
fn give_texts(bytes: &[u8], charset: Charset, records: &mut Records<'_>) {
    const SHORTEST: usize = 4;
    let column = records.column("");
    for text in bytes.split(u8::is_ascii_control) {
        let text = text.trim_ascii();
        let decoded = decode(charset, text, 0).text;
        if text.len() >= SHORTEST && is_text(&decoded) {
            records.value(column, &decoded);
        }
    }
}

/// Says at the end whether there is less than the header counts.
struct Counted<'a> {
    inner: Box<dyn Reader + 'a>,
    note: Option<Problem>,
    /// Where the last record ends.
    ends: u64,
}

impl Reader for Counted<'_> {
    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Problem> {
        if let Some(note) = self.note.take() {
            return Err(note);
        }
        let at = self.inner.position();
        // Where nothing comes any more this is the end; a piece would borrow the reader while it is asked.
        match self.inner.next_piece()? {
            Some(piece) => Ok(Some(piece)),
            None if at < self.ends => {
                self.ends = 0;
                let lost = "it has fewer records than its header says: the file is cut off";
                Err(Problem::lost(lost).at(at))
            }
            None => Ok(None),
        }
    }

    fn position(&self) -> u64 {
        self.inner.position()
    }
}

#[cfg(test)]
mod tests {
    use super::super::taken::take;
    use super::header::tests::table;
    use super::*;

    const FIELDS: &[(&str, u8, u8)] = &[("NAAM", b'C', 12), ("GEBOREN", b'D', 8), ("NR", b'N', 4)];

    #[test]
    fn records_are_read_in_their_code_page() {
        let rows: &[&[u8]] = &[
            b" M\x81ller      19800523  12",
            b"*Jos\x82                   3",
        ];
        let taken = take("a.dbf", &table(0x03, 0x02, FIELDS, rows));
        assert_eq!(taken.format, Some("dbase"));
        assert_eq!(taken.column_texts("NAAM"), ["Müller", "José"]);
        assert_eq!(taken.column_texts("GEBOREN"), ["1980-05-23"]);
        assert_eq!(taken.column_texts("NR"), ["12", "3"]);
        assert_eq!(taken.records[""], 2);
        assert_eq!(taken.problems, [DELETED]);
    }

    #[test]
    fn letters_tell_the_code_page_where_nothing_else_does() {
        let named = |rows: &[&[u8]]| {
            let taken = take("a.dbf", &table(0x03, 0, FIELDS, rows));
            taken.column_texts("NAAM").join(" ")
        };
        let dos: &[&[u8]] = &[
            b" M\x81ller      19800523  12",
            b" Jos\x82        19800523  12",
        ];
        assert_eq!(named(dos), "Müller José");
        let windows: &[&[u8]] = &[
            b" M\xfcller      19800523  12",
            b" Jos\xe9        19800523  12",
        ];
        assert_eq!(named(windows), "Müller José");
        let utf8: &[&[u8]] = &["  Müller    19800523  12".as_bytes()];
        assert_eq!(named(utf8), "Müller");
    }

    #[test]
    fn what_was_cut_off_or_left_behind_is_said() {
        let row: &[u8] = b" Jor         19800523  12";
        let whole = table(0x03, 0x02, FIELDS, &[row, row]);
        let cut = take("a.dbf", &whole[..whole.len() - 10]);
        assert_eq!(cut.column_texts("NAAM"), ["Jor", "Jor"]);
        assert_eq!(
            cut.problems,
            ["it has fewer records than its header says: the file is cut off"]
        );
        // The mark of what ends the table stands on a record that was there before.
        let left = [&whole[..], b"Tal         19800523  12"].concat();
        let taken = take("a.dbf", &left);
        assert_eq!(taken.column_texts("NAAM"), ["Jor", "Jor", "Tal"]);
        assert_eq!(taken.problems, [BEHIND]);
        let padded = [&whole[..], &[0; 600]].concat();
        assert!(take("a.dbf", &padded).problems.is_empty());
    }

    #[test]
    fn memos_are_said_to_be_elsewhere() {
        let taken = take(
            "a.dbf",
            &table(0x83, 0, &[("NOTE", b'M', 10)], &[b"          1"]),
        );
        assert_eq!(taken.problems.len(), 1);
        assert!(taken.values.is_empty());
    }
}
