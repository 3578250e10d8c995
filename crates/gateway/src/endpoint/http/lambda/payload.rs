//! What a function gives at once, as an answer to the client.

use std::convert::Infallible;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use lambda::answer::{AnswerError, AnswerLimits, FunctionFailure};
use lambda::{Invocation, limits};
use model::fault::{FaultCode, ProtocolState};
use tokio::time::{Instant, timeout_at};

use super::Invoking;
use super::refused::{REQUEST_ID, text};
use crate::upstream::{Answer, AnswerBody, SendFailure};

const FUNCTION_ERROR: &str = "x-amz-function-error";
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Why a body could not be read.
#[derive(Debug)]
pub(super) enum Unread {
    TooLong,
    Late,
    Broken(String),
}

/// Reads a body to its end, or up to a limit.
pub(super) async fn read(
    mut body: AnswerBody,
    into: &mut BytesMut,
    limit: usize,
    until: Instant,
) -> Result<(), Unread> {
    loop {
        let frame = timeout_at(until, body.frame()).await.map_err(|_elapsed| Unread::Late)?;
        let Some(frame) = frame else { return Ok(()) };
        let frame = frame.map_err(|error| Unread::Broken(error.to_string()))?;
        let Ok(data) = frame.into_data() else { continue };
        let room = limit.saturating_sub(into.len());
        into.extend_from_slice(data.get(..room).unwrap_or(&data));
        if data.len() > room {
            return Err(Unread::TooLong);
        }
    }
}

impl Invoking {
    /// Makes an answer of what the service answers when all is well.
    pub(super) async fn answered(
        &self,
        answer: Answer,
        until: Instant,
    ) -> Result<Answer, SendFailure> {
        match self.plan.invocation {
            Invocation::Event => Ok(self.queued(&answer)),
            Invocation::DryRun => {
                Ok(self.made(StatusCode::NO_CONTENT, HeaderMap::new(), Bytes::new()))
            }
            Invocation::RequestResponse if self.plan.stream.is_some() => {
                self.streamed(answer, until).await
            }
            Invocation::RequestResponse => self.whole(answer, until).await,
        }
    }

    /// The event waits in the queue of the function.
    fn queued(&self, answer: &Answer) -> Answer {
        let id = text(answer.headers(), REQUEST_ID).unwrap_or_default();
        let body = serde_json::json!({ "requestId": id }).to_string();
        let mut headers = HeaderMap::from_iter([(header::CONTENT_TYPE, JSON)]);
        headers.extend(
            answer
                .headers()
                .get(REQUEST_ID)
                .map(|id| (http::HeaderName::from_static(REQUEST_ID), id.clone())),
        );
        self.made(StatusCode::ACCEPTED, headers, body.into())
    }

    async fn whole(&self, answer: Answer, until: Instant) -> Result<Answer, SendFailure> {
        let (head, body) = answer.into_parts();
        let mut payload = BytesMut::new();
        let read = read(body, &mut payload, limits::PAYLOAD, until).await;
        read.map_err(|why| self.unread(&why))?;
        let failed = text(&head.headers, FUNCTION_ERROR);
        let limits = AnswerLimits::default();
        match lambda::Answer::read(payload.freeze(), failed, self.plan.mapping, limits) {
            Ok(answer) => Ok(self.made(answer.status, answer.headers, answer.body)),
            Err(AnswerError::Function(failure)) => self.failure(*failure),
            Err(error) => Err(self.unfit(&error)),
        }
    }

    /// A function that failed: its payload, where that is wanted, or a fault.
    pub(super) fn failure(&self, failure: FunctionFailure) -> Result<Answer, SendFailure> {
        if self.plan.shows_failures && !failure.payload.is_empty() {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, JSON)]);
            return Ok(self.made(StatusCode::BAD_GATEWAY, headers, failure.payload));
        }
        let FunctionFailure { is_timeout, kind, message, .. } = failure;
        let code = if is_timeout { FaultCode::LambdaTimeout } else { FaultCode::LambdaFailed };
        let (kind, message) = (kind.unwrap_or_default(), message.unwrap_or_default());
        let detail = format!("{} failed: {kind}: {message}", self.plan.function);
        Err(SendFailure { state: ProtocolState::ResponseBody, ..SendFailure::before(code, detail) })
    }

    /// An answer that cannot be passed on.
    pub(super) fn unfit(&self, error: &dyn std::fmt::Display) -> SendFailure {
        let detail = format!("{}: {error}", self.plan.function);
        SendFailure::before(FaultCode::LambdaAnswer, detail)
    }

    pub(super) fn unread(&self, why: &Unread) -> SendFailure {
        match why {
            Unread::TooLong => self.unfit(&AnswerError::TooLarge(limits::PAYLOAD)),
            Unread::Late => self.late(),
            Unread::Broken(error) => {
                let detail = format!("the answer of {} broke off: {error}", self.plan.function);
                let failure = SendFailure::before(FaultCode::ConnectionClosed, detail);
                SendFailure { state: ProtocolState::ResponseBody, ..failure }
            }
        }
    }

    /// An answer with this body.
    fn made(&self, status: StatusCode, mut headers: HeaderMap, body: Bytes) -> Answer {
        let has_none = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        if !has_none {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        }
        let body = if has_none || self.is_head { Bytes::new() } else { body };
        let body = Full::new(body).map_err(|never: Infallible| match never {});
        let mut answer = Response::new(AnswerBody::made(body));
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        answer
    }
}
