//! The events of one invocation.

use bytes::Bytes;
use serde::Deserialize;

use super::StreamError;
use super::frame::Frame;

/// Characters of a message that are kept for the log.
const MESSAGE: usize = 1024;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// What the function has written (`PayloadChunk`).
    Chunk(Bytes),
    /// The function has ended (`InvokeComplete`), well or not.
    Complete(Option<StreamFailure>),
    /// The service gives up: an exception or an error of its own.
    Failed(StreamFailure),
}

/// Why a stream did not end well. Both texts are for the log, not for clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamFailure {
    /// `ErrorCode`, or the name of an exception.
    pub code: String,
    /// `ErrorDetails`, or a message; cut to a length that a log can take.
    pub message: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Complete {
    error_code: Option<String>,
    error_details: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Exception {
    #[serde(alias = "Message")]
    message: Option<String>,
}

impl Event {
    /// Reads a frame; `None` for an event that is not known, of which there may be more one day.
    ///
    /// # Errors
    /// [`StreamError::Event`] where the frame does not say what it is, or its JSON is none.
    pub fn read(frame: &Frame) -> Result<Option<Self>, StreamError> {
        let text = |name| frame.headers.text(name);
        match text(":message-type") {
            Some("event") => match text(":event-type") {
                Some("PayloadChunk") => Ok(Some(Self::Chunk(frame.payload.clone()))),
                Some("InvokeComplete") => complete(&frame.payload).map(Some),
                Some(_) => Ok(None),
                None => Err(StreamError::Event("its type is missing")),
            },
            Some("exception") => {
                let exception: Exception = json(&frame.payload).unwrap_or_default();
                let code = text(":exception-type").unwrap_or("exception");
                Ok(Some(failed(code, exception.message.as_deref())))
            }
            Some("error") => {
                let code = text(":error-code").unwrap_or("error");
                Ok(Some(failed(code, text(":error-message"))))
            }
            Some(_) => Err(StreamError::Event("its kind is not known")),
            None => Err(StreamError::Event("its kind is missing")),
        }
    }
}

fn complete(payload: &[u8]) -> Result<Event, StreamError> {
    if payload.is_empty() {
        return Ok(Event::Complete(None));
    }
    let complete: Complete = json(payload).ok_or(StreamError::Event("its end is not JSON"))?;
    let Complete { error_code, error_details } = complete;
    let has_failed = error_code.is_some() || error_details.is_some();
    let failure = StreamFailure {
        code: cut(error_code.as_deref().unwrap_or("Unknown")),
        message: cut(error_details.as_deref().unwrap_or_default()),
    };
    Ok(Event::Complete(has_failed.then_some(failure)))
}

fn failed(code: &str, message: Option<&str>) -> Event {
    Event::Failed(StreamFailure { code: cut(code), message: cut(message.unwrap_or_default()) })
}

fn cut(text: &str) -> String {
    text.chars().take(MESSAGE).collect()
}

#[allow(clippy::disallowed_methods, reason = "a frame is bounded")]
fn json<T: for<'a> Deserialize<'a>>(bytes: &[u8]) -> Option<T> {
    serde_json::from_slice(bytes).ok()
}
