//! Detectors that claim the same stretches of a column's texts: how much of each claim the others leave.
//!
//! A text has no cells to compare, so what two claims have in common is read off their sketches of different values.
//! A number that only passes where another detector's numbers do is one of those; two kinds of numbers of which a few
//! pass both checks by accident stay apart.

use std::collections::BTreeMap;

use super::{ColumnTally, Stratum, logit};
use crate::detect::{DetectorId, FormId};

/// From this share of common values on, two claims are about the same thing, and one is true at the most.
pub(super) const SAME: f64 = 0.5;
/// A claim less sure than this is none, whatever others leave of it.
pub(super) const HOPELESS: f64 = 0.05;
/// A rival that is behind by so much, in log-odds, takes nothing away.
const FAR_BEHIND: f64 = 6.0;

/// Two that are no further apart, in log-odds, are equally good.
pub(super) const TIE: f64 = 1e-6;

/// A form's claim on stretches of text.
pub(super) struct Claim {
    pub(super) form: FormId,
    pub(super) stratum: Stratum,
    pub(super) detector: DetectorId,
    /// Whether it is a national number: which one matters less than that it is one.
    pub(super) is_national: bool,
    /// How sure it is without the others.
    pub(super) sure: f64,
    /// The same by what explains the texts best, unbounded.
    pub(super) log_odds: f64,
    /// What of that is known before any value is checked.
    pub(super) prior: f64,
    /// How many values say the rest.
    pub(super) values: f64,
}

impl Claim {
    /// The log-odds by as many values as the other claim has, too. Values beside a detector's words are a claim of their own, and
    /// few: a rival without such words has all values in one claim, which would outweigh them by their mere number.
    fn beside(&self, other: &Self) -> f64 {
        let share = (other.values / self.values.max(1.0)).min(1.0);
        self.prior + (self.log_odds - self.prior) * share
    }
}

/// What the claims of others leave of one, as log-odds: nothing where another explains the same values better.
pub(super) fn left(claims: &[Claim], tally: &ColumnTally) -> BTreeMap<(FormId, Stratum), f64> {
    claims
        .iter()
        .filter(|claim| claim.sure >= HOPELESS)
        .filter_map(|claim| {
            let weight = weight(claim, claims, tally);
            (weight < 0.0).then_some(((claim.form, claim.stratum), weight))
        })
        .collect()
}

fn weight(claim: &Claim, claims: &[Claim], tally: &ColumnTally) -> f64 {
    let rivals = claims
        .iter()
        .filter(|rival| rival.detector != claim.detector)
        .map(|rival| (rival, rival.beside(claim), claim.beside(rival)))
        .filter(|(_, theirs, ours)| theirs + FAR_BEHIND > *ours);
    let (mut others, mut apart) = (0.0, 1.0);
    for (rival, theirs, ours) in rivals {
        let share = share(claim.form, rival.form, tally);
        if share == 0.0 {
            continue;
        }
        let kin = claim.is_national && rival.is_national;
        let odds = if kin { 0.5 } else { 1.0 } * (theirs - ours).exp();
        if share < SAME {
            apart *= 1.0 - share * odds.min(1e9) / (1.0 + odds.min(1e9));
            continue;
        }
        let is_tie = kin && (theirs - ours).abs() < TIE;
        if !is_tie
            && (theirs, std::cmp::Reverse(rival.detector))
                > (ours, std::cmp::Reverse(claim.detector))
        {
            return f64::NEG_INFINITY;
        }
        others += odds;
    }
    logit(claim.sure / (1.0 + others) * apart) - logit(claim.sure)
}

/// The share of a form's different values that another form claims, too.
pub(super) fn share(form: FormId, rival: FormId, tally: &ColumnTally) -> f64 {
    match (tally.forms.get(form), tally.forms.get(rival)) {
        (Some(own), Some(other)) => own.values.share_in(&other.values),
        _ => 0.0,
    }
}
