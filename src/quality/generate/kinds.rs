//! What rows of each kind hold, cell by cell.

use super::numbers::{self, Born, two_digits};
use super::rng::Rng;
use super::{Kind, Locale, names};

/// A column: its name in tables, its path in JSON, and what it holds.
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) path: &'static [&'static str],
    pub(super) holds: Holds,
}

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// Values of this detector.
    Detector(&'static str),
    /// The national number of the row's locale.
    National,
    /// Text in which a value stands now and then.
    Text,
    /// Values that only look personal, and why.
    Trap(&'static str),
    /// Nothing personal.
    Plain,
}

const fn column(name: &'static str, path: &'static [&'static str], holds: Holds) -> Column {
    Column { name, path, holds }
}

use Holds::{Detector, National, Plain, Text, Trap};

/// The customer export: some 27 columns, about ten of them personal.
const CRM: &[Column] = &[
    column("id", &["id"], Plain),
    column("salutation", &["salutation"], Plain),
    column("first_name", &["name", "first"], Detector("first-name")),
    column("last_name", &["name", "last"], Detector("last-name")),
    column("email", &["contact", "email"], Detector("email")),
    column("phone", &["contact", "phone"], Detector("phone")),
    column("street", &["address", "street"], Detector("street-address")),
    column(
        "postal_code",
        &["address", "postal_code"],
        Detector("postal-code"),
    ),
    column("city", &["address", "city"], Detector("city")),
    column("birth_date", &["birth_date"], Detector("birth-date")),
    column("national_id", &["national_id"], National),
    column("iban", &["bank", "iban"], Detector("iban")),
    column("email_2", &["contact", "email_2"], Detector("email")),
    column("ip", &["login", "ip"], Detector("ipv4")),
    column("mac", &["login", "mac"], Detector("mac-address")),
    column(
        "order_no",
        &["order", "number"],
        Trap("order numbers of nine digits"),
    ),
    column("customer_no", &["customer_no"], Trap("customer numbers")),
    column("kvk", &["company", "kvk"], Trap("numbers of companies")),
    column("amount", &["order", "amount"], Plain),
    column("created", &["created"], Trap("time stamps")),
    column("newsletter", &["newsletter"], Plain),
    column(
        "email_verified",
        &["email_verified"],
        Trap("flags under a telling name"),
    ),
    column(
        "record_guid",
        &["record_guid"],
        Trap("random identifiers of records"),
    ),
    column("product", &["order", "product"], Plain),
    column("ean", &["order", "ean"], Trap("article codes")),
    column("notes", &["notes"], Text),
    column("status", &["status"], Plain),
];

/// The event log: an address in one row of two hundred, nothing else.
const SPARSE: &[Column] = &[
    column("time", &["time"], Trap("time stamps")),
    column("level", &["level"], Plain),
    column("trace", &["trace"], Trap("random identifiers of requests")),
    column("path", &["path"], Plain),
    column("bytes", &["bytes"], Trap("sizes")),
    column("millis", &["millis"], Plain),
    column("hash", &["hash"], Trap("hashes")),
    column("message", &["message"], Text),
];

/// Only what looks personal and isn't.
const NONE: &[Column] = &[
    column(
        "order_no",
        &["order_no"],
        Trap("order numbers of nine digits"),
    ),
    column("ean", &["ean"], Trap("article codes")),
    column("isbn", &["isbn"], Trap("book numbers")),
    column("version", &["version"], Trap("versions of four parts")),
    column("epoch_ms", &["epoch_ms"], Trap("milliseconds since 1970")),
    column("latitude", &["latitude"], Trap("decimals of places")),
    column("sha256", &["sha256"], Trap("hashes")),
    column("amount", &["amount"], Plain),
    column(
        "email_opt_in",
        &["email_opt_in"],
        Trap("flags under a telling name"),
    ),
    column(
        "phone_type",
        &["phone_type"],
        Trap("words under a telling name"),
    ),
    column("product_name", &["product_name"], Trap("names of products")),
];

/// Text lines: their one column has no name.
const LINES: &[Column] = &[column("text", &["text"], Text)];

/// The columns of a kind.
pub(super) fn columns(kind: Kind) -> &'static [Column] {
    match kind {
        Kind::Crm => CRM,
        Kind::Sparse => SPARSE,
        Kind::None => NONE,
        Kind::Log | Kind::Tickets => LINES,
    }
}

/// A row under construction: cells one behind the other, and what stands in those that are text.
#[derive(Default)]
pub(super) struct Row {
    pub(super) bytes: Vec<u8>,
    pub(super) ends: Vec<usize>,
    /// Cell and detector of what stands in texts.
    pub(super) inside: Vec<(usize, &'static str)>,
    pub(super) locale: Locale,
}

impl Row {
    pub(super) fn cells(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, &end)| &self.bytes[start..end])
    }

    fn end_cell(&mut self) {
        self.ends.push(self.bytes.len());
    }

    fn cell(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.end_cell();
    }

    fn number(&mut self, value: u64) {
        let mut buffer = itoa::Buffer::new();
        self.bytes
            .extend_from_slice(buffer.format(value).as_bytes());
    }

    fn hex(&mut self, count: usize, rng: &mut Rng) {
        for _ in 0..count {
            self.bytes.push(b"0123456789abcdef"[rng.below(16) as usize]);
        }
    }

    fn uuid(&mut self, rng: &mut Rng) {
        for (at, count) in [8, 4, 3, 3, 12].into_iter().enumerate() {
            if at > 0 {
                self.bytes.push(b'-');
            }
            match at {
                2 => self.bytes.push(b'4'),
                3 => self.bytes.push(rng.pick(b"89ab")),
                _ => {}
            }
            self.hex(count, rng);
        }
    }

    fn time(&mut self, rng: &mut Rng) {
        self.number(rng.between(2019, 2026));
        for (separator, from, to) in [
            (b'-', 1, 12),
            (b'-', 1, 28),
            (b'T', 0, 23),
            (b':', 0, 59),
            (b':', 0, 59),
        ] {
            self.bytes.push(separator);
            two_digits(rng.between(from, to) as u32, &mut self.bytes);
        }
        self.bytes.push(b'Z');
    }

    fn ip(&mut self, rng: &mut Rng) {
        for part in 0..4 {
            if part > 0 {
                self.bytes.push(b'.');
            }
            self.number(if part == 0 {
                rng.between(11, 126)
            } else {
                rng.between(1, 254)
            });
        }
    }

    /// A mail domain that is nobody's.
    fn domain(&mut self, rng: &mut Rng) {
        self.bytes.extend_from_slice(
            rng.pick(&["kantoor-", "post", "mail.", "web", "team-"])
                .as_bytes(),
        );
        self.bytes.extend_from_slice(
            rng.pick(&[
                "vendora",
                "luxterra",
                "noorderling",
                "quadrimex",
                "zilverstroom",
            ])
            .as_bytes(),
        );
        self.bytes.extend_from_slice(
            rng.pick(&["-klanten.nl", ".nl", ".com", "-groep.be", ".de", ".eu"])
                .as_bytes(),
        );
    }

    fn email(&mut self, first: &[u8], last: &[u8], rng: &mut Rng) {
        let plain = |part: &[u8], out: &mut Vec<u8>| {
            out.extend(
                part.iter()
                    .filter(|byte| byte.is_ascii_alphabetic())
                    .map(u8::to_ascii_lowercase),
            );
        };
        plain(first, &mut self.bytes);
        self.bytes.push(rng.pick(b".._-"));
        plain(last, &mut self.bytes);
        if rng.once_in(3) {
            self.number(rng.between(1, 99));
        }
        self.bytes.push(b'@');
        self.domain(rng);
    }
}

/// Fills a row.
pub(super) fn fill(kind: Kind, number: u64, seed: u64, locales: &[Locale], row: &mut Row) {
    row.bytes.clear();
    row.ends.clear();
    row.inside.clear();
    let rng = &mut Rng::new(seed, number);
    row.locale = rng.pick(locales);
    match kind {
        Kind::Crm => crm(number, rng, row),
        Kind::Sparse => sparse(rng, row),
        Kind::None => none(rng, row),
        Kind::Log => log(rng, row),
        Kind::Tickets => ticket(rng, row),
    }
}

fn crm(number: u64, rng: &mut Rng, row: &mut Row) {
    let locale = row.locale;
    row.number(number + 1);
    row.end_cell();
    row.cell(rng.pick(&["Dhr.", "Mevr.", "Mx."]).as_bytes());
    let (mut first, mut last) = (Vec::with_capacity(24), Vec::with_capacity(32));
    names::given(rng, &mut first);
    names::family(locale, rng, &mut last);
    row.cell(&first);
    row.cell(&last);
    row.email(&first, &last, rng);
    row.end_cell();
    numbers::phone(locale, rng, &mut row.bytes);
    row.end_cell();
    names::street(locale, rng, &mut row.bytes);
    row.bytes.push(b' ');
    row.number(rng.between(1, 320));
    row.end_cell();
    numbers::postal_code(locale, rng, &mut row.bytes);
    row.end_cell();
    names::town(rng, &mut row.bytes);
    row.end_cell();
    let born = Born::new(rng);
    row.number(u64::from(born.year));
    row.bytes.push(b'-');
    two_digits(born.month, &mut row.bytes);
    row.bytes.push(b'-');
    two_digits(born.day, &mut row.bytes);
    row.end_cell();
    numbers::national(locale, born, rng, &mut row.bytes);
    row.end_cell();
    numbers::iban(locale, rng, &mut row.bytes);
    row.end_cell();
    row.email(&last, &first, rng);
    row.end_cell();
    row.ip(rng);
    row.end_cell();
    row.bytes
        .extend_from_slice(rng.pick(&["3c:22:fb", "a4:83:e7", "f0:18:98"]).as_bytes());
    for _ in 0..3 {
        row.bytes.push(b':');
        row.hex(2, rng);
    }
    row.end_cell();
    look_alikes(number, rng, row);
    notes(&first, &last, rng, row);
    row.cell(
        rng.pick(&["active", "closed", "prospect", "archived"])
            .as_bytes(),
    );
}

fn look_alikes(number: u64, rng: &mut Rng, row: &mut Row) {
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

fn ean(rng: &mut Rng, row: &mut Row) {
    let start = row.bytes.len();
    row.bytes.extend_from_slice(b"87");
    rng.digits(10, &mut row.bytes);
    let sum: u32 = row.bytes[start..]
        .iter()
        .zip([1, 3].into_iter().cycle())
        .map(|(b, w)| u32::from(b - b'0') * w)
        .sum();
    row.bytes.push(b'0' + ((10 - sum % 10) % 10) as u8);
}

/// A note of a colleague: nine in ten hold nothing.
fn notes(first: &[u8], last: &[u8], rng: &mut Rng, row: &mut Row) {
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

fn sparse(rng: &mut Rng, row: &mut Row) {
    row.time(rng);
    row.end_cell();
    row.cell(rng.pick(&["INFO", "WARN", "DEBUG", "ERROR"]).as_bytes());
    row.uuid(rng);
    row.end_cell();
    row.bytes.extend_from_slice(b"/api/v2/");
    row.bytes.extend_from_slice(
        rng.pick(&["orders", "invoices", "catalogue/items", "stock/levels"])
            .as_bytes(),
    );
    row.bytes.push(b'/');
    row.number(rng.below(100_000));
    row.end_cell();
    row.number(rng.below(2_000_000));
    row.end_cell();
    row.number(rng.below(4_000));
    row.end_cell();
    row.hex(40, rng);
    row.end_cell();
    let at = row.ends.len();
    if rng.once_in(200) {
        row.bytes.extend_from_slice(b"password reset requested by ");
        row.email(b"user", b"account", rng);
        row.inside.push((at, "email"));
    } else {
        row.bytes.extend_from_slice(
            rng.pick(&[
                "request handled in time, cache hit on second lookup",
                "queue drained by worker and acknowledged upstream",
                "stock level unchanged since the last inventory run",
            ])
            .as_bytes(),
        );
    }
    row.end_cell();
}

fn none(rng: &mut Rng, row: &mut Row) {
    row.number(rng.between(100_000_000, 999_999_999));
    row.end_cell();
    ean(rng, row);
    row.end_cell();
    row.bytes.extend_from_slice(b"978-90-");
    rng.digits(4, &mut row.bytes);
    row.bytes.push(b'-');
    rng.digits(3, &mut row.bytes);
    row.bytes.push(b'-');
    rng.digits(1, &mut row.bytes);
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

/// A line of a web server's log, combined format.
fn log(rng: &mut Rng, row: &mut Row) {
    row.ip(rng);
    row.inside.push((0, "ipv4"));
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
fn ticket(rng: &mut Rng, row: &mut Row) {
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
