//! A comparison as an HTML document.

use std::fmt::Write as _;

use super::{
    Look, asides, count, everywhere, headings, headline, kind_name, listed, listed_tables, places,
    similarity, table_columns, values,
};
use crate::compare::{Change, Comparison, DetectorChange, Kind};
use crate::event::Place;
use crate::report::{Lang, escaped, page};

pub(super) fn html(comparison: &Comparison, look: Look) -> String {
    let (lang, words) = (look.lang, look.lang.words());
    let (shown, left) = listed(comparison, look);
    let mut body = format!(
        "<p class=\"lead\">{}</p>",
        page::text(&headline(comparison, lang))
    );
    let lines = everywhere(comparison, lang);
    if let Some((first, values)) = lines.split_first() {
        let _ = write!(body, "<p>{}</p>", page::text(first));
        list(&mut body, values.iter().map(|line| page::text(line)));
    }
    let tables = listed_tables(comparison, look);
    list(
        &mut body,
        tables.iter().map(|table| {
            format!(
                "{}: {} {} ({})",
                kind_name(table.change, lang),
                words.diff_table,
                codes(table.before.as_ref(), table.after.as_ref()).join(" → "),
                page::text(&table_columns(table, lang))
            )
        }),
    );
    for line in asides(comparison, left, lang) {
        let _ = write!(body, "<p class=\"hint\">{}</p>", page::text(&line));
    }
    if !shown.is_empty() {
        let headings = headings(lang).map(|title| format!("<th scope=\"col\">{title}</th>"));
        let rows: Vec<String> = shown.iter().map(|change| row(change, lang)).collect();
        let _ = write!(
            body,
            "<section><table class=\"plain stack\"><thead><tr>{}</tr></thead><tbody>{}</tbody></table></section>",
            headings.concat(),
            rows.concat()
        );
    }
    page::whole(lang, words.diff_title, &body)
}

fn list(body: &mut String, items: impl Iterator<Item = String>) {
    let items: Vec<String> = items.map(|item| format!("<li>{item}</li>")).collect();
    if !items.is_empty() {
        let _ = write!(body, "<ul>{}</ul>", items.concat());
    }
}

fn codes(before: Option<&Place>, after: Option<&Place>) -> Vec<String> {
    let places = places(before, after);
    let codes = places
        .iter()
        .map(|place| format!("<code>{}</code>", page::text(place)));
    codes.collect()
}

fn row(change: &Change, lang: Lang) -> String {
    let mut places = codes(change.before.as_ref(), change.after.as_ref());
    if let (Some(last), Some(similarity)) = (places.last_mut(), similarity(change, lang)) {
        let _ = write!(last, "<br><span class=\"hint\">{similarity}</span>");
    }
    let class = match change.change {
        Kind::Gone => "bad",
        Kind::New => "good",
        _ => "mid",
    };
    let lines = |lines: Vec<String>| {
        let lines: Vec<String> = lines.iter().map(|line| page::text(line)).collect();
        lines.join("<br>")
    };
    let cell = |part: &dyn Fn(&DetectorChange) -> String| {
        lines(change.detectors.iter().map(part).collect())
    };
    // Where nothing of it differs, what it holds.
    let detectors = if change.detectors.is_empty() {
        lines(
            change
                .holds
                .iter()
                .map(|id| escaped(id).into_owned())
                .collect(),
        )
    } else {
        cell(&|detector| escaped(&detector.detector).into_owned())
    };
    format!(
        "<tr><td><span class=\"verdict {class}\">{}</span></td><td>{}</td><td>{detectors}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        kind_name(change.change, lang),
        places.join("<br>→ "),
        cell(&|detector| count(detector.before, lang)),
        cell(&|detector| count(detector.after, lang)),
        cell(&|detector| values(detector, lang)),
    )
}
