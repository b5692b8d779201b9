//! Statements of banks as SWIFT has them (MT940, MT942, and payments such as MT103): fields that start with a number between
//! colons. Each entry of a statement is a record.
//!
//! Banks put who paid into the text of an entry (`:86:`), with words or numbers before each part: `/NAME/Jor Tol/IBAN/…` or
//! `?32Jor Tol`. Those are columns of their own. Lines that are as long as may be go on without a blank.

use std::ops::Range;

use super::chunked::{Grammar, reader};
use super::lines::{cut_before, lines};
use super::records::Records;
use super::{Format, Head, Likelihood, ReadOptions, Reader};
use crate::error::Problem;
use crate::input::Body;
use crate::input::blocks::Source;

/// Statements of banks.
pub(super) struct Swift;

/// Characters of a full line.
const FULL: usize = 65;

/// What fields are called.
static FIELDS: &[(&str, &str)] = &[
    ("20", "reference"),
    ("25", "account"),
    ("50A", "ordering customer"),
    ("50F", "ordering customer"),
    ("50K", "ordering customer"),
    ("59", "beneficiary"),
    ("59A", "beneficiary"),
    ("59F", "beneficiary"),
    ("61", "entry"),
    ("70", "remittance information"),
    ("86", "information"),
];

/// What parts of the text of an entry are called.
static PARTS: &[(&str, &str)] = &[
    ("ADDR", "address"),
    ("BIC", "bic"),
    ("CITY", "city"),
    ("IBAN", "iban"),
    ("NAME", "account holder name"),
    ("REMI", "remittance information"),
    ("30", "bic"),
    ("31", "account number"),
    ("32", "account holder name"),
    ("33", "account holder name"),
];

/// Parts of the other party, behind its word.
static PARTY: &[&str] = &["iban", "bic", "account holder name", "city"];

impl Format for Swift {
    fn name(&self) -> &'static str {
        "mt940"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let text = head.text.as_deref()?;
        // Some write a line with the name of the bank first.
        let tags: Vec<&[u8]> = lines(text)
            .take(40)
            .filter_map(|at| tag(&text[at]).map(|(tag, _)| tag))
            .collect();
        let has = |wanted: &[u8]| tags.contains(&wanted);
        let is_statement = has(b"20") && has(b"25") && (has(b"28C") || has(b"28") || has(b"60F"));
        let is_payment = has(b"20") && has(b"32A") && tags.iter().any(|tag| tag.starts_with(b"59"));
        (is_statement || is_payment).then_some(Likelihood::Content)
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
        let source = Source::new(body, head.encoding, head.mark)?;
        Ok(reader(Entries, source, options))
    }
}

/// Cuts between entries.
struct Entries;

/// The tag at the start of a line, and where what follows it stands.
fn tag(line: &[u8]) -> Option<(&[u8], usize)> {
    let rest = line.strip_prefix(b":")?;
    let len = rest.iter().take(4).position(|&byte| byte == b':')?;
    let (digits, letter) = rest[..len].split_at_checked(2)?;
    let is_tag = digits.iter().all(u8::is_ascii_digit) && letter.iter().all(u8::is_ascii_uppercase);
    is_tag.then_some((&rest[..len], len + 2))
}

/// Whether a line starts a record.
fn starts(line: &[u8]) -> bool {
    tag(line).is_some_and(|(tag, _)| matches!(tag, b"20" | b"61"))
}

impl Grammar for Entries {
    type Task = ();

    fn cut(&mut self, window: &[u8], target: usize, ended: bool) -> Option<(usize, ())> {
        cut_before(window, target, ended, starts).map(|len| (len, ()))
    }

    fn forced(&mut self, _: &[u8]) {}

    fn read((): &(), text: &[u8], _: bool, records: &mut Records<'_>) {
        let mut open = false;
        let mut all = lines(text).peekable();
        while let Some(at) = all.next() {
            let line = &text[at.clone()];
            if starts(line) && open {
                records.next_row();
            }
            let Some((tag, from)) = tag(line) else {
                // What stands around messages.
                if line != b"-" {
                    records.whole_line(at);
                }
                continue;
            };
            open = true;
            let mut parts: Vec<_> = std::iter::once(at.start + from..at.end).collect();
            while let Some(next) = all.next_if(|at| goes_on(&text[at.clone()])) {
                parts.push(next);
            }
            let tag = std::str::from_utf8(tag).unwrap_or_default();
            Field { text, parts }.give(tag, records);
        }
        if open {
            records.next_row();
        }
    }
}

/// Whether a line is none that starts a field or ends a message.
fn goes_on(line: &[u8]) -> bool {
    tag(line).is_none() && !line.starts_with(b"-") && !line.starts_with(b"{")
}

/// A field over some lines.
struct Field<'t> {
    text: &'t [u8],
    parts: Vec<Range<usize>>,
}

impl Field<'_> {
    fn give(&self, tag: &str, records: &mut Records<'_>) {
        if tag == "86" {
            let (joined, places) = self.joined();
            let labels = labels(&joined);
            if !labels.is_empty() {
                let start = labels[0].at.start;
                stretch("86 information", 0..start, (&joined, &places), records);
                for (index, label) in labels.iter().enumerate() {
                    let end = labels
                        .get(index + 1)
                        .map_or(joined.len(), |next| next.at.start);
                    part(label, label.at.end..end, (&joined, &places), records);
                }
                return;
            }
        }
        let name = FIELDS.iter().find(|(known, _)| *known == tag);
        let column = match name {
            Some((tag, name)) => format!("{tag} {name}"),
            None => tag.to_owned(),
        };
        // Names and addresses of customers have a line each.
        let column = records.column(&column);
        if tag == "86" || tag == "70" {
            let (joined, places) = self.joined();
            return pieces(column, 0..joined.len(), (&joined, &places), records);
        }
        for part in self.parts.iter().filter(|part| !part.is_empty()) {
            // Before the account of a customer stands a slash.
            let slash = usize::from(self.text[part.start] == b'/');
            records.value_at(column, part.start + slash..part.end);
        }
    }

    /// The lines as one text, and where each of its bytes stands; a blank between two lines stands nowhere.
    fn joined(&self) -> (Vec<u8>, Vec<Option<usize>>) {
        let (mut joined, mut places) = (Vec::new(), Vec::new());
        for (index, part) in self.parts.iter().enumerate() {
            let line = &self.text[part.clone()];
            if index > 0 && self.parts[index - 1].len() < FULL && !line.starts_with(b" ") {
                joined.push(b' ');
                places.push(None);
            }
            joined.extend_from_slice(line);
            places.extend(part.clone().map(Some));
        }
        (joined, places)
    }
}

/// Gives a part of the text of an entry.
fn part(
    label: &Label<'_>,
    at: Range<usize>,
    joined: (&[u8], &[Option<usize>]),
    records: &mut Records<'_>,
) {
    if label.name == "CNTP" {
        let mut from = at.start;
        let parts = joined.0[at].split(|&byte| byte == b'/');
        for (part, name) in parts.zip(PARTY) {
            let column = format!("86.CNTP {name}");
            stretch(&column, from..from + part.len(), joined, records);
            from += part.len() + 1;
        }
        return;
    }
    let name = PARTS.iter().find(|(known, _)| *known == label.name);
    let column = match name {
        Some((label, name)) => format!("86.{label} {name}"),
        None => format!("86.{}", label.name),
    };
    stretch(&column, at, joined, records);
}

/// Gives a stretch without blanks around it.
fn stretch(
    column: &str,
    at: Range<usize>,
    joined: (&[u8], &[Option<usize>]),
    records: &mut Records<'_>,
) {
    let text = &joined.0[at.clone()];
    let start = at.start + (text.len() - text.trim_ascii_start().len());
    let end = start + text.trim_ascii().len();
    if start < end {
        let column = records.column(column);
        pieces(column, start..end, joined, records);
    }
}

/// Gives a stretch of the lines, each of which is given as it is stored.
fn pieces(
    column: super::ColumnId,
    at: Range<usize>,
    (joined, places): (&[u8], &[Option<usize>]),
    records: &mut Records<'_>,
) {
    if at.is_empty() {
        return;
    }
    records.begin(column);
    let mut from = at.start;
    while from < at.end {
        let Some(first) = places[from] else {
            records.made(&joined[from..=from]);
            from += 1;
            continue;
        };
        let run = places[from..at.end].iter().enumerate();
        let len = run
            .take_while(|(index, place)| **place == Some(first + index))
            .count();
        records.stored(first..first + len);
        from += len;
    }
    records.end();
}

/// What stands before a part of the text of an entry.
struct Label<'t> {
    name: &'t str,
    at: Range<usize>,
}

/// The labels in a text: `/NAME/`, or `?32` and the like.
fn labels(text: &[u8]) -> Vec<Label<'_>> {
    let mut found = Vec::new();
    let name = |at: Range<usize>| std::str::from_utf8(&text[at]).unwrap_or_default();
    let mut at = 0;
    while let Some(len) = text
        .get(at..)
        .and_then(|rest| memchr::memchr2(b'/', b'?', rest))
    {
        at += len;
        let rest = &text[at + 1..];
        let label = if text[at] == b'/' {
            let len = rest
                .iter()
                .take_while(|byte| byte.is_ascii_uppercase())
                .count();
            ((3..=4).contains(&len) && rest.get(len) == Some(&b'/')).then_some((len, 1))
        } else {
            let is_number = rest.len() > 1 && rest[..2].iter().all(u8::is_ascii_digit);
            is_number.then_some((2, 0))
        };
        match label {
            Some((len, close)) => {
                found.push(Label {
                    name: name(at + 1..at + 1 + len),
                    at: at..at + 1 + len + close,
                });
                // The slash that ends a label begins no other.
                at += 1 + len + close;
            }
            None => at += 1,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::taken::take;

    #[test]
    fn entries_say_who_paid() {
        let statement = "ABNANL2A\r\n:20:X\r\n:25:NL91ABNA0417164300\r\n:28C:1\r\n:61:2401020102D12,50NTRF\r\n:86:/TRTP/SEPA OVERBOEKING/IBAN/NL02ABNA0123456789/BIC/ABNANL2A/NAME/J V\r\neldhuizen/REMI/rent\r\nof May\r\n:61:2401030103C25,00NTRF\r\n:86:166?00SEPA?20mail?32Jor Tol?33en Mir\r\n:61:2401030103C25,00NTRF\r\n:86:/CNTP/NL02ABNA0123456789/ABNANL2A/M Jansen/Utrecht//\r\n:86:/ADDR/HOUT/CITY/x\r\n:86:just text\r\n:62F:C1\r\n-\r\n";
        let taken = take("a.sta", statement.as_bytes());
        assert_eq!(taken.format, Some("mt940"));
        let is = |column: &str, texts: &[&str]| {
            assert_eq!(taken.column_texts(column), texts, "{column}");
        };
        is("25 account", &["NL91ABNA0417164300"]);
        is("86.TRTP", &["SEPA OVERBOEKING"]);
        is("86.IBAN iban", &["NL02ABNA0123456789"]);
        is("86.NAME account holder name", &["J Veldhuizen"]);
        is("86.REMI remittance information", &["rent of May"]);
        is("86.32 account holder name", &["Jor Tol"]);
        is("86.CNTP account holder name", &["M Jansen"]);
        is("86.CNTP iban", &["NL02ABNA0123456789"]);
        is("86.ADDR address", &["HOUT"]);
        is("86 information", &["166", "just text"]);
        assert_eq!(taken.records[""], 4);
    }
}
