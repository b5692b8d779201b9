//! What each rule costs, by sampling: a sample of the corpus is scanned with one rule at a time, and the least of several runs
//! counts. Rules share tables and automata when they run together, so this is what a rule costs by itself, and the shares
//! say which to look at first; timing every call in a scan would slow it down and measure the clock.

use std::fs::File;
use std::io::Read;

use serde::Serialize;

use super::outcome::Labelled;
use crate::error::Error;
use crate::input::Bytes;
use crate::rule::RuleSet;
use crate::scan::{Progress, Scan};

/// Bytes of the start of each file that are taken.
const OF_EACH: u64 = 128 << 10;
/// Bytes of the sample at the most.
const MOST: usize = 4 << 20;
/// Runs of which the least counts.
const RUNS: usize = 3;

/// What one rule costs.
#[derive(Clone, Debug, Serialize)]
pub struct Cost {
    /// The rule.
    pub detector: String,
    /// Its share of the time of all rules.
    pub share: f64,
    /// Nanoseconds for each byte, beyond reading.
    pub nanoseconds: f64,
}

/// What each rule costs on a sample of a corpus, the dearest first.
pub fn profile(rules: &RuleSet, labelled: &Labelled) -> Result<Vec<Cost>, Error> {
    let sample = sample(labelled);
    let bytes: usize = sample.iter().map(|(_, bytes)| bytes.len()).sum();
    let mut seconds = Vec::with_capacity(rules.rules.len());
    for rule in &rules.rules {
        let mut alone = rules.clone();
        alone.rules = vec![rule.clone()];
        let mut scan = Scan::of(Vec::new(), alone);
        scan.threads = 1;
        let mut least = f64::INFINITY;
        for _ in 0..RUNS {
            let summary =
                scan.run_in_memory(sample.clone(), &Progress::default(), &mut |_| Ok(()))?;
            least = least.min(summary.seconds);
        }
        seconds.push(least);
    }
    // The cheapest rule costs next to nothing: what it takes is reading.
    let reading = seconds.iter().copied().fold(f64::INFINITY, f64::min);
    let all: f64 = seconds.iter().map(|seconds| seconds - reading).sum();
    let mut costs: Vec<Cost> = rules
        .rules
        .iter()
        .zip(&seconds)
        .map(|(rule, seconds)| Cost {
            detector: rule.id.clone(),
            share: (seconds - reading) / all.max(1e-9),
            nanoseconds: (seconds - reading) * 1e9 / bytes.max(1) as f64,
        })
        .collect();
    costs.sort_by(|a, b| {
        b.share
            .total_cmp(&a.share)
            .then_with(|| a.detector.cmp(&b.detector))
    });
    Ok(costs)
}

/// The starts of files, up to the end of a line.
fn sample(labelled: &Labelled) -> Vec<(String, Bytes)> {
    let mut sample = Vec::new();
    let mut all = 0;
    for entry in &labelled.entries {
        let mut bytes = Vec::new();
        let read =
            File::open(&entry.data).and_then(|file| file.take(OF_EACH).read_to_end(&mut bytes));
        if read.is_err() || all >= MOST {
            continue;
        }
        let end = memchr::memrchr(b'\n', &bytes).map_or(bytes.len(), |at| at + 1);
        bytes.truncate(end);
        all += bytes.len();
        sample.push((entry.data.to_string_lossy().into_owned(), bytes.into()));
    }
    sample
}
