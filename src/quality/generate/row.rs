//! A row under construction, and the values that any kind of row may hold.

use super::Locale;
use super::numbers::two_digits;
use super::rng::Rng;

/// A row under construction: cells one behind the other, and what stands in those that are text.
#[derive(Default)]
pub(super) struct Row {
    pub(super) bytes: Vec<u8>,
    pub(super) ends: Vec<usize>,
    /// Cell and detector of what stands in texts.
    pub(super) inside: Vec<(usize, &'static str)>,
    pub(super) locale: Locale,
}

impl Row {
    pub(super) fn cells(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, &end)| &self.bytes[start..end])
    }

    pub(super) fn end_cell(&mut self) {
        self.ends.push(self.bytes.len());
    }

    pub(super) fn cell(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.end_cell();
    }

    pub(super) fn number(&mut self, value: u64) {
        let mut buffer = itoa::Buffer::new();
        self.bytes
            .extend_from_slice(buffer.format(value).as_bytes());
    }

    pub(super) fn hex(&mut self, count: usize, rng: &mut Rng) {
        for _ in 0..count {
            self.bytes.push(b"0123456789abcdef"[rng.below(16) as usize]);
        }
    }

    pub(super) fn uuid(&mut self, rng: &mut Rng) {
        for (at, count) in [8, 4, 3, 3, 12].into_iter().enumerate() {
            if at > 0 {
                self.bytes.push(b'-');
            }
            match at {
                2 => self.bytes.push(b'4'),
                3 => self.bytes.push(rng.pick(b"89ab")),
                _ => {}
            }
            self.hex(count, rng);
        }
    }

    pub(super) fn time(&mut self, rng: &mut Rng) {
        self.number(rng.between(2019, 2026));
        for (separator, from, to) in [
            (b'-', 1, 12),
            (b'-', 1, 28),
            (b'T', 0, 23),
            (b':', 0, 59),
            (b':', 0, 59),
        ] {
            self.bytes.push(separator);
            two_digits(rng.between(from, to) as u32, &mut self.bytes);
        }
        self.bytes.push(b'Z');
    }

    pub(super) fn ip(&mut self, rng: &mut Rng) {
        for part in 0..4 {
            if part > 0 {
                self.bytes.push(b'.');
            }
            self.number(if part == 0 {
                rng.between(11, 126)
            } else {
                rng.between(1, 254)
            });
        }
    }

    /// A mail domain that is nobody's.
    pub(super) fn domain(&mut self, rng: &mut Rng) {
        self.bytes.extend_from_slice(
            rng.pick(&["kantoor-", "post", "mail.", "web", "team-"])
                .as_bytes(),
        );
        self.bytes.extend_from_slice(
            rng.pick(&[
                "vendora",
                "luxterra",
                "noorderling",
                "quadrimex",
                "zilverstroom",
            ])
            .as_bytes(),
        );
        self.bytes.extend_from_slice(
            rng.pick(&["-klanten.nl", ".nl", ".com", "-groep.be", ".de", ".eu"])
                .as_bytes(),
        );
    }

    pub(super) fn email(&mut self, first: &[u8], last: &[u8], rng: &mut Rng) {
        let plain = |part: &[u8], out: &mut Vec<u8>| {
            out.extend(
                part.iter()
                    .filter(|byte| byte.is_ascii_alphabetic())
                    .map(u8::to_ascii_lowercase),
            );
        };
        plain(first, &mut self.bytes);
        self.bytes.push(rng.pick(b".._-"));
        plain(last, &mut self.bytes);
        if rng.once_in(3) {
            self.number(rng.between(1, 99));
        }
        self.bytes.push(b'@');
        self.domain(rng);
    }
}
