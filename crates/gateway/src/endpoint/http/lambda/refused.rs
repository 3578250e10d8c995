//! What it means that the service says no.

use std::time::Duration;

use bytes::BytesMut;
use http::HeaderMap;
use lambda::{Reason, Refusal};
use model::fault::FaultCode;
use tokio::time::Instant;

use super::{Failed, Invoking};
use crate::upstream::{Answer, SendFailure};

const ERROR_TYPE: &str = "x-amzn-errortype";
pub(super) const REQUEST_ID: &str = "x-amzn-requestid";
/// After how many seconds a client is told to come back, where the service does not say it.
const COME_BACK: u64 = 1;

impl Invoking {
    /// Reads an error of the service.
    pub(super) async fn refused(&self, answer: Answer, until: Instant) -> Failed {
        let (head, body) = answer.into_parts();
        let text = |name| text(&head.headers, name);
        let mut beginning = BytesMut::new();
        let read = super::payload::read(body, &mut beginning, lambda::limits::REFUSAL, until);
        // What there is of it says enough, or the status does.
        let _complete = read.await;
        let retry_after = text("retry-after");
        let status = head.status.as_u16();
        let refusal = Refusal::read(status, text(ERROR_TYPE), retry_after, &beginning);
        let id = text(REQUEST_ID).unwrap_or_default();
        self.failed(&refusal, id)
    }

    fn failed(&self, refusal: &Refusal, id: &str) -> Failed {
        let Refusal { status, reason, name, message, throttle, retry_after, .. } = refusal;
        let code = code(*reason);
        let function = &self.plan.function;
        let throttle = throttle.as_deref().unwrap_or_default();
        let detail = format!("{function}: {status} {name} {throttle}: {message} ({id})");
        let comes_back = matches!(code, FaultCode::LambdaThrottled | FaultCode::LambdaNotReady);
        let told = retry_after.or(Some(COME_BACK)).filter(|_| comes_back);
        let failure = SendFailure { retry_after: told, ..SendFailure::before(code, detail) };
        let asked = retry_after.map(Duration::from_secs);
        Failed { failure, repeat: refusal.repeat, asked }
    }
}

fn code(reason: Reason) -> FaultCode {
    match reason {
        Reason::Throttled => FaultCode::LambdaThrottled,
        Reason::NotFound => FaultCode::LambdaNotFound,
        Reason::Denied | Reason::Expired | Reason::Credentials => FaultCode::LambdaDenied,
        Reason::TooLarge => FaultCode::LambdaTooLarge,
        Reason::Invalid | Reason::MediaType => FaultCode::LambdaEvent,
        Reason::NotReady | Reason::Conflict => FaultCode::LambdaNotReady,
        Reason::Network
        | Reason::Key
        | Reason::FileSystem
        | Reason::Snapshot
        | Reason::Code
        | Reason::Recursive
        | Reason::Quota => FaultCode::LambdaSetup,
        Reason::Service | Reason::Other => FaultCode::LambdaService,
    }
}

/// The text of a header.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
