//! Whether a text is SQL, and what it says of its encoding.

use memchr::memmem;

use super::dialect::Dialect;
use super::lex::Text;

/// First words of statements, and what must come next: one of these words, or a name before one of them.
const FIRST: &[(&[u8], &[&[u8]])] = &[
    (b"INSERT", &[b"INTO", b"IGNORE", b"OVERWRITE"]),
    (b"REPLACE", &[b"INTO"]),
    (
        b"CREATE",
        &[
            b"TABLE",
            b"DATABASE",
            b"SCHEMA",
            b"INDEX",
            b"UNIQUE",
            b"VIEW",
            b"TEMPORARY",
            b"TEMP",
            b"SEQUENCE",
            b"TYPE",
            b"EXTENSION",
            b"USER",
            b"ROLE",
            b"FUNCTION",
            b"TRIGGER",
            b"PROCEDURE",
            b"GLOBAL",
            b"UNLOGGED",
        ],
    ),
    (
        b"DROP",
        &[
            b"TABLE",
            b"DATABASE",
            b"SCHEMA",
            b"VIEW",
            b"SEQUENCE",
            b"TYPE",
            b"PROCEDURE",
            b"FUNCTION",
        ],
    ),
    (b"ALTER", &[b"TABLE", b"DATABASE", b"SESSION", b"SEQUENCE"]),
    (
        b"SET",
        &[
            b"NAMES",
            b"DEFINE",
            b"IDENTITY_INSERT",
            b"ANSI_NULLS",
            b"FOREIGN_KEY_CHECKS",
            b"SQL_MODE",
            b"NOCOUNT",
            b"QUOTED_IDENTIFIER",
        ],
    ),
    (b"LOCK", &[b"TABLES"]),
    (b"PRAGMA", &[b"foreign_keys", b"encoding", b"journal_mode"]),
    (b"BEGIN", &[b"TRANSACTION"]),
    (b"START", &[b"TRANSACTION"]),
    (b"TRUNCATE", &[b"TABLE"]),
    (b"REM", &[b"INSERTING"]),
];

/// Whether a text starts with SQL: behind its comments stands the first statement of a dump, and somewhere its end.
pub(super) fn is_sql(head: &[u8]) -> bool {
    let text = Text {
        bytes: head,
        ended: true,
    };
    let dialect = Dialect::sniff(head);
    let mut at = 0;
    for _ in 0..1000 {
        at = text.space(at);
        match head.get(at) {
            Some(b'#' | b'\\') => at = text.line_end(at).unwrap_or(head.len()),
            Some(b'/') if head[at..].starts_with(b"/*!") => return ends_somewhere(head),
            _ => match text.comment(at, dialect) {
                Ok(Some(next)) => at = next,
                _ => break,
            },
        }
    }
    is_statement(text, at) && ends_somewhere(head)
}

fn ends_somewhere(head: &[u8]) -> bool {
    head.contains(&b';') || memmem::find(head, b"\nGO").is_some()
}

fn is_statement(text: Text<'_>, at: usize) -> bool {
    let (Some((first, next)), bytes) = (word(text, at), text.bytes) else {
        return false;
    };
    let second_at = text.space(next);
    let second = word(text, second_at);
    let is_known = |list: &[&[u8]]| {
        second.is_some_and(|(word, _)| list.iter().any(|known| word.eq_ignore_ascii_case(known)))
    };
    if let Some((_, list)) = FIRST
        .iter()
        .find(|(known, _)| first.eq_ignore_ascii_case(known))
        && is_known(list)
    {
        let has_rows = |word: &[u8]| {
            let rest = &bytes[second_at..bytes.len().min(second_at + 4000)];
            memmem::find(&rest.to_ascii_uppercase(), word).is_some()
        };
        let inserts =
            first.eq_ignore_ascii_case(b"INSERT") || first.eq_ignore_ascii_case(b"REPLACE");
        return is_no_prose(text, second_at)
            && (!inserts || has_rows(b"VALUES") || has_rows(b"SELECT ") || has_rows(b"SET "));
    }
    let Some((_, behind)) = second else {
        // `USE [db]`, `INSERT [dbo].[T]`, `BEGIN;`
        let quoted = matches!(bytes.get(second_at), Some(b'[' | b'`' | b'"'));
        let names = [&b"USE"[..], b"INSERT", b"UPDATE", b"COPY"];
        let begins = first.eq_ignore_ascii_case(b"BEGIN") && bytes.get(second_at) == Some(&b';');
        return begins || quoted && names.iter().any(|known| first.eq_ignore_ascii_case(known));
    };
    let rest = &bytes[behind..bytes.len().min(behind + 2000)];
    let is = |known: &[u8]| first.eq_ignore_ascii_case(known);
    let third = rest.trim_ascii_start();
    is(b"USE") && third.starts_with(b";")
        || is(b"SET") && (third.starts_with(b"=") || third.starts_with(b"@@"))
        || is(b"COPY") && memmem::find(rest, b"FROM stdin").is_some()
        || is(b"INSERT") && (rest.starts_with(b".") || third.starts_with(b"("))
        || is(b"UPDATE")
            && memmem::find(&rest.to_ascii_uppercase(), b"SET ").is_some()
            && rest.contains(&b'=')
        || is(b"DELIMITER") && !rest.is_empty()
}

/// `Insert into the box` and `create table of contents` are prose: a name comes next, and then what no prose has.
fn is_no_prose(text: Text<'_>, second_at: usize) -> bool {
    let rest = &text.bytes[second_at..text.bytes.len().min(second_at + 4000)];
    rest.iter()
        .take(400)
        .any(|byte| matches!(byte, b'(' | b'`' | b'"' | b'[' | b';' | b'\'' | b'='))
}

/// The word at a place, and what follows it.
fn word(text: Text<'_>, at: usize) -> Option<(&[u8], usize)> {
    let end = text.word_end(at).ok()?;
    (end > at).then(|| (&text.bytes[at..end], end))
}

/// Whether a dump says that it is UTF-8.
pub(super) fn says_utf8(head: &[u8]) -> bool {
    let marks: [&[u8]; 5] = [
        b"SET NAMES utf8",
        b"client_encoding = 'UTF8'",
        b"CHARSET=utf8",
        b"PRAGMA foreign_keys",
        b"SET NAMES 'utf8",
    ];
    marks.iter().any(|mark| memmem::find(head, mark).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_is_told_from_prose() {
        for sql in [
            "-- MySQL dump\n/*!40101 SET NAMES utf8 */;\n",
            "INSERT INTO t VALUES (1);",
            "insert [dbo].[T] ([a]) values (1)\nGO\n",
            "PRAGMA foreign_keys=OFF;\n",
            "USE `shop`;\n",
            "REM INSERTING into T\nSET DEFINE OFF;",
            "--\n-- x\n\nCOPY public.t (a) FROM stdin;\n1\n\\.\n",
            "BEGIN;\nCREATE TABLE t (a int);",
            "SET FOREIGN_KEY_CHECKS=0;",
        ] {
            assert!(is_sql(sql.as_bytes()), "{sql}");
        }
        for other in [
            "Insert into the box what you find; then close it",
            "insert,into\n1,2\n",
            "# Title\n\ntext; text\n",
            "-- \nRegards; Jan",
            "Update your address, please; set it right",
            "{\"a\": 1}",
        ] {
            assert!(!is_sql(other.as_bytes()), "{other}");
        }
    }
}
