//! The definitions in one `CREATE TABLE`: for databases that keep their schema as SQL.

use super::dialect::Dialect;
use super::lex::{Stop, Text, is_word};

/// A column, or a constraint, which has no name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::format) struct Definition {
    pub(in crate::format) name: Option<String>,
    /// Its words outside of parentheses, in capitals, without its name.
    pub(in crate::format) words: Vec<String>,
    /// Names in its first parentheses.
    pub(in crate::format) names: Vec<String>,
}

/// Words that start a constraint.
const CONSTRAINTS: &[&str] = &["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"];

/// What stands between the parentheses of a `CREATE TABLE`.
pub(in crate::format) fn definitions(sql: &[u8]) -> Vec<Definition> {
    let mut list = Vec::new();
    // What was understood before something that isn't SQL holds.
    let _ = read(sql, &mut list);
    list.retain(|definition| definition.name.is_some() || !definition.words.is_empty());
    list
}

fn read(sql: &[u8], list: &mut Vec<Definition>) -> Result<(), Stop> {
    let text = Text {
        bytes: sql,
        ended: true,
    };
    let dialect = Dialect::UNKNOWN;
    let (mut at, mut depth, mut lists) = (0, 0_u32, 0);
    while let Some(byte) = text.at(at)? {
        if let Some(next) = text.comment(at, dialect)? {
            at = next;
            continue;
        }
        match byte {
            b'(' => {
                depth += 1;
                lists += u32::from(depth == 2);
                if depth == 1 {
                    list.push(Definition::default());
                }
                at += 1;
            }
            b')' if depth <= 1 => return Ok(()),
            b')' => {
                depth -= 1;
                at += 1;
            }
            b',' => {
                if depth == 1 {
                    list.push(Definition::default());
                    lists = 0;
                }
                at += 1;
            }
            b'"' | b'`' | b'[' | b'\'' => {
                let (name, _, next) = text.name(at)?;
                note(
                    list,
                    depth,
                    lists,
                    String::from_utf8_lossy(name).into_owned(),
                    true,
                );
                at = next;
            }
            byte if is_word(byte) => {
                let end = text.word_end(at)?;
                let word = String::from_utf8_lossy(&sql[at..end]).into_owned();
                note(list, depth, lists, word, false);
                at = end;
            }
            _ => at += 1,
        }
    }
    Ok(())
}

/// Notes a word or a name in quotes where it belongs.
fn note(list: &mut [Definition], depth: u32, lists: u32, word: String, quoted: bool) {
    let Some(definition) = list.last_mut() else {
        return;
    };
    if depth == 2 && lists == 1 {
        definition.names.push(word);
    } else if depth == 1 {
        let upper = word.to_ascii_uppercase();
        let is_first = definition.name.is_none() && definition.words.is_empty();
        if is_first && (quoted || !CONSTRAINTS.contains(&&upper[..])) {
            definition.name = Some(word);
        } else {
            definition.words.push(upper);
        }
    }
}
