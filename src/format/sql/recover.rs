//! Where the next statement starts behind one that is broken.

use memchr::memchr_iter;

use super::lex::Text;
use crate::input::blocks::{LONGEST_RECORD, forced_cut};

/// How statements start that are hardly ever met at the start of a line of anything else.
const STARTS: &[&[u8]] = &[
    b"INSERT INTO ",
    b"INSERT IGNORE ",
    b"INSERT [",
    b"INSERT dbo.",
    b"REPLACE INTO ",
    b"CREATE TABLE ",
    b"CREATE INDEX ",
    b"CREATE UNIQUE ",
    b"CREATE DATABASE ",
    b"DROP TABLE ",
    b"ALTER TABLE ",
    b"LOCK TABLES ",
    b"UNLOCK TABLES;",
    b"COMMIT;",
    b"/*!4",
    b"/*!5",
    b"-- MySQL dump",
    b"-- MariaDB dump",
    b"-- PostgreSQL database",
    b"-- Dump",
    b"-- Table structure",
    b"-- Name: ",
    b"-- Data for Name: ",
    b"COPY public.",
    b"SET IDENTITY_INSERT ",
    b"PRAGMA foreign_keys",
    b"GO\n",
    b"GO\r\n",
];

/// The longest of them.
const LONGEST_START: usize = 22;

/// Whether a statement starts here, of a kind that is told by its first words.
pub(super) fn starts_statement(text: &[u8]) -> bool {
    let Some(first) = text.first() else {
        return false;
    };
    STARTS.iter().any(|start| {
        start[0].eq_ignore_ascii_case(first)
            && text
                .get(..start.len())
                .is_some_and(|text| text.eq_ignore_ascii_case(start))
    })
}

/// The next start of a line at or behind `from` where a statement starts.
pub(super) fn next_statement(text: Text<'_>, from: usize) -> Option<usize> {
    let before = from.saturating_sub(1).min(text.bytes.len());
    memchr_iter(b'\n', &text.bytes[before..])
        .map(|at| before + at + 1)
        .find(|&at| starts_statement(&text.bytes[at..]))
}

/// The end of the last line from `from` on of which enough is there to tell that no statement starts behind it; none when
/// there is no such line yet.
pub(super) fn whole_lines(text: Text<'_>, from: usize) -> Option<usize> {
    if text.ended {
        return Some(text.bytes.len());
    }
    let known = text.bytes.len().saturating_sub(LONGEST_START).max(from);
    if let Some(at) = memchr::memrchr(b'\n', &text.bytes[from..known])
        && at > 0
    {
        return Some(from + at);
    }
    let rest = &text.bytes[from..];
    (rest.len() >= LONGEST_RECORD).then(|| from + forced_cut(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_start_is_known() {
        let longest = STARTS.iter().map(|start| start.len()).max();
        assert_eq!(longest, Some(LONGEST_START));
    }

    #[test]
    fn statements_start_lines() {
        let text = Text {
            bytes: b"x INSERT INTO t\nsome\ninsert into t values\n",
            ended: true,
        };
        assert_eq!(next_statement(text, 1), Some(21));
        assert_eq!(next_statement(text, 22), None);
    }
}
