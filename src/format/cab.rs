//! Cabinet files (CAB) of Windows: which members there are. Nothing here unpacks them.

use super::{Format, Head, Likelihood, Piece, ReadOptions, Reader, Unread};
use crate::error::Problem;
use crate::input::{Body, Store};

/// Bytes of the header that are looked at.
const HEADER: usize = 36;
/// Bytes before a member's name, and of the longest name.
const FIXED: usize = 16;
const LONGEST_NAME: usize = 1024;

/// Cabinet files.
pub(super) struct Cab;

impl Format for Cab {
    fn name(&self) -> &'static str {
        "cab"
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likelihood> {
        head.bytes
            .starts_with(b"MSCF\0\0\0\0")
            .then_some(Likelihood::Magic)
    }

    fn open<'a>(
        &self,
        body: Body<'a>,
        head: &Head<'_>,
        options: &ReadOptions,
    ) -> Result<Box<dyn Reader + 'a>, Problem> {
        let (store, _) = Store::of(body, "a cabinet file", &options.limits, &head.budget)?;
        let field = |at: usize, len: usize| {
            let bytes = head.bytes.get(at..at + len)?.iter().rev();
            Some(bytes.fold(0, |value, &byte| value << 8 | u64::from(byte)))
        };
        let fields = field(16, 4)
            .zip(field(28, 2))
            .filter(|_| head.bytes.len() >= HEADER);
        let (at, count) = fields.ok_or_else(|| Problem::failed("its header is cut off"))?;
        Ok(Box::new(Names {
            store,
            at,
            left: count,
        }))
    }
}

struct Names {
    store: Store,
    at: u64,
    left: u64,
}

impl Reader for Names {
    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Problem> {
        if self.left == 0 {
            self.at = self.store.len();
            return Ok(None);
        }
        let broken = Problem::failed("the list of its members is cut off").at(self.at);
        let Ok(bytes) = self.store.read(self.at, FIXED + LONGEST_NAME) else {
            return Err(broken);
        };
        let name = bytes
            .get(FIXED..)
            .and_then(|rest| rest.split(|&byte| byte == 0).next());
        let (Some(name), Some(size)) = (name.filter(|name| !name.is_empty()), bytes.first_chunk())
        else {
            self.left = 0;
            return Err(broken);
        };
        self.left -= 1;
        self.at += (FIXED + name.len() + 1) as u64;
        Ok(Some(Piece::Unread(Unread {
            name: String::from_utf8_lossy(name).replace('\\', "/"),
            bytes: Some(u64::from(u32::from_le_bytes(*size))),
            problem: Problem::skipped(
                "packed in a cabinet file, which is not read; unpack it first",
            ),
        })))
    }

    fn position(&self) -> u64 {
        self.at.min(self.store.len())
    }
}
