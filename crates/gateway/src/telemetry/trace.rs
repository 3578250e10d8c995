//! The ids that tie a request to its traces and logs: W3C trace context and `X-Request-Id`.
//!
//! A trace that a client began is continued with a span of the gateway's own; otherwise one is
//! begun. What a client sends is taken only when it is well-formed, since it ends in logs.
//! Random numbers come from a generator of each thread that the system seeds once, so that no
//! request costs a system call; ids need to be unique, not secret.

use std::cell::RefCell;
use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};
use rand::Rng;
use rand::rngs::SmallRng;

/// `traceparent` (W3C Trace Context §3.2).
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// `tracestate` (W3C Trace Context §3.3).
pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
/// `x-request-id`.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The length of a `traceparent` of version 00.
const LENGTH: usize = 55;
/// The longest `traceparent` of a later version that is looked at.
const LONGEST: usize = 512;
const SAMPLED: u8 = 0x01;
/// The flags that are handed on: sampled, and random (Level 2 §3.2.2.5.2).
const KNOWN_FLAGS: u8 = 0x03;
/// The longest request id that is taken from a client.
const LONGEST_REQUEST_ID: usize = 128;

thread_local! {
    static RANDOM: RefCell<SmallRng> = RefCell::new(rand::make_rng());
}

/// Where a request stands in its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace; never zero.
    pub trace_id: TraceId,
    /// The client's span, when the client began the trace.
    pub parent: Option<SpanId>,
    /// The gateway's own span, which is the parent of the upstream's; never zero.
    pub span: SpanId,
    /// The flags: 1 is sampled, 2 says that the trace id is random.
    pub flags: u8,
}

/// 16 bytes, printed as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId(pub [u8; 16]);

/// 8 bytes, printed as 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId(pub [u8; 8]);

impl TraceContext {
    /// The context of a request: the client's trace with a new span, or a new trace when the
    /// request names none, more than one, or one that is not well-formed.
    #[must_use]
    pub fn incoming(headers: &HeaderMap) -> Self {
        let mut values = headers.get_all(&TRACEPARENT).iter();
        let (first, second) = (values.next(), values.next());
        let parent = first.filter(|_| second.is_none()).and_then(|value| parse(value.as_bytes()));
        parent.unwrap_or_else(Self::begin)
    }

    /// A new trace, sampled so that upstreams which follow their parent record it.
    #[must_use]
    pub fn begin() -> Self {
        let (trace_id, span) = (TraceId(non_zero()), SpanId(non_zero()));
        Self { trace_id, parent: None, span, flags: SAMPLED }
    }

    /// The `traceparent` for the upstream.
    #[must_use]
    pub fn header_value(&self) -> HeaderValue {
        let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
        text[3..35].copy_from_slice(hex(&self.trace_id.0).as_flattened());
        text[36..52].copy_from_slice(hex(&self.span.0).as_flattened());
        text[53..].copy_from_slice(hex(&[self.flags]).as_flattened());
        HeaderValue::from_bytes(&text).expect("digits and hyphens are visible ASCII")
    }

    /// Sets `traceparent` in the head that goes upstream, and takes `tracestate` out where it does
    /// not belong to this trace (W3C Trace Context §4.3).
    pub fn apply(&self, headers: &mut HeaderMap) {
        headers.insert(TRACEPARENT, self.header_value());
        if self.parent.is_none() {
            headers.remove(&TRACESTATE);
        }
    }
}

impl TraceId {
    /// The id in hexadecimal digits, a pair for each byte.
    pub(crate) fn digits(self) -> [[u8; 2]; 16] {
        hex(&self.0)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceId({self})")
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SpanId({self})")
    }
}

/// The id of a request: the client's when it sent one of 1 to 128 visible ASCII characters, else a
/// new one in the shape of a UUID (version 4).
///
/// The value is always visible ASCII, so that `to_str` holds.
#[must_use]
pub fn request_id(headers: &HeaderMap) -> HeaderValue {
    let mut values = headers.get_all(&REQUEST_ID).iter();
    match (values.next(), values.next()) {
        (Some(value), None) if is_request_id(value.as_bytes()) => value.clone(),
        _ => new_request_id(),
    }
}

fn is_request_id(text: &[u8]) -> bool {
    (1..=LONGEST_REQUEST_ID).contains(&text.len()) && text.iter().all(u8::is_ascii_graphic)
}

/// A new id in the shape of a UUID (version 4).
#[must_use]
pub fn new_request_id() -> HeaderValue {
    let id = uuid::Builder::from_random_bytes(random()).into_uuid();
    let mut buffer = uuid::Uuid::encode_buffer();
    let text = id.hyphenated().encode_lower(&mut buffer);
    let mut value = HeaderValue::from_str(text).expect("digits and hyphens are visible ASCII");
    // Never the same twice: indexing it would only push other headers out of HPACK's table.
    value.set_sensitive(true);
    value
}

/// Reads a `traceparent` and adds a new span: strictly for version 00, by its first four fields
/// for later versions (W3C Trace Context §3.2, §4.1).
fn parse(text: &[u8]) -> Option<TraceContext> {
    let (fields, rest) = text.split_first_chunk::<LENGTH>()?;
    let [version] = unhex(fields.get(..2)?)?;
    let is_known = match version {
        0 => rest.is_empty(),
        0xff => false,
        _ => text.len() <= LONGEST && rest.first().is_none_or(|byte| *byte == b'-'),
    };
    let hyphens = [2, 35, 52].into_iter().all(|place| fields.get(place) == Some(&b'-'));
    let trace_id = TraceId(unhex(fields.get(3..35)?)?);
    let parent = SpanId(unhex(fields.get(36..52)?)?);
    let [flags] = unhex(fields.get(53..)?)?;
    let is_valid = is_known && hyphens && trace_id.0 != [0; 16] && parent.0 != [0; 8];
    is_valid.then(|| TraceContext {
        trace_id,
        parent: Some(parent),
        span: SpanId(non_zero()),
        flags: flags & KNOWN_FLAGS,
    })
}

/// Reads lower-case hexadecimal digits; upper case is not allowed here.
fn unhex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let (pairs, rest) = digits.as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(bytes)
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

fn hex<const N: usize>(bytes: &[u8; N]) -> [[u8; 2]; N] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]])
}

fn write_hex<const N: usize>(f: &mut fmt::Formatter<'_>, bytes: &[u8; N]) -> fmt::Result {
    f.write_str(std::str::from_utf8(hex(bytes).as_flattened()).map_err(|_| fmt::Error)?)
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    RANDOM.with_borrow_mut(|random| random.fill_bytes(&mut bytes));
    bytes
}

/// Random bytes of which one is not zero, as ids must be.
fn non_zero<const N: usize>() -> [u8; N] {
    loop {
        let bytes = random();
        if bytes != [0; N] {
            return bytes;
        }
    }
}

#[cfg(test)]
mod tests;
