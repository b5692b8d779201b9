//! Which column of the one result is which of the other.
//!
//! Tables are matched first, then the columns of each pair of them. What is left may have gone to another table.

use std::collections::{BTreeMap, BTreeSet};

use super::Kind;
use super::alike::{self, Alike};
use super::side::Side;
use super::tables::{self, Table};
use crate::event::Place;

/// What the same name says for two columns of a table, against twice the weight of their values: values that are elsewhere
/// in the table say more.
const SAME_NAME: f64 = 1.0;

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
    /// Tables of the one that are another place in the other, or nowhere; with their columns.
    pub(super) tables: Vec<(Option<Table>, Option<Table>)>,
}

/// Columns not matched yet, and those that are.
struct Open {
    old: BTreeSet<usize>,
    new: BTreeSet<usize>,
    /// With the share of values, where they were matched by them.
    pairs: Vec<(usize, usize, Option<f64>)>,
}

impl Open {
    /// Matches those that are alike most first; of those, the first.
    fn take(&mut self, mut scored: Vec<(f64, usize, usize, Option<f64>)>) {
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        for (_, before, after, share) in scored {
            if self.old.contains(&before) && self.new.contains(&after) {
                self.old.remove(&before);
                self.new.remove(&after);
                self.pairs.push((before, after, share));
            }
        }
    }
}

pub(super) fn pairs(old: &Side, new: &Side, comparable: bool) -> Pairs {
    let places = |side: &Side| -> Vec<Place> {
        let columns = side.columns.iter();
        columns.map(|column| side.relative(&column.place)).collect()
    };
    let (old_places, new_places) = (places(old), places(new));
    let all_alike = if comparable {
        alike::columns(old, new)
    } else {
        Vec::new()
    };
    let (old_tables, new_tables) = (
        tables::tables(old, &old_places),
        tables::tables(new, &new_places),
    );
    let table_pairs = tables::pairs(&old_tables, &new_tables, &all_alike);
    let mut open = Open {
        old: (0..old_places.len()).collect(),
        new: (0..new_places.len()).collect(),
        pairs: Vec::new(),
    };
    for &(before, after) in &table_pairs {
        let columns = (
            &old_tables[before].columns[..],
            &new_tables[after].columns[..],
        );
        open.take(in_table(columns, (&old_places, &new_places), &all_alike));
    }
    // Those that went to another table, or to another place of the same name.
    let elsewhere = all_alike.iter();
    let same_name = |pair: &Alike| old_places[pair.before].column == new_places[pair.after].column;
    open.take(
        elsewhere
            .map(|pair| {
                let score = pair.weight + if same_name(pair) { 0.1 } else { 0.0 };
                (score, pair.before, pair.after, Some(pair.share))
            })
            .collect(),
    );
    let named = by_name(&old_places, &new_places, &open);
    open.take(named);
    let both = open.pairs.into_iter().map(|(before, after, share)| {
        let (a, b) = (&old_places[before], &new_places[after]);
        let same_table = a.file == b.file && a.member == b.member && a.table == b.table;
        let kind = match (same_table, a.column == b.column) {
            (true, true) => Kind::Changed,
            (true, false) => Kind::Renamed,
            (false, _) => Kind::Moved,
        };
        let share = share.filter(|_| kind != Kind::Changed);
        Pair {
            before,
            after,
            kind,
            similarity: share.map(|share| (share * 100.0).round() / 100.0),
        }
    });
    let mut both: Vec<Pair> = both.collect();
    both.sort_by_key(|pair| (pair.before, pair.after));
    Pairs {
        both,
        gone: open.old.into_iter().collect(),
        new: open.new.into_iter().collect(),
        tables: table_changes(old_tables, new_tables, &table_pairs),
    }
}

/// Columns of a table that may be the same: those of one name, and those that hold the same values.
fn in_table(
    (before, after): (&[usize], &[usize]),
    (old, new): (&[Place], &[Place]),
    all_alike: &[Alike],
) -> Vec<(f64, usize, usize, Option<f64>)> {
    let mut scores: BTreeMap<(usize, usize), (f64, Option<f64>)> = BTreeMap::new();
    let mut named: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
    for &at in after {
        named.entry(new[at].column.as_deref()).or_default().push(at);
    }
    for &at in before {
        let same = named.get(&old[at].column.as_deref());
        for &other in same.into_iter().flatten() {
            scores.insert((at, other), (SAME_NAME, None));
        }
    }
    let here: BTreeSet<usize> = after.iter().copied().collect();
    for &at in before {
        // In the order of the columns before.
        let first = all_alike.partition_point(|pair| pair.before < at);
        let its = all_alike[first..]
            .iter()
            .take_while(|pair| pair.before == at);
        for pair in its.filter(|pair| here.contains(&pair.after)) {
            let score = scores.entry((at, pair.after)).or_default();
            *score = (score.0 + 2.0 * pair.weight, Some(pair.share));
        }
    }
    scores
        .into_iter()
        .map(|((before, after), (score, share))| (score, before, after, share))
        .collect()
}

/// Tables that aren't where they were.
fn table_changes(
    old: Vec<Table>,
    new: Vec<Table>,
    pairs: &[(usize, usize)],
) -> Vec<(Option<Table>, Option<Table>)> {
    let mut old: Vec<Option<Table>> = old.into_iter().map(Some).collect();
    let mut new: Vec<Option<Table>> = new.into_iter().map(Some).collect();
    let mut changes = Vec::new();
    for &(before, after) in pairs {
        let (a, b) = (old[before].take(), new[after].take());
        let place = |table: &Option<Table>| table.as_ref().map(|table| table.place.clone());
        if place(&a) != place(&b) {
            changes.push((a, b));
        }
    }
    changes.extend(old.into_iter().flatten().map(|table| (Some(table), None)));
    changes.extend(new.into_iter().flatten().map(|table| (None, Some(table))));
    changes
}

/// Columns of the same table and name in another file, where there is one of each only.
fn by_name(old: &[Place], new: &[Place], open: &Open) -> Vec<(f64, usize, usize, Option<f64>)> {
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
    let (old, new) = (named(old, &open.old), named(new, &open.new));
    old.iter()
        .filter_map(
            |(key, before)| match (&before[..], new.get(key)?.as_slice()) {
                ([before], [after]) => Some((0.0, *before, *after, None)),
                _ => None,
            },
        )
        .collect()
}
