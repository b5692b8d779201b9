//! Text from templates: letters, documents and source code. A template is a sentence with values in braces; a new sentence is a
//! line in one of the lists.

use super::Locale;
use super::numbers::{self, Born, two_digits};
use super::rng::Rng;
use super::row::Row;
use super::{local, names};

/// Letters in Dutch.
const DUTCH: &[&str] = &[
    "Geachte heer {family}, uw afspraak op {day} is verplaatst; bel {phone} als dat niet schikt.",
    "Gesproken met mevrouw {person}, geboren {birth}. Zij woont sinds kort aan de {street}.",
    "Het salaris van {person} kan naar {iban}, burgerservicenummer {national}.",
    "{person} heeft gemaild vanaf {email} en vraagt om een nieuwe pas.",
    "Bestelling {order} is verzonden, versie {version} van de handleiding zit in de doos.",
    "De vergadering van {day} gaat niet door, de notulen van vorige keer staan op de schijf.",
    "Artikel {article} is uitverkocht; levering {order} volgt met factuur {invoice}.",
    "Onze leverancier zit in Kapelle en rijdt op maandag, woensdag en vrijdag.",
];

/// Letters in English.
const ENGLISH: &[&str] = &[
    "Dear Mr {family}, please call us on {phone} about your appointment of {day}.",
    "Spoke to Ms {person}, born {birth}, who has moved to {street}.",
    "{person} wrote from {email} and asks for a copy of the contract.",
    "Refund to account {iban}, card {card} was declined twice.",
    "Order {order} left the warehouse, tracking {invoice}, article {article}.",
    "Release {version} fixes the rounding of amounts above 1,000,000 in March and May.",
    "The meeting of {day} in Reading is cancelled, minutes are on the drive.",
    "Will Rose and May prices rise? See chapter 12.4 of the report, page 117.",
];

/// Letters in German.
const GERMAN: &[&str] = &[
    "Sehr geehrter Herr {family}, bitte rufen Sie uns unter {phone} zurück.",
    "Frau {person}, geboren am {birth}, wohnt jetzt in der {street}.",
    "Die Erstattung geht auf das Konto {iban} von {person}.",
    "Anfrage von {email}: die Steuer-ID lautet {national}.",
    "Bestellung {order} wurde versandt, Rechnung {invoice}, Artikel {article}.",
    "Version {version} ist seit dem {day} freigegeben, Prüfsumme {hash}.",
    "Der Termin am {day} in Essen entfällt, das Protokoll liegt auf dem Laufwerk.",
    "Im Mai steigen die Preise für Linden und Rosen um 3,5 Prozent.",
];

/// Source code, which holds nothing.
const CODE: &[&str] = &[
    "const TIMEOUT_MS = {order}; // see RFC 2119, section {version}",
    "    @Override public String toString() {{ return \"v{version}\"; }}",
    "import {{ useState, useEffect }} from 'react@{version}';",
    "if (user.email == null || address.street.isEmpty()) return Status.{upper};",
    "commit {hash}",
    "static final long serialVersionUID = {order}{order}L;",
    "CREATE INDEX idx_person_name ON person (last_name, first_name);",
    "assert_eq!(luhn(\"{order}\"), false);",
    "let mask = 0x{hex} & !(1 << 31); // 10.5 %",
    "    <version>{version}</version> <!-- {day} -->",
    "curl -H 'X-Request: {uuid}' http://localhost:8080/api/v1/items/{invoice}",
    "def birth_date(self): return self._phone or self._iban  # FIXME {invoice}",
];

/// A line of a letter, in a language of the row's country.
pub(super) fn letter(rng: &mut Rng, row: &mut Row) {
    let list = match row.locale {
        Locale::Nl | Locale::Be => DUTCH,
        Locale::De => GERMAN,
        _ => ENGLISH,
    };
    write(rng.pick(list), rng, row);
    row.end_cell();
}

/// A line of source code.
pub(super) fn code(rng: &mut Rng, row: &mut Row) {
    write(rng.pick(CODE), rng, row);
    row.end_cell();
}

/// Appends a template with its values filled in, and notes which of them are personal.
fn write(template: &str, rng: &mut Rng, row: &mut Row) {
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        row.bytes.extend_from_slice(&rest.as_bytes()[..at]);
        rest = &rest[at..];
        if rest.starts_with("{{") || rest.starts_with("}}") {
            row.bytes.push(rest.as_bytes()[0]);
            rest = &rest[2..];
            continue;
        }
        let end = rest.find('}').map_or(rest.len(), |end| end + 1);
        let name = rest[..end].trim_matches(['{', '}']);
        if let Some(detector) = value(name, rng, row) {
            row.inside.push((row.ends.len(), detector));
        }
        rest = &rest[end..];
    }
    row.bytes.extend_from_slice(rest.as_bytes());
}

/// Appends a value of a kind, as a person of a country has it; gives the detector whose value it is.
pub(in crate::quality) fn value_of(
    kind: &str,
    locale: Locale,
    rng: &mut Rng,
    out: &mut Vec<u8>,
) -> &'static str {
    let mut row = Row {
        locale,
        bytes: std::mem::take(out),
        ..Row::default()
    };
    let detector = match kind {
        "credit-card" => value("card", rng, &mut row),
        "street-address" => value("street", rng, &mut row),
        "birth-date" => value("birth", rng, &mut row),
        "person-name" => value("person", rng, &mut row),
        "last-name" => value("family", rng, &mut row).map(|_| "last-name"),
        "first-name" => {
            names::given(rng, &mut row.bytes);
            Some("first-name")
        }
        "city" => {
            names::town(rng, &mut row.bytes);
            Some("city")
        }
        "postal-code" => {
            numbers::postal_code(locale, rng, &mut row.bytes);
            Some(local("postal-code", locale))
        }
        "ipv4" => {
            row.ip(rng);
            Some("ipv4")
        }
        "imei" => {
            numbers::imei(rng, &mut row.bytes);
            Some("imei")
        }
        kind => value(kind, rng, &mut row),
    };
    *out = row.bytes;
    detector.unwrap_or("other")
}

/// Appends a value; gives the detector whose value it is.
fn value(name: &str, rng: &mut Rng, row: &mut Row) -> Option<&'static str> {
    let locale = row.locale;
    match name {
        "person" => {
            names::given(rng, &mut row.bytes);
            row.bytes.push(b' ');
            names::family(locale, rng, &mut row.bytes);
            return Some("person-name");
        }
        "family" => {
            names::family(locale, rng, &mut row.bytes);
            return Some("person-name");
        }
        "email" => {
            let (mut first, mut last) = (Vec::new(), Vec::new());
            names::given(rng, &mut first);
            names::family(locale, rng, &mut last);
            row.email(&first, &last, rng);
            return Some("email");
        }
        "phone" => {
            numbers::phone(locale, rng, &mut row.bytes);
            return Some("phone");
        }
        "iban" => {
            numbers::iban(locale, rng, &mut row.bytes);
            return Some("iban");
        }
        "card" => {
            numbers::card(rng, &mut row.bytes);
            return Some("credit-card");
        }
        "national" => {
            numbers::national(locale, Born::new(rng), rng, &mut row.bytes);
            return Some(locale.national());
        }
        "street" => {
            names::street(locale, rng, &mut row.bytes);
            row.bytes.push(b' ');
            row.number(rng.between(1, 320));
            return Some(local("street-address", locale));
        }
        "birth" => {
            date(1940, 2004, rng, row);
            return Some("birth-date");
        }
        "day" => date(2024, 2026, rng, row),
        _ => look_alike(name, rng, row),
    }
    None
}

/// Appends what is nobody's.
fn look_alike(name: &str, rng: &mut Rng, row: &mut Row) {
    match name {
        "order" => row.number(rng.between(100_000_000, 999_999_999)),
        "invoice" => {
            row.bytes.extend_from_slice(b"F2026-");
            row.number(rng.between(10_000, 99_999));
        }
        "article" => {
            row.number(rng.between(100, 999));
            row.bytes.push(b'.');
            row.number(rng.between(100, 999));
            row.bytes.push(b'.');
            row.number(rng.between(10, 99));
        }
        "version" => {
            row.number(rng.below(20));
            row.bytes.push(b'.');
            row.number(rng.below(30));
            row.bytes.push(b'.');
            row.number(rng.below(200));
        }
        "hash" => row.hex(40, rng),
        "hex" => row.hex(8, rng),
        "uuid" => row.uuid(rng),
        _ => row.bytes.extend_from_slice(b"ACTIVE"),
    }
}

/// A date as people write it in the row's country.
fn date(from: u64, to: u64, rng: &mut Rng, row: &mut Row) {
    let (day, month) = (rng.between(1, 28) as u32, rng.between(1, 12) as u32);
    let separator = match row.locale {
        Locale::Nl | Locale::Be | Locale::Dk => b'-',
        Locale::Gb | Locale::Us | Locale::Fr | Locale::Es | Locale::It => b'/',
        _ => b'.',
    };
    for part in [day, month] {
        two_digits(part, &mut row.bytes);
        row.bytes.push(separator);
    }
    row.number(rng.between(from, to));
}
