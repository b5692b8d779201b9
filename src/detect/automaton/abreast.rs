//! Walks over several texts at a time: what a step waits for is there sooner than the other texts' turns end.

use super::{Automaton, DEAD, SINK, SPECIAL, States, UNKNOWN};

/// Patterns that match at the start of a text, one bit each.
#[derive(Clone, Copy, Default)]
pub(in super::super) struct Ends {
    /// Those that match all of it.
    pub(in super::super) whole: u64,
    /// Those that match less of it only.
    pub(in super::super) part: u64,
}

/// Texts walked over at a time.
const ABREAST: usize = 4;
/// Texts of this length or more are not told apart by it.
const LONG: usize = 64;

impl Automaton {
    /// How the first 64 patterns match at the start of each of some texts; says nothing of those of `longest` bytes or more.
    pub(in super::super) fn ends(
        &self,
        texts: &[&[u8]],
        longest: usize,
        states: &mut States,
        ends: &mut Vec<Ends>,
    ) {
        let first = ends.len();
        ends.resize(first + texts.len(), Ends::default());
        let ends = &mut ends[first..];
        let mut order = std::mem::take(&mut states.order);
        by_length(texts, &mut order);
        let (abreast, others) = order.as_chunks::<ABREAST>();
        for places in abreast {
            let texts = places.map(|place| texts[place as usize]);
            let found = self.ends_abreast(&texts, longest, states);
            for (place, found) in places.iter().zip(found) {
                ends[*place as usize] = found;
            }
        }
        for &place in others {
            ends[place as usize] = self.ends_of(texts[place as usize], longest, states);
        }
        states.order = order;
    }

    /// How the patterns match one text.
    fn ends_of(&self, text: &[u8], longest: usize, states: &mut States) -> Ends {
        let from = self.start(text, 0, states);
        if text.len() >= longest || from == DEAD {
            return Ends::default();
        }
        self.ends_behind(text, (0, from), states)
    }

    /// How they match texts, of which the first is the shortest.
    #[inline]
    fn ends_abreast(
        &self,
        texts: &[&[u8]; ABREAST],
        longest: usize,
        states: &mut States,
    ) -> [Ends; ABREAST] {
        let forgotten = states.forgotten;
        let start = self.start(texts[0], 0, states);
        if start == DEAD {
            return Default::default();
        }
        let mut all = [Ends::default(); ABREAST];
        let mut now = [start; ABREAST];
        let len = texts[0].len();
        let mut at = 0;
        loop {
            let mut next;
            (at, next) = self.go_abreast(texts, (at, len), &mut now, states);
            if at == len {
                break;
            }
            for lane in 0..ABREAST {
                if next[lane] == UNKNOWN {
                    let class = self.classes[usize::from(texts[lane][at])];
                    next[lane] = self.learn(now[lane], usize::from(class), states);
                    if states.forgotten != forgotten {
                        // The other states are no longer known.
                        return texts.map(|text| self.ends_of(text, longest, states));
                    }
                }
                if next[lane] == DEAD {
                    next[lane] = SINK;
                } else if next[lane] >= SPECIAL {
                    next[lane] -= SPECIAL;
                    all[lane].part |= states.mask(next[lane], self.end);
                }
            }
            now = next;
            at += 1;
            if now == [SINK; ABREAST] {
                break;
            }
        }
        for ((all, text), state) in all.iter_mut().zip(texts).zip(now) {
            if text.len() >= longest {
                *all = Ends::default();
            } else if state != SINK {
                let from = if states.forgotten == forgotten {
                    (at, state)
                } else {
                    (0, self.start(text, 0, states))
                };
                self.end_from(text, from, states, all);
            }
        }
        all
    }

    /// Goes over texts from a place on, to the end of the shortest or before a byte with which one of them does something out
    /// of the ordinary; gives that place, and where that byte leads to.
    #[inline]
    fn go_abreast(
        &self,
        texts: &[&[u8]; ABREAST],
        (from, len): (usize, usize),
        now: &mut [u32; ABREAST],
        states: &States,
    ) -> (usize, [u32; ABREAST]) {
        let transitions = &states.transitions[..];
        let [a, b, c, d] = texts.map(|text| &text[from..len]);
        let step = |state: u32, byte: u8| {
            transitions[state as usize + usize::from(self.classes[usize::from(byte)])]
        };
        let bytes = a.iter().zip(b).zip(c).zip(d).enumerate();
        for (at, (((a, b), c), d)) in bytes {
            let next = [
                step(now[0], *a),
                step(now[1], *b),
                step(now[2], *c),
                step(now[3], *d),
            ];
            if next[0] | next[1] | next[2] | next[3] >= SPECIAL {
                return (from + at, next);
            }
            *now = next;
        }
        (len, *now)
    }

    /// Adds what is found from a place in a text on.
    #[inline]
    fn end_from(&self, text: &[u8], from: (usize, u32), states: &mut States, all: &mut Ends) {
        let next = match text.len() == from.0 {
            true => states.transitions[from.1 as usize + self.end],
            false => UNKNOWN,
        };
        if next == UNKNOWN {
            let behind = self.ends_behind(text, from, states);
            all.whole = behind.whole;
            all.part |= behind.part;
        } else if next != DEAD {
            all.whole = states.mask(next & !SPECIAL, self.end);
        }
        all.part &= !all.whole;
    }

    /// The same where there are bytes left, or transitions to learn.
    #[inline(never)]
    fn ends_behind(&self, text: &[u8], from: (usize, u32), states: &mut States) -> Ends {
        let mut all = Ends::default();
        self.go_on(text, from, states, |end, _, mask| {
            if end == text.len() {
                all.whole = mask;
            } else {
                all.part |= mask;
            }
        });
        all.part &= !all.whole;
        all
    }
}

/// The places of texts, shortest first, so that those walked over together end together.
fn by_length(texts: &[&[u8]], order: &mut Vec<u32>) {
    let class = |text: &[u8]| text.len().min(LONG);
    let mut starts = [0u32; LONG + 2];
    for text in texts {
        starts[class(text) + 1] += 1;
    }
    for class in 0..=LONG {
        starts[class + 1] += starts[class];
    }
    order.clear();
    order.resize(texts.len(), 0);
    for (place, text) in (0..).zip(texts) {
        let at = &mut starts[class(text)];
        order[*at as usize] = place;
        *at += 1;
    }
    // In the last class they are of any length.
    let long = starts[LONG - 1] as usize;
    order[long..].sort_by_key(|place| texts[*place as usize].len());
}
