//! Where each kind of picture keeps its size and its facts.

use bytes::Bytes;
use memchr::memmem;

use super::{Facts, exif};

/// Fields of text that are kept of a picture, at the most.
const MOST: usize = 64;
/// The longest text that is kept, in bytes.
const LONGEST: usize = 16 << 10;

fn be16(bytes: &[u8], at: usize) -> Option<u32> {
    let field = *bytes.get(at..)?.first_chunk()?;
    Some(u32::from(u16::from_be_bytes(field)))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..)?
        .first_chunk()
        .map(|field| u32::from_be_bytes(*field))
}

fn le16(bytes: &[u8], at: usize) -> Option<u32> {
    let field = *bytes.get(at..)?.first_chunk()?;
    Some(u32::from(u16::from_le_bytes(field)))
}

fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..)?
        .first_chunk()
        .map(|field| u32::from_le_bytes(*field))
}

impl Facts {
    /// Takes over the fields of an EXIF block; the size of the picture is its own.
    fn add_exif(&mut self, bytes: &[u8]) {
        let exif = exif::read(bytes.strip_prefix(b"Exif\0\0").unwrap_or(bytes));
        self.fields.extend(exif.fields);
    }

    fn add(&mut self, name: &'static str, text: &[u8]) {
        let text = String::from_utf8_lossy(&text[..text.len().min(LONGEST)]);
        let text = text.trim_matches(['\0', ' ', '\n', '\r']);
        if !text.is_empty() && self.fields.len() < MOST {
            self.fields.push((name, text.to_owned()));
        }
    }

    /// What XMP says of who made the picture: the items of its lists of creators.
    fn add_xmp(&mut self, xml: &[u8]) {
        for (tag, name) in [
            (&b"<dc:creator"[..], "creator"),
            (b"<dc:description", "image description"),
        ] {
            let end = [b"</", &tag[1..]].concat();
            let Some(start) = memmem::find(xml, tag) else {
                continue;
            };
            let rest = &xml[start..];
            let list = &rest[..memmem::find(rest, &end).unwrap_or(rest.len().min(LONGEST))];
            for item in memmem::find_iter(list, b"<rdf:li").take(MOST) {
                let item = &list[item..];
                if let Some(open) = memchr::memchr(b'>', item) {
                    let text = &item[open + 1..];
                    self.add(
                        name,
                        &text[..memchr::memchr(b'<', text).unwrap_or(text.len())],
                    );
                }
            }
        }
    }
}

pub(super) fn png(bytes: &Bytes) -> Facts {
    let mut facts = Facts::default();
    let mut at = 8;
    while let (Some(len), Some(kind)) = (be32(bytes, at), bytes.get(at + 4..at + 8)) {
        let start = at + 8;
        let data = bytes.get(start..).unwrap_or_default();
        let data = &data[..data.len().min(len as usize)];
        match kind {
            b"IHDR" => facts.size = be32(data, 0).zip(be32(data, 4)),
            b"eXIf" => facts.add_exif(data),
            b"tEXt" | b"iTXt" => png_text(&mut facts, data, kind == b"iTXt"),
            b"IEND" => break,
            _ => {}
        }
        at = start.saturating_add(len as usize).saturating_add(4);
    }
    facts
}

fn png_text(facts: &mut Facts, data: &[u8], is_international: bool) {
    let Some(end) = memchr::memchr(0, data) else {
        return;
    };
    let name = match &data[..end] {
        b"Author" => "author",
        b"Description" => "image description",
        b"Copyright" => "copyright",
        b"Comment" => "comment",
        b"Title" => "title",
        b"XML:com.adobe.xmp" => return facts.add_xmp(data),
        _ => return,
    };
    let mut text = &data[end + 1..];
    if is_international {
        // Whether and how it is packed, then its language and its translated name.
        let Some([0, _, rest @ ..]) = Some(text) else {
            return;
        };
        let mut parts = rest.splitn(3, |&byte| byte == 0);
        text = parts.nth(2).unwrap_or_default();
    }
    facts.add(name, text);
}

pub(super) fn jpeg(bytes: &Bytes) -> Facts {
    let mut facts = Facts::default();
    let mut at = 2;
    while let (Some(0xff), Some(&marker)) = (bytes.get(at), bytes.get(at + 1)) {
        match marker {
            // Filling before a marker.
            0xff => at += 1,
            // The picture itself starts, or ends.
            0xda | 0xd9 => break,
            0x01 | 0xd0..=0xd8 => at += 2,
            _ => {
                let Some(len) = be16(bytes, at + 2).filter(|&len| len >= 2) else {
                    break;
                };
                let end = (at + 2 + len as usize).min(bytes.len());
                let data = bytes.get(at + 4..end).unwrap_or_default();
                jpeg_segment(&mut facts, marker, data);
                at = end;
            }
        }
    }
    facts
}

fn jpeg_segment(facts: &mut Facts, marker: u8, data: &[u8]) {
    match marker {
        0xe1 if data.starts_with(b"Exif\0\0") => facts.add_exif(data),
        0xe1 if data.starts_with(b"http://ns.adobe.com/xap/1.0/") => facts.add_xmp(data),
        0xfe => facts.add("comment", data),
        // Frames of all kinds; those between are tables.
        0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
            facts.size = be16(data, 3).zip(be16(data, 1));
        }
        _ => {}
    }
}

pub(super) fn gif(bytes: &Bytes) -> Facts {
    Facts {
        size: le16(bytes, 6).zip(le16(bytes, 8)),
        ..Facts::default()
    }
}

pub(super) fn bmp(bytes: &Bytes) -> Facts {
    let size = if le32(bytes, 14) == Some(12) {
        le16(bytes, 18).zip(le16(bytes, 20))
    } else {
        // A picture from top to bottom has a negative height.
        let height = le32(bytes, 22).map(|height| height.cast_signed().unsigned_abs());
        le32(bytes, 18).zip(height)
    };
    Facts {
        size,
        ..Facts::default()
    }
}

pub(super) fn webp(bytes: &Bytes) -> Facts {
    let mut facts = Facts::default();
    let mut at = 12;
    while let (Some(kind), Some(len)) = (bytes.get(at..at + 4), le32(bytes, at + 4)) {
        let start = at + 8;
        let data = bytes.get(start..).unwrap_or_default();
        let data = &data[..data.len().min(len as usize)];
        let three = |at: usize| Some(le16(data, at)? | u32::from(*data.get(at + 2)?) << 16);
        match kind {
            b"VP8X" => {
                facts.size = three(4)
                    .zip(three(7))
                    .map(|(width, height)| (width + 1, height + 1));
            }
            b"VP8 " if facts.size.is_none() => {
                facts.size = le16(data, 6)
                    .zip(le16(data, 8))
                    .map(|(w, h)| (w & 0x3fff, h & 0x3fff));
            }
            b"VP8L" if facts.size.is_none() => {
                facts.size =
                    le32(data, 1).map(|bits| ((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1));
            }
            b"EXIF" => facts.add_exif(data),
            b"XMP " => facts.add_xmp(data),
            _ => {}
        }
        at = start
            .saturating_add(len as usize)
            .saturating_add((len % 2) as usize);
    }
    facts
}

/// The boxes say where a picture's parts lie; rather than follow them, its EXIF block and its largest size are looked for.
pub(super) fn heic(bytes: &Bytes) -> Facts {
    let mut facts = Facts::default();
    let sizes = memmem::find_iter(bytes, b"ispe").take(MOST);
    facts.size = sizes
        .filter_map(|at| be32(bytes, at + 8).zip(be32(bytes, at + 12)))
        .max_by_key(|(width, height)| u64::from(*width) * u64::from(*height));
    if let Some(at) = memmem::find(bytes, b"Exif\0\0") {
        facts.add_exif(&bytes[at..]);
    }
    if let Some(at) = memmem::find(bytes, b"<x:xmpmeta") {
        facts.add_xmp(&bytes[at..]);
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_comments_are_read() {
        let jpeg_bytes =
            b"\xff\xd8\xff\xfe\0\x07hallo\xff\xc0\0\x0b\x08\x01\0\x02\0\x01\x01\x11\0\xff\xda";
        let facts = jpeg(&Bytes::from_static(jpeg_bytes));
        assert_eq!(facts.size, Some((512, 256)));
        assert_eq!(facts.fields, [("comment", "hallo".to_owned())]);
        let png_bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x01\0\0\0\0\x02\x08\x02\0\0\0crc!\0\0\0\x0atEXtAuthor\0Jorcrc!";
        let facts = png(&Bytes::from_static(png_bytes));
        assert_eq!(facts.size, Some((256, 2)));
        assert_eq!(facts.fields, [("author", "Jor".to_owned())]);
    }

    #[test]
    fn creators_are_found_in_xmp() {
        let mut facts = Facts::default();
        facts.add_xmp(b"<dc:creator><rdf:Seq><rdf:li>Jor V</rdf:li><rdf:li xml:lang='x'>Mir</rdf:li></rdf:Seq></dc:creator>");
        assert_eq!(
            facts.fields,
            [
                ("creator", "Jor V".to_owned()),
                ("creator", "Mir".to_owned())
            ]
        );
    }
}
