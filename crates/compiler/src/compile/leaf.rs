//! A URL to a leaf: its address, its resilience, its limits and how its health is checked.

mod message;

use std::time::Duration;

use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use model::cursor::Cursor;
use model::endpoint::{EndpointKind, Member};
use model::{Diagnostics, codes};

use super::group::settings::{Settings, check_keys};
use super::group::value;
use super::{client_certificate, credentials, extensions, lambda, resilience, url};
use crate::plan::{
    Dialect, HealthCheck, Http2, HttpPlan, HttpProbe, Limits, Probe, Queue, StatusSet,
    TimeoutAction,
};

/// Keys below `x-weir` that concern a leaf; in a group they hold for its members.
pub(super) const KEYS: &[&str] =
    &["limits", "healthCheck", credentials::KEY, client_certificate::KEY, lambda::KEY];
const LIMIT_KEYS: &[&str] = &["connections", "requestsInFlight", "queue"];
const QUEUE_KEYS: &[&str] = &["length", "wait"];
const CHECK_KEYS: &[&str] = &["type", "interval", "timeout", "healthyAfter", "unhealthyAfter"];
const HTTP_KEYS: &[&str] = &["path", "method", "headers", "expectedStatuses", "expectedBody"];
const GRPC_KEYS: &[&str] = &["service"];
const MOST: u32 = 1_000_000;

/// What a leaf is made from.
pub(super) struct Leaf<'a> {
    pub(super) member: &'a Member,
    pub(super) name: String,
    pub(super) dialect: Dialect,
    pub(super) is_member: bool,
    /// What `x-weir` says, the member's own word first.
    pub(super) settings: &'a Settings<'a>,
}

impl Leaf<'_> {
    pub(super) fn plan(self, found: &mut Diagnostics) -> Option<HttpPlan> {
        let Self { member, name, dialect, is_member, settings } = self;
        let mut resilience = resilience::plan(member.config.as_ref(), found);
        resilience.is_member = is_member;
        if is_member && resilience.on_timeout != TimeoutAction::Fault {
            warn_of_silence(member, found);
        }
        let message = message::wanted(member, dialect, found);
        let http2 = extensions::http2(member, found);
        let limits = limits(settings, found);
        count_connections(settings, http2, found);
        let health_check = health_check(settings, http2, found);
        let url = url::parse(member, dialect, found)?;
        let is_fixed = url.is_static() && dialect != Dialect::Dynamic;
        if let Some(at) = settings.inner("healthCheck").first().filter(|_| !is_fixed) {
            let message = match dialect {
                Dialect::Dynamic => "the health cannot be checked: the address is computed",
                _ => "the health cannot be checked: the URL has variables",
            };
            let help = "Use a fixed URL, or switch the check off with `healthCheck: false`.";
            found.error(codes::HEALTH_CHECK, at.place(), message, help);
        }
        let credentials = credentials::plan(settings, found);
        let identity = client_certificate::plan(settings, found);
        Some(HttpPlan {
            name,
            dialect,
            url,
            message,
            resilience,
            http2,
            credentials,
            identity,
            limits,
            health_check,
            lambda: None,
        })
    }
}

/// The kinds of URL that may be in a group; `None`, and a diagnostic, for any other.
///
/// A member that a WSDL locates gets the address that is there.
pub(super) fn dialect_of_member(
    member: &mut Member,
    settings: &Settings<'_>,
    found: &mut Diagnostics,
) -> Option<Dialect> {
    match &member.kind {
        None | Some(EndpointKind::Absent | EndpointKind::Http | EndpointKind::Service) => {
            Some(Dialect::Http)
        }
        Some(EndpointKind::Address) => Some(Dialect::Address),
        Some(EndpointKind::Wsdl) => {
            *member = settings.wsdls()?.located(member, found)?;
            Some(Dialect::Address)
        }
        Some(_) => {
            let message = "this type cannot be a member of a group";
            let help =
                "Use http, address or wsdl; groups of other kinds are written below `x-weir`.";
            found.error(codes::MEMBER_TYPE, member.place_of("endpoint_type"), message, help);
            None
        }
    }
}

fn warn_of_silence(member: &Member, found: &mut Diagnostics) {
    let message = "calls that fail here end without an answer, and no other member takes over";
    let help = "Set `actionSelect` to `fault`.";
    let place = member.config.as_ref().map(|config| config.place_of("actionSelect"));
    let place = place.unwrap_or_else(|| member.place.clone());
    found.warning(codes::MEMBER_DISCARDS, place, message, help);
}

pub(super) fn limits(settings: &Settings<'_>, found: &mut Diagnostics) -> Limits {
    let limits = settings.inner("limits");
    limits.check_keys(&[LIMIT_KEYS], found);
    let connections = value::count(limits.get("connections"), 1..=MOST, found);
    let requests = value::count(limits.get("requestsInFlight"), 1..=MOST, found);
    let queue = limits.inner("queue");
    queue.check_keys(&[QUEUE_KEYS], found);
    let length = value::count(queue.get("length"), 0..=MOST, found).unwrap_or(0);
    let wait = value::time(queue.get("wait"), found).unwrap_or(Duration::from_secs(1));
    let queue_is_idle = connections.is_none() && requests.is_none();
    if let Some(at) = queue.first().filter(|_| queue_is_idle) {
        let message = "nothing waits in the queue, because there is no limit to wait for";
        let help = "Add `connections` or `requestsInFlight`.";
        found.warning(codes::NO_EFFECT, at.place(), message, help);
    }
    let queue = (length > 0).then_some(Queue { length, wait });
    Limits { connections, requests, queue }
}

/// Over HTTP/2 calls share connections, and each worker has its own.
fn count_connections(settings: &Settings<'_>, http2: Http2, found: &mut Diagnostics) {
    let limits = settings.inner("limits");
    let at = limits.get("connections").filter(|_| http2 == Http2::Always);
    if let Some(at) = at {
        let message =
            "connections are counted for HTTP/1.1, and this endpoint always speaks HTTP/2";
        let help = "Use `requestsInFlight`, or remove `x-weir-http2: always`.";
        found.error(codes::CONNECTION_LIMIT, at.place(), message, help);
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Http,
    Tcp,
    Grpc,
}

impl Kind {
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Http => HTTP_KEYS,
            Self::Tcp => &[],
            Self::Grpc => GRPC_KEYS,
        }
    }
}

fn kind(check: &Settings<'_>, found: &mut Diagnostics) -> Kind {
    let kinds = [("http", Kind::Http), ("tcp", Kind::Tcp), ("grpc", Kind::Grpc)];
    value::choice(check.get("type"), &kinds, found).unwrap_or(Kind::Http)
}

pub(super) fn health_check(
    settings: &Settings<'_>,
    http2: Http2,
    found: &mut Diagnostics,
) -> Option<HealthCheck> {
    let check = settings.inner("healthCheck");
    let at = check.first()?.clone();
    // Each place has the keys of the type that holds there: a member may be checked in another
    // way than its group says.
    for (at, here) in check.suffixes() {
        check_keys(at, &[CHECK_KEYS, kind(&here, found).keys()], found);
    }
    let kind = kind(&check, found);
    if kind == Kind::Grpc && http2 == Http2::Never {
        let message = "gRPC needs HTTP/2, which is switched off here";
        let help = "Remove `x-weir-http2: never`, or check by http or tcp.";
        found.error(codes::HEALTH_CHECK, at.place(), message, help);
    }
    Some(HealthCheck {
        probe: match kind {
            Kind::Http => Probe::Http(http_probe(&check, found)),
            Kind::Tcp => Probe::Tcp,
            Kind::Grpc => Probe::Grpc {
                service: check.get("service").and_then(|at| value::scalar(&at)).unwrap_or_default(),
            },
        },
        interval: value::some_time(check.get("interval"), found).unwrap_or(Duration::from_secs(10)),
        timeout: value::some_time(check.get("timeout"), found).unwrap_or(Duration::from_secs(2)),
        healthy_after: value::count(check.get("healthyAfter"), 1..=1000, found).unwrap_or(2),
        unhealthy_after: value::count(check.get("unhealthyAfter"), 1..=1000, found).unwrap_or(3),
    })
}

fn http_probe(check: &Settings<'_>, found: &mut Diagnostics) -> HttpProbe {
    let statuses = value::statuses(check.get("expectedStatuses"), found);
    let method = method(check.get("method"), found).unwrap_or(Method::GET);
    let body = value::text(check.get("expectedBody"), found);
    if let Some(at) = check.get("expectedBody").filter(|_| method == Method::HEAD) {
        let message = "the answer to HEAD has no body to look into";
        let help = "Use `method: GET`, or remove `expectedBody`.";
        found.error(codes::HEALTH_CHECK, at.place(), message, help);
    }
    HttpProbe {
        method,
        path: path(check.get("path"), found).unwrap_or(PathAndQuery::from_static("/")),
        headers: headers(check.get("headers"), found),
        statuses: statuses.unwrap_or_else(|| StatusSet::from_ranges(vec![200..=299])),
        body,
    }
}

fn method(at: Option<Cursor<'_>>, found: &mut Diagnostics) -> Option<Method> {
    let choices = [
        ("GET", &Method::GET),
        ("HEAD", &Method::HEAD),
        ("OPTIONS", &Method::OPTIONS),
        ("POST", &Method::POST),
    ];
    value::choice(at, &choices, found).cloned()
}

fn path(at: Option<Cursor<'_>>, found: &mut Diagnostics) -> Option<PathAndQuery> {
    let at = at?;
    let text = value::scalar(&at).filter(|text| text.starts_with('/') && !text.contains('#'));
    let path = text.and_then(|text| PathAndQuery::try_from(text).ok());
    if path.is_none() {
        value::refuse(&at, "Write a path such as /health.", found);
    }
    path
}

/// Headers that the gateway sets by itself, so that a check asks as a call does.
const RESERVED: [HeaderName; 6] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::TE,
    header::UPGRADE,
];

fn headers(at: Option<Cursor<'_>>, found: &mut Diagnostics) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let Some(at) = at else { return headers };
    for (name, value) in at.entries(found) {
        let parsed = HeaderName::from_bytes(name.as_bytes()).ok();
        let text = value.text(&mut Diagnostics::new());
        let text = text.and_then(|text| HeaderValue::try_from(text).ok());
        match (parsed.filter(|name| !RESERVED.contains(name)), text) {
            (Some(name), Some(mut text)) => {
                // It may be a credential.
                text.set_sensitive(true);
                headers.append(name, text);
            }
            (None, _) => {
                let message = format!("the header `{name}` cannot be set here");
                let help = "Use another header; Host is the one that calls have.";
                found.error(codes::EXTENSION_VALUE, value.place(), message, help);
            }
            (_, None) => {
                let message = format!("the value of the header `{name}` is malformed");
                found.error(codes::EXTENSION_VALUE, value.place(), message, "Write a text.");
            }
        }
    }
    headers
}
