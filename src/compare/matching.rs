//! Which column of the one result is which of the other.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;

use super::Kind;
use super::side::Side;
use crate::event::{ColumnRecord, Place};

/// Share of values that two columns must have in common to be the same.
const ALIKE: f64 = 0.5;
/// Columns that may share a value of a signature before it says nothing any more.
const COMMON: usize = 64;

/// A column of both.
pub(super) struct Pair {
    pub(super) before: usize,
    pub(super) after: usize,
    /// Renamed, moved, or (perhaps) changed.
    pub(super) kind: Kind,
    pub(super) similarity: Option<f64>,
}

/// All columns of both results.
#[derive(Default)]
pub(super) struct Pairs {
    pub(super) both: Vec<Pair>,
    pub(super) gone: Vec<usize>,
    pub(super) new: Vec<usize>,
}

pub(super) fn pairs(old: &Side, new: &Side, comparable: bool) -> Pairs {
    let places = |side: &Side| -> Vec<Place> {
        let columns = side.columns.iter();
        columns.map(|column| side.relative(&column.place)).collect()
    };
    let (old_places, new_places) = (places(old), places(new));
    let mut all = Pairs::default();
    let mut by_place: HashMap<&Place, Vec<usize>> = HashMap::new();
    for (at, place) in new_places.iter().enumerate().rev() {
        by_place.entry(place).or_default().push(at);
    }
    let mut free_new: BTreeSet<usize> = (0..new_places.len()).collect();
    let mut free_old = BTreeSet::new();
    for (before, place) in old_places.iter().enumerate() {
        match by_place.get_mut(place).and_then(Vec::pop) {
            Some(after) => {
                free_new.remove(&after);
                all.both.push(Pair {
                    before,
                    after,
                    kind: Kind::Changed,
                    similarity: None,
                });
            }
            None => {
                free_old.insert(before);
            }
        }
    }
    let mut found = if comparable {
        by_content(old, new, &free_old, &free_new)
    } else {
        Vec::new()
    };
    // The most alike first; of those, the first.
    found.sort_by(|a, b| b.2.total_cmp(&a.2).then((a.0, a.1).cmp(&(b.0, b.1))));
    found.extend(
        by_name(&old_places, &new_places, &free_old, &free_new)
            .into_iter()
            .map(|(before, after)| (before, after, -1.0)),
    );
    for (before, after, similarity) in found {
        if free_old.contains(&before) && free_new.contains(&after) {
            free_old.remove(&before);
            free_new.remove(&after);
            let (a, b) = (&old_places[before], &new_places[after]);
            let same_table = a.file == b.file && a.member == b.member && a.table == b.table;
            all.both.push(Pair {
                before,
                after,
                kind: if same_table {
                    Kind::Renamed
                } else {
                    Kind::Moved
                },
                similarity: (similarity >= 0.0).then_some((similarity * 100.0).round() / 100.0),
            });
        }
    }
    all.gone = free_old.into_iter().collect();
    all.new = free_new.into_iter().collect();
    all
}

/// Columns that hold the same values, and how alike they are.
fn by_content(
    old: &Side,
    new: &Side,
    free_old: &BTreeSet<usize>,
    free_new: &BTreeSet<usize>,
) -> Vec<(usize, usize, f64)> {
    let mut index: HashMap<&str, Vec<usize>> = HashMap::new();
    for &after in free_new {
        for hash in signature(&new.columns[after]) {
            index.entry(hash).or_default().push(after);
        }
    }
    let mut found = Vec::new();
    for &before in free_old {
        let mut candidates = BTreeSet::new();
        for hash in signature(&old.columns[before]) {
            let columns = index.get(hash).filter(|columns| columns.len() <= COMMON);
            candidates.extend(columns.into_iter().flatten().copied());
        }
        for after in candidates {
            let alike = similarity(&old.columns[before], &new.columns[after]);
            if alike >= ALIKE {
                found.push((before, after, alike));
            }
        }
    }
    found
}

fn signature(column: &ColumnRecord) -> impl Iterator<Item = &str> {
    let detectors = column.detectors.iter();
    detectors.flat_map(|found| found.signature.iter().map(String::as_str))
}

/// The share of values that two columns have in common (Broder, "On the resemblance and containment of documents", 1997),
/// by the detector for which it is greatest.
fn similarity(a: &ColumnRecord, b: &ColumnRecord) -> f64 {
    let mut most = 0.0;
    for x in &a.detectors {
        for y in b.detectors.iter().filter(|y| y.detector == x.detector) {
            most = f64::max(most, resemblance(&x.signature, &y.signature));
        }
    }
    most
}

fn resemblance(a: &[String], b: &[String]) -> f64 {
    let (a, b): (BTreeSet<&String>, BTreeSet<&String>) = (a.iter().collect(), b.iter().collect());
    let all = a.union(&b).count();
    if all == 0 {
        return 0.0;
    }
    a.intersection(&b).count() as f64 / all as f64
}

/// Columns of the same table and name in another file, where there is one of each only.
fn by_name(
    old: &[Place],
    new: &[Place],
    free_old: &BTreeSet<usize>,
    free_new: &BTreeSet<usize>,
) -> Vec<(usize, usize)> {
    type Named<'p> = BTreeMap<(Option<&'p str>, &'p str, &'p str), Vec<usize>>;
    fn named<'p>(places: &'p [Place], free: &BTreeSet<usize>) -> Named<'p> {
        let mut named: Named<'p> = BTreeMap::new();
        for &at in free {
            let place = &places[at];
            let Some(column) = place.column.as_deref() else {
                continue;
            };
            let input = place.member.as_deref().unwrap_or(&place.file);
            let input = input.rsplit(['/', '\\']).next().unwrap_or(input);
            let key = (place.table.as_deref(), column, input);
            named.entry(key).or_default().push(at);
        }
        named
    }
    let (old, new) = (named(old, free_old), named(new, free_new));
    old.iter()
        .filter_map(
            |(key, before)| match (&before[..], new.get(key)?.as_slice()) {
                ([before], [after]) => Some((*before, *after)),
                _ => None,
            },
        )
        .collect()
}
