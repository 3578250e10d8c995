//! One check: what is asked, and what is made of the answer.

use std::time::Duration;

use compiler::plan::{HttpProbe, Probe};
use http::header::{self, HeaderValue};
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use http1::HeadLimits;
use tokio::time::Instant;

use super::{Question, Verdict, grpc};
use crate::body::{RequestBody, RequestSource};
use crate::config::GatewayConfig;
use crate::interim::Interim;
use crate::sign::{Again, Live, Shown, Signer};
use crate::upstream::{self, Answer, AnswerBody, AnyClient, Client as _, Reached, Terms};

/// How much of an answer is looked at, in bytes.
pub(super) const START: usize = 64 * 1024;
/// How often a request is sent whose kept connections end under it: a health check does no harm.
const TRIES: usize = 3;
/// How many characters of a text are repeated in words.
const SHOWN: usize = 120;

const USER_AGENT: HeaderValue = HeaderValue::from_static("weir-health-check");

/// Whoever asks. Tests have their own.
pub(super) trait Ask: Send + Sync + 'static {
    /// Asks once, without a limit of time.
    fn ask(&self, question: &Question) -> impl Future<Output = Verdict> + Send;
}

/// Asks over connections as those of calls.
#[derive(Debug)]
pub(super) struct Asker {
    client: AnyClient,
    head: HeadLimits,
    stall: Duration,
    connect: Duration,
}

impl Asker {
    pub(super) fn new(config: &GatewayConfig) -> Self {
        Self {
            client: AnyClient::new(config),
            head: config.upstream.head,
            stall: config.timeouts.socket,
            connect: config.timeouts.connect,
        }
    }

    /// Closes connections that have been idle for longer than this.
    pub(super) fn close_idle(&self, older_than: Duration) {
        self.client.close_idle(older_than);
    }

    async fn http(&self, probe: &HttpProbe, question: &Question) -> Verdict {
        let answer = self
            .send(question, || {
                let mut headers = probe.headers.clone();
                headers.entry(header::USER_AGENT).or_insert(USER_AGENT);
                request(&probe.method, &probe.path, headers, RequestBody::Empty)
            })
            .await?;
        let status = answer.status().as_u16();
        let mut body = answer.into_body();
        let verdict = if !probe.statuses.contains(status) {
            Err(format!("answered {status}"))
        } else if let Some(text) = &probe.body {
            find(&mut body, text).await.map(|()| format!("answered {status} with the text"))
        } else {
            Ok(format!("answered {status}"))
        };
        if !body.is_end_stream() {
            tokio::spawn(body.drain(question.plan.timeout));
        }
        verdict
    }

    async fn tcp(&self, question: &Question) -> Verdict {
        let connected = upstream::try_connection(&question.target, self.connect).await;
        connected.map(|()| "connected".to_owned()).map_err(|failure| failure.detail)
    }

    async fn grpc(&self, service: &str, question: &Question) -> Verdict {
        let answer = self
            .send(question, || {
                let headers = grpc::HEADERS.into_iter().chain([(header::USER_AGENT, USER_AGENT)]);
                let message = RequestSource::Ready(grpc::message(service));
                let body = RequestBody::new(message, None, self.stall);
                request(&Method::POST, &grpc::PATH, headers.collect(), body)
            })
            .await?;
        grpc::judge(answer).await
    }

    /// Sends what `make` makes, with what calls show.
    async fn send(
        &self,
        question: &Question,
        make: impl Fn() -> Request<RequestBody>,
    ) -> Result<Answer, String> {
        let target = &*question.target.name;
        let own = make();
        let signer = question.signer.as_deref().filter(|signer| {
            // What the check says itself counts.
            signer.header().is_none_or(|name| !own.headers().contains_key(name))
        });
        let make = || fixed(signer, make());
        let Some(live) = signer.and_then(|signer| signer.live(target, None)) else {
            return self.send_bare(question, make).await;
        };
        let (method, path) = (own.method().clone(), own.uri().to_string());
        let shown = match (live.at_hand((target, &path), &method, Instant::now()), &live) {
            (Some(shown), _) => shown,
            (None, Live::Token(wanted)) => Shown::Token(wanted.get(None).await?),
            (None, Live::Digest(_)) => Shown::Nothing,
        };
        let answer = self.send_bare(question, || with(&shown, make())).await?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            live.accepted(&shown, answer.headers());
            return Ok(answer);
        }
        let shown = match live.refused((target, &path), &shown, answer.headers()) {
            Ok(Again::Challenge(session)) => Shown::Proof(session.proof(&method, &path, &[])),
            Ok(Again::Token) => match &live {
                Live::Token(wanted) => Shown::Token(wanted.get(None).await?),
                Live::Digest(_) => return Ok(answer),
            },
            Err(_reason) => return Ok(answer),
        };
        answer.into_body().drain(question.plan.timeout).await;
        let answer = self.send_bare(question, || with(&shown, make())).await?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            live.accepted(&shown, answer.headers());
        }
        Ok(answer)
    }

    /// Sends what `make` makes. The end of a kept connection says nothing about the endpoint.
    async fn send_bare(
        &self,
        question: &Question,
        make: impl Fn() -> Request<RequestBody>,
    ) -> Result<Answer, String> {
        let interim = Interim::default();
        let reached = Reached::default();
        let terms = Terms {
            head: self.head,
            stall: self.stall,
            awaits_continue: false,
            interim: &interim,
            reached: &reached,
        };
        let mut tries = 0;
        loop {
            tries += 1;
            let mut request = make();
            request.headers_mut().insert(header::HOST, question.host.clone());
            match self.client.send(&question.target, &mut request, terms).await {
                Ok(answer) => return Ok(answer),
                Err(failure) if failure.over_kept && tries < TRIES => {}
                Err(failure) => return Err(failure.detail),
            }
        }
    }
}

impl Ask for Asker {
    async fn ask(&self, question: &Question) -> Verdict {
        match &question.plan.probe {
            Probe::Http(probe) => self.http(probe, question).await,
            Probe::Tcp => self.tcp(question).await,
            Probe::Grpc { service } => self.grpc(service, question).await,
        }
    }
}

/// A request with what is the same for all.
fn fixed(signer: Option<&Signer>, mut request: Request<RequestBody>) -> Request<RequestBody> {
    let Some(fixed) = signer.and_then(Signer::fixed) else { return request };
    fixed.put(request.headers_mut());
    let mut target = request.uri().to_string();
    fixed.extend(&mut target);
    if let Ok(uri) = Uri::try_from(target) {
        *request.uri_mut() = uri;
    }
    request
}

/// A request with what had to be had first.
fn with(shown: &Shown, mut request: Request<RequestBody>) -> Request<RequestBody> {
    if let Some(header) = shown.header() {
        request.headers_mut().insert(header::AUTHORIZATION, header);
    }
    request
}

fn request(
    method: &Method,
    path: &PathAndQuery,
    headers: HeaderMap,
    body: RequestBody,
) -> Request<RequestBody> {
    let mut request = Request::new(body);
    request.method_mut().clone_from(method);
    *request.uri_mut() = Uri::from(path.clone());
    *request.headers_mut() = headers;
    request
}

/// Reads a body until a text was found in its start.
async fn find(body: &mut AnswerBody, text: &str) -> Result<(), String> {
    let text = text.as_bytes();
    let mut seen: Vec<u8> = Vec::new();
    while seen.len() < START {
        let Some(frame) = body.frame().await else { break };
        let frame = frame.map_err(|error| format!("the body broke off: {error}"))?;
        let Some(data) = frame.data_ref() else { continue };
        // It may lie across two pieces.
        let from = seen.len().saturating_sub(text.len());
        seen.extend(data.iter().take(START - seen.len()));
        if holds(seen.get(from..).unwrap_or_default(), text) {
            return Ok(());
        }
    }
    if holds(&seen, text) {
        return Ok(());
    }
    Err(format!("the body does not hold `{}`", shown(&String::from_utf8_lossy(text))))
}

fn holds(bytes: &[u8], text: &[u8]) -> bool {
    text.is_empty() || bytes.windows(text.len()).any(|window| window == text)
}

/// A text from outside on one line, shortened.
pub(super) fn shown(text: &str) -> String {
    let mut characters = text.chars().map(|one| if one.is_control() { ' ' } else { one });
    let mut shown: String = characters.by_ref().take(SHOWN).collect();
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}
