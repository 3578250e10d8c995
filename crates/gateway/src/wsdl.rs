//! `GET <context>/<version>?wsdl`: the WSDL of an API, with the address that was asked in it.
//!
//! Deliberately absent: fetching what the documents import from elsewhere, which stays as it is
//! written, and the devportal's download.

use aws_lc_rs::digest;
use compiler::plan::WsdlDocument;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use model::fault::FaultCode;

use crate::admit;
use crate::body::ResponseBody;
use crate::exchange::Exchange;
use crate::fault::Failure;
use crate::route::OperationMatch;
use crate::snapshot::LiveApi;

/// Whether a request asks for the WSDL of its API, and no operation of the API answers it.
pub(crate) fn is_asked(exchange: &Exchange) -> bool {
    let Some(api) = exchange.record.api.as_deref() else { return false };
    api.plan.wsdl.is_some() && document(exchange, api).is_some() && !has_operation(exchange, api)
}

fn document<'a>(exchange: &Exchange, api: &'a LiveApi) -> Option<&'a WsdlDocument> {
    let query = exchange.head.uri.query()?;
    let is_get = matches!(exchange.head.method, Method::GET | Method::HEAD);
    let is_root = matches!(exchange.resource_path(), "" | "/");
    api.plan.wsdl.as_ref().filter(|_| is_get && is_root)?.asked(query)
}

fn has_operation(exchange: &Exchange, api: &LiveApi) -> bool {
    let found = api.operations.find(&api.plan, &Method::GET, exchange.resource_path());
    matches!(found, OperationMatch::Found { .. })
}

/// Answers with the document that is asked for.
///
/// # Errors
///
/// What is wrong with the credential, where not everybody gets it.
pub(crate) async fn answer(exchange: &mut Exchange) -> Result<Response<ResponseBody>, Failure> {
    let api = exchange.record.api.clone().ok_or_else(|| Failure::from(FaultCode::NoApi))?;
    if api.plan.wsdl.as_ref().is_some_and(|wsdl| !wsdl.is_public) {
        admit_caller(exchange, &api).await?;
    }
    let document = document(exchange, &api).ok_or_else(|| Failure::from(FaultCode::NoResource))?;
    let text = document.text(&xml::escape::text(&base(exchange, &api)));
    let tag = tag(&text);
    let is_known = is_known(&exchange.head.headers, &tag);
    let mut response = Response::new(ResponseBody::empty());
    let headers = response.headers_mut();
    headers.insert(header::ETAG, tag);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // The addresses depend on who asks, and by which name.
    headers.insert(header::VARY, HeaderValue::from_static("Host"));
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(response);
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml; charset=utf-8"));
    if exchange.head.method == Method::HEAD {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(text.len()));
        return Ok(response);
    }
    Ok(response.map(|_| ResponseBody::ready(text)))
}

/// Who may call an operation may know the WSDL: the one for messages, or else the first.
async fn admit_caller(exchange: &mut Exchange, api: &LiveApi) -> Result<(), Failure> {
    let found = api.operations.find(&api.plan, &Method::POST, exchange.resource_path());
    exchange.record.operation = Some(match found {
        OperationMatch::Found { index, .. } => index,
        OperationMatch::WrongMethod { .. } | OperationMatch::NoResource => 0,
    });
    admit::admit(exchange).await
}

fn tag(text: &str) -> HeaderValue {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    let start = hash.as_ref().iter().take(16);
    let text: String = start.map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::try_from(format!("\"{text}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Whether the caller has the same already (RFC 9110 §13.1.2).
fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let lines = headers.get_all(header::IF_NONE_MATCH).iter();
    let tags = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
    let mut tags = tags.map(|one| one.trim().trim_start_matches("W/"));
    tags.any(|one| one == "*" || one.as_bytes() == tag.as_bytes())
}

/// The URL of the API, as its callers know it.
fn base(exchange: &Exchange, api: &LiveApi) -> String {
    let origin = advertised(exchange, api).unwrap_or_else(|| asked(exchange));
    format!("{origin}{}", api.plan.context)
}

/// Scheme and host that the client used, also before a proxy that is trusted.
fn client_side(exchange: &Exchange) -> (String, String) {
    let connection = &exchange.record.connection;
    let host = exchange.record.host.to_str().unwrap_or_default();
    let own = (connection.scheme().to_owned(), host.to_owned());
    let proxies = &exchange.snapshot.config.forwarding.trusted_proxies;
    if !proxies.iter().any(|network| network.contains(&connection.peer.ip())) {
        return own;
    }
    let (scheme, host) = forwarded(&exchange.head.headers);
    (scheme.unwrap_or(own.0), host.unwrap_or(own.1))
}

/// What the first proxy has said (`Forwarded`, or else `X-Forwarded-*`).
fn forwarded(headers: &HeaderMap) -> (Option<String>, Option<String>) {
    let first = |name: &str| {
        let text = headers.get(name)?.to_str().ok()?;
        Some(text.split(',').next()?.trim().to_owned())
    };
    let element = first("forwarded").unwrap_or_default();
    let part = |name: &str| {
        let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
        let mut named = pairs.filter(|(known, _)| known.trim().eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.trim().trim_matches('"').to_owned())
    };
    let scheme = part("proto").or_else(|| first("x-forwarded-proto"));
    let host = part("host").or_else(|| first("x-forwarded-host"));
    let scheme = scheme.map(|scheme| scheme.to_ascii_lowercase());
    let scheme = scheme.filter(|scheme| matches!(scheme.as_str(), "http" | "https"));
    let is_host = |host: &String| !host.contains('@') && host.parse::<Authority>().is_ok();
    (scheme, host.filter(is_host))
}

fn asked(exchange: &Exchange) -> String {
    let (scheme, host) = client_side(exchange);
    let host = if host.is_empty() { exchange.snapshot.config.hostname.clone() } else { host };
    format!("{scheme}://{host}")
}

/// The URL that the configuration gives the environment; an API with a host of its own is known by
/// that.
fn advertised(exchange: &Exchange, api: &LiveApi) -> Option<String> {
    if !api.plan.hosts.is_empty() {
        return None;
    }
    let (scheme, _) = client_side(exchange);
    let config = &exchange.snapshot.config;
    let is_ours = |name: &String| {
        config.labels.contains(name)
            && (api.plan.environments.is_empty() || api.plan.environments.contains(name))
    };
    let mut environments =
        config.environments.iter().filter(|one| !one.is_derived && is_ours(&one.name));
    environments.find_map(|one| match scheme.as_str() {
        "https" => one.https_endpoint.clone(),
        _ => one.http_endpoint.clone(),
    })
}
