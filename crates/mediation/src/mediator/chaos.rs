//! Slow answers and failed ones, on purpose.

use bytes::Bytes;
use http::{StatusCode, header};

use super::Surroundings;
use crate::machine::{End, Outcome, Wants};
use crate::message::Message;
use crate::payload::Media;
use crate::sequence::Failing;

/// Waits for as long as a draw says.
pub(super) fn wait(delay: &mock::chaos::Delay, around: Surroundings<'_>) -> Outcome {
    let time = delay.draw(around.host.random());
    if time.is_zero() { Outcome::Next } else { Outcome::Wants(Wants::Wait(time)) }
}

/// Answers with an error, now and then.
pub(super) fn fail(failing: &Failing, message: &mut Message, around: Surroundings<'_>) -> Outcome {
    let status = failing.faults.draw(around.host.random());
    let Some(status) = status.and_then(|status| StatusCode::from_u16(status).ok()) else {
        return Outcome::Next;
    };
    let body = serde_json::json!({
        "code": status.as_u16().to_string(),
        "message": "Simulated Error",
        "description": failing.message.as_ref(),
    });
    message.payload.set_bytes(Bytes::from(body.to_string()), Media::of("application/json"));
    message.message_type = None;
    message.has_no_body = false;
    message.set_header(&header::CONTENT_TYPE, "application/json");
    message.status = Some(status);
    Outcome::Ends(End::Respond)
}
