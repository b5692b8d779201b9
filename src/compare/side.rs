//! One of the two results: its columns, and the fingerprints found in each.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;

use super::Values;
use crate::error::Error;
use crate::event::{ColumnRecord, Event, Place, ScanRecord, Summary};
use crate::report::load::{Findings, Saved};

/// A result, as far as it is compared.
#[derive(Default)]
pub(super) struct Side {
    pub(super) scan: ScanRecord,
    pub(super) columns: Vec<ColumnRecord>,
    pub(super) summary: Summary,
    /// The first half of the fingerprints of each column and detector, eight bytes each, ascending.
    values: HashMap<(Arc<Place>, Arc<str>), Vec<u64>>,
    /// Those of each detector, wherever they are, ascending.
    all: BTreeMap<Arc<str>, Vec<u64>>,
}

impl Side {
    pub(super) fn load(saved: &Saved, with_values: bool) -> Result<Self, Error> {
        let mut side = Self::default();
        let findings = if with_values {
            Findings::Read
        } else {
            Findings::Skip
        };
        saved.events(findings, &mut |event| {
            match event {
                Event::Scan(scan) => side.scan = scan.clone(),
                Event::Finding(finding) => {
                    let key = (Arc::clone(&finding.place), Arc::clone(&finding.detector.id));
                    let values = side.values.entry(key).or_default();
                    values.push((finding.fingerprint >> 64) as u64);
                }
                Event::Column(column) => side.columns.push(column.clone()),
                Event::Summary(summary) => side.summary = summary.clone(),
                Event::File(_) | Event::Pseudonym(_) | Event::Policy(_) | Event::Decision(_) => {}
            }
            Ok(())
        })?;
        for ((_, detector), values) in &mut side.values {
            values.sort_unstable();
            let all = side.all.entry(Arc::clone(detector)).or_default();
            all.extend_from_slice(values);
        }
        side.all.values_mut().for_each(|all| all.sort_unstable());
        Ok(side)
    }

    /// The fingerprints of a column and detector, ascending.
    pub(super) fn values(&self, column: usize, detector: &str) -> &[u64] {
        let key = (Arc::clone(&self.columns[column].place), detector.into());
        self.values.get(&key).map_or(&[], Vec::as_slice)
    }

    /// The fingerprints of a detector in all columns, ascending.
    pub(super) fn all(&self, detector: &str) -> &[u64] {
        self.all.get(detector).map_or(&[], Vec::as_slice)
    }

    /// Detectors with single findings, by name.
    pub(super) fn detectors(&self) -> impl Iterator<Item = &Arc<str>> {
        self.all.keys()
    }

    /// Where a column is, seen from the root of the scan: `old/crm/a.csv` and `new/crm/a.csv` are the same place.
    pub(super) fn relative(&self, place: &Place) -> Place {
        Place {
            file: relative(&place.file, &self.scan.roots).into(),
            ..place.clone()
        }
    }
}

/// A path as seen from the root of its scan; of several, from that which leads farthest.
pub(crate) fn relative<'p>(file: &'p str, roots: &[String]) -> &'p str {
    let below = roots.iter().filter_map(|root| below(file, root));
    below.min_by_key(|rest| rest.len()).unwrap_or(file)
}

/// The path below a root; of a root that is a file, its name.
fn below<'p>(path: &'p str, root: &str) -> Option<&'p str> {
    let root = root.trim_end_matches(['/', '\\']);
    let rest = path.strip_prefix(root)?;
    if rest.is_empty() {
        return path.rsplit(['/', '\\']).next();
    }
    rest.strip_prefix(['/', '\\'])
}

/// What became of values, from the sorted fingerprints of both, and of all columns of both.
pub(super) fn values(
    (before, after): (&[u64], &[u64]),
    (all_before, all_after): (&[u64], &[u64]),
) -> Values {
    let mut values = Values::default();
    each(before, after, |value, counts| match counts {
        (_, 0) => {
            values.lost += 1;
            values.lost_elsewhere += u64::from(all_after.binary_search(&value).is_ok());
        }
        (0, _) => {
            values.added += 1;
            values.added_elsewhere += u64::from(all_before.binary_search(&value).is_ok());
        }
        (a, b) if b > a => values.duplicated += 1,
        (a, b) if b < a => values.fewer += 1,
        _ => {}
    });
    values
}

/// How many different values the first has, the second, and both; from sorted fingerprints.
pub(super) fn common(before: &[u64], after: &[u64]) -> [u64; 3] {
    let mut counts = [0; 3];
    each(before, after, |_, (a, b)| {
        counts[0] += u64::from(a > 0);
        counts[1] += u64::from(b > 0);
        counts[2] += u64::from(a > 0 && b > 0);
    });
    counts
}

/// Each value of two sorted lists, with how often each has it.
fn each(mut before: &[u64], mut after: &[u64], mut on: impl FnMut(u64, (usize, usize))) {
    while let Some(&value) = match (before.first(), after.first()) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    } {
        let count = |list: &mut &[u64]| {
            let times = list.iter().take_while(|other| **other == value).count();
            *list = &list[times..];
            times
        };
        let counts = (count(&mut before), count(&mut after));
        on(value, counts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_do_not_count() {
        for (path, root, rest) in [
            ("old/a/b.csv", "old", Some("a/b.csv")),
            ("old/a/b.csv", "old/", Some("a/b.csv")),
            ("older/b.csv", "old", None),
            ("x/b.csv", "x/b.csv", Some("b.csv")),
        ] {
            assert_eq!(below(path, root), rest, "{path} {root}");
        }
    }

    #[test]
    fn values_are_lost_added_and_duplicated() {
        let same = [1, 2, 2, 3];
        assert_eq!(values((&same, &same), (&same, &same)), Values::default());
        let (before, after) = ([0, 1, 2, 2, 3, 5], [2, 3, 3, 4, 5, 5, 6]);
        let changed = values((&before, &after), (&[0, 1, 2, 6], &[1, 2, 3]));
        let expected = Values {
            lost: 2,
            lost_elsewhere: 1,
            added: 2,
            added_elsewhere: 1,
            duplicated: 2,
            fewer: 1,
        };
        assert_eq!(changed, expected);
        assert_eq!(common(&before, &after), [5, 5, 3]);
    }
}
