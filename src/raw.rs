//! Personal data in memory. [`Raw`] borrows a value and has no way to print it but masked.
//!
//! Whoever needs the bytes says so with [`Raw::expose`], which is easy to search for.

use std::fmt;

/// A value from the data. `Debug` and `Display` show its length only.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Raw<'a>(&'a [u8]);

impl<'a> Raw<'a> {
    /// Wraps a value.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The bytes themselves: for checks, fingerprints, masks, and for `--reveal`.
    pub fn expose(self) -> &'a [u8] {
        self.0
    }
}

impl fmt::Debug for Raw<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Raw({} bytes)", self.0.len())
    }
}

impl fmt::Display for Raw<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} bytes>", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_never_shows_the_value() {
        let raw = Raw::new(b"111222333");
        assert!(!format!("{raw} {raw:?}").contains("111"));
    }
}
