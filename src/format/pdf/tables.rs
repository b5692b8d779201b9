//! Tables of fonts that say which character a code stands for: those that the library could not read to their end are taken
//! out, and with them what pictures hold, which it has no use for.

use std::collections::BTreeSet;

use pdf_extract::{Document, Object, ObjectId};

use super::text::{DEEPEST, content, is};

/// Characters of one range of a font.
const MOST_OF_RANGE: u64 = 0xffff;
/// Characters of all ranges of a font: there are not many more.
const MOST_OF_RANGES: u64 = 1 << 21;

/// Takes out what the library would only stumble over: what pictures hold, and tables of fonts that have no end.
pub(super) fn leave_out(document: &mut Document) {
    let mut endless = BTreeSet::new();
    for (&id, object) in &mut document.objects {
        let Object::Stream(stream) = object else {
            continue;
        };
        if is(&stream.dict, b"Subtype", b"Image") {
            stream.dict.remove(b"Filter");
            stream.set_content(Vec::new());
            continue;
        }
        let content = content(stream);
        if has_endless_range(&content) || nests_deep(&content) {
            endless.insert(id);
        }
    }
    // Objects that are only another one's name.
    for _ in 0..DEEPEST {
        let named = document.objects.iter().filter_map(|(id, object)| {
            let is_endless = endless.contains(&object.as_reference().ok()?);
            (is_endless && !endless.contains(id)).then_some(*id)
        });
        let named: Vec<ObjectId> = named.collect();
        if named.is_empty() {
            break;
        }
        endless.extend(named);
    }
    if !endless.is_empty() {
        for object in document.objects.values_mut() {
            forget(object, &endless);
        }
    }
}

/// Takes references to tables out of fonts.
fn forget(object: &mut Object, tables: &BTreeSet<ObjectId>) {
    let dictionary = match object {
        Object::Array(objects) => {
            for object in objects {
                forget(object, tables);
            }
            return;
        }
        Object::Dictionary(dictionary) => dictionary,
        Object::Stream(stream) => &mut stream.dict,
        _ => return,
    };
    for key in [&b"ToUnicode"[..], b"Encoding", b"FontFile"] {
        let table = dictionary.get(key).and_then(Object::as_reference);
        if table.is_ok_and(|table| tables.contains(&table)) {
            dictionary.remove(key);
        }
    }
    for (_, object) in dictionary.iter_mut() {
        forget(object, tables);
    }
}

/// Whether a table has lists within lists, deeper than the library's stack.
fn nests_deep(table: &[u8]) -> bool {
    // Behind this word a font is encrypted.
    let end = memchr::memmem::find(table, b"eexec").unwrap_or(table.len());
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in &table[..end] {
        match byte {
            b'[' | b'{' | b'(' | b'<' => depth += 1,
            b']' | b'}' | b')' | b'>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest > DEEPEST
}

/// Whether a table of characters has ranges of more characters than any font.
fn has_endless_range(table: &[u8]) -> bool {
    if memchr::memmem::find(table, b"begincmap").is_none() {
        return false;
    }
    let number = |part: &[u8]| {
        let digits = part.split(|byte| *byte == b'>').next()?;
        u64::from_str_radix(std::str::from_utf8(digits.trim_ascii()).ok()?, 16).ok()
    };
    let numbers: Vec<Option<u64>> = table
        .split(|byte| *byte == b'<')
        .skip(1)
        .map(number)
        .collect();
    let is_endless = |pair: &[Option<u64>]| match pair {
        &[Some(first), Some(last)] => last.saturating_sub(first) > MOST_OF_RANGE,
        _ => false,
    };
    numbers.windows(2).any(is_endless) || characters_of_ranges(table) > MOST_OF_RANGES
}

/// How many characters the ranges of a table have, those that come again counted again.
fn characters_of_ranges(table: &[u8]) -> u64 {
    let starts = memchr::memmem::find_iter(table, b"beginbfrange");
    let mut all = 0_u64;
    for start in starts {
        let section = &table[start..];
        let end = memchr::memmem::find(section, b"endbfrange").unwrap_or(section.len());
        // First and last code, and a character or a list of them.
        let mut codes = Vec::with_capacity(3);
        let mut rest = &section[..end];
        while let Some(at) = memchr::memchr2(b'<', b'[', rest) {
            let close = if rest[at] == b'<' { b'>' } else { b']' };
            let inner = &rest[at + 1..];
            let len = memchr::memchr(close, inner).unwrap_or(inner.len());
            let code = std::str::from_utf8(inner[..len].trim_ascii());
            codes.push(
                code.ok()
                    .and_then(|code| u64::from_str_radix(code, 16).ok()),
            );
            rest = &inner[len..];
            if let [first, last, _] = codes[..] {
                let len = last.unwrap_or(0).saturating_sub(first.unwrap_or(0));
                all = all.saturating_add(len);
                codes.clear();
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_without_an_end() {
        assert!(has_endless_range(
            b"begincmap 1 beginbfrange <00000000> <ffffffff> <0041> endbfrange"
        ));
        assert!(!has_endless_range(
            b"begincmap 1 beginbfrange <0000> <ffff> <0041> endbfrange"
        ));
        let many = "<0000> <ffff> <0041>".repeat(100);
        let many = format!("begincmap 100 beginbfrange {many} endbfrange");
        assert!(has_endless_range(many.as_bytes()));
        assert!(nests_deep(&b"[".repeat(1000)) && !nests_deep(&b"[]".repeat(1000)));
    }
}
