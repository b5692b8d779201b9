//! Policies, one sentence each:
//!
//! ```text
//! no special category in exports/marketing/**
//! no nl-bsn outside hr/
//! no personal data in public/
//! max confidence 0.8 of phone in logs/
//! fail on incomplete
//! ```

use crate::event::{ColumnDetector, Place};
use crate::input::Paths;

/// What must not be found.
pub(super) struct Policy {
    what: What,
    place: Where,
}

enum What {
    /// Detectors or categories, as a glob.
    Found(String),
    /// Findings of these that are surer.
    Surer(String, f64),
    /// Inputs that were not read in full.
    Incomplete,
}

enum Where {
    Anywhere,
    In(Paths),
    Outside(Paths),
}

/// The sentences that are understood.
const SENTENCES: &str = "`no TERM [in PATH|outside PATH]`, `max confidence P [of TERM] [in PATH|outside PATH]` or `fail on incomplete`, where TERM is a detector or a category";

impl Policy {
    /// A term of `--fail-on`.
    pub(super) fn term(term: &str) -> Self {
        let what = if term == "incomplete" {
            What::Incomplete
        } else {
            What::Found(term.to_owned())
        };
        Self {
            what,
            place: Where::Anywhere,
        }
    }

    pub(super) fn parse(
        sentence: &str,
        paths: &dyn Fn(&str) -> Result<Paths, String>,
    ) -> Result<Self, String> {
        let words: Vec<&str> = sentence.split_whitespace().collect();
        if words == ["fail", "on", "incomplete"] {
            return Ok(Self::term("incomplete"));
        }
        let wrong = || format!("`{sentence}` is not understood; say {SENTENCES}");
        // The path may hold spaces, so it is everything behind the first of these words.
        let at = words
            .iter()
            .position(|word| matches!(*word, "in" | "outside"));
        let (head, place) = match at {
            None => (&words[..], Where::Anywhere),
            Some(at) => {
                let keyword = format!(" {} ", words[at]);
                let (_, path) = sentence.split_once(&keyword).ok_or_else(wrong)?;
                let found = paths(path.trim())?;
                let place = if words[at] == "in" {
                    Where::In(found)
                } else {
                    Where::Outside(found)
                };
                (&words[..at], place)
            }
        };
        let what = match head {
            ["no", "personal", "data"] => What::Found("*".to_owned()),
            ["no", term] | ["no", term, "category" | "data"] => What::Found((*term).to_owned()),
            ["max", "confidence", most, rest @ ..] => {
                let most: f64 = most.parse().map_err(|_| wrong())?;
                let term = match rest {
                    [] => "*",
                    ["of", term] => term,
                    _ => return Err(wrong()),
                };
                if !(0.0..=1.0).contains(&most) {
                    return Err("a confidence is a number from 0 to 1".to_owned());
                }
                What::Surer(term.to_owned(), most)
            }
            _ => return Err(wrong()),
        };
        Ok(Self { what, place })
    }

    pub(super) fn is_incomplete(&self) -> bool {
        matches!(self.what, What::Incomplete)
    }

    /// Whether this must not be there.
    pub(super) fn forbids(&self, place: &Place, found: &ColumnDetector) -> bool {
        let (glob, least) = match &self.what {
            What::Found(glob) => (glob, -1.0),
            What::Surer(glob, most) => (glob, *most),
            What::Incomplete => return false,
        };
        found.matches > 0
            && found.confidence > least
            && (matches(glob, &found.detector) || matches(glob, &found.category))
            && match &self.place {
                Where::Anywhere => true,
                // Rather met once too often than passed in silence.
                Where::In(paths) => paths.may_hold(&place.file, place.member.as_deref()),
                Where::Outside(paths) => !paths.holds(&place.file, place.member.as_deref()),
            }
    }

    /// The detectors or categories it is about.
    pub(super) fn glob(&self) -> Option<&str> {
        match &self.what {
            What::Found(glob) | What::Surer(glob, _) => Some(glob),
            What::Incomplete => None,
        }
    }
}

/// Whether a glob with `*` (any characters) and `?` (one) matches all of a name. Takes at most the product of their
/// lengths.
pub(crate) fn matches(glob: &str, name: &str) -> bool {
    let (glob, name) = (glob.as_bytes(), name.as_bytes());
    let (mut g, mut n) = (0, 0);
    // The last star, and how much of the name it stands for.
    let mut star = None;
    while n < name.len() {
        match glob.get(g) {
            Some(b'*') => {
                star = Some((g, n));
                g += 1;
            }
            Some(&byte) if byte == b'?' || byte == name[n] => {
                g += 1;
                n += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    g = at + 1;
                    n = taken + 1;
                }
                None => return false,
            },
        }
    }
    glob[g..].iter().all(|byte| *byte == b'*')
}
