//! Addresses of networks and devices.

use std::net::{Ipv4Addr, Ipv6Addr};

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

/// RFC 791. `0.x.x.x` names no host; `1.2.3.4` may be a version all the same.
pub fn ipv4(value: &[u8]) -> bool {
    parse::<Ipv4Addr>(value).is_some_and(|address| address.octets()[0] > 0)
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
    // Without a branch for each byte: digits and letters can't be foreseen.
    let mut digits = [0; 33];
    let mut count = 0;
    for &byte in value {
        digits[count.min(32)] = byte;
        count += usize::from(byte.is_ascii_hexdigit());
    }
    count == 32
        && matches!(digits[12], b'1'..=b'8')
        && matches!(digits[16].to_ascii_lowercase(), b'8' | b'9' | b'a'..=b'd')
}

/// RFC 5321 section 4.5.3.1 and RFC 1035 section 2.3.4.
pub fn email(value: &[u8]) -> bool {
    let Some(at) = value.iter().rposition(|&byte| byte == b'@') else {
        return false;
    };
    let (local, domain) = (&value[..at], &value[at + 1..]);
    let Some(dot) = domain.iter().rposition(|&byte| byte == b'.') else {
        return false;
    };
    let top = &domain[dot + 1..];
    let is_label = |label: &[u8]| {
        (1..=63).contains(&label.len()) && label[0] != b'-' && label[label.len() - 1] != b'-'
    };
    (1..=64).contains(&local.len())
        && domain.len() <= 253
        && top.len() >= 2
        && (top
            .iter()
            .all(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80)
            || top.len() > 4 && top[..4].eq_ignore_ascii_case(b"xn--"))
        && !local.split(|&byte| byte == b'.').any(<[u8]>::is_empty)
        && domain.split(|&byte| byte == b'.').all(is_label)
        && !is_file_ending(top)
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
            ipv4(b"192.168.17.4") && !ipv4(b"1.2.3") && !ipv4(b"256.1.1.1") && !ipv4(b"0.0.0.0")
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
