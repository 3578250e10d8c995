//! One step at a time; each family of mediators has a file.

mod body;
mod call;
mod chaos;
mod class;
mod enrich;
mod fault;
mod flow;
mod header;
mod log;
mod payload_factory;
mod property;
mod rewrite;

use std::sync::Arc;

use model::fault::FaultCode;

use crate::cache;
use crate::expression::{Moment, Need, evaluate};
use crate::fault::MediationFault;
use crate::host::Host;
use crate::limits::Limits;
use crate::machine::{End, Outcome, Wants};
use crate::message::Message;
use crate::property::{Value, json_depth};
use crate::script::ScriptRun;
use crate::sequence::{Library, Mediator, Source};

/// What is around a step.
#[derive(Clone, Copy)]
pub(crate) struct Surroundings<'a> {
    pub(crate) host: &'a dyn Host,
    pub(crate) limits: &'a Limits,
    pub(crate) library: &'a Library,
}

impl<'a> Surroundings<'a> {
    /// The message, to ask expressions of.
    pub(crate) fn moment(self, message: &'a Message) -> Moment<'a> {
        Moment { message, host: self.host, limits: self.limits }
    }

    /// Makes the form of the body that an expression needs.
    pub(crate) fn prepare(self, message: &mut Message, need: Need) -> Result<(), MediationFault> {
        evaluate::prepare(message, need, self.host, self.limits)
    }

    /// The text of a source; empty where there is none.
    pub(crate) fn text(
        self,
        message: &mut Message,
        source: &Source,
    ) -> Result<Arc<str>, MediationFault> {
        self.prepare(message, source.need())?;
        let at = self.moment(message);
        Ok(match source {
            Source::Text(held) => held.text(at)?,
            Source::Expression(expression) => expression.text(at)?.unwrap_or_else(|| Arc::from("")),
            Source::Xml(tree) => Value::Xml(Arc::clone(tree)).text(),
        })
    }

    /// A value that is kept, once it was counted.
    pub(crate) fn keep(self, message: &mut Message, value: Value) -> Result<Value, MediationFault> {
        if let Value::Json(json) = &value
            && json_depth(json) > self.limits.json_depth
        {
            return Err(too_deep(self.limits));
        }
        wrote(&mut message.written, value.size(), self.limits)?;
        Ok(value)
    }

    /// The value of a source.
    pub(crate) fn value(
        self,
        message: &mut Message,
        source: &Source,
    ) -> Result<Option<Value>, MediationFault> {
        self.prepare(message, source.need())?;
        let at = self.moment(message);
        Ok(match source {
            Source::Text(held) => Some(Value::Text(held.text(at)?)),
            Source::Expression(expression) => expression.value(at)?,
            Source::Xml(tree) => Some(Value::Xml(Arc::clone(tree))),
        })
    }
}

/// Counts what a step wrote.
///
/// # Errors
///
/// Too much of it, in this step or in all of the flow.
pub(crate) fn wrote(
    written: &mut usize,
    bytes: usize,
    limits: &Limits,
) -> Result<(), MediationFault> {
    *written = written.saturating_add(bytes);
    let most = if bytes > limits.output {
        limits.output
    } else if *written > limits.total_output {
        limits.total_output
    } else {
        return Ok(());
    };
    let detail = format!("more than {most} bytes were written");
    Err(MediationFault::new(FaultCode::PolicyOutput, detail))
}

/// JSON that steps have nested deeper than any may be that is read.
pub(crate) fn too_deep(limits: &Limits) -> MediationFault {
    let detail = format!("JSON nested deeper than {} was written", limits.json_depth);
    MediationFault::new(FaultCode::PolicyOutput, detail)
}

/// Runs one step.
pub(crate) fn run(
    mediator: &Mediator,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<Outcome, MediationFault> {
    match mediator {
        Mediator::Property(step) => property::run(step, message, around)?,
        Mediator::Variable(step) => property::run_variable(step, message, around)?,
        Mediator::Header(step) => header::run(step, message, around)?,
        Mediator::Log(step) => log::run(step, message, around)?,
        Mediator::PayloadFactory(step) => payload_factory::run(step, message, around)?,
        Mediator::Enrich(step) => enrich::run(step, message, around)?,
        Mediator::Rewrite(step) => rewrite::run(step, message, around)?,
        Mediator::MakeFault(step) => fault::run(step, message, around)?,
        Mediator::Class(step) => class::run(step, message, around)?,
        Mediator::Rules(table) => return table.apply(message, around.host, around.limits),
        Mediator::Mock(turn) => turn.run(message, around)?,
        Mediator::Builder => body::build(message, around)?,
        Mediator::ThrowError(step) => return Err(fault::throw(step, message, around)?),
        Mediator::Group(steps) | Mediator::Inline(steps) => {
            return Ok(Outcome::Into(Arc::clone(steps)));
        }
        Mediator::Filter(step) => return flow::filter(step, message, around),
        Mediator::Switch(step) => return flow::switch(step, message, around),
        Mediator::Named(key) => return flow::named(key, message, around),
        Mediator::ForEach(step) => return flow::for_each(step, message, around),
        Mediator::Latency(expression) => return flow::wait(expression, message, around),
        Mediator::Delay(delay) => return Ok(chaos::wait(delay, around)),
        Mediator::Fail(failing) => return Ok(chaos::fail(failing, message, around)),
        Mediator::Send(endpoint) => return call::send(endpoint.as_ref(), message, around),
        Mediator::Cache(step) => return cache::find(step, message, around),
        Mediator::Collect => return cache::collect(message, around),
        Mediator::Opa(step) => {
            let ask = step.ask(message, around.host);
            return Ok(Outcome::Wants(Wants::Ask(Box::new(ask))));
        }
        Mediator::Soap(turn, resource) => return resource.run(*turn, message, around),
        Mediator::Call(step) => return call::call(step, message, around),
        Mediator::Script(script) => {
            let run = ScriptRun::over(script, message, around.host, around.limits)?;
            return Ok(Outcome::Wants(Wants::Script(Box::new(run))));
        }
        Mediator::Respond => return Ok(Outcome::Ends(End::Respond)),
        Mediator::Loopback => return Ok(Outcome::Ends(End::Loopback)),
        Mediator::Drop => return Ok(Outcome::Ends(End::Drop)),
    }
    Ok(Outcome::Next)
}
