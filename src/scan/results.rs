//! What came of an input and of all that lies in it, in the order of the archive, whichever thread ended first.

use std::sync::{Arc, Mutex};

use super::release::Settled;
use super::worker::lock;

/// The results of an input: those of its members first, its own last.
#[derive(Default)]
pub(crate) struct Results<'e>(Vec<Outcome<'e>>);

enum Outcome<'e> {
    Known(Box<Settled<'e>>),
    /// Of a member that is read on another thread.
    Later(Slot<'e>),
}

/// Where another thread puts results.
pub(crate) type Slot<'e> = Arc<Mutex<Results<'e>>>;

impl<'e> Results<'e> {
    /// The result of one input.
    pub(crate) fn push(&mut self, settled: Settled<'e>) {
        self.0.push(Outcome::Known(Box::new(settled)));
    }

    /// The place of results that another thread will have.
    pub(crate) fn later(&mut self) -> Slot<'e> {
        let slot = Slot::default();
        self.0.push(Outcome::Later(slot.clone()));
        slot
    }

    /// All of them in order, once all threads are done.
    pub(crate) fn in_order(self) -> Vec<Settled<'e>> {
        let mut all = Vec::with_capacity(self.0.len());
        let mut stack = vec![self.0.into_iter()];
        while let Some(results) = stack.last_mut() {
            match results.next() {
                Some(Outcome::Known(settled)) => all.push(*settled),
                Some(Outcome::Later(slot)) => {
                    let inner = std::mem::take(&mut *lock(&slot));
                    stack.push(inner.0.into_iter());
                }
                None => {
                    stack.pop();
                }
            }
        }
        all
    }
}
