//! HTML: one file that a data protection officer opens, from disk, without a network.
//!
//! Summary, map, coverage and rules are written out; the table of columns is made in the browser from data that stands in
//! the page, so that thousands of columns stay quick. The policy in the page's head allows the one style and the one
//! script of `html/`, named by their hashes, and nothing else: no request can leave it, and nothing from the data can
//! become a script. `html/model.rs` prepares what the template shows, `html/rows.rs` what the script reads.

use std::io::{self, Write};

use askama::Template;
use base64::Engine as _;
use sha2::{Digest, Sha256};

use super::gather::{Document, Gathered};
use super::{Detail, Report, ReportOptions, ReportWriter};

mod model;
mod rows;

/// The `html` report.
pub(super) struct Html;

impl Report for Html {
    fn name(&self) -> &'static str {
        "html"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["html", "htm"]
    }

    fn detail(&self) -> Detail {
        Detail::Columns
    }

    fn start<'w>(
        &self,
        out: Box<dyn Write + Send + 'w>,
        options: &ReportOptions,
    ) -> io::Result<Box<dyn ReportWriter + 'w>> {
        Ok(Box::new(Document::new(out, *options, render)))
    }
}

pub(super) const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");

fn render(gathered: &Gathered, options: &ReportOptions, out: &mut dyn Write) -> io::Result<()> {
    let page = model::Page::new(gathered, options)?;
    page.write_into(&mut Text(out))
        .map_err(|error| io::Error::other(error.to_string()))
}

/// The policy of the page: its own style and script, and nothing else.
pub(super) fn policy() -> String {
    let hash = |text: &str| {
        let digest = Sha256::digest(text.as_bytes());
        base64::engine::general_purpose::STANDARD.encode(digest)
    };
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
        hash(SCRIPT),
        hash(STYLE)
    )
}

/// A template's text on its way out.
struct Text<'o>(&'o mut dyn Write);

impl io::Write for Text<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
