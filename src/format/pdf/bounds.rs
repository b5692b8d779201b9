//! What is loaded of a PDF document, within bounds.
//!
//! The library loads all that a document's index names, each object as long as it says it is, and expands what it needs to
//! find more. Objects may lie within each other, so that a small document stands for a huge one; and some numbers it takes
//! for lengths without a look. The rest of its text is read in `text.rs`.

use std::cell::Cell;
use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use flate2::bufread::{DeflateDecoder, ZlibDecoder};
use pdf_extract::{Dictionary, Document, LoadOptions, Object, ObjectId, Stream};

use crate::error::Problem;
use crate::input::limits::{Bounded, Budget, Limits, Stored};

/// What all streams may expand to together, in bytes.
pub(super) const MOST_EXPANDED: u64 = 512 << 20;
/// Objects may take this many bytes for each that the document has, and some more.
const MOST_LOADED: u64 = 4;
/// What an object takes that holds nothing, in bytes.
const EMPTY: u64 = 32;
/// What a code of LZW may stand for, in bytes, and bits that it has at least.
const LONGEST_CODE: u64 = 4096;
const SHORTEST_CODE: u64 = 9;
/// Numbers that the library takes memory for, by name, and the largest that is believed: widths of fields in an index, and
/// of rows that are stored as differences.
const LENGTHS: &[(&[u8], u64)] = &[
    (b"W", 1 << 16),
    (b"Columns", 1 << 16),
    (b"Colors", 32),
    (b"BitsPerComponent", 32),
];

/// Looks at all that is compressed, before the library takes it into memory.
pub(super) fn expands_within(bytes: &[u8], limits: Limits, budget: &Budget) -> Result<(), Problem> {
    let mut all = 0;
    for at in memchr::memmem::find_iter(bytes, b"stream") {
        if bytes[..at].ends_with(b"end") {
            continue;
        }
        let rest = behind_line_end(&bytes[at + b"stream".len()..]);
        let stored = || Stored::Bytes(rest.len() as u64);
        let most = MOST_EXPANDED - all + 1;
        let mut left = rest;
        let zlib = ZlibDecoder::new(&mut left);
        let bounded = Bounded::new(zlib, limits, budget.clone(), stored());
        let (mut len, mut ended) = length_of(bounded, most);
        if len == 0 && ended.is_err() && rest.len() > 2 {
            // As the library does: without the header, whatever that says.
            left = &rest[2..];
            let deflate = DeflateDecoder::new(&mut left);
            let bounded = Bounded::new(deflate, limits, budget.clone(), stored());
            (len, ended) = length_of(bounded, most);
        }
        // Streams may lie within each other, so what is damaged counts, and so does what gives nothing.
        all += len + (rest.len() - left.len()) as u64;
        if let Err(error) = ended
            && error.kind() == io::ErrorKind::Other
        {
            return Err(Problem::failed(format!(
                "the document was not read: {error}"
            )));
        }
        if all > MOST_EXPANDED {
            return Err(Problem::failed(format!(
                "the document was not read: it expands to more than {} MiB",
                MOST_EXPANDED >> 20
            )));
        }
    }
    Ok(())
}

/// What stands behind the line end of the word `stream`.
fn behind_line_end(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t'));
    let text = &text[blanks.count()..];
    let behind = text.strip_prefix(b"\r\n");
    let behind = behind.or_else(|| text.strip_prefix(b"\n"));
    behind.or_else(|| text.strip_prefix(b"\r")).unwrap_or(text)
}

/// How many bytes come out of a decoder, up to so many, and whether it came to its end.
fn length_of(decoder: impl Read, most: u64) -> (u64, io::Result<()>) {
    let mut count = Count(0);
    let ended = io::copy(&mut decoder.take(most), &mut count);
    (count.0, ended.map(drop))
}

/// Counts what is written.
struct Count(u64);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

thread_local! {
    /// How many bytes the document that is being loaded may still take: the library takes no closure.
    static LEFT: Cell<u64> = const { Cell::new(0) };
}

/// What unwinds from the library where a document takes more than that.
struct TooMuch;

/// Loads a document whose streams are known to expand within bounds.
pub(super) fn load(bytes: &[u8]) -> Result<Document, Problem> {
    if is_encrypted(bytes) {
        return Err(encrypted());
    }
    if has_wrong_lengths(bytes) {
        return Err(Problem::failed(
            "the document was not read: lengths that it gives can't be right",
        ));
    }
    LEFT.set(MOST_EXPANDED + MOST_LOADED * bytes.len() as u64);
    let options = LoadOptions::with_filter(admit);
    let load = || Document::load_mem_with_options(bytes, options);
    match catch_unwind(AssertUnwindSafe(load)) {
        Ok(Ok(document)) if document.is_encrypted() || document.was_encrypted() => Err(encrypted()),
        Ok(Ok(document)) => Ok(document),
        Err(panic) if panic.is::<TooMuch>() => Err(Problem::failed(
            "the document was not read: its objects lie within each other, or stand for more than can be followed",
        )),
        Ok(Err(_)) | Err(_) => Err(Problem::failed(
            "the document's structure can't be read: it may be cut off or damaged",
        )),
    }
}

fn encrypted() -> Problem {
    Problem::skipped("encrypted document; save it without its password (`qpdf --decrypt FILE NEW`)")
}

/// Whether its index says that it is encrypted. The library would load it in another way, without asking [`admit`].
fn is_encrypted(bytes: &[u8]) -> bool {
    behind_names(bytes, b"Encrypt").any(|rest| {
        let rest = behind_blanks(rest);
        rest.starts_with(b"<<") || rest.first().is_some_and(u8::is_ascii_digit)
    })
}

/// Whether it has numbers that the library would believe, and take as much memory.
fn has_wrong_lengths(bytes: &[u8]) -> bool {
    let is_wrong = |&(name, most): &(&[u8], u64)| {
        behind_names(bytes, name).any(|rest| {
            let rest = behind_blanks(rest);
            let Some(list) = rest.strip_prefix(b"[") else {
                return number(rest).is_some_and(|(number, _)| number > most);
            };
            let mut rest = list;
            let three: Vec<u64> = std::iter::from_fn(|| {
                let (number, behind) = number(behind_blanks(rest))?;
                rest = behind;
                Some(number)
            })
            .take(3)
            .collect();
            // An index whose fields take no bytes has no end.
            three.iter().any(|number| *number > most) || three == [0; 3]
        })
    };
    LENGTHS.iter().any(is_wrong) || hides_names(bytes)
}

/// What stands behind each name of this spelling.
fn behind_names<'t>(bytes: &'t [u8], name: &'t [u8]) -> impl Iterator<Item = &'t [u8]> {
    let slashes = memchr::memmem::find_iter(bytes, name);
    slashes.filter_map(move |at| {
        let rest = &bytes[at + name.len()..];
        let ends = !rest.first().is_some_and(u8::is_ascii_alphanumeric);
        (bytes[..at].ends_with(b"/") && ends).then_some(rest)
    })
}

/// Whether one of the names above is spelled so that it isn't found: `/#57` is `/W` (ISO 32000-2 section 7.3.5).
fn hides_names(bytes: &[u8]) -> bool {
    const LONGEST: usize = 3 * "BitsPerComponent".len();
    let names = LENGTHS.iter().map(|length| length.0);
    let names: Vec<&[u8]> = names.chain([&b"Encrypt"[..]]).collect();
    memchr::memchr_iter(b'#', bytes).any(|at| {
        let before = &bytes[at.saturating_sub(LONGEST)..at];
        // What is compressed has such signs by chance: the number must be part of the name, and the name no longer.
        let part = before.iter().rev().take_while(|byte| is_regular(**byte));
        let start = at - part.count();
        if !bytes[..start].ends_with(b"/") {
            return false;
        }
        let rest = &bytes[start..bytes.len().min(start + LONGEST + 1)];
        let len = rest.iter().take_while(|byte| is_regular(**byte)).count();
        names.contains(&&unescaped(&rest[..len])[..])
    })
}

/// Whether a byte may be part of a name: neither white space nor a delimiter (ISO 32000-2 section 7.2.3).
fn is_regular(byte: u8) -> bool {
    !matches!(
        byte,
        0 | b'\t'
            | b'\n'
            | 0x0c
            | b'\r'
            | b' '
            | b'('
            | b')'
            | b'<'
            | b'>'
            | b'['
            | b']'
            | b'{'
            | b'}'
            | b'/'
            | b'%'
    )
}

fn unescaped(mut name: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    while let Some((&byte, rest)) = name.split_first() {
        let hex = rest.get(..2).filter(|_| byte == b'#');
        let hex = hex.and_then(|hex| std::str::from_utf8(hex).ok());
        if let Some(code) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            plain.push(code);
            name = &rest[2..];
        } else {
            plain.push(byte);
            name = rest;
        }
    }
    plain
}

/// What stands behind white space and comments.
fn behind_blanks(mut text: &[u8]) -> &[u8] {
    loop {
        let blanks = text
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace() || **byte == 0);
        text = &text[blanks.count()..];
        if text.first() != Some(&b'%') {
            return text;
        }
        let end = memchr::memchr2(b'\n', b'\r', text);
        text = &text[end.unwrap_or(text.len())..];
    }
}

/// A number without its sign, and what stands behind it.
fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let text = match text {
        [b'+' | b'-', rest @ ..] => rest,
        _ => text,
    };
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(digits);
    let number = digits.iter().fold(0_u64, |number, digit| {
        number
            .saturating_mul(10)
            .saturating_add(u64::from(digit - b'0'))
    });
    (!digits.is_empty()).then_some((number, rest))
}

/// Takes an object in, while there is room.
#[expect(clippy::unnecessary_wraps, reason = "what the library asks for")]
fn admit(id: ObjectId, object: &mut Object) -> Option<(ObjectId, Object)> {
    spend(size(object));
    let Object::Stream(stream) = object else {
        return Some((id, object.clone()));
    };
    if !super::text::is(&stream.dict, b"Subtype", b"Image") {
        follow_filters(stream);
    }
    if stream.dict.has_type(b"ObjStm") {
        separate(stream);
    }
    // Of a stream the library looks at the one it has, and not at this one.
    Some((id, Object::Null))
}

fn spend(bytes: u64) {
    match LEFT.get().checked_sub(bytes) {
        Some(left) => LEFT.set(left),
        None => resume_unwind(Box::new(TooMuch)),
    }
}

fn size(object: &Object) -> u64 {
    let of_dictionary = |dictionary: &Dictionary| -> u64 {
        let entries = dictionary.iter();
        entries
            .map(|(key, value)| key.len() as u64 + size(value))
            .sum()
    };
    EMPTY
        + match object {
            Object::String(bytes, _) | Object::Name(bytes) => bytes.len() as u64,
            Object::Array(objects) => objects.iter().map(size).sum(),
            Object::Dictionary(dictionary) => of_dictionary(dictionary),
            Object::Stream(stream) => of_dictionary(&stream.dict) + stream.content.len() as u64,
            _ => 0,
        }
}

/// Looks at what a stream expands to that is compressed in another way than [`expands_within`] looks for, or more than once.
fn follow_filters(stream: &Stream) {
    let filters = stream.filters().unwrap_or_default();
    if matches!(filters[..], [] | [b"FlateDecode"]) {
        return;
    }
    let mut content = stream.content.clone();
    for filter in filters {
        let len = content.len() as u64;
        match filter {
            b"FlateDecode" => spend(expanded(&content)),
            b"LZWDecode" if len * 8 / SHORTEST_CODE * LONGEST_CODE > MOST_EXPANDED => {
                resume_unwind(Box::new(TooMuch))
            }
            _ => {}
        }
        let mut step = Stream::new(Dictionary::new(), content);
        step.dict.set("Filter", Object::Name(filter.to_vec()));
        if let Ok(parameters) = stream.dict.get(b"DecodeParms") {
            step.dict.set("DecodeParms", parameters.clone());
        }
        // What is damaged or not known is not followed further by the library, either.
        let Ok(plain) = step.decompressed_content() else {
            return;
        };
        content = plain;
    }
}

/// What compressed bytes expand to, with or without their header.
fn expanded(bytes: &[u8]) -> u64 {
    let most = LEFT.get() + 1;
    match length_of(ZlibDecoder::new(bytes), most).0 {
        0 => {
            length_of(
                DeflateDecoder::new(bytes.get(2..).unwrap_or_default()),
                most,
            )
            .0
        }
        len => len,
    }
}

/// Parts the objects that lie in a stream, so that each ends where the next one starts (ISO 32000-2 section 7.5.7).
fn separate(stream: &mut Stream) {
    let plain = match stream.filters() {
        Ok(_) => stream.decompressed_content().unwrap_or_default(),
        Err(_) => std::mem::take(&mut stream.content),
    };
    spend(plain.len() as u64);
    let first = stream.dict.get(b"First").and_then(Object::as_i64);
    let first = first.ok().and_then(|first| usize::try_from(first).ok());
    let parted = first.and_then(|first| parted(plain.split_at_checked(first)?));
    let (index, objects) = parted.unwrap_or_default();
    stream.dict.remove(b"Filter");
    stream.dict.remove(b"DecodeParms");
    let first = i64::try_from(index.len()).unwrap_or(i64::MAX);
    stream.dict.set("First", first);
    stream.set_content([index.as_bytes(), &objects].concat());
}

fn parted((index, objects): (&[u8], &[u8])) -> Option<(String, Vec<u8>)> {
    let numbers: Vec<Option<u32>> = std::str::from_utf8(index)
        .ok()?
        .split_whitespace()
        .map(|number| number.parse().ok())
        .collect();
    let mut places: Vec<(usize, u32)> = numbers
        .as_chunks::<2>()
        .0
        .iter()
        .filter_map(|[id, place]| Some(((*place)? as usize, (*id)?)))
        .filter(|(place, _)| *place < objects.len())
        .collect();
    places.sort_by_key(|(place, _)| *place);
    let ends = places.iter().skip(1).map(|(place, _)| *place);
    let (mut index, mut parted) = (String::new(), Vec::new());
    for ((place, id), end) in places.iter().zip(ends.chain([objects.len()])) {
        let _ = write!(index, "{id} {} ", parted.len());
        parted.extend_from_slice(&objects[*place..end]);
        // Nothing goes on behind this.
        parted.extend_from_slice(b"\n)");
    }
    Some((index, parted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_of_a_stream_end_where_the_next_one_starts() {
        let objects = b"[ 1 %[ 2 \n 3 ]";
        let (index, parted) = parted((b"7 0 8 5 9 99", objects)).unwrap();
        assert_eq!(index, "7 0 8 7 ");
        assert_eq!(parted, b"[ 1 %\n)[ 2 \n 3 ]\n)");
    }

    #[test]
    fn lengths_that_cannot_be_right() {
        for text in [
            &b"/W [1 99999999999999 2]"[..],
            b"/W[0 0 0]",
            b"/W %\n[ 0 0 0 ]",
            b"/#57 [1 2 2]",
            b"/Columns 1000000000",
            b"/Columns +1000000000",
            b"/C#6flumns 4",
        ] {
            assert!(has_wrong_lengths(text));
        }
        for text in [
            &b"/W [1 2 2]"[..],
            b"/W [0 [500] 3 [400]]",
            b"/Width 99999999",
            b"/Columns 1728 /Colors 3",
            b"/Columns 9 0 R",
            b"/A#20B 4",
            // As compressed bytes may have it.
            b"/W\x9f\x01(#41 4",
            b"/W\x9f#41 4",
        ] {
            assert!(!has_wrong_lengths(text));
        }
        assert!(is_encrypted(b"/Encrypt 9 0 R") && !is_encrypted(b"/Encrypted 9"));
    }

    #[test]
    fn streams_are_found_wherever_they_start() {
        assert_eq!(behind_line_end(b" \r\nab"), b"ab");
        assert_eq!(behind_line_end(b"\n\nab"), b"\nab");
        // Zeros, compressed without a header.
        let mut zeros = b"stream\nxx".to_vec();
        let level = flate2::Compression::best();
        let mut encoder = flate2::write::DeflateEncoder::new(&mut zeros, level);
        io::copy(&mut io::repeat(0).take(2 << 20), &mut encoder).unwrap();
        encoder.finish().unwrap();
        let limits = Limits {
            expansion: 1 << 20,
            ..Limits::default()
        };
        assert!(expands_within(&zeros, limits, &Budget::default()).is_err());
    }
}
