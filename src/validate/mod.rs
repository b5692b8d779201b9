//! Checks: what a genuine value must pass.
//!
//! A validator is a function over the normalised bytes of a value, total and without state; each family of them is a file
//! with its list at the top. Rules name them, or state a weighted sum or a list of words in YAML. [`Checks`] is what a
//! rule's `check` is compiled to.

use wide::u8x16;

use crate::rule::{Check, Normalise, Weighted};

pub mod bank;
pub mod date;
pub mod digits;
pub mod document;
pub mod email;
pub mod europe;
pub mod fold;
mod lanes;
pub mod national;
pub mod net;
pub mod overseas;
pub mod phone;
pub mod registers;
pub mod taxpayers;
pub mod trade;
mod weighted;
pub mod words;
pub mod world;

use weighted::Sums;
use words::{Lists, LookUp};

pub(crate) use weighted::Digits;

/// A check by name.
#[derive(Clone, Copy)]
pub struct Validator {
    /// What rules call it.
    pub name: &'static str,
    /// What it checks, in a few words.
    pub about: &'static str,
    /// Whether the normalised value passes.
    pub check: fn(&[u8]) -> bool,
}

impl Validator {
    /// The same check of numbers of so many digits, as a sum that can be made of many at a time.
    fn sums(&self, digits: usize) -> Option<&'static Sums> {
        match self.name {
            "luhn" => Sums::luhn(digits),
            "gtin" => Sums::gtin(digits),
            "cl-rut" => Sums::cl_rut(digits),
            "gt-nit" => Sums::gt_nit(digits),
            "by-unp" => Sums::by_unp(digits),
            _ => None,
        }
    }

    /// Sums of which a number of so many digits must pass one, where that rules most numbers out.
    fn needs(&self, digits: usize) -> Option<&'static [Sums; 2]> {
        match self.name {
            "nz-ird" => Sums::nz_ird(digits),
            _ => None,
        }
    }
}

/// All validators: one list for each family.
pub static VALIDATORS: &[&[Validator]] = &[
    bank::VALIDATORS,
    date::VALIDATORS,
    digits::VALIDATORS,
    document::VALIDATORS,
    email::VALIDATORS,
    europe::VALIDATORS,
    national::VALIDATORS,
    net::VALIDATORS,
    overseas::VALIDATORS,
    phone::VALIDATORS,
    registers::VALIDATORS,
    taxpayers::VALIDATORS,
    trade::VALIDATORS,
    world::VALIDATORS,
];

/// The validator of this name.
pub fn validator(name: &str) -> Option<&'static Validator> {
    VALIDATORS
        .iter()
        .copied()
        .flatten()
        .find(|validator| validator.name == name)
}

/// How a value fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It passes everything.
    Pass,
    /// Only a list of words that isn't required doesn't know it.
    Unlisted,
    /// It fails a check.
    Fail,
    /// A list that is required doesn't know it: no candidate at all.
    Not,
}

/// How values fare that are checked together, one bit each.
#[derive(Default)]
pub(crate) struct Fared {
    /// Those that are checked.
    pub(crate) asked: Vec<u64>,
    pub(crate) pass: Vec<u64>,
    pub(crate) unlisted: Vec<u64>,
    pub(crate) fail: Vec<u64>,
}

impl Fared {
    /// Gets ready for so many values.
    pub(crate) fn start(&mut self, count: usize) {
        for bits in [
            &mut self.asked,
            &mut self.pass,
            &mut self.unlisted,
            &mut self.fail,
        ] {
            bits.clear();
            bits.resize(count.div_ceil(64), 0);
        }
    }

    /// Leaves each value to one of two, where both have it: to the one that it doesn't fail, else to the `first` one or the
    /// other.
    pub(crate) fn settle(&mut self, other: &mut Self, first: bool) {
        for place in 0..self.fail.len() {
            let all = |fared: &Self| fared.pass[place] | fared.unlisted[place] | fared.fail[place];
            let both = all(self) & all(other);
            let even = !(self.fail[place] ^ other.fail[place]);
            let mine = both & (!even & !self.fail[place] | if first { even } else { 0 });
            for (fared, loses) in [(&mut *self, both & !mine), (&mut *other, mine)] {
                fared.pass[place] &= !loses;
                fared.unlisted[place] &= !loses;
                fared.fail[place] &= !loses;
            }
        }
    }

    /// Leaves these values.
    pub(crate) fn restrict(&mut self, to: &[u64]) {
        for bits in [&mut self.pass, &mut self.unlisted, &mut self.fail] {
            for (word, to) in bits.iter_mut().zip(to) {
                *word &= to;
            }
        }
    }
}

/// A rule's checks, compiled.
pub struct Checks(Vec<Compiled>);

enum Compiled {
    Named(&'static Validator),
    Weighted(Weighted, Option<Sums>),
    Words(LookUp),
}

impl Compiled {
    /// The same check as a sum that can be made of many numbers at a time.
    fn sums(&self, digits: &Digits) -> Option<&Sums> {
        match self {
            Compiled::Weighted(_, sums) => sums.as_ref(),
            Compiled::Named(validator) => validator.sums(digits.len()),
            Compiled::Words(_) => None,
        }
    }

    /// How a value fares by this check alone.
    #[inline]
    fn run(&self, value: &[u8], hash: u64) -> Outcome {
        let passes = match self {
            Compiled::Named(validator) => (validator.check)(value),
            Compiled::Weighted(rule, _) => weighted::passes(rule, value),
            Compiled::Words(list) if list.knows(value, hash) => true,
            Compiled::Words(list) if list.required => return Outcome::Not,
            Compiled::Words(_) => return Outcome::Unlisted,
        };
        if passes { Outcome::Pass } else { Outcome::Fail }
    }
}

impl Checks {
    /// Compiles checks; the error says what is wrong and what to do.
    pub fn compile(checks: &[Check], lists: &Lists) -> Result<Self, String> {
        let compile = |check: &Check| match check {
            Check::Named(name) => validator(name).map(Compiled::Named).ok_or_else(|| {
                let names = VALIDATORS
                    .iter()
                    .copied()
                    .flatten()
                    .map(|validator| validator.name);
                format!("unknown validator \"{name}\"{}", suggestion(name, names))
            }),
            Check::Weighted { weighted } if weighted.modulus < 2 || weighted.weights.is_empty() => {
                Err("a weighted sum needs weights and a modulus of 2 or more".to_owned())
            }
            Check::Weighted { weighted } => Ok(Compiled::Weighted(
                weighted.clone(),
                Sums::compile(weighted),
            )),
            Check::Words { words } => LookUp::new(words, lists).map(Compiled::Words),
        };
        checks
            .iter()
            .map(compile)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// How a normalised value fares; `hash` is its [`words::hash`].
    pub fn run(&self, value: &[u8], hash: u64) -> Outcome {
        Self::run_these(self.0.iter(), value, hash)
    }

    #[inline]
    fn run_these<'c>(
        checks: impl Iterator<Item = &'c Compiled>,
        value: &[u8],
        hash: u64,
    ) -> Outcome {
        let mut outcome = Outcome::Pass;
        for check in checks {
            match check.run(value, hash) {
                Outcome::Pass => {}
                Outcome::Unlisted => outcome = Outcome::Unlisted,
                fails => return fails,
            }
        }
        outcome
    }

    /// How all the values fare that `fared` asks for; `value` gives each with its hash. Numbers come with their `digits`, which
    /// makes sums over them fast.
    pub(crate) fn run_all<'v>(
        &self,
        digits: Option<&Digits>,
        value: impl Fn(usize) -> (&'v [u8], u64),
        fared: &mut Fared,
    ) {
        // What comes before a list of words fails a value alike in any order.
        let before = self
            .0
            .iter()
            .take_while(|check| !matches!(check, Compiled::Words(_)));
        let mut done = None;
        fared.pass.copy_from_slice(&fared.asked);
        if let Some(digits) = digits.filter(|digits| !digits.is_empty())
            && let Some((index, sums)) = before
                .enumerate()
                .find_map(|(index, check)| Some((index, check.sums(digits)?)))
        {
            sums.pass(digits, &mut fared.pass);
            for (place, asked) in fared.asked.iter().enumerate() {
                fared.pass[place] &= asked;
                fared.fail[place] = asked & !fared.pass[place];
            }
            done = Some(index);
        } else if let (Some(digits), [Compiled::Named(validator), ..]) = (digits, &self.0[..])
            && let Some(needs) = validator.needs(digits.len())
            && !digits.is_empty()
        {
            let mut may = vec![0; fared.pass.len()];
            for sums in needs {
                sums.pass(digits, &mut fared.pass);
                may.iter_mut()
                    .zip(&fared.pass)
                    .for_each(|(may, bits)| *may |= bits);
            }
            for (place, asked) in fared.asked.iter().enumerate() {
                fared.pass[place] = asked & may[place];
                fared.fail[place] = asked & !may[place];
            }
        }
        if self.0.len() > usize::from(done.is_some()) {
            self.run_each(done, value, fared);
        }
    }

    /// The checks but the one that is done, on each value that hasn't failed.
    fn run_each<'v>(
        &self,
        done: Option<usize>,
        value: impl Fn(usize) -> (&'v [u8], u64),
        fared: &mut Fared,
    ) {
        let (before, behind) = done.map_or((&self.0[..], &[][..]), |done| {
            (&self.0[..done], &self.0[done + 1..])
        });
        // Most rules have one check.
        if let ([check], []) | ([], [check]) = (before, behind) {
            let Compiled::Named(Validator { check, .. }) = check else {
                return run_one(value, fared, |value, hash| check.run(value, hash));
            };
            return run_one(value, fared, |value, _| {
                if check(value) {
                    Outcome::Pass
                } else {
                    Outcome::Fail
                }
            });
        }
        run_one(value, fared, |value, hash| {
            Self::run_these(before.iter().chain(behind), value, hash)
        });
    }

    /// Whether a list of words only speaks for a value, so that one outside is still a candidate.
    pub fn is_soft(&self) -> bool {
        self.0
            .iter()
            .any(|check| matches!(check, Compiled::Words(list) if !list.required))
    }

    /// Whether a list of words takes part.
    pub fn is_listed(&self) -> bool {
        let list = |check: &Compiled| matches!(check, Compiled::Words(_));
        self.0.iter().any(list)
    }

    /// What is checked, for evidence: `iban`, `weighted mod 11`, `list first-names`; empty where nothing is.
    pub fn describe(&self) -> String {
        let names = self.0.iter().map(|check| match check {
            Compiled::Named(validator) => validator.name.to_owned(),
            Compiled::Weighted(rule, _) => format!("weighted mod {}", rule.modulus),
            Compiled::Words(list) => format!("list {}", list.name),
        });
        names.collect::<Vec<_>>().join(" and ")
    }
}

/// Puts each value that hasn't failed where a check says it belongs.
#[inline]
fn run_one<'v>(
    value: impl Fn(usize) -> (&'v [u8], u64),
    fared: &mut Fared,
    check: impl Fn(&[u8], u64) -> Outcome,
) {
    let Fared {
        pass,
        unlisted,
        fail,
        ..
    } = fared;
    for (place, ((pass, unlisted), fail)) in pass.iter_mut().zip(unlisted).zip(fail).enumerate() {
        let mut left = *pass;
        while left != 0 {
            let bit = left & left.wrapping_neg();
            let (value, hash) = value(place * 64 + bit.trailing_zeros() as usize);
            left ^= bit;
            match check(value, hash) {
                Outcome::Pass => continue,
                Outcome::Unlisted => *unlisted |= bit,
                Outcome::Fail => *fail |= bit,
                Outcome::Not => {}
            }
            *pass ^= bit;
        }
    }
}

impl Normalise {
    /// Whether a value stays as it is whose bytes are all in these ranges.
    pub(crate) fn keeps<R: Iterator<Item = (u8, u8)>>(self, ranges: impl Fn() -> R) -> bool {
        let within =
            |from: u8, to: u8| move |&(first, last): &(u8, u8)| from <= first && last <= to;
        let (digits, capitals) = (within(b'0', b'9'), within(b'A', b'Z'));
        match self {
            Normalise::None => true,
            Normalise::Digits => ranges().all(|range| digits(&range)),
            Normalise::Alnum => ranges().all(|range| digits(&range) || capitals(&range)),
            Normalise::Lower => ranges().all(|(first, last)| last < b'A' || b'Z' < first),
            // Of letters only those that are small already stay, and of signs none.
            Normalise::Fold => ranges().all(|range| digits(&range)),
        }
    }
}

/// Puts the normalised value into `out`, which is emptied first; `pad` zeros are put before what is shorter.
pub fn normalise(kind: Normalise, pad: Option<usize>, value: &[u8], out: &mut Vec<u8>) {
    out.clear();
    add_normalised(kind, pad, value, out);
}

/// Adds the normalised value to `out`.
pub(crate) fn add_normalised(kind: Normalise, pad: Option<usize>, value: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    match kind {
        Normalise::None => out.extend_from_slice(value),
        Normalise::Digits => keep(value, out, |byte| byte.is_ascii_digit()),
        Normalise::Alnum => {
            keep(value, out, |byte| byte.is_ascii_alphanumeric());
            out[start..].make_ascii_uppercase();
        }
        Normalise::Lower => {
            out.extend_from_slice(value);
            lower(&mut out[start..]);
        }
        Normalise::Fold => fold::add_folded(value, out),
    }
    if let Some(missing) = pad
        .and_then(|pad| pad.checked_sub(out.len() - start))
        .filter(|missing| *missing > 0)
    {
        let end = out.len();
        out.resize(end + missing, b'0');
        out.copy_within(start..end, start + missing);
        out[start..start + missing].fill(b'0');
    }
}

/// Makes ASCII letters small, sixteen bytes at a time and the last sixteen once more.
fn lower(text: &mut [u8]) {
    let small = |bytes: &mut [u8; 16]| {
        let all = u8x16::new(*bytes);
        let moved = all - u8x16::splat(b'A');
        let is_capital = moved.min(u8x16::splat(25)).simd_eq(moved);
        *bytes = (all | is_capital & u8x16::splat(0x20)).to_array();
    };
    let Some(last) = text.last_chunk_mut::<16>() else {
        return text.make_ascii_lowercase();
    };
    small(last);
    text.as_chunks_mut::<16>().0.iter_mut().for_each(small);
}

/// Adds the bytes that are wanted. Without a branch for each byte: which ones are wanted can't be foreseen.
fn keep(value: &[u8], out: &mut Vec<u8>, wanted: impl Fn(u8) -> bool) {
    const BLOCK: usize = 32;
    for part in value.chunks(BLOCK) {
        let (mut block, mut kept) = ([0; BLOCK], 0);
        for &byte in part {
            block[kept % BLOCK] = byte;
            kept += usize::from(wanted(byte));
        }
        out.extend_from_slice(&block[..kept]);
    }
}

/// `; did you mean "luhn"?`, where a known name is close.
pub(crate) fn suggestion<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> String {
    known
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .filter(|(distance, known)| *distance <= known.len().max(name.len()) / 3)
        .min()
        .map(|(_, known)| format!("; did you mean \"{known}\"?"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiled(yaml: &str) -> Result<Checks, String> {
        let mut lists = Lists::default();
        lists.insert("names", "jan\n");
        let checks: Vec<Check> = serde_yaml::from_str(yaml).unwrap();
        Checks::compile(&checks, &lists)
    }

    fn run(checks: &Checks, value: &str) -> Outcome {
        checks.run(value.as_bytes(), words::hash(value.as_bytes()))
    }

    #[test]
    fn outcomes() {
        let soft = compiled("[{words: {list: names}}]").unwrap();
        assert!(soft.is_soft());
        assert_eq!(
            (run(&soft, "jan"), run(&soft, "piet")),
            (Outcome::Pass, Outcome::Unlisted)
        );
        let hard = compiled("[{words: {list: names, required: true}}]").unwrap();
        assert_eq!((hard.is_soft(), run(&hard, "piet")), (false, Outcome::Not));
        let luhn = compiled("[luhn]").unwrap();
        assert_eq!(
            (run(&luhn, "79927398713"), run(&luhn, "79927398710")),
            (Outcome::Pass, Outcome::Fail)
        );
        assert_eq!(luhn.describe(), "luhn");
        assert_eq!(run(&compiled("[]").unwrap(), "x"), Outcome::Pass);
    }

    #[test]
    fn mistakes_are_explained() {
        let error = compiled("[lunh]").err().unwrap();
        assert_eq!(error, "unknown validator \"lunh\"; did you mean \"luhn\"?");
        assert!(
            compiled("[{words: {list: nams}}]")
                .err()
                .unwrap()
                .contains("did you mean \"names\"?")
        );
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = VALIDATORS
            .iter()
            .copied()
            .flatten()
            .map(|validator| validator.name)
            .collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn normalising() {
        let mut out = Vec::new();
        normalise(Normalise::Digits, Some(9), b"1112.22.33", &mut out);
        assert_eq!(out, b"011122233");
        normalise(Normalise::Alnum, None, b"nl91 abna-0417", &mut out);
        assert_eq!(out, b"NL91ABNA0417");
        for text in [
            "Az",
            "SIMGER.Hornkamper@[Team]`Zürich`.EXAMPLE",
            "0123456789ABCDEF",
        ] {
            normalise(Normalise::Lower, None, text.as_bytes(), &mut out);
            assert_eq!(out, text.to_ascii_lowercase().as_bytes());
        }
    }
}
