//! Heads of answers.

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Version};
use httparse::{Error, ParserConfig, Response, Status};

use crate::fields::{Fields, Notes};
use crate::head::{self, Room};
use crate::{Framing, HeadError, HeadLimits, request};

/// The head of an answer, checked.
#[derive(Debug)]
pub struct AnswerHead {
    /// 100 to 999.
    pub status: StatusCode,
    /// 1.0 or 1.1.
    pub version: Version,
    /// Every field, in the order of the message; values are slices of what was read.
    pub headers: HeaderMap,
    /// How the body is delimited.
    pub framing: Framing,
    /// Whether the connection can take another request once the body has been read.
    pub keep_alive: bool,
}

/// Reads a head that is complete.
pub(crate) fn parse(
    head: &Bytes,
    limits: HeadLimits,
    method: &Method,
) -> Result<AnswerHead, HeadError> {
    head::with_room(limits, head, |room| parse_within(head, room, limits, method))
}

fn parse_within<'a>(
    head: &'a Bytes,
    room: &mut Room<'a>,
    limits: HeadLimits,
    method: &Method,
) -> Result<AnswerHead, HeadError> {
    let mut answer = Response::new(&mut []);
    let parsed =
        match ParserConfig::default().parse_response_with_uninit_headers(&mut answer, head, room) {
            Ok(Status::Complete(bytes)) => bytes,
            Ok(Status::Partial) => return Err(head::diagnose(head, Error::NewLine, diagnose)),
            Err(error) => return Err(head::diagnose(head, error, diagnose)),
        };
    head::check(head, parsed, answer.headers, limits)?;
    let version = if answer.version == Some(0) { Version::HTTP_10 } else { Version::HTTP_11 };
    let status = answer.code.and_then(|code| StatusCode::from_u16(code).ok());
    let status = status.ok_or(HeadError::Status)?;
    let Fields { headers, notes } = Fields::read(head, answer.headers)?;
    let framing = framing(status, version, &notes, method)?;
    let keep_alive = framing != Framing::Close && notes.keep_alive(version);
    Ok(AnswerHead { status, version, headers, framing, keep_alive })
}

/// How the body is delimited (RFC 9112 §6.3).
fn framing(
    status: StatusCode,
    version: Version,
    notes: &Notes,
    method: &Method,
) -> Result<Framing, HeadError> {
    let named = notes.framing(version)?;
    let never = status.is_informational() || status == StatusCode::NO_CONTENT;
    if never && named == Some(Framing::Chunked) {
        return Err(HeadError::CodingWithoutBody);
    }
    let tunnel = *method == Method::CONNECT && status.is_success();
    if never || tunnel || status == StatusCode::NOT_MODIFIED || *method == Method::HEAD {
        return Ok(Framing::None);
    }
    Ok(named.unwrap_or(Framing::Close))
}

/// Why a status line was refused.
fn diagnose(line: &[u8]) -> HeadError {
    match line.get(..8) {
        Some(b"HTTP/1.0" | b"HTTP/1.1") => HeadError::StatusLine,
        Some(version) if request::is_version(version) => HeadError::Version,
        _ => HeadError::StatusLine,
    }
}

#[cfg(test)]
mod tests;
