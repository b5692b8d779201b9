//! `speur scan`: finds personal data and reports where it lives.

use std::io;
use std::num::NonZeroUsize;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use anyhow::bail;
use clap::builder::{PossibleValuesParser, RangedU64ValueParser};
use clap::{Args, ValueEnum};

use super::options::{LanguageOption, RuleOptions, charset, delimiter, key, probability, sample};
use super::outputs::{Outputs, detail, extensions, report_for, spare_inputs};
use super::progress::{Ticker, stop_on_interrupt};
use super::{Color, Outcome, stdout_width};
use super::{epoch, explain, fail_on};
use crate::baseline::Baseline;
use crate::decisions::{self, Decisions};
use crate::event::{ColumnRecord, Event, FileRecord, Status, Summary};
use crate::format::ReadOptions;
use crate::input::charset::Charset;
use crate::input::{Limits, WalkOptions};
use crate::report::load::Saved;
use crate::report::{self, Detail, REPORTS, Report, ReportOptions};
use crate::rule::RuleSet;
use crate::scan::{Progress, Sample, Scan};

/// The value of `--format` that writes nothing.
const NONE: &str = "none";

const EXAMPLES: &str = "\
Examples:
  speur scan exports/
      a table of what is found, on the screen
  speur scan exports/ -o result.ndjson -o result.json -f none
      every single finding, in two formats at once
  cat people.csv | speur scan - --detectors 'nl-*,email'
      standard input, and only some detectors
  speur scan exports/ -o report.html -o result.parquet -f none
      a document for people, and a result to keep
  speur scan exports/ --sample 10000
      a quick look: about so many records of each file
  speur scan exports/ --explain crm/customers.csv:email
      why a column is as sure as it is
  speur scan exports/ --baseline result.parquet --key-file key
      only what is new since then
  speur scan exports/ --fail-on special,national-id,incomplete
      exit status 1 when such data is found or something could not be read

Exit status:
  0 all was read              1 all was read, and --fail-on was met
  2 wrong usage, bad rules, or nothing could be read
  3 some input could not be read in full; everything else was
  4 both 1 and 3

Values are masked in every output, unless --reveal is given.";

/// Find personal data in files, folders and standard input, and report where it lives
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct ScanArgs {
    /// Files and folders to read; `-` is standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    #[command(flatten, next_help_heading = "Output")]
    output: OutputOptions,

    #[command(flatten)]
    rules: RuleOptions,

    /// Report findings of at least this confidence, 0 to 1
    #[arg(long, value_name = "P", default_value = "0.5", value_parser = probability, help_heading = "Detectors")]
    min_confidence: f64,

    /// Hash all numbers of this detector, up to nine digits, and compare them with columns of hashes; may repeat
    ///
    /// Without it, columns of hashes are compared with the plain values of the same scan. Going through all citizen service numbers
    /// (`--enumerate nl-bsn`) takes about a minute, and only when there is such a column.
    #[arg(
        long,
        value_name = "DETECTOR",
        value_delimiter = ',',
        help_heading = "Detectors"
    )]
    enumerate: Vec<String>,

    #[command(flatten, next_help_heading = "Reading")]
    reading: ReadingOptions,

    #[command(flatten, next_help_heading = "Running")]
    running: RunningOptions,
}

#[derive(Debug, Args)]
struct OutputOptions {
    // Its help lists the extensions, so it is made, not written: see `output_help`.
    #[arg(short, long, value_name = "FILE", help = output_help())]
    output: Vec<PathBuf>,

    /// Write all -o files in this format, whatever they are called
    #[arg(long, value_name = "FMT", value_parser = PossibleValuesParser::new(names(&[])), requires = "output")]
    output_format: Option<String>,

    /// What goes to standard output
    #[arg(short, long, value_name = "FMT", default_value = "table", value_parser = PossibleValuesParser::new(names(&[NONE])))]
    format: String,

    #[command(flatten)]
    language: LanguageOption,

    /// Show values as they are; without it they are masked everywhere
    #[arg(long)]
    reveal: bool,

    /// Masked examples kept for each column and detector
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(0..=1000))]
    samples: u16,

    /// Key of the fingerprints (32 bytes or more), so that results of several scans can be joined
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,

    /// Exit with status 1 when one of these categories or detectors is found, or input is `incomplete`
    ///
    /// A list with commas; `*` stands for any characters, such as `special,nl-*,incomplete`.
    #[arg(long, value_name = "EXPR", value_delimiter = ',')]
    fail_on: Vec<String>,

    /// Decisions and policies; default: the speur.yaml beside the data, where there is one
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Heed no speur.yaml beside the data: whoever made the data may have put it there
    #[arg(long, conflicts_with = "config")]
    no_config: bool,

    /// Report only what is new since this saved result; single findings where both have the same --key-file
    #[arg(long, value_name = "RESULT")]
    baseline: Option<PathBuf>,

    /// Print why a column is as sure as it is, line by line, instead of the table
    #[arg(long, value_name = "FILE:COLUMN", conflicts_with = "format")]
    explain: Option<String>,
}

#[derive(Debug, Args)]
struct ReadingOptions {
    /// What separates the fields of CSV: 1 to 3 bytes, such as `;`, `\t`, `\x01` or `tab`
    #[arg(long, value_name = "C", value_parser = delimiter)]
    delimiter: Option<std::vec::Vec<u8>>,

    /// The encoding of text, such as `utf-8` or `windows-1252`
    #[arg(long, value_name = "NAME", value_parser = charset)]
    encoding: Option<Charset>,

    /// The first record of CSV is data
    #[arg(long)]
    no_header: bool,

    /// Look at part of each input only, evenly spread: a share of its records, such as `0.01` or `1%`, or about so many, such as `10000`
    #[arg(long, value_name = "FRACTION|ROWS", value_parser = sample)]
    sample: Option<Sample>,

    /// Archives within archives to look into
    #[arg(long, value_name = "N", default_value_t = Limits::default().depth,
        value_parser = RangedU64ValueParser::<usize>::new().range(0..=Limits::MOST_DEPTH as u64))]
    max_depth: usize,

    /// Bytes that the compressed parts of one file may expand to
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().expansion)]
    max_expansion: u64,

    /// How many times its size a compressed input may become, once that is more than 64 MiB
    #[arg(long, value_name = "N", default_value_t = Limits::default().ratio)]
    max_ratio: u64,

    /// Bytes of archived files to hold in memory at once, where they can't be read front to back
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().memory)]
    max_memory: u64,

    /// Read only files of a folder that match; may repeat
    #[arg(long, value_name = "GLOB")]
    include: Vec<String>,

    /// Leave out files and folders that match; may repeat
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,

    /// Follow symbolic links
    #[arg(long)]
    follow: bool,

    /// Read files in windows instead of mapping them into memory
    #[arg(long)]
    no_mmap: bool,
}

#[derive(Debug, Args)]
struct RunningOptions {
    /// Worker threads; default: all cores
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,

    /// Whether progress is shown on standard error
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    progress: When,

    /// Whether the table has colours
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    color: Color,

    /// Show no progress and no warnings
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,

    /// Say more: names of clean files, reasons, warnings
    #[arg(short, long)]
    verbose: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum When {
    /// On a terminal.
    #[default]
    Auto,
    /// Not at all.
    Never,
}

/// The names of all report formats, and more.
pub(super) fn names(more: &[&'static str]) -> Vec<&'static str> {
    let names = REPORTS.iter().map(|report| report.name());
    names.chain(more.iter().copied()).collect()
}

pub(super) fn output_help() -> String {
    let extensions = extensions().join(" ");
    format!("Write a report to a file, in the format of its extension: {extensions}; may repeat")
}

/// The file of decisions beside the data: in its folder, or in the nearest one around it that is below the current one.
fn beside(root: &Path) -> Option<PathBuf> {
    let folder = if root.is_dir() {
        root
    } else {
        root.parent().unwrap_or(root)
    };
    let is_below =
        root.is_relative() && !root.components().any(|part| part == Component::ParentDir);
    let around = folder.ancestors().take_while(|_| is_below);
    std::iter::once(folder)
        .chain(around.skip(1))
        .map(|folder| folder.join(decisions::FILE_NAME))
        .find(|path| path.is_file())
}

impl ScanArgs {
    /// Runs the scan and writes all its reports.
    pub fn run(self) -> anyhow::Result<Outcome> {
        let rules = RuleSet::load(&self.rules.selection())?;
        if rules.rules.is_empty() {
            bail!("no detector is left to look for; `speur rules list` shows all");
        }
        self.check_enumerated(&rules)?;
        let (config, mut decisions) = self.decisions()?;
        fail_on::add(&self.output.fail_on, &mut decisions)?;
        fail_on::check(&decisions, &rules.rules)?;
        let (mut outputs, detail) = self.outputs()?;
        let mut own = outputs.files();
        own.extend(config.as_deref().map(super::outputs::resolved));
        let mut scan = self.scan(rules, detail, own)?;
        let rules = scan.rules.rules.iter();
        let detectors = rules.map(|rule| (rule.id.as_str(), rule.category.name()));
        scan.thresholds = decisions.thresholds(detectors);
        scan.walk.ignored.extend(decisions.ignored().cloned());
        let mut baseline = self.baseline(&mut scan)?;
        let mut explained = String::new();

        let progress = Arc::new(Progress::default());
        stop_on_interrupt(&progress);
        let ticker = if self.shows_progress() {
            Ticker::start(&progress)
        } else {
            Ticker::hidden()
        };
        let warns = self.warns();
        if let Some(config) = config.filter(|_| !self.running.quiet) {
            ticker.remark(&format!("decisions of {}", config.display()));
        }
        let is_loose = baseline
            .as_ref()
            .is_some_and(|known| !known.is_comparable());
        if is_loose && !self.running.quiet {
            ticker.remark(
                "the baseline has no --key-file in common with this scan: what it has in a column is left out, whatever the values",
            );
        }
        let epoch = epoch::fixed();
        let result = scan.run(&progress, &mut |event| {
            let timed = epoch.as_deref().and_then(|time| epoch::at(event, time));
            let event = timed.as_ref().unwrap_or(event);
            let fresh = baseline.as_mut().map(|baseline| baseline.event(event));
            let event = match &fresh {
                None => event,
                Some(Some(fresh)) => fresh,
                Some(None) => return Ok(()),
            };
            let marked = decisions.event(event);
            let event = marked.as_ref().unwrap_or(event);
            match event {
                Event::File(file) if warns => warn(&ticker, file),
                Event::Column(column) => self.explain(column, &mut explained),
                _ => {}
            }
            let records = match event {
                Event::Summary(_) => decisions.records(),
                _ => Vec::new(),
            };
            for event in records.iter().chain([event]) {
                match outputs.event(event) {
                    // Nobody reads any more, but somebody waits for the exit status.
                    Err(error) if is_closed(&error) && decisions.has_policies() => {}
                    result => result?,
                }
            }
            Ok(())
        });
        ticker.finish();
        let summary = result?;
        match outputs.finish() {
            Err(error) if is_closed(&error) => {}
            result => result?,
        }
        self.print_explanation(&explained)?;
        self.outcome(&summary, decisions.met())
    }

    /// Decisions that are in force, and the file they stand in.
    fn decisions(&self) -> anyhow::Result<(Option<PathBuf>, Decisions)> {
        let mut found: Vec<PathBuf> = self.output.config.iter().cloned().collect();
        if found.is_empty() && !self.output.no_config {
            for root in &self.paths {
                let path = beside(root);
                found.extend(path.filter(|path| !found.contains(path)));
            }
        }
        match &*found {
            [] => Ok((None, Decisions::default())),
            [path] => {
                let today = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
                let decisions = Decisions::read(path, &self.paths, &today)?;
                Ok((Some(path.clone()), decisions))
            }
            [a, b, ..] => bail!(
                "{} and {} both hold decisions; choose one with --config, or none with --no-config",
                a.display(),
                b.display()
            ),
        }
    }

    /// What is known already. Its findings are needed to tell new ones.
    fn baseline(&self, scan: &mut Scan) -> anyhow::Result<Option<Baseline>> {
        let Some(path) = &self.output.baseline else {
            return Ok(None);
        };
        let key = scan.key.as_ref().map(crate::scan::key_name);
        let baseline = Baseline::load(&Saved::open(path)?, key.as_deref())?;
        scan.findings = true;
        Ok(Some(baseline))
    }

    fn explain(&self, column: &ColumnRecord, explained: &mut String) {
        let asked = self.output.explain.as_deref();
        if asked.is_some_and(|asked| explain::is_about(asked, &column.place)) {
            explained.push_str(&explain::explanation(column));
        }
    }

    fn print_explanation(&self, explained: &str) -> anyhow::Result<()> {
        let Some(asked) = &self.output.explain else {
            return Ok(());
        };
        if explained.is_empty() {
            bail!(
                "--explain {asked}: no column that was read is called so; it is FILE:COLUMN, as the table shows them"
            );
        }
        let mut stdout = io::stdout();
        match io::Write::write_all(&mut stdout, explained.as_bytes()) {
            Err(error) if is_closed(&error) => Ok(()),
            result => Ok(result?),
        }
    }

    /// What standard output gets; none with `--format none`.
    fn stdout(&self) -> Option<&'static dyn Report> {
        if self.output.explain.is_some() {
            return None;
        }
        report::by_name(&self.output.format)
    }

    fn outputs(&self) -> anyhow::Result<(Outputs, Option<Detail>)> {
        let options = ReportOptions {
            color: self.running.color.on_stdout(),
            width: stdout_width(),
            reveal: self.output.reveal,
            verbose: self.running.verbose,
            lang: self.output.language.lang(),
            hints: io::IsTerminal::is_terminal(&io::stdout()) && self.output.output.is_empty(),
        };
        let in_files = ReportOptions {
            color: false,
            width: ReportOptions::default().width,
            ..options
        };
        let format = self.output.output_format.as_deref();
        // All names are looked at before any file is touched.
        let files = self
            .output
            .output
            .iter()
            .map(|path| Ok((path, report_for(path, format)?)));
        let files = files.collect::<anyhow::Result<Vec<_>>>()?;
        spare_inputs(&self.output.output, &self.paths)?;
        let mut outputs = Outputs::new();
        for (path, report) in &files {
            outputs.add_file(path, *report, &in_files)?;
        }
        let mut reports: Vec<_> = files.iter().map(|(_, report)| *report).collect();
        if let Some(report) = self.stdout() {
            outputs.add_stdout(report, &options)?;
            reports.push(report);
        }
        Ok((outputs, detail(&reports)))
    }

    fn scan(
        &self,
        rules: RuleSet,
        detail: Option<Detail>,
        own: Vec<PathBuf>,
    ) -> anyhow::Result<Scan> {
        let reading = &self.reading;
        let threads = match self.running.threads {
            Some(threads) => threads,
            None => std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        };
        Ok(Scan {
            roots: self.paths.clone(),
            walk: WalkOptions {
                include: reading.include.clone(),
                exclude: reading.exclude.clone(),
                ignored: Vec::new(),
                follow: reading.follow,
                own,
            },
            read: ReadOptions {
                delimiter: reading.delimiter.clone(),
                encoding: reading.encoding,
                header: reading.no_header.then_some(false),
                limits: Limits {
                    depth: reading.max_depth,
                    expansion: reading.max_expansion,
                    ratio: reading.max_ratio,
                    memory: reading.max_memory,
                },
                ..ReadOptions::default()
            },
            rules,
            mmap: !reading.no_mmap,
            threads: threads.get(),
            min_confidence: self.min_confidence,
            thresholds: std::collections::BTreeMap::new(),
            explain: self.output.explain.is_some(),
            reveal: self.output.reveal,
            findings: detail == Some(Detail::Findings),
            samples: self.output.samples.into(),
            sample: reading.sample,
            key: self.output.key_file.as_deref().map(key).transpose()?,
            enumerate: self.enumerate.clone(),
            bounds: crate::scan::Bounds::default(),
        })
    }

    /// Only a detector whose check few numbers pass has numbers worth going through.
    fn check_enumerated(&self, rules: &RuleSet) -> anyhow::Result<()> {
        for id in &self.enumerate {
            let rule = rules.rules.iter().find(|rule| rule.id == *id);
            if !rule.is_some_and(|rule| rule.chance.0 < 1.0) {
                bail!(
                    "--enumerate {id}: no detector of numbers with a check digit is called so; `speur rules list` shows all"
                );
            }
        }
        Ok(())
    }

    /// Progress on standard error would stand between the records of a stream on the same terminal.
    fn shows_progress(&self) -> bool {
        let streams = self
            .stdout()
            .is_some_and(|report| report.detail() == Detail::Findings);
        let mixed = streams && io::IsTerminal::is_terminal(&io::stdout());
        !self.running.quiet && self.running.progress == When::Auto && !mixed
    }

    /// The table says itself what was not read.
    fn warns(&self) -> bool {
        let table = self
            .stdout()
            .is_some_and(|report| report.detail() == Detail::Columns);
        !self.running.quiet && (self.running.verbose || !table)
    }

    fn outcome(&self, summary: &Summary, met: bool) -> anyhow::Result<Outcome> {
        let files = &summary.files;
        let incomplete = summary.unread > 0 || summary.interrupted;
        if summary.unread > 0 && files.scanned + files.partial == 0 && !summary.interrupted {
            let paths: Vec<_> = self
                .paths
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            bail!("nothing could be read of {}", paths.join(", "));
        }
        Ok(match (incomplete, met) {
            (false, false) => Outcome::Done,
            (false, true) => Outcome::Met,
            (true, false) => Outcome::Incomplete,
            (true, true) => Outcome::IncompleteAndMet,
        })
    }
}

fn is_closed(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

/// One line about an input that could not be read in full.
fn warn(ticker: &Ticker, file: &FileRecord) {
    if file.is_sample() && file.reason_but_sample().is_none() {
        return; // as it was asked for
    }
    let word = match file.status {
        Status::Scanned | Status::Skipped => return,
        Status::Partial => "read in part",
        Status::Failed => "not readable",
    };
    let name = report::input_name(&file.file, file.member.as_deref());
    let reason = file.reason.as_deref().unwrap_or("no reason is known");
    ticker.remark(&format!("{name}: {word}: {reason}"));
}
