//! One request and its answer, in flight; and the record that its end leaves.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request, Uri, Version, header};
use hyper::body::Incoming;
use model::fault::FaultCode;
use tokio::time::Instant;

use crate::admit::credential::Credential;
use crate::body::{Replay, RequestBody, RequestProgress, RequestSource, RequestStage};
use crate::clock;
use crate::endpoint::limit::Pass;
use crate::forward::{self, Wish};
use crate::interim::Interim;
use crate::known::{Known, Present};
use crate::listener::Switch;
use crate::respond::Dialect;
use crate::snapshot::{LiveApi, Snapshot};
use crate::telemetry::log::AccessRecord;
use crate::telemetry::metric::Finished;
use crate::telemetry::trace::{self, TraceContext};
use crate::tunnel::Tunnel;
use crate::upstream::Target;
use crate::worker::{ConnectionPermit, Worker};
use compiler::pattern::Captures;
use compiler::plan::Replay as Limits;

/// The status of an exchange whose client left before the answer (nginx's convention).
const CLIENT_CLOSED: u16 = 499;

/// What is known of the connection that a request came over.
#[derive(Debug)]
pub struct Connection {
    /// The worker that serves it.
    pub worker: Arc<Worker>,
    /// The client's address.
    pub peer: SocketAddr,
    /// The client's address, ready to be sent.
    pub peer_value: HeaderValue,
    /// The client's address as the start of an element of `Forwarded` (RFC 7239 §6).
    pub forwarded_for: String,
    /// Whether the client speaks TLS to us.
    pub is_secure: bool,
    /// Its place under the limit, which a tunnel that it becomes keeps.
    _permit: Option<ConnectionPermit>,
}

impl Connection {
    /// Notes a client.
    #[must_use]
    pub fn new(worker: Arc<Worker>, peer: SocketAddr, is_secure: bool) -> Self {
        let ip = peer.ip().to_canonical();
        let peer = SocketAddr::new(ip, peer.port());
        let peer_value = HeaderValue::try_from(ip.to_string())
            .expect("the text of an address has only visible ASCII");
        let forwarded_for =
            if ip.is_ipv6() { format!("for=\"[{ip}]\"") } else { format!("for={ip}") };
        Self { worker, peer, peer_value, forwarded_for, is_secure, _permit: None }
    }

    /// Holds its place under the limit for as long as anything comes over it.
    pub(crate) fn holding(self, permit: ConnectionPermit) -> Self {
        Self { _permit: Some(permit), ..self }
    }

    /// `https` or `http`.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        if self.is_secure { "https" } else { "http" }
    }
}

/// A request as a listener hands it over.
#[derive(Debug)]
pub struct Arrival {
    /// Its head.
    pub head: Parts,
    /// Its body.
    pub body: RequestSource,
    /// Which headers it has.
    pub(crate) present: Present,
    /// The way for interim answers.
    pub(crate) interim: Interim,
    /// The connection, if it may become a tunnel.
    pub(crate) switch: Option<Switch>,
}

impl Arrival {
    /// A request that takes no interim answers.
    pub(crate) fn new(head: Parts, body: RequestSource) -> Self {
        let present = Present::scan(&head.headers);
        Self { head, body, present, interim: Interim::default(), switch: None }
    }
}

impl From<Request<Incoming>> for Arrival {
    fn from(request: Request<Incoming>) -> Self {
        let (head, incoming) = request.into_parts();
        Self::new(head, RequestSource::from(incoming))
    }
}

/// One request and its answer.
#[derive(Debug)]
pub struct Exchange {
    /// What was served when it came; nothing else is looked at until its end.
    pub snapshot: Arc<Snapshot>,
    /// The request's head; its headers become those of the upstream's request.
    pub head: Parts,
    /// The request's body, until it is sent on.
    pub body: RequestBody,
    /// Bytes of the path that are the API's context.
    pub context_length: usize,
    /// Where its policies send it; only an endpoint without an address looks at it.
    pub destination: Option<Destination>,
    /// What is added to the address of its endpoint, with the query; `None` is what came.
    pub postfix: Option<String>,
    /// The variables of the operation's template.
    pub captures: Captures,
    /// The origin that a browser names.
    pub origin: Option<HeaderValue>,
    /// How its caller wants faults to be written.
    pub dialect: Dialect,
    /// The correlation id that the client sent.
    pub correlation: Option<HeaderValue>,
    /// Which headers it came with.
    pub(crate) present: Present,
    /// What framed its body, while policies have its headers.
    pub(crate) framing: Option<Box<Framing>>,
    /// Whether what is meant for the gateway alone was taken out of its headers already.
    pub(crate) is_stripped: bool,
    /// The `Host` that a policy wants the upstream to be told.
    pub(crate) own_host: Option<Box<HeaderValue>>,
    /// The way for interim answers.
    pub(crate) interim: Interim,
    /// The client's connection, if it may become a tunnel.
    pub(crate) switch: Option<Switch>,
    /// What its headers asked of the connection, once they are those of an upstream's request.
    pub(crate) wish: Option<Wish>,
    /// Its body, where it can be sent again.
    pub(crate) replay: Option<Replay>,
    /// What the caller has shown, where an endpoint exchanges it for something else.
    pub(crate) caller_token: Option<Box<HeaderValue>>,
    /// The tunnel that begins with the answer.
    pub(crate) tunnel: Option<Tunnel>,
    /// What its end will leave.
    pub record: Box<Record>,
}

/// An address that was computed for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The address as it was computed (`To`): scheme and host, mostly with a path.
    pub to: Arc<str>,
}

/// Header fields that frame a body.
pub(crate) type Framing = Vec<(HeaderName, HeaderValue)>;

/// What the calls of one exchange brought.
#[derive(Debug, Default)]
pub struct Attempts {
    /// How many calls were made.
    pub count: u32,
    /// The time that they took to the head of the answer, together.
    pub time: Duration,
    /// The name of the last leaf.
    pub endpoint: Option<Arc<str>>,
    /// The last target.
    pub target: Option<Arc<Target>>,
    /// The fault that is answered, with its number.
    pub fault: Option<(u32, FaultCode)>,
    /// Each attempt, where there was more than one; boxed, since there mostly was not.
    pub past: Option<Box<Vec<PastAttempt>>>,
    /// Why no other member was tried after the last failure.
    pub stopped: Option<Stopped>,
}

/// An attempt that has ended.
#[derive(Debug, Clone)]
pub struct PastAttempt {
    /// The name of the leaf.
    pub endpoint: Arc<str>,
    /// Where it went.
    pub target: Arc<Target>,
    /// How long it took.
    pub time: Duration,
    /// How it ended.
    pub end: AttemptEnd,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptEnd {
    /// With an answer of this status, that was passed on or taken for a failure.
    Status(u16),
    /// With a failure of this kind and number.
    Failed(&'static str, u32),
    /// Another attempt was answered first.
    Overtaken,
}

/// Why a group did not try another member after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// The failure is none that the group goes on after.
    Trigger,
    /// The request may have arrived, and must not be sent twice.
    Policy,
    /// The body was not kept.
    Body,
    /// As many attempts were made as may be.
    Attempts,
    /// The group has repeated as much as it may.
    Budget,
    /// The time of all attempts is over.
    Deadline,
    /// Nobody else is ready.
    Nobody,
}

impl Stopped {
    /// The word that is printed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trigger => "trigger",
            Self::Policy => "policy",
            Self::Body => "body",
            Self::Attempts => "attempts",
            Self::Budget => "budget",
            Self::Deadline => "deadline",
            Self::Nobody => "nobody_ready",
        }
    }
}

impl Attempts {
    /// Counts an attempt that has ended.
    pub(crate) fn note(&mut self, time: Duration) {
        self.count += 1;
        self.time += time;
    }
}

impl Exchange {
    /// Takes a request from a listener.
    pub fn begin(connection: &Arc<Connection>, arrival: Arrival) -> Self {
        Self::new(connection, connection.worker.shared.snapshot.load_full(), arrival)
    }

    /// Starts an exchange over a snapshot.
    pub(crate) fn new(
        connection: &Arc<Connection>,
        snapshot: Arc<Snapshot>,
        arrival: Arrival,
    ) -> Self {
        let Arrival { head, body, present, interim, switch } = arrival;
        let config = &snapshot.config;
        let body = RequestBody::new(body, config.limits.body_bytes, config.timeouts.socket);
        let value = |known, name: &HeaderName| {
            if present.has(known) { head.headers.get(name).cloned() } else { None }
        };
        let record = Box::new(Record {
            connection: Arc::clone(connection),
            api: None,
            operation: None,
            soap_operation: None,
            started: Instant::now(),
            request_id: if present.has(Known::RequestId) {
                trace::request_id(&head.headers)
            } else {
                trace::new_request_id()
            },
            trace: if present.has(Known::Traceparent) {
                TraceContext::incoming(&head.headers)
            } else {
                TraceContext::begin()
            },
            method: head.method.clone(),
            uri: head.uri.clone(),
            version: head.version,
            host: HeaderValue::from_static(""),
            user_agent: value(Known::UserAgent, &header::USER_AGENT),
            credential: None,
            attempts: Attempts::default(),
            progress: body.progress(),
            status: CLIENT_CLOSED,
            response_bytes: 0,
            tunnelled: 0,
            pass: None,
            is_counted: false,
            is_finished: false,
        });
        let correlation = &snapshot.config.forwarding.correlation_header;
        Self {
            context_length: 0,
            destination: None,
            postfix: None,
            captures: Captures::default(),
            origin: value(Known::Origin, &header::ORIGIN),
            correlation: head.headers.get(correlation).cloned(),
            dialect: if present.has_any(&[Known::Accept, Known::ContentType]) {
                Dialect::of(&head.method, &head.headers)
            } else {
                Dialect::Json
            },
            present,
            framing: None,
            is_stripped: false,
            own_host: None,
            interim,
            switch,
            wish: None,
            replay: None,
            caller_token: None,
            tunnel: None,
            record,
            snapshot,
            head,
            body,
        }
    }

    /// Remembers what the caller has shown, before it is taken out of what an upstream gets.
    pub(crate) fn keep_token(&mut self, api: &LiveApi) {
        if self.caller_token.is_some() {
            return;
        }
        let own = &self.snapshot.config.admission.authorization_header;
        let name = api.plan.security.authorization_header.as_ref().unwrap_or(own);
        self.caller_token = self.head.headers.get(name).cloned().map(Box::new);
    }

    /// Has the body kept as it goes by, so that it can be sent again; `None` where there is none.
    pub(crate) fn keep_body(&mut self) -> Option<Replay> {
        if !forward::carries_body(&self.head.method) || matches!(self.body, RequestBody::Empty) {
            return None;
        }
        if self.replay.is_none() {
            let body = std::mem::replace(&mut self.body, RequestBody::Empty);
            let replay = Replay::new(body, Limits::default());
            self.body = replay.body();
            self.replay = Some(replay);
        }
        self.replay.clone()
    }

    /// What is added to the address of the endpoint: the path and query after the API's context as
    /// they came, unless they were rewritten.
    #[must_use]
    pub fn postfix(&self) -> &str {
        if let Some(postfix) = &self.postfix {
            return postfix;
        }
        let path = self.head.uri.path_and_query().map_or("/", |path| path.as_str());
        path.get(self.context_length..).unwrap_or_default()
    }

    /// The path after the API's context, as it came.
    #[must_use]
    pub fn resource_path(&self) -> &str {
        self.head.uri.path().get(self.context_length..).unwrap_or_default()
    }
}

/// What the end of an exchange leaves: one access record, and the counters of its API.
#[derive(Debug)]
pub struct Record {
    /// The connection that the request came over.
    pub connection: Arc<Connection>,
    /// The API it is for.
    pub api: Option<Arc<LiveApi>>,
    /// The operation it is for.
    pub operation: Option<usize>,
    /// The operation of a SOAP service that it calls, where something depends on it.
    pub(crate) soap_operation: Option<Arc<str>>,
    /// When the head had been read.
    pub started: Instant,
    /// Its id.
    pub request_id: HeaderValue,
    /// The trace it belongs to.
    pub trace: TraceContext,
    /// The host it is for, as the client wrote it; empty when it names none.
    pub host: HeaderValue,
    /// Who calls.
    pub credential: Option<Arc<Credential>>,
    /// What the calls to upstreams brought.
    pub attempts: Attempts,
    /// What is answered.
    pub(crate) status: u16,
    method: Method,
    uri: Uri,
    version: Version,
    user_agent: Option<HeaderValue>,
    progress: Option<Arc<RequestProgress>>,
    response_bytes: u64,
    /// What a tunnel carried to the upstream.
    tunnelled: u64,
    /// The place at the endpoint that answers, held to the end of the answer.
    pub(crate) pass: Option<Pass>,
    is_counted: bool,
    is_finished: bool,
}

impl Record {
    /// How far the request's body has come.
    pub(crate) fn progress(&self) -> Option<&RequestProgress> {
        self.progress.as_deref()
    }

    /// Leaves nothing: the exchange was only looked at.
    pub(crate) fn forget(&mut self) {
        self.is_finished = true;
    }

    /// Notes bytes on their way to the client.
    pub(crate) fn sent(&mut self, bytes: u64) {
        self.response_bytes += bytes;
    }

    /// The connection becomes a tunnel: the request is counted as it is now, and recorded when the
    /// tunnel ends.
    pub(crate) fn switched(&mut self) {
        self.count(true, self.started.elapsed());
    }

    /// Notes what a tunnel has carried.
    pub(crate) fn tunnelled(&mut self, up: u64, down: u64) {
        self.tunnelled += up;
        self.response_bytes += down;
    }

    /// Ends the exchange.
    pub(crate) fn finish(mut self: Box<Self>, complete: bool) {
        self.end(complete);
    }

    fn end(&mut self, complete: bool) {
        let stage = self.progress.as_deref().map(RequestProgress::stage);
        // A fault that is answered to a client which left its own request reaches nobody.
        let complete = complete && stage != Some(RequestStage::Gone);
        self.is_finished = true;
        let duration = self.started.elapsed();
        self.count(complete, duration);
        let worker = &self.connection.worker;
        let record = self.access_record(complete, duration, self.request_bytes());
        worker.shared.access_log.write(worker.index, &record);
    }

    fn request_bytes(&self) -> u64 {
        self.tunnelled + self.progress.as_deref().map_or(0, RequestProgress::bytes)
    }

    /// Counts the request for its API, once.
    fn count(&mut self, complete: bool, duration: Duration) {
        if std::mem::replace(&mut self.is_counted, true) {
            return;
        }
        let Some(api) = &self.api else { return };
        api.metrics.finish(
            self.connection.worker.index,
            &Finished {
                status: self.status,
                aborted: !complete,
                duration,
                request_bytes: self.request_bytes(),
                response_bytes: self.response_bytes,
            },
        );
    }

    fn access_record(
        &self,
        complete: bool,
        duration: Duration,
        request_bytes: u64,
    ) -> AccessRecord<'_> {
        let plan = self.api.as_deref().map(|api| &api.plan);
        let template = plan.zip(self.operation).and_then(|(plan, index)| {
            plan.operations.get(index).map(|operation| &*operation.template)
        });
        AccessRecord {
            time: clock::now(),
            request_id: text(&self.request_id),
            trace_id: self.trace.trace_id,
            client: self.connection.peer.ip(),
            method: self.method.as_str(),
            host: text(&self.host),
            path: if self.uri.path().is_empty() { "-" } else { self.uri.path() },
            protocol: protocol(self.version),
            status: self.status,
            request_bytes,
            response_bytes: self.response_bytes,
            duration,
            api: plan.map(|plan| plan.name.as_str()),
            version: plan.map(|plan| plan.version.as_str()),
            operation: template,
            soap_operation: self.soap_operation.as_deref(),
            endpoint: self.attempts.endpoint.as_deref(),
            upstream: self.attempts.target.as_deref().map(|target| &*target.name),
            attempts: self.attempts.count,
            upstream_time: (self.attempts.count > 0).then_some(self.attempts.time),
            fault: self.attempts.fault,
            past: self.attempts.past.as_deref().map_or(&[], Vec::as_slice),
            stopped: self.attempts.stopped,
            key_type: self.credential.as_deref().map(|credential| credential.key_type.as_str()),
            client_id: self
                .credential
                .as_deref()
                .and_then(|credential| credential.client_id.as_deref()),
            user_agent: self.user_agent.as_ref().map(HeaderValue::as_bytes),
            aborted: !complete,
        }
    }
}

impl Drop for Record {
    /// An exchange whose client went away, or that a defect ended, leaves its record here.
    fn drop(&mut self) {
        if self.is_finished {
            return;
        }
        if std::thread::panicking() {
            self.status = 500;
        }
        self.end(false);
    }
}

fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2",
        _ => "HTTP/1.1",
    }
}

fn text(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or_default()
}
