//! Decisions as code: `speur.yaml` says what may be where, who decided so, and what must never be found.
//!
//! `policy.rs` reads the sentences of policies. Decisions change how a result is judged and never what is read, save for
//! `ignore`. An accepted column stays in every report, marked, and meets no policy. Entries that expired or were not used
//! are reported, so that the file stays true.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::Error;
use crate::event::{
    Acceptance, ColumnDetector, ColumnRecord, DecisionRecord, Event, FileRecord, PolicyRecord,
    PseudonymRecord, Status,
};
use crate::input::{Ignored, Paths};

mod policy;

use policy::Policy;
pub(crate) use policy::matches;

/// The file that is looked for beside the data.
pub const FILE_NAME: &str = "speur.yaml";
/// Bytes of such a file at the most.
const LONGEST: u64 = 4 << 20;
/// Places told of each policy.
const PLACES: usize = 20;
/// Colons of an accepted column at which its name may begin.
const MOST_COLONS: usize = 8;

/// The file as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct File {
    accept: Vec<Accept>,
    ignore: Vec<Ignore>,
    thresholds: BTreeMap<String, f64>,
    sources: Vec<Source>,
    policies: Vec<String>,
}

/// A column may hold what it holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Accept {
    /// `PATH` or `PATH:COLUMN`, with `*`.
    column: String,
    /// Only what these detectors or categories find; all where absent.
    #[serde(default)]
    detector: Option<String>,
    who: String,
    why: String,
    #[serde(default)]
    until: Option<String>,
}

/// A path is not read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ignore {
    path: String,
    why: String,
}

/// What a part of the data is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    path: String,
    name: String,
}

/// Decisions in force, and what became of them in this scan.
#[derive(Default)]
pub struct Decisions {
    accept: Vec<Accepted>,
    ignore: Vec<(Ignored, DecisionRecord)>,
    thresholds: BTreeMap<String, f64>,
    sources: Vec<(Paths, DecisionRecord)>,
    policies: Vec<(Policy, PolicyRecord)>,
}

struct Accepted {
    /// Each way in which a path and a column may have been meant: both may hold a colon.
    places: Vec<(Paths, Option<String>)>,
    detector: Option<String>,
    expired: bool,
    acceptance: Acceptance,
    record: DecisionRecord,
}

impl Decisions {
    /// Reads a file; `today` is a day such as `2026-01-31`.
    pub fn read(path: &Path, roots: &[PathBuf], today: &str) -> Result<Self, Error> {
        let wrong = |what: String| Error::usage(format!("{}: {what}", path.display()));
        let length = std::fs::metadata(path)
            .map_err(|error| Error::file(path, error))?
            .len();
        if length > LONGEST {
            return Err(wrong("more than 4 MiB are no file of decisions".into()));
        }
        let text = std::fs::read_to_string(path).map_err(|error| Error::file(path, error))?;
        let file: File = if text
            .lines()
            .all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
        {
            File::default()
        } else {
            serde_yaml::from_str(&text).map_err(|error| wrong(error.to_string()))?
        };
        let folder = path.parent().unwrap_or(Path::new(""));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Self::from_file(file, &name, &|glob| Paths::new(glob, folder, roots), today).map_err(wrong)
    }

    fn from_file(
        file: File,
        name: &str,
        paths: &dyn Fn(&str) -> Result<Paths, String>,
        today: &str,
    ) -> Result<Self, String> {
        let mut decisions = Self::default();
        let record = |kind: &str, number: usize, about: String| DecisionRecord {
            decision: kind.to_owned(),
            about,
            source: format!("{name}, {kind} {}", number + 1),
            status: "unused".to_owned(),
            ..DecisionRecord::default()
        };
        for (number, entry) in file.accept.into_iter().enumerate() {
            let mut record = record("accept", number, entry.column.clone());
            let accepted = accepted(entry, &mut record, paths, today)
                .map_err(|what| format!("accept {}: {what}", number + 1))?;
            decisions.accept.push(Accepted { record, ..accepted });
        }
        for (number, entry) in file.ignore.into_iter().enumerate() {
            let mut record = record("ignore", number, entry.path.clone());
            let ignored = Ignored {
                paths: paths(&entry.path)
                    .map_err(|what| format!("ignore {}: {what}", number + 1))?,
                reason: format!("ignored by {name}: {}", entry.why),
            };
            record.acceptance = Some(Acceptance {
                who: name.to_owned(),
                why: entry.why,
                until: None,
            });
            decisions.ignore.push((ignored, record));
        }
        for (detector, least) in file.thresholds {
            if !(0.0..=1.0).contains(&least) {
                return Err(format!(
                    "thresholds: {detector}: a confidence is a number from 0 to 1"
                ));
            }
            decisions.thresholds.insert(detector, least);
        }
        for (number, entry) in file.sources.into_iter().enumerate() {
            let about = format!("{}: {}", entry.path, entry.name);
            decisions.sources.push((
                paths(&entry.path).map_err(|what| format!("source {}: {what}", number + 1))?,
                record("source", number, about),
            ));
        }
        for (number, sentence) in file.policies.iter().enumerate() {
            let policy = Policy::parse(sentence, paths)
                .map_err(|what| format!("policy {}: {what}", number + 1))?;
            decisions.add_policy(policy, sentence, &format!("{name}, policy {}", number + 1));
        }
        Ok(decisions)
    }

    fn add_policy(&mut self, policy: Policy, sentence: &str, source: &str) {
        let record = PolicyRecord {
            policy: sentence.to_owned(),
            source: source.to_owned(),
            ..PolicyRecord::default()
        };
        self.policies.push((policy, record));
    }

    /// Adds a term of `--fail-on`: a category, a detector, with `*`, or `incomplete`.
    pub fn fail_on(&mut self, term: &str) {
        self.add_policy(Policy::term(term), term, "--fail-on");
    }

    /// Paths that are not to be read, and why.
    pub fn ignored(&self) -> impl Iterator<Item = &Ignored> {
        self.ignore.iter().map(|(ignored, _)| ignored)
    }

    /// The detectors and categories that policies and thresholds name, each with where it is named.
    pub fn terms(&self) -> Vec<(String, &str)> {
        let policies = self.policies.iter().filter_map(|(policy, record)| {
            let source = format!("{} `{}`", record.source, record.policy);
            Some((source, policy.glob()?))
        });
        let thresholds = self.thresholds.keys();
        policies
            .chain(thresholds.map(|id| (format!("thresholds: {id}"), id.as_str())))
            .collect()
    }

    /// How sure findings of these detectors must be, of those that thresholds name, by themselves or by their category. Where
    /// several do, the highest counts.
    pub fn thresholds<'r>(
        &self,
        detectors: impl Iterator<Item = (&'r str, &'r str)>,
    ) -> BTreeMap<String, f64> {
        let least = |id: &str, category: &str| {
            let all = self.thresholds.iter();
            all.filter(|(glob, _)| matches(glob, id) || matches(glob, category))
                .map(|(_, least)| *least)
                .max_by(f64::total_cmp)
        };
        detectors
            .filter_map(|(id, category)| Some((id.to_owned(), least(id, category)?)))
            .collect()
    }

    /// Whether there is a policy.
    pub fn has_policies(&self) -> bool {
        !self.policies.is_empty()
    }

    /// Whether any policy was met so far.
    pub fn met(&self) -> bool {
        self.policies.iter().any(|(_, record)| record.met)
    }

    /// Looks at an event; gives it back, marked where it is a column that was accepted.
    pub fn event(&mut self, event: &Event) -> Option<Event> {
        match event {
            Event::Column(column) => self.column(column),
            Event::Pseudonym(pseudonym) => {
                self.pseudonym(pseudonym);
                None
            }
            Event::File(file) => {
                self.file(file);
                None
            }
            Event::Summary(summary) => {
                let incomplete = summary.unread > 0 || summary.interrupted;
                for (policy, record) in &mut self.policies {
                    if policy.is_incomplete() && incomplete {
                        record.met = true;
                        record.count = summary.unread.max(1);
                    }
                }
                None
            }
            _ => None,
        }
    }

    fn column(&mut self, column: &ColumnRecord) -> Option<Event> {
        if column.detectors.is_empty() {
            return None;
        }
        let mut marked = None;
        let mut excused = vec![false; column.detectors.len()];
        for entry in &mut self.accept {
            if !entry.is_about(column) {
                continue;
            }
            let mut used = false;
            for (found, excused) in column.detectors.iter().zip(&mut excused) {
                let wanted = entry.detector.as_deref().is_none_or(|glob| {
                    policy::matches(glob, &found.detector) || policy::matches(glob, &found.category)
                });
                used |= wanted;
                *excused |= wanted && !entry.expired;
            }
            if used {
                entry.record.count += 1;
                if !entry.expired {
                    "used".clone_into(&mut entry.record.status);
                    marked = Some(entry.acceptance.clone());
                }
            }
        }
        for (policy, record) in &mut self.policies {
            for (found, excused) in column.detectors.iter().zip(&excused) {
                if !excused && policy.forbids(&column.place, found) {
                    record.met = true;
                    record.count += 1;
                    if record.places.len() < PLACES {
                        record.places.push(place(column, &found.detector));
                    }
                }
            }
        }
        // Only a column of which everything was accepted is marked as such.
        let accepted = marked.filter(|_| excused.iter().all(|excused| *excused));
        accepted.map(|accepted| {
            Event::Column(ColumnRecord {
                accepted: Some(accepted),
                ..column.clone()
            })
        })
    }

    /// Hashes of personal data are where that data must not be, too; who accepts the data there accepts them.
    fn pseudonym(&mut self, pseudonym: &PseudonymRecord) {
        let found = ColumnDetector {
            detector: pseudonym.of.clone(),
            category: pseudonym.category.clone(),
            matches: pseudonym.matched,
            confidence: 1.0,
            ..ColumnDetector::default()
        };
        self.column(&ColumnRecord {
            place: pseudonym.place.clone(),
            rows: 0,
            nonempty: 0,
            detectors: vec![found],
            considered: Vec::new(),
            accepted: None,
        });
    }

    fn file(&mut self, file: &FileRecord) {
        if file.status == Status::Skipped {
            for (ignored, record) in &mut self.ignore {
                if file.reason.as_deref() == Some(&*ignored.reason) {
                    record.count += 1;
                    "used".clone_into(&mut record.status);
                }
            }
        }
        for (paths, record) in &mut self.sources {
            if paths.may_hold(&file.file, file.member.as_deref()) {
                record.count += 1;
                "used".clone_into(&mut record.status);
            }
        }
    }

    /// What became of the decisions and policies, as events.
    pub fn records(&self) -> Vec<Event> {
        let accept = self.accept.iter().map(|entry| &entry.record);
        let ignore = self.ignore.iter().map(|(_, record)| record);
        let sources = self.sources.iter().map(|(_, record)| record);
        let all = accept.chain(ignore).chain(sources);
        let decisions = all.map(|record| Event::Decision(record.clone()));
        let policies = self.policies.iter();
        decisions
            .chain(policies.map(|(_, record)| Event::Policy(record.clone())))
            .collect()
    }
}

fn accepted(
    entry: Accept,
    record: &mut DecisionRecord,
    paths: &dyn Fn(&str) -> Result<Paths, String>,
    today: &str,
) -> Result<Accepted, String> {
    let whole = &*entry.column;
    let colons = whole.match_indices(':').take(MOST_COLONS);
    let mut places = vec![(paths(whole)?, None)];
    for (at, _) in colons {
        let (input, column) = (&whole[..at], &whole[at + 1..]);
        if !input.is_empty() {
            places.push((paths(input)?, Some(column.to_owned())));
        }
    }
    if entry.who.trim().is_empty() || entry.why.trim().is_empty() {
        return Err("`who` and `why` must say something".into());
    }
    if let Some(until) = &entry.until
        && until.parse::<jiff::civil::Date>().is_err()
    {
        return Err("`until` is a day, such as 2027-12-31".into());
    }
    let expired = entry.until.as_deref().is_some_and(|until| until < today);
    if expired {
        "expired".clone_into(&mut record.status);
    }
    let acceptance = Acceptance {
        who: entry.who,
        why: entry.why,
        until: entry.until,
    };
    record.acceptance = Some(acceptance.clone());
    Ok(Accepted {
        places,
        detector: entry.detector,
        expired,
        acceptance,
        record: DecisionRecord::default(),
    })
}

impl Accepted {
    fn is_about(&self, column: &ColumnRecord) -> bool {
        let place = &column.place;
        let name = place.column.as_deref().unwrap_or_default();
        // As `customers.email`, and as policies say where they were met.
        let with_table = place
            .table
            .as_deref()
            .map(|table| [format!("{table}.{name}"), format!("{table}:{name}")]);
        self.places.iter().any(|(input, glob)| {
            let named = glob.as_deref().is_none_or(|glob| {
                policy::matches(glob, name)
                    || with_table
                        .iter()
                        .flatten()
                        .any(|name| policy::matches(glob, name))
            });
            named && input.holds(&place.file, place.member.as_deref())
        })
    }
}

/// Where a policy was met.
fn place(column: &ColumnRecord, detector: &str) -> String {
    let place = &column.place;
    let mut text = crate::report::input_name(&place.file, place.member.as_deref());
    for part in [&place.table, &place.column].into_iter().flatten() {
        text.push(':');
        text.push_str(part);
    }
    format!("{text} ({detector})")
}

#[cfg(test)]
mod tests;
