//! Bayes' rule over what a column's values could be: all genuine, some, or none.

use std::cell::RefCell;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::{EvidenceSet, probability};
use crate::detect::FormId;

/// Steps of the share of genuine values in a mixed column.
const STEPS: u32 = 20;

/// How much of its kind a list may know: of a table of one village or one language next to nothing.
const KNOWN: [f64; 12] = [
    0.002, 0.02, 0.05, 0.1, 0.15, 0.25, 0.35, 0.5, 0.65, 0.75, 0.85, 0.95,
];

/// How much of anything else it knows, by its chance.
const ACCIDENTS: [f64; 6] = [0.05, 0.2, 0.5, 1.0, 2.0, 4.0];

/// What was weighed before: short tables ask the same again and again, and so do tables of one make.
#[derive(Default)]
pub(crate) struct Weighed(RefCell<HashMap<Asked, Posterior, FixedState>>);

/// A form, and the bits of its prior, of how many values there are, and of how many of them pass.
type Asked = (FormId, [u64; 3]);

/// Answers kept; when there are more, all are forgotten.
const MOST_WEIGHED: usize = 1 << 14;

impl Weighed {
    /// The same as [`weigh`]; a form has the same rates each time.
    pub(super) fn weigh(
        &self,
        form: FormId,
        (prior, n, k): (f64, f64, f64),
        rates: Rates,
    ) -> Posterior {
        let mut known = self.0.borrow_mut();
        if known.len() >= MOST_WEIGHED {
            known.clear();
        }
        *known
            .entry((form, [prior, n, k].map(f64::to_bits)))
            .or_insert_with(|| weigh(prior, n, k, rates))
    }
}

/// What the values of one form and stratum say.
#[derive(Clone, Copy)]
pub(super) struct Posterior {
    /// A value that passes is genuine.
    pub(super) passed: f64,
    /// A value that no list knows is genuine.
    pub(super) unlisted: f64,
    /// How much better genuine values explain the column than others, as log-odds: a thousand values say more than a
    /// probability can hold, and this is what rivals are compared by.
    pub(super) log_odds: f64,
}

impl Posterior {
    /// Where there is no check to learn from.
    pub(super) fn by_prior(prior: f64) -> Self {
        let sure = probability(prior);
        Self {
            passed: sure,
            unlisted: sure,
            log_odds: prior,
        }
    }

    /// The same, with at most so much more than `prior` in log-odds.
    pub(super) fn at_most(mut self, prior: f64, gain: f64) -> Self {
        let most = prior + gain;
        self.passed = self.passed.min(probability(most));
        self.unlisted = self.unlisted.min(probability(most));
        self.log_odds = self.log_odds.min(most);
        self
    }

    /// The probability for a value that passes, where any does.
    pub(super) fn of_best(&self, passed: u64) -> f64 {
        if passed > 0 {
            self.passed
        } else {
            self.unlisted
        }
    }

    /// The probability for a value of this evidence.
    pub(super) fn of(&self, evidence: EvidenceSet) -> f64 {
        if evidence.has(EvidenceSet::PASSED) {
            self.passed
        } else {
            self.unlisted
        }
    }
}

/// How often values pass a check.
#[derive(Clone, Copy)]
pub(super) struct Rates {
    /// Of values that only look so.
    pub(super) chance: f64,
    /// Of genuine ones.
    pub(super) valid: f64,
    /// Whether the check is a list of words, so that both rates are guesses.
    pub(super) listed: bool,
}

/// Bayes' rule over the three explanations of `n` values of which `k` pass.
fn weigh(prior: f64, n: f64, k: f64, rates: Rates) -> Posterior {
    let Rates {
        chance,
        valid,
        listed,
    } = rates;
    let q = probability(prior);
    let some = q * 0.15 + (1.0 - q) * (0.5 * q).min(0.02);
    let all = q * 0.85;
    let none = (1.0 - some - all).max(1e-9);
    let likelihood = |share: f64| {
        let share = share.clamp(1e-4, 1.0 - 1e-4);
        k * share.ln() + (n - k) * (1.0 - share).ln()
    };
    let mut terms: Vec<(f64, f64, f64)> = Vec::new();
    // How many of a list's kind it knows is uncertain, and so is how many others it knows by accident.
    if listed {
        for share in KNOWN {
            terms.push((
                all.ln() - (KNOWN.len() as f64).ln() + likelihood(share),
                1.0,
                1.0,
            ));
        }
        for factor in ACCIDENTS {
            terms.push((
                none.ln() - (ACCIDENTS.len() as f64).ln() + likelihood((chance * factor).min(0.9)),
                0.0,
                0.0,
            ));
        }
    } else {
        terms.push((all.ln() + likelihood(valid), 1.0, 1.0));
        terms.push((none.ln() + likelihood(chance), 0.0, 0.0));
    }
    for step in 0..STEPS {
        let f = (f64::from(step) + 0.5) / f64::from(STEPS);
        let passes = f * valid + (1.0 - f) * chance;
        let fails = f * (1.0 - valid) + (1.0 - f) * (1.0 - chance);
        let weight = some.ln() - f64::from(STEPS).ln() + likelihood(passes);
        terms.push((
            weight,
            f * valid / passes,
            f * (1.0 - valid) / fails.max(1e-9),
        ));
    }
    let top = terms
        .iter()
        .map(|term| term.0)
        .fold(f64::NEG_INFINITY, f64::max);
    let (mut sum, mut passed, mut unlisted) = (0.0, 0.0, 0.0);
    for &(log_weight, if_passed, if_unlisted) in &terms {
        let weight = (log_weight - top).exp();
        sum += weight;
        passed += weight * if_passed;
        unlisted += weight * if_unlisted;
    }
    let log_sum = |genuine: bool| {
        let some = terms.iter().filter(|term| (term.1 > 0.0) == genuine);
        let top = some
            .clone()
            .map(|term| term.0)
            .fold(f64::NEG_INFINITY, f64::max);
        top + some.map(|term| (term.0 - top).exp()).sum::<f64>().ln()
    };
    let log_odds = log_sum(true) - log_sum(false);
    Posterior {
        passed: passed / sum,
        unlisted: unlisted / sum,
        log_odds,
    }
}

#[cfg(test)]
mod tests {
    use super::super::logit;
    use super::*;
    use crate::rule::Weights;

    const BSN: Rates = Rates {
        chance: 1.0 / 11.0,
        valid: 0.98,
        listed: false,
    };
    const NAMES: Rates = Rates {
        chance: 0.05,
        valid: 0.5,
        listed: true,
    };

    fn header_exactly() -> f64 {
        Weights::shipped().header_exactly
    }

    fn sure(prior: f64, n: f64, share: f64, rates: Rates) -> f64 {
        weigh(logit(prior), n, n * share, rates).passed
    }

    #[test]
    fn a_column_that_passes_by_chance_is_noise() {
        assert!(sure(0.02, 200.0, 0.093, BSN) < 0.02);
        assert!(sure(0.5, 200.0, 0.093, BSN) < 0.1, "whatever its header");
    }

    #[test]
    fn a_column_that_passes_is_certain_whatever_its_header() {
        assert!(sure(0.02, 200.0, 0.998, BSN) > 0.99);
        assert!(sure(0.001, 30.0, 1.0, BSN) > 0.99);
    }

    #[test]
    fn in_a_mixed_column_a_passing_value_is_as_sure_as_the_mixture_says() {
        let mixed = sure(0.02, 200.0, 0.3, BSN);
        assert!((0.65..0.85).contains(&mixed), "{mixed}");
    }

    #[test]
    fn one_number_alone_is_no_evidence_but_with_a_header_it_is() {
        assert!(sure(0.02, 1.0, 1.0, BSN) < 0.3);
        assert!(weigh(logit(0.02) + header_exactly(), 1.0, 1.0, BSN).passed > 0.97);
    }

    #[test]
    fn names_that_no_list_knows_need_the_header() {
        let header = weigh(logit(0.03) + header_exactly(), 50.0, 0.0, NAMES);
        assert!(header.unlisted > 0.5, "{}", header.unlisted);
        assert!(weigh(logit(0.03), 50.0, 0.0, NAMES).unlisted < 0.05);
        assert!(
            weigh(logit(0.03), 50.0, 30.0, NAMES).passed > 0.9,
            "a column that the list knows"
        );
    }
}
