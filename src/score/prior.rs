//! What speaks for a form before its values' checks are looked at: the terms whose sum is the prior log-odds.
//!
//! Each term keeps its weight and says in words what it is, so that a sum can be shown line by line.

use super::{ColumnFacts, FormTally, Stratum, logit};
use crate::detect::context::{HeaderFact, Says};
use crate::detect::{DetectorId, FormId, Matcher};
use crate::rule::Category;

/// From this share of a column's cells on, different ones of a shape are no odd ones, unless they are names.
const MANY: f64 = 0.25;

/// What a term of the sum is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Term {
    /// How often a value of this shape is one.
    Shape,
    /// A word for it stands near.
    Near,
    /// A word for it stands right before it.
    Label,
    /// The header.
    Header,
    /// Other columns hold data of persons.
    Neighbours,
    /// Other columns hold data of the same country.
    Country,
    /// Few cells of the column have the shape.
    OddOne,
    /// The column hardly varies.
    Constant,
    /// Another form of the detector is certain here.
    Sibling,
    /// Another form of the detector claims many more cells, and is none.
    Unlike,
}

/// A term and its log-odds.
pub(super) type Terms = Vec<(Term, f64)>;

/// What the other columns of a table are certain to hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Neighbours<'a> {
    /// Detectors of persons' data, some of them.
    pub(super) persons: Vec<&'a str>,
    /// Countries whose data they hold, as the first two letters of detectors' ids.
    pub(super) countries: Vec<&'a str>,
}

/// The terms of a form and stratum, siblings apart.
pub(super) fn terms(
    matcher: &Matcher,
    column: &ColumnFacts<'_>,
    neighbours: &Neighbours<'_>,
    (id, tally): (FormId, &FormTally),
    stratum: Stratum,
) -> Terms {
    let form = &matcher.forms[usize::from(id.0)];
    let detector = form.detector;
    let mut terms = vec![match stratum {
        Stratum::Whole => (Term::Shape, logit(form.whole_prior(column.is_nameless))),
        _ => (Term::Shape, logit(form.prior_text)),
    }];
    match stratum {
        Stratum::Near => terms.push((Term::Near, matcher.weights.near)),
        Stratum::Label => terms.push((Term::Label, matcher.weights.label)),
        Stratum::Whole | Stratum::Text => {}
    }
    let (header, exactly) = header_weight(matcher, column.header, detector);
    if header != 0.0 {
        terms.push((Term::Header, header));
    }
    if !neighbours.persons.is_empty() && is_personal(matcher, detector) {
        terms.push((Term::Neighbours, matcher.weights.neighbours));
    }
    if country(matcher, detector).is_some_and(|country| neighbours.countries.contains(&country)) {
        terms.push((Term::Country, matcher.weights.country));
    }
    // A name within a cell or two of thousands is part of a title or a place.
    let is_rare = tally.passes(stratum).0 * 20 < column.tally.nonempty;
    // Nor does a title before it help where the header says that there are others.
    let stands_so = match stratum {
        Stratum::Text => true,
        Stratum::Near => header < 0.0,
        Stratum::Label | Stratum::Whole => false,
    };
    if stands_so
        && column.is_named
        && form.checks.is_listed()
        && column.tally.nonempty >= 20
        && is_rare
    {
        terms.push((Term::OddOne, matcher.weights.odd_one));
    }
    if stratum == Stratum::Whole && !exactly {
        let nonempty = column.tally.nonempty.max(1) as f64;
        let cells = cells_of(matcher, column, detector);
        let share = (cells as f64 / nonempty).min(1.0);
        if share < 1.0 {
            // What means something only where no name says otherwise is what the column is about, or nothing.
            let needs_column = column.is_nameless && form.prior_nameless > form.prior;
            let weight = if form.soft || needs_column {
                matcher.weights.odd_name * (1.0 - share)
            } else {
                // What passes a check is no accident of its shape alone, nor are many different cells of it.
                let is_listed = form.checks.is_listed();
                let checked = form.chance < 1.0 && !is_listed;
                let weight = matcher.weights.odd_one * if checked { 0.5 } else { 1.0 };
                let varies = !is_listed && tally.shapes[0].count() > 2;
                let most = if varies { MANY } else { 1.0 };
                weight * (1.0 - share / most).max(0.0)
            };
            terms.push((Term::OddOne, weight));
        }
        let are_many = share >= MANY;
        if form.prior < 0.5
            && column.tally.nonempty >= 20
            && are_many
            && tally.shapes[0].count() <= 2
        {
            terms.push((Term::Constant, matcher.weights.constant));
        }
    }
    terms
}

/// The cells that look like values of a detector. Where nothing is known of chance, those that fail don't: that is all there
/// is to tell.
fn cells_of(matcher: &Matcher, column: &ColumnFacts<'_>, detector: DetectorId) -> u64 {
    let forms = column.tally.forms.iter();
    let forms = forms.map(|(id, tally)| (&matcher.forms[usize::from(id.0)], tally));
    forms
        .filter(|(form, _)| form.detector == detector)
        .map(|(form, tally)| match tally.passes(Stratum::Whole) {
            (_, passed) if form.chance >= 1.0 => passed,
            (all, _) => all,
        })
        .sum()
}

/// The sum of terms.
pub(super) fn sum(terms: &Terms) -> f64 {
    terms.iter().map(|(_, weight)| weight).sum()
}

/// A term in words.
pub(super) fn words(
    matcher: &Matcher,
    column: &ColumnFacts<'_>,
    neighbours: &Neighbours<'_>,
    detector: DetectorId,
    term: Term,
) -> String {
    match term {
        Term::Shape => "shape".to_owned(),
        Term::Near => "a word nearby".to_owned(),
        Term::Label => "a word right before it".to_owned(),
        Term::Header => header_words(column.header, detector),
        Term::Neighbours => format!("neighbours:{}", neighbours.persons.join(",")),
        Term::Country => format!(
            "country of neighbours:{}",
            country(matcher, detector).unwrap_or_default()
        ),
        Term::OddOne => "few cells look so".to_owned(),
        Term::Constant => "the column hardly varies".to_owned(),
        Term::Sibling => "other cells of the column are certain".to_owned(),
        Term::Unlike => "other cells of the column are none".to_owned(),
    }
}

/// `text +1.5`.
pub(super) fn weighed(text: &str, weight: f64) -> String {
    format!("{text} {weight:+.1}")
}

fn header_words(header: &[HeaderFact], detector: DetectorId) -> String {
    let own = header.iter().find(|fact| fact.detector == detector);
    let Some(HeaderFact { says, words, .. }) = own else {
        let other = header.iter().find(|fact| fact.says <= Says::Partly);
        let words = other.map_or("", |fact| &*fact.words);
        return format!("header of another:{words}");
    };
    match says {
        Says::Exactly => format!("header:{words}"),
        Says::Partly => format!("header part:{words}"),
        Says::Above => format!("path:{words}"),
        Says::About => format!("header about:{words}"),
        Says::Otherwise => format!("header against:{words}"),
    }
}

/// The country that a detector's id starts with.
pub(super) fn country(matcher: &Matcher, detector: DetectorId) -> Option<&str> {
    let id = &*matcher.detectors[usize::from(detector.0)].name.id;
    id.split_once('-')
        .map(|(country, _)| country)
        .filter(|country| country.len() == 2)
}

/// What the header weighs for a detector, and whether it is the detector's very word.
pub(super) fn header_weight(
    matcher: &Matcher,
    facts: &[HeaderFact],
    detector: DetectorId,
) -> (f64, bool) {
    if let Some(fact) = facts.iter().find(|fact| fact.detector == detector) {
        let weight = match fact.says {
            Says::Exactly => matcher.weights.header_exactly,
            Says::Partly => matcher.weights.header_partly,
            Says::Above => matcher.weights.header_above,
            Says::About => matcher.weights.header_about,
            Says::Otherwise => matcher.weights.header_otherwise,
        };
        return (weight, fact.says == Says::Exactly);
    }
    let rivals = matcher.context.rivals(detector);
    let is_shared = is_shared(matcher, facts, detector);
    let weight = facts
        .iter()
        .filter(|fact| !is_shared || !is_kin(matcher, fact.detector, detector))
        .map(|fact| {
            let rival = rivals.contains(&fact.detector);
            match fact.says {
                Says::Exactly if rival => matcher.weights.header_rival,
                Says::Exactly | Says::Partly if rival => matcher.weights.header_rival / 2.0,
                Says::Exactly => matcher.weights.header_rival / 2.0,
                _ => 0.0,
            }
        })
        .fold(0.0, f64::min);
    (weight, false)
}

/// Whether the header is the very word of several detectors of one family: `id number` speaks against none of it.
fn is_shared(matcher: &Matcher, facts: &[HeaderFact], detector: DetectorId) -> bool {
    let kin = facts
        .iter()
        .filter(|fact| fact.says == Says::Exactly && is_kin(matcher, fact.detector, detector));
    kin.count() > 1
}

/// Whether two detectors are of one category; numbers of persons and of their documents count as one.
fn is_kin(matcher: &Matcher, a: DetectorId, b: DetectorId) -> bool {
    let category = |id: DetectorId| match matcher.detectors[usize::from(id.0)].rule.category {
        Category::Document => Category::NationalId,
        other => other,
    };
    category(a) == category(b)
}

/// The most that a list of words may add for a detector, in log-odds.
pub(super) fn list_most(matcher: &Matcher, facts: &[HeaderFact], detector: DetectorId) -> f64 {
    if header_weight(matcher, facts, detector).0 > 0.0 {
        return f64::INFINITY;
    }
    let rule = |id: DetectorId| &matcher.detectors[usize::from(id.0)].rule;
    let names_another = facts.iter().any(|fact| {
        let other = rule(fact.detector);
        fact.says == Says::Exactly && (other.decoy || other.category != rule(detector).category)
    });
    if names_another {
        matcher.weights.list_most_named
    } else {
        matcher.weights.list_most
    }
}

pub(super) fn is_personal(matcher: &Matcher, detector: DetectorId) -> bool {
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
pub(crate) fn reach(
    matcher: &Matcher,
    (header, is_nameless): (&[HeaderFact], bool),
    id: FormId,
) -> Reach {
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
        most += matcher.weights.neighbours;
    }
    if country(matcher, form.detector).is_some() {
        most += matcher.weights.country;
    }
    Reach {
        whole: logit(form.whole_prior(is_nameless)) + most + matcher.weights.sibling,
        text: logit(form.prior_text) + most + matcher.weights.sibling + matcher.weights.label,
    }
}
