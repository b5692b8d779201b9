//! Who wrote a dump, and what follows from it for literals and comments.
//!
//! The first bytes say so as a rule; dumps that were joined say it again where the next one starts. Where nobody says it,
//! literals are read so that either way of writing them comes out right in nearly all cases.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use memchr::memmem;

/// What a backslash does in an ordinary literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Backslash {
    /// It escapes the next byte.
    Escapes,
    /// Nothing.
    Plain,
    /// It may be either.
    Unknown,
}

/// Whose SQL it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Vendor {
    Unknown,
    MySql,
    Postgres,
    Sqlite,
    SqlServer,
    Oracle,
}

/// How the text is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) vendor: Vendor,
    pub(super) backslash: Backslash,
}

/// How dumps begin.
const HEADERS: &[(&[u8], Vendor)] = &[
    (b"PostgreSQL database dump", Vendor::Postgres),
    (b"PostgreSQL database cluster dump", Vendor::Postgres),
    (b"MySQL dump", Vendor::MySql),
    (b"MariaDB dump", Vendor::MySql),
    (b"phpMyAdmin", Vendor::MySql),
    (b"HeidiSQL", Vendor::MySql),
    (b"PRAGMA foreign_keys", Vendor::Sqlite),
];

/// What else only one vendor's tools write.
const MARKS: &[(&[u8], Vendor)] = &[
    (b"standard_conforming_strings", Vendor::Postgres),
    (b"SELECT pg_catalog.", Vendor::Postgres),
    (b" FROM stdin;", Vendor::Postgres),
    (b"/*!40", Vendor::MySql),
    (b"/*!50", Vendor::MySql),
    (b"ENGINE=", Vendor::MySql),
    (b"INSERT INTO `", Vendor::MySql),
    (b"CREATE TABLE `", Vendor::MySql),
    (b"DELIMITER ", Vendor::MySql),
    (b"sqlite_sequence", Vendor::Sqlite),
    (b"[dbo].", Vendor::SqlServer),
    (b"SET IDENTITY_INSERT", Vendor::SqlServer),
    (b"SET ANSI_NULLS", Vendor::SqlServer),
    (b"\nGO\n", Vendor::SqlServer),
    (b"\nGO\r\n", Vendor::SqlServer),
    (b"SET DEFINE OFF", Vendor::Oracle),
    (b"REM INSERTING", Vendor::Oracle),
    (b"VARCHAR2", Vendor::Oracle),
    (b"to_date('", Vendor::Oracle),
    (b"TO_DATE('", Vendor::Oracle),
];

/// Headers and marks, in their order.
static ALL_MARKS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let marks = HEADERS.iter().chain(MARKS).map(|(mark, _)| mark);
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostFirst)
        .build(marks)
        .expect("some thirty short marks make a small automaton")
});

impl Dialect {
    /// What is known of nobody.
    pub(super) const UNKNOWN: Self = Self {
        vendor: Vendor::Unknown,
        backslash: Backslash::Unknown,
    };

    fn of(vendor: Vendor) -> Self {
        let backslash = match vendor {
            Vendor::MySql => Backslash::Escapes,
            Vendor::Unknown => Backslash::Unknown,
            _ => Backslash::Plain,
        };
        Self { vendor, backslash }
    }

    /// Told by the first bytes of a dump: by the mark that comes first, as what is quoted in data comes later.
    pub(super) fn sniff(head: &[u8]) -> Self {
        let first = ALL_MARKS.find(head);
        first.map_or(Self::UNKNOWN, |mark| {
            let mut marks = HEADERS.iter().chain(MARKS);
            let vendor = marks.nth(mark.pattern().as_usize());
            vendor.map_or(Self::UNKNOWN, |(_, vendor)| Self::of(*vendor))
        })
    }

    /// What a comment or a statement between others says: another dump may start here.
    pub(super) fn told(self, text: &[u8]) -> Self {
        let text = &text[..text.len().min(200)];
        let has = |mark: &[u8]| memmem::find(text, mark).is_some();
        if has(b"standard_conforming_strings") {
            let lower = text.to_ascii_lowercase();
            let backslash = if memmem::find(&lower, b"off").is_some() {
                Backslash::Escapes
            } else {
                Backslash::Plain
            };
            return Self {
                vendor: Vendor::Postgres,
                backslash,
            };
        }
        if has(b"NO_BACKSLASH_ESCAPES") {
            return Self {
                backslash: Backslash::Plain,
                ..self
            };
        }
        for (mark, vendor) in HEADERS {
            if has(mark) && *vendor != self.vendor {
                return Self::of(*vendor);
            }
        }
        self
    }

    /// What a statement shows of somebody who was not known.
    pub(super) fn shown(self, vendor: Vendor) -> Self {
        if self.vendor == Vendor::Unknown {
            Self::of(vendor)
        } else {
            self
        }
    }

    pub(super) fn hash_comments(self) -> bool {
        self.vendor == Vendor::MySql
    }

    pub(super) fn nested_comments(self) -> bool {
        matches!(self.vendor, Vendor::Postgres | Vendor::SqlServer)
    }

    /// Whether `$$ … $$` may be a literal.
    pub(super) fn dollar_quotes(self) -> bool {
        matches!(self.vendor, Vendor::Postgres | Vendor::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dumps_say_who_wrote_them() {
        let vendor = |head: &[u8]| Dialect::sniff(head).vendor;
        assert_eq!(vendor(b"-- MySQL dump 10.13\n"), Vendor::MySql);
        assert_eq!(
            vendor(b"--\n-- PostgreSQL database dump\n--\n"),
            Vendor::Postgres
        );
        assert_eq!(
            vendor(b"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;"),
            Vendor::Sqlite
        );
        assert_eq!(
            vendor(b"USE [db]\nGO\nINSERT [dbo].[T] ..."),
            Vendor::SqlServer
        );
        assert_eq!(
            vendor(b"REM INSERTING into T\nSET DEFINE OFF;\n"),
            Vendor::Oracle
        );
        assert_eq!(vendor(b"INSERT INTO t VALUES (1);"), Vendor::Unknown);
    }

    #[test]
    fn the_next_dump_says_it_again() {
        let first = Dialect::sniff(b"-- MySQL dump 10.13\n");
        assert_eq!(
            first.told(b"-- PostgreSQL database dump").vendor,
            Vendor::Postgres
        );
        assert_eq!(first.told(b"-- a note").vendor, Vendor::MySql);
        let off = first.told(b"SET standard_conforming_strings = off;");
        assert_eq!(off.backslash, Backslash::Escapes);
    }
}
