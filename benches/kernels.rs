//! The hot parts by themselves: `cargo bench --bench kernels [-- NAME]`.
//!
//! Whole processes are what counts (`compare.py`); these say which part a difference comes from. All run on the same
//! generated rows, in memory and on one thread.

use std::hint::black_box;
use std::io;

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use speur::error::Problem;
use speur::event::Event;
use speur::format::{Batch, ColumnId, Piece, ReadOptions, Sink, open};
use speur::input::{Body, Input, WalkOptions};
use speur::quality::generate::{Kind, Locale, Options, Shape, Size, Truth, generate};
use speur::rule::{RuleSet, Selection};
use speur::scan::{Bounds, Progress, Scan};
use speur::validate::{fold::fold, validator};

const BYTES: u64 = 8 << 20;

/// Rows as `speur generate` makes them.
fn rows(kind: Kind, shape: Shape) -> Vec<u8> {
    let options = Options {
        kinds: vec![kind],
        shape,
        size: Size::Bytes(BYTES),
        seed: 1,
        locales: vec![Locale::Nl],
        delimiter: b",".to_vec(),
        crlf: false,
        mark: false,
        encoding: encoding_rs::UTF_8,
        truth: Truth::None,
    };
    let mut out = Vec::new();
    generate(&options, &mut out, &mut io::sink()).expect("memory can be written to");
    out
}

/// Counts values and their bytes, and looks at nothing.
#[derive(Default)]
struct Count {
    columns: Vec<String>,
    values: usize,
}

impl Sink for Count {
    fn column(&mut self, name: &str) -> ColumnId {
        let known = self.columns.iter().position(|known| known == name);
        ColumnId(known.unwrap_or_else(|| {
            self.columns.push(name.to_owned());
            self.columns.len() - 1
        }) as u32)
    }

    fn batch(&mut self, batch: Batch<'_>) {
        self.values += batch.values.len();
    }

    fn problem(&mut self, problem: Problem) {
        panic!("generated rows are sound: {problem}");
    }
}

fn read(name: &str, text: &bytes::Bytes) -> usize {
    let input = Input {
        name: name.to_owned(),
        folder: None,
        depth: 0,
        body: Body::Blob(text.clone()),
        budget: speur::input::Budget::default(),
    };
    let mut reader = open(input, &ReadOptions::default())
        .reader
        .expect("generated rows can be read");
    let mut count = Count::default();
    while let Some(piece) = reader.next_piece().expect("generated rows can be read") {
        if let Piece::Chunk(part) = piece {
            part.chunk.read(&mut count);
        }
    }
    count.values
}

/// Rows to values, with nobody looking at them.
fn readers(c: &mut Criterion) {
    let mut group = c.benchmark_group("read");
    for (name, shape) in [
        ("rows.csv", Shape::Csv),
        ("rows.ndjson", Shape::Ndjson),
        ("rows.txt", Shape::Text),
    ] {
        let text = bytes::Bytes::from(rows(Kind::Crm, shape));
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |b| b.iter(|| read(name, black_box(&text))));
    }
}

fn scan(path: &std::path::Path, only: &[&str], findings: bool) -> Scan {
    let selection = Selection {
        builtin: true,
        paths: Vec::new(),
        only: only.iter().map(|id| (*id).to_owned()).collect(),
        skip: Vec::new(),
        weights: None,
    };
    Scan {
        roots: vec![path.to_owned()],
        walk: WalkOptions::default(),
        read: ReadOptions::default(),
        rules: RuleSet::load(&selection).expect("the built-in rules load"),
        mmap: true,
        threads: 1,
        min_confidence: 0.5,
        thresholds: std::collections::BTreeMap::new(),
        explain: false,
        reveal: false,
        findings,
        samples: 5,
        sample: None,
        enumerate: Vec::new(),
        key: Some([1; 32]),
        bounds: Bounds::default(),
    }
}

fn bench_scan(
    group: &mut BenchmarkGroup<'_, criterion::measurement::WallTime>,
    name: &str,
    scan: &Scan,
) {
    group.bench_function(name, |b| {
        b.iter(|| {
            let mut events = 0;
            scan.run(&Progress::default(), &mut |event: &Event| {
                events += usize::from(matches!(event, Event::Finding(_)));
                Ok(())
            })
            .expect("the scan runs");
            events
        });
    });
}

/// Everything from the file to the events, start-up included.
fn scans(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut group = c.benchmark_group("scan");
    group.sample_size(10);
    for (name, kind, shape) in [
        ("dense.csv", Kind::Crm, Shape::Csv),
        ("sparse.csv", Kind::Sparse, Shape::Csv),
        ("dense.ndjson", Kind::Crm, Shape::Ndjson),
    ] {
        let path = folder.path().join(name);
        let text = rows(kind, shape);
        std::fs::write(&path, &text).expect("a file in the temporary folder");
        group.throughput(Throughput::Bytes(text.len() as u64));
        bench_scan(&mut group, name, &scan(&path, &[], false));
        bench_scan(
            &mut group,
            &format!("{name}, each finding"),
            &scan(&path, &[], true),
        );
        bench_scan(
            &mut group,
            &format!("{name}, e-mail alone"),
            &scan(&path, &["email"], false),
        );
    }
}

/// Checks of single values.
fn checks(c: &mut Criterion) {
    let mut group = c.benchmark_group("check");
    for (name, value) in [
        ("iban", "NL91ABNA0417164300"),
        ("luhn", "4111111111111111"),
        ("email", "jan.de-vries@post.example.nl"),
        ("phone-international", "31612345678"),
        ("uuid", "6c0f3459-81f9-4d47-8e90-3099ab99254a"),
        ("birth-date", "1980-05-12"),
    ] {
        let check = validator(name).expect("a validator of this name").check;
        group.bench_function(name, |b| b.iter(|| check(black_box(value.as_bytes()))));
    }
    let mut out = Vec::new();
    group.bench_function("fold", |b| {
        b.iter(|| fold(black_box("D'Ávila-Núñez van der Berg".as_bytes()), &mut out));
    });
}

criterion_group!(kernels, readers, scans, checks);
criterion_main!(kernels);
