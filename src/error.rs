//! What can go wrong: an [`Error`] ends the program, a [`Problem`] belongs to the data and reading goes on.
//!
//! The two never mix. Neither ever holds a value from the data.

use std::fmt;
use std::path::PathBuf;

/// Something that ends the program: a wrong option, a bad rule, a report that can't be written.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] Box<ErrorKind>);

/// What an [`Error`] is about; private, so that kinds can be added.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ErrorKind {
    /// A rule file that doesn't hold. The message starts with `file:line:column`.
    #[error("{0}")]
    Rule(String),
    /// An option whose value makes no sense.
    #[error("{0}")]
    Usage(String),
    /// A file the user asked for, which can't be read or written.
    ///
    /// Its cause is part of the message, and so not the `source` that would be told behind it once more.
    #[error("{path}: {what}", path = path.display(), what = told(cause))]
    File {
        path: PathBuf,
        cause: std::io::Error,
    },
    /// A report that can't be written; kept apart because a closed pipe is no error.
    #[error("{0}")]
    Write(std::io::Error),
}

/// What went wrong with a file, in words for people where there are some.
fn told(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        _ => error.to_string(),
    }
}

impl Error {
    pub(crate) fn rule(message: impl Into<String>) -> Self {
        Box::new(ErrorKind::Rule(message.into())).into()
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Box::new(ErrorKind::Usage(message.into())).into()
    }

    pub(crate) fn file(path: impl Into<PathBuf>, cause: std::io::Error) -> Self {
        Box::new(ErrorKind::File {
            path: path.into(),
            cause,
        })
        .into()
    }

    /// Whether the reader of our output went away, as `| head` does.
    pub fn is_closed_pipe(&self) -> bool {
        match &*self.0 {
            ErrorKind::Write(error) | ErrorKind::File { cause: error, .. } => {
                error.kind() == std::io::ErrorKind::BrokenPipe
            }
            _ => false,
        }
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Box::new(ErrorKind::Write(error)).into()
    }
}

/// What a [`Problem`] means for the input it belongs to, from harmless to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing was lost; the user should know all the same.
    Note,
    /// Left out because the user said so.
    Excluded,
    /// Some of the input could not be read; the rest was.
    Lost,
    /// Known, and not read.
    Skipped,
    /// Nothing could be read.
    Failed,
}

/// Something wrong with an input. It is recorded with the input and reading goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What it means for the input.
    pub verdict: Verdict,
    /// What is wrong and, where that isn't obvious, what to do. Never holds a value from the data.
    pub reason: String,
    /// Byte offset in the stored input from which on (or at which) it is wrong, where one is known.
    pub at: Option<u64>,
}

impl Problem {
    /// Nothing was lost, but the user should know.
    pub fn note(reason: impl Into<String>) -> Self {
        Self::new(Verdict::Note, reason)
    }

    /// Part of the input could not be read.
    pub fn lost(reason: impl Into<String>) -> Self {
        Self::new(Verdict::Lost, reason)
    }

    /// The user wants it left out.
    pub fn excluded(reason: impl Into<String>) -> Self {
        Self::new(Verdict::Excluded, reason)
    }

    /// The input is known and not read.
    pub fn skipped(reason: impl Into<String>) -> Self {
        Self::new(Verdict::Skipped, reason)
    }

    /// Nothing of the input could be read.
    pub fn failed(reason: impl Into<String>) -> Self {
        Self::new(Verdict::Failed, reason)
    }

    fn new(verdict: Verdict, reason: impl Into<String>) -> Self {
        Self {
            verdict,
            reason: reason.into(),
            at: None,
        }
    }

    /// The same, with the byte offset it is about.
    #[must_use]
    pub fn at(mut self, offset: u64) -> Self {
        self.at = Some(offset);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)?;
        match self.at {
            Some(at) => write!(f, " (at byte {at})"),
            None => Ok(()),
        }
    }
}
