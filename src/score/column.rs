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

use super::prior::{self, Neighbours, Term, Terms};
use super::rivals::{DetectorVerdict, Whole};
use super::shared::{self, Claim};
use super::weigh::{Posterior, Rates, Weighed};
use super::{ColumnTally, EvidenceSet, FormTally, Stratum, logit, probability};
use crate::detect::context::HeaderFact;
use crate::detect::{CompiledForm, DetectorId, FormId, Matcher};
use crate::rule::Category;

/// A column this sure speaks for its neighbours.
const SURE: f64 = 0.9;
/// Shown for what nothing outweighs.
const BEYOND_DOUBT: f64 = 24.0;
/// From this chance on, what passes a check may be a kind of its own that passes it alike, as dates do: then more values don't
/// say ever more.
const WEAK: f64 = 0.3;
/// The most that such a check adds for whole cells, which are alike; and in texts, in log-odds.
const WEAK_WHOLE: f64 = 7.0;
const WEAK_TEXT: f64 = 5.0;
/// How often a value passes by chance where nobody knows it.
const EVEN: f64 = 0.5;
/// What is told of fails at least, where chance isn't known, in log-odds.
const TOLD: f64 = 0.05;
/// A list that knows so few values by chance, and so many of many cells, isn't mistaken whatever the header says: `Name or
/// description` of those who paid.
const SELDOM: f64 = 0.02;
const ENOUGH_NAMES: f64 = 20.0;
const MANY_NAMES: f64 = 0.25;
/// Neighbours of persons' data that are named.
const MOST_PERSONS: usize = 3;
/// A form this unsure speaks against others of its detector that have far fewer cells: so many times fewer.
const UNLIKELY: f64 = 0.1;
const MANY_MORE: u64 = 4;
/// A form this sure speaks for other forms of its detector in the same texts.
const FAIRLY_SURE: f64 = 0.7;

/// What is known of a column when it is judged.
pub(crate) struct ColumnFacts<'a> {
    pub(crate) header: &'a [HeaderFact],
    /// Whether it has a name: then its cells are alike, which lines of a text are not.
    pub(crate) is_named: bool,
    /// Whether that name was made up for want of one.
    pub(crate) is_nameless: bool,
    pub(crate) tally: &'a ColumnTally,
}

/// How sure each kind of candidate in a column is.
#[derive(Debug, Default)]
pub(crate) struct ColumnVerdict {
    /// Confidence by form and evidence.
    pub(crate) confidence: BTreeMap<(FormId, EvidenceSet), f64>,
    /// Why, for each form and stratum of which something is sure enough.
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

/// The verdicts of a table's columns, in their order.
pub(crate) type TableVerdict = Vec<ColumnVerdict>;

/// Judges all columns of a table. Reasons are given for what is at least as sure as `least`.
pub(crate) fn judge_table(
    matcher: &Matcher,
    columns: &[ColumnFacts<'_>],
    least: f64,
    weighed: &Weighed,
) -> TableVerdict {
    let nobody = Neighbours::default();
    let sure: Vec<Vec<DetectorId>> = columns
        .iter()
        .map(|column| {
            let judge = Judge {
                matcher,
                column,
                neighbours: &nobody,
                weighed,
            };
            judge.fillers(&judge.whole())
        })
        .collect();
    let certain = Certain::of(matcher, &sure);
    columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let neighbours = certain.but(index);
            Judge {
                matcher,
                column,
                neighbours: &neighbours,
                weighed,
            }
            .verdict(least)
        })
        .collect()
}

/// What the columns of a table are certain to hold, each with its column: from as few of them as tell what all but one hold.
#[derive(Default)]
struct Certain<'m> {
    persons: Vec<(usize, &'m str)>,
    countries: Vec<(usize, &'m str)>,
}

impl<'m> Certain<'m> {
    fn of(matcher: &'m Matcher, sure: &[Vec<DetectorId>]) -> Self {
        let mut certain = Self::default();
        let mut columns_of_persons = 0;
        for (index, detectors) in sure.iter().enumerate() {
            let before = certain.persons.len();
            for &detector in detectors {
                let compiled = &matcher.detectors[usize::from(detector.0)];
                let is_personal = matches!(
                    compiled.rule.category,
                    Category::Contact | Category::Identity | Category::NationalId
                );
                if is_personal && columns_of_persons <= MOST_PERSONS {
                    certain.persons.push((index, &compiled.name.id));
                }
                if let Some(country) = prior::country(matcher, detector) {
                    let known = certain.countries.iter();
                    let known = known.filter(|known| known.1 == country);
                    let known: Vec<usize> = known.map(|known| known.0).collect();
                    if known.len() < 2 && !known.contains(&index) {
                        certain.countries.push((index, country));
                    }
                }
            }
            columns_of_persons += usize::from(certain.persons.len() > before);
        }
        certain
    }

    /// What columns but one hold.
    fn but(&self, column: usize) -> Neighbours<'m> {
        let others = |(index, name): &(usize, &'m str)| (*index != column).then_some(*name);
        let persons = self.persons.iter().filter_map(others);
        let mut found = Neighbours::default();
        found.persons.extend(persons.take(MOST_PERSONS));
        for country in self.countries.iter().filter_map(others) {
            if !found.countries.contains(&country) {
                found.countries.push(country);
            }
        }
        found
    }
}

/// A column that is judged.
pub(super) struct Judge<'a> {
    matcher: &'a Matcher,
    pub(super) column: &'a ColumnFacts<'a>,
    neighbours: &'a Neighbours<'a>,
    weighed: &'a Weighed,
}

impl Judge<'_> {
    fn verdict(&self, least: f64) -> ColumnVerdict {
        let whole = self.whole();
        let host = self.fillers(&whole).first().copied();
        let left = shared::left(&self.claims(), self.column.tally);
        let mut verdict = ColumnVerdict::default();
        for (id, tally) in self.column.tally.forms.iter() {
            for &(evidence, _) in &tally.buckets {
                if evidence.has(EvidenceSet::FAILED) {
                    continue;
                }
                let stratum = evidence.stratum();
                let posterior = self.posterior(id, tally, stratum);
                let mut log_odds = logit(posterior.of(evidence));
                let mut column = self.column_terms(id, stratum, &whole, host);
                if let Some(&weight) = left.get(&(id, stratum)) {
                    column.push(match weight {
                        f64::NEG_INFINITY => ("outdone by another detector", weight),
                        _ => ("others explain the same stretches", weight),
                    });
                }
                log_odds += column.iter().map(|(_, weight)| weight).sum::<f64>();
                if evidence.has(EvidenceSet::RIVAL_NEAR) {
                    log_odds += self.matcher.weights.rival_near;
                }
                if evidence.has(EvidenceSet::PLACEHOLDER) {
                    log_odds += self.placeholder(id);
                }
                let log_odds = self.matcher.weights.calibrated(log_odds);
                let confidence = round(probability(log_odds).min(0.999));
                verdict.confidence.insert((id, evidence), confidence);
                if confidence >= least {
                    verdict
                        .reasons
                        .entry((id, stratum))
                        .or_insert_with(|| self.reasons(id, tally, &posterior, &column, stratum));
                }
            }
        }
        verdict.detectors = whole;
        verdict
    }

    fn placeholder(&self, id: FormId) -> f64 {
        let detector = self.form(id).detector;
        let rows = self.column.tally.rows.get(detector).copied().unwrap_or(0);
        let is_usual = self.column.tally.nonempty > 1 && rows * 2 >= self.column.tally.nonempty;
        if is_usual || prior::header_weight(self.matcher, self.column.header, detector).1 {
            self.matcher.weights.placeholder_named
        } else {
            self.matcher.weights.placeholder
        }
    }

    /// What the other detectors of the column do to a form: nothing at all is left of decoys, and of those that another
    /// one outdoes.
    fn column_terms(
        &self,
        id: FormId,
        stratum: Stratum,
        whole: &Whole,
        host: Option<DetectorId>,
    ) -> Vec<(&'static str, f64)> {
        let detector = self.form(id).detector;
        if self.matcher.detectors[usize::from(detector.0)].rule.decoy {
            return vec![("no personal data", f64::NEG_INFINITY)];
        }
        let standing = whole.iter().find(|known| known.detector == detector);
        let elsewhere = host.is_some_and(|host| host != detector);
        let guest = (
            "the column is certain to hold something else",
            self.matcher.weights.guest,
        );
        let mut terms = Vec::new();
        let (Stratum::Whole, Some(standing)) = (stratum, standing) else {
            let listed = self.form(id).checks.is_listed();
            if stratum == Stratum::Text && (elsewhere || listed && self.is_partly_sure(whole)) {
                terms.push(guest);
            }
            return terms;
        };
        if let Some(own) = standing.forms.iter().find(|own| own.form == id) {
            if own.outdone {
                terms.push(("outdone by another detector", f64::NEG_INFINITY));
            }
            let shared = logit(own.sure()) - logit(own.alone);
            if shared < 0.0 {
                terms.push(("others explain the same cells", shared));
            }
        }
        let few = standing.cells * 2 < self.column.tally.nonempty;
        if few && elsewhere {
            terms.push(guest);
        }
        terms
    }

    /// Whether a good part of a column's cells fairly certainly are something that is no matter of lists: of a column in which
    /// some addresses are recognised, the others are addresses, too, and no texts that speak of people.
    fn is_partly_sure(&self, whole: &Whole) -> bool {
        let forms = &self.matcher.forms;
        let is_listed = |detector| {
            let mut of = forms.iter().filter(|form| form.detector == detector);
            of.any(|form| form.checks.is_listed())
        };
        self.column.is_named
            && whole.iter().any(|verdict| {
                verdict.sure >= FAIRLY_SURE
                    && verdict.cells * 8 >= self.column.tally.nonempty
                    && !is_listed(verdict.detector)
            })
    }

    /// The claims on stretches of texts, whole cells apart.
    fn claims(&self) -> Vec<Claim> {
        let mut claims = Vec::new();
        for (form, tally) in self.column.tally.forms.iter() {
            let detector = self.form(form).detector;
            for stratum in [Stratum::Label, Stratum::Near, Stratum::Text] {
                let passed = tally.passes(stratum).1;
                if passed == 0 {
                    continue;
                }
                let prior = prior::sum(&self.terms(form, tally, stratum));
                let posterior = self.posterior_from(prior, form, tally, stratum);
                let different = tally.values.count().max(1) as f64;
                claims.push(Claim {
                    form,
                    stratum,
                    detector,
                    is_national: self.is_national(detector),
                    sure: posterior.passed,
                    log_odds: posterior.log_odds,
                    prior,
                    values: (passed as f64)
                        .min(different)
                        .min(self.matcher.weights.enough_checked),
                });
            }
        }
        claims
    }

    /// The detectors that fill most of the column for certain, surest first.
    fn fillers(&self, whole: &Whole) -> Vec<DetectorId> {
        let rows = |detector| self.column.tally.rows.get(detector).copied().unwrap_or(0);
        whole
            .iter()
            .filter(|verdict| !verdict.outdone && verdict.sure >= SURE)
            .filter(|verdict| {
                let rule = &self.matcher.detectors[usize::from(verdict.detector.0)].rule;
                !rule.decoy && rows(verdict.detector) * 2 >= self.column.tally.nonempty
            })
            .map(|verdict| verdict.detector)
            .collect()
    }

    pub(super) fn form(&self, id: FormId) -> &CompiledForm {
        &self.matcher.forms[usize::from(id.0)]
    }

    pub(super) fn is_national(&self, detector: DetectorId) -> bool {
        self.matcher.detectors[usize::from(detector.0)]
            .rule
            .category
            == Category::NationalId
    }

    pub(super) fn posterior(&self, id: FormId, tally: &FormTally, stratum: Stratum) -> Posterior {
        let prior = prior::sum(&self.terms(id, tally, stratum));
        self.posterior_from(prior, id, tally, stratum)
    }

    /// The terms of a form's prior, siblings included.
    fn terms(&self, id: FormId, tally: &FormTally, stratum: Stratum) -> Terms {
        let mut terms = self.own_terms(id, tally, stratum);
        if self.has_sure_sibling(id, tally, stratum) {
            terms.push((Term::Sibling, self.matcher.weights.sibling));
        } else if self.has_unsure_sibling(id, tally, stratum) {
            terms.push((Term::Unlike, -self.matcher.weights.sibling));
        }
        terms
    }

    /// Whether a list of words knows next to none of many more cells that another form of the same detector claims: `St. Kitts`
    /// among countries is no family name, either.
    fn has_unsure_sibling(&self, id: FormId, own: &FormTally, stratum: Stratum) -> bool {
        let form = self.form(id);
        let mine = own.passes(stratum).0;
        stratum == Stratum::Whole
            && form.checks.is_listed()
            && self.column.tally.forms.iter().any(|(other, tally)| {
                let sibling = self.form(other);
                other != id && sibling.detector == form.detector && sibling.checks.is_listed() && {
                    let all = tally.passes(stratum).0;
                    all > mine.saturating_mul(MANY_MORE) && {
                        let prior = prior::sum(&self.own_terms(other, tally, stratum));
                        self.posterior_from(prior, other, tally, stratum).passed < UNLIKELY
                    }
                }
            })
    }

    fn own_terms(&self, id: FormId, tally: &FormTally, stratum: Stratum) -> Terms {
        prior::terms(
            self.matcher,
            self.column,
            self.neighbours,
            (id, tally),
            stratum,
        )
    }

    /// Whether another form of the same detector is certain of a good part of the column: half of the numbers with
    /// their country code, half without. In texts it must be the more frequent of the two.
    fn has_sure_sibling(&self, id: FormId, own: &FormTally, stratum: Stratum) -> bool {
        let detector = self.form(id).detector;
        let whole = stratum == Stratum::Whole;
        let (enough, other_stratum) = if whole {
            (self.column.tally.nonempty.div_ceil(10), Stratum::Whole)
        } else {
            (own.passes(stratum).1.max(1), Stratum::Text)
        };
        self.column.tally.forms.iter().any(|(other, tally)| {
            other != id && self.form(other).detector == detector && {
                let passed = tally.passes(other_stratum).1;
                passed >= enough && {
                    let prior = prior::sum(&self.own_terms(other, tally, other_stratum));
                    let sure = self.posterior_from(prior, other, tally, other_stratum);
                    sure.passed >= if whole { SURE } else { FAIRLY_SURE }
                }
            }
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
            return self.posterior_unchecked(prior, id, tally, stratum);
        }
        let (mut all, passed) = tally.passes(stratum);
        let shapes = &tally.shapes[usize::from(stratum != Stratum::Whole)];
        let listed = form.checks.is_listed();
        let enough = if listed {
            self.matcher.weights.enough_listed
        } else {
            self.matcher.weights.enough_checked
        };
        let mut n = (all as f64).min(shapes.count().max(1) as f64).min(enough);
        if listed && !form.soft {
            // What the list doesn't know is no candidate, so candidates can't say how many of the cells it knows.
            if stratum == Stratum::Whole {
                all = self.column.tally.nonempty;
                n = (all as f64).min(enough);
            } else {
                n = 1.0;
            }
        }
        // One value that passes by accident and comes again and again is one piece of evidence.
        let different = if listed {
            n
        } else {
            tally.values.count().max(1) as f64
        };
        let k = (n * passed as f64 / (all as f64).max(1.0)).min(different);
        let rates = Rates {
            chance: form.chance,
            valid: form.valid,
            listed,
        };
        let posterior = self.weighed.weigh(id, (prior, n, k.min(n)), rates);
        if !listed && form.chance >= WEAK {
            let most = if stratum == Stratum::Whole {
                WEAK_WHOLE
            } else {
                WEAK_TEXT
            };
            return posterior.at_most(prior, most);
        }
        let are_names = form.chance <= SELDOM && different >= ENOUGH_NAMES && k >= n * MANY_NAMES;
        if !listed || stratum == Stratum::Whole && are_names {
            return posterior;
        }
        let most = prior::list_most(self.matcher, self.column.header, form.detector);
        posterior.at_most(prior, most)
    }

    /// Of a form of which nobody knows how many values would pass by chance: those that do say nothing, but where many cells
    /// fail that look alike, the others are no better, unless the header says what they are.
    fn posterior_unchecked(
        &self,
        prior: f64,
        id: FormId,
        tally: &FormTally,
        stratum: Stratum,
    ) -> Posterior {
        let form = self.form(id);
        let (all, passed) = tally.passes(stratum);
        let named = || prior::header_weight(self.matcher, self.column.header, form.detector).0;
        if stratum != Stratum::Whole || passed == all || named() > 0.0 {
            return Posterior::by_prior(prior);
        }
        let different = tally.shapes[0].count().max(1) as f64;
        let n = (all as f64)
            .min(different)
            .min(self.matcher.weights.enough_checked);
        let k = n * passed as f64 / all as f64;
        let rates = Rates {
            chance: EVEN,
            valid: form.valid,
            listed: false,
        };
        let posterior = self.weighed.weigh(id, (prior, n, k), rates);
        posterior.at_most(prior, 0.0)
    }

    fn reasons(
        &self,
        id: FormId,
        tally: &FormTally,
        posterior: &Posterior,
        column: &[(&'static str, f64)],
        stratum: Stratum,
    ) -> Reasons {
        let form = self.form(id);
        let terms = self.terms(id, tally, stratum);
        let mut weights: Vec<(String, f64)> = Vec::new();
        let mut list = Vec::new();
        for &(term, weight) in &terms {
            let words = prior::words(
                self.matcher,
                self.column,
                self.neighbours,
                form.detector,
                term,
            );
            // The finding itself names the word nearby.
            if !matches!(term, Term::Near | Term::Label) {
                list.push(prior::weighed(&words, weight));
            }
            weights.push((words, weight));
        }
        let (all, passed) = tally.passes(stratum);
        let gain = logit(posterior.of_best(passed)) - prior::sum(&terms);
        if form.chance < 1.0 || passed < all && gain < -TOLD {
            let share = round(passed as f64 / (all as f64).max(1.0));
            let chance = if form.chance < 1.0 { form.chance } else { EVEN };
            let text = format!("column:{share} pass, chance {}", round(chance));
            list.push(prior::weighed(&text, gain));
            weights.push((format!("{passed} of {all} pass the check"), gain));
        }
        for &(text, weight) in column {
            let weight = weight.max(-BEYOND_DOUBT);
            list.push(prior::weighed(text, weight));
            weights.push((text.to_owned(), weight));
        }
        let sum: f64 = weights.iter().map(|(_, weight)| weight).sum();
        let calibration = self.matcher.weights.calibrated(sum) - sum;
        if calibration != 0.0 {
            list.push(prior::weighed("calibration", calibration));
            weights.push(("calibration".to_owned(), calibration));
        }
        Reasons { list, weights }
    }
}

/// To three decimals, so that a confidence reads well and prints the same everywhere.
fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
