//! Whoever decodes its parts, an input becomes the same bytes, and ends with an error where it is damaged.

use std::io::{Read, Write};

use super::*;
use crate::input::Bytes;

/// Lines that no two parts share.
fn lines(count: u64) -> Vec<u8> {
    let line = |number: u64| {
        let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        format!("{number},{mixed:011},row {}\n", mixed % 97)
    };
    (0..count)
        .flat_map(|number| line(number).into_bytes())
        .collect()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ::bzip2::write::BzEncoder::new(Vec::new(), ::bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// As `xz -T` does: blocks say what they take and become. They are made of streams of one block that doesn't.
fn xz(bytes: &[u8]) -> Vec<u8> {
    let sum = |bytes: &[u8]| {
        let mut sum = flate2::Crc::new();
        sum.update(bytes);
        sum.sum().to_le_bytes()
    };
    let number = |mut value: usize| {
        let mut bytes = Vec::new();
        while value >= 0x80 {
            bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        [&bytes[..], &[value as u8]].concat()
    };
    let (mut all, mut records) = (Vec::new(), Vec::new());
    let mut count = 0;
    for plain in bytes.chunks(150_000) {
        let options = lzma_rust2::XzOptions::with_preset(0);
        let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
        encoder.write_all(plain).unwrap();
        let stream = encoder.finish().unwrap();
        if all.is_empty() {
            all.extend_from_slice(&stream[..12]);
        }
        let footer = stream.len() - 12;
        let quarters = u32::from_le_bytes(stream[footer + 4..footer + 8].try_into().unwrap());
        let index = footer - (quarters as usize + 1) * 4;
        let block = &stream[12..index];
        let header = (usize::from(block[0]) + 1) * 4;
        let (check, filter, packed) = (8, &block[2..5], &block[header..]);
        let is_unpadded = |len: &usize| stream[index + 2..].starts_with(&number(*len));
        let unpadded = (block.len() - 3..=block.len()).find(is_unpadded).unwrap();
        let len = unpadded - header - check;
        // Its sizes follow its flags; behind its filter is padding, and its sum.
        let sizes = [number(len), number(plain.len())].concat();
        let mut new = [&[3, block[1] | 0xc0], &sizes[..], filter].concat();
        new.resize(12, 0);
        new.extend_from_slice(&sum(&new));
        records.extend(number(new.len() + len + check));
        records.extend(number(plain.len()));
        count += 1;
        all.extend_from_slice(&[&new[..], packed].concat());
    }
    let mut index = [&[0, count], &records[..]].concat();
    index.resize(index.len().next_multiple_of(4), 0);
    index.extend_from_slice(&sum(&index));
    let quarters = (index.len() / 4 - 1) as u32;
    let fields = [&quarters.to_le_bytes()[..], &all[6..8]].concat();
    [&all[..], &index, &sum(&fields), &fields, b"YZ"].concat()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let frame = |bytes: &[u8]| ::zstd::encode_all(bytes, 1).unwrap();
    let frames = bytes.chunks(200_000).map(frame);
    let skipped = b"\x50\x2a\x4d\x18\x04\0\0\0pass";
    frames
        .flat_map(|frame| [skipped.to_vec(), frame].concat())
        .collect()
}

/// As `bgzip` does.
fn members(bytes: &[u8]) -> Vec<u8> {
    let member = |bytes: &[u8]| {
        let extra = b"BC\x02\0\0\0".to_vec();
        let builder = flate2::GzBuilder::new().extra(extra);
        let mut encoder = builder.write(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        let mut member = encoder.finish().unwrap();
        let len = u16::try_from(member.len() - 1).unwrap();
        member[16..18].copy_from_slice(&len.to_le_bytes());
        member
    };
    bytes.chunks(60_000).flat_map(member).collect()
}

/// What an input becomes, and whether it ends with an error.
fn read(wrap: &Wrap, body: Body<'_>) -> (Vec<u8>, bool) {
    let mut out = Vec::new();
    let decoded = wrap
        .decoder(body)
        .and_then(|(mut decoder, _)| decoder.read_to_end(&mut out));
    (out, decoded.is_err())
}

fn both_ways(name: &str, bytes: &[u8]) -> (Vec<u8>, bool) {
    let wrap = WRAPS.iter().find(|wrap| wrap.name == name).unwrap();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(3)
        .build()
        .unwrap();
    let blob = Body::Blob(Bytes::copy_from_slice(bytes));
    let ahead = pool.install(|| read(wrap, blob));
    let one = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    let blob = Body::Blob(Bytes::copy_from_slice(bytes));
    assert!(ahead == one.install(|| read(wrap, blob)), "{name}: threads");
    let stream = Body::Stream(Box::new(std::io::Cursor::new(bytes.to_vec())));
    let in_one = read(wrap, stream);
    // Of what stands before the damage, decoders lose what they had for the reader that asked.
    let same = ahead.0.len().min(in_one.0.len());
    assert!(ahead.0[..same] == in_one.0[..same], "{name}");
    assert!(ahead.1 || ahead.0.len() == in_one.0.len(), "{name}");
    assert_eq!(ahead.1, in_one.1, "{name}");
    ahead
}

/// Bytes as an encoder packs them.
type Packed = fn(&[u8]) -> Vec<u8>;
const KINDS: [(&str, Packed); 4] = [
    ("bzip2", bzip2),
    ("xz", xz),
    ("zstd", zstd),
    ("gzip", members),
];

#[test]
fn parts_become_what_the_whole_becomes() {
    let plain = lines(40_000);
    for (name, pack) in KINDS {
        let packed = pack(&plain);
        let wrap = WRAPS.iter().find(|wrap| wrap.name == name).unwrap();
        let mut parts = wrap.parts.unwrap()();
        let mut count = 0;
        while parts.next(&packed).unwrap().is_some() {
            count += 1;
        }
        // BGZF has its short members read by the megabyte.
        assert!(
            count >= if name == "gzip" { 1 } else { 5 },
            "{name}: {count} parts"
        );
        assert!(both_ways(name, &packed) == (plain.clone(), false), "{name}");
        let twice = [&packed[..], &[0; 8], &packed].concat();
        assert!(
            both_ways(name, &twice) == (plain.repeat(2), false),
            "{name} twice"
        );
        let followed = [&packed[..], b"other"].concat();
        assert!(both_ways(name, &followed).1, "{name} and other bytes");
    }
}

#[test]
fn damage_is_seen_whoever_decodes() {
    let plain = lines(12_000);
    for (name, pack) in KINDS {
        let packed = pack(&plain);
        for step in 0..40 {
            let at = packed.len() * step / 40 + 7;
            both_ways(name, &packed[..at.min(packed.len() - 1)]);
            let mut damaged = packed.clone();
            damaged[at] ^= 1 << (step % 8);
            both_ways(name, &damaged);
        }
    }
}

#[test]
fn what_is_longer_than_may_wait_is_decoded_as_it_is_read() {
    let zeros = vec![b'0'; 5 << 20];
    for (name, pack) in [
        ("bzip2", bzip2 as Packed),
        ("zstd", |bytes| ::zstd::encode_all(bytes, 1).unwrap()),
    ] {
        assert!(
            both_ways(name, &pack(&zeros)) == (zeros.clone(), false),
            "{name}"
        );
    }
}

#[test]
fn frames_of_lz4_end_with_their_mark() {
    let plain = lines(20_000);
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    encoder.write_all(&plain).unwrap();
    let packed = encoder.finish().unwrap();
    let unpacked = |packed: &[u8]| {
        let wrap = WRAPS.iter().find(|wrap| wrap.name == "LZ4").unwrap();
        let body = Body::Blob(Bytes::copy_from_slice(packed));
        let (mut decoder, _) = wrap.decoder(body).unwrap();
        let mut all = Vec::new();
        let error = decoder.read_to_end(&mut all).err();
        (all, error.map(|error| error.kind()))
    };
    assert!(unpacked(&packed) == (plain.clone(), None));
    let twice = [&packed[..], &packed].concat();
    assert!(unpacked(&twice) == (plain.repeat(2), None));
    let cut = Some(io::ErrorKind::UnexpectedEof);
    // Right before the mark, within it, and where nothing but the start of a frame is there.
    let end = packed.len() - 4;
    assert!(unpacked(&packed[..end]) == (plain.clone(), cut));
    assert!(unpacked(&packed[..end + 2]) == (plain.clone(), cut));
    for len in [4, 7] {
        assert!(unpacked(&packed[..len]) == (Vec::new(), cut), "{len}");
    }
    // The old format has no mark: blocks with their lengths, up to the end.
    let block = lz4_flex::block::compress(&plain);
    let len = (block.len() as u32).to_le_bytes();
    let old = [b"\x02\x21\x4c\x18", &len[..], &block].concat();
    assert!(unpacked(&old) == (plain, None));
}
