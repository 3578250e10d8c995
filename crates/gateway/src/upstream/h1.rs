//! The gateway's own client for HTTP/1.1; HTTP/2 it leaves to the library.
//!
//! A connection belongs to whoever uses it, without a task of its own: the head of an answer is
//! read by the one who waits for it, and its body by the one who forwards it.
//! `ARCHITECTURE.md` says when a request may be sent twice.

mod body;
mod incoming;
mod link;
mod outgoing;
mod pool;

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response, header};
use http1::AnswerHead;
use model::fault::{FaultCode, ProtocolState};

use super::answer::{Answer, AnswerBody};
use super::connect::{self, Dialed};
use super::failure::SendFailure;
use super::http2_pool::{self, Http2Pool, Outcome};
use super::hyper_client::taken;
use super::tls::TlsFailure;
use super::{Client, Target, Terms};
use crate::body::{BodyError, RequestBody, RequestProgress};
use crate::config::Http2Limits;
use crate::transport::Transport;
pub(crate) use body::OwnBody;
use link::{Call, Link, Trouble};
use outgoing::{Outgoing, Unsendable};
use pool::Pool;
pub(crate) use pool::SharedIdle;

/// How many pooled connections may turn out stale before a new one is opened.
const STALE_TRIES: usize = 3;

/// One worker's client.
#[derive(Debug)]
pub(crate) struct OwnClient {
    pool: Arc<Pool>,
    /// Where the library speaks HTTP/2.
    http2: Arc<Http2Pool>,
    connect_timeout: Duration,
}

impl OwnClient {
    /// A client without connections, which keeps so many idle ones to each target.
    pub(crate) fn new(
        connect_timeout: Duration,
        idle_per_target: usize,
        http2: Http2Limits,
    ) -> Self {
        Self {
            pool: Arc::new(Pool::new(idle_per_target)),
            http2: Arc::new(Http2Pool::new(http2)),
            connect_timeout,
        }
    }

    fn answered(&self, link: Box<Link>, head: AnswerHead) -> Answer {
        let mut answer =
            Response::new(AnswerBody::Own(OwnBody::new(link, &self.pool, head.status)));
        *answer.status_mut() = head.status;
        *answer.version_mut() = head.version;
        *answer.headers_mut() = head.headers;
        answer
    }

    /// Sends what a kept connection did not take over another one.
    async fn over_others(
        &self,
        target: &Arc<Target>,
        request: &mut Request<RequestBody>,
        mut outgoing: Outgoing,
        terms: Terms<'_>,
    ) -> Result<Answer, SendFailure> {
        for _ in 1..STALE_TRIES {
            let Some(mut link) = self.pool.take(target) else { break };
            link.begin(outgoing);
            let call = Call { request, terms };
            match poll_fn(|context| link.poll_head(&call, context)).await {
                Ok(head) => return Ok(self.answered(link, head)),
                Err(trouble) => outgoing = again(link, trouble, request, (target, terms))?,
            }
        }
        self.over_new(target, request, outgoing, terms).await
    }

    /// Sends over a connection of its own.
    async fn over_new(
        &self,
        target: &Arc<Target>,
        request: &mut Request<RequestBody>,
        outgoing: Outgoing,
        terms: Terms<'_>,
    ) -> Result<Answer, SendFailure> {
        let limit = self.connect_timeout;
        let Dialed { transport, is_http2 } = connect::dial(target, limit).await?;
        if is_http2 {
            *request.body_mut() = outgoing.into_untouched_body().ok_or_else(|| lost(target))?;
            let request = taken(request);
            let to_send = (request, transport);
            let reached = terms.reached;
            return http2_pool::send_over(&self.http2, target, to_send, limit, reached).await;
        }
        self.over_first(target, request, outgoing, (transport, terms)).await
    }

    /// Sends over a connection that was just opened.
    async fn over_first(
        &self,
        target: &Arc<Target>,
        request: &Request<RequestBody>,
        outgoing: Outgoing,
        (transport, terms): (Transport, Terms<'_>),
    ) -> Result<Answer, SendFailure> {
        let mut link = Box::new(Link::new(transport, target));
        link.begin(outgoing);
        let call = Call { request, terms };
        match poll_fn(|context| link.poll_head(&call, context)).await {
            Ok(head) => Ok(self.answered(link, head)),
            Err(trouble) => Err(failure(&link, trouble)),
        }
    }

    /// Sends over HTTP/2 where it is spoken; `None` where it is not, the request being back then.
    async fn over_http2(
        &self,
        target: &Arc<Target>,
        request: &mut Request<RequestBody>,
        terms: Terms<'_>,
    ) -> Option<Result<Answer, SendFailure>> {
        let (taken, limit) = (taken(request), self.connect_timeout);
        match http2_pool::send(&self.http2, target, taken, limit, terms.reached).await {
            Outcome::Answered(answer) => Some(Ok(*answer)),
            Outcome::Failed(failure) => Some(Err(failure)),
            Outcome::Elsewhere(back, opened) => {
                *request = *back;
                let transport = opened?;
                let outgoing = Outgoing::new(request, target, &terms);
                Some(self.over_first(target, request, outgoing, (transport, terms)).await)
            }
        }
    }
}

impl Client for OwnClient {
    async fn send(
        &self,
        target: &Arc<Target>,
        request: &mut Request<RequestBody>,
        terms: Terms<'_>,
    ) -> Result<Answer, SendFailure> {
        // What is rare is boxed, since its state would make every exchange larger.
        if self.http2.may_speak(target)
            && let Some(sent) = Box::pin(self.over_http2(target, request, terms)).await
        {
            return sent;
        }
        let Some(mut link) = self.pool.take(target) else {
            let outgoing = Outgoing::new(request, target, &terms);
            return Box::pin(self.over_new(target, request, outgoing, terms)).await;
        };
        link.begin(Outgoing::new(request, target, &terms));
        let trouble = {
            let call = Call { request, terms };
            match poll_fn(|context| link.poll_head(&call, context)).await {
                Ok(head) => return Ok(self.answered(link, head)),
                Err(trouble) => trouble,
            }
        };
        let outgoing = again(link, trouble, request, (target, terms))?;
        Box::pin(self.over_others(target, request, outgoing, terms)).await
    }

    fn keeps_headers(&self, target: &Target) -> bool {
        !target.may_speak_http2()
    }

    fn close_idle(&self, older_than: Duration) {
        self.pool.close_idle(older_than);
        self.http2.close_idle(older_than);
    }
}

/// The request for another connection, where a kept one turned out to have ended: when nothing was
/// sent, or when it may be sent twice.
#[cold]
fn again(
    mut link: Box<Link>,
    trouble: Trouble,
    request: &mut Request<RequestBody>,
    (target, terms): (&Target, Terms<'_>),
) -> Result<Outgoing, SendFailure> {
    let failure = failure(&link, trouble);
    if !failure.is_stale() {
        return Err(failure);
    }
    if !link.is_heard() && link.outgoing().is_unsent() {
        return Ok(link.take_request());
    }
    if !link.is_heard() && !link.outgoing().has_body() && may_be_repeated(request) {
        return Ok(Outgoing::new(request, target, &terms));
    }
    Err(SendFailure { over_kept: true, ..failure })
}

/// Whether a request without a body may be sent twice: its method is safe (RFC 9110 §9.2.1) and it
/// opens no tunnel.
fn may_be_repeated(request: &Request<RequestBody>) -> bool {
    request.method().is_safe() && !request.headers().contains_key(header::UPGRADE)
}

/// Judges why there is no answer.
#[cold]
fn failure(link: &Link, trouble: Trouble) -> SendFailure {
    let outgoing = link.outgoing();
    let is_sending = outgoing.has_body() && !outgoing.is_done();
    let state = if is_sending { ProtocolState::RequestBody } else { ProtocolState::RequestDone };
    let (code, state, detail) = match trouble {
        Trouble::Unsendable(Unsendable::Body(error @ BodyError::Lost(_))) => {
            return lost_here(error.to_string());
        }
        Trouble::Unsendable(Unsendable::Body(error)) => return by_client(link, error.to_string()),
        Trouble::Unsendable(Unsendable::Mismatch) => {
            return by_client(link, "the body has not the length that it was said to have".into());
        }
        // The number of time-outs does not say how far the exchange had come.
        Trouble::Unsendable(Unsendable::Stalled(limit)) => (
            FaultCode::Timeout,
            ProtocolState::RequestReady,
            format!("nothing was taken within {limit:?}"),
        ),
        Trouble::Unsendable(Unsendable::Io(error)) => {
            (FaultCode::SenderIo, state, format!("sending failed: {error}"))
        }
        Trouble::Closed if link.is_heard() => (
            FaultCode::ConnectionClosed,
            state,
            "the connection ended within the head of the answer".into(),
        ),
        Trouble::Closed => {
            (FaultCode::ConnectionClosed, state, "the connection ended without an answer".into())
        }
        Trouble::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            (FaultCode::ConnectionClosed, state, format!("the connection broke off: {error}"))
        }
        Trouble::Io(error) => match TlsFailure::late(&error) {
            Some(failure) => {
                return SendFailure::before(FaultCode::SenderIo, failure.to_string());
            }
            None => (FaultCode::SenderIo, state, format!("reading the answer failed: {error}")),
        },
        Trouble::Head(error) => {
            (FaultCode::ProtocolViolation, ProtocolState::RequestDone, error.to_string())
        }
        Trouble::Proxy => return super::proxy::unauthorized(link.target()),
        Trouble::Violation(what) => {
            (FaultCode::ProtocolViolation, ProtocolState::RequestDone, what.into())
        }
    };
    SendFailure { state, ..SendFailure::before(code, detail) }
}

fn by_client(link: &Link, detail: String) -> SendFailure {
    let progress = link.request_body().progress();
    let stage = progress.as_deref().map(RequestProgress::stage);
    SendFailure {
        code: stage.and_then(super::failure::code_of).unwrap_or(FaultCode::IncompletePayload),
        state: ProtocolState::RequestBody,
        detail,
        by_client: true,
        over_kept: false,
        retry_after: None,
    }
}

/// What was kept of a body is gone: nobody's fault but the gateway's.
fn lost_here(detail: String) -> SendFailure {
    SendFailure { by_client: true, ..SendFailure::before(FaultCode::Internal, detail) }
}

/// A body of which some was read for a connection that had ended.
fn lost(target: &Target) -> SendFailure {
    SendFailure::before(
        FaultCode::ConnectionClosed,
        format!("{target} speaks another protocol than before, and the body has begun"),
    )
}
