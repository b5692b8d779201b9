//! Inputs: bytes with a name. Where they come from (a folder, standard input, an archive) and how they are cut.
//!
//! Nothing here knows a format. A newcomer should know that a [`Body`] is either shared ([`Body::Blob`]: slices of it
//! go to threads without a copy) or read once, front to back.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::error::Problem;

pub mod blocks;
pub mod charset;
pub mod encoding;
mod letters;
pub mod limits;
mod mmap;
mod paths;
mod peek;
pub mod store;
pub mod walk;
pub mod whole;

pub use blocks::Rewound;
pub use bytes::Bytes;
pub use limits::{Budget, Limits};
pub use paths::Paths;
pub use store::Store;
pub use whole::Whole;

/// Bytes with a name: a file, standard input, or a member of an archive.
pub struct Input<'a> {
    /// The file's path, or the member's path inside its archive.
    pub name: String,
    /// The folder that it lies in, where it is a file.
    pub folder: Option<std::path::PathBuf>,
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
    /// Paths that decisions leave out.
    pub ignored: Vec<Ignored>,
    /// Whether symbolic links are followed.
    pub follow: bool,
    /// Files that this run writes, canonical: not inputs, even where they lie in a folder that is read.
    pub own: Vec<std::path::PathBuf>,
}

/// Paths that a decision leaves out.
#[derive(Clone, Debug)]
pub struct Ignored {
    /// Which ones.
    pub paths: Paths,
    /// Why, as their records say it.
    pub reason: String,
}

/// A regular file no longer than this is read at once: that costs less than mapping it.
const SHORT: u64 = 256 << 10;

/// A regular file that has been opened.
pub struct OpenFile {
    /// Its bytes.
    pub body: Body<'static>,
    /// Its size in bytes.
    pub len: u64,
    /// Knows what became of it meanwhile; none where its bytes have all been read.
    pub watch: Option<FileWatch>,
}

/// Knows whether a file changed its size while it was read.
pub struct FileWatch {
    file: File,
    len: u64,
    map: Option<mmap::Watch>,
}

impl FileWatch {
    /// What became of the file since it was opened, if anything.
    pub fn changed(&self) -> Option<Problem> {
        let now = self
            .file
            .metadata()
            .map_or(self.len, |metadata| metadata.len());
        if now < self.len {
            let cut = Problem::lost("another program cut the file short while it was read");
            return Some(cut.at(now));
        }
        if self.map.as_ref().is_some_and(mmap::Watch::has_lost_pages) {
            return Some(Problem::lost(
                "parts of the file could not be read: the disk failed, or another program cut it short",
            ));
        }
        (now > self.len).then(|| {
            Problem::note("the file grew while it was read; scan it again for what was added")
                .at(self.len)
        })
    }
}

/// Opens a regular file: read at once where it is short, mapped, or, where `mmap` is false or the system refuses, to be
/// read in windows.
pub fn open(path: &Path, mmap: bool) -> Result<OpenFile, Problem> {
    let mut file = open_regular(path).map_err(|error| unreadable(&error))?;
    let metadata = file.metadata().map_err(|error| unreadable(&error))?;
    if !metadata.is_file() {
        return Err(Problem::skipped("not a regular file; not opened"));
    }
    let len = metadata.len();
    if len <= SHORT {
        let mut bytes = Vec::with_capacity(len as usize + 1);
        // One byte more than there should be: what the system makes up on the spot states no size.
        let read = (&mut file).take(SHORT + 1).read_to_end(&mut bytes);
        read.map_err(|error| unreadable(&error))?;
        let is_all = bytes.len() as u64 <= SHORT;
        let body = if is_all {
            Body::Blob(bytes.into())
        } else {
            Body::Stream(Box::new(io::Cursor::new(bytes).chain(file)))
        };
        let watch = None;
        let len = if is_all {
            body.len().unwrap_or(len)
        } else {
            len
        };
        return Ok(OpenFile { body, len, watch });
    }
    let handle = file.try_clone().map_err(|error| unreadable(&error))?;
    let mut watch = FileWatch {
        file: handle,
        len,
        map: None,
    };
    let mapped = if mmap { mmap::map(&file).ok() } else { None };
    let body = match mapped {
        Some((bytes, pages)) => {
            watch.map = Some(pages);
            Body::Blob(bytes)
        }
        None => Body::File(file),
    };
    let watch = Some(watch);
    Ok(OpenFile { body, len, watch })
}

/// Opens a file to be read, without waiting: a pipe that took its place since the folder was listed must not hold up the scan.
fn open_regular(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    options.open(path)
}

fn unreadable(error: &io::Error) -> Problem {
    Problem::failed(match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "no permission; run as a user who may read it".to_owned()
        }
        io::ErrorKind::NotFound => "it is gone since the folder was listed".to_owned(),
        _ => format!("can't be opened: {error}"),
    })
}

impl Body<'_> {
    /// Its size in bytes, where it is known without reading it.
    pub fn len(&self) -> Option<u64> {
        match self {
            Body::Blob(bytes) => Some(bytes.len() as u64),
            Body::File(file) => file.metadata().ok().map(|metadata| metadata.len()),
            Body::Stream(_) => None,
        }
    }

    /// Whether it is known to hold nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }
}
