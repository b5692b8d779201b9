//! Values are planted and found, whatever they are packed in.

use super::*;
use crate::rule::{RuleSet, Selection};

fn rules() -> RuleSet {
    RuleSet::load(&Selection {
        builtin: true,
        paths: vec![],
        only: vec![],
        skip: vec![],
        weights: None,
    })
    .unwrap()
}

fn options() -> Options {
    Options {
        values: 10,
        locales: vec![Locale::Nl],
        seed: 1,
        threshold: 0.5,
    }
}

#[test]
fn values_are_planted_and_found_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let note = "called about the delivery of last week";
    let rows = 0..60;
    let csv: String = std::iter::once("id;email;note\r\n".to_owned())
        .chain(
            rows.clone()
                .map(|n| format!("{n};u{n}@post{n}.nl;\"{note}; {n}\"\r\n")),
        )
        .collect();
    let json: Vec<String> = rows
        .map(|n| format!("{{\"id\":{n},\"mail\":\"u{n}@post{n}.nl\",\"text\":\"{note}\\n{n}\"}}"))
        .collect();
    std::fs::write(folder.path().join("a.csv"), &csv).unwrap();
    std::fs::write(
        folder.path().join("b.json"),
        format!("[{}]", json.join(",")),
    )
    .unwrap();
    std::fs::write(folder.path().join("c.ndjson"), json.join("\n")).unwrap();
    let utf16: Vec<u8> = std::iter::once(0xFEFF)
        .chain(csv.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    std::fs::write(folder.path().join("d.csv"), utf16).unwrap();
    let scan = Scan::of(vec![], rules());
    let outcome = seed(&scan, &[folder.path().to_owned()], &options()).unwrap();
    assert_eq!(outcome.files, 4, "{:?}", outcome.left_out);
    for format in ["csv", "json"] {
        let mails: Vec<_> = outcome
            .recalls
            .iter()
            .filter(|recall| recall.format == format && recall.detector == "email")
            .collect();
        assert!(
            mails.iter().any(|recall| recall.place == "its own column"),
            "{format}"
        );
        assert!(
            mails.iter().any(|recall| recall.place == "within a text"),
            "{format}"
        );
        for recall in mails {
            assert_eq!(recall.found, recall.planted, "{recall:?}");
        }
    }
}

/// What was planted and found of a detector, by format.
fn by_format(outcome: &Outcome, detector: &str) -> BTreeMap<String, (u64, u64)> {
    let mut sums: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let own = outcome.recalls.iter();
    for recall in own.filter(|recall| recall.detector == detector) {
        let sum = sums.entry(recall.format.clone()).or_default();
        sum.0 += recall.planted;
        sum.1 += recall.found;
    }
    sums
}

fn seeded_folder(folder: &Path) -> Outcome {
    let scan = Scan::of(vec![], rules());
    seed(&scan, &[folder.to_owned()], &options()).unwrap()
}

#[cfg(feature = "archives")]
fn customers() -> Vec<u8> {
    let rows = (0..60).map(|n| format!("{n};u{n}@post{n}.nl\n"));
    std::iter::once("id;email\n".to_owned())
        .chain(rows)
        .collect::<String>()
        .into_bytes()
}

#[cfg(feature = "archives")]
fn zipped(members: &[(&str, &[u8], ::zip::CompressionMethod)]) -> Vec<u8> {
    use std::io::Write as _;
    let mut zip = ::zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content, method) in members {
        let options = ::zip::write::SimpleFileOptions::default().compression_method(*method);
        zip.start_file(*name, options).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[cfg(feature = "archives")]
#[test]
fn values_are_planted_in_members_of_archives() {
    use ::zip::CompressionMethod as Method;
    use pack::Packed;
    let folder = tempfile::tempdir().unwrap();
    let csv = customers();
    let packed = Packed::Gzip.pack(csv.clone()).unwrap();
    let inner = zipped(&[("deep.csv", &csv, Method::Zstd)]);
    let logo = [0x89, b'P', b'N', b'G', 13, 10, 26, 10, 0, 0];
    let zip = zipped(&[
        ("a/plain.csv", &csv, Method::Deflated),
        ("packed.csv.gz", &packed, Method::Stored),
        ("inner.zip", &inner, Method::Stored),
        ("logo.png", &logo, Method::Stored),
    ]);
    std::fs::write(folder.path().join("all.zip"), &zip).unwrap();
    let mut tar = ::tar::Builder::new(Vec::new());
    // Too long for a header of its own.
    let long = format!("{}/people.csv", "folder".repeat(30));
    for (name, content) in [(long.as_str(), &csv), ("nothing.txt", &b"-".to_vec())] {
        let mut header = ::tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, &content[..]).unwrap();
    }
    let tar = Packed::Zstd.pack(tar.into_inner().unwrap()).unwrap();
    std::fs::write(folder.path().join("all.tar.zst"), tar).unwrap();
    let outcome = seeded_folder(folder.path());
    let mails = by_format(&outcome, "email");
    let formats: Vec<&str> = mails.keys().map(String::as_str).collect();
    let expected = [
        "csv in gzip in zip",
        "csv in tar in zstd",
        "csv in zip",
        "csv in zip in zip",
    ];
    assert_eq!(formats, expected, "{outcome:?}");
    assert!(
        mails
            .values()
            .all(|(planted, found)| planted == found && *found >= 2)
    );
    assert!(
        outcome
            .left_out
            .iter()
            .any(|(name, _)| name.ends_with("all.zip!/logo.png")),
        "{:?}",
        outcome.left_out
    );
}

#[cfg(feature = "archives")]
#[test]
fn values_are_planted_whatever_a_file_is_packed_with() {
    use pack::Packed;
    let folder = tempfile::tempdir().unwrap();
    for (packed, name) in [
        (Packed::Gzip, "a.csv.gz"),
        (Packed::Zstd, "b.csv.zst"),
        (Packed::Bzip2, "c.csv.bz2"),
        (Packed::Xz, "d.csv.xz"),
        (Packed::Lz4, "e.csv.lz4"),
    ] {
        let bytes = packed.pack(customers()).unwrap();
        assert_eq!(Packed::of(&bytes, name), (packed, &name[..5]));
        assert_eq!(packed.unpacked(&bytes[..], 1 << 20).unwrap(), customers());
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let outcome = seeded_folder(folder.path());
    assert_eq!(outcome.files, 5, "{:?}", outcome.left_out);
    let mails = by_format(&outcome, "email");
    assert_eq!(mails.len(), 5, "{mails:?}");
    assert!(
        mails
            .values()
            .all(|(planted, found)| planted == found && *found >= 2)
    );
}

#[cfg(feature = "parquet")]
#[test]
fn values_are_planted_in_cells_of_parquet_whatever_they_are_nested_in() {
    use ::parquet::arrow::ArrowWriter;
    use ::parquet::file::properties::WriterProperties;
    use arrow::array::{
        ArrayRef, Int64Array, ListBuilder, RecordBatch, StringArray, StringBuilder,
    };
    use std::sync::Arc;

    let folder = tempfile::tempdir().unwrap();
    let numbers: Vec<i64> = (0..200).map(|n| 100_000_000 + n * 7919).collect();
    // Some rows of a list are empty, some have several values, and some texts are none.
    let mut lists = ListBuilder::new(StringBuilder::new());
    for n in 0..200 {
        for part in 0..n % 3 {
            lists
                .values()
                .append_value(format!("p{n}q{part}@post{n}.nl"));
        }
        lists.append(n % 7 != 0);
    }
    let names = (0..200).map(|n| (n % 5 != 0).then(|| format!("w{n}@werk{n}.nl")));
    let batch = RecordBatch::try_from_iter_with_nullable([
        (
            "number",
            Arc::new(Int64Array::from(numbers)) as ArrayRef,
            false,
        ),
        (
            "mail",
            Arc::new(names.collect::<StringArray>()) as ArrayRef,
            true,
        ),
        ("mails", Arc::new(lists.finish()) as ArrayRef, true),
    ])
    .unwrap();
    let path = folder.path().join("people.parquet");
    let properties = WriterProperties::builder()
        .set_compression(::parquet::basic::Compression::SNAPPY)
        .set_max_row_group_row_count(Some(64))
        .build();
    let file = std::fs::File::create(&path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();

    let bytes: Bytes = std::fs::read(&path).unwrap().into();
    let copy = super::parquet::copy(&bytes).unwrap();
    let text = |value: &copy::Value| String::from_utf8(copy.text(value).to_vec()).unwrap();
    let texts: copy::Texts = (0..)
        .zip(&copy.values)
        .filter(|(number, value)| number % 10 == 0 && value.slot == copy::Slot::Text)
        .map(|(number, _)| (number, format!("new{number}@new.nl").into_bytes()))
        .collect();
    let new = super::parquet::written(&bytes, &texts).unwrap();
    let again = super::parquet::copy(&new.into()).unwrap();
    assert_eq!(again.values.len(), copy.values.len());
    for (number, (old, new)) in (0..).zip(copy.values.iter().zip(&again.values)) {
        let expected = match texts.get(&number) {
            Some(text) => String::from_utf8(text.clone()).unwrap(),
            None => text(old),
        };
        assert_eq!(again.text(new), expected.as_bytes());
        assert_eq!((new.row, new.column), (old.row, old.column));
    }

    let outcome = seeded_folder(folder.path());
    assert_eq!(outcome.files, 1, "{:?}", outcome.left_out);
    let (planted, found) = by_format(&outcome, "email")["parquet"];
    assert!(planted > 8 && planted == found, "{outcome:?}");
}

#[test]
fn values_are_planted_in_cells_of_databases() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/corpus");
    for (case, name) in [("sqlite-tables", "shop.db"), ("sqlite-utf16", "wide.db")] {
        let from = corpus.join(case).join("in/shop.db");
        std::fs::copy(from, folder.path().join(name)).unwrap();
    }
    let outcome = seeded_folder(folder.path());
    assert_eq!(outcome.files, 2, "{:?}", outcome.left_out);
    let (planted, found) = by_format(&outcome, "email")["sqlite"];
    assert!(planted >= 2 && planted == found, "{outcome:?}");
}

#[test]
fn a_file_without_offsets_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("x.bin"),
        [0, 159, 146, 150, 0, 1, 2, 3].repeat(50),
    )
    .unwrap();
    let scan = Scan::of(vec![], rules());
    let outcome = seed(&scan, &[folder.path().to_owned()], &options()).unwrap();
    assert_eq!((outcome.files, outcome.left_out.len()), (0, 1));
}

#[cfg(feature = "office")]
#[test]
fn values_are_planted_in_documents_and_sheets() {
    use std::fmt::Write as _;
    let deflated = ::zip::CompressionMethod::Deflated;
    let types: &[u8] = b"<?xml version=\"1.0\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>";
    let mut text = "<?xml version=\"1.0\"?><w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:body>".to_owned();
    for n in 0..60 {
        let _ = write!(
            text,
            "<w:p><w:r><w:t>called about the delivery of last week, number {n}</w:t></w:r></w:p>"
        );
    }
    text.push_str("</w:body></w:document>");
    let package = zipped(&[
        ("[Content_Types].xml", types, deflated),
        ("word/document.xml", text.as_bytes(), deflated),
    ]);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.docx"), &package).unwrap();
    let outcome = seeded_folder(folder.path());
    assert_eq!(outcome.files, 1, "{:?}", outcome.left_out);
    let (planted, found) = by_format(&outcome, "email")["office"];
    assert!(planted > 0 && found == planted, "{outcome:?}");

    #[cfg(feature = "report-xlsx")]
    {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        for (column, name) in ["plant", "place"].into_iter().enumerate() {
            sheet.write_string(0, column as u16, name).unwrap();
            for row in 1..80 {
                let text = format!("{name} of kind {row}");
                sheet.write_string(row, column as u16, text).unwrap();
            }
        }
        let folder = tempfile::tempdir().unwrap();
        book.save(folder.path().join("a.xlsx")).unwrap();
        let outcome = seeded_folder(folder.path());
        assert_eq!(outcome.files, 1, "{:?}", outcome.left_out);
        let (planted, found) = by_format(&outcome, "iban")["office"];
        assert!(planted > 0 && found == planted, "{outcome:?}");
    }
}
