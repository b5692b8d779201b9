//! Chooses places in a copy, and puts values of invented persons there.
//!
//! A value takes the place of another, between the same quotes and separators, so that quoting and nesting stay as they are. It holds
//! letters, digits, spaces and marks that mean nothing to any format, and is written in the encoding around it. Where cells are
//! typed, a whole number only takes the place of one.

use hashbrown::HashMap;

use super::copy::{Copy, Kind, Slot, Texts, Value};
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

/// Where a planted value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// From its first byte up to the one behind its last, in the seeded document.
    Bytes(u64, u64),
    /// Somewhere in the document, which doesn't say where its values are: known by its text.
    Somewhere(String),
    /// In a cell: table, column, row from 1. Other values may stand there, too, so it is known by its text.
    Cell((String, String), u64, String),
}

/// A planted value.
#[derive(Clone, Debug)]
pub(super) struct Planted {
    /// Where it is.
    pub(super) at: Place,
    /// The detector whose value it is.
    pub(super) detector: &'static str,
    /// What kind of place that is.
    pub(super) place: Where,
}

impl Planted {
    /// Whether a finding of this detector is the value: a part of a name is as good as all of it.
    pub(super) fn accepts(&self, detector: &str) -> bool {
        let is_name = |id: &str| matches!(id, "first-name" | "last-name" | "person-name");
        detector == self.detector || (is_name(detector) && is_name(self.detector))
    }
}

/// Values planted in a part of a document, as the document's: only their text is known of them.
pub(super) fn without_places(part: &[u8], mut planted: Vec<Planted>) -> Vec<Planted> {
    for value in &mut planted {
        if let Place::Bytes(start, end) = value.at {
            let text = part.get(start as usize..end as usize).unwrap_or_default();
            value.at = Place::Somewhere(String::from_utf8_lossy(text).into_owned());
        }
    }
    planted
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
    /// The number of the value whose place it takes.
    number: u64,
    value: Value,
    detector: &'static str,
    before: &'static str,
    text: Vec<u8>,
    place: Where,
}

/// A seeded copy of a document of this member, and what was planted in it, in the order of its places.
pub(super) fn plant(
    copy: &Copy,
    member: &str,
    held: &Held,
    options: &Options,
    rng: &mut Rng,
) -> Result<(Vec<u8>, Vec<Planted>), String> {
    let mut columns: Vec<Vec<Numbered>> = vec![Vec::new(); copy.columns.len()];
    for (number, value) in (0..).zip(&copy.values) {
        columns[value.column as usize].push((number, *value));
    }
    let mut plans: HashMap<u64, Plan> = HashMap::new();
    for (number, values) in columns.iter().enumerate() {
        let none = Vec::new();
        let (table, column) = &copy.columns[number];
        let key = (member.to_owned(), table.clone(), column.clone());
        let holds = held.get(&key).unwrap_or(&none);
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
    match &copy.kind {
        Kind::Text => Ok(spliced(copy, &plans)),
        #[cfg(feature = "parquet")]
        Kind::Parquet(bytes) => cells(copy, &plans, |texts| super::parquet::written(bytes, texts)),
        Kind::Sqlite(bytes) => cells(copy, &plans, |texts| super::sqlite::written(bytes, texts)),
    }
}

/// A value and its number in the copy.
type Numbered = (u64, Value);

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
    values: &[Numbered],
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
        let (number, value) = values[rng.below(values.len() as u64) as usize];
        let locale = options.locales[rng.below(options.locales.len() as u64) as usize];
        let mut text = Vec::new();
        let Some(detector) = written_value(kind, locale, value.slot, rng, &mut text) else {
            continue;
        };
        // What is put to words is no number any more.
        if value.slot != Slot::Text && place != Where::Own {
            continue;
        }
        plans.entry(value.start).or_insert(Plan {
            number,
            value,
            detector,
            before,
            text,
            place,
        });
    }
}

/// How often a value is drawn that fits its place.
const DRAWS: usize = 200;

/// Appends a value in ASCII that fits; gives the detector whose value it is. None where none does.
fn written_value(
    kind: &str,
    locale: Locale,
    slot: Slot,
    rng: &mut Rng,
    out: &mut Vec<u8>,
) -> Option<&'static str> {
    let is_harmless =
        |byte: &u8| byte.is_ascii() && !matches!(byte, b'"' | b'\'' | b'\\' | b',' | b';');
    for _ in 0..DRAWS {
        out.clear();
        let detector = value_of(kind, locale, rng, out);
        if out.iter().all(is_harmless) && slot.takes(out) {
            return Some(detector);
        }
    }
    None
}

/// Whether a column is running text.
fn is_text(copy: &Copy, values: &[Numbered]) -> bool {
    let len: u64 = values
        .iter()
        .map(|(_, value)| (value.end - value.start) / u64::from(value.width))
        .sum();
    let spaced = values
        .iter()
        .filter(|(_, value)| memchr::memchr_iter(b' ', copy.text(value)).count() >= 3);
    len / values.len() as u64 >= TEXT && spaced.count() * 2 > values.len()
}

/// Whether most values of a column are numbers, which may stand without quotes, where letters can't.
fn is_bare(copy: &Copy, values: &[Numbered]) -> bool {
    let numbers = values.iter().filter(|(_, value)| {
        let bytes = copy.text(value);
        let plain = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | 0);
        bytes.iter().all(plain) || matches!(bytes, b"true" | b"false" | b"null")
    });
    numbers.count() * 2 > values.len()
}

/// A document of cells with all plans carried out.
fn cells(
    copy: &Copy,
    plans: &[Plan],
    written: impl Fn(&Texts) -> Result<Vec<u8>, String>,
) -> Result<(Vec<u8>, Vec<Planted>), String> {
    let (mut texts, mut planted) = (Texts::new(), Vec::new());
    for plan in plans {
        let value = String::from_utf8_lossy(&plan.text).into_owned();
        let text = if plan.place == Where::Text {
            let kept = String::from_utf8_lossy(copy.text(&plan.value));
            format!("{kept} {}{value}", plan.before)
        } else {
            value.clone()
        };
        texts.insert(plan.number, text.into_bytes());
        let column = copy.columns[plan.value.column as usize].clone();
        planted.push(Planted {
            at: Place::Cell(column, plan.value.row, value),
            detector: plan.detector,
            place: plan.place,
        });
    }
    if planted.is_empty() {
        return Ok((Vec::new(), planted));
    }
    Ok((written(&texts)?, planted))
}

/// The bytes of the copy with all plans carried out.
fn spliced(copy: &Copy, plans: &[Plan]) -> (Vec<u8>, Vec<Planted>) {
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
            at: Place::Bytes(end_of_value - len, end_of_value),
            detector: plan.detector,
            place: plan.place,
        });
        at = end;
    }
    out.extend_from_slice(&copy.bytes[at..]);
    (out, planted)
}
