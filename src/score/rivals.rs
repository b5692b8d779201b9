//! Detectors that claim the same whole cells of a column, weighed against each other form by form: what is left of each.

use std::collections::BTreeMap;

use super::column::Judge;
use super::{Stratum, logit, shared};
use crate::detect::{DetectorId, FormId};

/// Two forms that together have so many times a column's cells don't just take turns in it: a few cells more than there are
/// can be an accident.
const APART: f64 = 1.1;

/// The detectors of a column's whole cells.
pub(super) type Whole = Vec<DetectorVerdict>;

/// How a detector stands in a column before its rivals are looked at.
#[derive(Default)]
struct Standing {
    sure: f64,
    log_odds: f64,
    /// Whole cells of its shape.
    cells: u64,
    /// Those of them that are more than pass by chance.
    beyond_chance: f64,
    invalid: u64,
    /// The forms that such cells have.
    forms: Vec<FormStanding>,
}

/// How a form stands among a column's whole cells before its rivals are looked at.
struct FormStanding {
    form: FormId,
    sure: f64,
    log_odds: f64,
    /// As those of its detector; none where it would hardly claim them.
    beyond_chance: f64,
}

impl FormStanding {
    /// Whether there is anything that a rival could take away, or that could take it from a rival.
    fn is_likely(&self) -> bool {
        self.sure >= shared::HOPELESS
    }
}

/// What rivals leave of a form's whole cells.
#[derive(Clone, Debug)]
pub(super) struct FormVerdict {
    pub(super) form: FormId,
    /// How much better the others explain the same cells, as odds.
    others: f64,
    /// The share of its cells that no other takes away by itself.
    apart: f64,
    /// How sure it is without them.
    pub(super) alone: f64,
    /// Whether one of them explains the cells better.
    pub(super) outdone: bool,
}

impl FormVerdict {
    /// How sure it is beside them.
    pub(super) fn sure(&self) -> f64 {
        self.alone / (1.0 + self.others) * self.apart
    }
}

/// How sure a column is to hold whole cells of a detector.
#[derive(Clone, Debug)]
pub(crate) struct DetectorVerdict {
    pub(crate) detector: DetectorId,
    /// Confidence of a whole cell that passes.
    pub(crate) sure: f64,
    /// What is left of each of its forms.
    pub(super) forms: Vec<FormVerdict>,
    /// Whole cells of its shape.
    pub(super) cells: u64,
    /// Whether another detector explains the same cells better.
    pub(crate) outdone: bool,
    /// Values of the shape that fail the check though the column is certain.
    pub(crate) invalid: u64,
}

impl Judge<'_> {
    /// How sure the column is to hold whole cells of each detector, rivals weighed against each other.
    pub(super) fn whole(&self) -> Whole {
        let mut by_detector: BTreeMap<DetectorId, Standing> = BTreeMap::new();
        for (id, tally) in self.column.tally.forms.iter() {
            let (all, passed) = tally.passes(Stratum::Whole);
            if all == 0 {
                continue;
            }
            let posterior = self.posterior(id, tally, Stratum::Whole);
            let (sure, log_odds) = if passed > 0 {
                (posterior.passed, posterior.log_odds)
            } else {
                (posterior.unlisted, logit(posterior.unlisted))
            };
            let standing = by_detector.entry(self.form(id).detector).or_default();
            if sure >= standing.sure {
                standing.sure = sure;
                standing.log_odds = log_odds;
            }
            standing.cells += all;
            let mut form = FormStanding {
                form: id,
                sure,
                log_odds,
                beyond_chance: 0.0,
            };
            if form.is_likely() {
                form.beyond_chance = self.beyond_chance(id, all, passed);
            }
            standing.beyond_chance += form.beyond_chance;
            standing.forms.push(form);
            if !self.form(id).soft && self.form(id).chance < 1.0 && sure > 0.95 && passed * 2 > all
            {
                standing.invalid += all - passed;
            }
        }
        let standings = &by_detector;
        let mut whole: Whole = standings
            .iter()
            .map(|(&detector, standing)| {
                let forms = standing.forms.iter();
                let forms: Vec<_> = forms
                    .map(|own| self.form_verdict(detector, own, standings))
                    .collect();
                let left = forms.iter().filter(|form| !form.outdone);
                let best = left.map(FormVerdict::sure).fold(None, |best, sure| {
                    Some(best.map_or(sure, |best: f64| best.max(sure)))
                });
                let outdone = || forms.iter().map(FormVerdict::sure).fold(0.0, f64::max);
                DetectorVerdict {
                    detector,
                    sure: best.unwrap_or_else(outdone),
                    outdone: best.is_none(),
                    forms,
                    cells: standing.cells,
                    invalid: standing.invalid,
                }
            })
            .collect();
        whole.sort_by(|a, b| b.sure.total_cmp(&a.sure).then(a.detector.cmp(&b.detector)));
        whole
    }

    /// How many of a form's whole cells pass its check for another reason than chance; where that isn't known, all that pass.
    fn beyond_chance(&self, id: FormId, all: u64, passed: u64) -> f64 {
        let form = self.form(id);
        if form.checks.is_listed() {
            return all as f64;
        }
        if form.chance >= 1.0 {
            return passed as f64;
        }
        let by_chance = form.chance * all as f64;
        ((passed as f64 - by_chance) / (1.0 - form.chance)).max(0.0)
    }

    /// What the other detectors leave of a form: of those that explain the same cells one is true at the most.
    fn form_verdict(
        &self,
        detector: DetectorId,
        own: &FormStanding,
        standings: &BTreeMap<DetectorId, Standing>,
    ) -> FormVerdict {
        let mine = &standings[&detector];
        let (mut others, mut apart, mut outdone) = (0.0, 1.0, false);
        for (&other, rival) in standings.iter().filter(|(other, _)| **other != detector) {
            // Both can't have so many cells without having some in common. What passes by chance doesn't count: where two kinds of
            // numbers of the same shape take turns, each kind has all cells, but not all of them pass.
            let both = rival.beyond_chance + own.beyond_chance;
            let (ours, theirs, covered) = if both > self.column.tally.nonempty as f64 * APART {
                let (theirs, covered) = self.covered(own, rival);
                (mine.log_odds, theirs, covered)
            } else if let Some(theirs) = self.in_common(own, rival) {
                (own.log_odds, theirs, 1.0)
            } else {
                continue;
            };
            // Which of two national numbers it is matters less than that it is one.
            let kin = self.is_national(detector) && self.is_national(other);
            let share = if kin { 0.5 } else { 1.0 };
            let odds = share * (theirs - ours).exp();
            if covered < shared::SAME {
                apart *= 1.0 - covered * odds.min(1e9) / (1.0 + odds.min(1e9));
                continue;
            }
            others += odds;
            // Two national numbers with one check and nothing to tell them apart are both possible.
            let is_tie = kin && (theirs - ours).abs() < shared::TIE;
            outdone |=
                !is_tie && (theirs, std::cmp::Reverse(other)) > (ours, std::cmp::Reverse(detector));
        }
        FormVerdict {
            form: own.form,
            others,
            apart,
            alone: own.sure,
            outdone,
        }
    }

    /// How well a rival explains cells of a form, and what share of them: by the values they have in common, or, where those
    /// are written in different ways or are words of lists, which come again and again, by their number.
    fn covered(&self, own: &FormStanding, rival: &Standing) -> (f64, f64) {
        let (mut best, mut covered) = (f64::NEG_INFINITY, 0.0);
        let is_listed = self.form(own.form).checks.is_listed();
        let forms = rival.forms.iter().filter(|_| !is_listed);
        for form in forms.filter(|form| form.is_likely()) {
            let share = shared::share(own.form, form.form, self.column.tally);
            if share > 0.0 {
                best = best.max(form.log_odds);
                covered += share;
            }
        }
        if covered == 0.0 {
            covered = rival.beyond_chance / own.beyond_chance.max(1.0);
            best = rival.log_odds;
        }
        (best, covered.min(1.0))
    }

    /// How well a rival's forms explain the values that they have in common with a form, if they have most of them.
    fn in_common(&self, own: &FormStanding, rival: &Standing) -> Option<f64> {
        let rivals = rival.forms.iter().filter(|rival| {
            own.is_likely()
                && rival.is_likely()
                && shared::share(own.form, rival.form, self.column.tally) >= shared::SAME
        });
        rivals.map(|rival| rival.log_odds).max_by(f64::total_cmp)
    }
}
