//! Between an exchange and the message that policies see.

use compiler::plan::FlowsPlan;
use http::{HeaderMap, HeaderName, Response, StatusCode, header};
use mediation::payload::Media;
use mediation::{Limits, Message, Payload};

use super::body;
use crate::body::{RequestBody, ResponseBody};
use crate::exchange::Exchange;
use crate::fault::{Failure, Fault};
use crate::forward;
use crate::snapshot::LiveApi;
use model::fault::FaultCode;

/// What says how a body is framed; never what a policy says.
const FRAMING: [HeaderName; 2] = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING];

/// What belongs to one connection (RFC 9110 §7.6.1), and so to the gateway.
const OF_THE_CONNECTION: [HeaderName; 6] = [
    header::CONNECTION,
    header::UPGRADE,
    header::TRAILER,
    header::TE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// The message of a request; the exchange's headers go into it.
pub(super) fn of_request(exchange: &mut Exchange, api: &LiveApi, plan: &FlowsPlan) -> Message {
    exchange.keep_token(api);
    forward::take_credentials(exchange, api);
    if answers_are_read(api, plan) {
        // What is read must not come compressed.
        exchange.head.headers.remove(header::ACCEPT_ENCODING);
    }
    let headers = std::mem::take(&mut exchange.head.headers);
    if !matches!(exchange.body, RequestBody::Empty) {
        let framing = headers.iter().filter(|(name, _)| FRAMING.contains(name));
        let framing = framing.map(|(name, value)| (name.clone(), value.clone())).collect();
        exchange.framing = Some(Box::new(framing));
    }
    let mut message = Message::request(
        exchange.head.method.clone(),
        exchange.head.uri.clone(),
        exchange.context_length,
        headers,
    );
    message.id = exchange.record.request_id.clone();
    if matches!(exchange.body, RequestBody::Empty) {
        message.payload.load(bytes::Bytes::new());
    }
    message
}

fn answers_are_read(api: &LiveApi, plan: &FlowsPlan) -> bool {
    let response = plan.response.as_ref();
    response.is_some_and(|it| it.sequence.reads_body(&api.plan.library.0))
}

/// Makes an answer of a message; `status` is what it has where no policy has set one.
///
/// # Errors
///
/// A body that cannot be written as the message says.
pub(super) fn to_answer(
    message: &mut Message,
    status: StatusCode,
    limits: &Limits,
) -> Result<Response<ResponseBody>, Failure> {
    let body = written(message, limits)?;
    let mut response = Response::new(ResponseBody::ready(body));
    *response.status_mut() = message.status.unwrap_or(status);
    *response.headers_mut() = answer_headers(message, response.body());
    Ok(response)
}

/// The headers of an answer: what policies have set; of a request's own none, which would tell
/// the client, or somebody behind it, what it sent.
fn answer_headers(message: &mut Message, body: &ResponseBody) -> HeaderMap {
    let mut headers = std::mem::take(&mut message.headers);
    if !message.is_answer {
        let kept = &message.own_headers;
        let has_body = !http_body::Body::is_end_stream(body);
        let others: Vec<HeaderName> = headers
            .keys()
            .filter(|name| !(kept.contains(name) || (has_body && **name == header::CONTENT_TYPE)))
            .cloned()
            .collect();
        for name in others {
            headers.remove(name);
        }
    }
    clean(&mut headers);
    headers
}

/// Takes away what frames a body.
pub(super) fn clean_framing(headers: &mut HeaderMap) {
    for name in &FRAMING {
        headers.remove(name);
    }
}

/// Puts back what frames a body that streams on, as the client said it.
pub(super) fn restore_framing(exchange: &Exchange, headers: &mut HeaderMap) {
    clean_framing(headers);
    for (name, value) in exchange.framing.iter().flat_map(|framing| framing.iter()) {
        headers.append(name, value.clone());
    }
}

/// Takes away what belongs to a connection or frames a body.
pub(super) fn clean(headers: &mut HeaderMap) {
    for name in FRAMING.iter().chain(&OF_THE_CONNECTION) {
        headers.remove(name);
    }
}

/// The body as the message says that it is written.
///
/// # Errors
///
/// A body that cannot be written so, or is too long.
pub(super) fn written(message: &mut Message, limits: &Limits) -> Result<bytes::Bytes, Failure> {
    if message.has_no_body || message.payload.is_unread() || message.payload.is_empty() {
        return Ok(bytes::Bytes::new());
    }
    let fault = |error: mediation::payload::PayloadError| super::of_mediation(error.into());
    message.write_body(limits).map_err(fault)
}

/// The answer to a call becomes the message.
///
/// # Errors
///
/// A body that is too long, or broke off.
pub(super) async fn take_answer(
    message: &mut Message,
    response: Response<ResponseBody>,
    limit: usize,
) -> Result<(), Failure> {
    let (head, body) = response.into_parts();
    if head.status == StatusCode::SWITCHING_PROTOCOLS {
        let detail = "a call was answered with a switch of protocols";
        return Err(Fault::new(FaultCode::PolicyFailed).internal(detail).into());
    }
    let bytes = body::of_answer(body, limit).await?;
    let mut headers = head.headers;
    clean(&mut headers);
    let media = Media::of(mediation::message::content_type(&headers));
    message.take(head.status, headers, Payload::whole(bytes, media));
    Ok(())
}
