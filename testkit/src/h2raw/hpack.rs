//! As much of HPACK (RFC 7541) as a client needs that never lets anything be indexed.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What an answer says.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) status: u16,
    /// The fields whose names are written out.
    pub(super) others: Vec<(String, String)>,
}

/// The length of each symbol's code in bits (RFC 7541 appendix B); the last is that of the end. The
/// code is canonical, so that lengths are all there is to know.
#[rustfmt::skip]
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7,
    7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21,
    23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24,
    21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];

/// Statuses in the static table, from index 8.
const STATUSES: [u16; 7] = [200, 204, 206, 304, 400, 404, 500];
/// The last index of the static table that stands for a status.
const LAST_STATUS: usize = 14;

/// The symbol of each code, by the length of the code and its bits.
static CODES: LazyLock<HashMap<(u8, u32), usize>> = LazyLock::new(|| {
    let mut symbols: Vec<usize> = (0..LENGTHS.len()).collect();
    symbols.sort_by_key(|symbol| (LENGTHS[*symbol], *symbol));
    let (mut code, mut last) = (0_u32, LENGTHS[symbols[0]]);
    let next = |symbol: usize| {
        let length = LENGTHS[symbol];
        code <<= length - last;
        last = length;
        code += 1;
        ((length, code - 1), symbol)
    };
    symbols.into_iter().map(next).collect()
});

/// Every field as a literal that is not indexed, neither checked nor compressed.
pub(super) fn encoded(fields: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            length(&mut block, text.len());
            block.extend_from_slice(text);
        }
    }
    block
}

/// An integer with a prefix of seven bits (RFC 7541 §5.1).
fn length(block: &mut Vec<u8>, length: usize) {
    let Some(mut rest) = length.checked_sub(127) else {
        block.push(u8::try_from(length).expect("less than 127"));
        return;
    };
    block.push(127);
    while rest >= 128 {
        block.push(u8::try_from(rest % 128).expect("less than 128") | 128);
        rest /= 128;
    }
    block.push(u8::try_from(rest).expect("less than 128"));
}

/// The fields of a section; it ends at what cannot be read.
pub(super) fn decoded(block: &[u8]) -> Fields {
    let mut fields = Fields::default();
    let mut reader = Reader(block);
    while reader.field(&mut fields).is_some() {}
    fields
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn field(&mut self, fields: &mut Fields) -> Option<()> {
        let first = *self.0.first()?;
        if first & 0x80 != 0 {
            let index = self.integer(7)?;
            if let Some(status) = index.checked_sub(8).and_then(|at| STATUSES.get(at)) {
                fields.status = *status;
            }
            return Some(());
        }
        if first & 0xe0 == 0x20 {
            // The size of the dynamic table.
            return self.integer(5).map(drop);
        }
        let index = self.integer(if first & 0x40 == 0 { 4 } else { 6 })?;
        let name = if index == 0 { self.text()? } else { String::new() };
        let value = self.text()?;
        if (8..=LAST_STATUS).contains(&index) || name == ":status" {
            fields.status = value.parse().unwrap_or_default();
        } else if index == 0 {
            fields.others.push((name, value));
        }
        Some(())
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// An integer whose first byte has this many bits of it.
    fn integer(&mut self, bits: u32) -> Option<usize> {
        let most = (1_usize << bits) - 1;
        let mut number = usize::from(self.byte()?) & most;
        if number < most {
            return Some(number);
        }
        for shift in (0..28).step_by(7) {
            let byte = self.byte()?;
            number += usize::from(byte & 127) << shift;
            if byte < 128 {
                return Some(number);
            }
        }
        None
    }

    fn text(&mut self) -> Option<String> {
        let is_coded = self.0.first()? & 0x80 != 0;
        let length = self.integer(7)?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        let text = if is_coded { uncoded(text) } else { text.to_vec() };
        Some(String::from_utf8_lossy(&text).into_owned())
    }
}

/// The text behind Huffman's code.
fn uncoded(coded: &[u8]) -> Vec<u8> {
    let (mut text, mut code, mut length) = (Vec::new(), 0_u32, 0_u8);
    for byte in coded {
        for bit in (0..8).rev() {
            code = code << 1 | u32::from(byte >> bit & 1);
            length += 1;
            if let Some(symbol) = CODES.get(&(length, code)) {
                // The end is never written out.
                text.extend(u8::try_from(*symbol));
                (code, length) = (0, 0);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfc_are_read() {
        // RFC 7541 §C.6.1: status 302, then fields whose names stand in the static table.
        assert_eq!(decoded(b"\x48\x82\x64\x02\x58\x85\xae\xc3\x77\x1a\x4b").status, 302);
        // RFC 7541 §C.4.1: `www.example.com`.
        let coded = b"\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff";
        assert_eq!(uncoded(coded), b"www.example.com");
        assert_eq!(decoded(b"\x20\x88").status, 200);
    }

    #[test]
    fn what_is_written_is_read() {
        let long = vec![b'v'; 100_000];
        let fields = [(b"x-a".to_vec(), b"b".to_vec()), (b"x-long".to_vec(), long.clone())];
        let read = decoded(&encoded(&fields)).others;
        assert_eq!(read[0], ("x-a".to_owned(), "b".to_owned()));
        assert_eq!(read[1].1.as_bytes(), long);
    }
}
