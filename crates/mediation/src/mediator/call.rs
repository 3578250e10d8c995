//! `send` and `call`.

use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Surroundings;
use crate::expression::Held;
use crate::fault::MediationFault;
use crate::machine::{End, Outcome, Outgoing, Target, Wants};
use crate::message::{Direction, Message};
use crate::property::Scope;
use crate::sequence::{CallStep, EndpointRef};

/// All but the unreserved characters (RFC 3986 §2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(super) fn send(
    endpoint: Option<&EndpointRef>,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<Outcome, MediationFault> {
    let is_answer = message.direction == Direction::Response || is_marked(message, around);
    if is_answer && endpoint.is_none() {
        return Ok(Outcome::Ends(End::Respond));
    }
    // Without an endpoint the destination is taken as it is (spec/02 §1.3).
    Ok(Outcome::Ends(End::Send(outgoing(endpoint, message, around)?)))
}

pub(super) fn call(
    step: &CallStep,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<Outcome, MediationFault> {
    Ok(Outcome::Wants(Wants::Call(outgoing(step.endpoint.as_ref(), message, around)?)))
}

/// `RESPONSE`, which shipped policies set before they send an answer.
fn is_marked(message: &Message, around: Surroundings<'_>) -> bool {
    message
        .get(Scope::Default, "RESPONSE", around.host)
        .is_some_and(|value| value.text().eq_ignore_ascii_case("true"))
}

fn outgoing(
    endpoint: Option<&EndpointRef>,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<Outgoing, MediationFault> {
    let to = |target, takes_postfix| Outgoing { target, method: None, takes_postfix };
    Ok(match endpoint {
        None => to(Target::Destination, message.destination().is_none()),
        Some(EndpointRef::To) => to(Target::Destination, true),
        Some(EndpointRef::Address(url)) => to(Target::Url(text(url, message, around)?), true),
        Some(EndpointRef::Named(name)) => to(Target::Named(text(name, message, around)?), true),
        Some(EndpointRef::Http { template, method }) => Outgoing {
            target: Target::Url(expand(&text(template, message, around)?, message, around)),
            method: method.clone(),
            takes_postfix: method.is_none(),
        },
    })
}

fn text(
    held: &Held,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<Arc<str>, MediationFault> {
    around.prepare(message, held.need())?;
    held.text(around.moment(message))
}

/// Puts `uri.var.*` and `query.param.*` in; a variable that begins the text goes in as it is.
fn expand(template: &str, message: &Message, around: Surroundings<'_>) -> Arc<str> {
    let mut made = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        made.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            made.push('{');
            rest = after;
            continue;
        };
        let is_reserved = name.starts_with('+') || made.is_empty();
        let name = name.trim_start_matches('+');
        let value = message.get(Scope::Default, name, around.host);
        let value = value.map(|value| value.text());
        match value.as_deref() {
            Some(value) if is_reserved => made.push_str(value),
            Some(value) => made.extend(utf8_percent_encode(value, RESERVED)),
            None => {}
        }
        rest = tail;
    }
    made.push_str(rest);
    Arc::from(made)
}
