//! 7z archives: members of a block are packed together and come out one after the other.
//!
//! The library calls back for each member, so it runs on a thread of its own and hands over what comes out through a short
//! queue: decoding and scanning overlap, and a reader that goes away ends it.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use bytes::{Buf, Bytes};
use sevenz_rust2::{Archive, ArchiveEntry, BlockDecoder, Error, Password};

use super::made::Made;
use super::{Format, Head, Likelihood, Member, Piece, ReadOptions, Reader, Unread};
use crate::error::Problem;
use crate::input::limits::{Bounded, MOST_WINDOW, Stored};
use crate::input::{Body, Budget, Limits, Store};

/// 7z.
pub(super) struct SevenZ;

/// Bytes handed over at a time.
const STEP: usize = 256 << 10;
/// Steps that may wait.
const QUEUE: usize = 8;
const ENCRYPTED: &str = "encrypted; unpack it with its password first";

impl Format for SevenZ {
    fn name(&self) -> &'static str {
        "7z"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        let signed = head.bytes.starts_with(b"7z\xbc\xaf\x27\x1c");
        signed.then_some(Likelihood::Magic)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        // The length of an index that isn't there: nothing was ever put in.
        if head.whole && head.bytes.get(12..28) == Some(&[0; 16]) {
            return Ok(Box::new(Made::new(head.bytes.len() as u64)));
        }
        let (store, cut) = Store::of(body, "a 7z archive", &options.limits, &head.budget)?;
        let mut cursor = io::BufReader::new(store.cursor());
        let archive =
            Archive::read_with_memory_limit(&mut cursor, &Password::empty(), MOST_WINDOW as usize);
        let archive = archive.map_err(|error| unreadable(&error, cut))?;
        let (to, from) = sync_channel(QUEUE);
        let size = store.len();
        std::thread::Builder::new()
            .name("7z".to_owned())
            .spawn(move || unpack(&archive, &store, &to))
            .map_err(|error| Problem::failed(format!("no thread to unpack it: {error}")))?;
        Ok(Box::new(Members {
            from,
            size,
            ended: false,
            limits: options.limits,
            budget: head.budget.clone(),
        }))
    }
}

/// Why an archive's index can't be read.
fn unreadable(error: &Error, cut: Option<Problem>) -> Problem {
    match (error, cut) {
        (_, Some(cut)) => Problem::failed(format!(
            "its index stands at its end, and that can't be reached: {cut}"
        )),
        (Error::PasswordRequired | Error::MaybeBadPassword(_), _) => Problem::skipped(ENCRYPTED),
        (Error::UnsupportedCompressionMethod(method), _) if method.contains("AES") => {
            Problem::skipped("encrypted, with the names in it; unpack it with its password first")
        }
        (Error::UnsupportedCompressionMethod(method), _) => Problem::skipped(format!(
            "its index is packed with {method}, which nothing here reads; unpack it first"
        )),
        _ => Problem::failed(format!(
            "the archive's index can't be read: {}; it may be cut off, or one of several parts",
            explained(error)
        )),
    }
}

const WRONG_SUM: &str = "its checksum is wrong";

/// What an error says, for people.
fn explained(error: &Error) -> String {
    match error {
        Error::ChecksumVerificationFailed | Error::NextHeaderCrcMismatch => WRONG_SUM.into(),
        Error::Io(error, _) | Error::FileOpen(error, _) => explained_io(error),
        Error::MaxMemLimited { .. } => "it takes more memory to unpack than it may".into(),
        Error::Other(what) | Error::Unsupported(what) => what.to_string(),
        _ => "it is damaged".into(),
    }
}

/// The same of an error of reading, in which the library wraps its own.
fn explained_io(error: &io::Error) -> String {
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>());
    match (inner, error.kind()) {
        (Some(inner), _) => explained(inner),
        (None, io::ErrorKind::UnexpectedEof) => "its data is cut off".into(),
        // Some are wrapped as words.
        (None, _) if error.to_string().contains("ChecksumVerificationFailed") => WRONG_SUM.into(),
        _ => error.to_string(),
    }
}

/// What comes from the thread that unpacks.
enum News {
    Member(String, u64),
    Bytes(Bytes),
    /// The end of a member, or why it can't be read further.
    End(Option<io::Error>),
    Unread(Unread),
    Problem(Problem),
    /// All has been handed over.
    Done,
}

/// Ends the library's loop when nobody listens.
fn gone() -> Error {
    Error::Other("nobody reads it".into())
}

fn unpack(archive: &Archive, store: &Store, to: &SyncSender<News>) {
    let password = Password::empty();
    let files = archive
        .files
        .iter()
        .zip(&archive.stream_map.file_block_index);
    for (file, block) in files {
        // What is empty lies in no block.
        if block.is_none() && !file.is_directory() && !file.is_anti_item() {
            let name = file.name().to_owned();
            let sent = to
                .send(News::Member(name, 0))
                .and_then(|()| to.send(News::End(None)));
            if sent.is_err() {
                return;
            }
        }
    }
    for index in 0..archive.blocks.len() {
        let first = archive.stream_map.block_first_file_index.get(index);
        if first.is_some_and(|&first| archive.is_file_encrypted(first)) {
            let names = block_names(archive, index);
            let unread = names.map(|(name, bytes)| Unread {
                name,
                bytes: Some(bytes),
                problem: Problem::skipped(ENCRYPTED),
            });
            for unread in unread {
                if to.send(News::Unread(unread)).is_err() {
                    return;
                }
            }
            continue;
        }
        let mut source = io::BufReader::with_capacity(STEP, store.cursor());
        let decoder = BlockDecoder::new_with_memory_limit(
            1,
            MOST_WINDOW as usize,
            index,
            archive,
            &password,
            &mut source,
        );
        let mut met = 0;
        let ended = decoder.for_each_entries(&mut |entry, reader| {
            met += 1;
            hand_over(entry, reader, to)
        });
        if let Err(error) = ended {
            let unknown = match &error {
                Error::UnsupportedCompressionMethod(method) => Some(Problem::skipped(format!(
                    "packed with {method}, which nothing here reads; unpack it first"
                ))),
                _ => None,
            };
            let why = explained(&error);
            for (name, bytes) in block_names(archive, index).skip(met) {
                let problem = unknown
                    .clone()
                    .unwrap_or_else(|| Problem::failed(format!("can't be unpacked: {why}")));
                let bytes = Some(bytes);
                let unread = Unread {
                    name,
                    bytes,
                    problem,
                };
                if to.send(News::Unread(unread)).is_err() {
                    return;
                }
            }
            // What is packed in a way that is not known is no damage: its members say so.
            let lost = Problem::lost(format!("a block of members is damaged: {why}"));
            if unknown.is_none() && to.send(News::Problem(lost)).is_err() {
                return;
            }
        }
    }
    let _ = to.send(News::Done);
}

/// The names and sizes of the files in a block.
fn block_names(archive: &Archive, index: usize) -> impl Iterator<Item = (String, u64)> {
    let blocks = &archive.stream_map.file_block_index;
    let files = archive.files.iter().zip(blocks);
    files
        .filter(move |(file, block)| **block == Some(index) && !file.is_directory())
        .map(|(file, _)| (file.name().to_owned(), file.size()))
}

/// Hands over a member; an error of the decoder goes to its reader first.
fn hand_over(
    entry: &ArchiveEntry,
    reader: &mut dyn Read,
    to: &SyncSender<News>,
) -> Result<bool, Error> {
    let send = |news| to.send(news).map_err(|_| gone());
    if entry.is_directory() || entry.is_anti_item() {
        return Ok(true);
    }
    send(News::Member(entry.name().to_owned(), entry.size()))?;
    loop {
        let mut bytes = Vec::with_capacity(STEP);
        match reader.take(STEP as u64).read_to_end(&mut bytes) {
            Ok(0) => break,
            Ok(_) => send(News::Bytes(bytes.into()))?,
            Err(error) => {
                let why = explained_io(&error);
                let copy = io::Error::new(error.kind(), why.clone());
                let error = io::Error::new(error.kind(), why);
                if !bytes.is_empty() {
                    send(News::Bytes(bytes.into()))?;
                }
                send(News::End(Some(error)))?;
                return Err(copy.into());
            }
        }
    }
    send(News::End(None))?;
    Ok(true)
}

struct Members {
    from: Receiver<News>,
    size: u64,
    ended: bool,
    limits: Limits,
    budget: Budget,
}

impl Reader for Members {
    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Problem> {
        loop {
            match self.from.recv() {
                Ok(News::Member(name, len)) => {
                    let stream = Unpacked {
                        from: &mut self.from,
                        bytes: Bytes::new(),
                        ended: false,
                    };
                    let size = Stored::Bytes(self.size);
                    let budget = self.budget.clone();
                    let body = Bounded::new(stream, self.limits, budget, size);
                    return Ok(Some(Piece::Member(Member {
                        name,
                        size: Some(len),
                        body: Body::Stream(Box::new(body)),
                    })));
                }
                Ok(News::Unread(unread)) => return Ok(Some(Piece::Unread(unread))),
                Ok(News::Problem(problem)) => return Err(problem),
                // Left over of a member that was not read to its end.
                Ok(News::Bytes(_) | News::End(_)) => {}
                Ok(News::Done) => self.ended = true,
                Err(_) if self.ended => return Ok(None),
                Err(_) => {
                    self.ended = true;
                    let lost = "internal error while unpacking it; please report it";
                    return Err(Problem::lost(lost));
                }
            }
        }
    }

    fn position(&self) -> u64 {
        if self.ended { self.size } else { 0 }
    }
}

/// A member as it comes out.
struct Unpacked<'r> {
    from: &'r mut Receiver<News>,
    bytes: Bytes,
    ended: bool,
}

impl Read for Unpacked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.bytes.is_empty() && !self.ended {
            match self.from.recv() {
                Ok(News::Bytes(bytes)) => self.bytes = bytes,
                Ok(News::End(error)) => {
                    self.ended = true;
                    error.map_or(Ok(()), Err)?;
                }
                _ => {
                    self.ended = true;
                    return Err(io::Error::other("unpacking stopped"));
                }
            }
        }
        let len = buffer.len().min(self.bytes.len());
        self.bytes.copy_to_slice(&mut buffer[..len]);
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use super::super::taken::take;
    use super::*;

    #[test]
    fn an_archive_of_nothing_is_read() {
        let empty = [&b"7z\xbc\xaf\x27\x1c\0\x04\x8d\x9b\xd5\x0f"[..], &[0; 20]].concat();
        let taken = take("a.7z", &empty);
        assert_eq!(taken.format, Some("7z"));
        assert!(taken.problems.is_empty(), "{:?}", taken.problems);
        assert_eq!(take("a.7z", &empty[..20]).problems.len(), 1);
    }

    #[test]
    fn errors_are_told_in_words() {
        let sum = io::Error::other("ChecksumVerificationFailed");
        assert_eq!(explained(&Error::from(sum)), WRONG_SUM);
        assert_eq!(explained(&Error::BadTerminatedHeader(3)), "it is damaged");
        let cut = io::Error::from(io::ErrorKind::UnexpectedEof);
        assert_eq!(explained(&cut.into()), "its data is cut off");
    }
}
