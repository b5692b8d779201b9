//! Paths of elements and attributes, and the columns they are.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::super::records::Records;
use crate::format::ColumnId;

/// A path, numbered within a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PathId(u32);

/// Deeper elements share one path.
const DEEPEST: u32 = 100;
/// Paths of a chunk; elements on further ones share one.
const MOST: usize = 20_000;

/// How a path goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Step {
    /// To an element.
    Element,
    /// To an attribute.
    Attribute,
    /// To what an element is called by an attribute.
    Label,
    /// To what isn't an element: a comment, an instruction.
    Other,
}

struct Node {
    name: String,
    depth: u32,
    column: Option<ColumnId>,
}

struct Child {
    parent: PathId,
    step: Step,
    word: Box<[u8]>,
    path: PathId,
}

/// The paths of a chunk.
pub(super) struct Paths {
    nodes: Vec<Node>,
    children: Vec<Child>,
    index: HashTable<usize>,
    hasher: FixedState,
}

impl Paths {
    pub(super) const TOP: PathId = PathId(0);

    pub(super) fn new() -> Self {
        Self {
            nodes: vec![Node {
                name: String::new(),
                depth: 0,
                column: None,
            }],
            children: Vec::new(),
            index: HashTable::new(),
            hasher: FixedState::with_seed(13),
        }
    }

    /// The path one step further.
    pub(super) fn child(&mut self, parent: PathId, step: Step, word: &[u8]) -> PathId {
        let hash = self.hasher.hash_one((parent.0, step, word));
        let children = &self.children;
        let is_it = |&at: &usize| {
            let child = &children[at];
            child.parent == parent && child.step == step && *child.word == *word
        };
        if let Some(&at) = self.index.find(hash, is_it) {
            return self.children[at].path;
        }
        let above = &self.nodes[parent.0 as usize];
        let depth = above.depth + 1;
        if depth > DEEPEST && step == Step::Element {
            return parent;
        }
        if self.nodes.len() > MOST {
            return PathId(MOST as u32);
        }
        let name = if self.nodes.len() == MOST {
            "…".to_owned()
        } else {
            let word = String::from_utf8_lossy(word);
            match (step, above.name.is_empty()) {
                (Step::Label, false) => format!("{}[{word}]", above.name),
                (Step::Attribute, false) => format!("{}.@{word}", above.name),
                (Step::Attribute, true) => format!("@{word}"),
                (_, true) => word.into_owned(),
                (_, false) => format!("{}.{word}", above.name),
            }
        };
        let path = PathId(self.nodes.len() as u32);
        self.nodes.push(Node {
            name,
            depth,
            column: None,
        });
        let at = self.children.len();
        self.children.push(Child {
            parent,
            step,
            word: word.into(),
            path,
        });
        let (children, hasher) = (&self.children, &self.hasher);
        self.index.insert_unique(hash, at, |&at| {
            let child = &children[at];
            hasher.hash_one((child.parent.0, child.step, &*child.word))
        });
        path
    }

    /// The column of a path.
    pub(super) fn column(&mut self, path: PathId, records: &mut Records<'_>) -> ColumnId {
        let node = &mut self.nodes[path.0 as usize];
        *node
            .column
            .get_or_insert_with(|| records.column(&node.name))
    }
}
