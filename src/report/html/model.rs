//! What the template shows: all texts ready, all lengths worked out.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;

use askama::Template;

use super::super::escape::escaped;
use super::super::gather::Gathered;
use super::super::layout::{by_rank, column_rank, rank};
use super::super::overview::input_name;
use super::super::reasons::coverage;
use super::super::words::{Lang, Words, filled};
use super::super::{ReportOptions, rounded};
use super::rows::{self, Inputs, tier};
use crate::event::{
    ColumnDetector, ColumnRecord, DecisionRecord, FileRecord, PolicyRecord, PseudonymRecord,
    Status, thousandths,
};

/// Inputs in the map.
const MAPPED: usize = 40;
/// Rows of the table of columns that need no script.
const FIRST: usize = 50;
/// Inputs listed under coverage.
const LISTED: usize = 2_000;

/// The whole page.
#[derive(Template)]
#[template(path = "page.html")]
pub(super) struct Page {
    w: &'static Words,
    lang: &'static str,
    policy: String,
    style: &'static str,
    script: &'static str,
    version: String,
    lead: String,
    sensitive: String,
    unread: String,
    interrupted: bool,
    sampled: String,
    reveal: bool,
    figures: Vec<Figure>,
    policies: Vec<Policy>,
    kinds: Vec<Kind>,
    bins: Vec<Bin>,
    bin_words: Vec<(u32, &'static str)>,
    sureness_text: String,
    inputs: Vec<Mapped>,
    inputs_more: String,
    columns_more: String,
    statuses: Vec<Figure>,
    noted: Vec<Noted>,
    noted_more: String,
    formats: Vec<(String, String, String)>,
    pseudonyms: Vec<(String, String)>,
    decisions: Vec<Decision>,
    rules_hint: String,
    rules_found: Vec<Rule>,
    rules_other: Vec<Rule>,
    read_3: String,
    made: String,
    made_by: String,
    /// The first rows, for browsers that run no script.
    first: Vec<First>,
    needs_script: String,
    data: String,
}

struct Figure {
    name: &'static str,
    value: String,
    hint: &'static str,
}

struct Policy {
    met: bool,
    verdict: &'static str,
    sentence: String,
    source: String,
    places: Vec<String>,
    more: String,
}

/// A category.
struct Kind {
    id: String,
    name: String,
    note: &'static str,
    tier: u8,
    columns: String,
    columns_word: &'static str,
    findings: String,
    width: String,
}

/// A bar of the chart of confidence.
struct Bin {
    label: &'static str,
    class: &'static str,
    count: String,
    x: u32,
    y: u32,
    width: u32,
    height: u32,
    middle: u32,
    above: u32,
}

/// A row of the table of columns, as it stands before the script makes its own.
struct First {
    tier: u8,
    column: String,
    place: String,
    kind: String,
    category: String,
    rows: String,
    distinct: String,
    sure: String,
    examples: Vec<String>,
}

/// An input in the map.
struct Mapped {
    id: usize,
    name: String,
    cells: Vec<MapCell>,
}

struct MapCell {
    category: String,
    tier: u8,
    /// 0 for nothing, to 6.
    heat: u32,
    short: String,
    label: String,
}

struct Noted {
    class: &'static str,
    status: &'static str,
    name: String,
    reason: String,
    bytes: String,
}

struct Decision {
    class: &'static str,
    status: String,
    kind: String,
    about: String,
    source: String,
    why: String,
}

struct Rule {
    id: String,
    name: String,
    category: String,
    about: String,
    tier: u8,
}

impl Page {
    pub(super) fn new(gathered: &Gathered, options: &ReportOptions) -> io::Result<Self> {
        let view = View {
            gathered,
            w: options.lang.words(),
            lang: options.lang,
        };
        let mut inputs = Inputs::default();
        let (data, left) = rows::data(gathered, view.w, &mut inputs)?;
        let (mapped, unmapped) = view.map(&mut inputs);
        let (rules_found, rules_other) = view.rules();
        let first = view.first();
        let (bins, bin_words, sureness_text) = view.bins();
        let summary = &gathered.summary;
        let more = |count: u64, text: &str| match count {
            0 => String::new(),
            count => format!("{} {text}", view.lang.counted(count)),
        };
        let unlisted = gathered.noted.len().saturating_sub(LISTED) as u64 + gathered.more_noted;
        Ok(Self {
            w: view.w,
            lang: options.lang.code(),
            policy: super::policy(),
            style: super::STYLE,
            script: super::SCRIPT,
            version: escaped(&gathered.scan.version).into_owned(),
            lead: view.lead(),
            sensitive: view.sensitive(),
            unread: view.unread(),
            interrupted: summary.interrupted,
            sampled: view.lang.sampled(summary).unwrap_or_default(),
            reveal: options.reveal,
            figures: view.figures(),
            policies: gathered.policies.iter().map(|p| view.policy(p)).collect(),
            kinds: view.kinds(),
            bins,
            bin_words,
            sureness_text,
            inputs: mapped,
            inputs_more: more(unmapped, view.w.map_more),
            columns_more: more(left, view.w.columns_left_out),
            statuses: view.statuses(),
            noted: gathered
                .noted
                .iter()
                .take(LISTED)
                .map(|file| view.noted(file))
                .collect(),
            noted_more: more(unlisted, view.w.coverage_more),
            formats: view.formats(),
            pseudonyms: gathered
                .pseudonyms
                .iter()
                .map(|record| view.pseudonym(record))
                .collect(),
            decisions: gathered
                .decisions
                .iter()
                .map(|d| view.decision(d))
                .collect(),
            rules_hint: filled(
                view.w.rules_hint,
                &[
                    (
                        "count",
                        &view.lang.counted(gathered.scan.rules.count as u64),
                    ),
                    ("found", &view.lang.counted(rules_found.len() as u64)),
                ],
            ),
            needs_script: filled(
                view.w.needs_script,
                &[
                    ("shown", &view.lang.counted(first.len() as u64)),
                    ("all", &view.lang.counted(view.rows())),
                ],
            ),
            first,
            rules_found,
            rules_other,
            read_3: filled(
                view.w.read_3,
                &[("least", &percent(gathered.scan.min_confidence))],
            ),
            made: view.made(),
            made_by: filled(
                view.w.version,
                &[
                    ("version", &escaped(&gathered.scan.version)),
                    ("schema", &gathered.scan.schema.to_string()),
                    ("digest", &short(&gathered.scan.rules.digest)),
                ],
            ),
            data,
        })
    }
}

/// A probability in whole percent.
fn percent(probability: f64) -> String {
    format!("{} %", thousandths(probability) / 10)
}

/// Enough of a digest to tell rules apart.
fn short(digest: &str) -> String {
    escaped(digest).chars().take(19).collect()
}

/// What is to be shown, and in which language.
struct View<'g> {
    gathered: &'g Gathered,
    w: &'static Words,
    lang: Lang,
}

impl View<'_> {
    fn count(&self, count: u64, one: &str, many: &str) -> String {
        let word = if count == 1 { one } else { many };
        format!("{} {word}", self.lang.counted(count))
    }

    fn columns_found(&self) -> u64 {
        self.gathered.columns.len() as u64 + self.gathered.more_columns
    }

    /// What the table of columns lists: each kind of data in each column.
    fn rows(&self) -> u64 {
        let columns = self.gathered.columns.iter().take(rows::ROWS);
        columns.map(|column| column.detectors.len() as u64).sum()
    }

    fn first(&self) -> Vec<First> {
        let columns = self.gathered.columns.iter();
        let found = columns.flat_map(|column| {
            let found = by_rank(column).into_iter();
            found.map(move |found| (column, found))
        });
        found
            .take(FIRST)
            .map(|(column, found)| self.first_row(column, found))
            .collect()
    }

    fn first_row(&self, column: &ColumnRecord, found: &ColumnDetector) -> First {
        let place = &column.place;
        let input = input_name(&place.file, place.member.as_deref());
        let parts: Vec<&str> = std::iter::once(&*input)
            .chain(place.table.as_deref())
            .collect();
        let name = place.column.as_deref().map(escaped);
        First {
            tier: tier(&found.category),
            column: name.map_or_else(|| format!("({})", self.w.text), Cow::into_owned),
            place: escaped(&parts.join(" › ")).into_owned(),
            kind: escaped(self.gathered.name_of(&found.detector, self.w)).into_owned(),
            category: self.w.category(&found.category).into_owned(),
            rows: self.lang.counted(found.rows),
            distinct: self.lang.counted(found.distinct),
            sure: percent(found.confidence),
            examples: found
                .examples
                .iter()
                .take(2)
                .map(|example| escaped(example).into_owned())
                .collect(),
        }
    }

    fn lead(&self) -> String {
        if self.columns_found() == 0 {
            return self
                .lang
                .only_hashes(self.gathered.pseudonyms.len(), &self.gathered.summary);
        }
        let columns = self.count(self.columns_found(), self.w.column_one, self.w.columns);
        let inputs = self.count(self.gathered.inputs, self.w.input_one, self.w.inputs);
        filled(self.w.lead, &[("columns", &columns), ("inputs", &inputs)])
    }

    /// The most sensitive categories; empty where there are none of the first two groups.
    fn sensitive(&self) -> String {
        let kinds: Vec<String> = self
            .gathered
            .categories()
            .iter()
            .filter(|category| tier(&category.name) < 2)
            .take(4)
            .map(|category| self.w.category(&category.name).into_owned())
            .collect();
        if kinds.is_empty() {
            return String::new();
        }
        filled(self.w.lead_sensitive, &[("kinds", &kinds.join(", "))])
    }

    fn unread(&self) -> String {
        match self.gathered.summary.unread {
            0 => String::new(),
            1 => self.w.lead_unread_one.to_owned(),
            count => {
                let count = self.count(count, self.w.input_one, self.w.inputs);
                filled(self.w.lead_unread, &[("count", &count)])
            }
        }
    }

    fn figures(&self) -> Vec<Figure> {
        let gathered = self.gathered;
        // The events don't say which values columns have in common.
        let distinct: u64 = gathered
            .columns
            .iter()
            .flat_map(|column| &column.detectors)
            .map(|found| found.distinct)
            .fold(0, u64::saturating_add);
        let people = rounded(gathered.summary.subjects_estimate);
        [
            (self.w.people, people, self.w.people_hint),
            (self.w.inputs_found, gathered.inputs, ""),
            (self.w.tables_found, gathered.tables, ""),
            (self.w.columns_found, self.columns_found(), ""),
            (self.w.distinct_sum, distinct, self.w.distinct_hint),
            (self.w.findings, gathered.summary.findings, ""),
        ]
        .map(|(name, count, hint)| Figure {
            name,
            value: if name != self.w.people || count == 0 {
                self.lang.counted(count)
            } else {
                format!("± {}", self.lang.counted(count))
            },
            hint,
        })
        .into()
    }

    fn policy(&self, policy: &PolicyRecord) -> Policy {
        let places: Vec<String> = policy
            .places
            .iter()
            .take(20)
            .map(|place| escaped(place).into_owned())
            .collect();
        Policy {
            met: policy.met,
            verdict: if policy.met {
                self.w.policy_met
            } else {
                self.w.policy_holds
            },
            sentence: escaped(&policy.policy).into_owned(),
            source: escaped(&policy.source).into_owned(),
            more: self.lang.more_places(policy, places.len()),
            places,
        }
    }

    fn kinds(&self) -> Vec<Kind> {
        let categories = self.gathered.categories();
        let most = categories.iter().map(|category| category.columns).max();
        let most = most.unwrap_or(1).max(1) as f64;
        categories
            .iter()
            .map(|category| Kind {
                id: escaped(&category.name).into_owned(),
                name: self.w.category(&category.name).into_owned(),
                note: match &*category.name {
                    "special" => self.w.special_note,
                    "criminal" => self.w.criminal_note,
                    _ => "",
                },
                tier: tier(&category.name),
                columns: self.lang.counted(category.columns),
                columns_word: if category.columns == 1 {
                    self.w.column_one
                } else {
                    self.w.columns
                },
                findings: self.lang.counted(category.findings),
                width: format!("{:.1}", category.columns as f64 / most * 100.0),
            })
            .collect()
    }

    /// The chart of confidence: its bars, the words below them, and all of it in a sentence.
    fn bins(&self) -> (Vec<Bin>, Vec<(u32, &'static str)>, String) {
        const BINS: [(u16, &str, &str); 7] = [
            (0, "< 50 %", "low"),
            (500, "50–65", "low"),
            (650, "65–80", "low"),
            (800, "80–90", "mid"),
            (900, "90–95", "mid"),
            (950, "95–99", "mid"),
            (990, "≥ 99 %", ""),
        ];
        let mut counts = [0u64; BINS.len()];
        for found in self
            .gathered
            .columns
            .iter()
            .flat_map(|column| &column.detectors)
        {
            // Results of old have no such counts.
            let own = [(found.confidence, found.matches)];
            let spread = if found.confidences.is_empty() {
                &own[..]
            } else {
                &found.confidences
            };
            for (confidence, count) in spread {
                let sure = thousandths(*confidence);
                let bin = BINS
                    .iter()
                    .rposition(|(from, ..)| sure >= *from)
                    .unwrap_or(0);
                counts[bin] = counts[bin].saturating_add(*count);
            }
        }
        let first = usize::from(counts[0] == 0);
        let shown = BINS.len() - first;
        let step = 420 / shown as u32;
        let most = counts.iter().copied().max().unwrap_or(1).max(1) as f64;
        let mut bins = Vec::new();
        let mut sentence = Vec::new();
        for (place, at) in (first..BINS.len()).enumerate() {
            let (_, label, class) = BINS[at];
            #[expect(clippy::cast_sign_loss, reason = "a share of a length is not negative")]
            let height = (counts[at] as f64 / most * 120.0).ceil() as u32;
            let x = place as u32 * step;
            let count = self.lang.counted(counts[at]);
            sentence.push(format!("{label}: {count}"));
            bins.push(Bin {
                label,
                class,
                count,
                x: x + 5,
                y: 150 - height,
                width: step - 10,
                height,
                middle: x + step / 2,
                above: 144 - height,
            });
        }
        let middle =
            |at: usize, to: usize| bins[at - first].middle.midpoint(bins[to - first].middle);
        let words = vec![
            (middle(1, 2), self.w.possible),
            (middle(3, 5), self.w.likely),
            (middle(6, 6), self.w.certain),
        ];
        (bins, words, sentence.join("; "))
    }

    /// The map of inputs and categories, and how many inputs it leaves out.
    fn map(&self, inputs: &mut Inputs) -> (Vec<Mapped>, u64) {
        let categories = self.gathered.categories();
        let mut by_input: BTreeMap<usize, (u8, BTreeMap<&str, u64>)> = BTreeMap::new();
        for column in self.gathered.columns.iter().take(rows::ROWS) {
            let (worst, counts) = by_input
                .entry(inputs.number(column))
                .or_insert((u8::MAX, BTreeMap::new()));
            *worst = column_rank(column).min(*worst);
            for found in &column.detectors {
                let count = counts.entry(&found.category).or_default();
                *count = u64::saturating_add(*count, found.matches);
            }
        }
        let mut order: Vec<_> = by_input.into_iter().collect();
        order.sort_by_key(|(id, (worst, counts))| {
            (
                *worst,
                std::cmp::Reverse(counts.values().max().copied()),
                *id,
            )
        });
        let left = order.len().saturating_sub(MAPPED) as u64;
        let mapped = order
            .into_iter()
            .take(MAPPED)
            .map(|(id, (_, counts))| Mapped {
                id,
                name: inputs.names[id].clone(),
                cells: categories
                    .iter()
                    .map(|category| {
                        let count = counts.get(&*category.name).copied().unwrap_or(0);
                        self.cell(&inputs.names[id], &category.name, count)
                    })
                    .collect(),
            })
            .collect();
        (mapped, left)
    }

    fn cell(&self, input: &str, category: &str, count: u64) -> MapCell {
        let name = self.w.category(category);
        MapCell {
            category: escaped(category).into_owned(),
            tier: tier(category),
            heat: count
                .checked_ilog10()
                .map_or(0, |digits| (digits + 1).min(6)),
            short: self.lang.short(count),
            label: format!(
                "{input}, {name}: {} {}",
                self.lang.counted(count),
                self.w.findings
            ),
        }
    }

    fn statuses(&self) -> Vec<Figure> {
        let files = &self.gathered.summary.files;
        let mut all: Vec<Figure> = [
            (Status::Scanned, files.scanned),
            (Status::Partial, files.partial),
            (Status::Skipped, files.skipped),
            (Status::Failed, files.failed),
        ]
        .into_iter()
        .map(|(status, count)| Figure {
            name: self.w.status_of(status),
            value: self.lang.counted(count),
            hint: "",
        })
        .collect();
        all.push(Figure {
            name: self.w.bytes,
            value: self.lang.size(self.gathered.summary.bytes),
            hint: "",
        });
        all
    }

    fn noted(&self, file: &FileRecord) -> Noted {
        let name = input_name(&file.file, file.member.as_deref());
        let (class, status) = match file.status {
            Status::Failed => ("bad", self.w.failed),
            Status::Partial => ("mid", self.w.partial),
            Status::Skipped => ("low", self.w.skipped),
            Status::Scanned => ("good", self.w.good_to_know),
        };
        Noted {
            class,
            status,
            name: escaped(&name).into_owned(),
            reason: escaped(&coverage(self.lang, file.reason.as_deref().unwrap_or("–")))
                .into_owned(),
            bytes: self.lang.size(file.bytes),
        }
    }

    fn formats(&self) -> Vec<(String, String, String)> {
        let formats = self.gathered.formats.iter();
        formats
            .map(|(name, (count, bytes))| {
                (
                    escaped(name).into_owned(),
                    self.lang.counted(*count),
                    self.lang.size(*bytes),
                )
            })
            .collect()
    }

    /// Where a column of hashes is, and what it is made of.
    fn pseudonym(&self, record: &PseudonymRecord) -> (String, String) {
        let place = &record.place;
        let input = input_name(&place.file, place.member.as_deref());
        let names = place.table.iter().chain(&place.column);
        let parts: Vec<&str> = std::iter::once(&*input)
            .chain(names.map(|name| &**name))
            .collect();
        let name = escaped(&parts.join(" › ")).into_owned();
        (name, self.lang.pseudonym(record))
    }

    fn decision(&self, decision: &DecisionRecord) -> Decision {
        Decision {
            class: match &*decision.status {
                "used" => "good",
                "expired" => "bad",
                _ => "low",
            },
            status: self.w.decision_status(&decision.status).into_owned(),
            kind: self.w.decision_kind(&decision.decision).into_owned(),
            about: escaped(&decision.about).into_owned(),
            source: escaped(&decision.source).into_owned(),
            why: escaped(&self.w.decided(decision)).into_owned(),
        }
    }

    /// The rules that found something, most sensitive first, and the others.
    fn rules(&self) -> (Vec<Rule>, Vec<Rule>) {
        let used = &self.gathered.scan.rules.detectors;
        let columns = self.gathered.columns.iter();
        let found: std::collections::BTreeSet<&str> = columns
            .flat_map(|column| &column.detectors)
            .map(|found| &*found.detector)
            .collect();
        let mut order: Vec<_> = used.iter().collect();
        order.sort_by_key(|rule| (rank(&rule.category), rule.name_in(self.w.code)));
        let rules = order.into_iter().map(|rule| Rule {
            id: escaped(&rule.id).into_owned(),
            name: escaped(rule.name_in(self.w.code)).into_owned(),
            category: self.w.category(&rule.category).into_owned(),
            about: escaped(&rule.about).into_owned(),
            tier: tier(&rule.category),
        });
        rules.partition(|rule| found.contains(&*rule.id))
    }

    fn made(&self) -> String {
        let scan = &self.gathered.scan;
        let mut roots: Vec<String> = scan
            .roots
            .iter()
            .take(5)
            .map(|root| escaped(root).into_owned())
            .collect();
        if scan.roots.len() > roots.len() {
            roots.push("…".to_owned());
        }
        let started = escaped(&scan.started)
            .replace('T', " ")
            .replace('Z', " UTC");
        filled(
            self.w.made,
            &[
                ("roots", &roots.join(", ")),
                ("started", &started),
                (
                    "seconds",
                    &self
                        .lang
                        .decimal(&format!("{:.1}", self.gathered.summary.seconds)),
                ),
            ],
        )
    }
}
