//! Heads of answers.

use std::mem::MaybeUninit;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Version};
use httparse::{Error, Header, ParserConfig, Response, Status};

use crate::fields::{self, COMMON, Fields, Notes};
use crate::{Framing, HeadError, request};

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

/// Reads a head that is complete and has `count` fields.
pub(crate) fn parse(head: &Bytes, count: usize, method: &Method) -> Result<AnswerHead, HeadError> {
    if count <= COMMON {
        parse_within(head, &mut [const { MaybeUninit::uninit() }; COMMON], method)
    } else {
        parse_within(head, &mut vec![MaybeUninit::uninit(); count], method)
    }
}

fn parse_within<'a>(
    head: &'a Bytes,
    room: &mut [MaybeUninit<Header<'a>>],
    method: &Method,
) -> Result<AnswerHead, HeadError> {
    let mut answer = Response::new(&mut []);
    match ParserConfig::default().parse_response_with_uninit_headers(&mut answer, head, room) {
        Ok(Status::Complete(_)) => {}
        Ok(Status::Partial) => return Err(HeadError::StatusLine),
        Err(error) => return Err(diagnose(head, error)),
    }
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

/// Why a head was refused.
#[cold]
fn diagnose(head: &[u8], error: Error) -> HeadError {
    if fields::has_bare_carriage_return(head) {
        return HeadError::BareCarriageReturn;
    }
    let end = memchr::memchr(b'\r', head).unwrap_or(head.len());
    let (line, lines) = head.split_at(end);
    match error {
        Error::HeaderName | Error::HeaderValue => {
            fields::diagnose(lines.get(2..).unwrap_or_default())
        }
        Error::TooManyHeaders => HeadError::TooManyFields,
        Error::Version if line.get(..8).is_some_and(request::is_version) => HeadError::Version,
        Error::NewLine | Error::Status | Error::Token | Error::Version => HeadError::StatusLine,
    }
}
