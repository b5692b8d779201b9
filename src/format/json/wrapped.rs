//! JSON in a script: behind an assignment (`window.YTD.account.part0 = […]`, as archives of Twitter have it), in a call
//! (`callback({…});`), or behind what keeps browsers from running it (`)]}'`).
//!
//! Outside of brackets none of it can be JSON. Whether a script is read as such is decided strictly: a program with objects in
//! it is a text.

use super::cut::string_end;
use super::lenient::{behind_comments, comment_end};

/// What keeps browsers from running it.
const GUARDS: &[&[u8]] = &[b")]}',", b")]}'", b"while(1);", b"for(;;);"];
/// Bytes of what stands before a value.
const LONGEST: usize = 200;

/// Where something that stands around values at the top of a script ends.
pub(super) fn end(text: &[u8], from: usize) -> Option<usize> {
    let rest = &text[from..];
    let guard = GUARDS.iter().find(|guard| rest.starts_with(guard));
    if let Some(guard) = guard {
        return Some(from + guard.len());
    }
    match rest.first()? {
        b';' | b')' => Some(from + 1),
        byte if is_name(*byte) => {
            let rest = &rest[..rest.len().min(LONGEST)];
            let len = rest
                .iter()
                .position(|&byte| !is_name(byte) && !matches!(byte, b'.' | b' '))?;
            let behind = rest[len + 1..].trim_ascii_start().first();
            let opens = behind.is_some_and(|byte| matches!(byte, b'{' | b'['));
            (matches!(rest[len], b'=' | b'(') && opens).then_some(from + len + 1)
        }
        _ => None,
    }
}

/// Whether the value that should follow isn't on the same line.
pub(super) fn ends_line(text: &[u8], end: usize) -> bool {
    let behind = text[end..]
        .iter()
        .find(|byte| !matches!(byte, b' ' | b'\t'));
    matches!(text[end - 1], b'=' | b'(') && matches!(behind, None | Some(b'\n' | b'\r'))
}

/// Whether what stands before a value may be open at the end of a line, so that no cut may part them.
pub(super) fn is_open(before: &[u8]) -> bool {
    let near = &before[before.len().saturating_sub(LONGEST)..];
    matches!(near.trim_ascii_end().last(), Some(b'=' | b'('))
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$')
}

/// Where the first value of a script starts; 0 where it is none.
pub(super) fn start(text: &[u8]) -> usize {
    let blank = text.len() - behind_comments(text).len();
    match end(text, blank) {
        Some(end) if opens(text, end) => end,
        _ => 0,
    }
}

fn opens(text: &[u8], at: usize) -> bool {
    matches!(behind_comments(&text[at..]), [b'{' | b'[', ..])
}

/// Whether a text is JSON in a script, and nothing else: `whole` says whether it is all there.
pub(super) fn is_script(text: &[u8], whole: bool) -> bool {
    let mut at = start(text);
    if at == 0 {
        return false;
    }
    let (mut depth, mut strings) = (0_usize, 0_usize);
    while let Some(&byte) = text.get(at) {
        if depth == 0 && !matches!(byte, b'{' | b'[') && !byte.is_ascii_whitespace() {
            match end(text, at).or_else(|| comment_end(text, at)) {
                Some(end) => at = end,
                None => return !whole && at + LONGEST > text.len(),
            }
            continue;
        }
        match byte {
            b'"' => match string_end(text, at + 1) {
                Some((end, _)) => (at, strings) = (end, strings + 1),
                None => return !whole,
            },
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' | b':' | b'+' | b'-' | b'.' | b'0'..=b'9' => {}
            // Exponents and literals; other words are those of a program.
            b'a'..=b'z' | b'A'..=b'Z' => {
                let word = text[at..]
                    .iter()
                    .take_while(|byte| byte.is_ascii_alphabetic());
                let len = word.count();
                let is_cut = !whole && at + len == text.len();
                let is_known = matches!(
                    &text[at..at + len],
                    b"true" | b"false" | b"null" | b"e" | b"E"
                );
                if !is_known && !is_cut {
                    return false;
                }
                at += len - 1;
            }
            byte if byte.is_ascii_whitespace() => {}
            _ => return false,
        }
        at += 1;
    }
    strings > 0 && (depth == 0 || !whole)
}

#[cfg(test)]
mod tests {
    use super::super::super::taken::take;
    use super::*;

    #[test]
    fn scripts_that_only_hold_json_are_told() {
        for script in [
            "window.YTD.account.part0 = [ {\n \"account\" : {} } ]",
            "var a = {\"b\": [1, -2.5e9, true, null]};\nvar c = {\"d\": 1};\n",
            "callback({\"a\": \"b\"});",
            ")]}',\n{\"a\": 1}",
            "/* made */ const x = [\"a\"];",
        ] {
            assert!(is_script(script.as_bytes(), true), "{script}");
        }
        for other in [
            "var a = {b: 1};",
            "var a = {\"b\": function() { return 1; }};",
            "var a = {\"b\": 1};\na.b += 1;\nrun(a);\n",
            "if (a) { \"b\" }",
            "name = [Jan]",
            "call({});",
            "Dear (\"all\")",
            "a = {\"b\": 1",
        ] {
            assert!(!is_script(other.as_bytes(), true), "{other}");
        }
        assert!(is_script(b"a = {\"b\": tr", false));
    }

    #[test]
    fn values_of_scripts_have_their_columns() {
        let script = "window.YTD.account.part0 = [\n  {\n    \"account\" : { \"email\" : \"jor@postluxterra.nl\" }\n  }\n]\n";
        let taken = take("account.js", script.as_bytes());
        assert_eq!(taken.format, Some("json"));
        assert_eq!(taken.column_texts("account.email"), ["jor@postluxterra.nl"]);
        assert_eq!((taken.records[""], taken.problems.len()), (1, 1));
        let two =
            "var a = [{\"mail\": \"x\"}];\nvar b =\n[{\"mail\": \"y\"}, {\"mail\": \"z\"}];\n";
        let taken = take("data.js", two.as_bytes());
        assert_eq!(taken.column_texts("mail"), ["x", "y", "z"]);
        assert_eq!((taken.records[""], taken.problems.len()), (3, 1));
        let guarded = take("a.json", b")]}'\n{\"mail\": \"x\"}");
        assert_eq!(guarded.column_texts("mail"), ["x"]);
        assert_eq!(guarded.problems.len(), 1);
    }
}
