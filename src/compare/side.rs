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
    /// The first half of the fingerprints of each column and detector, eight bytes each.
    values: HashMap<(Arc<Place>, Arc<str>), Vec<u64>>,
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
        Ok(side)
    }

    /// The fingerprints of a column and detector, ascending; they are given away.
    pub(super) fn values(&mut self, column: usize, detector: &str) -> Vec<u64> {
        let place = Arc::clone(&self.columns[column].place);
        let mut values = self
            .values
            .remove(&(place, detector.into()))
            .unwrap_or_default();
        values.sort_unstable();
        values
    }

    /// Where a column is, seen from the root of the scan: `old/crm/a.csv` and `new/crm/a.csv` are the same place.
    pub(super) fn relative(&self, place: &Place) -> Place {
        let file = self
            .scan
            .roots
            .iter()
            .filter_map(|root| below(&place.file, root))
            .min_by_key(|rest| rest.len());
        Place {
            file: file.unwrap_or(&place.file).into(),
            ..place.clone()
        }
    }
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

/// What became of values, from the sorted fingerprints of both.
pub(super) fn values(before: Vec<u64>, after: Vec<u64>) -> Values {
    let mut counts: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
    if before == after {
        return Values::default();
    }
    for value in before {
        counts.entry(value).or_default().0 += 1;
    }
    for value in after {
        counts.entry(value).or_default().1 += 1;
    }
    let mut values = Values::default();
    for (before, after) in counts.into_values() {
        match (before, after) {
            (_, 0) => values.lost += 1,
            (0, _) => values.added += 1,
            (a, b) if b > a => values.duplicated += 1,
            (a, b) if b < a => values.fewer += 1,
            _ => {}
        }
    }
    values
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
        assert_eq!(
            values(vec![1, 2, 2, 3], vec![1, 2, 2, 3]),
            Values::default()
        );
        let changed = values(vec![1, 2, 2, 3, 5], vec![2, 3, 3, 4, 5, 5]);
        let expected = Values {
            lost: 1,
            added: 1,
            duplicated: 2,
            fewer: 1,
        };
        assert_eq!(changed, expected);
    }
}
