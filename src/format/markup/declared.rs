//! Encodings that documents say they have.

use encoding_rs::UTF_8;

use super::super::{Piece, Reader};
use crate::error::Problem;
use crate::input::charset::Charset;

/// A longer name of an encoding is none, in bytes.
const LONGEST: usize = 24;

/// What a document that is read as `otherwise`, if it says nothing else, says of its encoding with a label in ASCII: how it is read,
/// and what is to be said of that.
pub(in super::super) fn declared(
    label: Option<&[u8]>,
    otherwise: Charset,
) -> (Charset, Option<Problem>) {
    let Some(label) = label else {
        return (otherwise, None);
    };
    if let Some(encoding) = Charset::for_label(label) {
        // Who says UTF-8 and isn't has been looked at already.
        let can_be = encoding.is_ascii_compatible() && encoding != UTF_8;
        return (if can_be { encoding } else { otherwise }, None);
    }
    let is_name = (2..=LONGEST).contains(&label.len())
        && label[0].is_ascii_alphabetic()
        && label
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_:.".contains(byte));
    let problem = is_name.then(|| {
        let (label, read) = (String::from_utf8_lossy(label), otherwise.name());
        Problem::note(format!(
            "declares {label}, which is not known here; read as {read}, so that letters beyond ASCII may be wrong"
        ))
    });
    (otherwise, problem)
}

/// A reader of which something is to be said before it starts.
pub(in super::super) fn noted<'a>(
    inner: Box<dyn Reader + 'a>,
    note: Option<Problem>,
) -> Box<dyn Reader + 'a> {
    match note {
        Some(_) => Box::new(Noted { inner, note }),
        None => inner,
    }
}

struct Noted<'a> {
    inner: Box<dyn Reader + 'a>,
    note: Option<Problem>,
}

impl Reader for Noted<'_> {
    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Problem> {
        match self.note.take() {
            Some(note) => Err(note),
            None => self.inner.next_piece(),
        }
    }

    fn position(&self) -> u64 {
        self.inner.position()
    }

    fn rows(&self) -> Option<u64> {
        self.inner.rows()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::taken::take;

    #[test]
    fn encodings_that_are_not_known_are_named() {
        let problems = |name: &str, text: &str| take(name, text.as_bytes()).problems;
        let xml = |label: &str| {
            let text = format!("<?xml version=\"1.0\" encoding=\"{label}\"?>\n<a><b>c</b></a>\n");
            problems("a.xml", &text)
        };
        let read = "read as UTF-8, so that letters beyond ASCII may be wrong";
        let says = |label: &str| vec![format!("declares {label}, which is not known here; {read}")];
        assert_eq!(xml("IBM869"), says("IBM869"));
        assert_eq!(xml("MacCyrillic"), says("MacCyrillic"));
        for known in [
            "utf-8",
            "UTF-16",
            "windows-1252",
            "x-mac-cyrillic",
            "",
            "jor@x y",
        ] {
            assert!(xml(known).is_empty(), "{known}");
        }
        let html = |tag: &str| {
            problems(
                "a.html",
                &format!("<html><head>{tag}</head><p>c</p></html>"),
            )
        };
        assert_eq!(html("<meta charset=\"cp869\">"), says("cp869"));
        assert!(html("<script charset=\"cp869\"></script>").is_empty());
    }
}
