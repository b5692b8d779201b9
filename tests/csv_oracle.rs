//! CSV against the `csv` crate: the same cells in the same records, however the text is cut, with offsets that lead to them.

use encoding_rs::Encoding;
use proptest::prelude::*;
use speur::format::{Batch, ColumnId, Piece, ReadOptions, Sink, open};
use speur::input::{Body, Input};

/// A cell: its record, its column, its text and where that is stored.
type Cell = (u64, String, Vec<u8>, (u64, u64));

#[derive(Default)]
struct Collect {
    names: Vec<String>,
    cells: Vec<Cell>,
    notes: Vec<String>,
    first_row: u64,
}

impl Sink for Collect {
    fn column(&mut self, name: &str) -> ColumnId {
        let known = self.names.iter().rposition(|known| known == name);
        ColumnId(known.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        }) as u32)
    }

    fn batch(&mut self, batch: Batch<'_>) {
        for (index, value) in batch.values.iter().enumerate() {
            let row = self.first_row + u64::from(batch.rows.of(index)[0]);
            let name = self.names[value.column.0 as usize].clone();
            let text = batch.text[value.start as usize..value.end as usize].to_vec();
            let stored = batch.offsets.stored(value.start, value.end);
            self.cells
                .push((row, name, text, stored.unwrap_or_default()));
        }
    }

    fn problem(&mut self, problem: speur::error::Problem) {
        self.notes.push(problem.to_string());
    }
}

/// All cells of a text, and how many records there are.
fn read(text: &[u8], options: &ReadOptions, stream: bool) -> (Vec<Cell>, u64) {
    let body = if stream {
        Body::Stream(Box::new(std::io::Cursor::new(text.to_vec())))
    } else {
        Body::Blob(text.to_vec().into())
    };
    let input = Input {
        name: "a.csv".into(),
        folder: None,
        depth: 0,
        body,
        budget: speur::input::Budget::default(),
    };
    let opened = open(input, options);
    assert_eq!(opened.format, Some("csv"));
    let mut reader = opened.reader.expect("CSV can always be opened");
    let (mut cells, mut records) = (Vec::new(), 0);
    while let Some(piece) = reader.next_piece().expect("CSV can always be read") {
        let Piece::Chunk(part) = piece else {
            panic!("CSV has no members")
        };
        let mut sink = Collect {
            first_row: records,
            ..Collect::default()
        };
        records += part.chunk.read(&mut sink).records;
        cells.extend(sink.cells);
    }
    (cells, records)
}

fn options(delimiter: u8, block_size: usize) -> ReadOptions {
    ReadOptions {
        delimiter: Some(vec![delimiter]),
        header: Some(true),
        block_size,
        ..ReadOptions::default()
    }
}

/// What `read` must give, from the `csv` crate.
fn expected(text: &[u8], delimiter: u8) -> Vec<(u64, String, Vec<u8>)> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(text);
    let names = reader.byte_headers().expect("the test's own CSV").clone();
    let mut cells = Vec::new();
    for (row, record) in reader.byte_records().enumerate() {
        let record = record.expect("the test's own CSV");
        for (name, cell) in names.iter().zip(&record) {
            let name = String::from_utf8_lossy(name).into_owned();
            cells.push((row as u64, name, cell.to_vec()));
        }
    }
    cells
}

/// A cell as it is meant: doubled quotes stay as they are stored.
fn undoubled(cell: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(cell)
        .replace("\"\"", "\"")
        .into_bytes()
}

fn cell() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zé0-9]{1,6}".boxed(),
        1 => Just("\"".to_owned()).boxed(),
        1 => Just(",".to_owned()).boxed(),
        1 => Just(";".to_owned()).boxed(),
        1 => Just("\t".to_owned()).boxed(),
        1 => Just("|".to_owned()).boxed(),
        1 => Just("\n".to_owned()).boxed(),
        1 => Just("\r\n".to_owned()).boxed(),
        1 => Just(" ".to_owned()).boxed(),
    ];
    proptest::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

fn table() -> impl Strategy<Value = Vec<Vec<String>>> {
    (2..6_usize).prop_flat_map(|columns| {
        proptest::collection::vec(proptest::collection::vec(cell(), columns), 1..40)
    })
}

const NAMES: [&str; 6] = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot"];

fn written(table: &[Vec<String>], delimiter: u8, always: bool, crlf: bool) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(delimiter)
        .quote_style(if always {
            csv::QuoteStyle::Always
        } else {
            csv::QuoteStyle::Necessary
        })
        .terminator(if crlf {
            csv::Terminator::CRLF
        } else {
            csv::Terminator::Any(b'\n')
        })
        .from_writer(Vec::new());
    writer
        .write_record(&NAMES[..table[0].len()])
        .expect("memory can be written to");
    for record in table {
        writer
            .write_record(record)
            .expect("memory can be written to");
    }
    writer.into_inner().expect("memory can be written to")
}

proptest! {
    #[test]
    fn the_same_cells(
        table in table(),
        delimiter in prop::sample::select(&b",;\t|"[..]),
        always in any::<bool>(),
        crlf in any::<bool>(),
    ) {
        let text = written(&table, delimiter, always, crlf);
        let expected = expected(&text, delimiter);
        for (block_size, stream) in [(1, false), (7, true), (64, false), (4 << 20, true), (4 << 20, false)] {
            let (cells, records) = read(&text, &options(delimiter, block_size), stream);
            let found: Vec<_> = cells
                .iter()
                .map(|(row, name, cell, _)| (*row, name.clone(), undoubled(cell)))
                .collect();
            // White space around a cell is no part of any value, and both crates keep it.
            prop_assert_eq!(&found, &expected, "blocks of {}", block_size);
            prop_assert_eq!(records, table.len() as u64);
            for (_, _, cell, (start, end)) in &cells {
                prop_assert_eq!(&text[*start as usize..*end as usize], &cell[..]);
            }
        }
    }

    #[test]
    fn malformed_text_is_the_same_however_it_is_cut(text in "[a-c,;\"\r\n ]{0,200}") {
        let text = [b"alpha,bravo\n", text.as_bytes()].concat();
        let whole = read(&text, &options(b',', 4 << 20), false);
        for (block_size, stream) in [(1, false), (5, true), (64, false)] {
            prop_assert_eq!(&read(&text, &options(b',', block_size), stream), &whole, "blocks of {}", block_size);
        }
    }

    #[test]
    fn offsets_are_those_of_the_stored_text(
        words in proptest::collection::vec("[a-zéüñßø]{1,8}", 2..40),
        name in prop::sample::select(&["utf-8", "utf-16le", "windows-1252"][..]),
        mark in any::<bool>(),
    ) {
        let encoding = Encoding::for_label(name.as_bytes()).unwrap();
        let rows = words.chunks_exact(2).map(|pair| format!("{},\"{}\"\n", pair[0], pair[1]));
        let text: String = std::iter::once("alpha,bravo\n".to_owned()).chain(rows).collect();
        let mark = mark && name != "windows-1252";
        let full = if mark { format!("\u{feff}{text}") } else { text };
        let stored = if name == "utf-16le" {
            full.encode_utf16().flat_map(u16::to_le_bytes).collect()
        } else {
            encoding.encode(&full).0.into_owned()
        };
        for block_size in [1, 50, 4 << 20] {
            let options = ReadOptions { encoding: Some(encoding.into()), ..options(b',', block_size) };
            let (cells, _) = read(&stored, &options, false);
            prop_assert_eq!(cells.len(), words.len() / 2 * 2);
            for ((_, _, cell, (start, end)), word) in cells.iter().zip(&words) {
                let place = &stored[*start as usize..*end as usize];
                let decoded = encoding.decode_without_bom_handling(place).0;
                prop_assert_eq!(&*decoded, &word[..]);
                prop_assert!(&cell[..] == word.as_bytes() || &cell[..] == place);
            }
        }
    }
}

#[test]
fn a_cell_longer_than_a_chunk_may_be_costs_no_record() {
    let mut text = b"alpha,bravo\n1,2\n3,\"".to_vec();
    text.resize(text.len() + (66 << 20), b'x');
    text.extend_from_slice(b" y\"\n5,6\n");
    let (cells, records) = read(&text, &options(b',', 4 << 20), true);
    let last = &cells[cells.len() - 2..];
    assert_eq!(records, 3);
    assert_eq!(
        (last[0].0, &last[0].2[..], &last[1].2[..]),
        (2, &b"5"[..], &b"6"[..])
    );
    let long: usize = cells
        .iter()
        .filter(|cell| cell.0 == 1 && cell.1 == "bravo")
        .map(|cell| cell.2.len())
        .sum();
    assert_eq!(long, (66 << 20) + 2, "all of it is given, in parts");
}

#[test]
fn a_hundred_thousand_columns() {
    let line = |word: &str| {
        (0..100_000)
            .map(|n| format!("{word}{n}"))
            .collect::<Vec<_>>()
            .join(",")
            + "\n"
    };
    let text = line("name") + &line("a") + &line("b");
    let (cells, records) = read(
        text.as_bytes(),
        &ReadOptions {
            delimiter: None,
            ..options(b',', 4 << 20)
        },
        false,
    );
    assert_eq!((cells.len(), records), (200_000, 2));
    assert_eq!(cells[199_999].1, "name99999");
}

#[test]
fn one_endless_line() {
    let text = b"x".repeat(5 << 20);
    let (cells, _) = read(
        &text,
        &ReadOptions {
            header: Some(false),
            ..options(b',', 4 << 20)
        },
        true,
    );
    assert_eq!(
        cells.iter().map(|cell| cell.2.len()).sum::<usize>(),
        5 << 20
    );
}

#[test]
fn what_stands_before_the_header() {
    let sniffed = ReadOptions::default();
    let (cells, records) = read(b"sep=;\nalpha;bravo\n1;2\n3;4\n", &sniffed, false);
    assert_eq!((cells.len(), records), (4, 2));
    assert_eq!((cells[3].1.as_str(), &cells[3].2[..]), ("bravo", &b"4"[..]));
    let titled = b"Customers of the north\n\nname,town,email\nJan,Sneek,jan@post.nl\nAn,Joure,an@post.nl\nPiet,Bolsward,piet@post.nl\n";
    let (cells, records) = read(titled, &sniffed, false);
    assert_eq!(records, 3);
    assert_eq!(
        (cells[0].1.as_str(), &cells[0].2[..]),
        ("", &b"Customers of the north\n\n"[..])
    );
    assert_eq!(cells[3].1, "email");
}
