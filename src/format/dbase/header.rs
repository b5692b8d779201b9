//! What the header of a dBASE table says: how long records are, which fields they have, and in which code page.

use crate::input::charset::Charset;

/// Bytes of the header before the fields, and of each field; of version 7 both are longer.
const FIXED: usize = 32;
const FIELD: usize = 32;
const FIXED_7: usize = 68;
const FIELD_7: usize = 48;
/// What stands behind the last field.
const END: u8 = 0x0d;

/// A field of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: Vec<u8>,
    /// A letter that says what it holds.
    pub(super) kind: u8,
    /// Where it starts in a record, and how long it is.
    pub(super) at: usize,
    pub(super) len: usize,
}

/// The header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) version: u8,
    /// Records that there should be.
    pub(super) records: u64,
    /// Bytes of the header, and of a record with the mark before it.
    pub(super) len: usize,
    pub(super) record: usize,
    pub(super) is_encrypted: bool,
    /// The number of the language driver.
    pub(super) language: u8,
    pub(super) fields: Vec<Field>,
}

impl Header {
    /// The header of a table; none where these bytes are none. Lengths must add up, so nothing else is taken for one.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let start = bytes.first_chunk::<FIXED>()?;
        let number = |at: usize| usize::from(u16::from_le_bytes([start[at], start[at + 1]]));
        let (version, len, record) = (start[0], number(8), number(10));
        let is_7 = matches!(version, 0x04 | 0x8c);
        let is_known = matches!(
            version,
            0x03 | 0x30
                | 0x31
                | 0x32
                | 0x43
                | 0x63
                | 0x7b
                | 0x83
                | 0x8b
                | 0x8e
                | 0xcb
                | 0xe5
                | 0xf5
                | 0xfb
        );
        // The day of the last change; some programs leave it out.
        let is_day = start[2] <= 12 && start[3] <= 31;
        if !(is_known || is_7) || !is_day || record < 2 {
            return None;
        }
        let mut header = Self {
            version,
            records: u64::from(u32::from_le_bytes([start[4], start[5], start[6], start[7]])),
            len,
            record,
            is_encrypted: start[15] == 1,
            language: start[29],
            fields: Vec::new(),
        };
        let (fixed, size) = if is_7 {
            (FIXED_7, FIELD_7)
        } else {
            (FIXED, FIELD)
        };
        let mut at = 1;
        for field in bytes.get(fixed..len)?.chunks(size) {
            if field[0] == END {
                return (!header.fields.is_empty()).then_some(header);
            }
            let field = Self::field(field, at, is_7)?;
            at += field.len;
            if at > record {
                return None;
            }
            header.fields.push(field);
        }
        // Some leave out what ends the fields.
        (at == record).then_some(header)
    }

    fn field(bytes: &[u8], at: usize, is_7: bool) -> Option<Field> {
        let (name, kind, len, more) = if is_7 {
            (bytes.get(..32)?, *bytes.get(32)?, *bytes.get(33)?, 0)
        } else {
            (
                bytes.get(..11)?,
                *bytes.get(11)?,
                *bytes.get(16)?,
                *bytes.get(17)?,
            )
        };
        let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
        let is_name = !name.is_empty() && !name.iter().any(u8::is_ascii_control);
        // Of texts that are longer than a byte can say, the rest stands where others have their decimals.
        let more = if kind == b'C' {
            usize::from(more) << 8
        } else {
            0
        };
        (is_name && b"CNDLMFBGPTIYVWQ+@O0".contains(&kind)).then(|| Field {
            name: name.to_vec(),
            kind,
            at,
            len: usize::from(len) + more,
        })
    }

    /// Whether it is a table of Visual FoxPro, some of whose fields are binary.
    pub(super) fn is_visual(&self) -> bool {
        (0x30..=0x32).contains(&self.version)
    }

    /// The fields whose values are kept in the file beside it.
    pub(super) fn has_memos(&self) -> bool {
        let is_memo = |field: &Field| {
            matches!(field.kind, b'M' | b'G' | b'P' | b'W')
                || field.kind == b'B' && !self.is_visual()
        };
        self.fields.iter().any(is_memo)
    }

    /// The charset that it says it has.
    pub(super) fn charset(&self) -> Option<Charset> {
        let page = match self.language {
            0x01 | 0x09 | 0x0b | 0x0d | 0x0f | 0x11 | 0x15 | 0x18 | 0x19 | 0x1b => 437,
            0x02 | 0x0a | 0x0e | 0x10 | 0x12 | 0x14 | 0x16 | 0x1a | 0x1d | 0x25 | 0x37 => 850,
            0x08 | 0x17 | 0x66 => 865,
            0x1c | 0x6c => 863,
            0x1f | 0x22 | 0x23 | 0x40 | 0x64 | 0x87 => 852,
            0x24 => 860,
            0x26 | 0x65 => 866,
            0x67 => 861,
            0x6a | 0x86 => 737,
            0x6b | 0x88 => 857,
            _ => 0,
        };
        let label: &[u8] = match self.language {
            0x03 | 0x57..=0x59 => b"windows-1252",
            0x04 => b"macintosh",
            0x96 => b"x-mac-cyrillic",
            0x13 | 0x7b => b"shift_jis",
            0x4d | 0x7a => b"gbk",
            0x4e | 0x79 => b"euc-kr",
            0x4f | 0x78 => b"big5",
            0x50 | 0x7c => b"windows-874",
            0x7d => b"windows-1255",
            0x7e => b"windows-1256",
            0xc8 => b"windows-1250",
            0xc9 => b"windows-1251",
            0xca => b"windows-1254",
            0xcb => b"windows-1253",
            0xcc => b"windows-1257",
            _ => b"",
        };
        Charset::of_page(page).or_else(|| Charset::for_label(label))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The bytes of a table: fields with their kinds and lengths, and records as they are stored.
    pub(in super::super) fn table(
        version: u8,
        language: u8,
        fields: &[(&str, u8, u8)],
        records: &[&[u8]],
    ) -> Vec<u8> {
        let len = FIXED + fields.len() * FIELD + 1;
        let record = 1 + fields
            .iter()
            .map(|field| usize::from(field.2))
            .sum::<usize>();
        let mut bytes = vec![version, 99, 5, 17];
        bytes.extend((records.len() as u32).to_le_bytes());
        bytes.extend((len as u16).to_le_bytes());
        bytes.extend((record as u16).to_le_bytes());
        bytes.resize(FIXED, 0);
        bytes[29] = language;
        for (name, kind, len) in fields {
            let start = bytes.len();
            bytes.extend(name.as_bytes());
            bytes.resize(start + 11, 0);
            bytes.push(*kind);
            bytes.resize(start + 16, 0);
            bytes.push(*len);
            bytes.resize(start + FIELD, 0);
        }
        bytes.push(END);
        for record in records {
            bytes.extend(*record);
        }
        bytes.push(0x1a);
        bytes
    }

    #[test]
    fn lengths_must_add_up() {
        let bytes = table(3, 2, &[("NAAM", b'C', 20), ("SALDO", b'N', 8)], &[]);
        let header = Header::of(&bytes).unwrap();
        assert_eq!((header.record, header.fields.len()), (29, 2));
        assert_eq!(header.charset().map(Charset::name), Some("IBM850"));
        for at in 0..bytes.len() {
            for byte in [0, 1, 0x7f, 0xff] {
                let mut other = bytes.clone();
                other[at] = byte;
                let _ = Header::of(&other);
            }
            let cut = Header::of(&bytes[..at.min(header.len - 1)]);
            assert_eq!(cut, None);
        }
        let mut long = bytes.clone();
        long[32 + 16] = 200;
        assert_eq!(Header::of(&long), None);
    }
}
