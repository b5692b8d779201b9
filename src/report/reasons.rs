//! Reasons as people say them: what INTERFACE.md calls `evidence`, in the language of a report.

use std::borrow::Cow;

use super::words::{Lang, Words, filled};

/// Reasons why an input was not read, or not all of it, that are always the same, with what they are in Dutch. Others, which
/// name sizes, methods or what another program said, stay in English.
const COVERAGE: &[(&str, &str)] = &[
    ("excluded by --exclude", "uitgesloten met --exclude"),
    ("excluded by .speurignore", "uitgesloten in .speurignore"),
    ("not among --include", "niet genoemd in --include"),
    ("no such file or folder", "bestand of map bestaat niet"),
    (
        "no permission; run as a user who may read it",
        "geen toegang; voer dit uit als een gebruiker die het mag lezen",
    ),
    (
        "symbolic link, not followed; --follow reads it",
        "symbolische link, niet gevolgd; met --follow wel",
    ),
    (
        "not a regular file; not opened",
        "geen gewoon bestand; niet geopend",
    ),
    (
        "encrypted; unpack it with its password first",
        "versleuteld; pak het eerst uit met het wachtwoord",
    ),
    (
        "encrypted, with the names in it; unpack it with its password first",
        "versleuteld, met de namen erin; pak het eerst uit met het wachtwoord",
    ),
    ("the file is cut off", "het bestand is afgebroken"),
    (
        "the archive is cut off here",
        "het archief is hier afgebroken",
    ),
    ("the archive is cut off", "het archief is afgebroken"),
    (
        "the archive is cut off or damaged",
        "het archief is afgebroken of beschadigd",
    ),
    (
        "the archive's index is missing; it may be cut off, or one of several parts",
        "de index van het archief ontbreekt; misschien is het afgebroken, of een van meer delen",
    ),
    ("its data is cut off", "de gegevens zijn afgebroken"),
    (
        "the compressed data is cut off here",
        "de gecomprimeerde gegevens zijn hier afgebroken",
    ),
    (
        "the compressed data is damaged: its sum is wrong",
        "de gecomprimeerde gegevens zijn beschadigd: de controlesom klopt niet",
    ),
    (
        "the last cell's quotes are not closed: the file may be cut off",
        "de aanhalingstekens van de laatste cel zijn niet gesloten: misschien is het bestand afgebroken",
    ),
    (
        "the footer can't be read, the file may be cut off",
        "het einde is niet te lezen; misschien is het bestand afgebroken",
    ),
    (
        "the document's index can't be read: it may be cut off",
        "de index van het document is niet te lezen: misschien is het afgebroken",
    ),
    (
        "what it shows was not looked at",
        "naar wat erop staat, is niet gekeken",
    ),
    (
        "no page has text: they may be pictures, which are not read",
        "geen bladzijde heeft tekst: misschien zijn het afbeeldingen, en die worden niet gelezen",
    ),
    (
        "packed in a cabinet file, which is not read; unpack it first",
        "ingepakt in een cabinet-bestand, dat niet gelezen wordt; pak het eerst uit",
    ),
    (
        "packed by RAR, which is not read; unpack it first",
        "ingepakt met RAR, dat niet gelezen wordt; pak het eerst uit",
    ),
    (
        "the scan was stopped before it was read",
        "de scan is gestopt voordat het gelezen was",
    ),
    (
        "the file grew while it was read; scan it again for what was added",
        "het bestand groeide tijdens het lezen; scan het opnieuw voor wat erbij kwam",
    ),
    (
        "in which its letters make words; --encoding overrules that",
        "waarin de letters woorden vormen; --encoding gaat voor",
    ),
    (
        "in which its letters make no words; say with --encoding what it is in",
        "waarin de letters geen woorden vormen; zeg met --encoding waarin het staat",
    ),
    ("no reason is known", "er is geen reden bekend"),
    (
        "has comments, which JSON doesn't know; they were read as text",
        "heeft opmerkingen, die JSON niet kent; ze zijn als tekst gelezen",
    ),
    (
        "has commas before closing brackets, which JSON doesn't know",
        "heeft komma's voor sluitende haakjes, die JSON niet kent",
    ),
    (
        "has names, texts or numbers written as JSON doesn't know them",
        "heeft namen, teksten of getallen zoals JSON die niet schrijft",
    ),
    (
        "is JSON in a script; what stands around its values was left out",
        "is JSON in een script; wat om de waarden heen staat, is weggelaten",
    ),
    (
        "has texts in which each byte of UTF-8 was written as a character; they were read as meant",
        "heeft teksten waarin elke byte van UTF-8 als teken geschreven is; ze zijn gelezen zoals bedoeld",
    ),
    (
        "has records that are marked as deleted; they were read, too",
        "heeft records die als verwijderd gemarkeerd zijn; ook die zijn gelezen",
    ),
    (
        "has records behind its end, left from before; they were read, too",
        "heeft achter het einde records van vroeger; ook die zijn gelezen",
    ),
    (
        "it has fewer records than its header says: the file is cut off",
        "er zijn minder records dan de kop zegt: het bestand is afgebroken",
    ),
    (
        "its memos are not in it, but in the .dbt or .fpt file beside it, which is read by itself",
        "de memo's staan niet erin, maar in het .dbt- of .fpt-bestand ernaast, dat apart gelezen wordt",
    ),
    (
        "a document is broken or cut off; only its texts were read, without their columns",
        "een document is beschadigd of afgebroken; alleen de teksten zijn gelezen, zonder kolom",
    ),
    (
        "a document is not as it should be; only texts were read of the rest of it, without their columns",
        "een document klopt niet; van de rest ervan zijn alleen teksten gelezen, zonder kolom",
    ),
];

/// Why an input was not read in full, in the language of a report as far as it is known there.
pub(super) fn coverage(lang: Lang, reason: &str) -> Cow<'_, str> {
    if lang == Lang::En {
        return reason.into();
    }
    let known = |text: &str| COVERAGE.iter().find(|(known, _)| *known == text);
    if let Some((_, text)) = known(reason) {
        return (*text).into();
    }
    if let Some(decided) = reason.strip_prefix("ignored by ") {
        return format!("genegeerd volgens {decided}").into();
    }
    if let Some((what, at)) = reason.rsplit_once(" (at byte ")
        && let Some((_, text)) = known(what)
    {
        return format!("{text} (bij byte {at}").into();
    }
    if let Some((encoding, what)) = reason
        .strip_prefix("read as ")
        .and_then(|rest| rest.split_once(", "))
        && let Some((_, text)) = known(what)
    {
        return format!("gelezen als {encoding}, {text}").into();
    }
    // `4 × 3 pixels; what it shows was not looked at`
    let mut ends = reason.match_indices("; ");
    let end = ends.find_map(|(at, _)| Some((at, known(&reason[at + 2..])?)));
    match end {
        Some((at, (_, text))) => format!("{}; {text}", &reason[..at]).into(),
        None => reason.into(),
    }
}

/// A reason in words, with its weight if it has one; as it stands where it is of no known kind. `name_of` gives the name of a
/// detector.
pub(super) fn in_words(words: &Words, name_of: impl Fn(&str) -> String, reason: &str) -> String {
    let weighed = reason.rsplit_once(' ').filter(|(_, last)| is_weight(last));
    let (what, weight) = match weighed {
        Some((what, weight)) => (what, Some(weight)),
        None => (reason, None),
    };
    let text = said(words, name_of, what).unwrap_or_else(|| what.to_owned());
    match weight {
        Some(weight) => {
            let weight = weight.replace('-', "\u{2212}").replace('.', words.decimal);
            format!("{text} ({weight})")
        }
        None => text,
    }
}

/// `+4.6`
fn is_weight(text: &str) -> bool {
    text.starts_with(['+', '-']) && text.parse::<f64>().is_ok()
}

fn said(words: &Words, name_of: impl Fn(&str) -> String, what: &str) -> Option<String> {
    if let Some((kind, rest)) = what.split_once(':') {
        let text = match kind {
            "check" => {
                let what = checked(words, name_of, rest);
                return Some(filled(words.reason_check, &[("what", &what)]));
            }
            "not in list" => {
                let what = checked(words, name_of, rest);
                return Some(filled(words.reason_not_in_list, &[("what", &what)]));
            }
            "reveals" => words.reason_reveals,
            "third party" => words.reason_third_party,
            "near" => words.reason_near,
            "label" => words.reason_label,
            "header" => words.reason_header,
            "header part" => words.reason_header_part,
            "path" => words.reason_path,
            "header about" => words.reason_header_about,
            "header against" => words.reason_header_against,
            "header of another" => words.reason_header_of_another,
            "country of neighbours" => words.reason_country,
            "neighbours" => {
                let mut names: Vec<String> = rest.split(',').map(name_of).collect();
                names.dedup();
                return Some(filled(
                    words.reason_neighbours,
                    &[("what", &names.join(", "))],
                ));
            }
            "column" => return passes(words, rest),
            _ => return None,
        };
        return Some(filled(text, &[("what", rest)]));
    }
    let text = match what {
        "shape" => words.reason_shape,
        "a word nearby" => words.reason_a_word_nearby,
        "a word right before it" => words.reason_a_word_before,
        "near a word of something that looks the same" => words.reason_rival_near,
        "placeholder or test value" => words.reason_placeholder,
        "few cells look so" => words.reason_few,
        "the column hardly varies" => words.reason_constant,
        "other cells of the column are certain" => words.reason_sibling,
        "other cells of the column are none" => words.reason_unlike,
        "others explain the same cells" => words.reason_others,
        "others explain the same stretches" => words.reason_others_in_text,
        "calibration" => words.reason_calibration,
        "the column is certain to hold something else" => words.reason_something_else,
        _ => {
            let (passed, all) = what.strip_suffix(" pass the check")?.split_once(" of ")?;
            let parts = [("passed", passed), ("all", all)];
            return Some(filled(words.reason_passed, &parts));
        }
    };
    Some(text.to_owned())
}

/// `iban`, `weighted mod 11 and list cities 1/11`: what checks are called, with the share that passes by chance.
fn checked(words: &Words, name_of: impl Fn(&str) -> String, text: &str) -> String {
    let (what, chance) = match text.rsplit_once(' ') {
        Some((what, chance)) if chance.contains('/') => (what, format!(" {chance}")),
        _ => (text, String::new()),
    };
    let name = |check: &str| {
        if let Some(modulus) = check.strip_prefix("weighted mod ") {
            filled(words.reason_weighted, &[("modulus", modulus)])
        } else if let Some(list) = check.strip_prefix("list ") {
            filled(words.reason_list, &[("list", list)])
        } else {
            name_of(check)
        }
    };
    let names: Vec<String> = what.split(" and ").map(name).collect();
    names.join(&format!(" {} ", words.reason_and)) + &chance
}

/// `0.998 pass, chance 0.091`
fn passes(words: &Words, text: &str) -> Option<String> {
    let (share, chance) = text.split_once(" pass, chance ")?;
    let percent = |text: &str| -> Option<String> {
        let tenths = (text.parse::<f64>().ok()? * 1000.0).round() / 10.0;
        Some(tenths.to_string().replace('.', words.decimal))
    };
    let parts = [("share", &*percent(share)?), ("chance", &percent(chance)?)];
    Some(filled(words.reason_passes, &parts))
}

#[cfg(test)]
mod tests {
    use super::super::words::Lang;
    use super::*;

    #[test]
    fn reasons_are_said_in_words() {
        let cases = [
            (
                Lang::En,
                "header:bsn +6.5",
                "The name of the column: bsn (+6.5)",
            ),
            (
                Lang::Nl,
                "column:0.998 pass, chance 0.091 +9.0",
                "99,8 % van de cellen doorstaat de controle; bij toeval zou dat 9,1 % zijn (+9,0)",
            ),
            (
                Lang::En,
                "neighbours:email,email,phone +1.0",
                "The columns beside it: <email>, <phone> (+1.0)",
            ),
            (Lang::Nl, "shape -2.9", "Het ziet er zo uit (\u{2212}2,9)"),
            (
                Lang::Nl,
                "check:weighted mod 11 and email 1/11",
                "De controle klopt: gewogen som, rest van 11 en <email> 1/11",
            ),
            (
                Lang::Nl,
                "3 of 4 pass the check",
                "3 van de 4 doorstaan de controle",
            ),
            (
                Lang::Nl,
                "of a later version -1.0",
                "of a later version (\u{2212}1,0)",
            ),
        ];
        for (lang, reason, said) in cases {
            let name_of = |id: &str| format!("<{id}>");
            assert_eq!(in_words(lang.words(), name_of, reason), said);
        }
    }

    #[test]
    fn reasons_of_coverage_are_dutch_where_they_are_known() {
        for (reason, said) in [
            (
                "its data is cut off (at byte 12)",
                "de gegevens zijn afgebroken (bij byte 12)",
            ),
            (
                "read as IBM850, in which its letters make words; --encoding overrules that",
                "gelezen als IBM850, waarin de letters woorden vormen; --encoding gaat voor",
            ),
            (
                "4 × 3 pixels; what it shows was not looked at",
                "4 × 3 pixels; naar wat erop staat, is niet gekeken",
            ),
            ("no such file or folder", "bestand of map bestaat niet"),
            (
                "ignored by speur.yaml: old",
                "genegeerd volgens speur.yaml: old",
            ),
            ("something else; it is new", "something else; it is new"),
        ] {
            assert_eq!(coverage(Lang::Nl, reason), said);
            assert_eq!(coverage(Lang::En, reason), reason);
        }
    }
}
