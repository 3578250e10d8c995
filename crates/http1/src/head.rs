//! What heads of requests and of answers have in common below the start line.

use std::mem::MaybeUninit;

use bytes::Bytes;
use httparse::{Error, Header};
use memchr::memchr_iter;

use crate::lines::{has_bare_carriage_return, has_bare_line_feed};
use crate::{HeadError, HeadLimits, fields};

/// Fields for which there is room without an allocation.
const COMMON: usize = 32;

/// Room for the fields of a head.
pub(crate) type Room<'a> = [MaybeUninit<Header<'a>>];

/// Parses a head with room for as many fields as most have, and with more if it has more.
pub(crate) fn with_room<'a, T>(
    limits: HeadLimits,
    head: &'a Bytes,
    parse: impl Fn(&mut Room<'a>) -> Result<T, HeadError>,
) -> Result<T, HeadError> {
    match parse(&mut [const { MaybeUninit::uninit() }; COMMON]) {
        Err(HeadError::TooManyFields) if limits.fields > COMMON => {
            let count = memchr_iter(b'\n', head).count().min(limits.fields);
            parse(&mut vec![MaybeUninit::uninit(); count])
        }
        result => result,
    }
}

/// Checks what the parser lets through: lines that end in a line feed alone.
///
/// Every carriage return that it takes ends a line, so there is one for each line unless a line
/// ends without; and the empty line ends without if the parser stops before the end of the head.
pub(crate) fn check(
    head: &[u8],
    parsed: usize,
    fields: &[Header<'_>],
    limits: HeadLimits,
) -> Result<(), HeadError> {
    if parsed != head.len() || carriage_returns(head) != fields.len() + 2 {
        return Err(HeadError::BareLineFeed);
    }
    if fields.len() > limits.fields { Err(HeadError::TooManyFields) } else { Ok(()) }
}

/// Counts in pieces that a byte can count, which compiles to vectors.
fn carriage_returns(head: &[u8]) -> usize {
    let count = |piece: &[u8]| {
        piece.iter().fold(0_u8, |count, byte| count.wrapping_add(u8::from(*byte == b'\r')))
    };
    head.chunks(192).map(|piece| usize::from(count(piece))).sum()
}

/// Why the parser refuses a head; `start` looks at the start line.
#[cold]
pub(crate) fn diagnose(head: &[u8], error: Error, start: impl Fn(&[u8]) -> HeadError) -> HeadError {
    if has_bare_line_feed(head) {
        return HeadError::BareLineFeed;
    }
    if has_bare_carriage_return(head) {
        return HeadError::BareCarriageReturn;
    }
    let end = memchr::memchr(b'\r', head).unwrap_or(head.len());
    let (line, lines) = head.split_at(end);
    match error {
        Error::TooManyHeaders => HeadError::TooManyFields,
        Error::HeaderName | Error::HeaderValue => {
            fields::diagnose(lines.get(2..).unwrap_or_default()).unwrap_or(HeadError::FieldInvalid)
        }
        Error::NewLine | Error::Status | Error::Token | Error::Version => start(line),
    }
}
