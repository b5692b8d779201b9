//! Bounds on what compressed inputs may become, whatever they claim.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bounds on archives and compressed inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Archives within archives.
    pub depth: usize,
    /// Bytes that all compressed inputs within one file may expand to, together.
    pub expansion: u64,
    /// How many times its size a compressed input may become, once it is larger than 64 MiB; and all of those within a file,
    /// together, how many times the file's, once they are larger than 1 GiB.
    pub ratio: u64,
    /// Bytes of members that are held in memory as a whole, for an input and the archives around it together.
    pub memory: u64,
}

/// Bytes that a compressed input may always expand to: a small file of zeros is no attack.
const FREE: u64 = 64 << 20;

/// Bytes that all compressed inputs within a file may always expand to.
const FREE_TOGETHER: u64 = 1 << 30;

/// Memory that a decoder may use for its window, in KiB.
pub const MOST_WINDOW: u32 = 256 << 10;

impl Limits {
    /// Archives within archives that can be asked for at the most: each takes its share of a thread's stack.
    pub const MOST_DEPTH: usize = 256;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 16,
            expansion: 1 << 40,
            ratio: 2000,
            memory: 512 << 20,
        }
    }
}

/// What one file, with all that lies in it, has used of its bounds so far.
#[derive(Clone, Debug, Default)]
pub struct Budget {
    /// What its compressed inputs have expanded to.
    expanded: Arc<AtomicU64>,
    /// The size of the file, where it is known.
    file: Option<u64>,
    held: Arc<Held>,
}

/// Bytes held in memory as a whole, of an input and of what it lies in.
#[derive(Debug, Default)]
struct Held {
    own: AtomicU64,
    outer: Option<Arc<Held>>,
}

impl Budget {
    /// The budget of a file of this size.
    pub fn of_file(len: Option<u64>) -> Self {
        Self {
            file: len,
            ..Self::default()
        }
    }

    /// The budget of a member.
    #[must_use]
    pub fn inside(&self) -> Self {
        let held = Held {
            own: AtomicU64::new(0),
            outer: Some(self.held.clone()),
        };
        Self {
            expanded: self.expanded.clone(),
            file: self.file,
            held: Arc::new(held),
        }
    }

    /// Bytes that may still be held in memory.
    pub(super) fn free(&self, limits: &Limits) -> u64 {
        let mut free = limits.memory;
        let mut held = Some(&self.held);
        while let Some(input) = held {
            free = free.saturating_sub(input.own.load(Ordering::Relaxed));
            held = input.outer.as_ref();
        }
        free
    }

    /// Notes that bytes are held in memory as long as the input is read.
    pub(super) fn hold(&self, bytes: u64) {
        self.held.own.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Counts the bytes read through it.
pub struct Counted<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R> Counted<R> {
    /// Counts from 0 on; the count may be read elsewhere.
    pub fn new(inner: R) -> (Self, Arc<AtomicU64>) {
        let count = Arc::new(AtomicU64::new(0));
        let counted = Self {
            inner,
            count: count.clone(),
        };
        (counted, count)
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// The output of a decoder, which ends with an error when it becomes too much.
pub struct Bounded<R> {
    inner: R,
    limits: Limits,
    budget: Budget,
    /// Compressed bytes read so far.
    stored: Stored,
    expanded: u64,
}

/// How large the compressed input is.
pub enum Stored {
    /// As far as it was read.
    SoFar(Arc<AtomicU64>),
    /// All of it.
    Bytes(u64),
}

impl<R> Bounded<R> {
    /// Bounds a decoder.
    pub fn new(inner: R, limits: Limits, budget: Budget, stored: Stored) -> Self {
        Self {
            inner,
            limits,
            budget,
            stored,
            expanded: 0,
        }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.expanded += read as u64;
        let all = self
            .budget
            .expanded
            .fetch_add(read as u64, Ordering::Relaxed)
            + read as u64;
        let stored = match &self.stored {
            Stored::SoFar(count) => count.load(Ordering::Relaxed),
            Stored::Bytes(bytes) => *bytes,
        };
        if all > self.limits.expansion {
            return Err(io::Error::other(format!(
                "it expands to more than {} bytes; raise --max-expansion",
                self.limits.expansion
            )));
        }
        let ratio = self.limits.ratio.max(1);
        if self.expanded > FREE && self.expanded / ratio > stored {
            return Err(io::Error::other(format!(
                "it expands to more than {ratio} times its size; raise --max-ratio"
            )));
        }
        // Members may share the bytes that they are made of, and lie within each other.
        if all > FREE_TOGETHER && self.budget.file.is_some_and(|file| all / ratio > file) {
            return Err(io::Error::other(format!(
                "all that the file holds expands to more than {ratio} times its size; raise --max-ratio"
            )));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_that_share_their_bytes_share_a_bound() {
        let limits = Limits {
            ratio: 1000,
            ..Limits::default()
        };
        let expand = |budget: &Budget| {
            let member = io::repeat(0).take(600 << 20);
            let stored = Stored::Bytes(600 << 20);
            let mut bounded = Bounded::new(member, limits, budget.inside(), stored);
            io::copy(&mut bounded, &mut io::sink())
        };
        let budget = Budget::of_file(Some(1 << 20));
        assert!(expand(&budget).is_ok());
        let refused = expand(&budget).unwrap_err().to_string();
        assert!(refused.ends_with("raise --max-ratio"), "{refused}");
        // Of a stream, nobody knows how large it is.
        let budget = Budget::of_file(None);
        assert!(expand(&budget).is_ok() && expand(&budget).is_ok());
    }
}
