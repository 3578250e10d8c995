//! Writing messages.
//!
//! Writers append to a buffer; what they are given has been checked by its types.

use bytes::BytesMut;
use http::header::{
    self, CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, TRANSFER_ENCODING,
};
use http::{Method, StatusCode};

use crate::Framing;

/// What follows the data of a chunk.
pub const CHUNK_END: &[u8] = b"\r\n";

/// What ends a body in chunks that has no trailers.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Bytes of a head beside names, values, method and target, with much to spare.
const FIXED: usize = 128;

const CHUNKED: &[u8] = b"transfer-encoding: chunked\r\n";

const CLOSE: &[u8] = b"connection: close\r\n";

/// Fields that mean nothing, or harm, behind a body.
static NEVER_BEHIND: [HeaderName; 35] = [
    // Framing and the connection.
    TRANSFER_ENCODING,
    CONTENT_LENGTH,
    CONNECTION,
    header::TRAILER,
    header::TE,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    // Routing, conditions and controls.
    HOST,
    header::CACHE_CONTROL,
    header::EXPECT,
    header::MAX_FORWARDS,
    header::PRAGMA,
    header::RANGE,
    header::IF_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_NONE_MATCH,
    header::IF_RANGE,
    header::IF_UNMODIFIED_SINCE,
    // Authentication.
    header::AUTHORIZATION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::WWW_AUTHENTICATE,
    header::COOKIE,
    header::SET_COOKIE,
    // Control of answers, and how content is read.
    header::AGE,
    header::DATE,
    header::EXPIRES,
    header::LOCATION,
    header::RETRY_AFTER,
    header::VARY,
    header::WARNING,
    header::CONTENT_ENCODING,
    header::CONTENT_TYPE,
    header::CONTENT_RANGE,
];

/// How an answer says the extent of its body.
///
/// Answers that never have a body (1xx, 204) say nothing, whatever is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerFraming {
    /// Nothing is said.
    Bare,
    /// The map's own `Content-Length` is kept, for answers to HEAD and for 304.
    Keep,
    /// `Content-Length` with this number.
    Length(u64),
    /// `Transfer-Encoding: chunked`.
    Chunked,
    /// The body ends with the connection, which the answer says.
    Close,
}

/// What an answer says about its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// Nothing: it lives on with HTTP/1.1.
    Default,
    /// `Connection: keep-alive`, for clients of HTTP/1.0.
    KeepAlive,
    /// `Connection: close`.
    Close,
    /// The map's own `Connection` is kept.
    Upgrade,
}

/// The line in front of a chunk, such as `1f40\r\n`.
#[derive(Debug, Clone, Copy)]
pub struct ChunkHead {
    line: [u8; 18],
    start: usize,
}

impl ChunkHead {
    /// The line for a chunk of `length` bytes, which must not be 0: that would end the body.
    #[must_use]
    pub fn new(length: usize) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let (mut line, mut start, mut rest) = ([b'0'; 18], 16, length);
        line[16..].copy_from_slice(CHUNK_END);
        loop {
            start -= 1;
            line[start] = DIGITS[rest & 0xf];
            rest >>= 4;
            if rest == 0 {
                return Self { line, start };
            }
        }
    }

    /// The bytes of the line.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.line[self.start..]
    }
}

/// Writes the head of a request: `Host` first, then the other headers in the order of the map, then
/// what `framing` asks for.
///
/// `Content-Length` and `Transfer-Encoding` of the map are left out.
/// A request has no body that ends with the connection, so [`Framing::Close`] says nothing.
/// What would end `target` early is written as escapes.
pub fn request_head(
    out: &mut BytesMut,
    method: &Method,
    target: &str,
    headers: &HeaderMap,
    framing: Framing,
) {
    out.reserve(method.as_str().len() + target.len() + FIXED + size(headers));
    out.extend_from_slice(method.as_str().as_bytes());
    out.extend_from_slice(b" ");
    write_target(out, target);
    out.extend_from_slice(b" HTTP/1.1\r\n");
    if let Some(host) = headers.get(HOST) {
        field(out, &HOST, host.as_bytes());
    }
    for (name, value) in headers {
        if *name != HOST && *name != CONTENT_LENGTH && *name != TRANSFER_ENCODING {
            field(out, name, value.as_bytes());
        }
    }
    match framing {
        Framing::None | Framing::Close => {}
        Framing::Length(length) => write_length(out, length),
        Framing::Chunked => out.extend_from_slice(CHUNKED),
    }
    out.extend_from_slice(b"\r\n");
}

/// Writes the head of an answer, as HTTP/1.1 to clients of every version (RFC 9110 §2.5).
///
/// `Content-Length` and `Connection` of the map are kept or left out as `framing` and `connection`
/// say, `Transfer-Encoding` is always left out.
pub fn answer_head(
    out: &mut BytesMut,
    status: StatusCode,
    headers: &HeaderMap,
    framing: AnswerFraming,
    connection: Connection,
) {
    let never = status.is_informational() || status == StatusCode::NO_CONTENT;
    let framing = if never { AnswerFraming::Bare } else { framing };
    out.reserve(FIXED + size(headers));
    status_line(out, status);
    for (name, value) in headers {
        let left_out = *name == TRANSFER_ENCODING
            || *name == CONTENT_LENGTH && framing != AnswerFraming::Keep
            || *name == CONNECTION && connection != Connection::Upgrade;
        if !left_out {
            field(out, name, value.as_bytes());
        }
    }
    match framing {
        AnswerFraming::Bare | AnswerFraming::Keep | AnswerFraming::Close => {}
        AnswerFraming::Length(length) => write_length(out, length),
        AnswerFraming::Chunked => out.extend_from_slice(CHUNKED),
    }
    match connection {
        Connection::Close => out.extend_from_slice(CLOSE),
        Connection::Upgrade => {}
        _ if framing == AnswerFraming::Close => out.extend_from_slice(CLOSE),
        Connection::KeepAlive => out.extend_from_slice(b"connection: keep-alive\r\n"),
        Connection::Default => {}
    }
    out.extend_from_slice(b"\r\n");
}

/// Writes the head of an interim answer (100, 103).
pub fn interim_head(out: &mut BytesMut, status: StatusCode, headers: &HeaderMap) {
    answer_head(out, status, headers, AnswerFraming::Bare, Connection::Default);
}

/// Writes the last chunk and the fields behind it.
///
/// Fields that frame, route, authenticate or control are left out (RFC 9110 §6.5.1).
pub fn trailers(out: &mut BytesMut, trailers: &HeaderMap) {
    out.reserve(LAST_CHUNK.len() + size(trailers));
    out.extend_from_slice(b"0\r\n");
    for (name, value) in trailers {
        if may_follow_body(name) {
            field(out, name, value.as_bytes());
        }
    }
    out.extend_from_slice(b"\r\n");
}

/// Whether a field may stand behind a body: it neither frames nor routes the message, and is no
/// credential (RFC 9110 §6.5.1).
#[must_use]
pub fn may_follow_body(name: &HeaderName) -> bool {
    !NEVER_BEHIND.contains(name)
}

/// Bytes that the headers of a map take as a rule; the buffer grows if they take more.
fn size(headers: &HeaderMap) -> usize {
    headers.len() * 64
}

fn field(out: &mut BytesMut, name: &HeaderName, value: &[u8]) {
    out.extend_from_slice(name.as_str().as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

fn write_length(out: &mut BytesMut, length: u64) {
    out.extend_from_slice(b"content-length: ");
    out.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
    out.extend_from_slice(b"\r\n");
}

fn status_line(out: &mut BytesMut, status: StatusCode) {
    if status == StatusCode::OK {
        return out.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
    }
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status.as_str().as_bytes());
    out.extend_from_slice(b" ");
    out.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// A target without anything that would end it: an empty one becomes `/`.
fn write_target(out: &mut BytesMut, target: &str) {
    let is_unsafe = |byte: &u8| byte.is_ascii_control() || *byte == b' ';
    match target {
        "" => out.extend_from_slice(b"/"),
        _ if target.as_bytes().iter().any(is_unsafe) => write_escaped(out, target),
        _ => out.extend_from_slice(target.as_bytes()),
    }
}

#[cold]
fn write_escaped(out: &mut BytesMut, target: &str) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in target.bytes() {
        if byte.is_ascii_control() || byte == b' ' {
            let (high, low) = (usize::from(byte >> 4), usize::from(byte & 0xf));
            out.extend_from_slice(&[b'%', DIGITS[high], DIGITS[low]]);
        } else {
            out.extend_from_slice(&[byte]);
        }
    }
}

#[cfg(test)]
mod tests;
