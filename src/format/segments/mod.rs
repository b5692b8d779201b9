//! Messages made of segments: HL7 of version 2, EDIFACT and X12. Each kind of segment is a table, each segment a record.
//!
//! A segment is a tag and fields, a field is components, and which characters stand between them is written at the start of
//! a message. Columns are numbered, as people who know such messages name them, with what the standard calls them where it has
//! to do with people (`PID.5.1 family name`). What is no segment is text without a table.
//! <https://www.hl7.eu/HL7v2x/v251/hl7v251.htm>, <https://unece.org/trade/uncefact/introducing-unedifact>

use std::ops::Range;
use std::sync::Arc;

use super::chunked::{Embedded, Grammar, reader};
use super::records::Records;
use super::text;
use super::{Format, Head, Likelihood, ReadOptions, Reader, base64};
use crate::error::Problem;
use crate::input::Body;
use crate::input::blocks::{LONGEST_RECORD, Source, forced_cut};

mod names;
mod syntax;

use syntax::Syntax;

/// Kinds of segments that are tables; others are text.
const MOST_TABLES: usize = 100;

/// Messages of one of the standards.
pub(super) struct Messages {
    name: &'static str,
    /// The syntax of a text that starts like such messages.
    syntax: fn(&[u8]) -> Option<Syntax>,
}

/// HL7, version 2.
pub(super) static HL7: Messages = Messages {
    name: "hl7",
    syntax: Syntax::hl7,
};
/// EDIFACT, of trade, customs and care.
pub(super) static EDIFACT: Messages = Messages {
    name: "edifact",
    syntax: Syntax::edifact,
};
/// X12, of the United States.
pub(super) static X12: Messages = Messages {
    name: "x12",
    syntax: Syntax::x12,
};

impl Format for Messages {
    fn name(&self) -> &'static str {
        self.name
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        (self.syntax)(head.text.as_deref()?).map(|_| Likelihood::Magic)
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
        let syntax = head.text.as_deref().and_then(self.syntax);
        let syntax = syntax.ok_or_else(|| Problem::failed("its start can't be read"))?;
        let segments = Segments {
            syntax,
            known: Arc::default(),
            attached: 0,
        };
        let source = Source::new(body, head.encoding, head.mark)?;
        Ok(reader(segments, source, options))
    }
}

/// Cuts between segments.
struct Segments {
    syntax: Syntax,
    /// The tags that were seen.
    known: Arc<Vec<Arc<str>>>,
    attached: u64,
}

/// Which segments of a text are meant: those of one tag, or whatever is of none.
struct Task {
    syntax: Syntax,
    tag: Option<Arc<str>>,
    known: Arc<Vec<Arc<str>>>,
}

impl Segments {
    fn task(&self, tag: Option<Arc<str>>) -> Task {
        Task {
            syntax: self.syntax,
            tag,
            known: self.known.clone(),
        }
    }
}

impl Grammar for Segments {
    type Task = Task;

    fn cut(&mut self, window: &[u8], target: usize, ended: bool) -> Option<(usize, Task)> {
        let len = match self.syntax.end {
            None => text::cut(window, target, ended),
            Some(_) if window.len() <= target && ended => Some(window.len()),
            Some(end) => {
                let from = target.saturating_sub(1).min(window.len());
                let until = window.len().min(LONGEST_RECORD.max(from));
                let found = memchr::memchr_iter(end, &window[from..until])
                    .map(|at| from + at)
                    .find(|&at| !self.syntax.is_escaped(window, at));
                match found {
                    Some(at) => Some(at + 1),
                    None if window.len() >= LONGEST_RECORD => Some(forced_cut(window)),
                    None => ended.then_some(window.len()),
                }
            }
        };
        len.map(|len| (len, self.task(None)))
    }

    fn forced(&mut self, _: &[u8]) -> Task {
        self.task(None)
    }

    fn tables(&mut self, _: Task, text: &[u8]) -> Vec<(Option<Arc<str>>, Task)> {
        let (mut found, mut beside): (Vec<Arc<str>>, _) = (Vec::new(), false);
        for at in self.syntax.segments(text) {
            let Some(tag) = self.syntax.tag(&text[at]) else {
                beside = true;
                continue;
            };
            if found.iter().any(|known| **known == *tag) {
                continue;
            }
            let is_known = self.known.iter().any(|known| **known == *tag);
            if is_known || self.known.len() < MOST_TABLES {
                let tag: Arc<str> = tag.into();
                if !is_known {
                    Arc::make_mut(&mut self.known).push(tag.clone());
                }
                found.push(tag);
            } else {
                beside = true;
            }
        }
        let mut tables: Vec<_> = found
            .into_iter()
            .map(|tag| (Some(tag.clone()), self.task(Some(tag))))
            .collect();
        if beside || tables.is_empty() {
            tables.push((None, self.task(None)));
        }
        tables
    }

    fn read(task: &Task, text: &[u8], _: bool, records: &mut Records<'_>) {
        let syntax = &task.syntax;
        for at in syntax.segments(text) {
            let tag = syntax.tag(&text[at.clone()]);
            let tag = tag.filter(|tag| task.known.iter().any(|known| **known == **tag));
            if tag != task.tag.as_deref() {
                continue;
            }
            match tag {
                Some(tag) => Segment { text, tag, syntax }.give(at, records),
                None => records.whole_line(at),
            }
            records.next_row();
        }
    }

    fn embedded(&mut self, text: &[u8], found: &mut Vec<Embedded>) {
        if self.syntax.name != "hl7" {
            return;
        }
        for at in encoded(text, &self.syntax) {
            self.attached += 1;
            let bytes = base64::decode(&text[at]);
            let name = format!("attachment-{}", self.attached);
            found.push(Embedded { name, bytes });
        }
    }
}

/// Documents and pictures within an HL7 message, behind a component that says that they are in base64.
fn encoded<'t>(text: &'t [u8], syntax: &Syntax) -> impl Iterator<Item = Range<usize>> + use<'t> {
    let [component, field] = [syntax.component, syntax.field];
    let label = [&[component][..], b"Base64", &[component]].concat();
    let ends = move |byte: &u8| matches!(byte, b'\r' | b'\n') || [component, field].contains(byte);
    let found: Vec<usize> = memchr::memmem::find_iter(text, &label).collect();
    found.into_iter().map(move |at| {
        let start = at + label.len();
        let len = text[start..].iter().position(ends);
        start..len.map_or(text.len(), |len| start + len)
    })
}

/// A segment while it is read.
struct Segment<'t> {
    text: &'t [u8],
    tag: &'t str,
    syntax: &'t Syntax,
}

impl Segment<'_> {
    fn give(&self, at: Range<usize>, records: &mut Records<'_>) {
        let fields = self.syntax.split(self.text, at, self.syntax.field);
        // The first field of these is the character that stands between fields.
        let starts = self.syntax.name == "hl7" && matches!(self.tag, "MSH" | "FHS" | "BHS");
        let skipped = usize::from(starts);
        let mut qualifier: &[u8] = b"";
        for (index, field) in fields.into_iter().enumerate().skip(1 + skipped) {
            let number = index + skipped;
            let repeated = match self.syntax.repeat {
                Some(repeat) => self.syntax.split(self.text, field, repeat),
                None => vec![field],
            };
            for field in repeated {
                let parts = self.syntax.split(self.text, field, self.syntax.component);
                if let Some(first) = parts.first().filter(|_| number == 1) {
                    qualifier = &self.text[first.clone()];
                }
                self.components(number, qualifier, parts, records);
            }
        }
    }

    fn components(
        &self,
        field: usize,
        qualifier: &[u8],
        parts: Vec<Range<usize>>,
        records: &mut Records<'_>,
    ) {
        let is_encoded = parts.iter().any(|at| &self.text[at.clone()] == b"Base64");
        for (index, part) in parts.into_iter().enumerate() {
            // That is a member.
            let is_member = is_encoded && index == 4 && self.syntax.name == "hl7";
            if part.is_empty() || is_member {
                continue;
            }
            let name = names::column(self.syntax.name, self.tag, (field, index + 1), qualifier);
            let column = records.column(&name);
            let pieces = match self.syntax.sub {
                Some(sub) => self.syntax.split(self.text, part, sub),
                None => vec![part],
            };
            for piece in pieces.into_iter().filter(|piece| !piece.is_empty()) {
                records.begin(column);
                self.syntax.give(self.text, piece, records);
                records.end();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::taken::take;

    const ADMISSION: &str = "MSH|^~\\&|HIS|ZKH|LAB||20240115||ADT^A01|1|P|2.5\rPID|1||4711^^^ZKH~123^^^X||Veldhuizen&van^Jor||19800523|M|||Dorpsstraat 12^^Utrecht^^3511 AB^NLD||06123^PRN^CP~^NET^Internet^jor@postluxterra.nl\rNTE|1||a \\T\\ b\\.br\\c\rNTE|2||more\rOBX|1|ED|doc||^application^pdf^Base64^aGFsbG8=\rZ\r";

    #[test]
    fn fields_of_hl7_have_their_names() {
        let taken = take("a.hl7", ADMISSION.as_bytes());
        assert_eq!(taken.format, Some("hl7"));
        let is = |column: &str, texts: &[&str]| assert_eq!(taken.column_texts(column), texts);
        is("PID.5.1 family name", &["Veldhuizen", "van"]);
        is("PID.5.2 given name", &["Jor"]);
        is("PID.7 birth date", &["19800523"]);
        is("PID.11.1 street address", &["Dorpsstraat 12"]);
        is("PID.11.5 postal code", &["3511 AB"]);
        is("PID.13.4 email", &["jor@postluxterra.nl"]);
        is("PID.3.1 patient identifier", &["4711", "123"]);
        is("NTE.3 comment", &["a & b\nc", "more"]);
        is("MSH.9", &["ADT"]);
        is("", &["Z"]);
        assert_eq!((taken.records["NTE"], taken.records["PID"]), (2, 1));
        assert_eq!(taken.members, ["attachment-1"]);
    }

    #[test]
    fn messages_may_be_framed_and_their_lines_end_otherwise() {
        let framed = format!("\u{b}{ADMISSION}\u{1c}\r\u{b}{ADMISSION}\u{1c}\r");
        let taken = take("a.bin", framed.as_bytes());
        assert_eq!((taken.format, taken.records["PID"]), (Some("hl7"), 2));
        let lines = ADMISSION.replace('\r', "\r\n");
        assert_eq!(take("a.txt", lines.as_bytes()).records["PID"], 1);
    }

    #[test]
    fn edifact_and_x12_are_read() {
        let order = b"UNA:+.? 'UNB+UNOC:3+1+2'UNH+1+ORDERS:D:96A'\nNAD+BY+871::9++Veldhuizen?+zoon, Jor+Dorpsstraat 12+Utrecht++3511AB+NL'CTA+IC+:Jor O?'Tal'COM+jor@postluxterra.nl:EM'DTM+329:19800523:102'DTM+137:20240115:102'";
        let taken = take("a.edi", order);
        assert_eq!(taken.format, Some("edifact"));
        let is = |column: &str, texts: &[&str]| assert_eq!(taken.column_texts(column), texts);
        is("NAD.4 party name", &["Veldhuizen+zoon, Jor"]);
        is("NAD.8 postal code", &["3511AB"]);
        is("CTA.2.2 contact name", &["Jor O'Tal"]);
        is("COM.1 contact", &["jor@postluxterra.nl"]);
        is("DTM.1.2 birth date", &["19800523"]);
        is("DTM.1.2", &["20240115"]);
        let isa = "ISA*00*          *00*          *ZZ*A              *ZZ*B              *240115*1030*^*00501*000000001*0*P*:~";
        let claim = format!("{isa}\nNM1*IL*1*Doe*Jane****MI*12~\nDMG*D8*19800523*F~");
        let taken = take("a.txt", claim.as_bytes());
        assert_eq!(taken.format, Some("x12"));
        assert_eq!(taken.column_texts("NM1.3 last name"), ["Doe"]);
        assert_eq!(taken.column_texts("DMG.2 birth date"), ["19800523"]);
    }
}
