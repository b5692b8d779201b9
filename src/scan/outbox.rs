//! Gives results out in the order of the inputs, whichever thread ends first.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex};

use super::worker::lock;

/// Results that wait for their turn.
pub(crate) struct Outbox<T> {
    state: Mutex<State<T>>,
    freed: Condvar,
}

struct State<T> {
    ready: BTreeMap<u64, T>,
    next: u64,
    /// Whether a thread is giving out results.
    busy: bool,
    /// Inputs begun and not given out.
    open: usize,
    /// Where someone waits to open another one: how many may be open then.
    awaited: Option<usize>,
}

impl<T> Default for Outbox<T> {
    fn default() -> Self {
        let state = State {
            ready: BTreeMap::new(),
            next: 0,
            busy: false,
            open: 0,
            awaited: None,
        };
        Self {
            state: Mutex::new(state),
            freed: Condvar::new(),
        }
    }
}

impl<T> Outbox<T> {
    /// Opens an input. Where `most` are open, it waits first, until half of them are given out: to wake up for each of
    /// many small ones costs as much as to read them. Not to be called from a pool thread.
    pub(crate) fn open(&self, most: usize) {
        let mut state = lock(&self.state);
        state.awaited = (state.open >= most).then_some(most / 2);
        while state.awaited.is_some() {
            state = self
                .freed
                .wait(state)
                .unwrap_or_else(std::sync::PoisonError::into_inner);
        }
        state.open += 1;
    }

    /// Puts in the result of input `number`. When its turn has come, `give` is called with it and with those that
    /// waited for it, in order, by this thread; a thread that finds another one giving leaves its result to that one.
    pub(crate) fn put(&self, number: u64, result: T, mut give: impl FnMut(T)) {
        let mut state = lock(&self.state);
        state.ready.insert(number, result);
        if state.busy {
            return;
        }
        state.busy = true;
        loop {
            let next = state.next;
            let Some(result) = state.ready.remove(&next) else {
                break;
            };
            state.next += 1;
            drop(state);
            give(result);
            state = lock(&self.state);
            state.open -= 1;
            if state.awaited.is_some_and(|most| state.open <= most) {
                state.awaited = None;
                self.freed.notify_one();
            }
        }
        state.busy = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order() {
        let outbox = Outbox::default();
        let mut given = Vec::new();
        for _ in 0..3 {
            outbox.open(3);
        }
        outbox.put(2, "c", |result| given.push(result));
        outbox.put(0, "a", |result| given.push(result));
        outbox.put(1, "b", |result| given.push(result));
        assert_eq!(given, ["a", "b", "c"]);
    }
}
