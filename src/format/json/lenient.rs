//! What JSON doesn't have and files called so have all the same: comments, commas before a closing bracket, and what JSON5
//! and Python write (`'text'`, keys without quotes, `NaN`).
//!
//! Outside of strings none of it can be JSON, so that looking for it costs the reader of JSON nothing.

/// What of it a text has, for the note that says so.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a note of its own")]
pub(super) struct Extras {
    pub(super) comments: bool,
    pub(super) commas: bool,
    pub(super) words: bool,
    /// An assignment or a call around values.
    pub(super) script: bool,
    /// Texts whose bytes were written as characters.
    pub(super) torn: bool,
}

impl Extras {
    /// What there is to say.
    pub(super) fn notes(&self) -> impl Iterator<Item = &'static str> {
        let notes = [
            (
                self.comments,
                "has comments, which JSON doesn't know; they were read as text",
            ),
            (
                self.commas,
                "has commas before closing brackets, which JSON doesn't know",
            ),
            (
                self.words,
                "has names, texts or numbers written as JSON doesn't know them",
            ),
            (
                self.script,
                "is JSON in a script; what stands around its values was left out",
            ),
            (
                self.torn,
                "has texts in which each byte of UTF-8 was written as a character; they were read as meant",
            ),
        ];
        notes
            .into_iter()
            .filter_map(|(has, note)| has.then_some(note))
    }
}

/// Where the comment that starts here ends; none where it is no comment, or has no end.
pub(super) fn comment_end(text: &[u8], from: usize) -> Option<usize> {
    let inside = from + 2;
    match text.get(from..inside)? {
        // The line end is not a part of it.
        b"//" => memchr::memchr(b'\n', &text[inside..]).map(|len| inside + len),
        b"/*" => memchr::memmem::find(&text[inside..], b"*/").map(|len| inside + len + 2),
        _ => None,
    }
}

/// Whether a line is one of a comment.
pub(super) fn is_comment(line: &[u8]) -> bool {
    line.starts_with(b"//") || line.starts_with(b"/*") || line.starts_with(b"*")
}

/// The text without the blanks and comments that it starts with.
pub(super) fn behind_comments(mut text: &[u8]) -> &[u8] {
    loop {
        text = text.trim_ascii_start();
        match comment_end(text, 0) {
            Some(end) => text = &text[end..],
            None => return text,
        }
    }
}

/// Where the string in single quotes ends whose inside starts here, and whether it has escapes. It has no line ends: an
/// apostrophe that starts none costs a line at most.
pub(super) fn single_quoted_end(text: &[u8], from: usize) -> Option<(usize, bool)> {
    let (mut at, mut escaped) = (from, false);
    loop {
        at += memchr::memchr3(b'\'', b'\\', b'\n', text.get(at..)?)?;
        match text[at] {
            b'\'' => return Some((at, escaped)),
            b'\n' => return None,
            _ => escaped = true,
        }
        at += 2;
    }
}

/// Where a name without quotes ends; none where there is none.
pub(super) fn name_end(text: &[u8], from: usize) -> Option<usize> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..);
    let rest = &text[from..];
    let len = rest.iter().take_while(|&&byte| is_name(byte)).count();
    (len > 0).then_some(from + len)
}

/// What a word is that is no number or literal of JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Number,
    Nothing,
}

/// A number or a literal as JSON5 and Python write it.
pub(super) fn word(text: &[u8]) -> Option<Word> {
    let unsigned = match text {
        [b'+' | b'-', rest @ ..] => rest,
        _ => text,
    };
    match unsigned {
        b"NaN" | b"Infinity" | b"None" | b"True" | b"False" | b"undefined" => Some(Word::Nothing),
        [b'0', b'x' | b'X', hex @ ..] => {
            let is_hex = !hex.is_empty() && hex.iter().all(u8::is_ascii_hexdigit);
            is_hex.then_some(Word::Number)
        }
        _ => {
            let has_digit = unsigned.iter().any(u8::is_ascii_digit);
            let is_number = |&byte: &u8| byte.is_ascii_digit() || byte == b'.';
            let dots = memchr::memchr_iter(b'.', unsigned).count();
            (has_digit && dots < 2 && unsigned.iter().all(is_number)).then_some(Word::Number)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_end() {
        assert_eq!(comment_end(b"// a\n1", 0), Some(4));
        assert_eq!(comment_end(b"/* a\n*/1", 0), Some(7));
        assert_eq!(comment_end(b"/*/ a", 0), None);
        assert_eq!(comment_end(b"/a", 0), None);
        assert_eq!(behind_comments(b" // a\n /* b */ {"), b"{");
    }

    #[test]
    fn words_of_json5_and_python() {
        for number in ["+1", ".5", "5.", "0xFf", "-0x1", "007"] {
            assert_eq!(word(number.as_bytes()), Some(Word::Number), "{number}");
        }
        for nothing in ["NaN", "-Infinity", "None"] {
            assert_eq!(word(nothing.as_bytes()), Some(Word::Nothing), "{nothing}");
        }
        for other in ["", "x", "1.2.3", "0x", "-", "."] {
            assert_eq!(word(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn strings_in_single_quotes_stay_on_their_line() {
        assert_eq!(single_quoted_end(br"a\'b'", 0), Some((4, true)));
        assert_eq!(single_quoted_end(b"a\n'", 0), None);
    }
}
