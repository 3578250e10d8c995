//! Policies that look at the head of a request alone, and have no say in what comes back.
//!
//! They are through before the endpoint is called, and nothing of them is kept, so that such a
//! request costs little more than one without policies.

use std::sync::Arc;

use compiler::plan::FlowsPlan;
use http::{Method, Response};
use mediation::{Advance, End, Library, Machine};
use model::fault::FaultCode;

use super::host::View;
use super::{message, of_mediation, send};
use crate::body::ResponseBody;
use crate::endpoint::Endpoint;
use crate::exchange::Exchange;
use crate::fault::{Failure, Fault};
use crate::snapshot::LiveApi;

/// What is to be put back after the call.
#[derive(Default)]
pub(crate) struct After {
    /// The client's method, where another one is sent.
    client_method: Option<Method>,
    /// Whether the answer to a `HEAD` goes to a client that has asked otherwise.
    is_headless: bool,
}

/// Where an exchange goes that its policies are through with.
type Prepared<'a> = (&'a Endpoint, After);

/// Whether the policies of an operation are of this kind.
pub(crate) fn is_brief(flows: &FlowsPlan, library: &Library) -> bool {
    let FlowsPlan { request: Some(request), response: None, fault: None } = flows else {
        return false;
    };
    !request.sequence.any(library, &|mediator| !mediator.is_brief())
}

/// Runs the policies of an exchange where they are of this kind.
pub(crate) fn prepare<'a>(
    exchange: &mut Exchange,
    api: &'a LiveApi,
) -> Option<Result<Prepared<'a>, Failure>> {
    let index = exchange.record.operation?;
    // Operations of SOAP have flows of their own.
    let is_other = api.has_backends || api.plan.soap.is_some();
    if !api.has_flows || is_other || !*api.brief.get(index)? {
        return None;
    }
    Some(run(exchange, api, &api.plan.operations.get(index)?.flows))
}

fn run<'a>(
    exchange: &mut Exchange,
    api: &'a LiveApi,
    flows: &FlowsPlan,
) -> Result<Prepared<'a>, Failure> {
    let limits = Arc::clone(&exchange.snapshot.config.mediation);
    let mut message = message::of_request(exchange, api, flows);
    let mut end = End::Continue;
    if let Some(request) = &flows.request {
        let library = Arc::clone(&api.plan.library.0);
        let mut machine = Machine::new(Arc::clone(&request.sequence), library);
        let view = View { exchange, api, notes: None };
        let advance = machine.advance(&mut message, &view, &limits).map_err(of_mediation)?;
        let Advance::Ends(ended) = advance else { return Err(unforeseen()) };
        end = ended;
    }
    let outgoing = match end {
        End::Continue => None,
        End::Send(outgoing) => Some(outgoing),
        End::Respond | End::Loopback | End::Drop => return Err(unforeseen()),
    };
    let endpoint = send::choose(exchange, api, &message, outgoing.as_ref())?;
    send::hand_over(exchange, &mut message, outgoing.as_ref(), endpoint, &limits)?;
    let is_other = exchange.head.method != message.client_method;
    let after = After {
        is_headless: send::is_headless(&message),
        client_method: is_other.then_some(message.client_method),
    };
    Ok((endpoint, after))
}

impl After {
    /// Puts it back.
    pub(crate) fn finish(
        self,
        exchange: &mut Exchange,
        called: Result<Response<ResponseBody>, Failure>,
    ) -> Result<Response<ResponseBody>, Failure> {
        if let Some(method) = self.client_method {
            exchange.head.method = method;
        }
        if self.is_headless { called.map(send::without_length) } else { called }
    }
}

/// A step that waits or answers is none of this kind.
fn unforeseen() -> Failure {
    Fault::new(FaultCode::PolicyFailed).internal("a step has ended otherwise than foreseen").into()
}
