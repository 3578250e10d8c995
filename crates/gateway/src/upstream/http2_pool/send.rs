//! Sending one request over HTTP/2, again where nobody has looked at it.
//!
//! An upstream says which streams it has not processed: those it refuses, and those beyond the last
//! one that `GOAWAY` names (RFC 9113 §8.7). What was sent on them may be sent again, whatever it is.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Request, Uri, Version, header};
use hyper::client::conn::TrySendError;
use model::fault::FaultCode;

use super::body::Origin;
use super::{Http2, Http2Body, Http2Pool, Link, Seat, Take};
use crate::body::{RequestBody, RequestProgress};
use crate::transport::Transport;
use crate::upstream::connect::{Dialed, dial, greet};
use crate::upstream::pool::Lease;
use crate::upstream::{Answer, AnswerBody, Reached, SendFailure, Target};

/// How often a request is sent at most.
const TRIES: usize = 4;

/// What came of a request.
pub(in crate::upstream) enum Outcome {
    /// The head of an answer.
    Answered(Box<Answer>),
    /// No answer.
    Failed(SendFailure),
    /// The target does not speak HTTP/2; a connection may have been opened to find out.
    Elsewhere(Box<Request<RequestBody>>, Option<Transport>),
}

/// Sends a request, over HTTP/2 where its target speaks that.
pub(in crate::upstream) async fn send(
    pool: &Arc<Http2Pool>,
    target: &Arc<Target>,
    request: Request<RequestBody>,
    connect_timeout: Duration,
    reached: &Reached,
) -> Outcome {
    let mut sending = Sending::new(request, reached);
    let mut seen = None;
    loop {
        let (seat, is_kept) = match pool.take(target, &mut seen) {
            Take::Seat(seat) => (seat, true),
            Take::Elsewhere => return sending.elsewhere(None),
            Take::Failed(failure) => return Outcome::Failed(failure),
            Take::Wait(waiting) => {
                waiting.over().await;
                continue;
            }
            Take::Open(opening) => match open(pool, target, connect_timeout).await {
                Ok(Opened::Http2(sender, link)) => (opening.http2(sender, link), false),
                Ok(Opened::Other(transport)) => {
                    opening.http1();
                    return sending.elsewhere(Some(transport));
                }
                Err(failure) => {
                    opening.failed(&failure);
                    return Outcome::Failed(failure);
                }
            },
        };
        match sending.attempt(target, seat, is_kept).await {
            Attempt::Over(outcome) => return outcome,
            Attempt::Again => {}
        }
    }
}

/// A connection that was just opened.
enum Opened {
    Http2(Http2, Arc<Link>),
    /// It does not speak HTTP/2.
    Other(Transport),
}

async fn open(
    pool: &Http2Pool,
    target: &Arc<Target>,
    limit: Duration,
) -> Result<Opened, SendFailure> {
    let Dialed { transport, is_http2 } = dial(target, limit).await?;
    if !is_http2 {
        return Ok(Opened::Other(transport));
    }
    let link = pool.link(target);
    let sender = greet(transport, target, limit, &link).await?;
    Ok(Opened::Http2(sender, link))
}

/// Sends a request over a connection that was just opened for HTTP/1.1, and speaks HTTP/2.
///
/// # Errors
///
/// As [`Outcome::Failed`]; also when the target changes its protocol once more.
pub(in crate::upstream) async fn send_over(
    pool: &Arc<Http2Pool>,
    target: &Arc<Target>,
    (request, transport): (Request<RequestBody>, Transport),
    connect_timeout: Duration,
    reached: &Reached,
) -> Result<Answer, SendFailure> {
    let link = pool.link(target);
    let sender = greet(transport, target, connect_timeout, &link).await?;
    let seat = pool.adopt(target, sender, link);
    let mut sending = Sending::new(request, reached);
    let outcome = match sending.attempt(target, seat, false).await {
        Attempt::Over(outcome) => outcome,
        Attempt::Again => match sending.elsewhere(None) {
            Outcome::Elsewhere(request, _) => {
                send(pool, target, *request, connect_timeout, reached).await
            }
            outcome => outcome,
        },
    };
    match outcome {
        Outcome::Answered(answer) => Ok(*answer),
        Outcome::Failed(failure) => Err(failure),
        Outcome::Elsewhere(..) => {
            let changed = format!("{target} keeps changing its protocol");
            Err(SendFailure::before(FaultCode::ConnectionClosed, changed))
        }
    }
}

enum Attempt {
    Over(Outcome),
    Again,
}

/// A request that may be sent more than once.
struct Sending<'a> {
    reached: &'a Reached,
    head: Parts,
    body: Source,
    progress: Option<Arc<RequestProgress>>,
    tries: usize,
    /// Whether an attempt before may have been looked at.
    was_read: bool,
    /// Why the last attempt has failed.
    failure: Option<SendFailure>,
}

enum Source {
    Fresh(RequestBody),
    Shared(Origin),
}

impl<'a> Sending<'a> {
    fn new(request: Request<RequestBody>, reached: &'a Reached) -> Self {
        let progress = request.body().progress();
        let (head, body) = request.into_parts();
        Self {
            reached,
            head,
            body: Source::Fresh(body),
            progress,
            tries: 0,
            was_read: false,
            failure: None,
        }
    }

    /// The request as it came, for another protocol.
    fn elsewhere(self, connection: Option<Transport>) -> Outcome {
        let body = match self.body {
            Source::Fresh(body) => Some(body),
            Source::Shared(origin) => origin.untouched(),
        };
        match body {
            Some(body) => {
                let request = Request::from_parts(self.head, body);
                Outcome::Elsewhere(Box::new(request), connection)
            }
            None => Outcome::Failed(self.failure.unwrap_or_else(|| {
                SendFailure::before(FaultCode::ConnectionClosed, "the body cannot be sent again")
            })),
        }
    }

    /// The body for the next attempt.
    fn next_body(&mut self) -> Option<Http2Body> {
        let fresh = match &mut self.body {
            Source::Shared(origin) => return origin.again(),
            Source::Fresh(body) => std::mem::replace(body, RequestBody::Empty),
        };
        let body = Http2Body::new(fresh);
        self.body = Source::Shared(body.origin());
        Some(body)
    }

    async fn attempt(&mut self, target: &Target, mut seat: Seat, is_kept: bool) -> Attempt {
        self.tries += 1;
        let Some(body) = self.next_body() else {
            let failure = self.failure.take();
            let lost = || SendFailure::before(FaultCode::ConnectionClosed, "the body is gone");
            return Attempt::Over(Outcome::Failed(failure.unwrap_or_else(lost)));
        };
        let request = match absolute(&self.head, target) {
            Ok(head) => Request::from_parts(head, body),
            Err(failure) => return Attempt::Over(Outcome::Failed(failure)),
        };
        self.reached.note();
        let sent = seat.sender().try_send_request(request).await;
        seat.heard();
        match sent {
            Ok(answer) => {
                if let Source::Shared(origin) = &self.body {
                    origin.settle();
                }
                let lease = Lease::stream(seat, self.progress.clone());
                let answer = answer.map(|incoming| AnswerBody::library(incoming, lease));
                Attempt::Over(Outcome::Answered(Box::new(answer)))
            }
            Err(error) => self.judge(&error, &seat, is_kept),
        }
    }

    fn judge(
        &mut self,
        error: &TrySendError<Request<Http2Body>>,
        seat: &Seat,
        is_kept: bool,
    ) -> Attempt {
        if let Some(refusal) = seat.refusal() {
            if !self.was_read {
                self.reached.take_back();
            }
            let failure = SendFailure::before(FaultCode::SenderIo, refusal.to_string());
            return Attempt::Over(Outcome::Failed(failure));
        }
        let failure = SendFailure::after(error.error(), self.progress.as_deref());
        let is_unread = error.message().is_some()
            || is_unprocessed(error.error())
            // The library may lose a request between its queues when the connection ends.
            || seat.was_left_out();
        if is_unread && !self.was_read {
            self.reached.take_back();
        }
        self.was_read |= !is_unread;
        // The upstream may close what was kept too long just as it is used.
        let is_stale = is_kept && failure.is_stale();
        let may_repeat = is_unread || (is_stale && self.is_harmless());
        if !failure.by_client && may_repeat && self.tries < TRIES {
            self.failure = Some(failure);
            return Attempt::Again;
        }
        Attempt::Over(Outcome::Failed(SendFailure { over_kept: is_stale, ..failure }))
    }

    /// Whether it may reach the upstream twice: its method is safe (RFC 9110 §9.2.1) and there is
    /// no body.
    fn is_harmless(&self) -> bool {
        self.progress.is_none() && self.head.method.is_safe()
    }
}

/// Whether the upstream says that it has not looked at the request.
fn is_unprocessed(error: &hyper::Error) -> bool {
    let Some(error) = error.source().and_then(|cause| cause.downcast_ref::<h2::Error>()) else {
        return false;
    };
    let is_refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
    error.is_remote() && (is_refused || error.is_go_away())
}

/// HTTP/2 names scheme and authority in the target (RFC 9113 §8.3.1).
fn absolute(head: &Parts, target: &Target) -> Result<Parts, SendFailure> {
    let bad = |detail: String| SendFailure::before(FaultCode::SenderIo, detail);
    let mut headers = head.headers.clone();
    let host = headers.remove(header::HOST).ok_or_else(|| bad(format!("no host for {target}")))?;
    let authority = Authority::try_from(host.as_bytes())
        .map_err(|error| bad(format!("host for {target}: {error}")))?;
    let scheme = if target.tls.is_some() { Scheme::HTTPS } else { Scheme::HTTP };
    let path = head.uri.path_and_query().cloned();
    let uri = Uri::builder()
        .scheme(scheme)
        .authority(authority)
        .path_and_query(path.unwrap_or_else(|| PathAndQuery::from_static("/")))
        .build()
        .map_err(|error| bad(format!("address for {target}: {error}")))?;
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.method = head.method.clone();
    parts.version = Version::HTTP_2;
    parts.uri = uri;
    parts.headers = headers;
    Ok(parts)
}
