//! Finds the format of an input and opens it.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
#[cfg(feature = "archives")]
use std::sync::Arc;
#[cfg(feature = "archives")]
use std::sync::atomic::{AtomicU64, Ordering};

#[cfg(feature = "archives")]
use super::Piece;
#[cfg(feature = "archives")]
use super::compress::{Told, Wrap, wrap_of};
#[cfg(feature = "archives")]
use super::made::Made;
use super::markup::declared::noted;
use super::unknown::unknown;
use super::{FORMATS, Format, Head, Likelihood, ReadOptions, Reader};
use crate::error::{Problem, Verdict};
use crate::input::encoding::{Certainty, decode_head, detect};
#[cfg(feature = "archives")]
use crate::input::limits::{Bounded, Stored};
use crate::input::{Body, Budget, Bytes, Input};

/// Bytes that formats may look at before one is chosen.
pub(crate) const HEAD: usize = 64 << 10;
/// Bytes at the end that they may look at as well.
const TAIL: usize = 66 << 10;

/// An input that has been looked at.
pub struct Opened<'a> {
    /// The format's name, where one was recognised.
    pub format: Option<&'static str>,
    /// The first 64 KiB, where the input is longer: enough to see what its columns hold.
    pub head: Option<Bytes>,
    /// Its size in bytes, unpacked, where it is known.
    pub len: Option<u64>,
    /// Whether it is compressed as a whole, so that it is opened as what is inside.
    pub is_packed: bool,
    /// What reads it.
    pub reader: Result<Box<dyn Reader + 'a>, Problem>,
}

/// Recognises an input by its content and name, and opens it.
///
/// When the likeliest format can't open it, the next one is asked, but never after a signature: a damaged Parquet file
/// is no text.
pub fn open<'a>(input: Input<'a>, options: &ReadOptions) -> Opened<'a> {
    let opened = open_as_is(input, options);
    #[cfg(feature = "archives")]
    let opened = unwrap(opened, options);
    match opened {
        Layer::Opened(opened) => opened,
        #[cfg(feature = "archives")]
        Layer::Wrapped(wrapped) => {
            let name = wrapped.wrap.name;
            let problem = Problem::skipped(format!(
                "{name} within {MOST_WRAPS} others like it; unpack it first"
            ));
            Opened {
                format: Some(name),
                head: None,
                len: None,
                is_packed: false,
                reader: Err(problem),
            }
        }
    }
}

/// How often an input may be compressed over and over.
#[cfg(feature = "archives")]
const MOST_WRAPS: usize = 8;

/// What an input turned out to be.
enum Layer<'a> {
    Opened(Opened<'a>),
    #[cfg(feature = "archives")]
    Wrapped(Wrapped<'a>),
}

/// A compressed input.
#[cfg(feature = "archives")]
struct Wrapped<'a> {
    wrap: &'static Wrap,
    /// What its header says besides.
    told: Told,
    input: Input<'a>,
}

/// Opens what is inside a compressed input, and inside that.
#[cfg(feature = "archives")]
fn unwrap<'a>(mut layer: Layer<'a>, options: &ReadOptions) -> Layer<'a> {
    let mut counts = Vec::new();
    let mut first = Told::default();
    for _ in 0..MOST_WRAPS {
        let Wrapped { wrap, told, input } = match layer {
            Layer::Wrapped(wrapped) => wrapped,
            Layer::Opened(opened) => {
                return Layer::Opened(opened.counted(counts.into_iter().next(), first));
            }
        };
        layer = match wrap.decoder(input.body) {
            Ok((decoder, count)) => {
                if counts.is_empty() {
                    first = told;
                }
                counts.push(count.clone());
                let budget = input.budget.clone();
                let decoder = Explained(decoder);
                let bounded = Bounded::new(decoder, options.limits, budget, Stored::SoFar(count));
                let inside = Input {
                    name: wrap.name_inside(&input.name),
                    body: Body::Stream(Box::new(bounded)),
                    ..input
                };
                open_as_is(inside, options)
            }
            Err(error) => Layer::Opened(Opened {
                format: Some(wrap.name),
                head: None,
                len: None,
                is_packed: false,
                reader: Err(Problem::failed(format!("can't be unpacked: {error}"))),
            }),
        };
    }
    layer
}

impl<'a> Opened<'a> {
    /// The same, with the position counted in compressed bytes, and behind what is said of it.
    #[cfg(feature = "archives")]
    fn counted(self, count: Option<Arc<AtomicU64>>, told: Told) -> Self {
        let Some(count) = count else { return self };
        let reader = self.reader.map(|inner| {
            let reader: Box<dyn Reader + 'a> = Box::new(Unpacked {
                inner,
                count,
                told: told.made(),
            });
            reader
        });
        Self {
            reader,
            is_packed: true,
            ..self
        }
    }
}

/// A decoder whose errors are for people.
#[cfg(feature = "archives")]
struct Explained<R>(R);

#[cfg(feature = "archives")]
impl<R: Read> Read for Explained<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => {
                std::io::Error::new(error.kind(), "the compressed data is cut off here")
            }
            _ => error,
        })
    }
}

/// A reader of what is inside a compressed input.
#[cfg(feature = "archives")]
struct Unpacked<'a> {
    inner: Box<dyn Reader + 'a>,
    /// Compressed bytes read.
    count: Arc<AtomicU64>,
    /// What is said of it comes first.
    told: Made,
}

#[cfg(feature = "archives")]
impl Reader for Unpacked<'_> {
    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Problem> {
        if !self.told.is_empty() {
            return self.told.next_piece();
        }
        self.inner.next_piece()
    }

    fn position(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    fn rows(&self) -> Option<u64> {
        self.inner.rows()
    }
}

fn open_as_is<'a>(input: Input<'a>, options: &ReadOptions) -> Layer<'a> {
    let (head, body) = match input.body.peek(HEAD) {
        Ok(peeked) => peeked,
        Err(error) => {
            let reader = Err(Problem::failed(format!("can't be read: {error}")));
            return Layer::Opened(Opened {
                format: None,
                head: None,
                len: None,
                is_packed: false,
                reader,
            });
        }
    };
    let folder = input.folder.as_deref();
    let look = look((&input.name, folder), &head, &body, &input.budget, options);
    #[cfg(feature = "archives")]
    if let Some(wrap) = wrap_of(&look) {
        let told = Told::of(&look, &wrap.name_inside(&input.name));
        drop(look);
        return Layer::Wrapped(Wrapped {
            wrap,
            told,
            input: Input { body, ..input },
        });
    }
    Layer::Opened(read_as(body, &look, &head, options))
}

/// What is known of an input by its name, its folder, its first bytes and its body.
pub(crate) fn look<'h>(
    (name, folder): (&'h str, Option<&'h Path>),
    head: &'h [u8],
    body: &Body<'_>,
    budget: &Budget,
    options: &ReadOptions,
) -> Head<'h> {
    let detected = detect(head, options.encoding);
    Head {
        name,
        folder,
        bytes: head,
        text: detected.map(|detected| decode_head(detected, head)),
        encoding: detected.map_or(encoding_rs::UTF_8.into(), |detected| detected.encoding),
        certainty: detected.map_or(Certainty::Sure, |detected| detected.certainty),
        mark: detected.map_or(0, |detected| detected.mark),
        tail: tail(body),
        whole: head.len() < HEAD,
        len: body.len(),
        budget: budget.clone(),
    }
}

/// Opens an input as the likeliest format.
fn read_as<'a>(body: Body<'a>, look: &Head<'_>, head: &Bytes, options: &ReadOptions) -> Opened<'a> {
    let mut likely: Vec<(Likelihood, &'static dyn Format)> = FORMATS
        .iter()
        .filter_map(|format| Some((format.sniff(look)?, *format)))
        .collect();
    // A stable sort: the order of FORMATS settles ties.
    likely.sort_by_key(|(likelihood, _)| std::cmp::Reverse(*likelihood));
    let rest = (!look.whole).then(|| head.clone());
    let Some(&(likelihood, format)) = likely.first() else {
        return Opened {
            format: None,
            head: None,
            len: None,
            is_packed: false,
            reader: Err(unknown(head, look.name)),
        };
    };
    let reader = open_as(format, body, look, options);
    let reader = match (reader, likely.get(1)) {
        // What was refused is gone when it was a stream; a blob can be opened again.
        (Err(problem), Some((_, other)))
            if likelihood < Likelihood::Magic && problem.verdict > Verdict::Excluded =>
        {
            match (look.whole, rest.is_none()) {
                (true, true) => {
                    let reader = open_as(*other, Body::Blob(head.clone()), look, options);
                    return Opened {
                        format: Some(other.name()),
                        head: None,
                        len: look.len,
                        is_packed: false,
                        reader,
                    };
                }
                _ => Err(problem),
            }
        }
        (reader, _) => reader,
    };
    Opened {
        format: Some(format.name()),
        head: rest,
        len: look.len,
        is_packed: false,
        reader,
    }
}

/// Opens an input as this format, and says what is in doubt.
fn open_as<'a>(
    format: &dyn Format,
    body: Body<'a>,
    look: &Head<'_>,
    options: &ReadOptions,
) -> Result<Box<dyn Reader + 'a>, Problem> {
    let reader = format.open(body, look, options)?;
    let note = look.doubt().filter(|_| format.reads_text());
    Ok(noted(reader, note))
}

/// The last bytes of a body that can be read at any place.
fn tail(body: &Body<'_>) -> Option<Bytes> {
    match body {
        Body::Blob(bytes) => Some(bytes.slice(bytes.len().saturating_sub(TAIL)..)),
        Body::File(file) => {
            let mut file = file;
            let len = file.metadata().ok()?.len();
            let from = len.saturating_sub(TAIL as u64);
            let mut tail = Vec::new();
            file.seek(SeekFrom::Start(from)).ok()?;
            file.take(TAIL as u64).read_to_end(&mut tail).ok()?;
            file.rewind().ok()?;
            Some(tail.into())
        }
        Body::Stream(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(name: &str, bytes: &'static [u8]) -> (Option<&'static str>, Option<Problem>) {
        let input = Input {
            name: name.into(),
            folder: None,
            depth: 0,
            body: Body::Blob(Bytes::from_static(bytes)),
            budget: crate::input::Budget::default(),
        };
        let opened = open(input, &ReadOptions::default());
        (opened.format, opened.reader.err())
    }

    #[test]
    fn formats_are_told_by_content() {
        assert_eq!(
            opened("a.txt", b"id,name,city\n1,a,b\n2,c,d\n3,e,f\n").0,
            Some("csv")
        );
        assert_eq!(opened("a.csv", b"email\na@b.nl\n").0, Some("csv"));
        assert_eq!(opened("a.txt", b"Dear all,\nthis is it.\n").0, Some("text"));
        assert_eq!(opened("empty", b"").0, Some("text"));
    }

    #[test]
    fn binary_data_is_named() {
        let (format, problem) = opened("scan.bin", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0");
        assert_eq!(format, None);
        assert_eq!(problem.unwrap().reason, "program; not read");
    }

    #[test]
    fn a_pdf_that_looks_like_text_is_not_read_as_such() {
        let pdf = b"%PDF-1.4\n4 0 obj\n<< /Filter /ASCII85Decode >>\nstream\n87cURDZ~>\n";
        for bytes in [&pdf[..], b"\n\n%PDF-1.7\n1 0 obj\n"] {
            assert_eq!(opened("a.txt", bytes).0, Some("pdf"));
        }
        let about = b"A file that starts with %PDF- is a document.\n";
        assert_eq!(opened("a.txt", about).0, Some("text"));
    }
}
