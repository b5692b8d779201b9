//! Rules: detectors as written in YAML, one file each. Rules are data: nothing in `src/` knows a detector's id.
//!
//! This module is the YAML format and nothing else; `weights.rs` is what evidence of any detector weighs, `load.rs` finds and parses files, `check.rs` says what is wrong with
//! a rule, `validate/` runs its checks, and `detect/` compiles its patterns. `docs/RULES.md` teaches the format.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

mod check;
mod load;
mod weights;

pub use load::Source;
pub use weights::{FIELDS, Field, Unit, Weights};

/// The JSON Schema of a rule, for editors; `docs/rule.schema.json` is a copy.
pub fn schema() -> String {
    let schema = schemars::schema_for!(Rule);
    let text = serde_json::to_string_pretty(&schema);
    text.expect("a schema is JSON") + "\n"
}

/// Rules that take part in a scan: the built-in ones and the user's.
#[derive(Clone, Debug)]
pub struct RuleSet {
    /// Ascending by id; no two have the same.
    pub rules: Vec<Rule>,
    /// `blake3:` and the hex digest of their texts, and of the weights where these are not the built-in ones.
    pub digest: String,
    /// Their lists of words.
    pub lists: crate::validate::words::Lists,
    /// What evidence weighs.
    pub weights: Weights,
}

/// Which rules take part.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Whether the built-in rules do.
    pub builtin: bool,
    /// Files and folders with rules of the user's own; one with a built-in id replaces that rule.
    pub paths: Vec<std::path::PathBuf>,
    /// Globs over ids and categories: where there are any, only rules that match one.
    pub only: Vec<String>,
    /// Globs over ids and categories: rules that match one are left out.
    pub skip: Vec<String>,
    /// A file of weights instead of the built-in ones.
    pub weights: Option<std::path::PathBuf>,
}

/// A detector as its YAML file says it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rule {
    /// Lower-case kebab-case; country-specific ones start with the ISO 3166 code.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What they call it in other languages, by code (ISO 639-1): `{ nl: Klantnummer }`.
    #[serde(default)]
    pub names: BTreeMap<String, String>,
    /// What kind of personal data it is.
    pub category: Category,
    /// One or two sentences: what it is and whom it identifies.
    pub about: String,
    /// How its values look.
    pub find: Vec<Find>,
    /// Where in a value it may stand.
    #[serde(default)]
    pub scope: Scope,
    /// What becomes of a match before it is checked and fingerprinted.
    #[serde(default)]
    pub normalise: Normalise,
    /// Left-pad the normalised value with zeros to this length (numbers that lost a zero in a spreadsheet).
    #[serde(default)]
    pub pad: Option<usize>,
    /// What a genuine value must pass, all of it.
    #[serde(default, deserialize_with = "one_or_many")]
    #[schemars(with = "OneOrMany<Check>")]
    pub check: Vec<Check>,
    /// Share of values of this shape that pass the check by chance, each by itself: 1/11 for a sum modulo 11. 1 where
    /// there is no check, and where values that only look so pass alike: other dates are dates, too, and numbers counted
    /// up share the date they seem to begin with. Such a part of a check rules values out and proves nothing.
    #[serde(default)]
    pub chance: Share,
    /// Share of genuine values that pass the check: below 1 for typing errors, far below 1 for a list of names.
    #[serde(default = "Share::nearly_all")]
    pub valid: Share,
    /// Probability that a value of this shape, filling a cell of a column whose header says nothing, is this;
    /// before its check is looked at.
    pub prior: Share,
    /// The same for a match within a longer text; a third of `prior` where absent.
    #[serde(default)]
    pub prior_text: Option<Share>,
    /// Its parts mean nothing by themselves: nothing is looked for inside a match that passes, even where it says little
    /// of itself (eight digits of a UUID are no birth number).
    #[serde(default)]
    pub opaque: bool,
    /// Its values may be hashes of others: they are compared with the plain values of the scan, whatever the header says.
    #[serde(default)]
    pub digest: bool,
    /// It is no personal data and never reported: it is there because it looks like some, and explains such columns and
    /// texts better (an ISBN passes the check of an NHS number).
    #[serde(default)]
    pub decoy: bool,
    /// What the value itself says of the person: `birth date`, `sex`, or the id of a detector whose number it holds.
    #[serde(default)]
    pub reveals: Vec<String>,
    /// The third party that gave it out, and so shares in it.
    #[serde(default)]
    pub party: Option<String>,
    /// What a masked value still shows.
    #[serde(default)]
    pub mask: Mask,
    /// Column headers that mean this, in any language: words or phrases, lower case, without diacritics. Compared
    /// with the words of a header (`eMail_Address2` is `e mail address`, also tried without spaces).
    #[serde(default)]
    pub header: Vec<String>,
    /// Headers that mean something else though they hold a word of `header`.
    #[serde(default)]
    pub not_header: Vec<String>,
    /// Words that speak for it when they stand near a match in running text.
    #[serde(default)]
    pub near: Vec<String>,
    /// Ids of detectors that look the same: their headers and nearby words speak against this one.
    #[serde(default)]
    pub rivals: Vec<String>,
    /// Well-known examples and test values, normalised: told apart, and less sure.
    #[serde(default)]
    pub placeholders: Vec<String>,
    /// Values that must be found, and values that must not.
    #[serde(default)]
    pub examples: Examples,
    /// Standards and public documents that say how it looks and is checked.
    #[serde(default)]
    pub sources: Vec<String>,
}

/// One way a detector's values look.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Find {
    /// A byte-wise regular expression with ASCII classes; the longest match counts. Start and end it with `\b` where
    /// it starts and ends with a letter or digit: then it can be anchored, which makes it fast.
    Pattern(String),
    /// The same with its own figures, which overrule the rule's.
    Form(Form),
}

/// A pattern with figures of its own.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Form {
    /// See [`Find::Pattern`].
    pub pattern: String,
    /// Overrules [`Rule::prior`].
    #[serde(default)]
    pub prior: Option<Share>,
    /// Overrules [`Rule::prior_text`].
    #[serde(default)]
    pub prior_text: Option<Share>,
    /// The probability for a whole cell where the column's name says nothing (`column_7`): the [`Rule::prior`] of a name
    /// that is about something else doesn't hold there. The same as it by default.
    #[serde(default)]
    pub prior_nameless: Option<Share>,
    /// Overrules [`Rule::chance`].
    #[serde(default)]
    pub chance: Option<Share>,
    /// Overrules [`Rule::scope`].
    #[serde(default)]
    pub scope: Option<Scope>,
    /// Overrules [`Rule::check`].
    #[serde(default, deserialize_with = "maybe_one_or_many")]
    #[schemars(with = "Option<OneOrMany<Check>>")]
    pub check: Option<Vec<Check>>,
}

/// What kind of personal data a detector finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are the definition")]
pub enum Category {
    Contact,
    Identity,
    NationalId,
    Document,
    Financial,
    Device,
    Online,
    Location,
    Demographic,
    Special,
    Criminal,
    Employment,
    Credential,
    Consent,
}

impl Category {
    /// Its name in records and rules.
    pub fn name(self) -> &'static str {
        match self {
            Category::Contact => "contact",
            Category::Identity => "identity",
            Category::NationalId => "national-id",
            Category::Document => "document",
            Category::Financial => "financial",
            Category::Device => "device",
            Category::Online => "online",
            Category::Location => "location",
            Category::Demographic => "demographic",
            Category::Special => "special",
            Category::Criminal => "criminal",
            Category::Employment => "employment",
            Category::Credential => "credential",
            Category::Consent => "consent",
        }
    }
}

/// Where in a value a match may stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Anywhere: in a cell or in running text.
    #[default]
    Anywhere,
    /// It must be the whole cell, white space around it aside; never in running text.
    Cell,
}

/// What becomes of a match before it is checked and fingerprinted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Normalise {
    /// As found.
    #[default]
    None,
    /// Digits only.
    Digits,
    /// ASCII letters and digits only, in upper case.
    Alnum,
    /// ASCII letters in lower case.
    Lower,
    /// For names: lower case, diacritics folded, runs of other characters become one space.
    Fold,
}

/// What a genuine value must pass.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Check {
    /// A validator by its name in [`crate::validate::VALIDATORS`].
    Named(String),
    /// A weighted sum.
    Weighted {
        /// Its terms.
        weighted: Weighted,
    },
    /// A list of words.
    Words {
        /// Which list, and which words of the value.
        words: Words,
    },
}

/// A weighted sum over the characters of the normalised value.
///
/// `sum = Σ weight · digit`, over as many leading digits as there are weights. Without `digit` the value passes when
/// `sum mod modulus = remainder`. With `digit`, the check digit stands at that place (from 1; -1 is the last), and must
/// be `sum mod modulus` or, with `complement`, `modulus - sum mod modulus`; `map` says what 10 and others become.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Weighted {
    /// One for each digit; 0 leaves one out.
    pub weights: Vec<i64>,
    /// The modulus.
    pub modulus: i64,
    /// What must remain, where no `digit` is given.
    #[serde(default)]
    pub remainder: i64,
    /// The place of the check digit, from 1; -1 is the last.
    #[serde(default)]
    pub digit: Option<i64>,
    /// Whether the check digit is the modulus less the remainder.
    #[serde(default)]
    pub complement: bool,
    /// What a computed check value becomes, such as 10 → 0; one that isn't a digit and isn't here fails.
    #[serde(default)]
    pub map: BTreeMap<i64, i64>,
    /// Whether each product is replaced by the sum of its digits, as in Luhn.
    #[serde(default)]
    pub digit_sums: bool,
}

/// A look-up in a list of words.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Words {
    /// The list's name: a file `words/NAME.txt` beside the rules.
    pub list: String,
    /// Which words of the value must be in it.
    #[serde(default)]
    pub which: Which,
    /// Whether a value that isn't in the list is no candidate at all. Otherwise it still is one, and being in the list
    /// only speaks for it.
    #[serde(default)]
    pub required: bool,
}

/// Which words of a value are looked up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Which {
    /// The whole value as one phrase.
    #[default]
    Whole,
    /// Each word.
    All,
    /// At least one word.
    Any,
    /// The first word.
    First,
    /// The last word.
    Last,
}

/// What a masked value still shows; all other letters and digits become `*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Mask {
    /// Characters kept at the start.
    #[serde(default)]
    pub keep_first: u8,
    /// Characters kept at the end.
    #[serde(default)]
    pub keep_last: u8,
    /// Keep what stands from the last of this character on (`@` shows a mail domain).
    #[serde(default)]
    pub keep_from: Option<char>,
}

/// Values that must be found, and values that must not.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Examples {
    /// Must be found.
    #[serde(default, rename = "match")]
    pub matches: Vec<Example>,
    /// Must not be found.
    #[serde(default)]
    pub skip: Vec<Example>,
}

/// One example.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Example {
    /// Text in which the pattern and the check, by themselves, must find something (or nothing).
    Text(String),
    /// A column: scanned whole, and judged at the default confidence.
    Column {
        /// Its header; none where absent.
        #[serde(default)]
        header: Option<String>,
        /// Its values.
        values: Vec<String>,
    },
}

/// A share or probability, written `0.09`, `1/11` or `1`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Deserialize, JsonSchema)]
#[serde(try_from = "ShareText")]
#[schemars(with = "ShareText")]
pub struct Share(pub f64);

impl Default for Share {
    fn default() -> Self {
        Share(1.0)
    }
}

impl Share {
    fn nearly_all() -> Self {
        Share(0.98)
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum ShareText {
    Number(f64),
    Text(String),
}

impl TryFrom<ShareText> for Share {
    type Error = String;

    fn try_from(text: ShareText) -> Result<Self, String> {
        let value = match &text {
            ShareText::Number(number) => Some(*number),
            ShareText::Text(text) => match text.split_once('/') {
                Some((over, under)) => over
                    .trim()
                    .parse::<f64>()
                    .ok()
                    .zip(under.trim().parse::<f64>().ok())
                    .map(|(over, under)| over / under),
                None => text.trim().parse().ok(),
            },
        };
        match value {
            Some(value) if value > 0.0 && value <= 1.0 => Ok(Share(value)),
            _ => Err("a share is a number above 0 and up to 1, such as 0.09 or 1/11".into()),
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> From<OneOrMany<T>> for Vec<T> {
    fn from(value: OneOrMany<T>) -> Self {
        match value {
            OneOrMany::One(one) => vec![one],
            OneOrMany::Many(many) => many,
        }
    }
}

fn one_or_many<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    OneOrMany::deserialize(deserializer).map(Into::into)
}

fn maybe_one_or_many<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    one_or_many(deserializer).map(Some)
}
