//! Why a flow broke off.

use model::fault::FaultCode;
use thiserror::Error;

/// A flow that could not go on; the fault flow sees it as `ERROR_CODE`, `ERROR_MESSAGE` and so on.
#[derive(Debug, Clone, Error, PartialEq)]
#[error("{message}")]
pub struct MediationFault {
    /// Which row of the table of faults it is.
    pub code: FaultCode,
    /// What the caller may be told.
    pub message: String,
    /// What only the operator sees.
    pub detail: Option<String>,
    /// What a policy wants `ERROR_CODE` to be (`throwError`).
    pub kind: Option<String>,
    /// Whether a policy raised it on purpose, so that `message` is meant for the caller.
    pub is_thrown: bool,
}

impl MediationFault {
    /// A fault with the text of its code; `detail` goes to the log.
    pub fn new(code: FaultCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            message: code.description().to_owned(),
            detail: Some(detail.into()),
            kind: None,
            is_thrown: false,
        }
    }

    /// A fault that a policy raises for its caller to read.
    pub fn thrown(code: FaultCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), detail: None, kind: None, is_thrown: true }
    }

    /// Says where it happened; goes to the log.
    #[must_use]
    pub fn at(mut self, place: &str) -> Self {
        let detail = self.detail.take().unwrap_or_default();
        self.detail =
            Some(if detail.is_empty() { place.to_owned() } else { format!("{place}: {detail}") });
        self
    }
}
