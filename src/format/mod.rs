//! Formats: each recognises one kind of input and opens it, which gives a [`Reader`].
//!
//! Readers hand out [`Piece`]s. A [`Chunk`] decodes itself on any thread and gives its values to a [`Sink`]; a member
//! is another input one level deeper. What a value means is decided elsewhere: nothing here knows a detector.
//! To add a format: one file beside this one, its `mod` line and its entry in [`FORMATS`].

use std::borrow::Cow;
use std::sync::Arc;

use crate::error::Problem;
use crate::input::charset::Charset;
use crate::input::encoding::Certainty;
use crate::input::{Body, Budget, Bytes, Limits};

#[cfg(feature = "archives")]
mod ar;
#[cfg(feature = "avro")]
mod avro;
mod base64;
pub mod batch;
mod bplist;
mod bson;
mod cab;
mod chat;
mod chunked;
#[cfg(feature = "parquet")]
mod columnar;
#[cfg(feature = "archives")]
mod compress;
#[cfg(feature = "archives")]
mod cpio;
mod csv;
mod dbase;
#[cfg(feature = "parquet")]
mod feather;
mod fixed;
mod gedcom;
mod grid;
mod html;
mod ical;
pub(crate) mod inside;
mod json;
mod ldif;
mod lines;
mod made;
#[cfg(feature = "mail")]
mod mail;
mod markup;
#[cfg(feature = "office")]
mod office;
mod open;
#[cfg(feature = "parquet")]
mod parquet;
mod pdf;
mod pgdump;
mod picture;
mod rar;
mod records;
#[cfg(feature = "office")]
mod rtf;
mod segments;
mod settings;
#[cfg(feature = "sevenz")]
mod sevenz;
mod sql;
pub(crate) mod sqlite;
mod swift;
#[cfg(test)]
mod taken;
#[cfg(feature = "archives")]
mod tape;
#[cfg(feature = "archives")]
mod tar;
mod text;
mod unknown;
mod unplaced;
mod vcard;
mod weblog;
mod xml;
mod yaml;
#[cfg(feature = "archives")]
mod zip;

#[cfg(any(fuzzing, test))]
pub(crate) use open::{HEAD, look};
pub use open::{Opened, open};

pub use batch::{Batch, ColumnId, OffsetMap, OffsetPiece, Rows, Sink, Span, Value};

/// All formats, in the order in which they are asked; the order settles ties.
pub static FORMATS: &[&dyn Format] = &[
    #[cfg(feature = "parquet")]
    &parquet::Parquet,
    #[cfg(feature = "parquet")]
    &feather::Feather,
    #[cfg(feature = "avro")]
    &avro::Avro,
    #[cfg(feature = "office")]
    &office::Office,
    #[cfg(feature = "archives")]
    &zip::Zip,
    #[cfg(feature = "sevenz")]
    &sevenz::SevenZ,
    #[cfg(feature = "archives")]
    &tar::Tar,
    #[cfg(feature = "archives")]
    &cpio::Cpio,
    #[cfg(feature = "archives")]
    &cpio::Rpm,
    #[cfg(feature = "archives")]
    &ar::Ar,
    &rar::Rar,
    &cab::Cab,
    &sqlite::Sqlite,
    &pgdump::PgDump,
    &pgdump::PgData,
    &dbase::Dbase,
    &dbase::Memos,
    &bson::Bson,
    &bplist::Bplist,
    &segments::HL7,
    &segments::EDIFACT,
    &segments::X12,
    &gedcom::Gedcom,
    &vcard::Vcard,
    &ical::Ical,
    &ldif::Ldif,
    #[cfg(feature = "mail")]
    &mail::Mbox,
    #[cfg(feature = "mail")]
    &mail::Mail,
    #[cfg(feature = "mail")]
    &mail::Msg,
    #[cfg(feature = "office")]
    &office::Xls,
    &pdf::Pdf,
    #[cfg(feature = "office")]
    &rtf::Rtf,
    &chat::Chat,
    &swift::Swift,
    &weblog::AccessLog,
    &weblog::ExtendedLog,
    &settings::Settings,
    &yaml::Yaml,
    &html::Html,
    &xml::Xml,
    &sql::Sql,
    &picture::PNG,
    &picture::JPEG,
    &picture::GIF,
    &picture::TIFF,
    &picture::WEBP,
    &picture::BMP,
    &picture::HEIC,
    &json::Json,
    &csv::Csv,
    &fixed::Fixed,
    &text::Text,
];

/// A kind of input.
pub trait Format: Sync {
    /// The name in `file` records: lower case, such as `csv`.
    fn name(&self) -> &'static str;

    /// How sure the first bytes and the name make us; none when it can't be this format.
    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood>;

    /// Whether text is read in the encoding of the head, so that users should know how sure that is.
    fn reads_text(&self) -> bool {
        false
    }

    /// Opens an input. A [`Problem`] here means that nothing of it can be read.
    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem>;
}

/// How sure a format is of an input; a higher one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likelihood {
    /// It is readable as this when nothing else is.
    Fallback,
    /// The name says so.
    Name,
    /// The content has the shape.
    Content,
    /// The content has a signature.
    Magic,
}

/// What is known of an input before it is opened.
pub struct Head<'a> {
    /// The file's or member's name.
    pub name: &'a str,
    /// The folder that it lies in, where it is a file: some formats have what belongs together side by side.
    pub folder: Option<&'a std::path::Path>,
    /// The first 64 KiB as stored, or all of it where it is shorter.
    pub bytes: &'a [u8],
    /// The same decoded to UTF-8 (without byte-order mark), cut at a character; none for binary data.
    pub text: Option<Cow<'a, [u8]>>,
    /// The encoding of `text`.
    pub encoding: Charset,
    /// How sure that is.
    pub certainty: Certainty,
    /// Bytes of the byte-order mark before it.
    pub mark: usize,
    /// The last 66 KiB, where the input can be read at any place: some formats have their index there.
    pub tail: Option<Bytes>,
    /// Whether `bytes` is the whole input.
    pub whole: bool,
    /// The size in bytes, where it is known.
    pub len: Option<u64>,
    /// What the input has used of its bounds.
    pub budget: Budget,
}

impl Head<'_> {
    /// What users should know of an encoding that only the letters of the text speak for.
    fn doubt(&self) -> Option<Problem> {
        match self.certainty {
            Certainty::Sure => None,
            Certainty::Guess => Some(Problem::note(format!(
                "read as {}, in which its letters make words; --encoding overrules that",
                self.encoding.name()
            ))),
            Certainty::Doubt => Some(Problem::note(format!(
                "read as {}, in which its letters make no words; say with --encoding what it is in",
                self.encoding.name()
            ))),
        }
    }

    /// What stands behind the last dot of the name, in lower case.
    pub fn extension(&self) -> String {
        let name = self.name.rsplit(['/', '\\']).next().unwrap_or_default();
        name.rsplit_once('.')
            .map(|(_, extension)| extension.to_ascii_lowercase())
            .unwrap_or_default()
    }
}

/// What the user said about reading, for all inputs.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// The field delimiter of CSV, one to three bytes; sniffed where absent.
    pub delimiter: Option<Vec<u8>>,
    /// The encoding of text; sniffed where absent.
    pub encoding: Option<Charset>,
    /// Whether the first record of CSV is a header; decided by content where absent.
    pub header: Option<bool>,
    /// Bytes of a chunk to aim at. Results do not depend on it.
    pub block_size: usize,
    /// Bounds on archives and compressed inputs.
    pub limits: Limits,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            delimiter: None,
            encoding: None,
            header: None,
            block_size: 4 << 20,
            limits: Limits::default(),
        }
    }
}

/// An opened input.
pub trait Reader {
    /// The next piece, or none at the end.
    ///
    /// A member may borrow from the reader, so it is used up before the next call. After a [`Problem`] with
    /// [`Verdict::Lost`](crate::error::Verdict::Lost) or a note the reader may be asked again and goes on behind it;
    /// after any other it is at its end.
    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Problem>;

    /// How many bytes of the stored input have been handed out, for progress and for `file` records.
    fn position(&self) -> u64;

    /// How many rows there are, where that is known beforehand.
    fn rows(&self) -> Option<u64> {
        None
    }
}

/// What a reader hands out.
pub enum Piece<'a> {
    /// Records to decode on any thread.
    Chunk(Part),
    /// Another input, one level deeper.
    Member(Member<'a>),
    /// The same, where its body doesn't need the reader any more: it may be read on another thread while the reader goes on.
    Apart(Member<'static>),
    /// A member that can't be read.
    Unread(Unread),
}

/// A member of an archive.
pub struct Member<'a> {
    /// Its path in the archive.
    pub name: String,
    /// How many bytes the archive says that it has.
    pub size: Option<u64>,
    /// Its bytes.
    pub body: Body<'a>,
}

/// A member that can't be read: encrypted, or packed in a way that nothing here knows.
pub struct Unread {
    /// Its path in the archive.
    pub name: String,
    /// The bytes stored of it, where the archive says so.
    pub bytes: Option<u64>,
    /// What is wrong.
    pub problem: Problem,
}

/// A chunk and where it belongs.
pub struct Part {
    /// The table its records are in; none where the format has none.
    pub table: Option<Arc<str>>,
    /// The record (from 0, within the table) it starts with, where the format knows. Where it doesn't, rows are
    /// counted on from the chunk before.
    pub first_row: Option<u64>,
    /// Bytes of memory it holds on to, beyond a memory map: what bounds the chunks in flight. For a mapped chunk,
    /// its length.
    pub bytes: usize,
    /// The records.
    pub chunk: Box<dyn Chunk>,
}

/// Records that decode themselves on any thread.
pub trait Chunk: Send {
    /// Gives every value to the sink, as far as it can; returns how many records and lines the chunk spans.
    fn read(&self, sink: &mut dyn Sink) -> Extent;
}

/// How much of the input a chunk spans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Records that end in the chunk (or, in the last one, with the input).
    pub records: u64,
    /// Line ends in the chunk.
    pub lines: u64,
}
