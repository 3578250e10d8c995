//! A fault on its way to the one place that answers it.

use http::{HeaderName, HeaderValue, StatusCode, header};
use model::fault::{FaultCode, ProtocolState};

use crate::upstream::SendFailure;

/// Why an exchange ends without the upstream's answer.
#[derive(Debug)]
pub struct Fault {
    /// What happened.
    pub code: FaultCode,
    /// How far the exchange with the upstream had come.
    pub state: ProtocolState,
    /// What the caller is told; the text of the code where nothing more exact is known.
    pub description: Option<String>,
    /// What the operator needs; goes to the log, never to the caller.
    pub internal: Option<String>,
    /// What callers see in place of the number, where a policy said so.
    pub thrown: Option<Box<str>>,
    /// The status that a fault flow wants.
    pub status: Option<StatusCode>,
    /// The headers that a fault flow wants.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Whether it was told to the log already.
    pub is_noted: bool,
    /// Whether it is answered without a body.
    pub is_bare: bool,
    /// `WWW-Authenticate`, for 401.
    pub challenge: Option<HeaderValue>,
    /// `Allow`, for 405.
    pub allow: Option<HeaderValue>,
}

/// How a call can end without an answer.
#[derive(Debug)]
pub enum Failure {
    /// Answered with a fault.
    Fault(Box<Fault>),
    /// Answered with nothing: the connection is closed (`actionSelect` `discard`, spec/01 §2.7).
    Silence,
}

impl Fault {
    /// A fault that happened before anything was sent.
    #[must_use]
    pub fn new(code: FaultCode) -> Self {
        Self {
            code,
            state: ProtocolState::RequestReady,
            description: None,
            internal: None,
            thrown: None,
            status: None,
            headers: Vec::new(),
            is_noted: false,
            is_bare: false,
            challenge: None,
            allow: None,
        }
    }

    /// Says it more exactly.
    #[must_use]
    pub fn describe(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Adds what only the operator sees.
    #[must_use]
    pub fn internal(mut self, detail: impl Into<String>) -> Self {
        self.internal = Some(detail.into());
        self
    }

    /// The number that callers see (spec/01 §5.2).
    #[must_use]
    pub fn number(&self) -> u32 {
        self.code.number(self.state)
    }

    /// The code as callers see it.
    #[must_use]
    pub fn code_text(&self) -> String {
        self.thrown.as_deref().map_or_else(|| self.number().to_string(), str::to_owned)
    }

    /// The description that callers see.
    #[must_use]
    pub fn text(&self) -> &str {
        self.description.as_deref().unwrap_or(self.code.description())
    }
}

impl From<SendFailure> for Fault {
    fn from(failure: SendFailure) -> Self {
        let pause = failure.retry_after.map(|pause| (header::RETRY_AFTER, pause.into()));
        let headers = pause.into_iter().collect();
        Self { state: failure.state, headers, ..Self::new(failure.code) }.internal(failure.detail)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(Box::new(fault))
    }
}

impl From<FaultCode> for Failure {
    fn from(code: FaultCode) -> Self {
        Fault::new(code).into()
    }
}
