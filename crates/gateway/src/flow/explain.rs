//! What the policies of a request would do, without anything being sent.

use std::cell::RefCell;
use std::sync::Arc;

use bytes::Bytes;
use mediation::host::Note;
use mediation::machine::{Outgoing, Target};
use mediation::{Advance, End, Machine, Message, Wants};

use super::host::View;
use super::{flows, message, of_mediation, send};
use crate::endpoint::{self, Endpoint};
use crate::exchange::Exchange;
use crate::fault::Failure;
use crate::snapshot::LiveApi;

/// What a request comes to after its policies.
pub(crate) enum Preview<'a> {
    /// The exchange is ready for this endpoint.
    Call(&'a Endpoint),
    /// A policy answers it, with this status and body.
    Answer(u16, String),
    /// What comes is not known without calling somebody.
    Unknown,
}

/// Runs the request flow, as far as it calls nobody; says each step to `tell`.
///
/// # Errors
///
/// The fault that it ends in.
pub(crate) fn preview<'a>(
    exchange: &mut Exchange,
    api: &'a LiveApi,
    body: &Bytes,
    tell: &mut dyn FnMut(&'static str, String),
) -> Result<Preview<'a>, Failure> {
    let plan = flows(exchange, api).map(Arc::clone).unwrap_or_default();
    let mut message = message::of_request(exchange, api, &plan);
    message.payload.load(body.clone());
    let end = match &plan.request {
        Some(sequence) => {
            let machine =
                Machine::new(Arc::clone(&sequence.sequence), Arc::clone(&api.plan.library.0));
            run(machine, exchange, api, &mut message, body, tell)?
        }
        None => Some(End::Continue),
    };
    let outgoing = match end {
        None => return Ok(Preview::Unknown),
        Some(End::Continue) => None,
        Some(End::Send(outgoing)) => Some(outgoing),
        Some(End::Drop) => return Ok(Preview::Answer(202, String::new())),
        Some(End::Respond | End::Loopback) => {
            let limits = Arc::clone(&exchange.snapshot.config.mediation);
            let body = message::written(&mut message, &limits)?;
            let status = message.status.map_or(200, |status| status.as_u16());
            return Ok(Preview::Answer(status, String::from_utf8_lossy(&body).into_owned()));
        }
    };
    if let Some(to) = message.destination() {
        tell("to", to.as_ref().to_owned());
    }
    let own = endpoint::choose(exchange, api)?;
    let endpoint = match own {
        Endpoint::Sequence(_) => own,
        _ => send::choose(exchange, api, &message, outgoing.as_ref())?,
    };
    let limits = Arc::clone(&exchange.snapshot.config.mediation);
    send::hand_over(exchange, &mut message, outgoing.as_ref(), endpoint, &limits)?;
    Ok(Preview::Call(endpoint))
}

/// `None` where a call would be made.
fn run(
    mut machine: Machine,
    exchange: &Exchange,
    api: &LiveApi,
    message: &mut Message,
    body: &Bytes,
    tell: &mut dyn FnMut(&'static str, String),
) -> Result<Option<End>, Failure> {
    let notes = RefCell::new(Vec::new());
    let limits = Arc::clone(&exchange.snapshot.config.mediation);
    loop {
        let view = View { exchange, api, notes: Some(&notes) };
        let advance = machine.advance(message, &view, &limits);
        notes.borrow_mut().drain(..).for_each(|note| say(note, tell));
        match advance.map_err(of_mediation)? {
            Advance::Ends(end) => return Ok(Some(end)),
            Advance::Wants(Wants::Body) => message.payload.load(body.clone()),
            Advance::Wants(Wants::Wait(time)) => tell("wait", format!("{} ms", time.as_millis())),
            Advance::Wants(Wants::Script(mut run)) => {
                run.run(&mut script::Engines::default(), &exchange.snapshot.config.scripts.limits);
                let taken = machine.take_script(*run, message, &view, &limits);
                taken.map_err(of_mediation)?;
            }
            Advance::Wants(Wants::Ask(ask)) => {
                tell("ask", format!("{}; taken to allow the request", ask.url));
            }
            Advance::Wants(Wants::Call(outgoing)) => {
                tell("call", format!("{}; what follows depends on its answer", place(&outgoing)));
                return Ok(None);
            }
        }
    }
}

fn say(note: Note, tell: &mut dyn FnMut(&'static str, String)) {
    match note {
        Note::Step(place) => tell("step", place.as_ref().to_owned()),
        Note::Rule(verdict) => {
            let text = match verdict.why_not {
                None => format!("{} applies", verdict.rule),
                Some(why) => format!("{} does not apply: not so is {why}", verdict.rule),
            };
            tell("rule", text);
        }
    }
}

fn place(outgoing: &Outgoing) -> String {
    match &outgoing.target {
        Target::Destination => "where `To` says".to_owned(),
        Target::Url(url) => url.as_ref().to_owned(),
        Target::Named(name) => format!("the endpoint {name}"),
    }
}
