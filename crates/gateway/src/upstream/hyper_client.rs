//! The client over hyper's connections, with a pool of our own.

use std::sync::Arc;
use std::time::Duration;

use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Request, Response, Uri, Version, header};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use model::fault::FaultCode;

use super::connect::{Opened, connect};
use super::failure::SendFailure;
use super::pool::{Http1, Http2, Lease, Pool, Ready};
use super::{Answer, AnswerBody, Client, Target, Terms, proxy};
use crate::body::{RequestBody, RequestProgress};

/// How many pooled connections may turn out stale before a new one is opened.
const STALE_TRIES: usize = 3;

/// One worker's client.
#[derive(Debug)]
pub(crate) struct HyperClient {
    pool: Arc<Pool>,
    connect_timeout: Duration,
}

/// A request comes back when none of it was sent.
enum Attempt {
    Answered(Box<Answer>),
    Unsent(Box<Request<RequestBody>>, SendFailure),
    Failed(SendFailure),
}

impl Attempt {
    fn answered(answer: Response<Incoming>, lease: Lease) -> Self {
        Self::Answered(Box::new(answer.map(|incoming| AnswerBody::library(incoming, lease))))
    }

    /// What came of the last attempt.
    fn last(self) -> Result<Answer, SendFailure> {
        match self {
            Self::Answered(answer) => Ok(*answer),
            Self::Unsent(_, failure) | Self::Failed(failure) => Err(failure),
        }
    }

    /// The upstream may close what was kept too long just as it is used: what can be sent again
    /// is as good as unsent then.
    fn or(self, again: Option<Box<Request<RequestBody>>>) -> Self {
        match (self, again) {
            (Self::Failed(failure), Some(again)) if failure.is_stale() => {
                Self::Unsent(again, failure)
            }
            (attempt, _) => attempt,
        }
    }
}

impl HyperClient {
    /// A client without connections.
    pub(crate) fn new(connect_timeout: Duration) -> Self {
        Self { pool: Arc::default(), connect_timeout }
    }

    async fn over_pooled(
        &self,
        target: &Arc<Target>,
        request: Request<RequestBody>,
        ready: Ready,
    ) -> Attempt {
        let attempt = match ready {
            Ready::Http1(connection) => self.over_http1(target, request, connection).await,
            Ready::Http2(connection) => self.over_http2(target, request, connection).await,
        };
        match attempt {
            Attempt::Failed(failure) => {
                Attempt::Failed(SendFailure { over_kept: failure.is_stale(), ..failure })
            }
            other => other,
        }
    }

    async fn over_http1(
        &self,
        target: &Arc<Target>,
        mut request: Request<RequestBody>,
        mut connection: Http1,
    ) -> Attempt {
        *request.version_mut() = Version::HTTP_11;
        if let Some(absolute) = proxy::hand_over(&mut request, target) {
            match absolute.parse() {
                Ok(absolute) => *request.uri_mut() = absolute,
                Err(error) => {
                    let detail = format!("address for {target}: {error}");
                    return Attempt::Failed(SendFailure::before(FaultCode::SenderIo, detail));
                }
            }
        }
        let progress = request.body().progress();
        let again = repeatable(&request);
        match connection.try_send_request(request).await {
            Ok(answer) => {
                let lease = Lease::new(Some(connection), target, &self.pool, progress);
                Attempt::answered(answer, lease)
            }
            Err(error) => judge(error, progress.as_deref()).or(again),
        }
    }

    async fn over_http2(
        &self,
        target: &Arc<Target>,
        request: Request<RequestBody>,
        mut connection: Http2,
    ) -> Attempt {
        let progress = request.body().progress();
        let again = repeatable(&request);
        let request = match absolute(request, target) {
            Ok(request) => request,
            Err(failure) => return Attempt::Failed(failure),
        };
        match connection.try_send_request(request).await {
            Ok(answer) => {
                let lease = Lease::new(None, target, &self.pool, progress);
                Attempt::answered(answer, lease)
            }
            Err(error) => match judge(error, progress.as_deref()) {
                Attempt::Unsent(request, failure) => {
                    Attempt::Unsent(Box::new(origin_form(*request)), failure)
                }
                other => other.or(again),
            },
        }
    }

    async fn over_new(
        &self,
        target: &Arc<Target>,
        request: Request<RequestBody>,
    ) -> Result<Answer, SendFailure> {
        let attempt = match connect(target, self.connect_timeout).await? {
            Opened::Http1(connection) => self.over_http1(target, request, connection).await,
            Opened::Http2(connection) => return self.over_first(target, request, connection).await,
        };
        attempt.last()
    }

    /// Sends over an HTTP/2 connection that was just opened, and shares it.
    pub(super) async fn over_first(
        &self,
        target: &Arc<Target>,
        request: Request<RequestBody>,
        connection: Http2,
    ) -> Result<Answer, SendFailure> {
        self.pool.share(target, connection.clone());
        self.over_http2(target, request, connection).await.last()
    }

    /// Whether there is an HTTP/2 connection to share.
    pub(super) fn has_http2(&self, target: &Target) -> bool {
        self.pool.has_shared(target)
    }
}

impl Client for HyperClient {
    async fn send(
        &self,
        target: &Arc<Target>,
        request: &mut Request<RequestBody>,
        _terms: Terms<'_>,
    ) -> Result<Answer, SendFailure> {
        let mut request = taken(request);
        for _ in 0..STALE_TRIES {
            let Some(ready) = self.pool.take(target) else { break };
            match self.over_pooled(target, request, ready).await {
                Attempt::Answered(answer) => return Ok(*answer),
                Attempt::Failed(failure) => return Err(failure),
                // Nothing was sent, or it may be sent twice: another connection may carry it.
                Attempt::Unsent(unsent, _) => request = *unsent,
            }
        }
        // Boxed, since it is rare and its state would make every exchange larger.
        Box::pin(self.over_new(target, request)).await
    }

    fn close_idle(&self, older_than: Duration) {
        self.pool.close_idle(older_than);
    }
}

/// The request, with nothing left in its place.
pub(super) fn taken(place: &mut Request<RequestBody>) -> Request<RequestBody> {
    std::mem::replace(place, Request::new(RequestBody::Empty))
}

/// A copy of a request that may be sent twice: its method is safe (RFC 9110 §9.2.1) and there is no
/// body.
fn repeatable(request: &Request<RequestBody>) -> Option<Box<Request<RequestBody>>> {
    let is_tunnel = request.headers().contains_key(header::UPGRADE);
    if !matches!(request.body(), RequestBody::Empty) || !request.method().is_safe() || is_tunnel {
        return None;
    }
    let mut copy = Request::new(RequestBody::Empty);
    copy.method_mut().clone_from(request.method());
    copy.uri_mut().clone_from(request.uri());
    copy.headers_mut().clone_from(request.headers());
    Some(Box::new(copy))
}

fn judge(
    mut error: TrySendError<Request<RequestBody>>,
    progress: Option<&RequestProgress>,
) -> Attempt {
    match error.take_message() {
        Some(request) => {
            let failure = SendFailure::before(
                FaultCode::ConnectionClosed,
                format!("the connection closed before the request was sent: {}", error.error()),
            );
            Attempt::Unsent(Box::new(request), failure)
        }
        None => Attempt::Failed(SendFailure::after(error.error(), progress)),
    }
}

/// HTTP/2 names scheme and authority in the target (RFC 9113 §8.3.1).
fn absolute(
    mut request: Request<RequestBody>,
    target: &Target,
) -> Result<Request<RequestBody>, SendFailure> {
    let bad = |detail: String| SendFailure::before(FaultCode::SenderIo, detail);
    let host = request
        .headers_mut()
        .remove(header::HOST)
        .ok_or_else(|| bad(format!("no host for {target}")))?;
    let authority = Authority::try_from(host.as_bytes())
        .map_err(|error| bad(format!("host for {target}: {error}")))?;
    let mut parts = std::mem::take(request.uri_mut()).into_parts();
    parts.scheme = Some(if target.tls.is_some() { Scheme::HTTPS } else { Scheme::HTTP });
    parts.authority = Some(authority);
    parts.path_and_query.get_or_insert_with(|| PathAndQuery::from_static("/"));
    *request.uri_mut() =
        Uri::from_parts(parts).map_err(|error| bad(format!("address for {target}: {error}")))?;
    *request.version_mut() = Version::HTTP_2;
    Ok(request)
}

/// Back to a path as target and a `Host` header, for a connection of another kind.
fn origin_form(mut request: Request<RequestBody>) -> Request<RequestBody> {
    let parts = std::mem::take(request.uri_mut()).into_parts();
    if let Some(authority) = parts.authority
        && let Ok(host) = http::HeaderValue::from_str(authority.as_str())
    {
        request.headers_mut().insert(header::HOST, host);
    }
    if let Some(path) = parts.path_and_query {
        *request.uri_mut() = Uri::from(path);
    }
    request
}
