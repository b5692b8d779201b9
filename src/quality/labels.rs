//! Judgements of findings, kept as a growing labelled set: a keyed fingerprint, a detector, and whether it is right. No value
//! is kept, and without the key the file says nothing of anyone.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Judgements, by fingerprint and detector.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    /// What tells that a file goes with a key.
    key: String,
    judgements: BTreeMap<(String, String), bool>,
}

/// The first line of the file.
#[derive(Deserialize, Serialize)]
struct Head {
    /// A hash of the key.
    key: String,
}

/// Any other line.
#[derive(Deserialize, Serialize)]
struct Judgement {
    fingerprint: String,
    detector: String,
    right: bool,
}

impl Labels {
    /// No judgements yet, under this key.
    pub fn new(key: &[u8; 32]) -> Self {
        let hash = blake3::derive_key("speur 2026 name of a key", key);
        Self {
            key: blake3::Hash::from_bytes(hash).to_hex()[..16].to_owned(),
            judgements: BTreeMap::new(),
        }
    }

    /// The judgements of a file, which must have been made under this key; none where there is no such file.
    pub fn load(path: &Path, key: &[u8; 32]) -> Result<Self, Error> {
        let mut labels = Self::new(key);
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(labels),
            Err(error) => return Err(Error::file(path, error)),
        };
        let wrong =
            |line: usize, what: String| Error::usage(format!("{}:{line}: {what}", path.display()));
        for (number, line) in text.lines().enumerate() {
            if number == 0 {
                let head: Head = serde_json::from_str(line)
                    .map_err(|error| wrong(1, format!("not a file of labels: {error}")))?;
                if head.key != labels.key {
                    return Err(wrong(
                        1,
                        "these labels were made with another key".to_owned(),
                    ));
                }
                continue;
            }
            let judgement: Judgement =
                serde_json::from_str(line).map_err(|error| wrong(number + 1, error.to_string()))?;
            labels.judge(&judgement.fingerprint, &judgement.detector, judgement.right);
        }
        Ok(labels)
    }

    /// What was judged of a value and a detector.
    pub fn judged(&self, fingerprint: &str, detector: &str) -> Option<bool> {
        // A look-up by borrowed parts would need a map of maps; there are never many.
        let key = (fingerprint.to_owned(), detector.to_owned());
        self.judgements.get(&key).copied()
    }

    /// Keeps a judgement; a later one counts.
    pub fn judge(&mut self, fingerprint: &str, detector: &str, right: bool) {
        let key = (fingerprint.to_owned(), detector.to_owned());
        self.judgements.insert(key, right);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.judgements.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.judgements.is_empty()
    }

    /// Writes them, beside the file first, so that it is never half written.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = Path::new(&part);
        let unwritable = |error| Error::file(path, error);
        let head = Head {
            key: self.key.clone(),
        };
        let mut out = serde_json::to_string(&head).unwrap_or_default() + "\n";
        for ((fingerprint, detector), &right) in &self.judgements {
            let judgement = Judgement {
                fingerprint: fingerprint.clone(),
                detector: detector.clone(),
                right,
            };
            out += &serde_json::to_string(&judgement).unwrap_or_default();
            out.push('\n');
        }
        let mut file = fs::File::create(part).map_err(unwritable)?;
        file.write_all(out.as_bytes()).map_err(unwritable)?;
        fs::rename(part, path).map_err(unwritable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judgements_come_back_under_their_key_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.ndjson");
        let mut labels = Labels::load(&path, &[1; 32]).unwrap();
        labels.judge("ab", "email", true);
        labels.judge("ab", "email", false);
        labels.save(&path).unwrap();
        let again = Labels::load(&path, &[1; 32]).unwrap();
        assert_eq!((again.len(), again.judged("ab", "email")), (1, Some(false)));
        assert_eq!(again.judged("ab", "phone"), None);
        assert!(Labels::load(&path, &[2; 32]).is_err());
    }
}
