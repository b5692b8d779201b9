//! Kinds of bytes: which forms a cell can hold, told from the kinds of bytes in it.
//!
//! A cell of letters and spaces holds no number, one without `@` no address, and a name holds no digits. One pass over a cell
//! says which kinds it has; which forms these leave is worked out once for each set of kinds and plan, and most columns have
//! a few of them.

use regex_automata::nfa::thompson::NFA;

use super::plan::ColumnPlan;
use super::prefilter::{ByteSet, alphabet, requires};

/// Bytes with a kind of their own, behind digits, capitals, small letters, and others that make words.
const MARKS: &[u8] = b" .,-/:@+()'\"";
/// Kinds of bytes; the last one is for all others.
const KINDS: usize = 4 + MARKS.len() + 1;
/// Kinds that are asked for: a form that needs one isn't in a cell without it.
const NEEDED: [usize; 5] = [0, 1, 4, 4 + 5, 4 + 6];

/// For each byte the bit of its kind.
static KIND_OF: [u32; 256] = {
    let mut kinds = [1 << (KINDS - 1); 256];
    let mut byte = 0;
    while byte < 256 {
        let kind = match byte as u8 {
            b'0'..=b'9' => 0,
            b'A'..=b'Z' => 1,
            b'a'..=b'z' => 2,
            b'_' | 0x80.. => 3,
            _ => KINDS - 1,
        };
        kinds[byte] = 1 << kind;
        byte += 1;
    }
    let mut mark = 0;
    while mark < MARKS.len() {
        kinds[MARKS[mark] as usize] = 1 << (4 + mark);
        mark += 1;
    }
    kinds
};

/// The kinds of bytes in a cell, one bit each.
#[inline]
pub(super) fn kinds(cell: &[u8]) -> u32 {
    cell.iter()
        .fold(0, |all, &byte| all | KIND_OF[usize::from(byte)])
}

fn bytes_of(kind: usize) -> ByteSet {
    ByteSet::of(|byte| KIND_OF[usize::from(byte)] == 1 << kind)
}

/// Which kinds forms need and have.
pub(super) struct Kinds {
    /// For each kind that is asked for, the forms that need one.
    needing: Vec<Vec<u64>>,
    /// For each kind, the whole cells that cannot have one.
    lacking: Vec<Vec<u64>>,
}

impl Kinds {
    /// Of all forms, in their order; those from `cells` on must be whole cells.
    pub(super) fn new(forms: &[&NFA], cells: std::ops::Range<usize>) -> Self {
        let words = forms.len().div_ceil(64).max(1);
        let mut needing = vec![vec![0; words]; NEEDED.len()];
        let mut lacking = vec![vec![0; words]; KINDS];
        for (form, nfa) in forms.iter().enumerate() {
            let (word, bit) = (form / 64, 1 << (form % 64));
            for (needed, kind) in needing.iter_mut().zip(NEEDED) {
                if requires(nfa, bytes_of(kind)) {
                    needed[word] |= bit;
                }
            }
            if cells.contains(&form) {
                let has = alphabet(nfa);
                for (kind, lacks) in lacking.iter_mut().enumerate() {
                    if !has.meets_any(bytes_of(kind)) {
                        lacks[word] |= bit;
                    }
                }
            }
        }
        Self { needing, lacking }
    }

    /// The forms of a plan that a cell of these kinds can hold.
    pub(super) fn possible(&self, plan: &ColumnPlan, kinds: u32) -> Vec<u64> {
        let mut forms = plan.forms.to_vec();
        let mut without = |others: &[u64]| {
            for (word, other) in forms.iter_mut().zip(others) {
                *word &= !other;
            }
        };
        for (needing, kind) in self.needing.iter().zip(NEEDED) {
            if kinds >> kind & 1 == 0 {
                without(needing);
            }
        }
        for (kind, lacking) in self.lacking.iter().enumerate() {
            if kinds >> kind & 1 == 1 {
                without(lacking);
            }
        }
        forms
    }
}

#[cfg(test)]
mod tests {
    use super::super::pattern_nfa;
    use super::*;

    #[test]
    fn what_a_cell_can_hold_follows_from_its_bytes() {
        let patterns = [
            r"\b\d{9}\b",
            r"\b[a-z.]+@[a-z]+\b",
            r"[A-Z][a-z]+(?: [A-Z][a-z]+)?",
        ];
        let nfas: Vec<NFA> = patterns.iter().map(|p| pattern_nfa(p).unwrap()).collect();
        let all = Kinds::new(&nfas.iter().collect::<Vec<_>>(), 2..3);
        let plan = ColumnPlan {
            forms: [0b111].into(),
            never_whole: [0].into(),
            key: 0,
            header: std::sync::Arc::new([]),
            is_nameless: false,
        };
        let possible = |cell: &str| all.possible(&plan, kinds(cell.as_bytes()))[0];
        assert_eq!(possible("active"), 0);
        assert_eq!(possible("Jan Jansen"), 0b100);
        assert_eq!(possible("Jan 123456789"), 0b001);
        assert_eq!(possible("x@y 1"), 0b011);
    }
}
