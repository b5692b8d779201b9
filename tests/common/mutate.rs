//! Damage at random, the same in every run: bits flipped, bytes overwritten, cut off, spliced with others.

/// Numbers that look random and are the same in every run: xorshift64*.
pub(crate) struct Random(u64);

impl Random {
    /// The numbers of `SEED`.
    pub(crate) fn new() -> Self {
        Self(number("SEED", 20) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

/// Damages bytes, in part with others.
pub(crate) fn mutate(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    for _ in 0..=random.below(6) {
        if bytes.is_empty() {
            return;
        }
        let at = random.below(bytes.len());
        match random.below(8) {
            0..=2 => bytes[at] ^= 1 << random.below(8),
            3 => bytes[at] = [0, 0xff, 0x7f, 0x80, b'"', b'\n'][random.below(6)],
            4 => {
                let value = [0, u32::MAX, 0x7fff_ffff, 1 << 20][random.below(4)];
                for (place, byte) in bytes[at..].iter_mut().zip(value.to_le_bytes()) {
                    *place = byte;
                }
            }
            5 => bytes.truncate(at),
            6 => {
                let from = random.below(other.len());
                let len = random.below(512).min(other.len() - from);
                bytes.splice(at..at, other[from..from + len].iter().copied());
            }
            _ => {
                let end = (at + random.below(512)).min(bytes.len());
                bytes.drain(at..end);
            }
        }
    }
}

/// A number from the environment.
pub(crate) fn number(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(default)
}
