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

/// First words of other statements of dumps, which may be words of other languages.
const MAYBE: &[&[u8]] = &[
    b"SET",
    b"SELECT",
    b"DELIMITER",
    b"COMMENT",
    b"GRANT",
    b"REVOKE",
    b"ALTER",
    b"DROP",
    b"CREATE",
    b"COMMIT",
    b"PRAGMA",
    b"DECLARE",
    b"IF",
    b"EXEC",
    b"PRINT",
    b"PROMPT",
];

/// Statements looked at, at the most.
const MOST_LOOKED_AT: usize = 200;

/// How much a statement looks like SQL.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Looks {
    /// No SQL.
    Other,
    /// `USE shop;`, `BEGIN;`, `SET x = 1;`: other languages have such lines, too.
    Maybe,
    /// Nothing else starts like this.
    Surely,
}

/// Whether a text starts with SQL: behind its comments stands the first statement of a dump, and somewhere its end. Where
/// the first ones could be another language's, a later one has to be surely SQL.
pub(super) fn is_sql(head: &[u8]) -> bool {
    let text = Text {
        bytes: head,
        ended: true,
    };
    let dialect = Dialect::sniff(head);
    let mut at = 0;
    for _ in 0..MOST_LOOKED_AT {
        let Some(start) = skip_comments(text, at, dialect) else {
            return false;
        };
        if is_versioned(&head[start..]) {
            return ends_somewhere(head);
        }
        match statement(text, start) {
            Looks::Surely => return ends_somewhere(head),
            Looks::Other => return false,
            Looks::Maybe => match behind(&head[start..]) {
                Some(next) => at = start + next,
                None => return false,
            },
        }
    }
    false
}

/// Where the first statement behind comments starts; none where they are those of a program.
fn skip_comments(text: Text<'_>, mut at: usize, dialect: Dialect) -> Option<usize> {
    for _ in 0..1000 {
        at = text.space(at);
        let rest = &text.bytes[at..];
        match rest {
            // A script's first line, or what Rust and C say to their compilers.
            [b'#', b'!' | b'[' | b'a'..=b'z', ..] => return None,
            [b'#' | b'\\', ..] => at = text.line_end(at).unwrap_or(text.bytes.len()),
            _ if is_versioned(rest) => return Some(at),
            _ if rest.starts_with(b"/*!") => return None,
            _ => match text.comment(at, dialect) {
                Ok(Some(next)) => at = next,
                _ => return Some(at),
            },
        }
    }
    Some(at)
}

/// `/*!40101 SET …` and MariaDB's `/*M!`: statements for some versions only.
fn is_versioned(rest: &[u8]) -> bool {
    matches!(rest, [b'/', b'*', b'!', digit, ..] if digit.is_ascii_digit())
        || rest.starts_with(b"/*!M")
        || rest.starts_with(b"/*M!")
}

/// The place behind a statement's end: a semicolon outside of quotes, or `GO` on a line of its own.
fn behind(rest: &[u8]) -> Option<usize> {
    let mut quote = None;
    for (at, &byte) in rest.iter().enumerate() {
        match (quote, byte) {
            (None, b';') => return Some(at + 1),
            (None, b'\n') if is_go(&rest[at + 1..]) => return Some(at + 3),
            (None, b'\'' | b'"' | b'`') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

fn is_go(line: &[u8]) -> bool {
    let ends = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_whitespace);
    line.get(..2)
        .is_some_and(|word| word.eq_ignore_ascii_case(b"GO"))
        && ends(line.get(2))
}

fn ends_somewhere(head: &[u8]) -> bool {
    head.contains(&b';') || memmem::find(head, b"\nGO").is_some()
}

fn statement(text: Text<'_>, at: usize) -> Looks {
    let (Some((first, next)), bytes) = (word(text, at), text.bytes) else {
        return Looks::Other;
    };
    let second_at = text.space(next);
    let second = word(text, second_at);
    let is_known = |list: &[&[u8]]| {
        second.is_some_and(|(word, _)| list.iter().any(|known| word.eq_ignore_ascii_case(known)))
    };
    let looks = |surely: bool| if surely { Looks::Surely } else { Looks::Other };
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
        return looks(
            is_no_prose(text, second_at)
                && (!inserts || has_rows(b"VALUES") || has_rows(b"SELECT ") || has_rows(b"SET ")),
        );
    }
    let is = |known: &[u8]| first.eq_ignore_ascii_case(known);
    let Some((_, behind)) = second else {
        // `USE [db]`, `INSERT [dbo].[T]`, `BEGIN;`
        let quoted = matches!(bytes.get(second_at), Some(b'[' | b'`' | b'"'));
        let begins = is(b"BEGIN") && bytes.get(second_at) == Some(&b';');
        let variable = is(b"SET") && bytes.get(second_at) == Some(&b'@');
        return match quoted {
            true => looks(is(b"USE") || is(b"INSERT") || is(b"UPDATE") || is(b"COPY")),
            false if begins || variable => Looks::Maybe,
            false => Looks::Other,
        };
    };
    let rest = &bytes[behind..bytes.len().min(behind + 2000)];
    let third = rest.trim_ascii_start();
    let is_copy = is(b"COPY") && memmem::find(rest, b"FROM stdin").is_some();
    let is_insert = is(b"INSERT") && (rest.starts_with(b".") || third.starts_with(b"("));
    if is_copy || is_insert && memmem::find(&rest.to_ascii_uppercase(), b"VALUES").is_some() {
        return Looks::Surely;
    }
    let is_update = || {
        let rest = rest.to_ascii_uppercase();
        memmem::find(&rest, b"SET ").is_some() && rest.contains(&b'=') && rest.contains(&b';')
    };
    let maybe = is(b"USE") && (third.starts_with(b";") || is_go(third))
        || MAYBE.iter().any(|known| is(known));
    match (maybe, is(b"UPDATE") && is_update()) {
        (_, true) => Looks::Surely,
        (true, _) => Looks::Maybe,
        _ => Looks::Other,
    }
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
            "USE shop;\nINSERT INTO t VALUES (1);",
            "REM INSERTING into T\nSET DEFINE OFF;",
            "--\n-- x\n\nCOPY public.t (a) FROM stdin;\n1\n\\.\n",
            "BEGIN;\nCREATE TABLE t (a int);",
            "SET FOREIGN_KEY_CHECKS=0;",
            "USE shop\nGO\nSET ANSI_NULLS ON\nGO\nCREATE TABLE t (a int)\nGO\n",
            "SET statement_timeout = 0;\nSELECT pg_catalog.set_config('a', '', false);\nCREATE TABLE t (a int);\n",
            "/*M!999999\\- enable the sandbox mode */\n-- MariaDB dump\nDROP TABLE IF EXISTS `t`;",
            "# phpMyAdmin\n\nCREATE TABLE t (a int);",
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
            "/*!\nWhat this crate does.\n*/\nuse std;\nfn main() {}\n",
            "/*! A file. */\nuse `a`; let b = 1;",
            "#!/usr/bin/perl\nuse strict;\nuse warnings;\n",
            "# a\n\nuse strict;\nuse warnings;\nmy $x = 'INSERT INTO t VALUES (1);';\n",
            "use std;\n\nupdate the world;\n",
            "#[test]\nuse a;\n",
            "begin;\nwrite('x');\nend.\n",
        ] {
            assert!(!is_sql(other.as_bytes()), "{other}");
        }
    }
}
