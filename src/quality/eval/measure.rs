//! The figures: precision and recall, their intervals, curves, and calibration.
//!
//! Confidence has three decimals everywhere, so a [`Histogram`] of a thousand and one steps holds all that a curve, an
//! average precision or a reliability diagram needs to know, exactly.

use serde::Serialize;

use crate::quality::generate::Rng;

/// Steps of confidence: thousandths.
const STEPS: usize = 1001;
/// Bars of a reliability diagram.
const BARS: usize = 10;
/// The normal quantile of an interval of 95 %.
const Z: f64 = 1.959_964;
/// Resamples of a bootstrap.
const RESAMPLES: usize = 1000;

/// Counts at one threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Labelled and found.
    pub found: u64,
    /// Found and not labelled.
    pub false_alarms: u64,
    /// Labelled and not found.
    pub missed: u64,
}

impl Counts {
    /// Adds those of another part.
    pub fn add(&mut self, other: Counts) {
        self.found += other.found;
        self.false_alarms += other.false_alarms;
        self.missed += other.missed;
    }

    /// The share of findings that are right; none without findings.
    pub fn precision(self) -> Option<f64> {
        share(self.found, self.found + self.false_alarms)
    }

    /// The share of labels that are found; none without labels.
    pub fn recall(self) -> Option<f64> {
        share(self.found, self.found + self.missed)
    }

    /// The F-measure: recall counts `beta` times as much as precision. None where there is neither label nor finding.
    pub fn f(self, beta: f64) -> Option<f64> {
        let square = beta * beta;
        let over = (1.0 + square) * self.found as f64;
        let under = over + square * self.missed as f64 + self.false_alarms as f64;
        (under > 0.0).then(|| over / under)
    }
}

fn share(part: u64, all: u64) -> Option<f64> {
    (all > 0).then(|| part as f64 / all as f64)
}

/// A figure, and where the true one lies with a probability of 95 %.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The figure.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Wilson's interval of a share; none of nothing.
pub fn wilson(part: u64, all: u64) -> Option<Estimate> {
    let value = share(part, all)?;
    let n = all as f64;
    let middle = value + Z * Z / (2.0 * n);
    let reach = Z * (value * (1.0 - value) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    Some(Estimate {
        value,
        low: ((middle - reach) / scale).max(0.0),
        high: ((middle + reach) / scale).min(1.0),
    })
}

/// A figure of counts that come in clusters, with the interval that a bootstrap over the clusters gives. Cells of one
/// column are alike, so intervals that take each cell for a witness of its own are far too narrow.
pub fn bootstrap(
    clusters: &[Counts],
    figure: impl Fn(Counts) -> Option<f64>,
    seed: u64,
) -> Option<Estimate> {
    let mut all = Counts::default();
    for &cluster in clusters {
        all.add(cluster);
    }
    let value = figure(all)?;
    let mut rng = Rng::new(seed, 0);
    let mut values: Vec<f64> = (0..RESAMPLES)
        .filter_map(|_| figure(resampled(clusters, &mut rng)))
        .collect();
    let (low, high) = middle(&mut values);
    Some(Estimate { value, low, high })
}

fn resampled(clusters: &[Counts], rng: &mut Rng) -> Counts {
    let mut sum = Counts::default();
    for _ in 0..clusters.len() {
        sum.add(clusters[rng.below(clusters.len() as u64) as usize]);
    }
    sum
}

/// Between which values the middle 95 % lie.
fn middle(values: &mut [f64]) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| {
        #[expect(clippy::cast_sign_loss, reason = "a share is not negative")]
        let index = ((values.len().saturating_sub(1)) as f64 * share).round() as usize;
        values.get(index).copied().unwrap_or(f64::NAN)
    };
    (at(0.025), at(0.975))
}

/// How much a figure differs between two rule sets over the same clusters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// B less A, and between which values it lies.
    pub by: Estimate,
    /// The probability of a difference as large as that if there were none.
    pub chance: f64,
}

/// Paired bootstrap: both rule sets are measured on the same resampled clusters, so what is hard for both cancels out.
pub fn paired(
    clusters: &[(Counts, Counts)],
    figure: impl Fn(Counts) -> Option<f64>,
    seed: u64,
) -> Option<Difference> {
    let by = |pairs: &mut dyn Iterator<Item = (Counts, Counts)>| {
        let (mut a, mut b) = (Counts::default(), Counts::default());
        for pair in pairs {
            a.add(pair.0);
            b.add(pair.1);
        }
        Some(figure(b)? - figure(a)?)
    };
    let value = by(&mut clusters.iter().copied())?;
    let mut rng = Rng::new(seed, 1);
    let mut values: Vec<f64> = (0..RESAMPLES)
        .filter_map(|_| {
            let mut pairs =
                (0..clusters.len()).map(|_| clusters[rng.below(clusters.len() as u64) as usize]);
            by(&mut pairs)
        })
        .collect();
    let all = values.len().max(1) as f64;
    let below = values.iter().filter(|&&value| value <= 0.0).count() as f64 / all;
    let above = values.iter().filter(|&&value| value >= 0.0).count() as f64 / all;
    let (low, high) = middle(&mut values);
    Some(Difference {
        by: Estimate { value, low, high },
        chance: (2.0 * below.min(above)).clamp(1.0 / RESAMPLES as f64, 1.0),
    })
}

/// How many findings of each confidence are right and wrong, and how many labels there are.
#[derive(Clone, Debug)]
pub struct Histogram {
    right: Box<[u64]>,
    wrong: Box<[u64]>,
    labels: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            right: vec![0; STEPS].into(),
            wrong: vec![0; STEPS].into(),
            labels: 0,
        }
    }
}

/// One threshold of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// The threshold.
    pub confidence: f64,
    /// Precision there; none without findings.
    pub precision: Option<f64>,
    /// Recall there.
    pub recall: Option<f64>,
}

/// One bar of a reliability diagram.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bar {
    /// Mean confidence of its findings.
    pub confidence: f64,
    /// The share of them that is right.
    pub right: f64,
    /// How many there are.
    pub findings: u64,
}

/// How well confidence says how often findings are right.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// Expected calibration error: the mean distance between confidence and the share that is right.
    pub error: Option<f64>,
    /// The reliability diagram, in steps of a tenth; steps without findings are left out.
    pub bars: Vec<Bar>,
}

impl Histogram {
    /// Counts a label, and the confidence with which it was found: 0 if it was not.
    pub fn label(&mut self, thousandths: u16) {
        self.labels += 1;
        if thousandths > 0 {
            self.right[usize::from(thousandths).min(STEPS - 1)] += 1;
        }
    }

    /// Counts a false alarm.
    pub fn alarm(&mut self, thousandths: u16) {
        self.wrong[usize::from(thousandths).min(STEPS - 1)] += 1;
    }

    /// Adds the counts of another.
    pub fn add(&mut self, other: &Histogram) {
        for (sum, more) in self.right.iter_mut().zip(&other.right) {
            *sum += more;
        }
        for (sum, more) in self.wrong.iter_mut().zip(&other.wrong) {
            *sum += more;
        }
        self.labels += other.labels;
    }

    /// The counts when only findings of at least this confidence count.
    pub fn at(&self, thousandths: u16) -> Counts {
        let from = usize::from(thousandths).min(STEPS - 1);
        let found = self.right[from..].iter().sum();
        Counts {
            found,
            false_alarms: self.wrong[from..].iter().sum(),
            missed: self.labels.saturating_sub(found),
        }
    }

    /// Precision and recall at every threshold at which they change, from sure to unsure.
    pub fn curve(&self) -> Vec<Point> {
        let (mut found, mut false_alarms) = (0, 0);
        let mut points = Vec::new();
        for step in (1..STEPS).rev() {
            if self.right[step] + self.wrong[step] == 0 {
                continue;
            }
            found += self.right[step];
            false_alarms += self.wrong[step];
            points.push(Point {
                confidence: step as f64 / 1000.0,
                precision: share(found, found + false_alarms),
                recall: share(found, self.labels),
            });
        }
        points
    }

    /// Average precision: the area below the curve, in steps; none without labels.
    pub fn average_precision(&self) -> Option<f64> {
        if self.labels == 0 {
            return None;
        }
        let (mut area, mut before) = (0.0, 0.0);
        for point in self.curve() {
            let recall = point.recall.unwrap_or_default();
            area += (recall - before) * point.precision.unwrap_or_default();
            before = recall;
        }
        Some(area)
    }

    /// How well confidence says how often findings are right.
    pub fn calibration(&self) -> Calibration {
        let mut bars = Vec::new();
        let (mut distance, mut all) = (0.0, 0_u64);
        for bar in 0..BARS {
            let width = (STEPS - 1) / BARS;
            let last = if bar + 1 == BARS {
                STEPS
            } else {
                (bar + 1) * width
            };
            let steps = bar * width..last;
            let right: u64 = self.right[steps.clone()].iter().sum();
            let wrong: u64 = self.wrong[steps.clone()].iter().sum();
            let findings = right + wrong;
            if findings == 0 {
                continue;
            }
            let sum: f64 = steps
                .map(|step| step as f64 / 1000.0 * (self.right[step] + self.wrong[step]) as f64)
                .sum();
            let confidence = sum / findings as f64;
            let share = right as f64 / findings as f64;
            distance += (confidence - share).abs() * findings as f64;
            all += findings;
            bars.push(Bar {
                confidence,
                right: share,
                findings,
            });
        }
        Calibration {
            error: (all > 0).then(|| distance / all as f64),
            bars,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-4
    }

    #[test]
    fn figures_are_those_of_the_textbook() {
        let counts = Counts {
            found: 8,
            false_alarms: 2,
            missed: 4,
        };
        assert!(near(counts.precision().unwrap(), 0.8));
        assert!(near(counts.recall().unwrap(), 0.66667));
        assert!(near(counts.f(1.0).unwrap(), 0.72727));
        assert!(near(counts.f(2.0).unwrap(), 0.68966));
        assert_eq!(Counts::default().f(1.0), None);
        let interval = wilson(8, 10).unwrap();
        assert!(
            near(interval.low, 0.49016) && near(interval.high, 0.94331),
            "{interval:?}"
        );
        assert_eq!(wilson(0, 0), None);
    }

    #[test]
    fn a_curve_goes_from_sure_to_unsure() {
        let mut histogram = Histogram::default();
        for confidence in [900, 800, 0] {
            histogram.label(confidence);
        }
        histogram.alarm(850);
        let curve = histogram.curve();
        assert_eq!(curve.len(), 3);
        assert_eq!(curve[1].precision, Some(0.5));
        // One of three at precision 1, the second at two of three.
        assert!(near(
            histogram.average_precision().unwrap(),
            1.0 / 3.0 + 2.0 / 9.0
        ));
        assert_eq!(histogram.at(850).false_alarms, 1);
        assert_eq!(histogram.at(851).false_alarms, 0);
    }

    #[test]
    fn calibration_compares_confidence_with_what_is_right() {
        let mut histogram = Histogram::default();
        (0..8).for_each(|_| histogram.label(800));
        (0..2).for_each(|_| histogram.alarm(800));
        assert!(histogram.calibration().error.unwrap() < 1e-9);
        (0..10).for_each(|_| histogram.alarm(800));
        assert!(near(histogram.calibration().error.unwrap(), 0.4));
    }

    #[test]
    fn a_paired_bootstrap_sees_what_is_more_than_chance() {
        let all = |found, missed| Counts {
            found,
            false_alarms: 0,
            missed,
        };
        let better: Vec<_> = (0..40).map(|_| (all(5, 5), all(9, 1))).collect();
        let difference = paired(&better, Counts::recall, 1).unwrap();
        assert!(near(difference.by.value, 0.4) && difference.chance < 0.01);
        let mixed: Vec<_> = (0..40)
            .map(|n| {
                if n % 2 == 0 {
                    (all(5, 5), all(6, 4))
                } else {
                    (all(6, 4), all(5, 5))
                }
            })
            .collect();
        assert!(paired(&mixed, Counts::recall, 1).unwrap().chance > 0.3);
    }
}
