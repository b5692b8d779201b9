//! The column decides: what its values show together, its header, and its neighbours.
//!
//! For each form and stratum there are three explanations: all values of the shape are genuine, some are, none is. How
//! many pass the check, compared with how many would pass by chance, weighs them against each other (Bayes' rule over
//! binomial likelihoods); the prior comes from the rule, the header and the neighbours. Of a nine-digit column in which
//! 9.3 % pass an 11-proof, none is the explanation; at 99.8 %, all; at 30 %, some, and each one that passes is then
//! genuine with a probability that follows.
//!
//! Everything here is a pure function of tallies, so results do not depend on how data were split over threads.

use std::collections::BTreeMap;

use super::{ColumnTally, EvidenceSet, FormTally, Stratum, WEIGHTS, logit, probability};
use crate::detect::context::{HeaderFact, Says};
use crate::detect::{CompiledForm, DetectorId, FormId, Matcher};
use crate::rule::Category;

/// Values that count as independent evidence, at the most: columns are never quite as random as the model.
const ENOUGH_CHECKED: f64 = 200.0;
/// The same for lists of words, whose chance rate depends on what else the column could hold.
const ENOUGH_LISTED: f64 = 50.0;
/// Steps of the share of genuine values in a mixed column.
const STEPS: u32 = 20;
/// A column this sure speaks for its neighbours.
const SURE: f64 = 0.9;

/// What is known of a column when it is judged.
pub(crate) struct ColumnFacts<'a> {
    pub(crate) header: &'a [HeaderFact],
    pub(crate) tally: &'a ColumnTally,
}

/// How sure each kind of candidate in a column is.
#[derive(Debug, Default)]
pub(crate) struct ColumnVerdict {
    /// Confidence by form and evidence.
    pub(crate) confidence: BTreeMap<(FormId, EvidenceSet), f64>,
    /// Why, for each form and stratum.
    pub(crate) reasons: BTreeMap<(FormId, Stratum), Reasons>,
    /// The detectors of the column, surest first.
    pub(crate) detectors: Vec<DetectorVerdict>,
}

/// Why the candidates of one form and stratum are as sure as they are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reasons {
    /// One reason each, without those that single values have.
    pub(crate) list: Vec<String>,
    /// The sum behind the confidence of a value that passes, in log-odds.
    pub(crate) weights: Vec<(String, f64)>,
}

/// How sure a column is to hold whole cells of a detector.
#[derive(Clone, Debug)]
pub(crate) struct DetectorVerdict {
    pub(crate) detector: DetectorId,
    /// Confidence of a whole cell that passes.
    pub(crate) sure: f64,
    /// The same as if it had no rivals.
    alone: f64,
    /// Whether another detector explains the same cells better.
    pub(crate) outdone: bool,
    /// Values of the shape that fail the check though the column is certain.
    pub(crate) invalid: u64,
}

/// The verdicts of a table's columns, in their order.
pub(crate) type TableVerdict = Vec<ColumnVerdict>;

/// Judges all columns of a table.
pub(crate) fn judge_table(matcher: &Matcher, columns: &[ColumnFacts<'_>]) -> TableVerdict {
    let alone: Vec<Whole> = columns
        .iter()
        .map(|column| {
            Judge {
                matcher,
                column,
                neighbours: &[],
            }
            .whole()
        })
        .collect();
    let sure: Vec<Option<DetectorId>> = columns
        .iter()
        .zip(&alone)
        .map(|(column, whole)| person_column(matcher, column, whole))
        .collect();
    columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let neighbours: Vec<&str> = sure
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != index)
                .filter_map(|(_, detector)| *detector)
                .map(|detector| &*matcher.detectors[usize::from(detector.0)].name.id)
                .take(3)
                .collect();
            Judge {
                matcher,
                column,
                neighbours: &neighbours,
            }
            .verdict()
        })
        .collect()
}

/// The detector of a person's contact, identity or number that fills this column for certain.
fn person_column(matcher: &Matcher, column: &ColumnFacts<'_>, whole: &Whole) -> Option<DetectorId> {
    whole
        .iter()
        .filter(|verdict| !verdict.outdone && verdict.sure >= SURE)
        .filter(|verdict| {
            let category = matcher.detectors[usize::from(verdict.detector.0)]
                .rule
                .category;
            matches!(
                category,
                Category::Contact | Category::Identity | Category::NationalId
            )
        })
        .find(|verdict| {
            let rows = column
                .tally
                .rows
                .get(verdict.detector)
                .copied()
                .unwrap_or(0);
            rows * 2 >= column.tally.nonempty
        })
        .map(|verdict| verdict.detector)
}

type Whole = Vec<DetectorVerdict>;

/// How a detector stands in a column before its rivals are looked at.
#[derive(Default)]
struct Standing {
    sure: f64,
    log_odds: f64,
    /// Whole cells of its shape.
    cells: u64,
    invalid: u64,
}

struct Judge<'a> {
    matcher: &'a Matcher,
    column: &'a ColumnFacts<'a>,
    neighbours: &'a [&'a str],
}

/// What the values of one form and stratum say.
struct Posterior {
    /// A value that passes is genuine.
    passed: f64,
    /// A value that no list knows is genuine.
    unlisted: f64,
    /// How much better genuine values explain the column than others, as log-odds: a thousand values say more than a
    /// probability can hold, and this is what rivals are compared by.
    log_odds: f64,
}

impl Judge<'_> {
    fn verdict(&self) -> ColumnVerdict {
        let whole = self.whole();
        let mut verdict = ColumnVerdict::default();
        for (id, tally) in self.column.tally.forms.iter() {
            let detector = self.form(id).detector;
            let standing = whole.iter().find(|known| known.detector == detector);
            for &(evidence, _) in &tally.buckets {
                if evidence.has(EvidenceSet::FAILED) {
                    continue;
                }
                let stratum = evidence.stratum();
                let posterior = self.posterior(id, tally, stratum);
                let mut log_odds = logit(if evidence.has(EvidenceSet::PASSED) {
                    posterior.passed
                } else {
                    posterior.unlisted
                });
                if stratum == Stratum::Whole
                    && let Some(standing) = standing
                {
                    log_odds += logit(standing.sure) - logit(standing.alone);
                    if standing.outdone {
                        log_odds = f64::NEG_INFINITY;
                    }
                }
                if evidence.has(EvidenceSet::RIVAL_NEAR) {
                    log_odds += WEIGHTS.rival_near;
                }
                if evidence.has(EvidenceSet::PLACEHOLDER) {
                    log_odds += WEIGHTS.placeholder;
                }
                let confidence = round(probability(log_odds).min(0.999));
                verdict.confidence.insert((id, evidence), confidence);
                verdict
                    .reasons
                    .entry((id, stratum))
                    .or_insert_with(|| Reasons {
                        list: self.reasons(id, tally, stratum),
                        weights: self.weights(id, tally, stratum, standing),
                    });
            }
        }
        verdict.detectors = whole;
        verdict
    }

    /// How sure the column is to hold whole cells of each detector, rivals weighed against each other.
    fn whole(&self) -> Whole {
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
            if !self.form(id).soft && self.form(id).chance < 1.0 && sure > 0.95 && passed * 2 > all
            {
                standing.invalid += all - passed;
            }
        }
        let nonempty = self.column.tally.nonempty;
        let mut whole: Whole = by_detector
            .iter()
            .map(|(&detector, standing)| {
                let rivals = by_detector.iter().filter(|(other, rival)| {
                    **other != detector && rival.cells + standing.cells > nonempty
                });
                // They explain the same cells, so one of them is true at the most.
                let (mut others, mut outdone) = (0.0, false);
                for (&other, rival) in rivals {
                    others += (rival.log_odds - standing.log_odds).exp();
                    outdone |= (rival.log_odds, std::cmp::Reverse(other))
                        > (standing.log_odds, std::cmp::Reverse(detector));
                }
                DetectorVerdict {
                    detector,
                    sure: standing.sure / (1.0 + others),
                    alone: standing.sure,
                    outdone,
                    invalid: standing.invalid,
                }
            })
            .collect();
        whole.sort_by(|a, b| b.sure.total_cmp(&a.sure).then(a.detector.cmp(&b.detector)));
        whole
    }

    fn form(&self, id: FormId) -> &CompiledForm {
        &self.matcher.forms[usize::from(id.0)]
    }

    fn posterior(&self, id: FormId, tally: &FormTally, stratum: Stratum) -> Posterior {
        let mut prior = self.prior(id, tally, stratum);
        if stratum == Stratum::Whole && self.has_sure_sibling(id) {
            prior += WEIGHTS.sibling;
        }
        self.posterior_from(prior, id, tally, stratum)
    }

    /// Whether another form of the same detector is certain of a good part of the column: half of the numbers with
    /// their country code, half without.
    fn has_sure_sibling(&self, id: FormId) -> bool {
        let detector = self.form(id).detector;
        self.column.tally.forms.iter().any(|(other, tally)| {
            let (_, passed) = tally.passes(Stratum::Whole);
            other != id
                && self.form(other).detector == detector
                && passed * 10 >= self.column.tally.nonempty
                && self
                    .posterior_from(
                        self.prior(other, tally, Stratum::Whole),
                        other,
                        tally,
                        Stratum::Whole,
                    )
                    .passed
                    >= SURE
        })
    }

    fn posterior_from(
        &self,
        prior: f64,
        id: FormId,
        tally: &FormTally,
        stratum: Stratum,
    ) -> Posterior {
        let form = self.form(id);
        if form.chance >= 1.0 {
            let sure = probability(prior);
            return Posterior {
                passed: sure,
                unlisted: sure,
                log_odds: prior,
            };
        }
        let (all, passed) = tally.passes(stratum);
        let shapes = &tally.shapes[usize::from(stratum != Stratum::Whole)];
        let enough = if form.soft {
            ENOUGH_LISTED
        } else {
            ENOUGH_CHECKED
        };
        let n = (all as f64).min(shapes.count().max(1) as f64).min(enough);
        let k = n * passed as f64 / (all as f64).max(1.0);
        weigh(
            prior,
            n,
            k,
            Rates {
                chance: form.chance,
                valid: form.valid,
                listed: form.soft,
            },
        )
    }

    /// Log-odds before the values' checks are looked at.
    fn prior(&self, id: FormId, tally: &FormTally, stratum: Stratum) -> f64 {
        let mut sum = 0.0;
        self.each_term(id, tally, stratum, &mut |_, weight| sum += weight);
        sum
    }

    /// Gives out the terms of [`Self::prior`], each with what speaks.
    fn each_term(
        &self,
        id: FormId,
        tally: &FormTally,
        stratum: Stratum,
        add: &mut dyn FnMut(&str, f64),
    ) {
        let form = self.form(id);
        let detector = form.detector;
        match stratum {
            Stratum::Whole => add("a cell of this shape", logit(form.prior)),
            Stratum::Text => add("this shape within a text", logit(form.prior_text)),
            Stratum::Near => {
                add("this shape within a text", logit(form.prior_text));
                add("a word nearby", WEIGHTS.near);
            }
        }
        let (header, exactly) = self.header(detector);
        add("the column's name", header);
        if !self.neighbours.is_empty() && self.is_personal(detector) {
            add("columns beside it", WEIGHTS.neighbours);
        }
        if stratum == Stratum::Whole && !exactly {
            let cells: u64 = self
                .column
                .tally
                .forms
                .iter()
                .filter(|(other, _)| self.form(*other).detector == detector)
                .map(|(_, tally)| tally.passes(Stratum::Whole).0)
                .sum();
            let share = (cells as f64 / self.column.tally.nonempty.max(1) as f64).min(1.0);
            add(
                "cells that do not have the shape",
                WEIGHTS.odd_one * (1.0 - share),
            );
            if form.prior < 0.5 && self.column.tally.nonempty >= 20 && tally.shapes[0].count() <= 2
            {
                add("hardly any different values", WEIGHTS.constant);
            }
        }
    }

    /// The whole sum for values of this kind that pass, as far as the column decides.
    fn weights(
        &self,
        id: FormId,
        tally: &FormTally,
        stratum: Stratum,
        standing: Option<&DetectorVerdict>,
    ) -> Vec<(String, f64)> {
        let mut list: Vec<(String, f64)> = Vec::new();
        self.each_term(id, tally, stratum, &mut |what, weight| {
            if weight != 0.0 {
                list.push((what.to_owned(), weight));
            }
        });
        if stratum == Stratum::Whole && self.has_sure_sibling(id) {
            list.push((
                "another way of writing it, certain here".to_owned(),
                WEIGHTS.sibling,
            ));
        }
        let before: f64 = list.iter().map(|(_, weight)| weight).sum();
        let (all, passed) = tally.passes(stratum);
        let posterior = self.posterior(id, tally, stratum);
        if self.form(id).chance < 1.0 {
            let sure = if passed > 0 {
                posterior.passed
            } else {
                posterior.unlisted
            };
            list.push((
                format!("{passed} of {all} pass the check"),
                logit(sure) - before,
            ));
        }
        if stratum == Stratum::Whole
            && let Some(standing) = standing
            && (standing.outdone || standing.sure < standing.alone)
        {
            let weight = if standing.outdone {
                -logit(1.0) * 2.0
            } else {
                logit(standing.sure) - logit(standing.alone)
            };
            list.push(("detectors that explain the same cells".to_owned(), weight));
        }
        list
    }

    fn header(&self, detector: DetectorId) -> (f64, bool) {
        header_weight(self.matcher, self.column.header, detector)
    }

    fn is_personal(&self, detector: DetectorId) -> bool {
        is_personal(self.matcher, detector)
    }
    fn reasons(&self, id: FormId, tally: &FormTally, stratum: Stratum) -> Vec<String> {
        let form = self.form(id);
        let mut list = Vec::new();
        match self
            .column
            .header
            .iter()
            .find(|fact| fact.detector == form.detector)
        {
            Some(HeaderFact { says, words, .. }) => list.push(match says {
                Says::Exactly => format!("header:{words}"),
                Says::Partly => format!("header part:{words}"),
                Says::Above => format!("path:{words}"),
                Says::About => format!("header about:{words}"),
                Says::Otherwise => format!("header against:{words}"),
            }),
            None if self.header(form.detector).0 < 0.0 => {
                let other = self
                    .column
                    .header
                    .iter()
                    .find(|fact| fact.says <= Says::Partly);
                if let Some(other) = other {
                    list.push(format!("header of another:{}", other.words));
                }
            }
            None => {}
        }
        let (all, passed) = tally.passes(stratum);
        if form.chance < 1.0 && all > 1 {
            let share = round(passed as f64 / all as f64);
            list.push(format!(
                "column:{share} pass, chance {}",
                round(form.chance)
            ));
        }
        if !self.neighbours.is_empty() && self.is_personal(form.detector) {
            list.push(format!("neighbours:{}", self.neighbours.join(",")));
        }
        list
    }
}

/// What the header weighs for a detector, and whether it is the detector's very word.
fn header_weight(matcher: &Matcher, facts: &[HeaderFact], detector: DetectorId) -> (f64, bool) {
    if let Some(fact) = facts.iter().find(|fact| fact.detector == detector) {
        let weight = match fact.says {
            Says::Exactly => WEIGHTS.header_exactly,
            Says::Partly => WEIGHTS.header_partly,
            Says::Above => WEIGHTS.header_above,
            Says::About => WEIGHTS.header_about,
            Says::Otherwise => WEIGHTS.header_otherwise,
        };
        return (weight, fact.says == Says::Exactly);
    }
    let rivals = matcher.context.rivals(detector);
    let weight = facts
        .iter()
        .map(|fact| {
            let rival = rivals.contains(&fact.detector);
            match fact.says {
                Says::Exactly if rival => WEIGHTS.header_rival,
                Says::Exactly | Says::Partly if rival => WEIGHTS.header_rival / 2.0,
                Says::Exactly => WEIGHTS.header_rival / 2.0,
                _ => 0.0,
            }
        })
        .fold(0.0, f64::min);
    (weight, false)
}

fn is_personal(matcher: &Matcher, detector: DetectorId) -> bool {
    !matches!(
        matcher.detectors[usize::from(detector.0)].rule.category,
        Category::Online | Category::Device | Category::Credential
    )
}

/// The most that a form can come to in a column, in log-odds.
pub(crate) struct Reach {
    /// As a whole cell.
    pub(crate) whole: f64,
    /// Within a text.
    pub(crate) text: f64,
}

/// How far a form can come in a column of this header, whatever its values and neighbours say.
pub(crate) fn reach(matcher: &Matcher, header: &[HeaderFact], id: FormId) -> Reach {
    let form = &matcher.forms[usize::from(id.0)];
    if form.chance < 1.0 {
        // Its check may show anything.
        return Reach {
            whole: f64::INFINITY,
            text: f64::INFINITY,
        };
    }
    let mut most = header_weight(matcher, header, form.detector).0;
    if is_personal(matcher, form.detector) {
        most += WEIGHTS.neighbours;
    }
    Reach {
        whole: logit(form.prior) + most + WEIGHTS.sibling,
        text: logit(form.prior_text) + most + WEIGHTS.near,
    }
}

/// How often values pass a check.
#[derive(Clone, Copy)]
struct Rates {
    /// Of values that only look so.
    chance: f64,
    /// Of genuine ones.
    valid: f64,
    /// Whether the check is a list of words, so that both rates are guesses.
    listed: bool,
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
        for step in 0..10 {
            terms.push((
                all.ln() - 10f64.ln() + likelihood(0.05 + 0.1 * f64::from(step)),
                1.0,
                1.0,
            ));
        }
        for factor in [1.0 / 3.0, 1.0, 2.0, 4.0] {
            terms.push((
                none.ln() - 4f64.ln() + likelihood((chance * factor).min(0.9)),
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

/// To three decimals, so that a confidence reads well and prints the same everywhere.
fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(weigh(logit(0.02) + WEIGHTS.header_exactly, 1.0, 1.0, BSN).passed > 0.97);
    }

    #[test]
    fn names_that_no_list_knows_need_the_header() {
        let header = weigh(logit(0.03) + WEIGHTS.header_exactly, 50.0, 0.0, NAMES);
        assert!(header.unlisted > 0.5, "{}", header.unlisted);
        assert!(weigh(logit(0.03), 50.0, 0.0, NAMES).unlisted < 0.05);
        assert!(
            weigh(logit(0.03), 50.0, 30.0, NAMES).passed > 0.9,
            "a column that the list knows"
        );
    }
}
