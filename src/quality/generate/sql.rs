//! Rows as dumps of databases, in two ways: `mysqldump` with many rows an `INSERT`, and `pg_dump` with COPY.
//!
//! A dump of several tables has what dumps have beside rows, too, and that looks personal: who may see what, under a name
//! with an `@`; counters with the digits of a national number; times and versions.

use super::kinds::Column;
use super::row::Row;
use super::{Kind, Shape};

/// Rows of one `INSERT`.
const ROWS_OF_INSERT: u64 = 1000;

/// What a table is called, and with its schema where dumps write that.
pub(super) fn table(shape: Shape, kinds: &[Kind], kind: Kind) -> String {
    // By itself it has no other to be told from.
    let name = if kinds.len() > 1 {
        kind.table()
    } else {
        "rows"
    };
    match shape {
        Shape::PgDump => format!("public.{name}"),
        _ => name.to_owned(),
    }
}

/// What stands in front of all tables.
pub(super) fn start(shape: Shape, kinds: &[Kind], out: &mut Vec<u8>) {
    let text = match (shape, kinds.len()) {
        (Shape::PgDump, _) => {
            "--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 16.4.2.1\n\nSET statement_timeout = 0;\nSET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n\n"
        }
        (_, 1) => "-- MySQL dump 10.13\n\n/*!40101 SET NAMES utf8mb4 */;\n",
        _ => {
            "-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)\n--\n-- Host: db1.internal    Database: shop\n-- Server version\t8.0.36.28\n\n/*!40101 SET NAMES utf8mb4 */;\n"
        }
    };
    out.extend_from_slice(text.as_bytes());
}

/// What stands behind all tables.
pub(super) fn end(shape: Shape, kinds: &[Kind], out: &mut Vec<u8>) {
    let text = match (shape, kinds.len()) {
        (Shape::PgDump, _) => {
            "ALTER TABLE ONLY public.rows REPLICA IDENTITY FULL;\nSELECT pg_catalog.setval('public.rows_id_seq', 123456782, true);\n\n--\n-- PostgreSQL database dump complete\n--\n"
        }
        (_, 1) => "",
        _ => {
            "/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`report`@`db1.internal` SQL SECURITY DEFINER */\n/*!50001 VIEW `totals` AS select 123456782 AS `n` */;\n-- Dump completed on 2026-01-31 23:59:59\n"
        }
    };
    out.extend_from_slice(text.as_bytes());
}

/// What stands in front of a table's rows.
pub(super) fn open(
    shape: Shape,
    table: &str,
    is_only: bool,
    columns: &[Column],
    out: &mut Vec<u8>,
) {
    let quote: &[u8] = if shape == Shape::PgDump { b"" } else { b"`" };
    let mut put = |parts: &[&[u8]]| out.extend_from_slice(&parts.concat());
    put(&[b"CREATE TABLE ", quote, table.as_bytes(), quote, b" (\n"]);
    for (at, column) in columns.iter().enumerate() {
        let comma: &[u8] = if at > 0 { b",\n  " } else { b"  " };
        put(&[comma, quote, column.name.as_bytes(), quote, b" text"]);
    }
    if shape != Shape::PgDump {
        // A counter that passes the check of a citizen service number.
        let counter: &[u8] = if is_only {
            b""
        } else {
            b" AUTO_INCREMENT=123456782"
        };
        return put(&[b"\n) ENGINE=InnoDB", counter, b";\n"]);
    }
    put(&[b"\n);\n\nCOPY ", table.as_bytes(), b" ("]);
    for (at, column) in columns.iter().enumerate() {
        let comma: &[u8] = if at > 0 { b", " } else { b"" };
        put(&[comma, column.name.as_bytes()]);
    }
    put(&[b") FROM stdin;\n"]);
}

/// A row.
pub(super) fn row(shape: Shape, table: &str, row: &Row, number: u64, out: &mut Vec<u8>) {
    if shape == Shape::PgDump {
        copied(row, out);
    } else {
        inserted(table, row, number, out);
    }
}

/// What stands behind a table's rows.
pub(super) fn close(shape: Shape, rows: u64, out: &mut Vec<u8>) {
    match shape {
        Shape::PgDump => out.extend_from_slice(b"\\.\n\n"),
        _ if rows > 0 => out.extend_from_slice(b";\n"),
        _ => {}
    }
}

/// A row of an `INSERT`, with the head of a new one where it is time for that.
fn inserted(table: &str, row: &Row, number: u64, out: &mut Vec<u8>) {
    if number.is_multiple_of(ROWS_OF_INSERT) {
        let parts: [&[u8]; 4] = [
            if number > 0 { b";\n" } else { b"" },
            b"INSERT INTO `",
            table.as_bytes(),
            b"` VALUES (",
        ];
        out.extend_from_slice(&parts.concat());
    } else {
        out.extend_from_slice(b",(");
    }
    for (at, cell) in row.cells().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        if cell.is_empty() {
            out.extend_from_slice(b"NULL");
            continue;
        }
        out.push(b'\'');
        for &byte in cell {
            match byte {
                b'\'' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
                b'\n' => out.extend_from_slice(b"\\n"),
                _ => out.push(byte),
            }
        }
        out.push(b'\'');
    }
    out.push(b')');
}

/// A row of COPY.
fn copied(row: &Row, out: &mut Vec<u8>) {
    for (at, cell) in row.cells().enumerate() {
        if at > 0 {
            out.push(b'\t');
        }
        if cell.is_empty() {
            out.extend_from_slice(b"\\N");
        }
        for &byte in cell {
            match byte {
                b'\\' => out.extend_from_slice(b"\\\\"),
                b'\n' => out.extend_from_slice(b"\\n"),
                b'\t' => out.extend_from_slice(b"\\t"),
                _ => out.push(byte),
            }
        }
    }
    out.push(b'\n');
}
