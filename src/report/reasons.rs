//! Reasons as people say them: what INTERFACE.md calls `evidence`, in the language of a report.

use super::words::{Words, filled};

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
            "check" => words.reason_check,
            "not in list" => words.reason_not_in_list,
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
}
