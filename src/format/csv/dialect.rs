//! How a CSV file is written: its delimiter, quotes and row ends. `sniff.rs` finds out which dialect a text has.

/// How a CSV file is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    /// One to three bytes.
    pub(super) delimiter: Vec<u8>,
    pub(super) quote: Option<u8>,
    /// A byte that takes the next one's meaning away inside quotes.
    pub(super) escape: Option<u8>,
    /// Whether a doubled quote inside quotes stands for one.
    pub(super) doubles: bool,
    pub(super) row_end: RowEnd,
}

/// What ends a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RowEnd {
    /// `\n`, `\r\n` or `\r`.
    Line,
    /// These bytes.
    Custom(Vec<u8>),
}

impl Dialect {
    /// Whether one byte parts cells and a line end parts records: most of most files.
    pub(super) fn is_plain(&self) -> bool {
        self.delimiter.len() == 1 && self.row_end == RowEnd::Line
    }

    /// The length of a delimiter or row end, in bytes; of the longer one.
    pub(super) fn longest_separator(&self) -> usize {
        let row_end = match &self.row_end {
            RowEnd::Line => 2,
            RowEnd::Custom(end) => end.len(),
        };
        row_end.max(self.delimiter.len())
    }

    /// Whether a text may be the first bytes of a delimiter or row end.
    pub(super) fn is_cut_off(&self, text: &[u8]) -> bool {
        let is_part_of =
            |separator: &[u8]| separator.len() > text.len() && separator.starts_with(text);
        is_part_of(&self.delimiter)
            || match &self.row_end {
                RowEnd::Line => text == b"\r",
                RowEnd::Custom(end) => is_part_of(end),
            }
    }
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            delimiter: vec![b','],
            quote: Some(b'"'),
            escape: None,
            doubles: true,
            row_end: RowEnd::Line,
        }
    }
}

/// `sep=;` as spreadsheets write and read it: the delimiter, and the line's length.
pub(super) fn sep_line(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let end = memchr::memchr2(b'\n', b'\r', text)?;
    let line = &text[..end];
    let line = line
        .strip_prefix(b"\"")
        .and_then(|line| line.strip_suffix(b"\""))
        .unwrap_or(line);
    let (key, value) = line.split_at_checked(4)?;
    if !key.eq_ignore_ascii_case(b"sep=") || value.is_empty() || value.len() > 3 {
        return None;
    }
    let skip = end
        + if text[end..].starts_with(b"\r\n") {
            2
        } else {
            1
        };
    Some((value.to_vec(), skip))
}

/// How cells are quoted: by which byte, and how a quote inside is written.
pub(super) fn quoting(text: &[u8], dialect: Dialect) -> Dialect {
    let head = &text[..text.len().min(64 << 10)];
    let opens = |quote: u8| {
        memchr::memchr_iter(quote, head)
            .filter(|&at| {
                let before = &head[..at];
                at == 0 || before.ends_with(&dialect.delimiter) || before.ends_with(b"\n")
            })
            .count()
    };
    let closes = |quote: u8| {
        memchr::memchr_iter(quote, head)
            .filter(|&at| {
                let behind = &head[at + 1..];
                behind.is_empty()
                    || behind.starts_with(&dialect.delimiter)
                    || matches!(behind[0], b'\n' | b'\r')
            })
            .count()
    };
    let (double, single) = (opens(b'"'), opens(b'\''));
    // Apostrophes open a cell now and then (`'s-Gravenhage`); quotes close as often as they open.
    let quote = if double == 0 && single >= 4 && closes(b'\'') * 10 >= single * 9 {
        b'\''
    } else {
        b'"'
    };
    let next_to = |byte: u8, other: u8| {
        memchr::memchr_iter(byte, head).filter(move |&at| head.get(at + 1) == Some(&other))
    };
    let escaped = next_to(b'\\', quote).count();
    let doubled = next_to(quote, quote).count();
    // `\"` closes a cell that ends in a backslash, unless something but a cell's end follows.
    let inside = next_to(b'\\', quote).any(|at| {
        head.get(at + 2).is_some_and(|next| {
            !dialect.delimiter.starts_with(&[*next]) && !matches!(next, b'\n' | b'\r')
        })
    });
    let escape = (escaped > 0 && inside && escaped * 4 >= doubled).then_some(b'\\');
    Dialect {
        quote: Some(quote),
        escape,
        ..dialect
    }
}
