//! Where the events of a scan go: standard output and any number of files, all in one pass.
//!
//! A file is written beside its place as `NAME.part` and takes its name when it is complete, so that half a result
//! never looks like a whole one. What isn't a regular file (a pipe, `/dev/null`) is written as it is.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::event::Event;
use crate::report::{self, Detail, REPORTS, Report, ReportOptions, ReportWriter};

/// The reports being written.
pub struct Outputs {
    list: Vec<Output>,
}

struct Output {
    target: Target,
    writer: Box<dyn ReportWriter>,
}

enum Target {
    Stdout,
    /// Written in place.
    Direct(PathBuf),
    /// Written to `part`, which becomes `path`.
    Part {
        part: Part,
        path: PathBuf,
    },
}

/// A file that goes away unless it was renamed.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        // Renamed already, or nobody can help.
        let _ = fs::remove_file(&self.0);
    }
}

/// The format of an output file: by name, or by the file's extension.
pub fn report_for(path: &Path, format: Option<&str>) -> anyhow::Result<&'static dyn Report> {
    if let Some(name) = format {
        return report::by_name(name).context("the command line offers known formats only");
    }
    if path.as_os_str() == "-" {
        bail!("-o -: a report on standard output is chosen with -f, such as `-f json`");
    }
    let name = path.file_name().and_then(|name| name.to_str());
    match name.and_then(report::by_file_name) {
        Some(report) => Ok(report),
        None => bail!(
            "-o {}: no format has this extension; known are {}, or name one with --output-format",
            path.display(),
            extensions().join(" ")
        ),
    }
}

/// All extensions that mean a format, with their dots.
pub fn extensions() -> Vec<String> {
    let all = REPORTS.iter().flat_map(|report| report.extensions());
    all.map(|extension| format!(".{extension}")).collect()
}

impl Outputs {
    /// No reports yet.
    pub fn new() -> Self {
        Self { list: Vec::new() }
    }

    /// Adds a report on standard output.
    pub fn add_stdout(&mut self, report: &dyn Report, options: &ReportOptions) -> io::Result<()> {
        if report.is_binary() && io::stdout().is_terminal() {
            let name = report.name();
            return Err(io::Error::other(format!(
                "-f {name}: this is nothing for a terminal; write it to a file with -o"
            )));
        }
        let writer = report.start(Box::new(io::stdout()), options)?;
        self.list.push(Output {
            target: Target::Stdout,
            writer,
        });
        Ok(())
    }

    /// Adds a report in a file.
    pub fn add_file(
        &mut self,
        path: &Path,
        report: &dyn Report,
        options: &ReportOptions,
    ) -> anyhow::Result<()> {
        if self.files().contains(&resolved(path)) {
            bail!("-o {}: this file is written already", path.display());
        }
        let (file, target) =
            open(path, options.reveal).with_context(|| format!("-o {}", path.display()))?;
        let writer = report.start(file, options)?;
        self.list.push(Output { target, writer });
        Ok(())
    }

    /// The files that are written, which are no inputs: resolved, as far as they can be.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        for output in &self.list {
            match &output.target {
                Target::Stdout => {}
                Target::Direct(path) => files.push(path.clone()),
                Target::Part { part, path } => files.extend([part.0.clone(), path.clone()]),
            }
        }
        files
    }

    /// Gives an event to all. A closed standard output gets no more, and is an error only when nobody else listens.
    pub fn event(&mut self, event: &Event) -> io::Result<()> {
        let mut closed = None;
        for (index, output) in self.list.iter_mut().enumerate() {
            match output.writer.event(event) {
                Ok(()) => {}
                Err(error) if output.is_closed(&error) => closed = Some((index, error)),
                Err(error) => return Err(named(&output.target, &error)),
            }
        }
        let Some((index, error)) = closed else {
            return Ok(());
        };
        self.list.remove(index);
        if self.list.is_empty() {
            Err(error)
        } else {
            Ok(())
        }
    }

    /// Completes all. Files come first: a closed standard output must not cost them.
    pub fn finish(self) -> io::Result<()> {
        let (stdout, files): (Vec<_>, Vec<_>) = self
            .list
            .into_iter()
            .partition(|output| matches!(output.target, Target::Stdout));
        for output in files.into_iter().chain(stdout) {
            let named = |error: &io::Error| named(&output.target, error);
            output.writer.finish().map_err(|error| named(&error))?;
            if let Target::Part { part, path } = &output.target {
                fs::rename(&part.0, path).map_err(|error| named(&error))?;
            }
        }
        Ok(())
    }
}

impl Default for Outputs {
    fn default() -> Self {
        Self::new()
    }
}

impl Output {
    fn is_closed(&self, error: &io::Error) -> bool {
        matches!(self.target, Target::Stdout) && error.kind() == io::ErrorKind::BrokenPipe
    }
}

/// The error with the output's name; its kind stays, which tells a closed pipe.
fn named(target: &Target, error: &io::Error) -> io::Error {
    let name = match target {
        Target::Stdout => "standard output".into(),
        Target::Direct(path) | Target::Part { path, .. } => path.display().to_string(),
    };
    io::Error::new(error.kind(), format!("{name}: {error}"))
}

fn open(path: &Path, private: bool) -> io::Result<(Box<dyn Write + Send>, Target)> {
    let path = resolved(path);
    match fs::metadata(&path) {
        Ok(found) if found.is_dir() => return Err(io::Error::other("this is a folder")),
        Ok(found) if !found.is_file() => {
            let file = OpenOptions::new().write(true).open(&path)?;
            return Ok((Box::new(file), Target::Direct(path)));
        }
        _ => {}
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    match fs::remove_file(&part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = create(&part, private)?;
    let target = Target::Part {
        part: Part(part),
        path,
    };
    Ok((Box::new(file), target))
}

/// Refuses to write over what is to be read.
pub fn spare_inputs(outputs: &[PathBuf], inputs: &[PathBuf]) -> anyhow::Result<()> {
    for output in outputs {
        let path = resolved(output);
        if path.is_file() && inputs.iter().any(|input| resolved(input) == path) {
            bail!(
                "-o {}: this is an input, and would be overwritten",
                output.display()
            );
        }
    }
    Ok(())
}

/// The file that a path leads to, whether it is there yet or not. A link stays a link: what it points to is written.
pub(super) fn resolved(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default();
    let parent = match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return path.to_owned(),
    };
    fs::canonicalize(path)
        .or_else(|_| fs::canonicalize(parent).map(|parent| parent.join(name)))
        .unwrap_or_else(|_| path.to_owned())
}

/// A new file; with raw values in it, only for its owner.
fn create(path: &Path, private: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(if private { 0o600 } else { 0o666 });
    }
    #[cfg(not(unix))]
    let _ = private;
    options.open(path)
}

/// What a scan must keep for the reports.
pub fn detail(outputs: &[&dyn Report]) -> Option<Detail> {
    outputs.iter().map(|report| report.detail()).max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Summary;

    fn json_in(dir: &Path) -> (Outputs, PathBuf) {
        let path = dir.join("result.json");
        let report = report_for(&path, None).unwrap();
        let mut outputs = Outputs::new();
        outputs
            .add_file(&path, report, &ReportOptions::default())
            .unwrap();
        (outputs, path)
    }

    #[test]
    fn a_result_has_its_name_only_when_it_is_complete() {
        let dir = tempfile::tempdir().unwrap();
        let (mut outputs, path) = json_in(dir.path());
        outputs.event(&Event::Summary(Summary::default())).unwrap();
        assert!(!path.exists());
        outputs.finish().unwrap();
        assert!(fs::read_to_string(&path).unwrap().ends_with("}\n"));

        fs::write(&path, "before").unwrap();
        drop(json_in(dir.path()));
        assert_eq!(fs::read_to_string(&path).unwrap(), "before");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn unknown_extensions_list_the_known() {
        let error = report_for(Path::new("a.xyz"), None)
            .err()
            .unwrap()
            .to_string();
        assert!(
            error.contains(".json") && error.contains(".ndjson"),
            "{error}"
        );
        assert_eq!(
            report_for(Path::new("a.xyz"), Some("json")).unwrap().name(),
            "json"
        );
        assert!(report_for(Path::new("-"), None).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn raw_values_are_for_their_owner() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (file, target) = open(&dir.path().join("raw.json"), true).unwrap();
        let Target::Part { part, .. } = &target else {
            panic!("a regular file is written in part");
        };
        let mode = fs::metadata(&part.0).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        drop(file);
    }
}
