//! `speur bench fit`: the weights of evidence and the calibration, refitted on labelled corpora.
//!
//! Weights are looked for near those there are (`search.rs`), by scans of the corpora and what they lose against the
//! truth (`loss.rs`). What that is worth is measured by cross-validation: files are dealt to folds, each fold is held out
//! once, and its files are judged with weights that were fitted without them. A file is never in two folds, so neither
//! are the rows of a table. Where the held-out files are judged no better than before, nothing changes. `show.rs` writes the
//! file.

use std::rc::Rc;

use hashbrown::HashMap;

use super::eval::outcome::{FileOutcome, Labelled, run};
use super::eval::{Score, score};
use super::generate::Rng;
use crate::error::Error;
use crate::rule::{RuleSet, Weights};
use crate::scan::Scan;

mod loss;
mod search;
mod show;

pub use show::{summary, yaml};

/// Resamples of the files, by which a gain is told from chance.
const RESAMPLES: usize = 2000;
/// A gain that chance gives more often than this is none.
const CHANCE: f64 = 0.025;

/// Weights that were fitted with some files held out.
#[derive(Clone, Debug)]
pub struct Fold {
    /// The files that were held out, as numbers into the corpus.
    pub held_out: Vec<usize>,
    /// What was fitted on all others.
    pub weights: Weights,
}

/// How well weights do.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scores {
    /// Mean log loss of a labelled column, in nats.
    pub log_loss: f64,
    /// At the usual threshold.
    pub score: Score,
}

/// What came of fitting.
#[derive(Clone, Debug)]
pub struct Fit {
    /// The weights there were.
    pub before: Weights,
    /// What was fitted on all files.
    pub fitted: Weights,
    /// How the weights there were do.
    pub scores_before: Scores,
    /// How fitted weights do on files that were held out.
    pub scores_held_out: Scores,
    /// How often chance would give a gain like that.
    pub chance: f64,
    /// Each fold.
    pub folds: Vec<Fold>,
    /// Names of the files.
    pub files: Vec<String>,
    /// Labelled cells.
    pub labels: usize,
    /// How many scans of the corpora it took.
    pub scans: usize,
}

impl Fit {
    /// Whether files that were held out are judged better, and not by chance, while neither what is found nor the calibration
    /// is worse.
    pub fn is_better(&self) -> bool {
        let (before, after) = (self.scores_before, self.scores_held_out);
        let found = |scores: Scores| scores.score.f1.unwrap_or(0.0);
        let error = |scores: Scores| scores.score.calibration_error.unwrap_or(0.0);
        after.log_loss < before.log_loss
            && self.chance <= CHANCE
            && found(after) >= found(before)
            && error(after) <= error(before)
    }

    /// The weights to use from now on.
    pub fn weights(&self) -> &Weights {
        if self.is_better() {
            &self.fitted
        } else {
            &self.before
        }
    }
}

/// Fits the weights of a rule set. `scan_of` makes the scans; `say` hears how far it is.
pub fn fit(
    rules: &RuleSet,
    labelled: Labelled,
    folds: usize,
    scan_of: impl Fn(RuleSet) -> Scan,
    say: &mut dyn FnMut(&str),
) -> Result<Fit, Error> {
    let held_out = dealt(&labelled, folds)?;
    let before = rules.weights;
    let mut corpus = Judged {
        rules: rules.clone(),
        labelled,
        scan_of,
        known: HashMap::new(),
        scans: 0,
    };
    let before_outcomes = corpus.outcomes(&before)?;
    let mut outcomes = before_outcomes.clone();
    let mut fitted_folds = Vec::new();
    for (number, held_out) in held_out.into_iter().enumerate() {
        say(&format!("fold {} of {folds}", number + 1));
        let is_train = |file: &usize| !held_out.contains(file);
        let train: Vec<usize> = (0..outcomes.len()).filter(is_train).collect();
        let weights = search::fit(&before, &train, &mut |weights| corpus.losses(weights))?;
        let judged = corpus.outcomes(&weights)?;
        for (file, outcome) in judged.into_iter().enumerate() {
            if held_out.contains(&file) {
                outcomes[file] = outcome;
            }
        }
        fitted_folds.push(Fold { held_out, weights });
    }
    say("all files");
    let all: Vec<usize> = (0..outcomes.len()).collect();
    let fitted = search::fit(&before, &all, &mut |weights| corpus.losses(weights))?;
    let truths = &corpus.labelled.truths;
    let losses = loss::by_file(&before_outcomes, truths);
    let losses_held_out = loss::by_file(&outcomes, truths);
    let columns = loss::labelled_columns(truths).max(1) as f64;
    let scores = |outcomes: &[FileOutcome], losses: &[f64]| Scores {
        log_loss: losses.iter().sum::<f64>() / columns,
        score: score(outcomes, &corpus.labelled),
    };
    Ok(Fit {
        before,
        fitted,
        scores_before: scores(&before_outcomes, &losses),
        scores_held_out: scores(&outcomes, &losses_held_out),
        chance: chance(&losses, &losses_held_out),
        folds: fitted_folds,
        files: names(&corpus.labelled),
        labels: truths.iter().map(|truth| truth.labels.len()).sum(),
        scans: corpus.scans,
    })
}

/// A corpus, and what weights lose on it.
struct Judged<S> {
    rules: RuleSet,
    labelled: Labelled,
    scan_of: S,
    /// Losses by file, for weights that were tried: folds start from the same ones.
    known: HashMap<Vec<u64>, Rc<[f64]>>,
    scans: usize,
}

impl<S: Fn(RuleSet) -> Scan> Judged<S> {
    fn outcomes(&mut self, weights: &Weights) -> Result<Vec<FileOutcome>, Error> {
        self.scans += 1;
        self.rules.weights = *weights;
        let scan = (self.scan_of)(self.rules.clone());
        Ok(run(scan, &mut self.labelled, None)?.outcomes)
    }

    fn losses(&mut self, weights: &Weights) -> Result<Rc<[f64]>, Error> {
        let key: Vec<u64> = weights.values().map(f64::to_bits).collect();
        if let Some(known) = self.known.get(&key) {
            return Ok(known.clone());
        }
        let outcomes = self.outcomes(weights)?;
        let losses: Rc<[f64]> = loss::by_file(&outcomes, &self.labelled.truths).into();
        self.known.insert(key, losses.clone());
        Ok(losses)
    }
}

/// Deals files to folds, those with the most labels first, so that each fold has some of every size.
fn dealt(labelled: &Labelled, folds: usize) -> Result<Vec<Vec<usize>>, Error> {
    let count = labelled.truths.len();
    if folds < 2 || count < folds {
        return Err(Error::usage(format!(
            "{folds} folds of {count} labelled files: there must be two folds or more, and a file for each; a file is never split"
        )));
    }
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|&file| std::cmp::Reverse(labelled.truths[file].labels.len()));
    let mut dealt = vec![Vec::new(); folds];
    for (place, file) in order.into_iter().enumerate() {
        dealt[place % folds].push(file);
    }
    for fold in &mut dealt {
        fold.sort_unstable();
    }
    Ok(dealt)
}

/// How often files drawn at random with replacement show no gain.
fn chance(before: &[f64], after: &[f64]) -> f64 {
    let gains: Vec<f64> = before.iter().zip(after).map(|(a, b)| a - b).collect();
    let mut rng = Rng::new(1, 0);
    let without = (0..RESAMPLES).filter(|_| {
        let draw = |_| gains[rng.below(gains.len() as u64) as usize];
        (0..gains.len()).map(draw).sum::<f64>() <= 0.0
    });
    without.count() as f64 / RESAMPLES as f64
}

/// What the files are called, without the folder that all of them are in.
fn names(labelled: &Labelled) -> Vec<String> {
    let paths = labelled.entries.iter().map(|entry| entry.data.as_path());
    let shared = paths
        .clone()
        .filter_map(std::path::Path::parent)
        .map(std::path::Path::to_path_buf)
        .reduce(|a, b| {
            let parts = a.components().zip(b.components());
            parts
                .take_while(|(a, b)| a == b)
                .map(|(part, _)| part)
                .collect()
        })
        .unwrap_or_default();
    paths
        .map(|path| {
            path.strip_prefix(&shared)
                .unwrap_or(path)
                .display()
                .to_string()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::quality::truth::{Corpus, truth_of};
    use crate::rule::Selection;

    #[test]
    fn a_gain_in_every_file_is_no_chance_and_none_at_all_is() {
        assert!(chance(&[2.0; 9], &[1.0; 9]) < 0.01);
        assert!(chance(&[1.0; 9], &[1.0; 9]) > 0.99);
        let one = [1.0, 1.0, 1.0, 1.0, 9.0];
        let other = [1.1, 1.1, 1.1, 1.1, 1.0];
        assert!(chance(&one, &other) > CHANCE, "one file alone shows little");
    }

    /// A folder of tables in which the rules make no mistake.
    fn corpus(files: usize) -> (tempfile::TempDir, Labelled) {
        let folder = tempfile::tempdir().unwrap();
        for file in 0..files {
            let path = folder.path().join(format!("{file}.csv"));
            let mut data = "id,mail\n".to_owned();
            let mut truth = "{}\n".to_owned();
            for row in 1..=4 + file {
                let _ = writeln!(data, "{row},p{file}q{row}@post{row}.nl");
                let _ = writeln!(
                    truth,
                    "{{\"row\":{row},\"column\":\"mail\",\"detector\":\"email\"}}"
                );
            }
            std::fs::write(&path, data).unwrap();
            std::fs::write(truth_of(&path), truth).unwrap();
        }
        let corpus = Corpus::open(&[folder.path().to_owned()]).unwrap();
        (folder, Labelled::load(corpus).unwrap())
    }

    #[test]
    fn every_file_is_held_out_once() {
        let (_folder, labelled) = corpus(7);
        let folds = dealt(&labelled, 3).unwrap();
        let mut all = folds.concat();
        all.sort_unstable();
        assert_eq!(all, (0..7).collect::<Vec<_>>());
        assert!(folds.iter().all(|fold| fold.len() >= 2));
        assert!(dealt(&labelled, 8).is_err() && dealt(&labelled, 1).is_err());
    }

    #[test]
    fn a_corpus_that_says_nothing_changes_nothing() {
        let (_folder, labelled) = corpus(4);
        let rules = RuleSet::load(&Selection {
            builtin: true,
            paths: vec![],
            only: vec!["email".into()],
            skip: vec![],
            weights: None,
        })
        .unwrap();
        let scan_of = |rules| Scan::of(vec![], rules);
        let fit = fit(&rules, labelled, 2, scan_of, &mut |_| {}).unwrap();
        assert!(!fit.is_better());
        assert_eq!(fit.weights(), Weights::shipped());
        assert_eq!(fit.files, ["0.csv", "1.csv", "2.csv", "3.csv"]);
        assert_eq!(fit.labels, 4 + 5 + 6 + 7);
        assert_eq!(fit.scores_before.score.f1, Some(1.0));
    }

    #[test]
    fn a_weight_that_is_too_low_everywhere_is_raised() {
        let folder = tempfile::tempdir().unwrap();
        let rule = folder.path().join("rule.yaml");
        let text = "id: loyalty-number\nname: Loyalty number\ncategory: contact\nabout: x\nfind: ['\\bKL-[0-9]{6}\\b']\nprior: 0.02\nheader: [loyalty]\n";
        std::fs::write(&rule, text).unwrap();
        let mut rules = RuleSet::load(&Selection {
            builtin: false,
            paths: vec![rule],
            only: vec![],
            skip: vec![],
            weights: None,
        })
        .unwrap();
        rules.weights.header_exactly = 3.0;
        let data = folder.path().join("corpus");
        std::fs::create_dir(&data).unwrap();
        for file in 0..12 {
            let path = data.join(format!("{file}.csv"));
            let mut truth = "{}\n".to_owned();
            let mut cells = "loyalty,n\n".to_owned();
            for row in 1..=30 {
                let _ = writeln!(cells, "KL-{file:02}{:04},{row}", row * 311);
                let _ = writeln!(
                    truth,
                    "{{\"row\":{row},\"column\":\"loyalty\",\"detector\":\"loyalty-number\"}}"
                );
            }
            std::fs::write(&path, cells).unwrap();
            std::fs::write(truth_of(&path), truth).unwrap();
        }
        let labelled = Labelled::load(Corpus::open(&[data]).unwrap()).unwrap();
        let scan_of = |rules| Scan::of(vec![], rules);
        let fit = fit(&rules, labelled, 3, scan_of, &mut |_| {}).unwrap();
        assert!(fit.is_better(), "{fit:?}");
        assert!(fit.weights().header_exactly > 3.0, "{fit:?}");
        assert!(fit.scores_held_out.log_loss < fit.scores_before.log_loss);
        assert!(fit.folds.iter().all(|fold| fold.held_out.len() == 4));
        let text = yaml(&fit);
        assert!(
            text.contains("header-exactly: ") && text.contains("; was 3, fitted "),
            "{text}"
        );
        assert!(!text.contains("KL-"), "no value is in it");
        let path = folder.path().join("weights.yaml");
        std::fs::write(&path, &text).unwrap();
        assert_eq!(Weights::load(&path).unwrap(), fit.fitted);
    }
}
