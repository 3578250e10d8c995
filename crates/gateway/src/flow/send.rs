//! Sending a message: to which endpoint, and how the exchange is made ready for it.

use std::sync::Arc;

use http::{HeaderValue, Method, Response, header};
use mediation::machine::{Outgoing, Target};
use mediation::message::Part;
use mediation::property::Scope;
use mediation::{Limits, Message};
use model::fault::FaultCode;

use super::message;
use crate::body::{RequestBody, RequestSource, ResponseBody};
use crate::endpoint::{self, Endpoint};
use crate::exchange::{Destination, Exchange};
use crate::fault::{Failure, Fault};
use crate::flow::host::View;
use crate::known::{Known, Present};
use crate::snapshot::LiveApi;

/// The headers that say how a body comes.
const FRAMING: [Known; 3] = [Known::ContentLength, Known::TransferEncoding, Known::Expect];

/// The endpoint for a message.
///
/// # Errors
///
/// The stage has none, or there is none of the name that was chosen.
pub(super) fn choose<'a>(
    exchange: &Exchange,
    api: &'a LiveApi,
    message: &Message,
    outgoing: Option<&Outgoing>,
) -> Result<&'a Endpoint, Failure> {
    match outgoing.map(|outgoing| &outgoing.target) {
        Some(Target::Named(name)) => named(api, name),
        Some(Target::Url(_)) => computed(api),
        target => {
            if let Some(name) = &message.endpoint {
                return named(api, name);
            }
            let own = endpoint::choose(exchange, api)?;
            let is_meant =
                message.is_chosen || (target.is_some() && message.destination().is_some());
            // An endpoint with an address of its own does not look at `To` (spec/02 §1.3).
            if is_meant && !matches!(own, Endpoint::Dynamic(_)) { computed(api) } else { Ok(own) }
        }
    }
}

fn named<'a>(api: &'a LiveApi, name: &str) -> Result<&'a Endpoint, Failure> {
    let found = api.extras.iter().find(|(known, _)| known.as_ref() == name);
    found.map(|(_, endpoint)| endpoint).ok_or_else(|| {
        let detail = format!("the API has no endpoint `{name:.200}`");
        Fault::new(FaultCode::NotReady).internal(detail).into()
    })
}

/// The endpoint for addresses that policies give.
///
/// # Errors
///
/// There is none.
pub(super) fn computed(api: &LiveApi) -> Result<&Endpoint, Failure> {
    api.computed.as_ref().ok_or_else(|| {
        let detail = "the API has no endpoint for addresses that are computed";
        Fault::new(FaultCode::NotReady).internal(detail).into()
    })
}

/// Puts a message into the exchange, so that an endpoint can be called with it.
///
/// # Errors
///
/// A body that cannot be written as the message says.
pub(super) fn hand_over(
    exchange: &mut Exchange,
    message: &mut Message,
    outgoing: Option<&Outgoing>,
    endpoint: &Endpoint,
    limits: &Limits,
) -> Result<(), Failure> {
    let host = own_host(exchange, message);
    let present = Present::scan(&message.headers);
    let is_framed = present.has_any(&FRAMING);
    body(exchange, message, is_framed, limits)?;
    exchange.head.method = match outgoing.and_then(|outgoing| outgoing.method.clone()) {
        Some(method) => method,
        None => message.method.clone(),
    };
    exchange.head.headers = std::mem::take(&mut message.headers);
    let is_bare = !is_framed && matches!(exchange.body, RequestBody::Empty);
    exchange.present = if is_bare { present } else { Present::scan(&exchange.head.headers) };
    // Another call was made ready for another upstream.
    exchange.wish = None;
    exchange.replay = None;
    exchange.own_host = host.map(Box::new);
    let to = match outgoing.map(|outgoing| &outgoing.target) {
        Some(Target::Url(url)) => Some(url),
        _ => message.destination(),
    };
    let is_dynamic = matches!(endpoint, Endpoint::Dynamic(_));
    exchange.destination = to.filter(|_| is_dynamic).map(|to| Destination { to: Arc::clone(to) });
    let takes_postfix = outgoing.is_none_or(|outgoing| outgoing.takes_postfix);
    exchange.postfix = match &message.postfix {
        _ if !takes_postfix => Some(String::new()),
        Part::Original => None,
        Part::Set(postfix) => Some(postfix.as_ref().to_owned()),
        Part::Removed => Some(String::new()),
    };
    Ok(())
}

/// `REQUEST_HOST_HEADER`.
fn own_host(exchange: &Exchange, message: &Message) -> Option<HeaderValue> {
    message.axis2.get("REQUEST_HOST_HEADER")?;
    let api = exchange.record.api.as_deref()?;
    let view = View { exchange, api, notes: None };
    let text = message.get(Scope::Axis2, "REQUEST_HOST_HEADER", &view)?.text();
    HeaderValue::from_str(text.trim()).ok()
}

/// The body that is sent, framed as it is and not as a policy says; `is_framed` tells whether the
/// head says anything of it.
fn body(
    exchange: &mut Exchange,
    message: &mut Message,
    is_framed: bool,
    limits: &Limits,
) -> Result<(), Failure> {
    if message.payload.is_unread() && !message.has_no_body {
        // It streams on; what frames it is put back as it came.
        message::restore_framing(exchange, &mut message.headers);
        return Ok(());
    }
    let bytes = message::written(message, limits)?;
    if is_framed {
        message::clean_framing(&mut message.headers);
        message.headers.remove(header::EXPECT);
    }
    let idle = exchange.snapshot.config.timeouts.socket;
    exchange.body = if bytes.is_empty() {
        RequestBody::Empty
    } else {
        message.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
        if message.payload.is_changed() {
            message.headers.remove(header::CONTENT_ENCODING);
        }
        RequestBody::new(RequestSource::Ready(bytes), None, idle)
    };
    Ok(())
}

/// The client's method again, which says how the answer is written.
pub(super) fn restore(exchange: &mut Exchange, message: &Message) {
    exchange.head.method = message.client_method.clone();
    exchange.own_host = None;
}

/// The answer to a HEAD that a policy made of another method has no body, whatever its head says.
pub(super) fn without_stray_body(
    message: &Message,
    response: Response<ResponseBody>,
) -> Response<ResponseBody> {
    if is_headless(message) { without_length(response) } else { response }
}

/// Whether a policy made a HEAD of another method.
pub(super) fn is_headless(message: &Message) -> bool {
    message.method == Method::HEAD && message.client_method != Method::HEAD
}

pub(super) fn without_length(mut response: Response<ResponseBody>) -> Response<ResponseBody> {
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response
}
