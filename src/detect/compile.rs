//! From rules to a matcher's forms and detectors.

use std::sync::Arc;

use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};
use regex_automata::util::syntax;
use regex_syntax::hir::Hir;

use super::placeholder::Placeholders;
use super::{CompiledForm, Detector, DetectorId, prefilter};
use crate::error::Error;
use crate::event::DetectorName;
use crate::rule::{Find, Form, Rule, RuleSet, Scope};
use crate::validate::Checks;

/// A form of a rule before it is compiled.
pub(super) struct Draft<'r> {
    pub(super) detector: DetectorId,
    pub(super) rule: &'r Rule,
    pub(super) form: Form,
    pub(super) hir: Hir,
    pub(super) nfa: NFA,
    pub(super) place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Token,
    Cell,
    Loose,
}

/// Compiles a rule's pattern: byte-wise, ASCII classes only.
pub(crate) fn pattern_nfa(pattern: &str) -> Result<NFA, String> {
    nfa_of(&pattern_hir(pattern)?)
}

/// Parses a rule's pattern.
pub(crate) fn pattern_hir(pattern: &str) -> Result<Hir, String> {
    syntax::parse_with(pattern, &pattern_syntax()).map_err(|error| error.to_string())
}

fn nfa_of(hir: &Hir) -> Result<NFA, String> {
    NFA::compiler()
        .configure(pattern_nfa_config())
        .build_from_hir(hir)
        .map_err(|error| {
            std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string)
        })
}

pub(super) fn pattern_syntax() -> syntax::Config {
    syntax::Config::new().unicode(false).utf8(false)
}

pub(super) fn pattern_nfa_config() -> thompson::Config {
    thompson::Config::new()
        .utf8(false)
        .which_captures(WhichCaptures::None)
}

impl<'r> Draft<'r> {
    pub(super) fn new(detector: DetectorId, rule: &'r Rule, find: &Find) -> Result<Self, Error> {
        let form = match find {
            Find::Form(form) => form.clone(),
            Find::Pattern(pattern) => Form {
                pattern: pattern.clone(),
                ..Form::default()
            },
        };
        let wrong = |reason| {
            let pattern = &form.pattern;
            Error::rule(format!("rule {}: pattern {pattern}: {reason}", rule.id))
        };
        let hir = pattern_hir(&form.pattern).map_err(wrong)?;
        let nfa = nfa_of(&hir).map_err(wrong)?;
        let place = match form.scope.unwrap_or(rule.scope) {
            Scope::Cell => Place::Cell,
            Scope::Anywhere if prefilter::Start::of(&nfa).is_some() => Place::Token,
            Scope::Anywhere => Place::Loose,
        };
        Ok(Self {
            detector,
            rule,
            form,
            hir,
            nfa,
            place,
        })
    }

    pub(super) fn compile(&self, rules: &RuleSet) -> Result<CompiledForm, Error> {
        let (rule, form) = (self.rule, &self.form);
        let checks = form.check.as_deref().unwrap_or(&rule.check);
        let compiled = Checks::compile(checks, &rules.lists)
            .map_err(|reason| Error::rule(format!("rule {}: {reason}", rule.id)))?;
        let chance = form.chance.unwrap_or(rule.chance).0;
        let prior = form.prior.unwrap_or(rule.prior).0;
        let prior_text = form
            .prior_text
            .or(rule.prior_text)
            .map_or(prior / 3.0, |share| share.0);
        Ok(CompiledForm {
            detector: self.detector,
            normalise: rule.normalise,
            pad: rule.pad,
            opaque: rule.opaque,
            soft: compiled.is_soft(),
            checks: compiled,
            chance,
            valid: rule.valid.0,
            prior,
            prior_text,
            prior_nameless: form.prior_nameless.map_or(prior, |share| share.0),
            strength: crate::score::logit(prior) - chance.ln(),
        })
    }
}

impl Detector {
    pub(super) fn new(rule: &Rule) -> Self {
        Self {
            name: Arc::new(DetectorName {
                id: rule.id.as_str().into(),
                category: rule.category.name().into(),
            }),
            placeholders: Placeholders::new(&rule.placeholders),
            rule: rule.clone(),
        }
    }
}
