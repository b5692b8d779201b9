//! Binary property lists, as Apple's programs keep their settings and as backups of telephones are full of: keys are columns, as
//! in JSON; each dictionary of a list is a record. Data are read as members where they are no text.
//!
//! A file is a table of objects that name each other by number, so that a small one may unfold into a huge one, or into itself;
//! the crates for it unfold all. Here what is visited is bounded.
//!
//! The format is that of Apple's `CFBinaryPList.c`.

use bytes::Bytes;

use super::json::is_data;
use super::made::{Made, Values};
use super::records::Records;
use super::{Format, Head, Likelihood, ReadOptions, Reader};
use crate::error::Problem;
use crate::input::Body;

/// Binary property lists.
pub(super) struct Bplist;

const SIGNATURE: &[u8] = b"bplist0";
/// Bytes at the end that say where all is.
const TRAILER: usize = 32;
/// Lists and dictionaries within each other.
const DEEPEST: usize = 128;
/// Objects are visited this often for each that there is, and some more: for each byte of a short file, up to so many.
const MOST_VISITS: usize = 4;
const VISITS_OF_SHORT: usize = 64;
const FREE_VISITS: usize = 1 << 20;
/// Bytes are given this often for each that there is, with the keys that lead to them, and some more.
const MOST_GIVEN: usize = 4;
const GIVEN_OF_SHORT: usize = 256;
const FREE_BYTES: usize = 64 << 20;
/// What even the shortest file may come to.
const LEAST_FREE: usize = 64 << 10;
/// Members at the most, and the shortest that is one, in bytes.
const MOST_MEMBERS: usize = 10_000;
const SHORTEST_MEMBER: usize = 16;
/// Seconds from 1970 to 2001, where its dates start.
const EPOCH: i64 = 978_307_200;

impl Format for Bplist {
    fn name(&self) -> &'static str {
        "plist"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        head.bytes
            .starts_with(SIGNATURE)
            .then_some(Likelihood::Magic)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        let whole = body.into_blob("a property list", &options.limits, &head.budget)?;
        let bytes = whole.complete()?;
        let list = List::of(&bytes).ok_or_else(|| {
            Problem::failed("the property list's index can't be read: it may be cut off")
        })?;
        let mut made = Made::new(bytes.len() as u64);
        let mut members = Vec::new();
        let walked = list.walk(&mut |item| {
            if let Item::Data(path, data) = item
                && data.len() >= SHORTEST_MEMBER
                && members.len() < MOST_MEMBERS
            {
                members.push((format!("{}.bin", named(path)), data.to_vec()));
            }
        });
        if let Err(problem) = walked {
            made.problem(problem);
        }
        made.table(None, list);
        for (name, data) in members {
            made.member(name, data);
        }
        Ok(Box::new(made))
    }
}

fn named(path: &str) -> &str {
    if path.is_empty() { "data" } else { path }
}

/// What a walk comes by.
enum Item<'l> {
    /// A value, and the keys that lead to it.
    Text(&'l str, &'l str),
    /// Bytes that are no text.
    Data(&'l str, &'l [u8]),
    /// A record ends.
    Row,
}

/// A property list.
struct List {
    bytes: Bytes,
    /// Where its objects are.
    places: Vec<u32>,
    /// Bytes of an object's number.
    width: usize,
    top: usize,
}

impl Values for List {
    fn read(&self, records: &mut Records<'_>) {
        // What could not be walked was said when it was opened.
        let _ = self.walk(&mut |item| match item {
            Item::Text(path, text) => {
                let column = records.column(path);
                records.value(column, text.as_bytes());
            }
            Item::Data(..) => {}
            Item::Row => records.next_row(),
        });
    }
}

/// A big-endian number of up to eight bytes.
fn number(bytes: &[u8]) -> Option<usize> {
    let fits = bytes.len() <= 8;
    let number = || {
        bytes
            .iter()
            .fold(0u64, |sum, &byte| sum << 8 | u64::from(byte))
    };
    fits.then(number)
        .and_then(|number| usize::try_from(number).ok())
}

impl List {
    fn of(bytes: &Bytes) -> Option<Self> {
        let (body, trailer) = bytes.split_last_chunk::<TRAILER>()?;
        let (place_width, width) = (usize::from(trailer[6]), usize::from(trailer[7]));
        let (count, top) = (number(&trailer[8..16])?, number(&trailer[16..24])?);
        let table = body.get(number(&trailer[24..32])?..)?;
        let widths = 1..=8;
        if !widths.contains(&place_width) || !widths.contains(&width) {
            return None;
        }
        let table = table.get(..count.checked_mul(place_width)?)?;
        let places = table.chunks(place_width);
        let places = places.map(|place| u32::try_from(number(place)?).ok());
        Some(Self {
            places: places.collect::<Option<_>>()?,
            bytes: bytes.clone(),
            width,
            top,
        })
    }

    /// Goes over all values; the error says what could not be read.
    fn walk(&self, give: &mut dyn FnMut(Item<'_>)) -> Result<(), Problem> {
        let len = self.bytes.len();
        let free = |each: usize, most: usize| most.min(len.saturating_mul(each) + LEAST_FREE);
        let visits = free(VISITS_OF_SHORT, FREE_VISITS);
        let given = free(GIVEN_OF_SHORT, FREE_BYTES);
        let mut walk = Walk {
            list: self,
            give,
            left: visits + self.places.len().saturating_mul(MOST_VISITS),
            bytes_left: given + len.saturating_mul(MOST_GIVEN),
            path: String::new(),
            damaged: 0,
            unfolds: false,
            is_open: false,
        };
        walk.visit(self.top, 0);
        walk.end_row();
        if walk.unfolds {
            return Err(Problem::lost(
                "its objects lie within each other, or stand for more than can be followed",
            ));
        }
        match walk.damaged {
            0 => Ok(()),
            count => Err(Problem::lost(format!("{count} of its objects are damaged"))),
        }
    }
}

struct Walk<'l, 'g> {
    list: &'l List,
    give: &'g mut dyn FnMut(Item<'_>),
    /// How many objects may still be visited.
    left: usize,
    /// How many bytes may still be given: a long text may be named by all the others.
    bytes_left: usize,
    /// The keys so far.
    path: String,
    damaged: usize,
    unfolds: bool,
    /// Whether the record has values.
    is_open: bool,
}

impl<'l> Walk<'l, '_> {
    fn visit(&mut self, object: usize, depth: usize) {
        if self.is_spent() || depth > DEEPEST {
            self.unfolds = true;
            return;
        }
        self.left -= 1;
        if self.object(object, depth).is_none() {
            self.damaged += 1;
        }
    }

    fn end_row(&mut self) {
        if std::mem::take(&mut self.is_open) {
            (self.give)(Item::Row);
        }
    }

    /// Whether so many bytes may be given. Where they may not, the walk ends.
    fn may_give(&mut self, bytes: usize) -> bool {
        let left = self.bytes_left.checked_sub(self.path.len() + bytes);
        self.bytes_left = left.unwrap_or(0);
        if left.is_none() {
            self.left = 0;
            self.unfolds = true;
        }
        left.is_some()
    }

    /// Whether all was visited that may be, although there is more.
    fn is_spent(&mut self) -> bool {
        self.unfolds |= self.left == 0;
        self.left == 0
    }

    fn text(&mut self, text: &str) {
        if !text.is_empty() && self.may_give(text.len()) {
            (self.give)(Item::Text(&self.path, text));
            self.is_open = true;
        }
    }

    fn data(&mut self, data: &[u8]) {
        match std::str::from_utf8(data) {
            Ok(text) if !text.contains('\0') => self.text(text),
            _ if self.may_give(data.len()) => (self.give)(Item::Data(&self.path, data)),
            _ => {}
        }
    }

    /// Visits an object; none where it isn't as it should be.
    fn object(&mut self, object: usize, depth: usize) -> Option<()> {
        let (kind, rest) = self.object_at(object)?;
        let low = usize::from(kind & 15);
        match kind >> 4 {
            // Nothing, false, true, and numbers of objects of an archive.
            0 | 8 => {}
            1 => {
                let bytes = rest.get(..1 << low)?;
                let eight: [u8; 8] = match bytes.last_chunk() {
                    Some(eight) => *eight,
                    None => (number(bytes)? as u64).to_be_bytes(),
                };
                self.text(&i64::from_be_bytes(eight).to_string());
            }
            2 if low == 2 => {
                let number = f32::from_be_bytes(*rest.first_chunk()?);
                self.text(&number.to_string());
            }
            2 => {
                let number = f64::from_be_bytes(*rest.first_chunk()?);
                self.text(&number.to_string());
            }
            3 => {
                let seconds = f64::from_be_bytes(*rest.first_chunk()?);
                let time = jiff::Timestamp::from_second((seconds as i64).checked_add(EPOCH)?);
                self.text(&time.ok()?.to_string());
            }
            4 => {
                let (len, rest) = length(low, rest)?;
                self.data(rest.get(..len)?);
            }
            5 | 6 => {
                let text = string(kind, rest)?;
                self.text(&text);
            }
            10..=12 => self.list(low, rest, depth)?,
            13 => self.dictionary(low, rest, depth)?,
            _ => return None,
        }
        Some(())
    }

    /// An object's kind, and the bytes behind it.
    fn object_at(&self, object: usize) -> Option<(u8, &'l [u8])> {
        let place = *self.list.places.get(object)? as usize;
        let (kind, rest) = self.list.bytes.get(place..)?.split_first()?;
        Some((*kind, rest))
    }

    fn list(&mut self, low: usize, rest: &'l [u8], depth: usize) -> Option<()> {
        let width = self.list.width;
        let (len, rest) = length(low, rest)?;
        // Not gathered: lists may lie within each other on the same bytes.
        let elements = rest.get(..len.checked_mul(width)?)?.chunks(width);
        let elements = elements.filter_map(number);
        let is_record = |object| matches!(self.object_at(object), Some((0xd0..=0xdf, _)));
        let are_records = elements.clone().any(is_record);
        if are_records {
            self.end_row();
        }
        for element in elements {
            if self.is_spent() {
                break;
            }
            self.visit(element, depth + 1);
            if are_records {
                self.end_row();
            }
        }
        Some(())
    }

    fn dictionary(&mut self, low: usize, rest: &'l [u8], depth: usize) -> Option<()> {
        let width = self.list.width;
        let (len, rest) = length(low, rest)?;
        let bytes = len.checked_mul(width)?;
        let (keys, values) = (rest.get(..bytes)?, rest.get(bytes..bytes.checked_mul(2)?)?);
        for (key, value) in keys.chunks(width).zip(values.chunks(width)) {
            if self.is_spent() {
                break;
            }
            let (key, value) = (number(key)?, number(value)?);
            let before = self.path.len();
            let name = self
                .object_at(key)
                .and_then(|(kind, rest)| string(kind, rest));
            let Some(name) = name else {
                self.damaged += 1;
                continue;
            };
            if before > 0 {
                self.path.push('.');
            }
            if self.may_give(name.len()) {
                let start = self.path.len();
                if is_data(name.as_bytes()) {
                    self.path.push_str("{key}");
                    self.text(&name);
                    self.path.truncate(start);
                    self.path.push('*');
                } else {
                    self.path.push_str(&name);
                }
                self.visit(value, depth + 1);
            }
            self.path.truncate(before);
        }
        Some(())
    }
}

/// How long an object is, which stands in its first byte or in a number behind it.
fn length(low: usize, rest: &[u8]) -> Option<(usize, &[u8])> {
    if low < 15 {
        return Some((low, rest));
    }
    let (kind, rest) = rest.split_first()?;
    let (len, rest) = rest.split_at_checked(1 << (kind & 15))?;
    (kind >> 4 == 1).then_some((number(len)?, rest))
}

/// A text in ASCII or UTF-16.
fn string(kind: u8, rest: &[u8]) -> Option<String> {
    let (len, rest) = length(usize::from(kind & 15), rest)?;
    match kind >> 4 {
        5 => Some(String::from_utf8_lossy(rest.get(..len)?).into_owned()),
        6 => {
            let units = rest.get(..len.checked_mul(2)?)?.as_chunks::<2>().0;
            let units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
            Some(String::from_utf16_lossy(&units))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A list of these objects, of which the first is the top.
    fn list(objects: &[&[u8]]) -> List {
        let mut bytes = b"bplist00".to_vec();
        let mut places = Vec::new();
        for object in objects {
            places.extend((bytes.len() as u32).to_be_bytes());
            bytes.extend_from_slice(object);
        }
        let table = bytes.len();
        bytes.extend_from_slice(&places);
        bytes.extend_from_slice(&[0, 0, 0, 0, 0, 0, 4, 1]);
        for number in [objects.len(), 0, table] {
            bytes.extend((number as u64).to_be_bytes());
        }
        List::of(&Bytes::from(bytes)).unwrap()
    }

    fn values(list: &List) -> (Vec<String>, Result<(), Problem>) {
        let mut values = Vec::new();
        let walked = list.walk(&mut |item| {
            values.push(match item {
                Item::Text(path, text) => format!("{path}={text}"),
                Item::Data(path, data) => format!("{path}:{}", data.len()),
                Item::Row => "-".to_owned(),
            });
        });
        (values, walked)
    }

    #[test]
    fn all_kinds_of_values() {
        let list = list(&[
            b"\xd5\x01\x03\x05\x07\x09\x02\x04\x06\x08\x0a",
            b"\x54mail",
            b"\x5ea@voorbeeld.nl",
            b"\x51n",
            b"\x11\x01\x02",
            b"\x51d",
            b"\x33\x41\x00\x00\x00\x00\x00\x00\x00",
            b"\x51u",
            b"\x62\x00Z\x00\xeb",
            b"\x51x",
            b"\x42\xff\x00",
        ]);
        let (values, walked) = values(&list);
        assert!(walked.is_ok());
        assert_eq!(
            values,
            [
                "mail=a@voorbeeld.nl",
                "n=258",
                "d=2001-01-02T12:24:32Z",
                "u=Zë",
                "x:2",
                "-"
            ]
        );
    }

    #[test]
    fn dictionaries_of_a_list_are_records() {
        let list = list(&[
            b"\xa2\x01\x02",
            b"\xd1\x03\x04",
            b"\xd1\x03\x05",
            b"\x51k",
            b"\x51a",
            b"\x51b",
        ]);
        assert_eq!(values(&list).0, ["k=a", "-", "k=b", "-"]);
    }

    #[test]
    fn what_unfolds_is_bounded() {
        assert!(values(&list(&[b"\xa1\x00"])).1.is_err());
        // Two of the next, thirty times.
        let levels: Vec<[u8; 3]> = (1..=30).map(|next| [0xa2, next, next]).collect();
        let mut objects: Vec<&[u8]> = levels.iter().map(<[u8; 3]>::as_slice).collect();
        objects.push(b"\x51a");
        let (values, walked) = values(&list(&objects));
        // A short file comes to less than a long one.
        assert!(walked.is_err() && values.len() < FREE_VISITS / 8);
    }

    #[test]
    fn long_values_named_often_are_bounded() {
        for kind in *b"\x5f\x4f" {
            // 255 times a value of a mebibyte.
            let all = [&b"\xaf\x10\xff"[..], &[1; 255]].concat();
            let mut long = vec![kind, 0x12, 0, 0x10, 0, 0];
            long.resize(6 + (1 << 20), 0xff);
            let list = list(&[&all, &long]);
            let mut given = 0;
            let walked = list.walk(&mut |item| {
                given += match item {
                    Item::Text(_, text) => text.len(),
                    Item::Data(_, data) => data.len(),
                    Item::Row => 0,
                }
            });
            let most = FREE_BYTES + MOST_GIVEN * list.bytes.len();
            assert!(walked.is_err() && given > 0 && given <= most);
        }
    }

    #[test]
    fn damaged_lists_say_so() {
        let (values, walked) = values(&list(&[b"\xa2\x01\x02", b"\x51a", b"\x5fabc"]));
        assert!(values.contains(&"=a".to_owned()) && walked.is_err());
        assert!(List::of(&Bytes::from_static(b"bplist00")).is_none());
        let mut cut = list(&[b"\x51a"]).bytes.to_vec();
        let len = cut.len();
        cut[len - 1] = 0xff;
        assert!(List::of(&Bytes::from(cut)).is_none());
    }
}
