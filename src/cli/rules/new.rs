//! `speur rules new` and `speur rules schema`: a start for a rule of one's own, and the format for editors.

use anyhow::bail;
use clap::Args;

use super::print;
use crate::cli::Outcome;

/// Print a commented rule to start from
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  speur rules new loyalty-number > my-rules/loyalty-number.yaml
  speur rules check my-rules/loyalty-number.yaml")]
pub(super) struct NewArgs {
    /// The new detector's id: lower-case words joined by `-`, such as `loyalty-number`
    #[arg(value_name = "ID")]
    id: String,
}

impl NewArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let is_word = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        if !self.id.split('-').all(is_word) || self.id.starts_with(|c: char| c.is_ascii_digit()) {
            bail!(
                "`{}`: an id is lower-case words joined by `-`, such as nl-bsn",
                self.id
            );
        }
        let words = self.id.replace('-', " ");
        print(
            &SKELETON
                .replace("{id}", &self.id)
                .replace("{words}", &words),
        )?;
        Ok(Outcome::Done)
    }
}

const SKELETON: &str = r"# yaml-language-server: $schema=./rule.schema.json
# `speur rules schema > rule.schema.json` lets editors complete and check this file; docs/RULES.md teaches the format.
id: {id}
name: {words}
category: identity         # speur rules list shows the others
about: What it is, and whom it identifies.

# How its values look: bytes, ASCII classes, every repetition bounded. Start and end with \b.
find: ['\bAB-[0-9]{6}\b']

# What becomes of a match before it is checked: none, digits, alnum, lower, fold.
# normalise: digits

# What a genuine value must pass, and the share of random values that pass by chance.
# check: luhn
# chance: 1/10

# Probability that a cell of this shape is one when nothing else is known. Honest for AB- and six digits; six digits alone
# would be 0.001.
prior: 0.5

# What a masked value still shows.
mask: { keep-last: 2 }

# Column headers that mean it, and words that speak for it nearby: lower case, without diacritics.
header: [{words}]
near: [{words}]

# Detectors that look the same: their headers and words speak against it.
# rivals: [phone]

examples:
  match: ['AB-204518', 'number AB-204518 has expired']
  skip: ['AB-20451', 'XAB-204518']

# Where it is described.
sources: []
";

/// Print the JSON Schema of a rule, for editors that complete and check YAML
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  speur rules schema > rule.schema.json
      then `# yaml-language-server: $schema=rule.schema.json` on top of a rule makes editors help")]
pub(super) struct SchemaArgs {}

impl SchemaArgs {
    pub(super) fn run() -> anyhow::Result<Outcome> {
        print(&crate::rule::schema())?;
        Ok(Outcome::Done)
    }
}
