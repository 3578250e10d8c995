//! `enrich`: takes a part of the message and puts it somewhere else (spec/02 §3.7).

mod put;
mod take;

use std::sync::Arc;

use serde_json::Value as Json;

use super::{Surroundings, too_deep, wrote};
use crate::fault::MediationFault;
use crate::message::Message;
use crate::property::json_depth;
use crate::sequence::{Enrich, EnrichAction, EnrichTarget};

pub(super) fn run(
    step: &Enrich,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<(), MediationFault> {
    let item = if step.action == EnrichAction::Remove {
        take::Item::Nothing
    } else {
        take::take(step, message, around)?
    };
    wrote(&mut message.written, item.size(), around.limits)?;
    put::put(&step.target, step.action, item, message, around)?;
    // Parts may have been put into parts, again and again.
    let is_deep = |json: &Arc<Json>| json_depth(json) > around.limits.json_depth;
    if message.payload.is_json() && message.payload.json().is_some_and(is_deep) {
        return Err(too_deep(around.limits));
    }
    if matches!(step.target, EnrichTarget::Body | EnrichTarget::Envelope) {
        message.has_no_body = false;
    }
    Ok(())
}
