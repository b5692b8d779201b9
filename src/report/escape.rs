//! Makes text from the data safe to show: a file name must not recolour a terminal, or turn a line around.
//!
//! Names, columns, examples and reasons come from whoever made the input. Everything that shows them goes through
//! [`escaped`]; JSON goes through [`SafeJson`], which writes the same characters as JSON escapes, so that a reader
//! gets them back as they were. What counts as unsafe is decided in [`is_unsafe`] and nowhere else.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;

use serde_json::ser::Formatter;

/// Whether a character acts on what shows it, or hides in it, instead of being shown.
///
/// Control characters (C0, delete, C1), marks of text direction (UAX 9), line and paragraph separators, and characters
/// without width that no script needs. The joiners U+200C and U+200D stay: Persian, Indic scripts and emoji need them.
pub fn is_unsafe(c: char) -> bool {
    matches!(c,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{ad}' | '\u{61c}' | '\u{180e}'
        | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The text with every unsafe character spelled out: `\n`, `\t`, `\u{202e}`.
///
/// ```
/// assert_eq!(speur::report::escaped("a\x1b[31m\u{202e}b"), r"a\u{1b}[31m\u{202e}b");
/// ```
pub fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_unsafe(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Like [`escaped`], but line breaks stay: for messages of several lines that quote names.
pub fn escaped_lines(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(escaped).collect();
    lines.join("\n")
}

/// Compact JSON in which unsafe characters are written as `\u202e`.
#[derive(Clone, Copy, Debug, Default)]
pub struct SafeJson;

impl Formatter for SafeJson {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if fragment.bytes().all(|byte| byte < 0x7f) || !fragment.contains(is_unsafe) {
            return out.write_all(fragment.as_bytes());
        }
        let mut rest = fragment;
        while let Some(at) = rest.find(is_unsafe) {
            let (plain, tail) = rest.split_at(at);
            out.write_all(plain.as_bytes())?;
            let c = tail.chars().next().expect("`find` found a character");
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = &tail[c.len_utf8()..];
        }
        out.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize as _;

    fn json(text: &str) -> String {
        let mut out = Vec::new();
        text.serialize(&mut serde_json::Serializer::with_formatter(
            &mut out, SafeJson,
        ))
        .unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn unsafe_characters_are_spelled_out_and_others_stay() {
        assert_eq!(escaped("naïve — 数 👨‍👩‍👧"), "naïve — 数 👨‍👩‍👧");
        assert_eq!(escaped("a\nb\t\u{9b}31m"), r"a\nb\t\u{9b}31m");
        assert_eq!(escaped_lines("a\nb\x07"), "a\nb\\u{7}");
    }

    #[test]
    fn json_stays_the_same_text_for_its_reader() {
        for text in [
            "plain",
            "q\"\\\n",
            "\u{202e}x\u{7f}\u{9b}y\u{e0041}",
            "数\u{200d}é",
        ] {
            let written = json(text);
            assert!(!written.contains(is_unsafe), "{written}");
            assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
        }
        assert_eq!(
            json("plain \"x\" é"),
            serde_json::to_string("plain \"x\" é").unwrap()
        );
    }
}
