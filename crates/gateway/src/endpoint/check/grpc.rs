//! `grpc.health.v1.Health/Check` by hand: a message with one text, and an answer with one number.
//!
//! <https://github.com/grpc/grpc/blob/master/doc/health-checking.md>, and `PROTOCOL-HTTP2.md`
//! beside it.

use std::sync::LazyLock;

use bytes::{BufMut as _, Bytes, BytesMut};
use http::header::{self, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt as _;
use percent_encoding::percent_decode;

use super::Verdict;
use super::probe::{START, shown};
use crate::upstream::{Answer, AnswerBody};

/// The method that is called.
pub(super) static PATH: LazyLock<PathAndQuery> =
    LazyLock::new(|| PathAndQuery::from_static("/grpc.health.v1.Health/Check"));
/// What every call has.
pub(super) const HEADERS: [(HeaderName, HeaderValue); 2] = [
    (header::CONTENT_TYPE, HeaderValue::from_static("application/grpc")),
    (header::TE, HeaderValue::from_static("trailers")),
];

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
/// The values of `ServingStatus`.
const STATUSES: [&str; 4] = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];
/// The one that is healthy.
const SERVING: u64 = 1;

/// A `HealthCheckRequest` with the length before it.
pub(super) fn message(service: &str) -> Bytes {
    let mut message = BytesMut::new();
    if !service.is_empty() {
        // Field 1, with a length.
        message.put_u8(1 << 3 | 2);
        put_varint(&mut message, service.len());
        message.put_slice(service.as_bytes());
    }
    let mut framed = BytesMut::with_capacity(5 + message.len());
    // Not compressed.
    framed.put_u8(0);
    framed.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    framed.put(message);
    framed.freeze()
}

fn put_varint(bytes: &mut BytesMut, mut value: usize) {
    while value >= 0x80 {
        // The low seven bits; the mask keeps them within a byte.
        bytes.put_u8((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.put_u8(value as u8);
}

/// Whether an answer says that the service is there.
pub(super) async fn judge(answer: Answer) -> Verdict {
    let (head, body) = answer.into_parts();
    if head.status != StatusCode::OK {
        return Err(format!("answered {}", head.status.as_u16()));
    }
    let (bytes, trailers) = read(body).await?;
    // Where there is no message both are in the head.
    let fields = trailers.unwrap_or(head.headers);
    let Some(status) = fields.get(GRPC_STATUS) else {
        return Err("the answer has no grpc status".to_owned());
    };
    if status != "0" {
        return Err(refusal(status, fields.get(GRPC_MESSAGE)));
    }
    let serving = content(&bytes).and_then(serving_status);
    match serving.ok_or_else(|| "the answer is no HealthCheckResponse".to_owned())? {
        SERVING => Ok("SERVING".to_owned()),
        other => {
            let known = usize::try_from(other).ok().and_then(|index| STATUSES.get(index));
            Err(known.map_or_else(|| format!("serving status {other}"), ToString::to_string))
        }
    }
}

fn refusal(status: &HeaderValue, message: Option<&HeaderValue>) -> String {
    let mut text = format!("grpc status {}", shown(&String::from_utf8_lossy(status.as_bytes())));
    if let Some(message) = message.filter(|message| !message.is_empty()) {
        let message = percent_decode(message.as_bytes()).decode_utf8_lossy();
        text.push_str(": ");
        text.push_str(&shown(&message));
    }
    text
}

async fn read(mut body: AnswerBody) -> Result<(Vec<u8>, Option<HeaderMap>), String> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| format!("the body broke off: {error}"))?;
        match frame.into_data() {
            Ok(data) if bytes.len() + data.len() > START => {
                return Err(format!("the answer is larger than {START} bytes"));
            }
            Ok(data) => bytes.extend_from_slice(&data),
            Err(frame) => return Ok((bytes, frame.into_trailers().ok())),
        }
    }
    Ok((bytes, None))
}

/// The one message in a body; `None` where there is another number of them, or it is compressed.
fn content(body: &[u8]) -> Option<&[u8]> {
    let (prefix, message) = body.split_first_chunk::<5>()?;
    let [flag, length @ ..] = *prefix;
    let length = usize::try_from(u32::from_be_bytes(length)).ok()?;
    (flag == 0 && length == message.len()).then_some(message)
}

/// The field `status` of a `HealthCheckResponse`, 0 where it is not there; `None` for what is none.
fn serving_status(mut message: &[u8]) -> Option<u64> {
    let mut status = 0;
    while !message.is_empty() {
        let key = varint(&mut message)?;
        let length = match key & 7 {
            0 => {
                let value = varint(&mut message)?;
                if key >> 3 == 1 {
                    status = value;
                }
                0
            }
            1 => 8,
            2 => usize::try_from(varint(&mut message)?).ok()?,
            5 => 4,
            _ => return None,
        };
        message = message.get(length..)?;
    }
    Some(status)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_is_written() {
        assert_eq!(message("")[..], *b"\0\0\0\0\0");
        assert_eq!(message("a.B")[..], *b"\0\0\0\0\x05\x0a\x03a.B");
        let long = message(&"x".repeat(300));
        assert_eq!(long[..8], *b"\0\0\0\x01\x2f\x0a\xac\x02");
        assert_eq!(long.len(), 5 + 3 + 300);
    }

    #[test]
    fn the_status_is_found_among_other_fields() {
        for (message, status) in [
            (&b""[..], Some(0)),
            (b"\x08\x01", Some(1)),
            (b"\x08\x02\x08\x01", Some(1)),
            (b"\x12\x03abc\x19........\x08\x01\x25....", Some(1)),
            (b"\x10\x01", Some(0)),
            (b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", Some(u64::MAX)),
            (b"\x08", None),
            (b"\x08\x80", None),
            (b"\x12\x04abc", None),
            (b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", None),
            (b"\x0b", None),
            (b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", None),
        ] {
            assert_eq!(serving_status(message), status, "{message:x?}");
        }
    }

    #[test]
    fn a_body_is_one_message() {
        for (body, message) in [
            (&b"\0\0\0\0\0"[..], Some(&b""[..])),
            (b"\0\0\0\0\x02\x08\x01", Some(b"\x08\x01")),
            (b"", None),
            (b"\0\0\0\0", None),
            (b"\x01\0\0\0\x02\x08\x01", None),
            (b"\0\0\0\0\x03\x08\x01", None),
            (b"\0\0\0\0\x01\x08\x01", None),
        ] {
            assert_eq!(content(body), message, "{body:x?}");
        }
    }
}
