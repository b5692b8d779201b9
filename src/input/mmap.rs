//! The memory map: the only unsafe code of the project.
//!
//! A map makes slices of a file shareable without a copy: threads, the Parquet reader and stored archive members all look at
//! the same pages. Its price is that a file which another program cuts short while it is read ends the process with a
//! signal; `--no-mmap` reads windows instead.

use std::fs::File;
use std::io;

use bytes::Bytes;
use memmap2::Mmap;

/// Maps a regular file that is not empty.
pub(super) fn map(file: &File) -> io::Result<Bytes> {
    #[expect(
        unsafe_code,
        reason = "a memory map can't be made without; this is the one place"
    )]
    // SAFETY: the map is private and read-only. Its bytes could change under us when another process writes to the file;
    // every reader treats them as untrusted input and none relies on seeing the same byte twice.
    let map = unsafe { Mmap::map(file) }?;
    Ok(Bytes::from_owner(map))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_map_holds_the_files_bytes() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"row 1\nrow 2\n").unwrap();
        let bytes = map(&file).unwrap();
        let slice = bytes.slice(6..11);
        drop(bytes);
        assert_eq!(&slice[..], b"row 2", "a slice keeps the map alive");
    }
}
