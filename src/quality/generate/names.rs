//! Invented names of people, towns and streets, put together from syllables: plausible, and in no list. Detection must
//! not know the names it is measured on.

use super::Locale;
use super::rng::Rng;

const GIVEN: &[&str] = &[
    "Jor", "Mir", "Tal", "Vel", "Ros", "Dar", "Fen", "Lis", "Bran", "Kas", "Nor", "Wil", "Hed",
    "Sim", "Ad",
];
const GIVEN_ENDS: &[&str] = &[
    "da", "mert", "win", "lia", "rik", "sanne", "tiene", "bert", "lof", "ela", "mine", "ger",
    "tha", "ko",
];
const FAMILY: &[&str] = &[
    "Veld", "Broek", "Hag", "Stern", "Mol", "Kerk", "Wijn", "Boom", "Land", "Ruit", "Horn", "Zand",
    "Fal", "Mont", "Ber",
];
const FAMILY_ENDS: &[&str] = &[
    "huizen", "manse", "kamper", "sloot", "vaart", "hoven", "wegge", "linck", "oever", "driel",
    "quist", "ardi", "owitz",
];
const TOWNS: &[&str] = &[
    "Ooster", "Wester", "Noorder", "Zuider", "Boven", "Neder", "Nieuw", "Oud", "Hoog", "Lang",
];
const TOWN_ENDS: &[&str] = &[
    "veldhoek",
    "meerdam",
    "broekzijl",
    "hagenoord",
    "kerkwoude",
    "rietbeek",
    "duinstede",
    "stermond",
];
const STREETS: &[&str] = &[
    "Meidoorn", "Zilver", "Haven", "Koper", "Linden", "Veen", "Toren", "Sluis", "Akker", "Berken",
    "Valk",
];

/// What stands between given and family name.
fn prefix(locale: Locale, rng: &mut Rng) -> &'static str {
    match locale {
        Locale::Nl | Locale::Be if rng.once_in(3) => {
            rng.pick(&["van ", "de ", "van der ", "van den ", "ter "])
        }
        Locale::De if rng.once_in(20) => "von ",
        Locale::Fr if rng.once_in(20) => "de ",
        _ => "",
    }
}

pub(super) fn given(rng: &mut Rng, out: &mut Vec<u8>) {
    out.extend_from_slice(rng.pick(GIVEN).as_bytes());
    out.extend_from_slice(rng.pick(GIVEN_ENDS).as_bytes());
    if rng.once_in(25) {
        out.push(b'-');
        out.extend_from_slice(rng.pick(GIVEN).as_bytes());
        out.extend_from_slice(rng.pick(GIVEN_ENDS).as_bytes());
    }
}

pub(super) fn family(locale: Locale, rng: &mut Rng, out: &mut Vec<u8>) {
    out.extend_from_slice(prefix(locale, rng).as_bytes());
    out.extend_from_slice(rng.pick(FAMILY).as_bytes());
    out.extend_from_slice(rng.pick(FAMILY_ENDS).as_bytes());
    if rng.once_in(30) {
        out.extend_from_slice("ë".as_bytes());
    }
}

pub(super) fn town(rng: &mut Rng, out: &mut Vec<u8>) {
    out.extend_from_slice(rng.pick(TOWNS).as_bytes());
    out.extend_from_slice(rng.pick(TOWN_ENDS).as_bytes());
}

pub(super) fn street(locale: Locale, rng: &mut Rng, out: &mut Vec<u8>) {
    let stem = rng.pick(STREETS).as_bytes();
    let (before, behind): (&str, &str) = match locale {
        Locale::Nl | Locale::Be => ("", rng.pick(&["straat", "laan", "weg", "plein", "kade"])),
        Locale::De => ("", rng.pick(&["straße", "weg", "allee", "platz"])),
        Locale::Fr => (rng.pick(&["rue ", "avenue ", "place "]), ""),
        Locale::Es => (rng.pick(&["Calle ", "Avenida ", "Plaza "]), ""),
        Locale::It => (rng.pick(&["Via ", "Piazza ", "Corso "]), ""),
        Locale::Pl => ("ul. ", "owa"),
        Locale::Se => ("", "gatan"),
        Locale::Dk => ("", "vej"),
        Locale::Fi => ("", "katu"),
        Locale::Gb | Locale::Us => ("", rng.pick(&[" Street", " Road", " Lane", " Avenue"])),
    };
    out.extend_from_slice(before.as_bytes());
    out.extend_from_slice(stem);
    out.extend_from_slice(behind.as_bytes());
}
