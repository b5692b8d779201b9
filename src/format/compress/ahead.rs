//! Parts of a compressed input that say nothing of each other (blocks of bzip2 and xz, frames of zstd) are decoded ahead of
//! their turn, on all threads, and read in their order.
//!
//! A decoder gives the same bytes and the same errors for a part as it does on its way through the whole input, so nothing
//! depends on who decodes what. Parts become [`MOST`] bytes at the most before their turn comes; what is more is decoded as it
//! is read.

use std::collections::VecDeque;
use std::io::{self, BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::input::Bytes;

/// What a part may become before its turn comes, in bytes.
const MOST: u64 = if cfg!(test) { 1 << 20 } else { 32 << 20 };
/// What all parts that wait are expected to become at the most, in bytes, and how much each becomes where it doesn't say so.
const MOST_TOGETHER: u64 = 48 << 20;
const EXPECTED: u64 = 1 << 20;
/// Shorter inputs are decoded at once.
const SHORTEST: usize = if cfg!(any(test, fuzzing)) { 1 } else { 1 << 20 };

/// Makes an input of its own of a part.
type Alone = Box<dyn FnOnce(&Bytes) -> Bytes + Send>;

/// A part of an input.
pub(super) struct Part {
    alone: Alone,
    /// Where it ends.
    end: usize,
    /// What it becomes, in bytes, where it says so.
    expands_to: Option<u64>,
    /// How much of what it becomes was read with other parts.
    known: u64,
    /// What may be decoded before its turn comes, in bytes.
    most: u64,
}

impl Part {
    /// Bytes that are an input of their own as they are.
    pub(super) fn slice(start: usize, end: usize, expands_to: Option<u64>) -> Self {
        let alone = move |all: &Bytes| all.slice(start..end);
        Self::made(Box::new(alone), end, expands_to)
    }

    /// What has to be made an input of its own.
    pub(super) fn made(alone: Alone, end: usize, expands_to: Option<u64>) -> Self {
        Self {
            alone,
            end,
            expands_to,
            known: 0,
            // What would wait half decoded may as well wait as it is.
            most: if expands_to.is_some_and(|size| size > MOST) {
                0
            } else {
                MOST
            },
        }
    }

    /// The rest of an input, which may be any length and is decoded as it is read.
    pub(super) fn rest(start: usize, end: usize) -> Self {
        Self {
            most: 0,
            ..Self::slice(start, end, Some(0))
        }
    }

    /// The same, of which only what stands behind so many bytes is to be read.
    pub(super) fn behind(self, known: u64) -> Self {
        Self { known, ..self }
    }
}

/// Parts an input.
pub(super) trait Parts: Send {
    /// The next part; none at the end. Where the next one can't be told, the rest is one.
    fn next(&mut self, all: &[u8]) -> io::Result<Option<Part>>;
}

type Decoder = Box<dyn Read + Send>;
/// Starts to decode an input.
pub(super) type Start = fn(BufReader<Box<dyn Read + Send>>) -> io::Result<Decoder>;

/// Reads what all parts become.
pub(super) struct Ahead {
    all: Bytes,
    parts: Box<dyn Parts>,
    start: Start,
    /// What comes when all parts that wait are read.
    end: Option<io::Result<()>>,
    waiting: VecDeque<Arc<Slot>>,
    now: Decoded,
    /// How many bytes of the input were read.
    count: Arc<AtomicU64>,
}

/// A part that waits for its turn.
struct Slot {
    state: Mutex<State>,
    done: Condvar,
    end: u64,
    expands_to: u64,
}

enum State {
    Waiting(Part),
    /// A thread decodes it, or it was given out.
    Taken,
    Done(Decoded),
}

/// What became of a part.
#[derive(Default)]
struct Decoded {
    bytes: Vec<u8>,
    /// How many of them were read.
    at: usize,
    /// What goes on where that isn't all of it.
    rest: Option<Decoder>,
    error: Option<io::Error>,
}

impl Ahead {
    /// Reads an input that has parts; none where it has but one, or is too short for that to be worth it.
    pub(super) fn new(
        all: &Bytes,
        parts: fn() -> Box<dyn Parts>,
        start: Start,
    ) -> Option<(Self, Arc<AtomicU64>)> {
        if all.len() < SHORTEST {
            return None;
        }
        let first = parts().next(all);
        if first.is_ok_and(|part| part.is_some_and(|part| part.end == all.len())) {
            return None;
        }
        let parts = parts();
        let count = Arc::new(AtomicU64::new(0));
        let ahead = Self {
            all: all.clone(),
            parts,
            start,
            end: None,
            waiting: VecDeque::new(),
            now: Decoded::default(),
            count: count.clone(),
        };
        Some((ahead, count))
    }

    /// Has threads decode as many parts as may wait.
    fn share_out(&mut self) {
        let threads = rayon::current_num_threads();
        let mut expected: u64 = self.waiting.iter().map(|slot| slot.expands_to).sum();
        while self.end.is_none()
            && (self.waiting.is_empty() || self.waiting.len() < threads && expected < MOST_TOGETHER)
        {
            let part = match self.parts.next(&self.all) {
                Ok(Some(part)) => part,
                Ok(None) => {
                    self.end = Some(Ok(()));
                    return;
                }
                Err(error) => {
                    self.end = Some(Err(error));
                    return;
                }
            };
            let slot = Arc::new(Slot {
                end: part.end as u64,
                expands_to: part.expands_to.unwrap_or(EXPECTED).min(MOST),
                state: Mutex::new(State::Waiting(part)),
                done: Condvar::new(),
            });
            expected += slot.expands_to;
            if threads > 1 {
                let (slot, all, start) = (slot.clone(), self.all.clone(), self.start);
                rayon::spawn(move || slot.decode(&all, start));
            }
            self.waiting.push_back(slot);
        }
    }

    /// Goes on to the next part; says whether there is one.
    fn advance(&mut self) -> io::Result<bool> {
        self.share_out();
        let Some(slot) = self.waiting.pop_front() else {
            return match self.end.replace(Ok(())) {
                Some(Err(error)) => Err(error),
                _ => Ok(false),
            };
        };
        slot.decode(&self.all, self.start);
        // While another thread has it, those behind it.
        let mut others = self.waiting.iter();
        while !slot.is_done()
            && let Some(other) = others.next()
        {
            other.decode(&self.all, self.start);
        }
        self.now = slot.wait();
        // What can't be read starts no earlier than its part.
        if self.now.error.is_none() {
            self.count.store(slot.end, Ordering::Relaxed);
        }
        Ok(true)
    }
}

impl Read for Ahead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let left = &self.now.bytes[self.now.at..];
            if !left.is_empty() {
                let len = left.len().min(buffer.len());
                buffer[..len].copy_from_slice(&left[..len]);
                self.now.at += len;
                return Ok(len);
            }
            if let Some(rest) = &mut self.now.rest {
                let len = rest.read(buffer)?;
                if len > 0 || buffer.is_empty() {
                    return Ok(len);
                }
            }
            if let Some(error) = self.now.error.take() {
                return Err(error);
            }
            if !self.advance()? {
                self.now = Decoded::default();
                return Ok(0);
            }
        }
    }
}

impl Drop for Ahead {
    /// What nobody reads any more needs no decoding.
    fn drop(&mut self) {
        for slot in &self.waiting {
            *slot.lock() = State::Taken;
        }
    }
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decodes the part, unless another thread has begun to.
    fn decode(&self, all: &Bytes, start: Start) {
        let mut state = self.lock();
        let part = match std::mem::replace(&mut *state, State::Taken) {
            State::Waiting(part) => part,
            other => {
                *state = other;
                return;
            }
        };
        drop(state);
        let decoded = catch_unwind(AssertUnwindSafe(|| decode(part, all, start)));
        let decoded = decoded.unwrap_or_else(|_| Decoded {
            error: Some(io::Error::other("the decoder failed")),
            ..Decoded::default()
        });
        *self.lock() = State::Done(decoded);
        self.done.notify_all();
    }

    fn is_done(&self) -> bool {
        matches!(*self.lock(), State::Done(_))
    }

    /// What became of it, once it is decoded.
    fn wait(&self) -> Decoded {
        let mut state = self.lock();
        loop {
            match std::mem::replace(&mut *state, State::Taken) {
                State::Done(decoded) => return decoded,
                other => *state = other,
            }
            state = self
                .done
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn decode(part: Part, all: &Bytes, start: Start) -> Decoded {
    let input: Box<dyn Read + Send> = Box::new(io::Cursor::new((part.alone)(all)));
    let most = part.most;
    let expected = part.expands_to.unwrap_or(0).min(most);
    let mut out = Decoded {
        // One more, which is how reading finds that nothing follows.
        bytes: Vec::with_capacity(usize::try_from(expected).unwrap_or(0) + 1),
        ..Decoded::default()
    };
    let decoder = start(BufReader::new(input)).and_then(|mut decoder| {
        io::copy(&mut (&mut decoder).take(part.known), &mut io::sink())?;
        (&mut decoder).take(most).read_to_end(&mut out.bytes)?;
        Ok(decoder)
    });
    match decoder {
        Ok(decoder) => out.rest = (out.bytes.len() as u64 == most).then_some(decoder),
        Err(error) => out.error = Some(error),
    }
    out
}
