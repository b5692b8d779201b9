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
];

fn parse<T: std::str::FromStr>(value: &[u8]) -> Option<T> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// RFC 791: four numbers up to 255, none of them written with a zero before it. `0.x.x.x` names no host; `1.2.3.4` may be a
/// version all the same.
pub fn ipv4(value: &[u8]) -> bool {
    let part = |from: usize| number_up_to_255(value.get(from..).unwrap_or_default());
    let mut at = 0;
    for place in 0..4 {
        let Some((number, len)) = part(at) else {
            return false;
        };
        at += len;
        let goes_on = if place < 3 {
            value.get(at) == Some(&b'.')
        } else {
            at == value.len()
        };
        if !goes_on || place == 0 && number == 0 {
            return false;
        }
        at += 1;
    }
    true
}

/// The number at the start of a text, without a zero before it, and how many digits it has.
#[inline]
fn number_up_to_255(text: &[u8]) -> Option<(u32, usize)> {
    let digit = |at: usize| {
        let digit = text.get(at)?.wrapping_sub(b'0');
        (digit < 10).then_some(u32::from(digit))
    };
    let a = digit(0)?;
    let Some(b) = digit(1) else {
        return Some((a, 1));
    };
    let (number, len) = match digit(2) {
        None => (a * 10 + b, 2),
        Some(c) => (a * 100 + b * 10 + c, 3),
    };
    (a > 0 && number <= 255).then_some((number, len))
}

/// RFC 4291. `::` and what has fewer than three groups (`12::`) is left to clocks and code, and eight bytes written with two digits each
/// are part of a key or its fingerprint.
pub fn ipv6(value: &[u8]) -> bool {
    if value.len() == 23 && value.iter().skip(2).step_by(3).all(|&byte| byte == b':') {
        return false;
    }
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
    let nibbles = value.iter().map(|&byte| HEX[usize::from(byte)]);
    let (address, count) = nibbles.fold((0u64, 0), |(address, count), nibble| match nibble {
        NO_HEX => (address, count),
        nibble => (address << 4 | u64::from(nibble), count + 1),
    });
    // Group addresses of protocols: IPv4 and IPv6 multicast, and bridges.
    let is_group = matches!(address >> 24, 0x0001_005e | 0x0001_80c2) || address >> 32 == 0x3333;
    count == 12 && !is_group && address != (address & 15) * 0x1111_1111_1111
}

/// What bytes are worth as digits to the base of 16.
static HEX: [u8; 256] = {
    let mut all = [NO_HEX; 256];
    let mut digit = 0;
    while digit < 16 {
        all[b"0123456789abcdef"[digit] as usize] = digit as u8;
        all[b"0123456789ABCDEF"[digit] as usize] = digit as u8;
        digit += 1;
    }
    all
};
const NO_HEX: u8 = u8::MAX;

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
        assert!(!ipv6(b"fd:6e:9b:0e:f3:98:bc:d9") && ipv6(b"fd:6e:9b:e:f3:98:bc:d9"));
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
}
