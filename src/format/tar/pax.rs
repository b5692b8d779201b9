//! Extended headers of PAX: lines of `LENGTH KEY=VALUE`, which say what the fields of a header have no room for.

use super::sparse::Map;
use crate::format::tape::shown;

/// What extended headers say of the member that follows them.
#[derive(Default)]
pub(super) struct Extended {
    pub(super) name: Option<String>,
    /// Bytes stored of the member.
    pub(super) size: Option<u64>,
    /// Bytes of a sparse member with its holes.
    pub(super) real_size: u64,
    /// Where the bytes of a sparse member belong.
    pub(super) map: Option<Map>,
    /// Whether that is said in front of its bytes.
    pub(super) map_is_in_front: bool,
}

impl Extended {
    pub(super) fn read(&mut self, mut lines: &[u8]) {
        let (mut name, mut offset) = (None, None);
        while let Some((key, value, rest)) = record(lines) {
            lines = rest;
            let number = std::str::from_utf8(value).ok().and_then(|v| v.parse().ok());
            match key {
                b"path" => self.name = Some(shown(value)),
                b"size" => self.size = number,
                b"GNU.sparse.name" => name = Some(shown(value)),
                b"GNU.sparse.realsize" | b"GNU.sparse.size" => {
                    self.real_size = number.unwrap_or(0);
                }
                b"GNU.sparse.major" => self.map_is_in_front = number == Some(1),
                b"GNU.sparse.offset" => offset = number,
                b"GNU.sparse.numbytes" => {
                    if let (Some(start), Some(len)) = (offset.take(), number) {
                        self.map.get_or_insert_default().add(start, len);
                    }
                }
                b"GNU.sparse.map" => self.map = Some(Map::of_list(value)),
                _ => {}
            }
        }
        // The real name beats `path`, which is a stand-in for programs that know no holes.
        self.name = name.or(self.name.take());
        if let Some(map) = &mut self.map {
            map.set_size(self.real_size);
        }
    }
}

/// The first line: its key, its value, and what follows. The value may hold line ends.
fn record(lines: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = lines.iter().position(|&byte| byte == b' ')?;
    let length: usize = std::str::from_utf8(&lines[..space]).ok()?.parse().ok()?;
    let line = lines.get(space + 1..length)?.strip_suffix(b"\n")?;
    let equals = line.iter().position(|&byte| byte == b'=')?;
    Some((&line[..equals], &line[equals + 1..], &lines[length..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_say_how_long_they_are() {
        let lines = b"13 path=a\nbc\n11 size=12\n7 bad\n";
        let mut extended = Extended::default();
        extended.read(lines);
        assert_eq!(extended.name.as_deref(), Some("a\nbc"));
        assert_eq!(extended.size, Some(12));
        for lying in [
            &b"99 path=a\n"[..],
            b"0 path=a\n",
            b"x",
            b"",
            b"4 =\n",
            b"-1 a=b\n",
        ] {
            Extended::default().read(lying);
        }
    }
}
