//! What stands around a value: the header of its column, and the words near it in running text.
//!
//! Headers and texts are folded first (lower case, without diacritics), so rules hold folded words only. A header is
//! evidence and never a verdict: how much it weighs is decided in `score/`.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use aho_corasick::{AhoCorasick, MatchKind};

use super::DetectorId;
use crate::rule::Rule;
use crate::score::EvidenceSet;
use crate::validate::fold::fold;
use crate::validate::words::{Lists, WordList};

/// Bytes before and behind a match in which words count as near.
const BEFORE: usize = 64;
const BEHIND: usize = 32;
/// Words of a header that are looked at, from its end.
const HEADER_WORDS: usize = 10;

/// A word nearby, numbered; or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Near(pub(crate) u16);

impl Near {
    /// No word nearby.
    pub(crate) const NONE: Near = Near(u16::MAX);
}

/// How a header speaks of a detector, from strongest for it to strongest against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Says {
    /// The header is the detector's word, give or take words such as `home` or `primary`.
    Exactly,
    /// The detector's word is a part of it.
    Partly,
    /// The detector's word is in the path above the column.
    Above,
    /// It is about the thing: `email_verified`, `phone_type`.
    About,
    /// It is one of the headers that the rule says mean something else.
    Otherwise,
}

/// What a header says of one detector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeaderFact {
    pub(crate) detector: DetectorId,
    pub(crate) says: Says,
    /// The rule's words that it holds.
    pub(crate) words: Arc<str>,
}

/// The words of all rules.
pub(crate) struct Context {
    headers: HashMap<Box<str>, Vec<HeaderWord>>,
    /// Made when something is found in a text for the first time.
    near: OnceLock<Option<AhoCorasick>>,
    near_words: Vec<(Arc<str>, Vec<DetectorId>)>,
    rivals: Vec<Vec<DetectorId>>,
    /// Words that turn a header into one about the thing (`verified`, `type`).
    about: Option<Arc<WordList>>,
    /// Those of them that say when or why the thing was told where they stand before it (`last_sign_in_ip`).
    when: Option<Arc<WordList>>,
    /// Words that leave a header's meaning as it is (`home`, `primary`).
    neutral: Option<Arc<WordList>>,
}

/// Words of rules near a span of some value.
#[derive(Default)]
pub(super) struct NearWords {
    /// The value and the span; none at the start of a batch.
    pub(super) of: Option<(u32, Range<usize>)>,
    /// In their order.
    list: Vec<NearWord>,
    /// The text around, folded.
    window: Vec<u8>,
}

struct NearWord {
    word: u16,
    is_before: bool,
    is_label: bool,
}

#[derive(Clone)]
struct HeaderWord {
    detector: DetectorId,
    speaks_for: bool,
    words: Arc<str>,
}

impl Context {
    pub(crate) fn new(rules: &[Rule], lists: &Lists) -> Self {
        let mut headers: HashMap<Box<str>, Vec<HeaderWord>> = HashMap::new();
        let mut near: Vec<(Arc<str>, Vec<DetectorId>)> = Vec::new();
        let mut near_index: HashMap<String, usize> = HashMap::new();
        for (index, rule) in rules.iter().enumerate() {
            let detector = DetectorId(index as u16);
            let words = rule.header.iter().map(|word| (word, true));
            for (word, speaks_for) in words.chain(rule.not_header.iter().map(|word| (word, false)))
            {
                let key = joined(&folded(word));
                let entry = HeaderWord {
                    detector,
                    speaks_for,
                    words: word.as_str().into(),
                };
                headers.entry(key.into()).or_default().push(entry);
            }
            for word in &rule.near {
                let at = *near_index.entry(folded(word)).or_insert_with(|| {
                    near.push((word.as_str().into(), Vec::new()));
                    near.len() - 1
                });
                near[at].1.push(detector);
            }
        }
        Self {
            headers,
            near: OnceLock::new(),
            near_words: near,
            rivals: rivals(rules),
            about: lists.get("header-about"),
            when: lists.get("header-when"),
            neutral: lists.get("header-neutral"),
        }
    }

    fn near(&self) -> Option<&AhoCorasick> {
        let make = || {
            let words = self.near_words.iter();
            let patterns: Vec<String> = words.map(|(word, _)| folded(word)).collect();
            AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .build(&patterns)
                .ok()
                .filter(|_| !patterns.is_empty())
        };
        self.near.get_or_init(make).as_ref()
    }

    /// The detectors whose values look like this one's.
    pub(crate) fn rivals(&self, detector: DetectorId) -> &[DetectorId] {
        &self.rivals[usize::from(detector.0)]
    }

    /// The word of a rule that stands near.
    pub(crate) fn near_word(&self, near: Near) -> Option<&str> {
        self.near_words
            .get(usize::from(near.0))
            .map(|(word, _)| &**word)
    }

    /// Finds the words of all rules near a span, unless `words` has those already.
    fn find_words(&self, text: &[u8], span: &Range<usize>, words: &mut NearWords) {
        let NearWords { list, window, .. } = words;
        list.clear();
        let Some(near) = self.near() else { return };
        let before = &text[span.start.saturating_sub(BEFORE)..span.start];
        let behind = &text[span.end..text.len().min(span.end + BEHIND)];
        for (part, is_before) in [(before, true), (behind, false)] {
            fold(part, window);
            for found in near.find_iter(&*window) {
                if is_word_in(window, found.range()) {
                    list.push(NearWord {
                        word: found.pattern().as_usize() as u16,
                        is_before,
                        // The last word before it may be its label.
                        is_label: is_before && leads_over(&window[found.end()..]),
                    });
                }
            }
        }
    }

    /// Whether words near the span speak for the detector or for a rival, and which word does.
    pub(super) fn around(
        &self,
        text: &[u8],
        (value, span): (u32, &Range<usize>),
        detector: DetectorId,
        words: &mut NearWords,
    ) -> (EvidenceSet, Near) {
        // What claims a number is seldom alone, and what stands near is the same for all.
        let key = Some((value, span.clone()));
        if words.of != key {
            self.find_words(text, span, words);
            words.of = key;
        }
        let mut rival = EvidenceSet::default();
        for part in words.list.chunk_by(|a, b| a.is_before == b.is_before) {
            let mut best = None;
            for found in part {
                let (_, detectors) = &self.near_words[usize::from(found.word)];
                if detectors.contains(&detector) {
                    let word = Near(found.word);
                    best = match (found.is_label, best) {
                        (true, _) => Some((EvidenceSet::NEAR | EvidenceSet::LABEL, word)),
                        (false, None) => Some((EvidenceSet::NEAR, word)),
                        (false, known) => known,
                    };
                } else if detectors
                    .iter()
                    .any(|other| self.rivals(detector).contains(other))
                {
                    rival = EvidenceSet::RIVAL_NEAR;
                }
            }
            if let Some(best) = best {
                return best;
            }
        }
        (rival, Near::NONE)
    }

    /// What a column's name or path says, one fact for each detector it speaks of, in their order.
    pub(crate) fn header(&self, column: &str) -> Vec<HeaderFact> {
        let words = header_words(column);
        let mut facts: Vec<(HeaderFact, usize)> = Vec::new();
        for start in 0..words.list.len() {
            let mut key = String::new();
            for end in start + 1..=words.list.len() {
                key.push_str(&words.list[end - 1]);
                // `phones` is several of what `phone` is.
                let entries = self
                    .headers
                    .get(key.as_str())
                    .or_else(|| self.headers.get(key.strip_suffix('s')?));
                for entry in entries.into_iter().flatten() {
                    let says = self.says(&words, start..end, entry.speaks_for);
                    let fact = HeaderFact {
                        detector: entry.detector,
                        says,
                        words: entry.words.clone(),
                    };
                    merge_fact(&mut facts, fact, key.len());
                }
            }
        }
        let mut facts: Vec<HeaderFact> = facts.into_iter().map(|(fact, _)| fact).collect();
        facts.sort_by_key(|fact| fact.detector);
        facts
    }

    fn says(&self, words: &HeaderWords, found: Range<usize>, speaks_for: bool) -> Says {
        if !speaks_for {
            return Says::Otherwise;
        }
        if found.end <= words.core {
            return Says::Above;
        }
        let is_in = |list: &Option<Arc<WordList>>, word: &str| {
            list.as_ref()
                .is_some_and(|list| list.contains(word.as_bytes()))
        };
        let mut rest = (words.core..words.list.len()).filter(|at| !found.contains(at));
        let is_about = |at: usize| {
            let word = &words.list[at];
            is_in(&self.about, word) && !(at < found.start && is_in(&self.when, word))
        };
        if rest.clone().any(is_about) {
            Says::About
        } else if rest.all(|at| is_in(&self.neutral, &words.list[at])) {
            Says::Exactly
        } else {
            Says::Partly
        }
    }
}

/// Keeps the fact from the longer words; of equally long ones the one that speaks for the detector. The column's own name
/// counts before the path above it: `address.street` is a street.
fn merge_fact(facts: &mut Vec<(HeaderFact, usize)>, fact: HeaderFact, len: usize) {
    let same = |(known, _): &&mut (HeaderFact, usize)| known.detector == fact.detector;
    let Some(known) = facts.iter_mut().find(same) else {
        facts.push((fact, len));
        return;
    };
    let is_own = |says: Says| matches!(says, Says::Exactly | Says::Partly | Says::About);
    let is_better = match (known.0.says, fact.says) {
        (Says::Above, says) if is_own(says) => true,
        (says, Says::Above) if is_own(says) => false,
        _ => len > known.1 || len == known.1 && fact.says < known.0.says,
    };
    if is_better {
        *known = (fact, len);
    }
}

/// Rivals both ways: who is a rival of somebody has that one as a rival, too.
fn rivals(rules: &[Rule]) -> Vec<Vec<DetectorId>> {
    let mut all = vec![Vec::new(); rules.len()];
    for (a, rule) in rules.iter().enumerate() {
        for rival in &rule.rivals {
            if let Some(b) = rules.iter().position(|other| other.id == *rival) {
                all[a].push(DetectorId(b as u16));
                all[b].push(DetectorId(a as u16));
            }
        }
    }
    for list in &mut all {
        list.sort_unstable();
        list.dedup();
    }
    all
}

/// Words between a label and its value: `my BSN is 123456782`, `rekening nr. 12`.
const LINKS: &[&[u8]] = &[
    b"is", b"ist", b"est", b"es", b"e", b"nr", b"no", b"n", b"number", b"nummer", b"numero",
    b"code", b"id", b"adres", b"address", b"adresse", b"card", b"kaart", b"karte", b"on", b"op",
    b"am", b"the", b"de", b"het", b"der", b"den", b"die", b"das", b"le", b"was", b"war", b"luidt",
    b"lautet",
];

/// Whether nothing but such words stands between a label and the value behind it.
fn leads_over(between: &[u8]) -> bool {
    let mut words = between
        .split(|byte| *byte == b' ')
        .filter(|word| !word.is_empty());
    between.len() <= 16
        && words.by_ref().take(2).all(|word| LINKS.contains(&word))
        && words.next().is_none()
}

/// The words of a header.
struct HeaderWords {
    /// Folded, digits left out.
    list: Vec<String>,
    /// Where the words of the column itself start, behind those of the path above it.
    core: usize,
}

/// Path segments that say nothing about what a value is.
const EMPTY_SEGMENTS: &[&str] = &[
    "list",
    "element",
    "item",
    "items",
    "value",
    "values",
    "array",
    "key value",
    "text",
];

fn header_words(column: &str) -> HeaderWords {
    let mut segments: Vec<Vec<String>> = column
        .split(['.', '[', ']', '{', '}', '/', '>', '*', '@', '#'])
        .map(|segment| split_words(segment.trim()))
        .filter(|words| !words.is_empty())
        .collect();
    while segments.len() > 1
        && segments
            .last()
            .is_some_and(|last| EMPTY_SEGMENTS.contains(&last.join(" ").as_str()))
    {
        segments.pop();
    }
    let mut list: Vec<String> = segments.iter().flatten().cloned().collect();
    let core = list.len() - segments.last().map_or(0, Vec::len);
    let cut = list.len().saturating_sub(HEADER_WORDS);
    list.drain(..cut);
    HeaderWords {
        list,
        core: core.saturating_sub(cut),
    }
}

/// Whether a column's name only counts: `column_7`, `_col3`, `F12`, `Unnamed: 4`. Readers make such names up where a table
/// has none.
pub(super) fn says_nothing(column: &str) -> bool {
    const COUNTERS: &[&str] = &[
        "column",
        "col",
        "field",
        "attr",
        "attribute",
        "var",
        "variable",
        "unnamed",
        "feature",
        "f",
        "c",
        "x",
        "v",
        "kolom",
        "veld",
        "spalte",
        "feld",
        "colonne",
        "champ",
        "columna",
        "campo",
        "colonna",
        "kolumna",
        "pole",
    ];
    let ends = column
        .chars()
        .next_back()
        .is_some_and(|last| last.is_ascii_digit());
    ends && split_words(column)
        .iter()
        .all(|word| COUNTERS.contains(&word.as_str()))
        && column.len() <= 16
}

/// Splits at case changes, punctuation and digits: `eMail_Address2` gives e, mail, address.
fn split_words(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut spaced = String::with_capacity(name.len() + 8);
    for (at, &c) in chars.iter().enumerate() {
        let lower_before = at > 0 && chars[at - 1].is_lowercase();
        let upper_before = at > 0 && chars[at - 1].is_uppercase();
        let lower_behind = chars.get(at + 1).is_some_and(|c| c.is_lowercase());
        if c.is_uppercase() && (lower_before || upper_before && lower_behind) {
            spaced.push(' ');
        }
        spaced.push(if c.is_numeric() { ' ' } else { c });
    }
    folded(&spaced)
        .split(' ')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn folded(text: &str) -> String {
    let mut out = Vec::new();
    fold(text.as_bytes(), &mut out);
    String::from_utf8_lossy(&out).replace('_', " ")
}

fn joined(words: &str) -> String {
    words.replace(' ', "")
}

fn is_word_in(text: &[u8], found: Range<usize>) -> bool {
    let letter =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80);
    !letter(found.start.checked_sub(1).and_then(|at| text.get(at))) && !letter(text.get(found.end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_split_into_words() {
        assert_eq!(split_words("eMail_Address2"), ["e", "mail", "address"]);
        assert_eq!(split_words("FirstName"), ["first", "name"]);
        assert_eq!(split_words("IBANNumber"), ["iban", "number"]);
        assert_eq!(split_words("Téléphone portable"), ["telephone", "portable"]);
    }

    #[test]
    fn some_names_only_count() {
        for name in ["column_7", "_col3", "F12", "Unnamed: 4", "0", "Spalte1"] {
            assert!(says_nothing(name), "{name}");
        }
        for name in ["", "address2", "column", "user 1", "2024 revenue"] {
            assert!(!says_nothing(name), "{name}");
        }
    }

    #[test]
    fn a_path_has_a_core() {
        let words = header_words("contacts.list.element.email");
        assert_eq!(words.list[words.core..], ["email"]);
        let words = header_words("phones.list.element");
        assert_eq!(words.list[words.core..], ["phones"]);
    }

    #[test]
    fn when_a_thing_was_told_leaves_it_what_it_is() {
        let rule =
            "{id: ipv4, name: x, category: online, about: x, find: [x], prior: 0.1, header: [ip]}";
        let rules = [serde_yaml::from_str::<Rule>(rule).unwrap()];
        let mut lists = Lists::default();
        lists.insert("header-about", "is\nlast\nupdated\n");
        lists.insert("header-when", "last\nupdated\n");
        let context = Context::new(&rules, &lists);
        let says = |column: &str| context.header(column)[0].says;
        assert!(says("last_sign_in_ip") == Says::Partly);
        assert!(says("updated_by_ip") == Says::Partly);
        assert!(says("ip_last_updated") == Says::About);
        assert!(says("is_ip") == Says::About);
    }

    #[test]
    fn the_own_name_counts_before_the_path() {
        let rule = |id: &str, header: &str| {
            let yaml = format!(
                "{{id: {id}, name: x, category: contact, about: x, find: [x], prior: 0.1, header: {header}}}"
            );
            serde_yaml::from_str::<Rule>(&yaml).unwrap()
        };
        let rules = [rule("street-address", "[address, street]")];
        let context = Context::new(&rules, &Lists::default());
        let says = |column: &str| context.header(column)[0].says;
        assert!(says("address.street") == Says::Exactly);
        assert!(says("street.address") == Says::Exactly);
        assert!(says("address.geo") == Says::Above);
    }
}
