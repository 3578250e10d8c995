//! What policies do to a request and its answer (spec/02 §1.4, §1.5).
//!
//! The request flow runs before an endpoint is called, the response flow on what it answers, and
//! the fault flow, once, when something failed. Bodies are gathered only for steps that read them.

mod ask;
mod back;
mod body;
pub(crate) mod brief;
pub(crate) mod cache;
pub(crate) mod explain;
mod host;
mod message;
pub(crate) mod mock;
mod rescue;
mod script;
mod send;

use std::sync::Arc;

use compiler::plan::{FlowsPlan, SequencePlan};
use http::{Response, StatusCode};
use mediation::machine::Outgoing;
use mediation::{Advance, End, Limits, Machine, MediationFault, Message, Wants};
use model::fault::FaultCode;

use crate::body::ResponseBody;
use crate::endpoint::{self, Endpoint};
use crate::exchange::Exchange;
use crate::fault::{Failure, Fault};
use crate::snapshot::LiveApi;
use body::Origin;
use host::View;

/// Whether policies have a say in this exchange.
pub(crate) fn concerns(exchange: &Exchange, api: &LiveApi) -> bool {
    api.has_flows && (api.has_backends || flows(exchange, api).is_some_and(|it| !it.is_empty()))
}

fn flows<'a>(exchange: &Exchange, api: &'a LiveApi) -> Option<&'a Arc<FlowsPlan>> {
    let operation = api.plan.operations.get(exchange.record.operation?)?;
    let called = exchange.record.soap_operation.as_ref().zip(api.plan.soap.as_ref());
    let own = called.and_then(|(name, soap)| soap.flows.get(name));
    Some(own.unwrap_or(&operation.flows))
}

/// An exchange with policies, in one piece.
struct Flow<'a> {
    exchange: &'a mut Exchange,
    api: &'a LiveApi,
    plan: Arc<FlowsPlan>,
    limits: Arc<Limits>,
    /// Whether the answer is not to be looked at by the response flow.
    is_final: bool,
}

/// Steps 6 and 7 of a request, with what its policies do before and after.
///
/// # Errors
///
/// A fault that no fault flow has answered.
pub(crate) async fn answer(
    exchange: &mut Exchange,
    api: &LiveApi,
) -> Result<Response<ResponseBody>, Failure> {
    let plan = flows(exchange, api).map(Arc::clone).unwrap_or_default();
    let limits = Arc::clone(&exchange.snapshot.config.mediation);
    let mut message = message::of_request(exchange, api, &plan);
    let mut flow = Flow { exchange, api, plan, limits, is_final: false };
    match flow.serve(&mut message).await {
        // Boxed, since it is rare.
        Err(Failure::Fault(fault)) => Box::pin(flow.rescue(message, *fault)).await,
        served => served,
    }
}

impl Flow<'_> {
    async fn serve(&mut self, message: &mut Message) -> Result<Response<ResponseBody>, Failure> {
        let plan = Arc::clone(&self.plan);
        let end = match &plan.request {
            Some(sequence) => self.run(sequence, message, &mut Origin::Request).await?,
            None => End::Continue,
        };
        let response = match end {
            End::Continue => self.forward(message, None).await?,
            End::Send(outgoing) => self.forward(message, Some(&outgoing)).await?,
            End::Respond => return self.reply(message, &mut Origin::Request, StatusCode::OK).await,
            End::Loopback => self.reply(message, &mut Origin::Request, StatusCode::OK).await?,
            End::Drop => return Ok(dropped()),
        };
        if self.is_final {
            return Ok(response);
        }
        self.back(message, response).await
    }

    /// Calls the endpoint of the stage, or the one that policies chose.
    async fn forward(
        &mut self,
        message: &mut Message,
        outgoing: Option<&Outgoing>,
    ) -> Result<Response<ResponseBody>, Failure> {
        let api = self.api;
        if let Endpoint::Sequence(plan) = endpoint::choose(self.exchange, api)? {
            // It stands for the upstream, whatever address there is.
            return Box::pin(self.backend(message, &plan.sequence)).await;
        }
        let endpoint = send::choose(self.exchange, api, message, outgoing)?;
        if let Endpoint::Mock(leaf) = endpoint
            && endpoint::mock::plan_of(self.exchange, api).is_none_or(|it| it.needs_message())
        {
            return Box::pin(self.mock(leaf, message)).await;
        }
        send::hand_over(self.exchange, message, outgoing, endpoint, &self.limits)?;
        let called = endpoint.call(self.exchange, api).await;
        send::restore(self.exchange, message);
        called.map(|response| send::without_stray_body(message, response))
    }

    /// A sequence that answers in place of an upstream (spec/02 §1.7).
    async fn backend(
        &mut self,
        message: &mut Message,
        sequence: &SequencePlan,
    ) -> Result<Response<ResponseBody>, Failure> {
        match self.run(sequence, message, &mut Origin::Request).await? {
            End::Send(outgoing) => {
                let endpoint = send::choose(self.exchange, self.api, message, Some(&outgoing))?;
                if matches!(endpoint, Endpoint::Sequence(_)) {
                    return self.reply(message, &mut Origin::Request, StatusCode::OK).await;
                }
                send::hand_over(self.exchange, message, Some(&outgoing), endpoint, &self.limits)?;
                let called = endpoint.call(self.exchange, self.api).await;
                send::restore(self.exchange, message);
                called
            }
            End::Drop => Ok(dropped()),
            _ => self.reply(message, &mut Origin::Request, StatusCode::OK).await,
        }
    }

    /// Runs a sequence, and has done what it waits for.
    async fn run(
        &mut self,
        sequence: &SequencePlan,
        message: &mut Message,
        origin: &mut Origin,
    ) -> Result<End, Failure> {
        let ran = self.steps(sequence, message, origin).await;
        ran.map_err(|failure| if message.is_answer { of_answer(failure) } else { failure })
    }

    async fn steps(
        &mut self,
        sequence: &SequencePlan,
        message: &mut Message,
        origin: &mut Origin,
    ) -> Result<End, Failure> {
        let library = Arc::clone(&self.api.plan.library.0);
        let mut machine = Machine::new(Arc::clone(&sequence.sequence), library);
        loop {
            match self.advance(&mut machine, message)? {
                Advance::Ends(end) => return Ok(end),
                Advance::Wants(Wants::Body) => {
                    let bytes = origin.gather(self.exchange, self.limits.body).await?;
                    message.payload.load(bytes);
                }
                Advance::Wants(Wants::Ask(ask)) => Box::pin(self.ask(*ask)).await?,
                Advance::Wants(Wants::Wait(time)) => tokio::time::sleep(time).await,
                Advance::Wants(Wants::Script(run)) => {
                    self.script(&mut machine, run, message).await?;
                }
                Advance::Wants(Wants::Call(outgoing)) => {
                    if let Err(fault) = self.call(message, &outgoing, origin).await? {
                        machine.fail(message, fault).map_err(of_mediation)?;
                    }
                }
            }
        }
    }

    fn advance(&self, machine: &mut Machine, message: &mut Message) -> Result<Advance, Failure> {
        let view = View { exchange: self.exchange, api: self.api, notes: None };
        machine.advance(message, &view, &self.limits).map_err(of_mediation)
    }

    /// A call in the middle of a flow: what is answered becomes the message.
    ///
    /// A failure is the flow's to catch; silence is not.
    async fn call(
        &mut self,
        message: &mut Message,
        outgoing: &Outgoing,
        origin: &mut Origin,
    ) -> Result<Result<(), MediationFault>, Failure> {
        if message.payload.is_unread() {
            let bytes = origin.gather(self.exchange, self.limits.body).await?;
            message.payload.load(bytes);
        }
        let endpoint = send::choose(self.exchange, self.api, message, Some(outgoing))?;
        if matches!(endpoint, Endpoint::Sequence(_)) {
            let fault = Fault::new(FaultCode::PolicyFailed);
            return Err(fault.internal("a sequence cannot call itself").into());
        }
        send::hand_over(self.exchange, message, Some(outgoing), endpoint, &self.limits)?;
        let called = endpoint.call(self.exchange, self.api).await;
        send::restore(self.exchange, message);
        match called {
            Ok(response) => {
                let limit = self.limits.body;
                message::take_answer(message, response, limit).await.map_err(of_answer)?;
                Ok(Ok(()))
            }
            Err(Failure::Fault(fault)) => Ok(Err(to_mediation(&fault))),
            Err(silence) => Err(silence),
        }
    }
}

/// What a client gets of a message that was dropped.
fn dropped() -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::empty());
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

/// A fault of mediation, on its way to the one place that answers it.
fn of_mediation(fault: MediationFault) -> Failure {
    let MediationFault { code, message, detail, kind, is_thrown } = fault;
    let mut made = Fault::new(code);
    made.internal = detail;
    if is_thrown {
        made.description = Some(message);
        made.thrown = kind.map(String::into_boxed_str);
    }
    made.into()
}

/// A body that an upstream has sent is nothing that the caller did wrong.
fn of_answer(mut failure: Failure) -> Failure {
    if let Failure::Fault(fault) = &mut failure
        && matches!(fault.code, FaultCode::PolicyBody | FaultCode::PolicyParse | FaultCode::Threat)
    {
        fault.code = FaultCode::PolicyAnswer;
    }
    failure
}

/// A fault of a call, as a flow may catch it.
fn to_mediation(fault: &Fault) -> MediationFault {
    MediationFault {
        code: fault.code,
        message: fault.text().to_owned(),
        detail: fault.internal.clone(),
        kind: Some(fault.number().to_string()),
        is_thrown: false,
    }
}
