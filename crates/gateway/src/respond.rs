//! The one place that turns what an exchange came to into what its caller sees.
//!
//! A fault becomes WSO2's body in the caller's dialect (spec/01 §5.5).
//! What only the operator should know goes to the log with the request id.

use std::sync::Arc;

use http::header::{self, HeaderName, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Method, Response, StatusCode};
use http_body::Body as _;
use model::fault::{FaultCode, Shape};
use tokio::time::Instant;
use xml::fault::{Blame, SoapFault};
use xml::soap::Version;

use crate::admit::cors::Cors;
use crate::body::{RequestSource, ResponseBody};
use crate::config::{FaultStatus, SoapFaults};
use crate::exchange::{Arrival, Connection, Exchange};
use crate::fault::Fault;
use crate::handle::Silence;
use crate::recording;
use crate::snapshot::Snapshot;
use crate::telemetry::metric::Refusal;
use crate::telemetry::trace::REQUEST_ID;

/// How a caller wants a fault to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// JSON.
    Json,
    /// XML, `am:fault`.
    Xml,
    /// A SOAP fault.
    Soap(Version),
}

impl Dialect {
    /// Methods without a body get JSON; others get what they sent (spec/01 §5.5); a caller that
    /// accepts XML and nothing else gets XML.
    #[must_use]
    pub fn of(method: &Method, headers: &HeaderMap) -> Self {
        let value = |name: &HeaderName| {
            headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
        };
        if matches!(*method, Method::POST | Method::PUT | Method::PATCH) {
            let content_type = value(&header::CONTENT_TYPE);
            if let Some(version) = mediation::soap::version_of(content_type) {
                return Self::Soap(version);
            }
            let media = content_type.split(';').next().unwrap_or_default().trim();
            if is_xml(media) {
                return Self::Xml;
            }
        }
        if accepts_only_xml(value(&header::ACCEPT)) { Self::Xml } else { Self::Json }
    }
}

/// Sends an answer, and lets its end end the exchange.
pub(crate) fn reply(
    exchange: Exchange,
    response: Response<ResponseBody>,
) -> Response<ResponseBody> {
    let response = match exchange.record.api.as_ref().filter(|api| api.records) {
        Some(api) => recording::listen(&exchange, api, response),
        None => response,
    };
    finish(exchange, response)
}

fn finish(mut exchange: Exchange, mut response: Response<ResponseBody>) -> Response<ResponseBody> {
    let headers = response.headers_mut();
    if let Some(api) = exchange.record.api.as_deref() {
        let rules = Cors::new(&exchange.snapshot.config.cors, api.plan.cors.as_ref());
        rules.decorate(exchange.origin.as_ref(), headers);
    }
    let correlation = &exchange.snapshot.config.forwarding.correlation_header;
    let id = exchange.correlation.take().unwrap_or_else(|| exchange.record.request_id.clone());
    headers.insert(correlation, id);
    headers.insert(REQUEST_ID, exchange.record.request_id.clone());
    let mut record = exchange.record;
    record.status = response.status().as_u16();
    if let Some(tunnel) = exchange.tunnel.take() {
        tunnel.start(record);
        return response;
    }
    if response.body().is_end_stream() || exchange.head.method == Method::HEAD {
        record.finish(true);
        return response;
    }
    response.map(|body| body.finishing(record))
}

/// Ends an exchange without an answer.
pub(crate) fn silence(exchange: Exchange) -> Silence {
    exchange.record.finish(false);
    Silence
}

/// Refuses what has not become a request, with as much of its head as came, and since when.
pub(crate) fn refuse(
    connection: &Arc<Connection>,
    (head, since): (Parts, Instant),
    fault: &Fault,
) -> Response<ResponseBody> {
    let mut exchange = Exchange::begin(connection, Arrival::new(head, RequestSource::Empty));
    exchange.record.started = since;
    rescue(exchange, fault)
}

/// Answers a fault.
pub(crate) fn rescue(mut exchange: Exchange, fault: &Fault) -> Response<ResponseBody> {
    if !fault.is_noted {
        note(&mut exchange, fault);
    }
    if exchange.record.api.is_none() {
        let worker = &exchange.record.connection.worker;
        worker.shared.metrics.request_refused(worker.index, refusal(fault.code));
    }
    let dialect = dialect(&exchange, fault);
    let status = status(&exchange.snapshot, fault);
    let body = if fault.is_bare { String::new() } else { body(fault, dialect) };
    let mut response = Response::new(ResponseBody::ready(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if !fault.is_bare {
        headers.insert(header::CONTENT_TYPE, content_type(dialect));
    }
    headers.insert(header::SERVER, HeaderValue::from_static("Weir"));
    for (name, value) in &fault.headers {
        headers.insert(name.clone(), value.clone());
    }
    if let Some(challenge) = &fault.challenge {
        headers.insert(header::WWW_AUTHENTICATE, challenge.clone());
    }
    if let Some(allow) = &fault.allow {
        headers.insert(header::ALLOW, allow.clone());
    }
    if closes(fault.code) || exchange.head.method == Method::CONNECT {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    finish(exchange, response)
}

/// What is left to say when a defect ended a request.
pub(crate) fn panicked(connection: &Arc<Connection>) -> Response<ResponseBody> {
    connection.worker.shared.metrics.panicked(connection.worker.index);
    let fault = Fault::new(FaultCode::Internal);
    let mut response = Response::new(ResponseBody::ready(body(&fault, Dialect::Json)));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response.headers_mut().insert(header::CONTENT_TYPE, content_type(Dialect::Json));
    response
}

fn refusal(code: FaultCode) -> Refusal {
    match code {
        FaultCode::HeadTooLarge | FaultCode::TargetTooLong => Refusal::HeadTooLarge,
        FaultCode::RequestTimeout => Refusal::HeadTimeout,
        FaultCode::BadRequest => Refusal::BadRequest,
        FaultCode::NotImplemented | FaultCode::VersionNotSupported => Refusal::NotImplemented,
        FaultCode::NoApi => Refusal::NoApi,
        _ => Refusal::Other,
    }
}

/// After these the rest of the request is not read.
fn closes(code: FaultCode) -> bool {
    matches!(
        code,
        FaultCode::BadRequest
            | FaultCode::PayloadTooLarge
            | FaultCode::PolicyBody
            | FaultCode::RequestTimeout
    )
}

/// Tells the log and the record of an exchange what went wrong.
pub(crate) fn note(exchange: &mut Exchange, fault: &Fault) {
    log(exchange, fault);
    exchange.record.attempts.fault = Some((fault.number(), fault.code));
}

fn log(exchange: &Exchange, fault: &Fault) {
    let Some(internal) = &fault.internal else { return };
    let request_id = exchange.record.request_id.to_str().unwrap_or_default();
    let api = exchange.record.api.as_deref().map(|api| api.plan.id.as_str());
    let endpoint = exchange.record.attempts.endpoint.as_deref();
    tracing::warn!(
        request_id,
        api,
        endpoint,
        code = fault.number(),
        detail = internal,
        "A request ended in a fault."
    );
}

pub(crate) fn status(snapshot: &Snapshot, fault: &Fault) -> StatusCode {
    if let Some(status) = fault.status {
        return status;
    }
    let number = match snapshot.config.fault_status {
        FaultStatus::Wso2 => fault.code.status(),
        FaultStatus::Precise => fault.code.precise_status(),
    };
    StatusCode::from_u16(number).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The shape of the fault, or else what the caller speaks.
fn dialect(exchange: &Exchange, fault: &Fault) -> Dialect {
    match fault.code.shape() {
        Shape::Blocked | Shape::KeyError => Dialect::Xml,
        Shape::Report | Shape::Plain => match exchange.dialect {
            Dialect::Soap(_) if exchange.snapshot.config.soap_faults == SoapFaults::Always11 => {
                Dialect::Soap(Version::V11)
            }
            dialect => dialect,
        },
    }
}

fn is_xml(media: &str) -> bool {
    let suffix = media.len().checked_sub(3).and_then(|start| media.get(start..));
    suffix.is_some_and(|suffix| suffix.eq_ignore_ascii_case("xml"))
        && media
            .as_bytes()
            .get(media.len().wrapping_sub(4))
            .is_some_and(|mark| b"/+".contains(mark))
}

fn accepts_only_xml(accept: &str) -> bool {
    let mut media = accept.split(',').filter_map(|part| part.split(';').next()).map(str::trim);
    !accept.is_empty() && media.all(is_xml)
}

fn content_type(dialect: Dialect) -> HeaderValue {
    HeaderValue::from_static(match dialect {
        Dialect::Json => "application/json; charset=UTF-8",
        Dialect::Xml => "application/xml; charset=UTF-8",
        Dialect::Soap(Version::V11) => "text/xml; charset=UTF-8",
        Dialect::Soap(Version::V12) => "application/soap+xml; charset=UTF-8",
    })
}

fn body(fault: &Fault, dialect: Dialect) -> String {
    match dialect {
        Dialect::Json => json_body(fault),
        Dialect::Xml => xml_body(fault),
        Dialect::Soap(version) => xml::fault::soap(version, &soap_fault(fault)),
    }
}

/// What WSO2's sequences say to callers of SOAP (spec/03 §1.6): that of no API, that of failed
/// authentication, that of limits, and that of everything else.
fn soap_fault(fault: &Fault) -> SoapFault<'_> {
    let service = |reason, detail| SoapFault { blame: Blame::Service, reason, detail };
    match fault.code {
        FaultCode::NoApi => service("The requested endpoint is not available.", ""),
        FaultCode::Overloaded | FaultCode::EndpointAtLimit => {
            service(fault.code.message(), fault.text())
        }
        code if code.shape() == Shape::Plain => SoapFault {
            blame: Blame::Caller,
            reason: "Authentication Failure",
            detail: code.message(),
        },
        _ => service(fault.text(), ""),
    }
}

fn json_body(fault: &Fault) -> String {
    let code = fault.code_text();
    let mut fields = serde_json::Map::new();
    let mut set = |name: &str, value: &str| fields.insert(name.to_owned(), value.into());
    set("code", &code);
    if fault.code.shape() == Shape::Report {
        set("type", "Status report");
    }
    set("message", fault.code.message());
    set("description", fault.text());
    serde_json::Value::Object(fields).to_string()
}

fn xml_body(fault: &Fault) -> String {
    let code = fault.code_text();
    let (message, description) = (fault.code.message(), fault.text());
    match fault.code.shape() {
        Shape::KeyError => xml::fault::key_error(message),
        Shape::Report => xml::fault::report(&code, Some("Status report"), message, description),
        Shape::Plain | Shape::Blocked => xml::fault::report(&code, None, message, description),
    }
}
