//! Two tables without a person in them: a catalogue of articles and suppliers, and measurements. Their columns have telling
//! names and their values the shapes of personal ones.

use super::kinds::Holds::{Either, Plain, Trap};
use super::kinds::{Column, column};
use super::rng::Rng;
use super::row::Row;
use super::traps::{ean, end_gtin};

/// Articles, and who supplies them.
pub(super) const CATALOGUE: &[Column] = &[
    column(
        "article_no",
        &["article", "number"],
        Trap("article numbers"),
    ),
    column(
        "product_name",
        &["article", "name"],
        Trap("products that are called like people"),
    ),
    column("gtin", &["article", "gtin"], Trap("article codes")),
    column("isbn13", &["article", "isbn"], Trap("book numbers")),
    column("isin", &["isin"], Trap("numbers of securities")),
    column(
        "supplier",
        &["supplier", "name"],
        Trap("companies that are called like people or towns"),
    ),
    column("supplier_kvk", &["supplier", "kvk"], Either("nl-kvk")),
    column(
        "colour",
        &["colour"],
        Trap("words that are towns or names, too"),
    ),
    column(
        "batch",
        &["batch"],
        Trap("batch numbers that begin with a date"),
    ),
    column("firmware", &["firmware"], Trap("versions of four parts")),
    column("serial", &["serial"], Trap("serial numbers of ten digits")),
    column(
        "stock_phone_cases",
        &["stock_phone_cases"],
        Trap("counts under a telling name"),
    ),
    column("released", &["released"], Trap("dates of products")),
    column("weight", &["weight"], Plain),
    column("checksum", &["checksum"], Trap("hashes")),
];

/// Measurements.
pub(super) const SCIENCE: &[Column] = &[
    column("sample", &["sample"], Trap("numbers of samples")),
    column("epoch", &["epoch"], Trap("seconds since 1970")),
    column("ra", &["ra"], Trap("places in the sky")),
    column("dec", &["dec"], Trap("places in the sky")),
    column("flux", &["flux"], Plain),
    column("p_value", &["p_value"], Plain),
    column("gene", &["gene"], Trap("genes")),
    column(
        "genus",
        &["genus"],
        Trap("species that are called like people"),
    ),
    column("mass", &["mass"], Plain),
    column("counts", &["counts"], Trap("counts of nine digits")),
    column("run", &["run"], Trap("random identifiers of runs")),
    column("comment", &["comment"], Plain),
];

const PRODUCTS: &[&str] = &[
    "Billy", "Oscar", "Luna", "Emma", "Max", "Felix", "Nora", "Hugo", "Stella", "Milo", "Ella",
    "Oliver", "Frida",
];
const THINGS: &[&str] = &[
    "",
    " wardrobe",
    " desk",
    " lamp XL",
    " 120x60",
    " (oak)",
    " set of 4",
];
const SUPPLIERS: &[&str] = &[
    "Jansen Metaal BV",
    "De Vries & Zonen",
    "Müller GmbH",
    "Bakker Logistics",
    "Essen Stahl AG",
    "Reading Rooms Ltd",
    "Smith Industries",
    "Van Dijk Boeken",
    "Martin Frères SA",
];
const COLOURS: &[&str] = &[
    "Ruby",
    "Amber",
    "Olive",
    "Rose",
    "Jade",
    "Violet",
    "Bordeaux",
    "Nice blue",
    "Siena",
    "Magenta",
    "Scarlet",
];
const GENES: &[&str] = &["BRCA1", "TP53", "MARCH1", "SEPT2", "DEC1", "ABO", "CFTR"];
const GENERA: &[&str] = &[
    "Victoria",
    "Magnolia",
    "Dahlia",
    "Veronica",
    "Jacaranda",
    "Erica",
    "Iris",
];
const COMMENTS: &[&str] = &[
    "ok",
    "repeat",
    "outlier",
    "see lab book 12, p. 40",
    "calibrated 10:30",
    "",
];

/// Fills a row of [`CATALOGUE`].
pub(super) fn catalogue(number: u64, rng: &mut Rng, row: &mut Row) {
    row.number(40_000_000 + number * 17 % 9_999_999);
    row.end_cell();
    row.bytes.extend_from_slice(rng.pick(PRODUCTS).as_bytes());
    row.cell(rng.pick(THINGS).as_bytes());
    ean(rng, row);
    row.end_cell();
    let start = row.bytes.len();
    row.bytes.extend_from_slice(b"97890");
    rng.digits(8, &mut row.bytes);
    end_gtin(start, row);
    row.end_cell();
    row.bytes
        .extend_from_slice(rng.pick(&["NL", "DE", "US", "FR", "XS"]).as_bytes());
    rng.digits(10, &mut row.bytes);
    row.end_cell();
    row.cell(rng.pick(SUPPLIERS).as_bytes());
    row.number(rng.between(10_000_000, 99_999_999));
    row.end_cell();
    row.cell(rng.pick(COLOURS).as_bytes());
    for (from, to) in [(20, 26), (1, 12), (1, 28)] {
        super::numbers::two_digits(rng.between(from, to) as u32, &mut row.bytes);
    }
    rng.digits(4, &mut row.bytes);
    row.end_cell();
    for part in 0..4 {
        if part > 0 {
            row.bytes.push(b'.');
        }
        row.number(rng.below(if part == 0 { 9 } else { 40 }));
    }
    row.end_cell();
    row.number(rng.between(1_000_000_000, 9_999_999_999));
    row.end_cell();
    row.number(rng.below(500));
    row.end_cell();
    row.time(rng);
    row.end_cell();
    decimal(rng, 90, 3, row);
    row.hex(32, rng);
    row.end_cell();
}

/// Fills a row of [`SCIENCE`].
pub(super) fn science(number: u64, rng: &mut Rng, row: &mut Row) {
    row.bytes.extend_from_slice(b"S");
    row.number(10_000 + number);
    row.end_cell();
    row.number(rng.between(1_600_000_000, 1_790_000_000));
    row.end_cell();
    decimal(rng, 360, 6, row);
    row.bytes.push(rng.pick(b"+-"));
    decimal(rng, 90, 6, row);
    decimal(rng, 1000, 4, row);
    row.bytes.extend_from_slice(b"0.0");
    rng.digits(3, &mut row.bytes);
    row.end_cell();
    row.cell(rng.pick(GENES).as_bytes());
    row.cell(rng.pick(GENERA).as_bytes());
    decimal(rng, 100, 2, row);
    row.number(rng.between(100_000_000, 999_999_999));
    row.end_cell();
    row.uuid(rng);
    row.end_cell();
    row.cell(rng.pick(COMMENTS).as_bytes());
}

/// A cell with a number below `most` and that many decimals.
fn decimal(rng: &mut Rng, most: u64, places: usize, row: &mut Row) {
    row.number(rng.below(most));
    row.bytes.push(b'.');
    rng.digits(places, &mut row.bytes);
    row.end_cell();
}
