//! BSON: the files of `mongodump`, one for each collection, and its archives, which have all of them in one.
//!
//! A file is one document behind the other, each with its length before it. In an archive documents stand in runs: each run
//! starts with a document that names the database and the collection, and ends with four bytes of ones. Columns are paths, as
//! in JSON (`contacts[].email`); values have no place in the stored bytes.
//!
//! Behind a document that is broken the next one is looked for by the name of its first member, which all documents of a
//! collection have (`_id`). Of what is broken the texts are read, as values without a column.

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
        if document::starts(head.bytes, head.whole) {
            return Some(Likelihood::Content);
        }
        let is_named = head.extension() == "bson" && head.text.is_none();
        is_named.then_some(Likelihood::Name)
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
            is_lost: false,
            first: b"_id\0".to_vec(),
            // The documents before the first run say what is in the archive.
            table: is_archive.then(|| "archive".into()),
        };
        Ok(reader(runs, source, options))
    }
}

/// Cuts between documents, and where a run ends.
struct Runs {
    is_archive: bool,
    /// Whether something was broken, and the next document must be found first.
    is_lost: bool,
    /// The name of the first member of documents, with its end.
    first: Vec<u8>,
    table: Option<Arc<str>>,
}

/// What a chunk has to know.
struct Run {
    table: Option<Arc<str>>,
    /// Bytes before its first document.
    skip: usize,
    is_broken: bool,
}

impl Runs {
    fn run(&self, skip: usize, is_broken: bool) -> Run {
        Run {
            table: self.table.clone(),
            skip,
            is_broken,
        }
    }

    /// Where the next document, or run of documents, starts behind one that is broken.
    fn next(&self, window: &[u8]) -> Option<usize> {
        // Bytes that are made to look like documents would be read again and again.
        const TRIES: usize = 1000;
        // The length and the kind of the first member stand before its name.
        const BEFORE: usize = 5;
        let document = memchr::memmem::find_iter(window, &self.first)
            .filter_map(|name| name.checked_sub(BEFORE))
            .filter(|&at| at > 0 && document::is_closed(&window[at..]) == Some(true))
            .take(TRIES)
            .find(|&at| document::is_whole(&window[at..]));
        let ends = memchr::memmem::find_iter(window, END).filter(|_| self.is_archive);
        let run = ends
            .filter(|&at| document::is_closed(&window[at + END.len()..]) == Some(true))
            .take(TRIES)
            .find(|&at| at > 0 && document::is_whole(&window[at + END.len()..]));
        match (document, run) {
            (Some(document), Some(run)) => Some(document.min(run)),
            (document, run) => document.or(run),
        }
    }

    /// A chunk of what is broken.
    fn broken(&mut self, window: &[u8], ended: bool) -> Option<(usize, Run)> {
        let next = self.next(window).or(ended.then_some(window.len()));
        self.is_lost = next.is_none();
        next.filter(|&len| len > 0)
            .map(|len| (len, self.run(0, true)))
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
        if self.is_lost {
            return self.broken(window, ended);
        }
        let skip = self.start(window, ended)?;
        let mut at = skip;
        loop {
            let rest = &window[at..];
            if at >= target.max(1) || self.is_archive && rest.starts_with(END) {
                return (at > 0).then(|| (at, self.run(skip, false)));
            }
            match document::is_closed(rest) {
                Some(true) => {
                    let len = length(rest)?;
                    if let Some(name) = document::first_name(&rest[..len]) {
                        self.first.clear();
                        self.first.extend_from_slice(name);
                        self.first.push(0);
                    }
                    at += len;
                }
                _ if rest.is_empty() => {
                    return (at > 0 && ended).then(|| (at, self.run(skip, false)));
                }
                None if !ended && (rest.len() < 4 || length(rest).is_some()) => {
                    let is_enough = at > skip && rest.len() >= 4 && at >= target / 2;
                    return is_enough.then(|| (at, self.run(skip, false)));
                }
                // Whatever is broken is a chunk of its own, so that what comes before it is read.
                _ if at > 0 => {
                    self.is_lost = true;
                    return Some((at, self.run(skip, false)));
                }
                _ => return self.broken(window, ended),
            }
        }
    }

    fn forced(&mut self, _: &[u8]) -> Run {
        self.is_lost = true;
        self.run(0, true)
    }

    fn tables(&mut self, task: Run, _: &[u8]) -> Vec<(Option<Arc<str>>, Run)> {
        vec![(task.table.clone(), task)]
    }

    fn read(task: &Run, bytes: &[u8], _: bool, records: &mut Records<'_>) {
        if task.is_broken {
            let broken =
                "a document is broken or cut off; only its texts were read, without their columns";
            records.problem_at(Problem::lost(broken), 0);
            document::texts(bytes, records);
            return records.next_row();
        }
        let mut at = task.skip;
        while let Some(len) = length(&bytes[at..]) {
            let mut document = Document::new(&bytes[at..at + len]);
            let is_whole = document.read(&mut document::Cells::new(records)).is_some();
            if !is_whole {
                let lost = "a document is not as it should be; only texts were read of the rest of it, without their columns";
                records.problem_at(Problem::lost(lost), at);
                document::texts(document.rest(), records);
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
            is_lost: false,
            first: b"_id\0".to_vec(),
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
    fn documents_behind_a_broken_one_are_found() {
        let person = document(&[("email", "x"), ("name", "y")]);
        let mut liar = person.clone();
        liar[0] += 1;
        let bytes = [&person[..], &liar, &person, &person[..9]].concat();
        let mut runs = Runs {
            is_archive: false,
            is_lost: false,
            first: b"_id\0".to_vec(),
            table: None,
        };
        let mut cuts = Vec::new();
        let mut at = 0;
        while let Some((len, run)) = runs.cut(&bytes[at..], 1 << 20, true) {
            cuts.push((len, run.is_broken));
            at += len;
        }
        let len = person.len();
        assert_eq!(cuts, [(len, false), (len, true), (len, false), (9, true)]);
    }

    #[test]
    fn keys_that_are_data_are_values() {
        #[derive(Default)]
        struct Keys(Vec<String>);
        impl Visit for Keys {
            fn value(&mut self, path: &str, text: &[u8]) {
                let text = String::from_utf8_lossy(text);
                self.0.push(format!("{path}={text}"));
            }
            fn key(&mut self, path: &str, key: &[u8]) {
                self.value(&format!("{path}.key"), key);
            }
        }
        let mut keys = Keys::default();
        let _ = Document::new(&document(&[("a@b.nl", "x")])).read(&mut keys);
        assert_eq!(keys.0, [".key=a@b.nl", "*=x"]);
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
