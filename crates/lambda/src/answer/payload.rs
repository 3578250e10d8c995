//! Payloads in the formats of API Gateway.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::head::{Lines, status};
use super::{Answer, AnswerError, AnswerLimits};

/// Characters of a message that are kept for the log.
const MESSAGE: usize = 1024;

/// An answer as an object.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Shape {
    status_code: Option<Value>,
    headers: Option<Map<String, Value>>,
    multi_value_headers: Option<Map<String, Value>>,
    cookies: Option<Vec<String>>,
    body: Option<Value>,
    is_base64_encoded: Option<bool>,
}

/// Only the status, so that the rest is skipped and not kept.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    status_code: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Failure {
    error_type: Option<Value>,
    error_message: Option<Value>,
}

/// Whether the payload is an object with an integer `statusCode`.
pub(super) fn has_status(payload: &[u8]) -> bool {
    let status = object::<Status>(payload).ok().flatten().and_then(|status| status.status_code);
    status.is_some_and(|code| code.is_u64() || code.is_i64())
}

/// The answer that an object with a `statusCode` is; `None` without one.
pub(super) fn read(payload: &[u8], limits: AnswerLimits) -> Result<Option<Answer>, AnswerError> {
    let form = |error: serde_json::Error| AnswerError::Form(error.to_string());
    if object::<Status>(payload).map_err(form)?.is_none_or(|found| found.status_code.is_none()) {
        return Ok(None);
    }
    let shape = object::<Shape>(payload).map_err(form)?.unwrap_or_default();
    let Some(code) = &shape.status_code else { return Ok(None) };
    let status = status(code)?;
    let Shape { headers, multi_value_headers, cookies, .. } = &shape;
    let lines = Lines { single: headers.as_ref(), multi: multi_value_headers.as_ref(), cookies };
    let mut headers = lines.read(limits)?;
    let body = body(shape.body, shape.is_base64_encoded.unwrap_or_default())?;
    if status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED {
        return Ok(Some(Answer { status, headers, body: Bytes::new() }));
    }
    name_type(&mut headers, &body);
    Ok(Some(Answer { status, headers, body }))
}

/// The content of a payload that is a string.
#[allow(clippy::disallowed_methods, reason = "the payload has been bounded")]
pub(super) fn string(payload: &[u8]) -> Option<Bytes> {
    serde_json::from_slice::<String>(payload).ok().map(Bytes::from)
}

/// `errorType` and `errorMessage`.
pub(super) fn failure(payload: &[u8]) -> (Option<String>, Option<String>) {
    let failure = object::<Failure>(payload).ok().flatten().unwrap_or_default();
    let text = |value: Option<Value>| match value {
        Some(Value::String(text)) => Some(text.chars().take(MESSAGE).collect()),
        _ => None,
    };
    (text(failure.error_type), text(failure.error_message))
}

fn body(body: Option<Value>, is_base64: bool) -> Result<Bytes, AnswerError> {
    match body {
        None | Some(Value::Null) => Ok(Bytes::new()),
        Some(Value::String(text)) if is_base64 => STANDARD
            .decode(text)
            .map(Bytes::from)
            .map_err(|error| AnswerError::Base64(error.to_string())),
        Some(Value::String(text)) => Ok(Bytes::from(text)),
        Some(_) => Err(AnswerError::Body),
    }
}

/// A body whose type the function does not name is what API Gateway takes it for.
fn name_type(headers: &mut HeaderMap, body: &Bytes) {
    if !body.is_empty() && !headers.contains_key(header::CONTENT_TYPE) {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
}

/// Reads an object; `None` for JSON of another kind, which a struct would be read of as well.
#[allow(clippy::disallowed_methods, reason = "the payload has been bounded")]
fn object<T: DeserializeOwned>(json: &[u8]) -> serde_json::Result<Option<T>> {
    if json.trim_ascii_start().starts_with(b"{") {
        serde_json::from_slice(json).map(Some)
    } else {
        serde_json::from_slice::<serde::de::IgnoredAny>(json).map(|_| None)
    }
}
