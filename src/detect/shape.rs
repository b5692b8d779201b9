//! Shapes: what a cell looks like when its letters and digits are told apart by class alone.
//!
//! `1994-02-23` is four digits, a dash, two digits, a dash, two digits, whatever the date. Cells of a column have few shapes,
//! and what a pattern can do with a shape can be worked out once (`program.rs`). Runs of letters are told apart by length
//! only where cells have few of them; tokens that mix classes (parts of a GUID, random keys) are one run each, or every
//! cell would have a shape of its own.

use std::ops::RangeInclusive;

use wide::i8x16;

/// Longer cells have no shape.
pub(super) const LONGEST: usize = 64;
/// Elements of a shape; a cell of more has none.
pub(super) const ELEMENTS: usize = 24;
/// Runs of letters from which on their lengths are not told apart.
const MANY_WORDS: u32 = 3;
/// Runs of one class that a token may have to be told apart by them.
const RUNS: u32 = 4;

/// The classes of bytes in a run, one bit each.
pub(super) const DIGIT: u16 = 1;
const UPPER: u16 = 2;
const LOWER: u16 = 4;
/// A byte beyond ASCII.
const BEYOND: u16 = 8;
const UNDERSCORE: u16 = 16;
/// Digits and `a` to `f`.
const HEX: u16 = 32;
/// Digits and `A` to `F`.
const UPPER_HEX: u16 = 33;

/// One part of a shape: a byte that is no letter or digit, or a run of those.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Element(u16);

const RUN: u16 = 1 << 15;
const ROUGH: u16 = 1 << 14;

impl Element {
    /// What stands behind the last one.
    pub(super) const END: Self = Self(0xff);

    fn run(classes: u16, len: u32) -> Self {
        Self(RUN | classes << 7 | len as u16)
    }

    fn byte(byte: u8) -> Self {
        Self(u16::from(byte) | 1 << 8)
    }

    /// The same run, of any length.
    fn rough(self) -> Self {
        if self.0 & RUN == 0 {
            return self;
        }
        Self(self.0 & !127 | ROUGH | 1)
    }

    /// The byte that it is, if it is no run.
    pub(super) fn single(self) -> Option<u8> {
        (!self.is_run()).then_some(self.0 as u8)
    }

    /// Whether it is a run of letters and digits.
    pub(super) fn is_run(self) -> bool {
        self.0 & RUN != 0
    }

    /// The classes of a run.
    fn classes(self) -> u16 {
        self.0 >> 7 & 63
    }

    /// Whether it is made of digits.
    pub(super) fn is_digits(self) -> bool {
        self.is_run() && self.classes() == DIGIT
    }

    /// How many bytes it may have.
    pub(super) fn lengths(self) -> RangeInclusive<u32> {
        if !self.is_run() {
            return 1..=1;
        }
        let len = u32::from(self.0 & 127);
        if self.0 & ROUGH == 0 {
            return len..=len;
        }
        1..=LONGEST as u32
    }

    /// The ranges of bytes that each of its bytes is in.
    pub(super) fn bytes(self) -> Vec<(u8, u8)> {
        if !self.is_run() {
            return vec![(self.0 as u8, self.0 as u8)];
        }
        match self.classes() {
            HEX => vec![(b'0', b'9'), (b'a', b'f')],
            UPPER_HEX => vec![(b'0', b'9'), (b'A', b'F')],
            classes => {
                let all: [(u16, (u8, u8)); 5] = [
                    (DIGIT, (b'0', b'9')),
                    (UPPER, (b'A', b'Z')),
                    (LOWER, (b'a', b'z')),
                    (BEYOND, (0x80, 0xff)),
                    (UNDERSCORE, (b'_', b'_')),
                ];
                let here = all.iter().filter(|(class, _)| classes & class != 0);
                here.map(|(_, range)| *range).collect()
            }
        }
    }

    /// Whether its bytes are those that `\w` means; none where some are and some aren't.
    pub(super) fn is_word(self) -> Option<bool> {
        if !self.is_run() {
            return Some(false);
        }
        match self.classes() {
            BEYOND => Some(false),
            HEX | UPPER_HEX => Some(true),
            classes if classes & BEYOND == 0 => Some(true),
            _ => None,
        }
    }
}

/// A cell's shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// The unused ones are all alike.
    elements: [Element; ELEMENTS],
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            elements: [Element::default(); ELEMENTS],
        }
    }
}

impl Shape {
    /// Its elements.
    pub(super) fn elements(&self) -> &[Element] {
        let len = self
            .elements
            .iter()
            .position(|&element| element == Element::default());
        &self.elements[..len.unwrap_or(ELEMENTS)]
    }

    /// A number to look it up by; shapes of the same number may differ.
    #[inline]
    pub(super) fn hash(&self, seed: u64) -> u64 {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        let (fours, _) = self.elements.as_chunks::<4>();
        let mut all = seed;
        for four in fours {
            let word = four
                .iter()
                .fold(0, |all, element| all << 16 | u64::from(element.0));
            all = (all ^ word).wrapping_mul(ODD);
            all ^= all >> 29;
        }
        all
    }
}

/// The places in a cell where its shape's elements start, and where the last one ends.
pub(super) type Places = [u8; ELEMENTS + 1];

/// Bits of the bytes of one class, the first byte's the lowest.
#[derive(Clone, Copy, Default)]
struct Masks {
    digit: u64,
    upper: u64,
    lower: u64,
    beyond: u64,
    underscore: u64,
    /// `a` to `f`, and `A` to `F`.
    hex_letter: u64,
}

/// The shape of a cell, which starts at `start` of the text, and where its elements start; none when the cell is empty, too
/// long, or has too many elements.
#[inline]
pub(super) fn shape(text: &[u8], start: usize, end: usize, places: &mut Places) -> Option<Shape> {
    let len = end - start;
    if len == 0 || len > LONGEST {
        return None;
    }
    // A whole block where the text goes on that far: what stands behind the cell doesn't count.
    let masks = if let Some(block) = text[start..].first_chunk::<LONGEST>() {
        masks(block, len)
    } else {
        let mut block = [0; LONGEST];
        block[..len].copy_from_slice(&text[start..end]);
        masks(&block, len)
    };
    elements(&text[start..end], masks, places)
}

/// A number that only cells of one shape have in common, and only those whose elements start at the same places; others have
/// the same one by a chance of 1 in 2^64, whatever `seed`. None where a cell is long or has bytes beyond ASCII. To work it
/// out takes less than to find out a shape.
#[inline]
pub(super) fn sign(text: &[u8], start: usize, end: usize, seed: u64) -> Option<u64> {
    let len = end - start;
    if len > LONGEST {
        return None;
    }
    let block = text[start..].first_chunk::<LONGEST>()?;
    let mut sign = seed ^ len as u64;
    let (mut word, mut digits, mut beyond_hex) = (0, 0, 0);
    for (part, bytes) in block.as_chunks::<16>().0.iter().enumerate() {
        if part * 16 >= len {
            break;
        }
        let within = u64::from(u16::MAX >> (16 - (len - part * 16).min(16)));
        let all = i8x16::new(bytes.map(u8::cast_signed));
        let (digit, upper, lower) = (
            among(all, b'0', 10),
            among(all, b'A', 26),
            among(all, b'a', 26),
        );
        let odd = (all | among(all, b'_', 1)).to_bitmask();
        if u64::from(odd) & within != 0 {
            return None;
        }
        let bits = |mask: i8x16| u64::from(mask.to_bitmask()) & within;
        let (digit, letters) = (bits(digit), bits(upper) | bits(lower));
        let hex = between(all | i8x16::splat(0x20), b'a', 6);
        word |= (digit | letters) << (part * 16);
        digits |= digit << (part * 16);
        beyond_hex |= (letters & !hex) << (part * 16);
        sign = mix(sign, digit | bits(upper) << 16 | letters << 32);
        // Two others in sixteen bytes are usual.
        let mut left = within & !(digit | letters);
        while left != 0 {
            sign = sign.rotate_left(11) ^ u64::from(bytes[left.trailing_zeros() as usize]);
            left &= left - 1;
        }
    }
    // Tokens with digits that are no numbers in base 16.
    let odd = ends_of(word, digits) & ends_of(word, beyond_hex);
    let odd = (odd as u64) ^ (odd >> 64) as u64;
    Some(mix(sign ^ odd.rotate_left(7), seed))
}

/// The places behind the tokens in which some of these bytes are: a token is a run of bits, and adding one within it carries
/// to the place behind.
#[inline]
fn ends_of(word: u64, bytes: u64) -> u128 {
    let word = u128::from(word);
    (word + u128::from(bytes)) & !word & word << 1
}

/// Both halves of a product, so that each bit counts.
#[inline]
fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a ^ 0x9e37_79b9_7f4a_7c15) * u128::from(b ^ 0xa076_1d64_78bd_642f);
    (product as u64) ^ (product >> 64) as u64
}

/// Which bytes are among the `count` from `first` on.
#[inline]
fn between(bytes: i8x16, first: u8, count: u8) -> u64 {
    u64::from(among(bytes, first, count).to_bitmask())
}

/// The same, all bits of such a byte set.
#[inline]
fn among(bytes: i8x16, first: u8, count: u8) -> i8x16 {
    // The first one becomes the least number there is, and so all of them are the least ones.
    let moved = bytes + i8x16::splat(0x80u8.wrapping_sub(first).cast_signed());
    let end = i8x16::splat(0x80u8.wrapping_add(count).cast_signed());
    moved.simd_lt(end)
}

fn masks(block: &[u8; LONGEST], len: usize) -> Masks {
    let mut all = Masks::default();
    for (part, sixteen) in block.as_chunks::<16>().0.iter().enumerate() {
        if part * 16 >= len {
            break;
        }
        let here = sixteen_bytes(*sixteen);
        let shift = part * 16;
        all.digit |= here.digit << shift;
        all.upper |= here.upper << shift;
        all.lower |= here.lower << shift;
        all.beyond |= here.beyond << shift;
        all.underscore |= here.underscore << shift;
        all.hex_letter |= here.hex_letter << shift;
    }
    let within = u64::MAX >> (LONGEST - len);
    Masks {
        digit: all.digit & within,
        upper: all.upper & within,
        lower: all.lower & within,
        beyond: all.beyond & within,
        underscore: all.underscore & within,
        hex_letter: all.hex_letter & within,
    }
}

/// The masks of sixteen bytes.
#[inline]
fn sixteen_bytes(bytes: [u8; 16]) -> Masks {
    let all = i8x16::new(bytes.map(u8::cast_signed));
    let small = all | i8x16::splat(0x20);
    Masks {
        digit: between(all, b'0', 10),
        upper: between(all, b'A', 26),
        lower: between(all, b'a', 26),
        beyond: u64::from(all.to_bitmask()),
        underscore: between(all, b'_', 1),
        hex_letter: between(small, b'a', 6),
    }
}

/// The same, byte by byte.
#[cfg(test)]
fn plain_sixteen_bytes(bytes: [u8; 16]) -> Masks {
    let bits = |test: fn(&u8) -> bool| {
        let each = bytes.iter().enumerate();
        each.fold(0, |all, (at, byte)| all | u64::from(test(byte)) << at)
    };
    Masks {
        digit: bits(u8::is_ascii_digit),
        upper: bits(u8::is_ascii_uppercase),
        lower: bits(u8::is_ascii_lowercase),
        beyond: bits(|byte| *byte >= 0x80),
        underscore: bits(|byte| *byte == b'_'),
        hex_letter: bits(|byte| matches!(byte | 0x20, b'a'..=b'f')),
    }
}

/// Collects the elements of a shape.
struct Elements<'p> {
    shape: Shape,
    places: &'p mut Places,
    count: usize,
    words: u32,
}

impl Elements<'_> {
    #[inline]
    fn push(&mut self, element: Element, at: u32) -> Option<()> {
        *self.shape.elements.get_mut(self.count)? = element;
        self.places[self.count] = at as u8;
        self.count += 1;
        Some(())
    }
}

fn elements(cell: &[u8], masks: Masks, places: &mut Places) -> Option<Shape> {
    let Masks {
        digit,
        upper,
        lower,
        beyond,
        underscore,
        ..
    } = masks;
    let word = digit | upper | lower | beyond | underscore;
    // Where the class isn't that of the byte before.
    let differs = |mask: u64| mask ^ mask << 1;
    let changes =
        differs(digit) | differs(upper) | differs(lower) | differs(beyond) | differs(underscore);
    let mut all = Elements {
        shape: Shape::default(),
        places,
        count: 0,
        words: 0,
    };
    let mut at = 0;
    while at < cell.len() as u32 {
        let rest = word >> at;
        if rest & 1 == 0 {
            all.push(Element::byte(cell[at as usize]), at)?;
            at += 1;
            continue;
        }
        let len = rest.trailing_ones();
        token(&masks, changes, at, len, &mut all)?;
        at += len;
    }
    all.places[all.count] = cell.len() as u8;
    let mut shape = all.shape;
    if all.words >= MANY_WORDS {
        for element in &mut shape.elements[..all.count] {
            if element.is_run() && element.classes() & (LOWER | BEYOND) != 0 {
                *element = element.rough();
            }
        }
    }
    Some(shape)
}

/// The elements of a token.
#[inline]
fn token(masks: &Masks, changes: u64, at: u32, len: u32, all: &mut Elements<'_>) -> Option<()> {
    let token = u64::MAX >> (64 - len) << at;
    let mut inner = changes & token & !(1 << at);
    let classes_in = |mask: u64| {
        let has = |class: u64, bit: u16| if class & mask == 0 { 0 } else { bit };
        has(masks.digit, DIGIT)
            | has(masks.upper, UPPER)
            | has(masks.lower, LOWER)
            | has(masks.beyond, BEYOND)
            | has(masks.underscore, UNDERSCORE)
    };
    let words = |classes: u16| u32::from(classes & (LOWER | BEYOND) != 0);
    if inner == 0 {
        let classes = classes_in(1 << at);
        all.words += words(classes);
        return all.push(Element::run(classes, len), at);
    }
    let runs = inner.count_ones() + 1;
    let classes = classes_in(token);
    let is_hex = token & !(masks.digit | masks.hex_letter) == 0;
    if is_hex && classes == DIGIT | LOWER {
        return all.push(Element::run(HEX, len), at);
    }
    if is_hex && classes == DIGIT | UPPER && (runs > 2 || len < 6) {
        return all.push(Element::run(UPPER_HEX, len), at);
    }
    if runs > RUNS {
        return all.push(Element::run(classes, len), at);
    }
    let mut start = at;
    while start < at + len {
        let end = if inner == 0 {
            at + len
        } else {
            inner.trailing_zeros()
        };
        inner &= inner.wrapping_sub(1);
        let classes = classes_in(1 << start);
        all.words += words(classes);
        all.push(Element::run(classes, end - start), start)?;
        start = end;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(cell: &str) -> Vec<(u16, RangeInclusive<u32>)> {
        let shape = shape(cell.as_bytes(), 0, cell.len(), &mut [0; ELEMENTS + 1]).unwrap();
        let each = shape.elements().iter();
        each.map(|element| {
            let what = if element.is_run() {
                element.classes()
            } else {
                element.0 & 0xff
            };
            (what, element.lengths())
        })
        .collect()
    }

    #[test]
    fn a_date_is_three_runs_of_digits() {
        let dash = (u16::from(b'-'), 1..=1);
        let digits = |len| (DIGIT, len..=len);
        assert_eq!(
            of("1994-02-23"),
            [digits(4), dash.clone(), digits(2), dash, digits(2)]
        );
    }

    #[test]
    fn tokens_are_told_apart_by_their_runs_where_these_are_few() {
        assert_eq!(of("Jan"), [(UPPER, 1..=1), (LOWER, 2..=2)]);
        assert_eq!(of("3ceede20"), [(HEX, 8..=8)]);
        assert_eq!(of("é"), [(BEYOND, 2..=2)]);
        assert_eq!(of("a1B2c3"), [(DIGIT | UPPER | LOWER, 6..=6)]);
        assert_eq!(
            of("NL49INGB23"),
            [
                (UPPER, 2..=2),
                (DIGIT, 2..=2),
                (UPPER, 4..=4),
                (DIGIT, 2..=2)
            ]
        );
    }

    #[test]
    fn lengths_of_many_words_are_rough() {
        assert_eq!(of("janneke@post.nl")[0], (LOWER, 1..=64));
        assert_eq!(of("jan@post.nl")[0], (LOWER, 1..=64));
        assert_eq!(of("janneke")[0], (LOWER, 7..=7));
    }

    #[test]
    fn what_has_too_many_parts_has_no_shape() {
        let shape = |cell: &str| shape(cell.as_bytes(), 0, cell.len(), &mut [0; ELEMENTS + 1]);
        assert!(shape("").is_none() && shape(&"1.".repeat(13)).is_none());
        assert!(shape(&"1.".repeat(12)).is_some() && shape(&"1".repeat(65)).is_none());
    }

    /// Two cells of the same classes of bytes, more often than not.
    fn pair() -> impl Strategy<Value = (String, String)> {
        let piece = prop_oneof![
            ("[0-9]{1,3}", "[0-9]{1,3}"),
            ("[a-f]{1,3}", "[a-z]{1,3}"),
            ("[A-F]{1,2}", "[A-Z]{1,2}"),
            Just(("-".to_owned(), "-".to_owned())),
            Just((" ".to_owned(), " ".to_owned())),
        ];
        proptest::collection::vec(piece, 1..9).prop_map(|pieces| {
            let (mut one, mut other) = (String::new(), String::new());
            for (a, b) in pieces {
                let len = a.len().min(b.len());
                one += &a[..len];
                other += &b[..len];
            }
            (one, other)
        })
    }

    proptest! {
        #[test]
        fn cells_of_one_sign_are_of_one_shape((one, other) in pair()) {
            let look = |cell: &str| {
                let text = format!("{cell:<80}");
                let mut places = [0; ELEMENTS + 1];
                let sign = sign(text.as_bytes(), 0, cell.len(), 7);
                (sign, (shape(text.as_bytes(), 0, cell.len(), &mut places), places))
            };
            let ((sign, shape), (other_sign, other_shape)) = (look(&one), look(&other));
            prop_assert!(sign.is_some());
            prop_assert!(sign != other_sign || shape == other_shape);
        }

        #[test]
        fn each_byte_is_in_its_element(cell in "\\PC{1,40}|[0-9a-fA-Z_.@é-]{1,64}", behind in "[a1,]{0,70}") {
            let text = format!("{cell}{behind}").into_bytes();
            let mut places = [0; ELEMENTS + 1];
            if let Some(shape) = shape(&text, 0, cell.len(), &mut places) {
                let mut at = 0;
                let elements = shape.elements();
                for (index, element) in elements.iter().enumerate() {
                    prop_assert_eq!(usize::from(places[index]), at);
                    let end = usize::from(places[index + 1]);
                    prop_assert!(element.lengths().contains(&((end - at) as u32)));
                    for byte in &text[at..end] {
                        prop_assert!(element.bytes().iter().any(|(first, last)| (first..=last).contains(&byte)));
                        if let Some(is_word) = element.is_word() {
                            prop_assert_eq!(is_word, byte.is_ascii_alphanumeric() || *byte == b'_');
                        }
                    }
                    at = end;
                }
                prop_assert_eq!(at, cell.len());
            }
        }

        #[test]
        fn both_ways_to_classify_agree(bytes: [u8; 16]) {
            let (a, b) = (sixteen_bytes(bytes), plain_sixteen_bytes(bytes));
            prop_assert_eq!(
                (a.digit, a.upper, a.lower, a.beyond, a.underscore, a.hex_letter),
                (b.digit, b.upper, b.lower, b.beyond, b.underscore, b.hex_letter)
            );
        }
    }
}
