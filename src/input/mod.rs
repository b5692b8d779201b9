//! Inputs: bytes with a name. Where they come from (a folder, standard input, an archive) and how they are cut.
//!
//! Nothing here knows a format. A newcomer should know that a [`Body`] is either shared ([`Body::Blob`]: slices of it
//! go to threads without a copy) or read once, front to back.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::error::Problem;

pub mod blocks;
pub mod encoding;
pub mod limits;
mod mmap;
pub mod walk;
pub mod whole;

pub use blocks::Rewound;
pub use bytes::Bytes;
pub use limits::{Budget, Limits};
pub use whole::Whole;

/// Bytes with a name: a file, standard input, or a member of an archive.
pub struct Input<'a> {
    /// The file's path, or the member's path inside its archive.
    pub name: String,
    /// How many archives it lies in; 0 for a file.
    pub depth: usize,
    /// The bytes.
    pub body: Body<'a>,
    /// What it has used of its bounds.
    pub budget: Budget,
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
    /// Files that this run writes, canonical: not inputs, even where they lie in a folder that is read.
    pub own: Vec<std::path::PathBuf>,
}
/// Opens a regular file: mapped, or, where `mmap` is false or the system refuses, to be read in windows. Also gives its
/// size in bytes.
pub fn open(path: &Path, mmap: bool) -> Result<(Body<'static>, u64), Problem> {
    let unreadable = |error: io::Error| {
        Problem::failed(match error.kind() {
            io::ErrorKind::PermissionDenied => {
                "no permission; run as a user who may read it".to_owned()
            }
            io::ErrorKind::NotFound => "it is gone since the folder was listed".to_owned(),
            _ => format!("can't be opened: {error}"),
        })
    };
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(Problem::skipped("not a regular file; not opened"));
    }
    let len = metadata.len();
    if len == 0 {
        return Ok((Body::Blob(Bytes::new()), 0));
    }
    if mmap && let Ok(bytes) = mmap::map(&file) {
        let len = bytes.len() as u64;
        return Ok((Body::Blob(bytes), len));
    }
    Ok((Body::File(file), len))
}
