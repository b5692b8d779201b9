//! Random values of a pattern's shape: for chance rates, and for what a pattern can and can't match.

use regex_automata::meta::Regex;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::generate::Rng;

/// Repetitions beyond the least that are tried.
const MORE: u32 = 8;

/// A pattern as the engine reads it: byte-wise, with ASCII classes.
pub fn parsed(pattern: &str) -> Option<Hir> {
    regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .build()
        .parse(pattern)
        .ok()
}

/// Appends a random value of the shape. What stands around it (`\b`) is not looked at.
pub(super) fn value(hir: &Hir, rng: &mut Rng, out: &mut Vec<u8>) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.extend_from_slice(&literal.0),
        HirKind::Class(class) => out.push(byte(class, rng)),
        HirKind::Capture(capture) => value(&capture.sub, rng, out),
        HirKind::Repetition(repeat) => {
            let most = repeat
                .max
                .map_or(repeat.min + MORE, |max| max.min(repeat.min + MORE));
            for _ in 0..rng.between(u64::from(repeat.min), u64::from(most)) {
                value(&repeat.sub, rng, out);
            }
        }
        HirKind::Concat(parts) => parts.iter().for_each(|part| value(part, rng, out)),
        HirKind::Alternation(parts) => {
            value(&parts[rng.below(parts.len() as u64) as usize], rng, out);
        }
    }
}

/// A random byte of a class; of one with characters beyond ASCII, one that is ASCII where it has any.
fn byte(class: &Class, rng: &mut Rng) -> u8 {
    let ranges: Vec<(u8, u8)> = match class {
        Class::Bytes(bytes) => bytes
            .iter()
            .map(|range| (range.start(), range.end()))
            .collect(),
        Class::Unicode(chars) => chars
            .iter()
            .filter_map(|range| {
                let end = u8::try_from(range.end()).unwrap_or(0x7F).min(0x7F);
                let start = u8::try_from(range.start()).ok()?;
                (start <= end).then_some((start, end))
            })
            .collect(),
    };
    let size = |&(start, end): &(u8, u8)| u64::from(end - start) + 1;
    let all: u64 = ranges.iter().map(size).sum();
    if all == 0 {
        return b'?';
    }
    let mut at = rng.below(all);
    for range in &ranges {
        if at < size(range) {
            return range.0 + at as u8;
        }
        at -= size(range);
    }
    b'?'
}

/// Pairs of alternatives of which the first can match nothing that the second doesn't, as the pattern writes them.
pub(super) fn unreachable(hir: &Hir) -> Vec<(String, String)> {
    const TRIALS: usize = 200;
    let mut found = Vec::new();
    let mut visit = vec![hir];
    while let Some(hir) = visit.pop() {
        match hir.kind() {
            HirKind::Capture(capture) => visit.push(&capture.sub),
            HirKind::Repetition(repeat) => visit.push(&repeat.sub),
            HirKind::Concat(parts) => visit.extend(parts),
            HirKind::Alternation(parts) => {
                visit.extend(parts);
                let whole: Vec<Option<Regex>> = parts.iter().map(whole).collect();
                for (at, part) in parts.iter().enumerate() {
                    let mut rng = Rng::new(1, at as u64);
                    let values: Vec<Vec<u8>> = (0..TRIALS)
                        .map(|_| {
                            let mut out = Vec::new();
                            value(part, &mut rng, &mut out);
                            out
                        })
                        .collect();
                    let covers = |regex: &Option<Regex>| {
                        regex.as_ref().is_some_and(|regex| {
                            values.iter().all(|value| regex.is_match(value.as_slice()))
                        })
                    };
                    // Of two that are equal, the later one is the one too many.
                    let other = (0..parts.len()).find(|&other| {
                        other != at
                            && covers(&whole[other])
                            && (other < at || parts[other] != *part)
                    });
                    if let Some(other) = other {
                        found.push((part.to_string(), parts[other].to_string()));
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// The pattern as one that must match all of a value.
fn whole(part: &Hir) -> Option<Regex> {
    let all = Hir::concat(vec![
        Hir::look(Look::Start),
        part.clone(),
        Hir::look(Look::End),
    ]);
    Regex::builder().build_from_hir(&all).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_shape() {
        for pattern in [r"\b\d{3}-[A-F]{2}\b", "(ab|cd)?x{1,3}", "[a-c\\x80-\\xFF]z"] {
            let hir = parsed(pattern).unwrap();
            let regex = whole(&hir).unwrap();
            let mut rng = Rng::new(1, 1);
            for _ in 0..100 {
                let mut out = Vec::new();
                value(&hir, &mut rng, &mut out);
                assert!(regex.is_match(out.as_slice()), "{pattern}");
            }
        }
    }

    #[test]
    fn an_alternative_that_adds_nothing_is_seen() {
        let of = |pattern| unreachable(&parsed(pattern).unwrap()).len();
        assert_eq!(of(r"\d{3}x|\d{1,5}[a-z]"), 1);
        assert_eq!(of(r"\d{3}x|[a-z]{2}y"), 0);
    }
}
