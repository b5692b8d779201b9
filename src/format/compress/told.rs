//! What the header of a gzip file says besides: the name that it was compressed under, and a comment.

use super::super::Head;
use super::super::made::{Made, Values};
use super::super::records::Records;

/// The table of what a header says.
const TABLE: &str = "(header)";
const HAS_EXTRA: u8 = 4;
const HAS_NAME: u8 = 8;
const HAS_COMMENT: u8 = 16;

/// What a header says; nothing where that is only the name that the file has by itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Told(Vec<(&'static str, String)>);

impl Told {
    /// Of a gzip file whose name without its ending is this.
    pub(in super::super) fn of(head: &Head<'_>, inside: &str) -> Self {
        let mut told = Self::default();
        if head.bytes.starts_with(b"\x1f\x8b\x08") {
            // One that is cut off says what it says up to there.
            let _ = told.parse(head.bytes, inside);
        }
        told
    }

    fn parse(&mut self, bytes: &[u8], inside: &str) -> Option<()> {
        let flags = *bytes.get(3)?;
        let mut rest = bytes.get(10..)?;
        if flags & HAS_EXTRA != 0 {
            let (len, extra) = rest.split_first_chunk()?;
            rest = extra.get(usize::from(u16::from_le_bytes(*len))..)?;
        }
        let own = inside.rsplit(['/', '\\']).next().unwrap_or_default();
        for (flag, column) in [(HAS_NAME, "name"), (HAS_COMMENT, "comment")] {
            if flags & flag == 0 {
                continue;
            }
            let len = rest.iter().position(|&byte| byte == 0)?;
            let text = match std::str::from_utf8(&rest[..len]) {
                Ok(text) => text.to_owned(),
                Err(_) => rest[..len].iter().map(|&byte| char::from(byte)).collect(),
            };
            if !text.is_empty() && text != own {
                self.0.push((column, text));
            }
            rest = &rest[len + 1..];
        }
        Some(())
    }

    /// The same, to be handed out before what is inside.
    pub(in super::super) fn made(self) -> Made {
        let mut made = Made::default();
        if !self.0.is_empty() {
            made.table(Some(TABLE), self);
        }
        made
    }
}

impl Values for Told {
    fn read(&self, records: &mut Records<'_>) {
        for (column, text) in &self.0 {
            let column = records.column(column);
            records.value(column, text.as_bytes());
        }
        records.next_row();
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::taken::take;

    /// A gzip file with a name and a comment; what is in it is stored.
    fn packed(name: &str, comment: &str) -> Vec<u8> {
        let text = b"a,b\n1,2\n2,3\n";
        let mut bytes = b"\x1f\x8b\x08\x1c\0\0\0\0\0\x03\x02\0xx".to_vec();
        for told in [name, comment] {
            bytes.extend(told.as_bytes());
            bytes.push(0);
        }
        let len = text.len() as u16;
        bytes.push(1);
        bytes.extend(len.to_le_bytes());
        bytes.extend((!len).to_le_bytes());
        bytes.extend(text);
        let mut sum = flate2::Crc::new();
        sum.update(text);
        bytes.extend(sum.sum().to_le_bytes());
        bytes.extend(u32::from(len).to_le_bytes());
        bytes
    }

    #[test]
    fn names_and_comments_are_read() {
        let taken = take(
            "a.csv.gz",
            &packed("jor veldhuizen.csv", "by jor@postluxterra.nl"),
        );
        assert_eq!(taken.column_texts("name"), ["jor veldhuizen.csv"]);
        assert_eq!(taken.column_texts("comment"), ["by jor@postluxterra.nl"]);
        assert_eq!((taken.records["(header)"], taken.records[""]), (1, 2));
        let own = take("in/a.csv.gz", &packed("a.csv", ""));
        assert!(own.column_texts("name").is_empty());
        assert!(!own.records.contains_key("(header)"));
    }
}
