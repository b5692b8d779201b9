//! Test numbers and placeholders: well-known values that look genuine and belong to nobody.

use std::collections::HashSet;

/// The placeholders of a rule.
pub(crate) struct Placeholders {
    exact: HashSet<Box<[u8]>>,
    prefixes: Vec<Box<[u8]>>,
    suffixes: Vec<Box<[u8]>>,
}

impl Placeholders {
    /// A `*` at the start or end of a placeholder stands for anything.
    pub(crate) fn new(list: &[String]) -> Self {
        let mut all = Self {
            exact: HashSet::new(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
        };
        for text in list {
            if let Some(suffix) = text.strip_prefix('*') {
                all.suffixes.push(suffix.as_bytes().into());
            } else if let Some(prefix) = text.strip_suffix('*') {
                all.prefixes.push(prefix.as_bytes().into());
            } else {
                all.exact.insert(text.as_bytes().into());
            }
        }
        all
    }

    /// Whether the normalised value is one of them, or one digit repeated six times or more.
    pub(crate) fn holds(&self, value: &[u8]) -> bool {
        is_one_digit(value)
            || (!self.exact.is_empty() && self.exact.contains(value))
            || self.prefixes.iter().any(|prefix| value.starts_with(prefix))
            || self.suffixes.iter().any(|suffix| value.ends_with(suffix))
    }
}

fn is_one_digit(value: &[u8]) -> bool {
    value.len() >= 6 && value[0].is_ascii_digit() && value.iter().all(|&byte| byte == value[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_exact_values_and_wildcards() {
        let all = Placeholders::new(&["123456789".into(), "*@example.com".into(), "4111*".into()]);
        assert!(all.holds(b"123456789") && all.holds(b"000000000"));
        assert!(all.holds(b"a@example.com") && all.holds(b"4111222233334444"));
        assert!(!all.holds(b"123456782") && !all.holds(b"00000"));
    }
}
