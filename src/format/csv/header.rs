//! Whether the first record is a header, decided by content, and what columns are called.

use std::collections::HashSet;

/// Records compared with the first one.
const COMPARED: usize = 200;

/// Whether the first record names the columns of the others.
///
/// Names look unlike values: a name above numbers or dates, no number, date or address among the names, names that no
/// value below repeats.
pub(in crate::format) fn has_header(first: &[&[u8]], others: &[Vec<&[u8]>]) -> bool {
    let cells: Vec<&[u8]> = first.iter().map(|cell| cell.trim_ascii()).collect();
    let named: Vec<&[u8]> = cells
        .iter()
        .copied()
        .filter(|cell| !cell.is_empty())
        .collect();
    if is_numbered(&named) {
        return true;
    }
    if named.is_empty() || named.iter().any(|cell| is_value(cell)) {
        // A year or a number among names happens (`2023`, `2024` as columns of a pivot); most must be names.
        let values = named.iter().filter(|cell| is_value(cell)).count();
        if named.len() < 4 || values * 4 > named.len() {
            return false;
        }
    }
    let mut score = 0.0;
    let different: HashSet<&[u8]> = named.iter().copied().collect();
    score += if different.len() == named.len() {
        1.0
    } else {
        -0.5
    };
    let alike: f64 = named.iter().map(|cell| likeness_to_a_name(cell)).sum();
    score += 3.0 * (alike / named.len() as f64) - 1.5;
    for (column, cell) in cells
        .iter()
        .enumerate()
        .filter(|(_, cell)| !cell.is_empty())
    {
        score += contrast(cell, column, others) / (cells.len() as f64).sqrt();
    }
    score > 0.0
}

/// Whether most cells count on from the one before: `V1`, `V2`, `V3`.
fn is_numbered(cells: &[&[u8]]) -> bool {
    let counted: Vec<_> = cells.iter().map(|cell| numbered(cell)).collect();
    let pairs = counted.windows(2);
    let on = pairs.filter(|pair| match (pair[0], pair[1]) {
        (Some((a, m)), Some((b, n))) => a == b && Some(n) == m.checked_add(1),
        _ => false,
    });
    cells.len() >= 3 && on.count() * 2 >= cells.len()
}

/// A letter and what follows it, and the number behind that.
fn numbered(cell: &[u8]) -> Option<(&[u8], u32)> {
    let digits = cell.iter().rev().take_while(|byte| byte.is_ascii_digit());
    let (name, number) = cell.split_at(cell.len() - digits.count());
    let number = std::str::from_utf8(number).ok()?.parse().ok()?;
    let named = name.first().is_some_and(u8::is_ascii_alphabetic);
    named.then_some((name, number))
}

/// How much a cell differs from those below it: above 0 speaks for a header.
fn contrast(name: &[u8], column: usize, others: &[Vec<&[u8]>]) -> f64 {
    let below: Vec<&[u8]> = others
        .iter()
        .take(COMPARED)
        .filter_map(|record| record.get(column))
        .map(|cell| cell.trim_ascii())
        .filter(|cell| !cell.is_empty())
        .collect();
    if below.is_empty() {
        return 0.0;
    }
    let share = |test: &dyn Fn(&[u8]) -> bool| {
        below.iter().filter(|cell| test(cell)).count() as f64 / below.len() as f64
    };
    let repeated = share(&|cell| cell == name);
    if repeated > 0.0 {
        return -2.0 - 2.0 * repeated;
    }
    let values = share(&is_value);
    if values > 0.7 {
        return 2.5;
    }
    let lengths = share(&|cell| cell.len() == below[0].len());
    if below.len() >= 3 && lengths > 0.95 && below[0].len() != name.len() {
        return 1.0;
    }
    let capital = |cell: &[u8]| cell.first().is_some_and(u8::is_ascii_uppercase);
    if !capital(name) && share(&capital) > 0.9 {
        0.8
    } else {
        0.0
    }
}

/// What stands for a truth or for nothing in data, and never for a column.
const LITERALS: &[&[u8]] = &[
    b"true", b"false", b"null", b"none", b"nan", b"n/a", b"yes", b"no", b"ja", b"nee", b"nein",
    b"oui", b"non",
];

/// A number, date, address, or anything else that no column is called.
fn is_value(cell: &[u8]) -> bool {
    if LITERALS
        .iter()
        .any(|literal| cell.eq_ignore_ascii_case(literal))
    {
        return true;
    }
    let digits = cell.iter().filter(|byte| byte.is_ascii_digit()).count();
    cell.len() > 120
        || digits * 2 > cell.len()
        || digits >= 6
        || cell.contains(&b'@') && cell.contains(&b'.')
        || cell.starts_with(b"http://")
        || cell.starts_with(b"https://")
}

/// How much it looks like a name: few words, joined by spaces, `_`, `-`, `.` or `/`, starting with a letter.
fn likeness_to_a_name(cell: &[u8]) -> f64 {
    let starts =
        cell[0].is_ascii_alphabetic() || cell[0] >= 0x80 || matches!(cell[0], b'_' | b'#' | b'"');
    if cell.len() > 60 || !starts || cell.iter().any(u8::is_ascii_control) || cell.ends_with(b".") {
        return 0.0;
    }
    match cell.split(u8::is_ascii_whitespace).count() {
        0..=3 => 1.0,
        4..=6 => 0.7,
        _ => 0.0,
    }
}

/// Stable names: absent ones are `column_3`, later ones of the same name `email_2`.
pub(in crate::format) fn column_names(header: &[String]) -> Vec<String> {
    let mut taken: HashSet<String> = header.iter().map(|name| name.trim().to_owned()).collect();
    let mut seen: HashSet<String> = HashSet::new();
    let mut next: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    header
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let name = name.trim();
            let name = if name.is_empty() {
                format!("column_{}", index + 1)
            } else {
                name.to_owned()
            };
            if seen.insert(name.clone()) {
                return name;
            }
            let number = next.entry(name.clone()).or_insert(2);
            loop {
                let numbered = format!("{name}_{number}");
                *number += 1;
                if taken.insert(numbered.clone()) {
                    seen.insert(numbered.clone());
                    return numbered;
                }
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(records: &[&[&str]]) -> bool {
        let bytes: Vec<Vec<&[u8]>> = records
            .iter()
            .map(|record| record.iter().map(|cell| cell.as_bytes()).collect())
            .collect();
        has_header(&bytes[0], &bytes[1..])
    }

    #[test]
    fn names_above_values_are_a_header() {
        assert!(decided(&[
            &["id", "naam", "datum"],
            &["1", "Jan", "2024-01-01"],
            &["2", "Piet", "2024-01-02"]
        ]));
        assert!(decided(&[
            &["first_name", "city"],
            &["Jan", "Breda"],
            &["Piet", "Ede"]
        ]));
        assert!(decided(&[&["email"], &["a@b.nl"]]));
        assert!(decided(&[&["Voornaam", "Achternaam"]]), "a header alone");
    }

    #[test]
    fn numbered_names_are_a_header() {
        assert!(decided(&[
            &["V10", "V11", "V12", "V13"],
            &["a", "b", "c", "d"]
        ]));
        assert!(!decided(&[
            &["A10", "B7", "A11", "C3"],
            &["A12", "B9", "A3", "C5"]
        ]));
    }

    #[test]
    fn values_are_none() {
        assert!(!decided(&[
            &["1", "Jan", "2024-01-01"],
            &["2", "Piet", "2024-01-02"]
        ]));
        assert!(!decided(&[
            &["jan@post.nl", "Jan"],
            &["piet@post.nl", "Piet"]
        ]));
        assert!(!decided(&[
            &["open", "Breda"],
            &["open", "Ede"],
            &["closed", "Breda"]
        ]));
    }

    #[test]
    fn duplicate_and_absent_names_get_stable_ones() {
        let names = ["email", "", "email", "email_2", "email"].map(str::to_owned);
        assert_eq!(
            column_names(&names),
            ["email", "column_2", "email_3", "email_2", "email_4"]
        );
    }
}
