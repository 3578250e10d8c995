//! One attempt at a leaf: what is sent, how long it may take, and how it is judged.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use compiler::plan::TimeoutAction;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use model::fault::{FaultCode, ProtocolState};
use tokio::time::Instant;

use super::HttpLeaf;
use super::address::Address;
use super::authorize::Showing;
use super::lambda::Invoking;
use super::write;
use crate::body::{RequestBody, ResponseBody, UpstreamBody};
use crate::config::{GatewayConfig, Timeouts};
use crate::endpoint::group::repeat::{Failed, Sent};
use crate::endpoint::health::Ticket;
use crate::endpoint::limit::Pass;
use crate::exchange::Exchange;
use crate::fault::Failure;
use crate::forward::Wish;
use crate::interim::Interim;
use crate::telemetry::metric::{EndpointMetrics, Outcome};
use crate::tunnel;
use crate::upstream::{Answer, Client as _, Reached, SendFailure, Target, Terms};
use crate::worker::Worker;

/// What an attempt needs of the exchange while it is under way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Surroundings<'a> {
    pub(crate) worker: &'a Worker,
    pub(crate) config: &'a GatewayConfig,
    pub(crate) interim: &'a Interim,
    /// The end of the time that all attempts have together.
    pub(crate) deadline: Option<Instant>,
}

impl<'a> Surroundings<'a> {
    /// Those of an exchange without a deadline.
    pub(crate) fn of(exchange: &'a Exchange) -> Self {
        Self {
            worker: &exchange.record.connection.worker,
            config: &exchange.snapshot.config,
            interim: &exchange.interim,
            deadline: None,
        }
    }
}

/// One request on its way to a leaf.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    pub(super) leaf: &'a HttpLeaf,
    /// Until the leaf was told how the attempt went.
    pub(super) ticket: Option<Ticket<'a>>,
    pub(super) pass: Pass,
    pub(super) address: Cow<'a, Address>,
    pub(super) request: Request<RequestBody>,
    pub(super) wish: Wish,
    /// What the client had in the header of the leaf's credentials.
    pub(super) replaced: Option<Box<HeaderValue>>,
    /// The headers that came with the message, where another one is sent.
    pub(super) originals: Option<Box<write::Originals>>,
    /// What has to be had before the leaf is called.
    pub(super) showing: Option<Box<Showing>>,
    /// The event of the message, where a function is called.
    pub(super) invoking: Option<Box<Invoking>>,
    pub(super) reached: Reached,
    pub(super) started: Instant,
    pub(super) elapsed: Duration,
}

impl<'a> Attempt<'a> {
    /// Sends the request with what the leaf is shown, and waits for the head of the answer.
    pub(crate) async fn send(
        &mut self,
        surroundings: Surroundings<'_>,
    ) -> Result<Answer, SendFailure> {
        if self.leaf.plan.lambda.is_some() {
            return Box::pin(self.invoke(surroundings)).await;
        }
        let has_to_show = self.showing.is_some();
        if has_to_show {
            if !self.sign_now() {
                Box::pin(self.sign(surroundings.deadline)).await?;
            }
            self.keep_head(&surroundings);
        }
        let answer = self.send_once(surroundings).await?;
        // Taken whole: what is only looked at here would add to the future of every call.
        match self.judged(answer) {
            Ok(answer) => Ok(answer),
            Err(refused) => Box::pin(self.refused(refused, surroundings)).await,
        }
    }

    /// Sends the request as it is.
    pub(super) async fn send_once(
        &mut self,
        surroundings: Surroundings<'_>,
    ) -> Result<Answer, SendFailure> {
        let Surroundings { worker, config, interim, deadline } = surroundings;
        let mut count = Count::begin(&self.leaf.metrics, worker.index);
        let limit = self.started + self.leaf.limit(&config.timeouts);
        let until = deadline.map_or(limit, |deadline| deadline.min(limit));
        let terms = Terms {
            head: config.upstream.head,
            stall: config.timeouts.socket,
            awaits_continue: self.wish == Wish::Continue || self.asks_first(),
            interim,
            reached: &self.reached,
        };
        let target = &self.address.target;
        let sending = worker.upstream.send(target, &mut self.request, terms);
        let sent = match tokio::time::timeout_at(until, sending).await {
            Ok(sent) => sent,
            Err(_elapsed) => Err(timed_out(target, self.started, until)),
        };
        self.elapsed = self.started.elapsed();
        count.ended(sent.as_ref().err().map_or(Outcome::Success, outcome), self.elapsed);
        sent
    }

    fn asks_first(&self) -> bool {
        self.showing.as_ref().is_some_and(|showing| showing.asks_first())
    }

    /// The leaf that is called.
    pub(crate) fn leaf(&self) -> &'a HttpLeaf {
        self.leaf
    }

    /// Where the request goes.
    pub(crate) fn target(&self) -> &Arc<Target> {
        &self.address.target
    }

    /// When it began.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// The headers that are sent, unless they were handed over already.
    pub(crate) fn headers(&self) -> &HeaderMap {
        match &self.invoking {
            Some(call) => &call.headers,
            None => self.request.headers(),
        }
    }

    /// How long it took, once it has ended.
    pub(crate) fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// How much of the request can have reached the upstream.
    pub(crate) fn sent(&self) -> Sent {
        if self.reached.is_possible() { Sent::Perhaps } else { Sent::Nothing }
    }

    /// Whether its end is that of the leaf's own time, or of all the time that there was: one that
    /// was cut shorter says nothing of the leaf.
    fn had_its_time(&self, surroundings: &Surroundings<'_>, is_first: bool) -> bool {
        let own = self.started + self.leaf.limit(&surroundings.config.timeouts);
        is_first || surroundings.deadline.is_none_or(|deadline| deadline >= own)
    }

    /// The headers once more, after the attempt has failed; without what was for this leaf or for
    /// a proxy alone.
    pub(crate) fn take_headers(&mut self) -> HeaderMap {
        let headers = match &mut self.invoking {
            Some(call) => std::mem::take(&mut call.headers),
            None => std::mem::take(self.request.headers_mut()),
        };
        self.for_others(headers)
    }

    /// Headers that another leaf may be sent: nobody learns the credentials of this one.
    fn for_others(&self, mut headers: HeaderMap) -> HeaderMap {
        headers.remove(header::PROXY_AUTHORIZATION);
        if let Some(originals) = &self.originals {
            write::restore(&mut headers, originals);
        }
        if let Some(name) = self.leaf.credentials_header() {
            match &self.replaced {
                Some(value) => headers.insert(name, HeaderValue::clone(value)),
                None => headers.remove(name),
            };
        }
        headers
    }

    /// A copy of the headers, where a call that fails loses them.
    pub(crate) fn copy_headers(&self, worker: &Worker) -> Option<HeaderMap> {
        // Those of a message to a function stay here.
        let keeps = self.invoking.is_some() || worker.upstream.keeps_headers(&self.address.target);
        (!keeps).then(|| self.copied_headers())
    }

    /// A copy of the headers for another leaf.
    pub(crate) fn copied_headers(&self) -> HeaderMap {
        self.for_others(self.headers().clone())
    }

    /// Tells the leaf that it has answered, whatever becomes of the answer.
    pub(crate) fn succeeded(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.leaf.succeeded(ticket);
        }
    }

    /// Makes an answer of what the upstream has answered.
    pub(crate) fn answered(
        mut self,
        exchange: &mut Exchange,
        answer: Answer,
    ) -> Result<Response<ResponseBody>, Failure> {
        self.succeeded();
        if let Some(showing) = &self.showing {
            showing.settle();
        }
        let Self { leaf, pass, address, wish, .. } = self;
        exchange.record.pass = Some(pass);
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            return tunnel::open(exchange, answer, wish);
        }
        let socket = exchange.snapshot.config.timeouts.socket;
        let (mut head, body) = answer.into_parts();
        leaf.rewrite(exchange, &mut head, &address);
        let body = UpstreamBody::new(body, socket);
        Ok(Response::from_parts(head, ResponseBody::upstream(body)))
    }

    /// Tells the leaf that it failed, unless it is not to blame (spec/01 §2.3, §2.7); `is_first` is
    /// whether the attempt had all the time that there is.
    pub(crate) fn judge(
        self,
        failure: &SendFailure,
        surroundings: &Surroundings<'_>,
        is_first: bool,
    ) {
        if !failure.speaks_against_upstream() {
            return;
        }
        if failure.code == FaultCode::Timeout && !self.had_its_time(surroundings, is_first) {
            return;
        }
        if let Some(ticket) = self.ticket {
            self.leaf.failed(ticket, failure);
        }
    }
}

impl HttpLeaf {
    /// The time to the head of an answer.
    pub(super) fn limit(&self, timeouts: &Timeouts) -> Duration {
        match self.plan.resilience.on_timeout {
            TimeoutAction::Never => timeouts.endpoint,
            TimeoutAction::Fault | TimeoutAction::Discard => {
                self.plan.resilience.timeout.unwrap_or(timeouts.endpoint)
            }
        }
    }

    /// Whether a failure is answered with nothing (spec/01 §2.7).
    pub(crate) fn is_silent(&self, failure: &SendFailure) -> bool {
        match self.plan.resilience.on_timeout {
            TimeoutAction::Fault => false,
            _ if !failure.speaks_against_upstream() => false,
            TimeoutAction::Discard => true,
            TimeoutAction::Never => failure.code == FaultCode::Timeout,
        }
    }
}

#[cold]
fn timed_out(target: &Target, started: Instant, until: Instant) -> SendFailure {
    let limit = until.saturating_duration_since(started).as_millis();
    SendFailure::before(FaultCode::Timeout, format!("{target} did not answer within {limit} ms"))
}

/// How a call failed, as far as a group looks at it.
pub(crate) fn how(failure: &SendFailure, sent: Sent) -> Failed {
    match failure.code {
        FaultCode::ConnectFailed | FaultCode::ConnectTimeout => Failed::Connect,
        FaultCode::Timeout => Failed::Timeout,
        FaultCode::LambdaTimeout => Failed::Timeout,
        code if sent == Sent::Nothing && is_before_call(code) => Failed::Connect,
        _ => Failed::Reset,
    }
}

/// Whether it can have happened before anything was called.
fn is_before_call(code: FaultCode) -> bool {
    matches!(
        code,
        FaultCode::SenderIo
            | FaultCode::EndpointSecurity
            | FaultCode::LambdaThrottled
            | FaultCode::LambdaNotFound
            | FaultCode::LambdaDenied
            | FaultCode::LambdaTooLarge
            | FaultCode::LambdaNotReady
            | FaultCode::LambdaSetup
            | FaultCode::LambdaEvent
    )
}

pub(crate) fn outcome(failure: &SendFailure) -> Outcome {
    match failure.code {
        FaultCode::ConnectFailed => Outcome::ConnectFailed,
        FaultCode::ConnectTimeout => Outcome::ConnectTimeout,
        FaultCode::Timeout | FaultCode::LambdaTimeout => Outcome::Timeout,
        FaultCode::LambdaThrottled => Outcome::Throttled,
        FaultCode::LambdaFailed | FaultCode::LambdaAnswer => Outcome::Function,
        FaultCode::ConnectionClosed => Outcome::Closed,
        FaultCode::EndpointSecurity => Outcome::NoCredentials,
        FaultCode::ProtocolViolation => Outcome::Protocol,
        FaultCode::SenderIo if failure.state == ProtocolState::RequestReady => Outcome::Tls,
        _ => Outcome::Other,
    }
}

/// Counts one attempt, also when it is given up.
pub(super) struct Count<'a> {
    metrics: &'a EndpointMetrics,
    worker: usize,
    outcome: Outcome,
    to_head: Option<Duration>,
}

impl<'a> Count<'a> {
    pub(super) fn begin(metrics: &'a EndpointMetrics, worker: usize) -> Self {
        metrics.begin(worker);
        Self { metrics, worker, outcome: Outcome::Other, to_head: None }
    }

    pub(super) fn ended(&mut self, outcome: Outcome, elapsed: Duration) {
        self.outcome = outcome;
        self.to_head = (outcome == Outcome::Success).then_some(elapsed);
    }
}

impl Drop for Count<'_> {
    fn drop(&mut self) {
        self.metrics.finish(self.worker, self.outcome, self.to_head);
    }
}
