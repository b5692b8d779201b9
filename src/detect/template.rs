//! Templates: cells of a certain length whose bytes at each place are of certain classes.

use wide::u8x16;

use super::shape::{LONGEST, Shape};

/// All cells that what was worked out for a shape applies to. To see that a cell is one of them takes less than to find out
/// its shape.
pub(super) struct Template {
    len: usize,
    /// Whether trimming leaves all of its cells as they are.
    is_trimmed: bool,
    /// For each sixteen places, the bytes that may stand there; more ranges of them only where some place needs more.
    parts: Vec<Range>,
    more: [Vec<Range>; RANGES - 1],
}

/// For each of sixteen places a range of bytes: the first one, and how many are behind it.
type Range = (u8x16, u8x16);

/// Digits, capitals and small letters: the ranges that a place may need.
const RANGES: usize = 3;
const SIXTEEN: usize = 16;

impl Template {
    /// That of a shape of which this cell is an example; none where lengths are told roughly, or bytes beyond ASCII count.
    pub(super) fn new(shape: &Shape, cell: &[u8]) -> Option<Self> {
        let mut places: Vec<Vec<(u8, u8)>> = Vec::with_capacity(cell.len());
        for element in shape.elements() {
            let (len, most) = element.lengths().into_inner();
            if len < most {
                return None;
            }
            let ranges = element.bytes();
            if ranges.len() > RANGES || ranges.iter().any(|&(_, last)| last >= 0x80) {
                return None;
            }
            places.extend((0..len).map(|_| ranges.clone()));
        }
        let may_be = |place: Option<&Vec<(u8, u8)>>, byte: u8| {
            let mut ranges = place.into_iter().flatten();
            ranges.any(|&(first, last)| (first..=last).contains(&byte))
        };
        let (start, end) = (places.first(), places.last());
        let before = places.iter().nth_back(1);
        // Quotes may say that a cell is text.
        let has_blank = (0..=b'\'').any(|byte| may_be(start, byte) || may_be(end, byte));
        let has_zero = may_be(before, b'.') && may_be(end, b'0');
        let is_trimmed = !has_blank && !has_zero;
        // A place that needs fewer ranges has its last one again.
        let of = |number: usize| {
            places.chunks(SIXTEEN).map(move |places| {
                let (mut low, mut span) = ([0; SIXTEEN], [u8::MAX; SIXTEEN]);
                for (at, ranges) in places.iter().enumerate() {
                    let (first, last) = ranges[number.min(ranges.len() - 1)];
                    (low[at], span[at]) = (first, last - first);
                }
                (u8x16::new(low), u8x16::new(span))
            })
        };
        let most = places.iter().map(Vec::len).max().unwrap_or(1);
        let parts = |number: usize| (number < most).then(|| of(number)).into_iter().flatten();
        Some(Self {
            len: cell.len(),
            is_trimmed,
            parts: parts(0).collect(),
            more: [parts(1).collect(), parts(2).collect()],
        })
    }

    /// Whether [trimming](super::edges::trim) leaves all of its cells as they are, so that a value need not be trimmed to see
    /// that it is one of them.
    #[inline]
    pub(super) fn is_trimmed(&self) -> bool {
        self.is_trimmed
    }

    /// Whether a cell is one of them.
    #[inline]
    pub(super) fn holds(&self, text: &[u8], start: usize, end: usize) -> bool {
        if end - start != self.len {
            return false;
        }
        let Some(block) = text[start..].first_chunk::<LONGEST>() else {
            return false;
        };
        let mut good = u8x16::MAX;
        let bytes = block.as_chunks::<SIXTEEN>().0;
        if self.more[0].is_empty() {
            for (bytes, range) in bytes.iter().zip(&self.parts) {
                good &= within(u8x16::new(*bytes), *range);
            }
            return good.all();
        }
        for (part, (bytes, range)) in bytes.iter().zip(&self.parts).enumerate() {
            let bytes = u8x16::new(*bytes);
            let more = self.more.iter().filter_map(|more| more.get(part));
            good &= more.fold(within(bytes, *range), |any, range| {
                any | within(bytes, *range)
            });
        }
        good.all()
    }
}

/// Which bytes are within their place's range.
#[inline]
fn within(bytes: u8x16, (low, span): Range) -> u8x16 {
    let moved = bytes - low;
    moved.min(span).simd_eq(moved)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::edges::trim;
    use super::super::shape::{ELEMENTS, shape};
    use super::*;

    proptest! {
        #[test]
        fn a_template_holds_what_is_in_its_elements(
            a in "[0-9]{1,3}[-:][0-9a-f]{2}[A-Z][a-z]{1,3}", b in "[0-9]{1,3}[-:][0-9a-f]{2}[A-Z][a-z]{1,3}"
        ) {
            let text = format!("{b}{}", "x".repeat(LONGEST)).into_bytes();
            let mut places = [0; ELEMENTS + 1];
            let shape = shape(a.as_bytes(), 0, a.len(), &mut places).unwrap();
            let template = Template::new(&shape, a.as_bytes()).unwrap();
            let fits = a.len() == b.len() && shape.elements().iter().enumerate().all(|(index, element)| {
                let bytes = &text[usize::from(places[index])..usize::from(places[index + 1])];
                let ranges = element.bytes();
                bytes.iter().all(|byte| ranges.iter().any(|(first, last)| (first..=last).contains(&byte)))
            });
            prop_assert_eq!(template.holds(&text, 0, b.len()), fits);
        }

        #[test]
        fn what_needs_no_trimming_is_left_by_it_as_it_is(
            a in "[0-9]{6}[.,][1-9]", b in "[0-9]{6}[.,][05]"
        ) {
            let text = format!("{b}{}", "x".repeat(LONGEST)).into_bytes();
            let mut places = [0; ELEMENTS + 1];
            let shape = shape(a.as_bytes(), 0, a.len(), &mut places).unwrap();
            let template = Template::new(&shape, a.as_bytes()).unwrap();
            let trimmed = trim(&text, 0, b.len() as u32);
            if template.is_trimmed() && template.holds(&text, 0, b.len()) {
                prop_assert_eq!(trimmed, (0, b.len()));
            }
        }
    }
}
