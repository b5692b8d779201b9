//! Encodings: what a text is written in, and the way back from decoded text to stored bytes.
//!
//! Encodings in which line ends, quotes and delimiters are single ASCII bytes (all but UTF-16 and ISO-2022-JP) are cut
//! as stored and decoded chunk by chunk, each by itself. The others are decoded first.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{
    CoderResult, DecoderResult, EUC_JP, Encoding, ISO_2022_JP, ISO_8859_15, UTF_8, UTF_16BE,
    UTF_16LE, WINDOWS_1252,
};

use super::charset::{Charset, Order, Page};
use super::letters::{Judged, judge};
use crate::format::{OffsetMap, OffsetPiece, Span};

/// What a text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detected {
    /// The encoding.
    pub encoding: Charset,
    /// Bytes of the byte-order mark before the text.
    pub mark: usize,
    /// How sure that is, where users should know.
    pub certainty: Certainty,
}

/// How sure an encoding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// It says so itself, the user does, or it is what such texts are.
    Sure,
    /// Only the letters of its words say so.
    Guess,
    /// Its words make no sense in this one, and in no other.
    Doubt,
}

impl Detected {
    fn sure(encoding: impl Into<Charset>, mark: usize) -> Self {
        Self {
            encoding: encoding.into(),
            mark,
            certainty: Certainty::Sure,
        }
    }
}

/// Finds the encoding from the first bytes; none when they are no text. `user` overrules all but says nothing of a
/// byte-order mark, which is left out in any case.
pub fn detect(head: &[u8], user: Option<Charset>) -> Option<Detected> {
    let by_mark = by_mark(head);
    if let Some(encoding) = user {
        let mark = by_mark
            .filter(|marked| marked.encoding == encoding)
            .map_or(0, |marked| marked.mark);
        return Some(Detected::sure(encoding, mark));
    }
    if by_mark.is_some() {
        return by_mark;
    }
    if let Some(encoding) = utf16_without_mark(head) {
        return Some(Detected::sure(encoding, 0));
    }
    if is_binary(head) || is_ebcdic(head) {
        return None;
    }
    if is_iso_2022_jp(head) {
        return Some(Detected::sure(ISO_2022_JP, 0));
    }
    if is_utf8(head) {
        return Some(Detected::sure(UTF_8, 0));
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(head, true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    let guess = if guess == WINDOWS_1252 {
        western(head)
    } else {
        guess
    };
    let (encoding, certainty) = match judge(head, guess) {
        Judged::Right => (guess.into(), Certainty::Sure),
        Judged::Better(encoding) => (encoding, Certainty::Guess),
        Judged::Wrong => (guess.into(), Certainty::Doubt),
    };
    Some(Detected {
        encoding,
        mark: 0,
        certainty,
    })
}

/// What a byte-order mark says. That of UTF-32 in the usual order starts like that of UTF-16; no text starts with a NUL, though.
fn by_mark(head: &[u8]) -> Option<Detected> {
    let order = match head {
        [0xff, 0xfe, 0, 0, ..] => Some(Order::Little),
        [0, 0, 0xfe, 0xff, ..] => Some(Order::Big),
        _ => None,
    };
    if let Some(order) = order {
        return Some(Detected::sure(Charset::Utf32(order), 4));
    }
    Encoding::for_bom(head).map(|(encoding, mark)| Detected::sure(encoding, mark))
}

/// Windows-1252, unless a euro sign stands where only Latin-9 has it and no byte is in the range that only the former has.
fn western(head: &[u8]) -> &'static Encoding {
    let c1 = head.iter().any(|byte| (0x80..0xa0).contains(byte));
    if !c1 && head.contains(&0xa4) {
        ISO_8859_15
    } else {
        WINDOWS_1252
    }
}

/// Whether it is text in EBCDIC, as mainframes write it, which nothing here decodes: nearly all bytes are letters, digits and
/// marks of that, and its spaces stand where other texts have theirs.
pub(crate) fn is_ebcdic(head: &[u8]) -> bool {
    const SHORTEST: usize = 40;
    let count = |is: fn(u8) -> bool| head.iter().filter(|&&byte| is(byte)).count();
    let letters = count(|byte| {
        matches!(byte & 0xbf, 0x81..=0x89 | 0x91..=0x99 | 0xa2..=0xa9)
            || (0xf0..=0xf9).contains(&byte)
    });
    let marks = count(
        |byte| matches!(byte, 0x05 | 0x0d | 0x15 | 0x25 | 0x4a..=0x50 | 0x5a..=0x61 | 0x6a..=0x6f | 0x79..=0x7f),
    );
    let (spaces, others) = (count(|byte| byte == 0x40), count(|byte| byte == b' '));
    head.len() >= SHORTEST
        && letters * 5 >= head.len() * 2
        && spaces * 50 >= head.len()
        && others * 100 < head.len()
        && (letters + marks + spaces) * 10 >= head.len() * 9
}

/// Whether it is ISO-2022-JP: bytes below 0x80, with a sequence that begins Japanese characters before some.
fn is_iso_2022_jp(head: &[u8]) -> bool {
    const BEGIN: &[u8] = b"\x1b$";
    let begins = |at: usize| {
        let rest = &head[at + BEGIN.len()..];
        matches!(rest, [b'B' | b'@', 0x21..=0x7e, 0x21..=0x7e, ..])
    };
    head.is_ascii() && memchr::memmem::find_iter(head, BEGIN).any(begins)
}

/// Whether it is UTF-8, but for a character cut off at the end.
fn is_utf8(head: &[u8]) -> bool {
    match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none() && head.len() - error.valid_up_to() < 4,
    }
}

/// UTF-16 without a mark: what should be characters are some, and spaces, digits and line ends are among them. Bytes of
/// other text, read two by two, hold no ASCII but for a NUL here and there; those of binary data hold control characters and
/// halves of surrogate pairs.
fn utf16_without_mark(head: &[u8]) -> Option<&'static Encoding> {
    let head = &head[..head.len().min(4096) & !1];
    if head.len() < 4 {
        return None;
    }
    // Characters of Japanese may look like two letters each, but nothing that stands between words is half of one.
    let is_narrow = head
        .iter()
        .all(|byte| matches!(byte, 0 | b'\t' | b'\n' | b'\r' | b' '..=b'~'));
    let is_between = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' ' | b',' | b';');
    let has_ends = head.contains(&b'\n');
    let is_torn = head
        .chunks_exact(2)
        .any(|pair| pair.iter().any(is_between) && !pair.contains(&0));
    if is_narrow && is_torn {
        return None;
    }
    let share = if is_narrow && !has_ends { 2 } else { 10 };
    let is_text = |unit: fn([u8; 2]) -> u16| {
        let pairs = head.chunks_exact(2);
        let units: Vec<u16> = pairs.map(|pair| unit([pair[0], pair[1]])).collect();
        let ascii = units.iter().filter(|unit| **unit < 0x80).count();
        ascii * share >= units.len() && are_characters(&units)
    };
    if is_text(u16::from_le_bytes) {
        Some(UTF_16LE)
    } else if is_text(u16::from_be_bytes) {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// Whether all code units are characters that texts have; the last may be half of one.
fn are_characters(units: &[u16]) -> bool {
    let mut characters = char::decode_utf16(units.iter().copied()).peekable();
    while let Some(character) = characters.next() {
        let is_last = characters.peek().is_none();
        let is_text = match character {
            // Exports delimit with some of the control characters.
            Ok(c) if c.is_ascii_control() => {
                matches!(
                    c,
                    '\t' | '\n' | '\r' | '\x0c' | '\x01' | '\x02' | '\x1c'..='\x1f'
                )
            }
            Ok(c) => !matches!(c, '\u{80}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}'),
            Err(_) => is_last,
        };
        if !is_text {
            return false;
        }
    }
    true
}

/// Whether control characters say that this is no text. Separators below 0x20 that exports use are none of those, and a
/// few NULs are found in texts, too.
fn is_binary(head: &[u8]) -> bool {
    let control = head
        .iter()
        .filter(|&&byte| matches!(byte, 0x00 | 0x03..=0x08 | 0x0b | 0x0e..=0x1a))
        .count();
    let nuls = memchr::memchr_iter(0, head).count();
    let limit = if is_utf8(head) {
        head.len() / 10
    } else {
        head.len() / 50
    };
    control > limit || (!is_utf8(head) && nuls > head.len() / 500 + 2)
}

/// Whether a text in this encoding has to be decoded before it can be cut.
pub fn decodes_first(encoding: Charset) -> bool {
    !encoding.is_ascii_compatible()
}

/// Decoded text and the way back.
#[derive(Clone, Debug)]
pub struct Decoded<'a> {
    /// UTF-8, or the stored bytes where those are (or should be) UTF-8.
    pub text: Cow<'a, [u8]>,
    /// From the text to the stored bytes.
    pub offsets: OffsetMap,
}

/// Decodes a stretch of a text that starts `base` bytes into the stored input, at the border of a character.
///
/// UTF-8 and plain ASCII are passed on as they are; bytes that aren't valid stay what they are.
pub fn decode(encoding: impl Into<Charset>, stored: &[u8], base: u64) -> Decoded<'_> {
    let encoding = encoding.into();
    if encoding == UTF_8 || (encoding.is_ascii_compatible() && stored.is_ascii()) {
        return Decoded {
            text: Cow::Borrowed(stored),
            offsets: OffsetMap::Shift(base),
        };
    }
    let (text, pieces, _) = decode_pieces(encoding, stored, base);
    Decoded {
        text: Cow::Owned(text),
        offsets: OffsetMap::Pieces(pieces),
    }
}

/// Decodes as much as there are whole characters; gives the text, its pieces, and how many bytes were decoded. A
/// stretch that ends within a character leaves up to three bytes, and one that ends within a run of Japanese characters all of
/// that, unless it is nothing else.
pub fn decode_pieces(
    encoding: Charset,
    stored: &[u8],
    base: u64,
) -> (Vec<u8>, Vec<OffsetPiece>, usize) {
    let mut out = Pieces {
        text: Vec::with_capacity(stored.len() + stored.len() / 8),
        list: Vec::new(),
        base,
    };
    let used = match encoding {
        Charset::Web(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => {
            out.utf16(stored, encoding == UTF_16BE)
        }
        Charset::Web(encoding) if encoding == ISO_2022_JP => out.iso_2022_jp(stored),
        Charset::Web(encoding) => out.other(stored, |out, rest, at| {
            out.one_character(encoding, rest, at)
        }),
        Charset::Page(page) => out.page(page, stored),
        Charset::Utf32(order) => out.utf32(order, stored),
    };
    if out.list.is_empty() {
        out.list.push(OffsetPiece {
            text: 0,
            stored: base,
            span: Span::Each(1),
        });
    }
    (out.text, out.list, used)
}

struct Pieces {
    text: Vec<u8>,
    list: Vec<OffsetPiece>,
    base: u64,
}

impl Pieces {
    /// Notes where the text that follows came from, unless it just goes on.
    fn piece(&mut self, at: usize, span: Span) {
        let piece = OffsetPiece {
            text: self.text.len() as u32,
            stored: self.base + at as u64,
            span,
        };
        if let (
            Some(OffsetPiece {
                text,
                stored,
                span: Span::Each(n),
            }),
            Span::Each(m),
        ) = (self.list.last(), span)
            && *n == m
            && stored + u64::from(piece.text - text) * u64::from(m) == piece.stored
        {
            return;
        }
        self.list.push(piece);
    }

    fn character(&mut self, c: char, at: usize, len: usize) {
        self.piece(at, Span::Whole(len as u16));
        let mut buffer = [0; 4];
        self.text
            .extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
    }

    fn utf16(&mut self, stored: &[u8], big: bool) -> usize {
        let unit = |at: usize| {
            let pair = [stored[at], stored[at + 1]];
            if big {
                u16::from_be_bytes(pair)
            } else {
                u16::from_le_bytes(pair)
            }
        };
        let mut at = 0;
        while at + 2 <= stored.len() {
            let first = unit(at);
            if first < 0x80 {
                self.piece(at, Span::Each(2));
                self.text.push(first as u8);
                at += 2;
                continue;
            }
            let second = if (0xd800..0xdc00).contains(&first) {
                if at + 4 > stored.len() {
                    break;
                }
                Some(unit(at + 2)).filter(|unit| (0xdc00..0xe000).contains(unit))
            } else {
                None
            };
            let len = if second.is_some() { 4 } else { 2 };
            let units = std::iter::once(first).chain(second);
            let c = char::decode_utf16(units)
                .next()
                .and_then(Result::ok)
                .unwrap_or(char::REPLACEMENT_CHARACTER);
            self.character(c, at, len);
            at += len;
        }
        at
    }

    fn utf32(&mut self, order: Order, stored: &[u8]) -> usize {
        let units = stored.chunks_exact(4);
        let used = stored.len() - units.remainder().len();
        for (index, unit) in units.enumerate() {
            let c = order.character(unit);
            if c.is_ascii() {
                self.piece(index * 4, Span::Each(4));
                self.text.push(c as u8);
            } else {
                self.character(c, index * 4, 4);
            }
        }
        used
    }

    fn page(&mut self, page: &Page, stored: &[u8]) -> usize {
        let high = page.characters();
        self.other(stored, |out, rest, at| {
            out.character(high[usize::from(rest[0] & 0x7f)], at, 1);
            1
        })
    }

    /// Sequences tell which characters follow: of one byte, of two, or those of half width. Each line begins with the first.
    fn iso_2022_jp(&mut self, stored: &[u8]) -> usize {
        #[derive(PartialEq)]
        enum Set {
            One,
            Two,
            Half,
        }
        let mut set = Set::One;
        // Where it was told, and what there was by then.
        let (mut told, mut before) = (0, (0, 0));
        let mut at = 0;
        while let [byte, rest @ ..] = &stored[at..] {
            let next = match (byte, rest) {
                (0x1b, [b'(', b'B' | b'J', ..]) => Some(Set::One),
                (0x1b, [b'(', b'I', ..]) => Some(Set::Half),
                (0x1b, [b'$', b'@' | b'B', ..]) => Some(Set::Two),
                (0x1b, [] | [b'(' | b'$']) => break,
                _ => None,
            };
            if let Some(next) = next {
                set = next;
                (told, before) = (at, (self.text.len(), self.list.len()));
                at += 3;
                continue;
            }
            let character = match (&set, rest) {
                _ if !(0x21..0x7f).contains(byte) => None,
                (Set::Two, [second, ..]) => Some(([byte | 0x80, second | 0x80], 2)),
                (Set::Two, []) => break,
                (Set::Half, _) => Some(([0x8e, byte | 0x80], 1)),
                (Set::One, _) => None,
            };
            if let Some((pair, len)) = character {
                self.piece(at, Span::Whole(len));
                let decoded = EUC_JP.decode_without_bom_handling(&pair).0;
                self.text.extend_from_slice(decoded.as_bytes());
                at += usize::from(len);
            } else if byte.is_ascii() {
                self.piece(at, Span::Each(1));
                self.text.push(*byte);
                if *byte == b'\n' {
                    set = Set::One;
                }
                at += 1;
            } else {
                self.character(char::REPLACEMENT_CHARACTER, at, 1);
                at += 1;
            }
        }
        // Whoever goes on here wouldn't know what was told.
        if set != Set::One && told > 0 {
            self.text.truncate(before.0);
            self.list.truncate(before.1);
            return told;
        }
        at
    }

    /// An encoding in which ASCII bytes stand for themselves; `one` adds a character of others and says how many bytes it has.
    fn other(&mut self, stored: &[u8], one: impl Fn(&mut Self, &[u8], usize) -> usize) -> usize {
        let mut at = 0;
        while at < stored.len() {
            let ascii = Encoding::ascii_valid_up_to(&stored[at..]);
            if ascii > 0 {
                self.piece(at, Span::Each(1));
                self.text.extend_from_slice(&stored[at..at + ascii]);
                at += ascii;
                continue;
            }
            at += one(self, &stored[at..], at);
        }
        at
    }

    /// Feeds bytes to the decoder until a character comes out; gives how many those were.
    fn one_character(&mut self, encoding: &'static Encoding, rest: &[u8], at: usize) -> usize {
        let mut decoder = encoding.new_decoder_without_bom_handling();
        let mut buffer = [0; 16];
        for len in 1..=rest.len().min(4) {
            let last = len == rest.len();
            let (result, _, written) =
                decoder.decode_to_utf8_without_replacement(&rest[len - 1..len], &mut buffer, last);
            if let DecoderResult::Malformed(..) = result {
                self.character(char::REPLACEMENT_CHARACTER, at, 1);
                return 1;
            }
            if written > 0 {
                self.piece(at, Span::Whole(len as u16));
                self.text.extend_from_slice(&buffer[..written]);
                return len;
            }
        }
        self.character(char::REPLACEMENT_CHARACTER, at, 1);
        1
    }
}

/// The first bytes decoded, for looking at: no way back is needed.
pub fn decode_head(detected: Detected, head: &[u8]) -> Cow<'_, [u8]> {
    let body = &head[detected.mark.min(head.len())..];
    if detected.encoding == UTF_8 {
        return Cow::Borrowed(body);
    }
    let encoding = match detected.encoding {
        Charset::Web(encoding) => encoding,
        Charset::Utf32(_) => {
            let (text, ..) = decode_pieces(detected.encoding, body, 0);
            return Cow::Owned(text);
        }
        Charset::Page(_) => {
            let text = detected.encoding.decode(body).into_owned();
            return Cow::Owned(text.into_bytes());
        }
    };
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(
        decoder
            .max_utf8_buffer_length(body.len())
            .unwrap_or(body.len() * 3),
    );
    let (result, _, _) = decoder.decode_to_string(body, &mut text, false);
    debug_assert!(result == CoderResult::InputEmpty, "the buffer holds all");
    Cow::Owned(text.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoding_of(head: &[u8]) -> Option<&'static str> {
        detect(head, None).map(|detected| detected.encoding.name())
    }

    #[test]
    fn encodings_are_told_apart() {
        assert_eq!(encoding_of(b"naam;plaats\nJan;Breda\n"), Some("UTF-8"));
        assert_eq!(encoding_of("Zoë;Curaçao".as_bytes()), Some("UTF-8"));
        assert_eq!(
            encoding_of(b"Zo\xeb;Cura\xe7ao, prijs \x80 12"),
            Some("windows-1252")
        );
        assert_eq!(
            encoding_of(b"Zo\xeb;Cura\xe7ao, prijs \xa4 12"),
            Some("ISO-8859-15")
        );
        assert_eq!(encoding_of(b"\xff\xfea\0b\0"), Some("UTF-16LE"));
        assert_eq!(
            encoding_of(b"n\0a\0a\0m\0;\0\n\0J\0a\0n\0"),
            Some("UTF-16LE")
        );
        assert_eq!(
            encoding_of(b"\0n\0a\0a\0m\0;\0\n\0J\0a\0n"),
            Some("UTF-16BE")
        );
        let russian: Vec<u8> = "имя;город\nЗоя;Брест\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(encoding_of(&russian), Some("UTF-16LE"));
        assert_eq!(encoding_of(&[7, 0, 9, 0, 30, 0, 12, 0, 0, 0]), None);
        assert_eq!(
            encoding_of(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0"),
            None
        );
        assert_eq!(encoding_of(b"a\x01b\x01c\nd\x01e\x01f\n"), Some("UTF-8"));
    }

    #[test]
    fn a_nul_makes_no_utf_16() {
        assert_eq!(encoding_of(b"a,b,c\n\0,2,3\n"), Some("UTF-8"));
        assert_eq!(encoding_of(b"a;b\n1;\0\n3;4\n"), Some("UTF-8"));
        assert_eq!(encoding_of(b"a,bc,d\n\0b,2\n"), Some("UTF-8"));
        assert_eq!(encoding_of(b"name: Jor Tol\n\0\n"), Some("UTF-8"));
        let japanese: Vec<u8> = "\u{3042}\u{3044},\u{3046}\u{3048}\n"
            .repeat(3)
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(encoding_of(&japanese), Some("UTF-16LE"));
    }

    #[test]
    fn ebcdic_is_no_text_that_can_be_read() {
        // "KLANT 00012  VAN DER MEER, WILLEM   UTRECHT" and "klant 00013".
        let ebcdic = b"\xd2\xd3\xc1\xd5\xe3@\xf0\xf0\xf0\xf1\xf2@@\xe5\xc1\xd5@\xc4\xc5\xd9@\xd4\xc5\xc5\xd9k@\xe6\xc9\xd3\xd3\xc5\xd4\
            @@@\xe4\xe3\xd9\xc5\xc3\xc8\xe3\x15\x92\x93\x81\x95\xa3@\xf0\xf0\xf0\xf1\xf3";
        assert!(is_ebcdic(ebcdic));
        assert_eq!(encoding_of(ebcdic), None);
        let addresses = b"jor@postluxterra.nl;mir@postluxterra.nl;ann@postluxterra.nl\n";
        assert!(!is_ebcdic(addresses));
        assert!(!is_ebcdic(
            "Ωμέγα@ελλάδα και άλλα, πολλά ονόματα μαζί".as_bytes()
        ));
    }

    #[test]
    fn iso_2022_jp_is_told_by_its_sequences() {
        assert_eq!(
            encoding_of(b"\x1b$B;aL>\x1b(B,\x1b$BET;T\x1b(B\n"),
            Some("ISO-2022-JP")
        );
        assert_eq!(
            encoding_of(b"\x1b[1mbold\x1b(B and \x1b$ not\n"),
            Some("UTF-8")
        );
    }

    #[test]
    fn a_run_of_japanese_is_not_cut() {
        let cut = |stored: &[u8]| {
            let (text, _, used) = decode_pieces(ISO_2022_JP.into(), stored, 0);
            (String::from_utf8(text).unwrap(), used)
        };
        assert_eq!(cut(b"ab\x1b$B;aL>"), ("ab".into(), 2));
        assert_eq!(cut(b"\x1b$B;aL>"), ("氏名".into(), 7));
        assert_eq!(cut(b"ab\x1b$"), ("ab".into(), 2));
        assert_eq!(cut(b"ab\x1bx"), ("ab\u{1b}x".into(), 4));
        assert_eq!(cut(b"\x1b$B;aL"), ("氏".into(), 5));
    }

    /// Each character of the text leads back to the stored bytes it came from.
    fn assert_leads_back(encoding: impl Into<Charset>, stored: &[u8], text: &str) {
        let encoding = encoding.into();
        let decoded = decode(encoding, stored, 1000);
        assert_eq!(decoded.text, text.as_bytes());
        for (at, c) in text.char_indices() {
            let end = at + c.len_utf8();
            let (start, stop) = decoded.offsets.stored(at as u32, end as u32).unwrap();
            let bytes = &stored[start as usize - 1000..stop as usize - 1000];
            assert_eq!(encoding.decode(bytes), c.to_string());
        }
    }

    #[test]
    fn every_character_leads_back_to_its_bytes() {
        assert_leads_back(WINDOWS_1252, b"Zo\xeb kost \x80 5", "Zoë kost € 5");
        let utf16: Vec<u8> = "aé😀b\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_leads_back(UTF_16LE, &utf16, "aé😀b\n");
        let japanese = decode(ISO_2022_JP, b"a\x1b$B;aL>\x1b(B,\x1b(I1\x1b(J\n\xff", 1000);
        let text = "a氏名,\u{ff71}\n\u{fffd}";
        assert_eq!(japanese.text, text.as_bytes());
        let place = |c: char| {
            let at = text.find(c).unwrap() as u32;
            japanese.offsets.stored(at, at + c.len_utf8() as u32)
        };
        assert_eq!(place('a'), Some((1000, 1001)));
        assert_eq!(place('名'), Some((1006, 1008)));
        assert_eq!(place(','), Some((1011, 1012)));
        assert_eq!(place('\u{ff71}'), Some((1015, 1016)));
        let (japanese, ..) = encoding_rs::SHIFT_JIS.encode("名前,a");
        assert_leads_back(encoding_rs::SHIFT_JIS, &japanese, "名前,a");
        let page = Charset::of_page(850).unwrap();
        assert_leads_back(page, b"Zo\x89,\xb3M\x81ller\xb3", "Zoë,│Müller│");
        for order in [Order::Little, Order::Big] {
            let text = "aé😀b\n";
            let bytes = |c| match order {
                Order::Little => u32::from(c).to_le_bytes(),
                Order::Big => u32::from(c).to_be_bytes(),
            };
            let stored: Vec<u8> = text.chars().flat_map(bytes).collect();
            assert_leads_back(Charset::Utf32(order), &stored, text);
        }
    }

    #[test]
    fn utf_32_is_told_by_its_mark() {
        let detected = detect(b"\xff\xfe\0\0a\0\0\0b\0\0\0c", None).unwrap();
        assert_eq!(detected.encoding, Charset::Utf32(Order::Little));
        assert_eq!(
            &*decode_head(detected, b"\xff\xfe\0\0a\0\0\0b\0\0\0c"),
            b"ab"
        );
        assert_eq!(encoding_of(b"\0\0\xfe\xff\0\0\0a"), Some("UTF-32BE"));
    }
}
