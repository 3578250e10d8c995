//! Why a call to an upstream brought no answer, in WSO2's numbers (spec/01 §5.1–5.2).

use std::error::Error as _;
use std::io;

use model::fault::{FaultCode, ProtocolState};
use thiserror::Error;

use super::tls::TlsFailure;
use crate::body::{RequestProgress, RequestStage};

/// A call that brought no answer.
#[derive(Debug, Error)]
#[error("{detail}")]
pub struct SendFailure {
    /// What happened.
    pub code: FaultCode,
    /// How far the exchange had come.
    pub state: ProtocolState,
    /// For the log; never shown to callers.
    pub detail: String,
    /// Whether the upstream is not to blame: the client's body broke off, stalled or was too large, or
    /// was lost on the way.
    pub by_client: bool,
    /// Whether a connection that had been kept ended under the request, which says little of the
    /// upstream.
    pub over_kept: bool,
    /// After how many seconds the upstream wants to be asked again.
    pub retry_after: Option<u64>,
}

impl SendFailure {
    /// A failure before anything was sent.
    pub(crate) fn before(code: FaultCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            state: ProtocolState::RequestReady,
            detail: detail.into(),
            by_client: false,
            over_kept: false,
            retry_after: None,
        }
    }

    /// The same for another request that has waited for the same.
    pub(crate) fn copy(&self) -> Self {
        Self { detail: self.detail.clone(), ..*self }
    }

    /// Whether it says anything of the upstream: not where the client failed itself, where a kept
    /// connection ended, where nothing could be shown that the upstream wants to see, where it
    /// may not be called, or where the service behind it has answered.
    pub(crate) fn speaks_against_upstream(&self) -> bool {
        let was_held_back =
            matches!(self.code, FaultCode::EndpointSecurity | FaultCode::TargetNotAllowed);
        !self.by_client && !self.over_kept && !was_held_back && !self.is_of_function()
    }

    /// Whether the service that runs functions has answered, as a plain upstream answers 500; or one
    /// function was too slow, of many.
    fn is_of_function(&self) -> bool {
        matches!(
            self.code,
            FaultCode::LambdaThrottled
                | FaultCode::LambdaFailed
                | FaultCode::LambdaTimeout
                | FaultCode::LambdaAnswer
                | FaultCode::LambdaNotFound
                | FaultCode::LambdaDenied
                | FaultCode::LambdaTooLarge
                | FaultCode::LambdaNotReady
                | FaultCode::LambdaService
                | FaultCode::LambdaSetup
                | FaultCode::LambdaEvent
        )
    }

    /// Whether the upstream ended the connection without an answer.
    pub(crate) fn is_stale(&self) -> bool {
        !self.by_client && matches!(self.code, FaultCode::ConnectionClosed | FaultCode::SenderIo)
    }

    /// Judges what the HTTP client reports once a request was under way.
    pub(crate) fn after(error: &hyper::Error, progress: Option<&RequestProgress>) -> Self {
        if let Some(failure) = client_side(error, progress) {
            return failure;
        }
        let state = state_of(progress);
        let (code, state) = match kind_of(error) {
            Kind::Garbage => (FaultCode::ProtocolViolation, ProtocolState::RequestDone),
            Kind::Closed => (FaultCode::ConnectionClosed, state),
            Kind::Io => (FaultCode::SenderIo, state),
        };
        if let Some(failure) = io_cause(error).and_then(TlsFailure::late) {
            return Self::before(FaultCode::SenderIo, failure.to_string());
        }
        let detail = describe(error);
        Self { code, state, detail, by_client: false, over_kept: false, retry_after: None }
    }
}

enum Kind {
    Garbage,
    Closed,
    Io,
}

fn kind_of(error: &hyper::Error) -> Kind {
    if error.is_parse() {
        return Kind::Garbage;
    }
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        return Kind::Closed;
    }
    match io_cause(error).map(io::Error::kind) {
        Some(io::ErrorKind::UnexpectedEof) => Kind::Closed,
        _ => Kind::Io,
    }
}

pub(crate) fn io_cause(error: &hyper::Error) -> Option<&io::Error> {
    let mut cause = error.source();
    while let Some(current) = cause {
        if let Some(io) = current.downcast_ref::<io::Error>() {
            return Some(io);
        }
        cause = current.source();
    }
    None
}

fn client_side(error: &hyper::Error, progress: Option<&RequestProgress>) -> Option<SendFailure> {
    let code = code_of(progress?.stage())?;
    Some(SendFailure {
        code,
        state: ProtocolState::RequestBody,
        detail: describe(error),
        by_client: true,
        over_kept: false,
        retry_after: None,
    })
}

/// The fault of a client whose body ended so; `None` while nothing is wrong with it.
pub(crate) fn code_of(stage: RequestStage) -> Option<FaultCode> {
    match stage {
        RequestStage::Broken | RequestStage::Gone => Some(FaultCode::IncompletePayload),
        RequestStage::TooLarge => Some(FaultCode::PayloadTooLarge),
        RequestStage::Stalled => Some(FaultCode::RequestTimeout),
        RequestStage::Waiting | RequestStage::Flowing | RequestStage::Done => None,
    }
}

fn state_of(progress: Option<&RequestProgress>) -> ProtocolState {
    match progress.map(RequestProgress::stage) {
        Some(RequestStage::Waiting | RequestStage::Flowing) => ProtocolState::RequestBody,
        _ => ProtocolState::RequestDone,
    }
}

/// An error with its causes on one line.
pub(crate) fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(current) = cause {
        let part = current.to_string();
        if !text.ends_with(&part) {
            text.push_str(": ");
            text.push_str(&part);
        }
        cause = current.source();
    }
    text
}
