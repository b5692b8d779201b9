//! Row ends that are no line ends, as bulk-copy tools write them, so that cells may hold line ends unquoted.

use super::sniff::{HEAD, is_separator};

/// The longest row end before its line end, with the delimiters of empty cells before it, in bytes.
const LONGEST: usize = 12;
/// Row ends worth measuring, at the most.
const MOST: usize = 6;

/// Row ends that the text may have: what stands before most line feeds or, in a text without line ends, a separator.
pub(super) fn row_ends(text: &[u8], delimiter: &[u8]) -> Vec<Vec<u8>> {
    let head = &text[..text.len().min(HEAD)];
    if memchr::memchr2(b'\n', b'\r', head).is_none() {
        return within_one_line(head, delimiter);
    }
    let mut before_lf = Vec::new();
    let mut before_crlf = Vec::new();
    for at in memchr::memchr_iter(b'\n', head) {
        let (runs, before) = match head[..at].strip_suffix(b"\r") {
            Some(before) => (&mut before_crlf, before),
            None => (&mut before_lf, &head[..at]),
        };
        let run = separators_at_end(before);
        if !without(delimiter, run).is_empty() {
            runs.push(run);
        }
    }
    let mut ends = Vec::new();
    for (runs, line_end) in [(before_lf, &b"\n"[..]), (before_crlf, b"\r\n")] {
        let Some(shared) = shared_end(&runs) else {
            continue;
        };
        // Empty last cells stand before a row's end, and may look like a part of it: both are worth a try.
        let rest = without(delimiter, shared);
        if rest.is_empty() || delimiter.ends_with(rest) || !ends_rows(rest) {
            continue;
        }
        for end in [rest, shared] {
            let end = [end, line_end].concat();
            if !ends.contains(&end) {
                ends.push(end);
            }
        }
    }
    ends
}

/// A run without the delimiters it starts with, which stand between empty cells.
fn without<'t>(delimiter: &[u8], mut run: &'t [u8]) -> &'t [u8] {
    while let Some(shorter) = run.strip_prefix(delimiter) {
        run = shorter;
    }
    run
}

/// Separators at the end of a text.
fn separators_at_end(text: &[u8]) -> &[u8] {
    let longest = &text[text.len().saturating_sub(LONGEST)..];
    let run = longest.iter().rev().take_while(|byte| is_separator(**byte));
    &longest[longest.len() - run.count()..]
}

/// The longest end that nearly as many runs share as end alike at all; line ends within cells have other text before them.
fn shared_end<'t>(runs: &[&'t [u8]]) -> Option<&'t [u8]> {
    let mut counts: std::collections::BTreeMap<&[u8], usize> = std::collections::BTreeMap::new();
    for run in runs {
        for start in 0..run.len() {
            *counts.entry(&run[start..]).or_default() += 1;
        }
    }
    let most = counts.values().copied().max().filter(|most| *most >= 2)?;
    let shared = counts
        .into_iter()
        .filter(|(_, count)| count * 10 >= most * 9);
    shared.map(|(end, _)| end).max_by_key(|end| end.len())
}

/// One byte of punctuation that ends a sentence, an amount or a share ends no row.
fn ends_rows(end: &[u8]) -> bool {
    match end {
        [byte] => matches!(byte, b'|' | b'~' | b'^') || byte.is_ascii_control(),
        _ => true,
    }
}

/// Separators that come often in a text of one line.
fn within_one_line(head: &[u8], delimiter: &[u8]) -> Vec<Vec<u8>> {
    let mut counts: std::collections::BTreeMap<&[u8], usize> = std::collections::BTreeMap::new();
    for run in head.split(|byte| !is_separator(*byte)) {
        for start in 0..run.len().min(LONGEST) {
            let end = &run[start..];
            if end.len() <= LONGEST && ends_rows(end) {
                *counts.entry(end).or_default() += 1;
            }
        }
    }
    let fits = |end: &[u8]| end != delimiter && !end.starts_with(delimiter);
    let mut ends: Vec<_> = counts
        .into_iter()
        .filter(|(end, count)| *count >= 2 && fits(end))
        .collect();
    // The longest first: a part of a row end comes as often as all of it.
    ends.sort_by(|a, b| b.1.cmp(&a.1).then(b.0.len().cmp(&a.0.len())));
    ends.truncate(MOST);
    ends.into_iter().map(|(end, _)| end.to_vec()).collect()
}
