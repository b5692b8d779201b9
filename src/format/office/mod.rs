//! Sheets and documents: xlsx, xlsm, xlsb, xls and ods; docx, pptx, odt, odp and odg.
//!
//! Each sheet is a table whose header is looked for below titles; hidden sheets count. Of documents each paragraph is a
//! value without a column, its runs joined, and each table is a table (`table 1`). Headers, footers, notes, comments and
//! tracked changes are read with the text. Properties (who wrote it, who changed it last), comments of sheets, pictures and
//! embedded files are members, as they lie in the package.

use std::io::{Cursor, Read};

use bytes::Bytes;
use zip::ZipArchive;

use super::made::Made;
use super::{Format, Head, Likelihood, ReadOptions, Reader};
use crate::error::Problem;
use crate::input::Body;
use crate::input::limits::{Bounded, Budget, Limits, Stored};

mod bounds;
mod sheet;
mod text;

/// Sheets and documents that are zip archives.
pub(super) struct Office;
/// Sheets in the old format of Excel.
pub(super) struct Xls;

type Archive = ZipArchive<Cursor<Bytes>>;

/// What a package holds. Sheets of `OpenDocument` are tables in its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Sheets,
    /// Word processing and presentations, in which these parts are text.
    Text(&'static [&'static str]),
}

/// Parts of documents of Microsoft's kind that hold text, by how their names start.
const TEXT_PARTS: &[&str] = &[
    "word/document",
    "word/header",
    "word/footer",
    "word/comments",
    "word/footnotes",
    "word/endnotes",
    "ppt/slides/slide",
    "ppt/notesSlides/",
    "ppt/comments/",
    "ppt/commentAuthors",
    "ppt/diagrams/data",
    "word/diagrams/data",
    "word/charts/chart",
    "ppt/charts/chart",
];

/// The same of `OpenDocument`.
const OPEN_PARTS: &[&str] = &["content.xml", "styles.xml"];

/// Parts that are members, by how their names start.
const MEMBERS: &[&str] = &[
    "docProps/",
    "meta.xml",
    "customXml/item",
    "xl/comments",
    "xl/threadedComments/",
    "xl/persons/",
    "xl/drawings/",
    "xl/externalLinks/",
    "xl/connections",
    "Pictures/",
    "Object ",
];

/// Folders of pictures and embedded files.
const FOLDERS: &[&str] = &["/media/", "/embeddings/"];

/// A part is no longer than this, in bytes.
const LONGEST_PART: u64 = 512 << 20;

impl Format for Office {
    fn name(&self) -> &'static str {
        "office"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        if !head.bytes.starts_with(b"PK\x03\x04") {
            return None;
        }
        let len = usize::from(u16::from_le_bytes([
            *head.bytes.get(26)?,
            *head.bytes.get(27)?,
        ]));
        let first = head.bytes.get(30..30 + len)?;
        let starts = [
            &b"[Content_Types].xml"[..],
            b"_rels/",
            b"docProps/",
            b"xl/",
            b"word/",
            b"ppt/",
            b"customXml/",
        ];
        let is_package = starts.iter().any(|start| first.starts_with(start));
        let is_open = first == b"mimetype"
            && memchr::memmem::find(
                &head.bytes[..head.bytes.len().min(200)],
                b"application/vnd.oasis.opendocument",
            )
            .is_some();
        (is_package || is_open).then_some(Likelihood::Magic)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        let whole = body.into_blob("a document", &options.limits, &head.budget)?;
        let bytes = whole.complete()?;
        let mut archive = ZipArchive::new(Cursor::new(bytes.clone())).map_err(|_| {
            Problem::failed("the document's index can't be read: it may be cut off")
        })?;
        let Some(kind) = kind(&mut archive) else {
            // An archive like any other, which happens to start like a document.
            return super::zip::Zip.open(Body::Blob(bytes), head, options);
        };
        let mut package = Package {
            made: Made::new(bytes.len() as u64),
            archive,
            limits: options.limits,
            budget: head.budget.clone(),
        };
        match kind {
            Kind::Sheets => {
                if package.is_honest() {
                    sheet::read(bytes, &mut package.made);
                }
            }
            Kind::Text(parts) => package.text(parts),
        }
        package.members();
        Ok(Box::new(package.made))
    }
}

/// What a package is, by the parts it has.
fn kind(archive: &mut Archive) -> Option<Kind> {
    let has = |start: &str| {
        let mut names = archive.file_names().flatten();
        names.any(|name| name.starts_with(start))
    };
    if has("xl/workbook") {
        return Some(Kind::Sheets);
    }
    if has("word/") || has("ppt/") {
        return Some(Kind::Text(TEXT_PARTS));
    }
    let mut mimetype = String::new();
    let file = archive.by_name("mimetype").ok()?;
    file.take(200).read_to_string(&mut mimetype).ok()?;
    let what = mimetype
        .trim()
        .strip_prefix("application/vnd.oasis.opendocument.")?;
    (!what.is_empty()).then_some(Kind::Text(OPEN_PARTS))
}

/// A package that is open.
struct Package {
    archive: Archive,
    made: Made,
    limits: Limits,
    budget: Budget,
}

impl Package {
    fn names(&self) -> Vec<String> {
        let names = self.archive.file_names().flatten();
        let mut names: Vec<String> = names.map(std::borrow::Cow::into_owned).collect();
        names.sort_by_key(|name| (name.len(), name.clone()));
        names
    }

    /// The bytes of a part, within the bounds on what archives may become.
    fn part(&mut self, name: &str) -> Option<Vec<u8>> {
        let outcome = self.unpack(name);
        match outcome {
            Ok(bytes) => Some(bytes),
            Err(reason) => {
                self.made
                    .problem(Problem::lost(format!("a part of the document: {reason}")));
                None
            }
        }
    }

    fn unpack(&mut self, name: &str) -> Result<Vec<u8>, String> {
        let file = self
            .archive
            .by_name(name)
            .map_err(|error| error.to_string())?;
        let stored = Stored::Bytes(file.compressed_size());
        let bounded = Bounded::new(file, self.limits, self.budget.clone(), stored);
        let mut bytes = Vec::new();
        let read = bounded.take(LONGEST_PART + 1).read_to_end(&mut bytes);
        read.map_err(|error| error.to_string())?;
        if bytes.len() as u64 > LONGEST_PART {
            return Err(format!(
                "it expands to more than {} MiB",
                LONGEST_PART >> 20
            ));
        }
        Ok(bytes)
    }

    /// Whether all parts of a workbook stay within bounds: the library that reads it takes them into memory.
    fn is_honest(&mut self) -> bool {
        let mut all = 0_u64;
        let names: Vec<String> = self.names();
        for name in names
            .iter()
            .filter(|name| has_extension(name, "xml") || has_extension(name, "bin"))
        {
            let Ok(file) = self.archive.by_name(name) else {
                continue;
            };
            let stored = Stored::Bytes(file.compressed_size());
            let bounded = Bounded::new(file, self.limits, self.budget.clone(), stored);
            let left = LONGEST_PART.saturating_sub(all);
            match std::io::copy(&mut bounded.take(left + 1), &mut std::io::sink()) {
                Ok(len) => all += len,
                Err(error) => {
                    let problem = Problem::lost(format!("the sheets were not read: {error}"));
                    self.made.problem(problem);
                    return false;
                }
            }
            if all > LONGEST_PART {
                self.made.problem(Problem::lost(format!(
                    "the sheets were not read: they expand to more than {} MiB; save them as CSV",
                    LONGEST_PART >> 20
                )));
                return false;
            }
        }
        true
    }

    fn text(&mut self, parts: &[&str]) {
        let mut found = text::Found::default();
        for name in self.names() {
            let is_text = parts.iter().any(|start| name.starts_with(start));
            if is_text
                && has_extension(&name, "xml")
                && !name.contains("_rels/")
                && let Some(bytes) = self.part(&name)
            {
                found.part(&bytes);
            }
        }
        found.hand_over(&mut self.made);
    }

    fn members(&mut self) {
        for name in self.names() {
            let is_member = MEMBERS.iter().any(|start| name.starts_with(start))
                || FOLDERS.iter().any(|folder| name.contains(folder));
            if is_member
                && !name.ends_with('/')
                && !name.contains("_rels/")
                && let Some(bytes) = self.part(&name)
            {
                self.made.member(name, bytes);
            }
        }
    }
}

impl Format for Xls {
    fn name(&self) -> &'static str {
        "xls"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let is_compound = head.bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
        is_compound.then_some(Likelihood::Magic)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        let whole = body.into_blob("a document", &options.limits, &head.budget)?;
        let bytes = whole.complete()?;
        let mut file = cfb::CompoundFile::open(Cursor::new(bytes.clone())).map_err(|_| {
            Problem::failed("the document's index can't be read: it may be cut off")
        })?;
        let known = [
            (
                "/EncryptedPackage",
                "encrypted document; save it without its password",
            ),
            (
                "/WordDocument",
                "Word document in its old format (.doc); save it as .docx",
            ),
            (
                "/PowerPoint Document",
                "presentation in its old format (.ppt); save it as .pptx",
            ),
        ];
        for (path, reason) in known {
            if file.exists(path) {
                return Err(Problem::skipped(reason));
            }
        }
        let name = ["/Workbook", "/Book"]
            .into_iter()
            .find(|name| file.exists(name));
        let Some(stream) = name.and_then(|name| file.open_stream(name).ok()) else {
            return Err(Problem::skipped(
                "document in an old Office format that is not known here",
            ));
        };
        if !bounds::is_bounded(stream) {
            return Err(Problem::skipped(
                "its sheets come to more than can be held; save it as .xlsx",
            ));
        }
        let mut made = Made::new(bytes.len() as u64);
        sheet::read(bytes, &mut made);
        Ok(Box::new(made))
    }
}

/// Whether a part's name ends so.
fn has_extension(name: &str, extension: &str) -> bool {
    std::path::Path::new(name)
        .extension()
        .is_some_and(|found| found.eq_ignore_ascii_case(extension))
}
