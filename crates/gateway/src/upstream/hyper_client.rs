//! The client over hyper's connections, with a pool of our own.

use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response, Version, header};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use model::fault::FaultCode;

use super::connect::{self, Dialed};
use super::failure::SendFailure;
use super::http2_pool::{self, Http2Pool, Outcome};
use super::pool::{Http1, Lease, Pool};
use super::{Answer, AnswerBody, Client, Reached, Target, Terms, proxy};
use crate::body::RequestBody;
use crate::config::Http2Limits;
use crate::transport::Transport;

/// How many pooled connections may turn out stale before a new one is opened.
const STALE_TRIES: usize = 3;

/// One worker's client.
#[derive(Debug)]
pub(crate) struct HyperClient {
    pool: Arc<Pool>,
    http2: Arc<Http2Pool>,
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
    pub(crate) fn new(connect_timeout: Duration, http2: Http2Limits) -> Self {
        let http2 = Arc::new(Http2Pool::new(http2));
        Self { pool: Arc::default(), http2, connect_timeout }
    }

    async fn over_pooled(
        &self,
        target: &Arc<Target>,
        request: Request<RequestBody>,
        connection: Http1,
        reached: &Reached,
    ) -> Attempt {
        match self.over_http1(target, request, connection, reached).await {
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
        reached: &Reached,
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
        let was_reached = reached.is_possible();
        reached.note();
        match connection.try_send_request(request).await {
            Ok(answer) => {
                let lease = Lease::new(connection, target, &self.pool, progress);
                Attempt::answered(answer, lease)
            }
            Err(mut error) => match error.take_message() {
                Some(request) => {
                    if !was_reached {
                        reached.take_back();
                    }
                    unsent(request, &error)
                }
                None => {
                    let failure = SendFailure::after(error.error(), progress.as_deref());
                    Attempt::Failed(failure).or(again)
                }
            },
        }
    }

    async fn over_new(
        &self,
        target: &Arc<Target>,
        request: Request<RequestBody>,
        reached: &Reached,
    ) -> Result<Answer, SendFailure> {
        let limit = self.connect_timeout;
        let Dialed { transport, is_http2 } = connect::dial(target, limit).await?;
        if is_http2 {
            return http2_pool::send_over(
                &self.http2,
                target,
                (request, transport),
                limit,
                reached,
            )
            .await;
        }
        self.over_first(target, request, transport, reached).await
    }

    /// Sends over a connection that was just opened.
    async fn over_first(
        &self,
        target: &Arc<Target>,
        request: Request<RequestBody>,
        transport: Transport,
        reached: &Reached,
    ) -> Result<Answer, SendFailure> {
        let connection = connect::http1_handshake(transport, target).await?;
        self.over_http1(target, request, connection, reached).await.last()
    }

    /// Sends over HTTP/2 where it is spoken; gives the request back where it is not.
    async fn over_http2(
        &self,
        target: &Arc<Target>,
        request: Request<RequestBody>,
        reached: &Reached,
    ) -> Result<Result<Answer, SendFailure>, Request<RequestBody>> {
        let limit = self.connect_timeout;
        match http2_pool::send(&self.http2, target, request, limit, reached).await {
            Outcome::Answered(answer) => Ok(Ok(*answer)),
            Outcome::Failed(failure) => Ok(Err(failure)),
            Outcome::Elsewhere(request, None) => Err(*request),
            Outcome::Elsewhere(request, Some(transport)) => {
                Ok(self.over_first(target, *request, transport, reached).await)
            }
        }
    }
}

impl Client for HyperClient {
    async fn send(
        &self,
        target: &Arc<Target>,
        request: &mut Request<RequestBody>,
        terms: Terms<'_>,
    ) -> Result<Answer, SendFailure> {
        let mut request = taken(request);
        let reached = terms.reached;
        if self.http2.may_speak(target) {
            // Boxed, as it is rarer than HTTP/1.1.
            match Box::pin(self.over_http2(target, request, reached)).await {
                Ok(sent) => return sent,
                Err(back) => request = back,
            }
        }
        for _ in 0..STALE_TRIES {
            let Some(connection) = self.pool.take(target) else { break };
            match self.over_pooled(target, request, connection, reached).await {
                Attempt::Answered(answer) => return Ok(*answer),
                Attempt::Failed(failure) => return Err(failure),
                // Nothing was sent, or it may be sent twice: another connection may carry it.
                Attempt::Unsent(unsent, _) => request = *unsent,
            }
        }
        // Boxed, since it is rare and its state would make every exchange larger.
        Box::pin(self.over_new(target, request, reached)).await
    }

    fn keeps_headers(&self, _target: &Target) -> bool {
        false
    }

    fn close_idle(&self, older_than: Duration) {
        self.pool.close_idle(older_than);
        self.http2.close_idle(older_than);
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

fn unsent(request: Request<RequestBody>, error: &TrySendError<Request<RequestBody>>) -> Attempt {
    let failure = SendFailure::before(
        FaultCode::ConnectionClosed,
        format!("the connection closed before the request was sent: {}", error.error()),
    );
    Attempt::Unsent(Box::new(request), failure)
}
