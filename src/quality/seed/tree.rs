//! A file taken apart, through packings and archives down to documents, and put together again around other ones.

use std::io::Read;
use std::path::Path;

#[cfg(feature = "archives")]
use hashbrown::HashMap;

use super::copy::Copy;
use super::pack::Packed;
use crate::format::{ReadOptions, open};
use crate::input::{Body, Budget, Bytes, Input};

/// Bytes of a text that are copied; of a longer one, its start up to the end of a line.
const MOST_TEXT: u64 = 16 << 20;
/// Bytes of a file with an index at its end, or of all members of one: such can't be cut.
const MOST: u64 = 64 << 20;
/// Archives within archives.
#[cfg(feature = "archives")]
const DEEPEST: usize = 4;
/// Parts of office documents that hold their text, by how their names start.
#[cfg(feature = "office")]
const OFFICE_PARTS: &[&str] = &[
    "xl/sharedStrings.xml",
    "word/document.xml",
    "word/footnotes.xml",
    "ppt/slides/slide",
    "content.xml",
];

/// A member of an archive.
#[cfg(feature = "archives")]
pub(super) struct Member {
    /// Which one it is, for who puts it back.
    pub(super) key: u64,
    /// As the archive calls it.
    pub(super) name: String,
    /// Its unpacked bytes.
    pub(super) content: Bytes,
}

/// A file, or a member.
pub(super) struct Node {
    /// As findings name it; empty for the file itself.
    pub(super) member: String,
    packed: Packed,
    /// The unpacked bytes.
    bytes: Bytes,
    content: Content,
}

enum Content {
    Document(Box<Document>),
    #[cfg(feature = "archives")]
    Zip(Vec<(u64, Node)>),
    #[cfg(feature = "archives")]
    Tar(Vec<(u64, Node)>),
}

/// A document at the end of it all.
pub(super) struct Document {
    /// Its format, with what it is packed in.
    pub(super) format: String,
    /// Its values.
    pub(super) copy: Copy,
    /// Whether findings say where in it they are; those in a part of an office document don't.
    pub(super) has_places: bool,
}

/// Members that stay as they are, and why.
pub(super) type LeftOut = Vec<(String, String)>;

/// How files are taken apart, and what is noted meanwhile.
pub(super) struct Apart<'o> {
    pub(super) options: &'o ReadOptions,
    /// Members that stay as they are, and why.
    pub(super) left_out: LeftOut,
    /// Whether only the start of the file was copied.
    pub(super) is_cut: bool,
    /// Bytes that members may still unpack to.
    free: u64,
}

/// Where a node stands.
#[derive(Clone, Copy)]
struct Within<'w> {
    /// The member, as findings name it.
    member: &'w str,
    /// What it is packed in: ` in gzip in zip`.
    suffix: &'w str,
    depth: usize,
}

#[cfg(feature = "archives")]
impl Within<'_> {
    /// A member of this one, as findings name it.
    fn inner(self, name: &str) -> String {
        match self.member {
            "" => name.to_owned(),
            outer => format!("{outer}!/{name}"),
        }
    }
}

impl<'o> Apart<'o> {
    pub(super) fn new(options: &'o ReadOptions) -> Self {
        Self {
            options,
            left_out: LeftOut::new(),
            is_cut: false,
            free: MOST,
        }
    }

    /// Takes a file apart.
    pub(super) fn file(&mut self, path: &Path, name: &str) -> Result<Node, String> {
        let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
        let within = Within {
            member: "",
            suffix: "",
            depth: 0,
        };
        self.node(file, name, within)
    }

    fn node(
        &mut self,
        mut stored: impl Read,
        name: &str,
        within: Within<'_>,
    ) -> Result<Node, String> {
        let readable = |error: std::io::Error| error.to_string();
        let mut head = Vec::new();
        stored
            .by_ref()
            .take(8)
            .read_to_end(&mut head)
            .map_err(readable)?;
        let (packed, inner) = Packed::of(&head, name);
        let whole = head.as_slice().chain(stored);
        let most = if within.depth > 0 { self.free } else { MOST };
        let bytes = Bytes::from(packed.unpacked(whole, most).map_err(readable)?);
        if within.depth > 0 {
            let rest = self.free.checked_sub(bytes.len() as u64);
            self.free = rest.ok_or_else(too_much)?;
        }
        let mut suffix = within.suffix.to_owned();
        if let Some(packing) = packed.name() {
            suffix = format!(" in {packing}{suffix}");
        }
        let within = Within {
            suffix: &suffix,
            ..within
        };
        let (bytes, content) = self.content(bytes, inner, within)?;
        Ok(Node {
            member: within.member.to_owned(),
            packed,
            bytes,
            content,
        })
    }

    /// What bytes hold; and the bytes, which may be cut.
    fn content(
        &mut self,
        bytes: Bytes,
        name: &str,
        within: Within<'_>,
    ) -> Result<(Bytes, Content), String> {
        let opened = open(input(name, bytes.clone()), self.options);
        let format = opened.format.unwrap_or("unknown");
        if opened.is_packed {
            return Err("it is packed in a way that it can't be packed in again".to_owned());
        }
        let is_whole = bytes.len() as u64 <= MOST;
        let too_large = || {
            format!(
                "more than {} MiB, and no part of {format} stands alone",
                MOST >> 20
            )
        };
        match format {
            #[cfg(feature = "archives")]
            "zip" | "tar" if within.depth >= DEEPEST => {
                Err(format!("more than {DEEPEST} archives within each other"))
            }
            #[cfg(feature = "archives")]
            "zip" if is_whole => {
                let mut others = LeftOut::new();
                let members = super::zip::members(&bytes, self.free, &mut others)?;
                self.leave_out(others, within);
                Ok((bytes, Content::Zip(self.members("zip", members, within)?)))
            }
            #[cfg(feature = "archives")]
            "tar" if is_whole => {
                let mut others = LeftOut::new();
                let members = super::tar::members(&bytes, self.free, &mut others)?;
                self.leave_out(others, within);
                Ok((bytes, Content::Tar(self.members("tar", members, within)?)))
            }
            #[cfg(feature = "office")]
            "office" if is_whole => {
                let parts = self.parts(&bytes, within)?;
                Ok((bytes, Content::Zip(parts)))
            }
            #[cfg(feature = "parquet")]
            "parquet" if is_whole => {
                let copy = super::parquet::copy(&bytes)?;
                Ok((bytes, document(format, within, copy)))
            }
            "sqlite" if is_whole => {
                let copy = super::sqlite::copy(&bytes)?;
                Ok((bytes, document(format, within, copy)))
            }
            "zip" | "tar" | "office" | "parquet" | "sqlite" => Err(too_large()),
            _ if bytes.len() as u64 <= MOST_TEXT => {
                let reader = opened.reader.map_err(|problem| problem.to_string())?;
                let copy = Copy::of_text(bytes.clone(), format, reader)?;
                Ok((bytes, document(format, within, copy)))
            }
            // A packed member that is cut is not what it was; a file whose start is looked at is.
            _ if within.depth > 0 => Err(format!("more than {} MiB", MOST_TEXT >> 20)),
            _ => {
                drop(opened);
                self.is_cut = true;
                let start = &bytes[..MOST_TEXT as usize];
                let end = memchr::memrchr(b'\n', start).map_or(start.len(), |at| at + 1);
                let bytes = bytes.slice(..end);
                let opened = open(input(name, bytes.clone()), self.options);
                let format = opened.format.unwrap_or("unknown");
                let reader = opened.reader.map_err(|problem| problem.to_string())?;
                let copy = Copy::of_text(bytes.clone(), format, reader)?;
                Ok((bytes, document(format, within, copy)))
            }
        }
    }

    /// Notes members that stay as they are.
    #[cfg(feature = "archives")]
    fn leave_out(&mut self, others: LeftOut, within: Within<'_>) {
        let named = |(name, why): (String, String)| (within.inner(&name), why);
        self.left_out.extend(others.into_iter().map(named));
    }

    /// The members of an archive that values can be planted in.
    #[cfg(feature = "archives")]
    fn members(
        &mut self,
        archive: &str,
        members: Vec<Member>,
        within: Within<'_>,
    ) -> Result<Vec<(u64, Node)>, String> {
        let suffix = format!(" in {archive}{}", within.suffix);
        let mut nodes = Vec::new();
        for Member { key, name, content } in members {
            let member = within.inner(&name);
            let inner = Within {
                member: &member,
                suffix: &suffix,
                depth: within.depth + 1,
            };
            match self.node(&content[..], &name, inner) {
                Ok(node) => nodes.push((key, node)),
                Err(why) => self.left_out.push((member, why)),
            }
        }
        if nodes.is_empty() {
            return Err(format!(
                "none of its members can be put back into {archive} with values planted in it"
            ));
        }
        Ok(nodes)
    }
}

/// The parts of office documents.
#[cfg(feature = "office")]
impl Apart<'_> {
    /// Those that hold text, which findings know as the document itself.
    fn parts(&self, bytes: &Bytes, within: Within<'_>) -> Result<Vec<(u64, Node)>, String> {
        let mut parts = super::zip::members(bytes, self.free, &mut LeftOut::new())?;
        parts.retain(|part| OFFICE_PARTS.iter().any(|name| part.name.starts_with(name)));
        let mut nodes = Vec::new();
        for Member { key, name, content } in parts {
            let opened = open(input(&name, content.clone()), self.options);
            let Some(("xml", reader)) = opened.format.zip(opened.reader.ok()) else {
                continue;
            };
            let Ok(copy) = Copy::of_text(content.clone(), "xml", reader) else {
                continue;
            };
            let document = Document {
                format: format!("office{}", within.suffix),
                copy,
                has_places: false,
            };
            let node = Node {
                member: within.member.to_owned(),
                packed: Packed::Plain,
                bytes: content,
                content: Content::Document(Box::new(document)),
            };
            nodes.push((key, node));
        }
        if nodes.is_empty() {
            return Err("no part of the document has text in XML".to_owned());
        }
        Ok(nodes)
    }
}

/// Members that go on and on.
pub(super) fn too_much() -> String {
    format!("the members come to more than {} MiB", MOST >> 20)
}

fn document(format: &str, within: Within<'_>, copy: Copy) -> Content {
    Content::Document(Box::new(Document {
        format: format!("{format}{}", within.suffix),
        copy,
        has_places: true,
    }))
}

fn input(name: &str, bytes: Bytes) -> Input<'static> {
    Input {
        name: name.to_owned(),
        folder: None,
        depth: 0,
        body: Body::Blob(bytes),
        budget: Budget::default(),
    }
}

/// What makes a document's new bytes; none where it stays as it is.
pub(super) type Change<'c> = dyn FnMut(&str, &Document) -> Result<Option<Vec<u8>>, String> + 'c;

impl Node {
    /// The stored bytes, with documents changed; none where all stay as they are.
    pub(super) fn changed(&self, change: &mut Change<'_>) -> Result<Option<Vec<u8>>, String> {
        let new = match &self.content {
            Content::Document(document) => change(&self.member, document)?,
            #[cfg(feature = "archives")]
            Content::Zip(members) => match changed(members, change)? {
                Some(new) => Some(super::zip::written(&self.bytes, new)?),
                None => None,
            },
            #[cfg(feature = "archives")]
            Content::Tar(members) => match changed(members, change)? {
                Some(new) => Some(super::tar::written(&self.bytes, new)?),
                None => None,
            },
        };
        let packed = new.map(|new| self.packed.pack(new)).transpose();
        packed.map_err(|error| error.to_string())
    }

    /// The stored bytes as they are, packed.
    pub(super) fn stored(&self) -> Result<Bytes, String> {
        let packed = self.packed.pack(self.bytes.to_vec());
        packed.map(Bytes::from).map_err(|error| error.to_string())
    }
}

#[cfg(feature = "archives")]
fn changed(
    members: &[(u64, Node)],
    change: &mut Change<'_>,
) -> Result<Option<HashMap<u64, Vec<u8>>>, String> {
    let mut new = HashMap::new();
    for (key, member) in members {
        if let Some(bytes) = member.changed(change)? {
            new.insert(*key, bytes);
        }
    }
    Ok((!new.is_empty()).then_some(new))
}
