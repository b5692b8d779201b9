//! EXIF: a TIFF of its own within most pictures, with directories of tagged fields.

use super::Facts;

/// Fields of a directory, at the most.
const MOST_FIELDS: usize = 500;
/// The longest text that is read, in bytes.
const LONGEST: usize = 16 << 10;

/// Tags whose text says something of a person, and what their columns are called.
const TEXTS: &[(u16, &str)] = &[
    (0x010e, "image description"),
    (0x013b, "artist"),
    (0x013c, "host computer"),
    (0x8298, "copyright"),
    (0x9286, "user comment"),
    (0xa430, "camera owner name"),
    (0xa431, "camera serial number"),
    (0xa435, "lens serial number"),
    (0xc62f, "camera serial number"),
    (0x9c9b, "title"),
    (0x9c9c, "comment"),
    (0x9c9d, "author"),
    (0x9c9e, "keywords"),
    (0x9c9f, "subject"),
];

/// Reads what stands behind `II*` or `MM` and a star; places count from there.
pub(super) fn read(bytes: &[u8]) -> Facts {
    let mut facts = Facts::default();
    let Some(tiff) = Tiff::new(bytes) else {
        return facts;
    };
    let first = tiff.u32(4).unwrap_or(0) as usize;
    let (mut width, mut height) = (None, None);
    // The directories of the camera and of the place hang on the first one.
    let mut places = None;
    // One more directory, and never the same again: a damaged one may lead to itself.
    let (mut next, mut camera) = (Some(first), None);
    while let Some(directory) = next {
        for field in tiff.fields(directory) {
            match field.tag {
                0x0100 => width = width.or(tiff.number(&field)),
                0x0101 => height = height.or(tiff.number(&field)),
                0x8769 => camera = tiff.place(&field).filter(|&place| place != first),
                0x8825 if directory == first => places = tiff.place(&field),
                tag => {
                    let name = TEXTS.iter().find(|(known, _)| *known == tag);
                    if let (Some((_, name)), Some(text)) = (name, tiff.text(&field)) {
                        facts.fields.push((name, text));
                    }
                }
            }
        }
        next = camera.filter(|_| directory == first);
    }
    facts.size = width.zip(height);
    if let Some(position) = places.and_then(|at| tiff.position(at)) {
        facts.fields.push(("gps coordinates", position));
    }
    facts
}

/// A field of a directory.
struct Field {
    tag: u16,
    kind: u16,
    count: u32,
    /// Where its value stands, or the place of its value.
    at: usize,
}

struct Tiff<'a> {
    bytes: &'a [u8],
    big: bool,
}

impl<'a> Tiff<'a> {
    fn new(bytes: &'a [u8]) -> Option<Self> {
        let big = match bytes.get(..4)? {
            b"II*\0" => false,
            b"MM\0*" => true,
            _ => return None,
        };
        Some(Self { bytes, big })
    }

    fn u16(&self, at: usize) -> Option<u16> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.big {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        })
    }

    fn u32(&self, at: usize) -> Option<u32> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.big {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    }

    fn fields(&self, directory: usize) -> impl Iterator<Item = Field> {
        let count = usize::from(self.u16(directory).unwrap_or(0)).min(MOST_FIELDS);
        (0..count).map_while(move |index| {
            let at = directory.checked_add(2 + 12 * index)?;
            Some(Field {
                tag: self.u16(at)?,
                kind: self.u16(at + 2)?,
                count: self.u32(at + 4)?,
                at: at + 8,
            })
        })
    }

    fn number(&self, field: &Field) -> Option<u32> {
        match field.kind {
            3 => self.u16(field.at).map(u32::from),
            4 => self.u32(field.at),
            _ => None,
        }
    }

    fn place(&self, field: &Field) -> Option<usize> {
        self.u32(field.at).map(|place| place as usize)
    }

    /// The bytes of a field of single bytes.
    fn bytes(&self, field: &Field) -> Option<&'a [u8]> {
        let count = (field.count as usize).min(LONGEST);
        let at = if count <= 4 {
            field.at
        } else {
            self.place(field)?
        };
        let rest = self.bytes.get(at..)?;
        Some(&rest[..count.min(rest.len())])
    }

    fn text(&self, field: &Field) -> Option<String> {
        let bytes = match field.kind {
            1 | 2 | 7 => self.bytes(field)?,
            _ => return None,
        };
        let text = match field.tag {
            // What Windows writes is UTF-16.
            0x9c9b..=0x9c9f => encoding_rs::UTF_16LE
                .decode_without_bom_handling(bytes)
                .0
                .into_owned(),
            0x9286 => match bytes.strip_prefix(b"UNICODE\0") {
                Some(rest) if self.big => encoding_rs::UTF_16BE
                    .decode_without_bom_handling(rest)
                    .0
                    .into_owned(),
                Some(rest) => encoding_rs::UTF_16LE
                    .decode_without_bom_handling(rest)
                    .0
                    .into_owned(),
                None => {
                    String::from_utf8_lossy(bytes.strip_prefix(b"ASCII\0\0\0").unwrap_or(bytes))
                        .into_owned()
                }
            },
            _ => String::from_utf8_lossy(bytes).into_owned(),
        };
        let text = text.trim_matches(['\0', ' ']);
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Latitude and longitude in degrees.
    fn position(&self, directory: usize) -> Option<String> {
        let (mut latitude, mut longitude, mut south, mut west) = (None, None, false, false);
        for field in self.fields(directory) {
            match field.tag {
                1 => south = self.bytes(&field)?.first() == Some(&b'S'),
                2 => latitude = self.degrees(&field),
                3 => west = self.bytes(&field)?.first() == Some(&b'W'),
                4 => longitude = self.degrees(&field),
                _ => {}
            }
        }
        let sign = |minus: bool| if minus { "-" } else { "" };
        let (latitude, longitude) = (latitude?, longitude?);
        // A camera without a position often writes zeros.
        (latitude != 0.0 || longitude != 0.0)
            .then(|| format!("{}{latitude:.6}, {}{longitude:.6}", sign(south), sign(west)))
    }

    /// Degrees, minutes and seconds, each a fraction.
    fn degrees(&self, field: &Field) -> Option<f64> {
        if field.kind != 5 || field.count != 3 {
            return None;
        }
        let at = self.place(field)?;
        let mut degrees = 0.0;
        for (index, unit) in [1.0, 60.0, 3600.0].into_iter().enumerate() {
            let over = f64::from(self.u32(at + 8 * index)?);
            let under = f64::from(self.u32(at + 8 * index + 4)?);
            if under > 0.0 {
                degrees += over / under / unit;
            }
        }
        (degrees <= 180.0).then_some(degrees)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory with an artist, and one of a place in it.
    fn tiff() -> Vec<u8> {
        let mut bytes = b"MM\0*\0\0\0\x08".to_vec();
        let field = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
            let mut field = tag.to_be_bytes().to_vec();
            field.extend_from_slice(&kind.to_be_bytes());
            field.extend_from_slice(&count.to_be_bytes());
            field.extend_from_slice(&value);
            field
        };
        bytes.extend_from_slice(&[0, 2]);
        bytes.extend(field(0x013b, 2, 4, *b"Jor\0"));
        bytes.extend(field(0x8825, 4, 1, [0, 0, 0, 38]));
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&[0, 4]);
        bytes.extend(field(1, 2, 2, *b"N\0\0\0"));
        bytes.extend(field(2, 5, 3, [0, 0, 0, 92]));
        bytes.extend(field(3, 2, 2, *b"W\0\0\0"));
        bytes.extend(field(4, 5, 3, [0, 0, 0, 92]));
        bytes.extend_from_slice(&[0; 4]);
        for (over, under) in [(52_u32, 1_u32), (30, 1), (0, 1)] {
            bytes.extend_from_slice(&over.to_be_bytes());
            bytes.extend_from_slice(&under.to_be_bytes());
        }
        bytes
    }

    #[test]
    fn fields_and_places_are_read() {
        let facts = read(&tiff());
        let expected = [
            ("artist", "Jor"),
            ("gps coordinates", "52.500000, -52.500000"),
        ];
        let expected = expected.map(|(name, text)| (name, text.to_owned()));
        assert_eq!(facts.fields, expected);
    }

    #[test]
    fn damage_does_no_harm() {
        let whole = tiff();
        for end in 0..whole.len() {
            read(&whole[..end]);
            for bit in 0..8 {
                let mut flipped = whole.clone();
                flipped[end] ^= 1 << bit;
                read(&flipped);
            }
        }
        // A directory that is its own.
        let mut round = whole;
        round[22..34].copy_from_slice(&[0x87, 0x69, 0, 4, 0, 0, 0, 1, 0, 0, 0, 8]);
        read(&round);
    }
}
