//! Finds the format of an input and opens it.

use std::borrow::Cow;
use std::io::Read;

use super::{FORMATS, Format, Head, Likelihood, ReadOptions, Reader};
use crate::error::{Problem, Verdict};
use crate::input::encoding::{decode_head, detect};
use crate::input::{Body, Bytes, Input};

/// Bytes that formats may look at before one is chosen.
const HEAD: usize = 64 << 10;

/// An input that has been looked at.
pub struct Opened<'a> {
    /// The format's name, where one was recognised.
    pub format: Option<&'static str>,
    /// The first 64 KiB, where the input is longer: enough to see what its columns hold.
    pub head: Option<Bytes>,
    /// What reads it.
    pub reader: Result<Box<dyn Reader + 'a>, Problem>,
}

/// Recognises an input by its content and name, and opens it.
///
/// When the likeliest format can't open it, the next one is asked, but never after a signature: a damaged Parquet file
/// is no text.
pub fn open<'a>(input: Input<'a>, options: &ReadOptions) -> Opened<'a> {
    let (head, body) = match peek(input.body) {
        Ok(peeked) => peeked,
        Err(error) => {
            let reader = Err(Problem::failed(format!("can't be read: {error}")));
            return Opened {
                format: None,
                head: None,
                reader,
            };
        }
    };
    let len = match &body {
        Body::Blob(bytes) => Some(bytes.len() as u64),
        Body::File(file) => file.metadata().ok().map(|metadata| metadata.len()),
        Body::Stream(_) => None,
    };
    let detected = detect(&head, options.encoding);
    let look = Head {
        name: &input.name,
        bytes: &head,
        text: detected.map(|detected| decode_head(detected, &head)),
        encoding: detected.map_or(encoding_rs::UTF_8, |detected| detected.encoding),
        mark: detected.map_or(0, |detected| detected.mark),
        whole: head.len() < HEAD,
        len,
    };
    let mut likely: Vec<(Likelihood, &'static dyn Format)> = FORMATS
        .iter()
        .filter_map(|format| Some((format.sniff(&look)?, *format)))
        .collect();
    // A stable sort: the order of FORMATS settles ties.
    likely.sort_by_key(|(likelihood, _)| std::cmp::Reverse(*likelihood));
    let rest = (!look.whole).then(|| head.clone());
    let Some(&(likelihood, format)) = likely.first() else {
        return Opened {
            format: None,
            head: None,
            reader: Err(unknown(&head)),
        };
    };
    let reader = format.open(body, &look, options);
    let reader = match (reader, likely.get(1)) {
        // What was refused is gone when it was a stream; a blob can be opened again.
        (Err(problem), Some((_, other)))
            if likelihood < Likelihood::Magic && problem.verdict > Verdict::Excluded =>
        {
            match (look.whole, rest.is_none()) {
                (true, true) => {
                    let reader = other.open(Body::Blob(head.clone()), &look, options);
                    return Opened {
                        format: Some(other.name()),
                        head: None,
                        reader,
                    };
                }
                _ => Err(problem),
            }
        }
        (reader, _) => reader,
    };
    Opened {
        format: Some(format.name()),
        head: rest,
        reader,
    }
}

/// The first bytes, and the body with all of them still to come.
fn peek(body: Body<'_>) -> std::io::Result<(Bytes, Body<'_>)> {
    match body {
        Body::Blob(bytes) => Ok((bytes.slice(..bytes.len().min(HEAD)), Body::Blob(bytes))),
        Body::File(mut file) => {
            let mut head = Vec::new();
            (&mut file).take(HEAD as u64).read_to_end(&mut head)?;
            std::io::Seek::rewind(&mut file)?;
            Ok((head.into(), Body::File(file)))
        }
        Body::Stream(mut stream) => {
            let mut head = Vec::new();
            (&mut stream).take(HEAD as u64).read_to_end(&mut head)?;
            let head = Bytes::from(head);
            if head.len() < HEAD {
                return Ok((head.clone(), Body::Blob(head)));
            }
            let chained = std::io::Cursor::new(head.clone()).chain(stream);
            Ok((head, Body::Stream(Box::new(chained))))
        }
    }
}

/// What binary data is that no format reads.
fn unknown(head: &[u8]) -> Problem {
    let what: Cow<'static, str> = match signature(head) {
        Some(what) => what.into(),
        None => match infer::get(head) {
            Some(kind) => format!("{} file", kind.mime_type()).into(),
            None => "binary data of an unknown kind".into(),
        },
    };
    Problem::skipped(format!("{what}; not read"))
}

/// Signatures of what lies in exports and backups, by their common names.
fn signature(head: &[u8]) -> Option<&'static str> {
    const KNOWN: &[(&[u8], &str)] = &[
        (b"\x89PNG", "PNG image"),
        (b"\xff\xd8\xff", "JPEG image"),
        (b"GIF8", "GIF image"),
        (b"II*\0", "TIFF image"),
        (b"MM\0*", "TIFF image"),
        (b"%PDF", "PDF document"),
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
        (b"SQLite format 3\0", "SQLite database"),
        (b"Obj\x01", "Avro file"),
        (b"ORC", "ORC file"),
        (b"ARROW1", "Arrow file"),
        (b"PGDMP", "PostgreSQL dump in custom format"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "document in an old Office format (xls, doc, msg)",
        ),
        (b"REDIS", "Redis dump"),
        (b"\x7fELF", "program"),
        (b"MZ", "program"),
    ];
    if head.get(257..262) == Some(b"ustar") {
        return Some("tar archive");
    }
    KNOWN
        .iter()
        .find(|(magic, _)| head.starts_with(magic))
        .map(|(_, what)| *what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(name: &str, bytes: &'static [u8]) -> (Option<&'static str>, Option<Problem>) {
        let input = Input {
            name: name.into(),
            depth: 0,
            body: Body::Blob(Bytes::from_static(bytes)),
        };
        let opened = open(input, &ReadOptions::default());
        (opened.format, opened.reader.err())
    }

    #[test]
    fn formats_are_told_by_content() {
        assert_eq!(
            opened("a.txt", b"id,name,city\n1,a,b\n2,c,d\n3,e,f\n").0,
            Some("csv")
        );
        assert_eq!(opened("a.csv", b"email\na@b.nl\n").0, Some("csv"));
        assert_eq!(opened("a.txt", b"Dear all,\nthis is it.\n").0, Some("text"));
        assert_eq!(opened("empty", b"").0, Some("text"));
    }

    #[test]
    fn binary_data_is_named() {
        let (format, problem) = opened(
            "scan.bin",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01",
        );
        assert_eq!(format, None);
        assert_eq!(problem.unwrap().reason, "PNG image; not read");
    }
}
