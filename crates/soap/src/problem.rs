//! Why JSON does not fit a mapping, as `application/problem+json` (RFC 9457).

use serde_json::{Map, Value, json};

/// The content type of a problem.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// Something in a request that the service could not be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it is, as a JSON pointer; empty for the whole body.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// What is expected there.
    pub expected: String,
}

impl Problem {
    /// A problem.
    #[must_use]
    pub fn new(
        pointer: impl Into<String>,
        message: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self { pointer: pointer.into(), message: message.into(), expected: expected.into() }
    }

    /// The answer with status 400.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let detail = format!("{}: {}; expected {}", self.shown(), self.message, self.expected);
        let mut all = problem(400, &detail);
        all.insert("pointer".to_owned(), json!(self.pointer));
        all.insert("expected".to_owned(), json!(self.expected));
        Value::Object(all)
    }

    fn shown(&self) -> &str {
        if self.pointer.is_empty() { "the body" } else { &self.pointer }
    }
}

/// The members that every problem has.
#[must_use]
pub fn problem(status: u16, detail: &str) -> Map<String, Value> {
    let title = match status {
        400 => "Bad Request",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Error of the service",
    };
    Map::from_iter([
        ("type".to_owned(), json!("about:blank")),
        ("title".to_owned(), json!(title)),
        ("status".to_owned(), json!(status)),
        ("detail".to_owned(), json!(detail)),
    ])
}
