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

    /// A file of weights of evidence, as `speur bench fit` writes it; `default` is the built-in ones
    ///
    /// Given twice, the rules are compared with themselves under these and those weights.
    #[arg(long, value_name = "FILE")]
    weights: Vec<PathBuf>,

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
        let count = self.rules.len().max(self.weights.len()).max(1);
        let default = Path::new("default");
        // What is given once holds for both.
        let at = |list: &[PathBuf], number: usize| {
            let path = list.get(number).or(list.last());
            path.map_or(default.to_owned(), Clone::clone)
        };
        (0..count)
            .map(|number| self.set(&at(&self.rules, number), &at(&self.weights, number)))
            .collect()
    }

    /// Whether more than two sets were asked for.
    pub(super) fn is_too_many(&self) -> bool {
        self.rules.len().max(self.weights.len()) > 2
    }

    /// The built-in rules.
    pub(super) fn default(&self) -> anyhow::Result<(String, RuleSet)> {
        let default = Path::new("default");
        self.set(default, default)
    }

    fn set(&self, path: &Path, weights: &Path) -> anyhow::Result<(String, RuleSet)> {
        let is_default = path.as_os_str() == "default";
        let paths = if is_default {
            vec![]
        } else {
            vec![path.to_owned()]
        };
        let weights = (weights.as_os_str() != "default").then(|| weights.to_owned());
        let mut name = if is_default {
            "default rules".to_owned()
        } else {
            path.display().to_string()
        };
        if let Some(weights) = &weights {
            name = format!("{name}, weights of {}", weights.display());
        }
        let rules = RuleSet::load(&Selection {
            builtin: is_default || !self.no_default_rules,
            paths,
            only: self.detectors.clone(),
            skip: self.skip_detectors.clone(),
            weights,
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
