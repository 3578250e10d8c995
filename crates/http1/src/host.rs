//! Hosts as `Host` and targets name them.

/// What a registered name may have (RFC 3986 §3.2.2), but for percent signs.
static MARKS: [bool; 256] = {
    let mut marks = [false; 256];
    let mut byte = 0;
    while byte < marks.len() {
        marks[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let mut rest: &[u8] = b"-._~!$&'()*+,;=";
    while let [mark, behind @ ..] = rest {
        marks[*mark as usize] = true;
        rest = behind;
    }
    marks
};

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
    let is_part = |byte: &u8| MARKS[usize::from(*byte)] || *byte == b':';
    !address.is_empty() && address.iter().all(is_part) && is_port(&port[1..])
}

/// Letters, digits, marks, and percent signs with two digits behind them.
fn is_name(name: &[u8]) -> bool {
    if name.iter().all(|byte| MARKS[usize::from(*byte)]) {
        return true;
    }
    let mut parts = name.split(|byte| *byte == b'%');
    let are_marks = |part: &[u8]| part.iter().all(|byte| MARKS[usize::from(*byte)]);
    parts.next().is_some_and(are_marks)
        && parts.all(|part| match part {
            [high, low, rest @ ..] => {
                high.is_ascii_hexdigit() && low.is_ascii_hexdigit() && are_marks(rest)
            }
            _ => false,
        })
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
