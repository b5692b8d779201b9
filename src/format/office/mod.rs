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

mod around;
mod bounds;
mod repair;
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
    "word/glossary/document",
    "ppt/slides/slide",
    "ppt/slideLayouts/slideLayout",
    "ppt/slideMasters/slideMaster",
    "ppt/notesMasters/notesMaster",
    "ppt/handoutMasters/handoutMaster",
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
    "xl/pivotCache/pivotCache",
    "xl/queryTables/",
    "xl/revisions/",
    "word/afchunk",
    "word/people",
    "ppt/authors",
    "Pictures/",
    "Object ",
];

/// Parts that hold the cells of a workbook, which are members where its library can't make it out.
const CELLS: &[&str] = &["xl/sharedStrings", "xl/worksheets/sheet", "xl/macrosheets/"];

/// Folders of pictures and embedded files.
const FOLDERS: &[&str] = &["/media/", "/embeddings/"];

const ENCRYPTED: &str = "encrypted document; save it without its password";

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
            around: Vec::new(),
            archive,
            limits: options.limits,
            budget: head.budget.clone(),
        };
        if package.is_encrypted() {
            return Err(Problem::skipped(ENCRYPTED));
        }
        match kind {
            Kind::Sheets => package.sheets(&bytes),
            Kind::Text(parts) => package.text(parts),
        }
        package.members(MEMBERS, FOLDERS);
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
    /// What sheets hold behind their cells, kind by kind.
    around: Vec<around::Around>,
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

    /// Whether all parts of a workbook stay within bounds: the library that reads it takes them into memory. What it leaves
    /// out is found on the way.
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
            let mut tail = around::Tail::default();
            match std::io::copy(&mut bounded.take(left + 1), &mut tail) {
                Ok(len) => {
                    all += len;
                    if name.starts_with("xl/worksheets/") {
                        self.around.extend(tail.around());
                    }
                }
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

    /// Whether it is an `OpenDocument` whose parts are encrypted, each by itself: its manifest, which is not, says so.
    fn is_encrypted(&mut self) -> bool {
        let says_so = self
            .unpack("META-INF/manifest.xml")
            .is_ok_and(|manifest| memchr::memmem::find(&manifest, b"encryption-data").is_some());
        let is_open =
            |content: Vec<u8>| text::decoded(&content).trim_ascii_start().starts_with(b"<");
        says_so && !self.unpack("content.xml").is_ok_and(is_open)
    }

    fn sheets(&mut self, bytes: &Bytes) {
        if self.is_honest() && !sheet::read(bytes, &mut self.made) {
            self.members(CELLS, &[]);
        }
        for (kind, texts) in around::by_kind(std::mem::take(&mut self.around), self.links()) {
            self.made.table(Some(kind), texts);
        }
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
                found.part(&text::decoded(&bytes));
            }
        }
        found.links(self.links());
        found.hand_over(&mut self.made);
    }

    /// Where links of a document of Microsoft's kind lead: its parts name them by number, and the addresses stand elsewhere.
    fn links(&mut self) -> Vec<String> {
        let mut links = Vec::new();
        let names = self.names().into_iter();
        for name in names.filter(|name| has_extension(name, "rels")) {
            if let Some(bytes) = self.part(&name) {
                text::links(&text::decoded(&bytes), &mut links);
            }
        }
        links
    }

    /// Hands over the parts whose names start so, or that lie in a folder of such a name.
    fn members(&mut self, starts: &[&str], folders: &[&str]) {
        for name in self.names() {
            let is_member = starts.iter().any(|start| name.starts_with(start))
                || folders.iter().any(|folder| name.contains(folder));
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
            ("/EncryptedPackage", ENCRYPTED),
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
        if bounds::is_encrypted(stream) {
            return Err(Problem::skipped(ENCRYPTED));
        }
        let stream = name.and_then(|name| file.open_stream(name).ok());
        if !stream.is_some_and(bounds::is_bounded) {
            return Err(Problem::skipped(
                "its sheets come to more than can be held; save it as .xlsx",
            ));
        }
        let mut made = Made::new(bytes.len() as u64);
        sheet::read(&bytes, &mut made);
        Ok(Box::new(made))
    }
}

/// Whether a part's name ends so.
fn has_extension(name: &str, extension: &str) -> bool {
    std::path::Path::new(name)
        .extension()
        .is_some_and(|found| found.eq_ignore_ascii_case(extension))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::write::SimpleFileOptions;
    use zip::{CompressionMethod, ZipWriter};

    use super::super::taken::{Taken, take};
    use super::*;

    fn package(name: &str, parts: &[(&str, &[u8])]) -> Taken {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        for (part, bytes) in parts {
            writer.start_file(*part, stored).unwrap();
            writer.write_all(bytes).unwrap();
        }
        take(name, &writer.finish().unwrap().into_inner())
    }

    #[test]
    fn an_encrypted_open_document_says_so() {
        let kind = ("mimetype", &b"application/vnd.oasis.opendocument.text"[..]);
        let manifest = (
            "META-INF/manifest.xml",
            &b"<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>"[..],
        );
        let sealed = package("a.odt", &[kind, ("content.xml", b"\x8f\x02\xc1"), manifest]);
        assert_eq!(sealed.problems, [ENCRYPTED]);
        let text = b"<office:text><text:p>Jor Tol</text:p></office:text>";
        let open = package("a.odt", &[kind, ("content.xml", text), manifest]);
        assert_eq!(open.column_texts(""), ["Jor Tol"]);
        assert!(open.problems.is_empty());
    }

    #[test]
    fn masters_and_links_of_slides_are_read() {
        let master = b"<p:sldMaster><a:p><a:t>Jor Tol, Breda</a:t></a:p></p:sldMaster>";
        let relations = b"<Relationships><Relationship TargetMode='External' Target='mailto:jor@postluxterra.nl'/></Relationships>";
        let taken = package(
            "a.pptx",
            &[
                ("[Content_Types].xml", b"<Types/>"),
                ("ppt/slides/slide1.xml", b"<p:sld><a:t>Tea</a:t></p:sld>"),
                ("ppt/slides/_rels/slide1.xml.rels", relations),
                ("ppt/slideMasters/slideMaster1.xml", master),
                ("ppt/authors.xml", b"<p188:author name='Mir'/>"),
            ],
        );
        assert_eq!(taken.column_texts(""), ["Tea", "Jor Tol, Breda"]);
        assert_eq!(taken.column_texts("@link"), ["mailto:jor@postluxterra.nl"]);
        assert_eq!(taken.members, ["ppt/authors.xml"]);
    }

    #[test]
    fn cells_of_a_workbook_that_is_not_made_out_are_members() {
        let taken = package(
            "a.xlsx",
            &[
                ("[Content_Types].xml", b"<Types/>"),
                ("xl/workbook.xml", b"<workbook><sheets><sheet"),
                (
                    "xl/sharedStrings.xml",
                    b"<sst><si><t>Jor Tol</t></si></sst>",
                ),
                (
                    "xl/pivotCache/pivotCacheRecords1.xml",
                    b"<pivotCacheRecords/>",
                ),
            ],
        );
        assert_eq!(taken.problems.len(), 1);
        assert_eq!(
            taken.members,
            [
                "xl/sharedStrings.xml",
                "xl/pivotCache/pivotCacheRecords1.xml"
            ]
        );
    }
}
