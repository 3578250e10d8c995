//! Heads of requests.

use bytes::Bytes;
use http::{HeaderMap, Method, Uri, Version};
use httparse::{Error, Request, Status};

use crate::fields::{self, Fields};
use crate::head::{self, Room};
use crate::{Framing, HeadError, HeadLimits, target};

/// The head of a request, checked.
#[derive(Debug)]
pub struct RequestHead {
    /// The method, as it was written: methods are case-sensitive.
    pub method: Method,
    /// In origin-form, absolute-form with `http` or `https`, `*` (OPTIONS) or `host:port` (CONNECT).
    pub target: Uri,
    /// 1.0 or 1.1.
    pub version: Version,
    /// Every field, in the order of the message; values are slices of what was read.
    pub headers: HeaderMap,
    /// How the body is delimited; never [`Framing::Close`].
    pub framing: Framing,
    /// Whether the client would send another request on this connection.
    pub keep_alive: bool,
    /// Whether the client may wait for 100 (Continue) before it sends the body.
    pub expects_continue: bool,
}

/// Reads a head that is complete.
pub(crate) fn parse(head: &Bytes, limits: HeadLimits) -> Result<RequestHead, HeadError> {
    head::with_room(limits, head, |room| parse_within(head, room, limits))
}

fn parse_within<'a>(
    head: &'a Bytes,
    room: &mut Room<'a>,
    limits: HeadLimits,
) -> Result<RequestHead, HeadError> {
    let mut request = Request::new(&mut []);
    let parsed = match request.parse_with_uninit_headers(head, room) {
        Ok(Status::Complete(bytes)) => bytes,
        Ok(Status::Partial) => return Err(head::diagnose(head, Error::NewLine, diagnose)),
        Err(error) => return Err(head::diagnose(head, error, diagnose)),
    };
    let (Some(method), Some(path)) = (request.method, request.path) else {
        return Err(HeadError::RequestLine);
    };
    head::check(head, parsed, request.headers, limits)?;
    let version = if request.version == Some(0) { Version::HTTP_10 } else { Version::HTTP_11 };
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| HeadError::MethodInvalid)?;
    let target = target::read(&method, head.slice_ref(path.as_bytes()))?;
    let Fields { headers, notes } = Fields::read(head, request.headers)?;
    if !notes.has_host() && version != Version::HTTP_10 {
        return Err(HeadError::HostMissing);
    }
    let framing = notes.framing(version)?.unwrap_or(Framing::None);
    let keep_alive = notes.keep_alive(version);
    let expects_continue = notes.continues && version != Version::HTTP_10;
    Ok(RequestHead { method, target, version, headers, framing, keep_alive, expects_continue })
}

/// Why a request line was refused.
fn diagnose(line: &[u8]) -> HeadError {
    let Some((method, rest)) = cut(line, memchr::memchr(b' ', line)) else {
        return HeadError::RequestLine;
    };
    if method.is_empty() || !method.iter().copied().all(fields::is_token) {
        return HeadError::MethodInvalid;
    }
    let Some((_, version)) = cut(rest, memchr::memrchr(b' ', rest)) else {
        return HeadError::RequestLine;
    };
    match version {
        b"HTTP/1.0" | b"HTTP/1.1" => HeadError::TargetInvalid,
        version if is_version(version) => HeadError::Version,
        _ => HeadError::RequestLine,
    }
}

/// The parts before and after a position.
fn cut(line: &[u8], at: Option<usize>) -> Option<(&[u8], &[u8])> {
    let (before, after) = line.split_at_checked(at?)?;
    Some((before, after.get(1..)?))
}

/// Whether this is `HTTP/x.y` (RFC 9112 §2.3).
pub(crate) fn is_version(text: &[u8]) -> bool {
    matches!(text, [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'])
}

#[cfg(test)]
mod tests;
