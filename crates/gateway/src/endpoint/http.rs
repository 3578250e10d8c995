//! A leaf that talks to a URL: `http`, `address` and `service` endpoints.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use compiler::address;
use compiler::plan::{Dialect, Http2, HttpPlan, TimeoutAction, TrustedCertificate};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, Version, header};
use model::fault::{FaultCode, ProtocolState};
use tokio::time::Instant;

use super::LeafName;
use super::health::{Health, Readiness, State, Ticket, Transition};
use crate::body::{RequestBody, ResponseBody, UpstreamBody};
use crate::clock;
use crate::config::proxies::Proxies;
use crate::config::{GatewayConfig, Timeouts};
use crate::exchange::Exchange;
use crate::fault::{Failure, Fault};
use crate::forward::{self, Rewrite, Wish};
use crate::known::Known;
use crate::snapshot::LiveApi;
use crate::telemetry::metric::{EndpointLabels, EndpointMetrics, Outcome};
use crate::tunnel;
use crate::upstream::tls::TrustStore;
use crate::upstream::{Answer, Client as _, SendFailure, Target, Terms};
use crate::variables;

/// What describes a body.
const BODY_HEADERS: [(Known, header::HeaderName); 2] =
    [(Known::ContentLength, header::CONTENT_LENGTH), (Known::ContentType, header::CONTENT_TYPE)];

/// What a leaf is made from, besides its plan.
pub(crate) struct LeafContext<'a> {
    pub(crate) labels: EndpointLabels,
    pub(crate) config: &'a GatewayConfig,
    pub(crate) trust: &'a Arc<TrustStore>,
    pub(crate) certificates: &'a [TrustedCertificate],
    pub(crate) preserve_host: bool,
}

/// A URL with its state.
#[derive(Debug)]
pub struct HttpLeaf {
    /// The plan it was built from.
    pub plan: HttpPlan,
    /// Whether it may be called.
    pub health: Health,
    /// Counters.
    pub metrics: EndpointMetrics,
    name: LeafName,
    /// The address, when it has no variables.
    fixed: Option<Address>,
    trust: Arc<TrustStore>,
    certificates: Vec<TrustedCertificate>,
    proxies: Proxies,
    preserve_host: bool,
}

/// Where a request goes.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    pub(crate) target: Arc<Target>,
    /// The `Host` to send.
    pub(crate) host: HeaderValue,
    /// Path and query of the endpoint's own address, possibly empty.
    pub(crate) base: Box<str>,
}

impl HttpLeaf {
    /// Attaches state, counters and connections to a plan.
    pub(crate) fn new(plan: &HttpPlan, context: &LeafContext<'_>) -> Self {
        let mut leaf = Self {
            plan: plan.clone(),
            health: Health::new(&plan.resilience, &context.config.endpoint_defaults),
            metrics: EndpointMetrics::new(
                EndpointLabels { name: plan.name.as_str().into(), ..context.labels.clone() },
                context.config.workers,
            ),
            name: Arc::from(plan.name.as_str()),
            fixed: None,
            trust: Arc::clone(context.trust),
            certificates: context.certificates.to_vec(),
            proxies: context.config.upstream.proxies.clone(),
            preserve_host: context.preserve_host || context.config.forwarding.preserve_host,
        };
        if plan.url.is_static() {
            leaf.fixed = leaf.address(plan.url.as_str(), plan.http2).ok();
        }
        leaf
    }

    /// The name as WSO2 prints it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Calls the URL (steps 6 and 7 of a request) and judges what came of it.
    pub(crate) async fn call(
        &self,
        exchange: &mut Exchange,
        api: &LiveApi,
    ) -> Result<Response<ResponseBody>, Failure> {
        exchange.record.attempts.endpoint = Some(Arc::clone(&self.name));
        let ticket = self.admit(exchange)?;
        let address = self.resolve(exchange, api)?;
        let (mut request, wish) = self.request(exchange, &address, api)?;
        exchange.record.attempts.target = Some(Arc::clone(&address.target));
        let started = Instant::now();
        match self.send(exchange, &address, (&mut request, wish), started).await {
            Ok(answer) => {
                self.succeeded(ticket);
                if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
                    return tunnel::open(exchange, answer, wish);
                }
                let socket = exchange.snapshot.config.timeouts.socket;
                let (mut head, body) = answer.into_parts();
                self.rewrite(exchange, &mut head, &address);
                let body = UpstreamBody::new(body, socket);
                Ok(Response::from_parts(head, ResponseBody::upstream(body)))
            }
            Err(failure) => Err(Box::pin(self.failed(exchange, ticket, failure, started)).await),
        }
    }

    fn admit(&self, exchange: &Exchange) -> Result<Ticket<'_>, Failure> {
        match self.health.ready(Instant::now()) {
            Readiness::Yes(ticket) => Ok(ticket),
            Readiness::No { state, .. } => {
                self.metrics.refuse(exchange.record.connection.worker.index);
                let kind = match self.plan.dialect {
                    Dialect::Http => "Currently, HTTP endpoint",
                    Dialect::Address => "Currently , Address endpoint",
                };
                let text =
                    format!("{kind} : [ Name : {} ] [ State : {} ]", self.name, state.as_str());
                Err(Fault::new(FaultCode::NotReady).describe(text).into())
            }
        }
    }

    /// The address for this request.
    pub(crate) fn resolve(
        &self,
        exchange: &Exchange,
        api: &LiveApi,
    ) -> Result<Cow<'_, Address>, Failure> {
        let http2 = self.http2(exchange);
        if let Some(fixed) = self.fixed.as_ref().filter(|fixed| fixed.target.http2 == http2) {
            return Ok(Cow::Borrowed(fixed));
        }
        let expanded = self.plan.url.expand(|name| variables::lookup(exchange, api, name));
        self.address(&expanded, http2)
            // Text that is no address after expansion is tried as it was written (spec/01 §3.3).
            .or_else(|_invalid| self.address(self.plan.url.as_str(), http2))
            .map(Cow::Owned)
            .map_err(|detail| Fault::new(FaultCode::NoTransport).internal(detail).into())
    }

    /// gRPC has no other way over clear text than HTTP/2 with prior knowledge.
    fn http2(&self, exchange: &Exchange) -> Http2 {
        let is_clear = self.fixed.as_ref().is_none_or(|fixed| fixed.target.tls.is_none());
        let is_grpc = || {
            exchange.head.version == Version::HTTP_2
                && exchange
                    .head
                    .headers
                    .get(header::CONTENT_TYPE)
                    .is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
        };
        match self.plan.http2 {
            Http2::Negotiate if is_clear && is_grpc() => Http2::Always,
            // A tunnel needs a connection of its own.
            Http2::Negotiate if !is_clear && forward::wish(exchange) == Wish::Upgrade => {
                Http2::Never
            }
            choice => choice,
        }
    }

    fn address(&self, url: &str, http2: Http2) -> Result<Address, String> {
        let uri = Uri::try_from(url).map_err(|error| format!("`{url}` is no address: {error}"))?;
        let authority = uri.authority().ok_or_else(|| format!("`{url}` names no host"))?;
        let is_secure = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => false,
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            _ => return Err(format!("`{url}` has neither http nor https as scheme")),
        };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let default_port = if is_secure { 443 } else { 80 };
        let port =
            port(authority, default_port).ok_or_else(|| format!("`{url}` has no valid port"))?;
        let tls = if is_secure {
            Some(self.trust.connector_for(host, port, &self.certificates, http2.into()))
        } else {
            None
        };
        let proxy = self.proxies.choose(is_secure, host);
        let shown = if port == default_port { authority.host() } else { authority.as_str() };
        let shown = shown.rsplit_once('@').map_or(shown, |(_user, host)| host);
        Ok(Address {
            target: Arc::new(Target::new(host, port, tls, http2).through(proxy)),
            host: HeaderValue::from_str(shown).map_err(|error| error.to_string())?,
            base: base(url, authority.as_str()).into(),
        })
    }

    /// The request to send; the exchange's headers and body go into it.
    pub(crate) fn request(
        &self,
        exchange: &mut Exchange,
        address: &Address,
        api: &LiveApi,
    ) -> Result<(Request<RequestBody>, Wish), Failure> {
        let path = self.path(exchange, address)?;
        let host = self.host(exchange, address).clone();
        let auth_header = api
            .plan
            .security
            .authorization_header
            .clone()
            .unwrap_or_else(|| exchange.snapshot.config.admission.authorization_header.clone());
        let wish = forward::request_headers(exchange, host, &auth_header);
        let mut body = std::mem::replace(&mut exchange.body, RequestBody::Empty);
        if !forward::carries_body(&exchange.head.method) {
            body = RequestBody::Empty;
            for (_, name) in BODY_HEADERS.iter().filter(|(known, _)| exchange.present.has(*known)) {
                exchange.head.headers.remove(name);
            }
        }
        let mut request = Request::new(body);
        *request.method_mut() = exchange.head.method.clone();
        *request.uri_mut() = Uri::from(path);
        *request.headers_mut() = std::mem::take(&mut exchange.head.headers);
        Ok((request, wish))
    }

    /// The `Host` that the upstream is told.
    fn host<'a>(&self, exchange: &'a Exchange, address: &'a Address) -> &'a HeaderValue {
        let is_own = self.preserve_host && !exchange.record.host.is_empty();
        if is_own { &exchange.record.host } else { &address.host }
    }

    fn path(&self, exchange: &Exchange, address: &Address) -> Result<PathAndQuery, Failure> {
        let postfix = exchange.postfix();
        let mut path = String::with_capacity(address.base.len() + postfix.len() + 1);
        if self.is_bare(exchange) {
            path.push_str(&address.base);
        } else {
            address::join(&address.base, postfix, &mut path);
        }
        if !path.starts_with('/') {
            path.insert(0, '/');
        }
        PathAndQuery::try_from(path).map_err(|error| {
            Fault::new(FaultCode::NoTransport).internal(format!("no valid address: {error}")).into()
        })
    }

    /// A SOAP message to an `address` endpoint goes to the bare URL (spec/01 §3.3).
    fn is_bare(&self, exchange: &Exchange) -> bool {
        if self.plan.dialect != Dialect::Address || exchange.head.method != Method::POST {
            return false;
        }
        let content_type = exchange.head.headers.get(header::CONTENT_TYPE);
        let media = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim();
        media.eq_ignore_ascii_case("text/xml") || media.eq_ignore_ascii_case("application/soap+xml")
    }

    async fn send(
        &self,
        exchange: &mut Exchange,
        address: &Address,
        (request, wish): (&mut Request<RequestBody>, Wish),
        started: Instant,
    ) -> Result<Answer, SendFailure> {
        let worker = &exchange.record.connection.worker;
        let mut attempt = Attempt::begin(&self.metrics, worker.index);
        let config = &exchange.snapshot.config;
        let limit = self.limit(&config.timeouts);
        let terms = Terms {
            head: config.upstream.head,
            stall: config.timeouts.socket,
            awaits_continue: wish == Wish::Continue,
            interim: &exchange.interim,
        };
        let sending = worker.upstream.send(&address.target, request, terms);
        let sent = match tokio::time::timeout_at(started + limit, sending).await {
            Ok(sent) => sent,
            Err(_elapsed) => Err(SendFailure::before(
                FaultCode::Timeout,
                format!("{} did not answer within {} ms", address.target, limit.as_millis()),
            )),
        };
        let elapsed = started.elapsed();
        attempt.ended(sent.as_ref().err().map_or(Outcome::Success, outcome), elapsed);
        drop(attempt);
        let attempts = &mut exchange.record.attempts;
        attempts.count += 1;
        attempts.time += elapsed;
        sent
    }

    /// The time to the head of an answer.
    fn limit(&self, timeouts: &Timeouts) -> Duration {
        match self.plan.resilience.on_timeout {
            TimeoutAction::Never => timeouts.endpoint,
            TimeoutAction::Fault | TimeoutAction::Discard => {
                self.plan.resilience.timeout.unwrap_or(timeouts.endpoint)
            }
        }
    }

    fn rewrite(&self, exchange: &Exchange, head: &mut http::response::Parts, address: &Address) {
        let path = exchange.head.uri.path();
        let rewrite = Rewrite {
            rules: &exchange.snapshot.config.forwarding,
            upstream: self.host(exchange, address).to_str().unwrap_or_default(),
            base_path: address.base.split('?').next().unwrap_or_default(),
            context: path.get(..exchange.context_length).unwrap_or_default(),
            scheme: exchange.record.connection.scheme(),
            host: exchange.record.host.to_str().unwrap_or_default(),
        };
        head.version = Version::HTTP_11;
        forward::response_headers(&mut head.headers, head.status, &rewrite);
    }

    fn succeeded(&self, ticket: Ticket<'_>) {
        if let Some(transition) = self.health.succeeded(ticket, Instant::now()) {
            self.log(&transition, None);
        }
    }

    /// The lines that people look for in the log (spec/01 §2.5).
    fn log(&self, transition: &Transition, failure: Option<&SendFailure>) {
        let cause = failure.map(|failure| failure.detail.as_str());
        for line in transition.lines(&self.name, self.plan.url.as_str(), clock::now()) {
            if transition.state() == State::Active {
                tracing::info!(endpoint = &*self.name, "{line}");
            } else {
                tracing::warn!(endpoint = &*self.name, cause, "{line}");
            }
        }
    }

    /// Judges a failed call (spec/01 §2.3, §2.7).
    async fn failed(
        &self,
        exchange: &Exchange,
        ticket: Ticket<'_>,
        failure: SendFailure,
        started: Instant,
    ) -> Failure {
        if failure.by_client || failure.over_kept {
            return Fault::from(failure).into();
        }
        let timed_out = failure.code == FaultCode::Timeout;
        let action = self.plan.resilience.on_timeout;
        if !(timed_out && action == TimeoutAction::Never) {
            let number = failure.code.number(failure.state);
            if let Some(transition) = self.health.failed(ticket, number, Instant::now()) {
                self.log(&transition, Some(&failure));
            }
        }
        let is_silent = match action {
            TimeoutAction::Fault => false,
            TimeoutAction::Discard => true,
            TimeoutAction::Never => timed_out,
        };
        if is_silent {
            let socket = exchange.snapshot.config.timeouts.socket;
            tokio::time::sleep_until(started + socket).await;
            return Failure::Silence;
        }
        Fault::from(failure).into()
    }
}

/// The port that is named, or the default; `None` where what is named is no port.
fn port(authority: &Authority, default: u16) -> Option<u16> {
    let (_, tail) = authority.as_str().rsplit_once(authority.host())?;
    match tail.strip_prefix(':') {
        None | Some("") => Some(default),
        Some(digits) => digits.parse().ok(),
    }
}

/// Everything after the authority, as it was written.
fn base<'a>(url: &'a str, authority: &str) -> &'a str {
    url.split_once("://")
        .and_then(|(_scheme, rest)| rest.strip_prefix(authority))
        .and_then(|rest| rest.split('#').next())
        .unwrap_or_default()
}

/// Counts one attempt, also when it is given up.
struct Attempt<'a> {
    metrics: &'a EndpointMetrics,
    worker: usize,
    outcome: Outcome,
    to_head: Option<Duration>,
}

impl<'a> Attempt<'a> {
    fn begin(metrics: &'a EndpointMetrics, worker: usize) -> Self {
        metrics.begin(worker);
        Self { metrics, worker, outcome: Outcome::Other, to_head: None }
    }

    fn ended(&mut self, outcome: Outcome, elapsed: Duration) {
        self.outcome = outcome;
        self.to_head = (outcome == Outcome::Success).then_some(elapsed);
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        self.metrics.finish(self.worker, self.outcome, self.to_head);
    }
}

fn outcome(failure: &SendFailure) -> Outcome {
    match failure.code {
        FaultCode::ConnectFailed => Outcome::ConnectFailed,
        FaultCode::ConnectTimeout => Outcome::ConnectTimeout,
        FaultCode::Timeout => Outcome::Timeout,
        FaultCode::ConnectionClosed => Outcome::Closed,
        FaultCode::ProtocolViolation => Outcome::Protocol,
        FaultCode::SenderIo if failure.state == ProtocolState::RequestReady => Outcome::Tls,
        _ => Outcome::Other,
    }
}
