//! Option groups that several commands share, and values of options that need more than a number.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use clap::builder::PossibleValuesParser;
use encoding_rs::Encoding;

use crate::input::charset::Charset;
use crate::report::{LANGUAGES, Lang};
use crate::rule::Selection;
use crate::scan::Sample;

/// Which rules take part.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Detectors")]
pub struct RuleOptions {
    /// Add rules from a YAML file, or a folder of them; may repeat
    ///
    /// A rule with the id of a built-in one replaces it.
    #[arg(long, value_name = "PATH")]
    rules: Vec<PathBuf>,

    /// Leave out the built-in rules
    #[arg(long)]
    no_default_rules: bool,

    /// Use only these detectors: ids or categories, such as `email,nl-*,special`
    ///
    /// `*` stands for any characters. May repeat, or be a list with commas.
    #[arg(long, value_name = "GLOB", value_delimiter = ',')]
    detectors: Vec<String>,

    /// Leave out these detectors: ids or categories
    #[arg(long, value_name = "GLOB", value_delimiter = ',')]
    skip_detectors: Vec<String>,

    /// A file of weights of evidence, as `speur bench fit` writes it, instead of the built-in ones
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
}

impl RuleOptions {
    /// What they select.
    pub fn selection(&self) -> Selection {
        Selection {
            builtin: !self.no_default_rules,
            paths: self.rules.clone(),
            only: self.detectors.clone(),
            skip: self.skip_detectors.clone(),
            weights: self.weights.clone(),
        }
    }
}

/// The language of reports.
#[derive(Clone, Debug, Args)]
pub struct LanguageOption {
    /// Language of reports for people; default: that of the locale
    #[arg(long, value_name = "LANG", value_parser = PossibleValuesParser::new(LANGUAGES.map(|(code, _)| code)))]
    lang: Option<String>,
}

impl LanguageOption {
    /// What was asked for, or what the locale says.
    pub fn lang(&self) -> Lang {
        let asked = self.lang.as_deref().and_then(Lang::by_code);
        asked.unwrap_or_else(|| {
            // In this order, the first that is set (POSIX, Environment Variables).
            let set = ["LC_ALL", "LC_MESSAGES", "LANG"]
                .iter()
                .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
            Lang::of_locale(&set.unwrap_or_default())
        })
    }
}

/// Delimiters that have a name.
const NAMES: &[(&str, &[u8])] = &[
    ("tab", b"\t"),
    ("comma", b","),
    ("semicolon", b";"),
    ("pipe", b"|"),
    ("space", b" "),
];

/// `--delimiter`: one to three bytes, as they are, named, or with escapes.
pub fn delimiter(text: &str) -> anyhow::Result<Vec<u8>> {
    let named = NAMES.iter().find(|(name, _)| *name == text.to_lowercase());
    let bytes = match named {
        Some((_, bytes)) => bytes.to_vec(),
        None => unescaped(text)?,
    };
    if bytes.is_empty() || bytes.len() > 3 {
        bail!("a delimiter is one to three bytes, such as `;`, `\\t`, `\\x01` or `tab`");
    }
    if bytes
        .iter()
        .any(|byte| matches!(byte, b'"' | b'\n' | b'\r'))
    {
        bail!("quotes and line ends can't separate fields");
    }
    Ok(bytes)
}

fn unescaped(text: &str) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        if c != '\\' || rest.is_empty() {
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        let (byte, len) = match rest.as_bytes()[0] {
            b't' => (b'\t', 1),
            b'0' => (0, 1),
            b'\\' => (b'\\', 1),
            b'x' => {
                let digits = rest
                    .get(1..3)
                    .filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()));
                let digits =
                    digits.context("`\\x` needs two hexadecimal digits, such as `\\x01`")?;
                (u8::from_str_radix(digits, 16)?, 3)
            }
            _ => bail!("unknown escape in `{text}`; `\\t`, `\\0`, `\\\\` and `\\x01` are known"),
        };
        bytes.push(byte);
        rest = &rest[len..];
    }
    Ok(bytes)
}

/// `--encoding`: any label of the WHATWG Encoding Standard.
pub fn encoding(label: &str) -> anyhow::Result<&'static Encoding> {
    Encoding::for_label(label.trim().as_bytes()).with_context(|| {
        format!("unknown encoding `{label}`; known are utf-8, windows-1252, iso-8859-15, utf-16le, shift_jis and others of https://encoding.spec.whatwg.org")
    })
}

/// The same for reading: code pages of DOS and UTF-32 as well.
pub fn charset(label: &str) -> anyhow::Result<Charset> {
    Charset::for_label(label.trim().as_bytes()).with_context(|| {
        format!("unknown encoding `{label}`; known are utf-8, utf-32, windows-1252, iso-8859-15, utf-16le, shift_jis and others of https://encoding.spec.whatwg.org, and cp437, cp850, cp852 and others of DOS")
    })
}

/// A probability from 0 to 1.
pub fn probability(text: &str) -> anyhow::Result<f64> {
    match text.parse() {
        Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
        _ => bail!("a confidence is a number from 0 to 1, such as 0.8"),
    }
}

/// How much of each input is looked at: a share below 1, in percent or as a fraction, or a number of records.
pub fn sample(text: &str) -> anyhow::Result<Sample> {
    if let Ok(rows @ 1..) = text.parse() {
        return Ok(Sample::Rows(rows));
    }
    let share: Option<f64> = match text.strip_suffix('%') {
        Some(percent) => percent
            .trim_end()
            .parse()
            .ok()
            .map(|share: f64| share / 100.0),
        None => text.parse().ok(),
    };
    match share {
        Some(share) if share > 0.0 && share < 1.0 => Ok(Sample::Share(share)),
        _ => bail!(
            "a sample is a share above 0 and below 1, such as 0.01 or 1%, or a number of records, such as 10000"
        ),
    }
}

/// Bytes of a key file that are read at most: it may be `/dev/urandom`.
const KEY_FILE_LIMIT: u64 = 64 << 10;

/// The key in a file: its 32 bytes, or 32 bytes derived from more.
pub fn key(path: &Path) -> anyhow::Result<[u8; 32]> {
    let file = std::fs::File::open(path).with_context(|| format!("key file {}", path.display()))?;
    let mut bytes = Vec::new();
    file.take(KEY_FILE_LIMIT + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("key file {}", path.display()))?;
    if bytes.len() as u64 > KEY_FILE_LIMIT {
        bail!(
            "key file {}: more than 64 KiB; a key is 32 random bytes",
            path.display()
        );
    }
    if bytes.len() < 32 {
        bail!(
            "key file {}: {} bytes are too few, a key needs 32 or more; `head -c 32 /dev/urandom` makes one",
            path.display(),
            bytes.len()
        );
    }
    Ok(<[u8; 32]>::try_from(bytes.as_slice())
        .unwrap_or_else(|_| blake3::derive_key("speur 2026 fingerprints of values", &bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_may_be_named_or_escaped() {
        for (text, bytes) in [
            (";", &b";"[..]),
            ("tab", b"\t"),
            ("TAB", b"\t"),
            ("\\t", b"\t"),
            ("\\x01", b"\x01"),
            ("\\xc2\\xac", "¬".as_bytes()),
            ("¬", "¬".as_bytes()),
            ("||", b"||"),
            ("\\", b"\\"),
        ] {
            assert_eq!(delimiter(text).unwrap(), bytes, "{text}");
        }
        for text in [
            "", "\"", "\\n", "\n", "abcd", "\\x1", "\\xzz", "\\x+1", "\\x€",
        ] {
            assert!(delimiter(text).is_err(), "{text}");
        }
    }

    #[test]
    fn samples_are_shares_or_numbers_of_records() {
        let parsed = |text| sample(text).ok();
        assert_eq!(parsed("0.25"), Some(Sample::Share(0.25)));
        assert_eq!(parsed("25 %"), Some(Sample::Share(0.25)));
        assert_eq!(parsed("1"), Some(Sample::Rows(1)));
        for wrong in ["0", "1.0", "-1", "100%", "0%", "nan", "x", ""] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn keys_have_32_bytes_or_more() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        let keys = [31, 32, 33].map(|len| {
            std::fs::write(&path, vec![7; len]).unwrap();
            key(&path).ok()
        });
        assert_eq!(keys[0], None);
        assert_eq!(keys[1], Some([7; 32]));
        assert!(keys[2].is_some() && keys[2] != keys[1]);
        assert!(key(Path::new("/dev/zero")).is_err());
    }
}
