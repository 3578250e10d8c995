//! A message as an event.

use std::borrow::Cow;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use compiler::plan::FunctionPlan;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Version, header};
use lambda::event::Caller;
use lambda::{EventError, Invocation, Request};
use model::fault::FaultCode;

use super::super::address::Address;
use super::super::attempt::Attempt;
use super::Invoking;
use crate::admit::credential::{Credential, CredentialKind};
use crate::body::RequestBody;
use crate::clock;
use crate::exchange::Exchange;
use crate::fault::{Failure, Fault};
use crate::forward::Wish;
use crate::snapshot::LiveApi;
use crate::variables;

/// What events name as the stage: libraries put any other in front of the path.
const STAGE: &str = "$default";

impl Attempt<'_> {
    /// Makes the event of the message, which is sent in its place.
    ///
    /// # Errors
    ///
    /// An operation without a function; a body that breaks off, is too large, or is not what the
    /// function takes.
    pub(in super::super) async fn make_event(
        &mut self,
        exchange: &Exchange,
    ) -> Result<(), Failure> {
        let api = exchange.record.api.as_deref();
        let found = self.leaf.function(exchange).zip(api);
        let Some((plan, api)) = found else {
            return Err(FaultCode::LambdaAbsent.into());
        };
        let limit = plan.invocation.longest_event();
        let body = self.whole_body(exchange, limit).await?;
        let headers = std::mem::take(self.request.headers_mut());
        let event = write(plan, (&headers, &body), exchange, api)?;
        self.invoking = Some(Box::new(Invoking {
            plan: plan.clone(),
            event: event.into(),
            path: path(plan, &self.address)?,
            headers,
            is_head: exchange.head.method == Method::HEAD,
        }));
        // The body is at hand, and nothing of the client's connection goes on.
        self.wish = Wish::None;
        Ok(())
    }

    /// The body, which is no longer than any event may be.
    async fn whole_body(&mut self, exchange: &Exchange, limit: usize) -> Result<Bytes, Failure> {
        if matches!(self.request.body(), RequestBody::Empty) {
            return Ok(Bytes::new());
        }
        let length = self.request.headers().get(header::CONTENT_LENGTH);
        let length = length.and_then(|text| text.to_str().ok()?.parse::<usize>().ok());
        if length.is_some_and(|length| length > limit) {
            return Err(too_large(limit));
        }
        let replay = self.kept(exchange);
        let body = super::super::write::beginning(&replay, exchange, limit.saturating_add(1));
        let body = body.await?;
        if body.len() > limit { Err(too_large(limit)) } else { Ok(body) }
    }
}

/// Path and query of the call, behind those of the endpoint's URL.
fn path(plan: &FunctionPlan, address: &Address) -> Result<PathAndQuery, Failure> {
    let base = address.base.trim_end_matches('/');
    let path = match plan.stream {
        Some(_) => plan.function.stream_path(),
        None => plan.function.invoke_path(),
    };
    PathAndQuery::try_from(format!("{base}{path}")).map_err(|error| {
        let text = format!("`{base}{path}` is no path: {error}");
        Fault::new(FaultCode::NoTransport).internal(text).into()
    })
}

fn write(
    plan: &FunctionPlan,
    (headers, body): (&HeaderMap, &Bytes),
    exchange: &Exchange,
    api: &LiveApi,
) -> Result<Vec<u8>, Failure> {
    let connection = &exchange.record.connection;
    let host = String::from_utf8_lossy(exchange.record.host.as_bytes());
    let mut lines = vec![("host", exchange.record.host.as_bytes())];
    lines.retain(|(_, value)| !value.is_empty());
    let others = headers.iter().filter(|(name, _)| **name != header::HOST);
    lines.extend(others.map(|(name, value)| (name.as_str(), value.as_bytes())));
    let variables = variables::of_path(exchange, api);
    let variables: Vec<_> = variables.iter().map(|(name, value)| (&**name, &**value)).collect();
    let operation = exchange.record.operation.and_then(|index| api.plan.operations.get(index));
    let (path, query) = match exchange.postfix().split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (exchange.postfix(), None),
    };
    let credential = exchange.record.credential.as_deref();
    let credential = credential.filter(|shown| shown.kind != CredentialKind::Open);
    let claims = credential.map(claims).unwrap_or_default();
    let claims: Vec<_> = claims.iter().map(|(name, value)| (*name, &**value)).collect();
    let scopes = credential.map(|shown| &*shown.scopes).unwrap_or_default();
    let scopes: Vec<_> = scopes.iter().map(String::as_str).collect();
    let time = clock::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let target_group = format!("targetgroup/{}", api.plan.name);
    let request = Request {
        method: exchange.head.method.as_str(),
        protocol: protocol(exchange.head.version),
        scheme: connection.scheme(),
        host: &host,
        context: exchange.head.uri.path().get(..exchange.context_length).unwrap_or_default(),
        template: operation.map(|operation| &*operation.template).unwrap_or_default(),
        path,
        query,
        headers: &lines,
        variables: &variables,
        body,
        client: Some(connection.peer.ip()),
        id: exchange.record.request_id.to_str().unwrap_or_default(),
        time_ms: i64::try_from(time).unwrap_or(i64::MAX),
        stage: STAGE,
        api: &api.plan.name,
        account: plan.function.account(),
        target_group: &target_group,
        caller: Caller { claims: &claims, scopes: &scopes },
    };
    let limit = plan.invocation.longest_event();
    request.event(plan.format, limit).map_err(|error| refuse(&error))
}

/// What is known of who calls, under the names that tokens have for it.
fn claims(shown: &Credential) -> Vec<(&'static str, Cow<'_, str>)> {
    let text = |value: &'_ Option<String>| value.clone().map(Cow::Owned);
    let mut claims = vec![("iss", Cow::Borrowed(&*shown.issuer))];
    claims.extend(text(&shown.subject).map(|subject| ("sub", subject)));
    claims.extend(text(&shown.client_id).map(|client| ("client_id", client)));
    claims.extend(text(&shown.application).map(|name| ("application", name)));
    claims.push(("keytype", Cow::Borrowed(shown.key_type.as_str())));
    if !shown.audiences.is_empty() {
        claims.push(("aud", Cow::Owned(shown.audiences.join(" "))));
    }
    claims.push(("exp", Cow::Owned(shown.expires_at.to_string())));
    claims
}

fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2.0",
        _ => "HTTP/1.1",
    }
}

fn refuse(error: &EventError) -> Failure {
    match error {
        EventError::TooLarge { limit } => too_large(*limit),
        EventError::NotJson(_) => {
            Fault::new(FaultCode::LambdaEvent).describe(error.to_string()).into()
        }
    }
}

fn too_large(limit: usize) -> Failure {
    let asynchronous =
        if limit == Invocation::Event.longest_event() { " without waiting" } else { "" };
    let text = format!("A function called{asynchronous} is given {limit} bytes at most");
    Fault::new(FaultCode::LambdaTooLarge).describe(text).into()
}
