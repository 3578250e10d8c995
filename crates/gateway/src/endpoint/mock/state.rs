//! What mocks keep between calls, for operations that have a collection behind them.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use compiler::plan::RolePlan;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Response, StatusCode};
use mock::examples::Refusal;
use mock::state::{Call, Reply, Store};

use super::{accept, answer};
use crate::body::ResponseBody;
use crate::exchange::Exchange;
use crate::fault::Failure;
use crate::snapshot::LiveApi;
use crate::variables;

/// Does what an operation does with its collection, and answers.
///
/// # Errors
///
/// An entry that is not there, or cannot be kept.
pub(crate) fn serve(
    exchange: &Exchange,
    api: &LiveApi,
    (role, store): (&RolePlan, &Mutex<Store>),
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Option<Response<ResponseBody>>, Failure> {
    let Some(role) = role.get() else { return Ok(None) };
    let path = variables::of_path(exchange, api);
    let query = exchange.head.uri.query().unwrap_or_default().as_bytes();
    let query: Vec<_> = url::form_urlencoded::parse(query).into_owned().collect();
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let call = Call {
        path: &path,
        target: exchange.head.uri.path(),
        query: &query,
        accept: accept(headers),
        content_type,
        body,
        seed: rand::random(),
    };
    let handled = {
        let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
        store.handle(role, &call)
    };
    match handled {
        Ok(reply) => Ok(Some(response(reply))),
        Err(refusal) => refused(refusal),
    }
}

fn response(reply: Reply) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::ready(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or_default();
    let mut put = |name: HeaderName, text: Option<String>| {
        if let Some(value) = text.and_then(|text| HeaderValue::from_str(&text).ok()) {
            response.headers_mut().insert(name, value);
        }
    };
    put(header::CONTENT_TYPE, reply.media_type);
    put(header::LOCATION, reply.location);
    response
}

fn refused(refusal: Refusal) -> Result<Option<Response<ResponseBody>>, Failure> {
    Err(answer::refused(refusal))
}
