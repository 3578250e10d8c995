//! The functions that policies may call besides those of XPath 1.0 (spec/02 §3.3).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use xml::xpath::{EvaluateError, Knows, Value as Found};

use super::evaluate::Moment;
use crate::property::{Scope, Value};

/// The names that are known when an XPath is compiled.
pub(super) struct Extensions;

impl Knows for Extensions {
    fn variable(&self, prefix: Option<&str>, local: &str) -> bool {
        match prefix {
            None => matches!(local, "body" | "header" | "env"),
            Some(prefix) => {
                matches!(prefix, "ctx" | "axis2" | "trp" | "url" | "operation" | "var" | "func")
            }
        }
    }

    fn function(&self, prefix: Option<&str>, local: &str, arguments: usize) -> bool {
        match (prefix, local) {
            (None, "get-property") => (1..=3).contains(&arguments),
            (None, "base64Encode" | "base64Decode" | "url-encode") => (1..=2).contains(&arguments),
            (None, "hmac-generate") => (2..=3).contains(&arguments),
            _ => false,
        }
    }
}

/// Calls one of them.
pub(super) fn call(
    prefix: Option<&str>,
    local: &str,
    arguments: &[String],
    at: Moment<'_>,
) -> Result<Found, EvaluateError> {
    let first = arguments.first().map(String::as_str).unwrap_or_default();
    let text = match (prefix, local) {
        (None, "get-property") => return Ok(get_property(arguments, at)),
        (None, "base64Encode") => STANDARD.encode(first),
        (None, "base64Decode") => decode(first),
        (None, "url-encode") => url::form_urlencoded::byte_serialize(first.as_bytes()).collect(),
        (None, "hmac-generate") => hmac(arguments, at)?,
        _ => return Err(EvaluateError::Failed(format!("there is no function {local}"))),
    };
    Ok(Found::Text(text))
}

fn hmac(arguments: &[String], at: Moment<'_>) -> Result<String, EvaluateError> {
    let part = |index: usize| arguments.get(index).map(String::as_str);
    let algorithm = part(2).unwrap_or("HmacSHA1");
    at.host
        .hmac(algorithm, part(1).unwrap_or_default(), part(0).unwrap_or_default())
        .ok_or_else(|| EvaluateError::Failed(format!("hmac-generate does not know {algorithm}")))
}

/// What is no base64 decodes to nothing.
fn decode(text: &str) -> String {
    let text: String = text.split_whitespace().collect();
    let bytes = STANDARD.decode(&text).or_else(|_| STANDARD_NO_PAD.decode(&text));
    bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// `get-property` with a name; a scope and a name; a name and a format of dates; all three.
fn get_property(arguments: &[String], at: Moment<'_>) -> Found {
    let names: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let value = match names.as_slice() {
        [name] => lookup("default", name, None, at),
        [first, second] if is_scope(first) => lookup(first, second, None, at),
        [name, format] => lookup("default", name, Some(format), at),
        [scope, name, format, ..] => lookup(scope, name, Some(format), at),
        [] => None,
    };
    match value {
        Some(Value::Boolean(value)) => Found::Boolean(value),
        Some(value) => Found::Text(value.content().as_ref().to_owned()),
        None => Found::Nodes(Vec::new()),
    }
}

fn is_scope(text: &str) -> bool {
    // `registry`, `system`, `env`, `file` and `func` are scopes in which nothing is given out.
    Scope::named(text).is_some() || matches!(text, "registry" | "system" | "env" | "file" | "func")
}

fn lookup(scope: &str, name: &str, format: Option<&str>, at: Moment<'_>) -> Option<Value> {
    match name {
        "SYSTEM_DATE" => {
            let format = format.unwrap_or("yyyy-MM-dd'T'HH:mm:ss.SSSXXX");
            ::expression::synapse::date_text(at.host.now_ms(), format).map(Value::text_of)
        }
        "SYSTEM_TIME" => Some(Value::Text(Arc::from(at.host.now_ms().to_string()))),
        _ => at.message.get(Scope::named(scope)?, name, at.host),
    }
}
