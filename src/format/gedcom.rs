//! GEDCOM: family trees. Each record is one, and its lines are columns by the tags around them, with what the standard calls
//! them: `INDI.BIRT.DATE birth date`. Lines that go on with a value are part of it. <https://gedcom.io/specifications/>

use std::ops::Range;

use super::chunked::{Grammar, reader};
use super::lines::{cut_before, lines};
use super::markup::declared::noted;
use super::records::Records;
use super::{Format, Head, Likelihood, ReadOptions, Reader};
use crate::error::Problem;
use crate::input::Body;
use crate::input::blocks::Source;

/// Family trees.
pub(super) struct Gedcom;

/// Tags within each other.
const DEEPEST: usize = 20;

/// What lines are called that have to do with people, by how their path ends.
static NAMES: &[(&str, &str)] = &[
    ("BIRT.DATE", "birth date"),
    ("BIRT.PLAC", "birth place"),
    ("CHR.DATE", "baptism date"),
    ("DEAT.DATE", "death date"),
    ("MARR.DATE", "marriage date"),
    ("NAME.GIVN", "given name"),
    ("NAME.SURN", "family name"),
    ("INDI.NAME", "full name"),
    ("INDI.SEX", "sex"),
    ("ADDR", "address"),
    ("ADR1", "street address"),
    ("ADDR.CITY", "city"),
    ("ADDR.POST", "postal code"),
    ("ADDR.CTRY", "country"),
    ("PHON", "phone"),
    ("EMAIL", "email"),
    ("RELI", "religion"),
    ("NATI", "nationality"),
    ("OCCU", "occupation"),
    ("SSN", "social security number"),
    ("IDNO", "national id number"),
    ("NOTE", "note"),
];

impl Format for Gedcom {
    fn name(&self) -> &'static str {
        "gedcom"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let text = head.text.as_deref()?.trim_ascii_start();
        let mut lines = lines(text).map(|at| text[at].trim_ascii());
        let starts = lines.next()? == b"0 HEAD" && lines.next()?.starts_with(b"1 ");
        starts.then_some(Likelihood::Magic)
    }

    fn reads_text(&self) -> bool {
        true
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        let text = head.text.as_deref().unwrap_or_default();
        let is_ansel =
            lines(text).any(|at| text[at].trim_ascii() == b"1 CHAR ANSEL") && !text.is_ascii();
        let note = is_ansel.then(|| {
            Problem::note(
                "declares ANSEL, which is not known here; letters beyond ASCII may be wrong",
            )
        });
        let source = Source::new(body, head.encoding, head.mark)?;
        Ok(noted(reader(Trees, source, options), note))
    }
}

/// Cuts between records.
struct Trees;

impl Grammar for Trees {
    type Task = ();

    fn cut(&mut self, window: &[u8], target: usize, ended: bool) -> Option<(usize, ())> {
        let starts = |line: &[u8]| Line::of(line).is_some_and(|line| line.level == 0);
        cut_before(window, target, ended, starts).map(|len| (len, ()))
    }

    fn forced(&mut self, _: &[u8]) {}

    fn read((): &(), text: &[u8], _: bool, records: &mut Records<'_>) {
        let mut path: Vec<&str> = Vec::new();
        let mut open = false;
        let mut all = lines(text).peekable();
        while let Some(at) = all.next() {
            let Some(line) = Line::of(&text[at.clone()]) else {
                records.whole_line(at);
                continue;
            };
            if line.level == 0 && open {
                records.next_row();
            }
            open = true;
            path.truncate(line.level);
            if path.len() < DEEPEST {
                path.push(line.tag);
            }
            let place = |part: Range<usize>| at.start + part.start..at.start + part.end;
            let column = records.column(&column(&path));
            let mut parts = vec![(false, place(line.value.clone()))];
            // What goes on with it: in a new line, or just so.
            while let Some(next) =
                all.next_if(|at| Line::of(&text[at.clone()]).is_some_and(|next| next.goes_on()))
            {
                if let Some(more) = Line::of(&text[next.clone()]) {
                    let part = next.start + more.value.start..next.start + more.value.end;
                    parts.push((more.tag == "CONT", part));
                }
            }
            if parts.iter().all(|(_, part)| part.is_empty()) || line.points {
                continue;
            }
            records.begin(column);
            if let Some(day) = day(&text[parts[0].1.clone()]).filter(|_| line.tag == "DATE") {
                records.instead(day.as_bytes(), parts[0].1.clone());
                records.end();
                continue;
            }
            for (is_line, part) in parts {
                if is_line {
                    records.made(b"\n");
                }
                give(text, part, line.tag == "NAME", records);
            }
            records.end();
        }
        if open {
            records.next_row();
        }
    }
}

/// Gives a stretch; slashes around family names are none of the name.
fn give(text: &[u8], at: Range<usize>, is_name: bool, records: &mut Records<'_>) {
    let mut from = at.start;
    if is_name {
        for found in memchr::memchr_iter(b'/', &text[at.clone()]) {
            records.stored(from..at.start + found);
            from = at.start + found + 1;
        }
    }
    records.stored(from..at.end);
}

/// A day as others write it: `23 MAY 1980`. Of days that are not known so well it is none.
fn day(text: &[u8]) -> Option<String> {
    const MONTHS: &str = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
    let mut words = std::str::from_utf8(text).ok()?.split_ascii_whitespace();
    let day = words
        .next()?
        .parse()
        .ok()
        .filter(|day| (1..=31).contains(day))?;
    let month = words.next().filter(|month| month.len() == 3)?;
    let month = MONTHS
        .find(&month.to_ascii_uppercase())
        .filter(|at| at % 3 == 0)?
        / 3
        + 1;
    let year: u16 = words
        .next()?
        .parse()
        .ok()
        .filter(|year| (1000..3000).contains(year))?;
    let day: u8 = day;
    words
        .next()
        .is_none()
        .then(|| format!("{year}-{month:02}-{day:02}"))
}

fn column(path: &[&str]) -> String {
    let path = path.join(".");
    let name = NAMES.iter().find(|(end, _)| {
        path.strip_suffix(end)
            .is_some_and(|before| before.is_empty() || before.ends_with('.'))
    });
    match name {
        Some((_, name)) => format!("{path} {name}"),
        None => path,
    }
}

/// A line: its level, its tag, and where its value stands.
struct Line<'l> {
    level: usize,
    tag: &'l str,
    value: Range<usize>,
    /// Whether its value leads to another record.
    points: bool,
}

impl<'l> Line<'l> {
    fn of(line: &'l [u8]) -> Option<Self> {
        let trimmed = line.trim_ascii_start();
        let mut at = line.len() - trimmed.len();
        let digits = trimmed
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let level = std::str::from_utf8(&trimmed[..digits]).ok()?.parse().ok()?;
        at += digits;
        let word = |at: usize| {
            let rest = line[at..].strip_prefix(b" ")?;
            let len = rest
                .iter()
                .position(|&byte| byte == b' ' || byte == b'\n' || byte == b'\r')
                .unwrap_or(rest.len());
            (len > 0).then_some(at + 1..at + 1 + len)
        };
        let mut tag = word(at)?;
        if line[tag.clone()].starts_with(b"@") {
            tag = word(tag.end)?;
        }
        let is_tag = line[tag.clone()]
            .iter()
            .all(|&byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let value = (tag.end + 1).min(line.len())..line.len();
        let kept = line[value.clone()].trim_ascii();
        (is_tag && tag.len() <= 31 && digits <= 2).then(|| Self {
            level,
            points: kept.len() > 2 && kept.starts_with(b"@") && kept.ends_with(b"@"),
            tag: std::str::from_utf8(&line[tag]).unwrap_or_default(),
            value,
        })
    }

    fn goes_on(&self) -> bool {
        matches!(self.tag, "CONC" | "CONT")
    }
}

#[cfg(test)]
mod tests {
    use super::super::taken::take;

    #[test]
    fn lines_have_the_names_of_their_paths() {
        let tree = "0 HEAD\n1 CHAR UTF-8\n0 @I1@ INDI\n1 NAME Jor /Veldhuizen/\n2 SURN Veldhuizen\n1 BIRT\n2 DATE 23 MAY 1980\n1 FAMS @F1@\n1 NOTE mail jor@post\n2 CONC luxterra.nl\n2 CONT or call\n0 TRLR\n";
        let taken = take("a.ged", tree.as_bytes());
        assert_eq!(taken.format, Some("gedcom"));
        let is = |column: &str, text: &str| assert_eq!(taken.column_texts(column), [text]);
        is("INDI.NAME full name", "Jor Veldhuizen");
        is("INDI.NAME.SURN family name", "Veldhuizen");
        is("INDI.BIRT.DATE birth date", "1980-05-23");
        is("INDI.NOTE note", "mail jor@postluxterra.nl\nor call");
        assert!(taken.column_texts("INDI.FAMS").is_empty());
        assert_eq!(taken.records[""], 3);
    }
}
