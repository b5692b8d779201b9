//! Rules of other tools as rules of speur, as far as they can be said, and a list of what did not carry over.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use regex_syntax::hir::{Capture, Hir, HirKind, Repetition};
use serde::Deserialize;

use super::shape::parsed;

mod pdscan;

pub use pdscan::pdscan;

/// What a repetition without bound becomes.
const BOUND: u32 = 64;
/// The prior of a rule that gives no score.
const PRIOR: f64 = 0.3;

/// Rules, each with its id and its YAML, and what did not carry over.
#[derive(Debug, Default)]
pub struct Imported {
    /// By id, in the order of the file.
    pub rules: Vec<(String, String)>,
    /// What did not carry over, and why.
    pub lost: Vec<String>,
}

/// A rule before it is written down.
#[derive(Default)]
struct Draft {
    name: String,
    category: &'static str,
    about: String,
    /// Patterns, each with its prior.
    find: Vec<(String, f64)>,
    near: Vec<String>,
    /// Headers beside its own name.
    header: Vec<String>,
}

#[derive(Deserialize)]
struct PresidioFile {
    #[serde(default)]
    recognizers: Vec<Recognizer>,
}

#[derive(Deserialize)]
struct Recognizer {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    supported_entity: Option<String>,
    #[serde(default)]
    patterns: Vec<Pattern>,
    #[serde(default)]
    deny_list: Vec<String>,
    #[serde(default)]
    context: Vec<String>,
    #[serde(default)]
    supported_languages: Vec<Language>,
}

#[derive(Deserialize)]
struct Pattern {
    #[serde(default)]
    name: String,
    regex: String,
    #[serde(default)]
    score: Option<f64>,
}

/// Languages are names, or maps with words of their own.
#[derive(Deserialize)]
#[serde(untagged)]
enum Language {
    Name(#[expect(dead_code, reason = "only the words of a language count")] String),
    Words {
        #[serde(default)]
        context: Vec<String>,
    },
}

/// Recognizers of Microsoft Presidio.
pub fn presidio(text: &str) -> Result<Imported, String> {
    let file: PresidioFile = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    let mut imported = Imported::default();
    for recognizer in file.recognizers {
        let entity = recognizer
            .supported_entity
            .or(recognizer.name.clone())
            .unwrap_or_default();
        let mut near: Vec<String> = recognizer.context;
        for language in recognizer.supported_languages {
            if let Language::Words { context } = language {
                near.extend(context);
            }
        }
        let mut find: Vec<(String, f64)> = Vec::new();
        for pattern in recognizer.patterns {
            let what = format!("{entity}, pattern {}", pattern.name);
            if let Some(regex) = carried(&pattern.regex, &what, &mut imported.lost) {
                find.push((regex, pattern.score.unwrap_or(PRIOR)));
            }
        }
        if !recognizer.deny_list.is_empty() {
            let words: Vec<String> = recognizer
                .deny_list
                .iter()
                .map(|word| regex_syntax::escape(word))
                .collect();
            find.push((format!(r"\b(?:{})\b", words.join("|")), 0.9));
        }
        if find.is_empty() {
            imported.lost.push(format!(
                "{entity}: it has neither pattern nor list, its logic is code"
            ));
            continue;
        }
        imported.add(&Draft {
            name: entity.replace('_', " ").to_lowercase(),
            category: category(&entity),
            about: format!(
                "Imported from the Presidio recognizer {}.",
                recognizer.name.unwrap_or(entity)
            ),
            find,
            near,
            header: Vec::new(),
        });
    }
    Ok(imported)
}

#[derive(Deserialize)]
struct GitleaksFile {
    #[serde(default)]
    rules: Vec<GitleaksRule>,
}

#[derive(Deserialize)]
struct GitleaksRule {
    id: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    regex: Option<String>,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    entropy: Option<f64>,
    #[serde(default, rename = "secretGroup")]
    secret_group: Option<u32>,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default)]
    allowlists: Vec<toml::Value>,
    #[serde(default)]
    allowlist: Option<toml::Value>,
}

/// Rules of gitleaks.
pub fn gitleaks(text: &str) -> Result<Imported, String> {
    let file: GitleaksFile = toml::from_str(text).map_err(|error| error.to_string())?;
    let mut imported = Imported::default();
    for rule in file.rules {
        let mut lose = |what: &str| imported.lost.push(format!("{}: {what}", rule.id));
        if rule.entropy.is_some() {
            lose("the least entropy of a match");
        }
        if rule.secret_group.is_some() {
            lose("which group of the pattern is the secret; all of the match is taken");
        }
        if rule.path.is_some() {
            lose("the paths that it looks at");
        }
        if rule.allowlist.is_some() || !rule.allowlists.is_empty() {
            lose("its list of what is allowed");
        }
        let Some(regex) = rule.regex else {
            continue;
        };
        let Some(pattern) = carried(&regex, &rule.id, &mut imported.lost) else {
            continue;
        };
        imported.add(&Draft {
            name: rule.id.clone(),
            category: "credential",
            about: if rule.description.is_empty() {
                format!("Imported from the gitleaks rule {}.", rule.id)
            } else {
                rule.description
            },
            find: vec![(pattern, 0.8)],
            near: rule.keywords,
            header: Vec::new(),
        });
    }
    Ok(imported)
}

/// Names and patterns.
pub fn patterns(text: &str) -> Result<Imported, String> {
    let file: BTreeMap<String, String> = serde_yaml::from_str(text)
        .map_err(|error| format!("{error}; each line is a name and a pattern"))?;
    let mut imported = Imported::default();
    for (name, regex) in file {
        if let Some(pattern) = carried(&regex, &name, &mut imported.lost) {
            imported.add(&Draft {
                category: category(&name),
                about: format!("Imported from the pattern {name}."),
                name,
                find: vec![(pattern, PRIOR)],
                near: Vec::new(),
                header: Vec::new(),
            });
        }
    }
    Ok(imported)
}

impl Imported {
    fn add(&mut self, draft: &Draft) {
        let mut id = kebab(&draft.name);
        while self.rules.iter().any(|(other, _)| *other == id) {
            id.push_str("-2");
        }
        let mut text = format!(
            "id: {id}\nname: {}\ncategory: {}\nabout: {}\nfind:\n",
            quoted(&draft.name),
            draft.category,
            quoted(&draft.about)
        );
        let prior = |score: f64| score.clamp(0.01, 0.95);
        for (pattern, score) in &draft.find {
            let _ = writeln!(
                text,
                "  - pattern: {}\n    prior: {}",
                quoted(pattern),
                prior(*score)
            );
        }
        let most = draft
            .find
            .iter()
            .map(|(_, score)| prior(*score))
            .fold(0.01, f64::max);
        let _ = writeln!(text, "prior: {most}");
        let mut near: Vec<String> = draft.near.iter().map(|word| word.to_lowercase()).collect();
        near.sort_unstable();
        near.dedup();
        if !near.is_empty() {
            let words: Vec<String> = near.iter().map(|word| quoted(word)).collect();
            let _ = writeln!(text, "near: [{}]", words.join(", "));
        }
        let own = id.replace('-', " ");
        let mut header: Vec<String> = draft
            .header
            .iter()
            .map(|word| word.to_lowercase())
            .collect();
        header.push(own);
        header.sort_unstable();
        header.dedup();
        let header: Vec<String> = header.iter().map(|word| quoted(word)).collect();
        let _ = writeln!(text, "header: [{}]", header.join(", "));
        self.rules.push((id, text));
    }
}

/// A text in single quotes, on one line.
fn quoted(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = if text.contains(['\n', '\t']) {
        line
    } else {
        text.to_owned()
    };
    format!("'{}'", line.replace('\'', "''"))
}

fn kebab(name: &str) -> String {
    let words: Vec<String> = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let id = words.join("-");
    if id.starts_with(|c: char| c.is_ascii_lowercase()) {
        id
    } else {
        format!("rule-{id}")
    }
}

/// The category that a name suggests.
fn category(name: &str) -> &'static str {
    const WORDS: &[(&str, &str)] = &[
        ("mail", "contact"),
        ("phone", "contact"),
        ("iban", "financial"),
        ("card", "financial"),
        ("bank", "financial"),
        ("crypto", "financial"),
        ("passport", "document"),
        ("licen", "document"),
        ("ip_", "online"),
        ("url", "online"),
        ("mac", "device"),
        ("imei", "device"),
        ("address", "location"),
        ("zip", "location"),
        ("postal", "location"),
        ("birth", "demographic"),
        ("date", "demographic"),
        ("medical", "special"),
        ("health", "special"),
        ("key", "credential"),
        ("token", "credential"),
        ("secret", "credential"),
        ("password", "credential"),
        ("ssn", "national-id"),
        ("tax", "national-id"),
        ("national", "national-id"),
        ("nhs", "national-id"),
    ];
    let name = name.to_lowercase();
    WORDS
        .iter()
        .find(|(word, _)| name.contains(word))
        .map_or("identity", |(_, category)| category)
}

/// A pattern as it can be said here; what is lost goes on the list.
fn carried(regex: &str, what: &str, lost: &mut Vec<String>) -> Option<String> {
    let Some(hir) = parsed(regex) else {
        lost.push(format!(
            "{what}: its pattern looks ahead or back, or uses Unicode classes"
        ));
        return None;
    };
    let least = hir.properties().minimum_len();
    if least.is_none_or(|least| least == 0) {
        lost.push(format!(
            "{what}: its pattern matches the empty text, or nothing"
        ));
        return None;
    }
    let (bounded, changed) = bounded(&hir);
    if !changed {
        return Some(regex.to_owned());
    }
    lost.push(format!(
        "{what}: repetitions without bound, which end after {BOUND} now"
    ));
    Some(bounded.to_string())
}

/// The same with a bound on every repetition, and whether any had to be given one.
fn bounded(hir: &Hir) -> (Hir, bool) {
    let all = |parts: &[Hir]| {
        let parts: Vec<(Hir, bool)> = parts.iter().map(bounded).collect();
        let changed = parts.iter().any(|(_, changed)| *changed);
        (parts.into_iter().map(|(part, _)| part).collect(), changed)
    };
    match hir.kind() {
        HirKind::Repetition(repeat) => {
            let (sub, changed) = bounded(&repeat.sub);
            let free = repeat.max.is_none_or(|max| max > 1000);
            let max = if free {
                Some(repeat.min.max(BOUND))
            } else {
                repeat.max
            };
            let repeat = Repetition {
                max,
                sub: Box::new(sub),
                ..*repeat
            };
            (Hir::repetition(repeat), changed || free)
        }
        HirKind::Capture(capture) => {
            let (sub, changed) = bounded(&capture.sub);
            let capture = Capture {
                sub: Box::new(sub),
                name: None,
                ..*capture
            };
            (Hir::capture(capture), changed)
        }
        HirKind::Concat(parts) => {
            let (parts, changed) = all(parts);
            (Hir::concat(parts), changed)
        }
        HirKind::Alternation(parts) => {
            let (parts, changed) = all(parts);
            (Hir::alternation(parts), changed)
        }
        _ => (hir.clone(), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presidio_recognizers_become_rules() {
        let text = r#"
recognizers:
  - name: "Zip code Recognizer"
    supported_languages:
      - language: en
        context: [zip, ZIP]
    patterns:
      - {name: "zip (weak)", regex: '(\b\d{5}(?:\-\d{4})?\b)', score: 0.01}
      - {name: "ahead", regex: '(?=\d)x', score: 0.5}
    supported_entity: "US_ZIP_CODE"
  - name: CreditCardRecognizer
    supported_languages: [en]
  - name: Titles
    supported_entity: TITLE
    deny_list: [Mr., Mrs.]
"#;
        let imported = presidio(text).unwrap();
        let ids: Vec<&str> = imported.rules.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(ids, ["us-zip-code", "title"]);
        assert!(
            imported.rules[0].1.contains("near: ['zip']"),
            "{}",
            imported.rules[0].1
        );
        assert_eq!(imported.lost.len(), 2, "{:?}", imported.lost);
    }

    #[test]
    fn gitleaks_rules_become_rules() {
        let text = "[[rules]]\nid = \"x-key\"\ndescription = \"A key\"\nregex = '''xk_[a-z]{4}[0-9]+'''\nentropy = 3.5\nkeywords = [\"xk_\"]\n";
        let imported = gitleaks(text).unwrap();
        assert_eq!(imported.rules.len(), 1);
        assert!(
            imported.rules[0].1.contains("{1,64}"),
            "{}",
            imported.rules[0].1
        );
        assert_eq!(imported.lost.len(), 2);
    }
}
