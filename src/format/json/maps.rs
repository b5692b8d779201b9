//! Objects that are maps: their keys are values (names of people, user ids, tokens) and all that stands behind those is
//! alike. Judged from the start of a text, so that every chunk of it knows.
//!
//! `{"users": {"Jan": {"email": …}, "Noor": {"email": …}, …}}` has the columns `users.{key}` and `users.*.email`: a column
//! for each key would tell nothing of any, and show the keys to whoever reads its name.

use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};

use super::cut::string_end;
use super::lenient;
use super::paths::{PathId, Paths, is_data};
use super::scalar::{scalar_end, unescape};

/// Members from which an object may be a map, whatever its keys look like.
const MOST_FIELDS: usize = 12;
/// The same where the keys don't look like names of fields.
const FEW: usize = 4;
/// Members that maps of a map are looked for in.
const LEVELS: usize = 4;
/// What is called a value has the name of its field for a key, and tells it.
const VALUE: &[u8] = b"value";

/// The maps of a text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Maps {
    /// Whether the documents themselves are maps.
    pub(super) top: bool,
    /// Whether the elements of a top-level array are.
    pub(super) elements: bool,
    names: HashSet<Box<str>, FixedState>,
}

/// What is known of a path.
#[derive(Default)]
struct Seen {
    key: Box<[u8]>,
    /// Times that it came.
    times: usize,
    /// Members of the object at it, and those whose key is surely data.
    members: usize,
    data: usize,
    /// Members that are no objects.
    others: usize,
    /// Its members by their paths, each once.
    children: Vec<PathId>,
}

impl Maps {
    /// Judges from the start of a text.
    pub(super) fn of(head: &[u8]) -> Arc<Self> {
        let mut maps = Arc::new(Self::default());
        for _ in 0..LEVELS {
            let (paths, seen) = Scanner::new(head, maps.clone()).scan();
            let found = Self::found(&paths, &seen);
            if found == *maps {
                break;
            }
            maps = Arc::new(found);
        }
        maps
    }

    /// Whether the objects at a path of this name are maps.
    pub(super) fn holds(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Whether the member of this key, as it is stored, of an object that is a document is a map.
    pub(super) fn holds_member(&self, key: &[u8]) -> bool {
        std::str::from_utf8(key).is_ok_and(|key| self.holds(key))
    }

    fn found(paths: &Paths, seen: &[Seen]) -> Self {
        let is_map = |path: PathId| paths.is_map(path) || is_map(seen, path);
        let all = (0..seen.len()).map(|at| PathId(at as u32));
        let (top, elements) = (Paths::TOP, Paths::ELEMENTS);
        Self {
            top: is_map(top),
            elements: is_map(elements),
            names: all
                .filter(|&path| path != top && path != elements && is_map(path))
                .map(|path| paths.name(path).into())
                .collect(),
        }
    }
}

/// Whether an object's keys are values: nearly all are by their look, or they come once each, and what stands behind them
/// are objects that are alike.
fn is_map(seen: &[Seen], path: PathId) -> bool {
    let of = |path: PathId| &seen[path.0 as usize];
    let object = of(path);
    if object.data >= FEW && object.data * 5 >= object.members * 4 {
        return true;
    }
    let keys: Vec<&Seen> = object.children.iter().map(|&child| of(child)).collect();
    let plain = keys.iter().filter(|child| !is_data(&child.key));
    let plain: Vec<&Seen> = plain.copied().collect();
    let strange = plain.iter().filter(|child| is_strange(&child.key)).count();
    let is_enough = plain.len() >= MOST_FIELDS
        || plain.len() + object.data >= FEW && (strange + object.data) * 4 >= plain.len() * 3;
    // The same keys in each record are the names of its fields.
    let come_once = (object.members - object.data) * 10 <= plain.len() * 11;
    is_enough && come_once && object.others == 0 && are_alike(&keys, &of)
}

/// Whether objects share most of their members, and two at least.
fn are_alike<'s>(objects: &[&'s Seen], of: &impl Fn(PathId) -> &'s Seen) -> bool {
    let mut counts: HashMap<&[u8], usize, FixedState> = HashMap::default();
    for object in objects {
        for &child in &object.children {
            *counts.entry(&of(child).key).or_default() += 1;
        }
    }
    // The last one may be cut off.
    let most = (objects.len() - 1) * 4;
    let shared = counts.iter().filter(|(_, count)| **count * 5 >= most);
    let (mut kinds, mut members) = (0, 0);
    for (key, count) in shared {
        if *key == VALUE {
            return false;
        }
        kinds += 1;
        members += count;
    }
    kinds >= 2 && members * 2 >= counts.values().sum::<usize>()
}

/// Whether a key doesn't look like the name of a field.
fn is_strange(key: &[u8]) -> bool {
    let strange =
        |byte: &u8| byte.is_ascii_digit() || matches!(byte, b' ' | b'.' | b'/') || *byte >= 0x80;
    key.iter().any(strange)
}

/// Reads the start of a text as far as it tells paths; what is wrong in it is left to whoever reads it all.
struct Scanner<'t> {
    text: &'t [u8],
    paths: Paths,
    seen: Vec<Seen>,
    /// Whether each open container is an array, and the path of its elements or its own.
    open: Vec<(bool, PathId)>,
    /// The key that came last, and whether its value is still to come.
    member: Option<PathId>,
}

impl<'t> Scanner<'t> {
    fn new(text: &'t [u8], maps: Arc<Maps>) -> Self {
        Self {
            text,
            paths: Paths::new(maps),
            seen: Vec::new(),
            open: Vec::new(),
            member: None,
        }
    }

    fn scan(mut self) -> (Paths, Vec<Seen>) {
        let mut at = 0;
        while let Some(&byte) = self.text.get(at) {
            match byte {
                b'/' if matches!(self.text.get(at + 1), Some(b'/' | b'*')) => {
                    let Some(end) = lenient::comment_end(self.text, at) else {
                        break;
                    };
                    at = end;
                    continue;
                }
                b'"' | b'\'' => {
                    let end = match byte {
                        b'"' => string_end(self.text, at + 1),
                        _ => lenient::single_quoted_end(self.text, at + 1),
                    };
                    let Some((end, _)) = end else {
                        break;
                    };
                    match self.open.last() {
                        Some(&(false, object)) if self.member.is_none() => {
                            self.key(object, &self.text[at + 1..end]);
                        }
                        _ => self.scalar(),
                    }
                    at = end;
                }
                b'{' | b'[' => self.start(byte == b'['),
                b'}' | b']' => {
                    self.open.pop();
                    self.member = None;
                }
                b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' => {}
                _ => {
                    let end = scalar_end(self.text, at).max(at + 1);
                    if &self.text[at..end] == b"null" {
                        self.member = None;
                    }
                    self.scalar();
                    at = end - 1;
                }
            }
            at += 1;
        }
        self.seen(Paths::TOP);
        (self.paths, self.seen)
    }

    fn seen(&mut self, path: PathId) -> &mut Seen {
        let least = self.seen.len().max(path.0 as usize + 1).max(2);
        self.seen.resize_with(least, Seen::default);
        &mut self.seen[path.0 as usize]
    }

    fn key(&mut self, object: PathId, stored: &[u8]) {
        let mut key = Vec::with_capacity(stored.len());
        let _ = unescape(stored, |bytes, _| key.extend_from_slice(bytes));
        let member = self.paths.member(object, &key);
        let child = self.seen(member);
        child.times += 1;
        let is_first = child.times == 1;
        if is_first {
            child.key = key.as_slice().into();
        }
        let parent = self.seen(object);
        parent.members += 1;
        parent.data += usize::from(is_data(&key));
        if is_first {
            parent.children.push(member);
        }
        self.member = Some(member);
    }

    /// A string, number or literal is the value that comes.
    fn scalar(&mut self) {
        if self.member.take().is_some()
            && let Some(&(false, object)) = self.open.last()
        {
            self.seen(object).others += 1;
        }
    }

    fn start(&mut self, is_array: bool) {
        let path = match (self.member, self.open.last()) {
            (Some(member), _) => member,
            (None, Some(&(_, path))) => path,
            (None, None) => Paths::TOP,
        };
        if is_array {
            self.scalar();
            let elements = self.paths.elements(path);
            self.open.push((true, elements));
        } else {
            self.member = None;
            self.open.push((false, path));
        }
        self.seen(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let maps = Maps::of(text.as_bytes());
        let mut names: Vec<String> = maps.names.iter().map(ToString::to_string).collect();
        names.extend(maps.top.then(|| "$".to_owned()));
        names.extend(maps.elements.then(|| "[]".to_owned()));
        names.sort();
        names
    }

    fn members(keys: &[&str], value: &str) -> String {
        let members: Vec<String> = keys
            .iter()
            .map(|key| format!("\"{key}\":{value}"))
            .collect();
        format!("{{{}}}", members.join(","))
    }

    #[test]
    fn keys_of_what_is_alike_are_values() {
        let person = r#"{"email":"jan@post.nl","age":4}"#;
        let people = members(
            &["Jan de Vries", "Noor Bakker", "Eva Smit", "Bram Mulder"],
            person,
        );
        assert_eq!(names(&people), ["$"]);
        assert_eq!(names(&format!(r#"{{"n":1,"staff":{people}}}"#)), ["staff"]);
        assert_eq!(names(&format!("[{people}")), ["[]"]);
        assert_eq!(
            names(&format!("// {{ \"it's\n{}", people.replace('"', "'"))),
            ["$"]
        );
        let logins: Vec<String> = (0..20).map(|n| format!("user{}", "x".repeat(n))).collect();
        let logins: Vec<&str> = logins.iter().map(String::as_str).collect();
        assert_eq!(names(&members(&logins, person)), ["$"]);
        assert!(names(&members(&logins[..8], person)).is_empty());
        // Documents that have one member each.
        let lines: Vec<String> = logins.iter().map(|key| members(&[key], person)).collect();
        assert_eq!(names(&lines.join("\n")), ["$"]);
    }

    #[test]
    fn a_map_may_hold_maps() {
        let day = r#"{"in":"8:00","out":"17:00"}"#;
        let person = |n: usize| {
            let days = [format!("mon {n}"), format!("tue {n}")];
            let days = members(&[&days[0], &days[1]], day);
            format!(r#""Jan {n}":{{"age":3,"days":{days}}}"#)
        };
        let people: Vec<String> = (1..5).map(person).collect();
        let people = format!("{{{}}}", people.join(","));
        assert_eq!(names(&people), ["$", "*.days"]);
    }

    #[test]
    fn names_of_fields_are_no_values() {
        let keys = [
            "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m",
        ];
        // Values with their types, fields with what is known of them, and records that all have the same.
        assert!(names(&members(&keys, r#"{"S":"x"}"#)).is_empty());
        assert!(names(&members(&keys, r#"{"label":"x","value":"y"}"#)).is_empty());
        assert!(names(&members(&keys, "3")).is_empty());
        let record = members(&keys, r#"{"street":"x","city":"y"}"#);
        assert!(names(&format!("[{record},{record},{record}]")).is_empty());
        assert!(
            names(r#"{"home 1":{"street":1,"city":2},"work 2":{"street":1,"city":2}}"#).is_empty()
        );
        assert!(names("{\"a\":{}").is_empty() && names("").is_empty() && names("}]\"").is_empty());
    }

    #[test]
    fn what_nearly_all_keys_are_the_others_are() {
        let keys = [
            "a1b2c3d4e5",
            "a1b2c3d4e6",
            "a1b2c3d4e7",
            "a1b2c3d4e8",
            "abcdefghij",
        ];
        assert_eq!(names(&members(&keys, "\"x\"")), ["$"]);
    }
}
