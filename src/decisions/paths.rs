//! Paths of decisions: globs as in `.gitignore`, seen from the file of decisions, from a root of the scan, or as typed.

use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// A glob and where it may start.
pub(super) struct Paths {
    glob: Gitignore,
    starts: Vec<String>,
}

impl Paths {
    pub(super) fn new(glob: &str, folder: &Path, roots: &[PathBuf]) -> Result<Self, String> {
        let wrong = |error: ignore::Error| format!("{glob}: {error}");
        let mut builder = GitignoreBuilder::new("");
        builder.add_line(None, glob).map_err(wrong)?;
        let mut starts = vec![String::new()];
        let folders = std::iter::once(folder).chain(roots.iter().map(PathBuf::as_path));
        for start in folders {
            // A root that is a file is seen from where it lies.
            let parent = start.parent().filter(|_| start.is_file());
            let text = parent.unwrap_or(start).to_string_lossy().into_owned();
            if !starts.contains(&text) {
                starts.push(text);
            }
        }
        Ok(Self {
            glob: builder.build().map_err(wrong)?,
            starts,
        })
    }

    /// Whether an input is below the glob.
    pub(super) fn holds(&self, file: &str, member: Option<&str>) -> bool {
        let mut path = file.replace('\\', "/");
        if let Some(member) = member {
            path = format!("{path}/{}", member.replace("!/", "/"));
        }
        self.starts.iter().any(|start| {
            let rest = path.strip_prefix(start.trim_end_matches('/'));
            rest.is_some_and(|rest| start.is_empty() || rest.starts_with('/')) && {
                let rest = relative(rest.unwrap_or_default());
                !rest.is_empty()
                    && self
                        .glob
                        .matched_path_or_any_parents(Path::new(rest), false)
                        .is_ignore()
            }
        })
    }
}

/// The path without what leads to where it starts; a leading dot of a name stays.
fn relative(mut path: &str) -> &str {
    while let Some(rest) = ["/", "./", "../"]
        .iter()
        .find_map(|start| path.strip_prefix(start))
    {
        path = rest;
    }
    path
}
