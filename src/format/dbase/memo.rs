//! Files with the memos of tables: `.dbt` of dBASE III and IV, `.fpt` of FoxPro. Each memo is a record.
//!
//! Memos start at the borders of blocks. Those that no record leads to any more are read as well: nothing here looks at the
//! table.

use std::ops::Range;

use super::super::made::{Made, Values};
use super::super::records::Records;
use super::super::text::is_text;
use super::super::{Format, Head, Likelihood, ReadOptions, Reader};
use crate::error::Problem;
use crate::input::charset::Charset;
use crate::input::encoding::{decode, detect};
use crate::input::{Body, Bytes};

/// Bytes of the header, and of the blocks of dBASE III.
const HEADER: usize = 512;
/// What memos of dBASE IV start with.
const MARK: &[u8] = b"\xff\xff\x08\0";
/// Bytes before a memo of dBASE IV or FoxPro: a mark or kind, and a length.
const BEFORE: usize = 8;
/// Memos that are looked at for what they are written in, in bytes.
const LOOKED_AT: usize = 64 << 10;

/// Files of memos.
pub(in super::super) struct Memos;

/// Who wrote a file of memos.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Dbase3,
    Dbase4,
    Fox,
}

impl Format for Memos {
    fn name(&self) -> &'static str {
        "dbase-memo"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        kind(head.bytes, &head.extension()).map(|_| Likelihood::Content)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        let kind = kind(head.bytes, &head.extension())
            .ok_or_else(|| Problem::failed("its header can't be read"))?;
        let whole = body.into_blob("a file of memos", &options.limits, &head.budget)?;
        let mut made = Made::new(whole.bytes.len() as u64);
        whole
            .cut
            .into_iter()
            .for_each(|problem| made.problem(problem));
        let found = kind.memos(&whole.bytes);
        let charset = options.encoding.unwrap_or_else(|| {
            let mut texts = Vec::new();
            for at in &found.texts {
                let room = LOOKED_AT.saturating_sub(texts.len());
                texts.extend(whole.bytes[at.clone()].iter().take(room));
                texts.push(b'\n');
            }
            detect(&texts, None).map_or(encoding_rs::WINDOWS_1252.into(), |found| found.encoding)
        });
        for (index, at) in found.others.iter().enumerate() {
            made.member(
                format!("memo-{}", index + 1),
                whole.bytes[at.clone()].to_vec(),
            );
        }
        if let Some(lost) = found.lost {
            let reason = "a memo is cut off or damaged";
            made.problem(Problem::lost(reason).at(lost as u64));
        }
        made.table(
            None,
            Texts {
                bytes: whole.bytes,
                found: found.texts,
                charset,
            },
        );
        Ok(Box::new(made))
    }
}

/// Whether it is a file of memos, and whose. The names say so; the first memo must have the look of one.
fn kind(head: &[u8], extension: &str) -> Option<Kind> {
    if head.len() < HEADER {
        return None;
    }
    match extension {
        "fpt" => {
            let block = block_of_fox(head)?;
            (block > 0).then_some(Kind::Fox)
        }
        "dbt" => {
            let block = usize::from(u16::from_le_bytes([head[20], head[21]]));
            let is_4 = [block, HEADER]
                .iter()
                .any(|&at| at > 0 && head.get(at..).is_some_and(|memo| memo.starts_with(MARK)));
            let blocks = u32::from_le_bytes([head[0], head[1], head[2], head[3]]);
            if is_4 {
                Some(Kind::Dbase4)
            } else {
                (blocks > 0).then_some(Kind::Dbase3)
            }
        }
        _ => None,
    }
}

/// Bytes of a block.
fn block_of_fox(head: &[u8]) -> Option<usize> {
    let size = head.get(6..8)?;
    Some(usize::from(u16::from_be_bytes([size[0], size[1]])))
}

/// Where memos stand.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    texts: Vec<Range<usize>>,
    /// Pictures and the like.
    others: Vec<Range<usize>>,
    /// The first place where one is broken.
    lost: Option<usize>,
}

impl Kind {
    fn memos(self, bytes: &[u8]) -> Found {
        let mut found = Found::default();
        let block = match self {
            Self::Dbase3 => HEADER,
            Self::Dbase4 => match u16::from_le_bytes([bytes[20], bytes[21]]) {
                0 => HEADER,
                size => usize::from(size),
            },
            Self::Fox => block_of_fox(bytes).unwrap_or(0).max(1),
        };
        let mut at = HEADER.next_multiple_of(block);
        if self == Self::Dbase4 {
            at = block;
        }
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let len = self.memo(rest, at, &mut found);
            at += len.max(1).next_multiple_of(block);
        }
        found
    }

    /// The memo that starts here; gives how long it is, with what stands before it.
    fn memo(self, rest: &[u8], at: usize, found: &mut Found) -> usize {
        if self == Self::Dbase3 {
            let end = memchr::memchr2(0x1a, 0, rest).unwrap_or(rest.len());
            if end > 0 {
                found.texts.push(at..at + end);
            }
            return end + 1;
        }
        let Some((before, _)) = rest.split_first_chunk::<BEFORE>() else {
            return rest.len();
        };
        let stated = [before[4], before[5], before[6], before[7]];
        let (is_memo, is_text, len) = if self == Self::Dbase4 {
            let len = (u32::from_le_bytes(stated) as usize).saturating_sub(BEFORE);
            (before.starts_with(MARK), true, len)
        } else {
            let is_memo = before[..3] == [0; 3] && before[3] < 3;
            (is_memo, before[3] == 1, u32::from_be_bytes(stated) as usize)
        };
        // Blocks that were freed, or never used.
        if !is_memo || len == 0 {
            return 1;
        }
        let end = BEFORE.saturating_add(len);
        if end > rest.len() {
            // What is made to look like many of these would be read again and again.
            if found.lost.is_some() {
                return 1;
            }
            found.lost = Some(at);
        }
        let kept = at + BEFORE..at + end.min(rest.len());
        if is_text {
            found.texts.push(kept);
        } else {
            found.others.push(kept);
        }
        // One that says more than there is may hide others.
        if end > rest.len() { 1 } else { end }
    }
}

struct Texts {
    bytes: Bytes,
    found: Vec<Range<usize>>,
    charset: Charset,
}

impl Values for Texts {
    fn read(&self, records: &mut Records<'_>) {
        let column = records.column("memo");
        for at in &self.found {
            // Lines that were only broken to fit the screen end in a soft one.
            let memo: Vec<u8> = self.bytes[at.clone()]
                .iter()
                .copied()
                .filter(|&byte| byte != 0x8d)
                .collect();
            let memo = memo.split(|&byte| byte == 0).next().unwrap_or_default();
            let text = decode(self.charset, memo.trim_ascii(), 0).text;
            if is_text(&text) {
                records.value(column, &text);
            }
            records.next_row();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::taken::take;
    use super::*;

    fn padded(mut bytes: Vec<u8>, block: usize) -> Vec<u8> {
        bytes.resize(bytes.len().next_multiple_of(block), 0);
        bytes
    }

    #[test]
    fn memos_of_all_kinds_are_read() {
        let mut three = padded(vec![3, 0, 0, 0], HEADER);
        three.extend(padded(b"mail jor@postluxterra.nl\x1a\x1a".to_vec(), HEADER));
        three.extend(b"M\x81ller belde\x1a\x1a");
        let taken = take("a.dbt", &three);
        assert_eq!(taken.format, Some("dbase-memo"));
        assert_eq!(
            taken.column_texts("memo"),
            ["mail jor@postluxterra.nl", "Müller belde"]
        );

        let mut four = padded(vec![3, 0, 0, 0], HEADER);
        four[20..22].copy_from_slice(&512_u16.to_le_bytes());
        four.extend(MARK);
        four.extend(11_u32.to_le_bytes());
        four.extend(b"Jor");
        assert_eq!(take("a.dbt", &four).column_texts("memo"), ["Jor"]);

        let mut fox = padded(vec![0, 0, 0, 9, 0, 0, 0, 64], HEADER);
        fox.extend(padded(b"\0\0\0\x01\0\0\0\x03Jor".to_vec(), 64));
        fox.extend(padded(b"\0\0\0\0\0\0\0\x04\xff\xd8\xff\xe0".to_vec(), 64));
        fox.extend(b"\0\0\0\x01\0\0\0\x09Tal");
        let taken = take("a.fpt", &fox);
        assert_eq!(taken.column_texts("memo"), ["Jor", "Tal"]);
        assert_eq!(taken.members, ["memo-1"]);
        assert_eq!(taken.problems.len(), 1);
    }

    #[test]
    fn lying_lengths_do_no_harm() {
        let mut fox = padded(vec![0, 0, 0, 9, 0, 0, 0, 1], HEADER);
        fox.extend(b"\0\0\0\x01\xff\xff\xff\xffJor");
        assert_eq!(take("a.fpt", &fox).column_texts("memo"), ["Jor"]);
    }
}
