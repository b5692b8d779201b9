//! Where a JSON text can be cut: between top-level values, and between elements of the outermost array or map.
//!
//! The cutter knows strings, comments and brackets and nothing else: it runs ahead of the lexer on one thread.

use super::lenient;
use super::maps::Maps;
use super::wrapped;
use crate::input::charset::Charset;
use crate::input::encoding::decode;

/// Where in a document a chunk starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Context {
    /// Between top-level values.
    #[default]
    Top,
    /// Behind a comma of the array that is the whole document.
    RootArray,
    /// Behind a comma of an array that is a member of the object that is the whole document; with the member's key as
    /// stored, between its quotes.
    MemberArray(Vec<u8>),
    /// The same where the whole document is a map.
    RootMap,
    /// The same where the member is a map.
    MemberMap(Vec<u8>),
}

impl Context {
    /// The same for a chunk, which is read as UTF-8.
    pub(super) fn decoded(self, encoding: Charset) -> Self {
        match self {
            Self::MemberArray(key) => {
                Self::MemberArray(decode(encoding, &key, 0).text.into_owned())
            }
            Self::MemberMap(key) => Self::MemberMap(decode(encoding, &key, 0).text.into_owned()),
            other => other,
        }
    }
}

/// The first cut at or behind `target`, and the context behind it; none when the text ends before there is one.
pub(super) fn cut(
    text: &[u8],
    target: usize,
    context: &Context,
    maps: &Maps,
) -> Option<(usize, Context)> {
    let (mut depth, mut root, mut member) = match context {
        Context::Top => (0, 0, 0),
        Context::RootArray => (1, b'[', 0),
        Context::MemberArray(_) => (2, b'{', b'['),
        Context::RootMap => (1, b'{', 0),
        Context::MemberMap(_) => (2, b'{', b'{'),
    };
    let mut key = match context {
        Context::MemberArray(key) | Context::MemberMap(key) => key.clone(),
        _ => Vec::new(),
    };
    let mut last_string = 0..0;
    // Where the last comment, with the blank lines behind it, ended: it belongs to the record that follows, and so isn't
    // cut off from it.
    let mut comment = usize::MAX;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => {
                let (end, _) = string_end(text, at + 1)?;
                if depth == 1 {
                    last_string = at + 1..end;
                }
                at = end;
            }
            b'/' if matches!(text.get(at + 1), Some(b'/' | b'*')) => {
                at = lenient::comment_end(text, at)?;
                comment = at;
                continue;
            }
            b'\'' => {
                if let Some((end, _)) = lenient::single_quoted_end(text, at + 1) {
                    if depth == 1 {
                        last_string = at + 1..end;
                    }
                    at = end;
                }
            }
            b'{' | b'[' => {
                depth += 1;
                match depth {
                    1 => root = byte,
                    2 => {
                        member = byte;
                        key = text[last_string.clone()].to_vec();
                    }
                    _ => {}
                }
            }
            b'}' | b']' => depth = if depth > 0 { depth - 1 } else { 0 },
            b',' if at + 1 >= target && depth == 1 && root == b'[' => {
                return Some((at + 1, Context::RootArray));
            }
            // Behind an object only: those are records, so that a document that is cut has some.
            b',' if at + 1 >= target
                && root == b'{'
                && matches!(depth, 1 | 2)
                && text[..at].trim_ascii_end().ends_with(b"}") =>
            {
                match (depth, member) {
                    (1, _) if maps.top => return Some((at + 1, Context::RootMap)),
                    (2, b'[') if !maps.top => return Some((at + 1, Context::MemberArray(key))),
                    (2, b'{') if !maps.top && maps.holds_member(&key) => {
                        return Some((at + 1, Context::MemberMap(key)));
                    }
                    _ => {}
                }
            }
            b'\n' if at + 1 >= target && depth == 0 && !wrapped::is_open(&text[..at]) => {
                let behind = text.get(comment..at).map(<[u8]>::trim_ascii);
                if behind.is_none_or(|behind| !behind.is_empty()) {
                    return Some((at + 1, Context::Top));
                }
                comment = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Where the quote stands that closes a string, and whether escapes come before it.
pub(super) fn string_end(text: &[u8], from: usize) -> Option<(usize, bool)> {
    let (mut at, mut escaped) = (from, false);
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some((at, escaped));
        }
        escaped = true;
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_lie_between_elements() {
        let cut =
            |text: &[u8], target, context: &Context| cut(text, target, context, &Maps::default());
        let array = br#"[{"a":"],\""},{"b":[1,2]},3]"#;
        assert_eq!(cut(array, 1, &Context::Top), Some((14, Context::RootArray)));
        assert_eq!(
            cut(&array[14..], 1, &Context::RootArray),
            Some((12, Context::RootArray))
        );
        assert_eq!(cut(&array[26..], 1, &Context::RootArray), None);
        let object = br#"{"n":1,"rows":[{"a":1},{"a":2}]}"#;
        assert_eq!(
            cut(object, 1, &Context::Top),
            Some((23, Context::MemberArray(b"rows".to_vec())))
        );
        let commented = b"[{}/* ], \" */, // ] \"\n 'a],', {}]";
        assert_eq!(
            cut(commented, 20, &Context::Top),
            Some((29, Context::RootArray))
        );
        assert_eq!(cut(b"{}\n{}\n", 1, &Context::Top), Some((3, Context::Top)));
    }
}
