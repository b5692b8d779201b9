//! Paths that a file of decisions names: globs as in `.gitignore`, seen from that file, from a root of the scan, or as typed.

use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// A glob and where it may start.
#[derive(Clone, Debug)]
pub struct Paths {
    glob: Gitignore,
    /// Its parts that hold no wildcard.
    names: Vec<String>,
    starts: Vec<String>,
}

impl Paths {
    /// The paths that a glob names; `folder` is that of the file it stands in. Fails where it can name none.
    pub fn new(glob: &str, folder: &Path, roots: &[PathBuf]) -> Result<Self, String> {
        let wrong = |error: ignore::Error| format!("{glob}: {error}");
        if glob.trim().is_empty() || glob.starts_with(['!', '#']) {
            return Err(format!(
                "`{glob}` names no path: it may not be empty, nor start with `!` or `#` (write `\\#` for a name that does)"
            ));
        }
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
        let names = glob.split('/').filter(|part| !part.is_empty());
        Ok(Self {
            glob: builder.build().map_err(wrong)?,
            names: names
                .filter(|part| !part.contains(['*', '?', '[', '\\']))
                .map(str::to_owned)
                .collect(),
            starts,
        })
    }

    /// Whether an input is below the glob.
    pub fn holds(&self, file: &str, member: Option<&str>) -> bool {
        self.holds_path(&joined(file, member), false)
    }

    /// Whether a folder is, or lies below it.
    pub fn holds_folder(&self, path: &str) -> bool {
        self.holds_path(&path.replace('\\', "/"), true)
    }

    /// Whether an input may be below the glob whose path is masked in part: a name there stands for each of the glob that is
    /// like it but for what is masked.
    pub fn may_hold(&self, file: &str, member: Option<&str>) -> bool {
        let path = joined(file, member);
        if self.holds_path(&path, false) {
            return true;
        }
        let parts: Vec<&str> = path.split('/').collect();
        let masked = parts
            .iter()
            .enumerate()
            .filter(|(_, part)| part.contains('*'));
        masked.into_iter().any(|(at, part)| {
            let mut names = self.names.iter().filter(|name| is_masked(part, name));
            names.any(|name| {
                let mut parts = parts.clone();
                parts[at] = name;
                self.holds_path(&parts.join("/"), false)
            })
        })
    }

    fn holds_path(&self, path: &str, is_folder: bool) -> bool {
        self.starts.iter().any(|start| {
            let rest = path.strip_prefix(start.trim_end_matches('/'));
            rest.is_some_and(|rest| start.is_empty() || rest.starts_with('/')) && {
                let rest = relative(rest.unwrap_or_default());
                !rest.is_empty()
                    && self
                        .glob
                        .matched_path_or_any_parents(Path::new(rest), is_folder)
                        .is_ignore()
            }
        })
    }
}

fn joined(file: &str, member: Option<&str>) -> String {
    let path = file.replace('\\', "/");
    match member {
        Some(member) => format!("{path}/{}", member.replace("!/", "/")),
        None => path,
    }
}

/// Whether a masked name may be this one.
fn is_masked(masked: &str, name: &str) -> bool {
    let is_like = |masked: &str| {
        masked.chars().count() == name.chars().count()
            && masked
                .chars()
                .zip(name.chars())
                .all(|(a, b)| a == '*' || a == b)
    };
    // Inputs whose masked names are the same are told apart by a number behind them.
    let numbered = masked
        .strip_suffix(')')
        .and_then(|text| text.rsplit_once(" ("))
        .filter(|(_, number)| number.bytes().all(|byte| byte.is_ascii_digit()));
    is_like(masked) || numbered.is_some_and(|(masked, _)| is_like(masked))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(glob: &str) -> Paths {
        Paths::new(glob, Path::new("data"), &[PathBuf::from("data")]).unwrap()
    }

    #[test]
    fn a_glob_may_be_seen_from_its_folder() {
        let archive = paths("archive/2009/**");
        assert!(archive.holds("data/archive/2009/a.csv", None));
        assert!(!archive.holds("data/archive/2010/a.csv", None));
        assert!(paths("crm/").holds_folder("data/crm") && !paths("crm/").holds("data/crm", None));
        assert!(paths("crm/").holds("data/x.zip", Some("crm/a.csv")));
    }

    #[test]
    fn what_names_no_path_is_refused() {
        for glob in ["!hr/", "#crm/", " "] {
            assert!(Paths::new(glob, Path::new(""), &[]).is_err(), "{glob}");
        }
    }

    #[test]
    fn a_masked_name_may_be_each_like_it() {
        let named = paths("mail/jan@post.nl.csv");
        assert!(named.may_hold("data/mail/j**@****.nl.csv", None));
        assert!(named.may_hold("data/mail/j**@****.nl.csv (2)", None));
        assert!(!named.may_hold("data/mail/p**@****.nl.csv", None));
        let copied = paths("mail/jan@post.nl (copy).csv");
        assert!(copied.may_hold("data/mail/j**@****.nl (copy).csv", None));
        assert!(!named.holds("data/mail/j**@****.nl.csv", None));
        let folder = paths("jan@post.nl/");
        assert!(folder.may_hold("data/j**@****.nl/x.csv", None));
    }
}
