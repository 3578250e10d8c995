//! What a function gives, as an answer to the client.
//!
//! Framing is the gateway's own: headers that belong to a connection are dropped, and a length that
//! a function names is never believed.

mod head;
mod payload;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

pub use head::Head;
pub(crate) use head::read_head;

/// How a payload becomes an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mapping {
    /// The whole payload, with status 200, also of a function that failed: as API Manager does it
    /// by default.
    Whole,
    /// API Gateway's format 1.0: an object with an integer `statusCode`, or a mistake.
    Proxy1,
    /// API Gateway's format 2.0: likewise, and anything without a `statusCode` is a body of its
    /// own.
    Proxy2,
    /// An object with an integer `statusCode` is read as in the formats of API Gateway; anything
    /// else is passed whole.
    #[default]
    Automatic,
}

/// What an answer may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerLimits {
    /// Bytes of the payload.
    pub payload: usize,
    /// Lines of headers.
    pub fields: usize,
    /// Bytes of headers, names and values.
    pub field_bytes: usize,
}

/// An answer to the client.
#[derive(Debug, Clone)]
pub struct Answer {
    /// From 200 to 599.
    pub status: StatusCode,
    /// Without any that frame a message.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

/// A function that failed, by its own account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionFailure {
    /// It was stopped because it took too long.
    pub is_timeout: bool,
    /// `errorType` of the payload; for the log.
    pub kind: Option<String>,
    /// `errorMessage` of the payload, cut to a length that a log can take; not for clients.
    pub message: Option<String>,
    /// The payload, for APIs that pass it on.
    pub payload: Bytes,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// The function failed (`X-Amz-Function-Error`).
    #[error("the function failed")]
    Function(Box<FunctionFailure>),
    /// The payload is longer than allowed.
    #[error("the function gave more than {0} bytes")]
    TooLarge(usize),
    /// The payload is no JSON, or a member of the object is of another kind.
    #[error("the function's answer is not of the form that was agreed: {0}")]
    Form(String),
    /// No `statusCode` where there has to be one.
    #[error("the function's answer has no statusCode")]
    StatusMissing,
    /// A `statusCode` that is none.
    #[error("the function's statusCode {0} is not an integer from 200 to 599")]
    Status(String),
    /// A header whose name is none.
    #[error("the function's header {0:?} has a name that is none")]
    HeaderName(String),
    /// A header whose value has control characters, or is no text.
    #[error("the function's header {0:?} has a value that is none")]
    HeaderValue(String),
    /// More headers than allowed.
    #[error("the function's answer has too many headers")]
    HeadersTooLarge,
    /// `body` is no string.
    #[error("the function's body is not a string")]
    Body,
    /// `isBase64Encoded` is true, and `body` is not base64.
    #[error("the function's body is not base64: {0}")]
    Base64(String),
}

impl Default for AnswerLimits {
    fn default() -> Self {
        Self { payload: crate::limits::PAYLOAD, fields: 256, field_bytes: 64 * 1024 }
    }
}

impl Answer {
    /// Reads what the service answered with 200: the payload, and `X-Amz-Function-Error`.
    ///
    /// # Errors
    /// See [`AnswerError`]. With [`Mapping::Whole`] only [`AnswerError::TooLarge`].
    pub fn read(
        payload: Bytes,
        function_error: Option<&str>,
        mapping: Mapping,
        limits: AnswerLimits,
    ) -> Result<Self, AnswerError> {
        if payload.len() > limits.payload {
            return Err(AnswerError::TooLarge(limits.payload));
        }
        match mapping {
            Mapping::Whole => Ok(Self::whole(payload)),
            _ if function_error.is_some() => {
                let failure = FunctionFailure::read(payload);
                Err(AnswerError::Function(Box::new(failure)))
            }
            Mapping::Proxy1 => payload::read(&payload, limits)?.ok_or(AnswerError::StatusMissing),
            Mapping::Proxy2 => match payload::read(&payload, limits)? {
                Some(answer) => Ok(answer),
                None => Ok(Self::inferred(payload)),
            },
            Mapping::Automatic if payload::has_status(&payload) => {
                payload::read(&payload, limits)?.ok_or(AnswerError::StatusMissing)
            }
            Mapping::Automatic => Ok(Self::whole(payload)),
        }
    }

    fn whole(body: Bytes) -> Self {
        let kind = HeaderValue::from_static("application/json");
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind)]);
        Self { status: StatusCode::OK, headers, body }
    }

    /// What format 2.0 makes of a payload without a status; a string is passed without its quotes.
    fn inferred(payload: Bytes) -> Self {
        Self::whole(payload::string(&payload).unwrap_or(payload))
    }
}

impl FunctionFailure {
    /// Reads the payload of a function that failed.
    #[must_use]
    pub fn read(payload: Bytes) -> Self {
        let (kind, message) = payload::failure(&payload);
        Self { is_timeout: is_timeout(kind.as_deref(), message.as_deref()), kind, message, payload }
    }
}

/// How the service says that a function took too long. There is no code for it before 2023.
pub(crate) fn is_timeout(kind: Option<&str>, message: Option<&str>) -> bool {
    kind == Some("Sandbox.Timedout")
        || message.is_some_and(|message| message.contains("Task timed out after"))
}

#[cfg(test)]
mod tests;
