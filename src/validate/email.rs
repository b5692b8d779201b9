//! E-mail addresses.

use wide::u8x16;

use super::Validator;

pub(super) static VALIDATORS: &[Validator] = &[Validator {
    name: "email",
    about: "RFC 5321 lengths, dots between labels, a top-level domain of letters",
    check: email,
}];

/// RFC 5321 section 4.5.3.1 and RFC 1035 section 2.3.4.
pub fn email(value: &[u8]) -> bool {
    let mut block = [0; LONGEST];
    match block.get_mut(..value.len()) {
        Some(start) => {
            start.copy_from_slice(value);
            Signs::of(&block, value.len()).are_email(value)
        }
        None => is_long_email(value),
    }
}

/// Bytes of an address that are looked at together.
const LONGEST: usize = 64;

/// Where in an address of up to 64 bytes its signs are, one bit each.
struct Signs {
    at: u64,
    dot: u64,
    hyphen: u64,
}

impl Signs {
    #[inline]
    fn of(block: &[u8; LONGEST], len: usize) -> Self {
        let mut all = Self {
            at: 0,
            dot: 0,
            hyphen: 0,
        };
        for (part, bytes) in block.as_chunks::<16>().0.iter().enumerate() {
            if part * 16 >= len {
                break;
            }
            let bytes = u8x16::new(*bytes);
            let bits =
                |sign: u8| u64::from(bytes.simd_eq(u8x16::splat(sign)).to_bitmask()) << (part * 16);
            all.at |= bits(b'@');
            all.dot |= bits(b'.');
            all.hyphen |= bits(b'-');
        }
        all
    }

    /// As [`is_long_email`]; labels can't be too long here.
    #[inline]
    fn are_email(&self, value: &[u8]) -> bool {
        if self.at == 0 || self.dot == 0 {
            return false;
        }
        let (at, dot) = (self.at.ilog2() as usize, self.dot.ilog2() as usize);
        if at == 0 || dot < at || dot + 2 >= value.len() {
            return false;
        }
        let local = (1 << at) - 1;
        let domain = u64::MAX << at << 1;
        let first_of_local = 1;
        let last_of_local = 1 << (at - 1);
        let dots = self.dot & local;
        let empty = dots & (dots << 1 | first_of_local | last_of_local);
        let (dots, ends) = (self.dot & domain, (self.dot | self.hyphen) & domain);
        let first_of_domain = 1 << at << 1;
        let last_of_domain = 1 << (value.len() - 1);
        let bad = dots & (ends << 1 | ends >> 1) | ends & (first_of_domain | last_of_domain);
        empty == 0 && bad == 0 && is_top(&value[dot + 1..])
    }
}

fn is_long_email(value: &[u8]) -> bool {
    let Some(at) = memchr::memrchr(b'@', value) else {
        return false;
    };
    let (local, domain) = (&value[..at], &value[at + 1..]);
    let Some(dot) = memchr::memrchr(b'.', domain) else {
        return false;
    };
    (1..=64).contains(&local.len())
        && domain.len() <= 253
        && are_parts(local)
        && are_labels(domain)
        && is_top(&domain[dot + 1..])
}

/// Whether it may be a top-level domain: letters, or one of another script; no ending of a file. One of two letters is a country's:
/// without that, data in ASCII85 have an address every few thousand bytes.
#[inline]
fn is_top(top: &[u8]) -> bool {
    if let [first, second] = top
        && first.is_ascii_alphabetic()
        && second.is_ascii_alphabetic()
    {
        return is_country(*first, *second);
    }
    let are_letters = top
        .iter()
        .all(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80);
    top.len() >= 2
        && (are_letters || top.len() > 4 && top[..4].eq_ignore_ascii_case(b"xn--"))
        && !is_file_ending(top)
}

/// Whether it is the domain of a country: the codes of ISO 3166, and `ac`, `eu`, `su` and `uk`; `an`, `cs`, `tp`, `yu` and `zr` were, and
/// are in old data.
#[inline]
fn is_country(first: u8, second: u8) -> bool {
    const SECONDS: [&[u8]; 26] = [
        b"cdefgilmnoqrstuwxz",
        b"abdefghijlmnoqrstvwyz",
        b"acdfghiklmnorsuvwxyz",
        b"ejkmoz",
        b"ceghrstu",
        b"ijkmor",
        b"abdefghilmnpqrstuwy",
        b"kmnrtu",
        b"delmnoqrst",
        b"emop",
        b"eghimnprwyz",
        b"abcikrstuvy",
        b"acdefghklmnopqrstuvwxyz",
        b"acefgilopruz",
        b"m",
        b"aefghklmnrstwy",
        b"a",
        b"eosuw",
        b"abcdeghijklmnorstuvxyz",
        b"cdfghjklmnoprtvwz",
        b"agkmsyz",
        b"aceginu",
        b"fs",
        b"",
        b"etu",
        b"amrw",
    ];
    const CODES: [u32; 26] = {
        let mut all = [0; 26];
        let mut letter = 0;
        while letter < 26 {
            let mut at = 0;
            while at < SECONDS[letter].len() {
                all[letter] |= 1 << (SECONDS[letter][at] - b'a');
                at += 1;
            }
            letter += 1;
        }
        all
    };
    let place = |letter: u8| usize::from((letter | 0x20) - b'a');
    CODES[place(first)] >> place(second) & 1 == 1
}

/// Whether dots part a text into parts that aren't empty.
fn are_parts(text: &[u8]) -> bool {
    let is_dot = |byte: u8| u8::from(byte == b'.');
    let (_, empty) = text.iter().fold((1, 0), |(last, empty), &byte| {
        (is_dot(byte), empty | last & is_dot(byte))
    });
    empty == 0 && text.last() != Some(&b'.')
}

/// Whether a domain's labels have 1 to 63 bytes, and no hyphen at either end.
fn are_labels(domain: &[u8]) -> bool {
    let is_end = |byte: u8| matches!(byte, b'.' | b'-');
    let pairs = domain.iter().zip(&domain[1..]);
    let bad = pairs.fold(false, |bad, (&byte, &next)| {
        bad | (byte == b'.') & is_end(next) | (next == b'.') & is_end(byte)
    });
    !bad && !domain.first().is_none_or(|&first| is_end(first))
        && !domain.last().is_none_or(|&last| is_end(last))
        && (domain.len() <= 63
            || domain
                .split(|&byte| byte == b'.')
                .all(|label| label.len() <= 63))
}

/// Endings of files that stand behind an `@` in names of pictures and packages, and are no top-level domains.
fn is_file_ending(top: &[u8]) -> bool {
    const ENDINGS: &[&[u8]] = &[
        b"png", b"jpg", b"jpeg", b"gif", b"webp", b"svg", b"css", b"js", b"ts", b"json", b"html",
    ];
    // Few of them, and most domains have another length or start otherwise.
    let start = top[0] | 0x20;
    let mut alike = ENDINGS.iter().filter(|ending| ending[0] == start);
    alike.any(|ending| top.eq_ignore_ascii_case(ending))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn mail() {
        assert!(email(b"jan.de-vries+x@post.co.nl") && email("jan@xn--bcher-kva.de".as_bytes()));
        for wrong in [
            "jan..x@post.nl",
            ".jan@post.nl",
            "jan@post",
            "jan@-post.nl",
            "logo@2x.png",
            "jan@post.n1",
            "jan@post.xx",
        ] {
            assert!(!email(wrong.as_bytes()), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn short_and_long_ones_are_judged_alike(value in "[a.@-]{0,12}|[a-z.-]{1,30}@[a-z.-]{1,30}\\.[a-z]{0,3}") {
            prop_assert_eq!(email(value.as_bytes()), is_long_email(value.as_bytes()), "{}", value);
        }
    }
}
