//! Candidates that overlap: which one stays.
//!
//! Settled within one value, before anything is counted, so that an e-mail address is not also a name. Two detectors that
//! claim the very same bytes both stay: which of them it is shows in the words nearby and in how the column's other values
//! fare, and is decided in `score/`.

use super::{Candidate, CompiledForm};
use crate::score::EvidenceSet;

/// Settles the candidates from `from` on, all of one value; those that stay are ordered by start.
pub(crate) fn settle(found: &mut Vec<Candidate>, from: usize, forms: &[CompiledForm]) {
    if all_stay(&mut found[from..], forms) {
        return;
    }
    found[from..].sort_by_key(|c| (c.span.start, std::cmp::Reverse(c.span.end), c.form));
    let mut kept = from;
    for index in from..found.len() {
        let candidate = found[index].clone();
        let mut stays = true;
        let mut at = kept;
        // Those kept are ordered by start; few can reach as far as this one, and they are the last.
        while stays && at > from {
            at -= 1;
            let other = &found[at];
            if kept - at > 16 {
                break;
            }
            if other.span.end <= candidate.span.start {
                continue;
            }
            match winner(other, &candidate, forms) {
                Winner::Both => {}
                Winner::First => stays = false,
                Winner::Second => {
                    found[at..kept].rotate_left(1);
                    kept -= 1;
                }
            }
        }
        if stays {
            found[kept] = candidate;
            kept += 1;
        }
    }
    found.truncate(kept);
}

/// Whether each is the whole cell, and of another detector: the usual case in a column of numbers, which many detectors claim.
/// Orders them then.
fn all_stay(found: &mut [Candidate], forms: &[CompiledForm]) -> bool {
    if !found.iter().all(|c| c.evidence.has(EvidenceSet::WHOLE)) {
        return false;
    }
    if !found.is_sorted_by_key(|c| c.form) {
        found.sort_unstable_by_key(|c| c.form);
    }
    let detector = |c: &Candidate| forms[usize::from(c.form.0)].detector;
    // Forms are numbered by place and then by detector, so two places may repeat one.
    let places = found.chunk_by(|a, b| detector(a) < detector(b)).count();
    places == 1
}

enum Winner {
    First,
    Second,
    Both,
}

fn winner(a: &Candidate, b: &Candidate, forms: &[CompiledForm]) -> Winner {
    let failed = |c: &Candidate| c.evidence.has(EvidenceSet::FAILED);
    let soft = |c: &Candidate| c.evidence.has(EvidenceSet::UNLISTED);
    let detector = |c: &Candidate| forms[usize::from(c.form.0)].detector;
    let strength = |c: &Candidate| forms[usize::from(c.form.0)].strength;
    let is_sure = |c: &Candidate| !soft(c) && forms[usize::from(c.form.0)].is_strong();
    let same = a.span == b.span;
    let whole = a.evidence.has(EvidenceSet::WHOLE) || b.evidence.has(EvidenceSet::WHOLE);
    if same && detector(a) == detector(b) {
        // Two forms of one detector: the one that passes, or says more.
        return match (failed(a), failed(b)) {
            (false, true) => Winner::First,
            (true, false) => Winner::Second,
            _ if strength(a) >= strength(b) => Winner::First,
            _ => Winner::Second,
        };
    }
    match (failed(a), failed(b)) {
        (true, true) => Winner::Both,
        _ if same && whole => Winner::Both,
        // What fails gives way to what is sure of itself. It stays beside anything else, or only those of its kind that pass
        // would be left to count.
        (true, false) if is_sure(b) => Winner::Second,
        (false, true) if is_sure(a) => Winner::First,
        (true, false) | (false, true) => Winner::Both,
        (false, false) if same => Winner::Both,
        (false, false) => {
            let holds = |x: &Candidate, y: &Candidate| {
                x.span.start <= y.span.start && x.span.end >= y.span.end
            };
            // What says little of itself, or what no list knows, doesn't hide what it holds; nor what has its name beside it.
            let hides = |outer: &Candidate, inner: &Candidate| {
                let says_less = strength(inner) < 0.0
                    && strength(inner) <= strength(outer)
                    && !inner.evidence.has(EvidenceSet::NEAR);
                (!soft(outer) || soft(inner) && strength(outer) >= strength(inner))
                    && (forms[usize::from(outer.form.0)].is_strong() || says_less)
            };
            // One value is not two of a kind: the notation that says more of itself, else the longer one.
            let of_one_kind = detector(a) == detector(b);
            if holds(a, b) {
                if hides(a, b) || of_one_kind && strength(a) >= strength(b) {
                    Winner::First
                } else if of_one_kind {
                    Winner::Second
                } else {
                    Winner::Both
                }
            } else if holds(b, a) {
                if hides(b, a) || of_one_kind && strength(b) >= strength(a) {
                    Winner::Second
                } else if of_one_kind {
                    Winner::First
                } else {
                    Winner::Both
                }
            } else if strength(a) >= strength(b) {
                Winner::First
            } else {
                Winner::Second
            }
        }
    }
}
