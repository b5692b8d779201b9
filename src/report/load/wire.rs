//! A finding as a result holds it, and back to the event that shares its place, detector and reasons with others.

use std::borrow::Cow;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use serde::Deserialize;

use crate::event::{DetectorName, Finding, Place};

/// A finding's record.
#[derive(Deserialize)]
pub(in crate::report) struct Wire<'a> {
    #[serde(borrow)]
    pub(in crate::report) detector: Cow<'a, str>,
    #[serde(borrow)]
    pub(in crate::report) category: Cow<'a, str>,
    #[serde(borrow)]
    pub(in crate::report) file: Cow<'a, str>,
    pub(in crate::report) member: Option<Cow<'a, str>>,
    pub(in crate::report) table: Option<Cow<'a, str>>,
    pub(in crate::report) column: Option<Cow<'a, str>>,
    pub(in crate::report) row: u64,
    pub(in crate::report) line: Option<u64>,
    pub(in crate::report) start: Option<u64>,
    pub(in crate::report) end: Option<u64>,
    pub(in crate::report) masked: String,
    #[serde(default)]
    pub(in crate::report) value: Option<String>,
    #[serde(borrow)]
    pub(in crate::report) fingerprint: Cow<'a, str>,
    pub(in crate::report) confidence: f64,
    #[serde(default)]
    pub(in crate::report) evidence: Vec<String>,
}

/// Shares what many findings have in common.
#[derive(Default)]
pub(in crate::report) struct Sharer {
    places: Pool<Place>,
    detectors: Pool<DetectorName>,
    reasons: Pool<[String]>,
    texts: Pool<str>,
}

/// Things kept before a pool starts anew, which bounds its memory.
const KEPT: usize = 1 << 16;

struct Pool<T: ?Sized>(HashMap<u64, Arc<T>>);

impl<T: ?Sized> Default for Pool<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T: ?Sized> Pool<T> {
    fn get(
        &mut self,
        key: &impl Hash,
        same: impl Fn(&T) -> bool,
        make: impl FnOnce() -> Arc<T>,
    ) -> Arc<T> {
        let hash = FixedState::default().hash_one(key);
        if let Some(known) = self.0.get(&hash)
            && same(known)
        {
            return Arc::clone(known);
        }
        if self.0.len() >= KEPT {
            self.0.clear();
        }
        let new = make();
        self.0.insert(hash, Arc::clone(&new));
        new
    }
}

impl Sharer {
    /// The event of a record; none where its fingerprint is no hexadecimal number.
    pub(in crate::report) fn finding(&mut self, wire: Wire<'_>) -> Option<Finding> {
        let fingerprint = fingerprint(&wire.fingerprint)?;
        let detector = self.detectors.get(
            &(&wire.detector, &wire.category),
            |known| *known.id == *wire.detector && *known.category == *wire.category,
            || {
                Arc::new(DetectorName {
                    id: (&*wire.detector).into(),
                    category: (&*wire.category).into(),
                })
            },
        );
        let evidence = self.reasons.get(
            &wire.evidence,
            |known| *known == *wire.evidence,
            || wire.evidence.as_slice().into(),
        );
        Some(Finding {
            detector,
            place: self.place(&wire),
            row: wire.row,
            line: wire.line,
            start: wire.start,
            end: wire.end,
            masked: wire.masked,
            value: wire.value,
            fingerprint,
            confidence: wire.confidence,
            evidence,
        })
    }

    fn place(&mut self, wire: &Wire<'_>) -> Arc<Place> {
        let (member, table, column) = (
            wire.member.as_deref(),
            wire.table.as_deref(),
            wire.column.as_deref(),
        );
        let texts = &mut self.texts;
        self.places.get(
            &(&wire.file, member, table, column),
            |known| {
                *known.file == *wire.file
                    && known.member.as_deref() == member
                    && known.table.as_deref() == table
                    && known.column.as_deref() == column
            },
            || {
                let mut shared =
                    |text: &str| texts.get(&text, |known| known == text, || text.into());
                Arc::new(Place {
                    file: shared(&wire.file),
                    member: member.map(&mut shared),
                    table: table.map(&mut shared),
                    column: column.map(&mut shared),
                })
            },
        )
    }
}

/// 32 hexadecimal digits, or the first 16 of them.
fn fingerprint(text: &str) -> Option<u128> {
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let number = u128::from_str_radix(text, 16).ok()?;
    match text.len() {
        32 => Some(number),
        16 => Some(number << 64),
        _ => None,
    }
}
