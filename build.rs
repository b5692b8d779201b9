//! Embeds the rules and lists of words below `rules/`. Words are folded here: folding all of them would be a fourth of what a
//! short scan costs.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[path = "src/validate/fold.rs"]
#[allow(unreachable_pub, dead_code, reason = "it is a module of the library")]
mod fold;

fn main() -> io::Result<()> {
    let root =
        PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("rules");
    let (mut rules, mut words) = (Vec::new(), Vec::new());
    collect(&root, &mut rules, "yaml")?;
    collect(&root.join("words"), &mut words, "txt")?;
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let words = words
        .iter()
        .map(|path| write_folded(path, &out))
        .collect::<io::Result<Vec<_>>>()?;
    let mut code = String::new();
    write_list(&mut code, "RULES", &rules, |path| {
        path.strip_prefix(root.parent().expect("below the manifest"))
            .expect("below the root")
            .to_string_lossy()
            .into_owned()
    });
    write_list(&mut code, "WORDS", &words, |path| {
        path.file_stem()
            .expect("a file")
            .to_string_lossy()
            .into_owned()
    });
    fs::write(out.join("rules.rs"), code)
}

/// Writes a list with its words folded, and without comments; gives where.
fn write_folded(path: &Path, out: &Path) -> io::Result<PathBuf> {
    println!("cargo::rerun-if-changed=src/validate/fold.rs");
    let text = fs::read_to_string(path)?;
    let mut folded = Vec::new();
    let mut word = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        fold::fold(line.as_bytes(), &mut word);
        if !word.is_empty() {
            folded.extend_from_slice(&word);
            folded.push(b'\n');
        }
    }
    let to = out.join(path.file_name().expect("a file"));
    fs::write(&to, folded)?;
    Ok(to)
}

/// The files below a folder with this extension, in a stable order.
fn collect(folder: &Path, files: &mut Vec<PathBuf>, extension: &str) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, files, extension)?;
        } else if path.extension().is_some_and(|found| found == extension) {
            println!("cargo::rerun-if-changed={}", path.display());
            files.push(path);
        }
    }
    Ok(())
}

fn write_list(code: &mut String, name: &str, files: &[PathBuf], label: impl Fn(&Path) -> String) {
    let _ = writeln!(code, "pub(super) static {name}: &[(&str, &str)] = &[");
    for path in files {
        let _ = writeln!(
            code,
            "    ({:?}, include_str!({:?})),",
            label(path),
            path.display().to_string()
        );
    }
    let _ = writeln!(code, "];");
}
