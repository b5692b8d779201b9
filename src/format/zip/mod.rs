//! zip archives: every member is independent of the others, and stored ones are slices of the memory map.
//!
//! The index is read here and not by a library, since those keep one member of each name, give up where one entry is damaged, and
//! find nothing where the index is cut off. `index.rs` reads it, `recover.rs` does without, `gaps.rs` finds what it doesn't list, and
//! `unpack.rs` opens a member.

mod gaps;
mod index;
mod name;
mod recover;
mod unpack;

use std::vec::IntoIter;

use super::made::Made;
use super::{Format, Head, Likelihood, Member, Piece, ReadOptions, Reader, Unread};
use crate::error::Problem;
use crate::input::{Body, Budget, Limits, Store};

/// zip.
pub(super) struct Zip;

/// What the index says of a member.
#[derive(Debug)]
struct Entry {
    name: String,
    flags: u16,
    method: u16,
    /// The checksum of what it unpacks to, where it is stated.
    crc: Option<u32>,
    /// Bytes stored of it.
    packed: u64,
    /// Bytes it unpacks to; none where only its end says so.
    size: Option<u64>,
    at: Place,
    is_link: bool,
}

/// Text that belongs to no member.
struct Extra {
    name: String,
    store: Store,
}

/// Where a member lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Its own header stands at this byte.
    Header(u64),
    /// In another part of a split archive.
    Elsewhere,
}

impl Format for Zip {
    fn name(&self) -> &'static str {
        "zip"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let is_zip = head.bytes.starts_with(b"PK\x03\x04")
            || head.bytes.starts_with(b"PK\x05\x06")
            || head.bytes.starts_with(b"PK\x07\x08PK");
        if is_zip {
            return Some(Likelihood::Magic);
        }
        // A program that unpacks itself, or anything else before the archive.
        let may_be = head.text.is_none() || head.bytes.starts_with(b"#!");
        let tail = head.tail.as_deref().filter(|_| may_be)?;
        index::ends_with_index(tail).then_some(Likelihood::Content)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        let (limits, budget) = (options.limits, head.budget.clone());
        let (store, cut) = Store::of(body, "a zip archive", &limits, &budget)?;
        let mut comments = Made::new(0);
        let mut problems: Vec<Problem> = cut.into_iter().collect();
        let (entries, extras) = match index::read(&store) {
            Ok(mut index) => {
                let besides = gaps::besides(&store, &mut index);
                problems.extend(besides.problems);
                if !besides.comments.is_empty() {
                    comments.table(Some("(comments)"), besides.comments);
                }
                index.entries.extend(besides.entries);
                (index.entries, besides.extras)
            }
            Err(problem) => {
                let (entries, problem) = recovered(&store, problem)?;
                problems.extend(problem);
                (entries, Vec::new())
            }
        };
        Ok(Box::new(Members {
            store,
            entries: entries.into_iter(),
            extras: extras.into_iter(),
            comments,
            problems,
            position: 0,
            limits,
            budget,
        }))
    }
}

/// The members that are found without the index, and what is wrong with that.
fn recovered(store: &Store, problem: Problem) -> Result<(Vec<Entry>, Option<Problem>), Problem> {
    let entries = recover::entries(store)
        .map_err(|error| Problem::failed(format!("reading stopped: {error}")))?;
    if entries.is_empty() {
        return Err(Problem::failed(problem.reason));
    }
    let reason = format!("{}; members were found without it", problem.reason);
    let lost = Problem::lost(reason);
    Ok((
        entries,
        Some(Problem {
            at: problem.at,
            ..lost
        }),
    ))
}

struct Members {
    store: Store,
    entries: IntoIter<Entry>,
    extras: IntoIter<Extra>,
    comments: Made,
    problems: Vec<Problem>,
    position: u64,
    limits: Limits,
    budget: Budget,
}

impl Reader for Members {
    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Problem> {
        if let Some(problem) = self.problems.pop() {
            return Err(problem);
        }
        // Folders and links hold nothing themselves.
        let Some(entry) = self
            .entries
            .find(|entry| !entry.is_folder() && !entry.is_link)
        else {
            self.position = self.store.len();
            let Some(Extra { name, store }) = self.extras.next() else {
                return self.comments.next_piece();
            };
            return Ok(Some(Piece::Apart(Member {
                name,
                size: Some(store.len()),
                body: store.body(),
            })));
        };
        self.position = self.position.saturating_add(entry.packed);
        Ok(Some(match self.unpack(&entry) {
            Ok(body) => Piece::Apart(Member {
                name: entry.name,
                size: entry.size,
                body,
            }),
            Err(problem) => Piece::Unread(Unread {
                name: entry.name,
                bytes: Some(entry.packed),
                problem,
            }),
        }))
    }

    fn position(&self) -> u64 {
        self.position.min(self.store.len())
    }
}

impl Entry {
    fn is_folder(&self) -> bool {
        self.name.ends_with(['/', '\\']) && self.size.unwrap_or(0) == 0
    }

    fn is_encrypted(&self) -> bool {
        self.flags & 1 != 0 || self.method == unpack::ENCRYPTED
    }
}
