//! Paths of values, and the columns they are: `contacts[].email`.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::format::{ColumnId, Sink};

/// A path, numbered within a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct PathId(u32);

/// Deeper values share one path.
const DEEPEST: u32 = 200;
/// Paths of a chunk; values on further ones share a column.
const MOST: usize = 20_000;
/// Keys with this many digits are data.
const DIGITS: usize = 5;
/// Keys longer than this are data.
const LONGEST_KEY: usize = 64;

/// The paths of a chunk.
pub(super) struct Paths {
    nodes: Vec<Node>,
    children: HashMap<(PathId, Box<[u8]>), PathId, FixedState>,
}

struct Node {
    /// `contacts[]`; empty for a record.
    name: String,
    depth: u32,
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

    pub(super) fn new() -> Self {
        let mut paths = Self {
            nodes: Vec::new(),
            children: HashMap::with_hasher(FixedState::with_seed(7)),
        };
        paths.add(String::new(), 0, "$");
        // Elements of a top-level array are records, with paths of their own.
        let elements = paths.add(String::new(), 1, "[]");
        paths.nodes[0].elements = Some(elements);
        paths
    }

    fn add(&mut self, name: String, depth: u32, bare: &'static str) -> PathId {
        self.nodes.push(Node {
            name,
            depth,
            elements: None,
            column: None,
            keys: None,
            first: None,
            next: None,
            bare,
        });
        PathId(self.nodes.len() as u32 - 1)
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
        let key = if is_data(key) { b"*" } else { key };
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
            parent
        } else if self.nodes.len() > MOST {
            self.add("…".to_owned(), depth, "…")
        } else {
            self.add(name, depth, "")
        }
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

/// Whether a key is a value (an address, a number) and not a name.
pub(in crate::format) fn is_data(key: &[u8]) -> bool {
    key.len() > LONGEST_KEY
        || key.contains(&b'@')
        || key.iter().filter(|byte| byte.is_ascii_digit()).count() >= DIGITS
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
