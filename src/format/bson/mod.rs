//! BSON: the files of `mongodump`, one for each collection, and its archives, which have all of them in one.
//!
//! A file is one document behind the other, each with its length before it. In an archive documents stand in runs: each run
//! starts with a document that names the database and the collection, and ends with four bytes of ones. Columns are paths, as
//! in JSON (`contacts[].email`); values have no place in the stored bytes.

use std::sync::Arc;

use super::chunked::{Grammar, reader};
use super::records::Records;
use super::{Format, Head, Likelihood, ReadOptions, Reader};
use crate::error::Problem;
use crate::input::Body;
use crate::input::blocks::Source;

mod document;

use document::{Document, Visit, length};

/// What archives start with.
const ARCHIVE: &[u8] = b"\x6d\xe2\x99\x81";
/// What runs of an archive end with.
const END: &[u8] = b"\xff\xff\xff\xff";

/// Files and archives of `mongodump`.
pub(super) struct Bson;

impl Format for Bson {
    fn name(&self) -> &'static str {
        "bson"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        if head.bytes.starts_with(ARCHIVE) {
            return Some(Likelihood::Magic);
        }
        document::starts(head.bytes, head.whole).then_some(Likelihood::Content)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        let is_archive = head.bytes.starts_with(ARCHIVE);
        let mark = if is_archive { ARCHIVE.len() } else { 0 };
        let source = Source::new(body, encoding_rs::UTF_8, mark)?;
        let runs = Runs {
            is_archive,
            is_over: false,
            // The documents before the first run say what is in the archive.
            table: is_archive.then(|| "archive".into()),
        };
        Ok(reader(runs, source, options))
    }
}

/// Cuts between documents, and where a run ends.
struct Runs {
    is_archive: bool,
    /// Whether something was broken: behind it no document can be found.
    is_over: bool,
    table: Option<Arc<str>>,
}

/// What a chunk has to know.
struct Run {
    table: Option<Arc<str>>,
    /// Bytes before its first document.
    skip: usize,
    is_broken: bool,
    /// Whether it lies behind what was broken.
    is_behind: bool,
}

impl Runs {
    fn run(&mut self, skip: usize, is_broken: bool) -> Run {
        let is_behind = self.is_over;
        self.is_over |= is_broken;
        Run {
            table: self.table.clone(),
            skip,
            is_broken,
            is_behind,
        }
    }

    /// The document that starts a run, where one stands here: notes what the run belongs to. None where more must be read.
    fn start(&mut self, window: &[u8], ended: bool) -> Option<usize> {
        if !self.is_archive || !window.starts_with(END) {
            let may_be = self.is_archive && window.len() < END.len() && END.starts_with(window);
            return (!may_be || ended).then_some(0);
        }
        let rest = &window[END.len()..];
        let Some(len) = length(rest).filter(|&len| len <= rest.len()) else {
            return ended.then_some(END.len());
        };
        let mut name = Namespace::default();
        let _ = Document::new(&rest[..len]).read(&mut name);
        self.table = Some(format!("{}.{}", name.database, name.collection).into());
        Some(END.len() + len)
    }
}

impl Grammar for Runs {
    type Task = Run;

    fn cut(&mut self, window: &[u8], target: usize, ended: bool) -> Option<(usize, Run)> {
        if self.is_over {
            return (!window.is_empty()).then(|| (window.len(), self.run(0, true)));
        }
        let skip = self.start(window, ended)?;
        let mut at = skip;
        loop {
            let rest = &window[at..];
            if at >= target.max(1) || self.is_archive && rest.starts_with(END) {
                return (at > 0).then(|| (at, self.run(skip, false)));
            }
            match length(rest) {
                Some(len) if len <= rest.len() => at += len,
                // Whatever is broken is a chunk of its own, so that what comes before it is read.
                None if rest.len() >= 4 => {
                    let is_broken = at == 0 || at == skip;
                    let len = if is_broken { window.len() } else { at };
                    return Some((len, self.run(skip, is_broken)));
                }
                _ if ended => {
                    let is_whole = rest.is_empty();
                    let alone = at == skip && !is_whole;
                    let len = if is_whole || alone { window.len() } else { at };
                    return (len > 0).then(|| (len, self.run(skip, alone)));
                }
                _ if at > skip && rest.len() >= 4 && at >= target / 2 => {
                    return Some((at, self.run(skip, false)));
                }
                _ => return None,
            }
        }
    }

    fn forced(&mut self, _: &[u8]) -> Run {
        self.run(0, true)
    }

    fn tables(&mut self, task: Run, _: &[u8]) -> Vec<(Option<Arc<str>>, Run)> {
        vec![(task.table.clone(), task)]
    }

    fn read(task: &Run, bytes: &[u8], _: bool, records: &mut Records<'_>) {
        if task.is_behind {
            return;
        }
        let mut at = task.skip;
        let broken =
            || Problem::lost("a document is broken or cut off; what is behind it can't be found");
        while at < bytes.len() {
            let rest = &bytes[at..];
            let len = match length(rest) {
                Some(len) if len <= rest.len() && !task.is_broken => len,
                _ => return records.problem_at(broken(), at),
            };
            let mut cells = document::Cells::new(records);
            if Document::new(&rest[..len]).read(&mut cells).is_none() {
                records.problem_at(
                    Problem::lost("a document is not as it should be; the rest of it is left out"),
                    at,
                );
            }
            records.next_row();
            at += len;
        }
    }
}

/// The names in the document that starts a run.
#[derive(Default)]
struct Namespace {
    database: String,
    collection: String,
}

impl Visit for Namespace {
    fn value(&mut self, path: &str, text: &[u8]) {
        let text = || String::from_utf8_lossy(text).into_owned();
        match path {
            "db" => self.database = text(),
            "collection" => self.collection = text(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A document of texts.
    fn document(members: &[(&str, &str)]) -> Vec<u8> {
        let mut body = Vec::new();
        for (name, text) in members {
            body.push(2);
            body.extend_from_slice(name.as_bytes());
            body.push(0);
            body.extend_from_slice(&(text.len() as u32 + 1).to_le_bytes());
            body.extend_from_slice(text.as_bytes());
            body.push(0);
        }
        let mut all = (body.len() as u32 + 5).to_le_bytes().to_vec();
        all.extend(body);
        all.push(0);
        all
    }

    #[derive(Default)]
    struct Taken(Vec<(String, String)>);

    impl Visit for Taken {
        fn value(&mut self, path: &str, text: &[u8]) {
            self.0
                .push((path.to_owned(), String::from_utf8_lossy(text).into_owned()));
        }
    }

    #[test]
    fn documents_become_paths() {
        let mut bytes = document(&[("a", "x")]);
        let inner = document(&[("0", "y"), ("1", "z")]);
        bytes.pop();
        bytes.push(4);
        bytes.extend_from_slice(b"list\0");
        bytes.extend(inner);
        bytes.extend_from_slice(
            b"\x10n\0\x07\0\0\0\x12big\0\x01\0\0\0\x01\0\0\0\x08yes\0\x01\x0anone\0\0",
        );
        let len = (bytes.len() as u32).to_le_bytes();
        bytes[..4].copy_from_slice(&len);
        let mut taken = Taken::default();
        Document::new(&bytes).read(&mut taken).unwrap();
        let given: Vec<_> = taken
            .0
            .iter()
            .map(|(a, b)| (a.as_str(), b.as_str()))
            .collect();
        assert_eq!(
            given,
            [
                ("a", "x"),
                ("list[]", "y"),
                ("list[]", "z"),
                ("n", "7"),
                ("big", "4294967297")
            ]
        );
        assert!(document::starts(&bytes, true));
        // The start of a program for Windows: 3 is a kind of member, but none has an empty name.
        let program = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0\xb8\0\0\0\0\0\0\0@\0\0\0";
        assert!(!document::starts(program, false));
        // A document, and one in it, that go on behind what can be seen.
        let long = b"\xff\x90\0\0\x03all\0\xf0\x90\0\0\x02name\0\x04\0\0\0Mir\0\x10n\0\x01\0\0\0\x02mail\0\x40\0\0\0mir";
        assert!(document::starts(long, false));
        assert!(!document::starts(&bytes[1..], true));
    }

    #[test]
    fn runs_of_an_archive_have_their_collection() {
        let mut runs = Runs {
            is_archive: true,
            is_over: false,
            table: None,
        };
        let head = document(&[("db", "shop"), ("collection", "people")]);
        let person = document(&[("email", "x")]);
        let window = [END, &head, &person, &person, END, &head].concat();
        let (len, run) = runs.cut(&window, 1 << 20, true).unwrap();
        assert_eq!(len, END.len() + head.len() + 2 * person.len());
        assert_eq!(run.table.as_deref(), Some("shop.people"));
        assert_eq!(run.skip, END.len() + head.len());
    }

    #[test]
    fn lying_lengths_do_no_harm() {
        let good = document(&[("a", "x"), ("b", "y")]);
        for at in 0..good.len() {
            for byte in [0, 1, 4, 0x7f, 0xff] {
                let mut bytes = good.clone();
                bytes[at] = byte;
                let _ = Document::new(&bytes).read(&mut Taken::default());
                let _ = document::starts(&bytes, true);
            }
        }
    }
}
