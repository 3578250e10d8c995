//! Step 2 of a request: what is ambiguous or over a limit is refused before anything looks at it.

use http::{HeaderMap, HeaderValue, Method, Version, header};
use http_body::Body as _;
use model::fault::FaultCode;

use crate::exchange::Exchange;
use crate::fault::{Failure, Fault};
use crate::forward::{self, Wish};
use crate::tunnel::EARLY_DATA;

/// Settles which host the request is for, and refuses what no gateway should pass on.
///
/// # Errors
///
/// 400 for a missing, doubled or contradicting host (RFC 9112 §3.2), 501 for CONNECT, 413 for a
/// body that announces itself as too large.
pub(crate) fn normalise(exchange: &mut Exchange) -> Result<(), Failure> {
    if exchange.head.version == Version::HTTP_2 {
        check_http2(exchange)?;
    }
    if exchange.head.method == Method::CONNECT {
        return Err(FaultCode::NotImplemented.into());
    }
    exchange.record.host = host(exchange)?;
    if exchange.head.uri.path().as_bytes().first() != Some(&b'/') {
        // `OPTIONS *` asks about the server, not about an API.
        return Err(FaultCode::NoApi.into());
    }
    check_upgrade(exchange)?;
    check_length(exchange)
}

/// What the HTTP library does not see to (RFC 9113 §8.2, §8.3), and one field where a browser has
/// sent many.
fn check_http2(exchange: &mut Exchange) -> Result<(), Failure> {
    let head = &mut exchange.head;
    join_cookies(&mut head.headers);
    if head.headers.len() > exchange.snapshot.config.limits.header_fields {
        return Err(FaultCode::HeadTooLarge.into());
    }
    let scheme = head.uri.scheme_str();
    if scheme.is_some_and(|scheme| !["http", "https"].contains(&scheme)) {
        return Err(bad_request("The scheme is neither http nor https"));
    }
    let path = head.uri.path();
    let asks_server = head.method == Method::OPTIONS && path == "*";
    // Where there is only a query, the path reads as a slash.
    let whole = head.uri.path_and_query().map_or(path, |whole| whole.as_str());
    let is_path = path.starts_with('/') && whole.starts_with('/');
    if !is_path && !asks_server && head.method != Method::CONNECT {
        return Err(bad_request("The path does not start with a slash"));
    }
    Ok(())
}

/// Nothing may follow a request to upgrade before its answer: it could be read as a request or as
/// the other protocol.
fn check_upgrade(exchange: &Exchange) -> Result<(), Failure> {
    let Some(switch) = &exchange.switch else { return Ok(()) };
    let is_framed = !exchange.body.is_end_stream();
    if !is_framed && forward::wish(exchange) == Wish::Upgrade && switch.has_early_data() {
        return Err(bad_request(EARLY_DATA));
    }
    Ok(())
}

/// One field for all cookies, as HTTP/1.1 wants it (RFC 9113 §8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    if headers.len() == headers.keys_len() || headers.get_all(header::COOKIE).iter().count() < 2 {
        return;
    }
    let values: Vec<&[u8]> =
        headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if let Ok(joined) = HeaderValue::from_bytes(&values.join(&b"; "[..])) {
        headers.insert(header::COOKIE, joined);
    }
}

fn bad_request(description: &str) -> Failure {
    Fault::new(FaultCode::BadRequest).describe(description).into()
}

/// The authority that the request names once, and only once.
fn host(exchange: &Exchange) -> Result<HeaderValue, Failure> {
    let head = &exchange.head;
    let named = single_host(&head.headers)?;
    let authority = head.uri.authority();
    match (authority, named) {
        (Some(authority), Some(named))
            if !authority.as_str().eq_ignore_ascii_case(named.to_str().unwrap_or_default()) =>
        {
            Err(bad_request("The Host header names another host than the request target"))
        }
        (Some(authority), _) => {
            if authority.as_str().contains('@') {
                return Err(bad_request("The request target must not name a user"));
            }
            if authority.as_str().len() > authority.host().len() && authority.port_u16().is_none() {
                return Err(bad_request("The request target has no valid port"));
            }
            HeaderValue::from_str(authority.as_str())
                .map_err(|_invalid| bad_request("The request target has no valid host"))
        }
        (None, Some(named)) => checked(named),
        (None, None) if head.version == Version::HTTP_10 => Ok(HeaderValue::from_static("")),
        (None, None) => Err(bad_request("The Host header is missing")),
    }
}

fn single_host(headers: &HeaderMap) -> Result<Option<&HeaderValue>, Failure> {
    if headers.len() == headers.keys_len() {
        // No header comes twice.
        return Ok(headers.get(header::HOST));
    }
    let mut values = headers.get_all(header::HOST).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(bad_request("More than one Host header"));
    }
    Ok(first)
}

/// A host is letters, digits and few marks (RFC 3986 §3.2.2), with an optional port.
fn checked(value: &HeaderValue) -> Result<HeaderValue, Failure> {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:[]%".contains(byte);
    if value.as_bytes().iter().all(allowed) {
        return Ok(value.clone());
    }
    Err(bad_request("The Host header is not a host name"))
}

fn check_length(exchange: &Exchange) -> Result<(), Failure> {
    let Some(limit) = exchange.snapshot.config.limits.body_bytes else { return Ok(()) };
    let announced = http_body::Body::size_hint(&exchange.body).lower();
    if announced > limit { Err(FaultCode::PayloadTooLarge.into()) } else { Ok(()) }
}
