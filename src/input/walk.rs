//! From paths and folders to inputs, in a stable order.
//!
//! Everything that is met gives exactly one [`Found`], also what is left out: a link, a device, a folder that can't be
//! read, a file that the user excluded. Only a folder that is walked gives none of its own.

use std::borrow::Cow;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use ignore::overrides::{Override, OverrideBuilder};

use super::WalkOptions;
use crate::error::{Error, Problem};

/// The file whose patterns leave out what lies beside and below it; the syntax is that of `.gitignore`.
const IGNORE_FILE: &str = ".speurignore";
/// Folders inside each other, at the most.
const DEEPEST: usize = 512;

/// Something met on the way.
#[derive(Debug)]
pub struct Found {
    /// The path as given plus what was walked below it, with `/` between; `-` for standard input.
    pub name: String,
    /// Where to open it; none for standard input.
    pub path: Option<PathBuf>,
    /// Its size in bytes, as far as it is known.
    pub len: u64,
    /// Why it is not to be opened.
    pub problem: Option<Problem>,
}

/// Walks the roots in the order given, folders in the order of their names' bytes.
pub fn walk<'o>(roots: &[PathBuf], options: &'o WalkOptions) -> Result<Walk<'o>, Error> {
    let mut stack: Vec<Step> = roots.iter().rev().map(|root| Step::root(root)).collect();
    stack.shrink_to_fit();
    Ok(Walk {
        include: globs(&options.include)?,
        exclude: globs(&options.exclude)?,
        options,
        stack,
        ignores: Vec::new(),
        parents: Vec::new(),
    })
}

/// Globs, each of which matches a file's name, or its path when it holds a `/`.
fn globs(globs: &[String]) -> Result<Option<Override>, Error> {
    if globs.is_empty() {
        return Ok(None);
    }
    let mut builder = OverrideBuilder::new("");
    for glob in globs {
        builder
            .add(glob)
            .map_err(|error| Error::usage(format!("glob {glob}: {error}")))?;
    }
    builder
        .build()
        .map(Some)
        .map_err(|error| Error::usage(error.to_string()))
}

/// A walk under way.
pub struct Walk<'o> {
    options: &'o WalkOptions,
    include: Option<Override>,
    exclude: Option<Override>,
    stack: Vec<Step>,
    /// The ignore files of the folders around, with how deep each lies.
    ignores: Vec<(usize, Gitignore)>,
    /// The folders around, to catch links that lead back.
    parents: Vec<(usize, PathBuf)>,
}

/// A path to look at.
struct Step {
    path: PathBuf,
    name: String,
    depth: usize,
}

impl Step {
    fn root(path: &Path) -> Self {
        let name = path.to_string_lossy();
        let trimmed = if name.len() > 1 {
            name.trim_end_matches('/')
        } else {
            &name
        };
        Self {
            name: trimmed.to_owned(),
            path: path.to_owned(),
            depth: 0,
        }
    }

    fn found(self, len: u64, problem: Option<Problem>) -> Found {
        Found {
            name: self.name,
            path: Some(self.path),
            len,
            problem,
        }
    }
}

impl Iterator for Walk<'_> {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        loop {
            let step = self.stack.pop()?;
            if let Some(found) = self.look(step) {
                return Some(found);
            }
        }
    }
}

impl Walk<'_> {
    /// Looks at a path: gives what was found, or none for a folder that will be walked.
    fn look(&mut self, step: Step) -> Option<Found> {
        if step.depth == 0 && step.name == "-" {
            return Some(Found {
                name: step.name,
                path: None,
                len: 0,
                problem: None,
            });
        }
        self.ignores.retain(|(depth, _)| *depth < step.depth);
        self.parents.retain(|(depth, _)| *depth < step.depth);
        let metadata = match fs::symlink_metadata(&step.path) {
            Ok(metadata) if metadata.is_symlink() && (self.options.follow || step.depth == 0) => {
                match fs::metadata(&step.path) {
                    Ok(metadata) => metadata,
                    Err(error) => {
                        return Some(
                            step.found(0, Some(unreadable("broken symbolic link", &error))),
                        );
                    }
                }
            }
            Ok(metadata) => metadata,
            Err(error) => {
                return Some(step.found(0, Some(unreadable("can't be looked at", &error))));
            }
        };
        let len = if metadata.is_file() {
            metadata.len()
        } else {
            0
        };
        if self.is_own(&step, &metadata) {
            return None;
        }
        if let Some(reason) = self.left_out(&step, metadata.is_dir()) {
            return Some(step.found(len, Some(Problem::excluded(reason))));
        }
        if metadata.is_dir() {
            return self.enter(step);
        }
        let problem = if metadata.is_symlink() {
            Some(Problem::excluded(
                "symbolic link, not followed; --follow reads it",
            ))
        } else {
            special(&metadata)
        };
        Some(step.found(len, problem))
    }

    /// Whether this run is writing it: no input, and nothing to tell of.
    fn is_own(&self, step: &Step, metadata: &Metadata) -> bool {
        !self.options.own.is_empty()
            && metadata.is_file()
            && fs::canonicalize(&step.path).is_ok_and(|real| self.options.own.contains(&real))
    }

    /// Why the user wants this left out, if so.
    fn left_out(&self, step: &Step, is_dir: bool) -> Option<Cow<'static, str>> {
        let relative = step.path.strip_prefix("./").unwrap_or(&step.path);
        if self
            .exclude
            .as_ref()
            .is_some_and(|globs| globs.matched(relative, is_dir).is_whitelist())
        {
            return Some("excluded by --exclude".into());
        }
        let mut ignored = self.options.ignored.iter();
        let decided = ignored.find(|ignored| {
            if is_dir {
                ignored.paths.holds_folder(&step.name)
            } else {
                ignored.paths.holds(&step.name, None)
            }
        });
        if let Some(ignored) = decided {
            return Some(ignored.reason.clone().into());
        }
        if step.depth == 0 {
            return None;
        }
        let ignored = self
            .ignores
            .iter()
            .rev()
            .map(|(_, ignore)| ignore.matched(&step.path, is_dir));
        for verdict in ignored {
            if verdict.is_whitelist() {
                break;
            }
            if verdict.is_ignore() {
                return Some("excluded by .speurignore".into());
            }
        }
        let included = self
            .include
            .as_ref()
            .is_none_or(|globs| globs.matched(relative, is_dir).is_whitelist());
        (!is_dir && !included).then_some("not among --include".into())
    }

    /// Puts a folder's entries on the stack.
    fn enter(&mut self, step: Step) -> Option<Found> {
        if step.depth > DEEPEST {
            return Some(step.found(
                0,
                Some(Problem::skipped(format!(
                    "folders nested more than {DEEPEST} deep"
                ))),
            ));
        }
        if self.options.follow
            && let Ok(real) = fs::canonicalize(&step.path)
        {
            if self.parents.iter().any(|(_, parent)| *parent == real) {
                return Some(step.found(
                    0,
                    Some(Problem::excluded("link to a folder that it lies in")),
                ));
            }
            self.parents.push((step.depth, real));
        }
        let entries =
            match fs::read_dir(&step.path).and_then(Iterator::collect::<io::Result<Vec<_>>>) {
                Ok(entries) => entries,
                Err(error) => {
                    return Some(step.found(0, Some(unreadable("folder can't be listed", &error))));
                }
            };
        let ignore_file = step.path.join(IGNORE_FILE);
        if ignore_file.is_file() {
            let mut builder = GitignoreBuilder::new(&step.path);
            builder.add(&ignore_file);
            if let Ok(ignore) = builder.build() {
                self.ignores.push((step.depth, ignore));
            }
        }
        let mut names: Vec<_> = entries.iter().map(fs::DirEntry::file_name).collect();
        names.sort_unstable_by(|a, b| b.as_encoded_bytes().cmp(a.as_encoded_bytes()));
        for name in names {
            let separator = if step.name.ends_with('/') { "" } else { "/" };
            self.stack.push(Step {
                path: step.path.join(&name),
                name: format!("{}{separator}{}", step.name, name.to_string_lossy()),
                depth: step.depth + 1,
            });
        }
        None
    }
}

fn unreadable(what: &str, error: &io::Error) -> Problem {
    let remedy = match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "no permission; run as a user who may read it".to_owned()
        }
        io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        _ => error.to_string(),
    };
    Problem::failed(format!("{what}: {remedy}"))
}

/// What a path is that holds no bytes to read.
fn special(metadata: &Metadata) -> Option<Problem> {
    if metadata.is_file() {
        return None;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let kind = metadata.file_type();
        let what = if kind.is_fifo() {
            "named pipe"
        } else if kind.is_socket() {
            "socket"
        } else if kind.is_block_device() || kind.is_char_device() {
            "device"
        } else {
            "not a regular file"
        };
        Some(Problem::skipped(format!("{what}; not opened")))
    }
    #[cfg(not(unix))]
    Some(Problem::skipped("not a regular file; not opened"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walked(root: &Path, options: &WalkOptions) -> Vec<(String, Option<String>)> {
        let prefix = format!("{}/", root.display());
        walk(&[root.to_owned()], options)
            .unwrap()
            .map(|found| {
                let name = found
                    .name
                    .strip_prefix(&prefix)
                    .unwrap_or(&found.name)
                    .to_owned();
                (name, found.problem.map(|problem| problem.reason))
            })
            .collect()
    }

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        folder
    }

    #[test]
    fn the_order_is_stable_and_hidden_files_count() {
        let folder = tree(&["b/2.csv", "b/1.csv", ".hidden", "a.csv", "B.csv"]);
        let names: Vec<String> = walked(folder.path(), &WalkOptions::default())
            .into_iter()
            .map(|f| f.0)
            .collect();
        assert_eq!(names, [".hidden", "B.csv", "a.csv", "b/1.csv", "b/2.csv"]);
    }

    #[test]
    fn what_is_left_out_is_said() {
        let folder = tree(&["keep.csv", "skip.log", "old/x.csv", "sub/y.tmp"]);
        fs::write(folder.path().join(IGNORE_FILE), "*.tmp\n").unwrap();
        let options = WalkOptions {
            exclude: vec!["*.log".into(), "old".into()],
            ..WalkOptions::default()
        };
        let found = walked(folder.path(), &options);
        let reason = |name: &str| found.iter().find(|f| f.0 == name).unwrap().1.clone();
        assert_eq!(reason("keep.csv"), None);
        assert_eq!(reason("skip.log").unwrap(), "excluded by --exclude");
        assert_eq!(reason("old").unwrap(), "excluded by --exclude");
        assert_eq!(reason("sub/y.tmp").unwrap(), "excluded by .speurignore");
        assert!(
            !found.iter().any(|f| f.0 == "old/x.csv"),
            "an excluded folder is not entered"
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_are_named_and_loops_end() {
        let folder = tree(&["sub/a.csv"]);
        std::os::unix::fs::symlink(folder.path(), folder.path().join("sub/up")).unwrap();
        let found = walked(folder.path(), &WalkOptions::default());
        assert!(found[1].1.as_ref().unwrap().contains("--follow"));
        let found = walked(
            folder.path(),
            &WalkOptions {
                follow: true,
                ..WalkOptions::default()
            },
        );
        assert_eq!(found.len(), 2);
        assert!(found[1].1.as_ref().unwrap().contains("lies in"));
    }

    #[test]
    fn a_missing_path_is_a_failure_of_its_own() {
        let found = walked(Path::new("/no/such/folder"), &WalkOptions::default());
        assert!(found[0].1.as_ref().unwrap().contains("no such file"));
    }
}
