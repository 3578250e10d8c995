//! Header rules in both directions (spec/01 §6.1–6.2, RFC 9110 §7.6).

use http::header::{self, Entry, HeaderName, HeaderValue};
use http::{HeaderMap, Method, StatusCode, Uri};

use crate::config::Forwarding;
use crate::exchange::{Connection, Exchange, Record};
use crate::known::{Known, Present, is_disguised};
use crate::snapshot::LiveApi;
use crate::telemetry::trace::REQUEST_ID;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// What is said anew to each upstream, and credentials that are meant for the gateway alone.
const NOT_FORWARDED: [(Known, HeaderName); 5] = [
    (Known::Expect, header::EXPECT),
    (Known::ProxyAuthorization, header::PROXY_AUTHORIZATION),
    (Known::ApiKey, HeaderName::from_static("apikey")),
    (Known::InternalKey, HeaderName::from_static("internal-key")),
    (Known::DefaultVersion, HeaderName::from_static("wso2_am_api_default_version")),
];
/// What is meant for one connection only.
const CONNECTION_LEVEL: [(Known, HeaderName); 5] = [
    (Known::Http2Settings, HeaderName::from_static("http2-settings")),
    (Known::KeepAlive, HeaderName::from_static("keep-alive")),
    (Known::ProxyConnection, HeaderName::from_static("proxy-connection")),
    (Known::TransferEncoding, header::TRANSFER_ENCODING),
    (Known::Upgrade, header::UPGRADE),
];
/// What says where a request comes from.
const ORIGINS: [(Known, HeaderName); 4] = [
    (Known::XForwardedFor, X_FORWARDED_FOR),
    (Known::XForwardedProto, X_FORWARDED_PROTO),
    (Known::XForwardedHost, X_FORWARDED_HOST),
    (Known::Forwarded, header::FORWARDED),
];

/// What a request asks of its connection besides the exchange itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Nothing.
    None,
    /// A tunnel (WebSocket and other upgrades).
    Upgrade,
    /// To be told whether its body is wanted (`Expect: 100-continue`).
    Continue,
}

/// Turns a client's headers into those of the upstream's request.
///
/// `host` is the `Host` to send.
pub(crate) fn request_headers(
    exchange: &mut Exchange,
    host: HeaderValue,
    auth_header: &HeaderName,
) -> Wish {
    let present = exchange.present;
    let wish = wish(exchange);
    let snapshot = std::sync::Arc::clone(&exchange.snapshot);
    let rules = &snapshot.config.forwarding;
    let headers = &mut exchange.head.headers;
    let upgrade = if wish == Wish::Upgrade { tunnel_protocols(headers) } else { None };
    strip_hop_by_hop(headers, present);
    if present.has_disguised() {
        drop_disguised(headers);
    }
    // What is added below; growing once is cheaper than twice.
    headers.reserve(8);
    if let Some(protocol) = upgrade {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, protocol);
    }
    if exchange.is_stripped {
        // What stands there now is what policies have put there.
        headers.remove(header::EXPECT);
    } else {
        strip_credentials(headers, present, rules, auth_header);
    }
    headers.insert(header::HOST, host);
    exchange.record.trace.apply(headers);
    headers.insert(REQUEST_ID, exchange.record.request_id.clone());
    if let Entry::Vacant(place) = headers.entry(&rules.correlation_header) {
        place.insert(exchange.record.request_id.clone());
    }
    add_forwarded(headers, present, &exchange.record, rules);
    wish
}

/// Takes out what is meant for the gateway alone, before policies see the request: what they set
/// afterwards is theirs and goes on.
pub(crate) fn take_credentials(exchange: &mut Exchange, api: &LiveApi) {
    let snapshot = std::sync::Arc::clone(&exchange.snapshot);
    let own = &snapshot.config.admission.authorization_header;
    let auth_header = api.plan.security.authorization_header.as_ref().unwrap_or(own);
    let rules = &snapshot.config.forwarding;
    let headers = &exchange.head.headers;
    let expects = exchange.present.has(Known::Expect).then(|| headers.get(header::EXPECT).cloned());
    strip_credentials(&mut exchange.head.headers, exchange.present, rules, auth_header);
    if let Some(expects) = expects.flatten() {
        exchange.head.headers.insert(header::EXPECT, expects);
    }
    exchange.is_stripped = true;
}

fn strip_credentials(
    headers: &mut HeaderMap,
    present: Present,
    rules: &Forwarding,
    auth_header: &HeaderName,
) {
    for (known, name) in &NOT_FORWARDED {
        if present.has(*known) {
            headers.remove(name);
        }
    }
    let is_default = *auth_header == header::AUTHORIZATION;
    if !rules.outbound_auth_header && (!is_default || present.has(Known::Authorization)) {
        headers.remove(auth_header);
    }
}

/// Removes what a backend may take for a header that frames the message, or that the gateway sets.
fn drop_disguised(headers: &mut HeaderMap) {
    let is_one = |name: &&HeaderName| is_disguised(name.as_str());
    let names: Vec<HeaderName> = headers.keys().filter(is_one).cloned().collect();
    for name in names {
        headers.remove(name);
    }
}

/// What a client of HTTP/1.1 wishes; a tunnel comes first.
pub(crate) fn wish(exchange: &Exchange) -> Wish {
    let present = exchange.present;
    if !present.has_any(&[Known::Upgrade, Known::Expect])
        || exchange.head.version != http::Version::HTTP_11
    {
        return Wish::None;
    }
    let headers = &exchange.head.headers;
    if wants_tunnel(headers) {
        return Wish::Upgrade;
    }
    let expected = headers.get(header::EXPECT).map(HeaderValue::as_bytes);
    if expected.is_some_and(|value| value.eq_ignore_ascii_case(b"100-continue")) {
        Wish::Continue
    } else {
        Wish::None
    }
}

/// `Connection: upgrade`, and a protocol that is not HTTP itself.
fn wants_tunnel(headers: &HeaderMap) -> bool {
    let is_asked =
        tokens(headers, &header::CONNECTION).any(|token| token.eq_ignore_ascii_case("upgrade"));
    is_asked && tokens(headers, &header::UPGRADE).any(is_tunnel_protocol)
}

/// The protocols of a tunnel that the upstream may choose from.
fn tunnel_protocols(headers: &HeaderMap) -> Option<HeaderValue> {
    let all: Vec<&str> = tokens(headers, &header::UPGRADE).collect();
    let kept: Vec<&str> = all.iter().copied().filter(|token| is_tunnel_protocol(token)).collect();
    if kept.len() == all.len() && all.len() == 1 {
        return headers.get(header::UPGRADE).cloned();
    }
    HeaderValue::try_from(kept.join(", ")).ok()
}

/// Whether an answer switches to what nobody was offered.
pub(crate) fn switches_to_http(headers: &HeaderMap) -> bool {
    tokens(headers, &header::UPGRADE).any(|token| !is_tunnel_protocol(token))
}

/// HTTP itself, of whatever version, would let a client speak past the gateway; TLS would carry it
/// there (RFC 2817).
fn is_tunnel_protocol(token: &str) -> bool {
    let name = token.split('/').next().unwrap_or_default().trim();
    let is_named = |other: &str| name.eq_ignore_ascii_case(other);
    !["h2", "h2c", "http", "https", "tls", "h3"].into_iter().any(is_named)
}

/// The comma-separated tokens of all fields of a name.
fn tokens<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|token| !token.is_empty())
}

/// Removes what is meant for one connection only; `TE: trailers` and `Trailer` go on, since
/// trailers do.
pub(crate) fn strip_hop_by_hop(headers: &mut HeaderMap, present: Present) {
    if present.has(Known::Connection) && is_plain_connection(headers) {
        headers.remove(header::CONNECTION);
    } else if present.has(Known::Connection) {
        let named: Vec<HeaderName> = tokens(headers, &header::CONNECTION)
            .filter_map(|token| HeaderName::from_bytes(token.as_bytes()).ok())
            .filter(|name| !is_end_to_end(name))
            .collect();
        for name in named {
            headers.remove(name);
        }
        headers.remove(header::CONNECTION);
    }
    if present.has(Known::TransferEncoding) {
        // Chunks win over a length (RFC 9112 §6.3), which must not frame what goes on.
        headers.remove(header::CONTENT_LENGTH);
    }
    for (_, name) in CONNECTION_LEVEL.iter().filter(|(known, _)| present.has(*known)) {
        headers.remove(name);
    }
    if present.has(Known::Te) {
        let has_trailers =
            tokens(headers, &header::TE).any(|token| token.eq_ignore_ascii_case("trailers"));
        headers.remove(header::TE);
        if has_trailers {
            headers.insert(header::TE, HeaderValue::from_static("trailers"));
        }
    }
}

/// Whether `Connection` names no header, as it mostly does.
fn is_plain_connection(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONNECTION).map(HeaderValue::as_bytes);
    let is_known = |value: &[u8]| {
        value.eq_ignore_ascii_case(b"keep-alive") || value.eq_ignore_ascii_case(b"close")
    };
    headers.len() == headers.keys_len() && value.is_some_and(is_known)
}

/// Fields that a `Connection` header cannot take away: they frame or address the message.
fn is_end_to_end(name: &HeaderName) -> bool {
    [header::HOST, header::CONTENT_LENGTH, header::CONTENT_TYPE, header::TE, header::TRAILER]
        .contains(name)
}

fn add_forwarded(headers: &mut HeaderMap, present: Present, record: &Record, rules: &Forwarding) {
    let (host, connection) = (&record.host, &*record.connection);
    let peer = connection.peer.ip();
    let is_trusted = rules.trusted_proxies.iter().any(|network| network.contains(&peer));
    if !is_trusted {
        // What a stranger says about where it comes from is not passed on.
        for (_, name) in ORIGINS.iter().filter(|(known, _)| present.has(*known)) {
            headers.remove(name);
        }
    }
    if rules.x_forwarded {
        append(headers, X_FORWARDED_FOR, connection.peer_value.clone());
        let scheme = HeaderValue::from_static(connection.scheme());
        headers.entry(X_FORWARDED_PROTO).or_insert(scheme);
        if !host.is_empty() {
            headers.entry(X_FORWARDED_HOST).or_insert_with(|| host.clone());
        }
    }
    if rules.forwarded
        && let Some(value) = forwarded_value(host, connection)
    {
        append(headers, header::FORWARDED, value);
    }
}

/// Adds to a list-valued field and makes one line of it: many readers look at the first line only.
fn append(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    let name = match headers.entry(name) {
        Entry::Vacant(place) => {
            place.insert(value);
            return;
        }
        Entry::Occupied(place) => place.key().clone(),
    };
    let mut elements: Vec<&[u8]> =
        headers.get_all(&name).iter().map(HeaderValue::as_bytes).collect();
    elements.push(value.as_bytes());
    let joined = HeaderValue::from_bytes(&elements.join(&b", "[..]));
    headers.insert(name, joined.unwrap_or(value));
}

/// One element of `Forwarded` (RFC 7239 §4).
fn forwarded_value(host: &HeaderValue, connection: &Connection) -> Option<HeaderValue> {
    let mut value = String::with_capacity(connection.forwarded_for.len() + host.len() + 24);
    value.push_str(&connection.forwarded_for);
    if let Some(host) = host.to_str().ok().filter(|host| !host.is_empty()) {
        value.push_str(";host=\"");
        value.push_str(host);
        value.push('"');
    }
    value.push_str(";proto=");
    value.push_str(connection.scheme());
    HeaderValue::try_from(value).ok()
}

/// Whether the body of a request with this method is sent on (spec/01 §6.3).
pub(crate) fn carries_body(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::TRACE)
}

/// What the answer's header rules need to know.
pub(crate) struct Rewrite<'a> {
    /// The rules.
    pub(crate) rules: &'a Forwarding,
    /// The upstream's host, as it is sent to it.
    pub(crate) upstream: &'a str,
    /// The base path of the upstream's address.
    pub(crate) base_path: &'a str,
    /// The API's context as the client called it.
    pub(crate) context: &'a str,
    /// The client's scheme.
    pub(crate) scheme: &'a str,
    /// The host that the client called.
    pub(crate) host: &'a str,
}

/// Turns an upstream's headers into those of the answer.
pub(crate) fn response_headers(headers: &mut HeaderMap, status: StatusCode, rewrite: &Rewrite<'_>) {
    let present = Present::scan(headers);
    strip_hop_by_hop(headers, present);
    if present.has(Known::ProxyAuthenticate) {
        headers.remove(header::PROXY_AUTHENTICATE);
    }
    if !rewrite.rules.preserve_server {
        headers.remove(header::SERVER);
    }
    if !present.has(Known::Location) || keeps_location(status) || rewrite.rules.preserve_location {
        return;
    }
    if let Some(location) = headers.get(header::LOCATION)
        && let Some(ours) = location_at_gateway(location, rewrite)
    {
        headers.insert(header::LOCATION, ours);
    }
}

/// The statuses whose `Location` passes unchanged (spec/01 §3.4).
fn keeps_location(status: StatusCode) -> bool {
    matches!(status.as_u16(), 201 | 301 | 302 | 303 | 307)
}

/// The address at the gateway for one at the upstream.
fn location_at_gateway(location: &HeaderValue, rewrite: &Rewrite<'_>) -> Option<HeaderValue> {
    let uri = Uri::try_from(location.as_bytes()).ok()?;
    // An address at somebody else's host stays theirs.
    if uri.authority().is_some_and(|authority| authority.as_str() != rewrite.upstream) {
        return None;
    }
    let path = uri.path_and_query()?.as_str();
    let rest = path.strip_prefix(rewrite.base_path).filter(|rest| {
        rest.is_empty() || rest.starts_with(['/', '?']) || rewrite.base_path.ends_with('/')
    });
    let Rewrite { context, scheme, host, .. } = rewrite;
    let text = match rest {
        Some(rest) => {
            let slash = if rest.is_empty() || rest.starts_with(['/', '?']) { "" } else { "/" };
            format!("{scheme}://{host}{context}{slash}{rest}")
        }
        None => format!("{scheme}://{host}{path}"),
    };
    HeaderValue::try_from(text).ok()
}
