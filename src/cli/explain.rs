//! `--explain FILE:COLUMN`: the evidence sum of a column, line by line.

use std::fmt::Write as _;

use crate::event::{ColumnDetector, ColumnRecord, Place, thousandths};
use crate::report::{escaped, input_name};

/// Whether `FILE:COLUMN` names this column: the end of its path, and its name, with the table before it where that is
/// needed (`dump.sql:customers.email`). A text without columns is `FILE:`.
pub(super) fn is_about(asked: &str, place: &Place) -> bool {
    let column = place.column.as_deref().unwrap_or_default();
    let table = place.table.as_deref().unwrap_or_default();
    let input = input_name(&place.file, place.member.as_deref());
    [column.to_owned(), format!("{table}.{column}")]
        .iter()
        .any(|name| {
            let Some(path) = asked
                .strip_suffix(&**name)
                .and_then(|rest| rest.strip_suffix(':'))
            else {
                return false;
            };
            let rest = input.strip_suffix(path);
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with(['/', '\\']))
        })
}

/// The explanation.
pub(super) fn explanation(column: &ColumnRecord) -> String {
    let place = &column.place;
    let mut text = escaped(&input_name(&place.file, place.member.as_deref())).into_owned();
    for part in [&place.table, &place.column].into_iter().flatten() {
        let _ = write!(text, " › {}", escaped(part));
    }
    let _ = writeln!(
        text,
        " · {} rows, {} not empty",
        column.rows, column.nonempty
    );
    if column.detectors.is_empty() && column.considered.is_empty() {
        text.push_str("\n  nothing in it has the shape of anything that is looked for\n");
    }
    for found in &column.detectors {
        detector(&mut text, found, "found");
    }
    for found in &column.considered {
        detector(&mut text, found, "not sure enough to be found");
    }
    text
}

fn detector(text: &mut String, found: &ColumnDetector, verdict: &str) {
    let _ = writeln!(
        text,
        "\n  {} ({}): {verdict}; {} values, {} different, {} % sure on average",
        escaped(&found.detector),
        escaped(&found.category),
        found.matches,
        found.distinct,
        thousandths(found.confidence) / 10
    );
    let mut total = 0.0;
    for weight in &found.weights {
        total += weight.weight;
        let _ = writeln!(
            text,
            "    {:>+6.1}  {}",
            weight.weight,
            escaped(&weight.what)
        );
    }
    if !found.weights.is_empty() {
        // The engine is never surer than that.
        let sure = (1.0 / (1.0 + f64::exp(-total))).min(0.999);
        let _ = writeln!(
            text,
            "    {total:>+6.1}  in all (log-odds), which is a probability of {:.1} %",
            sure * 100.0
        );
    }
    if let Some(check) = found.check {
        let _ = writeln!(
            text,
            "            by chance, {:.1} % of such values would pass the check",
            check.chance * 100.0
        );
    }
    for (confidence, count) in found.confidences.iter().take(6) {
        let sure = f64::from(thousandths(*confidence)) / 10.0;
        let _ = writeln!(text, "            {count} values are {sure:.1} % sure");
    }
    if !found.evidence.is_empty() {
        let _ = writeln!(text, "            {}", escaped(&found.evidence.join(", ")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_named_by_the_end_of_its_path() {
        let place = Place {
            file: "exports/crm/a.csv".into(),
            member: None,
            table: Some("t".into()),
            column: Some("x:y".into()),
        };
        for (asked, expected) in [
            ("exports/crm/a.csv:x:y", true),
            ("a.csv:x:y", true),
            ("a.csv:t.x:y", true),
            ("crm/a.csv:x", false),
            ("rm/a.csv:x:y", false),
            ("x:y", false),
        ] {
            assert_eq!(is_about(asked, &place), expected, "{asked}");
        }
    }
}
