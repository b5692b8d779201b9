//! Chooses places in a copy, and puts values of invented persons there.
//!
//! A value takes the place of another, between the same quotes and separators, so that quoting and nesting stay as they are. It holds
//! letters, digits, spaces and marks that mean nothing to any format, and is written in the encoding around it.

use hashbrown::HashMap;

use super::copy::{Copy, Value};
use super::{Held, Options};
use crate::quality::generate::{Locale, Rng, value_of};

/// A column whose values are at least this long on average, with spaces in most, is text.
const TEXT: u64 = 24;

/// Where a value is planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Where {
    /// In a column that holds its kind already.
    Own,
    /// At the end of a text.
    Text,
    /// Instead of a cell of a column that holds something else.
    Stray,
}

/// A planted value.
#[derive(Clone, Debug)]
pub(super) struct Planted {
    /// First byte in the seeded copy.
    pub(super) start: u64,
    /// Behind the last byte.
    pub(super) end: u64,
    /// The detector whose value it is.
    pub(super) detector: &'static str,
    /// Where it stands.
    pub(super) place: Where,
}

impl Planted {
    /// Whether a finding of this detector is the value: a part of a name is as good as all of it.
    pub(super) fn accepts(&self, detector: &str) -> bool {
        let is_name = |id: &str| matches!(id, "first-name" | "last-name" | "person-name");
        detector == self.detector || (is_name(detector) && is_name(self.detector))
    }
}

/// Kinds of values that can be planted, and words that stand before them in a text.
const KINDS: &[(&str, &str)] = &[
    ("email", "mail to "),
    ("phone", "call "),
    ("iban", "account "),
    ("credit-card", "card "),
    ("national", "number "),
    ("person-name", "contact "),
    ("street-address", "lives at "),
    ("birth-date", "born "),
    ("first-name", ""),
    ("last-name", ""),
    ("city", ""),
    ("postal-code", ""),
    ("ipv4", "from "),
    ("imei", "device "),
];

/// Kinds that may stray into any cell: those that show by themselves what they are.
const STRAYS: &[&str] = &["email", "phone", "iban", "credit-card"];

/// A place, what goes there, and where that is.
struct Plan {
    value: Value,
    detector: &'static str,
    before: &'static str,
    text: Vec<u8>,
    place: Where,
}

/// A seeded copy, and what was planted in it, in the order of its places.
pub(super) fn plant(
    copy: &Copy,
    held: &Held,
    options: &Options,
    rng: &mut Rng,
) -> (Vec<u8>, Vec<Planted>) {
    let mut columns: Vec<Vec<Value>> = vec![Vec::new(); copy.columns.len()];
    for value in &copy.values {
        columns[value.column as usize].push(*value);
    }
    let mut plans: HashMap<u64, Plan> = HashMap::new();
    for (number, values) in columns.iter().enumerate() {
        let none = Vec::new();
        let holds = held.get(&copy.columns[number]).unwrap_or(&none);
        if values.is_empty() {
            continue;
        }
        if is_text(copy, values) {
            for &(kind, before) in KINDS.iter().filter(|(_, before)| !before.is_empty()) {
                add(kind, before, Where::Text, values, options, rng, &mut plans);
            }
        } else if !holds.is_empty() {
            let own = KINDS
                .iter()
                .filter(|(kind, _)| is_held(kind, holds, options));
            for &(kind, _) in own {
                add(kind, "", Where::Own, values, options, rng, &mut plans);
            }
        } else if values.len() >= 10 * STRAYS.len() && !is_bare(copy, values) {
            for kind in STRAYS {
                add(kind, "", Where::Stray, values, options, rng, &mut plans);
            }
        }
    }
    let mut plans: Vec<Plan> = plans.into_values().collect();
    plans.sort_by_key(|plan| plan.value.start);
    written(copy, &plans)
}

/// Whether a column holds values of a kind.
fn is_held(kind: &str, holds: &[String], options: &Options) -> bool {
    holds.iter().any(|id| match kind {
        "national" => options.locales.iter().any(|locale| locale.national() == id),
        "postal-code" => id.ends_with("postal-code"),
        _ => id == kind,
    })
}

/// Chooses places of a column that are free, and values for them.
fn add(
    kind: &'static str,
    before: &'static str,
    place: Where,
    values: &[Value],
    options: &Options,
    rng: &mut Rng,
    plans: &mut HashMap<u64, Plan>,
) {
    // No more than a twentieth of a column, and one cell of one that is short: it must stay what it is.
    let most = match place {
        Where::Stray => (values.len() / 100).max(1),
        Where::Own | Where::Text => (values.len() / 20).max(1),
    };
    for _ in 0..options.values.min(most) {
        let value = values[rng.below(values.len() as u64) as usize];
        let locale = options.locales[rng.below(options.locales.len() as u64) as usize];
        let mut text = Vec::new();
        let detector = written_value(kind, locale, rng, &mut text);
        plans.entry(value.start).or_insert(Plan {
            value,
            detector,
            before,
            text,
            place,
        });
    }
}

/// Appends a value in ASCII; gives the detector whose value it is.
fn written_value(kind: &str, locale: Locale, rng: &mut Rng, out: &mut Vec<u8>) -> &'static str {
    loop {
        out.clear();
        let detector = value_of(kind, locale, rng, out);
        if out
            .iter()
            .all(|byte| byte.is_ascii() && !matches!(byte, b'"' | b'\'' | b'\\' | b',' | b';'))
        {
            return detector;
        }
    }
}

/// Whether a column is running text.
fn is_text(copy: &Copy, values: &[Value]) -> bool {
    let len: u64 = values
        .iter()
        .map(|value| (value.end - value.start) / u64::from(value.width))
        .sum();
    let spaced = values.iter().filter(|value| {
        let bytes = &copy.bytes[value.start as usize..value.end as usize];
        memchr::memchr_iter(b' ', bytes).count() >= 3
    });
    len / values.len() as u64 >= TEXT && spaced.count() * 2 > values.len()
}

/// Whether most values of a column are numbers, which may stand without quotes, where letters can't.
fn is_bare(copy: &Copy, values: &[Value]) -> bool {
    let numbers = values.iter().filter(|value| {
        let bytes = &copy.bytes[value.start as usize..value.end as usize];
        let plain = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | 0);
        bytes.iter().all(plain) || matches!(bytes, b"true" | b"false" | b"null")
    });
    numbers.count() * 2 > values.len()
}

/// The bytes of the copy with all plans carried out.
fn written(copy: &Copy, plans: &[Plan]) -> (Vec<u8>, Vec<Planted>) {
    let mut out = Vec::with_capacity(copy.bytes.len() + 64 * plans.len());
    let mut planted = Vec::with_capacity(plans.len());
    let mut at = 0;
    for plan in plans {
        let (start, end) = (plan.value.start as usize, plan.value.end as usize);
        if start < at {
            continue;
        }
        // A text keeps its own words, and may end in a mark that is part of its quoting.
        let upto = if plan.place == Where::Text {
            end
        } else {
            start
        };
        out.extend_from_slice(&copy.bytes[at..upto]);
        let is_big = copy.bytes.starts_with(&[0xFE, 0xFF]);
        let mut put = |text: &[u8]| match (plan.value.width, is_big) {
            (1, _) => out.extend_from_slice(text),
            (_, false) => out.extend(text.iter().flat_map(|&byte| [byte, 0])),
            (_, true) => out.extend(text.iter().flat_map(|&byte| [0, byte])),
        };
        if plan.place == Where::Text {
            put(b" ");
            put(plan.before.as_bytes());
        }
        let width = u64::from(plan.value.width);
        let len = plan.text.len() as u64 * width;
        put(&plan.text);
        let end_of_value = out.len() as u64;
        planted.push(Planted {
            start: end_of_value - len,
            end: end_of_value,
            detector: plan.detector,
            place: plan.place,
        });
        at = end;
    }
    out.extend_from_slice(&copy.bytes[at..]);
    (out, planted)
}
