//! PDF documents: they are recognised, and only their name is looked at, which may say that they are a copy of an identity
//! document.
//!
//! Much of one looks like text, but what it says is compressed, or drawn letter by letter. Read as text it would count as
//! scanned, although next to nothing of it was seen.

use super::picture::Described;
use super::{Format, Head, Likelihood, Part, Piece, ReadOptions, Reader};
use crate::error::Problem;
use crate::input::Body;

/// Readers look for the signature in so many bytes: some programs write something before it.
const BEFORE: usize = 1024;
const SIGNATURE: &[u8] = b"%PDF-";

/// PDF documents.
pub(super) struct Pdf;

impl Format for Pdf {
    fn name(&self) -> &'static str {
        "pdf"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let start = &head.bytes[..head.bytes.len().min(BEFORE)];
        let at = memchr::memmem::find(start, SIGNATURE)?;
        // A text that speaks of it has words before it.
        let is_first = start[..at].iter().all(|byte| !byte.is_ascii_alphanumeric());
        is_first.then_some(Likelihood::Magic)
    }

    fn open<'a>(
        &self,
        _: Body<'a>,
        head: &Head<'_>,
        _: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        Ok(Box::new(Named {
            described: Some(Described::new(head.name)),
            is_said: false,
        }))
    }
}

/// Hands out the name of a document, and says that this is all.
struct Named {
    described: Option<Described>,
    is_said: bool,
}

impl Reader for Named {
    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Problem> {
        if let Some(described) = self.described.take() {
            return Ok(Some(Piece::Chunk(Part {
                table: None,
                first_row: None,
                bytes: 0,
                chunk: Box::new(described),
            })));
        }
        if std::mem::replace(&mut self.is_said, true) {
            return Ok(None);
        }
        Err(Problem::skipped(
            "PDF document; only its name was looked at: turn it into text first (`pdftotext FILE`)",
        ))
    }

    fn position(&self) -> u64 {
        0
    }
}
