//! Arrow's own files: IPC files (also called Feather) and IPC streams.

use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::RecordBatch;
use arrow::buffer::Buffer;
use arrow::error::ArrowError;
use arrow::ipc::reader::{StreamDecoder, StreamReader};
use arrow::ipc::{Message, MessageHeader, root_as_message};

use super::columnar::part;
use super::{Format, Head, Likelihood, Piece, ReadOptions, Reader};
use crate::error::Problem;
use crate::input::limits::Counted;
use crate::input::{Body, Rewound};

/// Arrow IPC.
pub(super) struct Feather;

/// Starts a file whose index is at its end.
const MAGIC: &[u8] = b"ARROW1";
/// Bytes of the index looked at in one go.
const END: u64 = 64 << 10;
/// Starts each message of a stream.
const MESSAGE: &[u8] = b"\xff\xff\xff\xff";

impl Format for Feather {
    fn name(&self) -> &'static str {
        "arrow"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let is_stream = || {
            head.bytes.starts_with(MESSAGE)
                && StreamReader::try_new(Cursor::new(head.bytes), None).is_ok()
        };
        (head.bytes.starts_with(MAGIC) || is_stream()).then_some(Likelihood::Magic)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        _: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        let source: Box<dyn Read + Send + 'a> = match body {
            Body::Blob(bytes) => Box::new(Cursor::new(bytes)),
            Body::File(file) => Box::new(Rewound::new(file)?),
            Body::Stream(stream) => stream,
        };
        let (mut source, count) = Counted::new(source);
        // A file is a stream with some bytes before it and an index behind it, which isn't needed to read it all.
        let is_file = head.bytes.starts_with(MAGIC);
        if is_file {
            // Some programs fill up 64 bytes.
            let is_start = |at: &usize| head.bytes.get(*at..at + 4) != Some(&[0; 4]);
            let start = (8..=64).step_by(8).find(is_start).unwrap_or(8);
            let _ = source.read_exact(&mut vec![0; start]);
        }
        let mut batches = Batches {
            source: Box::new(source),
            decoder: StreamDecoder::new(),
            before: Vec::new(),
            count,
            rows: 0,
            faults: 0,
            must_end: is_file,
        };
        match batches.message() {
            Ok(Some(raw)) if raw.kind == MessageHeader::Schema => {
                let _ = batches.decode(raw);
                Ok(Box::new(batches))
            }
            _ => Err(Problem::failed(
                "its schema can't be read: it may be cut off",
            )),
        }
    }
}

/// A message with what says how long it is.
struct Raw {
    kind: MessageHeader,
    bytes: Vec<u8>,
}

/// Faults in a row after which no more is tried.
const MOST_FAULTS: u32 = 16;
/// A longer description of a message is none, in bytes.
const LONGEST_HEAD: u64 = 64 << 20;
/// What the buffers of a batch may become when they are decompressed, in bytes.
const LARGEST: u64 = 1 << 30;
/// Bytes of the schema and of dictionaries that are kept, to go on behind a damaged batch.
const KEPT: usize = 64 << 20;

struct Batches<'a> {
    source: Box<dyn Read + Send + 'a>,
    decoder: StreamDecoder,
    /// The schema and dictionaries so far.
    before: Vec<Vec<u8>>,
    count: Arc<AtomicU64>,
    rows: u64,
    faults: u32,
    /// Whether an index and a signature are still to come.
    must_end: bool,
}

impl Batches<'_> {
    /// The next message, checked as far as the library trusts it; none at the end.
    fn message(&mut self) -> Result<Option<Raw>, Problem> {
        let mut bytes = Vec::new();
        self.take(4, &mut bytes)?;
        // Streams of before 2019 have no mark before a length.
        if bytes == MESSAGE {
            self.take(4, &mut bytes)?;
        }
        let Some(len) = bytes.last_chunk::<4>().map(|len| u32::from_le_bytes(*len)) else {
            return if bytes.is_empty() {
                Ok(None)
            } else {
                Err(self.cut_off())
            };
        };
        if len == 0 {
            return Ok(None);
        }
        let start = bytes.len();
        if u64::from(len) > LONGEST_HEAD || !self.take(u64::from(len), &mut bytes)? {
            return Err(self.cut_off());
        }
        let message = root_as_message(&bytes[start..]).map_err(|_| self.cut_off())?;
        let body = u64::try_from(message.bodyLength()).map_err(|_| self.cut_off())?;
        let kind = message.header_type();
        let buffers = compressed(&message);
        let start = bytes.len();
        if !self.take(body, &mut bytes)? {
            return Err(self.cut_off());
        }
        let becomes = buffers.map(|buffers| decompressed(&buffers, &bytes[start..]));
        match becomes {
            Some(Some(len)) if len > LARGEST => Err(Problem::lost(format!(
                "a batch behind row {} would take {len} bytes of memory: write it in smaller batches",
                self.rows
            ))),
            Some(None) => Err(self.damaged()),
            _ => Ok(Some(Raw { kind, bytes })),
        }
    }

    /// Adds so many bytes, however many there are said to be; whether they were there.
    fn take(&mut self, len: u64, bytes: &mut Vec<u8>) -> Result<bool, Problem> {
        let read = self.source.by_ref().take(len).read_to_end(bytes);
        read.map(|read| read as u64 == len)
            .map_err(|_| self.cut_off())
    }

    /// Whether the last bytes are those that a file ends with.
    fn is_signed(&mut self) -> bool {
        let mut last = Vec::new();
        loop {
            match self.take(END, &mut last) {
                Err(_) => return false,
                Ok(false) => return last.ends_with(MAGIC),
                Ok(true) => drop(last.drain(..last.len().saturating_sub(MAGIC.len()))),
            }
        }
    }

    fn decode(&mut self, raw: Raw) -> Result<Option<RecordBatch>, ArrowError> {
        let kept: usize = self.before.iter().map(Vec::len).sum();
        if raw.kind != MessageHeader::RecordBatch && kept + raw.bytes.len() <= KEPT {
            self.before.push(raw.bytes.clone());
        }
        decoded(&mut self.decoder, raw.bytes)
    }

    /// Starts afresh behind a batch that could not be decoded.
    fn start_again(&mut self) {
        self.decoder = StreamDecoder::new();
        for bytes in &self.before {
            let _ = decoded(&mut self.decoder, bytes.clone());
        }
    }

    fn cut_off(&mut self) -> Problem {
        self.faults = u32::MAX;
        self.damaged()
    }

    // What the library says may quote the data.
    fn damaged(&self) -> Problem {
        let rows = self.rows;
        Problem::lost(format!("its data is damaged or cut off behind row {rows}"))
    }
}

impl Reader for Batches<'_> {
    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Problem> {
        while self.faults <= MOST_FAULTS {
            let raw = match self.message() {
                Ok(Some(raw)) => raw,
                Ok(None) if std::mem::take(&mut self.must_end) && !self.is_signed() => {
                    return Err(self.cut_off());
                }
                Ok(None) => break,
                Err(problem) => {
                    self.faults = self.faults.saturating_add(1);
                    return Err(problem);
                }
            };
            match self.decode(raw) {
                Ok(None) => {}
                Ok(Some(batch)) => {
                    self.faults = 0;
                    let first = self.rows;
                    self.rows += batch.num_rows() as u64;
                    return Ok(Some(Piece::Chunk(part(batch, first))));
                }
                Err(_) => {
                    self.faults += 1;
                    self.start_again();
                    return Err(self.damaged());
                }
            }
        }
        Ok(None)
    }

    fn position(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

/// Decodes a message. The library panics where lengths within a batch don't fit each other.
fn decoded(decoder: &mut StreamDecoder, bytes: Vec<u8>) -> Result<Option<RecordBatch>, ArrowError> {
    let mut buffer = Buffer::from_vec(bytes);
    catch_unwind(AssertUnwindSafe(|| decoder.decode(&mut buffer)))
        .unwrap_or_else(|_| Err(ArrowError::ParseError("a length is wrong".to_owned())))
}

/// Where the compressed buffers of a message are in its body, with their lengths; none where it isn't compressed.
fn compressed(message: &Message<'_>) -> Option<Vec<(i64, i64)>> {
    let batch = match message.header_type() {
        MessageHeader::RecordBatch => message.header_as_record_batch(),
        MessageHeader::DictionaryBatch => message.header_as_dictionary_batch()?.data(),
        _ => None,
    }?;
    batch.compression()?;
    let buffers = batch.buffers()?.iter();
    Some(
        buffers
            .map(|buffer| (buffer.offset(), buffer.length()))
            .collect(),
    )
}

/// How many bytes compressed buffers say that they become; none where one is no buffer at all.
fn decompressed(buffers: &[(i64, i64)], body: &[u8]) -> Option<u64> {
    let mut all = 0_u64;
    for &(offset, len) in buffers.iter().filter(|(_, len)| *len != 0) {
        let start = usize::try_from(offset).ok()?;
        let buffer = body.get(start..start.checked_add(usize::try_from(len).ok()?)?)?;
        // The length stands before the data; -1 says that they are as they were.
        let becomes = i64::from_le_bytes(*buffer.first_chunk()?);
        all = all.saturating_add(match becomes {
            -1 => 0,
            other => u64::try_from(other).ok()?,
        });
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, StringArray};
    use arrow::ipc::writer::{FileWriter, StreamWriter};

    use super::super::taken::take;
    use super::*;

    fn batch() -> RecordBatch {
        let names: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
        RecordBatch::try_from_iter([("name", names)]).unwrap()
    }

    #[test]
    fn a_file_ends_with_its_index() {
        let batch = batch();
        let mut writer = FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        let cut = writer.get_ref().len();
        writer.finish().unwrap();
        let file = writer.into_inner().unwrap();
        for (len, is_all) in [
            (file.len(), true),
            (file.len() - 1, false),
            (cut + 8, false),
            (cut, false),
        ] {
            let taken = take("a.arrow", &file[..len]);
            assert_eq!(taken.column_texts("name"), ["a", "b"], "{len}");
            assert_eq!(taken.problems.is_empty(), is_all, "{len}");
        }
    }

    #[test]
    fn a_stream_may_just_end() {
        let batch = batch();
        let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        let taken = take("a.arrows", writer.get_ref());
        assert_eq!(taken.column_texts("name"), ["a", "b"]);
        assert!(taken.problems.is_empty());
    }

    #[test]
    fn what_buffers_become_is_known_before_they_are_decompressed() {
        let mut body = Vec::new();
        body.extend(100_i64.to_le_bytes());
        body.extend([1, 2, 3]);
        body.extend((-1_i64).to_le_bytes());
        body.extend([1]);
        assert_eq!(decompressed(&[(0, 11), (11, 9), (20, 0)], &body), Some(100));
        assert_eq!(decompressed(&[(0, 30)], &body), None);
        assert_eq!(decompressed(&[(-1, 9)], &body), None);
        body[..8].copy_from_slice(&i64::MAX.to_le_bytes());
        assert!(decompressed(&[(0, 11)], &body).unwrap() > LARGEST);
        body[..8].copy_from_slice(&(-2_i64).to_le_bytes());
        assert_eq!(decompressed(&[(0, 11)], &body), None);
    }
}
