//! Calling a function: with a signature, and again where it has not run.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};
use lambda::Repeat;
use model::fault::FaultCode;
use tokio::time::{Instant, timeout_at};

use super::super::attempt::{Attempt, Count, Surroundings, outcome};
use super::{Failed, Functions, Invoking};
use crate::body::{RequestBody, RequestSource};
use crate::clock;
use crate::endpoint::group::repeat::Sent;
use crate::sign::aws::{self, Keys, NoKeys, Signed};
use crate::telemetry::metric::Outcome;
use crate::upstream::{Answer, Client as _, Reached, SendFailure, Terms};

const INVOCATION_TYPE: HeaderName = HeaderName::from_static("x-amz-invocation-type");
const CLIENT_CONTEXT: HeaderName = HeaderName::from_static("x-amz-client-context");
/// By which AWS follows a request through its services.
const TRACE: HeaderName = HeaderName::from_static("x-amzn-trace-id");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const AGENT: HeaderValue = HeaderValue::from_static("Weir");

/// The first pause before another call is between nothing and this; each later one may be twice as
/// long.
const PAUSE: Duration = Duration::from_millis(50);
/// The longest one, unless the service asks for more.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

impl Attempt<'_> {
    /// Calls the function, and waits for the head of an answer to the client.
    pub(in super::super) async fn invoke(
        &mut self,
        surroundings: Surroundings<'_>,
    ) -> Result<Answer, SendFailure> {
        let taken = self.leaf.functions.as_deref().zip(self.invoking.take());
        let Some((functions, call)) = taken else {
            let detail = "there is nobody who calls its function";
            return Err(SendFailure::before(FaultCode::EndpointSecurity, detail));
        };
        let invoked = self.invoke_repeatedly(functions, &call, surroundings).await;
        self.invoking = Some(call);
        self.elapsed = self.started.elapsed();
        invoked
    }

    async fn invoke_repeatedly(
        &mut self,
        functions: &Functions,
        call: &Invoking,
        surroundings: Surroundings<'_>,
    ) -> Result<Answer, SendFailure> {
        functions.budget.earn(self.started);
        let own = self.started + call.plan.timeout;
        let until = surroundings.deadline.map_or(own, |deadline| deadline.min(own));
        let mut calls = 0;
        loop {
            calls += 1;
            let keys = functions.keys(self.started, until).await?;
            let mut count = Count::begin(&self.leaf.metrics, surroundings.worker.index);
            let begun = Instant::now();
            let called = self.invoke_once(functions, call, &keys, (surroundings, until)).await;
            let ended = called.as_ref().err().map_or(Outcome::Success, |why| outcome(&why.failure));
            count.ended(ended, begun.elapsed());
            let failed = match called {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            let has_other_keys = || functions.account.refused(&keys);
            let may_help = match failed.repeat {
                Repeat::No => false,
                Repeat::Later => true,
                Repeat::WithNewCredentials => has_other_keys(),
            };
            let pause = functions.pause(&failed, calls, until).filter(|_| may_help);
            let Some(pause) = pause else { return Err(failed.failure) };
            tokio::time::sleep(pause).await;
            self.reached = Reached::default();
        }
    }

    async fn invoke_once(
        &mut self,
        functions: &Functions,
        call: &Invoking,
        keys: &Keys,
        (surroundings, until): (Surroundings<'_>, Instant),
    ) -> Result<Answer, Failed> {
        self.request = call.request(functions, &self.address.host, keys)?;
        let Surroundings { worker, config, interim, .. } = surroundings;
        let terms = Terms {
            head: config.upstream.head,
            stall: config.timeouts.socket.max(call.plan.timeout),
            awaits_continue: false,
            interim,
            reached: &self.reached,
        };
        let sending = worker.upstream.send(&self.address.target, &mut self.request, terms);
        let silent = functions.silence.map_or(until, |silence| until.min(Instant::now() + silence));
        let answer = match timeout_at(silent, sending).await {
            Err(_elapsed) => return Err(call.late().into()),
            Ok(Ok(answer)) => answer,
            Ok(Err(failure)) => {
                let is_unsent = self.sent() == Sent::Nothing && !failure.by_client;
                let repeat = if is_unsent { Repeat::Later } else { Repeat::No };
                return Err(Failed { failure, repeat, asked: None });
            }
        };
        if !answer.status().is_success() {
            let failed = call.refused(answer, until).await;
            if has_not_run(failed.failure.code) {
                self.reached.take_back();
            }
            return Err(failed);
        }
        Ok(call.answered(answer, until).await?)
    }
}

/// Whether the service said no before the function was begun.
fn has_not_run(code: FaultCode) -> bool {
    !matches!(code, FaultCode::LambdaService | FaultCode::LambdaTimeout)
}

#[cold]
fn unsigned(why: &NoKeys) -> SendFailure {
    SendFailure::before(FaultCode::EndpointSecurity, why.to_string())
}

impl Functions {
    /// What calls are signed with.
    async fn keys(&self, now: Instant, until: Instant) -> Result<Arc<Keys>, SendFailure> {
        if let Some(keys) = self.account.current(now) {
            return Ok(keys);
        }
        let had = Box::pin(self.account.get(Some(until))).await;
        had.map_err(|why| unsigned(&why))
    }

    /// How long to wait before another call; `None` where none is made.
    fn pause(&self, failed: &Failed, calls: u32, until: Instant) -> Option<Duration> {
        if failed.repeat == Repeat::No || calls >= self.attempts {
            return None;
        }
        let longest = PAUSE.saturating_mul(1 << calls.min(16)).min(LONGEST_PAUSE) / 2;
        let drawn = longest.mul_f64(rand::random());
        let pause = failed.asked.unwrap_or(drawn).max(drawn);
        let now = Instant::now();
        (now + pause < until && self.budget.spend(now)).then_some(pause)
    }
}

impl Invoking {
    /// The call, signed.
    fn request(
        &self,
        functions: &Functions,
        host: &HeaderValue,
        keys: &Keys,
    ) -> Result<Request<RequestBody>, SendFailure> {
        let mut headers = HeaderMap::with_capacity(12);
        headers.insert(header::HOST, host.clone());
        headers.insert(header::CONTENT_TYPE, JSON);
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(self.event.len()));
        headers.insert(header::USER_AGENT, AGENT);
        let kind = HeaderValue::from_static(self.plan.invocation.header());
        headers.insert(INVOCATION_TYPE, kind);
        let context = self.plan.client_context.as_deref();
        let context = context.and_then(|context| HeaderValue::from_str(context).ok());
        headers.extend(context.map(|context| (CLIENT_CONTEXT, context)));
        let signed = Signed {
            method: "POST",
            host: host.to_str().unwrap_or_default(),
            path_and_query: self.path.as_str(),
            body: &self.event,
            region: &functions.region,
            service: "lambda",
        };
        aws::sign(signed, keys, &mut headers, clock::now()).map_err(|why| unsigned(&why))?;
        headers.extend(self.headers.get(&TRACE).map(|trace| (TRACE, trace.clone())));
        let source = RequestSource::Ready(self.event.clone());
        let mut request = Request::new(RequestBody::new(source, None, self.plan.timeout));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from(self.path.clone());
        *request.headers_mut() = headers;
        Ok(request)
    }

    /// Nothing came in time.
    pub(super) fn late(&self) -> SendFailure {
        let (function, limit) = (&self.plan.function, self.plan.timeout.as_millis());
        let detail = format!("{function} did not answer within {limit} ms");
        SendFailure::before(FaultCode::LambdaTimeout, detail)
    }
}
