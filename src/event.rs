//! The records of a result, one line of NDJSON each, as `docs/INTERFACE.md` describes them.
//!
//! Rows and lines count from 0 everywhere else in the program; [`Finding`] holds them counted from 1,
//! and only this file's constructors add that 1. Probabilities and seconds are written with at most three decimals.
//! Nothing here depends on any other module.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::ser::{SerializeStruct, Serializer};
use serde::{Deserialize, Serialize};

/// The version of the records' meaning; it goes up when a reader of the old ones would go wrong.
pub const SCHEMA: u32 = 1;

/// One line of the result.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Event {
    /// How the scan was run; always first.
    Scan(ScanRecord),
    /// One place where personal data was found.
    Finding(Finding),
    /// What one column holds.
    Column(ColumnRecord),
    /// What became of one input.
    File(FileRecord),
    /// What a column of hashes is made of.
    Pseudonym(PseudonymRecord),
    /// Whether a policy was met.
    Policy(PolicyRecord),
    /// What became of a decision that was written down.
    Decision(DecisionRecord),
    /// Totals; always last.
    Summary(Summary),
}

/// How the scan was run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ScanRecord {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The version of speur.
    pub version: String,
    /// The rules used.
    pub rules: RulesUsed,
    /// The paths asked for.
    pub roots: Vec<String>,
    /// When it began, in UTC, as RFC 3339.
    pub started: String,
    /// Tells keys of fingerprints apart without giving them away; none where the key was random, so that fingerprints
    /// can't be compared with those of another scan.
    pub key: Option<String>,
    /// Whether records hold raw values.
    pub revealed: bool,
    /// Findings below this confidence were left out.
    pub min_confidence: f64,
    /// How much of each input was looked at, such as `1%` or `10000 rows`; absent where all was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
}

/// The rules of a scan.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RulesUsed {
    /// How many detectors took part.
    pub count: usize,
    /// `blake3:` and the hex digest of their files; equal digests mean equal rules.
    pub digest: String,
    /// Which ones, by id.
    pub detectors: Vec<RuleUsed>,
}

/// A detector that took part.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleUsed {
    /// The rule's id, such as `nl-bsn`.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What they call it in other languages, by code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, String>,
    /// The rule's category.
    pub category: String,
    /// What it is and whom it identifies.
    pub about: String,
}

impl RuleUsed {
    /// What people call it in the language of this code, if that is known.
    pub fn name_in(&self, language: &str) -> &str {
        self.names.get(language).unwrap_or(&self.name)
    }
}

/// Where a value or column lives, shared by all findings in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The path as given on the command line plus what was walked below it.
    pub file: Arc<str>,
    /// The path inside an archive, levels joined with `!/`; none outside archives.
    pub member: Option<Arc<str>>,
    /// The SQL table, sheet or mailbox folder; none where the format has none.
    pub table: Option<Arc<str>>,
    /// The column's name or path; none in plain text.
    pub column: Option<Arc<str>>,
}

/// What a detector is called in every record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DetectorName {
    /// The rule's id, such as `nl-bsn`.
    pub id: Arc<str>,
    /// The rule's category, such as `national-id`.
    pub category: Arc<str>,
}

/// One place where personal data was found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Who found it.
    pub detector: Arc<DetectorName>,
    /// In which column.
    pub place: Arc<Place>,
    /// The record, from 1, headers not counted.
    pub row: u64,
    /// The physical line in the decoded input, from 1.
    pub line: Option<u64>,
    /// Byte offset of the first byte, as stored.
    pub start: Option<u64>,
    /// Byte offset behind the last byte, as stored.
    pub end: Option<u64>,
    /// The value as it may be shown.
    pub masked: String,
    /// The value itself; only with `--reveal`.
    pub value: Option<String>,
    /// Keyed hash of the normalised value.
    pub fingerprint: u128,
    /// Probability, 0 to 1, that this is what the detector says it is.
    pub confidence: f64,
    /// Why, one reason each.
    pub evidence: Arc<[String]>,
}

impl Finding {
    /// A row or line that was counted from 0, counted from 1.
    pub fn counted(from_zero: u64) -> u64 {
        from_zero + 1
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut s = serializer.serialize_struct("Finding", 15)?;
        s.serialize_field("detector", &*self.detector.id)?;
        s.serialize_field("category", &*self.detector.category)?;
        s.serialize_field("file", &*self.place.file)?;
        s.serialize_field("member", &self.place.member.as_deref())?;
        s.serialize_field("table", &self.place.table.as_deref())?;
        s.serialize_field("column", &self.place.column.as_deref())?;
        s.serialize_field("row", &self.row)?;
        s.serialize_field("line", &self.line)?;
        s.serialize_field("start", &self.start)?;
        s.serialize_field("end", &self.end)?;
        s.serialize_field("masked", &self.masked)?;
        if let Some(value) = &self.value {
            s.serialize_field("value", value)?;
        }
        s.serialize_field("fingerprint", &fingerprint_text(self.fingerprint))?;
        s.serialize_field(
            "confidence",
            &(f64::from(thousandths(self.confidence)) / 1000.0),
        )?;
        s.serialize_field("evidence", &*self.evidence)?;
        s.end()
    }
}

/// What one column holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ColumnRecord {
    /// Which column.
    #[serde(flatten)]
    pub place: Arc<Place>,
    /// Records of its table.
    pub rows: u64,
    /// Values that are not empty.
    pub nonempty: u64,
    /// What was found in it, surest and most frequent first; empty where nothing was.
    pub detectors: Vec<ColumnDetector>,
    /// What was considered and is not sure enough to be found; only where an explanation was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub considered: Vec<ColumnDetector>,
    /// Who decided that this data may be here; none where nobody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Acceptance>,
}

/// A decision that a column may hold what it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// Who decided.
    pub who: String,
    /// Why.
    pub why: String,
    /// The last day on which it holds, as `2027-12-31`; none where it has no end.
    pub until: Option<String>,
}

/// What one detector found in a column.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ColumnDetector {
    /// The rule's id.
    pub detector: Arc<str>,
    /// The rule's category.
    pub category: Arc<str>,
    /// Findings: one value may hold several.
    pub matches: u64,
    /// Records with at least one finding.
    pub rows: u64,
    /// Different values, exact up to a few thousand and estimated above.
    pub distinct: u64,
    /// Values of the right shape that fail the check in a column that is certain: probably damaged.
    pub invalid: u64,
    /// Mean confidence of its findings.
    #[serde(serialize_with = "serialize_probability")]
    pub confidence: f64,
    /// Why, one reason each.
    pub evidence: Vec<String>,
    /// Examples as they may be shown; raw with `--reveal`.
    pub examples: Vec<String>,
    /// How many findings have which confidence, surest first.
    pub confidences: Vec<(f64, u64)>,
    /// How many values pass the check, and how many would by chance; none where there is no check that proves anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckCount>,
    /// The sum behind the confidence of most of its findings: log-odds, whose total gives the probability.
    pub weights: Vec<Weight>,
    /// Keyed hashes of some of its different values, always the same ones of the same values: equal columns have equal
    /// signatures, whatever they are called. Only where the key came from a file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub signature: Vec<String>,
}

/// How many values of the right shape pass a check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CheckCount {
    /// Values that pass.
    pub passed: u64,
    /// Values of the right shape.
    pub of: u64,
    /// The share that would pass by chance.
    pub chance: f64,
}

/// One line of the evidence sum.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Weight {
    /// What speaks.
    pub what: String,
    /// How much, in log-odds: above 0 for it, below 0 against it.
    pub weight: f64,
}

/// How reading an input ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Every byte was read.
    Scanned,
    /// Reading stopped, or part was lost; the reason says where.
    Partial,
    /// Known, and not read; the reason says why.
    Skipped,
    /// It could not be read; the reason says why.
    Failed,
}

impl Status {
    /// Its name in records.
    pub fn name(self) -> &'static str {
        match self {
            Status::Scanned => "scanned",
            Status::Partial => "partial",
            Status::Skipped => "skipped",
            Status::Failed => "failed",
        }
    }
}

/// What became of one input.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FileRecord {
    /// The path as given on the command line plus what was walked below it.
    pub file: Arc<str>,
    /// The path inside an archive; none outside archives.
    pub member: Option<Arc<str>>,
    /// The format's name; none where it isn't known.
    pub format: Option<String>,
    /// Bytes of the stored input.
    pub bytes: u64,
    /// Records read.
    pub records: u64,
    /// Findings in it.
    pub findings: u64,
    /// How reading it ended.
    pub status: Status,
    /// Why it is not `scanned`, or what else is worth knowing.
    pub reason: Option<String>,
    /// How many of the records were looked at; absent where all of them were to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampled: Option<u64>,
}

/// How the reason of an input starts of which only a sample was looked at.
pub(crate) const SAMPLE: &str = "a sample: ";

impl FileRecord {
    /// Whether some of its records were left out because only a sample was wanted.
    pub fn is_sample(&self) -> bool {
        self.sampled.is_some_and(|sampled| sampled < self.records)
    }

    /// The reason without what it says of a sample.
    pub fn reason_but_sample(&self) -> Option<&str> {
        let reason = self.reason.as_deref()?;
        if !reason.starts_with(SAMPLE) {
            return Some(reason);
        }
        reason.split_once("; ").map(|(_, rest)| rest)
    }
}

/// A column of hashes whose plain values are known: unsalted, so whoever has plain values can look them up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PseudonymRecord {
    /// Which column.
    #[serde(flatten)]
    pub place: Arc<Place>,
    /// How its values were hashed: `MD5`, `SHA-1`, `SHA-256`, `SHA-512`.
    pub algorithm: Arc<str>,
    /// The detector whose values were hashed.
    pub of: Arc<str>,
    /// The category of that detector.
    #[serde(default)]
    pub category: Arc<str>,
    /// What was hashed of them: the value `as it stands`, `in lower case` or `without punctuation`.
    pub text: Arc<str>,
    /// How many of those compared stand in the other sample.
    pub matched: u64,
    /// Of plain values of the scan, those whose hash would stand in the column's sample; of numbers that were gone through, the
    /// column's digests.
    pub compared: u64,
    /// Whether the values are no plain ones of the scan, but all numbers there can be.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub enumerated: bool,
}

impl PseudonymRecord {
    /// What it means, in one sentence.
    pub fn sentence(&self) -> String {
        format!(
            "an unsalted {} of `{}` ({}; {} of {} compared): still personal data",
            self.algorithm, self.of, self.text, self.matched, self.compared
        )
    }
}

/// Whether a policy was met: what it names was found where it must not be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PolicyRecord {
    /// The policy, as it was written.
    pub policy: String,
    /// Where it was written: `--fail-on`, or the file and line.
    pub source: String,
    /// Whether it was met.
    pub met: bool,
    /// In how many places.
    pub count: u64,
    /// The first of them.
    pub places: Vec<String>,
}

/// What became of a decision that was written down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DecisionRecord {
    /// What is decided: `accept`, `ignore`, `threshold` or `source`.
    pub decision: String,
    /// What it is about.
    pub about: String,
    /// The file and line where it was written.
    pub source: String,
    /// `used`, `unused` or `expired`.
    pub status: String,
    /// What else was written down: who, why, until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acceptance: Option<Acceptance>,
    /// How many columns or inputs it was used for.
    pub count: u64,
}

impl DecisionRecord {
    /// What became of it, in one sentence.
    pub fn sentence(&self) -> String {
        format!(
            "decision {}: {} {} ({})",
            self.status, self.decision, self.about, self.source
        )
    }
}

/// Totals of a scan.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// How many inputs ended in which status.
    pub files: FileCounts,
    /// Bytes of all inputs that were read.
    pub bytes: u64,
    /// Bytes on disk of the files that ended in which status: together, all that was met.
    pub sizes: ByteCounts,
    /// All findings.
    pub findings: u64,
    /// Findings of each category.
    pub categories: BTreeMap<String, u64>,
    /// About how many different people: the most distinct values of any one identifying column.
    pub subjects_estimate: u64,
    /// How long it took, in seconds.
    #[serde(serialize_with = "serialize_seconds")]
    pub seconds: f64,
    /// Inputs that could not be read in full, other than by the user's own choice: partial, failed, and skipped
    /// because nothing here can read them.
    pub unread: u64,
    /// Whether the scan was stopped before its end.
    pub interrupted: bool,
    /// What share of the records was looked at; absent where all of them were to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<Sampled>,
    /// With what the scan was compared, where only what is new counts; absent where all does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baselined>,
}

/// A saved result that a scan was compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Baselined {
    /// When its scan began.
    pub started: String,
    /// Whether single findings were compared; else, without a common key, detectors of columns.
    pub findings: bool,
}

/// What share of the records was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sampled {
    /// Records of all inputs that were read.
    pub records: u64,
    /// Those of them that were looked at.
    pub sampled: u64,
}

/// How many inputs ended in which status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileCounts {
    /// Read in full.
    pub scanned: u64,
    /// Read in part.
    pub partial: u64,
    /// Known and not read.
    pub skipped: u64,
    /// Not readable.
    pub failed: u64,
}

/// Bytes of the files that ended in which status; what lies in archives is not counted again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ByteCounts {
    /// Of those read in full.
    pub scanned: u64,
    /// Of those read in part.
    pub partial: u64,
    /// Of those known and not read.
    pub skipped: u64,
    /// Of those that are not readable.
    pub failed: u64,
}

impl ByteCounts {
    /// Adds a file.
    pub fn add(&mut self, status: Status, bytes: u64) {
        let sum = match status {
            Status::Scanned => &mut self.scanned,
            Status::Partial => &mut self.partial,
            Status::Skipped => &mut self.skipped,
            Status::Failed => &mut self.failed,
        };
        *sum = sum.saturating_add(bytes);
    }
}

impl FileCounts {
    /// Counts one more input.
    pub fn add(&mut self, status: Status) {
        match status {
            Status::Scanned => self.scanned += 1,
            Status::Partial => self.partial += 1,
            Status::Skipped => self.skipped += 1,
            Status::Failed => self.failed += 1,
        }
    }
}

/// A fingerprint in hexadecimal digits: 32, or the first 16 where a compact result kept no more.
pub fn fingerprint_text(fingerprint: u128) -> String {
    if fingerprint.trailing_zeros() >= 64 {
        format!("{:016x}", fingerprint >> 64)
    } else {
        format!("{fingerprint:032x}")
    }
}

/// A probability in thousandths, 0 to 1000, as records show it. Only certainty is written as 1: 0.9996 stays 0.999.
pub fn thousandths(probability: f64) -> u16 {
    let rounded = (probability.clamp(0.0, 1.0) * 1000.0).round();
    // Not a number stays one through `clamp`, and becomes 0 here.
    #[expect(clippy::cast_sign_loss, reason = "clamped to 0..=1000")]
    let whole = rounded as u16;
    if probability < 1.0 {
        whole.min(999)
    } else {
        whole
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn serialize_probability<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(f64::from(thousandths(*value)) / 1000.0)
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn serialize_seconds<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((value * 1000.0).round() / 1000.0)
}
