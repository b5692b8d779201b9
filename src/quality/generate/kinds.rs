//! What rows of each kind hold, cell by cell.

use super::catalogue::{CATALOGUE, SCIENCE, catalogue, science};
use super::numbers::{self, Born, two_digits};
use super::rng::Rng;
use super::row::Row;
use super::templates::{code, letter};
use super::texts::{log, notes, ticket};
use super::traps::{look_alikes, none};
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
    /// Values that may count as of this detector, or not: both are right.
    Either(&'static str),
    /// Values that only look personal, and why.
    Trap(&'static str),
    /// Nothing personal.
    Plain,
}

pub(super) const fn column(
    name: &'static str,
    path: &'static [&'static str],
    holds: Holds,
) -> Column {
    Column { name, path, holds }
}

use Holds::{Detector, Either, National, Plain, Text, Trap};

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
    column("kvk", &["company", "kvk"], Either("nl-kvk")),
    column("amount", &["order", "amount"], Plain),
    column("created", &["created"], Trap("time stamps")),
    column("newsletter", &["newsletter"], Either("consent")),
    column(
        "email_verified",
        &["email_verified"],
        Trap("flags under a telling name"),
    ),
    column("record_guid", &["record_guid"], Either("uuid")),
    column("product", &["order", "product"], Plain),
    column("ean", &["order", "ean"], Trap("article codes")),
    column("notes", &["notes"], Text),
    column("status", &["status"], Plain),
];

/// The event log: an address in one row of two hundred, nothing else.
const SPARSE: &[Column] = &[
    column("time", &["time"], Trap("time stamps")),
    column("level", &["level"], Plain),
    column("trace", &["trace"], Either("uuid")),
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
    column("latitude", &["latitude"], Either("coordinates")),
    column("sha256", &["sha256"], Trap("hashes")),
    column("amount", &["amount"], Plain),
    column("email_opt_in", &["email_opt_in"], Either("consent")),
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
        Kind::Catalogue => CATALOGUE,
        Kind::Science => SCIENCE,
        Kind::Log | Kind::Tickets | Kind::Letters | Kind::Code => LINES,
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
        Kind::Letters => letter(rng, row),
        Kind::Catalogue => catalogue(number, rng, row),
        Kind::Science => science(number, rng, row),
        Kind::Code => code(rng, row),
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
