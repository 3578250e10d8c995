//! The headers of an answer (OpenAPI 3.1 §4.8.21, OpenAPI 2.0 "Header Object").

use definition::Dialect;
use serde_json::Value;

use crate::{Direction, MockOperation, Mode, Schema, sample};

/// What belongs to the message and not to its author (RFC 9110 §7.6.1, §8), and `Content-Type`,
/// which the specification leaves to the media type.
const NOT_THEIRS: &[&str] = &[
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

type Headers = Box<[(Box<str>, Box<str>)]>;

/// The headers of a response, and why some of them have no value.
pub(super) fn read(operation: MockOperation<'_>, response: &Value) -> (Headers, Vec<String>) {
    let (mut headers, mut told) = (Vec::new(), Vec::new());
    let all = response.get("headers").and_then(Value::as_object);
    for (name, header) in all.into_iter().flatten() {
        if NOT_THEIRS.contains(&name.to_ascii_lowercase().as_str()) {
            continue;
        }
        match value(operation, header) {
            Ok(text) if is_name(name) && is_value(&text) => {
                headers.push((Box::from(name.as_str()), text.into_boxed_str()));
            }
            Ok(_) => told.push(format!("the header `{name}` cannot be written")),
            Err(reason) => told.push(format!("the header `{name}`: {reason}")),
        }
    }
    (headers.into_boxed_slice(), told)
}

fn value(operation: MockOperation<'_>, header: &Value) -> Result<String, String> {
    let shown = |problem: crate::Problem| problem.to_string();
    let header = operation.followed(header).map_err(shown)?;
    if let Some(example) = header.get("example").or_else(|| header.get("x-example")) {
        return Ok(written(example));
    }
    let named = header.get("examples").and_then(Value::as_object);
    if let Some(first) = named.and_then(|all| all.values().next()) {
        let example = operation.followed(first).map_err(shown)?;
        if let Some(value) = example.get("value") {
            return Ok(written(value));
        }
    }
    static ANYTHING: Value = Value::Bool(true);
    let content = header.get("content").and_then(Value::as_object);
    let content = content.and_then(|content| content.values().next()?.get("schema"));
    let schema = match operation.dialect {
        Dialect::V2 => header,
        _ => header.get("schema").or(content).unwrap_or(&ANYTHING),
    };
    let MockOperation { document, dialect, .. } = operation;
    let schema = Schema::read(document, dialect, schema, Direction::Response).map_err(shown)?;
    sample(&schema, Mode::Fixed).map(|value| written(&value)).map_err(shown)
}

/// A value in the style `simple` (OpenAPI 3.1 §4.8.12.3).
fn written(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(written).collect::<Vec<_>>().join(","),
        Value::Object(map) => {
            let pairs = map.iter().map(|(name, value)| format!("{name},{}", written(value)));
            pairs.collect::<Vec<_>>().join(",")
        }
        value => value.to_string(),
    }
}

/// RFC 9110 §5.6.2.
fn is_name(name: &str) -> bool {
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_fine)
}

/// RFC 9110 §5.5, in ASCII.
fn is_value(text: &str) -> bool {
    text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) && text.trim() == text
}
