//! What came of an input and of all that lies in it, in the order of the archive, whichever thread ended first.
//!
//! Results of members are packed as soon as those before them are known, so that an archive of any number of members takes
//! bounded memory.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

use super::Emit;
use super::packed::{PackedEvents, Packer};
use super::release::{Settled, Totals};
use super::worker::{Engine, lock};
use crate::error::Problem;

/// Bytes of hits up to which a member is packed; with more of them, what else is known of it is small beside them.
const FEW: usize = 256 << 10;

/// The results of an input: those of its members first, its own last.
#[derive(Default)]
pub(crate) struct Results<'e> {
    done: Vec<Outcome<'e>>,
    /// Those behind one that another thread reads.
    waiting: VecDeque<Waiting<'e>>,
}

enum Outcome<'e> {
    Packed(PackedEvents),
    Whole(Box<Settled<'e>>),
}

enum Waiting<'e> {
    Here(Outcome<'e>),
    /// Of a member that is read on another thread.
    Later(Slot<'e>),
}

/// Where another thread puts results.
pub(crate) type Slot<'e> = Arc<Mutex<Option<Results<'e>>>>;

impl<'e> Results<'e> {
    /// The result of a member.
    pub(crate) fn push(&mut self, engine: &'e Engine<'e>, settled: Settled<'e>) {
        if settled.stored() > FEW {
            return self.own(settled);
        }
        let mut packer = Packer::default();
        let mut events = PackedEvents::default();
        settled.pack(&mut packer);
        events.push(&packer, &engine.spool);
        self.waiting
            .push_back(Waiting::Here(Outcome::Packed(events)));
        self.advance(engine);
    }

    /// The result of the input itself.
    pub(crate) fn own(&mut self, settled: Settled<'e>) {
        let whole = Outcome::Whole(Box::new(settled));
        self.waiting.push_back(Waiting::Here(whole));
    }

    /// The place of results that another thread will have.
    pub(crate) fn later(&mut self, engine: &'e Engine<'e>) -> Slot<'e> {
        let slot = Slot::default();
        self.waiting.push_back(Waiting::Later(slot.clone()));
        self.advance(engine);
        slot
    }

    /// Adds what became known of the input after it was read.
    pub(crate) fn add(&mut self, problem: Option<Problem>) {
        let last = self.waiting.back_mut();
        if let Some(Waiting::Here(Outcome::Whole(own))) = last {
            own.add(problem);
        }
    }

    /// Gives all events out in order, once all threads are done.
    pub(crate) fn emit(
        mut self,
        engine: &'e Engine<'e>,
        totals: &mut Totals,
        emit: &mut Emit<'_>,
    ) -> io::Result<()> {
        self.advance(engine);
        for outcome in self.done {
            match outcome {
                Outcome::Whole(settled) => settled.emit(totals, emit)?,
                Outcome::Packed(events) => {
                    events.emit(&engine.spool, &mut |event, is_unread| {
                        totals.add(engine, &event, is_unread);
                        emit(&event)
                    })?;
                }
            }
        }
        Ok(())
    }

    /// Joins what is known by now.
    fn advance(&mut self, engine: &'e Engine<'e>) {
        while let Some(next) = self.waiting.pop_front() {
            match next {
                Waiting::Here(outcome) => self.join(engine, outcome),
                Waiting::Later(slot) => {
                    let inner = lock(&slot).take();
                    let Some(mut inner) = inner else {
                        self.waiting.push_front(Waiting::Later(slot));
                        return;
                    };
                    inner.advance(engine);
                    for outcome in inner.done {
                        self.join(engine, outcome);
                    }
                }
            }
        }
    }

    fn join(&mut self, engine: &'e Engine<'e>, outcome: Outcome<'e>) {
        match (self.done.last_mut(), outcome) {
            (Some(Outcome::Packed(known)), Outcome::Packed(events)) => {
                known.append(events, &engine.spool);
            }
            (_, outcome) => self.done.push(outcome),
        }
    }
}
