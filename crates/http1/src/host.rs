//! Hosts as `Host` and targets name them.

/// Whether this is `uri-host [":" port]` (RFC 3986 §3.2.2), or empty.
pub(crate) fn is_host(value: &[u8]) -> bool {
    match value {
        [b'[', rest @ ..] => is_literal(rest),
        _ => {
            let end = value.iter().position(|byte| *byte == b':').unwrap_or(value.len());
            let (name, port) = value.split_at(end);
            is_name(name) && is_port(port)
        }
    }
}

/// What follows the bracket of an address of version 6, or of a later one.
fn is_literal(rest: &[u8]) -> bool {
    let Some(end) = memchr::memchr(b']', rest) else { return false };
    let (address, port) = rest.split_at(end);
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b":.-_~!$&'()*+,;=".contains(byte);
    !address.is_empty() && address.iter().all(is_part) && is_port(&port[1..])
}

/// Letters, digits, marks, and percent signs with two digits behind them.
fn is_name(name: &[u8]) -> bool {
    let mut rest = name;
    while let [first, behind @ ..] = rest {
        rest = match (*first, behind) {
            (b'%', [high, low, behind @ ..]) if is_hex(*high) && is_hex(*low) => behind,
            (first, behind) if is_mark(first) => behind,
            _ => return false,
        };
    }
    true
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
}

fn is_mark(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte)
}

/// Nothing, or a colon with a port that there can be, or none.
fn is_port(port: &[u8]) -> bool {
    match port {
        [] => true,
        [b':', digits @ ..] => {
            digits.len() <= 5
                && digits
                    .iter()
                    .try_fold(0_u32, |number, digit| {
                        digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0'))
                    })
                    .is_some_and(|number| number <= u32::from(u16::MAX))
        }
        _ => false,
    }
}
