//! Files whose blocks are not as they should be.

use std::io::Write;

use super::super::taken::take;
use super::header::push_number;

const MARKER: [u8; 16] = [7; 16];
const SCHEMA: &str = r#"{"type":"record","name":"R","fields":[{"name":"name","type":"string"}]}"#;

fn header(codec: &str, padding: usize) -> Vec<u8> {
    let mut file = b"Obj\x01".to_vec();
    push_number(3, &mut file);
    let padding = " ".repeat(padding);
    for text in [
        "padding",
        &padding,
        "avro.codec",
        codec,
        "avro.schema",
        SCHEMA,
    ] {
        push_number(text.len(), &mut file);
        file.extend_from_slice(text.as_bytes());
    }
    push_number(0, &mut file);
    file.extend(MARKER);
    file
}

fn records(texts: &[&str]) -> Vec<u8> {
    let mut data = Vec::new();
    for text in texts {
        push_number(text.len(), &mut data);
        data.extend_from_slice(text.as_bytes());
    }
    data
}

fn block(count: usize, data: &[u8]) -> Vec<u8> {
    let mut block = Vec::new();
    push_number(count, &mut block);
    push_number(data.len(), &mut block);
    block.extend_from_slice(data);
    block.extend(MARKER);
    block
}

fn packed(codec: &str, data: &[u8]) -> Vec<u8> {
    match codec {
        "deflate" => {
            let mut encoder =
                flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(data).unwrap();
            encoder.finish().unwrap()
        }
        "bzip2" => {
            let mut encoder =
                bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
            encoder.write_all(data).unwrap();
            encoder.finish().unwrap()
        }
        "snappy" => {
            let mut sum = flate2::Crc::new();
            sum.update(data);
            let mut block = snap::raw::Encoder::new().compress_vec(data).unwrap();
            block.extend(sum.sum().to_be_bytes());
            block
        }
        "zstandard" => zstd::encode_all(data, 0).unwrap(),
        _ => data.to_vec(),
    }
}

/// The names that come out of blocks, and the reason why they are not all.
fn read(parts: &[&[u8]]) -> (String, Vec<String>) {
    let taken = take("a.avro", &parts.concat());
    assert_eq!(taken.format, Some("avro"));
    (taken.column_texts("name").join(" "), taken.problems)
}

fn damaged(row: u64) -> Vec<String> {
    vec![format!("its data is damaged or cut off behind row {row}")]
}

#[test]
fn all_codecs_are_read() {
    for codec in ["", "null", "deflate", "snappy", "zstandard", "bzip2"] {
        let pack = |texts: &[&str]| block(texts.len(), &packed(codec, &records(texts)));
        let (first, last) = (pack(&["ab", "c"]), pack(&["d"]));
        let start = header(codec, 0);
        assert_eq!(read(&[&start, &first, &last]).1, Vec::<String>::new());
        assert_eq!(read(&[&start, &first, &last]).0, "ab c d", "{codec}");
        let cut = &last[..last.len() - 17];
        let (names, problems) = read(&[&start, &first, cut]);
        assert!(names.starts_with("ab c"), "{codec}: {names}");
        // Some say what they hold before their last byte.
        let row = names.split(' ').count() as u64;
        assert_eq!(problems, damaged(row), "{codec}");
    }
}

#[test]
fn a_sum_that_is_wrong_is_told() {
    let mut data = packed("snappy", &records(&["ab"]));
    *data.last_mut().unwrap() ^= 1;
    let (names, problems) = read(&[&header("snappy", 0), &block(1, &data)]);
    assert_eq!((names.as_str(), problems), ("ab", damaged(1)));
}

#[test]
fn counts_that_are_wrong_end_and_lose_nothing() {
    let (start, last) = (header("null", 0), block(1, &records(&["d"])));
    let data = records(&["a", "b", "c"]);
    for count in [0, 1, 2, 4, 1 << 40] {
        let (names, problems) = read(&[&start, &block(count, &data), &last]);
        assert_eq!((names.as_str(), problems), ("a b c d", damaged(3)));
    }
    let trailing = [&data[..], b"\x7f"].concat();
    let (names, problems) = read(&[&start, &block(3, &trailing), &last]);
    assert_eq!((names.as_str(), problems), ("a b c d", damaged(3)));
}

#[test]
fn blocks_behind_damage_are_read() {
    let start = header("null", 0);
    let blocks = ["a", "b", "c"].map(|text| block(1, &records(&[text])));
    let [first, second, third] = &blocks;
    // The marker is overwritten, the length too large, too small, no length at all.
    let mut unmarked = second.clone();
    unmarked[4..].fill(9);
    let (names, problems) = read(&[&start, first, &unmarked, third]);
    assert_eq!((names.as_str(), problems), ("a b c", damaged(2)));
    for (len, names) in [(8, "a b c"), (2, "a c"), (0x7f, "a c")] {
        let mut lying = second.clone();
        lying[1] = len;
        let read = read(&[&start, first, &lying, third]);
        let row = (names.len() as u64).div_ceil(2) - 1;
        assert_eq!(read, (names.to_owned(), damaged(row)), "{len}");
    }
    let huge = b"\x02\xfe\xff\xff\xff\x7e";
    let (names, problems) = read(&[&start, first, huge, second, third]);
    assert_eq!(names, "a c");
    assert!(problems[0].starts_with("a block behind row 1 is not read"));
    let (names, problems) = read(&[&start, first, third, b"\0\0more"]);
    assert_eq!((names.as_str(), problems), ("a c", damaged(2)));
    // What is whole of a block that is cut off is read.
    let cut = &block(2, &records(&["b", "c"]))[..5];
    let (names, problems) = read(&[&start, first, cut]);
    assert_eq!((names.as_str(), problems), ("a b", damaged(2)));
}

#[test]
fn long_headers_are_read() {
    let data = block(1, &records(&["a"]));
    let (names, problems) = read(&[&header("null", 5 << 20), &data]);
    assert_eq!((names.as_str(), problems.len()), ("a", 0));
    let (_, problems) = read(&[&header("null", 17 << 20), &data]);
    assert!(problems[0].starts_with("its schema can't be read"));
}
