//! Paths of values, and the columns they are: `contacts[].email`.

use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::maps::Maps;

use crate::format::{ColumnId, Sink};

/// A path, numbered within a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct PathId(pub(super) u32);

/// Deeper values share one path.
const DEEPEST: u32 = 200;
/// Paths of a chunk; values on further ones share a column.
const MOST: usize = 20_000;
/// Keys with this many digits are data.
const DIGITS: usize = 5;
/// Tokens of letters and digits are at least this long.
const TOKEN: usize = 16;
/// Keys longer than this are data.
const LONGEST_KEY: usize = 64;

/// The paths of a chunk.
pub(super) struct Paths {
    nodes: Vec<Node>,
    children: HashMap<(PathId, Box<[u8]>), PathId, FixedState>,
    maps: Arc<Maps>,
}

struct Node {
    /// `contacts[]`; empty for a record.
    name: String,
    depth: u32,
    /// Whether all keys of an object here are data.
    is_map: bool,
    elements: Option<PathId>,
    column: Option<ColumnId>,
    keys: Option<ColumnId>,
    /// The member that came first in it the last time, and the one that came behind it, with their keys: most objects have
    /// theirs in the same order.
    first: Option<(PathId, Box<[u8]>)>,
    next: Option<(PathId, Box<[u8]>)>,
    /// What a value is called that is all of the path.
    bare: &'static str,
}

impl Paths {
    pub(super) const TOP: PathId = PathId(0);
    /// Elements of a top-level array are records, with paths of their own.
    pub(super) const ELEMENTS: PathId = PathId(1);

    pub(super) fn new(maps: Arc<Maps>) -> Self {
        let mut paths = Self {
            nodes: Vec::new(),
            children: HashMap::with_hasher(FixedState::with_seed(7)),
            maps,
        };
        let (top, elements) = (paths.maps.top, paths.maps.elements);
        paths.add(String::new(), 0, "$").is_map = top;
        paths.add(String::new(), 1, "[]").is_map = elements;
        paths.nodes[0].elements = Some(Self::ELEMENTS);
        paths
    }

    fn add(&mut self, name: String, depth: u32, bare: &'static str) -> &mut Node {
        let at = self.nodes.len();
        self.nodes.push(Node {
            name,
            depth,
            is_map: false,
            elements: None,
            column: None,
            keys: None,
            first: None,
            next: None,
            bare,
        });
        &mut self.nodes[at]
    }

    fn node(&mut self, path: PathId) -> &mut Node {
        &mut self.nodes[path.0 as usize]
    }

    /// The path of an array's elements.
    pub(super) fn elements(&mut self, path: PathId) -> PathId {
        if let Some(known) = self.node(path).elements {
            return known;
        }
        let (name, depth) = (
            format!("{}[]", self.node(path).name),
            self.node(path).depth + 1,
        );
        let elements = self.limited(path, name, depth);
        self.node(path).elements = Some(elements);
        elements
    }

    /// The path of an object's member. A key that is data is `*`.
    pub(super) fn member(&mut self, path: PathId, key: &[u8]) -> PathId {
        let key = if self.is_value(path, key) { b"*" } else { key };
        if let Some(&known) = self.children.get(&(path, key) as &dyn Pair) {
            return known;
        }
        let text = String::from_utf8_lossy(key);
        let parent = self.node(path);
        let name = if parent.name.is_empty() {
            text.into_owned()
        } else {
            format!("{}.{text}", parent.name)
        };
        let depth = parent.depth + 1;
        let member = self.limited(path, name, depth);
        self.children.insert((path, key.into()), member);
        member
    }

    /// The member of this key, if it is the one that came at the same place the last time: behind the member `before` or, where
    /// there is none, first in its object.
    #[inline]
    pub(super) fn guess(
        &self,
        object: PathId,
        before: Option<PathId>,
        key: &[u8],
    ) -> Option<PathId> {
        let (member, its_key) = match before {
            Some(before) => self.nodes[before.0 as usize].next.as_ref()?,
            None => self.nodes[object.0 as usize].first.as_ref()?,
        };
        (**its_key == *key).then_some(*member)
    }

    /// Notes which member came at a place.
    pub(super) fn came(
        &mut self,
        object: PathId,
        before: Option<PathId>,
        member: PathId,
        key: &[u8],
    ) {
        let came = Some((member, key.into()));
        match before {
            Some(before) => self.node(before).next = came,
            None => self.node(object).first = came,
        }
    }

    fn limited(&mut self, parent: PathId, name: String, depth: u32) -> PathId {
        if depth > DEEPEST {
            return parent;
        }
        let path = PathId(self.nodes.len() as u32);
        if self.nodes.len() > MOST {
            self.add("…".to_owned(), depth, "…");
        } else {
            let is_map = self.maps.holds(&name);
            self.add(name, depth, "").is_map = is_map;
        }
        path
    }

    /// The name of a path.
    pub(super) fn name(&self, path: PathId) -> &str {
        &self.nodes[path.0 as usize].name
    }

    /// Whether the objects at a path are maps.
    pub(super) fn is_map(&self, path: PathId) -> bool {
        self.nodes[path.0 as usize].is_map
    }

    /// Whether a key of the object at a path is a value.
    pub(super) fn is_value(&self, object: PathId, key: &[u8]) -> bool {
        self.is_map(object) || is_data(key)
    }

    /// The column of values at a path.
    pub(super) fn column(&mut self, path: PathId, sink: &mut dyn Sink) -> ColumnId {
        let node = self.node(path);
        *node.column.get_or_insert_with(|| {
            sink.column(if node.name.is_empty() {
                node.bare
            } else {
                &node.name
            })
        })
    }

    /// The column of keys that are data, of an object at a path.
    pub(super) fn keys(&mut self, path: PathId, sink: &mut dyn Sink) -> ColumnId {
        let node = self.node(path);
        *node.keys.get_or_insert_with(|| {
            sink.column(&if node.name.is_empty() {
                "{key}".to_owned()
            } else {
                format!("{}.{{key}}", node.name)
            })
        })
    }
}

/// Whether a key is a value (an address, a number, a token) and not a name.
pub(in crate::format) fn is_data(key: &[u8]) -> bool {
    key.len() > LONGEST_KEY
        || key.contains(&b'@')
        || key.iter().filter(|byte| byte.is_ascii_digit()).count() >= DIGITS
        || key.len() >= TOKEN && is_random(key)
}

/// Whether capitals, small letters and digits take turns as often as they do by chance, and not as in words.
fn is_random(key: &[u8]) -> bool {
    let class = |byte: u8| match byte {
        b'a'..=b'z' => Some(0),
        b'A'..=b'Z' => Some(1),
        b'0'..=b'9' => Some(2),
        _ => None,
    };
    let turns = key.windows(2).filter(|pair| {
        let (first, second) = (class(pair[0]), class(pair[1]));
        first != second && first.is_some() && second.is_some()
    });
    turns.count() * 3 > key.len()
}

/// A path and a key, owned or borrowed, so that a look-up needs no copy.
trait Pair {
    fn parts(&self) -> (PathId, &[u8]);
}

impl Pair for (PathId, &[u8]) {
    fn parts(&self) -> (PathId, &[u8]) {
        (self.0, self.1)
    }
}

impl Pair for (PathId, Box<[u8]>) {
    fn parts(&self) -> (PathId, &[u8]) {
        (self.0, &self.1)
    }
}

impl std::hash::Hash for dyn Pair + '_ {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        let (path, key) = self.parts();
        path.hash(state);
        key.hash(state);
    }
}

impl PartialEq for dyn Pair + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for dyn Pair + '_ {}

impl hashbrown::Equivalent<(PathId, Box<[u8]>)> for dyn Pair + '_ {
    fn equivalent(&self, key: &(PathId, Box<[u8]>)) -> bool {
        self.parts() == key.parts()
    }
}
