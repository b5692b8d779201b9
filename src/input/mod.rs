//! Inputs: bytes with a name. Where they come from (a folder, standard input, an archive) and how they are cut.
//!
//! Nothing here knows a format. A newcomer should know that a [`Body`] is either shared ([`Body::Blob`]: slices of it
//! go to threads without a copy) or read once, front to back.

use std::fs::File;
use std::io::Read;

pub use bytes::Bytes;

/// Bytes with a name: a file, standard input, or a member of an archive.
pub struct Input<'a> {
    /// The file's path, or the member's path inside its archive.
    pub name: String,
    /// How many archives it lies in; 0 for a file.
    pub depth: usize,
    /// The bytes.
    pub body: Body<'a>,
}

/// The bytes of an [`Input`].
pub enum Body<'a> {
    /// A memory map, or bytes in memory: may be sliced and shared by threads.
    Blob(Bytes),
    /// A regular file that is not mapped: can be read at any place.
    File(File),
    /// Standard input, a decompressor, an archive member: once, front to back.
    Stream(Box<dyn Read + Send + 'a>),
}

/// What of a folder is read.
#[derive(Clone, Debug, Default)]
pub struct WalkOptions {
    /// Globs; where there are any, only files that match one are read.
    pub include: Vec<String>,
    /// Globs of files and folders that are left out.
    pub exclude: Vec<String>,
    /// Whether symbolic links are followed.
    pub follow: bool,
}
