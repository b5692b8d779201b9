//! Rule sets to measure, and scans to measure them with.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::rule::{RuleSet, Selection};
use crate::scan::Scan;

/// Which rule sets are measured.
#[derive(Debug, Args)]
#[command(next_help_heading = "Detectors")]
pub(super) struct SetOptions {
    /// A rule set: the built-in rules with those of a file or folder; `default` is the built-in ones alone
    ///
    /// Given twice, the two rule sets are compared. Without it, the built-in rules are measured.
    #[arg(long, value_name = "PATH")]
    pub(super) rules: Vec<PathBuf>,

    /// Leave the built-in rules out of each set but `default`
    #[arg(long)]
    no_default_rules: bool,

    /// Use only these detectors: ids or categories, such as `email,nl-*,special`
    #[arg(long, value_name = "GLOB", value_delimiter = ',')]
    detectors: Vec<String>,

    /// Leave out these detectors: ids or categories
    #[arg(long, value_name = "GLOB", value_delimiter = ',')]
    skip_detectors: Vec<String>,

    /// Worker threads; default: all cores
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
}

impl SetOptions {
    /// The rule sets, each with its name.
    pub(super) fn sets(&self) -> anyhow::Result<Vec<(String, RuleSet)>> {
        if self.rules.is_empty() {
            return Ok(vec![self.default()?]);
        }
        self.rules.iter().map(|path| self.set(path)).collect()
    }

    /// The built-in rules.
    pub(super) fn default(&self) -> anyhow::Result<(String, RuleSet)> {
        self.set(Path::new("default"))
    }

    fn set(&self, path: &Path) -> anyhow::Result<(String, RuleSet)> {
        let is_default = path.as_os_str() == "default";
        let paths = if is_default {
            vec![]
        } else {
            vec![path.to_owned()]
        };
        let name = if is_default {
            "default rules".to_owned()
        } else {
            path.display().to_string()
        };
        let rules = RuleSet::load(&Selection {
            builtin: is_default || !self.no_default_rules,
            paths,
            only: self.detectors.clone(),
            skip: self.skip_detectors.clone(),
        })?;
        if rules.rules.is_empty() {
            anyhow::bail!("{name}: no detector is left to look for");
        }
        Ok((name, rules))
    }

    /// A scan of these paths with these rules, as `speur scan` makes it.
    pub(super) fn scan(&self, rules: RuleSet, roots: Vec<PathBuf>) -> Scan {
        let mut scan = Scan::of(roots, rules);
        if let Some(threads) = self.threads {
            scan.threads = threads.get();
        }
        scan
    }
}
