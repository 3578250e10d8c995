//! A leaf that talks to a URL: `http`, `address` and `service` endpoints.

mod address;
mod attempt;
mod authorize;
mod lambda;
mod write;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use compiler::plan::{Dialect, Http2, HttpPlan, Probe, TimeoutAction, TrustedCertificate};
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use model::fault::FaultCode;
use tokio::time::Instant;

use super::LeafName;
use super::check::{Check, Watch};
use super::health::{Health, Readiness, State, Ticket, Transition};
use super::limit::{Gate, Pass};
use crate::body::{RequestBody, ResponseBody};
use crate::clock;
use crate::config::GatewayConfig;
use crate::config::proxies::Proxies;
use crate::exchange::Exchange;
use crate::fault::{Failure, Fault};
use crate::forward::{self, Rewrite, Wish};
use crate::known::Known;
use crate::sign::oauth::{TokenReport, Tokens};
use crate::sign::{Fixed, Signer};
use crate::snapshot::LiveApi;
use crate::telemetry::metric::{EndpointLabels, EndpointMetrics};
use crate::upstream::guard::Guard;
use crate::upstream::tls::{Identity, TrustStore};
use crate::upstream::{Reached, SendFailure, SharedIdle};

pub(crate) use address::Address;
pub(crate) use attempt::{Attempt, Surroundings, how, outcome};
use lambda::Functions;

/// What describes a body.
const BODY_HEADERS: [(Known, HeaderName); 2] =
    [(Known::ContentLength, header::CONTENT_LENGTH), (Known::ContentType, header::CONTENT_TYPE)];

/// What a leaf is made from, besides its plan.
#[derive(Clone)]
pub(crate) struct LeafContext<'a> {
    pub(crate) labels: EndpointLabels,
    pub(crate) config: &'a Arc<GatewayConfig>,
    pub(crate) trust: &'a Arc<TrustStore>,
    pub(crate) certificates: &'a [TrustedCertificate],
    pub(crate) preserve_host: bool,
    /// Whether a group wants to know how many calls are in flight.
    pub(crate) counts: bool,
    /// All sources of tokens.
    pub(crate) tokens: &'a Arc<Tokens>,
    /// Who checks the health of endpoints.
    pub(crate) watch: Option<&'a Watch>,
    /// What guards and counts the targets of one endpoint, where addresses are computed.
    pub(crate) computed: Option<(&'a Arc<Guard>, &'a Arc<EndpointMetrics>)>,
}

/// Why a leaf takes no call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unready {
    /// Its health checks failed.
    Unhealthy,
    /// Calls failed, or somebody switched it off.
    State(State),
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
    /// What it takes at once.
    pub gate: Gate,
    /// Its health checks.
    pub check: Option<Arc<Check>>,
    /// The last failure, and when it was.
    last_error: Mutex<Option<(Instant, String)>>,
    name: LeafName,
    /// The address, when it has no variables.
    fixed: Option<Address>,
    trust: Arc<TrustStore>,
    certificates: Vec<TrustedCertificate>,
    /// Who it says that the gateway is.
    identity: Identity,
    proxies: Proxies,
    preserve_host: bool,
    /// Its connections, where there may be so many only.
    shared: Option<Arc<SharedIdle>>,
    /// What it is shown, where it wants to know who calls.
    signer: Option<Arc<Signer>>,
    /// What watches over its connections, where its address was computed.
    guard: Option<Arc<Guard>>,
    /// What it calls functions with.
    functions: Option<Box<Functions>>,
}

impl HttpLeaf {
    /// Attaches state, counters and connections to a plan.
    pub(crate) fn new(plan: &HttpPlan, context: &LeafContext<'_>) -> Self {
        let mut leaf = Self {
            plan: plan.clone(),
            health: Health::new(&plan.resilience, &context.config.endpoint_defaults),
            metrics: metrics(plan, context),
            name: Arc::from(plan.name.as_str()),
            gate: Gate::new(&plan.limits, context.counts),
            check: None,
            last_error: Mutex::default(),
            fixed: None,
            trust: Arc::clone(context.trust),
            certificates: context.certificates.to_vec(),
            identity: Identity::of(plan.identity.as_ref()),
            proxies: context.config.upstream.proxies.clone(),
            preserve_host: context.preserve_host || context.config.forwarding.preserve_host,
            shared: plan.limits.connections.map(|_| Arc::default()),
            signer: None,
            guard: context.computed.map(|(guard, _)| Arc::clone(guard)),
            functions: None,
        };
        if plan.url.is_static() {
            leaf.fixed = leaf.address(plan.url.as_str(), leaf.protocol()).ok();
        }
        let target = leaf.fixed.as_ref().map(|fixed| &*fixed.target.name);
        let credentials = plan.credentials.as_ref();
        let signer = credentials.and_then(|shown| Signer::new(shown, target, context));
        leaf.signer = signer.map(Arc::new);
        let account = leaf.signer.as_deref().and_then(Signer::account);
        leaf.functions = Functions::of(plan, account, &context.config.aws);
        leaf.check = leaf.checked(context.watch);
        leaf
    }

    /// Begins its health checks, where it has any. Without anybody to make them it is healthy.
    fn checked(&self, watch: Option<&Watch>) -> Option<Arc<Check>> {
        let plan = self.plan.health_check.as_ref()?;
        let http2 = match (&plan.probe, self.plan.url.as_str().starts_with("https:")) {
            // gRPC over clear text is HTTP/2 with prior knowledge.
            (Probe::Grpc { .. }, false) => Http2::Always,
            _ => self.protocol(),
        };
        let address = self.address(self.plan.url.as_str(), http2).ok()?;
        let check =
            Check::new(plan, self.shared_name(), address.target, address.host, self.signer.clone());
        if let Some(watch) = watch {
            watch.watch(&check);
        }
        Some(check)
    }

    /// The name as WSO2 prints it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name, to be shared with records.
    pub(crate) fn shared_name(&self) -> LeafName {
        Arc::clone(&self.name)
    }

    /// The last failure in words, and when it was.
    #[must_use]
    pub fn last_error(&self) -> Option<(Instant, String)> {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Since when it has been ready; `None` where it always was.
    pub(crate) fn ready_since(&self) -> Option<Instant> {
        let checked = self.check.as_ref().and_then(|check| check.turned_at());
        self.health.ready_since().max(checked)
    }

    /// Puts it into service, whatever speaks against it; for a time, if one is given, it stays so.
    pub(crate) fn resume(&self, now: Instant, hold: Option<Duration>) {
        self.health.switch_on(now, hold);
        if let Some(check) = &self.check {
            check.restore();
        }
    }

    /// Whether it would take a call now.
    #[must_use]
    pub fn is_ready(&self, now: Instant) -> bool {
        self.is_healthy() && self.health.is_ready(now)
    }

    /// Whether health checks have nothing against it.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        let now = Instant::now;
        self.check.as_ref().is_none_or(|check| check.is_healthy() || self.health.is_held(now()))
    }

    /// Calls the URL (steps 6 and 7 of a request) and judges what came of it.
    pub(crate) async fn call(
        &self,
        exchange: &mut Exchange,
        api: &LiveApi,
    ) -> Result<Response<ResponseBody>, Failure> {
        exchange.record.attempts.endpoint = Some(Arc::clone(&self.name));
        let ticket = match self.permit(Instant::now()) {
            Ok(ticket) => ticket,
            Err(state) => return Err(self.not_ready(exchange, state)),
        };
        let pass = match self.gate.try_enter() {
            Some(pass) => pass,
            None => Box::pin(self.gate.enter()).await.map_err(|_| self.at_limit())?,
        };
        let mut attempt = self.attempt(exchange, api, ticket, pass)?;
        if self.writes() {
            Box::pin(attempt.write(exchange)).await?;
        }
        let surroundings = Surroundings::of(exchange);
        let sent = attempt.send(surroundings).await;
        exchange.record.attempts.note(attempt.elapsed());
        match sent {
            Ok(answer) => attempt.answered(exchange, answer),
            Err(failure) => Err(Box::pin(self.end(exchange, attempt, failure)).await),
        }
    }

    /// A failed call of a leaf that stands alone.
    async fn end(
        &self,
        exchange: &Exchange,
        attempt: Attempt<'_>,
        failure: SendFailure,
    ) -> Failure {
        let is_silent = self.is_silent(&failure);
        let started = attempt.started;
        attempt.judge(&failure, &Surroundings::of(exchange), true);
        if is_silent { hold_back(exchange, started).await } else { self.fault(failure) }
    }

    /// What is answered after a failed call (spec/03 §4.5).
    pub(crate) fn fault(&self, failure: SendFailure) -> Failure {
        let has_no_token = failure.code == FaultCode::EndpointSecurity;
        let fault = Fault::from(failure);
        if let Some(functions) = &self.functions {
            let status = functions.hides_failures.then_some(StatusCode::BAD_REQUEST);
            return Fault { status, is_bare: status.is_some(), ..fault }.into();
        }
        if !has_no_token {
            return fault.into();
        }
        let text = "Could not generate access token for oauth configured http endpoint";
        fault.describe(format!("{text} {}.", self.name)).into()
    }

    /// The permission for a call, where it is ready.
    ///
    /// # Errors
    ///
    /// The state that it is in.
    pub(crate) fn permit(&self, now: Instant) -> Result<Ticket<'_>, Unready> {
        if !self.is_healthy() {
            return Err(Unready::Unhealthy);
        }
        match self.health.ready(now) {
            Readiness::Yes(ticket) => Ok(ticket),
            Readiness::No { state, .. } => Err(Unready::State(state)),
        }
    }

    /// What is answered where it is not ready.
    pub(crate) fn not_ready(&self, exchange: &Exchange, why: Unready) -> Failure {
        self.metrics.refuse(exchange.record.connection.worker.index);
        let text = not_ready_text(self.plan.dialect, &self.name, why);
        Fault::new(FaultCode::NotReady).describe(text).into()
    }

    /// What is answered where it is at its limits.
    pub(crate) fn at_limit(&self) -> Failure {
        Fault::new(FaultCode::EndpointAtLimit)
            .internal(format!("{} is at its limits", self.name))
            .into()
    }

    /// A call that may be made now; the exchange's headers and body go into it.
    pub(crate) fn attempt<'a>(
        &'a self,
        exchange: &mut Exchange,
        api: &LiveApi,
        ticket: Ticket<'a>,
        pass: Pass,
    ) -> Result<Attempt<'a>, Failure> {
        let address = self.resolve(exchange, api)?;
        if api.exchanges_tokens && exchange.caller_token.is_none() {
            exchange.keep_token(api);
        }
        let showing = self.showing(exchange, &address.target.name);
        let (mut request, wish) = self.request(exchange, &address, api)?;
        let headers = request.headers_mut();
        let replaced = match self.fixed_credentials() {
            Some(own) => own.put(headers),
            // What the caller has there is not for this leaf, even before it asks who calls.
            None => showing.as_ref().and_then(|_| headers.remove(header::AUTHORIZATION)),
        };
        let replaced = replaced.map(Box::new);
        exchange.record.attempts.target = Some(Arc::clone(&address.target));
        let (reached, started) = (Reached::default(), Instant::now());
        let (ticket, elapsed) = (Some(ticket), Duration::ZERO);
        Ok(Attempt {
            leaf: self,
            ticket,
            pass,
            address,
            request,
            wish,
            replaced,
            originals: None,
            showing,
            invoking: None,
            reached,
            started,
            elapsed,
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
        let wish = match exchange.wish {
            // Another attempt has made the headers ready before.
            Some(wish) => {
                exchange.head.headers.insert(header::HOST, host);
                wish
            }
            None => {
                let own = &exchange.snapshot.config.admission.authorization_header;
                let auth_header = api.plan.security.authorization_header.as_ref().unwrap_or(own);
                let auth_header = auth_header.clone();
                forward::request_headers(exchange, host, &auth_header)
            }
        };
        exchange.wish = Some(wish);
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

    /// How the token is doing that it is shown, where there is one.
    pub(crate) fn token(&self, now: Instant) -> Option<TokenReport> {
        self.signer.as_ref()?.token(now)
    }

    /// The header that carries what it is shown, where there is one.
    pub(crate) fn credentials_header(&self) -> Option<&HeaderName> {
        self.signer.as_ref()?.header()
    }

    /// Credentials that are the same for every request.
    pub(crate) fn fixed_credentials(&self) -> Option<&Fixed> {
        self.signer.as_ref()?.fixed()
    }

    /// The `Host` that the upstream is told.
    fn host<'a>(&self, exchange: &'a Exchange, address: &'a Address) -> &'a HeaderValue {
        if let Some(host) = &exchange.own_host {
            return host;
        }
        let is_own = self.preserve_host && !exchange.record.host.is_empty();
        if is_own { &exchange.record.host } else { &address.host }
    }

    fn path(&self, exchange: &Exchange, address: &Address) -> Result<PathAndQuery, Failure> {
        let postfix = exchange.postfix();
        let mut path = String::with_capacity(address.base.len() + postfix.len() + 1);
        if self.is_bare(exchange) {
            path.push_str(&address.base);
        } else if self.plan.dialect == Dialect::Dynamic {
            compiler::address::join_computed(&address.base, postfix, &mut path);
        } else {
            compiler::address::join(&address.base, postfix, &mut path);
        }
        if !path.starts_with('/') {
            path.insert(0, '/');
        }
        if let Some(fixed) = self.fixed_credentials() {
            fixed.extend(&mut path);
        }
        PathAndQuery::try_from(path).map_err(|error| {
            Fault::new(FaultCode::NoTransport).internal(format!("no valid address: {error}")).into()
        })
    }

    /// A SOAP message to an `address` endpoint, or to one without an address of its own, goes to the
    /// bare URL (spec/01 §3.3, spec/02 §1.3).
    fn is_bare(&self, exchange: &Exchange) -> bool {
        if self.plan.dialect == Dialect::Http || exchange.head.method != Method::POST {
            return false;
        }
        let has_action = || exchange.head.headers.contains_key("soapaction");
        let content_type = exchange.head.headers.get(header::CONTENT_TYPE);
        let media = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim();
        let is_soap11 = media.eq_ignore_ascii_case("text/xml");
        (is_soap11 && (self.plan.dialect == Dialect::Address || has_action()))
            || media.eq_ignore_ascii_case("application/soap+xml")
    }

    pub(super) fn rewrite(
        &self,
        exchange: &Exchange,
        head: &mut http::response::Parts,
        address: &Address,
    ) {
        let path = exchange.head.uri.path();
        let rewrite = Rewrite {
            rules: &exchange.snapshot.config.forwarding,
            upstream: self.host(exchange, address).to_str().unwrap_or_default(),
            base_path: address.base.split('?').next().unwrap_or_default(),
            context: path.get(..exchange.context_length).unwrap_or_default(),
            scheme: exchange.record.connection.scheme(),
            host: exchange.record.host.to_str().unwrap_or_default(),
        };
        head.version = http::Version::HTTP_11;
        forward::response_headers(&mut head.headers, head.status, &rewrite);
        if let Some(fixed) = self.fixed_credentials() {
            fixed.conceal(&mut head.headers);
        }
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

    /// Notes a failed call, unless a time-out means nothing to the leaf (spec/01 §2.7).
    fn failed(&self, ticket: Ticket<'_>, failure: &SendFailure) {
        let timed_out = failure.code == FaultCode::Timeout;
        if timed_out && self.plan.resilience.on_timeout == TimeoutAction::Never {
            return;
        }
        let now = Instant::now();
        *self.last_error.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((now, failure.detail.clone()));
        let number = failure.code.number(failure.state);
        if let Some(transition) = self.health.failed(ticket, number, now) {
            self.log(&transition, Some(failure));
        }
    }
}

impl Unready {
    /// The text of messages.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Unhealthy => "UNHEALTHY",
            Self::State(state) => state.as_str(),
        }
    }
}

/// What is answered for an endpoint that is not ready, in WSO2's words.
pub(crate) fn not_ready_text(dialect: Dialect, name: &str, why: Unready) -> String {
    let kind = match dialect {
        Dialect::Http => "Currently, HTTP endpoint",
        Dialect::Address => "Currently , Address endpoint",
        Dialect::Dynamic => "Currently , Default endpoint",
        Dialect::Lambda => "Currently, Lambda endpoint",
    };
    format!("{kind} : [ Name : {name} ] [ State : {} ]", why.as_str())
}

fn metrics(plan: &HttpPlan, context: &LeafContext<'_>) -> EndpointMetrics {
    if let Some((_, whole)) = context.computed {
        return EndpointMetrics::part_of(whole, context.config.workers);
    }
    let labels = EndpointLabels { name: plan.name.as_str().into(), ..context.labels.clone() };
    EndpointMetrics::new(labels, context.config.workers)
}

/// Answers nothing, at the time when the client's own connection would give up (spec/01 §2.7).
pub(crate) async fn hold_back(exchange: &Exchange, started: Instant) -> Failure {
    let socket = exchange.snapshot.config.timeouts.socket;
    tokio::time::sleep_until(started + socket).await;
    Failure::Silence
}
