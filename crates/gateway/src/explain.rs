//! What would happen to a request: the same steps as a real one, without sending anything.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use compiler::plan::{AuthPlan, AwsSource, Credentials, MockAnswers};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use model::fault::FaultCode;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::admit::credential::{Credential, CredentialKind, KeyType};
use crate::body::RequestSource;
use crate::endpoint::dynamic::Dynamic;
use crate::endpoint::http::HttpLeaf;
use crate::endpoint::mock::{self, MockLeaf};
use crate::endpoint::{self, Endpoint};
use crate::exchange::{Arrival, Connection, Exchange};
use crate::fault::{Failure, Fault};
use crate::flow::explain::Preview;
use crate::snapshot::{LiveApi, Snapshot};
use crate::worker::{Shared, Worker};
use crate::{flow, locate, normalise, soap, wsdl};

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

/// A request to explain, and whether it comes over TLS; headers are written as `Name: value`.
///
/// # Errors
///
/// What is wrong with it.
pub fn request<'a>(
    method: &str,
    url: &str,
    headers: impl Iterator<Item = &'a str>,
    body: Bytes,
) -> Result<(Request<Bytes>, bool), String> {
    let method = Method::from_bytes(method.as_bytes())
        .map_err(|_invalid| format!("`{method}` is no method"))?;
    let uri: Uri = url.parse().map_err(|error| format!("`{url}` is no URL: {error}"))?;
    let is_secure = uri.scheme_str() != Some("http");
    let mut request = Request::new(body);
    *request.method_mut() = method;
    let fields = request.headers_mut();
    for header in headers {
        let (name, value) = header
            .split_once(':')
            .ok_or_else(|| format!("`{header}` is no header: write `Name: value`"))?;
        let name =
            HeaderName::try_from(name.trim()).map_err(|error| format!("`{header}`: {error}"))?;
        let value =
            HeaderValue::try_from(value.trim()).map_err(|error| format!("`{header}`: {error}"))?;
        fields.append(name, value);
    }
    if !fields.contains_key(http::header::HOST) && uri.authority().is_none() {
        fields.insert(http::header::HOST, HeaderValue::from_static("localhost"));
    }
    *request.uri_mut() = uri;
    Ok((request, is_secure))
}

/// Explains what would happen to a request. `is_secure` is whether it comes over TLS.
#[must_use]
pub fn explain(shared: &Arc<Shared>, request: Request<Bytes>, is_secure: bool) -> Explanation {
    // No worker has this number, so that nothing is counted.
    let worker = Arc::new(Worker::new(usize::MAX, Arc::clone(shared)));
    let peer = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    let connection = Arc::new(Connection::new(worker, peer, is_secure));
    let snapshot = shared.snapshot.load_full();
    let (head, body) = request.into_parts();
    let arrival = Arrival::new(head, RequestSource::Empty);
    let mut exchange = Exchange::new(&connection, snapshot, arrival);
    let mut explanation = Explanation::default();
    if let Err(failure) = walk(&mut exchange, &body, &mut explanation) {
        explanation.answer = Some(failure_json(&exchange, &failure));
    }
    exchange.record.forget();
    explanation
}

fn walk(
    exchange: &mut Exchange,
    body: &Bytes,
    explanation: &mut Explanation,
) -> Result<(), Failure> {
    normalise::normalise(exchange)?;
    locate::find_api(exchange)?;
    let api = exchange.record.api.clone().expect("the API was found above");
    let plan = &api.plan;
    explanation.step("api", format!("{} {} at {}", plan.name, plan.version, plan.context));
    if wsdl::is_asked(exchange) {
        explanation.step("wsdl", "the WSDL of the API is answered");
        explanation.answer = Some(json!({ "status": 200 }));
        return Ok(());
    }
    if let Some(preflight) = locate::find_operation(exchange)? {
        explanation.step("cors", "the gateway answers this preflight itself");
        explanation.answer = Some(
            json!({ "status": preflight.status().as_u16(), "headers": headers(preflight.headers()) }),
        );
        return Ok(());
    }
    operation(exchange, &api, explanation);
    exchange.record.credential = presumed(exchange).map(Arc::new);
    if let Some(plan) = &api.plan.soap {
        let called = soap::told(&exchange.head.headers, plan, body);
        let text = called.as_deref().unwrap_or("none that is known");
        explanation.step("soap operation", text);
        exchange.record.soap_operation = called;
    }
    if !flow::concerns(exchange, &api) {
        let endpoint = endpoint::choose(exchange, &api)?;
        return call(exchange, &api, endpoint, explanation);
    }
    let previewed = flow::explain::preview(exchange, &api, body, &mut |name, text| {
        explanation.step(name, text);
    })?;
    match previewed {
        Preview::Call(endpoint) => call(exchange, &api, endpoint, explanation),
        Preview::Answer(status, body) => {
            explanation.step("policies", "they answer this request");
            explanation.answer = Some(json!({ "status": status, "body": body }));
            Ok(())
        }
        Preview::Unknown => Ok(()),
    }
}

/// What calling an endpoint would come to.
fn call(
    exchange: &mut Exchange,
    api: &LiveApi,
    endpoint: &Endpoint,
    explanation: &mut Explanation,
) -> Result<(), Failure> {
    match endpoint {
        Endpoint::Dynamic(dynamic) => return computed(exchange, api, dynamic, explanation),
        Endpoint::Sequence(plan) => {
            let text = format!("{}: a sequence makes the answer", plan.name);
            explanation.step("endpoint", text);
            return Ok(());
        }
        Endpoint::Mock(leaf) => {
            mocked(exchange, api, leaf, explanation);
            return Ok(());
        }
        Endpoint::Http(_) | Endpoint::Group(_) => {}
    }
    let first = order(exchange, endpoint, "", explanation);
    let Some(first) = first else { return Err(FaultCode::NoChildReady.into()) };
    leaf(exchange, api, first, explanation)
}

/// What a mock would answer from.
fn mocked(exchange: &Exchange, api: &LiveApi, leaf: &MockLeaf, explanation: &mut Explanation) {
    let from = match mock::plan_of(exchange, api).map(|plan| &plan.answers) {
        Some(MockAnswers::Script(_)) => "its script makes the answer",
        Some(MockAnswers::Examples) => "the definition has the answer",
        Some(MockAnswers::Nothing) | None => "the operation has no script: 501",
    };
    explanation.step("mock", format!("{}: {from}", leaf.name()));
}

/// The target that the policies of the request have computed, where they have.
fn computed(
    exchange: &mut Exchange,
    api: &LiveApi,
    dynamic: &Dynamic,
    explanation: &mut Explanation,
) -> Result<(), Failure> {
    let text = format!("{}: its address is computed for each request", dynamic.name());
    explanation.step("endpoint", text);
    match dynamic.preview(exchange)? {
        Some(target) => leaf(exchange, api, &target, explanation),
        None => {
            let text = "no policy and no rule has set it (`To`)";
            explanation.step("target", text);
            Err(FaultCode::NotReady.into())
        }
    }
}

/// The members of a group in the order in which they would be tried now, and those of groups within;
/// gives the first leaf.
fn order<'a>(
    exchange: &Exchange,
    endpoint: &'a Endpoint,
    indent: &str,
    explanation: &mut Explanation,
) -> Option<&'a HttpLeaf> {
    let group = match endpoint {
        Endpoint::Http(leaf) => return Some(leaf),
        Endpoint::Dynamic(_) | Endpoint::Sequence(_) | Endpoint::Mock(_) => return None,
        Endpoint::Group(group) => group,
    };
    let now = Instant::now();
    let kind = if group.is_failover() { "failover" } else { "load balance" };
    explanation.step("group", format!("{indent}{} ({kind})", group.name));
    let mut first = None;
    let mut order = group.preview(exchange, now).into_iter().enumerate();
    let mut tried = Vec::new();
    order.by_ref().for_each(|(place, (index, is_forced))| {
        tried.push(index);
        let Some(member) = group.members.get(index) else { return };
        let forced = if is_forced { ", in spite of its state" } else { "" };
        let text = format!("{indent}{}. {}{forced}", place + 1, member.shown(index));
        explanation.step("member", text + &url(&member.endpoint));
        let below = order_below(exchange, &member.endpoint, indent, explanation);
        if first.is_none() {
            first = below;
        }
    });
    for (index, member) in group.members.iter().enumerate() {
        if !tried.contains(&index) {
            let text = format!("{indent}-  {} is not ready", member.shown(index));
            explanation.step("member", text + &url(&member.endpoint));
        }
    }
    first
}

fn order_below<'a>(
    exchange: &Exchange,
    endpoint: &'a Endpoint,
    indent: &str,
    explanation: &mut Explanation,
) -> Option<&'a HttpLeaf> {
    order(exchange, endpoint, &format!("{indent}   "), explanation)
}

fn url(endpoint: &Endpoint) -> String {
    match endpoint {
        Endpoint::Http(leaf) => format!(" ({})", leaf.plan.url.as_str()),
        Endpoint::Mock(_) => " (mock)".to_owned(),
        Endpoint::Dynamic(_) | Endpoint::Sequence(_) | Endpoint::Group(_) => String::new(),
    }
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
    leaf: &HttpLeaf,
    explanation: &mut Explanation,
) -> Result<(), Failure> {
    explanation.step("endpoint", format!("{} ({})", leaf.name(), leaf.plan.url.as_str()));
    if let Some(credentials) = &leaf.plan.credentials {
        explanation.step("credentials", shown_credentials(credentials));
    }
    let address = leaf.resolve(exchange, api)?.into_owned();
    if leaf.plan.lambda.is_some() {
        let function = leaf.function(exchange).ok_or(FaultCode::LambdaAbsent)?;
        let verb = match function.stream {
            Some(_) => "InvokeWithResponseStream",
            None => "Invoke",
        };
        let text = format!("{} ({verb}, {})", function.function, function.invocation.header());
        explanation.step("function", text);
        return Ok(());
    }
    exchange.head.headers.remove("x-weir-key-type");
    let (mut request, _wish) = leaf.request(exchange, &address, api)?;
    let mut url = format!("{}{}", address.target, request.uri());
    if let Some(fixed) = leaf.fixed_credentials() {
        fixed.put(request.headers_mut());
        url = fixed.mask(&url);
    }
    explanation.step("upstream", format!("{} {url}", request.method()));
    let mut shown = request.headers().clone();
    // Where tokens go on to upstreams, the API's own header carries one.
    let own = &exchange.snapshot.config.admission.authorization_header;
    let name = api.plan.security.authorization_header.as_ref().unwrap_or(own);
    if let Some(token) = shown.get_mut(name) {
        *token = HeaderValue::from_static("***");
    }
    if let Some(key) = leaf.credentials_header().and_then(|name| shown.get_mut(name)) {
        *key = HeaderValue::from_static("***");
    }
    explanation.request = Some(json!({
        "method": request.method().as_str(),
        "url": url,
        "headers": headers(&shown),
    }));
    Ok(())
}

/// What the upstream is shown; nothing is had for it here.
fn shown_credentials(credentials: &Credentials) -> String {
    match credentials {
        Credentials::Basic(account) => format!("basic authentication as {}", account.username),
        Credentials::Digest(account) => {
            format!("digest authentication as {}, once it is asked for", account.username)
        }
        Credentials::HeaderKey { name, .. } => format!("a key in the header {name}"),
        Credentials::QueryKey { name, .. } => format!("a key in the query parameter {name}"),
        Credentials::OAuth(plan) => {
            format!("a token from {} for the client {}", plan.token_url, plan.client.id)
        }
        Credentials::Aws(plan) => {
            let keys = match &plan.source {
                AwsSource::Keys { id, .. } => format!("the access key {id}"),
                AwsSource::Chain { .. } => "the keys of this machine".to_owned(),
            };
            match &plan.role {
                Some(role) => format!("a signature in the role {}, assumed with {keys}", role.arn),
                None => format!("a signature with {keys}"),
            }
        }
    }
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
