//! The fault flow: runs once, and what it does not answer gets the gateway's own answer.

use std::sync::Arc;

use http::{Response, StatusCode};
use mediation::{End, Message, machine};
use model::fault::FaultCode;

use super::Flow;
use super::body::Origin;
use crate::body::ResponseBody;
use crate::fault::{Failure, Fault};
use crate::respond;

impl Flow<'_> {
    /// Answers a fault.
    ///
    /// # Errors
    ///
    /// The fault, where no policy has answered it.
    pub(super) async fn rescue(
        &mut self,
        mut message: Message,
        mut fault: Fault,
    ) -> Result<Response<ResponseBody>, Failure> {
        let plan = Arc::clone(&self.plan);
        let Some(sequence) = plan.fault.as_ref().filter(|_| runs_fault_flow(fault.code)) else {
            return Err(fault.into());
        };
        respond::note(self.exchange, &fault);
        fault.is_noted = true;
        begin(&mut message, &fault.code_text(), fault.text());
        let end =
            self.run(sequence, &mut message, &mut Origin::Answer(ResponseBody::empty())).await;
        match end {
            Ok(End::Respond | End::Send(_) | End::Loopback) => {
                let status = respond::status(&self.exchange.snapshot, &fault);
                match self.answer_of(&mut message, status) {
                    Ok(response) => Ok(response),
                    Err(second) => Err(twice(fault, &second)),
                }
            }
            Ok(End::Continue | End::Drop) => {
                adopt(&mut fault, &message);
                Err(fault.into())
            }
            Err(second) => Err(twice(fault, &second)),
        }
    }
}

/// Threats and callers without a right are answered by themselves, as WSO2's handlers do it.
fn runs_fault_flow(code: FaultCode) -> bool {
    !matches!(
        code,
        FaultCode::Threat
            | FaultCode::PolicyForbidden
            | FaultCode::NoProductionEndpoint
            | FaultCode::NoSandboxEndpoint
            | FaultCode::ProductionKeyAtSandbox
            | FaultCode::SandboxKeyAtProduction
    )
}

/// The message that a fault flow begins with: nothing of what failed but what went wrong.
fn begin(message: &mut Message, code: &str, text: &str) {
    message.headers.clear();
    message.own_headers.clear();
    message.is_answer = false;
    message.status = None;
    message.payload.clear();
    message.message_type = None;
    message.has_no_body = false;
    message.direction = mediation::Direction::Response;
    machine::tell(message, code, text, None);
}

/// What a fault flow leaves for the answer that the gateway makes (spec/02 §2.4, `fault`).
fn adopt(fault: &mut Fault, message: &Message) {
    let text = |name: &str| message.property(name).map(|value| value.text());
    let custom = text("CUSTOM_HTTP_SC").and_then(|text| text.trim().parse::<u16>().ok());
    fault.status = custom
        .and_then(|status| StatusCode::from_u16(status).ok())
        .filter(|status| status.as_u16() >= 200)
        .or(message.status);
    if let Some(said) = text("ERROR_MESSAGE").filter(|said| said.as_ref() != fault.text()) {
        fault.description = Some(said.as_ref().to_owned());
    }
    let is_ours = |name: &http::HeaderName| message.own_headers.contains(name);
    for (name, value) in message.headers.iter().filter(|(name, _)| is_ours(name)) {
        fault.headers.push((name.clone(), value.clone()));
    }
}

/// A fault flow that failed itself: the first fault is answered, the second one only logged.
fn twice(mut fault: Fault, second: &Failure) -> Failure {
    if let Failure::Fault(second) = second {
        let detail = second.internal.as_deref().unwrap_or(second.code.description());
        fault.internal = Some(format!("the fault flow failed too: {detail}"));
        fault.is_noted = false;
    }
    fault.into()
}
