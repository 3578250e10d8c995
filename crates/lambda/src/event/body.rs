//! Bodies in events: as text, or as base64.

use serde::de::IgnoredAny;

use super::json::Json;
use super::{EventError, Request};

/// The members `body` and `isBase64Encoded`; what stands for no body is up to the format.
pub(super) fn write(request: &Request<'_>, json: &mut Json, empty: impl FnOnce(&mut Json)) {
    let text = text(request);
    match text {
        _ if request.body.is_empty() => empty(json),
        Some(text) => json.name("body").string(text),
        None => json.name("body").base64(request.body),
    }
    json.name("isBase64Encoded").bool(text.is_none() && !request.body.is_empty());
}

/// The body itself, if it is JSON or empty: the service takes nothing else.
pub(super) fn write_raw(body: &[u8], json: &mut Json) -> Result<(), EventError> {
    if !body.is_empty() {
        check(body)?;
    }
    json.raw(body);
    Ok(())
}

/// The body as text: its type says that it is one, nothing compresses it, and it is UTF-8.
fn text<'a>(request: &Request<'a>) -> Option<&'a str> {
    let coding = request.header("content-encoding");
    let is_plain = coding.is_none_or(|coding| coding.trim().eq_ignore_ascii_case("identity"));
    let is_text = request.header("content-type").is_some_and(|kind| is_text(&kind));
    (is_plain && is_text).then(|| std::str::from_utf8(request.body).ok()).flatten()
}

/// Whether a content type is one of text: `text/*`, JSON, XML, forms, JavaScript.
fn is_text(content_type: &str) -> bool {
    let kind = essence(content_type);
    kind.starts_with("text/")
        || is_json(&kind)
        || kind.ends_with("+xml")
        || matches!(
            &*kind,
            "application/xml"
                | "application/javascript"
                | "application/ecmascript"
                | "application/x-javascript"
                | "application/graphql"
                | "application/x-www-form-urlencoded"
                | "application/yaml"
        )
}

/// Whether a media type, in lower case and without parameters, is JSON.
pub(super) fn is_json(kind: &str) -> bool {
    kind.ends_with("+json")
        || matches!(kind, "application/json" | "text/json" | "application/x-ndjson")
}

/// The media type without its parameters, in lower case.
pub(super) fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Reads the whole of a JSON text and keeps nothing.
///
/// What is skipped is not held to be UTF-8 by the library, so that is asked first.
pub(super) fn check(body: &[u8]) -> Result<(), EventError> {
    let not_json = |error: &dyn std::fmt::Display| EventError::NotJson(error.to_string());
    let text = std::str::from_utf8(body).map_err(|error| not_json(&error))?;
    serde_json::from_str::<IgnoredAny>(text).map(drop).map_err(|error| not_json(&error))
}
