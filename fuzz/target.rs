//! All targets: they are one program, and the name it is called by says what `src/fuzz` of the crate does.

#![no_main]

use std::path::Path;
use std::sync::OnceLock;

use libfuzzer_sys::{Corpus, fuzz_target};

/// The target: the file's name.
static NAME: OnceLock<String> = OnceLock::new();

fn begin() {
    // A reader may catch the panics of a decoder: only what gets out of it ends the run.
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
    let called = std::env::args_os().next().unwrap_or_default();
    let name = Path::new(&called).file_name().unwrap_or_default();
    NAME.get_or_init(|| name.to_string_lossy().into_owned());
}

fuzz_target!(
    init: begin(),
    |bytes: &[u8]| -> Corpus {
        let name = NAME.get().map_or("", String::as_str);
        if speur::fuzz::run(name, bytes) {
            Corpus::Keep
        } else {
            Corpus::Reject
        }
    }
);
