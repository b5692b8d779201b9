//! Lists of words: names, places, and whatever a rule wants to look up.
//!
//! A list is kept as hashes of its folded words, so a look-up costs the same however long the list is. A list of 100,000
//! words answers wrongly for one unknown word in 10^14.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};
use std::sync::{Arc, OnceLock};

use foldhash::quality::FixedState;
use hashbrown::HashSet;

use super::fold::fold;
use crate::rule::{Which, Words};

/// Hashes are random already: they hash to themselves, turned so that a set's tags are made of their low bits. A sketch keeps
/// the least of them, whose high bits are all alike.
#[derive(Clone, Default)]
pub(crate) struct Itself(u64);

impl Hasher for Itself {
    fn finish(&self) -> u64 {
        self.0.rotate_right(TAG_BITS)
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("only u64 is hashed");
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// Bits of a hash that the standard library's sets compare before they compare values: the highest ones.
const TAG_BITS: u32 = 7;

/// A set of hashes.
pub(crate) type Hashes = HashSet<u64, BuildHasherDefault<Itself>>;

/// A set of folded words and phrases.
pub struct WordList {
    hashes: Hashes,
}

/// Seeded with a constant, since counts of different values must not depend on the run.
const HASHER: FixedState = FixedState::with_seed(0x5bee);

/// The hash of a normalised value: the same in every scan, for look-ups and for counting different ones.
pub fn hash(value: &[u8]) -> u64 {
    // Without a length before it: bytes that are written at once tell theirs.
    let mut hasher = HASHER.build_hasher();
    hasher.write(value);
    hasher.finish()
}

/// The same of anything that can be hashed.
pub(crate) fn hash_of(value: &impl std::hash::Hash) -> u64 {
    HASHER.hash_one(value)
}

impl WordList {
    /// From a text of one folded word or phrase a line.
    fn of_folded(text: &str) -> Self {
        let capacity = text.len() / 10;
        let mut hashes = Hashes::with_capacity_and_hasher(capacity, BuildHasherDefault::default());
        hashes.extend(text.lines().map(|line| hash(line.as_bytes())));
        Self { hashes }
    }

    /// From a text of one word or phrase a line; lines that start with `#` are comments.
    pub fn new(text: &str) -> Self {
        let lines = text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty());
        let mut hashes =
            Hashes::with_capacity_and_hasher(text.len() / 10, BuildHasherDefault::default());
        let mut folded = Vec::new();
        for line in lines {
            // Most lines are folded already; nothing to do for these is half of what loading a list costs.
            if is_folded(line.as_bytes()) {
                hashes.insert(hash(line.as_bytes()));
            } else {
                fold(line.as_bytes(), &mut folded);
                hashes.insert(hash(&folded));
            }
        }
        Self { hashes }
    }

    /// Whether a folded word or phrase is in it.
    pub fn contains(&self, folded: &[u8]) -> bool {
        self.holds(hash(folded))
    }

    fn holds(&self, hash: u64) -> bool {
        self.hashes.contains(&hash)
    }
}

/// Whether folding leaves a line as it is: lower-case words with one space between them.
fn is_folded(line: &[u8]) -> bool {
    let (plain, last) = line.iter().fold((true, b' '), |(plain, last), &byte| {
        let word = matches!(byte, b'a'..=b'z' | b'0'..=b'9');
        (plain && (word || byte == b' ' && last != b' '), byte)
    });
    plain && last != b' '
}

/// Lists by name, each built when it is first used.
#[derive(Clone, Default)]
pub struct Lists {
    lists: BTreeMap<String, Arc<Source>>,
}

struct Source {
    text: Cow<'static, str>,
    /// Whether its words are folded, without comments.
    is_folded: bool,
    list: OnceLock<Arc<WordList>>,
}

impl Source {
    fn list(&self) -> &Arc<WordList> {
        self.list.get_or_init(|| {
            Arc::new(if self.is_folded {
                WordList::of_folded(&self.text)
            } else {
                WordList::new(&self.text)
            })
        })
    }
}

impl std::fmt::Debug for Lists {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.lists.keys()).finish()
    }
}

impl Lists {
    /// Adds a list, or replaces the one of that name.
    pub fn insert(&mut self, name: impl Into<String>, text: impl Into<Cow<'static, str>>) {
        self.add(name.into(), text.into(), false);
    }

    /// The same of a list whose words are folded, without comments.
    pub(crate) fn insert_folded(&mut self, name: &str, text: &'static str) {
        self.add(name.into(), text.into(), true);
    }

    fn add(&mut self, name: String, text: Cow<'static, str>, is_folded: bool) {
        let source = Source {
            text,
            is_folded,
            list: OnceLock::new(),
        };
        self.lists.insert(name, Arc::new(source));
    }

    /// The list of that name.
    pub fn get(&self, name: &str) -> Option<Arc<WordList>> {
        Some(self.lists.get(name)?.list().clone())
    }

    /// The names of all lists.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.lists.keys().map(String::as_str)
    }

    /// Names and texts, for the digest of a rule set.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lists
            .iter()
            .map(|(name, source)| (name.as_str(), &*source.text))
    }
}

/// A look-up of some words of a value in a list, which is built when the first value comes.
pub(super) struct LookUp {
    source: Arc<Source>,
    which: Which,
    pub(super) required: bool,
    pub(super) name: String,
}

impl LookUp {
    pub(super) fn new(words: &Words, lists: &Lists) -> Result<Self, String> {
        let source = lists.lists.get(&words.list).cloned().ok_or_else(|| {
            let like = super::suggestion(&words.list, lists.names());
            format!("unknown list of words \"{}\"{like}; a list is a file words/NAME.txt beside the rules", words.list)
        })?;
        Ok(Self {
            source,
            which: words.which,
            required: words.required,
            name: words.list.clone(),
        })
    }

    /// Whether the words of the folded value that count are in the list; `hash` is that of the value.
    pub(super) fn knows(&self, folded: &[u8], hash: u64) -> bool {
        let list = self.source.list();
        let mut words = folded
            .split(|&byte| byte == b' ')
            .filter(|word| !word.is_empty());
        match self.which {
            Which::Whole => list.holds(hash),
            Which::All => !folded.is_empty() && words.all(|word| list.contains(word)),
            Which::Any => words.any(|word| list.contains(word)),
            Which::First => words.next().is_some_and(|word| list.contains(word)),
            Which::Last => words.next_back().is_some_and(|word| list.contains(word)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_value_are_looked_up() {
        let mut lists = Lists::default();
        lists.insert("names", "# comment\njan\nanne marie\nzoë\n");
        let knows = |which, value: &str| {
            let words = Words {
                list: "names".into(),
                which,
                required: false,
            };
            LookUp::new(&words, &lists)
                .unwrap()
                .knows(value.as_bytes(), hash(value.as_bytes()))
        };
        assert!(knows(Which::Whole, "anne marie") && knows(Which::Whole, "zoe"));
        assert!(knows(Which::First, "jan jansen") && !knows(Which::Last, "jan jansen"));
        assert!(
            knows(Which::Any, "van jan") && !knows(Which::All, "van jan") && !knows(Which::All, "")
        );
    }
}
