//! Hostile input, made here: bombs, archives that lie, names that attack, and folders that hold no files. Whatever it is, the
//! scan ends, says what it could not read, and reads all else.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod common;

use std::io::{self, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use common::{of_type, records, scan_of, write};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use serde_json::Value;
use speur::input::Limits;

const CSV: &[u8] =
    b"id,email\n1,jor@postluxterra.nl\n2,mir@postluxterra.nl\n3,tal@postluxterra.nl\n";

/// A member of a zip: its name, its method, its stored bytes and what it claims to unpack to.
struct Entry {
    name: Vec<u8>,
    method: u16,
    stored: Vec<u8>,
    size: u32,
}

fn stored(name: &str, bytes: &[u8]) -> Entry {
    Entry {
        name: name.into(),
        method: 0,
        stored: bytes.to_vec(),
        size: bytes.len() as u32,
    }
}

fn zip(entries: &[Entry]) -> Vec<u8> {
    let (mut zip, mut index) = (Vec::new(), Vec::new());
    for entry in entries {
        let at = zip.len() as u32;
        let mut fields = Vec::new();
        for number in [20, 0, entry.method, 0, 0x21] {
            fields.extend_from_slice(&u16::to_le_bytes(number));
        }
        let mut crc = flate2::Crc::new();
        if entry.method == 0 {
            crc.update(&entry.stored);
        }
        for number in [crc.sum(), entry.stored.len() as u32, entry.size] {
            fields.extend_from_slice(&number.to_le_bytes());
        }
        fields.extend_from_slice(&(entry.name.len() as u16).to_le_bytes());
        fields.extend_from_slice(&[0, 0]);
        zip.extend_from_slice(b"PK\x03\x04");
        zip.extend_from_slice(&fields);
        zip.extend_from_slice(&entry.name);
        zip.extend_from_slice(&entry.stored);
        index.extend_from_slice(b"PK\x01\x02\x14\0");
        index.extend_from_slice(&fields);
        index.extend_from_slice(&[0; 10]);
        index.extend_from_slice(&at.to_le_bytes());
        index.extend_from_slice(&entry.name);
    }
    let start = zip.len() as u32;
    zip.extend_from_slice(&index);
    zip.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    zip.extend_from_slice(&[(entries.len() as u16).to_le_bytes(); 2].concat());
    zip.extend_from_slice(&(index.len() as u32).to_le_bytes());
    zip.extend_from_slice(&start.to_le_bytes());
    zip.extend_from_slice(&[0, 0]);
    zip
}

/// Scans files in a folder with small limits; the `file` records. It may not take longer than a minute.
fn scanned(files: &[(&str, Vec<u8>)]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        write(folder.path(), name, bytes);
    }
    let started = Instant::now();
    let mut scan = scan_of(&[folder.path()]);
    scan.read.limits = Limits {
        depth: 8,
        expansion: 400 << 20,
        ratio: 500,
        memory: 64 << 20,
    };
    let records = records(&scan);
    assert!(
        started.elapsed() < Duration::from_mins(1),
        "it takes too long"
    );
    of_type(&records, "file").into_iter().cloned().collect()
}

fn reason(record: &Value) -> &str {
    record["reason"].as_str().unwrap_or_default()
}

/// The record of a file or member.
fn of<'r>(records: &'r [Value], file: &str, member: Option<&str>) -> &'r Value {
    records
        .iter()
        .find(|record| {
            record["file"]
                .as_str()
                .is_some_and(|path| path.ends_with(file))
                && record["member"].as_str() == member
        })
        .unwrap_or_else(|| panic!("{file} {member:?} has a record"))
}

fn zeros(mut to: impl Write, megabytes: usize) {
    let block = vec![0; 1 << 20];
    for _ in 0..megabytes {
        to.write_all(&block).unwrap();
    }
}

/// Zeros behind a line of text, in every codec with an encoder at hand: 300 MB each, as the limit of one ratio or the other
/// ends them.
#[test]
fn zeros_without_end_are_cut() {
    let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
    zeros(&mut gz, 300);
    let mut zst = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    zeros(&mut zst, 300);
    let mut bz2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    zeros(&mut bz2, 100);
    let mut lz4 = lz4_flex::frame::FrameEncoder::new(Vec::new());
    zeros(&mut lz4, 300);
    let mut deflated = DeflateEncoder::new(Vec::new(), Compression::fast());
    zeros(&mut deflated, 300);
    let member = Entry {
        name: b"zeros.csv".to_vec(),
        method: 8,
        stored: deflated.finish().unwrap(),
        size: 300 << 20,
    };
    let files = [
        ("a.csv.zst", zst.finish().unwrap()),
        ("b.csv.bz2", bz2.finish().unwrap()),
        ("c.zip", zip(&[member, stored("d.csv", CSV)])),
        ("e.csv.gz", gz.finish().unwrap()),
        ("f.csv.lz4", lz4.finish().unwrap()),
        ("g.csv", CSV.to_vec()),
    ];
    let records = scanned(&files);
    assert_eq!(records.len(), 8);
    assert_eq!(of(&records, "g.csv", None)["findings"], 3);
    assert_eq!(of(&records, "c.zip", Some("d.csv"))["findings"], 3);
}

/// Text that repeats is read up to the bound, and says which option raises it.
#[test]
fn what_expands_too_much_says_which_option_raises_the_bound() {
    let mut line = b"1,jor@postluxterra.nl\n".repeat(100);
    line.extend_from_slice(&b"1,\n".repeat(200_000));
    line.truncate(1 << 19);
    let mut zst = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
    zst.write_all(b"id,email\n").unwrap();
    for _ in 0..400 {
        zst.write_all(&line).unwrap();
    }
    let records = scanned(&[("rows.csv.zst", zst.finish().unwrap())]);
    assert_eq!(records[0]["status"], "partial");
    assert!(
        reason(&records[0]).contains("raise --max-ratio"),
        "{records:?}"
    );
    assert!(records[0]["findings"].as_u64().unwrap() > 1000);
}

#[test]
fn archives_in_archives_end_at_the_depth() {
    let mut inner = zip(&[stored("people.csv", CSV)]);
    for _ in 0..40 {
        inner = zip(&[stored("inner.zip", &inner), stored("beside.csv", CSV)]);
    }
    let records = scanned(&[("nested.zip", inner)]);
    let deep = records
        .iter()
        .filter(|record| reason(record).contains("--max-depth"));
    assert_eq!(deep.count(), 2, "the members of the eighth archive");
    assert_eq!(
        records
            .iter()
            .filter(|record| record["findings"] == 3)
            .count(),
        8
    );
}

/// The zip that holds itself, as near as makes no difference: a member whose bytes are the archive that holds it.
#[test]
fn an_archive_that_holds_itself_ends() {
    let mut zip = zip(&[stored("r.zip", b""), stored("people.csv", CSV)]);
    let index = zip
        .windows(4)
        .position(|four| four == b"PK\x01\x02")
        .unwrap();
    let len = zip.len() as u32;
    // The first member starts 36 bytes before its bytes; let those be all of the archive but what can't be.
    zip[index + 20..index + 24].copy_from_slice(&(len - 36).to_le_bytes());
    zip[index + 24..index + 28].copy_from_slice(&(len - 36).to_le_bytes());
    let records = scanned(&[("quine.zip", zip)]);
    assert!(records.len() < 60, "{}", records.len());
    assert_eq!(of(&records, "quine.zip", Some("people.csv"))["findings"], 3);
}

#[test]
fn members_that_overlap_share_the_bound() {
    let mut kernel = DeflateEncoder::new(Vec::new(), Compression::fast());
    zeros(&mut kernel, 60);
    let kernel = kernel.finish().unwrap();
    let one = Entry {
        name: b"k".to_vec(),
        method: 8,
        stored: kernel,
        size: 60 << 20,
    };
    let mut archive = zip(&[one]);
    let index = archive
        .windows(4)
        .position(|four| four == b"PK\x01\x02")
        .unwrap();
    let end = archive.len() - 22;
    let entry = archive[index..end].to_vec();
    let tail = archive.split_off(end);
    for _ in 1..200 {
        archive.extend_from_slice(&entry);
    }
    let size = (archive.len() - index) as u32;
    archive.extend_from_slice(&tail);
    let at = archive.len() - 22;
    archive[at + 8..at + 12].copy_from_slice(&[200, 0, 200, 0]);
    archive[at + 12..at + 16].copy_from_slice(&size.to_le_bytes());
    let records = scanned(&[("overlap.zip", archive)]);
    assert_eq!(records.len(), 201);
}

/// A member of a few bytes that becomes 100 MB, and claims to be packed in 50: what counts is what there is of it.
#[test]
fn a_size_that_an_entry_claims_counts_for_nothing() {
    let mut kernel = DeflateEncoder::new(Vec::new(), Compression::best());
    io::copy(&mut io::repeat(b'a').take(100 << 20), &mut kernel).unwrap();
    let mut archive = zip(&[Entry {
        name: b"k".to_vec(),
        method: 8,
        stored: kernel.finish().unwrap(),
        size: 100 << 20,
    }]);
    let index = archive
        .windows(4)
        .position(|four| four == b"PK\x01\x02")
        .unwrap();
    // Its packed size, in the index: with that, 100 MB would be little.
    archive[index + 20..index + 24].copy_from_slice(&(50_u32 << 20).to_le_bytes());
    let records = scanned(&[("claims.zip", archive)]);
    let member = of(&records, "claims.zip", Some("k"));
    assert!(reason(member).contains("--max-ratio"), "{member}");
}

/// A header of as many columns as it has bytes.
#[test]
fn columns_beyond_the_hundred_thousandth_share_one() {
    let mut csv = b"e".to_vec();
    for _ in 1..300_000 {
        csv.extend_from_slice(b",e");
    }
    csv.push(b'\n');
    for name in ["jor", "mir", "tal"] {
        csv.extend_from_slice(&b",".repeat(299_999));
        csv.extend_from_slice(format!("{name}@postluxterra.nl\n").as_bytes());
    }
    let records = scanned(&[("wide.csv", csv)]);
    let file = of(&records, "wide.csv", None);
    assert_eq!(
        (&file["status"], &file["records"], &file["findings"]),
        (&"scanned".into(), &3.into(), &3.into()),
        "{file}"
    );
}

/// A database of two pages of 512 bytes, and on the second as many rows, all of which lie in the same place.
fn overlapping_rows(count: u16) -> Vec<u8> {
    // A record: the length of its head, the kind of each column, and the columns.
    let row = |columns: &[&[u8]]| {
        let mut record = vec![columns.len() as u8 + 1];
        for column in columns {
            record.push(if column.len() == 1 {
                1
            } else {
                column.len() as u8 * 2 + 13
            });
        }
        record.extend_from_slice(&columns.concat());
        [&[record.len() as u8, 1][..], &record].concat()
    };
    // A leaf whose rows start at `head`.
    let leaf = |page: &mut [u8], head: usize, count: u16, cell: &[u8]| {
        let at = page.len() - cell.len();
        page[at..].copy_from_slice(cell);
        page[head] = 0x0d;
        page[head + 3..head + 5].copy_from_slice(&count.to_be_bytes());
        page[head + 5..head + 7].copy_from_slice(&(at as u16).to_be_bytes());
        for number in 0..usize::from(count) {
            let pointer = head + 8 + 2 * number;
            page[pointer..pointer + 2].copy_from_slice(&(at as u16).to_be_bytes());
        }
    };
    let mut first = vec![0; 512];
    first[..16].copy_from_slice(b"SQLite format 3\0");
    first[16..24].copy_from_slice(&[2, 0, 1, 1, 0, 64, 32, 32]);
    // Two pages, a schema of the fourth kind, UTF-8.
    (first[31], first[47], first[59]) = (2, 4, 1);
    let table: [&[u8]; 5] = [
        b"table",
        b"people",
        b"people",
        &[2],
        b"CREATE TABLE people (email)",
    ];
    leaf(&mut first, 100, 1, &row(&table));
    let mut second = vec![0; 512];
    leaf(&mut second, 0, count, &row(&[b"jor@postluxterra.nl"]));
    [first, second].concat()
}

#[test]
fn rows_that_lie_in_the_same_place_are_no_more_than_their_page_holds() {
    let records = scanned(&[
        ("one.db", overlapping_rows(1)),
        ("many.db", overlapping_rows(200)),
    ]);
    assert_eq!(of(&records, "one.db", None)["status"], "scanned");
    assert_eq!(of(&records, "one.db", None)["records"], 1);
    let many = of(&records, "many.db", None);
    assert_eq!(many["status"], "partial", "{many}");
    assert!(many["records"].as_u64().unwrap() <= 200);
    let found = many["findings"].as_u64().unwrap();
    assert!((1..=512 / 19).contains(&found), "{found}");
}

#[test]
fn a_hundred_thousand_members_are_all_read() {
    let entries: Vec<Entry> = (0..100_000)
        .map(|n| stored(&format!("{n}.csv"), b"id,n\n1,2\n"))
        .collect();
    let mut archive = zip(&entries);
    let at = archive.len() - 22;
    archive[at + 8..at + 12].copy_from_slice(&[0xa0, 0x86, 0xa0, 0x86]);
    let records = scanned(&[("many.zip", archive)]);
    assert_eq!(records.len(), 100_001);
    assert!(records.iter().all(|record| record["status"] == "scanned"));
}

/// Counts, sizes and places that can't be true, one field after the other.
#[test]
fn numbers_that_lie_do_no_harm() {
    let honest = zip(&[stored("a.csv", CSV), stored("b.csv", CSV)]);
    let index = honest
        .windows(4)
        .position(|four| four == b"PK\x01\x02")
        .unwrap();
    let end = honest.len() - 22;
    let fields = [
        index + 20,
        index + 24,
        index + 28,
        index + 42,
        end + 8,
        end + 12,
        end + 16,
        18,
        26,
    ];
    let mut files = Vec::new();
    for at in fields {
        for value in [0, 1, 0x7fff_ffff, u32::MAX] {
            let mut lying = honest.clone();
            lying[at..at + 4].copy_from_slice(&value.to_le_bytes());
            files.push((format!("{at}-{value}.zip"), lying));
        }
    }
    let named: Vec<(&str, Vec<u8>)> = files
        .iter()
        .map(|(name, zip)| (name.as_str(), zip.clone()))
        .collect();
    let records = scanned(&named);
    let own = records.iter().filter(|record| record["member"].is_null());
    assert_eq!(own.count(), files.len());
    let found = records
        .iter()
        .filter(|record| record["findings"] == 3)
        .count();
    assert!(
        found >= files.len(),
        "most members are found all the same: {found}"
    );
}

#[test]
fn names_are_shown_and_never_followed() {
    let names = [
        "../../../etc/cron.d/x",
        "/etc/passwd",
        "C:\\x\\y.csv",
        "a\u{202e}gpj.exe",
        "bell\u{7}\n.csv",
        "",
    ];
    let entries: Vec<Entry> = names.iter().map(|name| stored(name, CSV)).collect();
    let records = scanned(&[("names.zip", zip(&entries))]);
    assert_eq!(records.len(), names.len() + 1);
    assert!(
        records[..names.len()]
            .iter()
            .all(|record| record["findings"] == 3)
    );
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_never_opened() {
    let folder = tempfile::tempdir().unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(folder.path().join("pipe"))
        .status();
    assert!(made.is_ok_and(|status| status.success()));
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("device")).unwrap();
    std::os::unix::fs::symlink("loop", folder.path().join("loop")).unwrap();
    std::os::unix::fs::symlink(".", folder.path().join("self")).unwrap();
    write(folder.path(), "people.csv", CSV);
    let mut scan = scan_of(&[folder.path()]);
    scan.walk.follow = true;
    let records = records(&scan);
    let files: Vec<Value> = of_type(&records, "file").into_iter().cloned().collect();
    assert_eq!(files.len(), 6);
    for (name, status, why) in [
        ("/device", "skipped", "device; not opened"),
        ("/pipe", "skipped", "named pipe; not opened"),
        ("/socket", "skipped", "socket; not opened"),
        ("/loop", "failed", "broken symbolic link"),
        ("/self", "skipped", "link to a folder that it lies in"),
        ("/people.csv", "scanned", ""),
    ] {
        let record = of(&files, name, None);
        assert_eq!(record["status"], status, "{name}");
        assert!(reason(record).contains(why), "{name}: {record}");
    }
}

#[cfg(unix)]
#[test]
fn folders_five_hundred_deep_are_walked() {
    let folder = tempfile::tempdir().unwrap();
    let mut deepest = folder.path().to_owned();
    for _ in 0..500 {
        deepest.push("d");
    }
    std::fs::create_dir_all(&deepest).unwrap();
    write(&deepest, "people.csv", CSV);
    let name = std::os::unix::ffi::OsStrExt::from_bytes(b"no-utf8-\xff.csv".as_slice());
    std::fs::write(folder.path().join::<&std::ffi::OsStr>(name), CSV).unwrap();
    let records = records(&scan_of(&[folder.path()]));
    let files = of_type(&records, "file");
    assert_eq!(files.len(), 2);
    assert!(files.iter().all(|record| record["findings"] == 3));
}

/// A file that another program cuts short while it is mapped and read: the scan ends, and the other file is read.
#[test]
fn a_file_cut_short_while_it_is_read_is_partial() {
    let folder = tempfile::tempdir().unwrap();
    let big = write(folder.path(), "a.csv", CSV.repeat(1_000_000));
    write(folder.path(), "b.csv", CSV);
    let progress = speur::scan::Progress::default();
    let scan = scan_of(&[folder.path()]);
    let mut files = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while progress
                .bytes_done
                .load(std::sync::atomic::Ordering::Relaxed)
                < 8 << 20
            {
                std::thread::yield_now();
            }
            std::fs::File::options()
                .write(true)
                .open(&big)
                .unwrap()
                .set_len(1 << 20)
                .unwrap();
        });
        scan.run(&progress, &mut |event| {
            if let speur::event::Event::File(record) = event {
                files.push(serde_json::to_value(record).unwrap());
            }
            Ok(())
        })
        .expect("the scan goes on");
    });
    assert_eq!(of(&files, "a.csv", None)["status"], "partial");
    assert!(reason(of(&files, "a.csv", None)).contains("cut the file short"));
    assert_eq!(of(&files, "b.csv", None)["findings"], 3);
}

/// Standard input and streams of any kind end with the reader, not before.
#[test]
fn a_stream_in_an_archive_is_as_good_as_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let inner = zip(&[stored("people.csv", CSV)]);
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut header = tar::Header::new_gnu();
    header.set_size(inner.len() as u64);
    tar.append_data(
        &mut header,
        "inner.zip",
        io::Cursor::new(&inner).take(u64::MAX),
    )
    .unwrap();
    let path: &Path = folder.path();
    write(
        path,
        "a.tar.gz",
        tar.into_inner().unwrap().finish().unwrap(),
    );
    let records = records(&scan_of(&[path]));
    let files: Vec<Value> = of_type(&records, "file").into_iter().cloned().collect();
    assert_eq!(
        of(&files, "a.tar.gz", Some("inner.zip!/people.csv"))["findings"],
        3
    );
}
