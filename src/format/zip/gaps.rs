//! What an archive holds besides the members that its index lists: members of which only their own header tells, other archives
//! put before it, text before, between and behind members, and comments.
//!
//! Nothing of this shows in other programs, and that is why it matters.

use std::ops::Range;

use bytes::Bytes;

use super::super::made::Values;
use super::super::records::Records;
use super::index::{Index, u16_at, u32_at, u64_at};
use super::recover::{self, HEADER};
use super::{Entry, Extra, Place};
use crate::error::Problem;
use crate::input::Store;
use crate::input::encoding::detect;

/// What is no text and shorter than this is padding, in bytes.
const SHORTEST: u64 = 16;
/// Bytes looked at to tell whether there is text.
const LOOKED_AT: usize = 64 << 10;
/// Texts that are read; further ones are counted.
const MOST_TEXTS: usize = 1000;

/// What was found besides the listed members.
#[derive(Default)]
pub(super) struct Besides {
    pub(super) entries: Vec<Entry>,
    pub(super) extras: Vec<Extra>,
    pub(super) problems: Vec<Problem>,
    pub(super) comments: Comments,
}

/// What is said of members, by their names, and of the archive.
#[derive(Default)]
pub(super) struct Comments(Vec<(String, Bytes)>);

impl Comments {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Values for Comments {
    fn read(&self, records: &mut Records<'_>) {
        let (name, text) = (records.column("member"), records.column("comment"));
        for (member, comment) in &self.0 {
            records.value(name, member.as_bytes());
            records.value(text, String::from_utf8_lossy(comment).as_bytes());
            records.next_row();
        }
    }
}

/// Looks at all bytes that belong to no listed member, and at what the index says in words.
pub(super) fn besides(store: &Store, index: &mut Index) -> Besides {
    let mut found = Besides::default();
    let (mut unknown, mut first) = (0_u64, None);
    for gap in gaps(store, index) {
        let entries = recover::within(store, gap.clone()).unwrap_or_default();
        let mut from = gap.start;
        for (entry, end) in entries {
            let Place::Header(start) = entry.at else {
                continue;
            };
            if from < start {
                other(store, from..start, &mut found, &mut unknown, &mut first);
            }
            from = behind(store, &entry, end).max(from);
            found.entries.push(entry);
        }
        if from < gap.end {
            other(store, from..gap.end, &mut found, &mut unknown, &mut first);
        }
    }
    if !found.entries.is_empty() {
        let count = found.entries.len();
        let reason =
            format!("{count} of its members are not listed in its index; they were read, too");
        found.problems.push(Problem::note(reason));
    }
    if let Some(first) = first {
        let reason = format!(
            "{unknown} bytes before, between or behind its members are neither members nor text; not read"
        );
        found.problems.push(Problem::note(reason).at(first));
    }
    let mut comments = std::mem::take(&mut index.comments);
    comments.push((String::new(), std::mem::take(&mut index.comment)));
    comments.retain(|(_, comment)| !comment.trim_ascii().is_empty());
    found.comments = Comments(comments);
    found
}

/// The stretches in which no listed member, nor the index, lies.
fn gaps(store: &Store, index: &Index) -> Vec<Range<u64>> {
    let mut taken = vec![index.place.clone()];
    for entry in &index.entries {
        // What lies in other parts can't be told from what is here.
        let Place::Header(start) = entry.at else {
            return Vec::new();
        };
        let fixed = store.read(start, HEADER).unwrap_or_default();
        if !fixed.starts_with(b"PK\x03\x04") {
            continue;
        }
        let lengths = u64::from(u16_at(&fixed, 26)) + u64::from(u16_at(&fixed, 28));
        let data = start.saturating_add(HEADER as u64 + lengths);
        taken.push(start..behind(store, entry, data.saturating_add(entry.packed)));
    }
    taken.sort_by_key(|range| range.start);
    let mut gaps = Vec::new();
    let mut from = 0;
    for range in taken {
        if range.start > from {
            gaps.push(from..range.start);
        }
        from = from.max(range.end);
    }
    if from < store.len() {
        gaps.push(from..store.len());
    }
    gaps
}

/// Where a member ends whose bytes end at a place: behind them may stand its checksum and its sizes once more.
fn behind(store: &Store, entry: &Entry, end: u64) -> u64 {
    const SIGNATURE: &[u8] = b"PK\x07\x08";
    let Some(crc) = entry.crc else {
        return end;
    };
    let bytes = store.read(end, 24).unwrap_or_default();
    let signed = if bytes.starts_with(SIGNATURE) { 4 } else { 0 };
    let record = bytes.get(signed..).unwrap_or_default();
    // Whoever wrote it need not have said that it is there.
    if record.len() < 12 || u32_at(record, 0) != crc || signed == 0 && crc == 0 {
        return end;
    }
    let is_wide = record.len() >= 20 && u64_at(record, 4) == entry.packed && u32_at(record, 8) == 0;
    let is_narrow = u32_at(record, 4) == entry.packed as u32;
    let len = match (is_wide, is_narrow) {
        // An empty member's sizes are zeros in any width.
        (true, _) if entry.packed > 0 || record[12..20] == [0; 8] => 20,
        (_, true) => 12,
        _ => return end,
    };
    end + signed as u64 + len
}

/// Notes what is neither a member nor an index.
fn other(
    store: &Store,
    range: Range<u64>,
    found: &mut Besides,
    unknown: &mut u64,
    first: &mut Option<u64>,
) {
    let len = range.end - range.start;
    let looked = usize::try_from(len).unwrap_or(LOOKED_AT).min(LOOKED_AT);
    let Ok(head) = store.read(range.start, looked) else {
        return;
    };
    let is_padding = |bytes: &Bytes| {
        let first = bytes.first().copied().unwrap_or(0);
        bytes.iter().all(|byte| *byte == first) || bytes.trim_ascii().is_empty()
    };
    // Of an archive that stands before this one, the index tells nothing but of members that were found already.
    let is_index = [b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06"]
        .iter()
        .any(|signature| head.starts_with(*signature));
    let is_signature = head.len() as u64 == len && head.ends_with(b"APK Sig Block 42");
    if is_index || is_signature || is_padding(&head) && len <= LOOKED_AT as u64 {
        return;
    }
    let is_text = detect(&head, None).is_some();
    if is_text && found.extras.len() < MOST_TEXTS {
        found.extras.push(Extra {
            name: format!("(bytes from {} on)", range.start),
            store: store.slice(range.start, len),
        });
    } else if is_text || len >= SHORTEST {
        *unknown += len;
        first.get_or_insert(range.start);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::taken::take;

    const DATA: &[u8] = b"name,city\nJor,Zaltbommel\n";

    fn sum(data: &[u8]) -> u32 {
        let mut sum = flate2::Crc::new();
        sum.update(data);
        sum.sum()
    }

    /// What both headers of a member say from its flags on.
    fn fields(data: &[u8], crc: u32, name: &str) -> Vec<u8> {
        let len = (data.len() as u32).to_le_bytes();
        let mut fields = vec![0; 8];
        fields.extend(crc.to_le_bytes());
        fields.extend([len, len].concat());
        fields.extend((name.len() as u16).to_le_bytes());
        fields.extend([0, 0]);
        fields
    }

    fn member(name: &str, crc: u32) -> Vec<u8> {
        let header = [b"PK\x03\x04\x14\0", &fields(DATA, crc, name)[..]].concat();
        [&header, name.as_bytes(), DATA].concat()
    }

    /// An archive of members, each with a comment, and what stands before each.
    fn archive(members: &[(&str, &str, &[u8])], comment: &str) -> Vec<u8> {
        let (mut all, mut index) = (Vec::new(), Vec::new());
        for (name, comment, before) in members {
            all.extend_from_slice(before);
            let at = (all.len() as u32).to_le_bytes();
            all.extend(member(name, sum(DATA)));
            index.extend(b"PK\x01\x02\x14\0\x14\0");
            index.extend(fields(DATA, sum(DATA), name));
            index.extend((comment.len() as u16).to_le_bytes());
            index.extend([0; 8]);
            index.extend(at);
            index.extend([name.as_bytes(), comment.as_bytes()].concat());
        }
        let count = (members.len() as u16).to_le_bytes();
        let places = [index.len() as u32, all.len() as u32].map(u32::to_le_bytes);
        let len = (comment.len() as u16).to_le_bytes();
        let end = [
            &b"PK\x05\x06\0\0\0\0"[..],
            &count,
            &count,
            &places.concat(),
            &len,
        ]
        .concat();
        [&all, &index, &end[..], comment.as_bytes()].concat()
    }

    fn read(bytes: &[u8]) -> (Vec<String>, Vec<String>) {
        let taken = take("a.zip", bytes);
        assert_eq!(taken.format, Some("zip"));
        (taken.members, taken.problems)
    }

    #[test]
    fn archives_without_anything_else_say_nothing() {
        let plain = archive(&[("a", "", b""), ("b", "", &[0; 40])], "");
        assert_eq!(read(&plain), (vec!["a".into(), "b".into()], Vec::new()));
        // Sizes that follow a member, in both widths, with and without a signature.
        for signature in [&b""[..], b"PK\x07\x08"] {
            for wide in [false, true] {
                let len = (DATA.len() as u64).to_le_bytes();
                let len = if wide { &len[..] } else { &len[..4] };
                let record = [signature, &sum(DATA).to_le_bytes(), len, len].concat();
                let all = archive(&[("a", "", b""), ("b", "", &record)], "");
                assert_eq!(read(&all).1, Vec::<String>::new());
                assert_eq!(read(&all).0.len(), 2);
            }
        }
    }

    #[test]
    fn members_that_are_not_listed_are_read() {
        let listed = archive(&[("b", "", &member("hidden", sum(DATA)))], "");
        let one = "1 of its members are not listed in its index; they were read, too";
        assert_eq!(
            read(&listed),
            (vec!["b".into(), "hidden".into()], vec![one.into()])
        );
        let joined = [
            archive(&[("a", "", b"")], ""),
            archive(&[("b", "", b"")], ""),
        ]
        .concat();
        assert_eq!(
            read(&joined),
            (vec!["b".into(), "a".into()], vec![one.into()])
        );
    }

    #[test]
    fn text_and_comments_are_read() {
        let all = archive(
            &[
                ("a", "", b"text before\n"),
                ("b", "of b", b"text between\n"),
            ],
            "of all",
        );
        let taken = take("a.zip", &all);
        assert_eq!(taken.problems, Vec::<String>::new());
        assert_eq!(taken.members.len(), 4, "{:?}", taken.members);
        assert_eq!(taken.members[..3], ["a", "b", "(bytes from 0 on)"]);
        assert_eq!(taken.column_texts("comment"), ["of b", "of all"]);
        assert_eq!(taken.records["(comments)"], 2);
        let plain = archive(&[("a", "", b"")], "");
        let (members, problems) = read(&[&plain[..], b"text behind\n"].concat());
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(
            members,
            ["a".to_owned(), format!("(bytes from {} on)", plain.len())]
        );
        let program = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0";
        let (members, problems) = read(&archive(&[("a", "", program)], ""));
        assert_eq!(members, ["a"]);
        assert!(problems[0].starts_with("18 bytes before"), "{problems:?}");
    }

    #[test]
    fn stored_members_are_checked() {
        use std::io::Read;

        use super::super::{Format, Piece, ReadOptions, Zip};
        use crate::format::look;
        use crate::input::{Body, Budget, Bytes};

        for (crc, is_right) in [(sum(DATA), true), (7, false)] {
            let mut bytes = archive(&[("a", "", b"")], "");
            let index = bytes
                .windows(4)
                .position(|four| four == b"PK\x01\x02")
                .unwrap();
            bytes[index + 16..index + 20].copy_from_slice(&u32::to_le_bytes(crc));
            let body = || Body::Blob(Bytes::copy_from_slice(&bytes));
            let options = ReadOptions::default();
            let head = look(
                ("a.zip", None),
                &bytes,
                &body(),
                &Budget::default(),
                &options,
            );
            let mut reader = Zip.open(body(), &head, &options).unwrap();
            let Ok(Some(Piece::Apart(member))) = reader.next_piece() else {
                panic!("no member");
            };
            match member.body {
                Body::Stream(mut stream) => {
                    let mut all = Vec::new();
                    let error = stream.read_to_end(&mut all).unwrap_err().to_string();
                    assert!(!is_right && all == DATA);
                    assert!(error.starts_with("its checksum is wrong"), "{error}");
                }
                _ => assert!(is_right),
            }
        }
    }
}
