//! What would happen to a request: the same steps as a real one, without sending anything.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use compiler::plan::AuthPlan;
use http::{HeaderMap, HeaderValue, Request};
use serde_json::{Value, json};

use crate::admit::credential::{Credential, CredentialKind, KeyType};
use crate::body::RequestSource;
use crate::endpoint::{self, Endpoint};
use crate::exchange::{Arrival, Connection, Exchange};
use crate::fault::{Failure, Fault};
use crate::snapshot::{LiveApi, Snapshot};
use crate::worker::{Shared, Worker};
use crate::{locate, normalise};

/// Headers whose values are not shown.
const MASKED: [&str; 6] =
    ["authorization", "proxy-authorization", "cookie", "set-cookie", "apikey", "internal-key"];

/// What would happen, step by step.
#[derive(Debug, Default)]
pub struct Explanation {
    /// The steps, each with a name and what it came to.
    pub steps: Vec<(&'static str, String)>,
    /// The request that would be sent.
    pub request: Option<Value>,
    /// What the gateway would answer by itself.
    pub answer: Option<Value>,
}

impl Explanation {
    fn step(&mut self, name: &'static str, text: impl Into<String>) {
        self.steps.push((name, text.into()));
    }

    /// The explanation as one JSON document.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let steps: Vec<Value> =
            self.steps.iter().map(|(name, text)| json!({ "step": name, "result": text })).collect();
        json!({ "steps": steps, "request": self.request, "answer": self.answer })
    }
}

/// Explains what would happen to a request. `is_secure` is whether it comes over TLS.
#[must_use]
pub fn explain(shared: &Arc<Shared>, request: Request<()>, is_secure: bool) -> Explanation {
    let worker = Arc::new(Worker::new(0, Arc::clone(shared)));
    let peer = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    let connection = Arc::new(Connection::new(worker, peer, is_secure));
    let snapshot = shared.snapshot.load_full();
    let (head, ()) = request.into_parts();
    let arrival = Arrival::new(head, RequestSource::Empty);
    let mut exchange = Exchange::new(&connection, snapshot, arrival);
    let mut explanation = Explanation::default();
    if let Err(failure) = walk(&mut exchange, &mut explanation) {
        explanation.answer = Some(failure_json(&exchange, &failure));
    }
    explanation
}

fn walk(exchange: &mut Exchange, explanation: &mut Explanation) -> Result<(), Failure> {
    normalise::normalise(exchange)?;
    locate::find_api(exchange)?;
    let api = exchange.record.api.clone().expect("the API was found above");
    let plan = &api.plan;
    explanation.step("api", format!("{} {} at {}", plan.name, plan.version, plan.context));
    if let Some(preflight) = locate::find_operation(exchange)? {
        explanation.step("cors", "the gateway answers this preflight itself");
        explanation.answer = Some(
            json!({ "status": preflight.status().as_u16(), "headers": headers(preflight.headers()) }),
        );
        return Ok(());
    }
    operation(exchange, &api, explanation);
    exchange.record.credential = presumed(exchange).map(Arc::new);
    let endpoint = endpoint::choose(exchange, &api)?;
    leaf(exchange, &api, endpoint, explanation)
}

fn operation(exchange: &Exchange, api: &LiveApi, explanation: &mut Explanation) {
    let Some(operation) =
        exchange.record.operation.and_then(|index| api.plan.operations.get(index))
    else {
        return;
    };
    explanation.step("operation", format!("{} {}", operation.method, operation.template));
    for (index, name) in operation.pattern.variables().iter().enumerate() {
        let value =
            exchange.captures.get(index).and_then(|range| exchange.resource_path().get(range));
        explanation.step("variable", format!("{name} = {}", value.unwrap_or_default()));
    }
    let security = match &operation.auth {
        AuthPlan::None => "open: no credential is asked for".to_owned(),
        AuthPlan::Required { scopes, .. } if scopes.is_empty() => {
            "a valid token is needed".to_owned()
        }
        AuthPlan::Required { scopes, .. } => {
            format!("a valid token with one of these scopes is needed: {}", scopes.join(", "))
        }
    };
    explanation.step("security", security);
}

/// The credential that a real call is taken to have: production, unless `x-weir-key-type` says
/// `sandbox`.
fn presumed(exchange: &Exchange) -> Option<Credential> {
    let is_sandbox = exchange
        .head
        .headers
        .get("x-weir-key-type")
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"sandbox"));
    let key_type = if is_sandbox { KeyType::Sandbox } else { KeyType::Production };
    Some(Credential { key_type, kind: CredentialKind::AccessToken, ..Credential::open() })
}

fn leaf(
    exchange: &mut Exchange,
    api: &LiveApi,
    endpoint: &Endpoint,
    explanation: &mut Explanation,
) -> Result<(), Failure> {
    let Endpoint::Http(leaf) = endpoint;
    explanation.step("endpoint", format!("{} ({})", leaf.name(), leaf.plan.url.as_str()));
    let address = leaf.resolve(exchange, api)?.into_owned();
    exchange.head.headers.remove("x-weir-key-type");
    let (request, _wish) = leaf.request(exchange, &address, api)?;
    let url = format!("{}{}", address.target, request.uri());
    explanation.step("upstream", format!("{} {url}", request.method()));
    let mut shown = request.headers().clone();
    // Where tokens go on to upstreams, the API's own header carries one.
    let own = &exchange.snapshot.config.admission.authorization_header;
    let name = api.plan.security.authorization_header.as_ref().unwrap_or(own);
    if let Some(token) = shown.get_mut(name) {
        *token = HeaderValue::from_static("***");
    }
    explanation.request = Some(json!({
        "method": request.method().as_str(),
        "url": url,
        "headers": headers(&shown),
    }));
    Ok(())
}

fn headers(headers: &HeaderMap) -> Value {
    headers
        .iter()
        .map(|(name, value)| json!({ "name": name.as_str(), "value": shown(name.as_str(), value) }))
        .collect()
}

fn shown(name: &str, value: &HeaderValue) -> String {
    if MASKED.contains(&name) || name.contains("token") || name.contains("secret") {
        return "***".to_owned();
    }
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

fn failure_json(exchange: &Exchange, failure: &Failure) -> Value {
    match failure {
        Failure::Silence => json!({ "closes": true }),
        Failure::Fault(fault) => fault_json(&exchange.snapshot, fault),
    }
}

fn fault_json(snapshot: &Snapshot, fault: &Fault) -> Value {
    json!({
        "status": crate::respond::status(snapshot, fault).as_u16(),
        "code": fault.number().to_string(),
        "message": fault.code.message(),
        "description": fault.text(),
    })
}
