//! What a function streams (`InvokeWithResponseStream`), out of a buffer that fills in pieces.
//!
//! Three layers, each usable by itself: frames of `application/vnd.amazon.eventstream`
//! ([`FrameReader`]), the events of an invocation in them ([`Event`]), and the answer that these
//! are: status and headers from the JSON in front ([`StreamReader`]).
//! Payloads are slices of the buffer they came in.

mod event;
mod frame;
mod header;
mod prelude;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, StatusCode, header as names};

use crate::answer::{AnswerError, AnswerLimits, FunctionFailure, is_timeout};

pub use crate::answer::Head;
pub use event::{Event, StreamFailure};
pub use frame::{Frame, FrameError, FrameReader};
pub use header::{Headers, Value};
use prelude::Prelude;

/// The media type of what the function streams, where it puts status and headers in front.
pub const INTEGRATION_RESPONSE: &str = "application/vnd.awslambda.http-integration-response";

/// The media type of the events, in which the function's bytes are.
const EVENT_STREAM: &str = "application/vnd.amazon.eventstream";

/// What the function's own bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum StreamForm {
    /// Nobody says: [`StreamForm::Integration`] where the first byte is `{`, which begins the JSON
    /// of a head, and else [`StreamForm::Raw`].
    #[default]
    Unknown,
    /// Status and headers as JSON, eight zeros, and the body ([`INTEGRATION_RESPONSE`]).
    Integration,
    /// The body alone, with status 200.
    Raw,
}

/// What comes next of an answer.
#[derive(Debug, Clone)]
pub enum Part {
    /// Status and headers; the first, and once.
    Head(Head),
    /// Bytes of the body, never empty.
    Body(Bytes),
    /// The function has ended, and all is well.
    End,
}

/// Why a stream breaks off.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// A frame that is none.
    #[error("the stream of events is damaged: {0}")]
    Frame(#[from] FrameError),
    /// The function failed on its way.
    #[error("the function failed")]
    Function(Box<FunctionFailure>),
    /// The service gave up on its way.
    #[error("the service broke off: {}", .0.code)]
    Service(Box<StreamFailure>),
    /// An event of the service that makes no sense.
    #[error("the service sent an event that is none: {0}")]
    Event(&'static str),
    /// Status and headers are not what they have to be.
    #[error(transparent)]
    Head(#[from] AnswerError),
    /// The head is longer than allowed, or something else than a head.
    #[error("there is no head of at most {0} bytes in front of what the function streams")]
    HeadTooLarge(usize),
    /// The function ended before its head did.
    #[error("the function streamed no head")]
    HeadMissing,
    /// More than the limit.
    #[error("the function streamed more than {0} bytes")]
    TooLarge(u64),
    /// The connection ended before the stream did.
    #[error("the stream of events ended too early")]
    Unfinished,
}

/// What a stream may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamLimits {
    /// Bytes of one frame.
    pub frame: usize,
    /// Bytes of the JSON in front.
    pub head: usize,
    /// Headers of the answer.
    pub answer: AnswerLimits,
    /// Bytes of everything that the function streams, where there is a limit.
    pub total: Option<u64>,
}

/// Reads an answer.
#[derive(Debug)]
pub struct StreamReader {
    frames: FrameReader,
    limits: StreamLimits,
    state: State,
    /// Bytes that the function has streamed.
    total: u64,
}

#[derive(Debug)]
enum State {
    /// Nothing has come that tells the form.
    Unknown,
    /// The head is gathered.
    Prelude(Prelude),
    /// A body that comes alone, before its first byte.
    Raw,
    /// Behind the head; these bytes are due.
    Body(Bytes),
    Ended,
}

impl Default for StreamLimits {
    fn default() -> Self {
        Self {
            frame: frame::LONGEST,
            head: 64 * 1024,
            answer: AnswerLimits::default(),
            total: None,
        }
    }
}

impl StreamForm {
    /// The form that a content type tells of. That of the stream of events itself tells nothing.
    #[must_use]
    pub fn of(content_type: Option<&str>) -> Self {
        let essence = content_type.and_then(|text| text.split(';').next()).map(str::trim);
        match essence {
            None => Self::Unknown,
            Some(text) if text.eq_ignore_ascii_case(EVENT_STREAM) => Self::Unknown,
            Some(text) if text.eq_ignore_ascii_case(INTEGRATION_RESPONSE) => Self::Integration,
            Some(_) => Self::Raw,
        }
    }
}

impl StreamReader {
    /// A reader at the beginning of a stream.
    #[must_use]
    pub fn new(form: StreamForm, limits: StreamLimits) -> Self {
        let state = match form {
            StreamForm::Unknown => State::Unknown,
            StreamForm::Integration => State::Prelude(Prelude::new(limits.head)),
            StreamForm::Raw => State::Raw,
        };
        Self { frames: FrameReader::new(limits.frame), limits, state, total: 0 }
    }

    /// Takes what comes next out of the buffer; `None` where more bytes are needed.
    ///
    /// Behind [`Part::End`] it gives nothing but that, and takes nothing.
    ///
    /// # Errors
    /// See [`StreamError`]; the stream is of no use then.
    pub fn next(&mut self, buffer: &mut BytesMut) -> Result<Option<Part>, StreamError> {
        loop {
            match &mut self.state {
                State::Body(due) if !due.is_empty() => {
                    return Ok(Some(Part::Body(std::mem::take(due))));
                }
                State::Ended => return Ok(Some(Part::End)),
                State::Unknown | State::Prelude(_) | State::Raw | State::Body(_) => {}
            }
            let Some(frame) = self.frames.next(buffer)? else { return Ok(None) };
            let head = match Event::read(&frame)? {
                None => None,
                Some(Event::Chunk(bytes)) => self.add(bytes)?,
                Some(Event::Complete(None)) => return self.end().map(Some),
                Some(Event::Complete(Some(failure))) => return Err(failed(failure)),
                Some(Event::Failed(failure)) => {
                    return Err(StreamError::Service(Box::new(failure)));
                }
            };
            if let Some(head) = head {
                return Ok(Some(Part::Head(head)));
            }
        }
    }

    /// Whether the connection may end here.
    ///
    /// # Errors
    /// [`StreamError::Unfinished`] where the stream has not ended.
    pub fn finish(&self) -> Result<(), StreamError> {
        match self.state {
            State::Ended => Ok(()),
            State::Unknown | State::Prelude(_) | State::Raw | State::Body(_) => {
                Err(StreamError::Unfinished)
            }
        }
    }

    fn add(&mut self, bytes: Bytes) -> Result<Option<Head>, StreamError> {
        self.total = self.total.saturating_add(bytes.len() as u64);
        if let Some(limit) = self.limits.total.filter(|limit| self.total > *limit) {
            return Err(StreamError::TooLarge(limit));
        }
        if matches!(self.state, State::Unknown) {
            self.state = match bytes.first() {
                None => return Ok(None),
                Some(b'{') => State::Prelude(Prelude::new(self.limits.head)),
                Some(_) => State::Raw,
            };
        }
        match &mut self.state {
            State::Prelude(prelude) => {
                let Some((head, rest)) = prelude.add(bytes, self.limits.answer)? else {
                    return Ok(None);
                };
                self.state = State::Body(rest);
                Ok(Some(head))
            }
            State::Raw => {
                self.state = State::Body(bytes);
                Ok(Some(raw_head()))
            }
            State::Body(due) => {
                *due = bytes;
                Ok(None)
            }
            State::Unknown | State::Ended => Ok(None),
        }
    }

    fn end(&mut self) -> Result<Part, StreamError> {
        match self.state {
            State::Prelude(_) => Err(StreamError::HeadMissing),
            State::Unknown | State::Raw => {
                self.state = State::Ended;
                Ok(Part::Head(raw_head()))
            }
            State::Body(_) | State::Ended => {
                self.state = State::Ended;
                Ok(Part::End)
            }
        }
    }
}

/// What is known of a body that comes alone.
fn raw_head() -> Head {
    let kind = HeaderValue::from_static("application/octet-stream");
    Head { status: StatusCode::OK, headers: HeaderMap::from_iter([(names::CONTENT_TYPE, kind)]) }
}

/// `InvokeComplete` with an error is the function's own failure.
fn failed(failure: StreamFailure) -> StreamError {
    let message = (!failure.message.is_empty()).then_some(failure.message);
    let is_timeout = is_timeout(Some(&failure.code), message.as_deref());
    let kind = Some(failure.code);
    StreamError::Function(Box::new(FunctionFailure {
        is_timeout,
        kind,
        message,
        payload: Bytes::new(),
    }))
}

#[cfg(test)]
mod tests;
