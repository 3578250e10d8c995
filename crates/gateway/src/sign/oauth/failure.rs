//! Why no token could be had.

use std::fmt;

use http::StatusCode;

use crate::fetch::FetchError;

/// How a request for a token ended; the labels of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenOutcome {
    /// A token came.
    Success,
    /// The server answered another status than 200.
    Refused,
    /// What it answered is no token that could be used.
    Invalid,
    /// The answer did not come in time.
    Timeout,
    /// There was no connection in time.
    ConnectTimeout,
    /// There was no connection.
    Connect,
    /// The name of the server is not known.
    Resolve,
    /// TLS failed.
    Tls,
    /// There was no turn in time, because connections are limited.
    Busy,
    /// The request could not be made: a key cannot sign, or the caller has shown nothing.
    Unasked,
}

impl TokenOutcome {
    /// Every outcome.
    pub const ALL: [Self; 10] = [
        Self::Success,
        Self::Refused,
        Self::Invalid,
        Self::Timeout,
        Self::ConnectTimeout,
        Self::Connect,
        Self::Resolve,
        Self::Tls,
        Self::Busy,
        Self::Unasked,
    ];

    /// The word that is printed.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Refused => "refused",
            Self::Invalid => "invalid",
            Self::Timeout => "timeout",
            Self::ConnectTimeout => "connect_timeout",
            Self::Connect => "connect",
            Self::Resolve => "resolve",
            Self::Tls => "tls",
            Self::Busy => "busy",
            Self::Unasked => "unasked",
        }
    }
}

/// Why there is no token; for the log, without any secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenFailure {
    pub(crate) outcome: TokenOutcome,
    /// The answered status, where there was one.
    pub(crate) status: Option<StatusCode>,
    detail: String,
}

impl TokenFailure {
    /// A failure in words.
    pub(crate) fn new(outcome: TokenOutcome, detail: impl Into<String>) -> Self {
        Self { outcome, status: None, detail: detail.into() }
    }

    /// Whether the server has looked at what it was shown, and does not take it.
    pub(crate) fn is_about_grant(&self) -> bool {
        self.status.is_some_and(|status| matches!(status.as_u16(), 400 | 401 | 403))
    }

    /// An answer that is none.
    pub(crate) fn refused(status: StatusCode, why: &str) -> Self {
        let detail = format!("Error while accessing the Token URL. It answered {status}{why}");
        Self { status: Some(status), ..Self::new(TokenOutcome::Refused, detail) }
    }
}

impl fmt::Display for TokenFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

/// The texts begin as WSO2's do (spec/03 §4.5).
impl From<FetchError> for TokenFailure {
    fn from(error: FetchError) -> Self {
        let (outcome, start) = match &error {
            FetchError::Timeout(_) => (TokenOutcome::Timeout, "Socket timeout"),
            FetchError::ConnectTimeout(_) => (TokenOutcome::ConnectTimeout, "Connection timeout"),
            FetchError::Resolve { .. } => (TokenOutcome::Resolve, "Unable to resolve the hostname"),
            FetchError::Tls(_) => (TokenOutcome::Tls, "SSL handshake failed"),
            FetchError::TooLarge(_) => (TokenOutcome::Invalid, "The answer is no token"),
            FetchError::BadUrl | FetchError::Redirect(_) => {
                (TokenOutcome::Unasked, "The Token URL cannot be used")
            }
            FetchError::Connect { .. } | FetchError::Proxy { .. } | FetchError::Http(_) => {
                (TokenOutcome::Connect, "Unable to connect to the OAuth token endpoint.")
            }
        };
        Self::new(outcome, format!("{start}: {error}"))
    }
}
