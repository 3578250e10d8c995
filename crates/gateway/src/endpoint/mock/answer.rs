//! Answers from the definition.

use std::sync::Arc;

use bytes::Bytes;
use compiler::plan::MockPlan;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Response, StatusCode};
use mock::examples::Refusal;
use mock::{Prefer, Prepared, Reply, ReplyBody};
use model::fault::FaultCode;

use super::{Apart, accept, header_value};
use crate::body::ResponseBody;
use crate::exchange::Exchange;
use crate::fault::{Failure, Fault};
use crate::snapshot::LiveApi;

/// Says that an answer is not as the definition says.
const WARNING: HeaderName = HeaderName::from_static("x-weir-mock-warning");
/// What of the client's wishes was heeded (RFC 7240 §3).
const APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// An answer, and what is wrong with it.
pub(crate) type Answered = (Response<ResponseBody>, Option<String>);

/// The answer that the definition gives.
///
/// # Errors
///
/// There is none of the kind that is wanted, or no value for its schema.
pub(crate) async fn of_definition(
    apart: &Apart,
    mock: &MockPlan,
    headers: &HeaderMap,
    wish: &Prefer,
) -> Result<Answered, Failure> {
    let Some(prepared) = &mock.prepared else {
        let detail = "the operation is not in the definition".to_owned();
        return Err(refused(Refusal { status: 501, detail }));
    };
    let reply = prepared.choose(accept(headers), wish).map_err(refused)?;
    if !matches!(reply.body, ReplyBody::Made) {
        return of_reply(&reply, mock.checks_answers);
    }
    let media_type = reply.media_type.as_deref().unwrap_or_default().to_owned();
    let body = made(apart, prepared, reply.status, media_type).await?;
    let reply = Reply { body: ReplyBody::Ready(&body), ..reply };
    of_reply(&reply, mock.checks_answers)
}

/// Makes a value up, on a thread apart.
async fn made(
    apart: &Apart,
    prepared: &Arc<Prepared>,
    status: u16,
    media_type: String,
) -> Result<Bytes, Failure> {
    let (prepared, seed) = (Arc::clone(prepared), rand::random());
    let made = apart.run(move || prepared.make(status, &media_type, seed)).await?;
    made.map_err(|problem| impossible(&problem.to_string()))
}

/// An answer as it is sent.
pub(super) fn of_reply(reply: &Reply<'_>, tells: bool) -> Result<Answered, Failure> {
    let body = match reply.body {
        ReplyBody::Empty | ReplyBody::Made => ResponseBody::empty(),
        ReplyBody::Ready(bytes) => ResponseBody::ready(bytes.clone()),
        ReplyBody::Impossible(reason) => return Err(impossible(reason)),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or_default();
    let headers = response.headers_mut();
    if let Some(media_type) = &reply.media_type
        && let Ok(value) = HeaderValue::from_str(media_type)
    {
        headers.insert(header::CONTENT_TYPE, value);
    }
    for (name, value) in reply.headers {
        let pair = (HeaderName::try_from(&**name), HeaderValue::from_str(value));
        if let (Ok(name), Ok(value)) = pair
            && !is_framing(&name)
        {
            headers.append(name, value);
        }
    }
    if let Some(applied) = &reply.applied {
        headers.insert(APPLIED, header_value(applied));
    }
    let warning = reply.violation.filter(|_| tells).map(str::to_owned);
    Ok((response, warning))
}

/// What the gateway alone says.
fn is_framing(name: &HeaderName) -> bool {
    [
        header::CONTENT_LENGTH,
        header::CONTENT_TYPE,
        header::TRANSFER_ENCODING,
        header::CONNECTION,
        header::UPGRADE,
        header::TRAILER,
        header::CONTENT_ENCODING,
    ]
    .contains(name)
}

/// Says that an answer is not as the definition says, to the client and to the metrics.
pub(crate) fn warn(
    mut response: Response<ResponseBody>,
    warning: &str,
    exchange: &Exchange,
    api: &LiveApi,
) -> Response<ResponseBody> {
    response.headers_mut().insert(WARNING, header_value(warning));
    api.metrics.nonconforming(exchange.record.connection.worker.index);
    response
}

/// The answer of a mock that is told to fail: the definition's of this status, else a fault.
///
/// # Errors
///
/// The fault.
pub(crate) fn failing(
    mock: &MockPlan,
    headers: &HeaderMap,
    status: u16,
) -> Result<Response<ResponseBody>, Failure> {
    let wish = Prefer { code: Some(status.to_string()), ..Prefer::default() };
    let declared = mock.prepared.as_deref().and_then(|prepared| {
        let reply = prepared.choose(accept(headers), &wish).ok()?;
        // A client that did not ask for it is told of no preference.
        let reply = Reply { applied: None, ..reply };
        let is_ready = matches!(reply.body, ReplyBody::Ready(_) | ReplyBody::Empty);
        is_ready.then(|| of_reply(&reply, false).ok()).flatten()
    });
    match declared {
        Some((response, _)) => Ok(response),
        None => {
            let fault = Fault::new(FaultCode::MockError);
            Err(Fault { status: StatusCode::from_u16(status).ok(), ..fault }.into())
        }
    }
}

/// What was wanted is not there.
pub(super) fn refused(refusal: Refusal) -> Failure {
    let fault = Fault::new(FaultCode::MockAnswer).describe(refusal.detail);
    Fault { status: StatusCode::from_u16(refusal.status).ok(), ..fault }.into()
}

/// The definition asks for what cannot be made.
fn impossible(reason: &str) -> Failure {
    let detail = format!("the definition gives no value: {reason}");
    let fault = Fault::new(FaultCode::MockAnswer).describe(detail);
    Fault { status: Some(StatusCode::NOT_IMPLEMENTED), ..fault }.into()
}
