//! Programs: what to do with the cells of one shape in columns of one plan.
//!
//! Most shapes can hold nothing, and a cell of such a shape costs no more than the look-up of its program. Of the others many
//! have matches that are sure (`walk.rs`), so that only checks are left to run. A program is made when its shape has turned up
//! some dozens of times: others are not worth it, and are searched like any other text.

use std::hash::BuildHasher;
use std::ops::Range;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::lead::Companions;
use super::search::Chosen;
use super::shape::{ELEMENTS, Element, Places, Shape};
use super::template::Template;
use super::together::Together;
use super::walk::{End, WalksScratch};
use super::{ColumnPlan, FormId, Matcher, Task};

/// Programs looked up by plan and shape; a new one takes the place of the one in its slot.
const SLOTS: usize = 1 << 12;
/// Columns that may have a lead.
const MOST_LEADS: usize = 256;
/// Programs looked up by plan and sign.
const SIGNS: usize = 1 << 11;
/// Programs kept; when there are more, all are made afresh.
const MOST: usize = 1 << 12;
/// Cells of a shape after which it gets a program: searching so many by themselves costs about a fourth of making one, so that
/// learning never costs much more than searching, whatever the input.
const WORTHWHILE: u32 = if cfg!(any(test, fuzzing)) { 2 } else { 64 };
/// Shapes of a column that are looked up in any case, and how many of all must be known from then on.
const TRIALS: u32 = 4096;
const KNOWN_OF_TEN: u64 = 4;
/// Cells of a column after which it is known whether its lead pays.
const LED_TRIALS: u32 = 512;

/// What to do with a cell.
pub(super) struct Program {
    /// What can match from some element on, by element.
    pub(super) begins: Box<[Begin]>,
    /// Forms that must be a whole cell, and surely match.
    pub(super) whole_sure: Box<[FormId]>,
    /// Such forms that may match.
    pub(super) whole: Box<[Task]>,
    /// Set when such cells can be checked together.
    pub(super) together: Option<TogetherId>,
    /// Whether it is about cells of any shape that a [lead](super::lead) may be all of.
    pub(super) leads: bool,
    /// Where elements start, if that is the same in all cells.
    pub(super) places: Option<Box<Places>>,
}

/// Forms that may match from an element on.
pub(super) struct Begin {
    pub(super) element: u8,
    /// Forms that match, and the element before which the match ends.
    pub(super) sure: Box<[(FormId, u8)]>,
    /// Forms that have to be searched for.
    pub(super) unsure: Option<(Chosen, Box<[u64]>)>,
}

/// What the cells of some programs are checked for, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TogetherId(pub(super) u32);

/// A program by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ProgramId(pub(super) u32);

impl ProgramId {
    /// The program that does nothing.
    pub(super) const NOTHING: Self = Self(0);
}

#[derive(Clone, Copy)]
struct Slot {
    plan: u64,
    shape: Shape,
    program: u32,
    template: u16,
}

#[derive(Clone, Copy)]
struct Column {
    plan: u64,
    tried: u32,
    known: u32,
    /// By a cell's length, the template that such a cell had last.
    templates: [u16; TEMPLATES],
}

/// Lengths that a column has templates for at a time.
const TEMPLATES: usize = 32;
const NO_TEMPLATE: u16 = u16::MAX;

impl Default for Column {
    fn default() -> Self {
        Self {
            plan: 0,
            tried: 0,
            known: 0,
            templates: [NO_TEMPLATE; TEMPLATES],
        }
    }
}

/// The programs known, one set for each thread.
pub(super) struct Programs {
    slots: Vec<Slot>,
    /// Hashes of shapes that have no program, and how often they were seen.
    seen: Vec<(u64, u32)>,
    pub(super) list: Vec<Program>,
    /// What cells are checked for together; that of many programs is the same.
    pub(super) togethers: Vec<Together>,
    walks: WalksScratch,
    columns: Vec<Column>,
    /// Templates, with where elements start and the program.
    templates: Vec<(Template, Places, ProgramId)>,
    /// Programs by plan and a cell's [`sign`](super::shape::sign), with the template if there is one.
    signs: Vec<(u64, ProgramId, u16)>,
    /// For each sign without a template, where elements start.
    sign_places: Vec<Places>,
    pub(super) seed: u64,
    /// By column, what leads in columns of which plan.
    leads: Vec<Option<Lead>>,
}

/// A form that is the whole of nearly all cells of a column.
#[derive(Clone)]
pub(super) struct Lead {
    plan: u64,
    form: FormId,
    pub(super) program: ProgramId,
    pub(super) companions: Arc<Companions>,
    /// Cells so far, and those that may hold something else as well.
    tried: u32,
    others: u32,
}

impl Lead {
    /// Whether most cells hold nothing else.
    pub(super) fn pays(&self) -> bool {
        self.tried < LED_TRIALS || self.others < self.tried / 2
    }
}

/// What the look-up of a shape says.
pub(super) enum Lookup {
    /// Its program.
    Known(ProgramId),
    /// It has none, but is worth one: [`Programs::make`] it.
    Worthwhile,
    /// It has none.
    None,
}

/// The templates of a column's last cells.
pub(super) struct LastCells<'p> {
    by_len: &'p [u16; TEMPLATES],
    templates: &'p [(Template, Places, ProgramId)],
}

impl LastCells<'_> {
    /// The program of a value with nothing to trim, if the column's last cell of that length was like it.
    #[inline]
    pub(super) fn program(&self, text: &[u8], start: usize, end: usize) -> Option<ProgramId> {
        let number = self.by_len[(end - start) % TEMPLATES];
        let (template, _, program) = self.templates.get(usize::from(number))?;
        let holds = template.is_trimmed() && template.holds(text, start, end);
        holds.then_some(*program)
    }
}

impl Programs {
    pub(super) fn new() -> Self {
        let mut programs = Self {
            slots: Vec::new(),
            seen: vec![(0, 0); SLOTS],
            list: Vec::new(),
            togethers: Vec::new(),
            walks: WalksScratch::default(),
            columns: Vec::new(),
            templates: Vec::new(),
            signs: Vec::new(),
            sign_places: vec![[0; ELEMENTS + 1]; SIGNS],
            seed: RandomState::default().hash_one(0),
            leads: Vec::new(),
        };
        programs.clear();
        programs
    }

    /// Forgets all programs.
    pub(super) fn clear(&mut self) {
        let none = Slot {
            plan: 0,
            shape: Shape::default(),
            program: 0,
            template: NO_TEMPLATE,
        };
        self.templates.clear();
        self.columns.clear();
        self.slots.clear();
        self.slots.resize(SLOTS, none);
        self.signs.clear();
        self.signs
            .resize(SIGNS, (0, ProgramId::NOTHING, NO_TEMPLATE));
        self.list.clear();
        self.list.push(Program {
            begins: Box::default(),
            whole_sure: Box::default(),
            whole: Box::default(),
            together: None,
            leads: false,
            places: None,
        });
        self.leads.clear();
        self.togethers.clear();
    }

    fn together(&mut self, together: Together) -> TogetherId {
        let known = self.togethers.iter().position(|known| *known == together);
        let place = known.unwrap_or_else(|| {
            self.togethers.push(together);
            self.togethers.len() - 1
        });
        TogetherId(place as u32)
    }

    /// A new chunk starts, whose columns are others.
    pub(super) fn start_chunk(&mut self) {
        self.columns.clear();
    }

    /// Whether it pays to find out the shapes of a column's cells.
    #[inline]
    pub(super) fn pays(&mut self, column: usize, plan: u64) -> bool {
        if column >= self.columns.len() {
            self.columns.resize(column + 1, Column::default());
        }
        if self.columns[column].plan != plan {
            self.columns[column] = Column {
                plan,
                ..Column::default()
            };
        }
        let Column { tried, known, .. } = self.columns[column];
        tried < TRIALS || u64::from(known) * 10 >= u64::from(tried) * KNOWN_OF_TEN
    }

    /// The program of a cell, if the column's last cell of that length was like it; and where its elements start.
    #[inline]
    pub(super) fn by_template(
        &self,
        text: &[u8],
        cell: Range<usize>,
        column: usize,
        places: &mut Places,
    ) -> Option<ProgramId> {
        let number = self.columns[column].templates[cell.len() % TEMPLATES];
        let program = self.of_template(text, cell, column)?;
        if program != ProgramId::NOTHING {
            *places = self.templates[usize::from(number)].1;
        }
        Some(program)
    }

    /// The program of a cell, if the column's last cell of that length was like it.
    #[inline]
    fn of_template(&self, text: &[u8], cell: Range<usize>, column: usize) -> Option<ProgramId> {
        let number = self.columns[column].templates[cell.len() % TEMPLATES];
        let (template, _, program) = self.templates.get(usize::from(number))?;
        let holds = template.holds(text, cell.start, cell.end);
        holds.then_some(*program)
    }

    /// What the last cells of a column were like.
    pub(super) fn last_cells(&self, column: usize) -> LastCells<'_> {
        LastCells {
            by_len: &self.columns[column].templates,
            templates: &self.templates,
        }
    }

    /// The program of a cell by its sign, and where its elements start.
    #[inline]
    pub(super) fn by_sign(
        &mut self,
        sign: u64,
        len: usize,
        column: usize,
        places: &mut Places,
    ) -> Option<ProgramId> {
        let slot = sign as usize % SIGNS;
        let (known, program, template) = self.signs[slot];
        if known != sign {
            return None;
        }
        let column = &mut self.columns[column];
        column.tried = column.tried.saturating_add(1);
        column.known = column.known.saturating_add(1);
        column.templates[len % TEMPLATES] = template;
        if program != ProgramId::NOTHING {
            let template = self.templates.get(usize::from(template));
            *places = template.map_or(self.sign_places[slot], |(_, places, _)| *places);
        }
        Some(program)
    }

    /// Keeps the program that a column's cell of this length, whose elements start at `places`, has now by its sign.
    pub(super) fn keep_sign(
        &mut self,
        sign: u64,
        (len, places): (usize, &Places),
        column: usize,
        program: ProgramId,
    ) {
        let template = self.columns[column].templates[len % TEMPLATES];
        let slot = sign as usize % SIGNS;
        match self.templates.get(usize::from(template)) {
            Some((_, _, its)) if *its != program => return,
            Some(_) => {}
            None => self.sign_places[slot] = *places,
        }
        self.signs[slot] = (sign, program, template);
    }

    /// The program of a shape that a column's cell has.
    #[inline]
    pub(super) fn look_up(
        &mut self,
        plan: u64,
        shape: &Shape,
        len: usize,
        column: usize,
    ) -> Lookup {
        let hash = shape.hash(plan);
        let place = (hash >> 32) as usize % SLOTS;
        let slot = &self.slots[place];
        let column = &mut self.columns[column];
        column.tried = column.tried.saturating_add(1);
        if slot.plan == plan && slot.shape == *shape {
            column.known = column.known.saturating_add(1);
            column.templates[len % TEMPLATES] = slot.template;
            return Lookup::Known(ProgramId(slot.program));
        }
        let (seen, times) = &mut self.seen[place];
        if *seen != hash {
            (*seen, *times) = (hash, 0);
        }
        *times += 1;
        if *times < WORTHWHILE {
            return Lookup::None;
        }
        *times = 0;
        Lookup::Worthwhile
    }

    /// Whether a program is that of a shape, as far as it is still known.
    pub(super) fn is_of(&self, plan: u64, shape: &Shape, program: ProgramId) -> bool {
        let slot = &self.slots[(shape.hash(plan) >> 32) as usize % SLOTS];
        slot.plan == plan && slot.shape == *shape && slot.program == program.0
    }

    /// Keeps the program of a shape.
    fn keep(
        &mut self,
        plan: u64,
        shape: &Shape,
        cell: &[u8],
        places: &Places,
        program: Program,
    ) -> ProgramId {
        let number = if program.is_nothing() {
            ProgramId::NOTHING
        } else {
            self.list.push(program);
            ProgramId(self.list.len() as u32 - 1)
        };
        let template = match Template::new(shape, cell) {
            Some(template) => {
                self.templates.push((template, *places, number));
                self.templates.len() as u16 - 1
            }
            None => NO_TEMPLATE,
        };
        self.slots[(shape.hash(plan) >> 32) as usize % SLOTS] = Slot {
            plan,
            shape: *shape,
            program: number.0,
            template,
        };
        number
    }

    /// What leads in a column.
    pub(super) fn lead(&self, column: usize, plan: u64) -> Option<Lead> {
        let lead = self.leads.get(column)?.as_ref()?;
        (lead.plan == plan && lead.pays()).then(|| lead.clone())
    }

    /// Whether a column's lead can be kept.
    pub(super) fn may_lead(column: usize) -> bool {
        column < MOST_LEADS
    }

    /// Whether it is known already that a form leads in a column.
    pub(super) fn is_lead(&self, column: usize, plan: u64, form: FormId) -> bool {
        let lead = self.leads.get(column).and_then(Option::as_ref);
        lead.is_some_and(|known| known.plan == plan && known.form == form)
    }

    /// Counts cells that were looked at for their lead, and those of them that may hold something else.
    pub(super) fn count_led(&mut self, column: usize, tried: u32, others: u32) {
        if let Some(Some(lead)) = self.leads.get_mut(column) {
            lead.tried = lead.tried.saturating_add(tried);
            lead.others = lead.others.saturating_add(others);
        }
    }

    /// From now on a form leads in a column.
    pub(super) fn set_lead(
        &mut self,
        (column, plan): (usize, u64),
        form: FormId,
        (companions, together): (Companions, Together),
    ) {
        if column >= self.leads.len() {
            self.leads.resize(column + 1, None);
        }
        let together = Some(self.together(together));
        self.list.push(Program {
            begins: Box::default(),
            whole_sure: Box::default(),
            whole: Box::default(),
            together,
            leads: true,
            places: None,
        });
        self.leads[column] = Some(Lead {
            plan,
            form,
            program: ProgramId(self.list.len() as u32 - 1),
            companions: Arc::new(companions),
            tried: 0,
            others: 0,
        });
    }

    /// Whether there are so many programs that all had better be forgotten.
    pub(super) fn is_full(&self) -> bool {
        self.list.len() >= MOST || self.templates.len() >= MOST
    }
}

impl Program {
    fn is_nothing(&self) -> bool {
        self.begins.is_empty() && self.whole_sure.is_empty() && self.whole.is_empty()
    }
}

impl Matcher {
    /// Makes the program of a shape in columns of a plan.
    #[cold]
    pub(super) fn make_program(
        &self,
        plan: &ColumnPlan,
        shape: &Shape,
        (cell, places): (&[u8], &Places),
        programs: &mut Programs,
        tokens: &mut super::search::TokensScratch,
    ) -> ProgramId {
        let elements = shape.elements();
        let wanted = |form: u16| plan.forms[usize::from(form / 64)] >> (form % 64) & 1 == 1;
        let never = |form: u16| plan.never_whole[usize::from(form / 64)] >> (form % 64) & 1 == 1;
        let mut begins = Vec::new();
        let mut whole_sure = Vec::new();
        let mut whole = vec![0; plan.forms.len()];
        for at in 0..elements.len() {
            if at > 0 && !self.begins_at(elements, at) {
                continue;
            }
            let mut sure = Vec::new();
            let mut unsure = vec![0; plan.forms.len()].into_boxed_slice();
            let reaches = self.walks.from(elements, at, &mut programs.walks);
            for reach in reaches.iter().filter(|reach| wanted(reach.form)) {
                let (form, bit) = (reach.form, 1 << (reach.form % 64));
                let is_cell = self.is_cell_form(usize::from(form));
                if !is_cell && at == 0 && !self.begins_at(elements, at) {
                    continue;
                }
                match reach.end {
                    End::Sure(end) if at == 0 && end == elements.len() && never(form) => {}
                    End::Sure(_) if is_cell => whole_sure.push(FormId(form)),
                    End::Sure(end) => sure.push((FormId(form), end as u8)),
                    End::Unsure if is_cell => whole[usize::from(form / 64)] |= bit,
                    End::Unsure => unsure[usize::from(form / 64)] |= bit,
                }
            }
            let unsure = unsure
                .iter()
                .any(|word| *word != 0)
                .then(|| (tokens.chosen(&unsure), unsure));
            if !sure.is_empty() || unsure.is_some() {
                sure.sort_unstable();
                begins.push(Begin {
                    element: at as u8,
                    sure: sure.into(),
                    unsure,
                });
            }
        }
        whole_sure.sort_unstable();
        let whole_forms = whole;
        let whole: Box<[Task]> = self.cells.tasks(&whole_forms).into();
        let is_exact = elements.iter().all(|element| {
            let (least, most) = element.lengths().into_inner();
            least == most
        });
        let together = Together::new(
            self,
            elements,
            &begins,
            &whole_sure,
            (&whole_forms, &whole),
            &plan.never_whole,
        );
        let program = Program {
            begins: begins.into(),
            whole_sure: whole_sure.into(),
            whole,
            together: together.map(|together| programs.together(together)),
            leads: false,
            places: is_exact.then(|| Box::new(*places)),
        };
        programs.keep(plan.key, shape, cell, places, program)
    }

    /// Whether forms are searched for from this element on: at tokens, and at bytes that some form starts with.
    fn begins_at(&self, elements: &[Element], at: usize) -> bool {
        match elements[at].single() {
            Some(byte) => self.tokens.is_lead(byte),
            None => at == 0 || !elements[at - 1].is_run(),
        }
    }
}

const _: () = assert!(ELEMENTS < 256, "an element's number is a byte");
