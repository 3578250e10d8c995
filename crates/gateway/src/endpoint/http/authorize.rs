//! Credentials that have to be had first: the challenge of an upstream (Digest), or a token.
//!
//! On the usual way there is a challenge or a token at hand, and nothing is waited for. What is
//! rare is boxed: waiting for a token, reading a body for its hash, and making the call once more
//! after 401.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use compiler::plan::Replay as Limits;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body::Body as _;
use model::fault::FaultCode;
use tokio::time::Instant;

use super::HttpLeaf;
use super::attempt::{Attempt, Surroundings};
use crate::body::{Replay, RequestBody};
use crate::exchange::Exchange;
use crate::sign::digest::Session;
use crate::sign::{Again, Live, Shown};
use crate::upstream::{Answer, Client as _, SendFailure};

/// The longest body that is read before it is sent, where its hash is asked for (`auth-int`), and
/// above which an upstream without a challenge is asked first whether it wants a body.
const HELD_BODY: usize = 1 << 20;
/// How long an answer is read that nobody gets.
const DRAIN_LIMIT: Duration = Duration::from_secs(1);

/// What an attempt needs to show what has to be had first.
#[derive(Debug)]
pub(super) struct Showing {
    source: Live,
    shown: Shown,
    /// The body, to be sent again.
    replay: Option<Replay>,
    /// Method, target and headers, where a call loses them.
    spare: Option<(Method, Uri, HeaderMap)>,
    /// How long the body is, where it is known.
    length: Option<u64>,
}

impl Showing {
    /// Takes note of the body of an exchange, which can be sent again from now on.
    fn new(source: Live, exchange: &mut Exchange) -> Self {
        let replay = exchange.keep_body();
        let length = exchange.body.size_hint().exact();
        Self { source, shown: Shown::Nothing, replay, spare: None, length }
    }

    /// The body, where it is kept.
    pub(super) fn replay(&self) -> Option<&Replay> {
        self.replay.as_ref()
    }

    /// Takes note of another body that is sent instead.
    pub(super) fn resend(&mut self, body: RequestBody) -> RequestBody {
        self.length = body.size_hint().exact();
        if matches!(body, RequestBody::Empty) {
            self.replay = None;
            return body;
        }
        let replay = Replay::new(body, Limits::default());
        let body = replay.body();
        self.replay = Some(replay);
        body
    }

    /// Whether the upstream is asked first whether it wants the body: it will refuse what has no
    /// proof, and a long body could not be sent again.
    pub(super) fn asks_first(&self) -> bool {
        let is_long = self.length.is_none_or(|length| length > HELD_BODY as u64);
        let is_bare = matches!((&self.source, &self.shown), (Live::Digest(_), Shown::Nothing));
        is_bare && is_long && self.replay.is_some()
    }

    /// Nothing has to be kept of the body any more.
    pub(super) fn settle(&self) {
        if let Some(replay) = &self.replay {
            replay.settle();
        }
    }

    fn is_repeatable(&self) -> bool {
        self.replay.as_ref().is_none_or(Replay::can_repeat)
    }

    /// The body for one more call.
    fn body(&self) -> RequestBody {
        self.replay.as_ref().map_or(RequestBody::Empty, Replay::body)
    }

    /// The whole body, for its hash.
    async fn whole_body(&self) -> Result<Bytes, SendFailure> {
        let Some(replay) = &self.replay else { return Ok(Bytes::new()) };
        replay.take_back();
        let body = replay.peek(HELD_BODY + 1, |_| false).await.map_err(|error| SendFailure {
            by_client: true,
            ..SendFailure::before(FaultCode::IncompletePayload, error.to_string())
        })?;
        if body.len() > HELD_BODY {
            return Err(too_long("its hash is asked for"));
        }
        Ok(body)
    }
}

impl HttpLeaf {
    /// What an attempt needs to show what has to be had first; `None` for other leaves.
    pub(super) fn showing(&self, exchange: &mut Exchange, origin: &str) -> Option<Box<Showing>> {
        let source = self.signer.as_deref()?.live(origin, exchange.caller_token.as_deref())?;
        Some(Box::new(Showing::new(source, exchange)))
    }
}

impl Attempt<'_> {
    /// Puts in what is at hand; whether that is all that can be shown without waiting.
    pub(super) fn sign_now(&mut self) -> bool {
        let Some(showing) = &self.showing else { return true };
        let (method, path) = (self.request.method(), path_of(self.request.uri()));
        let place = (&*self.address.target.name, path);
        let shown = showing.source.at_hand(place, method, self.started);
        shown.map(|shown| self.show(shown)).is_some()
    }

    /// Waits for what is not at hand; that does not count as time of the attempt.
    pub(super) async fn sign(&mut self, deadline: Option<Instant>) -> Result<(), SendFailure> {
        let Some(showing) = &self.showing else { return Ok(()) };
        let asked = Instant::now();
        match &showing.source {
            Live::Token(wanted) => {
                let token = wanted.get(deadline).await.map_err(|failure| no_token(&failure))?;
                self.show(Shown::Token(token));
            }
            Live::Digest(digest) => {
                let path = path_of(self.request.uri());
                if let Some(session) = digest.session(&self.address.target.name, path) {
                    self.prove(&session).await?;
                }
            }
        }
        self.started += asked.elapsed();
        Ok(())
    }

    fn show(&mut self, shown: Shown) {
        if let Some(header) = shown.header() {
            self.request.headers_mut().insert(AUTHORIZATION, header);
        }
        if let Some(showing) = &mut self.showing {
            showing.shown = shown;
        }
    }

    /// Answers a challenge.
    async fn prove(&mut self, session: &Arc<Session>) -> Result<(), SendFailure> {
        let Some(showing) = &self.showing else { return Ok(()) };
        let mut body = Bytes::new();
        if session.needs_body() {
            body = showing.whole_body().await?;
            *self.request.body_mut() = showing.body();
        }
        let path = path_of(self.request.uri());
        let proof = session.proof(self.request.method(), path, &body);
        self.show(Shown::Proof(proof));
        Ok(())
    }

    /// Keeps what a call loses and a second one needs.
    pub(super) fn keep_head(&mut self, surroundings: &Surroundings<'_>) {
        if surroundings.worker.upstream.keeps_headers(&self.address.target) {
            return;
        }
        let request = &self.request;
        let spare = (request.method().clone(), request.uri().clone(), request.headers().clone());
        if let Some(showing) = &mut self.showing {
            showing.spare = Some(spare);
        }
    }

    /// Learns from an answer to what was shown; one that asks for something else comes back as
    /// the error.
    pub(super) fn judged(&self, answer: Answer) -> Result<Answer, Box<Answer>> {
        let Some(showing) = &self.showing else { return Ok(answer) };
        if answer.status() == StatusCode::UNAUTHORIZED {
            return Err(Box::new(answer));
        }
        showing.source.accepted(&showing.shown, answer.headers());
        Ok(answer)
    }

    /// The upstream does not take what was shown, or nothing was: makes the call once more, where
    /// that makes sense.
    pub(super) async fn refused(
        &mut self,
        answer: Box<Answer>,
        surroundings: Surroundings<'_>,
    ) -> Result<Answer, SendFailure> {
        let Some(again) = self.learn(answer.headers()) else { return Ok(*answer) };
        let Some(showing) = &self.showing else { return Ok(*answer) };
        if !showing.is_repeatable() {
            // A token that has ended is no fault of the body; the next request has another one.
            return match again {
                Again::Token => Ok(*answer),
                Again::Challenge(_) => Err(too_long("it has to be sent again")),
            };
        }
        let body = showing.body();
        answer.into_body().drain(DRAIN_LIMIT).await;
        self.renew(body);
        match again {
            Again::Token => self.sign(surroundings.deadline).await?,
            Again::Challenge(session) => self.prove(&session).await?,
        }
        let answer = self.send_once(surroundings).await?;
        self.judged(answer).or_else(|refused| {
            // Whoever comes next knows more.
            self.learn(refused.headers());
            Ok(*refused)
        })
    }

    /// What is shown instead after 401; `None` where another call would bring nothing.
    fn learn(&self, answer: &HeaderMap) -> Option<Again> {
        let showing = self.showing.as_deref()?;
        let place = (&*self.address.target.name, self.spent_path());
        let again = showing.source.refused(place, &showing.shown, answer);
        again
            .inspect_err(|reason| {
                let (endpoint, target) = (self.leaf.name(), place.0);
                tracing::warn!(endpoint, target, reason, "An upstream answers 401.");
            })
            .ok()
    }

    /// The target of the request, also once it has been handed over.
    fn spent_path(&self) -> &str {
        let spare = self.showing.as_ref().and_then(|showing| showing.spare.as_ref());
        path_of(spare.map_or_else(|| self.request.uri(), |(_, uri, _)| uri))
    }

    /// The request once more, before anything is shown.
    fn renew(&mut self, body: RequestBody) {
        let spare = self.showing.as_mut().and_then(|showing| showing.spare.take());
        let mut request = Request::new(body);
        let (method, uri, headers) = spare.unwrap_or_else(|| {
            let old = &mut self.request;
            let headers = std::mem::take(old.headers_mut());
            (old.method().clone(), old.uri().clone(), headers)
        });
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        request.headers_mut().remove(http::header::PROXY_AUTHORIZATION);
        request.headers_mut().remove(AUTHORIZATION);
        self.request = request;
    }
}

fn path_of(uri: &Uri) -> &str {
    uri.path_and_query().map_or("/", |path| path.as_str())
}

#[cold]
fn no_token(detail: &str) -> SendFailure {
    SendFailure::before(FaultCode::EndpointSecurity, detail)
}

#[cold]
fn too_long(why: &str) -> SendFailure {
    let detail = format!("the body is longer than {HELD_BODY} bytes, and {why}");
    SendFailure { by_client: true, ..SendFailure::before(FaultCode::PayloadTooLarge, detail) }
}
