//! Addresses of networks and devices.

use std::net::Ipv6Addr;

use super::Validator;

pub(super) static VALIDATORS: &[Validator] = &[
    Validator {
        name: "ipv4",
        about: "four numbers up to 255, the first of them above 0",
        check: ipv4,
    },
    Validator {
        name: "ipv6",
        about: "RFC 4291, with at least three groups",
        check: ipv6,
    },
    Validator {
        name: "mac",
        about: "six bytes, not all alike, and no address of a protocol's group",
        check: mac,
    },
    Validator {
        name: "uuid",
        about: "RFC 9562: a known version and variant",
        check: uuid,
    },
    Validator {
        name: "email",
        about: "RFC 5321 lengths, dots between labels, a top-level domain of letters",
        check: email,
    },
];

fn parse<T: std::str::FromStr>(value: &[u8]) -> Option<T> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// RFC 791: four numbers up to 255, none of them written with a zero before it. `0.x.x.x` names no host; `1.2.3.4` may be a
/// version all the same.
pub fn ipv4(value: &[u8]) -> bool {
    let (mut parts, mut number, mut len, mut first) = (0, 0u32, 0, 0);
    for &byte in value.iter().chain(b".") {
        if byte == b'.' {
            if len == 0 || number > 255 || parts == 4 {
                return false;
            }
            if parts == 0 {
                first = number;
            }
            (parts, number, len) = (parts + 1, 0, 0);
        } else if byte.is_ascii_digit() && len < 3 && !(len == 1 && number == 0) {
            number = number * 10 + u32::from(byte - b'0');
            len += 1;
        } else {
            return false;
        }
    }
    parts == 4 && first > 0
}

/// RFC 4291. `::` and what has fewer than three groups (`12::`) is left to clocks and code.
pub fn ipv6(value: &[u8]) -> bool {
    let groups = value
        .split(|&byte| byte == b':')
        .filter(|group| !group.is_empty())
        .count();
    groups >= 3
        && parse::<Ipv6Addr>(value)
            .is_some_and(|address| !address.is_unspecified() && !address.is_multicast())
}

/// IEEE 802: the lowest bit of the first byte marks a group of devices.
pub fn mac(value: &[u8]) -> bool {
    let nibbles = || {
        value
            .iter()
            .filter_map(|&byte| char::from(byte).to_digit(16))
    };
    let first = nibbles().next();
    let starts = |with: &[u32]| nibbles().take(with.len()).eq(with.iter().copied());
    // Group addresses of protocols: IPv4 and IPv6 multicast, and bridges.
    let is_group =
        starts(&[0, 1, 0, 0, 5, 14]) || starts(&[3, 3, 3, 3]) || starts(&[0, 1, 8, 0, 12, 2]);
    nibbles().count() == 12 && !is_group && !nibbles().all(|nibble| Some(nibble) == first)
}

/// RFC 9562: version 1 to 8 at the thirteenth digit, variant 8 to b (or c, d of old ones) at the seventeenth.
pub fn uuid(value: &[u8]) -> bool {
    let digits = value
        .iter()
        .map(|byte| u8::from(byte.is_ascii_hexdigit()))
        .fold(0, u8::wrapping_add);
    let is_plain = value.len() == 36 && [8, 13, 18, 23].iter().all(|&at| value[at] == b'-');
    let at = |place: usize| {
        let mut digits = value.iter().filter(|byte| byte.is_ascii_hexdigit());
        digits.nth(place).copied().unwrap_or_default()
    };
    let (version, variant) = match digits {
        32 if is_plain => (value[14], value[19]),
        32 if value.len() < 256 => (at(12), at(16)),
        _ => return false,
    };
    matches!(version, b'1'..=b'8')
        && matches!(variant.to_ascii_lowercase(), b'8' | b'9' | b'a'..=b'd')
}

/// RFC 5321 section 4.5.3.1 and RFC 1035 section 2.3.4.
pub fn email(value: &[u8]) -> bool {
    let Some(at) = memchr::memrchr(b'@', value) else {
        return false;
    };
    let (local, domain) = (&value[..at], &value[at + 1..]);
    let Some(dot) = memchr::memrchr(b'.', domain) else {
        return false;
    };
    let top = &domain[dot + 1..];
    (1..=64).contains(&local.len())
        && domain.len() <= 253
        && top.len() >= 2
        && (top
            .iter()
            .all(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80)
            || top.len() > 4 && top[..4].eq_ignore_ascii_case(b"xn--"))
        && are_parts(local)
        && are_labels(domain)
        && !is_file_ending(top)
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
    ENDINGS
        .iter()
        .any(|ending| top.eq_ignore_ascii_case(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        assert!(
            ipv4(b"192.168.17.4")
                && !ipv4(b"1.2.3")
                && !ipv4(b"256.1.1.1")
                && !ipv4(b"0.0.0.0")
                && !ipv4(b"1.2.3.04")
                && !ipv4(b"1.2.3.4.5")
                && !ipv4(b"1..3.4")
                && ipv4(b"10.0.0.255")
        );
        assert!(ipv6(b"2001:db8::1") && ipv6(b"fe80::1:2:3:4") && !ipv6(b"12:30") && !ipv6(b"::1"));
        assert!(
            mac(b"3c:22:fb:01:02:03")
                && mac(b"3C-22-FB-01-02-03")
                && !mac(b"01:00:5e:00:00:01")
                && !mac(b"00:00:00:00:00:00")
        );
        assert!(
            uuid(b"6c0f3459-81f9-4d47-8e90-3099ab99254a")
                && !uuid(b"6c0f3459-81f9-0d47-8e90-3099ab99254a")
        );
    }

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
        ] {
            assert!(!email(wrong.as_bytes()), "{wrong}");
        }
    }
}
