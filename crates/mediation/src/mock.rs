//! The steps of an operation that a script answers in place of an upstream (spec/02 §4.2).

#[cfg(test)]
mod tests;

use std::sync::Arc;

use ::script::Script;
use http::{StatusCode, header};
use model::fault::FaultCode;

use crate::fault::MediationFault;
use crate::mediator::Surroundings;
use crate::message::Message;
use crate::property::{Scope, Value};
use crate::sequence::{Mediator, Sequence, Step};

/// The property that tells a script what the client accepts.
const ACCEPT: &str = "AcceptHeader";
/// The property by which a script says what its body is.
const CONTENT_TYPE: &str = "CONTENT_TYPE";
/// The property by which a script says its status.
const STATUS: &str = "HTTP_SC";
/// What a body is written as where the script says nothing.
const USUAL_TYPE: &str = "application/xml";

/// A step around the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Before it: what it may ask for.
    Ask,
    /// After it: what it has said becomes the head of the answer.
    Answer,
}

/// The steps around a script, and the answer.
///
/// What the script sets in the scope `transport` are headers of the answer; those of the request
/// are none of it. A body that the script does not touch goes back as it came.
pub fn sequence(script: Arc<Script>) -> Sequence {
    let place: Arc<str> = Arc::from(script.name());
    let steps = [
        Mediator::Mock(Turn::Ask),
        Mediator::Script(script),
        Mediator::Mock(Turn::Answer),
        Mediator::Respond,
    ];
    let step = |mediator| Step { place: Arc::clone(&place), mediator };
    Sequence { steps: steps.into_iter().map(step).collect(), on_error: None }
}

impl Turn {
    /// Runs the step.
    pub(crate) fn run(
        self,
        message: &mut Message,
        around: Surroundings<'_>,
    ) -> Result<(), MediationFault> {
        match self {
            Self::Ask => {
                let accept = message.header(&header::ACCEPT).unwrap_or_default();
                let accept = Value::text_of(accept.as_ref());
                message.properties.set(&Arc::from(ACCEPT), accept);
                Ok(())
            }
            Self::Answer => answer(message, around),
        }
    }
}

fn answer(message: &mut Message, around: Surroundings<'_>) -> Result<(), MediationFault> {
    let said = |name: &str| {
        let value = message.get(Scope::Default, name, around.host)?.text();
        let text = value.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    let (content_type, status) = (said(CONTENT_TYPE), said(STATUS));
    let media = content_type.as_deref().unwrap_or(USUAL_TYPE);
    message.set(Scope::Axis2, &Arc::from("messageType"), Value::text_of(media));
    let status = match status {
        Some(text) => read(&text)?,
        None => StatusCode::OK,
    };
    message.status = Some(status);
    if matches!(status.as_u16(), 204 | 205 | 304) {
        message.has_no_body = true;
        message.own_headers.retain(|name| name != header::CONTENT_TYPE);
    }
    Ok(())
}

/// A status, which a script may have as a number or as a text.
fn read(text: &str) -> Result<StatusCode, MediationFault> {
    let number = text.strip_suffix(".0").unwrap_or(text).parse::<u16>().ok();
    let number = number.filter(|number| (200..=599).contains(number));
    number.and_then(|number| StatusCode::from_u16(number).ok()).ok_or_else(|| {
        let detail = format!("{STATUS} is `{text:.64}`, and is to be a status from 200 to 599");
        MediationFault::new(FaultCode::ScriptFailed, detail)
    })
}
