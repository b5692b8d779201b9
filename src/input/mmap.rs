//! The memory map: the only unsafe code of the project.
//!
//! A map makes slices of a file shareable without a copy: threads, the Parquet reader and stored archive members all look at
//! the same pages. Its price is that a page which is no longer there, because another program cut the file short or the disk
//! fails, ends the process with a signal. So that signal is handled: a page of zeros takes the place of the missing one, and
//! the map knows that it is no longer whole. All other causes of the signal are left to whoever handled them before.

use std::fs::File;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use memmap2::Mmap;

/// Maps a regular file that is not empty. The watch says, whenever asked, whether pages went missing.
pub(super) fn map(file: &File) -> io::Result<(Bytes, Watch)> {
    let slot = missing::Slot::free().ok_or(io::ErrorKind::QuotaExceeded)?;
    #[expect(
        unsafe_code,
        reason = "a memory map can't be made without; this is the one place"
    )]
    // SAFETY: the map is private and read-only. Its bytes could change under us when another process writes to the file;
    // every reader treats them as untrusted input and none relies on seeing the same byte twice.
    let map = unsafe { Mmap::map(file) }?;
    slot.watch(&map);
    let slot = Arc::new(slot);
    let watch = Watch(slot.clone());
    Ok((Bytes::from_owner(Mapped { slot, map }), watch))
}

/// Knows whether pages of a map went missing.
pub(super) struct Watch(Arc<missing::Slot>);

impl Watch {
    /// Whether a page was read that the file no longer had.
    pub(super) fn has_lost_pages(&self) -> bool {
        self.0.has_lost_pages()
    }
}

struct Mapped {
    slot: Arc<missing::Slot>,
    map: Mmap,
}

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        &self.map
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        // Before the map goes: its addresses may be another one's right after.
        self.slot.forget();
    }
}

/// Pages that went missing, on systems that send a signal.
#[cfg(unix)]
mod missing {
    use std::ffi::{c_int, c_void};
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::sync::{Once, OnceLock};

    /// Maps that can be watched at a time; a file beyond these is read and not mapped.
    const SLOTS: usize = 512;

    /// The maps. A signal handler may take no lock and no memory, so this is a plain table.
    static MAPS: [Entry; SLOTS] = [const { Entry::new() }; SLOTS];
    /// Bytes of a page.
    static PAGE: AtomicUsize = AtomicUsize::new(4096);
    /// What handled the signal before.
    static BEFORE: OnceLock<libc::sigaction> = OnceLock::new();

    struct Entry {
        taken: AtomicBool,
        /// The first address; 0 while nothing is mapped.
        start: AtomicUsize,
        len: AtomicUsize,
        lost: AtomicBool,
    }

    impl Entry {
        const fn new() -> Self {
            Self {
                taken: AtomicBool::new(false),
                start: AtomicUsize::new(0),
                len: AtomicUsize::new(0),
                lost: AtomicBool::new(false),
            }
        }
    }

    /// A place in the table.
    pub(super) struct Slot(&'static Entry);

    impl Slot {
        pub(super) fn free() -> Option<Self> {
            install();
            let entry = MAPS
                .iter()
                .find(|entry| !entry.taken.swap(true, Ordering::AcqRel))?;
            entry.lost.store(false, Ordering::Release);
            Some(Self(entry))
        }

        pub(super) fn watch(&self, map: &[u8]) {
            self.0.len.store(map.len(), Ordering::Release);
            self.0.start.store(map.as_ptr() as usize, Ordering::Release);
        }

        pub(super) fn forget(&self) {
            self.0.start.store(0, Ordering::Release);
        }

        pub(super) fn has_lost_pages(&self) -> bool {
            self.0.lost.load(Ordering::Acquire)
        }
    }

    impl Drop for Slot {
        fn drop(&mut self) {
            self.forget();
            self.0.taken.store(false, Ordering::Release);
        }
    }

    fn install() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            #[expect(
                unsafe_code,
                reason = "signals are handled through the system's C interface"
            )]
            // SAFETY: `action` and `before` are plain structs that all zeros are valid for, filled in before use; the
            // handler has the type that SA_SIGINFO asks for, and does only what a handler may do.
            unsafe {
                if let Ok(page) = usize::try_from(libc::sysconf(libc::_SC_PAGESIZE)) {
                    PAGE.store(page, Ordering::Relaxed);
                }
                let mut before: libc::sigaction = std::mem::zeroed();
                if libc::sigaction(libc::SIGBUS, std::ptr::null(), &raw mut before) != 0 {
                    return;
                }
                let _ = BEFORE.set(before);
                let mut action: libc::sigaction = std::mem::zeroed();
                action.sa_sigaction = on_missing_page as *const () as usize;
                action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
                libc::sigemptyset(&raw mut action.sa_mask);
                libc::sigaction(libc::SIGBUS, &raw const action, std::ptr::null_mut());
            }
        });
    }

    /// Puts a page of zeros where one is missing, if it is one of a map here; else lets the signal come again, for whoever
    /// handled it before.
    extern "C" fn on_missing_page(_: c_int, info: *mut libc::siginfo_t, _: *mut c_void) {
        #[expect(
            unsafe_code,
            reason = "signals are handled through the system's C interface"
        )]
        // SAFETY: the system passes a valid `info`, and of this signal it holds an address. The page replaced lies within
        // a map that is watched, which is there as long as it is watched; `mmap` and `sigaction` are system calls
        // without state of their own.
        unsafe {
            let address = (*info).si_addr() as usize;
            let page = PAGE.load(Ordering::Relaxed);
            for entry in &MAPS {
                let start = entry.start.load(Ordering::Acquire);
                let len = entry.len.load(Ordering::Acquire);
                if start == 0 || !(start..start.saturating_add(len)).contains(&address) {
                    continue;
                }
                entry.lost.store(true, Ordering::Release);
                let got = libc::mmap(
                    (address & !(page - 1)) as *mut c_void,
                    page,
                    libc::PROT_READ,
                    libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED,
                    -1,
                    0,
                );
                if got != libc::MAP_FAILED {
                    return;
                }
            }
            match BEFORE.get() {
                Some(before) => libc::sigaction(libc::SIGBUS, before, std::ptr::null_mut()),
                None => libc::abort(),
            };
        }
    }
}

/// Systems that don't let a mapped file be cut short.
#[cfg(not(unix))]
mod missing {
    pub(super) struct Slot;

    impl Slot {
        #[expect(clippy::unnecessary_wraps, reason = "elsewhere there may be none")]
        pub(super) fn free() -> Option<Self> {
            Some(Self)
        }

        pub(super) fn watch(&self, _: &[u8]) {}

        pub(super) fn forget(&self) {}

        pub(super) fn has_lost_pages(&self) -> bool {
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_map_holds_the_files_bytes() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"row 1\nrow 2\n").unwrap();
        let (bytes, watch) = map(&file).unwrap();
        let slice = bytes.slice(6..11);
        drop(bytes);
        assert_eq!(&slice[..], b"row 2", "a slice keeps the map alive");
        assert!(!watch.has_lost_pages());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_cut_short_reads_as_zeros_and_is_known() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&vec![b'x'; 1 << 20]).unwrap();
        let (bytes, watch) = map(&file).unwrap();
        let (other, other_watch) = map(&file).unwrap();
        file.set_len(10_000).unwrap();
        assert_eq!(bytes[9_999], b'x');
        assert!(!watch.has_lost_pages());
        assert_eq!(bytes[500_000], 0);
        assert!(bytes[16_384..].iter().all(|&byte| byte == 0));
        assert!(watch.has_lost_pages());
        assert!(!other_watch.has_lost_pages(), "no page of it was read");
        assert_eq!(other[1 << 19], 0);
        drop((bytes, other));
        assert!(watch.has_lost_pages(), "it is known when the map is gone");
    }
}
