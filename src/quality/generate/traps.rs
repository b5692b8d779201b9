//! What looks personal and isn't: numbers of orders, articles, books and companies, versions, times and hashes.

use super::rng::Rng;
use super::row::Row;

pub(super) fn look_alikes(number: u64, rng: &mut Rng, row: &mut Row) {
    row.number(100_000_000 + (number * 37 + 11) % 899_999_999);
    row.end_cell();
    row.bytes.extend_from_slice(b"K-");
    row.number(rng.between(10_000, 99_999));
    row.end_cell();
    row.number(rng.between(10_000_000, 99_999_999));
    row.end_cell();
    row.number(rng.between(1, 4_000));
    row.bytes.push(b'.');
    rng.digits(2, &mut row.bytes);
    row.end_cell();
    row.time(rng);
    row.end_cell();
    row.cell(rng.pick(&["true", "false"]).as_bytes());
    row.cell(rng.pick(&["0", "1"]).as_bytes());
    row.uuid(rng);
    row.end_cell();
    row.cell(
        rng.pick(&[
            "Garden chair oak",
            "Desk lamp, brass",
            "Rain barrel 200 l",
            "Tool box \"Pro\"",
            "Hanging basket",
        ])
        .as_bytes(),
    );
    ean(rng, row);
    row.end_cell();
}

pub(super) fn ean(rng: &mut Rng, row: &mut Row) {
    let start = row.bytes.len();
    row.bytes.extend_from_slice(b"87");
    rng.digits(10, &mut row.bytes);
    row.bytes.push(b'0');
    end_gtin(start, row);
}

/// Makes the last digit of a GTIN, which starts at `start`, its check digit; hyphens don't count. An ISBN of thirteen digits is
/// one, too.
pub(super) fn end_gtin(start: usize, row: &mut Row) {
    row.bytes.pop();
    let digits = row.bytes[start..].iter().filter(|byte| **byte != b'-');
    let weighted = digits.zip([1, 3].into_iter().cycle());
    let sum: u32 = weighted.map(|(b, w)| u32::from(b - b'0') * w).sum();
    row.bytes.push(b'0' + ((10 - sum % 10) % 10) as u8);
}

pub(super) fn none(rng: &mut Rng, row: &mut Row) {
    row.number(rng.between(100_000_000, 999_999_999));
    row.end_cell();
    ean(rng, row);
    row.end_cell();
    let start = row.bytes.len();
    row.bytes.extend_from_slice(b"978-90-");
    rng.digits(4, &mut row.bytes);
    row.bytes.push(b'-');
    rng.digits(3, &mut row.bytes);
    row.bytes.push(b'-');
    rng.digits(1, &mut row.bytes);
    end_gtin(start, row);
    row.end_cell();
    for (at, most) in [9, 20, 9, 400].into_iter().enumerate() {
        if at > 0 {
            row.bytes.push(b'.');
        }
        row.number(rng.below(most) + u64::from(at == 0));
    }
    row.end_cell();
    row.number(rng.between(1_600_000_000_000, 1_790_000_000_000));
    row.end_cell();
    row.number(rng.between(50, 53));
    row.bytes.push(b'.');
    rng.digits(9, &mut row.bytes);
    row.end_cell();
    row.hex(64, rng);
    row.end_cell();
    row.number(rng.below(9_999));
    row.bytes.push(b',');
    rng.digits(2, &mut row.bytes);
    row.end_cell();
    row.cell(rng.pick(&["0", "1"]).as_bytes());
    row.cell(rng.pick(&["home", "work", "mobile"]).as_bytes());
    row.cell(
        rng.pick(&[
            "Garden chair oak",
            "Desk lamp brass",
            "Rain barrel",
            "Tool box",
        ])
        .as_bytes(),
    );
}
