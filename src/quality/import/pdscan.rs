//! Rules of pdscan, which are written in its source: Go, in which a list of rules is a literal.
//!
//! Only as much of the language is read as such literals are made of: names, strings, comments and brackets. A rule is a bracket
//! with a `Name:` in it; rules of one name become one.

use std::collections::BTreeMap;

use super::{Draft, Imported, PRIOR, carried, category, patterns};

/// A piece of Go.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Mark(char),
}

/// What one rule says, in one or several places.
#[derive(Default)]
struct Said {
    shown: Option<String>,
    patterns: Vec<String>,
    columns: Vec<String>,
    words: Vec<String>,
    /// Several columns that must be there together.
    is_joint: bool,
}

/// Rules of pdscan: its source, or names and patterns.
pub fn pdscan(text: &str) -> Result<Imported, String> {
    if !text.contains("regexp.MustCompile(") {
        return patterns(text);
    }
    let mut imported = Imported::default();
    for (name, said) in said(&tokens(text)?) {
        let mut find = Vec::new();
        for pattern in &said.patterns {
            find.extend(
                carried(pattern, &name, &mut imported.lost).map(|pattern| (pattern, PRIOR)),
            );
        }
        if !said.words.is_empty() {
            let words: Vec<String> = said
                .words
                .iter()
                .map(|word| regex_syntax::escape(word))
                .collect();
            find.push((format!(r"\b(?i:{})\b", words.join("|")), PRIOR));
        }
        if said.is_joint {
            imported
                .lost
                .push(format!("{name}: columns that must be there together"));
        }
        if find.is_empty() {
            if !said.columns.is_empty() {
                imported.lost.push(format!(
                    "{name}: it goes by names of columns alone, and a header alone is no finding"
                ));
            }
            continue;
        }
        imported.add(&Draft {
            category: category(&name),
            about: match said.shown {
                Some(shown) => format!("Imported from the pdscan rule {name}: {shown}."),
                None => format!("Imported from the pdscan rule {name}."),
            },
            name: name.replace('_', " "),
            find,
            header: said.columns,
            ..Draft::default()
        });
    }
    Ok(imported)
}

/// The rules by their names.
fn said(tokens: &[Token]) -> BTreeMap<String, Said> {
    let lists = lists(tokens);
    let mut rules: BTreeMap<String, Said> = BTreeMap::new();
    let mut current: Option<String> = None;
    for (at, pair) in tokens.windows(2).enumerate() {
        let [Token::Word(key), Token::Mark(':')] = pair else {
            continue;
        };
        let rest = &tokens[at + 2..];
        let value = &rest[..len(rest)];
        let mut strings = value.iter().filter_map(|token| match token {
            Token::Text(text) => Some(text.clone()),
            _ => None,
        });
        if key == "Name" {
            current = strings.next();
            continue;
        }
        let Some(rule) = &current else { continue };
        let rule = rules.entry(rule.clone()).or_default();
        match key.as_str() {
            "DisplayName" => rule.shown = strings.next(),
            "Regex" => rule.patterns.extend(strings.next()),
            "ColumnNames" => {
                let deepest = value
                    .windows(2)
                    .any(|pair| pair == [Token::Mark('{'), Token::Mark('{')]);
                rule.is_joint |= deepest;
                if !deepest {
                    rule.columns.extend(strings);
                }
            }
            "Tokens" => {
                let named = value.iter().filter_map(|token| match token {
                    Token::Word(word) => lists.get(word.as_str()),
                    _ => None,
                });
                let named: Vec<String> = named.flatten().cloned().collect();
                rule.words.extend(strings.chain(named));
            }
            _ => {}
        }
    }
    rules
}

/// How many tokens a value takes: up to the comma or the bracket that ends it.
fn len(tokens: &[Token]) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Mark('{' | '(' | '[') => depth += 1,
            Token::Mark('}' | ')' | ']' | ',') if depth == 0 => return at,
            Token::Mark('}' | ')' | ']') => depth -= 1,
            _ => {}
        }
    }
    tokens.len()
}

/// Variables that are lists of strings.
fn lists(tokens: &[Token]) -> BTreeMap<&str, Vec<String>> {
    let mut lists = BTreeMap::new();
    for (at, triple) in tokens.windows(3).enumerate() {
        let [Token::Word(var), Token::Word(name), Token::Mark('=')] = triple else {
            continue;
        };
        let body = &tokens[at + 3..];
        let Some(open) = body.iter().position(|token| *token == Token::Mark('{')) else {
            continue;
        };
        // `[]interface{}{"a", "b"}`: the first bracket may be the type's.
        let open = match body.get(open + 1..open + 3) {
            Some([Token::Mark('}'), Token::Mark('{')]) => open + 2,
            _ => open,
        };
        let inside = &body[open + 1..];
        let is_plain = |token: &&Token| matches!(token, Token::Text(_) | Token::Mark(','));
        let strings: Vec<String> = inside
            .iter()
            .take_while(is_plain)
            .filter_map(|token| match token {
                Token::Text(text) => Some(text.clone()),
                _ => None,
            })
            .collect();
        if var == "var" && !strings.is_empty() {
            lists.insert(name.as_str(), strings);
        }
    }
    lists
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let unended = || {
            let line = text[..text.len() - rest.len()].matches('\n').count() + 1;
            format!("line {line}: what begins here has no end")
        };
        let len = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").ok_or_else(unended)? + 2
        } else if first == '`' {
            let end = rest[1..].find('`').ok_or_else(unended)?;
            tokens.push(Token::Text(rest[1..=end].to_owned()));
            end + 2
        } else if first == '"' {
            let (string, len) = quoted(rest).ok_or_else(unended)?;
            tokens.push(Token::Text(string));
            len
        } else if first.is_alphanumeric() || first == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
            let word = &rest[..end.unwrap_or(rest.len())];
            tokens.push(Token::Word(word.to_owned()));
            word.len()
        } else {
            if !first.is_whitespace() {
                tokens.push(Token::Mark(first));
            }
            first.len_utf8()
        };
        rest = &rest[len..];
    }
    Ok(tokens)
}

/// A string with escapes, and how long it is written.
fn quoted(text: &str) -> Option<(String, usize)> {
    let mut string = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((string, at + 1)),
            '\n' => return None,
            '\\' => match chars.next()?.1 {
                'n' => string.push('\n'),
                't' => string.push('\t'),
                'r' => string.push('\r'),
                other => string.push(other),
            },
            _ => string.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r#"
package internal // with "a comment"
type regexRule struct { Name string; Regex *regexp.Regexp }
var nameRules = []nameRule{
	nameRule{Name: "member", DisplayName: "members", ColumnNames: []string{"memberno", "lidnummer"}},
	{Name: "shoe_size", ColumnNames: []string{"shoesize"}},
}
var multi = []m{ m{Name: "place", ColumnNames: [][]string{{"lat"}, {"lng", "lon"}}} }
/* "not a list" */
var regexRules = []regexRule{
	regexRule{Name: "member", Regex: regexp.MustCompile(`\bKL-\d{6}\b`)},
	regexRule{Name: "odd", Regex: regexp.MustCompile("x\"(?=y)")},
	regexRule{Name: "long", Regex: regexp.MustCompile(`tok\..+`)}, // greedy
}
var names = []interface{}{"jansen", "o.k"}
var tokenRules = []tokenRule{ tokenRule{Name: "surname", DisplayName: "last names", Tokens: mapset.NewSetFromSlice(names)} }
"#;

    #[test]
    fn rules_in_code_become_rules() {
        let imported = pdscan(SOURCE).unwrap();
        let ids: Vec<&str> = imported.rules.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(ids, ["long", "member", "surname"]);
        let member = &imported.rules[1].1;
        assert!(member.contains(r"pattern: '\bKL-\d{6}\b'"), "{member}");
        assert!(
            member.contains("header: ['lidnummer', 'member', 'memberno']"),
            "{member}"
        );
        assert!(
            imported.rules[2].1.contains(r"(?i:jansen|o\.k)"),
            "{}",
            imported.rules[2].1
        );
        let lost = imported.lost.join("\n");
        for part in [
            "odd: its pattern looks",
            "long: repetitions",
            "shoe_size: it goes by names",
            "place: columns that",
        ] {
            assert!(lost.contains(part), "{lost}");
        }
        assert_eq!(imported.lost.len(), 4, "{lost}");
    }

    #[test]
    fn names_and_patterns_are_read_as_before() {
        assert_eq!(pdscan("card: 'KL-[0-9]{6}'\n").unwrap().rules.len(), 1);
    }

    #[test]
    fn a_string_without_an_end_is_named() {
        let wrong = pdscan("x\nregexp.MustCompile(`a").unwrap_err();
        assert!(wrong.starts_with("line 2:"), "{wrong}");
    }
}
