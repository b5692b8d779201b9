//! What to look for in a column, decided from its name before any value is seen.
//!
//! A form whose check proves nothing (any nine digits may be a passport number) rests on its header and neighbours alone.
//! Where these can't make it a finding, it isn't looked for: that changes no result, and saves most of the work on columns
//! of plain numbers.

use std::sync::Arc;

use super::context::{HeaderFact, Says, says_nothing};
use super::{DetectorId, FormId, FormSet, Matcher};
use crate::score::{probability, reach};
use crate::validate::words;

/// Forms are left out only below this confidence, so that what is asked for doesn't change how rivals weigh.
const HOPELESS: f64 = 0.2;

/// What is known of a column once its name is.
pub(crate) struct ColumnPlan {
    /// The forms that apply.
    pub(crate) forms: FormSet,
    /// Those of them that must not be the whole cell.
    pub(super) never_whole: FormSet,
    /// Tells plans apart.
    pub(super) key: u64,
    /// What the name says.
    pub(crate) header: Arc<[HeaderFact]>,
    /// Whether it was made up for want of one: `column_7`.
    pub(crate) is_nameless: bool,
}

impl ColumnPlan {
    /// The plan of a column of this name, when findings below `min_confidence` aren't wanted.
    pub(crate) fn new(matcher: &Matcher, name: &str, min_confidence: f64) -> Self {
        let header: Arc<[HeaderFact]> = matcher.context.header(name).into();
        let is_nameless = says_nothing(name);
        let hopeless = HOPELESS.min(min_confidence);
        let mut forms = matcher.all();
        let mut never_whole = vec![0; forms.len()].into_boxed_slice();
        for (index, form) in matcher.forms.iter().enumerate() {
            let bit = 1 << (index % 64);
            let says = header
                .iter()
                .find(|fact| fact.detector == form.detector)
                .map(|fact| fact.says);
            // What hashes may be made of shows at the end.
            if matcher.detectors[usize::from(form.detector.0)].rule.digest {
                continue;
            }
            let reach = reach(matcher, (&header, is_nameless), FormId(index as u16));
            let comes_to = |most| probability(matcher.weights.calibrated(most)) >= hopeless;
            let whole = comes_to(reach.whole);
            let text = comes_to(reach.text) && !matcher.is_cell_form(index);
            if form.soft && says >= Some(Says::About) || !whole && !text {
                forms[index / 64] &= !bit;
            } else if !whole {
                never_whole[index / 64] |= bit;
            }
        }
        Self {
            key: words::hash_of(&(&forms, &never_whole)),
            forms,
            never_whole,
            header,
            is_nameless,
        }
    }

    /// All forms of a matcher, everywhere.
    pub(super) fn all(matcher: &Matcher) -> Self {
        let forms = matcher.all();
        Self {
            never_whole: vec![0; forms.len()].into_boxed_slice(),
            forms,
            key: 0,
            header: Arc::new([]),
            is_nameless: false,
        }
    }

    /// The same without decoys: what is personal is looked for, whatever else it may be.
    pub(super) fn personal(matcher: &Matcher) -> Self {
        let mut plan = Self::all(matcher);
        for (index, form) in matcher.forms.iter().enumerate() {
            if matcher.detectors[usize::from(form.detector.0)].rule.decoy {
                plan.forms[index / 64] &= !(1 << (index % 64));
            }
        }
        plan.key = 1;
        plan
    }

    /// Whether the header speaks for the form's detector: then values that no list knows may be findings, too.
    pub(crate) fn speaks_for(&self, detector: DetectorId) -> bool {
        self.header
            .iter()
            .any(|fact| fact.detector == detector && fact.says <= Says::Above)
    }
}
