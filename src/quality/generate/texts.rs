//! Running text: notes, tickets and logs, in which a value stands now and then.

use super::Locale;
use super::names;
use super::numbers::{self, Born, two_digits};
use super::rng::Rng;
use super::row::Row;

/// A note of a colleague: nine in ten hold nothing.
pub(super) fn notes(first: &[u8], last: &[u8], rng: &mut Rng, row: &mut Row) {
    const TALK: &[&str] = &[
        "Called about the delivery, wants to be called back in the morning after nine; left a message with the front desk twice",
        "Vraagt om een nieuwe factuur, het bedrag klopt niet volgens de administratie en de levering was een week te laat",
        "Kunde wartet auf die Lieferung und bittet um eine kurze Bestätigung der neuen Bestellung vom letzten Monat",
        "Asked for a \"gift wrapping\", said the last order came without and that the box was damaged at one corner",
    ];
    row.bytes.extend_from_slice(rng.pick(TALK).as_bytes());
    let at = row.ends.len();
    match rng.below(40) {
        0 => {
            row.bytes.extend_from_slice(b". New address: ");
            row.email(first, last, rng);
            row.inside.push((at, "email"));
        }
        1 => {
            row.bytes.extend_from_slice(b".\nBelt liever op ");
            row.bytes.extend_from_slice(b"+31 6 2");
            rng.digits(7, &mut row.bytes);
            row.inside.push((at, "phone"));
        }
        2 => {
            row.bytes.extend_from_slice(b", rekening ");
            numbers::iban(Locale::Nl, rng, &mut row.bytes);
            row.inside.push((at, "iban"));
        }
        3 => {
            row.bytes.extend_from_slice(b", paid by card ");
            numbers::card(rng, &mut row.bytes);
            row.inside.push((at, "credit-card"));
        }
        4 => {
            row.bytes.extend_from_slice(b", device IMEI ");
            numbers::imei(rng, &mut row.bytes);
            row.inside.push((at, "imei"));
        }
        _ => {}
    }
    row.end_cell();
}

/// A line of a web server's log, combined format.
pub(super) fn log(rng: &mut Rng, row: &mut Row) {
    row.ip(rng);
    row.inside.push((0, "ipv4"));
    row.inside.push((0, "user-agent"));
    row.bytes.extend_from_slice(b" - - [");
    two_digits(rng.between(1, 28) as u32, &mut row.bytes);
    row.bytes.extend_from_slice(b"/Mar/2026:");
    two_digits(rng.between(0, 23) as u32, &mut row.bytes);
    row.bytes
        .extend_from_slice(b":17:05 +0100] \"GET /shop/item/");
    row.number(rng.below(90_000));
    row.bytes.extend_from_slice(b" HTTP/1.1\" 200 ");
    row.number(rng.below(60_000));
    row.bytes.extend_from_slice(
        b" \"-\" \"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\"",
    );
    row.end_cell();
}

/// A sentence of a customer, in Dutch, English or German.
pub(super) fn ticket(rng: &mut Rng, row: &mut Row) {
    let (mut first, mut last) = (Vec::new(), Vec::new());
    names::given(rng, &mut first);
    names::family(row.locale, rng, &mut last);
    match rng.below(6) {
        0 => {
            row.bytes.extend_from_slice(b"Goedemorgen, mijn BSN is ");
            numbers::national(Locale::Nl, Born::new(rng), rng, &mut row.bytes);
            row.bytes.extend_from_slice(b", kunt u dat controleren?");
            row.inside.push((0, "nl-bsn"));
        }
        1 => {
            row.bytes.extend_from_slice(b"Please send the invoice to ");
            row.email(&first, &last, rng);
            row.bytes.extend_from_slice(b", thank you.");
            row.inside.push((0, "email"));
        }
        2 => {
            row.bytes
                .extend_from_slice("Bitte überweisen Sie auf das Konto ".as_bytes());
            numbers::iban(Locale::De, rng, &mut row.bytes);
            row.bytes.push(b'.');
            row.inside.push((0, "iban"));
        }
        3 => {
            row.bytes.extend_from_slice(b"U kunt mij bellen op +31 6 2");
            rng.digits(7, &mut row.bytes);
            row.bytes.extend_from_slice(b" na vier uur.");
            row.inside.push((0, "phone"));
        }
        4 => {
            row.bytes.extend_from_slice(b"My order ");
            row.number(rng.between(100_000_000, 999_999_999));
            row.bytes
                .extend_from_slice(b" has not arrived, it was due last week.");
        }
        _ => row
            .bytes
            .extend_from_slice(b"De levering was op tijd, maar de doos was beschadigd."),
    }
    row.end_cell();
}
