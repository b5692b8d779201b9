//! Which table of the one result is which of the other.
//!
//! A table is known by its place, its name and the names of its columns, and above all by what is in them: one that was
//! renamed, or saved in another format, is found again as a whole, so that its columns aren't taken for those of others.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;

use super::Kind;
use super::alike::Alike;
use super::side::Side;
use crate::event::Place;

/// What says that two tables are the same: the same place, values in common (all of them), names of columns in common (all of
/// them), and the same name.
const SAME_PLACE: f64 = 1.0;
const VALUES: f64 = 1.5;
const COLUMNS: f64 = 0.5;
const NAME: f64 = 0.25;
/// Tables at different places are the same with so many values in common, or with the same name and so many names of columns.
const ENOUGH_VALUES: f64 = 0.3;
const ENOUGH_COLUMNS: f64 = 0.5;
/// Tables of one name beyond which it says nothing.
const COMMON: usize = 64;

/// A table of a result, or an input without tables.
pub(super) struct Table {
    /// Without a column.
    pub(super) place: Place,
    pub(super) columns: Vec<usize>,
    /// Of which hold personal data with a signature.
    signed: usize,
    /// Names of columns.
    names: BTreeSet<String>,
}

/// The tables of a result whose columns have these places.
pub(super) fn tables(side: &Side, places: &[Place]) -> Vec<Table> {
    let mut all: BTreeMap<Place, Table> = BTreeMap::new();
    for (at, place) in places.iter().enumerate() {
        let place = Place {
            column: None,
            ..place.clone()
        };
        let table = all.entry(place.clone()).or_insert_with(|| Table {
            place,
            columns: Vec::new(),
            signed: 0,
            names: BTreeSet::new(),
        });
        table.columns.push(at);
        let mut detectors = side.columns[at].detectors.iter();
        table.signed += usize::from(detectors.any(|found| !found.signature.is_empty()));
        let name = places[at].column.as_deref();
        table.names.extend(name.map(str::to_lowercase));
    }
    all.into_values().collect()
}

impl Table {
    /// What it may be called: by its own name, and by that of its input without the ending.
    fn labels(&self) -> BTreeSet<String> {
        let input = self.place.member.as_deref().unwrap_or(&self.place.file);
        let input = input.rsplit(['/', '\\']).next().unwrap_or(input);
        let stem = input.split_once('.').map_or(input, |(stem, _)| stem);
        let table = self.place.table.as_deref();
        let table = table.map(|table| table.rsplit('.').next().unwrap_or(table));
        [Some(stem), table]
            .into_iter()
            .flatten()
            .map(str::to_lowercase)
            .collect()
    }

    /// The share of all names of columns that both have.
    fn same_names(&self, other: &Self) -> f64 {
        let all = self.names.union(&other.names).count();
        match all {
            0 => 0.0,
            all => self.names.intersection(&other.names).count() as f64 / all as f64,
        }
    }
}

/// Whether a table at another place is in the same folder, or the same database.
pub(super) fn kind(before: &Place, after: &Place) -> Kind {
    let folder = |path: &str| path.rfind(['/', '\\']).map_or(0, |at| at + 1);
    let around = |place: &Place| match (&place.table, &place.member) {
        (Some(_), member) => (place.file.to_string(), member.as_deref().map(str::to_owned)),
        (None, Some(member)) => (
            place.file.to_string(),
            Some(member[..folder(member)].to_owned()),
        ),
        (None, None) => (place.file[..folder(&place.file)].to_owned(), None),
    };
    if around(before) == around(after) {
        Kind::Renamed
    } else {
        Kind::Moved
    }
}

/// The tables that are the same, by their number on both sides.
pub(super) fn pairs(old: &[Table], new: &[Table], alike: &[Alike]) -> Vec<(usize, usize)> {
    let values = values_in_common(old, new, alike);
    let mut candidates: BTreeSet<(usize, usize)> = values.keys().copied().collect();
    let by_place: HashMap<&Place, usize> = new.iter().map(|table| &table.place).zip(0..).collect();
    let mut by_label: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, table) in new.iter().enumerate() {
        for label in table.labels() {
            by_label.entry(label).or_default().push(at);
        }
    }
    let mut same_label = BTreeSet::new();
    for (before, table) in old.iter().enumerate() {
        candidates.extend(by_place.get(&table.place).map(|&after| (before, after)));
        for label in table.labels() {
            let named = by_label.get(&label).filter(|all| all.len() <= COMMON);
            same_label.extend(named.into_iter().flatten().map(|&after| (before, after)));
        }
    }
    candidates.extend(&same_label);
    let mut scored: Vec<(f64, usize, usize)> = candidates
        .into_iter()
        .filter_map(|(before, after)| {
            let (a, b) = (&old[before], &new[after]);
            let same_place = a.place == b.place;
            let same_label = same_label.contains(&(before, after));
            let values = values.get(&(before, after)).copied().unwrap_or(0.0);
            let names = a.same_names(b);
            let is_same =
                same_place || values >= ENOUGH_VALUES || same_label && names >= ENOUGH_COLUMNS;
            let one = |is: bool| f64::from(u8::from(is));
            let score = SAME_PLACE * one(same_place)
                + VALUES * values
                + COLUMNS * names
                + NAME * one(same_label);
            is_same.then_some((score, before, after))
        })
        .collect();
    // The most alike first; of those, the first.
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let (mut taken_old, mut taken_new) = (BTreeSet::new(), BTreeSet::new());
    scored.retain(|(_, before, after)| {
        let free = !taken_old.contains(before) && !taken_new.contains(after);
        if free {
            taken_old.insert(*before);
            taken_new.insert(*after);
        }
        free
    });
    scored
        .into_iter()
        .map(|(_, before, after)| (before, after))
        .collect()
}

/// By tables, the share of the columns with personal data whose values the other has, too.
fn values_in_common(
    old: &[Table],
    new: &[Table],
    alike: &[Alike],
) -> BTreeMap<(usize, usize), f64> {
    let table_of = |tables: &[Table]| -> HashMap<usize, usize> {
        let each = tables.iter().zip(0..);
        each.flat_map(|(table, number)| table.columns.iter().map(move |&at| (at, number)))
            .collect()
    };
    let (old_table, new_table) = (table_of(old), table_of(new));
    let mut most: BTreeMap<(usize, usize), BTreeMap<usize, f64>> = BTreeMap::new();
    for pair in alike {
        let tables = (old_table[&pair.before], new_table[&pair.after]);
        let weight = most
            .entry(tables)
            .or_default()
            .entry(pair.before)
            .or_default();
        *weight = f64::max(*weight, pair.weight);
    }
    most.into_iter()
        .map(|((a, b), columns)| {
            let signed = old[a].signed.max(new[b].signed).max(1);
            let sum: f64 = columns.values().sum();
            ((a, b), (sum / signed as f64).min(1.0))
        })
        .collect()
}
