//! PDF documents. With the feature `pdf` what they say is read (`text.rs`). Without it they are recognised, and only their name
//! is looked at, which may say that they are a copy of an identity document.
//!
//! Much of one looks like text, but what it says is compressed, or drawn letter by letter. Read as text it would count as
//! scanned, although next to nothing of it was seen.

#[cfg(feature = "pdf")]
mod bounds;
#[cfg(feature = "pdf")]
mod tables;
#[cfg(feature = "pdf")]
mod text;

use super::made::Made;
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
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        Ok(Box::new(Document {
            described: Some(Described::new(head.name)),
            content: Some(content(body, head, options)),
        }))
    }
}

#[cfg(feature = "pdf")]
fn content(body: Body<'_>, head: &Head<'_>, options: &ReadOptions) -> Result<Made, Problem> {
    let whole = body.into_blob("a document", &options.limits, &head.budget)?;
    text::read(&whole.complete()?, options.limits, &head.budget)
}

#[cfg(not(feature = "pdf"))]
fn content(_: Body<'_>, _: &Head<'_>, _: &ReadOptions) -> Result<Made, Problem> {
    Err(Problem::skipped(
        "PDF document; only its name was looked at: turn it into text first (`pdftotext FILE`), or build speur with \
         `--features pdf`",
    ))
}

/// Hands out what a document says, then its name, so that rows are pages.
struct Document {
    described: Option<Described>,
    content: Option<Result<Made, Problem>>,
}

impl Reader for Document {
    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Problem> {
        let is_left = matches!(&self.content, Some(Ok(made)) if !made.is_empty());
        if !is_left && let Some(described) = self.described.take() {
            return Ok(Some(Piece::Chunk(Part {
                table: None,
                first_row: None,
                bytes: 0,
                chunk: Box::new(described),
            })));
        }
        if let Some(Err(_)) = &self.content
            && let Some(Err(problem)) = self.content.take()
        {
            return Err(problem);
        }
        match &mut self.content {
            Some(Ok(made)) => made.next_piece(),
            _ => Ok(None),
        }
    }

    fn position(&self) -> u64 {
        match &self.content {
            Some(Ok(made)) => made.position(),
            _ => 0,
        }
    }
}
