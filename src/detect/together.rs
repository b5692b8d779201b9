//! Cells of one shape that are checked together, form by form.
//!
//! What matters in most cells are matches of the whole cell: any nine digits are tried as the number of some thirty countries,
//! and where an e-mail address is the whole cell nothing inside it counts. So cells of one program are gathered, and each
//! form is checked on all of them: sums over columns of digits, and bits instead of candidates. The few cells in which
//! something else may match are searched by themselves.

use super::find::PutBy;
use super::program::{Begin, ProgramId, TogetherId};
use super::search::{Chosen, TokensScratch, Wanted};
use super::shape::Element;
use super::whole::Task;
use super::{FormId, Matcher, Scratch};
use crate::rule::Normalise;
use crate::validate::{Digits, Fared};

mod alike;
mod check;
mod matches;

pub(crate) use alike::{Alike, Whole};
use check::Normalised;

/// Forms that match the whole cell or, at its start, nothing.
#[derive(PartialEq, Eq)]
pub(super) struct Together {
    /// The ways in which they normalise the cell.
    kinds: Box<[(Normalise, Option<usize>)]>,
    claims: Box<[Claim]>,
    /// The place of each form among the claims, or [`NO_CLAIM`].
    places: Box<[u8]>,
    /// Those that have to be searched for at the start of the cell.
    unsure: Option<(Chosen, Box<[u64]>)>,
    /// Those that must be the whole cell, and may be.
    whole: Box<[Task]>,
    /// How many digits the cell is made of, if it is.
    digits: Option<u8>,
    /// Whether something else can match in the cell, unless a strong form is all of it.
    rest: bool,
    /// What that may be, by element, where it can be searched for: a cell in which none matches is done.
    later: Box<[Later]>,
}

/// Forms that may match from an element behind the first one.
#[derive(PartialEq, Eq)]
struct Later {
    element: u8,
    chosen: Chosen,
    forms: Box<[u64]>,
}

/// Of a form that is none of the claims.
const NO_CLAIM: u8 = u8::MAX;

/// A form of [`Together`].
#[derive(Clone, Copy, PartialEq, Eq)]
struct Claim {
    form: FormId,
    /// Its place in the kinds.
    kind: u8,
    /// Whether it matches each cell.
    sure: bool,
    /// Whether nothing else counts in a cell that passes.
    settles: bool,
    /// Whether an earlier form is of the same detector.
    shared: bool,
}

/// How often cells of a program had to be searched by themselves after all.
#[derive(Clone, Copy, Default)]
struct Odds {
    all: u32,
    odd: u32,
}

impl Odds {
    fn pays(self) -> bool {
        self.all <= TRIALS || self.odd <= self.all / 2
    }
}

/// Cells after which it is known whether checking them together pays.
const TRIALS: u32 = 64;

/// Cells from which on a program's forms are worth an automaton of their own.
const OFTEN: u32 = 1024;

/// Room for so many cells is kept from batch to batch.
const KEPT: usize = 4096;

/// Cells of a batch from which on a column may have a lead.
const LED: u32 = 64;

/// Cells put by, and what checking them needs.
#[derive(Default)]
pub(super) struct Waiting {
    /// By what they are checked for, and how that went.
    cells: Vec<(Vec<PutBy>, Odds)>,
    /// Of which there are some.
    filled: Vec<TogetherId>,
    /// The cells that are searched by themselves.
    odd: Vec<PutBy>,
    normalised: Vec<Normalised>,
    /// By the way in which numbers are normalised.
    digits: Vec<Digits>,
    /// For each claim, the cells that it matches; as many words as the cells need.
    matched: Vec<u64>,
    /// Which cells start with a match of less than the cell, one bit each.
    parted: Vec<u64>,
    /// Which cells are done already, one bit each: no claim matches them, or they are searched by themselves.
    left_out: Vec<u64>,
    /// For each claim, how they fare.
    fared: Vec<Fared>,
    /// How many cells are nothing but a match of some form that had to be searched for.
    led: Vec<(FormId, u32)>,
}

impl Scratch {
    /// Whether cells of a program can be put by, and it pays as far as that is known.
    pub(super) fn may_put_by(&self, program: ProgramId) -> bool {
        let together = self.programs.list[program.0 as usize].together;
        together.is_some_and(|id| {
            let known = self.waiting.cells.get(id.0 as usize);
            known.is_none_or(|(_, odds)| odds.pays())
        })
    }

    /// Puts a cell by, to be checked together with others; or says that this can't be done or doesn't pay.
    #[inline]
    pub(super) fn put_by(&mut self, cell: PutBy) -> bool {
        let together = self.programs.list[cell.program.0 as usize].together;
        let room = together.and_then(|id| self.waiting.room(id));
        let is_put_by = room.is_some();
        if let Some(cells) = room {
            cells.push(cell);
        }
        is_put_by
    }
}

impl Waiting {
    /// Where cells are put by, if that pays.
    #[inline]
    pub(super) fn room(&mut self, id: TogetherId) -> Option<&mut Vec<PutBy>> {
        if self.cells.len() <= id.0 as usize {
            self.make_room(id);
        }
        let (cells, odds) = &mut self.cells[id.0 as usize];
        if !odds.pays() {
            return None;
        }
        if cells.is_empty() {
            self.filled.push(id);
        }
        Some(cells)
    }

    #[cold]
    fn make_room(&mut self, id: TogetherId) {
        self.cells.resize_with(id.0 as usize + 1, Default::default);
    }

    /// Forgets what a search left behind that did not end.
    pub(super) fn clear(&mut self) {
        for id in self.filled.drain(..) {
            self.cells[id.0 as usize].0.clear();
        }
    }

    /// Forgets all programs.
    pub(super) fn forget(&mut self) {
        self.clear();
        self.cells.clear();
    }
}

impl Together {
    /// Of a program's forms, if cells can be checked together.
    pub(super) fn new(
        matcher: &Matcher,
        elements: &[Element],
        begins: &[Begin],
        whole_sure: &[FormId],
        (whole_forms, whole): (&[u64], &[Task]),
        never_whole: &[u64],
    ) -> Option<Self> {
        let count = elements.len();
        let digits = match elements {
            [only] if only.is_digits() => Some(*only.lengths().start() as u8),
            _ => None,
        };
        let is_exact = elements.iter().all(|element| {
            let (least, most) = element.lengths().into_inner();
            least == most
        });
        let (first, rest) = match begins {
            [first, rest @ ..] if first.element == 0 => (Some(first), rest),
            rest => (None, rest),
        };
        let sure = first.map_or(&[][..], |first| &first.sure);
        if sure.iter().any(|&(_, end)| usize::from(end) != count) {
            return None;
        }
        let unsure = first.and_then(|first| first.unsure.clone());
        let of_set = |set: &[u64]| {
            let has = |form: &u16| set[usize::from(form / 64)] >> (form % 64) & 1 == 1;
            let forms = 0..matcher.forms.len() as u16;
            forms.filter(has).map(FormId).collect::<Vec<_>>()
        };
        let may = unsure
            .as_ref()
            .map_or_else(Vec::new, |(_, set)| of_set(set));
        let may = may
            .into_iter()
            .filter(|form| never_whole[usize::from(form.0 / 64)] >> (form.0 % 64) & 1 == 0);
        let mut kinds = Vec::new();
        let mut claims: Vec<Claim> = Vec::new();
        let mut claim = |form: FormId, sure: bool, at_start: bool| {
            let compiled = &matcher.forms[usize::from(form.0)];
            // In most shapes there is nothing to normalise.
            let ranges = || elements.iter().flat_map(|element| element.bytes());
            let normalise = if compiled.normalise.keeps(ranges) {
                Normalise::None
            } else {
                compiled.normalise
            };
            // Nor is anything put before one that is long enough.
            let pad = compiled
                .pad
                .filter(|pad| digits.is_none_or(|len| *pad > usize::from(len)));
            let kind = (normalise, pad);
            let known = kinds.iter().position(|known| *known == kind);
            let kind = known.unwrap_or_else(|| {
                kinds.push(kind);
                kinds.len() - 1
            });
            claims.push(Claim {
                form,
                kind: kind as u8,
                sure,
                settles: at_start && compiled.is_strong(),
                shared: false,
            });
        };
        for form in whole_sure {
            claim(*form, true, false);
        }
        for form in of_set(whole_forms) {
            claim(form, false, false);
        }
        for (form, _) in sure {
            claim(*form, true, true);
        }
        for form in may {
            claim(form, false, true);
        }
        let detector = |claim: &Claim| matcher.forms[usize::from(claim.form.0)].detector;
        claims.sort_by_key(|claim| claim.form);
        for index in 0..claims.len() {
            let like = |other: &Claim| detector(other) == detector(&claims[index]);
            claims[index].shared = claims[..index].iter().any(like);
        }
        let settles = claims.iter().any(|claim| claim.settles);
        let may_be_clean = is_exact && rest.iter().all(|begin| begin.sure.is_empty());
        if claims.is_empty()
            || claims.len() > usize::from(u8::MAX)
            || !rest.is_empty() && !settles && !may_be_clean
        {
            return None;
        }
        let later = rest.iter().filter(|_| may_be_clean).filter_map(|begin| {
            let (chosen, forms) = begin.unsure.clone()?;
            Some(Later {
                element: begin.element,
                chosen,
                forms,
            })
        });
        Some(Self {
            kinds: kinds.into(),
            places: places_of(&claims, matcher),
            claims: claims.into(),
            unsure,
            whole: whole.into(),
            digits,
            later: later.collect(),
            rest: !rest.is_empty(),
        })
    }

    /// That of a form which is the whole of most cells.
    fn lead(matcher: &Matcher, form: FormId, tokens: &mut TokensScratch) -> Self {
        let compiled = &matcher.forms[usize::from(form.0)];
        let mut forms = vec![0; matcher.forms.len().div_ceil(64)].into_boxed_slice();
        forms[usize::from(form.0 / 64)] |= 1 << (form.0 % 64);
        let claim = Claim {
            form,
            kind: 0,
            sure: false,
            settles: true,
            shared: false,
        };
        Self {
            kinds: [(compiled.normalise, compiled.pad)].into(),
            claims: [claim].into(),
            places: places_of(&[claim], matcher),
            unsure: Some((tokens.chosen(&forms), forms)),
            whole: Box::default(),
            digits: None,
            rest: true,
            later: Box::default(),
        }
    }

    /// The forms that have to be searched for at the start of a cell.
    fn wanted(&self) -> Option<Wanted<'_>> {
        let (chosen, forms) = self.unsure.as_ref()?;
        Some(Wanted {
            chosen: *chosen,
            forms,
        })
    }

    /// Whether some forms have to be searched for.
    fn is_searched(&self) -> bool {
        self.unsure.is_some() || !self.whole.is_empty()
    }
}

fn places_of(claims: &[Claim], matcher: &Matcher) -> Box<[u8]> {
    let mut places = vec![NO_CLAIM; matcher.forms.len()];
    for (place, claim) in claims.iter().enumerate().rev() {
        places[usize::from(claim.form.0)] = place as u8;
    }
    places.into()
}

impl Later {
    fn wanted(&self) -> Wanted<'_> {
        Wanted {
            chosen: self.chosen,
            forms: &self.forms,
        }
    }
}
