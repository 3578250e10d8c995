//! Step 3 of a request: which API and which operation it is for.

use std::sync::Arc;

use compiler::plan::Lifecycle;
use http::{Method, Response};
use model::fault::FaultCode;

use crate::admit::cors::{self, Cors, OptionsAnswer};
use crate::body::ResponseBody;
use crate::dots::{self, Resolved};
use crate::exchange::Exchange;
use crate::fault::{Failure, Fault};
use crate::route::{Methods, OperationMatch};
use crate::snapshot::LiveApi;

/// Finds the API by host and path.
///
/// # Errors
///
/// 404 where there is none, 403 where it is not served over this scheme, 503 while it is blocked.
pub(crate) fn find_api(exchange: &mut Exchange) -> Result<(), Failure> {
    let host = exchange.record.host.to_str().ok();
    let found = exchange.snapshot.router.api(host, exchange.head.uri.path());
    let found = found.ok_or_else(|| Failure::from(FaultCode::NoApi))?;
    let api = Arc::clone(found.value);
    exchange.context_length = found.prefix_len;
    api.metrics.begin(exchange.record.connection.worker.index);
    exchange.record.api = Some(Arc::clone(&api));
    check_scheme(exchange, api.plan.schemes)?;
    match api.plan.lifecycle {
        Lifecycle::Served => Ok(()),
        Lifecycle::Blocked => Err(FaultCode::ApiBlocked.into()),
    }
}

fn check_scheme(exchange: &Exchange, schemes: compiler::plan::Schemes) -> Result<(), Failure> {
    let is_served = if exchange.record.connection.is_secure { schemes.https } else { schemes.http };
    if is_served {
        return Ok(());
    }
    let scheme = exchange.record.connection.scheme();
    Err(Fault::new(FaultCode::UnsupportedTransport)
        .describe(format!(
            "Unsupported Transport [ {scheme} ]. The requested resource is not available."
        ))
        .into())
}

/// Finds the operation by method and path. An OPTIONS that no operation declares is answered here.
///
/// # Errors
///
/// 404 where the API has no operation at this path, 405 where it has some with other methods.
pub(crate) fn find_operation(
    exchange: &mut Exchange,
) -> Result<Option<Response<ResponseBody>>, Failure> {
    let api = exchange.record.api.clone().expect("the API was found before its operation");
    let method = &exchange.head.method;
    match api.operations.find(&api.plan, method, exchange.resource_path()) {
        OperationMatch::Found { index, captures } => {
            check_dots(exchange, &api, index)?;
            exchange.record.operation = Some(index);
            exchange.captures = captures;
            Ok(None)
        }
        OperationMatch::NoResource => Err(FaultCode::NoResource.into()),
        OperationMatch::WrongMethod { allowed } if *method == Method::OPTIONS => {
            options(exchange, &api, allowed).map(Some)
        }
        OperationMatch::WrongMethod { allowed } => Err(wrong_method(allowed)),
    }
}

/// Refuses a path whose dot segments lead a server that resolves them to another operation than
/// the one that is admitted here.
fn check_dots(exchange: &Exchange, api: &LiveApi, index: usize) -> Result<(), Failure> {
    let leads_here = match dots::resolve(exchange.resource_path()) {
        Resolved::Same => true,
        Resolved::Outside => false,
        Resolved::To(path) => {
            let found = api.operations.find(&api.plan, &exchange.head.method, &path);
            matches!(found, OperationMatch::Found { index: other, .. } if other == index)
        }
    };
    if leads_here {
        return Ok(());
    }
    let text = "The dot segments of the path lead to another resource";
    Err(Fault::new(FaultCode::BadRequest).describe(text).into())
}

fn options(
    exchange: &Exchange,
    api: &LiveApi,
    allowed: Methods,
) -> Result<Response<ResponseBody>, Failure> {
    let headers = &exchange.head.headers;
    let resource = cors::requested_method(headers).and_then(|method| {
        match api.operations.find(&api.plan, &method, exchange.resource_path()) {
            OperationMatch::Found { index, .. } => Some(api.operations.resource_methods(index)),
            _ => None,
        }
    });
    let rules = Cors::new(&exchange.snapshot.config.cors, api.plan.cors.as_ref());
    match rules.answer_options(resource, headers) {
        OptionsAnswer::MethodNotAllowed => Err(wrong_method(allowed)),
        OptionsAnswer::Preflight(headers) => {
            let mut response = Response::new(ResponseBody::empty());
            *response.headers_mut() = headers;
            Ok(response)
        }
    }
}

fn wrong_method(allowed: Methods) -> Failure {
    let mut fault = Fault::new(FaultCode::MethodNotAllowed);
    fault.allow = Some(allowed.header_value());
    fault.into()
}
