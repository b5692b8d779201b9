//! A look at a body's first bytes that leaves all of them to come.

use std::fs::File;
use std::io::{self, Cursor, Read};

use bytes::Bytes;

use super::Body;

impl Body<'_> {
    /// The first bytes, `most` of them or all there are, and the body with all of them still to come. A stream that
    /// is no longer than that becomes a blob.
    pub fn peek(self, most: usize) -> io::Result<(Bytes, Self)> {
        match self {
            Body::Blob(bytes) => Ok((bytes.slice(..bytes.len().min(most)), Body::Blob(bytes))),
            Body::File(file) => peek_file(file, most),
            Body::Stream(stream) => peek_stream(stream, most),
        }
    }
}

fn peek_file<'a>(mut file: File, most: usize) -> io::Result<(Bytes, Body<'a>)> {
    let mut head = Vec::new();
    (&mut file).take(most as u64).read_to_end(&mut head)?;
    io::Seek::rewind(&mut file)?;
    Ok((head.into(), Body::File(file)))
}

fn peek_stream(
    mut stream: Box<dyn Read + Send + '_>,
    most: usize,
) -> io::Result<(Bytes, Body<'_>)> {
    let mut head = Vec::new();
    let read = (&mut stream).take(most as u64).read_to_end(&mut head);
    let head = Bytes::from(head);
    match read {
        Ok(_) if head.len() < most => Ok((head.clone(), Body::Blob(head))),
        Ok(_) => {
            let chained = Cursor::new(head.clone()).chain(stream);
            Ok((head, Body::Stream(Box::new(chained))))
        }
        Err(error) if head.is_empty() => Err(error),
        // What came before the error is there to be read.
        Err(error) => {
            let rest = Cursor::new(head.clone()).chain(Failing(Some(error)));
            Ok((head, Body::Stream(Box::new(rest))))
        }
    }
}

/// Fails once, and has nothing else.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(body: Body<'_>) -> (Vec<u8>, bool) {
        let mut bytes = Vec::new();
        match body {
            Body::Blob(blob) => (blob.to_vec(), false),
            Body::File(mut file) => (Vec::new(), file.read_to_end(&mut bytes).is_err()),
            Body::Stream(mut stream) => {
                let failed = stream.read_to_end(&mut bytes).is_err();
                (bytes, failed)
            }
        }
    }

    #[test]
    fn nothing_is_lost_by_looking() {
        for most in 1..6 {
            let stream = Body::Stream(Box::new(&b"abcd"[..]));
            let (head, body) = stream.peek(most).unwrap();
            assert_eq!(head, b"abcd"[..most.min(4)]);
            assert_eq!(matches!(body, Body::Blob(_)), most > 4);
            assert_eq!(all(body), (b"abcd".to_vec(), false));
        }
    }

    #[test]
    fn an_error_comes_behind_what_was_read() {
        let broken = (&b"ab"[..]).chain(Failing(Some(io::Error::other("broken"))));
        let (head, body) = Body::Stream(Box::new(broken)).peek(9).unwrap();
        assert_eq!(&head[..], b"ab");
        assert_eq!(all(body), (b"ab".to_vec(), true));
        let broken = Body::Stream(Box::new(Failing(Some(io::Error::other("broken")))));
        assert!(broken.peek(9).is_err());
    }
}
