//! Step 3 of a request: which API and which operation it is for.

use std::sync::Arc;

use compiler::plan::{AuthPlan, Lifecycle};
use http::{Method, Response};
use model::fault::FaultCode;

use crate::admit::cors::{self, Cors, OptionsAnswer};
use crate::body::ResponseBody;
use crate::canonical::{self, Reading};
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
            check_reading(exchange, &api, index)?;
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

/// Refuses a path that a server may read as another one, which asks for more than the operation
/// that is admitted here; dot segments must not lead away from it at all.
fn check_reading(exchange: &Exchange, api: &LiveApi, index: usize) -> Result<(), Failure> {
    let is_harmless = match canonical::read(exchange.resource_path()) {
        Reading::Plain => true,
        Reading::Outside => false,
        Reading::Other { path, has_dots } => {
            match api.operations.find(&api.plan, &exchange.head.method, &path) {
                OperationMatch::Found { index: other, .. } if other == index => true,
                OperationMatch::Found { index: other, .. } => {
                    !has_dots && asks_no_more(api, other, index)
                }
                OperationMatch::WrongMethod { .. } | OperationMatch::NoResource => !has_dots,
            }
        }
    };
    if is_harmless {
        return Ok(());
    }
    let text = "The path can be read as that of another resource";
    Err(Fault::new(FaultCode::BadRequest).describe(text).into())
}

/// Whether whoever may use `index` may use `other` as well.
fn asks_no_more(api: &LiveApi, other: usize, index: usize) -> bool {
    let auth = |index: usize| api.plan.operations.get(index).map(|operation| &operation.auth);
    auth(other) == Some(&AuthPlan::None) || auth(other) == auth(index)
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
