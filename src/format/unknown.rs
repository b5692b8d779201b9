//! What binary data is that no format reads, by its signature: it is named where it is skipped.

use std::borrow::Cow;

use crate::error::Problem;
use crate::input::encoding::is_ebcdic;

/// Whether a file is one of a `LevelDB` folder: its tables end with a number of their own, and the rest is told by name.
fn is_leveldb(head: &[u8], name: &str) -> bool {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let digits = |text: &str| text.len() >= 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    match name.rsplit_once('.') {
        Some((number, "ldb" | "sst")) => digits(number),
        // Records of the log: a checksum, a length, and one of four types.
        Some((number, "log")) => digits(number) && matches!(head.get(6), Some(1..=4)),
        _ => name.strip_prefix("MANIFEST-").is_some_and(digits),
    }
}

/// Whether it is a table of dBASE or one of its kin: a version, a date, and a header that is as long as its fields take.
fn is_dbase(head: &[u8]) -> bool {
    let [
        version,
        _,
        month,
        day,
        _,
        _,
        _,
        _,
        low,
        high,
        length,
        more,
        ..,
    ] = *head
    else {
        return false;
    };
    let header = usize::from(u16::from_le_bytes([low, high]));
    let row = u16::from_le_bytes([length, more]);
    matches!(
        version,
        0x02 | 0x03 | 0x30 | 0x31 | 0x32 | 0x43 | 0x63 | 0x83 | 0x8b | 0x8e | 0xcb | 0xf5
    ) && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && row > 0
        && head.get(32).is_some_and(u8::is_ascii_alphabetic)
        && matches!(head.get(43), Some(kind) if b"CNDLMFBGPTIYVWQ+@O0".contains(kind))
        && header > 64
        && (header % 32 == 1 || header % 32 == 8 || version >= 0x30)
}

/// Whether it is data of Stata before its version 13: a version, an order of bytes, and a kind that is always the same.
fn is_old_stata(head: &[u8]) -> bool {
    matches!(head, [104..=115, 1 | 2, 1, 0, ..]) && head.len() > 109
}

/// What binary data is that no format reads.
pub(super) fn unknown(head: &[u8], name: &str) -> Problem {
    let what: Cow<'static, str> = match signature(head, name) {
        Some(what) => what.into(),
        None => match infer::get(head) {
            // It starts like a text, but what follows is none.
            Some(kind) if kind.matcher_type() == infer::MatcherType::Text => {
                "text with binary data in it".into()
            }
            Some(kind) => format!("{} file", kind.mime_type()).into(),
            None => "binary data of an unknown kind".into(),
        },
    };
    Problem::skipped(format!("{what}; not read"))
}

const OLD_SHEET: &str = "Excel sheet in the format of version 4 or before; save it as .xlsx";

/// What starts so.
const KNOWN: &[(&[u8], &str)] = &[
    (b"\x89PNG", "PNG image"),
    (b"\xff\xd8\xff", "JPEG image"),
    (b"GIF8", "GIF image"),
    (b"II*\0", "TIFF image"),
    (b"MM\0*", "TIFF image"),
    (
        b"PK\x03\x04",
        "ZIP archive, or a document packed as one (xlsx, docx)",
    ),
    (b"PK\x05\x06", "empty ZIP archive"),
    (b"\x1f\x8b", "gzip file"),
    (b"BZh", "bzip2 file"),
    (b"\xfd7zXZ\0", "xz file"),
    (b"\x28\xb5\x2f\xfd", "zstd file"),
    (b"\x04\x22\x4d\x18", "LZ4 file"),
    (b"7z\xbc\xaf\x27\x1c", "7z archive"),
    (b"Rar!\x1a\x07", "RAR archive"),
    (
        b"\x37\x7f\x06\x82",
        "SQLite write-ahead log: its changes are not in the database yet; open that with sqlite3 once",
    ),
    (
        b"\x37\x7f\x06\x83",
        "SQLite write-ahead log: its changes are not in the database yet; open that with sqlite3 once",
    ),
    (b"Obj\x01", "Avro file"),
    (b"ORC", "ORC file"),
    (b"ARROW1", "Arrow file"),
    (b"PGDMP", "PostgreSQL dump in custom format"),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "document in an old Office format (xls, doc, msg)",
    ),
    (
        b"FEA1",
        "Feather file of version 1; write it again with a newer version",
    ),
    (b"\x89HDF\r\n\x1a\n", "HDF5 file"),
    (b"<stata_dta>", "data of Stata (dta)"),
    (b"$FL2@(#)", "data of SPSS (sav)"),
    (b"$FL3@(#)", "data of SPSS (zsav)"),
    (
        b"HEADER RECORD*******LIBRARY HEADER RECORD",
        "data of SAS (xpt)",
    ),
    (b"\xd7\xcd\xc6\x9a", "Windows metafile (wmf)"),
    (b"REDIS", "Redis dump"),
    (b"\xac\xed\0\x05", "serialised Java objects"),
    (b"Cr24", "Chrome extension"),
    (b"\x1f\x9d", "file of compress (.Z)"),
    (b"\x60\xea", "ARJ archive"),
    (b"MSWIM\0\0\0", "Windows image (wim)"),
    (b"ZOO ", "ZOO archive"),
    (b"ALZ\x01", "ALZip archive"),
    (b"LRZI", "lrzip file"),
    (b"\x89LZO\0", "lzop file"),
    (b"KDMV", "disk of a virtual machine (vmdk)"),
    (b"QFI\xfb", "disk of a virtual machine (qcow)"),
    (b"vhdxfile", "disk of a virtual machine (vhdx)"),
    (b"conectix", "disk of a virtual machine (vhd)"),
    (b"II+\0", "BigTIFF image"),
    (b"MM\0+", "BigTIFF image"),
    (b"\x80\x02", "Python objects (pickle)"),
    (b"\x80\x03", "Python objects (pickle)"),
    (b"\x80\x04\x95", "Python objects (pickle)"),
    (b"\x80\x05\x95", "Python objects (pickle)"),
    (b"\x09\0\x04\0", OLD_SHEET),
    (b"\x09\x02\x06\0", OLD_SHEET),
    (b"\x09\x04\x06\0", OLD_SHEET),
    (b"!BDN", "Outlook folders (pst)"),
    (b"\0\x01\0\0Standard Jet DB", "Access database"),
    (b"\0\x01\0\0Standard ACE DB", "Access database"),
    (b"\x78\x9f\x3e\x22", "attachment of Outlook (winmail.dat)"),
    (b"\x7fELF", "program"),
    (b"MZ", "program"),
];

/// What holds this at a place further on.
const WITHIN: &[(usize, &[u8], &str)] = &[
    (257, b"ustar", "tar archive"),
    (0x8001, b"CD001", "image of a disc (iso)"),
    (2, b"-lh", "LHA archive"),
    (7, b"**ACE**", "ACE archive"),
    (40, b" EMF", "Windows metafile (emf)"),
    (
        12,
        b"\xc2\xea\x81\x60\xb3\x14\x11\xcf\xbd\x92\x08\0\x09\xc7\x31\x8c",
        "data of SAS (sas7bdat)",
    ),
];

/// What lies in exports and backups, by its signature and under its common name.
fn signature(head: &[u8], name: &str) -> Option<&'static str> {
    if is_leveldb(head, name) {
        return Some("part of a LevelDB database");
    }
    let within = WITHIN
        .iter()
        .find(|(at, magic, _)| head.get(*at..).is_some_and(|rest| rest.starts_with(magic)));
    if let Some((.., what)) = within {
        return Some(what);
    }
    if is_dbase(head) {
        return Some("dBASE table (dbf); save it as CSV");
    }
    if is_old_stata(head) {
        return Some("data of Stata (dta)");
    }
    if is_ebcdic(head) {
        return Some(
            "text in EBCDIC, as mainframes write it; turn it into UTF-8 first (`iconv -f IBM037 -t UTF-8`)",
        );
    }
    KNOWN
        .iter()
        .find(|(magic, _)| head.starts_with(magic))
        .map(|(_, what)| *what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_other_programs_are_named() {
        let named = |head: &[u8]| signature(head, "a.bin");
        let mut dbase = b"\x03\x7e\x05\x11\x02\0\0\0\x61\0\x15\0".to_vec();
        dbase.resize(32, 0);
        dbase.extend(b"NAAM\0\0\0\0\0\0\0C\0\0\0\0\x14");
        assert_eq!(named(&dbase), Some("dBASE table (dbf); save it as CSV"));
        dbase[2] = 13;
        assert_eq!(named(&dbase), None);
        let mut picture = vec![1, 0, 0, 0];
        picture.resize(40, 0);
        picture.extend(b" EMF");
        assert_eq!(named(&picture), Some("Windows metafile (emf)"));
        assert!(named(b"FEA1\0\0").is_some_and(|what| what.starts_with("Feather")));
    }
}
