//! The headers of a message as values.

use std::borrow::Cow;
use std::ops::Range;

use mail_parser::{Addr, Address, HeaderValue, Message};

use super::super::records::Records;

/// A stretch of a message in the text it lies in.
#[derive(Clone, Copy)]
pub(super) struct Place<'t> {
    pub(super) text: &'t [u8],
    /// Where the message starts in it.
    pub(super) base: usize,
}

impl Place<'_> {
    /// Where a borrowed part of the message lies.
    fn of(&self, part: &[u8]) -> Option<Range<usize>> {
        let start = (part.as_ptr() as usize).checked_sub(self.text.as_ptr() as usize)?;
        let at = start..start.checked_add(part.len())?;
        (at.end <= self.text.len()).then_some(at)
    }

    /// Gives a value: from where it stands, if it stands there as it is, or else instead of the stretch it is made from.
    pub(super) fn give(
        self,
        column: &str,
        value: &[u8],
        within: Range<usize>,
        records: &mut Records<'_>,
    ) {
        if value.is_empty() {
            return;
        }
        let column = records.column(column);
        records.begin(column);
        let found = self.of(value).or_else(|| {
            let start = memchr::memmem::find(&self.text[within.clone()], value)?;
            Some(within.start + start..within.start + start + value.len())
        });
        match found {
            Some(at) => records.stored(at),
            None => records.instead(value, within),
        }
        records.end();
    }
}

/// Gives the headers of a message.
pub(super) fn give(message: &Message<'_>, place: Place<'_>, records: &mut Records<'_>) {
    for header in message.headers() {
        let start = place.base + header.offset_start() as usize;
        let end = place.base + header.offset_end() as usize;
        let Some(raw) = place.text.get(start..end) else {
            continue;
        };
        let trimmed = raw.trim_ascii();
        let lead = raw.len() - raw.trim_ascii_start().len();
        let at = start + lead..start + lead + trimmed.len();
        let name = header.name();
        match header.value() {
            HeaderValue::Address(address) => addresses(name, address, place, at, records),
            HeaderValue::Text(text) if trimmed.windows(2).any(|pair| pair == b"=?") => {
                place.give(name, text.as_bytes(), at, records);
            }
            HeaderValue::TextList(list) if trimmed.windows(2).any(|pair| pair == b"=?") => {
                for text in list {
                    place.give(name, text.as_bytes(), at.clone(), records);
                }
            }
            _ => unfolded(name, place.text, at, records),
        }
    }
}

/// Gives a header as it stands, without the line ends within it.
fn unfolded(name: &str, text: &[u8], at: Range<usize>, records: &mut Records<'_>) {
    if at.is_empty() {
        return;
    }
    let column = records.column(name);
    records.begin(column);
    let mut from = at.start;
    for end in memchr::memchr2_iter(b'\n', b'\r', &text[at.clone()]).map(|end| at.start + end) {
        records.stored(from..end);
        from = end + 1;
    }
    records.stored(from..at.end);
    records.end();
}

fn addresses(
    name: &str,
    address: &Address<'_>,
    place: Place<'_>,
    at: Range<usize>,
    records: &mut Records<'_>,
) {
    let mut give = |one: &Addr<'_>| {
        let text = |part: &Option<Cow<'_, str>>| {
            part.as_deref()
                .map_or_else(Vec::new, |text| text.as_bytes().to_vec())
        };
        if let Some(shown) = one.name.as_deref().filter(|shown| !shown.is_empty()) {
            place.give(
                &format!("{name}.name"),
                shown.as_bytes(),
                at.clone(),
                records,
            );
        }
        place.give(name, &text(&one.address), at.clone(), records);
    };
    match address {
        Address::List(list) => list.iter().for_each(&mut give),
        Address::Group(groups) => {
            for group in groups {
                group.addresses.iter().for_each(&mut give);
            }
        }
    }
}
