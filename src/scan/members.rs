//! Members: inputs one level down, read on the spot or on another thread.
//!
//! What borrows from the archive's reader (a member of a stream) is read on the spot, unless it is short enough to be taken
//! into memory: then the reader goes on to the next one while a thread scans it. The lease on the bytes in flight that
//! bounds chunks bounds such members as well; without one, a member is read on the spot.

use std::sync::Arc;

use super::ledger::Ledger;
use super::release::settle;
use super::results::Results;
use super::worker::{Engine, Origin, lock, read_input};
use crate::error::Problem;
use crate::format::{Member, Unread};
use crate::input::{Body, Budget, Input, Limits};

/// What a member that waits for a thread counts for at least, in bytes of the lease.
const LEAST: usize = 256 << 10;
/// What a member counts for that is unpacked on another thread, in bytes of the lease: about what a decoder needs.
pub(crate) const APART: usize = 1 << 20;

/// An archive while its members are read.
#[derive(Clone, Copy)]
pub(crate) struct Inside<'e, 'o> {
    pub(crate) engine: &'e Engine<'e>,
    pub(crate) origin: &'o Origin,
    pub(crate) depth: usize,
    pub(crate) budget: &'o Budget,
}

impl<'e> Inside<'e, '_> {
    /// Reads a member that may borrow from the archive's reader.
    pub(crate) fn member<'s>(
        &self,
        scope: &rayon::Scope<'s>,
        member: Member<'_>,
        results: &mut Results<'e>,
    ) where
        'e: 's,
    {
        let Member { name, size, body } = member;
        let body = match body {
            Body::Stream(_) if self.is_alone() => body,
            Body::Stream(_) => match body.peek(self.engine.scan.read.block_size) {
                Ok((_, body)) => body,
                Err(error) => {
                    let problem = Problem::failed(format!("can't be read: {error}"));
                    let bytes = size;
                    let unread = Unread {
                        name,
                        bytes,
                        problem,
                    };
                    return self.unread(unread, results);
                }
            },
            _ => body,
        };
        match body {
            Body::Blob(bytes) => {
                let lease = bytes.len().max(LEAST);
                let body = Body::Blob(bytes);
                self.apart(scope, Member { name, size, body }, lease, results);
            }
            Body::File(file) => {
                let body = Body::File(file);
                self.apart(scope, Member { name, size, body }, APART, results);
            }
            Body::Stream(_) => self.here(Member { name, size, body }, results),
        }
    }

    /// Reads a member that doesn't need the archive's reader any more: on another thread, where a lease is left.
    pub(crate) fn apart<'s>(
        &self,
        scope: &rayon::Scope<'s>,
        member: Member<'static>,
        lease: usize,
        results: &mut Results<'e>,
    ) where
        'e: 's,
    {
        let engine = self.engine;
        if self.is_alone() || self.is_too_deep() || !engine.leases.take(lease) {
            return self.here(member, results);
        }
        let (origin, input) = self.input(member);
        let slot = results.later(engine);
        scope.spawn(move |_| {
            let mut results = Results::default();
            read_input(engine, &origin, input, &mut results);
            engine.leases.give_back(lease);
            *lock(&slot) = Some(results);
        });
    }

    /// Notes a member that can't be read.
    pub(crate) fn unread(&self, unread: Unread, results: &mut Results<'e>) {
        let origin = Origin {
            stated: unread.bytes,
            ..self.origin_of(&unread.name)
        };
        let ledger = Ledger::unread(&origin, None, unread.problem);
        results.push(self.engine, settle(self.engine, ledger));
    }

    fn here(&self, member: Member<'_>, results: &mut Results<'e>) {
        let (origin, input) = self.input(member);
        if self.is_too_deep() {
            let problem = Problem::skipped(format!(
                "in more than {} archives, one within the other; raise --max-depth",
                self.engine.scan.read.limits.depth
            ));
            let ledger = Ledger::unread(&origin, None, problem);
            return results.push(self.engine, settle(self.engine, ledger));
        }
        read_input(self.engine, &origin, input, results);
    }

    fn is_alone(&self) -> bool {
        self.engine.scan.threads <= 1
    }

    fn is_too_deep(&self) -> bool {
        let most = self.engine.scan.read.limits.depth;
        self.depth >= most.min(Limits::MOST_DEPTH)
    }

    fn input<'a>(&self, member: Member<'a>) -> (Origin, Input<'a>) {
        let origin = Origin {
            len: member.body.len(),
            stated: member.size,
            ..self.origin_of(&member.name)
        };
        let input = Input {
            name: member.name,
            folder: None,
            depth: self.depth + 1,
            body: member.body,
            budget: self.budget.inside(),
        };
        (origin, input)
    }

    fn origin_of(&self, name: &str) -> Origin {
        let member: Arc<str> = match &self.origin.member {
            None => name.into(),
            Some(archive) => format!("{archive}!/{name}").into(),
        };
        Origin {
            file: self.origin.file.clone(),
            member: Some(member),
            len: None,
            stated: None,
        }
    }
}
