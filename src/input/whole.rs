//! A body as a whole in memory, for formats that must be read at any place: those with an index at their end.
//!
//! A blob is in memory already. Anything else is read up to a bound ([`Limits::memory`]), which all archives around an input
//! share. Nothing is ever unpacked to disk: what is larger is skipped, and says what to do.

use std::fs::File;
use std::io::{self, Read};

use bytes::Bytes;

use super::{Body, Budget, Limits, Rewound};
use crate::error::Problem;

/// All bytes of a body, or those before it could not be read further.
#[derive(Debug)]
pub struct Whole {
    /// The bytes.
    pub bytes: Bytes,
    /// Why they are not all, if so: a reader that can use the first part does, and passes this on.
    pub cut: Option<Problem>,
}

impl Whole {
    /// The bytes; the problem where they are not all.
    pub fn complete(self) -> Result<Bytes, Problem> {
        match self.cut {
            None => Ok(self.bytes),
            Some(problem) => Err(Problem::failed(format!(
                "its index stands at its end, and that can't be reached: {problem}"
            ))),
        }
    }
}

impl Body<'_> {
    /// All of it in memory; a problem where that would be more than the limits allow. `what` names the kind of input in that
    /// problem, with its article: `a zip archive`.
    pub fn into_blob(self, what: &str, limits: &Limits, budget: &Budget) -> Result<Whole, Problem> {
        match self {
            Body::Blob(bytes) => Ok(Whole { bytes, cut: None }),
            Body::File(file) => read_file(file, what, limits, budget),
            Body::Stream(stream) => read_all(stream, what, limits, budget),
        }
    }
}

fn read_file(file: File, what: &str, limits: &Limits, budget: &Budget) -> Result<Whole, Problem> {
    let len = file.metadata().map_or(0, |metadata| metadata.len());
    if len > budget.free(limits) {
        return Err(too_large(what, limits));
    }
    read_all(Rewound::new(file)?, what, limits, budget)
}

fn read_all(
    stream: impl Read,
    what: &str,
    limits: &Limits,
    budget: &Budget,
) -> Result<Whole, Problem> {
    let most = budget.free(limits);
    let mut bytes = Vec::new();
    let read = stream.take(most.saturating_add(1)).read_to_end(&mut bytes);
    if bytes.len() as u64 > most {
        return Err(too_large(what, limits));
    }
    budget.hold(bytes.len() as u64);
    let cut = read.err().map(|error| stopped(&error, bytes.len() as u64));
    Ok(Whole {
        bytes: bytes.into(),
        cut,
    })
}

fn stopped(error: &io::Error, at: u64) -> Problem {
    Problem::lost(format!("reading stopped: {error}")).at(at)
}

fn too_large(what: &str, limits: &Limits) -> Problem {
    Problem::skipped(format!(
        "{what} that is not a plain file must fit into {} of memory; raise --max-memory, or unpack it first",
        shown(limits.memory)
    ))
}

/// A number of bytes as people write it, where it is round.
fn shown(bytes: u64) -> String {
    if bytes > 0 && bytes.is_multiple_of(1 << 20) {
        format!("{} MiB", bytes >> 20)
    } else {
        format!("{bytes} bytes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(memory: u64) -> Limits {
        Limits {
            memory,
            ..Limits::default()
        }
    }

    fn stream(bytes: &[u8]) -> Body<'_> {
        Body::Stream(Box::new(bytes))
    }

    #[test]
    fn a_stream_is_held_up_to_the_bound() {
        let whole = stream(b"abcd").into_blob("a zip", &limits(4), &Budget::default());
        assert_eq!(&whole.unwrap().bytes[..], b"abcd");
        let refused = stream(b"abcde").into_blob("a zip", &limits(4), &Budget::default());
        assert!(refused.unwrap_err().reason.contains("4 bytes of memory"));
    }

    #[test]
    fn archives_inside_each_other_share_the_bound() {
        let outer = Budget::default();
        stream(b"abc")
            .into_blob("a zip", &limits(4), &outer)
            .unwrap();
        let inner = outer.inside();
        assert!(
            stream(b"ab")
                .into_blob("a zip", &limits(4), &inner)
                .is_err()
        );
        let beside = outer.inside();
        stream(b"a").into_blob("a zip", &limits(4), &inner).unwrap();
        stream(b"b")
            .into_blob("a zip", &limits(4), &beside)
            .unwrap();
    }

    #[test]
    fn what_came_before_an_error_is_there() {
        struct Fails;
        impl Read for Fails {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("broken"))
            }
        }
        let body = Body::Stream(Box::new((&b"ab"[..]).chain(Fails)));
        let whole = body
            .into_blob("a zip", &limits(9), &Budget::default())
            .unwrap();
        assert_eq!(&whole.bytes[..], b"ab");
        assert_eq!(whole.cut.as_ref().unwrap().at, Some(2));
        assert!(whole.complete().is_err());
    }
}
