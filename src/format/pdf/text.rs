//! What a PDF document says: the text of its pages, its properties, what its form is filled in with, and what is embedded in it.
//!
//! The library that reads it trusts what it reads, so all that could make it go on for ever, or take more memory than there
//! is, is ruled out before: what is loaded (`bounds.rs`), tables of fonts that have no end (`tables.rs`), forms that draw each
//! other, and pages within themselves. What it still gives up is a problem of the page.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use pdf_extract::{
    Dictionary, Document, Object, ObjectId, PlainTextOutput, Stream, decode_text_string,
    output_doc_page,
};

use super::super::made::{Made, Values};
use super::super::records::Records;
use super::bounds::{MOST_EXPANDED, expands_within, load};
use super::tables::leave_out;
use crate::error::Problem;
use crate::input::limits::{Budget, Limits};

/// What may be drawn, in bytes of drawing instructions, those of forms as often as they are drawn.
const MOST_DRAWN: u64 = 256 << 20;
/// Forms within forms, and pages within groups of pages.
pub(super) const DEEPEST: usize = 64;
/// Pages read.
const MOST_PAGES: usize = 100_000;
/// What a document says of itself (ISO 32000-2 section 14.3.3).
const PROPERTIES: &[&str] = &["Author", "Title", "Subject", "Keywords", "Creator"];

/// Reads a document into tables and members.
pub(super) fn read(bytes: &Bytes, limits: Limits, budget: &Budget) -> Result<Made, Problem> {
    expands_within(bytes, limits, budget)?;
    let mut document = load(bytes)?;
    let mut made = Made::new(bytes.len() as u64);
    embedded(&document, &mut made);
    leave_out(&mut document);
    let drawn = Drawn::of(&document).filter(|drawn| *drawn <= MOST_DRAWN);
    if drawn.is_some() {
        let pages = pages(&document, &mut made);
        if pages.iter().all(|page| page.trim().is_empty()) && !pages.is_empty() {
            made.problem(Problem::note(
                "no page has text: they may be pictures, which are not read",
            ));
        }
        made.table(None, Pages(pages));
    } else {
        made.problem(Problem::lost(
            "its pages were not read: they draw themselves, or more than can be followed",
        ));
    }
    let properties = properties(&document);
    if !properties.is_empty() {
        made.table(Some("properties"), Fields(properties));
    }
    let form = form(&document);
    if !form.is_empty() {
        made.table(Some("form"), Fields(form));
    }
    Ok(made)
}

/// Adds pictures and files as members.
fn embedded(document: &Document, made: &mut Made) {
    // Many may name the same file.
    let mut left = MOST_EXPANDED as usize;
    for (id, object) in &document.objects {
        match object {
            Object::Stream(stream) if is(&stream.dict, b"Subtype", b"Image") => {
                let filters = stream.filters().unwrap_or_default();
                let extension = match filters[..] {
                    [b"DCTDecode"] => "jpg",
                    [b"JPXDecode"] => "jp2",
                    _ => continue,
                };
                made.member(
                    format!("image {}.{extension}", id.0),
                    stream.content.clone(),
                );
            }
            Object::Dictionary(dictionary) => {
                if let Some((name, stream)) = attachment(document, dictionary) {
                    let bytes = content(stream);
                    let Some(rest) = left.checked_sub(bytes.len()) else {
                        made.problem(Problem::lost(
                            "its attachments are more than can be followed",
                        ));
                        return;
                    };
                    left = rest;
                    made.member(name, bytes);
                }
            }
            _ => {}
        }
    }
}

/// The file that a specification of one embeds (ISO 32000-2 section 7.11.3).
fn attachment<'d>(
    document: &'d Document,
    specification: &'d Dictionary,
) -> Option<(String, &'d Stream)> {
    let files = document.get_dict_in_dict(specification, b"EF").ok()?;
    let stream = [&b"UF"[..], b"F"].iter().find_map(|key| {
        let file = files.get_deref(key, document).ok()?;
        file.as_stream().ok()
    })?;
    let name = [&b"UF"[..], b"F"]
        .iter()
        .find_map(|key| text(specification.get_deref(key, document).ok()?));
    Some((name.unwrap_or_else(|| "attachment".to_owned()), stream))
}

/// How much drawing pages come to.
struct Drawn<'d> {
    document: &'d Document,
    /// For each form that was looked at: how much, or none while it is.
    forms: HashMap<ObjectId, Option<u64>>,
}

impl Drawn<'_> {
    /// None where pages or forms lie within themselves.
    fn of(document: &Document) -> Option<u64> {
        let mut drawn = Drawn {
            document,
            forms: HashMap::new(),
        };
        let pages = document.get_pages();
        let mut all = 0_u64;
        for page in pages.values() {
            let dictionary = document.get_dictionary(*page).ok()?;
            let resources = inherited(document, dictionary, b"Resources").ok()?;
            let content = document.get_page_content(*page).unwrap_or_default();
            let resources = resources.and_then(|object| object.as_dict().ok());
            all = all.saturating_add(drawn.by(&content, resources, 0)?);
            if all > MOST_DRAWN {
                break;
            }
        }
        Some(all)
    }

    /// What drawing instructions come to, of which each form that is drawn may be the largest of these resources.
    fn by(&mut self, content: &[u8], resources: Option<&Dictionary>, depth: usize) -> Option<u64> {
        let uses = memchr::memmem::find_iter(content, b"Do").count() as u64;
        let own = content.len() as u64;
        if uses == 0 {
            return Some(own);
        }
        let forms =
            resources.and_then(|found| self.document.get_dict_in_dict(found, b"XObject").ok());
        let mut most = 0;
        for (_, form) in forms.into_iter().flat_map(Dictionary::iter) {
            if let Ok(id) = form.as_reference() {
                most = most.max(self.form(id, depth)?);
            }
        }
        Some(own.saturating_add(uses.saturating_mul(most)))
    }

    fn form(&mut self, id: ObjectId, depth: usize) -> Option<u64> {
        if let Some(known) = self.forms.get(&id) {
            return *known;
        }
        let Ok(stream) = self.document.get_object(id).and_then(Object::as_stream) else {
            return Some(0);
        };
        if depth >= DEEPEST {
            return None;
        }
        self.forms.insert(id, None);
        let content = content(stream);
        let resources = stream.dict.get_deref(b"Resources", self.document);
        let resources = resources.and_then(Object::as_dict).ok();
        // Without resources of its own it has those of whatever draws it, itself among them.
        let draws_others = memchr::memmem::find(&content, b"Do").is_some();
        if resources.is_none() && draws_others {
            return None;
        }
        let drawn = self.by(&content, resources, depth + 1);
        self.forms.insert(id, drawn);
        drawn
    }
}

/// What a page or one of the groups it lies in has at a key; an error where they lie within themselves.
fn inherited<'d>(
    document: &'d Document,
    mut dictionary: &'d Dictionary,
    key: &[u8],
) -> Result<Option<&'d Object>, Endless> {
    let mut found = None;
    // To the end, for the library goes there as well.
    for _ in 0..DEEPEST {
        found = found.or_else(|| dictionary.get_deref(key, document).ok());
        match document.get_dict_in_dict(dictionary, b"Parent") {
            Ok(parent) => dictionary = parent,
            Err(_) => return Ok(found),
        }
    }
    Err(Endless)
}

/// Pages or fields that lie within themselves.
struct Endless;

/// The text of each page.
fn pages(document: &Document, made: &mut Made) -> Vec<String> {
    let numbers = document.get_pages();
    let mut unread = Vec::new();
    let mut pages = Vec::new();
    for &number in numbers.keys().take(MOST_PAGES) {
        let mut text = String::new();
        let read = catch_unwind(AssertUnwindSafe(|| {
            output_doc_page(document, &mut PlainTextOutput::new(&mut text), number)
        }));
        if !matches!(read, Ok(Ok(()))) {
            unread.push(number.to_string());
        }
        pages.push(text);
    }
    if !unread.is_empty() {
        made.problem(Problem::lost(format!(
            "text of {} could not be read to its end: turn it into text first (`pdftotext FILE`)",
            match &unread[..] {
                [one] => format!("page {one}"),
                [first, .., last] => format!("{} pages, from {first} to {last},", unread.len()),
                [] => String::new(),
            }
        )));
    }
    pages
}

/// What it says of itself.
fn properties(document: &Document) -> BTreeMap<String, String> {
    let information = document.trailer.get_deref(b"Info", document);
    let Ok(information) = information.and_then(Object::as_dict) else {
        return BTreeMap::new();
    };
    let of = |name: &&str| {
        let object = information.get_deref(name.as_bytes(), document).ok()?;
        Some((name.to_lowercase(), text(object)?))
    };
    PROPERTIES.iter().filter_map(of).collect()
}

/// The fields of its form, by name (ISO 32000-2 section 12.7).
fn form(document: &Document) -> BTreeMap<String, String> {
    let fields = document.objects.values().filter_map(|object| {
        let field = object.as_dict().ok()?;
        let value = text(field.get_deref(b"V", document).ok()?)?;
        // A field of several parts is named by what it lies in.
        let name = inherited(document, field, b"T").ok()??;
        Some((text(name)?, value))
    });
    fields.collect()
}

fn text(object: &Object) -> Option<String> {
    let text = match object {
        Object::String(..) => decode_text_string(object).ok()?,
        Object::Name(name) => String::from_utf8_lossy(name).into_owned(),
        _ => return None,
    };
    (!text.trim().is_empty()).then_some(text)
}

pub(super) fn is(dictionary: &Dictionary, key: &[u8], name: &[u8]) -> bool {
    let found = dictionary.get(key).and_then(Object::as_name);
    found.is_ok_and(|found| found == name)
}

pub(super) fn content(stream: &Stream) -> Vec<u8> {
    let plain = || stream.content.clone();
    let decode = || stream.decompressed_content().unwrap_or_else(|_| plain());
    match stream.filters() {
        Ok(_) => catch_unwind(AssertUnwindSafe(decode)).unwrap_or_default(),
        Err(_) => plain(),
    }
}

/// The text of pages: one record each, and a value for each paragraph.
struct Pages(Vec<String>);

impl Values for Pages {
    fn read(&self, records: &mut Records<'_>) {
        let column = records.column("");
        for page in &self.0 {
            let paragraphs = page.split("\n\n").map(str::trim);
            for paragraph in paragraphs.filter(|text| !text.is_empty()) {
                records.value(column, paragraph.as_bytes());
            }
            records.next_row();
        }
    }
}

/// One record.
struct Fields(BTreeMap<String, String>);

impl Values for Fields {
    fn read(&self, records: &mut Records<'_>) {
        for (name, value) in &self.0 {
            let column = records.column(name);
            records.value(column, value.as_bytes());
        }
        records.next_row();
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    /// A document of these objects, numbered from 1; the first one is the catalogue.
    fn pdf(objects: &[String], trailer: &str) -> Bytes {
        let mut text = "%PDF-1.7\n".to_owned();
        let mut places = Vec::new();
        for (number, object) in (1..).zip(objects) {
            places.push(text.len());
            let _ = write!(text, "{number} 0 obj\n{object}\nendobj\n");
        }
        let table = text.len();
        let _ = write!(text, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
        for place in places {
            let _ = writeln!(text, "{place:010} 00000 n ");
        }
        let size = objects.len() + 1;
        let _ = write!(
            text,
            "trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\nstartxref\n{table}\n%%EOF\n"
        );
        Bytes::from(text)
    }

    fn stream(dictionary: &str, content: &str) -> String {
        let len = content.len();
        format!("<< /Length {len} {dictionary} >>\nstream\n{content}\nendstream")
    }

    /// A page that draws `content`, with what else there is.
    fn page(content: &str, others: &[String], trailer: &str) -> Bytes {
        let mut objects = vec![
            "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
            "<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 600 800] >>".to_owned(),
            "<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F 5 0 R >> /XObject << /X 6 0 R >> >> >>"
                .to_owned(),
            stream("", content),
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
        ];
        objects.extend_from_slice(others);
        pdf(&objects, trailer)
    }

    fn text_of(bytes: &Bytes) -> Result<Vec<String>, Problem> {
        expands_within(bytes, Limits::default(), &Budget::default())?;
        let mut document = load(bytes)?;
        leave_out(&mut document);
        if Drawn::of(&document).is_none_or(|drawn| drawn > MOST_DRAWN) {
            return Err(Problem::lost("drawn"));
        }
        Ok(pages(&document, &mut Made::new(0)))
    }

    const TEXT: &str = "BT /F 12 Tf 50 700 Td (jan@voorbeeld.nl) Tj ET";

    #[test]
    fn pages_properties_and_forms_are_read() {
        let others = [
            stream(
                "/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /Font << /F 5 0 R >> >>",
                "BT /F 9 Tf (form) Tj ET",
            ),
            "<< /Author (Jan Jansen) /Producer (x) >>".to_owned(),
            "<< /FT /Tx /T (phone) /V (06-12345678) >>".to_owned(),
        ];
        let bytes = page(&format!("{TEXT} /X Do"), &others, "/Info 7 0 R");
        let text = text_of(&bytes).unwrap();
        assert!(text[0].contains("jan@voorbeeld.nl") && text[0].contains("form"));
        let document = Document::load_mem(&bytes).unwrap();
        assert_eq!(properties(&document)["author"], "Jan Jansen");
        assert_eq!(form(&document)["phone"], "06-12345678");
    }

    #[test]
    fn what_draws_itself_is_not_followed() {
        let form = "/Type /XObject /Subtype /Form /BBox [0 0 9 9]";
        let own = stream(
            &format!("{form} /Resources << /XObject << /X 6 0 R >> >>"),
            "/X Do",
        );
        assert!(text_of(&page("/X Do", &[own], "")).is_err());
        // It has the resources of the page, and so itself.
        assert!(text_of(&page("/X Do", &[stream(form, "/X Do")], "")).is_err());
        // Ten times ten times ten …
        let many: Vec<String> = (7..40)
            .map(|next| {
                let resources = format!("{form} /Resources << /XObject << /X {next} 0 R >> >>");
                stream(&resources, &"/X Do ".repeat(10))
            })
            .collect();
        assert!(text_of(&page("/X Do", &many, "")).is_err());
    }

    #[test]
    fn pages_within_themselves_are_not_followed() {
        let bytes = page(TEXT, &[], "");
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let turned = text.replace(
            "/Count 1 /MediaBox [0 0 600 800]",
            "/Count 1 /Parent 2 0 R          ",
        );
        assert_eq!(turned.len(), text.len());
        assert!(text_of(&Bytes::from(turned)).is_err());
        assert!(text_of(&bytes).is_ok());
    }

    #[test]
    fn damaged_documents_do_no_harm() {
        let bytes = page(TEXT, &[], "");
        for len in 0..bytes.len() {
            let _ = read(&bytes.slice(..len), Limits::default(), &Budget::default());
        }
    }
}
